/* One thing: its fields as label and value, what lies inside it indented. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

enum { LABEL_MAX = 24 };

static bool is_object(const msptk_json *v)
{
        return msptk_json_type(v) == MSPTK_JSON_OBJECT;
}

/* An array whose elements are objects. */
static bool is_rows(const msptk_json *v)
{
        return msptk_json_type(v) == MSPTK_JSON_ARRAY && is_object(msptk_json_first(v));
}

static bool is_flat(const msptk_json *v)
{
        for (const msptk_json *i = msptk_json_first(v); i; i = msptk_json_next(i))
                if (msptk_json_type(i) >= MSPTK_JSON_ARRAY && msptk_json_first(i))
                        return false;
        return true;
}

/* Whether it stands below its label instead of beside it. */
static bool stands_below(const msptk_json *v)
{
        return is_rows(v) || (is_object(v) && !is_place(v) && msptk_json_first(v) &&
                              (!is_flat(v) || msptk_json_count(v) > 4));
}

static const char *kind_in_columns(const msptk_json *row, const char *key)
{
        const msptk_json *columns = msptk_json_get(msptk_json_get(row, "result"), "columns");

        for (const msptk_json *i = msptk_json_first(columns); i; i = msptk_json_next(i))
                if (!strcmp(op_text(i, "key"), key))
                        return op_text(i, "kind");
        return NULL;
}

static const char *kind_of(const msptk_json *row, const msptk_json *v)
{
        const char *key = msptk_json_key(v), *guessed = guess_kind(key, v);
        const char *said = row ? kind_in_columns(row, key) : NULL;

        /* A record has room for the time itself, not only for its age. */
        if (said && strcmp(said, "age") != 0 && strcmp(said, "text") != 0)
                return said;
        return guessed;
}

static size_t label_width(const msptk_json *doc)
{
        size_t widest = 0;

        for (const msptk_json *v = msptk_json_first(doc); v; v = msptk_json_next(v)) {
                text label = { 0 };
                size_t width;

                if (!strcmp(msptk_json_key(v), "schema") || stands_below(v))
                        continue;
                add_label(&label, msptk_json_key(v));
                width = text_width(text_str(&label));
                if (width > widest && width <= LABEL_MAX)
                        widest = width;
                text_free(&label);
        }
        return widest;
}

void add_wrapped(text *out, const char *s, size_t column, size_t limit, bool color, int style)
{
        size_t at = column;
        bool first = true;

        while (*s) {
                size_t gap = strspn(s, " "), n = strcspn(s + gap, " \n"), width;
                char *word = copy_part(s + gap, n);

                width = text_width(word);
                if (!first && limit && at + gap + width > limit && column + width <= limit) {
                        text_add(out, "\n");
                        text_fill(out, ' ', column);
                        at = column;
                } else {
                        text_fill(out, ' ', gap);
                        at += gap;
                }
                add_styled(out, color, style, word);
                at += width;
                first = false;
                free(word);
                s += gap + n;
                if (*s == '\n') {
                        text_add(out, "\n");
                        s++;
                        if (*s)
                                text_fill(out, ' ', column);
                        at = column;
                        first = true;
                }
        }
}

static void print_field(cli *c, const msptk_json *row, const msptk_json *v, size_t indent,
                        size_t width)
{
        text out = { 0 }, label = { 0 }, value = { 0 };
        const char *kind = kind_of(row, v);
        size_t used;

        add_label(&label, msptk_json_key(v));
        used = text_width(text_str(&label));
        text_fill(&out, ' ', indent);
        add_styled(&out, c->color_out, STYLE_BOLD, text_str(&label));
        text_fill(&out, ' ', used < width ? width - used + 2 : 2);
        if (used < width)
                used = width;
        add_value(c, &value, v, kind, false);
        add_wrapped(&out, text_str(&value), indent + used + 2, c->width, c->color_out,
                    value_style(v, kind));
        if (out.data[out.len - 1] != '\n')
                text_add(&out, "\n");
        out_text(c, &out);
        text_free(&out);
        text_free(&label);
        text_free(&value);
}

