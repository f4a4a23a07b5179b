/* Takes in what was observed of a device: evidence, judged samples, changes of state. */
#define ROOM "health"
#include "health/settle.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ENTRIES_STEP = 64, WORDS_BYTES = 700 };

/* ---- evidence ---- */

static msptk_status print_observed(settling *g, const ask *k, msptk_error **ret_err)
{
        evidence_pack p;

        msptk__buf_reset(&g->seen);
        msptk__evidence_pack_begin(&p, &g->seen, k->problem);
        for (const observed *o = g->d->first; o; o = o->next)
                if (o->from == k)
                        msptk__evidence_pack_row(
                                &p,
                                &(evidence_row){ .check = o->check,
                                                 .metric = o->metric,
                                                 .item = o->item,
                                                 .state = o->state == MSPTK_STATE_JUDGE
                                                                  ? ""
                                                                  : msptk__health_word(o->state),
                                                 .unit = o->unit,
                                                 .message = o->message,
                                                 .data = o->data,
                                                 .value = isfinite(o->value) ? o->value : NAN });
        return msptk__evidence_pack_end(&p, ret_err);
}

static msptk_status print_asked(const ask *k, buf *out, msptk_error **ret_err)
{
        json_writer w;

        msptk__jw_init(&w, out, 0);
        msptk__jw_object_begin(&w);
        msptk__jw_key(&w, "checks");
        if (k->checks) {
                msptk__jw_array_begin(&w);
                for (size_t i = 0; k->checks[i]; i++)
                        msptk__jw_string(&w, k->checks[i]);
                msptk__jw_array_end(&w);
        } else {
                msptk__jw_null(&w);
        }
        msptk__jw_object_end(&w);
        return msptk__buf_status(out, ROOM, "a question", ret_err);
}

static msptk_status add_evidence(settling *g, ask *k, int64_t *ret_id, msptk_error **ret_err)
{
        evidence e = { .at = g->r->now,
                       .adapter = k->source,
                       .device_id = g->d->id,
                       .client_id = g->k->row.id,
                       .took_us = __atomic_load_n(&k->took_us, __ATOMIC_RELAXED) };

        if (!k->asked) {
                AUTO_BUF buf asked = BUF_INIT(1 << 20);

                TRY(print_asked(k, &asked, ret_err));
                k->asked = msptk__arena_text(&g->r->texts, msptk__buf_text(&asked), asked.len);
                if (!k->asked)
                        return msptk__nomem(ret_err);
        }
        TRY(print_observed(g, k, ret_err));
        e.asked = k->asked;
        e.observed = msptk__buf_text(&g->seen);
        return msptk__evidence_add(g->tx, &e, ret_id, ret_err);
}

/* ---- one observation ---- */

static msptk_status add_entry(settling *g, const entry *e, msptk_error **ret_err)
{
        if (g->count == g->cap) {
                size_t cap = g->cap + ENTRIES_STEP + g->cap / 2;
                entry *more = msptk__realloc_array(g->items, cap, sizeof(*more));

                if (!more)
                        return msptk__nomem(ret_err);
                g->items = more;
                g->cap = cap;
        }
        g->items[g->count] = *e;
        g->items[g->count].order = g->count;
        g->count++;
        return MSPTK_OK;
}

static msptk_status add_sample(run *r, const entry *e, msptk_error **ret_err)
{
        if (r->sample_count == r->sample_cap) {
                size_t cap = r->sample_cap ? 2 * r->sample_cap : 1024;
                store_sample *more = msptk__realloc_array(r->samples, cap, sizeof(*more));

                if (!more)
                        return msptk__nomem(ret_err);
                r->samples = more;
                r->sample_cap = cap;
        }
        r->samples[r->sample_count++] = (store_sample){
                .series = e->s->id,
                .at = e->at,
                .value = isfinite(e->o->value) ? e->o->value : NAN,
                .status = e->s->state.status,
                .evidence = e->evidence,
        };
        return MSPTK_OK;
}

