/* The era without a handshake: discovery, lists, results, questions by retry, logs, progress. */
#include "mcp_support.h"

#define CALL(id, name, more) REQUEST(id, "tools/call", "\"name\":\"" name "\"," more)
#define ELICITS META_WITH("{\"elicitation\":{}}")

static void discovery_is_complete(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, REQUEST("1", "server/discover", META));
        assert_string_equal(
                wire_line(&b.wire),
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"supportedVersions\":[\"2026-07-28\","
                "\"2025-11-25\",\"2025-06-18\",\"2025-03-26\",\"2024-11-05\"],\"capabilities\":"
                "{\"tools\":{\"listChanged\":true},\"resources\":{\"subscribe\":true,"
                "\"listChanged\":true},\"prompts\":{\"listChanged\":true},\"completions\":{},"
                "\"logging\":{}},\"instructions\":\"Say \\\"hello\\\" first.\",\"resultType\":"
                "\"complete\",\"ttlMs\":300000,\"cacheScope\":\"private\",\"_meta\":"
                "{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"tests\",\"version\":"
                "\"1.0\"}}}}");
        bench_close(&b);
}

static void lists_are_the_same_bytes_every_time_and_cacheable(void **state)
{
        static const char *const methods[] = { "tools/list", "resources/list",
                                               "resources/templates/list", "prompts/list" };
        bench_opts o = { .shared = true };
        char line[400], *first;
        bench b;

        (void)state;
        bench_open(&b, &o);
        for (size_t i = 0; i < 4; i++) {
                snprintf(line, sizeof(line),
                         "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{%s}}",
                         methods[i], META);
                wire_give(&b.wire, line);
                first = copy_text(wire_line(&b.wire));
                assert_has(first, "\"ttlMs\":300000,\"cacheScope\":\"public\"");
                wire_give(&b.wire, line);
                assert_string_equal(wire_line(&b.wire), first);
                free(first);
                /* "" names the first page. */
                snprintf(line, sizeof(line),
                         "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":"
                         "{\"cursor\":\"\",%s}}",
                         methods[i], META);
                wire_give(&b.wire, line);
                assert_has(wire_line(&b.wire), "\"result\"");
        }
        bench_close(&b);
}

static void a_changed_list_is_printed_anew(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, REQUEST("1", "prompts/list", META));
        assert_null(strstr(wire_line(&b.wire), "\"another\""));
        put_str(add_object(b.cat.lists[MCP_PROMPTS]), "name", "another");
        mcp_changed(b.server, MCP_PROMPTS, NULL);
        wire_give(&b.wire, REQUEST("1", "prompts/list", META));
        assert_has(wire_line(&b.wire), "\"another\"");
        bench_close(&b);
}

static void what_was_read_is_cacheable_and_private(void **state)
{
        bench_opts o = { .shared = true };
        bench b;

        (void)state;
        bench_open(&b, &o);
        wire_give(&b.wire, REQUEST("1", "resources/read", "\"uri\":\"test://here\"," META));
        assert_has(wire_line(&b.wire), "\"ttlMs\":15000,\"cacheScope\":\"private\"");
        bench_close(&b);
}

static void a_handlers_own_meta_and_ours_are_one(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "meta", META));
        assert_string_equal(wire_line(&b.wire),
                            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":"
                            "\"text\",\"text\":\"meta\"}],\"_meta\":{\"mine\":\"kept\","
                            "\"io.modelcontextprotocol/serverInfo\":{\"name\":\"tests\","
                            "\"version\":\"1.0\"}},\"resultType\":\"complete\"}}");
        bench_close(&b);
}

static void a_printed_result_is_one_like_others(void **state)
{
        static const char body[] =
                "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"a \\\"table"
                "\\\"\\n\"}],\"structuredContent\":{\"a\":[1,2]}";
        mcp_call *late;
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "printed", META));
        assert_has(wire_line(&b.wire), body);
        wire_shake(&b.wire, "2025-11-25", "{}");
        wire_give(&b.wire, REQUEST("2", "tools/call", "\"name\":\"printed\""));
        assert_has(wire_line(&b.wire), body);
        wire_give(&b.wire, CALL("3", "later", META));
        late = b.cat.held[0];
        b.cat.held_count = 0;
        wire_give(&b.wire, NOTE("notifications/cancelled", "\"requestId\":3"));
        mcp_reply_printed(late, "unheard", "{}", 2);
        assert_null(wire_next(&b.wire));
        bench_close(&b);
}

