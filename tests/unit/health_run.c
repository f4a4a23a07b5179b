/* Health runs over a fake world and custom checks, with a clock that the test moves. */
#include "support.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <msptk/sdk/check.h>

#include "store_support.h"
#include "toolkit_support.h"

typedef struct place {
        world w;
        char dir[64], config[96];
} place;

static void place_open(place *p, const char *adapters)
{
        AUTO_BUF buf text = BUF_INIT(65536);

        snprintf(p->dir, sizeof(p->dir), "/tmp/msptk-health-XXXXXX");
        assert_non_null(mkdtemp(p->dir));
        snprintf(p->config, sizeof(p->config), "%s/c.yaml", p->dir);
        msptk__buf_addf(&text, "database: {path: \":memory:\"}\nadapters:\n%s", adapters);
        assert_int_equal(msptk__file_write(p->config, text.data, text.len, 0600, 0, NULL),
                         MSPTK_OK);
        world_open(&p->w, p->config);
}

static void place_close(place *p)
{
        world_close(&p->w);
        unlink(p->config);
        rmdir(p->dir);
}
#define AUTO_PLACE __attribute__((cleanup(place_close)))

static void enrol(place *p, const char *name, const char *id, const char *adapter)
{
        char json[200];

        snprintf(json, sizeof(json), "{'name':'%s','id':'%s'}", name, id);
        msptk_json_free(world_do(&p->w, "client_create", json));
        snprintf(json, sizeof(json), "{'client_id':'%s','adapter':'%s'}", id, adapter);
        msptk_json_free(world_do(&p->w, "device_scan", json));
}

static int64_t int_at(const msptk_json *o, const char *a, const char *b)
{
        return msptk_json_int(msptk_json_get(msptk_json_get(o, a), b), -1);
}

static const char quiet[] = "  - {name: world, type: fake, devices: 90, problems: 0}\n";

static void devices_that_are_withheld_are_said(void **state)
{
        AUTO_PLACE place p = { 0 };
        AUTO_JSON msptk_json *run = NULL, *status = NULL;
        const msptk_json *client;

        (void)state;
        place_open(&p, "  - name: world\n    type: fake\n    devices: 90\n    problems: 0\n"
                       "    script:\n"
                       "      - {device: acme-0001, presence: down}\n"
                       "      - {device: acme-0002, presence: down}\n"
                       "      - {device: acme-0003, presence: down}\n");
        enrol(&p, "Acme", "acme", "world");
        run = world_do(&p.w, "health_check", "{'client_id':'acme'}");
        assert_int_equal(int_at(run, "coverage", "devices"), 90);
        assert_int_equal(int_at(run, "coverage", "reported"), 87);
        assert_int_equal(
                msptk_json_count(msptk_json_get(msptk_json_get(run, "coverage"), "not_reported")),
                3);
        assert_non_null(strstr(text_at(run, "summary"), "87 of 90 devices reported"));
        assert_string_equal(text_at(run, "status"), "unknown");
        assert_int_equal(int_at(run, "alerts", "opened"), 3);

        status = world_do(&p.w, "health_status", "{'client_id':'acme'}");
        client = msptk_json_first(msptk_json_get(status, "clients"));
        assert_string_equal(text_at(client, "summary"),
                            "87 of 90 devices reported in the last 24 h");
        assert_string_equal(text_at(client, "status"), "unknown");
}

static void a_client_without_devices_is_not_covered_by_the_health_of_others(void **state)
{
        AUTO_PLACE place p = { 0 };
        AUTO_JSON msptk_json *all = NULL, *one = NULL, *bare = NULL;

        (void)state;
        place_open(&p, "  - {name: world, type: fake, devices: 3, problems: 0}\n");
        enrol(&p, "Acme", "acme", "world");
        one = world_do(&p.w, "health_check", "{'all':true}");
        assert_string_equal(text_at(one, "status"), "ok");
        msptk_json_free(world_do(&p.w, "client_create", "{'name':'Bare'}"));
        all = world_do(&p.w, "health_check", "{'all':true}");
        assert_string_equal(text_at(all, "status"), "unknown");
        assert_non_null(strstr(text_at(all, "summary"), ", 1 client without devices;"));
        assert_string_equal(text_at(msptk_json_first(msptk_json_get(msptk_json_get(all, "coverage"),
                                                                    "without_devices")),
                                    "client_id"),
                            "bare");
        bare = world_do(&p.w, "health_check", "{'client_id':'bare'}");
        assert_string_equal(text_at(bare, "status"), "unknown");
}

