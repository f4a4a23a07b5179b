/* Handles over JSON records. */
#define ROOM "base"
#include "base/base.h"

msptk_status msptk__record_new(uint32_t kind, msptk_json *json, record **ret, msptk_error **ret_err)
{
        record *r = msptk__alloc(sizeof(*r));

        if (!r) {
                msptk_json_free(json);
                return msptk__nomem(ret_err);
        }
        r->kind = kind;
        r->owned = json;
        r->json = json;
        *ret = r;
        return MSPTK_OK;
}

msptk_status msptk__record_list_new(uint32_t row_kind, msptk_json *json, const char *rows_key,
                                    record_list **ret, msptk_error **ret_err)
{
        const msptk_json *array = msptk_json_get(json, rows_key);
        record_list *l = msptk__alloc(sizeof(*l));
        size_t i = 0;

        if (l)
                l->rows = msptk__alloc_array(msptk_json_count(array), sizeof(*l->rows));
        if (!l || !l->rows) {
                msptk__free(l);
                msptk_json_free(json);
                return msptk__nomem(ret_err);
        }
        l->kind = row_kind + KIND_LIST;
        l->owned = json;
        l->doc = json;
        for (const msptk_json *row = msptk_json_first(array); row; row = msptk_json_next(row)) {
                l->rows[i].kind = row_kind;
                l->rows[i++].json = row;
        }
        l->count = i;
        *ret = l;
        return MSPTK_OK;
}

void msptk__record_free(record *r, uint32_t kind)
{
        if (!r || r->kind != kind || !r->owned)
                return;
        r->kind = KIND_DEAD;
        msptk_json_free(r->owned);
        msptk__free(r);
}

void msptk__record_list_free(record_list *l, uint32_t row_kind)
{
        if (!l || l->kind != row_kind + KIND_LIST)
                return;
        l->kind = KIND_DEAD;
        msptk__free(l->rows);
        msptk_json_free(l->owned);
        msptk__free(l);
}

const char *msptk__record_str(const record *r, uint32_t kind, const char *key)
{
        return msptk_json_string(msptk_json_get(msptk__record_json(r, kind), key), "");
}

int64_t msptk__record_int(const record *r, uint32_t kind, const char *key)
{
        return msptk_json_int(msptk_json_get(msptk__record_json(r, kind), key), 0);
}

const msptk_json *msptk__record_json(const record *r, uint32_t kind)
{
        return r && r->kind == kind ? r->json : NULL;
}

const record *msptk__record_list_at(const record_list *l, uint32_t row_kind, size_t index)
{
        if (!l || l->kind != row_kind + KIND_LIST || index >= l->count)
                return NULL;
        return &l->rows[index];
}

size_t msptk__record_list_count(const record_list *l, uint32_t row_kind)
{
        return l && l->kind == row_kind + KIND_LIST ? l->count : 0;
}
