/* A health run: asks everybody at once, judges and stores as answers come, says what it covered. */
#define ROOM "health"
#include "health/internal.h"

#include <string.h>

#include "config/config.h"

/* Rows that wait until a transaction is worth it; it holds at most this and one device more. */
enum { SETTLE_ROWS = 9500, WAIT_MS = 20000 };

static void run_clear(run *r)
{
        msptk__lease_release(r);
        for (size_t i = 0; i < r->ask_count; i++)
                msptk__ask_unref(r->asks[i]);
        for (size_t i = 0; i < r->device_count; i++) {
                msptk__free(r->devices[i].id);
                msptk__free(r->devices[i].name);
        }
        for (size_t i = 0; i < r->client_count; i++) {
                msptk__client_clear(&r->clients[i].row);
                msptk__policy_free(r->clients[i].policy);
        }
        msptk__free(r->clients);
        msptk__free(r->devices);
        msptk__free(r->asks);
        msptk__free(r->links);
        msptk__free(r->ready);
        msptk__free(r->results);
        msptk__free(r->samples);
        msptk__free(r->stop_reason);
        msptk__arena_clear(&r->texts);
}
#define AUTO_RUN __attribute__((cleanup(run_clear)))

/* The run goes no further; what has been observed will be stored. */
static void stop(run *r, msptk_status st, msptk_error **why)
{
        if (!r->stopped) {
                r->stopped = st;
                r->stop_reason = msptk__strdup(why && *why ? msptk_error_message(*why) : NULL);
        }
        if (why) {
                msptk_error_free(*why);
                *why = NULL;
        }
}

static void take_batch(run *r, ask *k, batch *b)
{
        b->next = k->batches;
        k->batches = b;
        for (size_t i = 0; i < b->count; i++) {
                observed *o = &b->rows[i];
                run_device *d = &r->devices[k->devices[o->device].index];

                o->from = k;
                o->next = NULL;
                if (d->last)
                        d->last->next = o;
                else
                        d->first = o;
                d->last = o;
                r->ready_rows++;
        }
}

static msptk_status end_ask(run *r, ask *k, done *d, msptk_error **ret_err)
{
        k->ended = 1;
        k->status = d->status;
        if (d->status < 0) {
                k->problem = msptk__strdup(d->err ? msptk_error_message(d->err)
                                                  : msptk_status_name(d->status));
                if (!k->problem)
                        return msptk__nomem(ret_err);
        }
        for (size_t i = 0; i < k->device_count; i++) {
                run_device *device = &r->devices[k->devices[i].index];

                if (!--device->waiting)
                        r->ready[r->ready_count++] = k->devices[i].index;
        }
        return MSPTK_OK;
}

static msptk_status renew(run *r, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__tx_begin(r->c->store, TX_WRITE, 0, &tx, ret_err));
        for (size_t i = 0; i < r->client_count; i++)
                if (r->clients[i].leased && !r->clients[i].failed)
                        TRY(msptk__lease_keep(r, tx, &r->clients[i], ret_err));
        return msptk__tx_commit(&tx, ret_err);
}

static msptk_status start_asks(run *r, group *g, msptk_error **ret_err)
{
        for (size_t i = 0; i < r->ask_count; i++) {
                ask *k = r->asks[i];

                if (r->clients[r->devices[k->devices[0].index].client].skipped)
                        continue;
                TRY(msptk__group_task(g, i, k->source, msptk__ask_run, msptk__ask_unref,
                                      msptk__ask_ref(k), ret_err));
        }
        return MSPTK_OK;
}

static msptk_status take_done(run *r, done *d, size_t *ended, msptk_error **ret_err)
{
        ask *k = r->asks[d->tag];
        AUTO_ERROR msptk_error *why = NULL;
        msptk_status st;

        if (d->is_item) {
                take_batch(r, k, STEAL(d->user));
                return MSPTK_OK;
        }
        TRY(end_ask(r, k, d, ret_err));
        if (r->ready_rows >= SETTLE_ROWS && msptk__run_settle(r, &why) < 0)
                msptk__log(r->c, LOG_ERROR, ROOM, "results are not stored: %s",
                           msptk_error_message(why));
        msptk_error_free(STEAL(why));
        st = msptk__act_progress(r->a, (int64_t)++ * ended, (int64_t)r->ask_count, k->client_id,
                                 &why);
        if (st < 0)
                stop(r, st, &why);
        return MSPTK_OK;
}

