/* Errors as values: context, codes, and reporting without memory. */
#define ROOM "test"
#include "support.h"
#include "base/base.h"

static void wrapping_keeps_status_reason_and_cause(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        msptk_status st = fail_why(&err, MSPTK_E_NOTFOUND, "CLIENT_NOT_FOUND", "use client_list",
                                   "client '%s' not found", "x");

        (void)state;
        msptk__error_set_client(err, "x");
        st = msptk__wrap(&err, st, "run checks");
        assert_int_equal(st, MSPTK_E_NOTFOUND);
        assert_string_equal(msptk_error_message(err), "run checks");
        assert_string_equal(msptk_error_code(err), "CLIENT_NOT_FOUND");
        assert_string_equal(msptk_error_suggestion(err), "use client_list");
        assert_string_equal(msptk_error_client_id(err), "x");
        assert_string_equal(msptk_error_message(msptk_error_cause(err)), "client 'x' not found");
}

static void every_status_has_a_name_a_code_and_a_suggestion(void **state)
{
        (void)state;
        for (msptk_status st = MSPTK_E_INTERNAL; st < 0; st++) {
                AUTO_ERROR msptk_error *err = NULL;

                fail(&err, st, "x");
                assert_string_not_equal(msptk_status_name(st), "E_UNKNOWN");
                assert_true(strlen(msptk_error_code(err)) > 3);
                assert_true(strlen(msptk_error_suggestion(err)) > 10);
        }
}

static void nomem_needs_no_memory_and_survives_every_setter(void **state)
{
        msptk_error *err = NULL;

        (void)state;
        assert_int_equal(msptk__nomem(&err), MSPTK_E_NOMEM);
        msptk__error_set_reason(err, "X", "y");
        msptk_error_set_vendor(err, 500, "x", 1, 5);
        assert_int_equal(msptk__wrap(&err, MSPTK_E_NOMEM, "context"), MSPTK_E_NOMEM);
        assert_string_equal(msptk_error_message(err), "out of memory");
        assert_int_equal(msptk_error_http_status(err), 0);
        msptk_error_free(err);
}

static void buffer_stops_at_its_limit_and_says_so(void **state)
{
        AUTO_BUF buf b = BUF_INIT(8);
        AUTO_ERROR msptk_error *err = NULL;

        (void)state;
        assert_int_equal(msptk__buf_addf(&b, "%d", 1234567), MSPTK_OK);
        assert_int_equal(msptk__buf_add_str(&b, "89"), MSPTK_E_TOOBIG);
        assert_int_equal(msptk__buf_add_char(&b, 'x'), MSPTK_E_TOOBIG);
        assert_string_equal(msptk__buf_text(&b), "1234567");
        assert_int_equal(msptk__buf_status(&b, "test", "the line", &err), MSPTK_E_TOOBIG);
        assert_string_equal(msptk_error_message(err),
                            "the line is longer than the limit of 8 bytes");
        assert_null(msptk__buf_steal(&b));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(wrapping_keeps_status_reason_and_cause),
                cmocka_unit_test(every_status_has_a_name_a_code_and_a_suggestion),
                cmocka_unit_test(nomem_needs_no_memory_and_survives_every_setter),
                cmocka_unit_test(buffer_stops_at_its_limit_and_says_so),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
