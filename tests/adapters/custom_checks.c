/* Custom checks: what they report becomes rows, and what they do not becomes unknown. */
#define ROOM "test"
#include "support.h"

#include <math.h>

#include "real_host.h"

#define CANARY "Tr0ub4dor&3-canary"

typedef msptk_status (*script_fn)(const msptk_check_host *host, const msptk_json *context,
                                  msptk_error **ret_err);
static script_fn script;
static int destroyed;

static msptk_status run_script(void *user, const msptk_check_host *host, const msptk_json *context,
                               msptk_error **ret_err)
{
        assert_ptr_equal(user, &destroyed);
        assert_int_equal(host->struct_size, sizeof(*host));
        return script(host, context, ret_err);
}

static void destroy(void *user)
{
        (*(int *)user)++;
}

static const msptk_check_ops good = { .struct_size = sizeof(good),
                                      .sdk_version = MSPTK_SDK_VERSION,
                                      .name = "licence_days",
                                      .version = "1.2",
                                      .per = MSPTK_CHECK_PER_DEVICE,
                                      .execute = run_script,
                                      .destroy = destroy };

typedef struct world {
        real_host h;
        custom_check *check;
        kept k;
} world;

static void begin(world *w)
{
        memset(w, 0, sizeof(*w));
        destroyed = 0;
        real_host_open(&w->h, NULL, NULL);
        assert_int_equal(msptk__registry_add_check(w->h.r, &good, &destroyed, NULL), MSPTK_OK);
        w->check = msptk__check_at(w->h.r, 0);
        msptk__redact_learn(&w->h.c, CANARY, strlen(CANARY));
        kept_begin(&w->k);
}

static void end(world *w)
{
        assert_int_equal(destroyed, 0);
        real_host_close(&w->h);
        assert_int_equal(destroyed, 1);
        kept_end(&w->k);
}

static msptk_status run(world *w, script_fn what, cancel *tok)
{
        static const char text[] = "{\"client\":{\"id\":\"acme\"},\"device\":{\"id\":\"pc-1\"},"
                                   "\"parameters\":{\"days\":30}}";
        AUTO_JSON msptk_json *context = NULL;

        assert_int_equal(msptk_json_parse(text, strlen(text), &context, NULL), MSPTK_OK);
        kept_end(&w->k);
        kept_begin(&w->k);
        w->k.tok = tok;
        script = what;
        return msptk__check_run(w->h.r, w->check, context, &w->k.sink, tok);
}

static void registration_refuses_what_cannot_run(void **state)
{
        static const char *const bad_names[] = { NULL,
                                                 "",
                                                 "A",
                                                 "a b",
                                                 "a.b",
                                                 "a/b",
                                                 "\xff",
                                                 "0123456789012345678901234567890123456789"
                                                 "0123456789012345678901234" };
        msptk_check_ops ops;
        msptk_error *err = NULL;
        world w;

        (void)state;
        begin(&w);
        assert_int_equal(msptk__registry_add_check(w.h.r, &good, NULL, NULL), MSPTK_E_EXISTS);
        for (size_t n = 0; n < ARRAY_LEN(bad_names); n++) {
                ops = good;
                ops.name = bad_names[n];
                assert_int_equal(msptk__registry_add_check(w.h.r, &ops, NULL, NULL),
                                 MSPTK_E_INVALID);
        }
        ops = good;
        ops.name = "other";
        ops.execute = NULL;
        assert_int_equal(msptk__registry_add_check(w.h.r, &ops, NULL, &err), MSPTK_E_INVALID);
        assert_non_null(strstr(msptk_error_message(err), "'execute'"));
        msptk_error_free(err);
        ops.execute = run_script;
        ops.version = NULL;
        assert_int_equal(msptk__registry_add_check(w.h.r, &ops, NULL, NULL), MSPTK_E_INVALID);
        ops.version = "1";
        ops.per = 2;
        assert_int_equal(msptk__registry_add_check(w.h.r, &ops, NULL, NULL), MSPTK_E_INVALID);
        ops.per = MSPTK_CHECK_PER_CLIENT;
        ops.sdk_version = 9;
        assert_int_equal(msptk__registry_add_check(w.h.r, &ops, NULL, NULL), MSPTK_E_INVALID);
        ops.sdk_version = 1;
        ops.struct_size = offsetof(msptk_check_ops, execute);
        assert_int_equal(msptk__registry_add_check(w.h.r, &ops, NULL, NULL), MSPTK_E_INVALID);
        ops.struct_size = offsetof(msptk_check_ops, destroy); /* knows no destroy */
        ops.destroy = (void (*)(void *))(uintptr_t)0xdead0;
        assert_int_equal(msptk__registry_add_check(w.h.r, &ops, NULL, NULL), MSPTK_OK);
        assert_int_equal(msptk__check_count(w.h.r), 2);
        assert_int_equal(msptk__check_per(msptk__check_at(w.h.r, 0)), MSPTK_CHECK_PER_DEVICE);
        assert_null(msptk__check_at(w.h.r, 2));
        end(&w);
}

