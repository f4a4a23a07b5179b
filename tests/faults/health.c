/* Every allocation fails once, and from some point on for good, while the health of a client with
 * devices is checked. Afterwards the audit trail verifies, and what the store claims is there:
 * every sample has its series and its evidence, every run its rows. */
#include "support.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <msptk/msptk.h>

#include "fault.h"
#include "store/store.h"

typedef struct place {
        char dir[64], database[128], key[128];
        int64_t now;
} place;

static int64_t place_clock(void *user)
{
        return ((place *)user)->now;
}

static void place_begin(place *p)
{
        memset(p, 0, sizeof(*p));
        p->now = INT64_C(1795262400) * 1000000;
        snprintf(p->dir, sizeof(p->dir), "%s/msptk-faults-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        assert_non_null(mkdtemp(p->dir));
        snprintf(p->database, sizeof(p->database), "%s/db", p->dir);
        snprintf(p->key, sizeof(p->key), "%s/key", p->dir);
}

static void place_end(const place *p)
{
        DIR *d = opendir(p->dir);
        char path[512];

        for (struct dirent *e; d && (e = readdir(d));) {
                snprintf(path, sizeof(path), "%s/%s", p->dir, e->d_name);
                unlink(path);
        }
        if (d)
                closedir(d);
        rmdir(p->dir);
}

static msptk_toolkit *open_toolkit(place *p)
{
        msptk_toolkit_opts *o = msptk_toolkit_opts_new();
        msptk_toolkit *tk = NULL;

        assert_int_equal(msptk_toolkit_opts_set(o, "database.path", p->database, NULL), MSPTK_OK);
        assert_int_equal(msptk_toolkit_opts_set(o, "vault.key_file", p->key, NULL), MSPTK_OK);
        assert_int_equal(
                msptk_toolkit_opts_set(
                        o, "adapters",
                        "[{name: world, type: fake, devices: 3, problems: 0.6, drift: 20}]", NULL),
                MSPTK_OK);
        msptk_toolkit_opts_set_clock(o, place_clock, p);
        assert_int_equal(msptk_toolkit_open(o, &tk, NULL), MSPTK_OK);
        msptk_toolkit_opts_free(o);
        return tk;
}

static void must_call(msptk_toolkit *tk, const char *operation, const char *key, const char *value,
                      const char *key2, const char *value2)
{
        msptk_args *args = msptk_args_new(operation);
        msptk_result *result = NULL;
        msptk_error *err = NULL;

        assert_int_equal(msptk_args_set_str(args, key, value, NULL), MSPTK_OK);
        if (key2)
                assert_int_equal(msptk_args_set_str(args, key2, value2, NULL), MSPTK_OK);
        if (msptk_call(tk, args, NULL, &result, &err) < 0)
                fail_msg("%s: %s", operation, msptk_error_message(err));
        msptk_result_free(result);
        msptk_args_free(args);
}

/* One run; whether it said that all of it is well. */
static bool check(msptk_toolkit *tk, const msptk_args *args)
{
        msptk_result *result = NULL;
        msptk_error *err = NULL;
        msptk_status st = msptk_call(tk, args, NULL, &result, &err);
        bool whole = false;

        if (st < 0) {
                assert_non_null(err);
                assert_true(msptk_error_message(err)[0]);
                msptk_error_free(err);
                return false;
        }
        assert_null(err);
        whole = !msptk_json_count(msptk_json_get(msptk_result_json(result), "failed"));
        msptk_result_free(result);
        return whole;
}

static int64_t count(store_tx *tx, const char *sql)
{
        int64_t n = -1;

        assert_int_equal(msptk__query_int_values(tx, &n, NULL, sql, NULL, 0), MSPTK_OK);
        return n;
}

static void assert_day_is_whole(store_tx *tx, int32_t day)
{
        static const char *const parts[] = { "evidence", "series" };
        char sql[200];

        for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
                snprintf(sql, sizeof(sql),
                         "SELECT count(*) FROM sample_%d WHERE %s NOT IN (SELECT id FROM %s)",
                         (int)day, parts[i], parts[i]);
                assert_int_equal(count(tx, sql), 0);
        }
}

