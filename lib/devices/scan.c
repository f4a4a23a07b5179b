/* Asking adapters for the devices of clients: on the pool, one task for each pair, written down in
 * short transactions as they come. */
#define ROOM "devices"
#include "devices/internal.h"

#include <string.h>

/* ---- rows that outlive the call ---- */

void msptk__kept_devices_clear(kept_devices *k)
{
        for (size_t i = 0; i < k->count; i++) {
                for (size_t t = 0; t < ARRAY_LEN(k->items[i].texts); t++)
                        msptk__free(k->items[i].texts[t]);
                msptk_json_free(k->items[i].attributes);
        }
        msptk__free(k->items);
        *k = (kept_devices){ 0 };
}

enum { DEVICES_MAX = 1000000 };

static msptk_status keep_row(void *user, const msptk_device_row *row)
{
        kept_devices *k = user;
        kept_device *d;
        const char **texts[9];

        if (k->count == DEVICES_MAX)
                return MSPTK_E_TOOBIG;
        if (k->count == k->cap) {
                size_t want = k->cap ? k->cap * 2 : 16;
                kept_device *grown = msptk__realloc_array(k->items, want, sizeof(*grown));

                if (!grown)
                        return MSPTK_E_NOMEM;
                k->items = grown;
                k->cap = want;
        }
        d = &k->items[k->count++];
        *d = (kept_device){ .row = *row };
        texts[0] = &d->row.vendor_id;
        texts[1] = &d->row.name;
        texts[2] = &d->row.serial;
        texts[3] = &d->row.machine_id;
        texts[4] = &d->row.macs;
        texts[5] = &d->row.os;
        texts[6] = &d->row.kind;
        texts[7] = &d->row.address;
        texts[8] = &d->row.vendor_client;
        for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
                d->texts[t] = msptk__strdup(*texts[t]);
                if (*texts[t] && !d->texts[t])
                        return MSPTK_E_NOMEM;
                *texts[t] = d->texts[t];
        }
        d->attributes = row->attributes ? msptk_json_copy(row->attributes) : NULL;
        d->row.attributes = d->attributes;
        return row->attributes && !d->attributes ? MSPTK_E_NOMEM : MSPTK_OK;
}

/* ---- one question ---- */

typedef struct question {
        instance *i;
        char *client_id;
        char *vendor_client;
        kept_devices rows;
        int64_t took_ns;
} question;

static void question_free(void *user)
{
        question *q = user;

        msptk__free(q->client_id);
        msptk__free(q->vendor_client);
        msptk__kept_devices_clear(&q->rows);
        msptk__free(q);
}

static msptk_status ask(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        question *q = user;
        msptk_query query = { .struct_size = sizeof(query),
                              .client_id = q->client_id,
                              .vendor_client = q->vendor_client };
        adapter_sink sink = { .device = keep_row, .user = &q->rows };
        int64_t from = msptk__mono_ns();
        msptk_status st = msptk__adapter_devices(q->i, &query, &sink, tok, ret_err);

        (void)self;
        q->took_ns = msptk__mono_ns() - from;
        return st;
}

static msptk_status submit(group *g, instance *i, const char *client_id, const char *vendor_client,
                           msptk_error **ret_err)
{
        question *q = msptk__alloc(sizeof(*q));

        if (!q)
                return msptk__nomem(ret_err);
        q->i = i;
        q->client_id = msptk__strdup(client_id);
        q->vendor_client = msptk__strdup(vendor_client);
        if (!q->client_id || (vendor_client && !q->vendor_client)) {
                question_free(q);
                return msptk__nomem(ret_err);
        }
        return msptk__group_task(g, 0, msptk__instance_info(i)->name, ask, question_free, q,
                                 ret_err);
}

msptk_status msptk__device_ask(act *a, instance *i, const char *client_id,
                               const char *vendor_client, kept_devices *ret, msptk_error **ret_err)
{
        AUTO_GROUP group *g = NULL;
        AUTO_DONE done d = { 0 };
        question *q;

        TRY(msptk__group_new(msptk__act_ctx(a)->work, msptk__act_opts(a)->cancel, "devices", NULL,
                             &g, ret_err));
        TRY(submit(g, i, client_id, vendor_client, ret_err));
        TRY(msptk__group_next(g, &d, -1, ret_err));
        if (d.status < 0) {
                if (ret_err)
                        *ret_err = STEAL(d.err);
                return d.status;
        }
        q = d.user;
        *ret = q->rows;
        q->rows = (kept_devices){ 0 };
        return MSPTK_OK;
}

