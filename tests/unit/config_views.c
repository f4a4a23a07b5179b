/* explain, show, check, the template of init, and docs/configuration.md. */
#include "support.h"
#include "config/config.h"

static config *open_how(config_open *how)
{
        AUTO_ERROR msptk_error *err = NULL;
        config *c = NULL;

        if (msptk__config_open(how, &c, &err) < 0)
                print_error("%s (%s)\n", msptk_error_message(err), msptk_error_suggestion(err));
        assert_non_null(c);
        return c;
}

static void explained(const config *c, const char *key, const char *expected)
{
        AUTO_JSON msptk_json *json = NULL;
        char *text = NULL;

        assert_int_equal(msptk__config_explain(c, key, &json, NULL), MSPTK_OK);
        (void)msptk_json_remove(json, "description");
        (void)msptk_json_remove(json, "schema");
        (void)msptk_json_remove(json, "since");
        assert_int_equal(msptk_json_print(json, 0, &text, NULL), MSPTK_OK);
        assert_string_equal(text, expected);
        msptk_string_free(text);
}

static void explain_says_value_unit_and_where_it_came_from(void **state)
{
        static const char *const env[] = { "MSPTK_HEALTH_CHECKS__THRESHOLDS__CPU_PERCENT=80",
                                           NULL };
        static const config_option option = { "general.log_level", "DEBUG" };
        config_open how = { .text = "rmm:\n  provider: p\n  timeout: 1m\n  api_key: vault:k\n"
                                    "adapters:\n  - {name: w, type: fake, devices: 3}\n",
                            .path = "/w/t.yaml",
                            .env = env,
                            .options = &option,
                            .option_count = 1 };
        AUTO_CONFIG config *c = open_how(&how);

        (void)state;
        explained(
                c, "rmm.timeout",
                "{\"key\":\"rmm.timeout\",\"value\":60,\"unit\":\"seconds\",\"type\":\"duration\","
                "\"default\":30,\"source\":{\"kind\":\"file\",\"file\":\"/w/t.yaml\",\"line\":3,"
                "\"column\":12,\"name\":null},\"acted_on\":true}");
        explained(c, "health_checks.thresholds.cpu_percent",
                  "{\"key\":\"health_checks.thresholds.cpu.warning\",\"value\":80,\"unit\":"
                  "\"percent\",\"type\":\"number\",\"default\":85,\"source\":{\"kind\":\"env\","
                  "\"file\":null,\"line\":null,\"column\":null,\"name\":"
                  "\"MSPTK_HEALTH_CHECKS__THRESHOLDS__CPU_PERCENT\"},\"acted_on\":true}");
        explained(
                c, "general.log_level",
                "{\"key\":\"general.log_level\",\"value\":\"DEBUG\",\"unit\":null,\"type\":"
                "\"enum\",\"default\":\"INFO\",\"source\":{\"kind\":\"option\",\"file\":null,"
                "\"line\":null,\"column\":null,\"name\":\"general.log_level\"},\"acted_on\":true}");
        explained(c, "rmm.api_key_env",
                  "{\"key\":\"rmm.api_key\",\"value\":\"vault:k\",\"unit\":null,\"type\":"
                  "\"secret reference\",\"default\":null,\"source\":{\"kind\":\"file\",\"file\":"
                  "\"/w/t.yaml\",\"line\":4,\"column\":12,\"name\":null},\"acted_on\":true}");
        explained(c, "adapters.w.timeout",
                  "{\"key\":\"adapters[0].timeout\",\"value\":30,\"unit\":\"seconds\",\"type\":"
                  "\"duration\",\"default\":30,\"source\":{\"kind\":\"default\",\"file\":null,"
                  "\"line\":null,\"column\":null,\"name\":null},\"acted_on\":true}");
        explained(
                c, "adapters[0].devices",
                "{\"key\":\"adapters[0].devices\",\"value\":3,\"unit\":null,\"type\":\"map\","
                "\"default\":null,\"source\":{\"kind\":\"file\",\"file\":\"/w/t.yaml\",\"line\":6,"
                "\"column\":36,\"name\":null},\"acted_on\":true}");
        explained(
                c, "reporting.formats",
                "{\"key\":\"reporting.formats\",\"value\":[\"pdf\",\"html\"],\"unit\":null,"
                "\"type\":\"list\",\"default\":[\"pdf\",\"html\"],\"source\":{\"kind\":\"default\","
                "\"file\":null,\"line\":null,\"column\":null,\"name\":null},\"acted_on\":false}");
}

