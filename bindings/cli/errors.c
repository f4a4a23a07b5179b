/* What failed, for people on standard error and for programs on standard output. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

static bool word_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

void add_as_commands(const cli *c, text *t, const char *s, bool whole)
{
        while (*s) {
                size_t n = 0;

                while (word_char(s[n]))
                        n++;
                if (n) {
                        char *word = copy_part(s, n);
                        const msptk_json *row = strchr(word, '_') ? op_by_name(c, word) : NULL;

                        if (row && op_in_cli(row))
                                text_addf(t, whole ? "'" PROGRAM " %s'" : "%s",
                                          op_text(row, "cli"));
                        else
                                text_add(t, word);
                        free(word);
                } else {
                        text_addn(t, s, 1);
                        n = 1;
                }
                s += n;
        }
}

/* "parameter 'check_types'" -> "--type", as it is typed here. */
static void add_as_typed(text *t, const char *s, const msptk_json *row)
{
        static const char lead[] = "parameter '";
        const char *at;

        while ((at = row ? strstr(s, lead) : NULL)) {
                const char *name = at + sizeof(lead) - 1;
                size_t n = strcspn(name, "'");
                const msptk_json *p = op_param_first(row);

                while (p && (strlen(op_text(p, "name")) != n ||
                             strncmp(op_text(p, "name"), name, n) != 0))
                        p = msptk_json_next(p);
                if (p && name[n]) {
                        char flag[96], word[64];

                        param_flag(p, flag);
                        param_positional(p, word);
                        text_addn(t, s, (size_t)(at - s));
                        text_add(t, param_has_flag(p) ? flag : word);
                        s = name + n + 1;
                } else {
                        text_addn(t, s, (size_t)(name - s));
                        s = name;
                }
        }
        text_add(t, s);
}

/* The description of a parameter is in the help, which the last line names. */
static bool is_description(const msptk_json *row, const char *s)
{
        for (const msptk_json *p = op_param_first(row); p; p = msptk_json_next(p))
                if (!strcmp(op_text(p, "description"), s))
                        return true;
        return false;
}

static void add_message(const cli *c, text *t, const msptk_error *err, const msptk_json *row)
{
        text typed = { 0 }, commands = { 0 };

        add_as_typed(&typed, msptk_error_message(err), row);
        add_as_commands(c, &commands, text_str(&typed), false);
        add_clean(t, text_str(&commands), true);
        text_free(&typed);
        text_free(&commands);
}

static void add_details(text *t, const msptk_error *err)
{
        text_addf(t, "  code: %s, %s (%s)\n", msptk_error_code(err), msptk_error_reason(err),
                  msptk_error_domain(err));
        if (*msptk_error_adapter(err))
                text_addf(t, "  adapter: %s\n", msptk_error_adapter(err));
        if (msptk_error_http_status(err))
                text_addf(t, "  http status: %d\n", (int)msptk_error_http_status(err));
        if (*msptk_error_vendor_code(err)) {
                text_add(t, "  vendor's code: ");
                add_clean(t, msptk_error_vendor_code(err), true);
                text_add(t, "\n");
        }
        for (const msptk_error *cause = msptk_error_cause(err); cause;
             cause = msptk_error_cause(cause)) {
                text_add(t, "  because: ");
                add_clean(t, msptk_error_message(cause), true);
                text_addf(t, " (%s)\n", msptk_error_domain(cause));
        }
}

static void print_error_json(cli *c, const msptk_error *err)
{
        text out = { 0 };
        char *made = NULL;

        if (msptk_error_to_json(err, &made) != MSPTK_OK)
                return;
        text_addf(&out, "{\"error\":%s}\n", made);
        if (c->out_tty) {
                msptk_json *doc = NULL;

                if (msptk_json_parse(out.data, out.len, &doc, NULL) == MSPTK_OK)
                        print_json(c, doc);
                msptk_json_free(doc);
        } else {
                out_text(c, &out);
        }
        msptk_string_free(made);
        text_free(&out);
}

/* A sentence that only says what was being done is no help: what went wrong lies at the bottom. */
static void add_root_cause(text *t, const msptk_error *err)
{
        const msptk_error *root = err;

        while (msptk_error_cause(root))
                root = msptk_error_cause(root);
        if (root == err || strstr(msptk_error_message(err), msptk_error_message(root)))
                return;
        text_add(t, "  because: ");
        add_clean(t, msptk_error_message(root), true);
        text_add(t, "\n");
}

int report_error(cli *c, const msptk_error *err, const msptk_json *row, const char *try_help)
{
        msptk_status st = msptk_error_status(err);
        const char *suggestion = msptk_error_suggestion(err);
        bool usage = st == MSPTK_E_INVALID;
        text out = { 0 };

        add_styled(&out, c->color_err, STYLE_CRITICAL, PROGRAM ":");
        text_add(&out, " ");
        add_message(c, &out, err, row);
        text_add(&out, "\n");
        if (!c->g.verbose)
                add_root_cause(&out, err);
        if (strcmp(msptk_error_domain(err), "cli") != 0 && *suggestion &&
            !is_description(row, suggestion)) {
                text_add(&out, strncmp(suggestion, "did you mean", 12) ? "  try: " : "  ");
                add_as_commands(c, &out, suggestion, true);
                text_add(&out, "\n");
        }
        if (usage && try_help && *try_help)
                text_addf(&out, "  help: %s\n", try_help);
        if (msptk_error_retry_after_ms(err) > 0)
                text_addf(&out, "  try again in %lld s\n",
                          (long long)((msptk_error_retry_after_ms(err) + 999) / 1000));
        if (c->g.verbose)
                add_details(&out, err);
        if (c->g.json)
                print_error_json(c, err);
        out_flush(c);
        note_line(out.data, out.len);
        text_free(&out);
        return usage ? EXIT_USAGE : EXIT_UNABLE;
}
