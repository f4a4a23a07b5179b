/* What is known of the health of clients now, how old that is and how much it covers. */
#define ROOM "health"
#include "health/internal.h"

#include <stdio.h>
#include <string.h>

#include "config/config.h"

static const int64_t day_us = INT64_C(86400000000);

enum { PAGE_CLIENTS = 100, LISTED_DEVICES = 200, WORDS = 128, LINE_BYTES = 256 };

int64_t msptk__stale_us(const ctx *c)
{
        if (msptk__config_is_set(c->config, "health_checks.stale_after"))
                return msptk__config_ms(c->config, "health_checks.stale_after", 900000) * 1000;
        return DEVICE_STALE_US;
}

/* A living device of a client and when it was last heard. */
typedef struct heard {
        const char *id, *name; /* "": the client as a whole */
        int64_t reported_at, asked_at;
        char *reason;
} heard;

typedef struct overview {
        device_refs refs;
        heard *items;
        size_t count;   /* the client as a whole last */
        size_t devices; /* without it */
        size_t counts[4], checks;
        size_t reported;
        int64_t last;
        int32_t worst;
} overview;

static void overview_clear(overview *v)
{
        for (size_t i = 0; i < v->count; i++)
                msptk__free(v->items[i].reason);
        msptk__free(v->items);
        msptk__device_refs_clear(&v->refs);
}
#define AUTO_OVERVIEW __attribute__((cleanup(overview_clear)))

static heard *find_heard(overview *v, const char *id)
{
        size_t low = 0, high = v->devices;

        if (!*id)
                return &v->items[v->count - 1];
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = strcmp(v->items[middle].id, id);

                if (!order)
                        return &v->items[middle];
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

static msptk_status read_heard(store_tx *tx, const char *client_id, overview *v,
                               msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        TRY(msptk__device_refs(tx, client_id, &v->refs, ret_err));
        v->items = msptk__alloc_array(v->refs.count + 1, sizeof(*v->items));
        if (!v->items)
                return msptk__nomem(ret_err);
        for (size_t i = 0; i < v->refs.count; i++) {
                const device_ref *f = &v->refs.items[i];

                if (!v->count || strcmp(v->items[v->count - 1].id, f->id))
                        v->items[v->count++] = (heard){ .id = f->id, .name = f->name };
        }
        v->devices = v->count;
        v->items[v->count++] = (heard){ .id = "", .name = "" };
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT device_id, asked_at, reported_at, reason FROM device_health"
                         " WHERE client_id = ?1",
                         SQL_TEXT(client_id)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                heard *h = find_heard(v, msptk__stmt_text(q, 0));

                if (!h)
                        continue;
                h->asked_at = msptk__stmt_int(q, 1);
                h->reported_at = msptk__stmt_int(q, 2);
                if (!msptk__stmt_is_null(q, 3) && !(h->reason = msptk__stmt_dup(q, 3)))
                        return msptk__nomem(ret_err);
                if (h->asked_at > v->last)
                        v->last = h->asked_at;
        }
        return st < 0 ? st : MSPTK_OK;
}

static void count_one(overview *v, int32_t status)
{
        v->counts[status]++;
        v->checks++;
        if (msptk__health_rank(status) > msptk__health_rank(v->worst))
                v->worst = status;
}

/* Series of one check and instance of one device are one result: their worst. */
static msptk_status count_checks(store_tx *tx, const char *client_id, int64_t fresh, overview *v,
                                 msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_FREE char *key = NULL;
        int32_t status = HEALTH_NONE;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT device_id, check_name, instance, status FROM series"
                         " WHERE client_id = ?1 AND retired = 0 AND status >= 0"
                         " ORDER BY device_id, check_name, instance",
                         SQL_TEXT(client_id)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                AUTO_BUF buf now = BUF_INIT(4096);
                const heard *h = find_heard(v, msptk__stmt_text(q, 0));
                int32_t own = (int32_t)msptk__stmt_int(q, 3);

                if (!h)
                        continue;
                if (own > MSPTK_STATE_UNKNOWN || h->reported_at < fresh)
                        own = MSPTK_STATE_UNKNOWN;
                for (int32_t i = 0; i < 3; i++) {
                        msptk__buf_add_str(&now, msptk__stmt_text(q, i));
                        msptk__buf_add_char(&now, '\n');
                }
                TRY(msptk__buf_status(&now, ROOM, "the name of a result", ret_err));
                if (key && !strcmp(key, msptk__buf_text(&now))) {
                        if (msptk__health_rank(own) > msptk__health_rank(status))
                                status = own;
                        continue;
                }
                if (key)
                        count_one(v, status);
                status = own;
                if (msptk__replace(&key, msptk__buf_text(&now)) < 0)
                        return msptk__nomem(ret_err);
        }
        if (key)
                count_one(v, status);
        return st < 0 ? st : MSPTK_OK;
}

