/* Which threshold holds, where it comes from, and how thresholds are named. */
#define ROOM "test"
#include "support.h"
#include "toolkit_support.h"

#include <math.h>
#include <unistd.h>

#include "config/config.h"
#include "policy/policy.h"

static policy *load(world *w, const char *overrides, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        AUTO_JSON msptk_json *map = NULL;
        policy *p = NULL;

        if (overrides)
                assert_int_equal(msptk_json_parse(overrides, strlen(overrides), &map, NULL),
                                 MSPTK_OK);
        assert_int_equal(msptk__tx_begin(w->c->store, TX_READ, 0, &tx, NULL), MSPTK_OK);
        (void)msptk__policy_load(w->c, tx, "acme-corp", "gold", map, &p, ret_err);
        return p;
}

static void store_rule(world *w, const char *scope, const char *id, const char *check,
                       const char *metric, const char *key, double value)
{
        AUTO_TX store_tx *tx = NULL;
        AUTO_ERROR msptk_error *err = NULL;

        assert_int_equal(msptk__tx_begin(w->c->store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        if (msptk__exec(tx, &err,
                        "INSERT INTO policy (scope, scope_id, client_id, check_name, metric,"
                        " setting, value, set_at, set_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0,"
                        " 'test')",
                        SQL_TEXT(scope), SQL_TEXT(id),
                        SQL_TEXT(strcmp(scope, "tier") ? "acme-corp" : ""), SQL_TEXT(check),
                        SQL_TEXT(metric), SQL_TEXT(key), SQL_REAL(value)) < 0)
                fail_msg("%s", msptk_error_message(err));
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
}

static void forget_rules(world *w)
{
        AUTO_TX store_tx *tx = NULL;

        assert_int_equal(msptk__tx_begin(w->c->store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__exec_values(tx, NULL, "DELETE FROM policy", NULL, 0), MSPTK_OK);
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
}

static void defaults_are_those_of_the_configuration(void **state)
{
        static const char *const checks[][2] = { { "cpu", "cpu_percent" },
                                                 { "memory", "memory_percent" },
                                                 { "disk", "disk_percent" } };
        AUTO_WORLD world w;
        AUTO_POLICY policy *p = NULL;
        char key[128];

        (void)state;
        world_open(&w, NULL);
        p = load(&w, NULL, NULL);
        for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
                threshold t;

                msptk__policy_threshold(p, "vm", checks[i][0], checks[i][1], &t);
                snprintf(key, sizeof(key), "health_checks.thresholds.%s.warning", checks[i][0]);
                assert_true(t.warning == msptk__config_double(w.c->config, key, NAN));
                snprintf(key, sizeof(key), "health_checks.thresholds.%s.critical", checks[i][0]);
                assert_true(t.critical == msptk__config_double(w.c->config, key, NAN));
                snprintf(key, sizeof(key), "health_checks.thresholds.%s.hysteresis", checks[i][0]);
                assert_true(t.hysteresis == msptk__config_double(w.c->config, key, NAN));
                assert_string_equal(t.warning_source, "default");
                assert_true(t.enabled);
                assert_false(t.lower_is_worse);
        }
}

static void a_metric_nobody_knows_has_no_thresholds(void **state)
{
        AUTO_WORLD world w;
        AUTO_POLICY policy *p = NULL;
        threshold t;

        (void)state;
        world_open(&w, NULL);
        p = load(&w, NULL, NULL);
        msptk__policy_threshold(p, NULL, "backup-age", "hours", &t);
        assert_true(isnan(t.warning) && isnan(t.critical));
        assert_true(t.enabled);
}

/* ---- against brute force ---- */

enum { SET_TIER, SET_CLIENT, SET_DEVICE, SET_CALL, LAYERS };

typedef struct setting {
        double value; /* NaN: not set at this layer */
} setting;

static uint32_t next_random(uint32_t *seed)
{
        *seed = *seed * 1664525u + 1013904223u;
        return *seed >> 8;
}

/* What must hold, said as simply as possible. */
static void expect(double base_warning, double base_critical, const setting warning[LAYERS],
                   const setting critical[LAYERS], bool device, threshold *t)
{
        static const char *const sources[] = { "tier gold", "client acme-corp", "device vm",
                                               "override" };
        int warning_at = -1, critical_at = -1;

        *t = (threshold){ .warning = base_warning, .critical = base_critical };
        t->warning_source = t->critical_source = "default";
        for (int l = 0; l < LAYERS; l++) {
                if (l == SET_DEVICE && !device)
                        continue;
                if (!isnan(warning[l].value)) {
                        t->warning = warning[l].value;
                        t->warning_source = sources[l];
                        warning_at = l;
                }
                if (!isnan(critical[l].value)) {
                        t->critical = critical[l].value;
                        t->critical_source = sources[l];
                        critical_at = l;
                }
        }
        if (t->warning <= t->critical)
                return;
        if (warning_at > critical_at) {
                t->critical = (t->warning + 100) / 2;
                t->critical_source = t->warning_source;
        } else {
                t->warning = t->critical;
                t->warning_source = t->critical_source;
        }
}

static void one_inheritance(world *w, uint32_t *seed)
{
        static const char *const scopes[][2] = { { "tier", "gold" },
                                                 { "client", "acme-corp" },
                                                 { "device", "vm" } };
        setting warning[LAYERS], critical[LAYERS];
        AUTO_BUF buf map = BUF_INIT(1024);
        AUTO_POLICY policy *p = NULL;
        const char *comma = "";

        forget_rules(w);
        for (int l = 0; l < LAYERS; l++) {
                warning[l].value = next_random(seed) % 2 ? next_random(seed) % 90 : NAN;
                critical[l].value = next_random(seed) % 2 ? next_random(seed) % 101 : NAN;
                if (warning[l].value > critical[l].value) /* one layer cannot contradict itself */
                        critical[l].value = 100;
                if (l == SET_CALL)
                        continue;
                if (!isnan(warning[l].value))
                        store_rule(w, scopes[l][0], scopes[l][1], "disk", "disk_percent", "warning",
                                   warning[l].value);
                if (!isnan(critical[l].value))
                        store_rule(w, scopes[l][0], scopes[l][1], "disk", "disk_percent",
                                   "critical", critical[l].value);
        }
        (void)msptk__buf_add_char(&map, '{');
        if (!isnan(warning[SET_CALL].value)) {
                (void)msptk__buf_addf(&map, "\"disk_percent\": %d", (int)warning[SET_CALL].value);
                comma = ", ";
        }
        if (!isnan(critical[SET_CALL].value))
                (void)msptk__buf_addf(&map, "%s\"disk\": {\"critical\": %d}", comma,
                                      (int)critical[SET_CALL].value);
        (void)msptk__buf_add_char(&map, '}');
        p = load(w, msptk__buf_text(&map), NULL);
        assert_non_null(p);
        for (int device = 0; device < 3; device++) {
                static const char *const ids[] = { NULL, "vm", "other" };
                threshold want, got;

                expect(85, 95, warning, critical, device == 1, &want);
                msptk__policy_threshold(p, ids[device], "disk", "disk_percent", &got);
                assert_true(got.warning == want.warning);
                assert_true(got.critical == want.critical);
                assert_string_equal(got.warning_source, want.warning_source);
                assert_string_equal(got.critical_source, want.critical_source);
                msptk__policy_threshold(p, ids[device], "disk", "inode_percent", &got);
                assert_true(got.warning == 85 && got.critical == 95);
        }
}

static void inheritance_is_what_brute_force_says(void **state)
{
        AUTO_WORLD world w;
        uint32_t seed = 20261121;

        (void)state;
        world_open(&w, NULL);
        for (int i = 0; i < 400; i++)
                one_inheritance(&w, &seed);
}

/* ---- the configuration file ---- */

static void values_of_the_file_name_file_and_line(void **state)
{
        static const char text[] = "health_checks:\n"
                                   "  thresholds:\n"
                                   "    cpu_percent: 70\n"
                                   "    disk:\n"
                                   "      warning: 97\n"
                                   "      sustained_for: 5m\n"
                                   "    custom:\n"
                                   "      queue:\n"
                                   "        warning: 10\n";
        char dir[] = "/tmp/msptk-policy-XXXXXX", path[64];
        threshold t;
        FILE *f;

        (void)state;
        assert_non_null(mkdtemp(dir));
        snprintf(path, sizeof(path), "%s/msp-toolkit.yaml", dir);
        f = fopen(path, "w");
        assert_non_null(f);
        fputs("database: {path: \":memory:\"}\nvault: {key_file: key}\n", f);
        fputs(text, f);
        assert_int_equal(fclose(f), 0);
        {
                AUTO_WORLD world w;
                AUTO_POLICY policy *p = NULL;

                world_open(&w, path);
                store_rule(&w, "tier", "gold", "cpu", "cpu_percent", "critical", 60);
                p = load(&w, NULL, NULL);
                msptk__policy_threshold(p, NULL, "disk", "disk_percent", &t);
                assert_true(t.warning == 97);
                assert_string_equal(t.warning_source, "config msp-toolkit.yaml:7");
                assert_true(t.critical == 98.5);
                assert_int_equal(t.sustained_ms, 300000);
                msptk__policy_threshold(p, NULL, "disk", "inode_percent", &t);
                assert_true(t.warning == 85);
                assert_int_equal(t.sustained_ms, 300000);
                msptk__policy_threshold(p, NULL, "cpu", "cpu_percent", &t);
                assert_true(t.warning == 60 && t.critical == 60);
                assert_string_equal(t.warning_source, "tier gold");
                msptk__policy_threshold(p, NULL, "queue", "length", &t);
                assert_true(t.warning == 10 && isnan(t.critical));
                assert_string_equal(t.warning_source, "config msp-toolkit.yaml:11");
        }
        snprintf(path, sizeof(path), "rm -rf %s", dir);
        assert_int_equal(system(path), 0);
}

/* ---- overrides ---- */

static void overrides_may_be_flat_dotted_or_nested(void **state)
{
        static const char *const same[] = {
                "{\"disk_percent\": 80, \"disk.critical\": 90, \"inode_percent.warning\": 70}",
                "{\"disk\": 80, \"disk\\u002ecritical\": \"90%\", \"disk.inode_percent\": 70}",
                "{\"disk\": {\"warning\": 80, \"critical\": 90, \"inode_percent\": 70}}",
                "{\"disk\": {\"disk_percent\": {\"warning\": \"80\", \"critical\": 90.0},"
                " \"inode_percent\": {\"warning\": 70}}}",
                "{\"disk-space.warning\": 80, \"disk_percent.critical\": 90,"
                " \"inode_percent\": 70}",
        };
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        for (size_t i = 0; i < ARRAY_LEN(same); i++) {
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_POLICY policy *p = load(&w, same[i], &err);
                threshold t;

                if (!p)
                        fail_msg("%s: %s", same[i], msptk_error_message(err));
                msptk__policy_threshold(p, "vm", "disk", "disk_percent", &t);
                assert_true(t.warning == 80 && t.critical == 90);
                assert_string_equal(t.critical_source, "override");
                msptk__policy_threshold(p, "vm", "disk", "inode_percent", &t);
                assert_true(t.warning == 70 && t.critical == 95);
        }
}

static void every_kind_of_value_is_read(void **state)
{
        AUTO_WORLD world w;
        AUTO_POLICY policy *p = NULL;
        threshold t;

        (void)state;
        world_open(&w, NULL);
        p = load(&w,
                 "{\"cpu\": {\"sustained_for\": \"10m\", \"enabled\": false, \"hysteresis\": 3},"
                 " \"memory.warning\": null, \"memory.critical\": \"none\","
                 " \"custom.battery\": {\"charge.percent\": {\"warning\": 30, \"critical\": 10,"
                 " \"lower_is_worse\": true}}, \"disk.sustained_for\": 90}",
                 NULL);
        assert_non_null(p);
        msptk__policy_threshold(p, NULL, "cpu", "load1_per_core", &t);
        assert_int_equal(t.sustained_ms, 600000);
        assert_false(t.enabled);
        assert_true(t.hysteresis == 0.5);
        msptk__policy_threshold(p, NULL, "cpu", "cpu_percent", &t);
        assert_true(t.hysteresis == 3);
        msptk__policy_threshold(p, NULL, "memory", "memory_percent", &t);
        assert_true(isnan(t.warning) && isnan(t.critical));
        msptk__policy_threshold(p, NULL, "battery", "charge.percent", &t);
        assert_true(t.warning == 30 && t.critical == 10 && t.lower_is_worse);
        msptk__policy_threshold(p, NULL, "disk", "disk_percent", &t);
        assert_int_equal(t.sustained_ms, 90000);
}

static void wrong_overrides_are_refused_and_the_nearest_is_named(void **state)
{
        static const char *const cases[][3] = {
                { "{\"cpu_precent\": 80}", "UNKNOWN_NAME", "did you mean 'cpu_percent'" },
                { "{\"dsk.critical\": 80}", "UNKNOWN_NAME", "did you mean 'disk'" },
                { "{\"disk.critcal\": 80}", "UNKNOWN_NAME", "did you mean 'critical'" },
                { "{\"disk_percent.warnin\": 80}", "UNKNOWN_NAME", "did you mean 'warning'" },
                { "{\"zzzzzz\": 80}", "UNKNOWN_NAME", "not known" },
                { "{\"cpu_percent\": 180}", "BAD_VALUE", "from 0 to 100 percent" },
                { "{\"cpu_percent\": -1}", "BAD_VALUE", "from 0 to 100 percent" },
                { "{\"cpu_percent\": \"high\"}", "BAD_VALUE", "a number or \"none\"" },
                { "{\"cpu_percent\": []}", "BAD_VALUE", "a number or \"none\"" },
                { "{\"cpu.enabled\": 3}", "BAD_VALUE", "true or false" },
                { "{\"cpu.sustained_for\": \"soon\"}", "BAD_VALUE", "a duration" },
                { "{\"cpu.sustained_for\": -5}", "BAD_VALUE", "a duration" },
                { "{\"cpu\": {\"warning\": 90, \"critical\": 80}}", "BAD_VALUE", "beyond" },
                { "{\"cpu\": 70, \"cpu_percent\": 80}", "BAD_VALUE", "given twice" },
                { "{\"cpu.\": 70}", "UNKNOWN_NAME", "names no threshold" },
                { "{\"\": 70}", "UNKNOWN_NAME", "names no threshold" },
        };
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_POLICY policy *p = load(&w, cases[i][0], &err);

                if (p)
                        fail_msg("%s was accepted", cases[i][0]);
                assert_int_equal(msptk_error_status(err), MSPTK_E_INVALID);
                assert_string_equal(msptk_error_reason(err), cases[i][1]);
                if (!strstr(msptk_error_message(err), cases[i][2]))
                        fail_msg("%s: %s", cases[i][0], msptk_error_message(err));
        }
}

/* ---- health_configure ---- */

static const msptk_json *value_of(const msptk_json *result, const char *metric, const char *key)
{
        for (const msptk_json *v = msptk_json_first(msptk_json_get(result, "values")); v;
             v = msptk_json_next(v))
                if (!strcmp(text_at(v, "metric"), metric) && !strcmp(text_at(v, "key"), key))
                        return v;
        return NULL;
}

static void configuring_tells_what_is_in_force_and_why(void **state)
{
        AUTO_WORLD world w;
        AUTO_JSON msptk_json *tier = NULL, *client = NULL, *shown = NULL, *back = NULL;
        const msptk_json *v;

        (void)state;
        world_open(&w, NULL);
        msptk_json_free(world_do(&w, "client_create", "{'name': 'Acme Corp', 'tier': 'gold'}"));
        tier = world_do(&w, "health_configure", "{'tier': 'gold', 'set': 'disk.critical=92'}");
        assert_int_equal(msptk_json_count(msptk_json_get(tier, "changes")), 1);
        client = world_do(&w, "health_configure",
                          "{'client_id': 'acme-corp', 'disk': 80, 'config': {'cpu': {'critical':"
                          " 99}}, 'set': ['memory.sustained_for=5m']}");
        assert_int_equal(msptk_json_count(msptk_json_get(client, "changes")), 3);
        shown = world_do(&w, "health_configure", "{'client_id': 'acme-corp'}");
        assert_int_equal(msptk_json_count(msptk_json_get(shown, "changes")), 0);
        v = value_of(shown, "disk_percent", "warning");
        assert_true(msptk_json_double(msptk_json_get(v, "value"), NAN) == 80);
        assert_string_equal(text_at(v, "source"), "client acme-corp");
        v = msptk_json_first(msptk_json_get(v, "overrides"));
        assert_true(msptk_json_double(msptk_json_get(v, "value"), NAN) == 85);
        assert_string_equal(text_at(v, "source"), "default");
        v = value_of(shown, "disk_percent", "critical");
        assert_true(msptk_json_double(msptk_json_get(v, "value"), NAN) == 92);
        assert_string_equal(text_at(v, "source"), "tier gold");
        v = value_of(shown, "swap_percent", "sustained_for");
        assert_string_equal(text_at(v, "value"), "5m");
        assert_string_equal(text_at(v, "source"), "client acme-corp");
        back = world_do(&w, "health_configure",
                        "{'client_id': 'acme-corp', 'unset': ['disk', 'cpu.critical']}");
        assert_int_equal(msptk_json_count(msptk_json_get(back, "changes")), 2);
        v = value_of(back, "disk_percent", "warning");
        assert_string_equal(text_at(v, "source"), "default");
}

static void configuring_refuses_what_makes_no_sense(void **state)
{
        static const char *const cases[][2] = {
                { "{}", "INVALID_PARAMETERS" },
                { "{'tier': 'gold', 'client_id': 'acme-corp'}", "INVALID_PARAMETERS" },
                { "{'client_id': 'nobody'}", "CLIENT_NOT_FOUND" },
                { "{'device_id': 'nothing'}", "DEVICE_NOT_FOUND" },
                { "{'client_id': 'acme-corp', 'set': 'disk.critical'}", "INVALID_PARAMETERS" },
                { "{'client_id': 'acme-corp', 'set': 'dsk.critical=5'}", "UNKNOWN_NAME" },
                { "{'client_id': 'acme-corp', 'unset': 'dsk.critical'}", "UNKNOWN_NAME" },
                { "{'client_id': 'acme-corp', 'set': 'disk.critical=50'}", "BAD_VALUE" },
        };
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        msptk_json_free(world_do(&w, "client_create", "{'name': 'Acme Corp'}"));
        msptk_json_free(world_do(&w, "health_configure", "{'client_id': 'acme-corp', 'disk': 60}"));
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                AUTO_ERROR msptk_error *err = NULL;
                msptk_json *ret = NULL;

                if (world_call(&w, "health_configure", cases[i][0], &ret, &err) >= 0)
                        fail_msg("%s was accepted", cases[i][0]);
                assert_string_equal(msptk_error_reason(err), cases[i][1]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(defaults_are_those_of_the_configuration),
                cmocka_unit_test(a_metric_nobody_knows_has_no_thresholds),
                cmocka_unit_test(inheritance_is_what_brute_force_says),
                cmocka_unit_test(values_of_the_file_name_file_and_line),
                cmocka_unit_test(overrides_may_be_flat_dotted_or_nested),
                cmocka_unit_test(every_kind_of_value_is_read),
                cmocka_unit_test(wrong_overrides_are_refused_and_the_nearest_is_named),
                cmocka_unit_test(configuring_tells_what_is_in_force_and_why),
                cmocka_unit_test(configuring_refuses_what_makes_no_sense),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
