/* The check of arguments: every type, bounds, aliases, groups, defaults, secrets, near names. */
#include "support.h"

#include <math.h>

#include "ops/ops.h"

static const op_param all_params[] = {
        { .name = "text", .type = PARAM_STRING, .about = "a text", .min = 2, .max = 5 },
        { .name = "free_text", .type = PARAM_STRING, .about = "any text" },
        { .name = "slug", .type = PARAM_SLUG, .about = "an id" },
        { .name = "whole", .type = PARAM_INT, .about = "a number", .min = -3, .max = 9 },
        { .name = "any_whole", .type = PARAM_INT, .about = "any number" },
        { .name = "real",
          .type = PARAM_NUMBER,
          .about = "a share",
          .unit = "percent",
          .min = 0.5,
          .max = 100 },
        { .name = "flag", .type = PARAM_BOOL, .about = "yes or no" },
        { .name = "word",
          .type = PARAM_ENUM,
          .about = "a word",
          .values = "cpu memory disk",
          .aliases = "disk-space=disk ram=memory" },
        { .name = "when", .type = PARAM_TIME, .about = "a time" },
        { .name = "wait", .type = PARAM_DURATION, .about = "how long", .min = 1000, .max = 60000 },
        { .name = "size", .type = PARAM_BYTES, .about = "how much" },
        { .name = "password", .type = PARAM_SECRET, .about = "a secret", .min = 4, .max = 64 },
        { .name = "note", .type = PARAM_INT, .flags = OP_PRIVATE, .about = "not for the trail" },
        { .name = "file", .type = PARAM_FILE_IN, .about = "a file" },
        { .name = "out", .type = PARAM_FILE_OUT, .about = "a file" },
        { .name = "command", .type = PARAM_ARGV, .about = "a command", .min = 1, .max = 3 },
        { .name = "words",
          .type = PARAM_LIST,
          .about = "words",
          .values = "cpu memory disk",
          .aliases = "disk-space=disk" },
        { .name = "items", .type = PARAM_LIST, .about = "items", .min = 1, .max = 3 },
        { .name = "map", .type = PARAM_MAP, .about = "a map" },
        { .name = "one", .type = PARAM_BOOL, .about = "a", .exclusive = "group" },
        { .name = "other", .type = PARAM_BOOL, .about = "b", .exclusive = "group" },
        { 0 },
};
static const op_row all_row = { .act = { .name = "test_all" }, .params = all_params };

static int64_t noon(void *user)
{
        (void)user;
        return INT64_C(1795000000000000);
}

static ctx clocked = { .clock = noon };

static msptk_json *parse(const char *text)
{
        msptk_json *doc = NULL;
        msptk_error *err = NULL;

        if (msptk_json_parse(text, strlen(text), &doc, &err) < 0)
                fail_msg("%s: %s", text, msptk_error_message(err));
        return doc;
}

/* The complete arguments as text, or the error's message with its reason before it. */
static char *checked(const op_row *row, const char *args)
{
        act_row bare = msptk__op_act(row);
        AUTO_JSON msptk_json *given = parse(args), *full = NULL, *shown = NULL;
        AUTO_ERROR msptk_error *err = NULL;
        char *text = NULL;

        if (msptk__op_check(&bare, &clocked, given, &full, &shown, &err) < 0) {
                size_t cap = strlen(msptk_error_message(err)) + 64;

                assert_null(full);
                assert_null(shown);
                text = malloc(cap);
                snprintf(text, cap, "%s: %s", msptk_error_reason(err), msptk_error_message(err));
                return text;
        }
        assert_int_equal(msptk_json_print(full, 0, &text, NULL), MSPTK_OK);
        return text;
}

typedef struct row_of_truth {
        const char *given;
        const char *expected; /* the whole JSON, or a part of the error */
} row_of_truth;

static void assert_truth(const row_of_truth *rows, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                char *got = checked(&all_row, rows[i].given);
                bool same = rows[i].expected[0] == '{'
                                    ? !strcmp(got, rows[i].expected)
                                    : got[0] != '{' && strstr(got, rows[i].expected) != NULL;

                if (!same)
                        fail_msg("%s gave %s, expected %s", rows[i].given, got, rows[i].expected);
                free(got);
        }
}
#define TRUTH(...) \
        do { \
                static const row_of_truth rows[] = { __VA_ARGS__ }; \
                assert_truth(rows, ARRAY_LEN(rows)); \
        } while (0)

