/* See catalogue.h. */
#include "catalogue.h"

#include <stdio.h>

static void add_tool(test_catalogue *t, const char *name)
{
        msptk_json *tool = add_object(t->lists[MCP_TOOLS]);
        msptk_json *schema, *place;

        put_str(tool, "name", name);
        put_str(tool, "description", "a tool of the tests");
        schema = put_object(tool, "inputSchema");
        put_str(schema, "type", "object");
        if (strcmp(name, "region") != 0)
                return;
        place = put_object(schema, "properties");
        put_str(put_object(place, "where"), "x-mcp-header", "Region");
        put_str(put_object(place, "count"), "x-mcp-header", "Count");
        put_str(put_object(place, "sure"), "x-mcp-header", "Sure");
        place = put_object(put_object(place, "deep"), "properties");
        put_str(put_object(place, "inner"), "x-mcp-header", "Inner");
}

static const msptk_json *list(void *user, int32_t what, const mcp_principal *who)
{
        test_catalogue *t = user;

        (void)who;
        return t->lists[what];
}

static bool hides(void *user, int32_t what, const mcp_principal *who, const char *name)
{
        (void)user;
        (void)who;
        return what == MCP_TOOLS && !strcmp(name, "hidden");
}

static msptk_json *said(const char *words)
{
        msptk_json *result = new_object();
        msptk_json *block = add_object(put_array(result, "content"));

        put_str(block, "type", "text");
        put_str(block, "text", words);
        return result;
}

static void on_cancel(void *user)
{
        ((test_catalogue *)user)->cancelled++;
}

static void forget(test_catalogue *t, mcp_call *c)
{
        for (size_t i = 0; i < t->held_count; i++)
                if (t->held[i] == c) {
                        memmove(&t->held[i], &t->held[i + 1],
                                (t->held_count - i - 1) * sizeof(*t->held));
                        t->held_count--;
                        return;
                }
}

static void hold(test_catalogue *t, mcp_call *c)
{
        if (t->held_count == sizeof(t->held) / sizeof(*t->held)) {
                mcp_reply(c, said("no room"));
                return;
        }
        t->held[t->held_count++] = c;
        mcp_on_cancel(c, on_cancel, t);
}

void test_finish(test_catalogue *t)
{
        mcp_call *c = t->held[0];

        forget(t, c);
        mcp_reply(c, said("later"));
}

static void slept(mcp_call *c, void *user)
{
        (void)user;
        mcp_reply(c, said(mcp_call_cancelled(c) ? "woken" : "slept"));
}

static void put_question(msptk_json *requests, const char *key)
{
        msptk_json *ask = put_object(requests, key), *params, *schema;

        put_str(ask, "method", "elicitation/create");
        params = put_object(ask, "params");
        put_str(params, "mode", "form");
        put_str(params, "message", "really?");
        schema = put_object(params, "requestedSchema");
        put_str(schema, "type", "object");
        put_str(put_object(put_object(schema, "properties"), "go"), "type", "boolean");
}

static void confirm(mcp_call *c, const char *key, const char *state)
{
        msptk_json *requests = new_object();

        put_question(requests, key);
        mcp_ask(c, requests, state);
}

static void confirm_once(mcp_call *c)
{
        const msptk_json *answer = mcp_answer(c, "go");

        if (!answer)
                confirm(c, "go", "state-1");
        else
                mcp_reply(c, said(msptk_json_string(msptk_json_get(answer, "action"), "?")));
}

static void again(mcp_call *c)
{
        confirm(c, "go", NULL);
}

static void confirm_twice(mcp_call *c)
{
        const char *state = mcp_state(c);

        if (state && !strcmp(state, "second") && mcp_answer(c, "second"))
                mcp_reply(c, said("both"));
        else if (mcp_answer(c, "first"))
                confirm(c, "second", "second");
        else
                confirm(c, "first", "first");
}

