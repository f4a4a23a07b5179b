/* Reading alerts: pages, counts, the digest of a morning, and forgetting what is old. */
#define ROOM "alerts"
#include "alerts/internal.h"

#include <string.h>

#include "clients/clients.h"

static const char *text_arg(const msptk_json *args, const char *key)
{
        return msptk_json_string(msptk_json_get(args, key), NULL);
}

static msptk_status take_rows(store_stmt *q, int64_t now, int64_t limit, json_obj *rows,
                              alert_row *ret_last, msptk_error **ret_err)
{
        msptk_status st;
        int64_t n = 0;

        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK && n < limit) {
                AUTO_ALERT alert_row r = { 0 };
                msptk_json *row = NULL;

                TRY(msptk__alert_row_take(q, &r, ret_err));
                TRY(msptk__alert_json(&r, now, &row, ret_err));
                msptk__array_json(rows, row);
                ret_last->severity = r.severity;
                ret_last->opened_at = r.opened_at;
                ret_last->n = r.n;
                n++;
        }
        return st;
}

/* ---- list ---- */

typedef struct filter {
        const char *client_id, *device_id, *status;
        const char *sees; /* msptk__act_sees() */
        int32_t severity; /* -1: any */
        int64_t since, now, limit;
        alert_row after; /* severity, opened_at and n of the row before */
} filter;

#define MATCH \
        " (?1 IS NULL OR client_id = ?1) AND (?2 IS NULL OR device_id = ?2)" \
        " AND (?3 < 0 OR severity = ?3) AND changed_at >= ?4 AND " ACT_SEES("?5", \
                                                                            "alert.client_id")
#define AFTER \
        " AND (severity < ?6 OR (severity = ?6 AND (opened_at < ?7 OR" \
        " (opened_at = ?7 AND n < ?8)))) ORDER BY severity DESC, opened_at DESC, n DESC LIMIT ?9"
#define LIST "SELECT " ALERT_COLUMNS " FROM alert WHERE "

/* One text for each status, so that the index of open ones serves where it can. */
static const struct {
        const char *status, *sql;
        bool now;
} lists[] = {
        { "active", LIST "status <> 'resolved' AND NOT " ALERT_HIDDEN("?10") " AND" MATCH AFTER,
          true },
        { "all", LIST MATCH AFTER, false },
        { "open", LIST "status <> 'resolved' AND status = 'open' AND" MATCH AFTER, false },
        { "acknowledged", LIST "status <> 'resolved' AND status = 'acknowledged' AND" MATCH AFTER,
          false },
        { "resolved", LIST "status = 'resolved' AND" MATCH AFTER, false },
        { "snoozed", LIST "status <> 'resolved' AND " ALERT_SNOOZED("?10") " AND" MATCH AFTER,
          true },
        { "accepted", LIST "status <> 'resolved' AND " ALERT_ACCEPTED("?10") " AND" MATCH AFTER,
          true },
};

static bool cursor_number(const char **pos, char end, int64_t *ret)
{
        size_t len = strcspn(*pos, "_");

        if (!msptk__num_int64(*pos, len, ret) || (*pos)[len] != end)
                return false;
        *pos += len + (end != '\0');
        return true;
}

static msptk_status read_cursor(const char *text, filter *f, msptk_error **ret_err)
{
        const char *pos = text;
        int64_t severity;

        f->after = (alert_row){ .severity = RANK_CRITICAL + 1 };
        if (!text)
                return MSPTK_OK;
        if (!cursor_number(&pos, '_', &severity) || severity < 0 || severity > RANK_CRITICAL ||
            !cursor_number(&pos, '_', &f->after.opened_at) ||
            !cursor_number(&pos, '\0', &f->after.n))
                return fail_why(ret_err, MSPTK_E_INVALID, "CURSOR_INVALID",
                                "use next_cursor of the page before, or none",
                                "'%.64s' is no cursor of alerts", text);
        f->after.severity = (int32_t)severity;
        return MSPTK_OK;
}

