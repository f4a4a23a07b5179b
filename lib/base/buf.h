/* A growing byte buffer with a limit set at creation (style 5.4); what it holds is always
 * NUL-terminated. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/error.h"

typedef struct buf {
        char *data; /* NULL until the first byte; use msptk__buf_text() for a string that is never
                       NULL */
        size_t len;
        size_t cap;
        size_t limit;        /* most bytes it will hold */
        msptk_status failed; /* first failure; later additions return it and do nothing */
} buf;

#define BUF_INIT(limit_bytes) \
        { \
                .limit = (limit_bytes) \
        }

/* Each returns MSPTK_OK, MSPTK_E_NOMEM or MSPTK_E_TOOBIG. Failures stick, so that a chain of
 * additions may be checked once at its end with msptk__buf_status(). */
msptk_status msptk__buf_add(buf *b, const void *data, size_t len);
msptk_status msptk__buf_add_str(buf *b, const char *text);
msptk_status msptk__buf_add_char(buf *b, char c);
msptk_status msptk__buf_addf(buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Turns the sticky failure into an error that says what was being built. */
msptk_status msptk__buf_status(const buf *b, const char *domain, const char *what,
                               msptk_error **ret_err);

const char *msptk__buf_text(const buf *b);
char *
msptk__buf_steal(buf *b); /* the text, owned by the caller; NULL when out of memory or failed */
void msptk__buf_reset(buf *b);           /* empties, keeps the memory */
void msptk__buf_cut(buf *b, size_t len); /* drops what is behind `len` */
void msptk__buf_clear(buf *b);           /* empties, frees the memory */

#define AUTO_BUF __attribute__((cleanup(msptk__buf_clear)))

#endif
