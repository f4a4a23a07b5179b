/* Transactions: the pool of connections, and who may write when. */
#define ROOM "store"
#include "store/internal.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

/* ---- the pool --------------------------------------------------------------------------------
 * One writer at a time within the process, so that threads queue here instead of polling the file.
 * Stores in memory have no log to read from while someone writes: there the writer is alone. */

static store_tx *find_free(store *s)
{
        store_tx *unopened = NULL;

        for (int i = 0; i < POOL_MAX; i++) {
                if (s->pool[i].in_use)
                        continue;
                if (s->pool[i].db)
                        return &s->pool[i];
                if (!unopened)
                        unopened = &s->pool[i];
        }
        return unopened;
}

/* `queued`: has waited before; newcomers let those go first. */
static bool may_go(store *s, int32_t mode, bool queued)
{
        if (!find_free(s))
                return false;
        if (mode == TX_WRITE)
                return !s->writing && (queued || !s->waiting_writers) &&
                       !(s->in_memory && s->reading);
        return !s->in_memory || (!s->writing && (queued || !s->waiting_writers));
}

static void wait_for_change(store *s, int32_t mode, int64_t deadline_ns)
{
        struct timespec ts = { .tv_sec = deadline_ns / 1000000000,
                               .tv_nsec = deadline_ns % 1000000000 };

        s->waiting_writers += mode == TX_WRITE;
        pthread_cond_timedwait(&s->changed, &s->lock, &ts);
        s->waiting_writers -= mode == TX_WRITE;
}

static msptk_status check_out(store *s, int32_t mode, int64_t deadline_ns, store_tx **ret_tx,
                              msptk_error **ret_err)
{
        msptk_status st = MSPTK_OK;
        bool queued = false;
        store_tx *c;

        pthread_mutex_lock(&s->lock);
        while (!s->closed && !may_go(s, mode, queued)) {
                if (msptk__store_ticks_ns() >= deadline_ns) {
                        st = MSPTK_E_BUSY;
                        break;
                }
                wait_for_change(s, mode, deadline_ns);
                queued = true;
        }
        if (s->closed)
                st = MSPTK_E_CLOSED;
        if (st == MSPTK_OK) {
                c = find_free(s);
                c->in_use = true;
                c->mode = mode;
                s->writing |= mode == TX_WRITE;
                s->reading += mode == TX_READ;
                *ret_tx = c;
        } else {
                pthread_cond_broadcast(&s->changed); /* others may have stood behind this one */
        }
        pthread_mutex_unlock(&s->lock);
        if (st == MSPTK_E_CLOSED)
                return fail(ret_err, st, "use database '%s': it is closed", s->path);
        return st < 0 ? msptk__store_busy(s, ret_err, "wait for a connection to") : MSPTK_OK;
}

static void check_in(store_tx *c)
{
        store *s = c->store;
        bool destroy;

        msptk__stmts_detach(c);
        pthread_mutex_lock(&s->lock);
        if (c->mode == TX_WRITE)
                s->writing = false;
        else
                s->reading--;
        c->in_use = false;
        destroy = s->orphan;
        for (int i = 0; i < POOL_MAX; i++)
                destroy = destroy && !s->pool[i].in_use;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
        if (destroy)
                msptk__store_destroy(s);
}

/* ---- transactions ---------------------------------------------------------------------------- */

static msptk_status begin_write(store_tx *c, msptk_error **ret_err)
{
        int rc;

        msptk__store_turn_take(c);
        rc = msptk__store_run(c, "BEGIN IMMEDIATE");
        msptk__store_turn_give(c);
        return rc == SQLITE_OK
                       ? MSPTK_OK
                       : msptk__store_fail(c->store, c->db, rc, ret_err, "begin to write to", NULL);
}

static msptk_status begin(store_tx *c, msptk_error **ret_err)
{
        int rc;

        c->tries = 0;
        c->depth = 0;
        c->lost = MSPTK_OK;
        if (!c->db)
                TRY(msptk__store_connect(c, ret_err));
        if (c->mode == TX_WRITE)
                return begin_write(c, ret_err);
        rc = msptk__store_run(c, "BEGIN");
        return rc == SQLITE_OK
                       ? MSPTK_OK
                       : msptk__store_fail(c->store, c->db, rc, ret_err, "begin to read", NULL);
}

