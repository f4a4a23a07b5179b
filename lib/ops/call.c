/* msptk_call(): from a name and arguments to a result. */
#define ROOM "ops"
#include "ops/ops.h"

#include <string.h>

#include "toolkit/toolkit.h"

struct msptk_result {
        uint32_t kind;
        const op_row *row;
        msptk_json *json;
        /* For further pages. */
        msptk_toolkit *tk;
        msptk_json *values;
        char *principal, *door;
        msptk_json *page;       /* a further page; NULL while the rows of `json` are given out */
        const msptk_json *next; /* the next row */
        bool started, limited;  /* limited: the caller wants one page */
};

/* What nobody limited is read in larger pages after the first one. */
enum { NEXT_ROWS = 1000 };

static msptk_status no_such_operation(const char *name, msptk_error **ret_err)
{
        const op_row *rows[OP_ROWS_MAX];
        size_t count;
        const char *names[OP_ROWS_MAX], *near;
        char quoted[OP_QUOTE_CAP];
        size_t n = 0;

        msptk__op_rows(rows, &count);
        for (size_t i = 0; i < count && n < ARRAY_LEN(names); i++)
                names[n++] = rows[i]->act.name;
        near = msptk__nearest(name, names, n);
        return fail_why(ret_err, MSPTK_E_INVALID, "UNKNOWN_OPERATION",
                        "msptk_operations() lists what there is",
                        near ? "no operation '%s'; did you mean '%s'?" : "no operation '%s'",
                        msptk__op_quote(name, quoted), near);
}

/* Made before the work is done, so that nothing can fail after it. */
static msptk_status result_new(msptk_toolkit *tk, const op_row *row, const msptk_args *args,
                               const msptk_call_opts *opts, msptk_result **ret_result,
                               msptk_error **ret_err)
{
        msptk_result *r = msptk__alloc(sizeof(*r));

        if (!r)
                return msptk__nomem(ret_err);
        r->kind = KIND_RESULT;
        r->row = row;
        r->tk = msptk__toolkit_ref(tk);
        r->values = msptk_json_copy(args->values);
        r->limited = msptk_json_get(args->values, "limit") != NULL;
        /* Further pages are read by the same principal; without its name they would be by ours. */
        if (!r->values || msptk__replace(&r->principal, opts ? opts->principal : NULL) < 0 ||
            msptk__replace(&r->door, opts ? opts->door : NULL) < 0) {
                msptk_result_free(r);
                return msptk__nomem(ret_err);
        }
        *ret_result = r;
        return MSPTK_OK;
}

/* Opens what the row needs and runs it. */
static msptk_status run_row(msptk_toolkit *tk, const op_row *row, const msptk_json *values,
                            const msptk_call_opts *opts, msptk_json **ret_json,
                            msptk_error **ret_err)
{
        ctx *c = msptk__toolkit_ctx(tk);
        act_row copy;

        /* Who it is stands in the store. */
        if (msptk__principal_is_token(opts && opts->principal ? opts->principal : c->principal))
                TRY(msptk__toolkit_need(tk, NEED_STORE, ret_err));
        TRY(msptk__toolkit_need(tk, row->needs, ret_err));
        if (row->needs == NEED_STORE)
                return msptk__act_run(c, row->act.name, values, opts, ret_json, ret_err);
        copy = msptk__op_act(row);
        return msptk__act_run_bare(c, &copy, values, opts, ret_json, ret_err);
}

msptk_status msptk__call_inside(msptk_toolkit *tk, const msptk_args *args,
                                const msptk_call_opts *opts, msptk_result **ret_result,
                                msptk_error **ret_err)
{
        const op_row *row = msptk__op_row(args->operation);
        msptk_result *result = NULL;
        msptk_status st;

        if (!row)
                return no_such_operation(args->operation, ret_err);
        TRY(result_new(tk, row, args, opts, &result, ret_err));
        st = run_row(tk, row, args->values, opts, &result->json, ret_err);
        if (st < 0)
                msptk_result_free(result);
        else
                *ret_result = result;
        return st;
}

