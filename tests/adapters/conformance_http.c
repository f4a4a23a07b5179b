/* What a vendor's server may do wrong, and the status that each must become
 * (docs/writing-an-adapter.md). */
#define ROOM "test"
#include "support.h"

#include "conformance.h"
#include "real_host.h"

typedef struct world {
        const conformance_http *http;
        scripted *vendor;
        char settings[1024];
        real_host h;
        instance *i;
        kept k;
        msptk_query query;
        msptk_error *err;
} world;

static void begin(world *w, void **state)
{
        const conformance_http *http = *state;

        memset(w, 0, sizeof(*w));
        w->http = http;
        w->vendor = scripted_start();
        snprintf(w->settings, sizeof(w->settings), http->settings, scripted_url(w->vendor, ""));
        real_host_open_with(&w->h, http->what->type, w->settings);
        if (http->what->ops)
                assert_int_equal(msptk__registry_add_adapter(w->h.r, http->what->ops, NULL),
                                 MSPTK_OK);
        w->i = real_instance(&w->h, "it");
        kept_begin(&w->k);
        w->query = (msptk_query){ .struct_size = sizeof(w->query),
                                  .client_id = http->what->client ? http->what->client : "acme" };
}

static void end(world *w)
{
        msptk_error_free(w->err);
        real_host_close(&w->h);
        scripted_stop(w->vendor);
        kept_end(&w->k);
}

static msptk_status list(world *w, int64_t timeout_ms)
{
        AUTO_CANCEL cancel *tok = msptk__cancel_new(NULL, NULL, timeout_ms);
        msptk_status st = msptk__adapter_devices(w->i, &w->query, &w->k.sink, tok, &w->err);

        if (st < 0)
                assert_string_equal(msptk_error_adapter(w->err), "it");
        return st;
}

/* One world in which every request is answered so. */
static void expect(void **state, script_reply reply, int64_t timeout_ms, msptk_status wanted)
{
        world w;
        msptk_status st;

        begin(&w, state);
        scripted_add(w.vendor, &reply);
        st = list(&w, timeout_ms);
        if (st != wanted)
                fail_msg("status %d, fault %d: %s instead of %s: %s", (int)reply.status,
                         (int)reply.fault, msptk_status_name(st), msptk_status_name(wanted),
                         w.err ? msptk_error_message(w.err) : "");
        assert_int_equal(w.k.device_count, 0);
        if (wanted == MSPTK_E_RATE)
                assert_true(msptk_error_retry_after_ms(w.err) > 1000000);
        end(&w);
}

static void pages_are_read_to_the_last(void **state)
{
        world w;

        begin(&w, state);
        w.http->good(w.vendor);
        assert_int_equal(list(&w, 10000), MSPTK_OK);
        assert_int_equal(w.k.device_count, w.http->devices);
        end(&w);
}

static void refusals_have_their_own_status(void **state)
{
        expect(state, (script_reply){ .status = 401, .body = "{}" }, 10000, MSPTK_E_AUTH);
        expect(state, (script_reply){ .status = 403, .body = "no" }, 10000, MSPTK_E_AUTH);
        expect(state, (script_reply){ .status = 404, .body = "{}" }, 10000, MSPTK_E_NOTFOUND);
}

static void a_rate_limit_says_when_to_come_back(void **state)
{
        expect(state, (script_reply){ .status = 429, .headers = "Retry-After: 3600\r\n" }, 10000,
               MSPTK_E_RATE);
}

static void a_broken_vendor_is_unavailable(void **state)
{
        expect(state, (script_reply){ .status = 500, .body = "<html>oops</html>" }, 20000,
               MSPTK_E_UNAVAILABLE);
        expect(state, (script_reply){ .fault = SCRIPT_TRUNCATED }, 20000, MSPTK_E_UNAVAILABLE);
        expect(state, (script_reply){ .fault = SCRIPT_RESET }, 20000, MSPTK_E_UNAVAILABLE);
}

static void a_silent_vendor_is_a_timeout(void **state)
{
        expect(state, (script_reply){ .fault = SCRIPT_SILENT }, 300, MSPTK_E_TIMEOUT);
}

