/* Random bytes, ids, digests and the texts that carry bytes; all of them libsodium's. */
#define ROOM "base"
#include "base/base.h"

#include <string.h>
#include <sodium.h>

_Static_assert(sizeof(crypto_generichash_state) <= sizeof(digest), "a digest has room");
_Static_assert(_Alignof(crypto_generichash_state) <= _Alignof(digest), "a digest is aligned");

msptk_status msptk__random_bytes(void *out, size_t len, msptk_error **ret_err)
{
        /* Cheap when already done, and the source of randomness is not safe before. */
        if (sodium_init() < 0)
                return fail(ret_err, MSPTK_E_INTERNAL, "libsodium refuses to start");
        randombytes_buf(out, len);
        return MSPTK_OK;
}

msptk_status msptk__uuid7(int64_t now_us, char out[UUID_TEXT], msptk_error **ret_err)
{
        uint64_t us = now_us < 0 ? 0 : (uint64_t)now_us, ms = us / 1000;
        uint64_t fine = us % 1000 * 4096 / 1000; /* RFC 9562 section 6.2, method 3 */
        char hex[33];
        uint8_t b[16];

        TRY(msptk__random_bytes(b, sizeof(b), ret_err));
        for (int i = 0; i < 6; i++)
                b[i] = (uint8_t)(ms >> (40 - 8 * i));
        b[6] = (uint8_t)(0x70 | fine >> 8);
        b[7] = (uint8_t)fine;
        b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
        msptk__hex(b, sizeof(b), hex);
        for (size_t i = 0, o = 0; i < 32; i++) {
                if (i == 8 || i == 12 || i == 16 || i == 20)
                        out[o++] = '-';
                out[o++] = hex[i];
        }
        out[UUID_TEXT - 1] = '\0';
        return MSPTK_OK;
}

bool msptk__uuid_is_valid(const char *text)
{
        if (!text || strlen(text) != UUID_TEXT - 1)
                return false;
        for (size_t i = 0; i < UUID_TEXT - 1; i++) {
                bool dash = i == 8 || i == 13 || i == 18 || i == 23;

                if (dash ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
                        return false;
        }
        return true;
}

static crypto_generichash_state *state_of(digest *d)
{
        return (crypto_generichash_state *)(void *)d->state;
}

void msptk__digest_init(digest *d)
{
        crypto_generichash_init(state_of(d), NULL, 0, DIGEST_BYTES);
}

msptk_status msptk__digest_init_key(digest *d, const void *key, size_t key_len)
{
        if (key_len < crypto_generichash_KEYBYTES_MIN || key_len > crypto_generichash_KEYBYTES_MAX)
                return MSPTK_E_INVALID;
        crypto_generichash_init(state_of(d), key, key_len, DIGEST_BYTES);
        return MSPTK_OK;
}

void msptk__digest_update(digest *d, const void *data, size_t len)
{
        crypto_generichash_update(state_of(d), data, len);
}

void msptk__digest_final(digest *d, uint8_t out[DIGEST_BYTES])
{
        crypto_generichash_final(state_of(d), out, DIGEST_BYTES);
        sodium_memzero(d, sizeof(*d));
}

void msptk__digest(const void *data, size_t len, uint8_t out[DIGEST_BYTES])
{
        crypto_generichash(out, DIGEST_BYTES, data, len, NULL, 0);
}

void msptk__digest_hex(const void *data, size_t len, char out[DIGEST_HEX])
{
        uint8_t bytes[DIGEST_BYTES];

        msptk__digest(data, len, bytes);
        msptk__hex(bytes, sizeof(bytes), out);
}

bool msptk__bytes_equal(const void *a, const void *b, size_t len)
{
        return sodium_memcmp(a, b, len) == 0;
}

void msptk__hex(const void *data, size_t len, char *out)
{
        sodium_bin2hex(out, 2 * len + 1, data, len);
}

bool msptk__hex_decode(const char *text, void *out, size_t cap, size_t *ret_len)
{
        size_t len = strlen(text), got;

        if (len % 2 || sodium_hex2bin(out, cap, text, len, NULL, &got, NULL) || got != len / 2)
                return false;
        *ret_len = got;
        return true;
}

void msptk__base64url(const void *data, size_t len, char *out)
{
        sodium_bin2base64(out,
                          sodium_base64_encoded_len(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                          data, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool msptk__base64url_decode(const char *text, void *out, size_t cap, size_t *ret_len)
{
        size_t len = strlen(text), got;

        if (sodium_base642bin(out, cap, text, len, NULL, &got, NULL,
                              sodium_base64_VARIANT_URLSAFE_NO_PADDING))
                return false;
        *ret_len = got;
        return true;
}
