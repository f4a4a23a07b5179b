/* init and doctor, as a host calls them. What doctor names when something is broken is tested by
 * tests/e2e/doctor.sh; here is what needs a clock or a view of the result. */
#include "support.h"

#include <sys/stat.h>
#include <unistd.h>

#include <msptk/msptk.h>

static char dir[64];
static int64_t now;

static int64_t host_clock(void *user)
{
        return *(int64_t *)user;
}

static int make_dir(void **state)
{
        (void)state;
        now = INT64_C(1900000000000000); /* 2030-03-17 */
        snprintf(dir, sizeof(dir), "/tmp/msptk-workspace-XXXXXX");
        return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
        char command[128];

        (void)state;
        snprintf(command, sizeof(command), "rm -rf '%s'", dir);
        return system(command) == 0 ? 0 : -1;
}

static const char *in_dir(const char *name)
{
        static char path[4][256];
        static int next;
        char *out = path[next++ % 4];

        snprintf(out, 256, "%s/%s", dir, name);
        return out;
}

/* A lazy toolkit with our clock; with the workspace's configuration when `config` is not NULL. */
static msptk_toolkit *open_lazy(const char *config, uint64_t flags)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_toolkit *tk = NULL;

        assert_int_equal(msptk_toolkit_opts_set_flags(opts, MSPTK_OPEN_LAZY | flags, NULL),
                         MSPTK_OK);
        msptk_toolkit_opts_set_clock(opts, host_clock, &now);
        if (config)
                assert_int_equal(msptk_toolkit_opts_set_config_path(opts, config, NULL), MSPTK_OK);
        assert_int_equal(msptk_toolkit_open(opts, &tk, NULL), MSPTK_OK);
        msptk_toolkit_opts_free(opts);
        return tk;
}

static msptk_status call(msptk_toolkit *tk, const char *operation, const char *text,
                         msptk_json **ret, msptk_error **ret_err)
{
        msptk_json *json = NULL;
        msptk_args *args = NULL;
        msptk_result *result = NULL;
        msptk_status st;

        assert_int_equal(msptk_json_parse(text, strlen(text), &json, NULL), MSPTK_OK);
        assert_int_equal(msptk_args_from_json(operation, json, &args, NULL), MSPTK_OK);
        st = msptk_call(tk, args, NULL, &result, ret_err);
        if (st == MSPTK_OK && ret)
                *ret = msptk_json_copy(msptk_result_json(result));
        msptk_result_free(result);
        msptk_args_free(args);
        msptk_json_free(json);
        return st;
}

