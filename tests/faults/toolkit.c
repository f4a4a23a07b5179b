/* Every allocation and every call of the file layer fails once, and from some point on for good,
 * while a toolkit is opened, used and closed. Afterwards nothing that was acknowledged is missing
 * and the audit trail verifies. */
#define ROOM "test"
#include "support.h"

#include <dirent.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <msptk/msptk.h>

#include "base/base.h"
#include "fault.h"
#include "testvfs.h"

enum { ACKED_MAX = 65536 };

typedef struct world {
        char dir[64], database[128], key[128];
        char (*acked)[24]; /* ids of clients whose creation was acknowledged */
        size_t acked_count;
        long serial;
        msptk_args *few; /* a list that does not grow from round to round */
} world;

static void world_begin(world *w)
{
        memset(w, 0, sizeof(*w));
        snprintf(w->dir, sizeof(w->dir), "%s/msptk-faults-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        assert_non_null(mkdtemp(w->dir));
        snprintf(w->database, sizeof(w->database), "%s/db", w->dir);
        snprintf(w->key, sizeof(w->key), "%s/key", w->dir);
        w->few = msptk_args_new("client_list");
        assert_int_equal(msptk_args_set_int(w->few, "limit", 3, NULL), MSPTK_OK);
        w->acked = calloc(ACKED_MAX, sizeof(*w->acked));
        assert_non_null(w->acked);
}

static void empty_directory(const world *w)
{
        DIR *d = opendir(w->dir);
        char path[512];

        for (struct dirent *e; d && (e = readdir(d));) {
                snprintf(path, sizeof(path), "%s/%s", w->dir, e->d_name);
                unlink(path);
        }
        if (d)
                closedir(d);
}

static void world_end(world *w)
{
        empty_directory(w);
        rmdir(w->dir);
        msptk_args_free(w->few);
        free(w->acked);
}

static msptk_status open_toolkit(const world *w, msptk_toolkit **ret_tk, msptk_error **ret_err)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_status st;

        if (!opts)
                return MSPTK_E_NOMEM;
        st = msptk_toolkit_opts_set(opts, "database.path", w->database, ret_err);
        if (st == MSPTK_OK)
                st = msptk_toolkit_opts_set(opts, "vault.key_file", w->key, ret_err);
        if (st == MSPTK_OK)
                st = msptk_toolkit_opts_set(opts, "adapters",
                                            "[{name: world, type: fake, devices: 2, problems: 1}]",
                                            ret_err);
        if (st == MSPTK_OK)
                st = msptk_toolkit_open(opts, ret_tk, ret_err);
        msptk_toolkit_opts_free(opts);
        return st;
}

static msptk_status add_client(world *w, msptk_toolkit *tk, msptk_error **ret_err)
{
        msptk_client *client = NULL;
        char name[32];
        msptk_status st;

        snprintf(name, sizeof(name), "Client %ld", ++w->serial);
        st = msptk_client_manager_create(msptk_toolkit_get_client_manager(tk), name, NULL, &client,
                                         ret_err);
        if (st == MSPTK_OK) {
                assert_true(w->acked_count < ACKED_MAX);
                snprintf(w->acked[w->acked_count++], 24, "%s", msptk_client_id(client));
        }
        msptk_client_free(client);
        return st;
}

static msptk_status check_health(const world *w, msptk_toolkit *tk, msptk_error **ret_err)
{
        msptk_check_results *results = NULL;
        msptk_status st = MSPTK_OK;

        if (!w->acked_count)
                return MSPTK_OK;
        st = msptk_health_monitor_run_checks(msptk_toolkit_get_health_monitor(tk),
                                             w->acked[w->acked_count - 1], NULL, NULL, &results,
                                             ret_err);
        if (st >= 0)
                msptk_check_results_free(results);
        return st;
}

/* What a failure must look like: a status and, unless memory was short, words for it. */
static void assert_told(msptk_status st, msptk_error **err)
{
        if (st < 0) {
                if (!*err)
                        print_error("%s without an error\n", msptk_status_name(st));
                assert_non_null(*err);
                assert_true(msptk_error_message(*err)[0]);
                msptk_error_free(*err);
                *err = NULL;
        }
        assert_null(*err);
}

/* Open, add a client, check its health, read a list, close: as far as it gets. Says whether all of
 * it went well. */
static bool one_life(world *w)
{
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;
        msptk_client_list *list = NULL;
        msptk_status st = open_toolkit(w, &tk, &err), worst = st;

        if (st < 0) {
                assert_null(tk);
                if (st == MSPTK_E_NOMEM && !err)
                        return false;
                assert_told(st, &err);
                return false;
        }
        st = add_client(w, tk, &err);
        assert_told(st, &err);
        worst = st < worst ? st : worst;
        st = check_health(w, tk, &err);
        assert_told(st, &err);
        worst = st < worst ? st : worst;
        st = msptk_client_manager_list(msptk_toolkit_get_client_manager(tk), w->few, &list, &err);
        if (st >= 0)
                msptk_client_list_free(list);
        assert_told(st, &err);
        worst = st < worst ? st : worst;
        st = msptk_toolkit_close(tk, 60000, &err);
        assert_told(st, &err);
        msptk_toolkit_free(tk);
        return worst >= 0;
}

