/* The work of the operations on the configuration; they run without a store. */
#define ROOM "ops"
#include "ops/admin.h"

#include <string.h>

#include "config/config.h"
#include "toolkit/toolkit.h"

msptk_status msptk__op_config_show(act *a, const msptk_json *args, msptk_json **ret,
                                   msptk_error **ret_err)
{
        AUTO_JSON msptk_json *view = NULL;
        AUTO_OBJ json_obj o = msptk__obj();

        (void)args;
        TRY(msptk__config_show(msptk__act_ctx(a)->config, &view, ret_err));
        msptk__obj_str(&o, "schema", "msptk.config/1");
        for (const msptk_json *v = msptk_json_first(view); v; v = msptk_json_next(v))
                msptk__obj_copy(&o, msptk_json_key(v), v);
        return msptk__obj_end(&o, ret, ret_err);
}

/* The worst level of the findings as a check status. */
static const char *findings_status(const msptk_json *findings)
{
        const char *status = "ok";

        for (const msptk_json *f = msptk_json_first(findings); f; f = msptk_json_next(f)) {
                const char *level = msptk_json_string(msptk_json_get(f, "level"), "");

                if (!strcmp(level, "error"))
                        return "critical";
                if (!strcmp(level, "warning"))
                        status = "warning";
        }
        return status;
}

/* Opens the configuration anew and leniently, so that every problem is found and not only the
 * first. */
msptk_status msptk__op_config_check(act *a, const msptk_json *args, msptk_json **ret,
                                    msptk_error **ret_err)
{
        AUTO_CONFIG config *lenient = NULL;
        AUTO_JSON msptk_json *findings = NULL;
        AUTO_OBJ json_obj o = msptk__obj();
        const char *file;

        (void)args;
        TRY(msptk__toolkit_config_lenient(msptk__act_ctx(a), &lenient, ret_err));
        TRY(msptk__config_check(lenient, NULL, &findings, ret_err));
        file = msptk__config_file(lenient);
        msptk__obj_str(&o, "schema", "msptk.config_check/1");
        msptk__obj_str_or_null(&o, "file", file);
        msptk__obj_str(&o, "status", findings_status(findings));
        msptk__obj_json(&o, "findings", STEAL(findings));
        return msptk__obj_end(&o, ret, ret_err);
}

msptk_status msptk__op_config_explain(act *a, const msptk_json *args, msptk_json **ret,
                                      msptk_error **ret_err)
{
        AUTO_JSON msptk_json *view = NULL;
        AUTO_OBJ json_obj o = msptk__obj();

        TRY(msptk__config_explain(msptk__act_ctx(a)->config,
                                  msptk_json_string(msptk_json_get(args, "key"), ""), &view,
                                  ret_err));
        msptk__obj_str(&o, "schema", "msptk.config_value/1");
        for (const msptk_json *v = msptk_json_first(view); v; v = msptk_json_next(v))
                msptk__obj_copy(&o, msptk_json_key(v), v);
        return msptk__obj_end(&o, ret, ret_err);
}
