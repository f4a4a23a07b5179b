/* The rows that are tools of agents: few, small, and told apart by their descriptions. */
#include "support.h"

#include <ctype.h>

#include <msptk/msptk.h>

#include "ops/ops.h"

enum { NAME_MAX_BYTES = 32, DESCRIPTION_TOKENS = 100 };

/* The eight tools of the original design, in its order; those with `there` exist. */
static const struct {
        const char *name;
        bool there;
} designed[] = {
        { "client_list", true },    { "client_onboard", false },   { "health_check", true },
        { "backup_verify", false }, { "report_generate", false },  { "device_list", true },
        { "alert_list", true },     { "execute_workflow", false },
};

static size_t tools(const op_row *ret[OP_ROWS_MAX])
{
        const op_row *rows[OP_ROWS_MAX];
        size_t count, n = 0;

        msptk__op_rows(rows, &count);
        for (size_t i = 0; i < count; i++)
                if (rows[i]->tool)
                        ret[n++] = rows[i];
        return n;
}

/* As agents' budgets are counted here and in bindings/mcp: three and a half bytes each. */
static double tokens(size_t bytes)
{
        return (double)bytes / 3.5;
}

static bool of_letters(const char *name)
{
        for (; *name; name++)
                if (!islower((unsigned char)*name) && *name != '_')
                        return false;
        return true;
}

static void tools_are_at_most_fifteen_with_those_to_come(void **state)
{
        const op_row *rows[OP_ROWS_MAX];
        size_t count = tools(rows), to_come = 0;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(designed); i++)
                to_come += !designed[i].there;
        assert_true(count > 0);
        assert_true(count + to_come <= OP_TOOLS_MAX);
}

static void tools_have_a_name_and_a_description_that_hosts_take(void **state)
{
        const op_row *rows[OP_ROWS_MAX];
        size_t count = tools(rows);

        (void)state;
        for (size_t i = 0; i < count; i++) {
                const op_row *row = rows[i];

                if (strlen(row->act.name) > NAME_MAX_BYTES || !of_letters(row->act.name))
                        fail_msg("%s: no name of a tool", row->act.name);
                if (tokens(strlen(row->description)) > DESCRIPTION_TOKENS)
                        fail_msg("%s: %.0f tokens of description", row->act.name,
                                 tokens(strlen(row->description)));
                if (row->absent && strstr(row->absent, "mcp:"))
                        fail_msg("%s: a tool that agents do not have", row->act.name);
        }
}

/* What all of them cost an agent with their schemas and annotations. The door adds to each what it
 * adds to all: formats, budgets, the envelope of errors. */
enum { LIST_TOKENS = 3500, OF_THE_DOOR = 450, SCHEMA_BYTES = 900, SCHEMA_BYTES_MEAN = 600 };

static size_t printed(const msptk_json *json)
{
        char *text = NULL;
        size_t len;

        assert_int_equal(msptk_json_print(json, 0, &text, NULL), MSPTK_OK);
        len = strlen(text);
        msptk_string_free(text);
        return len;
}

static void the_schemas_of_all_tools_leave_an_agent_room(void **state)
{
        static const char frame[] =
                "{\"name\":\"\",\"title\":\"\",\"description\":\"\",\"inputSchema\":,"
                "\"outputSchema\":,\"annotations\":{\"readOnlyHint\":false,\"destructiveHint\":"
                "false,\"idempotentHint\":false,\"openWorldHint\":false}},";
        const op_row *rows[OP_ROWS_MAX];
        size_t count = tools(rows), schemas = 0, all = 0;

        (void)state;
        for (size_t i = 0; i < count; i++) {
                AUTO_JSON msptk_json *both = NULL;
                size_t bytes;

                assert_int_equal(msptk__op_tool_schemas(rows[i], &both, NULL), MSPTK_OK);
                bytes = printed(msptk_json_get(both, "input")) +
                        printed(msptk_json_get(both, "output"));
                if (bytes > SCHEMA_BYTES)
                        fail_msg("%s: %zu bytes of schemas", rows[i]->act.name, bytes);
                schemas += bytes;
                all += bytes + sizeof(frame) - 1 + strlen(rows[i]->act.name) +
                       strlen(rows[i]->title) + strlen(rows[i]->description);
        }
        if (schemas > count * SCHEMA_BYTES_MEAN || tokens(all) > LIST_TOKENS - OF_THE_DOOR)
                fail_msg("%zu tools: %zu bytes of schemas, %.0f tokens in all", count, schemas,
                         tokens(all));
}

