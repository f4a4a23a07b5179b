/* The plugin adapter: its parser, its settings, and hostile programs. */
#define ROOM "test"
#include "plugin_host.h"

#include <math.h>

enum { CAP = 64 };

static plugin_metric metrics[CAP];

static plugin_output parse(const char *text)
{
        plugin_output out;

        msptk__plugin_parse(text, strlen(text), metrics, CAP, &out);
        return out;
}

static void assert_slice(const char *text, size_t len, const char *expected)
{
        assert_int_equal(len, strlen(expected));
        assert_memory_equal(text, expected, len);
}

static void real_outputs_are_understood(void **state)
{
        plugin_output out = parse("LOAD OK - total: 0.05|load1=0.050;5.000;10.000;0; "
                                  "load5=0.350;4.000;8.000;0; load15=0.300;3.000;6.000;0; \n");

        (void)state;
        assert_slice(out.text, out.text_len, "LOAD OK - total: 0.05");
        assert_int_equal(out.count, 3);
        assert_string_equal(metrics[1].label, "load5");
        assert_true(metrics[1].value == 0.35);
        assert_true(metrics[1].warning.set && metrics[1].warning.high == 4);
        assert_true(metrics[1].min == 0 && isnan(metrics[1].max));
        out = parse("DISK OK - free space: / 77256MiB (78% inode=96%);| "
                    "/=21735931904B;243497277849;257024904396;0;270552530944\n");
        assert_int_equal(out.count, 1);
        assert_string_equal(metrics[0].label, "/");
        assert_string_equal(metrics[0].unit, "B");
        assert_true(metrics[0].max == 270552530944.0);
        out = parse("PING OK |rta=0.059000ms;100.000000;500.000000;0.000000 pl=0%;20;60;0;");
        assert_int_equal(out.count, 2);
        assert_string_equal(metrics[0].unit, "s");
        assert_true(fabs(metrics[0].warning.high - 0.1) < 1e-12);
        assert_string_equal(metrics[1].unit, "%");
        out = parse("APT CRITICAL. |available_upgrades=117;;;0 critical_updates=72;;;0");
        assert_int_equal(out.count, 2);
        assert_false(metrics[0].warning.set);
        assert_true(metrics[0].min == 0);
        out = parse("OK - Certificate 'localhost' will expire.\n");
        assert_int_equal(out.count, 0);
        assert_int_equal(out.skipped, 0);
}

static void text_and_values_go_over_several_lines(void **state)
{
        plugin_output out =
                parse("DISK OK | /=1\n/ 15272 MB\n/boot 68 MB | /boot=2\n/home=3 /var=4\n");

        (void)state;
        assert_slice(out.text, out.text_len, "DISK OK");
        assert_slice(out.more, out.more_len, "/ 15272 MB\n/boot 68 MB");
        assert_int_equal(out.count, 4);
        assert_string_equal(metrics[3].label, "/var");
        assert_true(metrics[3].value == 4);
}

static void labels_in_quotes_hold_spaces_and_quotes(void **state)
{
        plugin_output out = parse("x|'it''s a = label'=5%;;;0;100 'b c'=U;1;2");

        (void)state;
        assert_int_equal(out.count, 2);
        assert_string_equal(metrics[0].label, "it's a = label");
        assert_string_equal(metrics[1].label, "b c");
        assert_true(isnan(metrics[1].value));
}

static void broken_values_are_counted_and_cost_only_themselves(void **state)
{
        plugin_output out = parse("x|a=1 b b= =2 c=1e400 a=5 'open=3 d=0,5s e=0x10 f=7");

        (void)state;
        assert_int_equal(out.count, 2);
        assert_string_equal(metrics[1].label, "f");
        assert_int_equal(out.skipped, 8);
        out = parse("x| a=1;10:5;zz;x;y b=2");
        assert_int_equal(out.count, 2);
        assert_false(metrics[0].warning.set || metrics[0].critical.set);
}

