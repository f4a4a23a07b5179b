/* The fake world: same question, same answer; failures, drift and scripts as told. */
#include "support.h"
#include <math.h>

#include "adapters/fake/fake.h"
#include "mock_host.h"

#define SLOT INT64_C(300000000)

typedef struct world {
        mock_host *mock;
        msptk_json *settings;
        void *self;
} world;

static const msptk_adapter_ops *ops = &msptk__fake_adapter;

static void begin(world *w, const char *settings)
{
        w->mock = mock_host_new();
        w->mock->now -= w->mock->now % (SLOT * FAKE_EPISODE_SLOTS);
        w->self = mock_open(w->mock, ops, settings, &w->settings);
}

static void end(world *w)
{
        ops->close(w->self);
        msptk_json_free(w->settings);
        assert_int_equal(w->mock->live, 0);
        mock_host_free(w->mock);
}

static msptk_query query(const char *client)
{
        return (msptk_query){ .struct_size = sizeof(msptk_query), .client_id = client };
}

static void collect(world *w, const char *client)
{
        msptk_query q = query(client);

        mock_host_reset(w->mock);
        assert_int_equal(ops->metrics->collect(w->self, mock_request(w->mock), &q, NULL), MSPTK_OK);
}

static void same_seed_and_time_give_the_same_world(void **state)
{
        world a, b, c;

        (void)state;
        begin(&a, "{\"url\":\"fake://default?devices=20&seed=7&latency_ms=5\"}");
        begin(&b, "{\"devices\":20,\"seed\":7}");
        begin(&c, "{\"devices\":20,\"seed\":8}");
        collect(&a, "acme");
        collect(&b, "acme");
        collect(&c, "acme");
        assert_int_equal(a.mock->slept_ms, 5);
        assert_int_equal(a.mock->metric_count, 20 * msptk__fake_metric_count);
        assert_int_equal(a.mock->metric_count, b.mock->metric_count);
        size_t differs = 0;
        for (size_t i = 0; i < a.mock->metric_count; i++) {
                assert_string_equal(a.mock->metrics[i].vendor_id, b.mock->metrics[i].vendor_id);
                assert_string_equal(a.mock->metrics[i].message, b.mock->metrics[i].message);
                assert_true(a.mock->metrics[i].value == b.mock->metrics[i].value);
                differs += a.mock->metrics[i].value != c.mock->metrics[i].value;
        }
        assert_true(differs > 60);
        assert_string_equal(a.mock->metrics[0].vendor_id, "acme-0001");
        end(&a);
        end(&b);
        end(&c);
}

static void values_drift_with_time_and_stay_in_range(void **state)
{
        world w;
        double first, low = 1000, high = -1;

        (void)state;
        begin(&w, "{\"devices\":1,\"problems\":0,\"drift\":10}");
        collect(&w, "acme");
        first = w.mock->metrics[0].value;
        for (int i = 0; i < 50; i++) {
                double value;

                w.mock->now += SLOT / 2;
                collect(&w, "acme");
                value = w.mock->metrics[0].value;
                assert_true(value >= 0 && value <= 100);
                low = value < low ? value : low;
                high = value > high ? value : high;
        }
        assert_true(high - low > 1 && high - low <= 20);
        assert_true(fabs(first - low) <= 20);
        end(&w);
}

static void shares_of_problems_and_silence_are_as_told(void **state)
{
        world w;
        size_t bad = 0, unknown = 0;

        (void)state;
        begin(&w, "{\"devices\":1000,\"problems\":0.1,\"silent\":0.2,\"missing\":0.1}");
        collect(&w, "acme");
        assert_true(w.mock->metric_count > 850 * msptk__fake_metric_count &&
                    w.mock->metric_count < 950 * msptk__fake_metric_count);
        for (size_t i = 0; i < w.mock->metric_count; i++) {
                const mock_metric *m = &w.mock->metrics[i];

                if (m->state == MSPTK_STATE_UNKNOWN) {
                        unknown++;
                        assert_true(isnan(m->value));
                } else if (m->state == MSPTK_STATE_CRITICAL || m->value > 92) {
                        bad++;
                }
        }
        assert_true(unknown > 0.16 * (double)w.mock->metric_count &&
                    unknown < 0.24 * (double)w.mock->metric_count);
        assert_true(bad > 0.06 * (double)w.mock->metric_count &&
                    bad < 0.10 * (double)w.mock->metric_count);
        end(&w);
}

