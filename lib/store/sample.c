/* Samples: one table per UTC day, clustered by series and time, so that a series reads like a file
 * and retention is the drop of a table. */
#define ROOM "store"
#include "store/internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_PER_INSERT = 16, COLUMNS = 5, SQL_SIZE = 512 };

static const int64_t day_us = 86400000000;
static const int64_t last_us = 253402300800000000; /* year 10000 */

int32_t msptk__store_day(int64_t at_us)
{
        civil c;

        msptk__date_from_days(msptk__day_number(at_us), &c);
        return (int32_t)c.year * 10000 + c.month * 100 + c.day;
}

int64_t msptk__store_day_start(int32_t day)
{
        return msptk__days_from_date(day / 10000, day / 100 % 100, day % 100) * day_us;
}

/* ---- adding ------------------------------------------------------------------------------------
 */

static int compare(const store_sample *a, const store_sample *b)
{
        int64_t da = a->at / day_us, db = b->at / day_us;

        if (da != db)
                return da < db ? -1 : 1;
        if (a->series != b->series)
                return a->series < b->series ? -1 : 1;
        return (a->at > b->at) - (a->at < b->at);
}

/* Stable (of two with one key the later must win) and near-linear on what is nearly sorted. */
static void merge_sort(store_sample *rows, store_sample *spare, size_t count)
{
        size_t half = count / 2, i = 0, j = half, k = 0;

        if (count < 2)
                return;
        merge_sort(rows, spare, half);
        merge_sort(rows + half, spare, count - half);
        if (compare(&rows[half - 1], &rows[half]) <= 0)
                return;
        memcpy(spare, rows, half * sizeof(*rows));
        for (i = 0; i < half; k++)
                rows[k] = j < count && compare(&rows[j], &spare[i]) < 0 ? rows[j++] : spare[i++];
}

static msptk_status sort_rows(store_sample *rows, size_t count, msptk_error **ret_err)
{
        AUTO_FREE store_sample *spare = NULL;
        size_t i = 1;

        while (i < count && compare(&rows[i - 1], &rows[i]) <= 0)
                i++;
        if (i >= count)
                return MSPTK_OK;
        spare = msptk__alloc_array(count / 2 + 1, sizeof(*spare));
        if (!spare)
                return msptk__nomem(ret_err);
        merge_sort(rows, spare, count);
        return MSPTK_OK;
}

static msptk_status check_rows(const store_sample *rows, size_t count, msptk_error **ret_err)
{
        for (size_t i = 0; i < count; i++) {
                const store_sample *r = &rows[i];

                if (r->at < 0 || r->at >= last_us)
                        return fail(ret_err, MSPTK_E_INVALID,
                                    "sample of series %" PRId64 ": time %" PRId64
                                    " is outside the years 1970 to 9999",
                                    r->series, r->at);
                if (r->status < 0 || r->status > 3)
                        return fail(ret_err, MSPTK_E_INVALID,
                                    "sample of series %" PRId64 ": unknown status %d", r->series,
                                    r->status);
                if (isinf(r->value))
                        return fail(ret_err, MSPTK_E_INVALID,
                                    "sample of series %" PRId64 ": the value is infinite",
                                    r->series);
        }
        return MSPTK_OK;
}

static msptk_status make_day(store_tx *tx, int32_t day, msptk_error **ret_err)
{
        char sql[SQL_SIZE];

        TRY(msptk__exec(tx, ret_err,
                        "INSERT INTO sample_day (day) VALUES (?1) ON CONFLICT DO NOTHING",
                        SQL_INT(day)));
        if (msptk__tx_changes(tx) == 0)
                return MSPTK_OK;
        snprintf(sql, sizeof(sql),
                 "CREATE TABLE sample_%08d (series INTEGER NOT NULL, at INTEGER NOT NULL, value "
                 "REAL,"
                 " status INTEGER NOT NULL, evidence INTEGER NOT NULL, PRIMARY KEY (series, at))"
                 " WITHOUT ROWID",
                 day);
        return msptk__exec(tx, ret_err, sql);
}

