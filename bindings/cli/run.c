/* From a command to its result: opens the toolkit, plans and asks where that is due, calls, shows,
 * and says by the exit code what was found. */
#include "cli.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLOSE_MS = 10000, PAGE_ROWS = 500 };

void principal_name(char out[PRINCIPAL_MAX])
{
        struct passwd *who = getpwuid(getuid());
        char host[65] = "localhost";
        text t = { 0 };

        if (gethostname(host, sizeof(host) - 1) != 0 || !*host)
                memcpy(host, "localhost", 10);
        if (who && who->pw_name && *who->pw_name)
                text_addf(&t, "%.100s@%.64s", who->pw_name, host);
        else
                text_addf(&t, "uid-%u@%.64s", (unsigned)getuid(), host);
        memcpy(out, t.data, t.len + 1);
        text_free(&t);
}

static void log_line(void *user, int32_t level, const char *room, const char *message)
{
        static const char *const words[] = { "debug", "info", "warning", "error" };
        const cli *c = user;
        text t = { 0 };

        if (level < 0 || level > 3 || level < 2 - c->g.verbose)
                return;
        text_addf(&t, "%s %s: ", words[level], room);
        add_clean(&t, message, true);
        text_add(&t, "\n");
        note_line(t.data, t.len);
        text_free(&t);
}

msptk_status open_toolkit(cli *c, uint64_t more_flags, log_fn log, msptk_error **ret_err)
{
        msptk_toolkit_opts *o = need(msptk_toolkit_opts_new());
        char who[PRINCIPAL_MAX];
        msptk_status st;

        principal_name(who);
        st = msptk_toolkit_opts_set_flags(o,
                                          MSPTK_OPEN_READ_ENVIRONMENT | MSPTK_OPEN_SEARCH_CONFIG |
                                                  MSPTK_OPEN_LAZY | more_flags,
                                          ret_err);
        if (st == MSPTK_OK && c->g.config)
                st = msptk_toolkit_opts_set_config_path(o, c->g.config, ret_err);
        if (st == MSPTK_OK)
                st = msptk_toolkit_opts_set(o, "principal", who, ret_err);
        if (log || c->g.verbose)
                msptk_toolkit_opts_set_log(o, log ? log : log_line, c);
        if (st == MSPTK_OK)
                st = msptk_toolkit_open(o, &c->tk, ret_err);
        msptk_toolkit_opts_free(o);
        return st;
}

void close_toolkit(cli *c)
{
        msptk_toolkit *tk = c->tk;

        c->tk = NULL;
        msptk_toolkit_free(tk);
}

static msptk_status set_options(cli *c, msptk_call_opts *o, bool plan, const char *plan_token,
                                msptk_error **ret_err)
{
        msptk_status st = msptk_call_opts_set_str(o, "door", "cli", ret_err);

        if (st == MSPTK_OK && plan_token)
                st = msptk_call_opts_set_str(o, "plan_token", plan_token, ret_err);
        if (st == MSPTK_OK && plan)
                st = msptk_call_opts_set_int(o, "plan", 1, ret_err);
        if (st == MSPTK_OK && c->g.timeout_ms)
                st = msptk_call_opts_set_int(o, "timeout_ms", c->g.timeout_ms, ret_err);
        msptk_call_opts_set_cancel(o, c->cancel);
        return st;
}

msptk_status call_row(cli *c, const msptk_json *row, const msptk_json *values, bool plan,
                      const char *plan_token, msptk_result **ret, msptk_error **ret_err)
{
        msptk_call_opts *o = need(msptk_call_opts_new());
        msptk_args *args = NULL;
        progress p;
        msptk_status st;

        progress_start(&p, c);
        msptk_call_opts_set_progress(o, progress_note, &p, NULL);
        st = set_options(c, o, plan, plan_token, ret_err);
        if (st == MSPTK_OK)
                st = msptk_args_from_json(op_text(row, "name"), values, &args, ret_err);
        if (st == MSPTK_OK)
                st = msptk_call(c->tk, args, o, ret, ret_err);
        progress_end(&p);
        c->now = now_us(); /* ages count from when the answer came */
        msptk_args_free(args);
        msptk_call_opts_free(o);
        return st;
}

static void see_word(cli *c, const char *word)
{
        if (!strcmp(word, "warning"))
                c->seen |= FAIL_WARNING;
        else if (!strcmp(word, "critical"))
                c->seen |= FAIL_CRITICAL;
        else if (!strcmp(word, "unknown"))
                c->seen |= FAIL_UNKNOWN;
}

/* What a row says of the world, so that --fail-on critical finds what an unknown verdict hides. */
static void see_row(cli *c, const msptk_json *columns, const msptk_json *row)
{
        for (const msptk_json *i = msptk_json_first(columns); i; i = msptk_json_next(i))
                if (!strcmp(op_text(i, "kind"), "status"))
                        see_word(c, msptk_json_string(value_at(row, op_text(i, "key")), ""));
}

