/* Reply headers as vendors send them. */
#include "support.h"

#include "net/headers.h"

static int64_t date(const char *text)
{
        int64_t us = -1;

        return msptk__http_date(text, &us) ? us : -1;
}

static void the_three_forms_of_dates_are_one_instant(void **state)
{
        const int64_t us = INT64_C(784111777) * 1000000;

        (void)state;
        assert_int_equal(date("Sun, 06 Nov 1994 08:49:37 GMT"), us);
        assert_int_equal(date("Sunday, 06-Nov-94 08:49:37 GMT"), us);
        assert_int_equal(date("Sun Nov  6 08:49:37 1994"), us);
        assert_int_equal(date("Wed, 21 Oct 2026 23:59:60 GMT"),
                         date("Wed, 21 Oct 2026 23:59:59 GMT"));
}

static void what_is_no_date_is_refused(void **state)
{
        static const char *const bad[] = { "",
                                           "now",
                                           "Sun, 06 Nov 1994 08:49:37",
                                           "Sun, 31 Feb 2026 08:49:37 GMT",
                                           "Sun, 06 Nov 1994 25:49:37 GMT",
                                           "Sun, 06 Nov 1994 08:49:37 GMT+1",
                                           "1994-11-06T08:49:37Z",
                                           "Sun Nov" };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                assert_int_equal(date(bad[i]), -1);
}

static void retry_after_is_seconds_or_a_date_by_the_servers_clock(void **state)
{
        int64_t now = date("Sun, 06 Nov 1994 08:49:37 GMT");

        (void)state;
        assert_int_equal(msptk__http_retry_after("120", now), 120000);
        assert_int_equal(msptk__http_retry_after(" 0 ", now), 0);
        assert_int_equal(msptk__http_retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now), 10000);
        assert_int_equal(msptk__http_retry_after("Sun, 06 Nov 1994 08:49:07 GMT", now), 0);
        assert_int_equal(msptk__http_retry_after("99999999999999999999", now), 86400000);
        assert_int_equal(msptk__http_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", INT64_MIN / 2),
                         86400000);
        assert_int_equal(msptk__http_retry_after("soon", now), -1);
        assert_int_equal(msptk__http_retry_after("-1", now), -1);
        assert_int_equal(msptk__http_retry_after("1.5", now), -1);
}

static void a_content_type_is_its_essence(void **state)
{
        char out[CONTENT_TYPE_MAX];

        (void)state;
        msptk__http_content_type(" Application/JSON; charset=utf-8", out);
        assert_string_equal(out, "application/json");
        msptk__http_content_type("text/html;", out);
        assert_string_equal(out, "text/html");
        msptk__http_content_type("json", out);
        assert_string_equal(out, "");
        msptk__http_content_type("a/b c", out);
        assert_string_equal(out, "");
        msptk__http_content_type("", out);
        assert_string_equal(out, "");
}

static void next_is(const char *header, const char *want)
{
        char *target = NULL;
        msptk_status st = msptk__http_link_next(header, &target);

        if (want) {
                assert_int_equal(st, MSPTK_OK);
                assert_string_equal(target, want);
        } else {
                assert_int_equal(st, MSPTK_DONE);
                assert_null(target);
        }
        msptk__free(target);
}

static void the_next_page_is_found_among_links(void **state)
{
        (void)state;
        next_is("</a?page=2>; rel=\"next\"", "/a?page=2");
        next_is("<https://x/1>; rel=prev, <https://x/3>; rel=next", "https://x/3");
        next_is("</1,2>; title=\"a, b; rel=next\"; rel=last,</n>;rel=\"prev NEXT\"", "/n");
        next_is("<n> ; REL = next ; type=\"a\\\"b\"", "n");
        next_is("<>; rel=next", "");
        next_is("</a>; rel=last", NULL);
        next_is("</a>; rel=last; rel=next", NULL); /* the first one counts */
        next_is("</a>; rel=next; anchor=\"/other\"", NULL);
        next_is("</a>; rel=nextpage", NULL);
        next_is("</a; rel=next", NULL);
        next_is("</a>; rel=\"next", NULL);
        next_is("/a; rel=next", NULL);
        next_is("", NULL);
}

static void links_are_bounded(void **state)
{
        AUTO_BUF buf text = BUF_INIT(65536);
        char *target = NULL;

        (void)state;
        for (int i = 0; i < HEADER_LINK_MAX; i++)
                msptk__buf_add_str(&text, "</x>; rel=last, ");
        msptk__buf_add_str(&text, "</n>; rel=next");
        next_is(msptk__buf_text(&text), NULL);
        msptk__buf_reset(&text);
        msptk__buf_add_char(&text, '<');
        for (int i = 0; i <= HEADER_URL_MAX; i++)
                msptk__buf_add_char(&text, 'a');
        msptk__buf_add_str(&text, ">; rel=next");
        assert_int_equal(msptk__http_link_next(msptk__buf_text(&text), &target), MSPTK_E_TOOBIG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_three_forms_of_dates_are_one_instant),
                cmocka_unit_test(what_is_no_date_is_refused),
                cmocka_unit_test(retry_after_is_seconds_or_a_date_by_the_servers_clock),
                cmocka_unit_test(a_content_type_is_its_essence),
                cmocka_unit_test(the_next_page_is_found_among_links),
                cmocka_unit_test(links_are_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
