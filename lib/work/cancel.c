/* Cancel tokens: a flag that is read upwards without locks, and watchers that are told downwards.
 *
 * A public token may be triggered by a signal handler, so its trigger only sets the flag; whoever
 * waits below such a token looks at it every CANCEL_POLL_MS. */
#define ROOM "work"
#include "work/work_private.h"

#include <msptk/call.h>

#include <stdatomic.h>
#include <time.h>

struct msptk_cancel {
        atomic_int refs;
        atomic_bool triggered;
        int64_t deadline_ns; /* the earliest of the chain; INT64_MAX = none */
        bool polled;         /* a token of the chain may be triggered without notice */
        cancel *parent[2];
        cancel_watch link[2]; /* this token among the watchers of each parent */
        pthread_mutex_t lock; /* watchers */
        cancel_watch *watchers;
};

int64_t msptk__mono_ns(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t msptk__after_ms(int64_t ms)
{
        int64_t ns, at;

        if (ms < 0 || __builtin_mul_overflow(ms, (int64_t)1000000, &ns) ||
            __builtin_add_overflow(msptk__mono_ns(), ns, &at))
                return INT64_MAX;
        return at;
}

static void triggered_by_parent(void *user)
{
        msptk__cancel_trigger(user);
}

cancel *msptk__cancel_new(cancel *parent, cancel *other, int64_t timeout_ms)
{
        cancel *c = msptk__alloc(sizeof(*c));
        cancel *from[2] = { parent, other };

        if (!c)
                return NULL;
        if (pthread_mutex_init(&c->lock, NULL)) {
                msptk__free(c);
                return NULL;
        }
        atomic_init(&c->refs, 1);
        atomic_init(&c->triggered, false);
        c->deadline_ns = msptk__after_ms(timeout_ms);
        for (size_t i = 0; i < ARRAY_LEN(from); i++) {
                if (!from[i])
                        continue;
                c->parent[i] = msptk__cancel_ref(from[i]);
                c->polled |= from[i]->polled;
                if (from[i]->deadline_ns < c->deadline_ns)
                        c->deadline_ns = from[i]->deadline_ns;
        }
        for (size_t i = 0; i < ARRAY_LEN(from); i++)
                if (c->parent[i])
                        msptk__cancel_watch(c->parent[i], &c->link[i], triggered_by_parent, c);
        return c;
}

cancel *msptk__cancel_ref(cancel *c)
{
        if (c)
                atomic_fetch_add(&c->refs, 1);
        return c;
}

void msptk__cancel_unref(cancel *c)
{
        if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
                return;
        for (size_t i = 0; i < ARRAY_LEN(c->parent); i++) {
                msptk__cancel_unwatch(&c->link[i]); /* waits for a trigger on its way down */
                msptk__cancel_unref(c->parent[i]);
        }
        pthread_mutex_destroy(&c->lock);
        msptk__free(c);
}

static void unlink_watch(cancel *c, cancel_watch *w)
{
        if (w->prev)
                w->prev->next = w->next;
        else
                c->watchers = w->next;
        if (w->next)
                w->next->prev = w->prev;
        w->next = w->prev = NULL;
        w->fired = true;
}

void msptk__cancel_trigger(cancel *c)
{
        if (!c)
                return;
        atomic_store(&c->triggered, true);
        pthread_mutex_lock(&c->lock);
        while (c->watchers) {
                cancel_watch *w = c->watchers;

                unlink_watch(c, w);
                w->fn(w->user);
        }
        pthread_mutex_unlock(&c->lock);
}

void msptk__cancel_watch(cancel *c, cancel_watch *w, void (*fn)(void *user), void *user)
{
        *w = (cancel_watch){ .token = c, .fn = fn, .user = user };
        if (!c)
                return;
        pthread_mutex_lock(&c->lock);
        if (atomic_load(&c->triggered)) {
                w->fired = true;
                fn(user);
        } else {
                w->next = c->watchers;
                if (w->next)
                        w->next->prev = w;
                c->watchers = w;
        }
        pthread_mutex_unlock(&c->lock);
}

void msptk__cancel_unwatch(cancel_watch *w)
{
        cancel *c = w->token;

        if (!c)
                return;
        pthread_mutex_lock(&c->lock);
        if (!w->fired)
                unlink_watch(c, w);
        pthread_mutex_unlock(&c->lock);
        w->token = NULL;
}

static bool triggered(const cancel *c)
{
        if (atomic_load(&c->triggered))
                return true;
        for (size_t i = 0; i < ARRAY_LEN(c->parent); i++)
                if (c->parent[i] && triggered(c->parent[i]))
                        return true;
        return false;
}

msptk_status msptk__cancel_status(const cancel *c)
{
        if (!c)
                return MSPTK_OK;
        if (triggered(c))
                return MSPTK_E_CANCELLED;
        if (c->deadline_ns != INT64_MAX && msptk__mono_ns() >= c->deadline_ns)
                return MSPTK_E_TIMEOUT;
        return MSPTK_OK;
}

bool msptk__cancelled(const cancel *c)
{
        return msptk__cancel_status(c) != MSPTK_OK;
}

msptk_status msptk__cancel_check(const cancel *c, const char *what, msptk_error **ret_err)
{
        msptk_status st = msptk__cancel_status(c);

        if (st == MSPTK_E_CANCELLED)
                return fail(ret_err, st, "%s was cancelled", what);
        if (st == MSPTK_E_TIMEOUT)
                return fail(ret_err, st, "the time for %s is over", what);
        return st;
}

int64_t msptk__deadline_ns(const cancel *c)
{
        return c ? c->deadline_ns : INT64_MAX;
}

int64_t msptk__deadline_left_ms(const cancel *c)
{
        int64_t left;

        if (!c || c->deadline_ns == INT64_MAX)
                return INT64_MAX;
        left = c->deadline_ns - msptk__mono_ns();
        return left <= 0 ? 0 : (left + 999999) / 1000000;
}

bool msptk__cancel_polled(const cancel *c)
{
        return c && c->polled;
}

/* ---- waiting ---- */

int msptk__cond_init(pthread_cond_t *cond)
{
        pthread_condattr_t attr;
        int failed = pthread_condattr_init(&attr);

        if (failed)
                return failed;
        failed = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        if (!failed)
                failed = pthread_cond_init(cond, &attr);
        pthread_condattr_destroy(&attr);
        return failed;
}

void msptk__cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ns,
                      const cancel *c)
{
        struct timespec ts;

        if (c && c->deadline_ns < until_ns)
                until_ns = c->deadline_ns;
        if (msptk__cancel_polled(c)) {
                int64_t look = msptk__after_ms(CANCEL_POLL_MS);

                if (look < until_ns)
                        until_ns = look;
        }
        if (until_ns == INT64_MAX) {
                pthread_cond_wait(cond, lock);
                return;
        }
        ts.tv_sec = (time_t)(until_ns / 1000000000);
        ts.tv_nsec = (long)(until_ns % 1000000000);
        pthread_cond_timedwait(cond, lock, &ts);
}