static void prompts_and_completions_are_answered(void **state)
{
        const char *line;
        bench b;
        msptk_json *doc;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, REQUEST("1", "prompts/get",
                                   "\"name\":\"hello\",\"arguments\":{\"word\":\"w\"}," META));
        assert_has(wire_line(&b.wire), "\"text\":\"w\"");
        wire_give(&b.wire,
                  REQUEST("2", "completion/complete",
                          "\"ref\":{\"type\":\"ref/prompt\",\"name\":\"hello\"},\"argument\":"
                          "{\"name\":\"many\",\"value\":\"v\"}," META));
        line = wire_line(&b.wire);
        assert_int_equal(msptk_json_parse(line, strlen(line), &doc, NULL), MSPTK_OK);
        assert_int_equal(
                msptk_json_count(msptk_json_get(
                        msptk_json_get(msptk_json_get(doc, "result"), "completion"), "values")),
                100);
        msptk_json_free(doc);
        assert_has(line, "\"total\":150,\"hasMore\":true");
        bench_close(&b);
}

static void a_question_is_answered_by_a_retry(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "confirm", ELICITS));
        assert_string_equal(
                wire_line(&b.wire),
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"resultType\":\"input_required\","
                "\"inputRequests\":{\"go\":{\"method\":\"elicitation/create\",\"params\":{\"mode\":"
                "\"form\",\"message\":\"really?\",\"requestedSchema\":{\"type\":\"object\","
                "\"properties\":{\"go\":{\"type\":\"boolean\"}}}}}},\"requestState\":\"state-1\","
                "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"tests\","
                "\"version\":\"1.0\"}}}}");
        assert_int_equal(mcp_conn_in_flight(b.wire.conn), 0);
        /* Extra keys do not matter; wrong ones are asked for again by the handler. */
        wire_give(&b.wire,
                  CALL("2", "confirm",
                       "\"inputResponses\":{\"other\":{}},\"requestState\":\"state-1\"," ELICITS));
        assert_has(wire_line(&b.wire), "input_required");
        wire_give(&b.wire, CALL("3", "confirm",
                                "\"inputResponses\":{\"other\":{},\"go\":{\"action\":\"decline\"}},"
                                "\"requestState\":\"state-1\"," ELICITS));
        assert_has(wire_line(&b.wire), "\"text\":\"decline\"");
        bench_close(&b);
}

static void questions_of_several_rounds_carry_their_state(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "two", ELICITS));
        assert_has(wire_line(&b.wire), "\"requestState\":\"first\"");
        wire_give(&b.wire, CALL("2", "two",
                                "\"inputResponses\":{\"first\":{\"action\":\"accept\"}},"
                                "\"requestState\":\"first\"," ELICITS));
        assert_has(wire_line(&b.wire), "\"requestState\":\"second\"");
        wire_give(&b.wire, CALL("3", "two",
                                "\"inputResponses\":{\"second\":{\"action\":\"accept\"}},"
                                "\"requestState\":\"second\"," ELICITS));
        assert_has(wire_line(&b.wire), "\"text\":\"both\"");
        wire_give(&b.wire, CALL("4", "state", META));
        assert_has(wire_line(&b.wire),
                   "{\"resultType\":\"input_required\",\"requestState\":\"kept\"");
        wire_give(&b.wire, CALL("5", "state", "\"requestState\":\"kept\"," META));
        assert_has(wire_line(&b.wire), "\"text\":\"kept\"");
        bench_close(&b);
}