static msptk_status report_all(const msptk_check_host *host, const msptk_json *context,
                               msptk_error **ret_err)
{
        AUTO_JSON msptk_json *data = msptk_json_new_object();
        const msptk_json *device = msptk_json_get(context, "device");

        (void)ret_err;
        assert_string_equal(msptk_json_string(msptk_json_get(device, "id"), ""), "pc-1");
        assert_int_equal(
                msptk_json_int(msptk_json_get(msptk_json_get(context, "parameters"), "days"), 0),
                30);
        assert_true(host->now(host) > 0);
        assert_int_equal(host->cancelled(host), 0);
        assert_int_equal(host->deadline_left_ms(host), INT64_MAX);
        host->log(host, 1, "looked\nwith " CANARY);
        host->log(host, 1, NULL);
        msptk_json_set_string(data, "key", CANARY);
        assert_int_equal(
                host->report(host, "office", MSPTK_STATE_WARNING, "soon\x1b[1m, " CANARY, data),
                MSPTK_OK);
        assert_int_equal(host->metric(host, "office", "days_left", 12, "d"), MSPTK_OK);
        assert_int_equal(host->metric(host, NULL, "load", INFINITY, NULL), MSPTK_OK);
        assert_int_equal(host->report(host, NULL, MSPTK_STATE_JUDGE, "x", NULL), MSPTK_E_INVALID);
        assert_int_equal(host->report(host, NULL, 4, "x", NULL), MSPTK_E_INVALID);
        assert_int_equal(host->metric(host, NULL, "", 1, NULL), MSPTK_E_INVALID);
        assert_int_equal(host->metric(host, NULL, NULL, 1, NULL), MSPTK_E_INVALID);
        return MSPTK_OK;
}

static void reports_and_metrics_become_rows(void **state)
{
        world w;

        (void)state;
        begin(&w);
        assert_int_equal(run(&w, report_all, NULL), MSPTK_OK);
        assert_int_equal(w.k.metric_count, 3);
        assert_string_equal(w.k.metrics[0].check, "licence_days");
        assert_string_equal(w.k.metrics[0].instance, "office");
        assert_string_equal(w.k.metrics[0].message, "soon, ***");
        assert_int_equal(w.k.metrics[0].state, MSPTK_STATE_WARNING);
        assert_true(isnan(w.k.metrics[0].value));
        assert_true(w.k.metrics[0].has_data);
        assert_string_equal(w.k.metrics[1].metric, "days_left");
        assert_int_equal(w.k.metrics[1].state, MSPTK_STATE_JUDGE);
        assert_true(w.k.metrics[1].value == 12);
        assert_true(isnan(w.k.metrics[2].value));
        assert_non_null(strstr(w.h.log, "looked with ***"));
        assert_null(strstr(w.h.log, CANARY));
        end(&w);
}

