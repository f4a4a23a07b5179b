/* The arguments and options of a call: setters that check as early as they can. */
#define ROOM "ops"
#include "ops/ops.h"

#include <string.h>

#include "work/work.h"

enum { OPTION_TEXT_MAX = 256, LIST_TEXT_MAX = 65536 };

msptk_args *msptk_args_new(const char *operation)
{
        msptk_args *args = msptk__alloc(sizeof(*args));

        if (!args)
                return NULL;
        args->operation = msptk__strdup(operation ? operation : "");
        args->values = msptk_json_new_object();
        if (!args->operation || !args->values) {
                msptk_args_free(args);
                return NULL;
        }
        return args;
}

msptk_status msptk_args_from_json(const char *operation, const msptk_json *json,
                                  msptk_args **ret_args, msptk_error **ret_err)
{
        msptk_args *args;

        if (!operation || !ret_args)
                return fail(ret_err, MSPTK_E_INVALID, "make arguments: no operation named");
        if (json && msptk_json_type(json) != MSPTK_JSON_OBJECT)
                return fail(ret_err, MSPTK_E_INVALID, "arguments of '%s' must be a JSON object",
                            operation);
        args = msptk_args_new(operation);
        if (args && json) {
                msptk_json_free(args->values);
                args->values = msptk_json_copy(json);
        }
        if (!args || !args->values) {
                msptk_args_free(args);
                return msptk__nomem(ret_err);
        }
        *ret_args = args;
        return MSPTK_OK;
}

void msptk_args_free(msptk_args *args)
{
        if (!args)
                return;
        msptk__free(args->operation);
        msptk_json_free(args->values);
        msptk__free(args);
}

static msptk_status stored(msptk_status st, msptk_error **ret_err, const char *name)
{
        char quoted[OP_QUOTE_CAP];

        if (st == MSPTK_E_NOMEM)
                return msptk__nomem(ret_err);
        if (st < 0)
                return fail(ret_err, st, "value of '%s' is not valid UTF-8",
                            msptk__op_quote(name, quoted));
        return MSPTK_OK;
}

/* Whether the operation has the parameter. An operation that this library does not know is refused
 * by msptk_call(), not here. */
static msptk_status known(const msptk_args *args, const char *name, msptk_error **ret_err)
{
        const op_row *row;

        if (!args || !name)
                return fail(ret_err, MSPTK_E_INVALID, "set an argument: no arguments or no name");
        row = msptk__op_row(args->operation);
        return row ? msptk__op_check_name(row, name, NULL, ret_err) : MSPTK_OK;
}

/* Checks the value and keeps it; it is freed on failure. */
static msptk_status keep(msptk_args *args, const char *name, msptk_json *value,
                         msptk_error **ret_err)
{
        const op_row *row = msptk__op_row(args->operation);
        msptk_status st = row ? msptk__op_check_one(row, name, value, ret_err) : MSPTK_OK;

        if (st < 0) {
                msptk_json_free(value);
                return st;
        }
        return stored(msptk_json_set(args->values, name, value), ret_err, name);
}

/* `made` is an object with the value under "v", or the failure to put it there. */
static msptk_status keep_from(msptk_args *args, const char *name, const msptk_json *made,
                              msptk_status st, msptk_error **ret_err)
{
        msptk_json *copy;

        if (!made)
                return msptk__nomem(ret_err);
        TRY(stored(st, ret_err, name));
        copy = msptk_json_copy(msptk_json_get(made, "v"));
        return copy ? keep(args, name, copy, ret_err) : msptk__nomem(ret_err);
}

msptk_status msptk_args_set_str(msptk_args *args, const char *name, const char *value,
                                msptk_error **ret_err)
{
        AUTO_JSON msptk_json *holder = NULL;

        TRY(known(args, name, ret_err));
        if (!value) {
                msptk_json_remove(args->values, name);
                return MSPTK_OK;
        }
        holder = msptk_json_new_object();
        return keep_from(args, name, holder, msptk_json_set_string(holder, "v", value), ret_err);
}

msptk_status msptk_args_set_int(msptk_args *args, const char *name, int64_t value,
                                msptk_error **ret_err)
{
        AUTO_JSON msptk_json *holder = NULL;

        TRY(known(args, name, ret_err));
        holder = msptk_json_new_object();
        return keep_from(args, name, holder, msptk_json_set_int(holder, "v", value), ret_err);
}

