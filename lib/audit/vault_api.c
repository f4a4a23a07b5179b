/* The public functions of the vault: short ways to the operations secret_set and secret_remove.
 * They stand here because an act is a floor above lib/vault. */
#define ROOM "vault"
#include "audit/typed.h"

#include <msptk/vault.h>

#include <string.h>

/* Operations take texts, so the public function does too; a binary secret is stored in base64. */
static msptk_status as_text(const void *bytes, size_t len, secret **ret, msptk_error **ret_err)
{
        if (!bytes || len == 0 || len > SECRET_BYTES_MAX)
                return fail_why(ret_err, MSPTK_E_INVALID, "SECRET_SIZE", "give the secret itself",
                                "a secret must have 1 to %d bytes, not %zu", SECRET_BYTES_MAX,
                                bytes ? len : 0);
        if (memchr(bytes, '\0', len) || !msptk__utf8_valid(bytes, len))
                return fail_why(ret_err, MSPTK_E_INVALID, "SECRET_NOT_TEXT",
                                "store it in base64, and decode it where it is used",
                                "a secret must be UTF-8 text without NUL bytes");
        return msptk__secret_new(bytes, len, ret, ret_err);
}

msptk_status msptk_vault_set(msptk_vault *v, const char *name, const void *bytes, size_t len,
                             msptk_error **ret_err)
{
        AUTO_SECRET secret *text = NULL;
        AUTO_JSON msptk_json *result = NULL;

        TRY(as_text(bytes, len, &text, ret_err));
        return msptk__typed_call(v, "secret_set", NULL,
                                 (typed_value[]){ { "name", name },
                                                  { "value", msptk__secret_bytes(text, NULL) },
                                                  { NULL, NULL } },
                                 NULL, &result, ret_err);
}

msptk_status msptk_vault_remove(msptk_vault *v, const char *name, msptk_error **ret_err)
{
        AUTO_JSON msptk_json *result = NULL;

        return msptk__typed_call(v, "secret_remove", NULL,
                                 (typed_value[]){ { "name", name }, { NULL, NULL } }, NULL, &result,
                                 ret_err);
}
