/* What the files of the message core share. A message that came in becomes an mcp_call when it is a
 * request; everything else is done with inside mcp_receive(). */
#ifndef MCP_INTERNAL_H
#define MCP_INTERNAL_H

#include "mcp/call.h"
#include "mcp/tree.h"

#define META_PREFIX "io.modelcontextprotocol/"

enum {
        MESSAGE_BYTES = 4 * 1024 * 1024,
        IN_FLIGHT = 256,
        SUBSCRIPTIONS = 16,
        URIS_PER_SUBSCRIPTION = 16, /* on average, over all of a principal */
        BATCH_MEMBERS = 256,        /* the answers to a batch are all held until the last one */
        ASK_ROUNDS = 32,            /* of questions for one legacy request */
        SCRATCH_KEPT = 256 * 1024,  /* bytes of the text in which messages are built */
        LIST_KINDS = 4,             /* MCP_TOOLS ... MCP_PROMPTS */
        COMPLETIONS_MAX = 100,
        ID_BYTES = 4096, /* of an id or a progress token: they come back with every message */
        URI_BYTES = 2048 /* of a URI that is watched */
};
#define ASK_TIMEOUT_MS (10 * 60 * 1000)
/* Of requests that are being answered, over all connections. */
#define HELD_BYTES ((size_t)64 * 1024 * 1024)

typedef struct mcp_call call;

/* ---- timer.c: what is due when ---- */
typedef struct timer {
        int64_t due_ms;
        size_t place; /* in the heap, from 1; 0: not set */
        void (*fn)(struct timer *t);
} timer;

typedef struct timers {
        timer **heap;
        size_t count, cap;
} timers;

void timer_set(timers *all, timer *t, int64_t due_ms);
void timer_stop(timers *all, timer *t);
/* Takes out the first one that is due; NULL when none is. */
timer *timer_take(timers *all, int64_t now_ms);
int64_t timer_next(const timers *all, int64_t now_ms); /* -1: none */
#define OF_TIMER(type, member, t) ((type *)(void *)((char *)(t)-offsetof(type, member)))

/* ---- limit.c: what is counted per principal ---- */
typedef struct list_text {
        char *text; /* the printed array; NULL: not printed yet */
        size_t len;
        uint32_t scopes; /* of whom it was made for */
} list_text;

typedef struct account {
        struct account *next;
        mcp_server *server; /* NULL when it is gone */
        char *name;
        int32_t users; /* connections and calls that hold it */
        int32_t listens, uris;
        int64_t reads, writes, filled_ms; /* tokens, in 60,000ths */
        uint64_t used;                    /* when, in calls of account_get() */
        list_text lists[LIST_KINDS];
} account;

account *account_get(mcp_server *s, const char *name);
void account_put(account *a);
void account_forget_lists(account *a, int32_t what); /* -1: all */
bool account_take(account *a, bool writes, int64_t *ret_wait_ms);
void accounts_free(mcp_server *s);

/* ---- the server ---- */
typedef struct topic { /* a URI that a principal watches */
        struct topic *next;
        char *uri, *who;
        size_t watchers;
} topic;

typedef struct watcher watcher;

enum { ACCOUNT_BUCKETS = 64, TOPIC_BUCKETS = 64 };

struct mcp_server {
        mcp_server_opts o;
        const mcp_catalogue *cat;
        int64_t now_ms;
        timers timers;
        mcp_conn *conns;
        call *orphans; /* whose connection is gone, and which have not ended yet */
        watcher *watchers;
        topic *topics[TOPIC_BUCKETS];
        account *accounts[ACCOUNT_BUCKETS];
        size_t account_count, list_bytes;
        size_t held_bytes; /* of the requests that are being answered */
        uint64_t account_clock;
        text scratch;      /* the message that is being built */
        char *info;        /* serverInfo, printed */
        char *features;    /* capabilities, printed */
        char *modern_tail; /* the end of a modern result: _meta and what closes it */
};

/* ---- a connection ---- */

