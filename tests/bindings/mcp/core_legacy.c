/* The era of the handshake: versions, questions by requests of the server, log levels. */
#include "mcp_support.h"

#define CALL(id, name) REQUEST(id, "tools/call", "\"name\":\"" name "\"")
#define INIT(version) \
        REQUEST("1", "initialize", \
                "\"protocolVersion\":\"" version "\",\"capabilities\":{},\"clientInfo\":" \
                "{\"name\":\"t\",\"version\":\"1\"}")
#define ANSWER(id, result) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":" result "}"
#define REFUSE(id) \
        "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"error\":{\"code\":-1,\"message\":\"secret text\"}}"

static void versions_are_echoed_or_the_newest_is_offered(void **state)
{
        static const struct {
                int32_t transport;
                const char *asked, *wanted;
        } rows[] = {
                { MCP_STDIO, INIT("2025-11-25"), "2025-11-25" },
                { MCP_STDIO, INIT("2025-06-18"), "2025-06-18" },
                { MCP_STDIO, INIT("2025-03-26"), "2025-03-26" },
                { MCP_STDIO, INIT("2024-11-05"), "2024-11-05" },
                { MCP_HTTP, INIT("2025-03-26"), "2025-03-26" },
                { MCP_HTTP, INIT("2024-11-05"), "2025-11-25" },
                { MCP_STDIO, INIT("2026-07-28"), "2025-11-25" },
                { MCP_STDIO, INIT("1999-01-01"), "2025-11-25" },
                { MCP_STDIO, INIT(""), "2025-11-25" },
        };
        char wanted[600];

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                bench_opts o = { .transport = rows[i].transport };
                bench b;

                bench_open(&b, &o);
                assert_null(mcp_conn_legacy_version(b.wire.conn));
                wire_give(&b.wire, rows[i].asked);
                snprintf(wanted, sizeof(wanted),
                         "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":\"%s\","
                         "\"capabilities\":{\"tools\":{\"listChanged\":true},\"resources\":"
                         "{\"subscribe\":true,\"listChanged\":true},\"prompts\":{\"listChanged\":"
                         "true},\"completions\":{},\"logging\":{}},\"serverInfo\":{\"name\":"
                         "\"tests\",\"version\":\"1.0\"},\"instructions\":\"Say \\\"hello\\\" "
                         "first.\"}}",
                         rows[i].wanted);
                assert_string_equal(wire_line(&b.wire), wanted);
                assert_string_equal(mcp_conn_legacy_version(b.wire.conn), rows[i].wanted);
                bench_close(&b);
        }
}

static void a_handshake_of_the_wrong_shape_is_refused(void **state)
{
        static const char *const given[] = {
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}",
                REQUEST("1", "initialize", "\"protocolVersion\":5"),
                REQUEST("1", "initialize",
                        "\"protocolVersion\":\"2025-11-25\",\"capabilities\":[]"),
                REQUEST("1", "initialize", "\"protocolVersion\":\"2025-11-25\",\"clientInfo\":5"),
        };
        bench b;

        (void)state;
        bench_open(&b, NULL);
        for (size_t i = 0; i < 4; i++) {
                wire_give(&b.wire, given[i]);
                assert_has(wire_line(&b.wire), "\"code\":-32602");
                assert_null(mcp_conn_legacy_version(b.wire.conn));
        }
        bench_close(&b);
}

static void a_handshake_may_be_repeated_when_nothing_is_open(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-06-18", "{}");
        wire_give(&b.wire, CALL("5", "later"));
        wire_give(&b.wire, INIT("2025-11-25"));
        assert_has(wire_line(&b.wire), "\"code\":-32602");
        test_finish(&b.cat);
        assert_has(wire_line(&b.wire), "\"id\":5");
        wire_give(&b.wire, INIT("2025-11-25"));
        assert_has(wire_line(&b.wire), "\"protocolVersion\":\"2025-11-25\"");
        bench_close(&b);
}

