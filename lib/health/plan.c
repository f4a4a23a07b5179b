/* What a run is about: its clients, their devices and policies, what is remembered of them, and
 * whom to ask. */
#define ROOM "health"
#include "health/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

enum { ASK_DEVICES = 100, CLIENTS_PAGE = 200 };

static const char *text_arg(const msptk_json *args, const char *name)
{
        return msptk_json_string(msptk_json_get(args, name), NULL);
}

static const char *keep(run *r, const char *text)
{
        return msptk__arena_text(&r->texts, text, MESSAGE_BYTES);
}

/* ---- clients, devices, policies: one moment of the store ---- */

static void *grow(void *old, size_t count, size_t add, size_t size)
{
        void *more = msptk__realloc_array(old, count + add, size);

        if (more)
                memset((char *)more + count * size, 0, add * size);
        return more;
}

static msptk_status add_client(run *r, store_tx *tx, const char *id, msptk_error **ret_err)
{
        run_client *more = grow(r->clients, r->client_count, 1, sizeof(*more));

        if (!more)
                return msptk__nomem(ret_err);
        r->clients = more;
        TRY(msptk__client_read(tx, id, &more[r->client_count].row, ret_err));
        r->client_count++;
        return MSPTK_OK;
}

static msptk_status read_all_clients(run *r, store_tx *tx, msptk_error **ret_err)
{
        client_filter all = { .sees = msptk__act_sees(r->a) };
        AUTO_FREE char *after = NULL;

        do {
                AUTO_JSON msptk_json *page = NULL;
                AUTO_FREE char *next = NULL;

                TRY(msptk__client_page(tx, &all, after, CLIENTS_PAGE, &page, &next, ret_err));
                for (const msptk_json *k = msptk_json_first(page); k; k = msptk_json_next(k))
                        TRY(add_client(r, tx, text_arg(k, "id"), ret_err));
                msptk__free(after);
                after = STEAL(next);
        } while (after);
        for (size_t i = 0; i < r->client_count; i++) {
                run_client *k = &r->clients[i];

                if (strcmp(k->row.status, "active")) {
                        k->skipped = true;
                        k->reason = !strcmp(k->row.status, "suspended") ? "the client is suspended"
                                                                        : "the client is inactive";
                }
        }
        return MSPTK_OK;
}

static msptk_status add_device(run *r, size_t client, const char *id, const char *name,
                               msptk_error **ret_err)
{
        run_device *more = grow(r->devices, r->device_count, 1, sizeof(*more)), *d;

        if (!more)
                return msptk__nomem(ret_err);
        r->devices = more;
        d = &more[r->device_count++];
        d->client = client;
        d->id = msptk__strdup(id);
        d->name = msptk__strdup(name);
        if (id && (!d->id || !d->name))
                return msptk__nomem(ret_err);
        r->clients[client].device_count++;
        return MSPTK_OK;
}

/* ---- asks ---- */

static msptk_status add_ask(run *r, ask **slot, msptk_error **ret_err)
{
        if (r->ask_count == r->ask_cap) {
                size_t cap = r->ask_cap ? 2 * r->ask_cap : 64;
                ask **more = msptk__realloc_array(r->asks, cap, sizeof(ask *));

                if (!more)
                        return msptk__nomem(ret_err);
                r->asks = more;
                r->ask_cap = cap;
        }
        TRY(msptk__ask_new(r->c, slot, ret_err));
        (*slot)->types = r->types;
        (*slot)->timeout_ms = msptk__config_ms(r->c->config, "health_checks.timeout", 30000);
        r->asks[r->ask_count++] = *slot;
        return MSPTK_OK;
}

/* The checks to name to an adapter: those of its own that are wanted; *ret_none when there is none.
 * NULL: it is asked for everything, and the sink drops what was not wanted. */
static msptk_status choose_checks(run *r, ask *k, const char *const *known, bool *ret_none,
                                  msptk_error **ret_err)
{
        const char **list;
        size_t n = 0, count = 0;

        *ret_none = false;
        if (!known)
                return MSPTK_OK;
        while (known[count])
                count++;
        list = msptk__arena_alloc(&k->texts, (count + 1) * sizeof(*list));
        if (!list)
                return msptk__nomem(ret_err);
        for (size_t i = 0; i < count; i++)
                if (msptk__health_type(known[i]) & r->types)
                        list[n++] = known[i];
        list[n] = NULL;
        k->checks = list;
        *ret_none = !n;
        return MSPTK_OK;
}

