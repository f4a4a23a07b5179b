/* What a run says: counts, coverage, results worst first; further pages from the store. */
#define ROOM "health"
#include "health/internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_ROWS = 1000, CHUNK_ROWS = 500, LISTED_DEVICES = 1000, SUMMARY_BYTES = 512 };

void msptk__coverage_words(char *out, size_t cap, size_t reported, size_t devices, const char *when)
{
        if (devices)
                snprintf(out, cap, "%zu of %zu device%s reported%s", reported, devices,
                         devices == 1 ? "" : "s", when);
        else
                snprintf(out, cap, "no devices");
}

msptk_status msptk__result_json(const result_view *v, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_BUF buf name = BUF_INIT(1024);

        msptk__buf_add_str(&name, v->check);
        if (*v->item) {
                msptk__buf_add_char(&name, ' ');
                msptk__buf_add_str(&name, v->item);
        }
        TRY(msptk__buf_status(&name, ROOM, "the name of a result", ret_err));
        msptk__obj_str(&o, "schema", "msptk.check_result/1");
        msptk__obj_str(&o, "name", msptk__buf_text(&name));
        msptk__obj_str(&o, "check", v->check);
        msptk__obj_str(&o, "instance", v->item);
        if (v->metric)
                msptk__obj_str(&o, "metric", v->metric);
        msptk__obj_str(&o, "status", msptk__health_word(v->status));
        msptk__obj_str(&o, "message", v->message);
        if (isfinite(v->value))
                msptk__obj_double(&o, "value", v->value);
        else
                msptk__obj_null(&o, "value");
        msptk__obj_str_or_null(&o, "unit", *v->unit ? v->unit : NULL);
        if (isfinite(v->warning))
                msptk__obj_double(&o, "warning", v->warning);
        if (isfinite(v->critical))
                msptk__obj_double(&o, "critical", v->critical);
        msptk__obj_str(&o, "device_id", v->device_id ? v->device_id : "");
        msptk__obj_str(&o, "device", v->device ? v->device : "");
        msptk__obj_str(&o, "client_id", v->client_id);
        msptk__obj_time(&o, "checked_at", v->at);
        if (v->since)
                msptk__obj_time(&o, "since", v->since);
        if (v->evidence)
                msptk__obj_int(&o, "evidence_id", v->evidence);
        else
                msptk__obj_null(&o, "evidence_id");
        return msptk__obj_end(&o, ret, ret_err);
}

static msptk_status one_json(const run *r, const check_result *c, msptk_json **ret,
                             msptk_error **ret_err)
{
        const run_device *d = &r->devices[c->device];
        const result_view v = { .check = c->check,
                                .item = c->item,
                                .unit = c->unit,
                                .message = c->message,
                                .status = c->status,
                                .value = c->value,
                                .warning = c->warning,
                                .critical = c->critical,
                                .device_id = d->id,
                                .device = d->name,
                                .client_id = r->clients[d->client].row.id,
                                .at = c->at,
                                .since = c->since,
                                .evidence = c->evidence };

        return msptk__result_json(&v, ret, ret_err);
}

static int worst_first(const void *a, const void *b)
{
        const check_result *x = a, *y = b;
        int order = msptk__health_rank(y->status) - msptk__health_rank(x->status);

        if (!order)
                order = (x->device > y->device) - (x->device < y->device);
        if (!order)
                order = strcmp(x->check, y->check);
        return order ? order : strcmp(x->item, y->item);
}

/* ---- counting ---- */

typedef struct tally {
        size_t counts[4], checks, missing, devices, reported;
        size_t bare; /* clients of which nothing could be asked */
        int64_t opened, still, resolved;
        int32_t worst;
} tally;

static void worsen(tally *t, int32_t status)
{
        if (msptk__health_rank(status) > msptk__health_rank(t->worst))
                t->worst = status;
}

static void drop_failed(run *r)
{
        size_t n = 0;

        for (size_t i = 0; i < r->result_count; i++)
                if (!r->clients[r->devices[r->results[i].device].client].failed)
                        r->results[n++] = r->results[i];
        r->result_count = n;
}

