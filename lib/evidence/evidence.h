/* Floor 4. Evidence: one row for each observation, to which samples point. */
#ifndef EVIDENCE_EVIDENCE_H
#define EVIDENCE_EVIDENCE_H

#include "base/base.h"
#include "store/store.h"

typedef struct evidence {
        int64_t at;            /* when it was observed */
        const char *adapter;   /* instance, or "check:NAME@VERSION" */
        const char *device_id; /* NULL: of the client as a whole */
        const char *client_id;
        const char *asked;    /* JSON: what was asked */
        const char *observed; /* JSON: what came back, cut to EVIDENCE_OBSERVED_MAX with a note */
        int64_t took_us;
} evidence;
enum { EVIDENCE_OBSERVED_MAX = 16384 };

/* Adds a row with the digest of the whole of `observed`. */
msptk_status msptk__evidence_add(store_tx *tx, const evidence *e, int64_t *ret_id,
                                 msptk_error **ret_err);
/* One row of what came back; texts are never NULL. */
typedef struct evidence_row {
        const char *check, *metric, *item;
        const char *state; /* "" when the value alone says it */
        const char *unit, *message;
        const char *data; /* JSON; "" when there is none */
        double value;     /* NaN: none */
} evidence_row;

/* Writes `observed` into a buffer, row by row; what a row shares with the one before is not
 * written again, so the texts of a row must live until the next one. msptk__evidence_json() gives
 * {"error", "rows": [...]} back. */
typedef struct evidence_pack {
        json_writer w;
        evidence_row last;
} evidence_pack;
void msptk__evidence_pack_begin(evidence_pack *p, buf *out, const char *error);
void msptk__evidence_pack_row(evidence_pack *p, const evidence_row *row);
msptk_status msptk__evidence_pack_end(evidence_pack *p, msptk_error **ret_err);
/* Whole rows from what was read. */
msptk_status msptk__evidence_unpack(const msptk_json *observed, msptk_json **ret,
                                    msptk_error **ret_err);

/* {"id","at","adapter","device_id","client_id","asked","observed","digest","took_us"}; E_NOTFOUND
 * (EVIDENCE_NOT_FOUND). */
msptk_status msptk__evidence_json(store_tx *tx, int64_t id, msptk_json **ret,
                                  msptk_error **ret_err);
/* Time of the row added last; 0 when there is none. */
msptk_status msptk__evidence_newest(store_tx *tx, int64_t *ret_at, msptk_error **ret_err);
msptk_status msptk__evidence_prune(store_tx *tx, int64_t before, msptk_error **ret_err);

/* Numbers 30 to 39. */
extern const store_migration msptk__evidence_migrations[];

#endif