static msptk_status read_filter(act *a, store_tx *tx, const msptk_json *args, filter *f,
                                msptk_error **ret_err)
{
        const char *severity = text_arg(args, "severity");

        *f = (filter){ .client_id = text_arg(args, "client_id"),
                       .device_id = text_arg(args, "device_id"),
                       .status = text_arg(args, "status"),
                       .sees = msptk__act_sees(a),
                       .severity = severity ? msptk__rank_named(severity) : -1,
                       .since = msptk_json_int(msptk_json_get(args, "since"), INT64_MIN),
                       .limit = msptk_json_int(msptk_json_get(args, "limit"), 100),
                       .now = msptk__act_now(a) };
        if (!f->status)
                f->status = "active";
        if (f->client_id) {
                AUTO_CLIENT client_row c = { 0 };

                TRY(msptk__client_read(tx, f->client_id, &c, ret_err));
        }
        return read_cursor(text_arg(args, "cursor"), f, ret_err);
}

static msptk_status query_page(store_tx *tx, const filter *f, store_stmt **ret,
                               msptk_error **ret_err)
{
        size_t i = 0;
        store_value values[] = { SQL_TEXT(f->client_id),      SQL_TEXT(f->device_id),
                                 SQL_INT(f->severity),        SQL_INT(f->since),
                                 SQL_TEXT(f->sees),           SQL_INT(f->after.severity),
                                 SQL_INT(f->after.opened_at), SQL_INT(f->after.n),
                                 SQL_INT(f->limit + 1),       SQL_INT(f->now) };

        while (i + 1 < ARRAY_LEN(lists) && strcmp(lists[i].status, f->status))
                i++;
        return msptk__query_values(tx, ret, ret_err, lists[i].sql, values,
                                   ARRAY_LEN(values) - !lists[i].now);
}

/* How many of the same filter are hidden from the list of active ones. */
static msptk_status add_hidden(store_tx *tx, const filter *f, json_obj *o, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        json_obj hidden = msptk__obj();
        msptk_status st;

        st = msptk__query(
                tx, &q, ret_err,
                "SELECT coalesce(sum(CASE WHEN " ALERT_ACCEPTED(
                        "?6") " THEN 1 ELSE 0 END), 0),"
                              " coalesce(sum(CASE WHEN " ALERT_SNOOZED(
                                      "?6") " AND NOT " ALERT_ACCEPTED("?6") " THEN 1 ELSE 0 END), "
                                                                             "0) FROM alert WHERE "
                                                                             "status <> 'resolved' "
                                                                             "AND" MATCH,
                SQL_TEXT(f->client_id), SQL_TEXT(f->device_id), SQL_INT(f->severity),
                SQL_INT(f->since), SQL_TEXT(f->sees), SQL_INT(f->now));
        if (st == MSPTK_OK)
                st = msptk__stmt_step(q, ret_err);
        if (st == MSPTK_OK) {
                msptk__obj_int(&hidden, "accepted", msptk__stmt_int(q, 0));
                msptk__obj_int(&hidden, "snoozed", msptk__stmt_int(q, 1));
        }
        msptk__obj_take(o, "hidden", &hidden);
        return st < 0 ? st : MSPTK_OK;
}

msptk_status msptk__alert_list(act *a, const msptk_json *args, msptk_json **ret,
                               msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_OBJ json_obj rows = msptk__array();
        AUTO_STMT store_stmt *q = NULL;
        AUTO_JSON msptk_json *array = NULL;
        AUTO_BUF buf next = BUF_INIT(128);
        alert_row last = { 0 };
        filter f;
        store_tx *tx;
        msptk_status st;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(read_filter(a, tx, args, &f, ret_err));
        TRY(query_page(tx, &f, &q, ret_err));
        st = take_rows(q, f.now, f.limit, &rows, &last, ret_err);
        TRY(st);
        if (st == MSPTK_OK)
                (void)msptk__buf_addf(&next, "%d_%lld_%lld", (int)last.severity,
                                      (long long)last.opened_at, (long long)last.n);
        TRY(msptk__buf_status(&next, ROOM, "the cursor", ret_err));
        TRY(msptk__obj_end(&rows, &array, ret_err));
        msptk__obj_str(&o, "schema", "msptk.alert_list/1");
        msptk__obj_int(&o, "count", (int64_t)msptk_json_count(array));
        msptk__obj_json(&o, "alerts", STEAL(array));
        TRY(add_hidden(tx, &f, &o, ret_err));
        msptk__obj_str_or_null(&o, "next_cursor", st == MSPTK_OK ? msptk__buf_text(&next) : NULL);
        return msptk__obj_end(&o, ret, ret_err);
}