/* What was asked of a device that was never settled. */
static size_t expected(const run *r, const run_device *d)
{
        size_t n = 0;

        for (size_t i = 0; i < d->ask_count; i++) {
                const ask *k = r->asks[r->links[d->first_ask + i]];
                size_t checks = 0;

                while (k->checks && k->checks[checks])
                        checks++;
                n += checks ? checks : 1;
        }
        return n;
}

static bool has_reported(const run *r, const run_device *d)
{
        return d->reported && d->settled && !r->clients[d->client].failed;
}

/* A client of which nothing could be asked is not covered, however well the others are. */
static bool has_nothing(const run *r, const run_client *k)
{
        return !r->only_device && !k->skipped && !k->failed && !k->device_count;
}

static void count_all(const run *r, tally *t)
{
        *t = (tally){ .worst = MSPTK_STATE_OK };
        for (size_t i = 0; i < r->result_count; i++) {
                t->counts[r->results[i].status]++;
                t->missing += r->results[i].status == MSPTK_STATE_UNKNOWN;
                worsen(t, r->results[i].status);
        }
        t->checks = r->result_count;
        for (size_t i = 0; i < r->device_count; i++) {
                const run_device *d = &r->devices[i];

                if (d->id) {
                        t->devices++;
                        t->reported += has_reported(r, d);
                }
                if (!d->settled || r->clients[d->client].failed) {
                        size_t n = expected(r, d);

                        t->checks += n;
                        t->missing += n;
                }
        }
        for (size_t i = 0; i < r->client_count; i++) {
                t->bare += has_nothing(r, &r->clients[i]);
                if (!r->clients[i].failed) {
                        t->opened += r->clients[i].opened;
                        t->still += r->clients[i].still;
                        t->resolved += r->clients[i].resolved;
                } else {
                        worsen(t, MSPTK_STATE_UNKNOWN);
                }
        }
        if (t->reported < t->devices || t->bare || r->stopped || !t->checks)
                worsen(t, MSPTK_STATE_UNKNOWN);
}

/* ---- the document ---- */

static const char *why_silent(const run *r, const run_device *d)
{
        const run_client *k = &r->clients[d->client];

        if (k->failed && k->reason)
                return k->reason;
        if (d->reason)
                return d->reason;
        if (r->stopped == MSPTK_E_TIMEOUT)
                return "the run's time was over before it answered";
        return r->stopped ? "the run was cancelled before it answered" : "nothing was reported";
}

static void put_bare(const run *r, json_obj *coverage)
{
        json_obj list = msptk__array();
        size_t listed = 0;

        for (size_t i = 0; i < r->client_count && listed < LISTED_DEVICES; i++) {
                json_obj row;

                if (!has_nothing(r, &r->clients[i]))
                        continue;
                row = msptk__obj();
                msptk__obj_str(&row, "client_id", r->clients[i].row.id);
                msptk__obj_str(&row, "reason", "no devices");
                msptk__array_take(&list, &row);
                listed++;
        }
        msptk__obj_take(coverage, "without_devices", &list);
}

static void put_coverage(const run *r, const tally *t, json_obj *o)
{
        json_obj coverage = msptk__obj(), list = msptk__array();
        size_t listed = 0;

        for (size_t i = 0; i < r->device_count && listed < LISTED_DEVICES; i++) {
                const run_device *d = &r->devices[i];
                json_obj row;

                if (!d->id || has_reported(r, d))
                        continue;
                row = msptk__obj();
                msptk__obj_str(&row, "device_id", d->id);
                msptk__obj_str(&row, "device", d->name);
                msptk__obj_str(&row, "client_id", r->clients[d->client].row.id);
                msptk__obj_str(&row, "reason", why_silent(r, d));
                msptk__array_take(&list, &row);
                listed++;
        }
        msptk__obj_int(&coverage, "devices", (int64_t)t->devices);
        msptk__obj_int(&coverage, "reported", (int64_t)t->reported);
        msptk__obj_take(&coverage, "not_reported", &list);
        if (t->devices - t->reported > listed)
                msptk__obj_int(&coverage, "not_listed",
                               (int64_t)(t->devices - t->reported - listed));
        put_bare(r, &coverage);
        msptk__obj_int(&coverage, "checks", (int64_t)t->checks);
        msptk__obj_int(&coverage, "missing", (int64_t)t->missing);
        msptk__obj_take(o, "coverage", &coverage);
}

