/* JSON: what is read and what is refused (with its place), the tree, the printer, the writer. */
#define ROOM "test"
#include "support.h"
#include "base/base.h"
#include "base/json_node.h"

#include <math.h>

static msptk_json *parse(const char *text)
{
        AUTO_ERROR msptk_error *err = NULL;
        msptk_json *doc = NULL;

        if (msptk_json_parse(text, strlen(text), &doc, &err) < 0)
                fail_msg("%s: %s", text, msptk_error_message(err));
        return doc;
}

static void prints(const char *text, const char *wanted)
{
        AUTO_JSON msptk_json *doc = parse(text);
        AUTO_FREE char *out = NULL;

        assert_int_equal(msptk_json_print(doc, 0, &out, NULL), MSPTK_OK);
        assert_string_equal(out, wanted);
}

static void refuses_n(const char *text, size_t len, const char *message)
{
        AUTO_ERROR msptk_error *err = NULL;
        msptk_json *doc = (msptk_json *)&err;

        assert_int_equal(msptk_json_parse(text, len, &doc, &err), MSPTK_E_PARSE);
        assert_ptr_equal(doc, &err);
        assert_string_equal(msptk_error_reason(err),
                            strstr(message, "is there twice") ? "DUPLICATE_KEY" : "INVALID_JSON");
        assert_memory_equal(msptk_error_message(err), "not valid JSON at ", 18);
        assert_string_equal(msptk_error_message(err) + 18, message);
}

static void refuses(const char *text, const char *message)
{
        refuses_n(text, strlen(text), message);
}

/* ---- reading ---- */

