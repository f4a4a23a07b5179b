/* The checks of shapes find what is wrong: otherwise the other tests would show nothing. */
#include "mcp_support.h"

#include "shapes.h"

#define INFO "\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"n\",\"version\":\"1\"}}"
#define RESULT(members) "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{" members "}}"
#define ERROR(members) "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{" members "}}"
#define SENT(method, params) \
        "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\",\"params\":{" params "}}"
#define NEW "2026-07-28"
#define OLD "2025-11-25"

typedef struct row {
        const char *version, *method, *line;
        const char *problem; /* NULL: nothing is wrong */
} row;

static const row rows[] = {
        { OLD, "ping", RESULT(""), NULL },
        { OLD, "ping", "{", "not valid JSON" },
        { OLD, "ping", "{\"jsonrpc\":\"2.0\",\n\"id\":1,\"result\":{}}", "a line end inside" },
        { OLD, "ping", "[]", "an object" },
        { "2025-03-26", "ping", "[]", "an empty batch" },
        { "2025-03-26", "ping", "[" RESULT("") "]", NULL },
        { OLD, "ping", "{\"id\":1,\"result\":{}}", "jsonrpc" },
        { OLD, "ping", "{\"jsonrpc\":\"2.0\",\"id\":1}", "not exactly one" },
        { OLD, "ping", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{},\"error\":{}}", "not exactly" },
        { OLD, "ping", "{\"jsonrpc\":\"2.0\",\"result\":{}}", "id is not id" },
        { OLD, "ping", "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{}}", "id is not id" },
        { OLD, "ping", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[]}", "result is not object" },
        { OLD, "ping", RESULT("\"resultType\":\"complete\""), "of the modern era" },
        { OLD, "tools/list", RESULT("\"tools\":[],\"ttlMs\":1"), "of the modern era" },
        { OLD, "no/such", RESULT(""), "has no result" },
        { NEW, "ping", RESULT("\"resultType\":\"complete\"," INFO), "has no result" },
        { NEW, "tools/call", RESULT("\"content\":[],\"resultType\":\"complete\"," INFO), NULL },
        { NEW, "tools/call", RESULT("\"content\":[]," INFO), "resultType" },
        { NEW, "tools/call", RESULT("\"content\":[],\"resultType\":\"complete\""), "who it is" },
        { NEW, "tools/list", RESULT("\"tools\":[],\"resultType\":\"complete\"," INFO), "ttlMs" },
        { NEW, "tools/list",
          RESULT("\"tools\":[],\"ttlMs\":-1,\"cacheScope\":\"public\",\"resultType\":"
                 "\"complete\"," INFO),
          "not count" },
        { NEW, "tools/list",
          RESULT("\"tools\":[],\"ttlMs\":0,\"cacheScope\":\"all\",\"resultType\":"
                 "\"complete\"," INFO),
          "cacheScope" },
        { OLD, "tools/list", RESULT("\"tools\":[{\"name\":\"a\"}]"), "inputSchema is missing" },
        { OLD, "tools/list", RESULT("\"tools\":[{\"name\":\"a\",\"inputSchema\":{}}]"), "type" },
        { OLD, "tools/call", RESULT("\"content\":[{\"type\":\"text\"}]"), "" },
        { OLD, "tools/call", RESULT("\"content\":[],\"structuredContent\":[]"), "structured" },
        { NEW, "tools/call",
          RESULT("\"content\":[],\"structuredContent\":[],\"resultType\":\"complete\"," INFO),
          NULL },
        { "2025-03-26", "tools/call",
          RESULT("\"content\":[{\"type\":\"resource_link\",\"uri\":\"a:b\",\"name\":\"n\"}]"), "" },
        { "2025-06-18", "tools/call",
          RESULT("\"content\":[{\"type\":\"resource_link\",\"uri\":\"a:b\",\"name\":\"n\"}]"),
          NULL },
        { NEW, "tools/call", RESULT("\"resultType\":\"input_required\"," INFO), "neither" },
        { NEW, "tools/list",
          RESULT("\"resultType\":\"input_required\",\"requestState\":\"s\"," INFO), "cannot ask" },
        { NEW, "tools/call",
          RESULT("\"resultType\":\"input_required\",\"inputRequests\":{\"a\":{\"method\":"
                 "\"ping\"}}," INFO),
          "" },
        { OLD, "x", ERROR("\"code\":-32602,\"message\":\"m\""), NULL },
        { OLD, "x", ERROR("\"code\":\"-32602\",\"message\":\"m\""), "code" },
        { OLD, "x", ERROR("\"code\":-32602,\"message\":\"\""), "empty" },
        { OLD, "x", ERROR("\"code\":-32002,\"message\":\"m\""), NULL },
        { NEW, "x", ERROR("\"code\":-32002,\"message\":\"m\""), "legacy" },
        { NEW, "x", ERROR("\"code\":-32042,\"message\":\"m\""), "must not" },
        { OLD, "x", ERROR("\"code\":-32000,\"message\":\"m\""), "must not" },
        { NEW, "x", ERROR("\"code\":-32022,\"message\":\"m\""), "data" },
        { NEW, "x",
          ERROR("\"code\":-32021,\"message\":\"m\",\"data\":{\"requiredCapabilities\":[]}"), "" },
        { OLD, NULL, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"m\"}}", NULL },
        { "2025-06-18", NULL, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"m\"}}",
          "the id of the error" },
        { OLD, NULL,
          "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"m\"}}",
          "the id of the error" },
        { OLD, NULL, SENT("notifications/progress", "\"progressToken\":1,\"progress\":2"), NULL },
        { OLD, NULL, SENT("notifications/progress", "\"progressToken\":1"), "progress is missing" },
        { "2024-11-05", NULL,
          SENT("notifications/progress", "\"progressToken\":1,\"progress\":2,\"message\":\"m\""),
          "must not" },
        { NEW, NULL, SENT("notifications/tools/list_changed", ""), "_meta is missing" },
        { OLD, NULL, SENT("notifications/message", "\"level\":\"loud\",\"data\":1"), "level" },
        { OLD, NULL, SENT("notifications/strange", ""), "is not sent" },
        { NEW, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"roots/list\"}", "is not sent" },
        { OLD, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"roots/list\"}", NULL },
};

static void wrong_messages_are_found_and_right_ones_pass(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                const char *found = check_message(rows[i].version, rows[i].method, rows[i].line);

                if (!rows[i].problem != !found || (found && !strstr(found, rows[i].problem)))
                        fail_msg("%s: %s, not %s", rows[i].line, found ? found : "nothing",
                                 rows[i].problem ? rows[i].problem : "nothing");
        }
        check_message_end();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(wrong_messages_are_found_and_right_ones_pass),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
