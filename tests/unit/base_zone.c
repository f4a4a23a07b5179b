/* Zones: the reader against the C library, named gaps and overlaps, rules, hostile files. */
#include "support.h"
#include "base/base.h"
#include "base/zone_impl.h"

#include <stdlib.h>
#include <time.h>

#undef fail
#define fail() _fail(__FILE__, __LINE__) /* for cmocka's fail_msg */

static int64_t us_at(int64_t y, int32_t mo, int32_t d, int32_t h, int32_t mi, int32_t s)
{
        civil c = { y, mo, d, h, mi, s, 0 };
        int64_t us;

        assert_true(msptk__civil_to_us(&c, &us));
        return us;
}

static zone *load(const char *name)
{
        zone *z = NULL;

        assert_int_equal(msptk__zone_load(NULL, name, &z, NULL), MSPTK_OK);
        return z;
}

static local_time local(const zone *z, int64_t y, int32_t mo, int32_t d, int32_t h, int32_t mi)
{
        civil c = { y, mo, d, h, mi, 0, 0 };
        local_time t;

        assert_int_equal(msptk__zone_local(z, &c, &t, NULL), MSPTK_OK);
        return t;
}

/* ---- against the C library ---- */

enum { FROM_YEAR = 1970, TO_YEAR = 2040, SAMPLES = 40, SAMPLES_FULL = 4000, NAMES_MAX = 1000 };

typedef struct name_list {
        size_t count;
        char names[NAMES_MAX][ZONE_NAME_MAX];
} name_list;

static int collect(void *user, const char *name)
{
        name_list *l = user;

        assert_true(l->count < NAMES_MAX);
        strcpy(l->names[l->count++], name);
        return 0;
}

static uint64_t next_random(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed;
}

static void compare_instant(const zone *z, const char *name, int64_t seconds)
{
        time_t t = (time_t)seconds;
        const char *abbrev;
        int32_t offset, is_dst;
        struct tm tm;
        civil c;

        localtime_r(&t, &tm);
        msptk__zone_offset(z, seconds * US_PER_S, &offset, &abbrev, &is_dst);
        msptk__zone_civil(z, seconds * US_PER_S, &c);
        if (offset != tm.tm_gmtoff || is_dst != tm.tm_isdst || strcmp(abbrev, tm.tm_zone) != 0 ||
            c.year != tm.tm_year + 1900 || c.month != tm.tm_mon + 1 || c.day != tm.tm_mday ||
            c.hour != tm.tm_hour || c.minute != tm.tm_min || c.second != tm.tm_sec)
                fail_msg("%s at %lld: %d %s %d, the C library says %ld %s %d", name,
                         (long long)seconds, offset, abbrev, is_dst, tm.tm_gmtoff, tm.tm_zone,
                         tm.tm_isdst);
}

/* The other way: the instant must be among the readings of its own wall clock. */
static void compare_wall(const zone *z, const char *name, int64_t us)
{
        local_time t;
        civil c;

        msptk__zone_civil(z, us, &c);
        assert_int_equal(msptk__zone_local(z, &c, &t, NULL), MSPTK_OK);
        if (t.kind == LOCAL_GAP || (us != t.earlier && us != t.later))
                fail_msg("%s at %lld: wall clock gives kind %d, %lld, %lld", name, (long long)us,
                         t.kind, (long long)t.earlier, (long long)t.later);
}

static size_t compare_zone(const char *name, int samples, uint64_t *seed)
{
        AUTO_ZONE zone *z = load(name);
        int64_t from = us_at(FROM_YEAR, 1, 1, 0, 0, 0), to = us_at(TO_YEAR, 1, 1, 0, 0, 0);
        int64_t at = from;
        size_t n = 0;

        setenv("TZ", name, 1);
        tzset();
        while (msptk__zone_next(z, at, &at) && at < to) {
                for (int64_t d = -1; d <= 1; d++, n++) {
                        compare_instant(z, name, at / US_PER_S + d);
                        compare_wall(z, name, at + d * US_PER_S);
                }
        }
        for (int i = 0; i < samples; i++, n++) {
                int64_t s = (int64_t)(next_random(seed) % (uint64_t)((to - from) / US_PER_S));

                compare_instant(z, name, s);
                compare_wall(z, name, s * US_PER_S);
        }
        /* A transition that we do not see would hide between ours: walk in steps too. */
        for (int64_t s = from / US_PER_S; s < to / US_PER_S; s += 20 * S_PER_DAY, n++)
                compare_instant(z, name, s);
        return n;
}