/* Where an answer goes: to a message of the transport, or into the answer to a batch. */
typedef struct batch {
        mcp_conn *conn;
        void *ref;
        size_t open; /* members that are not done with */
        text answer;
} batch;

typedef struct origin {
        mcp_conn *conn;
        void *ref;
        batch *batch;
        const mcp_http *http; /* only while it is received */
} origin;

typedef struct ask { /* a question to a legacy client */
        struct ask *next;
        mcp_conn *conn;
        call *call;
        char *key, *method;
        int64_t id;
        timer timer;
} ask;

struct mcp_conn {
        mcp_conn *prev, *next;
        mcp_server *server;
        int32_t transport;
        mcp_out out;
        account *account;
        mcp_principal who;
        call *calls;
        size_t running, open; /* calls that have not ended; those that have to be answered */
        const char *version;  /* of the legacy handshake; NULL */
        msptk_json *client;   /* its capabilities */
        bool initialized;
        int32_t log_level; /* -1: none */
        ask *asks;
        int64_t last_ask;
        watcher *watcher; /* of the legacy era */
};

void say_response(const origin *o, const char *message, size_t len, int32_t status);
void say_interim(const origin *o, const char *message, size_t len);
void say_done(const origin *o);

/* ---- reader.c: bytes to a checked message ---- */
typedef struct incoming {
        const char *text; /* of the message, borrowed */
        size_t len;
        msptk_json *doc;
        const char *method;
        msptk_json *params; /* an object, or NULL */
        msptk_json *meta;   /* params._meta when it is an object, or NULL */
        const msptk_json *id;
        const char *id_raw; /* as it stands in the text; NULL: none, or not valid */
        size_t id_len;
        bool answer; /* a response of the client to a question */
} incoming;

typedef struct complaint {
        int32_t code, status;
        char text[200];
} complaint;

/* The tree, or NULL with the complaint. */
msptk_json *read_json(const char *bytes, size_t len, complaint *ret);
/* Whether `doc` is a message of JSON-RPC 2.0; what of it could be read is in `ret` in any case. */
bool read_message(const char *bytes, size_t len, msptk_json *doc, incoming *ret, complaint *why);
/* The bytes of `value`, which is somewhere below `root`, in the text of `root`. The path leads from
 * a member of `root` to `value`. */
const char *raw_value(const char *bytes, size_t len, const msptk_json *root,
                      const msptk_json *const *path, size_t depth, size_t *ret_len);
/* The bytes of the next element of the array that `*at` points into; NULL at its end. */
const char *raw_next(const char **at, const char *end, size_t *ret_len);
/* Whether these bytes are an id: a string, or an integer of any size; not too long. */
bool is_id(const msptk_json *value, const char *raw, size_t len);

/* ---- a request ---- */
enum { ERA_MODERN = 1, ERA_LEGACY = 2 };

typedef struct method_row {
        const char *name;
        uint32_t eras;
        uint32_t needs;       /* MCP_HAS_* of which the catalogue must have one; 0: always there */
        bool counted;         /* against the limit of reads */
        bool asks;            /* may end with mcp_ask() */
        const char *named_by; /* the parameter that Mcp-Name repeats; NULL */
        void (*run)(call *c);
} method_row;

const method_row *find_method(const char *name);

struct mcp_call {
        call *prev, *next;
        mcp_server *server; /* NULL when it is gone */
        mcp_conn *conn;     /* NULL when it is gone */
        origin to;
        bool gone; /* nobody hears what it says any more */
        bool cancelled;
        const method_row *method;
        bool modern;
        const char *version;
        int32_t transport;
        int64_t began_ms;
        size_t bytes; /* of its message */
        msptk_json *doc;
        msptk_json *params;
        msptk_json *meta;
        const char *id_text; /* the id as a string; NULL: it is a number */
        char *id;            /* raw */
        size_t id_len;
        char *token; /* of progress, raw; NULL: not asked for */
        int32_t log_level;
        account *account;
        mcp_principal who;
        msptk_json *answers; /* borrowed from doc when modern */
        char *state;
        int32_t rounds;
        size_t asked;    /* questions that are open */
        bool waiting;    /* for their answers: no handler has the call */
        watcher *listen; /* subscriptions/listen: no handler has the call */
        void (*on_cancel)(void *user);
        void *on_cancel_user;
        timer after;
        void (*after_fn)(call *c, void *user);
        void *after_user;
        /* Progress: at most four in any second. */
        int64_t told_ms[4];
        uint32_t told;
        double told_done;
        double held_done, held_total;
        char *held_text;
        bool holds;
        timer progress;
        bool failed; /* for the log */
};

