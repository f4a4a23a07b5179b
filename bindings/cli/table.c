/* Rows under heads: columns as wide as they need, the least important leave a narrow terminal. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

enum {
        COLUMNS_MAX = 24,
        GAP = 2,
        LEAST = 8,
        NAME_LEAST = 24,
        PROSE_LEAST = 44,
        LINES_MAX = 12,
        ITEMS_SHOWN = 10
};

typedef struct column {
        const char *path, *title, *kind;
        int64_t priority;
        size_t width; /* widest cell so far */
        size_t shown; /* width on the terminal; 0: left out */
        bool any;     /* some row has a value */
        bool given;   /* an argument has said it: the same in every row */
        bool below;   /* stands under its row instead of beside it */
} column;

typedef struct cell {
        char *text;
        int style;
        char *items; /* of a list, one per line; NULL */
} cell;

struct table {
        cli *c;
        column columns[COLUMNS_MAX];
        size_t count;
        cell *cells; /* of the rows that wait, row by row; the last of a row is what stands below */
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

table *table_new(cli *c, const msptk_json *columns, const msptk_json *given)
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
                col->given = col->priority > 1 && msptk_json_get(given, col->path);
        }
        return t;
}

static size_t row_cells(const table *t)
{
        return t->count + 1;
}

static void add_cell(const cli *c, text *made, const msptk_json *v, const column *col)
{
        if (holds_objects(v))
                text_addf(made, "%zu", msptk_json_count(v)); /* they themselves stand below */
        else
                add_value(c, made, v, col->kind, true);
}

static bool is_list(const column *col)
{
        return !strcmp(col->kind, "list");
}

static char *list_items(const cli *c, const msptk_json *v)
{
        text made = { 0 };

        for (const msptk_json *i = msptk_json_first(v); i; i = msptk_json_next(i)) {
                text_add(&made, made.len ? "\n" : "");
                add_value(c, &made, i, "", true);
        }
        return made.data;
}

/* What the row's lists hold, and which devices were silent. */
static char *below_row(const table *t, const msptk_json *row)
{
        text made = { 0 };

        for (size_t i = 0; i < t->count; i++)
                if (!strcmp(t->columns[i].kind, "list"))
                        add_list_below(t->c, &made, t->columns[i].title,
                                       value_at(row, t->columns[i].path), 0);
        add_list_below(t->c, &made, "silent", value_at(row, "coverage.not_reported"), 0);
        return made.data;
}

