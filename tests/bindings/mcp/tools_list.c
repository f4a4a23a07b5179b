/* The tool list: what it costs, what it promises, who sees what. */
#include "tools_world.h"

enum { LIST_TOKENS = 3500, DESCRIPTION_TOKENS = 100, ALL = MCP_READ | MCP_WRITE | MCP_EXECUTE };

static const char *const designed[] = { "client_list",   "client_onboard",  "health_check",
                                        "backup_verify", "report_generate", "device_list",
                                        "alert_list",    "execute_workflow" };

static const msptk_json *list_for(const world *w, uint32_t scopes)
{
        const mcp_principal who = { .name = "somebody", .scopes = scopes };

        return w->cat->list(w->cat->user, MCP_TOOLS, &who);
}

static bool lists(const world *w, uint32_t scopes, const char *name)
{
        const msptk_json *all = list_for(w, scopes);

        for (const msptk_json *e = msptk_json_first(all); e; e = msptk_json_next(e))
                if (!strcmp(text_at(e, "name"), name))
                        return true;
        return false;
}

static char *file_text(const char *path)
{
        FILE *f = fopen(path, "rb");
        char *made = calloc(1, 1 << 20);

        if (f) {
                (void)!fread(made, 1, (1 << 20) - 1, f);
                fclose(f);
        }
        return made;
}

static void the_list_is_what_it_was_byte_for_byte(void **state)
{
        static const char path[] = TEST_SOURCE_ROOT "/tests/bindings/mcp/tools_list.json";
        world *w = *state;
        char *one = mcp_tools_manifest(w->tools, ALL), *two, *was;

        if (getenv("MSPTK_REGENERATE")) {
                FILE *f = fopen(path, "wb");

                assert_non_null(f);
                fprintf(f, "%s\n", one);
                fclose(f);
        }
        was = file_text(path);
        was[strcspn(was, "\n")] = '\0';
        assert_string_equal(one, was);
        world_tools(w, true); /* another program, the same bytes */
        two = mcp_tools_manifest(w->tools, ALL);
        assert_string_equal(one, two);
        free(one);
        free(two);
        free(was);
}

static void the_whole_list_costs_at_most_3500_tokens(void **state)
{
        world *w = *state;
        char *all = mcp_tools_manifest(w->tools, ALL);
        double tokens = (double)strlen(all) / 3.5;

        print_message("tools/list: %zu bytes, %.0f estimated tokens\n", strlen(all), tokens);
        assert_true(tokens <= LIST_TOKENS);
        assert_true(msptk_json_count(list_for(w, ALL)) <= 15);
        free(all);
}

static void each_entry_says_what_agents_need(void **state)
{
        static const char *const hints[] = { "readOnlyHint", "destructiveHint", "idempotentHint",
                                             "openWorldHint" };
        world *w = *state;
        char why[200];

        for (const msptk_json *e = msptk_json_first(list_for(w, ALL)); e; e = msptk_json_next(e)) {
                const char *name = text_at(e, "name");
                const msptk_json *in = at(e, "inputSchema");

                assert_true(*name && strlen(name) <= 32);
                assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
                assert_true(*text_at(e, "title"));
                assert_true(*text_at(e, "description"));
                assert_true((double)strlen(text_at(e, "description")) / 3.5 <= DESCRIPTION_TOKENS);
                for (size_t i = 0; i < 4; i++)
                        assert_int_equal(msptk_json_type(at(at(e, "annotations"), hints[i])),
                                         MSPTK_JSON_BOOL);
                if (!schema_is_subset(in, why, sizeof(why)))
                        fail_msg("%s: %s", name, why);
                assert_string_equal(text_at(in, "type"), "object");
                assert_int_equal(msptk_json_bool(at(in, "additionalProperties"), 1), 0);
                assert_string_equal(text_at(e, "outputSchema.type"), "object");
        }
}

