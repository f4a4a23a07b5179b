/* The root handle: how it opens, what it lends, how it closes, what works afterwards. */
#include "support.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <msptk/msptk.h>

static char dir[64];

static int make_dir(void **state)
{
        (void)state;
        snprintf(dir, sizeof(dir), "/tmp/msptk-toolkit-XXXXXX");
        return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
        char command[128];

        (void)state;
        snprintf(command, sizeof(command), "rm -rf '%s'", dir);
        return system(command) == 0 ? 0 : -1;
}

static void check_ok(msptk_status st, msptk_error **err, const char *file, int line)
{
        if (st < 0)
                print_error("%s: %s\n", msptk_error_code(*err), msptk_error_message(*err));
        _assert_true(st >= 0, "it worked", file, line);
}
#define OK(call) check_ok((call), &err, __FILE__, __LINE__)

/* Expects a failure and forgets its error. */
static void check_fails(msptk_status st, msptk_status want, msptk_error **err, const char *file,
                        int line)
{
        _assert_int_equal((uint64_t)(int64_t)st, (uint64_t)(int64_t)want, file, line);
        _assert_true(*err != NULL, "it says why", file, line);
        msptk_error_free(*err);
        *err = NULL;
}
#define FAILS(call, want) check_fails((call), (want), &err, __FILE__, __LINE__)

static const char *in_dir(const char *name, char out[256])
{
        snprintf(out, 256, "%s/%s", dir, name);
        return out;
}

static msptk_toolkit *open_with(uint64_t flags, const char *key, const char *value)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;

        OK(msptk_toolkit_opts_set_flags(opts, flags, &err));
        if (key)
                OK(msptk_toolkit_opts_set(opts, key, value, &err));
        if (key && !strcmp(key, "database.path")) {
                char key_file[256];

                OK(msptk_toolkit_opts_set(opts, "vault.key_file", in_dir("vault.key", key_file),
                                          &err));
        }
        OK(msptk_toolkit_open(opts, &tk, &err));
        msptk_toolkit_opts_free(opts);
        return tk;
}

static void close_and_free(msptk_toolkit *tk)
{
        msptk_error *err = NULL;

        OK(msptk_toolkit_close(tk, 10000, &err));
        msptk_toolkit_free(tk);
}

static msptk_status add_client(msptk_toolkit *tk, const char *name, msptk_error **err)
{
        return msptk_client_manager_create(msptk_toolkit_get_client_manager(tk), name, NULL, NULL,
                                           err);
}

static size_t count_clients(msptk_toolkit *tk)
{
        msptk_client_list *list = NULL;
        msptk_error *err = NULL;
        size_t n;

        OK(msptk_client_manager_list(msptk_toolkit_get_client_manager(tk), NULL, &list, &err));
        n = msptk_client_list_count(list);
        msptk_client_list_free(list);
        return n;
}

/* How often the trail says that the operation was asked for. */
static size_t count_entries(msptk_toolkit *tk, const char *operation)
{
        msptk_args *args = msptk_args_new("audit_list");
        msptk_result *result = NULL;
        msptk_error *err = NULL;
        size_t n;

        OK(msptk_args_set_str(args, "operation", operation, &err));
        OK(msptk_call(tk, args, NULL, &result, &err));
        n = msptk_json_count(msptk_json_get(msptk_result_json(result), "entries"));
        msptk_result_free(result);
        msptk_args_free(args);
        return n;
}

static int exists(const char *path)
{
        return access(path, F_OK) == 0;
}

