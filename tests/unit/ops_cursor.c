/* Cursors of pages: sealed, and good only for the call that they continue. */
#define _XOPEN_SOURCE 700 /* nftw() */
#define ROOM "test"
#include "support.h"

#include <ftw.h>
#include <sys/stat.h>

#include <msptk/msptk.h>

#include "audit/internal.h"
#include "toolkit_support.h"

enum { CLIENTS = 7 };

static void fill(world *w)
{
        for (int i = 0; i < CLIENTS; i++) {
                char args[64];

                snprintf(args, sizeof(args), "{'name':'Client %d','tier':'%s'}", i,
                         i % 2 ? "gold" : "silver");
                msptk_json_free(world_do(w, "client_create", args));
        }
}

/* Like world_call(), by a principal of its own, with a cursor when there is one. */
static msptk_status page_of(world *w, const char *operation, const char *json, const char *who,
                            const char *cursor, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_JSON msptk_json *values = NULL;
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_args *args = NULL;
        msptk_result *result = NULL;
        msptk_status st;

        assert_int_equal(msptk_json_parse(json, strlen(json), &values, NULL), MSPTK_OK);
        if (cursor)
                assert_int_equal(msptk_json_set_string(values, "cursor", cursor), MSPTK_OK);
        assert_int_equal(msptk_args_from_json(operation, values, &args, NULL), MSPTK_OK);
        msptk_call_opts_set_str(opts, "principal", who, NULL);
        st = msptk_call(w->tk, args, opts, &result, ret_err);
        if (st == MSPTK_OK && ret)
                *ret = msptk_json_copy(msptk_result_json(result));
        msptk_result_free(result);
        msptk_call_opts_free(opts);
        msptk_args_free(args);
        return st;
}

static char *first_cursor(world *w, const char *operation, const char *json, const char *who)
{
        AUTO_JSON msptk_json *page = NULL;
        AUTO_ERROR msptk_error *err = NULL;
        const char *cursor;

        if (page_of(w, operation, json, who, NULL, &page, &err) < 0)
                fail_msg("%s: %s", operation, msptk_error_message(err));
        cursor = msptk_json_string(msptk_json_get(page, "next_cursor"), NULL);
        assert_non_null(cursor);
        return msptk__strdup(cursor);
}

static void assert_refused(world *w, const char *operation, const char *json, const char *who,
                           const char *cursor)
{
        AUTO_ERROR msptk_error *err = NULL;

        assert_int_equal(page_of(w, operation, json, who, cursor, NULL, &err), MSPTK_E_INVALID);
        assert_string_equal(msptk_error_reason(err), "CURSOR_INVALID");
        assert_string_equal(msptk_error_code(err), "INVALID_PARAMETERS");
        assert_true(*msptk_error_suggestion(err));
}

static void pages_lead_through_every_row_once(void **state)
{
        AUTO_WORLD world w;
        AUTO_FREE char *cursor = NULL;
        char seen[CLIENTS][32] = { { 0 } };
        size_t rows = 0, pages = 0;

        (void)state;
        world_open(&w, NULL);
        fill(&w);
        do {
                AUTO_JSON msptk_json *page = NULL;

                assert_int_equal(
                        page_of(&w, "client_list", "{\"limit\":2}", NULL, cursor, &page, NULL),
                        MSPTK_OK);
                pages++;
                for (const msptk_json *c = msptk_json_first(msptk_json_get(page, "clients")); c;
                     c = msptk_json_next(c), rows++) {
                        assert_true(rows < CLIENTS);
                        snprintf(seen[rows], sizeof(seen[0]), "%s", text_at(c, "id"));
                        for (size_t i = 0; i < rows; i++)
                                assert_string_not_equal(seen[i], seen[rows]);
                }
                msptk__free(cursor);
                cursor =
                        msptk__strdup(msptk_json_string(msptk_json_get(page, "next_cursor"), NULL));
        } while (cursor);
        assert_int_equal(rows, CLIENTS);
        assert_int_equal(pages, 4);
}

