/* How many columns of a terminal text takes, without locale and wcwidth(): those know the scripts
 * of the machine, not those of the clients. */
#include "common/text.h"

#include <string.h>

#include "width_table.h"

enum { JOINER = 0x200d, PICTURE = 0xfe0f, KEYCAP = 0x20e3 };

uint32_t text_char(const char *s, size_t *ret_bytes)
{
        static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
        unsigned char lead = (unsigned char)s[0];
        size_t n = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        uint32_t c = n == 1 ? lead : n == 2 ? lead & 0x1f : n == 3 ? lead & 0x0f : lead & 0x07;

        *ret_bytes = 1;
        if (!n || lead > 0xf4)
                return TEXT_BAD_BYTE;
        for (size_t i = 1; i < n; i++) {
                if (((unsigned char)s[i] & 0xc0) != 0x80)
                        return TEXT_BAD_BYTE;
                c = c << 6 | ((unsigned char)s[i] & 0x3f);
        }
        if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return TEXT_BAD_BYTE;
        *ret_bytes = n;
        return c;
}

static bool within(uint32_t c, const width_range *ranges, size_t count)
{
        size_t low = 0, high = count;

        while (low < high) {
                size_t mid = (low + high) / 2;

                if (c > ranges[mid].last)
                        low = mid + 1;
                else if (c < ranges[mid].first)
                        high = mid;
                else
                        return true;
        }
        return false;
}

#define WITHIN(c, ranges) within(c, ranges, sizeof(ranges) / sizeof((ranges)[0]))

static size_t char_width(uint32_t c)
{
        if (c < 0x300)
                return c >= 0x20 && (c < 0x7f || c >= 0xa0);
        if (WITHIN(c, zero_ranges))
                return 0;
        return WITHIN(c, wide_ranges) ? 2 : 1;
}

static bool is_region(uint32_t c)
{
        return c >= 0x1f1e6 && c <= 0x1f1ff;
}

/* One thing as a reader sees it: a letter with its marks, a flag, a family of joined pictures. */
static size_t cluster(const char *s, size_t *ret_width)
{
        size_t bytes, n, width;
        uint32_t c = text_char(s, &n), next;

        width = char_width(c);
        if (is_region(c) && is_region(text_char(s + n, &bytes))) {
                n += bytes;
                width = 2;
        }
        while (s[n]) {
                next = text_char(s + n, &bytes);
                if (next == PICTURE && WITHIN(c, picture_ranges))
                        width = 2;
                if (next == JOINER && width == 2 && s[n + bytes]) {
                        size_t joined;

                        next = text_char(s + n + bytes, &joined);
                        if (char_width(next) == 2 || WITHIN(next, picture_ranges))
                                bytes += joined;
                } else if (char_width(next) || next < 0x300) {
                        /* A skin tone sits on the picture before it. */
                        if (!(next >= 0x1f3fb && next <= 0x1f3ff && width == 2))
                                break;
                }
                n += bytes;
        }
        *ret_width = width;
        return n;
}

size_t text_width(const char *s)
{
        size_t sum = 0, width;

        while (*s) {
                s += cluster(s, &width);
                sum += width;
        }
        return sum;
}

size_t text_cut(const char *s, size_t columns, size_t *ret_width)
{
        size_t at = 0, sum = 0, width;

        while (s[at]) {
                size_t n = cluster(s + at, &width);

                if (sum + width > columns)
                        break;
                sum += width;
                at += n;
        }
        if (ret_width)
                *ret_width = sum;
        return at;
}

/* Hides nothing and steers nothing: what would move the cursor, colour the screen, turn the
 * direction of text or stay invisible is written out. */
static bool is_hostile(uint32_t c)
{
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200b || c == 0x2028 || c == 0x2029 ||
               (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

void add_clean(text *t, const char *s, bool one_line)
{
        while (*s) {
                size_t n;
                uint32_t c = text_char(s, &n);

                if (c == TEXT_BAD_BYTE)
                        text_addf(t, "\\x%02x", (unsigned char)*s);
                else if (c == '\n' && !one_line)
                        text_add(t, "\n");
                else if (c == '\n' || c == '\t' || c == '\r')
                        text_add(t, " ");
                else if (c < 0x20)
                        text_addf(t, "^%c", (char)(c + 64));
                else if (is_hostile(c))
                        text_addf(t, "\\u{%x}", (unsigned)c);
                else
                        text_addn(t, s, n);
                s += n;
        }
}
