/* Views over several nouns: a client with its devices, and what of it nobody looks after. */
#define ROOM "ops"
#include "ops/admin.h"

#include <string.h>

#include "adapters/adapters.h"
#include "clients/clients.h"
#include "devices/devices.h"
#include "health/health.h"

enum { UNSEEN_NAMED = 20 };
#define OBSERVED_US (INT64_C(24) * 3600 * 1000000) /* what is older says nothing of today */
#define UNSEEN_US (INT64_C(7) * 24 * 3600 * 1000000)

static void gap(json_obj *list, const char *what, const char *message, int64_t since,
                const char *suggestion, msptk_json *devices)
{
        json_obj o = msptk__obj();

        msptk__obj_str(&o, "what", what);
        msptk__obj_str(&o, "message", message);
        msptk__obj_time(&o, "since", since);
        msptk__obj_str(&o, "suggestion", suggestion);
        if (devices)
                msptk__obj_json(&o, "devices", devices);
        msptk__array_take(list, &o);
}

/* Whether some adapter that works can measure the device. */
static bool measured(const ctx *c, const device_ref *ref)
{
        const instance_info *info;
        instance *i = NULL;

        if (!*ref->adapter || msptk__instance_find(c->registry, ref->adapter, &i, NULL) < 0)
                return false;
        info = msptk__instance_info(i);
        return info->enabled && !info->problem && (info->capabilities & CAP_METRICS);
}

/* Devices that no adapter measures, as an array of ids; refs of one device stand together. */
static msptk_status unmeasured(const ctx *c, const device_refs *refs, msptk_json **ret,
                               msptk_error **ret_err)
{
        AUTO_OBJ json_obj ids = msptk__array();

        for (size_t i = 0; i < refs->count;) {
                const char *id = refs->items[i].id;
                bool any = false;

                for (; i < refs->count && !strcmp(refs->items[i].id, id); i++)
                        any = any || measured(c, &refs->items[i]);
                if (!any)
                        msptk__array_str(&ids, id);
        }
        return msptk__obj_end(&ids, ret, ret_err);
}

static msptk_status add_gaps(act *a, store_tx *tx, const msptk_json *client, int64_t devices,
                             json_obj *list, msptk_error **ret_err)
{
        const char *id = msptk_json_string(msptk_json_get(client, "id"), "");
        AUTO_DEVICE_REFS device_refs refs = { 0 };
        AUTO_JSON msptk_json *unseen = NULL, *blind = NULL;
        int64_t now = msptk__act_now(a), count = 0;

        if (strcmp(msptk_json_string(msptk_json_get(client, "status"), ""), "active"))
                gap(list, "not_active", "only active clients are checked", 0,
                    "make it active with client_update", NULL);
        if (!devices) {
                gap(list, "no_devices", "no device of it is known", 0,
                    "ask its adapters with device_scan, or enrol one with device_add", NULL);
                return MSPTK_OK;
        }
        TRY(msptk__device_unseen(tx, id, now - UNSEEN_US, UNSEEN_NAMED, &unseen, &count, ret_err));
        if (count)
                gap(list, "not_seen", "devices that were not seen up for 7 days", now - UNSEEN_US,
                    "see device_get for each, or take it out with device_remove", STEAL(unseen));
        TRY(msptk__device_refs(tx, id, &refs, ret_err));
        TRY(unmeasured(msptk__act_ctx(a), &refs, &blind, ret_err));
        if (msptk_json_count(blind))
                gap(list, "not_measured", "devices that no working adapter measures", 0,
                    "see adapter_list; name an adapter that measures them", STEAL(blind));
        return MSPTK_OK;
}

static msptk_status add_time(msptk_json *client, const char *key, int64_t us, msptk_error **ret_err)
{
        char text[TIME_TEXT_MAX];
        msptk_status st;

        msptk__time_format(us, text);
        st = us ? msptk_json_set_string(client, key, text) : msptk_json_set_null(client, key);
        return st < 0 ? msptk__nomem(ret_err) : MSPTK_OK;
}

/* How many devices, how they are, and when anything of them was last observed. */
static msptk_status add_state(act *a, msptk_json *client, int64_t devices,
                              const health_summary *health, msptk_error **ret_err)
{
        bool old = msptk__act_now(a) - health->last > OBSERVED_US;

        if (msptk_json_set_int(client, "devices", devices) < 0 ||
            msptk_json_set_string(client, "health", old ? "unknown" : health->status) < 0)
                return msptk__nomem(ret_err);
        return add_time(client, "last_check", health->last, ret_err);
}

msptk_status msptk__op_client_get(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err)
{
        AUTO_JSON msptk_json *client = NULL, *gaps = NULL;
        AUTO_OBJ json_obj list = msptk__array();
        health_summary health;
        int64_t count, seen;
        const char *id;
        store_tx *tx;

        TRY(msptk__client_get(a, args, &client, ret_err));
        TRY(msptk__act_tx(a, &tx, ret_err));
        id = msptk_json_string(msptk_json_get(client, "id"), "");
        TRY(msptk__device_count(tx, id, &count, &seen, ret_err));
        TRY(msptk__health_summaries(tx, &id, 1, &health, ret_err));
        TRY(add_state(a, client, count, &health, ret_err));
        TRY(add_time(client, "last_seen", seen, ret_err));
        TRY(add_gaps(a, tx, client, count, &list, ret_err));
        TRY(msptk__obj_end(&list, &gaps, ret_err));
        if (msptk_json_set(client, "not_covered", STEAL(gaps)) < 0)
                return msptk__nomem(ret_err);
        *ret = STEAL(client);
        return MSPTK_OK;
}

/* The rows of a page stand in the order of their ids. */
static msptk_status add_states(act *a, const msptk_json *rows, msptk_error **ret_err)
{
        size_t count = msptk_json_count(rows), n = 0;
        AUTO_FREE const char **ids = msptk__alloc_array(count, sizeof(*ids));
        AUTO_FREE health_summary *health = msptk__alloc_array(count, sizeof(*health));
        AUTO_FREE int64_t *devices = msptk__alloc_array(count, sizeof(*devices));
        store_tx *tx;

        if (!ids || !health || !devices)
                return msptk__nomem(ret_err);
        for (const msptk_json *c = msptk_json_first(rows); c; c = msptk_json_next(c))
                ids[n++] = msptk_json_string(msptk_json_get(c, "id"), "");
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__device_counts(tx, ids, count, devices, ret_err));
        TRY(msptk__health_summaries(tx, ids, count, health, ret_err));
        n = 0;
        for (msptk_json *c = msptk_json_first(rows); c; c = msptk_json_next(c), n++)
                TRY(add_state(a, c, devices[n], &health[n], ret_err));
        return MSPTK_OK;
}

msptk_status msptk__op_client_list(act *a, const msptk_json *args, msptk_json **ret,
                                   msptk_error **ret_err)
{
        AUTO_JSON msptk_json *page = NULL;

        TRY(msptk__client_list(a, args, &page, ret_err));
        TRY(add_states(a, msptk_json_get(page, "clients"), ret_err));
        *ret = STEAL(page);
        return MSPTK_OK;
}