static void numbers_are_read_without_a_locale(void **state)
{
        static const struct {
                const char *text;
                double value;
        } good[] = { { "5", 5 },       { "+5.", 5 },      { "-.5", -0.5 },  { "007", 7 },
                     { "1e-3", 1e-3 }, { "0.050", 0.05 }, { "2.5E+2", 250 } };
        static const char *const bad[] = { "",    "-",   ".",  "1,5",   "0x1", "1e",
                                           "nan", "inf", "1 ", "1e999", "--1", "1.2.3" };
        double value;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(good); i++) {
                assert_true(msptk__plugin_number(good[i].text, strlen(good[i].text), &value));
                assert_true(value == good[i].value);
        }
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_false(msptk__plugin_number(bad[i], strlen(bad[i]), &value));
}

static bool alerts(const char *range, double value)
{
        plugin_range r = { 0 };

        assert_true(msptk__plugin_range_parse(range, strlen(range), &r));
        return msptk__plugin_range_alerts(&r, value);
}

static void ranges_follow_the_convention(void **state)
{
        plugin_range r;

        (void)state;
        assert_true(alerts("10", -1) && !alerts("10", 0) && !alerts("10", 10) && alerts("10", 11));
        assert_true(alerts("10:", 9) && !alerts("10:", 1e9));
        assert_true(!alerts("~:10", -1e9) && alerts("~:10", 11));
        assert_true(alerts("10:20", 9) && !alerts("10:20", 20) && alerts("10:20", 21));
        assert_true(alerts("@10:20", 10) && !alerts("@10:20", 21));
        assert_false(alerts("10", NAN));
        assert_false(msptk__plugin_range_parse("", 0, &r));
        assert_false(msptk__plugin_range_parse("@", 1, &r));
        assert_false(msptk__plugin_range_parse("20:10", 5, &r));
        assert_false(msptk__plugin_range_parse("a:b", 3, &r));
}

static const char *const one_device[] = { "web1", NULL };
static const char *const one_address[] = { "192.0.2.7", NULL };

#define SHELL(name, script) \
        "{\"name\":\"" name "\",\"timeout\":2,\"command\":[\"/bin/sh\",\"-c\",\"" script "\"]}"

static void exit_status_becomes_the_state_and_values_become_rows(void **state)
{
        plugin_world w;
        const kept_row *r;

        (void)state;
        world_open(&w);
        assert_int_equal(world_collect(&w,
                                       "{\"checks\":[" SHELL("ok", "echo 'fine|n=1;5;9'") "," SHELL(
                                               "warn",
                                               "echo "
                                               "'hm|"
                                               "a=7;"
                                               "5;9 "
                                               "b=1;"
                                               "5;9 "
                                               "c=10;"
                                               "5;9';"
                                               " exit"
                                               " 1") "," SHELL("crit", "echo bad; echo more; exit "
                                                                       "2") "," SHELL("unk",
                                                                                      "echo usage "
                                                                                      ">&2; "
                                                                                      "exit 3") "]"
                                                                                                "}",
                                       one_device, one_address, NULL, NULL),
                         MSPTK_OK);
        r = world_row(&w, "ok", "status");
        assert_int_equal(r->state, MSPTK_STATE_OK);
        assert_string_equal(r->message, "fine");
        assert_string_equal(r->vendor_id, "web1");
        assert_int_equal(world_row(&w, "ok", "n")->state, MSPTK_STATE_OK);
        assert_non_null(strstr(world_row(&w, "ok", "n")->data, "\"warning\""));
        assert_int_equal(world_row(&w, "warn", "status")->state, MSPTK_STATE_WARNING);
        assert_int_equal(world_row(&w, "warn", "a")->state, MSPTK_STATE_WARNING);
        assert_int_equal(world_row(&w, "warn", "b")->state, MSPTK_STATE_OK);
        assert_int_equal(world_row(&w, "warn", "c")->state, MSPTK_STATE_WARNING);
        r = world_row(&w, "crit", "status");
        assert_int_equal(r->state, MSPTK_STATE_CRITICAL);
        assert_non_null(strstr(r->data, "\"long_text\":\"more\""));
        r = world_row(&w, "unk", "status");
        assert_int_equal(r->state, MSPTK_STATE_UNKNOWN);
        assert_string_equal(r->message, "usage");
        world_close(&w);
}

