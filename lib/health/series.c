/* Series: what is remembered of each metric of each device. */
#define ROOM "health"
#include "health/internal.h"

#include <string.h>

static const char *const create_health[] = {
        "CREATE TABLE series ("
        " id INTEGER PRIMARY KEY NOT NULL,"
        " client_id TEXT NOT NULL,"
        " device_id TEXT NOT NULL,"
        " source TEXT NOT NULL,"
        " check_name TEXT NOT NULL,"
        " metric TEXT NOT NULL,"
        " instance TEXT NOT NULL,"
        " unit TEXT NOT NULL,"
        " status INTEGER NOT NULL,"
        " known INTEGER NOT NULL,"
        " since INTEGER NOT NULL,"
        " warning_since INTEGER NOT NULL,"
        " critical_since INTEGER NOT NULL,"
        " gap_since INTEGER NOT NULL,"
        " retired INTEGER NOT NULL)",
        "CREATE UNIQUE INDEX series_key ON series"
        " (client_id, device_id, check_name, instance, metric, source)",
        "CREATE TABLE state_change ("
        " series INTEGER NOT NULL,"
        " at INTEGER NOT NULL,"
        " from_status INTEGER NOT NULL,"
        " to_status INTEGER NOT NULL,"
        " value REAL,"
        " evidence INTEGER)",
        "CREATE INDEX state_change_at ON state_change (series, at)",
        "CREATE TABLE device_health ("
        " client_id TEXT NOT NULL,"
        " device_id TEXT NOT NULL,"
        " asked_at INTEGER NOT NULL,"
        " reported_at INTEGER NOT NULL,"
        " reason TEXT,"
        " PRIMARY KEY (client_id, device_id))",
        "CREATE TABLE run ("
        " id TEXT PRIMARY KEY NOT NULL,"
        " kind TEXT NOT NULL,"
        " started INTEGER NOT NULL,"
        " ended INTEGER NOT NULL,"
        " clients TEXT NOT NULL,"
        " summary TEXT NOT NULL)",
        "CREATE TABLE run_page ("
        " run_id TEXT NOT NULL,"
        " first INTEGER NOT NULL,"
        " results TEXT NOT NULL,"
        " PRIMARY KEY (run_id, first))",
        "CREATE TABLE run_lease ("
        " client_id TEXT PRIMARY KEY NOT NULL,"
        " run_id TEXT NOT NULL,"
        " holder TEXT NOT NULL,"
        " fence INTEGER NOT NULL,"
        " since INTEGER NOT NULL,"
        " expires INTEGER NOT NULL)",
        "CREATE TABLE upkeep (name TEXT PRIMARY KEY NOT NULL, day INTEGER NOT NULL)",
        NULL,
};

/* How a client is, without reading all of its series. */
static const char *const index_states[] = {
        "CREATE INDEX series_state ON series (client_id, retired, status)",
        NULL,
};

const store_migration msptk__health_migrations[] = {
        { .number = 90, .room = ROOM, .name = "health", .sql = create_health },
        { .number = 91, .room = ROOM, .name = "health states", .sql = index_states },
        { 0 },
};

static const char *keep(run *r, const char *text)
{
        return msptk__arena_text(&r->texts, text, NAME_BYTES);
}

/* Neighbours share most of their texts. */
static const char *keep_like(run *r, const char *text, const char *before)
{
        return before && !strcmp(text, before) ? before : keep(r, text);
}

static void append(run_device *d, series *s)
{
        if (d->series_end)
                d->series_end->next = s;
        else
                d->series = s;
        d->series_end = s;
}

