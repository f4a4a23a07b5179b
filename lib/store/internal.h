/* What the files of this room share. Only they include the engine's header. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/store.h"

enum {
        POOL_MAX = 4,
        STMT_CACHE = 48,
        DEFAULT_WAIT_MS = 5000,
        CACHE_KIB = 512, /* pages that one connection may keep */
        APPLICATION_ID = 0x6d737074,
};

struct store_stmt {
        store_tx *tx; /* NULL once the transaction has ended */
        sqlite3_stmt *handle;
        char *sql;
        bool done;
        uint64_t used; /* tick of the last use, for eviction */
        store_stmt *next, *prev;
};

/* A connection; what callers hold is the connection while it is theirs. */
struct store_tx {
        store *store;
        sqlite3 *db; /* NULL until first used */
        bool in_use;
        int32_t mode;
        int32_t depth;       /* open steps */
        msptk_status lost;   /* the engine gave the transaction up for this reason */
        int64_t deadline_ns; /* monotonic; when the busy handler stops */
        uint32_t tries;      /* of the busy handler, in this wait */
        uint64_t random;     /* state of the sleep generator */
        uint64_t tick;
        store_stmt *idle[STMT_CACHE];
        int32_t idle_count;
        store_stmt *open; /* given out */
};

struct store {
        char *path; /* as messages name it */
        char *file; /* as the engine gets it */
        char *vfs;
        int64_t wait_ms;
        bool read_only;
        bool in_memory;

        pthread_mutex_t lock; /* guards everything below */
        pthread_cond_t changed;
        bool writing;
        int32_t reading;
        int32_t waiting_writers;
        bool closed;
        bool orphan; /* its owner let go; the last transaction to end frees it */
        store_tx pool[POOL_MAX];

        int turn_fd; /* see turn.c; -1 none. Used by the writer only */
        bool turn_tried;
};

/* error.c: turn an engine's result into an error. `doing` goes before "database 'path'". */
msptk_status msptk__store_fail(const store *s, sqlite3 *db, int rc, msptk_error **ret_err,
                               const char *doing, const char *sql);
msptk_status msptk__store_busy(const store *s, msptk_error **ret_err, const char *doing);

/* open.c */
void msptk__store_destroy(store *s);

/* connect.c */
msptk_status msptk__store_connect(store_tx *c, msptk_error **ret_err);
void msptk__store_disconnect(store_tx *c);

/* wait.c: monotonic time and the short random sleeps of all waiting. */
int64_t msptk__store_ticks_ns(void);
int msptk__store_on_busy(void *connection, int count);
bool msptk__store_pause(store_tx *c); /* false when the deadline has come */

/* turn.c: who waits for the write lock in another process comes next. */
void msptk__store_turn_take(store_tx *c);
void msptk__store_turn_give(store_tx *c);
void msptk__store_turn_close(store *s);

/* stmt.c */
msptk_status msptk__stmt_take(store_tx *tx, const char *sql, store_stmt **ret_stmt,
                              msptk_error **ret_err);
msptk_status msptk__stmt_failed(store_tx *tx, int rc, const char *sql, msptk_error **ret_err);
void msptk__stmts_detach(store_tx *tx);
void msptk__stmts_drop(store_tx *tx);
/* A fixed text such as BEGIN or PRAGMA, outside the rules for transactions. Engine's result. */
int msptk__store_run(store_tx *c, const char *sql);

/* migrate.c, used by check.c */
msptk_status msptk__store_schema_number(store_tx *tx, int64_t *ret_number, int64_t *ret_newest_us,
                                        msptk_error **ret_err);
extern const store_migration msptk__store_migrations[];

#endif
