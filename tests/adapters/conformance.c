/* The suite that every adapter passes. */
#define ROOM "test"
#include "support.h"

#include <dirent.h>
#include <math.h>
#include <sched.h>

#include "conformance.h"
#include "real_host.h"

enum { THREADS = 4, FIVE_MINUTES_US = 300000000 };

typedef struct world {
        const conformance *what;
        real_host h;
        instance *i;
        kept k;
        msptk_query query;
} world;

static void begin_with(world *w, const conformance *what, const char *settings)
{
        memset(w, 0, sizeof(*w));
        w->what = what;
        real_host_open_with(&w->h, what->type, settings);
        if (what->ops)
                assert_int_equal(msptk__registry_add_adapter(w->h.r, what->ops, NULL), MSPTK_OK);
        w->i = real_instance(&w->h, "it");
        kept_begin(&w->k);
        w->query = (msptk_query){ .struct_size = sizeof(w->query),
                                  .client_id = what->client ? what->client : "acme",
                                  .devices = what->devices,
                                  .addresses = what->addresses };
}

static void begin(world *w, void **state)
{
        const conformance *what = *state;

        begin_with(w, what, what->settings);
}

static void end(world *w)
{
        real_host_close(&w->h);
        kept_end(&w->k);
}

static void again(world *w)
{
        kept_end(&w->k);
        kept_begin(&w->k);
}

static bool can(const world *w, uint32_t capability)
{
        return msptk__instance_info(w->i)->capabilities & capability;
}

static void works(msptk_status st, msptk_error *err, const char *doing)
{
        if (st < 0)
                fail_msg("%s: %s: %s", doing, msptk_status_name(st),
                         err ? msptk_error_message(err) : "");
        assert_null(err);
}

static void list(world *w)
{
        msptk_error *err = NULL;
        msptk_status st;

        again(w);
        st = msptk__adapter_devices(w->i, &w->query, &w->k.sink, NULL, &err);
        works(st, err, "list devices");
}

static void collect(world *w)
{
        msptk_error *err = NULL;
        msptk_status st;

        again(w);
        st = msptk__adapter_collect(w->i, &w->query, &w->k.sink, NULL, &err);
        works(st, err, "collect");
}

/* ---- what a row must be ---- */

static void assert_clean(const char *text)
{
        assert_true(msptk__utf8_valid(text, strlen(text)));
        for (const unsigned char *c = (const unsigned char *)text; *c; c++)
                assert_true(*c >= ' ' && *c != 0x7f);
}

static void assert_at(const world *w, int64_t at)
{
        int64_t now = msptk__now(&w->h.c);

        assert_true(at == 0 || (at > now - FIVE_MINUTES_US && at < now + FIVE_MINUTES_US));
}

static void assert_metric(const world *w, const kept_row *row)
{
        static const char *const units[] = { "",  "%",   "B",   "KB",  "MB", "GB", "TB",
                                             "s", "ms",  "us",  "c",   "C",  "Hz", "B/s",
                                             "d", "KiB", "MiB", "GiB", "TiB" };
        bool known = false;

        for (size_t n = 0; n < ARRAY_LEN(units); n++)
                known = known || !strcmp(row->unit, units[n]);
        if (!known)
                fail_msg("unit '%s' of '%s'", row->unit, row->metric);
        assert_true(row->state >= MSPTK_STATE_JUDGE && row->state <= MSPTK_STATE_UNKNOWN);
        assert_true(isnan(row->value) || isfinite(row->value));
        assert_true(*row->check && msptk__utf8_valid(row->check, strlen(row->check)));
        assert_clean(row->message);
        assert_clean(row->instance);
        assert_clean(row->metric);
        assert_at(w, row->at);
        if (row->state == MSPTK_STATE_JUDGE && isnan(row->value))
                fail_msg("'%s' '%s' is to be judged without a number", row->check, row->metric);
        if (row->state == MSPTK_STATE_UNKNOWN && !*row->message)
                fail_msg("'%s' '%s' is unknown and does not say why", row->check, row->metric);
}

/* ---- the suite ---- */

static void it_can_be_probed(void **state)
{
        msptk_error *err = NULL;
        msptk_status st;
        world w;

        begin(&w, state);
        assert_null(msptk__instance_info(w.i)->problem);
        for (int n = 0; n < 2; n++) {
                st = msptk__adapter_probe(w.i, NULL, &err);
                works(st, err, "probe");
        }
        end(&w);
}