/* ---- the scan ---- */

typedef struct scan {
        act *a;
        const char *adapter; /* the only one to ask; NULL: all */
        group *g;
        msptk_json *clients; /* [{"id", "rmm_id"}] */
        json_obj adapters, devices;
        int64_t asked, answered, total;
        int64_t found, created, known, merged, removed, elsewhere, conflicts;
        msptk_error *first_err;
        msptk_status first_st;
} scan;

static void scan_clear(scan *s)
{
        msptk__group_free(s->g);
        msptk_json_free(s->clients);
        msptk__obj_clear(&s->adapters);
        msptk__obj_clear(&s->devices);
        msptk_error_free(s->first_err);
}
#define AUTO_SCAN __attribute__((cleanup(scan_clear)))

static msptk_status add_client(scan *s, const client_row *c, msptk_error **ret_err)
{
        msptk_json *o = msptk_json_new_object();

        if (!o || msptk_json_set_string(o, "id", c->id) < 0 ||
            (c->rmm_id && *c->rmm_id && msptk_json_set_string(o, "rmm_id", c->rmm_id) < 0)) {
                msptk_json_free(o);
                return msptk__nomem(ret_err);
        }
        return msptk_json_append(s->clients, o) < 0 ? msptk__nomem(ret_err) : MSPTK_OK;
}

/* Every active client. */
static msptk_status all_clients(scan *s, store_tx *tx, msptk_error **ret_err)
{
        const client_filter f = { .status = "active", .sees = msptk__act_sees(s->a) };
        AUTO_FREE char *after = NULL;

        do {
                AUTO_JSON msptk_json *page = NULL;
                AUTO_FREE char *next = NULL;

                TRY(msptk__client_page(tx, &f, after, 500, &page, &next, ret_err));
                for (const msptk_json *p = msptk_json_first(page); p; p = msptk_json_next(p)) {
                        client_row c = {
                                .id = (char *)msptk_json_string(msptk_json_get(p, "id"), ""),
                                .rmm_id = (char *)msptk_json_string(msptk_json_get(p, "rmm_id"),
                                                                    NULL),
                        };

                        TRY(add_client(s, &c, ret_err));
                }
                msptk__free(after);
                after = STEAL(next);
        } while (after);
        return MSPTK_OK;
}

static msptk_status read_clients(scan *s, const char *client_id, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        AUTO_CLIENT client_row c = { 0 };

        if (!(s->clients = msptk_json_new_array()))
                return msptk__nomem(ret_err);
        TRY(msptk__act_begin_tx(s->a, TX_READ, &tx, ret_err));
        if (!client_id)
                return all_clients(s, tx, ret_err);
        TRY(msptk__client_read(tx, client_id, &c, ret_err));
        return add_client(s, &c, ret_err);
}

/* This machine belongs to the client that it was enrolled for, and to no other that asks. */
static msptk_status machine_is_of(scan *s, const instance_info *info, const char *client_id,
                                  bool *ret, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        int64_t n = 0;

        *ret = true;
        if (strcmp(info->type, "local"))
                return MSPTK_OK;
        TRY(msptk__act_begin_tx(s->a, TX_READ, &tx, ret_err));
        TRY(msptk__query_int(tx, &n, ret_err,
                             "SELECT count(*) FROM device_source s JOIN device m ON m.id = s.device"
                             " JOIN device d ON d.id = m.root WHERE s.adapter = ?1"
                             " AND d.client_id = ?2 AND d.deleted_at = 0",
                             SQL_TEXT(info->name), SQL_TEXT(client_id)));
        *ret = n > 0;
        return MSPTK_OK;
}

/* rmm_id is an id at the RMM's vendor; other adapters do not know it. */
static bool is_rmm(scan *s, instance *i)
{
        instance *rmm = NULL;

        return msptk__instance_find(msptk__act_ctx(s->a)->registry, NULL, &rmm, NULL) >= 0 &&
               rmm == i;
}

