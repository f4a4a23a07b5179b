/* What adapters may ask and send, and what settings may say. */
#include "support.h"
#include "net_support.h"

static msptk_status ask(net_site *s, const net_request *in, msptk_error **ret_err)
{
        AUTO_NET_REPLY net_reply r = { 0 };
        net_request full = *in;

        full.timeout_ms = 5000;
        return msptk__net_exchange(s, &full, NULL, &r, ret_err);
}

static void refused(net_world *w, net_site *s, msptk_status st, const char *reason,
                    const net_request *in)
{
        AUTO_ERROR msptk_error *err = NULL;

        assert_int_equal(ask(s, in, &err), st);
        if (reason)
                assert_string_equal(msptk_error_reason(err), reason);
        assert_int_equal(scripted_connections(w->server), 0);
}

#define REFUSED(st, reason, ...) refused(w, s, (st), (reason), &(net_request){ __VA_ARGS__ })

static net_site *site_of(net_world *w, const char *settings, msptk_error **ret_err)
{
        msptk_json *json = NULL;
        net_site *s = NULL;

        assert_int_equal(msptk_json_parse(settings, strlen(settings), &json, NULL), MSPTK_OK);
        (void)msptk__net_site_new(w->c.net, "vendor", json, 0, &s, ret_err);
        msptk_json_free(json);
        return s;
}

/* ---- addresses ---- */

static void only_the_origins_may_be_asked(void **state)
{
        static const char *const urls[] = {
                "https://api.example.com.evil.example/",
                "https://evil.example/https://api.example.com/",
                "http://api.example.com/", /* another scheme */
                "https://api.example.com:444/",
                "https://api.example.com@evil.example:443",
        };
        net_world *w = *state;
        AUTO_NET_SITE net_site *s =
                site_of(w, "{\"api_url\": \"https://api.example.com/v1\"}", NULL);
        AUTO_NET_SITE net_site *none = site_of(w, "{}", NULL);

        for (size_t i = 0; i + 1 < ARRAY_LEN(urls); i++)
                REFUSED(MSPTK_E_DENIED, "OUTSIDE_ORIGINS", .url = urls[i]);
        REFUSED(MSPTK_E_INVALID, "BAD_URL", .url = urls[ARRAY_LEN(urls) - 1]);
        refused(w, none, MSPTK_E_DENIED, "OUTSIDE_ORIGINS",
                &(net_request){ .url = "https://api.example.com/" });
}

static void addresses_that_are_none_are_refused(void **state)
{
        static const char *const urls[] = { "",
                                            "api.example.com",
                                            "/relative",
                                            "ftp://api.example.com/",
                                            "file:///etc/passwd",
                                            "https://user@api.example.com/",
                                            "https://user:pw@api.example.com/",
                                            "https://api.example.com/a b",
                                            "https://api.example.com/\r\nX: y",
                                            "https://api.example.com\\@evil.example/",
                                            "https:///path" };
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_of(w, "{\"api_url\": \"https://api.example.com\"}", NULL);

        for (size_t i = 0; i < ARRAY_LEN(urls); i++)
                REFUSED(i == 10 ? MSPTK_E_DENIED : MSPTK_E_INVALID, NULL, .url = urls[i]);
        REFUSED(MSPTK_E_INVALID, "BAD_URL", .url = NULL);
}

static void further_origins_may_be_listed(void **state)
{
        net_world *w = *state;
        AUTO_BUF buf text = BUF_INIT(1024);
        AUTO_NET_SITE net_site *s = NULL;

        msptk__buf_addf(&text,
                        "{\"api_url\": \"https://API.example.com\", \"origins\": "
                        "[\"http://127.0.0.1:%d\"]}",
                        scripted_port(w->server));
        s = site_of(w, msptk__buf_text(&text), NULL);
        SCRIPT(w->server, .path = NULL);
        assert_int_equal(ask(s, &(net_request){ .url = scripted_url(w->server, "/x") }, NULL),
                         MSPTK_OK);
}

