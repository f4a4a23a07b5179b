/* Samples: day tables, retention, roll-ups against sums made by hand. */
#define ROOM "test"
#include "support.h"
#include "store_support.h"

#include <math.h>

static const int64_t hour = 3600000000, day = 86400000000;
static const int64_t base = 1767139200000000; /* 2025-12-31 00:00 UTC */

static store_sample sample(int64_t series, int64_t at, double value, int32_t status)
{
        return (store_sample){ series, at, value, status, series * 10 };
}

static store_tx *begin(store *s)
{
        store_tx *tx = NULL;

        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL));
        return tx;
}

static void days_are_utc_dates(void **state)
{
        (void)state;
        assert_int_equal(msptk__store_day(0), 19700101);
        assert_int_equal(msptk__store_day(base - 1), 20251230);
        assert_int_equal(msptk__store_day(base), 20251231);
        assert_int_equal(msptk__store_day(base + day), 20260101);
        assert_int_equal(msptk__store_day(951782400000000), 20000229);
        for (int64_t at = 0; at < 253402300800000000; at += day * 97)
                assert_true(msptk__store_day_start(msptk__store_day(at + day - 1)) == at);
}

static void rows_over_a_day_border_read_as_one_series(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        AUTO_TX store_tx *tx = begin(s);
        store_sample rows[96], out[96], last;
        size_t n = 0;
        int32_t days[8];

        (void)state;
        for (int i = 0; i < 96; i++) /* newest first, two series */
                rows[i] = sample(i % 2 + 1, base + (95 - i) * hour, i, 0);
        assert_ok(msptk__store_samples_add(tx, rows, 96, NULL));
        assert_ok(msptk__store_sample_days(tx, 0, days, 8, &n, NULL));
        assert_int_equal(n, 4);
        assert_int_equal(days[0], 20251231);
        assert_int_equal(days[3], 20260103);
        assert_ok(msptk__store_samples_read(tx, 1, base + hour, base + 3 * day, false, out, 96, &n,
                                            NULL));
        assert_int_equal(n, 36);
        for (size_t i = 0; i < n; i++)
                assert_true(out[i].at == base + hour + (int64_t)i * 2 * hour &&
                            out[i].evidence == 10);
        assert_ok(msptk__store_samples_read(tx, 1, base, base + 4 * day, true, out, 30, &n, NULL));
        assert_int_equal(n, 30);
        assert_true(out[0].at == base + 95 * hour && out[29].at == base + 37 * hour);
        assert_ok(msptk__store_samples_last(tx, 2, 0, &last, NULL));
        assert_true(last.at == base + 94 * hour && last.value == 1.0);
        assert_int_equal(msptk__store_samples_last(tx, 2, base + 95 * hour, &last, NULL),
                         MSPTK_DONE);
        assert_int_equal(msptk__store_samples_last(tx, 3, 0, &last, NULL), MSPTK_DONE);
}

static void the_later_of_two_samples_with_one_key_wins(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        AUTO_TX store_tx *tx = begin(s);
        store_sample rows[40], last;
        size_t n = 0;

        (void)state;
        for (int i = 0; i < 40; i++)
                rows[i] = sample(i % 3 ? 1 : 2, base, i, 1);
        assert_ok(msptk__store_samples_add(tx, rows, 40, NULL));
        assert_ok(msptk__store_samples_last(tx, 1, 0, &last, NULL));
        assert_true(last.value == 38);
        rows[0] = sample(1, base, NAN, 3);
        assert_ok(msptk__store_samples_add(tx, rows, 1, NULL));
        assert_ok(msptk__store_samples_read(tx, 1, 0, INT64_MAX, false, rows, 40, &n, NULL));
        assert_int_equal(n, 1);
        assert_true(isnan(rows[0].value) && rows[0].status == 3);
}

static void wrong_rows_store_nothing(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        AUTO_TX store_tx *tx = begin(s);
        const store_sample wrong[] = { sample(1, -1, 0, 0), sample(1, base, INFINITY, 0),
                                       sample(1, base, 0, 4), sample(1, INT64_MAX, 0, 0) };
        int32_t days[2];
        size_t n = 9;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
                store_sample rows[] = { sample(1, base, 1, 0), wrong[i] };

                assert_int_equal(msptk__store_samples_add(tx, rows, 2, NULL), MSPTK_E_INVALID);
        }
        assert_ok(msptk__store_sample_days(tx, 0, days, 2, &n, NULL));
        assert_int_equal(n, 0);
}

static uint32_t next_random(uint32_t *seed)
{
        return *seed = *seed * 1664525u + 1013904223u;
}

enum { SERIES = 7, ROWS = 5000 };

