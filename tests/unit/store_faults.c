/* Every call to the disk fails once, and the machine dies at any moment: what was acknowledged is
 * there afterwards, and nothing is half done. */
#define ROOM "test"
#include "support.h"
#include "store_support.h"
#include "testvfs.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

static const char layer[] = "msptk-test";

/* ---- the Nth call fails --------------------------------------------------------------------- */

/* Opens, migrates, adds three things in two transactions, reads. *ret_kept counts the things whose
 * commit was acknowledged. */
static msptk_status body(const char *path, int64_t *ret_kept, msptk_error **ret_err)
{
        AUTO_STORE store *s = NULL;
        AUTO_TX store_tx *tx = NULL;
        store_options o = { .path = path, .create = true, .vfs = layer, .wait_ms = 200 };
        store_sample row = { 1, 1767139200000000, 5, 0, 0 };
        int64_t n = 0;

        TRY(msptk__store_open(&o, &s, ret_err));
        TRY(msptk__store_migrate(s, all_tables, 1, 1, ret_err));
        for (int64_t i = 0; i < 2; i++) {
                TRY(msptk__tx_begin(s, TX_WRITE, 0, &tx, ret_err));
                TRY(msptk__exec(tx, ret_err, "INSERT INTO thing (name) VALUES (?1)",
                                SQL_TEXT(i ? "b" : "a")));
                TRY(msptk__store_samples_add(tx, &row, 1, ret_err));
                TRY(msptk__exec(tx, ret_err, "UPDATE tally SET n = n + 1"));
                TRY(msptk__tx_commit(&tx, ret_err));
                *ret_kept = i + 1;
        }
        TRY(msptk__tx_begin(s, TX_READ, 0, &tx, ret_err));
        TRY(msptk__query_int(tx, &n, ret_err, "SELECT count(*) FROM thing"));
        msptk__tx_rollback(&tx);
        return msptk__store_close(s, ret_err);
}

static void never(void *user, const char *text)
{
        (void)user;
        print_error("finding: %s\n", text);
}

static void check_state(const char *path, int64_t kept)
{
        AUTO_STORE store *s = open_ready(path);
        AUTO_TX store_tx *tx = NULL;
        int64_t things = -1, tally = -1;
        size_t found = 0;

        assert_ok(msptk__store_check(s, false, never, NULL, &found, NULL));
        assert_int_equal(found, 0);
        assert_ok(msptk__tx_begin(s, TX_READ, 0, &tx, NULL));
        assert_ok(msptk__query_int(tx, &things, NULL, "SELECT count(*) FROM thing"));
        assert_ok(msptk__query_int(tx, &tally, NULL, "SELECT n FROM tally"));
        assert_true(things >= kept);     /* acknowledged is kept */
        assert_int_equal(things, tally); /* all of a transaction or nothing */
}

static void loop(unsigned calls, int how, bool onwards)
{
        AUTO_DIR char *dir = make_dir();
        testvfs *v = testvfs_new(layer);
        char path[256];
        bool hit = true;
        long n;

        assert_non_null(v);
        for (n = 1; hit && n < 5000; n++) {
                AUTO_ERROR msptk_error *err = NULL;
                int64_t kept = 0;
                msptk_status st;

                snprintf(path, sizeof(path), "%s/%ld.db", dir, n);
                testvfs_fail(v, calls, n, how, onwards);
                st = body(path, &kept, &err);
                hit = testvfs_stop(v);
                assert_true(st == MSPTK_OK || hit);
                if (st < 0) {
                        assert_true(strlen(msptk_error_message(err)) > 0);
                        assert_int_not_equal(st, MSPTK_E_INTERNAL);
                }
                check_state(path, kept);
        }
        assert_true(n > 3 && n < 5000);
        testvfs_free(v);
}

static void nothing_is_lost_when_a_call_fails_once(void **state)
{
        (void)state;
        loop(VFS_ALL, VFS_ERROR, false);
}

