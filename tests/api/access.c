/* Who may see what: a principal with a list of clients meets nothing of the others, in no result,
 * error or page of any operation; what it names of them does not exist. Clients are also named by
 * exactly their name. */
#include "support.h"

#include <stdbool.h>
#include <unistd.h>

#include <msptk/msptk.h>

enum { CLIENTS = 5, NEEDLES_MAX = 400, ROUNDS = 12, HIDDEN_TRIED = 8 };

static const char *const names[CLIENTS] = { "Acme Corp", "Borealis Foods", "Cinnabar Press",
                                            "Dunmore & Sons", "Acme Corporate" };
static const char *const ids[CLIENTS] = { "acme-corp", "borealis-foods", "cinnabar-press",
                                          "dunmore-sons", "acme-corporate" };

/* One text that betrays a client, and whose it is. */
typedef struct needle {
        char text[128];
        int client;
        char kind; /* 'c' id, 'n' name, 'd' device, 'a' alert */
} needle;

static struct {
        char dir[64], db[96], key[96];
        msptk_toolkit *tk;
        needle needles[NEEDLES_MAX];
        int count;
        int looked; /* texts that were searched */
        int64_t now;
} w;

static int64_t test_clock(void *user)
{
        (void)user;
        return w.now;
}

static msptk_toolkit *open_toolkit(void)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;

        msptk_toolkit_opts_set(opts, "adapters",
                               "[{name: world, type: fake, devices: 2, problems: 1},"
                               " {name: cinnabar-backup, type: fake, clients: [cinnabar-press]}]",
                               NULL);
        msptk_toolkit_opts_set(opts, "rmm", "{provider: fake}", NULL);
        msptk_toolkit_opts_set(opts, "database.path", w.db, NULL);
        msptk_toolkit_opts_set(opts, "vault.key_file", w.key, NULL);
        msptk_toolkit_opts_set_clock(opts, test_clock, NULL);
        if (msptk_toolkit_open(opts, &tk, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
        msptk_toolkit_opts_free(opts);
        return tk;
}

static void close_toolkit(msptk_toolkit *tk)
{
        assert_int_equal(msptk_toolkit_close(tk, 10000, NULL), MSPTK_OK);
        msptk_toolkit_free(tk);
}

/* ---- calling ---- */

typedef struct answer {
        msptk_status status;
        msptk_result *result;
        msptk_error *err;
        char *text; /* of the result, or of the error */
} answer;

static void answer_clear(answer *a)
{
        msptk_result_free(a->result);
        msptk_error_free(a->err);
        msptk_string_free(a->text);
        *a = (answer){ 0 };
}

static answer call_in(msptk_toolkit *tk, const char *operation, const char *json,
                      const char *principal, bool plan)
{
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_json *values = NULL;
        msptk_args *args = NULL;
        answer a = { 0 };

        assert_int_equal(msptk_json_parse(json, strlen(json), &values, NULL), MSPTK_OK);
        assert_int_equal(msptk_args_from_json(operation, values, &args, NULL), MSPTK_OK);
        if (principal)
                assert_int_equal(msptk_call_opts_set_str(opts, "principal", principal, NULL),
                                 MSPTK_OK);
        assert_int_equal(msptk_call_opts_set_int(opts, "plan", plan, NULL), MSPTK_OK);
        a.status = msptk_call(tk, args, opts, &a.result, &a.err);
        if (a.status < 0)
                assert_true(msptk_error_to_json(a.err, &a.text) >= 0);
        else
                assert_int_equal(msptk_json_print(msptk_result_json(a.result), 0, &a.text, NULL),
                                 MSPTK_OK);
        msptk_args_free(args);
        msptk_json_free(values);
        msptk_call_opts_free(opts);
        return a;
}

static void must(const char *operation, const char *json)
{
        answer a = call_in(w.tk, operation, json, NULL, false);

        if (a.status < 0)
                fail_msg("%s %s: %s", operation, json, a.text);
        answer_clear(&a);
}

static void refused(const char *operation, const char *json, const char *principal,
                    const char *reason)
{
        answer a = call_in(w.tk, operation, json, principal, false);

        if (a.status >= 0 || strcmp(msptk_error_reason(a.err), reason))
                fail_msg("%s %s: %s instead of %s", operation, json, a.text, reason);
        answer_clear(&a);
}

static const char *text_at(const msptk_json *o, const char *key)
{
        return msptk_json_string(msptk_json_get(o, key), "");
}

/* Makes a token with these members of token_create's arguments and shows it to `tk`. */
static void let_in(msptk_toolkit *tk, const char *name, const char *more, char token[64])
{
        char args[1000];
        answer a;

        snprintf(args, sizeof(args), "{\"name\":\"%s\"%s}", name, more);
        a = call_in(tk, "token_create", args, NULL, false);
        if (a.status < 0)
                fail_msg("%s", a.text);
        snprintf(token, 64, "%s", text_at(msptk_result_json(a.result), "token"));
        answer_clear(&a);
        snprintf(args, sizeof(args), "{\"token\":\"%s\"}", token);
        a = call_in(tk, "token_check", args, NULL, false);
        assert_true(a.status >= 0);
        assert_string_equal(text_at(msptk_result_json(a.result), "principal") + 6, name);
        answer_clear(&a);
}

/* ---- the world: clients with devices, alerts and conflicts between them ---- */

static void know(const char *text, int client, char kind)
{
        assert_true(w.count < NEEDLES_MAX);
        snprintf(w.needles[w.count].text, sizeof(w.needles[0].text), "%s", text);
        w.needles[w.count].client = client;
        w.needles[w.count++].kind = kind;
}

static int client_of(const char *id)
{
        for (int i = 0; i < CLIENTS; i++)
                if (!strcmp(ids[i], id))
                        return i;
        return -1;
}

static void know_rows(const char *operation, const char *json, char kind)
{
        answer a = call_in(w.tk, operation, json, NULL, false);
        const msptk_json *row;
        int n = 0;

        assert_true(a.status >= 0);
        while (msptk_result_next(a.result, &row, NULL) == MSPTK_OK) {
                know(text_at(row, "id"), client_of(text_at(row, "client_id")), kind);
                n++;
        }
        assert_true(n >= 2 * CLIENTS - 1);
        answer_clear(&a);
}

static int setup(void **state)
{
        char json[300];

        (void)state;
        strcpy(w.dir, "/tmp/msptk-access-XXXXXX");
        assert_non_null(mkdtemp(w.dir));
        snprintf(w.db, sizeof(w.db), "%s/db", w.dir);
        snprintf(w.key, sizeof(w.key), "%s/key", w.dir);
        w.now = INT64_C(1795262400) * 1000000;
        w.tk = open_toolkit();
        for (int i = 0; i < CLIENTS; i++) {
                snprintf(json, sizeof(json), "{\"name\":\"%s\"}", names[i]);
                must("client_create", json);
                snprintf(json, sizeof(json), "{\"client_id\":\"%s\"}", ids[i]);
                must("device_scan", json);
                /* One serial at all of them: a conflict that device_get tells of. */
                snprintf(json, sizeof(json),
                         "{\"client_id\":\"%s\",\"name\":\"Till of %s\",\"id\":\"till-%s\","
                         "\"serial\":\"SN-4711-0815\"}",
                         ids[i], names[i], ids[i]);
                must("device_add", json);
                know(ids[i], i, 'c');
                know(names[i], i, 'n');
        }
        know("cinnabar-backup", 2, 'x');
        must("health_check", "{}");
        know_rows("device_list", "{}", 'd');
        know_rows("alert_list", "{\"status\":\"all\"}", 'a');
        return 0;
}

static int teardown(void **state)
{
        char command[128];

        (void)state;
        close_toolkit(w.tk);
        snprintf(command, sizeof(command), "rm -rf '%s'", w.dir);
        assert_int_equal(system(command), 0);
        return 0;
}

/* ---- looking ---- */

static uint64_t dice = 88172645463325252u;

static uint32_t roll(uint32_t sides)
{
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        return (uint32_t)(dice >> 33) % sides;
}

/* Whether `text` stands in `in` as a word of its own: "acme-corp" is not in "acme-corporate". */
static bool says(const char *in, const char *text)
{
        size_t len = strlen(text);

        for (const char *at = in; (at = strstr(at, text)); at++) {
                char before = at > in ? at[-1] : ' ', after = at[len];
                bool word = (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z');

                if (!word && !(after >= 'a' && after <= 'z') && after != '-')
                        return true;
                /* Devices of the fake world are called after their client. */
                if (!word && after == '-' && at[len + 1] >= '0' && at[len + 1] <= '9')
                        return true;
        }
        return false;
}

/* Nothing of a hidden client may be there but what the caller said itself. */
static void look(const char *what, const char *args, uint32_t allowed, const char *text)
{
        w.looked++;
        for (int i = 0; i < w.count; i++)
                if (!(allowed >> w.needles[i].client & 1) && says(text, w.needles[i].text) &&
                    !strstr(args, w.needles[i].text))
                        fail_msg("%s %s: '%s' is in %.600s", what, args, w.needles[i].text, text);
}

static void look_at_rows(const char *what, const char *args, uint32_t allowed, answer *a)
{
        const msptk_json *row;

        if (a->status < 0)
                return;
        while (msptk_result_next(a->result, &row, NULL) == MSPTK_OK) {
                char *text = NULL;

                assert_int_equal(msptk_json_print(row, 0, &text, NULL), MSPTK_OK);
                look(what, args, allowed, text);
                msptk_string_free(text);
        }
}

/* Page by page, as a door does that keeps no result. */
static void walk(const char *operation, const char *args, const char *principal, uint32_t allowed)
{
        char next[600] = "";
        int pages = 0;

        do {
                char json[1000];
                answer a;

                snprintf(json, sizeof(json), "%.*s,\"limit\":1%s%s%s}", (int)strlen(args) - 1, args,
                         *next ? ",\"cursor\":\"" : "", next, *next ? "\"" : "");
                if (args[1] == '}')
                        memmove(json + 1, json + 2, strlen(json + 2) + 1);
                a = call_in(w.tk, operation, json, principal, false);
                if (a.status < 0)
                        fail_msg("%s %s: %s", operation, json, a.text);
                look(operation, args, allowed, a.text);
                snprintf(next, sizeof(next), "%s",
                         text_at(msptk_result_json(a.result), "next_cursor"));
                answer_clear(&a);
        } while (*next && ++pages < 1000);
        assert_true(pages < 1000);
}

/* ---- the property ---- */

/* A value for a parameter that names a thing: of any client, or of none. */
static void some_value(const char *param, char out[160])
{
        char kind = !strcmp(param, "alert_id") ? 'a' : !strcmp(param, "client_id") ? 'c' : 'd';
        const needle *n;

        if (!roll(6)) {
                snprintf(out, 160, "%s",
                         kind == 'a'   ? "0123456789abcdef"
                         : kind == 'c' ? "acme-cor"
                                       : "till-acme");
                return;
        }
        do
                n = &w.needles[roll((uint32_t)w.count)];
        while (n->kind != kind && !(kind == 'c' && n->kind == 'n'));
        snprintf(out, 160, "%s", n->text);
        if (kind == 'a' && roll(2)) /* the short form */
                memmove(out, out + strlen(out) - 8, 9);
        else if (kind != 'a' && !roll(5) && strlen(out) > 4)
                out[strlen(out) - 1] = '\0'; /* a slip: the nearest is suggested */
}

static bool is_reference(const char *name)
{
        return !strcmp(name, "client_id") || !strcmp(name, "device_id") ||
               !strcmp(name, "alert_id") || !strcmp(name, "into");
}

/* What an operation needs beside references, and what it does on the outside. */
static const char *extra_of(const char *operation)
{
        static const char *const extras[][2] = {
                { "client_create", "\"name\":\"Some New Client\"" },
                { "client_update", "\"tier\":\"gold\"" },
                { "device_add", "\"name\":\"A new one\",\"serial\":\"SN-4711-0815\"" },
                { "device_update", "\"os\":\"Other\"" },
                { "alert_snooze", "\"for\":\"8h\"" },
                { "alert_accept", "\"owner\":\"me\",\"reason\":\"so\",\"for\":\"8h\"" },
                { "health_configure", "\"config\":\"cpu_percent=80\"" },
                { "adapter_alerts", "\"adapter\":\"world\"" },
                { "adapter_probe", "\"adapter\":\"world\"" },
                { "command_run", "\"command\":[\"true\"],\"adapter\":\"world\"" },
                { "agent_deploy", "\"adapter\":\"world\"" },
        };

        for (size_t i = 0; i < sizeof(extras) / sizeof(extras[0]); i++)
                if (!strcmp(extras[i][0], operation))
                        return extras[i][1];
        return "";
}

static void random_args(const msptk_json *op, char out[600])
{
        const char *extra = extra_of(text_at(op, "name"));
        bool first = !*extra;

        snprintf(out, 600, "{%s", extra);
        for (const msptk_json *p = msptk_json_first(msptk_json_get(op, "params")); p;
             p = msptk_json_next(p)) {
                const char *name = text_at(p, "name");
                char value[160];

                if (!is_reference(name) ||
                    (!msptk_json_bool(msptk_json_get(p, "required"), 0) && roll(2)))
                        continue;
                some_value(name, value);
                snprintf(out + strlen(out), 600 - strlen(out), "%s\"%s\":\"%s\"", first ? "" : ",",
                         name, value);
                first = false;
        }
        strcat(out, "}");
}

static void try_operation(const msptk_json *op, const char *principal, uint32_t allowed)
{
        const char *name = text_at(op, "name");
        bool reads = !strcmp(text_at(op, "effect"), "read");
        char args[600];
        answer a;

        for (int i = 0; i < 4; i++) {
                random_args(op, args);
                /* Changes are planned, so that all rounds find the same world. */
                a = call_in(w.tk, name, args, principal, !reads);
                if (a.status == MSPTK_E_INTERNAL || a.status == MSPTK_E_NOMEM)
                        fail_msg("%s %s: %s", name, args, a.text);
                look(name, args, allowed, a.text);
                look_at_rows(name, args, allowed, &a);
                answer_clear(&a);
        }
}

static const char *allow_list(uint32_t allowed, char out[400])
{
        snprintf(out, 400, ",\"scopes\":\"read,write,execute,admin\",\"clients\":[");
        for (int i = 0; i < CLIENTS; i++)
                if (allowed >> i & 1)
                        snprintf(out + strlen(out), 400 - strlen(out), "%s\"%s\"",
                                 out[strlen(out) - 1] == '[' ? "" : ",", ids[i]);
        strcat(out, "]");
        return out;
}

static void nothing_of_a_hidden_client_is_ever_seen(void **state)
{
        static const char *const lists[] = { "client_list",   "device_list",    "alert_list",
                                             "health_status", "health_morning", "health_check" };
        msptk_json *table = NULL;

        (void)state;
        assert_int_equal(msptk_operations(&table, NULL), MSPTK_OK);
        for (int round = 0; round < ROUNDS; round++) {
                uint32_t allowed = 1 + roll((1U << CLIENTS) - 2);
                char name[32], principal[48], more[400], token[64];

                snprintf(name, sizeof(name), "round-%d", round);
                snprintf(principal, sizeof(principal), "token:%s", name);
                let_in(w.tk, name, allow_list(allowed, more), token);
                for (const msptk_json *op = msptk_json_first(msptk_json_get(table, "operations"));
                     op; op = msptk_json_next(op))
                        try_operation(op, principal, allowed);
                for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
                        walk(lists[i], "{}", principal, allowed);
                walk("alert_list", "{\"status\":\"all\"}", principal, allowed);
        }
        assert_true(w.looked > 500);
        msptk_json_free(table);
}

/* ---- seen: its own; not seen: like what never was ---- */

static int64_t count_rows(const char *operation, const char *principal)
{
        answer a = call_in(w.tk, operation, "{}", principal, false);
        const msptk_json *row;
        int64_t n = 0;

        if (a.status < 0)
                fail_msg("%s: %s", operation, a.text);
        while (msptk_result_next(a.result, &row, NULL) == MSPTK_OK)
                n++;
        answer_clear(&a);
        return n;
}

static int64_t count_needles(uint32_t allowed, char kind)
{
        int64_t n = 0;

        for (int i = 0; i < w.count; i++)
                n += w.needles[i].kind == kind && (allowed >> w.needles[i].client & 1);
        return n;
}

static void lists_hold_all_that_is_allowed(void **state)
{
        const uint32_t two = 1 << 1 | 1 << 3;
        char token[64], more[400];

        (void)state;
        let_in(w.tk, "two", allow_list(two, more), token);
        assert_int_equal(count_rows("client_list", "token:two"), 2);
        assert_int_equal(count_rows("device_list", "token:two"), count_needles(two, 'd'));
        assert_int_equal(count_rows("health_status", "token:two"), 2);
        assert_int_equal(count_rows("health_morning", "token:two"), 2);
        assert_true(count_rows("alert_list", "token:two") >= 2);
        assert_true(count_rows("health_check", "token:two") >= 4);
        let_in(w.tk, "every", "", token);
        assert_int_equal(count_rows("client_list", "token:every"), CLIENTS);
}

/* "X" in place of what was named. */
static void blank(char *text, const char *named)
{
        for (char *at; (at = strstr(text, named));) {
                memmove(at + 1, at + strlen(named), strlen(at + strlen(named)) + 1);
                *at = 'X';
        }
}

static void same_answer(const char *operation, const char *format, const char *hidden,
                        const char *unknown, bool plan)
{
        char one[600], two[600], a_text[2000], b_text[2000];
        answer a, b;

        if (!format) { /* the compiler cannot see that every row has one */
                fail_msg("'%s' has no arguments to ask with", operation);
                return;
        }
        snprintf(one, sizeof(one), format, hidden);
        snprintf(two, sizeof(two), format, unknown);
        a = call_in(w.tk, operation, one, "token:one", plan);
        b = call_in(w.tk, operation, two, "token:one", plan);
        if (a.status >= 0 || a.status != b.status)
                fail_msg("%s: %s for %s, %s for %s", operation, a.text, hidden, b.text, unknown);
        assert_string_equal(msptk_error_code(a.err), msptk_error_code(b.err));
        assert_string_equal(msptk_error_reason(a.err), msptk_error_reason(b.err));
        assert_string_equal(msptk_error_suggestion(a.err), msptk_error_suggestion(b.err));
        snprintf(a_text, sizeof(a_text), "%s", a.text);
        snprintf(b_text, sizeof(b_text), "%s", b.text);
        blank(a_text, hidden);
        blank(b_text, unknown);
        assert_string_equal(a_text, b_text);
        answer_clear(&a);
        answer_clear(&b);
}

static const char *a_needle(int client, char kind)
{
        for (int i = 0; i < w.count; i++)
                if (w.needles[i].client == client && w.needles[i].kind == kind)
                        return w.needles[i].text;
        fail_msg("no '%c' of client %d", kind, client);
        return "";
}

static void what_is_hidden_answers_like_what_never_was(void **state)
{
        static const char *const by_client[][2] = {
                { "client_get", "{\"client_id\":\"%s\"}" },
                { "client_update", "{\"client_id\":\"%s\",\"tier\":\"gold\"}" },
                { "client_delete", "{\"client_id\":\"%s\"}" },
                { "device_list", "{\"client_id\":\"%s\"}" },
                { "device_scan", "{\"client_id\":\"%s\"}" },
                { "device_add", "{\"client_id\":\"%s\",\"name\":\"x\"}" },
                { "alert_list", "{\"client_id\":\"%s\"}" },
                { "health_check", "{\"client_id\":\"%s\"}" },
                { "health_history", "{\"client_id\":\"%s\"}" },
                { "health_status", "{\"client_id\":\"%s\"}" },
                { "health_morning", "{\"client_id\":\"%s\"}" },
                { "health_configure", "{\"client_id\":\"%s\",\"config\":\"cpu_percent=80\"}" },
                { "adapter_alerts", "{\"client_id\":\"%s\",\"adapter\":\"world\"}" },
                { "device_update", "{\"device_id\":\"till-acme-corp\",\"client_id\":\"%s\"}" },
        };
        static const char *const by_device[][2] = {
                { "device_get", "{\"device_id\":\"%s\"}" },
                { "device_update", "{\"device_id\":\"%s\",\"os\":\"Other\"}" },
                { "device_remove", "{\"device_id\":\"%s\"}" },
                { "device_merge", "{\"device_id\":\"%s\",\"into\":\"till-acme-corp\"}" },
                { "device_merge", "{\"into\":\"%s\",\"device_id\":\"till-acme-corp\"}" },
                { "device_unmerge", "{\"device_id\":\"%s\"}" },
                { "health_check", "{\"device_id\":\"%s\"}" },
                { "health_check", "{\"client_id\":\"acme-corp\",\"device_id\":\"%s\"}" },
                { "health_configure", "{\"device_id\":\"%s\",\"config\":\"cpu_percent=80\"}" },
                { "command_run", "{\"device_id\":\"%s\",\"command\":[\"true\"]}" },
                { "agent_deploy", "{\"device_id\":\"%s\"}" },
        };
        static const char *const by_alert[][2] = {
                { "alert_explain", "{\"alert_id\":\"%s\"}" },
                { "alert_explain", "{\"alert_id\":\"%s\",\"client_id\":\"acme-corp\"}" },
                { "alert_ack", "{\"alert_id\":\"%s\"}" },
                { "alert_resolve", "{\"alert_id\":\"%s\"}" },
                { "alert_snooze", "{\"alert_id\":\"%s\",\"for\":\"8h\"}" },
        };
        char token[64], more[400], short_id[16];
        const char *alert = a_needle(2, 'a');

        (void)state;
        let_in(w.tk, "one", allow_list(1, more), token);
        for (size_t i = 0; i < sizeof(by_client) / sizeof(by_client[0]); i++)
                for (int hidden = 1; hidden < CLIENTS; hidden++) {
                        /* Of the same first letters, so that the same is suggested to both. */
                        same_answer(by_client[i][0], by_client[i][1], ids[hidden],
                                    hidden == 4 ? "acme-corpxrate" : "bxxxxxxxxx", false);
                        same_answer(by_client[i][0], by_client[i][1], names[hidden],
                                    hidden == 4 ? "Acme Corpxrate" : "Bxxxxxxxxx", false);
                }
        for (size_t i = 0; i < sizeof(by_device) / sizeof(by_device[0]); i++)
                same_answer(by_device[i][0], by_device[i][1], "till-cinnabar-press",
                            "till-xxxxxxxxxxxxxx", false);
        snprintf(short_id, sizeof(short_id), "%s", alert + strlen(alert) - 8);
        for (size_t i = 0; i < sizeof(by_alert) / sizeof(by_alert[0]); i++) {
                same_answer(by_alert[i][0], by_alert[i][1], alert,
                            "01234567-89ab-7def-8123-456789abcdef", false);
                same_answer(by_alert[i][0], by_alert[i][1], short_id, "89abcdef", false);
        }
        same_answer("device_scan", "{\"adapter\":\"%s\"}", "cinnabar-backup", "no-such", false);
        same_answer("device_add", "{\"client_id\":\"acme-corp\",\"name\":\"x\",\"adapter\":\"%s\"}",
                    "cinnabar-backup", "no-such", false);
        same_answer("command_run",
                    "{\"device_id\":\"till-acme-corp\",\"command\":[\"true\"],\"adapter\":\"%s\"}",
                    "cinnabar-backup", "no-such", false);
        same_answer("adapter_alerts", "{\"client_id\":\"acme-corp\",\"adapter\":\"%s\"}",
                    "cinnabar-backup", "no-such", false);
        /* Plans say no more. */
        same_answer("client_delete", "{\"client_id\":\"%s\"}", ids[2], "bxxxxxxxxx", true);
        same_answer("device_remove", "{\"device_id\":\"%s\"}", "till-cinnabar-press",
                    "till-xxxxxxxxxxxxxx", true);
        same_answer("alert_ack", "{\"alert_id\":\"%s\"}", alert,
                    "01234567-89ab-7def-8123-456789abcdef", true);
        refused("audit_list", "{\"client_id\":\"acme-corp\"}", "token:one", "CLIENT_NOT_ALLOWED");
        refused("health_configure", "{\"tier\":\"gold\",\"config\":\"cpu_percent=80\"}",
                "token:one", "CLIENT_NOT_ALLOWED");
        refused("client_create", "{\"name\":\"New\"}", "token:one", "CLIENT_NOT_ALLOWED");
        refused("config_show", "{}", "token:one", "CLIENT_NOT_ALLOWED");
        refused("doctor", "{}", "token:one", "CLIENT_NOT_ALLOWED");
        refused("token_list", "{}", "token:one", "SCOPE_MISSING");
        refused("token_check", "{\"token\":\"x\"}", "token:one", "SCOPE_MISSING");
}

/* How many rows of an array in the result of an operation. */
static size_t count_in(const char *operation, const char *json, const char *principal,
                       const char *key)
{
        answer a = call_in(w.tk, operation, json, principal, false);
        size_t n;

        if (a.status < 0)
                fail_msg("%s %s: %s", operation, json, a.text);
        n = msptk_json_count(msptk_json_get(msptk_result_json(a.result), key));
        answer_clear(&a);
        return n;
}

static void what_is_shared_with_hidden_clients_is_not_told(void **state)
{
        const char *ask = "{\"client_id\":\"acme-corp\",\"adapter\":\"world\"}";
        const char *add = "{\"client_id\":\"acme-corp\",\"name\":\"x\",\"adapter\":\"world\","
                          "\"vendor_id\":\"cinnabar-press-0001\"}";
        char token[64], more[400];
        size_t all, seen;
        answer a;

        (void)state;
        let_in(w.tk, "shares", allow_list(1, more), token);
        /* One serial at devices of all clients. */
        assert_true(
                count_in("device_get", "{\"device_id\":\"till-acme-corp\"}", NULL, "conflicts"));
        assert_int_equal(count_in("device_get", "{\"device_id\":\"till-acme-corp\"}",
                                  "token:shares", "conflicts"),
                         0);
        /* A device of the vendor that another client has already. */
        a = call_in(w.tk, "device_add", add, NULL, false);
        assert_int_equal(a.status, MSPTK_E_EXISTS);
        assert_non_null(strstr(a.text, "of client 'cinnabar-press'"));
        answer_clear(&a);
        for (int plan = 0; plan < 2; plan++) {
                a = call_in(w.tk, "device_add", add, "token:shares", plan);
                assert_int_equal(a.status, MSPTK_E_EXISTS);
                look("device_add", "", 1, a.text);
                answer_clear(&a);
        }
        /* Alerts of the vendor about a device that went to another client. */
        all = count_in("adapter_alerts", ask, "token:shares", "alerts");
        assert_true(all > 0);
        for (int i = 1; i <= 2; i++) {
                char move[100];

                snprintf(move, sizeof(move),
                         "{\"device_id\":\"acme-corp-000%d\",\"client_id\":\"borealis-foods\"}", i);
                must("device_update", move);
        }
        seen = count_in("adapter_alerts", ask, "token:shares", "alerts");
        assert_true(seen < all);
        assert_int_equal(count_in("adapter_alerts", ask, NULL, "alerts"), all);
        must("device_update", "{\"device_id\":\"acme-corp-0001\",\"client_id\":\"acme-corp\"}");
        must("device_update", "{\"device_id\":\"acme-corp-0002\",\"client_id\":\"acme-corp\"}");
}

static void the_trail_tells_whom_a_principal_was_kept_from(void **state)
{
        char token[64], more[400];
        answer a;
        int n = 0;
        const msptk_json *row;

        (void)state;
        let_in(w.tk, "nosy", allow_list(1, more), token);
        refused("device_get", "{\"device_id\":\"till-cinnabar-press\"}", "token:nosy",
                "DEVICE_NOT_FOUND");
        refused("client_get", "{\"client_id\":\"Cinnabar Press\"}", "token:nosy",
                "CLIENT_NOT_FOUND");
        refused("device_remove", "{\"device_id\":\"till-cinnabar-press\"}", "token:nosy",
                "DEVICE_NOT_FOUND");
        a = call_in(w.tk, "audit_list", "{\"principal\":\"token:nosy\",\"outcome\":\"denied\"}",
                    NULL, false);
        assert_true(a.status >= 0);
        while (msptk_result_next(a.result, &row, NULL) == MSPTK_OK) {
                const msptk_json *detail = msptk_json_get(row, "detail");

                assert_string_equal(text_at(detail, "denied"), "CLIENT_NOT_ALLOWED");
                assert_string_equal(text_at(row, "client_id"), "cinnabar-press");
                n++;
        }
        assert_int_equal(n, 3);
        answer_clear(&a);
}

static void a_page_of_one_audience_is_not_for_another(void **state)
{
        char token[64], more[400], json[200];
        answer a;

        (void)state;
        let_in(w.tk, "first", allow_list(3, more), token);
        let_in(w.tk, "second", allow_list(1, more), token);
        a = call_in(w.tk, "health_check", "{\"limit\":1}", "token:first", false);
        assert_true(a.status >= 0);
        snprintf(json, sizeof(json), "{\"limit\":1,\"cursor\":\"%s\"}",
                 text_at(msptk_result_json(a.result), "next_cursor"));
        answer_clear(&a);
        refused("health_check", json, "token:second", "CURSOR_INVALID");
        refused("health_check", json, NULL, "CURSOR_INVALID");
        a = call_in(w.tk, "health_check", json, "token:first", false);
        assert_true(a.status >= 0);
        answer_clear(&a);
}

/* ---- by name ---- */

static void a_client_is_named_by_exactly_its_name(void **state)
{
        static const char *const not_names[] = { "acme corp",  "ACME CORP", "Acme  Corp",
                                                 " Acme Corp", "Acme",      "Acme Corp\\u0000",
                                                 "Acme Corp." };
        char json[200], token[64], more[400];
        answer a = call_in(w.tk, "client_get", "{\"client_id\":\"Acme Corp\"}", NULL, false);

        (void)state;
        assert_true(a.status >= 0);
        assert_string_equal(text_at(msptk_result_json(a.result), "id"), "acme-corp");
        answer_clear(&a);
        for (size_t i = 0; i < sizeof(not_names) / sizeof(not_names[0]); i++) {
                msptk_json *values = NULL;

                snprintf(json, sizeof(json), "{\"client_id\":\"%s\"}", not_names[i]);
                if (msptk_json_parse(json, strlen(json), &values, NULL) < 0)
                        continue; /* a NUL is no text */
                msptk_json_free(values);
                refused("client_get", json, NULL, "CLIENT_NOT_FOUND");
        }
        a = call_in(w.tk, "client_get", "{\"client_id\":\"Acme Crop\"}", NULL, false);
        assert_non_null(strstr(a.text, "did you mean 'acme-corp'?"));
        answer_clear(&a);
        /* Two of a name: both ids are told, but to whom may see one of them only it is that one. */
        must("client_create", "{\"name\":\"Twin Ltd\",\"id\":\"twin-a\"}");
        must("client_create", "{\"name\":\"Twin Ltd\",\"id\":\"twin-b\"}");
        a = call_in(w.tk, "device_list", "{\"client_id\":\"Twin Ltd\"}", NULL, false);
        assert_int_equal(a.status, MSPTK_E_INVALID);
        assert_string_equal(msptk_error_reason(a.err), "CLIENT_AMBIGUOUS");
        assert_string_equal(msptk_error_message(a.err),
                            "several clients are named 'Twin Ltd': twin-a, twin-b");
        answer_clear(&a);
        let_in(w.tk, "twin", ",\"clients\":\"twin-b\"", token);
        a = call_in(w.tk, "client_get", "{\"client_id\":\"Twin Ltd\"}", "token:twin", false);
        assert_true(a.status >= 0);
        assert_string_equal(text_at(msptk_result_json(a.result), "id"), "twin-b");
        answer_clear(&a);
        let_in(w.tk, "outsider", allow_list(2, more), token);
        refused("client_get", "{\"client_id\":\"Twin Ltd\"}", "token:outsider", "CLIENT_NOT_FOUND");
        /* An id is an id, whatever others are called. */
        must("client_create", "{\"name\":\"twin-a\",\"id\":\"other\"}");
        a = call_in(w.tk, "client_get", "{\"client_id\":\"twin-a\"}", NULL, false);
        assert_string_equal(text_at(msptk_result_json(a.result), "name"), "Twin Ltd");
        answer_clear(&a);
        /* Who was removed has no name any more. */
        must("client_delete", "{\"client_id\":\"twin-a\"}");
        must("client_delete", "{\"client_id\":\"Twin Ltd\"}");
        refused("client_get", "{\"client_id\":\"Twin Ltd\"}", NULL, "CLIENT_NOT_FOUND");
        must("client_delete", "{\"client_id\":\"other\"}");
}

static void a_name_and_an_id_are_the_same_request(void **state)
{
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_args *by_name = msptk_args_new("client_update"),
                   *by_id = msptk_args_new("client_update");
        msptk_result *one = NULL, *two = NULL;
        const char *revision = "revision";

        (void)state;
        msptk_call_opts_set_str(opts, "idempotency_key", "once", NULL);
        msptk_args_set_str(by_name, "client_id", "Dunmore & Sons", NULL);
        msptk_args_set_str(by_id, "client_id", "dunmore-sons", NULL);
        msptk_args_set_str(by_name, "contact", "it@dunmore.example", NULL);
        msptk_args_set_str(by_id, "contact", "it@dunmore.example", NULL);
        assert_int_equal(msptk_call(w.tk, by_name, opts, &one, NULL), MSPTK_OK);
        assert_int_equal(msptk_call(w.tk, by_id, opts, &two, NULL), MSPTK_OK);
        assert_int_equal(msptk_json_int(msptk_json_get(msptk_result_json(one), revision), 0),
                         msptk_json_int(msptk_json_get(msptk_result_json(two), revision), -1));
        msptk_result_free(one);
        msptk_result_free(two);
        msptk_args_free(by_name);
        msptk_args_free(by_id);
        msptk_call_opts_free(opts);
}

/* ---- two processes ---- */

static void a_removed_token_is_refused_in_every_toolkit(void **state)
{
        msptk_toolkit *other = open_toolkit();
        char token[64], json[100];
        answer a;

        (void)state;
        let_in(w.tk, "shared", "", token);
        a = call_in(other, "client_list", "{}", "token:shared", false);
        assert_int_equal(a.status, MSPTK_E_AUTH); /* it was not shown here */
        assert_string_equal(msptk_error_code(a.err), "AUTHENTICATION_FAILED");
        answer_clear(&a);
        snprintf(json, sizeof(json), "{\"token\":\"%s\"}", token);
        a = call_in(other, "token_check", json, NULL, false);
        assert_true(a.status >= 0);
        answer_clear(&a);
        a = call_in(other, "client_list", "{}", "token:shared", false);
        assert_true(a.status >= 0);
        answer_clear(&a);
        must("token_remove", "{\"name\":\"shared\"}");
        a = call_in(other, "client_list", "{}", "token:shared", false);
        assert_int_equal(a.status, MSPTK_E_AUTH);
        assert_string_equal(msptk_error_reason(a.err), "TOKEN_INVALID");
        answer_clear(&a);
        a = call_in(other, "token_check", json, NULL, false);
        assert_int_equal(a.status, MSPTK_E_AUTH);
        answer_clear(&a);
        close_toolkit(other);
}

static void an_operation_without_a_store_asks_who_it_is_too(void **state)
{
        msptk_toolkit *other = open_toolkit();
        answer a = call_in(other, "config_check", "{}", "token:nobody", false);

        (void)state;
        assert_int_equal(a.status, MSPTK_E_AUTH);
        answer_clear(&a);
        close_toolkit(other);
}

static void a_token_names_clients_that_exist(void **state)
{
        answer a;

        (void)state;
        refused("token_create", "{\"name\":\"bad\",\"clients\":\"acme-corp,nobody\"}", NULL,
                "CLIENT_NOT_FOUND");
        refused("token_create", "{\"name\":\"bad\",\"scopes\":\"secret\"}", NULL,
                "INVALID_PARAMETERS");
        refused("token_create", "{\"name\":\"bad\",\"expires\":\"20y\"}", NULL,
                "INVALID_PARAMETERS");
        a = call_in(w.tk, "token_create",
                    "{\"name\":\"named\",\"clients\":[\"Acme Corp\",\"acme-corp\"]}", NULL, false);
        assert_true(a.status >= 0);
        assert_non_null(strstr(a.text, "\"clients\":[\"acme-corp\"]"));
        assert_non_null(strstr(a.text, "\"scopes\":[\"read\"]"));
        assert_non_null(strstr(a.text, "\"expires_at\":\"2027-02-19T12:00:00.000000Z\""));
        answer_clear(&a);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_of_a_hidden_client_is_ever_seen),
                cmocka_unit_test(lists_hold_all_that_is_allowed),
                cmocka_unit_test(what_is_hidden_answers_like_what_never_was),
                cmocka_unit_test(what_is_shared_with_hidden_clients_is_not_told),
                cmocka_unit_test(the_trail_tells_whom_a_principal_was_kept_from),
                cmocka_unit_test(a_page_of_one_audience_is_not_for_another),
                cmocka_unit_test(a_client_is_named_by_exactly_its_name),
                cmocka_unit_test(a_name_and_an_id_are_the_same_request),
                cmocka_unit_test(a_removed_token_is_refused_in_every_toolkit),
                cmocka_unit_test(an_operation_without_a_store_asks_who_it_is_too),
                cmocka_unit_test(a_token_names_clients_that_exist),
        };
        return cmocka_run_group_tests(tests, setup, teardown);
}
