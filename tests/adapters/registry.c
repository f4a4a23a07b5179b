/* Kinds and instances: what registration refuses and copies, what instances show, who is found. */
#define ROOM "test"
#include "support.h"

#include "real_host.h"

static int opened, closed;
static msptk_status open_answer;
static bool open_gives_self;

static msptk_status puppet_open(const msptk_host *host, const msptk_json *settings, void **ret_self,
                                msptk_error **ret_err)
{
        (void)host;
        (void)settings;
        opened++;
        if (open_gives_self)
                *ret_self = &opened;
        return open_answer < 0 ? msptk_error_set(ret_err, open_answer, "puppet", "not today")
                               : MSPTK_OK;
}

static void puppet_close(void *self)
{
        (void)self;
        closed++;
}

static msptk_status puppet_probe(void *self, const msptk_request *req, msptk_error **ret_err)
{
        (void)self;
        (void)req;
        (void)ret_err;
        return MSPTK_OK;
}

static msptk_status puppet_slot(void *self, const msptk_request *req, const msptk_query *query,
                                msptk_error **ret_err)
{
        (void)self;
        (void)req;
        (void)query;
        (void)ret_err;
        return MSPTK_OK;
}

static const msptk_adapter_info info = {
        .struct_size = sizeof(info),
        .type = "puppet",
        .title = "A puppet",
        .settings = "{\"colour\":{\"type\":\"string\"},\"size\":{\"type\":\"int\"}}",
};
static const msptk_device_ops devices = { .struct_size = sizeof(devices), .list = puppet_slot };
static const msptk_metric_ops metrics = { .struct_size = sizeof(metrics), .collect = puppet_slot };
static const msptk_alert_ops alerts = { .struct_size = sizeof(alerts), .list = puppet_slot };
static const msptk_device_ops no_devices = { .struct_size = sizeof(no_devices) };
static const msptk_metric_ops no_metrics = { .struct_size = sizeof(no_metrics) };
static const msptk_alert_ops no_alerts = { .struct_size = sizeof(no_alerts) };
static const msptk_command_ops no_commands = { .struct_size = sizeof(no_commands) };
static const msptk_deploy_ops no_deploy = { .struct_size = sizeof(no_deploy) };

static msptk_adapter_ops whole(void)
{
        return (msptk_adapter_ops){ .struct_size = sizeof(msptk_adapter_ops),
                                    .sdk_version = 1,
                                    .info = &info,
                                    .open = puppet_open,
                                    .close = puppet_close,
                                    .probe = puppet_probe };
}

static void refuses(real_host *h, const msptk_adapter_ops *ops, const char *words)
{
        msptk_error *err = NULL;

        assert_int_equal(msptk__registry_add_adapter(h->r, ops, &err), MSPTK_E_INVALID);
        if (!strstr(msptk_error_message(err), words))
                fail_msg("'%s' does not name '%s'", msptk_error_message(err), words);
        msptk_error_free(err);
}

static void registration_names_the_slot_that_is_missing(void **state)
{
        static const msptk_adapter_info bad_type = {
                sizeof(bad_type), 0, "Not A Slug", "x", NULL, NULL, NULL
        };
        static const msptk_adapter_info no_title = {
                sizeof(no_title), 0, "x", NULL, NULL, NULL, NULL
        };
        static const msptk_adapter_info bad_settings = {
                sizeof(bad_settings), 0, "x", "x", NULL, "[1]", NULL
        };
        real_host h = { .now = 0 };
        msptk_adapter_ops ops;

        (void)state;
        real_host_open(&h, NULL, NULL);
        refuses(&h, NULL, "missing or too small");
#define BROKEN(change, words) \
        ops = whole(); \
        change; \
        refuses(&h, &ops, words)
        BROKEN(ops.struct_size = 8, "too small");
        BROKEN(ops.sdk_version = 2, "SDK 2");
        BROKEN(ops.sdk_version = 0, "SDK 0");
        BROKEN(ops.info = NULL, "info");
        BROKEN(ops.info = &bad_type, "slug");
        BROKEN(ops.info = &no_title, "'info.title'");
        BROKEN(ops.info = &bad_settings, "info.settings");
        BROKEN(ops.open = NULL, "'open'");
        BROKEN(ops.close = NULL, "'close'");
        BROKEN(ops.probe = NULL, "'probe'");
        BROKEN(ops.devices = &no_devices, "'devices.list'");
        BROKEN(ops.metrics = &no_metrics, "'metrics.collect'");
        BROKEN(ops.alerts = &no_alerts, "'alerts.list'");
        BROKEN(ops.commands = &no_commands, "'commands.execute'");
        BROKEN(ops.deploy = &no_deploy, "'deploy.agent'");
        real_host_close(&h);
}

