/* Task groups: what waits, what runs, what is ready for the thread that consumes it. */
#define ROOM "work"
#include "work/work_private.h"

#include <string.h>
#include <unistd.h>

static void push(struct job_list *list, job *j)
{
        j->next = NULL;
        if (list->tail)
                list->tail->next = j;
        else
                list->head = j;
        list->tail = j;
}

static job *pop(struct job_list *list)
{
        job *j = list->head;

        if (j) {
                list->head = j->next;
                if (!list->head)
                        list->tail = NULL;
                j->next = NULL;
        }
        return j;
}

static void drop(job *j)
{
        msptk_error_free(STEAL(j->err));
        j->ops->destroy(j);
}

static size_t drop_all(struct job_list *list)
{
        size_t count = 0;
        job *j;

        for (; (j = pop(list)); count++)
                drop(j);
        return count;
}

/* ---- life ---- */

static void cancel_live(loop_call *call);

/* The token was triggered; its lock is held. */
static void on_cancel(void *user)
{
        group *g = user;
        bool had_jobs;

        pthread_mutex_lock(&g->lock);
        had_jobs = g->had_jobs;
        pthread_cond_broadcast(&g->wake);
        pthread_mutex_unlock(&g->lock);
        if (!had_jobs)
                return;
        msptk__group_ref(g); /* the owner's reference is there until it has stopped watching */
        if (msptk__loop_post(g->work, &g->cancel_call, cancel_live, NULL) != MSPTK_OK)
                atomic_fetch_sub(&g->refs, 1);
}

msptk_status msptk__group_new(work *w, cancel *parent, const char *label, const group_opts *opts,
                              group **ret, msptk_error **ret_err)
{
        int64_t timeout_ms = opts && opts->timeout_ms > 0 ? opts->timeout_ms : -1;
        group *g;

        if (w->pid != getpid())
                return fail_why(ret_err, MSPTK_E_CLOSED, "FORKED",
                                "open a toolkit in the child process itself",
                                "'%s' was asked for after a fork", label);
        if (atomic_load(&w->closing))
                return fail(ret_err, MSPTK_E_CLOSED, "'%s' was asked for after close", label);
        g = msptk__alloc(sizeof(*g));
        if (!g)
                return msptk__nomem(ret_err);
        g->label = msptk__strdup(label);
        g->token = msptk__cancel_new(w->root, parent, timeout_ms);
        if (!g->label || !g->token || msptk__cond_init(&g->wake)) {
                msptk__cancel_unref(g->token);
                msptk__free(g->label);
                msptk__free(g);
                return msptk__nomem(ret_err);
        }
        atomic_init(&g->refs, 1);
        pthread_mutex_init(&g->lock, NULL);
        g->work = msptk__work_ref(w);
        g->window = opts && opts->window > 0 ? opts->window : GROUP_WINDOW;
        atomic_init(&g->helping, msptk__pool_is_worker(w));
        msptk__cancel_watch(g->token, &g->watch, on_cancel, g);
        *ret = g;
        return MSPTK_OK;
}

group *msptk__group_ref(group *g)
{
        atomic_fetch_add(&g->refs, 1);
        return g;
}

void msptk__group_unref(group *g)
{
        work *w = g->work;

        if (atomic_fetch_sub(&g->refs, 1) != 1)
                return;
        atomic_fetch_sub(&w->pending, (int)(drop_all(&g->tasks) + drop_all(&g->jobs)));
        drop_all(&g->ready);
        msptk__cancel_unref(g->token);
        pthread_cond_destroy(&g->wake);
        pthread_mutex_destroy(&g->lock);
        msptk__free(g->label);
        msptk__free(g);
        msptk__work_unref(w);
}

cancel *msptk__group_cancel(group *g)
{
        return g->token;
}

size_t msptk__group_left(group *g)
{
        size_t left;

        pthread_mutex_lock(&g->lock);
        left = g->left;
        pthread_mutex_unlock(&g->lock);
        return left;
}

void msptk__group_free(group *g)
{
        struct job_list tasks, jobs, ready;

        if (!g)
                return;
        pthread_mutex_lock(&g->lock);
        g->abandoned = true;
        tasks = g->tasks;
        jobs = g->jobs;
        ready = g->ready;
        g->tasks = g->jobs = g->ready = (struct job_list){ NULL, NULL };
        pthread_cond_broadcast(&g->wake);
        pthread_mutex_unlock(&g->lock);
        msptk__cancel_trigger(g->token);
        msptk__cancel_unwatch(&g->watch);
        atomic_fetch_sub(&g->work->pending, (int)(drop_all(&tasks) + drop_all(&jobs)));
        drop_all(&ready);
        msptk__group_unref(g);
}

