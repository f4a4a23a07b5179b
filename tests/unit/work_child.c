/* Child processes: well-behaved, many, and hostile ones; nothing is left behind. */
#define ROOM "test"
#include "support.h"
#include "work/work.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define SH(script) \
        { \
                "/bin/sh", "-c", script, NULL \
        }

static work *the_work;

static int entries(const char *path)
{
        DIR *dir = opendir(path);
        int count = 0;

        while (readdir(dir))
                count++;
        closedir(dir);
        return count;
}

static int open_work(void **state)
{
        (void)state;
        return msptk__work_new(NULL, &the_work, NULL);
}

static int close_work(void **state)
{
        msptk_error *err = NULL;
        int st = msptk__work_close(the_work, 60000, &err);

        (void)state;
        if (st)
                print_error("%s\n", msptk_error_message(err));
        msptk_error_free(err);
        msptk__work_free(the_work);
        return st;
}

static child_result *run(const child_spec *spec)
{
        child_result *r = NULL;

        assert_int_equal(msptk__child_run(the_work, NULL, spec, &r, NULL), MSPTK_OK);
        return r;
}

static void output_streams_and_exit_code_are_told_apart(void **state)
{
        const char *const argv[] = SH("echo out; echo err >&2; exit 200");
        AUTO_CHILD_RESULT child_result *r = run(&(child_spec){ .argv = argv });
        AUTO_BUF buf text = BUF_INIT(200);

        (void)state;
        assert_int_equal(r->kind, CHILD_EXITED);
        assert_int_equal(r->code, 200);
        assert_string_equal(r->out, "out\n");
        assert_string_equal(r->err, "err\n");
        assert_false(r->out_truncated);
        assert_true(r->wall_us > 0 && r->max_rss_kib > 0);
        msptk__child_describe(r, &text);
        assert_string_equal(msptk__buf_text(&text), "exit code 200");
}

static void program_is_found_in_path_and_gets_a_clean_surrounding(void **state)
{
        const char *const argv[] = { "env", NULL };
        const char *const where[] = SH("pwd; cat; ulimit -c; ls /proc/self/fd | wc -l");
        AUTO_CHILD_RESULT child_result *env = NULL, *at = NULL;

        (void)state;
        setenv("MSPTK_TEST_LEAK", "1", 1);
        env = run(&(child_spec){ .argv = argv });
        at = run(&(child_spec){ .argv = where });
        assert_int_equal(env->kind, CHILD_EXITED);
        assert_null(strstr(env->out, "MSPTK_TEST_LEAK"));
        assert_non_null(strstr(env->out, "PATH="));
        assert_string_equal(at->out, "/\n0\n4\n"); /* 0 1 2 and the directory that ls reads */
}

static void input_limits_directory_and_environment_are_as_asked(void **state)
{
        const char *const argv[] = SH("cat; pwd; echo $NAME; ulimit -n; ulimit -t");
        const char *const env[] = { "PATH=/usr/bin:/bin", "NAME=value", NULL };
        AUTO_CHILD_RESULT child_result *r = run(&(child_spec){ .argv = argv,
                                                               .envp = env,
                                                               .cwd = "/usr",
                                                               .input = "in ",
                                                               .input_len = 3,
                                                               .limit_files = 17,
                                                               .limit_cpu_s = 9 });

        (void)state;
        assert_string_equal(r->out, "in /usr\nvalue\n17\n9\n");
}

static void large_input_comes_back_whole(void **state)
{
        const char *const argv[] = { "/bin/cat", NULL };
        size_t len = 3000000;
        char *data = malloc(len);
        AUTO_CHILD_RESULT child_result *r = NULL;

        (void)state;
        for (size_t i = 0; i < len; i++)
                data[i] = (char)(i * 31 + i / 1000);
        r = run(&(child_spec){ .argv = argv, .input = data, .input_len = len, .out_max = len });
        assert_int_equal(r->out_len, len);
        assert_memory_equal(r->out, data, len);
        assert_false(r->out_truncated);
        free(data);
}

static void input_that_nobody_reads_harms_nobody(void **state)
{
        const char *const argv[] = { "/bin/true", NULL };
        char *data = calloc(1, 1000000);
        AUTO_CHILD_RESULT child_result *r =
                run(&(child_spec){ .argv = argv, .input = data, .input_len = 1000000 });

        (void)state;
        assert_int_equal(r->kind, CHILD_EXITED);
        assert_int_equal(r->code, 0);
        free(data);
}