static void a_cursor_says_nothing_and_fits_its_parameter(void **state)
{
        AUTO_WORLD world w;
        AUTO_FREE char *cursor = NULL;

        (void)state;
        world_open(&w, NULL);
        fill(&w);
        cursor = first_cursor(&w, "client_list", "{\"limit\":2}", NULL);
        assert_null(strstr(cursor, "client"));
        assert_int_equal(strspn(cursor, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                        "0123456789-_"),
                         strlen(cursor));
        assert_true(BASE64URL_LEN(sizeof(((sealed *)0)->bytes)) <= 512);
}

static void a_changed_cursor_is_refused(void **state)
{
        AUTO_WORLD world w;
        AUTO_FREE char *cursor = NULL;
        static const char *const none[] = { "x", "client-1", "AAAA", "-", "%00", "null", "=" };

        (void)state;
        world_open(&w, NULL);
        fill(&w);
        cursor = first_cursor(&w, "client_list", "{\"limit\":2}", NULL);
        for (size_t i = 0; cursor[i]; i++) {
                char kept = cursor[i];

                cursor[i] = kept == 'A' ? 'B' : 'A';
                assert_refused(&w, "client_list", "{\"limit\":2}", NULL, cursor);
                cursor[i] = kept;
        }
        for (size_t i = 0; i < ARRAY_LEN(none); i++)
                assert_refused(&w, "client_list", "{\"limit\":2}", NULL, none[i]);
        cursor[strlen(cursor) - 4] = '\0';
        assert_refused(&w, "client_list", "{\"limit\":2}", NULL, cursor);
}

/* A principal that may see two clients. */
static const char *some_clients_only(world *w)
{
        msptk_json *made =
                world_do(w, "token_create", "{'name':'few','clients':['client-1','client-3']}");
        char args[256];

        snprintf(args, sizeof(args), "{'token':'%s'}", text_at(made, "token"));
        msptk_json_free(made);
        msptk_json_free(world_do(w, "token_check", args));
        return "token:few";
}

static void a_cursor_belongs_to_operation_filters_and_audience(void **state)
{
        AUTO_WORLD world w;
        AUTO_FREE char *cursor = NULL, *other = NULL;

        (void)state;
        world_open(&w, NULL);
        fill(&w);
        cursor = first_cursor(&w, "client_list", "{\"limit\":2,\"tier\":\"gold\"}", "ann");
        other = first_cursor(&w, "audit_list", "{\"limit\":2}", "ann");
        assert_int_equal(
                page_of(&w, "client_list", "{\"tier\":\"gold\"}", "ann", cursor, NULL, NULL),
                MSPTK_OK);
        assert_refused(&w, "client_list", "{\"limit\":2}", "ann", cursor);
        assert_refused(&w, "client_list", "{\"tier\":\"silver\"}", "ann", cursor);
        assert_refused(&w, "client_list", "{\"tier\":\"gold\",\"search\":\"1\"}", "ann", cursor);
        assert_refused(&w, "client_list", "{\"tier\":\"gold\"}", some_clients_only(&w), cursor);
        assert_refused(&w, "device_list", "{}", "ann", cursor);
        assert_refused(&w, "client_list", "{}", "ann", other);
}

static void a_relative_time_is_the_same_filter_a_minute_later(void **state)
{
        AUTO_WORLD world w;
        AUTO_FREE char *cursor = NULL;

        (void)state;
        world_open(&w, NULL);
        fill(&w);
        cursor = first_cursor(&w, "audit_list", "{\"limit\":2,\"since\":\"24h\"}", NULL);
        w.now += MINUTES(1);
        assert_int_equal(page_of(&w, "audit_list", "{\"limit\":2,\"since\":\"24h\"}", NULL, cursor,
                                 NULL, NULL),
                         MSPTK_OK);
        assert_refused(&w, "audit_list", "{\"limit\":2,\"since\":\"48h\"}", NULL, cursor);
}

