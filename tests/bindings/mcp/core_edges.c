/* What comes in broken, and what is answered: every row of the table of edge cases, in both eras.
 */
#include "mcp_support.h"

typedef struct edge {
        const char *given;
        const char *wanted; /* the whole line; NULL: nothing is answered */
} edge;

#define ERROR(id, code, why) \
        "{\"jsonrpc\":\"2.0\"," id "\"error\":{\"code\":" code ",\"message\":\"" why "\"}}"
#define TAIL \
        ",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"tests\",\"version\":" \
        "\"1.0\"}}}}"
#define ECHO_LEGACY(id) \
        "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":{\"content\":[{\"type\":\"text\"," \
        "\"text\":\"echo\"}],\"structuredContent\":{}}}"
#define ECHO_MODERN(id) \
        "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":{\"content\":[{\"type\":\"text\"," \
        "\"text\":\"echo\"}],\"structuredContent\":{},\"resultType\":\"complete\"" TAIL
#define BAD_ID(id) ERROR(id, "-32600", "an id is a string or an integer")
#define WHERE(column) "not valid JSON at line 1, column " column ": "

/* The same in both eras, because no era can be told. */
static const edge both[] = {
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":",
          ERROR("", "-32700", WHERE("34") "expected a value, found the end") },
        { "{\"id\":1",
          ERROR("", "-32700", WHERE("8") "expected ',' or '}' after a member, found the end") },
        { "nonsense", ERROR("", "-32700", WHERE("1") "expected a value, found 'n'") },
        { "{} {}", ERROR("", "-32700", WHERE("4") "expected nothing after the value, found '{'") },
        { "\xef\xbb\xbf\xef\xbb\xbf{}",
          ERROR("", "-32700", WHERE("1") "a byte order mark is not part of JSON") },
        { "[]", ERROR("", "-32600", "a batch of nothing") },
        { "[1]", ERROR("", "-32600", "this version of the protocol has no batches") },
        { "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]",
          ERROR("", "-32600", "this version of the protocol has no batches") },
        { "1", ERROR("", "-32600", "a message is an object") },
        { "\"ping\"", ERROR("", "-32600", "a message is an object") },
        { "null", ERROR("", "-32600", "a message is an object") },
        { "{}", ERROR("", "-32600", "jsonrpc must be \\\"2.0\\\"") },
        { "{\"jsonrpc\":\"2.0\"}", ERROR("", "-32600", "there is no method") },
        { "{\"jsonrpc\":\"2.0\",\"id\":7}", ERROR("\"id\":7,", "-32600", "there is no method") },
        { "{\"jsonrpc\":\"1.0\",\"id\":7,\"method\":\"ping\"}",
          ERROR("\"id\":7,", "-32600", "jsonrpc must be \\\"2.0\\\"") },
        { "{\"jsonrpc\":2.0,\"id\":7,\"method\":\"ping\"}",
          ERROR("\"id\":7,", "-32600", "jsonrpc must be \\\"2.0\\\"") },
        { "{\"id\":7,\"method\":\"ping\"}",
          ERROR("\"id\":7,", "-32600", "jsonrpc must be \\\"2.0\\\"") },
        { "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":1}",
          ERROR("\"id\":7,", "-32600", "method must be a string") },
        { "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", BAD_ID("") },
        { "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", BAD_ID("") },
        { "{\"jsonrpc\":\"2.0\",\"id\":1.0,\"method\":\"ping\"}", BAD_ID("") },
        { "{\"jsonrpc\":\"2.0\",\"id\":1e3,\"method\":\"ping\"}", BAD_ID("") },
        { "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}", BAD_ID("") },
        { "{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"ping\"}", BAD_ID("") },
        { "{\"jsonrpc\":\"2.0\",\"id\":{\"a\":1},\"method\":\"ping\"}", BAD_ID("") },
        { "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\",\"params\":[1]}",
          ERROR("\"id\":7,", "-32600", "params must be an object") },
        { "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\",\"params\":null}",
          ERROR("\"id\":7,", "-32600", "params must be an object") },
        { "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\",\"params\":\"x\"}",
          ERROR("\"id\":7,", "-32600", "params must be an object") },
        { "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"params\":[1]}",
          ERROR("", "-32600", "params must be an object") },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"id\":2}",
          ERROR("", "-32600", WHERE("41") "the key 'id' is there twice") },
        { "{\"jsonrpc\":\"2.0\",\"id\":\"\xff\",\"method\":\"ping\"}",
          ERROR("", "-32700", WHERE("24") "the bytes are not UTF-8") },
        { "{\"jsonrpc\":\"2.0\",\"id\":\"\\ud800\",\"method\":\"ping\"}",
          ERROR("", "-32700", WHERE("24") "a surrogate without its other half") },
        /* Notifications are never answered. */
        { "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/unheard\"}", NULL },
        { "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/unheard\",\"params\":{\"a\":1}}", NULL },
        { "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\"}", NULL },
        { NOTE("notifications/cancelled", "\"requestId\":99"), NULL },
        { NOTE("notifications/cancelled", "\"requestId\":{}"), NULL },
        { NOTE("notifications/cancelled", "\"requestId\":null"), NULL },
        { "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"echo\"}}", NULL },
        /* Answers to nothing. */
        { "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{}}", NULL },
        { "{\"jsonrpc\":\"2.0\",\"id\":\"5\",\"error\":{\"code\":-1,\"message\":\"no\"}}", NULL },
        { "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":5}", NULL },
        /* Blanks, line ends and one byte order mark do no harm. */
        { "\xef\xbb\xbf{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}" },
        { " \t{\"jsonrpc\":\"2.0\" , \"id\" : 1 ,\"method\":\"ping\"}\r",
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}" },
        /* Ids come back as they were written. */
        { "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"ping\"}",
          "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{}}" },
        { "{\"jsonrpc\":\"2.0\",\"id\":-1,\"method\":\"ping\"}",
          "{\"jsonrpc\":\"2.0\",\"id\":-1,\"result\":{}}" },
        { "{\"jsonrpc\":\"2.0\",\"id\":\"\",\"method\":\"ping\"}",
          "{\"jsonrpc\":\"2.0\",\"id\":\"\",\"result\":{}}" },
        { "{\"jsonrpc\":\"2.0\",\"id\":9007199254740993,\"method\":\"ping\"}",
          "{\"jsonrpc\":\"2.0\",\"id\":9007199254740993,\"result\":{}}" },
        { "{\"jsonrpc\":\"2.0\",\"id\":123456789012345678901234567890123,\"method\":\"ping\"}",
          "{\"jsonrpc\":\"2.0\",\"id\":123456789012345678901234567890123,\"result\":{}}" },
        { "{\"jsonrpc\":\"2.0\",\"id\":\"a\\u0062\\/\\\"\",\"method\":\"ping\"}",
          "{\"jsonrpc\":\"2.0\",\"id\":\"a\\u0062\\/\\\"\",\"result\":{}}" },
        { "{\"params\":{\"id\":\"no\",\"x\":[{\"id\":2}]},\"\\u0069d\":3,\"method\":\"ping\","
          "\"jsonrpc\":\"2.0\"}",
          "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}" },
};