static void flapping_changes_each_slot(void **state)
{
        world w;
        bool was;

        (void)state;
        begin(&w, "{\"devices\":1,\"flap\":1,\"problems\":0}");
        collect(&w, "acme");
        was = mock_find(w.mock, "services", NULL, "agent")->state == MSPTK_STATE_OK;
        for (int i = 0; i < 6; i++) {
                bool is;

                w.mock->now += SLOT;
                collect(&w, "acme");
                is = mock_find(w.mock, "services", NULL, "agent")->state == MSPTK_STATE_OK;
                assert_true(is != was);
                was = is;
        }
        end(&w);
}

static void calls_fail_in_the_share_and_kind_told(void **state)
{
        world w;
        int failed = 0;

        (void)state;
        begin(&w, "{\"devices\":0,\"fail\":0.25}");
        for (int i = 0; i < 1000; i++) {
                msptk_query q = query("acme");
                msptk_error *err = NULL;
                msptk_status st = ops->devices->list(w.self, mock_request(w.mock), &q, &err);

                if (st < 0) {
                        failed++;
                        assert_true(st == MSPTK_E_AUTH || st == MSPTK_E_RATE ||
                                    st == MSPTK_E_UNAVAILABLE || st == MSPTK_E_TIMEOUT);
                        assert_int_equal(msptk_error_is_retriable(err), st != MSPTK_E_AUTH);
                        if (st == MSPTK_E_RATE)
                                assert_int_equal(msptk_error_retry_after_ms(err), 2000);
                }
                msptk_error_free(err);
        }
        assert_true(failed > 200 && failed < 300);
        assert_string_equal(mock_state(w.mock, "calls/devices/acme"), "1000");
        end(&w);
}

static void a_script_decides_exactly(void **state)
{
        world w;
        msptk_query q = query("acme");
        char settings[900];
        const mock_metric *m;
        int64_t now;

        (void)state;
        begin(&w, "{}");
        now = w.mock->now;
        end(&w);
        snprintf(settings, sizeof(settings),
                 "{\"devices\":2,\"problems\":0,\"script\":["
                 "{\"device\":\"acme-0001\",\"check\":\"disk\",\"instance\":\"/\",\"value\":97.5,"
                 "\"from\":%lld,\"until\":%lld},"
                 "{\"device\":\"*\",\"check\":\"raid\",\"state\":\"critical\",\"message\":"
                 "\"degraded\"},"
                 "{\"device\":\"acme-0002\",\"presence\":\"down\",\"from\":%lld},"
                 "{\"fail\":\"auth\",\"from\":%lld}]}",
                 (long long)now, (long long)(now + SLOT), (long long)(now + SLOT),
                 (long long)(now + 2 * SLOT));
        begin(&w, settings);
        collect(&w, "acme");
        m = mock_find(w.mock, "disk", "disk_percent", "/");
        assert_true(m->value == 97.5);
        assert_int_equal(m->state, MSPTK_STATE_JUDGE);
        assert_string_equal(m->message, "disk / 97.5 %");
        assert_int_equal(mock_count(w.mock, "raid", "raid_state"), 2);
        m = mock_find(w.mock, "raid", NULL, NULL);
        assert_int_equal(m->state, MSPTK_STATE_CRITICAL);
        assert_string_equal(m->message, "degraded");
        w.mock->now += SLOT;
        collect(&w, "acme");
        assert_true(mock_find(w.mock, "disk", NULL, "/")->value < 93);
        assert_int_equal(w.mock->metrics[w.mock->metric_count - 1].state, MSPTK_STATE_UNKNOWN);
        w.mock->now += SLOT;
        assert_int_equal(ops->metrics->collect(w.self, mock_request(w.mock), &q, NULL),
                         MSPTK_E_AUTH);
        assert_int_equal(ops->probe(w.self, mock_request(w.mock), NULL), MSPTK_E_AUTH);
        end(&w);
}

static void devices_of_other_clients_are_not_found(void **state)
{
        static const char *const wrong[] = { "acme-0006", "acme-1", "acme-0000", "beta-0001", "x" };
        world w;
        const char *devices[] = { "acme-0002", NULL, NULL };
        msptk_query q = query("acme");

        (void)state;
        begin(&w, "{\"clients\":2}");
        q.devices = devices;
        assert_int_equal(ops->devices->list(w.self, mock_request(w.mock), &q, NULL), MSPTK_OK);
        assert_int_equal(w.mock->device_count, 1);
        assert_int_equal(strlen(w.mock->devices[0].machine_id), 32);
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                devices[0] = wrong[i];
                assert_int_equal(ops->devices->list(w.self, mock_request(w.mock), &q, NULL),
                                 MSPTK_E_NOTFOUND);
        }
        q.devices = NULL;
        q.vendor_client = "client-3";
        assert_int_equal(ops->devices->list(w.self, mock_request(w.mock), &q, NULL),
                         MSPTK_E_NOTFOUND);
        q.vendor_client = "client-2";
        mock_host_reset(w.mock);
        assert_int_equal(ops->devices->list(w.self, mock_request(w.mock), &q, NULL), MSPTK_OK);
        assert_int_equal(w.mock->device_count, 5);
        assert_string_equal(w.mock->devices[4].vendor_id, "client-2-0005");
        end(&w);
}

