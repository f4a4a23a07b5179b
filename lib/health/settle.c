/* Judges what was observed of devices and stores it: samples, evidence, changes of state, alerts,
 * in one transaction. */
#define ROOM "health"
#include "health/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES_STEP = 64, WORDS_BYTES = 700 };

/* A series that nobody reports any more is given up after a week of unknown. */
static const int64_t give_up_us = INT64_C(7) * 86400 * 1000000;

/* One judged observation. */
typedef struct entry {
        series *s;
        const observed *o;
        threshold t;
        int64_t at, evidence;
        int32_t before;   /* status before this run */
        const char *note; /* instead of the adapter's message; NULL */
        size_t order;
} entry;

typedef struct settling {
        run *r;
        store_tx *tx;
        run_device *d;
        size_t device;
        run_client *k;
        entry *items;
        size_t count, cap;
        series *hint;
        bool was_silent; /* nothing was known of the device before */
} settling;

/* ---- evidence ---- */

static void put_observed(json_writer *w, const observed *o)
{
        msptk__jw_object_begin(w);
        msptk__jw_put_string(w, "check", o->check);
        if (*o->metric)
                msptk__jw_put_string(w, "metric", o->metric);
        if (*o->item)
                msptk__jw_put_string(w, "instance", o->item);
        if (o->state != MSPTK_STATE_JUDGE)
                msptk__jw_put_string(w, "state", msptk__health_word(o->state));
        if (isfinite(o->value))
                msptk__jw_put_double(w, "value", o->value);
        if (*o->unit)
                msptk__jw_put_string(w, "unit", o->unit);
        if (*o->message)
                msptk__jw_put_string(w, "message", o->message);
        if (*o->data) {
                AUTO_JSON msptk_json *data = NULL;

                msptk_status st = msptk_json_parse(o->data, strlen(o->data), &data, NULL);

                if (st == MSPTK_OK) {
                        msptk__jw_key(w, "data");
                        msptk__jw_json(w, data);
                } else if (st == MSPTK_E_NOMEM) {
                        w->out->failed = st; /* evidence is whole or not at all */
                }
        }
        msptk__jw_object_end(w);
}