/* init in `dir`, with further arguments as text: ", \"local\": false". */
static msptk_json *init(const char *more)
{
        msptk_toolkit *tk = open_lazy(NULL, 0);
        msptk_error *err = NULL;
        msptk_json *result = NULL;
        char text[512];

        snprintf(text, sizeof(text), "{\"directory\": \"%s\"%s}", dir, more);
        if (call(tk, "init", text, &result, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
        msptk_toolkit_free(tk);
        return result;
}

static const char *text_of(const msptk_json *object, const char *key)
{
        return msptk_json_string(msptk_json_get(object, key), "");
}

/* The row of `rows` whose `key` ends with `end`. */
static const msptk_json *row_of(const msptk_json *result, const char *rows, const char *key,
                                const char *end)
{
        const msptk_json *r = msptk_json_first(msptk_json_get(result, rows));

        for (; r; r = msptk_json_next(r)) {
                const char *value = text_of(r, key);
                size_t n = strlen(value), m = strlen(end);

                if (n >= m && !strcmp(value + n - m, end))
                        return r;
        }
        fail_msg("no row '%s'", end);
        return NULL;
}

static const char *action_of(const msptk_json *result, const char *path)
{
        return text_of(row_of(result, "files", "path", path), "action");
}

static unsigned mode_of(const char *path)
{
        struct stat s;

        assert_int_equal(stat(path, &s), 0);
        return s.st_mode & 07777;
}

static void init_makes_a_workspace_that_only_its_owner_reads(void **state)
{
        msptk_json *result =
                init(", \"timezone\": \"Europe/Berlin\", \"company_name\": \"A \\\"B\\\"\"");

        (void)state;
        assert_int_equal(msptk_json_bool(msptk_json_get(result, "already_there"), 2), 0);
        assert_string_equal(text_of(result, "timezone"), "Europe/Berlin");
        assert_string_equal(text_of(result, "company_name"), "A \"B\"");
        assert_string_equal(action_of(result, "/msp-toolkit.yaml"), "created");
        assert_string_equal(action_of(result, "/vault.key"), "created");
        assert_string_equal(text_of(row_of(result, "files", "path", "/vault.key"), "mode"), "0600");
        assert_int_equal(mode_of(in_dir("msp-toolkit.yaml")), 0600);
        assert_int_equal(mode_of(in_dir("data")), 0700);
        assert_int_equal(mode_of(in_dir("data/vault.key")), 0600);
        assert_int_equal(mode_of(in_dir("data/msp-toolkit.db")), 0600);
        assert_int_equal(access(in_dir(".gitignore"), F_OK), 0);
        msptk_json_free(result);
}

static void a_second_init_keeps_everything_and_says_what_it_ignored(void **state)
{
        msptk_json *result = init(", \"timezone\": \"Europe/Berlin\"");
        struct stat before, after;

        (void)state;
        msptk_json_free(result);
        assert_int_equal(stat(in_dir("msp-toolkit.yaml"), &before), 0);
        result = init(", \"timezone\": \"America/New_York\"");
        assert_int_equal(stat(in_dir("msp-toolkit.yaml"), &after), 0);
        assert_int_equal(before.st_ino, after.st_ino);
        assert_int_equal(msptk_json_bool(msptk_json_get(result, "already_there"), 2), 1);
        assert_string_equal(text_of(result, "timezone"), "Europe/Berlin");
        assert_string_equal(
                msptk_json_string(msptk_json_first(msptk_json_get(result, "ignored")), ""),
                "timezone");
        assert_string_equal(action_of(result, "/msp-toolkit.yaml"), "kept");
        assert_string_equal(action_of(result, "/vault.key"), "kept");
        msptk_json_free(result);
}

static void init_leaves_one_entry_in_the_audit_trail(void **state)
{
        msptk_json *result = init("");
        msptk_toolkit *tk;

        (void)state;
        msptk_json_free(result);
        msptk_json_free(init("")); /* made nothing, so it says nothing */
        tk = open_lazy(in_dir("msp-toolkit.yaml"), 0);
        assert_int_equal(call(tk, "audit_list", "{\"operation\": \"init\"}", &result, NULL),
                         MSPTK_OK);
        assert_int_equal(msptk_json_count(msptk_json_get(result, "entries")), 1);
        msptk_json_free(result);
        msptk_toolkit_free(tk);
}

static void an_unknown_zone_makes_nothing_but_the_directory(void **state)
{
        msptk_toolkit *tk = open_lazy(NULL, 0);
        msptk_error *err = NULL;
        char text[256];

        (void)state;
        snprintf(text, sizeof(text), "{\"directory\": \"%s\", \"timezone\": \"Europe/Berln\"}",
                 dir);
        assert_true(call(tk, "init", text, NULL, &err) < 0);
        assert_string_equal(msptk_error_reason(err), "ZONE_NOT_FOUND");
        assert_non_null(strstr(msptk_error_suggestion(err), "Europe/Berlin"));
        assert_int_not_equal(access(in_dir("msp-toolkit.yaml"), F_OK), 0);
        msptk_error_free(err);
        msptk_toolkit_free(tk);
}

static void a_read_only_toolkit_does_not_init(void **state)
{
        msptk_toolkit *tk = open_lazy(NULL, MSPTK_OPEN_READ_ONLY);
        msptk_error *err = NULL;
        char text[256];

        (void)state;
        snprintf(text, sizeof(text), "{\"directory\": \"%s\"}", dir);
        assert_int_equal(call(tk, "init", text, NULL, &err), MSPTK_E_DENIED);
        assert_int_not_equal(access(in_dir("msp-toolkit.yaml"), F_OK), 0);
        msptk_error_free(err);
        msptk_toolkit_free(tk);
}

static void a_lost_key_is_not_replaced_once_something_was_sealed(void **state)
{
        msptk_json *result = init("");
        msptk_toolkit *tk = open_lazy(in_dir("msp-toolkit.yaml"), 0);

        (void)state;
        msptk_json_free(result);
        assert_int_equal(msptk_vault_set(msptk_toolkit_get_vault(tk), "a", "secret", 6, NULL),
                         MSPTK_OK);
        msptk_toolkit_free(tk);
        assert_int_equal(unlink(in_dir("data/vault.key")), 0);
        result = init("");
        assert_string_equal(action_of(result, "/vault.key"), "missing");
        assert_int_not_equal(access(in_dir("data/vault.key"), F_OK), 0);
        msptk_json_free(result);
}

static void without_the_local_adapter_it_stays_off(void **state)
{
        msptk_json *result = init(", \"local\": false");
        msptk_toolkit *tk = open_lazy(in_dir("msp-toolkit.yaml"), 0);

        (void)state;
        msptk_json_free(result);
        assert_int_equal(call(tk, "doctor", "{}", &result, NULL), MSPTK_OK);
        assert_string_equal(text_of(row_of(result, "checks", "check", "adapters"), "status"),
                            "warning");
        assert_string_equal(text_of(result, "status"), "warning");
        msptk_json_free(result);
        msptk_toolkit_free(tk);
}

static void doctor_finds_a_clock_that_went_back(void **state)
{
        msptk_json *result = init("");
        msptk_toolkit *tk = open_lazy(in_dir("msp-toolkit.yaml"), 0);

        (void)state;
        msptk_json_free(result);
        now += 60 * INT64_C(1000000);
        assert_int_equal(call(tk, "doctor", "{}", &result, NULL), MSPTK_OK);
        assert_string_equal(text_of(row_of(result, "checks", "check", "clock"), "status"), "ok");
        msptk_json_free(result);
        now -= 120 * INT64_C(1000000);
        assert_int_equal(call(tk, "doctor", "{\"full\": true}", &result, NULL), MSPTK_OK);
        assert_string_equal(text_of(row_of(result, "checks", "check", "clock"), "status"),
                            "critical");
        assert_string_equal(text_of(row_of(result, "checks", "check", "audit"), "status"), "ok");
        assert_string_equal(text_of(result, "status"), "critical");
        msptk_json_free(result);
        now = INT64_C(1000000000000000); /* 2001: before this program was written */
        assert_int_equal(call(tk, "doctor", "{}", &result, NULL), MSPTK_OK);
        assert_string_equal(text_of(row_of(result, "checks", "check", "clock"), "status"),
                            "critical");
        msptk_json_free(result);
        msptk_toolkit_free(tk);
}

static void doctor_in_memory_checks_what_there_is(void **state)
{
        msptk_toolkit *tk = NULL;
        msptk_json *result = NULL;

        (void)state;
        assert_int_equal(msptk_toolkit_open(NULL, &tk, NULL), MSPTK_OK);
        assert_int_equal(call(tk, "doctor", "{}", &result, NULL), MSPTK_OK);
        assert_string_equal(text_of(row_of(result, "checks", "check", "database"), "status"), "ok");
        assert_string_equal(text_of(row_of(result, "not_checked", "check", "writable"), "because"),
                            "the database is in memory");
        msptk_json_free(result);
        msptk_toolkit_free(tk);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
        const struct CMUnitTest tests[] = {
                IN_DIR(init_makes_a_workspace_that_only_its_owner_reads),
                IN_DIR(a_second_init_keeps_everything_and_says_what_it_ignored),
                IN_DIR(init_leaves_one_entry_in_the_audit_trail),
                IN_DIR(an_unknown_zone_makes_nothing_but_the_directory),
                IN_DIR(a_read_only_toolkit_does_not_init),
                IN_DIR(a_lost_key_is_not_replaced_once_something_was_sealed),
                IN_DIR(without_the_local_adapter_it_stays_off),
                IN_DIR(doctor_finds_a_clock_that_went_back),
                IN_DIR(doctor_in_memory_checks_what_there_is),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
