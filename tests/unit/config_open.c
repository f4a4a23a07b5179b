/* Opening: keys, values, places, secrets, adapters. */
#include "support.h"
#include "config/config.h"

#ifndef TEST_SOURCE_ROOT
#        error "TEST_SOURCE_ROOT is missing"
#endif

static config *open_text(const char *text)
{
        AUTO_ERROR msptk_error *err = NULL;
        config_open how = { .path = "/w/t.yaml", .text = text };
        config *c = NULL;

        if (msptk__config_open(&how, &c, &err) < 0)
                print_error("%s\n", msptk_error_message(err));
        assert_non_null(c);
        return c;
}

static void refused(const char *text, const char *reason, const char *message, const char *hint)
{
        AUTO_ERROR msptk_error *err = NULL;
        config_open how = { .path = "/w/t.yaml", .text = text };
        AUTO_CONFIG config *c = NULL;

        assert_true(msptk__config_open(&how, &c, &err) < 0);
        if (!strstr(msptk_error_message(err), message) ||
            !strstr(msptk_error_suggestion(err), hint))
                print_error("%s\ngave: %s\nhint: %s\n", text, msptk_error_message(err),
                            msptk_error_suggestion(err));
        assert_non_null(strstr(msptk_error_message(err), message));
        assert_non_null(strstr(msptk_error_suggestion(err), hint));
        assert_string_equal(msptk_error_reason(err), reason);
        assert_null(c);
}

static void the_sample_of_the_design_loads_unmodified(void **state)
{
        config_open how = { .path = TEST_SOURCE_ROOT "/tests/data/config/design-sample.yaml" };
        AUTO_CONFIG config *c = NULL;
        AUTO_ERROR msptk_error *err = NULL;
        const config_adapter *rmm, *veeam;

        (void)state;
        if (msptk__config_open(&how, &c, &err) < 0)
                print_error("%s\n", msptk_error_message(err));
        assert_non_null(c);
        assert_string_equal(msptk__config_str(c, "general.company_name", ""), "Your MSP Name");
        assert_string_equal(msptk__config_str(c, "general.timezone", ""), "America/New_York");
        assert_int_equal(msptk__config_int(c, "general.data_retention_days", 0), 90);
        assert_true(msptk__config_double(c, "health_checks.thresholds.memory.warning", 0) == 90);
        assert_true(msptk__config_double(c, "health_checks.thresholds.disk_percent", 0) == 85);
        assert_int_equal(msptk__config_ms(c, "rmm.timeout", 0), 30000);
        assert_string_equal(msptk__config_item(c, "reporting.formats", 1), "html");
        assert_null(msptk__config_item(c, "reporting.formats", 2));
        assert_int_equal(msptk__config_adapter_count(c), 2);
        rmm = msptk__config_adapter_find(c, "rmm");
        assert_string_equal(rmm->type, "connectwise");
        assert_string_equal(rmm->api_key, "env:RMM_API_KEY");
        assert_string_equal(rmm->origin, "rmm");
        assert_true(rmm->acted_on);
        veeam = msptk__config_adapter_find(c, "veeam");
        assert_string_equal(veeam->type, "veeam");
        assert_string_equal(veeam->origin, "backup.providers[0]");
        assert_false(veeam->acted_on);
}

