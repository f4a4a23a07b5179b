/* The arguments and options of a call, as the rooms between lib/base and lib/ops see them. The
 * public functions that make and check them live in lib/ops. */
#ifndef BASE_CALL_H
#define BASE_CALL_H

#include <msptk/call.h>

#include "base/error.h"

struct msptk_args {
        char *operation;
        msptk_json *values; /* an object; as given, not yet checked */
};

struct msptk_call_opts {
        char *principal; /* NULL means the toolkit's */
        char *door;      /* NULL means "c" */
        char *plan_token;
        char *idempotency_key;
        char *trace_id;
        char *refused;      /* why the door refuses: nothing is done, a denial is entered */
        int64_t timeout_ms; /* 0 means the operation's own */
        int32_t plan;
        int32_t read_only;
        msptk_cancel *cancel;
        msptk_progress_fn progress;
        void *progress_user;
        void (*progress_destroy)(void *user);
};

#endif