static void what_rfc_8259_allows_is_read(void **state)
{
        (void)state;
        prints("null", "null");
        prints(" \t\r\n true \n", "true");
        prints("false", "false");
        prints("\"\"", "\"\"");
        prints("[]", "[]");
        prints("{ }", "{}");
        prints("[ 1 , [ ] , { } , \"x\" ]", "[1,[],{},\"x\"]");
        prints("{\"b\":1,\"a\":{\"\":null}}", "{\"b\":1,\"a\":{\"\":null}}");
        prints("[0,-0,-1,1.5,0.0,-0.0,1e0,1E+2,1e-2,100000000000000000000]",
               "[0,0,-1,1.5,0.0,-0.0,1.0,100.0,0.01,1e20]");
        prints("[1e-400]", "[0.0]");
        prints("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"",
               "\"\\\"\\\\/\\b\\f\\n\\r\\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
        prints("\"\\u001f\\u007f\\uFFFF\"", "\"\\u001f\x7f\xef\xbf\xbf\"");
        prints("\"M\xc3\xb6\x62\x65l \xf4\x8f\xbf\xbf\"",
               "\"M\xc3\xb6\x62\x65l \xf4\x8f\xbf\xbf\"");
}

static void what_is_not_json_is_refused_with_its_place(void **state)
{
        (void)state;
        refuses("", "line 1, column 1: expected a value, found the end");
        refuses(" \n\t ", "line 2, column 3: expected a value, found the end");
        refuses("nul", "line 1, column 1: expected a value, found 'n'");
        refuses("True", "line 1, column 1: expected a value, found 'T'");
        refuses("{\"a\":1} x", "line 1, column 9: expected nothing after the value, found 'x'");
        refuses("[1]\n\n]", "line 3, column 1: expected nothing after the value, found ']'");
        refuses("[1 2]", "line 1, column 4: expected ',' or ']' after an element, found '2'");
        refuses("[1,", "line 1, column 4: expected a value, found the end");
        refuses("[1,]", "line 1, column 4: expected a value, found ']'");
        refuses("[", "line 1, column 2: expected a value, found the end");
        refuses("[1", "line 1, column 3: expected ',' or ']' after an element, found the end");
        refuses("{", "line 1, column 2: expected a key in quotes, found the end");
        refuses("{a:1}", "line 1, column 2: expected a key in quotes, found 'a'");
        refuses("{\"a\":1,}", "line 1, column 8: expected a key in quotes, found '}'");
        refuses("{\"a\" 1}", "line 1, column 6: expected ':' after a key, found '1'");
        refuses("{\"a\":}", "line 1, column 6: expected a value, found '}'");
        refuses("{\"a\":1\n \"b\":2}",
                "line 2, column 2: expected ',' or '}' after a member, found '\"'");
        refuses("{\"a\":1]", "line 1, column 7: expected ',' or '}' after a member, found ']'");
        refuses("[// x\n1]", "line 1, column 2: expected a value, found '/'");
        refuses("['x']", "line 1, column 2: expected a value, found '''");
        refuses("[\f1]", "line 1, column 2: expected a value, found byte 0x0c");
        refuses("[\"\xc3\xa4\xc3\xb6\", x]", "line 1, column 8: expected a value, found 'x'");
        refuses("\xef\xbb\xbf[]", "line 1, column 1: a byte order mark is not part of JSON");
        refuses_n("[1]\0", 4,
                  "line 1, column 4: expected nothing after the value, found byte 0x00");
}

static void malformed_numbers_are_refused(void **state)
{
        char digits[1200];

        (void)state;
        refuses("[01]", "line 1, column 2: a number must not begin with 0");
        refuses("-012", "line 1, column 2: a number must not begin with 0");
        refuses("-", "line 1, column 2: expected a digit, found the end");
        refuses("-x", "line 1, column 2: expected a digit, found 'x'");
        refuses("+1", "line 1, column 1: expected a value, found '+'");
        refuses(".5", "line 1, column 1: expected a value, found '.'");
        refuses("[1.]", "line 1, column 4: expected a digit, found ']'");
        refuses("1e", "line 1, column 3: expected a digit, found the end");
        refuses("1e+", "line 1, column 4: expected a digit, found the end");
        refuses("0x10", "line 1, column 2: expected nothing after the value, found 'x'");
        refuses("NaN", "line 1, column 1: expected a value, found 'N'");
        refuses("-Infinity", "line 1, column 2: expected a digit, found 'I'");
        refuses("[ 1e400]", "line 1, column 3: the number is too large or too long");
        refuses("-1e99999999999999999999", "line 1, column 1: the number is too large or too long");
        memset(digits, '1', sizeof(digits));
        refuses_n(digits, sizeof(digits), "line 1, column 1: the number is too large or too long");
}

static void malformed_strings_are_refused(void **state)
{
        (void)state;
        refuses("[\"abc", "line 1, column 2: the string that begins here has no end");
        refuses("\"a\\\"", "line 1, column 1: the string that begins here has no end");
        refuses("\"a\nb\"", "line 1, column 3: a control character in a string must be escaped");
        refuses_n("\"a\0b\"", 5,
                  "line 1, column 3: a control character in a string must be escaped");
        refuses("\"\\x\"", "line 1, column 3: expected one of \" \\ / b f n r t u after a "
                           "backslash, found 'x'");
        refuses("\"\\", "line 1, column 3: expected one of \" \\ / b f n r t u after a backslash, "
                        "found the end");
        refuses_n("\"\\\0\"", 4,
                  "line 1, column 3: expected one of \" \\ / b f n r t u after a backslash, found "
                  "byte 0x00");
        refuses("\"\\u12g4\"", "line 1, column 2: expected four hexadecimal digits after \\u");
        refuses("\"\\u12", "line 1, column 2: expected four hexadecimal digits after \\u");
        refuses("\"ab\\u0000\"", "line 1, column 4: \\u0000 is refused, because texts end there");
        refuses("\"\\ud800\"", "line 1, column 2: a surrogate without its other half");
        refuses("\"\\udc00\"", "line 1, column 2: a surrogate without its other half");
        refuses("\"\\ud800\\u0041\"", "line 1, column 2: a surrogate without its other half");
        refuses("\"\\ud800\\ud800\"", "line 1, column 2: a surrogate without its other half");
        refuses("\"\\ud83d\\ude0\"", "line 1, column 2: a surrogate without its other half");
}

static void bytes_that_are_not_utf8_are_refused(void **state)
{
        static const char *const bad[] = {
                "\x80",
                "\xff",
                "\xc0\xaf",
                "\xc1\x81",
                "\xe0\x80\xaf",
                "\xed\xa0\x80",
                "\xf4\x90\x80\x80",
                "\xf0\x82\x82\xac",
                "\xe2\x82",
                "\xc3",
                "\xf8\x88\x80\x80\x80",
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                char text[32];

                snprintf(text, sizeof(text), "\"\xc3\xa4%s\"", bad[i]);
                refuses(text, "line 1, column 3: the bytes are not UTF-8");
                snprintf(text, sizeof(text), "{\"\xc3\xa4%s\":1}", bad[i]);
                refuses(text, "line 1, column 4: the bytes are not UTF-8");
        }
}

static void a_key_that_is_there_twice_is_named_at_its_second_place(void **state)
{
        char text[4096], wanted[256], key[128];
        size_t len = 0;

        (void)state;
        refuses("{\"a\":1,\n \"a\":2}", "line 2, column 2: the key 'a' is there twice");
        refuses("{\"a\":1,\"\\u0061\":2}", "line 1, column 8: the key 'a' is there twice");
        refuses("[{},{\"x\":{\"b\":1,\"c\":2,\"b\":3},\"y\":1}]",
                "line 1, column 23: the key 'b' is there twice");
        prints("{\"a\":{\"a\":1},\"b\":{\"a\":1}}", "{\"a\":{\"a\":1},\"b\":{\"a\":1}}");
        /* More keys than are compared each with each. */
        text[len++] = '{';
        for (int i = 0; i < 200; i++)
                len += (size_t)snprintf(text + len, sizeof(text) - len, "\"k%d\":1,\n",
                                        i == 150   ? 7
                                        : i == 190 ? 3
                                                   : i);
        snprintf(text + len - 2, 2, "}");
        refuses(text, "line 151, column 1: the key 'k7' is there twice");
        memset(key, 'x', sizeof(key));
        key[sizeof(key) - 1] = '\0';
        snprintf(text, sizeof(text), "{\"%s\":1,\"%s\":2}", key, key);
        snprintf(wanted, sizeof(wanted), "line 1, column 134: the key '%.80s...' is there twice",
                 key);
        refuses(text, wanted);
}

static void nesting_stops_at_the_limit(void **state)
{
        static const int32_t limits[] = { 1, 2, 3, 8, 16, 32, 64, 100, 256, 512 };
        char text[2048], wanted[128];

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_JSON msptk_json *doc = NULL;
                size_t n = (size_t)limits[i];

                memset(text, '[', n + 1);
                memset(text + n + 1, ']', n + 1);
                assert_int_equal(msptk__json_parse(text + 1, 2 * n, 4096, limits[i], &doc, &err),
                                 MSPTK_OK);
                assert_int_equal(msptk__json_parse(text, 2 * n + 2, 4096, limits[i], &doc, &err),
                                 MSPTK_E_TOOBIG);
                snprintf(wanted, sizeof(wanted),
                         "JSON is nested deeper than %d levels at line 1, column %zu", limits[i],
                         n + 1);
                assert_string_equal(msptk_error_message(err), wanted);
        }
}