static msptk_status ask_instance(scan *s, instance *i, msptk_error **ret_err)
{
        const instance_info *info = msptk__instance_info(i);
        bool named = s->adapter && !strcmp(s->adapter, info->name), serves;

        if (s->adapter && !named)
                return MSPTK_OK;
        if (!named && (!info->enabled || (!info->problem && !(info->capabilities & CAP_DEVICES))))
                return MSPTK_OK;
        for (const msptk_json *c = msptk_json_first(s->clients); c; c = msptk_json_next(c)) {
                const char *id = msptk_json_string(msptk_json_get(c, "id"), "");

                if (!msptk__instance_serves(i, id))
                        continue;
                TRY(machine_is_of(s, info, id, &serves, ret_err));
                if (!serves)
                        continue;
                TRY(submit(s->g, i, id,
                           is_rmm(s, i) ? msptk_json_string(msptk_json_get(c, "rmm_id"), NULL)
                                        : NULL,
                           ret_err));
                s->total++;
        }
        return MSPTK_OK;
}

/* ---- writing down ---- */

enum { WRITE_BATCH = 500 };

typedef struct written {
        int64_t created, known, merged, removed, elsewhere, conflicts, bad;
} written;

static msptk_status write_one(scan *s, store_tx *tx, const question *q, const msptk_device_row *row,
                              written *w, json_obj *rows, msptk_error **ret_err)
{
        device_news n = { .client_id = q->client_id,
                          .adapter = msptk__instance_info(q->i)->name,
                          .vendor_id = row->vendor_id,
                          .row = row,
                          .now = msptk__act_now(s->a) };
        AUTO_DEVICE device_row d = { 0 };
        AUTO_FREE char *id = NULL;
        device_put p = { 0 };
        msptk_json *view = NULL;

        if (!row->vendor_id || !*row->vendor_id || strlen(row->vendor_id) > DEVICE_TEXT_MAX ||
            !msptk__utf8_valid(row->vendor_id, strlen(row->vendor_id))) {
                w->bad++;
                return MSPTK_OK;
        }
        TRY(msptk__device_put(tx, &n, &p, ret_err));
        id = p.id;
        w->created += p.created;
        w->merged += p.merged;
        w->removed += p.removed;
        w->elsewhere += p.elsewhere;
        w->conflicts += p.conflicts;
        w->known += !p.created && !p.merged;
        if (p.removed || p.elsewhere)
                return MSPTK_OK;
        TRY(msptk__device_read(tx, id, &d, ret_err));
        TRY(msptk__device_view(tx, &d, n.now, true, NULL, &view, ret_err));
        msptk__array_json(rows, view);
        return MSPTK_OK;
}

static msptk_status write_rows(scan *s, const question *q, written *w, msptk_error **ret_err)
{
        for (size_t at = 0; at < q->rows.count;) {
                AUTO_TX store_tx *tx = NULL;
                size_t end = at + WRITE_BATCH < q->rows.count ? at + WRITE_BATCH : q->rows.count;

                TRY(msptk__act_begin_tx(s->a, TX_WRITE, &tx, ret_err));
                for (; at < end; at++)
                        TRY(write_one(s, tx, q, &q->rows.items[at].row, w, &s->devices, ret_err));
                TRY(msptk__tx_commit(&tx, ret_err));
        }
        return MSPTK_OK;
}

static void add_failure(json_obj *o, const msptk_error *err, msptk_status st)
{
        json_obj e = msptk__obj();

        msptk__obj_str(&e, "status", msptk_status_name(st));
        msptk__obj_str(&e, "message", msptk_error_message(err));
        msptk__obj_str(&e, "suggestion", msptk_error_suggestion(err));
        msptk__obj_take(o, "error", &e);
}

