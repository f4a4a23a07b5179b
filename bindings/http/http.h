/*
 * The HTTP listener of the machine doors, on libwebsockets: today the Streamable HTTP transport of
 * the Model Context Protocol; later the REST API and the dashboard. One service thread; no request
 * waits for another.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <msptk/msptk.h>

#include "mcp/mcp.h"

typedef struct http_listener http_listener;

/* Who a bearer token is: MSPTK_OK, MSPTK_E_DENIED. */
typedef msptk_status (*http_auth_fn)(void *user, const char *token, mcp_principal *ret,
                                     msptk_error **ret_err);

typedef struct http_opts {
        const char *address; /* "127.0.0.1:8765", "[::1]:0"; port 0 chooses one */
        const char *path;    /* NULL: "/mcp" */
        mcp_server *server;
        mcp_principal anonymous;   /* who asks without a token; scopes 0: nobody may */
        http_auth_fn authenticate; /* NULL: there are no tokens */
        const char *const *allowed_origins,
                *const *allowed_hosts; /* beside loopback names; NULL-ended; NULL: none */
        bool legacy;                   /* sessions of the versions before 2026-07-28 */
        size_t body_bytes;             /* 0: 4 MiB */
        int32_t connections;           /* at once; 0: 512 */
        int32_t sessions;              /* at once; 0: 256 */
        int64_t session_idle_ms;       /* 0: 15 minutes */
        int64_t header_timeout_ms;     /* how slow a client may be; 0: 10 seconds */
        int64_t comment_ms;            /* a stream shows that it lives so often; 0: 15 seconds */
        size_t queue_bytes;            /* of a stream that nobody reads; 0: 1 MiB */
        /* A descriptor given to http_listener_watch() is readable. */
        void (*readable)(void *user, int fd);
        /* Called with every turn; returns ms until it wants to be called again, -1 for never. */
        int64_t (*turn)(void *user, int64_t now_ms);
        /* Levels: 0 debug, 1 info, 2 warning, 3 error. */
        void (*log)(void *user, int32_t level, const char *message);
        void *user;
} http_opts;

/* Binds. Beyond loopback every request needs a token: a bind there is refused unless `authenticate`
 * is set and `anonymous` has no scopes. */
msptk_status http_listener_new(const http_opts *opts, http_listener **ret, msptk_error **ret_err);
/* The port that is listened to. */
int http_listener_port(const http_listener *l);
/* A further descriptor to watch, from now on (the toolkit's wakeup descriptor, once it is open). It
 * stays the caller's; it must not be closed before the listener is freed. */
void http_listener_watch(http_listener *l, int fd);
/* Serves until http_listener_stop(); from the thread that made it. */
msptk_status http_listener_run(http_listener *l, msptk_error **ret_err);
/* From any thread, not from a signal handler. */
void http_listener_stop(http_listener *l);
void http_listener_free(http_listener *l);

#endif
