/* Cursors of pages as they come back: none but those that were sealed with the key are taken, and
 * what is sealed comes back as it was. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t key[DIGEST_BYTES] = "a key of the fuzz target's own..";
static const uint8_t other[DIGEST_BYTES] = "another key of the fuzz target..";
static const uint8_t bound[SEAL_BYTES] = "an operation ..";

static void must(bool holds)
{
        if (!holds)
                abort();
}

/* As a stranger's text. Nothing that was not made with the key holds. */
static void read_it(const char *text)
{
        sealed s;

        if (msptk__seal_parse(text, &s)) {
                must(s.len < sizeof(s.bytes) && !s.bytes[s.len]);
                must(!msptk__seal_holds(&s, key));
        }
}

/* As an own cursor; then with one bit changed. */
static void seal_it(const char *text, size_t at)
{
        char *out = NULL;
        size_t len;
        sealed s;

        if (!*text || strlen(text) > SEAL_TEXT_MAX)
                return;
        if (msptk__seal_make(key, 2, bound, text, &out, NULL) < 0)
                return;
        must(msptk__seal_parse(out, &s) && msptk__seal_holds(&s, key));
        must(!msptk__seal_holds(&s, other));
        must(!strcmp((const char *)s.bytes + 1 + 2 * SEAL_BYTES, text));
        len = strlen(out);
        out[at % len] = out[at % len] == 'Q' ? 'R' : 'Q';
        must(!msptk__seal_parse(out, &s) || !msptk__seal_holds(&s, key));
        msptk__free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = msptk__strndup((const char *)data, size);

        if (!text)
                return 0;
        read_it(text);
        seal_it(text, size ? data[0] + size : 0);
        msptk__free(text);
        return 0;
}
