/* Help, made from the table: of the program, of a noun, of a command. */
#include "cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const exit_lines[][2] = {
        { "0", "fine" },
        { "1",
          "a problem was found, or something could not be judged or was not covered; --fail-on "
          "says which of these count" },
        { "2", "wrong use: the command line is not what the command takes, or a question could not "
               "be asked" },
        { "3", "it could not be done" },
        { NULL, NULL },
};
const char *const environment_lines[][2] = {
        { "MSPTK_CONFIG, MSP_CONFIG", "the configuration file, when --config is not given" },
        { "MSPTK_SECTION__KEY", "one setting, for example MSPTK_HEALTH_CHECKS__THRESHOLDS__"
                                "CPU_PERCENT; a file .env beside the configuration may hold them" },
        { "NO_COLOR, CLICOLOR_FORCE", "no colours, or colours even into a pipe" },
        { NULL, NULL },
};

/* `s` in lines of the terminal's width; `at` columns are used already, further lines begin at
 * `indent`. */
static void add_prose(const cli *c, text *t, const char *s, size_t at, size_t indent)
{
        bool first = true;

        while (*s) {
                size_t n = strcspn(s, " "), width;
                char *word = copy_part(s, n);

                width = text_width(word);
                if (!first && at + 1 + width > c->help_width) {
                        text_add(t, "\n");
                        text_fill(t, ' ', indent);
                        at = indent;
                } else if (!first) {
                        text_add(t, " ");
                        at++;
                }
                text_add(t, word);
                at += width;
                first = false;
                free(word);
                s += n;
                s += strspn(s, " ");
        }
        text_add(t, "\n");
}

/* "  name      what it is", the text beginning at `column`. */
static void add_item(const cli *c, text *t, const char *name, const char *about, size_t column)
{
        size_t width = text_width(name) + 2;

        text_add(t, "  ");
        add_styled(t, c->color_out, STYLE_BOLD, name);
        if (width + 2 > column) {
                text_add(t, "\n");
                width = 0;
        }
        text_fill(t, ' ', column - width);
        add_prose(c, t, about, column, column);
}

static void add_head(const cli *c, text *t, const char *head)
{
        text_add(t, "\n");
        add_styled(t, c->color_out, STYLE_HEAD, head);
        text_add(t, "\n");
}

static size_t command_column(const cli *c, const char *noun)
{
        size_t widest = 0;
        char word[64];

        for (const msptk_json *row = op_first(c); row; row = msptk_json_next(row)) {
                size_t width = text_width(op_text(row, "cli"));

                op_verb(row, word);
                if (op_in_cli(row) && (!noun || !strcmp(noun, word)) && width > widest)
                        widest = width;
        }
        return widest + 4;
}

static void add_commands(const cli *c, text *t, const char *noun, size_t column)
{
        char word[64];

        for (const msptk_json *row = op_first(c); row; row = msptk_json_next(row)) {
                const char *verb = op_verb(row, word);

                if (!op_in_cli(row) || (noun ? !*verb || strcmp(noun, word) != 0 : *verb))
                        continue;
                add_item(c, t, op_text(row, "cli"), op_text(row, "summary"), column);
        }
}

static void add_global_flags(const cli *c, text *t)
{
        size_t count;
        const global_flag *flags = global_flags(&count);

        for (size_t i = 0; i < count; i++) {
                text name = { 0 };

                if (flags[i].letter)
                        text_addf(&name, "%s, ", flags[i].letter);
                text_add(&name, flags[i].flag);
                if (flags[i].value)
                        text_addf(&name, " %s", flags[i].value);
                add_item(c, t, name.data, flags[i].about, 24);
                text_free(&name);
        }
}

void help_general(cli *c, text *t)
{
        size_t column = command_column(c, NULL);
        char noun[64];

        add_styled(t, c->color_out, STYLE_BOLD, PROGRAM ":");
        text_add(t, " ");
        add_prose(c, t, "clients, devices, health and alerts of a managed service provider",
                  sizeof(PROGRAM) + 1, 0);
        text_add(t, "\n");
        text_add(t, "usage: " PROGRAM " [option...] COMMAND [argument...]\n");
        add_head(c, t, "General");
        add_commands(c, t, NULL, column);
        for (const msptk_json *row = op_first(c); row; row = msptk_json_next(row)) {
                text head = { 0 };

                if (!op_in_cli(row) || !*op_verb(row, noun) || op_noun_before(c, row, noun))
                        continue;
                add_label(&head, noun);
                add_head(c, t, text_str(&head));
                add_commands(c, t, noun, column);
                text_free(&head);
        }
        add_head(c, t, "Options, before or after the command");
        add_global_flags(c, t);
        add_head(c, t, "Exit status");
        for (size_t i = 0; exit_lines[i][0]; i++)
                add_item(c, t, exit_lines[i][0], exit_lines[i][1], 6);
        text_add(t, "\nHelp of a command: " PROGRAM " COMMAND --help\n");
}