/* Names, values and defaults of the original design; descriptions are ours. */
static const struct {
        const char *tool, *param, *type, *values, *dflt;
        bool required;
} of_the_design[] = {
        { "client_list", "tier", "string", "bronze silver gold premium", NULL, false },
        { "client_list", "status", "string", "active inactive suspended", NULL, false },
        { "client_list", "search", "string", NULL, NULL, false },
        { "health_check", "client_id", "string", NULL, NULL, false },
        { "health_check", "check_types", "array", "cpu memory disk services network", NULL, false },
        { "health_check", "threshold_override", "object", NULL, NULL, false },
        { "alert_list", "client_id", "string", NULL, NULL, false },
        { "alert_list", "severity", "string", "critical warning info", NULL, false },
        { "alert_list", "since", "string", NULL, NULL, false },
        { "device_list", "client_id", "string", NULL, NULL, false },
};

/* The words come first and in this order; more may follow. */
static bool begins_with(const msptk_json *list, const char *words)
{
        const msptk_json *item = msptk_json_first(list);

        for (const char *at = words; *(at += strspn(at, " ")); at += strcspn(at, " ")) {
                const char *word = msptk_json_string(item, "");
                size_t n = strcspn(at, " ");

                if (strlen(word) != n || strncmp(word, at, n))
                        return false;
                item = msptk_json_next(item);
        }
        return true;
}

static void parameters_are_those_of_the_design(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(of_the_design); i++) {
                const char *tool = of_the_design[i].tool, *name = of_the_design[i].param;
                const op_row *row = msptk__op_row(tool);
                AUTO_JSON msptk_json *both = NULL;
                const msptk_json *input, *param, *values, *need;
                bool required = false;

                assert_int_equal(msptk__op_tool_schemas(row, &both, NULL), MSPTK_OK);
                input = msptk_json_get(both, "input");
                param = msptk_json_get(msptk_json_get(input, "properties"), name);
                if (!param)
                        fail_msg("%s has no '%s'", tool, name);
                assert_string_equal(msptk_json_string(msptk_json_get(param, "type"), ""),
                                    of_the_design[i].type);
                values = msptk_json_get(
                        msptk_json_get(param, "items") ? msptk_json_get(param, "items") : param,
                        "enum");
                if (of_the_design[i].values && !begins_with(values, of_the_design[i].values))
                        fail_msg("%s.%s has other values", tool, name);
                assert_int_equal(!msptk_json_get(param, "default"), !of_the_design[i].dflt);
                need = msptk_json_get(input, "required");
                for (const msptk_json *r = msptk_json_first(need); r; r = msptk_json_next(r))
                        required = required || !strcmp(msptk_json_string(r, ""), name);
                assert_int_equal(required, of_the_design[i].required);
        }
}

static void the_tools_of_the_design_that_exist_are_tools(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(designed); i++) {
                const op_row *row = msptk__op_row(designed[i].name);

                if ((row != NULL) != designed[i].there)
                        fail_msg("%s: is %s", designed[i].name, row ? "there" : "not there");
                if (row && !row->tool)
                        fail_msg("%s: is no tool", designed[i].name);
        }
}

static void the_table_says_which_rows_are_tools(void **state)
{
        AUTO_JSON msptk_json *table = NULL;

        (void)state;
        assert_int_equal(msptk_operations(&table, NULL), MSPTK_OK);
        for (const msptk_json *o = msptk_json_first(msptk_json_get(table, "operations")); o;
             o = msptk_json_next(o)) {
                const op_row *row = msptk__op_row(msptk_json_string(msptk_json_get(o, "name"), ""));
                const msptk_json *tool = msptk_json_next(msptk_json_get(o, "doors_absent"));

                assert_non_null(row);
                assert_string_equal(msptk_json_key(tool), "tool");
                assert_int_equal(msptk_json_type(tool), MSPTK_JSON_BOOL);
                assert_int_equal(msptk_json_bool(tool, -1), row->tool);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(tools_are_at_most_fifteen_with_those_to_come),
                cmocka_unit_test(tools_have_a_name_and_a_description_that_hosts_take),
                cmocka_unit_test(the_schemas_of_all_tools_leave_an_agent_room),
                cmocka_unit_test(parameters_are_those_of_the_design),
                cmocka_unit_test(the_tools_of_the_design_that_exist_are_tools),
                cmocka_unit_test(the_table_says_which_rows_are_tools),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