static void alerts_begin_stay_and_end_under_one_id(void **state)
{
        world w;
        msptk_query q = query("acme");
        char id[256];
        bool ended = false;

        (void)state;
        begin(&w, "{\"devices\":30,\"problems\":0.2}");
        assert_int_equal(ops->alerts->list(w.self, mock_request(w.mock), &q, NULL), MSPTK_OK);
        assert_true(w.mock->alert_count > 10);
        snprintf(id, sizeof(id), "%s", w.mock->alerts[0].vendor_alert);
        w.mock->now += SLOT;
        mock_host_reset(w.mock);
        assert_int_equal(ops->alerts->list(w.self, mock_request(w.mock), &q, NULL), MSPTK_OK);
        assert_string_equal(w.mock->alerts[0].vendor_alert, id);
        assert_true(w.mock->alerts[0].at < w.mock->now);
        for (int i = 0; i < 20 && !ended; i++) {
                q.since = w.mock->now;
                w.mock->now += SLOT * FAKE_EPISODE_SLOTS;
                mock_host_reset(w.mock);
                assert_int_equal(ops->alerts->list(w.self, mock_request(w.mock), &q, NULL),
                                 MSPTK_OK);
                for (size_t k = 0; k < w.mock->alert_count; k++)
                        ended |= w.mock->alerts[k].severity == MSPTK_STATE_OK &&
                                 strcmp(w.mock->alerts[k].vendor_alert, id) == 0;
        }
        assert_true(ended);
        end(&w);
}

static void commands_echo_fail_and_take_their_time(void **state)
{
        const char *const echo[] = { "echo", "a", "b c", NULL };
        const char *const fails[] = { "fail", "7", NULL };
        const char *const slow[] = { "slow", "1500", NULL };
        const char *const other[] = { "/bin/true", NULL };
        world w;
        msptk_program_result r;

        (void)state;
        begin(&w, "{\"script\":[{\"device\":\"d2\",\"presence\":\"down\"}]}");
#define RUN(device, argv) \
        ops->commands->execute(w.self, mock_request(w.mock), device, argv, &r, NULL)
        assert_int_equal(RUN("d1", echo), MSPTK_OK);
        assert_string_equal(r.out, "a b c\n");
        assert_int_equal(r.code, 0);
        assert_int_equal(RUN("d1", fails), MSPTK_OK);
        assert_int_equal(r.code, 7);
        assert_int_equal(RUN("d1", slow), MSPTK_OK);
        assert_int_equal(w.mock->slept_ms, 1500);
        assert_int_equal(RUN("d1", other), MSPTK_OK);
        assert_int_equal(r.code, 127);
        assert_int_equal(RUN("d2", echo), MSPTK_E_UNAVAILABLE);
        w.mock->deadline_left_ms = 10;
        assert_int_equal(RUN("d1", slow), MSPTK_E_TIMEOUT);
        end(&w);
}

static void an_agent_appears_after_some_calls_and_is_then_listed(void **state)
{
        world w;
        msptk_device_row row = { .struct_size = sizeof(row),
                                 .name = "new-pc",
                                 .vendor_client = "acme" };
        msptk_query q = query("acme");
        char *evidence = NULL;

        (void)state;
        begin(&w, "{\"deploy_calls\":3}");
        for (int i = 0; i < 2; i++) {
                msptk_error *err = NULL;

                assert_int_equal(
                        ops->deploy->agent(w.self, mock_request(w.mock), &row, &evidence, &err),
                        MSPTK_E_UNAVAILABLE);
                assert_int_equal(msptk_error_is_retriable(err), 1);
                assert_null(evidence);
                msptk_error_free(err);
        }
        assert_int_equal(ops->deploy->agent(w.self, mock_request(w.mock), &row, &evidence, NULL),
                         MSPTK_OK);
        assert_non_null(strstr(evidence, "'new-pc' is in the device list of client 'acme'"));
        w.mock->host.free(&w.mock->host, evidence);
        assert_int_equal(ops->devices->list(w.self, mock_request(w.mock), &q, NULL), MSPTK_OK);
        assert_int_equal(w.mock->device_count, 6);
        assert_string_equal(w.mock->devices[5].vendor_id, "new-pc");
        q.client_id = "beta";
        mock_host_reset(w.mock);
        assert_int_equal(ops->devices->list(w.self, mock_request(w.mock), &q, NULL), MSPTK_OK);
        assert_int_equal(w.mock->device_count, 5);
        row.vendor_client = NULL;
        assert_int_equal(ops->deploy->agent(w.self, mock_request(w.mock), &row, &evidence, NULL),
                         MSPTK_E_INVALID);
        end(&w);
}

