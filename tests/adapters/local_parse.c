/* Parsers of kernel text: odd, huge, cut and hostile input. */
#include "support.h"
#include "adapters/local/local.h"

static slice of(const char *text)
{
        return msptk__local_slice_of(text, strlen(text));
}

static void stat_counts_guest_time_once_and_cpus(void **state)
{
        cpu_times t;

        (void)state;
        assert_true(msptk__local_parse_stat(
                of("cpu  10 1 2 100 5 1 1 3 7 7\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nbtime 5\n"), &t));
        assert_int_equal(t.total, 123);
        assert_int_equal(t.idle, 105);
        assert_int_equal(t.steal, 3);
        assert_int_equal(t.cpus, 2);
        assert_int_equal(t.booted, 5);
}

static void stat_without_a_whole_cpu_line_is_refused(void **state)
{
        static const char *const bad[] = { "",
                                           "\n\n",
                                           "cpu",
                                           "cpu  1 2 3\n",
                                           "cpu0 1 2 3 4\n",
                                           "cpu  x y z w\n",
                                           "cpu  18446744073709551615 1 1 1\n",
                                           "cpu  99999999999999999999999 1 1 1\n",
                                           "cpu  -1 2 3 4\n" };
        cpu_times t;

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_false(msptk__local_parse_stat(of(bad[i]), &t));
}

static void meminfo_of_an_old_kernel_is_estimated(void **state)
{
        mem_info m;

        (void)state;
        assert_true(msptk__local_parse_meminfo(
                of("MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 150 kB\n"), &m));
        assert_true(m.estimated);
        assert_int_equal(m.available, 300 * 1024);
        assert_int_equal(m.swap_total, 0);
}

static void meminfo_that_contradicts_itself_is_refused(void **state)
{
        mem_info m;

        (void)state;
        assert_false(msptk__local_parse_meminfo(of("MemTotal: 10 kB\nMemAvailable: 11 kB\n"), &m));
        assert_false(msptk__local_parse_meminfo(of("MemTotal: 0 kB\nMemAvailable: 0 kB\n"), &m));
        assert_false(msptk__local_parse_meminfo(of("MemTotal: 10 kB\n"), &m));
        assert_false(msptk__local_parse_meminfo(
                of("MemTotal: 18446744073709551615 kB\nMemAvailable: 1 kB\n"), &m));
        assert_false(msptk__local_parse_meminfo(
                of("MemTotal: 9 kB\nMemAvailable: 1 kB\nSwapTotal: 1 kB\nSwapFree: 2 kB\n"), &m));
}

static size_t mounts_of(const char *input, char *copy, mount *out, size_t cap)
{
        size_t len = strlen(input);

        memcpy(copy, input, len + 1);
        return msptk__local_parse_mounts(copy, len, out, cap);
}

static void mountinfo_undoes_octal_escapes_and_passes_over_nonsense(void **state)
{
        char copy[2048];
        mount m[4];
        size_t n =
                mounts_of("36 35 98:0 /a\\040b /mnt\\040two\\134x rw,ro shared:1 master:2 - ext3 "
                          "/dev/my\\011disk rw,errors=x\n"
                          "garbage\n\n"
                          "1 2 3 / / rw - ext4 x rw\n"
                          "1 2 3:4 / relative rw - ext4 x rw\n"
                          "1 2 3:99999999999 / / rw - ext4 x rw\n"
                          "40 35 0:5 / /no/super rw - tmpfs none\n"
                          "41 35 0:6 / /cut rw - tmp",
                          copy, m, 4);

        (void)state;
        assert_int_equal(n, 2);
        assert_string_equal(m[0].root, "/a b");
        assert_string_equal(m[0].point, "/mnt two\\x");
        assert_int_equal(m[0].point_len, strlen("/mnt two\\x"));
        assert_string_equal(m[0].source, "/dev/my\tdisk");
        assert_true(msptk__local_has_option(m[0].options, "ro"));
        assert_false(msptk__local_has_option(m[0].super, "errors"));
        assert_string_equal(m[1].point, "/no/super");
        assert_string_equal(m[1].super, "");
}

static void mountinfo_stops_at_the_room_given(void **state)
{
        char copy[256];
        mount m[1];

        (void)state;
        assert_int_equal(
                mounts_of("1 2 3:4 / /a rw - x y z\n1 2 3:5 / /b rw - x y z\n", copy, m, 1), 1);
}

static void os_release_knows_shell_quotes(void **state)
{
        char out[64];

        (void)state;
        assert_true(msptk__local_parse_os_release(of("PRETTY_NAME='It\"s'\n"), out, sizeof(out)));
        assert_string_equal(out, "It\"s");
        assert_true(msptk__local_parse_os_release(of("NAME=Arch\nVERSION=\"1 \\\"x\\\"\""), out,
                                                  sizeof(out)));
        assert_string_equal(out, "Arch 1 \"x\"");
        assert_false(
                msptk__local_parse_os_release(of("# nothing\nPRETTY_NAME=\n"), out, sizeof(out)));
}

