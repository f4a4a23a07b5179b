/* The command line: global flags, the command, and what its row takes. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const global_flag flags[] = {
        { "--config", "-c", "FILE", "the configuration file, instead of looking for one", NULL },
        { "--json", NULL, NULL, "print the operation's own result as JSON", NULL },
        { "--quiet", "-q", NULL,
          "print only what was asked for: no notes, no table heads, no progress", NULL },
        { "--verbose", "-v", NULL, "say what is done, and all causes of an error (-vv: more)",
          NULL },
        { "--plan", NULL, NULL, "show what would change, and change nothing", NULL },
        { "--plan-token", NULL, "TOKEN", "do exactly what an earlier --plan showed", NULL },
        { "--yes", "-y", NULL, "do not ask before what cannot be undone", NULL },
        { "--timeout", NULL, "TIME", "give up after this long (30s, 5m)", NULL },
        { "--fail-on", NULL, "LEVELS",
          "which findings exit with 1: warning (or worse), critical, unknown, never; several with "
          "commas. Without it: all of them",
          "warning critical unknown never" },
        { "--no-color", NULL, NULL, "no colours, as with NO_COLOR", NULL },
        { "--width", NULL, "COLUMNS", "how wide tables may be", NULL },
        { "--help", "-h", NULL, "this help, or that of a command", NULL },
        { "--version", NULL, NULL, "versions of the program and of the library", NULL },
};

const global_flag *global_flags(size_t *ret_count)
{
        *ret_count = sizeof(flags) / sizeof(flags[0]);
        return flags;
}

msptk_status usage_error(msptk_error **ret_err, const char *fmt, ...)
{
        char message[1024];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(message, sizeof(message), fmt, ap);
        va_end(ap);
        return msptk_error_set(ret_err, MSPTK_E_INVALID, "cli", message);
}

/* What is being read. */
typedef struct reader {
        cli *c;
        int argc, at;
        char **argv;
        invocation *inv;
        const char *words[2]; /* of the command */
        size_t word_count;
        const char **loose; /* positional arguments */
        size_t loose_count;
        msptk_error **ret_err;
} reader;

/* "30s", "5m", "500ms", "2h"; a bare number is seconds. */
static bool read_duration(const char *s, int64_t *ret_ms)
{
        static const struct {
                const char *unit;
                double ms;
        } units[] = { { "ms", 1 }, { "s", 1000 }, { "", 1000 }, { "m", 60000 }, { "h", 3600000 } };
        char *end;
        double number;

        if (*s < '0' || *s > '9')
                return false;
        number = strtod(s, &end);
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
                if (!strcmp(end, units[i].unit) && number * units[i].ms >= 1 &&
                    number * units[i].ms < 1e12) {
                        *ret_ms = (int64_t)(number * units[i].ms);
                        return true;
                }
        return false;
}

static bool read_levels(const char *s, unsigned *ret)
{
        static const struct {
                const char *word;
                unsigned levels;
        } known[] = { { "warning", FAIL_WARNING | FAIL_CRITICAL },
                      { "critical", FAIL_CRITICAL },
                      { "unknown", FAIL_UNKNOWN },
                      { "never", 0 },
                      { "all", FAIL_ALL } };
        unsigned levels = 0;

        do {
                size_t n = strcspn(s, ","), i;

                for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                        if (strlen(known[i].word) == n && !strncmp(known[i].word, s, n))
                                break;
                if (i == sizeof(known) / sizeof(known[0]))
                        return false;
                levels |= known[i].levels;
                s += n;
        } while (*s++ == ',');
        *ret = levels;
        return true;
}

static msptk_status set_global(reader *r, const char *flag, const char *value)
{
        globals *g = &r->c->g;
        char *end;

        if (!strcmp(flag, "--config"))
                g->config = value;
        else if (!strcmp(flag, "--plan-token"))
                g->plan_token = value;
        else if (!strcmp(flag, "--timeout") && !read_duration(value, &g->timeout_ms))
                return usage_error(r->ret_err, "--timeout is '%.64s'; write it as 30s or 5m",
                                   value);
        else if (!strcmp(flag, "--fail-on") && !read_levels(value, &g->fail_on))
                return usage_error(r->ret_err,
                                   "--fail-on is '%.64s'; it takes warning, critical, unknown, "
                                   "never, or several with commas",
                                   value);
        else if (!strcmp(flag, "--width")) {
                unsigned long n = strtoul(value, &end, 10);

                if (*end || end == value || n < 20 || n > 10000)
                        return usage_error(r->ret_err,
                                           "--width is '%.64s'; it must be from 20 to 10000",
                                           value);
                g->width = n;
        }
        return MSPTK_OK;
}

