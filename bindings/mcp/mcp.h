/*
 * The Model Context Protocol without I/O, as its transports see it: the bytes of one message go in
 * by mcp_receive(), the bytes of messages come out by the functions of mcp_out. No descriptor, no
 * thread, no clock of its own: the transport says what time it is (mcp_tick) and everything happens
 * on the thread that calls. stdio, HTTP and the tests run this same core.
 *
 * One message:   transport -> mcp_receive -> reader (strict JSON, JSON-RPC shape) -> era and
 * version -> method -> catalogue (call.h), which answers now or later -> mcp_out.send -> transport
 *
 * Both eras of the protocol are served on one connection: a request whose params._meta names a
 * modern version (2026-07-28: stateless) is modern; "initialize" without that begins the legacy
 * handshake (2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05 over stdio).
 */
#ifndef MCP_MCP_H
#define MCP_MCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <msptk/json.h>

struct mcp_catalogue;

/* What is offered, to whom, within which limits: one per program. */
typedef struct mcp_server mcp_server;
/* One peer: the process behind stdio, a session over HTTP, or a single HTTP request without one. */
typedef struct mcp_conn mcp_conn;

/* What a principal may do; the library checks it again at every call. */
enum { MCP_READ = 1, MCP_WRITE = 2, MCP_EXECUTE = 4 };

typedef struct mcp_principal {
        const char *name; /* as the audit trail shows it: "mcp", "token:laptop" */
        uint32_t scopes;  /* MCP_* or'ed; decides which tools are listed */
} mcp_principal;

typedef struct mcp_limits {
        size_t message_bytes;      /* of one message that comes in; 0: 4 MiB */
        int32_t in_flight;         /* requests of one connection at once; 0: 256 */
        int32_t reads_per_minute;  /* per principal: list, read, get, complete, listen, and calls of
                                      tools that only read; 0: no limit */
        int32_t writes_per_minute; /* per principal: calls of tools that change; 0: no limit */
        int32_t subscriptions;     /* per principal; 0: 16 */
        int64_t coalesce_ms;       /* changes of one resource are told at most this often */
        int64_t ask_timeout_ms;    /* how long a legacy client may take to answer; 0: 10 minutes */
} mcp_limits;

typedef struct mcp_server_opts {
        const struct mcp_catalogue *catalogue; /* borrowed; outlives the server */
        const char *name, *title, *version;    /* serverInfo; borrowed */
        const char *instructions;              /* at most 150 words; borrowed; may be NULL */
        mcp_limits limits;
        int64_t list_ttl_ms;     /* how long lists may be cached (modern) */
        int64_t resource_ttl_ms; /* how long what was read may be cached (modern) */
        bool shared_lists;       /* lists are the same for everybody: cacheScope "public" */
        /* Hears one line per finished request, for the transport's log; may be NULL. */
        void (*log)(void *user, int32_t level, const char *message);
        void *user;
} mcp_server_opts;

mcp_server *mcp_server_new(const mcp_server_opts *opts);
void mcp_server_free(mcp_server *s); /* after its connections */

/* Runs what is due at `now_ms` (any clock that only goes forward). Returns the milliseconds until
 * something is due again, -1 when nothing is. To be called before other calls of the same turn, so
 * that they know the time. */
int64_t mcp_tick(mcp_server *s, int64_t now_ms);

/* Something that was listed or read is no longer as it was. `uri` only with MCP_RESOURCE_CONTENT.
 */
enum { MCP_TOOLS, MCP_RESOURCES, MCP_TEMPLATES, MCP_PROMPTS, MCP_RESOURCE_CONTENT };
void mcp_changed(mcp_server *s, int32_t what, const char *uri);
/* What is at `uri` is no longer as it was for this principal: others may see it otherwise, or not
 * at all, and are not told. */
void mcp_changed_for(mcp_server *s, const char *principal, const char *uri);

/* ---- a connection ---- */

/* What kind of message leaves. */
enum {
        MCP_RESPONSE, /* the answer to the message of `ref`; over HTTP with the status given */
        MCP_INTERIM, /* progress, a log line, a question, before the answer to `ref`: needs a stream
                      */
        MCP_UNASKED  /* belongs to no request (`ref` is NULL): a legacy notification */
};

/* How a transport hears of what leaves; called inside mcp_receive(), mcp_tick(), mcp_changed(), or
 * while the catalogue answers. It must not call back into the connection. `text` is one message
 * without a line end, borrowed. */
typedef struct mcp_out {
        void (*send)(void *user, void *ref, int32_t kind, const char *text, size_t len,
                     int32_t http_status);
        /* Nothing comes any more for `ref`: exactly once for each mcp_receive(), also for
         * notifications (then without a message before it: HTTP 202), also inside mcp_abandon()
         * and, for what is still open, inside mcp_conn_free(). */
        void (*done)(void *user, void *ref);
        void *user;
} mcp_out;

/* What an HTTP request said beside its body; absent headers are NULL, as are those not asked for.
 * Values as they came, without the blanks around them. */
typedef struct mcp_http {
        const char *protocol_version; /* MCP-Protocol-Version */
        const char *method;           /* Mcp-Method */
        const char *name;             /* Mcp-Name */
        /* Any header by its lower-case name ("mcp-param-region"); NULL when absent. */
        const char *(*header)(void *user, const char *name);
        void *user;
} mcp_http;

enum { MCP_STDIO, MCP_HTTP };
mcp_conn *mcp_conn_new(mcp_server *s, int32_t transport, const mcp_principal *who,
                       const mcp_out *out);
/* Cancels what is in flight; nothing is sent any more. */
void mcp_conn_free(mcp_conn *c);

/* One message (or, in 2025-03-26, a batch). `ref` is the transport's own name for it; NULL over
 * stdio. `http` is NULL over stdio. */
void mcp_receive(mcp_conn *c, void *ref, const char *text, size_t len, const mcp_http *http);
/* A message was longer than the limit and was not kept: answers it. */
void mcp_receive_oversized(mcp_conn *c, void *ref);
/* Whoever waited for `ref` is gone. Modern: the request is cancelled. Legacy: it goes on, what it
 * still says is dropped. */
void mcp_abandon(mcp_conn *c, void *ref);
/* The version of the legacy handshake ("2025-11-25"); NULL while there was none. */
const char *mcp_conn_legacy_version(const mcp_conn *c);
/* Requests that are not answered yet, without those that only listen. */
size_t mcp_conn_in_flight(const mcp_conn *c);
/* The transport stops: listens end with their last result, over stdio announced by a cancellation;
 * calls are cancelled, over HTTP with an error as their answer (503). */
void mcp_conn_shut(mcp_conn *c);

/* Newest first, ended by NULL. */
extern const char *const mcp_modern_versions[];
extern const char *const mcp_legacy_versions[];
bool mcp_is_modern_version(const char *version);

#endif
