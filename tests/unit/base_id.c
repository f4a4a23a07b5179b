/* Ids, digests, encodings, the counted start, and errors as JSON. */
#define ROOM "test"
#include "support.h"
#include "base/base.h"

#include <pthread.h>

static void uuids_carry_their_time_and_sort_by_it(void **state)
{
        char last[UUID_TEXT] = "", text[UUID_TEXT];
        int64_t t = INT64_C(1763719440123456);

        (void)state;
        for (int i = 0; i < 2000; i++) {
                assert_int_equal(msptk__uuid7(t + i, text, NULL), MSPTK_OK);
                assert_true(msptk__uuid_is_valid(text));
                assert_int_equal(text[14], '7');
                assert_non_null(strchr("89ab", text[19]));
                assert_true(strcmp(last, text) < 0);
                memcpy(last, text, sizeof(last));
        }
        /* RFC 9562, appendix A.6: the time 0x017F22E279B0 in milliseconds. */
        assert_int_equal(msptk__uuid7(INT64_C(0x017F22E279B0) * 1000, text, NULL), MSPTK_OK);
        assert_memory_equal(text, "017f22e2-79b0-7000-", 19);
        assert_int_equal(msptk__uuid7(-5, text, NULL), MSPTK_OK);
        assert_memory_equal(text, "00000000-0000-7000-", 19);
}

static void uuids_of_one_moment_differ(void **state)
{
        char a[UUID_TEXT], b[UUID_TEXT];

        (void)state;
        assert_int_equal(msptk__uuid7(1, a, NULL), MSPTK_OK);
        assert_int_equal(msptk__uuid7(1, b, NULL), MSPTK_OK);
        assert_string_not_equal(a, b);
}

static void what_is_no_uuid_is_refused(void **state)
{
        static const char *const bad[] = { "",
                                           "x",
                                           "017f22e2-79b0-7000-8000-00000000000",
                                           "017f22e2-79b0-7000-8000-0000000000000",
                                           "017F22E2-79b0-7000-8000-000000000000",
                                           "017f22e2079b0-7000-8000-000000000000",
                                           "017f22e2-79b0-7000-8000-00000000000g" };

        (void)state;
        assert_true(msptk__uuid_is_valid("017f22e2-79b0-7000-8000-000000000000"));
        assert_false(msptk__uuid_is_valid(NULL));
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_false(msptk__uuid_is_valid(bad[i]));
}

static void digests_are_blake2b_in_one_piece_or_many(void **state)
{
        /* b2sum -l 256 of nothing, and of "abc" */
        static const char *const empty =
                "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8";
        static const char *const abc =
                "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";
        char hex[DIGEST_HEX];
        uint8_t out[DIGEST_BYTES];
        digest d;

        (void)state;
        msptk__digest_hex("", 0, hex);
        assert_string_equal(hex, empty);
        msptk__digest_init(&d);
        msptk__digest_update(&d, "a", 1);
        msptk__digest_update(&d, "bc", 2);
        msptk__digest_final(&d, out);
        msptk__hex(out, sizeof(out), hex);
        assert_string_equal(hex, abc);
}

static void a_keyed_digest_depends_on_the_key(void **state)
{
        uint8_t a[DIGEST_BYTES], b[DIGEST_BYTES], c[DIGEST_BYTES];
        digest d;

        (void)state;
        assert_int_equal(msptk__digest_init_key(&d, "short", 5), MSPTK_E_INVALID);
        assert_int_equal(msptk__digest_init_key(&d, "0123456789abcdef", 16), MSPTK_OK);
        msptk__digest_update(&d, "x", 1);
        msptk__digest_final(&d, a);
        assert_int_equal(msptk__digest_init_key(&d, "0123456789abcdeF", 16), MSPTK_OK);
        msptk__digest_update(&d, "x", 1);
        msptk__digest_final(&d, b);
        msptk__digest("x", 1, c);
        assert_false(msptk__bytes_equal(a, b, sizeof(a)));
        assert_false(msptk__bytes_equal(a, c, sizeof(a)));
        assert_true(msptk__bytes_equal(a, a, sizeof(a)));
}

static void hex_and_base64url_decode_what_they_encode_and_nothing_else(void **state)
{
        static const char *const bad_hex[] = { "0", "0g", "00 ", " 00", "0x00", "00:11" };
        static const char *const bad_64[] = { "A", "AA==", "A+B/", "AA AA", "AAA=", "AB" };
        uint8_t data[64], back[64];
        char text[130];
        size_t len = 77;

        (void)state;
        assert_int_equal(msptk__random_bytes(data, sizeof(data), NULL), MSPTK_OK);
        for (size_t n = 0; n <= sizeof(data); n++) {
                msptk__hex(data, n, text);
                assert_int_equal(strlen(text), 2 * n);
                assert_true(msptk__hex_decode(text, back, n, &len));
                assert_int_equal(len, n);
                assert_memory_equal(back, data, n);
                msptk__base64url(data, n, text);
                assert_true(strlen(text) < BASE64URL_LEN(n));
                assert_null(strpbrk(text, "+/="));
                assert_true(msptk__base64url_decode(text, back, n, &len));
                assert_int_equal(len, n);
                assert_memory_equal(back, data, n);
        }
        assert_false(msptk__hex_decode("000102", back, 2, &len));
        assert_false(msptk__base64url_decode("AAAA", back, 2, &len));
        for (size_t i = 0; i < ARRAY_LEN(bad_hex); i++)
                assert_false(msptk__hex_decode(bad_hex[i], back, sizeof(back), &len));
        for (size_t i = 0; i < ARRAY_LEN(bad_64); i++)
                assert_false(msptk__base64url_decode(bad_64[i], back, sizeof(back), &len));
        assert_true(msptk__hex_decode("DEADbeef", back, 4, &len));
}