static void texts_are_bounded_in_characters_and_have_no_controls(void **state)
{
        (void)state;
        TRUTH({ "{\"text\":\"ab\"}", "{\"text\":\"ab\"}" },
              { "{\"text\":\"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\"}",
                "{\"text\":\"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\"}" },
              { "{\"text\":\"abcdef\"}", "INVALID_PARAMETERS: parameter 'text' of 'test_all' "
                                         "must have from 2 to 5 characters" },
              { "{\"text\":\"a\"}", "from 2 to 5" }, { "{\"text\":\"\"}", "is empty" },
              { "{\"text\":12}", "{\"text\":\"12\"}" }, { "{\"text\":true}", "must be text" },
              { "{\"text\":[\"ab\"]}", "must be text" }, { "{\"text\":{}}", "must be text" },
              { "{\"text\":null}", "{}" }, { "{\"free_text\":\"\"}", "{\"free_text\":\"\"}" },
              { "{\"free_text\":\"a\\nb\\tc\"}", "{\"free_text\":\"a\\nb\\tc\"}" },
              { "{\"free_text\":\"a\\u001b[31m\"}", "control character at byte 2" });
}

static void a_text_longer_than_any_may_be_is_refused(void **state)
{
        size_t len = OP_TEXT_MAX + 1;
        char *args = malloc(len + 64), *got;

        (void)state;
        memcpy(args, "{\"free_text\":\"", 14);
        memset(args + 14, 'x', len);
        memcpy(args + 14 + len, "\"}", 3);
        got = checked(&all_row, args);
        assert_non_null(strstr(got, "is longer than 65536 characters"));
        free(got);
        len = (size_t)snprintf(args, 32, "{\"items\":[\"");
        memset(args + len, 'x', OP_TEXT_MAX + 1);
        memcpy(args + len + OP_TEXT_MAX + 1, "\"]}", 4);
        got = checked(&all_row, args);
        assert_non_null(strstr(got, "is longer than 65536 characters"));
        free(got);
        free(args);
}

static void ids_are_slugs(void **state)
{
        (void)state;
        TRUTH({ "{\"slug\":\"acme-corp\"}", "{\"slug\":\"acme-corp\"}" },
              { "{\"slug\":\"Acme Corp\"}", "is 'Acme Corp'; an id has small letters" },
              { "{\"slug\":\"-a\"}", "an id has" }, { "{\"slug\":\"a--b\"}", "an id has" },
              { "{\"slug\":\"\"}", "an id has" }, { "{\"slug\":7}", "{\"slug\":\"7\"}" },
              { "{\"slug\":\"a\\u0007b\"}", "is 'a\\x07b'" });
}

static void whole_numbers_keep_within_their_bounds(void **state)
{
        (void)state;
        TRUTH({ "{\"whole\":-3}", "{\"whole\":-3}" }, { "{\"whole\":9}", "{\"whole\":9}" },
              { "{\"whole\":\"5\"}", "{\"whole\":5}" }, { "{\"whole\":5.0}", "{\"whole\":5}" },
              { "{\"whole\":10}", "must be from -3 to 9" }, { "{\"whole\":-4}", "from -3 to 9" },
              { "{\"whole\":1.5}", "must be a whole number" },
              { "{\"whole\":\"1.5\"}", "is '1.5', not a whole number" },
              { "{\"whole\":\"\"}", "is '', not a whole number" },
              { "{\"whole\":true}", "must be a whole number" },
              { "{\"any_whole\":9007199254740993}", "{\"any_whole\":\"9007199254740993\"}" },
              { "{\"any_whole\":\"-9223372036854775808\"}",
                "{\"any_whole\":\"-9223372036854775808\"}" },
              { "{\"any_whole\":\"9223372036854775808\"}", "not a whole number" },
              { "{\"any_whole\":1e300}", "must be a whole number" });
}