static void assert_unknown(const plugin_world *w, const char *check, const char *says)
{
        const kept_row *r = world_row(w, check, "status");

        assert_non_null(r);
        assert_int_equal(r->state, MSPTK_STATE_UNKNOWN);
        if (!strstr(r->message, says))
                fail_msg("%s: '%s' does not say '%s'", check, r->message, says);
}

static void hostile_programs_become_unknown_with_a_clear_message(void **state)
{
        plugin_world w;

        (void)state;
        world_open(&w);
        assert_int_equal(
                world_collect(
                        &w,
                        "{\"checks\":[" SHELL(
                                "endless",
                                "yes") "," SHELL("never",
                                                 "echo ok; "
                                                 "sleep "
                                                 "1000") "," SHELL("detach",
                                                                   "setsid sleep 4 & echo 'x|a=1'; "
                                                                   "exit 0") "," SHELL("binary",
                                                                                       "printf 'OK "
                                                                                       "\\\\000\\\\"
                                                                                       "001'; exit "
                                                                                       "0") "," SHELL("huge",
                                                                                                      "echo -n 'OK|'; yes a=1 | head -n 30000 | tr '\\\\n' "
                                                                                                      "' '") "," SHELL("many",
                                                                                                                       "echo -n 'OK|'; seq 1 2000 "
                                                                                                                       "| sed 's/.*/l&=1/' | tr "
                                                                                                                       "'\\\\n' ' '") "," SHELL("ex"
                                                                                                                                                "it"
                                                                                                                                                "20"
                                                                                                                                                "0",
                                                                                                                                                "ec"
                                                                                                                                                "ho"
                                                                                                                                                " s"
                                                                                                                                                "tr"
                                                                                                                                                "an"
                                                                                                                                                "ge"
                                                                                                                                                "; "
                                                                                                                                                "ex"
                                                                                                                                                "it"
                                                                                                                                                " 2"
                                                                                                                                                "0"
                                                                                                                                                "0") "," SHELL("killed",
                                                                                                                                                               "kill -KILL $$$$") "," SHELL("closes",
                                                                                                                                                                                            "exec >&- 2>&-; exit 0") ","
                                                                                                                                                                                                                     "{\"name\":\"missing\",\"command\":[\"/nowhere/check_x\"]}]}",
                        one_device, one_address, NULL, NULL),
                MSPTK_OK);
        assert_unknown(&w, "endless", "'/bin/sh' wrote more than it may");
        assert_unknown(&w, "never", "did not end in time");
        assert_int_equal(world_row(&w, "detach", "status")->state, MSPTK_STATE_OK);
        assert_unknown(&w, "binary", "bytes that are no text");
        assert_unknown(&w, "huge", "wrote more than it may");
        assert_unknown(&w, "many", "more values than it may");
        assert_unknown(&w, "exit200", "exit status 200, which is no plugin's: strange");
        assert_unknown(&w, "killed", "killed by signal 9");
        assert_unknown(&w, "closes", "wrote nothing");
        assert_unknown(&w, "missing", "could not be started: No such file");
        assert_null(world_row(&w, "huge", "a"));
        world_close(&w);
}