static msptk_status look(store_tx *tx, const ctx *c, const char *client_id, int64_t now,
                         overview *v, msptk_error **ret_err)
{
        v->worst = MSPTK_STATE_OK;
        TRY(read_heard(tx, client_id, v, ret_err));
        TRY(count_checks(tx, client_id, now - msptk__stale_us(c), v, ret_err));
        for (size_t i = 0; i < v->devices; i++)
                v->reported += v->items[i].reported_at > now - day_us;
        if ((v->reported < v->devices || !v->checks) &&
            msptk__health_rank(v->worst) < msptk__health_rank(MSPTK_STATE_UNKNOWN))
                v->worst = MSPTK_STATE_UNKNOWN;
        return MSPTK_OK;
}

static void put_silent(const overview *v, int64_t now, json_obj *o)
{
        json_obj list = msptk__array();
        size_t listed = 0;

        for (size_t i = 0; i < v->devices && listed < LISTED_DEVICES; i++) {
                const heard *h = &v->items[i];
                json_obj row;

                if (h->reported_at > now - day_us)
                        continue;
                row = msptk__obj();
                msptk__obj_str(&row, "device_id", h->id);
                msptk__obj_str(&row, "device", h->name);
                msptk__obj_str(&row, "reason",
                               h->reason        ? h->reason
                               : h->reported_at ? "it was not asked since"
                                                : "it was never checked");
                msptk__obj_time(&row, "last_reported", h->reported_at);
                msptk__array_take(&list, &row);
                listed++;
        }
        msptk__obj_take(o, "not_reported", &list);
}

static void put_coverage(const overview *v, int64_t now, json_obj *o)
{
        json_obj coverage = msptk__obj();
        char words[WORDS];

        msptk__coverage_words(words, sizeof(words), v->reported, v->devices, " in the last 24 h");
        msptk__obj_int(&coverage, "devices", (int64_t)v->devices);
        msptk__obj_int(&coverage, "reported", (int64_t)v->reported);
        put_silent(v, now, &coverage);
        msptk__obj_take(o, "coverage", &coverage);
        msptk__obj_str(o, "summary", words);
}

static msptk_status put_alerts(store_tx *tx, const char *client_id, json_obj *o,
                               msptk_error **ret_err)
{
        int64_t critical = 0, warning = 0, unknown = 0;
        json_obj alerts = msptk__obj();

        TRY(msptk__alert_counts(tx, client_id, &critical, &warning, &unknown, ret_err));
        msptk__obj_int(&alerts, "critical", critical);
        msptk__obj_int(&alerts, "warning", warning);
        msptk__obj_int(&alerts, "unknown", unknown);
        msptk__obj_take(o, "alerts", &alerts);
        return MSPTK_OK;
}

static msptk_status summary_json(act *a, store_tx *tx, const char *id, const char *name,
                                 int32_t *worst, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_OVERVIEW overview v = { 0 };
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_OBJ json_obj counts = msptk__obj();
        const ctx *c = msptk__act_ctx(a);
        int64_t now = msptk__act_now(a);

        TRY(look(tx, c, id, now, &v, ret_err));
        msptk__obj_str(&o, "schema", "msptk.health_summary/1");
        msptk__obj_str(&o, "client_id", id);
        msptk__obj_str(&o, "name", name);
        msptk__obj_str(&o, "status", msptk__health_word(v.worst));
        for (int32_t i = 0; i < 4; i++)
                msptk__obj_int(&counts, msptk__health_word(i), (int64_t)v.counts[i]);
        msptk__obj_take(&o, "counts", &counts);
        put_coverage(&v, now, &o);
        msptk__obj_time(&o, "last_check", v.last);
        if (v.last)
                msptk__obj_int(&o, "age_s", (now - v.last) / 1000000);
        else
                msptk__obj_null(&o, "age_s");
        msptk__obj_bool(&o, "stale", v.last < now - msptk__stale_us(c));
        TRY(put_alerts(tx, id, &o, ret_err));
        if (msptk__health_rank(v.worst) > msptk__health_rank(*worst))
                *worst = v.worst;
        return msptk__obj_end(&o, ret, ret_err);
}

typedef msptk_status (*client_fn)(act *a, store_tx *tx, const msptk_json *args, const char *id,
                                  const char *name, int32_t *worst, msptk_json **ret,
                                  msptk_error **ret_err);

