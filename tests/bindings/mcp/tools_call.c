/* Calls of tools: what they answer word for word, and what is wrong with those that are refused. */
#include "tools_world.h"

#include "common/text.h"

/* ---- transcripts ---- */

/* Ids, tokens and durations are made anew in every run; everything else is the same bytes. */
static bool is_hex(const char *s, size_t n)
{
        return strspn(s, "0123456789abcdef") >= n;
}

static bool is_uuid(const char *s)
{
        return is_hex(s, 8) && s[8] == '-' && is_hex(s + 9, 4) && s[13] == '-' &&
               is_hex(s + 14, 4) && s[18] == '-' && is_hex(s + 19, 4) && s[23] == '-' &&
               is_hex(s + 24, 12);
}

static void add_masked(text *t, const char *s, const char *alert_short)
{
        static const char *const values[] = {
                "\"next_cursor\":\"", "next_cursor: ", "\"correlation_id\":\"",
                "\"took_us\":",       "\"digest\":\"", "\"fingerprint\":\""
        };

        while (*s) {
                size_t n = 0, i = 0;

                while (i < sizeof(values) / sizeof(values[0]) &&
                       strncmp(s, values[i], strlen(values[i])) != 0)
                        i++;
                if (i < sizeof(values) / sizeof(values[0])) {
                        n = strlen(values[i]);
                        text_addn(t, s, n);
                        text_add(t, "*");
                        s += n;
                        s += strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789_-");
                } else if (is_uuid(s)) {
                        text_add(t, "<uuid>");
                        s += 36;
                } else if (!strncmp(s, "plan1_", 6)) {
                        text_add(t, "<plan>");
                        s += 6 + strspn(s + 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
                                               "wxyz0123456789_-");
                } else if (*alert_short && !strncmp(s, alert_short, strlen(alert_short))) {
                        text_add(t, "<alert>");
                        s += strlen(alert_short);
                } else {
                        text_addn(t, s++, 1);
                }
        }
}

static char alert[64], alert_short[16];

static void add_transcript(world *w, text *t, const char *label, const char *name,
                           const char *arguments)
{
        mcp_call c = { 0 };
        char *data;

        call(w, &c, name, arguments);
        data = printed(c.ended == ENDED_REPLY ? reply_data(&c) : c.result);
        text_addf(t, "==== %s %s ", name, label);
        add_masked(t, arguments, alert_short);
        text_addf(t, "\n");
        if (c.ended == ENDED_ERROR)
                text_addf(t, "error %d: %s\n", (int)c.code, c.message);
        else
                add_masked(t, reply_text(&c), alert_short);
        if (t->data[t->len - 1] != '\n')
                text_add(t, "\n");
        text_addf(t, "---- %s\n", at(c.result, "isError") ? "error" : "result");
        add_masked(t, data, alert_short);
        text_add(t, "\n");
        free(data);
        stub_call_clear(&c);
}