static msptk_status print_observed(const settling *g, const ask *k, buf *out, msptk_error **ret_err)
{
        json_writer w;

        msptk__jw_init(&w, out, 0);
        msptk__jw_object_begin(&w);
        if (k->problem)
                msptk__jw_put_string(&w, "error", k->problem);
        msptk__jw_key(&w, "rows");
        msptk__jw_array_begin(&w);
        for (const observed *o = g->d->first; o; o = o->next)
                if (o->from == k)
                        put_observed(&w, o);
        msptk__jw_array_end(&w);
        msptk__jw_object_end(&w);
        return msptk__buf_status(out, ROOM, "an observation", ret_err);
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

static msptk_status add_evidence(settling *g, const ask *k, int64_t *ret_id, msptk_error **ret_err)
{
        AUTO_BUF buf asked = BUF_INIT(1 << 20);
        AUTO_BUF buf seen = BUF_INIT(64 << 20);
        evidence e = { .at = g->r->now,
                       .adapter = k->source,
                       .device_id = g->d->id,
                       .client_id = g->k->row.id,
                       .took_us = __atomic_load_n(&k->took_us, __ATOMIC_RELAXED) };

        TRY(print_asked(k, &asked, ret_err));
        TRY(print_observed(g, k, &seen, ret_err));
        e.asked = msptk__buf_text(&asked);
        e.observed = msptk__buf_text(&seen);
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

/* Moves the state of the series; stores what has changed of it. */
static msptk_status judge_entry(settling *g, entry *e, int32_t state, msptk_error **ret_err)
{
        series *s = e->s;
        health_state was = s->state;
        double value = e->o->value;

        e->before = was.status;
        s->seen = true;
        if (msptk__health_judge(&s->state, &e->t, state, value, e->at))
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

static msptk_status take_observed(settling *g, const observed *o, int64_t evidence_id,
                                  msptk_error **ret_err)
{
        run *r = g->r;
        entry e = { .o = o, .evidence = evidence_id, .at = o->at };
        int32_t state = o->state;

        msptk__policy_threshold(g->k->policy, g->d->id, o->check, o->metric, &e.t);
        e.s = msptk__series_find(g->d, &g->hint, o);
        if (!e.t.enabled) {
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
        return judge_entry(g, &e, state, ret_err);
}

/* ---- what is missing ---- */

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

static bool stopped(const settling *g, const ask *k)
{
        return g->r->stopped && (!k->ended || k->status == MSPTK_E_CANCELLED ||
                                 k->status == MSPTK_E_TIMEOUT || k->status == MSPTK_E_CLOSED);
}

static msptk_status clear_alert(settling *g, const char *check, const char *item,
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
                return clear_alert(g, s->check, s->item, ret_err);
        }
        if (g->d->reported && s->state.status == MSPTK_STATE_UNKNOWN &&
            g->r->now - s->state.since > give_up_us) {
                TRY(msptk__series_retire(g->tx, s, ret_err));
                return clear_alert(g, s->check, s->item, ret_err);
        }
        msptk__policy_threshold(g->k->policy, g->d->id, s->check, s->metric, &e.t);
        if (!e.t.enabled)
                return MSPTK_OK;
        o = make_missing(g, k, s->check, s->metric, s->item, s->unit, why);
        if (!o)
                return msptk__nomem(ret_err);
        e.o = o;
        e.note = why;
        return judge_entry(g, &e, MSPTK_STATE_UNKNOWN, ret_err);
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
        return take_observed(g, o, evidence_id, ret_err);
}

static msptk_status miss_of(settling *g, const ask *k, int64_t evidence_id, msptk_error **ret_err)
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

/* ---- results and alerts ---- */

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

static void put_number(char *out, size_t cap, double value, const char *unit)
{
        char number[NUM_TEXT_MAX];

        msptk__num_put_fixed(number, value, value == floor(value) ? 0 : 1);
        snprintf(out, cap, "%s%s%s", number, *unit ? " " : "", unit);
}

static const char *word_message(settling *g, const entry *e)
{
        const observed *o = e->o;
        char text[WORDS_BYTES], number[NUM_TEXT_MAX + NAME_BYTES], limit[NUM_TEXT_MAX + NAME_BYTES];
        const char *message = e->note ? e->note : o->message;
        int32_t status = e->s->state.status;
        double at = status == MSPTK_STATE_CRITICAL ? e->t.critical : e->t.warning;

        if (!*message && isfinite(o->value)) {
                put_number(number, sizeof(number), o->value, o->unit);
                snprintf(text, sizeof(text), "%.200s %s", *o->metric ? o->metric : o->check,
                         number);
                message = text;
        }
        if (o->state != MSPTK_STATE_JUDGE || status == MSPTK_STATE_OK ||
            status == MSPTK_STATE_UNKNOWN || isnan(at))
                return msptk__arena_text(&g->r->texts, message, MESSAGE_BYTES);
        put_number(limit, sizeof(limit), at, o->unit);
        if (message != text) {
                snprintf(text, sizeof(text), "%.400s", message);
                text[msptk__utf8_cut(text, strlen(text), 400)] = '\0';
        }
        snprintf(text + strlen(text), sizeof(text) - strlen(text), " (%s %s %s)",
                 msptk__health_word(status), e->t.lower_is_worse ? "up to" : "from", limit);
        return msptk__arena_text(&g->r->texts, text, MESSAGE_BYTES);
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
                if (!isnan(e->t.warning)) {
                        msptk__obj_double(&o, "warning", e->t.warning);
                        msptk__obj_str(&o, "warning_source", e->t.warning_source);
                }
                if (!isnan(e->t.critical)) {
                        msptk__obj_double(&o, "critical", e->t.critical);
                        msptk__obj_str(&o, "critical_source", e->t.critical_source);
                }
                msptk__obj_double(&o, "hysteresis", e->t.hysteresis);
        } else {
                msptk__obj_str(&o, "reported_state", msptk__health_word(e->o->state));
        }
        msptk__obj_int(&o, "sustained_ms", e->t.sustained_ms);
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

static msptk_status raise_group(settling *g, const entry *e, size_t count, const char *message,
                                msptk_error **ret_err)
{
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

        TRY(why_json(e, &why, ret_err));
        p.why = why;
        TRY(msptk__alert_raise(g->r->c, g->tx, &p, g->r->now, &change, ret_err));
        count_change(g->k, change.kind);
        return MSPTK_OK;
}

static msptk_status alert_group(settling *g, const entry *e, size_t count, const char *message,
                                msptk_error **ret_err)
{
        int32_t status = e->s->state.status;
        bool was_ok = true;

        for (size_t i = 0; i < count; i++)
                was_ok = was_ok && (e[i].before == MSPTK_STATE_OK || e[i].before == HEALTH_NONE);
        if (status == MSPTK_STATE_OK)
                return was_ok ? MSPTK_OK : clear_alert(g, e->s->check, e->s->item, ret_err);
        /* A device that says nothing is one problem, not one for each check. */
        if (status == MSPTK_STATE_UNKNOWN && !g->d->reported && g->d->id)
                return MSPTK_OK;
        return raise_group(g, e, count, message, ret_err);
}

static msptk_status add_result(settling *g, const entry *e, const char *message,
                               msptk_error **ret_err)
{
        run *r = g->r;

        if (r->result_count == r->result_cap) {
                size_t cap = r->result_cap ? 2 * r->result_cap : 256;
                check_result *more = msptk__realloc_array(r->results, cap, sizeof(*more));

                if (!more)
                        return msptk__nomem(ret_err);
                r->results = more;
                r->result_cap = cap;
        }
        r->results[r->result_count++] = (check_result){
                .status = e->s->state.status,
                .device = g->device,
                .value = isfinite(e->o->value) ? e->o->value : NAN,
                .warning = e->o->state == MSPTK_STATE_JUDGE ? e->t.warning : NAN,
                .critical = e->o->state == MSPTK_STATE_JUDGE ? e->t.critical : NAN,
                .at = e->at,
                .since = e->s->state.since,
                .evidence = e->evidence,
                .check = e->s->check,
                .item = e->s->item,
                .unit = e->s->unit,
                .message = message,
        };
        return MSPTK_OK;
}

static msptk_status conclude(settling *g, msptk_error **ret_err)
{
        if (g->count)
                qsort(g->items, g->count, sizeof(*g->items), by_group);
        for (size_t i = 0, end; i < g->count; i = end) {
                const entry *e = &g->items[i];
                const char *message = word_message(g, e);

                if (!message)
                        return msptk__nomem(ret_err);
                for (end = i + 1; end < g->count && !strcmp(g->items[end].s->check, e->s->check) &&
                                  !strcmp(g->items[end].s->item, e->s->item);)
                        end++;
                TRY(alert_group(g, e, end - i, message, ret_err));
                TRY(add_result(g, e, message, ret_err));
        }
        return MSPTK_OK;
}

/* ---- one device ---- */

static const char *find_reason(const settling *g)
{
        const run_device *d = g->d;

        for (size_t i = 0; i < d->ask_count; i++) {
                const ask *k = g->r->asks[g->r->links[d->first_ask + i]];

                if (k->problem)
                        return msptk__arena_text(&g->r->texts, k->problem, MESSAGE_BYTES);
        }
        for (const observed *o = d->first; o; o = o->next)
                if (*o->message)
                        return msptk__arena_text(&g->r->texts, o->message, MESSAGE_BYTES);
        return d->reason ? d->reason : "nothing was reported of it";
}

static msptk_status note_device(settling *g, bool complete, msptk_error **ret_err)
{
        run_device *d = g->d;
        run *r = g->r;

        if (!d->reported && !(d->reason = find_reason(g)))
                return msptk__nomem(ret_err);
        if (!d->reported && !complete)
                return MSPTK_OK;
        if (d->id && d->asked)
                TRY(msptk__device_seen(g->tx, d->id,
                                       d->reported ? MSPTK_PRESENCE_UP : MSPTK_PRESENCE_UNKNOWN,
                                       r->now, ret_err));
        return msptk__exec(
                g->tx, ret_err,
                "INSERT INTO device_health (client_id, device_id, asked_at, reported_at, reason)"
                " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (client_id, device_id) DO UPDATE SET"
                " asked_at = excluded.asked_at, reported_at = CASE WHEN excluded.reported_at > 0"
                " THEN excluded.reported_at ELSE device_health.reported_at END,"
                " reason = excluded.reason",
                SQL_TEXT(g->k->row.id), SQL_TEXT(d->id ? d->id : ""), SQL_INT(r->now),
                SQL_INT(d->reported ? r->now : 0), SQL_TEXT(d->reported ? NULL : d->reason));
}

static msptk_status alert_silence(settling *g, bool complete, msptk_error **ret_err)
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
                return g->was_silent ? clear_alert(g, "device", "", ret_err) : MSPTK_OK;
        if (!complete)
                return MSPTK_OK;
        TRY(msptk__alert_raise(g->r->c, g->tx, &p, g->r->now, &change, ret_err));
        count_change(g->k, change.kind);
        return MSPTK_OK;
}

static bool nothing_known(const run_device *d)
{
        for (const series *s = d->series; s; s = s->next)
                if (s->state.status != MSPTK_STATE_UNKNOWN && s->state.status != HEALTH_NONE)
                        return false;
        return true;
}

static bool is_alive(const settling *g, const ask *k)
{
        for (size_t i = 0; i < k->device_count; i++)
                if (k->devices[i].index == g->device)
                        return __atomic_load_n(&k->devices[i].alive, __ATOMIC_RELAXED);
        return false;
}

static msptk_status take_ask(settling *g, const ask *k, int64_t *ret_evidence,
                             msptk_error **ret_err)
{
        if (is_alive(g, k))
                g->d->reported = true;
        TRY(add_evidence(g, k, ret_evidence, ret_err));
        for (const observed *o = g->d->first; o; o = o->next)
                if (o->from == k)
                        TRY(take_observed(g, o, *ret_evidence, ret_err));
        return MSPTK_OK;
}

static msptk_status settle_device(settling *g, msptk_error **ret_err)
{
        run *r = g->r;
        run_device *d = g->d;
        const uint32_t *links = r->links + d->first_ask;
        AUTO_FREE int64_t *ids = msptk__alloc_array(d->ask_count + 1, sizeof(*ids));
        bool complete = true;

        if (!ids)
                return msptk__nomem(ret_err);
        g->was_silent = nothing_known(d);
        for (size_t i = 0; i < d->ask_count; i++)
                TRY(take_ask(g, r->asks[links[i]], &ids[i], ret_err));
        for (size_t i = 0; i < d->ask_count; i++) {
                if (stopped(g, r->asks[links[i]]))
                        complete = false;
                else
                        TRY(miss_of(g, r->asks[links[i]], ids[i], ret_err));
        }
        TRY(note_device(g, complete, ret_err));
        TRY(conclude(g, ret_err));
        return alert_silence(g, complete, ret_err);
}

static msptk_status settle_client(run *r, store_tx *tx, size_t first, size_t end,
                                  msptk_error **ret_err)
{
        settling g = { .r = r, .tx = tx };
        msptk_status st;

        g.k = &r->clients[r->devices[r->ready[first]].client];
        st = msptk__lease_keep(r, tx, g.k, ret_err);
        for (size_t i = first; i < end && st >= 0; i++) {
                g.device = r->ready[i];
                g.d = &r->devices[g.device];
                g.count = 0;
                g.hint = NULL;
                st = settle_device(&g, ret_err);
        }
        msptk__free(g.items);
        return st;
}

/* A client whose results cannot be stored is undone alone and said to have failed. */
static msptk_status try_client(run *r, store_tx *tx, size_t first, size_t end,
                               msptk_error **ret_err)
{
        run_client *k = &r->clients[r->devices[r->ready[first]].client];
        size_t results = r->result_count, samples = r->sample_count;
        AUTO_ERROR msptk_error *why = NULL;
        msptk_status st;

        if (k->failed)
                return MSPTK_OK;
        TRY(msptk__tx_step_begin(tx, ret_err));
        st = settle_client(r, tx, first, end, &why);
        if (st >= 0)
                return msptk__tx_step_keep(tx, ret_err);
        TRY(msptk__tx_step_undo(tx, ret_err));
        r->result_count = results;
        r->sample_count = samples;
        k->failed = true;
        k->reason = msptk__arena_text(&r->texts, msptk_error_message(why), MESSAGE_BYTES);
        msptk__log(r->c, LOG_ERROR, ROOM, "what was observed of client '%s' is not stored: %s",
                   k->row.id, msptk_error_message(why));
        return k->reason ? MSPTK_OK : msptk__nomem(ret_err);
}

static int by_index(const void *a, const void *b)
{
        const size_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static msptk_status store_ready(run *r, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__tx_begin(r->c->store, TX_WRITE, 0, &tx, ret_err));
        for (size_t i = 0, end; i < r->ready_count; i = end) {
                size_t client = r->devices[r->ready[i]].client;

                for (end = i; end < r->ready_count && r->devices[r->ready[end]].client == client;)
                        end++;
                TRY(try_client(r, tx, i, end, ret_err));
        }
        TRY(msptk__store_samples_add(tx, r->samples, r->sample_count, ret_err));
        return msptk__tx_commit(&tx, ret_err);
}

/* Drops what has been stored; the batches of an ask when all of its devices are settled. */
static void let_go(run *r)
{
        for (size_t i = 0; i < r->ready_count; i++) {
                run_device *d = &r->devices[r->ready[i]];

                d->settled = true;
                d->first = d->last = NULL;
                r->reported += d->reported && d->id && !r->clients[d->client].failed;
                for (size_t n = 0; n < d->ask_count; n++) {
                        ask *k = r->asks[r->links[d->first_ask + n]];
                        batch *next;

                        if (--k->open_devices)
                                continue;
                        for (batch *b = STEAL(k->batches); b; b = next) {
                                next = b->next;
                                msptk__batch_free(b);
                        }
                }
        }
        r->ready_count = r->ready_rows = 0;
        r->sample_count = 0;
}

msptk_status msptk__run_settle(run *r, msptk_error **ret_err)
{
        size_t results = r->result_count;
        msptk_status st;

        if (!r->ready_count)
                return MSPTK_OK;
        r->now = msptk__now(r->c);
        qsort(r->ready, r->ready_count, sizeof(*r->ready), by_index);
        st = store_ready(r, ret_err);
        if (st < 0) {
                /* Nothing of this transaction stands, so nothing of it is reported. */
                r->result_count = results;
                for (size_t i = 0; i < r->ready_count; i++) {
                        run_client *k = &r->clients[r->devices[r->ready[i]].client];

                        k->failed = true;
                        k->reason = msptk__arena_text(&r->texts,
                                                      ret_err && *ret_err
                                                              ? msptk_error_message(*ret_err)
                                                              : msptk_status_name(st),
                                                      MESSAGE_BYTES);
                }
        }
        let_go(r);
        return st;
}
