/* Every exported function that changes or reads what a toolkit keeps leaves a row in the audit
 * trail, and every operation of the table is reached through msptk_call(). A new symbol needs a
 * line in the table below. */
#include "support.h"

#include <stdbool.h>

#include <msptk/msptk.h>

static msptk_error *err;

#define must(call) \
        do { \
                if ((call) < 0) \
                        fail_msg("%s: %s", #call, msptk_error_message(err)); \
        } while (0)

/* ---- what each of them does, once; the client "acme-corp" exists, with an adapter's world ---- */

static void do_client_create(msptk_toolkit *tk)
{
        must(msptk_client_manager_create(msptk_toolkit_get_client_manager(tk), "Made Here", NULL,
                                         NULL, &err));
}

static void do_client_update(msptk_toolkit *tk)
{
        msptk_args *args = msptk_args_new("client_update");

        msptk_args_set_str(args, "tier", "gold", NULL);
        must(msptk_client_manager_update(msptk_toolkit_get_client_manager(tk), "acme-corp", args,
                                         NULL, &err));
        msptk_args_free(args);
}

static void do_client_delete(msptk_toolkit *tk)
{
        must(msptk_client_manager_delete(msptk_toolkit_get_client_manager(tk), "goes-away", &err));
}

static void do_client_get(msptk_toolkit *tk)
{
        msptk_client *client = NULL;

        must(msptk_client_manager_get(msptk_toolkit_get_client_manager(tk), "acme-corp", &client,
                                      &err));
        msptk_client_free(client);
}

static void do_client_list(msptk_toolkit *tk)
{
        msptk_client_list *list = NULL;

        must(msptk_client_manager_list(msptk_toolkit_get_client_manager(tk), NULL, &list, &err));
        msptk_client_list_free(list);
}

static void add_device(msptk_toolkit *tk, const char *name, const char *id)
{
        msptk_args *args = msptk_args_new("device_add");
        msptk_device *device = NULL;

        must(msptk_args_set_str(args, "client_id", "acme-corp", &err));
        must(msptk_args_set_str(args, "name", name, &err));
        must(msptk_args_set_str(args, "id", id, &err));
        must(msptk_device_manager_add(msptk_toolkit_get_device_manager(tk), args, &device, &err));
        msptk_device_free(device);
        msptk_args_free(args);
}

static void do_device_add(msptk_toolkit *tk)
{
        add_device(tk, "By hand", "by-hand");
}

static void do_device_remove(msptk_toolkit *tk)
{
        add_device(tk, "Short lived", "short-lived");
        must(msptk_device_manager_remove(msptk_toolkit_get_device_manager(tk), "short-lived",
                                         &err));
}

static void do_device_get(msptk_toolkit *tk)
{
        msptk_device *device = NULL;

        add_device(tk, "Looked at", "looked-at");
        must(msptk_device_manager_get(msptk_toolkit_get_device_manager(tk), "looked-at", &device,
                                      &err));
        msptk_device_free(device);
}

static void do_device_list(msptk_toolkit *tk)
{
        msptk_device_list *list = NULL;

        must(msptk_device_manager_list(msptk_toolkit_get_device_manager(tk), NULL, &list, &err));
        msptk_device_list_free(list);
}

static void do_health_run(msptk_toolkit *tk)
{
        msptk_check_results *results = NULL;

        must(msptk_health_monitor_run_checks(msptk_toolkit_get_health_monitor(tk), "acme-corp",
                                             NULL, NULL, &results, &err));
        msptk_check_results_free(results);
}

static void do_health_history(msptk_toolkit *tk)
{
        msptk_check_results *results = NULL;

        must(msptk_health_monitor_get_history(msptk_toolkit_get_health_monitor(tk), "acme-corp",
                                              NULL, &results, &err));
        msptk_check_results_free(results);
}

static void do_health_configure(msptk_toolkit *tk)
{
        msptk_args *args = msptk_args_new("health_configure");

        must(msptk_args_set_str(args, "client_id", "acme-corp", &err));
        must(msptk_args_set_str(args, "config", "cpu_percent=80", &err));
        must(msptk_health_monitor_configure(msptk_toolkit_get_health_monitor(tk), args, &err));
        msptk_args_free(args);
}

static void do_health_summary(msptk_toolkit *tk)
{
        msptk_json *summary = NULL;

        must(msptk_health_monitor_get_status_summary(msptk_toolkit_get_health_monitor(tk),
                                                     "acme-corp", &summary, &err));
        msptk_json_free(summary);
}

/* The id of an open alert; the fake world of this test has problems. */
static void an_alert(msptk_toolkit *tk, char id[128])
{
        msptk_args *args = msptk_args_new("alert_list"), *scan = msptk_args_new("device_scan");
        msptk_alert_list *list = NULL;
        msptk_result *found = NULL;

        must(msptk_args_set_str(scan, "client_id", "acme-corp", &err));
        must(msptk_call(tk, scan, NULL, &found, &err));
        msptk_result_free(found);
        msptk_args_free(scan);
        do_health_run(tk);
        must(msptk_args_set_str(args, "status", "open", &err));
        must(msptk_alert_manager_list(msptk_toolkit_get_alert_manager(tk), args, &list, &err));
        assert_true(msptk_alert_list_count(list) > 0);
        snprintf(id, 128, "%s", msptk_alert_id(msptk_alert_list_get(list, 0)));
        msptk_alert_list_free(list);
        msptk_args_free(args);
}

static void do_alert_acknowledge(msptk_toolkit *tk)
{
        char id[128];

        an_alert(tk, id);
        must(msptk_alert_manager_acknowledge(msptk_toolkit_get_alert_manager(tk), id, "seen",
                                             &err));
}

static void do_alert_resolve(msptk_toolkit *tk)
{
        char id[128];

        an_alert(tk, id);
        must(msptk_alert_manager_resolve(msptk_toolkit_get_alert_manager(tk), id, "gone", &err));
}

static void do_alert_list(msptk_toolkit *tk)
{
        msptk_alert_list *list = NULL;

        must(msptk_alert_manager_list(msptk_toolkit_get_alert_manager(tk), NULL, &list, &err));
        msptk_alert_list_free(list);
}

static msptk_rmm_adapter *world(msptk_toolkit *tk)
{
        msptk_rmm_adapter *rmm = NULL;

        must(msptk_toolkit_get_rmm_adapter(tk, "world", &rmm, &err));
        return rmm;
}

static void do_rmm_devices(msptk_toolkit *tk)
{
        msptk_device_list *list = NULL;

        must(msptk_rmm_adapter_get_devices(world(tk), "acme-corp", &list, &err));
        msptk_device_list_free(list);
}

/* The id of a device of the fake world. */
static void a_device(msptk_toolkit *tk, char id[128])
{
        msptk_args *args = msptk_args_new("device_list");
        msptk_result *result = NULL;
        const msptk_json *row;

        do_rmm_devices(tk);
        id[0] = '\0';
        must(msptk_call(tk, args, NULL, &result, &err));
        while (!*id && msptk_result_next(result, &row, NULL) == MSPTK_OK) {
                char *text = NULL;

                must(msptk_json_print(row, 0, &text, &err));
                if (strstr(text, "\"world\""))
                        snprintf(id, 128, "%s", msptk_json_string(msptk_json_get(row, "id"), ""));
                msptk_string_free(text);
        }
        assert_true(*id);
        msptk_result_free(result);
        msptk_args_free(args);
}

static void do_rmm_deploy(msptk_toolkit *tk)
{
        msptk_result *result = NULL;
        char id[128];

        a_device(tk, id);
        must(msptk_rmm_adapter_deploy_agent(world(tk), id, &result, &err));
        msptk_result_free(result);
}

static void do_rmm_execute(msptk_toolkit *tk)
{
        static const char *const command[] = { "hostname", NULL };
        msptk_result *result = NULL;
        char id[128];

        a_device(tk, id);
        must(msptk_rmm_adapter_execute_command(world(tk), id, command, &result, &err));
        msptk_result_free(result);
}

static void do_rmm_alerts(msptk_toolkit *tk)
{
        msptk_result *result = NULL;

        must(msptk_rmm_adapter_get_alerts(world(tk), "acme-corp", 0, &result, &err));
        msptk_result_free(result);
}

static void do_vault_set(msptk_toolkit *tk)
{
        must(msptk_vault_set(msptk_toolkit_get_vault(tk), "a-name", "a secret", 8, &err));
}

static void do_vault_remove(msptk_toolkit *tk)
{
        do_vault_set(tk);
        must(msptk_vault_remove(msptk_toolkit_get_vault(tk), "a-name", &err));
}

static void do_call(msptk_toolkit *tk)
{
        msptk_args *args = msptk_args_new("client_create");
        msptk_result *result = NULL;

        must(msptk_args_set_str(args, "name", "Made By Call", &err));
        must(msptk_call(tk, args, NULL, &result, &err));
        msptk_result_free(result);
        msptk_args_free(args);
}

static void note_end(void *user, msptk_status st, const msptk_result *result,
                     const msptk_error *why)
{
        (void)result;
        (void)why;
        *(msptk_status *)user = st;
}

static void do_call_async(msptk_toolkit *tk)
{
        msptk_args *args = msptk_args_new("client_create");
        msptk_status ended = MSPTK_E_INTERNAL;

        must(msptk_args_set_str(args, "name", "Made Aside", &err));
        must(msptk_call_async(tk, args, NULL, note_end, &ended, NULL, &err));
        while (ended == MSPTK_E_INTERNAL)
                must(msptk_toolkit_dispatch(tk, 1000, &err));
        assert_int_equal(ended, MSPTK_OK);
        msptk_args_free(args);
}

enum {
        PLAIN, /* touches nothing that a toolkit keeps: memory, getters, builders, life cycle */
        READS,
        CHANGES
};

static const struct symbol {
        const char *name;
        int kind;
        const char *op; /* that it leaves in the trail */
        void (*call)(msptk_toolkit *tk);
} symbols[] = {
        { "msptk_alert_id", PLAIN, NULL, NULL },
        { "msptk_alert_json", PLAIN, NULL, NULL },
        { "msptk_alert_list_count", PLAIN, NULL, NULL },
        { "msptk_alert_list_free", PLAIN, NULL, NULL },
        { "msptk_alert_list_get", PLAIN, NULL, NULL },
        { "msptk_alert_manager_acknowledge", CHANGES, "alert_ack", do_alert_acknowledge },
        { "msptk_alert_manager_list", READS, "alert_list", do_alert_list },
        { "msptk_alert_manager_resolve", CHANGES, "alert_resolve", do_alert_resolve },
        { "msptk_alert_message", PLAIN, NULL, NULL },
        { "msptk_alert_severity", PLAIN, NULL, NULL },
        { "msptk_alert_status", PLAIN, NULL, NULL },
        { "msptk_args_free", PLAIN, NULL, NULL },
        { "msptk_args_from_json", PLAIN, NULL, NULL },
        { "msptk_args_new", PLAIN, NULL, NULL },
        { "msptk_args_set_int", PLAIN, NULL, NULL },
        { "msptk_args_set_json", PLAIN, NULL, NULL },
        { "msptk_args_set_list", PLAIN, NULL, NULL },
        { "msptk_args_set_str", PLAIN, NULL, NULL },
        { "msptk_call", CHANGES, "client_create", do_call },
        { "msptk_call_async", CHANGES, "client_create", do_call_async },
        { "msptk_call_opts_free", PLAIN, NULL, NULL },
        { "msptk_call_opts_new", PLAIN, NULL, NULL },
        { "msptk_call_opts_set_cancel", PLAIN, NULL, NULL },
        { "msptk_call_opts_set_int", PLAIN, NULL, NULL },
        { "msptk_call_opts_set_progress", PLAIN, NULL, NULL },
        { "msptk_call_opts_set_str", PLAIN, NULL, NULL },
        { "msptk_cancel_free", PLAIN, NULL, NULL },
        { "msptk_cancel_new", PLAIN, NULL, NULL },
        { "msptk_cancel_trigger", PLAIN, NULL, NULL },
        { "msptk_check_result_checked_at", PLAIN, NULL, NULL },
        { "msptk_check_result_json", PLAIN, NULL, NULL },
        { "msptk_check_result_message", PLAIN, NULL, NULL },
        { "msptk_check_result_name", PLAIN, NULL, NULL },
        { "msptk_check_result_status", PLAIN, NULL, NULL },
        { "msptk_check_results_count", PLAIN, NULL, NULL },
        { "msptk_check_results_free", PLAIN, NULL, NULL },
        { "msptk_check_results_get", PLAIN, NULL, NULL },
        { "msptk_check_results_summary", PLAIN, NULL, NULL },
        { "msptk_client_contact", PLAIN, NULL, NULL },
        { "msptk_client_free", PLAIN, NULL, NULL },
        { "msptk_client_id", PLAIN, NULL, NULL },
        { "msptk_client_json", PLAIN, NULL, NULL },
        { "msptk_client_list_count", PLAIN, NULL, NULL },
        { "msptk_client_list_free", PLAIN, NULL, NULL },
        { "msptk_client_list_get", PLAIN, NULL, NULL },
        { "msptk_client_manager_create", CHANGES, "client_create", do_client_create },
        { "msptk_client_manager_delete", CHANGES, "client_delete", do_client_delete },
        { "msptk_client_manager_get", READS, "client_get", do_client_get },
        { "msptk_client_manager_list", READS, "client_list", do_client_list },
        { "msptk_client_manager_update", CHANGES, "client_update", do_client_update },
        { "msptk_client_name", PLAIN, NULL, NULL },
        { "msptk_client_rmm_id", PLAIN, NULL, NULL },
        { "msptk_client_status", PLAIN, NULL, NULL },
        { "msptk_client_tier", PLAIN, NULL, NULL },
        { "msptk_device_free", PLAIN, NULL, NULL },
        { "msptk_device_id", PLAIN, NULL, NULL },
        { "msptk_device_json", PLAIN, NULL, NULL },
        { "msptk_device_list_count", PLAIN, NULL, NULL },
        { "msptk_device_list_free", PLAIN, NULL, NULL },
        { "msptk_device_list_get", PLAIN, NULL, NULL },
        { "msptk_device_manager_add", CHANGES, "device_add", do_device_add },
        { "msptk_device_manager_get", READS, "device_get", do_device_get },
        { "msptk_device_manager_list", READS, "device_list", do_device_list },
        { "msptk_device_manager_remove", CHANGES, "device_remove", do_device_remove },
        { "msptk_device_name", PLAIN, NULL, NULL },
        { "msptk_device_status", PLAIN, NULL, NULL },
        { "msptk_error_adapter", PLAIN, NULL, NULL },
        { "msptk_error_cause", PLAIN, NULL, NULL },
        { "msptk_error_client_id", PLAIN, NULL, NULL },
        { "msptk_error_code", PLAIN, NULL, NULL },
        { "msptk_error_domain", PLAIN, NULL, NULL },
        { "msptk_error_free", PLAIN, NULL, NULL },
        { "msptk_error_http_status", PLAIN, NULL, NULL },
        { "msptk_error_is_retriable", PLAIN, NULL, NULL },
        { "msptk_error_message", PLAIN, NULL, NULL },
        { "msptk_error_reason", PLAIN, NULL, NULL },
        { "msptk_error_retry_after_ms", PLAIN, NULL, NULL },
        { "msptk_error_set", PLAIN, NULL, NULL },
        { "msptk_error_set_vendor", PLAIN, NULL, NULL },
        { "msptk_error_status", PLAIN, NULL, NULL },
        { "msptk_error_suggestion", PLAIN, NULL, NULL },
        { "msptk_error_to_json", PLAIN, NULL, NULL },
        { "msptk_error_vendor_code", PLAIN, NULL, NULL },
        { "msptk_fini", PLAIN, NULL, NULL },
        { "msptk_health_monitor_configure", CHANGES, "health_configure", do_health_configure },
        { "msptk_health_monitor_get_history", READS, "health_history", do_health_history },
        { "msptk_health_monitor_get_status_summary", READS, "health_status", do_health_summary },
        { "msptk_health_monitor_run_checks", CHANGES, "health_check", do_health_run },
        { "msptk_init", PLAIN, NULL, NULL },
        { "msptk_json_append", PLAIN, NULL, NULL },
        { "msptk_json_append_string", PLAIN, NULL, NULL },
        { "msptk_json_bool", PLAIN, NULL, NULL },
        { "msptk_json_copy", PLAIN, NULL, NULL },
        { "msptk_json_count", PLAIN, NULL, NULL },
        { "msptk_json_double", PLAIN, NULL, NULL },
        { "msptk_json_first", PLAIN, NULL, NULL },
        { "msptk_json_free", PLAIN, NULL, NULL },
        { "msptk_json_get", PLAIN, NULL, NULL },
        { "msptk_json_int", PLAIN, NULL, NULL },
        { "msptk_json_key", PLAIN, NULL, NULL },
        { "msptk_json_new_array", PLAIN, NULL, NULL },
        { "msptk_json_new_object", PLAIN, NULL, NULL },
        { "msptk_json_next", PLAIN, NULL, NULL },
        { "msptk_json_parse", PLAIN, NULL, NULL },
        { "msptk_json_print", PLAIN, NULL, NULL },
        { "msptk_json_remove", PLAIN, NULL, NULL },
        { "msptk_json_set", PLAIN, NULL, NULL },
        { "msptk_json_set_bool", PLAIN, NULL, NULL },
        { "msptk_json_set_double", PLAIN, NULL, NULL },
        { "msptk_json_set_int", PLAIN, NULL, NULL },
        { "msptk_json_set_null", PLAIN, NULL, NULL },
        { "msptk_json_set_string", PLAIN, NULL, NULL },
        { "msptk_json_string", PLAIN, NULL, NULL },
        { "msptk_json_type", PLAIN, NULL, NULL },
        { "msptk_operations", PLAIN, NULL, NULL },
        { "msptk_result_free", PLAIN, NULL, NULL },
        { "msptk_result_json", PLAIN, NULL, NULL },
        { "msptk_result_next", PLAIN, NULL, NULL },
        { "msptk_result_verdict", PLAIN, NULL, NULL },
        { "msptk_rmm_adapter_deploy_agent", CHANGES, "agent_deploy", do_rmm_deploy },
        { "msptk_rmm_adapter_execute_command", CHANGES, "command_run", do_rmm_execute },
        { "msptk_rmm_adapter_get_alerts", READS, "adapter_alerts", do_rmm_alerts },
        { "msptk_rmm_adapter_get_devices", CHANGES, "device_scan", do_rmm_devices },
        { "msptk_status_name", PLAIN, NULL, NULL },
        { "msptk_string_free", PLAIN, NULL, NULL },
        { "msptk_toolkit_close", PLAIN, NULL, NULL },
        { "msptk_toolkit_dispatch", PLAIN, NULL, NULL },
        { "msptk_toolkit_free", PLAIN, NULL, NULL },
        { "msptk_toolkit_from_config", PLAIN, NULL, NULL },
        { "msptk_toolkit_get_alert_manager", PLAIN, NULL, NULL },
        { "msptk_toolkit_get_client_manager", PLAIN, NULL, NULL },
        { "msptk_toolkit_get_device_manager", PLAIN, NULL, NULL },
        { "msptk_toolkit_get_health_monitor", PLAIN, NULL, NULL },
        { "msptk_toolkit_get_rmm_adapter", PLAIN, NULL, NULL },
        { "msptk_toolkit_get_vault", PLAIN, NULL, NULL },
        { "msptk_toolkit_open", PLAIN, NULL, NULL },
        { "msptk_toolkit_opts_free", PLAIN, NULL, NULL },
        { "msptk_toolkit_opts_new", PLAIN, NULL, NULL },
        { "msptk_toolkit_opts_set", PLAIN, NULL, NULL },
        { "msptk_toolkit_opts_set_clock", PLAIN, NULL, NULL },
        { "msptk_toolkit_opts_set_config_path", PLAIN, NULL, NULL },
        { "msptk_toolkit_opts_set_flags", PLAIN, NULL, NULL },
        { "msptk_toolkit_opts_set_log", PLAIN, NULL, NULL },
        { "msptk_toolkit_register_adapter", PLAIN, NULL, NULL },
        { "msptk_toolkit_register_plugin", PLAIN, NULL, NULL },
        { "msptk_toolkit_wakeup_fd", PLAIN, NULL, NULL },
        { "msptk_vault_remove", CHANGES, "secret_remove", do_vault_remove },
        { "msptk_vault_set", CHANGES, "secret_set", do_vault_set },
        { "msptk_version_number", PLAIN, NULL, NULL },
        { "msptk_version_string", PLAIN, NULL, NULL },
};
enum { SYMBOL_COUNT = sizeof(symbols) / sizeof(symbols[0]) };

static const struct symbol *symbol_of(const char *name)
{
        for (size_t i = 0; i < SYMBOL_COUNT; i++)
                if (!strcmp(symbols[i].name, name))
                        return &symbols[i];
        return NULL;
}

/* Calls `fn` for each symbol of the map. */
static size_t each_mapped(void (*fn)(void *user, const char *name), void *user)
{
        FILE *f = fopen(TEST_SOURCE_ROOT "/lib/msptk.map", "r");
        char line[256], name[128];
        size_t n = 0;

        assert_non_null(f);
        while (fgets(line, sizeof(line), f))
                if (sscanf(line, " %127[a-z_0-9];", name) == 1 && !strncmp(name, "msptk_", 6)) {
                        fn(user, name);
                        n++;
                }
        fclose(f);
        return n;
}

static void must_be_known(void *user, const char *name)
{
        (void)user;
        if (!symbol_of(name))
                fail_msg("'%s' is exported: say in tests/api/doors.c whether it reads or changes",
                         name);
}

static void every_exported_symbol_says_what_it_does(void **state)
{
        (void)state;
        assert_true(each_mapped(must_be_known, NULL) > 100);
}

/* How many entries of the trail are of this operation, by msptk_call() itself. */
static int entries_of(msptk_toolkit *tk, const char *op)
{
        msptk_args *args = msptk_args_new("audit_list");
        msptk_result *result = NULL;
        const msptk_json *row;
        int n = 0;

        must(msptk_args_set_str(args, "operation", op, &err));
        must(msptk_call(tk, args, NULL, &result, &err));
        while (msptk_result_next(result, &row, &err) == MSPTK_OK) {
                assert_string_equal(msptk_json_string(msptk_json_get(row, "operation"), ""), op);
                n++;
        }
        msptk_result_free(result);
        msptk_args_free(args);
        return n;
}

static void call_it(void *user, const char *name)
{
        const struct symbol *s = symbol_of(name);
        int before;

        if (!s || s->kind == PLAIN)
                return;
        before = entries_of(user, s->op);
        s->call(user);
        if (entries_of(user, s->op) <= before)
                fail_msg("%s left no entry '%s' in the audit trail", name, s->op);
}

static int verdict_of(msptk_toolkit *tk, const char *operation)
{
        msptk_args *args = msptk_args_new(operation);
        msptk_result *result = NULL;
        int verdict;

        must(msptk_call(tk, args, NULL, &result, &err));
        verdict = msptk_result_verdict(result);
        msptk_result_free(result);
        msptk_args_free(args);
        return verdict;
}

static void what_reads_or_changes_leaves_a_row_in_the_trail(void **state)
{
        each_mapped(call_it, *state);
        assert_int_equal(verdict_of(*state, "audit_verify"), 0);
}

/* Each row of the table, without arguments: what needs some says so, and nothing is unknown. */
static void every_operation_is_reached_by_its_name(void **state)
{
        msptk_json *table = NULL;
        size_t n = 0;

        must(msptk_operations(&table, &err));
        for (const msptk_json *op = msptk_json_first(msptk_json_get(table, "operations")); op;
             op = msptk_json_next(op)) {
                const char *name = msptk_json_string(msptk_json_get(op, "name"), "");
                bool required = msptk_json_count(msptk_json_get(msptk_json_get(op, "input_schema"),
                                                                "required")) > 0;
                msptk_args *args = msptk_args_new(name);
                msptk_call_opts *opts = msptk_call_opts_new();
                msptk_result *result = NULL;
                msptk_status st;

                n++;
                must(msptk_call_opts_set_int(opts, "read_only", 1, &err));
                st = msptk_call(*state, args, opts, &result, &err);
                if (required) {
                        assert_int_equal(st, MSPTK_E_INVALID);
                        assert_string_equal(msptk_error_reason(err), "MISSING_PARAMETER");
                } else if (strcmp(msptk_json_string(msptk_json_get(op, "effect"), ""), "read") !=
                           0) {
                        if (st != MSPTK_E_DENIED)
                                fail_msg("%s was done in read-only mode", name);
                } else if (st < 0 && (st == MSPTK_E_INTERNAL ||
                                      !strcmp(msptk_error_reason(err), "UNKNOWN_OPERATION"))) {
                        fail_msg("%s: %s", name, msptk_error_message(err));
                }
                msptk_error_free(err);
                err = NULL;
                msptk_result_free(result);
                msptk_call_opts_free(opts);
                msptk_args_free(args);
        }
        assert_true(n > 10);
        msptk_json_free(table);
}

static void an_unknown_operation_names_the_nearest(void **state)
{
        msptk_args *args = msptk_args_new("client_lst");
        msptk_result *result = NULL;

        assert_int_equal(msptk_call(*state, args, NULL, &result, &err), MSPTK_E_INVALID);
        assert_string_equal(msptk_error_reason(err), "UNKNOWN_OPERATION");
        assert_non_null(strstr(msptk_error_message(err), "did you mean 'client_list'"));
        assert_null(result);
        msptk_error_free(err);
        err = NULL;
        msptk_args_free(args);
}

static int open_world(void **state)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_toolkit *tk = NULL;

        must(msptk_toolkit_opts_set(
                opts, "adapters",
                "[{name: world, type: fake, devices: 3, problems: 1, deploy_calls: 1}]", &err));
        must(msptk_toolkit_open(opts, &tk, &err));
        msptk_toolkit_opts_free(opts);
        must(msptk_client_manager_create(msptk_toolkit_get_client_manager(tk), "Acme Corp", NULL,
                                         NULL, &err));
        must(msptk_client_manager_create(msptk_toolkit_get_client_manager(tk), "Goes Away", NULL,
                                         NULL, &err));
        *state = tk;
        return 0;
}

static int close_world(void **state)
{
        must(msptk_toolkit_close(*state, 10000, &err));
        msptk_toolkit_free(*state);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_exported_symbol_says_what_it_does),
                cmocka_unit_test(what_reads_or_changes_leaves_a_row_in_the_trail),
                cmocka_unit_test(every_operation_is_reached_by_its_name),
                cmocka_unit_test(an_unknown_operation_names_the_nearest),
        };
        return cmocka_run_group_tests(tests, open_world, close_world);
}
