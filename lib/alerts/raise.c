/* Raising and clearing: where a problem becomes an alert, stays one, and ends. */
#define ROOM "alerts"
#include "alerts/internal.h"

#include <msptk/sdk/adapter.h>

#include <math.h>
#include <string.h>

/* What the common case needs: nothing has changed since the last run. */
typedef struct brief {
        int64_t n;
        char id[UUID_TEXT];
        int32_t severity, state, flapping;
        int64_t turned_at, snoozed_until, accepted_until;
} brief;

static void add_field(digest *d, const char *text)
{
        uint32_t len = text ? (uint32_t)strlen(text) : UINT32_MAX;
        uint8_t size[4] = { (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16),
                            (uint8_t)(len >> 24) };

        msptk__digest_update(d, size, sizeof(size));
        if (text)
                msptk__digest_update(d, text, len);
}

static void fingerprint(const problem *p, char out[DIGEST_HEX])
{
        uint8_t raw[DIGEST_BYTES];
        digest d;

        msptk__digest_init(&d);
        add_field(&d, "msptk.problem/1");
        add_field(&d, p->client_id);
        add_field(&d, p->device_id);
        add_field(&d, p->source);
        add_field(&d, p->check);
        add_field(&d, p->instance ? p->instance : "");
        msptk__digest_final(&d, raw);
        msptk__hex(raw, sizeof(raw), out);
}

static msptk_status find_active(store_tx *tx, const char *print, brief *ret, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT n, id, severity, state, flapping, turned_at, snoozed_until,"
                         " accepted_until FROM alert WHERE fingerprint = ?1 AND"
                         " status <> 'resolved'",
                         SQL_TEXT(print)));
        st = msptk__stmt_step(q, ret_err);
        if (st != MSPTK_OK)
                return st;
        ret->n = msptk__stmt_int(q, 0);
        msptk__utf8_copy(ret->id, sizeof(ret->id), msptk__stmt_text(q, 1));
        ret->severity = (int32_t)msptk__stmt_int(q, 2);
        ret->state = (int32_t)msptk__stmt_int(q, 3);
        ret->flapping = (int32_t)msptk__stmt_int(q, 4);
        ret->turned_at = msptk__stmt_int(q, 5);
        ret->snoozed_until = msptk__stmt_int(q, 6);
        ret->accepted_until = msptk__stmt_int(q, 7);
        return MSPTK_OK;
}

/* The newest alert of the problem, or MSPTK_DONE. */
static msptk_status find_newest(store_tx *tx, const char *print, alert_row *ret,
                                msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT " ALERT_COLUMNS " FROM alert WHERE fingerprint = ?1"
                         " ORDER BY n DESC LIMIT 1",
                         SQL_TEXT(print)));
        st = msptk__stmt_step(q, ret_err);
        return st == MSPTK_OK ? msptk__alert_row_take(q, ret, ret_err) : st;
}

static int32_t rank_of(int32_t status)
{
        switch (status) {
        case MSPTK_STATE_CRITICAL:
                return RANK_CRITICAL;
        case MSPTK_STATE_WARNING:
                return RANK_WARNING;
        default:
                return RANK_UNKNOWN;
        }
}

/* Losing sight of a problem does not make it smaller. */
static int32_t severity_after(int32_t before, int32_t status)
{
        int32_t rank = rank_of(status);

        return rank == RANK_UNKNOWN && before > rank ? before : rank;
}

static const char *message_of(const problem *p)
{
        return p->message ? p->message : "";
}

static msptk_status detail_of(const problem *p, int32_t before, int32_t after, msptk_json **ret,
                              msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();

        msptk__obj_str(&o, "severity", msptk__rank_name(after));
        if (before >= 0 && before != after)
                msptk__obj_str(&o, "before", msptk__rank_name(before));
        msptk__obj_str(&o, "message", message_of(p));
        if (!isnan(p->value))
                msptk__obj_double(&o, "value", p->value);
        msptk__obj_str(&o, "unit", p->unit);
        if (p->evidence)
                msptk__obj_int(&o, "evidence_id", p->evidence);
        msptk__obj_copy(&o, "why", p->why);
        return msptk__obj_end(&o, ret, ret_err);
}

static msptk_status observed(store_tx *tx, int64_t n, int64_t now, const char *kind,
                             const problem *p, int32_t before, int32_t after, msptk_error **ret_err)
{
        AUTO_JSON msptk_json *detail = NULL;

        TRY(detail_of(p, before, after, &detail, ret_err));
        return msptk__alert_event(tx, n, now, kind, p->source, detail, ret_err);
}

