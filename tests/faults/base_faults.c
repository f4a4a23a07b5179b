/* Every allocation of errors and buffers fails once, and from some point on for good. */
#define ROOM "test"
#include "support.h"
#include "base/base.h"
#include "fault.h"

/* Volatile keeps the compiler from leaving out what it can see to be unused. */
static void *(*volatile allocate)(size_t) = malloc;

static void the_loop_fails_each_point_once_and_then_all_after_it(void **state)
{
        long hits[2][4] = { { 0 } };
        long rounds = 0;

        (void)state;
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                rounds++;
                for (int i = 0; i < 3; i++) {
                        void *p = allocate(8);

                        hits[fault.onwards][i] += !p;
                        free(p);
                }
                assert_int_equal(fault_was_hit(&fault), fault.n <= 3);
        }
        assert_int_equal(rounds, 8);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(hits[0][i], 1);
                assert_int_equal(hits[1][i], i + 1);
        }
}

static void an_error_with_context_survives_any_failed_allocation(void **state)
{
        (void)state;
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_ERROR msptk_error *copy = NULL;
                msptk_status st = fail_why(&err, MSPTK_E_RATE, "SLOW_DOWN", "wait",
                                           "vendor '%s' is busy", "x");

                msptk__error_set_client(err, "acme-corp");
                msptk_error_set_vendor(err, 429, "too_many", 1, 1500);
                assert_int_equal(msptk__wrap(&err, st, "list devices"), MSPTK_E_RATE);
                copy = msptk__error_copy(err);
                if (!fault_was_hit(&fault)) {
                        assert_string_equal(msptk_error_message(copy), "list devices");
                        assert_string_equal(msptk_error_vendor_code(msptk_error_cause(copy)),
                                            "too_many");
                }
                assert_non_null(err);
                assert_non_null(copy);
                assert_true(msptk_error_status(err) == MSPTK_E_RATE ||
                            msptk_error_status(err) == MSPTK_E_NOMEM);
                assert_true(strlen(msptk_error_message(err)) > 0);
                assert_true(strlen(msptk_error_message(copy)) > 0);
        }
}

static void a_buffer_is_whole_or_says_that_it_is_not(void **state)
{
        (void)state;
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_BUF buf b = BUF_INIT(1 << 16);
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_FREE char *text = NULL;
                msptk_status st;

                for (int i = 0; i < 1000; i++)
                        msptk__buf_addf(&b, "%04d ", i);
                st = msptk__buf_status(&b, "test", "the list", &err);
                if (!st)
                        text = msptk__buf_steal(&b);
                assert_true(fault_was_hit(&fault) || text);
                assert_true(!text || strlen(text) == 5000);
                assert_true(st == MSPTK_OK || st == MSPTK_E_NOMEM);
                assert_true(st == MSPTK_OK || strlen(msptk_error_message(err)) > 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_loop_fails_each_point_once_and_then_all_after_it),
                cmocka_unit_test(an_error_with_context_survives_any_failed_allocation),
                cmocka_unit_test(a_buffer_is_whole_or_says_that_it_is_not),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
