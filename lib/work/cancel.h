/* Cancel tokens with deadlines, linked parent -> child, counted. All functions are safe from any
 * thread; NULL tokens are never cancelled. */
#ifndef WORK_CANCEL_H
#define WORK_CANCEL_H

#include "base/base.h"

typedef struct msptk_cancel cancel;

/* A token that is cancelled with either parent (each may be NULL), and when `timeout_ms` have
 * passed (negative: never). NULL when out of memory. */
cancel *msptk__cancel_new(cancel *parent, cancel *other, int64_t timeout_ms);
cancel *msptk__cancel_ref(cancel *c);
void msptk__cancel_unref(cancel *c);
void msptk__cancel_trigger(cancel *c);

/* True when the work must stop: triggered, or past its deadline. */
bool msptk__cancelled(const cancel *c);
/* MSPTK_OK, MSPTK_E_CANCELLED or MSPTK_E_TIMEOUT. */
msptk_status msptk__cancel_status(const cancel *c);
/* The same as an error that says what was being done. */
msptk_status msptk__cancel_check(const cancel *c, const char *what, msptk_error **ret_err);

/* Milliseconds, rounded up; 0 when past; INT64_MAX without a deadline. */
int64_t msptk__deadline_left_ms(const cancel *c);
/* On the clock of msptk__mono_ns(); INT64_MAX without a deadline. */
int64_t msptk__deadline_ns(const cancel *c);
int64_t msptk__mono_ns(void);

/* Sleeps; MSPTK_OK after the whole time, else what msptk__cancel_status() says, at once. */
msptk_status msptk__cancel_sleep(cancel *c, int64_t ms);

/* Be told of a trigger (not of a deadline: waiters use it as their timeout). `fn` runs once, on the
 * triggering thread or inside msptk__cancel_watch() itself, with the token's lock held: it may set
 * a flag, signal a condition, post to the loop, nothing else. After unwatch it does not run. */
typedef struct cancel_watch {
        struct cancel_watch *next, *prev;
        cancel *token;
        void (*fn)(void *user);
        void *user;
        bool fired;
} cancel_watch;

void msptk__cancel_watch(cancel *c, cancel_watch *w, void (*fn)(void *user), void *user);
void msptk__cancel_unwatch(cancel_watch *w); /* harmless when never watched (zeroed) */

DEFINE_AUTO_FREE(msptk__auto_cancel, cancel, msptk__cancel_unref)
#define AUTO_CANCEL __attribute__((cleanup(msptk__auto_cancel)))

#endif
