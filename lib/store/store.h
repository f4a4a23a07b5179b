/* Floor 2: the database. The only room that knows which SQL engine runs; rooms above own their SQL
 * text, in the subset of docs/sql-subset.md. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/base.h"

/*
 * House rules
 *  - One transaction per thread at a time; no network, no waiting, no user code while it is open.
 *  - No statement stays open across a return to user code; lists are pages by key.
 *  - Times are INTEGER microseconds UTC, ids are TEXT or INTEGER, never AUTOINCREMENT.
 */
typedef struct store store;           /* any thread */
typedef struct store_tx store_tx;     /* the thread that began it */
typedef struct store_stmt store_stmt; /* lives inside its transaction */

/* ---- open and close ------------------------------------------------------------------------- */

typedef struct store_options {
        const char *path; /* a file, or ":memory:" for a private one that dies with the store */
        int64_t wait_ms;  /* how long a call waits for other writers; 0 means 5,000 */
        bool read_only;   /* refuses TX_WRITE, never creates */
        bool create;      /* make the file (0600) when it does not exist */
        const char *vfs;  /* tests only: name of the engine's file layer; NULL is the normal one */
} store_options;

/* Opens and proves that the database answers. E_IO with reason DATABASE_CANNOT_OPEN,
 * DATABASE_READ_ONLY, DISK_FULL, DATABASE_IO or NO_SHARED_MEMORY (file systems on which processes
 * cannot share a database are refused, not silently served worse); E_CORRUPT when the file is no
 * database; E_BUSY. No tables are made: call msptk__store_migrate() next. */
msptk_status msptk__store_open(const store_options *options, store **ret_store,
                               msptk_error **ret_err);
/* Folds the log into the file and closes; E_BUSY while a transaction is open (nothing is closed
 * then). Afterwards calls answer E_CLOSED; msptk__store_free() still has to come. */
msptk_status msptk__store_close(store *s, msptk_error **ret_err);
/* Closes what is still open; when a transaction is open, its end frees. NULL-safe. */
void msptk__store_free(store *s);

const char *msptk__store_path(const store *s); /* ":memory:" or the file; never NULL */

DEFINE_AUTO_FREE(msptk__auto_store, store, msptk__store_free)
#define AUTO_STORE __attribute__((cleanup(msptk__auto_store)))

/* ---- transactions --------------------------------------------------------------------------- */

enum { TX_READ = 0, TX_WRITE = 1 };

/* Takes a connection of the pool (at most 4) and begins. TX_READ sees one moment in time; TX_WRITE
 * is the only writer until it ends. wait_ms bounds the whole wait, 0 means the store's own; at its
 * end E_BUSY (reason DATABASE_BUSY, retriable). E_DENIED for TX_WRITE on a read-only store. */
msptk_status msptk__tx_begin(store *s, int32_t mode, int64_t wait_ms, store_tx **ret_tx,
                             msptk_error **ret_err);
/* Ends the transaction in any case and sets *tx to NULL; MSPTK_OK means durable. On failure all of
 * it is rolled back, except that after E_IO a crash may still reveal it as done. */
msptk_status msptk__tx_commit(store_tx **tx, msptk_error **ret_err);
/* Gives up what was done since the begin; sets *tx to NULL. NULL-safe in both senses. */
void msptk__tx_rollback(store_tx **tx);
#define AUTO_TX __attribute__((cleanup(msptk__tx_rollback)))

/* A step inside a transaction that may be undone alone; steps nest. */
msptk_status msptk__tx_step_begin(store_tx *tx, msptk_error **ret_err);
msptk_status msptk__tx_step_keep(store_tx *tx, msptk_error **ret_err);
msptk_status msptk__tx_step_undo(store_tx *tx, msptk_error **ret_err);

int64_t msptk__tx_changes(const store_tx *tx);   /* rows changed by the last statement */
int64_t msptk__tx_insert_id(const store_tx *tx); /* integer key of the last inserted row */

/* ---- statements ----------------------------------------------------------------------------- */

/* A parameter or its absence. Made by the macros, so that every conversion is checked. */
typedef struct store_value {
        int32_t type;
        int64_t i;
        double d;
        const void *data;
        size_t len;
} store_value;
enum { VALUE_NULL, VALUE_INT, VALUE_REAL, VALUE_TEXT, VALUE_BLOB };

#define SQL_NULL ((store_value){ .type = VALUE_NULL })
#define SQL_INT(v) ((store_value){ .type = VALUE_INT, .i = (v) })
#define SQL_REAL(v) ((store_value){ .type = VALUE_REAL, .d = (v) }) /* NaN is stored as NULL */
#define SQL_TEXT(v) msptk__sql_text(v)                              /* NULL pointer is NULL */
#define SQL_TEXT_N(v, n) ((store_value){ .type = VALUE_TEXT, .data = (v), .len = (n) })
#define SQL_BLOB(v, n) ((store_value){ .type = VALUE_BLOB, .data = (v), .len = (n) })
/* From a pointer that may be NULL, to int64_t or double. */
#define SQL_INT_OR_NULL(p) msptk__sql_int_or_null(p)
#define SQL_REAL_OR_NULL(p) msptk__sql_real_or_null(p)