msptk_status msptk__settle_entry(settling *g, entry *e, int32_t state, msptk_error **ret_err)
{
        series *s = e->s;
        health_state was = s->state;
        double value = e->o->value;

        e->before = was.status;
        s->seen = true;
        if (msptk__health_judge(&s->state, e->t, state, value, e->at))
                TRY(msptk__exec(g->tx, ret_err,
                                "INSERT INTO state_change (series, at, from_status, to_status,"
                                " value, evidence) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                                SQL_INT(s->id), SQL_INT(e->at), SQL_INT(was.status),
                                SQL_INT(s->state.status), SQL_REAL(isfinite(value) ? value : NAN),
                                SQL_INT(e->evidence)));
        if (memcmp(&was, &s->state, sizeof(was)) || s->fresh) {
                s->fresh = false;
                TRY(msptk__series_save(g->tx, s, ret_err));
        }
        TRY(add_sample(g->r, e, ret_err));
        return add_entry(g, e, ret_err);
}

static const char *stale_note(run *r, int64_t age_us)
{
        char text[WORDS_BYTES], age[TIME_TEXT_MAX];

        msptk__duration_format_human(age_us / 1000, age);
        snprintf(text, sizeof(text), "what the adapter gave is %s old", age);
        return msptk__arena_text(&r->texts, text, MESSAGE_BYTES);
}

const threshold *msptk__settle_limits(settling *g, const char *check, const char *metric)
{
        limits *l = &g->known;
        struct limit *i;

        for (size_t n = 0; n < l->count; n++) {
                i = &l->items[(l->last + n) % l->count];
                if (strcmp(i->metric, metric) || strcmp(i->check, check))
                        continue;
                l->last = (size_t)(i - l->items);
                return i->t;
        }
        i = &l->items[l->count < KNOWN_LIMITS ? l->count++ : 0];
        *i = (struct limit){ check, metric, msptk__arena_alloc(&g->r->texts, sizeof(*i->t)) };
        if (i->t)
                msptk__policy_threshold(g->k->policy, g->d->id, check, metric, i->t);
        else
                l->count = 0;
        return i->t;
}

msptk_status msptk__settle_observed(settling *g, const observed *o, int64_t evidence_id,
                                    msptk_error **ret_err)
{
        run *r = g->r;
        entry e = { .o = o, .evidence = evidence_id, .at = o->at };
        int32_t state = o->state;

        e.t = msptk__settle_limits(g, o->check, o->metric);
        if (!e.t)
                return msptk__nomem(ret_err);
        e.s = msptk__series_find(g->d, &g->hint, o);
        if (!e.t->enabled) {
                if (e.s)
                        e.s->seen = true;
                return MSPTK_OK;
        }
        if (!e.s)
                TRY(msptk__series_new(r, g->tx, g->device, o, &e.s, ret_err));
        if (e.at <= 0 || e.at > r->now)
                e.at = r->now;
        if (r->now - e.at > r->stale_us && state != MSPTK_STATE_UNKNOWN) {
                state = MSPTK_STATE_UNKNOWN;
                e.note = stale_note(r, r->now - e.at);
                e.at = r->now;
        } else if (state == MSPTK_STATE_UNKNOWN ||
                   (state == MSPTK_STATE_JUDGE && !isfinite(o->value))) {
                if (!*o->message)
                        e.note = "no value";
        } else {
                g->d->reported = true;
        }
        return msptk__settle_entry(g, &e, state, ret_err);
}

static bool is_alive(const settling *g, const ask *k)
{
        for (size_t i = 0; i < k->device_count; i++)
                if (k->devices[i].index == g->device)
                        return __atomic_load_n(&k->devices[i].alive, __ATOMIC_RELAXED);
        return false;
}

msptk_status msptk__settle_take(settling *g, ask *k, int64_t *ret_evidence, msptk_error **ret_err)
{
        if (is_alive(g, k))
                g->d->reported = true;
        TRY(add_evidence(g, k, ret_evidence, ret_err));
        for (const observed *o = g->d->first; o; o = o->next)
                if (o->from == k)
                        TRY(msptk__settle_observed(g, o, *ret_evidence, ret_err));
        return MSPTK_OK;
}
