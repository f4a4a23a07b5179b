/* The dispatch queue: a list, a lock, and an eventfd that is readable while the list is not empty.
 */
#define ROOM "work"
#include "work/work_private.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct dispatch {
        atomic_int refs;
        int fd;
        pthread_mutex_t lock;
        dispatch_call *head, *tail;
        size_t waiting;
        bool closed, woken, running;
        pthread_t runner;
};

msptk_status msptk__dispatch_new(dispatch **ret, msptk_error **ret_err)
{
        dispatch *d = msptk__alloc(sizeof(*d));

        if (!d)
                return msptk__nomem(ret_err);
        d->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (d->fd < 0) {
                fail(ret_err, MSPTK_E_IO, "make the descriptor of the dispatch queue: %m");
                msptk__free(d);
                return MSPTK_E_IO;
        }
        pthread_mutex_init(&d->lock, NULL);
        atomic_init(&d->refs, 1);
        *ret = d;
        return MSPTK_OK;
}

dispatch *msptk__dispatch_ref(dispatch *d)
{
        atomic_fetch_add(&d->refs, 1);
        return d;
}

void msptk__dispatch_unref(dispatch *d)
{
        if (!d || atomic_fetch_sub(&d->refs, 1) != 1)
                return;
        msptk__dispatch_close(d);
        close(d->fd);
        pthread_mutex_destroy(&d->lock);
        msptk__free(d);
}

static void raise_fd(const dispatch *d)
{
        uint64_t one = 1;

        while (write(d->fd, &one, sizeof(one)) < 0 && errno == EINTR)
                ;
}

static void lower_fd(const dispatch *d)
{
        uint64_t count;

        while (read(d->fd, &count, sizeof(count)) < 0 && errno == EINTR)
                ;
}

void msptk__dispatch_post(dispatch *d, dispatch_call *call)
{
        bool closed;

        call->next = NULL;
        pthread_mutex_lock(&d->lock);
        closed = d->closed;
        if (!closed) {
                if (d->tail)
                        d->tail->next = call;
                else
                        d->head = call;
                d->tail = call;
                d->waiting++;
                raise_fd(d);
        }
        pthread_mutex_unlock(&d->lock);
        if (closed)
                call->drop(call);
}

int msptk__dispatch_fd(const dispatch *d)
{
        return d->fd;
}

void msptk__dispatch_wake(dispatch *d)
{
        pthread_mutex_lock(&d->lock);
        d->woken = true;
        raise_fd(d);
        pthread_mutex_unlock(&d->lock);
}

static msptk_status begin(dispatch *d, msptk_error **ret_err)
{
        msptk_status st = MSPTK_OK;

        pthread_mutex_lock(&d->lock);
        if (d->running && pthread_equal(d->runner, pthread_self()))
                st = fail(ret_err, MSPTK_E_REENTRANT,
                          "dispatching was called by a callback that it runs itself");
        else if (d->running)
                st = fail(ret_err, MSPTK_E_BUSY, "another thread is dispatching");
        else if (d->closed)
                st = fail(ret_err, MSPTK_E_CLOSED, "the dispatch queue is closed");
        if (!st) {
                d->running = true;
                d->runner = pthread_self();
        }
        pthread_mutex_unlock(&d->lock);
        return st;
}

static void wait_for_call(dispatch *d, int64_t timeout_ms)
{
        int64_t until = msptk__after_ms(timeout_ms);

        for (;;) {
                struct pollfd p = { .fd = d->fd, .events = POLLIN };
                int64_t left =
                        until == INT64_MAX ? -1 : (until - msptk__mono_ns() + 999999) / 1000000;
                int n;

                if (until != INT64_MAX && left < 0)
                        left = 0;
                n = poll(&p, 1, left > 3600000 ? 3600000 : (int)left);
                if (n > 0 || (n < 0 && errno != EINTR))
                        return;
                if (until != INT64_MAX && msptk__mono_ns() >= until)
                        return;
        }
}

/* How many calls there are now; calls that come while these run wait for the next dispatch. */
static size_t begin_round(dispatch *d)
{
        size_t waiting;

        pthread_mutex_lock(&d->lock);
        waiting = d->waiting;
        d->woken = false;
        if (!waiting && !d->closed)
                lower_fd(d);
        pthread_mutex_unlock(&d->lock);
        return waiting;
}

static dispatch_call *take(dispatch *d)
{
        dispatch_call *call;

        pthread_mutex_lock(&d->lock);
        call = d->head;
        if (call) {
                d->head = call->next;
                d->waiting--;
                if (!d->head) {
                        d->tail = NULL;
                        if (!d->woken)
                                lower_fd(d);
                }
        }
        pthread_mutex_unlock(&d->lock);
        return call;
}

msptk_status msptk__dispatch_run(dispatch *d, int64_t timeout_ms, size_t *ret_count,
                                 msptk_error **ret_err)
{
        dispatch_call *call;
        size_t waiting, count = 0;

        TRY(begin(d, ret_err));
        wait_for_call(d, timeout_ms);
        for (waiting = begin_round(d); count < waiting && (call = take(d)); count++)
                call->run(call); /* may free it */
        pthread_mutex_lock(&d->lock);
        d->running = false;
        pthread_mutex_unlock(&d->lock);
        if (ret_count)
                *ret_count = count;
        return MSPTK_OK;
}

void msptk__dispatch_close(dispatch *d)
{
        dispatch_call *call;

        pthread_mutex_lock(&d->lock);
        d->closed = true;
        call = d->head;
        d->head = d->tail = NULL;
        d->waiting = 0;
        raise_fd(d);
        pthread_mutex_unlock(&d->lock);
        while (call) {
                dispatch_call *next = call->next;

                call->drop(call);
                call = next;
        }
}