static void an_endless_opening_costs_no_stack(void **state)
{
        AUTO_FREE char *text = msptk__alloc(1000000);
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_JSON msptk_json *doc = NULL;

        (void)state;
        memset(text, '[', 1000000);
        assert_int_equal(msptk_json_parse(text, 1000000, &doc, NULL), MSPTK_E_TOOBIG);
        assert_int_equal(msptk__json_parse(text, 1000000, 2000000, INT32_MAX, &doc, &err),
                         MSPTK_E_TOOBIG);
        assert_string_equal(msptk_error_message(err),
                            "JSON is nested deeper than 512 levels at line 1, column 513");
}

static void size_stops_at_the_limit(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_JSON msptk_json *doc = NULL;

        (void)state;
        assert_int_equal(msptk__json_parse("[1]", 3, 3, 8, &doc, &err), MSPTK_OK);
        assert_int_equal(msptk__json_parse("[1] ", 4, 3, 8, &doc, &err), MSPTK_E_TOOBIG);
        assert_string_equal(msptk_error_message(err),
                            "JSON of 4 bytes is longer than the limit of 3 bytes");
        assert_int_equal(msptk_json_parse("", (size_t)JSON_MAX_BYTES + 1, &doc, NULL),
                         MSPTK_E_TOOBIG);
        assert_int_equal(msptk_json_parse(NULL, 0, &doc, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_parse("1", 1, NULL, NULL), MSPTK_E_INVALID);
}

/* ---- integers ---- */

static void integers_keep_their_exact_value(void **state)
{
        static const int64_t values[] = { 0,
                                          -1,
                                          INT32_MAX,
                                          9007199254740991,
                                          9007199254740992,
                                          9007199254740993,
                                          -9007199254740993,
                                          INT64_MAX - 1,
                                          INT64_MAX,
                                          INT64_MIN };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(values); i++) {
                AUTO_JSON msptk_json *doc = NULL, *again = NULL;
                AUTO_FREE char *out = NULL;
                char text[NUM_TEXT_MAX];
                int64_t v = values[i];

                msptk__num_put_int64(text, v);
                doc = parse(text);
                assert_int_equal(msptk_json_type(doc), MSPTK_JSON_INT);
                assert_true(msptk_json_int(doc, 77) == v);
                assert_true(msptk_json_double(doc, 77) == (double)v);
                /* As a number to 2^53, as a string beyond, and read back as the same integer. */
                assert_int_equal(msptk_json_print(doc, 0, &out, NULL), MSPTK_OK);
                assert_int_equal(out[0] == '"', v > INT64_C(1) << 53 || v < -(INT64_C(1) << 53));
                again = parse(out);
                assert_true(msptk_json_int(again, 77) == v);
        }
}

