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

/* For views: newest time anything of the client was observed (0: never), worst present status as a
 * word. */
msptk_status msptk__health_last(store_tx *tx, const char *client_id, int64_t *ret_last,
                                const char **ret_status, msptk_error **ret_err);

/* Deletes what is older than the configured retention (samples by day, changes, evidence, alerts,
 * audit segments). */
msptk_status msptk__health_retain(ctx *c, msptk_error **ret_err);

/* Numbers 90 to 99. */
extern const store_migration msptk__health_migrations[];

#endif
