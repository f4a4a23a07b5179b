/* The check of arguments of every operation, over arbitrary JSON. What it accepts must be accepted
 * again when it comes back as complete arguments, and secrets must not be shown. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ops/ops.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t fixed(void *user)
{
        (void)user;
        return INT64_C(1795000000000000);
}

static void must(bool holds)
{
        if (!holds)
                abort();
}

static void check_shown(const op_row *row, const msptk_json *shown)
{
        for (const op_param *p = row->params; p && p->name; p++)
                if (p->type == PARAM_SECRET && msptk_json_get(shown, p->name))
                        must(!strcmp(msptk_json_string(msptk_json_get(shown, p->name), ""), "***"));
}

/* Times, durations and sizes are numbers when complete, and texts before. */
static bool comes_back(const op_row *row)
{
        for (const op_param *p = row->params; p && p->name; p++)
                if (p->type == PARAM_TIME || p->type == PARAM_DURATION || p->type == PARAM_BYTES)
                        return false;
        return true;
}

static void check_row(const op_row *row, const ctx *c, const msptk_json *args)
{
        act_row bare = msptk__op_act(row);
        AUTO_JSON msptk_json *full = NULL, *shown = NULL, *again = NULL, *shown_again = NULL;
        AUTO_ERROR msptk_error *err = NULL;
        msptk_status st = msptk__op_check(&bare, c, args, &full, &shown, &err);

        if (st < 0) {
                must(err && !full && !shown);
                must(msptk__utf8_valid(msptk_error_message(err), strlen(msptk_error_message(err))));
                return;
        }
        must(full && shown && !err);
        check_shown(row, shown);
        if (!comes_back(row))
                return;
        must(msptk__op_check(&bare, c, full, &again, &shown_again, NULL) == MSPTK_OK);
        must(msptk__json_equal(full, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        AUTO_JSON msptk_json *doc = NULL;
        const op_row *rows[OP_ROWS_MAX];
        ctx c = { .clock = fixed };
        size_t count;

        if (msptk__json_parse((const char *)data, size, 1 << 20, 32, &doc, NULL) < 0)
                return 0;
        msptk__op_rows(rows, &count);
        for (size_t i = 0; i < count; i++)
                check_row(rows[i], &c, doc);
        return 0;
}
