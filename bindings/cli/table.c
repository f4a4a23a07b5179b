/* Rows under heads: columns as wide as they need, the least important leave a narrow terminal. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 24, GAP = 2, LEAST = 8 };

typedef struct column {
        const char *path, *title, *kind;
        int64_t priority;
        size_t width; /* widest cell so far */
        size_t shown; /* width on the terminal; 0: left out */
        bool any;     /* some row has a value */
} column;

typedef struct cell {
        char *text;
        int style;
} cell;

struct table {
        cli *c;
        column columns[COLUMNS_MAX];
        size_t count;
        cell *cells; /* of the rows that wait, row by row */
        size_t rows, rows_cap;
        bool headed;
};

const msptk_json *value_at(const msptk_json *row, const char *path)
{
        char part[128];

        while (row) {
                size_t n = strcspn(path, ".");
                const msptk_json *whole = msptk_json_get(row, path);

                if (whole || !path[n] || n >= sizeof(part))
                        return whole;
                memcpy(part, path, n);
                part[n] = '\0';
                row = msptk_json_get(row, part);
                path += n + 1;
        }
        return NULL;
}

table *table_new(cli *c, const msptk_json *columns)
{
        table *t = need(calloc(1, sizeof(*t)));

        t->c = c;
        for (const msptk_json *i = msptk_json_first(columns); i && t->count < COLUMNS_MAX;
             i = msptk_json_next(i)) {
                column *col = &t->columns[t->count++];

                col->path = op_text(i, "key");
                col->title = op_text(i, "title");
                col->kind = op_text(i, "kind");
                col->priority = msptk_json_int(msptk_json_get(i, "priority"), 1);
                col->width = text_width(col->title);
        }
        return t;
}

void table_row(table *t, const msptk_json *row)
{
        if (t->rows == t->rows_cap) {
                t->rows_cap = t->rows_cap ? 2 * t->rows_cap : 64;
                t->cells = need(realloc(t->cells, t->rows_cap * (t->count + 1) * sizeof(cell)));
        }
        for (size_t i = 0; i < t->count; i++) {
                column *col = &t->columns[i];
                const msptk_json *v = value_at(row, col->path);
                cell *at = &t->cells[t->rows * t->count + i];
                text made = { 0 };
                size_t width;

                add_value(t->c, &made, v, col->kind, true);
                at->text = made.data ? made.data : copy_text("");
                at->style = value_style(v, col->kind);
                col->any = col->any || msptk_json_type(v) > MSPTK_JSON_NULL;
                width = text_width(at->text);
                if (width > col->width)
                        col->width = width;
        }
        t->rows++;
}

size_t table_waiting(const table *t)
{
        return t->rows;
}

static size_t total_width(const table *t)
{
        size_t sum = 0;

        for (size_t i = 0; i < t->count; i++)
                if (t->columns[i].shown)
                        sum += t->columns[i].shown + (sum ? GAP : 0);
        return sum;
}

/* The last column of the highest number that may go. */
static column *least_important(table *t)
{
        column *least = NULL;

        for (size_t i = 0; i < t->count; i++) {
                column *col = &t->columns[i];

                if (col->shown && col->priority > 1 && (!least || col->priority >= least->priority))
                        least = col;
        }
        return least;
}

static bool may_shrink(const column *col)
{
        return !kind_is_number(col->kind) && strcmp(col->kind, "time") != 0 &&
               strcmp(col->kind, "age") != 0 && strcmp(col->kind, "status") != 0 &&
               strcmp(col->kind, "severity") != 0 && strcmp(col->kind, "bool") != 0;
}

static column *widest(table *t)
{
        column *wide = NULL;

        for (size_t i = 0; i < t->count; i++) {
                column *col = &t->columns[i];

                if (may_shrink(col) && col->shown > LEAST && (!wide || col->shown > wide->shown))
                        wide = col;
        }
        return wide;
}

