/* Errors are values: a status code says what kind, the optional object says the rest. */
#ifndef MSPTK_ERROR_H
#define MSPTK_ERROR_H

#include <msptk/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Release an error.
 *
 * @err  may be NULL
 *
 * Thread: any; an error belongs to one thread at a time.   Since: 0.1
 */
MSPTK_API void msptk_error_free(msptk_error *err);

/**
 * The status that the failing function returned.
 *
 * @err  borrowed
 *
 * Returns the status; MSPTK_OK for NULL.
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API msptk_status msptk_error_status(const msptk_error *err);

/**
 * The code that doors show: CLIENT_NOT_FOUND, AUTHENTICATION_FAILED, INVALID_PARAMETERS,
 * RATE_LIMIT_EXCEEDED or SYSTEM_ERROR (docs/errors.md has the table).
 *
 * @err  borrowed
 *
 * Returns a static string.
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API const char *msptk_error_code(const msptk_error *err);

/**
 * Finer meaning than the code, for programs ("DEVICE_NOT_FOUND").
 *
 * @err  borrowed
 *
 * Returns text borrowed from the error; the status name when nothing finer is known.
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API const char *msptk_error_reason(const msptk_error *err);

/**
 * What the caller can do next.
 *
 * @err  borrowed
 *
 * Returns text borrowed from the error; never NULL.
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API const char *msptk_error_suggestion(const msptk_error *err);

/**
 * The part of the library that failed ("store", "vault", "config" ...).
 *
 * @err  borrowed
 *
 * Returns a static string.
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API const char *msptk_error_domain(const msptk_error *err);

/**
 * What was being done, to what, and what went wrong; no secret is ever in it.
 *
 * @err  borrowed
 *
 * Returns text borrowed from the error; never NULL.
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API const char *msptk_error_message(const msptk_error *err);

/**
 * Whether doing the same again later may succeed.
 *
 * @err  borrowed
 *
 * Returns 1 or 0.
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API int32_t msptk_error_is_retriable(const msptk_error *err);

/**
 * How long to wait before trying again.
 *
 * @err  borrowed
 *
 * Returns milliseconds; 0 when nothing is known.
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API int64_t msptk_error_retry_after_ms(const msptk_error *err);

/**
 * HTTP status of a vendor's reply.
 *
 * @err  borrowed
 *
 * Returns the number, 0 when there was no reply.
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API int32_t msptk_error_http_status(const msptk_error *err);

/**
 * The vendor's own code for the failure.
 *
 * @err  borrowed
 *
 * Returns text borrowed from the error; "" when there is none.
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API const char *msptk_error_vendor_code(const msptk_error *err);

/**
 * Name of the adapter instance that failed.
 *
 * @err  borrowed
 *
 * Returns text borrowed from the error; "" when no adapter was involved.
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API const char *msptk_error_adapter(const msptk_error *err);

/**
 * The client that the failing call was about.
 *
 * @err  borrowed
 *
 * Returns text borrowed from the error; "" when no single client was meant.
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API const char *msptk_error_client_id(const msptk_error *err);

/**
 * The error below this one, which this one put into context.
 *
 * @err  borrowed
 *
 * Returns an error borrowed from this one, or NULL.
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API const msptk_error *msptk_error_cause(const msptk_error *err);

/**
 * The error as a JSON object {"code", "message", "details": {"reason", "suggestion", ...}}.
 *
 * @err       borrowed
 * @ret_text  on success owned by the caller, release with msptk_string_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOMEM, or MSPTK_E_INVALID for NULL.
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API msptk_status msptk_error_to_json(const msptk_error *err, char **ret_text);

/**
 * Make an error; for authors of adapters, checks and callbacks.
 *
 * @ret_err     may be NULL, then nothing is made; a previous error in it must have been released
 * @status      a failure status
 * @domain      a string that outlives the error, usually the adapter's type
 * @message     copied; lower case, no full stop, no secret
 *
 * Returns `status`, so that a slot can `return msptk_error_set(...)`.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_error_set(msptk_error **ret_err, msptk_status status,
                                       const char *domain, const char *message);

/**
 * Add what a vendor's reply said to an error made by msptk_error_set().
 *
 * @err             may be NULL, then nothing happens
 * @http_status     0 when unknown
 * @vendor_code     copied; may be NULL
 * @retriable       1 or 0
 * @retry_after_ms  0 when unknown
 *
 * Thread: same as the error.   Since: 0.1
 */
MSPTK_API void msptk_error_set_vendor(msptk_error *err, int32_t http_status,
                                      const char *vendor_code, int32_t retriable,
                                      int64_t retry_after_ms);

#ifdef __cplusplus
}
#endif
#endif
