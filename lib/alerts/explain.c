/* Why an alert fired, and why it is or is not silent now. */
#define ROOM "alerts"
#include "alerts/internal.h"

#include <string.h>

#include "clients/clients.h"
#include "devices/devices.h"
#include "evidence/evidence.h"
#include "policy/policy.h"

static const char *text_of(const msptk_json *o, const char *key)
{
        return msptk_json_string(msptk_json_get(o, key), NULL);
}

/* Older evidence may have been pruned: then there is none to show, and the text says so. */
static msptk_status read_evidence(store_tx *tx, int64_t id, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_ERROR msptk_error *why = NULL;
        msptk_status st;

        if (!id)
                return MSPTK_OK;
        st = msptk__evidence_json(tx, id, ret, &why);
        if (st == MSPTK_E_NOTFOUND || st == MSPTK_OK)
                return MSPTK_OK;
        if (ret_err)
                *ret_err = STEAL(why);
        return st;
}

/* The thresholds that are in force for the check now, with their sources. */
static msptk_status read_policy(act *a, store_tx *tx, const alert_row *r, msptk_json **ret,
                                msptk_error **ret_err)
{
        AUTO_CLIENT client_row client = { 0 };
        AUTO_POLICY policy *p = NULL;
        AUTO_JSON msptk_json *told = NULL;
        msptk_status st = msptk__client_read(tx, r->client_id, &client, NULL);

        if (st == MSPTK_E_NOTFOUND) /* deleted since: its alerts are still explained */
                return MSPTK_OK;
        if (st < 0)
                return fail(ret_err, st, "read the client of alert '%s'", r->id);
        TRY(msptk__policy_load(msptk__act_ctx(a), tx, client.id, client.tier, NULL, &p, ret_err));
        TRY(msptk__policy_explain(p, r->device_id, r->check, &told, ret_err));
        *ret = msptk_json_copy(msptk_json_get(told, "values"));
        return *ret ? MSPTK_OK : msptk__nomem(ret_err);
}

/* The newest event that carries a decision. */
static const msptk_json *newest_decision(const msptk_json *events)
{
        const msptk_json *found = NULL;

        for (const msptk_json *e = msptk_json_first(events); e; e = msptk_json_next(e))
                if (msptk_json_get(msptk_json_get(e, "detail"), "why"))
                        found = e;
        return found;
}

static void add_decision(json_obj *o, const msptk_json *events)
{
        const msptk_json *e = newest_decision(events);
        json_obj d;

        if (!e) {
                msptk__obj_null(o, "decision");
                return;
        }
        d = msptk__obj();
        msptk__obj_str(&d, "at", text_of(e, "at"));
        msptk__obj_str(&d, "event", text_of(e, "kind"));
        msptk__obj_copy(&d, "why", msptk_json_get(msptk_json_get(e, "detail"), "why"));
        msptk__obj_take(o, "decision", &d);
}

static void add_or_null(json_obj *o, const char *key, const msptk_json *value)
{
        if (value)
                msptk__obj_copy(o, key, value);
        else
                msptk__obj_null(o, key);
}

/* What was read for an explanation. */
typedef struct parts {
        msptk_json *alert, *evidence, *thresholds, *device, *events, *text;
} parts;

static void parts_clear(parts *p)
{
        msptk_json_free(p->alert);
        msptk_json_free(p->evidence);
        msptk_json_free(p->thresholds);
        msptk_json_free(p->device);
        msptk_json_free(p->events);
        msptk_json_free(p->text);
}
#define AUTO_PARTS __attribute__((cleanup(parts_clear)))

/* Removed since: its alerts are still explained. */
static msptk_status read_device(store_tx *tx, const alert_row *r, int64_t now, msptk_json **ret,
                                msptk_error **ret_err)
{
        AUTO_ERROR msptk_error *why = NULL;
        msptk_status st;

        if (!r->device_id)
                return MSPTK_OK;
        st = msptk__device_json(tx, r->device_id, now, NULL, ret, &why);
        if (st == MSPTK_E_NOTFOUND)
                return MSPTK_OK;
        if (st < 0 && ret_err)
                *ret_err = STEAL(why);
        return st;
}

static msptk_status gather(act *a, store_tx *tx, const alert_row *r, parts *p,
                           msptk_error **ret_err)
{
        int64_t now = msptk__act_now(a);

        TRY(msptk__alert_json(r, now, &p->alert, ret_err));
        TRY(read_evidence(tx, r->evidence, &p->evidence, ret_err));
        TRY(read_policy(a, tx, r, &p->thresholds, ret_err));
        TRY(msptk__alert_events(tx, r->n, &p->events, ret_err));
        TRY(read_device(tx, r, now, &p->device, ret_err));
        return msptk__alert_sentences(msptk__act_ctx(a), r, p->events, p->thresholds,
                                      text_of(p->device, "name"), now, &p->text, ret_err);
}

msptk_status msptk__alert_explain(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err)
{
        AUTO_ALERT alert_row r = { 0 };
        AUTO_PARTS parts p = { 0 };
        AUTO_OBJ json_obj o = msptk__obj();
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__alert_row_find(a, tx, text_of(args, "alert_id"), text_of(args, "client_id"), &r,
                                  ret_err));
        TRY(gather(a, tx, &r, &p, ret_err));
        msptk__obj_str(&o, "schema", "msptk.alert_explanation/1");
        msptk__obj_str(&o, "id", r.id);
        msptk__obj_copy(&o, "text", p.text);
        msptk__obj_copy(&o, "alert", p.alert);
        add_or_null(&o, "observed", p.evidence);
        add_decision(&o, p.events);
        add_or_null(&o, "thresholds_now", p.thresholds);
        msptk__obj_copy(&o, "silent", msptk_json_get(p.alert, "silent"));
        msptk__obj_copy(&o, "silent_reason", msptk_json_get(p.alert, "silent_reason"));
        msptk__obj_copy(&o, "events", p.events);
        return msptk__obj_end(&o, ret, ret_err);
}
