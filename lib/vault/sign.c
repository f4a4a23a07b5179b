/* Signatures of the audit trail: one Ed25519 key per database, sealed in the vault. */
#define ROOM "vault"
#include "vault/internal.h"

#include <sodium.h>
#include <string.h>

#define SIGN_NAME "msptk.audit-signing-key"

static msptk_status make_key(vault *v, store_tx *tx, const vault_key *key, secret **ret,
                             msptk_error **ret_err)
{
        AUTO_SECRET secret *s = NULL;
        uint8_t public[SIGN_KEY_BYTES];
        void *mem;

        TRY(msptk__secret_make(crypto_sign_SECRETKEYBYTES, &s, &mem, ret_err));
        crypto_sign_keypair(public, mem);
        TRY(msptk__vault_write_row(v, tx, key, SIGN_NAME, mem, crypto_sign_SECRETKEYBYTES,
                                   ret_err));
        *ret = STEAL(s);
        return MSPTK_OK;
}

/* v->lock held. tx writes when `make`. */
static msptk_status signing_key(vault *v, store_tx *tx, int32_t make, secret **ret,
                                msptk_error **ret_err)
{
        AUTO_ERROR msptk_error *cause = NULL;
        const vault_key *key;
        msptk_status st;
        size_t len;

        TRY(msptk__vault_key(v, tx, make, &key, ret_err));
        st = msptk__vault_open_row(v, tx, key, SIGN_NAME, ret, &cause);
        if (st == MSPTK_E_NOTFOUND && make)
                return make_key(v, tx, key, ret, ret_err);
        if (st < 0) {
                if (ret_err)
                        *ret_err = STEAL(cause);
                return st;
        }
        msptk__secret_bytes(*ret, &len);
        if (len != crypto_sign_SECRETKEYBYTES) {
                msptk__secret_free(STEAL(*ret));
                return fail(ret_err, MSPTK_E_CORRUPT, "the signing key has a wrong length");
        }
        return MSPTK_OK;
}

msptk_status msptk__sign(vault *v, store_tx *tx, const void *data, size_t len,
                         uint8_t ret_sig[SIGN_BYTES], uint8_t ret_key[SIGN_KEY_BYTES],
                         msptk_error **ret_err)
{
        AUTO_SECRET secret *s = NULL;
        const uint8_t *key;
        msptk_status st;

        pthread_mutex_lock(&v->lock);
        st = signing_key(v, tx, 1, &s, ret_err);
        pthread_mutex_unlock(&v->lock);
        if (st < 0)
                return st;
        key = msptk__secret_bytes(s, NULL);
        crypto_sign_detached(ret_sig, NULL, data, len, key);
        crypto_sign_ed25519_sk_to_pk(ret_key, key);
        return MSPTK_OK;
}

msptk_status msptk__verify(const uint8_t key[SIGN_KEY_BYTES], const void *data, size_t len,
                           const uint8_t sig[SIGN_BYTES], msptk_error **ret_err)
{
        if (crypto_sign_verify_detached(sig, data, len, key) == 0)
                return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_CRYPTO, "BAD_SIGNATURE",
                        "find out who changed the database", "a signature does not verify");
}

msptk_status msptk__sign_public_key(vault *v, store_tx *tx, uint8_t ret_key[SIGN_KEY_BYTES],
                                    msptk_error **ret_err)
{
        AUTO_SECRET secret *s = NULL;
        msptk_status st;

        pthread_mutex_lock(&v->lock);
        st = signing_key(v, tx, 0, &s, ret_err);
        pthread_mutex_unlock(&v->lock);
        if (st < 0)
                return st;
        crypto_sign_ed25519_sk_to_pk(ret_key, msptk__secret_bytes(s, NULL));
        return MSPTK_OK;
}