static void missing_program_says_why(void **state)
{
        const char *const argv[] = { "/nowhere/prog", NULL };
        const char *const plain[] = { "no-such-program-here", NULL };
        const char *const ok[] = { "/bin/true", NULL };
        AUTO_CHILD_RESULT child_result *r = run(&(child_spec){ .argv = argv });
        AUTO_CHILD_RESULT child_result *p = run(&(child_spec){ .argv = plain });
        AUTO_CHILD_RESULT child_result *d = run(&(child_spec){ .argv = ok, .cwd = "/nowhere" });

        (void)state;
        assert_int_equal(r->kind, CHILD_NOT_STARTED);
        assert_int_equal(r->code, ENOENT);
        assert_string_equal(r->start_error, "run '/nowhere/prog': No such file or directory");
        assert_int_equal(p->kind, CHILD_NOT_STARTED);
        assert_int_equal(d->kind, CHILD_NOT_STARTED);
        assert_string_equal(
                d->start_error,
                "enter the working directory of '/bin/true': No such file or directory");
}

static void death_by_signal_is_told(void **state)
{
        const char *const argv[] = SH("kill -SEGV $$");
        AUTO_CHILD_RESULT child_result *r = run(&(child_spec){ .argv = argv });

        (void)state;
        assert_int_equal(r->kind, CHILD_SIGNALLED);
        assert_int_equal(r->code, SIGSEGV);
}

static void endless_output_is_bounded_in_memory_and_time(void **state)
{
        const char *const argv[] = { "/usr/bin/yes", NULL };
        AUTO_CHILD_RESULT child_result *cut = run(&(child_spec){
                .argv = argv, .out_max = 1001, .timeout_ms = 200, .kill_grace_ms = 50 });
        AUTO_CHILD_RESULT child_result *killed =
                run(&(child_spec){ .argv = argv, .out_max = 1001, .kill_on_overflow = true });
        AUTO_CHILD_RESULT child_result *patience_over =
                run(&(child_spec){ .argv = argv, .out_max = 10, .timeout_ms = 600000 });

        (void)state;
        assert_true(cut->kind == CHILD_TIMEOUT || cut->kind == CHILD_OVERFLOW);
        assert_int_equal(cut->out_len, 1001);
        assert_true(cut->out_truncated);
        assert_int_equal(killed->kind, CHILD_OVERFLOW);
        assert_int_equal(killed->out_len, 1001);
        assert_int_equal(patience_over->kind, CHILD_OVERFLOW);
}

static void program_that_never_ends_and_ignores_sigterm_is_killed(void **state)
{
        const char *const argv[] = SH("trap '' TERM; while :; do sleep 1000; done");
        AUTO_CHILD_RESULT child_result *r =
                run(&(child_spec){ .argv = argv, .timeout_ms = 100, .kill_grace_ms = 50 });

        (void)state;
        assert_int_equal(r->kind, CHILD_TIMEOUT);
        assert_true(r->wall_us < 30000000);
}

static void clean_exit_after_sigterm_is_still_a_timeout(void **state)
{
        const char *const argv[] = SH("trap 'exit 0' TERM; echo up; sleep 1000 & wait");
        AUTO_CHILD_RESULT child_result *r = run(&(child_spec){ .argv = argv, .timeout_ms = 300 });

        (void)state;
        assert_int_equal(r->kind, CHILD_TIMEOUT);
        assert_string_equal(r->out, "up\n");
}

static void detached_grandchild_with_the_pipe_cannot_hold_the_run(void **state)
{
        const char *const argv[] = SH("setsid sleep 5 & echo done; exit 1");
        AUTO_CHILD_RESULT child_result *r =
                run(&(child_spec){ .argv = argv, .timeout_ms = 60000, .linger_ms = 50 });

        (void)state;
        assert_int_equal(r->kind, CHILD_EXITED);
        assert_int_equal(r->code, 1);
        assert_string_equal(r->out, "done\n");
        assert_true(r->held_open);
        assert_true(r->wall_us < 4500000);
}

static void background_process_of_the_group_ends_with_its_leader(void **state)
{
        const char *const argv[] = SH("sleep 1000 >/dev/null 2>&1 & echo $!");
        AUTO_CHILD_RESULT child_result *r = run(&(child_spec){ .argv = argv });
        pid_t left = (pid_t)strtol(r->out, NULL, 10);
        char path[64], stat[256];
        bool gone = false;

        (void)state;
        assert_true(left > 1);
        snprintf(path, sizeof(path), "/proc/%d/stat", (int)left);
        for (int i = 0; i < 200000 && !gone; i++) { /* dead, and perhaps not yet reaped by init */
                FILE *f = fopen(path, "r");

                gone = !f || !fgets(stat, sizeof(stat), f) || strstr(stat, ") Z ");
                if (f)
                        fclose(f);
                sched_yield();
        }
        assert_true(gone);
}