static const struct {
        const char *label, *name, *arguments; /* ALERT stands for the id of an alert */
} transcripts[] = {
        { "concise", "client_list", "{}" },
        { "detailed", "client_list", "{'response_format':'detailed'}" },
        { "truncated", "client_list", "{'limit':1}" },
        { "empty", "client_list", "{'search':'no such name'}" },
        { "error", "client_list", "{'teir':'gold'}" },
        { "concise", "client_get", "{'client_id':'acme-corp'}" },
        { "by name", "client_get", "{'client_id':'Acme Corp'}" },
        { "error", "client_get", "{'client_id':'acme-crop'}" },
        { "missing", "client_get", "{}" },
        { "concise", "device_list", "{'client_id':'acme-corp'}" },
        { "detailed", "device_list", "{'response_format':'detailed','limit':1}" },
        { "error", "device_list", "{'client_id':'nobody'}" },
        { "concise", "device_get", "{'device_id':'acme-corp-0001'}" },
        { "error", "device_get", "{'device_id':'nothing'}" },
        { "concise", "alert_list", "{'client_id':'acme-corp'}" },
        { "detailed", "alert_list", "{'response_format':'detailed'}" },
        { "error", "alert_list", "{'severity':'bad'}" },
        { "concise", "alert_explain", "{'alert_id':'ALERT'}" },
        { "error", "alert_explain", "{'alert_id':'000000000000'}" },
        { "plan", "alert_ack", "{'alert_id':'ALERT','note':'disk ordered'}" },
        { "error", "alert_ack", "{'alert_id':'000000000000'}" },
        { "plan", "alert_snooze", "{'alert_id':'ALERT','for':'8h'}" },
        { "error", "alert_snooze", "{'alert_id':'ALERT'}" },
        { "concise", "health_check", "{'client_id':'acme-corp','check_types':['cpu','disk']}" },
        { "detailed", "health_check",
          "{'client_id':'acme-corp','check_types':['disk-space'],'response_format':'detailed'}" },
        { "truncated", "health_check",
          "{'client_id':'acme-corp','check_types':['cpu','disk'],'limit':1}" },
        { "all", "health_check", "{'check_types':['cpu']}" },
        { "error", "health_check", "{'client_id':'acme-corp','check_types':['gpu']}" },
        { "concise", "health_history", "{'client_id':'acme-corp','limit':2}" },
        { "detailed", "health_history",
          "{'client_id':'acme-corp','limit':1,'response_format':'detailed'}" },
        { "error", "health_history", "{'client_id':'acme-corp','days':0}" },
        { "concise", "health_status", "{}" },
        { "detailed", "health_status", "{'response_format':'detailed'}" },
        { "truncated", "health_status", "{'limit':1}" },
        { "error", "health_status", "{'max_tokens':1}" },
};

static char *with_alert(const char *arguments)
{
        const char *here = strstr(arguments, "ALERT");
        text t = { 0 };

        if (!here)
                return copy_text(arguments);
        text_addn(&t, arguments, (size_t)(here - arguments));
        text_add(&t, alert);
        text_add(&t, here + 5);
        return t.data;
}

static char *file_text(const char *path)
{
        FILE *f = fopen(path, "rb");
        char *made = calloc(1, 1 << 20);

        if (f) {
                (void)!fread(made, 1, (1 << 20) - 1, f);
                fclose(f);
        }
        return made;
}

static void compare_lines(const char *is, const char *was)
{
        while (*is || *was) {
                size_t n = strcspn(is, "\n"), m = strcspn(was, "\n");

                if (n != m || strncmp(is, was, n) != 0)
                        fail_msg("is  %.*s\nwas %.*s", (int)n, is, (int)m, was);
                is += n + (is[n] != 0);
                was += m + (was[m] != 0);
        }
}

/* MSPTK_REGENERATE=1 writes the file anew, to be reviewed. */
static void answers_are_what_they_were_word_for_word(void **state)
{
        static const char path[] = TEST_SOURCE_ROOT "/tests/bindings/mcp/tools_transcripts.txt";
        world *w = *state;
        text t = { 0 };
        char *was;

        for (size_t i = 0; i < sizeof(transcripts) / sizeof(transcripts[0]); i++) {
                char *arguments = with_alert(transcripts[i].arguments);

                add_transcript(w, &t, transcripts[i].label, transcripts[i].name, arguments);
                free(arguments);
        }
        world_tools(w, false);
        for (size_t i = 0; i < sizeof(transcripts) / sizeof(transcripts[0]); i++) {
                char *arguments = with_alert(transcripts[i].arguments);

                if (!strcmp(transcripts[i].label, "plan"))
                        add_transcript(w, &t, "read-only", transcripts[i].name, arguments);
                free(arguments);
        }
        world_tools(w, true);
        if (getenv("MSPTK_REGENERATE")) {
                FILE *f = fopen(path, "wb");

                assert_non_null(f);
                fputs(t.data, f);
                fclose(f);
        }
        was = file_text(path);
        compare_lines(t.data, was);
        free(was);
        text_free(&t);
}

