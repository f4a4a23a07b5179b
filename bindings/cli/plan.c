/* Plans: what would change, like a diff; and the question before something is taken away. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

bool must_confirm(const msptk_json *row)
{
        return !strcmp(op_text(row, "effect"), "destructive") ||
               !strcmp(op_text(row, "plan"), "required");
}

static const struct {
        const char *action, *sign;
        int style;
} signs[] = {
        { "create", "+", STYLE_GOOD },     { "new", "+", STYLE_GOOD },
        { "add", "+", STYLE_GOOD },        { "update", "~", STYLE_WARNING },
        { "change", "~", STYLE_WARNING },  { "delete", "-", STYLE_CRITICAL },
        { "remove", "-", STYLE_CRITICAL }, { "match", "=", STYLE_DIM },
        { "keep", "=", STYLE_DIM },        { "conflict", "!", STYLE_CRITICAL },
};

static size_t sign_of(const char *action)
{
        const size_t count = sizeof(signs) / sizeof(signs[0]);

        for (size_t i = 0; i < count; i++)
                if (!strcmp(signs[i].action, action))
                        return i;
        return count;
}

static bool is_noise(const char *key)
{
        static const char *const keys[] = { "schema", "revision", "created_at", "updated_at" };

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                if (!strcmp(key, keys[i]))
                        return true;
        return false;
}

static bool is_empty(const msptk_json *v)
{
        return msptk_json_type(v) <= MSPTK_JSON_NULL ||
               (msptk_json_type(v) >= MSPTK_JSON_ARRAY && !msptk_json_first(v)) ||
               (msptk_json_type(v) == MSPTK_JSON_STRING && !*msptk_json_string(v, ""));
}

static char *shown(const cli *c, const msptk_json *v, const char *key)
{
        text t = { 0 };

        add_value(c, &t, v, guess_kind(key, v), true);
        return t.data ? t.data : copy_text("");
}

static void add_field(const cli *c, text *t, const char *sign, int style, const char *key,
                      const char *value)
{
        text line = { 0 };

        text_addf(&line, "    %s ", sign);
        add_clean(&line, key, true);
        text_addf(&line, ": %s", value);
        add_styled(t, c->color_out, style, line.data);
        text_add(t, "\n");
        text_free(&line);
}

/* Fields that one side lacks, or that differ. */
static void add_fields(const cli *c, text *t, const msptk_json *before, const msptk_json *after)
{
        for (const msptk_json *v = msptk_json_first(before); v && after; v = msptk_json_next(v)) {
                const char *key = msptk_json_key(v);
                const msptk_json *now = msptk_json_get(after, key);
                char *old = shown(c, v, key), *new = shown(c, now, key);

                if (!is_noise(key) && strcmp(old, new) != 0) {
                        text change = { 0 };

                        text_addf(&change, "%s %s %s", old, c->utf8 ? "\xe2\x86\x92" : "->", new);
                        add_field(c, t, "~", STYLE_WARNING, key, change.data);
                        text_free(&change);
                }
                free(old);
                free(new);
        }
        for (const msptk_json *v = msptk_json_first(after); v; v = msptk_json_next(v)) {
                const char *key = msptk_json_key(v);
                char *new = shown(c, v, key);

                if (!is_noise(key) && !is_empty(v) && !msptk_json_get(before, key))
                        add_field(c, t, "+", STYLE_GOOD, key, new);
                free(new);
        }
}

/* What a change says beside the fields that every change has. */
static void add_remarks(const cli *c, text *t, const msptk_json *change)
{
        static const char *const known[] = { "action", "what", "id", "name", "before", "after" };

        for (const msptk_json *v = msptk_json_first(change); v; v = msptk_json_next(v)) {
                const char *key = msptk_json_key(v);
                bool skip = is_empty(v);
                char *value;

                for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                        skip = skip || !strcmp(key, known[i]);
                if (skip)
                        continue;
                value = shown(c, v, key);
                add_field(c, t, " ", STYLE_PLAIN, key, value);
                free(value);
        }
}

static void add_change(const cli *c, text *t, const msptk_json *change)
{
        const msptk_json *before = msptk_json_get(change, "before");
        const msptk_json *after = msptk_json_get(change, "after");
        const char *action = op_text(change, "action"), *name = op_text(change, "name");
        size_t sign = sign_of(action);
        bool known = sign < sizeof(signs) / sizeof(signs[0]);
        text line = { 0 };

        if (!*name)
                name = op_text(after ? after : before, "name");
        text_addf(&line, "%s ", known ? signs[sign].sign : "*");
        add_clean(&line, action, true);
        text_add(&line, " ");
        add_clean(&line, op_text(change, "what"), true);
        text_add(&line, " ");
        add_clean(&line, op_text(change, "id"), true);
        if (*name) {
                text_add(&line, " (");
                add_clean(&line, name, true);
                text_add(&line, ")");
        }
        add_styled(t, c->color_out, known ? signs[sign].style : STYLE_BOLD, line.data);
        text_add(t, "\n");
        add_fields(c, t, before, after);
        add_remarks(c, t, change);
        text_free(&line);
}

/* A word of the command as a shell would have to read it. */
static void add_quoted(text *t, const char *word)
{
        if (*word && !word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                        "0123456789_-./:@=,+%")]) {
                text_add(t, word);
                return;
        }
        text_add(t, "'");
        for (; *word; word++) {
                if (*word == '\'')
                        text_add(t, "'\\''");
                else
                        text_addn(t, word, 1);
        }
        text_add(t, "'");
}

static void add_token(cli *c, text *t, const msptk_json *plan, int argc, char **argv)
{
        int64_t until;
        const char *token = op_text(plan, "plan_token");
        text command = { 0 };

        if (!*token || !argv)
                return;
        text_add(t, "\nNothing has been changed. To do exactly this");
        if (time_parse(op_text(plan, "plan_expires_at"), &until) && until > c->now)
                text_addf(t, " within %lld minutes", (long long)((until - c->now) / 60000000));
        text_add(t, ":\n  " PROGRAM);
        for (int i = 0; i < argc; i++) {
                if (!strcmp(argv[i], "--plan"))
                        continue;
                text_add(&command, " ");
                add_quoted(&command, argv[i]);
        }
        add_clean(t, text_str(&command), true);
        text_addf(t, " --plan-token %s\n", token);
        text_free(&command);
}

void print_plan(cli *c, const msptk_json *row, const msptk_json *plan, int argc, char **argv)
{
        const msptk_json *changes = msptk_json_get(plan, "changes");
        text out = { 0 };

        (void)row;
        for (const msptk_json *i = msptk_json_first(changes); i; i = msptk_json_next(i)) {
                add_change(c, &out, i);
                if (out.len > 65536)
                        out_text(c, &out);
        }
        if (!msptk_json_first(changes))
                text_add(&out, "nothing to change\n");
        for (const msptk_json *v = msptk_json_first(plan); v; v = msptk_json_next(v)) {
                const char *key = msptk_json_key(v);
                char *value;

                if (v == changes || is_noise(key) || !strncmp(key, "plan_", 5) || is_empty(v))
                        continue;
                value = shown(c, v, key);
                text_add(&out, "  ");
                add_label(&out, key);
                text_addf(&out, ": %s\n", value);
                free(value);
        }
        add_token(c, &out, plan, argc, argv);
        out_text(c, &out);
        text_free(&out);
}
