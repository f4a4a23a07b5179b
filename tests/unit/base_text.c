/* Text of any script: UTF-8, cleaning, folding, slugs, nearest words. */
#include "support.h"
#include "base/base.h"

#include <ctype.h>

#undef fail
#define fail() _fail(__FILE__, __LINE__) /* for cmocka's fail_msg */

static uint64_t next_random(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed;
}

static void bad_utf8_is_refused_where_it_is_bad(void **state)
{
        static const char *const good[] = { "",
                                            "a",
                                            "\xc2\x80",
                                            "\xdf\xbf",
                                            "\xe0\xa0\x80",
                                            "\xed\x9f\xbf",
                                            "\xee\x80\x80",
                                            "\xf0\x90\x80\x80",
                                            "\xf4\x8f\xbf\xbf" };
        static const char *const bad[] = { "\x80",
                                           "\xc0\x80",
                                           "\xc1\xbf",
                                           "\xc2",
                                           "\xc2\x41",
                                           "\xe0\x9f\xbf",
                                           "\xed\xa0\x80",
                                           "\xef\xbf",
                                           "\xf0\x8f\xbf\xbf",
                                           "\xf4\x90\x80\x80",
                                           "\xf5\x80\x80\x80",
                                           "\xff" };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(good); i++)
                assert_true(msptk__utf8_valid(good[i], strlen(good[i])));
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_false(msptk__utf8_valid(bad[i], strlen(bad[i])));
        /* each maximal part of a bad sequence is one: E2 82, then A */
        assert_int_equal(msptk__utf8_count("\xe2\x82"
                                           "A",
                                           3),
                         2);
        assert_int_equal(msptk__utf8_count("\xf0\x80\x80\x41", 4), 4);
}

static void every_scalar_value_survives_encoding_and_decoding(void **state)
{
        char bytes[4];

        (void)state;
        for (uint32_t cp = 0; cp <= 0x110000; cp++) {
                size_t n = msptk__utf8_put(cp, bytes);
                const char *p = bytes;

                if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) {
                        assert_int_equal(n, 0);
                        continue;
                }
                if (msptk__utf8_next(&p, bytes + n) != cp || p != bytes + n)
                        fail_msg("U+%04X", cp);
        }
}

static void cutting_never_splits_a_character(void **state)
{
        static const char text[] = "a\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80z";
        static const size_t expected[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };
        char out[8];

        (void)state;
        for (size_t max = 0; max < ARRAY_LEN(expected); max++)
                assert_int_equal(msptk__utf8_cut(text, strlen(text), max), expected[max]);
        assert_int_equal(msptk__utf8_copy(out, sizeof(out), text), 6);
        assert_string_equal(out, "a\xc3\xb6\xe2\x82\xac");
}

