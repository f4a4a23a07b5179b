/* Growing text, and the nearest word for what was mistyped. */
#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *need(void *p)
{
        static const char message[] = "out of memory\n";

        if (!p) {
                if (write(2, message, sizeof(message) - 1) < 0)
                        _exit(3);
                _exit(3);
        }
        return p;
}

char *copy_part(const char *s, size_t n)
{
        char *copy = need(malloc(n + 1));

        memcpy(copy, s, n);
        copy[n] = '\0';
        return copy;
}

char *copy_text(const char *s)
{
        return copy_part(s, strlen(s));
}

static void reserve(text *t, size_t more)
{
        size_t cap = t->cap ? t->cap : 128;

        if (t->len + more < t->cap)
                return;
        while (cap <= t->len + more)
                cap *= 2;
        t->data = need(realloc(t->data, cap));
        t->cap = cap;
}

void text_addn(text *t, const char *s, size_t n)
{
        reserve(t, n + 1);
        memcpy(t->data + t->len, s, n);
        t->len += n;
        t->data[t->len] = '\0';
}

void text_add(text *t, const char *s)
{
        text_addn(t, s, strlen(s));
}

void text_addf(text *t, const char *fmt, ...)
{
        char *made = NULL;
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vasprintf(&made, fmt, ap);
        va_end(ap);
        if (n < 0)
                need(NULL);
        text_addn(t, made, (size_t)n);
        free(made);
}

void text_fill(text *t, char c, size_t n)
{
        reserve(t, n + 1);
        memset(t->data + t->len, c, n);
        t->len += n;
        t->data[t->len] = '\0';
}

const char *text_str(const text *t)
{
        return t->data ? t->data : "";
}

void text_reset(text *t)
{
        t->len = 0;
        if (t->data)
                t->data[0] = '\0';
}

void text_free(text *t)
{
        free(t->data);
        *t = (text){ 0 };
}

enum { WORD_MAX = 64 };

/* Edits that make one word of the other; a swap of neighbours counts as one. */
static size_t distance(const char *a, const char *b)
{
        size_t rows[3][WORD_MAX + 1];
        size_t la = strlen(a), lb = strlen(b);

        if (la > WORD_MAX || lb > WORD_MAX)
                return SIZE_MAX;
        for (size_t j = 0; j <= lb; j++)
                rows[0][j] = j;
        for (size_t i = 1; i <= la; i++) {
                size_t *now = rows[i % 3], *last = rows[(i + 2) % 3], *older = rows[(i + 1) % 3];

                now[0] = i;
                for (size_t j = 1; j <= lb; j++) {
                        size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);

                        if (last[j] + 1 < best)
                                best = last[j] + 1;
                        if (now[j - 1] + 1 < best)
                                best = now[j - 1] + 1;
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                            older[j - 2] + 1 < best)
                                best = older[j - 2] + 1;
                        now[j] = best;
                }
        }
        return rows[la % 3][lb];
}

const char *nearest_word(const char *given, const char *const *words, size_t count)
{
        const char *best = NULL;
        size_t least = strlen(given) / 3 + 2; /* farther is no help */

        for (size_t i = 0; i < count; i++) {
                size_t d = distance(given, words[i]);

                if (strlen(given) >= 3 && !strncmp(words[i], given, strlen(given)))
                        d = 1;
                if (d < least) {
                        least = d;
                        best = words[i];
                }
        }
        return best;
}
