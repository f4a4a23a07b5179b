/* What people decide about an alert: acknowledge, resolve, snooze, accept; and the plans of it. */
#define ROOM "alerts"
#include "alerts/internal.h"

#include <string.h>

/* A decision changes the row in memory and says which event it is. */
typedef msptk_status (*decision)(act *a, const msptk_json *args, alert_row *r,
                                 const char **ret_event, msptk_error **ret_err);

static const char *text_arg(const msptk_json *args, const char *key)
{
        return msptk_json_string(msptk_json_get(args, key), NULL);
}

static bool flag_arg(const msptk_json *args, const char *key)
{
        return msptk_json_bool(msptk_json_get(args, key), 0);
}

static msptk_status set_text(char **slot, const char *text, msptk_error **ret_err)
{
        return msptk__replace(slot, text) < 0 ? msptk__nomem(ret_err) : MSPTK_OK;
}

static msptk_status refuse_resolved(const alert_row *r, const char *verb, msptk_error **ret_err)
{
        if (strcmp(r->status, "resolved"))
                return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_CONFLICT, "ALERT_RESOLVED",
                        "it opens again by itself if the problem is seen again",
                        "alert '%s' is resolved already; it cannot be %s", r->id, verb);
}

/* ---- decisions ---- */

static msptk_status decide_ack(act *a, const msptk_json *args, alert_row *r, const char **ret_event,
                               msptk_error **ret_err)
{
        TRY(refuse_resolved(r, "acknowledged", ret_err));
        if (!strcmp(r->status, "acknowledged") && !text_arg(args, "note"))
                return MSPTK_OK;
        TRY(set_text(&r->status, "acknowledged", ret_err));
        TRY(set_text(&r->acked_by, msptk__act_principal(a), ret_err));
        TRY(set_text(&r->ack_note, text_arg(args, "note"), ret_err));
        r->acked_at = msptk__act_now(a);
        *ret_event = "acknowledged";
        return MSPTK_OK;
}

static msptk_status decide_resolve(act *a, const msptk_json *args, alert_row *r,
                                   const char **ret_event, msptk_error **ret_err)
{
        TRY(refuse_resolved(r, "resolved again", ret_err));
        TRY(set_text(&r->status, "resolved", ret_err));
        TRY(set_text(&r->resolved_by, msptk__act_principal(a), ret_err));
        TRY(set_text(&r->resolve_note, text_arg(args, "note"), ret_err));
        r->resolved_at = msptk__act_now(a);
        r->flapping = 0;
        *ret_event = "resolved";
        return MSPTK_OK;
}

/* The moment that `for` or `until` name; both times of the validator: milliseconds, microseconds.
 */
static msptk_status read_until(act *a, const msptk_json *args, const char *verb, int64_t *ret,
                               msptk_error **ret_err)
{
        int64_t now = msptk__act_now(a);
        int64_t until = msptk_json_int(msptk_json_get(args, "until"), 0);
        int64_t for_ms = msptk_json_int(msptk_json_get(args, "for"), 0);

        if (!until && !for_ms)
                return fail_why(ret_err, MSPTK_E_INVALID, "MISSING_PARAMETER",
                                "give for (\"8h\") or until (\"2030-01-31\")",
                                "it must be said until when the alert is to be %s", verb);
        if (for_ms)
                until = now + for_ms * US_PER_MS;
        if (until <= now)
                return fail_why(ret_err, MSPTK_E_INVALID, "INVALID_PARAMETERS",
                                "give a time to come",
                                "an alert cannot be %s until a time that "
                                "has passed",
                                verb);
        *ret = until;
        return MSPTK_OK;
}

static msptk_status decide_snooze(act *a, const msptk_json *args, alert_row *r,
                                  const char **ret_event, msptk_error **ret_err)
{
        TRY(refuse_resolved(r, "snoozed", ret_err));
        if (flag_arg(args, "end")) {
                *ret_event = r->snoozed_until ? "snooze_withdrawn" : NULL;
                r->snoozed_until = 0;
                return MSPTK_OK;
        }
        TRY(read_until(a, args, "snoozed", &r->snoozed_until, ret_err));
        TRY(set_text(&r->snoozed_by, msptk__act_principal(a), ret_err));
        TRY(set_text(&r->snooze_note, text_arg(args, "note"), ret_err));
        r->snooze_severity = r->severity;
        *ret_event = "snoozed";
        return MSPTK_OK;
}

static msptk_status need_text(const msptk_json *args, const char *name, char **slot,
                              msptk_error **ret_err)
{
        const char *text = text_arg(args, name);

        if (!text || !text[strspn(text, " \t\n")])
                return fail_why(ret_err, MSPTK_E_INVALID, "MISSING_PARAMETER",
                                "an accepted risk has an owner, a reason and an end",
                                "accepting an alert needs the parameter '%s'", name);
        return set_text(slot, text, ret_err);
}

static msptk_status decide_accept(act *a, const msptk_json *args, alert_row *r,
                                  const char **ret_event, msptk_error **ret_err)
{
        TRY(refuse_resolved(r, "accepted", ret_err));
        if (flag_arg(args, "end")) {
                *ret_event = r->accepted_at ? "acceptance_withdrawn" : NULL;
                r->accepted_at = r->accepted_until = 0;
                return MSPTK_OK;
        }
        TRY(need_text(args, "owner", &r->owner, ret_err));
        TRY(need_text(args, "reason", &r->reason, ret_err));
        TRY(read_until(a, args, "accepted", &r->accepted_until, ret_err));
        TRY(set_text(&r->accepted_by, msptk__act_principal(a), ret_err));
        r->accepted_at = msptk__act_now(a);
        r->accept_severity = r->severity;
        *ret_event = "accepted";
        return MSPTK_OK;
}

