/* Floor 7. Health: runs checks of clients, judges, stores, raises alerts; history, summaries,
 * retention. */
#ifndef HEALTH_HEALTH_H
#define HEALTH_HEALTH_H

#include "audit/audit.h"
#include "base/base.h"
#include "store/store.h"

/* The work of the operations. */
msptk_status msptk__health_check(act *a, const msptk_json *args, msptk_json **ret,
                                 msptk_error **ret_err);
msptk_status msptk__health_history(act *a, const msptk_json *args, msptk_json **ret,
                                   msptk_error **ret_err);
msptk_status msptk__health_status(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err);
msptk_status msptk__health_morning(act *a, const msptk_json *args, msptk_json **ret,
                                   msptk_error **ret_err);

/* For views, of a client. */
typedef struct health_summary {
        int64_t last;       /* newest time anything of it was observed; 0: never */
        const char *status; /* worst present status as a word, a constant */
} health_summary;
/* Of each of `count` clients, their ids ascending. */
msptk_status msptk__health_summaries(store_tx *tx, const char *const *ids, size_t count,
                                     health_summary *ret, msptk_error **ret_err);

/* Deletes what is older than the configured retention (samples by day, changes, evidence, alerts,
 * audit segments). */
msptk_status msptk__health_retain(ctx *c, msptk_error **ret_err);

/* Numbers 90 to 99. */
extern const store_migration msptk__health_migrations[];

#endif
