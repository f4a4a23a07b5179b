/* A process that adds clients and runs health checks is killed with SIGKILL at random moments,
 * again and again on one workspace. Whatever it acknowledged is there afterwards, the audit trail
 * verifies, and the next run works. MSPTK_FULL=1: 200 times; otherwise a seeded dozen. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <msptk/msptk.h>

extern char **environ;

enum { ACKED_MAX = 200000 };

static msptk_error *err;
static uint64_t dice;

static void stop(const char *what)
{
        printf("%s: %s\n", what, err ? msptk_error_message(err) : "");
        for (const msptk_error *e = msptk_error_cause(err); e; e = msptk_error_cause(e))
                printf("  because: %s\n", msptk_error_message(e));
        exit(1);
}
#define must(call) \
        do { \
                if ((call) < 0) \
                        stop(#call); \
        } while (0)

static msptk_toolkit *open_workspace(const char *dir)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_toolkit *tk = NULL;
        char path[512];

        snprintf(path, sizeof(path), "%s/db", dir);
        must(msptk_toolkit_opts_set(opts, "database.path", path, &err));
        snprintf(path, sizeof(path), "%s/key", dir);
        must(msptk_toolkit_opts_set(opts, "vault.key_file", path, &err));
        must(msptk_toolkit_opts_set(opts, "adapters",
                                    "[{name: world, type: fake, devices: 200, clients: [first]}]",
                                    &err));
        must(msptk_toolkit_open(opts, &tk, &err));
        msptk_toolkit_opts_free(opts);
        return tk;
}

/* ---- the one that is killed ---- */

/* One write, so that a line is whole or absent. */
static void acknowledge(const char *what, const char *id)
{
        char line[160];
        int n = snprintf(line, sizeof(line), "%s %s\n", what, id);

        if (write(STDOUT_FILENO, line, (size_t)n) != n)
                _exit(3);
}

static void add_client(msptk_toolkit *tk, const char *name)
{
        msptk_client *client = NULL;

        must(msptk_client_manager_create(msptk_toolkit_get_client_manager(tk), name, NULL, &client,
                                         &err));
        acknowledge("client", msptk_client_id(client));
        msptk_client_free(client);
}

static void check_all(msptk_toolkit *tk)
{
        msptk_args *args = msptk_args_new("health_check");
        msptk_result *result = NULL;
        const char *run;

        must(msptk_args_set_int(args, "all", 1, &err));
        must(msptk_call(tk, args, NULL, &result, &err));
        run = msptk_json_string(msptk_json_get(msptk_result_json(result), "run_id"), "");
        acknowledge("run", *run ? run : "-");
        msptk_result_free(result);
        msptk_args_free(args);
}

/* `rounds` 0: until killed. */
static int work(const char *dir, const char *prefix, int rounds)
{
        msptk_toolkit *tk = open_workspace(dir);
        char name[64];

        acknowledge("open", "-");
        for (int i = 0; rounds == 0 || i < rounds; i++) {
                snprintf(name, sizeof(name), "%s %d", prefix, i);
                add_client(tk, name);
                if (i % 4 == 0)
                        check_all(tk);
        }
        must(msptk_toolkit_close(tk, 60000, &err));
        msptk_toolkit_free(tk);
        return 0;
}

/* ---- the one that kills ---- */

static uint32_t roll(uint32_t sides)
{
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        return (uint32_t)(dice >> 33) % sides;
}

static void sleep_us(int64_t us)
{
        struct timespec ts = { us / 1000000, us % 1000000 * 1000 };

        while (nanosleep(&ts, &ts) < 0 && errno == EINTR)
                ;
}

static struct {
        char (*ids)[96];
        size_t count;
        size_t runs, opened;
} acked;

static void note(const char *line)
{
        if (!strncmp(line, "client ", 7)) {
                if (acked.count == ACKED_MAX)
                        stop("too many clients");
                snprintf(acked.ids[acked.count++], 96, "%.95s", line + 7);
        }
        acked.runs += !strncmp(line, "run ", 4);
        acked.opened += !strncmp(line, "open ", 5);
}

static void read_acknowledgements(int fd)
{
        FILE *f = fdopen(fd, "r");
        char line[256];

        while (f && fgets(line, sizeof(line), f)) {
                char *end = strchr(line, '\n');

                if (!end)
                        break; /* cut short: not acknowledged */
                *end = '\0';
                note(line);
        }
        if (f)
                fclose(f);
}