static void a_type_is_registered_once(void **state)
{
        real_host h = { .now = 0 };
        msptk_adapter_ops ops = whole();
        const char *const *types, *const *again;
        size_t n = 0;

        (void)state;
        real_host_open(&h, NULL, NULL);
        assert_int_equal(msptk__registry_add_adapter(h.r, &ops, NULL), MSPTK_OK);
        assert_int_equal(msptk__registry_add_adapter(h.r, &ops, NULL), MSPTK_E_EXISTS);
        types = msptk__registry_types(h.r);
        while (types[n])
                n++;
        assert_int_equal(n, 4);
        assert_string_equal(types[3], "puppet");
        again = msptk__registry_types(h.r);
        assert_ptr_equal(types, again);
        real_host_close(&h);
}

/* What an author of an older SDK compiled: the table ends in the middle, and rubbish follows. */
static void tables_of_older_and_newer_authors_work(void **state)
{
        struct {
                msptk_adapter_ops ops;
                void *of_the_future[4];
        } newer;
        real_host h = { .now = 0 };
        msptk_adapter_ops older = whole();
        msptk_device_ops few = devices;
        instance *i;

        (void)state;
        real_host_open(&h,
                       "adapters:\n  - {name: old, type: puppet}\n  - {name: new, type: newer}\n",
                       NULL);
        older.struct_size = offsetof(msptk_adapter_ops, metrics);
        older.devices = &few;
        older.metrics = (const void *)(uintptr_t)0xdead0; /* beyond what the author knew */
        assert_int_equal(msptk__registry_add_adapter(h.r, &older, NULL), MSPTK_OK);
        i = real_instance(&h, "old");
        assert_int_equal(msptk__instance_info(i)->capabilities, CAP_DEVICES);
        assert_int_equal(msptk__adapter_probe(i, NULL, NULL), MSPTK_OK);

        memset(&newer, 0xa5, sizeof(newer));
        newer.ops = whole();
        newer.ops.struct_size = sizeof(newer);
        newer.ops.info = &(msptk_adapter_info){
                .struct_size = offsetof(msptk_adapter_info, description),
                .type = "newer",
                .title = "N",
                .description = (const char *)(uintptr_t)0xdead0,
                .settings = (const char *)(uintptr_t)0xdead0,
        };
        assert_int_equal(msptk__registry_add_adapter(h.r, &newer.ops, NULL), MSPTK_OK);
        memset(&newer, 0xa5, sizeof(newer)); /* nothing is borrowed */
        i = real_instance(&h, "new");
        assert_int_equal(msptk__instance_info(i)->capabilities, 0);
        assert_int_equal(msptk__adapter_probe(i, NULL, NULL), MSPTK_OK);
        real_host_close(&h);
}

static void texts_of_a_table_are_copied(void **state)
{
        char type[] = "puppet", title[] = "Title", name[] = "one", version[] = "1.0";
        const char *checks[] = { name, "two", NULL };
        msptk_adapter_info mine = { .struct_size = sizeof(mine), .type = type, .title = title };
        msptk_metric_ops mine_metrics = metrics;
        msptk_adapter_ops ops = whole();
        msptk_check_ops check = { .struct_size = sizeof(check),
                                  .sdk_version = 1,
                                  .name = name,
                                  .version = version,
                                  .execute = (void *)puppet_slot };
        real_host h = { .now = 0 };
        const char *const *known;

        (void)state;
        real_host_open_with(&h, "puppet", "");
        mine_metrics.checks = checks;
        ops.info = &mine;
        ops.metrics = &mine_metrics;
        assert_int_equal(msptk__registry_add_adapter(h.r, &ops, NULL), MSPTK_OK);
        assert_int_equal(msptk__registry_add_check(h.r, &check, NULL, NULL), MSPTK_OK);
        memset(type, 'x', 6);
        memset(title, 'x', 5);
        memset(name, 'x', 3);
        memset(version, 'x', 3);
        checks[1] = NULL;
        known = msptk__instance_checks(real_instance(&h, "it"));
        assert_string_equal(known[0], "one");
        assert_string_equal(known[1], "two");
        assert_null(known[2]);
        assert_string_equal(msptk__instance_info(real_instance(&h, "it"))->title, "Title");
        assert_string_equal(msptk__check_name(msptk__check_at(h.r, 0)), "one");
        assert_string_equal(msptk__check_version(msptk__check_at(h.r, 0)), "1.0");
        real_host_close(&h);
}