static void unsigned_integers_are_kept_and_strings_are_not_taken_for_integers(void **state)
{
        AUTO_JSON msptk_json *doc = parse("[18446744073709551615, 9223372036854775808, 5, -5, "
                                          "\"18446744073709551615\", \"5\", \"9007199254740992\", "
                                          "\"09007199254740993\", \"9007199254740993x\", "
                                          "\"-9007199254740993\"]");
        static const int64_t ints[] = { 77, 77, 5, -5, 77, 77, 77, 77, 77, -9007199254740993 };
        static const uint64_t uints[] = {
                UINT64_MAX, UINT64_C(1) << 63, 5, 0, UINT64_MAX, 0, 0, 0, 0, 0
        };
        size_t i = 0;

        (void)state;
        for (msptk_json *j = msptk_json_first(doc); j; j = msptk_json_next(j), i++) {
                uint64_t u = 0;

                assert_true(msptk_json_int(j, 77) == ints[i]);
                assert_int_equal(msptk__json_uint(j, &u), uints[i] != 0);
                assert_true(u == uints[i]);
        }
        assert_int_equal(i, ARRAY_LEN(ints));
        prints("[18446744073709551615,18446744073709551616]",
               "[\"18446744073709551615\",1.8446744073709552e19]");
}

/* ---- the tree ---- */

static void getters_tolerate_null_and_wrong_kinds(void **state)
{
        AUTO_JSON msptk_json *doc =
                parse("{\"s\":\"x\",\"i\":5,\"d\":5.5,\"w\":7.0,\"b\":true,\"n\":null,\"a\":[]}");
        msptk_json *s = msptk_json_get(doc, "s");

        (void)state;
        assert_int_equal(msptk_json_type(NULL), MSPTK_JSON_NONE);
        assert_null(msptk_json_get(NULL, "x"));
        assert_null(msptk_json_get(doc, NULL));
        assert_null(msptk_json_get(doc, "S"));
        assert_null(msptk_json_get(s, "x"));
        assert_null(msptk_json_first(NULL));
        assert_null(msptk_json_next(NULL));
        assert_null(msptk_json_key(NULL));
        assert_null(msptk_json_key(doc));
        assert_int_equal(msptk_json_count(NULL), 0);
        assert_int_equal(msptk_json_count(s), 0);
        assert_int_equal(msptk_json_count(doc), 7);
        assert_string_equal(msptk_json_string(NULL, "d"), "d");
        assert_string_equal(msptk_json_string(doc, "d"), "d");
        assert_string_equal(msptk_json_string(s, NULL), "x");
        assert_int_equal(msptk_json_int(s, 3), 3);
        assert_int_equal(msptk_json_int(NULL, 3), 3);
        assert_int_equal(msptk_json_int(msptk_json_get(doc, "d"), 3), 3);
        assert_int_equal(msptk_json_int(msptk_json_get(doc, "w"), 3), 7);
        assert_true(msptk_json_double(msptk_json_get(doc, "d"), 3) == 5.5);
        assert_true(msptk_json_double(msptk_json_get(doc, "i"), 3) == 5);
        assert_true(msptk_json_double(s, 3) == 3);
        assert_true(msptk_json_double(NULL, 3) == 3);
        assert_int_equal(msptk_json_bool(msptk_json_get(doc, "b"), 0), 1);
        assert_int_equal(msptk_json_bool(msptk_json_get(doc, "i"), 9), 9);
        assert_int_equal(msptk_json_bool(NULL, 9), 9);
        assert_int_equal(msptk_json_type(msptk_json_get(doc, "n")), MSPTK_JSON_NULL);
        assert_int_equal(msptk_json_type(msptk_json_get(doc, "d")), MSPTK_JSON_NUMBER);
        assert_int_equal(msptk_json_type(msptk_json_get(doc, "a")), MSPTK_JSON_ARRAY);
        assert_null(msptk_json_first(msptk_json_get(doc, "a")));
        msptk_json_free(NULL);
        assert_null(msptk_json_copy(NULL));
}

