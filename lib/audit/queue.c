/* Entries that wait to be written in a group, and the writing of entries. */
#define ROOM "audit"
#include "audit/internal.h"

#include <string.h>

/* ---- one entry ---- */

static char *dup_text(const char *text)
{
        return msptk__strdup(text ? text : "");
}

static void note_error(json_obj *o, const msptk_error *err)
{
        if (!err)
                return;
        msptk__obj_str(o, "reason", msptk_error_reason(err));
        msptk__obj_str(o, "message", msptk_error_message(err));
}

/* {"args": ..., notes..., "reason", "message"}; arguments that are too long are only named. */
static char *detail_text(const act *a, const msptk_error *err)
{
        AUTO_BUF buf text = BUF_INIT(DETAIL_MAX);
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_JSON msptk_json *json = NULL;

        if (a->shown)
                msptk__obj_copy(&o, "args", a->shown);
        for (msptk_json *n = msptk_json_first(a->notes); n; n = msptk_json_next(n))
                msptk__obj_copy(&o, msptk_json_key(n), n);
        note_error(&o, err);
        if (a->opts.idempotency_key)
                msptk__obj_str(&o, "idempotency_key", a->opts.idempotency_key);
        if (msptk__obj_end(&o, &json, NULL) < 0)
                return NULL;
        if (msptk__json_print(&text, json, 0) == MSPTK_E_TOOBIG) {
                msptk_json_remove(json, "args");
                (void)msptk_json_set_bool(json, "args_omitted", 1);
                msptk__buf_clear(&text);
                if (msptk__json_print(&text, json, 0) == MSPTK_E_TOOBIG) {
                        msptk__buf_clear(&text);
                        msptk__buf_add_str(&text, "{\"args_omitted\":true}");
                }
        }
        if (text.data)
                text.len = msptk__redact_bytes(a->c, text.data, text.len);
        return msptk__buf_steal(&text);
}

entry *msptk__entry_new(const act *a, int32_t outcome, msptk_status st, const msptk_error *err)
{
        entry *e = msptk__alloc(sizeof(*e));

        if (!e)
                return NULL;
        e->at = msptk__now(a->c);
        e->outcome = outcome;
        e->scope = a->row->scope;
        e->status = st;
        memcpy(e->digest, a->digest, DIGEST_HEX);
        e->principal = dup_text(a->opts.principal);
        e->door = dup_text(a->opts.door);
        e->op = dup_text(a->row->name);
        e->client_id = dup_text(a->client_id);
        (void)msptk__redact_tokens(e->client_id); /* as it was given, when there is none */
        e->detail = detail_text(a, err);
        e->trace_id = dup_text(a->opts.trace_id);
        if (!e->principal || !e->door || !e->op || !e->client_id || !e->detail || !e->trace_id) {
                msptk__entry_free(e);
                return NULL;
        }
        return e;
}

void msptk__entry_free(entry *e)
{
        if (!e)
                return;
        msptk__free(e->principal);
        msptk__free(e->door);
        msptk__free(e->op);
        msptk__free(e->client_id);
        msptk__free(e->detail);
        msptk__free(e->trace_id);
        msptk__free(e);
}

/* ---- lists ---- */

void msptk__entries_add(entry_list *l, entry *e)
{
        e->next = NULL;
        if (!l->first)
                l->end = &l->first;
        *l->end = e;
        l->end = &e->next;
        l->count++;
}

void msptk__entries_clear(entry_list *l)
{
        while (l->first) {
                entry *e = l->first;

                l->first = e->next;
                msptk__entry_free(e);
        }
        *l = (entry_list){ 0 };
}

entry_list msptk__queue_take(audit *au)
{
        entry_list taken = { 0 };

        pthread_mutex_lock(&au->lock);
        while (au->queue.first) {
                entry *e = au->queue.first;

                au->queue.first = e->next;
                msptk__entries_add(&taken, e);
        }
        au->queue = (entry_list){ 0 };
        pthread_mutex_unlock(&au->lock);
        return taken;
}

void msptk__queue_give_back(audit *au, entry_list *l)
{
        entry_list later;

        pthread_mutex_lock(&au->lock);
        later = au->queue;
        au->queue = (entry_list){ 0 };
        for (entry_list *from = l; from; from = from == l ? &later : NULL)
                while (from->first) {
                        entry *e = from->first;

                        from->first = e->next;
                        msptk__entries_add(&au->queue, e);
                }
        pthread_mutex_unlock(&au->lock);
        *l = (entry_list){ 0 };
}