static void settings_of_every_instance_do_no_harm(void **state)
{
        world w;

        (void)state;
        begin(&w, "{\"name\":\"x\",\"type\":\"fake\",\"provider\":\"fake\",\"timeout\":30,"
                  "\"enabled\":true,\"clients\":[\"acme\"],\"api_url\":\"fake://x?devices=2\"}");
        collect(&w, "acme");
        assert_int_equal(w.mock->metric_count, 2 * msptk__fake_metric_count);
        end(&w);
}

static void settings_that_make_no_sense_are_refused(void **state)
{
        static const char *const bad[] = {
                "{\"url\":\"http://x\"}",
                "{\"url\":\"fake://x?sise=3\"}",
                "{\"url\":\"fake://x?fail=2\"}",
                "{\"url\":\"fake://x?devices=1.5\"}",
                "{\"url\":\"fake://x?devices\"}",
                "{\"devices\":-1}",
                "{\"devices\":100001}",
                "{\"fail\":\"much\"}",
                "{\"nonsense\":1}",
                "{\"fail_as\":\"odd\"}",
                "{\"script\":{}}",
                "{\"script\":[{}]}",
                "{\"script\":[{\"state\":\"odd\"}]}",
                "{\"script\":[{\"value\":1,\"from\":\"x\"}]}",
                "{\"script\":[{\"vaule\":1}]}",
        };
        world w;

        (void)state;
        begin(&w, "{}");
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                msptk_json *s = NULL;
                void *self = NULL;

                assert_int_equal(msptk_json_parse(bad[i], strlen(bad[i]), &s, NULL), MSPTK_OK);
                assert_int_equal(ops->open(&w.mock->host, s, &self, NULL), MSPTK_E_CONFIG);
                assert_null(self);
                msptk_json_free(s);
        }
        end(&w);
}

static void stopping_and_lack_of_memory_end_the_call_cleanly(void **state)
{
        world w;
        msptk_query q = query("acme");

        (void)state;
        begin(&w, "{\"devices\":3,\"latency_ms\":1}");
        for (size_t i = 1; i <= 3 * msptk__fake_metric_count; i++) {
                mock_host_reset(w.mock);
                w.mock->fail_emit_at = i;
                assert_int_equal(ops->metrics->collect(w.self, mock_request(w.mock), &q, NULL),
                                 MSPTK_E_CANCELLED);
                assert_int_equal(w.mock->metric_count, i - 1);
        }
        w.mock->fail_emit_at = 0;
        w.mock->cancelled = true;
        assert_int_equal(ops->devices->list(w.self, mock_request(w.mock), &q, NULL),
                         MSPTK_E_CANCELLED);
        w.mock->cancelled = false;
        w.mock->state_broken = true;
        assert_int_equal(ops->devices->list(w.self, mock_request(w.mock), &q, NULL), MSPTK_E_IO);
        w.mock->state_broken = false;
        end(&w);
}

static void adapter_tables_carry_valid_settings_tables(void **state)
{
        msptk_json *s = NULL;

        (void)state;
        assert_int_equal(
                msptk_json_parse(ops->info->settings, strlen(ops->info->settings), &s, NULL),
                MSPTK_OK);
        for (const msptk_json *v = msptk_json_first(s); v; v = msptk_json_next(v))
                assert_non_null(msptk_json_string(msptk_json_get(v, "description"), NULL));
        msptk_json_free(s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(same_seed_and_time_give_the_same_world),
                cmocka_unit_test(values_drift_with_time_and_stay_in_range),
                cmocka_unit_test(shares_of_problems_and_silence_are_as_told),
                cmocka_unit_test(flapping_changes_each_slot),
                cmocka_unit_test(calls_fail_in_the_share_and_kind_told),
                cmocka_unit_test(a_script_decides_exactly),
                cmocka_unit_test(devices_of_other_clients_are_not_found),
                cmocka_unit_test(alerts_begin_stay_and_end_under_one_id),
                cmocka_unit_test(commands_echo_fail_and_take_their_time),
                cmocka_unit_test(an_agent_appears_after_some_calls_and_is_then_listed),
                cmocka_unit_test(settings_of_every_instance_do_no_harm),
                cmocka_unit_test(settings_that_make_no_sense_are_refused),
                cmocka_unit_test(stopping_and_lack_of_memory_end_the_call_cleanly),
                cmocka_unit_test(adapter_tables_carry_valid_settings_tables),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