static void numbers_bools_and_their_texts(void **state)
{
        (void)state;
        TRUTH({ "{\"real\":0.5}", "{\"real\":0.5}" }, { "{\"real\":\"80\"}", "{\"real\":80.0}" },
              { "{\"real\":80}", "{\"real\":80.0}" },
              { "{\"real\":0.4}", "must be from 0.5 to 100 percent" },
              { "{\"real\":\"nan\"}", "is 'nan', not a number" },
              { "{\"real\":\"0,5\"}", "not a number" }, { "{\"real\":[]}", "must be a number" },
              { "{\"flag\":true}", "{\"flag\":true}" }, { "{\"flag\":\"no\"}", "{\"flag\":false}" },
              { "{\"flag\":\"yes\"}", "{\"flag\":true}" }, { "{\"flag\":0}", "{\"flag\":false}" },
              { "{\"flag\":2}", "must be true or false" },
              { "{\"flag\":\"maybe\"}", "must be true or false" });
}

static void words_know_aliases_and_the_nearest(void **state)
{
        (void)state;
        TRUTH({ "{\"word\":\"cpu\"}", "{\"word\":\"cpu\"}" },
              { "{\"word\":\"disk-space\"}", "{\"word\":\"disk\"}" },
              { "{\"word\":\"ram\"}", "{\"word\":\"memory\"}" },
              { "{\"word\":\"memroy\"}", "is 'memroy'; did you mean 'memory'? It is one of: cpu" },
              { "{\"word\":\"xyzzy\"}", "is 'xyzzy'; it must be one of: cpu memory disk" },
              { "{\"word\":\"disk-spac\"}", "INVALID_PARAMETERS" },
              { "{\"word\":\"\"}", "it must be one of" }, { "{\"word\":{}}", "must be text" },
              { "{\"words\":[\"cpu\",\"disk-space\"]}", "{\"words\":[\"cpu\",\"disk\"]}" },
              { "{\"words\":\"cpu, disk-space\"}", "{\"words\":[\"cpu\",\"disk\"]}" },
              { "{\"words\":\"cpu,dsk\"}", "did you mean 'disk'" });
}

static void measures_are_read_from_text(void **state)
{
        (void)state;
        TRUTH({ "{\"wait\":\"5s\"}", "{\"wait\":5000}" }, { "{\"wait\":30}", "{\"wait\":30000}" },
              { "{\"wait\":\"2m\"}", "must be from 1000 to 60000" },
              { "{\"wait\":\"soon\"}", "cannot be read" }, { "{\"wait\":true}", "must be text" },
              { "{\"size\":\"1.5 KiB\"}", "{\"size\":1536}" },
              { "{\"size\":\"much\"}", "cannot be read" },
              { "{\"when\":\"24h\"}", "{\"when\":1794913600000000}" },
              { "{\"when\":\"2026-11-18T11:06:40Z\"}", "{\"when\":1795000000000000}" },
              { "{\"when\":\"2026-13-40\"}", "cannot be read" });
}

static void lists_maps_and_commands(void **state)
{
        (void)state;
        TRUTH({ "{\"items\":\"a, b ,c\"}", "{\"items\":[\"a\",\"b\",\"c\"]}" },
              { "{\"items\":[\"a,b\"]}", "{\"items\":[\"a,b\"]}" },
              { "{\"items\":[]}", "is an empty list" }, { "{\"items\":\"\"}", "is an empty list" },
              { "{\"items\":[\"\"]}", "has an empty item" },
              { "{\"items\":[1]}", "must be a list of texts" },
              { "{\"items\":\"a,b,c,d\"}", "must have from 1 to 3 items" },
              { "{\"items\":7}", "must be a list" },
              { "{\"command\":[\"ls\",\"\",\"-l\"]}", "{\"command\":[\"ls\",\"\",\"-l\"]}" },
              { "{\"command\":\"ls -l\"}", "must be a list" },
              { "{\"map\":{\"a\":[1,{\"b\":null}]}}", "{\"map\":{\"a\":[1,{\"b\":null}]}}" },
              { "{\"map\":\"cpu_percent=80,disk.critical=95.5\"}",
                "{\"map\":{\"cpu_percent\":80,\"disk.critical\":95.5}}" },
              { "{\"map\":\"zip=01234,phone=+4912,big=123456789012345678901,a=b=c\"}",
                "{\"map\":{\"zip\":\"01234\",\"phone\":\"+4912\",\"big\":\"123456789012345678901\","
                "\"a\":\"b=c\"}}" },
              { "{\"map\":\"a\"}", "is 'a'; write it as key=value" },
              { "{\"map\":\"=a\"}", "write it as key=value" },
              { "{\"map\":\"a=1,a=2\"}", "names 'a' twice" },
              { "{\"map\":[]}", "must be an object" }, { "{\"map\":\"\"}", "{\"map\":{}}" });
}