static void the_id_at_the_rmm_is_for_the_rmm_alone(void **state)
{
        AUTO_PLACE place p = { 0 };
        AUTO_JSON msptk_json *run = NULL;

        (void)state;
        place_open(&p, "  - {name: world, type: fake, devices: 3, problems: 0}\n"
                       "rmm: {provider: fake, devices: 2, problems: 0}\n");
        msptk_json_free(
                world_do(&p.w, "client_create", "{'name':'Acme','id':'acme','rmm_id':'theirs'}"));
        msptk_json_free(world_do(&p.w, "device_scan", "{'client_id':'acme'}"));
        run = world_do(&p.w, "health_check", "{'client_id':'acme'}");
        assert_int_equal(int_at(run, "coverage", "devices"), 5);
        assert_int_equal(int_at(run, "coverage", "reported"), 5);
}

static size_t rows_of(place *p, const char *operation, const char *rows)
{
        AUTO_JSON msptk_json *list = world_do(&p->w, operation, "{}");

        return msptk_json_count(msptk_json_get(list, rows));
}

static void what_is_removed_takes_its_devices_and_alerts_along(void **state)
{
        AUTO_PLACE place p = { 0 };
        AUTO_JSON msptk_json *run = NULL;
        size_t alerts;

        (void)state;
        place_open(&p, "  - name: world\n    type: fake\n    devices: 3\n    problems: 0\n"
                       "    script:\n"
                       "      - {device: acme-0001, presence: down}\n"
                       "      - {device: acme-0002, presence: down}\n");
        enrol(&p, "Acme", "acme", "world");
        run = world_do(&p.w, "health_check", "{'client_id':'acme'}");
        alerts = rows_of(&p, "alert_list", "alerts");
        assert_int_equal(alerts, 2);
        msptk_json_free(world_do(&p.w, "device_remove", "{'device_id':'acme-0001'}"));
        assert_int_equal(rows_of(&p, "alert_list", "alerts"), 1);
        assert_int_equal(rows_of(&p, "device_list", "devices"), 2);
        msptk_json_free(world_do(&p.w, "client_delete", "{'client_id':'acme'}"));
        assert_int_equal(rows_of(&p, "alert_list", "alerts"), 0);
        assert_int_equal(rows_of(&p, "device_list", "devices"), 0);
}