static msptk_status from_row(run *r, store_stmt *q, run_device *d, const series **last,
                             msptk_error **ret_err)
{
        static const series none = { 0 };
        const series *b = *last ? *last : &none;
        series *s = msptk__arena_alloc(&r->texts, sizeof(*s));

        if (!s)
                return msptk__nomem(ret_err);
        *s = (series){
                .id = msptk__stmt_int(q, 0),
                .source = keep_like(r, msptk__stmt_text(q, 2), b->source),
                .check = keep_like(r, msptk__stmt_text(q, 3), b->check),
                .metric = keep_like(r, msptk__stmt_text(q, 4), b->metric),
                .item = keep_like(r, msptk__stmt_text(q, 5), b->item),
                .unit = keep_like(r, msptk__stmt_text(q, 6), b->unit),
                .state = { .status = (int32_t)msptk__stmt_int(q, 7),
                           .known = (int32_t)msptk__stmt_int(q, 8),
                           .since = msptk__stmt_int(q, 9),
                           .warning_since = msptk__stmt_int(q, 10),
                           .critical_since = msptk__stmt_int(q, 11),
                           .gap_since = msptk__stmt_int(q, 12) },
        };
        if (!s->source || !s->check || !s->metric || !s->item || !s->unit)
                return msptk__nomem(ret_err);
        append(d, s);
        *last = s;
        return MSPTK_OK;
}

static series *merge(series *a, series *b)
{
        series *first = NULL, **end = &first;

        while (a && b) {
                series **lower = a->id < b->id ? &a : &b;

                *end = *lower;
                end = &(*lower)->next;
                *lower = (*lower)->next;
        }
        *end = a ? a : b;
        return first;
}

/* In order of number, which is the order in which they were first heard of. */
static series *sorted(series *list, size_t count)
{
        series *half = list, *rest;

        if (count < 2)
                return list;
        for (size_t i = 1; i < count / 2; i++)
                half = half->next;
        rest = half->next;
        half->next = NULL;
        return merge(sorted(list, count / 2), sorted(rest, count - count / 2));
}

static void sort_series(run_device *d)
{
        size_t count = 0;
        bool is_sorted = true;

        for (const series *s = d->series; s; s = s->next, count++)
                is_sorted = is_sorted && (!s->next || s->id < s->next->id);
        if (is_sorted)
                return;
        d->series = sorted(d->series, count);
        for (d->series_end = d->series; d->series_end->next;)
                d->series_end = d->series_end->next;
}

/* Devices are in order of id, as the rows are; the client as a whole ("") comes last in the run,
 * but first in the rows. */
static msptk_status read_client(run *r, store_tx *tx, run_client *k, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        size_t at = k->first_device, end = at + k->device_count - (k->has_whole ? 1 : 0);
        const series *last = NULL;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT id, device_id, source, check_name, metric, instance, unit, status,"
                         " known, since, warning_since, critical_since, gap_since FROM series"
                         " WHERE client_id = ?1 AND retired = 0 AND (?2 IS NULL OR device_id = ?2)"
                         " ORDER BY device_id, check_name, instance, metric, source",
                         SQL_TEXT(k->row.id), SQL_TEXT(r->only_device)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                const char *device = msptk__stmt_text(q, 1);

                if (!*device) {
                        if (k->has_whole)
                                TRY(from_row(r, q, &r->devices[end], &last, ret_err));
                        continue;
                }
                while (at < end && strcmp(r->devices[at].id, device) < 0)
                        at++;
                if (at < end && !strcmp(r->devices[at].id, device))
                        TRY(from_row(r, q, &r->devices[at], &last, ret_err));
        }
        TRY(st);
        for (size_t i = k->first_device; i < k->first_device + k->device_count; i++)
                sort_series(&r->devices[i]);
        return MSPTK_OK;
}

msptk_status msptk__run_series(run *r, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__act_begin_tx(r->a, TX_READ, &tx, ret_err));
        for (size_t i = 0; i < r->client_count; i++)
                if (!r->clients[i].skipped)
                        TRY(read_client(r, tx, &r->clients[i], ret_err));
        return MSPTK_OK;
}

static bool is_of(const series *s, const observed *o)
{
        return !strcmp(s->metric, o->metric) && !strcmp(s->item, o->item) &&
               !strcmp(s->check, o->check) && !strcmp(s->source, o->from->source);
}