static void sample(mcp_call *c)
{
        const msptk_json *answer = mcp_answer(c, "poem");
        msptk_json *requests, *ask, *params, *message, *content;

        if (answer) {
                mcp_reply(c, said(msptk_json_string(msptk_json_get(answer, "model"), "?")));
                return;
        }
        requests = new_object();
        ask = put_object(requests, "poem");
        put_str(ask, "method", "sampling/createMessage");
        params = put_object(ask, "params");
        message = add_object(put_array(params, "messages"));
        put_str(message, "role", "user");
        content = put_object(message, "content");
        put_str(content, "type", "text");
        put_str(content, "text", "a poem");
        put_int(params, "maxTokens", 100);
        mcp_ask(c, requests, NULL);
}

static void several(mcp_call *c)
{
        msptk_json *requests;

        if (mcp_answer(c, "one") && mcp_answer(c, "two") && mcp_answer(c, "roots")) {
                mcp_reply(c, said("all"));
                return;
        }
        requests = new_object();
        put_question(requests, "one");
        put_question(requests, "two");
        put_str(put_object(requests, "roots"), "method", "roots/list");
        mcp_ask(c, requests, NULL);
}

static void state_only(mcp_call *c)
{
        if (mcp_state(c))
                mcp_reply(c, said(mcp_state(c)));
        else
                mcp_ask(c, NULL, "kept");
}

static void limited(mcp_call *c)
{
        int64_t wait_ms;
        char words[40];

        if (mcp_limit_take(c, true, &wait_ms)) {
                mcp_reply(c, said("taken"));
                return;
        }
        snprintf(words, sizeof(words), "wait %lld", (long long)wait_ms);
        mcp_reply(c, said(words));
}

static void chatty(mcp_call *c)
{
        msptk_json *data = new_object();

        put_str(data, "step", "one");
        mcp_log(c, "debug", "tests", data);
        data = new_object();
        put_str(data, "step", "two");
        mcp_log(c, "warning", NULL, data);
        mcp_reply(c, said("talked"));
}

static void with_meta(mcp_call *c)
{
        msptk_json *result = said("meta");

        put_str(put_object(result, "_meta"), "mine", "kept");
        put_str(result, "resultType", "task");
        mcp_reply(c, result);
}

static void with_link(mcp_call *c)
{
        msptk_json *result = said("link");
        msptk_json *block = add_object(msptk_json_get(result, "content"));

        put_str(block, "type", "resource_link");
        put_str(block, "name", "report");
        put_str(block, "uri", "test://report");
        mcp_reply(c, result);
}

static void echo(mcp_call *c, const msptk_json *arguments)
{
        msptk_json *result = said("echo");

        put(result, "structuredContent", copy_tree(arguments));
        mcp_reply(c, result);
}

static void printed(mcp_call *c)
{
        static const char structured[] = "{\"a\":[1,2]}, and what follows it";

        mcp_reply_printed(c, "a \"table\"\n", structured, 11);
}

static void needy(mcp_call *c)
{
        msptk_json *required = new_object();

        put_object(required, "sampling");
        if (mcp_call_client_has(c, "sampling")) {
                msptk_json_free(required);
                mcp_reply(c, said("has it"));
        } else {
                mcp_need_capability(c, required);
        }
}

static void call_tool(void *user, mcp_call *c, const char *name, const msptk_json *arguments)
{
        static const struct {
                const char *name;
                void (*fn)(mcp_call *c);
        } simple[] = { { "confirm", confirm_once }, { "two", confirm_twice },
                       { "sample", sample },        { "several", several },
                       { "state", state_only },     { "limited", limited },
                       { "chatty", chatty },        { "meta", with_meta },
                       { "link", with_link },       { "needy", needy },
                       { "again", again },          { "printed", printed } };
        test_catalogue *t = user;

        t->runs++;
        for (size_t i = 0; i < sizeof(simple) / sizeof(*simple); i++)
                if (!strcmp(name, simple[i].name)) {
                        simple[i].fn(c);
                        return;
                }
        if (!strcmp(name, "later") || !strcmp(name, "progress"))
                hold(t, c);
        else if (!strcmp(name, "sleep"))
                mcp_after(c, 100, slept, NULL);
        else if (!strcmp(name, "hidden"))
                mcp_reply(c, said("refused: READ_ONLY"));
        else if (!strcmp(name, "broken"))
                mcp_reply(c, NULL);
        else if (!strcmp(name, "change")) {
                mcp_changed(t->server, MCP_TOOLS, NULL);
                mcp_reply(c, said("changed"));
        } else {
                echo(c, arguments);
        }
}