static void put_clients(const run *r, const char *key, bool failed, json_obj *o)
{
        json_obj list = msptk__array();

        for (size_t i = 0; i < r->client_count; i++) {
                const run_client *k = &r->clients[i];
                json_obj row;

                if (failed ? !k->failed : !k->skipped)
                        continue;
                row = msptk__obj();
                msptk__obj_str(&row, "client_id", k->row.id);
                msptk__obj_str(&row, "reason", k->reason ? k->reason : "not known");
                msptk__array_take(&list, &row);
        }
        msptk__obj_take(o, key, &list);
}

static void put_summary(const run *r, const tally *t, json_obj *o)
{
        char words[SUMMARY_BYTES], covered[160];

        msptk__coverage_words(covered, sizeof(covered), t->reported, t->devices, "");
        if (t->bare && t->devices)
                snprintf(covered + strlen(covered), sizeof(covered) - strlen(covered),
                         ", %zu client%s without devices", t->bare, t->bare == 1 ? "" : "s");
        snprintf(words, sizeof(words), "%s; %zu critical, %zu warning, %zu unknown, %zu ok%s%s",
                 covered, t->counts[MSPTK_STATE_CRITICAL], t->counts[MSPTK_STATE_WARNING],
                 t->counts[MSPTK_STATE_UNKNOWN], t->counts[MSPTK_STATE_OK],
                 r->stopped ? "; stopped: " : "",
                 !r->stopped      ? ""
                 : r->stop_reason ? r->stop_reason
                                  : msptk_status_name(r->stopped));
        msptk__obj_str(o, "summary", words);
}

static void put_head(const run *r, const tally *t, const char *client_id, json_obj *o)
{
        json_obj counts = msptk__obj(), alerts = msptk__obj();

        msptk__obj_str(o, "schema", "msptk.health_run/1");
        msptk__obj_str(o, "run_id", r->id);
        msptk__obj_str(o, "client_id", client_id);
        msptk__obj_time(o, "started_at", r->started);
        msptk__obj_time(o, "ended_at", msptk__now(r->c));
        msptk__obj_str(o, "status", msptk__health_word(t->worst));
        for (int32_t i = 0; i < 4; i++)
                msptk__obj_int(&counts, msptk__health_word(i), (int64_t)t->counts[i]);
        msptk__obj_take(o, "counts", &counts);
        put_coverage(r, t, o);
        put_summary(r, t, o);
        msptk__obj_int(&alerts, "opened", t->opened);
        msptk__obj_int(&alerts, "still", t->still);
        msptk__obj_int(&alerts, "resolved", t->resolved);
        msptk__obj_take(o, "alerts", &alerts);
        put_clients(r, "skipped", false, o);
        put_clients(r, "failed", true, o);
        msptk__obj_bool(o, "cancelled", r->stopped != MSPTK_OK);
}

static msptk_status rows_json(const run *r, size_t first, size_t count, msptk_json **ret,
                              msptk_error **ret_err)
{
        AUTO_OBJ json_obj rows = msptk__array();

        for (size_t i = first; i < first + count && i < r->result_count; i++) {
                msptk_json *row = NULL;

                TRY(one_json(r, &r->results[i], &row, ret_err));
                msptk__array_json(&rows, row);
        }
        return msptk__obj_end(&rows, ret, ret_err);
}

/* As stored: the values of a row without their names, in the order of read_packed(). */
static void put_packed(const run *r, const check_result *c, json_writer *w)
{
        const run_device *d = &r->devices[c->device];

        msptk__jw_array_begin(w);
        msptk__jw_string(w, c->check);
        msptk__jw_string(w, c->item);
        msptk__jw_string(w, c->unit);
        msptk__jw_string(w, c->message);
        msptk__jw_int(w, c->status);
        msptk__jw_double(w, c->value);
        msptk__jw_double(w, c->warning);
        msptk__jw_double(w, c->critical);
        msptk__jw_string(w, d->id);
        msptk__jw_string(w, d->name);
        msptk__jw_string(w, r->clients[d->client].row.id);
        msptk__jw_int(w, c->at);
        msptk__jw_int(w, c->since);
        msptk__jw_int(w, c->evidence);
        msptk__jw_array_end(w);
}