static void write_config(const char *path, const char *text)
{
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

/* ---- opening ---- */

static void without_options_everything_is_in_memory(void **state)
{
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;

        (void)state;
        OK(msptk_toolkit_open(NULL, &tk, &err));
        OK(add_client(tk, "Acme Corp", &err));
        assert_int_equal(count_clients(tk), 1);
        close_and_free(tk);
}

static void a_lazy_toolkit_opens_nothing_until_it_is_used(void **state)
{
        char path[256];
        msptk_error *err = NULL;
        msptk_toolkit *tk = open_with(MSPTK_OPEN_LAZY, "database.path", in_dir("lazy.db", path));

        (void)state;
        assert_false(exists(path));
        OK(add_client(tk, "Acme Corp", &err));
        assert_true(exists(path));
        close_and_free(tk);
}

static void a_lazy_toolkit_says_what_is_wrong_at_the_first_use(void **state)
{
        msptk_error *err = NULL;
        msptk_toolkit *tk = open_with(MSPTK_OPEN_LAZY, "general.timezone", "Mars/Phobos");

        (void)state;
        FAILS(add_client(tk, "Acme Corp", &err), MSPTK_E_CONFIG);
        FAILS(add_client(tk, "Acme Corp", &err), MSPTK_E_CONFIG);
        close_and_free(tk);
}

static void a_read_only_toolkit_reads_and_refuses_to_change(void **state)
{
        char path[256];
        msptk_error *err = NULL;
        msptk_toolkit *tk = open_with(0, "database.path", in_dir("shared.db", path));

        (void)state;
        OK(add_client(tk, "Acme Corp", &err));
        close_and_free(tk);
        tk = open_with(MSPTK_OPEN_READ_ONLY, "database.path", path);
        assert_int_equal(count_clients(tk), 1);
        assert_int_equal(add_client(tk, "Other", &err), MSPTK_E_DENIED);
        assert_string_equal(msptk_error_reason(err), "READ_ONLY");
        msptk_error_free(err);
        assert_int_equal(count_clients(tk), 1);
        close_and_free(tk);
}

static void a_toolkit_without_changes_refuses_them_and_keeps_the_trail(void **state)
{
        char path[256];
        msptk_error *err = NULL;
        msptk_toolkit *tk = open_with(0, "database.path", in_dir("kept.db", path));

        (void)state;
        OK(add_client(tk, "Acme Corp", &err));
        close_and_free(tk);
        tk = open_with(MSPTK_OPEN_NO_CHANGES, "database.path", path);
        assert_int_equal(count_clients(tk), 1);
        assert_int_equal(add_client(tk, "Other", &err), MSPTK_E_DENIED);
        assert_string_equal(msptk_error_reason(err), "READ_ONLY");
        msptk_error_free(err);
        assert_int_equal(count_clients(tk), 1);
        close_and_free(tk);
        /* what was read and what was refused is in the trail */
        tk = open_with(0, "database.path", path);
        assert_true(count_entries(tk, "client_list") >= 2);
        assert_int_equal(count_entries(tk, "client_create"), 2);
        close_and_free(tk);
}

static void a_read_only_toolkit_makes_no_database(void **state)
{
        char path[256];
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;

        (void)state;
        OK(msptk_toolkit_opts_set_flags(opts, MSPTK_OPEN_READ_ONLY, &err));
        OK(msptk_toolkit_opts_set(opts, "database.path", in_dir("none/none.db", path), &err));
        FAILS(msptk_toolkit_open(opts, &tk, &err), MSPTK_E_IO);
        assert_null(tk);
        assert_false(exists(path));
        msptk_toolkit_opts_free(opts);
}

static void a_config_file_says_where_the_database_is(void **state)
{
        char config[256], database[256];
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;

        (void)state;
        write_config(in_dir("a.yaml", config), "database: {path: kept/a.db}\n");
        OK(msptk_toolkit_from_config(config, &tk, &err));
        OK(add_client(tk, "Acme Corp", &err));
        close_and_free(tk);
        assert_true(exists(in_dir("kept/a.db", database)));
        OK(msptk_toolkit_from_config(config, &tk, &err));
        assert_int_equal(count_clients(tk), 1);
        close_and_free(tk);
}

static void an_unknown_key_of_a_config_file_is_named(void **state)
{
        char config[256];
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;

        (void)state;
        write_config(in_dir("b.yaml", config), "general:\n  compani_name: X\n");
        assert_int_equal(msptk_toolkit_from_config(config, &tk, &err), MSPTK_E_CONFIG);
        assert_non_null(strstr(msptk_error_message(err), "compani_name"));
        assert_non_null(strstr(msptk_error_suggestion(err), "company_name"));
        msptk_error_free(err);
        err = NULL;
        assert_null(tk);
        FAILS(msptk_toolkit_from_config("/no/such/file.yaml", &tk, &err), MSPTK_E_NOTFOUND);
        FAILS(msptk_toolkit_from_config(NULL, &tk, &err), MSPTK_E_INVALID);
}

static void options_refuse_what_they_do_not_know(void **state)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;

        (void)state;
        FAILS(msptk_toolkit_opts_set_flags(opts, UINT64_C(1) << 40, &err), MSPTK_E_INVALID);
        FAILS(msptk_toolkit_opts_set(opts, "", "x", &err), MSPTK_E_INVALID);
        FAILS(msptk_toolkit_opts_set(opts, "general.company_name", "\xff", &err), MSPTK_E_INVALID);
        OK(msptk_toolkit_opts_set(opts, "no.such.key", "1", &err));
        FAILS(msptk_toolkit_open(opts, &tk, &err), MSPTK_E_CONFIG);
        assert_null(tk);
        msptk_toolkit_opts_free(opts);
        msptk_toolkit_opts_free(NULL);
        FAILS(msptk_toolkit_open(NULL, NULL, &err), MSPTK_E_INVALID);
}

