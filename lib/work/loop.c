/* The loop: one thread on epoll, a heap of timers, an eventfd for calls of other threads. */
#define ROOM "work"
#include "work/work_private.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

_Static_assert((int)LOOP_IN == (int)EPOLLIN && (int)LOOP_OUT == (int)EPOLLOUT &&
                       (int)LOOP_BROKEN == (int)(EPOLLERR | EPOLLHUP),
               "the names of the loop's events");

enum { BATCH = 64 };

struct loop {
        pthread_mutex_t lock; /* down to `signalled` */
        pthread_t thread;
        bool started, stop, signalled;
        loop_call *head, *tail;
        int epoll_fd, event_fd;

        /* loop thread only */
        loop_timer **heap;
        size_t timers, room;
        struct epoll_event batch[BATCH];
        int batch_count;
        int32_t jobs;
};

msptk_status msptk__loop_new(struct loop **ret, msptk_error **ret_err)
{
        struct loop *l = msptk__alloc(sizeof(*l));

        if (!l)
                return msptk__nomem(ret_err);
        pthread_mutex_init(&l->lock, NULL);
        l->epoll_fd = l->event_fd = -1;
        *ret = l;
        return MSPTK_OK;
}

void msptk__loop_free(struct loop *l)
{
        if (!l)
                return;
        pthread_mutex_destroy(&l->lock);
        msptk__free(l->heap);
        msptk__free(l);
}

/* ---- timers: a heap, each timer knows its place ---- */

static void place(struct loop *l, size_t at, loop_timer *t)
{
        l->heap[at] = t;
        t->slot = at + 1;
}

static void sift_up(struct loop *l, size_t at, loop_timer *t)
{
        while (at && l->heap[(at - 1) / 2]->at_ns > t->at_ns) {
                place(l, at, l->heap[(at - 1) / 2]);
                at = (at - 1) / 2;
        }
        place(l, at, t);
}

static void sift_down(struct loop *l, size_t at, loop_timer *t)
{
        for (;;) {
                size_t child = 2 * at + 1;

                if (child >= l->timers)
                        break;
                if (child + 1 < l->timers && l->heap[child + 1]->at_ns < l->heap[child]->at_ns)
                        child++;
                if (l->heap[child]->at_ns >= t->at_ns)
                        break;
                place(l, at, l->heap[child]);
                at = child;
        }
        place(l, at, t);
}

msptk_status msptk__loop_timer_set(work *w, loop_timer *t, int64_t at_ns, void (*fn)(loop_timer *t))
{
        struct loop *l = w->loop;

        if (!t->slot && l->timers == l->room) {
                size_t room = l->room ? l->room * 2 : 64;
                loop_timer **heap = msptk__realloc_array(l->heap, room, sizeof(loop_timer *));

                if (!heap)
                        return MSPTK_E_NOMEM;
                l->heap = heap;
                l->room = room;
        }
        msptk__loop_timer_del(w, t);
        t->at_ns = at_ns;
        t->fn = fn;
        sift_up(l, l->timers++, t);
        return MSPTK_OK;
}

void msptk__loop_timer_del(work *w, loop_timer *t)
{
        struct loop *l = w->loop;
        size_t at = t->slot - 1;
        loop_timer *last;

        if (!t->slot)
                return;
        t->slot = 0;
        last = l->heap[--l->timers];
        if (last == t)
                return;
        if (at && l->heap[(at - 1) / 2]->at_ns > last->at_ns)
                sift_up(l, at, last);
        else
                sift_down(l, at, last);
}

static void run_timers(work *w)
{
        struct loop *l = w->loop;
        int64_t now = msptk__mono_ns();

        while (l->timers && l->heap[0]->at_ns <= now) {
                loop_timer *t = l->heap[0];

                msptk__loop_timer_del(w, t);
                t->fn(t);
        }
}

static int wait_ms(const struct loop *l)
{
        int64_t left;

        if (!l->timers)
                return -1;
        left = l->heap[0]->at_ns - msptk__mono_ns();
        if (left <= 0)
                return 0;
        left = (left + 999999) / 1000000;
        return left > 3600000 ? 3600000 : (int)left;
}

/* ---- descriptors ---- */

msptk_status msptk__loop_io_set(work *w, loop_io *io, uint32_t events, msptk_error **ret_err)
{
        struct epoll_event ev = { .events = events, .data.ptr = io };

        if (io->added && io->events == events)
                return MSPTK_OK;
        if (epoll_ctl(w->loop->epoll_fd, io->added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, io->fd, &ev))
                return fail(ret_err, errno == ENOMEM ? MSPTK_E_NOMEM : MSPTK_E_IO,
                            "watch descriptor %d: %m", io->fd);
        io->added = true;
        io->events = events;
        return MSPTK_OK;
}

