/*
 * Every operation of the library through one door: name, arguments, result. The operations, their
 * parameters and results are described by msptk_operations(); the typed functions of the other
 * headers are shorter ways to the same work.
 */
#ifndef MSPTK_CALL_H
#define MSPTK_CALL_H

#include <msptk/error.h>
#include <msptk/json.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct msptk_toolkit msptk_toolkit;
typedef struct msptk_args msptk_args;
typedef struct msptk_call_opts msptk_call_opts;
typedef struct msptk_cancel msptk_cancel;
typedef struct msptk_result msptk_result;

/**
 * Start the arguments of an operation.
 *
 * @operation  its name ("client_create"); copied
 *
 * Returns the arguments, to be released with msptk_args_free(); NULL when out of memory.
 * Thread: any; arguments belong to one thread at a time.   Since: 0.1
 */
MSPTK_API msptk_args *msptk_args_new(const char *operation);

/**
 * Start the arguments of an operation from a JSON object.
 *
 * @operation  its name; copied
 * @json       an object; borrowed
 * @ret_args   on success owned by the caller, release with msptk_args_free()
 * @ret_err    optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID if it is not an object.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_args_from_json(const char *operation, const msptk_json *json,
                                            msptk_args **ret_args, msptk_error **ret_err);

/**
 * Release arguments.
 *
 * @args  may be NULL
 *
 * Thread: same as the arguments.   Since: 0.1
 */
MSPTK_API void msptk_args_free(msptk_args *args);

/**
 * Set a parameter from text; the row of the operation says how it is read ("5m" for a duration,
 * "true" for a bool).
 *
 * @args     borrowed
 * @name     of the parameter
 * @value    copied; NULL removes the parameter
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID for a parameter or value that the operation does not have.
 * Thread: same as the arguments.   Since: 0.1
 */
MSPTK_API msptk_status msptk_args_set_str(msptk_args *args, const char *name, const char *value,
                                          msptk_error **ret_err);

/**
 * Set a parameter that is a whole number or a boolean (0 or 1).
 *
 * @args     borrowed
 * @name     of the parameter
 * @value    within the bounds of the row
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID.
 * Thread: same as the arguments.   Since: 0.1
 */
MSPTK_API msptk_status msptk_args_set_int(msptk_args *args, const char *name, int64_t value,
                                          msptk_error **ret_err);

/**
 * Set a parameter that is a list, from comma-separated text.
 *
 * @args     borrowed
 * @name     of the parameter
 * @items    "cpu,disk"; copied
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID.
 * Thread: same as the arguments.   Since: 0.1
 */
MSPTK_API msptk_status msptk_args_set_list(msptk_args *args, const char *name, const char *items,
                                           msptk_error **ret_err);

/**
 * Set a parameter of any shape (a map, a list with commas in its items).
 *
 * @args     borrowed
 * @name     of the parameter
 * @value    copied
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID.
 * Thread: same as the arguments.   Since: 0.1
 */
MSPTK_API msptk_status msptk_args_set_json(msptk_args *args, const char *name,
                                           const msptk_json *value, msptk_error **ret_err);

/**
 * Make a token by which another thread can cancel a call.
 *
 * Returns the token, to be released with msptk_cancel_free(); NULL when out of memory.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_cancel *msptk_cancel_new(void);

/**
 * Cancel every call that holds the token, now and later. Takes a lock, so not from a signal
 * handler.
 *
 * @cancel  borrowed
 *
 * Thread: any.   Since: 0.1
 */
MSPTK_API void msptk_cancel_trigger(msptk_cancel *cancel);

/**
 * Drop the caller's reference to a token; running calls keep theirs.
 *
 * @cancel  may be NULL
 *
 * Thread: any.   Since: 0.1
 */
MSPTK_API void msptk_cancel_free(msptk_cancel *cancel);

/**
 * Start the options of a call.
 *
 * Returns the options, to be released with msptk_call_opts_free(); NULL when out of memory.
 * Thread: any; options belong to one thread at a time.   Since: 0.1
 */
MSPTK_API msptk_call_opts *msptk_call_opts_new(void);

/**
 * Release options.
 *
 * @opts  may be NULL
 *
 * Thread: same as the options.   Since: 0.1
 */
MSPTK_API void msptk_call_opts_free(msptk_call_opts *opts);

/**
 * Set an option that is text.
 *
 * @opts     borrowed
 * @name     "principal" (who acts), "door" (by which way: "cli", "mcp" ...), "plan_token" (what a
 * plan gave), "idempotency_key", "trace_id", "refused" (a door's reason not to do it, as one word:
 * the call is denied, and that is entered in the audit trail)
 * @value    copied; at most 256 bytes
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID for an unknown name or a bad value.
 * Thread: same as the options.   Since: 0.1
 */