/* ---- ends ---- */

/* Gives a finished job to the consumer, or drops it when nobody waits for it. */
static void finish(group *g, job *j, msptk_status status, msptk_error *err)
{
        bool kept;

        msptk__running_del(g->work, j);
        j->status = status;
        j->err = err;
        pthread_mutex_lock(&g->lock);
        kept = !g->abandoned && !g->detached;
        if (kept) {
                push(&g->ready, j);
                pthread_cond_broadcast(&g->wake);
        }
        pthread_mutex_unlock(&g->lock);
        if (!kept)
                drop(j);
}

/* ---- tasks ---- */

struct task {
        job base;
        char label[LABEL_MAX];
};

static void task_destroy(job *j)
{
        if (j->user && j->user_destroy)
                j->user_destroy(j->user);
        msptk__free(j);
}

static const job_ops task_ops = { .destroy = task_destroy };

static msptk_status accept_job(group *g, const char *label, msptk_error **ret_err)
{
        work *w = g->work;

        if (atomic_load(&w->closing))
                return fail(ret_err, MSPTK_E_CLOSED, "'%s' was asked for after close", label);
        if (atomic_fetch_add(&w->pending, 1) < w->max_pending)
                return MSPTK_OK;
        atomic_fetch_sub(&w->pending, 1);
        return fail(ret_err, MSPTK_E_BUSY, "'%s' would be more than the %d that may wait", label,
                    (int)w->max_pending);
}

static struct task *task_new(uint64_t tag, const char *label, task_fn run, void (*destroy)(void *),
                             void *user)
{
        struct task *t = msptk__alloc(sizeof(*t));

        if (!t)
                return NULL;
        t->base.ops = &task_ops;
        t->base.tag = tag;
        t->base.run = run;
        t->base.user = user;
        t->base.user_destroy = destroy;
        t->base.is_task = true;
        memcpy(t->label, label, strnlen(label, sizeof(t->label) - 1));
        t->base.label = t->label;
        return t;
}

msptk_status msptk__group_task(group *g, uint64_t tag, const char *label, task_fn run,
                               void (*destroy)(void *user), void *user, msptk_error **ret_err)
{
        msptk_status st = accept_job(g, label, ret_err);
        struct task *t = st ? NULL : task_new(tag, label, run, destroy, user);

        if (!st && !t) {
                atomic_fetch_sub(&g->work->pending, 1);
                st = msptk__nomem(ret_err);
        }
        if (st) {
                if (user && destroy)
                        destroy(user);
                return st;
        }
        t->base.work = g->work;
        t->base.group = g;
        pthread_mutex_lock(&g->lock);
        push(&g->tasks, &t->base);
        g->left++;
        pthread_mutex_unlock(&g->lock);
        if (!msptk__pool_offer(g->work, g))
                atomic_store(&g->helping, true); /* no thread to be had: the consumer does it */
        return MSPTK_OK;
}

job *msptk__group_take_task(group *g, bool *more)
{
        job *j = NULL;

        pthread_mutex_lock(&g->lock);
        if (!g->abandoned && g->tasks_out < g->window && !msptk__cancelled(g->token))
                j = pop(&g->tasks);
        if (j)
                g->tasks_out++;
        *more = j && g->tasks.head && g->tasks_out < g->window;
        pthread_mutex_unlock(&g->lock);
        if (j) {
                atomic_fetch_sub(&g->work->pending, 1);
                msptk__running_add(g->work, j);
        }
        return j;
}

void msptk__task_run(group *g, job *j)
{
        msptk_error *err = NULL;
        msptk_status st = j->run(j->user, j, g->token, &err);

        if (st >= 0) {
                msptk_error_free(err);
                err = NULL;
        }
        finish(g, j, st, err);
}

msptk_status msptk__work_run(work *w, cancel *parent, const char *label, task_fn run,
                             void (*destroy)(void *user), void *user, msptk_error **ret_err)
{
        group *g = NULL;
        msptk_status st = msptk__group_new(w, parent, label, NULL, &g, ret_err);

        if (st) {
                if (user && destroy)
                        destroy(user);
                return st;
        }
        g->detached = true;
        st = msptk__group_task(g, 0, label, run, destroy, user, ret_err);
        msptk__cancel_unwatch(&g->watch);
        if (!st && atomic_load(&g->helping) && !msptk__pool_is_worker(w))
                st = fail(ret_err, MSPTK_E_UNAVAILABLE, "no thread could be started for '%s'",
                          label);
        msptk__group_unref(g); /* the pool holds another while the task waits */
        return st;
}

