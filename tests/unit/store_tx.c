/* Opening, transactions, statements: what every room above relies on. */
#define ROOM "test"
#include "support.h"
#include "store_support.h"

#include <math.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t count_things(store *s)
{
        AUTO_TX store_tx *tx = NULL;
        int64_t n = -1;

        assert_int_equal(msptk__tx_begin(s, TX_READ, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__query_int(tx, &n, NULL, "SELECT count(*) FROM thing"), MSPTK_OK);
        return n;
}

static msptk_status add_thing(store *s, int64_t id, const char *name, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__tx_begin(s, TX_WRITE, 0, &tx, ret_err));
        TRY(msptk__exec(tx, ret_err, "INSERT INTO thing (id, name) VALUES (?1, ?2)", SQL_INT(id),
                        SQL_TEXT(name)));
        return msptk__tx_commit(&tx, ret_err);
}

static void values_come_back_as_they_went_in(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        AUTO_TX store_tx *tx = NULL;
        AUTO_STMT store_stmt *q = NULL;
        const int64_t seven = 7;
        size_t len = 0;

        (void)state;
        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL));
        assert_ok(msptk__query(tx, &q, NULL, "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8",
                               SQL_INT(INT64_MIN), SQL_REAL(0.1), SQL_TEXT("a\xc3\xb6"),
                               SQL_BLOB("x\0y", 3), SQL_NULL, SQL_TEXT(NULL),
                               SQL_INT_OR_NULL(&seven), SQL_REAL(NAN)));
        assert_ok(msptk__stmt_step(q, NULL));
        assert_true(msptk__stmt_int(q, 0) == INT64_MIN);
        assert_true(msptk__stmt_real(q, 1) == 0.1);
        assert_string_equal(msptk__stmt_text(q, 2), "a\xc3\xb6");
        assert_memory_equal(msptk__stmt_blob(q, 3, &len), "x\0y", 3);
        assert_int_equal(len, 3);
        assert_true(msptk__stmt_is_null(q, 4));
        assert_string_equal(msptk__stmt_text(q, 5), "");
        assert_null(msptk__stmt_text_or_null(q, 5));
        assert_int_equal(msptk__stmt_int(q, 6), 7);
        assert_true(isnan(msptk__stmt_real(q, 7)));
        assert_int_equal(msptk__stmt_step(q, NULL), MSPTK_DONE);
        assert_int_equal(msptk__stmt_step(q, NULL), MSPTK_DONE);
}

static void rollback_forgets_and_commit_keeps(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        store_tx *tx = NULL;

        (void)state;
        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL));
        assert_ok(msptk__exec(tx, NULL, "INSERT INTO thing (name) VALUES ('a')"));
        assert_int_equal(msptk__tx_changes(tx), 1);
        msptk__tx_rollback(&tx);
        assert_null(tx);
        assert_int_equal(count_things(s), 0);
        assert_ok(add_thing(s, 5, "b", NULL));
        assert_int_equal(count_things(s), 1);
}

static void steps_are_undone_alone(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        store_tx *tx = NULL;

        (void)state;
        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL));
        assert_ok(msptk__exec(tx, NULL, "INSERT INTO thing (name) VALUES ('a')"));
        assert_ok(msptk__tx_step_begin(tx, NULL));
        assert_ok(msptk__exec(tx, NULL, "INSERT INTO thing (name) VALUES ('b')"));
        assert_ok(msptk__tx_step_begin(tx, NULL));
        assert_ok(msptk__exec(tx, NULL, "INSERT INTO thing (name) VALUES ('c')"));
        assert_ok(msptk__tx_step_undo(tx, NULL));
        assert_ok(msptk__tx_step_keep(tx, NULL));
        assert_int_equal(msptk__tx_step_keep(tx, NULL), MSPTK_E_INTERNAL);
        assert_ok(msptk__tx_commit(&tx, NULL));
        assert_int_equal(count_things(s), 2);
}

