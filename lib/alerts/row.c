/* The tables of alerts, one row in memory and as JSON, its events. */
#define ROOM "alerts"
#include "alerts/internal.h"

#include <msptk/sdk/adapter.h>

#include <math.h>
#include <string.h>

static const char *const create_alerts[] = {
        "CREATE TABLE alert ("
        " n INTEGER PRIMARY KEY,"
        " id TEXT NOT NULL UNIQUE,"
        " fingerprint TEXT NOT NULL,"
        " client_id TEXT NOT NULL,"
        " device_id TEXT,"
        " source TEXT NOT NULL,"
        " check_name TEXT NOT NULL,"
        " instance TEXT NOT NULL,"
        " status TEXT NOT NULL CHECK (status IN ('open', 'acknowledged', 'resolved')),"
        " severity INTEGER NOT NULL CHECK (severity BETWEEN 0 AND 3),"
        " state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),"
        " message TEXT NOT NULL,"
        " unit TEXT,"
        " value REAL,"
        " evidence INTEGER NOT NULL,"
        " since INTEGER NOT NULL,"
        " opened_at INTEGER NOT NULL,"
        " changed_at INTEGER NOT NULL,"
        " last_seen INTEGER NOT NULL,"
        " count INTEGER NOT NULL,"
        " turned_at INTEGER NOT NULL,"
        " flapping INTEGER NOT NULL CHECK (flapping IN (0, 1)),"
        " flap_changes INTEGER NOT NULL,"
        " flap_since INTEGER NOT NULL,"
        " duty REAL,"
        " acked_at INTEGER NOT NULL,"
        " acked_by TEXT,"
        " ack_note TEXT,"
        " snoozed_until INTEGER NOT NULL,"
        " snoozed_by TEXT,"
        " snooze_note TEXT,"
        " snooze_severity INTEGER NOT NULL,"
        " accepted_at INTEGER NOT NULL,"
        " accepted_until INTEGER NOT NULL,"
        " owner TEXT,"
        " reason TEXT,"
        " accepted_by TEXT,"
        " accept_severity INTEGER NOT NULL,"
        " resolved_at INTEGER NOT NULL,"
        " resolved_by TEXT,"
        " resolve_note TEXT)",
        "CREATE UNIQUE INDEX alert_problem ON alert (fingerprint) WHERE status <> 'resolved'",
        "CREATE INDEX alert_fingerprint ON alert (fingerprint, n)",
        "CREATE INDEX alert_active ON alert (severity, opened_at, n) WHERE status <> 'resolved'",
        "CREATE INDEX alert_client ON alert (client_id, severity) WHERE status <> 'resolved'",
        "CREATE INDEX alert_resolved ON alert (resolved_at) WHERE status = 'resolved'",
        "CREATE TABLE alert_event ("
        " n INTEGER PRIMARY KEY,"
        " alert INTEGER NOT NULL REFERENCES alert (n) ON DELETE CASCADE,"
        " at INTEGER NOT NULL,"
        " kind TEXT NOT NULL,"
        " who TEXT NOT NULL,"
        " detail TEXT)",
        "CREATE INDEX alert_event_alert ON alert_event (alert, n)",
        NULL,
};

const store_migration msptk__alerts_migrations[] = {
        { .number = 80, .room = ROOM, .name = "alerts and their events", .sql = create_alerts },
        { 0 },
};

static const char *const rank_names[] = { "info", "unknown", "warning", "critical" };
static const char *const state_names[] = { "ok", "warning", "critical", "unknown" };

const char *msptk__rank_name(int32_t rank)
{
        return rank >= 0 && rank <= RANK_CRITICAL ? rank_names[rank] : "unknown";
}

int32_t msptk__rank_named(const char *word)
{
        for (int32_t i = 0; i <= RANK_CRITICAL; i++)
                if (!strcmp(rank_names[i], word))
                        return i;
        return -1;
}

