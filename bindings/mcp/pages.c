/*
 * Rows within a budget of tokens. The library pages by rows, an agent pays by bytes: rows are read
 * and measured, and the last page is read again with the very number that fits, so that its
 * next_cursor is right. A run that asks vendors is not repeated for that: its first page is small
 * enough for certain, the rest is read from what the run has kept.
 */
#include "mcp/inside.h"

/* The fewest bytes a row takes in both forms; and the most, which bounds the first page of a run.
 */
enum { ROW_LEAST = 120, ROW_MOST_CONCISE = 1200, ROW_MOST_DETAILED = 3000, ROWS_MOST = 1000 };

static size_t room(const run *r)
{
        return (size_t)r->a.max_tokens * 7 / 2;
}

static size_t length_of(const msptk_json *json);

/* Of a string or a key, its quotes and escapes included. */
static size_t quoted_length(const char *s)
{
        size_t n = 2;

        for (; *s; s++)
                n += (unsigned char)*s < 0x20 ? 6 : *s == '"' || *s == '\\' ? 2 : 1;
        return n;
}

static size_t members_length(const msptk_json *json)
{
        size_t n = 2;

        for (const msptk_json *v = msptk_json_first(json); v; v = msptk_json_next(v)) {
                const char *key = msptk_json_key(v);

                n += length_of(v) + 1 + (key ? quoted_length(key) + 1 : 0);
        }
        return n > 2 ? n - 1 : n;
}

/* The bytes of a value as it is printed, a few more where it has unusual characters. */
static size_t length_of(const msptk_json *json)
{
        char *printed;
        size_t n;

        switch (msptk_json_type(json)) {
        case MSPTK_JSON_OBJECT:
        case MSPTK_JSON_ARRAY:
                return members_length(json);
        case MSPTK_JSON_STRING:
                return quoted_length(msptk_json_string(json, ""));
        case MSPTK_JSON_NULL:
                return 4;
        case MSPTK_JSON_BOOL:
                return msptk_json_bool(json, 0) ? 4 : 5;
        default:
                printed = print_tree(json);
                n = strlen(printed);
                free(printed);
                return n;
        }
}

static int64_t rows_wanted(const run *r)
{
        size_t left = room(r) > r->used ? room(r) - r->used : 1;
        size_t row = ROW_LEAST;
        int64_t n, wanted = r->a.limit - (int64_t)msptk_json_count(r->kept);

        if (r->o->outside && !r->cursor) {
                row = r->a.detailed ? ROW_MOST_DETAILED : ROW_MOST_CONCISE;
                left -= left / 3; /* for what stands around them */
        }
        n = (int64_t)(left / row);
        n = n < 1 ? 1 : n > ROWS_MOST ? ROWS_MOST : n;
        return r->a.limit && wanted < n ? wanted : n;
}

static void got_page(run *r, msptk_status st, const msptk_json *page, const msptk_error *err);

static void fetch(run *r, int64_t rows)
{
        put_int(r->a.values, "limit", rows);
        if (r->cursor)
                put_str(r->a.values, "cursor", r->cursor);
        perform(r, false, got_page);
}

/* ---- the end ---- */

static void put_tail(const run *r, msptk_json *structured, size_t shown, text *hint)
{
        bool more = r->next != NULL;

        put_bool(structured, "truncated", more);
        if (!msptk_json_get(r->head, "total") && !more && r->from_start)
                put_int(structured, "total", (int64_t)shown);
        if (!more) {
                put_null(structured, "next_cursor");
                return;
        }
        text_add(hint, "there is more: narrow by ");
        add_filters(hint, r);
        text_add(hint, ", or call again with cursor = next_cursor");
        put_str(structured, "hint", hint->data);
        put_str(structured, "next_cursor", r->next);
}

static void finish(run *r)
{
        size_t shown = msptk_json_count(r->kept);
        msptk_json *structured = new_object();
        text t = { 0 }, hint = { 0 };

        put_client(r, structured);
        for (const msptk_json *v = msptk_json_first(r->head); v; v = msptk_json_next(v))
                put(structured, msptk_json_key(v), copy_tree(v));
        if (msptk_json_get(structured, "count"))
                put_int(structured, "count", (int64_t)shown);
        add_page_head(&t, r, r->head, shown);
        text_addn(&t, text_str(&r->lines), r->lines.len);
        put(structured, r->o->rows, r->kept);
        r->kept = NULL;
        put_tail(r, structured, shown, &hint);
        if (hint.data)
                text_addf(&t, "Truncated, %s; next_cursor: %s\n", hint.data, r->next);
        text_free(&hint);
        reply_with(r->c, t.data, structured, false);
        run_free(r);
}

/* ---- pages ---- */

/* Lists beside the rows (who did not report) are cut until they leave most of the budget to the
 * rows; how much was left out stands beside each. */
