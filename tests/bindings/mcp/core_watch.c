/* Who is told of changes: listens of the modern era, sessions of the legacy one. */
#include "mcp_support.h"

#define LISTEN(id, filter) \
        REQUEST(id, "subscriptions/listen", "\"notifications\":{" filter "}," META)
#define TAG(id) "\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":" id "}"
#define TOLD(id, what) \
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/" what "\",\"params\":{" TAG(id) "}}"

static void a_listen_is_acknowledged_with_what_is_honoured(void **state)
{
        const sent *s;
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire,
                  LISTEN("\"sub\\u0031\"",
                         "\"toolsListChanged\":true,\"promptsListChanged\":false,\"other\":true,"
                         "\"resourceSubscriptions\":[\"test://a\",\"http://no\",\"test://a\","
                         "\"test://b\"]"));
        s = wire_next(&b.wire);
        assert_int_equal(s->kind, MCP_INTERIM);
        assert_string_equal(
                s->line,
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\","
                "\"params\":{" TAG("\"sub\\u0031\"") ",\"notifications\":{\"toolsListChanged\":"
                                                     "true,\"resourceSubscriptions\":"
                                                     "[\"test://a\",\"test://b\"]}}}");
        assert_int_equal(b.cat.watch_on, 2);
        assert_int_equal(mcp_conn_in_flight(b.wire.conn), 0);
        assert_int_equal(b.wire.done, 0);
        bench_close(&b);
        assert_int_equal(b.cat.watch_off, 2);
}

static void nothing_is_told_that_was_not_asked_for(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, LISTEN("1", "\"promptsListChanged\":true,\"resourceSubscriptions\":"
                                       "[\"test://a\"]"));
        wire_give(&b.wire, LISTEN("2", "\"toolsListChanged\":true,\"resourcesListChanged\":true"));
        b.wire.next += 2;
        mcp_changed(b.server, MCP_TOOLS, NULL);
        assert_string_equal(wire_line(&b.wire), TOLD("2", "tools/list_changed"));
        mcp_changed(b.server, MCP_PROMPTS, NULL);
        assert_string_equal(wire_line(&b.wire), TOLD("1", "prompts/list_changed"));
        mcp_changed(b.server, MCP_TEMPLATES, NULL);
        assert_string_equal(wire_line(&b.wire), TOLD("2", "resources/list_changed"));
        mcp_changed(b.server, MCP_RESOURCE_CONTENT, "test://other");
        mcp_changed(b.server, MCP_RESOURCE_CONTENT, "test://a");
        assert_string_equal(wire_line(&b.wire),
                            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/updated\","
                            "\"params\":{" TAG("1") ",\"uri\":\"test://a\"}}");
        assert_null(wire_next(&b.wire));
        bench_close(&b);
}

static void a_change_inside_a_call_is_told_before_its_answer(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, LISTEN("1", "\"toolsListChanged\":true"));
        (void)wire_line(&b.wire);
        wire_give(&b.wire, REQUEST("2", "tools/call", "\"name\":\"change\"," META));
        assert_string_equal(wire_line(&b.wire), TOLD("1", "tools/list_changed"));
        assert_has(wire_line(&b.wire), "\"id\":2");
        bench_close(&b);
}

static void changes_in_a_row_are_told_together(void **state)
{
        bench_opts o = { .limits = { .coalesce_ms = 1000 } };
        bench b;

        (void)state;
        bench_open(&b, &o);
        wire_give(&b.wire, LISTEN("1", "\"toolsListChanged\":true,\"resourceSubscriptions\":"
                                       "[\"test://a\",\"test://b\"]"));
        (void)wire_line(&b.wire);
        for (int i = 0; i < 10; i++) {
                mcp_changed(b.server, MCP_RESOURCE_CONTENT, "test://a");
                wire_tick(&b.wire, 50);
        }
        assert_has(wire_line(&b.wire), "test://a");
        assert_null(wire_next(&b.wire));
        mcp_changed(b.server, MCP_RESOURCE_CONTENT, "test://b");
        assert_has(wire_line(&b.wire), "test://b");
        mcp_changed(b.server, MCP_TOOLS, NULL);
        mcp_changed(b.server, MCP_TOOLS, NULL);
        assert_has(wire_line(&b.wire), "tools/list_changed");
        wire_tick(&b.wire, 499);
        assert_null(wire_next(&b.wire));
        wire_tick(&b.wire, 1);
        assert_has(wire_line(&b.wire), "test://a");
        assert_null(wire_next(&b.wire));
        wire_tick(&b.wire, 500);
        assert_has(wire_line(&b.wire), "tools/list_changed");
        wire_tick(&b.wire, 10000);
        assert_null(wire_next(&b.wire));
        assert_int_equal(mcp_tick(b.server, b.wire.now), -1);
        bench_close(&b);
}

