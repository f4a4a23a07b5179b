/* Floor 6. Alerts: one for each problem, found again by its fingerprint. */
#ifndef ALERTS_ALERTS_H
#define ALERTS_ALERTS_H

#include "audit/audit.h"
#include "base/base.h"
#include "store/store.h"

/* A problem as a health run sees it. The fingerprint is made of client, device, source, check and
 * instance; never of text. */
typedef struct problem {
        const char *client_id;
        const char *device_id; /* NULL: the client as a whole */
        const char *source;    /* "health", or the adapter instance that raised it */
        const char *check;
        const char *instance; /* "" when there is only one */
        int32_t status;       /* MSPTK_STATE_WARNING, _CRITICAL or _UNKNOWN */
        const char *message;
        double value; /* NaN when there is none */
        const char *unit;
        int64_t evidence;      /* 0 when there is none */
        int64_t since;         /* when the problem began */
        const msptk_json *why; /* the decision: value, thresholds with sources, states; kept with
                                  the event; may be NULL. `alert explain` puts into words: metric,
                                  value, unit, warning, warning_source, critical,
                                  critical_source, hysteresis, hysteresis_source, sustained_ms
                                  (how long it lasted before it counted), text */
} problem;

typedef struct alert_change {
        int32_t kind; /* ALERT_* */
        char id[37];
} alert_change;
enum {
        ALERT_NONE,
        ALERT_OPENED,
        ALERT_STILL,
        ALERT_ESCALATED,
        ALERT_EASED,
        ALERT_RESOLVED,
        ALERT_REOPENED
};

/* Both inside the transaction that stores the samples. clear(): the problem was seen to have ended;
 * a no-op without an open alert. To be called at every good observation: an alert that flaps (see
 * alerts.flapping) is resolved by the first clear() after a whole quiet window; until then it
 * answers ALERT_STILL. A problem that comes back within the window is the same alert
 * (ALERT_REOPENED). An unknown status never lowers a severity. */
msptk_status msptk__alert_raise(const ctx *c, store_tx *tx, const problem *p, int64_t now,
                                alert_change *ret, msptk_error **ret_err);
msptk_status msptk__alert_clear(const ctx *c, store_tx *tx, const problem *p, int64_t now,
                                alert_change *ret, msptk_error **ret_err);

/* Resolves what is open of a client, or of one device of it, because it was removed: nobody will
 * ever see those problems end. */
msptk_status msptk__alert_end_all(store_tx *tx, const char *client_id, const char *device_id,
                                  const char *who, const char *why, int64_t now,
                                  msptk_error **ret_err);

/* For views. */
msptk_status msptk__alert_counts(store_tx *tx, const char *client_id, int64_t *ret_critical,
                                 int64_t *ret_warning, int64_t *ret_unknown, msptk_error **ret_err);
/* {"new": [...], "still": [...], "fixed": [...]} of a client since a moment, as "msptk.alert/1"
 * rows. */
msptk_status msptk__alert_digest(store_tx *tx, const char *client_id, int64_t since, int64_t now,
                                 msptk_json **ret, msptk_error **ret_err);
msptk_status msptk__alert_prune(store_tx *tx, int64_t before, msptk_error **ret_err);

/* The work of the operations. */
msptk_status msptk__alert_list(act *a, const msptk_json *args, msptk_json **ret,
                               msptk_error **ret_err);
msptk_status msptk__alert_ack(act *a, const msptk_json *args, msptk_json **ret,
                              msptk_error **ret_err);
msptk_status msptk__alert_resolve(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err);
msptk_status msptk__alert_snooze(act *a, const msptk_json *args, msptk_json **ret,
                                 msptk_error **ret_err);
msptk_status msptk__alert_accept(act *a, const msptk_json *args, msptk_json **ret,
                                 msptk_error **ret_err);
msptk_status msptk__alert_explain(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err);

/* Plans of the changes. */
msptk_status msptk__alert_ack_plan(act *a, const msptk_json *args, msptk_json **ret,
                                   msptk_error **ret_err);
msptk_status msptk__alert_resolve_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err);
msptk_status msptk__alert_snooze_plan(act *a, const msptk_json *args, msptk_json **ret,
                                      msptk_error **ret_err);
msptk_status msptk__alert_accept_plan(act *a, const msptk_json *args, msptk_json **ret,
                                      msptk_error **ret_err);

/* Numbers 80 to 89. */
extern const store_migration msptk__alerts_migrations[];

#endif
