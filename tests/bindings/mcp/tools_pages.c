/* Pages by a budget of tokens: within it, full, and nothing lost between them. */
#include "tools_world.h"

enum { CLIENTS = 150, DEVICES = 40 };

/* One page; its rows are counted, its ids noted. */
typedef struct seen {
        char ids[4096][80];
        size_t count, pages;
} seen;

static void note_row(seen *s, const msptk_json *row, const char *key)
{
        char *whole = printed(row);

        assert_true(s->count < sizeof(s->ids) / sizeof(s->ids[0]));
        snprintf(s->ids[s->count], sizeof(s->ids[0]), "%s", key ? text_at(row, key) : whole);
        for (size_t i = 0; key && i < s->count; i++)
                assert_string_not_equal(s->ids[i], s->ids[s->count]);
        s->count++;
        free(whole);
}

static bool read_page(world *w, const char *tool, const char *rows, const char *key, int64_t budget,
                      const char *format, const char *more, char *cursor, seen *s)
{
        mcp_call c = { 0 };
        char arguments[1024];
        const msptk_json *next;
        double tokens, rows_there;
        bool truncated;

        snprintf(arguments, sizeof(arguments), "{'max_tokens':%lld,'response_format':'%s'%s%s%s%s}",
                 (long long)budget, format, more, *cursor ? ",'cursor':'" : "", cursor,
                 *cursor ? "'" : "");
        call(w, &c, tool, arguments);
        if (at(c.result, "isError"))
                fail_msg("%s %s: %s", tool, arguments, reply_text(&c));
        tokens = reply_tokens(&c);
        rows_there = (double)msptk_json_count(at(reply_data(&c), rows));
        truncated = msptk_json_bool(at(reply_data(&c), "truncated"), -1) == 1;
        next = at(reply_data(&c), "next_cursor");
        /* a single row is given even where it is more than was asked for */
        if (tokens > (double)budget * 1.05 && rows_there > 1)
                fail_msg("%s: %.0f tokens of %lld", tool, tokens, (long long)budget);
        /* as full as whole rows let it be */
        if (truncated && rows_there > 1 && !strstr(more, "limit") &&
            tokens < (double)budget * 0.95 - 2 * tokens / rows_there - 60)
                fail_msg("%s: only %.0f tokens of %lld", tool, tokens, (long long)budget);
        assert_int_equal(truncated, msptk_json_type(next) == MSPTK_JSON_STRING);
        assert_int_equal(truncated, strstr(reply_text(&c), "Truncated") != NULL);
        for (const msptk_json *v = msptk_json_first(at(reply_data(&c), rows)); v;
             v = msptk_json_next(v))
                note_row(s, v, key);
        s->pages++;
        snprintf(cursor, 400, "%s", msptk_json_string(next, ""));
        stub_call_clear(&c);
        return truncated;
}

static size_t read_all(world *w, const char *tool, const char *rows, const char *key,
                       int64_t budget, const char *format, const char *more, size_t *ret_pages)
{
        static seen s;
        char cursor[400] = "";

        s.count = s.pages = 0;
        while (read_page(w, tool, rows, key, budget, format, more, cursor, &s))
                assert_true(s.pages < 500);
        if (ret_pages)
                *ret_pages = s.pages;
        return s.count;
}

static void every_budget_is_kept_and_filled_and_no_row_is_lost(void **state)
{
        static const int64_t budgets[] = { 500, 777, 1000, 1999, 4000, 9000, 20000 };
        world *w = *state;
        size_t pages, most = 0;

        for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
                assert_int_equal(read_all(w, "client_list", "clients", "id", budgets[i], "concise",
                                          "", &pages),
                                 CLIENTS + 1);
                most = pages > most ? pages : most;
                assert_int_equal(read_all(w, "client_list", "clients", "id", budgets[i], "detailed",
                                          "", NULL),
                                 CLIENTS + 1);
                assert_int_equal(read_all(w, "device_list", "devices", "id", budgets[i], "concise",
                                          "", NULL),
                                 DEVICES);
        }
        assert_true(most > 10);
}

