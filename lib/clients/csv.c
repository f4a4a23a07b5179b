/* A CSV reader: quotes, line ends of every kind, byte order mark, bounded. */
#define ROOM "clients"
#include "clients/csv.h"

#include <inttypes.h>
#include <string.h>

struct csv {
        const char *at, *end;
        const char *line_start;
        int64_t line;
        char separator;
        buf text;                        /* of the row's fields, each with its NUL */
        size_t offsets[CSV_COLUMNS_MAX]; /* in it */
        const char *fields[CSV_COLUMNS_MAX];
        size_t count;
};

static char detect(const char *at, const char *end)
{
        static const char candidates[] = ",;\t";
        size_t counts[3] = { 0 };
        bool quoted = false;
        size_t best = 0;

        for (; at < end && (quoted || (*at != '\n' && *at != '\r')); at++) {
                const char *hit = *at && !quoted ? strchr(candidates, *at) : NULL;

                if (*at == '"')
                        quoted = !quoted;
                else if (hit)
                        counts[hit - candidates]++;
        }
        for (size_t i = 1; i < 3; i++)
                if (counts[i] > counts[best])
                        best = i;
        return candidates[best];
}

msptk_status msptk__csv_open(const char *text, size_t len, csv **ret, msptk_error **ret_err)
{
        csv *c;

        if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
                text += 3;
                len -= 3;
        }
        if (!msptk__utf8_valid(text, len)) {
                const char *at = text, *end = text + len;
                int64_t line = 1;

                while (at < end) {
                        if (*at == '\n')
                                line++;
                        if (msptk__utf8_next(&at, end) == UTF8_BAD)
                                break;
                }
                return fail_why(ret_err, MSPTK_E_PARSE, "NOT_UTF8", "save the file as UTF-8",
                                "line %" PRId64 ": the text is not UTF-8", line);
        }
        c = msptk__alloc(sizeof(*c));
        if (!c)
                return msptk__nomem(ret_err);
        c->at = c->line_start = text;
        c->end = text + len;
        c->line = 1;
        c->separator = detect(text, c->end);
        c->text = (buf)BUF_INIT(1 << 20);
        *ret = c;
        return MSPTK_OK;
}

void msptk__csv_free(csv *c)
{
        if (!c)
                return;
        msptk__buf_clear(&c->text);
        msptk__free(c);
}

static msptk_status bad(const csv *c, const char *at, const char *what, msptk_error **ret_err)
{
        return fail_why(ret_err, MSPTK_E_PARSE, "BAD_CSV",
                        "see RFC 4180; most spreadsheets can save it",
                        "line %" PRId64 ", column %zu: %s", c->line,
                        msptk__utf8_count(c->line_start, (size_t)(at - c->line_start)) + 1, what);
}

/* Behind a line end: "\n", "\r\n" or "\r". */
static void line_end(csv *c)
{
        if (*c->at == '\r' && c->at + 1 < c->end && c->at[1] == '\n')
                c->at++;
        c->at++;
        c->line++;
        c->line_start = c->at;
}

static bool at_line_end(const csv *c)
{
        return c->at < c->end && (*c->at == '\n' || *c->at == '\r');
}

static msptk_status quoted_field(csv *c, msptk_error **ret_err)
{
        const csv begun = *c;

        for (c->at++;;) {
                if (c->at == c->end)
                        return bad(&begun, begun.at, "this quote is never closed", ret_err);
                if (*c->at == '"') {
                        c->at++;
                        if (c->at == c->end || *c->at != '"')
                                break;
                        msptk__buf_add_char(&c->text, '"');
                        c->at++;
                } else if (at_line_end(c)) {
                        msptk__buf_add_char(&c->text, '\n');
                        line_end(c);
                } else {
                        if (!*c->at)
                                return bad(c, c->at, "a NUL byte", ret_err);
                        msptk__buf_add_char(&c->text, *c->at++);
                }
        }
        while (c->at < c->end && *c->at == ' ' && c->separator != ' ')
                c->at++;
        if (c->at < c->end && *c->at != c->separator && !at_line_end(c))
                return bad(c, c->at, "text after a closing quote", ret_err);
        return MSPTK_OK;
}

static msptk_status plain_field(csv *c, msptk_error **ret_err)
{
        const char *from = c->at;

        for (; c->at < c->end && *c->at != c->separator && !at_line_end(c); c->at++) {
                if (*c->at == '"')
                        return bad(c, c->at, "a quote inside a field that does not begin with one",
                                   ret_err);
                if (!*c->at)
                        return bad(c, c->at, "a NUL byte", ret_err);
        }
        msptk__buf_add(&c->text, from, (size_t)(c->at - from));
        return MSPTK_OK;
}

static msptk_status one_field(csv *c, msptk_error **ret_err)
{
        size_t start = c->text.len;

        if (c->count == CSV_COLUMNS_MAX)
                return bad(c, c->at, "too many columns", ret_err);
        c->offsets[c->count++] = start;
        if (c->at < c->end && *c->at == '"')
                TRY(quoted_field(c, ret_err));
        else
                TRY(plain_field(c, ret_err));
        if (c->text.len - start > CSV_FIELD_MAX || c->text.failed == MSPTK_E_TOOBIG)
                return bad(c, c->at, "a field is too long", ret_err);
        msptk__buf_add_char(&c->text, '\0');
        return msptk__buf_status(&c->text, ROOM, "a row of the file", ret_err);
}

msptk_status msptk__csv_next(csv *c, csv_row *ret, msptk_error **ret_err)
{
        int64_t line;

        while (at_line_end(c))
                line_end(c);
        if (c->at == c->end)
                return MSPTK_DONE;
        line = c->line;
        c->count = 0;
        msptk__buf_reset(&c->text);
        for (;;) {
                TRY(one_field(c, ret_err));
                if (c->at == c->end || *c->at != c->separator)
                        break;
                c->at++;
        }
        if (c->at < c->end)
                line_end(c);
        for (size_t i = 0; i < c->count; i++)
                c->fields[i] = c->text.data + c->offsets[i];
        *ret = (csv_row){ .fields = c->fields, .count = c->count, .line = line };
        return MSPTK_OK;
}
