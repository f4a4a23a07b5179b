/* Importing clients from CSV over public functions only: plan, all or nothing, idempotent. */
#include "support.h"

#include <unistd.h>

#include <msptk/msptk.h>

typedef struct world {
        msptk_toolkit *tk;
        char dir[64], path[96];
} world;

static int open_world(void **state)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        world *w = calloc(1, sizeof(*w));
        msptk_error *err = NULL;

        snprintf(w->dir, sizeof(w->dir), "/tmp/msptk-import-XXXXXX");
        assert_non_null(mkdtemp(w->dir));
        snprintf(w->path, sizeof(w->path), "%s/clients.csv", w->dir);
        if (msptk_toolkit_open(opts, &w->tk, &err) < 0)
                print_error("open: %s\n", msptk_error_message(err));
        msptk_toolkit_opts_free(opts);
        *state = w;
        return w->tk ? 0 : -1;
}

static int close_world(void **state)
{
        world *w = *state;

        unlink(w->path);
        rmdir(w->dir);
        assert_int_equal(msptk_toolkit_close(w->tk, 5000, NULL), MSPTK_OK);
        msptk_toolkit_free(w->tk);
        free(w);
        return 0;
}

/* Imports the text; the result's JSON is a copy. */
static msptk_status import(world *w, const char *csv, int32_t plan, const char *skip_bad,
                           msptk_json **ret, msptk_error **ret_err)
{
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_args *args = msptk_args_new("client_import");
        msptk_result *result = NULL;
        FILE *f = fopen(w->path, "wb");
        msptk_status st;

        assert_non_null(f);
        fputs(csv, f);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(msptk_args_set_str(args, "file", w->path, NULL), MSPTK_OK);
        assert_int_equal(msptk_args_set_str(args, "skip_bad", skip_bad, NULL), MSPTK_OK);
        assert_int_equal(msptk_call_opts_set_int(opts, "plan", plan, NULL), MSPTK_OK);
        st = msptk_call(w->tk, args, opts, &result, ret_err);
        if (st >= 0 && ret)
                *ret = msptk_json_copy(msptk_result_json(result));
        msptk_result_free(result);
        msptk_args_free(args);
        msptk_call_opts_free(opts);
        return st;
}

static int64_t int_of(const msptk_json *json, const char *key)
{
        return msptk_json_int(msptk_json_get(json, key), -1);
}

static size_t client_count(world *w)
{
        msptk_client_list *list = NULL;
        size_t n;

        assert_int_equal(msptk_client_manager_list(msptk_toolkit_get_client_manager(w->tk), NULL,
                                                   &list, NULL),
                         MSPTK_OK);
        n = msptk_client_list_count(list);
        msptk_client_list_free(list);
        return n;
}

static const char good[] = "Company;E-Mail;Service Tier;Room\r\n"
                           "Möbel Müller GmbH;a@example.com;Gold;4\r\n"
                           "\"Acme; Corp\";;;\r\n";

static void a_file_is_imported_once(void **state)
{
        msptk_json *json = NULL;
        msptk_error *err = NULL;
        msptk_client *client = NULL;

        if (import(*state, good, 0, NULL, &json, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
        assert_int_equal(int_of(json, "imported"), 2);
        assert_int_equal(msptk_json_count(msptk_json_get(json, "notes")), 1);
        msptk_json_free(json);
        assert_int_equal(
                msptk_client_manager_get(msptk_toolkit_get_client_manager(((world *)*state)->tk),
                                         "mobel-muller-gmbh", &client, NULL),
                MSPTK_OK);
        assert_string_equal(msptk_client_tier(client), "gold");
        assert_string_equal(msptk_client_contact(client), "a@example.com");
        msptk_client_free(client);

        assert_int_equal(import(*state, good, 0, NULL, &json, NULL), MSPTK_OK);
        assert_int_equal(int_of(json, "imported"), 0);
        assert_int_equal(int_of(json, "matched"), 2);
        msptk_json_free(json);
        assert_int_equal(client_count(*state), 2);
}

static void a_plan_lists_every_row_and_changes_nothing(void **state)
{
        static const char mixed[] = "name,tier\nGood,silver\nBad,golden\n,gold\nGood,gold\n";
        static const char *const want[] = { "new", "error", "error", "conflict" };
        msptk_json *json = NULL;
        const msptk_json *row;
        size_t n = 0;

        assert_int_equal(import(*state, mixed, 1, NULL, &json, NULL), MSPTK_OK);
        for (row = msptk_json_first(msptk_json_get(json, "changes")); row;
             row = msptk_json_next(row), n++) {
                assert_true(n < 4);
                assert_string_equal(msptk_json_string(msptk_json_get(row, "action"), ""), want[n]);
                assert_int_equal(int_of(row, "line"), n + 2);
        }
        assert_int_equal(n, 4);
        msptk_json_free(json);
        assert_int_equal(client_count(*state), 0);
}

static void bad_rows_stop_all_unless_skipped(void **state)
{
        static const char mixed[] = "name,tier\nGood,silver\nBad,golden\n";
        msptk_json *json = NULL;
        msptk_error *err = NULL;

        assert_int_equal(import(*state, mixed, 0, NULL, NULL, &err), MSPTK_E_CONFLICT);
        assert_string_equal(msptk_error_reason(err), "IMPORT_REFUSED");
        assert_non_null(strstr(msptk_error_message(err), "line 3: its tier"));
        msptk_error_free(err);
        assert_int_equal(client_count(*state), 0);
        assert_int_equal(import(*state, mixed, 0, "true", &json, NULL), MSPTK_OK);
        assert_int_equal(int_of(json, "imported"), 1);
        assert_int_equal(int_of(json, "skipped"), 1);
        msptk_json_free(json);
        assert_int_equal(client_count(*state), 1);
}

static void a_row_that_contradicts_a_client_is_a_conflict(void **state)
{
        msptk_error *err = NULL;

        assert_int_equal(import(*state, "name,tier\nAcme,gold\n", 0, NULL, NULL, NULL), MSPTK_OK);
        assert_int_equal(import(*state, "name,tier\nAcme,silver\n", 0, NULL, NULL, &err),
                         MSPTK_E_CONFLICT);
        assert_non_null(strstr(msptk_error_message(err), "the file says 'silver'"));
        msptk_error_free(err);
        err = NULL;
        assert_int_equal(import(*state, "tier\ngold\n", 0, NULL, NULL, &err), MSPTK_E_PARSE);
        msptk_error_free(err);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
        const struct CMUnitTest tests[] = {
                CASE(a_file_is_imported_once),
                CASE(a_plan_lists_every_row_and_changes_nothing),
                CASE(bad_rows_stop_all_unless_skipped),
                CASE(a_row_that_contradicts_a_client_is_a_conflict),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
