/* Health: run checks, read what they found, and decide what is too much. */
#ifndef MSPTK_HEALTH_H
#define MSPTK_HEALTH_H

#include <msptk/toolkit.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct msptk_check_result msptk_check_result;
typedef struct msptk_check_results msptk_check_results;

/**
 * Run checks and wait for them. Bad health is a result, not a failure.
 *
 * @hm           borrowed
 * @client_id    NULL means every active client
 * @args         further parameters of "health_check" (check_types, threshold_override); may be NULL
 * @opts         progress, cancel, deadline; may be NULL
 * @ret_results  on success owned by the caller, release with msptk_check_results_free()
 * @ret_err      optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (CLIENT_NOT_FOUND), MSPTK_E_CANCELLED; what was observed
 * before a cancel is stored. Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_health_monitor_run_checks(
        msptk_health_monitor *hm, const char *client_id, const msptk_args *args,
        const msptk_call_opts *opts, msptk_check_results **ret_results, msptk_error **ret_err);

/**
 * Read past results, newest first.
 *
 * @hm           borrowed
 * @client_id    its id
 * @args         further parameters of "health_history" (days, device_id, check_types); may be NULL
 * @ret_results  on success owned by the caller, release with msptk_check_results_free()
 * @ret_err      optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (CLIENT_NOT_FOUND).
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_health_monitor_get_history(msptk_health_monitor *hm,
                                                        const char *client_id,
                                                        const msptk_args *args,
                                                        msptk_check_results **ret_results,
                                                        msptk_error **ret_err);

/**
 * Set thresholds and check parameters for a tier, a client or a device.
 *
 * @hm       borrowed
 * @args     parameters of "health_configure"; borrowed
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (CLIENT_NOT_FOUND), MSPTK_E_INVALID.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_health_monitor_configure(msptk_health_monitor *hm,
                                                      const msptk_args *args,
                                                      msptk_error **ret_err);

/**
 * What is known of the health of a client now, with its age and coverage
 * ("msptk.health_summary/1").
 *
 * @hm           borrowed
 * @client_id    its id
 * @ret_summary  on success owned by the caller, release with msptk_json_free()
 * @ret_err      optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (CLIENT_NOT_FOUND).
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_health_monitor_get_status_summary(msptk_health_monitor *hm,
                                                               const char *client_id,
                                                               msptk_json **ret_summary,
                                                               msptk_error **ret_err);

/**
 * How many there are.
 *
 * @list  borrowed
 *
 * Returns the count.
 * Thread: same as the list.   Since: 0.1
 */
MSPTK_API size_t msptk_check_results_count(const msptk_check_results *list);

/**
 * One of them.
 *
 * @list   borrowed
 * @index  from 0
 *
 * Returns an object borrowed from the list; NULL beyond its end.
 * Thread: same as the list.   Since: 0.1
 */
MSPTK_API const msptk_check_result *msptk_check_results_get(const msptk_check_results *list,
                                                            size_t index);

/**
 * Release the list and what it holds.
 *
 * @list  may be NULL
 *
 * Thread: same as the list.   Since: 0.1
 */
MSPTK_API void msptk_check_results_free(msptk_check_results *list);

/**
 * The summary of a run: counts, coverage, worst status ("msptk.health_run/1").
 *
 * @list  borrowed
 *
 * Returns a JSON object borrowed from the list; NULL for history.
 * Thread: same as the list.   Since: 0.1
 */
MSPTK_API const msptk_json *msptk_check_results_summary(const msptk_check_results *list);

/**
 * The check and its instance ("disk /").
 *
 * @result  borrowed
 *
 * Returns borrowed text, never NULL.
 * Thread: same as the check result.   Since: 0.1
 */
MSPTK_API const char *msptk_check_result_name(const msptk_check_result *result);

/**
 * ok, warning, critical or unknown.
 *
 * @result  borrowed
 *
 * Returns borrowed text, never NULL.
 * Thread: same as the check result.   Since: 0.1
 */
MSPTK_API const char *msptk_check_result_status(const msptk_check_result *result);

/**
 * One line for people.
 *
 * @result  borrowed
 *
 * Returns borrowed text, never NULL.
 * Thread: same as the check result.   Since: 0.1
 */
MSPTK_API const char *msptk_check_result_message(const msptk_check_result *result);

/**
 * When it was observed.
 *
 * @result  borrowed
 *
 * Returns microseconds UTC.
 * Thread: same as the check result.   Since: 0.1
 */
MSPTK_API int64_t msptk_check_result_checked_at(const msptk_check_result *result);

/**
 * All that is known of it ("msptk.check_result/1").
 *
 * @result  borrowed
 *
 * Returns a JSON object borrowed from the result.
 * Thread: same as the check result.   Since: 0.1
 */
MSPTK_API const msptk_json *msptk_check_result_json(const msptk_check_result *result);

#ifdef __cplusplus
}
#endif
#endif
