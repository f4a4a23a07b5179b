/* Time as text: tables, round trips, civil days and periods in real zones. */
#include "support.h"
#include "base/base.h"

#undef fail
#define fail() _fail(__FILE__, __LINE__) /* for cmocka's fail_msg */

static uint64_t next_random(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed;
}

static int64_t at(const char *text)
{
        int64_t us;

        if (msptk__time_parse(text, &us, NULL) != MSPTK_OK)
                fail_msg("not a time: %s", text);
        return us;
}

static zone *load(const char *name)
{
        zone *z = NULL;

        assert_int_equal(msptk__zone_load(NULL, name, &z, NULL), MSPTK_OK);
        return z;
}

static void times_are_read_in_every_form_of_rfc_3339(void **state)
{
        static const struct {
                const char *text, *expected;
        } rows[] = {
                { "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z" },
                { "2024-02-29t23:59:59.9z", "2024-02-29T23:59:59.900000Z" },
                { "2024-01-15 13:30:00.123456789Z", "2024-01-15T13:30:00.123456Z" },
                { "2024-01-15T13:30:00-05:00", "2024-01-15T18:30:00.000000Z" },
                { "2024-01-01T00:30:00+05:45", "2023-12-31T18:45:00.000000Z" },
                { "2024-01-15T13:30:00-00:00", "2024-01-15T13:30:00.000000Z" },
                { "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z" },
                { "0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000Z" },
                { "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z" },
        };
        char out[TIME_TEXT_MAX];

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                msptk__time_format(at(rows[i].text), out);
                assert_string_equal(out, rows[i].expected);
        }
        assert_int_equal(at("1970-01-01T00:00:00.000001Z"), 1);
}

static void malformed_times_are_refused_with_advice(void **state)
{
        static const char *const bad[] = {
                "",
                "2024",
                "2024-01-15",
                "2024-01-15T13:30Z",
                "2024-01-15T13:30:00",
                "2024-01-15T13:30:00.Z",
                "2024-01-15T13:30:00.1234567890Z",
                "2024-01-15T24:00:00Z",
                "2024-01-15T13:60:00Z",
                "2024-01-15T13:30:61Z",
                "2024-02-30T00:00:00Z",
                "2023-02-29T00:00:00Z",
                "2024-13-01T00:00:00Z",
                "2024-00-01T00:00:00Z",
                "2024-01-15T13:30:00+24:00",
                "2024-01-15T13:30:00+05",
                "2024-01-15T13:30:00Zx",
                " 2024-01-15T13:30:00Z",
                "2024-01-15  13:30:00Z",
                "24-01-15T13:30:00Z",
                "\xff\x1b[31m",
        };
        AUTO_ERROR msptk_error *leap = NULL;
        int64_t us = 77;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                AUTO_ERROR msptk_error *err = NULL;

                if (msptk__time_parse(bad[i], &us, &err) != MSPTK_E_INVALID || us != 77)
                        fail_msg("'%s'", bad[i]);
                assert_string_equal(msptk_error_reason(err), "INVALID_TIME");
                assert_non_null(strstr(msptk_error_suggestion(err), "2024-01-15T13:30:00Z"));
                assert_null(strchr(msptk_error_message(err), 0x1b));
        }
        assert_int_equal(msptk__time_parse("2016-12-31T23:59:60Z", &us, &leap), MSPTK_E_INVALID);
        assert_non_null(strstr(msptk_error_message(leap), "leap seconds"));
}

static void what_is_written_reads_back_the_same(void **state)
{
        AUTO_ZONE zone *z = load("Australia/Lord_Howe");
        int64_t from = at("0000-01-01T00:00:00Z"), to = at("9999-12-31T00:00:00Z");
        uint64_t seed = 11;

        (void)state;
        for (int i = 0; i < 100000; i++) {
                int64_t us = from + (int64_t)(next_random(&seed) % (uint64_t)(to - from));
                int64_t ms = (int64_t)(next_random(&seed) >> (1 + next_random(&seed) % 63));
                int64_t back;
                char out[TIME_TEXT_MAX];

                msptk__time_format(us, out);
                assert_int_equal(at(out), us);
                us -= ((us % US_PER_S) + US_PER_S) % US_PER_S;
                msptk__time_format_offset(z, us, out);
                assert_int_equal(at(out), us);
                msptk__duration_format(ms, out);
                assert_int_equal(msptk__duration_parse(out, 0, &back, NULL), MSPTK_OK);
                assert_int_equal(back, ms);
        }
}