void help_noun(cli *c, const char *noun, text *t)
{
        text_addf(t, "usage: " PROGRAM " %s COMMAND [argument...]\n\n", noun);
        add_commands(c, t, noun, command_column(c, noun));
        text_addf(t, "\nHelp of a command: " PROGRAM " %s COMMAND --help\n", noun);
}

const char *value_word(const msptk_json *param)
{
        static const char *const words[][2] = {
                { "string", "TEXT" },       { "slug", "ID" },      { "int", "N" },
                { "number", "NUMBER" },     { "enum", "WORD" },    { "time", "TIME" },
                { "duration", "TIME" },     { "bytes", "SIZE" },   { "file_in", "FILE" },
                { "file_out", "FILE" },     { "argv", "WORD..." }, { "list", "LIST" },
                { "map", "KEY=VALUE,..." },
        };

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (param_is(param, words[i][0]))
                        return words[i][1];
        return "";
}

static bool required(const msptk_json *param)
{
        return msptk_json_bool(msptk_json_get(param, "required"), 0);
}

static bool takes_value(const msptk_json *param)
{
        return !param_is(param, "bool") && !param_is(param, "secret");
}

void add_synopsis(text *t, const msptk_json *row)
{
        char word[64], flag[96];
        bool options = false;

        for (const msptk_json *p = op_param_first(row); p; p = msptk_json_next(p)) {
                const char *open = required(p) ? "" : "[", *shut = required(p) ? "" : "]";

                param_positional(p, word);
                param_flag(p, flag);
                if (param_hidden(p) || (param_is(p, "secret") && required(p)))
                        continue;
                if (*word)
                        text_addf(t, " %s%s%s%s", open, word,
                                  param_is(p, "list") || param_is(p, "argv") ? "..." : "", shut);
                else if (required(p))
                        text_addf(t, " %s %s", flag, value_word(p));
                else
                        options = true;
        }
        if (options)
                text_add(t, " [option...]");
}

static void add_words(text *t, const char *lead, const msptk_json *list)
{
        const char *sep = lead;

        for (const msptk_json *i = msptk_json_first(list); i; i = msptk_json_next(i)) {
                text_addf(t, "%s%s", sep, msptk_json_string(i, ""));
                sep = ", ";
        }
}

static void add_bounds(text *t, const msptk_json *param)
{
        const msptk_json *min = msptk_json_get(param, "min"), *max = msptk_json_get(param, "max");
        const char *unit = op_text(param, "unit");
        text low = { 0 }, high = { 0 };

        bool bounded = param_is(param, "int") || param_is(param, "number") ||
                       param_is(param, "duration") || param_is(param, "bytes");

        if (!max || !bounded) {
                if (*unit && !param_is(param, "duration"))
                        text_addf(t, "; in %s", unit);
                return;
        }
        if (param_is(param, "duration"))
                unit = ""; /* durations carry theirs */
        if (param_is(param, "duration")) {
                cli plain = { 0 };

                add_value(&plain, &low, min, "duration", true);
                add_value(&plain, &high, max, "duration", true);
        } else {
                text_addf(&low, "%.10g", msptk_json_double(min, 0));
                text_addf(&high, "%.10g", msptk_json_double(max, 0));
        }
        if (msptk_json_double(max, 0) >= 1e15)
                text_addf(t, "; from %s%s%s", text_str(&low), *unit ? " " : "", unit);
        else
                text_addf(t, "; %s to %s%s%s", text_str(&low), text_str(&high), *unit ? " " : "",
                          unit);
        text_free(&low);
        text_free(&high);
}

