/* Completion: the scripts ask back for candidates, one per line with a tab and what it is. It never
 * says an error; at worst there is nothing to complete. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 2000, CANDIDATES_MAX = 500 };

static const char bash_script[] =
        "# bash completion of msp-toolkit\n"
        "_msp_toolkit() {\n"
        "    local IFS=$'\\n' line cur candidates=()\n"
        "    local words=()\n"
        "    cur=\"${COMP_WORDS[COMP_CWORD]}\"\n"
        "    words=(\"${COMP_WORDS[@]:1:COMP_CWORD-1}\" \"$cur\")\n"
        "    [ \"$cur\" != '=' ] || cur=\n"
        "    COMPREPLY=()\n"
        "    while read -r line; do\n"
        "        if [ \"$line\" = ':file' ]; then\n"
        "            compopt -o filenames 2>/dev/null\n"
        "            COMPREPLY=($(compgen -f -- \"$cur\"))\n"
        "            return\n"
        "        fi\n"
        "        line=\"${line%%$'\\t'*}\"\n"
        "        [[ \"$line\" != \"$cur\"* ]] || candidates+=(\"$line\")\n"
        "    done < <(\"${COMP_WORDS[0]}\" __complete \"${words[@]}\" 2>/dev/null)\n"
        "    COMPREPLY=(\"${candidates[@]}\")\n"
        "}\n"
        "complete -F _msp_toolkit msp-toolkit\n";

static const char zsh_script[] =
        "#compdef msp-toolkit\n"
        "# zsh completion of msp-toolkit\n"
        "_msp_toolkit() {\n"
        "    local line\n"
        "    local -a candidates\n"
        "    for line in \"${(@f)$(\"${words[1]}\" __complete \"${(@)words[2,CURRENT]}\" "
        "2>/dev/null)}\"; do\n"
        "        if [[ \"$line\" == ':file' ]]; then\n"
        "            _files\n"
        "            return\n"
        "        fi\n"
        "        [[ -n \"$line\" ]] || continue\n"
        "        candidates+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\")\n"
        "    done\n"
        "    _describe 'msp-toolkit' candidates\n"
        "}\n"
        "if [ \"$funcstack[1]\" = '_msp_toolkit' ]; then\n"
        "    _msp_toolkit\n"
        "else\n"
        "    compdef _msp_toolkit msp-toolkit\n"
        "fi\n";

static const char fish_script[] =
        "# fish completion of msp-toolkit\n"
        "function __msp_toolkit_complete\n"
        "    set -l words (commandline -opc) (commandline -ct)\n"
        "    set -l lines ($words[1] __complete $words[2..-1] 2>/dev/null)\n"
        "    if test \"$lines[1]\" = ':file'\n"
        "        __fish_complete_path (commandline -ct)\n"
        "    else\n"
        "        printf '%s\\n' $lines\n"
        "    end\n"
        "end\n"
        "complete -c msp-toolkit -f -a '(__msp_toolkit_complete)'\n";

int completion_script(cli *c, const char *shell)
{
        const char *script = !strcmp(shell, "bash")   ? bash_script
                             : !strcmp(shell, "zsh")  ? zsh_script
                             : !strcmp(shell, "fish") ? fish_script
                                                      : NULL;

        if (!script) {
                msptk_error *err = NULL;
                int code;

                usage_error(&err, "no completion for '%.64s'; there is one for bash, zsh and fish",
                            shell);
                code = report_error(c, err, NULL, PROGRAM " completion --help");
                msptk_error_free(err);
                return code;
        }
        out_write(c, script, strlen(script));
        return EXIT_FINE;
}

/* One candidate, if it begins as what stands there. */
static void offer(cli *c, const char *current, const char *word, const char *about)
{
        text t = { 0 };

        if (!*word || strncmp(word, current, strlen(current)) != 0)
                return;
        text_add(&t, c->lead ? c->lead : "");
        add_clean(&t, word, true);
        text_add(&t, "\t");
        add_clean(&t, about, true);
        text_add(&t, "\n");
        out_text(c, &t);
        text_free(&t);
}