static msptk_status read_packed(const msptk_json *row, msptk_json **ret, msptk_error **ret_err)
{
        enum { COLUMNS = 14 };
        const msptk_json *v[COLUMNS] = { NULL };
        const msptk_json *item = msptk_json_first(row);

        for (size_t i = 0; i < COLUMNS && item; i++, item = msptk_json_next(item))
                v[i] = item;
        return msptk__result_json(&(result_view){ .check = msptk_json_string(v[0], ""),
                                                  .item = msptk_json_string(v[1], ""),
                                                  .unit = msptk_json_string(v[2], ""),
                                                  .message = msptk_json_string(v[3], ""),
                                                  .status = (int32_t)msptk_json_int(v[4], 3),
                                                  .value = msptk_json_double(v[5], NAN),
                                                  .warning = msptk_json_double(v[6], NAN),
                                                  .critical = msptk_json_double(v[7], NAN),
                                                  .device_id = msptk_json_string(v[8], NULL),
                                                  .device = msptk_json_string(v[9], NULL),
                                                  .client_id = msptk_json_string(v[10], ""),
                                                  .at = msptk_json_int(v[11], 0),
                                                  .since = msptk_json_int(v[12], 0),
                                                  .evidence = msptk_json_int(v[13], 0) },
                                  ret, ret_err);
}

static msptk_status store_pages(const run *r, store_tx *tx, size_t first, msptk_error **ret_err)
{
        AUTO_BUF buf text = BUF_INIT(8 << 20);

        for (; first < r->result_count; first += CHUNK_ROWS) {
                json_writer w;

                msptk__buf_reset(&text);
                msptk__jw_init(&w, &text, 0);
                msptk__jw_array_begin(&w);
                for (size_t i = first; i < first + CHUNK_ROWS && i < r->result_count; i++)
                        put_packed(r, &r->results[i], &w);
                msptk__jw_array_end(&w);
                TRY(msptk__buf_status(&text, ROOM, "a page of results", ret_err));
                TRY(msptk__exec(tx, ret_err,
                                "INSERT INTO run_page (run_id, first, results)"
                                " VALUES (?1, ?2, ?3)",
                                SQL_TEXT(r->id), SQL_INT((int64_t)first),
                                SQL_TEXT_N(msptk__buf_text(&text), text.len)));
        }
        return MSPTK_OK;
}

/* Pages are read right after the run; those of yesterday go. */
static msptk_status store_run(const run *r, const char *client_id, const msptk_json *doc,
                              size_t paged_from, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        char *text = NULL;
        msptk_status st;

        TRY(msptk_json_print(doc, 0, &text, ret_err));
        st = msptk__tx_begin(r->c->store, TX_WRITE, 0, &tx, ret_err);
        if (st >= 0)
                st = msptk__exec(tx, ret_err,
                                 "INSERT INTO run (id, kind, started, ended, clients, summary)"
                                 " VALUES (?1, 'health', ?2, ?3, ?4, ?5)",
                                 SQL_TEXT(r->id), SQL_INT(r->started), SQL_INT(msptk__now(r->c)),
                                 SQL_TEXT(client_id ? client_id : "*"), SQL_TEXT(text));
        msptk_string_free(text);
        TRY(st);
        TRY(msptk__exec(tx, ret_err,
                        "DELETE FROM run_page WHERE run_id IN"
                        " (SELECT id FROM run WHERE started < ?1)",
                        SQL_INT(r->started - INT64_C(86400000000))));
        TRY(store_pages(r, tx, paged_from, ret_err));
        return msptk__tx_commit(&tx, ret_err);
}

static void put_cursor(json_obj *o, const char *run_id, size_t next, bool more)
{
        char cursor[UUID_TEXT + 32];

        snprintf(cursor, sizeof(cursor), "%s:%zu", run_id, next);
        msptk__obj_str_or_null(o, "next_cursor", more ? cursor : NULL);
}

