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

static int64_t rows_wanted(const run *r)
{
        size_t left = room(r) > r->used ? room(r) - r->used : 1;
        size_t row = ROW_LEAST;
        int64_t n, wanted = r->a.limit - (int64_t)r->kept;

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

static void add_hint(text *t, const run *r)
{
        text_add(t, "there is more: narrow by ");
        add_filters(t, r);
        text_add(t, ", or call again with cursor = next_cursor");
}

/* What stands before the rows, and after them. */
static void make_around(const run *r, const char *hint, msptk_json *before, msptk_json *after)
{
        put_client(r, before);
        for (const msptk_json *v = msptk_json_first(r->head); v; v = msptk_json_next(v))
                put(before, msptk_json_key(v), copy_tree(v));
        if (msptk_json_get(before, "count"))
                put_int(before, "count", (int64_t)r->kept);
        put_bool(after, "truncated", r->next != NULL);
        if (!msptk_json_get(r->head, "total") && !r->next && r->from_start)
                put_int(after, "total", (int64_t)r->kept);
        put_str_if(after, "hint", hint);
        put_str(after, "next_cursor", r->next);
}

static void add_structured(text *t, const run *r, const char *hint)
{
        msptk_json *before = new_object(), *after = new_object();
        char *first, *last;

        make_around(r, hint, before, after);
        first = print_tree(before);
        last = print_tree(after);
        text_addn(t, first, strlen(first) - 1);
        text_add(t, msptk_json_count(before) ? "," : "");
        add_json_text(t, r->o->rows);
        text_add(t, ":[");
        text_addn(t, text_str(&r->rows), r->rows.len);
        text_add(t, "],");
        text_add(t, last + 1);
        msptk_json_free(before);
        msptk_json_free(after);
        free(first);
        free(last);
}

static void finish(run *r)
{
        text t = { 0 }, hint = { 0 }, structured = { 0 };

        if (r->next)
                add_hint(&hint, r);
        add_page_head(&t, r, r->head, r->kept);
        text_addn(&t, text_str(&r->lines), r->lines.len);
        if (hint.data)
                text_addf(&t, "Truncated, %s; next_cursor: %s\n", hint.data, r->next);
        add_structured(&structured, r, hint.data);
        mcp_reply_printed(r->c, text_str(&t), structured.data, structured.len);
        text_free(&t);
        text_free(&hint);
        text_free(&structured);
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
                if (printed_length(made) <= room(r) / 3)
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
        size_t twice;

        for (const msptk_json *v = msptk_json_first(page); v; v = msptk_json_next(v))
                if (strcmp(msptk_json_key(v), r->o->rows) != 0 &&
                    strcmp(msptk_json_key(v), "next_cursor") != 0)
                        put_safe(clean, msptk_json_key(v), v, CAP_CONCISE);
        if (is_partial(clean))
                put_bool(clean, "partial", true);
        r->head = fitting_head(r, clean);
        msptk_json_free(clean);
        add_filters(&t, r); /* in the hint, which is said twice */
        twice = t.len;
        add_page_head(&t, r, r->head, 1);
        r->used =
                t.len + twice + printed_length(r->head) + 300 + 2 * (cursor ? strlen(cursor) : 100);
        if (r->client_name)
                r->used += strlen(r->client_name) + strlen(r->client_id) + 30;
        text_free(&t);
}

/* Rows of one page that fit. */
typedef struct fitting {
        text rows, lines;
        size_t count;
} fitting;

static void fitting_clear(fitting *f)
{
        text_free(&f->rows);
        text_free(&f->lines);
}

static void shorten(text *t, size_t len)
{
        t->len = len;
        if (t->data)
                t->data[len] = '\0';
}

/* Takes the rows that fit. The first of all always does. */
static void take_rows(const run *r, const msptk_json *rows, fitting *f)
{
        bool first = !r->kept;
        bool all = r->exact || (first && r->o->outside && !r->cursor);

        for (const msptk_json *v = msptk_json_first(rows); v; v = msptk_json_next(v)) {
                size_t row = f->rows.len, line = f->lines.len;

                if (f->count || r->kept)
                        text_add(&f->rows, ",");
                add_row(r, v, &f->rows, &f->lines);
                text_add(&f->lines, "\n");
                if (!all && !(first && !f->count) &&
                    r->used + f->rows.len + f->lines.len > room(r)) {
                        shorten(&f->rows, row);
                        shorten(&f->lines, line);
                        break;
                }
                f->count++;
        }
}

static void keep(run *r, const fitting *f, const char *next)
{
        text_addn(&r->rows, text_str(&f->rows), f->rows.len);
        text_addn(&r->lines, text_str(&f->lines), f->lines.len);
        r->kept += f->count;
        r->used += f->rows.len + f->lines.len;
        free(r->next);
        r->next = next ? copy_text(next) : NULL;
}

static void after_page(run *r)
{
        bool full = r->exact || r->used + ROW_LEAST > room(r) ||
                    (r->a.limit && (int64_t)r->kept >= r->a.limit);

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

        note_columns(r);
        r->from_start = !cursor;
        r->cursor = cursor ? copy_text(cursor) : NULL;
        fetch(r, rows_wanted(r));
}
