/* Judges what was observed of devices and stores it: samples, evidence, changes of state, alerts,
 * in one transaction. */
#define ROOM "health"
#include "health/settle.h"

#include <stdlib.h>
#include <string.h>

static bool nothing_known(const run_device *d)
{
        for (const series *s = d->series; s; s = s->next)
                if (s->state.status != MSPTK_STATE_UNKNOWN && s->state.status != HEALTH_NONE)
                        return false;
        return true;
}

static bool stopped(const settling *g, const ask *k)
{
        return g->r->stopped && (!k->ended || k->status == MSPTK_E_CANCELLED ||
                                 k->status == MSPTK_E_TIMEOUT || k->status == MSPTK_E_CLOSED);
}

static msptk_status make_room(settling *g, size_t asks, msptk_error **ret_err)
{
        int64_t *more;

        if (asks <= g->id_cap)
                return MSPTK_OK;
        more = msptk__realloc_array(g->ids, asks + 8, sizeof(*more));
        if (!more)
                return msptk__nomem(ret_err);
        g->ids = more;
        g->id_cap = asks + 8;
        return MSPTK_OK;
}

static msptk_status settle_device(settling *g, msptk_error **ret_err)
{
        run *r = g->r;
        run_device *d = g->d;
        const uint32_t *links = r->links + d->first_ask;
        bool complete = true;

        TRY(make_room(g, d->ask_count, ret_err));
        g->was_silent = nothing_known(d);
        for (size_t i = 0; i < d->ask_count; i++)
                TRY(msptk__settle_take(g, r->asks[links[i]], &g->ids[i], ret_err));
        for (size_t i = 0; i < d->ask_count; i++) {
                if (stopped(g, r->asks[links[i]]))
                        complete = false;
                else
                        TRY(msptk__settle_missing(g, r->asks[links[i]], g->ids[i], ret_err));
        }
        TRY(msptk__note_device(g, complete, ret_err));
        TRY(msptk__settle_conclude(g, ret_err));
        return msptk__settle_silence(g, complete, ret_err);
}

static void settling_clear(settling *g)
{
        msptk__free(g->items);
        msptk__free(g->ids);
        msptk__buf_clear(&g->seen);
}
#define AUTO_SETTLING __attribute__((cleanup(settling_clear)))

static msptk_status settle_client(run *r, store_tx *tx, size_t first, size_t end,
                                  msptk_error **ret_err)
{
        AUTO_SETTLING settling g = { .r = r, .tx = tx, .seen = BUF_INIT(64 << 20) };

        g.k = &r->clients[r->devices[r->ready[first]].client];
        TRY(msptk__lease_keep(r, tx, g.k, ret_err));
        for (size_t i = first; i < end; i++) {
                g.device = r->ready[i];
                g.d = &r->devices[g.device];
                g.count = 0;
                g.hint = NULL;
                if (!msptk__policy_is_shared(g.k->policy))
                        g.known.count = g.known.last = 0;
                TRY(settle_device(&g, ret_err));
        }
        return msptk__notes_write(&g, first, end, ret_err);
}

/* A client whose results cannot be stored is undone alone and said to have failed. */
static msptk_status try_client(run *r, store_tx *tx, size_t first, size_t end,
                               msptk_error **ret_err)
{
        run_client *k = &r->clients[r->devices[r->ready[first]].client];
        size_t results = r->result_count, samples = r->sample_count;
        AUTO_ERROR msptk_error *why = NULL;
        msptk_status st;

        if (k->failed)
                return MSPTK_OK;
        TRY(msptk__tx_step_begin(tx, ret_err));
        st = settle_client(r, tx, first, end, &why);
        if (st >= 0)
                return msptk__tx_step_keep(tx, ret_err);
        TRY(msptk__tx_step_undo(tx, ret_err));
        r->result_count = results;
        r->sample_count = samples;
        k->failed = true;
        k->reason = msptk__arena_text(&r->texts, msptk_error_message(why), MESSAGE_BYTES);
        msptk__log(r->c, LOG_ERROR, ROOM, "what was observed of client '%s' is not stored: %s",
                   k->row.id, msptk_error_message(why));
        return k->reason ? MSPTK_OK : msptk__nomem(ret_err);
}

static int by_index(const void *a, const void *b)
{
        const size_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static msptk_status store_ready(run *r, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__tx_begin(r->c->store, TX_WRITE, 0, &tx, ret_err));
        for (size_t i = 0, end; i < r->ready_count; i = end) {
                size_t client = r->devices[r->ready[i]].client;

                for (end = i; end < r->ready_count && r->devices[r->ready[end]].client == client;)
                        end++;
                TRY(try_client(r, tx, i, end, ret_err));
        }
        TRY(msptk__store_samples_add(tx, r->samples, r->sample_count, ret_err));
        return msptk__tx_commit(&tx, ret_err);
}

/* Drops what has been stored; the batches of an ask when all of its devices are settled. */
static void let_go(run *r)
{
        for (size_t i = 0; i < r->ready_count; i++) {
                run_device *d = &r->devices[r->ready[i]];

                d->settled = true;
                d->first = d->last = NULL;
                r->reported += d->reported && d->id && !r->clients[d->client].failed;
                for (size_t n = 0; n < d->ask_count; n++) {
                        ask *k = r->asks[r->links[d->first_ask + n]];
                        batch *next;

                        if (--k->open_devices)
                                continue;
                        for (batch *b = STEAL(k->batches); b; b = next) {
                                next = b->next;
                                msptk__batch_free(b);
                        }
                }
        }
        r->ready_count = r->ready_rows = 0;
        r->sample_count = 0;
}

msptk_status msptk__run_settle(run *r, msptk_error **ret_err)
{
        size_t results = r->result_count;
        msptk_status st;

        if (!r->ready_count)
                return MSPTK_OK;
        r->now = msptk__now(r->c);
        qsort(r->ready, r->ready_count, sizeof(*r->ready), by_index);
        st = store_ready(r, ret_err);
        if (st < 0) {
                /* Nothing of this transaction stands, so nothing of it is reported. */
                r->result_count = results;
                for (size_t i = 0; i < r->ready_count; i++) {
                        run_client *k = &r->clients[r->devices[r->ready[i]].client];

                        k->failed = true;
                        k->reason = msptk__arena_text(&r->texts,
                                                      ret_err && *ret_err
                                                              ? msptk_error_message(*ret_err)
                                                              : msptk_status_name(st),
                                                      MESSAGE_BYTES);
                }
        }
        let_go(r);
        return st;
}
