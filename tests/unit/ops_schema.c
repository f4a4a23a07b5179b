/* The operation table: rows are well formed, and the schemas made from them say what the check of
 * arguments does. */
#include "support.h"

#include <ctype.h>

#include "json_schema.h"
#include "ops/ops.h"

static const char *here(const op_row *row, const op_param *p)
{
        static char text[256];

        snprintf(text, sizeof(text), "%s%s%s", row->act.name, p ? "." : "", p ? p->name : "");
        return text;
}

static size_t all_rows(const op_row *rows[OP_ROWS_MAX])
{
        size_t count;

        msptk__op_rows(rows, &count);
        assert_true(count > 0 && count <= OP_ROWS_MAX);
        return count;
}
#define FOR_EACH_ROW(row) \
        const op_row *rows_[OP_ROWS_MAX]; \
        size_t count_ = all_rows(rows_); \
        for (size_t i_ = 0; i_ < count_; i_++) \
                for (const op_row *row = rows_[i_]; row; row = NULL)
#define FOR_EACH_PARAM(row, p) for (const op_param *p = (row)->params; p && p->name; p++)

#define expect(condition, row, p, what) \
        do { \
                if (!(condition)) \
                        fail_msg("%s: %s", here(row, p), what); \
        } while (0)

static bool is_word(const char *text, const char *more)
{
        if (!text || !islower((unsigned char)*text))
                return false;
        for (; *text; text++)
                if (!islower((unsigned char)*text) && !isdigit((unsigned char)*text) &&
                    !strchr(more, *text))
                        return false;
        return true;
}

static bool one_line(const char *text)
{
        return text && *text && !strchr(text, '\n') && text[strlen(text) - 1] != ' ';
}

static void names_and_commands_are_unique_words(void **state)
{
        (void)state;
        FOR_EACH_ROW(row)
        {
                expect(is_word(row->act.name, "_"), row, NULL, "name is no word");
                expect(row->cli || row->absent, row, NULL, "no command and no reason why");
                expect(!row->cli || is_word(row->cli, " -"), row, NULL, "command is no words");
                expect(msptk__op_row(row->act.name) == row, row, NULL, "the name comes twice");
                for (size_t j = 0; j < i_; j++)
                        expect(!row->cli || !rows_[j]->cli || strcmp(row->cli, rows_[j]->cli), row,
                               NULL, "the command comes twice");
        }
}

static void texts_are_short_and_there(void **state)
{
        (void)state;
        FOR_EACH_ROW(row)
        {
                expect(one_line(row->title), row, NULL, "no title");
                expect(one_line(row->summary), row, NULL, "the summary is not one line");
                expect(strlen(row->summary) <= 100, row, NULL, "the summary is long");
                expect(one_line(row->description), row, NULL, "no description");
                expect(strlen(row->description) / 4 <= 100, row, NULL,
                       "the description has more than 100 tokens");
                expect(row->since && *row->since, row, NULL, "since when?");
                expect(!row->absent || strchr(row->absent, ':'), row, NULL,
                       "a door is absent without a reason");
                FOR_EACH_PARAM(row, p)
                {
                        expect(is_word(p->name, "_"), row, p, "name is no word");
                        expect(one_line(p->about), row, p, "says nothing about itself");
                        for (const op_param *q = row->params; q < p; q++)
                                expect(strcmp(q->name, p->name), row, p, "comes twice");
                }
        }
}

static bool listed(const char *words, const char *word, size_t len)
{
        for (const char *at = words; at && *(at += strspn(at, " ")); at += strcspn(at, " "))
                if (strcspn(at, " ") == len && !strncmp(at, word, len))
                        return true;
        return false;
}

static void values_and_aliases_lead_to_values(void **state)
{
        (void)state;
        FOR_EACH_ROW(row)
        FOR_EACH_PARAM(row, p)
        {
                expect(p->type != PARAM_ENUM || p->values, row, p, "an enum without values");
                expect(!p->values || p->type == PARAM_ENUM || p->type == PARAM_LIST, row, p,
                       "values of a type that has none");
                expect(!p->aliases || p->values, row, p, "aliases without values");
                for (const char *at = p->aliases; at && *(at += strspn(at, " "));) {
                        size_t n = strcspn(at, " "), eq = strcspn(at, "=");

                        expect(eq > 0 && eq < n, row, p, "an alias without '='");
                        expect(listed(p->values, at + eq + 1, n - eq - 1), row, p,
                               "an alias leads nowhere");
                        expect(!listed(p->values, at, eq), row, p, "an alias of a value");
                        at += n;
                }
                expect(p->max >= p->min, row, p, "bounds the wrong way round");
                expect(!(p->flags & OP_REQUIRED) || !p->dflt, row, p, "required, and a default");
        }
}

