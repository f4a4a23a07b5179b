/* For tests of the message core: a small catalogue, a connection that keeps what leaves it, and the
 * checks that every message must pass. */
#ifndef MCP_SUPPORT_H
#define MCP_SUPPORT_H

#include "support.h"

#include "catalogue.h"

/* ---- what leaves ---- */
enum { SENT_MAX = 4096 };

typedef struct sent {
        char *line;
        void *ref;
        int32_t kind, status;
} sent;

typedef struct wire {
        mcp_server *server;
        mcp_conn *conn;
        int32_t transport;
        bool unchecked; /* messages are not checked against the protocol's shapes */
        sent sent[SENT_MAX];
        size_t count, next;
        size_t received, done; /* messages given in; ends told */
        void *last_done;
        int64_t now;
        msptk_json *asked; /* requests by their printed id */
} wire;

/* ---- a wire ---- */
typedef struct bench_opts {
        int32_t transport;
        mcp_limits limits;
        bool shared;
        const char *principal;
} bench_opts;

typedef struct bench {
        test_catalogue cat;
        mcp_server *server;
        wire wire;
} bench;

void bench_open(bench *b, const bench_opts *o);
void bench_close(bench *b);
void wire_open(wire *w, mcp_server *s, int32_t transport, const char *principal);
void wire_close(wire *w);
void wire_give(wire *w, const char *line);
void wire_give_http(wire *w, const char *line, const mcp_http *http);
void wire_give_n(wire *w, void *ref, const char *bytes, size_t len, const mcp_http *http);
void wire_tick(wire *w, int64_t ms);
/* The next message that left; NULL when there is none. */
const sent *wire_next(wire *w);
const char *wire_line(wire *w); /* "" */
/* Legacy: initialize and notifications/initialized. */
void wire_shake(wire *w, const char *version, const char *capabilities);

#define assert_has(line, part) \
        do { \
                const char *line_ = line; \
                if (!strstr(line_, part)) \
                        fail_msg("no %s in %s", part, line_); \
        } while (0)

#define META \
        "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
        "\"io.modelcontextprotocol/clientCapabilities\":{}}"
#define META_WITH(capabilities) \
        "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
        "\"io.modelcontextprotocol/clientCapabilities\":" capabilities "}"
#define REQUEST(id, method, params) \
        "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\",\"params\":{" params "}}"
#define NOTE(method, params) \
        "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\",\"params\":{" params "}}"

#endif
