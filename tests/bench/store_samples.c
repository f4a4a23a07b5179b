/* Samples through lib/store against a bare loop of prepared inserts of the same columns into the
 * same kind of table: batches of 10,000, full durability on both sides. Target of the store alone:
 * near 1.0 times the bare loop's time; 2.0 is for judging, alerting and storing together.
 *
 *     bench_store_samples [BATCHES [DIRECTORY]]
 */
#define ROOM "bench"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "store/store.h"

enum { BATCH = 10000 };

static int64_t ticks(clockid_t clock)
{
        struct timespec ts;

        clock_gettime(clock, &ts);
        return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* 10,000 series report once per batch, in an order that is not the key's. */
static void make_batch(store_sample *rows, int batch)
{
        for (int i = 0; i < BATCH; i++)
                rows[i] = (store_sample){ .series = (i * 7919) % BATCH,
                                          .at = 1767139200000000 + batch * INT64_C(60000000) + i,
                                          .value = i * 0.5,
                                          .status = i % 100 ? 0 : 1,
                                          .evidence = batch + 1 };
}

static int64_t bare(const char *path, int batches, store_sample *rows, int64_t *ret_cpu)
{
        sqlite3 *db = NULL;
        sqlite3_stmt *q = NULL;
        int64_t cpu, from;

        if (sqlite3_open(path, &db) ||
            sqlite3_exec(db,
                         "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                         "CREATE TABLE sample (series INTEGER NOT NULL, at INTEGER NOT NULL,"
                         " value REAL, status INTEGER NOT NULL, evidence INTEGER NOT NULL,"
                         " PRIMARY KEY (series, at)) WITHOUT ROWID",
                         NULL, NULL, NULL) ||
            sqlite3_prepare_v2(db, "INSERT INTO sample VALUES (?,?,?,?,?)", -1, &q, NULL))
                exit(3);
        from = ticks(CLOCK_MONOTONIC);
        cpu = ticks(CLOCK_PROCESS_CPUTIME_ID);
        for (int b = 0; b < batches; b++) {
                make_batch(rows, b);
                sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
                for (int i = 0; i < BATCH; i++) {
                        sqlite3_bind_int64(q, 1, rows[i].series);
                        sqlite3_bind_int64(q, 2, rows[i].at);
                        sqlite3_bind_double(q, 3, rows[i].value);
                        sqlite3_bind_int64(q, 4, rows[i].status);
                        sqlite3_bind_int64(q, 5, rows[i].evidence);
                        if (sqlite3_step(q) != SQLITE_DONE)
                                exit(3);
                        sqlite3_reset(q);
                }
                if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL))
                        exit(3);
        }
        *ret_cpu = ticks(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        from = ticks(CLOCK_MONOTONIC) - from;
        sqlite3_finalize(q);
        sqlite3_close(db);
        return from;
}

static msptk_status ours(const char *path, int batches, store_sample *rows, int64_t *ret_time,
                         int64_t *ret_cpu, msptk_error **ret_err)
{
        AUTO_STORE store *s = NULL;
        AUTO_TX store_tx *tx = NULL;
        int64_t from, cpu;

        TRY(msptk__store_open(&(store_options){ .path = path, .create = true }, &s, ret_err));
        TRY(msptk__store_migrate(s, NULL, 0, 1, ret_err));
        from = ticks(CLOCK_MONOTONIC);
        cpu = ticks(CLOCK_PROCESS_CPUTIME_ID);
        for (int b = 0; b < batches; b++) {
                make_batch(rows, b);
                TRY(msptk__tx_begin(s, TX_WRITE, 0, &tx, ret_err));
                TRY(msptk__store_samples_add(tx, rows, BATCH, ret_err));
                TRY(msptk__tx_commit(&tx, ret_err));
        }
        *ret_cpu = ticks(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        *ret_time = ticks(CLOCK_MONOTONIC) - from;
        return MSPTK_OK;
}

int main(int argc, char **argv)
{
        int batches = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 30;
        store_sample *rows = calloc(BATCH, sizeof(*rows));
        int64_t theirs, theirs_cpu, mine = 1, mine_cpu = 1;
        msptk_error *err = NULL;
        char dir[512], path[2][600];

        snprintf(dir, sizeof(dir), "%s/samples-XXXXXX", argc > 2 ? argv[2] : ".");
        if (!rows || !mkdtemp(dir))
                return 3;
        snprintf(path[0], sizeof(path[0]), "%s/bare.db", dir);
        snprintf(path[1], sizeof(path[1]), "%s/ours.db", dir);
        theirs = bare(path[0], batches, rows, &theirs_cpu);
        if (ours(path[1], batches, rows, &mine, &mine_cpu, &err) < 0) {
                fprintf(stderr, "store_samples: %s\n", msptk_error_message(err));
                return 3;
        }
        printf("bare loop: %.0f rows/s, %.2f s CPU\n", batches * 1e13 / (double)theirs,
               (double)theirs_cpu / 1e9);
        printf("lib/store: %.0f rows/s, %.2f s CPU\n", batches * 1e13 / (double)mine,
               (double)mine_cpu / 1e9);
        printf("time ratio: %.2f, CPU ratio: %.2f\n", (double)mine / (double)theirs,
               (double)mine_cpu / (double)theirs_cpu);
        for (int i = 0; i < 2; i++) {
                static const char *const ends[] = { "", "-wal", "-shm", "-turn" };

                for (size_t k = 0; k < ARRAY_LEN(ends); k++) {
                        char name[1280];

                        snprintf(name, sizeof(name), "%s%s", path[i], ends[k]);
                        unlink(name);
                }
        }
        rmdir(dir);
        free(rows);
        return 0;
}