static void annotations_come_from_the_row(void **state)
{
        world *w = *state;
        msptk_json *operations = NULL;
        size_t changing = 0;

        assert_int_equal(msptk_operations(&operations, NULL), MSPTK_OK);
        for (const msptk_json *row = msptk_json_first(at(operations, "operations")); row;
             row = msptk_json_next(row)) {
                const msptk_json *e = entry_of(w, text_at(row, "name"));
                bool reads = !strcmp(text_at(row, "effect"), "read");

                if (!e)
                        continue;
                changing += !reads;
                assert_int_equal(msptk_json_bool(at(e, "annotations.readOnlyHint"), -1), reads);
                assert_int_equal(msptk_json_bool(at(e, "annotations.destructiveHint"), -1),
                                 !strcmp(text_at(row, "effect"), "destructive"));
                assert_int_equal(msptk_json_bool(at(e, "annotations.openWorldHint"), -1),
                                 msptk_json_bool(at(row, "outside"), -1));
                /* what an agent gives to confirm a change is there where something changes */
                assert_int_equal(at(e, "inputSchema.properties.confirmation_token") != NULL,
                                 !reads);
        }
        assert_true(changing > 0);
        msptk_json_free(operations);
}

/* A tool of the design appears with its operation, and without a line in this door. */
static void designed_tools_are_listed_as_soon_as_their_operation_exists(void **state)
{
        world *w = *state;
        msptk_json *operations = NULL;
        size_t there = 0;

        assert_int_equal(msptk_operations(&operations, NULL), MSPTK_OK);
        for (size_t i = 0; i < sizeof(designed) / sizeof(designed[0]); i++) {
                bool exists = false;

                for (const msptk_json *row = msptk_json_first(at(operations, "operations")); row;
                     row = msptk_json_next(row))
                        exists = exists || !strcmp(text_at(row, "name"), designed[i]);
                print_message("%-16s %s\n", designed[i], exists ? "listed" : "not yet");
                assert_int_equal(lists(w, ALL, designed[i]), exists);
                there += exists;
        }
        assert_true(there >= 4);
        msptk_json_free(operations);
}

static void what_changes_is_hidden_without_writes_and_without_the_scope(void **state)
{
        world *w = *state;
        const mcp_principal reader = { .name = "r", .scopes = MCP_READ };
        const mcp_principal nobody = { .name = "n", .scopes = 0 };

        assert_true(lists(w, ALL, "alert_ack"));
        assert_false(lists(w, MCP_READ, "alert_ack"));
        assert_true(lists(w, MCP_READ, "alert_list"));
        assert_int_equal(msptk_json_count(list_for(w, 0)), 0);
        assert_true(w->cat->hides(w->cat->user, MCP_TOOLS, &reader, "alert_ack"));
        assert_false(w->cat->hides(w->cat->user, MCP_TOOLS, &reader, "alert_list"));
        assert_false(w->cat->hides(w->cat->user, MCP_TOOLS, &reader, "client_create"));
        assert_true(w->cat->hides(w->cat->user, MCP_TOOLS, &nobody, "alert_list"));
        world_tools(w, false);
        assert_false(lists(w, ALL, "alert_ack"));
        assert_false(lists(w, ALL, "alert_snooze"));
        assert_true(lists(w, ALL, "health_check"));
        world_tools(w, true);
}

static size_t words(const char *s)
{
        size_t n = 0;

        while (*(s += strspn(s, " "))) {
                n++;
                s += strcspn(s, " ");
        }
        return n;
}

static void instructions_are_short_and_say_whether_anything_changes(void **state)
{
        world *w = *state;

        assert_true(words(mcp_tools_instructions(w->tools)) <= 150);
        assert_non_null(strstr(mcp_tools_instructions(w->tools), "confirmed"));
        world_tools(w, false);
        assert_true(words(mcp_tools_instructions(w->tools)) <= 150);
        assert_non_null(strstr(mcp_tools_instructions(w->tools), "read-only"));
        world_tools(w, true);
}

static void nothing_is_opened_for_the_list(void **state)
{
        world *w = *state;

        assert_int_equal(w->opened, 0);
        assert_int_equal(mcp_tools_fd(w->tools), -1);
}

static int set_up(void **state)
{
        static world w;

        world_make(&w, "");
        world_tools(&w, true);
        *state = &w;
        return 0;
}

static int tear_down(void **state)
{
        world_end(*state);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_list_is_what_it_was_byte_for_byte),
                cmocka_unit_test(the_whole_list_costs_at_most_3500_tokens),
                cmocka_unit_test(each_entry_says_what_agents_need),
                cmocka_unit_test(annotations_come_from_the_row),
                cmocka_unit_test(designed_tools_are_listed_as_soon_as_their_operation_exists),
                cmocka_unit_test(what_changes_is_hidden_without_writes_and_without_the_scope),
                cmocka_unit_test(instructions_are_short_and_say_whether_anything_changes),
                cmocka_unit_test(nothing_is_opened_for_the_list),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
