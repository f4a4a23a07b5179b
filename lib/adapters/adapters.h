/*
 * Floor 5. Adapters and checks of one toolkit: the kinds that are registered, the instances that
 * the configuration names, and calls of their slots. Slots run on the calling thread, which is a
 * pool thread; rows go to the caller's sink as they come.
 */
#ifndef ADAPTERS_ADAPTERS_H
#define ADAPTERS_ADAPTERS_H

#include <msptk/sdk/adapter.h>
#include <msptk/sdk/check.h>

#include "audit/audit.h"
#include "base/base.h"
#include "store/store.h"
#include "work/work.h"

typedef struct registry registry;
typedef struct instance instance; /* lives as long as the registry */

/* The kinds that ship with the library (local, plugin, fake); instances are opened at their first
 * use. */
msptk_status msptk__registry_open(ctx *c, registry **ret, msptk_error **ret_err);
void msptk__registry_close(registry *r); /* nothing may run; NULL-safe */

/* Copies `ops` as far as its struct_size says. E_INVALID names the missing slot, E_EXISTS. */
msptk_status msptk__registry_add_adapter(registry *r, const msptk_adapter_ops *ops,
                                         msptk_error **ret_err);
msptk_status msptk__registry_add_check(registry *r, const msptk_check_ops *ops, void *user,
                                       msptk_error **ret_err);

/* Kinds, for config check and adapter list: NULL-terminated names, owned by the registry, valid
 * until the next registration. */
const char *const *msptk__registry_types(registry *r);

/* ---- instances ---- */
typedef struct instance_info {
        const char *name; /* in the configuration; "local" exists without being configured */
        const char *type;
        const char *title;
        const char *origin;  /* "adapters[0]", "rmm", "built in" */
        const char *problem; /* why it cannot work (unknown type, bad settings); NULL when it can */
        const char *bad_setting; /* the setting that `problem` is about; NULL when it is none */
        uint32_t capabilities;   /* CAP_* or'ed, from the slots that are filled */
        bool enabled;
} instance_info;
enum { CAP_DEVICES = 1, CAP_METRICS = 2, CAP_ALERTS = 4, CAP_COMMANDS = 8, CAP_DEPLOY = 16 };

size_t msptk__instance_count(registry *r);
instance *msptk__instance_at(registry *r, size_t i);
const instance_info *msptk__instance_info(instance *i);
/* NULL name: "rmm", or the only configured one. E_NOTFOUND (ADAPTER_NOT_FOUND) names those that
 * exist. */
msptk_status msptk__instance_find(registry *r, const char *name, instance **ret,
                                  msptk_error **ret_err);
/* The same for what a caller named: an adapter that serves none of the clients that the act may see
 * does not exist for it, and no others are named to it then. `tx` is one that is open; NULL: none.
 */
msptk_status msptk__instance_named(act *a, store_tx *tx, const char *name, instance **ret,
                                   msptk_error **ret_err);
/* Whether the configuration lets it serve this client (no list of clients: every client). */
bool msptk__instance_serves(instance *i, const char *client_id);
/* The checks it can answer; NULL-terminated; NULL: settings decide, ask with collect. */
const char *const *msptk__instance_checks(instance *i);

/* ---- calls ---- */
typedef struct adapter_sink {
        /* Each returns MSPTK_OK to go on. Rows are borrowed for the time of the call. */
        msptk_status (*device)(void *user, const msptk_device_row *row);
        msptk_status (*metric)(void *user, const msptk_metric_row *row);
        msptk_status (*alert)(void *user, const msptk_alert_row *row);
        void (*progress)(void *user, int64_t done, int64_t total);
        void *user;
} adapter_sink;

/* Unsupported groups answer E_UNSUPPORTED naming adapter and capability. Errors carry the
 * instance's name and are redacted. */
msptk_status msptk__adapter_probe(instance *i, cancel *tok, msptk_error **ret_err);
msptk_status msptk__adapter_devices(instance *i, const msptk_query *query, const adapter_sink *sink,
                                    cancel *tok, msptk_error **ret_err);
msptk_status msptk__adapter_collect(instance *i, const msptk_query *query, const adapter_sink *sink,
                                    cancel *tok, msptk_error **ret_err);
msptk_status msptk__adapter_alerts(instance *i, const msptk_query *query, const adapter_sink *sink,
                                   cancel *tok, msptk_error **ret_err);
/* `ret` and its texts are owned by the caller: clear with msptk__program_result_clear(). */
msptk_status msptk__adapter_execute(instance *i, const char *vendor_id, const char *const *command,
                                    cancel *tok, msptk_program_result *ret, msptk_error **ret_err);
void msptk__program_result_clear(msptk_program_result *r);
msptk_status msptk__adapter_deploy(instance *i, const msptk_device_row *device, cancel *tok,
                                   char **ret_evidence, msptk_error **ret_err);

/* ---- custom checks ---- */
typedef struct custom_check custom_check;
size_t msptk__check_count(registry *r);
custom_check *msptk__check_at(registry *r, size_t i);
const char *msptk__check_name(const custom_check *k);
const char *msptk__check_version(const custom_check *k);
int32_t msptk__check_per(const custom_check *k); /* MSPTK_CHECK_PER_* */
/* Runs it once. Reports arrive as metric rows of the sink: check = its name, vendor_id = NULL, one
 * row for each report and one for each metric (whose `metric` is set). A failure, or no report,
 * gives one row with MSPTK_STATE_UNKNOWN and why. Fails only when the token ended it (E_CANCELLED,
 * E_TIMEOUT) or the sink did. */
msptk_status msptk__check_run(registry *r, custom_check *k, const msptk_json *context,
                              const adapter_sink *sink, cancel *tok);

/* State of instances in the store (host->state_get). Numbers 40 to 49. */
extern const store_migration msptk__adapters_migrations[];

#endif