void table_row(table *t, const msptk_json *row)
{
        if (t->rows == t->rows_cap) {
                t->rows_cap = t->rows_cap ? 2 * t->rows_cap : 64;
                t->cells = need(realloc(t->cells, t->rows_cap * row_cells(t) * sizeof(cell)));
        }
        for (size_t i = 0; i < t->count; i++) {
                column *col = &t->columns[i];
                const msptk_json *v = value_at(row, col->path);
                cell *at = &t->cells[t->rows * row_cells(t) + i];
                text made = { 0 };
                size_t width;

                add_cell(t->c, &made, v, col);
                at->text = made.data ? made.data : copy_text("");
                at->style = value_style(v, col->kind);
                at->items = is_list(col) ? list_items(t->c, v) : NULL;
                col->any = col->any || msptk_json_type(v) > MSPTK_JSON_NULL;
                width = text_width(at->text);
                if (width > col->width)
                        col->width = width;
        }
        t->cells[t->rows * row_cells(t) + t->count] = (cell){ .text = below_row(t, row) };
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

/* The last column of the highest number, from `priority` on. */
static column *least_important(table *t, int64_t priority)
{
        column *least = NULL;

        for (size_t i = 0; i < t->count; i++) {
                column *col = &t->columns[i];

                if (col->shown && col->priority >= priority &&
                    (!least || col->priority >= least->priority))
                        least = col;
        }
        return least;
}

static bool may_shrink(const column *col)
{
        return !kind_is_number(col->kind) && strcmp(col->kind, "time") != 0 && !is_list(col) &&
               strcmp(col->kind, "age") != 0 && strcmp(col->kind, "status") != 0 &&
               strcmp(col->kind, "severity") != 0 && strcmp(col->kind, "bool") != 0;
}

/* Sentences go on in further lines instead of being cut: their end is what one looks for. */
static bool is_prose(const column *col)
{
        static const char *const keys[] = { "message",     "reason",  "detail",
                                            "why",         "because", "about",
                                            "description", "problem", "summary" };
        const char *key = strrchr(col->path, '.') ? strrchr(col->path, '.') + 1 : col->path;

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                if (!strcmp(key, keys[i]))
                        return true;
        return false;
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

/* Takes from the widest columns until the table fits; nothing goes below `least`. */
static bool shrink_to(table *t, size_t limit, size_t least)
{
        column *wide;

        while (total_width(t) > limit && (wide = widest(t)) &&
               wide->shown > (is_prose(wide) && least > LEAST ? PROSE_LEAST : least))
                wide->shown--;
        return total_width(t) <= limit;
}

/* Advice is what a reader needs most: rather than leaving or being squeezed it goes below. */
static bool is_advice(const column *col)
{
        return !strcmp(col->path, "suggestion");
}

static void put_below(table *t, bool words_too)
{
        for (size_t i = 0; i < t->count; i++) {
                column *col = &t->columns[i];

                if (col->shown && (is_advice(col) || (words_too && col->priority < 3 &&
                                                      (is_prose(col) || is_list(col)))))
                        col->below = true;
        }
}

static void show_all(table *t)
{
        for (size_t i = 0; i < t->count; i++) {
                column *col = &t->columns[i];

                /* A column without a single value would be noise. */
                col->shown = !col->below && !col->given && (col->any || col->priority == 1)
                                     ? col->width
                                     : 0;
        }
}

/* Cuts names to a readable length; where that is not enough, columns from `priority` on leave. */
static bool try_fit(table *t, size_t limit, int64_t priority)
{
        size_t natural[COLUMNS_MAX];
        column *least;

        for (;;) {
                for (size_t i = 0; i < t->count; i++)
                        natural[i] = t->columns[i].shown;
                if (shrink_to(t, limit, NAME_LEAST))
                        return true;
                for (size_t i = 0; i < t->count; i++)
                        t->columns[i].shown = natural[i];
                least = least_important(t, priority);
                if (!least)
                        return false;
                least->shown = 0;
        }
}

/* First the least important columns leave, then sentences and lists go below their rows, then more
 * columns leave, and at last everything is cut. */
static void fit(table *t, size_t limit)
{
        show_all(t);
        if (!limit || total_width(t) <= limit)
                return;
        put_below(t, false);
        show_all(t);
        if (try_fit(t, limit, 3))
                return;
        show_all(t);
        put_below(t, true);
        show_all(t);
        if (!try_fit(t, limit, 2))
                shrink_to(t, limit, LEAST);
}

/* What of a cell stands in this line; *rest moves on to what stands in the next. */
static char *take_line(const table *t, const column *col, const char **rest, bool may_wrap)
{
        const char *s = *rest, *dots = t->c->utf8 ? "\xe2\x80\xa6" : "...";
        size_t room = t->c->utf8 ? 1 : 3, n = text_cut(s, col->shown, NULL), end;
        text cut = { 0 };

        *rest = s + strlen(s);
        if (!s[n])
                return copy_text(s);
        if (may_wrap && is_prose(col)) {
                for (end = n; end && s[end] != ' '; end--)
                        ;
                end = end ? end : n;
                *rest = s + end + strspn(s + end, " ");
                return copy_part(s, end);
        }
        n = text_cut(s, col->shown > room ? col->shown - room : 0, NULL);
        while (n && s[n - 1] == ' ')
                n--;
        text_addn(&cut, s, n);
        text_add(&cut, dots);
        return cut.data;
}

static void add_padded(text *out, const table *t, const column *col, const char *part, int style)
{
        size_t width = text_width(part);
        bool right = kind_is_number(col->kind);

        if (right && width < col->shown)
                text_fill(out, ' ', col->shown - width);
        add_styled(out, t->c->color_out, style, part);
        if (!right && width < col->shown)
                text_fill(out, ' ', col->shown - width);
}

/* One row, or the titles; as many lines as its longest sentence needs. */
static void add_line(text *out, const table *t, const cell *cells, size_t indent)
{
        const char *rest[COLUMNS_MAX];
        bool more = true;

        for (size_t i = 0; i < t->count; i++)
                rest[i] = cells ? cells[i].text : t->columns[i].title;
        for (int line = 0; more; line++) {
                bool first = true;

                more = false;
                text_fill(out, ' ', indent);
                for (size_t i = 0; i < t->count; i++) {
                        const column *col = &t->columns[i];
                        char *part;

                        if (!col->shown)
                                continue;
                        text_fill(out, ' ', first ? 0 : GAP);
                        first = false;
                        part = take_line(t, col, &rest[i], line < LINES_MAX);
                        add_padded(out, t, col, part, cells ? cells[i].style : STYLE_HEAD);
                        more = more || *rest[i];
                        free(part);
                }
                while (out->len && out->data[out->len - 1] == ' ')
                        out->data[--out->len] = '\0';
                text_add(out, "\n");
        }
}

/* What is said below a row that is well would only hide those that are not. */
static bool is_well(const table *t, const cell *cells)
{
        for (size_t i = 0; i < t->count; i++)
                if (cells[i].style == STYLE_GOOD)
                        return true;
        return false;
}

/* One line for each of the first items, and how many there are more. */
static void add_items(text *out, const table *t, const char *title, const char *items, size_t left)
{
        size_t n = 0, more = 0;

        while (*items) {
                size_t len = strcspn(items, "\n");
                char *item = copy_part(items, len);

                if (n++ < ITEMS_SHOWN) {
                        text_fill(out, ' ', left);
                        add_styled(out, t->c->color_out, STYLE_BOLD, n == 1 ? title : "");
                        text_fill(out, ' ', n == 1 ? 2 : strlen(title) + 2);
                        add_wrapped(out, item, left + strlen(title) + 2, t->c->width, false,
                                    STYLE_PLAIN);
                        text_add(out, "\n");
                } else {
                        more++;
                }
                free(item);
                items += len + (items[len] == '\n');
        }
        if (more) {
                text_fill(out, ' ', left + strlen(title) + 2);
                text_addf(out, "and %zu more\n", more);
        }
}

static void add_below(text *out, const table *t, const cell *cells, size_t indent)
{
        const char *arrow = t->c->utf8 ? "\xe2\x86\x92 " : "> ";
        size_t left = indent + 4;

        for (size_t i = 0; i < t->count; i++) {
                const column *col = &t->columns[i];

                if (!col->below || !strcmp(cells[i].text, "-"))
                        continue;
                if (is_prose(col) && is_well(t, cells))
                        continue;
                if (is_list(col)) {
                        add_items(out, t, col->title, cells[i].items ? cells[i].items : "", left);
                        continue;
                }
                text_fill(out, ' ', left - 2);
                text_add(out, is_advice(col) ? arrow : "  ");
                add_wrapped(out, cells[i].text, left, t->c->width, false, STYLE_PLAIN);
                text_add(out, "\n");
        }
        text_add(out, cells[t->count].text ? cells[t->count].text : "");
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
                add_line(&out, t, t->cells + r * row_cells(t), indent);
                add_below(&out, t, t->cells + r * row_cells(t), indent);
                for (size_t i = 0; i < row_cells(t); i++) {
                        free(t->cells[r * row_cells(t) + i].text);
                        free(t->cells[r * row_cells(t) + i].items);
                }
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
                for (size_t i = 0; i < row_cells(t); i++) {
                        free(t->cells[r * row_cells(t) + i].text);
                        free(t->cells[r * row_cells(t) + i].items);
                }
        free(t->cells);
        free(t);
}