static void only_what_the_client_offers_is_asked(void **state)
{
        static const struct {
                const char *given, *wanted;
        } rows[] = {
                { CALL("1", "confirm", META),
                  "\"code\":-32021,\"message\":\"the client does not offer elicitation, which this "
                  "needs\",\"data\":{\"requiredCapabilities\":{\"elicitation\":{\"form\":{}}}}" },
                { CALL("1", "confirm", META_WITH("{\"elicitation\":{\"url\":{}}}")),
                  "\"code\":-32021" },
                { CALL("1", "confirm", META_WITH("{\"elicitation\":{\"url\":{},\"form\":{}}}")),
                  "input_required" },
                { CALL("1", "confirm", META_WITH("{\"elicitation\":true}")), "\"code\":-32021" },
                { CALL("1", "sample", META), "\"requiredCapabilities\":{\"sampling\":{}}" },
                { CALL("1", "sample", META_WITH("{\"sampling\":{}}")), "input_required" },
                { CALL("1", "several", ELICITS), "\"requiredCapabilities\":{\"roots\":{}}" },
                { CALL("1", "several", META_WITH("{\"elicitation\":{},\"roots\":{}}")),
                  "input_required" },
                { CALL("1", "needy", META), "\"requiredCapabilities\":{\"sampling\":{}}" },
        };
        const sent *s;
        bench b;

        (void)state;
        bench_open(&b, NULL);
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                wire_give(&b.wire, rows[i].given);
                s = wire_next(&b.wire);
                assert_has(s->line, rows[i].wanted);
                assert_int_equal(s->status, strstr(s->line, "-32021") ? 400 : 200);
        }
        bench_close(&b);
}

static void nothing_is_asked_on_other_methods(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, REQUEST("1", "completion/complete",
                                   "\"ref\":{\"type\":\"ref/prompt\",\"name\":\"asks\"},"
                                   "\"argument\":{\"name\":\"a\",\"value\":\"\"}," ELICITS));
        assert_has(wire_line(&b.wire), "\"code\":-32603");
        wire_give(&b.wire, REQUEST("2", "resources/read", "\"uri\":\"test://asks\"," ELICITS));
        assert_has(wire_line(&b.wire), "input_required");
        /* Answers that nobody asked for do not matter elsewhere. */
        wire_give(&b.wire, REQUEST("3", "tools/list", "\"inputResponses\":7," META));
        assert_has(wire_line(&b.wire), "\"tools\"");
        bench_close(&b);
}

#define LOGS(level) \
        "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
        "\"io.modelcontextprotocol/clientCapabilities\":{}," \
        "\"io.modelcontextprotocol/logLevel\":\"" level "\"}"

static void logs_come_only_when_asked_for_and_loud_enough(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "chatty", META));
        assert_has(wire_line(&b.wire), "\"result\"");
        wire_give(&b.wire, CALL("2", "chatty", LOGS("notice")));
        assert_string_equal(wire_line(&b.wire),
                            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":"
                            "{\"level\":\"warning\",\"data\":{\"step\":\"two\"}}}");
        assert_has(wire_line(&b.wire), "\"result\"");
        wire_give(&b.wire, CALL("3", "chatty", LOGS("debug")));
        assert_has(wire_line(&b.wire), "\"level\":\"debug\",\"logger\":\"tests\"");
        assert_has(wire_line(&b.wire), "\"level\":\"warning\"");
        assert_has(wire_line(&b.wire), "\"result\"");
        wire_give(&b.wire, CALL("4", "chatty", LOGS("emergency")));
        assert_has(wire_line(&b.wire), "\"result\"");
        assert_null(wire_next(&b.wire));
        bench_close(&b);
}

#define BAD "\xef\xbf\xbd"
#define TOKEN(token) \
        "\"_meta\":{\"progressToken\":" token \
        ",\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
        "\"io.modelcontextprotocol/clientCapabilities\":{}}"

static void progress_grows_and_comes_at_most_four_times_a_second(void **state)
{
        mcp_call *c;
        size_t told = 0;
        const sent *s;
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "progress", TOKEN("98765432109876543210")));
        c = b.cat.held[0];
        mcp_progress(c, 0, 100, "begun");
        s = wire_next(&b.wire);
        assert_string_equal(s->line,
                            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
                            "{\"progressToken\":98765432109876543210,\"progress\":0,\"total\":100,"
                            "\"message\":\"begun\"}}");
        assert_int_equal(s->kind, MCP_INTERIM);
        mcp_progress(c, 0, 100, "not more");
        mcp_progress(c, -5, 100, "less");
        assert_null(wire_next(&b.wire));
        mcp_progress(c, 0.5, 0, NULL);
        assert_has(wire_line(&b.wire), "\"progress\":0.5}}");
        /* A hundred within a second: two more now, the last of the others later. */
        for (int i = 1; i <= 100; i++) {
                wire_tick(&b.wire, 5);
                mcp_progress(c, i, 100, NULL);
        }
        while ((s = wire_next(&b.wire)))
                told++;
        assert_int_equal(told, 2);
        wire_tick(&b.wire, 600);
        assert_has(wire_line(&b.wire), "\"progress\":100,\"total\":100}}");
        assert_null(wire_next(&b.wire));
        mcp_progress(c, 101, 0, NULL);
        assert_has(wire_line(&b.wire), "\"progress\":101}}");
        mcp_progress(c, 102, 0, NULL);
        mcp_progress(c, 103, 0, NULL);
        mcp_progress(c, 104, 0, NULL);
        test_finish(&b.cat);
        while ((s = wire_next(&b.wire)) && s->kind == MCP_INTERIM)
                ;
        assert_has(s->line, "\"id\":1,\"result\"");
        wire_tick(&b.wire, 5000);
        assert_null(wire_next(&b.wire));
        bench_close(&b);
}

