/* Exchanges against a scripted vendor on loopback. */
#include "support.h"
#include "net_support.h"

#include <dirent.h>
#include <signal.h>

#define GET(s, path, ret, err) get((w), (s), (path), (ret), (err))

static msptk_status get(net_world *w, net_site *s, const char *path, net_reply *ret,
                        msptk_error **ret_err)
{
        net_request in = { .url = scripted_url(w->server, path), .timeout_ms = 10000 };

        return msptk__net_exchange(s, &in, NULL, ret, ret_err);
}

static void fails(net_world *w, net_site *s, const net_request *in, msptk_status st,
                  const char *reason)
{
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_NET_REPLY net_reply r = { 0 };

        (void)w;
        assert_int_equal(msptk__net_exchange(s, in, NULL, &r, &err), st);
        assert_non_null(err);
        if (reason)
                assert_string_equal(msptk_error_reason(err), reason);
        assert_null(r.body);
}

#define FAILS(st, reason, ...) fails(w, s, &(net_request){ __VA_ARGS__ }, (st), (reason))

/* ---- replies ---- */

static void a_reply_is_given_as_the_vendor_sent_it(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        AUTO_NET_REPLY net_reply r = { 0 };

        SCRIPT(w->server, .path = "/api/a", .status = 404, .body = "{\"n\": \"\xc3\xa4\"}",
               .headers = "Content-Type: Application/JSON; charset=utf-8\r\n"
                          "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                          "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n"
                          "Link: </x>; rel=last\r\nLink: <?page=2>; rel=\"next\"\r\n");
        assert_int_equal(GET(s, "/api/a?token=abc", &r, NULL), MSPTK_OK);
        assert_int_equal(r.http_status, 404);
        assert_string_equal(r.body, "{\"n\": \"\xc3\xa4\"}");
        assert_int_equal(r.body_len, strlen(r.body));
        assert_string_equal(r.content_type, "application/json");
        assert_string_equal(r.next_link, scripted_url(w->server, "/api/a?page=2"));
        assert_int_equal(r.retry_after_ms, 60000);
        assert_int_equal(r.server_date, INT64_C(784111777000000));
        assert_int_equal(r.attempts, 1);
}

static void an_empty_reply_has_empty_texts(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        AUTO_NET_REPLY net_reply r = { 0 };

        SCRIPT(w->server, .path = "/api/e", .status = 204, .headers = "", .body = "");
        assert_int_equal(GET(s, "/api/e", &r, NULL), MSPTK_OK);
        assert_string_equal(r.body, "");
        assert_string_equal(r.content_type, "");
        assert_null(r.next_link);
        assert_int_equal(r.retry_after_ms, -1);
        assert_int_equal(r.server_date, 0);
}

static void every_status_is_a_reply(void **state)
{
        static const int32_t statuses[] = { 200, 201, 304, 400, 401, 403, 404, 409, 500, 501 };
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);

        for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
                AUTO_NET_REPLY net_reply r = { 0 };

                SCRIPT(w->server, .path = "/api/s", .status = statuses[i], .times = 1,
                       .body = statuses[i] == 304 ? "" : "{}");
                assert_int_equal(GET(s, "/api/s", &r, NULL), MSPTK_OK);
                assert_int_equal(r.http_status, statuses[i]);
        }
        assert_int_equal(scripted_hits(w->server, NULL), ARRAY_LEN(statuses));
}

static void compressed_replies_are_undone(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        AUTO_NET_REPLY net_reply r = { 0 };

        SCRIPT(w->server, .path = "/api/z", .fault = SCRIPT_GZIP, .body_len = 1 + 258 * 40);
        assert_int_equal(GET(s, "/api/z", &r, NULL), MSPTK_OK);
        assert_int_equal(r.body_len, 1 + 258 * 40);
        for (size_t i = 0; i < r.body_len; i++)
                assert_int_equal(r.body[i], 0);
}

/* ---- limits ---- */

static void a_reply_beyond_the_limit_is_too_big(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        const char *url = scripted_url(w->server, "/api/h");
        AUTO_NET_REPLY net_reply r = { 0 };

        SCRIPT(w->server, .path = "/api/h", .fault = SCRIPT_HUGE, .body_len = 100000);
        SCRIPT(w->server, .path = "/api/g", .fault = SCRIPT_HUGE, .body_len = 64 << 20);
        FAILS(MSPTK_E_TOOBIG, "BODY_LIMIT", .url = url, .body_limit = 99999);
        assert_int_equal(msptk__net_exchange(s, &(net_request){ .url = url, .body_limit = 100000 },
                                             NULL, &r, NULL),
                         MSPTK_OK);
        assert_int_equal(r.body_len, 100000);
        FAILS(MSPTK_E_TOOBIG, "BODY_LIMIT", .url = scripted_url(w->server, "/api/g"));
}