static void concise_is_much_less_than_detailed(void **state)
{
        world *w = *state;
        mcp_call concise = { 0 }, detailed = { 0 };

        call(w, &concise, "device_list", "{'limit':10}");
        call(w, &detailed, "device_list", "{'limit':10,'response_format':'detailed'}");
        assert_true(reply_tokens(&concise) < 0.75 * reply_tokens(&detailed));
        assert_null(at(reply_data(&concise), "devices.0.created_at"));
        assert_non_null(at(reply_data(&detailed), "devices.0.created_at"));
        stub_call_clear(&concise);
        stub_call_clear(&detailed);
}

static void a_run_is_paged_from_what_it_kept(void **state)
{
        world *w = *state;
        mcp_call c = { 0 };
        size_t all = (size_t)DEVICES * 7, pages;
        char run[64], arguments[600];

        assert_int_equal(read_all(w, "health_check", "results", NULL, 4000, "concise",
                                  ",'client_id':'acme-corp'", &pages),
                         all);
        assert_true(pages > 2);
        assert_int_equal(read_all(w, "health_check", "results", NULL, 4000, "detailed",
                                  ",'client_id':'acme-corp'", NULL),
                         all);
        /* the next page is of the same run, and asks no vendor again */
        call(w, &c, "health_check", "{'client_id':'acme-corp'}");
        snprintf(run, sizeof(run), "%s", text_at(reply_data(&c), "run_id"));
        assert_true(*run);
        snprintf(arguments, sizeof(arguments), "{'client_id':'acme-corp','cursor':'%s'}",
                 text_at(reply_data(&c), "next_cursor"));
        stub_call_clear(&c);
        w->now += MINUTE;
        call(w, &c, "health_check", arguments);
        assert_string_equal(text_at(reply_data(&c), "run_id"), run);
        stub_call_clear(&c);
}

static void a_limit_is_kept_and_what_is_left_is_told(void **state)
{
        world *w = *state;
        mcp_call c = { 0 };

        assert_int_equal(
                read_all(w, "client_list", "clients", "id", 4000, "concise", ",'limit':7", NULL),
                CLIENTS + 1);
        call(w, &c, "client_list", "{'limit':7}");
        assert_int_equal(msptk_json_count(at(reply_data(&c), "clients")), 7);
        assert_int_equal(msptk_json_int(at(reply_data(&c), "count"), 0), 7);
        assert_non_null(strstr(reply_text(&c), "narrow by tier, status, search"));
        assert_non_null(strstr(text_at(reply_data(&c), "hint"), "tier"));
        assert_non_null(strstr(reply_text(&c), text_at(reply_data(&c), "next_cursor")));
        stub_call_clear(&c);
        call(w, &c, "client_list", "{'search':'acme'}");
        assert_int_equal(msptk_json_int(at(reply_data(&c), "total"), 0), 1);
        assert_int_equal(msptk_json_bool(at(reply_data(&c), "truncated"), 1), 0);
        stub_call_clear(&c);
}

static void a_cursor_of_elsewhere_is_refused(void **state)
{
        static const char *const others[] = { "x", "AQ0rNUv0", "next_cursor" };
        world *w = *state;
        mcp_call c = { 0 };
        char arguments[600];

        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
                snprintf(arguments, sizeof(arguments), "{'cursor':'%s'}", others[i]);
                call(w, &c, "client_list", arguments);
                assert_string_equal(text_at(reply_data(&c), "error.code"), "INVALID_PARAMETERS");
                stub_call_clear(&c);
        }
        /* of another question, and of another principal */
        call(w, &c, "client_list", "{'limit':2}");
        snprintf(arguments, sizeof(arguments), "{'tier':'gold','cursor':'%s'}",
                 text_at(reply_data(&c), "next_cursor"));
        stub_call_clear(&c);
        call(w, &c, "client_list", arguments);
        assert_string_equal(text_at(reply_data(&c), "error.code"), "INVALID_PARAMETERS");
        stub_call_clear(&c);
}