store_value msptk__sql_text(const char *text);
store_value msptk__sql_int_or_null(const int64_t *value);
store_value msptk__sql_real_or_null(const double *value);

/* Most bytes of one text or blob; beyond it E_TOOBIG. */
enum { STORE_VALUE_LIMIT = 16 * 1024 * 1024 };

/* One statement that gives no rows (or whose rows do not matter):
 *     TRY(msptk__exec(tx, ret_err, "UPDATE client SET tier = ?2 WHERE id = ?1", SQL_TEXT(id),
 *                     SQL_TEXT(tier)));
 * The number of values must be the number of parameters. E_EXISTS when a unique key is taken
 * (reason ALREADY_EXISTS), E_CONFLICT when a reference is broken (BROKEN_REFERENCE), E_INVALID when
 * a CHECK or NOT NULL refuses (CONSTRAINT). The statement alone is undone then; the transaction
 * goes on. */
#define msptk__exec(tx, ret_err, sql, ...) \
        msptk__exec_values((tx), (ret_err), (sql), (const store_value[]){ __VA_ARGS__ }, \
                           sizeof((const store_value[]){ __VA_ARGS__ }) / sizeof(store_value))

/* A statement that gives rows; values are copied:
 *     AUTO_STMT store_stmt *q = NULL;
 *     msptk_status st;
 *     TRY(msptk__query(tx, &q, ret_err, "SELECT id, name FROM client WHERE id > ?1 ORDER BY id
 *                      LIMIT ?2", SQL_TEXT(after), SQL_INT(limit)));
 *     while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK)
 *             use(msptk__stmt_text(q, 0), msptk__stmt_text(q, 1));
 *     if (st < 0) return st;                                                                  */
#define msptk__query(tx, ret_stmt, ret_err, sql, ...) \
        msptk__query_values((tx), (ret_stmt), (ret_err), (sql), \
                            (const store_value[]){ __VA_ARGS__ }, \
                            sizeof((const store_value[]){ __VA_ARGS__ }) / sizeof(store_value))

/* First column of the first row as an integer: MSPTK_OK, or MSPTK_DONE when there is no row (then
 * *ret_value is untouched). NULL reads as 0. */
#define msptk__query_int(tx, ret_value, ret_err, sql, ...) \
        msptk__query_int_values( \
                (tx), (ret_value), (ret_err), (sql), (const store_value[]){ __VA_ARGS__ }, \
                sizeof((const store_value[]){ __VA_ARGS__ }) / sizeof(store_value))

/* The functions behind, for lists of values made at run time. `sql` is one statement; it is kept
 * prepared per connection, so let it be a literal or one of few texts. */
msptk_status msptk__exec_values(store_tx *tx, msptk_error **ret_err, const char *sql,
                                const store_value *values, size_t count);
msptk_status msptk__query_values(store_tx *tx, store_stmt **ret_stmt, msptk_error **ret_err,
                                 const char *sql, const store_value *values, size_t count);
msptk_status msptk__query_int_values(store_tx *tx, int64_t *ret_value, msptk_error **ret_err,
                                     const char *sql, const store_value *values, size_t count);

/* Next row: MSPTK_OK, MSPTK_DONE or an error. */
msptk_status msptk__stmt_step(store_stmt *q, msptk_error **ret_err);
/* Columns count from 0; texts and blobs are borrowed until the next step. */
bool msptk__stmt_is_null(store_stmt *q, int32_t column);
int64_t msptk__stmt_int(store_stmt *q, int32_t column);
double msptk__stmt_real(store_stmt *q, int32_t column);      /* NULL gives NaN */
const char *msptk__stmt_text(store_stmt *q, int32_t column); /* NULL gives "" */
const char *msptk__stmt_text_or_null(store_stmt *q, int32_t column);
const void *msptk__stmt_blob(store_stmt *q, int32_t column, size_t *ret_len);
char *msptk__stmt_dup(store_stmt *q, int32_t column); /* owned copy; NULL is memory, or NULL */
/* The same into a slot; false when out of memory, NULL stays NULL. */
bool msptk__stmt_copy(store_stmt *q, int32_t column, char **ret_slot);
/* The text of one column that is nearest to `word`, among those that share its first letter; NULL
 * when none is near. `sql` selects them between ?1 and ?2, at most STORE_NEAREST_MAX. For "did you
 * mean": any failure is NULL. `also` is ?3. */
enum { STORE_NEAREST_MAX = 500 };
char *msptk__query_nearest(store_tx *tx, const char *sql, const char *word, store_value also);
/* Gives the statement back; to be called before its transaction ends. NULL-safe. */
void msptk__stmt_free(store_stmt *q);
DEFINE_AUTO_FREE(msptk__auto_stmt, store_stmt, msptk__stmt_free)
#define AUTO_STMT __attribute__((cleanup(msptk__auto_stmt)))

/* ---- migrations ----------------------------------------------------------------------------- */

/* One step of the schema. Rooms export `const store_migration msptk__<room>_migrations[]` ended by
 * {0}. Numbers are unique over all rooms and start at 10 (lower ones belong to the store); a number
 * that was ever released never changes its text, and new ones are larger than all released. */
