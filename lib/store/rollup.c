/* Days summed up per series: what stays when the samples of a day are dropped. */
#define ROOM "store"
#include "store/internal.h"

#include <stdio.h>

msptk_status msptk__store_samples_rollup(store_tx *tx, int32_t day, msptk_error **ret_err)
{
        int64_t found = 0;
        char sql[768];
        msptk_status st = msptk__query_int(
                tx, &found, ret_err, "SELECT day FROM sample_day WHERE day = ?1", SQL_INT(day));

        if (st != MSPTK_OK)
                return st; /* no samples: an earlier roll-up is all that is left of the day */
        TRY(msptk__exec(tx, ret_err, "DELETE FROM rollup_day WHERE day = ?1", SQL_INT(day)));
        snprintf(sql, sizeof(sql),
                 "INSERT INTO rollup_day (series, day, n, ok, warning, critical, unknown, valued,"
                 " sum, min, max)"
                 " SELECT series, ?1, count(*), sum(CASE status WHEN 0 THEN 1 ELSE 0 END),"
                 " sum(CASE status WHEN 1 THEN 1 ELSE 0 END),"
                 " sum(CASE status WHEN 2 THEN 1 ELSE 0 END),"
                 " sum(CASE status WHEN 3 THEN 1 ELSE 0 END),"
                 " count(value), sum(value), min(value), max(value)"
                 " FROM sample_%08d GROUP BY series ORDER BY series",
                 day);
        return msptk__exec(tx, ret_err, sql, SQL_INT(day));
}

static void read_row(store_stmt *q, int64_t series, store_rollup *r)
{
        r->series = series;
        r->day = (int32_t)msptk__stmt_int(q, 0);
        r->n = msptk__stmt_int(q, 1);
        r->ok = msptk__stmt_int(q, 2);
        r->warning = msptk__stmt_int(q, 3);
        r->critical = msptk__stmt_int(q, 4);
        r->unknown = msptk__stmt_int(q, 5);
        r->valued = msptk__stmt_int(q, 6);
        r->sum = msptk__stmt_real(q, 7);
        r->min = msptk__stmt_real(q, 8);
        r->max = msptk__stmt_real(q, 9);
}

msptk_status msptk__store_rollups_read(store_tx *tx, int64_t series, int32_t from_day,
                                       int32_t to_day, store_rollup *rows, size_t cap,
                                       size_t *ret_count, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        size_t count = 0;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT day, n, ok, warning, critical, unknown, valued, sum, min, max"
                         " FROM rollup_day WHERE series = ?1 AND day >= ?2 AND day <= ?3"
                         " ORDER BY day LIMIT ?4",
                         SQL_INT(series), SQL_INT(from_day), SQL_INT(to_day),
                         SQL_INT((int64_t)cap)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK)
                read_row(q, series, &rows[count++]);
        TRY(st);
        *ret_count = count;
        return MSPTK_OK;
}

msptk_status msptk__store_rollups_drop_before(store_tx *tx, int32_t day, msptk_error **ret_err)
{
        return msptk__exec(tx, ret_err, "DELETE FROM rollup_day WHERE day < ?1", SQL_INT(day));
}