void msptk__loop_io_del(work *w, loop_io *io)
{
        struct loop *l = w->loop;

        if (!io->added)
                return;
        epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
        io->added = false;
        io->events = 0;
        for (int i = 0; i < l->batch_count; i++) /* what was already reported must not be told */
                if (l->batch[i].data.ptr == io)
                        l->batch[i].data.ptr = l;
}

/* ---- calls of other threads ---- */

static void signal_loop(struct loop *l)
{
        uint64_t one = 1;

        if (l->signalled)
                return;
        l->signalled = true;
        while (write(l->event_fd, &one, sizeof(one)) < 0 && errno == EINTR)
                ;
}

static void run_calls(struct loop *l)
{
        loop_call *call;
        uint64_t count;

        pthread_mutex_lock(&l->lock);
        if (l->signalled) {
                while (read(l->event_fd, &count, sizeof(count)) < 0 && errno == EINTR)
                        ;
                l->signalled = false;
        }
        while ((call = l->head)) {
                l->head = call->next;
                if (!l->head)
                        l->tail = NULL;
                call->next = NULL;
                call->queued = false;
                pthread_mutex_unlock(&l->lock);
                call->fn(call);
                pthread_mutex_lock(&l->lock);
        }
        pthread_mutex_unlock(&l->lock);
}

void msptk__loop_jobs(work *w, int32_t more)
{
        w->loop->jobs += more;
}

static bool may_end(struct loop *l)
{
        bool end;

        pthread_mutex_lock(&l->lock);
        end = l->stop && !l->head && !l->jobs;
        pthread_mutex_unlock(&l->lock);
        return end;
}

static void *loop_main(void *arg)
{
        work *w = arg;
        struct loop *l = w->loop;

        while (!may_end(l)) {
                int n = epoll_wait(l->epoll_fd, l->batch, BATCH, wait_ms(l));

                l->batch_count = n > 0 ? n : 0;
                for (int i = 0; i < l->batch_count; i++) {
                        loop_io *io = l->batch[i].data.ptr;

                        if (io && (void *)io != l)
                                io->fn(io, l->batch[i].events);
                }
                l->batch_count = 0;
                run_calls(l);
                run_timers(w);
        }
        msptk__children_free(w);
        close(l->epoll_fd);
        close(l->event_fd);
        msptk__work_unref(w);
        return NULL;
}

/* Under the lock. */
static msptk_status start(work *w, struct loop *l, msptk_error **ret_err)
{
        struct epoll_event ev = { .events = EPOLLIN };
        int failed;

        l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        l->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        failed = l->epoll_fd < 0 || l->event_fd < 0 ||
                                 epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->event_fd, &ev)
                         ? errno
                         : 0;
        if (!failed) {
                msptk__work_ref(w);
                failed = msptk__thread_start(&l->thread, loop_main, w);
                if (failed)
                        atomic_fetch_sub(&w->refs, 1); /* never the last: the caller has one */
        }
        if (failed) {
                if (l->epoll_fd >= 0)
                        close(l->epoll_fd);
                if (l->event_fd >= 0)
                        close(l->event_fd);
                l->epoll_fd = l->event_fd = -1;
                errno = failed;
                return fail(ret_err, MSPTK_E_UNAVAILABLE, "start the loop: %m");
        }
        l->started = true;
        return MSPTK_OK;
}

msptk_status msptk__loop_post(work *w, loop_call *call, void (*fn)(loop_call *call),
                              msptk_error **ret_err)
{
        struct loop *l = w->loop;
        msptk_status st = MSPTK_OK;

        pthread_mutex_lock(&l->lock);
        if (l->stop)
                st = fail(ret_err, MSPTK_E_CLOSED, "the toolkit is closed");
        else if (call->queued)
                st = MSPTK_DONE;
        else if (!l->started)
                st = start(w, l, ret_err);
        if (!st) {
                call->fn = fn;
                call->next = NULL;
                call->queued = true;
                if (l->tail)
                        l->tail->next = call;
                else
                        l->head = call;
                l->tail = call;
                signal_loop(l);
        }
        pthread_mutex_unlock(&l->lock);
        return st;
}

void msptk__loop_stop(work *w, bool wait)
{
        struct loop *l = w->loop;
        bool started;

        pthread_mutex_lock(&l->lock);
        started = l->started && !l->stop;
        l->stop = true;
        if (started)
                signal_loop(l);
        pthread_mutex_unlock(&l->lock);
        if (started && wait)
                pthread_join(l->thread, NULL);
        else if (started)
                pthread_detach(l->thread);
}
