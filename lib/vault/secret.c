/* Secret handles: bytes in guarded, locked, wiped memory. */
#define ROOM "vault"
#include "vault/internal.h"

#include <sodium.h>
#include <string.h>

struct secret {
        uint8_t *bytes; /* sodium_malloc; one byte more than len, always NUL */
        size_t len;
};

msptk_status msptk__secret_make(size_t len, secret **ret, void **ret_bytes, msptk_error **ret_err)
{
        secret *s;

        if (sodium_init() < 0)
                return fail(ret_err, MSPTK_E_INTERNAL, "start libsodium");
        if (len > SECRET_BYTES_MAX * 2)
                return fail(ret_err, MSPTK_E_TOOBIG, "a secret may have at most %d bytes",
                            SECRET_BYTES_MAX);
        s = msptk__alloc(sizeof(*s));
        if (s)
                s->bytes = sodium_malloc(len + 1);
        if (!s || !s->bytes) {
                msptk__free(s);
                return msptk__nomem(ret_err);
        }
        memset(s->bytes, 0, len + 1);
        s->len = len;
        *ret = s;
        *ret_bytes = s->bytes;
        return MSPTK_OK;
}

void msptk__secret_shrink(secret *s, size_t len)
{
        if (len < s->len) {
                sodium_memzero(s->bytes + len, s->len - len);
                s->len = len;
        }
}

msptk_status msptk__secret_new(const void *bytes, size_t len, secret **ret, msptk_error **ret_err)
{
        void *mem;

        TRY(msptk__secret_make(len, ret, &mem, ret_err));
        if (len)
                memcpy(mem, bytes, len);
        return MSPTK_OK;
}

const void *msptk__secret_bytes(const secret *s, size_t *ret_len)
{
        if (ret_len)
                *ret_len = s->len;
        return s->bytes;
}

void msptk__secret_free(secret *s)
{
        if (!s)
                return;
        sodium_free(s->bytes);
        msptk__free(s);
}