static void explain_of_an_unknown_key_names_the_nearest(void **state)
{
        static const char *const cases[][2] = { { "rmm.timeot", "did you mean 'rmm.timeout'?" },
                                                { "timezone", "'general.timezone'" },
                                                { "rmm", "keys of rmm: provider" },
                                                { "adapters[0].nothing", "config show" },
                                                { "", "config show" },
                                                { "...[[]]", "config show" } };
        config_open how = { .cwd = "/w" };
        AUTO_CONFIG config *c = open_how(&how);

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_JSON msptk_json *json = NULL;

                assert_int_equal(msptk__config_explain(c, cases[i][0], &json, &err),
                                 MSPTK_E_NOTFOUND);
                assert_string_equal(msptk_error_reason(err), "UNKNOWN_KEY");
                if (!strstr(msptk_error_suggestion(err), cases[i][1]))
                        print_error("%s: %s\n", cases[i][0], msptk_error_suggestion(err));
                assert_non_null(strstr(msptk_error_suggestion(err), cases[i][1]));
        }
}

static void show_lists_every_effective_value(void **state)
{
        config_open how = { .path = TEST_SOURCE_ROOT "/tests/data/config/design-sample.yaml" };
        AUTO_CONFIG config *c = open_how(&how);
        AUTO_JSON msptk_json *json = NULL;
        char *text = NULL;

        (void)state;
        assert_int_equal(msptk__config_show(c, &json, NULL), MSPTK_OK);
        assert_int_equal(msptk_json_print(json, 0, &text, NULL), MSPTK_OK);
        assert_non_null(strstr(text, "{\"key\":\"rmm.api_key\",\"value\":\"env:RMM_API_KEY\""));
        assert_non_null(strstr(text, "{\"key\":\"limits.plugin_output\",\"value\":65536,"));
        assert_non_null(strstr(text, "{\"key\":\"backup.providers[0].api_url\","));
        assert_int_equal(msptk_json_count(msptk_json_get(json, "adapters")), 2);
        msptk_string_free(text);
}

/* The finding about a key, or NULL. */
static const msptk_json *finding(const msptk_json *list, const char *key)
{
        for (const msptk_json *f = msptk_json_first(list); f; f = msptk_json_next(f))
                if (strcmp(msptk_json_string(msptk_json_get(f, "key"), ""), key) == 0)
                        return f;
        return NULL;
}

static void has(const msptk_json *list, const char *key, const char *level, int64_t line,
                const char *message)
{
        const msptk_json *f = finding(list, key);

        if (!f)
                print_error("no finding about %s\n", key);
        assert_non_null(f);
        assert_string_equal(msptk_json_string(msptk_json_get(f, "level"), ""), level);
        assert_int_equal(msptk_json_int(msptk_json_get(f, "line"), 0), line);
        assert_non_null(strstr(msptk_json_string(msptk_json_get(f, "message"), ""), message));
        assert_true(strlen(msptk_json_string(msptk_json_get(f, "suggestion"), "")) > 5);
}

static void check_of_the_sample_names_what_is_not_acted_on(void **state)
{
        static const char *const nothing[] = { NULL };
        static const char *const types[] = { "local", "connectwise", NULL };
        config_open how = { .path = TEST_SOURCE_ROOT "/tests/data/config/design-sample.yaml",
                            .lenient = true,
                            .env = nothing };
        AUTO_CONFIG config *c = open_how(&how);
        AUTO_JSON msptk_json *list = NULL;
        AUTO_JSON msptk_json *with = NULL;

        (void)state;
        assert_int_equal(msptk__config_check(c, NULL, &list, NULL), MSPTK_OK);
        has(list, "rmm.provider", "warning", 10, "no adapter of type 'connectwise'");
        has(list, "rmm.api_key", "warning", 12, "'RMM_API_KEY' is not set");
        has(list, "backup", "warning", 14, "does not act on it");
        has(list, "reporting", "warning", 19, "does not act on it");
        has(list, "health_checks.schedule", "warning", 26, "does not act on it");
        for (const msptk_json *f = msptk_json_first(list); f; f = msptk_json_next(f))
                assert_string_not_equal(msptk_json_string(msptk_json_get(f, "level"), ""), "error");
        assert_int_equal(msptk__config_check(c, types, &with, NULL), MSPTK_OK);
        assert_null(finding(with, "rmm.provider"));
        assert_non_null(finding(with, "backup"));
}

