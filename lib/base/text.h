/* Text of any script: strict UTF-8, cleaning of hostile text, folding for search, slugs, and "did
 * you mean". Texts with a length need no NUL. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* ---- UTF-8, strict: no overlong forms, no surrogates, nothing above U+10FFFF ---- */

#define UTF8_BAD UINT32_C(0xFFFFFFFF)

/* The next code point, and *pos moves behind it; an invalid sequence gives UTF8_BAD and moves by
 * its longest valid beginning, at least one byte. Call only while *pos < end. */
uint32_t msptk__utf8_next(const char **pos, const char *end);
/* Writes 1 to 4 bytes and returns their number; 0 for what is no scalar value. */
size_t msptk__utf8_put(uint32_t cp, char out[4]);
bool msptk__utf8_valid(const char *text, size_t len);
/* The longest beginning of at most `max` bytes that does not cut a character. */
size_t msptk__utf8_cut(const char *text, size_t len, size_t max);
/* Copy into a fixed buffer, cut at a character, with NUL. Returns the bytes copied; `cap` > 0. */
size_t msptk__utf8_copy(char *out, size_t cap, const char *text);
size_t msptk__utf8_count(const char *text,
                         size_t len); /* code points; an invalid sequence is one */

/* ---- cleaning ---- */

enum {
        CLEAN_LINES = 1,   /* keep line breaks and tabs; without it they become one space */
        CLEAN_VISIBLE = 2, /* show what is taken out as \x1b, \u202e; without it it is removed */
};

/* Append `text` to `out` made safe for terminals, logs and AI agents: control characters, terminal
 * escape sequences, bidi controls, invisible and tag characters are taken out, invalid bytes become
 * U+FFFD. At most `max` bytes are added, cut at a character; when something was cut the end is
 * U+2026 (within max, if it fits). Returns the status of `out`. */
msptk_status msptk__text_clean(const char *text, size_t len, uint32_t flags, size_t max, buf *out);

/* A character that shows nothing but changes what is seen, or hides text: controls, bidi controls,
 * zero-width and tag characters. */
bool msptk__cp_hidden(uint32_t cp);

/* ---- folding ---- */

/* Append the form of `text` that is compared when people search: case, accents, width and
 * ligatures do not count, in any script; composed and decomposed text give the same. Invalid bytes
 * become U+FFFD. Folding what is folded changes nothing. */
msptk_status msptk__text_fold(const char *text, size_t len, buf *out);

/* ---- slugs: ^[a-z0-9](-?[a-z0-9])*$, 1 to 64 characters ---- */

enum { SLUG_MAX = 64, SLUG_CAP = SLUG_MAX + 1 };

bool msptk__slug_valid(const char *slug);
/* "Möbel Müller GmbH" -> "mobel-muller-gmbh"; Greek and Cyrillic are transliterated, other scripts
 * give nothing. `cap` counts the NUL; cut at cap - 1 or SLUG_MAX. Returns the length, 0 (and "")
 * when nothing is left. */
size_t msptk__slug(const char *text, char *out, size_t cap);
/* An id for anything with a name: the slug, or "client-" and 12 decimal digits of the name's
 * BLAKE2b digest. `cap` at least SLUG_CAP. False when the name is empty, only blanks, or not UTF-8.
 */
bool msptk__slug_from_name(const char *name, char *out, size_t cap);

/* ---- did you mean ---- */

/* Edits between two words (insert, delete, replace, swap of neighbours); ASCII case and the
 * difference between '-', '_' and ' ' do not count. Stops early and returns limit + 1 beyond
 * `limit`. Only the first 64 bytes count. */
size_t msptk__edit_distance(const char *a, const char *b, size_t limit);
/* The nearest candidate, or NULL when none is near enough to be meant. */
const char *msptk__nearest(const char *word, const char *const *candidates, size_t count);

#endif
