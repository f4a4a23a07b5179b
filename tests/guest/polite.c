/* The library leaves its host's process as it found it. The first tests show that the watcher sees
 * what it watches. */
#include "support.h"
#include "watch.h"

#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <msptk/msptk.h>

static char report[4096];

static int changes(void (*body)(void), void (*undo)(void), unsigned may_differ)
{
        watch *before = watch_take(), *after;
        int n;

        body();
        after = watch_take();
        undo();
        assert_non_null(before);
        assert_non_null(after);
        n = watch_compare(before, after, may_differ, report, sizeof(report));
        watch_free(before);
        watch_free(after);
        return n;
}

static void nothing(void)
{
}

static int a_descriptor;

static void open_one(void)
{
        a_descriptor = open("/dev/null", O_RDONLY);
}

static void close_one(void)
{
        close(a_descriptor);
}

static void ignore_pipes(void)
{
        signal(SIGPIPE, SIG_IGN);
}

static void restore_pipes(void)
{
        signal(SIGPIPE, SIG_DFL);
}

static void block_usr1(void)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void unblock_usr1(void)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void set_variable(void)
{
        setenv("MSPTK_GUEST", "1", 1);
}

static void unset_variable(void)
{
        unsetenv("MSPTK_GUEST");
}

static char old_cwd[4096];

static void go_away(void)
{
        assert_non_null(getcwd(old_cwd, sizeof(old_cwd)));
        assert_int_equal(chdir("/"), 0);
}

static void come_back(void)
{
        assert_int_equal(chdir(old_cwd), 0);
}

static mode_t old_umask;

static void change_umask(void)
{
        old_umask = umask(0123);
}

static void restore_umask(void)
{
        umask(old_umask);
}

static void change_locale(void)
{
        setlocale(LC_ALL, "C.UTF-8");
}

static void restore_locale(void)
{
        setlocale(LC_ALL, "C");
}

static void round_up(void)
{
        fesetround(FE_UPWARD);
}

static void round_nearest(void)
{
        fesetround(FE_TONEAREST);
}

static pthread_t a_thread;
static int thread_pipe[2];

static void *wait_for_pipe(void *unused)
{
        char c;

        (void)unused;
        return read(thread_pipe[0], &c, 1) < 0 ? &thread_pipe : NULL;
}

static void start_thread(void)
{
        assert_int_equal(pthread_create(&a_thread, NULL, wait_for_pipe, NULL), 0);
}

static void end_thread(void)
{
        assert_int_equal(write(thread_pipe[1], "x", 1), 1);
        pthread_join(a_thread, NULL);
}

static void the_watcher_sees_each_rudeness(void **state)
{
        (void)state;
        assert_int_equal(changes(nothing, nothing, 0), 0);
        assert_true(changes(open_one, close_one, 0) > 0);
        assert_int_equal(changes(open_one, close_one, WATCH_DESCRIPTORS), 0);
        assert_true(changes(ignore_pipes, restore_pipes, 0) > 0);
        assert_true(changes(block_usr1, unblock_usr1, 0) > 0);
        assert_true(changes(set_variable, unset_variable, 0) > 0);
        assert_true(changes(go_away, come_back, 0) > 0);
        assert_true(changes(change_umask, restore_umask, 0) > 0);
        assert_true(changes(change_locale, restore_locale, 0) > 0);
        assert_true(changes(round_up, round_nearest, 0) > 0);
        assert_int_equal(changes(nothing, nothing, 0), 0);
}

static void the_watcher_sees_a_thread(void **state)
{
        (void)state;
        assert_int_equal(pipe(thread_pipe), 0);
        assert_true(changes(start_thread, end_thread, 0) > 0);
        assert_int_equal(changes(start_thread, end_thread, WATCH_THREADS), 0);
        close(thread_pipe[0]);
        close(thread_pipe[1]);
}

static void the_watcher_hears_a_word(void **state)
{
        long bytes;

        (void)state;
        assert_int_equal(watch_quiet_begin(), 0);
        fputs("four", stderr);
        fputs("five5", stdout);
        bytes = watch_quiet_end();
        assert_int_equal(bytes, 9);
}

/* What went wrong in a use; it says so only after the streams are restored, or nobody would read
 * it. */
static const char *went_wrong;

static void expect(int truth, const char *what)
{
        if (!truth && !went_wrong)
                went_wrong = what;
}