static void refusals_say_what_is_wrong_and_leave_the_transaction_usable(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        AUTO_TX store_tx *tx = NULL;
        msptk_error *err = NULL;

        (void)state;
        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL));
        assert_ok(msptk__exec(tx, NULL, "INSERT INTO thing (id, name) VALUES (1, 'sesame')"));
        assert_fails(msptk__exec(tx, &err, "INSERT INTO thing (id, name) VALUES (2, ?1)",
                                 SQL_TEXT("sesame")),
                     MSPTK_E_EXISTS, "ALREADY_EXISTS", &err);
        assert_fails(msptk__exec(tx, &err, "INSERT INTO part (thing) VALUES (99)"),
                     MSPTK_E_CONFLICT, "BROKEN_REFERENCE", &err);
        assert_fails(msptk__exec(tx, &err, "INSERT INTO thing (id, name) VALUES (3, ?1)",
                                 SQL_TEXT(NULL)),
                     MSPTK_E_INVALID, "CONSTRAINT", &err);
        assert_int_equal(msptk__exec(tx, NULL, "SELEKT 1"), MSPTK_E_INTERNAL);
        assert_int_equal(msptk__exec(tx, NULL, "SELECT 1; SELECT 2"), MSPTK_E_INTERNAL);
        assert_int_equal(msptk__exec(tx, NULL, "SELECT ?1"), MSPTK_E_INTERNAL);
        assert_ok(msptk__exec(tx, NULL, "INSERT INTO thing (id, name) VALUES (4, 'd')"));
        assert_ok(msptk__tx_commit(&tx, NULL));
        assert_int_equal(count_things(s), 2);
}

static void errors_never_show_a_value(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        AUTO_ERROR msptk_error *err = NULL;

        (void)state;
        assert_ok(add_thing(s, 1, "hunter2", NULL));
        assert_int_equal(add_thing(s, 2, "hunter2", &err), MSPTK_E_EXISTS);
        assert_null(strstr(msptk_error_message(err), "hunter2"));
        assert_non_null(strstr(msptk_error_message(err), ":memory:"));
}

static void too_big_values_are_refused(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        AUTO_TX store_tx *tx = NULL;
        AUTO_FREE char *big = msptk__alloc(STORE_VALUE_LIMIT + 1);

        (void)state;
        memset(big, 'x', STORE_VALUE_LIMIT + 1);
        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL));
        assert_int_equal(msptk__exec(tx, NULL, "INSERT INTO thing (name) VALUES (?1)",
                                     SQL_TEXT_N(big, STORE_VALUE_LIMIT + 1)),
                         MSPTK_E_TOOBIG);
}

static void readers_cannot_write(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        AUTO_TX store_tx *tx = NULL;

        (void)state;
        assert_ok(msptk__tx_begin(s, TX_READ, 0, &tx, NULL));
        assert_int_equal(msptk__exec(tx, NULL, "DELETE FROM thing"), MSPTK_E_INTERNAL);
}

static void a_statement_outlives_its_transaction_harmlessly(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        AUTO_STMT store_stmt *q = NULL;
        store_tx *tx = NULL;

        (void)state;
        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL));
        assert_ok(msptk__exec(tx, NULL, "INSERT INTO thing (name) VALUES ('a')"));
        assert_ok(msptk__query(tx, &q, NULL, "SELECT name FROM thing"));
        assert_ok(msptk__stmt_step(q, NULL));
        assert_ok(msptk__tx_commit(&tx, NULL));
        assert_int_equal(msptk__stmt_step(q, NULL), MSPTK_E_INTERNAL);
        assert_int_equal(count_things(s), 1);
}

