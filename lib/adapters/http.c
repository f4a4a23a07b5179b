/* HTTP for adapters. */
#define ROOM "adapters"
#include "adapters/internal.h"

msptk_status msptk__host_http(const msptk_request *req, const msptk_http_request *in,
                              msptk_http_reply *ret_reply, msptk_error **ret_err)
{
        (void)in;
        (void)ret_reply;
        return fail(ret_err, MSPTK_E_UNSUPPORTED,
                    "adapter '%s' asked for HTTP, which this version lacks", req->i->info.name);
}