static void item_destroy(job *j)
{
        if (j->user && j->user_destroy)
                j->user_destroy(j->user);
        msptk__free(j);
}

static const job_ops item_ops = { .destroy = item_destroy };

/* Under the group's lock: waits until the consumer has room. */
static msptk_status wait_for_room(group *g, const job *self, msptk_error **ret_err)
{
        msptk_status st;

        if (self->helped && g->items_out >= GROUP_ITEMS_MAX)
                return fail(ret_err, MSPTK_E_TOOBIG, "'%s' gave more than %d items", self->label,
                            (int)GROUP_ITEMS_MAX);
        while (!(st = msptk__cancel_status(g->token)) && !g->abandoned && !self->helped &&
               g->items_out >= g->window)
                msptk__cond_wait(&g->wake, &g->lock, INT64_MAX, g->token);
        if (!st && g->abandoned)
                st = MSPTK_E_CANCELLED;
        return st ? fail(ret_err, st, "nobody waits any more for what '%s' finds", self->label)
                  : MSPTK_OK;
}

msptk_status msptk__task_post(job *self, void *item, void (*destroy)(void *item),
                              msptk_error **ret_err)
{
        group *g = self->group;
        job *j = msptk__alloc(sizeof(*j));
        msptk_status st = MSPTK_OK;

        if (!j) {
                destroy(item);
                return msptk__nomem(ret_err);
        }
        j->ops = &item_ops;
        j->label = "";
        j->tag = self->tag;
        j->is_item = true;
        j->user = item;
        j->user_destroy = destroy;
        pthread_mutex_lock(&g->lock);
        st = g->detached ? fail(ret_err, MSPTK_E_INTERNAL, "'%s' has no consumer", self->label)
                         : wait_for_room(g, self, ret_err);
        if (!st) {
                push(&g->ready, j);
                g->items_out++;
                pthread_cond_broadcast(&g->wake);
        }
        pthread_mutex_unlock(&g->lock);
        if (st)
                drop(j);
        return st;
}

/* ---- jobs of the loop ---- */

static void cancel_all(group *g, msptk_status why)
{
        job *j = g->live;

        while (j) {
                if (j->cancelled) {
                        j = j->next;
                        continue;
                }
                j->cancelled = true;
                j->ops->cancel(j, why);
                j = g->live; /* that may have ended any of them */
        }
}

static void cancel_live(loop_call *call)
{
        group *g = (group *)((char *)call - offsetof(group, cancel_call));

        cancel_all(g, MSPTK_E_CANCELLED);
        msptk__group_unref(g);
}

static void deadline_passed(loop_timer *timer)
{
        group *g = (group *)((char *)timer - offsetof(group, deadline));

        msptk__group_ref(g);
        cancel_all(g, MSPTK_E_TIMEOUT);
        msptk__group_unref(g);
}

static void start_job(loop_call *call)
{
        job *j = (job *)((char *)call - offsetof(job, call));
        group *g = j->group;
        msptk_status st = msptk__cancel_status(g->token);

        msptk__loop_jobs(g->work, 1);
        j->live = true;
        j->prev = NULL;
        j->next = g->live;
        if (g->live)
                g->live->prev = j;
        g->live = j;
        if (!st && msptk__deadline_ns(g->token) != INT64_MAX && !g->deadline.slot)
                st = msptk__loop_timer_set(g->work, &g->deadline, msptk__deadline_ns(g->token),
                                           deadline_passed);
        if (st) {
                msptk_error *err = NULL;

                fail(&err, st, "'%s' was not started in time", j->label);
                msptk__job_done(j, st, err);
                return;
        }
        j->ops->start(j);
}

void msptk__job_done(job *j, msptk_status status, msptk_error *err)
{
        group *g = j->group;

        if (j->live) {
                if (j->prev)
                        j->prev->next = j->next;
                else
                        g->live = j->next;
                if (j->next)
                        j->next->prev = j->prev;
                j->live = false;
                if (!g->live)
                        msptk__loop_timer_del(g->work, &g->deadline);
                msptk__loop_jobs(g->work, -1);
        }
        finish(g, j, status, err);
        msptk__group_unref(g);
}

static void admit_jobs(group *g)
{
        for (;;) {
                msptk_error *err = NULL;
                msptk_status st;
                job *j = NULL;

                pthread_mutex_lock(&g->lock);
                if (g->jobs_out < g->window && !g->abandoned)
                        j = pop(&g->jobs);
                if (j) {
                        g->jobs_out++;
                        g->had_jobs = true;
                }
                pthread_mutex_unlock(&g->lock);
                if (!j)
                        return;
                atomic_fetch_sub(&g->work->pending, 1);
                msptk__group_ref(g);
                msptk__running_add(g->work, j);
                st = msptk__loop_post(g->work, &j->call, start_job, &err);
                if (st < 0)
                        msptk__job_done(j, st, err);
        }
}

