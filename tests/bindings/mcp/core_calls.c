/* The life of a request: answered at once or later, cancelled, overtaken by the end of its
 * connection or of the server. */
#include "mcp_support.h"

#define CALL(id, name) REQUEST(id, "tools/call", "\"name\":\"" name "\"," META)
#define CANCEL(id) NOTE("notifications/cancelled", "\"requestId\":" id)

static void slow_calls_do_not_hold_up_others(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "later"));
        wire_give(&b.wire, CALL("2", "later"));
        wire_give(&b.wire, CALL("3", "echo"));
        assert_has(wire_line(&b.wire), "\"id\":3");
        assert_int_equal(mcp_conn_in_flight(b.wire.conn), 2);
        assert_int_equal(b.wire.done, 1);
        test_finish(&b.cat);
        assert_has(wire_line(&b.wire), "\"id\":1");
        test_finish(&b.cat);
        assert_has(wire_line(&b.wire), "\"id\":2");
        assert_int_equal(b.wire.done, 3);
        bench_close(&b);
}

static void traces_are_known_when_they_are_well_formed(void **state)
{
        static const struct {
                const char *given;
                bool known;
        } rows[] = {
                { "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true },
                { "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false },
                { "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0", false },
                { "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x", false },
                { "", false },
        };
        char line[600];
        bench b;

        (void)state;
        bench_open(&b, NULL);
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                const char *trace;

                snprintf(line, sizeof(line),
                         "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
                         "{\"name\":\"later\",\"_meta\":{\"traceparent\":\"%s\","
                         "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                         "\"io.modelcontextprotocol/clientCapabilities\":{}}}}",
                         rows[i].given);
                wire_give(&b.wire, line);
                trace = mcp_call_trace(b.cat.held[0]);
                assert_int_equal(trace != NULL, rows[i].known);
                if (trace)
                        assert_string_equal(trace, rows[i].given);
                test_finish(&b.cat);
        }
        bench_close(&b);
}

static void a_cancelled_call_says_nothing_more(void **state)
{
        mcp_call *c;
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, REQUEST("1", "tools/call",
                                   "\"name\":\"later\",\"_meta\":{\"progressToken\":1,"
                                   "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                                   "\"io.modelcontextprotocol/logLevel\":\"debug\","
                                   "\"io.modelcontextprotocol/clientCapabilities\":{}}"));
        c = b.cat.held[0];
        wire_give(&b.wire, CANCEL("1"));
        assert_int_equal(b.cat.cancelled, 1);
        assert_int_equal(b.wire.done, 2);
        assert_int_equal(mcp_conn_in_flight(b.wire.conn), 0);
        assert_true(mcp_call_cancelled(c));
        mcp_progress(c, 1, 2, "unheard");
        mcp_log(c, "emergency", NULL, new_object());
        /* Again: it is not known any more. */
        wire_give(&b.wire, CANCEL("1"));
        assert_int_equal(b.cat.cancelled, 1);
        test_finish(&b.cat);
        assert_null(wire_next(&b.wire));
        bench_close(&b);
}

static void a_cancellation_that_comes_too_late_is_ignored(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "echo"));
        wire_give(&b.wire, CANCEL("1"));
        assert_has(wire_line(&b.wire), "\"id\":1,\"result\"");
        wire_give(&b.wire, CALL("1", "echo"));
        assert_has(wire_line(&b.wire), "\"id\":1,\"result\"");
        assert_int_equal(b.cat.cancelled, 0);
        bench_close(&b);
}

static void ids_of_other_types_are_other_ids(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "later"));
        wire_give(&b.wire, CALL("\"1\"", "later"));
        wire_give(&b.wire, CALL("123456789012345678901", "later"));
        wire_give(&b.wire, CALL("123456789012345678902", "later"));
        assert_null(wire_next(&b.wire));
        wire_give(&b.wire, CANCEL("123456789012345678901"));
        wire_give(&b.wire, CANCEL("\"\\u0031\""));
        assert_int_equal(b.cat.cancelled, 2);
        test_finish(&b.cat);
        assert_has(wire_line(&b.wire), "\"id\":1,");
        test_finish(&b.cat);
        test_finish(&b.cat);
        test_finish(&b.cat);
        assert_has(wire_line(&b.wire), "\"id\":123456789012345678902,");
        assert_null(wire_next(&b.wire));
        bench_close(&b);
}

static void an_id_that_is_being_answered_is_refused(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "later"));
        wire_give(&b.wire, CALL("1", "echo"));
        assert_string_equal(wire_line(&b.wire),
                            "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32600,\"message\":"
                            "\"a request with this id is being answered\"}}");
        test_finish(&b.cat);
        assert_has(wire_line(&b.wire), "\"id\":1,\"result\"");
        wire_give(&b.wire, CALL("1", "echo"));
        assert_has(wire_line(&b.wire), "\"id\":1,\"result\"");
        bench_close(&b);
}

static void a_handler_may_wait_and_is_woken_by_a_cancellation(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "sleep"));
        assert_int_equal(mcp_tick(b.server, 0), 100);
        wire_tick(&b.wire, 99);
        assert_null(wire_next(&b.wire));
        wire_tick(&b.wire, 1);
        assert_has(wire_line(&b.wire), "\"text\":\"slept\"");
        wire_give(&b.wire, CALL("2", "sleep"));
        wire_give(&b.wire, CANCEL("2"));
        assert_int_equal(mcp_tick(b.server, b.wire.now), -1);
        assert_null(wire_next(&b.wire));
        bench_close(&b);
}