static void names_and_groups_are_checked(void **state)
{
        (void)state;
        TRUTH({ "{\"wrod\":\"cpu\"}", "UNKNOWN_PARAMETER: 'test_all' has no parameter 'wrod'; did "
                                      "you mean 'word'?" },
              { "{\"quite different\":1}", "has no parameter 'quite different'" },
              { "{\"\\u202e\":1}", "has no parameter '\\u202e'" },
              { "{\"one\":true}", "{\"one\":true}" },
              { "{\"one\":true,\"other\":null}", "{\"one\":true}" },
              { "{\"one\":true,\"other\":false}", "'one' and 'other' of 'test_all' exclude" },
              { "{}", "{}" });
}

static void what_is_missing_is_named_or_has_its_default(void **state)
{
        static const op_param params[] = {
                { .name = "name", .type = PARAM_STRING, .flags = OP_REQUIRED, .about = "the name" },
                { .name = "n", .type = PARAM_INT, .about = "n", .dflt = "7", .min = 1, .max = 9 },
                { .name = "share", .type = PARAM_NUMBER, .about = "s", .dflt = "0.5" },
                { .name = "flag", .type = PARAM_BOOL, .about = "f", .dflt = "true" },
                { .name = "word",
                  .type = PARAM_ENUM,
                  .about = "w",
                  .values = "ok critical",
                  .aliases = "healthy=ok",
                  .dflt = "healthy" },
                { .name = "wait", .type = PARAM_DURATION, .about = "w", .dflt = "5m" },
                { .name = "list", .type = PARAM_LIST, .about = "l", .dflt = "a,b" },
                { 0 },
        };
        static const op_row row = { .act = { .name = "test_defaults" }, .params = params };
        static const op_row empty = { .act = { .name = "test_empty" }, .params = NULL };
        char *got = checked(&row, "{}");

        (void)state;
        assert_string_equal(got, "MISSING_PARAMETER: 'test_defaults' needs the parameter 'name'");
        free(got);
        got = checked(&row, "{\"name\":null}");
        assert_non_null(strstr(got, "MISSING_PARAMETER"));
        free(got);
        got = checked(&row, "{\"name\":\"x\"}");
        assert_string_equal(got, "{\"name\":\"x\",\"n\":7,\"share\":0.5,\"flag\":true,\"word\":"
                                 "\"ok\",\"wait\":300000,\"list\":[\"a\",\"b\"]}");
        free(got);
        got = checked(&empty, "{\"a\":1}");
        assert_non_null(strstr(got, "'test_empty' has no parameter 'a'"));
        free(got);
        got = checked(&empty, "[]");
        assert_non_null(strstr(got, "must be an object"));
        free(got);
}

static void secrets_are_not_shown_in_the_trail_nor_in_errors(void **state)
{
        act_row bare = msptk__op_act(&all_row);
        AUTO_JSON msptk_json *given = parse("{\"password\":\"hunter-two\",\"note\":123456}");
        AUTO_JSON msptk_json *full = NULL, *shown = NULL;
        AUTO_ERROR msptk_error *err = NULL;
        char *text = NULL;
        static const char *const refused[] = {
                "{\"password\":\"hun\"}",
                "{\"password\":\"hunter-two\\u0001\"}",
                "{\"password\":[\"hunter-two\"]}",
                "{\"note\":\"hunter-two\"}",
        };

        (void)state;
        assert_int_equal(msptk__op_check(&bare, &clocked, given, &full, &shown, &err), MSPTK_OK);
        assert_string_equal(msptk_json_string(msptk_json_get(full, "password"), ""), "hunter-two");
        assert_int_equal(msptk_json_print(shown, 0, &text, NULL), MSPTK_OK);
        assert_string_equal(text, "{\"password\":\"***\",\"note\":\"***\"}");
        msptk_string_free(text);
        for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
                text = checked(&all_row, refused[i]);
                assert_int_not_equal(text[0], '{');
                assert_null(strstr(text, "hunter"));
                free(text);
        }
}