/* ---- for views ---- */

msptk_status msptk__alert_counts(store_tx *tx, const char *client_id, int64_t *ret_critical,
                                 int64_t *ret_warning, int64_t *ret_unknown, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        int64_t counts[RANK_CRITICAL + 1] = { 0 };
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT severity, count(*) FROM alert WHERE status <> 'resolved' AND"
                         " (?1 IS NULL OR client_id = ?1) GROUP BY severity",
                         SQL_TEXT(client_id)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK)
                counts[msptk__stmt_int(q, 0) & 3] = msptk__stmt_int(q, 1);
        if (st < 0)
                return st;
        *ret_critical = counts[RANK_CRITICAL];
        *ret_warning = counts[RANK_WARNING];
        *ret_unknown = counts[RANK_UNKNOWN];
        return MSPTK_OK;
}

enum { DIGEST_ROWS = 1000 };

#define DIGEST_ORDER " ORDER BY severity DESC, opened_at DESC, n DESC LIMIT 1000"

static msptk_status add_group(store_tx *tx, json_obj *o, const char *key, const char *sql,
                              const char *client_id, int64_t since, int64_t now,
                              msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_OBJ json_obj rows = msptk__array();
        alert_row last = { 0 };

        TRY(msptk__query(tx, &q, ret_err, sql, SQL_TEXT(client_id), SQL_INT(since)));
        TRY(take_rows(q, now, DIGEST_ROWS, &rows, &last, ret_err));
        msptk__obj_take(o, key, &rows);
        return MSPTK_OK;
}

msptk_status msptk__alert_digest(store_tx *tx, const char *client_id, int64_t since, int64_t now,
                                 msptk_json **ret, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();

        TRY(add_group(tx, &o, "new",
                      LIST
                      "status <> 'resolved' AND client_id = ?1 AND opened_at >= ?2" DIGEST_ORDER,
                      client_id, since, now, ret_err));
        TRY(add_group(tx, &o, "still",
                      LIST
                      "status <> 'resolved' AND client_id = ?1 AND opened_at < ?2" DIGEST_ORDER,
                      client_id, since, now, ret_err));
        TRY(add_group(tx, &o, "fixed",
                      LIST
                      "status = 'resolved' AND client_id = ?1 AND resolved_at >= ?2" DIGEST_ORDER,
                      client_id, since, now, ret_err));
        return msptk__obj_end(&o, ret, ret_err);
}

msptk_status msptk__alert_end_all(store_tx *tx, const char *client_id, const char *device_id,
                                  const char *who, const char *why, int64_t now,
                                  msptk_error **ret_err)
{
        TRY(msptk__exec(tx, ret_err,
                        "INSERT INTO alert_event (alert, at, kind, who, detail)"
                        " SELECT n, ?3, 'resolved', ?4, NULL FROM alert WHERE client_id = ?1"
                        " AND (?2 IS NULL OR device_id = ?2) AND status <> 'resolved'",
                        SQL_TEXT(client_id), SQL_TEXT(device_id), SQL_INT(now), SQL_TEXT(who)));
        return msptk__exec(tx, ret_err,
                           "UPDATE alert SET status = 'resolved', resolved_at = ?3,"
                           " resolved_by = ?4, resolve_note = ?5, changed_at = ?3, flapping = 0"
                           " WHERE client_id = ?1 AND (?2 IS NULL OR device_id = ?2)"
                           " AND status <> 'resolved'",
                           SQL_TEXT(client_id), SQL_TEXT(device_id), SQL_INT(now), SQL_TEXT(who),
                           SQL_TEXT(why));
}

/* An acceptance that still holds is kept with its alert: the next one inherits it. */
msptk_status msptk__alert_prune(store_tx *tx, int64_t before, msptk_error **ret_err)
{
        return msptk__exec(tx, ret_err,
                           "DELETE FROM alert WHERE status = 'resolved' AND resolved_at < ?1 AND"
                           " (accepted_at = 0 OR accepted_until < ?1)",
                           SQL_INT(before));
}
