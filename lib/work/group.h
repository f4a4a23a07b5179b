/* Task groups: what a blocking call started and waits for. Completions come one by one to the
 * calling thread, so that callbacks and store writes run there.
 *
 * Back pressure: at most `window` tasks and `window` jobs of a group are running or finished but
 * not yet taken; the rest waits. A pool thread never blocks on a slow consumer.
 * Cancel: a token triggered or past its deadline makes msptk__group_next() return at once; jobs are
 * told, tasks see it in their token. A task that ignores it keeps its own memory alive by counts;
 * its late result is destroyed on the thread that produced it. */
#ifndef WORK_GROUP_H
#define WORK_GROUP_H

#include "base/base.h"
#include "work/cancel.h"
#include "work/loop.h"

struct work;
typedef struct group group;
typedef struct job job;
struct child_spec;
struct child_result;

/* Runs on a pool thread. `tok` is the group's token. */
typedef msptk_status (*task_fn)(void *user, job *self, cancel *tok, msptk_error **ret_err);

/* A job of the loop, embedded as the first member of the room's own struct. */
typedef struct job_ops {
        void (*start)(job *j);                    /* on the loop */
        void (*cancel)(job *j, msptk_status why); /* on the loop; at most once; finish soon after */
        void (*destroy)(
                job *j); /* frees the job; on the consumer's thread, or the loop's if late */
} job_ops;

struct job {
        const job_ops *ops; /* the room that embeds it sets ops and label, both before submitting */
        const char *label;  /* says what runs, for close and errors; lives as long as the job */
        uint64_t tag;

        /* of lib/work */
        struct work *work;
        group *group;
        job *next, *prev; /* pending list, then live or done list */
        job *run_next, *run_prev;
        msptk_status status;
        msptk_error *err;
        task_fn run; /* pool tasks */
        void *user;
        void (*user_destroy)(void *user);
        loop_call call;
        bool is_task, is_item, live, cancelled, helped;
};

typedef struct group_opts {
        int32_t window;     /* 0 means 64 */
        int64_t timeout_ms; /* 0 or negative: only the parent's deadline */
} group_opts;

/* One completion, or one item that a running task posted. */
typedef struct done {
        uint64_t tag;
        bool is_item;
        msptk_status
                status;   /* of the task or job; MSPTK_OK for items and for every child that ran */
        msptk_error *err; /* set when status < 0 */
        void *user;       /* of the task, or the item */
        job *job;         /* the job itself; NULL for items */
        struct child_result *child; /* of msptk__group_child(); STEAL it to keep it */
        job *owned;
} done;

/* `parent` may be NULL; the handle's own token is an ancestor in any case. `label` is copied. */
msptk_status msptk__group_new(struct work *w, cancel *parent, const char *label,
                              const group_opts *opts, group **ret, msptk_error **ret_err);
cancel *msptk__group_cancel(group *g); /* borrowed */

/* Each takes ownership, also when it fails (then `destroy` has been called). E_CLOSED, E_BUSY when
 * too much waits already. Only the owner of the group calls them. `label` is copied; `destroy` may
 * be NULL, and is not called for a NULL user. */
msptk_status msptk__group_task(group *g, uint64_t tag, const char *label, task_fn run,
                               void (*destroy)(void *user), void *user, msptk_error **ret_err);
msptk_status msptk__group_job(group *g, uint64_t tag, job *j, msptk_error **ret_err);
msptk_status msptk__group_child(group *g, uint64_t tag, const struct child_spec *spec,
                                msptk_error **ret_err);

/* The next completion. MSPTK_OK, MSPTK_DONE when nothing is left, E_CANCELLED, E_CLOSED, E_TIMEOUT
 * (the token's deadline, or `timeout_ms` of this wait; negative: none; 0: only look). What has
 * already finished is given out before a cancel is reported. */
msptk_status msptk__group_next(group *g, done *ret, int64_t timeout_ms, msptk_error **ret_err);
void msptk__done_clear(done *d);
#define AUTO_DONE __attribute__((cleanup(msptk__done_clear)))

/* From a running task: hand an item to the consumer before the end. Blocks while the consumer is
 * behind; E_CANCELLED, E_TIMEOUT or E_CLOSED when it will not come (the item is destroyed). */
msptk_status msptk__task_post(job *self, void *item, void (*destroy)(void *item),
                              msptk_error **ret_err);

/* From a loop job, exactly once, on the loop; `err` is taken. */
void msptk__job_done(job *j, msptk_status status, msptk_error *err);

size_t msptk__group_left(group *g); /* submitted and not yet taken, items not counted */
void msptk__group_free(group *g);   /* cancels what is left; never blocks */

DEFINE_AUTO_FREE(msptk__auto_group, group, msptk__group_free)
#define AUTO_GROUP __attribute__((cleanup(msptk__auto_group)))

#endif