/* Every tool has its transcripts: a new one is not forgotten. */
static void every_tool_has_transcripts(void **state)
{
        world *w = *state;
        const mcp_principal who = { .name = "all", .scopes = 7 };
        const msptk_json *list = w->cat->list(w->cat->user, MCP_TOOLS, &who);

        for (const msptk_json *e = msptk_json_first(list); e; e = msptk_json_next(e)) {
                size_t n = 0;

                for (size_t i = 0; i < sizeof(transcripts) / sizeof(transcripts[0]); i++)
                        n += !strcmp(transcripts[i].name, text_at(e, "name"));
                if (n < 2)
                        fail_msg("%s has no transcripts", text_at(e, "name"));
        }
}

/* ---- what is refused ---- */

static void refused_as(world *w, const char *name, const char *arguments, const char *field,
                       const char *reason)
{
        mcp_call c = { 0 };

        call(w, &c, name, arguments);
        assert_code(&c, "INVALID_PARAMETERS", reason);
        assert_string_equal(text_at(reply_data(&c), "error.details.field"), field);
        assert_non_null(at(reply_data(&c), "error.details.expected"));
        stub_call_clear(&c);
}

static void refused(world *w, const char *name, const char *arguments, const char *field)
{
        refused_as(w, name, arguments, field, "INVALID_PARAMETERS");
}

static void wrong_arguments_are_named(void **state)
{
        world *w = *state;

        refused(w, "client_list", "{'tier':5}", "tier");
        refused(w, "client_list", "{'tier':'Gold '}", "tier");
        refused(w, "client_list", "{'limit':'5'}", "limit");
        refused(w, "client_list", "{'limit':0}", "limit");
        refused(w, "client_list", "{'limit':1001}", "limit");
        refused(w, "client_list", "{'limit':1.5}", "limit");
        refused(w, "client_list", "{'search':null}", "search");
        refused(w, "client_list", "{'search':''}", "search");
        refused(w, "client_list", "{'max_tokens':499}", "max_tokens");
        refused(w, "client_list", "{'max_tokens':20001}", "max_tokens");
        refused(w, "client_list", "{'response_format':'long'}", "response_format");
        refused_as(w, "client_list", "{'confirmation_token':'x'}", "confirmation_token",
                   "UNKNOWN_PARAMETER");
        refused_as(w, "client_list", "{'nothing':{}}", "nothing", "UNKNOWN_PARAMETER");
        refused_as(w, "client_get", "{}", "client_id", "MISSING_PARAMETER");
        refused(w, "client_get", "{'client_id':['acme-corp']}", "client_id");
        refused(w, "health_check", "{'check_types':'cpu'}", "check_types");
        refused(w, "health_check", "{'check_types':[]}", "check_types");
        refused(w, "health_check", "{'check_types':['cpu',7]}", "check_types");
        refused(w, "health_check", "{'threshold_override':'cpu=5'}", "threshold_override");
        refused_as(w, "alert_ack", "{'note':'x'}", "alert_id", "MISSING_PARAMETER");
}

static void what_was_given_is_quoted_without_its_secrets(void **state)
{
        world *w = *state;
        mcp_call c = { 0 };
        char *data;

        call(w, &c, "client_list", "{'tier':'password=hunter2'}");
        data = printed(c.result);
        assert_null(strstr(data, "hunter2"));
        free(data);
        stub_call_clear(&c);
}

static void the_limiter_is_asked_and_says_how_long_to_wait(void **state)
{
        world *w = *state;
        mcp_call c = { 0 };

        call(w, &c, "client_list", "{}");
        assert_int_equal(c.reads, 1);
        assert_int_equal(c.writes, 0);
        stub_call_clear(&c);
        call(w, &c, "alert_ack", "{'alert_id':'000000000000'}");
        assert_int_equal(c.writes, 1);
        stub_call_clear(&c);
        c = (mcp_call){ .limited = true };
        call(w, &c, "client_list", "{}");
        assert_code(&c, "RATE_LIMIT_EXCEEDED", "TOO_MANY_REQUESTS");
        assert_int_equal(msptk_json_int(at(reply_data(&c), "error.details.retry_after_ms"), 0),
                         1500);
        assert_int_equal(msptk_json_bool(at(reply_data(&c), "error.details.retryable"), 0), 1);
        stub_call_clear(&c);
}