static void hostile_text_is_cleaned(void **state)
{
        static const struct {
                const char *text, *plain, *visible;
        } rows[] = {
                { "plain text", "plain text", "plain text" },
                { "\x1b[31mred\x1b[0m", "red", "\\x1b[31mred\\x1b[0m" },
                { "\x1b]0;title\x07text", "text", "\\x1b]0;title\\x07text" },
                { "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link",
                  "\\x1b]8;;http://x\\x1b\\link\\x1b]8;;\\x1b\\" },
                { "\xc2\x9b"
                  "31mred",
                  "red", "\\x9b31mred" },
                { "a\x08"
                  "b\x7f"
                  "c",
                  "abc", "a\\x08b\\x7fc" },
                { "\x1b(Bx\x1b"
                  "cy\x1b",
                  "xy", "\\x1b(Bx\\x1bcy\\x1b" },
                { "user\xe2\x80\xae"
                  "gnp.exe",
                  "usergnp.exe", "user\\u202egnp.exe" },
                { "a\xe2\x80\x8b"
                  "b\xef\xbb\xbf",
                  "ab", "a\\u200bb\\ufeff" },
                { "hi\xf3\xa0\x81\x81\xf3\xa0\x81\x82", "hi", "hi\\ue0041\\ue0042" },
                { "a\xff"
                  "b",
                  "a\xef\xbf\xbd"
                  "b",
                  "a\xef\xbf\xbd"
                  "b" },
                { "a\nb\r\nc\td", "a b c d", "a b c d" },
                { "a\xe2\x80\xa8"
                  "b",
                  "a b", "a b" },
                { "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
                  "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
                  "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb" },
                { "\x1b]unended title\nnext", " next", "\\x1b]unended title next" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                AUTO_BUF buf plain = BUF_INIT(1000), visible = BUF_INIT(1000);

                assert_int_equal(
                        msptk__text_clean(rows[i].text, strlen(rows[i].text), 0, 1000, &plain),
                        MSPTK_OK);
                assert_int_equal(msptk__text_clean(rows[i].text, strlen(rows[i].text),
                                                   CLEAN_VISIBLE, 1000, &visible),
                                 MSPTK_OK);
                assert_string_equal(msptk__buf_text(&plain), rows[i].plain);
                assert_string_equal(msptk__buf_text(&visible), rows[i].visible);
        }
}

static void cleaning_keeps_lines_when_asked_and_cuts_with_a_mark(void **state)
{
        static const struct {
                size_t max;
                const char *expected;
        } rows[] = { { 9, "abc\xc3\xb6\nde" },
                     { 8, "abc\xc3\xb6\nde" },
                     { 7, "abc\xe2\x80\xa6" },
                     { 6, "abc\xe2\x80\xa6" },
                     { 3, "\xe2\x80\xa6" },
                     { 2, "ab" },
                     { 0, "" } };
        static const char text[] = "abc\xc3\xb6\r\nde";

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                AUTO_BUF buf b = BUF_INIT(100);

                assert_int_equal(
                        msptk__text_clean(text, strlen(text), CLEAN_LINES, rows[i].max, &b),
                        MSPTK_OK);
                assert_string_equal(msptk__buf_text(&b), rows[i].expected);
        }
}

static void random_bytes_become_clean_text_within_the_limit(void **state)
{
        uint64_t seed = 7;

        (void)state;
        for (int round = 0; round < 20000; round++) {
                AUTO_BUF buf once = BUF_INIT(4096), twice = BUF_INIT(4096), folded = BUF_INIT(4096),
                             refolded = BUF_INIT(4096);
                char text[48];
                size_t len = next_random(&seed) % sizeof(text), max = next_random(&seed) % 64;
                const char *p, *end;

                for (size_t i = 0; i < len; i++)
                        text[i] = (char)next_random(&seed);
                assert_int_equal(msptk__text_clean(text, len, 0, max, &once), MSPTK_OK);
                assert_true(once.len <= max);
                assert_true(msptk__utf8_valid(msptk__buf_text(&once), once.len));
                p = msptk__buf_text(&once);
                end = p + once.len;
                while (p < end)
                        assert_false(msptk__cp_hidden(msptk__utf8_next(&p, end)));
                assert_int_equal(
                        msptk__text_clean(msptk__buf_text(&once), once.len, 0, max, &twice),
                        MSPTK_OK);
                assert_string_equal(msptk__buf_text(&once), msptk__buf_text(&twice));

                assert_int_equal(msptk__text_fold(text, len, &folded), MSPTK_OK);
                assert_int_equal(msptk__text_fold(msptk__buf_text(&folded), folded.len, &refolded),
                                 MSPTK_OK);
                assert_int_equal(folded.len, refolded.len);
                assert_memory_equal(msptk__buf_text(&folded), msptk__buf_text(&refolded),
                                    folded.len);
        }
}

