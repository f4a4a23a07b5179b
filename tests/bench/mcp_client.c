/*
 * Drives a server of the Model Context Protocol over pipes, the same way whichever server it is,
 * and says how fast it answers. Waits in poll() only; costs the same few microseconds for both.
 *
 *     bench_mcp_client cold ROUNDS PROGRAM [ARGUMENT...]   each round a new process
 *     bench_mcp_client warm ROUNDS PROGRAM [ARGUMENT...]   one process, asked in turns
 *     bench_mcp_client answer - PROGRAM [ARGUMENT...]      what client_list answers, as it came
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, PIPELINED = 20, BUFFER = 1 << 22 };

#define META \
        "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," \
        "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"bench\",\"version\":\"1\"}," \
        "\"io.modelcontextprotocol/clientCapabilities\":{}}"
static const char discover[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\",\"params\":{" META "}}\n";
static const char initialize[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
        "\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"bench\",\"version\":\"1\"}}}"
        "\n";
static const char initialized[] =
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n";
static const char ping[] = "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}\n";
static const char list_tools[] = "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/list\"}\n";
static const char list_clients[] =
        "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":"
        "\"client_list\",\"arguments\":{}}}\n";

extern char **environ;

typedef struct server {
        pid_t pid;
        int in, out; /* ours: written to, read from */
        char *line;  /* what came, `have` bytes; the first `used` were handed out */
        size_t have, used;
} server;

static void fail(const char *why)
{
        fprintf(stderr, "mcp_client: %s\n", why);
        exit(1);
}

