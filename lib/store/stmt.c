/* Statements: prepared once per connection, bound with checked values, given back when done. */
#define ROOM "store"
#include "store/internal.h"

#include <math.h>
#include <string.h>

/* ---- the cache of prepared statements ---------------------------------------------------------
 */

static void stmt_finalize(store_stmt *q)
{
        sqlite3_finalize(q->handle);
        msptk__free(q->sql);
        msptk__free(q);
}

static store_stmt *cache_find(store_tx *tx, const char *sql)
{
        for (int i = tx->idle_count - 1; i >= 0; i--) {
                store_stmt *q = tx->idle[i];

                if (strcmp(q->sql, sql) != 0)
                        continue;
                tx->idle[i] = tx->idle[--tx->idle_count];
                return q;
        }
        return NULL;
}

static void cache_put(store_tx *tx, store_stmt *q)
{
        int oldest = 0;

        q->used = ++tx->tick;
        if (tx->idle_count < STMT_CACHE) {
                tx->idle[tx->idle_count++] = q;
                return;
        }
        for (int i = 1; i < STMT_CACHE; i++)
                if (tx->idle[i]->used < tx->idle[oldest]->used)
                        oldest = i;
        stmt_finalize(tx->idle[oldest]);
        tx->idle[oldest] = q;
}

void msptk__stmts_drop(store_tx *tx)
{
        while (tx->idle_count > 0)
                stmt_finalize(tx->idle[--tx->idle_count]);
}

/* Statements that the caller still holds when the transaction ends keep only their memory. */
void msptk__stmts_detach(store_tx *tx)
{
        for (store_stmt *q = tx->open; q; q = q->next) {
                sqlite3_finalize(q->handle);
                q->handle = NULL;
                q->tx = NULL;
        }
        tx->open = NULL;
}

static int prepare(store_tx *tx, const char *sql, store_stmt **ret_stmt)
{
        store_stmt *q = cache_find(tx, sql);
        const char *rest = NULL;
        int rc;

        if (!q) {
                q = msptk__alloc(sizeof(*q));
                if (!q || !(q->sql = msptk__strdup(sql))) {
                        msptk__free(q);
                        return SQLITE_NOMEM;
                }
                rc = sqlite3_prepare_v3(tx->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q->handle,
                                        &rest);
                if (rc == SQLITE_OK && (!q->handle || rest[strspn(rest, " \n\t;")]))
                        rc = SQLITE_MISUSE; /* empty, or more than one statement */
                if (rc != SQLITE_OK) {
                        stmt_finalize(q);
                        return rc;
                }
        }
        *ret_stmt = q;
        return SQLITE_OK;
}