static void a_compressed_bomb_is_too_big(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);

        SCRIPT(w->server, .path = "/api/b", .fault = SCRIPT_GZIP, .body_len = 1 + 258 * 400000);
        FAILS(MSPTK_E_TOOBIG, "BODY_LIMIT", .url = scripted_url(w->server, "/api/b"));
        assert_int_equal(scripted_hits(w->server, NULL), 1);
}

static void endless_headers_are_too_big(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        AUTO_BUF buf head = BUF_INIT(1 << 20);

        for (int i = 0; i < 6000; i++)
                msptk__buf_addf(&head, "X-Header-%d: %064d\r\n", i, i);
        SCRIPT(w->server, .path = "/api/h", .headers = msptk__buf_text(&head));
        FAILS(MSPTK_E_TOOBIG, "HEADER_LIMIT", .url = scripted_url(w->server, "/api/h"));
}

static void encodings_that_nobody_asked_for_are_refused(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);

        SCRIPT(w->server, .path = "/api/z", .headers = "Content-Encoding: zstd\r\n");
        FAILS(MSPTK_E_UNAVAILABLE, "BAD_REPLY", .url = scripted_url(w->server, "/api/z"));
}

/* ---- broken replies ---- */

static void broken_replies_are_never_replies(void **state)
{
        static const script_reply broken[] = {
                { .path = "/api/1", .fault = SCRIPT_TRUNCATED, .body = "{\"a\": [1, 2" },
                { .path = "/api/2", .fault = SCRIPT_EMPTY },
                { .path = "/api/3", .fault = SCRIPT_RESET },
                { .path = "/api/4", .fault = SCRIPT_RAW, .body = "garbage\r\n\r\n" },
                { .path = "/api/5",
                  .fault = SCRIPT_RAW,
                  .body = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzzz\r\n{}\r\n" },
        };
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);

        for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
                scripted_add(w->server, &broken[i]);
                FAILS(MSPTK_E_UNAVAILABLE, "BAD_REPLY", .method = "POST", .body = "{}",
                      .body_len = 2, .url = scripted_url(w->server, broken[i].path));
                assert_int_equal(scripted_hits(w->server, broken[i].path), 1);
        }
}

static void a_reply_that_breaks_off_is_asked_for_again(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        AUTO_NET_REPLY net_reply r = { 0 };

        SCRIPT(w->server, .path = "/api/r", .fault = SCRIPT_RESET, .times = 1);
        SCRIPT(w->server, .path = "/api/r", .body = "{\"whole\": true}");
        assert_int_equal(GET(s, "/api/r", &r, NULL), MSPTK_OK);
        assert_string_equal(r.body, "{\"whole\": true}");
        assert_int_equal(r.attempts, 2);
}

static void a_silent_vendor_costs_the_timeout_only(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);

        SCRIPT(w->server, .path = "/api/t", .fault = SCRIPT_SILENT);
        SCRIPT(w->server, .path = "/api/u", .fault = SCRIPT_SLOW,
               .body = "a long body, byte by byte");
        FAILS(MSPTK_E_TIMEOUT, NULL, .url = scripted_url(w->server, "/api/t"), .timeout_ms = 60);
        FAILS(MSPTK_E_TIMEOUT, NULL, .url = scripted_url(w->server, "/api/u"), .timeout_ms = 120);
}

static void *trigger(void *tok)
{
        struct timespec ts = { 0, 30000000 };

        nanosleep(&ts, NULL);
        msptk__cancel_trigger(tok);
        return NULL;
}

static void cancelling_ends_an_exchange(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        AUTO_CANCEL cancel *tok = msptk__cancel_new(NULL, NULL, -1);
        net_request in = { .url = scripted_url(w->server, "/api/t") };
        AUTO_NET_REPLY net_reply r = { 0 };
        pthread_t thread;

        SCRIPT(w->server, .path = "/api/t", .fault = SCRIPT_SILENT);
        assert_int_equal(pthread_create(&thread, NULL, trigger, tok), 0);
        assert_int_equal(msptk__net_exchange(s, &in, tok, &r, NULL), MSPTK_E_CANCELLED);
        pthread_join(thread, NULL);
}