static msptk_status take_seen(alert_row *r, const problem *p, int64_t now, msptk_error **ret_err)
{
        if (msptk__replace(&r->message, message_of(p)) < 0 || msptk__replace(&r->unit, p->unit) < 0)
                return msptk__nomem(ret_err);
        r->value = p->value;
        r->evidence = p->evidence;
        r->state = p->status;
        r->last_seen = now;
        r->count++;
        return MSPTK_OK;
}

/* Ends a snooze or an acceptance whose time has come, and says so in the history. */
static msptk_status end_silences(store_tx *tx, alert_row *r, int64_t now, msptk_error **ret_err)
{
        if (r->snoozed_until && r->snoozed_until <= now) {
                TRY(msptk__alert_event(tx, r->n, r->snoozed_until, "snooze_ended", "msptk", NULL,
                                       ret_err));
                r->snoozed_until = 0;
        }
        if (r->accepted_until && r->accepted_until <= now) {
                TRY(msptk__alert_event(tx, r->n, r->accepted_until, "acceptance_ended", "msptk",
                                       NULL, ret_err));
                r->accepted_until = r->accepted_at = 0;
        }
        return MSPTK_OK;
}

static msptk_status flap_event(store_tx *tx, const alert_row *r, int64_t now, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_JSON msptk_json *detail = NULL;

        msptk__obj_int(&o, "changes", r->flap_changes);
        msptk__obj_double(&o, "duty_cycle", r->duty);
        TRY(msptk__obj_end(&o, &detail, ret_err));
        return msptk__alert_event(tx, r->n, now, "flapping", "msptk", detail, ret_err);
}

/* Counts a coming or going of the problem; the event of it is the caller's. */
static msptk_status turn(const ctx *c, store_tx *tx, alert_row *r, int64_t now,
                         msptk_error **ret_err)
{
        flap_rule rule = msptk__flap_rule(c);
        int32_t before = r->flapping;

        TRY(msptk__flap_count(tx, r, &rule, now, ret_err));
        r->turned_at = now;
        if (r->flapping && !before)
                TRY(flap_event(tx, r, now, ret_err));
        return MSPTK_OK;
}

static msptk_status stays(store_tx *tx, const brief *b, const problem *p, int64_t now,
                          msptk_error **ret_err)
{
        return msptk__exec(tx, ret_err,
                           "UPDATE alert SET last_seen = ?2, count = count + 1, message = ?3,"
                           " value = ?4, unit = ?5, evidence = ?6 WHERE n = ?1",
                           SQL_INT(b->n), SQL_INT(now), SQL_TEXT(message_of(p)), SQL_REAL(p->value),
                           SQL_TEXT(p->unit), SQL_INT(p->evidence));
}

static int32_t kind_of(int32_t before, int32_t after)
{
        return after > before ? ALERT_ESCALATED : after < before ? ALERT_EASED : ALERT_STILL;
}

/* Something of an open alert has changed. */
static msptk_status moves(const ctx *c, store_tx *tx, const char *print, const problem *p,
                          int64_t now, bool calm, int32_t *ret_kind, msptk_error **ret_err)
{
        AUTO_ALERT alert_row r = { 0 };
        int32_t before;
        msptk_status st = find_newest(tx, print, &r, ret_err);

        if (st != MSPTK_OK)
                return st < 0 ? st : fail(ret_err, MSPTK_E_INTERNAL, "an open alert vanished");
        before = r.severity;
        TRY(end_silences(tx, &r, now, ret_err));
        if (r.state == MSPTK_STATE_OK) {
                TRY(turn(c, tx, &r, now, ret_err));
                TRY(observed(tx, r.n, now, "returned", p, -1, rank_of(p->status), ret_err));
        } else if (calm) {
                r.flapping = 0;
                TRY(msptk__alert_event(tx, r.n, now, "flapping_ended", "msptk", NULL, ret_err));
        }
        r.severity = severity_after(before, p->status);
        *ret_kind = kind_of(before, r.severity);
        if (*ret_kind != ALERT_STILL) {
                r.changed_at = now;
                TRY(observed(tx, r.n, now, *ret_kind == ALERT_ESCALATED ? "escalated" : "eased", p,
                             before, r.severity, ret_err));
        } else if (p->status == MSPTK_STATE_UNKNOWN && r.state != p->status &&
                   r.severity > RANK_UNKNOWN) {
                TRY(observed(tx, r.n, now, "lost_sight", p, -1, r.severity, ret_err));
        }
        TRY(take_seen(&r, p, now, ret_err));
        return msptk__alert_row_write(tx, &r, ret_err);
}