static void defaults_are_values_that_the_check_accepts(void **state)
{
        (void)state;
        FOR_EACH_ROW(row)
        FOR_EACH_PARAM(row, p)
        {
                AUTO_JSON msptk_json *holder = msptk_json_new_object();
                AUTO_ERROR msptk_error *err = NULL;

                if (!p->dflt)
                        continue;
                msptk_json_set_string(holder, "v", p->dflt);
                if (msptk__op_check_one(row, p->name, msptk_json_get(holder, "v"), &err) < 0)
                        fail_msg("%s: default '%s': %s", here(row, p), p->dflt,
                                 msptk_error_message(err));
        }
}

static const char *const global_flags[] = { "--config", "--json",    "--quiet",      "--verbose",
                                            "--plan",   "--yes",     "--fail-on",    "--no-color",
                                            "--width",  "--timeout", "--plan-token", "--help",
                                            "--version" };

/* "NAME|--name" -> positional and flag, each "" when absent. */
static void read_cli(const op_param *p, char positional[64], char flag[64])
{
        const char *at = p->cli;

        positional[0] = flag[0] = '\0';
        if (!at) {
                snprintf(flag, 64, "--%s", p->name);
                for (char *c = flag + 2; *c; c++)
                        *c = *c == '_' ? '-' : *c;
                return;
        }
        while (*at) {
                size_t n = strcspn(at, "|");

                snprintf(at[0] == '-' ? flag : positional, 64, "%.*s", (int)n, at);
                at += n + (at[n] == '|');
        }
}

static void positions_and_flags_of_the_command_line_are_sane(void **state)
{
        (void)state;
        FOR_EACH_ROW(row)
        {
                bool optional = false, many = false;
                char flags[64][64];
                size_t count = 0;

                FOR_EACH_PARAM(row, p)
                {
                        char positional[64], flag[64];

                        read_cli(p, positional, flag);
                        expect(count < ARRAY_LEN(flags), row, p, "too many parameters");
                        expect(*positional || *flag, row, p, "cannot be given");
                        for (const char *c = positional; *c; c++)
                                expect(isupper((unsigned char)*c) || *c == '_' || *c == '.' ||
                                               *c == '-',
                                       row, p, "a position is not upper case");
                        if (*positional) {
                                expect(!many, row, p, "a position after one that takes the rest");
                                expect(!(p->flags & OP_REQUIRED) || !optional, row, p,
                                       "a required position after an optional one");
                                expect(p->type != PARAM_SECRET, row, p, "a secret in the list");
                                optional = optional || !(p->flags & OP_REQUIRED);
                                many = p->type == PARAM_LIST || p->type == PARAM_ARGV;
                        }
                        if (!*flag || listed(p->hide, "cli", 3))
                                continue;
                        expect(!strncmp(flag, "--", 2) && is_word(flag + 2, "-"), row, p,
                               "a flag is no word");
                        for (size_t i = 0; i < count; i++)
                                expect(strcmp(flags[i], flag), row, p, "the flag comes twice");
                        for (size_t i = 0; i < ARRAY_LEN(global_flags); i++)
                                expect(strcmp(global_flags[i], flag), row, p,
                                       "the flag is one of every command");
                        snprintf(flags[count++], 64, "%s", flag);
                }
        }
}

static void scopes_effects_and_plans_fit_together(void **state)
{
        (void)state;
        FOR_EACH_ROW(row)
        {
                bool named = !row->act.client_param;

                expect(row->act.run, row, NULL, "nothing to run");
                expect(!(row->act.effect != EFFECT_READ && row->act.scope == SCOPE_READ), row, NULL,
                       "changes with the scope of reading");
                expect((row->act.plan == PLAN_NONE) == !row->act.make_plan, row, NULL,
                       "a plan without its function, or the other way round");
                expect(row->act.plan == PLAN_NONE || row->needs == NEED_STORE, row, NULL,
                       "a plan without a store to keep it in");
                FOR_EACH_PARAM(row, p)
                named = named || !strcmp(p->name, row->act.client_param);
                expect(named, row, NULL, "the parameter that names the client does not exist");
                expect((row->kind == RESULT_PAGE) == !!row->rows, row, NULL,
                       "rows without a page, or a page without rows");
                expect(row->schema && !strncmp(row->schema, "msptk.", 6), row, NULL, "no schema");
                expect(row->act.scope != SCOPE_SECRET ||
                               (row->absent && strstr(row->absent, "mcp")),
                       row, NULL, "secrets in the hands of an agent");
                for (const op_error *e = row->errors; e && e->reason; e++)
                        expect(one_line(e->suggestion), row, NULL, "an error without a suggestion");
                for (const op_example *e = row->examples; e && e->cli; e++)
                        expect(row->cli && !strncmp(e->cli, row->cli, strlen(row->cli)) &&
                                       one_line(e->about),
                               row, NULL, "an example of something else");
        }
}