static void results_have_nothing_of_the_modern_era(void **state)
{
        static const char *const given[] = {
                CALL("1", "meta"),
                REQUEST("2", "tools/list", ""),
                REQUEST("3", "resources/read", "\"uri\":\"test://here\""),
                REQUEST("4", "prompts/get", "\"name\":\"hello\""),
                REQUEST("5", "completion/complete",
                        "\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\"},\"argument\":{\"name\":"
                        "\"a\",\"value\":\"v\"}"),
                REQUEST("6", "resources/subscribe", "\"uri\":\"test://here\""),
                REQUEST("7", "resources/templates/list", ""),
        };
        static const char *const versions[] = { "2025-11-25", "2025-06-18", "2025-03-26",
                                                "2024-11-05" };
        bench b;

        (void)state;
        for (size_t v = 0; v < 4; v++) {
                bench_open(&b, NULL);
                wire_shake(&b.wire, versions[v], "{}");
                for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++) {
                        const char *line;

                        wire_give(&b.wire, given[i]);
                        line = wire_line(&b.wire);
                        assert_has(line, "\"result\"");
                        assert_null(strstr(line, "resultType"));
                        assert_null(strstr(line, "ttlMs"));
                }
                bench_close(&b);
        }
}

static void links_become_text_where_there_were_none(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-03-26", "{}");
        wire_give(&b.wire, CALL("1", "link"));
        assert_has(wire_line(&b.wire), "\"text\":\"report: test://report\"");
        bench_close(&b);
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-06-18", "{}");
        wire_give(&b.wire, CALL("1", "link"));
        assert_has(wire_line(&b.wire), "\"type\":\"resource_link\"");
        bench_close(&b);
}

/* ---- questions ---- */

#define FORMS "{\"elicitation\":{}}"

static void a_question_is_a_request_and_its_answer_ends_the_call(void **state)
{
        const sent *s;
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-11-25", FORMS);
        wire_give(&b.wire, CALL("7", "confirm"));
        s = wire_next(&b.wire);
        assert_int_equal(s->kind, MCP_INTERIM);
        assert_string_equal(s->line,
                            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"elicitation/create\","
                            "\"params\":{\"mode\":\"form\",\"message\":\"really?\","
                            "\"requestedSchema\":{\"type\":\"object\",\"properties\":{\"go\":"
                            "{\"type\":\"boolean\"}}}}}");
        assert_int_equal(mcp_conn_in_flight(b.wire.conn), 1);
        wire_give(&b.wire, ANSWER("\"1\"", "{\"action\":\"accept\"}"));
        wire_give(&b.wire, ANSWER("2", "{\"action\":\"accept\"}"));
        assert_null(wire_next(&b.wire));
        wire_give(&b.wire, ANSWER("1", "{\"action\":\"accept\",\"content\":{\"go\":true}}"));
        s = wire_next(&b.wire);
        assert_int_equal(s->kind, MCP_RESPONSE);
        assert_string_equal(s->line,
                            "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"content\":[{\"type\":"
                            "\"text\",\"text\":\"accept\"}]}}");
        assert_int_equal(b.cat.runs, 2);
        /* Answered once is answered. */
        wire_give(&b.wire, ANSWER("1", "{\"action\":\"accept\"}"));
        assert_null(wire_next(&b.wire));
        bench_close(&b);
}

static void forms_have_no_mode_before_there_were_others(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-06-18", FORMS);
        wire_give(&b.wire, CALL("7", "confirm"));
        assert_null(strstr(wire_line(&b.wire), "mode"));
        bench_close(&b);
}

static void several_questions_wait_for_each_other(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-11-25", "{\"elicitation\":{},\"roots\":{}}");
        wire_give(&b.wire, CALL("7", "several"));
        assert_has(wire_line(&b.wire), "\"id\":1,\"method\":\"elicitation/create\"");
        assert_has(wire_line(&b.wire), "\"id\":2,\"method\":\"elicitation/create\"");
        assert_string_equal(wire_line(&b.wire),
                            "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"roots/list\"}");
        wire_give(&b.wire, ANSWER("3", "{\"roots\":[]}"));
        wire_give(&b.wire, ANSWER("1", "{\"action\":\"accept\"}"));
        assert_null(wire_next(&b.wire));
        wire_give(&b.wire, ANSWER("2", "{\"action\":\"accept\"}"));
        assert_has(wire_line(&b.wire), "\"text\":\"all\"");
        bench_close(&b);
}

static void rounds_follow_each_other_and_keep_their_state(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-11-25", FORMS);
        wire_give(&b.wire, CALL("7", "two"));
        assert_has(wire_line(&b.wire), "\"id\":1");
        wire_give(&b.wire, ANSWER("1", "{\"action\":\"accept\"}"));
        assert_has(wire_line(&b.wire), "\"id\":2");
        wire_give(&b.wire, ANSWER("2", "{\"action\":\"accept\"}"));
        assert_has(wire_line(&b.wire), "\"text\":\"both\"");
        /* A state without a question comes back by itself. */
        wire_give(&b.wire, CALL("8", "state"));
        assert_null(wire_next(&b.wire));
        wire_tick(&b.wire, 0);
        assert_has(wire_line(&b.wire), "\"text\":\"kept\"");
        bench_close(&b);
}

