/* The era of 2026-07-28: every request says who asks and in which version. */
#include "mcp/internal.h"

#define VERSION_KEY META_PREFIX "protocolVersion"
#define CLIENT_KEY META_PREFIX "clientCapabilities"

bool is_modern_request(const incoming *m, const mcp_http *http)
{
        if (m->meta &&
            (msptk_json_get(m->meta, VERSION_KEY) || msptk_json_get(m->meta, CLIENT_KEY) ||
             msptk_json_get(m->meta, META_PREFIX "clientInfo")))
                return true;
        return http && http->protocol_version && mcp_is_modern_version(http->protocol_version);
}

static bool refused(const origin *o, const incoming *m, int32_t code, const char *why,
                    msptk_json *data)
{
        refuse(o, m, code, 400, why, data);
        return false;
}

static bool wrong(const origin *o, const incoming *m, const char *why)
{
        return refused(o, m, MCP_INVALID_PARAMS, why, NULL);
}

static bool check_version(const origin *o, const incoming *m)
{
        const char *version = get_str(m->meta, VERSION_KEY);
        const char *header = o->http ? o->http->protocol_version : NULL;
        msptk_json *data;

        if (!m->meta)
                return wrong(o, m, "params._meta is missing");
        if (!version)
                return wrong(o, m, "params._meta[\"" VERSION_KEY "\"] must be a string");
        if (o->http && !header)
                return refused(o, m, MCP_HEADER_MISMATCH, "MCP-Protocol-Version is missing", NULL);
        if (o->http && strcmp(header, version) != 0)
                return refused(o, m, MCP_HEADER_MISMATCH,
                               "MCP-Protocol-Version is not the version in params._meta", NULL);
        if (mcp_is_modern_version(version))
                return true;
        data = new_object();
        put(data, "supported", version_list(o->conn->transport));
        put_str(data, "requested", version);
        return refused(o, m, MCP_UNSUPPORTED_VERSION, "this version of the protocol is not served",
                       data);
}

static bool check_meta(const origin *o, const incoming *m)
{
        const msptk_json *level = msptk_json_get(m->meta, META_PREFIX "logLevel");
        const msptk_json *token = msptk_json_get(m->meta, "progressToken");
        const msptk_json *path[] = { m->params, m->meta, token };
        size_t len = 0;
        const char *raw;

        if (!is_object(msptk_json_get(m->meta, CLIENT_KEY)))
                return wrong(o, m, "params._meta[\"" CLIENT_KEY "\"] must be an object");
        if (level && log_level_of(msptk_json_string(level, "")) < 0)
                return wrong(o, m, "params._meta[\"" META_PREFIX "logLevel\"] is no log level");
        if (!token)
                return true;
        raw = raw_value(m->text, m->len, m->doc, path, 3, &len);
        return (raw && is_id(token, raw, len)) ||
               wrong(o, m, "params._meta.progressToken must be a string or an integer");
}

static bool check_answers(const origin *o, const incoming *m)
{
        const msptk_json *answers = msptk_json_get(m->params, "inputResponses");
        const msptk_json *state = msptk_json_get(m->params, "requestState");

        if (answers && !is_object(answers))
                return wrong(o, m, "params.inputResponses must be an object");
        for (const msptk_json *j = msptk_json_first(answers); j; j = msptk_json_next(j))
                if (!is_object(j))
                        return wrong(o, m, "each of params.inputResponses must be an object");
        if (state && msptk_json_type(state) != MSPTK_JSON_STRING)
                return wrong(o, m, "params.requestState must be a string");
        return true;
}

static bool check_headers(const origin *o, const incoming *m, const method_row *what)
{
        text why = { 0 };
        bool agree = headers_agree(o->http, m, what, &why);
        const char *name = get_str(m->params, "name");
        const msptk_json *tool;

        if (agree && name && !strcmp(m->method, "tools/call")) {
                tool = find_listed(o->conn->server, &o->conn->who, MCP_TOOLS, name);
                agree = headers_agree_with_tool(o->http, tool,
                                                msptk_json_get(m->params, "arguments"), &why);
        }
        if (!agree)
                refused(o, m, MCP_HEADER_MISMATCH, text_str(&why), NULL);
        text_free(&why);
        return agree;
}