/* Whether `name` stands in the text as `name`. */
static bool names_it(const char *text, const char *name)
{
        char quoted[64];

        snprintf(quoted, sizeof(quoted), "`%s`", name);
        return strstr(text, quoted) != NULL;
}

static void the_docs_name_what_is_filtered_by_clients(void **state)
{
        char *text = calloc(1, 65536), *from, *to;
        FILE *f = fopen(TEST_SOURCE_ROOT "/docs/access.md", "r");

        (void)state;
        assert_non_null(f);
        assert_true(fread(text, 1, 65535, f) > 1000);
        fclose(f);
        from = strstr(text, "* These show or do their part:");
        assert_non_null(from);
        to = strstr(from, "\n* ");
        assert_non_null(to);
        *to = '\0';
        FOR_EACH_ROW(row)
        expect(names_it(from, row->act.name) == (row->act.clients == CLIENTS_FILTERED), row, NULL,
               "docs/access.md and the row say different things of principals with few clients");
        free(text);
}

static msptk_json *input_schema(const op_row *row)
{
        AUTO_ERROR msptk_error *err = NULL;
        msptk_json *schema = NULL;

        if (msptk__op_input_schema(row, &schema, &err) < 0)
                fail_msg("%s: %s", row->act.name, msptk_error_message(err));
        return schema;
}

/* A parameter that names a client takes its name too: its row knows which it is, and its schema
 * lets it pass. Lists are resolved by their operation. */
static void clients_may_be_given_by_name(void **state)
{
        size_t n = 0;

        (void)state;
        FOR_EACH_ROW(row)
        FOR_EACH_PARAM(row, p)
        {
                AUTO_JSON msptk_json *in = NULL;
                const msptk_json *schema;

                if (!p->complete || strcmp(p->complete, "client") || p->type == PARAM_LIST)
                        continue;
                n++;
                expect(row->act.client_param && !strcmp(row->act.client_param, p->name), row, p,
                       "names a client, and is not the row's client_param");
                expect(p->type == PARAM_STRING, row, p, "names a client and is not a text");
                in = input_schema(row);
                schema = msptk_json_get(msptk_json_get(in, "properties"), p->name);
                expect(!msptk_json_get(schema, "pattern"), row, p, "a pattern refuses names");
                expect(msptk_json_int(msptk_json_get(schema, "maxLength"), 0) == 200, row, p,
                       "another length than names may have");
        }
        assert_true(n > 15);
}

static void schemas_keep_to_the_subset(void **state)
{
        char why[200];

        (void)state;
        FOR_EACH_ROW(row)
        {
                AUTO_JSON msptk_json *in = input_schema(row), *out = NULL;
                AUTO_ERROR msptk_error *err = NULL;

                if (!schema_is_subset(in, why, sizeof(why)))
                        fail_msg("%s, input: %s", row->act.name, why);
                if (msptk__op_output_schema(row, &out, &err) < 0)
                        fail_msg("%s: %s", row->act.name, msptk_error_message(err));
                if (!schema_is_subset(out, why, sizeof(why)))
                        fail_msg("%s, result: %s", row->act.name, why);
                expect(msptk_json_get(msptk_json_get(out, "properties"), "schema"), row, NULL,
                       "the result does not name its schema");
                expect(!row->verdict ||
                               msptk_json_get(msptk_json_get(out, "properties"), row->verdict),
                       row, NULL, "the verdict is not in the result");
                expect(!row->rows || msptk_json_get(msptk_json_get(out, "properties"), row->rows),
                       row, NULL, "the rows are not in the result");
        }
}

