/* From a message to the method that answers it: era, version, what the server has, limits; and the
 * methods that both eras have in common. */
#include "mcp/internal.h"

#include <stdio.h>

/* ---- shapes ---- */

static bool wrong_params(call *c, const char *why)
{
        mcp_error(c, MCP_INVALID_PARAMS, why, NULL);
        return false;
}

/* The string that must be there; NULL when it is not, and then the call has ended. */
static const char *need_str(call *c, const char *key)
{
        const char *value = get_str(c->params, key);
        char why[80];

        if (value)
                return value;
        snprintf(why, sizeof(why), "params.%s must be a string", key);
        wrong_params(c, why);
        return NULL;
}

static bool is_map_of_strings(const msptk_json *map)
{
        if (!is_object(map))
                return false;
        for (const msptk_json *j = msptk_json_first(map); j; j = msptk_json_next(j))
                if (msptk_json_type(j) != MSPTK_JSON_STRING)
                        return false;
        return true;
}

/* params.arguments, made when it is absent; NULL when it is not an object. */
static const msptk_json *arguments_of(call *c)
{
        msptk_json *arguments = msptk_json_get(c->params, "arguments");

        if (!arguments)
                arguments = put_object(c->params, "arguments");
        return is_object(arguments) ? arguments : NULL;
}

static bool is_known(call *c, int32_t what, const char *name)
{
        const mcp_catalogue *cat = c->server->cat;

        return find_listed(c->server, &c->who, what, name) ||
               (cat->hides && cat->hides(cat->user, what, &c->who, name));
}

/* ---- methods ---- */

static void run_ping(call *c)
{
        send_empty(c);
}

static void run_list_tools(call *c)
{
        run_list(c, MCP_TOOLS);
}

static void run_list_resources(call *c)
{
        run_list(c, MCP_RESOURCES);
}

static void run_list_templates(call *c)
{
        run_list(c, MCP_TEMPLATES);
}

static void run_list_prompts(call *c)
{
        run_list(c, MCP_PROMPTS);
}

static void run_call_tool(call *c)
{
        const char *name = need_str(c, "name");
        const msptk_json *arguments;

        if (!name)
                return;
        if (!is_known(c, MCP_TOOLS, name)) {
                unknown_name(c, MCP_TOOLS, name);
                return;
        }
        arguments = arguments_of(c);
        if (!arguments)
                wrong_params(c, "params.arguments must be an object");
        else
                c->server->cat->call_tool(c->server->cat->user, c, name, arguments);
}

static void run_get_prompt(call *c)
{
        const char *name = need_str(c, "name");
        const msptk_json *arguments;

        if (!name)
                return;
        if (!is_known(c, MCP_PROMPTS, name)) {
                unknown_name(c, MCP_PROMPTS, name);
                return;
        }
        arguments = arguments_of(c);
        if (!is_map_of_strings(arguments))
                wrong_params(c, "params.arguments must be an object of strings");
        else
                c->server->cat->get_prompt(c->server->cat->user, c, name, arguments);
}

static void run_read(call *c)
{
        const char *uri = need_str(c, "uri");

        if (uri)
                c->server->cat->read_resource(c->server->cat->user, c, uri);
}

static bool is_reference(const msptk_json *ref)
{
        const char *type = get_str(ref, "type");

        return type && ((!strcmp(type, "ref/prompt") && get_str(ref, "name")) ||
                        (!strcmp(type, "ref/resource") && get_str(ref, "uri")));
}

static void run_complete(call *c)
{
        const msptk_json *ref = msptk_json_get(c->params, "ref");
        const msptk_json *argument = msptk_json_get(c->params, "argument");
        const msptk_json *context = msptk_json_get(c->params, "context");
        const msptk_json *others = msptk_json_get(context, "arguments");
        const char *name = get_str(argument, "name"), *value = get_str(argument, "value");

        if (!is_reference(ref))
                wrong_params(c, "params.ref must name a prompt (ref/prompt, name) or a resource "
                                "(ref/resource, uri)");
        else if (!name || !value)
                wrong_params(c, "params.argument must have a name and a value, both strings");
        else if ((context && !is_object(context)) || (others && !is_map_of_strings(others)))
                wrong_params(c, "params.context.arguments must be an object of strings");
        else
                c->server->cat->complete(c->server->cat->user, c, ref, name, value, others);
}