/* {"devices": 90, "reported": 87, "missing": 2}: what was not covered is not known to be well. */
static void see_coverage(cli *c, const msptk_json *result, const msptk_json *doc)
{
        const msptk_json *keys = msptk_json_get(result, "coverage");

        for (const msptk_json *i = msptk_json_first(keys); i; i = msptk_json_next(i)) {
                const msptk_json *v = msptk_json_get(doc, msptk_json_string(i, ""));
                int64_t devices = msptk_json_int(msptk_json_get(v, "devices"), 0);

                if (msptk_json_int(msptk_json_get(v, "reported"), devices) < devices ||
                    msptk_json_int(msptk_json_get(v, "missing"), 0) > 0)
                        c->seen |= FAIL_UNKNOWN;
        }
}

static void see_verdict(cli *c, msptk_result *r)
{
        static const unsigned levels[] = { 0, FAIL_WARNING, FAIL_CRITICAL, FAIL_UNKNOWN };
        int32_t verdict = msptk_result_verdict(r);

        if (verdict > 0 && verdict < 4)
                c->seen |= levels[verdict];
}

static void nothing_there(cli *c, const char *rows)
{
        text t = { 0 };

        if (c->g.quiet)
                return;
        text_add(&t, "no ");
        for (; *rows; rows++)
                text_addn(&t, *rows == '_' ? " " : rows, 1);
        text_add(&t, "\n");
        out_flush(c);
        note_line(t.data, t.len);
        text_free(&t);
}

static msptk_status show_page(cli *c, const invocation *inv, msptk_result *r, msptk_error **ret_err)
{
        const msptk_json *row = inv->row;
        const msptk_json *result = msptk_json_get(row, "result"), *one;
        const msptk_json *columns = msptk_json_get(result, "columns");
        bool judges = *op_text(result, "verdict");
        table *t = table_new(c, columns, inv->values);
        size_t n = 0;
        msptk_status st;

        while ((st = msptk_result_next(r, &one, ret_err)) == MSPTK_OK && !out_broken(c)) {
                table_row(t, one);
                if (judges)
                        see_row(c, columns, one);
                n++;
                if (table_waiting(t) == PAGE_ROWS)
                        table_print(t, 0);
        }
        table_print(t, 0);
        table_free(t);
        if (st < 0)
                return st;
        if (!n)
                nothing_there(c, op_text(result, "rows"));
        if (!c->g.quiet)
                print_footer(c, row, msptk_result_json(r), inv->values);
        return MSPTK_OK;
}

static void show_text(cli *c, const msptk_json *doc)
{
        const char *s = op_text(doc, "text");
        text t = { 0 };

        if (c->out_tty)
                add_clean(&t, s, false);
        else
                text_add(&t, s);
        if (t.len && t.data[t.len - 1] != '\n')
                text_add(&t, "\n");
        out_text(c, &t);
        text_free(&t);
}

static msptk_status show_result(cli *c, const invocation *inv, msptk_result *r,
                                msptk_error **ret_err)
{
        const msptk_json *result = msptk_json_get(inv->row, "result");
        const msptk_json *doc = msptk_result_json(r);
        const char *kind = op_text(result, "kind");
        bool changes = strcmp(op_text(inv->row, "effect"), "read") != 0;
        bool page =
                !strcmp(kind, "page") &&
                msptk_json_type(msptk_json_get(doc, op_text(result, "rows"))) == MSPTK_JSON_ARRAY;

        see_verdict(c, r);
        if (*op_text(result, "verdict"))
                see_coverage(c, result, doc);
        if (c->g.json)
                return print_result_json(c, inv->row, r,
                                         msptk_json_get(inv->values, "limit") != NULL, ret_err);
        if (page && !(changes && c->g.quiet))
                return show_page(c, inv, r, ret_err);
        if (!strcmp(kind, "text"))
                show_text(c, doc);
        else if (!page && (!c->g.quiet || !changes))
                print_record(c, inv->row, doc, 0);
        return MSPTK_OK;
}

/* Makes a plan; the caller releases it. */
static msptk_status make_plan(cli *c, const invocation *inv, msptk_result **ret,
                              msptk_error **ret_err)
{
        return call_row(c, inv->row, inv->values, true, NULL, ret, ret_err);
}

/* Shows what will happen and asks; the plan that was shown is the one that runs. */
static msptk_status plan_and_ask(cli *c, const invocation *inv, char **ret_token, bool *ret_go,
                                 msptk_error **ret_err)
{
        bool plans = strcmp(op_text(inv->row, "plan"), "none") != 0;
        msptk_result *r = NULL;
        text question = { 0 };
        msptk_status st;

        *ret_go = true;
        if (c->g.yes && strcmp(op_text(inv->row, "plan"), "required") != 0)
                return MSPTK_OK;
        if (plans) {
                st = make_plan(c, inv, &r, ret_err);
                if (st < 0)
                        return st;
                *ret_token = copy_text(op_text(msptk_result_json(r), "plan_token"));
        }
        if (!c->g.yes) {
                bool color = c->color_out;

                c->to_stderr = true;
                c->color_out = c->color_err;
                if (r)
                        print_plan(c, inv->row, msptk_result_json(r), 0, NULL);
                c->to_stderr = false;
                c->color_out = color;
                text_addf(&question, "%s: go ahead? [y/N] ", op_text(inv->row, "cli"));
                *ret_go = confirmed(c, text_str(&question));
                text_free(&question);
        }
        msptk_result_free(r);
        return MSPTK_OK;
}