static void the_table_as_json_has_every_row(void **state)
{
        AUTO_JSON msptk_json *doc = NULL;
        const msptk_json *one;

        (void)state;
        assert_int_equal(msptk_operations(&doc, NULL), MSPTK_OK);
        one = msptk_json_first(msptk_json_get(doc, "operations"));
        FOR_EACH_ROW(row)
        {
                expect(one && !strcmp(msptk_json_string(msptk_json_get(one, "name"), ""),
                                      row->act.name),
                       row, NULL, "not in its place");
                expect(msptk_json_get(one, "input_schema"), row, NULL, "no input schema");
                expect(msptk_json_count(msptk_json_get(one, "doors")) +
                                       msptk_json_count(msptk_json_get(one, "doors_absent")) ==
                               6,
                       row, NULL, "a door is neither there nor absent");
                one = msptk_json_next(one);
        }
        assert_null(one);
        assert_int_equal(msptk_operations(NULL, NULL), MSPTK_E_INVALID);
}

/* ---- seeded random arguments ---- */

static uint64_t dice = 88172645463325252u;

static uint32_t roll(uint32_t sides)
{
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        return (uint32_t)(dice >> 33) % sides;
}

static const char *word_of(const char *words, uint32_t n)
{
        static char out[128];
        const char *at = words;

        for (;; n--) {
                size_t len;

                at += strspn(at, " ");
                if (!*at)
                        at = words;
                len = strcspn(at, " ");
                snprintf(out, sizeof(out), "%.*s", (int)len, at);
                if (!n)
                        return out;
                at += len;
        }
}

/* A text of n characters, some of them of several bytes. */
static const char *text_of(size_t n)
{
        static char out[4 * 2000 + 1];
        char *at = out;

        for (n = n > 2000 ? 2000 : n; n; n--)
                at += snprintf(at, 5, "%s",
                               roll(8) ? word_of("a b c X 0 9 - _ .", roll(9)) : "\xe2\x82\xac");
        *at = '\0';
        return out;
}

static double near_bounds(const op_param *p)
{
        double low = p->max > p->min ? p->min : -5, high = p->max > p->min ? p->max : 5;

        switch (roll(6)) {
        case 0:
                return low;
        case 1:
                return high;
        case 2:
                return low - 1;
        case 3:
                return high + 1;
        default:
                return (double)(int64_t)(low + (high - low) * roll(1000) / 1000.0);
        }
}

/* Values of the type that JSON has for it; mostly right, now and then out of bounds or unknown. */
static void put_native(msptk_json *args, const op_param *p)
{
        msptk_json *list = NULL;
        double n = near_bounds(p);

        switch (p->type) {
        case PARAM_INT:
                msptk_json_set_int(args, p->name, (int64_t)n);
                return;
        case PARAM_NUMBER:
                msptk_json_set_double(args, p->name, roll(2) ? n : n + 0.25);
                return;
        case PARAM_BOOL:
                msptk_json_set_bool(args, p->name, (int32_t)roll(2));
                return;
        case PARAM_ENUM:
                msptk_json_set_string(args, p->name, roll(8) ? word_of(p->values, roll(20)) : "xy");
                return;
        case PARAM_SLUG:
                msptk_json_set_string(args, p->name,
                                      roll(4) ? word_of("acme-corp a 0 a-b-c", roll(4))
                                              : word_of("Acme a--b -a a_b", roll(4)));
                return;
        case PARAM_TIME:
                msptk_json_set_string(args, p->name, word_of("24h yesterday 2026-11-20", roll(3)));
                return;
        case PARAM_DURATION:
        case PARAM_BYTES:
                return; /* their bounds are not in the schema */
        case PARAM_MAP:
                list = msptk_json_new_object();
                for (uint32_t i = roll(3); i; i--)
                        msptk_json_set_int(list, text_of(1 + roll(4)), i);
                msptk_json_set(args, p->name, list);
                return;
        case PARAM_LIST:
        case PARAM_ARGV:
                list = msptk_json_new_array();
                for (uint32_t i = roll(4); i; i--)
                        msptk_json_append_string(list, p->values && roll(8)
                                                               ? word_of(p->values, roll(20))
                                                               : text_of(roll(5)));
                msptk_json_set(args, p->name, list);
                return;
        default:
                n = n < 0 ? 0 : n > 1500 ? 1500 : n;
                msptk_json_set_string(args, p->name, text_of((size_t)n));
        }
}

/* A value of any type at all. */
static void put_any(msptk_json *args, const char *name)
{
        static const char *const values[] = {
                "true", "null",    "-1",        "1e300", "0.5",     "\"\"",          "\"5\"",
                "[]",   "[1]",     "[\"\"]",    "{}",    "\"24h\"", "\"a,b\"",       "{\"a\":[]}",
                "5.0",  "\"yes\"", "[\"cpu\"]", "1",     "\"ok\"",  "\"acme-corp\"", "1000000",
        };
        msptk_json *v = NULL;
        const char *text = values[roll(ARRAY_LEN(values))];

        assert_int_equal(msptk_json_parse(text, strlen(text), &v, NULL), MSPTK_OK);
        msptk_json_set(args, name, v);
}