static void unsupported_groups_name_adapter_and_operation(void **state)
{
        static const char *const command[] = { "true", NULL };
        real_host h = { .now = 0 };
        msptk_adapter_ops ops = whole();
        msptk_program_result result;
        msptk_query query = { .struct_size = sizeof(query) };
        msptk_device_row row = { .struct_size = sizeof(row) };
        char *evidence = NULL;
        instance *i;
        kept k;

        (void)state;
        real_host_open_with(&h, "puppet", "");
        assert_int_equal(msptk__registry_add_adapter(h.r, &ops, NULL), MSPTK_OK);
        i = real_instance(&h, "it");
        kept_begin(&k);
        for (int n = 0; n < 5; n++) {
                static const char *const words[] = { "list devices", "measure devices",
                                                     "list alerts", "execute commands",
                                                     "deploy agents" };
                msptk_error *err = NULL;
                msptk_status st =
                        n == 0   ? msptk__adapter_devices(i, &query, &k.sink, NULL, &err)
                        : n == 1 ? msptk__adapter_collect(i, &query, &k.sink, NULL, &err)
                        : n == 2 ? msptk__adapter_alerts(i, &query, &k.sink, NULL, &err)
                        : n == 3 ? msptk__adapter_execute(i, "d", command, NULL, &result, &err)
                                 : msptk__adapter_deploy(i, &row, NULL, &evidence, &err);

                assert_int_equal(st, MSPTK_E_UNSUPPORTED);
                assert_non_null(strstr(msptk_error_message(err), words[n]));
                assert_non_null(strstr(msptk_error_message(err), "'it'"));
                assert_string_equal(msptk_error_adapter(err), "it");
                msptk_error_free(err);
        }
        kept_end(&k);
        real_host_close(&h);
}

static void capabilities_come_from_the_pointers(void **state)
{
        real_host h = { .now = 0 };
        msptk_adapter_ops ops = whole();

        (void)state;
        real_host_open_with(&h, "puppet", "");
        ops.devices = &devices;
        ops.alerts = &alerts;
        ops.metrics = &metrics;
        assert_int_equal(msptk__registry_add_adapter(h.r, &ops, NULL), MSPTK_OK);
        assert_int_equal(msptk__instance_info(real_instance(&h, "it"))->capabilities,
                         CAP_DEVICES | CAP_ALERTS | CAP_METRICS);
        assert_null(msptk__instance_checks(real_instance(&h, "it")));
        real_host_close(&h);
}

static void an_instance_that_cannot_work_says_why(void **state)
{
        real_host h = { .now = 0 };
        msptk_adapter_ops ops = whole();
        const instance_info *before, *after;
        msptk_error *err = NULL;

        (void)state;
        real_host_open(&h,
                       "adapters:\n"
                       "  - {name: off, type: puppet, enabled: false}\n"
                       "  - {name: typo, type: puppet, coluor: red}\n"
                       "  - {name: odd, type: puppet, nothing_like_it: 1}\n"
                       "  - {name: good, type: puppet, colour: red, timeout: 5, clients: [acme]}\n",
                       NULL);
        before = msptk__instance_info(real_instance(&h, "good"));
        assert_string_equal(before->problem, "no adapter of type 'puppet' is in this program");
        assert_int_equal(msptk__adapter_probe(real_instance(&h, "good"), NULL, &err),
                         MSPTK_E_CONFIG);
        msptk_error_free(err);
        err = NULL;
        assert_int_equal(msptk__registry_add_adapter(h.r, &ops, NULL), MSPTK_OK);
        after = msptk__instance_info(real_instance(&h, "good"));
        assert_null(after->problem);
        assert_string_equal(after->title, "A puppet");
        assert_non_null(before->problem); /* what was shown stays readable */
        assert_string_equal(msptk__instance_info(real_instance(&h, "typo"))->problem,
                            "unknown setting 'coluor'; did you mean 'colour'?");
        assert_string_equal(msptk__instance_info(real_instance(&h, "odd"))->problem,
                            "unknown setting 'nothing_like_it'");
        assert_int_equal(msptk__adapter_probe(real_instance(&h, "typo"), NULL, &err),
                         MSPTK_E_CONFIG);
        assert_non_null(strstr(msptk_error_message(err), "'colour'"));
        assert_string_equal(msptk_error_adapter(err), "typo");
        msptk_error_free(err);
        err = NULL;
        assert_false(msptk__instance_info(real_instance(&h, "off"))->enabled);
        assert_int_equal(msptk__adapter_probe(real_instance(&h, "off"), NULL, &err),
                         MSPTK_E_UNSUPPORTED);
        assert_non_null(strstr(msptk_error_message(err), "disabled"));
        msptk_error_free(err);
        assert_true(msptk__instance_serves(real_instance(&h, "good"), "acme"));
        assert_false(msptk__instance_serves(real_instance(&h, "good"), "acme-2"));
        assert_true(msptk__instance_serves(real_instance(&h, "odd"), "any"));
        real_host_close(&h);
}