static void two_toolkits_of_one_process_do_not_know_each_other(void **state)
{
        msptk_toolkit *a = open_with(0, NULL, NULL), *b = open_with(0, NULL, NULL);
        msptk_error *err = NULL;

        (void)state;
        OK(add_client(a, "Acme Corp", &err));
        assert_int_equal(count_clients(a), 1);
        assert_int_equal(count_clients(b), 0);
        close_and_free(a);
        OK(add_client(b, "Other", &err));
        assert_int_equal(count_clients(b), 1);
        close_and_free(b);
}

static void two_toolkits_of_one_process_share_a_database(void **state)
{
        char path[256];
        msptk_toolkit *a = open_with(0, "database.path", in_dir("both.db", path));
        msptk_toolkit *b = open_with(0, "database.path", path);
        msptk_error *err = NULL;

        (void)state;
        OK(add_client(a, "Acme Corp", &err));
        OK(add_client(b, "Other", &err));
        assert_int_equal(count_clients(a), 2);
        close_and_free(a);
        assert_int_equal(count_clients(b), 2);
        close_and_free(b);
}

/* ---- closing ---- */

static void after_close_handles_say_so_and_copies_still_read(void **state)
{
        msptk_toolkit *tk = open_with(0, NULL, NULL);
        msptk_client_manager *cm = msptk_toolkit_get_client_manager(tk);
        msptk_args *args = msptk_args_new("client_list");
        msptk_client *client = NULL, *other = NULL;
        msptk_result *result = NULL, *none = NULL;
        msptk_error *err = NULL;

        (void)state;
        OK(msptk_client_manager_create(cm, "Acme Corp", NULL, &client, &err));
        OK(msptk_call(tk, args, NULL, &result, &err));
        OK(msptk_toolkit_close(tk, 10000, &err));
        OK(msptk_toolkit_close(tk, 0, &err));
        assert_string_equal(msptk_client_id(client), "acme-corp");
        assert_int_equal(msptk_json_count(msptk_json_get(msptk_result_json(result), "clients")), 1);
        FAILS(msptk_client_manager_get(cm, "acme-corp", &other, &err), MSPTK_E_CLOSED);
        FAILS(msptk_call(tk, args, NULL, &none, &err), MSPTK_E_CLOSED);
        FAILS(msptk_toolkit_dispatch(tk, 0, &err), MSPTK_E_CLOSED);
        FAILS(msptk_vault_remove(msptk_toolkit_get_vault(tk), "x", &err), MSPTK_E_CLOSED);
        /* children hold their parent: the order of freeing does not matter */
        msptk_toolkit_free(tk);
        assert_string_equal(msptk_client_name(client), "Acme Corp");
        assert_non_null(msptk_result_json(result));
        msptk_result_free(result);
        msptk_client_free(client);
        msptk_args_free(args);
}

static void free_without_close_closes(void **state)
{
        char path[256], log[300];
        msptk_toolkit *tk = open_with(0, "database.path", in_dir("free.db", path));
        msptk_error *err = NULL;

        (void)state;
        OK(add_client(tk, "Acme Corp", &err));
        msptk_toolkit_free(tk);
        msptk_toolkit_free(NULL);
        snprintf(log, sizeof(log), "%s-wal", path);
        assert_false(exists(log));
        tk = open_with(0, "database.path", path);
        assert_int_equal(count_clients(tk), 1);
        close_and_free(tk);
}

static void nothing_is_no_toolkit(void **state)
{
        msptk_error *err = NULL;

        (void)state;
        FAILS(msptk_toolkit_close(NULL, 0, &err), MSPTK_E_INVALID);
        FAILS(msptk_toolkit_dispatch(NULL, 0, &err), MSPTK_E_INVALID);
        assert_int_equal(msptk_toolkit_wakeup_fd(NULL), -1);
        assert_null(msptk_toolkit_get_client_manager(NULL));
}

