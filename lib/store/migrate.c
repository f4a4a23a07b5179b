/* The schema and its history: numbered steps, one transaction each. */
#define ROOM "store"
#include "store/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const own_tables[] = {
        "CREATE TABLE sample_day (day INTEGER PRIMARY KEY)",
        "CREATE TABLE rollup_day (series INTEGER NOT NULL, day INTEGER NOT NULL,"
        " n INTEGER NOT NULL, ok INTEGER NOT NULL, warning INTEGER NOT NULL,"
        " critical INTEGER NOT NULL, unknown INTEGER NOT NULL, valued INTEGER NOT NULL,"
        " sum REAL, min REAL, max REAL, PRIMARY KEY (series, day)) WITHOUT ROWID",
        "CREATE TABLE store_probe (id INTEGER PRIMARY KEY, data BLOB NOT NULL)",
        NULL,
};
const store_migration msptk__store_migrations[] = {
        { 1, "store", "samples and their roll-ups", own_tables },
        { 0 },
};

enum { DIGEST_SIZE = 17 };

/* FNV-1a over the statements and their ends: notices that a text was changed after it had been
 * applied somewhere; it guards against accidents, not against people. */
static void digest_of(const store_migration *m, char mark[DIGEST_SIZE])
{
        uint64_t h = 14695981039346656037u;

        for (const char *const *sql = m->sql; *sql; sql++) {
                const char *c = *sql;

                do {
                        h ^= (unsigned char)*c;
                        h *= 1099511628211u;
                } while (*c++);
        }
        snprintf(mark, DIGEST_SIZE, "%016" PRIx64, h);
}

/* ---- the plan: all migrations of this program, by number ---------------------------------------
 */

typedef struct plan {
        const store_migration **steps;
        size_t count;
} plan;

static void plan_clear(plan *p)
{
        msptk__free(p->steps);
}

static int by_number(const void *a, const void *b)
{
        const store_migration *const *x = a, *const *y = b;

        return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

static size_t table_length(const store_migration *table)
{
        size_t n = 0;

        while (table[n].sql)
                n++;
        return n;
}

static msptk_status plan_make(const store_migration *const *tables, size_t table_count, plan *p,
                              msptk_error **ret_err)
{
        size_t total = table_length(msptk__store_migrations);

        for (size_t i = 0; i < table_count; i++)
                total += table_length(tables[i]);
        p->steps = msptk__alloc_array(total, sizeof(*p->steps));
        if (!p->steps)
                return msptk__nomem(ret_err);
        for (const store_migration *m = msptk__store_migrations; m->sql; m++)
                p->steps[p->count++] = m;
        for (size_t i = 0; i < table_count; i++)
                for (const store_migration *m = tables[i]; m->sql; m++)
                        p->steps[p->count++] = m;
        qsort(p->steps, p->count, sizeof(*p->steps), by_number);
        for (size_t i = 1; i < p->count; i++)
                if (p->steps[i - 1]->number == p->steps[i]->number || p->steps[i]->number <= 0)
                        return fail(ret_err, MSPTK_E_INTERNAL,
                                    "migration %d is named twice, by '%s' and '%s'",
                                    p->steps[i]->number, p->steps[i - 1]->room, p->steps[i]->room);
        return MSPTK_OK;
}

static const store_migration *plan_find(const plan *p, int64_t number)
{
        for (size_t i = 0; i < p->count; i++)
                if (p->steps[i]->number == number)
                        return p->steps[i];
        return NULL;
}

/* ---- what the database says --------------------------------------------------------------------
 */

/* Whether our history is there; a file with other tables belongs to someone else. */
static msptk_status has_history(store_tx *tx, bool *ret_has, msptk_error **ret_err)
{
        int64_t tables = 0, history = 0, id = 0;

        TRY(msptk__query_int(tx, &tables, ret_err, "SELECT count(*) FROM sqlite_schema"));
        TRY(msptk__query_int(tx, &history, ret_err,
                             "SELECT count(*) FROM sqlite_schema"
                             " WHERE type = 'table' AND name = 'schema_version'"));
        TRY(msptk__query_int(tx, &id, ret_err, "PRAGMA application_id"));
        if (tables > 0 && (!history || id != APPLICATION_ID))
                return fail_why(ret_err, MSPTK_E_CONFLICT, "DATABASE_FOREIGN",
                                "choose another file for 'database.path'",
                                "open database '%s': the file belongs to another program",
                                tx->store->path);
        *ret_has = history > 0;
        return MSPTK_OK;
}

static msptk_status check_entry(const store_tx *tx, const plan *p, int64_t number, const char *mark,
                                msptk_error **ret_err)
{
        const store_migration *m = plan_find(p, number);
        char ours[DIGEST_SIZE];

        if (!m)
                return fail_why(ret_err, MSPTK_E_NEWER, "SCHEMA_NEWER",
                                "use the newer version of this program",
                                "open database '%s': its schema has migration %" PRId64
                                ", this program knows migrations up to %d",
                                tx->store->path, number, p->steps[p->count - 1]->number);
        digest_of(m, ours);
        if (strcmp(ours, mark) != 0)
                return fail_why(ret_err, MSPTK_E_CONFLICT, "SCHEMA_DIFFERS",
                                "use the program that made the database",
                                "open database '%s': migration %" PRId64
                                " was applied with another text than this program has",
                                tx->store->path, number);
        return MSPTK_OK;
}

/* Checks the whole history against the plan and finds the first step that is missing (NULL: none).
 * The largest numbers come first, so that a newer database is named by its newest one. */
static msptk_status next_step(store_tx *tx, const plan *p, const store_migration **ret_step,
                              bool *ret_has, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_FREE bool *done = msptk__alloc_array(p->count, sizeof(bool));
        msptk_status st;

        if (!done)
                return msptk__nomem(ret_err);
        TRY(has_history(tx, ret_has, ret_err));
        *ret_step = p->steps[0];
        if (!*ret_has)
                return MSPTK_OK;
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT number, digest FROM schema_version ORDER BY number DESC"));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                int64_t number = msptk__stmt_int(q, 0);

                TRY(check_entry(tx, p, number, msptk__stmt_text(q, 1), ret_err));
                for (size_t i = 0; i < p->count; i++)
                        done[i] |= p->steps[i]->number == number;
        }
        TRY(st);
        *ret_step = NULL;
        for (size_t i = p->count; i-- > 0;)
                if (!done[i])
                        *ret_step = p->steps[i];
        return MSPTK_OK;
}

