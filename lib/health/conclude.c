/* Results and alerts of a device, from what was judged of it. */
#define ROOM "health"
#include "health/settle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_group(const void *a, const void *b)
{
        const entry *x = a, *y = b;
        int order = strcmp(x->s->check, y->s->check);

        if (!order)
                order = strcmp(x->s->item, y->s->item);
        if (!order)
                order = msptk__health_rank(y->s->state.status) -
                        msptk__health_rank(x->s->state.status);
        return order ? order : (x->order > y->order) - (x->order < y->order);
}

static msptk_status why_json(const entry *e, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();

        msptk__obj_str(&o, "check", e->s->check);
        msptk__obj_str(&o, "metric", e->s->metric);
        msptk__obj_str(&o, "source", e->s->source);
        if (isfinite(e->o->value))
                msptk__obj_double(&o, "value", e->o->value);
        if (e->o->state == MSPTK_STATE_JUDGE) {
                if (!isnan(e->t->warning)) {
                        msptk__obj_double(&o, "warning", e->t->warning);
                        msptk__obj_str(&o, "warning_source", e->t->warning_source);
                }
                if (!isnan(e->t->critical)) {
                        msptk__obj_double(&o, "critical", e->t->critical);
                        msptk__obj_str(&o, "critical_source", e->t->critical_source);
                }
                msptk__obj_double(&o, "hysteresis", e->t->hysteresis);
        } else {
                msptk__obj_str(&o, "reported_state", msptk__health_word(e->o->state));
        }
        msptk__obj_int(&o, "sustained_ms", e->t->sustained_ms);
        msptk__obj_str(&o, "from",
                       e->before == HEALTH_NONE ? "none" : msptk__health_word(e->before));
        msptk__obj_str(&o, "to", msptk__health_word(e->s->state.status));
        return msptk__obj_end(&o, ret, ret_err);
}

static void count_change(run_client *k, int32_t kind)
{
        k->opened += kind == ALERT_OPENED || kind == ALERT_REOPENED;
        k->still += kind == ALERT_STILL || kind == ALERT_ESCALATED || kind == ALERT_EASED;
        k->resolved += kind == ALERT_RESOLVED;
}

/* What is unknown now but was bad when it was last known stays as bad as that. */
static int32_t problem_status(const entry *e, size_t count)
{
        int32_t status = e->s->state.status, known = MSPTK_STATE_OK;

        for (size_t i = 0; i < count; i++)
                if (e[i].s->state.known > known)
                        known = e[i].s->state.known;
        return status == MSPTK_STATE_UNKNOWN && known > MSPTK_STATE_OK ? known : status;
}

msptk_status msptk__settle_clear(settling *g, const char *check, const char *item,
                                 msptk_error **ret_err)
{
        problem p = { .client_id = g->k->row.id,
                      .device_id = g->d->id,
                      .source = "health",
                      .check = check,
                      .instance = item,
                      .status = MSPTK_STATE_OK,
                      .message = "",
                      .value = NAN };
        alert_change change = { 0 };

        TRY(msptk__alert_clear(g->r->c, g->tx, &p, g->r->now, &change, ret_err));
        g->k->resolved += change.kind == ALERT_RESOLVED;
        return MSPTK_OK;
}

static msptk_status raise_group(settling *g, const entry *e, size_t count, const check_result *c,
                                msptk_error **ret_err)
{
        char message[RESULT_WORDS];
        AUTO_JSON msptk_json *why = NULL;
        alert_change change = { 0 };
        problem p = { .client_id = g->k->row.id,
                      .device_id = g->d->id,
                      .source = "health",
                      .check = e->s->check,
                      .instance = e->s->item,
                      .status = problem_status(e, count),
                      .message = message,
                      .value = isfinite(e->o->value) ? e->o->value : NAN,
                      .unit = e->s->unit,
                      .evidence = e->evidence,
                      .since = e->s->state.since };

        msptk__result_words(c, message);
        TRY(why_json(e, &why, ret_err));
        p.why = why;
        TRY(msptk__alert_raise(g->r->c, g->tx, &p, g->r->now, &change, ret_err));
        count_change(g->k, change.kind);
        return MSPTK_OK;
}

