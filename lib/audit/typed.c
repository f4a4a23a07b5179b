/* The typed functions' way into an act. */
#define ROOM "api"
#include "audit/typed.h"

static msptk_status gather(const msptk_args *args, const typed_value *more, msptk_json **ret,
                           msptk_error **ret_err)
{
        AUTO_JSON msptk_json *values =
                args ? msptk_json_copy(args->values) : msptk_json_new_object();

        if (!values)
                return msptk__nomem(ret_err);
        for (; more && more->name; more++) {
                msptk_status st = more->value
                                          ? msptk_json_set_string(values, more->name, more->value)
                                          : MSPTK_OK;

                if (st == MSPTK_E_NOMEM)
                        return msptk__nomem(ret_err);
                if (st < 0)
                        return fail(ret_err, st, "value of '%s' is not valid UTF-8", more->name);
        }
        *ret = STEAL(values);
        return MSPTK_OK;
}

/* Guard of every typed function; on success msptk__gate_leave() is owed. */
static msptk_status enter(const manager *m, msptk_error **ret_err)
{
        msptk_status st;

        if (!m || m->kind != KIND_MANAGER)
                return fail(ret_err, MSPTK_E_INVALID, "not a handle of an open toolkit");
        TRY(msptk__gate_enter(m->c->gate, ret_err));
        st = m->c->need(m->c, NEED_STORE, ret_err);
        if (st < 0)
                msptk__gate_leave(m->c->gate);
        return st;
}

msptk_status msptk__typed_call(const void *handle, const char *operation, const msptk_args *args,
                               const typed_value *more, const msptk_call_opts *opts,
                               msptk_json **ret, msptk_error **ret_err)
{
        const manager *m = handle;
        AUTO_JSON msptk_json *values = NULL;
        msptk_status st;

        TRY(gather(args, more, &values, ret_err));
        TRY(enter(m, ret_err));
        st = msptk__act_run(m->c, operation, values, opts, ret, ret_err);
        msptk__gate_leave(m->c->gate);
        return st;
}

static msptk_status join_rows(msptk_json *doc, const char *rows, const msptk_json *page,
                              msptk_error **ret_err)
{
        msptk_json *into = msptk_json_get(doc, rows);

        for (const msptk_json *row = msptk_json_first(msptk_json_get(page, rows)); row;
             row = msptk_json_next(row)) {
                msptk_json *copy = msptk_json_copy(row);

                if (!copy || msptk_json_append(into, copy) < 0)
                        return msptk__nomem(ret_err);
        }
        return MSPTK_OK;
}

/* By who read the first page. */
static msptk_status read_pages(const manager *m, const char *operation, msptk_json *values,
                               const msptk_call_opts *opts, const char *rows, msptk_json *doc,
                               msptk_error **ret_err)
{
        msptk_call_opts more = { .principal = opts ? opts->principal : NULL,
                                 .door = opts ? opts->door : NULL };
        AUTO_FREE char *cursor =
                msptk__strdup(msptk_json_string(msptk_json_get(doc, "next_cursor"), NULL));

        while (cursor) {
                AUTO_JSON msptk_json *page = NULL;

                if (msptk_json_set_string(values, "cursor", cursor) < 0)
                        return msptk__nomem(ret_err);
                TRY(msptk__act_continue(m->c, operation, values, &more, &page, ret_err));
                TRY(join_rows(doc, rows, page, ret_err));
                if (msptk__replace(&cursor, msptk_json_string(msptk_json_get(page, "next_cursor"),
                                                              NULL)) < 0)
                        return msptk__nomem(ret_err);
        }
        msptk_json_remove(doc, "next_cursor");
        return MSPTK_OK;
}

msptk_status msptk__typed_list(const void *handle, const char *operation, const msptk_args *args,
                               const typed_value *more, const char *rows, msptk_json **ret,
                               msptk_error **ret_err)
{
        return msptk__typed_list_opts(handle, operation, args, more, NULL, rows, ret, ret_err);
}

msptk_status msptk__typed_list_opts(const void *handle, const char *operation,
                                    const msptk_args *args, const typed_value *more,
                                    const msptk_call_opts *opts, const char *rows, msptk_json **ret,
                                    msptk_error **ret_err)
{
        const manager *m = handle;
        AUTO_JSON msptk_json *values = NULL, *doc = NULL;
        msptk_status st;

        TRY(gather(args, more, &values, ret_err));
        TRY(enter(m, ret_err));
        st = msptk__act_run(m->c, operation, values, opts, &doc, ret_err);
        if (st >= 0 && !msptk_json_get(values, "limit"))
                st = read_pages(m, operation, values, opts, rows, doc, ret_err);
        msptk__gate_leave(m->c->gate);
        if (st >= 0)
                *ret = STEAL(doc);
        return st;
}
