/* Health over days: what is kept, what a morning says, who runs a client, and clocks that move. */
#include "support.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_support.h"
#include "toolkit_support.h"

typedef struct place {
        world w;
        char dir[64], config[96];
} place;

#define START INT64_C(1795262400) /* where the clock of a world begins, in seconds */

static void place_open(place *p, const char *database, const char *rest)
{
        AUTO_BUF buf text = BUF_INIT(65536);

        snprintf(p->dir, sizeof(p->dir), "/tmp/msptk-days-XXXXXX");
        assert_non_null(mkdtemp(p->dir));
        snprintf(p->config, sizeof(p->config), "%s/c.yaml", p->dir);
        msptk__buf_addf(&text, "database: {path: \"%s\"}\n%s", database, rest);
        assert_int_equal(msptk__file_write(p->config, text.data, text.len, 0600, 0, NULL),
                         MSPTK_OK);
        world_open(&p->w, p->config);
}

static void place_close(place *p)
{
        char path[128];

        world_close(&p->w);
        for (int i = 0; i < 4; i++) {
                static const char *const names[] = { "c.yaml", "x.db", "x.db-wal", "x.db-shm" };

                snprintf(path, sizeof(path), "%s/%s", p->dir, names[i]);
                unlink(path);
        }
        rmdir(p->dir);
}
#define AUTO_PLACE __attribute__((cleanup(place_close)))

static void enrol(place *p)
{
        msptk_json_free(world_do(&p->w, "client_create", "{'name':'Acme','id':'acme'}"));
        msptk_json_free(world_do(&p->w, "device_scan", "{'client_id':'acme','adapter':'world'}"));
}

static msptk_json *check(place *p)
{
        return world_do(&p->w, "health_check", "{'client_id':'acme'}");
}

static int64_t int_at(const msptk_json *o, const char *a, const char *b)
{
        return msptk_json_int(msptk_json_get(msptk_json_get(o, a), b), -1);
}