static msptk_json *fitting_head(const run *r, const msptk_json *clean)
{
        static const size_t steps[] = { LIST_MOST, 5, 1, 0 };
        msptk_json *made = NULL;
        bool cut = false; /* the result says so by itself */

        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
                msptk_json_free(made);
                made = cut_lists(clean, steps[i], &cut);
                if (length_of(made) <= room(r) / 3)
                        break;
        }
        return made;
}

/* Not everything that was asked for was observed. */
static bool is_partial(const msptk_json *head)
{
        for (const msptk_json *v = msptk_json_first(head); v; v = msptk_json_next(v)) {
                int64_t devices = msptk_json_int(msptk_json_get(v, "devices"), 0);

                if (is_object(v) &&
                    (msptk_json_int(msptk_json_get(v, "reported"), devices) < devices ||
                     msptk_json_int(msptk_json_get(v, "missing"), 0) > 0))
                        return true;
        }
        return msptk_json_count(msptk_json_get(head, "failed")) > 0 ||
               msptk_json_bool(msptk_json_get(head, "cancelled"), 0) == 1;
}

/* What stands around the rows, and what it takes. */
static void take_head(run *r, const msptk_json *page)
{
        const char *cursor = get_str(page, "next_cursor");
        msptk_json *clean = new_object();
        text t = { 0 };

        for (const msptk_json *v = msptk_json_first(page); v; v = msptk_json_next(v))
                if (strcmp(msptk_json_key(v), r->o->rows) != 0 &&
                    strcmp(msptk_json_key(v), "next_cursor") != 0)
                        put_safe(clean, msptk_json_key(v), v, CAP_CONCISE);
        if (is_partial(clean))
                put_bool(clean, "partial", true);
        r->head = fitting_head(r, clean);
        msptk_json_free(clean);
        add_page_head(&t, r, r->head, 1);
        add_filters(&t, r); /* in the hint, which is said twice */
        add_filters(&t, r);
        r->used = t.len + length_of(r->head) + 300 + 2 * (cursor ? strlen(cursor) : 100);
        if (r->client_name)
                r->used += strlen(r->client_name) + strlen(r->client_id) + 30;
        text_free(&t);
}

/* Rows of one page that fit. */
typedef struct fitting {
        msptk_json *rows;
        text lines;
        size_t count, bytes;
} fitting;

static void fitting_clear(fitting *f)
{
        msptk_json_free(f->rows);
        text_free(&f->lines);
}

/* Shapes the rows that fit. The first of all always does. */
static void take_rows(const run *r, const msptk_json *rows, fitting *f)
{
        bool first = !r->kept;
        bool all = r->exact || (first && r->o->outside && !r->cursor);

        for (const msptk_json *v = msptk_json_first(rows); v; v = msptk_json_next(v)) {
                msptk_json *row = shape_row(r, v);
                size_t before = f->lines.len, cost;

                add_table_line(&f->lines, r, row);
                text_add(&f->lines, "\n");
                cost = length_of(row) + f->lines.len - before + 1;
                if (!all && !(first && !f->count) && r->used + f->bytes + cost > room(r)) {
                        msptk_json_free(row);
                        break; /* its line is not needed any more */
                }
                add(f->rows, row);
                f->bytes += cost;
                f->count++;
        }
}

/* Takes the rows over. */
static void keep(run *r, fitting *f, const char *next)
{
        if (r->kept) {
                for (const msptk_json *v = msptk_json_first(f->rows); v; v = msptk_json_next(v))
                        add(r->kept, copy_tree(v));
        } else {
                r->kept = f->rows;
                f->rows = NULL;
        }
        text_addn(&r->lines, text_str(&f->lines), f->lines.len);
        r->used += f->bytes;
        free(r->next);
        r->next = next ? copy_text(next) : NULL;
}

static void after_page(run *r)
{
        bool full = r->exact || r->used + ROW_LEAST > room(r) ||
                    (r->a.limit && (int64_t)msptk_json_count(r->kept) >= r->a.limit);

        if (!r->next || full) {
                finish(r);
                return;
        }
        free(r->cursor);
        r->cursor = copy_text(r->next);
        fetch(r, rows_wanted(r));
}

static void got_page(run *r, msptk_status st, const msptk_json *page, const msptk_error *err)
{
        const msptk_json *rows = msptk_json_get(page, r->o->rows);
        fitting f = { 0 };

        if (st < 0) {
                reply_failure(r, st, err);
                return;
        }
        if (!r->head)
                take_head(r, page);
        f.rows = new_array();
        take_rows(r, rows, &f);
        if (f.count == msptk_json_count(rows)) {
                keep(r, &f, get_str(page, "next_cursor"));
                after_page(r);
        } else if (!f.count) { /* none of this page fits: it begins the next answer */
                free(r->next);
                r->next = copy_text(r->cursor);
                finish(r);
        } else {
                r->exact = true;
                fetch(r, (int64_t)f.count);
        }
        fitting_clear(&f);
}

void read_pages(run *r)
{
        const char *cursor = get_str(r->a.values, "cursor");

        r->from_start = !cursor;
        r->cursor = cursor ? copy_text(cursor) : NULL;
        fetch(r, rows_wanted(r));
}
