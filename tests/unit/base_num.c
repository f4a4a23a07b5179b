/* Numbers as text: exact, and the same in a locale that writes a comma. */
#define ROOM "test"
#include "support.h"
#include "base/base.h"

#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- integers ---- */

static void integers_are_read_to_their_bounds_and_no_further(void **state)
{
        static const char *const bad[] = { "",
                                           "-",
                                           "+1",
                                           " 1",
                                           "1 ",
                                           "1.0",
                                           "0x1",
                                           "9223372036854775808",
                                           "-9223372036854775809",
                                           "1e3",
                                           "--1",
                                           "99999999999999999999" };
        int64_t v = 7;
        uint64_t u = 7;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_false(msptk__num_int64(bad[i], strlen(bad[i]), &v));
        assert_true(v == 7);
        assert_true(msptk__num_int64("-9223372036854775808", 20, &v) && v == INT64_MIN);
        assert_true(msptk__num_int64("9223372036854775807", 19, &v) && v == INT64_MAX);
        assert_true(msptk__num_int64("12x", 2, &v) && v == 12);
        assert_true(msptk__num_uint64("18446744073709551615", 20, &u) && u == UINT64_MAX);
        assert_false(msptk__num_uint64("18446744073709551616", 20, &u));
        assert_false(msptk__num_uint64("-1", 2, &u));
        assert_true(u == UINT64_MAX);
}

static void typed_integers_name_the_fault_and_the_bounds(void **state)
{
        AUTO_ERROR msptk_error *err = NULL, *err2 = NULL, *err3 = NULL;
        int64_t v = 0;

        (void)state;
        assert_int_equal(msptk__num_parse_int("42", 0, 50, &v, NULL), MSPTK_OK);
        assert_true(v == 42);
        assert_int_equal(msptk__num_parse_int("4x", 0, 50, &v, &err), MSPTK_E_INVALID);
        assert_string_equal(msptk_error_message(err), "'4x' is not a whole number");
        assert_int_equal(msptk__num_parse_int("51", 0, 50, &v, &err2), MSPTK_E_INVALID);
        assert_string_equal(msptk_error_message(err2), "51 is not between 0 and 50");
        assert_string_equal(msptk_error_reason(err2), "OUT_OF_RANGE");
        assert_int_equal(msptk__num_parse_int(NULL, 0, 50, &v, &err3), MSPTK_E_INVALID);
        assert_true(v == 42);
}

/* ---- doubles ---- */

static const struct {
        double value;
        const char *text;
} shortest_rows[] = {
        { 0.0, "0.0" },
        { -0.0, "-0.0" },
        { 1, "1.0" },
        { -1, "-1.0" },
        { 0.1, "0.1" },
        { 0.3, "0.3" },
        { 0.1 + 0.2, "0.30000000000000004" },
        { 85, "85.0" },
        { 12.5, "12.5" },
        { 100, "100.0" },
        { 0.0001, "0.0001" },
        { 0.00012345, "0.00012345" },
        { 0.00001, "1e-5" },
        { 0.00001234, "1.234e-5" },
        { 123456789012345.6, "123456789012345.6" },
        { 1e15, "1000000000000000.0" },
        { 1e16, "1e16" },
        { 1.5e16, "1.5e16" },
        { 9007199254740993.0, "9007199254740992.0" },
        { 1e21, "1e21" },
        { 1e22, "1e22" },
        { 1e23, "1e23" },
        { 1.0 / 3, "0.3333333333333333" },
        { 2.0 / 3, "0.6666666666666666" },
        { DBL_MAX, "1.7976931348623157e308" },
        { DBL_MIN, "2.2250738585072014e-308" },
        { 5e-324, "5e-324" },
        { -5e-324, "-5e-324" },
        { 2.5e-320, "2.5e-320" },
        { 6.02214076e23, "6.02214076e23" },
        { 4.35, "4.35" },
};

static void check_shortest(void)
{
        for (size_t i = 0; i < ARRAY_LEN(shortest_rows); i++) {
                char text[NUM_TEXT_MAX];
                double again = 7;
                size_t len = msptk__num_put_double(text, shortest_rows[i].value);

                assert_string_equal(text, shortest_rows[i].text);
                assert_int_equal(len, strlen(text));
                assert_true(msptk__num_double(text, len, &again));
                assert_memory_equal(&again, &shortest_rows[i].value, sizeof(again));
        }
}

static void doubles_are_written_shortest_and_read_back_the_same(void **state)
{
        char text[NUM_TEXT_MAX];

        (void)state;
        check_shortest();
        msptk__num_put_double(text, NAN);
        assert_string_equal(text, "nan");
        msptk__num_put_double(text, -INFINITY);
        assert_string_equal(text, "-inf");
        msptk__num_put_double(text, INFINITY);
        assert_string_equal(text, "inf");
}