static int64_t count(place *p, const char *sql, int64_t before)
{
        AUTO_TX store_tx *tx = NULL;
        int64_t n = -1;

        assert_int_equal(msptk__tx_begin(p->w.c->store, TX_READ, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__query_int(tx, &n, NULL, sql, SQL_INT(before)), MSPTK_OK);
        return n;
}

/* The first result of a check; NULL. */
static const msptk_json *result_of(const msptk_json *run, const char *name)
{
        for (const msptk_json *r = msptk_json_first(msptk_json_get(run, "results")); r;
             r = msptk_json_next(r))
                if (!strcmp(text_at(r, "check"), name))
                        return r;
        return NULL;
}

static void what_is_older_than_the_retention_goes_once_a_day(void **state)
{
        AUTO_PLACE place p = { 0 };
        int64_t first, runs;

        (void)state;
        place_open(&p, ":memory:",
                   "general: {data_retention_days: 10}\n"
                   "adapters:\n  - {name: world, type: fake, devices: 4, problems: 0.5}\n");
        enrol(&p);
        first = p.w.now;
        for (int day = 0; day < 8; day++, p.w.now += HOURS(24))
                msptk_json_free(check(&p));
        p.w.now = first + HOURS(24 * 13);
        runs = count(&p, "SELECT count(*) FROM run WHERE id <> '' AND ?1 = 0", 0);
        assert_int_equal(runs, 8);
        msptk_json_free(check(&p));
        assert_int_equal(
                count(&p, "SELECT count(*) FROM run WHERE started < ?1", p.w.now - HOURS(240)), 0);
        assert_int_equal(count(&p, "SELECT count(*) FROM run WHERE ?1 = 0", 0), 6);
        assert_int_equal(
                count(&p, "SELECT count(*) FROM evidence WHERE at < ?1", p.w.now - HOURS(240)), 0);
        assert_int_equal(
                count(&p, "SELECT count(*) FROM state_change WHERE at < ?1", p.w.now - HOURS(240)),
                0);
        /* A day goes as a whole when all of it is too old. */
        assert_int_equal(count(&p, "SELECT count(*) FROM sample_day WHERE day < ?1", 20261124), 0);
        assert_int_equal(count(&p, "SELECT count(*) FROM sample_day WHERE ?1 = 0", 0), 6);

        /* The second run of the day leaves all as it is. */
        runs = count(&p, "SELECT count(*) FROM evidence WHERE ?1 = 0", 0);
        p.w.now += HOURS(1);
        msptk_json_free(check(&p));
        assert_int_equal(count(&p, "SELECT count(*) FROM upkeep WHERE day = ?1", 20261204), 1);
        assert_int_equal(count(&p, "SELECT count(*) FROM evidence WHERE ?1 = 0", 0), runs + 4);
}

/* From a moment on the disk is full, and later it is not. */
static const char eventful[] = "adapters:\n"
                               "  - name: world\n"
                               "    type: fake\n"
                               "    devices: 1\n"
                               "    problems: 0\n"
                               "    script:\n"
                               "      - {check: disk, instance: /, value: 99, from: %lld, until: "
                               "%lld}\n"
                               "      - {check: memory, value: 97, from: %lld}\n";

static void a_problem_is_new_then_still_there_then_fixed(void **state)
{
        AUTO_PLACE place p = { 0 };
        char config[600];
        static const char *const keys[] = { "new", "still", "fixed" };
        int64_t found[3][3];

        (void)state;
        snprintf(config, sizeof(config), eventful, (long long)(START + 43200) * 1000000,
                 (long long)(START + 43200 + 86400 + 3600) * 1000000,
                 (long long)(START + 86400 * 9) * 1000000);
        place_open(&p, ":memory:", config);
        enrol(&p);
        msptk_json_free(check(&p));
        for (int day = 0; day < 3; day++) {
                AUTO_JSON msptk_json *morning = NULL, *run = NULL;
                const msptk_json *client;

                p.w.now += HOURS(day == 2 ? 25 : 24);
                run = check(&p);
                morning = world_do(&p.w, "health_morning", "{'client_id':'acme'}");
                client = msptk_json_first(msptk_json_get(morning, "clients"));
                for (int k = 0; k < 3; k++)
                        found[day][k] = (int64_t)msptk_json_count(msptk_json_get(client, keys[k]));
                assert_int_equal(int_at(run, "alerts", "opened"), day == 0);
                assert_int_equal(int_at(run, "alerts", "resolved"), day == 1 ? 1 : 0);
        }
        assert_true(found[0][0] == 1 && found[0][1] == 0 && found[0][2] == 0);
        assert_true(found[1][0] == 0 && found[1][1] == 0 && found[1][2] == 1);
        assert_true(found[2][0] == 0 && found[2][1] == 0 && found[2][2] == 0);
}

static void an_adapter_that_fails_leaves_nothing_green(void **state)
{
        static const char *const ways[] = { "auth", "unavailable" };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
                AUTO_PLACE place p = { 0 };
                AUTO_JSON msptk_json *good = NULL, *bad = NULL, *status = NULL;
                const msptk_json *silent;
                char config[300];

                snprintf(config, sizeof(config),
                         "adapters:\n  - name: world\n    type: fake\n    devices: 3\n"
                         "    problems: 0\n    script: [{fail: %s, from: %lld}]\n",
                         ways[i], (long long)(START + 3600) * 1000000);
                place_open(&p, ":memory:", config);
                enrol(&p);
                good = check(&p);
                assert_string_equal(text_at(good, "status"), "ok");
                p.w.now += HOURS(2);
                bad = check(&p);
                assert_string_equal(text_at(bad, "status"), "unknown");
                assert_int_equal(int_at(bad, "counts", "ok"), 0);
                assert_int_equal(int_at(bad, "coverage", "reported"), 0);
                silent = msptk_json_get(msptk_json_get(bad, "coverage"), "not_reported");
                assert_int_equal(msptk_json_count(silent), 3);
                assert_true(*text_at(msptk_json_first(silent), "reason"));
                assert_int_equal(int_at(bad, "alerts", "opened"), 3);
                for (const msptk_json *r = msptk_json_first(msptk_json_get(bad, "results")); r;
                     r = msptk_json_next(r)) {
                        assert_string_equal(text_at(r, "status"), "unknown");
                        assert_true(*text_at(r, "message"));
                }
                status = world_do(&p.w, "health_status", "{'client_id':'acme'}");
                assert_string_equal(text_at(status, "status"), "unknown");
        }
}

/* ---- who runs a client ---- */

