/*
 * Rows of a page, straight into the two texts of the answer: the JSON of the structured content and
 * the line of the table. A page is most of what agents ask for, so it is made without a tree; rows
 * with columns inside other objects, and rows in detail, go through one.
 */
#include "mcp/inside.h"

enum { TEXT_PRIORITY = 3 };

/* ---- columns ---- */

void note_columns(run *r)
{
        const msptk_json *all = msptk_json_get(msptk_json_get(r->o->row, "result"), "columns");

        for (const msptk_json *c = msptk_json_first(all); c && r->column_count < COLUMNS_MAX;
             c = msptk_json_next(c)) {
                column *to = &r->columns[r->column_count++];
                const char *kind = msptk_json_string(msptk_json_get(c, "kind"), "");

                to->key = get_str(c, "key");
                to->title = get_str(c, "title");
                to->key_len = strlen(to->key);
                to->secret = is_secret_name(to->key);
                to->time = !strcmp(kind, "age") || !strcmp(kind, "time");
                /* In the text: what matters most, and not the client when all rows are its. */
                to->in_text = r->a.detailed ||
                              msptk_json_int(msptk_json_get(c, "priority"), 1) <= TEXT_PRIORITY;
                if (r->client_id && !strcmp(to->key, "client_id"))
                        to->in_text = false;
                if (strchr(to->key, '.'))
                        r->deep_columns = true;
        }
}

static void add_time(text *t, const char *s)
{
        if (strlen(s) > 20 && s[10] == 'T') {
                text_addn(t, s, 16); /* to the minute */
                text_add(t, "Z");
        } else {
                add_flat(t, s, CAP_NAME);
        }
}

void add_titles(text *t, const run *r)
{
        const char *between = "| ";

        for (size_t i = 0; i < r->column_count; i++) {
                if (!r->columns[i].in_text)
                        continue;
                text_add(t, between);
                text_add(t, r->columns[i].title);
                between = " | ";
        }
}

/* ---- by way of a tree ---- */

/* "counts.critical": the value at the path. */
static const msptk_json *value_at(const msptk_json *row, const char *path)
{
        while (row && *path) {
                size_t n = strcspn(path, ".");
                char *key = copy_part(path, n);

                row = msptk_json_get(row, key);
                free(key);
                path += path[n] ? n + 1 : n;
        }
        return row;
}

static void put_path(msptk_json *into, const char *path, const msptk_json *row)
{
        const char *dot = strchr(path, '.');
        char *key = copy_part(path, dot ? (size_t)(dot - path) : strlen(path));
        const msptk_json *v = msptk_json_get(row, key);

        if (!v) {
                put_null(into, key);
        } else if (!dot || !is_object(v)) {
                put_safe(into, key, v, CAP_CONCISE);
        } else {
                msptk_json *below = msptk_json_get(into, key);

                put_path(below ? below : put_object(into, key), dot + 1, v);
        }
        free(key);
}

static msptk_json *shape_row(const run *r, const msptk_json *row)
{
        msptk_json *made;

        if (r->a.detailed || !is_object(row))
                return safe_tree(row, r->a.detailed ? CAP_DETAILED : CAP_CONCISE);
        made = new_object();
        put_safe(made, "id", msptk_json_get(row, "id"), CAP_CONCISE);
        for (size_t i = 0; i < r->column_count; i++)
                put_path(made, r->columns[i].key, row);
        return made;
}

static void add_row_of_tree(const run *r, const msptk_json *row, text *json, text *line)
{
        msptk_json *made = shape_row(r, row);
        char *printed = print_tree(made);
        const char *between = "| ";

        text_add(json, printed);
        for (size_t i = 0; i < r->column_count; i++) {
                const column *c = &r->columns[i];
                const msptk_json *v = c->in_text ? value_at(made, c->key) : NULL;

                if (!c->in_text)
                        continue;
                text_add(line, between);
                between = " | ";
                if (c->time && msptk_json_type(v) == MSPTK_JSON_STRING)
                        add_time(line, msptk_json_string(v, ""));
                else
                        add_cell(line, v, CAP_CONCISE);
        }
        free(printed);
        msptk_json_free(made);
}