/* An unexpired snooze or acceptance is of the problem: it goes over to its next alert. */
static msptk_status insert(store_tx *tx, const char *print, const problem *p, int64_t now,
                           const alert_row *last, char id[UUID_TEXT], msptk_error **ret_err)
{
        const bool snoozed = last && last->snoozed_until > now;
        const bool accepted = last && last->accepted_at && last->accepted_until > now;
        int32_t rank = rank_of(p->status);

        TRY(msptk__uuid7(now, id, ret_err));
        TRY(msptk__exec(
                tx, ret_err,
                "INSERT INTO alert (id, fingerprint, client_id, device_id, source, check_name,"
                " instance, status, severity, state, message, unit, value, evidence, since,"
                " opened_at, changed_at, last_seen, count, turned_at, flapping, flap_changes,"
                " flap_since, acked_at, snoozed_until, snoozed_by, snooze_note, snooze_severity,"
                " accepted_at, accepted_until, owner, reason, accepted_by, accept_severity,"
                " resolved_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'open', ?8, ?9, ?10, ?11, ?12,"
                " ?13, ?14, ?15, ?15, ?15, 1, ?15, 0, 0, 0, 0, ?16, ?17, ?18, ?19, ?20, ?21, ?22,"
                " ?23, ?24, ?25, 0)",
                SQL_TEXT(id), SQL_TEXT(print), SQL_TEXT(p->client_id), SQL_TEXT(p->device_id),
                SQL_TEXT(p->source), SQL_TEXT(p->check), SQL_TEXT(p->instance ? p->instance : ""),
                SQL_INT(rank), SQL_INT(p->status), SQL_TEXT(message_of(p)), SQL_TEXT(p->unit),
                SQL_REAL(p->value), SQL_INT(p->evidence), SQL_INT(p->since ? p->since : now),
                SQL_INT(now), SQL_INT(snoozed ? last->snoozed_until : 0),
                SQL_TEXT(snoozed ? last->snoozed_by : NULL),
                SQL_TEXT(snoozed ? last->snooze_note : NULL),
                SQL_INT(snoozed ? last->snooze_severity : 0),
                SQL_INT(accepted ? last->accepted_at : 0),
                SQL_INT(accepted ? last->accepted_until : 0),
                SQL_TEXT(accepted ? last->owner : NULL), SQL_TEXT(accepted ? last->reason : NULL),
                SQL_TEXT(accepted ? last->accepted_by : NULL),
                SQL_INT(accepted ? last->accept_severity : 0)));
        return observed(tx, msptk__tx_insert_id(tx), now, "opened", p, -1, rank, ret_err);
}

/* Within the window it is the same alert again, with its acknowledgement unless it was resolved by
 * hand. */
static msptk_status reopen(const ctx *c, store_tx *tx, alert_row *r, const problem *p, int64_t now,
                           msptk_error **ret_err)
{
        bool by_hand = r->resolved_by && strcmp(r->resolved_by, r->source) != 0;

        if (by_hand)
                r->acked_at = 0;
        TRY(end_silences(tx, r, now, ret_err));
        TRY(turn(c, tx, r, now, ret_err));
        r->severity = rank_of(p->status);
        TRY(observed(tx, r->n, now, "reopened", p, -1, r->severity, ret_err));
        if (msptk__replace(&r->status, r->acked_at ? "acknowledged" : "open") < 0)
                return msptk__nomem(ret_err);
        r->resolved_at = 0;
        r->since = p->since ? p->since : now;
        r->changed_at = now;
        TRY(take_seen(r, p, now, ret_err));
        return msptk__alert_row_write(tx, r, ret_err);
}

static msptk_status begins(const ctx *c, store_tx *tx, const char *print, const problem *p,
                           int64_t now, alert_change *ret, msptk_error **ret_err)
{
        AUTO_ALERT alert_row last = { 0 };
        flap_rule rule = msptk__flap_rule(c);
        msptk_status st = find_newest(tx, print, &last, ret_err);

        if (st < 0)
                return st;
        if (st == MSPTK_OK && rule.enabled && now - last.resolved_at <= rule.window_us) {
                TRY(reopen(c, tx, &last, p, now, ret_err));
                ret->kind = ALERT_REOPENED;
                msptk__utf8_copy(ret->id, sizeof(ret->id), last.id);
                return MSPTK_OK;
        }
        TRY(insert(tx, print, p, now, st == MSPTK_OK ? &last : NULL, ret->id, ret_err));
        ret->kind = ALERT_OPENED;
        return MSPTK_OK;
}