static void the_trace_of_the_caller_is_the_correlation_id(void **state)
{
        world *w = *state;
        mcp_call c = { .trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };

        call(w, &c, "client_get", "{'client_id':'nobody'}");
        assert_string_equal(text_at(reply_data(&c), "error.details.correlation_id"),
                            "4bf92f3577b34da6a3ce929d0e0e4736");
        stub_call_clear(&c);
        call(w, &c, "client_get", "{'client_id':'nobody'}");
        assert_int_equal(strlen(text_at(reply_data(&c), "error.details.correlation_id")), 32);
        stub_call_clear(&c);
}

static msptk_status cannot_open(void *user, msptk_toolkit **ret_tk, msptk_error **ret_err)
{
        (void)ret_tk;
        ++*(int *)user;
        return msptk_error_set(ret_err, MSPTK_E_IO, "store",
                               "open database '/var/lib/msp/secret/msp.db' at db.example.com:5432: "
                               "no such file");
}

static void a_toolkit_that_does_not_open_is_told_without_places_and_tried_again(void **state)
{
        int tries = 0;
        mcp_tools_opts o = { .open = cannot_open, .user = &tries };
        world w = { 0 };
        char *data;

        (void)state;
        w.tools = mcp_tools_new(&o, NULL);
        w.cat = mcp_tools_catalogue(w.tools);
        for (int i = 1; i < 3; i++) {
                mcp_call c = { 0 };

                call(&w, &c, "client_list", "{}");
                assert_string_equal(text_at(reply_data(&c), "error.code"), "SYSTEM_ERROR");
                data = printed(c.result);
                assert_null(strstr(data, "/var"));
                assert_null(strstr(data, "example.com"));
                assert_non_null(strstr(data, "[path]"));
                free(data);
                stub_call_clear(&c);
                assert_int_equal(tries, i);
        }
        mcp_tools_free(w.tools, 0);
}

/* ---- who may see what ---- */

static void token_for(world *w, const char *more, mcp_principal *ret, char *ret_token)
{
        char arguments[400];
        msptk_json *made;
        msptk_error *err = NULL;

        snprintf(arguments, sizeof(arguments), "{'name':'t%d'%s}", (int)w->opened++, more);
        made = world_do(w, "token_create", arguments);
        snprintf(ret_token, 200, "%s", text_at(made, "token"));
        assert_true(*ret_token);
        msptk_json_free(made);
        if (mcp_tools_authenticate(w->tools, ret_token, ret, &err) != MSPTK_OK)
                fail_msg("%s", msptk_error_message(err));
}

/* The same but for the id of the error and the name that was given. */
static char *failure_of(world *w, const mcp_principal *who, const char *name, const char *client)
{
        mcp_call c = { .who = *who };
        char arguments[200], *data;
        text t = { 0 };

        snprintf(arguments, sizeof(arguments), "{'client_id':'%s'}", client);
        call(w, &c, name, arguments);
        assert_code(&c, "CLIENT_NOT_FOUND", "CLIENT_NOT_FOUND");
        data = printed(c.result);
        add_masked(&t, data, client);
        free(data);
        stub_call_clear(&c);
        return t.data;
}

static void a_forbidden_client_is_as_unknown_as_one_that_never_was(void **state)
{
        static const char *const names[] = { "client_get",     "device_list",   "health_check",
                                             "health_history", "health_status", "alert_list" };
        world *w = *state;
        mcp_principal who;
        mcp_call c = { 0 };
        char token[200], *data;

        token_for(w, ",'scopes':['read'],'clients':['acme-corp']", &who, token);
        assert_int_equal(who.scopes, MCP_READ);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                char *forbidden = failure_of(w, &who, names[i], "globex");
                char *unknown = failure_of(w, &who, names[i], "qqqqqq");

                assert_string_equal(forbidden, unknown);
                free(forbidden);
                free(unknown);
        }
        c.who = who;
        call(w, &c, "client_list", "{}");
        data = printed(c.result);
        assert_non_null(strstr(data, "acme-corp"));
        assert_null(strstr(data, "globex"));
        assert_null(strstr(data, "Globex"));
        free(data);
        stub_call_clear(&c);
        c.who = who; /* and it may not write */
        call(w, &c, "alert_ack", "{'alert_id':'000000000000'}");
        assert_code(&c, "INVALID_PARAMETERS", "SCOPE_MISSING");
        stub_call_clear(&c);
}

