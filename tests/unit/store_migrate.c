/* Migrations and the health of a database file. */
#define ROOM "test"
#include "support.h"
#include "store_support.h"

#include <pthread.h>
#include <sys/wait.h>

static const char *const second_sql[] = { "ALTER TABLE thing ADD COLUMN note TEXT", NULL };
static const char *const broken_sql[] = { "CREATE TABLE half (a INTEGER)", "CREATE TABLE", NULL };
static const char *const changed_sql[] = { "CREATE TABLE thing (id INTEGER)", NULL };
static const store_migration two[] = { { 12, "test", "notes", second_sql },
                                       { 10, "test", "things", thing_tables },
                                       { 0 } };
static const store_migration broken[] = { { 10, "test", "things", thing_tables },
                                          { 11, "test", "broken", broken_sql },
                                          { 0 } };
static const store_migration twice[] = { { 1, "test", "taken", second_sql }, { 0 } };
static const store_migration changed[] = { { 10, "test", "things", changed_sql }, { 0 } };

static msptk_status migrate(store *s, const store_migration *table, msptk_error **ret_err)
{
        const store_migration *const tables[] = { table };

        return msptk__store_migrate(s, tables, 1, 5000000, ret_err);
}

static int64_t ask(store *s, const char *sql)
{
        AUTO_TX store_tx *tx = NULL;
        int64_t n = -1;

        assert_ok(msptk__tx_begin(s, TX_READ, 0, &tx, NULL));
        assert_ok(msptk__query_int_values(tx, &n, NULL, sql, NULL, 0));
        return n;
}

static store *open_bare(const char *path)
{
        store *s = NULL;

        assert_ok(msptk__store_open(&(store_options){ .path = path, .create = true }, &s, NULL));
        return s;
}

static void steps_apply_once_in_order_of_number(void **state)
{
        AUTO_STORE store *s = open_bare(":memory:");
        store_info info;

        (void)state;
        assert_ok(migrate(s, two, NULL));
        assert_ok(migrate(s, two, NULL));
        assert_int_equal(ask(s, "SELECT count(*) FROM schema_version"), 3);
        assert_int_equal(ask(s, "SELECT applied_at FROM schema_version WHERE number = 12"),
                         5000000);
        assert_ok(msptk__store_info(s, &info, NULL));
        assert_int_equal(info.schema_number, 12);
        assert_int_equal(info.newest_us, 5000000);
}

static void an_older_program_refuses_a_newer_database(void **state)
{
        AUTO_STORE store *s = open_bare(":memory:");
        AUTO_ERROR msptk_error *err = NULL;

        (void)state;
        assert_ok(migrate(s, two, NULL));
        assert_int_equal(migrate(s, thing_migrations, &err), MSPTK_E_NEWER);
        assert_non_null(strstr(msptk_error_message(err), "12"));
        assert_non_null(strstr(msptk_error_message(err), "10"));
}

static void a_failing_step_leaves_the_steps_before_it(void **state)
{
        AUTO_STORE store *s = open_bare(":memory:");
        AUTO_ERROR msptk_error *err = NULL;

        (void)state;
        assert_int_equal(migrate(s, broken, &err), MSPTK_E_INTERNAL);
        assert_non_null(strstr(msptk_error_message(err), "11"));
        assert_int_equal(ask(s, "SELECT max(number) FROM schema_version"), 10);
        assert_int_equal(ask(s, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"), 0);
        assert_ok(migrate(s, thing_migrations, NULL));
}

static void numbers_and_texts_are_checked(void **state)
{
        AUTO_STORE store *s = open_bare(":memory:");
        msptk_error *err = NULL;

        (void)state;
        assert_int_equal(migrate(s, twice, NULL), MSPTK_E_INTERNAL);
        assert_ok(migrate(s, thing_migrations, NULL));
        assert_fails(migrate(s, changed, &err), MSPTK_E_CONFLICT, "SCHEMA_DIFFERS", &err);
}

static void a_foreign_database_is_left_alone(void **state)
{
        AUTO_STORE store *s = open_bare(":memory:");
        store_tx *tx = NULL;
        msptk_error *err = NULL;

        (void)state;
        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL));
        assert_ok(msptk__exec(tx, NULL, "CREATE TABLE theirs (a)"));
        assert_ok(msptk__tx_commit(&tx, NULL));
        assert_fails(migrate(s, two, &err), MSPTK_E_CONFLICT, "DATABASE_FOREIGN", &err);
        assert_int_equal(ask(s, "SELECT count(*) FROM sqlite_schema"), 1);
}

static void a_read_only_store_names_what_is_missing(void **state)
{
        AUTO_DIR char *dir = make_dir();
        AUTO_STORE store *s = NULL;
        msptk_error *err = NULL;
        char path[256];

        (void)state;
        snprintf(path, sizeof(path), "%s/a.db", dir);
        msptk__store_free(open_ready(path));
        assert_ok(msptk__store_open(&(store_options){ .path = path, .read_only = true }, &s, NULL));
        assert_ok(migrate(s, thing_migrations, NULL));
        assert_fails(migrate(s, two, &err), MSPTK_E_CONFLICT, "SCHEMA_OLD", &err);
}

