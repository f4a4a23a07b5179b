/* The loop: one thread that waits for descriptors and timers. Only the toolkit's own code runs on
 * it, in short steps that never block; memory of what it watches belongs to the watcher. */
#ifndef WORK_LOOP_H
#define WORK_LOOP_H

#include "base/base.h"

struct work;

/* A step to run on the loop, embedded in what it is about. */
typedef struct loop_call {
        struct loop_call *next;
        void (*fn)(struct loop_call *call);
        bool queued; /* under the loop's lock */
} loop_call;

/* Any thread. Starts the loop when needed. MSPTK_OK: `fn` will run once (a call that is still
 * queued is not queued again: MSPTK_DONE). E_CLOSED after close: it will not run. */
msptk_status msptk__loop_post(struct work *w, loop_call *call, void (*fn)(loop_call *call),
                              msptk_error **ret_err);

/* ---- loop thread only ---- */

typedef struct loop_io {
        int fd;
        uint32_t events; /* EPOLLIN, EPOLLOUT of <sys/epoll.h> as LOOP_IN, LOOP_OUT; 0 = none yet */
        bool added;
        void (*fn)(struct loop_io *io, uint32_t events);
} loop_io;

enum { LOOP_IN = 1, LOOP_OUT = 4, LOOP_BROKEN = 8 | 16 }; /* BROKEN: error or hang-up */

/* Begin to watch io->fd for `events`, or change them. Level-triggered. */
msptk_status msptk__loop_io_set(struct work *w, loop_io *io, uint32_t events,
                                msptk_error **ret_err);
/* Stop; does not close the descriptor. `fn` does not run afterwards. */
void msptk__loop_io_del(struct work *w, loop_io *io);

typedef struct loop_timer {
        int64_t at_ns; /* clock of msptk__mono_ns() */
        size_t slot;   /* place in the heap + 1; 0 = not set */
        void (*fn)(struct loop_timer *timer);
} loop_timer;

/* Fires once at `at_ns`; setting again moves it. E_NOMEM only when it was not set before. */
msptk_status msptk__loop_timer_set(struct work *w, loop_timer *t, int64_t at_ns,
                                   void (*fn)(loop_timer *t));
void msptk__loop_timer_del(struct work *w, loop_timer *t);

#endif
