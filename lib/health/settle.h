/* How what was observed of one device becomes results: take.c judges it, miss.c says what did not
 * come, conclude.c makes results and alerts, settle.c does all of it in one transaction. */
#ifndef HEALTH_SETTLE_H
#define HEALTH_SETTLE_H

#include "health/internal.h"

/* One judged observation. */
typedef struct entry {
        series *s;
        const observed *o;
        const threshold *t;
        int64_t at, evidence;
        int32_t before;   /* status before this run */
        const char *note; /* instead of the adapter's message; NULL */
        size_t order;
} entry;

enum { KNOWN_LIMITS = 64 };

/* Thresholds looked up before: of this client and, where devices have their own, of this device. */
typedef struct limits {
        struct limit {
                const char *check, *metric;
                threshold *t;
        } items[KNOWN_LIMITS];
        size_t count, last;
} limits;

typedef struct settling {
        run *r;
        store_tx *tx;
        run_device *d;
        size_t device;
        run_client *k;
        entry *items;
        size_t count, cap;
        int64_t *ids; /* evidence of each ask of the device */
        size_t id_cap;
        series *hint;
        limits known;
        buf seen;        /* the text of an observation, reused */
        bool was_silent; /* nothing was known of the device before */
} settling;

/* take.c */
msptk_status msptk__settle_take(settling *g, ask *k, int64_t *ret_evidence, msptk_error **ret_err);
msptk_status msptk__settle_observed(settling *g, const observed *o, int64_t evidence_id,
                                    msptk_error **ret_err);
/* Moves the state of the series of `e`; stores what has changed of it, and the sample. */
msptk_status msptk__settle_entry(settling *g, entry *e, int32_t state, msptk_error **ret_err);
const threshold *msptk__settle_limits(settling *g, const char *check, const char *metric);

/* miss.c: what `k` was expected to tell. */
msptk_status msptk__settle_missing(settling *g, const ask *k, int64_t evidence_id,
                                   msptk_error **ret_err);

/* conclude.c */
msptk_status msptk__settle_conclude(settling *g, msptk_error **ret_err);
msptk_status msptk__settle_silence(settling *g, bool complete, msptk_error **ret_err);
msptk_status msptk__settle_clear(settling *g, const char *check, const char *item,
                                 msptk_error **ret_err);

/* note.c: who has reported, stored for many devices at once. Devices come in the order of the run;
 * the last call of a transaction is msptk__notes_write(). */
msptk_status msptk__note_device(settling *g, bool complete, msptk_error **ret_err);
msptk_status msptk__notes_write(settling *g, size_t first, size_t end, msptk_error **ret_err);

#endif
