/* Floor 6. Policy: thresholds and check settings, inherited default -> tier -> client -> device,
 * each value knowing its source. */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "audit/audit.h"
#include "base/base.h"
#include "store/store.h"

typedef struct policy policy; /* all of one client, read once for a run; immutable, any thread */

typedef struct threshold {
        double warning;    /* NaN: none */
        double critical;   /* NaN: none */
        double hysteresis; /* how far a value must go back before the state gets better; same unit
                            */
        int64_t sustained_ms; /* how long it must last before it counts */
        bool lower_is_worse;
        bool enabled;               /* the check runs at all */
        const char *warning_source; /* "default", "config file.yaml:12", "tier gold", "client
                                       acme-corp", "device vm", "override" */
        const char *critical_source;
} threshold;

/* `overrides`: threshold_override of the call ({"cpu_percent": 80, "disk.critical": 95}); NULL.
 * E_INVALID names a bad one. */
msptk_status msptk__policy_load(const ctx *c, store_tx *tx, const char *client_id, const char *tier,
                                const msptk_json *overrides, policy **ret, msptk_error **ret_err);
void msptk__policy_free(policy *p);
DEFINE_AUTO_FREE(msptk__auto_policy, policy, msptk__policy_free)
#define AUTO_POLICY __attribute__((cleanup(msptk__auto_policy)))

/* Texts live as long as the policy. device_id may be NULL (of the client as a whole). */
void msptk__policy_threshold(const policy *p, const char *device_id, const char *check,
                             const char *metric, threshold *ret);
/* No device has values of its own: all answers are those of the client. */
bool msptk__policy_is_shared(const policy *p);
/* Every effective value of a device (NULL: of the client) with its source and what it overrides,
 * for explain. */
msptk_status msptk__policy_explain(const policy *p, const char *device_id, const char *check,
                                   msptk_json **ret, msptk_error **ret_err);

/* The work of health_configure: sets or unsets values at a tier, client or device. */
msptk_status msptk__policy_configure(act *a, const msptk_json *args, msptk_json **ret,
                                     msptk_error **ret_err);
msptk_status msptk__policy_configure_plan(act *a, const msptk_json *args, msptk_json **ret,
                                          msptk_error **ret_err);

/* Numbers 70 to 79. */
extern const store_migration msptk__policy_migrations[];

#endif