static void macros_are_replaced_inside_single_elements_only(void **state)
{
        static const char *const devices[] = { "a b;c", "-x", "noaddr", NULL };
        static const char *const addresses[] = { "192.0.2.7", "-rf", NULL, NULL };
        plugin_world w;

        (void)state;
        world_open(&w);
        assert_int_equal(world_collect(&w,
                                       "{\"checks\":[{\"name\":\"echo\",\"command\":[\"/bin/echo\","
                                       "\"$HOST$\",\"d=$DEVICE$,$CLIENT$,$$\"]}]}",
                                       devices, addresses, NULL, NULL),
                         MSPTK_OK);
        assert_int_equal(w.count, 3);
        for (size_t i = 0; i < w.count; i++) {
                const kept_row *r = &w.rows[i];

                if (!strcmp(r->vendor_id, "a b;c"))
                        assert_string_equal(r->message, "192.0.2.7 d=a b;c,acme-corp,$");
                else if (!strcmp(r->vendor_id, "-x"))
                        assert_non_null(strstr(r->message, "take for an option"));
                else
                        assert_string_equal(r->message, "no address is known for device 'noaddr'");
                assert_int_equal(r->state, strcmp(r->vendor_id, "a b;c") ? MSPTK_STATE_UNKNOWN
                                                                         : MSPTK_STATE_OK);
        }
        world_close(&w);
}

static void only_what_was_asked_for_runs(void **state)
{
        static const char *const devices[] = { "web1", "db1", NULL };
        static const char *const checks[] = { "a", "b", "d", NULL };
        plugin_world w;

        (void)state;
        world_open(&w);
        assert_int_equal(world_collect(&w,
                                       "{\"checks\":["
                                       "{\"name\":\"a\",\"command\":[\"/bin/echo\",\"a\"]},"
                                       "{\"name\":\"b\",\"command\":[\"/bin/echo\",\"b\"],"
                                       "\"devices\":[\"db1\"]},"
                                       "{\"name\":\"c\",\"command\":[\"/bin/echo\",\"c\"]},"
                                       "{\"name\":\"d\",\"command\":[\"/bin/echo\",\"d\"],"
                                       "\"clients\":[\"other\"]}]}",
                                       devices, NULL, checks, NULL),
                         MSPTK_OK);
        assert_int_equal(w.count, 3);
        assert_string_equal(world_row(&w, "b", "status")->vendor_id, "db1");
        assert_null(world_row(&w, "c", "status"));
        assert_null(world_row(&w, "d", "status"));
        world_close(&w);
}

static void caller_who_wants_no_more_rows_is_heard(void **state)
{
        plugin_world w;

        (void)state;
        world_open(&w);
        w.refuse_after = 1;
        assert_int_equal(world_collect(&w,
                                       "{\"checks\":[" SHELL("a", "echo 'x|n=1'") "," SHELL(
                                               "b", "echo x") "]}",
                                       one_device, one_address, NULL, NULL),
                         MSPTK_E_CANCELLED);
        assert_int_equal(w.count, 1);
        world_close(&w);
}

/* The configuration writes durations as texts ("4s"). */
static void a_timeout_is_seconds_or_a_text_with_its_unit(void **state)
{
        static const char *const rows[] = { "2",         "0.5",    "\"4s\"",
                                            "\"500ms\"", "\"2m\"", "\"1h\"" };
        static const char *const wrong[] = { "\"4\"",  "\"s\"", "\"4d\"",
                                             "\"2h\"", "\"\"",  "\"0s\"" };
        plugin_world w;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows) + ARRAY_LEN(wrong); i++) {
                bool good = i < ARRAY_LEN(rows);
                const char *timeout = good ? rows[i] : wrong[i - ARRAY_LEN(rows)];
                char text[200];

                snprintf(text, sizeof(text),
                         "{\"timeout\":%s,\"checks\":[{\"name\":\"a\",\"timeout\":%s,"
                         "\"command\":[\"/bin/sh\",\"-c\",\"echo x\"]}]}",
                         timeout, timeout);
                world_open(&w);
                assert_int_equal(world_collect(&w, text, one_device, one_address, NULL, NULL),
                                 good ? MSPTK_OK : MSPTK_E_CONFIG);
                world_close(&w);
        }
}

