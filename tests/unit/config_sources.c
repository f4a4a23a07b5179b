/* Where settings come from: search order, .env, variables, options, relative paths. */
#include "support.h"
#include "config/config.h"

#include <fcntl.h>
#include <unistd.h>

static char root[64];

static void put(const char *name, const char *text)
{
        AUTO_FREE char *path = msptk__path_join(root, name);
        AUTO_FREE char *dir = msptk__path_dirname(path);

        assert_int_equal(msptk__dir_make(dir, 0700, NULL), MSPTK_OK);
        assert_int_equal(msptk__file_write(path, text, strlen(text), 0600, 0, NULL), MSPTK_OK);
}

static int make_root(void **state)
{
        (void)state;
        strcpy(root, "/tmp/msptk-config-XXXXXX");
        return mkdtemp(root) ? 0 : -1;
}

static void remove_below(const char *name)
{
        AUTO_FREE char *path = msptk__path_join(root, name);

        if (unlink(path) < 0)
                (void)rmdir(path);
}

static int remove_root(void **state)
{
        static const char *const names[] = { "named.yaml",
                                             "msp.yaml",
                                             "cwd/msp-toolkit.yaml",
                                             "cwd/config/msp-toolkit.yaml",
                                             "cwd/config/.env",
                                             "cwd/config",
                                             "cwd/.env",
                                             "cwd",
                                             "xdg/msp-toolkit/msp-toolkit.yaml",
                                             "xdg/msp-toolkit",
                                             "xdg",
                                             "home/.config/msp-toolkit/msp-toolkit.yaml",
                                             "home/.config/msp-toolkit",
                                             "home/.config",
                                             "home",
                                             "etc/msp-toolkit/msp-toolkit.yaml",
                                             "etc/msp-toolkit",
                                             "etc" };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                remove_below(names[i]);
        return rmdir(root);
}

static config *open_how(config_open *how)
{
        AUTO_ERROR msptk_error *err = NULL;
        config *c = NULL;

        if (msptk__config_open(how, &c, &err) < 0)
                print_error("%s (%s)\n", msptk_error_message(err), msptk_error_suggestion(err));
        assert_non_null(c);
        return c;
}

static void refused(config_open *how, msptk_status status, const char *reason, const char *message,
                    const char *hint)
{
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_CONFIG config *c = NULL;

        assert_int_equal(msptk__config_open(how, &c, &err), status);
        if (!strstr(msptk_error_message(err), message) ||
            !strstr(msptk_error_suggestion(err), hint))
                print_error("%s (%s)\n", msptk_error_message(err), msptk_error_suggestion(err));
        assert_string_equal(msptk_error_reason(err), reason);
        assert_non_null(strstr(msptk_error_message(err), message));
        assert_non_null(strstr(msptk_error_suggestion(err), hint));
}

static void company_is(config_open *how, const char *expected)
{
        AUTO_CONFIG config *c = open_how(how);

        assert_string_equal(msptk__config_str(c, "general.company_name", ""), expected);
}

static void the_search_goes_from_the_nearest_to_the_farthest(void **state)
{
        char named[128], msp[128], xdg[128], home[128], cwd[128], etc[128];
        const char *env[] = { named, msp, xdg, home, NULL };
        const char *no_names[] = { xdg, home, NULL };
        const char *only_home[] = { "XDG_CONFIG_HOME=relative", home, NULL };
        config_open how = { .search = true, .env = env, .cwd = cwd, .etc = etc };

        (void)state;
        snprintf(named, sizeof(named), "MSPTK_CONFIG=%s/named.yaml", root);
        snprintf(msp, sizeof(msp), "MSP_CONFIG=%s/msp.yaml", root);
        snprintf(xdg, sizeof(xdg), "XDG_CONFIG_HOME=%s/xdg", root);
        snprintf(home, sizeof(home), "HOME=%s/home", root);
        snprintf(cwd, sizeof(cwd), "%s/cwd", root);
        snprintf(etc, sizeof(etc), "%s/etc", root);
        refused(&how, MSPTK_E_NOTFOUND, "CONFIG_NOT_FOUND", "named by MSPTK_CONFIG", "init");
        env[0] = "MSPTK_CONFIG=";
        refused(&how, MSPTK_E_NOTFOUND, "CONFIG_NOT_FOUND", "named by MSP_CONFIG", "init");
        how.env = no_names;
        refused(&how, MSPTK_E_NOTFOUND, "CONFIG_NOT_FOUND", "no configuration file in", "--config");
        put("etc/msp-toolkit/msp-toolkit.yaml", "general: {company_name: etc}\n");
        company_is(&how, "etc");
        put("home/.config/msp-toolkit/msp-toolkit.yaml", "general: {company_name: home}\n");
        company_is(&how, "etc");
        how.env = only_home;
        company_is(&how, "home");
        how.env = no_names;
        put("xdg/msp-toolkit/msp-toolkit.yaml", "general: {company_name: xdg}\n");
        company_is(&how, "xdg");
        put("cwd/config/msp-toolkit.yaml", "general: {company_name: config}\n");
        company_is(&how, "config");
        put("cwd/msp-toolkit.yaml", "general: {company_name: cwd}\n");
        company_is(&how, "cwd");
        env[0] = named;
        how.env = env;
        put("msp.yaml", "general: {company_name: msp}\n");
        put("named.yaml", "general: {company_name: named}\n");
        company_is(&how, "named");
        env[0] = "X=y";
        company_is(&how, "msp");
        how.path = named + strlen("MSPTK_CONFIG=");
        company_is(&how, "named");
}

