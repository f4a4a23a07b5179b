/* Alerts and thresholds over public functions only. */
#include "support.h"

#include <msptk/msptk.h>

static int open_in_memory(void **state)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_toolkit *tk = NULL;
        int failed = msptk_toolkit_open(opts, &tk, NULL) < 0;

        msptk_toolkit_opts_free(opts);
        *state = tk;
        return failed || msptk_client_manager_create(msptk_toolkit_get_client_manager(tk),
                                                     "Acme Corp", NULL, NULL, NULL) < 0
                       ? -1
                       : 0;
}

static int close_toolkit(void **state)
{
        int failed = msptk_toolkit_close(*state, 5000, NULL) < 0;

        msptk_toolkit_free(*state);
        return failed ? -1 : 0;
}

static void a_client_without_problems_has_no_alerts(void **state)
{
        msptk_alert_manager *am = msptk_toolkit_get_alert_manager(*state);
        msptk_args *args = msptk_args_new("alert_list");
        msptk_alert_list *list = NULL;

        assert_int_equal(msptk_args_set_str(args, "client_id", "acme-corp", NULL), MSPTK_OK);
        assert_int_equal(msptk_args_set_str(args, "status", "all", NULL), MSPTK_OK);
        assert_int_equal(msptk_alert_manager_list(am, args, &list, NULL), MSPTK_OK);
        assert_int_equal(msptk_alert_list_count(list), 0);
        assert_null(msptk_alert_list_get(list, 0));
        msptk_alert_list_free(list);
        msptk_args_free(args);
}

static void a_client_that_does_not_exist_is_an_error_not_an_empty_list(void **state)
{
        msptk_alert_manager *am = msptk_toolkit_get_alert_manager(*state);
        msptk_args *args = msptk_args_new("alert_list");
        msptk_alert_list *list = NULL;
        msptk_error *err = NULL;

        assert_int_equal(msptk_args_set_str(args, "client_id", "acme-crop", NULL), MSPTK_OK);
        assert_int_equal(msptk_alert_manager_list(am, args, &list, &err), MSPTK_E_NOTFOUND);
        assert_string_equal(msptk_error_code(err), "CLIENT_NOT_FOUND");
        assert_null(list);
        msptk_error_free(err);
        msptk_args_free(args);
}

static void an_alert_that_does_not_exist_cannot_be_decided(void **state)
{
        msptk_alert_manager *am = msptk_toolkit_get_alert_manager(*state);
        msptk_error *err = NULL;

        assert_int_equal(msptk_alert_manager_acknowledge(am, "0190aaaa-0000", NULL, &err),
                         MSPTK_E_NOTFOUND);
        assert_string_equal(msptk_error_reason(err), "ALERT_NOT_FOUND");
        msptk_error_free(err);
        assert_int_equal(msptk_alert_manager_resolve(am, "0190aaaa-0000", "why", NULL),
                         MSPTK_E_NOTFOUND);
}

static void thresholds_are_set_and_read_back(void **state)
{
        msptk_health_monitor *hm = msptk_toolkit_get_health_monitor(*state);
        msptk_args *args = msptk_args_new("health_configure");
        msptk_result *result = NULL;
        const msptk_json *v;
        int found = 0;

        assert_int_equal(msptk_args_set_str(args, "client_id", "acme-corp", NULL), MSPTK_OK);
        assert_int_equal(msptk_args_set_str(args, "disk", "70", NULL), MSPTK_OK);
        assert_int_equal(msptk_health_monitor_configure(hm, args, NULL), MSPTK_OK);
        msptk_args_free(args);
        args = msptk_args_new("health_configure");
        assert_int_equal(msptk_args_set_str(args, "client_id", "acme-corp", NULL), MSPTK_OK);
        assert_int_equal(msptk_call(*state, args, NULL, &result, NULL), MSPTK_OK);
        v = msptk_json_get(msptk_result_json(result), "values");
        for (v = msptk_json_first(v); v; v = msptk_json_next(v))
                if (!strcmp(msptk_json_string(msptk_json_get(v, "metric"), ""), "disk_percent") &&
                    !strcmp(msptk_json_string(msptk_json_get(v, "key"), ""), "warning")) {
                        assert_true(msptk_json_double(msptk_json_get(v, "value"), 0) == 70);
                        assert_string_equal(msptk_json_string(msptk_json_get(v, "source"), ""),
                                            "client acme-corp");
                        found++;
                }
        assert_int_equal(found, 1);
        msptk_result_free(result);
        msptk_args_free(args);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_client_without_problems_has_no_alerts),
                cmocka_unit_test(a_client_that_does_not_exist_is_an_error_not_an_empty_list),
                cmocka_unit_test(an_alert_that_does_not_exist_cannot_be_decided),
                cmocka_unit_test(thresholds_are_set_and_read_back),
        };

        return cmocka_run_group_tests(tests, open_in_memory, close_toolkit);
}
