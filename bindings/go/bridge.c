/* Calls and errors in one crossing each, and the callbacks of calls and toolkits. */
#include "bridge.h"

#include <string.h>

void bridge_error_view(const msptk_error *err, bridge_error *out)
{
        *out = (bridge_error){
                .retry_after_ms = msptk_error_retry_after_ms(err),
                .status = msptk_error_status(err),
                .retriable = msptk_error_is_retriable(err),
                .http_status = msptk_error_http_status(err),
                .code = msptk_error_code(err),
                .reason = msptk_error_reason(err),
                .message = msptk_error_message(err),
                .suggestion = msptk_error_suggestion(err),
                .domain = msptk_error_domain(err),
                .vendor_code = msptk_error_vendor_code(err),
                .adapter = msptk_error_adapter(err),
                .client_id = msptk_error_client_id(err),
                .cause = (msptk_error *)msptk_error_cause(err),
        };
}

static void print(const msptk_json *json, bridge_reply *reply)
{
        reply->status = msptk_json_print(json, 0, &reply->text, &reply->err);
        reply->len = reply->text ? strlen(reply->text) : 0;
}

bridge_reply bridge_call(msptk_toolkit *tk, const char *ask, size_t json, size_t len,
                         const msptk_call_opts *opts, int32_t keep)
{
        bridge_reply reply = { 0 };
        msptk_json *values = NULL;
        msptk_args *args = NULL;

        reply.status = msptk_json_parse(ask + json, len - json, &values, &reply.err);
        if (reply.status == MSPTK_OK)
                reply.status = msptk_args_from_json(ask, values, &args, &reply.err);
        if (reply.status == MSPTK_OK)
                reply.status = msptk_call(tk, args, opts, &reply.result, &reply.err);
        msptk_args_free(args);
        msptk_json_free(values);
        if (reply.status != MSPTK_OK)
                return reply;
        reply.verdict = msptk_result_verdict(reply.result);
        if (keep)
                return reply;
        print(msptk_result_json(reply.result), &reply);
        msptk_result_free(reply.result);
        reply.result = NULL;
        return reply;
}

bridge_reply bridge_next(msptk_result *result)
{
        bridge_reply reply = { 0 };
        const msptk_json *row = NULL;

        reply.status = msptk_result_next(result, &row, &reply.err);
        if (reply.status == MSPTK_OK)
                print(row, &reply);
        return reply;
}

bridge_reply bridge_whole(msptk_result *result)
{
        bridge_reply reply = { .verdict = msptk_result_verdict(result) };

        print(msptk_result_json(result), &reply);
        return reply;
}

static int32_t on_progress(void *user, int64_t done, int64_t total, const char *what)
{
        return goProgress((uintptr_t)user, done, total, (char *)what);
}

void bridge_set_progress(msptk_call_opts *opts, uintptr_t user)
{
        msptk_call_opts_set_progress(opts, on_progress, (void *)user, NULL);
}

static int64_t on_clock(void *user)
{
        return goClock((uintptr_t)user);
}

void bridge_set_clock(msptk_toolkit_opts *opts, uintptr_t user)
{
        msptk_toolkit_opts_set_clock(opts, on_clock, (void *)user);
}

static void on_log(void *user, int32_t level, const char *room, const char *message)
{
        goLog((uintptr_t)user, level, (char *)room, (char *)message);
}

void bridge_set_log(msptk_toolkit_opts *opts, uintptr_t user)
{
        msptk_toolkit_opts_set_log(opts, on_log, (void *)user);
}
