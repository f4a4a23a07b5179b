/* Messages that leave: envelopes printed around what a handler answered, errors, and the little
 * texts in them. */
#include "mcp/internal.h"

#include <stdio.h>

const char *const mcp_modern_versions[] = { "2026-07-28", NULL };
const char *const mcp_legacy_versions[] = { "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05",
                                            NULL };

bool mcp_is_modern_version(const char *version)
{
        for (const char *const *v = mcp_modern_versions; *v; v++)
                if (!strcmp(*v, version))
                        return true;
        return false;
}

/* The oldest one had a transport of its own over HTTP, which is not served. */
static bool is_served(const char *version, int32_t transport)
{
        return transport == MCP_STDIO || strcmp(version, "2024-11-05") != 0;
}

const char *legacy_version(const char *asked, int32_t transport)
{
        for (const char *const *v = mcp_legacy_versions; *v; v++)
                if (!strcmp(*v, asked))
                        return is_served(*v, transport) ? *v : NULL;
        return NULL;
}

msptk_json *version_list(int32_t transport)
{
        msptk_json *all = new_array();

        for (const char *const *v = mcp_modern_versions; *v; v++)
                add_str(all, *v);
        for (const char *const *v = mcp_legacy_versions; *v; v++)
                if (is_served(*v, transport))
                        add_str(all, *v);
        return all;
}

void add_version_names(text *t, int32_t transport)
{
        const char *between = "";

        for (const char *const *v = mcp_modern_versions; *v; v++, between = ", ")
                text_addf(t, "%s%s", between, *v);
        for (const char *const *v = mcp_legacy_versions; *v; v++)
                if (is_served(*v, transport))
                        text_addf(t, ", %s", *v);
}

/* ---- pieces of JSON ---- */

