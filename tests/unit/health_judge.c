/* The judge: thresholds, hysteresis, lasting, gaps. */
#include "support.h"

#include <math.h>

#include "health/internal.h"

enum { OK = MSPTK_STATE_OK, WARN = MSPTK_STATE_WARNING, CRIT = MSPTK_STATE_CRITICAL };
enum { UNKNOWN = MSPTK_STATE_UNKNOWN, JUDGE = MSPTK_STATE_JUDGE };
enum { SERIES = 400, STEPS = 60 };

static const int64_t start = INT64_C(1795262400) * 1000000;
static const int64_t minute = INT64_C(60) * 1000000;

static health_state fresh(void)
{
        return (health_state){ .status = HEALTH_NONE, .known = HEALTH_NONE };
}

static threshold limits(double warning, double critical, double hysteresis, int64_t sustained_ms)
{
        return (threshold){ .warning = warning,
                            .critical = critical,
                            .hysteresis = hysteresis,
                            .sustained_ms = sustained_ms,
                            .enabled = true };
}

static void the_state_follows_the_truth_table(void **state)
{
        static const struct {
                double warning, critical, value;
                bool lower;
                int32_t given, want;
        } cases[] = {
                { 85, 95, 84.9, false, JUDGE, OK },
                { 85, 95, 85, false, JUDGE, WARN },
                { 85, 95, 94.9, false, JUDGE, WARN },
                { 85, 95, 95, false, JUDGE, CRIT },
                { NAN, 95, 94, false, JUDGE, OK },
                { NAN, 95, 95, false, JUDGE, CRIT },
                { 85, NAN, 100, false, JUDGE, WARN },
                { NAN, NAN, 100, false, JUDGE, OK },
                { 20, 10, 21, true, JUDGE, OK },
                { 20, 10, 20, true, JUDGE, WARN },
                { 20, 10, 10, true, JUDGE, CRIT },
                { 85, 95, NAN, false, JUDGE, UNKNOWN },
                { 85, 95, INFINITY, false, JUDGE, UNKNOWN },
                { 85, 95, 99, false, OK, OK },
                { 85, 95, 1, false, CRIT, CRIT },
                { 85, 95, 1, false, UNKNOWN, UNKNOWN },
                { 85, 95, NAN, false, WARN, WARN },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                threshold t = limits(cases[i].warning, cases[i].critical, 2, 0);
                health_state s = fresh();

                t.lower_is_worse = cases[i].lower;
                assert_true(msptk__health_judge(&s, &t, cases[i].given, cases[i].value, start));
                assert_int_equal(s.status, cases[i].want);
                assert_int_equal(s.since, start);
                assert_false(
                        msptk__health_judge(&s, &t, cases[i].given, cases[i].value, start + 1));
        }
}

static void a_state_gets_better_only_beyond_the_hysteresis(void **state)
{
        static const double values[] = { 50, 85, 84, 83.5, 83, 95, 93.5, 93, 84, 82 };
        static const int32_t want[] = { OK, WARN, WARN, WARN, OK, CRIT, CRIT, WARN, WARN, OK };
        threshold t = limits(85, 95, 2, 0);
        health_state s = fresh();

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(values); i++) {
                msptk__health_judge(&s, &t, JUDGE, values[i], start + (int64_t)i * minute);
                assert_int_equal(s.status, want[i]);
        }
}

static void a_peak_that_does_not_last_changes_nothing(void **state)
{
        threshold t = limits(85, 95, 0, 5 * 60000);
        health_state s = fresh();

        (void)state;
        msptk__health_judge(&s, &t, JUDGE, 50, start);
        msptk__health_judge(&s, &t, JUDGE, 99, start + minute);
        assert_int_equal(s.status, OK);
        msptk__health_judge(&s, &t, JUDGE, 50, start + 5 * minute);
        msptk__health_judge(&s, &t, JUDGE, 99, start + 6 * minute);
        msptk__health_judge(&s, &t, JUDGE, 90, start + 9 * minute);
        assert_int_equal(s.status, OK);
        msptk__health_judge(&s, &t, JUDGE, 99, start + 11 * minute);
        assert_int_equal(s.status, WARN); /* critical began again only now */
        msptk__health_judge(&s, &t, JUDGE, 99, start + 16 * minute);
        assert_int_equal(s.status, CRIT);
        msptk__health_judge(&s, &t, JUDGE, 50, start + 17 * minute);
        assert_int_equal(s.status, OK);
}