static void set_switch(globals *g, const char *flag)
{
        if (!strcmp(flag, "--json"))
                g->json = true;
        else if (!strcmp(flag, "--quiet"))
                g->quiet = true;
        else if (!strcmp(flag, "--verbose"))
                g->verbose++;
        else if (!strcmp(flag, "--plan"))
                g->plan = true;
        else if (!strcmp(flag, "--yes"))
                g->yes = true;
        else if (!strcmp(flag, "--no-color"))
                g->no_color = true;
        else if (!strcmp(flag, "--help"))
                g->help = true;
        else if (!strcmp(flag, "--version"))
                g->version = true;
}

static const global_flag *find_global(const char *word, size_t len)
{
        for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
                if ((strlen(flags[i].flag) == len && !strncmp(flags[i].flag, word, len)) ||
                    (flags[i].letter && len == 2 && !strncmp(flags[i].letter, word, 2)))
                        return &flags[i];
        return NULL;
}

/* The value after '=', or the next word. */
static msptk_status take_value(reader *r, const char *flag, const char *attached,
                               const char **ret_value)
{
        const char *next = r->at + 1 < r->argc ? r->argv[r->at + 1] : NULL;

        if (attached) {
                *ret_value = attached;
                return MSPTK_OK;
        }
        if (!next)
                return usage_error(r->ret_err, "%s needs a value", flag);
        if (next[0] == '-' && next[1] == '-' && next[2])
                return usage_error(r->ret_err,
                                   "%s needs a value; write %s=%.64s if that is what you mean",
                                   flag, flag, next);
        r->at++;
        *ret_value = next;
        return MSPTK_OK;
}

static msptk_status store_value(reader *r, const msptk_json *param, const char *flag,
                                const char *value)
{
        msptk_json *values = r->inv->values;
        const char *name = op_text(param, "name");
        const msptk_json *before = msptk_json_get(values, name);
        bool joins = param_is(param, "list") || param_is(param, "map");
        msptk_json *parsed = NULL;
        msptk_status st;

        if (before && !joins)
                return usage_error(r->ret_err, "%s is given twice", flag);
        if (joins && (value[0] == '[' || value[0] == '{') && !before &&
            msptk_json_parse(value, strlen(value), &parsed, NULL) == MSPTK_OK) {
                st = msptk_json_set(values, name, parsed);
        } else if (before) {
                text all = { 0 };

                text_addf(&all, "%s,%s", msptk_json_string(before, ""), value);
                st = msptk_json_set_string(values, name, all.data);
                text_free(&all);
        } else {
                st = msptk_json_set_string(values, name, value);
        }
        if (st == MSPTK_E_INVALID)
                return usage_error(r->ret_err, "the value of %s is not valid UTF-8", flag);
        if (st < 0)
                need(NULL);
        return MSPTK_OK;
}

static msptk_status set_bool(reader *r, const msptk_json *param, const char *flag,
                             const char *value, bool negated)
{
        const char *name = op_text(param, "name");
        bool yes = !value || !strcmp(value, "true") || !strcmp(value, "yes");

        if (!yes && strcmp(value, "false") != 0 && strcmp(value, "no") != 0)
                return usage_error(r->ret_err, "%s is '%.64s'; it is true or false", flag, value);
        if (msptk_json_get(r->inv->values, name))
                return usage_error(r->ret_err, "%s is given twice", flag);
        if (msptk_json_set_bool(r->inv->values, name, yes != negated) < 0)
                need(NULL);
        return MSPTK_OK;
}

/* "--client" for "client_id", where nothing else is called so. */
static const msptk_json *find_short(const msptk_json *row, const char *flag)
{
        char whole[96];

        if (strlen(flag) > 90)
                return NULL;
        snprintf(whole, sizeof(whole), "%s-id", flag);
        for (const msptk_json *p = op_param_first(row); p; p = msptk_json_next(p))
                if (!param_hidden(p) && param_answers(p, whole))
                        return p;
        return NULL;
}

