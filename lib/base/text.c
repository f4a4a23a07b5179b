/* Cleaning of hostile text, and nearest words. */
#include "base/base.h"

#include <stdio.h>
#include <string.h>

static msptk_status add_cp(buf *out, uint32_t cp)
{
        char bytes[4];

        return msptk__buf_add(out, bytes, msptk__utf8_put(cp, bytes));
}

/* ---- cleaning ---- */

enum { ESC = 0x1B, BEL = 0x07, CSI = 0x9B, OSC = 0x9D, REPLACEMENT = 0xFFFD, ELLIPSIS = 0x2026 };

/* Characters that show nothing but change what is seen, or hide text. U+200C and U+200D stay: words
 * and emoji need them. */
bool msptk__cp_hidden(uint32_t cp)
{
        static const struct {
                uint32_t first, last;
        } hidden[] = {
                { 0x00, 0x1F },       { 0x7F, 0x9F },       { 0xAD, 0xAD },
                { 0x34F, 0x34F },     { 0x61C, 0x61C },     { 0x115F, 0x1160 },
                { 0x17B4, 0x17B5 },   { 0x180B, 0x180F },   { 0x200B, 0x200B },
                { 0x200E, 0x200F },   { 0x202A, 0x202E },   { 0x2060, 0x206F },
                { 0x3164, 0x3164 },   { 0xFEFF, 0xFEFF },   { 0xFFA0, 0xFFA0 },
                { 0xFFF0, 0xFFFB },   { 0x1BCA0, 0x1BCA3 }, { 0x1D173, 0x1D17A },
                { 0xE0000, 0xE0FFF },
        };

        if (cp >= 0x20 && cp <= 0x7E)
                return false;
        for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
                if (cp >= hidden[i].first && cp <= hidden[i].last)
                        return true;
        return false;
}

static bool is_noncharacter(uint32_t cp)
{
        return cp == UTF8_BAD || (cp & 0xFFFE) == 0xFFFE || (cp >= 0xFDD0 && cp <= 0xFDEF);
}

/* The end of a control string (title, palette): BEL, ST as ESC \ or U+009C; or the end of line. */
static const char *skip_string(const char *p, const char *end)
{
        while (p < end) {
                const char *here = p;
                uint32_t cp = msptk__utf8_next(&p, end);

                if (cp == '\n' || cp == ESC)
                        return cp == ESC && p < end && *p == '\\' ? p + 1 : here;
                if (cp == BEL || cp == 0x9C)
                        return p;
        }
        return p;
}

static const char *skip_range(const char *p, const char *end, char low, char high)
{
        while (p < end && *p >= low && *p <= high)
                p++;
        return p;
}

/* Parameters and the final byte of a control sequence ("31m"). */
static const char *skip_parameters(const char *p, const char *end)
{
        p = skip_range(p, end, 0x20, 0x3F);
        return p < end && *p >= 0x40 && *p <= 0x7E ? p + 1 : p;
}

static const char *skip_escape(const char *p, const char *end)
{
        char c;

        if (p == end || *p < 0x20 || *p > 0x7E)
                return p;
        c = *p++;
        if (strchr("]PX^_", c))
                return skip_string(p, end);
        if (c == '[')
                return skip_parameters(p, end);
        if (c > 0x2F)
                return p;
        p = skip_range(p, end, 0x20, 0x2F);
        return p < end && *p >= 0x30 && *p <= 0x7E ? p + 1 : p;
}

/* Skips the rest of a terminal sequence (ECMA-48) that began with `cp`. */
static const char *skip_sequence(uint32_t cp, const char *p, const char *end)
{
        if (cp == ESC)
                return skip_escape(p, end);
        if (cp == CSI)
                return skip_parameters(p, end);
        if (cp == OSC || cp == 0x90 || cp == 0x98 || cp == 0x9E || cp == 0x9F)
                return skip_string(p, end);
        return p;
}

static bool is_line_break(uint32_t cp)
{
        return cp == '\n' || cp == '\r' || cp == 0x85 || cp == 0x2028 || cp == 0x2029;
}

typedef struct cleaner {
        const char *pos, *end;
        uint32_t flags;
        bool space; /* the last thing written is a space or the beginning: no second one */
} cleaner;

