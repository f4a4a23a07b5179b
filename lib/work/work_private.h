/* What the files of this room share and no other room sees. */
#ifndef WORK_PRIVATE_H
#define WORK_PRIVATE_H

#include "work/work.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

enum {
        CANCEL_POLL_MS = 20,
        GROUP_WINDOW = 64,
        GROUP_ITEMS_MAX = 65536, /* items that a task may post while its own thread consumes */
        LABEL_MAX = 80,
};

struct job_list {
        job *head, *tail;
};

struct group {
        atomic_int refs;
        work *work;
        cancel *token;
        char *label;
        int32_t window;
        bool detached; /* nobody consumes: ends are dropped */

        pthread_mutex_t lock;
        pthread_cond_t wake;         /* the consumer, and posting tasks */
        struct job_list tasks;       /* wait for the pool */
        struct job_list jobs;        /* wait for the window */
        struct job_list ready;       /* finished or posted, wait for the consumer */
        int32_t tasks_out, jobs_out; /* started and not yet taken */
        int32_t items_out;
        size_t left;
        bool abandoned;
        atomic_bool helping; /* the consumer is a pool thread: it runs tasks of its own group */
        bool had_jobs;
        cancel_watch watch;

        /* under the pool's lock */
        bool runnable;
        struct group *run_next;

        /* loop thread only */
        job *live; /* started jobs */
        loop_timer deadline;
        loop_call cancel_call;
};

struct loop;
struct spawner;

struct work {
        atomic_int refs;
        pid_t pid; /* of the process that made it: after fork() the child must keep out */
        int32_t max_threads, max_children, max_pending;
        cancel *root;
        atomic_bool closing;
        atomic_int pending; /* tasks and jobs not yet started, of all groups */

        pthread_mutex_t lock;     /* the pool: everything below */
        pthread_cond_t pool_wake; /* workers */
        pthread_cond_t idle_wake; /* msptk__work_close() */
        group *run_head, *run_tail;
        int32_t threads, idle;
        pthread_t *thread; /* ids of the workers, max_threads long */
        job *running;      /* tasks on workers and jobs on the loop, for names */
        size_t running_count, starting;
        bool stop, closed, closer;

        struct loop *loop;
        struct spawner *spawner; /* loop thread only */
};

/* cancel.c */
int64_t msptk__after_ms(int64_t ms); /* a moment on the monotonic clock; negative: INT64_MAX */
bool msptk__cancel_polled(const cancel *c);
int msptk__cond_init(pthread_cond_t *cond);
/* Waits for a signal, until `until_ns`, or the token's deadline, or when it must be looked at. */
void msptk__cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ns,
                      const cancel *c);

/* pool.c */
work *msptk__work_ref(work *w);
void msptk__work_unref(work *w);
bool msptk__pool_offer(work *w, group *g); /* the group may have a task to run */
bool msptk__pool_is_worker(work *w);
void msptk__running_add(work *w, job *j);
void msptk__running_del(work *w, job *j);

/* group.c */
group *msptk__group_ref(group *g);
void msptk__group_unref(group *g);
job *msptk__group_take_task(group *g, bool *more); /* NULL when none may start now */
void msptk__task_run(group *g, job *j);            /* runs and finishes it */

/* loop.c */
msptk_status msptk__loop_new(struct loop **ret, msptk_error **ret_err);
/* Ends the thread as soon as no job is left on it; waits for that, or leaves it alone. */
void msptk__loop_stop(work *w, bool wait);
void msptk__loop_jobs(work *w, int32_t more); /* loop thread: jobs that keep the loop alive */
void msptk__loop_free(struct loop *l);

/* child.c */
msptk_status msptk__child_new(const child_spec *spec, job **ret, msptk_error **ret_err);
child_result *msptk__child_take_result(job *j); /* NULL when it is no child */
void msptk__children_free(work *w);             /* after the loop has stopped */

#endif
