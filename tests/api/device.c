/* Devices and adapters over public functions only, with two fake vendors and this machine. */
#include "support.h"

#include <msptk/msptk.h>

static int64_t now = INT64_C(1795000000000000);

static int64_t fixed_clock(void *user)
{
        return *(int64_t *)user;
}

static int open_world(void **state)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_error *err = NULL;
        msptk_toolkit *tk = NULL;

        now = INT64_C(1795000000000000);
        msptk_toolkit_opts_set_clock(opts, fixed_clock, &now);
        msptk_toolkit_opts_set(opts, "adapters",
                               "[{name: rmm, type: fake, url: \"fake://default?devices=5\"},"
                               " {name: backup, type: fake, url: \"fake://default?devices=3\"},"
                               " {name: broken, type: fake, clients: [beta],"
                               " url: \"fake://default?fail=1\", fail_as: auth}]",
                               NULL);
        if (msptk_toolkit_open(opts, &tk, &err) < 0)
                print_error("open: %s\n", msptk_error_message(err));
        msptk_toolkit_opts_free(opts);
        for (int i = 0; tk && i < 2; i++)
                if (msptk_client_manager_create(msptk_toolkit_get_client_manager(tk),
                                                i ? "Beta" : "Acme", NULL, NULL, &err) < 0)
                        print_error("create: %s\n", msptk_error_message(err));
        *state = tk;
        return tk ? 0 : -1;
}

static int close_world(void **state)
{
        msptk_error *err = NULL;

        if (msptk_toolkit_close(*state, 5000, &err) < 0) {
                print_error("close: %s\n", msptk_error_message(err));
                return -1;
        }
        msptk_toolkit_free(*state);
        return 0;
}

/* Calls an operation with arguments as JSON; the result's JSON is a copy. */
static msptk_status call(msptk_toolkit *tk, const char *operation, const char *args, int32_t plan,
                         msptk_json **ret, msptk_error **ret_err)
{
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_json *values = NULL;
        msptk_result *result = NULL;
        msptk_args *a = NULL;
        msptk_status st = msptk_json_parse(args, strlen(args), &values, ret_err);

        if (st >= 0)
                st = msptk_args_from_json(operation, values, &a, ret_err);
        if (st >= 0)
                st = msptk_call_opts_set_int(opts, "plan", plan, ret_err);
        if (st >= 0)
                st = msptk_call(tk, a, opts, &result, ret_err);
        if (st >= 0 && ret)
                *ret = msptk_json_copy(msptk_result_json(result));
        msptk_result_free(result);
        msptk_args_free(a);
        msptk_json_free(values);
        msptk_call_opts_free(opts);
        return st;
}

static msptk_json *do_it(msptk_toolkit *tk, const char *operation, const char *args)
{
        msptk_error *err = NULL;
        msptk_json *json = NULL;

        if (call(tk, operation, args, 0, &json, &err) < 0)
                fail_msg("%s %s: %s", operation, args, msptk_error_message(err));
        return json;
}

static int64_t int_of(const msptk_json *json, const char *key)
{
        return msptk_json_int(msptk_json_get(json, key), -1);
}

static const char *str_of(const msptk_json *json, const char *key)
{
        return msptk_json_string(msptk_json_get(json, key), "");
}

static size_t device_count(msptk_toolkit *tk, const char *args)
{
        msptk_json *list = do_it(tk, "device_list", args);
        size_t n = msptk_json_count(msptk_json_get(list, "devices"));

        msptk_json_free(list);
        return n;
}

static void two_vendors_that_know_a_machine_make_one_device(void **state)
{
        msptk_json *scan = do_it(*state, "device_scan", "{\"client_id\":\"acme\"}");

        assert_int_equal(int_of(scan, "asked"), 2);
        assert_int_equal(int_of(scan, "answered"), 2);
        assert_int_equal(int_of(scan, "found"), 8);
        assert_int_equal(int_of(scan, "new") + int_of(scan, "merged"), 8);
        assert_int_equal(int_of(scan, "merged"), 3);
        assert_string_equal(str_of(scan, "status"), "ok");
        msptk_json_free(scan);
        assert_int_equal(device_count(*state, "{\"client_id\":\"acme\"}"), 5);
        assert_int_equal(device_count(*state, "{\"adapter\":\"backup\"}"), 3);
        assert_int_equal(device_count(*state, "{\"client_id\":\"beta\"}"), 0);

        /* Again: nothing new. */
        scan = do_it(*state, "device_scan", "{\"client_id\":\"acme\"}");
        assert_int_equal(int_of(scan, "new"), 0);
        assert_int_equal(int_of(scan, "known"), 8);
        msptk_json_free(scan);
        assert_int_equal(device_count(*state, "{}"), 5);
}

