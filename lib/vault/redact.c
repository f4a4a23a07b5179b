/* Redaction: finds known secrets in a text by keyed fingerprints, so that no plain copy of them has
 * to be kept, and masks them in place. */
#define ROOM "vault"
#include "vault/internal.h"

#include <sodium.h>
#include <string.h>

static const char mask[] = "***";
enum { MASK_LEN = sizeof(mask) - 1, VARIANT_MAX = 3 * SECRET_BYTES_MAX };
_Static_assert((int)MASK_LEN < (int)FINGERPRINT_MIN, "a mask never makes a text longer");

msptk_status msptk__redactor_init(redactor *r, msptk_error **ret_err)
{
        int err = pthread_mutex_init(&r->lock, NULL);

        if (err)
                return fail(ret_err, MSPTK_E_INTERNAL, "make a lock: error %d", err);
        randombytes_buf(r->key, sizeof(r->key));
        randombytes_buf(&r->base, sizeof(r->base));
        r->base |= 1;
        return MSPTK_OK;
}

void msptk__redactor_clear(redactor *r)
{
        pthread_mutex_destroy(&r->lock);
        sodium_memzero(r->key, sizeof(r->key));
        msptk__free(r->rows);
        r->rows = NULL;
}

/* Polynomial hash modulo 2^64: cheap to roll; the keyed digest decides. */
static uint64_t roll_hash(const redactor *r, const uint8_t *data, size_t len)
{
        uint64_t h = 0;

        for (size_t i = 0; i < len; i++)
                h = h * r->base + data[i] + 1;
        return h;
}

static uint64_t power(uint64_t base, size_t exponent)
{
        uint64_t p = 1;

        for (; exponent; exponent >>= 1, base *= base)
                if (exponent & 1)
                        p *= base;
        return p;
}

static void keyed_digest(const redactor *r, const uint8_t *data, size_t len, uint8_t out[16])
{
        crypto_generichash(out, 16, data, len, r->key, sizeof(r->key));
}

static bool learn_bytes(redactor *r, const uint8_t *data, size_t len)
{
        fingerprint f = { .len = (uint32_t)len };

        if (len < FINGERPRINT_MIN || len > VARIANT_MAX)
                return true;
        f.rolling = roll_hash(r, data, len);
        keyed_digest(r, data, len, f.mark);
        for (uint32_t i = 0; i < r->count; i++)
                if (r->rows[i].len == f.len && !memcmp(r->rows[i].mark, f.mark, 16))
                        return true;
        if (!r->rows)
                r->rows = msptk__alloc_array(FINGERPRINTS_MAX, sizeof(*r->rows));
        if (!r->rows)
                return false;
        r->rows[r->next] = f;
        r->next = (r->next + 1) % FINGERPRINTS_MAX;
        if (r->count < FINGERPRINTS_MAX)
                r->count++;
        return true;
}

/* ---- the forms in which a secret travels ---- */

static size_t percent_encode(const uint8_t *data, size_t len, char *out)
{
        static const char hex[] = "0123456789ABCDEF";
        size_t n = 0;

        for (size_t i = 0; i < len; i++) {
                uint8_t c = data[i];

                if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                    (c && strchr("-._~", c))) {
                        out[n++] = (char)c;
                } else {
                        out[n++] = '%';
                        out[n++] = hex[c >> 4];
                        out[n++] = hex[c & 15];
                }
        }
        return n;
}

static size_t json_escape(const uint8_t *data, size_t len, char *out)
{
        static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
        size_t n = 0;

        for (size_t i = 0; i < len; i++) {
                const char *at = data[i] ? strchr(from, data[i]) : NULL;

                if (at)
                        out[n++] = '\\';
                out[n++] = at ? to[at - from] : (char)data[i];
        }
        return n;
}

static bool learn_variants(redactor *r, const uint8_t *data, size_t len, char *room)
{
        static const int variants[] = { sodium_base64_VARIANT_ORIGINAL,
                                        sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
                                        sodium_base64_VARIANT_URLSAFE_NO_PADDING };
        bool all = true;
        size_t n;

        for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
                sodium_bin2base64(room, sodium_base64_ENCODED_LEN(len, variants[i]), data, len,
                                  variants[i]);
                all &= learn_bytes(r, (uint8_t *)room, strlen(room));
        }
        n = percent_encode(data, len, room);
        if (n != len)
                all &= learn_bytes(r, (uint8_t *)room, n);
        n = json_escape(data, len, room);
        if (n != len)
                all &= learn_bytes(r, (uint8_t *)room, n);
        return all;
}

