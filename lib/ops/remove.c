/* Removing a client or a device: what other rooms hold of it ends in the same transaction. */
#define ROOM "ops"
#include "alerts/alerts.h"
#include "clients/clients.h"
#include "devices/devices.h"
#include "ops/rows.h"

msptk_status msptk__op_client_delete(act *a, const msptk_json *args, msptk_json **ret,
                                     msptk_error **ret_err)
{
        AUTO_JSON msptk_json *gone = NULL;
        const char *id;
        store_tx *tx;

        TRY(msptk__client_delete(a, args, &gone, ret_err));
        TRY(msptk__act_tx(a, &tx, ret_err));
        id = msptk_json_string(msptk_json_get(gone, "id"), "");
        TRY(msptk__device_remove_all(tx, id, msptk__act_now(a), ret_err));
        TRY(msptk__alert_end_all(tx, id, NULL, msptk__act_principal(a), "the client was removed",
                                 msptk__act_now(a), ret_err));
        *ret = STEAL(gone);
        return MSPTK_OK;
}

msptk_status msptk__op_device_remove(act *a, const msptk_json *args, msptk_json **ret,
                                     msptk_error **ret_err)
{
        AUTO_JSON msptk_json *gone = NULL;
        store_tx *tx;

        TRY(msptk__device_remove(a, args, &gone, ret_err));
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__alert_end_all(tx, msptk_json_string(msptk_json_get(gone, "client_id"), ""),
                                 msptk_json_string(msptk_json_get(gone, "id"), ""),
                                 msptk__act_principal(a), "the device was removed",
                                 msptk__act_now(a), ret_err));
        *ret = STEAL(gone);
        return MSPTK_OK;
}
