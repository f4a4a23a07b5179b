/* Exchanges: what follows each transfer is decided here, on the calling thread - redirect, retry,
 * give up - because only there the store may be asked. All waiting is done by the loop. */
#define ROOM "net"
#include "net/private.h"
#include "net/headers.h"

#include <string.h>

enum { BACKOFF_MS = 250, BACKOFF_MAX_MS = 10000 };

typedef struct exchange {
        const net_request *in;
        const char *method;
        char *url;
        bool with_body, idempotent;
        int32_t retries, redirects, attempts;
        int64_t deadline_ns;
        net_admission admitted;
} exchange;

typedef struct exchanges {
        net_site *s;
        group *g;
        exchange *x;
        size_t count;
        net_done_fn fn;
        void *user;
} exchanges;

static int64_t left_ms(const exchange *x)
{
        int64_t left = x->deadline_ns - msptk__mono_ns();

        if (x->deadline_ns == INT64_MAX)
                return INT32_MAX;
        return left <= 0 ? 0 : (left + 999999) / 1000000;
}

static int64_t random_below(int64_t bound)
{
        uint64_t n = 0;

        if (bound < 1 || msptk__random_bytes(&n, sizeof(n), NULL) < 0)
                return 0;
        return (int64_t)(n % (uint64_t)bound);
}

/* Hands one transfer to the loop, not before `delay_ms` and when the budget allows. */
static msptk_status launch(exchanges *e, size_t i, int64_t delay_ms, msptk_error **ret_err)
{
        exchange *x = &e->x[i];
        int64_t left = left_ms(x);
        transfer *t = NULL;

        if (left <= delay_ms)
                return fail(ret_err, MSPTK_E_TIMEOUT, "'%s' has no time left for a request",
                            e->s->name);
        TRY(msptk__budget_admit(e->s, left, &x->admitted, ret_err));
        if (delay_ms < x->admitted.delay_ms)
                delay_ms = x->admitted.delay_ms;
        TRY(msptk__transfer_new(e->s, x->in, x->method, x->url, x->with_body, &t, ret_err));
        t->idempotent = x->idempotent;
        t->deadline_ns = x->deadline_ns;
        t->start_ns = delay_ms ? msptk__mono_ns() + delay_ms * 1000000 : 0;
        TRY(msptk__group_job(e->g, i, &t->base, ret_err));
        x->attempts++;
        return MSPTK_OK;
}

static msptk_status prepare(exchanges *e, size_t i, cancel *tok, msptk_error **ret_err)
{
        exchange *x = &e->x[i];
        int64_t timeout_ms = x->in->timeout_ms, end = msptk__deadline_ns(tok);

        TRY(msptk__net_request_check(x->in, ret_err));
        TRY(msptk__net_url(e->s, NULL, x->in->url, &x->url, ret_err));
        if (timeout_ms <= 0 && end == INT64_MAX)
                timeout_ms = e->s->timeout_ms;
        x->deadline_ns = end;
        if (timeout_ms > 0 && timeout_ms < INT32_MAX &&
            msptk__mono_ns() + timeout_ms * 1000000 < end)
                x->deadline_ns = msptk__mono_ns() + timeout_ms * 1000000;
        x->method = x->in->method ? x->in->method : "GET";
        x->with_body = true;
        x->idempotent = msptk__net_idempotent(x->in);
        return launch(e, i, 0, ret_err);
}

/* ---- after a reply ---- */

static int64_t backoff_ms(const exchange *x)
{
        int64_t most = (int64_t)BACKOFF_MS << x->retries;

        return random_below(most > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : most) + 1;
}

static bool worth_a_retry(int32_t status)
{
        return status == 429 || status == 502 || status == 503 || status == 504;
}

static msptk_status retry(exchanges *e, size_t i, int64_t delay_ms)
{
        exchange *x = &e->x[i];
        msptk_status st;

        if (!x->idempotent || x->retries >= NET_RETRIES)
                return MSPTK_E_UNAVAILABLE;
        x->retries++;
        st = launch(e, i, delay_ms, NULL);
        if (st < 0)
                x->retries--;
        return st;
}

