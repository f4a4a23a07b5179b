/* The dispatch queue: where the ends of asynchronous calls wait for the host's thread. */
#ifndef WORK_DISPATCH_H
#define WORK_DISPATCH_H

#include "base/base.h"

typedef struct dispatch dispatch;

/* Embedded in what it is about, so that posting needs no memory. Exactly one of the two runs. */
typedef struct dispatch_call {
        struct dispatch_call *next;
        void (*run)(struct dispatch_call *call);  /* on the dispatching thread */
        void (*drop)(struct dispatch_call *call); /* when closed before; on the closing or posting
                                                     thread */
} dispatch_call;

msptk_status msptk__dispatch_new(dispatch **ret, msptk_error **ret_err);
dispatch *msptk__dispatch_ref(dispatch *d);
void msptk__dispatch_unref(dispatch *d);

/* Any thread; never blocks. */
void msptk__dispatch_post(dispatch *d, dispatch_call *call);

/* Readable while something waits; for the host's poll. Never read or written by the host. */
int msptk__dispatch_fd(const dispatch *d);

/* Waits up to `timeout_ms` (negative: without end) for the first call, then runs what waits now.
 * *ret_count (may be NULL) says how many ran. MSPTK_OK also when none came; E_CLOSED; E_REENTRANT
 * from inside a call; E_BUSY while another thread dispatches. */
msptk_status msptk__dispatch_run(dispatch *d, int64_t timeout_ms, size_t *ret_count,
                                 msptk_error **ret_err);

/* Ends a wait of msptk__dispatch_run() without running anything. */
void msptk__dispatch_wake(dispatch *d);

/* Refuses new calls and drops what waits. */
void msptk__dispatch_close(dispatch *d);

DEFINE_AUTO_FREE(msptk__auto_dispatch, dispatch, msptk__dispatch_unref)
#define AUTO_DISPATCH __attribute__((cleanup(msptk__auto_dispatch)))

#endif
