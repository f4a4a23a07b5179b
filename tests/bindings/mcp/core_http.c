/* Over HTTP: what headers repeat must be the same there; and the status of each answer. */
#include "mcp_support.h"

typedef struct headers {
        const char *version, *method, *name;
        const char *region, *count, *sure, *inner;
} headers;

static const char *find(void *user, const char *name)
{
        const headers *h = user;

        return !strcmp(name, "mcp-param-region")  ? h->region
               : !strcmp(name, "mcp-param-count") ? h->count
               : !strcmp(name, "mcp-param-sure")  ? h->sure
               : !strcmp(name, "mcp-param-inner") ? h->inner
                                                  : NULL;
}

static const sent *give(bench *b, const char *line, headers *h)
{
        mcp_http http = { h->version, h->method, h->name, find, h };
        const sent *s;

        wire_give_http(&b->wire, line, &http);
        s = wire_next(&b->wire);
        assert_int_equal(b->wire.done, b->wire.received);
        return s;
}

#define V "2026-07-28"

typedef struct row {
        const char *given;
        headers h;
        int32_t status;
        const char *wanted;
} row;

static void check_rows(const row *rows, size_t count)
{
        bench_opts o = { .transport = MCP_HTTP };
        bench b;

        bench_open(&b, &o);
        for (size_t i = 0; i < count; i++) {
                headers h = rows[i].h;
                const sent *s = give(&b, rows[i].given, &h);

                if (!s)
                        fail_msg("row %zu is not answered", i);
                if (s->status != rows[i].status || !strstr(s->line, rows[i].wanted))
                        fail_msg("row %zu: not %d with %s but %d: %s", i, rows[i].status,
                                 rows[i].wanted, s->status, s->line);
                assert_null(wire_next(&b.wire));
        }
        bench_close(&b);
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(*rows))
#define LIST REQUEST("1", "tools/list", META)
#define MISMATCH "\"id\":1,\"error\":{\"code\":-32020"

static void standard_headers_repeat_the_message(void **state)
{
        static const row rows[] = {
                { LIST, { V, "tools/list" }, 200, "\"tools\"" },
                { LIST, { V, " tools/list\t" }, 200, "\"tools\"" },
                { LIST, { V, "prompts/list" }, 400, MISMATCH },
                { LIST, { V, "TOOLS/LIST" }, 400, MISMATCH },
                { LIST, { V, "" }, 400, MISMATCH },
                { LIST, { V, NULL }, 400, MISMATCH },
                { LIST, { NULL, "tools/list" }, 400, MISMATCH },
                { LIST, { "2025-11-25", "tools/list" }, 400, MISMATCH },
                { LIST, { "2026-07-28x", "tools/list" }, 400, MISMATCH },
                { LIST, { V, "tools/list", "unneeded" }, 200, "\"tools\"" },
                { REQUEST("1", "tools/call", "\"name\":\"echo\"," META),
                  { V, "tools/call", "echo" },
                  200,
                  "\"echo\"" },
                { REQUEST("1", "tools/call", "\"name\":\"echo\"," META),
                  { V, "tools/call", "  echo  " },
                  200,
                  "\"echo\"" },
                { REQUEST("1", "tools/call", "\"name\":\"echo\"," META),
                  { V, "tools/call", "=?base64?ZWNobw==?=" },
                  200,
                  "\"echo\"" },
                { REQUEST("1", "tools/call", "\"name\":\"echo\"," META),
                  { V, "tools/call", "Echo" },
                  400,
                  MISMATCH },
                { REQUEST("1", "tools/call", "\"name\":\"echo\"," META),
                  { V, "tools/call", "=?BASE64?ZWNobw==?=" },
                  400,
                  MISMATCH },
                { REQUEST("1", "tools/call", "\"name\":\"echo\"," META),
                  { V, "tools/call", NULL },
                  400,
                  MISMATCH },
                { REQUEST("1", "tools/call", "\"name\":\"echo\"," META),
                  { V, "tools/call", "ech\xc3\xb6" },
                  400,
                  MISMATCH },
                { REQUEST("1", "tools/call", META), { V, "tools/call", "echo" }, 400, MISMATCH },
                { REQUEST("1", "tools/call", META), { V, "tools/call", NULL }, 200, "-32602" },
                { REQUEST("1", "prompts/get", "\"name\":\"hello\"," META),
                  { V, "prompts/get", "hello" },
                  200,
                  "\"messages\"" },
                { REQUEST("1", "prompts/get", "\"name\":\"hello\"," META),
                  { V, "prompts/get", "other" },
                  400,
                  MISMATCH },
                { REQUEST("1", "resources/read", "\"uri\":\"test://here\"," META),
                  { V, "resources/read", "test://here" },
                  200,
                  "\"contents\"" },
                { REQUEST("1", "resources/read", "\"uri\":\"test://here\"," META),
                  { V, "resources/read", NULL },
                  400,
                  MISMATCH },
        };

        (void)state;
        CHECK(rows);
}

