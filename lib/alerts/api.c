/* The typed functions of <msptk/alert.h>. */
#define ROOM "alerts"
#include <msptk/alert.h>

#include "alerts/alerts.h"

msptk_status msptk_alert_manager_list(msptk_alert_manager *am, const msptk_args *args,
                                      msptk_alert_list **ret_list, msptk_error **ret_err)
{
        msptk_json *json = NULL;

        TRY(msptk__typed_list(am, "alert_list", args, NULL, "alerts", &json, ret_err));
        return msptk__record_list_new(KIND_ALERT, json, "alerts", (record_list **)ret_list,
                                      ret_err);
}

static msptk_status decide(msptk_alert_manager *am, const char *operation, const char *alert_id,
                           const char *note, msptk_error **ret_err)
{
        const typed_value more[] = { { "alert_id", alert_id }, { "note", note }, { 0 } };
        msptk_json *json = NULL;

        TRY(msptk__typed_call(am, operation, NULL, more, NULL, &json, ret_err));
        msptk_json_free(json);
        return MSPTK_OK;
}

msptk_status msptk_alert_manager_acknowledge(msptk_alert_manager *am, const char *alert_id,
                                             const char *note, msptk_error **ret_err)
{
        return decide(am, "alert_ack", alert_id, note, ret_err);
}

msptk_status msptk_alert_manager_resolve(msptk_alert_manager *am, const char *alert_id,
                                         const char *note, msptk_error **ret_err)
{
        return decide(am, "alert_resolve", alert_id, note, ret_err);
}

const char *msptk_alert_id(const msptk_alert *alert)
{
        return msptk__record_str((const record *)alert, KIND_ALERT, "id");
}

const char *msptk_alert_status(const msptk_alert *alert)
{
        return msptk__record_str((const record *)alert, KIND_ALERT, "status");
}

const char *msptk_alert_severity(const msptk_alert *alert)
{
        return msptk__record_str((const record *)alert, KIND_ALERT, "severity");
}

const char *msptk_alert_message(const msptk_alert *alert)
{
        return msptk__record_str((const record *)alert, KIND_ALERT, "message");
}

const msptk_json *msptk_alert_json(const msptk_alert *alert)
{
        return msptk__record_json((const record *)alert, KIND_ALERT);
}

size_t msptk_alert_list_count(const msptk_alert_list *list)
{
        return msptk__record_list_count((const record_list *)list, KIND_ALERT);
}

const msptk_alert *msptk_alert_list_get(const msptk_alert_list *list, size_t index)
{
        return (const msptk_alert *)msptk__record_list_at((const record_list *)list, KIND_ALERT,
                                                          index);
}

void msptk_alert_list_free(msptk_alert_list *list)
{
        msptk__record_list_free((record_list *)list, KIND_ALERT);
}