static void run_set_level(call *c)
{
        int32_t level = log_level_of(get_str(c->params, "level"));

        if (level < 0) {
                wrong_params(c, "params.level must be one of debug, info, notice, warning, error, "
                                "critical, alert, emergency");
                return;
        }
        c->conn->log_level = level;
        send_empty(c);
}

enum { BOTH = ERA_MODERN | ERA_LEGACY };

static const method_row methods[] = {
        { "ping", ERA_LEGACY, 0, false, false, NULL, run_ping },
        { "tools/call", BOTH, MCP_HAS_TOOLS, false, true, "name", run_call_tool },
        { "tools/list", BOTH, MCP_HAS_TOOLS, true, false, NULL, run_list_tools },
        { "resources/read", BOTH, MCP_HAS_RESOURCES, true, true, "uri", run_read },
        { "resources/list", BOTH, MCP_HAS_RESOURCES, true, false, NULL, run_list_resources },
        { "resources/templates/list", BOTH, MCP_HAS_RESOURCES, true, false, NULL,
          run_list_templates },
        { "prompts/get", BOTH, MCP_HAS_PROMPTS, true, true, "name", run_get_prompt },
        { "prompts/list", BOTH, MCP_HAS_PROMPTS, true, false, NULL, run_list_prompts },
        { "completion/complete", BOTH, MCP_HAS_COMPLETIONS, true, false, NULL, run_complete },
        { "server/discover", ERA_MODERN, 0, false, false, NULL, modern_discover },
        { "subscriptions/listen", ERA_MODERN, MCP_HAS_SUBSCRIPTIONS | MCP_LISTS_CHANGE, true, false,
          NULL, run_listen },
        { "resources/subscribe", ERA_LEGACY, MCP_HAS_SUBSCRIPTIONS, true, false, NULL,
          run_subscribe },
        { "resources/unsubscribe", ERA_LEGACY, MCP_HAS_SUBSCRIPTIONS, false, false, NULL,
          run_unsubscribe },
        { "logging/setLevel", ERA_LEGACY, MCP_HAS_LOGGING, false, false, NULL, run_set_level },
};

const method_row *find_method(const char *name)
{
        for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
                if (!strcmp(methods[i].name, name))
                        return &methods[i];
        return NULL;
}

/* ---- requests ---- */

static void refuse_method(const origin *o, const incoming *m, bool modern)
{
        text why = { 0 };

        text_add(&why, "there is no method ");
        add_quoted(&why, m->method);
        if (!strcmp(m->method, "initialize")) {
                text_add(&why, " for requests with per-request metadata; served versions: ");
                add_version_names(&why, o->conn->transport);
        }
        refuse(o, m, MCP_METHOD_NOT_FOUND, status_of(MCP_METHOD_NOT_FOUND, modern), text_str(&why),
               NULL);
        text_free(&why);
}

static bool is_printable(const char *s)
{
        while (*s >= 0x20 && *s < 0x7f)
                s++;
        return !*s;
}