/* ---- noisy series ---- */

static uint64_t next(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed;
}

static double noise(uint64_t *seed)
{
        return 78 + (double)(next(seed) % 2200) / 100;
}

/* Says from the whole of the past what the state is, without remembering anything between calls but
 * the states it said itself. */
static int32_t oracle(const double *v, const int32_t *said, int n, const threshold *t)
{
        int32_t targets[STEPS], worst = OK;

        for (int i = 0; i <= n; i++) {
                int32_t was = i ? said[i - 1] : HEALTH_NONE;
                double warn = t->warning - (was >= WARN ? t->hysteresis : 0);
                double crit = t->critical - (was == CRIT ? t->hysteresis : 0);
                bool above_crit = v[i] >= t->critical || (was == CRIT && v[i] > crit);
                bool above_warn = v[i] >= t->warning || (was >= WARN && v[i] > warn);

                targets[i] = above_crit ? CRIT : above_warn ? WARN : OK;
        }
        if (!n)
                return targets[0];
        for (int32_t level = WARN; level <= CRIT; level++) {
                int first = n + 1;

                while (first > 0 && targets[first - 1] >= level)
                        first--;
                if (first <= n && (n - first) * INT64_C(60000) >= t->sustained_ms)
                        worst = level;
        }
        if (worst < targets[n] && worst < said[n - 1])
                worst = said[n - 1] < targets[n] ? said[n - 1] : targets[n];
        return worst;
}

static void noisy_series_change_exactly_when_an_oracle_says_so(void **state)
{
        uint64_t seed = 88172645463325252ull;

        (void)state;
        for (int k = 0; k < SERIES; k++) {
                threshold t = limits(85, 95, (double)(k % 4), (k % 5) * 60000);
                health_state s = fresh();
                double values[STEPS];
                int32_t said[STEPS];

                for (int i = 0; i < STEPS; i++) {
                        values[i] = noise(&seed);
                        said[i] = oracle(values, said, i, &t);
                        msptk__health_judge(&s, &t, JUDGE, values[i], start + i * minute);
                        assert_int_equal(s.status, said[i]);
                }
        }
}

static void taking_data_away_never_makes_a_state_better(void **state)
{
        uint64_t seed = 362436069ull;

        (void)state;
        for (int k = 0; k < SERIES * 5; k++) {
                threshold t = limits(85, 95, (double)(k % 4), (k % 5) * 60000);
                health_state all = fresh(), some = fresh();

                for (int i = 0; i < STEPS; i++) {
                        double value = noise(&seed);
                        bool gone = next(&seed) % 4 == 0;

                        msptk__health_judge(&all, &t, JUDGE, value, start + i * minute);
                        msptk__health_judge(&some, &t, gone ? UNKNOWN : JUDGE, value,
                                            start + i * minute);
                        if (gone)
                                assert_int_equal(some.status, UNKNOWN);
                        else
                                assert_true(some.status >= all.status);
                }
        }
}

static void what_is_unknown_ranks_above_a_warning(void **state)
{
        (void)state;
        assert_true(msptk__health_rank(OK) < msptk__health_rank(WARN));
        assert_true(msptk__health_rank(WARN) < msptk__health_rank(UNKNOWN));
        assert_true(msptk__health_rank(UNKNOWN) < msptk__health_rank(CRIT));
        assert_string_equal(msptk__health_word(HEALTH_NONE), "unknown");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_state_follows_the_truth_table),
                cmocka_unit_test(a_state_gets_better_only_beyond_the_hysteresis),
                cmocka_unit_test(a_peak_that_does_not_last_changes_nothing),
                cmocka_unit_test(noisy_series_change_exactly_when_an_oracle_says_so),
                cmocka_unit_test(taking_data_away_never_makes_a_state_better),
                cmocka_unit_test(what_is_unknown_ranks_above_a_warning),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