static msptk_status prepare_insert(store_tx *tx, int32_t day, int rows, store_stmt **ret_stmt,
                                   msptk_error **ret_err)
{
        AUTO_BUF buf sql = BUF_INIT(4096);

        msptk__buf_addf(
                &sql,
                "INSERT OR REPLACE INTO sample_%08d (series, at, value, status, evidence) VALUES",
                day);
        for (int i = 0; i < rows; i++)
                msptk__buf_add_str(&sql, i ? ",(?,?,?,?,?)" : "(?,?,?,?,?)");
        TRY(msptk__buf_status(&sql, ROOM, "an insert", ret_err));
        return msptk__stmt_take(tx, msptk__buf_text(&sql), ret_stmt, ret_err);
}

static int insert_rows(sqlite3_stmt *h, const store_sample *rows, int count)
{
        int rc;

        for (int i = 0; i < count; i++) {
                const store_sample *r = &rows[i];
                int at = i * COLUMNS;

                sqlite3_bind_int64(h, at + 1, r->series);
                sqlite3_bind_int64(h, at + 2, r->at);
                sqlite3_bind_double(h, at + 3, r->value); /* NaN becomes NULL */
                sqlite3_bind_int(h, at + 4, r->status);
                sqlite3_bind_int64(h, at + 5, r->evidence);
        }
        rc = sqlite3_step(h);
        sqlite3_reset(h);
        return rc;
}

static msptk_status add_day(store_tx *tx, int32_t day, const store_sample *rows, size_t count,
                            msptk_error **ret_err)
{
        AUTO_STMT store_stmt *many = NULL;
        AUTO_STMT store_stmt *one = NULL;
        size_t done = 0;
        int rc = SQLITE_DONE;

        TRY(make_day(tx, day, ret_err));
        if (count >= ROWS_PER_INSERT)
                TRY(prepare_insert(tx, day, ROWS_PER_INSERT, &many, ret_err));
        for (; rc == SQLITE_DONE && count - done >= ROWS_PER_INSERT; done += ROWS_PER_INSERT)
                rc = insert_rows(many->handle, rows + done, ROWS_PER_INSERT);
        if (rc == SQLITE_DONE && done < count)
                TRY(prepare_insert(tx, day, 1, &one, ret_err));
        for (; rc == SQLITE_DONE && done < count; done++)
                rc = insert_rows(one->handle, rows + done, 1);
        return rc == SQLITE_DONE ? MSPTK_OK : msptk__stmt_failed(tx, rc, "insert samples", ret_err);
}

msptk_status msptk__store_samples_add(store_tx *tx, store_sample *rows, size_t count,
                                      msptk_error **ret_err)
{
        size_t from = 0, to;

        TRY(check_rows(rows, count, ret_err));
        TRY(sort_rows(rows, count, ret_err));
        while (from < count) {
                int64_t day = rows[from].at / day_us;

                for (to = from + 1; to < count && rows[to].at / day_us == day; to++)
                        ;
                TRY(add_day(tx, msptk__store_day(rows[from].at), rows + from, to - from, ret_err));
                from = to;
        }
        return MSPTK_OK;
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static void read_row(store_stmt *q, int64_t series, store_sample *row)
{
        row->series = series;
        row->at = msptk__stmt_int(q, 0);
        row->value = msptk__stmt_real(q, 1);
        row->status = (int32_t)msptk__stmt_int(q, 2);
        row->evidence = msptk__stmt_int(q, 3);
}

/* The next day with samples, in reading order, within [*day, limit]. */
static msptk_status next_day(store_tx *tx, bool newest_first, int32_t day, int32_t limit,
                             int32_t *ret_day, msptk_error **ret_err)
{
        int64_t found = 0;
        msptk_status st;

        if (newest_first)
                st = msptk__query_int(tx, &found, ret_err,
                                      "SELECT day FROM sample_day WHERE day <= ?1 AND day >= ?2"
                                      " ORDER BY day DESC LIMIT 1",
                                      SQL_INT(day), SQL_INT(limit));
        else
                st = msptk__query_int(tx, &found, ret_err,
                                      "SELECT day FROM sample_day WHERE day >= ?1 AND day <= ?2"
                                      " ORDER BY day LIMIT 1",
                                      SQL_INT(day), SQL_INT(limit));
        *ret_day = (int32_t)found;
        return st;
}

typedef struct range {
        int64_t series, from, to;
        bool newest_first;
} range;

static msptk_status read_day(store_tx *tx, int32_t day, const range *r, store_sample *rows,
                             size_t cap, size_t *count, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        char sql[SQL_SIZE];
        msptk_status st;

        snprintf(sql, sizeof(sql),
                 "SELECT at, value, status, evidence FROM sample_%08d"
                 " WHERE series = ?1 AND at >= ?2 AND at < ?3 ORDER BY at%s LIMIT ?4",
                 day, r->newest_first ? " DESC" : "");
        TRY(msptk__query(tx, &q, ret_err, sql, SQL_INT(r->series), SQL_INT(r->from), SQL_INT(r->to),
                         SQL_INT((int64_t)(cap - *count))));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK)
                read_row(q, r->series, &rows[(*count)++]);
        return st < 0 ? st : MSPTK_OK;
}