/* ---- a call that does not end, by a check or adapter that waits ---- */

typedef struct wait_room {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        int inside;
        int may_leave;
} wait_room;

static wait_room room = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0 };

/* An adapter that stays in `probe` until it is let go, whatever it is told. */
static void stay(void)
{
        pthread_mutex_lock(&room.lock);
        room.inside++;
        pthread_cond_broadcast(&room.changed);
        while (!room.may_leave)
                pthread_cond_wait(&room.changed, &room.lock);
        room.inside--;
        pthread_cond_broadcast(&room.changed);
        pthread_mutex_unlock(&room.lock);
}

static void wait_inside(int count)
{
        pthread_mutex_lock(&room.lock);
        while (room.inside != count)
                pthread_cond_wait(&room.changed, &room.lock);
        pthread_mutex_unlock(&room.lock);
}

static void let_go(int may_leave)
{
        pthread_mutex_lock(&room.lock);
        room.may_leave = may_leave;
        pthread_cond_broadcast(&room.changed);
        pthread_mutex_unlock(&room.lock);
}

static msptk_status stubborn_open(const msptk_host *host, const msptk_json *settings,
                                  void **ret_self, msptk_error **ret_err)
{
        (void)host;
        (void)settings;
        (void)ret_err;
        *ret_self = &room;
        return MSPTK_OK;
}

static void stubborn_close(void *self)
{
        (void)self;
}

static msptk_status stubborn_probe(void *self, const msptk_request *req, msptk_error **ret_err)
{
        (void)self;
        (void)req;
        (void)ret_err;
        stay();
        return MSPTK_OK;
}

static const msptk_adapter_info stubborn_info = {
        .struct_size = sizeof(stubborn_info),
        .type = "stubborn",
        .title = "Stubborn",
        .description = "Waits.",
};
static const msptk_adapter_ops stubborn = {
        .struct_size = sizeof(stubborn),
        .sdk_version = MSPTK_SDK_VERSION,
        .info = &stubborn_info,
        .open = stubborn_open,
        .close = stubborn_close,
        .probe = stubborn_probe,
};

static void count_end(void *user, msptk_status status, const msptk_result *result,
                      const msptk_error *err)
{
        (void)status;
        (void)result;
        (void)err;
        ++*(int *)user;
}

/* A toolkit with an asynchronous call inside the stubborn adapter: doctor probes it. */
static msptk_toolkit *stuck_toolkit(int *ends)
{
        msptk_toolkit *tk = open_with(0, "adapters", "[{name: rock, type: stubborn}]");
        msptk_args *args = msptk_args_new("doctor");
        msptk_error *err = NULL;

        let_go(0);
        OK(msptk_toolkit_register_adapter(tk, &stubborn, &err));
        OK(msptk_call_async(tk, args, NULL, count_end, ends, NULL, &err));
        msptk_args_free(args);
        wait_inside(1);
        return tk;
}

static void close_waits_for_what_runs_and_may_be_called_again(void **state)
{
        static int ends; /* outlives this function, as the call may */
        msptk_toolkit *tk = stuck_toolkit(&ends);
        msptk_error *err = NULL;

        (void)state;
        assert_int_equal(msptk_toolkit_close(tk, 20, &err), MSPTK_E_TIMEOUT);
        assert_non_null(strstr(msptk_error_message(err), "doctor"));
        msptk_error_free(err);
        err = NULL;
        FAILS(add_client(tk, "Acme Corp", &err), MSPTK_E_CLOSED);
        FAILS(msptk_toolkit_close(tk, 0, &err), MSPTK_E_TIMEOUT);
        let_go(1);
        OK(msptk_toolkit_close(tk, 10000, &err));
        wait_inside(0);
        msptk_toolkit_free(tk);
}

static void free_leaves_running_work_its_memory(void **state)
{
        static int ends; /* outlives this function, as the call may */
        msptk_toolkit *tk = stuck_toolkit(&ends);

        (void)state;
        msptk_toolkit_free(tk);
        let_go(1);
        wait_inside(0);
}

static void a_deadline_below_zero_is_refused(void **state)
{
        msptk_toolkit *tk = open_with(0, NULL, NULL);
        msptk_error *err = NULL;

        (void)state;
        FAILS(msptk_toolkit_close(tk, -1, &err), MSPTK_E_INVALID);
        close_and_free(tk);
}