static void without_asking_no_environment_is_read(void **state)
{
        config_open how = { .cwd = "/w" };
        AUTO_CONFIG config *c = NULL;

        (void)state;
        assert_int_equal(setenv("MSPTK_GENERAL__COMPANY_NAME", "leaked", 1), 0);
        c = open_how(&how);
        assert_null(msptk__config_str(c, "general.company_name", NULL));
        assert_null(msptk__config_file(c));
        assert_string_equal(msptk__config_str(c, "database.path", ""), "/w/data/msp-toolkit.db");
        assert_int_equal(unsetenv("MSPTK_GENERAL__COMPANY_NAME"), 0);
}

static void relative_paths_count_from_the_file_or_above_config(void **state)
{
        config_open how = { .text = "database: {path: a/b.db}\n", .path = "/srv/x/m.yaml" };
        config_open below = { .text = "database: {path: a/b.db}\n",
                              .path = "/srv/x/config/m.yaml" };
        config_open away = { .text = "database: {path: /abs.db}\n", .path = "/srv/x/m.yaml" };
        AUTO_CONFIG config *c = open_how(&how);
        AUTO_CONFIG config *d = open_how(&below);
        AUTO_CONFIG config *e = open_how(&away);

        (void)state;
        assert_string_equal(msptk__config_str(c, "database.path", ""), "/srv/x/a/b.db");
        assert_string_equal(msptk__config_str(d, "database.path", ""), "/srv/x/a/b.db");
        assert_string_equal(msptk__config_str(e, "database.path", ""), "/abs.db");
        assert_string_equal(msptk__config_dir(d), "/srv/x");
}

static void variables_and_options_override_the_file(void **state)
{
        static const char *const env[] = { "MSPTK_HEALTH_CHECKS__THRESHOLDS__CPU_PERCENT=80",
                                           "msptk_rmm__timeout=5",
                                           "MSPTK_RMM__SITE_IDS=[1, 2]",
                                           "MSPTK_ADAPTERS__0__TIMEOUT=7",
                                           "MSPTK_ADAPTERS__MY_WORLD__DEVICES=9",
                                           "MSPTK_REPORTING__FORMATS=pdf, markdown",
                                           "MSPTK_RMM__CLIENTS=[a]",
                                           "MSPTK_DISPOSABLE=1",
                                           "OTHER__THING=1",
                                           NULL };
        static const config_option options[] = { { "rmm.timeout", "6" },
                                                 { "adapters[0].clients", "x, y" },
                                                 { "general.log_level", "DEBUG" } };
        config_open how = {
                .text = "health_checks: {thresholds: {cpu: {warning: 70}}}\n"
                        "adapters: [{name: my-world, type: fake, devices: 3, timeout: 1}]\n"
                        "rmm: {provider: p, timeout: 9}\nreporting:\n",
                .path = "/w/t.yaml",
                .env = env,
                .options = options,
                .option_count = ARRAY_LEN(options)
        };
        AUTO_CONFIG config *c = open_how(&how);
        const config_adapter *world = msptk__config_adapter_find(c, "my-world");

        (void)state;
        assert_true(msptk__config_double(c, "health_checks.thresholds.cpu.warning", 0) == 80);
        assert_int_equal(msptk__config_ms(c, "rmm.timeout", 0), 6000);
        assert_int_equal(msptk__config_adapter_find(c, "rmm")->timeout_ms, 6000);
        assert_int_equal(world->timeout_ms, 7000);
        assert_string_equal(world->clients[1], "y");
        assert_int_equal(msptk_json_int(msptk_json_get(world->settings, "devices"), 0), 9);
        assert_string_equal(msptk__config_item(c, "reporting.formats", 1), "markdown");
        assert_string_equal(msptk__config_item(c, "rmm.clients", 0), "a");
        assert_string_equal(msptk__config_str(c, "general.log_level", ""), "DEBUG");
        assert_int_equal(msptk_json_count(msptk_json_get(
                                 msptk__config_adapter_find(c, "rmm")->settings, "site_ids")),
                         2);
}

