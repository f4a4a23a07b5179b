/* Errors as values. An error is one allocation per text; out of memory is a static object. */
#define ROOM "base"
#include "base/base.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct msptk_error {
        msptk_status status;
        const char *domain;
        char *message;
        char *reason;
        char *suggestion;
        char *vendor_code;
        char *adapter;
        char *client_id;
        int32_t retriable;
        int32_t http_status;
        int64_t retry_after_ms;
        msptk_error *cause;
};

enum { MESSAGE_MAX = 4096 };

static msptk_error nomem_error = {
        .status = MSPTK_E_NOMEM,
        .domain = "base",
};

static const struct status_row {
        msptk_status status;
        const char *name;
        const char *code;
        int32_t retriable;
        const char *suggestion;
} status_rows[] = {
        { MSPTK_OK, "OK", "", 0, "" },
        { MSPTK_DONE, "DONE", "", 0, "" },
        { MSPTK_E_INVALID, "E_INVALID", "INVALID_PARAMETERS", 0,
          "correct the named argument and call again" },
        { MSPTK_E_NOMEM, "E_NOMEM", "SYSTEM_ERROR", 1, "free memory, or ask for less at once" },
        { MSPTK_E_NOTFOUND, "E_NOTFOUND", "INVALID_PARAMETERS", 0,
          "list what exists, and use an id from that list" },
        { MSPTK_E_EXISTS, "E_EXISTS", "INVALID_PARAMETERS", 0,
          "choose another id, or change the one that exists" },
        { MSPTK_E_CONFLICT, "E_CONFLICT", "INVALID_PARAMETERS", 0,
          "read the object again and decide anew" },
        { MSPTK_E_UNSUPPORTED, "E_UNSUPPORTED", "INVALID_PARAMETERS", 0,
          "see 'adapter list' for what each adapter can do" },
        { MSPTK_E_TIMEOUT, "E_TIMEOUT", "SYSTEM_ERROR", 1, "try again with a longer timeout" },
        { MSPTK_E_CANCELLED, "E_CANCELLED", "SYSTEM_ERROR", 0, "start it again when you want it" },
        { MSPTK_E_CLOSED, "E_CLOSED", "SYSTEM_ERROR", 0, "open a toolkit again" },
        { MSPTK_E_REENTRANT, "E_REENTRANT", "SYSTEM_ERROR", 0,
          "call it after the callback has returned" },
        { MSPTK_E_CALLBACK, "E_CALLBACK", "SYSTEM_ERROR", 0,
          "see what the caller's own callback reported" },
        { MSPTK_E_TOOBIG, "E_TOOBIG", "INVALID_PARAMETERS", 0, "ask for less, or page through it" },
        { MSPTK_E_DENIED, "E_DENIED", "INVALID_PARAMETERS", 0,
          "ask for the permission that the message names" },
        { MSPTK_E_AUTH, "E_AUTH", "AUTHENTICATION_FAILED", 0,
          "check the credentials of this adapter with 'adapter probe'" },
        { MSPTK_E_RATE, "E_RATE", "RATE_LIMIT_EXCEEDED", 1,
          "wait as long as retry_after_ms says, then try again" },
        { MSPTK_E_UNAVAILABLE, "E_UNAVAILABLE", "SYSTEM_ERROR", 1,
          "check the network and the address, then try again" },
        { MSPTK_E_IO, "E_IO", "SYSTEM_ERROR", 0,
          "check free space and permissions, then run 'doctor'" },
        { MSPTK_E_BUSY, "E_BUSY", "SYSTEM_ERROR", 1,
          "another process holds the database; try again in a moment" },
        { MSPTK_E_CORRUPT, "E_CORRUPT", "SYSTEM_ERROR", 0,
          "run 'doctor', and restore the file from a backup" },
        { MSPTK_E_PARSE, "E_PARSE", "INVALID_PARAMETERS", 0,
          "correct the text at the named place" },
        { MSPTK_E_CONFIG, "E_CONFIG", "INVALID_PARAMETERS", 0,
          "correct the file, then run 'config check'" },
        { MSPTK_E_NEWER, "E_NEWER", "SYSTEM_ERROR", 0, "use the newer version of this program" },
        { MSPTK_E_CRYPTO, "E_CRYPTO", "SYSTEM_ERROR", 0,
          "check which key file the configuration names" },
        { MSPTK_E_AUDIT, "E_AUDIT", "SYSTEM_ERROR", 0, "run 'audit verify'" },
        { MSPTK_E_PLAN, "E_PLAN", "INVALID_PARAMETERS", 0,
          "make a new plan, and confirm that one" },
        { MSPTK_E_INTERNAL, "E_INTERNAL", "SYSTEM_ERROR", 0,
          "report this as a bug, with the message" },
};