/* ---- the host's loop ---- */

static void the_descriptor_says_when_a_call_has_ended(void **state)
{
        msptk_toolkit *tk = open_with(0, NULL, NULL);
        msptk_args *args = msptk_args_new("client_list");
        struct pollfd fd = { .fd = msptk_toolkit_wakeup_fd(tk), .events = POLLIN };
        msptk_error *err = NULL;
        int ends = 0;

        (void)state;
        assert_true(fd.fd >= 0);
        assert_int_equal(poll(&fd, 1, 0), 0);
        assert_int_equal(msptk_toolkit_dispatch(tk, 0, &err), MSPTK_DONE);
        OK(msptk_call_async(tk, args, NULL, count_end, &ends, NULL, &err));
        assert_int_equal(ends, 0);
        assert_int_equal(poll(&fd, 1, 20000), 1);
        assert_int_equal(msptk_toolkit_dispatch(tk, 0, &err), MSPTK_OK);
        assert_int_equal(ends, 1);
        assert_int_equal(poll(&fd, 1, 0), 0);
        msptk_args_free(args);
        close_and_free(tk);
}

typedef struct ended {
        int told, destroyed;
} ended;

static void tell(void *user, msptk_status status, const msptk_result *result,
                 const msptk_error *err)
{
        ended *e = user;

        (void)result;
        (void)err;
        e->told += status == MSPTK_OK;
}

static void destroy_ended(void *user)
{
        ended *e = user;

        __atomic_store_n(&e->destroyed, 1, __ATOMIC_RELEASE);
}

static void the_library_dispatches_by_itself_when_asked(void **state)
{
        msptk_toolkit *tk = open_with(MSPTK_OPEN_DISPATCH_THREAD, NULL, NULL);
        msptk_args *args = msptk_args_new("client_list");
        msptk_error *err = NULL;
        static ended end;

        (void)state;
        end = (ended){ 0 };
        OK(msptk_call_async(tk, args, NULL, tell, &end, destroy_ended, &err));
        while (!__atomic_load_n(&end.destroyed, __ATOMIC_ACQUIRE))
                sched_yield();
        assert_int_equal(end.told, 1);
        msptk_args_free(args);
        close_and_free(tk);
}

static int64_t host_clock(void *user)
{
        return *(int64_t *)user;
}

static void the_clock_of_the_host_is_the_only_clock(void **state)
{
        static int64_t now = INT64_C(1900000000000000); /* 2030-03-17 */
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_client *client = NULL;
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;

        (void)state;
        msptk_toolkit_opts_set_clock(opts, host_clock, &now);
        OK(msptk_toolkit_open(opts, &tk, &err));
        msptk_toolkit_opts_free(opts);
        OK(msptk_client_manager_create(msptk_toolkit_get_client_manager(tk), "Acme Corp", NULL,
                                       &client, &err));
        assert_string_equal(
                msptk_json_string(msptk_json_get(msptk_client_json(client), "created_at"), ""),
                "2030-03-17T17:46:40.000000Z");
        msptk_client_free(client);
        close_and_free(tk);
}

/* ---- registration ---- */

static void a_missing_slot_is_named(void **state)
{
        msptk_toolkit *tk = open_with(0, NULL, NULL);
        msptk_metric_ops no_collect = { .struct_size = sizeof(no_collect) };
        msptk_adapter_ops ops = stubborn;
        msptk_error *err = NULL;

        (void)state;
        ops.probe = NULL;
        assert_int_equal(msptk_toolkit_register_adapter(tk, &ops, &err), MSPTK_E_INVALID);
        assert_non_null(strstr(msptk_error_message(err), "probe"));
        msptk_error_free(err);
        err = NULL;
        ops = stubborn;
        ops.metrics = &no_collect;
        assert_int_equal(msptk_toolkit_register_adapter(tk, &ops, &err), MSPTK_E_INVALID);
        assert_non_null(strstr(msptk_error_message(err), "metrics.collect"));
        msptk_error_free(err);
        err = NULL;
        ops = stubborn;
        ops.sdk_version = 1000;
        FAILS(msptk_toolkit_register_adapter(tk, &ops, &err), MSPTK_E_INVALID);
        FAILS(msptk_toolkit_register_adapter(tk, NULL, &err), MSPTK_E_INVALID);
        OK(msptk_toolkit_register_adapter(tk, &stubborn, &err));
        FAILS(msptk_toolkit_register_adapter(tk, &stubborn, &err), MSPTK_E_EXISTS);
        close_and_free(tk);
}