static void every_zone_agrees_with_the_c_library(void **state)
{
        const char *full = getenv("MSPTK_FULL"), *seed_text = getenv("MSPTK_SEED");
        int samples = full && !strcmp(full, "1") ? SAMPLES_FULL : SAMPLES;
        uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) | 1 : 20261121;
        size_t instants = 0;
        name_list *l = calloc(1, sizeof(*l));

        (void)state;
        assert_non_null(l);
        assert_int_equal(msptk__zone_names(NULL, collect, l, NULL), MSPTK_OK);
        assert_true(l->count > 400);
        for (size_t i = 0; i < l->count; i++)
                instants += compare_zone(l->names[i], samples, &seed);
        print_message("%zu zones, %zu instants\n", l->count, instants);
        unsetenv("TZ");
        tzset();
        free(l);
}

/* ---- named gaps and overlaps ---- */

static void new_york_has_a_gap_in_march_and_an_overlap_in_november(void **state)
{
        AUTO_ZONE zone *z = load("America/New_York");
        local_time t = local(z, 2024, 3, 10, 2, 30);
        int64_t next;

        (void)state;
        assert_int_equal(t.kind, LOCAL_GAP);
        assert_int_equal(t.transition, us_at(2024, 3, 10, 7, 0, 0));
        assert_int_equal(t.earlier, us_at(2024, 3, 10, 6, 30, 0));
        assert_int_equal(t.later, us_at(2024, 3, 10, 7, 30, 0));
        assert_int_equal(local(z, 2024, 3, 10, 3, 0).kind, LOCAL_UNIQUE);
        assert_int_equal(local(z, 2024, 3, 10, 3, 0).earlier, us_at(2024, 3, 10, 7, 0, 0));

        t = local(z, 2024, 11, 3, 1, 30);
        assert_int_equal(t.kind, LOCAL_OVERLAP);
        assert_int_equal(t.earlier, us_at(2024, 11, 3, 5, 30, 0));
        assert_int_equal(t.later, us_at(2024, 11, 3, 6, 30, 0));
        assert_int_equal(t.transition, 0);
        assert_int_equal(local(z, 2024, 11, 3, 2, 0).kind, LOCAL_UNIQUE);

        assert_true(msptk__zone_next(z, us_at(2024, 1, 1, 0, 0, 0), &next));
        assert_int_equal(next, us_at(2024, 3, 10, 7, 0, 0));
        assert_true(msptk__zone_next(z, next, &next));
        assert_int_equal(next, us_at(2024, 11, 3, 6, 0, 0));
        /* by the rule behind the table */
        t = local(z, 2500, 3, 14, 2, 30);
        assert_int_equal(t.kind, LOCAL_GAP);
        assert_int_equal(t.transition, us_at(2500, 3, 14, 7, 0, 0));
}

static void lord_howe_moves_by_half_an_hour(void **state)
{
        AUTO_ZONE zone *z = load("Australia/Lord_Howe");
        local_time t = local(z, 2024, 10, 6, 2, 15);

        (void)state;
        assert_int_equal(t.kind, LOCAL_GAP);
        assert_int_equal(t.later - t.earlier, 1800 * US_PER_S);
        t = local(z, 2024, 4, 7, 1, 45);
        assert_int_equal(t.kind, LOCAL_OVERLAP);
        assert_int_equal(t.later - t.earlier, 1800 * US_PER_S);
        assert_int_equal(local(z, 2024, 4, 7, 1, 15).kind, LOCAL_UNIQUE);
}