static void without_encryption_only_loopback_or_on_purpose(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_of(w, "{\"api_url\": \"http://192.0.2.1\"}", NULL);
        AUTO_NET_SITE net_site *on_purpose =
                site_of(w, "{\"api_url\": \"http://192.0.2.1\", \"allow_http\": true}", NULL);
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_CANCEL cancel *tok = msptk__cancel_new(NULL, NULL, -1);
        AUTO_NET_REPLY net_reply r = { 0 };

        REFUSED(MSPTK_E_DENIED, "NOT_ENCRYPTED", .url = "http://192.0.2.1/");
        msptk__cancel_trigger(tok); /* it comes as far as the network, and no further */
        assert_int_equal(msptk__net_exchange(on_purpose,
                                             &(net_request){ .url = "http://192.0.2.1/" }, tok, &r,
                                             &err),
                         MSPTK_E_CANCELLED);
}

/* ---- what is sent ---- */

static void headers_of_the_host_are_the_hosts(void **state)
{
        static const char *const bad[] = { "Authorization: Bearer x",
                                           "authorization:x",
                                           "Cookie: a=b",
                                           "Host: evil",
                                           "Content-Length: 1",
                                           "Transfer-Encoding: chunked",
                                           "Proxy-Authorization: x",
                                           "X-A: b\r\nAuthorization: x",
                                           "X-A: b\nc",
                                           "X A: b",
                                           "X-A",
                                           ": b",
                                           "" };
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);

        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                const char *const headers[] = { "Accept: text/plain", bad[i], NULL };

                REFUSED(MSPTK_E_INVALID, "BAD_HEADER", .url = scripted_url(w->server, "/"),
                        .headers = headers);
        }
}

static void what_is_sent_is_bounded(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        const char *headers[67] = { NULL };
        const char *url = scripted_url(w->server, "/");
        AUTO_FREE char *large = msptk__alloc(20 << 20);

        for (int i = 0; i < 65; i++)
                headers[i] = "X-A: b";
        REFUSED(MSPTK_E_TOOBIG, "HEADER_LIMIT", .url = url, .headers = headers);
        memset(large, 'a', 10000);
        memcpy(large, "X: ", 3);
        REFUSED(MSPTK_E_TOOBIG, "HEADER_LIMIT", .url = url,
                .headers = (const char *const[]){ large, NULL });
        REFUSED(MSPTK_E_TOOBIG, "BODY_LIMIT", .method = "POST", .url = url, .body = large,
                .body_len = 20 << 20);
}

static void strange_methods_are_refused(void **state)
{
        static const char *const bad[] = { "", "get", "CONNECT", "TRACE", "GET /x", "GET\r\n" };
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);

        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
                REFUSED(MSPTK_E_INVALID, NULL, .method = bad[i],
                        .url = scripted_url(w->server, "/"));
}

static void a_request_arrives_as_it_was_meant(void **state)
{
        static const char *const headers[] = { "Content-Type: application/json",
                                               "X-Empty:", "Accept: application/json", NULL };
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        char *last;

        SCRIPT(w->server, .path = NULL);
        assert_int_equal(ask(s,
                             &(net_request){ .method = "PATCH",
                                             .url = scripted_url(w->server, "/api/x?q=1#f"),
                                             .headers = headers,
                                             .body = "{\"a\": 1}",
                                             .body_len = 8 },
                             NULL),
                         MSPTK_OK);
        last = scripted_last(w->server);
        assert_ptr_equal(strstr(last, "PATCH /api/x?q=1 HTTP/1.1\r\n"), last);
        assert_non_null(strstr(last, "\r\nContent-Type: application/json\r\n"));
        assert_non_null(strstr(last, "\r\nX-Empty:\r\n"));
        assert_non_null(strstr(last, "\r\nContent-Length: 8\r\n"));
        assert_non_null(strstr(last, "\r\n\r\n{\"a\": 1}"));
        assert_null(strstr(last, "Expect:"));
        assert_null(strstr(last, "urlencoded"));
        free(last);
        assert_int_equal(
                ask(s, &(net_request){ .method = "POST", .url = scripted_url(w->server, "/api/y") },
                    NULL),
                MSPTK_OK);
        last = scripted_last(w->server);
        assert_ptr_equal(strstr(last, "POST /api/y HTTP/1.1\r\n"), last);
        assert_non_null(strstr(last, "\r\nContent-Length: 0\r\n"));
        assert_null(strcasestr(last, "Content-Type"));
        free(last);
}