static void an_adapter_that_fails_is_named_and_the_scan_is_not_ok(void **state)
{
        msptk_json *scan = do_it(*state, "device_scan", "{\"client_id\":\"beta\"}");
        const msptk_json *a;
        int failed = 0;

        assert_int_equal(int_of(scan, "asked"), 3);
        assert_int_equal(int_of(scan, "answered"), 2);
        assert_string_equal(str_of(scan, "status"), "unknown");
        for (a = msptk_json_first(msptk_json_get(scan, "adapters")); a; a = msptk_json_next(a))
                if (!strcmp(str_of(a, "adapter"), "broken")) {
                        failed++;
                        assert_string_equal(str_of(a, "status"), "failed");
                        assert_non_null(msptk_json_get(a, "error"));
                }
        assert_int_equal(failed, 1);
        msptk_json_free(scan);
}

static void a_vendor_that_refuses_is_an_error_of_its_own(void **state)
{
        msptk_rmm_adapter *rmm = NULL;
        msptk_device_list *list = NULL;
        msptk_error *err = NULL;

        assert_int_equal(msptk_toolkit_get_rmm_adapter(*state, "broken", &rmm, &err), MSPTK_OK);
        assert_int_equal(msptk_rmm_adapter_get_devices(rmm, "beta", &list, &err), MSPTK_E_AUTH);
        assert_null(list);
        assert_string_equal(msptk_error_adapter(err), "broken");
        msptk_error_free(err);
}

static void typed_functions_scan_read_list_and_remove(void **state)
{
        msptk_device_manager *dm = msptk_toolkit_get_device_manager(*state);
        msptk_rmm_adapter *rmm = NULL;
        msptk_device_list *list = NULL;
        msptk_device *device = NULL;
        msptk_error *err = NULL;
        char id[80];

        assert_int_equal(msptk_toolkit_get_rmm_adapter(*state, NULL, &rmm, &err), MSPTK_OK);
        assert_int_equal(msptk_rmm_adapter_get_devices(rmm, "acme", &list, &err), MSPTK_OK);
        assert_int_equal(msptk_device_list_count(list), 5);
        snprintf(id, sizeof(id), "%s", msptk_device_id(msptk_device_list_get(list, 0)));
        assert_null(msptk_device_list_get(list, 5));
        msptk_device_list_free(list);

        assert_int_equal(msptk_device_manager_get(dm, id, &device, &err), MSPTK_OK);
        assert_string_equal(msptk_device_status(device), "up");
        assert_int_equal(msptk_json_count(msptk_json_get(msptk_device_json(device), "keys")), 3);
        msptk_device_free(device);

        assert_int_equal(msptk_device_manager_remove(dm, id, &err), MSPTK_OK);
        assert_int_equal(msptk_device_manager_get(dm, id, &device, &err), MSPTK_E_NOTFOUND);
        assert_string_equal(msptk_error_reason(err), "DEVICE_NOT_FOUND");
        msptk_error_free(err);
        err = NULL;
        /* What was taken out does not come back by itself. */
        assert_int_equal(msptk_rmm_adapter_get_devices(rmm, "acme", &list, &err), MSPTK_OK);
        assert_int_equal(msptk_device_list_count(list), 4);
        msptk_device_list_free(list);
        assert_int_equal(msptk_device_manager_list(dm, NULL, &list, &err), MSPTK_OK);
        assert_int_equal(msptk_device_list_count(list), 4);
        msptk_device_list_free(list);
}

static void the_local_adapter_without_a_device_means_this_machine(void **state)
{
        msptk_json *first, *second;
        msptk_error *err = NULL;

        first = do_it(*state, "device_add", "{\"client_id\":\"acme\",\"adapter\":\"local\"}");
        second = do_it(*state, "device_add", "{\"client_id\":\"acme\",\"this_machine\":true}");
        assert_string_equal(str_of(first, "id"), str_of(second, "id"));
        assert_int_equal(call(*state, "device_add",
                              "{\"client_id\":\"acme\",\"adapter\":\"local\",\"serial\":\"X\"}", 0,
                              NULL, &err),
                         MSPTK_E_INVALID);
        msptk_error_free(err);
        msptk_json_free(first);
        msptk_json_free(second);
}