static void apia_skipped_a_day_of_2011(void **state)
{
        AUTO_ZONE zone *z = load("Pacific/Apia");
        local_time t = local(z, 2011, 12, 30, 12, 0);

        (void)state;
        assert_int_equal(t.kind, LOCAL_GAP);
        assert_int_equal(t.transition, us_at(2011, 12, 30, 10, 0, 0));
        assert_int_equal(t.later - t.earlier, US_PER_DAY);
        assert_int_equal(local(z, 2011, 12, 31, 0, 0).earlier, t.transition);
        assert_int_equal(local(z, 2011, 12, 31, 0, 0).kind, LOCAL_UNIQUE);
}

static void dublin_saves_daylight_in_winter_by_less(void **state)
{
        AUTO_ZONE zone *z = load("Europe/Dublin");
        const char *abbrev;
        int32_t offset;

        (void)state;
        msptk__zone_offset(z, us_at(2024, 7, 1, 0, 0, 0), &offset, &abbrev, NULL);
        assert_int_equal(offset, 3600);
        assert_string_equal(abbrev, "IST");
        msptk__zone_offset(z, us_at(2024, 12, 1, 0, 0, 0), &offset, &abbrev, NULL);
        assert_int_equal(offset, 0);
        assert_string_equal(abbrev, "GMT");
        assert_int_equal(local(z, 2024, 3, 31, 1, 30).kind, LOCAL_GAP);
        assert_int_equal(local(z, 2024, 10, 27, 1, 30).kind, LOCAL_OVERLAP);
}

static void casablanca_goes_back_for_ramadan(void **state)
{
        AUTO_ZONE zone *z = load("Africa/Casablanca");
        int32_t offset;

        (void)state;
        msptk__zone_offset(z, us_at(2024, 1, 15, 0, 0, 0), &offset, NULL, NULL);
        assert_int_equal(offset, 3600);
        msptk__zone_offset(z, us_at(2024, 3, 20, 0, 0, 0), &offset, NULL, NULL);
        assert_int_equal(offset, 0);
        assert_int_equal(local(z, 2024, 4, 14, 2, 30).kind, LOCAL_GAP);
        assert_int_equal(local(z, 2024, 3, 10, 2, 30).kind, LOCAL_OVERLAP);
}

/* ---- rules ---- */

static int32_t rule_offset(const char *text, int64_t us)
{
        zone_rule r;
        zone_span span;

        assert_true(msptk__zone_rule_parse(text, strlen(text), &r));
        msptk__zone_rule_span(&r, us / US_PER_S, &span);
        assert_true(span.start <= us / US_PER_S && us / US_PER_S < span.end);
        return span.type->offset;
}