static const edge legacy[] = {
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no/such\"}",
          ERROR("\"id\":1,", "-32601", "there is no method 'no/such'") },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\"}",
          ERROR("\"id\":1,", "-32601", "there is no method 'server/discover'") },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\"}}",
          ECHO_LEGACY("1") },
        { REQUEST("1", "tools/call", "\"name\":\"echo\",\"arguments\":{}"), ECHO_LEGACY("1") },
        { REQUEST("1", "tools/call", "\"name\":\"echo\",\"_meta\":{\"unknown\":{\"x\":[]}}"),
          ECHO_LEGACY("1") },
        { REQUEST("1", "tools/call", "\"name\":\"echo\",\"_meta\":7"), ECHO_LEGACY("1") },
        { REQUEST("1", "tools/call", "\"name\":\"echo\",\"arguments\":null"),
          ERROR("\"id\":1,", "-32602", "params.arguments must be an object") },
        { REQUEST("1", "tools/call", "\"name\":\"echo\",\"arguments\":[]"),
          ERROR("\"id\":1,", "-32602", "params.arguments must be an object") },
        { REQUEST("1", "tools/call", "\"name\":5"),
          ERROR("\"id\":1,", "-32602", "params.name must be a string") },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\"}",
          ERROR("\"id\":1,", "-32602", "params.name must be a string") },
        { REQUEST("1", "tools/call", "\"name\":\"eco\""),
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":"
          "\"there is no tool 'eco'\",\"data\":{\"suggestion\":\"did you mean echo?\","
          "\"nearest\":\"echo\"}}}" },
        { REQUEST("1", "tools/call", "\"name\":\"zzzzzzzzzzzz\\u001b[2J\""),
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":"
          "\"there is no tool 'zzzzzzzzzzzz^[[2J'\",\"data\":{\"suggestion\":"
          "\"call tools/list to see what there is\"}}}" },
        { REQUEST("1", "prompts/get", "\"name\":\"helo\""),
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":"
          "\"there is no prompt 'helo'\",\"data\":{\"suggestion\":\"did you mean hello?\","
          "\"nearest\":\"hello\"}}}" },
        { REQUEST("1", "prompts/get", "\"name\":\"hello\",\"arguments\":{\"word\":5}"),
          ERROR("\"id\":1,", "-32602", "params.arguments must be an object of strings") },
        { REQUEST("1", "resources/read", "\"uri\":\"test://gone\""),
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32002,\"message\":"
          "\"there is no such resource\",\"data\":{\"uri\":\"test://gone\"}}}" },
        { REQUEST("1", "resources/read", ""),
          ERROR("\"id\":1,", "-32602", "params.uri must be a string") },
        { REQUEST("1", "tools/list", "\"cursor\":\"x\""),
          ERROR("\"id\":1,", "-32602", "this cursor was not given out: begin without one") },
        { REQUEST("1", "tools/list", "\"cursor\":5"),
          ERROR("\"id\":1,", "-32602", "this cursor was not given out: begin without one") },
        { REQUEST("1", "logging/setLevel", "\"level\":\"loud\""),
          ERROR("\"id\":1,", "-32602",
                "params.level must be one of debug, info, notice, warning, error, critical, alert, "
                "emergency") },
        { REQUEST("1", "logging/setLevel", "\"level\":\"info\""),
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}" },
        { REQUEST("1", "completion/complete", "\"ref\":{\"type\":\"ref/what\"},\"argument\":{}"),
          ERROR("\"id\":1,", "-32602",
                "params.ref must name a prompt (ref/prompt, name) or a resource (ref/resource, "
                "uri)") },
        { REQUEST("1", "completion/complete",
                  "\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\"},\"argument\":{\"name\":5}"),
          ERROR("\"id\":1,", "-32602",
                "params.argument must have a name and a value, both strings") },
        { REQUEST("1", "completion/complete",
                  "\"ref\":{\"type\":\"ref/prompt\",\"name\":\"p\"},\"argument\":{\"name\":\"a\","
                  "\"value\":\"v\"},\"context\":{\"arguments\":{\"x\":5}}"),
          ERROR("\"id\":1,", "-32602", "params.context.arguments must be an object of strings") },
        { REQUEST("1", "tools/call", "\"name\":\"broken\""),
          ERROR("\"id\":1,", "-32603", "the answer has the wrong shape") },
};