static void progress_needs_a_token_and_keeps_its_type(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "progress", META));
        mcp_progress(b.cat.held[0], 1, 2, "unheard");
        assert_null(wire_next(&b.wire));
        test_finish(&b.cat);
        assert_has(wire_line(&b.wire), "\"result\"");
        wire_give(&b.wire, CALL("2", "progress", TOKEN("\"t\\u0031\"")));
        mcp_progress(b.cat.held[0], 1e300, 0, "a \"b\"\n\xe2\x82\xac");
        assert_string_equal(wire_line(&b.wire),
                            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
                            "{\"progressToken\":\"t\\u0031\",\"progress\":1e300,\"message\":"
                            "\"a \\\"b\\\"\\n\xe2\x82\xac\"}}");
        test_finish(&b.cat);
        bench_close(&b);
}

static void bytes_that_are_not_utf8_never_leave(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "progress", TOKEN("1")));
        mcp_progress(b.cat.held[0], 1, 0, "a\xff\xc0\xaf\xed\xa0\x80\xf4\x90\xe2\x82z\xe2\x82");
        assert_has(wire_line(&b.wire),
                   "\"message\":\"a" BAD BAD BAD BAD BAD BAD BAD BAD BAD BAD "z" BAD BAD "\"");
        mcp_error(b.cat.held[0], MCP_INTERNAL_ERROR, "\xc3(\x7f\x01", NULL);
        b.cat.held_count = 0;
        assert_has(wire_line(&b.wire), "\"message\":\"" BAD "(\\u007f\\u0001\"");
        bench_close(&b);
}

static void hidden_tools_are_answered_by_the_catalogue(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "hidden", META));
        assert_has(wire_line(&b.wire), "READ_ONLY");
        bench_close(&b);
}

static void what_the_catalogue_lacks_is_no_method(void **state)
{
        static const char *const methods[] = { "tools/list", "resources/list", "prompts/get",
                                               "completion/complete", "subscriptions/listen" };
        char line[400];
        bench b;

        (void)state;
        bench_open(&b, NULL);
        b.cat.cat.has = 0;
        for (size_t i = 0; i < 5; i++) {
                snprintf(line, sizeof(line),
                         "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{%s}}",
                         methods[i], META);
                wire_give(&b.wire, line);
                assert_int_equal(b.wire.sent[i].status, 404);
                assert_has(wire_line(&b.wire), "\"code\":-32601");
        }
        bench_close(&b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(discovery_is_complete),
                cmocka_unit_test(lists_are_the_same_bytes_every_time_and_cacheable),
                cmocka_unit_test(a_changed_list_is_printed_anew),
                cmocka_unit_test(what_was_read_is_cacheable_and_private),
                cmocka_unit_test(a_handlers_own_meta_and_ours_are_one),
                cmocka_unit_test(a_printed_result_is_one_like_others),
                cmocka_unit_test(prompts_and_completions_are_answered),
                cmocka_unit_test(a_question_is_answered_by_a_retry),
                cmocka_unit_test(questions_of_several_rounds_carry_their_state),
                cmocka_unit_test(only_what_the_client_offers_is_asked),
                cmocka_unit_test(nothing_is_asked_on_other_methods),
                cmocka_unit_test(logs_come_only_when_asked_for_and_loud_enough),
                cmocka_unit_test(progress_grows_and_comes_at_most_four_times_a_second),
                cmocka_unit_test(progress_needs_a_token_and_keeps_its_type),
                cmocka_unit_test(bytes_that_are_not_utf8_never_leave),
                cmocka_unit_test(hidden_tools_are_answered_by_the_catalogue),
                cmocka_unit_test(what_the_catalogue_lacks_is_no_method),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