void msptk__alert_row_clear(alert_row *r)
{
        char **texts[] = { &r->id,          &r->fingerprint, &r->client_id,   &r->device_id,
                           &r->source,      &r->check,       &r->instance,    &r->status,
                           &r->message,     &r->unit,        &r->acked_by,    &r->ack_note,
                           &r->owner,       &r->snoozed_by,  &r->snooze_note, &r->reason,
                           &r->accepted_by, &r->resolved_by, &r->resolve_note };

        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                msptk__free(*texts[i]);
        memset(r, 0, sizeof(*r));
}

static bool take_texts(store_stmt *q, alert_row *r)
{
        const struct {
                char **slot;
                int32_t column;
        } texts[] = {
                { &r->id, 1 },
                { &r->fingerprint, 2 },
                { &r->client_id, 3 },
                { &r->device_id, 4 },
                { &r->source, 5 },
                { &r->check, 6 },
                { &r->instance, 7 },
                { &r->status, 8 },
                { &r->message, 11 },
                { &r->unit, 12 },
                { &r->acked_by, 26 },
                { &r->ack_note, 27 },
                { &r->snoozed_by, 29 },
                { &r->snooze_note, 30 },
                { &r->owner, 34 },
                { &r->reason, 35 },
                { &r->accepted_by, 36 },
                { &r->resolved_by, 39 },
                { &r->resolve_note, 40 },
        };

        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                const char *text = msptk__stmt_text_or_null(q, texts[i].column);

                *texts[i].slot = msptk__strdup(text);
                if (text && !*texts[i].slot)
                        return false;
        }
        return true;
}

msptk_status msptk__alert_row_take(store_stmt *q, alert_row *ret, msptk_error **ret_err)
{
        AUTO_ALERT alert_row r = { .n = msptk__stmt_int(q, 0) };

        if (!take_texts(q, &r))
                return msptk__nomem(ret_err);
        r.severity = (int32_t)msptk__stmt_int(q, 9);
        r.state = (int32_t)msptk__stmt_int(q, 10);
        r.value = msptk__stmt_real(q, 13);
        r.evidence = msptk__stmt_int(q, 14);
        r.since = msptk__stmt_int(q, 15);
        r.opened_at = msptk__stmt_int(q, 16);
        r.changed_at = msptk__stmt_int(q, 17);
        r.last_seen = msptk__stmt_int(q, 18);
        r.count = msptk__stmt_int(q, 19);
        r.turned_at = msptk__stmt_int(q, 20);
        r.flapping = (int32_t)msptk__stmt_int(q, 21);
        r.flap_changes = msptk__stmt_int(q, 22);
        r.flap_since = msptk__stmt_int(q, 23);
        r.duty = msptk__stmt_real(q, 24);
        r.acked_at = msptk__stmt_int(q, 25);
        r.snoozed_until = msptk__stmt_int(q, 28);
        r.snooze_severity = (int32_t)msptk__stmt_int(q, 31);
        r.accepted_at = msptk__stmt_int(q, 32);
        r.accepted_until = msptk__stmt_int(q, 33);
        r.accept_severity = (int32_t)msptk__stmt_int(q, 37);
        r.resolved_at = msptk__stmt_int(q, 38);
        *ret = r;
        memset(&r, 0, sizeof(r));
        return MSPTK_OK;
}

/* ---- finding ---- */

enum { SHORT_MIN = 6 };

static msptk_status one_of(store_stmt *q, const char *id, alert_row *ret, msptk_error **ret_err)
{
        AUTO_ALERT alert_row r = { 0 };
        msptk_status st = msptk__stmt_step(q, ret_err);

        if (st != MSPTK_OK)
                return st;
        TRY(msptk__alert_row_take(q, &r, ret_err));
        st = msptk__stmt_step(q, ret_err);
        if (st == MSPTK_OK)
                return fail_why(ret_err, MSPTK_E_INVALID, "ALERT_AMBIGUOUS",
                                "give more characters of the id",
                                "several alerts have an id that begins or ends with '%.64s'", id);
        if (st < 0)
                return st;
        *ret = r;
        memset(&r, 0, sizeof(r));
        return MSPTK_OK;
}