static void start_use_and_end(void)
{
        static const char in[] = "{\"load\": [0.5, 1e3]}";
        msptk_error *err = NULL;
        msptk_json *tree = NULL;
        char *text = NULL;

        expect(msptk_init(&err) == MSPTK_OK, "first start");
        expect(msptk_init(&err) == MSPTK_OK, "second start");
        msptk_fini();
        expect(msptk_json_parse(in, strlen(in), &tree, &err) == MSPTK_OK, "reading JSON");
        expect(msptk_json_print(tree, 0, &text, &err) == MSPTK_OK, "writing JSON");
        expect(text && strstr(text, "0.5"), "the JSON text");
        msptk_string_free(text);
        msptk_json_free(tree);
        msptk_error_set(&err, MSPTK_E_IO, "guest", "a file failed");
        expect(msptk_error_status(err) == MSPTK_E_IO, "making an error");
        msptk_error_free(err);
        msptk_fini();
}

/* Runs a use of the library, silently; nothing may differ afterwards, and nothing may have been
 * written. */
static void leaves_no_trace(void (*use)(void))
{
        long bytes;
        int n;

        went_wrong = NULL;
        assert_int_equal(watch_quiet_begin(), 0);
        n = changes(use, nothing, 0);
        bytes = watch_quiet_end();
        assert_string_equal(went_wrong ? went_wrong : "", "");
        assert_string_equal(report, "");
        assert_int_equal(n, 0);
        assert_int_equal(bytes, 0);
}

static void starting_and_ending_leaves_no_trace(void **state)
{
        (void)state;
        leaves_no_trace(start_use_and_end);
        leaves_no_trace(start_use_and_end);
}

/* ---- toolkits ---- */

static msptk_toolkit *tk;
static uint64_t open_flags;
static const char *database, *key_file;

static void open_it(void)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_error *err = NULL;

        expect(msptk_toolkit_opts_set_flags(opts, open_flags, &err) == MSPTK_OK, "flags");
        if (database)
                expect(msptk_toolkit_opts_set(opts, "database.path", database, &err) == MSPTK_OK &&
                               msptk_toolkit_opts_set(opts, "vault.key_file", key_file, &err) ==
                                       MSPTK_OK,
                       "the paths");
        expect(msptk_toolkit_open(opts, &tk, &err) == MSPTK_OK, "opening");
        msptk_error_free(err);
        msptk_toolkit_opts_free(opts);
}

static void call_it(const char *operation, const char *client)
{
        msptk_args *args = msptk_args_new(operation);
        msptk_result *result = NULL;
        msptk_error *err = NULL;

        if (client)
                expect(msptk_args_set_str(args, "client_id", client, NULL) == MSPTK_OK, "a client");
        if (!strcmp(operation, "device_add"))
                expect(msptk_args_set_str(args, "this_machine", "true", NULL) == MSPTK_OK,
                       "this machine");
        expect(msptk_call(tk, args, NULL, &result, &err) == MSPTK_OK, operation);
        msptk_error_free(err);
        msptk_result_free(result);
        msptk_args_free(args);
}

static void note_end(void *user, msptk_status status, const msptk_result *result,
                     const msptk_error *err)
{
        (void)result;
        (void)err;
        expect(status == MSPTK_OK, "the asynchronous call");
        __atomic_add_fetch((int *)user, 1, __ATOMIC_RELEASE);
}

static void call_it_in_the_background(void)
{
        msptk_args *args = msptk_args_new("client_list");
        msptk_error *err = NULL;
        static int ends;

        __atomic_store_n(&ends, 0, __ATOMIC_RELEASE);
        expect(msptk_call_async(tk, args, NULL, note_end, &ends, NULL, &err) == MSPTK_OK,
               "starting an asynchronous call");
        while (!went_wrong && !__atomic_load_n(&ends, __ATOMIC_ACQUIRE)) {
                if (open_flags & MSPTK_OPEN_DISPATCH_THREAD)
                        sched_yield();
                else
                        expect(msptk_toolkit_dispatch(tk, 20000, NULL) == MSPTK_OK, "dispatching");
        }
        msptk_error_free(err);
        msptk_args_free(args);
}

