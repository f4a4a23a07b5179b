/* One call of an adapter or a custom check: what it emits is copied and handed over in batches. */
#define ROOM "health"
#include "health/internal.h"

#include <stdlib.h>
#include <string.h>

void msptk__batch_free(void *given)
{
        batch *b = given;

        if (!b)
                return;
        msptk__arena_clear(&b->texts);
        msptk__free(b);
}

uint32_t msptk__health_type(const char *check)
{
        static const char *const names[] = { "cpu", "memory", "disk", "services", "network" };

        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (!strcmp(names[i], check))
                        return UINT32_C(1) << i;
        return TYPE_CUSTOM;
}

msptk_status msptk__ask_new(ctx *c, ask **ret, msptk_error **ret_err)
{
        ask *k = msptk__alloc(sizeof(*k));
        msptk_status st;

        if (!k)
                return msptk__nomem(ret_err);
        *k = (ask){ .refs = 1, .c = c };
        st = msptk__gate_enter(c->gate, ret_err);
        if (st < 0) {
                msptk__free(k);
                return st;
        }
        k->entered = true;
        *ret = k;
        return MSPTK_OK;
}

ask *msptk__ask_ref(ask *k)
{
        __atomic_fetch_add(&k->refs, 1, __ATOMIC_RELAXED);
        return k;
}

void msptk__ask_unref(void *given)
{
        ask *k = given;
        batch *next;
        gate *g;

        if (!k || __atomic_sub_fetch(&k->refs, 1, __ATOMIC_ACQ_REL))
                return;
        for (batch *b = k->batches; b; b = next) {
                next = b->next;
                msptk__batch_free(b);
        }
        msptk_json_free(k->context);
        msptk__free(k->devices);
        msptk__free(k->problem);
        msptk__arena_clear(&k->texts);
        g = k->entered ? k->c->gate : NULL;
        msptk__free(k);
        if (g)
                msptk__gate_leave(g);
}

/* ---- on the pool ---- */

typedef struct asking {
        ask *k;
        job *self;
        batch *b;
        size_t last; /* device of the last row */
        msptk_status failed;
} asking;

static int by_vendor(const void *key, const void *item)
{
        return strcmp(key, ((const ask_device *)item)->vendor_id);
}

/* Index of the device of a row; -1 when it was not asked about. */
static int32_t device_of(asking *g, const char *vendor_id)
{
        const ask *k = g->k;
        const ask_device *d;

        if (k->check)
                return 0;
        if (!vendor_id || !k->device_count)
                return -1;
        if (!strcmp(k->devices[g->last].vendor_id, vendor_id))
                return (int32_t)g->last;
        d = bsearch(vendor_id, k->devices, k->device_count, sizeof(*d), by_vendor);
        if (!d)
                return -1;
        g->last = (size_t)(d - k->devices);
        return (int32_t)g->last;
}

static msptk_status post(asking *g)
{
        batch *b = STEAL(g->b);

        return b ? msptk__task_post(g->self, b, msptk__batch_free, NULL) : MSPTK_OK;
}

/* NULL: out of memory; never another name or no name. */
static const char *print_data(arena *a, const msptk_json *data)
{
        AUTO_BUF buf text = BUF_INIT(DATA_BYTES);

        if (!data)
                return "";
        if (msptk__json_print(&text, data, 0) < 0) /* too much of it is left out */
                return text.failed == MSPTK_E_NOMEM ? NULL : "";
        return msptk__arena_text(a, msptk__buf_text(&text), DATA_BYTES);
}

/* How much of a text is plain, so that cleaning would not change it. */
static size_t plain_length(const char *text)
{
        const unsigned char *p = (const unsigned char *)text;

        while (*p >= 0x20 && *p <= 0x7e)
                p++;
        return *p ? SIZE_MAX : (size_t)(p - (const unsigned char *)text);
}

