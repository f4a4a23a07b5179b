/* The typed functions of <msptk/client.h>. */
#define ROOM "clients"
#include <msptk/client.h>

#include "audit/audit.h"
#include "clients/clients.h"

static msptk_status give(msptk_json *json, msptk_client **ret_client, msptk_error **ret_err)
{
        if (ret_client)
                return msptk__record_new(KIND_CLIENT, json, (record **)ret_client, ret_err);
        msptk_json_free(json);
        return MSPTK_OK;
}

msptk_status msptk_client_manager_create(msptk_client_manager *cm, const char *name,
                                         const msptk_args *args, msptk_client **ret_client,
                                         msptk_error **ret_err)
{
        const typed_value more[] = { { "name", name }, { 0 } };
        msptk_json *json = NULL;

        TRY(msptk__typed_call(cm, "client_create", args, more, NULL, &json, ret_err));
        return give(json, ret_client, ret_err);
}

msptk_status msptk_client_manager_get(msptk_client_manager *cm, const char *client_id,
                                      msptk_client **ret_client, msptk_error **ret_err)
{
        const typed_value more[] = { { "client_id", client_id }, { 0 } };
        msptk_json *json = NULL;

        TRY(msptk__typed_call(cm, "client_get", NULL, more, NULL, &json, ret_err));
        return give(json, ret_client, ret_err);
}

msptk_status msptk_client_manager_list(msptk_client_manager *cm, const msptk_args *args,
                                       msptk_client_list **ret_list, msptk_error **ret_err)
{
        msptk_json *json = NULL;

        TRY(msptk__typed_list(cm, "client_list", args, NULL, "clients", &json, ret_err));
        return msptk__record_list_new(KIND_CLIENT, json, "clients", (record_list **)ret_list,
                                      ret_err);
}

msptk_status msptk_client_manager_update(msptk_client_manager *cm, const char *client_id,
                                         const msptk_args *args, msptk_client **ret_client,
                                         msptk_error **ret_err)
{
        const typed_value more[] = { { "client_id", client_id }, { 0 } };
        msptk_json *json = NULL;

        TRY(msptk__typed_call(cm, "client_update", args, more, NULL, &json, ret_err));
        return give(json, ret_client, ret_err);
}

msptk_status msptk_client_manager_delete(msptk_client_manager *cm, const char *client_id,
                                         msptk_error **ret_err)
{
        const typed_value more[] = { { "client_id", client_id }, { 0 } };
        msptk_json *json = NULL;

        TRY(msptk__typed_call(cm, "client_delete", NULL, more, NULL, &json, ret_err));
        msptk_json_free(json);
        return MSPTK_OK;
}

const char *msptk_client_id(const msptk_client *client)
{
        return msptk__record_str((const record *)client, KIND_CLIENT, "id");
}

const char *msptk_client_name(const msptk_client *client)
{
        return msptk__record_str((const record *)client, KIND_CLIENT, "name");
}

const char *msptk_client_tier(const msptk_client *client)
{
        return msptk__record_str((const record *)client, KIND_CLIENT, "tier");
}

const char *msptk_client_status(const msptk_client *client)
{
        return msptk__record_str((const record *)client, KIND_CLIENT, "status");
}

const char *msptk_client_contact(const msptk_client *client)
{
        return msptk__record_str((const record *)client, KIND_CLIENT, "contact");
}

const char *msptk_client_rmm_id(const msptk_client *client)
{
        return msptk__record_str((const record *)client, KIND_CLIENT, "rmm_id");
}

const msptk_json *msptk_client_json(const msptk_client *client)
{
        return msptk__record_json((const record *)client, KIND_CLIENT);
}

void msptk_client_free(msptk_client *client)
{
        msptk__record_free((record *)client, KIND_CLIENT);
}

size_t msptk_client_list_count(const msptk_client_list *list)
{
        return msptk__record_list_count((const record_list *)list, KIND_CLIENT);
}

const msptk_client *msptk_client_list_get(const msptk_client_list *list, size_t index)
{
        return (const msptk_client *)msptk__record_list_at((const record_list *)list, KIND_CLIENT,
                                                           index);
}

void msptk_client_list_free(msptk_client_list *list)
{
        msptk__record_list_free((record_list *)list, KIND_CLIENT);
}
