/* The message core of the MCP server: the lines of the input as messages, over stdio without and
 * with a handshake and over HTTP. Each is done with exactly once, and whatever leaves is one
 * well-formed message. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DONE, OPEN, ANSWERED };

typedef struct peer {
        mcp_conn *conn;
        char open[256]; /* by message: OPEN, ANSWERED, or done with */
        size_t received, done;
} peer;

static void check_member(const msptk_json *doc)
{
        const msptk_json *error = msptk_json_get(doc, "error");
        int64_t code = msptk_json_int(msptk_json_get(error, "code"), 1);
        int kinds = !!error + !!msptk_json_get(doc, "result") + !!msptk_json_get(doc, "method");

        if (!is_object(doc) || strcmp(msptk_json_string(msptk_json_get(doc, "jsonrpc"), ""), "2.0"))
                abort();
        if (kinds != 1)
                abort();
        if (error && (code == 1 || !get_str(error, "message") || !*get_str(error, "message")))
                abort();
        if (error && code <= -32000 && code >= -32099 && code != -32002 &&
            (code > -32020 || code < -32022))
                abort();
        if (!error && !msptk_json_get(doc, "method") && !msptk_json_get(doc, "id"))
                abort();
}

static void take(void *user, void *ref, int32_t kind, const char *line, size_t len, int32_t status)
{
        peer *p = user;
        msptk_json *doc = NULL;

        (void)status;
        /* At most one answer, and nothing after it. */
        if (kind != MCP_UNASKED && *(char *)ref != OPEN)
                abort();
        if (kind == MCP_RESPONSE)
                *(char *)ref = ANSWERED;
        if (strlen(line) != len || strchr(line, '\n') || strchr(line, '\r'))
                abort();
        if (msptk_json_parse(line, len, &doc, NULL) < 0)
                abort();
        if (msptk_json_type(doc) != MSPTK_JSON_ARRAY)
                check_member(doc);
        else if (!msptk_json_count(doc) || kind != MCP_RESPONSE ||
                 strcmp(mcp_conn_legacy_version(p->conn), "2025-03-26") != 0)
                abort();
        for (const msptk_json *j = msptk_json_type(doc) == MSPTK_JSON_ARRAY ? msptk_json_first(doc)
                                                                            : NULL;
             j; j = msptk_json_next(j))
                check_member(j);
        msptk_json_free(doc);
}

static void ended(void *user, void *ref)
{
        peer *p = user;

        if (*(char *)ref == DONE)
                abort();
        *(char *)ref = DONE;
        p->done++;
}

/* Headers that repeat what the message says, so that it gets beyond them. */
typedef struct repeated {
        msptk_json *doc;
        const char *where;
} repeated;

static const char *find_header(void *user, const char *name)
{
        repeated *r = user;

        return strcmp(name, "mcp-param-region") == 0 ? r->where : NULL;
}

static void give(peer *p, const char *line, size_t len, bool http)
{
        repeated r = { 0 };
        const msptk_json *params;
        mcp_http h = { .protocol_version = "2026-07-28", .header = find_header, .user = &r };
        char *ref = &p->open[p->received++];

        *ref = OPEN;
        if (http && msptk_json_parse(line, len, &r.doc, NULL) >= 0) {
                params = msptk_json_get(r.doc, "params");
                h.method = get_str(r.doc, "method");
                h.name = get_str(params, "name") ? get_str(params, "name") : get_str(params, "uri");
                r.where = get_str(msptk_json_get(params, "arguments"), "where");
        }
        mcp_receive(p->conn, ref, line, len, http ? &h : NULL);
        msptk_json_free(r.doc);
}

static const char handshake[] =
        "{\"jsonrpc\":\"2.0\",\"id\":\"init\",\"method\":\"initialize\",\"params\":"
        "{\"protocolVersion\":\"2025-03-26\",\"capabilities\":{\"elicitation\":{},\"sampling\":{},"
        "\"roots\":{}}}}";

static void run(const char *at, size_t size, int32_t transport, bool shake)
{
        static const mcp_principal who = { "fuzz", MCP_READ };
        mcp_server_opts so = { .name = "fuzz", .version = "1", .limits = { .in_flight = 8 } };
        test_catalogue cat;
        mcp_server *s;
        peer p = { 0 };
        mcp_out out = { take, ended, &p };
        const char *end = at + size;
        int64_t now = 0;

        test_catalogue_init(&cat);
        so.catalogue = &cat.cat;
        s = cat.server = mcp_server_new(&so);
        p.conn = mcp_conn_new(s, transport, &who, &out);
        if (shake)
                give(&p, handshake, strlen(handshake), false);
        while (at < end && p.received < sizeof(p.open)) {
                const char *nl = memchr(at, '\n', (size_t)(end - at));
                size_t len = (size_t)((nl ? nl : end) - at);

                give(&p, at, len, transport == MCP_HTTP);
                mcp_tick(s, now += 60);
                if (cat.held_count > 2)
                        test_finish(&cat);
                if (p.received % 5 == 0)
                        mcp_changed(s, MCP_RESOURCE_CONTENT, "test://a");
                if (p.received % 7 == 0)
                        mcp_abandon(p.conn, &p.open[p.received / 2]);
                at += len + !!nl;
        }
        if (size % 2)
                mcp_conn_shut(p.conn);
        mcp_conn_free(p.conn);
        if (p.done != p.received)
                abort();
        if (size % 3) {
                mcp_server_free(s);
                test_catalogue_clear(&cat);
        } else {
                while (cat.held_count)
                        test_finish(&cat);
                mcp_server_free(s);
                test_catalogue_clear(&cat);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *bytes = (const char *)data;

        run(bytes, size, MCP_STDIO, false);
        run(bytes, size, MCP_STDIO, true);
        run(bytes, size, MCP_HTTP, false);
        return 0;
}
