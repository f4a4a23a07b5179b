/*
 * A workspace on a fake world with a clock of the test's own, and the production catalogue over it.
 * World and clock stand still, so that what a call answers is always the same text.
 */
#ifndef TESTS_TOOLS_WORLD_H
#define TESTS_TOOLS_WORLD_H

#include "support.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json_schema.h"
#include "mcp/tools.h"
#include "stub_call.h"

#define MINUTE INT64_C(60000000)

typedef struct world {
        char place[64];
        int64_t now;
        uint64_t flags; /* of the toolkit that the tools open */
        int opened;
        msptk_toolkit *tk; /* of the test; the tools have their own */
        mcp_tools *tools;
        const mcp_catalogue *cat;
} world;

static int64_t world_clock(void *user)
{
        return ((world *)user)->now;
}

static msptk_status world_toolkit(world *w, uint64_t flags, msptk_toolkit **ret,
                                  msptk_error **ret_err)
{
        msptk_toolkit_opts *o = msptk_toolkit_opts_new();
        char path[128];
        msptk_status st;

        snprintf(path, sizeof(path), "%s/msp-toolkit.yaml", w->place);
        st = msptk_toolkit_opts_set_config_path(o, path, ret_err);
        if (st == MSPTK_OK)
                st = msptk_toolkit_opts_set_flags(o, flags, ret_err);
        msptk_toolkit_opts_set_clock(o, world_clock, w);
        if (st == MSPTK_OK)
                st = msptk_toolkit_open(o, ret, ret_err);
        msptk_toolkit_opts_free(o);
        return st;
}

static msptk_status world_opener(void *user, msptk_toolkit **ret_tk, msptk_error **ret_err)
{
        world *w = user;

        w->opened++;
        return world_toolkit(w, w->flags, ret_tk, ret_err);
}

/* Writes the configuration, for toolkits that are opened from now on. `more` is YAML: adapters,
 * limits. */
static inline void world_config(world *w, const char *more)
{
        char path[128];
        FILE *f;

        snprintf(path, sizeof(path), "%s/msp-toolkit.yaml", w->place);
        f = fopen(path, "w");
        assert_non_null(f);
        fprintf(f, "general:\n  company_name: Test MSP\ndatabase:\n  path: test.db\n%s", more);
        fclose(f);
}