static void a_client_that_does_not_exist_stores_nothing(void **state)
{
        AUTO_PLACE place p = { 0 };
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_TX store_tx *tx = NULL;
        int64_t runs = -1;

        (void)state;
        place_open(&p, quiet);
        assert_int_equal(world_call(&p.w, "health_check", "{'client_id':'nobody'}", NULL, &err),
                         MSPTK_E_NOTFOUND);
        assert_string_equal(msptk_error_code(err), "CLIENT_NOT_FOUND");
        assert_int_equal(msptk__tx_begin(p.w.c->store, TX_READ, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__query_int(tx, &runs, NULL,
                                          "SELECT count(*) FROM run WHERE id <> ?1", SQL_TEXT("")),
                         MSPTK_OK);
        assert_int_equal(runs, 0);
}

static msptk_status steal_lease(void *user, const msptk_check_host *host, const msptk_json *context,
                                msptk_error **ret_err)
{
        place *p = user;
        AUTO_TX store_tx *tx = NULL;

        (void)context;
        TRY(msptk__tx_begin(p->w.c->store, TX_WRITE, 0, &tx, ret_err));
        TRY(msptk__exec(tx, ret_err, "UPDATE run_lease SET fence = fence + 1 WHERE client_id = ?1",
                        SQL_TEXT("two")));
        TRY(msptk__tx_commit(&tx, ret_err));
        return host->report(host, NULL, MSPTK_STATE_OK, "taken", NULL);
}

static void one_client_that_cannot_be_stored_leaves_the_others(void **state)
{
        AUTO_PLACE place p = { 0 };
        AUTO_JSON msptk_json *run = NULL, *past = NULL;
        const msptk_json *failed;
        const msptk_check_ops ops = { .struct_size = sizeof(ops),
                                      .sdk_version = MSPTK_SDK_VERSION,
                                      .name = "thief",
                                      .version = "1",
                                      .per = MSPTK_CHECK_PER_CLIENT,
                                      .execute = steal_lease };

        (void)state;
        place_open(&p, "  - {name: world, type: fake, devices: 5, problems: 0}\n");
        enrol(&p, "One", "one", "world");
        enrol(&p, "Two", "two", "world");
        assert_int_equal(msptk_toolkit_register_plugin(p.w.tk, &ops, &p, NULL), MSPTK_OK);
        run = world_do(&p.w, "health_check", "{}");
        failed = msptk_json_get(run, "failed");
        assert_int_equal(msptk_json_count(failed), 1);
        assert_string_equal(text_at(msptk_json_first(failed), "client_id"), "two");
        assert_int_equal(int_at(run, "coverage", "devices"), 10);
        assert_int_equal(int_at(run, "coverage", "reported"), 5);
        assert_string_equal(text_at(run, "status"), "unknown");
        for (const msptk_json *r = msptk_json_first(msptk_json_get(run, "results")); r;
             r = msptk_json_next(r))
                assert_string_equal(text_at(r, "client_id"), "one");
        past = world_do(&p.w, "health_history", "{'client_id':'two'}");
        assert_int_equal(msptk_json_count(msptk_json_get(past, "results")), 0);
}

static void pages_of_a_big_run_give_every_result_once(void **state)
{
        AUTO_PLACE place p = { 0 };
        msptk_args *args = msptk_args_new("health_check");
        msptk_result *result = NULL;
        const msptk_json *row, *counts;
        int64_t rows = 0, total = 0;
        msptk_status st;

        (void)state;
        place_open(&p, "  - {name: world, type: fake, devices: 400, problems: 0.1}\n");
        enrol(&p, "Acme", "acme", "world");
        msptk_args_set_str(args, "client_id", "acme", NULL);
        assert_int_equal(msptk_call(p.w.tk, args, NULL, &result, NULL), MSPTK_OK);
        counts = msptk_json_get(msptk_result_json(result), "counts");
        for (const msptk_json *n = msptk_json_first(counts); n; n = msptk_json_next(n))
                total += msptk_json_int(n, 0);
        while ((st = msptk_result_next(result, &row, NULL)) == MSPTK_OK) {
                assert_true(*text_at(row, "message") && *text_at(row, "device_id"));
                rows++;
        }
        assert_int_equal(st, MSPTK_DONE);
        assert_true(total > 1000);
        assert_int_equal(rows, total);
        msptk_result_free(result);
        msptk_args_free(args);
}

static const char *metric_status(const msptk_json *run, const char *check)
{
        for (const msptk_json *r = msptk_json_first(msptk_json_get(run, "results")); r;
             r = msptk_json_next(r))
                if (!strcmp(text_at(r, "check"), check))
                        return text_at(r, "status");
        return "none";
}

static void overrides_hold_for_one_run_and_their_end_resolves(void **state)
{
        AUTO_PLACE place p = { 0 };
        AUTO_JSON msptk_json *high = NULL, *normal = NULL;

        (void)state;
        place_open(&p, "  - {name: world, type: fake, devices: 1, problems: 0}\n");
        enrol(&p, "Acme", "acme", "world");
        high = world_do(&p.w, "health_check",
                        "{'client_id':'acme','check_types':['memory'],"
                        "'threshold_override':{'memory.warning':0.1,'memory.critical':0.2}}");
        assert_string_equal(metric_status(high, "memory"), "critical");
        assert_string_equal(metric_status(high, "cpu"), "none");
        assert_int_equal(int_at(high, "alerts", "opened"), 1);
        p.w.now += HOURS(1);
        normal = world_do(&p.w, "health_check", "{'client_id':'acme'}");
        assert_string_equal(metric_status(normal, "memory"), "ok");
        assert_int_equal(int_at(normal, "alerts", "resolved"), 1);
}

static void history_is_newest_first_and_the_last_check_is_the_newest(void **state)
{
        AUTO_PLACE place p = { 0 };
        AUTO_JSON msptk_json *past = NULL, *status = NULL, *daily = NULL;
        char last[TIME_TEXT_MAX], before[TIME_TEXT_MAX] = "9";
        int64_t rows = 0;

        (void)state;
        place_open(&p, "  - {name: world, type: fake, devices: 2, problems: 0}\n");
        enrol(&p, "Acme", "acme", "world");
        for (int i = 0; i < 5; i++) {
                p.w.now += HOURS(20);
                msptk_json_free(world_do(&p.w, "health_check", "{'client_id':'acme'}"));
        }
        msptk__time_format(p.w.now, last);
        past = world_do(&p.w, "health_history",
                        "{'client_id':'acme','days':30,'check_types':['memory'],'limit':1000}");
        for (const msptk_json *r = msptk_json_first(msptk_json_get(past, "results")); r;
             r = msptk_json_next(r)) {
                if (!rows++)
                        assert_string_equal(text_at(r, "checked_at"), last);
                assert_true(strcmp(text_at(r, "checked_at"), before) <= 0);
                snprintf(before, sizeof(before), "%s", text_at(r, "checked_at"));
        }
        assert_true(rows >= 10 && rows % 10 == 0);
        status = world_do(&p.w, "health_status", "{'client_id':'acme'}");
        assert_string_equal(
                text_at(msptk_json_first(msptk_json_get(status, "clients")), "last_check"), last);
        daily = world_do(&p.w, "health_history",
                         "{'client_id':'acme','days':30,'daily':true,'check_types':['memory'],"
                         "'limit':1000}");
        assert_true(msptk_json_count(msptk_json_get(daily, "results")) > 0);
}

/* ---- custom checks ---- */

static msptk_status queue_check(void *user, const msptk_check_host *host, const msptk_json *context,
                                msptk_error **ret_err)
{
        (void)user;
        (void)ret_err;
        assert_non_null(msptk_json_get(context, "client"));
        return host->report(host, NULL, MSPTK_STATE_WARNING, "12 mails wait", NULL);
}

static void a_custom_check_is_a_result_of_the_client(void **state)
{
        AUTO_PLACE place p = { 0 };
        AUTO_JSON msptk_json *run = NULL;
        const msptk_check_ops ops = { .struct_size = sizeof(ops),
                                      .sdk_version = MSPTK_SDK_VERSION,
                                      .name = "queue",
                                      .version = "1",
                                      .per = MSPTK_CHECK_PER_CLIENT,
                                      .execute = queue_check };

        (void)state;
        place_open(&p, "  - {name: world, type: fake, devices: 2, problems: 0}\n");
        enrol(&p, "Acme", "acme", "world");
        assert_int_equal(msptk_toolkit_register_plugin(p.w.tk, &ops, NULL, NULL), MSPTK_OK);
        run = world_do(&p.w, "health_check", "{'client_id':'acme','check_types':['custom']}");
        assert_string_equal(metric_status(run, "queue"), "warning");
        assert_int_equal(int_at(run, "alerts", "opened"), 1);
}

/* ---- two at once, and a caller who has had enough ---- */

static void *check_all(void *user)
{
        place *p = user;

        for (int i = 0; i < 3; i++) {
                AUTO_JSON msptk_json *run = NULL;
                AUTO_ERROR msptk_error *err = NULL;
                msptk_status st = world_call(&p->w, "health_check", "{}", &run, &err);

                assert_int_equal(st, MSPTK_OK);
        }
        return NULL;
}

static void *read_all(void *user)
{
        place *p = user;

        for (int i = 0; i < 10; i++) {
                msptk_json_free(world_do(&p->w, "health_status", "{}"));
                msptk_json_free(world_do(&p->w, "health_history", "{'client_id':'acme'}"));
        }
        return NULL;
}

static void runs_and_reads_at_once_do_not_disturb_each_other(void **state)
{
        AUTO_PLACE place p = { 0 };
        pthread_t threads[3];

        (void)state;
        place_open(&p, "  - {name: world, type: fake, devices: 20, problems: 0.2}\n");
        enrol(&p, "Acme", "acme", "world");
        enrol(&p, "Beta", "beta", "world");
        for (int i = 0; i < 3; i++)
                assert_int_equal(
                        pthread_create(&threads[i], NULL, i < 2 ? check_all : read_all, &p), 0);
        for (int i = 0; i < 3; i++)
                pthread_join(threads[i], NULL);
}

static int32_t enough(void *user, int64_t done, int64_t total, const char *what)
{
        (void)total;
        (void)what;
        if (done >= 1)
                msptk_cancel_trigger(user);
        return 0;
}

static void a_cancelled_run_keeps_what_it_saw_and_says_so(void **state)
{
        AUTO_PLACE place p = { 0 };
        msptk_cancel *token = msptk_cancel_new();
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_args *args = msptk_args_new("health_check");
        AUTO_ERROR msptk_error *err = NULL;
        msptk_result *result = NULL;
        const msptk_json *run;

        (void)state;
        place_open(&p,
                   "  - {name: fast, type: fake, devices: 3, problems: 0}\n"
                   "  - {name: slow, type: fake, devices: 3, problems: 0, latency_ms: 30000}\n");
        enrol(&p, "Acme", "acme", "fast");
        msptk_json_free(world_do(&p.w, "client_create", "{'name':'Late','id':'late'}"));
        msptk_json_free(world_do(&p.w, "device_add",
                                 "{'client_id':'late','name':'l1','adapter':'slow',"
                                 "'vendor_id':'late-0001'}"));
        msptk_call_opts_set_cancel(opts, token);
        msptk_call_opts_set_progress(opts, enough, token, NULL);
        if (msptk_call(p.w.tk, args, opts, &result, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
        run = msptk_result_json(result);
        assert_true(msptk_json_bool(msptk_json_get(run, "cancelled"), 0));
        assert_int_equal(int_at(run, "coverage", "devices"), 4);
        assert_int_equal(int_at(run, "coverage", "reported"), 3);
        assert_true(int_at(run, "coverage", "missing") > 0);
        assert_string_equal(text_at(run, "status"), "unknown");
        msptk_result_free(result);
        msptk_args_free(args);
        msptk_call_opts_free(opts);
        msptk_cancel_free(token);
}

/* ---- programs beside the local adapter ---- */

static void write_config(place *p, const char *directory)
{
        AUTO_BUF buf text = BUF_INIT(65536);

        snprintf(p->config, sizeof(p->config), "%s/c.yaml", p->dir);
        msptk__buf_addf(&text,
                        "database: {path: x.db}\nadapters:\n"
                        "  - {name: here, type: local}\n"
                        "  - name: programs\n    type: plugin\n    timeout: 20s\n"
                        "    directory: %s\n"
                        "    checks: [{name: answer, command: [/bin/echo, fine], timeout: 1m}]\n",
                        directory);
        assert_int_equal(msptk__file_write(p->config, text.data, text.len, 0600, 0, NULL),
                         MSPTK_OK);
}

/* "unknown", "ok", ... of a check; "" when there is no such result. */
static const char *status_of(const msptk_json *run, const char *check)
{
        for (const msptk_json *i = msptk_json_first(msptk_json_get(run, "results")); i;
             i = msptk_json_next(i))
                if (!strcmp(text_at(i, "check"), check))
                        return text_at(i, "status");
        return "";
}

static void programs_check_this_machine_and_their_failure_shows_until_they_work(void **state)
{
        AUTO_DIR char *dir = make_dir();
        place p = { 0 };

        (void)state;
        snprintf(p.dir, sizeof(p.dir), "%s", dir);
        for (int works = 0; works < 2; works++) {
                AUTO_JSON msptk_json *run = NULL;

                write_config(&p, works ? "/bin" : "bin");
                world_open(&p.w, p.config);
                if (!works) {
                        msptk_json_free(world_do(&p.w, "client_create", "{'name':'Acme'}"));
                        msptk_json_free(world_do(&p.w, "device_add",
                                                 "{'client_id':'acme','this_machine':true}"));
                }
                run = world_do(&p.w, "health_check", "{'client_id':'acme'}");
                assert_string_equal(status_of(run, "custom"), works ? "" : "unknown");
                assert_string_equal(status_of(run, "answer"), works ? "ok" : "");
                assert_string_not_equal(status_of(run, "memory"), "");
                if (works)
                        assert_true(int_at(run, "alerts", "resolved") >= 1);
                else
                        assert_int_equal(int_at(run, "counts", "unknown"), 1);
                world_close(&p.w);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(devices_that_are_withheld_are_said),
                cmocka_unit_test(a_client_without_devices_is_not_covered_by_the_health_of_others),
                cmocka_unit_test(the_id_at_the_rmm_is_for_the_rmm_alone),
                cmocka_unit_test(what_is_removed_takes_its_devices_and_alerts_along),
                cmocka_unit_test(a_client_that_does_not_exist_stores_nothing),
                cmocka_unit_test(one_client_that_cannot_be_stored_leaves_the_others),
                cmocka_unit_test(pages_of_a_big_run_give_every_result_once),
                cmocka_unit_test(overrides_hold_for_one_run_and_their_end_resolves),
                cmocka_unit_test(history_is_newest_first_and_the_last_check_is_the_newest),
                cmocka_unit_test(a_custom_check_is_a_result_of_the_client),
                cmocka_unit_test(runs_and_reads_at_once_do_not_disturb_each_other),
                cmocka_unit_test(a_cancelled_run_keeps_what_it_saw_and_says_so),
                cmocka_unit_test(
                        programs_check_this_machine_and_their_failure_shows_until_they_work),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
