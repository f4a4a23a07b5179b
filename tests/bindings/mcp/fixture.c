/* The catalogue of the conformance suite: what only answers stands in fixture.json, what does
 * something is here. */
#include "fixture.h"

#include <stdio.h>

#include "fixture_asks.h"
#include "mcp/tree.h"

enum { STEPS = 3, STEP_MS = 50, PROGRESS_MS = 260 /* the core tells four a second at most */ };

typedef struct step {
        fixture *f;
        int number;
} step;

struct fixture {
        msptk_json *doc;
        mcp_catalogue catalogue;
        mcp_server *server;
        /* By MCP_TOOLS ... MCP_PROMPTS: without and with the entry that comes and goes. */
        msptk_json *lists[MCP_PROMPTS + 1][2];
        int dynamic[MCP_PROMPTS + 1];
        step steps[STEPS];
        asker asker;
};

static const msptk_json *named(const fixture *f, const char *part, const char *name)
{
        return msptk_json_get(msptk_json_get(f->doc, part), name);
}

static void reply_result(fixture *f, mcp_call *c, const char *tool)
{
        mcp_reply(c, copy_tree(named(f, "results", tool)));
}

/* ---- tools ---- */

static void tool_asks(fixture *f, mcp_call *c, const char *tool, const msptk_json *arguments)
{
        (void)arguments;
        ask_then_say(&f->asker, c, tool, questions(&f->asker, tool), false);
}

static void tool_asks_with_state(fixture *f, mcp_call *c, const char *tool,
                                 const msptk_json *arguments)
{
        (void)arguments;
        ask_then_say(&f->asker, c, tool, questions(&f->asker, tool), true);
}

static void tool_asks_message(fixture *f, mcp_call *c, const char *tool,
                              const msptk_json *arguments)
{
        msptk_json *requests = questions(&f->asker, tool);
        msptk_json *params = msptk_json_get(msptk_json_first(requests), "params");

        put_str(params, "message", msptk_json_string(msptk_json_get(arguments, "message"), ""));
        ask_then_say(&f->asker, c, tool, requests, false);
}

static void tool_asks_model(fixture *f, mcp_call *c, const char *tool, const msptk_json *arguments)
{
        msptk_json *requests = questions(&f->asker, tool);
        msptk_json *params = msptk_json_get(msptk_json_first(requests), "params");
        msptk_json *message = msptk_json_first(msptk_json_get(params, "messages"));

        put_str(msptk_json_get(message, "content"), "text",
                msptk_json_string(msptk_json_get(arguments, "prompt"), ""));
        ask_then_say(&f->asker, c, tool, requests, false);
}

static void tool_asks_whom_it_can(fixture *f, mcp_call *c, const char *tool,
                                  const msptk_json *arguments)
{
        msptk_json *all = questions(&f->asker, tool), *some = new_object();

        (void)arguments;
        for (const msptk_json *r = msptk_json_first(all); r; r = msptk_json_next(r))
                if (can_answer(c, r))
                        put(some, msptk_json_key(r), copy_tree(r));
        if (msptk_json_count(some)) {
                ask_then_say(&f->asker, c, tool, some, false);
        } else {
                mcp_need_capability(c, lacking(c, all));
                msptk_json_free(some);
        }
        msptk_json_free(all);
}

static void tool_asks_twice(fixture *f, mcp_call *c, const char *tool, const msptk_json *arguments)
{
        const char *sealed = mcp_state(c);
        int round = sealed ? unseal(&f->asker, tool, sealed) : 0;
        msptk_json *first = questions(&f->asker, tool), *second = NULL;
        char *words, *name;

        (void)arguments;
        name = need(malloc(strlen(tool) + 3));
        memcpy(name, tool, strlen(tool));
        memcpy(name + strlen(tool), " 2", 3);
        second = questions(&f->asker, name);
        free(name);
        if (round < 0) {
                mcp_error(c, MCP_INVALID_PARAMS, "requestState is not what this server gave", NULL);
        } else if (round == 2 && answered(c, second) == ANSWERED) {
                words = words_of_answers(c, second, "Both rounds were answered");
                reply_text(c, words);
                free(words);
        } else if (round == 2 || (round == 1 && answered(c, first) == ANSWERED)) {
                ask(&f->asker, c, second, tool, 2);
                second = NULL;
        } else {
                ask(&f->asker, c, first, tool, 1);
                first = NULL;
        }
        msptk_json_free(first);
        msptk_json_free(second);
}

