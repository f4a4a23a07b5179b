/* The library leaves its host's process as it found it. The first tests show that the watcher sees
 * what it watches. */
#include "support.h"
#include "watch.h"

#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_watcher_sees_each_rudeness),
                cmocka_unit_test(the_watcher_sees_a_thread),
                cmocka_unit_test(the_watcher_hears_a_word),
                cmocka_unit_test(starting_and_ending_leaves_no_trace),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