/* One step: what is to be written for the next character, "" for nothing. */
static void clean_next(cleaner *c, char piece[16])
{
        uint32_t cp = msptk__utf8_next(&c->pos, c->end);
        size_t n;

        piece[0] = '\0';
        if (is_line_break(cp) || cp == '\t') {
                if (cp == '\r' && c->pos < c->end && *c->pos == '\n')
                        return;
                if (c->flags & CLEAN_LINES)
                        memcpy(piece, cp == '\t' ? "\t" : "\n", 2);
                else if (!c->space)
                        memcpy(piece, " ", 2);
                c->space = true;
                return;
        }
        if (is_noncharacter(cp)) {
                cp = REPLACEMENT;
        } else if (msptk__cp_hidden(cp)) {
                if (c->flags & CLEAN_VISIBLE)
                        snprintf(piece, 16, cp < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)cp);
                else
                        c->pos = skip_sequence(cp, c->pos, c->end);
                return;
        }
        n = msptk__utf8_put(cp, piece);
        piece[n] = '\0';
        c->space = cp == ' ';
}

msptk_status msptk__text_clean(const char *text, size_t len, uint32_t flags, size_t max, buf *out)
{
        cleaner c = { text, text + len, flags, false };
        size_t start = out->len, dots_at = start;

        while (c.pos < c.end && !out->failed) {
                char piece[16];
                size_t n;

                clean_next(&c, piece);
                n = strlen(piece);
                if (out->len - start + n > max) {
                        if (max < 3)
                                return MSPTK_OK;
                        msptk__buf_cut(out, dots_at);
                        return add_cp(out, ELLIPSIS);
                }
                (void)msptk__buf_add(out, piece, n);
                if (out->len - start + 3 <= max)
                        dots_at = out->len;
        }
        return out->failed;
}

/* ---- did you mean ---- */

enum { WORD_MAX = 64 };

static uint8_t word_char(char c)
{
        if (c >= 'A' && c <= 'Z')
                return (uint8_t)(c + ('a' - 'A'));
        return c == '-' || c == ' ' ? '_' : (uint8_t)c;
}

size_t msptk__edit_distance(const char *a, const char *b, size_t limit)
{
        uint8_t rows[3][WORD_MAX + 1];
        uint8_t *before = rows[0], *last = rows[1], *row = rows[2];
        size_t n = strnlen(a, WORD_MAX), m = strnlen(b, WORD_MAX);

        if ((n > m ? n - m : m - n) > limit)
                return limit + 1;
        for (size_t j = 0; j <= m; j++)
                last[j] = (uint8_t)j;
        for (size_t i = 1; i <= n; i++) {
                uint8_t ca = word_char(a[i - 1]), *spare = before, best;

                best = row[0] = (uint8_t)i;
                for (size_t j = 1; j <= m; j++) {
                        uint8_t cb = word_char(b[j - 1]);
                        int d = last[j - 1] + (ca != cb);

                        d = last[j] + 1 < d ? last[j] + 1 : d;
                        d = row[j - 1] + 1 < d ? row[j - 1] + 1 : d;
                        if (i > 1 && j > 1 && ca == word_char(b[j - 2]) &&
                            cb == word_char(a[i - 2]) && before[j - 2] + 1 < d)
                                d = before[j - 2] + 1;
                        row[j] = (uint8_t)d;
                        best = row[j] < best ? row[j] : best;
                }
                if (best > limit)
                        return limit + 1;
                before = last;
                last = row;
                row = spare;
        }
        return last[m] > limit ? limit + 1 : last[m];
}

const char *msptk__nearest(const char *word, const char *const *candidates, size_t count)
{
        size_t limit = 1 + strnlen(word, WORD_MAX) / 4;
        const char *found = NULL;

        for (size_t i = 0; i < count; i++) {
                size_t d = msptk__edit_distance(word, candidates[i], limit);

                /* Replacing every letter is no typing error. */
                if (d > limit || d >= strlen(candidates[i]) || d >= strlen(word))
                        continue;
                found = candidates[i];
                if (d == 0)
                        break;
                limit = d - 1;
        }
        return found;
}
