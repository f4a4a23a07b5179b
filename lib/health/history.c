/* Past results: raw samples newest first, or their daily roll-ups. */
#define ROOM "health"
#include "health/internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t day_us = INT64_C(86400000000);

enum { PAGE_ROWS = 500, CHUNK_MIN = 4, CHUNK_MAX = 64, CHUNK_TOTAL = 200000, WORDS = 512 };

/* One series being read backwards. */
typedef struct reel {
        int64_t id;
        const char *device_id, *device, *check, *metric, *item, *unit;
        store_sample *rows;
        size_t at, count;
        int64_t until; /* what is left lies before */
        bool ended;
} reel;

typedef struct history {
        store_tx *tx;
        const char *client_id;
        arena texts;
        reel *reels;
        size_t count, cap, chunk;
        store_sample *space;
        reel **heap;
        size_t heap_count;
        int64_t from, to, now;
        int64_t after_at, after_series; /* of the cursor; 0 */
} history;

static void history_clear(history *h)
{
        msptk__free(h->reels);
        msptk__free(h->space);
        msptk__free(h->heap);
        msptk__arena_clear(&h->texts);
}
#define AUTO_HISTORY __attribute__((cleanup(history_clear)))

/* ---- which series ---- */

static uint32_t wanted_types(const msptk_json *args)
{
        uint32_t types = 0;

        for (const msptk_json *t = msptk_json_first(msptk_json_get(args, "check_types")); t;
             t = msptk_json_next(t))
                types |= msptk__health_type(msptk_json_string(t, ""));
        return types ? types : TYPE_ALL;
}

static const char *device_name(const device_refs *refs, const char *id)
{
        size_t low = 0, high = refs->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = strcmp(refs->items[middle].id, id);

                if (!order)
                        return refs->items[middle].name;
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return id;
}

static msptk_status add_reel(history *h, const device_refs *refs, store_stmt *q,
                             msptk_error **ret_err)
{
        reel *more, *l;

        if (h->count == h->cap) {
                h->cap = h->cap ? 2 * h->cap : 64;
                more = msptk__realloc_array(h->reels, h->cap, sizeof(*more));
                if (!more)
                        return msptk__nomem(ret_err);
                h->reels = more;
        }
        l = &h->reels[h->count++];
        *l = (reel){ .id = msptk__stmt_int(q, 0),
                     .device_id = msptk__arena_text(&h->texts, msptk__stmt_text(q, 1), NAME_BYTES),
                     .check = msptk__arena_text(&h->texts, msptk__stmt_text(q, 2), NAME_BYTES),
                     .metric = msptk__arena_text(&h->texts, msptk__stmt_text(q, 3), NAME_BYTES),
                     .item = msptk__arena_text(&h->texts, msptk__stmt_text(q, 4), NAME_BYTES),
                     .unit = msptk__arena_text(&h->texts, msptk__stmt_text(q, 5), NAME_BYTES),
                     .until = h->to };
        if (!l->device_id || !l->check || !l->metric || !l->item || !l->unit)
                return msptk__nomem(ret_err);
        l->device = msptk__arena_text(&h->texts, device_name(refs, l->device_id), NAME_BYTES);
        return l->device ? MSPTK_OK : msptk__nomem(ret_err);
}

