/* Secrets: they go in by name and come out only to adapters. */
#ifndef MSPTK_VAULT_H
#define MSPTK_VAULT_H

#include <msptk/toolkit.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Store a secret, or replace it.
 *
 * @vault    borrowed
 * @name     slug; "vault:NAME" refers to it
 * @bytes    UTF-8 text without NUL, copied; then the caller should erase its own. Base64 for what
 *           is not text
 * @len      1 to 65536
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID (SECRET_NAME, SECRET_NOT_TEXT), MSPTK_E_CRYPTO when the key is
 * missing or wrong.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_vault_set(msptk_vault *vault, const char *name, const void *bytes,
                                       size_t len, msptk_error **ret_err);

/**
 * Remove a secret.
 *
 * @vault    borrowed
 * @name     of the secret
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND (SECRET_NOT_FOUND).
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_vault_remove(msptk_vault *vault, const char *name,
                                          msptk_error **ret_err);

#ifdef __cplusplus
}
#endif
#endif