bool modern_check(const origin *o, const incoming *m, const method_row *what)
{
        return check_version(o, m) && check_meta(o, m) && (!o->http || check_headers(o, m, what)) &&
               (!what || !what->asks || check_answers(o, m));
}

/* ---- server/discover ---- */

void modern_discover(call *c)
{
        mcp_server *s = c->server;
        msptk_json *versions = version_list(c->transport);
        char *printed = print_tree(versions);
        text *t = scratch(s);

        begin_result(t, c);
        text_addf(t, "{\"supportedVersions\":%s,\"capabilities\":%s", printed, s->features);
        if (s->o.instructions) {
                text_add(t, ",\"instructions\":");
                add_json_string(t, s->o.instructions);
        }
        text_add(t, "}");
        end_result(c, t, true, s->o.list_ttl_ms, s->o.shared_lists);
        free(printed);
        msptk_json_free(versions);
        say_text(c, t, 200);
        call_close(c);
}

/* ---- questions ---- */

/* What a client must offer to be asked this; NULL for what nobody is asked. */
static const char *offer_for(const msptk_json *request)
{
        const char *method = get_str(request, "method");
        const char *mode = get_str(msptk_json_get(request, "params"), "mode");

        if (method && !strcmp(method, "elicitation/create"))
                return mode && !strcmp(mode, "url") ? "elicitation.url" : "elicitation.form";
        if (method && !strcmp(method, "sampling/createMessage"))
                return "sampling";
        if (method && !strcmp(method, "roots/list"))
                return "roots";
        return NULL;
}

/* What the client lacks to be asked this: {"sampling": {}}; NULL when it lacks nothing. */
static msptk_json *lacks_to_ask(const call *c, const msptk_json *requests)
{
        for (const msptk_json *j = msptk_json_first(requests); j; j = msptk_json_next(j)) {
                const char *offer = offer_for(j);
                msptk_json *lacking;

                if (offer && mcp_call_client_has(c, offer))
                        continue;
                lacking = new_object();
                if (offer && !strcmp(offer, "elicitation.url"))
                        put_object(put_object(lacking, "elicitation"), "url");
                else if (offer && !strcmp(offer, "elicitation.form"))
                        put_object(put_object(lacking, "elicitation"), "form");
                else
                        put_object(lacking, offer ? offer : "unknown");
                return lacking;
        }
        return NULL;
}

static void modern_ask(call *c, msptk_json *requests, const char *state)
{
        msptk_json *result = new_object();
        char *printed;
        text *t;

        put_str(result, "resultType", "input_required");
        if (requests)
                put(result, "inputRequests", requests);
        put_str_if(result, "requestState", state);
        printed = print_tree(result);
        msptk_json_free(result);
        t = scratch(c->server);
        begin_result(t, c);
        text_addn(t, printed, strlen(printed) - 1);
        text_add(t, c->server->modern_tail);
        free(printed);
        say_text(c, t, 200);
        call_close(c);
}

void mcp_ask(mcp_call *c, msptk_json *requests, const char *state)
{
        msptk_json *lacking;

        if (c->gone) {
                msptk_json_free(requests);
                call_close(c);
                return;
        }
        if (requests && !msptk_json_first(requests)) {
                msptk_json_free(requests);
                requests = NULL;
        }
        lacking = requests ? lacks_to_ask(c, requests) : NULL;
        if (!c->method->asks || (!requests && !state)) {
                msptk_json_free(lacking);
                msptk_json_free(requests);
                mcp_error(c, MCP_INTERNAL_ERROR, "a question was asked where none can be", NULL);
        } else if (lacking) {
                msptk_json_free(requests);
                mcp_need_capability(c, lacking);
        } else if (c->modern) {
                modern_ask(c, requests, state);
        } else {
                legacy_ask(c, requests, state);
        }
}
