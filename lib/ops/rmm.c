/* The functions of one adapter by name that give a whole result. They stand here and not in
 * lib/devices because only this room makes an msptk_result. */
#define ROOM "ops"
#include <msptk/device.h>

#include "ops/ops.h"
#include "toolkit/toolkit.h"

static inline void auto_args(msptk_args **args)
{
        msptk_args_free(*args);
}
#define AUTO_ARGS __attribute__((cleanup(auto_args)))

/* Arguments of `operation`, with the adapter named. */
static msptk_status begin(const msptk_rmm_adapter *rmm, const char *operation, msptk_args **ret,
                          msptk_error **ret_err)
{
        const manager *m = (const manager *)(const void *)rmm;

        if (!m || m->kind != KIND_MANAGER || !m->name)
                return fail(ret_err, MSPTK_E_INVALID, "not an adapter of an open toolkit");
        *ret = msptk_args_new(operation);
        if (!*ret)
                return msptk__nomem(ret_err);
        return msptk_args_set_str(*ret, "adapter", m->name, ret_err);
}

static msptk_status call(const msptk_rmm_adapter *rmm, const msptk_args *args,
                         msptk_result **ret_result, msptk_error **ret_err)
{
        const manager *m = (const manager *)(const void *)rmm;

        return msptk_call(msptk__toolkit_of(m->c), args, NULL, ret_result, ret_err);
}

msptk_status msptk_rmm_adapter_deploy_agent(msptk_rmm_adapter *rmm, const char *device_id,
                                            msptk_result **ret_result, msptk_error **ret_err)
{
        AUTO_ARGS msptk_args *args = NULL;

        TRY(begin(rmm, "agent_deploy", &args, ret_err));
        TRY(msptk_args_set_str(args, "device_id", device_id, ret_err));
        return call(rmm, args, ret_result, ret_err);
}

msptk_status msptk_rmm_adapter_execute_command(msptk_rmm_adapter *rmm, const char *device_id,
                                               const char *const *command,
                                               msptk_result **ret_result, msptk_error **ret_err)
{
        AUTO_ARGS msptk_args *args = NULL;
        AUTO_JSON msptk_json *argv = msptk_json_new_array();

        if (!argv)
                return msptk__nomem(ret_err);
        TRY(begin(rmm, "command_run", &args, ret_err));
        TRY(msptk_args_set_str(args, "device_id", device_id, ret_err));
        for (; command && *command; command++) {
                msptk_status st = msptk_json_append_string(argv, *command);

                if (st == MSPTK_E_NOMEM)
                        return msptk__nomem(ret_err);
                if (st < 0)
                        return fail(ret_err, MSPTK_E_INVALID,
                                    "a word of the command is not valid UTF-8");
        }
        TRY(msptk_args_set_json(args, "argv", argv, ret_err));
        return call(rmm, args, ret_result, ret_err);
}

msptk_status msptk_rmm_adapter_get_alerts(msptk_rmm_adapter *rmm, const char *client_id,
                                          int64_t since, msptk_result **ret_result,
                                          msptk_error **ret_err)
{
        AUTO_ARGS msptk_args *args = NULL;
        char text[TIME_TEXT_MAX];

        TRY(begin(rmm, "adapter_alerts", &args, ret_err));
        TRY(msptk_args_set_str(args, "client_id", client_id, ret_err));
        if (since > 0) {
                msptk__time_format(since, text);
                TRY(msptk_args_set_str(args, "since", text, ret_err));
        }
        return call(rmm, args, ret_result, ret_err);
}