/* What follows the description: values, other names, bounds, default. */
void param_notes(text *t, const msptk_json *param)
{
        const msptk_json *dflt = msptk_json_get(param, "default");
        const char *sep = "; also ";

        add_words(t, ": ", msptk_json_get(param, "values"));
        for (const msptk_json *a = msptk_json_first(msptk_json_get(param, "aliases")); a;
             a = msptk_json_next(a)) {
                /* The spelling with dashes is the one of a command line. */
                if (strchr(msptk_json_key(a), '_'))
                        continue;
                text_addf(t, "%s%s for %s", sep, msptk_json_key(a), msptk_json_string(a, ""));
                sep = ", ";
        }
        add_bounds(t, param);
        if (dflt) {
                cli plain = { 0 };

                text_add(t, " (default: ");
                add_value(&plain, t, dflt, "", true);
                text_add(t, ")");
        }
        if (strchr(op_text(param, "description"), '('))
                return; /* it says how it is written */
        if (param_is(param, "time"))
                text_add(t, " (24h, yesterday, 2026-11-21, or with a time of day)");
        else if (param_is(param, "duration"))
                text_add(t, " (30s, 5m, 2h)");
        else if (param_is(param, "list") && !param_is(param, "argv"))
                text_add(t, " (several with commas, or the flag again)");
}

static void add_param(const cli *c, text *t, const msptk_json *p, size_t column)
{
        char word[64], flag[96];
        text name = { 0 }, about = { 0 };

        param_positional(p, word);
        param_flag(p, flag);
        if (param_is(p, "secret") && required(p))
                text_add(&name, "(standard input)");
        else if (*word)
                text_addf(&name, param_has_flag(p) ? "%s, %s" : "%s", word, flag);
        else
                text_add(&name, flag);
        if (param_has_flag(p) && takes_value(p))
                text_addf(&name, " %s", value_word(p));
        text_add(&about, op_text(p, "description"));
        if (param_is(p, "secret") && !required(p))
                text_add(&about, " (asked for, never given on the command line)");
        param_notes(&about, p);
        if (required(p) && !param_is(p, "secret"))
                text_add(&about, " (required)");
        add_item(c, t, name.data, about.data, column);
        text_free(&name);
        text_free(&about);
}

static void add_params(const cli *c, text *t, const msptk_json *row)
{
        bool any = false;

        for (const msptk_json *p = op_param_first(row); p; p = msptk_json_next(p)) {
                if (param_hidden(p))
                        continue;
                if (!any)
                        add_head(c, t, "Arguments");
                any = true;
                add_param(c, t, p, 24);
        }
}

static void add_behaviour(const cli *c, text *t, const msptk_json *row)
{
        const char *effect = op_text(row, "effect"), *plan = op_text(row, "plan");

        if (!strcmp(effect, "destructive"))
                add_prose(c, t,
                          strcmp(plan, "none") != 0
                                  ? "May do what cannot be undone: on a terminal it shows what "
                                    "would change "
                                    "and asks; elsewhere it needs --yes or --plan-token."
                                  : "May do what cannot be undone: on a terminal it asks; "
                                    "elsewhere it needs "
                                    "--yes.",
                          0, 0);
        else if (!strcmp(plan, "required"))
                add_prose(c, t,
                          "Always runs from a plan: on a terminal it shows the plan and asks; "
                          "elsewhere it needs --yes or --plan-token.",
                          0, 0);
        else if (!strcmp(plan, "optional"))
                add_prose(c, t, "With --plan it shows what would change, and changes nothing.", 0,
                          0);
}

void help_command(cli *c, const msptk_json *row, text *t)
{
        const msptk_json *examples = msptk_json_get(row, "examples");

        text_add(t, "usage: ");
        add_styled(t, c->color_out, STYLE_BOLD, PROGRAM " ");
        add_styled(t, c->color_out, STYLE_BOLD, op_text(row, "cli"));
        add_synopsis(t, row);
        text_add(t, "\n\n");
        add_prose(c, t, op_text(row, "description"), 0, 0);
        add_behaviour(c, t, row);
        add_params(c, t, row);
        if (msptk_json_first(examples))
                add_head(c, t, "Examples");
        for (const msptk_json *i = msptk_json_first(examples); i; i = msptk_json_next(i)) {
                text_addf(t, "  " PROGRAM " %s\n      ", op_text(i, "cli"));
                add_prose(c, t, op_text(i, "about"), 6, 6);
        }
        if (*op_text(msptk_json_get(row, "result"), "verdict")) {
                add_head(c, t, "Exit status");
                for (size_t i = 0; exit_lines[i][0]; i++)
                        add_item(c, t, exit_lines[i][0], exit_lines[i][1], 6);
        }
        text_add(t, "\n");
        add_prose(c, t,
                  "Options of every command (--json, --plan, --config ...): " PROGRAM " --help", 0,
                  0);
}