static msptk_status alert_group(settling *g, const entry *e, size_t count, const check_result *c,
                                msptk_error **ret_err)
{
        int32_t status = e->s->state.status;
        bool was_ok = true;

        for (size_t i = 0; i < count; i++)
                was_ok = was_ok && (e[i].before == MSPTK_STATE_OK || e[i].before == HEALTH_NONE);
        if (status == MSPTK_STATE_OK)
                return was_ok ? MSPTK_OK : msptk__settle_clear(g, e->s->check, e->s->item, ret_err);
        /* A device that says nothing is one problem, not one for each check. */
        if (status == MSPTK_STATE_UNKNOWN && !g->d->reported && g->d->id)
                return MSPTK_OK;
        return raise_group(g, e, count, c, ret_err);
}

/* What the result says is put into words where it is shown: most rows of a run never are. */
static msptk_status make_result(settling *g, const entry *e, check_result *ret,
                                msptk_error **ret_err)
{
        const char *said = e->note;

        if (!said && !(said = msptk__arena_text(&g->r->texts, e->o->message, MESSAGE_BYTES)))
                return msptk__nomem(ret_err);
        *ret = (check_result){
                .status = e->s->state.status,
                .lower_is_worse = e->t->lower_is_worse,
                .device = g->device,
                .value = isfinite(e->o->value) ? e->o->value : NAN,
                .warning = e->o->state == MSPTK_STATE_JUDGE ? e->t->warning : NAN,
                .critical = e->o->state == MSPTK_STATE_JUDGE ? e->t->critical : NAN,
                .at = e->at,
                .since = e->s->state.since,
                .evidence = e->evidence,
                .check = e->s->check,
                .metric = e->s->metric,
                .item = e->s->item,
                .unit = e->s->unit,
                .said = said,
        };
        return MSPTK_OK;
}

static msptk_status add_result(run *r, const check_result *c, msptk_error **ret_err)
{
        if (r->result_count == r->result_cap) {
                size_t cap = r->result_cap ? 2 * r->result_cap : 256;
                check_result *more = msptk__realloc_array(r->results, cap, sizeof(*more));

                if (!more)
                        return msptk__nomem(ret_err);
                r->results = more;
                r->result_cap = cap;
        }
        r->results[r->result_count++] = *c;
        return MSPTK_OK;
}

static bool same_group(const entry *a, const entry *b)
{
        return !strcmp(a->s->item, b->s->item) && !strcmp(a->s->check, b->s->check);
}

static void sort_entries(settling *g)
{
        size_t i = 1;

        while (i < g->count && by_group(&g->items[i - 1], &g->items[i]) <= 0)
                i++;
        if (i < g->count)
                qsort(g->items, g->count, sizeof(*g->items), by_group);
}

msptk_status msptk__settle_conclude(settling *g, msptk_error **ret_err)
{
        sort_entries(g);
        for (size_t i = 0, end; i < g->count; i = end) {
                const entry *e = &g->items[i];
                check_result c;

                TRY(make_result(g, e, &c, ret_err));
                for (end = i + 1; end < g->count && same_group(&g->items[end], e);)
                        end++;
                TRY(alert_group(g, e, end - i, &c, ret_err));
                TRY(add_result(g->r, &c, ret_err));
        }
        return MSPTK_OK;
}

msptk_status msptk__settle_silence(settling *g, bool complete, msptk_error **ret_err)
{
        run_device *d = g->d;
        alert_change change = { 0 };
        problem p = { .client_id = g->k->row.id,
                      .device_id = d->id,
                      .source = "health",
                      .check = "device",
                      .instance = "",
                      .status = MSPTK_STATE_UNKNOWN,
                      .message = d->reason,
                      .value = NAN,
                      .since = g->r->now };

        if (!d->id || !d->asked)
                return MSPTK_OK;
        if (d->reported)
                return g->was_silent ? msptk__settle_clear(g, "device", "", ret_err) : MSPTK_OK;
        if (!complete)
                return MSPTK_OK;
        TRY(msptk__alert_raise(g->r->c, g->tx, &p, g->r->now, &change, ret_err));
        count_change(g->k, change.kind);
        return MSPTK_OK;
}
