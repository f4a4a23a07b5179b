/* Sealed boxes: one secret each, bound to what it is for. */
#define ROOM "vault"
#include "vault/internal.h"

#include <sodium.h>
#include <string.h>

enum { PAD_BLOCK = 64, ABYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES };
_Static_assert(KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key size");
_Static_assert(NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce size");

/* "msptk.box/1" NUL kind NUL key id NUL name: no part may hold a NUL, so no two differ only in
 * where they are cut. */
static void associated(const vault_key *key, const char *kind, const char *name, buf *ret)
{
        static const char version[] = "msptk.box/1";

        msptk__buf_add(ret, version, sizeof(version));
        msptk__buf_add(ret, kind, strlen(kind) + 1);
        msptk__buf_add(ret, key->id, strlen(key->id) + 1);
        msptk__buf_add_str(ret, name);
}

msptk_status msptk__box_seal(const vault_key *key, const char *kind, const char *name,
                             const void *bytes, size_t len, uint8_t ret_nonce[NONCE_BYTES],
                             buf *ret_box, msptk_error **ret_err)
{
        AUTO_BUF buf ad = BUF_INIT(1024);
        AUTO_SECRET secret *padded = NULL;
        unsigned long long box_len;
        size_t padded_len;
        uint8_t *box;
        void *mem;

        if (len > SECRET_BYTES_MAX)
                return fail(ret_err, MSPTK_E_TOOBIG, "a secret may have at most %d bytes",
                            SECRET_BYTES_MAX);
        associated(key, kind, name, &ad);
        TRY(msptk__buf_status(&ad, ROOM, "the name of a secret", ret_err));
        TRY(msptk__secret_make(len + PAD_BLOCK, &padded, &mem, ret_err));
        if (len)
                memcpy(mem, bytes, len);
        sodium_pad(&padded_len, mem, len, PAD_BLOCK, len + PAD_BLOCK);
        box = msptk__alloc(padded_len + ABYTES);
        if (!box)
                return msptk__nomem(ret_err);
        randombytes_buf(ret_nonce, NONCE_BYTES);
        crypto_aead_xchacha20poly1305_ietf_encrypt(box, &box_len, mem, padded_len,
                                                   (const uint8_t *)ad.data, ad.len, NULL,
                                                   ret_nonce, key->bytes);
        msptk__buf_reset(ret_box);
        msptk__buf_add(ret_box, box, (size_t)box_len);
        msptk__free(box);
        return msptk__buf_status(ret_box, ROOM, "a sealed secret", ret_err);
}

static msptk_status broken(const char *name, msptk_error **ret_err)
{
        return fail_why(ret_err, MSPTK_E_CRYPTO, "SEAL_BROKEN",
                        "set this secret again, and find out who changed the database",
                        "open the secret '%s': its seal does not verify", name);
}

msptk_status msptk__box_open(const vault_key *key, const char *kind, const char *name,
                             const uint8_t *nonce, size_t nonce_len, const void *box,
                             size_t box_len, secret **ret, msptk_error **ret_err)
{
        AUTO_BUF buf ad = BUF_INIT(1024);
        AUTO_SECRET secret *s = NULL;
        unsigned long long padded_len = 0;
        size_t len;
        void *mem;

        associated(key, kind, name, &ad);
        TRY(msptk__buf_status(&ad, ROOM, "the name of a secret", ret_err));
        if (nonce_len != NONCE_BYTES || box_len < ABYTES + PAD_BLOCK ||
            box_len > SECRET_BYTES_MAX + PAD_BLOCK + ABYTES)
                return broken(name, ret_err);
        TRY(msptk__secret_make(box_len - ABYTES, &s, &mem, ret_err));
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(mem, &padded_len, NULL, box, box_len,
                                                       (const uint8_t *)ad.data, ad.len, nonce,
                                                       key->bytes) != 0 ||
            sodium_unpad(&len, mem, (size_t)padded_len, PAD_BLOCK) != 0)
                return broken(name, ret_err);
        msptk__secret_shrink(s, len);
        *ret = STEAL(s);
        return MSPTK_OK;
}
