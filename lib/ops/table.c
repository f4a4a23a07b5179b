/* All rows in one list, and their registration with a toolkit. */
#define ROOM "ops"
#include "ops/ops.h"

#include <string.h>

#include "ops/admin.h"
#include "toolkit/toolkit.h"

static const op_row *const tables[] = {
        msptk__client_rows, msptk__device_rows, msptk__adapter_rows,
        msptk__policy_rows, msptk__health_rows, msptk__alert_rows,
        msptk__admin_rows,  msptk__access_rows, msptk__workspace_rows,
};

/* The row of that name; without a name, all rows in the order of help. */
static const op_row *find(const char *name, const op_row **all, size_t *ret_count)
{
        size_t n = 0;

        for (size_t t = 0; t < ARRAY_LEN(tables); t++)
                for (const op_row *row = tables[t]; row->act.name; row++) {
                        if (name && !strcmp(row->act.name, name))
                                return row;
                        if (all && n < OP_ROWS_MAX)
                                all[n] = row;
                        n++;
                }
        if (ret_count)
                *ret_count = n;
        return NULL;
}

const op_row *msptk__op_row(const char *name)
{
        return find(name, NULL, NULL);
}

void msptk__op_rows(const op_row *ret_rows[OP_ROWS_MAX], size_t *ret_count)
{
        find(NULL, ret_rows, ret_count);
}

act_row msptk__op_act(const op_row *row)
{
        act_row copy = row->act;

        copy.check = msptk__op_check;
        if (msptk__op_cursor(row))
                copy.run = msptk__op_run_page;
        copy.op = row;
        if (copy.client_param)
                copy.find_client = msptk__op_find_client;
        return copy;
}

msptk_status msptk__toolkit_operations(ctx *c, msptk_error **ret_err)
{
        const op_row *rows[OP_ROWS_MAX];
        size_t count;

        msptk__op_rows(rows, &count);
        for (size_t i = 0; i < count; i++) {
                act_row row = msptk__op_act(rows[i]);

                TRY(msptk__act_register(c->audit, &row, ret_err));
        }
        return MSPTK_OK;
}
