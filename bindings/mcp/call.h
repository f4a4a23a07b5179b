/*
 * What is offered over the protocol, and how a request for it is answered: the catalogue. The
 * production catalogue (tools.h) is made from the operation table; the fixture of the conformance
 * suite has one of its own.
 *
 * A handler gets an mcp_call and ends it exactly once, now or later (also after it was cancelled):
 * by mcp_reply(), mcp_error(), mcp_ask() or mcp_need_capability(). All on the thread of the
 * transport.
 *
 * Questions to the person behind the client look the same in both eras: a handler that needs an
 * answer looks for it with mcp_answer() and, when there is none, ends with mcp_ask(). The handler
 * is then called again from the start with the answers: in the modern era because the client
 * repeats its request, in the legacy era because the core has asked the client meanwhile.
 */
#ifndef MCP_CALL_H
#define MCP_CALL_H

#include "mcp/mcp.h"

typedef struct mcp_call mcp_call;

enum {
        MCP_HAS_TOOLS = 1,
        MCP_HAS_RESOURCES = 2,
        MCP_HAS_PROMPTS = 4,
        MCP_HAS_COMPLETIONS = 8,
        MCP_HAS_LOGGING = 16, /* logging/setLevel and log messages in the legacy era */
        MCP_HAS_SUBSCRIPTIONS = 32,
        MCP_LISTS_CHANGE = 64 /* tells when lists change */
};

typedef struct mcp_catalogue {
        void *user;
        uint32_t has; /* MCP_HAS_* or'ed */
        /* MCP_TOOLS ... MCP_PROMPTS: a JSON array of what `who` may see, in the protocol's own
         * shapes; borrowed, unchanged until mcp_changed() says so. */
        const msptk_json *(*list)(void *user, int32_t what, const mcp_principal *who);
        /* Whether something that `who` does not see listed exists all the same, and is to be
         * answered by call_tool() or get_prompt(), with a refusal that says why. NULL: what is not
         * listed does not exist; the core answers that, with the nearest name. */
        bool (*hides)(void *user, int32_t what, const mcp_principal *who, const char *name);
        /* `arguments` is an object, never NULL; it lives as long as the call. */
        void (*call_tool)(void *user, mcp_call *c, const char *name, const msptk_json *arguments);
        void (*read_resource)(void *user, mcp_call *c, const char *uri);
        void (*get_prompt)(void *user, mcp_call *c, const char *name, const msptk_json *arguments);
        /* `ref` is {"type": "ref/prompt", "name": ...} or {"type": "ref/resource", "uri": ...};
         * `others` the arguments already chosen, may be NULL. */
        void (*complete)(void *user, mcp_call *c, const msptk_json *ref, const char *argument,
                         const char *value, const msptk_json *others);
        /* Whether `who` may be told of changes of `uri`. */
        bool (*may_watch)(void *user, const mcp_principal *who, const char *uri);
        /* The first subscriber of `uri` of this principal came (on), or its last one left. */
        void (*watch)(void *user, const char *uri, const mcp_principal *who, bool on);
} mcp_catalogue;

/* ---- what is known of a request ---- */
const mcp_principal *mcp_call_principal(const mcp_call *c);
bool mcp_call_is_modern(const mcp_call *c);
const char *mcp_call_version(const mcp_call *c); /* of the protocol, "2026-07-28" */
const char *mcp_call_trace(const mcp_call *c);   /* _meta.traceparent, well-formed; NULL */
int32_t mcp_call_transport(const mcp_call *c);   /* MCP_STDIO, MCP_HTTP */
/* What the client declared: a path like "elicitation.form", "sampling", "roots". An empty
 * "elicitation" means form. */
bool mcp_call_client_has(const mcp_call *c, const char *capability);
/* The client's answer to the question `key`: the result of elicitation/create and the like
 * ({"action": "accept", "content": {...}}); NULL when it was not asked or did not say. */
const msptk_json *mcp_answer(const mcp_call *c, const char *key);
/* The state that mcp_ask() gave, as the client brought it back: foreign bytes, to be checked by who
 * made it; NULL when there is none. */
const char *mcp_state(const mcp_call *c);
bool mcp_call_cancelled(const mcp_call *c);

/* ---- ending it; `c` must not be used afterwards ---- */
/* The members of the result in the protocol's shape ({"content": [...]}); taken over. The core adds
 * what the era wants (resultType, _meta, ttlMs ...). */
void mcp_reply(mcp_call *c, msptk_json *result);
/* The same of a tool's {"content": [a text], "structuredContent": ...} that is printed already:
 * `structured` is a JSON object of `len` bytes. */
void mcp_reply_printed(mcp_call *c, const char *words, const char *structured, size_t len);
/* A JSON-RPC error; `data` is taken over, may be NULL. */
void mcp_error(mcp_call *c, int32_t code, const char *message, msptk_json *data);
/* {"key": {"method": "elicitation/create", "params": {...}}}; taken over. `state` (may be NULL)
 * comes back by mcp_state(). At least one of the two. Only kinds the client has declared. */
void mcp_ask(mcp_call *c, msptk_json *requests, const char *state);
/* The client lacks something this cannot do without: {"sampling": {}}; taken over. */
void mcp_need_capability(mcp_call *c, msptk_json *required);

enum {
        MCP_PARSE_ERROR = -32700,
        MCP_INVALID_REQUEST = -32600,
        MCP_METHOD_NOT_FOUND = -32601,
        MCP_INVALID_PARAMS = -32602,
        MCP_INTERNAL_ERROR = -32603,
        MCP_LEGACY_NOT_FOUND = -32002, /* of resources, legacy era; mcp_not_found() chooses */
        MCP_HEADER_MISMATCH = -32020,
        MCP_MISSING_CAPABILITY = -32021,
        MCP_UNSUPPORTED_VERSION = -32022,
        /* Our own, outside the range that JSON-RPC reserves: too many requests. Where that is
         * known, data.retry_after_ms says how long to wait. */
        MCP_RATE_LIMITED = 429
};
/* A resource that does not exist: the code of the era, with data.uri. */
void mcp_not_found(mcp_call *c, const char *uri, const char *message);

/* ---- while it runs ---- */
/* Told only if the client asked for it; at most four a second, always growing. total 0: unknown. */
void mcp_progress(mcp_call *c, double done, double total, const char *message);
/* Levels "debug" ... "emergency". Sent only if the client asked for logs of that level. `data` is
 * taken over. */
void mcp_log(mcp_call *c, const char *level, const char *logger, msptk_json *data);
/* Called once when the client cancels or goes away; at once when it has already. The call still has
 * to be ended. */
void mcp_on_cancel(mcp_call *c, void (*fn)(void *user), void *user);
/* Runs `fn` after `ms` unless the call has ended by then, at once when it is cancelled; one at a
 * time. */
void mcp_after(mcp_call *c, int64_t ms, void (*fn)(mcp_call *c, void *user), void *user);

/* Whether the principal may do one more now; counts it. Otherwise says how long to wait. */
bool mcp_limit_take(mcp_call *c, bool writes, int64_t *ret_wait_ms);

#endif
