/* Resources: what can be read by its address, "msp://client/acme-corp/alerts". */
#include "mcp/offers.h"

/* Rows of a list; what does not fit is said by next_cursor and left to the tools. */
#define PAGE "{\"limit\":200}"

static const resource resources[] = {
        { "msp://clients", "clients", "Clients", "All clients with their health, at most 200.",
          "client_list", PAGE },
        { "msp://health", "health", "Health of all clients",
          "How every client is now, worst first, with what was not covered.", "health_status",
          NULL },
        { "msp://alerts", "alerts", "Active alerts",
          "What needs attention at any client, worst first, at most 200.", "alert_list", PAGE },
        { "msp://docs/tools", "docs-tools", "Tools and their parameters",
          "What each tool does, takes and costs, with its errors.", NULL, NULL },
        { "msp://client/{client_id}", "client", "One client",
          "A client, its devices in number, its health, and what nobody looks after.", "client_get",
          NULL },
        { "msp://client/{client_id}/health", "client-health", "Health of a client",
          "How the client is now, with what was not covered.", "health_status", NULL },
        { "msp://client/{client_id}/alerts", "client-alerts", "Alerts of a client",
          "Its active alerts, worst first, at most 200.", "alert_list", PAGE },
        { "msp://client/{client_id}/devices", "client-devices", "Devices of a client",
          "Its devices and whether they are up, at most 200.", "device_list", PAGE },
        { "msp://device/{device_id}", "device", "One device",
          "A device: identity, presence, facts, adapters.", "device_get", NULL },
        { "msp://alert/{alert_id}", "alert", "One alert explained",
          "Why the alert fired or stayed silent, and its history.", "alert_explain", NULL },
};
enum { RESOURCES = sizeof(resources) / sizeof(resources[0]), VALUE_MAX = 64 };

/* Letters, digits and what ids are made of; nothing that has to be decoded. */
static bool is_value(const char *s, size_t len)
{
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789-_.:";

        return len && len <= VALUE_MAX && strspn(s, allowed) >= len;
}

static bool matches(const char *pattern, const char *uri, char **ret_value)
{
        size_t before = strcspn(pattern, "{");
        const char *after = strchr(pattern, '}');
        size_t len = strlen(uri), tail;

        if (!after)
                return !strcmp(pattern, uri);
        tail = strlen(++after);
        if (len <= before + tail || strncmp(pattern, uri, before) != 0 ||
            strcmp(uri + len - tail, after) != 0 || !is_value(uri + before, len - before - tail))
                return false;
        *ret_value = copy_part(uri + before, len - before - tail);
        return true;
}

const resource *resource_of(const char *uri, char **ret_value)
{
        *ret_value = NULL;
        for (size_t i = 0; i < RESOURCES; i++)
                if (matches(resources[i].uri, uri, ret_value))
                        return &resources[i];
        return NULL;
}

static bool is_offered(const mcp_tools *t, const resource *r)
{
        return !r->operation || operation_by_name(t, r->operation);
}

msptk_json *resource_list(const mcp_tools *t, bool templates)
{
        msptk_json *list = new_array();

        for (size_t i = 0; i < RESOURCES; i++) {
                const resource *r = &resources[i];
                msptk_json *o;

                if ((strchr(r->uri, '{') != NULL) != templates || !is_offered(t, r))
                        continue;
                o = add_object(list);
                put_str(o, templates ? "uriTemplate" : "uri", r->uri);
                put_str(o, "name", r->name);
                put_str(o, "title", r->title);
                put_str(o, "description", r->about);
                put_str(o, "mimeType", r->operation ? "application/json" : "text/markdown");
        }
        return list;
}

/* ---- documentation ---- */

static void add_params(text *md, const msptk_json *schema)
{
        const msptk_json *properties = msptk_json_get(schema, "properties");

        for (const msptk_json *p = msptk_json_first(properties); p; p = msptk_json_next(p)) {
                const char *about = get_str(p, "description");

                text_addf(md, "* `%s`%s%s\n", msptk_json_key(p), about ? ": " : "",
                          about ? about : "");
        }
}

static void add_errors(text *md, const msptk_json *row)
{
        for (const msptk_json *e = msptk_json_first(msptk_json_get(row, "errors")); e;
             e = msptk_json_next(e))
                text_addf(md, "* `%s`: %s\n", get_str(e, "reason"), get_str(e, "suggestion"));
}

static char *tools_text(const mcp_tools *t)
{
        text md = { 0 };

        text_add(&md, "# Tools\n");
        for (size_t i = 0; i < t->count; i++) {
                const msptk_json *row = t->tools[i].row;

                text_addf(&md, "\n## %s\n\n%s\n\n", t->tools[i].name, get_str(row, "description"));
                add_params(&md, msptk_json_get(t->tools[i].entry, "inputSchema"));
                add_errors(&md, row);
        }
        return md.data;
}

/* ---- reading ---- */

static msptk_json *arguments_of(const resource *r, const char *value)
{
        msptk_json *args = NULL;
        const char *open = strchr(r->uri, '{');

        if (r->settings)
                put_ok(msptk_json_parse(r->settings, strlen(r->settings), &args, NULL));
        else
                args = new_object();
        if (open) {
                char *name = copy_part(open + 1, strcspn(open + 1, "}"));

                put_str(args, name, value);
                free(name);
        }
        return args;
}

msptk_status resource_read(mcp_tools *t, const char *principal, const char *trace, const char *uri,
                           char **ret_text, const char **ret_mime, msptk_error **ret_err)
{
        char *value = NULL;
        const resource *r = resource_of(uri, &value);
        msptk_json *args, *doc = NULL, *clean;
        msptk_status st;

        if (!r || !is_offered(t, r)) {
                free(value);
                return msptk_error_set(ret_err, MSPTK_E_NOTFOUND, "mcp", "no such resource");
        }
        *ret_mime = r->operation ? "application/json" : "text/markdown";
        if (!r->operation) {
                *ret_text = tools_text(t);
                return MSPTK_OK;
        }
        args = arguments_of(r, value);
        st = ask_library(t, principal, trace, r->operation, args, &doc, ret_err);
        if (st == MSPTK_OK) {
                clean = safe_tree(doc, CAP_DETAILED);
                *ret_text = print_tree(clean);
                msptk_json_free(clean);
        }
        msptk_json_free(doc);
        msptk_json_free(args);
        free(value);
        return st;
}

void read_resource(void *user, mcp_call *c, const char *uri)
{
        mcp_tools *t = user;
        char *content = NULL;
        const char *mime = NULL;
        msptk_error *err = NULL;
        const mcp_principal *who = mcp_call_principal(c);
        char trace[TRACE_BYTES];
        msptk_status st = MSPTK_E_DENIED;

        make_trace(c, trace);
        if (may_read(who))
                st = resource_read(t, who->name, trace, uri, &content, &mime, &err);
        if (st == MSPTK_OK) {
                msptk_json *result = new_object();
                msptk_json *one = add_object(put_array(result, "contents"));

                put_str(one, "uri", uri);
                put_str(one, "mimeType", mime);
                put_str(one, "text", content);
                mcp_reply(c, result);
        } else if (st == MSPTK_E_NOTFOUND || st == MSPTK_E_DENIED || st == MSPTK_E_INVALID) {
                /* Whether it does not exist or is not for this principal is told to nobody. */
                mcp_not_found(c, uri, "there is no such resource");
        } else {
                char *message = public_text(t, msptk_error_message(err));

                mcp_error(c, MCP_INTERNAL_ERROR, message, NULL);
                free(message);
        }
        msptk_error_free(err);
        free(content);
}