/* Columns out of the first rows' scalar fields, for arrays that no row of the table describes. */
static msptk_json *columns_of(const msptk_json *rows)
{
        msptk_json *columns = need(msptk_json_new_array());
        const msptk_json *first = msptk_json_first(rows);
        int64_t n = 0;

        for (const msptk_json *v = msptk_json_first(first); v; v = msptk_json_next(v)) {
                msptk_json *col;
                text title = { 0 };
                const char *key = msptk_json_key(v);

                if (!strcmp(key, "schema") ||
                    (msptk_json_type(v) >= MSPTK_JSON_ARRAY && !is_flat(v)))
                        continue;
                col = need(msptk_json_new_object());
                for (const char *p = key; *p; p++)
                        text_addn(&title, *p == '_' ? " " : p, 1);
                for (size_t i = 0; i < title.len; i++)
                        if (title.data[i] >= 'a' && title.data[i] <= 'z')
                                title.data[i] = (char)(title.data[i] - 32);
                if (msptk_json_set_string(col, "key", key) < 0 ||
                    msptk_json_set_string(col, "title", text_str(&title)) < 0 ||
                    msptk_json_set_int(col, "priority", ++n <= 3 ? 1 : n) < 0 ||
                    msptk_json_set_string(col, "kind", guess_kind(key, v)) < 0 ||
                    msptk_json_append(columns, col) < 0)
                        need(NULL);
                text_free(&title);
        }
        return columns;
}

static void print_rows(cli *c, const msptk_json *rows, size_t indent)
{
        msptk_json *columns = columns_of(rows);
        table *t = table_new(c, columns, NULL);

        for (const msptk_json *i = msptk_json_first(rows); i; i = msptk_json_next(i))
                table_row(t, i);
        table_print(t, indent);
        table_free(t);
        msptk_json_free(columns);
}

static void print_inside(cli *c, const msptk_json *v, size_t indent)
{
        text out = { 0 }, label = { 0 };

        if (!indent)
                text_add(&out, "\n");
        text_fill(&out, ' ', indent);
        add_label(&label, msptk_json_key(v));
        add_styled(&out, c->color_out, STYLE_BOLD, text_str(&label));
        text_add(&out, "\n");
        out_text(c, &out);
        text_free(&out);
        text_free(&label);
        if (is_rows(v))
                print_rows(c, v, indent + 2);
        else
                print_record(c, NULL, v, indent + 2);
}

/* A record that is told in sentences: its one column without a title. */
static bool print_sentences(cli *c, const msptk_json *row, const msptk_json *doc)
{
        const msptk_json *column =
                msptk_json_first(msptk_json_get(msptk_json_get(row, "result"), "columns"));
        const msptk_json *list = column ? value_at(doc, op_text(column, "key")) : NULL;
        text out = { 0 };

        if (!column || *op_text(column, "title") || msptk_json_type(list) != MSPTK_JSON_ARRAY)
                return false;
        for (const msptk_json *i = msptk_json_first(list); i; i = msptk_json_next(i)) {
                text clean = { 0 };

                add_clean(&clean, msptk_json_string(i, ""), false);
                add_wrapped(&out, text_str(&clean), 0, c->width, false, STYLE_PLAIN);
                text_add(&out, "\n");
                text_free(&clean);
        }
        out_text(c, &out);
        text_free(&out);
        return true;
}

void print_record(cli *c, const msptk_json *row, const msptk_json *doc, size_t indent)
{
        size_t width = label_width(doc);

        if (print_sentences(c, row, doc))
                return;

        for (const msptk_json *v = msptk_json_first(doc); v; v = msptk_json_next(v))
                if (strcmp(msptk_json_key(v), "schema") != 0 && !stands_below(v))
                        print_field(c, row, v, indent, width);
        for (const msptk_json *v = msptk_json_first(doc); v; v = msptk_json_next(v))
                if (strcmp(msptk_json_key(v), "schema") != 0 && stands_below(v))
                        print_inside(c, v, indent);
}