static void its_devices_keep_their_unique_ids(void **state)
{
        kept_row *first;
        size_t count;
        world w;

        begin(&w, state);
        if (can(&w, CAP_DEVICES)) {
                list(&w);
                count = w.k.device_count;
                assert_true(count > 0);
                first = calloc(count, sizeof(*first));
                memcpy(first, w.k.devices, count * sizeof(*first));
                list(&w);
                assert_int_equal(w.k.device_count, count);
                for (size_t n = 0; n < count; n++) {
                        assert_string_equal(w.k.devices[n].vendor_id, first[n].vendor_id);
                        assert_string_equal(w.k.devices[n].name, first[n].name);
                        assert_clean(first[n].vendor_id);
                        assert_clean(first[n].name);
                        for (size_t m = 0; m < n; m++)
                                assert_string_not_equal(first[n].vendor_id, first[m].vendor_id);
                }
                free(first);
        }
        end(&w);
}

static void a_client_that_it_does_not_know_has_nothing(void **state)
{
        msptk_status st[2];
        world w;

        begin(&w, state);
        if (w.what->unknown_client && can(&w, CAP_DEVICES)) {
                w.query.vendor_client = w.what->unknown_client;
                for (int n = 0; n < 2; n++)
                        st[n] = msptk__adapter_devices(w.i, &w.query, &w.k.sink, NULL, NULL);
                assert_int_equal(w.k.device_count, 0);
                assert_true(st[0] == MSPTK_OK || st[0] == MSPTK_E_NOTFOUND);
                assert_int_equal(st[0], st[1]);
        }
        end(&w);
}

static void every_metric_is_well_formed(void **state)
{
        world w;

        begin(&w, state);
        if (can(&w, CAP_METRICS)) {
                collect(&w);
                assert_true(w.k.metric_count > 0);
                for (size_t n = 0; n < w.k.metric_count; n++)
                        assert_metric(&w, &w.k.metrics[n]);
        }
        end(&w);
}

static void it_answers_only_what_was_asked(void **state)
{
        const char *devices[] = { NULL, NULL }, *checks[] = { NULL, NULL };
        kept_row one;
        world w;

        begin(&w, state);
        if (can(&w, CAP_METRICS)) {
                collect(&w);
                one = w.k.metrics[w.k.metric_count - 1];
                devices[0] = *one.vendor_id ? one.vendor_id : NULL;
                checks[0] = one.check;
                w.query.checks = checks;
                if (devices[0] && !w.what->devices)
                        w.query.devices = devices;
                collect(&w);
                assert_true(w.k.metric_count > 0);
                for (size_t n = 0; n < w.k.metric_count; n++) {
                        assert_string_equal(w.k.metrics[n].check, one.check);
                        if (w.query.devices == devices)
                                assert_string_equal(w.k.metrics[n].vendor_id, one.vendor_id);
                }
                checks[0] = "no-such-check-anywhere";
                again(&w);
                (void)msptk__adapter_collect(w.i, &w.query, &w.k.sink, NULL, NULL);
                for (size_t n = 0; n < w.k.metric_count; n++) /* unknown, or nothing */
                        assert_int_equal(w.k.metrics[n].state, MSPTK_STATE_UNKNOWN);
        }
        end(&w);
}

static msptk_status collect_with(world *w, int64_t timeout_ms, bool triggered, size_t cancel_at)
{
        cancel *tok = msptk__cancel_new(NULL, NULL, timeout_ms);
        msptk_error *err = NULL;
        msptk_status st;

        again(w);
        w->k.tok = tok;
        w->k.cancel_at = cancel_at;
        if (triggered)
                msptk__cancel_trigger(tok);
        st = can(w, CAP_METRICS) ? msptk__adapter_collect(w->i, &w->query, &w->k.sink, tok, &err)
                                 : msptk__adapter_devices(w->i, &w->query, &w->k.sink, tok, &err);
        if (st < 0)
                assert_string_equal(msptk_error_adapter(err), "it");
        msptk_error_free(err);
        msptk__cancel_unref(tok);
        return st;
}