static msptk_status one_status(act *a, store_tx *tx, const msptk_json *args, const char *id,
                               const char *name, int32_t *worst, msptk_json **ret,
                               msptk_error **ret_err)
{
        (void)args;
        return summary_json(a, tx, id, name, worst, ret, ret_err);
}

/* Rows of the named client, or of a page of all active ones. */
static msptk_status each_client(act *a, const msptk_json *args, client_fn fn, json_obj *o,
                                msptk_error **ret_err)
{
        const char *client_id = msptk_json_string(msptk_json_get(args, "client_id"), NULL);
        AUTO_JSON msptk_json *page = NULL;
        AUTO_FREE char *next = NULL;
        client_filter active = { .status = "active", .sees = msptk__act_sees(a) };
        AUTO_OBJ json_obj rows = msptk__array();
        int32_t worst = MSPTK_STATE_OK;
        msptk_json *row = NULL;
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        if (client_id) {
                AUTO_CLIENT client_row k = { 0 };

                TRY(msptk__client_read(tx, client_id, &k, ret_err));
                TRY(fn(a, tx, args, k.id, k.name, &worst, &row, ret_err));
                msptk__array_json(&rows, row);
        } else {
                TRY(msptk__client_page(tx, &active,
                                       msptk_json_string(msptk_json_get(args, "cursor"), NULL),
                                       msptk_json_int(msptk_json_get(args, "limit"), PAGE_CLIENTS),
                                       &page, &next, ret_err));
        }
        for (const msptk_json *k = msptk_json_first(page); k; k = msptk_json_next(k)) {
                TRY(fn(a, tx, args, msptk_json_string(msptk_json_get(k, "id"), ""),
                       msptk_json_string(msptk_json_get(k, "name"), ""), &worst, &row, ret_err));
                msptk__array_json(&rows, row);
        }
        msptk__obj_str(o, "status", msptk__health_word(worst));
        msptk__obj_take(o, "clients", &rows);
        msptk__obj_str_or_null(o, "next_cursor", next);
        return MSPTK_OK;
}

msptk_status msptk__health_status(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();

        msptk__obj_str(&o, "schema", "msptk.health_status/1");
        TRY(each_client(a, args, one_status, &o, ret_err));
        return msptk__obj_end(&o, ret, ret_err);
}

/* ---- morning ---- */

/* "disk / on srv-1 (critical)" */
static void put_lines(json_obj *o, const char *key, const msptk_json *alerts)
{
        json_obj list = msptk__array();

        for (const msptk_json *k = msptk_json_first(alerts); k; k = msptk_json_next(k)) {
                const char *check = msptk_json_string(msptk_json_get(k, "check"), "");
                const char *item = msptk_json_string(msptk_json_get(k, "instance"), "");
                const char *device = msptk_json_string(msptk_json_get(k, "device_id"), "");
                const char *severity = msptk_json_string(msptk_json_get(k, "severity"), "");
                char line[LINE_BYTES];

                snprintf(line, sizeof(line), "%.60s%s%.60s%s%.60s (%.20s)", check, *item ? " " : "",
                         item, *device ? " on " : "", device, severity);
                line[msptk__utf8_cut(line, strlen(line), sizeof(line) - 1)] = '\0';
                msptk__array_str(&list, line);
        }
        msptk__obj_take(o, key, &list);
}

static const char *reason_of(const msptk_json *d)
{
        return msptk_json_string(msptk_json_get(d, "reason"), "");
}

/* One line for each reason: the device, or how many there are. */
static void put_silent_lines(json_obj *o, const msptk_json *row)
{
        json_obj list = msptk__array();
        const msptk_json *silent = msptk_json_get(msptk_json_get(row, "coverage"), "not_reported");

        for (const msptk_json *d = msptk_json_first(silent); d; d = msptk_json_next(d)) {
                AUTO_BUF buf line = BUF_INIT(4096);
                const msptk_json *e = msptk_json_first(silent);
                size_t count = 0;

                while (e != d && strcmp(reason_of(e), reason_of(d)))
                        e = msptk_json_next(e);
                if (e != d)
                        continue;
                for (; e; e = msptk_json_next(e))
                        count += !strcmp(reason_of(e), reason_of(d));
                if (count == 1)
                        msptk__buf_addf(&line,
                                        "%s: ", msptk_json_string(msptk_json_get(d, "device"), ""));
                else
                        msptk__buf_addf(&line, "%zu devices: ", count);
                msptk__buf_add_str(&line, reason_of(d));
                if (line.failed && !list.failed)
                        list.failed = line.failed;
                msptk__array_str(&list, msptk__buf_text(&line));
        }
        msptk__obj_take(o, "silent", &list);
}