static void tool_asks_on_a_stream(fixture *f, mcp_call *c, const char *tool,
                                  const msptk_json *arguments)
{
        mcp_progress(c, 1, 2, "about to ask");
        tool_asks(f, c, tool, arguments);
}

static void tool_needs_sampling(fixture *f, mcp_call *c, const char *tool,
                                const msptk_json *arguments)
{
        msptk_json *required;

        (void)arguments;
        if (mcp_call_client_has(c, "sampling")) {
                reply_result(f, c, tool);
                return;
        }
        required = new_object();
        put_object(required, "sampling");
        mcp_need_capability(c, required);
}

static void log_words(mcp_call *c, const char *level, const char *words)
{
        msptk_json *data = new_object();

        put_str(data, "said", words);
        mcp_log(c, level, "fixture", data);
}

static void tool_logs_each_level(fixture *f, mcp_call *c, const char *tool,
                                 const msptk_json *arguments)
{
        static const char *const levels[] = { "debug", "info",     "notice", "warning",
                                              "error", "critical", "alert",  "emergency" };

        (void)arguments;
        for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
                log_words(c, levels[i], "a line of this level");
        reply_result(f, c, tool);
}

static void log_step(mcp_call *c, void *user)
{
        static const char *const words[STEPS] = { "begins", "goes on", "ends" };
        step *s = user;

        log_words(c, "info", words[s->number]);
        if (s->number + 1 < STEPS)
                mcp_after(c, STEP_MS, log_step, s + 1);
        else
                reply_result(s->f, c, "test_tool_with_logging");
}

static void tool_logs(fixture *f, mcp_call *c, const char *tool, const msptk_json *arguments)
{
        (void)tool;
        (void)arguments;
        log_step(c, &f->steps[0]);
}

static void progress_end(mcp_call *c, void *user)
{
        reply_result(((step *)user)->f, c, "test_tool_with_progress");
}

static void progress_step(mcp_call *c, void *user)
{
        step *s = user;

        mcp_progress(c, s->number * 50, 100, NULL);
        if (s->number + 1 < STEPS)
                mcp_after(c, PROGRESS_MS, progress_step, s + 1);
        else /* clients drop progress that comes in one piece with the answer */
                mcp_after(c, STEP_MS, progress_end, s);
}

static void tool_progresses(fixture *f, mcp_call *c, const char *tool, const msptk_json *arguments)
{
        (void)tool;
        (void)arguments;
        progress_step(c, &f->steps[0]);
}

static void tool_changes(fixture *f, mcp_call *c, const char *tool, const msptk_json *arguments)
{
        int what = strstr(tool, "prompt") ? MCP_PROMPTS : MCP_TOOLS;

        (void)arguments;
        f->dynamic[what] = !f->dynamic[what];
        mcp_changed(f->server, what, NULL);
        reply_result(f, c, tool);
}

static const struct tool {
        const char *name;
        void (*run)(fixture *f, mcp_call *c, const char *tool, const msptk_json *arguments);
} tools[] = {
        { "test_tool_with_logging", tool_logs },
        { "test_tool_with_progress", tool_progresses },
        { "test_sampling", tool_asks_model },
        { "test_elicitation", tool_asks_message },
        { "test_elicitation_sep1034_defaults", tool_asks },
        { "test_elicitation_sep1330_enums", tool_asks },
        { "test_missing_capability", tool_needs_sampling },
        { "test_streaming_elicitation", tool_asks_on_a_stream },
        { "test_logging_tool", tool_logs_each_level },
        { "test_trigger_tool_change", tool_changes },
        { "test_trigger_prompt_change", tool_changes },
        { "test_input_required_result_elicitation", tool_asks },
        { "test_input_required_result_sampling", tool_asks },
        { "test_input_required_result_list_roots", tool_asks },
        { "test_input_required_result_request_state", tool_asks_with_state },
        { "test_input_required_result_multiple_inputs", tool_asks_with_state },
        { "test_input_required_result_multi_round", tool_asks_twice },
        { "test_input_required_result_tampered_state", tool_asks_with_state },
        { "test_input_required_result_capabilities", tool_asks_whom_it_can },
};

