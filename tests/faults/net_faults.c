/* Exchanges while memory runs out and transfers fail: each ends, with a reply or an error; nothing
 * is left behind. */
#include "support.h"
#include "fault.h"
#include "net_support.h"

static bool transfer_fails(void *user)
{
        (void)user;
        return fault_point(FAULT_HTTP);
}

typedef struct site {
        ctx c;
        net_site *s;
        secret *key;
} site;

static msptk_status open_site(site *x, const char *settings)
{
        const store_migration *tables[] = { msptk__net_migrations };
        msptk_json *json = NULL;
        msptk_status st;

        x->c.principal = "test";
        TRY(msptk__work_new(NULL, &x->c.work, NULL));
        TRY(msptk__store_open(&(store_options){ .path = ":memory:" }, &x->c.store, NULL));
        TRY(msptk__store_migrate(x->c.store, tables, 1, 1000000, NULL));
        TRY(msptk__net_open(&x->c, &x->c.net, NULL));
        msptk__net_set_fault(x->c.net, transfer_fails, NULL);
        TRY(msptk__secret_new("s3cret", 6, &x->key, NULL));
        TRY(msptk_json_parse(settings, strlen(settings), &json, NULL));
        st = msptk__net_site_new(x->c.net, "vendor", json, 0, &x->s, NULL);
        msptk_json_free(json);
        return st;
}

static void close_site(site *x)
{
        if (x->c.work)
                assert_int_equal(msptk__work_close(x->c.work, 10000, NULL), MSPTK_OK);
        msptk__net_site_free(x->s);
        msptk__secret_free(x->key);
        msptk__net_close(x->c.net);
        msptk__store_free(x->c.store);
        msptk__work_free(x->c.work);
}

static void an_exchange_ends_whatever_fails(void **state)
{
        static const char *const headers[] = { "Accept: application/json", "X-A:", NULL };
        scripted *server = scripted_start();
        const char *url = scripted_url(server, "/api/1");
        char settings[256];

        (void)state;
        snprintf(settings, sizeof(settings),
                 "{\"api_url\": \"%s\", \"origins\": [\"https://example.com\"],"
                 " \"rate\": {\"requests\": 1000, \"per\": 1}}",
                 url);
        SCRIPT(server, .path = "/api/1", .status = 303, .headers = "Location: /api/2\r\n");
        SCRIPT(server, .path = "/api/2", .body = "{\"n\": 1}",
               .headers = "Content-Type: a/b\r\nLink: </api/3>; rel=next\r\nRetry-After: 1\r\n"
                          "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
        FAULT_LOOP(fault, FAULT_ALLOC | FAULT_HTTP)
        {
                net_reply r = { 0 };
                site x = { 0 };
                net_request in = { .method = "POST",
                                   .url = url,
                                   .headers = headers,
                                   .body = "{}",
                                   .body_len = 2,
                                   .auth = NET_AUTH_BASIC,
                                   .user = "me",
                                   .timeout_ms = 20000 };
                msptk_error *err = NULL;
                msptk_status st = open_site(&x, settings);

                in.secret = x.key;
                if (st == MSPTK_OK)
                        st = msptk__net_exchange(x.s, &in, NULL, &r, &err);
                assert_true(st == MSPTK_OK || fault_was_hit(&fault));
                if (st == MSPTK_OK) {
                        assert_int_equal(r.http_status, 200);
                        assert_string_equal(r.body, "{\"n\": 1}");
                        assert_non_null(r.next_link);
                } else {
                        assert_null(r.body);
                }
                msptk_error_free(err);
                msptk__net_reply_clear(&r);
                close_site(&x);
        }
        scripted_stop(server);
}

static int32_t count(void *user, size_t i, msptk_status st, net_reply *r, const msptk_error *err)
{
        (void)i;
        (void)err;
        assert_true((st == MSPTK_OK) == (r != NULL));
        ++*(int *)user;
        return 0;
}

static void a_failed_transfer_fails_only_its_own(void **state)
{
        scripted *server = scripted_start();
        const char *url = scripted_url(server, "/");
        char settings[128];

        (void)state;
        snprintf(settings, sizeof(settings), "{\"api_url\": \"%s\"}", url);
        SCRIPT(server, .path = NULL);
        FAULT_LOOP(fault, FAULT_HTTP)
        {
                net_request in[4];
                site x = { 0 };
                int told = 0;

                for (int i = 0; i < 4; i++)
                        in[i] = (net_request){ .method = "POST", .url = url, .timeout_ms = 20000 };
                assert_int_equal(open_site(&x, settings), MSPTK_OK);
                assert_int_equal(msptk__net_exchange_many(x.s, in, 4, NULL, count, &told, NULL),
                                 MSPTK_OK);
                assert_int_equal(told, 4);
                close_site(&x);
        }
        scripted_stop(server);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_exchange_ends_whatever_fails),
                cmocka_unit_test(a_failed_transfer_fails_only_its_own),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