static inline void world_make(world *w, const char *more)
{
        msptk_error *err = NULL;

        *w = (world){ .now = INT64_C(1795262400) * 1000000 }; /* 2026-11-21T12:00:00Z */
        snprintf(w->place, sizeof(w->place), "/tmp/msptk-tools-XXXXXX");
        assert_non_null(mkdtemp(w->place));
        world_config(w, more);
        if (world_toolkit(w, 0, &w->tk, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
}

static inline void world_tools(world *w, bool writes)
{
        mcp_tools_opts o = { .open = world_opener, .user = w, .writes = writes };

        mcp_tools_free(w->tools, 5000);
        w->tools = mcp_tools_new(&o, NULL);
        assert_non_null(w->tools);
        w->cat = mcp_tools_catalogue(w->tools);
}

static inline void world_end(world *w)
{
        char command[128];
        static const char *const files[] = { "msp-toolkit.yaml", "test.db",   "test.db-wal",
                                             "test.db-shm",      "vault.key", ".vault.key" };

        mcp_tools_free(w->tools, 5000);
        assert_int_equal(msptk_toolkit_close(w->tk, 5000, NULL), MSPTK_OK);
        msptk_toolkit_free(w->tk);
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                snprintf(command, sizeof(command), "%s/%s", w->place, files[i]);
                unlink(command);
        }
        rmdir(w->place);
}

/* JSON in which ' stands for ". */
static inline msptk_json *json_of(const char *quoted)
{
        char *text = strdup(quoted);
        msptk_json *made = NULL;
        msptk_error *err = NULL;

        for (char *p = text; *p; p++)
                if (*p == '\'')
                        *p = '"';
        if (msptk_json_parse(text, strlen(text), &made, &err) < 0)
                fail_msg("%s: %s", text, msptk_error_message(err));
        free(text);
        return made;
}

/* By the test itself, past the tools. */
static inline msptk_json *world_do(world *w, const char *operation, const char *arguments)
{
        msptk_json *values = json_of(arguments), *made;
        msptk_args *args = NULL;
        msptk_result *result = NULL;
        msptk_error *err = NULL;

        if (msptk_args_from_json(operation, values, &args, &err) < 0 ||
            msptk_call(w->tk, args, NULL, &result, &err) < 0)
                fail_msg("%s: %s", operation, msptk_error_message(err));
        made = msptk_json_copy(msptk_result_json(result));
        msptk_result_free(result);
        msptk_args_free(args);
        msptk_json_free(values);
        return made;
}

static inline void world_did(world *w, const char *operation, const char *arguments)
{
        msptk_json_free(world_do(w, operation, arguments));
}

static inline void wait_for(world *w, mcp_call *c)
{
        struct timespec step = { 0, 1000000 };

        for (int i = 0; i < 20000 && !c->ended; i++) {
                mcp_tools_dispatch(w->tools);
                if (!c->ended)
                        nanosleep(&step, NULL);
        }
        assert_int_not_equal(c->ended, ENDED_NOT);
        assert_int_equal(c->times, 1);
}

/* ---- looking ---- */

static inline const msptk_json *at(const msptk_json *json, const char *path)
{
        char key[64];

        while (json && *path) {
                size_t n = strcspn(path, ".");

                snprintf(key, sizeof(key), "%.*s", (int)n, path);
                if (msptk_json_type(json) == MSPTK_JSON_ARRAY) {
                        json = msptk_json_first(json);
                        for (long i = strtol(key, NULL, 10); i > 0; i--)
                                json = msptk_json_next(json);
                } else {
                        json = msptk_json_get(json, key);
                }
                path += path[n] ? n + 1 : n;
        }
        return json;
}

static inline const char *text_at(const msptk_json *json, const char *path)
{
        return msptk_json_string(at(json, path), "");
}

static inline const char *reply_text(const mcp_call *c)
{
        return text_at(c->result, "content.0.text");
}

static inline const msptk_json *reply_data(const mcp_call *c)
{
        return at(c->result, "structuredContent");
}

static inline char *printed(const msptk_json *json)
{
        char *made = NULL, *copy;

        assert_int_equal(msptk_json_print(json, 0, &made, NULL), MSPTK_OK);
        copy = strdup(made);
        msptk_string_free(made);
        return copy;
}

/* Bytes of text and structured content together, by 3.5. */
static inline double reply_tokens(const mcp_call *c)
{
        char *data = printed(reply_data(c));
        double tokens = (double)(strlen(data) + strlen(reply_text(c))) / 3.5;

        free(data);
        return tokens;
}

static inline const msptk_json *entry_of(const world *w, const char *tool)
{
        const mcp_principal who = { .name = "all", .scopes = 7 };
        const msptk_json *list = w->cat->list(w->cat->user, MCP_TOOLS, &who);

        for (const msptk_json *e = msptk_json_first(list); e; e = msptk_json_next(e))
                if (!strcmp(text_at(e, "name"), tool))
                        return e;
        return NULL;
}

static inline bool has_all(const msptk_json *object, const msptk_json *required)
{
        for (const msptk_json *r = msptk_json_first(required); r; r = msptk_json_next(r))
                if (!msptk_json_get(object, msptk_json_string(r, "")))
                        return false;
        return true;
}

/* Every reply of a tool is valid under its output schema, error or not. */
static inline void assert_valid_reply(const world *w, const char *tool, const mcp_call *c)
{
        const msptk_json *schema = at(entry_of(w, tool), "outputSchema");
        const msptk_json *data = reply_data(c);
        bool any = false;
        char why[200];

        assert_int_equal(c->ended, ENDED_REPLY);
        assert_true(*reply_text(c));
        if (!schema) /* it is not listed: refused */
                return;
        if (!schema_accepts(schema, data, why, sizeof(why)))
                fail_msg("%s: %s", tool, why);
        for (const msptk_json *o = msptk_json_first(at(schema, "anyOf")); o; o = msptk_json_next(o))
                any = any || has_all(data, at(o, "required"));
        assert_true(any);
        assert_int_equal(msptk_json_bool(at(c->result, "isError"), 0), at(data, "error") != NULL);
}

/* A call to its end. `c` may be prepared; its principal is "mcp" with all scopes unless set. */
static inline void call(world *w, mcp_call *c, const char *tool, const char *arguments)
{
        msptk_json *values = json_of(arguments);

        if (!c->who.name)
                c->who = (mcp_principal){ .name = "mcp", .scopes = 7 };
        w->cat->call_tool(w->cat->user, c, tool, values);
        wait_for(w, c);
        msptk_json_free(values);
        if (c->ended == ENDED_REPLY)
                assert_valid_reply(w, tool, c);
}

static inline void assert_code(const mcp_call *c, const char *code, const char *reason)
{
        assert_string_equal(text_at(reply_data(c), "error.code"), code);
        assert_string_equal(text_at(reply_data(c), "error.details.reason"), reason);
        assert_true(*text_at(reply_data(c), "error.details.suggestion"));
        assert_true(*text_at(reply_data(c), "error.details.correlation_id"));
}

#endif