static int by_vendor_id(const void *a, const void *b)
{
        return strcmp(((const ask_device *)a)->vendor_id, ((const ask_device *)b)->vendor_id);
}

/* An id at the RMM's vendor; other adapters do not know it. NULL: they know the client by ours. */
static const char *vendor_client(const run *r, const run_client *rc, const instance *inst)
{
        instance *rmm = NULL;

        return msptk__instance_find(r->c->registry, NULL, &rmm, NULL) >= 0 && rmm == inst
                       ? rc->row.rmm_id
                       : NULL;
}

static msptk_status fill_ask(run *r, ask *k, const run_client *rc, const device_ref **refs,
                             const size_t *index, size_t count, msptk_error **ret_err)
{
        const char *theirs = vendor_client(r, rc, k->inst);

        k->client_id = msptk__arena_text(&k->texts, rc->row.id, NAME_BYTES);
        k->vendor_client = theirs ? msptk__arena_text(&k->texts, theirs, NAME_BYTES) : NULL;
        k->devices = msptk__alloc_array(count ? count : 1, sizeof(*k->devices));
        if (!k->client_id || !k->devices || (theirs && !k->vendor_client))
                return msptk__nomem(ret_err);
        for (size_t i = 0; i < count; i++) {
                ask_device *d = &k->devices[i];

                d->vendor_id = msptk__arena_text(&k->texts, refs[i]->vendor_id, MESSAGE_BYTES);
                d->address = refs[i]->address
                                     ? msptk__arena_text(&k->texts, refs[i]->address, NAME_BYTES)
                                     : NULL;
                d->index = index[i];
                if (!d->vendor_id || (refs[i]->address && !d->address))
                        return msptk__nomem(ret_err);
                r->devices[index[i]].ask_count++;
                r->devices[index[i]].waiting++;
                r->devices[index[i]].asked = true;
        }
        k->device_count = k->open_devices = count;
        k->timeout_ms += k->timeout_ms * (int64_t)count / 16;
        qsort(k->devices, count, sizeof(*k->devices), by_vendor_id);
        return MSPTK_OK;
}

typedef struct ref_at {
        const device_ref *ref;
        size_t index;
} ref_at;

/* Why an instance cannot be asked for this client; NULL when it can. */
static const char *cannot_ask(run *r, const char *name, const char *client_id, instance **ret)
{
        const instance_info *info;

        if (!*name)
                return "no adapter answers for it";
        if (msptk__instance_find(r->c->registry, name, ret, NULL) < 0)
                return "its adapter is not configured any more";
        info = msptk__instance_info(*ret);
        if (!info->enabled)
                return "its adapter is disabled";
        if (info->problem && !(info->capabilities & CAP_METRICS))
                return info->problem;
        if (!(info->capabilities & CAP_METRICS))
                return "its adapter does not measure";
        if (!msptk__instance_serves(*ret, client_id))
                return "its adapter does not serve this client";
        return NULL;
}

static msptk_status ask_chunk(run *r, size_t client, instance *inst, const ref_at *refs,
                              size_t count, bool *ret_none, msptk_error **ret_err)
{
        const device_ref *items[ASK_DEVICES];
        size_t index[ASK_DEVICES];
        ask *k;

        for (size_t i = 0; i < count; i++) {
                items[i] = refs[i].ref;
                index[i] = refs[i].index;
        }
        TRY(add_ask(r, &k, ret_err));
        TRY(choose_checks(r, k, msptk__instance_checks(inst), ret_none, ret_err));
        if (*ret_none) {
                msptk__ask_unref(k);
                r->ask_count--;
                return MSPTK_OK;
        }
        k->inst = inst;
        k->source = msptk__arena_text(&k->texts, msptk__instance_info(inst)->name, NAME_BYTES);
        if (!k->source)
                return msptk__nomem(ret_err);
        return fill_ask(r, k, &r->clients[client], items, index, count, ret_err);
}

static int by_adapter(const void *a, const void *b)
{
        const ref_at *x = a, *y = b;
        int order = strcmp(x->ref->adapter, y->ref->adapter);

        return order ? order : (x->index > y->index) - (x->index < y->index);
}