msptk_status msptk__run_result(run *r, const msptk_json *args, msptk_json **ret,
                               msptk_error **ret_err)
{
        const char *client_id = msptk_json_string(msptk_json_get(args, "client_id"), NULL);
        size_t page = (size_t)msptk_json_int(msptk_json_get(args, "limit"), PAGE_ROWS);
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_JSON msptk_json *head = NULL, *rows = NULL;
        json_obj whole;
        tally t;

        drop_failed(r);
        if (r->result_count)
                qsort(r->results, r->result_count, sizeof(*r->results), worst_first);
        count_all(r, &t);
        put_head(r, &t, client_id, &o);
        TRY(msptk__obj_end(&o, &head, ret_err));
        TRY(store_run(r, client_id, head, page, ret_err));
        TRY(rows_json(r, 0, page, &rows, ret_err));
        whole = (json_obj){ .json = STEAL(head) };
        msptk__obj_json(&whole, "results", STEAL(rows));
        put_cursor(&whole, r->id, page, r->result_count > page);
        return msptk__obj_end(&whole, ret, ret_err);
}

/* ---- further pages ---- */

static msptk_status bad_cursor(msptk_error **ret_err)
{
        return fail_why(ret_err, MSPTK_E_INVALID, "INVALID_CURSOR",
                        "give next_cursor of the page before, with the same client",
                        "the cursor does not belong to a run whose pages are kept");
}

static msptk_status take_chunk(store_stmt *q, int64_t *at, int64_t limit, int64_t *taken,
                               json_obj *rows, msptk_error **ret_err)
{
        AUTO_JSON msptk_json *chunk = NULL;
        const char *text = msptk__stmt_text(q, 1);
        int64_t i = msptk__stmt_int(q, 0);

        TRY(msptk_json_parse(text, strlen(text), &chunk, ret_err));
        for (const msptk_json *row = msptk_json_first(chunk); row && *taken < limit;
             row = msptk_json_next(row), i++) {
                msptk_json *whole = NULL;

                if (i < *at)
                        continue;
                TRY(read_packed(row, &whole, ret_err));
                msptk__array_json(rows, whole);
                (*at)++;
                (*taken)++;
        }
        return MSPTK_OK;
}

msptk_status msptk__run_page(act *a, const msptk_json *args, msptk_json **ret,
                             msptk_error **ret_err)
{
        const char *cursor = msptk_json_string(msptk_json_get(args, "cursor"), "");
        const char *client_id = msptk_json_string(msptk_json_get(args, "client_id"), "*");
        int64_t limit = msptk_json_int(msptk_json_get(args, "limit"), PAGE_ROWS), at, taken = 0;
        AUTO_OBJ json_obj o = msptk__obj(), rows = msptk__array();
        AUTO_STMT store_stmt *q = NULL;
        char id[UUID_TEXT];
        int64_t found = 0;
        store_tx *tx;
        msptk_status st;

        if (strlen(cursor) < UUID_TEXT || cursor[UUID_TEXT - 1] != ':' ||
            !msptk__num_int64(cursor + UUID_TEXT, strlen(cursor + UUID_TEXT), &at) || at < 0)
                return bad_cursor(ret_err);
        memcpy(id, cursor, UUID_TEXT - 1);
        id[UUID_TEXT - 1] = '\0';
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__query_int(tx, &found, ret_err,
                             "SELECT count(*) FROM run WHERE id = ?1 AND clients = ?2",
                             SQL_TEXT(id), SQL_TEXT(client_id)));
        if (!found)
                return bad_cursor(ret_err);
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT first, results FROM run_page WHERE run_id = ?1 AND first > ?2"
                         " ORDER BY first",
                         SQL_TEXT(id), SQL_INT(at - CHUNK_ROWS)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK && taken < limit)
                TRY(take_chunk(q, &at, limit, &taken, &rows, ret_err));
        TRY(st);
        msptk__obj_str(&o, "schema", "msptk.health_run/1");
        msptk__obj_str(&o, "run_id", id);
        msptk__obj_take(&o, "results", &rows);
        put_cursor(&o, id, (size_t)at, taken == limit);
        return msptk__obj_end(&o, ret, ret_err);
}
