/* Limits: requests per minute and principal, requests at once. */
#include "mcp_support.h"

#define LIST REQUEST("1", "tools/list", META)

static void reads_are_limited_and_say_how_long_to_wait(void **state)
{
        bench_opts o = { .limits = { .reads_per_minute = 120 } };
        const sent *s;
        bench b;

        (void)state;
        bench_open(&b, &o);
        for (int i = 0; i < 120; i++) {
                wire_give(&b.wire, LIST);
                assert_has(wire_line(&b.wire), "\"result\"");
        }
        wire_give(&b.wire, LIST);
        s = wire_next(&b.wire);
        assert_string_equal(s->line,
                            "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":429,\"message\":"
                            "\"too many requests\",\"data\":{\"retry_after_ms\":500}}}");
        assert_int_equal(s->status, 429);
        wire_tick(&b.wire, 400);
        wire_give(&b.wire, LIST);
        assert_has(wire_line(&b.wire), "\"retry_after_ms\":100}");
        wire_tick(&b.wire, 100);
        wire_give(&b.wire, LIST);
        assert_has(wire_line(&b.wire), "\"result\"");
        wire_give(&b.wire, LIST);
        assert_has(wire_line(&b.wire), "\"code\":429");
        /* Not everything is counted. */
        wire_give(&b.wire, REQUEST("2", "server/discover", META));
        assert_has(wire_line(&b.wire), "\"result\"");
        wire_give(&b.wire, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"}");
        assert_has(wire_line(&b.wire), "\"result\"");
        /* After a long pause there is as much as at the beginning, not more. */
        wire_tick(&b.wire, 10000000);
        for (int i = 0; i < 120; i++) {
                wire_give(&b.wire, LIST);
                assert_has(wire_line(&b.wire), "\"result\"");
        }
        wire_give(&b.wire, LIST);
        assert_has(wire_line(&b.wire), "\"code\":429");
        bench_close(&b);
}

static void limits_are_the_principals_on_all_its_connections(void **state)
{
        bench_opts o = { .limits = { .reads_per_minute = 2 } };
        wire other;
        bench b;

        (void)state;
        bench_open(&b, &o);
        wire_give(&b.wire, LIST);
        wire_give(&b.wire, LIST);
        wire_open(&other, b.server, MCP_STDIO, "mcp");
        wire_give(&other, LIST);
        assert_has(wire_line(&other), "\"code\":429");
        wire_close(&other);
        /* Coming anew does not help. */
        wire_open(&other, b.server, MCP_STDIO, "mcp");
        wire_give(&other, LIST);
        assert_has(wire_line(&other), "\"code\":429");
        wire_close(&other);
        wire_open(&other, b.server, MCP_STDIO, "token:two");
        wire_give(&other, LIST);
        assert_has(wire_line(&other), "\"result\"");
        wire_close(&other);
        bench_close(&b);
}

static void writes_are_counted_by_the_tools_themselves(void **state)
{
        bench_opts o = { .limits = { .reads_per_minute = 1, .writes_per_minute = 2 } };
        const char *call = REQUEST("1", "tools/call", "\"name\":\"limited\"," META);
        bench b;

        (void)state;
        bench_open(&b, &o);
        wire_give(&b.wire, call);
        assert_has(wire_line(&b.wire), "taken");
        wire_give(&b.wire, call);
        assert_has(wire_line(&b.wire), "taken");
        wire_give(&b.wire, call);
        assert_has(wire_line(&b.wire), "wait 30000");
        bench_close(&b);
}

static void only_so_many_requests_run_at_once(void **state)
{
        bench_opts o = { .limits = { .in_flight = 3 } };
        char line[400];
        const sent *s;
        bench b;

        (void)state;
        bench_open(&b, &o);
        for (int i = 1; i <= 5; i++) {
                snprintf(line, sizeof(line),
                         "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":"
                         "{\"name\":\"later\",%s}}",
                         i, META);
                wire_give(&b.wire, line);
        }
        s = wire_next(&b.wire);
        assert_has(s->line, "\"id\":4,\"error\":{\"code\":429");
        assert_int_equal(s->status, 429);
        assert_has(wire_line(&b.wire), "\"id\":5,\"error\":{\"code\":429");
        /* One that was cancelled still takes its place until it has ended. */
        wire_give(&b.wire, NOTE("notifications/cancelled", "\"requestId\":1"));
        wire_give(&b.wire, LIST);
        assert_has(wire_line(&b.wire), "\"code\":429");
        test_finish(&b.cat);
        wire_give(&b.wire, LIST);
        assert_has(wire_line(&b.wire), "\"result\"");
        bench_close(&b);
}