static const struct status_row *status_row(msptk_status status)
{
        for (size_t i = 0; i < ARRAY_LEN(status_rows); i++)
                if (status_rows[i].status == status)
                        return &status_rows[i];
        return NULL;
}

const char *msptk_status_name(msptk_status status)
{
        const struct status_row *row = status_row(status);

        return row ? row->name : "E_UNKNOWN";
}

const char *msptk__status_code(msptk_status status, const char *reason)
{
        const struct status_row *row = status_row(status);

        if (reason && !strcmp(reason, "CLIENT_NOT_FOUND"))
                return "CLIENT_NOT_FOUND";
        return row ? row->code : "SYSTEM_ERROR";
}

static void set_text(msptk_error *err, char **slot, const char *text)
{
        if (err && err != &nomem_error && text)
                (void)msptk__replace(slot, text);
}

static msptk_status vfail(msptk_error **ret_err, msptk_status status, const char *domain,
                          const char *fmt, va_list ap)
{
        char message[MESSAGE_MAX];
        msptk_error *err;

        if (!ret_err)
                return status;
        vsnprintf(message, sizeof(message), fmt, ap);
        err = msptk__alloc(sizeof(*err));
        if (err)
                err->message = msptk__strdup(message);
        if (!err || !err->message) {
                msptk__free(err);
                msptk__nomem(ret_err);
                return status;
        }
        err->status = status;
        err->domain = domain;
        err->retriable = -1;
        *ret_err = err;
        return status;
}

msptk_status msptk__fail(msptk_error **ret_err, msptk_status status, const char *domain,
                         const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        status = vfail(ret_err, status, domain, fmt, ap);
        va_end(ap);
        return status;
}

msptk_status msptk__fail_why(msptk_error **ret_err, msptk_status status, const char *domain,
                             const char *reason, const char *suggestion, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        status = vfail(ret_err, status, domain, fmt, ap);
        va_end(ap);
        if (ret_err)
                msptk__error_set_reason(*ret_err, reason, suggestion);
        return status;
}

msptk_status msptk__nomem(msptk_error **ret_err)
{
        if (ret_err)
                *ret_err = &nomem_error;
        return MSPTK_E_NOMEM;
}

msptk_status msptk__wrap(msptk_error **ret_err, msptk_status status, const char *fmt, ...)
{
        msptk_error *cause, *err = NULL;
        va_list ap;

        if (!ret_err || !*ret_err || *ret_err == &nomem_error)
                return status;
        cause = *ret_err;
        va_start(ap, fmt);
        vfail(&err, status, cause->domain, fmt, ap);
        va_end(ap);
        if (err == &nomem_error)
                return status;
        set_text(err, &err->reason, cause->reason);
        set_text(err, &err->suggestion, cause->suggestion);
        set_text(err, &err->vendor_code, cause->vendor_code);
        set_text(err, &err->adapter, cause->adapter);
        set_text(err, &err->client_id, cause->client_id);
        err->retriable = cause->retriable;
        err->retry_after_ms = cause->retry_after_ms;
        err->http_status = cause->http_status;
        err->cause = cause;
        *ret_err = err;
        return status;
}

msptk_error *msptk__error_copy(const msptk_error *err)
{
        msptk_error *copy;

        if (!err || err == &nomem_error)
                return (msptk_error *)err;
        copy = msptk__alloc(sizeof(*copy));
        if (!copy)
                return &nomem_error;
        *copy = *err;
        copy->message = msptk__strdup(err->message);
        copy->reason = msptk__strdup(err->reason);
        copy->suggestion = msptk__strdup(err->suggestion);
        copy->vendor_code = msptk__strdup(err->vendor_code);
        copy->adapter = msptk__strdup(err->adapter);
        copy->client_id = msptk__strdup(err->client_id);
        copy->cause = err->cause ? msptk__error_copy(err->cause) : NULL;
        return copy;
}

