/* Random bytes, ids, digests and the texts that carry bytes. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>

#include "base/error.h"

enum {
        UUID_TEXT = 37, /* with NUL */
        DIGEST_BYTES = 32,
        DIGEST_HEX = 2 * DIGEST_BYTES + 1 /* with NUL */
};

msptk_status msptk__random_bytes(void *out, size_t len, msptk_error **ret_err);

/* Version 7: sorts by `now_us` (microseconds since 1970) down to about a quarter of one, then
 * random. */
msptk_status msptk__uuid7(int64_t now_us, char out[UUID_TEXT], msptk_error **ret_err);
bool msptk__uuid_is_valid(const char *text); /* lower case, any version */

/* BLAKE2b with 32 bytes. An optional key of 16 to 64 bytes makes it a MAC. */
typedef struct digest {
        uint8_t state[384] __attribute__((aligned(64)));
} digest;

void msptk__digest_init(digest *d);
msptk_status msptk__digest_init_key(digest *d, const void *key, size_t key_len);
void msptk__digest_update(digest *d, const void *data, size_t len);
void msptk__digest_final(digest *d, uint8_t out[DIGEST_BYTES]);
void msptk__digest(const void *data, size_t len, uint8_t out[DIGEST_BYTES]);
void msptk__digest_hex(const void *data, size_t len, char out[DIGEST_HEX]);

/* Constant time over `len` bytes. */
bool msptk__bytes_equal(const void *a, const void *b, size_t len);

/* Encoders write NUL-terminated text; `out` holds 2 * len + 1, or BASE64URL_LEN(len) bytes.
 * Decoders take the whole text, strictly, and fail (false) when it is wrong or `cap` is too small.
 */
#define BASE64URL_LEN(len) ((len) / 3 * 4 + 4 + 1)
void msptk__hex(const void *data, size_t len, char *out);
bool msptk__hex_decode(const char *text, void *out, size_t cap, size_t *ret_len);
void msptk__base64url(const void *data, size_t len, char *out);
bool msptk__base64url_decode(const char *text, void *out, size_t cap, size_t *ret_len);

#endif