static void this_machine_is_enrolled_once(void **state)
{
        msptk_json *first, *second;
        msptk_error *err = NULL;

        first = do_it(*state, "device_add", "{\"client_id\":\"acme\",\"this_machine\":true}");
        assert_string_equal(str_of(first, "status"), "up");
        second = do_it(*state, "device_add", "{\"client_id\":\"acme\",\"this_machine\":true}");
        assert_string_equal(str_of(first, "id"), str_of(second, "id"));
        msptk_json_free(first);
        msptk_json_free(second);
        assert_int_equal(device_count(*state, "{\"adapter\":\"local\"}"), 1);
        assert_int_equal(call(*state, "device_add",
                              "{\"client_id\":\"beta\",\"this_machine\":true}", 0, NULL, &err),
                         MSPTK_E_EXISTS);
        assert_string_equal(msptk_error_reason(err), "DEVICE_EXISTS");
        msptk_error_free(err);
        /* A scan of another client does not find it there. */
        msptk_json_free(do_it(*state, "device_scan", "{\"client_id\":\"beta\"}"));
        assert_int_equal(device_count(*state, "{\"adapter\":\"local\"}"), 1);
}

static void by_hand_enrolled_devices_are_refused_twice_and_found_by_text(void **state)
{
        msptk_error *err = NULL;
        msptk_json *d =
                do_it(*state, "device_add",
                      "{\"client_id\":\"acme\",\"name\":\"Büro Drucker\",\"serial\":"
                      "\"PF2XK9Q1\",\"address\":\"192.0.2.7\",\"fields\":{\"room\":\"4\"}}");

        assert_string_equal(str_of(d, "id"), "buro-drucker");
        assert_string_equal(str_of(d, "status"), "unknown");
        msptk_json_free(d);
        assert_int_equal(call(*state, "device_add",
                              "{\"client_id\":\"acme\",\"name\":\"x\",\"serial\":\"pf2xk9q1\"}", 0,
                              NULL, &err),
                         MSPTK_E_EXISTS);
        assert_non_null(strstr(msptk_error_message(err), "buro-drucker"));
        msptk_error_free(err);
        err = NULL;
        assert_int_equal(device_count(*state, "{\"search\":\"BURO\"}"), 1);
        assert_int_equal(device_count(*state, "{\"search\":\"192.0\"}"), 1);
        assert_int_equal(device_count(*state, "{\"search\":\"%\"}"), 0);
        assert_int_equal(device_count(*state, "{\"status\":\"up\"}"), 0);
        assert_int_equal(
                call(*state, "device_get", "{\"device_id\":\"buro-druker\"}", 0, NULL, &err),
                MSPTK_E_NOTFOUND);
        assert_non_null(strstr(msptk_error_message(err), "buro-drucker"));
        msptk_error_free(err);
}

static void presence_grows_old(void **state)
{
        msptk_json_free(do_it(*state, "device_scan", "{\"client_id\":\"acme\"}"));
        assert_int_equal(device_count(*state, "{\"status\":\"up\"}"), 5);
        now += INT64_C(13) * 3600 * 1000000;
        assert_int_equal(device_count(*state, "{\"status\":\"up\"}"), 0);
        assert_int_equal(device_count(*state, "{\"status\":\"unknown\"}"), 5);
}

/* Everything that a reader sees of the devices. */
static char *picture(msptk_toolkit *tk)
{
        msptk_json *list = do_it(tk, "device_list", "{}");
        char *text = NULL;

        assert_int_equal(msptk_json_print(list, 0, &text, NULL), MSPTK_OK);
        msptk_json_free(list);
        return text;
}

