/* Strict UTF-8 (RFC 3629). */
#include "base/base.h"

#include <string.h>

/* The bounds of the second byte exclude overlong forms, surrogates and what is above U+10FFFF. */
static size_t lead(uint8_t c, uint8_t *low, uint8_t *high)
{
        *low = 0x80;
        *high = 0xBF;
        if (c >= 0xC2 && c <= 0xDF)
                return 2;
        if (c >= 0xE0 && c <= 0xEF) {
                if (c == 0xE0)
                        *low = 0xA0;
                if (c == 0xED)
                        *high = 0x9F;
                return 3;
        }
        if (c >= 0xF0 && c <= 0xF4) {
                if (c == 0xF0)
                        *low = 0x90;
                if (c == 0xF4)
                        *high = 0x8F;
                return 4;
        }
        return 0;
}

uint32_t msptk__utf8_next(const char **pos, const char *end)
{
        const uint8_t *p = (const uint8_t *)*pos;
        size_t left = (size_t)(end - *pos);
        uint8_t low, high;
        size_t need = lead(p[0], &low, &high);
        uint32_t cp;

        *pos += 1;
        if (p[0] < 0x80)
                return p[0];
        if (need == 0)
                return UTF8_BAD;
        cp = p[0] & (0x7Fu >> need);
        for (size_t i = 1; i < need; i++) {
                if (i == left || p[i] < low || p[i] > high)
                        return UTF8_BAD;
                cp = cp << 6 | (p[i] & 0x3Fu);
                low = 0x80;
                high = 0xBF;
                *pos += 1;
        }
        return cp;
}

size_t msptk__utf8_put(uint32_t cp, char out[4])
{
        if (cp < 0x80) {
                out[0] = (char)cp;
                return 1;
        }
        if (cp < 0x800) {
                out[0] = (char)(0xC0 | cp >> 6);
                out[1] = (char)(0x80 | (cp & 0x3F));
                return 2;
        }
        if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
                return 0;
        if (cp < 0x10000) {
                out[0] = (char)(0xE0 | cp >> 12);
                out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
                out[2] = (char)(0x80 | (cp & 0x3F));
                return 3;
        }
        out[0] = (char)(0xF0 | cp >> 18);
        out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
        out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[3] = (char)(0x80 | (cp & 0x3F));
        return 4;
}

bool msptk__utf8_valid(const char *text, size_t len)
{
        const char *end = text + len;

        while (text < end) {
                uint64_t eight;

                /* most text is ASCII */
                while (end - text >= 8 &&
                       (memcpy(&eight, text, 8), !(eight & UINT64_C(0x8080808080808080))))
                        text += 8;
                while (text < end && (uint8_t)*text < 0x80)
                        text++;
                if (text < end && msptk__utf8_next(&text, end) == UTF8_BAD)
                        return false;
        }
        return true;
}

size_t msptk__utf8_cut(const char *text, size_t len, size_t max)
{
        const char *p = text, *end = text + len, *good = text;

        if (len <= max)
                return len;
        /* A character has at most four bytes: begin at the last lead byte that is near. */
        if (max > 3) {
                p = text + max;
                for (int i = 0; i < 3 && ((uint8_t)*p & 0xC0) == 0x80; i++)
                        p--;
                good = p;
        }
        while (p < end) {
                (void)msptk__utf8_next(&p, end);
                if ((size_t)(p - text) > max)
                        break;
                good = p;
        }
        return (size_t)(good - text);
}

size_t msptk__utf8_copy(char *out, size_t cap, const char *text)
{
        size_t len = msptk__utf8_cut(text, strlen(text), cap - 1);

        memcpy(out, text, len);
        out[len] = '\0';
        return len;
}

size_t msptk__utf8_count(const char *text, size_t len)
{
        const char *end = text + len;
        size_t n = 0;

        for (; text < end; n++)
                (void)msptk__utf8_next(&text, end);
        return n;
}
