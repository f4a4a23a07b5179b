/* The man page, in roff, made from the table. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

/* Text as roff takes it: no backslash, no dot at the beginning, dashes that can be copied. */
static void add_roff(text *t, const char *s)
{
        for (; *s; s++) {
                if (*s == '\\')
                        text_add(t, "\\e");
                else if (*s == '-')
                        text_add(t, "\\-");
                else if ((*s == '.' || *s == '\'') && (!t->len || t->data[t->len - 1] == '\n'))
                        text_addf(t, "\\&%c", *s);
                else if (*s == '\n')
                        text_add(t, " ");
                else
                        text_addn(t, s, 1);
        }
}

static void add_bold(text *t, const char *s)
{
        text_add(t, "\\fB");
        add_roff(t, s);
        text_add(t, "\\fR");
}

static void add_entry(text *t, const char *name, const char *value, const char *about)
{
        text_add(t, ".TP\n");
        add_bold(t, name);
        if (*value) {
                text_add(t, " \\fI");
                add_roff(t, value);
                text_add(t, "\\fR");
        }
        text_add(t, "\n");
        add_roff(t, about);
        text_add(t, "\n");
}

static void add_man_params(text *t, const msptk_json *row)
{
        for (const msptk_json *p = op_param_first(row); p; p = msptk_json_next(p)) {
                char word[64], flag[96];
                text name = { 0 }, about = { 0 };
                bool secret = param_is(p, "secret");

                if (param_hidden(p))
                        continue;
                param_positional(p, word);
                param_flag(p, flag);
                if (secret && msptk_json_bool(msptk_json_get(p, "required"), 0))
                        text_add(&name, "(standard input)");
                else if (*word)
                        text_addf(&name, param_has_flag(p) ? "%s, %s" : "%s", word, flag);
                else
                        text_add(&name, flag);
                text_add(&about, op_text(p, "description"));
                param_notes(&about, p);
                add_entry(t, name.data,
                          !secret && param_has_flag(p) && !param_is(p, "bool") ? value_word(p) : "",
                          about.data);
                text_free(&name);
                text_free(&about);
        }
}

static void add_man_command(text *t, const msptk_json *row)
{
        text synopsis = { 0 };

        add_synopsis(&synopsis, row);
        text_add(t, ".SS ");
        add_roff(t, op_text(row, "cli"));
        add_roff(t, text_str(&synopsis));
        text_add(t, "\n");
        add_roff(t, op_text(row, "description"));
        text_add(t, "\n");
        add_man_params(t, row);
        for (const msptk_json *i = msptk_json_first(msptk_json_get(row, "examples")); i;
             i = msptk_json_next(i)) {
                text_add(t, ".PP\nExample, ");
                add_roff(t, op_text(i, "about"));
                text_add(t, ":\n.PP\n.nf\n.RS 4\n" PROGRAM " ");
                add_roff(t, op_text(i, "cli"));
                text_add(t, "\n.RE\n.fi\n");
        }
        text_free(&synopsis);
}

int man_main(cli *c)
{
        size_t count;
        const global_flag *flags = global_flags(&count);
        text t = { 0 };

        text_add(&t, "'\\\" t\n.TH MSP\\-TOOLKIT 1 \"\" \"libmsptk " MSPTK_VERSION
                     "\" \"User Commands\"\n.nh\n.ad l\n");
        text_add(&t, ".SH NAME\nmsp\\-toolkit \\- clients, devices, health and alerts of a managed "
                     "service provider\n");
        text_add(&t, ".SH SYNOPSIS\n\\fBmsp\\-toolkit\\fR [\\fIoption\\fR...] \\fICOMMAND\\fR "
                     "[\\fIargument\\fR...]\n");
        text_add(&t,
                 ".SH DESCRIPTION\nOne command over the tools of a managed service provider: it "
                 "lists the devices of a client, checks their health, stores and explains what "
                 "it found, and says by its exit status what was found.\n");
        text_add(&t, ".SH OPTIONS\nBefore or after the command:\n");
        for (size_t i = 0; i < count; i++) {
                text name = { 0 };

                text_addf(&name, "%s%s%s", flags[i].letter ? flags[i].letter : "",
                          flags[i].letter ? ", " : "", flags[i].flag);
                add_entry(&t, name.data, flags[i].value ? flags[i].value : "", flags[i].about);
                text_free(&name);
        }
        text_add(&t, ".SH COMMANDS\n");
        for (const msptk_json *row = op_first(c); row; row = msptk_json_next(row))
                if (op_in_cli(row))
                        add_man_command(&t, row);
        text_add(&t, ".SH EXIT STATUS\n");
        for (size_t i = 0; exit_lines[i][0]; i++)
                add_entry(&t, exit_lines[i][0], "", exit_lines[i][1]);
        add_entry(&t, "by a signal", "", "interrupted; a shell shows 130 after Ctrl-C");
        text_add(&t, ".SH ENVIRONMENT\n");
        for (size_t i = 0; environment_lines[i][0]; i++)
                add_entry(&t, environment_lines[i][0], "", environment_lines[i][1]);
        out_text(c, &t);
        text_free(&t);
        return EXIT_FINE;
}