static void a_token_says_who_and_what(void **state)
{
        world *w = *state;
        mcp_principal who, again;
        msptk_error *err = NULL;
        char token[200];

        token_for(w, ",'scopes':['read','write']", &who, token);
        assert_int_equal(who.scopes, MCP_READ | MCP_WRITE);
        assert_non_null(strstr(who.name, "token:"));
        assert_int_equal(mcp_tools_authenticate(w->tools, token, &again, NULL), MSPTK_OK);
        assert_ptr_equal(who.name, again.name);
        token[strlen(token) - 1] ^= 1;
        assert_int_equal(mcp_tools_authenticate(w->tools, token, &again, &err), MSPTK_E_DENIED);
        msptk_error_free(err);
        assert_int_equal(mcp_tools_authenticate(w->tools, "", &again, NULL), MSPTK_E_DENIED);
        assert_int_equal(mcp_tools_authenticate(w->tools, "\xff", &again, NULL), MSPTK_E_DENIED);
}

/* ---- calls that last ---- */

static void a_cancelled_call_ends_soon_and_once(void **state)
{
        mcp_call c = { .who = { "mcp", 7 } };
        msptk_json *values = json_of("{'client_id':'acme-corp'}");
        struct timespec from, to;
        world w;

        (void)state;
        world_make(&w, "adapters:\n  - {name: slow, type: fake, devices: 3, latency_ms: 20000}\n");
        world_did(&w, "client_create", "{'name':'Acme Corp'}");
        world_did(&w, "device_add",
                  "{'client_id':'acme-corp','name':'acme-corp-0001',"
                  "'adapter':'slow'}");
        world_tools(&w, false);
        clock_gettime(CLOCK_MONOTONIC, &from);
        w.cat->call_tool(w.cat->user, &c, "health_check", values);
        assert_int_equal(c.ended, ENDED_NOT);
        assert_non_null(c.on_cancel);
        assert_true(mcp_tools_fd(w.tools) >= 0);
        c.on_cancel(c.on_cancel_user);
        wait_for(&w, &c);
        clock_gettime(CLOCK_MONOTONIC, &to);
        assert_true(to.tv_sec - from.tv_sec < 10);
        stub_call_clear(&c);
        msptk_json_free(values);
        world_end(&w);
}

static void too_many_at_once_is_a_limit_and_those_that_run_tell_how_far(void **state)
{
        /* Each run is of a client of its own and slow, so that none ends before all are asked for.
         */
        enum { AT_ONCE = 24 };
        static mcp_call calls[AT_ONCE];
        char arguments[100];
        const msptk_json *error;
        size_t refused = 0, done = 0, busy = 0;
        world w;

        (void)state;
        world_make(&w, "adapters:\n  - {name: slow, type: fake, latency_ms: 1500}\n");
        for (size_t i = 0; i < AT_ONCE; i++) {
                snprintf(arguments, sizeof(arguments), "{'name':'Client %zu'}", i);
                world_did(&w, "client_create", arguments);
                snprintf(arguments, sizeof(arguments),
                         "{'client_id':'client-%zu','name':'client-%zu-0001','adapter':'slow'}", i,
                         i);
                world_did(&w, "device_add", arguments);
        }
        world_tools(&w, false);
        for (size_t i = 0; i < AT_ONCE; i++) {
                msptk_json *values;

                snprintf(arguments, sizeof(arguments),
                         "{'client_id':'client-%zu','check_types':['cpu']}", i ? i - 1 : i);
                values = json_of(arguments);
                calls[i] = (mcp_call){ .who = { "mcp", 7 }, .progress = -1 };
                w.cat->call_tool(w.cat->user, &calls[i], "health_check", values);
                msptk_json_free(values);
        }
        for (size_t i = 0; i < AT_ONCE; i++) {
                wait_for(&w, &calls[i]);
                assert_valid_reply(&w, "health_check", &calls[i]);
                error = at(reply_data(&calls[i]), "error");
                if (!error) {
                        done += calls[i].progress >= 1;
                } else if (!strcmp(text_at(error, "details.reason"), "TOO_MANY_AT_ONCE")) {
                        refused++;
                        assert_string_equal(text_at(error, "code"), "RATE_LIMIT_EXCEEDED");
                        assert_true(msptk_json_int(at(error, "details.retry_after_ms"), 0) > 0);
                } else {
                        busy++;
                        assert_string_equal(text_at(error, "details.reason"), "RUN_IN_PROGRESS");
                        assert_int_equal(msptk_json_bool(at(error, "details.retryable"), 0), 1);
                }
                stub_call_clear(&calls[i]);
        }
        print_message("%zu done, %zu refused\n", done, refused);
        assert_true(done > 0);
        assert_true(refused > 0);
        assert_int_equal(busy, 1);
        world_end(&w);
}