/* ---- credentials ---- */

static void credentials_are_attached_by_the_host(void **state)
{
        static const struct {
                int32_t auth;
                const char *user, *line;
        } forms[] = {
                { NET_AUTH_BEARER, NULL, "\r\nAuthorization: Bearer s3cret-token\r\n" },
                { NET_AUTH_BASIC, "me", "\r\nAuthorization: Basic bWU6czNjcmV0LXRva2Vu\r\n" },
                { NET_AUTH_HEADER, "X-Api-Key", "\r\nX-Api-Key: s3cret-token\r\n" },
        };
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        AUTO_SECRET secret *key = NULL;

        assert_int_equal(msptk__secret_new("s3cret-token", 12, &key, NULL), MSPTK_OK);
        SCRIPT(w->server, .path = NULL);
        for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
                char *last;

                assert_int_equal(ask(s,
                                     &(net_request){ .url = scripted_url(w->server, "/api"),
                                                     .auth = forms[i].auth,
                                                     .user = forms[i].user,
                                                     .secret = key },
                                     NULL),
                                 MSPTK_OK);
                last = scripted_last(w->server);
                assert_non_null(strstr(last, forms[i].line));
                free(last);
        }
}

static void credentials_that_would_break_out_are_refused(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        const char *url = scripted_url(w->server, "/");
        AUTO_SECRET secret *bad = NULL;
        AUTO_SECRET secret *good = NULL;

        assert_int_equal(msptk__secret_new("a\r\nX: y", 7, &bad, NULL), MSPTK_OK);
        assert_int_equal(msptk__secret_new("abc", 3, &good, NULL), MSPTK_OK);
        REFUSED(MSPTK_E_CONFIG, "BAD_SECRET", .url = url, .auth = NET_AUTH_BEARER, .secret = bad);
        REFUSED(MSPTK_E_INVALID, NULL, .url = url, .auth = NET_AUTH_BEARER);
        REFUSED(MSPTK_E_INVALID, NULL, .url = url, .auth = 9, .secret = good);
        REFUSED(MSPTK_E_INVALID, NULL, .url = url, .auth = NET_AUTH_BASIC, .secret = good);
        REFUSED(MSPTK_E_INVALID, NULL, .url = url, .auth = NET_AUTH_BASIC, .secret = good,
                .user = "a:b");
        REFUSED(MSPTK_E_INVALID, NULL, .url = url, .auth = NET_AUTH_HEADER, .secret = good,
                .user = "X-A: b\r\nY");
        REFUSED(MSPTK_E_INVALID, NULL, .url = url, .auth = NET_AUTH_HEADER, .secret = good,
                .user = "Host");
}

static void errors_hold_neither_queries_nor_credentials(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_SECRET secret *key = NULL;
        char *text = NULL;

        assert_int_equal(msptk__secret_new("s3cret-token", 12, &key, NULL), MSPTK_OK);
        SCRIPT(w->server, .path = NULL, .fault = SCRIPT_EMPTY);
        assert_int_equal(ask(s,
                             &(net_request){ .method = "POST",
                                             .url = scripted_url(w->server, "/api?key=hidden"),
                                             .auth = NET_AUTH_BEARER,
                                             .secret = key },
                             &err),
                         MSPTK_E_UNAVAILABLE);
        assert_int_equal(msptk_error_to_json(err, &text), MSPTK_OK);
        assert_non_null(strstr(text, "/api"));
        assert_null(strstr(text, "hidden"));
        assert_null(strstr(text, "s3cret"));
        msptk_string_free(text);
}