static const edge modern[] = {
        { REQUEST("1", "no/such", META),
          ERROR("\"id\":1,", "-32601", "there is no method 'no/such'") },
        { REQUEST("1", "ping", META), ERROR("\"id\":1,", "-32601", "there is no method 'ping'") },
        { REQUEST("1", "logging/setLevel", META),
          ERROR("\"id\":1,", "-32601", "there is no method 'logging/setLevel'") },
        { REQUEST("1", "resources/subscribe", META),
          ERROR("\"id\":1,", "-32601", "there is no method 'resources/subscribe'") },
        { REQUEST("1", "initialize", META),
          ERROR("\"id\":1,", "-32601",
                "there is no method 'initialize' for requests with per-request metadata; served "
                "versions: 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05") },
        { REQUEST("1", "tools/call", "\"name\":\"echo\"," META), ECHO_MODERN("1") },
        { REQUEST("\"x\"", "tools/call", "\"name\":\"echo\",\"arguments\":{}," META),
          ECHO_MODERN("\"x\"") },
        { REQUEST("1", "tools/call",
                  "\"name\":\"echo\",\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":"
                  "\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":"
                  "{\"roots\":{\"listChanged\":true},\"unknown\":5},\"other\":null,"
                  "\"io.modelcontextprotocol/clientInfo\":7}"),
          ECHO_MODERN("1") },
        { REQUEST("1", "tools/list",
                  "\"_meta\":{\"io.modelcontextprotocol/clientCapabilities\":{}}"),
          ERROR("\"id\":1,", "-32602",
                "params._meta[\\\"io.modelcontextprotocol/protocolVersion\\\"] must be a string") },
        { REQUEST("1", "tools/list", "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":5}"),
          ERROR("\"id\":1,", "-32602",
                "params._meta[\\\"io.modelcontextprotocol/protocolVersion\\\"] must be a string") },
        { REQUEST("1", "tools/list",
                  "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}"),
          ERROR("\"id\":1,", "-32602",
                "params._meta[\\\"io.modelcontextprotocol/clientCapabilities\\\"] must be an "
                "object") },
        { REQUEST("1", "tools/list",
                  "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"1999-01-01\"}"),
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32022,\"message\":"
          "\"this version of the protocol is not served\",\"data\":{\"supported\":[\"2026-07-28\","
          "\"2025-11-25\",\"2025-06-18\",\"2025-03-26\",\"2024-11-05\"],\"requested\":"
          "\"1999-01-01\"}}}" },
        { REQUEST("1", "tools/list",
                  "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                  "\"io.modelcontextprotocol/clientCapabilities\":{},"
                  "\"io.modelcontextprotocol/logLevel\":\"loud\"}"),
          ERROR("\"id\":1,", "-32602",
                "params._meta[\\\"io.modelcontextprotocol/logLevel\\\"] is no log level") },
        { REQUEST("1", "tools/list",
                  "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                  "\"io.modelcontextprotocol/clientCapabilities\":{},\"progressToken\":1.5}"),
          ERROR("\"id\":1,", "-32602",
                "params._meta.progressToken must be a string or an integer") },
        { REQUEST("1", "tools/call", "\"name\":\"eco\"," META),
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":"
          "\"there is no tool 'eco'\",\"data\":{\"suggestion\":\"did you mean echo?\","
          "\"nearest\":\"echo\"}}}" },
        { REQUEST("1", "resources/read", "\"uri\":\"test://gone\"," META),
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":"
          "\"there is no such resource\",\"data\":{\"uri\":\"test://gone\"}}}" },
        { REQUEST("1", "tools/list", "\"cursor\":\"x\"," META),
          ERROR("\"id\":1,", "-32602", "this cursor was not given out: begin without one") },
        { REQUEST("1", "tools/call", "\"name\":\"echo\",\"inputResponses\":[]," META),
          ERROR("\"id\":1,", "-32602", "params.inputResponses must be an object") },
        { REQUEST("1", "tools/call", "\"name\":\"echo\",\"inputResponses\":{\"a\":5}," META),
          ERROR("\"id\":1,", "-32602", "each of params.inputResponses must be an object") },
        { REQUEST("1", "tools/call", "\"name\":\"echo\",\"requestState\":{}," META),
          ERROR("\"id\":1,", "-32602", "params.requestState must be a string") },
        { REQUEST("1", "subscriptions/listen", META),
          ERROR("\"id\":1,", "-32602",
                "params.notifications must be an object of toolsListChanged, promptsListChanged, "
                "resourcesListChanged (true or false) and resourceSubscriptions (an array of "
                "strings)") },
        { REQUEST("1", "subscriptions/listen",
                  "\"notifications\":{\"resourceSubscriptions\":[1]}," META),
          ERROR("\"id\":1,", "-32602",
                "params.notifications must be an object of toolsListChanged, promptsListChanged, "
                "resourcesListChanged (true or false) and resourceSubscriptions (an array of "
                "strings)") },
};