/* A clean copy; that of the row before (NULL: there is none) when it is the same. */
static const char *clean(arena *a, const char *text, size_t max, const char *before)
{
        AUTO_BUF buf out = BUF_INIT(MESSAGE_BYTES + 8);

        if (!text || !*text)
                return "";
        if (before && !strcmp(text, before))
                return before;
        if (plain_length(text) <= max)
                return msptk__arena_text(a, text, max);
        if (msptk__text_clean(text, strlen(text), 0, max, &out) < 0)
                return out.failed == MSPTK_E_NOMEM ? NULL : "";
        return msptk__arena_text(a, msptk__buf_text(&out), max);
}

static bool copy_row(asking *g, const msptk_metric_row *row, int32_t device)
{
        static const observed none = { 0 };
        batch *b = g->b;
        arena *a = &b->texts;
        observed *o = &b->rows[b->count];
        const observed *l = b->count ? o - 1 : &none;

        *o = (observed){
                .device = device,
                .state = row->state,
                .value = row->value,
                .at = row->at,
                .check = clean(a, row->check, NAME_BYTES, l->check),
                .metric = clean(a, row->metric, NAME_BYTES, l->metric),
                .item = clean(a, row->instance, NAME_BYTES, l->item),
                .unit = clean(a, row->unit, NAME_BYTES, l->unit),
                .message = clean(a, row->message, MESSAGE_BYTES, l->message),
                .data = print_data(a, row->data),
        };
        if (!o->check || !o->metric || !o->item || !o->unit || !o->message || !o->data)
                return false;
        b->count++;
        return true;
}

static msptk_status take_metric(void *user, const msptk_metric_row *row)
{
        asking *g = user;
        int32_t device = device_of(g, row->vendor_id);

        if (device < 0)
                return MSPTK_OK;
        if (!(msptk__health_type(row->check) & g->k->types)) {
                if (row->state != MSPTK_STATE_UNKNOWN)
                        __atomic_store_n(&g->k->devices[device].alive, 1, __ATOMIC_RELAXED);
                return MSPTK_OK;
        }
        if (!g->b)
                g->b = msptk__alloc(sizeof(*g->b));
        if (!g->b || !copy_row(g, row, device))
                return g->failed = MSPTK_E_NOMEM;
        return g->b->count == BATCH_ROWS ? (g->failed = post(g)) : MSPTK_OK;
}

static msptk_status collect(asking *g, const adapter_sink *sink, cancel *tok, msptk_error **ret_err)
{
        ask *k = g->k;
        const char **lists = msptk__alloc_array(2 * (k->device_count + 1), sizeof(*lists));
        const char **addresses = lists ? lists + k->device_count + 1 : NULL;
        msptk_query query = { .struct_size = sizeof(query),
                              .client_id = k->client_id,
                              .vendor_client = k->vendor_client,
                              .devices = lists,
                              .checks = k->checks,
                              .addresses = addresses };
        msptk_status st;

        if (!lists)
                return msptk__nomem(ret_err);
        for (size_t i = 0; i < k->device_count; i++) {
                lists[i] = k->devices[i].vendor_id;
                addresses[i] = k->devices[i].address;
        }
        st = msptk__adapter_collect(k->inst, &query, sink, tok, ret_err);
        msptk__free(lists);
        return st;
}

msptk_status msptk__ask_run(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        asking g = { .k = user, .self = self };
        adapter_sink sink = { .metric = take_metric, .user = &g };
        AUTO_CANCEL cancel *own = msptk__cancel_new(tok, NULL, g.k->timeout_ms);
        int64_t began = msptk__mono_ns();
        msptk_status st;

        if (!own)
                return msptk__nomem(ret_err);
        if (g.k->check)
                st = msptk__check_run(g.k->c->registry, g.k->check, g.k->context, &sink, own);
        else
                st = collect(&g, &sink, own, ret_err);
        __atomic_store_n(&g.k->took_us, (msptk__mono_ns() - began) / 1000, __ATOMIC_RELAXED);
        if (post(&g) < 0 && st >= 0)
                st = fail(ret_err, MSPTK_E_CANCELLED, "what '%s' found is no longer wanted",
                          g.k->source);
        return st;
}