static msptk_status one_morning(act *a, store_tx *tx, const msptk_json *args, const char *id,
                                const char *name, int32_t *worst, msptk_json **ret,
                                msptk_error **ret_err)
{
        int64_t now = msptk__act_now(a);
        int64_t since = msptk_json_int(msptk_json_get(args, "since"), now - day_us);
        AUTO_JSON msptk_json *row = NULL, *changes = NULL;
        static const char *const keys[][2] = { { "new", "new_lines" },
                                               { "still", "still_lines" },
                                               { "fixed", "fixed_lines" } };
        json_obj o;

        TRY(summary_json(a, tx, id, name, worst, &row, ret_err));
        TRY(msptk__alert_digest(tx, id, since, now, &changes, ret_err));
        o = (json_obj){ .json = STEAL(row) };
        for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
                msptk__obj_copy(&o, keys[i][0], msptk_json_get(changes, keys[i][0]));
                put_lines(&o, keys[i][1], msptk_json_get(changes, keys[i][0]));
        }
        put_silent_lines(&o, o.json);
        return msptk__obj_end(&o, ret, ret_err);
}

msptk_status msptk__health_morning(act *a, const msptk_json *args, msptk_json **ret,
                                   msptk_error **ret_err)
{
        int64_t since = msptk_json_int(msptk_json_get(args, "since"), msptk__act_now(a) - day_us);
        AUTO_OBJ json_obj o = msptk__obj();

        msptk__obj_str(&o, "schema", "msptk.morning/1");
        msptk__obj_time(&o, "since", since);
        TRY(each_client(a, args, one_morning, &o, ret_err));
        return msptk__obj_end(&o, ret, ret_err);
}

/* Steps `*at` on to the client of that id; whether it is among them. */
static bool reach(const char *const *ids, size_t count, const char *id, size_t *at)
{
        while (*at < count && strcmp(ids[*at], id) < 0)
                (*at)++;
        return *at < count && !strcmp(ids[*at], id);
}

static msptk_status add_last(store_tx *tx, const char *const *ids, size_t count,
                             health_summary *ret, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;
        size_t at = 0;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT client_id, max(asked_at) FROM device_health WHERE client_id >= ?1"
                         " AND client_id <= ?2 GROUP BY client_id ORDER BY client_id",
                         SQL_TEXT(ids[0]), SQL_TEXT(ids[count - 1])));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK)
                if (reach(ids, count, msptk__stmt_text(q, 0), &at))
                        ret[at].last = msptk__stmt_int(q, 1);
        return st < 0 ? st : MSPTK_OK;
}

/* The worst state that any series of the client is in. Each question is one look into an index,
 * however many devices there are. */
static msptk_status find_worst(store_tx *tx, const char *id, int64_t *ret, msptk_error **ret_err)
{
        return msptk__query_int(
                tx, ret, ret_err,
                "SELECT CASE WHEN EXISTS (SELECT 1 FROM series WHERE client_id = ?1"
                " AND retired = 0 AND status = ?2) THEN ?2 WHEN EXISTS (SELECT 1 FROM series"
                " WHERE client_id = ?1 AND retired = 0 AND status = ?3) THEN ?3 WHEN EXISTS"
                " (SELECT 1 FROM series WHERE client_id = ?1 AND retired = 0 AND status = ?4)"
                " THEN ?4 WHEN EXISTS (SELECT 1 FROM series WHERE client_id = ?1 AND retired = 0"
                " AND status = ?5) THEN ?5 ELSE ?6 END",
                SQL_TEXT(id), SQL_INT(MSPTK_STATE_CRITICAL), SQL_INT(MSPTK_STATE_UNKNOWN),
                SQL_INT(MSPTK_STATE_WARNING), SQL_INT(MSPTK_STATE_OK), SQL_INT(HEALTH_NONE));
}

msptk_status msptk__health_summaries(store_tx *tx, const char *const *ids, size_t count,
                                     health_summary *ret, msptk_error **ret_err)
{
        for (size_t i = 0; i < count; i++)
                ret[i] = (health_summary){ 0, msptk__health_word(MSPTK_STATE_UNKNOWN) };
        if (!count)
                return MSPTK_OK;
        TRY(add_last(tx, ids, count, ret, ret_err));
        for (size_t i = 0; i < count; i++) {
                int64_t worst = HEALTH_NONE;

                if (!ret[i].last)
                        continue; /* nothing was ever asked of it */
                TRY(find_worst(tx, ids[i], &worst, ret_err));
                if (worst != HEALTH_NONE)
                        ret[i].status = msptk__health_word((int32_t)worst);
        }
        return MSPTK_OK;
}
