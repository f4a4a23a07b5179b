/* What a run says: counts, coverage, results worst first. */
#define ROOM "health"
#include "health/internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_ROWS = 1000, LISTED_DEVICES = 1000, SUMMARY_BYTES = 512 };

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
        char message[RESULT_WORDS];
        const result_view v = { .check = c->check,
                                .item = c->item,
                                .unit = c->unit,
                                .message = message,
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

        msptk__result_words(c, message);
        return msptk__result_json(&v, ret, ret_err);
}

static int by_place(const check_result *x, const check_result *y)
{
        int order = (x->device > y->device) - (x->device < y->device);

        if (!order)
                order = strcmp(x->check, y->check);
        return order ? order : strcmp(x->item, y->item);
}

static int worst_first(const void *a, const void *b)
{
        const check_result *x = a, *y = b;
        int order = msptk__health_rank(y->status) - msptk__health_rank(x->status);

        return order ? order : by_place(x, y);
}

/* Results come by device, mostly: then they only have to be dealt out by rank. */
static void sort_results(run *r)
{
        size_t at[4] = { 0 }, i = 1, before = 0;
        check_result *sorted;

        while (i < r->result_count && by_place(&r->results[i - 1], &r->results[i]) <= 0)
                i++;
        sorted = i >= r->result_count ? msptk__alloc_array(r->result_count + 1, sizeof(*sorted))
                                      : NULL;
        if (!sorted) {
                if (r->result_count)
                        qsort(r->results, r->result_count, sizeof(*r->results), worst_first);
                return;
        }
        for (i = 0; i < r->result_count; i++)
                at[3 - msptk__health_rank(r->results[i].status)]++;
        for (int rank = 0; rank < 4; rank++) {
                size_t count = at[rank];

                at[rank] = before;
                before += count;
        }
        for (i = 0; i < r->result_count; i++)
                sorted[at[3 - msptk__health_rank(r->results[i].status)]++] = r->results[i];
        msptk__free(r->results);
        r->results = sorted;
        r->result_cap = r->result_count + 1;
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

/* Pages are read right after the run; those of the day before go. */
static msptk_status store_run(const run *r, const char *client_id, const msptk_json *doc,
                              size_t paged_from, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        char *text = NULL, audience[AUDIENCE_CAP];
        msptk_status st;

        msptk__act_audience(r->a, audience);
        TRY(msptk_json_print(doc, 0, &text, ret_err));
        st = msptk__tx_begin(r->c->store, TX_WRITE, 0, &tx, ret_err);
        if (st >= 0)
                st = msptk__exec(tx, ret_err,
                                 "INSERT INTO run (id, kind, started, ended, clients, summary)"
                                 " VALUES (?1, 'health', ?2, ?3, ?4, ?5)",
                                 SQL_TEXT(r->id), SQL_INT(r->started), SQL_INT(msptk__now(r->c)),
                                 SQL_TEXT(client_id ? client_id : audience), SQL_TEXT(text));
        msptk_string_free(text);
        TRY(st);
        TRY(msptk__pages_drop(tx, r->started - INT64_C(86400000000), ret_err));
        TRY(msptk__pages_store(r, tx, paged_from, ret_err));
        return msptk__tx_commit(&tx, ret_err);
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
        sort_results(r);
        count_all(r, &t);
        put_head(r, &t, client_id, &o);
        TRY(msptk__obj_end(&o, &head, ret_err));
        TRY(store_run(r, client_id, head, page, ret_err));
        TRY(rows_json(r, 0, page, &rows, ret_err));
        whole = (json_obj){ .json = STEAL(head) };
        msptk__obj_json(&whole, "results", STEAL(rows));
        msptk__put_cursor(&whole, r->id, page, r->result_count > page);
        return msptk__obj_end(&whole, ret, ret_err);
}