static void a_built_object_prints_in_order_and_replaces_in_place(void **state)
{
        AUTO_JSON msptk_json *o = msptk_json_new_object(), *list = msptk_json_new_array();
        AUTO_FREE char *out = NULL;

        (void)state;
        assert_int_equal(msptk_json_append_string(list, "x"), MSPTK_OK);
        assert_int_equal(msptk_json_append_string(list, NULL), MSPTK_OK);
        assert_int_equal(msptk__json_append_int(list, INT64_MAX), MSPTK_OK);
        assert_int_equal(msptk__json_append_double(list, 0.1), MSPTK_OK);
        assert_int_equal(msptk__json_append_double(list, NAN), MSPTK_OK);
        assert_int_equal(msptk_json_append(list, msptk_json_new_object()), MSPTK_OK);
        assert_int_equal(msptk_json_set_string(o, "name", "M\xc3\xb6\x62\x65l"), MSPTK_OK);
        assert_int_equal(msptk_json_set_int(o, "n", 1), MSPTK_OK);
        assert_int_equal(msptk_json_set_double(o, "cpu", 85), MSPTK_OK);
        assert_int_equal(msptk_json_set_bool(o, "ok", 5), MSPTK_OK);
        assert_int_equal(msptk_json_set_null(o, "gone"), MSPTK_OK);
        assert_int_equal(msptk_json_set(o, "list", STEAL(list)), MSPTK_OK);
        assert_int_equal(msptk_json_set_double(o, "inf", INFINITY), MSPTK_OK);
        assert_int_equal(msptk_json_set_string(o, "name", NULL), MSPTK_OK); /* the first */
        assert_int_equal(msptk_json_set_string(o, "ok", "yes"), MSPTK_OK);  /* a middle one */
        assert_int_equal(msptk_json_set_bool(o, "inf", 0), MSPTK_OK);       /* the last */
        assert_int_equal(msptk_json_set_int(o, "more", -1), MSPTK_OK);
        assert_int_equal(msptk_json_print(o, 0, &out, NULL), MSPTK_OK);
        assert_string_equal(out, "{\"name\":null,\"n\":1,\"cpu\":85.0,\"ok\":\"yes\",\"gone\":null,"
                                 "\"list\":[\"x\",null,\"9223372036854775807\",0.1,null,{}],"
                                 "\"inf\":false,\"more\":-1}");
}