static void check_collects_all_problems(void **state)
{
        config_open how = { .text = "general: {log_levl: 1, timezone: Nowhere/X}\n"
                                    "database: {type: postgresql}\n"
                                    "rmm: {provider: lokal, api_url: \"http://x\", password: abc}\n"
                                    "limits: {plugin_output: x}\n",
                            .path = "/w/t.yaml",
                            .lenient = true };
        config_open broken = { .text = "a: [\n", .path = "/w/t.yaml", .lenient = true };
        AUTO_CONFIG config *c = open_how(&how);
        AUTO_CONFIG config *b = open_how(&broken);
        AUTO_JSON msptk_json *list = NULL;
        AUTO_JSON msptk_json *one = NULL;

        (void)state;
        assert_int_equal(msptk__config_check(c, NULL, &list, NULL), MSPTK_OK);
        has(list, "general.log_levl", "error", 1, "unknown key");
        has(list, "general.timezone", "error", 1, "Nowhere/X");
        has(list, "database.type", "error", 2, "PostgreSQL");
        has(list, "rmm.password", "error", 3, "instead of a reference");
        has(list, "rmm.provider", "warning", 3, "'lokal'");
        has(list, "rmm.api_url", "warning", 3, "not encrypted");
        has(list, "limits.plugin_output", "error", 4, "a size");
        assert_int_equal(msptk__config_check(b, NULL, &one, NULL), MSPTK_OK);
        assert_int_equal(msptk_json_count(one), 1);
        has(one, "", "error", 2, "");
}

static void settings_of_types_that_are_not_here_are_named_and_free(void **state)
{
        static const char *const types[] = { "ninja", NULL };
        config_open how = { .text = "rmm:\n  provider: ninja\n  site: north\n  zone: 5\n"
                                    "adapters:\n  - {name: w, type: fake, devices: 3}\n",
                            .path = "/w/t.yaml" };
        AUTO_CONFIG config *c = open_how(&how);
        AUTO_JSON msptk_json *without = NULL;
        AUTO_JSON msptk_json *with = NULL;

        (void)state;
        assert_int_equal(msptk__config_check(c, NULL, &without, NULL), MSPTK_OK);
        has(without, "rmm.site", "info", 3,
            "not checked: no adapter of type 'ninja' is in this program");
        has(without, "rmm.zone", "info", 4, "not checked");
        assert_null(finding(without, "adapters[0].devices"));
        assert_int_equal(msptk__config_check(c, types, &with, NULL), MSPTK_OK);
        assert_null(finding(with, "rmm.site"));
}

static void findings_are_bounded(void **state)
{
        AUTO_BUF buf text = BUF_INIT(1 << 20);
        config_open how = { .path = "/w/t.yaml", .lenient = true };
        AUTO_CONFIG config *c = NULL;
        AUTO_JSON msptk_json *list = NULL;

        (void)state;
        for (int i = 0; i < 1000; i++)
                msptk__buf_addf(&text, "zz%d: 1\n", i);
        how.text = msptk__buf_text(&text);
        c = open_how(&how);
        assert_int_equal(msptk__config_check(c, NULL, &list, NULL), MSPTK_OK);
        assert_int_equal(msptk_json_count(list), 201);
}

