/* What Go calls that C says better: one crossing instead of many, and callbacks. */
#ifndef MSPTK_GO_BRIDGE_H
#define MSPTK_GO_BRIDGE_H

#include <msptk/msptk.h>

/* An error in one piece; everything is borrowed from it. */
typedef struct bridge_error {
        int64_t retry_after_ms;
        int32_t status;
        int32_t retriable;
        int32_t http_status;
        const char *code;
        const char *reason;
        const char *message;
        const char *suggestion;
        const char *domain;
        const char *vendor_code;
        const char *adapter;
        const char *client_id;
        msptk_error *cause;
} bridge_error;

void bridge_error_view(const msptk_error *err, bridge_error *out);

/* What a call gave: on success `text` and, if it was asked for, `result`; else `err`. */
typedef struct bridge_reply {
        msptk_status status;
        int32_t verdict;
        char *text;
        size_t len;
        msptk_result *result;
        msptk_error *err;
} bridge_reply;

/* `ask` is the operation's name, NUL, and its arguments as JSON, which begin at `json`. */
bridge_reply bridge_call(msptk_toolkit *tk, const char *ask, size_t json, size_t len,
                         const msptk_call_opts *opts, int32_t keep);
/* The next row of a kept result; MSPTK_DONE after the last one. */
bridge_reply bridge_next(msptk_result *result);
/* The whole of a kept result. */
bridge_reply bridge_whole(msptk_result *result);

void bridge_set_progress(msptk_call_opts *opts, uintptr_t user);
void bridge_set_clock(msptk_toolkit_opts *opts, uintptr_t user);
void bridge_set_log(msptk_toolkit_opts *opts, uintptr_t user);

/* ---- written in Go (callbacks.go) ---- */
int32_t goProgress(uintptr_t user, int64_t done, int64_t total, char *what);
int64_t goClock(uintptr_t user);
void goLog(uintptr_t user, int32_t level, char *room, char *message);

#endif
