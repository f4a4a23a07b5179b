/* Results judged, alerted and durably stored per second, against a bare loop of prepared inserts
 * that stores the same samples (series, time, value, status, evidence): 10,000 a transaction, FULL
 * on both sides, one core, in one run. Target: at most 2.0 times the bare loop's time.
 *
 *     bench_results [RUNS [DIRECTORY]]
 *
 * The adapter of this program answers at once, so that what is measured is ours: copying rows,
 * judging, evidence, alerts, summary. */
#define ROOM "bench"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <msptk/msptk.h>
#include <msptk/sdk/adapter.h>

#include "base/base.h"

enum { DEVICES = 1000, PER_DEVICE = 10, ROWS = DEVICES * PER_DEVICE };

static int64_t ticks(clockid_t clock)
{
        struct timespec ts;

        clock_gettime(clock, &ts);
        return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* ---- the adapter ---- */

static const msptk_host *the_host;
static const char *const checks[] = { "disk", NULL };

static msptk_status bench_open(const msptk_host *host, const msptk_json *settings, void **ret_self,
                               msptk_error **ret_err)
{
        (void)settings;
        (void)ret_err;
        the_host = host;
        *ret_self = NULL;
        return MSPTK_OK;
}

static void bench_close(void *self)
{
        (void)self;
}

static msptk_status bench_probe(void *self, const msptk_request *req, msptk_error **ret_err)
{
        (void)self;
        (void)req;
        (void)ret_err;
        return MSPTK_OK;
}

static msptk_status bench_devices_list(void *self, const msptk_request *req,
                                       const msptk_query *query, msptk_error **ret_err)
{
        msptk_status st = MSPTK_OK;

        (void)self;
        (void)query;
        (void)ret_err;
        for (int i = 0; i < DEVICES && st >= 0; i++) {
                char id[32];
                msptk_device_row row = { .struct_size = sizeof(row), .vendor_id = id, .name = id };

                snprintf(id, sizeof(id), "dev-%05d", i);
                st = the_host->emit_device(req, &row);
        }
        return st;
}

static msptk_status bench_metrics_collect(void *self, const msptk_request *req,
                                          const msptk_query *query, msptk_error **ret_err)
{
        static const char *const items[PER_DEVICE] = {
                "/", "/boot", "/home", "/opt", "/srv", "/tmp", "/usr", "/var", "/var/log", "/data"
        };
        msptk_status st = MSPTK_OK;

        (void)self;
        (void)ret_err;
        for (size_t d = 0; query->devices[d] && st >= 0; d++)
                for (int i = 0; i < PER_DEVICE && st >= 0; i++) {
                        bool bad = d % 100 == 0 && i == 0; /* one in a thousand */
                        msptk_metric_row row = { .struct_size = sizeof(row),
                                                 .state = MSPTK_STATE_JUDGE,
                                                 .vendor_id = query->devices[d],
                                                 .check = "disk",
                                                 .metric = "disk_percent",
                                                 .instance = items[i],
                                                 .unit = "%",
                                                 .value = bad ? 96 : 20 + i };

                        st = the_host->emit_metric(req, &row);
                }
        return st;
}

static const msptk_adapter_info info = { .struct_size = sizeof(info),
                                         .type = "bench",
                                         .title = "bench",
                                         .description = "Answers at once." };
static const msptk_device_ops device_ops = { sizeof(device_ops), bench_devices_list };
static const msptk_metric_ops metric_ops = { sizeof(metric_ops), checks, bench_metrics_collect };
static const msptk_adapter_ops ops = { .struct_size = sizeof(ops),
                                       .sdk_version = MSPTK_SDK_VERSION,
                                       .info = &info,
                                       .open = bench_open,
                                       .close = bench_close,
                                       .probe = bench_probe,
                                       .devices = &device_ops,
                                       .metrics = &metric_ops };

/* ---- the two sides ---- */

static int64_t now = INT64_C(1795262400) * 1000000;

static int64_t fixed_clock(void *user)
{
        (void)user;
        return now;
}

static void must(msptk_status st, msptk_error *err, const char *what)
{
        if (st >= 0)
                return;
        fprintf(stderr, "results: %s: %s\n", what, msptk_error_message(err));
        exit(3);
}

static msptk_json *call(msptk_toolkit *tk, const char *operation, const char *key,
                        const char *value, const char *key2, const char *value2)
{
        msptk_args *args = msptk_args_new(operation);
        msptk_result *result = NULL;
        msptk_error *err = NULL;
        msptk_json *copy;

        must(msptk_args_set_str(args, key, value, &err), err, key);
        if (key2)
                must(msptk_args_set_str(args, key2, value2, &err), err, key2);
        must(msptk_call(tk, args, NULL, &result, &err), err, operation);
        copy = msptk_json_copy(msptk_result_json(result));
        msptk_result_free(result);
        msptk_args_free(args);
        return copy;
}

static msptk_toolkit *open_ours(const char *dir)
{
        msptk_toolkit_opts *o = msptk_toolkit_opts_new();
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;
        AUTO_BUF buf text = BUF_INIT(4096);
        char path[600];

        snprintf(path, sizeof(path), "%s/c.yaml", dir);
        msptk__buf_addf(&text,
                        "database: {path: \"%s/ours.db\"}\nvault: {key_file: \"%s/key\"}\n"
                        "adapters:\n  - {name: bench, type: bench}\n",
                        dir, dir);
        must(msptk__file_write(path, text.data, text.len, 0600, 0, &err), err, "write");
        msptk_toolkit_opts_set_config_path(o, path, NULL);
        msptk_toolkit_opts_set_clock(o, fixed_clock, NULL);
        must(msptk_toolkit_open(o, &tk, &err), err, "open");
        msptk_toolkit_opts_free(o);
        must(msptk_toolkit_register_adapter(tk, &ops, &err), err, "register");
        msptk_json_free(call(tk, "client_create", "name", "Bench", NULL, NULL));
        msptk_json_free(call(tk, "device_scan", "client_id", "bench", "adapter", "bench"));
        msptk_json_free(call(tk, "health_check", "client_id", "bench", NULL, NULL));
        return tk;
}

static sqlite3 *open_bare(const char *dir, sqlite3_stmt **ret_q)
{
        sqlite3 *db = NULL;
        char path[600];

        snprintf(path, sizeof(path), "%s/bare.db", dir);
        if (sqlite3_open(path, &db) ||
            sqlite3_exec(db,
                         "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                         "CREATE TABLE sample (series INTEGER NOT NULL, at INTEGER NOT NULL,"
                         " value REAL, status INTEGER NOT NULL, evidence INTEGER NOT NULL,"
                         " PRIMARY KEY (series, at)) WITHOUT ROWID",
                         NULL, NULL, NULL) ||
            sqlite3_prepare_v2(db, "INSERT INTO sample VALUES (?,?,?,?,?)", -1, ret_q, NULL))
                exit(3);
        return db;
}

static void bare_batch(sqlite3 *db, sqlite3_stmt *q, int run)
{
        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        for (int i = 0; i < ROWS; i++) {
                sqlite3_bind_int64(q, 1, i);
                sqlite3_bind_int64(q, 2, now + run);
                sqlite3_bind_double(q, 3, i * 0.5);
                sqlite3_bind_int64(q, 4, 0);
                sqlite3_bind_int64(q, 5, i / PER_DEVICE);
                if (sqlite3_step(q) != SQLITE_DONE)
                        exit(3);
                sqlite3_reset(q);
        }
        if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL))
                exit(3);
}