static void what_is_being_answered_takes_bounded_memory(void **state)
{
        enum { BIG = 3 * 1024 * 1024 };
        char *line = malloc(BIG + 500);
        int refused = 0;
        const sent *s;
        bench b;

        (void)state;
        assert_non_null(line);
        bench_open(&b, NULL);
        for (int i = 100; i < 125; i++) {
                int n = snprintf(line, 400,
                                 "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\","
                                 "\"params\":{\"name\":\"later\",%s,\"pad\":\"",
                                 i, META);

                memset(line + n, 'x', BIG);
                memcpy(line + n + BIG, "\"}}", 4);
                wire_give(&b.wire, line);
                s = wire_next(&b.wire);
                if (s) {
                        assert_has(s->line, "too much is being answered");
                        refused++;
                }
        }
        assert_int_equal(refused, 25 - 64 / 3);
        test_finish(&b.cat);
        assert_has(wire_line(&b.wire), "\"result\"");
        wire_give(&b.wire, LIST);
        assert_has(wire_line(&b.wire), "\"result\"");
        free(line);
        bench_close(&b);
}

static void ids_and_tokens_that_are_too_long_are_refused(void **state)
{
        char line[9000], id[5001];
        bench b;

        (void)state;
        bench_open(&b, NULL);
        memset(id, '7', 5000);
        id[4096] = '\0';
        snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"ping\"}",
                 id + 2);
        wire_give(&b.wire, line);
        assert_has(wire_line(&b.wire), "\"result\"");
        snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"ping\"}",
                 id + 1);
        wire_give(&b.wire, line);
        assert_string_equal(wire_line(&b.wire),
                            "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":"
                            "\"the id is too long\"}}");
        snprintf(line, sizeof(line),
                 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":"
                 "{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                 "\"io.modelcontextprotocol/clientCapabilities\":{},\"progressToken\":\"%s\"}}}",
                 id);
        wire_give(&b.wire, line);
        assert_has(wire_line(&b.wire), "\"code\":-32602");
        bench_close(&b);
}

static void the_table_of_principals_is_bounded(void **state)
{
        bench_opts o = { .limits = { .reads_per_minute = 5 } };
        char name[40];
        wire w;
        bench b;

        (void)state;
        bench_open(&b, &o);
        for (int i = 0; i < 3000; i++) {
                snprintf(name, sizeof(name), "token:%d", i);
                wire_open(&w, b.server, MCP_HTTP, name);
                wire_give(&w, LIST);
                assert_has(wire_line(&w), "\"result\"");
                wire_close(&w);
        }
        bench_close(&b);
}

static void many_pipelined_requests_are_all_answered(void **state)
{
        char line[200], wanted[100];
        bench b;

        (void)state;
        bench_open(&b, NULL);
        for (int i = 0; i < SENT_MAX; i++) {
                snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"ping\"}",
                         i);
                wire_give(&b.wire, line);
        }
        for (int i = 0; i < SENT_MAX; i++) {
                snprintf(wanted, sizeof(wanted), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{}}",
                         i);
                assert_string_equal(wire_line(&b.wire), wanted);
        }
        bench_close(&b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(reads_are_limited_and_say_how_long_to_wait),
                cmocka_unit_test(limits_are_the_principals_on_all_its_connections),
                cmocka_unit_test(writes_are_counted_by_the_tools_themselves),
                cmocka_unit_test(only_so_many_requests_run_at_once),
                cmocka_unit_test(what_is_being_answered_takes_bounded_memory),
                cmocka_unit_test(ids_and_tokens_that_are_too_long_are_refused),
                cmocka_unit_test(the_table_of_principals_is_bounded),
                cmocka_unit_test(many_pipelined_requests_are_all_answered),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
