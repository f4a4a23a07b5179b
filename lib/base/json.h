/* JSON inside: parsing with limits of one's own, printing into a buffer, and a streaming writer
 * that needs no tree. The tree and its functions are public, see <msptk/json.h>. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>

#include <msptk/json.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
        JSON_MAX_DEPTH = 64,               /* of msptk_json_parse() */
        JSON_MAX_BYTES = 16 * 1024 * 1024, /* of msptk_json_parse() */
        JSON_HARD_DEPTH = 512              /* nothing reads, prints or copies deeper than this */
};

DEFINE_AUTO_FREE(msptk__auto_json, msptk_json, msptk_json_free)
#define AUTO_JSON __attribute__((cleanup(msptk__auto_json)))

/* msptk_json_parse() with limits; max_depth is at most JSON_HARD_DEPTH. */
msptk_status msptk__json_parse(const char *text, size_t len, size_t max_bytes, int32_t max_depth,
                               msptk_json **ret_doc, msptk_error **ret_err);

/* Appends the value to `out`; the failure, if any, sticks in `out`. Flags as in msptk_json_print().
 */
msptk_status msptk__json_print(buf *out, const msptk_json *json, uint64_t flags);

/* Integer of the uint64 range; false when it is none or negative. */
bool msptk__json_uint(const msptk_json *json, uint64_t *ret_value);

/* Appends a scalar as bare text, a string without quotes, an integer with all its digits; arrays,
 * objects and NULL give MSPTK_E_INVALID. For ids that some vendors send as numbers. */
msptk_status msptk__json_scalar_text(const msptk_json *json, buf *out);

/* Put a number at the end of an array; not a number and infinity append null. MSPTK_E_INVALID when
 * it is no array, MSPTK_E_NOMEM. */
msptk_status msptk__json_append_int(msptk_json *array, int64_t value);
msptk_status msptk__json_append_double(msptk_json *array, double value);

/* Same value, members in any order; INT 5 differs from NUMBER 5.0. */
bool msptk__json_equal(const msptk_json *a, const msptk_json *b);

/* Writes JSON piece by piece. Commas, quotes and indents are its business; what was written may be
 * taken out of the buffer between any two calls. The first failure sticks, so that only
 * msptk__jw_finish() needs checking: it returns the buffer's failure, or MSPTK_E_INTERNAL when the
 * calls did not make one whole value. Bytes that are not UTF-8 become U+FFFD. */
typedef struct json_writer {
        buf *out;
        uint64_t flags;
        uint32_t depth;
        bool after_key;
        bool done; /* the outermost value is complete */
        msptk_status failed;
        uint64_t is_object[JSON_HARD_DEPTH / 64]; /* one bit per open level */
        uint64_t has_items[JSON_HARD_DEPTH / 64];
} json_writer;

void msptk__jw_init(json_writer *w, buf *out, uint64_t flags);
void msptk__jw_object_begin(json_writer *w);
void msptk__jw_object_end(json_writer *w);
void msptk__jw_array_begin(json_writer *w);
void msptk__jw_array_end(json_writer *w);
void msptk__jw_key(json_writer *w, const char *key);
void msptk__jw_string(json_writer *w, const char *text); /* NULL writes null */
void msptk__jw_string_n(json_writer *w, const char *text, size_t len);
void msptk__jw_int(json_writer *w, int64_t value);
void msptk__jw_uint(json_writer *w, uint64_t value);
void msptk__jw_double(json_writer *w, double value); /* NaN and infinity write null */
void msptk__jw_bool(json_writer *w, bool value);
void msptk__jw_null(json_writer *w);
void msptk__jw_json(json_writer *w, const msptk_json *json); /* a tree as one value */
msptk_status msptk__jw_finish(const json_writer *w);

/* Key and value in one call. */
void msptk__jw_put_string(json_writer *w, const char *key, const char *text);
void msptk__jw_put_int(json_writer *w, const char *key, int64_t value);
void msptk__jw_put_double(json_writer *w, const char *key, double value);
void msptk__jw_put_bool(json_writer *w, const char *key, bool value);

#endif