static void the_client_ends_a_listen_without_an_answer(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, LISTEN("1", "\"resourceSubscriptions\":[\"test://a\"]"));
        wire_give(&b.wire, LISTEN("\"1\"", "\"resourceSubscriptions\":[\"test://a\"]"));
        b.wire.next += 2;
        assert_int_equal(b.cat.watch_on, 1);
        wire_give(&b.wire, NOTE("notifications/cancelled", "\"requestId\":1"));
        assert_int_equal(b.wire.done, 2);
        assert_int_equal(b.cat.watch_off, 0);
        mcp_changed(b.server, MCP_RESOURCE_CONTENT, "test://a");
        assert_has(wire_line(&b.wire), TAG("\"1\""));
        assert_null(wire_next(&b.wire));
        wire_give(&b.wire, NOTE("notifications/cancelled", "\"requestId\":\"\\u0031\""));
        assert_int_equal(b.cat.watch_off, 1);
        mcp_changed(b.server, MCP_RESOURCE_CONTENT, "test://a");
        assert_null(wire_next(&b.wire));
        bench_close(&b);
}

static void the_server_ends_a_listen_with_its_result(void **state)
{
        static const char last[] =
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"resultType\":\"complete\",\"_meta\":"
                "{\"io.modelcontextprotocol/subscriptionId\":1,\"io.modelcontextprotocol/"
                "serverInfo\":{\"name\":\"tests\",\"version\":\"1.0\"}}}}";
        bench_opts o = { .transport = MCP_HTTP };
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, LISTEN("1", "\"toolsListChanged\":true"));
        wire_give(&b.wire, REQUEST("2", "tools/call", "\"name\":\"later\"," META));
        (void)wire_line(&b.wire);
        mcp_conn_shut(b.wire.conn);
        assert_string_equal(wire_line(&b.wire),
                            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
                            "\"params\":{" TAG("1") ",\"requestId\":1,\"reason\":\"the server "
                                                    "stops\"}}");
        assert_string_equal(wire_line(&b.wire), last);
        assert_null(wire_next(&b.wire));
        assert_int_equal(b.wire.done, b.wire.received);
        assert_int_equal(b.cat.cancelled, 1);
        bench_close(&b);

        bench_open(&b, &o);
        wire_give(&b.wire, LISTEN("1", "\"toolsListChanged\":true"));
        (void)wire_line(&b.wire);
        mcp_conn_shut(b.wire.conn);
        assert_string_equal(wire_line(&b.wire), last);
        assert_null(wire_next(&b.wire));
        bench_close(&b);
}

static void subscriptions_are_limited_per_principal(void **state)
{
        bench_opts o = { .limits = { .subscriptions = 2 } };
        char line[4000], part[40];
        const sent *s;
        wire other;
        bench b;

        (void)state;
        bench_open(&b, &o);
        wire_give(&b.wire, LISTEN("1", "\"toolsListChanged\":true"));
        wire_give(&b.wire, LISTEN("2", "\"toolsListChanged\":true"));
        wire_give(&b.wire, LISTEN("3", "\"toolsListChanged\":true"));
        b.wire.next += 2;
        s = wire_next(&b.wire);
        assert_has(s->line, "\"id\":3,\"error\":{\"code\":429");
        assert_int_equal(s->status, 429);
        /* The same principal elsewhere shares them; another does not. */
        wire_open(&other, b.server, MCP_STDIO, "mcp");
        wire_give(&other, LISTEN("1", "\"toolsListChanged\":true"));
        assert_has(wire_line(&other), "\"code\":429");
        wire_close(&other);
        wire_open(&other, b.server, MCP_STDIO, "token:other");
        wire_give(&other, LISTEN("1", "\"toolsListChanged\":true"));
        assert_has(wire_line(&other), "acknowledged");
        /* Of URIs, as many are honoured as may be. */
        snprintf(line, sizeof(line),
                 "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":"
                 "\"subscriptions/listen\",\"params\":{%s,\"notifications\":"
                 "{\"resourceSubscriptions\":[\"test://0\"",
                 META);
        for (int i = 1; i < 50; i++) {
                snprintf(part, sizeof(part), ",\"test://%d\"", i);
                snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s", part);
        }
        snprintf(line + strlen(line), sizeof(line) - strlen(line), "]}}}");
        wire_give(&other, line);
        s = wire_next(&other);
        assert_has(s->line, "\"test://31\"]");
        assert_null(strstr(s->line, "\"test://32\""));
        /* What is given back may be had again. */
        wire_give(&b.wire, NOTE("notifications/cancelled", "\"requestId\":1"));
        wire_give(&b.wire, LISTEN("4", "\"toolsListChanged\":true"));
        assert_has(wire_line(&b.wire), "acknowledged");
        wire_close(&other);
        bench_close(&b);
}

