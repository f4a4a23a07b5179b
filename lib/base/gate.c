/* Who is inside a toolkit. */
#define ROOM "toolkit"
#include "base/base.h"

#include <pthread.h>
#include <time.h>

enum { GATE_NAMES = 16 };

struct gate {
        pthread_mutex_t lock;
        pthread_cond_t left;
        int64_t inside;
        bool closing;
        const char *doing[GATE_NAMES];
        void (*when_empty)(void *user);
        void *user;
};

gate *msptk__gate_new(void)
{
        gate *g = msptk__alloc(sizeof(*g));
        pthread_condattr_t attr;

        if (!g)
                return NULL;
        pthread_mutex_init(&g->lock, NULL);
        pthread_condattr_init(&attr);
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_cond_init(&g->left, &attr);
        pthread_condattr_destroy(&attr);
        return g;
}

void msptk__gate_free(gate *g)
{
        if (!g)
                return;
        pthread_cond_destroy(&g->left);
        pthread_mutex_destroy(&g->lock);
        msptk__free(g);
}

msptk_status msptk__gate_enter(gate *g, msptk_error **ret_err)
{
        bool closed;

        pthread_mutex_lock(&g->lock);
        closed = g->closing;
        if (!closed)
                g->inside++;
        pthread_mutex_unlock(&g->lock);
        if (closed)
                return fail(ret_err, MSPTK_E_CLOSED, "the toolkit is closed");
        return MSPTK_OK;
}

void msptk__gate_leave(gate *g)
{
        void (*fn)(void *user) = NULL;
        void *user = NULL;

        pthread_mutex_lock(&g->lock);
        if (--g->inside == 0) {
                fn = g->when_empty;
                user = g->user;
                g->when_empty = NULL;
                pthread_cond_broadcast(&g->left);
        }
        pthread_mutex_unlock(&g->lock);
        if (fn)
                fn(user);
}

void msptk__gate_when_empty(gate *g, void (*fn)(void *user), void *user)
{
        bool now;

        pthread_mutex_lock(&g->lock);
        g->closing = true;
        now = !g->inside;
        if (!now) {
                g->when_empty = fn;
                g->user = user;
        }
        pthread_mutex_unlock(&g->lock);
        if (now)
                fn(user);
}

void msptk__gate_doing(gate *g, const char *what)
{
        if (!g)
                return;
        pthread_mutex_lock(&g->lock);
        for (size_t i = 0; i < GATE_NAMES; i++)
                if (!g->doing[i]) {
                        g->doing[i] = what;
                        break;
                }
        pthread_mutex_unlock(&g->lock);
}

void msptk__gate_done(gate *g, const char *what)
{
        if (!g)
                return;
        pthread_mutex_lock(&g->lock);
        for (size_t i = 0; i < GATE_NAMES; i++)
                if (g->doing[i] == what) {
                        g->doing[i] = NULL;
                        break;
                }
        pthread_mutex_unlock(&g->lock);
}

void msptk__gate_tell(gate *g, buf *out)
{
        size_t told = 0;

        pthread_mutex_lock(&g->lock);
        for (size_t i = 0; i < GATE_NAMES; i++)
                if (g->doing[i])
                        msptk__buf_addf(out, "%s%s", told++ ? ", " : "", g->doing[i]);
        pthread_mutex_unlock(&g->lock);
        if (!told)
                msptk__buf_add_str(out, "calls");
}

bool msptk__gate_close(gate *g, int64_t wait_ms)
{
        struct timespec until;
        bool empty;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += wait_ms / 1000;
        until.tv_nsec += wait_ms % 1000 * 1000000;
        if (until.tv_nsec >= 1000000000) {
                until.tv_sec++;
                until.tv_nsec -= 1000000000;
        }
        pthread_mutex_lock(&g->lock);
        g->closing = true;
        while (g->inside && wait_ms > 0)
                if (pthread_cond_timedwait(&g->left, &g->lock, &until))
                        break;
        empty = !g->inside;
        pthread_mutex_unlock(&g->lock);
        return empty;
}