/* A change, reads, a real look at the machine, a secret, an error, a call in the background. */
static void use_it(void)
{
        msptk_client_manager *cm = msptk_toolkit_get_client_manager(tk);
        msptk_client *client = NULL;
        msptk_error *err = NULL;

        expect(msptk_client_manager_create(cm, "Acme Corp", NULL, NULL, NULL) == MSPTK_OK,
               "adding a client");
        expect(msptk_client_manager_get(cm, "nobody", &client, &err) == MSPTK_E_NOTFOUND,
               "a client that is not there");
        msptk_error_free(err);
        expect(msptk_vault_set(msptk_toolkit_get_vault(tk), "key", "value", 5, NULL) == MSPTK_OK,
               "a secret");
        call_it("client_list", NULL);
        call_it("device_add", "acme-corp");
        call_it("health_check", "acme-corp");
        call_it("health_check", NULL);
        call_it("audit_verify", NULL);
        call_it("doctor", NULL);
        call_it_in_the_background();
}

static void close_it(void)
{
        expect(msptk_toolkit_close(tk, 20000, NULL) == MSPTK_OK, "closing");
        msptk_toolkit_free(tk);
        tk = NULL;
}

static void open_use_and_close(void)
{
        open_it();
        use_it();
        close_it();
}

static void open_use_and_free(void)
{
        open_it();
        use_it();
        msptk_toolkit_free(tk);
        tk = NULL;
}

static void open_and_use(void)
{
        open_it();
        use_it();
}

static void fail_to_open(void)
{
        msptk_error *err = NULL;

        expect(msptk_toolkit_from_config("/no/such/file", &tk, &err) == MSPTK_E_NOTFOUND,
               "a file that is not there");
        msptk_error_free(err);
}

static void open_two(void)
{
        msptk_toolkit *first;

        open_it();
        first = tk;
        open_it();
        use_it();
        close_it();
        tk = first;
        use_it();
        close_it();
}

static void a_toolkit_leaves_no_trace(void **state)
{
        (void)state;
        leaves_no_trace(open_use_and_close);
        leaves_no_trace(open_use_and_close);
        leaves_no_trace(open_two);
        leaves_no_trace(fail_to_open);
}

static void a_toolkit_with_a_thread_of_its_own_leaves_no_trace(void **state)
{
        (void)state;
        open_flags = MSPTK_OPEN_DISPATCH_THREAD;
        leaves_no_trace(open_use_and_close);
        open_flags = 0;
}

static void a_toolkit_in_a_file_leaves_no_trace(void **state)
{
        char dir[] = "/tmp/msptk-polite-XXXXXX", path[64], key[64], command[64];

        (void)state;
        assert_non_null(mkdtemp(dir));
        snprintf(path, sizeof(path), "%s/p.db", dir);
        snprintf(key, sizeof(key), "%s/p.key", dir);
        database = path;
        key_file = key;
        leaves_no_trace(open_use_and_close);
        database = NULL;
        snprintf(command, sizeof(command), "rm -rf '%s'", dir);
        assert_int_equal(system(command), 0);
}

/* Free does not wait for threads, so it is only the rest that must be as before; they end soon. */
static void a_toolkit_that_is_only_freed_leaves_no_trace(void **state)
{
        int n;

        (void)state;
        went_wrong = NULL;
        n = changes(open_use_and_free, nothing, WATCH_THREADS | WATCH_DESCRIPTORS);
        assert_string_equal(went_wrong ? went_wrong : "", "");
        assert_string_equal(report, "");
        assert_int_equal(n, 0);
}

static void an_open_toolkit_has_threads_and_descriptors_and_nothing_else(void **state)
{
        int n;

        (void)state;
        went_wrong = NULL;
        n = changes(open_and_use, close_it, WATCH_THREADS | WATCH_DESCRIPTORS);
        assert_string_equal(went_wrong ? went_wrong : "", "");
        assert_string_equal(report, "");
        assert_int_equal(n, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_watcher_sees_each_rudeness),
                cmocka_unit_test(the_watcher_sees_a_thread),
                cmocka_unit_test(the_watcher_hears_a_word),
                cmocka_unit_test(starting_and_ending_leaves_no_trace),
                cmocka_unit_test(a_toolkit_leaves_no_trace),
                cmocka_unit_test(a_toolkit_with_a_thread_of_its_own_leaves_no_trace),
                cmocka_unit_test(a_toolkit_in_a_file_leaves_no_trace),
                cmocka_unit_test(an_open_toolkit_has_threads_and_descriptors_and_nothing_else),
                cmocka_unit_test(a_toolkit_that_is_only_freed_leaves_no_trace),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