static void give_all(bench *b, const edge *edges, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                wire_give(&b->wire, edges[i].given);
                if (edges[i].wanted)
                        assert_string_equal(wire_line(&b->wire), edges[i].wanted);
                else if (wire_next(&b->wire))
                        fail_msg("answered: %s", edges[i].given);
                assert_null(wire_next(&b->wire));
                assert_int_equal(b->wire.done, b->wire.received);
        }
}

#define COUNT(list) (sizeof(list) / sizeof(*list))

static void messages_are_answered_or_ignored_before_any_handshake(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        give_all(&b, both, COUNT(both));
        bench_close(&b);
}

static void messages_are_answered_or_ignored_in_the_legacy_era(void **state)
{
        static const char *const versions[] = { "2025-11-25" };
        bench b;

        (void)state;
        for (size_t i = 0; i < COUNT(versions); i++) {
                bench_open(&b, NULL);
                wire_shake(&b.wire, versions[i], "{}");
                give_all(&b, both, COUNT(both));
                give_all(&b, legacy, COUNT(legacy));
                bench_close(&b);
        }
}

static void messages_are_answered_or_ignored_in_the_modern_era(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        give_all(&b, modern, COUNT(modern));
        bench_close(&b);
}

static void eras_interleave_on_one_connection(void **state)
{
        bench b;

        (void)state;
        bench_open(&b, NULL);
        wire_shake(&b.wire, "2025-11-25", "{}");
        for (size_t i = 0; i < COUNT(modern) || i < COUNT(legacy); i++) {
                if (i < COUNT(modern))
                        give_all(&b, &modern[i], 1);
                if (i < COUNT(legacy))
                        give_all(&b, &legacy[i], 1);
        }
        bench_close(&b);
}

