/* Clients: the companies that are looked after. */
#ifndef MSPTK_CLIENT_H
#define MSPTK_CLIENT_H

#include <msptk/toolkit.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct msptk_client msptk_client;
typedef struct msptk_client_list msptk_client_list;

/**
 * Create a client.
 *
 * @cm          borrowed
 * @name        of the company, in any script; its id is made from it unless `args` has one
 * @args        further parameters of "client_create"; may be NULL
 * @ret_client  on success owned by the caller, release with msptk_client_free()
 * @ret_err     optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID, MSPTK_E_EXISTS when the id is taken.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_client_manager_create(msptk_client_manager *cm, const char *name,
                                                   const msptk_args *args,
                                                   msptk_client **ret_client,
                                                   msptk_error **ret_err);

/**
 * Read one client.
 *
 * @cm          borrowed
 * @client_id   its id
 * @ret_client  on success owned by the caller, release with msptk_client_free()
 * @ret_err     optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (CLIENT_NOT_FOUND).
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_client_manager_get(msptk_client_manager *cm, const char *client_id,
                                                msptk_client **ret_client, msptk_error **ret_err);

/**
 * List clients, by id; those that were deleted are left out. All that match, unless "limit" is set.
 *
 * @cm        borrowed
 * @args      filters of "client_list" (tier, status, search); may be NULL
 * @ret_list  on success owned by the caller, release with msptk_client_list_free()
 * @ret_err   optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_client_manager_list(msptk_client_manager *cm, const msptk_args *args,
                                                 msptk_client_list **ret_list,
                                                 msptk_error **ret_err);

/**
 * Change a client.
 *
 * @cm          borrowed
 * @client_id   its id
 * @args        parameters of "client_update"; what is not set stays
 * @ret_client  optional; on success owned by the caller, release with msptk_client_free()
 * @ret_err     optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (CLIENT_NOT_FOUND), MSPTK_E_INVALID.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_client_manager_update(msptk_client_manager *cm, const char *client_id,
                                                   const msptk_args *args,
                                                   msptk_client **ret_client,
                                                   msptk_error **ret_err);

/**
 * Delete a client: it is hidden and no longer checked; its history stays until retention ends.
 *
 * @cm         borrowed
 * @client_id  its id
 * @ret_err    optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (CLIENT_NOT_FOUND).
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_client_manager_delete(msptk_client_manager *cm, const char *client_id,
                                                   msptk_error **ret_err);

/**
 * Its id, a slug.
 *
 * @client  borrowed
 *
 * Returns borrowed text, never NULL.
 * Thread: same as the client.   Since: 0.1
 */
MSPTK_API const char *msptk_client_id(const msptk_client *client);

/**
 * Its name, as it was given.
 *
 * @client  borrowed
 *
 * Returns borrowed text, never NULL.
 * Thread: same as the client.   Since: 0.1
 */
MSPTK_API const char *msptk_client_name(const msptk_client *client);

/**
 * Its tier: bronze, silver, gold or premium.
 *
 * @client  borrowed
 *
 * Returns borrowed text, never NULL.
 * Thread: same as the client.   Since: 0.1
 */
MSPTK_API const char *msptk_client_tier(const msptk_client *client);

/**
 * Its status: active, inactive or suspended.
 *
 * @client  borrowed
 *
 * Returns borrowed text, never NULL.
 * Thread: same as the client.   Since: 0.1
 */
MSPTK_API const char *msptk_client_status(const msptk_client *client);

/**
 * Its primary contact.
 *
 * @client  borrowed
 *
 * Returns borrowed text; "" when there is none.
 * Thread: same as the client.   Since: 0.1
 */
MSPTK_API const char *msptk_client_contact(const msptk_client *client);

/**
 * Its id at the vendor of the "rmm" adapter.
 *
 * @client  borrowed
 *
 * Returns borrowed text; "" when there is none.
 * Thread: same as the client.   Since: 0.1
 */
MSPTK_API const char *msptk_client_rmm_id(const msptk_client *client);

/**
 * All that is known of it ("msptk.client/1").
 *
 * @client  borrowed
 *
 * Returns a JSON object borrowed from the client.
 * Thread: same as the client.   Since: 0.1
 */
MSPTK_API const msptk_json *msptk_client_json(const msptk_client *client);

/**
 * Release a client.
 *
 * @client  may be NULL
 *
 * Thread: same as the client.   Since: 0.1
 */
MSPTK_API void msptk_client_free(msptk_client *client);

/**
 * How many there are.
 *
 * @list  borrowed
 *
 * Returns the count.
 * Thread: same as the list.   Since: 0.1
 */
MSPTK_API size_t msptk_client_list_count(const msptk_client_list *list);

/**
 * One of them.
 *
 * @list   borrowed
 * @index  from 0
 *
 * Returns an object borrowed from the list; NULL beyond its end.
 * Thread: same as the list.   Since: 0.1
 */
MSPTK_API const msptk_client *msptk_client_list_get(const msptk_client_list *list, size_t index);

/**
 * Release the list and what it holds.
 *
 * @list  may be NULL
 *
 * Thread: same as the list.   Since: 0.1
 */
MSPTK_API void msptk_client_list_free(msptk_client_list *list);

#ifdef __cplusplus
}
#endif
#endif