static void *start_and_end(void *arg)
{
        for (int i = 0; i < 200; i++) {
                if (msptk_init(NULL) != MSPTK_OK)
                        return arg;
                msptk_fini();
        }
        return NULL;
}

static void the_library_starts_and_ends_on_many_threads(void **state)
{
        pthread_t threads[4];
        void *failed;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(threads); i++)
                assert_int_equal(pthread_create(&threads[i], NULL, start_and_end, threads), 0);
        for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
                pthread_join(threads[i], &failed);
                assert_null(failed);
        }
        msptk_fini(); /* one too many does no harm */
        assert_int_equal(msptk_init(NULL), MSPTK_OK);
        msptk_fini();
}

/* ---- errors as JSON ---- */

static void an_error_as_json_has_everything_that_is_known(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_FREE char *text = NULL;

        (void)state;
        fail_why(&err, MSPTK_E_RATE, "SLOW_DOWN", "wait", "vendor said \"no\"");
        msptk_error_set_vendor(err, 429, "too_many", 1, 1500);
        msptk__error_set_adapter(err, "acme");
        msptk__error_set_client(err, "acme-corp");
        msptk__wrap(&err, MSPTK_E_RATE, "list devices");
        assert_int_equal(msptk_error_to_json(err, &text), MSPTK_OK);
        assert_string_equal(
                text, "{\"code\":\"RATE_LIMIT_EXCEEDED\",\"message\":\"list devices\",\"details\":{"
                      "\"reason\":\"SLOW_DOWN\",\"suggestion\":\"wait\",\"status\":\"E_RATE\","
                      "\"domain\":\"test\",\"http_status\":429,\"vendor_code\":\"too_many\","
                      "\"adapter\":\"acme\",\"client_id\":\"acme-corp\",\"retriable\":true,"
                      "\"retry_after_ms\":1500,\"cause\":{\"message\":\"vendor said \\\"no\\\"\","
                      "\"status\":\"E_RATE\",\"domain\":\"test\"}}}");
}

static void an_error_as_json_leaves_out_what_is_not_known(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_FREE char *text = NULL;

        (void)state;
        fail(&err, MSPTK_E_INVALID, "bad bytes \xff");
        assert_int_equal(msptk_error_to_json(err, &text), MSPTK_OK);
        assert_string_equal(text, "{\"code\":\"INVALID_PARAMETERS\",\"message\":\"bad bytes "
                                  "\xef\xbf\xbd\",\"details\":{\"reason\":\"E_INVALID\","
                                  "\"suggestion\":\"correct the named argument and call again\","
                                  "\"status\":\"E_INVALID\",\"domain\":\"test\"}}");
        assert_int_equal(msptk_error_to_json(NULL, &text), MSPTK_E_INVALID);
}

static void a_long_chain_of_causes_is_cut(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_JSON msptk_json *doc = NULL;
        AUTO_FREE char *text = NULL;
        const msptk_json *j;
        int depth = 0;

        (void)state;
        fail(&err, MSPTK_E_IO, "first");
        for (int i = 0; i < 100; i++)
                msptk__wrap(&err, MSPTK_E_IO, "context %d", i);
        assert_int_equal(msptk_error_to_json(err, &text), MSPTK_OK);
        assert_int_equal(msptk_json_parse(text, strlen(text), &doc, NULL), MSPTK_OK);
        for (j = msptk_json_get(doc, "details"); (j = msptk_json_get(j, "cause")); depth++)
                ;
        assert_int_equal(depth, 16);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(uuids_carry_their_time_and_sort_by_it),
                cmocka_unit_test(uuids_of_one_moment_differ),
                cmocka_unit_test(what_is_no_uuid_is_refused),
                cmocka_unit_test(digests_are_blake2b_in_one_piece_or_many),
                cmocka_unit_test(a_keyed_digest_depends_on_the_key),
                cmocka_unit_test(hex_and_base64url_decode_what_they_encode_and_nothing_else),
                cmocka_unit_test(the_library_starts_and_ends_on_many_threads),
                cmocka_unit_test(an_error_as_json_has_everything_that_is_known),
                cmocka_unit_test(an_error_as_json_leaves_out_what_is_not_known),
                cmocka_unit_test(a_long_chain_of_causes_is_cut),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
