/* What doctor wants to know: damage, space, and whether a change can be made durable. */
#define ROOM "store"
#include "store/internal.h"

#include <string.h>

library_version msptk__store_library(void)
{
        return (library_version){ "SQLite", SQLITE_VERSION, sqlite3_libversion() };
}

static void read_log_size(sqlite3 *db, int64_t *ret_bytes)
{
        sqlite3_file *log = NULL;
        sqlite3_int64 size = 0;

        /* in this mode the journal's file is the write-ahead log */
        if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK &&
            log && log->pMethods && log->pMethods->xFileSize(log, &size) == SQLITE_OK)
                *ret_bytes = size;
}

msptk_status msptk__store_info(store *s, store_info *ret_info, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        store_info info = { .in_memory = s->in_memory, .read_only = s->read_only };

        TRY(msptk__tx_begin(s, TX_READ, 0, &tx, ret_err));
        TRY(msptk__query_int(tx, &info.page_size, ret_err, "PRAGMA page_size"));
        TRY(msptk__query_int(tx, &info.page_count, ret_err, "PRAGMA page_count"));
        TRY(msptk__query_int(tx, &info.free_pages, ret_err, "PRAGMA freelist_count"));
        TRY(msptk__store_schema_number(tx, &info.schema_number, &info.newest_us, ret_err));
        if (!s->in_memory)
                read_log_size(tx->db, &info.log_bytes);
        msptk__tx_rollback(&tx);
        pthread_mutex_lock(&s->lock);
        for (int i = 0; i < POOL_MAX; i++)
                info.connections += s->pool[i].db != NULL;
        pthread_mutex_unlock(&s->lock);
        *ret_info = info;
        return MSPTK_OK;
}

/* Rows of a check as findings. That the check itself stumbles over the damage is a finding too. */
static msptk_status collect(store_tx *tx, const char *sql, bool references,
                            void (*finding)(void *user, const char *text), void *user,
                            size_t *count, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_BUF buf line = BUF_INIT(4096);
        msptk_status st = msptk__query(tx, &q, &err, sql);

        while (st == MSPTK_OK && (st = msptk__stmt_step(q, &err)) == MSPTK_OK) {
                const char *text = msptk__stmt_text(q, 0);

                if (!references && strcmp(text, "ok") == 0)
                        continue;
                msptk__buf_reset(&line);
                if (references)
                        msptk__buf_addf(&line,
                                        "a row of table %s refers to a row of table %s that "
                                        "is not there",
                                        text, msptk__stmt_text(q, 2));
                else
                        msptk__buf_add_str(&line, text);
                finding(user, msptk__buf_text(&line));
                ++*count;
        }
        if (st == MSPTK_E_CORRUPT) {
                finding(user, msptk_error_message(err));
                ++*count;
                return MSPTK_OK;
        }
        if (st < 0 && ret_err)
                *ret_err = STEAL(err);
        return st < 0 ? st : MSPTK_OK;
}

msptk_status msptk__store_check(store *s, bool quick, void (*finding)(void *user, const char *text),
                                void *user, size_t *ret_findings, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        size_t count = 0;

        TRY(msptk__tx_begin(s, TX_READ, 0, &tx, ret_err));
        TRY(collect(tx, quick ? "PRAGMA quick_check(50)" : "PRAGMA integrity_check(50)", false,
                    finding, user, &count, ret_err));
        if (count == 0)
                TRY(collect(tx, "PRAGMA foreign_key_check", true, finding, user, &count, ret_err));
        *ret_findings = count;
        return MSPTK_OK;
}

msptk_status msptk__store_probe_write(store *s, int64_t wait_ms, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__tx_begin(s, TX_WRITE, wait_ms, &tx, ret_err));
        TRY(msptk__exec(tx, ret_err, "INSERT INTO store_probe (data) VALUES (zeroblob(65536))"));
        TRY(msptk__tx_commit(&tx, ret_err));
        TRY(msptk__tx_begin(s, TX_WRITE, wait_ms, &tx, ret_err));
        TRY(msptk__exec(tx, ret_err, "DELETE FROM store_probe"));
        return msptk__tx_commit(&tx, ret_err);
}