static void processes_that_start_at_once_all_succeed(void **state)
{
        AUTO_DIR char *dir = make_dir();
        AUTO_STORE store *s = NULL;
        pid_t children[4];
        char path[256];
        int status;

        (void)state;
        snprintf(path, sizeof(path), "%s/a.db", dir);
        for (int i = 0; i < 4; i++) {
                children[i] = fork();
                if (children[i] == 0) {
                        store *mine = NULL;
                        msptk_status st = msptk__store_open(
                                &(store_options){ .path = path, .create = true, .wait_ms = 30000 },
                                &mine, NULL);

                        if (st == MSPTK_OK)
                                st = migrate(mine, two, NULL);
                        _exit(st == MSPTK_OK ? 0 : 1);
                }
        }
        for (int i = 0; i < 4; i++) {
                assert_int_equal(waitpid(children[i], &status, 0), children[i]);
                assert_int_equal(status, 0);
        }
        s = open_bare(path);
        assert_int_equal(ask(s, "SELECT count(*) FROM schema_version"), 3);
}

/* ---- health ---- */

static void count_finding(void *user, const char *text)
{
        assert_true(text[0] != '\0');
        ++*(size_t *)user;
}

static size_t findings(store *s, bool quick)
{
        size_t seen = 0, told = 99;

        assert_ok(msptk__store_check(s, quick, count_finding, &seen, &told, NULL));
        assert_int_equal(seen, told);
        return told;
}

static void fill(store *s, int rows)
{
        store_tx *tx = NULL;
        char name[200];

        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL));
        for (int i = 0; i < rows; i++) {
                snprintf(name, sizeof(name), "%0150d", i);
                assert_ok(msptk__exec(tx, NULL, "INSERT INTO thing (name) VALUES (?1)",
                                      SQL_TEXT(name)));
        }
        assert_ok(msptk__tx_commit(&tx, NULL));
}

static void a_damaged_page_is_found(void **state)
{
        AUTO_DIR char *dir = make_dir();
        AUTO_STORE store *s = NULL;
        char path[256];
        FILE *f;

        (void)state;
        snprintf(path, sizeof(path), "%s/a.db", dir);
        s = open_ready(path);
        fill(s, 2000);
        assert_int_equal(findings(s, true), 0);
        assert_int_equal(findings(s, false), 0);
        assert_ok(msptk__store_close(s, NULL));
        msptk__store_free(STEAL(s));
        f = fopen(path, "r+b");
        assert_non_null(f);
        fseek(f, 4096 * 60, SEEK_SET);
        for (int i = 0; i < 4096; i++)
                fputc(0xa5, f);
        fclose(f);
        s = open_ready(path);
        assert_true(findings(s, true) > 0);
        assert_true(findings(s, false) > 0);
}

static void a_broken_reference_is_found(void **state)
{
        AUTO_STORE store *s = open_bare(":memory:");
        store_tx *tx = NULL;

        (void)state;
        assert_ok(migrate(s, thing_migrations, NULL));
        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL));
        assert_ok(msptk__exec(tx, NULL, "CREATE TABLE loose (thing INTEGER)"));
        assert_ok(msptk__exec(tx, NULL, "INSERT INTO loose (thing) VALUES (77)"));
        assert_ok(msptk__exec(tx, NULL,
                              "CREATE TABLE tight (thing INTEGER REFERENCES thing (id)"
                              " DEFERRABLE INITIALLY DEFERRED)"));
        assert_ok(msptk__tx_commit(&tx, NULL));
        assert_int_equal(findings(s, true), 0);
        /* a deferred reference is refused at commit, and the whole transaction with it */
        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL));
        assert_ok(msptk__exec(tx, NULL, "INSERT INTO tight (thing) SELECT thing FROM loose"));
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_E_CONFLICT);
        assert_null(tx);
        assert_int_equal(ask(s, "SELECT count(*) FROM tight"), 0);
}

static void a_write_probe_leaves_nothing_behind(void **state)
{
        AUTO_STORE store *s = open_ready(":memory:");

        (void)state;
        assert_ok(msptk__store_probe_write(s, 100, NULL));
        assert_int_equal(ask(s, "SELECT count(*) FROM store_probe"), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(steps_apply_once_in_order_of_number),
                cmocka_unit_test(an_older_program_refuses_a_newer_database),
                cmocka_unit_test(a_failing_step_leaves_the_steps_before_it),
                cmocka_unit_test(numbers_and_texts_are_checked),
                cmocka_unit_test(a_foreign_database_is_left_alone),
                cmocka_unit_test(a_read_only_store_names_what_is_missing),
                cmocka_unit_test(processes_that_start_at_once_all_succeed),
                cmocka_unit_test(a_damaged_page_is_found),
                cmocka_unit_test(a_broken_reference_is_found),
                cmocka_unit_test(a_write_probe_leaves_nothing_behind),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