static void read_resource(void *user, mcp_call *c, const char *uri)
{
        msptk_json *result, *contents;

        (void)user;
        if (!strcmp(uri, "test://asks")) {
                confirm_once(c);
                return;
        }
        if (strcmp(uri, "test://here") != 0) {
                mcp_not_found(c, uri, "there is no such resource");
                return;
        }
        result = new_object();
        contents = add_object(put_array(result, "contents"));
        put_str(contents, "uri", uri);
        put_str(contents, "text", "here");
        mcp_reply(c, result);
}

static void get_prompt(void *user, mcp_call *c, const char *name, const msptk_json *arguments)
{
        msptk_json *result = new_object(), *message, *content;

        (void)user;
        message = add_object(put_array(result, "messages"));
        put_str(message, "role", "user");
        content = put_object(message, "content");
        put_str(content, "type", "text");
        put_str(content, "text", msptk_json_string(msptk_json_get(arguments, "word"), name));
        mcp_reply(c, result);
}

static void complete(void *user, mcp_call *c, const msptk_json *ref, const char *argument,
                     const char *value, const msptk_json *others)
{
        msptk_json *result, *values;
        char word[40];

        (void)user;
        (void)others;
        if (!strcmp(msptk_json_string(msptk_json_get(ref, "name"), ""), "asks")) {
                confirm_once(c);
                return;
        }
        result = new_object();
        values = put_array(put_object(result, "completion"), "values");
        for (int i = 0; i < (strcmp(argument, "many") ? 1 : 150); i++) {
                snprintf(word, sizeof(word), "%.20s%d", value, i);
                add_str(values, word);
        }
        mcp_reply(c, result);
}

static bool may_watch(void *user, const mcp_principal *who, const char *uri)
{
        (void)user;
        (void)who;
        return !strncmp(uri, "test://", 7);
}

static void watch(void *user, const char *uri, const mcp_principal *who, bool on)
{
        test_catalogue *t = user;

        (void)uri;
        (void)who;
        if (on)
                t->watch_on++;
        else
                t->watch_off++;
}

void test_catalogue_init(test_catalogue *t)
{
        static const char *const tools[] = { "echo",   "later",   "progress", "sleep",  "confirm",
                                             "two",    "several", "sample",   "state",  "region",
                                             "chatty", "limited", "meta",     "link",   "broken",
                                             "change", "needy",   "again",    "printed" };
        msptk_json *item;

        memset(t, 0, sizeof(*t));
        for (int i = 0; i < 4; i++)
                t->lists[i] = new_array();
        for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++)
                add_tool(t, tools[i]);
        item = add_object(t->lists[MCP_RESOURCES]);
        put_str(item, "uri", "test://here");
        put_str(item, "name", "here");
        item = add_object(t->lists[MCP_TEMPLATES]);
        put_str(item, "uriTemplate", "test://{id}");
        put_str(item, "name", "one");
        item = add_object(t->lists[MCP_PROMPTS]);
        put_str(item, "name", "hello");
        t->cat = (mcp_catalogue){ .user = t,
                                  .has = MCP_HAS_TOOLS | MCP_HAS_RESOURCES | MCP_HAS_PROMPTS |
                                         MCP_HAS_COMPLETIONS | MCP_HAS_LOGGING |
                                         MCP_HAS_SUBSCRIPTIONS | MCP_LISTS_CHANGE,
                                  .list = list,
                                  .hides = hides,
                                  .call_tool = call_tool,
                                  .read_resource = read_resource,
                                  .get_prompt = get_prompt,
                                  .complete = complete,
                                  .may_watch = may_watch,
                                  .watch = watch };
}

void test_catalogue_clear(test_catalogue *t)
{
        while (t->held_count)
                test_finish(t);
        for (int i = 0; i < 4; i++)
                msptk_json_free(t->lists[i]);
}