/* ---- settings ---- */

static void settings_that_cannot_be_used_are_named(void **state)
{
        static const struct {
                const char *json, *key;
        } bad[] = {
                { "{\"api_url\": \"example.com\"}", "api_url" },
                { "{\"api_url\": \"https://u:p@example.com\"}", "api_url" },
                { "{\"api_url\": 3}", "api_url" },
                { "{\"origins\": \"https://example.com\"}", "origins" },
                { "{\"origins\": [\"ftp://example.com\"]}", "origins" },
                { "{\"allow_http\": \"yes\"}", "allow_http" },
                { "{\"proxy\": \"http://u:p@proxy\"}", "proxy" },
                { "{\"proxy\": \"proxy:8080\"}", "proxy" },
                { "{\"certificate_pin\": \"abc\"}", "certificate_pin" },
                { "{\"certificate_pin\": \"sha256//AAAA\"}", "certificate_pin" },
                { "{\"rate\": {\"requests\": 0, \"per\": \"1m\"}}", "rate" },
                { "{\"rate\": {\"requests\": 5}}", "rate" },
                { "{\"rate\": {\"requests\": 5, \"per\": \"soon\"}}", "rate" },
                { "{\"rate\": {\"requests\": 5, \"per\": 60, \"burst\": 1}}", "rate" },
                { "{\"rate\": 5}", "rate" },
                { "{\"timeout\": \"never\"}", "timeout" },
        };
        net_world *w = *state;

        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                AUTO_ERROR msptk_error *err = NULL;

                assert_null(site_of(w, bad[i].json, &err));
                assert_int_equal(msptk_error_status(err), MSPTK_E_CONFIG);
                assert_non_null(strstr(msptk_error_message(err), bad[i].key));
                assert_null(strstr(msptk_error_message(err), "u:p"));
        }
}

static void a_proxy_is_used_only_by_its_setting(void **state)
{
        net_world *w = *state;
        AUTO_BUF buf text = BUF_INIT(1024);
        AUTO_NET_SITE net_site *s = NULL;
        AUTO_NET_SITE net_site *direct = site_with(w, NULL);
        char *last;

        SCRIPT(w->server, .path = NULL);
        setenv("http_proxy", "http://127.0.0.1:1", 1);
        setenv("no_proxy", "*", 1);
        msptk__buf_addf(&text,
                        "{\"api_url\": \"http://vendor.invalid\", \"allow_http\": true, \"proxy\": "
                        "\"http://127.0.0.1:%d\"}",
                        scripted_port(w->server));
        s = site_of(w, msptk__buf_text(&text), NULL);
        assert_int_equal(ask(s, &(net_request){ .url = "http://vendor.invalid/a" }, NULL),
                         MSPTK_OK);
        last = scripted_last(w->server);
        assert_ptr_equal(strstr(last, "GET http://vendor.invalid/a HTTP/1.1"), last);
        free(last);
        assert_int_equal(ask(direct, &(net_request){ .url = scripted_url(w->server, "/b") }, NULL),
                         MSPTK_OK);
        unsetenv("http_proxy");
        unsetenv("no_proxy");
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, world_up, world_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WORLD(only_the_origins_may_be_asked),
                WORLD(addresses_that_are_none_are_refused),
                WORLD(further_origins_may_be_listed),
                WORLD(without_encryption_only_loopback_or_on_purpose),
                WORLD(headers_of_the_host_are_the_hosts),
                WORLD(what_is_sent_is_bounded),
                WORLD(strange_methods_are_refused),
                WORLD(a_request_arrives_as_it_was_meant),
                WORLD(credentials_are_attached_by_the_host),
                WORLD(credentials_that_would_break_out_are_refused),
                WORLD(errors_hold_neither_queries_nor_credentials),
                WORLD(settings_that_cannot_be_used_are_named),
                WORLD(a_proxy_is_used_only_by_its_setting),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