int main(int argc, char **argv)
{
        int runs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 20;
        int64_t bare = 0, ours = 0, bare_cpu = 0, ours_cpu = 0;
        sqlite3_stmt *q = NULL;
        msptk_toolkit *tk;
        sqlite3 *db;
        char dir[512];

        snprintf(dir, sizeof(dir), "%s/results-XXXXXX", argc > 2 ? argv[2] : ".");
        if (!mkdtemp(dir))
                return 3;
        db = open_bare(dir, &q);
        tk = open_ours(dir);
        for (int i = 0; i < runs; i++) {
                int64_t from = ticks(CLOCK_MONOTONIC), cpu = ticks(CLOCK_PROCESS_CPUTIME_ID);
                msptk_json *run;

                now += INT64_C(60000000);
                bare_batch(db, q, i);
                bare += ticks(CLOCK_MONOTONIC) - from;
                bare_cpu += ticks(CLOCK_PROCESS_CPUTIME_ID) - cpu;
                from = ticks(CLOCK_MONOTONIC);
                cpu = ticks(CLOCK_PROCESS_CPUTIME_ID);
                run = call(tk, "health_check", "client_id", "bench", "limit", "100");
                ours += ticks(CLOCK_MONOTONIC) - from;
                ours_cpu += ticks(CLOCK_PROCESS_CPUTIME_ID) - cpu;
                if (msptk_json_int(msptk_json_get(msptk_json_get(run, "counts"), "critical"), 0) !=
                    DEVICES / 100)
                        return 3;
                msptk_json_free(run);
        }
        printf("bare loop: %.0f rows/s, %.2f s CPU\n", runs * 1e9 * ROWS / (double)bare,
               (double)bare_cpu / 1e9);
        printf("health check: %.0f results/s, %.2f s CPU\n", runs * 1e9 * ROWS / (double)ours,
               (double)ours_cpu / 1e9);
        printf("ratio: %.2f of the time, %.2f of the CPU (target 2.0)\n",
               (double)ours / (double)bare, (double)ours_cpu / (double)bare_cpu);
        sqlite3_finalize(q);
        sqlite3_close(db);
        msptk_toolkit_close(tk, 5000, NULL);
        msptk_toolkit_free(tk);
        return 0;
}