/* The first column of a list is what completes, the second says what it is. */
static void offer_rows(cli *c, const char *current, const msptk_json *row)
{
        const msptk_json *columns = msptk_json_get(msptk_json_get(row, "result"), "columns");
        const msptk_json *first = msptk_json_first(columns), *one;
        const char *key = op_text(first, "key"), *about = op_text(msptk_json_next(first), "key");
        msptk_json *values = need(msptk_json_new_object());
        msptk_result *r = NULL;
        size_t n = 0;

        c->g.timeout_ms = ANSWER_MS;
        if (open_toolkit(c, MSPTK_OPEN_READ_ONLY, NULL, NULL) == MSPTK_OK &&
            call_row(c, row, values, false, NULL, &r, NULL) == MSPTK_OK)
                while (n++ < CANDIDATES_MAX && msptk_result_next(r, &one, NULL) == MSPTK_OK) {
                        const char *id = op_text(one, "id");

                        offer(c, current, *id ? id : msptk_json_string(value_at(one, key), ""),
                              msptk_json_string(value_at(one, about), ""));
                }
        msptk_result_free(r);
        msptk_json_free(values);
        if (c->tk)
                msptk_toolkit_close(c->tk, ANSWER_MS, NULL);
        close_toolkit(c);
}

/* What "client", "alert" ... stand for in a row: the operation that lists them. */
static const msptk_json *source_row(const cli *c, const char *source)
{
        char name[96];

        if (!strcmp(source, "key"))
                return op_by_name(c, "config_show");
        snprintf(name, sizeof(name), "%.80s_list", source);
        return op_by_name(c, name);
}

static void offer_values(cli *c, const char *current, const msptk_json *param)
{
        const msptk_json *values = msptk_json_get(param, "values"), *row;
        const char *source = op_text(param, "complete"), *comma = strrchr(current, ',');

        if (param_is(param, "file_in") || param_is(param, "file_out") || !strcmp(source, "file")) {
                out_write(c, ":file\n", 6);
                return;
        }
        for (const msptk_json *i = msptk_json_first(values); i; i = msptk_json_next(i)) {
                text whole = { 0 };

                /* In a list the part after the last comma is completed. */
                if (param_is(param, "list") && comma)
                        text_addn(&whole, current, (size_t)(comma + 1 - current));
                text_add(&whole, msptk_json_string(i, ""));
                offer(c, current, whole.data, "");
                text_free(&whole);
        }
        row = *source ? source_row(c, source) : NULL;
        if (row)
                offer_rows(c, current, row);
}

static void offer_flags(cli *c, const char *current, const msptk_json *row)
{
        size_t count;
        const global_flag *flags = global_flags(&count);
        char flag[96];

        for (const msptk_json *p = op_param_first(row); p; p = msptk_json_next(p)) {
                if (param_hidden(p) || !param_has_flag(p) ||
                    (param_is(p, "secret") && msptk_json_bool(msptk_json_get(p, "required"), 0)))
                        continue;
                param_flag(p, flag);
                offer(c, current, flag, op_text(p, "description"));
        }
        for (size_t i = 0; i < count; i++)
                offer(c, current, flags[i].flag, flags[i].about);
}

static void offer_commands(cli *c, const char *current, const char *noun)
{
        char word[64];
        size_t used;

        for (const msptk_json *row = op_first(c); row; row = msptk_json_next(row)) {
                const char *verb = op_verb(row, word);

                if (!op_in_cli(row))
                        continue;
                if (noun && *verb && !strcmp(word, noun))
                        offer(c, current, verb, op_text(row, "summary"));
                if (noun)
                        continue;
                if (!*verb)
                        offer(c, current, word, op_text(row, "summary"));
                else if (!op_noun_before(c, row, word) && !op_of_words(c, word, NULL, &used))
                        offer(c, current, word, "commands");
        }
}

/* Where the words so far have led. */
typedef struct place {
        const msptk_json *row, *param; /* whose value comes next */
        const global_flag *global;
        const char *noun;
        size_t positional; /* how many were given */
} place;