static void compare_rollup(const store_rollup *r, const store_sample *rows, int64_t series)
{
        store_rollup want = {
                .series = series, .day = 20251231, .min = INFINITY, .max = -INFINITY
        };
        int64_t by_status[4] = { 0 };

        for (int i = 0; i < ROWS; i++) {
                if (rows[i].series != series)
                        continue;
                want.n++;
                by_status[rows[i].status]++;
                if (isnan(rows[i].value))
                        continue;
                want.valued++;
                want.sum += rows[i].value;
                want.min = rows[i].value < want.min ? rows[i].value : want.min;
                want.max = rows[i].value > want.max ? rows[i].value : want.max;
        }
        assert_int_equal(r->day, want.day);
        assert_int_equal(r->n, want.n);
        assert_int_equal(r->ok, by_status[0]);
        assert_int_equal(r->warning, by_status[1]);
        assert_int_equal(r->critical, by_status[2]);
        assert_int_equal(r->unknown, by_status[3]);
        assert_int_equal(r->valued, want.valued);
        assert_true(r->sum - want.sum < 1e-6 && want.sum - r->sum < 1e-6);
        assert_true(r->min == want.min && r->max == want.max);
}

static void rollups_equal_sums_made_by_hand(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        AUTO_TX store_tx *tx = begin(s);
        AUTO_FREE store_sample *rows = msptk__alloc_array(ROWS, sizeof(*rows));
        store_rollup out[4];
        uint32_t seed = 42;
        size_t n;

        (void)state;
        for (int i = 0; i < ROWS; i++)
                rows[i] = sample(next_random(&seed) % SERIES, base + i * (day / ROWS),
                                 next_random(&seed) % 10 ? next_random(&seed) / 1e3 : NAN,
                                 (int32_t)(next_random(&seed) >> 30));
        assert_ok(msptk__store_samples_add(tx, rows, ROWS, NULL));
        for (int round = 0; round < 2; round++) { /* the second changes nothing */
                assert_ok(msptk__store_samples_rollup(tx, 20251231, NULL));
                for (int64_t series = 0; series < SERIES; series++) {
                        assert_ok(msptk__store_rollups_read(tx, series, 0, 99991231, out, 4, &n,
                                                            NULL));
                        assert_int_equal(n, 1);
                        compare_rollup(&out[0], rows, series);
                }
        }
        assert_int_equal(msptk__store_samples_rollup(tx, 20260101, NULL), MSPTK_DONE);
}

static void a_series_without_values_has_no_sum(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        AUTO_TX store_tx *tx = begin(s);
        store_sample row = sample(1, base, NAN, 3);
        store_rollup r;
        size_t n;

        (void)state;
        assert_ok(msptk__store_samples_add(tx, &row, 1, NULL));
        assert_ok(msptk__store_samples_rollup(tx, 20251231, NULL));
        assert_ok(msptk__store_rollups_read(tx, 1, 20251231, 20251231, &r, 1, &n, NULL));
        assert_true(r.n == 1 && r.valued == 0 && isnan(r.sum) && isnan(r.min) && isnan(r.max));
}

static void retention_drops_whole_days_and_keeps_rollups(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        AUTO_TX store_tx *tx = begin(s);
        store_sample rows[10];
        store_rollup out[10];
        int32_t days[16];
        size_t n = 0;

        (void)state;
        for (int i = 0; i < 10; i++)
                rows[i] = sample(1, base + i * day, i, 0);
        assert_ok(msptk__store_samples_add(tx, rows, 10, NULL));
        assert_ok(msptk__store_samples_rollup(tx, 20251231, NULL));
        assert_ok(msptk__store_samples_drop_before(tx, 20260105, &n, NULL));
        assert_int_equal(n, 5);
        assert_ok(msptk__store_samples_drop_before(tx, 20260105, &n, NULL));
        assert_int_equal(n, 0);
        assert_ok(msptk__store_sample_days(tx, 0, days, 16, &n, NULL));
        assert_int_equal(n, 5);
        assert_int_equal(days[0], 20260105);
        assert_int_equal(msptk__store_samples_rollup(tx, 20251231, NULL), MSPTK_DONE);
        assert_ok(msptk__store_rollups_read(tx, 1, 0, 99991231, out, 10, &n, NULL));
        assert_int_equal(n, 1);
        assert_ok(msptk__store_rollups_drop_before(tx, 20260101, NULL));
        assert_ok(msptk__store_rollups_read(tx, 1, 0, 99991231, out, 10, &n, NULL));
        assert_int_equal(n, 0);
        rows[0] = sample(1, base, 1, 0); /* a late sample makes its day again */
        assert_ok(msptk__store_samples_add(tx, rows, 1, NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(days_are_utc_dates),
                cmocka_unit_test(rows_over_a_day_border_read_as_one_series),
                cmocka_unit_test(the_later_of_two_samples_with_one_key_wins),
                cmocka_unit_test(wrong_rows_store_nothing),
                cmocka_unit_test(rollups_equal_sums_made_by_hand),
                cmocka_unit_test(a_series_without_values_has_no_sum),
                cmocka_unit_test(retention_drops_whole_days_and_keeps_rollups),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
