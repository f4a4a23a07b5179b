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
                cmocka_unit_test(the_tools_of_the_design_that_exist_are_tools),
                cmocka_unit_test(the_table_says_which_rows_are_tools),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