static void unknown_overrides_are_errors_that_name_the_nearest(void **state)
{
        const char *env[] = { "MSPTK_GENERAL__TIMEZON=UTC", NULL };
        config_option option = { "rmmm.timeout", "3" };
        config_open how = { .cwd = "/w", .env = env };
        config_open code = { .cwd = "/w", .options = &option, .option_count = 1 };

        (void)state;
        refused(&how, MSPTK_E_CONFIG, "UNKNOWN_KEY",
                "environment variable 'MSPTK_GENERAL__TIMEZON': unknown key 'timezon'",
                "did you mean 'timezone'?");
        env[0] = "MSPTK_ADAPTERS__3__TIMEOUT=1";
        refused(&how, MSPTK_E_CONFIG, "UNKNOWN_KEY", "'MSPTK_ADAPTERS__3__TIMEOUT'", "name");
        env[0] = "MSPTK_GENERAL__DATA_RETENTION_DAYS=x";
        refused(&how, MSPTK_E_CONFIG, "BAD_VALUE", "'MSPTK_GENERAL__DATA_RETENTION_DAYS'", "");
        env[0] = "MSPTK_RMM__API_KEY=4711";
        refused(&how, MSPTK_E_CONFIG, "LITERAL_SECRET", "'MSPTK_RMM__API_KEY'", "env:NAME");
        env[0] = "MSPTK_GENERAL__COMPANY_NAME=\xff";
        refused(&how, MSPTK_E_CONFIG, "BAD_VALUE", "not UTF-8", "");
        refused(&code, MSPTK_E_CONFIG, "UNKNOWN_KEY", "option 'rmmm.timeout'", "'rmm'");
}

static void dotenv_feeds_references_and_overrides_but_yields_to_the_environment(void **state)
{
        static const char *const env[] = { "B=from-env", "MSPTK_RMM__TIMEOUT=4", NULL };
        char path[128];
        config_open how = { .path = path, .dotenv = true, .env = env };
        AUTO_CONFIG config *c = NULL;
        AUTO_CONFIG config *d = NULL;

        (void)state;
        snprintf(path, sizeof(path), "%s/cwd/config/msp-toolkit.yaml", root);
        put("cwd/config/msp-toolkit.yaml",
            "rmm: {provider: p, api_key_env: A, token: env:B, secret: env:C, password: env:D,\n"
            "  passphrase: env:E, cookie: env:F}\n");
        put("cwd/config/.env",
            "\xEF\xBB\xBF# comment\r\nexport A = \"x \\\"y\\\" #1\" # c\r\nB=no\nC='a b$'  \n"
            "\nD=bare value # c\nF=a#b\nMSPTK_RMM__TIMEOUT=3\nMSPTK_GENERAL__COMPANY_NAME=dot\n"
            "UNUSED=1\n");
        c = open_how(&how);
        assert_string_equal(msptk__config_env(c, "A"), "x \"y\" #1");
        assert_string_equal(msptk__config_env(c, "B"), "from-env");
        assert_string_equal(msptk__config_env(c, "C"), "a b$");
        assert_string_equal(msptk__config_env(c, "D"), "bare value");
        assert_null(msptk__config_env(c, "E"));
        assert_string_equal(msptk__config_env(c, "F"), "a#b");
        assert_null(msptk__config_env(c, "UNUSED"));
        assert_null(getenv("A"));
        assert_int_equal(msptk__config_ms(c, "rmm.timeout", 0), 4000);
        assert_string_equal(msptk__config_str(c, "general.company_name", ""), "dot");
        how.dotenv = false;
        how.env = NULL;
        d = open_how(&how);
        assert_null(msptk__config_env(d, "A"));
        assert_int_equal(msptk__config_ms(d, "rmm.timeout", 0), 30000);
}

static void dotenv_mistakes_name_the_line_and_never_the_value(void **state)
{
        char path[128];
        config_open how = { .path = path, .dotenv = true };

        (void)state;
        snprintf(path, sizeof(path), "%s/cwd/msp-toolkit.yaml", root);
        put("cwd/msp-toolkit.yaml", "general: {}\n");
        put("cwd/.env", "A=1\nhunter2 is my password\n");
        refused(&how, MSPTK_E_CONFIG, "BAD_DOTENV", ".env: line 2: expected NAME=VALUE", "");
        put("cwd/.env", "A=\"hunter2\n");
        refused(&how, MSPTK_E_CONFIG, "BAD_DOTENV", "line 1: the quote is not closed", "");
        put("cwd/.env", "A='x' y\n");
        refused(&how, MSPTK_E_CONFIG, "BAD_DOTENV", "line 1: text after", "");
        put("cwd/.env", "MSPTK_GENERAL__TIMEZON=x\n");
        refused(&how, MSPTK_E_CONFIG, "UNKNOWN_KEY", ".env: line 1: unknown key", "timezone");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_search_goes_from_the_nearest_to_the_farthest,
                                                make_root, remove_root),
                cmocka_unit_test(without_asking_no_environment_is_read),
                cmocka_unit_test(relative_paths_count_from_the_file_or_above_config),
                cmocka_unit_test(variables_and_options_override_the_file),
                cmocka_unit_test(unknown_overrides_are_errors_that_name_the_nearest),
                cmocka_unit_test_setup_teardown(
                        dotenv_feeds_references_and_overrides_but_yields_to_the_environment,
                        make_root, remove_root),
                cmocka_unit_test_setup_teardown(dotenv_mistakes_name_the_line_and_never_the_value,
                                                make_root, remove_root),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
