/* Numbers as text, the same in every locale. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>

#include "base/error.h"

enum { NUM_TEXT_MAX = 40 }; /* room for any number printed here, with its NUL */

/* The whole text must be the number; false otherwise, and when it does not fit. Integers: an
 * optional '-' and digits. Doubles: sign, digits with an optional '.', an optional exponent; no
 * hex, no infinity, and false when too large. */
bool msptk__num_int64(const char *text, size_t len, int64_t *ret_value);
bool msptk__num_uint64(const char *text, size_t len, uint64_t *ret_value);
bool msptk__num_double(const char *text, size_t len, double *ret_value);

/* The same for what a person typed: the error (MSPTK_E_INVALID) quotes it and says what is
 * allowed. */
msptk_status msptk__num_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value,
                                  msptk_error **ret_err);
msptk_status msptk__num_parse_double(const char *text, double min, double max, double *ret_value,
                                     msptk_error **ret_err);
/* "85", "85%", "12.5 %": 0 to 100. */
msptk_status msptk__num_parse_percent(const char *text, double *ret_percent, msptk_error **ret_err);
/* "512", "10MB" (10 * 1000^2), "1.5 GiB" (1.5 * 1024^3), up to EB and EiB; rounded to bytes. */
msptk_status msptk__num_parse_bytes(const char *text, int64_t *ret_bytes, msptk_error **ret_err);

/* Each writes NUL-terminated text and returns its length. Doubles: the shortest text that reads
 * back as the same value, always with a '.' or an exponent ("5.0", "1e-7"); "nan", "inf", "-inf".
 * Fixed: 0 to 9 decimals, for people. Bytes: "1.5 GiB", for people. */
size_t msptk__num_put_int64(char out[NUM_TEXT_MAX], int64_t value);
size_t msptk__num_put_uint64(char out[NUM_TEXT_MAX], uint64_t value);
size_t msptk__num_put_double(char out[NUM_TEXT_MAX], double value);
size_t msptk__num_put_fixed(char out[NUM_TEXT_MAX], double value, int32_t decimals);
size_t msptk__num_put_bytes(char out[NUM_TEXT_MAX], int64_t bytes);

#endif