/* Bytes of the character of UTF-8 that begins here; 0 when none does. */
static size_t utf8_length(const unsigned char *s)
{
        size_t n = s[0] < 0x80   ? 1
                   : s[0] < 0xc2 ? 0
                   : s[0] < 0xe0 ? 2
                   : s[0] < 0xf0 ? 3
                   : s[0] < 0xf5 ? 4
                                 : 0;

        for (size_t i = 1; i < n; i++)
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
        /* Longer than needed, half a surrogate, beyond the last one. */
        if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
            (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
                return 0;
        return n;
}

void add_json_string(text *t, const char *s)
{
        const char *from = s;
        size_t n;

        text_addn(t, "\"", 1);
        for (;; s += n) {
                unsigned char c = (unsigned char)*s;

                n = 1;
                if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
                        continue; /* nearly all */
                n = utf8_length((const unsigned char *)s);
                if (n && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
                        continue;
                text_addn(t, from, (size_t)(s - from));
                if (!c)
                        break;
                if (!n)
                        text_add(t, "\xef\xbf\xbd");
                else if (c == '"' || c == '\\')
                        text_addf(t, "\\%c", c);
                else if (c == '\n')
                        text_addn(t, "\\n", 2);
                else
                        text_addf(t, "\\u%04x", c);
                n = 1;
                from = s + 1;
        }
        text_addn(t, "\"", 1);
}

void add_number(text *t, double value)
{
        msptk_json *holder;
        char *printed;

        if (value >= -9007199254740992.0 && value <= 9007199254740992.0 &&
            value == (double)(int64_t)value) {
                text_addf(t, "%lld", (long long)value);
                return;
        }
        holder = new_object();
        put_double(holder, "n", value);
        printed = print_tree(holder);
        text_addn(t, printed + 5, strlen(printed) - 6);
        free(printed);
        msptk_json_free(holder);
}

void add_quoted(text *t, const char *foreign)
{
        size_t cut = text_cut(foreign, 60, NULL);
        char *part = copy_part(foreign, cut);

        text_add(t, "'");
        add_clean(t, part, true);
        text_add(t, foreign[cut] ? "...'" : "'");
        free(part);
}

/* ---- the message that is being built ---- */

text *scratch(mcp_server *s)
{
        text_reset(&s->scratch);
        return &s->scratch;
}

void scratch_done(mcp_server *s)
{
        if (s->scratch.cap > SCRATCH_KEPT)
                text_free(&s->scratch);
}

static void add_tree(text *t, const msptk_json *json)
{
        char *printed = NULL;

        put_ok(msptk_json_print(json, 0, &printed, NULL));
        text_add(t, printed);
        msptk_string_free(printed);
}

void begin_result(text *t, const call *c)
{
        text_add(t, "{\"jsonrpc\":\"2.0\",\"id\":");
        text_addn(t, c->id, c->id_len);
        text_add(t, ",\"result\":");
}

/* The text ends with the closing brace of the result. */
void end_result(call *c, text *t, bool cacheable, int64_t ttl_ms, bool shared)
{
        bool empty;

        if (!c->modern) {
                text_add(t, "}");
                return;
        }
        t->data[--t->len] = '\0';
        empty = t->data[t->len - 1] == '{';
        text_add(t, empty ? "\"resultType\":\"complete\"" : ",\"resultType\":\"complete\"");
        if (cacheable)
                text_addf(t, ",\"ttlMs\":%lld,\"cacheScope\":\"%s\"",
                          (long long)(ttl_ms > 0 ? ttl_ms : 0), shared ? "public" : "private");
        text_add(t, c->server->modern_tail);
}

void say_text(call *c, const text *t, int32_t status)
{
        say_response(&c->to, t->data, t->len, status);
        scratch_done(c->server);
}

void send_empty(call *c)
{
        text *t = scratch(c->server);

        begin_result(t, c);
        text_add(t, "{}");
        end_result(c, t, false, 0, false);
        say_text(c, t, 200);
        call_close(c);
}

/* ---- errors ---- */

int32_t status_of(int32_t code, bool modern)
{
        switch (code) {
        case MCP_RATE_LIMITED:
                return 429;
        case MCP_PARSE_ERROR:
        case MCP_INVALID_REQUEST:
        case MCP_HEADER_MISMATCH:
        case MCP_MISSING_CAPABILITY:
        case MCP_UNSUPPORTED_VERSION:
                return 400;
        case MCP_METHOD_NOT_FOUND:
                return modern ? 404 : 200;
        default:
                return 200;
        }
}

static void build_error(text *t, int32_t code, const char *why, const msptk_json *data)
{
        text_addf(t, "\"error\":{\"code\":%d,\"message\":", (int)code);
        add_json_string(t, why);
        if (data) {
                text_add(t, ",\"data\":");
                add_tree(t, data);
        }
        text_add(t, "}}");
}

/* The first versions have no place for an error without an id. */
static bool wants_null_id(const mcp_conn *conn)
{
        return conn->version && strcmp(conn->version, "2025-11-25") < 0;
}

void say_error(const origin *o, const char *id, size_t id_len, int32_t code, int32_t status,
               const char *why, msptk_json *data)
{
        text *t = scratch(o->conn->server);

        text_add(t, "{\"jsonrpc\":\"2.0\",");
        if (id) {
                text_add(t, "\"id\":");
                text_addn(t, id, id_len);
                text_add(t, ",");
        } else if (wants_null_id(o->conn)) {
                text_add(t, "\"id\":null,");
        }
        build_error(t, code, why, data);
        msptk_json_free(data);
        say_response(o, t->data, t->len, status);
        scratch_done(o->conn->server);
}

void refuse(const origin *o, const incoming *m, int32_t code, int32_t status, const char *why,
            msptk_json *data)
{
        mcp_server *s = o->conn->server;
        text line = { 0 };

        say_error(o, m ? m->id_raw : NULL, m ? m->id_len : 0, code, status, why, data);
        if (s->o.log) {
                if (m && m->method)
                        add_quoted(&line, m->method);
                else
                        text_add(&line, "a message");
                text_addf(&line, ": refused (%d), %s", (int)code, why);
                s->o.log(s->o.user, 2, text_str(&line));
        }
        text_free(&line);
        say_done(o);
}

void mcp_error(mcp_call *c, int32_t code, const char *message, msptk_json *data)
{
        c->failed = true;
        if (!c->gone)
                say_error(&c->to, c->id, c->id_len, code, status_of(code, c->modern), message,
                          data);
        else
                msptk_json_free(data);
        call_close(c);
}

void mcp_not_found(mcp_call *c, const char *uri, const char *message)
{
        msptk_json *data = new_object();

        put_str(data, "uri", uri);
        mcp_error(c, c->modern ? MCP_INVALID_PARAMS : MCP_LEGACY_NOT_FOUND, message, data);
}

void mcp_need_capability(mcp_call *c, msptk_json *required)
{
        const msptk_json *first = msptk_json_first(required);
        text why = { 0 };
        msptk_json *data;

        text_addf(&why, "the client does not offer %s, which this needs",
                  first ? msptk_json_key(first) : "something");
        if (c->modern) {
                data = new_object();
                put(data, "requiredCapabilities", required);
                mcp_error(c, MCP_MISSING_CAPABILITY, text_str(&why), data);
        } else {
                msptk_json_free(required);
                mcp_error(c, MCP_INVALID_REQUEST, text_str(&why), NULL);
        }
        text_free(&why);
}

/* ---- results ---- */

/* No more values than the protocol allows; says that there are more. */
static msptk_json *fewer_completions(msptk_json *result)
{
        const msptk_json *given = msptk_json_get(result, "completion");
        const msptk_json *values = msptk_json_get(given, "values");
        size_t count = msptk_json_count(values), kept = 0;
        msptk_json *fewer, *completion, *list;

        if (count <= COMPLETIONS_MAX)
                return result;
        fewer = new_object();
        completion = put_object(fewer, "completion");
        list = put_array(completion, "values");
        for (const msptk_json *v = msptk_json_first(values); kept < COMPLETIONS_MAX;
             v = msptk_json_next(v), kept++)
                add_str(list, msptk_json_string(v, ""));
        put_int(completion, "total",
                msptk_json_int(msptk_json_get(given, "total"), (int64_t)count));
        put_bool(completion, "hasMore", true);
        msptk_json_free(result);
        return fewer;
}

/* Before 2025-06-18 there were no links to resources: their text says the same. */
static void without_links(msptk_json *result)
{
        for (msptk_json *b = msptk_json_first(msptk_json_get(result, "content")); b;
             b = msptk_json_next(b)) {
                text said = { 0 };

                if (strcmp(msptk_json_string(msptk_json_get(b, "type"), ""), "resource_link") != 0)
                        continue;
                text_addf(&said, "%s: %s", msptk_json_string(msptk_json_get(b, "name"), "resource"),
                          msptk_json_string(msptk_json_get(b, "uri"), ""));
                put_str(b, "type", "text");
                put_str(b, "text", text_str(&said));
                text_free(&said);
        }
}

/* The members that the core itself puts into a modern result. */
static void make_room(call *c, msptk_json *result)
{
        msptk_json *meta = msptk_json_get(result, "_meta");

        msptk_json_remove(result, "resultType");
        msptk_json_remove(result, "ttlMs");
        msptk_json_remove(result, "cacheScope");
        if (!c->modern || !meta)
                return;
        /* It comes last, and brings what the handler said. */
        meta = copy_tree(meta);
        msptk_json_remove(meta, META_PREFIX "serverInfo");
        msptk_json_remove(result, "_meta");
        put(result, "_meta", meta);
}

/* Writes the result with a _meta of its own: the server's name goes into that one. */
static void end_with_meta(call *c, text *t, bool cacheable, bool has_meta)
{
        const char *tail = c->server->modern_tail;
        char *rest;

        if (!has_meta || !c->modern) {
                end_result(c, t, cacheable, c->server->o.resource_ttl_ms, false);
                return;
        }
        /* "...,"_meta":{...}}": the two last braces go, and what follows them comes before. */
        t->len -= 2;
        rest = strchr(tail, '{') + 1;
        if (t->data[t->len - 1] != '{')
                text_add(t, ",");
        text_addn(t, rest, strlen(rest) - 2);
        text_add(t, ",\"resultType\":\"complete\"");
        if (cacheable)
                text_addf(t, ",\"ttlMs\":%lld,\"cacheScope\":\"private\"",
                          (long long)(c->server->o.resource_ttl_ms > 0
                                              ? c->server->o.resource_ttl_ms
                                              : 0));
        text_add(t, "}}");
}

void mcp_reply_printed(mcp_call *c, const char *words, const char *structured, size_t len)
{
        text *t;

        if (!c->gone) {
                t = scratch(c->server);
                begin_result(t, c);
                text_add(t, "{\"content\":[{\"type\":\"text\",\"text\":");
                add_json_string(t, words);
                text_add(t, "}],\"structuredContent\":");
                text_addn(t, structured, len);
                text_add(t, "}");
                end_result(c, t, false, 0, false);
                say_text(c, t, 200);
        }
        call_close(c);
}

void mcp_reply(mcp_call *c, msptk_json *result)
{
        text *t;
        bool reads = !strcmp(c->method->name, "resources/read");

        if (c->gone) {
                msptk_json_free(result);
                call_close(c);
                return;
        }
        if (!is_object(result)) {
                msptk_json_free(result);
                mcp_error(c, MCP_INTERNAL_ERROR, "the answer has the wrong shape", NULL);
                return;
        }
        if (!strcmp(c->method->name, "completion/complete"))
                result = fewer_completions(result);
        if (!c->modern && strcmp(c->version, "2025-06-18") < 0)
                without_links(result);
        make_room(c, result);
        c->failed = msptk_json_bool(msptk_json_get(result, "isError"), 0);
        t = scratch(c->server);
        begin_result(t, c);
        add_tree(t, result);
        end_with_meta(c, t, reads, is_object(msptk_json_get(result, "_meta")));
        msptk_json_free(result);
        say_text(c, t, 200);
        call_close(c);
}

/* ---- the log of the transport ---- */

void note_end(call *c)
{
        mcp_server *s = c->server;
        text line = { 0 };
        const char *name;

        if (!s || !s->o.log)
                return;
        text_add(&line, c->method->name);
        name = c->method->named_by ? get_str(c->params, c->method->named_by) : NULL;
        if (name) {
                text_add(&line, " ");
                add_quoted(&line, name);
        }
        text_addf(&line, ": %s, %lld ms",
                  c->cancelled ? "cancelled"
                  : c->failed  ? "failed"
                               : "ok",
                  (long long)(s->now_ms - c->began_ms));
        s->o.log(s->o.user, c->failed ? 2 : 0, text_str(&line));
        text_free(&line);
}
