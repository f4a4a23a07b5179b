/* The error as JSON, in the shape that every door shows. */
#include "base/base.h"

enum { ERROR_TEXT_MAX = 256 * 1024, CAUSES_MAX = 16 };

static void put_known(json_writer *w, const char *key, const char *text)
{
        if (*text)
                msptk__jw_put_string(w, key, text);
}

/* Without recursion: each cause is a member of the one above, and all are closed at the end. */
static void put_causes(json_writer *w, const msptk_error *err)
{
        int32_t open = 0;

        for (err = msptk_error_cause(err); err && open < CAUSES_MAX; err = msptk_error_cause(err)) {
                msptk__jw_key(w, "cause");
                msptk__jw_object_begin(w);
                open++;
                msptk__jw_put_string(w, "message", msptk_error_message(err));
                msptk__jw_put_string(w, "status", msptk_status_name(msptk_error_status(err)));
                msptk__jw_put_string(w, "domain", msptk_error_domain(err));
        }
        while (open--)
                msptk__jw_object_end(w);
}

static void put_details(json_writer *w, const msptk_error *err)
{
        msptk__jw_put_string(w, "reason", msptk_error_reason(err));
        msptk__jw_put_string(w, "suggestion", msptk_error_suggestion(err));
        msptk__jw_put_string(w, "status", msptk_status_name(msptk_error_status(err)));
        msptk__jw_put_string(w, "domain", msptk_error_domain(err));
        if (msptk_error_http_status(err))
                msptk__jw_put_int(w, "http_status", msptk_error_http_status(err));
        put_known(w, "vendor_code", msptk_error_vendor_code(err));
        put_known(w, "adapter", msptk_error_adapter(err));
        put_known(w, "client_id", msptk_error_client_id(err));
        if (msptk_error_is_retriable(err))
                msptk__jw_put_bool(w, "retriable", true);
        if (msptk_error_retry_after_ms(err))
                msptk__jw_put_int(w, "retry_after_ms", msptk_error_retry_after_ms(err));
        put_causes(w, err);
}

msptk_status msptk_error_to_json(const msptk_error *err, char **ret_text)
{
        AUTO_BUF buf out = BUF_INIT(ERROR_TEXT_MAX);
        json_writer w;
        char *text;

        if (!err || !ret_text)
                return MSPTK_E_INVALID;
        msptk__jw_init(&w, &out, 0);
        msptk__jw_object_begin(&w);
        msptk__jw_put_string(&w, "code", msptk_error_code(err));
        msptk__jw_put_string(&w, "message", msptk_error_message(err));
        msptk__jw_key(&w, "details");
        msptk__jw_object_begin(&w);
        put_details(&w, err);
        msptk__jw_object_end(&w);
        msptk__jw_object_end(&w);
        TRY(msptk__jw_finish(&w));
        text = msptk__buf_steal(&out);
        if (!text)
                return MSPTK_E_NOMEM;
        *ret_text = text;
        return MSPTK_OK;
}