/* A state is that of the sample taken last, so none was judged without being stored. */
static void assert_states_are_stored(store_tx *tx)
{
        AUTO_STMT store_stmt *q = NULL;
        int64_t seen = 0;

        assert_int_equal(msptk__query_values(tx, &q, NULL,
                                             "SELECT id, status FROM series WHERE retired = 0",
                                             NULL, 0),
                         MSPTK_OK);
        for (; msptk__stmt_step(q, NULL) == MSPTK_OK; seen++) {
                store_sample last;

                assert_int_equal(
                        msptk__store_samples_last(tx, msptk__stmt_int(q, 0), 0, &last, NULL),
                        MSPTK_OK);
                assert_int_equal(last.status, msptk__stmt_int(q, 1));
        }
        assert_true(seen > 10);
}

static void assert_true_to_itself(const place *p)
{
        const store_options o = { .path = p->database };
        AUTO_STORE store *s = NULL;
        AUTO_TX store_tx *tx = NULL;
        int32_t days[64];
        size_t n = 0;

        assert_int_equal(msptk__store_open(&o, &s, NULL), MSPTK_OK);
        assert_int_equal(msptk__tx_begin(s, TX_READ, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__store_sample_days(tx, 0, days, ARRAY_LEN(days), &n, NULL),
                         MSPTK_OK);
        assert_true(n > 0);
        for (size_t i = 0; i < n; i++)
                assert_day_is_whole(tx, days[i]);
        assert_states_are_stored(tx);
        assert_int_equal(count(tx, "SELECT count(*) FROM state_change WHERE evidence NOT IN"
                                   " (SELECT id FROM evidence)"),
                         0);
        assert_int_equal(count(tx, "SELECT count(*) FROM run_page WHERE run_id NOT IN"
                                   " (SELECT id FROM run)"),
                         0);
        assert_int_equal(count(tx, "SELECT count(*) FROM run_lease WHERE expires > 0"), 0);
        msptk__tx_rollback(&tx);
}

static void assert_trail_verifies(msptk_toolkit *tk)
{
        msptk_args *args = msptk_args_new("audit_verify");
        msptk_result *result = NULL;

        assert_int_equal(msptk_call(tk, args, NULL, &result, NULL), MSPTK_OK);
        assert_int_equal(msptk_result_verdict(result), 0);
        msptk_result_free(result);
        msptk_args_free(args);
}

static void a_run_survives_any_failed_allocation(void **state)
{
        msptk_args *args = msptk_args_new("health_check");
        msptk_toolkit *tk;
        place p;

        (void)state;
        place_begin(&p);
        tk = open_toolkit(&p);
        must_call(tk, "client_create", "name", "Acme", NULL, NULL);
        must_call(tk, "device_scan", "client_id", "acme", "adapter", "world");
        assert_int_equal(msptk_args_set_str(args, "client_id", "acme", NULL), MSPTK_OK);
        assert_int_equal(msptk_args_set_int(args, "limit", 3, NULL), MSPTK_OK);
        assert_true(check(tk, args));
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                bool whole;

                p.now += 1000000;
                whole = check(tk, args);
                if (!fault_was_hit(&fault))
                        assert_true(whole);
                /* A lease that could not be given back ends by itself. */
                if (!whole)
                        p.now += INT64_C(91) * 1000000;
        }
        p.now += INT64_C(91) * 1000000;
        assert_true(check(tk, args));
        assert_trail_verifies(tk);
        assert_int_equal(msptk_toolkit_close(tk, 60000, NULL), MSPTK_OK);
        msptk_toolkit_free(tk);
        msptk_args_free(args);
        assert_true_to_itself(&p);
        place_end(&p);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_run_survives_any_failed_allocation),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
