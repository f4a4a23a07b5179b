/* Pages of every operation: the room reads and gives its own cursors, the caller sees them sealed.
 */
#define ROOM "ops"
#include "ops/ops.h"

#include <string.h>

const op_param *msptk__op_cursor(const op_row *row)
{
        for (const op_param *p = row->params; p && p->name; p++)
                if (!strcmp(p->name, "cursor"))
                        return p;
        return NULL;
}

/* What a cursor is bound to. A time is bound as it was given: "24h" is another moment with every
 * page, and the same filter. */
static msptk_status bound_args(const op_row *row, const act *a, const msptk_json *args,
                               msptk_json **ret, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        const msptk_json *given = msptk__act_given(a);

        for (const op_param *p = row->params; p && p->name; p++)
                if (strcmp(p->name, "cursor") && strcmp(p->name, "limit"))
                        msptk__obj_copy(
                                &o, p->name,
                                msptk_json_get(p->type == PARAM_TIME ? given : args, p->name));
        return msptk__obj_end(&o, ret, ret_err);
}

static msptk_status opened(act *a, const msptk_json *bound, const msptk_json *args,
                           const char *cursor, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_FREE char *own = NULL;
        AUTO_JSON msptk_json *copy = NULL;

        TRY(msptk__act_unseal(a, bound, cursor, &own, ret_err));
        copy = msptk_json_copy(args);
        if (!copy || msptk_json_set_string(copy, "cursor", own) < 0)
                return msptk__nomem(ret_err);
        *ret = STEAL(copy);
        return MSPTK_OK;
}

msptk_status msptk__op_run_page(act *a, const msptk_json *args, msptk_json **ret,
                                msptk_error **ret_err)
{
        const op_row *row = msptk__act_op(a);
        const char *cursor = msptk_json_string(msptk_json_get(args, "cursor"), NULL), *next;
        AUTO_JSON msptk_json *bound = NULL, *own = NULL, *page = NULL;
        AUTO_FREE char *sealed = NULL;

        if (cursor) {
                TRY(bound_args(row, a, args, &bound, ret_err));
                TRY(opened(a, bound, args, cursor, &own, ret_err));
        }
        TRY(row->act.run(a, own ? own : args, &page, ret_err));
        next = msptk_json_string(msptk_json_get(page, "next_cursor"), NULL);
        if (next) {
                if (!bound)
                        TRY(bound_args(row, a, args, &bound, ret_err));
                TRY(msptk__act_seal(a, bound, next, &sealed, ret_err));
                if (msptk_json_set_string(page, "next_cursor", sealed) < 0)
                        return msptk__nomem(ret_err);
        }
        *ret = STEAL(page);
        return MSPTK_OK;
}