static void a_call_in_flight_ends_when_the_tools_are_freed(void **state)
{
        mcp_call c = { .who = { "mcp", 7 } };
        msptk_json *values = json_of("{'client_id':'acme-corp'}");
        world w;

        (void)state;
        world_make(&w, "adapters:\n  - {name: slow, type: fake, devices: 3, latency_ms: 20000}\n");
        world_did(&w, "client_create", "{'name':'Acme Corp'}");
        world_did(&w, "device_add",
                  "{'client_id':'acme-corp','name':'acme-corp-0001',"
                  "'adapter':'slow'}");
        world_tools(&w, false);
        w.cat->call_tool(w.cat->user, &c, "health_check", values);
        mcp_tools_free(w.tools, 5000);
        w.tools = NULL;
        assert_int_equal(c.times, 1);
        stub_call_clear(&c);
        msptk_json_free(values);
        world_end(&w);
}

static int set_up(void **state)
{
        static world w;
        msptk_json *alerts;

        world_make(&w, "adapters:\n  - {name: world, type: fake, devices: 1, problems: 1}\n");
        world_did(&w, "client_create",
                  "{'name':'Acme Corp','tier':'premium','contact':'it@acme.example'}");
        world_did(&w, "client_create", "{'name':'Globex'}");
        world_did(&w, "device_scan", "{'client_id':'acme-corp'}");
        world_did(&w, "health_check", "{'client_id':'acme-corp','check_types':['cpu']}");
        alerts = world_do(&w, "alert_list", "{}");
        assert_int_equal(msptk_json_count(at(alerts, "alerts")), 1);
        snprintf(alert, sizeof(alert), "%s", text_at(alerts, "alerts.0.id"));
        snprintf(alert_short, sizeof(alert_short), "%s", text_at(alerts, "alerts.0.short"));
        msptk_json_free(alerts);
        w.now += 5 * MINUTE;
        world_tools(&w, true);
        *state = &w;
        return 0;
}

static int tear_down(void **state)
{
        world_end(*state);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(answers_are_what_they_were_word_for_word),
                cmocka_unit_test(every_tool_has_transcripts),
                cmocka_unit_test(wrong_arguments_are_named),
                cmocka_unit_test(what_was_given_is_quoted_without_its_secrets),
                cmocka_unit_test(the_limiter_is_asked_and_says_how_long_to_wait),
                cmocka_unit_test(the_trace_of_the_caller_is_the_correlation_id),
                cmocka_unit_test(
                        a_toolkit_that_does_not_open_is_told_without_places_and_tried_again),
                cmocka_unit_test(a_forbidden_client_is_as_unknown_as_one_that_never_was),
                cmocka_unit_test(a_token_says_who_and_what),
                cmocka_unit_test(a_cancelled_call_ends_soon_and_once),
                cmocka_unit_test(too_many_at_once_is_a_limit_and_those_that_run_tell_how_far),
                cmocka_unit_test(a_call_in_flight_ends_when_the_tools_are_freed),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