static pid_t start(const char *self, const char *dir, const char *prefix, const char *rounds,
                   int *ret_fd)
{
        char *argv[] = { (char *)(uintptr_t)self,   (char *)(uintptr_t) "work",
                         (char *)(uintptr_t)dir,    (char *)(uintptr_t)prefix,
                         (char *)(uintptr_t)rounds, NULL };
        posix_spawn_file_actions_t actions;
        int fds[2];
        pid_t pid;

        if (pipe(fds) < 0)
                stop("pipe");
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
        posix_spawn_file_actions_addclose(&actions, fds[0]);
        if (posix_spawn(&pid, self, &actions, NULL, argv, environ))
                stop("spawn");
        posix_spawn_file_actions_destroy(&actions);
        close(fds[1]);
        *ret_fd = fds[0];
        return pid;
}

static int wait_for(pid_t pid)
{
        int status = 0;

        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        return status;
}

static void kill_once(const char *self, const char *dir, int round)
{
        char prefix[32];
        int fd, status;
        pid_t pid;

        snprintf(prefix, sizeof(prefix), "Round %d", round);
        pid = start(self, dir, prefix, "0", &fd);
        /* Mostly in the middle of the work, now and then while it opens. */
        sleep_us(roll(5) ? 5000 + roll(250000) : roll(12000));
        kill(pid, SIGKILL);
        read_acknowledgements(fd);
        status = wait_for(pid);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
                printf("round %d ended by itself with status 0x%x\n", round, (unsigned)status);
                exit(1);
        }
}

static void check_client(msptk_toolkit *tk, const char *id)
{
        msptk_client *client = NULL;

        if (msptk_client_manager_get(msptk_toolkit_get_client_manager(tk), id, &client, &err) < 0) {
                printf("client '%s' was acknowledged and is gone\n", id);
                stop("lost");
        }
        msptk_client_free(client);
}

static void check_trail(msptk_toolkit *tk)
{
        msptk_args *args = msptk_args_new("audit_verify");
        msptk_result *result = NULL;

        must(msptk_call(tk, args, NULL, &result, &err));
        if (msptk_result_verdict(result) != 0) {
                char *text = NULL;

                msptk_json_print(msptk_result_json(result), 0, &text, NULL);
                printf("%s\n", text);
                stop("the trail does not verify");
        }
        msptk_result_free(result);
        msptk_args_free(args);
}

/* `from`: the first acknowledgement that was not looked at yet. */
static void check_workspace(const char *dir, size_t from)
{
        msptk_toolkit *tk = open_workspace(dir);

        for (size_t i = from; i < acked.count; i++)
                check_client(tk, acked.ids[i]);
        check_trail(tk);
        must(msptk_toolkit_close(tk, 60000, &err));
        msptk_toolkit_free(tk);
}

static void next_run_works(const char *self, const char *dir)
{
        int fd, status;
        pid_t pid = start(self, dir, "After all", "2", &fd);

        read_acknowledgements(fd);
        status = wait_for(pid);
        if (!WIFEXITED(status) || WEXITSTATUS(status)) {
                printf("the run after the kills failed with status 0x%x\n", (unsigned)status);
                exit(1);
        }
}

static void remove_workspace(const char *dir)
{
        DIR *d = opendir(dir);
        char path[512];

        for (struct dirent *e; d && (e = readdir(d));) {
                snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
                unlink(path);
        }
        if (d)
                closedir(d);
        rmdir(dir);
}

int main(int argc, char **argv)
{
        const char *seed = getenv("MSPTK_SEED"), *full = getenv("MSPTK_FULL");
        int rounds = full && *full == '1' ? 200 : 12;
        char dir[64] = "/tmp/msptk-kill9-XXXXXX", self[512];
        ssize_t n;

        if (argc == 5 && !strcmp(argv[1], "work"))
                return work(argv[2], argv[3], (int)strtol(argv[4], NULL, 10));
        dice = (seed ? strtoull(seed, NULL, 10) + 1 : 1) * 0x9e3779b97f4a7c15u;
        n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        acked.ids = calloc(ACKED_MAX, sizeof(*acked.ids));
        if (n < 0 || !acked.ids || !mkdtemp(dir))
                stop("prepare");
        self[n] = '\0';
        for (int round = 0; round < rounds; round++) {
                size_t before = acked.count;

                kill_once(self, dir, round);
                check_workspace(dir, before);
        }
        next_run_works(self, dir);
        check_workspace(dir, 0);
        remove_workspace(dir);
        free(acked.ids);
        printf("killed %d times; %zu clients and %zu health runs acknowledged, %zu openings\n",
               rounds, acked.count, acked.runs, acked.opened);
        if (!acked.count) {
                printf("nothing was acknowledged: this proves nothing\n");
                printf("0 passed, 1 failed, 0 skipped\n");
                return 1;
        }
        printf("1 passed, 0 failed, 0 skipped\n");
        return 0;
}
