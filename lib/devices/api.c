/* The typed functions of <msptk/device.h>; those that give an msptk_result live in lib/ops, which
 * makes it. */
#define ROOM "devices"
#include <msptk/device.h>

#include "devices/internal.h"

static msptk_status give(msptk_json *json, msptk_device **ret_device, msptk_error **ret_err)
{
        if (ret_device)
                return msptk__record_new(KIND_DEVICE, json, (record **)ret_device, ret_err);
        msptk_json_free(json);
        return MSPTK_OK;
}

msptk_status msptk_device_manager_add(msptk_device_manager *dm, const msptk_args *args,
                                      msptk_device **ret_device, msptk_error **ret_err)
{
        msptk_json *json = NULL;

        TRY(msptk__typed_call(dm, "device_add", args, NULL, NULL, &json, ret_err));
        return give(json, ret_device, ret_err);
}

msptk_status msptk_device_manager_get(msptk_device_manager *dm, const char *device_id,
                                      msptk_device **ret_device, msptk_error **ret_err)
{
        const typed_value more[] = { { "device_id", device_id }, { 0 } };
        msptk_json *json = NULL;

        TRY(msptk__typed_call(dm, "device_get", NULL, more, NULL, &json, ret_err));
        return give(json, ret_device, ret_err);
}

msptk_status msptk_device_manager_list(msptk_device_manager *dm, const msptk_args *args,
                                       msptk_device_list **ret_list, msptk_error **ret_err)
{
        msptk_json *json = NULL;

        TRY(msptk__typed_list(dm, "device_list", args, NULL, "devices", &json, ret_err));
        return msptk__record_list_new(KIND_DEVICE, json, "devices", (record_list **)ret_list,
                                      ret_err);
}

msptk_status msptk_device_manager_remove(msptk_device_manager *dm, const char *device_id,
                                         msptk_error **ret_err)
{
        const typed_value more[] = { { "device_id", device_id }, { 0 } };
        msptk_json *json = NULL;

        TRY(msptk__typed_call(dm, "device_remove", NULL, more, NULL, &json, ret_err));
        msptk_json_free(json);
        return MSPTK_OK;
}

const char *msptk_device_id(const msptk_device *device)
{
        return msptk__record_str((const record *)device, KIND_DEVICE, "id");
}

const char *msptk_device_name(const msptk_device *device)
{
        return msptk__record_str((const record *)device, KIND_DEVICE, "name");
}

const char *msptk_device_status(const msptk_device *device)
{
        return msptk__record_str((const record *)device, KIND_DEVICE, "status");
}

const msptk_json *msptk_device_json(const msptk_device *device)
{
        return msptk__record_json((const record *)device, KIND_DEVICE);
}

void msptk_device_free(msptk_device *device)
{
        msptk__record_free((record *)device, KIND_DEVICE);
}

size_t msptk_device_list_count(const msptk_device_list *list)
{
        return msptk__record_list_count((const record_list *)list, KIND_DEVICE);
}

const msptk_device *msptk_device_list_get(const msptk_device_list *list, size_t index)
{
        return (const msptk_device *)msptk__record_list_at((const record_list *)list, KIND_DEVICE,
                                                           index);
}

void msptk_device_list_free(msptk_device_list *list)
{
        msptk__record_list_free((record_list *)list, KIND_DEVICE);
}

/* ---- one adapter by name ---- */

static const char *name_of(const msptk_rmm_adapter *rmm)
{
        const manager *m = (const manager *)rmm;

        return m && m->kind == KIND_MANAGER ? m->name : NULL;
}

msptk_status msptk_rmm_adapter_get_devices(msptk_rmm_adapter *rmm, const char *client_id,
                                           msptk_device_list **ret_list, msptk_error **ret_err)
{
        const typed_value more[] = { { "adapter", name_of(rmm) },
                                     { "client_id", client_id },
                                     { 0 } };
        msptk_json *json = NULL;

        TRY(msptk__typed_call(rmm, "device_scan", NULL, more, NULL, &json, ret_err));
        return msptk__record_list_new(KIND_DEVICE, json, "devices", (record_list **)ret_list,
                                      ret_err);
}