static bool legacy_check(const origin *o, const incoming *m)
{
        const char *header = o->http ? o->http->protocol_version : NULL;
        mcp_conn *conn = o->conn;
        text why = { 0 };
        msptk_json *data;

        if (header && !legacy_version(header, conn->transport)) {
                text_add(&why, "MCP-Protocol-Version names no version that is served; served: ");
                add_version_names(&why, conn->transport);
                data = new_object();
                put(data, "supported", version_list(conn->transport));
                put_str(data, "requested", is_printable(header) ? header : "");
                refuse(o, m, conn->version ? MCP_INVALID_REQUEST : MCP_UNSUPPORTED_VERSION, 400,
                       text_str(&why), data);
                text_free(&why);
                return false;
        }
        if (conn->version || !strcmp(m->method, "ping"))
                return true;
        text_add(&why, "begin with initialize, or say the version of the protocol in "
                       "params._meta[\"" META_PREFIX "protocolVersion\"]; served: ");
        add_version_names(&why, conn->transport);
        refuse(o, m, MCP_INVALID_PARAMS, 400, text_str(&why), NULL);
        text_free(&why);
        return false;
}

static bool has_room(const origin *o, const incoming *m, const method_row *what)
{
        mcp_conn *conn = o->conn;
        int64_t wait_ms;
        msptk_json *data;

        if (call_find(conn, m->id, m->id_raw, m->id_len)) {
                refuse(o, m, MCP_INVALID_REQUEST, 400, "a request with this id is being answered",
                       NULL);
                return false;
        }
        if (conn->running >= (size_t)conn->server->o.limits.in_flight) {
                refuse(o, m, MCP_RATE_LIMITED, 429, "too many requests at once", NULL);
                return false;
        }
        if (conn->server->held_bytes + m->len > HELD_BYTES) {
                refuse(o, m, MCP_RATE_LIMITED, 429, "too much is being answered", NULL);
                return false;
        }
        if (what->counted && !account_take(conn->account, false, &wait_ms)) {
                data = new_object();
                put_int(data, "retry_after_ms", wait_ms);
                refuse(o, m, MCP_RATE_LIMITED, 429, "too many requests", data);
                return false;
        }
        return true;
}

static void take_request(const origin *o, incoming *m)
{
        bool modern = is_modern_request(m, o->http);
        const method_row *what = find_method(m->method);
        const char *version;

        if (modern && !strcmp(m->method, "initialize")) {
                refuse_method(o, m, true);
                return;
        }
        if (modern) {
                if (o->batch) {
                        refuse(o, m, MCP_INVALID_REQUEST, 400,
                               "this version of the protocol has no batches", NULL);
                        return;
                }
                if (!modern_check(o, m, what))
                        return;
        } else if (!strcmp(m->method, "initialize")) {
                legacy_initialize(o, m);
                return;
        } else if (!legacy_check(o, m)) {
                return;
        }
        if (!what || !(what->eras & (modern ? ERA_MODERN : ERA_LEGACY)) ||
            (what->needs && !(what->needs & o->conn->server->cat->has))) {
                refuse_method(o, m, modern);
                return;
        }
        if (!has_room(o, m, what))
                return;
        version = modern ? mcp_modern_versions[0] : o->conn->version;
        call_begin(o, m, what, modern, version ? version : mcp_legacy_versions[0]);
}

/* ---- notifications ---- */

static void take_notification(const origin *o, const incoming *m)
{
        const msptk_json *id = msptk_json_get(m->params, "requestId");
        const msptk_json *path[] = { m->params, id };
        size_t len = 0;
        const char *raw;
        call *c;

        if (!strcmp(m->method, "notifications/initialized") && o->conn->version) {
                watch_initialized(o->conn);
        } else if (!strcmp(m->method, "notifications/cancelled") && id) {
                raw = raw_value(m->text, m->len, m->doc, path, 2, &len);
                c = raw && is_id(id, raw, len) ? call_find(o->conn, id, raw, len) : NULL;
                /* Over HTTP closing the stream is how a modern request is cancelled. */
                if (c && !(c->modern && c->transport == MCP_HTTP))
                        call_cancel(c);
        }
}

void take_message(const origin *o, incoming *m)
{
        if (m->answer) {
                legacy_take_answer(o->conn, m);
                say_done(o);
        } else if (!m->id_raw) {
                take_notification(o, m);
                say_done(o);
        } else {
                take_request(o, m);
        }
}
