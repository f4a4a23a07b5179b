/* Bounded reading of small files and of the words and numbers in them. */
#ifndef LOCAL_TEXT_H
#define LOCAL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <msptk/sdk/adapter.h>

struct local;

/* A file read whole into memory of the host; always NUL-terminated when data is not NULL. */
typedef struct file_text {
        const msptk_host *host;
        char *data;
        size_t len;
        bool cut; /* the file was longer than the limit */
} file_text;

/* Read root + path. Returns 0 or an errno (ENOMEM, EFBIG for a path that is too long). */
int msptk__local_read(const struct local *self, const char *path, size_t limit, file_text *ret);
/* First line of a small file without surrounding blanks, fit to be shown; "" when unreadable. */
int msptk__local_read_line(const struct local *self, const char *path, char *out, size_t cap);
bool msptk__local_read_u64(const struct local *self, const char *path, uint64_t *ret);
bool msptk__local_exists(const struct local *self, const char *path);
bool msptk__local_path(const struct local *self, char *out, size_t cap, const char *path);
void msptk__local_text_clear(file_text *t);
#define AUTO_TEXT __attribute__((cleanup(msptk__local_text_clear)))

/* A part of a text; at == end when empty. */
typedef struct slice {
        const char *at;
        const char *end;
} slice;

slice msptk__local_slice(const file_text *t);
slice msptk__local_slice_of(const char *data, size_t len);
/* Take the next line (without its end), or the next word between blanks; false when none is left.
 */
bool msptk__local_line(slice *rest, slice *ret);
bool msptk__local_word(slice *rest, slice *ret);
/* Take the next word and read all of it as a number; false, and nothing set, when it is none or
 * does not fit. */
bool msptk__local_u64(slice *rest, uint64_t *ret);
bool msptk__local_hex(slice *rest, uint64_t *ret);
bool msptk__local_decimal(slice *rest, double *ret); /* "0.52"; no sign, no exponent */
bool msptk__local_is(slice s, const char *word);
bool msptk__local_starts(slice s, const char *prefix);
void msptk__local_copy(char *out, size_t cap, slice s); /* cut at cap - 1 */

/* "3.9 GiB"; at least 24 bytes. */
void msptk__local_bytes(char *out, size_t cap, uint64_t bytes);
/* "2 d 4 h", "35 min", "12 s"; at least 32 bytes. */
void msptk__local_span(char *out, size_t cap, uint64_t seconds);
/* Tenths of `value`, rounded, between 0 and UINT32_MAX; numbers are never printed as doubles. */
uint32_t msptk__local_tenths(double value);
#define TENTHS_FMT "%u.%u"
#define TENTHS_ARGS(t) ((t) / 10), ((t) % 10)

#endif