/* MSPTK_DONE: it is no redirect that is followed, so it is a reply like others. */
static msptk_status redirect(exchanges *e, size_t i, const transfer *t, msptk_error **ret_err)
{
        exchange *x = &e->x[i];
        bool reads = !strcmp(x->method, "GET") || !strcmp(x->method, "HEAD");
        int32_t status = t->http_status;
        char *url = NULL;

        if (!t->location ||
            (status != 301 && status != 302 && status != 303 && status != 307 && status != 308))
                return MSPTK_DONE;
        if (!reads && status <= 302)
                return MSPTK_DONE; /* a write must not turn into a read unsaid */
        if (x->redirects == NET_REDIRECTS)
                return fail_why(ret_err, MSPTK_E_UNAVAILABLE, "BAD_REPLY", "check api_url",
                                "%s: redirected more than %d times", t->label, (int)NET_REDIRECTS);
        TRY(msptk__net_url(e->s, t->url, t->location, &url, ret_err));
        x->redirects++;
        msptk__free(x->url);
        x->url = url;
        if (status == 303 && strcmp(x->method, "HEAD") != 0) {
                x->method = "GET";
                x->with_body = false;
                x->idempotent = true;
        }
        return launch(e, i, 0, ret_err);
}

static void read_times(const exchanges *e, const transfer *t, net_reply *r)
{
        int64_t at;

        r->retry_after_ms = -1;
        if (t->date && msptk__http_date(t->date, &at))
                r->server_date = at;
        if (t->retry_after)
                r->retry_after_ms = msptk__http_retry_after(
                        t->retry_after, r->server_date ? r->server_date : msptk__now(e->s->n->c));
}

static msptk_status make_reply(exchanges *e, const exchange *x, transfer *t, net_reply *r,
                               msptk_error **ret_err)
{
        char type[CONTENT_TYPE_MAX];

        r->http_status = t->http_status;
        r->attempts = x->attempts;
        if (t->link) {
                msptk_status st = msptk__net_url(e->s, t->url, t->link, &r->next_link, ret_err);

                if (st < 0)
                        return msptk__wrap(ret_err, st, "follow the next page of %s", t->label);
        }
        msptk__http_content_type(t->content_type ? t->content_type : "", type);
        r->content_type = msptk__strdup(type);
        r->body_len = t->body.len;
        r->body = t->body.len ? msptk__buf_steal(&t->body) : msptk__strdup("");
        if (!r->body || !r->content_type)
                return msptk__nomem(ret_err);
        return MSPTK_OK;
}

/* MSPTK_DONE: another transfer of this exchange is on its way. */
static msptk_status on_reply(exchanges *e, size_t i, transfer *t, net_reply *r,
                             msptk_error **ret_err)
{
        exchange *x = &e->x[i];
        msptk_status st;

        msptk__budget_success(e->s, &x->admitted);
        read_times(e, t, r);
        if (t->http_status == 429)
                msptk__budget_limited(e->s, r->retry_after_ms);
        st = redirect(e, i, t, ret_err);
        if (st != MSPTK_DONE)
                return st < 0 ? st : MSPTK_DONE;
        if (worth_a_retry(t->http_status)) {
                int64_t backoff = backoff_ms(x);

                /* jitter also behind what the vendor said: not all clients at that moment */
                if (retry(e, i, (r->retry_after_ms > 0 ? r->retry_after_ms : 0) + backoff) ==
                    MSPTK_OK)
                        return MSPTK_DONE;
        }
        return make_reply(e, x, t, r, ret_err);
}

static msptk_status on_failure(exchanges *e, size_t i, const transfer *t)
{
        if (t->ended == NET_ENDED_CONNECT)
                msptk__budget_unreachable(e->s);
        if (t->ended != NET_ENDED_CONNECT && t->ended != NET_ENDED_BROKEN)
                return MSPTK_E_UNAVAILABLE;
        return retry(e, i, backoff_ms(&e->x[i]));
}

/* ---- all of them ---- */