msptk_status msptk__tx_begin(store *s, int32_t mode, int64_t wait_ms, store_tx **ret_tx,
                             msptk_error **ret_err)
{
        int64_t wait = wait_ms > 0 ? wait_ms : s->wait_ms;
        int64_t deadline_ns;
        store_tx *c = NULL;
        msptk_status st;

        if (mode != TX_READ && mode != TX_WRITE)
                return fail(ret_err, MSPTK_E_INTERNAL, "begin: unknown mode %d", mode);
        if (mode == TX_WRITE && s->read_only)
                return fail_why(ret_err, MSPTK_E_DENIED, "READ_ONLY", "open it for writing",
                                "write to database '%s': it was opened read-only", s->path);
        if (wait > 86400000)
                wait = 86400000;
        deadline_ns = msptk__store_ticks_ns() + wait * 1000000;
        TRY(check_out(s, mode, deadline_ns, &c, ret_err));
        c->deadline_ns = deadline_ns;
        st = begin(c, ret_err);
        if (st < 0) {
                check_in(c);
                return st;
        }
        *ret_tx = c;
        return MSPTK_OK;
}

/* The engine undoes everything by itself after some failures (disk full, memory, I/O). */
static msptk_status check_alive(store_tx *c, msptk_error **ret_err)
{
        if (c->lost == MSPTK_OK && !sqlite3_get_autocommit(c->db))
                return MSPTK_OK;
        return fail(ret_err, c->lost < 0 ? c->lost : MSPTK_E_IO,
                    "use database '%s': an earlier failure has undone this transaction",
                    c->store->path);
}

static void undo(store_tx *c)
{
        if (!sqlite3_get_autocommit(c->db))
                msptk__store_run(c, "ROLLBACK");
}

msptk_status msptk__tx_commit(store_tx **tx, msptk_error **ret_err)
{
        store_tx *c = STEAL(*tx);
        msptk_status st = check_alive(c, ret_err);
        int rc;

        msptk__stmts_detach(c);
        if (st == MSPTK_OK) {
                rc = msptk__store_run(c, "COMMIT");
                if (rc != SQLITE_OK)
                        st = msptk__store_fail(c->store, c->db, rc, ret_err, "commit to", NULL);
        }
        undo(c);
        check_in(c);
        return st;
}

void msptk__tx_rollback(store_tx **tx)
{
        store_tx *c = tx ? STEAL(*tx) : NULL;

        if (!c)
                return;
        msptk__stmts_detach(c);
        undo(c);
        check_in(c);
}

/* ---- steps ----------------------------------------------------------------------------------- */

static msptk_status step(store_tx *tx, const char *verb, int32_t level, msptk_error **ret_err)
{
        char sql[48];

        snprintf(sql, sizeof(sql), "%s step_%d", verb, level);
        return msptk__exec(tx, ret_err, sql);
}

msptk_status msptk__tx_step_begin(store_tx *tx, msptk_error **ret_err)
{
        if (tx->depth >= 8)
                return fail(ret_err, MSPTK_E_INTERNAL, "more than 8 steps inside each other");
        TRY(step(tx, "SAVEPOINT", tx->depth, ret_err));
        tx->depth++;
        return MSPTK_OK;
}

static msptk_status step_end(store_tx *tx, bool keep, msptk_error **ret_err)
{
        if (tx->depth <= 0)
                return fail(ret_err, MSPTK_E_INTERNAL, "end of a step that was not begun");
        tx->depth--;
        if (!keep)
                TRY(step(tx, "ROLLBACK TO", tx->depth, ret_err));
        return step(tx, "RELEASE", tx->depth, ret_err);
}

msptk_status msptk__tx_step_keep(store_tx *tx, msptk_error **ret_err)
{
        return step_end(tx, true, ret_err);
}

msptk_status msptk__tx_step_undo(store_tx *tx, msptk_error **ret_err)
{
        return step_end(tx, false, ret_err);
}

int64_t msptk__tx_changes(const store_tx *tx)
{
        return sqlite3_changes64(tx->db);
}

int64_t msptk__tx_insert_id(const store_tx *tx)
{
        return sqlite3_last_insert_rowid(tx->db);
}