static void a_client_that_does_not_offer_is_not_asked(void **state)
{
        const char *line;
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-11-25", "{\"sampling\":{}}");
        wire_give(&b.wire, CALL("1", "confirm"));
        line = wire_line(&b.wire);
        assert_has(line, "\"code\":-32600");
        assert_has(line, "the client does not offer elicitation");
        wire_give(&b.wire, CALL("2", "sample"));
        assert_has(wire_line(&b.wire), "sampling/createMessage");
        bench_close(&b);
}

static void a_refused_question_is_a_cancelled_form_or_an_error(void **state)
{
        const char *line;
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-11-25", "{\"sampling\":{},\"elicitation\":{}}");
        wire_give(&b.wire, CALL("7", "confirm"));
        (void)wire_line(&b.wire);
        wire_give(&b.wire, REFUSE("1"));
        assert_has(wire_line(&b.wire), "\"text\":\"cancel\"");
        wire_give(&b.wire, CALL("8", "sample"));
        (void)wire_line(&b.wire);
        wire_give(&b.wire, REFUSE("2"));
        line = wire_line(&b.wire);
        assert_has(line, "\"id\":8,\"error\":{\"code\":-32603");
        assert_null(strstr(line, "secret text"));
        bench_close(&b);
}

static void a_refusal_takes_the_other_questions_back(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-11-25", "{\"elicitation\":{},\"roots\":{}}");
        wire_give(&b.wire, CALL("7", "several"));
        b.wire.next += 3;
        wire_give(&b.wire, REFUSE("3"));
        assert_has(wire_line(&b.wire), "\"requestId\":2,\"reason\":\"no longer needed\"");
        assert_has(wire_line(&b.wire), "\"requestId\":1,\"reason\":\"no longer needed\"");
        assert_has(wire_line(&b.wire), "\"id\":7,\"error\"");
        wire_give(&b.wire, ANSWER("1", "{\"action\":\"accept\"}"));
        assert_null(wire_next(&b.wire));
        bench_close(&b);
}

static void a_question_that_is_not_answered_in_time_is_withdrawn(void **state)
{
        bench_opts o = { .limits = { .ask_timeout_ms = 1000 } };
        bench b;

        (void)state;
        bench_open(&b, &o);
        wire_shake(&b.wire, "2025-11-25", "{\"sampling\":{},\"elicitation\":{}}");
        wire_give(&b.wire, CALL("7", "confirm"));
        wire_give(&b.wire, CALL("8", "sample"));
        b.wire.next += 2;
        wire_tick(&b.wire, 999);
        assert_null(wire_next(&b.wire));
        wire_tick(&b.wire, 1);
        assert_string_equal(wire_line(&b.wire),
                            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
                            "\"params\":{\"requestId\":1,\"reason\":\"not answered in time\"}}");
        assert_has(wire_line(&b.wire), "\"text\":\"cancel\"");
        assert_has(wire_line(&b.wire), "\"requestId\":2");
        assert_has(wire_line(&b.wire), "the client did not answer in time");
        wire_give(&b.wire, ANSWER("1", "{\"action\":\"accept\"}"));
        assert_null(wire_next(&b.wire));
        bench_close(&b);
}

static void a_cancelled_call_takes_its_question_back(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-11-25", FORMS);
        wire_give(&b.wire, CALL("7", "confirm"));
        (void)wire_line(&b.wire);
        wire_give(&b.wire, NOTE("notifications/cancelled", "\"requestId\":7"));
        assert_has(wire_line(&b.wire), "\"requestId\":1,\"reason\":\"no longer needed\"");
        wire_give(&b.wire, ANSWER("1", "{\"action\":\"accept\"}"));
        assert_null(wire_next(&b.wire));
        assert_int_equal(mcp_conn_in_flight(b.wire.conn), 0);
        bench_close(&b);
}

static void a_connection_goes_while_a_question_is_open(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-11-25", FORMS);
        wire_give(&b.wire, CALL("7", "confirm"));
        wire_give(&b.wire, CALL("8", "two"));
        bench_close(&b);
}