static msptk_status check_problem(const problem *p, msptk_error **ret_err)
{
        if (!p->client_id || !p->source || !p->check)
                return fail(ret_err, MSPTK_E_INTERNAL, "a problem without client, source or check");
        if (p->status != MSPTK_STATE_WARNING && p->status != MSPTK_STATE_CRITICAL &&
            p->status != MSPTK_STATE_UNKNOWN)
                return fail(ret_err, MSPTK_E_INTERNAL, "a problem with the status %d",
                            (int)p->status);
        return MSPTK_OK;
}

msptk_status msptk__alert_raise(const ctx *c, store_tx *tx, const problem *p, int64_t now,
                                alert_change *ret, msptk_error **ret_err)
{
        char print[DIGEST_HEX];
        alert_change change = { .kind = ALERT_STILL };
        brief b = { 0 };
        bool calm;
        msptk_status st;

        TRY(check_problem(p, ret_err));
        fingerprint(p, print);
        st = find_active(tx, print, &b, ret_err);
        TRY(st);
        if (st == MSPTK_DONE) {
                TRY(begins(c, tx, print, p, now, &change, ret_err));
        } else {
                memcpy(change.id, b.id, sizeof(b.id));
                calm = b.flapping && b.state != MSPTK_STATE_OK &&
                       now - b.turned_at >= msptk__flap_rule(c).window_us;
                if (b.state == p->status && !calm &&
                    severity_after(b.severity, p->status) == b.severity &&
                    (!b.snoozed_until || b.snoozed_until > now) &&
                    (!b.accepted_until || b.accepted_until > now))
                        TRY(stays(tx, &b, p, now, ret_err));
                else
                        TRY(moves(c, tx, print, p, now, calm, &change.kind, ret_err));
        }
        if (ret)
                *ret = change;
        return MSPTK_OK;
}

/* ---- ends ---- */

static msptk_status resolve(store_tx *tx, alert_row *r, const problem *p, int64_t now,
                            msptk_error **ret_err)
{
        AUTO_JSON msptk_json *detail = NULL;

        TRY(detail_of(p, -1, r->severity, &detail, ret_err));
        TRY(msptk__alert_event(tx, r->n, now, "resolved", p->source, detail, ret_err));
        if (msptk__replace(&r->status, "resolved") < 0 ||
            msptk__replace(&r->resolved_by, p->source) < 0 ||
            msptk__replace(&r->resolve_note, NULL) < 0)
                return msptk__nomem(ret_err);
        r->state = MSPTK_STATE_OK;
        r->flapping = 0;
        r->resolved_at = r->changed_at = now;
        return msptk__alert_row_write(tx, r, ret_err);
}

/* The problem has gone: resolves, unless it flaps; then it has to stay away for a whole window. */
static msptk_status ends(const ctx *c, store_tx *tx, const char *print, const problem *p,
                         int64_t now, int32_t *ret_kind, msptk_error **ret_err)
{
        AUTO_ALERT alert_row r = { 0 };
        msptk_status st = find_newest(tx, print, &r, ret_err);

        if (st != MSPTK_OK)
                return st < 0 ? st : fail(ret_err, MSPTK_E_INTERNAL, "an open alert vanished");
        if (r.state != MSPTK_STATE_OK) {
                TRY(turn(c, tx, &r, now, ret_err));
                if (r.flapping) {
                        r.state = MSPTK_STATE_OK;
                        TRY(msptk__alert_event(tx, r.n, now, "quiet", p->source, NULL, ret_err));
                        *ret_kind = ALERT_STILL;
                        return msptk__alert_row_write(tx, &r, ret_err);
                }
        }
        *ret_kind = ALERT_RESOLVED;
        return resolve(tx, &r, p, now, ret_err);
}

msptk_status msptk__alert_clear(const ctx *c, store_tx *tx, const problem *p, int64_t now,
                                alert_change *ret, msptk_error **ret_err)
{
        char print[DIGEST_HEX];
        alert_change change = { .kind = ALERT_NONE };
        brief b = { 0 };
        msptk_status st;

        fingerprint(p, print);
        st = find_active(tx, print, &b, ret_err);
        TRY(st);
        if (st == MSPTK_OK) {
                memcpy(change.id, b.id, sizeof(b.id));
                if (b.state != MSPTK_STATE_OK || !b.flapping ||
                    now - b.turned_at >= msptk__flap_rule(c).window_us)
                        TRY(ends(c, tx, print, p, now, &change.kind, ret_err));
                else
                        change.kind = ALERT_STILL;
        }
        if (ret)
                *ret = change;
        return MSPTK_OK;
}
