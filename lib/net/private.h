/* What the files of this room share and no other room sees. */
#ifndef NET_PRIVATE_H
#define NET_PRIVATE_H

#include "net/net.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum {
        NET_URL_MAX = 8192,
        NET_HEADERS_MAX = 64,
        NET_HEADER_BYTES = 8192,         /* of one header of a request */
        NET_REPLY_HEADERS = 256 * 1024,  /* of all headers of a reply */
        NET_BODY_MAX = 16 * 1024 * 1024, /* of a request, and of a reply by default */
        NET_CONNECT_MS = 10000,
        NET_TIMEOUT_MS = 30000,
        NET_RETRIES = 3,
        NET_REDIRECTS = 5,
        NET_PARALLEL = 256, /* transfers of one call at once */
};

/* ---- origins (url.c) ---- */

typedef struct net_origin {
        char *scheme, *host, *port;
} net_origin;

struct net {
        atomic_int refs; /* the owner, sites, transfers */
        ctx *c;
        pid_t pid; /* after fork() the child must not say good-bye on shared connections */
        bool (*fault)(void *user);
        void *fault_user;

        pthread_mutex_t lock;
        bool curl_started; /* under the lock */

        /* loop thread only, and the last owner */
        CURLM *multi;
        loop_timer timer;
        struct transfer *live;
        bool ended; /* curl's callbacks must not reach for the loop any more */
};

struct net_site {
        net *n;
        char *name;
        net_origin *origins;
        size_t origin_count;
        char *proxy;
        char *pin;
        bool allow_http;
        size_t response_limit;
        int64_t timeout_ms;
        int64_t rate_requests; /* 0: no budget */
        int64_t rate_us;       /* per */
};

/* A URL that passed the rules: absolute, without userinfo and fragment, within the origins, and
 * encrypted unless allowed. `base` NULL, or what a relative `url` counts from. E_INVALID (BAD_URL),
 * E_DENIED (OUTSIDE_ORIGINS, NOT_ENCRYPTED). */
msptk_status msptk__net_url(const net_site *s, const char *base, const char *url, char **ret,
                            msptk_error **ret_err);
/* scheme://host:port of a setting; `what` names the setting. */
msptk_status msptk__net_origin_parse(const char *what, const char *url, net_origin *ret,
                                     msptk_error **ret_err);
void msptk__net_origin_clear(net_origin *o);
/* "https://host/path" for messages: without the query. */
void msptk__net_url_show(const char *url, buf *out);

/* ---- requests (request.c) ---- */

/* Everything about a request that does not depend on the site. */
msptk_status msptk__net_request_check(const net_request *in, msptk_error **ret_err);
bool msptk__net_idempotent(const net_request *in);
struct curl_slist *msptk__net_request_headers(const net_request *in, bool with_body);
/* Wipes and frees. */
void msptk__net_slist_free(struct curl_slist *list);

/* ---- one transfer (transfer.c): a job of the loop that owns all it needs ---- */

enum { NET_ENDED_REPLY, NET_ENDED_CONNECT, NET_ENDED_BROKEN, NET_ENDED_OTHER };

typedef struct transfer {
        job base;
        struct transfer *next, *prev; /* net.live; linked while in the multi */
        net *n;
        CURL *easy;
        bool linked;
        loop_timer start;
        int64_t start_ns, deadline_ns;
        char *label;
        char *method;
        char *url;
        char *proxy, *pin;
        struct curl_slist *headers;
        char *request_body;
        size_t request_len;
        bool idempotent;

        /* the reply */
        int32_t ended; /* NET_ENDED_* */
        int32_t http_status;
        buf body;
        size_t header_bytes;
        bool header_overflow, bad_encoding, began;
        char *location, *link, *retry_after, *date, *content_type;
} transfer;

msptk_status msptk__transfer_new(net_site *s, const net_request *in, const char *method,
                                 const char *url, bool with_body, transfer **ret,
                                 msptk_error **ret_err);
/* On the loop, by multi.c: curl is through with it. */
void msptk__transfer_end(transfer *t, CURLcode code);

/* ---- the loop's side of curl (multi.c) ---- */

msptk_status msptk__multi_add(net *n, transfer *t, msptk_error **ret_err);
void msptk__multi_remove(transfer *t);
void msptk__multi_free(net *n);
net *msptk__net_ref(net *n);
void msptk__net_unref(net *n);
msptk_status msptk__net_start_curl(net *n, msptk_error **ret_err);

/* ---- what all processes share (budget.c) ---- */

typedef struct net_admission {
        int64_t delay_ms; /* wait that long before the transfer */
        bool noted;       /* the row has something that a success must clear */
} net_admission;

/* Reserves a place within `wait_ms`. E_RATE (RATE_BUDGET, VENDOR_RATE_LIMIT), E_UNAVAILABLE
 * (CIRCUIT_OPEN); nothing is reserved then. */
msptk_status msptk__budget_admit(net_site *s, int64_t wait_ms, net_admission *ret,
                                 msptk_error **ret_err);
void msptk__budget_success(net_site *s, const net_admission *a);
void msptk__budget_unreachable(net_site *s);
/* A 429; `retry_after_ms` -1 when it does not say. */
void msptk__budget_limited(net_site *s, int64_t retry_after_ms);

#endif
