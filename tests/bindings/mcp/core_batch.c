/* Batches: in 2025-03-26 and nowhere else. */
#include "mcp_support.h"

#define PING(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ping\"}"
#define PONG(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":{}}"
#define CALL(id, name) REQUEST(id, "tools/call", "\"name\":\"" name "\"")

static void open_batch(bench *b)
{
        bench_open(b, NULL);
        wire_shake(&b->wire, "2025-03-26", "{\"elicitation\":{},\"sampling\":{}}");
}

static void a_batch_is_answered_by_one_array(void **state)
{
        const sent *s;
        bench b;

        (void)state;
        open_batch(&b);
        wire_give(
                &b.wire,
                " [ " PING("1") " , " PING(
                        "\"\\u0061\"") ",\n"
                                       "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/unheard\"},"
                                       "5,[" PING("9") "]," PING("12345678901234567890123") "]");
        s = wire_next(&b.wire);
        assert_int_equal(s->kind, MCP_RESPONSE);
        assert_string_equal(
                s->line,
                "[" PONG("1") "," PONG(
                        "\"\\u0061\"") ",{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-"
                                       "32600,\"message\":"
                                       "\"a message is an "
                                       "object\"}},{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{"
                                       "\"code\":"
                                       "-32600,\"message\":\"a message is an object\"}}," PONG(
                                               "12345678901234567890123") "]");
        assert_null(wire_next(&b.wire));
        assert_int_equal(b.wire.done, b.wire.received);
        bench_close(&b);
}

static void a_batch_waits_for_its_slowest_member(void **state)
{
        bench b;

        (void)state;
        open_batch(&b);
        wire_give(&b.wire, "[" CALL("1", "later") "," PING("2") "," CALL("3", "later") "]");
        assert_null(wire_next(&b.wire));
        assert_int_equal(mcp_conn_in_flight(b.wire.conn), 2);
        /* Others are answered meanwhile. */
        wire_give(&b.wire, PING("4"));
        assert_string_equal(wire_line(&b.wire), PONG("4"));
        test_finish(&b.cat);
        assert_null(wire_next(&b.wire));
        test_finish(&b.cat);
        assert_has(wire_line(&b.wire), "[" PONG("2") ",{\"jsonrpc\":\"2.0\",\"id\":1,");
        assert_int_equal(b.wire.done, b.wire.received);
        bench_close(&b);
}

static void a_cancelled_member_is_left_out(void **state)
{
        bench b;

        (void)state;
        open_batch(&b);
        wire_give(&b.wire, "[" CALL("1", "later") "," PING("2") "]");
        wire_give(&b.wire, NOTE("notifications/cancelled", "\"requestId\":1"));
        assert_string_equal(wire_line(&b.wire), "[" PONG("2") "]");
        wire_give(&b.wire, "[" CALL("5", "later") "]");
        wire_give(&b.wire, NOTE("notifications/cancelled", "\"requestId\":5"));
        assert_null(wire_next(&b.wire));
        assert_int_equal(b.wire.done, b.wire.received);
        bench_close(&b);
}

static void a_batch_of_notifications_is_not_answered(void **state)
{
        bench b;

        (void)state;
        open_batch(&b);
        wire_give(&b.wire, "[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/unheard\"},"
                           "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}]");
        assert_null(wire_next(&b.wire));
        assert_int_equal(b.wire.done, b.wire.received);
        bench_close(&b);
}

static void what_cannot_be_in_a_batch_is_refused_there(void **state)
{
        const char *line;
        bench b;

        (void)state;
        open_batch(&b);
        wire_give(&b.wire,
                  "[" REQUEST("1", "initialize", "\"protocolVersion\":\"2025-03-26\"") "," REQUEST(
                          "2", "tools/list", META) "," PING("3") "," PING("4") "]");
        line = wire_line(&b.wire);
        assert_has(line, "\"id\":1,\"error\":{\"code\":-32600,\"message\":\"initialize cannot");
        assert_has(line, "\"id\":2,\"error\":{\"code\":-32600,\"message\":\"this version");
        assert_has(line, PONG("3") "," PONG("4"));
        wire_give(&b.wire, "[]");
        assert_has(wire_line(&b.wire), "\"id\":null,\"error\":{\"code\":-32600");
        bench_close(&b);
}

/* Two bytes of a member become a hundred of its answer. */
static void a_batch_of_too_many_is_refused_as_one(void **state)
{
        enum { MOST = 256 };
        char line[2 * MOST + 4] = "[1";
        size_t n = 2;
        bench b;

        (void)state;
        open_batch(&b);
        for (int i = 1; i < MOST; i++)
                n += (size_t)snprintf(line + n, sizeof(line) - n, ",1");
        snprintf(line + n, sizeof(line) - n, "]");
        wire_give(&b.wire, line);
        assert_has(wire_line(&b.wire), "a message is an object");
        snprintf(line + n, sizeof(line) - n, ",1]");
        wire_give(&b.wire, line);
        assert_has(wire_line(&b.wire),
                   "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,"
                   "\"message\":\"a batch has at most 256");
        assert_int_equal(b.wire.done, b.wire.received);
        bench_close(&b);
}

static void the_same_id_twice_in_a_batch_is_refused_once(void **state)
{
        bench b;

        (void)state;
        open_batch(&b);
        b.wire.unchecked = true;
        wire_give(&b.wire, "[" CALL("1", "later") "," PING("1") "]");
        test_finish(&b.cat);
        assert_has(wire_line(&b.wire), "[{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32600");
        bench_close(&b);
}

static void members_may_ask_and_report(void **state)
{
        const sent *s;
        bench b;

        (void)state;
        open_batch(&b);
        wire_give(&b.wire, "[" CALL("7", "sample") "]");
        s = wire_next(&b.wire);
        assert_int_equal(s->kind, MCP_INTERIM);
        assert_has(s->line, "sampling/createMessage");
        wire_give(&b.wire, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"model\":\"m\",\"role\":"
                           "\"assistant\",\"content\":{\"type\":\"text\",\"text\":\"t\"}}}]");
        assert_has(wire_line(&b.wire), "[{\"jsonrpc\":\"2.0\",\"id\":7,\"result\"");
        assert_int_equal(b.wire.done, b.wire.received);
        bench_close(&b);
}

static void a_connection_goes_while_a_batch_is_open(void **state)
{
        bench b;

        (void)state;
        open_batch(&b);
        wire_give(&b.wire, "[" CALL("1", "later") "," CALL("2", "later") "," PING("3") "]");
        bench_close(&b);
        assert_int_equal(b.cat.cancelled, 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_batch_is_answered_by_one_array),
                cmocka_unit_test(a_batch_waits_for_its_slowest_member),
                cmocka_unit_test(a_cancelled_member_is_left_out),
                cmocka_unit_test(a_batch_of_notifications_is_not_answered),
                cmocka_unit_test(what_cannot_be_in_a_batch_is_refused_there),
                cmocka_unit_test(a_batch_of_too_many_is_refused_as_one),
                cmocka_unit_test(the_same_id_twice_in_a_batch_is_refused_once),
                cmocka_unit_test(members_may_ask_and_report),
                cmocka_unit_test(a_connection_goes_while_a_batch_is_open),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