msptk_status msptk__store_samples_read(store_tx *tx, int64_t series, int64_t from, int64_t to,
                                       bool newest_first, store_sample *rows, size_t cap,
                                       size_t *ret_count, msptk_error **ret_err)
{
        range r = { series, from < 0 ? 0 : from, to > last_us ? last_us : to, newest_first };
        size_t count = 0;
        int32_t day, limit;
        msptk_status st;

        *ret_count = 0;
        if (r.from >= r.to)
                return MSPTK_OK;
        day = msptk__store_day(newest_first ? r.to - 1 : r.from);
        limit = msptk__store_day(newest_first ? r.from : r.to - 1);
        while (count < cap) {
                st = next_day(tx, newest_first, day, limit, &day, ret_err);
                TRY(st);
                if (st == MSPTK_DONE)
                        break;
                TRY(read_day(tx, day, &r, rows, cap, &count, ret_err));
                day += newest_first ? -1 : 1; /* need not be a date: it only bounds the search */
        }
        *ret_count = count;
        return MSPTK_OK;
}

msptk_status msptk__store_samples_last(store_tx *tx, int64_t series, int64_t since,
                                       store_sample *ret_row, msptk_error **ret_err)
{
        store_sample row;
        size_t count = 0;

        TRY(msptk__store_samples_read(tx, series, since, last_us, true, &row, 1, &count, ret_err));
        if (count == 0)
                return MSPTK_DONE;
        *ret_row = row;
        return MSPTK_OK;
}

msptk_status msptk__store_sample_days(store_tx *tx, int32_t from_day, int32_t *days, size_t cap,
                                      size_t *ret_count, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        size_t count = 0;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT day FROM sample_day WHERE day >= ?1 ORDER BY day LIMIT ?2",
                         SQL_INT(from_day), SQL_INT((int64_t)cap)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK)
                days[count++] = (int32_t)msptk__stmt_int(q, 0);
        TRY(st);
        *ret_count = count;
        return MSPTK_OK;
}

/* ---- retention ---------------------------------------------------------------------------------
 */

msptk_status msptk__store_samples_drop_before(store_tx *tx, int32_t day, size_t *ret_days,
                                              msptk_error **ret_err)
{
        char sql[SQL_SIZE];
        int32_t found = 0;
        size_t count = 0;
        msptk_status st;

        while ((st = next_day(tx, false, 0, day - 1, &found, ret_err)) == MSPTK_OK) {
                snprintf(sql, sizeof(sql), "DROP TABLE sample_%08d", found);
                TRY(msptk__exec(tx, ret_err, sql));
                TRY(msptk__exec(tx, ret_err, "DELETE FROM sample_day WHERE day = ?1",
                                SQL_INT(found)));
                count++;
        }
        TRY(st);
        if (ret_days)
                *ret_days = count;
        return MSPTK_OK;
}