static void replacing_the_only_member_leaves_a_sound_list(void **state)
{
        AUTO_JSON msptk_json *o = msptk_json_new_object();
        AUTO_FREE char *out = NULL;

        (void)state;
        msptk_json_set_int(o, "a", 1);
        msptk_json_set_int(o, "a", 2);
        msptk_json_set_int(o, "b", 3);
        assert_int_equal(msptk_json_remove(o, "a"), MSPTK_OK);
        msptk_json_set_int(o, "c", 4);
        assert_int_equal(msptk_json_remove(o, "c"), MSPTK_OK);
        msptk_json_set_int(o, "d", 5);
        assert_int_equal(msptk_json_remove(o, "x"), MSPTK_E_NOTFOUND);
        assert_int_equal(msptk_json_remove(o, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_remove(NULL, "a"), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_print(o, 0, &out, NULL), MSPTK_OK);
        assert_string_equal(out, "{\"b\":3,\"d\":5}");
}

static void a_failed_adoption_releases_the_child(void **state)
{
        AUTO_JSON msptk_json *o = msptk_json_new_object(), *a = msptk_json_new_array();
        msptk_json *child = msptk_json_new_object();

        (void)state; /* the sanitizer counts what is lost */
        assert_int_equal(msptk_json_set(a, "k", msptk_json_new_array()), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_set(NULL, "k", msptk_json_new_array()), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_set(o, NULL, msptk_json_new_array()), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_set(o, "\xff", msptk_json_new_array()), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_append(o, msptk_json_new_array()), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_append(NULL, msptk_json_new_array()), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_set(o, "k", NULL), MSPTK_E_NOMEM);
        assert_int_equal(msptk_json_append(a, NULL), MSPTK_E_NOMEM);
        assert_int_equal(msptk_json_set_string(o, "k", "\xff"), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_append_string(a, "\xc3"), MSPTK_E_INVALID);
        assert_int_equal(msptk__json_append_int(o, 1), MSPTK_E_INVALID);
        /* One that has a parent stays there, and nobody becomes its own child. */
        assert_int_equal(msptk_json_set(o, "child", child), MSPTK_OK);
        assert_int_equal(msptk_json_append(a, child), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_set(o, "child", child), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_set(o, "self", o), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_append(a, a), MSPTK_E_INVALID);
        msptk_json_free(child); /* is inside a tree: left alone */
        assert_ptr_equal(msptk_json_get(o, "child"), child);
        assert_int_equal(msptk_json_count(o), 1);
        assert_int_equal(msptk_json_count(a), 0);
}

static void a_copy_is_equal_and_independent(void **state)
{
        AUTO_JSON msptk_json *doc =
                parse("{\"a\":[1,2.5,18446744073709551615,\"x\",null,true,{}]}");
        AUTO_JSON msptk_json *copy = msptk_json_copy(doc), *list = NULL;

        (void)state;
        assert_true(msptk__json_equal(doc, copy));
        list = msptk_json_copy(msptk_json_get(doc, "a"));
        assert_null(msptk_json_key(list));
        assert_int_equal(msptk__json_append_int(list, 1), MSPTK_OK);
        assert_false(msptk__json_equal(list, msptk_json_get(doc, "a")));
        assert_int_equal(msptk_json_set(copy, "a", STEAL(list)), MSPTK_OK);
        assert_false(msptk__json_equal(doc, copy));
}

static void equality_ignores_the_order_of_members_only(void **state)
{
        static const struct {
                const char *a, *b;
                bool equal;
        } rows[] = {
                { "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true },
                { "[1,2]", "[2,1]", false },
                { "{\"a\":1}", "{\"b\":1}", false },
                { "{\"a\":1}", "{\"a\":1,\"b\":1}", false },
                { "[1]", "[1.0]", false },
                { "9007199254740993", "9007199254740994", false },
                { "9007199254740993", "9007199254740993", true },
                { "\"a\"", "\"b\"", false },
                { "[true]", "[false]", false },
                { "[]", "{}", false },
                { "1.5", "1.25", false },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                AUTO_JSON msptk_json *a = parse(rows[i].a), *b = parse(rows[i].b);

                assert_int_equal(msptk__json_equal(a, b), rows[i].equal);
        }
        assert_true(msptk__json_equal(NULL, NULL));
}

static void a_tree_of_any_depth_is_released_and_one_too_deep_is_not_printed(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        msptk_json *root = msptk_json_new_array();
        AUTO_JSON msptk_json *top = NULL;
        AUTO_FREE char *out = NULL;

        (void)state;
        for (int i = 0; i < 200000; i++) {
                msptk_json *parent = msptk_json_new_array();

                assert_int_equal(msptk_json_append(parent, root), MSPTK_OK);
                root = parent;
        }
        top = root;
        assert_int_equal(msptk_json_print(top, 0, &out, &err), MSPTK_E_TOOBIG);
        assert_null(out);
        assert_string_equal(msptk_error_message(err),
                            "JSON is nested deeper than 512 levels, or over 1 GiB");
        assert_null(msptk_json_copy(top));
}

/* Every link but those of the last row leads nowhere while rows are appended, so a walk along the
 * array would fall: what an append costs cannot depend on the number of rows. */
static void ten_thousand_rows_are_appended_without_walking_the_array(void **state)
{
        enum { ROWS = 10000 };
        AUTO_JSON msptk_json *array = msptk_json_new_array();
        AUTO_FREE msptk_json **rows = msptk__alloc_array(ROWS, sizeof(msptk_json *));
        int i = 0;

        (void)state;
        for (int n = 0; n < ROWS; n++) {
                rows[n] = msptk_json_new_object();
                assert_int_equal(msptk_json_set_int(rows[n], "id", n), MSPTK_OK);
                assert_int_equal(msptk_json_append(array, rows[n]), MSPTK_OK);
                if (n)
                        rows[n - 1]->node.next = (cJSON *)1;
        }
        for (int n = 1; n < ROWS; n++)
                rows[n - 1]->node.next = &rows[n]->node;
        for (msptk_json *j = msptk_json_first(array); j; j = msptk_json_next(j), i++)
                assert_int_equal(msptk_json_int(msptk_json_get(j, "id"), -1), i);
        assert_int_equal(i, ROWS);
        assert_int_equal(msptk_json_count(array), ROWS);
}

/* ---- printing ---- */

static void pretty_output_is_indented_and_reads_back(void **state)
{
        AUTO_JSON msptk_json *doc = parse("{\"a\":[1,{}],\"b\":{\"c\":[],\"d\":null}}"),
                             *again = NULL;
        AUTO_FREE char *out = NULL;

        (void)state;
        assert_int_equal(msptk_json_print(doc, MSPTK_JSON_PRETTY, &out, NULL), MSPTK_OK);
        assert_string_equal(out, "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": [],\n"
                                 "    \"d\": null\n  }\n}");
        again = parse(out);
        assert_true(msptk__json_equal(doc, again));
}

static void printing_refuses_unknown_flags_and_prints_nothing_as_null(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_FREE char *out = NULL;

        (void)state;
        assert_int_equal(msptk_json_print(NULL, 4, &out, &err), MSPTK_E_INVALID);
        assert_string_equal(msptk_error_message(err), "unknown flags 0x4");
        assert_int_equal(msptk_json_print(NULL, 0, NULL, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk_json_print(NULL, 0, &out, NULL), MSPTK_OK);
        assert_string_equal(out, "null");
}

static void a_full_buffer_stops_the_printer(void **state)
{
        AUTO_JSON msptk_json *doc = parse("[\"0123456789\"]");
        AUTO_BUF buf small = BUF_INIT(8), enough = BUF_INIT(14);

        (void)state;
        assert_int_equal(msptk__json_print(&small, doc, 0), MSPTK_E_TOOBIG);
        assert_int_equal(msptk__json_print(&enough, doc, 0), MSPTK_OK);
        assert_string_equal(msptk__buf_text(&enough), "[\"0123456789\"]");
}

static void scalars_become_bare_text(void **state)
{
        AUTO_JSON msptk_json *doc = parse("[null,true,\"x\",1.5,5,18446744073709551615]");
        AUTO_BUF buf out = BUF_INIT(100);

        (void)state;
        for (msptk_json *j = msptk_json_first(doc); j; j = msptk_json_next(j)) {
                assert_int_equal(msptk__json_scalar_text(j, &out), MSPTK_OK);
                msptk__buf_add_char(&out, ' ');
        }
        assert_string_equal(msptk__buf_text(&out), "null true x 1.5 5 18446744073709551615 ");
        assert_int_equal(msptk__json_scalar_text(doc, &out), MSPTK_E_INVALID);
        assert_int_equal(msptk__json_scalar_text(NULL, &out), MSPTK_E_INVALID);
}

/* ---- the streaming writer ---- */

static void the_writer_streams_and_may_be_drained_in_the_middle(void **state)
{
        AUTO_BUF buf out = BUF_INIT(200), all = BUF_INIT(1000);
        AUTO_JSON msptk_json *tree = parse("{\"t\":[1]}"), *doc = NULL;
        json_writer w;

        (void)state;
        msptk__jw_init(&w, &out, 0);
        msptk__jw_array_begin(&w);
        for (int i = 0; i < 3; i++) {
                msptk__jw_object_begin(&w);
                msptk__jw_put_int(&w, "id", i);
                msptk__jw_put_string(&w, "name",
                                     i ? "\x01\"\xff"
                                         "b"
                                       : NULL);
                msptk__jw_put_double(&w, "cpu", i == 2 ? NAN : 0.5);
                msptk__jw_put_bool(&w, "ok", i == 0);
                msptk__jw_key(&w, "big");
                msptk__jw_uint(&w, UINT64_MAX);
                msptk__jw_key(&w, "tree");
                msptk__jw_json(&w, i ? NULL : tree);
                msptk__jw_object_end(&w);
                assert_int_equal(msptk__jw_finish(&w), MSPTK_E_INTERNAL); /* not whole yet */
                msptk__buf_add(&all, out.data, out.len);
                msptk__buf_reset(&out);
        }
        msptk__jw_array_end(&w);
        assert_int_equal(msptk__jw_finish(&w), MSPTK_OK);
        msptk__buf_add_str(&all, msptk__buf_text(&out));
        assert_string_equal(
                msptk__buf_text(&all),
                "[{\"id\":0,\"name\":null,\"cpu\":0.5,\"ok\":true,\"big\":\"18446744073709551615\","
                "\"tree\":{\"t\":[1]}},"
                "{\"id\":1,\"name\":\"\\u0001\\\"\xef\xbf\xbd"
                "b\",\"cpu\":0.5,\"ok\":false,"
                "\"big\":\"18446744073709551615\",\"tree\":null},"
                "{\"id\":2,\"name\":\"\\u0001\\\"\xef\xbf\xbd"
                "b\",\"cpu\":null,\"ok\":false,"
                "\"big\":\"18446744073709551615\",\"tree\":null}]");
        doc = parse(msptk__buf_text(&all));
        assert_int_equal(msptk_json_count(doc), 3);
}

enum { OBJECT, END_OBJECT, ARRAY, END_ARRAY, KEY, VALUE, STOP };

static void writer_calls_that_make_no_json_are_caught(void **state)
{
        static const int rows[][6] = {
                { STOP },
                { OBJECT, STOP },
                { OBJECT, VALUE, END_OBJECT, STOP },
                { OBJECT, KEY, END_OBJECT, STOP },
                { OBJECT, KEY, KEY, VALUE, END_OBJECT, STOP },
                { OBJECT, END_ARRAY, STOP },
                { ARRAY, END_OBJECT, STOP },
                { ARRAY, KEY, VALUE, END_ARRAY, STOP },
                { VALUE, VALUE, STOP },
                { KEY, VALUE, STOP },
                { END_ARRAY, STOP },
                { ARRAY, END_ARRAY, END_ARRAY, STOP },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                AUTO_BUF buf out = BUF_INIT(100);
                json_writer w;

                msptk__jw_init(&w, &out, 0);
                for (const int *step = rows[i]; *step != STOP; step++)
                        switch (*step) {
                        case OBJECT:
                                msptk__jw_object_begin(&w);
                                break;
                        case END_OBJECT:
                                msptk__jw_object_end(&w);
                                break;
                        case ARRAY:
                                msptk__jw_array_begin(&w);
                                break;
                        case END_ARRAY:
                                msptk__jw_array_end(&w);
                                break;
                        case KEY:
                                msptk__jw_key(&w, "k");
                                break;
                        default:
                                msptk__jw_null(&w);
                        }
                assert_int_equal(msptk__jw_finish(&w), MSPTK_E_INTERNAL);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_rfc_8259_allows_is_read),
                cmocka_unit_test(what_is_not_json_is_refused_with_its_place),
                cmocka_unit_test(malformed_numbers_are_refused),
                cmocka_unit_test(malformed_strings_are_refused),
                cmocka_unit_test(bytes_that_are_not_utf8_are_refused),
                cmocka_unit_test(a_key_that_is_there_twice_is_named_at_its_second_place),
                cmocka_unit_test(nesting_stops_at_the_limit),
                cmocka_unit_test(an_endless_opening_costs_no_stack),
                cmocka_unit_test(size_stops_at_the_limit),
                cmocka_unit_test(integers_keep_their_exact_value),
                cmocka_unit_test(unsigned_integers_are_kept_and_strings_are_not_taken_for_integers),
                cmocka_unit_test(getters_tolerate_null_and_wrong_kinds),
                cmocka_unit_test(a_built_object_prints_in_order_and_replaces_in_place),
                cmocka_unit_test(replacing_the_only_member_leaves_a_sound_list),
                cmocka_unit_test(a_failed_adoption_releases_the_child),
                cmocka_unit_test(a_copy_is_equal_and_independent),
                cmocka_unit_test(equality_ignores_the_order_of_members_only),
                cmocka_unit_test(a_tree_of_any_depth_is_released_and_one_too_deep_is_not_printed),
                cmocka_unit_test(ten_thousand_rows_are_appended_without_walking_the_array),
                cmocka_unit_test(pretty_output_is_indented_and_reads_back),
                cmocka_unit_test(printing_refuses_unknown_flags_and_prints_nothing_as_null),
                cmocka_unit_test(a_full_buffer_stops_the_printer),
                cmocka_unit_test(scalars_become_bare_text),
                cmocka_unit_test(the_writer_streams_and_may_be_drained_in_the_middle),
                cmocka_unit_test(writer_calls_that_make_no_json_are_caught),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