/* ---- writing ---- */

msptk_status msptk__queue_write(audit *au, store_tx *tx, const entry *own, entry_list *taken,
                                msptk_error **ret_err)
{
        *taken = msptk__queue_take(au);
        return msptk__chain_append(au, tx, taken, own, ret_err);
}

static msptk_status write_group(audit *au, const entry *own, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        entry_list taken = { 0 };
        msptk_status st;

        TRY(msptk__tx_begin(au->c->store, TX_WRITE, 0, &tx, ret_err));
        st = msptk__queue_write(au, tx, own, &taken, ret_err);
        if (st == MSPTK_OK)
                st = msptk__tx_commit(&tx, ret_err);
        if (st < 0)
                msptk__queue_give_back(au, &taken);
        else
                msptk__entries_clear(&taken);
        return st;
}

msptk_status msptk__entry_commit(audit *au, const entry *own, msptk_error **ret_err)
{
        msptk_status st = au->c->store ? write_group(au, own, ret_err)
                                       : fail(ret_err, MSPTK_E_CLOSED, "no database is open");

        if (st == MSPTK_OK)
                return MSPTK_OK;
        msptk__wrap(ret_err, MSPTK_E_AUDIT, "write the audit trail");
        return MSPTK_E_AUDIT;
}

msptk_status msptk__queue_flush(audit *au, msptk_error **ret_err)
{
        int32_t waiting;

        pthread_mutex_lock(&au->lock);
        waiting = au->queue.count;
        pthread_mutex_unlock(&au->lock);
        return waiting ? msptk__entry_commit(au, NULL, ret_err) : MSPTK_OK;
}

msptk_status msptk__audit_flush(ctx *c, msptk_error **ret_err)
{
        return c->audit ? msptk__queue_flush(c->audit, ret_err) : MSPTK_OK;
}

/* ---- the delayed flush: one task of the pool at a time ---- */

static msptk_status flush_later(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        audit *au = user;

        (void)self;
        (void)ret_err;
        /* Ends early when the audit or the pool closes: nobody waits for the rest of the group. */
        (void)msptk__cancel_sleep(tok, au->opts.group_ms);
        /* Cleared first: what comes from now on gets a flush of its own. */
        pthread_mutex_lock(&au->lock);
        au->flush_due = 0;
        pthread_mutex_unlock(&au->lock);
        (void)msptk__queue_flush(au, NULL);
        return MSPTK_OK;
}

static void flush_ended(void *user)
{
        audit *au = user;

        pthread_mutex_lock(&au->lock);
        au->flushers--;
        pthread_cond_broadcast(&au->idle);
        pthread_mutex_unlock(&au->lock);
}

/* The pool takes no more work: what waits is written with the next act, or at close. */
static void flush_refused(audit *au)
{
        pthread_mutex_lock(&au->lock);
        au->flush_due = 0;
        pthread_mutex_unlock(&au->lock);
}

static void drop_oldest(audit *au)
{
        entry *e = au->queue.first;

        au->queue.first = e->next;
        au->queue.count--;
        msptk__entry_free(e);
}

void msptk__queue_add(audit *au, entry *e)
{
        int64_t now = msptk__mono_ns();
        int32_t full, start = 0;

        e->queued_ns = now;
        pthread_mutex_lock(&au->lock);
        if (au->queue.count >= QUEUE_MAX) {
                drop_oldest(au);
                msptk__log(au->c, LOG_ERROR, ROOM,
                           "the audit trail cannot be written: the oldest entry was lost");
        }
        msptk__entries_add(&au->queue, e);
        full = au->queue.count >= au->opts.group_entries ||
               now - au->queue.first->queued_ns >= au->opts.group_ms * 1000000;
        if (!full && au->c->work && !au->flush_due) {
                start = au->flush_due = 1;
                au->flushers++;
        }
        pthread_mutex_unlock(&au->lock);
        if (full)
                (void)msptk__queue_flush(au, NULL);
        else if (start && msptk__work_run(au->c->work, au->stop, "audit group", flush_later,
                                          flush_ended, au, NULL) < 0)
                flush_refused(au);
}