static void another_workspace_does_not_take_it(void **state)
{
        AUTO_WORLD world a, b;
        AUTO_FREE char *cursor = NULL;

        (void)state;
        world_open(&a, NULL);
        world_open(&b, NULL);
        fill(&a);
        fill(&b);
        cursor = first_cursor(&a, "client_list", "{\"limit\":2}", NULL);
        assert_refused(&b, "client_list", "{\"limit\":2}", NULL, cursor);
}

static void write_text(const char *dir, const char *name, const char *text)
{
        char path[128];
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", dir, name);
        f = fopen(path, "w");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(chmod(path, 0600), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
        (void)st, (void)type, (void)at;
        return remove(path);
}

static void remove_tree(const char *dir)
{
        assert_int_equal(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void the_next_process_takes_it_unless_a_passphrase_opens_the_vault(void **state)
{
        static const char *const vaults[] = {
                "database: {type: sqlite, path: t.db}\n",
                "database: {type: sqlite, path: t.db}\nvault: {passphrase: 'file:pass'}\n",
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(vaults); i++) {
                char dir[] = "/tmp/msptk-cursor-XXXXXX", path[96];
                AUTO_FREE char *cursor = NULL;
                world w;

                assert_non_null(mkdtemp(dir));
                snprintf(path, sizeof(path), "%s/msp-toolkit.yaml", dir);
                write_text(dir, "msp-toolkit.yaml", vaults[i]);
                write_text(dir, "pass", "a pass of several words");
                world_open(&w, path);
                fill(&w);
                cursor = first_cursor(&w, "client_list", "{\"limit\":2}", NULL);
                assert_int_equal(
                        page_of(&w, "client_list", "{\"limit\":2}", NULL, cursor, NULL, NULL),
                        MSPTK_OK);
                world_close(&w);
                world_open(&w, path);
                if (i)
                        assert_refused(&w, "client_list", "{\"limit\":2}", NULL, cursor);
                else
                        assert_int_equal(page_of(&w, "client_list", "{\"limit\":2}", NULL, cursor,
                                                 NULL, NULL),
                                         MSPTK_OK);
                world_close(&w);
                remove_tree(dir);
        }
}

static void a_reader_of_rows_goes_on_by_itself(void **state)
{
        AUTO_WORLD world w;
        msptk_args *args = msptk_args_new("audit_list");
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_result *result = NULL;
        const msptk_json *row;
        msptk_status st;
        int rows = 0;

        (void)state;
        world_open(&w, NULL);
        for (int i = 0; i < 130; i++)
                msptk_json_free(world_do(&w, "client_list", "{}"));
        msptk_call_opts_set_str(opts, "principal", "ann", NULL);
        assert_int_equal(msptk_call(w.tk, args, opts, &result, NULL), MSPTK_OK);
        while ((st = msptk_result_next(result, &row, NULL)) == MSPTK_OK)
                rows++;
        assert_int_equal(st, MSPTK_DONE);
        assert_true(rows > 100);
        msptk_result_free(result);
        msptk_call_opts_free(opts);
        msptk_args_free(args);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pages_lead_through_every_row_once),
                cmocka_unit_test(a_cursor_says_nothing_and_fits_its_parameter),
                cmocka_unit_test(a_changed_cursor_is_refused),
                cmocka_unit_test(a_cursor_belongs_to_operation_filters_and_audience),
                cmocka_unit_test(a_relative_time_is_the_same_filter_a_minute_later),
                cmocka_unit_test(another_workspace_does_not_take_it),
                cmocka_unit_test(the_next_process_takes_it_unless_a_passphrase_opens_the_vault),
                cmocka_unit_test(a_reader_of_rows_goes_on_by_itself),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