static void the_deadline_of_the_token_counts(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        AUTO_CANCEL cancel *tok = msptk__cancel_new(NULL, NULL, 60);
        net_request in = { .url = scripted_url(w->server, "/api/t") };
        AUTO_NET_REPLY net_reply r = { 0 };

        SCRIPT(w->server, .path = "/api/t", .fault = SCRIPT_SILENT);
        assert_int_equal(msptk__net_exchange(s, &in, tok, &r, NULL), MSPTK_E_TIMEOUT);
}

/* ---- redirects ---- */

static void redirects_within_the_origins_are_followed(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        AUTO_NET_REPLY net_reply r = { 0 };
        char *last;

        SCRIPT(w->server, .path = "/api/1", .status = 302, .headers = "Location: /api/2?x=1\r\n");
        SCRIPT(w->server, .path = "/api/2", .status = 308, .headers = "Location: 3#frag\r\n");
        SCRIPT(w->server, .path = "/api/3", .body = "here");
        assert_int_equal(GET(s, "/api/1", &r, NULL), MSPTK_OK);
        assert_string_equal(r.body, "here");
        assert_int_equal(r.attempts, 3);
        last = scripted_last(w->server);
        assert_ptr_equal(strstr(last, "GET /api/3 HTTP/1.1"), last);
        free(last);
}

static void redirects_out_of_the_origins_are_refused(void **state)
{
        static const char *const targets[] = { "Location: http://127.0.0.1:1/api\r\n",
                                               "Location: https://evil.example/\r\n",
                                               "Location: //evil.example/\r\n",
                                               "Location: file:///etc/passwd\r\n",
                                               "Location: http://localhost/\r\n" };
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);

        for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
                SCRIPT(w->server, .path = "/api/1", .status = 302, .headers = targets[i],
                       .times = 1);
                FAILS(strstr(targets[i], "file:") ? MSPTK_E_INVALID : MSPTK_E_DENIED, NULL,
                      .url = scripted_url(w->server, "/api/1"));
        }
        assert_int_equal(scripted_hits(w->server, NULL), ARRAY_LEN(targets));
}

static void redirects_do_not_go_round(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);

        SCRIPT(w->server, .path = "/api/1", .status = 307, .headers = "Location: /api/1\r\n");
        FAILS(MSPTK_E_UNAVAILABLE, "BAD_REPLY", .url = scripted_url(w->server, "/api/1"));
        assert_int_equal(scripted_hits(w->server, NULL), 6);
}

static void a_write_is_redirected_only_as_a_write(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        net_request in = { .method = "POST", .body = "{\"a\":1}", .body_len = 7 };
        AUTO_NET_REPLY net_reply moved = { 0 }, kept = { 0 }, seen = { 0 };
        char *last;

        SCRIPT(w->server, .path = "/api/302", .status = 302, .headers = "Location: /api/n\r\n");
        SCRIPT(w->server, .path = "/api/307", .status = 307, .headers = "Location: /api/n\r\n");
        SCRIPT(w->server, .path = "/api/303", .status = 303, .headers = "Location: /api/n\r\n");
        SCRIPT(w->server, .path = "/api/n", .body = "done");
        in.url = scripted_url(w->server, "/api/302");
        assert_int_equal(msptk__net_exchange(s, &in, NULL, &moved, NULL), MSPTK_OK);
        assert_int_equal(moved.http_status, 302);
        assert_int_equal(scripted_hits(w->server, "/api/n"), 0);
        in.url = scripted_url(w->server, "/api/307");
        assert_int_equal(msptk__net_exchange(s, &in, NULL, &kept, NULL), MSPTK_OK);
        last = scripted_last(w->server);
        assert_ptr_equal(strstr(last, "POST /api/n"), last);
        assert_non_null(strstr(last, "\r\n\r\n{\"a\":1}"));
        free(last);
        in.url = scripted_url(w->server, "/api/303");
        assert_int_equal(msptk__net_exchange(s, &in, NULL, &seen, NULL), MSPTK_OK);
        last = scripted_last(w->server);
        assert_ptr_equal(strstr(last, "GET /api/n"), last);
        assert_null(strstr(last, "{\"a\""));
        free(last);
}

static void a_next_page_outside_the_origins_is_an_error(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);

        SCRIPT(w->server, .path = "/api/l",
               .headers = "Link: <https://evil.example/>; rel=next\r\n");
        FAILS(MSPTK_E_DENIED, "OUTSIDE_ORIGINS", .url = scripted_url(w->server, "/api/l"));
}