static void statuses_are_those_of_the_protocol(void **state)
{
        static const row rows[] = {
                { "{", { V, "tools/list" }, 400, "-32700" },
                { "[]", { V, "tools/list" }, 400, "-32600" },
                { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}",
                  { V, "tools/list" },
                  400,
                  "\"id\":1,\"error\":{\"code\":-32602" },
                { REQUEST("1", "tools/list", ""), { V, "tools/list" }, 400, "-32602" },
                { REQUEST("1", "tools/list",
                          "\"_meta\":{\"io.modelcontextprotocol/clientInfo\":{}}"),
                  { V, "tools/list" },
                  400,
                  "-32602" },
                { REQUEST("1", "tools/list",
                          "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"" V "\"}"),
                  { V, "tools/list" },
                  400,
                  "-32602" },
                { REQUEST("1", "tools/list",
                          "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"v9\","
                          "\"io.modelcontextprotocol/clientCapabilities\":{}}"),
                  { "v9", "tools/list" },
                  400,
                  "\"code\":-32022,\"message\":\"this version of the protocol is not served\","
                  "\"data\":{\"supported\":[\"2026-07-28\",\"2025-11-25\",\"2025-06-18\","
                  "\"2025-03-26\"],\"requested\":\"v9\"}" },
                { REQUEST("1", "tools/list",
                          "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"v9\","
                          "\"io.modelcontextprotocol/clientCapabilities\":{}}"),
                  { V, "tools/list" },
                  400,
                  MISMATCH },
                { REQUEST("1", "no/such", META), { V, "no/such" }, 404, "-32601" },
                { REQUEST("1", "ping", META), { V, "ping" }, 404, "-32601" },
                { REQUEST("1", "initialize", META), { V, "initialize" }, 404, "-32601" },
                { REQUEST("1", "initialize", "\"protocolVersion\":\"2025-11-25\""),
                  { V, "initialize" },
                  404,
                  "-32601" },
                { REQUEST("1", "tools/call", "\"name\":\"nobody\"," META),
                  { V, "tools/call", "nobody" },
                  200,
                  "-32602" },
                { REQUEST("1", "tools/call", "\"name\":\"needy\"," META),
                  { V, "tools/call", "needy" },
                  400,
                  "-32021" },
                { REQUEST("1", "resources/read", "\"uri\":\"test://gone\"," META),
                  { V, "resources/read", "test://gone" },
                  200,
                  "\"uri\":\"test://gone\"" },
                { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", { 0 }, 200, "{}" },
                { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}",
                  { 0 },
                  400,
                  "-32602" },
                { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}",
                  { "v9" },
                  400,
                  "\"requested\":\"v9\"" },
                { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}",
                  { "\xff\x01" },
                  400,
                  "\"requested\":\"\"" },
        };

        (void)state;
        CHECK(rows);
}

#define REGION(arguments) \
        REQUEST("1", "tools/call", "\"name\":\"region\",\"arguments\":{" arguments "}," META)
#define AT(more) \
        { \
                V, "tools/call", "region", more \
        }

static void parameters_are_repeated_where_the_tool_says_so(void **state)
{
        static const row rows[] = {
                { REGION("\"where\":\"eu\""), AT("eu"), 200, "\"where\":\"eu\"" },
                { REGION("\"where\":\"eu\""), AT("us"), 400, MISMATCH },
                { REGION("\"where\":\"eu\""), AT("EU"), 400, MISMATCH },
                { REGION("\"where\":\"eu\""), AT(NULL), 400, MISMATCH },
                { REGION("\"where\":\"Hello\""), AT("=?base64?SGVsbG8=?="), 200, "Hello" },
                { REGION("\"where\":\"Hello\""), AT("=?base64?SGVsbG8?="), 400, MISMATCH },
                { REGION("\"where\":\"Hello\""), AT("=?base64?SGVs!!!bG8=?="), 400, MISMATCH },
                { REGION("\"where\":\"Hello\""), AT("=?base64?SGVsbG9=?="), 400, MISMATCH },
                { REGION("\"where\":\"SGVsbG8=\""), AT("SGVsbG8="), 200, "SGVsbG8=" },
                { REGION("\"where\":\"=?base64?SGVsbG8=\""), AT("=?base64?SGVsbG8="), 200, "SGVs" },
                { REGION("\"where\":\"\""), AT(""), 200, "\"where\":\"\"" },
                { REGION("\"where\":\"\""),
                  AT("=?base64?"
                     "?="),
                  200, "\"where\":\"\"" },
                { REGION("\"where\":\"\xe2\x82\xac\""), AT("=?base64?4oKs?="), 200,
                  "\xe2\x82\xac" },
                { REGION("\"where\":\"\xe2\x82\xac\""), AT("\xe2\x82\xac"), 400, MISMATCH },
                { REGION("\"where\":null"), AT(NULL), 200, "null" },
                { REGION("\"where\":null"), AT("eu"), 400, MISMATCH },
                { REGION(""), AT(NULL), 200, "\"echo\"" },
                { REGION(""), AT("eu"), 400, MISMATCH },
                { REGION("\"count\":42"), { V, "tools/call", "region", NULL, "42" }, 200, "42" },
                { REGION("\"count\":42"), { V, "tools/call", "region", NULL, "42.0" }, 200, "42" },
                { REGION("\"count\":42"), { V, "tools/call", "region", NULL, "4.2e1" }, 200, "42" },
                { REGION("\"count\":42"),
                  { V, "tools/call", "region", NULL, "43" },
                  400,
                  MISMATCH },
                { REGION("\"count\":42"),
                  { V, "tools/call", "region", NULL, "42x" },
                  400,
                  MISMATCH },
                { REGION("\"count\":42"),
                  { V, "tools/call", "region", NULL, "\"42\"" },
                  400,
                  MISMATCH },
                { REGION("\"count\":42"), { V, "tools/call", "region" }, 400, MISMATCH },
                { REGION("\"sure\":true"),
                  { V, "tools/call", "region", NULL, NULL, "true" },
                  200,
                  "true" },
                { REGION("\"sure\":true"),
                  { V, "tools/call", "region", NULL, NULL, "True" },
                  400,
                  MISMATCH },
                { REGION("\"deep\":{\"inner\":\"x\"}"),
                  { V, "tools/call", "region", NULL, NULL, NULL, "x" },
                  200,
                  "inner" },
                { REGION("\"deep\":{\"inner\":\"x\"}"), AT(NULL), 400, MISMATCH },
        };

        (void)state;
        CHECK(rows);
}

