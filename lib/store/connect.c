/* One connection: opened with the same settings always, closed with everything it holds. */
#define ROOM "store"
#include "store/internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char opening[] = "open";

static void set_limits(sqlite3 *db)
{
        sqlite3_extended_result_codes(db, 1);
        sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
        sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
        sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
        sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
        sqlite3_limit(db, SQLITE_LIMIT_LENGTH, STORE_VALUE_LIMIT);
        sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
}

/* The answer of a PRAGMA, tried again while others are at the file: switching to the write-ahead
 * log is refused without asking the busy handler when two processes do it at once. */
static int pragma_text(store_tx *c, const char *sql, char *answer, size_t size)
{
        sqlite3_stmt *q = NULL;
        int rc;

        do {
                rc = sqlite3_prepare_v2(c->db, sql, -1, &q, NULL);
                if (rc == SQLITE_OK)
                        rc = sqlite3_step(q);
                if (rc == SQLITE_ROW)
                        snprintf(answer, size, "%s", (const char *)sqlite3_column_text(q, 0));
                if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
                        sqlite3_finalize(q);
                        return SQLITE_OK;
                }
                sqlite3_finalize(q);
                q = NULL;
        } while ((rc & 0xff) == SQLITE_BUSY && msptk__store_pause(c));
        return rc;
}

static msptk_status no_shared_memory(const store *s, msptk_error **ret_err)
{
        return fail_why(ret_err, MSPTK_E_IO, "NO_SHARED_MEMORY",
                        "put the database on a local file system with shared memory",
                        "open database '%s': its file system has no shared memory for the "
                        "write-ahead log",
                        s->path);
}

/* Whether the file layer can share memory at all. */
static bool has_shared_memory(sqlite3 *db)
{
        sqlite3_file *file = NULL;

        if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
            !file || !file->pMethods)
                return true;
        return file->pMethods->iVersion >= 2 && file->pMethods->xShmMap;
}

static msptk_status use_log(store_tx *c, msptk_error **ret_err)
{
        store *s = c->store;
        char mode[16] = "";
        int rc = pragma_text(c, "PRAGMA journal_mode", mode, sizeof(mode));

        if (rc == SQLITE_OK && strcmp(mode, "wal") != 0 && !s->read_only)
                rc = pragma_text(c, "PRAGMA journal_mode=WAL", mode, sizeof(mode));
        if (rc != SQLITE_OK && (rc & 0xff) == SQLITE_CANTOPEN && !has_shared_memory(c->db))
                return no_shared_memory(s, ret_err);
        if (rc != SQLITE_OK)
                return msptk__store_fail(s, c->db, rc, ret_err, opening, NULL);
        if (strcmp(mode, "wal") != 0 && !s->read_only)
                return no_shared_memory(s, ret_err);
        return MSPTK_OK;
}

static msptk_status settle(store_tx *c, msptk_error **ret_err)
{
        store *s = c->store;
        char unused[32];
        char settings[160];
        int rc;

        sqlite3_busy_handler(c->db, msptk__store_on_busy, c);
        set_limits(c->db);
        if (!s->read_only && sqlite3_db_readonly(c->db, "main") == 1)
                return msptk__store_fail(s, NULL, SQLITE_READONLY, ret_err, opening, NULL);
        if (!s->in_memory)
                TRY(use_log(c, ret_err));
        snprintf(settings, sizeof(settings),
                 "PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-%d; "
                 "PRAGMA journal_size_limit=8388608",
                 CACHE_KIB);
        rc = sqlite3_exec(c->db, settings, NULL, NULL, NULL);
        /* proves that the file is a database and can be read now, not at the first use */
        if (rc == SQLITE_OK)
                rc = pragma_text(c, "SELECT count(*) FROM sqlite_schema", unused, sizeof(unused));
        if (rc != SQLITE_OK)
                return msptk__store_fail(s, c->db, rc, ret_err, opening, NULL);
        return MSPTK_OK;
}

msptk_status msptk__store_connect(store_tx *c, msptk_error **ret_err)
{
        store *s = c->store;
        int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_PRIVATECACHE;
        msptk_status st;
        int rc;

        if (s->in_memory)
                flags |= SQLITE_OPEN_URI | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        else
                flags |= s->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
        c->random = (uint64_t)msptk__store_ticks_ns() * 2654435761u ^ (uint64_t)getpid() << 32 ^
                    (uint64_t)(uintptr_t)c;
        c->random |= 1;
        c->tries = 0;
        rc = sqlite3_open_v2(s->file, &c->db, flags, s->vfs);
        if (rc != SQLITE_OK)
                st = msptk__store_fail(s, c->db, rc, ret_err, opening, NULL);
        else
                st = settle(c, ret_err);
        if (st < 0)
                msptk__store_disconnect(c);
        return st;
}

void msptk__store_disconnect(store_tx *c)
{
        msptk__stmts_detach(c);
        msptk__stmts_drop(c);
        sqlite3_close_v2(c->db);
        c->db = NULL;
}
