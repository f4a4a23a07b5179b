/* Rows of an observation as text: of each only what differs from the row before. */
#define ROOM "evidence"
#include "evidence/evidence.h"

#include <math.h>
#include <string.h>

/* {"error":"...","packed":[[MASK,...],...]}: bit N of MASK says that column N follows. */
enum { COLUMN_CHECK, COLUMN_METRIC, COLUMN_INSTANCE, COLUMN_STATE, COLUMN_VALUE, COLUMN_UNIT };
enum { COLUMN_MESSAGE = COLUMN_UNIT + 1, COLUMN_DATA, COLUMNS };

static const char *const names[COLUMNS] = { "check", "metric", "instance", "state",
                                            "value", "unit",   "message",  "data" };

void msptk__evidence_pack_begin(evidence_pack *p, buf *out, const char *error)
{
        *p = (evidence_pack){ .last = { "", "", "", "", "", "", "", NAN } };
        msptk__jw_init(&p->w, out, 0);
        msptk__jw_object_begin(&p->w);
        if (error)
                msptk__jw_put_string(&p->w, "error", error);
        msptk__jw_key(&p->w, "packed");
        msptk__jw_array_begin(&p->w);
}

static bool differs(const char *a, const char *b)
{
        return a != b && strcmp(a, b) != 0;
}

static uint32_t mask_of(const evidence_row *a, const evidence_row *b)
{
        bool moved = isnan(b->value) ? !isnan(a->value) : !(a->value == b->value);

        return (uint32_t)differs(a->check, b->check) << COLUMN_CHECK |
               (uint32_t)differs(a->metric, b->metric) << COLUMN_METRIC |
               (uint32_t)differs(a->item, b->item) << COLUMN_INSTANCE |
               (uint32_t)differs(a->state, b->state) << COLUMN_STATE |
               (uint32_t)moved << COLUMN_VALUE |
               (uint32_t)differs(a->unit, b->unit) << COLUMN_UNIT |
               (uint32_t)differs(a->message, b->message) << COLUMN_MESSAGE |
               (uint32_t)differs(a->data, b->data) << COLUMN_DATA;
}

static void put_data(json_writer *w, const char *text)
{
        AUTO_JSON msptk_json *data = NULL;

        if (*text && msptk_json_parse(text, strlen(text), &data, NULL) == MSPTK_E_NOMEM)
                w->out->failed = MSPTK_E_NOMEM; /* evidence is whole or not at all */
        msptk__jw_json(w, data);
}

void msptk__evidence_pack_row(evidence_pack *p, const evidence_row *row)
{
        const char *const texts[COLUMNS] = {
                [COLUMN_CHECK] = row->check,   [COLUMN_METRIC] = row->metric,
                [COLUMN_INSTANCE] = row->item, [COLUMN_STATE] = row->state,
                [COLUMN_UNIT] = row->unit,     [COLUMN_MESSAGE] = row->message
        };
        uint32_t mask = mask_of(&p->last, row);

        msptk__jw_array_begin(&p->w);
        msptk__jw_int(&p->w, mask);
        for (int i = 0; i < COLUMNS; i++) {
                if (!(mask >> i & 1))
                        continue;
                if (i == COLUMN_VALUE)
                        msptk__jw_double(&p->w, row->value);
                else if (i == COLUMN_DATA)
                        put_data(&p->w, row->data);
                else
                        msptk__jw_string(&p->w, texts[i]);
        }
        msptk__jw_array_end(&p->w);
        p->last = *row;
}

msptk_status msptk__evidence_pack_end(evidence_pack *p, msptk_error **ret_err)
{
        msptk__jw_array_end(&p->w);
        msptk__jw_object_end(&p->w);
        return msptk__buf_status(p->w.out, ROOM, "an observation", ret_err);
}

/* ---- reading ---- */

static bool is_empty(const msptk_json *value)
{
        return !value || msptk_json_type(value) == MSPTK_JSON_NULL ||
               (msptk_json_type(value) == MSPTK_JSON_STRING && !*msptk_json_string(value, ""));
}

static void unpack_row(const msptk_json *packed, const msptk_json *last[COLUMNS], json_obj *rows)
{
        const msptk_json *value = msptk_json_first(packed);
        int64_t mask = msptk_json_int(value, 0);
        json_obj o = msptk__obj();

        for (int i = 0; i < COLUMNS; i++) {
                if (mask >> i & 1 && value)
                        last[i] = value = msptk_json_next(value);
                if (i == COLUMN_CHECK || !is_empty(last[i]))
                        msptk__obj_copy(&o, names[i], last[i]);
        }
        msptk__array_take(rows, &o);
}

msptk_status msptk__evidence_unpack(const msptk_json *observed, msptk_json **ret,
                                    msptk_error **ret_err)
{
        const msptk_json *packed = msptk_json_get(observed, "packed");
        const msptk_json *error = msptk_json_get(observed, "error");
        const msptk_json *last[COLUMNS] = { NULL };
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_OBJ json_obj rows = msptk__array();

        if (error)
                msptk__obj_copy(&o, "error", error);
        for (const msptk_json *row = msptk_json_first(packed); row; row = msptk_json_next(row))
                unpack_row(row, last, &rows);
        msptk__obj_take(&o, "rows", &rows);
        return msptk__obj_end(&o, ret, ret_err);
}
