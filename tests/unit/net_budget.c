/* What all processes at one store share: rate budgets and circuits. */
#include "support.h"
#include "net/private.h"
#include "net_support.h"

#include <sys/wait.h>
#include <unistd.h>

static int64_t clock_us = INT64_C(1700000000000000);

static int64_t still_clock(void *user)
{
        (void)user;
        return clock_us;
}

/* Admissions need no network. */
static int up(void **state)
{
        ctx *c = calloc(1, sizeof(*c));

        c->clock = still_clock;
        open_ctx(c, ":memory:");
        *state = c;
        return 0;
}

static int down(void **state)
{
        close_ctx(*state);
        free(*state);
        return 0;
}

static net_site *site_of(ctx *c, const char *settings)
{
        msptk_json *json = NULL;
        net_site *s = NULL;

        assert_int_equal(msptk_json_parse(settings, strlen(settings), &json, NULL), MSPTK_OK);
        assert_int_equal(msptk__net_site_new(c->net, "vendor", json, 0, &s, NULL), MSPTK_OK);
        msptk_json_free(json);
        return s;
}

static int64_t delay_of(net_site *s, int64_t wait_ms)
{
        net_admission a = { .delay_ms = -1 };

        return msptk__budget_admit(s, wait_ms, &a, NULL) == MSPTK_OK ? a.delay_ms : -1;
}

static void refused(net_site *s, int64_t wait_ms, msptk_status st, const char *reason,
                    int64_t retry_ms)
{
        AUTO_ERROR msptk_error *err = NULL;
        net_admission a;

        assert_int_equal(msptk__budget_admit(s, wait_ms, &a, &err), st);
        assert_string_equal(msptk_error_reason(err), reason);
        assert_true(msptk_error_is_retriable(err));
        assert_int_equal(msptk_error_retry_after_ms(err), retry_ms);
}

static void no_span_of_the_period_sees_more_than_the_budget(void **state)
{
        AUTO_NET_SITE net_site *s = site_of(*state, "{\"rate\": {\"requests\": 60, \"per\": 60}}");
        int64_t at[300];

        for (size_t i = 0; i < ARRAY_LEN(at); i++) {
                if (i == 150)
                        clock_us += 200 * US_PER_S; /* rest, then a burst again */
                at[i] = clock_us / 1000 + delay_of(s, 3600000);
        }
        for (size_t i = 0; i < ARRAY_LEN(at); i++) {
                size_t n = 0;

                for (size_t k = i; k < ARRAY_LEN(at); k++)
                        n += at[k] < at[i] + 60000;
                assert_true(n <= 60);
        }
        /* and nearly all of it is used */
        assert_true(at[149] - at[0] < 150 * 1120);
        assert_int_equal(at[0], at[5]); /* a burst of a tenth */
}

static void one_request_per_period_is_a_budget_too(void **state)
{
        AUTO_NET_SITE net_site *s =
                site_of(*state, "{\"rate\": {\"requests\": 1, \"per\": \"2s\"}}");

        assert_int_equal(delay_of(s, 60000), 0);
        assert_int_equal(delay_of(s, 60000), 2000);
        assert_int_equal(delay_of(s, 60000), 4000);
        refused(s, 6000, MSPTK_E_RATE, "RATE_BUDGET", 6000);
        assert_int_equal(delay_of(s, 6001), 6000); /* a refusal takes nothing */
}

static void a_429_blocks_and_lowers_the_budget_for_its_window(void **state)
{
        AUTO_NET_SITE net_site *s = site_of(*state, "{\"rate\": {\"requests\": 10, \"per\": 10}}");
        int64_t full, low;

        assert_int_equal(delay_of(s, 60000), 0);
        full = delay_of(s, 60000);
        clock_us += 60 * US_PER_S;
        msptk__budget_limited(s, 3000);
        refused(s, 2000, MSPTK_E_RATE, "VENDOR_RATE_LIMIT", 3000);
        assert_int_equal(delay_of(s, 60000), 3000);
        low = delay_of(s, 60000) - 3000;
        assert_true(low >= 2 * full);
        clock_us += 60 * US_PER_S;
        assert_int_equal(delay_of(s, 60000), 0);
        assert_int_equal(delay_of(s, 60000), full);
}

static void a_429_counts_without_a_budget(void **state)
{
        AUTO_NET_SITE net_site *s = site_of(*state, "{}");

        assert_int_equal(delay_of(s, 1000), 0);
        msptk__budget_limited(s, -1);
        assert_int_equal(delay_of(s, 5000), 1000);
        refused(s, 500, MSPTK_E_RATE, "VENDOR_RATE_LIMIT", 1000);
        clock_us += US_PER_S;
        assert_int_equal(delay_of(s, 500), 0);
}

