/* What operations really give agrees with what their rows promise: every operation that can be done
 * in a fake world is done, and its result is held against the row's schema, columns and verdict. */
#include "support.h"

#include <msptk/msptk.h>

#include "json_schema.h"
#include "ops/ops.h"

/* In this order; "@" is the id of an alert that was listed before. */
static const char *const calls[][2] = {
        { "client_create", "{\"name\":\"Acme Corp\",\"contact\":\"a b\",\"tier\":\"gold\"}" },
        { "client_create", "{\"name\":\"Other Ltd\"}" },
        { "client_list", "{}" },
        { "client_update", "{\"client_id\":\"acme-corp\",\"tier\":\"premium\"}" },
        { "adapter_list", "{}" },
        { "adapter_probe", "{\"adapter\":\"world\"}" },
        { "device_scan", "{\"adapter\":\"world\",\"client_id\":\"acme-corp\"}" },
        { "device_add", "{\"client_id\":\"acme-corp\",\"name\":\"By hand\",\"id\":\"by-hand\"}" },
        { "device_get", "{\"device_id\":\"by-hand\"}" },
        { "device_list", "{}" },
        { "health_check", "{\"client_id\":\"acme-corp\"}" },
        { "health_check", "{\"all\":true}" },
        { "health_history", "{\"client_id\":\"acme-corp\"}" },
        { "health_status", "{\"client_id\":\"acme-corp\"}" },
        { "health_configure", "{\"client_id\":\"acme-corp\",\"config\":\"cpu_percent=80\"}" },
        { "health_morning", "{}" },
        { "client_get", "{\"client_id\":\"acme-corp\"}" },
        { "alert_list", "{}" },
        { "alert_explain", "{\"alert_id\":\"@\"}" },
        { "alert_ack", "{\"alert_id\":\"@\",\"note\":\"at it\"}" },
        { "alert_snooze", "{\"alert_id\":\"@\",\"for\":\"8h\"}" },
        { "alert_explain", "{\"alert_id\":\"@\"}" },
        { "alert_list", "{\"status\":\"all\"}" },
        { "client_list", "{\"limit\":1}" },
        { "device_list", "{\"client_id\":\"acme-corp\",\"limit\":1}" },
        { "health_status", "{}" },
        { "health_history", "{\"client_id\":\"acme-corp\",\"daily\":true}" },
        { "adapter_alerts", "{\"adapter\":\"world\",\"client_id\":\"acme-corp\"}" },
        { "secret_set", "{\"name\":\"a-name\",\"value\":\"a secret\"}" },
        { "secret_list", "{}" },
        { "secret_rotate", "{}" },
        { "secret_remove", "{\"name\":\"a-name\"}" },
        { "token_create", "{\"name\":\"a-name\"}" },
        { "token_create",
          "{\"name\":\"one\",\"clients\":[\"Other Ltd\"],\"scopes\":\"read,write\"}" },
        { "token_list", "{}" },
        { "token_remove", "{\"name\":\"one\"}" },
        { "config_show", "{}" },
        { "config_check", "{}" },
        { "config_explain", "{\"key\":\"rmm.timeout\"}" },
        { "audit_list", "{}" },
        { "audit_list", "{\"limit\":3}" },
        { "audit_verify", "{}" },
        { "audit_head", "{}" },
        { "device_remove", "{\"device_id\":\"by-hand\"}" },
        { "client_delete", "{\"client_id\":\"other-ltd\"}" },
};

static msptk_toolkit *tk;
static char alert[64];
static const op_row *tools_done[OP_TOOLS_MAX];