typedef struct store_migration {
        int32_t number;
        const char *room;
        const char *name;       /* "clients and contacts" */
        const char *const *sql; /* statements, ended by NULL */
} store_migration;

/* Brings the schema up to date: those of `tables` (each ended by {0}) that are not recorded yet, in
 * order of number, one transaction each, recorded in schema_version. Several processes may do it at
 * once; a kill leaves whole migrations only. E_NEWER when the database knows a migration that this
 * program does not; E_CONFLICT when the file belongs to another program (DATABASE_FOREIGN) or one
 * of the recorded migrations had another text (SCHEMA_DIFFERS). A read-only store is only checked:
 * E_CONFLICT with SCHEMA_OLD when something is missing. */
msptk_status msptk__store_migrate(store *s, const store_migration *const *tables,
                                  size_t table_count, int64_t now_us, msptk_error **ret_err);

/* ---- health --------------------------------------------------------------------------------- */

typedef struct store_info {
        int64_t page_size; /* bytes */
        int64_t page_count;
        int64_t free_pages;    /* pages of the file that hold nothing */
        int64_t log_bytes;     /* write-ahead log beside the file */
        int64_t schema_number; /* highest migration recorded; 0 when none */
        int64_t newest_us;     /* newest time at which a migration was applied or a sample taken */
        int32_t connections;   /* open ones of this store */
        bool in_memory;
        bool read_only;
} store_info;

msptk_status msptk__store_info(store *s, store_info *ret_info, msptk_error **ret_err);

/* Reads the database for damage; `quick` skips the comparison of indexes with tables. Each finding
 * is one line of text. MSPTK_OK says that the check ran, *ret_findings how much it found. */
msptk_status msptk__store_check(store *s, bool quick, void (*finding)(void *user, const char *text),
                                void *user, size_t *ret_findings, msptk_error **ret_err);

/* Proves that a change can be made durable now: writes 64 KiB, commits, deletes, commits. */
msptk_status msptk__store_probe_write(store *s, int64_t wait_ms, msptk_error **ret_err);

library_version msptk__store_library(void);

/* ---- samples: bulk operations that each engine does its own way ------------------------------ */

typedef struct store_sample {
        int64_t series;   /* small integer that stands for client, device, check and item */
        int64_t at;       /* microseconds UTC */
        double value;     /* NaN: there is none */
        int32_t status;   /* 0 ok, 1 warning, 2 critical, 3 unknown */
        int64_t evidence; /* row of the observation; 0: none */
} store_sample;

typedef struct store_rollup {
        int64_t series;
        int32_t day; /* YYYYMMDD, UTC */
        int64_t n, ok, warning, critical, unknown;
        int64_t valued; /* how many had a value; sum, min and max are over these, NaN when 0 */
        double sum, min, max;
} store_rollup;

/* Day of a time as YYYYMMDD (UTC), and the first microsecond of a day. */
int32_t msptk__store_day(int64_t at_us);
int64_t msptk__store_day_start(int32_t day);

/* Adds or replaces (same series and time: the last wins). Rows may come in any order and are
 * sorted in place. E_INVALID for a status outside 0-3, an infinite value or a time outside the
 * years 1970-9999: then nothing of this call is stored. */
msptk_status msptk__store_samples_add(store_tx *tx, store_sample *rows, size_t count,
                                      msptk_error **ret_err);
/* from <= at < to, oldest first (or newest first), at most `cap` rows into `rows`. The next page
 * starts after the last row's time. */
msptk_status msptk__store_samples_read(store_tx *tx, int64_t series, int64_t from, int64_t to,
                                       bool newest_first, store_sample *rows, size_t cap,
                                       size_t *ret_count, msptk_error **ret_err);
/* Newest sample of a series not older than `since`: MSPTK_OK or MSPTK_DONE. */
msptk_status msptk__store_samples_last(store_tx *tx, int64_t series, int64_t since,
                                       store_sample *ret_row, msptk_error **ret_err);
/* Days that hold samples and are >= from_day, oldest first. */
msptk_status msptk__store_sample_days(store_tx *tx, int32_t from_day, int32_t *days, size_t cap,
                                      size_t *ret_count, msptk_error **ret_err);
/* Drops whole days before `day`; the roll-ups stay. */
msptk_status msptk__store_samples_drop_before(store_tx *tx, int32_t day, size_t *ret_days,
                                              msptk_error **ret_err);
/* Sums a day up, per series; may be repeated. MSPTK_DONE when the day holds no samples (any more);
 * its roll-up then stays as it is. */
msptk_status msptk__store_samples_rollup(store_tx *tx, int32_t day, msptk_error **ret_err);
/* from_day <= day <= to_day, oldest first. */
msptk_status msptk__store_rollups_read(store_tx *tx, int64_t series, int32_t from_day,
                                       int32_t to_day, store_rollup *rows, size_t cap,
                                       size_t *ret_count, msptk_error **ret_err);
msptk_status msptk__store_rollups_drop_before(store_tx *tx, int32_t day, msptk_error **ret_err);

#endif