static bool may_be_short(const char *id)
{
        size_t len = strlen(id);

        return len >= SHORT_MIN && len < UUID_TEXT && strspn(id, "0123456789abcdef-") == len;
}

/* Ids made in the same minute begin alike, so their ends (which are random) do too. */
static msptk_status find_short(store_tx *tx, const char *id, const char *client_id,
                               const char *sees, alert_row *ret, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        char begin[UUID_TEXT + 1], end[UUID_TEXT + 1];
        size_t len = strlen(id);

        memcpy(begin, id, len);
        memcpy(begin + len, "%", 2);
        end[0] = '%';
        memcpy(end + 1, id, len + 1);
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT " ALERT_COLUMNS " FROM alert WHERE (id LIKE ?1 OR id LIKE ?2)"
                         " AND (?3 IS NULL OR client_id = ?3)"
                         " AND " ACT_SEES("?4", "alert.client_id") " ORDER BY n LIMIT 2",
                         SQL_TEXT(begin), SQL_TEXT(end), SQL_TEXT(client_id), SQL_TEXT(sees)));
        return one_of(q, id, ret, ret_err);
}

/* MSPTK_OK, MSPTK_DONE. */
static msptk_status find(store_tx *tx, const char *id, const char *client_id, const char *sees,
                         alert_row *ret, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT " ALERT_COLUMNS " FROM alert WHERE id = ?1"
                         " AND (?2 IS NULL OR client_id = ?2)"
                         " AND " ACT_SEES("?3", "alert.client_id"),
                         SQL_TEXT(id), SQL_TEXT(client_id), SQL_TEXT(sees)));
        st = one_of(q, id, ret, ret_err);
        if (st == MSPTK_DONE && may_be_short(id))
                st = find_short(tx, id, client_id, sees, ret, ret_err);
        return st;
}

msptk_status msptk__alert_row_find(act *a, store_tx *tx, const char *id, const char *client_id,
                                   alert_row *ret, msptk_error **ret_err)
{
        const char *sees = msptk__act_sees(a);
        AUTO_ALERT alert_row hidden = { 0 };
        msptk_status st = find(tx, id, client_id, sees, ret, ret_err);

        if (st != MSPTK_DONE)
                return st;
        /* The trail is told what the principal is not. */
        if (sees && find(tx, id, client_id, NULL, &hidden, NULL) != MSPTK_DONE)
                msptk__act_deny(a, hidden.client_id);
        return fail_why(ret_err, MSPTK_E_NOTFOUND, "ALERT_NOT_FOUND",
                        "use alert_list to see the alerts that exist", "alert '%.64s' not found",
                        id);
}

/* ---- as JSON ---- */

static bool snoozed(const alert_row *r, int64_t now)
{
        return r->snoozed_until > now && r->severity <= r->snooze_severity;
}

static bool accepted(const alert_row *r, int64_t now)
{
        return r->accepted_at && r->accepted_until > now && r->severity <= r->accept_severity;
}

const char *msptk__alert_silence(const alert_row *r, int64_t now)
{
        if (!strcmp(r->status, "resolved"))
                return NULL;
        if (accepted(r, now))
                return "accepted";
        if (snoozed(r, now))
                return "snoozed";
        return strcmp(r->status, "acknowledged") ? NULL : "acknowledged";
}

static void add_by(json_obj *o, const char *key, int64_t at, const char *by, const char *note)
{
        json_obj what;

        if (!at) {
                msptk__obj_null(o, key);
                return;
        }
        what = msptk__obj();
        msptk__obj_time(&what, "at", at);
        msptk__obj_str_or_null(&what, "by", by);
        msptk__obj_str_or_null(&what, "note", note);
        msptk__obj_take(o, key, &what);
}