static msptk_status do_call(cli *c, const invocation *inv, const char *token, msptk_error **ret_err)
{
        msptk_result *r = NULL;
        msptk_status st = call_row(c, inv->row, inv->values, false, token, &r, ret_err);

        if (st == MSPTK_OK)
                st = show_result(c, inv, r, ret_err);
        msptk_result_free(r);
        return st;
}

static msptk_status do_plan(cli *c, const invocation *inv, int argc, char **argv,
                            msptk_error **ret_err)
{
        msptk_result *r = NULL;
        msptk_status st = make_plan(c, inv, &r, ret_err);

        if (st == MSPTK_OK && c->g.json)
                print_json(c, msptk_result_json(r));
        else if (st == MSPTK_OK)
                print_plan(c, inv->row, msptk_result_json(r), argc, argv);
        msptk_result_free(r);
        return st;
}

/* What can be refused before anything is opened. */
static msptk_status check_call(cli *c, const invocation *inv, msptk_error **ret_err)
{
        const msptk_json *row = inv->row;
        const char *command = op_text(row, "cli");
        msptk_status st;

        if (c->g.plan && !strcmp(op_text(row, "plan"), "none"))
                return usage_error(ret_err,
                                   !strcmp(op_text(row, "effect"), "read")
                                           ? "'%s' changes nothing that could be planned"
                                           : "'%s' cannot be planned",
                                   command);
        st = check_required(inv, ret_err);
        if (st < 0)
                return st;
        if (must_confirm(row) && !c->g.plan && !c->g.yes && !c->g.plan_token &&
            !(c->in_tty && c->err_tty))
                return usage_error(ret_err,
                                   strcmp(op_text(row, "plan"), "none") != 0
                                           ? "'%s' asks before it acts and nobody is there to "
                                             "answer; give --yes, or --plan first and then "
                                             "--plan-token"
                                           : "'%s' asks before it acts and nobody is there to "
                                             "answer; give --yes",
                                   command);
        return MSPTK_OK;
}

static msptk_status perform(cli *c, invocation *inv, int argc, char **argv, msptk_error **ret_err)
{
        char *token = NULL;
        bool go = true;
        msptk_status st;

        if (c->g.plan)
                return do_plan(c, inv, argc, argv, ret_err);
        if (must_confirm(inv->row) && !c->g.plan_token) {
                st = plan_and_ask(c, inv, &token, &go, ret_err);
                if (st == MSPTK_OK && !go)
                        st = msptk_error_set(ret_err, MSPTK_E_CANCELLED, "cli",
                                             "not confirmed, nothing was changed");
        } else {
                st = MSPTK_OK;
        }
        if (st == MSPTK_OK)
                st = do_call(c, inv, token && *token ? token : c->g.plan_token, ret_err);
        free(token);
        return st;
}

static int unwritable(cli *c)
{
        text t = { 0 };

        /* Whoever read has read enough. */
        if (c->out_errno == EPIPE)
                return EXIT_FINE;
        add_styled(&t, c->color_err, STYLE_CRITICAL, PROGRAM ":");
        text_addf(&t, " standard output cannot be written: %s\n", strerror(c->out_errno));
        note_line(t.data, t.len);
        text_free(&t);
        return EXIT_UNABLE;
}

/* Closing writes what the audit trail still holds back: a failure is one of the command. */
static msptk_status finish(cli *c, msptk_error **ret_err)
{
        msptk_toolkit *tk = c->tk;
        msptk_status st = tk ? msptk_toolkit_close(tk, CLOSE_MS, ret_err) : MSPTK_OK;

        close_toolkit(c);
        return st;
}

int run_command(cli *c, invocation *inv, int argc, char **argv)
{
        text try_help = { 0 };
        msptk_error *err = NULL, *close_err = NULL;
        msptk_status st;
        int code = EXIT_FINE, broken;

        text_addf(&try_help, "%s %s --help", PROGRAM, op_text(inv->row, "cli"));
        st = check_call(c, inv, &err);
        if (st == MSPTK_OK) {
                signals_start(c);
                st = read_secrets(c, inv, &err);
        }
        if (st == MSPTK_OK)
                st = open_toolkit(c, 0, NULL, &err);
        if (st == MSPTK_OK)
                st = perform(c, inv, argc, argv, &err);
        out_flush(c);
        if (st < 0)
                code = report_error(c, err, inv->row, text_str(&try_help));
        else if (c->seen & c->g.fail_on)
                code = EXIT_PROBLEM;
        if (finish(c, &close_err) < 0 && st >= 0)
                code = report_error(c, close_err, NULL, NULL);
        out_flush(c);
        broken = out_broken(c) ? unwritable(c) : EXIT_FINE;
        msptk_error_free(err);
        msptk_error_free(close_err);
        text_free(&try_help);
        if (signals_caught() && st < 0)
                signals_end_by(signals_caught());
        return broken ? broken : code;
}
