/* The msp-toolkit command. */
#include "mcp_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A descriptor that the caller closed must not become that of the database. */
static void occupy_standard_descriptors(void)
{
        for (int fd = 0; fd < 3; fd++)
                if (fcntl(fd, F_GETFD) < 0)
                        (void)!open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY);
}

static void print_version(cli *c)
{
        text t = { 0 };

        text_addf(&t, PROGRAM " %s\nlibmsptk %s\n", MSPTK_VERSION, msptk_version_string());
        out_text(c, &t);
        text_free(&t);
}

static void print_help(cli *c, const invocation *inv)
{
        text t = { 0 };

        if (inv->row)
                help_command(c, inv->row, &t);
        else if (inv->noun)
                help_noun(c, inv->noun, &t);
        else
                help_general(c, &t);
        out_text(c, &t);
        text_free(&t);
}

/* Help that nobody asked for goes where errors go. */
static int print_help_instead(cli *c, const invocation *inv)
{
        c->to_stderr = true;
        c->color_out = c->color_err;
        print_help(c, inv);
        c->to_stderr = false;
        return EXIT_USAGE;
}

static int finish_output(cli *c, int code)
{
        out_flush(c);
        if (!out_broken(c) || c->out_errno == EPIPE)
                return code;
        fprintf(stderr, PROGRAM ": standard output cannot be written: %s\n",
                strerror(c->out_errno));
        return EXIT_UNABLE;
}

/* What the library checks for its own operations. */
static msptk_status check_words(const invocation *inv, msptk_error **ret_err)
{
        for (const msptk_json *p = op_param_first(inv->row); p; p = msptk_json_next(p)) {
                const char *given = op_text(inv->values, op_text(p, "name"));
                const msptk_json *v = msptk_json_first(msptk_json_get(p, "values"));
                text known = { 0 };

                if (!*given || !param_is(p, "enum"))
                        continue;
                for (; v && strcmp(msptk_json_string(v, ""), given) != 0; v = msptk_json_next(v))
                        text_addf(&known, " %s", msptk_json_string(v, ""));
                if (!v)
                        (void)usage_error(ret_err, "'%.64s' is none of%s", given, text_str(&known));
                text_free(&known);
                if (!v)
                        return MSPTK_E_INVALID;
        }
        return MSPTK_OK;
}

static int run_mcp(cli *c, const invocation *inv, const char *try_help)
{
        msptk_error *err = NULL;
        int code;

        if (c->g.plan || c->g.plan_token)
                (void)usage_error(&err, "'%s' serves; there is nothing to plan",
                                  op_text(inv->row, "cli"));
        else
                (void)check_words(inv, &err);
        if (err) {
                code = report_error(c, err, inv->row, try_help);
                msptk_error_free(err);
        } else if (!strcmp(op_text(inv->row, "name"), "mcp_doctor")) {
                code = mcp_doctor_main(c);
        } else {
                code = mcp_main(c, inv, try_help);
        }
        return finish_output(c, code);
}

static int run(cli *c, int argc, char **argv)
{
        invocation inv = { 0 };
        text try_help = { 0 };
        msptk_error *err = NULL;
        msptk_status st = parse_command_line(c, argc, argv, &inv, &try_help, &err);
        int code;

        style_init(c);
        if (c->g.version)
                print_version(c);
        if (c->g.version || (c->g.help && st == MSPTK_OK)) {
                if (!c->g.version)
                        print_help(c, &inv);
                code = finish_output(c, EXIT_FINE);
        } else if (st < 0) {
                code = finish_output(c, report_error(c, err, inv.row, text_str(&try_help)));
        } else if (!inv.row) {
                code = print_help_instead(c, &inv);
        } else if (!strcmp(op_text(inv.row, "name"), "completion")) {
                st = check_required(&inv, &err);
                code = st < 0 ? report_error(c, err, inv.row, text_str(&try_help))
                              : completion_script(c, op_text(inv.values, "shell"));
                code = finish_output(c, code);
        } else if (!strncmp(op_text(inv.row, "name"), "mcp", 3)) {
                code = run_mcp(c, &inv, text_str(&try_help));
        } else {
                code = run_command(c, &inv, argc, argv);
        }
        msptk_error_free(err);
        msptk_json_free(inv.values);
        text_free(&try_help);
        return code;
}

int main(int argc, char **argv)
{
        struct sigaction ignore = { .sa_handler = SIG_IGN };
        msptk_error *err = NULL;
        static cli c; /* outlives main(): the thread of the signals looks at it */
        int code;

        occupy_standard_descriptors();
        sigaction(SIGPIPE, &ignore, NULL);
        c.now = now_us();
        if (msptk_operations(&c.table, &err) < 0) {
                code = report_error(&c, err, NULL, NULL);
                msptk_error_free(err);
                return code;
        }
        add_door_commands(&c);
        c.cancel = need(msptk_cancel_new());
        if (argc > 1 && !strcmp(argv[1], "__complete"))
                code = complete_main(&c, argc - 2, argv + 2);
        else if (argc > 1 && !strcmp(argv[1], "__man"))
                code = finish_output(&c, man_main(&c));
        else
                code = run(&c, argc - 1, argv + 1);
        return code; /* the table goes with the process: thousands of nodes need no release each */
}