static const char *found(const char *yaml, const char *name)
{
        static char text[64];
        real_host h = { .now = 0 };
        instance *i = NULL;
        msptk_error *err = NULL;
        msptk_status st;

        real_host_open(&h, yaml, NULL);
        st = msptk__instance_find(h.r, name, &i, &err);
        if (st == MSPTK_E_NOTFOUND)
                assert_non_null(strstr(msptk_error_message(err), "local"));
        snprintf(text, sizeof(text), "%s",
                 st < 0 ? msptk_status_name(st) : msptk__instance_info(i)->name);
        msptk_error_free(err);
        real_host_close(&h);
        return text;
}

static void finding_without_a_name_takes_the_only_one(void **state)
{
        char none[64];

        (void)state;
        snprintf(none, sizeof(none), "%s", msptk_status_name(MSPTK_E_NOTFOUND));
        assert_string_equal(found(NULL, NULL), "local");
        assert_string_equal(found(NULL, "local"), "local");
        assert_string_equal(found(NULL, "other"), none);
        assert_string_equal(found("adapters:\n  - {name: a, type: fake}\n", NULL), "a");
        assert_string_equal(found("adapters:\n  - {name: a, type: fake}\n", "local"), "local");
        assert_string_equal(found("adapters:\n  - {name: a, type: fake}\n"
                                  "  - {name: b, type: fake}\n",
                                  NULL),
                            none);
        assert_string_equal(found("rmm:\n  provider: fake\n"
                                  "adapters:\n  - {name: a, type: fake}\n",
                                  NULL),
                            "rmm");
}

static void local_exists_once(void **state)
{
        real_host h = { .now = 0 };
        instance *i;

        (void)state;
        real_host_open(&h, "adapters:\n  - {name: local, type: local, enabled: false}\n", NULL);
        assert_int_equal(msptk__instance_count(h.r), 1);
        assert_false(msptk__instance_info(msptk__instance_at(h.r, 0))->enabled);
        assert_null(msptk__instance_at(h.r, 1));
        real_host_close(&h);
        real_host_open(&h, NULL, NULL);
        assert_int_equal(msptk__instance_count(h.r), 1);
        i = msptk__instance_at(h.r, 0);
        assert_string_equal(msptk__instance_info(i)->origin, "built in");
        assert_int_equal(msptk__adapter_probe(i, NULL, NULL), MSPTK_OK);
        real_host_close(&h);
}

static void instances_are_opened_once_and_closed_once(void **state)
{
        real_host h = { .now = 0 };
        msptk_adapter_ops ops = whole();

        (void)state;
        opened = closed = 0;
        real_host_open_with(&h, "puppet", "");
        assert_int_equal(msptk__registry_add_adapter(h.r, &ops, NULL), MSPTK_OK);
        real_host_close(&h); /* idle: never opened */
        assert_int_equal(opened + closed, 0);

        real_host_open_with(&h, "puppet", "");
        assert_int_equal(msptk__registry_add_adapter(h.r, &ops, NULL), MSPTK_OK);
        for (int n = 0; n < 3; n++) /* it keeps nothing, its self is NULL, and it is closed */
                assert_int_equal(msptk__adapter_probe(real_instance(&h, "it"), NULL, NULL),
                                 MSPTK_OK);
        real_host_close(&h);
        assert_int_equal(opened, 1);
        assert_int_equal(closed, 1);

        open_answer = MSPTK_E_CONFIG;
        open_gives_self = true; /* half made */
        opened = closed = 0;
        real_host_open_with(&h, "puppet", "");
        assert_int_equal(msptk__registry_add_adapter(h.r, &ops, NULL), MSPTK_OK);
        for (int n = 0; n < 2; n++) {
                msptk_error *err = NULL;

                assert_int_equal(msptk__adapter_probe(real_instance(&h, "it"), NULL, &err),
                                 MSPTK_E_CONFIG);
                assert_string_equal(msptk_error_adapter(err), "it");
                msptk_error_free(err);
        }
        open_answer = MSPTK_OK;
        assert_int_equal(msptk__adapter_probe(real_instance(&h, "it"), NULL, NULL), MSPTK_OK);
        real_host_close(&h);
        assert_int_equal(opened, 3);
        assert_int_equal(closed, 3);
        open_gives_self = false;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(registration_names_the_slot_that_is_missing),
                cmocka_unit_test(a_type_is_registered_once),
                cmocka_unit_test(tables_of_older_and_newer_authors_work),
                cmocka_unit_test(texts_of_a_table_are_copied),
                cmocka_unit_test(unsupported_groups_name_adapter_and_operation),
                cmocka_unit_test(capabilities_come_from_the_pointers),
                cmocka_unit_test(an_instance_that_cannot_work_says_why),
                cmocka_unit_test(finding_without_a_name_takes_the_only_one),
                cmocka_unit_test(local_exists_once),
                cmocka_unit_test(instances_are_opened_once_and_closed_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
