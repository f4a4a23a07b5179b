/*
 * What the files of the listener share.
 *
 *   http.c       the listener: libwebsockets' context, the loop, its callback
 *   exchange.c   one request: which session it belongs to, what it is answered
 *   guard.c      who may ask at all: Host, Origin, bearer tokens
 *   sessions.c   peers of the message core: sessions, and requests without one
 *   writing.c    answers and event streams, in pieces that the socket takes
 */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include <libwebsockets.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"
#include "http/http.h"

enum {
        BODY_BYTES = 4 * 1024 * 1024,
        CONNECTIONS = 512,
        SESSIONS = 256,
        IDLE_MS = 15 * 60 * 1000,
        SLOW_MS = 10 * 1000,
        HEADER_BYTES = 16384,
        KEEP_ALIVE_MS = 15 * 1000,
        WAITING_BYTES = 1024 * 1024, /* of a stream that nobody reads */
        SESSION_ID = 43              /* 256 bits in base64url */
};

typedef struct exchange exchange;
typedef struct session session;

/* A peer of the message core. Without an id it lives as long as its only exchange. */
struct session {
        session *next;
        http_listener *l;
        mcp_conn *conn;
        char id[SESSION_ID + 1];
        char *principal;
        int64_t used_ms;
        size_t open;      /* exchanges that hold it */
        exchange *listen; /* its GET stream; NULL */
        bool ended;       /* freed when nobody holds it any more */
};

/* A header that was asked for by name. */
typedef struct header {
        struct header *next;
        char *name, *value; /* value NULL: absent */
} header;

/* One request and its answer. */
struct exchange {
        exchange *next;
        http_listener *l;
        struct lws *wsi; /* NULL: the client is gone */
        session *s;      /* NULL: refused before it had one */
        mcp_principal who;
        text body;
        char *protocol_version, *method, *name, *session_id, *origin;
        header *headers;
        int64_t began_ms, told_ms; /* told: when something was last written to a stream */
        bool accepts_stream, reading, received, too_big;
        /* the answer */
        int status;
        text out;    /* what waits to be written, behind LWS_PRE bytes */
        size_t sent; /* of `out` */
        bool streaming, answered, finished, headed, close_after;
        const char *allow;  /* of 405 */
        bool challenge;     /* 401 */
        bool invalid_token; /* with it: a token was given */
        bool names_session; /* tells the id of its session */
};

struct http_listener {
        http_opts o;
        char *host; /* as given, without the port and brackets */
        struct lws_context *context;
        struct lws_vhost *vhost;
        struct lws_protocols protocols[3];
        lws_sorted_usec_list_t timer;
        session *sessions;
        size_t session_count;
        exchange *exchanges;
        int connections;
        int64_t now_ms;
        atomic_bool stop;
};

/* ---- http.c ---- */
int64_t http_now_ms(void);
void http_note(const http_listener *l, int32_t level, const char *message);

/* ---- exchange.c ---- */
/* The head of a request is there. 0, or -1 to close the connection. */
int exchange_begin(http_listener *l, struct lws *wsi, exchange **slot);
void exchange_body(exchange *x, const char *bytes, size_t len);
/* The request is complete. */
int exchange_received(exchange *x);
/* The client is gone. */
void exchange_lost(exchange *x);
void exchange_free(exchange *x);
/* Refuses with an HTTP status and the reason as a JSON-RPC error. */
void exchange_refuse(exchange *x, int status, const char *why);
/* What is due by time: slow bodies, comments on quiet streams. */
void exchanges_tick(http_listener *l);

/* ---- guard.c ---- */
bool host_allowed(const http_listener *l, const char *host);
bool origin_allowed(const http_listener *l, const char *origin);
bool is_loopback_name(const char *host);
/* "127.0.0.1:80", "[::1]:80", "name" -> host without brackets, and the port text ("" when absent);
 * false when it is none of these. */
bool split_host(const char *given, char **ret_host, const char **ret_port);

/* ---- sessions.c ---- */
session *session_new(http_listener *l, const mcp_principal *who);
/* Gives it an id, by which later requests find it; false when there are too many. */
bool session_keep(session *s);
session *session_find(http_listener *l, const char *id);
void session_end(session *s); /* no request finds it any more */
void session_release(session *s, exchange *x);
void sessions_reap(http_listener *l);

/* ---- writing.c ---- */
void answer_event(exchange *x, const char *message, size_t len);
void answer_comment(exchange *x);
/* The socket takes bytes: 0, or -1 to close it. */
int answer_write(exchange *x);
void answer_wake(exchange *x);

#endif
