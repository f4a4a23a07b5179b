/* Who is inside a toolkit: lets close refuse newcomers and wait for the others. */
#ifndef BASE_GATE_H
#define BASE_GATE_H

#include "base/buf.h"
#include "base/error.h"

typedef struct gate gate;

gate *msptk__gate_new(void); /* NULL when out of memory */
void msptk__gate_free(gate *g);
/* E_CLOSED once closing has begun. */
msptk_status msptk__gate_enter(gate *g, msptk_error **ret_err);
void msptk__gate_leave(gate *g);
/* Refuse newcomers; returns whether everybody has left within `wait_ms`. May be called again. */
bool msptk__gate_close(gate *g, int64_t wait_ms);
/* What those inside are doing, for a close that must say what still runs: `what` lives until it is
 * taken back. NULL gates do nothing; beyond a handful only the number is known. */
void msptk__gate_doing(gate *g, const char *what);
void msptk__gate_done(gate *g, const char *what);
/* "health_check, device_scan"; "calls" when nobody said. */
void msptk__gate_tell(gate *g, buf *out);
/* Once closing: run `fn` when the last one has left, at once if nobody is inside; exactly once. It
 * may free the gate. */
void msptk__gate_when_empty(gate *g, void (*fn)(void *user), void *user);

#endif