#define must(call) \
        do { \
                if ((call) < 0) \
                        fail_msg("after a fault, %s: %s", #call, msptk_error_message(err)); \
        } while (0)

/* Everything that was acknowledged is there, and the trail verifies. */
static void assert_consistent(const world *w)
{
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;
        msptk_args *args = msptk_args_new("audit_verify");
        msptk_result *result = NULL;

        must(open_toolkit(w, &tk, &err));
        /* All at the end; the newest of each round. */
        if (w->acked_count) {
                msptk_client *client = NULL;

                must(msptk_client_manager_get(msptk_toolkit_get_client_manager(tk),
                                              w->acked[w->acked_count - 1], &client, &err));
                msptk_client_free(client);
        }
        must(msptk_call(tk, args, NULL, &result, &err));
        if (msptk_result_verdict(result) != 0) {
                char *text = NULL;

                msptk_json_print(msptk_result_json(result), 0, &text, NULL);
                fail_msg("the trail does not verify: %s", text);
        }
        msptk_result_free(result);
        msptk_args_free(args);
        must(msptk_toolkit_close(tk, 60000, &err));
        msptk_toolkit_free(tk);
}

static void assert_all_acknowledged_are_there(const world *w)
{
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;

        must(open_toolkit(w, &tk, &err));
        for (size_t i = 0; i < w->acked_count; i++) {
                msptk_client *client = NULL;

                must(msptk_client_manager_get(msptk_toolkit_get_client_manager(tk), w->acked[i],
                                              &client, &err));
                msptk_client_free(client);
        }
        must(msptk_toolkit_close(tk, 60000, &err));
        msptk_toolkit_free(tk);
}

/* The database stays from round to round; every eighth round looks at it. */
static void a_life_survives_any_failed_allocation(void **state)
{
        world w;

        (void)state;
        world_begin(&w);
        assert_true(one_life(&w));
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                bool fine = one_life(&w);

                if (!fault_was_hit(&fault))
                        assert_true(fine);
                if (fault.rounds % 8 == 0)
                        assert_consistent(&w);
        }
        assert_consistent(&w);
        assert_all_acknowledged_are_there(&w);
        world_end(&w);
}

/* From an empty directory: key, database and tables are made. */
static void a_first_life_survives_any_failed_allocation(void **state)
{
        world w;

        (void)state;
        world_begin(&w);
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                bool fine = one_life(&w);

                if (!fault_was_hit(&fault))
                        assert_true(fine);
                if (fault.rounds % 4 == 0)
                        assert_consistent(&w);
                w.acked_count = 0;
                empty_directory(&w);
        }
        world_end(&w);
}

/* Points of failure of one life, all of the first hundred and of the others a slice. */
static long next_point(long n)
{
        const char *seed = getenv("MSPTK_SEED");
        const char *full = getenv("MSPTK_FULL");
        long shift = seed ? strtol(seed, NULL, 10) : 0;

        n++;
        if (n <= 60 || (full && *full == '1'))
                return n;
        while (n % 7 != shift % 7)
                n++;
        return n;
}

static void a_life_survives_any_failed_call_of_the_file_layer(void **state)
{
        testvfs *v = testvfs_new("toolkit-faults");
        static const int hows[] = { VFS_ERROR, VFS_FULL, VFS_TORN };
        world w;
        long rounds = 0;

        (void)state;
        assert_int_equal(sqlite3_vfs_register(sqlite3_vfs_find("toolkit-faults"), 1), SQLITE_OK);
        world_begin(&w);
        assert_true(one_life(&w));
        for (int pass = 0; pass < 6; pass++) {
                bool hit = true;

                for (long n = next_point(0); hit; n = next_point(n)) {
                        bool fine;

                        testvfs_fail(v, VFS_ALL & ~VFS_LOCK, n, hows[pass / 2], pass & 1);
                        fine = one_life(&w);
                        hit = testvfs_stop(v);
                        if (!hit && !fine)
                                fail_msg("point %ld of pass %d: failed without a fault", n, pass);
                        if (++rounds % 4 == 0)
                                assert_consistent(&w);
                }
        }
        printf("%ld rounds\n", rounds);
        assert_consistent(&w);
        assert_all_acknowledged_are_there(&w);
        world_end(&w);
        testvfs_free(v);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_life_survives_any_failed_allocation),
                cmocka_unit_test(a_first_life_survives_any_failed_allocation),
                cmocka_unit_test(a_life_survives_any_failed_call_of_the_file_layer),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