static void calls_outlive_their_connection_in_silence(void **state)
{
        mcp_call *c;
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "later"));
        wire_give(&b.wire, CALL("2", "sleep"));
        wire_give(&b.wire, CALL("3", "progress"));
        c = b.cat.held[0];
        wire_close(&b.wire);
        assert_int_equal(b.cat.cancelled, 2);
        assert_string_equal(mcp_call_principal(c)->name, "mcp");
        assert_string_equal(mcp_call_version(c), "2026-07-28");
        assert_false(mcp_call_client_has(c, "sampling"));
        mcp_tick(b.server, 1);
        test_finish(&b.cat);
        wire_open(&b.wire, b.server, MCP_STDIO, NULL);
        wire_give(&b.wire, CALL("1", "echo"));
        assert_has(wire_line(&b.wire), "\"id\":1");
        bench_close(&b);
}

static void calls_outlive_the_server(void **state)
{
        int64_t wait;
        mcp_call *c;
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "later"));
        wire_give(&b.wire, CALL("2", "sleep"));
        c = b.cat.held[0];
        wire_close(&b.wire);
        mcp_server_free(b.server);
        assert_true(mcp_call_cancelled(c));
        assert_string_equal(mcp_call_principal(c)->name, "mcp");
        assert_true(mcp_limit_take(c, true, &wait));
        mcp_progress(c, 1, 2, NULL);
        mcp_log(c, "error", NULL, new_object());
        test_finish(&b.cat);
        test_catalogue_clear(&b.cat);
}

static void a_connection_that_is_freed_with_the_server_ends_what_is_open(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "later"));
        wire_give(&b.wire, CALL("2", "sleep"));
        wire_shake(&b.wire, "2025-11-25", "{\"elicitation\":{}}");
        wire_give(&b.wire, REQUEST("3", "tools/call", "\"name\":\"confirm\""));
        wire_give(&b.wire, REQUEST("4", "subscriptions/listen",
                                   "\"notifications\":{\"toolsListChanged\":true}," META));
        bench_close(&b);
        assert_int_equal(b.wire.done, b.wire.received);
}

static void a_transport_that_stops_cancels_what_runs(void **state)
{
        bench_opts http = { .transport = MCP_HTTP };
        const sent *s;
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, CALL("1", "later"));
        wire_give(&b.wire, CALL("2", "later"));
        mcp_conn_shut(b.wire.conn);
        assert_int_equal(b.cat.cancelled, 2);
        assert_int_equal(mcp_conn_in_flight(b.wire.conn), 0);
        assert_int_equal(b.wire.done, 2);
        assert_null(wire_next(&b.wire));
        bench_close(&b);
        bench_open(&b, &http);
        wire_give(&b.wire, CALL("1", "later"));
        mcp_conn_shut(b.wire.conn);
        s = wire_next(&b.wire);
        assert_has(s->line,
                   "\"id\":1,\"error\":{\"code\":-32603,\"message\":\"the server stops\"}");
        assert_int_equal(s->status, 503);
        assert_int_equal(b.wire.done, 1);
        assert_int_equal(b.cat.cancelled, 1);
        bench_close(&b);
}

static char logged[8][200];
static size_t logged_count;

static void hear(void *user, int32_t level, const char *line)
{
        (void)user;
        if (logged_count < 8)
                snprintf(logged[logged_count++], sizeof(logged[0]), "%d %s", (int)level, line);
}

static void the_log_hears_of_each_request(void **state)
{
        mcp_server_opts so = { .name = "t", .version = "1", .log = hear };
        test_catalogue cat;
        mcp_server *s;
        wire w;

        (void)state;
        logged_count = 0;
        test_catalogue_init(&cat);
        so.catalogue = &cat.cat;
        s = mcp_server_new(&so);
        wire_open(&w, s, MCP_STDIO, NULL);
        wire_give(&w, CALL("1", "later"));
        wire_tick(&w, 12);
        test_finish(&cat);
        wire_give(&w, CALL("2", "no\\u001b[1m"));
        wire_give(&w, CALL("3", "later"));
        wire_give(&w, CANCEL("3"));
        test_finish(&cat);
        wire_give(&w, "{");
        wire_give(&w, REQUEST("4", "no/such", META));
        wire_close(&w);
        mcp_server_free(s);
        test_catalogue_clear(&cat);
        assert_int_equal(logged_count, 5);
        assert_string_equal(logged[0], "0 tools/call 'later': ok, 12 ms");
        assert_string_equal(logged[1], "2 tools/call 'no^[[1m': failed, 0 ms");
        assert_string_equal(logged[2], "0 tools/call 'later': cancelled, 0 ms");
        assert_string_equal(logged[3], "2 a message: refused (-32700), not valid JSON at line 1, "
                                       "column 2: expected a key in quotes, found the end");
        assert_string_equal(logged[4],
                            "2 'no/such': refused (-32601), there is no method 'no/such'");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(slow_calls_do_not_hold_up_others),
                cmocka_unit_test(traces_are_known_when_they_are_well_formed),
                cmocka_unit_test(a_cancelled_call_says_nothing_more),
                cmocka_unit_test(a_cancellation_that_comes_too_late_is_ignored),
                cmocka_unit_test(ids_of_other_types_are_other_ids),
                cmocka_unit_test(an_id_that_is_being_answered_is_refused),
                cmocka_unit_test(a_handler_may_wait_and_is_woken_by_a_cancellation),
                cmocka_unit_test(calls_outlive_their_connection_in_silence),
                cmocka_unit_test(calls_outlive_the_server),
                cmocka_unit_test(a_connection_that_is_freed_with_the_server_ends_what_is_open),
                cmocka_unit_test(a_transport_that_stops_cancels_what_runs),
                cmocka_unit_test(the_log_hears_of_each_request),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
