/* Clients over public functions only. */
#include "support.h"

#include <msptk/msptk.h>

static int64_t fixed_clock(void *user)
{
        return *(int64_t *)user;
}

static int64_t now = INT64_C(1795000000000000);

static int open_in_memory(void **state)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_error *err = NULL;
        msptk_toolkit *tk = NULL;

        msptk_toolkit_opts_set_clock(opts, fixed_clock, &now);
        if (msptk_toolkit_open(opts, &tk, &err) < 0)
                print_error("open: %s\n", msptk_error_message(err));
        msptk_toolkit_opts_free(opts);
        *state = tk;
        return tk ? 0 : -1;
}

static int close_toolkit(void **state)
{
        msptk_error *err = NULL;

        if (msptk_toolkit_close(*state, 5000, &err) < 0) {
                print_error("close: %s\n", msptk_error_message(err));
                return -1;
        }
        msptk_toolkit_free(*state);
        return 0;
}

static void add(msptk_toolkit *tk, const char *name, const char *tier)
{
        msptk_args *args = msptk_args_new("client_create");
        msptk_client *client = NULL;
        msptk_error *err = NULL;

        assert_int_equal(msptk_args_set_str(args, "tier", tier, &err), MSPTK_OK);
        if (msptk_client_manager_create(msptk_toolkit_get_client_manager(tk), name, args, &client,
                                        &err) < 0)
                fail_msg("%s", msptk_error_message(err));
        assert_string_equal(msptk_client_name(client), name);
        msptk_client_free(client);
        msptk_args_free(args);
}

static void a_name_in_any_script_becomes_an_id(void **state)
{
        static const char *const cases[][2] = {
                { "Möbel Müller GmbH", "mobel-muller-gmbh" },
                { "Ελλάδα", "ellada" },
                { "Acme Corp", "acme-corp" },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                msptk_client *client = NULL;

                assert_int_equal(
                        msptk_client_manager_create(msptk_toolkit_get_client_manager(*state),
                                                    cases[i][0], NULL, &client, NULL),
                        MSPTK_OK);
                assert_string_equal(msptk_client_id(client), cases[i][1]);
                assert_string_equal(msptk_client_tier(client), "bronze");
                msptk_client_free(client);
        }
}

static void a_name_is_one_line_and_a_change_changes_something(void **state)
{
        msptk_client_manager *manager = msptk_toolkit_get_client_manager(*state);
        msptk_args *args = msptk_args_new("client_update");
        msptk_client *client = NULL;

        assert_int_equal(msptk_client_manager_create(manager, "Two\nLines", NULL, &client, NULL),
                         MSPTK_E_INVALID);
        assert_int_equal(msptk_client_manager_update(manager, "acme-corp", args, &client, NULL),
                         MSPTK_E_INVALID);
        msptk_args_free(args);
}

static void what_is_read_is_what_was_made(void **state)
{
        msptk_client_manager *cm = msptk_toolkit_get_client_manager(*state);
        msptk_client *made = NULL, *got = NULL;

        assert_int_equal(msptk_client_manager_create(cm, "Same Same", NULL, &made, NULL), MSPTK_OK);
        assert_int_equal(msptk_client_manager_get(cm, "same-same", &got, NULL), MSPTK_OK);
        for (const msptk_json *v = msptk_json_first(msptk_client_json(made)); v;
             v = msptk_json_next(v)) {
                const msptk_json *read = msptk_json_get(msptk_client_json(got), msptk_json_key(v));

                assert_int_equal(msptk_json_type(read), msptk_json_type(v));
                assert_string_equal(msptk_json_string(read, "?"), msptk_json_string(v, "?"));
        }
        msptk_client_free(made);
        msptk_client_free(got);
}

static void a_second_client_of_the_same_name_is_refused(void **state)
{
        msptk_error *err = NULL;

        add(*state, "Twice Ltd", "gold");
        assert_int_equal(msptk_client_manager_create(msptk_toolkit_get_client_manager(*state),
                                                     "Twice, Ltd.", NULL, NULL, &err),
                         MSPTK_E_EXISTS);
        assert_string_equal(msptk_error_code(err), "INVALID_PARAMETERS");
        assert_string_equal(msptk_error_reason(err), "CLIENT_EXISTS");
        msptk_error_free(err);
}

static void an_unknown_client_names_the_nearest(void **state)
{
        msptk_error *err = NULL;
        msptk_client *client = NULL;

        add(*state, "Nearby Inc", "gold");
        assert_int_equal(msptk_client_manager_get(msptk_toolkit_get_client_manager(*state),
                                                  "nearby-ink", &client, &err),
                         MSPTK_E_NOTFOUND);
        assert_string_equal(msptk_error_code(err), "CLIENT_NOT_FOUND");
        assert_non_null(strstr(msptk_error_message(err), "nearby-inc"));
        assert_string_equal(msptk_error_client_id(err), "nearby-ink");
        assert_null(client);
        msptk_error_free(err);
}