/* ---- applying ----------------------------------------------------------------------------------
 */

static msptk_status make_history(store_tx *tx, msptk_error **ret_err)
{
        char sql[64];

        snprintf(sql, sizeof(sql), "PRAGMA application_id=%d", APPLICATION_ID);
        TRY(msptk__exec(tx, ret_err, sql));
        return msptk__exec(tx, ret_err,
                           "CREATE TABLE schema_version (number INTEGER PRIMARY KEY,"
                           " room TEXT NOT NULL, name TEXT NOT NULL, applied_at INTEGER NOT NULL,"
                           " digest TEXT NOT NULL)");
}

static msptk_status apply(store_tx *tx, const store_migration *m, int64_t now_us,
                          msptk_error **ret_err)
{
        char mark[DIGEST_SIZE];

        for (const char *const *sql = m->sql; *sql; sql++)
                TRY(msptk__exec(tx, ret_err, *sql));
        digest_of(m, mark);
        return msptk__exec(tx, ret_err,
                           "INSERT INTO schema_version (number, room, name, applied_at, digest)"
                           " VALUES (?1, ?2, ?3, ?4, ?5)",
                           SQL_INT(m->number), SQL_TEXT(m->room), SQL_TEXT(m->name),
                           SQL_INT(now_us), SQL_TEXT(mark));
}

/* One missing step in one transaction; what is missing is read again inside it, because another
 * process may have been faster. MSPTK_DONE when nothing is missing. */
static msptk_status advance(store *s, const plan *p, int64_t now_us, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        const store_migration *m = NULL;
        bool has = false;
        msptk_status st;

        TRY(msptk__tx_begin(s, TX_WRITE, 0, &tx, ret_err));
        TRY(next_step(tx, p, &m, &has, ret_err));
        if (!m)
                return MSPTK_DONE;
        st = has ? MSPTK_OK : make_history(tx, ret_err);
        if (st == MSPTK_OK)
                st = apply(tx, m, now_us, ret_err);
        if (st < 0)
                return msptk__wrap(ret_err, st, "migrate database '%s' to %d, '%s' of room '%s'",
                                   s->path, m->number, m->name, m->room);
        msptk__stmts_drop(tx); /* texts that run once */
        return msptk__tx_commit(&tx, ret_err);
}

static msptk_status find_missing(store *s, const plan *p, const store_migration **ret_step,
                                 msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        bool has;

        TRY(msptk__tx_begin(s, TX_READ, 0, &tx, ret_err));
        return next_step(tx, p, ret_step, &has, ret_err);
}

msptk_status msptk__store_migrate(store *s, const store_migration *const *tables,
                                  size_t table_count, int64_t now_us, msptk_error **ret_err)
{
        __attribute__((cleanup(plan_clear))) plan p = { 0 };
        const store_migration *missing = NULL;
        msptk_status st;

        TRY(plan_make(tables, table_count, &p, ret_err));
        TRY(find_missing(s, &p, &missing, ret_err)); /* the common case takes no write lock */
        if (!missing)
                return MSPTK_OK;
        if (s->read_only)
                return fail_why(ret_err, MSPTK_E_CONFLICT, "SCHEMA_OLD",
                                "open the database once for writing",
                                "open database '%s' read-only: migration %d is missing", s->path,
                                missing->number);
        while ((st = advance(s, &p, now_us, ret_err)) == MSPTK_OK)
                ;
        return st < 0 ? st : MSPTK_OK;
}

msptk_status msptk__store_schema_number(store_tx *tx, int64_t *ret_number, int64_t *ret_newest_us,
                                        msptk_error **ret_err)
{
        int64_t number = 0, newest = 0, day = 0;
        bool has = false;

        TRY(has_history(tx, &has, ret_err));
        if (has) {
                TRY(msptk__query_int(tx, &number, ret_err,
                                     "SELECT max(number) FROM schema_version"));
                TRY(msptk__query_int(tx, &newest, ret_err,
                                     "SELECT max(applied_at) FROM schema_version"));
                TRY(msptk__query_int(tx, &day, ret_err, "SELECT max(day) FROM sample_day"));
        }
        if (day > 0 && msptk__store_day_start((int32_t)day) > newest)
                newest = msptk__store_day_start((int32_t)day);
        *ret_number = number;
        *ret_newest_us = newest;
        return MSPTK_OK;
}
