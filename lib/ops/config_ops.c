/* The work of the operations on the configuration; they run without a store. */
#define ROOM "ops"
#include "ops/admin.h"

#include <string.h>

#include "adapters/adapters.h"
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

static void put_number(json_obj *o, const char *key, int32_t number)
{
        if (number > 0)
                msptk__obj_int(o, key, number);
        else
                msptk__obj_null(o, key);
}

/* "adapters[0].colour", or the entry as a whole. */
static msptk_status put_key(json_obj *o, const instance_info *info, msptk_error **ret_err)
{
        AUTO_BUF buf key = BUF_INIT(4096);

        (void)msptk__buf_add_str(&key, info->origin);
        if (info->bad_setting)
                (void)msptk__buf_addf(&key, ".%s", info->bad_setting);
        TRY(msptk__buf_status(&key, ROOM, "a key", ret_err));
        msptk__obj_str(o, "key", msptk__buf_text(&key));
        return MSPTK_OK;
}

/* Settings that an adapter of the library does not know; those of an embedder's own kinds are his
 * to check. */
static msptk_status add_adapter_problems(registry *r, const config *lenient, msptk_json *findings,
                                         msptk_error **ret_err)
{
        for (size_t n = msptk__instance_count(r), i = 0; i < n; i++) {
                const instance_info *info = msptk__instance_info(msptk__instance_at(r, i));
                const config_adapter *at = msptk__config_adapter_find(lenient, info->name);
                AUTO_OBJ json_obj o = msptk__obj();
                msptk_json *finding = NULL;
                int32_t line, column = 0;

                if (!at || !info->problem || !info->capabilities)
                        continue;
                msptk__obj_str(&o, "level", "error");
                line = at->line;
                if (info->bad_setting)
                        (void)msptk__config_adapter_place(lenient, at, info->bad_setting, &line,
                                                          &column);
                TRY(put_key(&o, info, ret_err));
                msptk__obj_str(&o, "message", info->problem);
                msptk__obj_str_or_null(&o, "suggestion", NULL);
                msptk__obj_str_or_null(&o, "file", at->file);
                put_number(&o, "line", line);
                put_number(&o, "column", column);
                TRY(msptk__obj_end(&o, &finding, ret_err));
                if (msptk_json_append(findings, finding) < 0)
                        return msptk__nomem(ret_err);
        }
        return MSPTK_OK;
}

static msptk_status check_adapters(const ctx *host, config *lenient, msptk_json *findings,
                                   msptk_error **ret_err)
{
        ctx c = *host; /* with the configuration that is looked at */
        registry *r = NULL;
        msptk_status st;

        c.config = lenient;
        TRY(msptk__registry_open(&c, &r, ret_err));
        st = add_adapter_problems(r, lenient, findings, ret_err);
        msptk__registry_close(r);
        return st;
}

/* Opens the configuration anew and leniently, so that every problem is found and not only the
 * first. */
msptk_status msptk__op_config_check(act *a, const msptk_json *args, msptk_json **ret,
                                    msptk_error **ret_err)
{
        AUTO_CONFIG config *lenient = NULL;
        AUTO_JSON msptk_json *findings = NULL;
        AUTO_OBJ json_obj o = msptk__obj();
        registry *r = msptk__act_ctx(a)->registry;
        const char *const *types = r ? msptk__registry_types(r) : NULL;
        const char *file;

        (void)args;
        TRY(msptk__toolkit_config_lenient(msptk__act_ctx(a), &lenient, ret_err));
        TRY(msptk__config_check(lenient, types, &findings, ret_err));
        TRY(check_adapters(msptk__act_ctx(a), lenient, findings, ret_err));
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
        return msptk__config_explain(msptk__act_ctx(a)->config,
                                     msptk_json_string(msptk_json_get(args, "key"), ""), ret,
                                     ret_err);
}