static void an_error_without_id_has_null_only_in_the_older_versions(void **state)
{
        static const struct {
                const char *version;
                bool null;
        } rows[] = { { "2025-11-25", false },
                     { "2025-06-18", true },
                     { "2025-03-26", true },
                     { "2024-11-05", true } };
        bench b;

        (void)state;
        for (size_t i = 0; i < COUNT(rows); i++) {
                bench_open(&b, NULL);
                wire_shake(&b.wire, rows[i].version, "{}");
                wire_give(&b.wire, "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}");
                assert_int_equal(strstr(wire_line(&b.wire), "\"id\":null") != NULL, rows[i].null);
                wire_give(&b.wire, "{");
                assert_int_equal(strstr(wire_line(&b.wire), "\"id\":null") != NULL, rows[i].null);
                bench_close(&b);
        }
}

static void before_the_handshake_everything_but_ping_is_told_how_to_begin(void **state)
{
        static const char *const methods[] = { "tools/list", "server/discover", "no/such",
                                               "logging/setLevel" };
        char line[100];
        const char *answer;
        bench b;

        (void)state;
        bench_open(&b, NULL);
        for (size_t i = 0; i < COUNT(methods); i++) {
                snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"}",
                         methods[i]);
                wire_give(&b.wire, line);
                answer = wire_line(&b.wire);
                assert_non_null(strstr(answer, "\"code\":-32602"));
                assert_non_null(strstr(answer, "initialize"));
                assert_non_null(strstr(answer, "2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26"));
        }
        bench_close(&b);
}

static void what_is_too_long_or_too_deep_is_an_invalid_request(void **state)
{
        bench_opts o = { .limits = { .message_bytes = 1000 } };
        char deep[300], longer[1100];
        const sent *s;
        bench b;

        (void)state;
        bench_open(&b, &o);
        memset(deep, '[', 140);
        memset(deep + 140, ']', 140);
        wire_give_n(&b.wire, NULL, deep, 280, NULL);
        assert_non_null(strstr(wire_line(&b.wire), "\"code\":-32600"));
        memset(longer, ' ', sizeof(longer));
        wire_give_n(&b.wire, NULL, longer, 1001, NULL);
        s = wire_next(&b.wire);
        assert_string_equal(s->line, ERROR("", "-32600", "a message is at most 1000 bytes long"));
        assert_int_equal(s->status, 413);
        wire_give_n(&b.wire, NULL, longer, 1000, NULL);
        assert_non_null(strstr(wire_line(&b.wire), "\"code\":-32700"));
        b.wire.received++;
        mcp_receive_oversized(b.wire.conn, NULL);
        assert_non_null(strstr(wire_line(&b.wire), "at most 1000 bytes"));
        /* It still serves. */
        wire_give(&b.wire, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}");
        assert_string_equal(wire_line(&b.wire), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
        bench_close(&b);
}

static void errors_of_the_envelope_have_the_http_status_of_a_bad_request(void **state)
{
        static const char *const bad[] = {
                "{",
                "[1]",
                "{\"jsonrpc\":\"2.0\",\"id\":null}",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}",
        };
        bench b;

        (void)state;
        bench_open(&b, NULL);
        for (size_t i = 0; i < COUNT(bad); i++) {
                wire_give(&b.wire, bad[i]);
                assert_int_equal(wire_next(&b.wire)->status, 400);
        }
        bench_close(&b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(messages_are_answered_or_ignored_before_any_handshake),
                cmocka_unit_test(messages_are_answered_or_ignored_in_the_legacy_era),
                cmocka_unit_test(messages_are_answered_or_ignored_in_the_modern_era),
                cmocka_unit_test(eras_interleave_on_one_connection),
                cmocka_unit_test(an_error_without_id_has_null_only_in_the_older_versions),
                cmocka_unit_test(before_the_handshake_everything_but_ping_is_told_how_to_begin),
                cmocka_unit_test(what_is_too_long_or_too_deep_is_an_invalid_request),
                cmocka_unit_test(errors_of_the_envelope_have_the_http_status_of_a_bad_request),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