/* How much the wide columns could give before one would have to leave. */
static bool shrink_to(table *t, size_t limit, size_t floor)
{
        column *wide;

        while (total_width(t) > limit && (wide = widest(t)) && wide->shown > floor)
                wide->shown--;
        return total_width(t) <= limit;
}

/* Cut long texts to a readable length first, then let columns go, then cut harder. */
static void fit(table *t, size_t limit)
{
        column *least;
        size_t natural[COLUMNS_MAX];

        for (size_t i = 0; i < t->count; i++) {
                column *col = &t->columns[i];

                /* A column without a single value would be noise. */
                col->shown = col->any || col->priority == 1 ? col->width : 0;
        }
        if (!limit || total_width(t) <= limit)
                return;
        for (;;) {
                for (size_t i = 0; i < t->count; i++)
                        natural[i] = t->columns[i].shown;
                if (shrink_to(t, limit, 24))
                        return;
                least = least_important(t);
                if (!least)
                        break;
                for (size_t i = 0; i < t->count; i++)
                        t->columns[i].shown = natural[i];
                least->shown = 0;
        }
        shrink_to(t, limit, LEAST);
}

static void add_padded(text *out, const table *t, const column *col, const char *s, int style,
                       bool last)
{
        size_t width, n = text_cut(s, col->shown, &width);
        bool color = t->c->color_out, right = kind_is_number(col->kind);
        char *part;

        if (s[n]) {
                const char *dots = t->c->utf8 ? "\xe2\x80\xa6" : "...";
                size_t room = t->c->utf8 ? 1 : 3;
                text cut = { 0 };

                n = text_cut(s, col->shown > room ? col->shown - room : 0, &width);
                while (n && s[n - 1] == ' ') {
                        n--;
                        width--;
                }
                text_addn(&cut, s, n);
                text_add(&cut, dots);
                width += room;
                part = cut.data;
        } else {
                part = copy_text(s);
        }
        if (right && width < col->shown)
                text_fill(out, ' ', col->shown - width);
        add_styled(out, color, style, part);
        if (!right && !last && width < col->shown)
                text_fill(out, ' ', col->shown - width);
        free(part);
}

static void add_line(text *out, const table *t, const cell *cells, size_t indent)
{
        size_t last = 0;
        bool first = true;

        for (size_t i = 0; i < t->count; i++)
                if (t->columns[i].shown)
                        last = i;
        text_fill(out, ' ', indent);
        for (size_t i = 0; i < t->count; i++) {
                const column *col = &t->columns[i];

                if (!col->shown)
                        continue;
                if (!first)
                        text_fill(out, ' ', GAP);
                first = false;
                add_padded(out, t, col, cells ? cells[i].text : col->title,
                           cells ? cells[i].style : STYLE_HEAD, i == last);
        }
        while (out->len && out->data[out->len - 1] == ' ')
                out->data[--out->len] = '\0';
        text_add(out, "\n");
}

void table_print(table *t, size_t indent)
{
        text out = { 0 };

        if (!t->rows)
                return;
        if (!t->headed)
                fit(t, t->c->width > indent ? t->c->width - indent : 0);
        else if (!t->c->width)
                for (size_t i = 0; i < t->count; i++)
                        if (t->columns[i].shown)
                                t->columns[i].shown = t->columns[i].width;
        if (!t->headed && !t->c->g.quiet)
                add_line(&out, t, NULL, indent);
        t->headed = true;
        for (size_t r = 0; r < t->rows; r++) {
                add_line(&out, t, t->cells + r * t->count, indent);
                for (size_t i = 0; i < t->count; i++)
                        free(t->cells[r * t->count + i].text);
                if (out.len > 65536)
                        out_text(t->c, &out);
        }
        t->rows = 0;
        out_text(t->c, &out);
        text_free(&out);
}

void table_free(table *t)
{
        if (!t)
                return;
        for (size_t r = 0; r < t->rows; r++)
                for (size_t i = 0; i < t->count; i++)
                        free(t->cells[r * t->count + i].text);
        free(t->cells);
        free(t);
}
