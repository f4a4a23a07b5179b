/* The typed functions of <msptk/health.h>, but the one that configures. */
#define ROOM "health"
#include <msptk/health.h>

#include "audit/audit.h"
#include "health/health.h"

msptk_status msptk_health_monitor_run_checks(msptk_health_monitor *hm, const char *client_id,
                                             const msptk_args *args, const msptk_call_opts *opts,
                                             msptk_check_results **ret_results,
                                             msptk_error **ret_err)
{
        const typed_value more[] = { { "client_id", client_id }, { 0 } };
        msptk_json *json = NULL;

        if (!ret_results)
                return fail(ret_err, MSPTK_E_INVALID, "run checks: nowhere to put the results");
        TRY(msptk__typed_list_opts(hm, "health_check", args, more, opts, "results", &json,
                                   ret_err));
        return msptk__record_list_new(KIND_CHECK_RESULT, json, "results",
                                      (record_list **)ret_results, ret_err);
}

msptk_status msptk_health_monitor_get_history(msptk_health_monitor *hm, const char *client_id,
                                              const msptk_args *args,
                                              msptk_check_results **ret_results,
                                              msptk_error **ret_err)
{
        const typed_value more[] = { { "client_id", client_id }, { 0 } };
        msptk_json *json = NULL;

        if (!ret_results)
                return fail(ret_err, MSPTK_E_INVALID, "get history: nowhere to put the results");
        TRY(msptk__typed_list(hm, "health_history", args, more, "results", &json, ret_err));
        return msptk__record_list_new(KIND_CHECK_RESULT, json, "results",
                                      (record_list **)ret_results, ret_err);
}

msptk_status msptk_health_monitor_get_status_summary(msptk_health_monitor *hm,
                                                     const char *client_id,
                                                     msptk_json **ret_summary,
                                                     msptk_error **ret_err)
{
        const typed_value more[] = { { "client_id", client_id }, { 0 } };
        AUTO_JSON msptk_json *json = NULL;
        msptk_json *copy;

        if (!client_id || !ret_summary)
                return fail(ret_err, MSPTK_E_INVALID,
                            "get a status summary: no client, or nowhere to put it");
        TRY(msptk__typed_call(hm, "health_status", NULL, more, NULL, &json, ret_err));
        copy = msptk_json_copy(msptk_json_first(msptk_json_get(json, "clients")));
        if (!copy)
                return msptk__nomem(ret_err);
        *ret_summary = copy;
        return MSPTK_OK;
}

size_t msptk_check_results_count(const msptk_check_results *list)
{
        return msptk__record_list_count((const record_list *)list, KIND_CHECK_RESULT);
}

const msptk_check_result *msptk_check_results_get(const msptk_check_results *list, size_t index)
{
        return (const msptk_check_result *)msptk__record_list_at((const record_list *)list,
                                                                 KIND_CHECK_RESULT, index);
}

void msptk_check_results_free(msptk_check_results *list)
{
        msptk__record_list_free((record_list *)list, KIND_CHECK_RESULT);
}

const msptk_json *msptk_check_results_summary(const msptk_check_results *list)
{
        const record_list *l = (const record_list *)list;

        if (!l || l->kind != KIND_CHECK_RESULT + KIND_LIST || !msptk_json_get(l->doc, "run_id"))
                return NULL;
        return l->doc;
}

const char *msptk_check_result_name(const msptk_check_result *result)
{
        return msptk__record_str((const record *)result, KIND_CHECK_RESULT, "name");
}

const char *msptk_check_result_status(const msptk_check_result *result)
{
        return msptk__record_str((const record *)result, KIND_CHECK_RESULT, "status");
}

const char *msptk_check_result_message(const msptk_check_result *result)
{
        return msptk__record_str((const record *)result, KIND_CHECK_RESULT, "message");
}

int64_t msptk_check_result_checked_at(const msptk_check_result *result)
{
        const char *text =
                msptk__record_str((const record *)result, KIND_CHECK_RESULT, "checked_at");
        int64_t at = 0;

        return msptk__time_parse(text, &at, NULL) == MSPTK_OK ? at : 0;
}

const msptk_json *msptk_check_result_json(const msptk_check_result *result)
{
        return msptk__record_json((const record *)result, KIND_CHECK_RESULT);
}