static msptk_status ask_adapters(run *r, size_t client, ref_at *refs, size_t count,
                                 msptk_error **ret_err)
{
        qsort(refs, count, sizeof(*refs), by_adapter);
        for (size_t i = 0, end; i < count; i = end) {
                instance *inst = NULL;
                const char *why =
                        cannot_ask(r, refs[i].ref->adapter, r->clients[client].row.id, &inst);
                bool none = false;

                for (end = i; end < count && end - i < ASK_DEVICES &&
                              !strcmp(refs[end].ref->adapter, refs[i].ref->adapter);)
                        end++;
                if (!why) {
                        TRY(ask_chunk(r, client, inst, refs + i, end - i, &none, ret_err));
                        why = none ? "its adapter does not answer these checks" : NULL;
                }
                for (size_t d = i; why && d < end; d++)
                        r->devices[refs[d].index].reason = keep(r, why);
        }
        return MSPTK_OK;
}

/* ---- this machine ---- */

/* Programs that measure without listing devices are about the machine that they run on. */
static bool measures_this_machine(instance *inst, const char *client_id)
{
        const instance_info *info = msptk__instance_info(inst);

        return info->enabled && (info->capabilities & CAP_METRICS) &&
               !(info->capabilities & CAP_DEVICES) && msptk__instance_serves(inst, client_id);
}

static bool asked_by(const ref_at *refs, size_t count, size_t index, const char *adapter)
{
        for (size_t i = 0; i < count; i++)
                if (refs[i].index == index && !strcmp(refs[i].ref->adapter, adapter))
                        return true;
        return false;
}

static bool is_this_machine(run *r, const ref_at *at)
{
        instance *inst = NULL;

        return *at->ref->adapter &&
               msptk__instance_find(r->c->registry, at->ref->adapter, &inst, NULL) == MSPTK_OK &&
               !strcmp(msptk__instance_info(inst)->type, "local");
}

/* `refs` has room for every instance at every device. */
static msptk_status add_this_machine(run *r, const char *client_id, ref_at *refs, size_t *count,
                                     msptk_error **ret_err)
{
        size_t known = *count, instances = msptk__instance_count(r->c->registry);

        for (size_t i = 0; i < known; i++) {
                if (!is_this_machine(r, &refs[i]))
                        continue;
                for (size_t n = 0; n < instances; n++) {
                        instance *inst = msptk__instance_at(r->c->registry, n);
                        const char *name = msptk__instance_info(inst)->name;
                        device_ref *more;

                        if (!measures_this_machine(inst, client_id) ||
                            asked_by(refs, *count, refs[i].index, name))
                                continue;
                        more = msptk__arena_alloc(&r->texts, sizeof(*more));
                        if (!more)
                                return msptk__nomem(ret_err);
                        *more = *refs[i].ref;
                        more->adapter = (char *)name;
                        more->vendor_id = more->id;
                        refs[(*count)++] = (ref_at){ more, refs[i].index };
                }
        }
        return MSPTK_OK;
}

static msptk_status read_devices(run *r, store_tx *tx, size_t client, msptk_error **ret_err)
{
        AUTO_DEVICE_REFS device_refs refs = { 0 };
        AUTO_FREE ref_at *at = NULL;
        size_t n = 0;

        TRY(msptk__device_refs(tx, r->clients[client].row.id, &refs, ret_err));
        at = msptk__alloc_array(refs.count * (1 + msptk__instance_count(r->c->registry)) + 1,
                                sizeof(*at));
        if (!at)
                return msptk__nomem(ret_err);
        r->clients[client].first_device = r->device_count;
        for (size_t i = 0; i < refs.count; i++) {
                const device_ref *f = &refs.items[i];

                if (r->only_device && strcmp(r->only_device, f->id))
                        continue;
                if (!r->clients[client].device_count ||
                    strcmp(r->devices[r->device_count - 1].id, f->id))
                        TRY(add_device(r, client, f->id, f->name, ret_err));
                at[n++] = (ref_at){ f, r->device_count - 1 };
        }
        TRY(add_this_machine(r, r->clients[client].row.id, at, &n, ret_err));
        return ask_adapters(r, client, at, n, ret_err);
}

/* ---- custom checks ---- */

static msptk_status make_context(run *r, ask *k, const run_client *rc, const run_device *d,
                                 msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        msptk_json *client = NULL;

        TRY(msptk__client_json(&rc->row, &client, ret_err));
        msptk__obj_json(&o, "client", client);
        if (d->id) {
                json_obj device = msptk__obj();

                msptk__obj_str(&device, "id", d->id);
                msptk__obj_str(&device, "name", d->name);
                msptk__obj_take(&o, "device", &device);
        } else {
                msptk__obj_null(&o, "device");
        }
        msptk__obj_json(&o, "parameters", msptk_json_new_object());
        (void)r;
        return msptk__obj_end(&o, &k->context, ret_err);
}

