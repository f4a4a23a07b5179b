/* What the files of this room share. */
#ifndef DEVICES_INTERNAL_H
#define DEVICES_INTERNAL_H

#include "adapters/adapters.h"
#include "clients/clients.h"
#include "devices/devices.h"

/*
 * Every source of knowledge of a device (an adapter's row, an enrolment by hand) is a row of the
 * table `device` of its own. Merging makes rows share a `root`, by which the device is known; it
 * changes nothing else, so that undoing it gives back exactly what was.
 */

enum { KEY_NONSENSE = 0, KEY_USABLE = 1, KEY_PAST = 2 }; /* device_key.state */
enum { KEY_VALUE_CAP = 129, DEVICE_KEYS_MAX = 40, DEVICE_TEXT_MAX = 200 };

typedef struct device_key {
        const char *kind; /* "serial", "machine_id", "mac" */
        int32_t state;    /* KEY_USABLE or KEY_NONSENSE */
        char value[KEY_VALUE_CAP];
} device_key;
typedef struct device_keys {
        device_key items[DEVICE_KEYS_MAX];
        size_t count;
} device_keys;

/* Brings keys into one form and says which can identify a machine at all. Any may be NULL. */
void msptk__device_keys_read(const char *serial, const char *machine_id, const char *macs,
                             device_keys *ret);
/* Why a key of state KEY_NONSENSE identifies nothing. */
const char *msptk__device_key_why(const char *kind);

typedef struct device_row {
        char *id;
        char *root; /* id by which the device is known; its own unless it was merged */
        char *client_id;
        char *name;
        char *kind;    /* NULL when unknown */
        char *os;      /* NULL when unknown */
        char *address; /* NULL when unknown */
        char *fields;  /* a JSON object */
        char *attributes;
        int64_t presence, presence_at, seen_at;
        int64_t created_at, updated_at, deleted_at, revision;
} device_row;
void msptk__device_clear(device_row *d);
#define AUTO_DEVICE __attribute__((cleanup(msptk__device_clear)))

/* The row itself, whatever became of it. MSPTK_OK or MSPTK_DONE. */
msptk_status msptk__device_row(store_tx *tx, const char *id, device_row *ret,
                               msptk_error **ret_err);
/* The living device that answers to `id`, also when that was merged into it; E_NOTFOUND. */
msptk_status msptk__device_read(store_tx *tx, const char *id, device_row *ret,
                                msptk_error **ret_err);
/* The same for what a caller named: a device of a client that the act may not see does not exist.
 */
msptk_status msptk__device_find(act *a, store_tx *tx, const char *id, device_row *ret,
                                msptk_error **ret_err);
/* The view; `brief` leaves keys, sources, conflicts and merges out. Of other devices it names those
 * that may be seen (msptk__act_sees()). */
msptk_status msptk__device_view(store_tx *tx, const device_row *d, int64_t now, bool brief,
                                const char *sees, msptk_json **ret, msptk_error **ret_err);

/* One thing known of one device, to be remembered. */
typedef struct device_news {
        const char *client_id;
        const char *adapter; /* NULL: by hand, without an adapter */
        const char *vendor_id;
        const msptk_device_row *row;
        const char *id;     /* asked for; NULL: made from the name */
        const char *fields; /* JSON object; NULL: {} */
        bool by_hand;       /* an existing device that matches is E_EXISTS */
        int64_t now;
} device_news;
typedef struct device_put {
        char *id; /* of the device that it is now, its root */
        bool created, merged, removed;
        bool elsewhere;    /* its device belongs to another client, and stays there */
        int64_t conflicts; /* noted by this */
} device_put;
msptk_status msptk__device_put(store_tx *tx, const device_news *n, device_put *ret,
                               msptk_error **ret_err);
/* `from` and what was merged into it become `into`; the log keeps how it was. */
msptk_status msptk__device_merge_rows(store_tx *tx, const char *from, const char *into,
                                      const char *why, const char *by, int64_t now,
                                      msptk_error **ret_err);

msptk_status msptk__device_unmerge_rows(store_tx *tx, const char *id, int64_t now,
                                        msptk_error **ret_err);

/* One row of an adapter, kept beyond the call. */
typedef struct kept_device {
        msptk_device_row row;
        char *texts[9];
        msptk_json *attributes;
} kept_device;
typedef struct kept_devices {
        kept_device *items;
        size_t count, cap;
} kept_devices;
void msptk__kept_devices_clear(kept_devices *k);
#define AUTO_KEPT __attribute__((cleanup(msptk__kept_devices_clear)))

/* Asks one adapter on the pool, within the act's deadline. Never inside a transaction. */
msptk_status msptk__device_ask(act *a, instance *i, const char *client_id,
                               const char *vendor_client, kept_devices *ret, msptk_error **ret_err);

/* {"changes": [{"action", "what", "id", "before", "after"}], "revision"}; views are adopted. */
msptk_status msptk__device_plan(const char *action, const char *id, msptk_json *before,
                                msptk_json *after, int64_t revision, msptk_json **ret,
                                msptk_error **ret_err);

static inline __attribute__((unused)) const char *text_arg(const msptk_json *args, const char *key)
{
        return msptk_json_string(msptk_json_get(args, key), NULL);
}

#endif