static int open_world(void **state)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_error *err = NULL;

        (void)state;
        msptk_toolkit_opts_set(opts, "adapters",
                               "[{name: world, type: fake, devices: 3, problems: 1}]", NULL);
        msptk_toolkit_opts_set(opts, "rmm", "{provider: fake}", NULL);
        if (msptk_toolkit_open(opts, &tk, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
        msptk_toolkit_opts_free(opts);
        return 0;
}

static int close_world(void **state)
{
        (void)state;
        assert_int_equal(msptk_toolkit_close(tk, 10000, NULL), MSPTK_OK);
        msptk_toolkit_free(tk);
        return 0;
}

/* "health.status" in a row. */
static bool has_path(const msptk_json *row, const char *path)
{
        while (row && *path) {
                char key[64];
                size_t n = strcspn(path, ".");

                snprintf(key, sizeof(key), "%.*s", (int)n, path);
                row = msptk_json_get(row, key);
                path += n + (path[n] == '.');
        }
        return row != NULL;
}

/* A column is there in one of the rows at least. */
static void check_columns(const op_row *row, const msptk_json *doc)
{
        const msptk_json *rows = row->rows ? msptk_json_get(doc, row->rows) : NULL;

        if (row->rows && !msptk_json_count(rows))
                return;
        for (const op_column *c = row->columns; c && c->key; c++) {
                bool found = !rows && has_path(doc, c->key);

                for (const msptk_json *r = msptk_json_first(rows); r && !found;
                     r = msptk_json_next(r))
                        found = has_path(r, c->key);
                if (!found && rows)
                        fail_msg("%s: column '%s' is in none of %zu rows", row->act.name, c->key,
                                 msptk_json_count(rows));
        }
}

/* What an agent or a typed door reads in the schema is all there is. */
static void check_complete(const op_row *row, const msptk_json *schema, const msptk_json *v)
{
        const msptk_json *properties = msptk_json_get(schema, "properties");
        const msptk_json *items = msptk_json_get(schema, "items");

        for (const msptk_json *m = msptk_json_first(v); m && items; m = msptk_json_next(m))
                check_complete(row, items, m);
        for (const msptk_json *m = msptk_json_first(v); m && properties; m = msptk_json_next(m)) {
                const msptk_json *sub = msptk_json_get(properties, msptk_json_key(m));

                if (!sub)
                        fail_msg("%s: '%s' is not in its schema", row->act.name, msptk_json_key(m));
                check_complete(row, sub, m);
        }
}

static void check_tool_result(const op_row *row, const msptk_json *doc, const char *text)
{
        AUTO_JSON msptk_json *schemas = NULL;
        char why[200];

        assert_int_equal(msptk__op_tool_schemas(row, &schemas, NULL), MSPTK_OK);
        if (!schema_accepts(msptk_json_get(schemas, "output"), doc, why, sizeof(why)))
                fail_msg("%s as a tool: %s: %.2000s", row->act.name, why, text);
        for (size_t i = 0; i < ARRAY_LEN(tools_done); i++)
                if (!tools_done[i] || tools_done[i] == row) {
                        tools_done[i] = row;
                        return;
                }
}

static void check_result(const op_row *row, const msptk_json *doc)
{
        AUTO_JSON msptk_json *schema = NULL;
        char why[200], *text = NULL;

        assert_int_equal(msptk__op_output_schema(row, &schema, NULL), MSPTK_OK);
        assert_int_equal(msptk_json_print(doc, 0, &text, NULL), MSPTK_OK);
        if (!schema_accepts(schema, doc, why, sizeof(why)))
                fail_msg("%s: %s: %.2000s", row->act.name, why, text);
        check_complete(row, schema, doc);
        if (row->tool)
                check_tool_result(row, doc, text);
        if (strcmp(msptk_json_string(msptk_json_get(doc, "schema"), ""), row->schema))
                fail_msg("%s: is no %s: %.200s", row->act.name, row->schema, text);
        if (row->verdict && !msptk_json_get(doc, row->verdict))
                fail_msg("%s: no verdict '%s': %.300s", row->act.name, row->verdict, text);
        check_columns(row, doc);
        msptk_string_free(text);
}

/* The arguments of a call as it is made now. */
static msptk_json *arguments(const char *text)
{
        msptk_json *values = NULL;
        char made[256];
        const char *at = strchr(text, '@');

        if (at)
                snprintf(made, sizeof(made), "%.*s%s%s", (int)(at - text), text, alert, at + 1);
        else
                snprintf(made, sizeof(made), "%s", text);
        assert_int_equal(msptk_json_parse(made, strlen(made), &values, NULL), MSPTK_OK);
        return values;
}

static void remember_alert(const msptk_json *doc)
{
        const msptk_json *first = msptk_json_first(msptk_json_get(doc, "alerts"));

        if (first)
                snprintf(alert, sizeof(alert), "%s",
                         msptk_json_string(msptk_json_get(first, "id"), ""));
}

static void every_tool_was_done(void)
{
        const op_row *rows[OP_ROWS_MAX];
        size_t count;

        msptk__op_rows(rows, &count);
        for (size_t i = 0; i < count; i++) {
                bool done = !rows[i]->tool;

                for (size_t j = 0; j < ARRAY_LEN(tools_done); j++)
                        done = done || tools_done[j] == rows[i];
                if (!done)
                        fail_msg("%s: no result of this tool was looked at", rows[i]->act.name);
        }
}

static void results_are_what_rows_promise(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
                const op_row *row = msptk__op_row(calls[i][0]);
                AUTO_JSON msptk_json *values = arguments(calls[i][1]);
                msptk_args *args = NULL;
                msptk_result *result = NULL;
                msptk_error *err = NULL;

                if (!row)
                        fail_msg("there is no operation '%s'", calls[i][0]);
                assert_int_equal(msptk_args_from_json(calls[i][0], values, &args, NULL), MSPTK_OK);
                if (msptk_call(tk, args, NULL, &result, &err) < 0)
                        fail_msg("%s %s: %s", calls[i][0], calls[i][1], msptk_error_message(err));
                check_result(row, msptk_result_json(result));
                if (!strcmp(row->act.name, "alert_list"))
                        remember_alert(msptk_result_json(result));
                msptk_result_free(result);
                msptk_args_free(args);
        }
        every_tool_was_done();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(results_are_what_rows_promise),
        };
        return cmocka_run_group_tests(tests, open_world, close_world);
}