void call_begin(const origin *to, incoming *m, const method_row *what, bool modern,
                const char *version);
/* The call ends: says that nothing more comes, and releases it. */
void call_close(call *c);
/* The client does not want it any more. Afterwards `c` may be gone. */
void call_cancel(call *c);
call *call_find(const mcp_conn *conn, const msptk_json *id, const char *raw, size_t len);
/* Nobody hears what it says any more. */
void call_mute(call *c);
/* Parts it from its connection, which goes. */
void call_orphan(call *c);

/* ---- dispatch.c ---- */
void take_message(const origin *o, incoming *m);

/* ---- legacy.c ---- */
void legacy_initialize(const origin *o, const incoming *m);
void legacy_take_answer(mcp_conn *conn, const incoming *m);
void legacy_ask(call *c, msptk_json *requests, const char *state);
void legacy_drop_asks(call *c);
void legacy_free(mcp_conn *conn);

/* ---- modern.c ---- */
bool is_modern_request(const incoming *m, const mcp_http *http);
/* Checks _meta and the headers; answers an error itself, and then returns false. */
bool modern_check(const origin *o, const incoming *m, const method_row *what);
void modern_discover(call *c);

/* ---- headers.c ---- */
/* Whether the headers agree with the message; otherwise says what is wrong. */
bool headers_agree(const mcp_http *http, const incoming *m, const method_row *what,
                   text *ret_wrong);
bool headers_agree_with_tool(const mcp_http *http, const msptk_json *tool,
                             const msptk_json *arguments, text *ret_wrong);
/* What a header value means, the base64 form decoded; false when it is not valid. */
bool header_decode(const char *value, text *ret);

/* ---- reply.c: messages that leave ---- */
void add_json_string(text *t, const char *s);
void add_number(text *t, double value);
void add_quoted(text *t, const char *foreign); /* for a message: cleaned, cut, in quotes */
text *scratch(mcp_server *s);
void scratch_done(mcp_server *s);
/* {"jsonrpc":"2.0","id":ID,"result": */
void begin_result(text *t, const call *c);
/* What a modern result has beside its own members; closes the result and the message. */
void end_result(call *c, text *t, bool cacheable, int64_t ttl_ms, bool shared);
void say_text(call *c, const text *t, int32_t status);
/* An error to a message that is no call. `id` NULL: the id could not be read. */
void say_error(const origin *o, const char *id, size_t id_len, int32_t code, int32_t status,
               const char *why, msptk_json *data);
/* Answers a message that becomes no call, and is done with it. `m` may be NULL. */
void refuse(const origin *o, const incoming *m, int32_t code, int32_t status, const char *why,
            msptk_json *data);
int32_t status_of(int32_t code, bool modern);
/* All versions that are served, as a JSON array. */
msptk_json *version_list(int32_t transport);
void add_version_names(text *t, int32_t transport);
const char *legacy_version(const char *asked, int32_t transport); /* NULL: not served */
void send_empty(call *c);
int32_t log_level_of(const char *name); /* -1: unknown */
void note_end(call *c);

/* ---- lists.c ---- */
void run_list(call *c, int32_t what);
const msptk_json *find_listed(mcp_server *s, const mcp_principal *who, int32_t what,
                              const char *name);
void unknown_name(call *c, int32_t what, const char *name);

/* ---- watch.c ---- */
void run_listen(call *c);
void run_subscribe(call *c);
void run_unsubscribe(call *c);
void watch_initialized(mcp_conn *conn);
void watcher_free(watcher *w);
/* The last words of a listen. */
void listen_end(call *c);
void watch_free(mcp_server *s);

#endif
