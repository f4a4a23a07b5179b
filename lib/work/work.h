/* Floor 1. The one header that rooms above include: the work handle, cancel tokens, the loop, task
 * groups, child processes, the dispatch queue.
 *
 * Shape of a blocking call:
 *     group *g;                                    the calling thread owns it
 *     TRY(msptk__group_new(w, tok, "health run", &g, err));
 *     msptk__group_task(g, ...); msptk__group_child(g, ...); msptk__group_job(g, ...);
 *     while ((st = msptk__group_next(g, &done, -1, err)) == MSPTK_OK) { use it; clear it }
 *     msptk__group_free(g);                        at any moment; never blocks
 *
 * Lock order: cancel (parent before child) -> group -> pool -> loop; callbacks of the owner run
 * with none held. */
#ifndef WORK_WORK_H
#define WORK_WORK_H

#include <pthread.h>

#include "base/base.h"
#include "work/cancel.h"
#include "work/loop.h"
#include "work/group.h"
#include "work/child.h"
#include "work/dispatch.h"

typedef struct work work;

typedef struct work_opts {
        int32_t max_threads;  /* pool threads; 0 means 8 */
        int32_t max_children; /* child processes at once; 0 means 24 */
        int32_t max_pending;  /* tasks and jobs that wait in all groups together; 0 means 65,536 */
} work_opts;

/* Opens no thread and no descriptor: the loop and the pool start with their first job, with all
 * signals blocked. After fork() the child process must not use the handle: opening a group, close
 * and free notice that and do nothing. */
msptk_status msptk__work_new(const work_opts *opts, work **ret, msptk_error **ret_err);

/* The ancestor of every token of this handle; msptk__work_close() triggers it. Borrowed. */
cancel *msptk__work_cancel(work *w);

/* Refuses new work (E_CLOSED), cancels, and waits until nothing runs or `deadline_ms` have passed;
 * then E_TIMEOUT names what still runs, nothing has been freed, and it may be called again.
 * E_REENTRANT from a thread of the pool, E_BUSY while another thread closes. */
msptk_status msptk__work_close(work *w, int64_t deadline_ms, msptk_error **ret_err);

/* Drops the handle. Never blocks: what still runs keeps the memory alive until it ends. */
void msptk__work_free(work *w);

/* Runs `run` once on the pool, answering to nobody (asynchronous calls post their end to a
 * dispatch queue themselves). `destroy` is called in any case, also when this fails. */
msptk_status msptk__work_run(work *w, cancel *parent, const char *label, task_fn run,
                             void (*destroy)(void *user), void *user, msptk_error **ret_err);

/* Starts a thread with all signals blocked. Returns an errno. */
int msptk__thread_start(pthread_t *ret, void *(*fn)(void *), void *arg);

DEFINE_AUTO_FREE(msptk__auto_work, work, msptk__work_free)
#define AUTO_WORK __attribute__((cleanup(msptk__auto_work)))

#endif