static void a_list_is_complete_although_it_is_read_in_pages(void **state)
{
        msptk_client_list *list = NULL;
        msptk_args *args = msptk_args_new("client_list");
        char name[32];

        for (int i = 0; i < 230; i++) {
                snprintf(name, sizeof(name), "Page %03d", i);
                add(*state, name, "silver");
        }
        msptk_args_set_str(args, "search", "PAGE", NULL);
        assert_int_equal(msptk_client_manager_list(msptk_toolkit_get_client_manager(*state), args,
                                                   &list, NULL),
                         MSPTK_OK);
        assert_int_equal(msptk_client_list_count(list), 230);
        assert_string_equal(msptk_client_id(msptk_client_list_get(list, 229)), "page-229");
        assert_null(msptk_client_list_get(list, 230));
        msptk_client_list_free(list);
        msptk_args_free(args);
}

static void a_deleted_client_is_gone_but_keeps_its_id(void **state)
{
        msptk_client_manager *cm = msptk_toolkit_get_client_manager(*state);
        msptk_error *err = NULL;

        add(*state, "Gone GmbH", "gold");
        assert_int_equal(msptk_client_manager_delete(cm, "gone-gmbh", NULL), MSPTK_OK);
        assert_int_equal(msptk_client_manager_delete(cm, "gone-gmbh", NULL), MSPTK_E_NOTFOUND);
        assert_int_equal(msptk_client_manager_create(cm, "Gone GmbH", NULL, NULL, &err),
                         MSPTK_E_EXISTS);
        msptk_error_free(err);
}

static void every_change_leaves_an_audit_entry_and_the_chain_verifies(void **state)
{
        msptk_args *args = msptk_args_new("audit_list");
        msptk_result *result = NULL;
        const msptk_json *row = NULL;
        msptk_error *err = NULL;
        int created = 0, deleted = 0;
        msptk_status st;

        if (msptk_call(*state, args, NULL, &result, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
        while ((st = msptk_result_next(result, &row, &err)) == MSPTK_OK) {
                const char *op = msptk_json_string(msptk_json_get(row, "operation"), "");

                created += !strcmp(op, "client_create");
                deleted += !strcmp(op, "client_delete");
        }
        assert_int_equal(st, MSPTK_DONE);
        assert_true(created >= 237);
        assert_true(deleted >= 2);
        msptk_result_free(result);
        msptk_args_free(args);

        args = msptk_args_new("audit_verify");
        result = NULL;
        assert_int_equal(msptk_call(*state, args, NULL, &result, &err), MSPTK_OK);
        assert_int_equal(msptk_result_verdict(result), 0);
        msptk_result_free(result);
        msptk_args_free(args);
}

static void a_plan_changes_nothing_and_says_what_would_change(void **state)
{
        msptk_args *args = msptk_args_new("client_create");
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_result *result = NULL;
        msptk_client *client = NULL;
        msptk_error *err = NULL;

        msptk_args_set_str(args, "name", "Planned AG", NULL);
        msptk_call_opts_set_int(opts, "plan", 1, NULL);
        if (msptk_call(*state, args, opts, &result, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
        assert_non_null(msptk_json_get(msptk_result_json(result), "plan_token"));
        assert_int_equal(msptk_client_manager_get(msptk_toolkit_get_client_manager(*state),
                                                  "planned-ag", &client, NULL),
                         MSPTK_E_NOTFOUND);
        msptk_result_free(result);
        msptk_call_opts_free(opts);
        msptk_args_free(args);
}

static void unknown_parameters_and_values_name_the_nearest(void **state)
{
        msptk_args *args = msptk_args_new("client_create");
        msptk_result *result = NULL;
        msptk_json *values;
        msptk_error *err = NULL;

        assert_int_equal(msptk_args_set_str(args, "teir", "gold", &err), MSPTK_E_INVALID);
        assert_non_null(strstr(msptk_error_message(err), "'tier'"));
        msptk_error_free(err);
        err = NULL;
        assert_int_equal(msptk_args_set_str(args, "tier", "golden", &err), MSPTK_E_INVALID);
        assert_non_null(strstr(msptk_error_message(err), "'gold'"));
        assert_string_equal(msptk_error_code(err), "INVALID_PARAMETERS");
        msptk_error_free(err);
        msptk_args_free(args);

        err = NULL;
        values = NULL;
        assert_int_equal(
                msptk_json_parse("{\"name\":\"X\",\"tier\":\"golden\"}", 28, &values, NULL),
                MSPTK_OK);
        assert_int_equal(msptk_args_from_json("client_create", values, &args, NULL), MSPTK_OK);
        assert_int_equal(msptk_call(*state, args, NULL, &result, &err), MSPTK_E_INVALID);
        assert_non_null(strstr(msptk_error_message(err), "'gold'"));
        msptk_error_free(err);
        msptk_json_free(values);
        msptk_args_free(args);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_name_in_any_script_becomes_an_id),
                cmocka_unit_test(a_name_is_one_line_and_a_change_changes_something),
                cmocka_unit_test(what_is_read_is_what_was_made),
                cmocka_unit_test(a_second_client_of_the_same_name_is_refused),
                cmocka_unit_test(an_unknown_client_names_the_nearest),
                cmocka_unit_test(a_list_is_complete_although_it_is_read_in_pages),
                cmocka_unit_test(a_deleted_client_is_gone_but_keeps_its_id),
                cmocka_unit_test(every_change_leaves_an_audit_entry_and_the_chain_verifies),
                cmocka_unit_test(a_plan_changes_nothing_and_says_what_would_change),
                cmocka_unit_test(unknown_parameters_and_values_name_the_nearest),
        };
        return cmocka_run_group_tests(tests, open_in_memory, close_toolkit);
}