static void unknown_keys_name_place_and_nearest_key(void **state)
{
        (void)state;
        refused("general:\n  log_levle: INFO\n", "UNKNOWN_KEY",
                "/w/t.yaml: line 2, column 3: unknown key 'log_levle' in general",
                "did you mean 'log_level'?");
        refused("generall:\n  log_level: INFO\n", "UNKNOWN_KEY", "line 1, column 1",
                "did you mean 'general'?");
        refused("health_checks: {thresholds: {cpu_percnt: 8}}\n", "UNKNOWN_KEY",
                "line 1, column 30", "did you mean 'cpu_percent'?");
        refused("health_checks: {thresholds: {cpu: {warnin: 8}}}\n", "UNKNOWN_KEY", "'warnin'",
                "did you mean 'warning'?");
        refused("audit: {zzzzzzzzzzz: 1}\n", "UNKNOWN_KEY", "'zzzzzzzzzzz'",
                "keys of audit: commit_interval");
        refused("adapters:\n  - {name: p, type: plugin, checks: [{name: a, command: [x], "
                "timeut: 5}]}\n",
                "UNKNOWN_KEY", "'timeut'", "did you mean 'timeout'?");
        refused("rmm:\n  provider: ninja\n  timeoutt: 30\n", "UNKNOWN_KEY",
                "line 3, column 3: unknown key 'timeoutt' in rmm", "did you mean 'timeout'?");
        refused("adapters:\n  - {name: w, type: ninja, api_urll: \"https://x\"}\n", "UNKNOWN_KEY",
                "line 2, column 28: unknown key 'api_urll' in adapters[0]",
                "did you mean 'api_url'?");
        refused("adapters:\n  - {name: w, type: fake, enabld: no}\n", "UNKNOWN_KEY", "'enabld'",
                "did you mean 'enabled'?");
        refused("backup: {providers: [{name: v, client: [a]}]}\n", "UNKNOWN_KEY", "'client'",
                "did you mean 'clients'?");
        refused("backup: {provider: x}\n", "UNKNOWN_KEY", "'provider'", "'providers'");
        refused("just text\n", "BAD_VALUE", "sections", "general:");
        refused("general: [1]\n", "BAD_VALUE", "line 1, column 10: 'general' must be a section",
                "below");
        refused("adapters: {name: x}\n", "BAD_VALUE", "'adapters' must be a list", "- ");
}

static void wrong_values_say_what_is_expected(void **state)
{
        (void)state;
        refused("general: {data_retention_days: soon}\n", "BAD_VALUE",
                "'general.data_retention_days' must be a whole number, not 'soon'", "number");
        refused("general: {data_retention_days: 0}\n", "BAD_VALUE", "between 1 and 3650 days", "");
        refused("general: {log_level: INF}\n", "BAD_VALUE", "one of DEBUG, INFO, WARNING, ERROR",
                "did you mean 'INFO'?");
        refused("general:\n  timezone: America/New_Yrok\n", "ZONE_NOT_FOUND", "line 2, column 13",
                "America/New_York");
        refused("rmm: {provider: x, timeout: soon}\n", "BAD_VALUE", "a duration", "30s");
        refused("rmm: {provider: x, timeout: 0}\n", "BAD_VALUE", "between 1s and 1h", "");
        refused("health_checks: {enabled: perhaps}\n", "BAD_VALUE", "true or false", "");
        refused("health_checks: {enabled: [true]}\n", "BAD_VALUE", "one value (bool)", "");
        refused("limits: {plugin_output: 3 apples}\n", "BAD_VALUE", "a size", "KiB");
        refused("reporting: {formats: [pdf, docx]}\n", "BAD_VALUE", "not 'docx'", "");
        refused("health_checks: {thresholds: {cpu: {warning: 90, critical: 80}}}\n", "BAD_VALUE",
                "warning threshold of 'cpu'", "lower");
        refused("health_checks: {thresholds: {cpu_percent: 80, cpu: {warning: 70}}}\n", "DUPLICATE",
                "'health_checks.thresholds.cpu.warning' is set twice", "line 1");
        refused("rmm: {api_url: https://x}\n", "MISSING_KEY", "'rmm' needs 'provider'", "");
        refused("adapters: [{type: local}]\n", "MISSING_KEY", "'adapters[0]' needs 'name'", "");
        refused("adapters: [{name: a, type: local}, {name: a, type: fake}]\n", "DUPLICATE",
                "a second adapter is named 'a'", "another");
        refused("adapters: [{name: a, type: plugin}]\n", "MISSING_KEY", "no checks", "checks:");
        refused("adapters: [{name: a, type: plugin, checks: [{name: x, command: /bin/x -w "
                "5}]}]\n",
                "BAD_VALUE", "one text with blanks", "no shell");
}

static void one_error_counts_the_others(void **state)
{
        (void)state;
        refused("general: {log_levl: 1, timezon: 2, data_retention_days: x}\n", "UNKNOWN_KEY",
                "(and 2 more problems, see 'config check')", "log_level");
}