static void wrong_settings_are_named(void **state)
{
        static const struct {
                const char *settings, *says;
        } rows[] = {
                { "{}", "'checks' must be a list" },
                { "{\"checks\":[{\"name\":\"A b\"}]}", "the name 'A b'" },
                { "{\"checks\":[{\"name\":\"a\"}]}", "check 'a' has no command" },
                { "{\"checks\":[{\"name\":\"a\",\"command\":[\"../sh\"]}]}", "absolute path" },
                { "{\"checks\":[{\"name\":\"a\",\"command\":[\"/x\",5]}]}", "no text" },
                { "{\"checks\":[{\"name\":\"a\",\"command\":[\"/x\",\"$FOO$\"]}]}", "'$FOO$'" },
                { "{\"checks\":[{\"name\":\"a\",\"command\":[\"/x\",\"5$\"]}]}", "write '$$'" },
                { "{\"checks\":[{\"name\":\"a\",\"command\":[\"/x\"],\"timeout\":0}]}", "seconds" },
                { "{\"checks\":[{\"name\":\"a\",\"comand\":[\"/x\"]}]}", "unknown key 'comand'" },
                { "{\"directory\":\"x\",\"checks\":[]}", "'directory' must be" },
                { "{\"checks\":[{\"name\":\"a\",\"command\":[\"/x\"]},"
                  "{\"name\":\"a\",\"command\":[\"/x\"]}]}",
                  "two checks are called 'a'" },
        };
        plugin_world w;

        (void)state;
        world_open(&w);
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                AUTO_ERROR msptk_error *err = NULL;

                assert_int_equal(world_collect(&w, rows[i].settings, one_device, NULL, NULL, &err),
                                 MSPTK_E_CONFIG);
                if (!strstr(msptk_error_message(err), rows[i].says))
                        fail_msg("'%s' does not say '%s'", msptk_error_message(err), rows[i].says);
        }
        world_close(&w);
}

static void probe_names_the_program_that_is_missing(void **state)
{
        static const char good[] = "{\"checks\":[{\"name\":\"a\",\"command\":[\"/bin/sh\"]}]}";
        static const char bad[] = "{\"directory\":\"/nowhere\",\"checks\":[{\"name\":\"a\","
                                  "\"command\":[\"check_x\"]}]}";
        AUTO_ERROR msptk_error *err = NULL;
        plugin_world w;

        (void)state;
        world_open(&w);
        for (int i = 0; i < 2; i++) {
                const char *text = i ? bad : good;
                msptk_json *doc = NULL;
                void *self = NULL;

                assert_int_equal(msptk_json_parse(text, strlen(text), &doc, NULL), MSPTK_OK);
                assert_int_equal(msptk__plugin_adapter.open(&w.host, doc, &self, NULL), MSPTK_OK);
                assert_int_equal(msptk__plugin_adapter.probe(self, NULL, &err),
                                 i ? MSPTK_E_UNAVAILABLE : MSPTK_OK);
                msptk__plugin_adapter.close(self);
                msptk_json_free(doc);
        }
        assert_non_null(strstr(msptk_error_message(err), "/nowhere/check_x"));
        msptk__plugin_adapter.close(NULL);
        world_close(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(real_outputs_are_understood),
                cmocka_unit_test(text_and_values_go_over_several_lines),
                cmocka_unit_test(labels_in_quotes_hold_spaces_and_quotes),
                cmocka_unit_test(broken_values_are_counted_and_cost_only_themselves),
                cmocka_unit_test(numbers_are_read_without_a_locale),
                cmocka_unit_test(ranges_follow_the_convention),
                cmocka_unit_test(exit_status_becomes_the_state_and_values_become_rows),
                cmocka_unit_test(hostile_programs_become_unknown_with_a_clear_message),
                cmocka_unit_test(macros_are_replaced_inside_single_elements_only),
                cmocka_unit_test(only_what_was_asked_for_runs),
                cmocka_unit_test(caller_who_wants_no_more_rows_is_heard),
                cmocka_unit_test(a_timeout_is_seconds_or_a_text_with_its_unit),
                cmocka_unit_test(wrong_settings_are_named),
                cmocka_unit_test(probe_names_the_program_that_is_missing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