static void add_silence(json_obj *o, const alert_row *r, int64_t now)
{
        const char *why = msptk__alert_silence(r, now);
        json_obj what;

        msptk__obj_bool(o, "silent", why != NULL);
        msptk__obj_str_or_null(o, "silent_reason", why);
        add_by(o, "acknowledged", r->acked_at, r->acked_by, r->ack_note);
        msptk__obj_time(o, "snoozed_until", r->snoozed_until > now ? r->snoozed_until : 0);
        if (!r->accepted_at || r->accepted_until <= now) {
                msptk__obj_null(o, "accepted");
                return;
        }
        what = msptk__obj();
        msptk__obj_time(&what, "at", r->accepted_at);
        msptk__obj_str_or_null(&what, "by", r->accepted_by);
        msptk__obj_str_or_null(&what, "owner", r->owner);
        msptk__obj_str_or_null(&what, "reason", r->reason);
        msptk__obj_time(&what, "until", r->accepted_until);
        msptk__obj_str(&what, "up_to", msptk__rank_name(r->accept_severity));
        msptk__obj_take(o, "accepted", &what);
}

static void add_flap(json_obj *o, const alert_row *r)
{
        json_obj what;

        msptk__obj_bool(o, "flapping", r->flapping);
        if (!r->flapping) {
                msptk__obj_null(o, "flap");
                return;
        }
        what = msptk__obj();
        msptk__obj_time(&what, "since", r->flap_since);
        msptk__obj_int(&what, "changes", r->flap_changes);
        if (isnan(r->duty))
                msptk__obj_null(&what, "duty_cycle");
        else
                msptk__obj_double(&what, "duty_cycle", r->duty);
        msptk__obj_take(o, "flap", &what);
}

msptk_status msptk__alert_json(const alert_row *r, int64_t now, msptk_json **ret,
                               msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        size_t len = strlen(r->id);

        msptk__obj_str(&o, "schema", "msptk.alert/1");
        msptk__obj_str(&o, "id", r->id);
        msptk__obj_str(&o, "short", len > 8 ? r->id + len - 8 : r->id);
        msptk__obj_str(&o, "client_id", r->client_id);
        msptk__obj_str_or_null(&o, "device_id", r->device_id);
        msptk__obj_str(&o, "source", r->source);
        msptk__obj_str(&o, "check", r->check);
        msptk__obj_str(&o, "instance", r->instance);
        msptk__obj_str(&o, "severity", msptk__rank_name(r->severity));
        msptk__obj_str(&o, "status", r->status);
        msptk__obj_str(&o, "state", state_names[r->state & 3]);
        msptk__obj_str(&o, "message", r->message);
        if (isnan(r->value))
                msptk__obj_null(&o, "value");
        else
                msptk__obj_double(&o, "value", r->value);
        msptk__obj_str_or_null(&o, "unit", r->unit);
        add_silence(&o, r, now);
        add_flap(&o, r);
        msptk__obj_int(&o, "count", r->count);
        msptk__obj_time(&o, "since", r->since);
        msptk__obj_time(&o, "opened_at", r->opened_at);
        msptk__obj_time(&o, "changed_at", r->changed_at);
        msptk__obj_time(&o, "last_seen", r->last_seen);
        add_by(&o, "resolved", r->resolved_at, r->resolved_by, r->resolve_note);
        if (r->evidence)
                msptk__obj_int(&o, "evidence_id", r->evidence);
        else
                msptk__obj_null(&o, "evidence_id");
        msptk__obj_str(&o, "fingerprint", r->fingerprint);
        return msptk__obj_end(&o, ret, ret_err);
}

