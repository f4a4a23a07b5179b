/* Completions: ids that the principal may see, for the arguments of prompts and the variables of
 * resource addresses. */
#include "mcp/offers.h"

enum { VALUES_MAX = 100, SEEN_MAX = 1000 };

/* Where the values of an argument come from. */
static const struct source {
        const char *argument, *operation, *rows, *key, *also; /* `also` is matched too */
} sources[] = {
        { "client_id", "client_list", "clients", "id", "name" },
        { "device_id", "device_list", "devices", "id", "name" },
        { "alert_id", "alert_list", "alerts", "id", "short" },
};

static const struct source *source_of(const char *argument)
{
        for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
                if (!strcmp(sources[i].argument, argument))
                        return &sources[i];
        return NULL;
}

/* Whether the address has the variable. */
static bool template_has(const char *uri, const char *argument)
{
        const char *open = uri ? strchr(uri, '{') : NULL;
        size_t n = strlen(argument);

        return open && !strncmp(open + 1, argument, n) && open[n + 1] == '}';
}

/* A template as it is listed, or an address that it makes. */
static bool is_template(const mcp_tools *t, const char *uri)
{
        const msptk_json *list = t->offers->templates;

        for (const msptk_json *i = msptk_json_first(list); uri && i; i = msptk_json_next(i))
                if (!strcmp(get_str(i, "uriTemplate"), uri))
                        return true;
        return false;
}

static bool begins(const char *s, const char *with)
{
        return s && !strncasecmp(s, with, strlen(with));
}

static bool holds(const char *s, const char *what)
{
        return s && strcasestr(s, what);
}

/* Those that begin with what was typed come first. */
static void add_values(msptk_json *values, const struct source *s, const msptk_json *rows,
                       const char *typed, size_t *ret_total)
{
        *ret_total = 0;
        for (int pass = 0; pass < 2; pass++)
                for (const msptk_json *i = msptk_json_first(rows); i; i = msptk_json_next(i)) {
                        const char *id = get_str(i, s->key), *also = get_str(i, s->also);
                        bool first = begins(id, typed) || begins(also, typed);

                        if (!id ||
                            (pass ? first || !(holds(id, typed) || holds(also, typed)) : !first))
                                continue;
                        (*ret_total)++;
                        if (msptk_json_count(values) < VALUES_MAX)
                                add_str(values, id);
                }
}

static msptk_json *rows_for(mcp_tools *t, const mcp_call *c, const struct source *s,
                            const msptk_json *others)
{
        msptk_json *args = new_object(), *doc = NULL;
        const char *client_id = get_str(others, "client_id");
        const mcp_principal *who = mcp_call_principal(c);
        char trace[TRACE_BYTES];

        make_trace(c, trace);
        put_int(args, "limit", SEEN_MAX);
        if (client_id && strcmp(s->argument, "client_id") != 0)
                put_str(args, "client_id", client_id);
        if (!may_read(who) || ask_library(t, who->name, trace, s->operation, args, &doc, NULL) < 0)
                doc = NULL;
        msptk_json_free(args);
        return doc;
}

void complete(void *user, mcp_call *c, const msptk_json *ref, const char *argument,
              const char *value, const msptk_json *others)
{
        mcp_tools *t = user;
        const char *type = get_str(ref, "type");
        const struct source *s = source_of(argument);
        bool known = type && !strcmp(type, "ref/prompt")
                             ? prompt_has(t, get_str(ref, "name"), argument)
                             : type && !strcmp(type, "ref/resource") &&
                                       is_template(t, get_str(ref, "uri")) &&
                                       template_has(get_str(ref, "uri"), argument);
        msptk_json *result, *completion, *values, *doc;
        size_t total = 0;

        if (!known) {
                mcp_error(
                        c, MCP_INVALID_PARAMS,
                        "there is no such prompt or resource template, or it has no such argument",
                        NULL);
                return;
        }
        result = new_object();
        completion = put_object(result, "completion");
        values = put_array(completion, "values");
        doc = s ? rows_for(t, c, s, others) : NULL;
        if (doc)
                add_values(values, s, msptk_json_get(doc, s->rows), value, &total);
        put_int(completion, "total", (int64_t)total);
        put_bool(completion, "hasMore", total > VALUES_MAX || get_str(doc, "next_cursor") != NULL);
        msptk_json_free(doc);
        mcp_reply(c, result);
}