/* ---- retries ---- */

static void reads_are_tried_again_writes_are_not(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        AUTO_NET_REPLY net_reply r = { 0 }, posted = { 0 }, marked = { 0 };
        net_request in = { .method = "POST", .url = scripted_url(w->server, "/api/p") };

        SCRIPT(w->server, .path = "/api/g", .status = 503, .times = 2);
        SCRIPT(w->server, .path = "/api/g", .body = "up");
        SCRIPT(w->server, .path = "/api/p", .status = 503, .times = 2);
        SCRIPT(w->server, .path = "/api/p", .status = 201);
        assert_int_equal(GET(s, "/api/g", &r, NULL), MSPTK_OK);
        assert_string_equal(r.body, "up");
        assert_int_equal(r.attempts, 3);
        assert_int_equal(msptk__net_exchange(s, &in, NULL, &posted, NULL), MSPTK_OK);
        assert_int_equal(posted.http_status, 503);
        assert_int_equal(posted.attempts, 1);
        in.idempotent = true;
        assert_int_equal(msptk__net_exchange(s, &in, NULL, &marked, NULL), MSPTK_OK);
        assert_int_equal(marked.http_status, 201);
        assert_int_equal(marked.attempts, 2);
}

static void retries_end(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        AUTO_NET_REPLY net_reply r = { 0 };

        SCRIPT(w->server, .path = "/api/g", .status = 502);
        assert_int_equal(GET(s, "/api/g", &r, NULL), MSPTK_OK);
        assert_int_equal(r.http_status, 502);
        assert_int_equal(r.attempts, 4);
}

static void what_the_vendor_asks_to_wait_is_not_waited_beyond_the_deadline(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        AUTO_NET_REPLY net_reply r = { 0 };
        AUTO_ERROR msptk_error *err = NULL;

        SCRIPT(w->server, .path = "/api/g", .status = 429, .headers = "Retry-After: 60\r\n");
        assert_int_equal(GET(s, "/api/g", &r, NULL), MSPTK_OK);
        assert_int_equal(r.http_status, 429);
        assert_int_equal(r.retry_after_ms, 60000);
        assert_int_equal(scripted_hits(w->server, NULL), 1);
        msptk__net_reply_clear(&r);
        assert_int_equal(GET(s, "/api/g", &r, &err), MSPTK_E_RATE); /* known by now */
        assert_string_equal(msptk_error_reason(err), "VENDOR_RATE_LIMIT");
        assert_in_range(msptk_error_retry_after_ms(err), 55000, 60000);
        assert_int_equal(scripted_hits(w->server, NULL), 1);
}

static void a_short_retry_after_is_waited_for(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        AUTO_NET_REPLY net_reply r = { 0 };
        int64_t before = msptk__mono_ns();

        SCRIPT(w->server, .path = "/api/g", .status = 429, .headers = "Retry-After: 1\r\n",
               .times = 1);
        SCRIPT(w->server, .path = "/api/g", .body = "now");
        assert_int_equal(GET(s, "/api/g", &r, NULL), MSPTK_OK);
        assert_string_equal(r.body, "now");
        assert_true(msptk__mono_ns() - before >= 1000000000);
}

/* ---- side by side ---- */

enum { MANY = 200 };

static int threads_now(void)
{
        DIR *d = opendir("/proc/self/task");
        int n = 0;

        while (d && readdir(d))
                n++;
        if (d)
                closedir(d);
        return n;
}

static int descriptors_now(void)
{
        DIR *d = opendir("/proc/self/fd");
        int n = 0;

        while (d && readdir(d))
                n++;
        if (d)
                closedir(d);
        return n;
}

typedef struct many {
        int ok, most_threads;
        bool seen[MANY];
} many;

static int32_t count_one(void *user, size_t i, msptk_status st, net_reply *r,
                         const msptk_error *err)
{
        many *m = user;
        int threads = threads_now();

        (void)err;
        assert_int_equal(st, MSPTK_OK);
        assert_int_equal(r->http_status, 200);
        assert_false(m->seen[i]);
        m->seen[i] = true;
        m->ok++;
        if (threads > m->most_threads)
                m->most_threads = threads;
        return 0;
}