MSPTK_API msptk_status msptk_call_opts_set_str(msptk_call_opts *opts, const char *name,
                                               const char *value, msptk_error **ret_err);

/**
 * Set an option that is a number.
 *
 * @opts     borrowed
 * @name     "timeout_ms" (0 means the operation's own), "plan" (1 makes a plan and changes
 * nothing), "read_only" (1 refuses whatever changes state)
 * @value    not negative
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID.
 * Thread: same as the options.   Since: 0.1
 */
MSPTK_API msptk_status msptk_call_opts_set_int(msptk_call_opts *opts, const char *name,
                                               int64_t value, msptk_error **ret_err);

/**
 * Let the call be cancelled by a token.
 *
 * @opts    borrowed
 * @cancel  the options take a reference of their own; NULL takes it away
 *
 * Thread: same as the options.   Since: 0.1
 */
MSPTK_API void msptk_call_opts_set_cancel(msptk_call_opts *opts, msptk_cancel *cancel);

/* Told how far a call is: `done` of `total` (0 when unknown), and what it does. Non-zero stops the
 * call with E_CALLBACK. */
typedef int32_t (*msptk_progress_fn)(void *user, int64_t done, int64_t total, const char *what);

/**
 * Hear of the progress of a blocking call, on the calling thread.
 *
 * @opts     borrowed
 * @fn       NULL for none
 * @user     handed to `fn`
 * @destroy  called with `user` when the options let go of it; may be NULL
 *
 * Thread: same as the options.   Since: 0.1
 */
MSPTK_API void msptk_call_opts_set_progress(msptk_call_opts *opts, msptk_progress_fn fn, void *user,
                                            void (*destroy)(void *user));

/**
 * Do an operation and wait for it.
 *
 * @tk          borrowed
 * @args        names the operation and its parameters; borrowed
 * @opts        may be NULL
 * @ret_result  on success owned by the caller, release with msptk_result_free()
 * @ret_err     optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID, MSPTK_E_DENIED, and what the operation's row lists.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_call(msptk_toolkit *tk, const msptk_args *args,
                                  const msptk_call_opts *opts, msptk_result **ret_result,
                                  msptk_error **ret_err);

/* Told once how an asynchronous call ended; `result` and `err` are borrowed, one of them is NULL.
 */
typedef void (*msptk_done_fn)(void *user, msptk_status status, const msptk_result *result,
                              const msptk_error *err);

/**
 * Do an operation in the background; the end is told in msptk_toolkit_dispatch().
 *
 * @tk       borrowed
 * @args     copied
 * @opts     copied; may be NULL; its progress is told in msptk_toolkit_dispatch() too, so what the
 * progress callback uses must live until `done` was called
 * @done     called exactly once if this function returns MSPTK_OK
 * @user     handed to `done`
 * @destroy  called with `user` after `done`; may be NULL
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID, MSPTK_E_BUSY when too many calls are waiting, MSPTK_E_CLOSED.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_call_async(msptk_toolkit *tk, const msptk_args *args,
                                        const msptk_call_opts *opts, msptk_done_fn done, void *user,
                                        void (*destroy)(void *user), msptk_error **ret_err);

/**
 * The whole result as JSON.
 *
 * @result  borrowed
 *
 * Returns a JSON object borrowed from the result, in the shape that the operation's row describes.
 * Thread: same as the result.   Since: 0.1
 */
MSPTK_API const msptk_json *msptk_result_json(const msptk_result *result);

/**
 * The next row of a result of rows; further pages are read as needed, so memory stays bounded.
 *
 * @result    borrowed
 * @ret_row   on MSPTK_OK borrowed, valid until the next call
 * @ret_err   optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_DONE after the last row, MSPTK_E_UNSUPPORTED if the result has no rows.
 * Thread: same as the result.   Since: 0.1
 */
MSPTK_API msptk_status msptk_result_next(msptk_result *result, const msptk_json **ret_row,
                                         msptk_error **ret_err);

/**
 * What the result says of the world, as a check status: 0 ok, 1 warning, 2 critical, 3 unknown.
 *
 * @result  borrowed
 *
 * Returns 0 to 3; 0 for operations that judge nothing.
 * Thread: same as the result.   Since: 0.1
 */
MSPTK_API int32_t msptk_result_verdict(const msptk_result *result);

/**
 * Release a result.
 *
 * @result  may be NULL
 *
 * Thread: same as the result.   Since: 0.1
 */
MSPTK_API void msptk_result_free(msptk_result *result);

/**
 * The operation table as JSON ("msptk.operations/1"): what every door is made from.
 *
 * @ret_json  on success owned by the caller, release with msptk_json_free()
 * @ret_err   optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOMEM.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_operations(msptk_json **ret_json, msptk_error **ret_err);

#ifdef __cplusplus
}
#endif
#endif