static msptk_status find_series(history *h, const msptk_json *args, msptk_error **ret_err)
{
        const char *device = msptk_json_string(msptk_json_get(args, "device_id"), NULL);
        uint32_t types = wanted_types(args);
        AUTO_DEVICE_REFS device_refs refs = { 0 };
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        TRY(msptk__device_refs(h->tx, h->client_id, &refs, ret_err));
        TRY(msptk__query(h->tx, &q, ret_err,
                         "SELECT id, device_id, check_name, metric, instance, unit FROM series"
                         " WHERE client_id = ?1 AND (?2 IS NULL OR device_id = ?2) ORDER BY id",
                         SQL_TEXT(h->client_id), SQL_TEXT(device)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK)
                if (msptk__health_type(msptk__stmt_text(q, 2)) & types)
                        TRY(add_reel(h, &refs, q, ret_err));
        return st < 0 ? st : MSPTK_OK;
}

/* ---- raw samples: a heap of reels, the newest row on top ---- */

static bool comes_before(const reel *a, const reel *b)
{
        int64_t x = a->rows[a->at].at, y = b->rows[b->at].at;

        return x != y ? x > y : a->id < b->id;
}

static void sink_down(history *h, size_t i)
{
        for (;;) {
                size_t first = i, left = 2 * i + 1;
                reel *swap;

                for (size_t k = left; k < left + 2 && k < h->heap_count; k++)
                        if (comes_before(h->heap[k], h->heap[first]))
                                first = k;
                if (first == i)
                        return;
                swap = h->heap[i];
                h->heap[i] = h->heap[first];
                h->heap[first] = swap;
                i = first;
        }
}

/* Brings the next row of a reel up; false when there is none. */
static msptk_status advance(history *h, reel *l, bool *ret_has, msptk_error **ret_err)
{
        *ret_has = true;
        if (l->count && ++l->at < l->count)
                return MSPTK_OK;
        l->at = l->count = 0;
        if (!l->ended) {
                TRY(msptk__store_samples_read(h->tx, l->id, h->from, l->until, true, l->rows,
                                              h->chunk, &l->count, ret_err));
                l->ended = l->count < h->chunk;
                if (l->count)
                        l->until = l->rows[l->count - 1].at;
        }
        *ret_has = l->count > 0;
        return MSPTK_OK;
}

static msptk_status start_reels(history *h, msptk_error **ret_err)
{
        h->chunk = h->count ? CHUNK_TOTAL / h->count : CHUNK_MAX;
        h->chunk = h->chunk < CHUNK_MIN ? CHUNK_MIN : h->chunk > CHUNK_MAX ? CHUNK_MAX : h->chunk;
        h->space = msptk__alloc_array(h->count * h->chunk + 1, sizeof(*h->space));
        h->heap = msptk__alloc_array(h->count + 1, sizeof(*h->heap));
        if (!h->space || !h->heap)
                return msptk__nomem(ret_err);
        for (size_t i = 0; i < h->count; i++) {
                reel *l = &h->reels[i];
                bool has;

                l->rows = h->space + i * h->chunk;
                /* At the moment of the cursor, series up to its own have been given out. */
                if (h->after_at && l->id > h->after_series)
                        l->until = h->after_at + 1;
                else if (h->after_at)
                        l->until = h->after_at;
                TRY(advance(h, l, &has, ret_err));
                if (has)
                        h->heap[h->heap_count++] = l;
        }
        for (size_t i = h->heap_count / 2; i-- > 0;)
                sink_down(h, i);
        return MSPTK_OK;
}

static msptk_status row_json(const history *h, const reel *l, msptk_json **ret,
                             msptk_error **ret_err)
{
        const store_sample *s = &l->rows[l->at];
        char message[WORDS];
        const result_view v = { .check = l->check,
                                .metric = l->metric,
                                .item = l->item,
                                .unit = l->unit,
                                .message = message,
                                .status = s->status,
                                .value = s->value,
                                .warning = NAN,
                                .critical = NAN,
                                .device_id = l->device_id,
                                .device = l->device,
                                .client_id = h->client_id,
                                .at = s->at,
                                .evidence = s->evidence };

        if (isfinite(s->value)) {
                msptk__metric_words(message, sizeof(message), *l->metric ? l->metric : l->check,
                                    s->value, l->unit);
        } else {
                snprintf(message, sizeof(message), "%.200s: %s", *l->metric ? l->metric : l->check,
                         s->status == MSPTK_STATE_UNKNOWN ? "no value"
                                                          : msptk__health_word(s->status));
        }
        return msptk__result_json(&v, ret, ret_err);
}

static msptk_status read_raw(history *h, int64_t limit, json_obj *rows, char *cursor, size_t cap,
                             msptk_error **ret_err)
{
        int64_t at = 0, last = 0;

        TRY(start_reels(h, ret_err));
        for (int64_t n = 0; h->heap_count && n < limit; n++) {
                reel *l = h->heap[0];
                msptk_json *row = NULL;
                bool has;

                at = l->rows[l->at].at;
                last = l->id;
                TRY(row_json(h, l, &row, ret_err));
                msptk__array_json(rows, row);
                TRY(advance(h, l, &has, ret_err));
                if (!has)
                        h->heap[0] = h->heap[--h->heap_count];
                sink_down(h, 0);
        }
        if (h->heap_count)
                snprintf(cursor, cap, "%" PRId64 ":%" PRId64, at, last);
        return MSPTK_OK;
}

/* ---- days ---- */

static void add_sample(store_rollup *u, const store_sample *s)
{
        u->n++;
        u->ok += s->status == MSPTK_STATE_OK;
        u->warning += s->status == MSPTK_STATE_WARNING;
        u->critical += s->status == MSPTK_STATE_CRITICAL;
        u->unknown += s->status == MSPTK_STATE_UNKNOWN;
        if (isnan(s->value))
                return;
        u->sum = u->valued ? u->sum + s->value : s->value;
        u->min = u->valued && u->min < s->value ? u->min : s->value;
        u->max = u->valued && u->max > s->value ? u->max : s->value;
        u->valued++;
}

/* Of a day that has not been rolled up: today, or yesterday before the first run of today. */
static msptk_status sum_day(history *h, const reel *l, int32_t day, store_rollup *u,
                            msptk_error **ret_err)
{
        int64_t from = msptk__store_day_start(day), to = from + day_us;
        size_t count;

        *u = (store_rollup){ .series = l->id, .day = day, .sum = NAN, .min = NAN, .max = NAN };
        do {
                store_sample rows[CHUNK_MAX];

                TRY(msptk__store_samples_read(h->tx, l->id, from, to, false, rows, CHUNK_MAX,
                                              &count, ret_err));
                for (size_t i = 0; i < count; i++)
                        add_sample(u, &rows[i]);
                if (count)
                        from = rows[count - 1].at + 1;
        } while (count == CHUNK_MAX);
        return MSPTK_OK;
}

static msptk_status day_json(const history *h, const reel *l, const store_rollup *u,
                             msptk_json **ret, msptk_error **ret_err)
{
        int32_t worst = u->critical  ? MSPTK_STATE_CRITICAL
                        : u->unknown ? MSPTK_STATE_UNKNOWN
                        : u->warning ? MSPTK_STATE_WARNING
                                     : MSPTK_STATE_OK;
        char message[WORDS];
        const result_view v = { .check = l->check,
                                .metric = l->metric,
                                .item = l->item,
                                .unit = l->unit,
                                .message = message,
                                .status = worst,
                                .value = u->valued ? u->sum / (double)u->valued : NAN,
                                .warning = NAN,
                                .critical = NAN,
                                .device_id = l->device_id,
                                .device = l->device,
                                .client_id = h->client_id,
                                .at = msptk__store_day_start(u->day) };
        AUTO_JSON msptk_json *row = NULL;
        json_obj o;

        snprintf(message, sizeof(message),
                 "%" PRId64 " results: %" PRId64 " critical, %" PRId64 " warning, %" PRId64
                 " unknown, %" PRId64 " ok",
                 u->n, u->critical, u->warning, u->unknown, u->ok);
        TRY(msptk__result_json(&v, &row, ret_err));
        o = (json_obj){ .json = STEAL(row) };
        msptk__obj_int(&o, "results", u->n);
        msptk__obj_int(&o, "ok", u->ok);
        msptk__obj_int(&o, "warnings", u->warning);
        msptk__obj_int(&o, "criticals", u->critical);
        msptk__obj_int(&o, "unknowns", u->unknown);
        if (u->valued) {
                msptk__obj_double(&o, "min", u->min);
                msptk__obj_double(&o, "max", u->max);
        }
        return msptk__obj_end(&o, ret, ret_err);
}

static msptk_status read_one_day(history *h, const reel *l, int32_t day, json_obj *rows,
                                 int64_t *taken, msptk_error **ret_err)
{
        store_rollup u;
        msptk_json *row = NULL;
        size_t count = 0;

        TRY(sum_day(h, l, day, &u, ret_err));
        if (!u.n)
                TRY(msptk__store_rollups_read(h->tx, l->id, day, day, &u, 1, &count, ret_err));
        if (!u.n)
                return MSPTK_OK;
        TRY(day_json(h, l, &u, &row, ret_err));
        msptk__array_json(rows, row);
        (*taken)++;
        return MSPTK_OK;
}

static msptk_status read_days(history *h, int64_t limit, json_obj *rows, char *cursor, size_t cap,
                              msptk_error **ret_err)
{
        int64_t newest = h->after_at ? msptk__store_day_start((int32_t)h->after_at) : h->now;
        int64_t after = h->after_series, taken = 0;

        for (int64_t at = newest; at >= h->from - day_us; at -= day_us, after = 0) {
                int32_t day = msptk__store_day(at);

                if (day < msptk__store_day(h->from))
                        break;
                for (size_t i = 0; i < h->count; i++) {
                        if (h->reels[i].id <= after)
                                continue;
                        if (taken == limit) {
                                snprintf(cursor, cap, "%d:%" PRId64, day,
                                         i ? h->reels[i - 1].id : 0);
                                return MSPTK_OK;
                        }
                        TRY(read_one_day(h, &h->reels[i], day, rows, &taken, ret_err));
                }
        }
        return MSPTK_OK;
}

/* ---- the operation ---- */

static msptk_status read_cursor(history *h, const char *cursor, msptk_error **ret_err)
{
        const char *colon = cursor ? strchr(cursor, ':') : NULL;

        if (!cursor)
                return MSPTK_OK;
        if (!colon || !msptk__num_int64(cursor, (size_t)(colon - cursor), &h->after_at) ||
            !msptk__num_int64(colon + 1, strlen(colon + 1), &h->after_series) || h->after_at <= 0)
                return fail_why(ret_err, MSPTK_E_INVALID, "CURSOR_INVALID",
                                "give next_cursor of the page before",
                                "the cursor is not one of health_history");
        return MSPTK_OK;
}

msptk_status msptk__health_history(act *a, const msptk_json *args, msptk_json **ret,
                                   msptk_error **ret_err)
{
        AUTO_HISTORY history h = { .now = msptk__act_now(a) };
        int64_t days = msptk_json_int(msptk_json_get(args, "days"), 7);
        int64_t limit = msptk_json_int(msptk_json_get(args, "limit"), PAGE_ROWS);
        bool daily = msptk_json_bool(msptk_json_get(args, "daily"), 0);
        AUTO_OBJ json_obj o = msptk__obj(), rows = msptk__array();
        AUTO_CLIENT client_row k = { 0 };
        char cursor[64] = "";

        h.from = h.now - days * day_us;
        h.to = h.now + 1;
        TRY(read_cursor(&h, msptk_json_string(msptk_json_get(args, "cursor"), NULL), ret_err));
        TRY(msptk__act_tx(a, &h.tx, ret_err));
        TRY(msptk__client_read(h.tx, msptk_json_string(msptk_json_get(args, "client_id"), ""), &k,
                               ret_err));
        h.client_id = k.id;
        TRY(find_series(&h, args, ret_err));
        TRY((daily ? read_days : read_raw)(&h, limit, &rows, cursor, sizeof(cursor), ret_err));
        msptk__obj_str(&o, "schema", "msptk.health_history/1");
        msptk__obj_str(&o, "client_id", k.id);
        msptk__obj_time(&o, "from", h.from);
        msptk__obj_time(&o, "to", h.now);
        msptk__obj_str(&o, "resolution", daily ? "day" : "raw");
        msptk__obj_take(&o, "results", &rows);
        msptk__obj_str_or_null(&o, "next_cursor", *cursor ? cursor : NULL);
        return msptk__obj_end(&o, ret, ret_err);
}