static bool check_accepts(const op_row *row, const msptk_json *args, msptk_error **ret_err)
{
        act_row bare = msptk__op_act(row);
        AUTO_JSON msptk_json *full = NULL, *shown = NULL;

        return msptk__op_check(&bare, NULL, args, &full, &shown, ret_err) == MSPTK_OK;
}

static void disagree(const op_row *row, const msptk_json *args, const char *how)
{
        char *text = NULL;

        msptk_json_print(args, 0, &text, NULL);
        fail_msg("%s %s: %s", row->act.name, text, how);
}

static bool excluded(const op_row *row, const msptk_json *args)
{
        FOR_EACH_PARAM(row, p)
        for (const op_param *q = row->params; q < p; q++)
                if (p->exclusive && q->exclusive && !strcmp(p->exclusive, q->exclusive) &&
                    msptk_json_get(args, p->name) && msptk_json_get(args, q->name))
                        return true;
        return false;
}

static void what_is_of_the_right_type_is_accepted_by_both_or_by_neither(void **state)
{
        size_t accepted = 0, refused = 0;
        char why[200];

        (void)state;
        FOR_EACH_ROW(row)
        {
                AUTO_JSON msptk_json *schema = input_schema(row);

                for (int round = 0; round < 300; round++) {
                        AUTO_JSON msptk_json *args = msptk_json_new_object();
                        AUTO_ERROR msptk_error *err = NULL;
                        bool by_schema, by_check;

                        FOR_EACH_PARAM(row, p)
                        if (roll(3) || (p->flags & OP_REQUIRED && roll(8)))
                                put_native(args, p);
                        if (!roll(16))
                                msptk_json_set_int(args, "no_such", 1);
                        if (excluded(row, args))
                                continue;
                        by_schema = schema_accepts(schema, args, why, sizeof(why));
                        by_check = check_accepts(row, args, &err);
                        if (by_schema != by_check)
                                disagree(row, args, by_schema ? msptk_error_message(err) : why);
                        accepted += by_check;
                        refused += !by_check;
                }
        }
        /* Otherwise this test would say little. */
        assert_true(accepted > 500 && refused > 500);
}

static void what_the_schema_accepts_the_check_accepts(void **state)
{
        size_t accepted = 0;
        char why[200];

        (void)state;
        FOR_EACH_ROW(row)
        {
                AUTO_JSON msptk_json *schema = input_schema(row);

                for (int round = 0; round < 300; round++) {
                        AUTO_JSON msptk_json *args = msptk_json_new_object();
                        AUTO_ERROR msptk_error *err = NULL;

                        FOR_EACH_PARAM(row, p)
                        {
                                bool measured = p->type == PARAM_TIME ||
                                                p->type == PARAM_DURATION || p->type == PARAM_BYTES;

                                if (!measured && roll(3) == 0)
                                        put_any(args, p->name);
                                else if (roll(2) || p->flags & OP_REQUIRED)
                                        put_native(args, p);
                        }
                        if (excluded(row, args) || !schema_accepts(schema, args, why, sizeof(why)))
                                continue;
                        accepted++;
                        if (!check_accepts(row, args, &err))
                                disagree(row, args, msptk_error_message(err));
                }
        }
        assert_true(accepted > 100);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_and_commands_are_unique_words),
                cmocka_unit_test(texts_are_short_and_there),
                cmocka_unit_test(values_and_aliases_lead_to_values),
                cmocka_unit_test(defaults_are_values_that_the_check_accepts),
                cmocka_unit_test(positions_and_flags_of_the_command_line_are_sane),
                cmocka_unit_test(scopes_effects_and_plans_fit_together),
                cmocka_unit_test(clients_may_be_given_by_name),
                cmocka_unit_test(the_docs_name_what_is_filtered_by_clients),
                cmocka_unit_test(schemas_keep_to_the_subset),
                cmocka_unit_test(the_table_as_json_has_every_row),
                cmocka_unit_test(what_is_of_the_right_type_is_accepted_by_both_or_by_neither),
                cmocka_unit_test(what_the_schema_accepts_the_check_accepts),
        };
        const char *seed = getenv("MSPTK_SEED");

        if (seed)
                dice ^= strtoull(seed, NULL, 10) * 0x9e3779b97f4a7c15u | 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
