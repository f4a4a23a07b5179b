/* Standard output: written through one place that notices when nobody reads or nothing can be
 * written; results as JSON. */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void out_write(cli *c, const char *s, size_t n)
{
        if (c->to_stderr) {
                note_line(s, n);
                return;
        }
        if (c->out_errno || !n)
                return;
        errno = 0;
        if (fwrite(s, 1, n, stdout) != n)
                c->out_errno = errno ? errno : EIO;
}

void out_flush(cli *c)
{
        if (c->out_errno)
                return;
        errno = 0;
        if (fflush(stdout) != 0)
                c->out_errno = errno ? errno : EIO;
}

void out_text(cli *c, text *t)
{
        out_write(c, text_str(t), t->len);
        text_reset(t);
}

bool out_broken(const cli *c)
{
        return c->out_errno != 0;
}

/* Control and direction characters, which JSON text may hold as they are, would reach the
 * terminal: there they are written as escapes. They can only stand inside strings. */
static void write_guarded(cli *c, const char *s)
{
        text out = { 0 };
        const unsigned char *p = (const unsigned char *)s;

        if (!c->out_tty) {
                out_write(c, s, strlen(s));
                return;
        }
        for (; *p; p++) {
                if (*p == 0x7f) {
                        text_add(&out, "\\u007f");
                } else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) {
                        text_addf(&out, "\\u%04x", p[1]);
                        p++;
                } else if (*p == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
                                          (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9))) {
                        text_addf(&out, "\\u%04x",
                                  0x2000u | (unsigned)(p[1] & 0x3f) << 6 | (p[2] & 0x3f));
                        p += 2;
                } else {
                        text_addn(&out, (const char *)p, 1);
                }
        }
        out_text(c, &out);
        text_free(&out);
}

/* One value; in a pretty document its further lines are indented by `indent`. */
static msptk_status write_value(cli *c, const msptk_json *v, size_t indent, msptk_error **ret_err)
{
        char *made = NULL;
        msptk_status st = msptk_json_print(v, c->out_tty ? MSPTK_JSON_PRETTY : 0, &made, ret_err);

        if (st < 0)
                return st;
        if (c->out_tty && indent) {
                text out = { 0 };

                for (const char *p = made; *p;) {
                        size_t n = strcspn(p, "\n");

                        text_addn(&out, p, n);
                        p += n;
                        if (*p == '\n') {
                                text_add(&out, "\n");
                                text_fill(&out, ' ', indent);
                                p++;
                        }
                }
                write_guarded(c, text_str(&out));
                text_free(&out);
        } else {
                write_guarded(c, made);
        }
        msptk_string_free(made);
        return MSPTK_OK;
}

void print_json(cli *c, const msptk_json *doc)
{
        if (write_value(c, doc, 0, NULL) < 0)
                need(NULL);
        out_write(c, "\n", 1);
}

typedef struct writer {
        cli *c;
        bool any;
} writer;

static void write_key(writer *w, const char *key)
{
        text out = { 0 };
        msptk_json *holder = need(msptk_json_new_array());
        char *made = NULL;

        text_add(&out, w->any ? "," : "");
        text_add(&out, w->c->out_tty ? "\n  " : "");
        w->any = true;
        if (msptk_json_append_string(holder, key) < 0 ||
            msptk_json_print(msptk_json_first(holder), 0, &made, NULL) < 0)
                need(NULL);
        text_add(&out, made);
        text_add(&out, w->c->out_tty ? ": " : ":");
        out_text(w->c, &out);
        msptk_string_free(made);
        msptk_json_free(holder);
        text_free(&out);
}

static msptk_status write_rows(cli *c, msptk_result *r, int64_t *ret_count, msptk_error **ret_err)
{
        const msptk_json *row;
        msptk_status st;
        int64_t n = 0;

        out_write(c, "[", 1);
        while ((st = msptk_result_next(r, &row, ret_err)) == MSPTK_OK && !out_broken(c)) {
                out_write(c, ",", n ? 1 : 0);
                if (c->out_tty)
                        out_write(c, "\n    ", 5);
                st = write_value(c, row, 4, ret_err);
                if (st < 0)
                        break;
                n++;
        }
        if (c->out_tty && n)
                out_write(c, "\n  ", 3);
        out_write(c, "]", 1);
        *ret_count = n;
        return st;
}

/* The document of a page, with the rows of all pages; how many they are is known behind them. */
static msptk_status print_page(cli *c, const char *rows, const msptk_json *doc, msptk_result *r,
                               msptk_error **ret_err)
{
        int64_t first = (int64_t)msptk_json_count(msptk_json_get(doc, rows)), count = 0;
        const msptk_json *said = msptk_json_get(doc, "count");
        const msptk_json *cursor = msptk_json_get(doc, "next_cursor");
        bool counts = said && msptk_json_int(said, -1) == first;
        msptk_status st = MSPTK_DONE, wrote = MSPTK_OK;
        writer w = { .c = c };
        text out = { 0 };

        out_write(c, "{", 1);
        for (const msptk_json *v = msptk_json_first(doc); v && wrote == MSPTK_OK;
             v = msptk_json_next(v)) {
                const char *key = msptk_json_key(v);

                if (v == cursor || (v == said && counts))
                        continue;
                write_key(&w, key);
                if (!strcmp(key, rows))
                        st = write_rows(c, r, &count, ret_err);
                else
                        wrote = write_value(c, v, 2, NULL);
        }
        if (counts) {
                write_key(&w, "count");
                text_addf(&out, "%lld", (long long)count);
                out_text(c, &out);
        }
        if (cursor) {
                write_key(&w, "next_cursor");
                out_write(c, "null", 4);
        }
        if (st < 0 && ret_err && *ret_err) {
                char *made = NULL;

                /* What was printed is not the whole list: the document itself says so. */
                if (msptk_error_to_json(*ret_err, &made) == MSPTK_OK) {
                        write_key(&w, "error");
                        write_guarded(c, made);
                        msptk_string_free(made);
                }
        }
        text_add(&out, c->out_tty ? "\n}\n" : "}\n");
        out_text(c, &out);
        text_free(&out);
        return st < 0 ? st : wrote;
}

msptk_status print_result_json(cli *c, const msptk_json *row, msptk_result *r, bool limited,
                               msptk_error **ret_err)
{
        const msptk_json *doc = msptk_result_json(r), *result = msptk_json_get(row, "result");
        bool whole = limited || !msptk_json_string(msptk_json_get(doc, "next_cursor"), NULL);

        if (!whole && !strcmp(op_text(result, "kind"), "page") &&
            msptk_json_type(msptk_json_get(doc, op_text(result, "rows"))) == MSPTK_JSON_ARRAY)
                return print_page(c, op_text(result, "rows"), doc, r, ret_err);
        print_json(c, doc);
        return MSPTK_OK;
}