static void text_says_nothing_that_the_data_does_not_say(void **state)
{
        world *w = *state;
        mcp_call c = { 0 };
        const char *line;
        char *data;

        call(w, &c, "client_list", "{'limit':20,'response_format':'detailed'}");
        data = printed(reply_data(&c));
        line = strstr(reply_text(&c), "\n| "); /* the head of the table */
        for (line = strstr(line + 1, "\n| "); line; line = strstr(line + 1, "\n| ")) {
                const char *cell = line + 3;

                while (*cell && *cell != '\n') {
                        size_t n = strcspn(cell, "|\n");
                        char one[200];

                        while (n && cell[n - 1] == ' ')
                                n--;
                        snprintf(one, sizeof(one), "%.*s", (int)n, cell);
                        if (n == 17 && one[10] == 'T') /* times are cut to the minute */
                                one[16] = '\0';
                        if (strcmp(one, "-") != 0 && !strstr(data, one))
                                fail_msg("'%s' is not in the data", one);
                        cell += strcspn(cell, "|\n");
                        cell += *cell == '|' ? 2 : 0;
                }
        }
        free(data);
        stub_call_clear(&c);
}

static void what_was_not_observed_is_partial_and_leaves_room_for_rows(void **state)
{
        static const int64_t budgets[] = { 500, 1500, 4000 };
        char arguments[100];
        world w;

        (void)state;
        world_make(&w, "adapters:\n  - {name: world, type: fake, devices: 30, fail: 0}\n");
        world_did(&w, "client_create", "{'name':'Acme Corp'}");
        world_did(&w, "device_scan", "{'client_id':'acme-corp'}");
        world_config(&w, "adapters:\n  - {name: world, type: fake, devices: 30, fail: 1, "
                         "fail_as: auth}\n");
        world_tools(&w, false);
        for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
                mcp_call c = { 0 };

                snprintf(arguments, sizeof(arguments), "{'max_tokens':%d}", (int)budgets[i]);
                call(&w, &c, "health_check", arguments);
                assert_null(at(c.result, "isError")); /* some do not answer: no failure of all */
                assert_int_equal(msptk_json_bool(at(reply_data(&c), "partial"), 0), 1);
                assert_non_null(strstr(reply_text(&c), "partial: yes"));
                assert_non_null(at(reply_data(&c), "coverage.not_reported_left_out"));
                assert_true(reply_tokens(&c) <= (double)budgets[i] * 1.05);
                assert_true(msptk_json_count(at(reply_data(&c), "results")) > 0);
                stub_call_clear(&c);
        }
        world_end(&w);
}

static int set_up(void **state)
{
        static world w;
        char arguments[200];

        world_make(&w, "adapters:\n  - {name: world, type: fake, devices: 40, problems: 0.5}\n");
        world_did(&w, "client_create", "{'name':'Acme Corp','tier':'premium'}");
        for (int i = 0; i < CLIENTS; i++) {
                snprintf(arguments, sizeof(arguments), "{'name':'Client %03d %.*s','tier':'%s'}", i,
                         i % 60, "with a name that is longer than the names of other companies are",
                         i % 2 ? "gold" : "silver");
                world_did(&w, "client_create", arguments);
        }
        world_did(&w, "device_scan", "{'client_id':'acme-corp'}");
        world_tools(&w, false);
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
                cmocka_unit_test(every_budget_is_kept_and_filled_and_no_row_is_lost),
                cmocka_unit_test(concise_is_much_less_than_detailed),
                cmocka_unit_test(a_run_is_paged_from_what_it_kept),
                cmocka_unit_test(a_limit_is_kept_and_what_is_left_is_told),
                cmocka_unit_test(a_cursor_of_elsewhere_is_refused),
                cmocka_unit_test(what_was_not_observed_is_partial_and_leaves_room_for_rows),
                cmocka_unit_test(text_says_nothing_that_the_data_does_not_say),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