static void values_are_read_by_their_type(void **state)
{
        AUTO_CONFIG config *c = open_text(
                "general: {log_level: warn, company_name: ~}\n"
                "health_checks:\n  timeout: 1m30s\n  enabled: no\n"
                "  thresholds: {cpu_percent: 82.5%, disk: {critical: 80}, memory_percent: 97,\n"
                "    custom: {rooms: {warning: 3, sustained_for: 5m}}}\n"
                "limits: {plugin_output: 128KiB}\n"
                "database: {path: \":memory:\"}\n");

        (void)state;
        assert_string_equal(msptk__config_str(c, "general.log_level", ""), "WARNING");
        assert_false(msptk__config_is_set(c, "general.company_name"));
        assert_string_equal(msptk__config_str(c, "general.company_name", "none"), "none");
        assert_int_equal(msptk__config_ms(c, "health_checks.timeout", 0), 90000);
        assert_false(msptk__config_bool(c, "health_checks.enabled", true));
        assert_int_equal(msptk__config_int(c, "limits.plugin_output", 0), 131072);
        assert_string_equal(msptk__config_str(c, "database.path", ""), ":memory:");
        assert_string_equal(msptk__config_str(c, "vault.key_file", ""), "/w/data/vault.key");
        assert_true(msptk__config_double(c, "health_checks.thresholds.cpu.warning", 0) == 82.5);
        /* defaults give way to what was set */
        assert_true(msptk__config_double(c, "health_checks.thresholds.disk.warning", 0) == 80);
        assert_true(msptk__config_double(c, "health_checks.thresholds.memory.critical", 0) == 98.5);
        assert_string_equal(msptk__config_custom_name(c, 0), "rooms");
        assert_null(msptk__config_custom_name(c, 1));
        assert_int_equal(
                msptk__config_ms(c, "health_checks.thresholds.custom.rooms.sustained_for", 0),
                300000);
        assert_int_equal(msptk__config_int(c, "no.such", 7), 7);
}

static void literal_secrets_are_refused_with_advice_and_never_quoted(void **state)
{
        static const char *const texts[] = {
                "rmm: {provider: x, api_key: CANARY-4711}\n",
                "rmm: {provider: x, api_key_env: CANARY-4711}\n",
                "rmm: {provider: x, client_secret: CANARY-4711}\n",
                "rmm: {provider: x, auth: {password: CANARY-4711}}\n",
                "rmm: {provider: x, headers: {X-Api-Key: CANARY-4711}}\n",
                "rmm: {provider: x, tokens: [CANARY-4711]}\n",
                "rmm: {provider: x, clientSecret: 47114711}\n",
                "rmm: {provider: x, smtp_password_env: CANARY-4711}\n",
                "rmm: {provider: x, api_url: \"https://me:CANARY-4711@host/\"}\n",
                "rmm: {provider: x, note: ghp_CANARY-4711-CANARY-4711}\n",
                "database: {password: CANARY-4711}\n",
                "general: {company_name: Bearer CANARY-4711-CANARY}\n",
                "adapters: [{name: a, type: t, api_key: CANARY-4711}]\n",
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_CONFIG config *c = NULL;
                AUTO_CONFIG config *lenient = NULL;
                AUTO_JSON msptk_json *show = NULL;
                AUTO_JSON msptk_json *check = NULL;
                char *text = NULL;
                config_open how = { .path = "/w/t.yaml", .text = texts[i] };

                if (msptk__config_open(&how, &c, &err) != MSPTK_E_CONFIG)
                        print_error("accepted: %s\n", texts[i]);
                assert_string_equal(msptk_error_reason(err), "LITERAL_SECRET");
                assert_int_equal(msptk_error_to_json(err, &text), MSPTK_OK);
                assert_null(strstr(text, "4711"));
                if (!strstr(texts[i], "_env"))
                        assert_non_null(strstr(text, "secret set"));
                msptk_string_free(text);
                /* nor by the views of a configuration that was opened in spite of it */
                how.lenient = true;
                assert_int_equal(msptk__config_open(&how, &lenient, NULL), MSPTK_OK);
                assert_int_equal(msptk__config_show(lenient, &show, NULL), MSPTK_OK);
                assert_int_equal(msptk_json_print(show, 0, &text, NULL), MSPTK_OK);
                if (strstr(text, "4711"))
                        print_error("shown: %s\n", text);
                assert_null(strstr(text, "4711"));
                msptk_string_free(text);
                assert_int_equal(msptk__config_check(lenient, NULL, &check, NULL), MSPTK_OK);
                assert_int_equal(msptk_json_print(check, 0, &text, NULL), MSPTK_OK);
                assert_null(strstr(text, "4711"));
                msptk_string_free(text);
        }
}

