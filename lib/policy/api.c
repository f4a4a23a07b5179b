/* The typed function of <msptk/health.h> that belongs to policy. */
#define ROOM "policy"
#include <msptk/health.h>

#include "policy/policy.h"

msptk_status msptk_health_monitor_configure(msptk_health_monitor *hm, const msptk_args *args,
                                            msptk_error **ret_err)
{
        msptk_json *json = NULL;

        TRY(msptk__typed_call(hm, "health_configure", args, NULL, NULL, &json, ret_err));
        msptk_json_free(json);
        return MSPTK_OK;
}
