/* The pages of a run behind its first: kept for a day, of each row only what differs from the row
 * before. */
#define ROOM "health"
#include "health/internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_ROWS = 1000, CHUNK_ROWS = 500 };

/* A row is [MASK, ...]: bit N says that column N follows; numbers before texts. */
enum { COLUMN_STATUS, COLUMN_LOWER, COLUMN_AT, COLUMN_SINCE, COLUMN_EVIDENCE };
enum { COLUMN_VALUE = COLUMN_EVIDENCE + 1, COLUMN_WARNING, COLUMN_CRITICAL, COLUMN_CHECK };
enum { COLUMN_METRIC = COLUMN_CHECK + 1, COLUMN_ITEM, COLUMN_UNIT, COLUMN_SAID, COLUMN_DEVICE };
enum { COLUMN_NAME = COLUMN_DEVICE + 1, COLUMN_CLIENT, COLUMNS };
enum { INTS = COLUMN_VALUE, REALS = COLUMN_CHECK - INTS, TEXTS = COLUMNS - COLUMN_CHECK };

typedef struct packed {
        int64_t ints[INTS];
        double reals[REALS];
        const char *texts[TEXTS];
} packed;

static const packed nothing = { .reals = { NAN, NAN, NAN } };

static packed pack(const run *r, const check_result *c)
{
        const run_device *d = &r->devices[c->device];

        return (packed){ .ints = { c->status, c->lower_is_worse, c->at, c->since, c->evidence },
                         .reals = { c->value, c->warning, c->critical },
                         .texts = { c->check, c->metric, c->item, c->unit, c->said, d->id, d->name,
                                    r->clients[d->client].row.id } };
}

static bool same_real(double a, double b)
{
        return isnan(a) ? isnan(b) : !isnan(b) && !(a < b) && !(a > b);
}

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

static uint32_t mask_of(const packed *a, const packed *b)
{
        uint32_t mask = 0;

        for (int i = 0; i < INTS; i++)
                mask |= (uint32_t)(a->ints[i] != b->ints[i]) << i;
        for (int i = 0; i < REALS; i++)
                mask |= (uint32_t)!same_real(a->reals[i], b->reals[i]) << (COLUMN_VALUE + i);
        for (int i = 0; i < TEXTS; i++)
                mask |= (uint32_t)!same_text(a->texts[i], b->texts[i]) << (COLUMN_CHECK + i);
        return mask;
}

static void put_row(json_writer *w, const packed *last, const packed *p)
{
        uint32_t mask = mask_of(last, p);

        msptk__jw_array_begin(w);
        msptk__jw_int(w, mask);
        for (int i = 0; i < COLUMNS; i++) {
                if (!(mask >> i & 1))
                        continue;
                if (i < COLUMN_VALUE)
                        msptk__jw_int(w, p->ints[i]);
                else if (i < COLUMN_CHECK)
                        msptk__jw_double(w, p->reals[i - COLUMN_VALUE]);
                else
                        msptk__jw_string(w, p->texts[i - COLUMN_CHECK]);
        }
        msptk__jw_array_end(w);
}

static msptk_status put_chunk(const run *r, size_t first, buf *text, msptk_error **ret_err)
{
        packed last = nothing;
        json_writer w;

        msptk__buf_reset(text);
        msptk__jw_init(&w, text, 0);
        msptk__jw_array_begin(&w);
        for (size_t i = first; i < first + CHUNK_ROWS && i < r->result_count; i++) {
                packed p = pack(r, &r->results[i]);

                put_row(&w, &last, &p);
                last = p;
        }
        msptk__jw_array_end(&w);
        return msptk__buf_status(text, ROOM, "a page of results", ret_err);
}

msptk_status msptk__pages_store(const run *r, store_tx *tx, size_t first, msptk_error **ret_err)
{
        AUTO_BUF buf text = BUF_INIT(8 << 20);

        for (; first < r->result_count; first += CHUNK_ROWS) {
                TRY(put_chunk(r, first, &text, ret_err));
                TRY(msptk__exec(tx, ret_err,
                                "INSERT INTO run_page (run_id, first, results)"
                                " VALUES (?1, ?2, ?3)",
                                SQL_TEXT(r->id), SQL_INT((int64_t)first),
                                SQL_TEXT_N(msptk__buf_text(&text), text.len)));
        }
        return MSPTK_OK;
}

/* Numbers of runs begin with their time, so that old ones are a range of the key. */
msptk_status msptk__pages_drop(store_tx *tx, int64_t before, msptk_error **ret_err)
{
        uint64_t ms = before > 0 ? (uint64_t)before / 1000 : 0;
        char id[UUID_TEXT];

        snprintf(id, sizeof(id), "%08x-%04x", (unsigned)(ms >> 16 & 0xffffffff),
                 (unsigned)(ms & 0xffff));
        return msptk__exec(tx, ret_err, "DELETE FROM run_page WHERE run_id < ?1", SQL_TEXT(id));
}

/* ---- reading ---- */

static void take_row(const msptk_json *row, packed *p)
{
        const msptk_json *v = msptk_json_first(row);
        int64_t mask = msptk_json_int(v, 0);

        for (int i = 0; i < COLUMNS && v; i++) {
                if (!(mask >> i & 1))
                        continue;
                v = msptk_json_next(v);
                if (i < COLUMN_VALUE)
                        p->ints[i] = msptk_json_int(v, 0);
                else if (i < COLUMN_CHECK)
                        p->reals[i - COLUMN_VALUE] = msptk_json_double(v, NAN);
                else
                        p->texts[i - COLUMN_CHECK] = msptk_json_string(v, NULL);
        }
}