static msptk_status ask_check(run *r, custom_check *check, size_t client, size_t device,
                              msptk_error **ret_err)
{
        char none[] = "";
        const device_ref nobody = { .vendor_id = none };
        const device_ref *ref = &nobody;
        char source[NAME_BYTES + 1];
        const char **list;
        ask *k;

        TRY(add_ask(r, &k, ret_err));
        k->check = check;
        snprintf(source, sizeof(source), "check:%.90s@%.60s", msptk__check_name(check),
                 msptk__check_version(check));
        k->source = msptk__arena_text(&k->texts, source, NAME_BYTES);
        list = msptk__arena_alloc(&k->texts, 2 * sizeof(*list));
        if (!k->source || !list)
                return msptk__nomem(ret_err);
        list[0] = msptk__check_name(check);
        list[1] = NULL;
        k->checks = list;
        TRY(make_context(r, k, &r->clients[client], &r->devices[device], ret_err));
        return fill_ask(r, k, &r->clients[client], &ref, &device, 1, ret_err);
}

static msptk_status ask_checks(run *r, size_t client, msptk_error **ret_err)
{
        size_t count = msptk__check_count(r->c->registry);
        run_client *rc = &r->clients[client];
        size_t devices = rc->device_count;

        for (size_t i = 0; i < count; i++) {
                custom_check *check = msptk__check_at(r->c->registry, i);

                if (!(msptk__health_type(msptk__check_name(check)) & r->types))
                        continue;
                for (size_t d = 0; d < devices && msptk__check_per(check); d++)
                        TRY(ask_check(r, check, client, rc->first_device + d, ret_err));
                if (msptk__check_per(check) || r->only_device)
                        continue;
                if (!rc->has_whole)
                        TRY(add_device(r, client, NULL, NULL, ret_err));
                rc->has_whole = true;
                TRY(ask_check(r, check, client, r->device_count - 1, ret_err));
        }
        return MSPTK_OK;
}

static msptk_status device_not_found(run *r, const char *client_id, store_tx *tx,
                                     msptk_error **ret_err)
{
        /* Names the nearest id when there is none at all. */
        TRY(msptk__device_check(r->a, tx, r->only_device, ret_err));
        return fail_why(ret_err, MSPTK_E_NOTFOUND, "DEVICE_NOT_FOUND",
                        "use device_list to see the devices of the client",
                        "device '%.64s' is not one of client '%s'", r->only_device,
                        client_id ? client_id : "");
}

msptk_status msptk__run_read(run *r, const msptk_json *args, msptk_error **ret_err)
{
        const char *client_id = text_arg(args, "client_id");
        AUTO_TX store_tx *tx = NULL;
        size_t found = 0;

        TRY(msptk__act_begin_tx(r->a, TX_READ, &tx, ret_err));
        if (client_id)
                TRY(add_client(r, tx, client_id, ret_err));
        else
                TRY(read_all_clients(r, tx, ret_err));
        for (size_t i = 0; i < r->client_count; i++) {
                run_client *k = &r->clients[i];

                if (k->skipped)
                        continue;
                TRY(msptk__policy_load(r->c, tx, k->row.id, k->row.tier,
                                       msptk_json_get(args, "threshold_override"), &k->policy,
                                       ret_err));
                TRY(read_devices(r, tx, i, ret_err));
                found += k->device_count;
                TRY(ask_checks(r, i, ret_err));
        }
        if (r->only_device && !found)
                return device_not_found(r, client_id, tx, ret_err);
        return MSPTK_OK;
}

/* Which asks are about which device. */
msptk_status msptk__run_asks(run *r, msptk_error **ret_err)
{
        size_t total = 0;

        for (size_t i = 0; i < r->device_count; i++) {
                r->devices[i].first_ask = total;
                total += r->devices[i].ask_count;
                r->devices[i].ask_count = 0;
        }
        r->links = msptk__alloc_array(total + 1, sizeof(*r->links));
        r->ready = msptk__alloc_array(r->device_count + 1, sizeof(*r->ready));
        if (!r->links || !r->ready)
                return msptk__nomem(ret_err);
        for (size_t i = 0; i < r->ask_count; i++)
                for (size_t d = 0; d < r->asks[i]->device_count; d++) {
                        run_device *device = &r->devices[r->asks[i]->devices[d].index];

                        r->links[device->first_ask + device->ask_count++] = (uint32_t)i;
                }
        return MSPTK_OK;
}
