/* Two processes write to one database without pause: is the lock shared fairly, and how long does
 * a writer wait at worst? Targets: each gets at least 25% of the commits, and the 99th percentile
 * of the time from begin to commit is at most 50 times the median commit of a writer alone.
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

#include "store/store.h"

enum { MOST = 400000 };

typedef struct tally {
        int64_t count;
        int64_t times[MOST]; /* ns: of the whole change when alone, of the wait to begin when two */
} tally;

static const char *const sql[] = {
        "CREATE TABLE entry (id INTEGER PRIMARY KEY, writer INTEGER NOT NULL, note TEXT NOT NULL)",
        NULL,
};
static const store_migration tables[] = { { 10, "bench", "entries", sql }, { 0 } };

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

static store *open_or_die(const char *path)
{
        const store_migration *const all[] = { tables };
        store_options o = { .path = path, .create = true, .wait_ms = 30000 };
        msptk_error *err = NULL;
        store *s = NULL;

        if (msptk__store_open(&o, &s, &err) < 0 || msptk__store_migrate(s, all, 1, 1, &err) < 0)
                die(err);
        return s;
}

static msptk_status commit_one(store *s, int64_t writer, int64_t *ret_begun, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__tx_begin(s, TX_WRITE, 0, &tx, ret_err));
        *ret_begun = ticks();
        TRY(msptk__exec(tx, ret_err, "INSERT INTO entry (writer, note) VALUES (?1, ?2)",
                        SQL_INT(writer),
                        SQL_TEXT("one change of a usual size, some eighty bytes")));
        return msptk__tx_commit(&tx, ret_err);
}

static void write_until(const char *path, int64_t writer, bool waits, int64_t start, int64_t end,
                        tally *t)
{
        store *s = open_or_die(path);
        msptk_error *err = NULL;
        int64_t from, begun = 0;

        while (ticks() < start)
                usleep(200);
        while ((from = ticks()) < end && t->count < MOST) {
                if (commit_one(s, writer, &begun, &err) < 0)
                        die(err);
                t->times[t->count++] = (waits ? begun : ticks()) - from;
        }
        msptk__store_free(s);
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
static void run(const char *path, int writers, double seconds, tally *const *tallies)
{
        int64_t start = ticks() + 100000000, end = start + (int64_t)(seconds * 1e9);
        int fds[2][2];
        int status;

        msptk__store_free(open_or_die(path));
        for (int i = 0; i < writers; i++) {
                if (pipe(fds[i]) < 0)
                        exit(3);
                if (fork() == 0) {
                        write_until(path, i, writers > 1, start, end, tallies[i]);
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
        char dir[512], alone[600], both[600];
        int64_t median, worst, p99, less, sum;
        struct utsname u;
        int fine;

        snprintf(dir, sizeof(dir), "%s/two-writers-XXXXXX", parent);
        if (!t[0] || !t[1] || !mkdtemp(dir))
                return 3;
        snprintf(alone, sizeof(alone), "%s/alone.db", dir);
        snprintf(both, sizeof(both), "%s/both.db", dir);
        run(alone, 1, seconds, t);
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
        run(both, 2, seconds, t);
        sum = t[0]->count + t[1]->count;
        less = t[0]->count < t[1]->count ? t[0]->count : t[1]->count;
        p99 = percentile(t[0], 990) > percentile(t[1], 990) ? percentile(t[0], 990)
                                                            : percentile(t[1], 990);
        worst = percentile(t[0], 1000) > percentile(t[1], 1000) ? percentile(t[0], 1000)
                                                                : percentile(t[1], 1000);
        printf("two writers: %.0f commits/s together, wait p99 %.3f ms, worst %.3f ms\n",
               (double)sum / seconds, (double)p99 / 1e6, (double)worst / 1e6);
        fine = sum && less * 4 >= sum && p99 <= median * 50;
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
        rmdir(dir);
        return fine ? 0 : 1;
}