static void one_store_in_memory_serves_several_connections(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        AUTO_STORE store *other = open_ready(":memory:");
        store_tx *a = NULL, *b = NULL, *c = NULL, *w = NULL;
        int64_t n = 0;
        store_info info;

        (void)state;
        assert_ok(add_thing(s, 1, "a", NULL));
        assert_ok(msptk__tx_begin(s, TX_READ, 0, &a, NULL));
        assert_ok(msptk__tx_begin(s, TX_READ, 0, &b, NULL));
        assert_ok(msptk__tx_begin(s, TX_READ, 0, &c, NULL));
        assert_ok(msptk__query_int(a, &n, NULL, "SELECT count(*) FROM thing"));
        assert_int_equal(n, 1);
        assert_ok(msptk__query_int(c, &n, NULL, "SELECT count(*) FROM thing"));
        assert_int_equal(n, 1);
        /* in memory the writer is alone, and says so at its deadline */
        assert_int_equal(msptk__tx_begin(s, TX_WRITE, 5, &w, NULL), MSPTK_E_BUSY);
        msptk__tx_rollback(&a);
        msptk__tx_rollback(&b);
        msptk__tx_rollback(&c);
        assert_ok(add_thing(s, 2, "b", NULL));
        assert_int_equal(count_things(s), 2);
        assert_int_equal(count_things(other), 0);
        assert_ok(msptk__store_info(s, &info, NULL));
        assert_int_equal(info.connections, 3);
        assert_true(info.in_memory);
}

static void a_new_file_is_private_and_complete(void **state)
{
        AUTO_DIR char *dir = make_dir();
        AUTO_STORE store *s = NULL;
        struct stat sb;
        char path[256];
        store_info info;

        (void)state;
        snprintf(path, sizeof(path), "%s/a.db", dir);
        s = open_ready(path);
        assert_ok(add_thing(s, 1, "a", NULL));
        assert_int_equal(stat(path, &sb), 0);
        assert_int_equal(sb.st_mode & 0777, 0600);
        snprintf(path, sizeof(path), "%s/a.db-wal", dir);
        assert_int_equal(stat(path, &sb), 0);
        assert_int_equal(sb.st_mode & 0777, 0600);
        assert_ok(msptk__store_info(s, &info, NULL));
        assert_true(info.log_bytes > 0 && info.page_size == 4096 && info.schema_number == 10);
        assert_ok(msptk__store_close(s, NULL));
        assert_int_not_equal(stat(path, &sb), 0);
        assert_int_equal(add_thing(s, 2, "b", NULL), MSPTK_E_CLOSED);
}

static void paths_that_cannot_be_opened_are_named(void **state)
{
        AUTO_DIR char *dir = make_dir();
        msptk_error *err = NULL;
        store *s = NULL;
        char path[256], link[256];

        (void)state;
        snprintf(path, sizeof(path), "%s/none/a.db", dir);
        assert_fails(msptk__store_open(&(store_options){ .path = path, .create = true }, &s, &err),
                     MSPTK_E_IO, "DATABASE_CANNOT_OPEN", &err);
        snprintf(path, sizeof(path), "%s/a.db", dir);
        assert_int_equal(msptk__store_open(&(store_options){ .path = path }, &s, &err), MSPTK_E_IO);
        assert_non_null(strstr(msptk_error_message(err), path));
        msptk_error_free(STEAL(err));
        snprintf(link, sizeof(link), "%s/link.db", dir);
        msptk__store_free(open_ready(path));
        assert_int_equal(symlink(path, link), 0);
        assert_fails(msptk__store_open(&(store_options){ .path = link }, &s, &err), MSPTK_E_IO,
                     "DATABASE_CANNOT_OPEN", &err);
        write_file(path, "this is a letter and no database, as anyone can see", 4096);
        assert_fails(msptk__store_open(&(store_options){ .path = path }, &s, &err), MSPTK_E_CORRUPT,
                     "DATABASE_CORRUPT", &err);
        assert_int_equal(msptk__store_open(&(store_options){ .path = dir }, &s, NULL), MSPTK_E_IO);
        assert_int_equal(msptk__store_open(&(store_options){ .path = "" }, &s, NULL),
                         MSPTK_E_INVALID);
}