msptk_status msptk_call(msptk_toolkit *tk, const msptk_args *args, const msptk_call_opts *opts,
                        msptk_result **ret_result, msptk_error **ret_err)
{
        msptk_status st;

        if (!args || !ret_result)
                return fail(ret_err, MSPTK_E_INVALID,
                            "call: no arguments or nowhere to put the result");
        TRY(msptk__toolkit_enter(tk, ret_err));
        st = msptk__call_inside(tk, args, opts, ret_result, ret_err);
        msptk__toolkit_leave(tk);
        return st;
}

void msptk_result_free(msptk_result *r)
{
        if (!r || r->kind != KIND_RESULT)
                return;
        r->kind = KIND_DEAD;
        msptk_json_free(r->json);
        msptk_json_free(r->values);
        msptk_json_free(r->page);
        msptk__free(r->principal);
        msptk__free(r->door);
        msptk__toolkit_unref(r->tk);
        msptk__free(r);
}

const msptk_json *msptk_result_json(const msptk_result *r)
{
        return r && r->kind == KIND_RESULT ? r->json : NULL;
}

static bool has_limit(const op_row *row)
{
        for (const op_param *p = row->params; p && p->name; p++)
                if (!strcmp(p->name, "limit"))
                        return p->max >= NEXT_ROWS;
        return false;
}

/* Reads the page after `doc`, unless the caller limited the result to one. MSPTK_DONE: none. */
static msptk_status next_page(msptk_result *r, const msptk_json *doc, msptk_error **ret_err)
{
        const char *cursor = msptk_json_string(msptk_json_get(doc, "next_cursor"), NULL);
        msptk_call_opts opts = { .principal = r->principal, .door = r->door };
        msptk_json *page = NULL;
        msptk_status st;

        if (!cursor || r->limited)
                return MSPTK_DONE;
        if (msptk_json_set_string(r->values, "cursor", cursor) < 0 ||
            (has_limit(r->row) && msptk_json_set_int(r->values, "limit", NEXT_ROWS) < 0))
                return msptk__nomem(ret_err);
        TRY(msptk__toolkit_enter(r->tk, ret_err));
        st = msptk__act_continue(msptk__toolkit_ctx(r->tk), r->row->act.name, r->values, &opts,
                                 &page, ret_err);
        msptk__toolkit_leave(r->tk);
        if (st < 0)
                return st;
        msptk_json_free(r->page);
        r->page = page;
        r->next = msptk_json_first(msptk_json_get(page, r->row->rows));
        return MSPTK_OK;
}

msptk_status msptk_result_next(msptk_result *r, const msptk_json **ret_row, msptk_error **ret_err)
{
        if (!r || r->kind != KIND_RESULT || !ret_row)
                return fail(ret_err, MSPTK_E_INVALID, "read rows: not a result");
        if (r->row->kind != RESULT_PAGE)
                return fail(ret_err, MSPTK_E_UNSUPPORTED, "the result of '%s' has no rows",
                            r->row->act.name);
        if (!r->started) {
                r->started = true;
                r->next = msptk_json_first(msptk_json_get(r->json, r->row->rows));
        }
        while (!r->next) {
                msptk_status st = next_page(r, r->page ? r->page : r->json, ret_err);

                if (st != MSPTK_OK)
                        return st;
        }
        *ret_row = r->next;
        r->next = msptk_json_next(r->next);
        return MSPTK_OK;
}

static int32_t status_rank(const char *status)
{
        if (!strcmp(status, "warning"))
                return 1;
        if (!strcmp(status, "critical"))
                return 2;
        if (!strcmp(status, "unknown"))
                return 3;
        return 0;
}

int32_t msptk_result_verdict(const msptk_result *r)
{
        if (!r || r->kind != KIND_RESULT || !r->row->verdict)
                return 0;
        return status_rank(msptk_json_string(msptk_json_get(r->json, r->row->verdict), ""));
}