static void references_to_secrets_are_accepted(void **state)
{
        AUTO_CONFIG config *c = open_text(
                "rmm: {provider: x, api_key: vault:rmm, password_env: RMM_PW, token: exec:/bin/x,\n"
                "  token_url: https://a/b, deploy_env: production, key_file: a.key, secret: ''}\n"
                "database: {password_env: DB_PASSWORD}\n");
        const msptk_json *s = msptk__config_adapter_find(c, "rmm")->settings;

        (void)state;
        assert_string_equal(msptk_json_string(msptk_json_get(s, "api_key"), ""), "vault:rmm");
        assert_string_equal(msptk_json_string(msptk_json_get(s, "password"), ""), "env:RMM_PW");
        assert_string_equal(msptk_json_string(msptk_json_get(s, "token"), ""), "exec:/bin/x");
        assert_string_equal(msptk_json_string(msptk_json_get(s, "deploy_env"), ""), "production");
        assert_null(msptk_json_get(s, "password_env"));
        assert_string_equal(msptk__config_str(c, "database.password", ""), "env:DB_PASSWORD");
}

static void adapters_get_their_settings_as_a_tree(void **state)
{
        AUTO_CONFIG config *c = open_text(
                "adapters:\n"
                "  - name: here\n    type: local\n    services: {expected: [sshd, cron]}\n"
                "    tcp: [\"127.0.0.1:22\"]\n    deep: {a: [1, 2.5, true, ~, \"1\"]}\n"
                "  - {name: world, type: fake, devices: 200, latency_ms: 5, clients: [a, b],\n"
                "     timeout: 2m, enabled: false, big: 9223372036854775807}\n"
                "  - name: nagios\n    type: plugin\n    checks:\n"
                "      - {name: load, command: [/x/check_load, -w, \"5\"], timeout: 10}\n");
        const config_adapter *here = msptk__config_adapter_at(c, 0);
        const config_adapter *world = msptk__config_adapter_at(c, 1);
        const msptk_json *load;
        char *text = NULL;

        (void)state;
        assert_null(msptk__config_adapter_at(c, 3));
        assert_int_equal(msptk_json_print(here->settings, 0, &text, NULL), MSPTK_OK);
        assert_string_equal(text, "{\"services\":{\"expected\":[\"sshd\",\"cron\"]},\"tcp\":["
                                  "\"127.0.0.1:22\"],\"deep\":{\"a\":[1,2.5,true,null,\"1\"]}}");
        msptk_string_free(text);
        assert_int_equal(here->line, 2);
        assert_null(here->clients[0]);
        assert_int_equal(here->timeout_ms, 30000);
        assert_true(here->enabled);
        assert_int_equal(world->timeout_ms, 120000);
        assert_string_equal(world->clients[1], "b");
        assert_false(world->enabled);
        assert_true(msptk_json_int(msptk_json_get(world->settings, "big"), 0) == INT64_MAX);
        load = msptk_json_first(msptk_json_get(msptk__config_adapter_at(c, 2)->settings, "checks"));
        assert_string_equal(msptk_json_string(msptk_json_get(load, "timeout"), ""), "10s");
        assert_int_equal(msptk_json_count(msptk_json_get(load, "command")), 3);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_sample_of_the_design_loads_unmodified),
                cmocka_unit_test(unknown_keys_name_place_and_nearest_key),
                cmocka_unit_test(wrong_values_say_what_is_expected),
                cmocka_unit_test(one_error_counts_the_others),
                cmocka_unit_test(values_are_read_by_their_type),
                cmocka_unit_test(literal_secrets_are_refused_with_advice_and_never_quoted),
                cmocka_unit_test(references_to_secrets_are_accepted),
                cmocka_unit_test(adapters_get_their_settings_as_a_tree),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