static void without_shared_memory_opening_says_so(void **state)
{
        AUTO_DIR char *dir = make_dir();
        store *s = NULL;
        msptk_error *err = NULL;
        char path[256];
        store_options o = { .path = path, .create = true, .vfs = "unix-dotfile" };

        (void)state;
        snprintf(path, sizeof(path), "%s/a.db", dir);
        assert_fails(msptk__store_open(&o, &s, &err), MSPTK_E_IO, "NO_SHARED_MEMORY", &err);
        msptk__store_free(open_ready(path));
        assert_fails(msptk__store_open(&o, &s, &err), MSPTK_E_IO, "NO_SHARED_MEMORY", &err);
}

static void read_only_stores_refuse_to_write(void **state)
{
        AUTO_DIR char *dir = make_dir();
        AUTO_STORE store *s = NULL;
        AUTO_STORE store *r = NULL;
        store_tx *tx = NULL;
        char path[256];

        (void)state;
        snprintf(path, sizeof(path), "%s/a.db", dir);
        s = open_ready(path);
        assert_ok(add_thing(s, 1, "a", NULL));
        assert_ok(msptk__store_open(&(store_options){ .path = path, .read_only = true }, &r, NULL));
        assert_int_equal(count_things(r), 1);
        assert_int_equal(msptk__tx_begin(r, TX_WRITE, 0, &tx, NULL), MSPTK_E_DENIED);
        assert_ok(add_thing(s, 2, "b", NULL));
        assert_int_equal(count_things(r), 2);
}

static void waiting_for_a_writer_ends_at_the_deadline(void **state)
{
        AUTO_DIR char *dir = make_dir();
        AUTO_STORE store *s = NULL;
        AUTO_STORE store *t = NULL;
        store_tx *a = NULL, *b = NULL;
        msptk_error *err = NULL;
        char path[256];
        int64_t from;

        (void)state;
        snprintf(path, sizeof(path), "%s/a.db", dir);
        s = open_ready(path);
        t = open_ready(path); /* as another process would */
        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &a, NULL));
        for (int i = 0; i < 2; i++) {
                from = ticks_ms();
                assert_int_equal(msptk__tx_begin(i ? s : t, TX_WRITE, 60, &b, &err), MSPTK_E_BUSY);
                assert_true(ticks_ms() - from >= 55);
                assert_true(ticks_ms() - from < 5000);
                assert_true(msptk_error_is_retriable(err));
                assert_string_equal(msptk_error_reason(err), "DATABASE_BUSY");
                msptk_error_free(STEAL(err));
        }
        assert_int_equal(count_things(t), 0); /* readers do not wait */
        assert_int_equal(msptk__store_close(s, NULL), MSPTK_E_BUSY);
        assert_ok(msptk__tx_commit(&a, NULL));
        assert_ok(msptk__tx_begin(t, TX_WRITE, 60, &b, NULL));
        msptk__tx_rollback(&b);
}

static void freeing_a_store_waits_for_its_last_transaction(void **state)
{
        store *s = open_ready(":memory:");
        store_tx *tx = NULL;

        (void)state;
        assert_ok(msptk__tx_begin(s, TX_READ, 0, &tx, NULL));
        msptk__store_free(s);
        msptk__tx_rollback(&tx); /* a leak or a use after free shows under the sanitizer */
}

static void a_reader_sees_one_moment(void **state)
{
        AUTO_DIR char *dir = make_dir();
        AUTO_STORE store *s = NULL;
        store_tx *tx = NULL;
        int64_t n = -1;
        char path[256];

        (void)state;
        snprintf(path, sizeof(path), "%s/a.db", dir);
        s = open_ready(path);
        assert_ok(msptk__tx_begin(s, TX_READ, 0, &tx, NULL));
        assert_ok(msptk__query_int(tx, &n, NULL, "SELECT count(*) FROM thing"));
        assert_ok(add_thing(s, 1, "a", NULL));
        assert_ok(msptk__query_int(tx, &n, NULL, "SELECT count(*) FROM thing"));
        assert_int_equal(n, 0);
        msptk__tx_rollback(&tx);
        assert_int_equal(count_things(s), 1);
}