/* Bit patterns of a fixed sequence (splitmix64), which reach every exponent. */
static void two_hundred_thousand_doubles_survive_a_round_trip(void **state)
{
        uint64_t seed = 42;

        (void)state;
        for (int i = 0; i < 200000; i++) {
                uint64_t z = (seed += UINT64_C(0x9e3779b97f4a7c15));
                char text[NUM_TEXT_MAX];
                double value, again = 0;

                z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
                z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
                z ^= z >> 31;
                memcpy(&value, &z, sizeof(value));
                if (!isfinite(value))
                        continue;
                assert_true(msptk__num_double(text, msptk__num_put_double(text, value), &again));
                if (memcmp(&value, &again, sizeof(value)) != 0)
                        fail_msg("%a became %s", value, text);
        }
}

static void doubles_are_read_as_the_c_library_rounds_them(void **state)
{
        static const char *const good[] = {
                "0",
                "-0",
                "+5",
                ".5",
                "5.",
                "1e5",
                "1E-5",
                "00012.50",
                "9007199254740993",
                "0.1e1",
                "123456789012345678901234567890",
                "8.5e-320",
                "2.2250738585072011e-308",
                "1e-400",
                "179769313486231570000000000000000000000e270",
                "3.1415926535897932384626433832795028841971693993751",
                "0.000000000000000000000000000000000000000000000000000001e54",
                "1e0000000000000000000000000000000000000000000000000000000005",
        };
        static const char *const bad[] = {
                "",   "-",   ".",   "e5",  "1e",    "1e+",  "1.2.3", "1,5",    " 1",
                "1 ", "0x1", "inf", "nan", "1_000", "1e5x", "1e400", "-1e400", "1e999999999999",
                "--1"
        };
        double v = 7;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(good); i++) {
                double wanted = strtod(good[i], NULL);

                assert_true(msptk__num_double(good[i], strlen(good[i]), &v));
                assert_memory_equal(&v, &wanted, sizeof(v));
        }
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_false(msptk__num_double(bad[i], strlen(bad[i]), &v));
}