static void extreme_instants_fit_the_buffer(void **state)
{
        static const int64_t extremes[] = { INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(extremes); i++) {
                char out[TIME_TEXT_MAX];

                msptk__time_format(extremes[i], out);
                assert_int_equal(out[strlen(out) - 1], 'Z');
                msptk__time_format_local_s(NULL, extremes[i], out);
                msptk__duration_format_human(extremes[i], out);
                msptk__age_format(extremes[i], INT64_MIN, out);
                msptk__age_format(INT64_MIN, extremes[i], out);
                assert_true(strlen(out) < TIME_TEXT_MAX - 1);
        }
}

static void people_see_local_time_with_its_abbreviation(void **state)
{
        AUTO_ZONE zone *ny = load("America/New_York");
        AUTO_ZONE zone *ist = load("Asia/Kolkata");
        int64_t us = at("2026-11-21T13:00:07Z");
        char out[TIME_TEXT_MAX];

        (void)state;
        msptk__time_format_local(ny, us, out);
        assert_string_equal(out, "2026-11-21 08:00 EST");
        msptk__time_format_local_s(ny, us, out);
        assert_string_equal(out, "2026-11-21 08:00:07 EST");
        msptk__time_format_local(NULL, us, out);
        assert_string_equal(out, "2026-11-21 13:00 UTC");
        msptk__time_format_offset(ny, us, out);
        assert_string_equal(out, "2026-11-21T08:00:07-05:00");
        msptk__time_format_offset(ist, us, out);
        assert_string_equal(out, "2026-11-21T18:30:07+05:30");
        msptk__time_format_offset(NULL, us, out);
        assert_string_equal(out, "2026-11-21T13:00:07Z");
        msptk__time_format_offset(ny, at("1880-01-01T00:00:00Z"), out); /* local mean time */
        assert_string_equal(out, "1880-01-01T00:00:00Z");
        msptk__time_format_stamp(us, out);
        assert_string_equal(out, "20261121T130007Z");
        msptk__date_format(ist, at("2026-11-21T20:00:00Z"), out);
        assert_string_equal(out, "2026-11-22");
}

static void days_have_the_length_that_the_zone_gives_them(void **state)
{
        static const struct {
                const char *zone, *date;
                int64_t hours;
        } rows[] = {
                { "America/New_York", "2024-03-10", 23 },  { "America/New_York", "2024-11-03", 25 },
                { "America/New_York", "2024-06-01", 24 },  { "Pacific/Apia", "2011-12-30", 0 },
                { "Pacific/Apia", "2011-12-29", 24 },      { "Pacific/Apia", "2011-12-31", 24 },
                { "America/Sao_Paulo", "2018-11-04", 23 }, /* begins at 01:00 */
                { "America/Havana", "2024-11-03", 25 },    { "UTC", "2024-11-03", 24 },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                AUTO_ZONE zone *z = load(rows[i].zone);
                int64_t from, to;
                civil date;

                assert_int_equal(msptk__date_parse(rows[i].date, &date, NULL), MSPTK_OK);
                assert_int_equal(msptk__day_bounds(z, &date, &from, &to, NULL), MSPTK_OK);
                if (to - from != rows[i].hours * 3600 * US_PER_S)
                        fail_msg("%s %s: %lld s", rows[i].zone, rows[i].date,
                                 (long long)((to - from) / US_PER_S));
        }
}

