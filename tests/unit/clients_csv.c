/* The CSV reader: what spreadsheets write, and errors that say where. */
#include "support.h"

#include "clients/csv.h"

/* All rows as one text: fields in brackets, rows ended by '/'. */
static void assert_reads(const char *text, const char *want)
{
        AUTO_CSV csv *c = NULL;
        AUTO_BUF buf out = BUF_INIT(65536);
        msptk_status st;
        csv_row row;

        assert_int_equal(msptk__csv_open(text, strlen(text), &c, NULL), MSPTK_OK);
        while ((st = msptk__csv_next(c, &row, NULL)) == MSPTK_OK) {
                for (size_t i = 0; i < row.count; i++)
                        msptk__buf_addf(&out, "[%s]", row.fields[i]);
                msptk__buf_addf(&out, "%d/", (int)row.line);
        }
        assert_int_equal(st, MSPTK_DONE);
        assert_string_equal(msptk__buf_text(&out), want);
}

static void assert_refuses(const char *text, size_t len, const char *want)
{
        AUTO_CSV csv *c = NULL;
        AUTO_ERROR msptk_error *err = NULL;
        msptk_status st = msptk__csv_open(text, len, &c, &err);
        csv_row row;

        while (st == MSPTK_OK)
                st = msptk__csv_next(c, &row, &err);
        assert_int_equal(st, MSPTK_E_PARSE);
        assert_string_equal(msptk_error_message(err), want);
}

static void quotes_line_ends_and_marks_are_understood(void **state)
{
        (void)state;
        assert_reads("a,b\r\n1,2\r\n", "[a][b]1/[1][2]2/");
        assert_reads("a,b\n\"x, \"\"y\"\"\",\n", "[a][b]1/[x, \"y\"][]2/");
        assert_reads("\xef\xbb\xbf"
                     "a;b\r1;2,3",
                     "[a][b]1/[1][2,3]2/");
        assert_reads("a\tb\n\n\n1\t2", "[a][b]1/[1][2]4/");
        assert_reads("a\n\"two\r\nlines\"\nnext\n", "[a]1/[two\nlines]2/[next]4/");
        assert_reads("\"a,a,a\";b\n", "[a,a,a][b]1/");
        assert_reads("", "");
        assert_reads("a,\n", "[a][]1/");
}

static void errors_say_line_and_column(void **state)
{
        (void)state;
        assert_refuses("a,b\n1,\"open", 11, "line 2, column 3: this quote is never closed");
        assert_refuses("a\nö \"b\"\n", 9,
                       "line 2, column 3: a quote inside a field that does not begin with one");
        assert_refuses("a\n\"b\"c\n", 7, "line 2, column 4: text after a closing quote");
        assert_refuses("a\n\xff\n", 4, "line 2: the text is not UTF-8");
        assert_refuses("a\nb\0c\n", 6, "line 2, column 2: a NUL byte");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(quotes_line_ends_and_marks_are_understood),
                cmocka_unit_test(errors_say_line_and_column),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