static msptk_status tell(exchanges *e, size_t i, msptk_status st, net_reply *r,
                         const msptk_error *err, msptk_error **ret_err)
{
        if (e->fn(e->user, i, st, st == MSPTK_OK ? r : NULL, err))
                return fail(ret_err, MSPTK_E_CALLBACK, "the caller of '%s' wanted no more replies",
                            e->s->name);
        return MSPTK_OK;
}

static msptk_status settle(exchanges *e, done *d, msptk_error **ret_err)
{
        AUTO_NET_REPLY net_reply r = { 0 };
        AUTO_ERROR msptk_error *err = NULL;
        transfer *t = (transfer *)(void *)d->job;
        size_t i = (size_t)d->tag;
        msptk_status st;

        if (d->status < 0) {
                if (on_failure(e, i, t) == MSPTK_OK)
                        return MSPTK_OK;
                return tell(e, i, d->status, NULL, d->err, ret_err);
        }
        st = on_reply(e, i, t, &r, &err);
        if (st == MSPTK_DONE)
                return MSPTK_OK;
        return tell(e, i, st, &r, err, ret_err);
}

static msptk_status run(exchanges *e, const net_request *in, cancel *tok, msptk_error **ret_err)
{
        for (size_t i = 0; i < e->count; i++) {
                AUTO_ERROR msptk_error *err = NULL;
                msptk_status st;

                e->x[i].in = &in[i];
                st = prepare(e, i, tok, &err);
                if (st < 0)
                        TRY(tell(e, i, st, NULL, err, ret_err));
        }
        for (;;) {
                AUTO_DONE done d = { 0 };
                msptk_status st = msptk__group_next(e->g, &d, -1, ret_err);

                if (st != MSPTK_OK)
                        return st == MSPTK_DONE ? MSPTK_OK : st;
                TRY(settle(e, &d, ret_err));
        }
}

msptk_status msptk__net_exchange_many(net_site *s, const net_request *in, size_t count, cancel *tok,
                                      net_done_fn fn, void *user, msptk_error **ret_err)
{
        group_opts opts = { .window = count < NET_PARALLEL ? (int32_t)count : NET_PARALLEL };
        exchanges e = { .s = s, .count = count, .fn = fn, .user = user };
        AUTO_GROUP group *g = NULL;
        msptk_status st;

        if (!count)
                return MSPTK_OK;
        TRY(msptk__net_start_curl(s->n, ret_err));
        TRY(msptk__group_new(s->n->c->work, tok, s->name, &opts, &g, ret_err));
        e.g = g;
        e.x = msptk__alloc_array(count, sizeof(*e.x));
        if (!e.x)
                return msptk__nomem(ret_err);
        st = run(&e, in, tok, ret_err);
        for (size_t i = 0; i < count; i++)
                msptk__free(e.x[i].url);
        msptk__free(e.x);
        return st;
}

/* ---- one ---- */

typedef struct single {
        net_reply *ret;
        msptk_status st;
        msptk_error *err;
} single;

static int32_t take(void *user, size_t index, msptk_status st, net_reply *reply,
                    const msptk_error *err)
{
        single *one = user;

        (void)index;
        one->st = st;
        if (st == MSPTK_OK) {
                *one->ret = *reply;
                *reply = (net_reply){ 0 };
        } else {
                one->err = msptk__error_copy(err);
        }
        return 0;
}

msptk_status msptk__net_exchange(net_site *s, const net_request *in, cancel *tok, net_reply *ret,
                                 msptk_error **ret_err)
{
        net_reply reply = { 0 };
        single one = { .ret = &reply, .st = MSPTK_E_INTERNAL };
        msptk_status st = msptk__net_exchange_many(s, in, 1, tok, take, &one, ret_err);

        if (st == MSPTK_OK)
                st = one.st;
        else
                msptk_error_free(STEAL(one.err));
        if (st == MSPTK_OK) {
                *ret = reply;
                return MSPTK_OK;
        }
        msptk__net_reply_clear(&reply);
        if (one.err && ret_err)
                *ret_err = one.err;
        else
                msptk_error_free(one.err);
        if (ret_err && !*ret_err)
                return msptk__nomem(ret_err);
        return st;
}
