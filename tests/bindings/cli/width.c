/* Columns of text in any script, cutting, and what foreign text is made of before it is printed. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"

static void ascii_takes_a_column_each(void **state)
{
        (void)state;
        assert_int_equal(text_width(""), 0);
        assert_int_equal(text_width("Acme Corp"), 9);
}

static void wide_scripts_take_two_columns(void **state)
{
        (void)state;
        assert_int_equal(text_width("株式会社"), 8);
        assert_int_equal(text_width("한국"), 4);
        assert_int_equal(text_width("ＡＢ"), 4);
        assert_int_equal(text_width("ｱｲ"), 2); /* half width */
}

static void narrow_scripts_take_one_column(void **state)
{
        (void)state;
        assert_int_equal(text_width("Möbel"), 5);
        assert_int_equal(text_width("Αθήνα"), 5);
        assert_int_equal(text_width("Москва"), 6);
        assert_int_equal(text_width("شركة"), 4);
        assert_int_equal(text_width("שלום"), 4);
}

static void marks_take_no_column(void **state)
{
        (void)state;
        assert_int_equal(text_width("Zoe\xcc\x81"), 3);
        assert_int_equal(text_width("\xcc\x81"), 0);
        assert_int_equal(text_width("مُحَمَّد"), 4);
        assert_int_equal(text_width("กำ"), 2);
        assert_int_equal(text_width("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"), 2); /* h + a + n */
}

static void pictures_take_two_columns_however_they_are_made(void **state)
{
        (void)state;
        assert_int_equal(text_width("😀"), 2);
        assert_int_equal(text_width("👍🏽"), 2);
        assert_int_equal(text_width("👩‍👩‍👧"), 2);
        assert_int_equal(text_width("🇩🇪"), 2);
        assert_int_equal(text_width("🇩🇪🇫🇷"), 4);
        assert_int_equal(text_width("❤"), 1);
        assert_int_equal(text_width("❤️"), 2);
}

static void cutting_never_splits_what_a_reader_sees_as_one(void **state)
{
        size_t width;

        (void)state;
        assert_int_equal(text_cut("株式会社", 5, &width), 6);
        assert_int_equal(width, 4);
        assert_int_equal(text_cut("Zoe\xcc\x81!", 3, &width), 5);
        assert_int_equal(width, 3);
        assert_int_equal(text_cut("👩‍👩‍👧x", 1, &width), 0);
        assert_int_equal(width, 0);
        assert_int_equal(text_cut("abc", 10, &width), 3);
}

static void broken_bytes_neither_crash_nor_hide(void **state)
{
        text t = { 0 };

        (void)state;
        add_clean(&t, "a\xff\xc3(\xe2\x82", true);
        assert_string_equal(text_str(&t), "a\\xff\\xc3(\\xe2\\x82");
        text_free(&t);
        assert_true(text_width("\xf0\x9f") < 10);
        assert_true(text_width("\xed\xa0\x80") < 10);
}

static void what_steers_a_terminal_is_written_out(void **state)
{
        text t = { 0 };

        (void)state;
        add_clean(&t, "a\033[31mb\x07\x7f", true);
        assert_string_equal(text_str(&t), "a^[[31mb^G\\u{7f}");
        text_reset(&t);
        add_clean(&t, "x\u202ey\xc2\x80z\u200b", true);
        assert_string_equal(text_str(&t), "x\\u{202e}y\\u{80}z\\u{200b}");
        text_reset(&t);
        add_clean(&t, "two\nlines\tand", true);
        assert_string_equal(text_str(&t), "two lines and");
        text_reset(&t);
        add_clean(&t, "two\nlines", false);
        assert_string_equal(text_str(&t), "two\nlines");
        text_free(&t);
}

static void joiners_of_scripts_stay(void **state)
{
        text t = { 0 };

        (void)state;
        add_clean(&t, "می\u200cخواهم 👩\u200d👧", true);
        assert_string_equal(text_str(&t), "می\u200cخواهم 👩\u200d👧");
        text_free(&t);
}

static void mistyped_words_find_the_nearest(void **state)
{
        static const char *const words[] = { "client", "config", "device" };

        (void)state;
        assert_string_equal(nearest_word("cleint", words, 3), "client");
        assert_string_equal(nearest_word("dev", words, 3), "device");
        assert_null(nearest_word("xyzzy", words, 3));
        assert_null(nearest_word(
                "a-word-that-is-much-longer-than-sixty-four-characters-in-all-of-it!", words, 3));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(ascii_takes_a_column_each),
                cmocka_unit_test(wide_scripts_take_two_columns),
                cmocka_unit_test(narrow_scripts_take_one_column),
                cmocka_unit_test(marks_take_no_column),
                cmocka_unit_test(pictures_take_two_columns_however_they_are_made),
                cmocka_unit_test(cutting_never_splits_what_a_reader_sees_as_one),
                cmocka_unit_test(broken_bytes_neither_crash_nor_hide),
                cmocka_unit_test(what_steers_a_terminal_is_written_out),
                cmocka_unit_test(joiners_of_scripts_stay),
                cmocka_unit_test(mistyped_words_find_the_nearest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