static void a_merge_is_planned_done_and_undone(void **state)
{
        char *before, *after;
        msptk_json *json = NULL;
        msptk_error *err = NULL;

        msptk_json_free(do_it(*state, "device_add", "{\"client_id\":\"acme\",\"name\":\"One\"}"));
        msptk_json_free(do_it(*state, "device_add", "{\"client_id\":\"acme\",\"name\":\"Two\"}"));
        msptk_json_free(do_it(*state, "device_add", "{\"client_id\":\"beta\",\"name\":\"Three\"}"));
        before = picture(*state);
        assert_int_equal(call(*state, "device_merge", "{\"device_id\":\"two\",\"into\":\"one\"}", 1,
                              &json, &err),
                         MSPTK_OK);
        assert_true(*str_of(json, "plan_token"));
        msptk_json_free(json);
        after = picture(*state);
        assert_string_equal(before, after);
        msptk_string_free(after);

        json = do_it(*state, "device_merge", "{\"device_id\":\"two\",\"into\":\"one\"}");
        assert_string_equal(str_of(json, "id"), "one");
        msptk_json_free(json);
        json = do_it(*state, "device_get", "{\"device_id\":\"two\"}");
        assert_string_equal(str_of(json, "id"), "one");
        msptk_json_free(json);
        assert_int_equal(call(*state, "device_merge", "{\"device_id\":\"three\",\"into\":\"one\"}",
                              0, NULL, &err),
                         MSPTK_E_CONFLICT);
        assert_string_equal(msptk_error_reason(err), "CLIENT_DIFFERS");
        msptk_error_free(err);

        msptk_json_free(do_it(*state, "device_unmerge", "{\"device_id\":\"two\"}"));
        after = picture(*state);
        assert_string_equal(before, after);
        msptk_string_free(before);
        msptk_string_free(after);
}

static void plans_of_every_change_leave_nothing_changed(void **state)
{
        static const char *const plans[][2] = {
                { "device_add", "{\"client_id\":\"acme\",\"name\":\"New\"}" },
                { "device_add", "{\"client_id\":\"acme\",\"this_machine\":true}" },
                { "device_update",
                  "{\"device_id\":\"one\",\"name\":\"Eins\",\"client_id\":\"beta\"}" },
                { "device_remove", "{\"device_id\":\"one\"}" },
                { "agent_deploy", "{\"device_id\":\"one\",\"adapter\":\"rmm\"}" },
        };
        char *before, *after;

        msptk_json_free(do_it(*state, "device_add", "{\"client_id\":\"acme\",\"name\":\"One\"}"));
        before = picture(*state);
        for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
                msptk_error *err = NULL;
                msptk_json *json = NULL;

                if (call(*state, plans[i][0], plans[i][1], 1, &json, &err) < 0)
                        fail_msg("%s: %s", plans[i][0], msptk_error_message(err));
                assert_int_equal(msptk_json_count(msptk_json_get(json, "changes")), 1);
                msptk_json_free(json);
        }
        after = picture(*state);
        assert_string_equal(before, after);
        msptk_string_free(before);
        msptk_string_free(after);
}

static void a_device_moves_to_another_client_by_hand(void **state)
{
        msptk_json *d;

        msptk_json_free(do_it(*state, "device_add", "{\"client_id\":\"acme\",\"name\":\"One\"}"));
        d = do_it(*state, "device_update", "{\"device_id\":\"one\",\"client_id\":\"beta\"}");
        assert_string_equal(str_of(d, "client_id"), "beta");
        assert_int_equal(int_of(d, "revision"), 2);
        msptk_json_free(d);
        assert_int_equal(device_count(*state, "{\"client_id\":\"acme\"}"), 0);
        assert_int_equal(device_count(*state, "{\"client_id\":\"beta\"}"), 1);
}