static void hold_lease(place *p, int64_t expires, const char *holder)
{
        AUTO_TX store_tx *tx = NULL;

        assert_int_equal(msptk__tx_begin(p->w.c->store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__exec(tx, NULL,
                                     "UPDATE run_lease SET run_id = 'other', fence = fence + 1,"
                                     " since = ?1, expires = ?2, holder = coalesce(?3, holder)",
                                     SQL_INT(p->w.now), SQL_INT(expires), SQL_TEXT(holder)),
                         MSPTK_OK);
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
}

static void a_lease_of_another_machine_holds_until_it_expires(void **state)
{
        AUTO_PLACE place p = { 0 };
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_JSON msptk_json *all = NULL;

        (void)state;
        place_open(&p,
                   ":memory:", "adapters: [{name: world, type: fake, devices: 2, problems: 0}]\n");
        enrol(&p);
        msptk_json_free(check(&p));
        hold_lease(&p, p.w.now + SECONDS(90), "elsewhere boot space 1 2");
        assert_int_equal(world_call(&p.w, "health_check", "{'client_id':'acme'}", NULL, &err),
                         MSPTK_E_BUSY);
        assert_string_equal(msptk_error_reason(err), "RUN_IN_PROGRESS");
        assert_non_null(strstr(msptk_error_message(err), "elsewhere"));
        all = world_do(&p.w, "health_check", "{}");
        assert_int_equal(msptk_json_count(msptk_json_get(all, "skipped")), 1);
        p.w.now += SECONDS(91);
        msptk_json_free(check(&p));
}

static void the_lease_of_a_process_that_was_killed_is_taken_over_at_once(void **state)
{
        AUTO_PLACE place p = { 0 };
        AUTO_BUF buf holder = BUF_INIT(1024);
        char words[3][128];
        pid_t child = fork();
        AUTO_TX store_tx *tx = NULL;
        AUTO_STMT store_stmt *q = NULL;
        AUTO_ERROR msptk_error *err = NULL;

        (void)state;
        if (!child) {
                pause();
                _exit(0);
        }
        place_open(&p,
                   ":memory:", "adapters: [{name: world, type: fake, devices: 2, problems: 0}]\n");
        enrol(&p);
        msptk_json_free(check(&p));
        assert_int_equal(msptk__tx_begin(p.w.c->store, TX_READ, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__query_values(tx, &q, NULL, "SELECT holder FROM run_lease", NULL, 0),
                         MSPTK_OK);
        assert_int_equal(msptk__stmt_step(q, NULL), MSPTK_OK);
        assert_int_equal(
                sscanf(msptk__stmt_text(q, 0), "%127s %127s %127s", words[0], words[1], words[2]),
                3);
        msptk__stmt_free(STEAL(q));
        msptk__tx_rollback(&tx);
        msptk__buf_addf(&holder, "%s %s %s %ld 0", words[0], words[1], words[2], (long)child);
        hold_lease(&p, p.w.now + SECONDS(90), msptk__buf_text(&holder));
        assert_int_equal(world_call(&p.w, "health_check", "{'client_id':'acme'}", NULL, &err),
                         MSPTK_E_BUSY);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        msptk_json_free(check(&p));
}

/* ---- values ---- */

static void history_gives_the_values_that_the_runs_saw(void **state)
{
        enum { RUNS = 6, SEEN_MAX = 400 };
        AUTO_PLACE place p = { 0 };
        struct {
                char key[200];
                double value;
        } seen[SEEN_MAX];
        AUTO_JSON msptk_json *past = NULL;
        size_t known = 0, found = 0;

        (void)state;
        place_open(&p, ":memory:",
                   "adapters: [{name: world, type: fake, devices: 5, problems: 0.3}]\n");
        enrol(&p);
        for (int i = 0; i < RUNS; i++, p.w.now += HOURS(7)) {
                AUTO_JSON msptk_json *run = check(&p);

                for (const msptk_json *r = msptk_json_first(msptk_json_get(run, "results")); r;
                     r = msptk_json_next(r)) {
                        if (msptk_json_type(msptk_json_get(r, "value")) == MSPTK_JSON_NULL)
                                continue;
                        assert_true(known < SEEN_MAX);
                        snprintf(seen[known].key, sizeof(seen[known].key), "%s %s %s",
                                 text_at(r, "device_id"), text_at(r, "name"),
                                 text_at(r, "checked_at"));
                        seen[known++].value = msptk_json_double(msptk_json_get(r, "value"), NAN);
                }
        }
        past = world_do(&p.w, "health_history", "{'client_id':'acme','days':30,'limit':1000}");
        for (size_t i = 0; i < known; i++)
                for (const msptk_json *r = msptk_json_first(msptk_json_get(past, "results")); r;
                     r = msptk_json_next(r)) {
                        char key[200];

                        snprintf(key, sizeof(key), "%s %s %s", text_at(r, "device_id"),
                                 text_at(r, "name"), text_at(r, "checked_at"));
                        if (!strcmp(key, seen[i].key) &&
                            fabs(msptk_json_double(msptk_json_get(r, "value"), NAN) -
                                 seen[i].value) < 1e-9) {
                                found++;
                                break;
                        }
                }
        assert_true(known > RUNS * 5);
        assert_int_equal(found, known);
}

static msptk_json *lasting(place *p)
{
        return world_do(&p->w, "health_check",
                        "{'client_id':'acme','threshold_override':{'memory.sustained_for':'10m'}}");
}

static void a_problem_counts_when_it_has_lasted(void **state)
{
        AUTO_PLACE place p = { 0 };
        AUTO_JSON msptk_json *first = NULL, *later = NULL, *healed = NULL;
        char config[400];

        (void)state;
        snprintf(config, sizeof(config),
                 "adapters:\n  - name: world\n    type: fake\n    devices: 1\n    problems: 0\n"
                 "    script: [{check: memory, value: 97, from: %lld, until: %lld}]\n",
                 (long long)(START + 60) * 1000000, (long long)(START + 3600) * 1000000);
        place_open(&p, ":memory:", config);
        enrol(&p);
        msptk_json_free(lasting(&p));
        p.w.now += MINUTES(2);
        first = lasting(&p);
        assert_string_equal(text_at(result_of(first, "memory"), "status"), "ok");
        p.w.now += MINUTES(11);
        later = lasting(&p);
        assert_string_equal(text_at(result_of(later, "memory"), "status"), "critical");
        assert_int_equal(int_at(later, "alerts", "opened"), 1);
        p.w.now += HOURS(1);
        healed = lasting(&p);
        assert_string_equal(text_at(result_of(healed, "memory"), "status"), "ok");
        assert_int_equal(int_at(healed, "alerts", "resolved"), 1);
}

static void a_clock_that_goes_back_loses_nothing(void **state)
{
        AUTO_PLACE place p = { 0 };
        AUTO_JSON msptk_json *run = NULL, *past = NULL, *again = NULL;
        int64_t samples;

        (void)state;
        place_open(&p,
                   ":memory:", "adapters: [{name: world, type: fake, devices: 3, problems: 0}]\n");
        enrol(&p);
        p.w.now += HOURS(5);
        msptk_json_free(check(&p));
        samples = count(&p, "SELECT count(*) FROM sample_20261121 WHERE ?1 = 0", 0);
        p.w.now -= HOURS(3);
        run = check(&p);
        assert_string_equal(text_at(run, "status"), "ok");
        assert_int_equal(int_at(run, "coverage", "reported"), 3);
        assert_int_equal(count(&p, "SELECT count(*) FROM sample_20261121 WHERE ?1 = 0", 0),
                         2 * samples);
        p.w.now += HOURS(4);
        again = check(&p);
        assert_int_equal(int_at(again, "coverage", "reported"), 3);
        past = world_do(&p.w, "health_history", "{'client_id':'acme','limit':1000}");
        assert_int_equal(msptk_json_count(msptk_json_get(past, "results")), 3 * samples);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_older_than_the_retention_goes_once_a_day),
                cmocka_unit_test(a_problem_is_new_then_still_there_then_fixed),
                cmocka_unit_test(an_adapter_that_fails_leaves_nothing_green),
                cmocka_unit_test(a_lease_of_another_machine_holds_until_it_expires),
                cmocka_unit_test(the_lease_of_a_process_that_was_killed_is_taken_over_at_once),
                cmocka_unit_test(history_gives_the_values_that_the_runs_saw),
                cmocka_unit_test(a_problem_counts_when_it_has_lasted),
                cmocka_unit_test(a_clock_that_goes_back_loses_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
