/* JSON is read, built, copied and printed while every allocation fails once. */
#define ROOM "test"
#include "support.h"
#include "base/base.h"
#include "fault.h"

static const char document[] =
        "{\"id\":\"acme\\u002dcorp\",\"big\":18446744073709551615,\"list\":[1,2.5,true,null,{}],"
        "\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1,"
        "\"l\":1,\"m\":1,\"n\":1,\"o\":1}";

static void reading_copying_and_printing_fail_cleanly(void **state)
{
        (void)state;
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_JSON msptk_json *doc = NULL, *copy = NULL;
                AUTO_FREE char *text = NULL;
                msptk_status st = msptk_json_parse(document, sizeof(document) - 1, &doc, &err);

                if (st == MSPTK_OK && (copy = msptk_json_copy(doc)))
                        st = msptk_json_print(copy, 0, &text, &err);
                else
                        st = MSPTK_E_NOMEM;
                assert_true(st == MSPTK_OK || (st == MSPTK_E_NOMEM && fault_was_hit(&fault)));
                assert_int_equal(text != NULL, st == MSPTK_OK);
                if (text)
                        assert_true(strlen(text) > 100);
        }
}

static void building_fails_cleanly_and_leaves_the_object_whole(void **state)
{
        (void)state;
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_JSON msptk_json *o = msptk_json_new_object();
                msptk_status st[5] = { MSPTK_OK };
                size_t done = 0;

                if (!o) {
                        assert_true(fault_was_hit(&fault));
                        continue;
                }
                st[0] = msptk_json_set_string(o, "name", "x");
                st[1] = msptk_json_set_int(o, "big", INT64_MAX);
                st[2] = msptk_json_set(o, "list", msptk_json_new_array());
                st[3] = msptk_json_set_bool(o, "ok", 1);
                st[4] = msptk_json_set_double(o, "cpu", 0.5);
                for (size_t i = 0; i < ARRAY_LEN(st); i++) {
                        assert_true(st[i] == MSPTK_OK || st[i] == MSPTK_E_NOMEM);
                        done += st[i] == MSPTK_OK;
                }
                assert_int_equal(msptk_json_count(o), done);
                assert_true(done == ARRAY_LEN(st) || fault_was_hit(&fault));
        }
}

static void an_error_becomes_json_or_says_that_memory_is_short(void **state)
{
        (void)state;
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_FREE char *text = NULL;
                msptk_status st;

                fail_why(&err, MSPTK_E_NOTFOUND, "CLIENT_NOT_FOUND", "list them", "no '%s'", "x");
                st = msptk_error_to_json(err, &text);
                assert_true(st == MSPTK_OK || (st == MSPTK_E_NOMEM && fault_was_hit(&fault)));
                assert_int_equal(text != NULL, st == MSPTK_OK);
        }
}

static void a_file_is_written_whole_or_not_at_all(void **state)
{
        char dir[] = "/tmp/msptk-fault-XXXXXX", path[64];

        (void)state;
        assert_non_null(mkdtemp(dir));
        snprintf(path, sizeof(path), "%s/a", dir);
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_BUF buf out = BUF_INIT(100);
                msptk_status st = msptk__file_write(path, "whole", 5, 0600, 0, NULL);

                assert_true(st == MSPTK_OK || fault_was_hit(&fault));
                st = msptk__file_read(path, 0, &out, NULL);
                assert_true(st == MSPTK_OK || fault_was_hit(&fault));
                if (st == MSPTK_OK)
                        assert_string_equal(msptk__buf_text(&out), "whole");
        }
        remove(path);
        assert_int_equal(remove(dir), 0); /* and no temporary file is left in it */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(reading_copying_and_printing_fail_cleanly),
                cmocka_unit_test(building_fails_cleanly_and_leaves_the_object_whole),
                cmocka_unit_test(an_error_becomes_json_or_says_that_memory_is_short),
                cmocka_unit_test(a_file_is_written_whole_or_not_at_all),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