msptk_status msptk__group_job(group *g, uint64_t tag, job *j, msptk_error **ret_err)
{
        msptk_status st = accept_job(g, j->label, ret_err);

        if (st) {
                drop(j);
                return st;
        }
        j->tag = tag;
        j->work = g->work;
        j->group = g;
        pthread_mutex_lock(&g->lock);
        push(&g->jobs, j);
        g->left++;
        pthread_mutex_unlock(&g->lock);
        admit_jobs(g);
        return MSPTK_OK;
}

msptk_status msptk__group_child(group *g, uint64_t tag, const child_spec *spec,
                                msptk_error **ret_err)
{
        job *j = NULL;

        TRY(msptk__child_new(spec, &j, ret_err));
        return msptk__group_job(g, tag, j, ret_err);
}

/* ---- the consumer ---- */

static void give(job *j, done *ret)
{
        *ret = (done){
                .tag = j->tag,
                .is_item = j->is_item,
                .status = j->status,
                .err = STEAL(j->err),
                .user = j->user,
                .job = j->is_item ? NULL : j,
                .child = msptk__child_take_result(j),
                .owned = j,
        };
}

void msptk__done_clear(done *d)
{
        if (d->owned) {
                d->owned->user = d->user; /* NULL when the consumer keeps it */
                d->owned->ops->destroy(d->owned);
        }
        msptk__child_result_free(d->child);
        msptk_error_free(d->err);
        *d = (done){ 0 };
}

/* Under the lock: takes what is ready and says what its leaving makes possible. */
static job *take_ready(group *g, bool *ret_more_tasks, bool *ret_more_jobs)
{
        job *j = pop(&g->ready);

        *ret_more_tasks = *ret_more_jobs = false;
        if (!j)
                return NULL;
        if (j->is_item) {
                g->items_out--;
                pthread_cond_broadcast(&g->wake);
                return j;
        }
        g->left--;
        if (j->is_task) {
                g->tasks_out--;
                *ret_more_tasks = g->tasks.head != NULL;
        } else {
                g->jobs_out--;
                *ret_more_jobs = g->jobs.head != NULL;
        }
        return j;
}

static msptk_status not_ready(group *g, int64_t timeout_ms, int64_t until_ns, bool left,
                              msptk_error **ret_err)
{
        msptk_status st = msptk__cancel_status(g->token);

        if (!left)
                return MSPTK_DONE;
        if (st)
                msptk__cancel_trigger(g->token); /* tells the jobs, if a signal handler did not */
        if (st && atomic_load(&g->work->closing))
                return fail(ret_err, MSPTK_E_CLOSED, "'%s' was ended by close", g->label);
        if (st == MSPTK_E_CANCELLED)
                return fail(ret_err, st, "'%s' was cancelled", g->label);
        if (st)
                return fail(ret_err, st, "'%s' did not end before its deadline", g->label);
        if (timeout_ms >= 0 && msptk__mono_ns() >= until_ns)
                return fail(ret_err, MSPTK_E_TIMEOUT, "'%s' had nothing to show for %lld ms",
                            g->label, (long long)timeout_ms);
        return MSPTK_OK;
}

static bool help(group *g)
{
        bool more;
        job *j;

        if (!atomic_load(&g->helping) || !(j = msptk__group_take_task(g, &more)))
                return false;
        j->helped = true;
        msptk__task_run(g, j);
        return true;
}

msptk_status msptk__group_next(group *g, done *ret, int64_t timeout_ms, msptk_error **ret_err)
{
        int64_t until_ns = msptk__after_ms(timeout_ms);
        bool more_tasks, more_jobs, left;
        job *j;

        for (;;) {
                msptk_status st;

                pthread_mutex_lock(&g->lock);
                j = take_ready(g, &more_tasks, &more_jobs);
                left = g->left > 0;
                pthread_mutex_unlock(&g->lock);
                if (j)
                        break;
                st = not_ready(g, timeout_ms, until_ns, left, ret_err);
                if (st)
                        return st;
                if (help(g))
                        continue;
                pthread_mutex_lock(&g->lock);
                if (!g->ready.head && !msptk__cancelled(g->token))
                        msptk__cond_wait(&g->wake, &g->lock, until_ns, g->token);
                pthread_mutex_unlock(&g->lock);
        }
        if (more_tasks)
                (void)msptk__pool_offer(g->work, g);
        if (more_jobs)
                admit_jobs(g);
        give(j, ret);
        return MSPTK_OK;
}
