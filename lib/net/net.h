/* Floor 3. HTTP as adapters may use it: the only room that knows curl, and the one header that
 * rooms above include.
 *
 * All transfers of a toolkit run side by side on the loop of lib/work; no thread waits for one. The
 * rules (docs/net.md) are kept here: origins, trust, credentials, limits, redirects, retries, rate
 * budgets, circuit breaker. Budgets and circuits live in the store, by the site's name, and are
 * shared by every process.
 *
 * Reasons: OUTSIDE_ORIGINS, BAD_URL, BAD_HEADER, NOT_ENCRYPTED (E_DENIED or E_INVALID);
 * RATE_BUDGET, VENDOR_RATE_LIMIT (E_RATE, with retry_after_ms); CIRCUIT_OPEN, TLS_UNTRUSTED,
 * CONNECTION_FAILED, BAD_REPLY (E_UNAVAILABLE); BODY_LIMIT, HEADER_LIMIT (E_TOOBIG). */
#ifndef NET_NET_H
#define NET_NET_H

#include <msptk/json.h>

#include "base/base.h"
#include "store/store.h"
#include "vault/vault.h"
#include "work/work.h"

typedef struct net net;
typedef struct net_site net_site; /* one vendor instance as the network sees it; any thread */

/* Cheap: curl, the loop and descriptors wait for the first transfer. Needs c->work and c->store by
 * then. */
msptk_status msptk__net_open(ctx *c, net **ret, msptk_error **ret_err);
/* Nothing of it may be inside a call; transfers that nobody waits for keep their own memory. */
void msptk__net_close(net *n);

/* `settings` of an adapter instance: api_url, origins, allow_http, proxy, certificate_pin, rate,
 * timeout (docs/net.md); borrowed during the call. `response_limit` bounds every reply of the site;
 * 0 means 16 MiB. E_CONFIG (BAD_VALUE) names the setting that is wrong. */
msptk_status msptk__net_site_new(net *n, const char *name, const msptk_json *settings,
                                 size_t response_limit, net_site **ret, msptk_error **ret_err);
void msptk__net_site_free(net_site *s);
DEFINE_AUTO_FREE(msptk__auto_net_site, net_site, msptk__net_site_free)
#define AUTO_NET_SITE __attribute__((cleanup(msptk__auto_net_site)))

enum { NET_AUTH_NONE, NET_AUTH_BEARER, NET_AUTH_BASIC, NET_AUTH_HEADER };

typedef struct net_request {
        const char *method; /* NULL means GET */
        const char *url;
        const char *const *headers; /* NULL-terminated "Name: value"; may be NULL */
        const char *body;
        size_t body_len;
        int32_t auth;         /* NET_AUTH_* */
        const char *user;     /* BASIC: the user; HEADER: the header's name */
        const secret *secret; /* borrowed during the call */
        int64_t timeout_ms;   /* of the whole exchange, retries included; 0: the token's deadline,
                                 else the site's timeout */
        size_t body_limit;    /* of the reply, decoded; 0: the site's */
        bool idempotent;      /* GET, HEAD and OPTIONS always are */
} net_request;

typedef struct net_reply {
        int32_t http_status;
        int32_t attempts; /* transfers that were begun, redirects included */
        char *body;       /* NUL-terminated; never NULL */
        size_t body_len;
        char *content_type;     /* "application/json": lower case, no parameters; "" when absent */
        char *next_link;        /* NULL when there is none */
        int64_t retry_after_ms; /* -1 when the reply does not say */
        int64_t server_date;    /* microseconds UTC; 0 when absent */
} net_reply;

void msptk__net_reply_clear(net_reply *r);
#define AUTO_NET_REPLY __attribute__((cleanup(msptk__net_reply_clear)))

/* One exchange; blocks the calling thread, which must not hold a transaction. Any HTTP status is a
 * reply. E_UNAVAILABLE, E_TIMEOUT, E_TOOBIG, E_DENIED, E_RATE, E_INVALID, E_CANCELLED, E_CLOSED. */
msptk_status msptk__net_exchange(net_site *s, const net_request *in, cancel *tok, net_reply *ret,
                                 msptk_error **ret_err);

/* Many side by side. `fn` runs on the calling thread as each ends: `reply` when `st` is MSPTK_OK
 * (it may be emptied into the callee's own), else `err`, both borrowed. Non-zero stops the others:
 * E_CALLBACK. An exchange that fails is not a failure of this call. */
typedef int32_t (*net_done_fn)(void *user, size_t index, msptk_status st, net_reply *reply,
                               const msptk_error *err);
msptk_status msptk__net_exchange_many(net_site *s, const net_request *in, size_t count, cancel *tok,
                                      net_done_fn fn, void *user, msptk_error **ret_err);

/* The seam of fault loops: asked on the loop before each transfer; true fails it as a connection
 * that could not be made. Set before the first transfer. */
void msptk__net_set_fault(net *n, bool (*fn)(void *user), void *user);

extern const store_migration msptk__net_migrations[]; /* number 30 */

#endif
