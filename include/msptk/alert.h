/* Alerts: one for each problem, however often it is seen. */
#ifndef MSPTK_ALERT_H
#define MSPTK_ALERT_H

#include <msptk/toolkit.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct msptk_alert msptk_alert;
typedef struct msptk_alert_list msptk_alert_list;

/**
 * List alerts, worst first. All that match, unless "limit" is set.
 *
 * @am        borrowed
 * @args      filters of "alert_list" (client_id, severity, since, status); may be NULL
 * @ret_list  on success owned by the caller, release with msptk_alert_list_free()
 * @ret_err   optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (CLIENT_NOT_FOUND).
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_alert_manager_list(msptk_alert_manager *am, const msptk_args *args,
                                                msptk_alert_list **ret_list, msptk_error **ret_err);

/**
 * Acknowledge an open alert so that it stops paging.
 *
 * @am        borrowed
 * @alert_id  its id
 * @note      why, for the audit trail; may be NULL
 * @ret_err   optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (ALERT_NOT_FOUND), MSPTK_E_CONFLICT if it is resolved.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_alert_manager_acknowledge(msptk_alert_manager *am,
                                                       const char *alert_id, const char *note,
                                                       msptk_error **ret_err);

/**
 * Resolve an alert by hand; it opens anew if the problem is seen again.
 *
 * @am        borrowed
 * @alert_id  its id
 * @note      why, for the audit trail; may be NULL
 * @ret_err   optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (ALERT_NOT_FOUND), MSPTK_E_CONFLICT if it is resolved.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_alert_manager_resolve(msptk_alert_manager *am, const char *alert_id,
                                                   const char *note, msptk_error **ret_err);

/**
 * Its id.
 *
 * @alert  borrowed
 *
 * Returns borrowed text, never NULL.
 * Thread: same as the alert.   Since: 0.1
 */
MSPTK_API const char *msptk_alert_id(const msptk_alert *alert);

/**
 * open, acknowledged or resolved.
 *
 * @alert  borrowed
 *
 * Returns borrowed text, never NULL.
 * Thread: same as the alert.   Since: 0.1
 */
MSPTK_API const char *msptk_alert_status(const msptk_alert *alert);

/**
 * critical, warning, info or unknown.
 *
 * @alert  borrowed
 *
 * Returns borrowed text, never NULL.
 * Thread: same as the alert.   Since: 0.1
 */
MSPTK_API const char *msptk_alert_severity(const msptk_alert *alert);

/**
 * What is wrong, one line for people.
 *
 * @alert  borrowed
 *
 * Returns borrowed text, never NULL.
 * Thread: same as the alert.   Since: 0.1
 */
MSPTK_API const char *msptk_alert_message(const msptk_alert *alert);

/**
 * All that is known of it ("msptk.alert/1").
 *
 * @alert  borrowed
 *
 * Returns a JSON object borrowed from the alert.
 * Thread: same as the alert.   Since: 0.1
 */
MSPTK_API const msptk_json *msptk_alert_json(const msptk_alert *alert);

/**
 * How many there are.
 *
 * @list  borrowed
 *
 * Returns the count.
 * Thread: same as the list.   Since: 0.1
 */
MSPTK_API size_t msptk_alert_list_count(const msptk_alert_list *list);

/**
 * One of them.
 *
 * @list   borrowed
 * @index  from 0
 *
 * Returns an object borrowed from the list; NULL beyond its end.
 * Thread: same as the list.   Since: 0.1
 */
MSPTK_API const msptk_alert *msptk_alert_list_get(const msptk_alert_list *list, size_t index);

/**
 * Release the list and what it holds.
 *
 * @list  may be NULL
 *
 * Thread: same as the list.   Since: 0.1
 */
MSPTK_API void msptk_alert_list_free(msptk_alert_list *list);

#ifdef __cplusplus
}
#endif
#endif
