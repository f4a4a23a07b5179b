/* The work handle and its pool: threads that take one task of each group in turn, and a close that
 * waits for what runs until a deadline. */
#define ROOM "work"
#include "work/work_private.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { THREADS_DEFAULT = 8, CHILDREN_DEFAULT = 24, PENDING_DEFAULT = 65536 };

int msptk__thread_start(pthread_t *ret, void *(*fn)(void *), void *arg)
{
        sigset_t all, before;
        int failed;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        failed = pthread_create(ret, NULL, fn, arg);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return failed;
}

static int32_t or_default(int32_t given, int32_t otherwise)
{
        return given > 0 ? given : otherwise;
}

msptk_status msptk__work_new(const work_opts *opts, work **ret, msptk_error **ret_err)
{
        work_opts none = { 0 };
        work *w = msptk__alloc(sizeof(*w));
        msptk_status st;

        if (!w)
                return msptk__nomem(ret_err);
        opts = opts ? opts : &none;
        atomic_init(&w->refs, 1);
        w->pid = getpid();
        w->max_threads = or_default(opts->max_threads, THREADS_DEFAULT);
        w->max_children = or_default(opts->max_children, CHILDREN_DEFAULT);
        w->max_pending = or_default(opts->max_pending, PENDING_DEFAULT);
        pthread_mutex_init(&w->lock, NULL);
        pthread_cond_init(&w->pool_wake, NULL);
        msptk__cond_init(&w->idle_wake);
        w->root = msptk__cancel_new(NULL, NULL, -1);
        w->thread = msptk__alloc_array((size_t)w->max_threads, sizeof(*w->thread));
        st = w->root && w->thread ? msptk__loop_new(&w->loop, ret_err) : msptk__nomem(ret_err);
        if (st < 0) {
                msptk__work_unref(w);
                return st;
        }
        *ret = w;
        return MSPTK_OK;
}

work *msptk__work_ref(work *w)
{
        atomic_fetch_add(&w->refs, 1);
        return w;
}

void msptk__work_unref(work *w)
{
        if (atomic_fetch_sub(&w->refs, 1) != 1)
                return;
        msptk__children_free(w);
        msptk__loop_free(w->loop);
        msptk__cancel_unref(w->root);
        msptk__free(w->thread);
        pthread_cond_destroy(&w->idle_wake);
        pthread_cond_destroy(&w->pool_wake);
        pthread_mutex_destroy(&w->lock);
        msptk__free(w);
}

cancel *msptk__work_cancel(work *w)
{
        return w->root;
}

/* ---- what runs, by name ---- */

void msptk__running_add(work *w, job *j)
{
        pthread_mutex_lock(&w->lock);
        j->run_prev = NULL;
        j->run_next = w->running;
        if (w->running)
                w->running->run_prev = j;
        w->running = j;
        w->running_count++;
        pthread_mutex_unlock(&w->lock);
}

void msptk__running_del(work *w, job *j)
{
        pthread_mutex_lock(&w->lock);
        if (j->run_prev)
                j->run_prev->run_next = j->run_next;
        else
                w->running = j->run_next;
        if (j->run_next)
                j->run_next->run_prev = j->run_prev;
        j->run_next = j->run_prev = NULL;
        if (!--w->running_count)
                pthread_cond_broadcast(&w->idle_wake);
        pthread_mutex_unlock(&w->lock);
}

/* ---- workers ---- */

static group *next_group(work *w)
{
        group *g = w->run_head;

        if (!g)
                return NULL;
        w->run_head = g->run_next;
        if (!w->run_head)
                w->run_tail = NULL;
        g->run_next = NULL;
        g->runnable = false;
        return g;
}

static void started(work *w)
{
        pthread_mutex_lock(&w->lock);
        if (!--w->starting)
                pthread_cond_broadcast(&w->idle_wake);
        pthread_mutex_unlock(&w->lock);
}

static void run_one(work *w, group *g)
{
        bool more = false;
        job *j = msptk__group_take_task(g, &more);

        started(w);
        if (more)
                msptk__pool_offer(w, g);
        if (j)
                msptk__task_run(g, j);
        msptk__group_unref(g);
}

static void *worker(void *arg);

/* Under the lock. False when there is no thread at all and none can be started. */
static bool grow_pool(work *w)
{
        if (w->idle || w->threads >= w->max_threads)
                return true;
        msptk__work_ref(w);
        if (msptk__thread_start(&w->thread[w->threads], worker, w)) {
                atomic_fetch_sub(&w->refs, 1); /* never the last: the caller has one */
                return w->threads > 0;
        }
        w->threads++;
        return true;
}