struct sleeper {
        pthread_mutex_t lock;
        pthread_cond_t cond;
        bool woken;
};

static void wake_sleeper(void *user)
{
        struct sleeper *s = user;

        pthread_mutex_lock(&s->lock);
        s->woken = true;
        pthread_cond_signal(&s->cond);
        pthread_mutex_unlock(&s->lock);
}

msptk_status msptk__cancel_sleep(cancel *c, int64_t ms)
{
        int64_t until = msptk__after_ms(ms < 0 ? 0 : ms);
        struct sleeper s = { .lock = PTHREAD_MUTEX_INITIALIZER };
        cancel_watch watch;
        msptk_status st;

        if (msptk__cond_init(&s.cond))
                return MSPTK_E_INTERNAL;
        msptk__cancel_watch(c, &watch, wake_sleeper, &s);
        pthread_mutex_lock(&s.lock);
        while (!(st = msptk__cancel_status(c)) && msptk__mono_ns() < until)
                msptk__cond_wait(&s.cond, &s.lock, until, c);
        pthread_mutex_unlock(&s.lock);
        msptk__cancel_unwatch(&watch);
        pthread_cond_destroy(&s.cond);
        return st;
}

/* ---- public ---- */

msptk_cancel *msptk_cancel_new(void)
{
        msptk_cancel *c = msptk__cancel_new(NULL, NULL, -1);

        if (c)
                c->polled = true;
        return c;
}

void msptk_cancel_trigger(msptk_cancel *c)
{
        if (c)
                atomic_store(&c->triggered, true);
}

void msptk_cancel_free(msptk_cancel *c)
{
        msptk__cancel_unref(c);
}