msptk_status msptk__alert_row_write(store_tx *tx, const alert_row *r, msptk_error **ret_err)
{
        return msptk__exec(
                tx, ret_err,
                "UPDATE alert SET status = ?2, severity = ?3, state = ?4, since = ?5,"
                " changed_at = ?6, last_seen = ?7, count = ?8, turned_at = ?9, flapping = ?10,"
                " flap_changes = ?11, flap_since = ?12, duty = ?13, acked_at = ?14,"
                " acked_by = ?15, ack_note = ?16, snoozed_until = ?17, snoozed_by = ?18,"
                " snooze_note = ?19, snooze_severity = ?20, accepted_at = ?21,"
                " accepted_until = ?22, owner = ?23, reason = ?24, accepted_by = ?25,"
                " accept_severity = ?26, resolved_at = ?27, resolved_by = ?28,"
                " resolve_note = ?29, message = ?30, value = ?31, unit = ?32, evidence = ?33"
                " WHERE n = ?1",
                SQL_INT(r->n), SQL_TEXT(r->status), SQL_INT(r->severity), SQL_INT(r->state),
                SQL_INT(r->since), SQL_INT(r->changed_at), SQL_INT(r->last_seen), SQL_INT(r->count),
                SQL_INT(r->turned_at), SQL_INT(r->flapping), SQL_INT(r->flap_changes),
                SQL_INT(r->flap_since), SQL_REAL(r->duty), SQL_INT(r->acked_at),
                SQL_TEXT(r->acked_by), SQL_TEXT(r->ack_note), SQL_INT(r->snoozed_until),
                SQL_TEXT(r->snoozed_by), SQL_TEXT(r->snooze_note), SQL_INT(r->snooze_severity),
                SQL_INT(r->accepted_at), SQL_INT(r->accepted_until), SQL_TEXT(r->owner),
                SQL_TEXT(r->reason), SQL_TEXT(r->accepted_by), SQL_INT(r->accept_severity),
                SQL_INT(r->resolved_at), SQL_TEXT(r->resolved_by), SQL_TEXT(r->resolve_note),
                SQL_TEXT(r->message), SQL_REAL(r->value), SQL_TEXT(r->unit), SQL_INT(r->evidence));
}

/* ---- events ---- */

msptk_status msptk__alert_event(store_tx *tx, int64_t n, int64_t at, const char *kind,
                                const char *who, const msptk_json *detail, msptk_error **ret_err)
{
        char *text = NULL;
        msptk_status st;

        if (detail)
                TRY(msptk_json_print(detail, 0, &text, ret_err));
        st = msptk__exec(tx, ret_err,
                         "INSERT INTO alert_event (alert, at, kind, who, detail)"
                         " VALUES (?1, ?2, ?3, ?4, ?5)",
                         SQL_INT(n), SQL_INT(at), SQL_TEXT(kind), SQL_TEXT(who), SQL_TEXT(text));
        msptk_string_free(text);
        return st;
}

msptk_status msptk__alert_events(store_tx *tx, int64_t n, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_OBJ json_obj rows = msptk__array();
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT at, kind, who, detail FROM (SELECT n, at, kind, who, detail"
                         " FROM alert_event WHERE alert = ?1 ORDER BY n DESC LIMIT ?2) AS newest"
                         " ORDER BY n",
                         SQL_INT(n), SQL_INT(EVENTS_SHOWN)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                const char *detail = msptk__stmt_text(q, 3);
                json_obj o = msptk__obj();

                msptk__obj_time(&o, "at", msptk__stmt_int(q, 0));
                msptk__obj_str(&o, "kind", msptk__stmt_text(q, 1));
                msptk__obj_str(&o, "who", msptk__stmt_text(q, 2));
                (void)msptk__obj_parsed(&o, "detail", *detail ? detail : NULL);
                msptk__array_take(&rows, &o);
        }
        if (st < 0)
                return st;
        return msptk__obj_end(&rows, ret, ret_err);
}
