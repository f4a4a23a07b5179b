/* Every allocation of the pool, groups and child processes fails once, and from some point on for
 * good: what was taken comes back exactly once, nothing is destroyed twice or never, and close
 * ends. */
#define ROOM "test"
#include "support.h"

#include <dirent.h>
#include <stdatomic.h>

#include "fault.h"
#include "work/work.h"

enum { TASKS = 6 };

typedef struct unit {
        atomic_int ran, destroyed;
        uint64_t answer;
} unit;

static msptk_status work_on(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        unit *u = user;

        (void)tok;
        atomic_fetch_add(&u->ran, 1);
        if (self->tag == 3)
                return fail(ret_err, MSPTK_E_UNAVAILABLE, "three is away");
        u->answer = self->tag * 10;
        return MSPTK_OK;
}

static void destroy_unit(void *user)
{
        atomic_fetch_add(&((unit *)user)->destroyed, 1);
}

static int descriptors(void)
{
        DIR *dir = opendir("/proc/self/fd");
        int count = 0;

        while (readdir(dir))
                count++;
        closedir(dir);
        return count;
}

/* Takes what comes; says how many completions there were. */
static size_t take_all(group *g, unit *units, size_t *bad)
{
        size_t count = 0;

        for (;;) {
                AUTO_DONE done d = { 0 };
                AUTO_ERROR msptk_error *err = NULL;
                msptk_status st = msptk__group_next(g, &d, -1, &err);

                if (st == MSPTK_DONE)
                        return count;
                if (st < 0) {
                        assert_int_equal(st, MSPTK_E_NOMEM);
                        return count;
                }
                count++;
                if (d.tag == 99) {
                        assert_true(d.status < 0 || d.child);
                        if (d.status >= 0 && d.child->kind == CHILD_EXITED) {
                                assert_int_equal(d.child->code, 0);
                                /* All of it, or it says so. */
                                assert_true(d.child->out_truncated ||
                                            !strcmp(d.child->out, "hello\n"));
                        }
                } else if (d.status == MSPTK_OK) {
                        assert_int_equal(atomic_load(&units[d.tag].ran), 1);
                        assert_int_equal(units[d.tag].answer, d.tag * 10);
                } else {
                        assert_true(d.tag == 3 || d.status == MSPTK_E_NOMEM);
                        assert_non_null(d.err);
                }
                *bad += d.status < 0;
        }
}

static void what_was_taken_comes_back_once(void **state)
{
        static const char *const echo[] = { "/bin/echo", "hello", NULL };
        int fds = descriptors();

        (void)state;
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                unit units[TASKS] = { 0 };
                AUTO_ERROR msptk_error *err = NULL;
                size_t taken = 0, back = 0, bad = 0;
                group *g = NULL;
                work *w = NULL;
                bool hit;
                msptk_status st = msptk__work_new(&(work_opts){ .max_threads = 2 }, &w, &err);

                if (st == MSPTK_OK)
                        st = msptk__group_new(w, NULL, "faults", &(group_opts){ .window = 2 }, &g,
                                              &err);
                for (uint64_t i = 0; st == MSPTK_OK && i < TASKS; i++) {
                        AUTO_ERROR msptk_error *why = NULL;
                        msptk_status one = msptk__group_task(g, i, "unit", work_on, destroy_unit,
                                                             &units[i], &why);

                        assert_true(one == MSPTK_OK || one == MSPTK_E_NOMEM);
                        assert_int_equal(one < 0, why != NULL);
                        assert_int_equal(one < 0,
                                         atomic_load(&units[i].destroyed) && !units[i].ran);
                        taken += one == MSPTK_OK;
                }
                if (st == MSPTK_OK &&
                    msptk__group_child(g, 99, &(child_spec){ .argv = echo }, NULL) == 0)
                        taken++;
                if (st == MSPTK_OK)
                        back = take_all(g, units, &bad);
                hit = fault_was_hit(&fault);
                if (!hit) {
                        assert_int_equal(taken, TASKS + 1);
                        assert_int_equal(back, TASKS + 1);
                        assert_int_equal(bad, 1);
                }
                assert_true(back <= taken);
                if (st < 0) {
                        assert_int_equal(st, MSPTK_E_NOMEM);
                        assert_non_null(err);
                }
                msptk__group_free(g);
                if (w)
                        assert_int_equal(msptk__work_close(w, 60000, NULL), MSPTK_OK);
                msptk__work_free(w);
                for (size_t i = 0; g && i < TASKS; i++)
                        assert_int_equal(atomic_load(&units[i].destroyed), 1);
                assert_int_equal(descriptors(), fds);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_taken_comes_back_once),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