static double now_us(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static server start(char **argv)
{
        server s = { .line = malloc(BUFFER) };
        posix_spawn_file_actions_t files;
        int in[2], out[2];

        if (!s.line || pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
                fail(strerror(errno));
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_adddup2(&files, in[0], 0);
        posix_spawn_file_actions_adddup2(&files, out[1], 1);
        errno = posix_spawnp(&s.pid, argv[0], &files, NULL, argv, environ);
        if (errno)
                fail(strerror(errno));
        posix_spawn_file_actions_destroy(&files);
        close(in[0]);
        close(out[1]);
        s.in = in[1];
        s.out = out[0];
        return s;
}

static void stop(server *s)
{
        close(s->in);
        close(s->out);
        for (int i = 0; i < 300; i++) {
                if (waitpid(s->pid, NULL, WNOHANG) == s->pid) {
                        free(s->line);
                        return;
                }
                poll(NULL, 0, 10);
        }
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
        fail("the server did not end with its input");
}

static void say(server *s, const char *text)
{
        size_t len = strlen(text);

        if (write(s->in, text, len) != (ssize_t)len)
                fail("the server does not read");
}

/* Reads what is there. */
static void take(server *s)
{
        struct pollfd fd = { s->out, POLLIN, 0 };
        ssize_t n;

        if (s->used) {
                memmove(s->line, s->line + s->used, s->have - s->used);
                s->have -= s->used;
                s->used = 0;
        }
        if (s->have == BUFFER)
                fail("a line without end");
        if (poll(&fd, 1, PATIENCE_MS) != 1)
                fail("the server does not answer");
        n = read(s->out, s->line + s->have, BUFFER - s->have);
        if (n <= 0)
                fail("the server went away");
        s->have += (size_t)n;
}

/* The next line, its end included; valid until the next call. */
static const char *hear(server *s, size_t *ret_len)
{
        const char *end = NULL, *line;
        size_t looked = s->used;

        while (!(end = memchr(s->line + looked, '\n', s->have - looked))) {
                looked = s->have - s->used;
                take(s);
        }
        line = s->line + s->used;
        *ret_len = (size_t)(end + 1 - line);
        s->used += *ret_len;
        if (memmem(line, *ret_len, "\"error\":{\"code\"", 15) ||
            memmem(line, *ret_len, "\"isError\":true", 14)) {
                fprintf(stderr, "%.*s", (int)*ret_len, line);
                fail("the server refused");
        }
        return line;
}

static int by_size(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static double median(double *all, int n)
{
        qsort(all, (size_t)n, sizeof(*all), by_size);
        return all[n / 2];
}

/* From the start of the process to its first reply. */
static void cold(int rounds, char **argv)
{
        double *took = calloc((size_t)rounds, sizeof(*took));
        size_t len;

        for (int i = 0; i < rounds; i++) {
                double begin = now_us();
                server s = start(argv);

                say(&s, discover);
                hear(&s, &len);
                took[i] = now_us() - begin;
                stop(&s);
        }
        printf("cold_ms %.3f\n", median(took, rounds) / 1e3);
        free(took);
}

static void shake_hands(server *s)
{
        size_t len;

        say(s, initialize);
        hear(s, &len);
        say(s, initialized);
}

/* Median microseconds of one question after the other; the size of the answer in *ret_len. */
static double in_turns(server *s, const char *question, int rounds, size_t *ret_len)
{
        double *took = calloc((size_t)rounds, sizeof(*took)), middle;

        for (int i = 0; i < rounds; i++) {
                double begin = now_us();

                say(s, question);
                hear(s, ret_len);
                took[i] = now_us() - begin;
        }
        middle = median(took, rounds);
        free(took);
        return middle;
}

/* Answers each second with `PIPELINED` questions always under way. */
static double pipelined(server *s, int rounds)
{
        char question[256];
        double begin = now_us();
        size_t len;

        for (int asked = 0, heard = 0; heard < rounds; heard++) {
                for (; asked < rounds && asked - heard < PIPELINED; asked++) {
                        snprintf(question, sizeof(question), list_clients, 1000 + asked);
                        say(s, question);
                }
                hear(s, &len);
        }
        return rounds / ((now_us() - begin) / 1e6);
}

static double private_dirty(pid_t pid)
{
        char path[64], line[256];
        long kib = -1;
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
        f = fopen(path, "r");
        while (f && fgets(line, sizeof(line), f))
                sscanf(line, "Private_Dirty: %ld kB", &kib);
        if (f)
                fclose(f);
        return (double)kib / 1024;
}

static void warm(int rounds, char **argv)
{
        char question[256];
        server s = start(argv);
        size_t len;

        snprintf(question, sizeof(question), list_clients, 4);
        shake_hands(&s);
        in_turns(&s, list_tools, 1, &len);
        printf("tools_bytes %zu\n", len);
        in_turns(&s, ping, rounds, &len); /* until it is warm: a compiler may be behind it */
        in_turns(&s, question, rounds, &len);
        printf("ping_us %.2f\n", in_turns(&s, ping, rounds, &len));
        printf("call_us %.2f\n", in_turns(&s, question, rounds, &len));
        printf("call_bytes %zu\n", len);
        printf("pipelined_per_s %.0f\n", pipelined(&s, rounds * 2));
        printf("private_dirty_mib %.2f\n", private_dirty(s.pid));
        stop(&s);
}

static void answer(char **argv)
{
        char question[256];
        server s = start(argv);
        const char *line;
        size_t len;

        snprintf(question, sizeof(question), list_clients, 4);
        shake_hands(&s);
        say(&s, question);
        line = hear(&s, &len);
        fwrite(line, 1, len, stdout);
        stop(&s);
}

int main(int argc, char **argv)
{
        int rounds = argc > 3 ? atoi(argv[2]) : 0;

        signal(SIGPIPE, SIG_IGN);
        if (argc > 3 && !strcmp(argv[1], "answer"))
                answer(argv + 3);
        else if (rounds > 0 && !strcmp(argv[1], "cold"))
                cold(rounds, argv + 3);
        else if (rounds > 0 && !strcmp(argv[1], "warm"))
                warm(rounds, argv + 3);
        else
                fail("see its first comment");
        return 0;
}