msptk_status msptk__redact_learn(const ctx *c, const void *bytes, size_t len)
{
        redactor *r = c && c->vault ? &c->vault->redact : NULL;
        AUTO_SECRET secret *room = NULL;
        bool all;
        void *mem;

        if (!r || len < FINGERPRINT_MIN || len > SECRET_BYTES_MAX)
                return MSPTK_OK;
        pthread_mutex_lock(&r->lock);
        all = learn_bytes(r, bytes, len);
        /* Room for the longest form; of long secrets (certificates) the plain form must do. */
        if (len <= SECRET_BYTES_MAX / 4)
                all = all && msptk__secret_make(3 * len + 8, &room, &mem, NULL) == MSPTK_OK &&
                      learn_variants(r, bytes, len, mem);
        pthread_mutex_unlock(&r->lock);
        return all ? MSPTK_OK : MSPTK_E_NOMEM;
}

/* ---- finding ---- */

/* Distinct lengths, longest first, so that a secret that holds another is masked whole. */
static size_t lengths_of(const redactor *r, uint32_t below, uint32_t *ret)
{
        size_t n = 0;

        for (uint32_t i = 0; i < r->count; i++)
                if (r->rows[i].len < below && (n == 0 || r->rows[i].len > *ret)) {
                        *ret = r->rows[i].len;
                        n = 1;
                }
        return n;
}

static int known(const redactor *r, uint64_t rolling, const uint8_t *at, uint32_t len)
{
        uint8_t mark[16];

        for (uint32_t i = 0; i < r->count; i++) {
                if (r->rows[i].len != len || r->rows[i].rolling != rolling)
                        continue;
                keyed_digest(r, at, len, mark);
                if (!memcmp(mark, r->rows[i].mark, 16))
                        return 1;
        }
        return 0;
}

/* One pass for one length; what is kept moves down in the same memory. */
static size_t mask_length(const redactor *r, uint8_t *data, size_t len, uint32_t secret_len)
{
        uint64_t high = power(r->base, secret_len - 1), h;
        size_t in = 0, out = 0;

        if (len < secret_len)
                return len;
        h = roll_hash(r, data, secret_len);
        while (in + secret_len <= len) {
                if (known(r, h, data + in, secret_len)) {
                        memcpy(data + out, mask, MASK_LEN);
                        out += MASK_LEN;
                        in += secret_len;
                        if (in + secret_len <= len)
                                h = roll_hash(r, data + in, secret_len);
                        continue;
                }
                h = (h - high * (data[in] + 1U)) * r->base;
                if (in + secret_len < len)
                        h += data[in + secret_len] + 1U;
                data[out++] = data[in++];
        }
        memmove(data + out, data + in, len - in);
        return out + len - in;
}

static bool is_token_byte(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               c == '-' || c == '_';
}

/* Keeps the beginning, so that one sees what stood there. */
static size_t mask_tokens(char *data, size_t len)
{
        const size_t begins = strlen(TOKEN_BEGINS);
        char *out = data, *in = data, *end = data + len, *at;

        while ((at = memmem(in, (size_t)(end - in), TOKEN_BEGINS, begins))) {
                char *after = at + begins;

                while (after < end && is_token_byte(*after))
                        after++;
                if (after - at < (ptrdiff_t)(begins + TOKEN_CHARACTERS)) {
                        memmove(out, in, (size_t)(after - in));
                        out += after - in;
                } else {
                        memmove(out, in, (size_t)(at - in) + begins);
                        out += (size_t)(at - in) + begins;
                        memcpy(out, mask, MASK_LEN);
                        out += MASK_LEN;
                }
                in = after;
        }
        if (out != in)
                memmove(out, in, (size_t)(end - in));
        return (size_t)(out - data) + (size_t)(end - in);
}

size_t msptk__redact_tokens(char *text)
{
        size_t len = text ? strlen(text) : 0, kept = len ? mask_tokens(text, len) : 0;

        if (text)
                text[kept] = '\0';
        return kept;
}

bool msptk__redact_idle(const ctx *c)
{
        redactor *r = c && c->vault ? &c->vault->redact : NULL;
        bool idle;

        if (!r)
                return true;
        pthread_mutex_lock(&r->lock);
        idle = !r->count;
        pthread_mutex_unlock(&r->lock);
        return idle;
}

size_t msptk__redact_bytes(const ctx *c, char *data, size_t len)
{
        redactor *r = c && c->vault ? &c->vault->redact : NULL;
        uint32_t below = UINT32_MAX, secret_len = 0;
        size_t before = len;

        if (!r || !data || !len)
                return len;
        len = mask_tokens(data, len);
        pthread_mutex_lock(&r->lock);
        while (lengths_of(r, below, &secret_len)) {
                len = mask_length(r, (uint8_t *)data, len, secret_len);
                below = secret_len;
        }
        pthread_mutex_unlock(&r->lock);
        if (len < before)
                memset(data + len, 0, before - len);
        return len;
}

size_t msptk__redact(const ctx *c, char *text)
{
        return text ? msptk__redact_bytes(c, text, strlen(text)) : 0;
}