static void call_tool(void *user, mcp_call *c, const char *name, const msptk_json *arguments)
{
        fixture *f = user;

        for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
                if (!strcmp(tools[i].name, name)) {
                        tools[i].run(f, c, name, arguments);
                        return;
                }
        }
        if (named(f, "results", name))
                reply_result(f, c, name);
        else
                mcp_error(c, MCP_INVALID_PARAMS, "there is no such tool", NULL);
}

/* ---- lists, resources, prompts, completion ---- */

static const msptk_json *list(void *user, int32_t what, const mcp_principal *who)
{
        const fixture *f = user;

        (void)who;
        return f->lists[what][f->dynamic[what]];
}

/* Answers {"id": ...} of a uri of the template; NULL for other uris. */
static msptk_json *template_content(const char *uri)
{
        static const char before[] = "test://template/", after[] = "/data";
        size_t len = strlen(uri), around = sizeof(before) - 1 + sizeof(after) - 1;
        msptk_json *data, *content;
        char *id, *words;

        if (len <= around || strncmp(uri, before, sizeof(before) - 1) != 0 ||
            strcmp(uri + len - (sizeof(after) - 1), after) != 0)
                return NULL;
        id = copy_part(uri + sizeof(before) - 1, len - around);
        data = new_object();
        put_str(data, "id", id);
        words = print_tree(data);
        content = new_object();
        put_str(content, "uri", uri);
        put_str(content, "mimeType", "application/json");
        put_str(content, "text", words);
        msptk_json_free(data);
        free(words);
        free(id);
        return content;
}

static void read_resource(void *user, mcp_call *c, const char *uri)
{
        msptk_json *content = copy_tree(named(user, "contents", uri)), *result;

        if (!content)
                content = template_content(uri);
        if (!content) {
                mcp_not_found(c, uri, "there is no such resource");
                return;
        }
        result = new_object();
        add(put_array(result, "contents"), content);
        mcp_reply(c, result);
}

/* The text with each {name} replaced by the argument of that name. */
static char *fill_in(const char *words, const msptk_json *arguments)
{
        text filled = { 0 };

        while (*words) {
                const char *end = *words == '{' ? strchr(words, '}') : NULL;
                char *name = end ? copy_part(words + 1, (size_t)(end - words - 1)) : NULL;
                const char *value = name ? get_str(arguments, name) : NULL;

                if (value) {
                        text_add(&filled, value);
                        words = end;
                } else {
                        text_addn(&filled, words, 1);
                }
                words++;
                free(name);
        }
        return filled.data ? filled.data : copy_text("");
}

static void fill_in_string(msptk_json *object, const char *key, const msptk_json *arguments)
{
        const char *words = get_str(object, key);
        char *filled;

        if (!words)
                return;
        filled = fill_in(words, arguments);
        put_str(object, key, filled);
        free(filled);
}

/* The argument of a prompt that is required and not given; NULL when none is. */
static const char *missing_argument(const fixture *f, const char *prompt,
                                    const msptk_json *arguments)
{
        const msptk_json *p = msptk_json_first(f->lists[MCP_PROMPTS][1]);

        while (p && strcmp(get_str(p, "name"), prompt) != 0)
                p = msptk_json_next(p);
        for (const msptk_json *a = msptk_json_first(msptk_json_get(p, "arguments")); a;
             a = msptk_json_next(a))
                if (!get_str(arguments, get_str(a, "name")))
                        return get_str(a, "name");
        return NULL;
}

static void asking_prompt(fixture *f, mcp_call *c, const char *name)
{
        msptk_json *requests = questions(&f->asker, name), *result, *message, *content;
        char *words;

        if (!is_answered(&f->asker, c, name, requests, false))
                return;
        words = words_of_answers(c, requests, "");
        result = new_object();
        message = add_object(put_array(result, "messages"));
        put_str(message, "role", "user");
        content = put_object(message, "content");
        put_str(content, "type", "text");
        put_str(content, "text", words);
        free(words);
        msptk_json_free(requests);
        mcp_reply(c, result);
}