static void it_stops_when_cancelled_or_late(void **state)
{
        int64_t before = msptk__mono_ns();
        size_t rows;
        msptk_status st;
        world w;

        begin(&w, state);
        assert_int_equal(collect_with(&w, -1, true, 0), MSPTK_E_CANCELLED);
        assert_int_equal(w.k.seen, 0);
        assert_int_equal(collect_with(&w, 0, false, 0), MSPTK_E_TIMEOUT);
        assert_int_equal(w.k.seen, 0);
        assert_true(msptk__mono_ns() - before < INT64_C(5000000000));
        assert_int_equal(collect_with(&w, -1, false, 0), MSPTK_OK);
        rows = w.k.seen;
        for (size_t n = 1; n < rows && n <= 5; n++) {
                assert_int_equal(collect_with(&w, -1, false, n), MSPTK_E_CANCELLED);
                assert_int_equal(w.k.seen, n);
        }
        st = collect_with(&w, 20, false, 0);
        if (st != MSPTK_OK && st != MSPTK_E_TIMEOUT)
                fail_msg("late, it answers %s", msptk_status_name(st));
        assert_int_equal(collect_with(&w, -1, false, 0), MSPTK_OK); /* and goes on as before */
        end(&w);
}

static void what_it_cannot_read_is_unknown(void **state)
{
        const conformance *what = *state;
        size_t unknown = 0, known = 0;
        world w;

        if (!what->partial_settings)
                return;
        begin_with(&w, what, what->partial_settings);
        (void)msptk__adapter_collect(w.i, &w.query, &w.k.sink, NULL, NULL);
        for (size_t n = 0; n < w.k.metric_count; n++) {
                assert_metric(&w, &w.k.metrics[n]);
                if (w.k.metrics[n].state == MSPTK_STATE_UNKNOWN)
                        unknown++;
                else
                        known++;
        }
        assert_true(unknown > 0);
        assert_true(known > 0);
        end(&w);
}

typedef struct caller {
        world *w;
        pthread_t thread;
        kept k;
        msptk_status st;
} caller;

static void *call(void *user)
{
        caller *c = user;

        c->st = can(c->w, CAP_METRICS)
                        ? msptk__adapter_collect(c->w->i, &c->w->query, &c->k.sink, NULL, NULL)
                        : msptk__adapter_devices(c->w->i, &c->w->query, &c->k.sink, NULL, NULL);
        return NULL;
}

static void it_is_asked_from_many_threads(void **state)
{
        caller callers[THREADS] = { 0 };
        world w;

        begin(&w, state); /* not opened yet: the threads race for that too */
        for (int n = 0; n < THREADS; n++) {
                callers[n].w = &w;
                kept_begin(&callers[n].k);
                assert_int_equal(pthread_create(&callers[n].thread, NULL, call, &callers[n]), 0);
        }
        for (int n = 0; n < THREADS; n++) {
                pthread_join(callers[n].thread, NULL);
                works(callers[n].st, NULL, "call from a thread");
                assert_int_equal(callers[n].k.seen, callers[0].k.seen);
                assert_true(callers[n].k.seen > 0);
        }
        for (int n = 0; n < THREADS; n++)
                kept_end(&callers[n].k);
        end(&w);
}

static void alerts_are_well_formed_or_unsupported(void **state)
{
        msptk_error *err = NULL;
        msptk_status st;
        world w;

        begin(&w, state);
        st = msptk__adapter_alerts(w.i, &w.query, &w.k.sink, NULL, &err);
        if (can(&w, CAP_ALERTS)) {
                works(st, err, "list alerts");
                for (size_t n = 0; n < w.k.alert_count; n++) {
                        assert_true(*w.k.alerts[n].vendor_alert);
                        assert_clean(w.k.alerts[n].message);
                        for (size_t m = 0; m < n; m++)
                                assert_string_not_equal(w.k.alerts[n].vendor_alert,
                                                        w.k.alerts[m].vendor_alert);
                }
        } else {
                assert_int_equal(st, MSPTK_E_UNSUPPORTED);
                msptk_error_free(err);
        }
        end(&w);
}

