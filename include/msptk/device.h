/* Devices: the machines of clients, enrolled by hand or found by adapters; and one adapter by name.
 */
#ifndef MSPTK_DEVICE_H
#define MSPTK_DEVICE_H

#include <msptk/toolkit.h>
#include <msptk/client.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct msptk_device msptk_device;
typedef struct msptk_device_list msptk_device_list;

/**
 * Enrol a device by hand.
 *
 * @dm          borrowed
 * @args        parameters of "device_add"; borrowed
 * @ret_device  optional; on success owned by the caller, release with msptk_device_free()
 * @ret_err     optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (CLIENT_NOT_FOUND), MSPTK_E_EXISTS.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_device_manager_add(msptk_device_manager *dm, const msptk_args *args,
                                                msptk_device **ret_device, msptk_error **ret_err);

/**
 * Read one device.
 *
 * @dm          borrowed
 * @device_id   its id
 * @ret_device  on success owned by the caller, release with msptk_device_free()
 * @ret_err     optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (DEVICE_NOT_FOUND).
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_device_manager_get(msptk_device_manager *dm, const char *device_id,
                                                msptk_device **ret_device, msptk_error **ret_err);

/**
 * List devices. All that match, unless "limit" is set.
 *
 * @dm        borrowed
 * @args      filters of "device_list"; may be NULL
 * @ret_list  on success owned by the caller, release with msptk_device_list_free()
 * @ret_err   optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (CLIENT_NOT_FOUND).
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_device_manager_list(msptk_device_manager *dm, const msptk_args *args,
                                                 msptk_device_list **ret_list,
                                                 msptk_error **ret_err);

/**
 * Take a device out; its history stays until retention ends.
 *
 * @dm         borrowed
 * @device_id  its id
 * @ret_err    optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (DEVICE_NOT_FOUND).
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_device_manager_remove(msptk_device_manager *dm, const char *device_id,
                                                   msptk_error **ret_err);

/**
 * Its id.
 *
 * @device  borrowed
 *
 * Returns borrowed text, never NULL.
 * Thread: same as the device.   Since: 0.1
 */
MSPTK_API const char *msptk_device_id(const msptk_device *device);

/**
 * Its display name.
 *
 * @device  borrowed
 *
 * Returns borrowed text, never NULL.
 * Thread: same as the device.   Since: 0.1
 */
MSPTK_API const char *msptk_device_name(const msptk_device *device);

/**
 * Whether it is up: up, down or unknown.
 *
 * @device  borrowed
 *
 * Returns borrowed text, never NULL.
 * Thread: same as the device.   Since: 0.1
 */
MSPTK_API const char *msptk_device_status(const msptk_device *device);

/**
 * All that is known of it ("msptk.device/1").
 *
 * @device  borrowed
 *
 * Returns a JSON object borrowed from the device.
 * Thread: same as the device.   Since: 0.1
 */
MSPTK_API const msptk_json *msptk_device_json(const msptk_device *device);

/**
 * Release a device.
 *
 * @device  may be NULL
 *
 * Thread: same as the device.   Since: 0.1
 */
MSPTK_API void msptk_device_free(msptk_device *device);

/**
 * How many there are.
 *
 * @list  borrowed
 *
 * Returns the count.
 * Thread: same as the list.   Since: 0.1
 */
MSPTK_API size_t msptk_device_list_count(const msptk_device_list *list);

/**
 * One of them.
 *
 * @list   borrowed
 * @index  from 0
 *
 * Returns an object borrowed from the list; NULL beyond its end.
 * Thread: same as the list.   Since: 0.1
 */
MSPTK_API const msptk_device *msptk_device_list_get(const msptk_device_list *list, size_t index);

/**
 * Release the list and what it holds.
 *
 * @list  may be NULL
 *
 * Thread: same as the list.   Since: 0.1
 */
MSPTK_API void msptk_device_list_free(msptk_device_list *list);

/**
 * Ask the vendor for the devices of a client, and remember them.
 *
 * @rmm        borrowed
 * @client_id  ours; NULL means every client that the adapter serves
 * @ret_list   on success owned by the caller, release with msptk_device_list_free()
 * @ret_err    optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_UNSUPPORTED, MSPTK_E_AUTH, MSPTK_E_UNAVAILABLE.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_rmm_adapter_get_devices(msptk_rmm_adapter *rmm, const char *client_id,
                                                     msptk_device_list **ret_list,
                                                     msptk_error **ret_err);

/**
 * Bring the vendor's agent onto a device and wait until it was seen to check in.
 *
 * @rmm         borrowed
 * @device_id   its id
 * @ret_result  on success owned by the caller, release with msptk_result_free()
 * @ret_err     optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_UNSUPPORTED, MSPTK_E_TIMEOUT when no check-in was seen.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_rmm_adapter_deploy_agent(msptk_rmm_adapter *rmm, const char *device_id,
                                                      msptk_result **ret_result,
                                                      msptk_error **ret_err);

/**
 * Run a command on a device and wait for its end.
 *
 * @rmm         borrowed
 * @device_id   its id
 * @command     words of the command, NULL-terminated; no shell is involved
 * @ret_result  on success owned by the caller, release with msptk_result_free(); has exit status
 * and output
 * @ret_err     optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK also when the command itself failed, MSPTK_E_UNSUPPORTED, MSPTK_E_DENIED.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_rmm_adapter_execute_command(msptk_rmm_adapter *rmm,
                                                         const char *device_id,
                                                         const char *const *command,
                                                         msptk_result **ret_result,
                                                         msptk_error **ret_err);

/**
 * Ask the vendor for its alerts of a client.
 *
 * @rmm         borrowed
 * @client_id   ours
 * @since       microseconds UTC; 0 means all that are open
 * @ret_result  on success owned by the caller, release with msptk_result_free()
 * @ret_err     optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_UNSUPPORTED, MSPTK_E_AUTH, MSPTK_E_UNAVAILABLE.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_rmm_adapter_get_alerts(msptk_rmm_adapter *rmm, const char *client_id,
                                                    int64_t since, msptk_result **ret_result,
                                                    msptk_error **ret_err);

#ifdef __cplusplus
}
#endif
#endif