static void dates_are_strict(void **state)
{
        static const char *const bad[] = { "",         "2024-1-5",   "2024-02-30", "2024-01-15x",
                                           "20240115", "2024/01/15", "+2024-01-15" };
        civil c;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_int_equal(msptk__date_parse(bad[i], &c, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk__date_parse("2024-02-29", &c, NULL), MSPTK_OK);
        assert_true(c.year == 2024 && c.month == 2 && c.day == 29 && c.hour == 0);
}

static void periods_are_civil_time_in_the_zone(void **state)
{
        /* Sunday 2026-03-08 is the day of the change in New York; now is 02:00 UTC of the 9th,
         * there still 22:00 of the 8th. */
        static const struct {
                const char *text, *from, *to;
        } rows[] = {
                { "2024", "2024-01-01T05:00:00Z", "2025-01-01T05:00:00Z" },
                { "2024-03", "2024-03-01T05:00:00Z", "2024-04-01T04:00:00Z" },
                { "2024-12", "2024-12-01T05:00:00Z", "2025-01-01T05:00:00Z" },
                { "2024-Q4", "2024-10-01T04:00:00Z", "2025-01-01T05:00:00Z" },
                { "2024-01-15", "2024-01-15T05:00:00Z", "2024-01-16T05:00:00Z" },
                { "today", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z" },
                { "yesterday", "2026-03-07T05:00:00Z", "2026-03-08T05:00:00Z" },
                { "this-week", "2026-03-02T05:00:00Z", "2026-03-09T04:00:00Z" },
                { "last-week", "2026-02-23T05:00:00Z", "2026-03-02T05:00:00Z" },
                { "this-month", "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z" },
                { "last-month", "2026-02-01T05:00:00Z", "2026-03-01T05:00:00Z" },
                { "this-quarter", "2026-01-01T05:00:00Z", "2026-04-01T04:00:00Z" },
                { "last-quarter", "2025-10-01T04:00:00Z", "2026-01-01T05:00:00Z" },
                { "this-year", "2026-01-01T05:00:00Z", "2027-01-01T05:00:00Z" },
                { "last-year", "2025-01-01T05:00:00Z", "2026-01-01T05:00:00Z" },
                { "last-30-days", "2026-02-06T05:00:00Z", "2026-03-08T05:00:00Z" },
                { "last-1-day", "2026-03-07T05:00:00Z", "2026-03-08T05:00:00Z" },
                { "2024-01-01..2024-01-31", "2024-01-01T05:00:00Z", "2024-02-01T05:00:00Z" },
                { "2024-01..yesterday", "2024-01-01T05:00:00Z", "2026-03-08T05:00:00Z" },
        };
        AUTO_ZONE zone *z = load("America/New_York");
        int64_t now = at("2026-03-09T02:00:00Z");

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                char a[TIME_TEXT_MAX], b[TIME_TEXT_MAX];
                int64_t from, to;

                assert_int_equal(msptk__period_parse(rows[i].text, z, now, &from, &to, NULL),
                                 MSPTK_OK);
                msptk__time_format_offset(NULL, from, a);
                msptk__time_format_offset(NULL, to, b);
                if (strcmp(a, rows[i].from) != 0 || strcmp(b, rows[i].to) != 0)
                        fail_msg("%s: %s %s", rows[i].text, a, b);
        }
}

static void wrong_periods_are_refused_with_the_nearest(void **state)
{
        static const char *const bad[] = { "",
                                           "24",
                                           "2024-13",
                                           "2024-Q5",
                                           "2024-1",
                                           "2024-01-32",
                                           "last-0-days",
                                           "last-x-days",
                                           "2024-02..2024-01",
                                           "..",
                                           "2024..",
                                           "..2024",
                                           "tomorrow",
                                           "20244",
                                           "last-1000000-days" };
        AUTO_ERROR msptk_error *near = NULL;
        int64_t from, to;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                AUTO_ERROR msptk_error *err = NULL;

                if (msptk__period_parse(bad[i], NULL, 0, &from, &to, &err) != MSPTK_E_INVALID)
                        fail_msg("accepted '%s'", bad[i]);
                assert_string_equal(msptk_error_reason(err), "INVALID_PERIOD");
        }
        assert_int_equal(msptk__period_parse("lastmonth", NULL, 0, &from, &to, &near),
                         MSPTK_E_INVALID);
        assert_non_null(strstr(msptk_error_suggestion(near), "did you mean 'last-month'?"));
}

static void since_takes_durations_dates_and_instants(void **state)
{
        static const struct {
                const char *text, *expected;
        } rows[] = {
                { "24h", "2026-03-08T02:00:00Z" },
                { "7d", "2026-03-02T02:00:00Z" },
                { "now", "2026-03-09T02:00:00Z" },
                { "yesterday", "2026-03-07T05:00:00Z" },
                { "2026-01-15", "2026-01-15T05:00:00Z" },
                { "2026-01", "2026-01-01T05:00:00Z" },
                { "2026-01-15T08:00:00+01:00", "2026-01-15T07:00:00Z" },
        };
        static const char *const bad[] = { "", "24", "soon", "99999999999w", "-1h", "300000000d" };
        AUTO_ZONE zone *z = load("America/New_York");
        int64_t now = at("2026-03-09T02:00:00Z"), us;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                assert_int_equal(msptk__since_parse(rows[i].text, z, now, &us, NULL), MSPTK_OK);
                assert_int_equal(us, at(rows[i].expected));
        }
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_int_equal(msptk__since_parse(bad[i], z, now, &us, NULL), MSPTK_E_INVALID);
}