static void who_goes_over_http_may_still_answer(void **state)
{
        bench_opts o = { .transport = MCP_HTTP };
        const char *call = CALL("7", "confirm");
        int first, second;
        bench b;

        (void)state;
        bench_open(&b, &o);
        wire_shake(&b.wire, "2025-11-25", FORMS);
        wire_give_n(&b.wire, &first, call, strlen(call), NULL);
        assert_has(wire_line(&b.wire), "\"id\":1");
        mcp_abandon(b.wire.conn, &first);
        assert_ptr_equal(b.wire.last_done, &first);
        wire_give(&b.wire, ANSWER("1", "{\"action\":\"accept\"}"));
        assert_int_equal(b.cat.runs, 2);
        assert_null(wire_next(&b.wire));
        /* A new handshake forgets questions that nobody waits for. */
        wire_give_n(&b.wire, &second, call, strlen(call), NULL);
        assert_has(wire_line(&b.wire), "\"id\":2");
        mcp_abandon(b.wire.conn, &second);
        wire_shake(&b.wire, "2025-11-25", FORMS);
        wire_give(&b.wire, ANSWER("2", "{\"action\":\"accept\"}"));
        assert_int_equal(b.cat.runs, 3);
        assert_null(wire_next(&b.wire));
        bench_close(&b);
}

static void nobody_is_asked_without_end(void **state)
{
        char line[100];
        int rounds = 0;
        const char *said;
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-11-25", FORMS);
        wire_give(&b.wire, CALL("7", "again"));
        for (;;) {
                said = wire_line(&b.wire);
                if (!strstr(said, "elicitation/create") || rounds == 1000)
                        break;
                snprintf(line, sizeof(line),
                         "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{\"action\":\"accept\"}}",
                         ++rounds);
                wire_give(&b.wire, line);
        }
        assert_int_equal(rounds, 32);
        assert_has(said, "the client was asked too often");
        bench_close(&b);
}

/* ---- logs ---- */

static void logs_come_after_set_level(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-06-18", "{}");
        wire_give(&b.wire, CALL("1", "chatty"));
        assert_has(wire_line(&b.wire), "\"result\"");
        wire_give(&b.wire, REQUEST("2", "logging/setLevel", "\"level\":\"warning\""));
        assert_string_equal(wire_line(&b.wire), "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}");
        wire_give(&b.wire, CALL("3", "chatty"));
        assert_has(wire_line(&b.wire), "\"level\":\"warning\"");
        assert_has(wire_line(&b.wire), "\"id\":3,\"result\"");
        /* A modern request on the same connection has its own. */
        wire_give(&b.wire, REQUEST("4", "tools/call", "\"name\":\"chatty\"," META));
        assert_has(wire_line(&b.wire), "\"id\":4,\"result\"");
        bench_close(&b);
}

static void progress_in_the_oldest_version_has_no_message(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2024-11-05", "{}");
        wire_give(&b.wire, REQUEST("1", "tools/call",
                                   "\"name\":\"progress\",\"_meta\":{\"progressToken\":5}"));
        mcp_progress(b.cat.held[0], 1, 2, "words");
        assert_string_equal(wire_line(&b.wire),
                            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
                            "{\"progressToken\":5,\"progress\":1,\"total\":2}}");
        bench_close(&b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(versions_are_echoed_or_the_newest_is_offered),
                cmocka_unit_test(a_handshake_of_the_wrong_shape_is_refused),
                cmocka_unit_test(a_handshake_may_be_repeated_when_nothing_is_open),
                cmocka_unit_test(results_have_nothing_of_the_modern_era),
                cmocka_unit_test(links_become_text_where_there_were_none),
                cmocka_unit_test(a_question_is_a_request_and_its_answer_ends_the_call),
                cmocka_unit_test(forms_have_no_mode_before_there_were_others),
                cmocka_unit_test(several_questions_wait_for_each_other),
                cmocka_unit_test(rounds_follow_each_other_and_keep_their_state),
                cmocka_unit_test(a_client_that_does_not_offer_is_not_asked),
                cmocka_unit_test(a_refused_question_is_a_cancelled_form_or_an_error),
                cmocka_unit_test(a_refusal_takes_the_other_questions_back),
                cmocka_unit_test(a_question_that_is_not_answered_in_time_is_withdrawn),
                cmocka_unit_test(a_cancelled_call_takes_its_question_back),
                cmocka_unit_test(a_connection_goes_while_a_question_is_open),
                cmocka_unit_test(who_goes_over_http_may_still_answer),
                cmocka_unit_test(nobody_is_asked_without_end),
                cmocka_unit_test(logs_come_after_set_level),
                cmocka_unit_test(progress_in_the_oldest_version_has_no_message),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