static void nothing_is_lost_when_everything_fails_from_some_call_on(void **state)
{
        (void)state;
        loop(VFS_ALL, VFS_ERROR, true);
}

static void nothing_is_lost_when_the_disk_fills(void **state)
{
        (void)state;
        loop(VFS_WRITE | VFS_SHM | VFS_OPEN, VFS_FULL, false);
        loop(VFS_WRITE | VFS_SHM | VFS_OPEN, VFS_FULL, true);
}

static void nothing_is_lost_when_writes_are_torn(void **state)
{
        (void)state;
        loop(VFS_WRITE, VFS_TORN, true);
}

static void failures_carry_the_reason(void **state)
{
        static const struct {
                unsigned calls;
                int how;
                msptk_status status;
                const char *reason;
        } rows[] = {
                { VFS_OPEN, VFS_ERROR, MSPTK_E_IO, "DATABASE_CANNOT_OPEN" },
                { VFS_SHM, VFS_ERROR, MSPTK_E_IO, "NO_SHARED_MEMORY" },
                { VFS_WRITE, VFS_FULL, MSPTK_E_IO, "DISK_FULL" },
                { VFS_SYNC, VFS_ERROR, MSPTK_E_IO, "DATABASE_IO" },
                { VFS_READ, VFS_ERROR, MSPTK_E_IO, "DATABASE_IO" },
        };
        AUTO_DIR char *dir = make_dir();
        testvfs *v = testvfs_new(layer);
        msptk_error *err = NULL;
        char path[256];
        int64_t kept;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                snprintf(path, sizeof(path), "%s/%zu.db", dir, i);
                testvfs_fail(v, rows[i].calls, 1, rows[i].how, true);
                assert_fails(body(path, &kept, &err), rows[i].status, rows[i].reason, &err);
        }
        testvfs_stop(v);
        testvfs_free(v);
}

static void a_full_disk_fails_the_probe_and_only_then(void **state)
{
        AUTO_DIR char *dir = make_dir();
        AUTO_STORE store *s = NULL;
        testvfs *v = testvfs_new(layer);
        msptk_error *err = NULL;
        char path[256];

        (void)state;
        snprintf(path, sizeof(path), "%s/a.db", dir);
        msptk__store_free(open_ready(path));
        assert_ok(msptk__store_open(&(store_options){ .path = path, .vfs = layer }, &s, NULL));
        testvfs_fail(v, VFS_WRITE, 1, VFS_FULL, true);
        assert_fails(msptk__store_probe_write(s, 100, &err), MSPTK_E_IO, "DISK_FULL", &err);
        assert_true(testvfs_count(v, VFS_WRITE) > 0);
        assert_true(testvfs_stop(v));
        assert_ok(msptk__store_probe_write(s, 100, NULL));
        msptk__store_free(STEAL(s));
        testvfs_free(v);
}

static void a_transaction_that_the_engine_gave_up_takes_no_more(void **state)
{
        AUTO_DIR char *dir = make_dir();
        AUTO_STORE store *s = NULL;
        testvfs *v = testvfs_new(layer);
        store_tx *tx = NULL;
        char path[256];
        msptk_status st = MSPTK_OK;

        (void)state;
        snprintf(path, sizeof(path), "%s/a.db", dir);
        msptk__store_free(open_ready(path));
        assert_ok(msptk__store_open(&(store_options){ .path = path, .vfs = layer }, &s, NULL));
        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL));
        testvfs_fail(v, VFS_WRITE, 1, VFS_FULL, true);
        for (int i = 0; i < 200 && st == MSPTK_OK; i++) /* until the page cache spills */
                st = msptk__exec(tx, NULL,
                                 "INSERT INTO store_probe (data) VALUES (zeroblob(65536))");
        assert_int_equal(st, MSPTK_E_IO);
        testvfs_stop(v);
        /* whether the engine undid the statement or the transaction, no half of it may stay */
        st = msptk__exec(tx, NULL, "UPDATE tally SET n = 5");
        if (st == MSPTK_OK) {
                msptk__tx_rollback(&tx);
        } else {
                assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_E_IO);
        }
        assert_ok(msptk__tx_begin(s, TX_READ, 0, &tx, NULL));
        assert_int_equal(
                msptk__query_int(tx, &(int64_t){ 0 }, NULL, "SELECT 1 FROM tally WHERE n = 5"),
                MSPTK_DONE);
        msptk__tx_rollback(&tx);
        msptk__store_free(STEAL(s));
        testvfs_free(v);
}

