/* A growing byte buffer with a limit. */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BUF_FIRST = 64 };

static msptk_status make_room(buf *b, size_t more)
{
        size_t need, cap;
        char *grown;

        if (b->failed)
                return b->failed;
        if (__builtin_add_overflow(b->len, more, &need) || need > b->limit)
                return b->failed = MSPTK_E_TOOBIG;
        if (need < b->cap)
                return MSPTK_OK;
        cap = b->cap ? b->cap : BUF_FIRST;
        while (cap <= need)
                cap = cap > SIZE_MAX / 2 ? need + 1 : cap * 2;
        grown = msptk__realloc_array(b->data, cap, 1);
        if (!grown)
                return b->failed = MSPTK_E_NOMEM;
        b->data = grown;
        b->cap = cap;
        return MSPTK_OK;
}

msptk_status msptk__buf_add(buf *b, const void *data, size_t len)
{
        msptk_status st = make_room(b, len);

        if (st < 0)
                return st;
        if (len)
                memcpy(b->data + b->len, data, len);
        b->len += len;
        b->data[b->len] = '\0';
        return MSPTK_OK;
}

msptk_status msptk__buf_add_str(buf *b, const char *text)
{
        return msptk__buf_add(b, text, strlen(text));
}

msptk_status msptk__buf_add_char(buf *b, char c)
{
        return msptk__buf_add(b, &c, 1);
}

msptk_status msptk__buf_addf(buf *b, const char *fmt, ...)
{
        msptk_status st;
        va_list ap;
        int need;

        va_start(ap, fmt);
        need = vsnprintf(NULL, 0, fmt, ap);
        va_end(ap);
        if (need < 0)
                return b->failed = MSPTK_E_INVALID;
        st = make_room(b, (size_t)need);
        if (st < 0)
                return st;
        va_start(ap, fmt);
        vsnprintf(b->data + b->len, (size_t)need + 1, fmt, ap);
        va_end(ap);
        b->len += (size_t)need;
        return MSPTK_OK;
}

msptk_status msptk__buf_status(const buf *b, const char *domain, const char *what,
                               msptk_error **ret_err)
{
        if (!b->failed)
                return MSPTK_OK;
        if (b->failed == MSPTK_E_NOMEM)
                return msptk__nomem(ret_err);
        return msptk__fail(ret_err, b->failed, domain, "%s is longer than the limit of %zu bytes",
                           what, b->limit);
}

const char *msptk__buf_text(const buf *b)
{
        return b->data ? b->data : "";
}

char *msptk__buf_steal(buf *b)
{
        char *text = NULL;

        if (!b->failed)
                text = b->data ? STEAL(b->data) : msptk__strdup("");
        msptk__buf_clear(b);
        return text;
}

void msptk__buf_reset(buf *b)
{
        b->len = 0;
        b->failed = MSPTK_OK;
        if (b->data)
                b->data[0] = '\0';
}

void msptk__buf_cut(buf *b, size_t len)
{
        if (len < b->len) {
                b->len = len;
                b->data[len] = '\0';
        }
}

void msptk__buf_clear(buf *b)
{
        msptk__free(b->data);
        b->data = NULL;
        b->len = b->cap = 0;
        b->failed = MSPTK_OK;
}
