/* Secrets as acts: the vault's noun, but floors above it. */
#define ROOM "vault"
#include "audit/internal.h"

#include <string.h>

static const char *text_of(const msptk_json *args, const char *key)
{
        return msptk_json_string(msptk_json_get(args, key), "");
}

static msptk_status need_vault(const act *a, vault **ret, msptk_error **ret_err)
{
        *ret = a->c->vault;
        if (*ret)
                return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_CRYPTO, "KEY_FILE_MISSING",
                        "run 'init', or name a key file in the configuration",
                        "use the vault: no key is configured");
}

static msptk_status named(const char *name, const char *key, msptk_json **ret_result,
                          msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();

        msptk__obj_str(&o, "schema", "msptk.secret/1");
        msptk__obj_str(&o, "name", name);
        msptk__obj_bool(&o, key, true);
        return msptk__obj_end(&o, ret_result, ret_err);
}

msptk_status msptk__secret_set(act *a, const msptk_json *args, msptk_json **ret_result,
                               msptk_error **ret_err)
{
        const char *name = text_of(args, "name"), *value = text_of(args, "value");
        store_tx *tx;
        vault *v;

        TRY(need_vault(a, &v, ret_err));
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__vault_put(v, tx, name, value, strlen(value), ret_err));
        return named(name, "stored", ret_result, ret_err);
}

msptk_status msptk__secret_remove(act *a, const msptk_json *args, msptk_json **ret_result,
                                  msptk_error **ret_err)
{
        const char *name = text_of(args, "name");
        store_tx *tx;
        vault *v;

        TRY(need_vault(a, &v, ret_err));
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__vault_remove(v, tx, name, ret_err));
        return named(name, "removed", ret_result, ret_err);
}

static int add_row(void *user, const secret_row *row)
{
        AUTO_OBJ json_obj o = msptk__obj();

        msptk__obj_str(&o, "name", row->name);
        msptk__obj_time(&o, "created_at", row->created_at);
        msptk__obj_time(&o, "updated_at", row->updated_at);
        msptk__array_take(user, &o);
        return 0;
}

msptk_status msptk__secret_list(act *a, const msptk_json *args, msptk_json **ret_result,
                                msptk_error **ret_err)
{
        AUTO_OBJ json_obj rows = msptk__array();
        AUTO_OBJ json_obj o = msptk__obj();
        store_tx *tx;
        vault *v;

        (void)args;
        TRY(need_vault(a, &v, ret_err));
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__vault_each(v, tx, add_row, &rows, ret_err));
        msptk__obj_str(&o, "schema", "msptk.secret_list/1");
        msptk__obj_take(&o, "secrets", &rows);
        return msptk__obj_end(&o, ret_result, ret_err);
}

msptk_status msptk__secret_rotate(act *a, const msptk_json *args, msptk_json **ret_result,
                                  msptk_error **ret_err)
{
        const char *passphrase = text_of(args, "passphrase");
        vault_opts next = { .passphrase = passphrase, .passphrase_len = strlen(passphrase) };
        AUTO_OBJ json_obj o = msptk__obj();
        store_tx *tx;
        vault *v;

        TRY(need_vault(a, &v, ret_err));
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__vault_rotate(v, tx, *passphrase ? &next : NULL, ret_err));
        a->settle_vault = 1;
        msptk__obj_str(&o, "schema", "msptk.secret_rotation/1");
        msptk__obj_bool(&o, "rotated", true);
        return msptk__obj_end(&o, ret_result, ret_err);
}