static void over_stdio_there_are_no_headers_to_check(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_give(&b.wire, REGION("\"where\":\"eu\""));
        assert_has(wire_line(&b.wire), "\"result\"");
        bench_close(&b);
}

static void notifications_and_answers_are_accepted_without_a_word(void **state)
{
        bench_opts o = { .transport = MCP_HTTP };
        headers h = { V };
        bench b;

        (void)state;
        bench_open(&b, &o);
        assert_null(give(&b, NOTE("notifications/cancelled", "\"requestId\":1"), &h));
        assert_null(give(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", &h));
        bench_close(&b);
}

static void a_session_serves_its_version_and_refuses_unknown_ones(void **state)
{
        bench_opts o = { .transport = MCP_HTTP };
        headers none = { 0 }, old = { "2025-06-18" }, bad = { "2031-01-01" };
        const sent *s;
        bench b;

        (void)state;
        bench_open(&b, &o);
        wire_shake(&b.wire, "2025-06-18", "{}");
        assert_int_equal(give(&b, REQUEST("1", "tools/list", ""), &none)->status, 200);
        assert_int_equal(give(&b, REQUEST("2", "tools/list", ""), &old)->status, 200);
        s = give(&b, REQUEST("3", "tools/list", ""), &bad);
        assert_int_equal(s->status, 400);
        assert_has(s->line, "\"code\":-32600");
        /* Errors of methods are answers like others there. */
        s = give(&b, REQUEST("4", "no/such", ""), &old);
        assert_int_equal(s->status, 200);
        assert_has(s->line, "\"code\":-32601");
        bench_close(&b);
}

static void who_goes_cancels_in_the_modern_era_only(void **state)
{
        bench_opts o = { .transport = MCP_HTTP };
        headers h = { V, "tools/call", "later" };
        mcp_http http = { h.version, h.method, h.name, find, &h };
        int first, second;
        const char *call = REQUEST("1", "tools/call", "\"name\":\"later\"," META);
        bench b;

        (void)state;
        bench_open(&b, &o);
        wire_shake(&b.wire, "2025-11-25", "{}");
        wire_give_n(&b.wire, &first, call, strlen(call), &http);
        call = REQUEST("2", "tools/call", "\"name\":\"later\"");
        wire_give_n(&b.wire, &second, call, strlen(call), NULL);
        assert_int_equal(mcp_conn_in_flight(b.wire.conn), 2);
        /* A notification is no way to cancel there. */
        wire_give(&b.wire, NOTE("notifications/cancelled", "\"requestId\":1"));
        assert_int_equal(b.cat.cancelled, 0);
        mcp_abandon(b.wire.conn, &first);
        assert_int_equal(b.cat.cancelled, 1);
        assert_ptr_equal(b.wire.last_done, &first);
        mcp_abandon(b.wire.conn, &second);
        assert_int_equal(b.cat.cancelled, 1);
        assert_ptr_equal(b.wire.last_done, &second);
        assert_int_equal(mcp_conn_in_flight(b.wire.conn), 0);
        test_finish(&b.cat);
        test_finish(&b.cat);
        assert_null(wire_next(&b.wire));
        bench_close(&b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(standard_headers_repeat_the_message),
                cmocka_unit_test(statuses_are_those_of_the_protocol),
                cmocka_unit_test(parameters_are_repeated_where_the_tool_says_so),
                cmocka_unit_test(over_stdio_there_are_no_headers_to_check),
                cmocka_unit_test(notifications_and_answers_are_accepted_without_a_word),
                cmocka_unit_test(a_session_serves_its_version_and_refuses_unknown_ones),
                cmocka_unit_test(who_goes_cancels_in_the_modern_era_only),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