static void nonsense_is_a_parse_error(void **state)
{
        expect(state, (script_reply){ .body = "{\"devices\": [" }, 10000, MSPTK_E_PARSE);
        expect(state, (script_reply){ .body = "<html>hello</html>" }, 10000, MSPTK_E_PARSE);
        expect(state, (script_reply){ .body = "[1, \"\xff\"]" }, 10000, MSPTK_E_PARSE);
        expect(state, (script_reply){ .body = "7" }, 10000, MSPTK_E_PARSE);
}

static void a_huge_reply_is_refused(void **state)
{
        expect(state, (script_reply){ .fault = SCRIPT_HUGE, .body_len = 40u * 1024 * 1024 }, 20000,
               MSPTK_E_TOOBIG);
}

static void an_empty_list_is_no_failure(void **state)
{
        world w;

        begin(&w, state);
        SCRIPT(w.vendor, .body = w.http->empty);
        assert_int_equal(list(&w, 10000), MSPTK_OK);
        assert_int_equal(w.k.device_count, 0);
        end(&w);
}

static void names_of_every_script_arrive_as_they_are(void **state)
{
        world w;

        begin(&w, state);
        SCRIPT(w.vendor, .body = w.http->unicode);
        assert_int_equal(list(&w, 10000), MSPTK_OK);
        assert_int_equal(w.k.device_count, 1);
        assert_string_equal(w.k.devices[0].name, w.http->unicode_name);
        end(&w);
}

static void a_wrong_clock_of_the_vendor_is_made_up_for(void **state)
{
        int64_t now;
        world w;

        begin(&w, state);
        if (w.http->skewed) {
                SCRIPT(w.vendor, .body = w.http->skewed, .headers = w.http->skewed_headers);
                assert_int_equal(msptk__adapter_collect(w.i, &w.query, &w.k.sink, NULL, &w.err),
                                 MSPTK_OK);
                assert_true(w.k.metric_count > 0);
                now = msptk__now(&w.h.c);
                for (size_t n = 0; n < w.k.metric_count; n++)
                        assert_true(llabs(w.k.metrics[n].at - now) < INT64_C(300000000));
        }
        end(&w);
}

static void a_cancel_ends_a_request_that_waits(void **state)
{
        AUTO_CANCEL cancel *tok = msptk__cancel_new(NULL, NULL, -1);
        int64_t before = msptk__mono_ns();
        world w;

        begin(&w, state);
        w.http->good(w.vendor);
        w.k.cancel_at = 1; /* while pages are still to come */
        w.k.tok = tok;
        assert_int_equal(msptk__adapter_devices(w.i, &w.query, &w.k.sink, tok, &w.err),
                         MSPTK_E_CANCELLED);
        assert_int_equal(w.k.device_count, 1);
        end(&w);
        assert_true(msptk__mono_ns() - before < INT64_C(5000000000));
}

int conformance_http_run(const conformance_http *http)
{
        const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_prestate(f, (void *)(uintptr_t)http)
                TEST(pages_are_read_to_the_last),
                TEST(refusals_have_their_own_status),
                TEST(a_rate_limit_says_when_to_come_back),
                TEST(a_broken_vendor_is_unavailable),
                TEST(a_silent_vendor_is_a_timeout),
                TEST(nonsense_is_a_parse_error),
                TEST(a_huge_reply_is_refused),
                TEST(an_empty_list_is_no_failure),
                TEST(names_of_every_script_arrive_as_they_are),
                TEST(a_wrong_clock_of_the_vendor_is_made_up_for),
                TEST(a_cancel_ends_a_request_that_waits),
        };
        char settings[1024];
        conformance what = *http->what;
        scripted *vendor = scripted_start();
        int failed;

        http->good(vendor);
        snprintf(settings, sizeof(settings), http->settings, scripted_url(vendor, ""));
        what.settings = settings;
        failed = conformance_run(&what);
        scripted_stop(vendor);
        return failed + _cmocka_run_group_tests(what.type, tests, ARRAY_LEN(tests), NULL, NULL);
}
