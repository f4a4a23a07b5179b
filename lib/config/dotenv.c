/* Reads a .env file: NAME=VALUE lines with quotes, comments and `export`; nothing is expanded and
 * nothing reaches the environment of the process. */
#define ROOM "config"
#include "config/internal.h"

#include <string.h>

typedef struct line_reader {
        const char *p, *end; /* of the line */
        const char *problem; /* set when the line is wrong */
} line_reader;

static bool blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(line_reader *r)
{
        while (r->p < r->end && blank(*r->p))
                r->p++;
}

static bool name_char(char c, bool first)
{
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
               (!first && c >= '0' && c <= '9');
}

static char *read_name(line_reader *r, msptk_error **ret_err)
{
        const char *from;
        char *name;

        skip_blanks(r);
        if (r->end - r->p > 7 && strncmp(r->p, "export", 6) == 0 && blank(r->p[6])) {
                r->p += 6;
                skip_blanks(r);
        }
        from = r->p;
        while (r->p < r->end && name_char(*r->p, r->p == from))
                r->p++;
        name = msptk__strndup(from, (size_t)(r->p - from));
        if (!name)
                (void)msptk__nomem(ret_err);
        skip_blanks(r);
        if (from == r->p || r->p == r->end || *r->p != '=')
                r->problem = "expected NAME=VALUE";
        else
                r->p++;
        return name;
}

static char unescaped(char c)
{
        switch (c) {
        case 'n':
                return '\n';
        case 't':
                return '\t';
        case 'r':
                return '\r';
        default:
                return c;
        }
}

/* 'as it is' or "with \n \t \" \\ \$". */
static void read_quoted(line_reader *r, char *out)
{
        char quote = *r->p++;

        while (r->p < r->end && *r->p != quote) {
                if (quote == '"' && *r->p == '\\' && r->p + 1 < r->end)
                        *out++ = unescaped(*++r->p);
                else
                        *out++ = *r->p;
                r->p++;
        }
        *out = '\0';
        if (r->p == r->end) {
                r->problem = "the quote is not closed on this line";
                return;
        }
        r->p++;
        skip_blanks(r);
        if (r->p < r->end && *r->p != '#')
                r->problem = "text after the closing quote";
}

/* Up to a '#' that follows a blank. */
static void read_bare(line_reader *r, char *out)
{
        char *start = out;

        for (; r->p < r->end; r->p++) {
                if (*r->p == '#' && (out == start || blank(r->p[-1])))
                        break;
                *out++ = *r->p;
        }
        while (out > start && blank(out[-1]))
                out--;
        *out = '\0';
}

static char *read_value(line_reader *r, msptk_error **ret_err)
{
        char *value;

        skip_blanks(r);
        value = msptk__alloc((size_t)(r->end - r->p) + 1);
        if (!value) {
                (void)msptk__nomem(ret_err);
                return NULL;
        }
        if (memchr(r->p, 0, (size_t)(r->end - r->p)))
                r->problem = "a NUL character";
        else if (r->p < r->end && (*r->p == '"' || *r->p == '\''))
                read_quoted(r, value);
        else
                read_bare(r, value);
        return value;
}

static void wipe_text(char *text)
{
        if (text)
                explicit_bzero(text, strlen(text));
        msptk__free(text);
}

static msptk_status read_line(line_reader *r, int32_t line, dotenv *out,
                              msptk_status (*problem)(void *user, int32_t line,
                                                      const char *message),
                              void *user, msptk_error **ret_err)
{
        AUTO_FREE char *name = NULL;
        char *value;

        skip_blanks(r);
        if (r->p == r->end || *r->p == '#')
                return MSPTK_OK;
        name = read_name(r, ret_err);
        if (!name)
                return MSPTK_E_NOMEM;
        if (r->problem)
                return problem(user, line, r->problem);
        TRY(msptk__config_grow((void **)&out->entries, &out->cap, out->count, sizeof(*out->entries),
                               ret_err));
        value = read_value(r, ret_err);
        if (!value)
                return MSPTK_E_NOMEM;
        if (r->problem) {
                wipe_text(value);
                return problem(user, line, r->problem);
        }
        out->entries[out->count++] = (dotenv_entry){ STEAL(name), value, line };
        return MSPTK_OK;
}

msptk_status msptk__dotenv_read(const char *text, size_t len, dotenv *out,
                                msptk_status (*problem)(void *user, int32_t line,
                                                        const char *message),
                                void *user, msptk_error **ret_err)
{
        const char *end = text + len;
        int32_t line = 0;

        if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
                text += 3;
        while (text < end) {
                const char *stop = memchr(text, '\n', (size_t)(end - text));
                line_reader r = { text, stop ? stop : end, NULL };

                TRY(read_line(&r, ++line, out, problem, user, ret_err));
                text = stop ? stop + 1 : end;
        }
        return MSPTK_OK;
}

void msptk__dotenv_clear(dotenv *d)
{
        for (size_t i = 0; i < d->count; i++) {
                msptk__free(d->entries[i].name);
                wipe_text(d->entries[i].value);
        }
        msptk__free(d->entries);
        *d = (dotenv){ 0 };
}

const dotenv_entry *msptk__dotenv_find(const dotenv *d, const char *name)
{
        for (size_t i = d->count; i-- > 0;)
                if (strcmp(d->entries[i].name, name) == 0)
                        return &d->entries[i];
        return NULL;
}