msptk_status msptk_args_set_list(msptk_args *args, const char *name, const char *items,
                                 msptk_error **ret_err)
{
        return msptk_args_set_str(args, name, items, ret_err);
}

msptk_status msptk_args_set_json(msptk_args *args, const char *name, const msptk_json *value,
                                 msptk_error **ret_err)
{
        msptk_json *copy;

        TRY(known(args, name, ret_err));
        if (!value)
                return fail(ret_err, MSPTK_E_INVALID, "no value for '%s'", name);
        copy = msptk_json_copy(value);
        return copy ? keep(args, name, copy, ret_err) : msptk__nomem(ret_err);
}

msptk_call_opts *msptk_call_opts_new(void)
{
        return msptk__alloc(sizeof(msptk_call_opts));
}

static void drop_progress(msptk_call_opts *opts)
{
        if (opts->progress_destroy)
                opts->progress_destroy(opts->progress_user);
        opts->progress = NULL;
        opts->progress_user = NULL;
        opts->progress_destroy = NULL;
}

void msptk_call_opts_free(msptk_call_opts *opts)
{
        if (!opts)
                return;
        drop_progress(opts);
        msptk_cancel_free(opts->cancel);
        msptk__free(opts->principal);
        msptk__free(opts->door);
        msptk__free(opts->plan_token);
        msptk__free(opts->idempotency_key);
        msptk__free(opts->trace_id);
        msptk__free(opts->refused);
        msptk__free(opts);
}

static char **text_option(msptk_call_opts *opts, const char *name)
{
        if (!strcmp(name, "principal"))
                return &opts->principal;
        if (!strcmp(name, "door"))
                return &opts->door;
        if (!strcmp(name, "plan_token"))
                return &opts->plan_token;
        if (!strcmp(name, "idempotency_key"))
                return &opts->idempotency_key;
        if (!strcmp(name, "trace_id"))
                return &opts->trace_id;
        if (!strcmp(name, "refused"))
                return &opts->refused;
        return NULL;
}

msptk_status msptk_call_opts_set_str(msptk_call_opts *opts, const char *name, const char *value,
                                     msptk_error **ret_err)
{
        char **slot;
        size_t max = OPTION_TEXT_MAX;

        if (!opts || !name)
                return fail(ret_err, MSPTK_E_INVALID, "set a call option: no options or no name");
        slot = text_option(opts, name);
        if (!slot)
                return fail(ret_err, MSPTK_E_INVALID,
                            "no call option '%s'; there are principal, door, plan_token, "
                            "idempotency_key, trace_id, refused",
                            name);
        if (slot == &opts->plan_token)
                max = LIST_TEXT_MAX;
        if (value && (strlen(value) > max || !msptk__utf8_valid(value, strlen(value))))
                return fail(ret_err, MSPTK_E_INVALID,
                            "call option '%s' must be UTF-8 of at most %zu bytes", name, max);
        return msptk__replace(slot, value) < 0 ? msptk__nomem(ret_err) : MSPTK_OK;
}

msptk_status msptk_call_opts_set_int(msptk_call_opts *opts, const char *name, int64_t value,
                                     msptk_error **ret_err)
{
        if (!opts || !name)
                return fail(ret_err, MSPTK_E_INVALID, "set a call option: no options or no name");
        if (value < 0)
                return fail(ret_err, MSPTK_E_INVALID, "call option '%s' must not be negative",
                            name);
        if (!strcmp(name, "timeout_ms"))
                opts->timeout_ms = value;
        else if (!strcmp(name, "plan"))
                opts->plan = value != 0;
        else if (!strcmp(name, "read_only"))
                opts->read_only = value != 0;
        else
                return fail(ret_err, MSPTK_E_INVALID,
                            "no call option '%s'; there are timeout_ms, plan, read_only", name);
        return MSPTK_OK;
}

void msptk_call_opts_set_cancel(msptk_call_opts *opts, msptk_cancel *token)
{
        if (!opts)
                return;
        msptk_cancel_free(opts->cancel);
        opts->cancel = token ? msptk__cancel_ref(token) : NULL;
}

void msptk_call_opts_set_progress(msptk_call_opts *opts, msptk_progress_fn fn, void *user,
                                  void (*destroy)(void *user))
{
        if (!opts)
                return;
        drop_progress(opts);
        opts->progress = fn;
        opts->progress_user = user;
        opts->progress_destroy = destroy;
}
