/* Programs run by lib/work against a bare posix_spawn() and waitpid() of the same program, one
 * after the other. Target: at least 0.8 of the bare loop's programs per second.
 *
 *     bench_children [COUNT [PROGRAM]]
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "work/work.h"

extern char **environ;

enum { AT_ONCE = 24 };

static int64_t ticks(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t bare(int count, const char *program)
{
        char *argv[] = { (char *)(uintptr_t)program, NULL };
        int64_t from = ticks();

        for (int i = 0; i < count; i++) {
                pid_t pid;

                if (posix_spawn(&pid, program, NULL, NULL, argv, environ))
                        exit(3);
                while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                        ;
        }
        return ticks() - from;
}

static void must(msptk_status st, msptk_error *err)
{
        if (st >= 0)
                return;
        fprintf(stderr, "children: %s\n", msptk_error_message(err));
        exit(3);
}

/* Output captured, limits, group, deadline: all that a plugin gets. */
static int64_t ours(int count, const char *program, work *w)
{
        const char *argv[] = { program, NULL };
        child_spec spec = { .argv = argv, .timeout_ms = 60000 };
        msptk_error *err = NULL;
        int64_t from = ticks();
        group *g = NULL;
        done d = { 0 };

        must(msptk__group_new(w, NULL, "bench", NULL, &g, &err), err);
        for (int i = 0; i < count; i++)
                must(msptk__group_child(g, (uint64_t)i, &spec, &err), err);
        for (int i = 0; i < count; i++) {
                must(msptk__group_next(g, &d, -1, &err), err);
                if (d.status < 0 || d.child->kind != CHILD_EXITED)
                        exit(3);
                msptk__done_clear(&d);
        }
        msptk__group_free(g);
        return ticks() - from;
}

int main(int argc, char **argv)
{
        int count = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 500;
        const char *program = argc > 2 ? argv[2] : "/bin/true";
        int64_t best[2] = { INT64_MAX, INT64_MAX };
        msptk_error *err = NULL;
        work *w = NULL;

        must(msptk__work_new(NULL, &w, &err), err);
        for (int round = 0; round < 5; round++) {
                int64_t a = bare(count, program), b = ours(count, program, w);

                best[0] = a < best[0] ? a : best[0];
                best[1] = b < best[1] ? b : best[1];
        }
        printf("bare: %.0f programs/s, lib/work: %.0f programs/s (at most %d at once), ratio "
               "%.2f\n",
               count * 1e9 / (double)best[0], count * 1e9 / (double)best[1], AT_ONCE,
               (double)best[0] / (double)best[1]);
        must(msptk__work_close(w, 10000, &err), err);
        msptk__work_free(w);
        return 0;
}
