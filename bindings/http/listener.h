/*
 * The inside of the listener. From the bytes of a connection to an answer:
 *
 * listener.c (sockets, time; libwebsockets) -> link.c (one connection: requests in order, what is
 * queued for it) -> route.c (which request may do what) -> exchange.c (one message and whoever
 * waits for its answer) -> mcp.h, and back through exchange.c to the queue of the connection.
 * session.c holds the peers of the core: one for each session, one for each request without.
 *
 * All of it runs on the thread of http_listener_run().
 */
#ifndef HTTP_LISTENER_H
#define HTTP_LISTENER_H

#include <stdatomic.h>

#include "http/http.h"
#include "http/message.h"

typedef struct link link_t;
typedef struct exchange exchange;
typedef struct session session;
struct lws;
struct lws_context;
struct lws_vhost;
struct watch;

enum { SESSION_ID_LEN = 32, SESSION_BUCKETS = 256 };

/* ---- exchange.c ---- */

/* One message to the core, or one stream that listens to a session, and who waits for it. */
struct exchange {
        exchange *prev, *next; /* of its session */
        exchange *next_over;   /* in the listener's list of those that are over */
        session *session;
        link_t *link;                  /* NULL: nobody waits any more */
        bool wants_json, wants_stream; /* by its Accept */
        bool handshaken;               /* its version header names one that has sessions */
        bool listens;                  /* a GET: not known to the core */
        bool streaming, answered, over;
        int32_t status;
        text answer;
};

/* A whole POST has come: gives it to the core. */
void exchange_post(link_t *k, const mcp_principal *who);
/* A GET for what a session says unasked. */
void exchange_listen(link_t *k, session *s);
/* Whoever waited is gone. */
void exchange_abandon(exchange *ex);
/* Whether the client accepts the media type; who says nothing accepts everything. */
bool exchange_wants(const http_reader *r, const char *type);
/* What was over is answered and forgotten. Never called inside the core. */
void exchange_settle(http_listener *l);
/* Ends a stream that the core does not know. */
void exchange_end_listening(exchange *ex);
void exchange_is_over(exchange *ex);
/* How the core hears of what leaves; `user` is the session. */
extern const mcp_out exchange_out;

/* ---- session.c ---- */

/* A peer of the core: of one request (temporary, no id) or of a session. */
struct session {
        http_listener *l;
        session *prev, *next; /* in the bucket of its id, or among the temporary ones */
        char id[SESSION_ID_LEN + 1];
        mcp_principal who; /* the name is its own */
        mcp_conn *conn;
        exchange *exchanges; /* open ones, with the listening one */
        exchange *listening; /* the GET stream; NULL: none */
        int64_t used_ms;
        bool dying;
};

session *session_new(http_listener *l, const mcp_principal *who);
/* Gives it an id; false when there are too many. */
bool session_promote(session *s);
session *session_find(http_listener *l, const char *id, const mcp_principal *who);
void session_free(session *s);
/* Ends those that nobody used; returns when to look again. */
int64_t session_reap(http_listener *l, int64_t now);
void session_shut_all(http_listener *l);
void session_free_all(http_listener *l);

/* ---- link.c ---- */

/* One connection. */
struct link {
        http_listener *l;
        link_t *prev, *next;
        struct lws *wsi;
        http_reader reader;
        text waiting; /* bytes that came while a request was being answered */
        text out;
        size_t sent;        /* of out */
        exchange *current;  /* what it waits for; NULL: nothing */
        mcp_principal who;  /* of the request that is being read; the name is its own */
        char *origin;       /* of that request, when it may ask; NULL: it named none */
        int refused;        /* the status with which that request was refused at its head */
        bool head;          /* that request is a HEAD */
        bool held_back;     /* reading is paused */
        bool closing;       /* after what is queued; no further request */
        bool lingering;     /* all is sent; waits for the other side to notice */
        bool dead;          /* the end was asked for */
        bool stuck;         /* libwebsockets holds bytes that the kernel does not take */
        size_t wasted;      /* bytes read past while lingering */
        size_t progress;    /* bytes of the body that have earned more time */
        int64_t read_by;    /* when a request must be complete; 0: no limit */
        int64_t write_by;   /* when something must have been taken; 0: nothing to be */
        int64_t comment_at; /* when a stream needs a sign of life; 0: never */
};

link_t *link_new(http_listener *l, struct lws *wsi);
/* The socket is closed already. */
void link_free(link_t *k);
void link_take(link_t *k, const char *bytes, size_t len);
/* Goes on with what waits. */
void link_resume(link_t *k);
/* Something can be written. False: close it. */
bool link_write(link_t *k);
/* What is due for it; returns when to look again, 0 for never. */
int64_t link_look(link_t *k, int64_t now);
/* An answer. `extra`: further header lines, each with CR LF; NULL: none. */
void link_respond(link_t *k, int status, const char *type, const char *body, size_t len,
                  const char *extra);
/* A refusal with a JSON-RPC error that names no request. */
void link_refuse(link_t *k, int status, const char *why, const char *extra);
void link_stream_begin(link_t *k, const char *extra);
void link_stream_event(link_t *k, const char *data, size_t len);
void link_stream_end(link_t *k);
/* The request is answered; what came meanwhile is next. */
void link_answered(link_t *k);
/* Closes as soon as what is queued is sent. */
void link_close(link_t *k);
void link_kill(link_t *k);
bool link_is_idle(const link_t *k);

/* ---- route.c ---- */

/* The head of a request is there: refuses it, or leaves it alone. */
void route_head(link_t *k);
/* The request is complete and was not refused. */
void route_request(link_t *k);

/* ---- listener.c ---- */

struct http_listener {
        http_opts o; /* defaults filled in; strings and lists are its own or borrowed as given */
        char *path, *own_host;
        struct lws_context *lws;
        void *timer;
        struct lws_vhost *vhost;
        struct lws *listening; /* NULL: no more */
        struct watch *watches;
        int port;
        atomic_bool stop;
        bool stopping;
        link_t *links;
        int32_t link_count;
        session *temporary, *buckets[SESSION_BUCKETS];
        int32_t session_count;
        exchange *over, **over_end;
        bool settling;
        int64_t now_ms, look_ms, reap_ms;
        char date[40];
        int64_t date_s;
};

enum { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
void listener_log(http_listener *l, int32_t level, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
/* The time of this turn; tells the core. */
void listener_tick(http_listener *l);
/* Looks at the connections at this time at the latest. */
void listener_arm(http_listener *l, int64_t at_ms);
/* "Sat, 21 Nov 2026 04:05:06 GMT" */
const char *listener_date(http_listener *l);

/* ---- socket.c: what needs libwebsockets ---- */
void socket_want_write(link_t *k);
void socket_hold(link_t *k, bool hold);
/* Whether the other side has ended the connection, although there may be bytes to read. */
bool socket_is_left(const link_t *k);
void socket_shut_writing(link_t *k);
void socket_kill(link_t *k);
/* Returns the bytes taken, -1 when the connection is broken; *ret_stuck: more would not be. */
int64_t socket_send(link_t *k, char *bytes, size_t len, bool *ret_stuck);

#endif
