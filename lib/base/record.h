/* Handles over JSON records: what every typed getter of clients, devices, alerts and results is
 * made of. */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H

#include <msptk/json.h>

#include "base/error.h"

/* Every public handle begins with its kind, checked on entry and poisoned on free. */
enum {
        KIND_DEAD = 0x64656164,
        KIND_TOOLKIT = 0x6d740001,
        KIND_MANAGER = 0x6d740002,
        KIND_RESULT = 0x6d740003,
        KIND_CLIENT = 0x6d740010,
        KIND_DEVICE = 0x6d740011,
        KIND_CHECK_RESULT = 0x6d740012,
        KIND_ALERT = 0x6d740013,
        KIND_LIST = 0x100 /* added to the kind of its rows */
};

/* The handles that a toolkit lends (client manager, health monitor ...) are all of this shape. */
typedef struct manager {
        uint32_t kind;
        struct ctx *c;
        const char *name; /* of the adapter instance; NULL for the others */
} manager;

typedef struct record {
        uint32_t kind;
        msptk_json *owned; /* NULL when the record belongs to a list */
        const msptk_json *json;
} record;

typedef struct record_list {
        uint32_t kind;
        msptk_json *owned;
        const msptk_json *doc; /* the whole result */
        record *rows;
        size_t count;
} record_list;

/* Adopt `json`, also on failure. `rows_key` names the array of rows in it. */
msptk_status msptk__record_new(uint32_t kind, msptk_json *json, record **ret,
                               msptk_error **ret_err);
msptk_status msptk__record_list_new(uint32_t row_kind, msptk_json *json, const char *rows_key,
                                    record_list **ret, msptk_error **ret_err);
void msptk__record_free(record *r, uint32_t kind);
void msptk__record_list_free(record_list *l, uint32_t row_kind);
/* Text of a field, "" when absent or of another type, or when `r` is not a live record of that
 * kind. */
const char *msptk__record_str(const record *r, uint32_t kind, const char *key);
int64_t msptk__record_int(const record *r, uint32_t kind, const char *key);
const msptk_json *msptk__record_json(const record *r, uint32_t kind);
const record *msptk__record_list_at(const record_list *l, uint32_t row_kind, size_t index);
size_t msptk__record_list_count(const record_list *l, uint32_t row_kind);

#endif