/* ---- doing and planning ---- */

static msptk_status event_detail(const alert_row *r, const char *event, const msptk_json *args,
                                 msptk_json **ret, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();

        msptk__obj_str(&o, "note", text_arg(args, "note"));
        if (!strcmp(event, "snoozed"))
                msptk__obj_time(&o, "until", r->snoozed_until);
        if (!strcmp(event, "accepted")) {
                msptk__obj_str(&o, "owner", r->owner);
                msptk__obj_str(&o, "reason", r->reason);
                msptk__obj_time(&o, "until", r->accepted_until);
        }
        msptk__obj_str(&o, "severity", msptk__rank_name(r->severity));
        return msptk__obj_end(&o, ret, ret_err);
}

static msptk_status find(act *a, const msptk_json *args, alert_row *r, store_tx **ret_tx,
                         msptk_error **ret_err)
{
        TRY(msptk__act_tx(a, ret_tx, ret_err));
        TRY(msptk__alert_row_find(a, *ret_tx, text_arg(args, "alert_id"),
                                  text_arg(args, "client_id"), r, ret_err));
        msptk__act_note(a, "alert_id", r->id);
        if (!text_arg(args, "client_id"))
                msptk__act_note(a, "client_id", r->client_id);
        return MSPTK_OK;
}

static msptk_status manage(act *a, const msptk_json *args, decision decide, msptk_json **ret,
                           msptk_error **ret_err)
{
        AUTO_ALERT alert_row r = { 0 };
        AUTO_JSON msptk_json *detail = NULL;
        const char *event = NULL;
        store_tx *tx;

        TRY(find(a, args, &r, &tx, ret_err));
        TRY(decide(a, args, &r, &event, ret_err));
        if (event) {
                r.changed_at = msptk__act_now(a);
                TRY(event_detail(&r, event, args, &detail, ret_err));
                TRY(msptk__alert_event(tx, r.n, r.changed_at, event, msptk__act_principal(a),
                                       detail, ret_err));
                TRY(msptk__alert_row_write(tx, &r, ret_err));
        }
        return msptk__alert_json(&r, msptk__act_now(a), ret, ret_err);
}

static msptk_status plan(act *a, const msptk_json *args, decision decide, const char *action,
                         msptk_json **ret, msptk_error **ret_err)
{
        AUTO_ALERT alert_row r = { 0 };
        AUTO_OBJ json_obj o = msptk__obj();
        json_obj changes = msptk__array(), change;
        msptk_json *before = NULL, *after = NULL;
        const char *event = NULL;
        int64_t revision;
        store_tx *tx;
        msptk_status st = find(a, args, &r, &tx, ret_err);

        revision = r.changed_at;
        if (st == MSPTK_OK)
                st = msptk__alert_json(&r, msptk__act_now(a), &before, ret_err);
        if (st == MSPTK_OK)
                st = decide(a, args, &r, &event, ret_err);
        if (st == MSPTK_OK)
                st = msptk__alert_json(&r, msptk__act_now(a), &after, ret_err);
        if (st == MSPTK_OK && event) {
                change = msptk__obj();
                msptk__obj_str(&change, "action", action);
                msptk__obj_str(&change, "what", "alert");
                msptk__obj_str(&change, "id", r.id);
                msptk__obj_copy(&change, "before", before);
                msptk__obj_copy(&change, "after", after);
                msptk__array_take(&changes, &change);
        }
        msptk_json_free(before);
        msptk_json_free(after);
        msptk__obj_take(&o, "changes", &changes);
        msptk__obj_int(&o, "revision", revision);
        return st < 0 ? st : msptk__obj_end(&o, ret, ret_err);
}

msptk_status msptk__alert_ack(act *a, const msptk_json *args, msptk_json **ret,
                              msptk_error **ret_err)
{
        return manage(a, args, decide_ack, ret, ret_err);
}

msptk_status msptk__alert_resolve(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err)
{
        return manage(a, args, decide_resolve, ret, ret_err);
}

msptk_status msptk__alert_snooze(act *a, const msptk_json *args, msptk_json **ret,
                                 msptk_error **ret_err)
{
        return manage(a, args, decide_snooze, ret, ret_err);
}

msptk_status msptk__alert_accept(act *a, const msptk_json *args, msptk_json **ret,
                                 msptk_error **ret_err)
{
        return manage(a, args, decide_accept, ret, ret_err);
}

msptk_status msptk__alert_ack_plan(act *a, const msptk_json *args, msptk_json **ret,
                                   msptk_error **ret_err)
{
        return plan(a, args, decide_ack, "acknowledge", ret, ret_err);
}

msptk_status msptk__alert_resolve_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err)
{
        return plan(a, args, decide_resolve, "resolve", ret, ret_err);
}

msptk_status msptk__alert_snooze_plan(act *a, const msptk_json *args, msptk_json **ret,
                                      msptk_error **ret_err)
{
        return plan(a, args, decide_snooze, "snooze", ret, ret_err);
}

msptk_status msptk__alert_accept_plan(act *a, const msptk_json *args, msptk_json **ret,
                                      msptk_error **ret_err)
{
        return plan(a, args, decide_accept, "accept", ret, ret_err);
}