/* ---- straight ---- */

/* A value that is neither text nor nothing: printed by way of a tree of its own. */
static void add_other(text *json, text *cell, const msptk_json *v)
{
        msptk_json *box = new_array();
        char *printed;

        put_safe(box, NULL, v, CAP_CONCISE);
        printed = print_tree(msptk_json_first(box));
        text_add(json, printed);
        if (cell && msptk_json_type(v) == MSPTK_JSON_INT)
                text_add(cell, printed);
        else if (cell)
                add_cell(cell, msptk_json_first(box), CAP_CONCISE);
        free(printed);
        msptk_json_free(box);
}

static void add_int(text *json, text *cell, int64_t value)
{
        char digits[24], *at = digits + sizeof(digits);
        uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

        do {
                *--at = (char)('0' + left % 10);
        } while (left /= 10);
        if (value < 0)
                *--at = '-';
        text_addn(json, at, (size_t)(digits + sizeof(digits) - at));
        if (cell)
                text_addn(cell, at, (size_t)(digits + sizeof(digits) - at));
}

static void add_string(text *json, text *cell, const column *c, const char *s)
{
        text made = { 0 };
        size_t n;

        if (!c->secret && !c->time && is_plain(s, &n) && n <= CAP_CONCISE) {
                text_addn(json, "\"", 1);
                text_addn(json, s, n);
                text_addn(json, "\"", 1);
                if (cell)
                        text_addn(cell, n ? s : "-", n ? n : 1);
                return;
        }
        s = safe_value(s, c->secret, CAP_CONCISE, &made);
        add_json_text(json, s);
        if (cell && c->time)
                add_time(cell, s);
        else if (cell)
                add_flat(cell, *s ? s : "-", CAP_CONCISE);
        text_free(&made);
}

static void add_value(text *json, text *cell, const column *c, const msptk_json *v)
{
        /* Beyond, a number is printed as a string. */
        static const int64_t exact = INT64_C(1) << 53;
        int64_t value;

        switch (msptk_json_type(v)) {
        case MSPTK_JSON_NONE:
        case MSPTK_JSON_NULL:
                text_addn(json, "null", 4);
                if (cell)
                        text_addn(cell, "-", 1);
                return;
        case MSPTK_JSON_STRING:
                add_string(json, cell, c, msptk_json_string(v, ""));
                return;
        case MSPTK_JSON_INT:
                value = msptk_json_int(v, exact + 1);
                if (value >= -exact && value <= exact) {
                        add_int(json, cell, value);
                        return;
                }
                __attribute__((fallthrough));
        default:
                add_other(json, cell, v);
        }
}

static void add_row_straight(const run *r, const msptk_json *row, text *json, text *line)
{
        static const column id = { .key = "id" };
        const msptk_json *its_id = msptk_json_get(row, "id");
        const char *between = "| ";
        bool first = true;

        text_addn(json, "{", 1);
        if (its_id) {
                text_addn(json, "\"id\":", 5);
                add_value(json, NULL, &id, its_id);
                first = false;
        }
        for (size_t i = 0; i < r->column_count; i++) {
                const column *c = &r->columns[i];
                bool said = its_id && !strcmp(c->key, "id");
                text unheard = { 0 };

                if (c->in_text) {
                        text_add(line, between);
                        between = " | ";
                }
                if (!said) {
                        text_addn(json, first ? "\"" : ",\"", first ? 1 : 2);
                        text_addn(json, c->key, c->key_len);
                        text_addn(json, "\":", 2);
                        first = false;
                }
                add_value(said ? &unheard : json, c->in_text ? line : NULL, c,
                          msptk_json_get(row, c->key));
                text_free(&unheard);
        }
        text_addn(json, "}", 1);
}

void add_row(const run *r, const msptk_json *row, text *json, text *line)
{
        if (r->a.detailed || r->deep_columns || !is_object(row))
                add_row_of_tree(r, row, json, line);
        else
                add_row_straight(r, row, json, line);
}