static void durations_are_read_with_their_units(void **state)
{
        static const struct {
                const char *text;
                int64_t unit, ms;
        } rows[] = {
                { "30s", 0, 30000 },
                { "5m", 0, 300000 },
                { "5min", 0, 300000 },
                { "2h", 0, 7200000 },
                { "7d", 0, 604800000 },
                { "1w", 0, 604800000 },
                { "500ms", 0, 500 },
                { "0s", 0, 0 },
                { "90", MS_PER_S, 90000 },
                { "90", MS_PER_MIN, 5400000 },
                { "90m", MS_PER_S, 5400000 },
                { "1h30m", 0, 5400000 },
                { "3 h 12 min", 0, 11520000 },
                { "1w2d3h4m5s6ms", 0, 788645006 },
                { "9223372036854775807ms", 0, INT64_MAX },
        };
        static const char *const bad[] = { "",
                                           "90",
                                           "-5m",
                                           "5",
                                           "m",
                                           "5x",
                                           "1.5h",
                                           "5m5m",
                                           "5s2h",
                                           "1h30",
                                           " 5m",
                                           "5M",
                                           "5mm",
                                           "9223372036854775808ms",
                                           "106751991168d" };
        int64_t ms = 77;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                if (msptk__duration_parse(rows[i].text, rows[i].unit, &ms, NULL) != MSPTK_OK ||
                    ms != rows[i].ms)
                        fail_msg("%s: %lld", rows[i].text, (long long)ms);
        }
        ms = 77;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                AUTO_ERROR msptk_error *err = NULL;

                if (msptk__duration_parse(bad[i], 0, &ms, &err) != MSPTK_E_INVALID || ms != 77)
                        fail_msg("accepted '%s'", bad[i]);
                assert_string_equal(msptk_error_reason(err), "INVALID_DURATION");
        }
}

static void durations_are_written_for_machines_and_for_people(void **state)
{
        static const struct {
                int64_t ms;
                const char *canonical, *human;
        } rows[] = {
                { 0, "0s", "0 s" },
                { 350, "350ms", "350 ms" },
                { 1500, "1500ms", "1 s 500 ms" },
                { 12340, "12340ms", "12 s" },
                { 90000, "90s", "1 min 30 s" },
                { 11520000, "192m", "3 h 12 min" },
                { 172800000, "2d", "2 d" },
                { 187200000, "52h", "2 d 4 h" },
                { 172860000, "2881m", "2 d" },
                { -90000, "-90s", "-1 min 30 s" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                char out[TIME_TEXT_MAX];

                msptk__duration_format(rows[i].ms, out);
                assert_string_equal(out, rows[i].canonical);
                msptk__duration_format_human(rows[i].ms, out);
                assert_string_equal(out, rows[i].human);
        }
}

static void ages_are_said_as_people_say_them(void **state)
{
        static const struct {
                int64_t age_ms;
                const char *expected;
        } rows[] = {
                { 0, "just now" },
                { 999, "just now" },
                { 12500, "12 s ago" },
                { 330000, "5 min ago" },
                { 11520000, "3 h 12 min ago" },
                { 172800000, "2 d ago" },
                { -172800000, "in 2 d" },
                { -500, "just now" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                char out[TIME_TEXT_MAX];

                msptk__age_format(1000000000000000, 1000000000000000 - rows[i].age_ms * US_PER_MS,
                                  out);
                assert_string_equal(out, rows[i].expected);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(times_are_read_in_every_form_of_rfc_3339),
                cmocka_unit_test(malformed_times_are_refused_with_advice),
                cmocka_unit_test(what_is_written_reads_back_the_same),
                cmocka_unit_test(extreme_instants_fit_the_buffer),
                cmocka_unit_test(people_see_local_time_with_its_abbreviation),
                cmocka_unit_test(days_have_the_length_that_the_zone_gives_them),
                cmocka_unit_test(dates_are_strict),
                cmocka_unit_test(periods_are_civil_time_in_the_zone),
                cmocka_unit_test(wrong_periods_are_refused_with_the_nearest),
                cmocka_unit_test(since_takes_durations_dates_and_instants),
                cmocka_unit_test(durations_are_read_with_their_units),
                cmocka_unit_test(durations_are_written_for_machines_and_for_people),
                cmocka_unit_test(ages_are_said_as_people_say_them),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
