/* Plan tokens as they come back, through the front door: whatever is given instead of the token of
 * a plan, nothing is changed and the answer is one of the documented reasons. The first byte says
 * what is tried: any text, the real token with bytes changed, or the real token for another call.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <msptk/msptk.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The trail grows by a row with every refusal: now and then all of it begins anew. */
enum { TEXT_MAX = 2000, CALLS_MAX = 20000 };
enum { ANY_TEXT, CHANGED_TOKEN, OTHER_ARGUMENTS, OTHER_OPERATION, OTHER_PRINCIPAL, TRIED };

static msptk_toolkit *tk;
static char token[512];
static unsigned calls;

static void must(bool holds)
{
        if (!holds)
                abort();
}

static int64_t fixed(void *user)
{
        (void)user;
        return INT64_C(1795000000000000);
}

static msptk_status call(const char *operation, const char *json, msptk_call_opts *opts,
                         msptk_result **ret, msptk_error **err)
{
        msptk_json *values = NULL;
        msptk_args *args = NULL;
        msptk_status st;

        must(msptk_json_parse(json, strlen(json), &values, NULL) == MSPTK_OK);
        must(msptk_args_from_json(operation, values, &args, NULL) == MSPTK_OK);
        st = msptk_call(tk, args, opts, ret, err);
        msptk_args_free(args);
        msptk_json_free(values);
        return st;
}

static void open_toolkit(void)
{
        msptk_toolkit_opts *o = msptk_toolkit_opts_new();
        msptk_call_opts *plan = msptk_call_opts_new();
        char dir[] = "/tmp/msptk-fuzz-plan-XXXXXX", key[64];
        msptk_result *made = NULL;
        const char *text;

        must(o && plan && mkdtemp(dir));
        snprintf(key, sizeof(key), "%s/vault.key", dir);
        must(msptk_toolkit_opts_set(o, "vault.key_file", key, NULL) == MSPTK_OK);
        msptk_toolkit_opts_set_clock(o, fixed, NULL);
        must(msptk_toolkit_open(o, &tk, NULL) == MSPTK_OK);
        msptk_toolkit_opts_free(o);
        must(msptk_call_opts_set_int(plan, "plan", 1, NULL) == MSPTK_OK);
        must(call("client_create", "{\"name\":\"Acme\"}", plan, &made, NULL) == MSPTK_OK);
        text = msptk_json_string(msptk_json_get(msptk_result_json(made), "plan_token"), "");
        must(*text && strlen(text) < sizeof(token));
        snprintf(token, sizeof(token), "%s", text);
        msptk_result_free(made);
        msptk_call_opts_free(plan);
        unlink(key);
        rmdir(dir);
}

static void close_toolkit(void)
{
        must(msptk_toolkit_close(tk, 10000, NULL) == MSPTK_OK);
        msptk_toolkit_free(tk);
        tk = NULL;
}

static void check_empty(void)
{
        msptk_result *list = NULL;

        must(call("client_list", "{}", NULL, &list, NULL) == MSPTK_OK);
        must(msptk_json_count(msptk_json_get(msptk_result_json(list), "clients")) == 0);
        msptk_result_free(list);
}

static bool is_documented(const char *reason)
{
        static const char *const reasons[] = { "PLAN_FORGED", "PLAN_MISMATCH", "PLAN_EXPIRED",
                                               "PLAN_STALE", "PLAN_USED" };

        for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
                if (!strcmp(reason, reasons[i]))
                        return true;
        return false;
}

static void try_token(const char *text, int what)
{
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_result *done = NULL;
        msptk_error *err = NULL;
        msptk_status st;

        must(opts != NULL);
        if (msptk_call_opts_set_str(opts, "plan_token", text, NULL) < 0) {
                msptk_call_opts_free(opts); /* no text that an option can be */
                return;
        }
        if (what == OTHER_PRINCIPAL)
                must(msptk_call_opts_set_str(opts, "principal", "somebody", NULL) == MSPTK_OK);
        st = call(what == OTHER_OPERATION ? "client_import" : "client_create",
                  what == OTHER_OPERATION   ? "{\"file\":\"/dev/null\"}"
                  : what == OTHER_ARGUMENTS ? "{\"name\":\"Acme\",\"tier\":\"gold\"}"
                                            : "{\"name\":\"Acme\"}",
                  opts, &done, &err);
        must(st == MSPTK_E_PLAN && !done && is_documented(msptk_error_reason(err)));
        must(what < OTHER_ARGUMENTS || !strcmp(msptk_error_reason(err), "PLAN_MISMATCH"));
        must(*msptk_error_suggestion(err) != '\0');
        msptk_error_free(err);
        msptk_call_opts_free(opts);
}

/* Pairs of bytes: where, and what is put there. */
static void try_changed(const uint8_t *data, size_t size)
{
        char changed[sizeof(token)];
        size_t len = strlen(token);

        memcpy(changed, token, sizeof(token));
        for (size_t i = 0; i + 1 < size; i += 2)
                changed[data[i] % (len + 1)] = (char)data[i + 1];
        changed[len + 1] = '\0';
        if (strcmp(changed, token) != 0)
                try_token(changed, CHANGED_TOKEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char text[TEXT_MAX + 1];
        int what;

        if (!size || size > TEXT_MAX)
                return 0;
        if (!tk)
                open_toolkit();
        what = data[0] % TRIED;
        memcpy(text, data + 1, size - 1);
        text[size - 1] = '\0';
        if (what == CHANGED_TOKEN)
                try_changed(data + 1, size - 1);
        else
                try_token(what == ANY_TEXT ? text : token, what);
        if (++calls % 64 == 0)
                check_empty();
        if (calls % CALLS_MAX == 0)
                close_toolkit();
        return 0;
}