static void commands_run_or_are_unsupported(void **state)
{
        static const char *const any[] = { "true", NULL };
        msptk_program_result result;
        const char *device = "d";
        msptk_error *err = NULL;
        msptk_status st;
        world w;

        begin(&w, state);
        if (can(&w, CAP_DEVICES)) {
                list(&w);
                device = w.k.devices[0].vendor_id;
        }
        st = msptk__adapter_execute(w.i, device, w.what->command ? w.what->command : any, NULL,
                                    &result, &err);
        if (!can(&w, CAP_COMMANDS)) {
                assert_int_equal(st, MSPTK_E_UNSUPPORTED);
                msptk_error_free(err);
        } else if (w.what->command) {
                works(st, err, "execute a command");
                assert_int_equal(result.ended, MSPTK_PROGRAM_EXITED);
                assert_int_equal(result.out[result.out_len], 0);
                msptk__program_result_clear(&result);
        } else {
                fail_msg("it executes commands, but the suite was given none");
        }
        end(&w);
}

static void agents_arrive_with_evidence_or_are_unsupported(void **state)
{
        msptk_device_row none = { .struct_size = sizeof(none), .name = "x" };
        char *evidence = NULL;
        msptk_status st = MSPTK_E_UNAVAILABLE;
        world w;

        begin(&w, state);
        if (!can(&w, CAP_DEPLOY)) {
                assert_int_equal(msptk__adapter_deploy(w.i, &none, NULL, &evidence, NULL),
                                 MSPTK_E_UNSUPPORTED);
        } else {
                assert_non_null(w.what->deploy);
                for (int n = 0; n < 10 && st == MSPTK_E_UNAVAILABLE; n++)
                        st = msptk__adapter_deploy(w.i, w.what->deploy, NULL, &evidence, NULL);
                works(st, NULL, "deploy an agent");
                assert_clean(evidence);
                msptk__free(evidence);
        }
        end(&w);
}

static void settings_that_it_does_not_know_are_refused(void **state)
{
        const conformance *what = *state;
        char settings[4096];
        msptk_error *err = NULL;
        world w;

        snprintf(settings, sizeof(settings), "%s%s\"no_such_setting_x\": 1", what->settings,
                 *what->settings ? ", " : "");
        begin_with(&w, what, settings);
        assert_int_equal(msptk__adapter_probe(w.i, NULL, &err), MSPTK_E_CONFIG);
        assert_non_null(strstr(msptk_error_message(err), "no_such_setting_x"));
        msptk_error_free(err);
        end(&w);
}

static int entries(const char *path)
{
        DIR *dir = opendir(path);
        int count = 0;

        while (readdir(dir))
                count++;
        closedir(dir);
        return count;
}

static void use_once(const conformance *what, const char *settings, bool good)
{
        msptk_status st;
        world w;

        begin_with(&w, what, settings);
        st = msptk__adapter_probe(w.i, NULL, NULL);
        assert_true(good == (st >= 0));
        if (good)
                (void)collect_with(&w, -1, false, 2);
        end(&w);
}

static void nothing_is_left_behind(void **state)
{
        const conformance *what = *state;
        int descriptors = 0, threads = 0;

        for (int n = 0; n < 4; n++) {
                use_once(what, what->settings, true);
                if (what->bad_settings)
                        use_once(what, what->bad_settings, false);
                if (n == 0) {
                        descriptors = entries("/proc/self/fd");
                        threads = entries("/proc/self/task");
                }
        }
        assert_int_equal(entries("/proc/self/fd"), descriptors);
        for (int n = 0; n < 1000 && entries("/proc/self/task") > threads; n++)
                sched_yield(); /* the kernel is still clearing one away */
        assert_true(entries("/proc/self/task") <= threads);
}

int conformance_run(const conformance *what)
{
        const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_prestate(f, (void *)(uintptr_t)what)
                TEST(it_can_be_probed),
                TEST(its_devices_keep_their_unique_ids),
                TEST(a_client_that_it_does_not_know_has_nothing),
                TEST(every_metric_is_well_formed),
                TEST(it_answers_only_what_was_asked),
                TEST(it_stops_when_cancelled_or_late),
                TEST(what_it_cannot_read_is_unknown),
                TEST(it_is_asked_from_many_threads),
                TEST(alerts_are_well_formed_or_unsupported),
                TEST(commands_run_or_are_unsupported),
                TEST(agents_arrive_with_evidence_or_are_unsupported),
                TEST(settings_that_it_does_not_know_are_refused),
                TEST(nothing_is_left_behind),
        };

        return _cmocka_run_group_tests(what->type, tests, ARRAY_LEN(tests), NULL, NULL);
}