/* Rows come in the order of the run before, mostly: `hint` is where the last one was found. */
series *msptk__series_find(run_device *d, series **hint, const observed *o)
{
        series *s = *hint ? (*hint)->next : d->series;

        if (!s || !is_of(s, o))
                for (s = d->series; s && !is_of(s, o);)
                        s = s->next;
        if (s)
                *hint = s;
        return s;
}

/* One that was given up may come back: with its number, without its memory. */
static msptk_status insert(store_tx *tx, const char *client_id, const char *device_id, series *s,
                           msptk_error **ret_err)
{
        TRY(msptk__exec(tx, ret_err,
                        "INSERT INTO series (client_id, device_id, source, check_name, metric,"
                        " instance, unit, status, known, since, warning_since, critical_since,"
                        " gap_since, retired)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, -1, -1, 0, 0, 0, 0, 0)"
                        " ON CONFLICT (client_id, device_id, check_name, instance, metric, source)"
                        " DO NOTHING",
                        SQL_TEXT(client_id), SQL_TEXT(device_id), SQL_TEXT(s->source),
                        SQL_TEXT(s->check), SQL_TEXT(s->metric), SQL_TEXT(s->item),
                        SQL_TEXT(s->unit)));
        if (msptk__tx_changes(tx) == 1) {
                s->id = msptk__tx_insert_id(tx);
                return MSPTK_OK;
        }
        TRY(msptk__query_int(tx, &s->id, ret_err,
                             "SELECT id FROM series WHERE client_id = ?1 AND device_id = ?2"
                             " AND check_name = ?3 AND instance = ?4 AND metric = ?5"
                             " AND source = ?6",
                             SQL_TEXT(client_id), SQL_TEXT(device_id), SQL_TEXT(s->check),
                             SQL_TEXT(s->item), SQL_TEXT(s->metric), SQL_TEXT(s->source)));
        return msptk__exec(tx, ret_err, "UPDATE series SET retired = 0 WHERE id = ?1",
                           SQL_INT(s->id));
}

msptk_status msptk__series_new(run *r, store_tx *tx, size_t device, const observed *o, series **ret,
                               msptk_error **ret_err)
{
        run_device *d = &r->devices[device];
        series *s = msptk__arena_alloc(&r->texts, sizeof(*s));

        if (!s)
                return msptk__nomem(ret_err);
        *s = (series){ .source = keep(r, o->from->source),
                       .check = keep(r, o->check),
                       .metric = keep(r, o->metric),
                       .item = keep(r, o->item),
                       .unit = keep(r, o->unit),
                       .state = { .status = HEALTH_NONE, .known = HEALTH_NONE },
                       .fresh = true };
        if (!s->source || !s->check || !s->metric || !s->item || !s->unit)
                return msptk__nomem(ret_err);
        TRY(insert(tx, r->clients[d->client].row.id, d->id ? d->id : "", s, ret_err));
        append(d, s);
        *ret = s;
        return MSPTK_OK;
}

msptk_status msptk__series_save(store_tx *tx, const series *s, msptk_error **ret_err)
{
        const health_state *h = &s->state;

        return msptk__exec(tx, ret_err,
                           "UPDATE series SET status = ?2, known = ?3, since = ?4,"
                           " warning_since = ?5, critical_since = ?6, gap_since = ?7, unit = ?8"
                           " WHERE id = ?1",
                           SQL_INT(s->id), SQL_INT(h->status), SQL_INT(h->known), SQL_INT(h->since),
                           SQL_INT(h->warning_since), SQL_INT(h->critical_since),
                           SQL_INT(h->gap_since), SQL_TEXT(s->unit));
}

msptk_status msptk__series_retire(store_tx *tx, series *s, msptk_error **ret_err)
{
        s->seen = true;
        return msptk__exec(tx, ret_err, "UPDATE series SET retired = 1 WHERE id = ?1",
                           SQL_INT(s->id));
}
