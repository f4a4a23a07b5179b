/* What was expected of a device and did not come is unknown, with its reason. */
#define ROOM "health"
#include "health/settle.h"

#include <math.h>
#include <string.h>

/* A series that nobody reports any more is given up after a week of unknown. */
static const int64_t give_up_us = INT64_C(7) * 86400 * 1000000;

static const observed *make_missing(settling *g, const ask *k, const char *check,
                                    const char *metric, const char *item, const char *unit,
                                    const char *why)
{
        observed *o = msptk__arena_alloc(&g->r->texts, sizeof(*o));

        if (o)
                *o = (observed){ .from = k,
                                 .state = MSPTK_STATE_UNKNOWN,
                                 .value = NAN,
                                 .check = check,
                                 .metric = metric,
                                 .item = item,
                                 .unit = unit,
                                 .message = why,
                                 .data = "" };
        return o;
}

static bool check_has_rows(const settling *g, const char *check)
{
        for (size_t i = 0; i < g->count; i++)
                if (!strcmp(g->items[i].s->check, check))
                        return true;
        return false;
}

/* Stands for all that an adapter would have said, had it answered. */
static const char whole_adapter[] = "custom";

static bool was_heard(const settling *g, const ask *k)
{
        for (const observed *o = g->d->first; o; o = o->next)
                if (o->from == k)
                        return true;
        return false;
}

static bool is_remembered(const settling *g, const ask *k)
{
        for (const series *s = g->d->series; s; s = s->next)
                if (!strcmp(s->source, k->source))
                        return true;
        return false;
}

/* A known series that this run did not hear of. */
static msptk_status miss_series(settling *g, const ask *k, series *s, const char *why,
                                int64_t evidence_id, msptk_error **ret_err)
{
        const observed *o;
        entry e = { .s = s, .evidence = evidence_id, .at = g->r->now };

        if (!*s->metric && check_has_rows(g, s->check))
                return msptk__series_retire(g->tx, s, ret_err);
        if (!*s->metric && !*s->item && !strcmp(s->check, whole_adapter) && !k->problem &&
            was_heard(g, k)) {
                TRY(msptk__series_retire(g->tx, s, ret_err));
                return msptk__settle_clear(g, s->check, s->item, ret_err);
        }
        if (g->d->reported && s->state.status == MSPTK_STATE_UNKNOWN &&
            g->r->now - s->state.since > give_up_us) {
                TRY(msptk__series_retire(g->tx, s, ret_err));
                return msptk__settle_clear(g, s->check, s->item, ret_err);
        }
        e.t = msptk__settle_limits(g, s->check, s->metric);
        if (!e.t)
                return msptk__nomem(ret_err);
        if (!e.t->enabled)
                return MSPTK_OK;
        o = make_missing(g, k, s->check, s->metric, s->item, s->unit, why);
        if (!o)
                return msptk__nomem(ret_err);
        e.o = o;
        e.note = why;
        return msptk__settle_entry(g, &e, MSPTK_STATE_UNKNOWN, ret_err);
}

/* A check that was asked and of which nothing was ever heard. */
static msptk_status miss_check(settling *g, const ask *k, const char *check, const char *why,
                               int64_t evidence_id, msptk_error **ret_err)
{
        const observed *o;

        if (check_has_rows(g, check))
                return MSPTK_OK;
        for (const series *s = g->d->series; s; s = s->next)
                if (!strcmp(s->check, check) && !strcmp(s->source, k->source))
                        return MSPTK_OK;
        o = make_missing(g, k, check, "", "", "", why);
        if (!o)
                return msptk__nomem(ret_err);
        return msptk__settle_observed(g, o, evidence_id, ret_err);
}

msptk_status msptk__settle_missing(settling *g, const ask *k, int64_t evidence_id,
                                   msptk_error **ret_err)
{
        const char *why = "not reported";

        if (k->problem && !(why = msptk__arena_text(&g->r->texts, k->problem, MESSAGE_BYTES)))
                return msptk__nomem(ret_err);
        for (series *s = g->d->series, *next; s; s = next) {
                next = s->next;
                if (!s->seen && !strcmp(s->source, k->source) &&
                    (msptk__health_type(s->check) & g->r->types))
                        TRY(miss_series(g, k, s, why, evidence_id, ret_err));
        }
        for (size_t i = 0; k->checks && k->checks[i]; i++)
                TRY(miss_check(g, k, k->checks[i], why, evidence_id, ret_err));
        /* That an adapter failed is never hidden by another one that answered. */
        if (!k->checks && (k->problem ? !is_remembered(g, k) : !g->d->series && !g->d->reported))
                TRY(miss_check(g, k, whole_adapter, why, evidence_id, ret_err));
        return MSPTK_OK;
}
