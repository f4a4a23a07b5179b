/* The pool, task groups, and close with a deadline. */
#define ROOM "test"
#include "support.h"
#include "work/work.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

static int entries(const char *path)
{
        DIR *dir = opendir(path);
        int count = 0;

        while (readdir(dir))
                count++;
        closedir(dir);
        return count;
}

/* A thread may be seen a moment after it was joined: the kernel is still clearing it away. */
static void assert_threads(int expected)
{
        for (int i = 0; i < 1000 && entries("/proc/self/task") != expected; i++)
                sched_yield();
        assert_int_equal(entries("/proc/self/task"), expected);
}

static atomic_int destroyed;

static void count_destroyed(void *user)
{
        (void)user;
        atomic_fetch_add(&destroyed, 1);
}

static msptk_status square(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        uint64_t *n = user;

        (void)tok;
        if (self->tag == 13)
                return fail(ret_err, MSPTK_E_UNAVAILABLE, "thirteen");
        *n = self->tag * self->tag;
        return MSPTK_OK;
}

static void every_task_comes_back_once_on_the_calling_thread(void **state)
{
        enum { COUNT = 1000 };
        work_opts opts = { .max_threads = 3 };
        group_opts small = { .window = 4 };
        uint64_t *results = calloc(COUNT, sizeof(*results));
        AUTO_WORK work *w = NULL;
        group *g = NULL;
        AUTO_DONE done d = { 0 };
        size_t seen = 0, failed = 0;
        int fds = entries("/proc/self/fd"), threads = entries("/proc/self/task");

        (void)state;
        assert_int_equal(msptk__work_new(&opts, &w, NULL), MSPTK_OK);
        assert_int_equal(entries("/proc/self/fd"), fds);
        assert_int_equal(msptk__group_new(w, NULL, "squares", &small, &g, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_next(g, &d, -1, NULL), MSPTK_DONE);
        atomic_store(&destroyed, 0);
        for (uint64_t i = 0; i < COUNT; i++)
                assert_int_equal(msptk__group_task(g, i, "square", square, count_destroyed,
                                                   &results[i], NULL),
                                 MSPTK_OK);
        while (msptk__group_next(g, &d, -1, NULL) == MSPTK_OK) {
                assert_int_equal(d.status < 0, d.tag == 13);
                assert_int_equal(d.err != NULL, d.tag == 13);
                assert_int_equal(results[d.tag], d.tag == 13 ? 0 : d.tag * d.tag);
                failed += d.status < 0;
                seen++;
                msptk__done_clear(&d);
        }
        assert_int_equal(seen, COUNT);
        assert_int_equal(failed, 1);
        assert_int_equal(atomic_load(&destroyed), COUNT);
        msptk__group_free(g);
        assert_int_equal(msptk__work_close(w, 60000, NULL), MSPTK_OK);
        assert_threads(threads);
        assert_int_equal(entries("/proc/self/fd"), fds);
        assert_int_equal(msptk__group_new(w, NULL, "late", NULL, &g, NULL), MSPTK_E_CLOSED);
        assert_int_equal(msptk__work_close(w, 0, NULL), MSPTK_OK);
        free(results);
}

/* A task that ends only when the test says so; it ignores its token. */
struct latch {
        pthread_mutex_t lock;
        pthread_cond_t cond;
        bool open;
        int inside;
};

static struct latch *latch_new(void)
{
        struct latch *g = calloc(1, sizeof(*g));

        pthread_mutex_init(&g->lock, NULL);
        pthread_cond_init(&g->cond, NULL);
        return g;
}

static void latch_free(struct latch *g)
{
        pthread_mutex_destroy(&g->lock);
        pthread_cond_destroy(&g->cond);
        free(g);
}

static void latch_open(struct latch *g)
{
        pthread_mutex_lock(&g->lock);
        g->open = true;
        pthread_cond_broadcast(&g->cond);
        pthread_mutex_unlock(&g->lock);
}

static void latch_wait_inside(struct latch *g, int count)
{
        pthread_mutex_lock(&g->lock);
        while (g->inside < count)
                pthread_cond_wait(&g->cond, &g->lock);
        pthread_mutex_unlock(&g->lock);
}

static msptk_status stubborn(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        struct latch *g = user;

        (void)self, (void)tok, (void)ret_err;
        pthread_mutex_lock(&g->lock);
        g->inside++;
        pthread_cond_broadcast(&g->cond);
        while (!g->open)
                pthread_cond_wait(&g->cond, &g->lock);
        pthread_mutex_unlock(&g->lock);
        return MSPTK_OK;
}

static void close_names_what_still_runs_and_can_be_called_again(void **state)
{
        struct latch *latch = latch_new();
        AUTO_WORK work *w = NULL;
        AUTO_ERROR msptk_error *err = NULL, *next_err = NULL;
        AUTO_DONE done d = { 0 };
        group *g = NULL;

        (void)state;
        assert_int_equal(msptk__work_new(NULL, &w, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_new(w, NULL, "g", NULL, &g, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_task(g, 1, "adapter 'slow'", stubborn, NULL, latch, NULL),
                         MSPTK_OK);
        latch_wait_inside(latch, 1);
        assert_int_equal(msptk__work_close(w, 10, &err), MSPTK_E_TIMEOUT);
        assert_non_null(strstr(msptk_error_message(err), "adapter 'slow'"));
        assert_int_equal(msptk__group_next(g, &d, -1, &next_err), MSPTK_E_CLOSED);
        assert_int_equal(msptk__group_task(g, 2, "late", stubborn, NULL, latch, NULL),
                         MSPTK_E_CLOSED);
        msptk__group_free(g); /* under the running task */
        latch_open(latch);
        assert_int_equal(msptk__work_close(w, 60000, NULL), MSPTK_OK);
        latch_free(latch);
}

static void free_without_close_leaves_running_tasks_their_memory(void **state)
{
        struct latch *latch = latch_new();
        int threads = entries("/proc/self/task");
        work *w = NULL;
        group *g = NULL;

        (void)state;
        assert_int_equal(msptk__work_new(NULL, &w, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_new(w, NULL, "g", NULL, &g, NULL), MSPTK_OK);
        atomic_store(&destroyed, 0);
        assert_int_equal(msptk__group_task(g, 1, "slow", stubborn, count_destroyed, latch, NULL),
                         MSPTK_OK);
        latch_wait_inside(latch, 1);
        msptk__work_free(w);
        msptk__group_free(g);
        assert_int_equal(atomic_load(&destroyed), 0);
        latch_open(latch);
        while (atomic_load(&destroyed) != 1)
                sched_yield();
        while (entries("/proc/self/task") != threads)
                sched_yield();
        latch_free(latch);
}

static msptk_status until_cancelled(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        (void)user, (void)self, (void)ret_err;
        return msptk__cancel_sleep(tok, 600000);
}

static void *trigger(void *tok)
{
        msptk__cancel_trigger(tok);
        return NULL;
}

static void cancel_ends_the_wait_and_tells_the_tasks(void **state)
{
        AUTO_CANCEL cancel *tok = msptk__cancel_new(NULL, NULL, -1);
        AUTO_WORK work *w = NULL;
        AUTO_DONE done d = { 0 };
        group *g = NULL;
        pthread_t thread;
        msptk_status st;

        (void)state;
        assert_int_equal(msptk__work_new(NULL, &w, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_new(w, tok, "g", NULL, &g, NULL), MSPTK_OK);
        for (int i = 0; i < 50; i++)
                assert_int_equal(
                        msptk__group_task(g, 1, "waits", until_cancelled, NULL, NULL, NULL),
                        MSPTK_OK);
        assert_int_equal(msptk__group_next(g, &d, 1, NULL), MSPTK_E_TIMEOUT);
        assert_int_equal(pthread_create(&thread, NULL, trigger, tok), 0);
        while ((st = msptk__group_next(g, &d, -1, NULL)) == MSPTK_OK) {
                assert_int_equal(d.status, MSPTK_E_CANCELLED);
                msptk__done_clear(&d);
        }
        assert_int_equal(st, MSPTK_E_CANCELLED);
        assert_true(msptk__group_left(g) > 0); /* what had not begun never will */
        pthread_join(thread, NULL);
        msptk__group_free(g);
        assert_int_equal(msptk__work_close(w, 60000, NULL), MSPTK_OK);
}

static void group_deadline_is_an_error_of_its_own(void **state)
{
        group_opts opts = { .timeout_ms = 20 };
        AUTO_WORK work *w = NULL;
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_DONE done d = { 0 };
        AUTO_GROUP group *g = NULL;
        struct latch *latch = latch_new();

        (void)state;
        assert_int_equal(msptk__work_new(NULL, &w, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_new(w, NULL, "health run", &opts, &g, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_task(g, 1, "slow", stubborn, NULL, latch, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_next(g, &d, -1, &err), MSPTK_E_TIMEOUT);
        assert_string_equal(msptk_error_message(err),
                            "'health run' did not end before its deadline");
        latch_open(latch);
        msptk__group_free(STEAL(g));
        assert_int_equal(msptk__work_close(w, 60000, NULL), MSPTK_OK);
        latch_free(latch);
}

static msptk_status posts_many(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        size_t *posted = user;

        (void)tok;
        for (size_t i = 0; i < 500; i++) {
                TRY(msptk__task_post(self, strdup("row"), free, ret_err));
                ++*posted;
        }
        return MSPTK_OK;
}

static void items_come_before_the_end_and_a_slow_consumer_holds_the_task_back(void **state)
{
        group_opts opts = { .window = 3 };
        AUTO_WORK work *w = NULL;
        AUTO_DONE done d = { 0 };
        AUTO_GROUP group *g = NULL;
        size_t posted = 0, items = 0, ends = 0;

        (void)state;
        assert_int_equal(msptk__work_new(NULL, &w, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_new(w, NULL, "rows", &opts, &g, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_task(g, 7, "rows", posts_many, NULL, &posted, NULL),
                         MSPTK_OK);
        while (msptk__group_next(g, &d, -1, NULL) == MSPTK_OK) {
                assert_int_equal(d.tag, 7);
                if (d.is_item)
                        assert_string_equal(d.user, "row");
                items += d.is_item;
                ends += !d.is_item;
                msptk__done_clear(&d);
        }
        assert_int_equal(items, 500);
        assert_int_equal(posted, 500);
        assert_int_equal(ends, 1);
}

static void abandoning_a_group_releases_a_task_that_posts(void **state)
{
        group_opts opts = { .window = 2 };
        AUTO_WORK work *w = NULL;
        AUTO_DONE done d = { 0 };
        group *g = NULL;
        size_t posted = 0;

        (void)state;
        assert_int_equal(msptk__work_new(NULL, &w, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_new(w, NULL, "rows", &opts, &g, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_task(g, 7, "rows", posts_many, NULL, &posted, NULL),
                         MSPTK_OK);
        assert_int_equal(msptk__group_next(g, &d, -1, NULL), MSPTK_OK);
        msptk__group_free(g);
        assert_int_equal(msptk__work_close(w, 60000, NULL), MSPTK_OK);
        assert_true(posted < 500);
}

struct nest {
        work *w;
        int depth;
};

/* Each level waits on the pool for a group of its own. */
static msptk_status nested(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        struct nest *n = user, below = { n->w, n->depth - 1 };
        AUTO_GROUP group *g = NULL;
        AUTO_DONE done d = { 0 };
        msptk_status st;

        (void)self;
        if (!n->depth)
                return MSPTK_OK;
        TRY(msptk__group_new(n->w, tok, "nested", NULL, &g, ret_err));
        for (int i = 0; i < 3; i++)
                TRY(msptk__group_task(g, 0, "nested", nested, NULL, &below, ret_err));
        while ((st = msptk__group_next(g, &d, -1, ret_err)) == MSPTK_OK) {
                st = d.status;
                msptk__done_clear(&d);
                TRY(st);
        }
        return st == MSPTK_DONE ? MSPTK_OK : st;
}

static void groups_inside_tasks_do_not_starve_a_small_pool(void **state)
{
        work_opts opts = { .max_threads = 2 };
        AUTO_WORK work *w = NULL;
        AUTO_DONE done d = { 0 };
        AUTO_GROUP group *g = NULL;
        struct nest top;
        int ended = 0;

        (void)state;
        assert_int_equal(msptk__work_new(&opts, &w, NULL), MSPTK_OK);
        top = (struct nest){ w, 4 };
        assert_int_equal(msptk__group_new(w, NULL, "top", NULL, &g, NULL), MSPTK_OK);
        for (int i = 0; i < 4; i++)
                assert_int_equal(msptk__group_task(g, 0, "top", nested, NULL, &top, NULL),
                                 MSPTK_OK);
        while (msptk__group_next(g, &d, -1, NULL) == MSPTK_OK) {
                assert_int_equal(d.status, MSPTK_OK);
                msptk__done_clear(&d);
                ended++;
        }
        assert_int_equal(ended, 4);
}

/* One thread is idle when both are offered, and is woken for the first: it must not count for the
 * second as well. */
static void a_task_that_lasts_does_not_hold_up_another_group(void **state)
{
        (void)state;
        for (int round = 0; round < 50; round++) {
                struct latch *latch = latch_new();
                AUTO_WORK work *w = NULL;
                AUTO_DONE done d = { 0 };
                AUTO_GROUP group *lasts = NULL, *other = NULL;
                uint64_t n = 0;

                assert_int_equal(msptk__work_new(NULL, &w, NULL), MSPTK_OK);
                assert_int_equal(msptk__group_new(w, NULL, "lasts", NULL, &lasts, NULL), MSPTK_OK);
                assert_int_equal(msptk__group_new(w, NULL, "other", NULL, &other, NULL), MSPTK_OK);
                assert_int_equal(msptk__group_task(other, 2, "a", square, NULL, &n, NULL),
                                 MSPTK_OK);
                assert_int_equal(msptk__group_next(other, &d, -1, NULL), MSPTK_OK);
                msptk__done_clear(&d);
                usleep(1000); /* the thread goes idle */
                assert_int_equal(msptk__group_task(lasts, 1, "b", stubborn, NULL, latch, NULL),
                                 MSPTK_OK);
                assert_int_equal(msptk__group_task(other, 3, "c", square, NULL, &n, NULL),
                                 MSPTK_OK);
                assert_int_equal(msptk__group_next(other, &d, 10000, NULL), MSPTK_OK);
                assert_int_equal(n, 9);
                latch_open(latch);
                assert_int_equal(msptk__work_close(w, 60000, NULL), MSPTK_OK);
                latch_free(latch);
        }
}

static msptk_status closes(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        (void)self, (void)tok;
        return msptk__work_close(user, 1000, ret_err);
}

static void close_from_a_pool_thread_is_refused(void **state)
{
        AUTO_WORK work *w = NULL;
        AUTO_DONE done d = { 0 };
        AUTO_GROUP group *g = NULL;

        (void)state;
        assert_int_equal(msptk__work_new(NULL, &w, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_new(w, NULL, "g", NULL, &g, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_task(g, 0, "closes", closes, NULL, w, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_next(g, &d, -1, NULL), MSPTK_OK);
        assert_int_equal(d.status, MSPTK_E_REENTRANT);
}

static msptk_status signals_are_blocked(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        sigset_t now;

        (void)user, (void)self, (void)tok;
        pthread_sigmask(SIG_SETMASK, NULL, &now);
        for (int sig = 1; sig < 32; sig++)
                if (sig != SIGKILL && sig != SIGSTOP && !sigismember(&now, sig))
                        return fail(ret_err, MSPTK_E_INTERNAL, "signal %d is open", sig);
        return MSPTK_OK;
}

static void pool_threads_take_no_signals(void **state)
{
        AUTO_WORK work *w = NULL;
        AUTO_DONE done d = { 0 };
        AUTO_GROUP group *g = NULL;

        (void)state;
        assert_int_equal(msptk__work_new(NULL, &w, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_new(w, NULL, "g", NULL, &g, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_task(g, 0, "mask", signals_are_blocked, NULL, NULL, NULL),
                         MSPTK_OK);
        assert_int_equal(msptk__group_next(g, &d, -1, NULL), MSPTK_OK);
        assert_int_equal(d.status, MSPTK_OK);
}

static void too_many_waiting_tasks_are_refused(void **state)
{
        work_opts opts = { .max_threads = 1, .max_pending = 3 };
        struct latch *latch = latch_new();
        AUTO_WORK work *w = NULL;
        AUTO_ERROR msptk_error *err = NULL;
        group *g = NULL;

        (void)state;
        assert_int_equal(msptk__work_new(&opts, &w, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_new(w, NULL, "g", NULL, &g, NULL), MSPTK_OK);
        assert_int_equal(msptk__group_task(g, 0, "slow", stubborn, NULL, latch, NULL), MSPTK_OK);
        latch_wait_inside(latch, 1);
        for (int i = 0; i < 3; i++)
                assert_int_equal(msptk__group_task(g, 0, "slow", stubborn, NULL, latch, NULL),
                                 MSPTK_OK);
        assert_int_equal(msptk__group_task(g, 0, "one more", stubborn, NULL, latch, &err),
                         MSPTK_E_BUSY);
        msptk__group_free(g);
        latch_open(latch);
        assert_int_equal(msptk__work_close(w, 60000, NULL), MSPTK_OK);
        latch_free(latch);
}

static void work_run_answers_to_nobody_but_always_cleans_up(void **state)
{
        AUTO_WORK work *w = NULL;
        uint64_t n[101] = { 0 };

        (void)state;
        assert_int_equal(msptk__work_new(NULL, &w, NULL), MSPTK_OK);
        atomic_store(&destroyed, 0);
        for (int i = 0; i < 100; i++)
                assert_int_equal(
                        msptk__work_run(w, NULL, "alone", square, count_destroyed, &n[i], NULL),
                        MSPTK_OK);
        assert_int_equal(msptk__work_close(w, 60000, NULL), MSPTK_OK);
        assert_int_equal(atomic_load(&destroyed), 100);
        assert_int_equal(msptk__work_run(w, NULL, "late", square, count_destroyed, &n[100], NULL),
                         MSPTK_E_CLOSED);
        assert_int_equal(atomic_load(&destroyed), 101);
}

static void child_process_of_a_fork_keeps_out(void **state)
{
        AUTO_WORK work *w = NULL;
        AUTO_GROUP group *g = NULL;
        int status = 0;
        pid_t pid;

        (void)state;
        assert_int_equal(msptk__work_new(NULL, &w, NULL), MSPTK_OK);
        pid = fork();
        if (!pid) {
                group *mine = NULL;
                msptk_status st = msptk__group_new(w, NULL, "g", NULL, &mine, NULL);

                _exit(st == MSPTK_E_CLOSED && !msptk__work_close(w, 0, NULL) ? 0 : 1);
        }
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
        assert_int_equal(msptk__group_new(w, NULL, "g", NULL, &g, NULL), MSPTK_OK);
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
                cmocka_unit_test(every_task_comes_back_once_on_the_calling_thread),
                cmocka_unit_test(close_names_what_still_runs_and_can_be_called_again),
                cmocka_unit_test(free_without_close_leaves_running_tasks_their_memory),
                cmocka_unit_test(cancel_ends_the_wait_and_tells_the_tasks),
                cmocka_unit_test(group_deadline_is_an_error_of_its_own),
                cmocka_unit_test(items_come_before_the_end_and_a_slow_consumer_holds_the_task_back),
                cmocka_unit_test(abandoning_a_group_releases_a_task_that_posts),
                cmocka_unit_test(groups_inside_tasks_do_not_starve_a_small_pool),
                cmocka_unit_test(a_task_that_lasts_does_not_hold_up_another_group),
                cmocka_unit_test(close_from_a_pool_thread_is_refused),
                cmocka_unit_test(pool_threads_take_no_signals),
                cmocka_unit_test(too_many_waiting_tasks_are_refused),
                cmocka_unit_test(work_run_answers_to_nobody_but_always_cleans_up),
                cmocka_unit_test(child_process_of_a_fork_keeps_out),
        };
        if (first_thread())
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