/* ---- the legacy era ---- */

static void a_session_is_told_after_it_is_initialized(void **state)
{
        const sent *s;
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, REQUEST("1", "initialize",
                                   "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{}"));
        (void)wire_line(&b.wire);
        mcp_changed(b.server, MCP_TOOLS, NULL);
        assert_null(wire_next(&b.wire));
        wire_give(&b.wire, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
        mcp_changed(b.server, MCP_TOOLS, NULL);
        s = wire_next(&b.wire);
        assert_int_equal(s->kind, MCP_UNASKED);
        assert_null(s->ref);
        assert_string_equal(
                s->line, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}");
        bench_close(&b);
}

static void resources_are_subscribed_to_and_left(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-11-25", "{}");
        wire_give(&b.wire, REQUEST("1", "resources/subscribe", "\"uri\":\"test://a\""));
        assert_string_equal(wire_line(&b.wire), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
        wire_give(&b.wire, REQUEST("2", "resources/subscribe", "\"uri\":\"http://no\""));
        assert_has(wire_line(&b.wire), "\"code\":-32002");
        wire_give(&b.wire, REQUEST("3", "resources/subscribe", "\"uri\":5"));
        assert_has(wire_line(&b.wire), "\"code\":-32602");
        mcp_changed(b.server, MCP_RESOURCE_CONTENT, "test://a");
        assert_string_equal(wire_line(&b.wire),
                            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/updated\","
                            "\"params\":{\"uri\":\"test://a\"}}");
        wire_give(&b.wire, REQUEST("4", "resources/unsubscribe", "\"uri\":\"test://a\""));
        assert_string_equal(wire_line(&b.wire), "{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":{}}");
        wire_give(&b.wire, REQUEST("5", "resources/unsubscribe", "\"uri\":\"test://a\""));
        assert_has(wire_line(&b.wire), "{}");
        mcp_changed(b.server, MCP_RESOURCE_CONTENT, "test://a");
        assert_null(wire_next(&b.wire));
        assert_int_equal(b.cat.watch_on, 1);
        assert_int_equal(b.cat.watch_off, 1);
        bench_close(&b);
}

/* One may see what another may not: what changes for the one is not told to the other. */
static void each_principal_watches_for_itself(void **state)
{
        bench b;
        wire other;

        (void)state;
        bench_open(&b, &(bench_opts){ .principal = "token:one" });
        wire_open(&other, b.server, MCP_STDIO, "token:other");
        wire_give(&b.wire, LISTEN("1", "\"resourceSubscriptions\":[\"test://a\"]"));
        wire_give(&other, LISTEN("1", "\"resourceSubscriptions\":[\"test://a\"]"));
        b.wire.next++;
        other.next++;
        assert_int_equal(b.cat.watch_on, 2);
        mcp_changed_for(b.server, "token:other", "test://a");
        assert_null(wire_next(&b.wire));
        assert_has(wire_line(&other), TAG("1"));
        mcp_changed_for(b.server, "token:nobody", "test://a");
        mcp_changed_for(b.server, "token:one", "test://b");
        assert_null(wire_next(&b.wire));
        assert_null(wire_next(&other));
        mcp_changed(b.server, MCP_RESOURCE_CONTENT, "test://a");
        assert_has(wire_line(&b.wire), TAG("1"));
        wire_close(&other);
        assert_int_equal(b.cat.watch_off, 1);
        bench_close(&b);
}

static void a_new_handshake_leaves_what_was_watched(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-11-25", "{}");
        wire_give(&b.wire, REQUEST("1", "resources/subscribe", "\"uri\":\"test://a\""));
        (void)wire_line(&b.wire);
        wire_shake(&b.wire, "2025-11-25", "{}");
        assert_int_equal(b.cat.watch_off, 1);
        bench_close(&b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_listen_is_acknowledged_with_what_is_honoured),
                cmocka_unit_test(nothing_is_told_that_was_not_asked_for),
                cmocka_unit_test(a_change_inside_a_call_is_told_before_its_answer),
                cmocka_unit_test(changes_in_a_row_are_told_together),
                cmocka_unit_test(the_client_ends_a_listen_without_an_answer),
                cmocka_unit_test(the_server_ends_a_listen_with_its_result),
                cmocka_unit_test(subscriptions_are_limited_per_principal),
                cmocka_unit_test(a_session_is_told_after_it_is_initialized),
                cmocka_unit_test(resources_are_subscribed_to_and_left),
                cmocka_unit_test(each_principal_watches_for_itself),
                cmocka_unit_test(a_new_handshake_leaves_what_was_watched),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