static void the_template_of_init_loads_and_changes_no_default(void **state)
{
        AUTO_BUF buf text = BUF_INIT(1 << 16);
        AUTO_BUF buf all = BUF_INIT(1 << 16);
        config_open how = { .path = "/w/t.yaml" };
        config_open uncommented = { .path = "/w/t.yaml", .lenient = true };
        AUTO_CONFIG config *c = NULL;
        AUTO_CONFIG config *u = NULL;
        AUTO_JSON msptk_json *list = NULL;

        (void)state;
        assert_int_equal(msptk__config_template("My \"MSP\"\n", "Europe/Berlin", &text), MSPTK_OK);
        how.text = msptk__buf_text(&text);
        c = open_how(&how);
        assert_string_equal(msptk__config_str(c, "general.company_name", ""), "My \"MSP\"\n");
        assert_string_equal(msptk__config_str(c, "general.timezone", ""), "Europe/Berlin");
        assert_string_equal(msptk__config_adapter_find(c, "local")->type, "local");
        assert_int_equal(msptk__config_check(c, NULL, &list, NULL), MSPTK_OK);
        assert_int_equal(msptk_json_count(list), 0);
        /* every setting that is commented out is one that may be uncommented */
        for (const char *p = how.text; *p;) {
                size_t line = strcspn(p, "\n");
                size_t blanks = strspn(p, " ");
                const char *word = p + blanks + 2;
                size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz_");

                if (p[blanks] == '#' && len && word[len] == ':' && word[len + 1] == ' ')
                        msptk__buf_addf(&all, "%*s%.*s\n", (int)blanks, "",
                                        (int)(line - blanks - 2), word);
                else
                        msptk__buf_addf(&all, "%.*s\n", (int)line, p);
                p += line + (p[line] == '\n');
        }
        uncommented.text = msptk__buf_text(&all);
        u = open_how(&uncommented);
        msptk_json_free(STEAL(list));
        assert_int_equal(msptk__config_check(u, NULL, &list, NULL), MSPTK_OK);
        for (const msptk_json *f = msptk_json_first(list); f; f = msptk_json_next(f)) {
                print_error("%s\n", msptk_json_string(msptk_json_get(f, "message"), ""));
                assert_string_not_equal(msptk_json_string(msptk_json_get(f, "level"), ""), "error");
        }
}

/* ---- docs/configuration.md ---- */

static void add_words(buf *out, const char *values)
{
        const char *sep = "";

        for (const char *p = values; *p; p += strspn(p, " ")) {
                size_t word = strcspn(p, " ");

                if (!memchr(p, '=', word)) {
                        msptk__buf_addf(out, "%s`%.*s`", sep, (int)word, p);
                        sep = ", ";
                }
                p += word;
        }
}

static void add_bound(buf *out, const config_key *row, double bound)
{
        char text[TIME_TEXT_MAX];

        if (row->type == CONFIG_DURATION)
                msptk__duration_format((int64_t)bound, text);
        else if (row->type == CONFIG_BYTES)
                msptk__num_put_bytes(text, (int64_t)bound);
        else
                msptk__num_put_int64(text, (int64_t)bound);
        msptk__buf_add_str(out, text);
}

static void add_row(buf *out, const config_key *row)
{
        msptk__buf_addf(out, "### `%s`\n\n%s%s\n\n", row->path, row->about,
                        row->acted_on ? "" : " **Accepted, but this version does not act on it.**");
        msptk__buf_addf(out, "Type: %s", msptk__config_type_name(row->type));
        if (row->unit)
                msptk__buf_addf(out, " (%s)", row->unit);
        if (row->values) {
                msptk__buf_add_str(out, ": ");
                add_words(out, row->values);
        }
        if (row->max > row->min) {
                msptk__buf_add_str(out, ", from ");
                add_bound(out, row, row->min);
                msptk__buf_add_str(out, " to ");
                add_bound(out, row, row->max);
        }
        msptk__buf_add_str(out, ". ");
        if (row->default_value)
                msptk__buf_addf(out, "Default: `%s`. ", row->default_value);
        if (row->alias)
                msptk__buf_addf(out, "Short form: `%s`. ", row->alias);
        if (row->type == CONFIG_SECRET)
                msptk__buf_addf(out, "Short form: `%s_env: NAME` for `env:NAME`. ", row->path);
        msptk__buf_addf(out, "Since %s.\n\n", row->since);
}