/* The parameter that a flag sets; `--no-all` negates `--all`. */
static const msptk_json *find_param(const msptk_json *row, const char *flag, bool *ret_negated)
{
        for (const msptk_json *p = op_param_first(row); p; p = msptk_json_next(p)) {
                char positive[96];

                if (param_hidden(p))
                        continue;
                if (param_answers(p, flag))
                        return p;
                if (!param_is(p, "bool") || strncmp(flag, "--no-", 5) != 0 || strlen(flag) > 90)
                        continue;
                snprintf(positive, sizeof(positive), "--%s", flag + 5);
                *ret_negated = param_answers(p, positive);
                if (*ret_negated)
                        return p;
        }
        return find_short(row, flag);
}

static msptk_status unknown_flag(reader *r, const char *flag)
{
        const char *words[128], *near;
        char own[96][96];
        size_t n = 0;

        for (const msptk_json *p = op_param_first(r->inv->row); p && n < 96;
             p = msptk_json_next(p)) {
                if (param_hidden(p) ||
                    (param_is(p, "secret") && msptk_json_bool(msptk_json_get(p, "required"), 0)))
                        continue;
                param_flag(p, own[n]);
                words[n] = own[n];
                n++;
        }
        for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && n < 128; i++)
                words[n++] = flags[i].flag;
        near = nearest_word(flag, words, n);
        if (near)
                return usage_error(r->ret_err, "unknown flag '%.64s'; did you mean '%s'?", flag,
                                   near);
        return usage_error(r->ret_err, "unknown flag '%.64s'", flag);
}

static msptk_status param_given(reader *r, const msptk_json *param, const char *flag,
                                const char *attached, bool negated)
{
        const char *value;
        msptk_status st;

        if (param_is(param, "secret")) {
                if (attached)
                        return usage_error(r->ret_err,
                                           "a secret is never given on the command line: %s is "
                                           "asked for, or read from standard input",
                                           flag);
                r->inv->ask_secret = true;
                return MSPTK_OK;
        }
        if (param_is(param, "bool"))
                return set_bool(r, param, flag, attached, negated);
        st = take_value(r, flag, attached, &value);
        return st < 0 ? st : store_value(r, param, flag, value);
}

static msptk_status read_flag(reader *r, const char *word)
{
        const char *eq = word[1] == '-' ? strchr(word, '=') : NULL;
        size_t len = eq ? (size_t)(eq - word) : strlen(word);
        char *flag = copy_part(word, len);
        const global_flag *g = find_global(word, len);
        const msptk_json *param;
        bool negated = false;
        const char *value;
        size_t used;
        msptk_status st;

        /* "mcp --http": a command that has others below it. */
        if (!r->inv->row && r->word_count == 1 && !g)
                r->inv->row = op_of_words(r->c, r->words[0], NULL, &used);
        param = r->inv->row ? find_param(r->inv->row, flag, &negated) : NULL;
        if (param) {
                st = param_given(r, param, flag, eq ? eq + 1 : NULL, negated);
        } else if (g && g->value) {
                st = take_value(r, g->flag, eq ? eq + 1 : NULL, &value);
                if (st == MSPTK_OK)
                        st = set_global(r, g->flag, value);
        } else if (g && eq) {
                st = usage_error(r->ret_err, "%s takes no value", g->flag);
        } else if (g) {
                set_switch(&r->c->g, g->flag);
                st = MSPTK_OK;
        } else if (!strcmp(flag, "-vv")) {
                r->c->g.verbose += 2;
                st = MSPTK_OK;
        } else {
                st = unknown_flag(r, flag);
        }
        free(flag);
        return st;
}

static msptk_status unknown_command(reader *r, const char *first, const char *second)
{
        const char *near = command_suggestion(r->c, first, second);

        if (second)
                return usage_error(r->ret_err,
                                   near ? "'%.64s' has no command '%.64s'; did you mean '%s %s'?"
                                        : "'%.64s' has no command '%.64s'",
                                   first, second, first, near);
        return usage_error(r->ret_err,
                           near ? "unknown command '%.64s'; did you mean '%s'?"
                                : "unknown command '%.64s'",
                           first, near);
}

/* A word of the command; the row is known as soon as nothing longer could be meant. */
static msptk_status read_word(reader *r, const char *word, bool *ret_was_command)
{
        size_t used = 0;

        *ret_was_command = true;
        if (r->word_count == 0 && !strcmp(word, "help")) {
                r->c->g.help = true;
                return MSPTK_OK;
        }
        if (r->word_count == 0) {
                r->words[r->word_count++] = word;
                if (noun_exists(r->c, word))
                        return MSPTK_OK;
                r->inv->row = op_of_words(r->c, word, NULL, &used);
                return r->inv->row ? MSPTK_OK : unknown_command(r, word, NULL);
        }
        r->inv->row = op_of_words(r->c, r->words[0], word, &used);
        if (!r->inv->row)
                return unknown_command(r, r->words[0], word);
        *ret_was_command = used == 2;
        if (used == 2)
                r->words[r->word_count++] = word;
        return MSPTK_OK;
}