static void closed_output_is_not_the_end(void **state)
{
        const char *const argv[] = SH("echo first; exec >&- 2>&-; sleep 0.1; exit 2");
        AUTO_CHILD_RESULT child_result *r = run(&(child_spec){ .argv = argv });

        (void)state;
        assert_int_equal(r->kind, CHILD_EXITED);
        assert_int_equal(r->code, 2);
        assert_string_equal(r->out, "first\n");
}

static void binary_output_is_kept_as_it_is(void **state)
{
        const char *const argv[] = SH("printf 'a\\000b\\377'");
        AUTO_CHILD_RESULT child_result *r = run(&(child_spec){ .argv = argv });

        (void)state;
        assert_int_equal(r->out_len, 4);
        assert_memory_equal(r->out, "a\0b\377", 5);
}

static void host_that_ignores_sigchld_gets_an_unknown_status(void **state)
{
        const char *const argv[] = SH("echo x; exit 3");
        struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
        AUTO_CHILD_RESULT child_result *r = NULL;

        (void)state;
        sigaction(SIGCHLD, &ignore, &before);
        r = run(&(child_spec){ .argv = argv });
        sigaction(SIGCHLD, &before, NULL);
        assert_int_equal(r->kind, CHILD_STATUS_UNKNOWN);
        assert_string_equal(r->out, "x\n");
}

static void two_hundred_children_at_once_all_come_back(void **state)
{
        enum { COUNT = 200 };
        AUTO_GROUP group *g = NULL;
        AUTO_DONE done d = { 0 };
        bool seen[COUNT] = { false };
        size_t ended = 0;

        (void)state;
        assert_int_equal(msptk__group_new(the_work, NULL, "many", NULL, &g, NULL), MSPTK_OK);
        for (uint64_t i = 0; i < COUNT; i++) {
                char script[64];
                const char *const argv[] = SH(script);

                snprintf(script, sizeof(script), "echo %d; exit %d", (int)i, (int)(i % 100));
                assert_int_equal(msptk__group_child(g, i, &(child_spec){ .argv = argv }, NULL),
                                 MSPTK_OK);
        }
        while (msptk__group_next(g, &d, -1, NULL) == MSPTK_OK) {
                assert_int_equal(d.status, MSPTK_OK);
                assert_int_equal(d.child->kind, CHILD_EXITED);
                assert_int_equal(d.child->code, d.tag % 100);
                assert_int_equal(strtol(d.child->out, NULL, 10), d.tag);
                assert_false(seen[d.tag]);
                seen[d.tag] = true;
                ended++;
                msptk__done_clear(&d);
        }
        assert_int_equal(ended, COUNT);
}

static void *trigger(void *tok)
{
        msptk__cancel_trigger(tok);
        return NULL;
}

static void cancel_ends_running_and_waiting_children(void **state)
{
        const char *const argv[] = { "/bin/sleep", "1000", NULL };
        AUTO_CANCEL cancel *tok = msptk__cancel_new(NULL, NULL, -1);
        AUTO_GROUP group *g = NULL;
        AUTO_DONE done d = { 0 };
        pthread_t thread;

        (void)state;
        assert_int_equal(msptk__group_new(the_work, tok, "many", NULL, &g, NULL), MSPTK_OK);
        for (uint64_t i = 0; i < 100; i++)
                assert_int_equal(msptk__group_child(g, i, &(child_spec){ .argv = argv }, NULL),
                                 MSPTK_OK);
        assert_int_equal(msptk__group_next(g, &d, 50, NULL), MSPTK_E_TIMEOUT);
        assert_int_equal(pthread_create(&thread, NULL, trigger, tok), 0);
        while (msptk__group_next(g, &d, -1, NULL) == MSPTK_OK)
                msptk__done_clear(&d);
        assert_int_equal(msptk__cancel_status(tok), MSPTK_E_CANCELLED);
        pthread_join(thread, NULL); /* close, at the end, proves that none runs any more */
}