static void routes_find_the_default_with_the_best_metric(void **state)
{
        route_info r;

        (void)state;
        memset(&r, 0, sizeof(r));
        msptk__local_parse_route(of("Iface Destination Gateway Flags RefCnt Use Metric Mask\n"
                                    "wlan0 00000000 0100A8C0 0003 0 0 600 00000000 0 0 0\n"
                                    "eth0 00000000 FE00A8C0 0003 0 0 100 00000000 0 0 0\n"
                                    "bad0 00000000 00000000 0201 0 0 1 00000000 0 0 0\n"
                                    "eth1 00000000 zz 0003 0 0 1 00000000 0 0 0\n"),
                                 &r);
        assert_true(r.v4);
        assert_string_equal(r.iface4, "eth0");
        assert_string_equal(r.gateway4, "192.168.0.254");
}

static void the_unreachable_ipv6_default_on_lo_is_no_route(void **state)
{
        route_info r;

        (void)state;
        memset(&r, 0, sizeof(r));
        msptk__local_parse_route6(of("00000000000000000000000000000000 00 "
                                     "00000000000000000000000000000000 00 "
                                     "00000000000000000000000000000000 ffffffff 1 0 00200200 lo\n"),
                                  &r);
        assert_false(r.v6);
}

static void numbers_are_bounded(void **state)
{
        slice s = of("18446744073709551616 18446744073709551615 1.5.2 0.25 ffffffffffffffff1");
        uint64_t v = 7;
        double d = 7;

        (void)state;
        assert_false(msptk__local_u64(&s, &v));
        assert_int_equal(v, 7);
        assert_true(msptk__local_u64(&s, &v));
        assert_true(v == UINT64_MAX);
        assert_false(msptk__local_decimal(&s, &d));
        assert_true(msptk__local_decimal(&s, &d));
        assert_true(d == 0.25);
        assert_false(msptk__local_hex(&s, &v));
}

static void cpu_max_without_a_limit_is_no_limit(void **state)
{
        uint64_t q, p;

        (void)state;
        assert_false(msptk__local_parse_cpu_max(of("max 100000\n"), &q, &p));
        assert_false(msptk__local_parse_cpu_max(of("100000 0\n"), &q, &p));
        assert_true(msptk__local_parse_cpu_max(of("150000 100000\n"), &q, &p));
        assert_int_equal(q, 150000);
}

static void used_share_is_what_df_says_rounded_up(void **state)
{
        (void)state;
        assert_int_equal(msptk__local_used_tenths(1000, 500, 400), 556); /* 500 / 900 */
        assert_int_equal(msptk__local_used_tenths(1000, 1000, 950), 0);
        assert_int_equal(msptk__local_used_tenths(1000, 50, 0), 1000);
        assert_int_equal(msptk__local_used_tenths(1000, 2000, 10), 0);
        assert_int_equal(msptk__local_used_tenths(1000000, 999999, 999999), 1);
        assert_int_equal(msptk__local_used_tenths(UINT64_MAX, UINT64_MAX / 2, UINT64_MAX / 2), 501);
}

static void serials_that_makers_forgot_are_nonsense(void **state)
{
        static const char *const bad[] = { "",
                                           "0",
                                           "None",
                                           "Default string",
                                           "xxxxxxx",
                                           "00000000",
                                           "TO BE FILLED BY O.E.M.",
                                           "123456789",
                                           "..-.." };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_true(msptk__local_is_nonsense(bad[i]));
        assert_false(msptk__local_is_nonsense("PF2ABC99"));
        assert_false(msptk__local_is_nonsense("VMware-56 4d aa bb"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(stat_counts_guest_time_once_and_cpus),
                cmocka_unit_test(stat_without_a_whole_cpu_line_is_refused),
                cmocka_unit_test(meminfo_of_an_old_kernel_is_estimated),
                cmocka_unit_test(meminfo_that_contradicts_itself_is_refused),
                cmocka_unit_test(mountinfo_undoes_octal_escapes_and_passes_over_nonsense),
                cmocka_unit_test(mountinfo_stops_at_the_room_given),
                cmocka_unit_test(os_release_knows_shell_quotes),
                cmocka_unit_test(routes_find_the_default_with_the_best_metric),
                cmocka_unit_test(the_unreachable_ipv6_default_on_lo_is_no_route),
                cmocka_unit_test(numbers_are_bounded),
                cmocka_unit_test(cpu_max_without_a_limit_is_no_limit),
                cmocka_unit_test(used_share_is_what_df_says_rounded_up),
                cmocka_unit_test(serials_that_makers_forgot_are_nonsense),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