/* One answer: what came is written, also when the adapter failed after it. */
static msptk_status take_answer(scan *s, done *d, msptk_error **ret_err)
{
        const question *q = d->user;
        json_obj o = msptk__obj();
        written w = { 0 };
        msptk_status st = write_rows(s, q, &w, ret_err);

        if (st == MSPTK_OK) {
                msptk__obj_str(&o, "adapter", msptk__instance_info(q->i)->name);
                msptk__obj_str(&o, "client_id", q->client_id);
                msptk__obj_str(&o, "status",
                               d->status >= 0  ? "ok"
                               : q->rows.count ? "partial"
                                               : "failed");
                msptk__obj_int(&o, "found", (int64_t)q->rows.count);
                msptk__obj_int(&o, "new", w.created);
                msptk__obj_int(&o, "known", w.known);
                msptk__obj_int(&o, "merged", w.merged);
                msptk__obj_int(&o, "conflicts", w.conflicts);
                msptk__obj_int(&o, "without_id", w.bad);
                msptk__obj_int(&o, "taken_out", w.removed);
                msptk__obj_int(&o, "of_other_clients", w.elsewhere);
                msptk__obj_int(&o, "took_ms", q->took_ns / 1000000);
                if (d->status < 0)
                        add_failure(&o, d->err, d->status);
                msptk__array_take(&s->adapters, &o);
        }
        s->asked++;
        s->answered += d->status >= 0;
        s->found += (int64_t)q->rows.count;
        s->created += w.created;
        s->known += w.known;
        s->merged += w.merged;
        s->conflicts += w.conflicts;
        if (d->status < 0 && !s->first_err) {
                s->first_st = d->status;
                s->first_err = STEAL(d->err);
        }
        return st;
}

static msptk_status take_answers(scan *s, msptk_error **ret_err)
{
        for (;;) {
                AUTO_DONE done d = { 0 };
                msptk_status st = msptk__group_next(s->g, &d, -1, ret_err);

                if (st == MSPTK_DONE)
                        return MSPTK_OK;
                TRY(st);
                TRY(take_answer(s, &d, ret_err));
                TRY(msptk__act_progress(s->a, s->asked, s->total,
                                        msptk__instance_info(((question *)d.user)->i)->name,
                                        ret_err));
        }
}

static msptk_status give(scan *s, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        bool complete = s->asked > 0 && s->answered == s->asked;

        msptk__obj_str(&o, "schema", "msptk.device_scan/1");
        msptk__obj_str(&o, "status", complete ? "ok" : "unknown");
        msptk__obj_bool(&o, "complete", complete);
        msptk__obj_int(&o, "asked", s->asked);
        msptk__obj_int(&o, "answered", s->answered);
        msptk__obj_int(&o, "found", s->found);
        msptk__obj_int(&o, "new", s->created);
        msptk__obj_int(&o, "known", s->known);
        msptk__obj_int(&o, "merged", s->merged);
        msptk__obj_int(&o, "conflicts", s->conflicts);
        if (!s->asked)
                msptk__obj_str(&o, "suggestion",
                               "no adapter that lists devices serves the client; configure one, or "
                               "enrol devices with device_add");
        msptk__obj_take(&o, "adapters", &s->adapters);
        msptk__obj_take(&o, "devices", &s->devices);
        return msptk__obj_end(&o, ret, ret_err);
}

msptk_status msptk__device_scan(act *a, const msptk_json *args, msptk_json **ret,
                                msptk_error **ret_err)
{
        AUTO_SCAN scan s = { .a = a, .adapters = msptk__array(), .devices = msptk__array() };
        registry *r = msptk__act_ctx(a)->registry;
        size_t count = msptk__instance_count(r);
        instance *only;

        s.adapter = text_arg(args, "adapter");
        if (s.adapter)
                TRY(msptk__instance_named(a, NULL, s.adapter, &only, ret_err));
        TRY(read_clients(&s, text_arg(args, "client_id"), ret_err));
        TRY(msptk__group_new(msptk__act_ctx(a)->work, msptk__act_opts(a)->cancel, "device scan",
                             NULL, &s.g, ret_err));
        for (size_t i = 0; i < count; i++)
                TRY(ask_instance(&s, msptk__instance_at(r, i), ret_err));
        TRY(take_answers(&s, ret_err));
        /* Nobody answered: that is a failure, not an empty list. */
        if (s.asked && !s.answered && !s.found) {
                if (ret_err)
                        *ret_err = STEAL(s.first_err);
                return s.first_st;
        }
        return give(&s, ret, ret_err);
}