static msptk_status bind_rest(reader *r, const msptk_json *param, size_t from)
{
        msptk_json *list = need(msptk_json_new_array());

        for (size_t i = from; i < r->loose_count; i++)
                if (msptk_json_append_string(list, r->loose[i]) < 0) {
                        msptk_json_free(list);
                        return usage_error(r->ret_err, "'%.64s' is not valid UTF-8", r->loose[i]);
                }
        if (msptk_json_set(r->inv->values, op_text(param, "name"), list) < 0)
                need(NULL);
        return MSPTK_OK;
}

/* Positional arguments, in the order of the row; what a flag has set is passed over. */
static msptk_status bind_positional(reader *r)
{
        size_t next = 0;

        for (const msptk_json *p = op_param_first(r->inv->row); p && next < r->loose_count;
             p = msptk_json_next(p)) {
                char word[64];
                msptk_status st;

                param_positional(p, word);
                if (!*word || param_hidden(p) || msptk_json_get(r->inv->values, op_text(p, "name")))
                        continue;
                if (param_is(p, "argv") || param_is(p, "list"))
                        return bind_rest(r, p, next);
                st = store_value(r, p, word, r->loose[next++]);
                if (st < 0)
                        return st;
        }
        if (next < r->loose_count)
                return usage_error(r->ret_err, "unexpected argument '%.64s'", r->loose[next]);
        return MSPTK_OK;
}

static msptk_status read_all(reader *r)
{
        bool only_words = false;
        msptk_status st;

        for (r->at = 0; r->at < r->argc; r->at++) {
                const char *word = r->argv[r->at];
                bool was_command = false;

                if (!only_words && !strcmp(word, "--")) {
                        only_words = true;
                        continue;
                }
                if (!only_words && word[0] == '-' && word[1]) {
                        st = read_flag(r, word);
                        if (st < 0)
                                return st;
                        continue;
                }
                if (!r->inv->row) {
                        st = read_word(r, word, &was_command);
                        if (st < 0)
                                return st;
                }
                if (!was_command)
                        r->loose[r->loose_count++] = word;
        }
        return MSPTK_OK;
}

msptk_status parse_command_line(cli *c, int argc, char **argv, invocation *ret, text *try_help,
                                msptk_error **ret_err)
{
        reader r = { .c = c, .argc = argc, .argv = argv, .inv = ret, .ret_err = ret_err };
        size_t used;
        msptk_status st;

        c->g.fail_on = FAIL_ALL;
        /* Also what is wrong before it shall be told as JSON. */
        for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
                c->g.json = c->g.json || !strcmp(argv[i], "--json");
        ret->values = need(msptk_json_new_object());
        r.loose = need(calloc((size_t)argc + 1, sizeof(*r.loose)));
        st = read_all(&r);
        if (!ret->row && r.word_count == 1) {
                ret->row = op_of_words(c, r.words[0], NULL, &used);
                ret->noun = ret->row || !noun_exists(c, r.words[0]) ? NULL : r.words[0];
        }
        if (st == MSPTK_OK && ret->row && !c->g.help)
                st = bind_positional(&r);
        if (ret->row)
                text_addf(try_help, "%s %s --help", PROGRAM, op_text(ret->row, "cli"));
        else if (ret->noun)
                text_addf(try_help, "%s %s --help", PROGRAM, ret->noun);
        else
                text_add(try_help, PROGRAM " --help");
        free(r.loose);
        return st;
}

msptk_status check_required(const invocation *inv, msptk_error **ret_err)
{
        for (const msptk_json *p = op_param_first(inv->row); p; p = msptk_json_next(p)) {
                char word[64], flag[96];

                if (!msptk_json_bool(msptk_json_get(p, "required"), 0) || param_is(p, "secret") ||
                    msptk_json_get(inv->values, op_text(p, "name")))
                        continue;
                param_positional(p, word);
                param_flag(p, flag);
                return usage_error(ret_err, "'%s' needs %s: %s", op_text(inv->row, "cli"),
                                   *word ? word : flag, op_text(p, "description"));
        }
        return MSPTK_OK;
}
