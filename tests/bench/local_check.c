/* A full check of this machine in process (cpu, memory, disk, services, storing excluded) against
 * the monitoring-plugins that ask the same: load, swap, disk, procs. CPU time. Target: at least 15
 * times cheaper.
 *
 *     bench_local_check [ROUNDS [PLUGIN_DIRECTORY]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <spawn.h>

#include "adapters/adapters.h"
#include "config/config.h"

static void must(msptk_status st, msptk_error *err)
{
        if (st >= 0)
                return;
        fprintf(stderr, "local_check: %s\n", msptk_error_message(err));
        exit(3);
}

static double cpu_of(int who)
{
        struct rusage u;

        getrusage(who, &u);
        return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
               (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void run_plugin(const char *dir, const char *const *words)
{
        char path[512];
        char *argv[12] = { path }, *env[] = { NULL };
        posix_spawn_file_actions_t quiet;
        pid_t pid;
        int n = 1;

        snprintf(path, sizeof(path), "%s/%s", dir, words[0]);
        for (const char *const *w = words + 1; *w; w++)
                argv[n++] = (char *)(uintptr_t)*w;
        posix_spawn_file_actions_init(&quiet);
        posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", 1, 0);
        if (posix_spawn(&pid, path, &quiet, NULL, argv, env)) {
                fprintf(stderr, "local_check: %s cannot be started\n", path);
                exit(3);
        }
        waitpid(pid, NULL, 0);
        posix_spawn_file_actions_destroy(&quiet);
}

static int64_t rows, minutes;

/* A minute from check to check: rates are told from the counters of the check before, as they are
 * when a schedule runs it, and nothing is sampled over 250 ms. */
static int64_t passing_time(void *user)
{
        struct timespec ts;

        (void)user;
        clock_gettime(CLOCK_REALTIME, &ts);
        return ((int64_t)ts.tv_sec + minutes * 60) * 1000000 + ts.tv_nsec / 1000;
}

static msptk_status count_row(void *user, const msptk_metric_row *row)
{
        (void)user;
        (void)row;
        rows++;
        return MSPTK_OK;
}

int main(int argc, char **argv)
{
        static const char *const load[] = { "check_load", "-w", "5,5,5", "-c", "9,9,9", NULL };
        static const char *const swap[] = { "check_swap", "-w", "20%", "-c", "10%", NULL };
        static const char *const disk[] = { "check_disk", "-w", "10%", "-c", "5%", NULL };
        static const char *const procs[] = { "check_procs", "-w", "900", "-c", "1000", NULL };
        static const char *const checks[] = { "cpu", "memory", "disk", "services", NULL };
        int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 50;
        const char *dir = argc > 2 ? argv[2] : "/usr/lib/nagios/plugins";
        adapter_sink sink = { .metric = count_row };
        msptk_query query = { .struct_size = sizeof(query), .client_id = "acme", .checks = checks };
        msptk_error *err = NULL;
        registry *r = NULL;
        instance *local = NULL;
        config_open how = { .path = "/bench.yaml", .text = "general: {timezone: UTC}\n" };
        store_options at = { .path = ":memory:", .create = true };
        const store_migration *const tables[] = { msptk__adapters_migrations };
        ctx c = { .principal = "bench", .log_level = 9, .clock = passing_time };
        double mine, theirs;

        must(msptk__config_open(&how, &c.config, &err), err);
        must(msptk__store_open(&at, &c.store, &err), err);
        must(msptk__store_migrate(c.store, tables, 1, 1, &err), err);
        must(msptk__work_new(NULL, &c.work, &err), err);
        must(msptk__registry_open(&c, &r, &err), err);
        must(msptk__instance_find(r, "local", &local, &err), err);
        must(msptk__adapter_collect(local, &query, &sink, NULL, &err), err); /* opens it */
        minutes++;
        rows = 0;
        mine = cpu_of(RUSAGE_SELF);
        for (int i = 0; i < rounds; i++, minutes++)
                must(msptk__adapter_collect(local, &query, &sink, NULL, &err), err);
        mine = (cpu_of(RUSAGE_SELF) - mine) / rounds;
        theirs = cpu_of(RUSAGE_CHILDREN);
        for (int i = 0; i < rounds; i++) {
                run_plugin(dir, load);
                run_plugin(dir, swap);
                run_plugin(dir, disk);
                run_plugin(dir, procs);
        }
        theirs = (cpu_of(RUSAGE_CHILDREN) - theirs) / rounds;
        printf("in process: %.0f us CPU for %lld rows, four plugins: %.0f us CPU, ratio %.1f\n",
               mine, (long long)(rows / rounds), theirs, theirs / mine);
        msptk__registry_close(r);
        must(msptk__work_close(c.work, 10000, &err), err);
        msptk__work_free(c.work);
        msptk__store_free(c.store);
        msptk__config_free(c.config);
        return 0;
}
