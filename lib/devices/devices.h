/* Floor 6. Devices: machines of clients. Identity comes from keys (serial, machine id, MAC, vendor
 * id), never from names. */
#ifndef DEVICES_DEVICES_H
#define DEVICES_DEVICES_H

#include <msptk/sdk/adapter.h>

#include "audit/audit.h"
#include "base/base.h"
#include "store/store.h"

/* One device as health runs need it. */
typedef struct device_ref {
        char *id;
        char *name;
        char *adapter;   /* instance that answers for it; "" when none does (never NULL) */
        char *vendor_id; /* its id there; "" when no adapter answers for it */
        char *address;   /* NULL when unknown */
} device_ref;
typedef struct device_refs {
        device_ref *items;
        size_t count;
} device_refs;
void msptk__device_refs_clear(device_refs *r);
#define AUTO_DEVICE_REFS __attribute__((cleanup(msptk__device_refs_clear)))

/* Living devices of a client, by id. A device that several adapters know has one ref for each of
 * them; one that no adapter knows has one with adapter "", so that nobody forgets it. */
msptk_status msptk__device_refs(store_tx *tx, const char *client_id, device_refs *ret,
                                msptk_error **ret_err);

/* What an adapter said of a device: finds the device by identity or makes it, remembers keys,
 * presence and facts. A device that was taken out by hand stays out: its id is given all the same.
 */
msptk_status msptk__device_observe(store_tx *tx, const char *client_id, const char *adapter,
                                   const msptk_device_row *row, int64_t now, char **ret_id,
                                   msptk_error **ret_err);
/* Three-state presence (MSPTK_PRESENCE_*) as of `at`. */
msptk_status msptk__device_seen(store_tx *tx, const char *device_id, int32_t presence, int64_t at,
                                msptk_error **ret_err);
/* The same, up, for all devices of a client from one id to another; how many there were. */
msptk_status msptk__devices_seen(store_tx *tx, const char *client_id, const char *from,
                                 const char *to, int64_t at, int64_t *ret_count,
                                 msptk_error **ret_err);

/* What was last heard of a presence, newer than this, still counts; older is unknown: two rounds of
 * the default schedule of six hours. */
#define DEVICE_STALE_US (INT64_C(12) * 3600 * 1000000)
/* "up", "down" or "unknown" of what was heard at `at`, as of `now`. */
const char *msptk__device_presence_word(int32_t presence, int64_t at, int64_t now);

/* For views: number of living devices of a client; newest time one of them was seen up (0: never).
 */
msptk_status msptk__device_count(store_tx *tx, const char *client_id, int64_t *ret_count,
                                 int64_t *ret_last_seen, msptk_error **ret_err);
/* For lists: the number of living devices of each of `count` clients, their ids ascending. */
msptk_status msptk__device_counts(store_tx *tx, const char *const *ids, size_t count,
                                  int64_t *ret_counts, msptk_error **ret_err);
/* Living devices of a client that were not seen up since `before`, as [{"id", "last_seen"}], those
 * unseen for longest first, at most `limit`; *ret_count counts all. */
msptk_status msptk__device_unseen(store_tx *tx, const char *client_id, int64_t before,
                                  int64_t limit, msptk_json **ret, int64_t *ret_count,
                                  msptk_error **ret_err);
/* "msptk.device/1" of one device; E_NOTFOUND (DEVICE_NOT_FOUND) names the nearest id. `sees` is
 * msptk__act_sees(): of other devices it names none but those. */
msptk_status msptk__device_json(store_tx *tx, const char *device_id, int64_t now, const char *sees,
                                msptk_json **ret, msptk_error **ret_err);
/* Whether there is the device that a caller named, and the act may see its client: otherwise the
 * same E_NOTFOUND, which names the nearest of those that it may see. */
msptk_status msptk__device_check(act *a, store_tx *tx, const char *device_id,
                                 msptk_error **ret_err);

/* The work of the operations. */
msptk_status msptk__device_add(act *a, const msptk_json *args, msptk_json **ret,
                               msptk_error **ret_err);
msptk_status msptk__device_get(act *a, const msptk_json *args, msptk_json **ret,
                               msptk_error **ret_err);
msptk_status msptk__device_list(act *a, const msptk_json *args, msptk_json **ret,
                                msptk_error **ret_err);
msptk_status msptk__device_remove_all(store_tx *tx, const char *client_id, int64_t now,
                                      msptk_error **ret_err);
msptk_status msptk__device_remove(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err);
msptk_status msptk__device_update(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err);
msptk_status msptk__device_merge(act *a, const msptk_json *args, msptk_json **ret,
                                 msptk_error **ret_err);
msptk_status msptk__device_unmerge(act *a, const msptk_json *args, msptk_json **ret,
                                   msptk_error **ret_err);
msptk_status msptk__device_scan(act *a, const msptk_json *args, msptk_json **ret,
                                msptk_error **ret_err);

/* Plans of the changes. */
msptk_status msptk__device_add_plan(act *a, const msptk_json *args, msptk_json **ret,
                                    msptk_error **ret_err);
msptk_status msptk__device_update_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err);
msptk_status msptk__device_remove_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err);
msptk_status msptk__device_merge_plan(act *a, const msptk_json *args, msptk_json **ret,
                                      msptk_error **ret_err);
msptk_status msptk__device_unmerge_plan(act *a, const msptk_json *args, msptk_json **ret,
                                        msptk_error **ret_err);
/* What an adapter does to one device: agent_deploy, command_run; and its alerts of a client. */
msptk_status msptk__device_deploy(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err);
msptk_status msptk__device_deploy_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err);
msptk_status msptk__device_command(act *a, const msptk_json *args, msptk_json **ret,
                                   msptk_error **ret_err);
msptk_status msptk__adapter_alerts_op(act *a, const msptk_json *args, msptk_json **ret,
                                      msptk_error **ret_err);

/* Numbers 60 to 69. */
extern const store_migration msptk__devices_migrations[];

#endif