static void get_prompt(void *user, mcp_call *c, const char *name, const msptk_json *arguments)
{
        fixture *f = user;
        msptk_json *messages = copy_tree(named(f, "messages", name)), *result;

        if (!messages && may_ask(&f->asker, name)) {
                asking_prompt(f, c, name);
                return;
        }
        if (!messages || missing_argument(f, name, arguments)) {
                mcp_error(c, MCP_INVALID_PARAMS,
                          messages ? "an argument is missing" : "there is no such prompt", NULL);
                msptk_json_free(messages);
                return;
        }
        for (msptk_json *m = msptk_json_first(messages); m; m = msptk_json_next(m)) {
                msptk_json *content = msptk_json_get(m, "content");

                fill_in_string(content, "text", arguments);
                fill_in_string(msptk_json_get(content, "resource"), "uri", arguments);
        }
        result = new_object();
        put(result, "messages", messages);
        mcp_reply(c, result);
}

static void complete(void *user, mcp_call *c, const msptk_json *ref, const char *argument,
                     const char *value, const msptk_json *others)
{
        static const char *const known[] = { "paris", "park", "party", "port" };
        msptk_json *result = new_object(), *completion = put_object(result, "completion");
        msptk_json *values = put_array(completion, "values");

        (void)user;
        (void)ref;
        (void)others;
        for (size_t i = 0; !strcmp(argument, "arg1") && i < sizeof(known) / sizeof(known[0]); i++)
                if (!strncmp(known[i], value, strlen(value)))
                        add_str(values, known[i]);
        put_int(completion, "total", (int64_t)msptk_json_count(values));
        put_bool(completion, "hasMore", false);
        mcp_reply(c, result);
}

static bool may_watch(void *user, const mcp_principal *who, const char *uri)
{
        (void)who;
        return named(user, "contents", uri) != NULL;
}

static void watch(void *user, const char *uri, const mcp_principal *who, bool on)
{
        (void)user;
        (void)uri;
        (void)who;
        (void)on;
}

/* ---- making it ---- */

static msptk_json *read_document(const char *path)
{
        FILE *file = fopen(path, "r");
        text words = { 0 };
        char part[4096];
        msptk_json *doc = NULL;
        size_t n;

        while (file && (n = fread(part, 1, sizeof(part), file)) > 0)
                text_addn(&words, part, n);
        if (!file || msptk_json_parse(text_str(&words), words.len, &doc, NULL) < 0) {
                fprintf(stderr, "%s: cannot be read\n", path);
                exit(2);
        }
        fclose(file);
        text_free(&words);
        return doc;
}

static void make_lists(fixture *f)
{
        static const char *const names[] = { "tools", "resources", "templates", "prompts" };

        for (int what = MCP_TOOLS; what <= MCP_PROMPTS; what++)
                for (int with = 0; with < 2; with++)
                        f->lists[what][with] = copy_tree(msptk_json_get(f->doc, names[what]));
        add(f->lists[MCP_TOOLS][1], copy_tree(msptk_json_get(f->doc, "dynamic_tool")));
        add(f->lists[MCP_PROMPTS][1], copy_tree(msptk_json_get(f->doc, "dynamic_prompt")));
}

fixture *fixture_new(const char *path)
{
        fixture *f = need(calloc(1, sizeof(*f)));

        f->doc = read_document(path);
        asker_begin(&f->asker, msptk_json_get(f->doc, "asks"));
        make_lists(f);
        for (int i = 0; i < STEPS; i++)
                f->steps[i] = (step){ f, i };
        f->catalogue = (mcp_catalogue){ .user = f,
                                        .has = MCP_HAS_TOOLS | MCP_HAS_RESOURCES | MCP_HAS_PROMPTS |
                                               MCP_HAS_COMPLETIONS | MCP_HAS_LOGGING |
                                               MCP_HAS_SUBSCRIPTIONS | MCP_LISTS_CHANGE,
                                        .list = list,
                                        .call_tool = call_tool,
                                        .read_resource = read_resource,
                                        .get_prompt = get_prompt,
                                        .complete = complete,
                                        .may_watch = may_watch,
                                        .watch = watch };
        return f;
}

void fixture_free(fixture *f)
{
        if (!f)
                return;
        for (int what = MCP_TOOLS; what <= MCP_PROMPTS; what++)
                for (int with = 0; with < 2; with++)
                        msptk_json_free(f->lists[what][with]);
        msptk_json_free(f->doc);
        free(f);
}

const mcp_catalogue *fixture_catalogue(const fixture *f)
{
        return &f->catalogue;
}

void fixture_attach(fixture *f, mcp_server *s)
{
        f->server = s;
}