static const global_flag *global_of(const char *word)
{
        size_t count;
        const global_flag *flags = global_flags(&count);

        for (size_t i = 0; i < count; i++)
                if (!strcmp(flags[i].flag, word) ||
                    (flags[i].letter && !strcmp(flags[i].letter, word)))
                        return &flags[i];
        return NULL;
}

static void walk_flag(place *at, const char *word)
{
        if (strchr(word, '='))
                return;
        for (const msptk_json *p = op_param_first(at->row); p; p = msptk_json_next(p))
                if (!param_hidden(p) && param_answers(p, word) && !param_is(p, "bool") &&
                    !param_is(p, "secret")) {
                        at->param = p;
                        return;
                }
        at->global = global_of(word);
        if (at->global && !at->global->value)
                at->global = NULL;
}

static void walk(cli *c, place *at, const char *word)
{
        size_t used = 0;

        if (at->param || at->global) {
                if (at->global && !strcmp(at->global->flag, "--config"))
                        c->g.config = word;
                at->param = NULL;
                at->global = NULL;
        } else if (word[0] == '-') {
                if (!strncmp(word, "--config=", 9))
                        c->g.config = word + 9;
                if (!at->row && at->noun)
                        at->row = op_of_words(c, at->noun, NULL, &used);
                walk_flag(at, word);
        } else if (at->row) {
                at->positional++;
        } else if (!at->noun && noun_exists(c, word)) {
                at->noun = word;
        } else if (at->noun) {
                at->row = op_of_words(c, at->noun, word, &used);
        } else {
                at->row = op_of_words(c, word, NULL, &used);
        }
}

static const msptk_json *nth_positional(const msptk_json *row, size_t n)
{
        char word[64];

        for (const msptk_json *p = op_param_first(row); p; p = msptk_json_next(p)) {
                param_positional(p, word);
                if (!*word || param_hidden(p))
                        continue;
                if (!n-- || param_is(p, "list") || param_is(p, "argv"))
                        return p;
        }
        return NULL;
}

static void offer_words(cli *c, const char *current, const char *words)
{
        while (*words) {
                size_t n = strcspn(words, " ");
                char *word = copy_part(words, n);

                offer(c, current, word, "");
                free(word);
                words += n + (words[n] == ' ');
        }
}

/* "--tier=pr": the flag is like a word before, its value is what is completed. */
static const char *split_flag(cli *c, place *at, const char *current, text *lead)
{
        const char *eq = strchr(current, '=');
        char *flag;

        if (current[0] != '-' || !eq || at->param || at->global)
                return current;
        flag = copy_part(current, (size_t)(eq - current));
        walk_flag(at, flag);
        free(flag);
        if (!at->param && !at->global)
                return current;
        text_addn(lead, current, (size_t)(eq + 1 - current));
        c->lead = text_str(lead);
        return eq + 1;
}

static void offer_here(cli *c, const place *at, const char *current)
{
        const msptk_json *param, *row = at->row;
        size_t used;

        if (!row && at->noun)
                row = op_of_words(c, at->noun, NULL, &used);
        if (at->param)
                offer_values(c, current, at->param);
        else if (at->global && at->global->values)
                offer_words(c, current, at->global->values);
        else if (at->global)
                out_write(c, ":file\n", strcmp(at->global->value, "FILE") ? 0 : 6);
        else if (current[0] == '-')
                offer_flags(c, current, row);
        else if (at->row && (param = nth_positional(at->row, at->positional)))
                offer_values(c, current, param);
        else if (!at->row)
                offer_commands(c, current, at->noun);
}

int complete_main(cli *c, int argc, char **argv)
{
        const char *current = argc > 0 ? argv[argc - 1] : "";
        place at = { 0 };
        text lead = { 0 };

        c->g.quiet = true;
        for (int i = 0; i + 1 < argc; i++) {
                /* bash splits "--tier=gold" at the sign. */
                if (strcmp(argv[i], "=") != 0)
                        walk(c, &at, argv[i]);
        }
        if (!strcmp(current, "="))
                current = "";
        current = split_flag(c, &at, current, &lead);
        offer_here(c, &at, current);
        out_flush(c);
        text_free(&lead);
        return EXIT_FINE;
}