static msptk_status report_nothing(const msptk_check_host *host, const msptk_json *context,
                                   msptk_error **ret_err)
{
        (void)host;
        (void)context;
        (void)ret_err;
        return MSPTK_OK;
}

static msptk_status fail_loudly(const msptk_check_host *host, const msptk_json *context,
                                msptk_error **ret_err)
{
        (void)host;
        (void)context;
        return msptk_error_set(ret_err, MSPTK_E_AUTH, "mine", "refused the password " CANARY);
}

static msptk_status fail_silently(const msptk_check_host *host, const msptk_json *context,
                                  msptk_error **ret_err)
{
        (void)host;
        (void)context;
        (void)ret_err;
        return MSPTK_E_CANCELLED; /* though nobody cancelled it */
}

static void no_report_and_failures_are_unknown(void **state)
{
        world w;

        (void)state;
        begin(&w);
        assert_int_equal(run(&w, report_nothing, NULL), MSPTK_OK);
        assert_int_equal(w.k.metric_count, 1);
        assert_int_equal(w.k.metrics[0].state, MSPTK_STATE_UNKNOWN);
        assert_string_equal(w.k.metrics[0].message, "the check ended without a report");
        assert_int_equal(run(&w, fail_loudly, NULL), MSPTK_OK);
        assert_int_equal(w.k.metric_count, 1);
        assert_int_equal(w.k.metrics[0].state, MSPTK_STATE_UNKNOWN);
        assert_string_equal(w.k.metrics[0].message, "refused the password ***");
        assert_int_equal(run(&w, fail_silently, NULL), MSPTK_OK);
        assert_int_equal(w.k.metrics[0].state, MSPTK_STATE_UNKNOWN);
        assert_true(*w.k.metrics[0].message);
        end(&w);
}

static cancel *current;

static msptk_status obey(const msptk_check_host *host, const msptk_json *context,
                         msptk_error **ret_err)
{
        (void)context;
        assert_int_equal(host->report(host, "a", MSPTK_STATE_OK, "fine", NULL), MSPTK_OK);
        msptk__cancel_trigger(current);
        assert_int_equal(host->cancelled(host), 1);
        return msptk_error_set(ret_err, MSPTK_E_CANCELLED, "mine", "stopped");
}

static msptk_status do_not_listen(const msptk_check_host *host, const msptk_json *context,
                                  msptk_error **ret_err)
{
        (void)context;
        (void)ret_err;
        msptk__cancel_trigger(current);
        assert_int_equal(host->report(host, "a", MSPTK_STATE_OK, "fine", NULL), MSPTK_E_CANCELLED);
        return MSPTK_OK;
}

static void a_cancelled_check_says_nothing_of_the_device(void **state)
{
        world w;

        (void)state;
        begin(&w);
        current = msptk__cancel_new(NULL, NULL, -1);
        assert_int_equal(run(&w, obey, current), MSPTK_E_CANCELLED);
        assert_int_equal(w.k.metric_count, 1);
        assert_int_equal(run(&w, obey, current), MSPTK_E_CANCELLED); /* not begun */
        assert_int_equal(w.k.metric_count, 0);
        msptk__cancel_unref(current);
        current = msptk__cancel_new(NULL, NULL, -1);
        assert_int_equal(run(&w, do_not_listen, current), MSPTK_E_CANCELLED);
        assert_int_equal(w.k.metric_count, 0);
        msptk__cancel_unref(current);
        current = msptk__cancel_new(NULL, NULL, 0);
        assert_int_equal(run(&w, obey, current), MSPTK_E_TIMEOUT);
        msptk__cancel_unref(current);
        end(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(registration_refuses_what_cannot_run),
                cmocka_unit_test(reports_and_metrics_become_rows),
                cmocka_unit_test(no_report_and_failures_are_unknown),
                cmocka_unit_test(a_cancelled_check_says_nothing_of_the_device),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