/* Waits for one answer. MSPTK_DONE at the end, also when the run is stopped. */
static msptk_status wait_one(run *r, group *g, size_t *ended, msptk_error **ret_err)
{
        AUTO_ERROR msptk_error *why = NULL;
        AUTO_DONE done d = { 0 };
        msptk_status st = msptk__group_next(g, &d, r->stopped ? 0 : WAIT_MS, &why);

        if (st == MSPTK_OK)
                return take_done(r, &d, ended, ret_err);
        if (st == MSPTK_DONE || r->stopped)
                return MSPTK_DONE;
        if (st == MSPTK_E_TIMEOUT && msptk__cancel_status(msptk__group_cancel(g)) == MSPTK_OK) {
                msptk_error_free(STEAL(why));
                return renew(r, ret_err);
        }
        if (st != MSPTK_E_CANCELLED && st != MSPTK_E_TIMEOUT && st != MSPTK_E_CLOSED) {
                if (ret_err)
                        *ret_err = STEAL(why);
                return st;
        }
        stop(r, st, &why);
        return MSPTK_DONE;
}

static msptk_status ask_everybody(run *r, msptk_error **ret_err)
{
        AUTO_GROUP group *g = NULL;
        group_opts o = { .window = (int32_t)msptk__config_int(r->c->config,
                                                              "health_checks.concurrency", 16) };
        AUTO_ERROR msptk_error *why = NULL;
        size_t ended = 0;
        msptk_status st;

        TRY(msptk__group_new(r->c->work, msptk__act_opts(r->a)->cancel, "health run", &o, &g,
                             ret_err));
        TRY(start_asks(r, g, ret_err));
        st = msptk__act_progress(r->a, 0, (int64_t)r->ask_count, NULL, &why);
        if (st < 0)
                stop(r, st, &why);
        st = MSPTK_OK;
        while (st == MSPTK_OK)
                st = wait_one(r, g, &ended, ret_err);
        return st < 0 ? st : MSPTK_OK;
}

/* Of a run that was stopped: what has come of devices that were not finished. */
static void ready_partial(run *r)
{
        for (size_t i = 0; i < r->device_count; i++) {
                run_device *d = &r->devices[i];

                if (d->waiting && d->first)
                        r->ready[r->ready_count++] = i;
        }
}

static msptk_status read_types(run *r, const msptk_json *args)
{
        const msptk_json *list = msptk_json_get(args, "check_types");

        for (const msptk_json *t = msptk_json_first(list); t; t = msptk_json_next(t))
                r->types |= msptk__health_type(msptk_json_string(t, ""));
        if (!r->types)
                r->types = TYPE_ALL;
        return MSPTK_OK;
}

static msptk_status start(run *r, act *a, const msptk_json *args, msptk_error **ret_err)
{
        r->a = a;
        r->c = msptk__act_ctx(a);
        r->started = r->now = msptk__act_now(a);
        r->only_device = msptk_json_string(msptk_json_get(args, "device_id"), NULL);
        r->stale_us = msptk__config_ms(r->c->config, "health_checks.stale_after", 900000) * 1000;
        TRY(read_types(r, args));
        return msptk__uuid7(r->now, r->id, ret_err);
}

/* Once a day, at the end of a run; what fails is done by the next one. */
static void look_after(run *r)
{
        AUTO_ERROR msptk_error *why = NULL;

        if (msptk__health_upkeep(r->c, &why) < 0)
                msptk__log(r->c, LOG_WARNING, ROOM, "old data is still there: %s",
                           msptk_error_message(why));
}

msptk_status msptk__health_check(act *a, const msptk_json *args, msptk_json **ret,
                                 msptk_error **ret_err)
{
        AUTO_RUN run r = { 0 };
        AUTO_ERROR msptk_error *why = NULL;
        bool named = msptk_json_get(args, "client_id");

        if (msptk_json_get(args, "cursor"))
                return msptk__run_page(a, args, ret, ret_err);
        TRY(start(&r, a, args, ret_err));
        if (!msptk__config_bool(r.c->config, "health_checks.enabled", true))
                return fail_why(ret_err, MSPTK_E_DENIED, "HEALTH_CHECKS_DISABLED",
                                "set health_checks.enabled to true",
                                "health checks are switched off in the configuration");
        TRY(msptk__run_read(&r, args, ret_err));
        TRY(msptk__lease_take(&r, named, ret_err));
        TRY(msptk__run_series(&r, ret_err));
        TRY(msptk__run_asks(&r, ret_err));
        TRY(ask_everybody(&r, ret_err));
        if (r.stopped)
                ready_partial(&r);
        if (msptk__run_settle(&r, &why) < 0)
                msptk__log(r.c, LOG_ERROR, ROOM, "results are not stored: %s",
                           msptk_error_message(why));
        if (r.stopped == MSPTK_E_CALLBACK)
                return fail(ret_err, MSPTK_E_CALLBACK,
                            "the run was stopped by the caller; what was observed is stored");
        TRY(msptk__run_result(&r, args, ret, ret_err));
        look_after(&r);
        return MSPTK_OK;
}