static void fixed_decimals_are_for_people(void **state)
{
        static const struct {
                double value;
                int32_t decimals;
                const char *text;
        } rows[] = {
                { 87.456, 1, "87.5" },
                { 87, 0, "87" },
                { -0.04, 1, "0.0" },
                { -0.06, 1, "-0.1" },
                { 1234567.891, 2, "1234567.89" },
                { 0.5, 20, "0.500000000" },
                { 3.7, -3, "4" },
                { 1e300, 2, "1e300" },
                { NAN, 1, "nan" },
                { -999999999999999.0, 9, "-999999999999999.000000000" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                char text[NUM_TEXT_MAX];

                assert_int_equal(msptk__num_put_fixed(text, rows[i].value, rows[i].decimals),
                                 strlen(rows[i].text));
                assert_string_equal(text, rows[i].text);
        }
}

/* ---- what people type ---- */

static void percentages_are_between_0_and_100(void **state)
{
        static const struct {
                const char *text;
                double value;
        } good[] = { { "85", 85 }, { "85%", 85 }, { "12.5 %", 12.5 }, { "0", 0 }, { "100%", 100 } };
        static const char *const bad[] = { "", "%", "-1", "101", "8 5", "85%%", "x", "12,5" };
        AUTO_ERROR msptk_error *err = NULL;
        double v = 7;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(good); i++) {
                assert_int_equal(msptk__num_parse_percent(good[i].text, &v, NULL), MSPTK_OK);
                assert_true(v == good[i].value);
        }
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_int_equal(msptk__num_parse_percent(bad[i], &v, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk__num_parse_percent("120%", &v, &err), MSPTK_E_INVALID);
        assert_string_equal(msptk_error_message(err), "120% is not between 0.0 and 100.0");
        assert_true(v == 100);
}

static void typed_doubles_have_bounds(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        double v = 7;

        (void)state;
        assert_int_equal(msptk__num_parse_double("2.5", 0, 3, &v, NULL), MSPTK_OK);
        assert_true(v == 2.5);
        assert_int_equal(msptk__num_parse_double("3.5", 0, 3, &v, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk__num_parse_double("2,5", 0, 3, &v, &err), MSPTK_E_INVALID);
        assert_string_equal(msptk_error_message(err), "'2,5' is not a number");
        assert_true(v == 2.5);
}

static void sizes_know_decimal_and_binary_units(void **state)
{
        static const struct {
                const char *text;
                int64_t bytes;
        } good[] = {
                { "0", 0 },
                { "512", 512 },
                { "512B", 512 },
                { "10MB", 10000000 },
                { "10 mb", 10000000 },
                { "1.5 GiB", 1610612736 },
                { "1.5kib", 1536 },
                { "0.1 GB", 100000000 },
                { "1.0000000001 EB", INT64_C(1000000000000000000) },
                { "7.999999999 EiB", INT64_C(9223372035701854303) },
                { "9223372036854775807", INT64_MAX },
                { "0.3333 KiB", 341 },
        };
        static const char *const bad[] = { "",   "MB",   "-1",    "1.",  "1. MB", ".5 GB", "1,5 GB",
                                           "1K", "10 M", "1 GBs", "1e3", "1 G B", "12 " };
        AUTO_ERROR msptk_error *err = NULL;
        int64_t v = 0;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(good); i++) {
                assert_int_equal(msptk__num_parse_bytes(good[i].text, &v, NULL), MSPTK_OK);
                if (v != good[i].bytes)
                        fail_msg("%s became %" PRId64, good[i].text, v);
        }
        v = 7;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_int_equal(msptk__num_parse_bytes(bad[i], &v, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk__num_parse_bytes(NULL, &v, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk__num_parse_bytes("8 EiB", &v, &err), MSPTK_E_INVALID);
        assert_string_equal(msptk_error_message(err), "'8 EiB' is too many bytes");
        assert_int_equal(msptk__num_parse_bytes("99999999999999999999", &v, NULL), MSPTK_E_INVALID);
        assert_true(v == 7);
}

static void sizes_are_shown_in_binary_units(void **state)
{
        static const struct {
                int64_t bytes;
                const char *text;
        } rows[] = {
                { 0, "0 B" },
                { 1023, "1023 B" },
                { 1024, "1.0 KiB" },
                { 1610612736, "1.5 GiB" },
                { 1048575, "1.0 MiB" },
                { -2048, "-2.0 KiB" },
                { INT64_MAX, "8.0 EiB" },
                { INT64_MIN, "-8.0 EiB" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                char text[NUM_TEXT_MAX];

                assert_int_equal(msptk__num_put_bytes(text, rows[i].bytes), strlen(rows[i].text));
                assert_string_equal(text, rows[i].text);
        }
}

/* ---- a locale with a comma ---- */

/* A compiled LC_NUMERIC of glibc: magic, six items, their places; decimal_point ",",
 * thousands_sep ".", grouping 3, both as wide characters, and the codeset. */
static void write_comma_locale(const char *dir)
{
        static const unsigned char items[] = ",\0.\0\3\0\0\0,\0\0\0.\0\0\0UTF-8";
        const uint32_t head[] = { 0x20031115 ^ LC_NUMERIC, 6, 32, 34, 36, 40, 44, 48 };
        char path[256];
        FILE *f;

        snprintf(path, sizeof(path), "%s/xx_XX", dir);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof(path), "%s/xx_XX/LC_NUMERIC", dir);
        f = fopen(path, "wb");
        assert_non_null(f);
        fwrite(head, sizeof(head), 1, f);
        fwrite(items, sizeof(items), 1, f);
        fclose(f);
        setenv("LOCPATH", dir, 1);
}

static void remove_comma_locale(const char *dir)
{
        char path[256];

        unsetenv("LOCPATH");
        snprintf(path, sizeof(path), "%s/xx_XX/LC_NUMERIC", dir);
        unlink(path);
        snprintf(path, sizeof(path), "%s/xx_XX", dir);
        rmdir(path);
        rmdir(dir);
}

/* Switches the process, as a host may have done, to a locale that is installed, or to one made
 * here, so that the test depends on no package. */
static bool take_a_comma_locale(void)
{
        static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
                                             "pl_PL.UTF-8" };
        char dir[] = "/tmp/msptk-locale-XXXXXX";
        bool taken;

        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (setlocale(LC_NUMERIC, names[i]))
                        return true;
        assert_non_null(mkdtemp(dir));
        write_comma_locale(dir);
        taken = setlocale(LC_NUMERIC, "xx_XX") != NULL;
        remove_comma_locale(dir);
        return taken;
}

static void a_locale_with_a_comma_changes_nothing(void **state)
{
        AUTO_JSON msptk_json *doc = NULL;
        AUTO_FREE char *out = NULL;
        char text[NUM_TEXT_MAX];
        double v = 0;

        (void)state;
        assert_true(take_a_comma_locale());
        snprintf(text, sizeof(text), "%.1f", 1.5);
        assert_string_equal(text, "1,5"); /* the locale does what this test is about */
        check_shortest();
        assert_true(msptk__num_double("2.2250738585072011e-308", 23, &v));
        assert_false(msptk__num_double("1,5", 3, &v));
        msptk__num_put_fixed(text, 1234567.25, 2);
        assert_string_equal(text, "1234567.25");
        assert_int_equal(msptk_json_parse("[1.5,1e-300]", 12, &doc, NULL), MSPTK_OK);
        assert_int_equal(msptk_json_print(doc, 0, &out, NULL), MSPTK_OK);
        assert_string_equal(out, "[1.5,1e-300]");
        setlocale(LC_NUMERIC, "C");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(integers_are_read_to_their_bounds_and_no_further),
                cmocka_unit_test(typed_integers_name_the_fault_and_the_bounds),
                cmocka_unit_test(doubles_are_written_shortest_and_read_back_the_same),
                cmocka_unit_test(two_hundred_thousand_doubles_survive_a_round_trip),
                cmocka_unit_test(doubles_are_read_as_the_c_library_rounds_them),
                cmocka_unit_test(fixed_decimals_are_for_people),
                cmocka_unit_test(percentages_are_between_0_and_100),
                cmocka_unit_test(typed_doubles_have_bounds),
                cmocka_unit_test(sizes_know_decimal_and_binary_units),
                cmocka_unit_test(sizes_are_shown_in_binary_units),
                cmocka_unit_test(a_locale_with_a_comma_changes_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