static void folding_is_alike_in_every_script(void **state)
{
        static const char *const rows[][2] = {
                { "MÖBEL", "mobel" },
                { "Mo\xcc\x88"
                  "bel",
                  "mobel" },
                { "STRASSE", "strasse" },
                { "Straße", "strasse" },
                { "ẞ", "ss" },
                { "Øresund Ærø Łódź Đà Nẵng", "oresund aero lodz da nang" },
                { "İstanbul ISPARTA ısparta", "istanbul isparta isparta" },
                { "ΣΊΣΥΦΟΣ", "σισυφοσ" },
                { "Σίσυφος", "σισυφοσ" },
                { "МОСКВА Ёлка й", "москва елка и" },
                { "Հայաստան ՀԱՅԱՍՏԱՆ", "հայաստան հայաստան" },
                { "ﬁnal Ｆｕｌｌ ①", "final full 1" },
                { "Đorđe ŠĆ", "dorde sc" },
                { "ᲥᲐᲠᲗᲣᲚᲘ", "ქართული" },
                { "日本語", "日本語" },
                { "שָׁלוֹם", "שלום" },
                { "Ꮳ", "Ꮳ" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                AUTO_BUF buf b = BUF_INIT(1000);

                assert_int_equal(msptk__text_fold(rows[i][0], strlen(rows[i][0]), &b), MSPTK_OK);
                assert_string_equal(msptk__buf_text(&b), rows[i][1]);
        }
}

static void assert_fold_equal(const char *a, const char *b)
{
        AUTO_BUF buf fa = BUF_INIT(1000), fb = BUF_INIT(1000);

        assert_int_equal(msptk__text_fold(a, strlen(a), &fa), MSPTK_OK);
        assert_int_equal(msptk__text_fold(b, strlen(b), &fb), MSPTK_OK);
        assert_string_equal(msptk__buf_text(&fa), msptk__buf_text(&fb));
}

static void composed_and_decomposed_text_fold_alike(void **state)
{
        (void)state;
        assert_fold_equal("\xed\x95\x9c", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"); /* Hangul */
        assert_fold_equal("\xe3\x81\x8c", "\xe3\x81\x8b\xe3\x82\x99");             /* kana */
        assert_fold_equal("\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc");             /* nukta */
        assert_fold_equal("\xe1\xbe\x8d", "\xce\x91\xcc\x94\xcc\x81\xcd\x85");     /* Greek */
        assert_fold_equal("\xef\xbd\xb6\xef\xbe\x9e", "\xe3\x82\xac");             /* half width */
}

static void slugs_come_from_names_of_any_script(void **state)
{
        static const char *const rows[][2] = {
                { "Möbel Müller GmbH", "mobel-muller-gmbh" },
                { "Mo\xcc\x88"
                  "bel Mu\xcc\x88ller GmbH",
                  "mobel-muller-gmbh" },
                { "Acme Corp", "acme-corp" },
                { "  --Acme__Corp!!  ", "acme-corp" },
                { "O'Brien & Sons, Inc.", "obrien-sons-inc" },
                { "O’Brien", "obrien" },
                { "Straße 24/7", "strasse-24-7" },
                { "Acme™ Corp®", "acme-corp" },
                { "Ευρώπη Ουρανός", "europi-ouranos" },
                { "Αθήνα ΑΕ", "athina-ae" },
                { "Газпром Нефть", "gazprom-neft" },
                { "Щёлково", "shchelkovo" },
                { "Київ", "kiiv" },
                { "Ђорђе", "djordje" },
                { "Ærø Smørrebrød", "aero-smorrebrod" },
                { "株式会社", "" },
                { "株式会社 ABC", "abc" },
                { "שלום", "" },
                { "!!!", "" },
                { "", "" },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                char out[SLUG_CAP];

                assert_int_equal(msptk__slug(rows[i][0], out, sizeof(out)), strlen(rows[i][1]));
                assert_string_equal(out, rows[i][1]);
        }
}

static void names_without_a_slug_get_digits_of_their_digest(void **state)
{
        char a[SLUG_CAP], b[SLUG_CAP], again[SLUG_CAP];

        (void)state;
        assert_true(msptk__slug_from_name("株式会社", a, sizeof(a)));
        assert_true(msptk__slug_from_name("有限会社", b, sizeof(b)));
        assert_true(msptk__slug_from_name("株式会社", again, sizeof(again)));
        assert_string_equal(a, again);
        assert_string_not_equal(a, b);
        assert_int_equal(strlen(a), strlen("client-") + 12);
        assert_int_equal(strncmp(a, "client-", 7), 0);
        for (const char *p = a + 7; *p; p++)
                assert_true(isdigit((unsigned char)*p));
        assert_true(msptk__slug_valid(a));
        assert_true(msptk__slug_from_name("Acme Corp", a, sizeof(a)));
        assert_string_equal(a, "acme-corp");
        assert_false(msptk__slug_from_name("", a, sizeof(a)));
        assert_false(msptk__slug_from_name(" \t\xc2\xa0\xe2\x80\x8b", a, sizeof(a)));
        assert_false(msptk__slug_from_name("\xff", a, sizeof(a)));
        assert_false(msptk__slug_from_name("Acme", a, 10));
}

static void slugs_are_valid_and_stable_whatever_the_text(void **state)
{
        static const char letters[] =
                "aZ09 -_'.\xc3\xb6\xc3\x9f\xd1\x89\xce\xbf\xcf\x85\xe6\xa0\xaa\xcc\x88";
        uint64_t seed = 3;

        (void)state;
        for (int round = 0; round < 20000; round++) {
                char text[160], out[SLUG_CAP], again[SLUG_CAP];
                size_t len = next_random(&seed) % (sizeof(text) - 1);
                size_t cap = 1 + next_random(&seed) % (SLUG_CAP);

                for (size_t i = 0; i < len; i++)
                        text[i] = letters[next_random(&seed) % (sizeof(letters) - 1)];
                text[len] = '\0';
                assert_true(msptk__slug(text, out, cap) < cap);
                if (*out)
                        assert_true(msptk__slug_valid(out));
                msptk__slug(out, again, sizeof(again));
                assert_string_equal(out, again);
        }
}

static void slug_syntax_is_strict(void **state)
{
        static const char *const good[] = { "a", "0", "acme-corp", "a-b-c", "3m" };
        static const char *const bad[] = { "",  "-",   "-a",  "a-",      "a--b",
                                           "A", "a_b", "a b", "\xc3\xb6" };
        char slug[67];

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(good); i++)
                assert_true(msptk__slug_valid(good[i]));
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_false(msptk__slug_valid(bad[i]));
        memset(slug, 'a', 65);
        slug[65] = '\0';
        assert_false(msptk__slug_valid(slug));
        slug[64] = '\0';
        assert_true(msptk__slug_valid(slug));
}

static void nearest_word_is_what_was_meant_or_nothing(void **state)
{
        static const char *const words[] = { "timeout",   "timezone", "company_name",
                                             "log_level", "tier",     "id" };

        (void)state;
        assert_int_equal(msptk__edit_distance("kitten", "sitting", 9), 3);
        assert_int_equal(msptk__edit_distance("abcd", "acbd", 9), 1);
        assert_int_equal(msptk__edit_distance("Log-Level", "log_level", 9), 0);
        assert_int_equal(msptk__edit_distance("abc", "xyz", 1), 2);
        assert_int_equal(msptk__edit_distance("", "abc", 5), 3);
        assert_string_equal(msptk__nearest("time_zone", words, ARRAY_LEN(words)), "timezone");
        assert_string_equal(msptk__nearest("timout", words, ARRAY_LEN(words)), "timeout");
        assert_string_equal(msptk__nearest("companyname", words, ARRAY_LEN(words)), "company_name");
        assert_string_equal(msptk__nearest("teir", words, ARRAY_LEN(words)), "tier");
        assert_null(msptk__nearest("password", words, ARRAY_LEN(words)));
        assert_null(msptk__nearest("x", words, ARRAY_LEN(words)));
        assert_null(msptk__nearest("", words, ARRAY_LEN(words)));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(bad_utf8_is_refused_where_it_is_bad),
                cmocka_unit_test(every_scalar_value_survives_encoding_and_decoding),
                cmocka_unit_test(cutting_never_splits_a_character),
                cmocka_unit_test(hostile_text_is_cleaned),
                cmocka_unit_test(cleaning_keeps_lines_when_asked_and_cuts_with_a_mark),
                cmocka_unit_test(random_bytes_become_clean_text_within_the_limit),
                cmocka_unit_test(folding_is_alike_in_every_script),
                cmocka_unit_test(composed_and_decomposed_text_fold_alike),
                cmocka_unit_test(slugs_come_from_names_of_any_script),
                cmocka_unit_test(names_without_a_slug_get_digits_of_their_digest),
                cmocka_unit_test(slugs_are_valid_and_stable_whatever_the_text),
                cmocka_unit_test(slug_syntax_is_strict),
                cmocka_unit_test(nearest_word_is_what_was_meant_or_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
