/* A small HTTP server on loopback, on one thread of the test process, that answers as it is told:
 * for adapters and for lib/net. Every connection is closed after its reply unless KEEP is set. */
#ifndef TESTS_SCRIPTED_HTTP_H
#define TESTS_SCRIPTED_HTTP_H

#include <stddef.h>
#include <stdint.h>

typedef struct scripted scripted;

enum {
        SCRIPT_PLAIN = 0,
        SCRIPT_SILENT,    /* takes the request and never answers */
        SCRIPT_RESET,     /* takes the request and resets the connection */
        SCRIPT_EMPTY,     /* takes the request and closes */
        SCRIPT_TRUNCATED, /* promises twice the body */
        SCRIPT_SLOW,      /* headers, then one byte of the body every 20 ms */
        SCRIPT_HUGE,      /* body_len bytes of 'x', made as they are sent */
        SCRIPT_GZIP,      /* body_len zeros, compressed: a bomb, or a small one that must decode */
        SCRIPT_RAW,       /* body holds the whole reply, sent as it is */
};

typedef struct script_reply {
        const char *path;    /* without query; NULL: any */
        int32_t status;      /* 0 means 200 */
        int32_t fault;       /* SCRIPT_* */
        const char *headers; /* lines with \r\n; NULL means "Content-Type: application/json\r\n" */
        const char *body;    /* NULL means "{}" */
        size_t body_len;     /* 0: of the text */
        int32_t times;       /* how often, 0: for ever; replies of one path are used in order */
        int32_t hold;        /* 1: not before so many requests have arrived in all (`hold_until`) */
        int32_t hold_until;
        int32_t keep; /* 1: the connection may be used again */
} script_reply;

scripted *scripted_start(void); /* fails the test when it cannot */
void scripted_stop(scripted *s);
int scripted_port(const scripted *s);
/* "http://127.0.0.1:PORT" and the path; lives as long as the server (at most 64 of them). */
const char *scripted_url(scripted *s, const char *path);
/* Texts are borrowed and must live as long as the server. */
void scripted_add(scripted *s, const script_reply *reply);
#define SCRIPT(s, ...) scripted_add((s), &(script_reply){ __VA_ARGS__ })
/* Requests that arrived whole; `path` NULL: all. */
size_t scripted_hits(scripted *s, const char *path);
size_t scripted_connections(scripted *s);
/* Head and body of the newest request; the caller frees it with free(). */
char *scripted_last(scripted *s);

#endif