static void two_hundred_transfers_share_one_loop(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        const char *url = scripted_url(w->server, "/api/many");
        net_request *in = calloc(MANY, sizeof(*in));
        int before = threads_now();
        many m = { 0 };

        /* nobody gets an answer before all have asked */
        SCRIPT(w->server, .path = "/api/many", .hold = 1, .hold_until = MANY);
        for (int i = 0; i < MANY; i++)
                in[i] = (net_request){ .url = url, .timeout_ms = 60000 };
        assert_int_equal(msptk__net_exchange_many(s, in, MANY, NULL, count_one, &m, NULL),
                         MSPTK_OK);
        assert_int_equal(m.ok, MANY);
        assert_true(m.most_threads <= before + 1);
        assert_int_equal(scripted_connections(w->server), MANY);
        free(in);
}

static int32_t stop_at_once(void *user, size_t i, msptk_status st, net_reply *r,
                            const msptk_error *err)
{
        (void)i;
        (void)st;
        (void)r;
        (void)err;
        ++*(int *)user;
        return 1;
}

static void a_caller_may_stop_the_others(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        net_request in[3] = { { .url = scripted_url(w->server, "/api/t") },
                              { .url = scripted_url(w->server, "/api/a") },
                              { .url = scripted_url(w->server, "/api/t") } };
        int told = 0;

        SCRIPT(w->server, .path = "/api/t", .fault = SCRIPT_SILENT);
        SCRIPT(w->server, .path = "/api/a");
        assert_int_equal(msptk__net_exchange_many(s, in, 3, NULL, stop_at_once, &told, NULL),
                         MSPTK_E_CALLBACK);
        assert_int_equal(told, 1);
}

static void connections_are_used_again_for_reads_only(void **state)
{
        net_world *w = *state;
        AUTO_NET_SITE net_site *s = site_with(w, NULL);
        net_request post = { .method = "POST", .url = scripted_url(w->server, "/api/k") };

        SCRIPT(w->server, .path = "/api/k", .keep = 1);
        for (int i = 0; i < 5; i++) {
                AUTO_NET_REPLY net_reply r = { 0 };

                assert_int_equal(GET(s, "/api/k", &r, NULL), MSPTK_OK);
        }
        assert_int_equal(scripted_connections(w->server), 1);
        for (int i = 0; i < 2; i++) {
                AUTO_NET_REPLY net_reply r = { 0 };

                assert_int_equal(msptk__net_exchange(s, &post, NULL, &r, NULL), MSPTK_OK);
        }
        assert_int_equal(scripted_connections(w->server), 3);
}

static void nothing_is_left_open(void **state)
{
        int threads = threads_now(), descriptors = descriptors_now();
        struct sigaction before, after;
        void *inner = NULL;

        (void)state;
        assert_int_equal(sigaction(SIGPIPE, NULL, &before), 0);
        world_up(&inner);
        reads_are_tried_again_writes_are_not(&inner);
        world_down(&inner);
        world_up(&inner);
        connections_are_used_again_for_reads_only(&inner);
        world_down(&inner);
        assert_int_equal(descriptors_now(), descriptors);
        assert_int_equal(threads_now(), threads);
        assert_int_equal(sigaction(SIGPIPE, NULL, &after), 0);
        assert_true(before.sa_handler == after.sa_handler);
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, world_up, world_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WORLD(a_reply_is_given_as_the_vendor_sent_it),
                WORLD(an_empty_reply_has_empty_texts),
                WORLD(every_status_is_a_reply),
                WORLD(compressed_replies_are_undone),
                WORLD(a_reply_beyond_the_limit_is_too_big),
                WORLD(a_compressed_bomb_is_too_big),
                WORLD(endless_headers_are_too_big),
                WORLD(encodings_that_nobody_asked_for_are_refused),
                WORLD(broken_replies_are_never_replies),
                WORLD(a_reply_that_breaks_off_is_asked_for_again),
                WORLD(a_silent_vendor_costs_the_timeout_only),
                WORLD(cancelling_ends_an_exchange),
                WORLD(the_deadline_of_the_token_counts),
                WORLD(redirects_within_the_origins_are_followed),
                WORLD(redirects_out_of_the_origins_are_refused),
                WORLD(redirects_do_not_go_round),
                WORLD(a_write_is_redirected_only_as_a_write),
                WORLD(a_next_page_outside_the_origins_is_an_error),
                WORLD(reads_are_tried_again_writes_are_not),
                WORLD(retries_end),
                WORLD(what_the_vendor_asks_to_wait_is_not_waited_beyond_the_deadline),
                WORLD(a_short_retry_after_is_waited_for),
                WORLD(two_hundred_transfers_share_one_loop),
                WORLD(a_caller_may_stop_the_others),
                WORLD(connections_are_used_again_for_reads_only),
                cmocka_unit_test(nothing_is_left_open),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