static void a_clock_set_back_frees_the_budget(void **state)
{
        AUTO_NET_SITE net_site *s = site_of(*state, "{}");

        msptk__budget_limited(s, 86400000);
        refused(s, 500, MSPTK_E_RATE, "VENDOR_RATE_LIMIT", 86400000);
        clock_us -= 3600 * US_PER_S;
        assert_int_equal(delay_of(s, 500), 0);
}

static void the_circuit_opens_probes_and_closes(void **state)
{
        AUTO_NET_SITE net_site *s = site_of(*state, "{}");
        net_admission a;

        for (int i = 0; i < 5; i++) {
                assert_int_equal(delay_of(s, 1000), 0);
                msptk__budget_unreachable(s);
        }
        refused(s, 1000, MSPTK_E_UNAVAILABLE, "CIRCUIT_OPEN", 30000);
        clock_us += 30 * US_PER_S;
        assert_int_equal(delay_of(s, 1000), 0); /* the probe */
        refused(s, 1000, MSPTK_E_UNAVAILABLE, "CIRCUIT_OPEN", 15000);
        msptk__budget_unreachable(s);
        refused(s, 1000, MSPTK_E_UNAVAILABLE, "CIRCUIT_OPEN", 30000);
        clock_us += 30 * US_PER_S;
        assert_int_equal(msptk__budget_admit(s, 1000, &a, NULL), MSPTK_OK);
        msptk__budget_success(s, &a);
        assert_int_equal(delay_of(s, 1000), 0);
        assert_int_equal(delay_of(s, 1000), 0);
}

static void a_success_between_keeps_the_circuit_closed(void **state)
{
        AUTO_NET_SITE net_site *s = site_of(*state, "{}");
        net_admission a;

        for (int i = 0; i < 12; i++) {
                assert_int_equal(msptk__budget_admit(s, 1000, &a, NULL), MSPTK_OK);
                if (i % 4 == 3)
                        msptk__budget_success(s, &a);
                else
                        msptk__budget_unreachable(s);
        }
        assert_int_equal(delay_of(s, 1000), 0);
}

static void a_vendor_that_is_gone_is_not_asked_again_and_again(void **state)
{
        ctx *c = *state;
        AUTO_NET_SITE net_site *s = site_of(c, "{\"api_url\": \"http://127.0.0.1:1\"}");
        net_request in = { .method = "POST", .url = "http://127.0.0.1:1/", .timeout_ms = 5000 };

        for (int i = 0; i < 6; i++) {
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_NET_REPLY net_reply r = { 0 };

                assert_int_equal(msptk__net_exchange(s, &in, NULL, &r, &err), MSPTK_E_UNAVAILABLE);
                assert_string_equal(msptk_error_reason(err),
                                    i < 5 ? "CONNECTION_FAILED" : "CIRCUIT_OPEN");
        }
}

/* Two processes at one file take from one budget. */
static void processes_share_a_budget(void **state)
{
        char dir[] = "/tmp/msptk-net-XXXXXX", path[64], side[80];
        int64_t most = -1;
        pid_t pid;
        ctx c = { .clock = still_clock }, own = { .clock = still_clock };
        net_site *s;
        int status;

        (void)state;
        assert_non_null(mkdtemp(dir));
        snprintf(path, sizeof(path), "%s/db", dir);
        open_ctx(&c, path);
        close_ctx(&c);
        pid = fork();
        assert_true(pid >= 0);
        if (pid) { /* first the child's five */
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_int_equal(status, 0);
        }
        open_ctx(&own, path);
        s = site_of(&own, "{\"rate\": {\"requests\": 5, \"per\": 5}}");
        for (int k = 0; k < 5; k++)
                most = delay_of(s, 3600000);
        msptk__net_site_free(s);
        close_ctx(&own);
        if (!pid)
                _exit(most == 4000 ? 0 : 1);
        assert_int_equal(most, 9000);
        for (int i = 0; i < 3; i++) {
                static const char *const ends[] = { "", "-wal", "-shm" };

                snprintf(side, sizeof(side), "%s%s", path, ends[i]);
                unlink(side);
        }
        rmdir(dir);
}

#define OPENED(test) cmocka_unit_test_setup_teardown(test, up, down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                OPENED(no_span_of_the_period_sees_more_than_the_budget),
                OPENED(one_request_per_period_is_a_budget_too),
                OPENED(a_429_blocks_and_lowers_the_budget_for_its_window),
                OPENED(a_429_counts_without_a_budget),
                OPENED(a_clock_set_back_frees_the_budget),
                OPENED(the_circuit_opens_probes_and_closes),
                OPENED(a_success_between_keeps_the_circuit_closed),
                OPENED(a_vendor_that_is_gone_is_not_asked_again_and_again),
                cmocka_unit_test(processes_share_a_budget),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