void msptk__error_set_reason(msptk_error *err, const char *reason, const char *suggestion)
{
        if (!err)
                return;
        set_text(err, &err->reason, reason);
        set_text(err, &err->suggestion, suggestion);
}

void msptk__error_set_client(msptk_error *err, const char *client_id)
{
        if (err)
                set_text(err, &err->client_id, client_id);
}

void msptk__error_set_adapter(msptk_error *err, const char *adapter)
{
        if (err)
                set_text(err, &err->adapter, adapter);
}

void msptk__error_set_retry(msptk_error *err, int32_t retriable, int64_t retry_after_ms)
{
        if (!err || err == &nomem_error)
                return;
        err->retriable = retriable;
        err->retry_after_ms = retry_after_ms;
}

void msptk__error_scrub(msptk_error *err, void (*fn)(void *user, char *text), void *user)
{
        for (; err && err != &nomem_error; err = err->cause) {
                fn(user, err->message);
                if (err->suggestion)
                        fn(user, err->suggestion);
                if (err->vendor_code)
                        fn(user, err->vendor_code);
        }
}

void msptk_error_free(msptk_error *err)
{
        while (err && err != &nomem_error) {
                msptk_error *cause = err->cause;

                msptk__free(err->message);
                msptk__free(err->reason);
                msptk__free(err->suggestion);
                msptk__free(err->vendor_code);
                msptk__free(err->adapter);
                msptk__free(err->client_id);
                msptk__free(err);
                err = cause;
        }
}

msptk_status msptk_error_status(const msptk_error *err)
{
        return err ? err->status : MSPTK_OK;
}

const char *msptk_error_code(const msptk_error *err)
{
        return err ? msptk__status_code(err->status, err->reason) : "";
}

const char *msptk_error_reason(const msptk_error *err)
{
        if (!err)
                return "";
        return err->reason ? err->reason : msptk_status_name(err->status);
}

const char *msptk_error_suggestion(const msptk_error *err)
{
        const struct status_row *row;

        if (!err)
                return "";
        if (err->suggestion)
                return err->suggestion;
        row = status_row(err->status);
        return row ? row->suggestion : "";
}

const char *msptk_error_domain(const msptk_error *err)
{
        return err ? err->domain : "";
}

static const char *own_message(const msptk_error *err)
{
        return err->message ? err->message : "out of memory";
}

const char *msptk_error_message(const msptk_error *err)
{
        return err ? own_message(err) : "";
}

int32_t msptk_error_is_retriable(const msptk_error *err)
{
        const struct status_row *row;

        if (!err)
                return 0;
        if (err->retriable >= 0 && err != &nomem_error)
                return err->retriable;
        row = status_row(err->status);
        return row ? row->retriable : 0;
}

int64_t msptk_error_retry_after_ms(const msptk_error *err)
{
        return err ? err->retry_after_ms : 0;
}

int32_t msptk_error_http_status(const msptk_error *err)
{
        return err ? err->http_status : 0;
}

const char *msptk_error_vendor_code(const msptk_error *err)
{
        return err && err->vendor_code ? err->vendor_code : "";
}

const char *msptk_error_adapter(const msptk_error *err)
{
        return err && err->adapter ? err->adapter : "";
}

const char *msptk_error_client_id(const msptk_error *err)
{
        return err && err->client_id ? err->client_id : "";
}

const msptk_error *msptk_error_cause(const msptk_error *err)
{
        return err ? err->cause : NULL;
}

msptk_status msptk_error_set(msptk_error **ret_err, msptk_status status, const char *domain,
                             const char *message)
{
        if (status >= 0)
                status = MSPTK_E_INTERNAL;
        return msptk__fail(ret_err, status, domain ? domain : "adapter", "%s",
                           message ? message : "failed");
}

void msptk_error_set_vendor(msptk_error *err, int32_t http_status, const char *vendor_code,
                            int32_t retriable, int64_t retry_after_ms)
{
        if (!err || err == &nomem_error)
                return;
        err->http_status = http_status;
        err->retriable = !!retriable;
        err->retry_after_ms = retry_after_ms;
        set_text(err, &err->vendor_code, vendor_code);
}
