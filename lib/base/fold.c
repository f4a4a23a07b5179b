/* Folding for search, and slugs. */
#include "base/base.h"
#include "base/text_tables.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- folding ---- */

static bool is_dropped_mark(uint32_t cp)
{
        size_t low = 0, high = ARRAY_LEN(fold_marks);

        while (low < high) {
                size_t mid = (low + high) / 2;

                if (cp > fold_marks[mid].last)
                        low = mid + 1;
                else if (cp < fold_marks[mid].first)
                        high = mid;
                else
                        return true;
        }
        return false;
}

static uint32_t fold_one(uint32_t cp)
{
        size_t low = 0, high = ARRAY_LEN(fold_runs);
        uint32_t first, key, step;

        while (low < high) {
                size_t mid = (low + high) / 2;

                if (fold_runs[mid].key >> 11 <= cp)
                        low = mid + 1;
                else
                        high = mid;
        }
        if (low == 0)
                return cp;
        key = fold_runs[low - 1].key;
        first = key >> 11;
        step = (key >> 10 & 1) + 1;
        if (cp > first + (key & 0x3FF) * step || (cp - first) % step)
                return cp;
        return (uint32_t)((int32_t)cp + fold_runs[low - 1].diff);
}

static const char *fold_long(uint32_t cp)
{
        size_t low = 0, high = ARRAY_LEN(fold_longs);

        while (low < high) {
                size_t mid = (low + high) / 2;

                if (fold_longs[mid].cp < cp)
                        low = mid + 1;
                else
                        high = mid;
        }
        return low < ARRAY_LEN(fold_longs) && fold_longs[low].cp == cp
                       ? fold_pool + fold_longs[low].at
                       : NULL;
}

enum { HANGUL = 0xAC00, HANGUL_COUNT = 11172, JAMO_L = 0x1100, JAMO_V = 0x1161, JAMO_T = 0x11A7 };

/* The folded form of one character, at most 64 bytes with the NUL (U+FDFA, the longest, is not in
 * the tables). */
static void fold_cp(uint32_t cp, char out[64])
{
        const char *text;
        size_t n = 0;

        if (cp == UTF8_BAD)
                cp = UINT32_C(0xFFFD);
        if (cp < 0x80) {
                out[n++] = (char)(cp >= 'A' && cp <= 'Z' ? cp + ('a' - 'A') : cp);
        } else if (cp >= HANGUL && cp < HANGUL + HANGUL_COUNT) {
                uint32_t s = cp - HANGUL;

                n += msptk__utf8_put(JAMO_L + s / 588, out);
                n += msptk__utf8_put(JAMO_V + s % 588 / 28, out + n);
                if (s % 28)
                        n += msptk__utf8_put(JAMO_T + s % 28, out + n);
        } else if ((text = fold_long(cp))) {
                n = strlen(text);
                memcpy(out, text, n);
        } else if (!is_dropped_mark(cp)) {
                n = msptk__utf8_put(fold_one(cp), out);
        }
        out[n] = '\0';
}

msptk_status msptk__text_fold(const char *text, size_t len, buf *out)
{
        const char *end = text + len;

        while (text < end && !out->failed) {
                uint32_t cp = msptk__utf8_next(&text, end);
                char piece[64];

                if (cp == 0) { /* a NUL stays one byte */
                        (void)msptk__buf_add_char(out, '\0');
                        continue;
                }
                fold_cp(cp, piece);
                (void)msptk__buf_add_str(out, piece);
        }
        return out->failed;
}

/* ---- slugs ---- */

static bool is_slug_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool msptk__slug_valid(const char *slug)
{
        size_t len = strnlen(slug, SLUG_CAP);

        if (len == 0 || len > SLUG_MAX || slug[len - 1] == '-')
                return false;
        for (size_t i = 0; i < len; i++)
                if (!is_slug_char(slug[i]) && (slug[i] != '-' || i == 0 || slug[i - 1] == '-'))
                        return false;
        return true;
}

static const char *to_latin(uint32_t cp)
{
        size_t low = 0, high = ARRAY_LEN(latin_rows);

        while (low < high) {
                size_t mid = (low + high) / 2;

                if (latin_rows[mid].cp < cp)
                        low = mid + 1;
                else
                        high = mid;
        }
        return low < ARRAY_LEN(latin_rows) && latin_rows[low].cp == cp ? latin_rows[low].text
                                                                       : NULL;
}

typedef struct slugger {
        char *out;
        size_t len, max;
        bool gap; /* a hyphen is due before the next letter */
        uint32_t last;
} slugger;

static void put_letters(slugger *s, const char *letters)
{
        for (; *letters; letters++) {
                bool hyphen = s->gap && s->len > 0;

                if (s->len + hyphen + 1 > s->max) {
                        s->max = s->len; /* nothing of what follows may slip in */
                        return;
                }
                if (hyphen)
                        s->out[s->len++] = '-';
                s->gap = false;
                s->out[s->len++] = *letters;
        }
}

/* `cp` is folded. */
static void put_folded(slugger *s, uint32_t cp)
{
        enum { ALPHA = 0x3B1, EPSILON = 0x3B5, OMICRON = 0x3BF, UPSILON = 0x3C5 };
        char ascii[2] = { (char)cp, '\0' };
        const char *latin;

        if (cp < 0x80 && is_slug_char((char)cp))
                put_letters(s, ascii);
        else if (cp == UPSILON && (s->last == ALPHA || s->last == EPSILON || s->last == OMICRON))
                put_letters(s, "u");
        else if ((latin = to_latin(cp)))
                put_letters(s, latin);
        else if (cp != '\'' && !msptk__cp_hidden(cp))
                s->gap = true;
        s->last = cp;
}

size_t msptk__slug(const char *text, char *out, size_t cap)
{
        const char *end = text + strlen(text);
        slugger s = { .out = out, .max = cap > SLUG_MAX ? SLUG_MAX : cap - 1 };

        while (text < end) {
                uint32_t cp = msptk__utf8_next(&text, end);
                char piece[64];
                const char *p = piece, *stop;

                if (cp == 0x2120 || cp == 0x2122) { /* signs, which would fold to letters */
                        s.gap = true;
                        continue;
                }
                fold_cp(cp, piece);
                stop = piece + strlen(piece);
                while (p < stop)
                        put_folded(&s, msptk__utf8_next(&p, stop));
        }
        out[s.len] = '\0';
        return s.len;
}

/* Whether a person would see anything. */
static bool has_visible(const char *text)
{
        const char *end = text + strlen(text);

        while (text < end) {
                uint32_t cp = msptk__utf8_next(&text, end);
                char piece[64];

                fold_cp(cp, piece);
                if (!msptk__cp_hidden(cp) && piece[strspn(piece, " ")] != '\0')
                        return true;
        }
        return false;
}

bool msptk__slug_from_name(const char *name, char *out, size_t cap)
{
        uint8_t hash[DIGEST_BYTES];
        uint64_t number = 0;

        if (cap < SLUG_CAP || !msptk__utf8_valid(name, strlen(name)) || !has_visible(name))
                return false;
        if (msptk__slug(name, out, cap) > 0)
                return true;
        msptk__digest(name, strlen(name), hash);
        for (size_t i = 0; i < 8; i++)
                number = number << 8 | hash[i];
        snprintf(out, cap, "client-%012" PRIu64, number % UINT64_C(1000000000000));
        return true;
}
