/* Two processes write to one database without pause: is the lock shared fairly, and how long does
 * a writer wait at worst? Targets: each gets at least 25% of the commits, and the 99th percentile
 * of the time from begin to commit is at most 50 times the median commit of a writer alone. Every
 * change is an act; at the end the one audit chain of both must verify.
 *
 *     bench_two_writers [SECONDS [DIRECTORY]]
 */
#define ROOM "bench"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit.h"

enum { MOST = 400000 };

typedef struct tally {
        int64_t count;
        int64_t times[MOST]; /* ns: of the whole change when alone, of the wait to begin when two */
} tally;

static const char *const sql[] = {
        "CREATE TABLE entry (id INTEGER PRIMARY KEY, writer INTEGER NOT NULL, note TEXT NOT NULL)",
        NULL,
};
static const store_migration tables[] = { { 900, "bench", "entries", sql }, { 0 } };

static int64_t ticks(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void die(msptk_error *err)
{
        fprintf(stderr, "two_writers: %s\n", msptk_error_message(err));
        _exit(3);
}

/* One process at the database: what a toolkit is below the operations. */
typedef struct writer {
        ctx c;
        int64_t id;
        int64_t begun; /* when the last change had its transaction */
} writer;

static int64_t clock_now(void *user)
{
        struct timespec ts;

        (void)user;
        clock_gettime(CLOCK_REALTIME, &ts);
        return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static msptk_status put_entry(act *a, const msptk_json *args, msptk_json **ret_result,
                              msptk_error **ret_err)
{
        writer *w = msptk__act_ctx(a)->clock_user;
        store_tx *tx;

        (void)args;
        TRY(msptk__act_tx(a, &tx, ret_err));
        w->begun = ticks();
        TRY(msptk__exec(tx, ret_err, "INSERT INTO entry (writer, note) VALUES (?1, ?2)",
                        SQL_INT(w->id), SQL_TEXT("one change of a usual size, some eighty bytes")));
        *ret_result = msptk_json_new_object();
        return *ret_result ? MSPTK_OK : msptk__nomem(ret_err);
}

static const act_row put_row = {
        .name = "entry_put", .scope = SCOPE_WRITE, .effect = EFFECT_WRITE, .run = put_entry
};

static void open_or_die(writer *w, const char *path, const char *key)
{
        const store_migration *const all[] = { msptk__vault_migrations, msptk__audit_migrations,
                                               tables };
        store_options o = { .path = path, .create = true, .wait_ms = 30000 };
        msptk_error *err = NULL;

        w->c.clock = clock_now;
        w->c.clock_user = w;
        w->c.principal = "bench";
        if (msptk__store_open(&o, &w->c.store, &err) < 0 ||
            msptk__store_migrate(w->c.store, all, ARRAY_LEN(all), 1, &err) < 0 ||
            msptk__vault_open(&w->c, &(vault_opts){ .key_file = key }, &w->c.vault, &err) < 0 ||
            msptk__audit_open(&w->c, &w->c.audit, &err) < 0 ||
            msptk__act_register(w->c.audit, &put_row, &err) < 0)
                die(err);
}

static void close_writer(writer *w)
{
        msptk__audit_close(w->c.audit);
        msptk__vault_free(w->c.vault);
        msptk__store_free(w->c.store);
}

static void write_until(const char *path, const char *key, int64_t id, bool waits, int64_t start,
                        int64_t end, tally *t)
{
        writer w = { .id = id };
        msptk_error *err = NULL;
        int64_t from;

        open_or_die(&w, path, key);
        while (ticks() < start)
                usleep(200);
        while ((from = ticks()) < end && t->count < MOST) {
                msptk_json *result = NULL;

                if (msptk__act_run(&w.c, "entry_put", NULL, NULL, &result, &err) < 0)
                        die(err);
                t->times[t->count++] = (waits ? w.begun : ticks()) - from;
                msptk_json_free(result);
        }
        close_writer(&w);
}

/* The one chain of both: whole, and as long as there were changes. */
static int chain_verifies(const char *path, const char *key, int64_t changes)
{
        writer w = { 0 };
        msptk_error *err = NULL;
        store_tx *tx = NULL;
        audit_report r;

        open_or_die(&w, path, key);
        if (msptk__tx_begin(w.c.store, TX_READ, 0, &tx, &err) < 0 ||
            msptk__audit_prove(&w.c, tx, NULL, &r, &err) < 0)
                die(err);
        msptk__tx_rollback(&tx);
        printf("audit chain: %s\n", r.message);
        close_writer(&w);
        return r.verdict == VERDICT_HOLDS && r.entries == changes;
}

static int by_value(const void *a, const void *b)
{
        const int64_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static int64_t percentile(tally *t, int per_mille)
{
        qsort(t->times, (size_t)t->count, sizeof(t->times[0]), by_value);
        return t->count ? t->times[(t->count - 1) * per_mille / 1000] : 0;
}

/* Runs `writers` processes at once; their tallies come back through pipes. */
static void run(const char *path, const char *key, int writers, double seconds,
                tally *const *tallies)
{
        int64_t start = ticks() + 100000000, end = start + (int64_t)(seconds * 1e9);
        writer first = { 0 };
        int fds[2][2];
        int status;

        open_or_die(&first, path, key);
        close_writer(&first);
        for (int i = 0; i < writers; i++) {
                if (pipe(fds[i]) < 0)
                        exit(3);
                if (fork() == 0) {
                        write_until(path, key, i, writers > 1, start, end, tallies[i]);
                        size_t size = sizeof(int64_t) * (size_t)(tallies[i]->count + 1), done = 0;
                        ssize_t n;

                        while (done < size &&
                               (n = write(fds[i][1], (char *)tallies[i] + done, size - done)) > 0)
                                done += (size_t)n;
                        _exit(done == size ? 0 : 3);
                }
                close(fds[i][1]);
        }
        for (int i = 0; i < writers; i++) {
                size_t done = 0;
                ssize_t n;

                while ((n = read(fds[i][0], (char *)tallies[i] + done, sizeof(tally) - done)) > 0)
                        done += (size_t)n;
                close(fds[i][0]);
        }
        for (int i = 0; i < writers; i++)
                if (wait(&status) < 0 || status != 0)
                        exit(3);
}

int main(int argc, char **argv)
{
        double seconds = argc > 1 ? strtod(argv[1], NULL) : 3;
        const char *parent = argc > 2 ? argv[2] : ".";
        tally *t[2] = { calloc(1, sizeof(tally)), calloc(1, sizeof(tally)) };
        char dir[512], alone[600], both[600], key[600];
        int64_t median, worst, p99, less, sum;
        struct utsname u;
        int fine;

        snprintf(dir, sizeof(dir), "%s/two-writers-XXXXXX", parent);
        if (!t[0] || !t[1] || !mkdtemp(dir))
                return 3;
        snprintf(alone, sizeof(alone), "%s/alone.db", dir);
        snprintf(both, sizeof(both), "%s/both.db", dir);
        snprintf(key, sizeof(key), "%s/vault.key", dir);
        if (msptk__vault_key_create(key, NULL) < 0)
                return 3;
        run(alone, key, 1, seconds, t);
        median = percentile(t[0], 500);
        less = t[0]->count;
        p99 = percentile(t[0], 990);
        uname(&u);
        printf("machine: %s %s, %ld processors; database in %s\n", u.sysname, u.machine,
               sysconf(_SC_NPROCESSORS_ONLN), parent);
        printf("one writer: %.0f commits/s, median %.3f ms, p99 %.3f ms (%.1f medians)\n",
               (double)less / seconds, (double)median / 1e6, (double)p99 / 1e6,
               (double)p99 / (double)median);
        t[0]->count = 0;
        run(both, key, 2, seconds, t);
        sum = t[0]->count + t[1]->count;
        less = t[0]->count < t[1]->count ? t[0]->count : t[1]->count;
        p99 = percentile(t[0], 990) > percentile(t[1], 990) ? percentile(t[0], 990)
                                                            : percentile(t[1], 990);
        worst = percentile(t[0], 1000) > percentile(t[1], 1000) ? percentile(t[0], 1000)
                                                                : percentile(t[1], 1000);
        printf("two writers: %.0f commits/s together, wait p99 %.3f ms, worst %.3f ms\n",
               (double)sum / seconds, (double)p99 / 1e6, (double)worst / 1e6);
        fine = sum && less * 4 >= sum && p99 <= median * 50 && chain_verifies(both, key, sum);
        printf("share of the slower: %.1f%% (target >= 25%%)\n",
               100.0 * (double)less / (double)sum);
        printf("p99 wait / median commit of one: %.1f (target <= 50)\n",
               (double)p99 / (double)median);
        printf("%s\n", fine ? "targets met" : "TARGETS MISSED");
        for (int i = 0; i < 2; i++) {
                static const char *const ends[] = { "", "-wal", "-shm", "-turn" };

                for (size_t k = 0; k < ARRAY_LEN(ends); k++) {
                        char name[640];

                        snprintf(name, sizeof(name), "%s%s", i ? both : alone, ends[k]);
                        unlink(name);
                }
        }
        unlink(key);
        rmdir(dir);
        return fine ? 0 : 1;
}