static msptk_status no_work(void *user, const msptk_check_host *host, const msptk_json *context,
                            msptk_error **ret_err)
{
        (void)user;
        (void)context;
        (void)ret_err;
        return host->report(host, NULL, MSPTK_STATE_OK, "fine", NULL);
}

static void set_flag(void *user)
{
        __atomic_store_n((int *)user, 1, __ATOMIC_RELEASE);
}

static void a_check_is_registered_once_and_destroyed_once(void **state)
{
        msptk_toolkit *tk = open_with(0, NULL, NULL);
        static int destroyed;
        msptk_check_ops ops = { .struct_size = sizeof(ops),
                                .sdk_version = MSPTK_SDK_VERSION,
                                .name = "idle",
                                .version = "1.0",
                                .execute = no_work,
                                .destroy = set_flag };
        msptk_check_ops bad = ops;
        msptk_error *err = NULL;

        (void)state;
        bad.execute = NULL;
        assert_int_equal(msptk_toolkit_register_plugin(tk, &bad, NULL, &err), MSPTK_E_INVALID);
        assert_non_null(strstr(msptk_error_message(err), "execute"));
        msptk_error_free(err);
        err = NULL;
        OK(msptk_toolkit_register_plugin(tk, &ops, &destroyed, &err));
        FAILS(msptk_toolkit_register_plugin(tk, &ops, &destroyed, &err), MSPTK_E_EXISTS);
        assert_int_equal(destroyed, 0);
        close_and_free(tk);
        assert_int_equal(destroyed, 1);
}

static void adapters_are_lent_by_name(void **state)
{
        msptk_toolkit *tk = open_with(0, "adapters", "[{name: world, type: fake}]");
        msptk_rmm_adapter *a = NULL, *b = NULL;
        msptk_error *err = NULL;

        (void)state;
        OK(msptk_toolkit_get_rmm_adapter(tk, "world", &a, &err));
        OK(msptk_toolkit_get_rmm_adapter(tk, NULL, &b, &err));
        assert_ptr_equal(a, b);
        assert_int_equal(msptk_toolkit_get_rmm_adapter(tk, "wrld", &b, &err), MSPTK_E_NOTFOUND);
        assert_string_equal(msptk_error_reason(err), "ADAPTER_NOT_FOUND");
        assert_true(strstr(msptk_error_suggestion(err), "world") ||
                    strstr(msptk_error_message(err), "world"));
        msptk_error_free(err);
        close_and_free(tk);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(without_options_everything_is_in_memory),
                cmocka_unit_test(a_lazy_toolkit_opens_nothing_until_it_is_used),
                cmocka_unit_test(a_lazy_toolkit_says_what_is_wrong_at_the_first_use),
                cmocka_unit_test(a_read_only_toolkit_reads_and_refuses_to_change),
                cmocka_unit_test(a_toolkit_without_changes_refuses_them_and_keeps_the_trail),
                cmocka_unit_test(a_read_only_toolkit_makes_no_database),
                cmocka_unit_test(a_config_file_says_where_the_database_is),
                cmocka_unit_test(an_unknown_key_of_a_config_file_is_named),
                cmocka_unit_test(options_refuse_what_they_do_not_know),
                cmocka_unit_test(two_toolkits_of_one_process_do_not_know_each_other),
                cmocka_unit_test(two_toolkits_of_one_process_share_a_database),
                cmocka_unit_test(after_close_handles_say_so_and_copies_still_read),
                cmocka_unit_test(free_without_close_closes),
                cmocka_unit_test(nothing_is_no_toolkit),
                cmocka_unit_test(close_waits_for_what_runs_and_may_be_called_again),
                cmocka_unit_test(free_leaves_running_work_its_memory),
                cmocka_unit_test(a_deadline_below_zero_is_refused),
                cmocka_unit_test(the_descriptor_says_when_a_call_has_ended),
                cmocka_unit_test(the_library_dispatches_by_itself_when_asked),
                cmocka_unit_test(the_clock_of_the_host_is_the_only_clock),
                cmocka_unit_test(a_missing_slot_is_named),
                cmocka_unit_test(a_check_is_registered_once_and_destroyed_once),
                cmocka_unit_test(adapters_are_lent_by_name),
        };

        return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