static const char preface[] =
        "# Configuration\n\n"
        "<!-- Made from the table in lib/config/keys.c by tests/unit/config_views.c; run it with\n"
        "MSPTK_REGENERATE=1 after a change of the table. -->\n\n"
        "One YAML file. It is looked for in this order: `--config`, `MSPTK_CONFIG`, `MSP_CONFIG`,\n"
        "`./msp-toolkit.yaml`, `./config/msp-toolkit.yaml`,\n"
        "`$XDG_CONFIG_HOME/msp-toolkit/msp-toolkit.yaml` (`~/.config/...`),\n"
        "`/etc/msp-toolkit/msp-toolkit.yaml`. Relative paths count from the file's directory, or\n"
        "from its parent when that directory is called `config`.\n\n"
        "`config check` lists every problem with line and column, and every section that this\n"
        "version does not act on. `config explain rmm.timeout` says what a setting is, what it is\n"
        "now, and where that came from.\n\n"
        "Unknown keys are errors. So are anchors, aliases, tags, duplicate keys and a second\n"
        "document; the file may have 1 MiB, 32 levels and 100,000 values.\n\n"
        "## Overrides\n\n"
        "From weak to strong: default, file, `.env`, environment, options set by code. A library\n"
        "that is opened by a program reads neither `.env` nor environment unless that program "
        "asks\n"
        "for it; the command line does.\n\n"
        "`MSPTK_HEALTH_CHECKS__THRESHOLDS__CPU_PERCENT=80` sets\n"
        "`health_checks.thresholds.cpu_percent`: `__` separates, case does not count, entries of "
        "a\n"
        "list are named by number (from 0) or by their `name` (`MSPTK_ADAPTERS__LOCAL__TIMEOUT`),\n"
        "lists are written `a, b`. An override of a setting that does not exist is an error.\n\n"
        "`.env` lies beside the file (or where relative paths count from): `NAME=value`, quotes,\n"
        "comments, `export`. It feeds overrides and `env:` references and never reaches the\n"
        "environment of the process.\n\n"
        "## Secrets\n\n"
        "A secret is never written into the file; a literal one is refused. Where a secret is\n"
        "needed stands a reference: `vault:NAME` (after `msp-toolkit secret set NAME`), "
        "`env:NAME`,\n"
        "`file:PATH` or `exec:PROGRAM`. `api_key_env: NAME` is the short form of\n"
        "`api_key: env:NAME`, for every setting that holds a secret.\n\n"
        "## Adapters\n\n"
        "`adapters` is the general form: a list of instances with `name`, `type` and the settings\n"
        "of that type. `rmm` is a short form of an entry named `rmm` whose type is `provider`;\n"
        "entries of `backup.providers` are adapters too.\n\n"
        "## Settings\n\n"
        "Durations are written `500ms`, `30s`, `5m`, `2h`, `7d`; a bare number counts in the unit\n"
        "that is given. Sizes are written `512`, `64KiB`, `10MB`.\n\n";

static void the_page_of_settings_is_made_from_the_table(void **state)
{
        AUTO_BUF buf page = BUF_INIT(1 << 18);
        AUTO_BUF buf now = BUF_INIT(1 << 18);
        const char *path = TEST_SOURCE_ROOT "/docs/configuration.md";
        size_t n;
        const config_key *rows = msptk__config_keys(&n);

        (void)state;
        msptk__buf_add_str(&page, preface);
        for (size_t i = 0; i < n; i++)
                add_row(&page, &rows[i]);
        page.data[--page.len] = '\0'; /* one newline at the end */
        assert_int_equal(page.failed, MSPTK_OK);
        if (getenv("MSPTK_REGENERATE"))
                assert_int_equal(msptk__file_write(path, page.data, page.len, 0644, 0, NULL),
                                 MSPTK_OK);
        assert_int_equal(msptk__file_read(path, 0, &now, NULL), MSPTK_OK);
        if (strcmp(msptk__buf_text(&now), page.data) != 0)
                print_error("docs/configuration.md is out of date: run with MSPTK_REGENERATE=1\n");
        assert_int_equal(now.len, page.len);
        assert_memory_equal(now.data, page.data, page.len);
}

static void the_table_is_well_formed(void **state)
{
        size_t n;
        const config_key *rows = msptk__config_keys(&n);

        (void)state;
        for (size_t i = 0; i < n; i++) {
                assert_true(strlen(rows[i].about) > 5);
                assert_non_null(rows[i].since);
                assert_true(rows[i].type != CONFIG_ENUM || rows[i].values);
                for (size_t k = 0; k < i; k++) {
                        assert_string_not_equal(rows[i].path, rows[k].path);
                        if (rows[k].alias)
                                assert_string_not_equal(rows[i].path, rows[k].alias);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(explain_says_value_unit_and_where_it_came_from),
                cmocka_unit_test(explain_of_an_unknown_key_names_the_nearest),
                cmocka_unit_test(show_lists_every_effective_value),
                cmocka_unit_test(check_of_the_sample_names_what_is_not_acted_on),
                cmocka_unit_test(check_collects_all_problems),
                cmocka_unit_test(settings_of_types_that_are_not_here_are_named_and_free),
                cmocka_unit_test(findings_are_bounded),
                cmocka_unit_test(the_template_of_init_loads_and_changes_no_default),
                cmocka_unit_test(the_page_of_settings_is_made_from_the_table),
                cmocka_unit_test(the_table_is_well_formed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