static void agents_commands_and_alerts_go_through_the_adapter(void **state)
{
        static const char *const words[] = { "echo", "hello", NULL };
        msptk_rmm_adapter *rmm = NULL;
        msptk_device_list *list = NULL;
        msptk_result *result = NULL;
        msptk_error *err = NULL;
        char id[80];

        assert_int_equal(msptk_toolkit_get_rmm_adapter(*state, NULL, &rmm, &err), MSPTK_OK);
        assert_int_equal(msptk_rmm_adapter_get_devices(rmm, "acme", &list, &err), MSPTK_OK);
        snprintf(id, sizeof(id), "%s", msptk_device_id(msptk_device_list_get(list, 0)));
        msptk_device_list_free(list);

        if (msptk_rmm_adapter_execute_command(rmm, id, words, &result, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
        assert_string_equal(str_of(msptk_result_json(result), "schema"), "msptk.command_result/1");
        assert_int_equal(int_of(msptk_result_json(result), "exit_status"), 0);
        msptk_result_free(result);

        if (msptk_rmm_adapter_get_alerts(rmm, "acme", 0, &result, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
        assert_string_equal(str_of(msptk_result_json(result), "adapter"), "rmm");
        msptk_result_free(result);

        /* The fake world's agent checks in at the third call. */
        for (int i = 0; i < 2; i++) {
                msptk_status st = msptk_rmm_adapter_deploy_agent(rmm, id, &result, &err);

                assert_true(st < 0);
                msptk_error_free(err);
                err = NULL;
        }
        if (msptk_rmm_adapter_deploy_agent(rmm, id, &result, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
        assert_true(*str_of(msptk_result_json(result), "evidence"));
        msptk_result_free(result);
}

static void adapters_are_listed_and_really_probed(void **state)
{
        msptk_json *list = do_it(*state, "adapter_list", "{}");
        msptk_json *probe;
        const msptk_json *a;

        assert_int_equal(int_of(list, "count"), 4);
        msptk_json_free(list);
        probe = do_it(*state, "adapter_probe", "{}");
        assert_int_equal(int_of(probe, "asked"), 4);
        assert_int_equal(int_of(probe, "answered"), 3);
        assert_string_equal(str_of(probe, "status"), "critical");
        for (a = msptk_json_first(msptk_json_get(probe, "adapters")); a; a = msptk_json_next(a))
                assert_string_equal(str_of(a, "status"),
                                    strcmp(str_of(a, "name"), "broken") ? "ok" : "critical");
        msptk_json_free(probe);
}

/* The words of not_covered, each followed by a blank. */
static void assert_gaps(msptk_toolkit *tk, const char *want, int64_t devices)
{
        msptk_json *c = do_it(tk, "client_get", "{\"client_id\":\"acme\"}");
        const msptk_json *g = msptk_json_first(msptk_json_get(c, "not_covered"));
        char words[200] = "";

        for (; g; g = msptk_json_next(g)) {
                size_t n = strlen(words);

                snprintf(words + n, sizeof(words) - n, "%s ", str_of(g, "what"));
                assert_true(*str_of(g, "suggestion"));
        }
        assert_string_equal(words, want);
        assert_int_equal(int_of(c, "devices"), devices);
        msptk_json_free(c);
}

static void a_client_says_what_is_not_covered(void **state)
{
        msptk_json *list;

        assert_gaps(*state, "no_devices ", 0);
        msptk_json_free(do_it(*state, "device_scan", "{\"client_id\":\"acme\"}"));
        assert_gaps(*state, "", 5);
        list = do_it(*state, "client_list", "{}");
        assert_int_equal(int_of(msptk_json_first(msptk_json_get(list, "clients")), "devices"), 5);
        msptk_json_free(list);
        now += INT64_C(8) * 24 * 3600 * 1000000;
        assert_gaps(*state, "not_seen ", 5);
        msptk_json_free(
                do_it(*state, "device_add", "{\"client_id\":\"acme\",\"name\":\"Printer\"}"));
        msptk_json_free(
                do_it(*state, "client_update", "{\"client_id\":\"acme\",\"status\":\"inactive\"}"));
        assert_gaps(*state, "not_active not_seen not_measured ", 6);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
        const struct CMUnitTest tests[] = {
                CASE(two_vendors_that_know_a_machine_make_one_device),
                CASE(an_adapter_that_fails_is_named_and_the_scan_is_not_ok),
                CASE(a_vendor_that_refuses_is_an_error_of_its_own),
                CASE(typed_functions_scan_read_list_and_remove),
                CASE(the_local_adapter_without_a_device_means_this_machine),
                CASE(this_machine_is_enrolled_once),
                CASE(by_hand_enrolled_devices_are_refused_twice_and_found_by_text),
                CASE(presence_grows_old),
                CASE(a_merge_is_planned_done_and_undone),
                CASE(plans_of_every_change_leave_nothing_changed),
                CASE(a_device_moves_to_another_client_by_hand),
                CASE(agents_commands_and_alerts_go_through_the_adapter),
                CASE(adapters_are_listed_and_really_probed),
                CASE(a_client_says_what_is_not_covered),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