static void nothing_is_left_after_close(void **state)
{
        const char *const argv[] = SH("echo x");
        const char *const forever[] = { "/bin/sleep", "1000", NULL };
        int fds = entries("/proc/self/fd"), threads = entries("/proc/self/task");
        group *g = NULL;
        AUTO_CHILD_RESULT child_result *r = NULL;
        work *w = NULL;

        (void)state;
        assert_int_equal(msptk__work_new(NULL, &w, NULL), MSPTK_OK);
        assert_int_equal(msptk__child_run(w, NULL, &(child_spec){ .argv = argv }, &r, NULL),
                         MSPTK_OK);
        assert_int_equal(msptk__group_new(w, NULL, "g", NULL, &g, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_child(g, 1, &(child_spec){ .argv = forever }, NULL),
                         MSPTK_OK);
        assert_int_equal(msptk__work_close(w, 60000, NULL), MSPTK_OK);
        msptk__work_free(w);
        msptk__group_free(g);
        assert_int_equal(entries("/proc/self/fd"), fds);
        for (int i = 0; i < 1000 && entries("/proc/self/task") != threads; i++)
                sched_yield();
        assert_int_equal(entries("/proc/self/task"), threads);
        assert_int_equal(
                msptk__child_run(the_work, NULL, &(child_spec){ .argv = &argv[3] }, &r, NULL),
                MSPTK_E_INVALID);
}

enum { NO_PTY = 10 };

/* In a process that has a terminal: a program must not be able to ask on it. */
static int run_under_a_terminal(void)
{
        const char *const argv[] = SH("echo asked >/dev/tty && exit 1; read a b c d group rest "
                                      "</proc/$$/stat; [ $group = $$ ]");
        int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
        child_result *r = NULL;
        work *w = NULL;

        if (master < 0 || grantpt(master) || unlockpt(master) || setsid() < 0)
                return NO_PTY;
        slave = open(ptsname(master), O_RDWR); /* becomes the terminal of this session */
        if (slave < 0 || close(open("/dev/tty", O_RDWR)) || msptk__work_new(NULL, &w, NULL) < 0 ||
            msptk__child_run(w, NULL, &(child_spec){ .argv = argv }, &r, NULL) < 0)
                return 11;
        return r->kind == CHILD_EXITED ? r->code : 12;
}

static void program_has_no_terminal_and_leads_its_group(void **state)
{
        pid_t pid = fork();
        int status = 0;

        (void)state;
        if (!pid)
                _exit(run_under_a_terminal());
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == NO_PTY)
                skip();
        assert_int_equal(WEXITSTATUS(status), 0);
}

static void host_without_stdio_can_run_programs(void **state)
{
        const char *const argv[] = SH("cat; echo out; echo err >&2");
        AUTO_CHILD_RESULT child_result *r = NULL;
        msptk_status st;
        int kept[3];

        (void)state;
        for (int i = 0; i < 3; i++)
                kept[i] = dup(i);
        for (int i = 0; i < 3; i++)
                close(i);
        st = msptk__child_run(the_work, NULL, &(child_spec){ .argv = argv }, &r, NULL);
        for (int i = 0; i < 3; i++) {
                dup2(kept[i], i);
                close(kept[i]);
        }
        assert_int_equal(st, MSPTK_OK);
        assert_string_equal(r->out, "out\n");
        assert_string_equal(r->err, "err\n");
}

static void *nothing(void *user)
{
        return user;
}

/* A sanitizer may start a thread of its own beside the first of ours: before we count. */
static int first_thread(void)
{
        pthread_t thread;

        return pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(program_has_no_terminal_and_leads_its_group), /* before threads */
                cmocka_unit_test(output_streams_and_exit_code_are_told_apart),
                cmocka_unit_test(program_is_found_in_path_and_gets_a_clean_surrounding),
                cmocka_unit_test(input_limits_directory_and_environment_are_as_asked),
                cmocka_unit_test(large_input_comes_back_whole),
                cmocka_unit_test(input_that_nobody_reads_harms_nobody),
                cmocka_unit_test(missing_program_says_why),
                cmocka_unit_test(death_by_signal_is_told),
                cmocka_unit_test(endless_output_is_bounded_in_memory_and_time),
                cmocka_unit_test(program_that_never_ends_and_ignores_sigterm_is_killed),
                cmocka_unit_test(clean_exit_after_sigterm_is_still_a_timeout),
                cmocka_unit_test(detached_grandchild_with_the_pipe_cannot_hold_the_run),
                cmocka_unit_test(background_process_of_the_group_ends_with_its_leader),
                cmocka_unit_test(closed_output_is_not_the_end),
                cmocka_unit_test(binary_output_is_kept_as_it_is),
                cmocka_unit_test(host_that_ignores_sigchld_gets_an_unknown_status),
                cmocka_unit_test(two_hundred_children_at_once_all_come_back),
                cmocka_unit_test(nothing_is_left_after_close),
                cmocka_unit_test(host_without_stdio_can_run_programs),
                cmocka_unit_test(cancel_ends_running_and_waiting_children),
        };
        if (first_thread())
                return 1;
        return cmocka_run_group_tests(tests, open_work, close_work);
}
