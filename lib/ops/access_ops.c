/* Work of operations on API tokens that needs the clients, and clients given by name. */
#define ROOM "ops"
#include "ops/admin.h"

#include <string.h>

#include "clients/clients.h"

/* The ids of `given`, each once; NULL for none given. */
static msptk_status read_clients(act *a, store_tx *tx, const msptk_json *given, msptk_json **ret,
                                 msptk_error **ret_err)
{
        AUTO_JSON msptk_json *ids = NULL;

        *ret = NULL;
        if (!given)
                return MSPTK_OK;
        ids = msptk_json_new_array();
        if (!ids)
                return msptk__nomem(ret_err);
        for (const msptk_json *i = msptk_json_first(given); i; i = msptk_json_next(i)) {
                AUTO_FREE char *id = NULL;
                const msptk_json *had = msptk_json_first(ids);

                TRY(msptk__client_find(a, tx, msptk_json_string(i, ""), &id, ret_err));
                while (had && strcmp(msptk_json_string(had, ""), id))
                        had = msptk_json_next(had);
                if (!had && msptk_json_append_string(ids, id) < 0)
                        return msptk__nomem(ret_err);
        }
        *ret = STEAL(ids);
        return MSPTK_OK;
}

msptk_status msptk__op_token_create(act *a, const msptk_json *args, msptk_json **ret,
                                    msptk_error **ret_err)
{
        AUTO_JSON msptk_json *clients = NULL;
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(read_clients(a, tx, msptk_json_get(args, "clients"), &clients, ret_err));
        return msptk__token_create(a, args, clients, ret, ret_err);
}

msptk_status msptk__op_find_client(act *a, store_tx *tx, const char *given, char **ret_id,
                                   msptk_error **ret_err)
{
        AUTO_ERROR msptk_error *why = NULL;
        msptk_status st = msptk__client_find(a, tx, given, ret_id, &why);

        if (st == MSPTK_E_NOTFOUND && !msptk__act_sees(a))
                return MSPTK_DONE; /* some operations know of clients that were deleted */
        if (st < 0 && ret_err)
                *ret_err = STEAL(why);
        return st;
}