/* ---- kill -9 at random moments -----------------------------------------------------------------
 */

/* Adds numbered things for ever, telling each number once its commit is acknowledged. */
static void write_until_killed(const char *path, int out)
{
        store *s = NULL;
        store_tx *tx = NULL;
        int64_t n = 0;

        if (msptk__store_open(&(store_options){ .path = path, .create = true }, &s, NULL) < 0 ||
            msptk__store_migrate(s, all_tables, 1, 1, NULL) < 0)
                _exit(1);
        for (;;) {
                if (msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL) < 0 ||
                    msptk__exec(tx, NULL, "UPDATE tally SET n = n + 1") < 0 ||
                    msptk__query_int(tx, &n, NULL, "SELECT n FROM tally") < 0 ||
                    msptk__exec(tx, NULL,
                                "INSERT INTO thing (id, name) VALUES (?1, 'thing ' || ?1)",
                                SQL_INT(n)) < 0 ||
                    msptk__tx_commit(&tx, NULL) < 0 || write(out, &n, sizeof(n)) != sizeof(n))
                        _exit(1);
        }
}

/* Starts two writers, kills them after a random time, returns the largest number acknowledged. */
static int64_t kill_writers(const char *path, uint32_t *seed, int64_t last)
{
        pid_t children[2];
        struct timespec ts = { 0 };
        int64_t n;
        int fds[2], status;

        assert_int_equal(pipe(fds), 0);
        for (int i = 0; i < 2; i++) {
                children[i] = fork();
                if (children[i] == 0)
                        write_until_killed(path, fds[1]);
        }
        close(fds[1]);
        *seed = *seed * 1664525u + 1013904223u;
        ts.tv_nsec = 1000000 + (long)(*seed >> 8) % 25000000;
        clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
        for (int i = 0; i < 2; i++)
                kill(children[i], SIGKILL);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(waitpid(children[i], &status, 0), children[i]);
                assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        }
        while (read(fds[0], &n, sizeof(n)) == sizeof(n))
                last = n > last ? n : last;
        close(fds[0]);
        return last;
}

static void acknowledged_writes_survive_kills(void **state)
{
        AUTO_DIR char *dir = make_dir();
        int rounds = getenv("MSPTK_FULL") ? 200 : 20;
        uint32_t seed = 20251231;
        int64_t last = 0;
        char path[256];

        (void)state;
        snprintf(path, sizeof(path), "%s/a.db", dir);
        for (int i = 0; i < rounds; i++) {
                last = kill_writers(path, &seed, last);
                check_state(path, last);
        }
        assert_true(last > 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_lost_when_a_call_fails_once),
                cmocka_unit_test(nothing_is_lost_when_everything_fails_from_some_call_on),
                cmocka_unit_test(nothing_is_lost_when_the_disk_fills),
                cmocka_unit_test(nothing_is_lost_when_writes_are_torn),
                cmocka_unit_test(failures_carry_the_reason),
                cmocka_unit_test(a_full_disk_fails_the_probe_and_only_then),
                cmocka_unit_test(a_transaction_that_the_engine_gave_up_takes_no_more),
                cmocka_unit_test(acknowledged_writes_survive_kills),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