int msptk__store_run(store_tx *c, const char *sql)
{
        store_stmt *q = NULL;
        int rc = prepare(c, sql, &q);

        if (rc != SQLITE_OK)
                return rc;
        rc = sqlite3_step(q->handle);
        sqlite3_reset(q->handle);
        cache_put(c, q);
        return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* ---- taking, binding, giving back --------------------------------------------------------------
 */

msptk_status msptk__stmt_failed(store_tx *tx, int rc, const char *sql, msptk_error **ret_err)
{
        msptk_status st = msptk__store_fail(tx->store, tx->db, rc, ret_err,
                                            tx->mode == TX_WRITE ? "write to" : "read from", sql);

        if (sqlite3_get_autocommit(tx->db))
                tx->lost = st;
        return st;
}

msptk_status msptk__stmt_take(store_tx *tx, const char *sql, store_stmt **ret_stmt,
                              msptk_error **ret_err)
{
        store_stmt *q = NULL;
        int rc;

        if (tx->lost < 0 || sqlite3_get_autocommit(tx->db))
                return fail(ret_err, tx->lost < 0 ? tx->lost : MSPTK_E_IO,
                            "use database '%s': an earlier failure has undone this transaction",
                            tx->store->path);
        rc = prepare(tx, sql, &q);
        if (rc != SQLITE_OK)
                return msptk__stmt_failed(tx, rc, sql, ret_err);
        if (tx->mode == TX_READ && !sqlite3_stmt_readonly(q->handle)) {
                stmt_finalize(q);
                return fail(ret_err, MSPTK_E_INTERNAL,
                            "database '%s': a write inside a reading transaction: '%.120s'",
                            tx->store->path, sql);
        }
        q->tx = tx;
        q->done = false;
        q->prev = NULL;
        q->next = tx->open;
        if (q->next)
                q->next->prev = q;
        tx->open = q;
        *ret_stmt = q;
        return MSPTK_OK;
}

void msptk__stmt_free(store_stmt *q)
{
        store_tx *tx = q ? q->tx : NULL;

        if (!q)
                return;
        if (!tx) {
                stmt_finalize(q);
                return;
        }
        if (q->prev)
                q->prev->next = q->next;
        else
                tx->open = q->next;
        if (q->next)
                q->next->prev = q->prev;
        sqlite3_reset(q->handle);
        sqlite3_clear_bindings(q->handle);
        cache_put(tx, q);
}

static int bind_one(sqlite3_stmt *h, int index, const store_value *v, sqlite3_destructor_type life)
{
        switch (v->type) {
        case VALUE_INT:
                return sqlite3_bind_int64(h, index, v->i);
        case VALUE_REAL:
                return sqlite3_bind_double(h, index, v->d);
        case VALUE_TEXT:
                return sqlite3_bind_text64(h, index, v->data ? v->data : "", v->len, life,
                                           SQLITE_UTF8);
        case VALUE_BLOB:
                return v->len ? sqlite3_bind_blob64(h, index, v->data, v->len, life)
                              : sqlite3_bind_zeroblob(h, index, 0);
        default:
                return sqlite3_bind_null(h, index);
        }
}

static msptk_status bind_all(store_stmt *q, const store_value *values, size_t count,
                             sqlite3_destructor_type life, msptk_error **ret_err)
{
        int rc;

        if ((size_t)sqlite3_bind_parameter_count(q->handle) != count)
                return fail(ret_err, MSPTK_E_INTERNAL,
                            "%zu values for a statement of %d parameters: '%.120s'", count,
                            sqlite3_bind_parameter_count(q->handle), q->sql);
        for (size_t i = 0; i < count; i++) {
                rc = bind_one(q->handle, (int)i + 1, &values[i], life);
                if (rc != SQLITE_OK)
                        return msptk__stmt_failed(q->tx, rc, q->sql, ret_err);
        }
        return MSPTK_OK;
}

msptk_status msptk__exec_values(store_tx *tx, msptk_error **ret_err, const char *sql,
                                const store_value *values, size_t count)
{
        AUTO_STMT store_stmt *q = NULL;
        int rc;

        TRY(msptk__stmt_take(tx, sql, &q, ret_err));
        TRY(bind_all(q, values, count, SQLITE_STATIC, ret_err));
        while ((rc = sqlite3_step(q->handle)) == SQLITE_ROW)
                ;
        return rc == SQLITE_DONE ? MSPTK_OK : msptk__stmt_failed(tx, rc, sql, ret_err);
}

msptk_status msptk__query_values(store_tx *tx, store_stmt **ret_stmt, msptk_error **ret_err,
                                 const char *sql, const store_value *values, size_t count)
{
        AUTO_STMT store_stmt *q = NULL;

        TRY(msptk__stmt_take(tx, sql, &q, ret_err));
        TRY(bind_all(q, values, count, SQLITE_TRANSIENT, ret_err));
        *ret_stmt = STEAL(q);
        return MSPTK_OK;
}

msptk_status msptk__query_int_values(store_tx *tx, int64_t *ret_value, msptk_error **ret_err,
                                     const char *sql, const store_value *values, size_t count)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        TRY(msptk__stmt_take(tx, sql, &q, ret_err));
        TRY(bind_all(q, values, count, SQLITE_STATIC, ret_err));
        st = msptk__stmt_step(q, ret_err);
        if (st == MSPTK_OK)
                *ret_value = msptk__stmt_int(q, 0);
        return st;
}

/* ---- rows --------------------------------------------------------------------------------------
 */

msptk_status msptk__stmt_step(store_stmt *q, msptk_error **ret_err)
{
        int rc;

        if (!q->tx)
                return fail(ret_err, MSPTK_E_INTERNAL,
                            "a statement was used after its transaction: '%.120s'", q->sql);
        if (q->done)
                return MSPTK_DONE; /* the engine would start again */
        rc = sqlite3_step(q->handle);
        if (rc == SQLITE_ROW)
                return MSPTK_OK;
        q->done = true;
        return rc == SQLITE_DONE ? MSPTK_DONE : msptk__stmt_failed(q->tx, rc, q->sql, ret_err);
}

bool msptk__stmt_is_null(store_stmt *q, int32_t column)
{
        return sqlite3_column_type(q->handle, column) == SQLITE_NULL;
}

int64_t msptk__stmt_int(store_stmt *q, int32_t column)
{
        return sqlite3_column_int64(q->handle, column);
}

double msptk__stmt_real(store_stmt *q, int32_t column)
{
        return msptk__stmt_is_null(q, column) ? NAN : sqlite3_column_double(q->handle, column);
}

const char *msptk__stmt_text_or_null(store_stmt *q, int32_t column)
{
        return (const char *)sqlite3_column_text(q->handle, column);
}

const char *msptk__stmt_text(store_stmt *q, int32_t column)
{
        const char *text = msptk__stmt_text_or_null(q, column);

        return text ? text : "";
}

const void *msptk__stmt_blob(store_stmt *q, int32_t column, size_t *ret_len)
{
        const void *data = sqlite3_column_blob(q->handle, column);

        *ret_len = (size_t)sqlite3_column_bytes(q->handle, column);
        return data ? data : "";
}

char *msptk__stmt_dup(store_stmt *q, int32_t column)
{
        return msptk__strdup(msptk__stmt_text_or_null(q, column));
}

/* ---- values ------------------------------------------------------------------------------------
 */

store_value msptk__sql_text(const char *text)
{
        return text ? SQL_TEXT_N(text, strlen(text)) : SQL_NULL;
}

store_value msptk__sql_int_or_null(const int64_t *value)
{
        return value ? SQL_INT(*value) : SQL_NULL;
}

store_value msptk__sql_real_or_null(const double *value)
{
        return value ? SQL_REAL(*value) : SQL_NULL;
}