static const char *text_of(const packed *p, int column)
{
        const char *text = p->texts[column - COLUMN_CHECK];

        return text ? text : "";
}

static msptk_status unpack(const packed *p, msptk_json **ret, msptk_error **ret_err)
{
        const check_result c = { .status = (int32_t)p->ints[COLUMN_STATUS],
                                 .lower_is_worse = p->ints[COLUMN_LOWER] != 0,
                                 .value = p->reals[0],
                                 .warning = p->reals[1],
                                 .critical = p->reals[2],
                                 .check = text_of(p, COLUMN_CHECK),
                                 .metric = text_of(p, COLUMN_METRIC),
                                 .unit = text_of(p, COLUMN_UNIT),
                                 .said = text_of(p, COLUMN_SAID) };
        char message[RESULT_WORDS];

        msptk__result_words(&c, message);
        return msptk__result_json(
                &(result_view){ .check = c.check,
                                .item = text_of(p, COLUMN_ITEM),
                                .unit = c.unit,
                                .message = message,
                                .status = c.status,
                                .value = c.value,
                                .warning = c.warning,
                                .critical = c.critical,
                                .device_id = p->texts[COLUMN_DEVICE - COLUMN_CHECK],
                                .device = p->texts[COLUMN_NAME - COLUMN_CHECK],
                                .client_id = text_of(p, COLUMN_CLIENT),
                                .at = p->ints[COLUMN_AT],
                                .since = p->ints[COLUMN_SINCE],
                                .evidence = p->ints[COLUMN_EVIDENCE] },
                ret, ret_err);
}

static msptk_status take_chunk(store_stmt *q, int64_t *at, int64_t limit, int64_t *taken,
                               json_obj *rows, msptk_error **ret_err)
{
        AUTO_JSON msptk_json *chunk = NULL;
        const char *text = msptk__stmt_text(q, 1);
        int64_t i = msptk__stmt_int(q, 0);
        packed p = nothing;

        TRY(msptk_json_parse(text, strlen(text), &chunk, ret_err));
        for (const msptk_json *row = msptk_json_first(chunk); row && *taken < limit;
             row = msptk_json_next(row), i++) {
                msptk_json *whole = NULL;

                take_row(row, &p);
                if (i < *at)
                        continue;
                TRY(unpack(&p, &whole, ret_err));
                msptk__array_json(rows, whole);
                (*at)++;
                (*taken)++;
        }
        return MSPTK_OK;
}

static msptk_status bad_cursor(msptk_error **ret_err)
{
        return fail_why(ret_err, MSPTK_E_INVALID, "CURSOR_INVALID",
                        "give next_cursor of the page before, with the same client",
                        "the cursor does not belong to a run whose pages are kept");
}

void msptk__put_cursor(json_obj *o, const char *run_id, size_t next, bool more)
{
        char cursor[UUID_TEXT + 32];

        snprintf(cursor, sizeof(cursor), "%s:%zu", run_id, next);
        msptk__obj_str_or_null(o, "next_cursor", more ? cursor : NULL);
}

msptk_status msptk__run_page(act *a, const msptk_json *args, msptk_json **ret,
                             msptk_error **ret_err)
{
        const char *cursor = msptk_json_string(msptk_json_get(args, "cursor"), "");
        const char *client_id = msptk_json_string(msptk_json_get(args, "client_id"), NULL);
        int64_t limit = msptk_json_int(msptk_json_get(args, "limit"), PAGE_ROWS), at, taken = 0;
        AUTO_OBJ json_obj o = msptk__obj(), rows = msptk__array();
        AUTO_STMT store_stmt *q = NULL;
        char id[UUID_TEXT], audience[AUDIENCE_CAP];
        int64_t found = 0;
        store_tx *tx;
        msptk_status st;

        if (strlen(cursor) < UUID_TEXT || cursor[UUID_TEXT - 1] != ':' ||
            !msptk__num_int64(cursor + UUID_TEXT, strlen(cursor + UUID_TEXT), &at) || at < 0)
                return bad_cursor(ret_err);
        memcpy(id, cursor, UUID_TEXT - 1);
        id[UUID_TEXT - 1] = '\0';
        msptk__act_audience(a, audience);
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__query_int(tx, &found, ret_err,
                             "SELECT count(*) FROM run WHERE id = ?1 AND clients = ?2",
                             SQL_TEXT(id), SQL_TEXT(client_id ? client_id : audience)));
        if (!found)
                return bad_cursor(ret_err);
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT first, results FROM run_page WHERE run_id = ?1 AND first > ?2"
                         " ORDER BY first",
                         SQL_TEXT(id), SQL_INT(at - CHUNK_ROWS)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK && taken < limit)
                TRY(take_chunk(q, &at, limit, &taken, &rows, ret_err));
        TRY(st);
        msptk__obj_str(&o, "schema", "msptk.health_run/1");
        msptk__obj_str(&o, "run_id", id);
        msptk__obj_take(&o, "results", &rows);
        msptk__put_cursor(&o, id, (size_t)at, taken == limit);
        return msptk__obj_end(&o, ret, ret_err);
}