static void quoted_text_is_whole_characters_and_visible(void **state)
{
        char out[OP_QUOTE_CAP];
        const char *q =
                msptk__op_quote("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                "\xe2\x82\xac\xe2\x82\xac",
                                out);

        (void)state;
        assert_true(msptk__utf8_valid(q, strlen(q)));
        assert_true(strlen(q) <= 64);
        assert_string_equal(msptk__op_quote("a\x01"
                                            "b",
                                            out),
                            "a\\x01b");
}

static void setters_check_as_early_as_they_can(void **state)
{
        msptk_args *args = msptk_args_new("client_create");
        msptk_error *err = NULL;
        AUTO_JSON msptk_json *list = parse("[\"a,b\"]"), *number = parse("5");

        (void)state;
        assert_int_equal(msptk_args_set_str(args, "teir", "gold", &err), MSPTK_E_INVALID);
        assert_string_equal(msptk_error_reason(err), "UNKNOWN_PARAMETER");
        msptk_error_free(err);
        assert_int_equal(msptk_args_set_str(args, "tier", "golden", &err), MSPTK_E_INVALID);
        assert_non_null(strstr(msptk_error_message(err), "did you mean 'gold'"));
        msptk_error_free(err);
        err = NULL;
        assert_int_equal(msptk_args_set_int(args, "tier", 1, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk_args_set_str(args, "name", "\xff", NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk_args_set_json(args, "contacts", number, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk_args_set_json(args, "contacts", NULL, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_count(args->values), 0);
        assert_int_equal(msptk_args_set_json(args, "contacts", list, NULL), MSPTK_OK);
        assert_int_equal(msptk_args_set_list(args, "contacts", "a,b", NULL), MSPTK_OK);
        assert_int_equal(msptk_args_set_str(args, "tier", "gold", NULL), MSPTK_OK);
        assert_int_equal(msptk_args_set_str(args, "tier", NULL, NULL), MSPTK_OK);
        assert_null(msptk_json_get(args->values, "tier"));
        assert_int_equal(msptk_args_set_str(NULL, "tier", "gold", NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk_args_set_str(args, NULL, "gold", NULL), MSPTK_E_INVALID);
        msptk_args_free(args);

        /* Operations that this library does not know are left to msptk_call(). */
        args = msptk_args_new("no_such_thing");
        assert_int_equal(msptk_args_set_int(args, "anything", 1, NULL), MSPTK_OK);
        msptk_args_free(args);
        assert_int_equal(msptk_args_from_json("client_list", number, &args, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk_args_from_json(NULL, NULL, &args, NULL), MSPTK_E_INVALID);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(texts_are_bounded_in_characters_and_have_no_controls),
                cmocka_unit_test(a_text_longer_than_any_may_be_is_refused),
                cmocka_unit_test(ids_are_slugs),
                cmocka_unit_test(whole_numbers_keep_within_their_bounds),
                cmocka_unit_test(numbers_bools_and_their_texts),
                cmocka_unit_test(words_know_aliases_and_the_nearest),
                cmocka_unit_test(measures_are_read_from_text),
                cmocka_unit_test(lists_maps_and_commands),
                cmocka_unit_test(names_and_groups_are_checked),
                cmocka_unit_test(what_is_missing_is_named_or_has_its_default),
                cmocka_unit_test(secrets_are_not_shown_in_the_trail_nor_in_errors),
                cmocka_unit_test(quoted_text_is_whole_characters_and_visible),
                cmocka_unit_test(setters_check_as_early_as_they_can),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