static void rules_of_every_form_are_followed(void **state)
{
        const char *julian = "AAA0BBB,J60/0,J300/0", *zero = "AAA0BBB,59/0,300/0";
        const char *all_year = "XXX3EDT4,0/0,J365/23";

        (void)state;
        assert_int_equal(rule_offset("<+03>-3", 0), 10800);
        assert_int_equal(rule_offset("<-0330>3:30", 0), -12600);
        assert_int_equal(rule_offset("AAA-1:02:03", 0), 3723);
        /* J60 is 1 March in every year, 59 is 29 February in leap years. */
        assert_int_equal(rule_offset(julian, us_at(2024, 2, 29, 12, 0, 0)), 0);
        assert_int_equal(rule_offset(julian, us_at(2024, 3, 1, 0, 0, 0)), 3600);
        assert_int_equal(rule_offset(zero, us_at(2024, 2, 29, 0, 0, 0)), 3600);
        assert_int_equal(rule_offset(zero, us_at(2023, 2, 28, 23, 0, 0)), 0);
        /* negative and beyond a day: Godthab 2023, Gaza */
        assert_int_equal(
                rule_offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", us_at(2024, 3, 31, 0, 59, 59)),
                -7200);
        assert_int_equal(
                rule_offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", us_at(2024, 3, 31, 1, 0, 0)), -3600);
        assert_int_equal(
                rule_offset("EET-2EEST,M3.4.4/50,M10.4.4/50", us_at(2024, 3, 29, 23, 59, 59)),
                7200);
        assert_int_equal(rule_offset("EET-2EEST,M3.4.4/50,M10.4.4/50", us_at(2024, 3, 30, 0, 0, 0)),
                         10800);
        /* south: daylight time over the new year */
        assert_int_equal(rule_offset("AEST-10AEDT,M10.1.0,M4.1.0/3", us_at(2024, 1, 1, 0, 0, 0)),
                         39600);
        assert_int_equal(rule_offset("EST5EDT", us_at(2024, 7, 1, 0, 0, 0)), -14400);
        for (int32_t m = 1; m <= 12; m++)
                assert_int_equal(rule_offset(all_year, us_at(2024, m, 1, 0, 0, 0)), -14400);
        assert_int_equal(rule_offset(all_year, us_at(2024, 1, 1, 2, 59, 59)), -14400);
        assert_int_equal(rule_offset(all_year, us_at(2024, 1, 1, 3, 0, 0)), -14400);
        /* one day, in leap years only */
        assert_int_equal(rule_offset("AAA0BBB0,59/0,J60/0", us_at(2026, 6, 1, 0, 0, 0)), 0);
}

static void malformed_rules_are_refused(void **state)
{
        static const char *const bad[] = {
                "",
                "A",
                "AB3",
                "AAA",
                "<AAA3",
                "AAA25",
                "AAA3BBB,",
                "AAA3BBB,M1",
                "AAA3BBB,M1.1",
                "AAA3BBB,M13.1.0,M1.1.0",
                "AAA3BBB,J0,J1",
                "AAA3BBB,J366,J1",
                "AAA3BBB,366,1",
                "AAA3BBB,M1.1.0/168,M2.1.0",
                "AAA3BBB,M1.6.0,M2.1.0",
                "AAA3BBB,M1.1.7,M2.1.0",
                "AAA3BBB,M1.1.0",
                "AAA3 ",
                "AAA3BBB,M1.1.0,M2.1.0,",
                "AAA3:60",
                "AAAAAAAAAAAAAAAAAAAA3",
                "A\1A3",
        };
        zone_rule r;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                if (msptk__zone_rule_parse(bad[i], strlen(bad[i]), &r))
                        fail_msg("accepted '%s'", bad[i]);
}

/* ---- loading ---- */

static void utc_needs_no_file_and_null_is_utc(void **state)
{
        zone *z = NULL;
        const char *abbrev;
        int32_t offset;
        int64_t next;

        (void)state;
        assert_int_equal(msptk__zone_load("/nonexistent", "UTC", &z, NULL), MSPTK_OK);
        msptk__zone_offset(z, INT64_MAX, &offset, &abbrev, NULL);
        assert_int_equal(offset, 0);
        assert_string_equal(abbrev, "UTC");
        assert_false(msptk__zone_next(z, 0, &next));
        msptk__zone_free(z);
        msptk__zone_offset(NULL, INT64_MIN, &offset, &abbrev, NULL);
        assert_string_equal(abbrev, "UTC");
        assert_string_equal(msptk__zone_name(NULL), "UTC");
        msptk__zone_free(NULL);
}

static void unknown_zone_names_the_nearest(void **state)
{
        static const struct {
                const char *name, *expected;
        } rows[] = {
                { "America/New_Yrok", "did you mean 'America/New_York'?" },
                { "america/new york", "did you mean 'America/New_York'?" },
                { "Berlin", "did you mean 'Europe/Berlin'?" },
                { "Europe/Kiyv", "'Europe/Kyiv'" },
                { "../etc/passwd", "use an IANA name" },
                { "/etc/localtime", "use an IANA name" },
                { "America", "America/" },
                { "", "use an IANA name" },
                { "zone.tab", "use an IANA name" },
                { "tzdata.zi", "use an IANA name" },
                { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                  "use an IANA name" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                AUTO_ERROR msptk_error *err = NULL;
                zone *z = NULL;

                assert_int_equal(msptk__zone_load(NULL, rows[i].name, &z, &err), MSPTK_E_NOTFOUND);
                assert_null(z);
                assert_string_equal(msptk_error_reason(err), "ZONE_NOT_FOUND");
                if (!strstr(msptk_error_suggestion(err), rows[i].expected))
                        fail_msg("'%s': %s", rows[i].name, msptk_error_suggestion(err));
        }
}

static void missing_zone_data_is_told_apart_from_a_wrong_name(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        zone *z = NULL;

        (void)state;
        assert_int_equal(msptk__zone_load("/nonexistent", "Europe/Berlin", &z, &err),
                         MSPTK_E_NOTFOUND);
        assert_string_equal(msptk_error_reason(err), "ZONE_DATA_MISSING");
}

static void put_file(const char *dir, const char *name, const char *text, size_t len)
{
        char path[256];
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", dir, name);
        f = fopen(path, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(text, 1, len, f), len);
        assert_int_equal(fclose(f), 0);
}

static void assert_load_fails(const char *dir, const char *name, msptk_status status,
                              const char *reason, const char *suggestion)
{
        AUTO_ERROR msptk_error *err = NULL;
        zone *z = NULL;

        assert_int_equal(msptk__zone_load(dir, name, &z, &err), status);
        assert_null(z);
        if (reason)
                assert_string_equal(msptk_error_reason(err), reason);
        if (suggestion)
                assert_non_null(strstr(msptk_error_suggestion(err), suggestion));
}

static void other_directories_are_read_with_care(void **state)
{
        static const char table[] = "# comment\nDE\t+5230+01322\tEurope/Berlin\tmost\n"
                                    "XX\tbroken\nFR\t+4852+00220\tEurope/Paris";
        static const char *const files[] = { "zone1970.tab", "Huge", "Text" };
        char dir[] = "/tmp/msptk-zone-XXXXXX", path[256];
        size_t len = 300 * 1024;
        char *huge = calloc(1, len);

        (void)state;
        assert_non_null(huge);
        memcpy(huge, "TZif2", 5);
        assert_non_null(mkdtemp(dir));
        put_file(dir, "zone1970.tab", table, strlen(table));
        put_file(dir, "Huge", huge, len);
        put_file(dir, "Text", "not a zone", 10);
        free(huge);
        assert_load_fails(dir, "Europe/Belrin", MSPTK_E_NOTFOUND, "ZONE_NOT_FOUND",
                          "'Europe/Berlin'");
        assert_load_fails(dir, "paris", MSPTK_E_NOTFOUND, "ZONE_NOT_FOUND", "'Europe/Paris'");
        assert_load_fails(dir, "Text", MSPTK_E_NOTFOUND, "ZONE_NOT_FOUND", NULL);
        assert_load_fails(dir, "Huge", MSPTK_E_TOOBIG, NULL, NULL);
        for (size_t i = 0; i < ARRAY_LEN(files); i++) {
                snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
                assert_int_equal(remove(path), 0);
        }
        assert_int_equal(remove(dir), 0);
}

/* A TZif file in pieces: version, then one block of each size. */
static size_t make_tzif(uint8_t *out, uint8_t version, uint32_t leaps, const char *footer)
{
        size_t n = 0;
        size_t blocks = version ? 2 : 1;

        for (size_t b = 0; b < blocks; b++) {
                size_t size = b ? 8 : 4;

                memcpy(out + n, "TZif", 4);
                memset(out + n + 4, 0, 40);
                out[n + 4] = version;
                out[n + 31] = (uint8_t)leaps;
                out[n + 35] = 1;
                out[n + 39] = 2;
                out[n + 43] = 8;
                n += 44;
                memset(out + n, 0, size);
                out[n + size - 1] = 100; /* the transition, 100 s after the epoch */
                n += size;
                out[n++] = 1;
                memcpy(out + n, "\0\0\0\0\0\0\0\0\x0e\x10\1\4", 12);
                memcpy(out + n + 12, "AAA\0BBB\0", 8);
                n += 20;
                memset(out + n, 0, leaps * (size + 4));
                n += leaps * (size + 4);
        }
        if (version)
                n += (size_t)sprintf((char *)out + n, "\n%s\n", footer);
        return n;
}

static void all_versions_are_read_and_leap_seconds_refused(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        static const uint8_t versions[] = { 0, '2', '3', '4' };
        uint8_t data[512];

        (void)state;
        for (size_t i = 0; i < sizeof(versions); i++) {
                AUTO_ZONE zone *z = NULL;
                size_t len = make_tzif(data, versions[i], 0, "BBB-1");
                int32_t offset;

                assert_int_equal(msptk__zone_parse("x", data, len, &z, &err), MSPTK_OK);
                msptk__zone_offset(z, 99 * US_PER_S, &offset, NULL, NULL);
                assert_int_equal(offset, 0);
                msptk__zone_offset(z, 100 * US_PER_S, &offset, NULL, NULL);
                assert_int_equal(offset, 3600);
        }
        {
                zone *z = NULL;
                size_t len = make_tzif(data, '2', 1, "BBB-1");

                assert_int_equal(msptk__zone_parse("x", data, len, &z, &err), MSPTK_E_UNSUPPORTED);
                assert_string_equal(msptk_error_reason(err), "ZONE_HAS_LEAP_SECONDS");
        }
}

static void every_cut_of_a_file_is_refused_and_no_flip_breaks_the_reader(void **state)
{
        uint8_t data[512], copy[512];
        size_t len = make_tzif(data, '2', 0, "BBB-1CCC,M3.2.0,M11.1.0");

        (void)state;
        for (size_t n = 0; n < len; n++) {
                zone *z = NULL;

                assert_int_equal(msptk__zone_parse("x", data, n, &z, NULL), MSPTK_E_CORRUPT);
                assert_null(z);
        }
        for (size_t bit = 0; bit < len * 8; bit++) {
                AUTO_ZONE zone *z = NULL;
                int64_t at = INT64_MIN;

                memcpy(copy, data, len);
                copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
                if (msptk__zone_parse("x", copy, len, &z, NULL) < 0)
                        continue;
                for (int i = 0; i < 8 && msptk__zone_next(z, at, &at); i++)
                        msptk__zone_offset(z, at, NULL, NULL, NULL);
        }
}

static void civil_time_and_instants_agree_over_the_whole_range(void **state)
{
        uint64_t seed = 42;
        civil c;
        int64_t back;

        (void)state;
        for (int i = 0; i < 200000; i++) {
                int64_t us = (int64_t)next_random(&seed);

                msptk__civil_from_us(us, &c);
                assert_true(msptk__civil_valid(&c));
                assert_true(msptk__civil_to_us(&c, &back));
                assert_int_equal(us, back);
        }
        msptk__civil_from_us(INT64_MIN, &c);
        assert_true(msptk__civil_to_us(&c, &back) && back == INT64_MIN);
        c.us--;
        assert_false(msptk__civil_to_us(&c, &back));
        msptk__civil_from_us(INT64_MAX, &c);
        assert_true(msptk__civil_to_us(&c, &back) && back == INT64_MAX);
        c.second++;
        assert_false(msptk__civil_to_us(&c, &back));
        assert_int_equal(msptk__days_in_month(1900, 2), 28);
        assert_int_equal(msptk__days_in_month(2000, 2), 29);
        assert_int_equal(msptk__weekday(0), 4);
        assert_int_equal(msptk__weekday(-5), 6);
        assert_int_equal(msptk__day_number(-1), -1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_zone_agrees_with_the_c_library),
                cmocka_unit_test(new_york_has_a_gap_in_march_and_an_overlap_in_november),
                cmocka_unit_test(lord_howe_moves_by_half_an_hour),
                cmocka_unit_test(apia_skipped_a_day_of_2011),
                cmocka_unit_test(dublin_saves_daylight_in_winter_by_less),
                cmocka_unit_test(casablanca_goes_back_for_ramadan),
                cmocka_unit_test(rules_of_every_form_are_followed),
                cmocka_unit_test(malformed_rules_are_refused),
                cmocka_unit_test(utc_needs_no_file_and_null_is_utc),
                cmocka_unit_test(unknown_zone_names_the_nearest),
                cmocka_unit_test(missing_zone_data_is_told_apart_from_a_wrong_name),
                cmocka_unit_test(other_directories_are_read_with_care),
                cmocka_unit_test(all_versions_are_read_and_leap_seconds_refused),
                cmocka_unit_test(every_cut_of_a_file_is_refused_and_no_flip_breaks_the_reader),
                cmocka_unit_test(civil_time_and_instants_agree_over_the_whole_range),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