static bool in_words(const msptk_json *list, const char *word)
{
        for (const msptk_json *i = msptk_json_first(list); i; i = msptk_json_next(i))
                if (!strcmp(msptk_json_string(i, ""), word))
                        return true;
        return false;
}

/* Nothing, no, zero, or a collection of such. */
static bool says_nothing(const msptk_json *v)
{
        switch (msptk_json_type(v)) {
        case MSPTK_JSON_BOOL:
                return !msptk_json_bool(v, 0);
        case MSPTK_JSON_STRING:
                return !*msptk_json_string(v, "");
        case MSPTK_JSON_INT:
        case MSPTK_JSON_NUMBER:
                return msptk_json_double(v, 0) == 0;
        case MSPTK_JSON_ARRAY:
        case MSPTK_JSON_OBJECT:
                for (const msptk_json *i = msptk_json_first(v); i; i = msptk_json_next(i))
                        if (!says_nothing(i))
                                return false;
                return true;
        default:
                return true;
        }
}

/* The verdict with the sentence that says what it covers. */
static bool print_verdict(cli *c, const msptk_json *result, const msptk_json *doc)
{
        const char *verdict = op_text(doc, op_text(result, "verdict"));
        const char *summary = op_text(doc, "summary");
        text out = { 0 };

        if (!*verdict || !*summary)
                return false;
        text_add(&out, "\n");
        add_styled(&out, c->color_out, style_of_word(verdict), verdict);
        text_add(&out, "  ");
        add_wrapped(&out, summary, text_width(verdict) + 2, c->width, false, STYLE_PLAIN);
        text_add(&out, "\n");
        out_text(c, &out);
        text_free(&out);
        return true;
}

static bool belongs_in_footer(const msptk_json *result, const msptk_json *v,
                              const msptk_json *values, bool judged)
{
        const char *key = msptk_json_key(v);

        if (!strcmp(key, op_text(result, "rows")) || !strcmp(key, "schema") ||
            !strcmp(key, "count") || !strcmp(key, "next_cursor") || says_nothing(v) ||
            in_words(msptk_json_get(result, "volatile"), key) || msptk_json_get(values, key))
                return false;
        /* The sentence has said it. */
        return !judged || (!in_words(msptk_json_get(result, "coverage"), key) &&
                           strcmp(key, op_text(result, "verdict")) != 0 &&
                           strcmp(key, "summary") != 0 && strcmp(key, "counts") != 0);
}

/* Numbers that are not zero. */
static msptk_json *without_zeros(const msptk_json *v)
{
        msptk_json *some;

        if (!is_object(v) || !is_flat(v) || is_place(v))
                return need(msptk_json_copy(v));
        some = need(msptk_json_new_object());
        for (const msptk_json *i = msptk_json_first(v); i; i = msptk_json_next(i))
                if (!says_nothing(i) &&
                    msptk_json_set(some, msptk_json_key(i), need(msptk_json_copy(i))) < 0)
                        need(NULL);
        return some;
}

static void print_silent(cli *c, const msptk_json *doc)
{
        text out = { 0 };

        add_list_below(c, &out, "silent", value_at(doc, "coverage.not_reported"), 0);
        out_text(c, &out);
        text_free(&out);
}

void print_footer(cli *c, const msptk_json *row, const msptk_json *doc, const msptk_json *values)
{
        const msptk_json *result = msptk_json_get(row, "result");
        msptk_json *rest = need(msptk_json_new_object());
        bool judged = print_verdict(c, result, doc);

        if (judged)
                print_silent(c, doc);
        for (const msptk_json *v = msptk_json_first(doc); v; v = msptk_json_next(v))
                if (belongs_in_footer(result, v, values, judged) &&
                    msptk_json_set(rest, msptk_json_key(v), without_zeros(v)) < 0)
                        need(NULL);
        if (msptk_json_first(rest)) {
                if (!judged)
                        out_write(c, "\n", 1);
                print_record(c, row, rest, 0);
        }
        msptk_json_free(rest);
}