static void more_statements_than_the_cache_holds_all_work(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");
        AUTO_TX store_tx *tx = NULL;
        char sql[64];
        int64_t n = 0;

        (void)state;
        assert_ok(msptk__tx_begin(s, TX_READ, 0, &tx, NULL));
        for (int round = 0; round < 3; round++)
                for (int i = 0; i < 100; i++) {
                        snprintf(sql, sizeof(sql), "SELECT %d + ?1", i);
                        assert_ok(msptk__query_int(tx, &n, NULL, sql, SQL_INT(round)));
                        assert_int_equal(n, i + round);
                }
}

enum { THREADS = 6, ADDS = 40 };

static void *add_many(void *user)
{
        for (int i = 0; i < ADDS; i++)
                if (add_thing(user, 0, NULL, NULL) != MSPTK_E_INVALID)
                        return (void *)"refuse";
        for (int i = 0; i < ADDS; i++) {
                AUTO_TX store_tx *tx = NULL;

                if (msptk__tx_begin(user, TX_WRITE, 60000, &tx, NULL) < 0 ||
                    msptk__exec(tx, NULL, "UPDATE tally SET n = n + 1") < 0 ||
                    msptk__tx_commit(&tx, NULL) < 0)
                        return (void *)"write";
                if (msptk__tx_begin(user, TX_READ, 60000, &tx, NULL) < 0 ||
                    msptk__exec(tx, NULL, "SELECT n FROM tally") < 0)
                        return (void *)"read";
        }
        return NULL;
}

static void threads_share(const char *path)
{
        AUTO_STORE store *s = open_ready(path);
        AUTO_TX store_tx *tx = NULL;
        pthread_t threads[THREADS];
        void *said;
        int64_t n = 0;

        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, add_many, s), 0);
        for (int i = 0; i < THREADS; i++) {
                pthread_join(threads[i], &said);
                assert_null(said);
        }
        assert_ok(msptk__tx_begin(s, TX_READ, 0, &tx, NULL));
        assert_ok(msptk__query_int(tx, &n, NULL, "SELECT n FROM tally"));
        assert_int_equal(n, THREADS * ADDS);
}

static void many_threads_share_four_connections(void **state)
{
        AUTO_DIR char *dir = make_dir();
        char path[256];

        (void)state;
        snprintf(path, sizeof(path), "%s/a.db", dir);
        threads_share(path);
        threads_share(":memory:");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_come_back_as_they_went_in),
                cmocka_unit_test(rollback_forgets_and_commit_keeps),
                cmocka_unit_test(steps_are_undone_alone),
                cmocka_unit_test(refusals_say_what_is_wrong_and_leave_the_transaction_usable),
                cmocka_unit_test(errors_never_show_a_value),
                cmocka_unit_test(too_big_values_are_refused),
                cmocka_unit_test(readers_cannot_write),
                cmocka_unit_test(a_statement_outlives_its_transaction_harmlessly),
                cmocka_unit_test(one_store_in_memory_serves_several_connections),
                cmocka_unit_test(a_new_file_is_private_and_complete),
                cmocka_unit_test(paths_that_cannot_be_opened_are_named),
                cmocka_unit_test(without_shared_memory_opening_says_so),
                cmocka_unit_test(read_only_stores_refuse_to_write),
                cmocka_unit_test(waiting_for_a_writer_ends_at_the_deadline),
                cmocka_unit_test(freeing_a_store_waits_for_its_last_transaction),
                cmocka_unit_test(a_reader_sees_one_moment),
                cmocka_unit_test(more_statements_than_the_cache_holds_all_work),
                cmocka_unit_test(many_threads_share_four_connections),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