static void *worker(void *arg)
{
        work *w = arg;

        pthread_mutex_lock(&w->lock);
        for (;;) {
                group *g = next_group(w);

                if (!g && w->stop)
                        break;
                if (!g) {
                        w->idle++;
                        pthread_cond_wait(&w->pool_wake, &w->lock);
                        w->idle--;
                        continue;
                }
                /* A thread that was woken and has not come yet still counts as idle: who offered
                 * the next group may have relied on this one, which is taken now, perhaps for long.
                 */
                if (w->run_head && !w->stop)
                        (void)grow_pool(w);
                w->starting++; /* so that close does not overlook what is about to run */
                pthread_mutex_unlock(&w->lock);
                run_one(w, g);
                pthread_mutex_lock(&w->lock);
        }
        pthread_mutex_unlock(&w->lock);
        msptk__work_unref(w);
        return NULL;
}

bool msptk__pool_offer(work *w, group *g)
{
        bool can_run;

        pthread_mutex_lock(&w->lock);
        can_run = !w->stop && grow_pool(w);
        if (can_run && !g->runnable) {
                g->runnable = true;
                g->run_next = NULL;
                msptk__group_ref(g);
                if (w->run_tail)
                        w->run_tail->run_next = g;
                else
                        w->run_head = g;
                w->run_tail = g;
        }
        if (can_run)
                pthread_cond_signal(&w->pool_wake);
        pthread_mutex_unlock(&w->lock);
        return can_run;
}

bool msptk__pool_is_worker(work *w)
{
        bool is = false;

        pthread_mutex_lock(&w->lock);
        for (int32_t i = 0; i < w->threads && !is; i++)
                is = pthread_equal(w->thread[i], pthread_self());
        pthread_mutex_unlock(&w->lock);
        return is;
}

/* ---- close ---- */

static msptk_status name_running(work *w, int64_t deadline_ms, msptk_error **ret_err)
{
        AUTO_BUF buf names = BUF_INIT(1024);
        size_t named = 0;

        for (const job *j = w->running; j && named < 8; j = j->run_next, named++)
                (void)msptk__buf_addf(&names, "%s'%s'", named ? ", " : "", j->label);
        if (w->running_count > named)
                (void)msptk__buf_addf(&names, " and %zu more", w->running_count - named);
        return fail_why(ret_err, MSPTK_E_TIMEOUT, "STILL_RUNNING",
                        "close again later; nothing was freed", "after %lld ms there still runs %s",
                        (long long)deadline_ms, msptk__buf_text(&names));
}

static msptk_status begin_close(work *w, msptk_error **ret_err)
{
        msptk_status st = MSPTK_OK;

        if (msptk__pool_is_worker(w))
                return fail(ret_err, MSPTK_E_REENTRANT,
                            "close was called by a task of the pool that it waits for");
        pthread_mutex_lock(&w->lock);
        if (w->closer)
                st = fail(ret_err, MSPTK_E_BUSY, "another thread is closing already");
        else
                w->closer = true;
        pthread_mutex_unlock(&w->lock);
        return st;
}

static msptk_status wait_idle(work *w, int64_t deadline_ms, msptk_error **ret_err)
{
        int64_t until = msptk__after_ms(deadline_ms < 0 ? 0 : deadline_ms);
        msptk_status st = MSPTK_OK;

        pthread_mutex_lock(&w->lock);
        while ((w->running_count || w->starting) && msptk__mono_ns() < until)
                msptk__cond_wait(&w->idle_wake, &w->lock, until, NULL);
        if (w->running_count || w->starting)
                st = name_running(w, deadline_ms, ret_err);
        else
                w->stop = true;
        pthread_cond_broadcast(&w->pool_wake);
        pthread_mutex_unlock(&w->lock);
        return st;
}

static void drop_runnable(work *w)
{
        group *g;

        for (;;) {
                pthread_mutex_lock(&w->lock);
                g = next_group(w);
                pthread_mutex_unlock(&w->lock);
                if (!g)
                        return;
                msptk__group_unref(g);
        }
}

msptk_status msptk__work_close(work *w, int64_t deadline_ms, msptk_error **ret_err)
{
        msptk_status st;

        if (w->pid != getpid())
                return MSPTK_OK;
        TRY(begin_close(w, ret_err));
        atomic_store(&w->closing, true);
        msptk__cancel_trigger(w->root);
        st = w->closed ? MSPTK_OK : wait_idle(w, deadline_ms, ret_err);
        if (!st && !w->closed) {
                for (int32_t i = 0; i < w->threads; i++)
                        pthread_join(w->thread[i], NULL);
                w->threads = 0;
                drop_runnable(w);
                msptk__loop_stop(w, true);
                w->closed = true;
        }
        pthread_mutex_lock(&w->lock);
        w->closer = false;
        pthread_mutex_unlock(&w->lock);
        return st;
}

void msptk__work_free(work *w)
{
        if (!w || w->pid != getpid())
                return;
        if (!w->closed) {
                atomic_store(&w->closing, true);
                msptk__cancel_trigger(w->root);
                pthread_mutex_lock(&w->lock);
                w->stop = true;
                for (int32_t i = 0; i < w->threads; i++)
                        pthread_detach(w->thread[i]);
                w->threads = 0;
                pthread_cond_broadcast(&w->pool_wake);
                pthread_mutex_unlock(&w->lock);
                msptk__loop_stop(w, false);
        }
        msptk__work_unref(w);
}
