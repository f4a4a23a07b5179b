/* See mcp_support.h. */
#include "mcp_support.h"

#include "shapes.h"

/* ---- the wire ---- */

/* What a request was, to know the shape of its answer. */
static void note_request(wire *w, const char *bytes, size_t len)
{
        msptk_json *doc = NULL;
        const msptk_json *id, *meta;
        char *key;

        if (msptk_json_parse(bytes, len, &doc, NULL) < 0)
                return;
        id = msptk_json_get(doc, "id");
        if (id && get_str(doc, "method")) {
                meta = msptk_json_get(msptk_json_get(doc, "params"), "_meta");
                key = print_tree(id);
                if (!is_object(msptk_json_get(w->asked, key))) {
                        msptk_json *r = put_object(w->asked, key);

                        put_str(r, "method", get_str(doc, "method"));
                        put_bool(r, "modern",
                                 msptk_json_get(meta, "io.modelcontextprotocol/protocolVersion"));
                }
                free(key);
        }
        msptk_json_free(doc);
}

static const char *version_of(const wire *w)
{
        const char *v = w->conn ? mcp_conn_legacy_version(w->conn) : NULL;

        return v ? v : "2025-11-25";
}

static void check_line(wire *w, const char *line)
{
        msptk_json *doc = NULL;
        const char *method = NULL, *version = version_of(w), *problem;
        const msptk_json *r = NULL;
        char *key = NULL;

        if (msptk_json_parse(line, strlen(line), &doc, NULL) >= 0 && msptk_json_get(doc, "id") &&
            !msptk_json_get(doc, "method")) {
                key = print_tree(msptk_json_get(doc, "id"));
                r = msptk_json_get(w->asked, key);
        }
        if (r) {
                method = get_str(r, "method");
                if (msptk_json_bool(msptk_json_get(r, "modern"), 0))
                        version = "2026-07-28";
        }
        if (strstr(line, "subscriptionId") || strstr(line, "resultType"))
                version = "2026-07-28";
        problem = check_message(version, method, line);
        if (problem)
                fail_msg("%s: %s", problem, line);
        if (key)
                msptk_json_remove(w->asked, key);
        free(key);
        msptk_json_free(doc);
}

static void take(void *user, void *ref, int32_t kind, const char *line, size_t len, int32_t status)
{
        wire *w = user;
        sent *s = &w->sent[w->count];

        assert_int_equal(strlen(line), len);
        if (w->count == SENT_MAX)
                return;
        w->count++;
        *s = (sent){ copy_part(line, len), ref, kind, status };
        if (!w->unchecked)
                check_line(w, s->line);
}

static void ended(void *user, void *ref)
{
        wire *w = user;

        w->done++;
        w->last_done = ref;
}

void wire_open(wire *w, mcp_server *s, int32_t transport, const char *principal)
{
        mcp_principal who = { principal ? principal : "mcp", MCP_READ };
        mcp_out out = { take, ended, w };

        memset(w, 0, sizeof(*w));
        w->server = s;
        w->transport = transport;
        w->asked = new_object();
        w->conn = mcp_conn_new(s, transport, &who, &out);
}

void wire_close(wire *w)
{
        mcp_conn_free(w->conn);
        w->conn = NULL;
        assert_int_equal(w->done, w->received);
        for (size_t i = 0; i < w->count; i++)
                free(w->sent[i].line);
        w->count = 0;
        msptk_json_free(w->asked);
        w->asked = NULL;
}

void wire_give_n(wire *w, void *ref, const char *bytes, size_t len, const mcp_http *http)
{
        /* Exactly as long as it is, so that reading beyond it is seen. */
        char *exact = need(malloc(len ? len : 1));

        memcpy(exact, bytes, len);
        note_request(w, exact, len);
        w->received++;
        mcp_receive(w->conn, ref, exact, len, http);
        free(exact);
}

void wire_give(wire *w, const char *line)
{
        wire_give_n(w, NULL, line, strlen(line), NULL);
}

void wire_give_http(wire *w, const char *line, const mcp_http *http)
{
        wire_give_n(w, &w->received, line, strlen(line), http);
}

void wire_tick(wire *w, int64_t ms)
{
        w->now += ms;
        mcp_tick(w->server, w->now);
}

const sent *wire_next(wire *w)
{
        return w->next < w->count ? &w->sent[w->next++] : NULL;
}

const char *wire_line(wire *w)
{
        const sent *s = wire_next(w);

        return s ? s->line : "";
}

void wire_shake(wire *w, const char *version, const char *capabilities)
{
        char line[600];

        snprintf(line, sizeof(line),
                 "{\"jsonrpc\":\"2.0\",\"id\":\"init\",\"method\":\"initialize\",\"params\":"
                 "{\"protocolVersion\":\"%s\",\"capabilities\":%s,\"clientInfo\":"
                 "{\"name\":\"test\",\"version\":\"1\"}}}",
                 version, capabilities);
        wire_give(w, line);
        assert_non_null(strstr(wire_line(w), "\"protocolVersion\""));
        wire_give(w, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
}

/* ---- all of it ---- */

void bench_open(bench *b, const bench_opts *o)
{
        static const bench_opts plain = { 0 };
        mcp_server_opts so = { .name = "tests",
                               .version = "1.0",
                               .instructions = "Say \"hello\" first.",
                               .list_ttl_ms = 300000,
                               .resource_ttl_ms = 15000 };

        if (!o)
                o = &plain;
        test_catalogue_init(&b->cat);
        so.catalogue = &b->cat.cat;
        so.limits = o->limits;
        so.shared_lists = o->shared;
        b->server = mcp_server_new(&so);
        b->cat.server = b->server;
        mcp_tick(b->server, 0);
        wire_open(&b->wire, b->server, o->transport, o->principal);
}

void bench_close(bench *b)
{
        wire_close(&b->wire);
        mcp_server_free(b->server);
        test_catalogue_clear(&b->cat);
        check_message_end();
}
