/* Check "network", what was configured: names that must resolve, ports that must answer. Names are
 * asked by getent, because the resolver of the C library cannot be interrupted. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "local.h"

enum { ADDRESSES = 4, WAKE_MS = 50 };

typedef struct target {
        const char *text; /* "host:port" */
        char host[LOCAL_NAME_CAP];
        uint16_t port;
        struct sockaddr_storage addresses[ADDRESSES];
        int fds[ADDRESSES];
        unsigned count;
        int error; /* the last failure */
        bool done;
        char why[160]; /* why its name has no address; "" when it has */
        bool unknown;  /* that is not the target's fault */
} target;

typedef struct lookup {
        local_run *run;
        target *targets; /* by program index, after the dns names */
        const char **names;
        size_t dns_count;
        size_t count;
        size_t *target_of; /* program index -> target */
        msptk_status status;
} lookup;

/* ---- names ---- */

static bool parse_address(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

        memset(ret, 0, sizeof(*ret));
        if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
                memcpy(ret, &v4, sizeof(v4));
                return true;
        }
        if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
                memcpy(ret, &v6, sizeof(v6));
                return true;
        }
        return false;
}

/* "93.184.216.34   STREAM example.com" */
static void take_addresses(target *t, slice rest)
{
        slice line, word;
        char text[64];

        while (t->count < ADDRESSES && msptk__local_line(&rest, &line)) {
                if (!msptk__local_word(&line, &word))
                        continue;
                msptk__local_copy(text, sizeof(text), word);
                if (msptk__local_word(&line, &word) && !msptk__local_is(word, "STREAM"))
                        continue;
                if (parse_address(text, t->port, &t->addresses[t->count]))
                        t->count++;
        }
}

static const char *lookup_failure(const msptk_program_result *result, bool *ret_unknown)
{
        *ret_unknown = false;
        if (result->ended == MSPTK_PROGRAM_TIMED_OUT)
                return "did not resolve in time";
        if (result->ended == MSPTK_PROGRAM_EXITED && result->code == 2)
                return "does not resolve";
        if (result->ended == MSPTK_PROGRAM_EXITED && result->code == 0)
                return result->out_len ? NULL : "does not resolve";
        *ret_unknown = true;
        return "could not be looked up: getent did not end well";
}

static msptk_status emit_name(lookup *l, const char *name, const msptk_program_result *result)
{
        local_row row = { .check = "network", .metric = "dns_ms", .instance = name, .unit = "ms" };
        slice rest = msptk__local_slice_of(result->out, result->out_len), word;
        bool unknown;
        const char *why = lookup_failure(result, &unknown);
        char address[64] = "";

        if (unknown)
                return msptk__local_emit_unknown(l->run, "network", "dns_ms", name, "'%s' %s", name,
                                                 why);
        if (why) {
                row.state = MSPTK_STATE_CRITICAL;
                row.value = NAN;
                return msptk__local_emit(l->run, row, "'%s' %s", name, why);
        }
        if (msptk__local_word(&rest, &word))
                msptk__local_copy(address, sizeof(address), word);
        row.state = MSPTK_STATE_JUDGE;
        row.value = (double)result->wall_us / 1000.0;
        return msptk__local_emit(l->run, row, "'%s' resolves to %s in " TENTHS_FMT " ms", name,
                                 address, TENTHS_ARGS(msptk__local_tenths(row.value)));
}

static int32_t name_ended(void *user, size_t index, const msptk_program_result *result)
{
        lookup *l = user;

        if (index < l->dns_count) {
                l->status = emit_name(l, l->names[index], result);
        } else {
                target *t = &l->targets[l->target_of[index]];
                const char *why = lookup_failure(result, &t->unknown);

                if (why)
                        snprintf(t->why, sizeof(t->why), "its name %s", why);
                else
                        take_addresses(t, msptk__local_slice_of(result->out, result->out_len));
        }
        return l->status < 0;
}

static msptk_status run_lookups(lookup *l)
{
        enum { ARGS = 4 };
        const msptk_host *host = l->run->self->host;
        msptk_program *programs = host->alloc(host, l->count * sizeof(*programs));
        const char **argv = host->alloc(host, l->count * ARGS * sizeof(*argv));
        msptk_status st = MSPTK_OK;

        if (!programs || !argv)
                st = msptk__local_fail(l->run->ret_err, MSPTK_E_NOMEM, "out of memory");
        for (size_t i = 0; st >= 0 && i < l->count; i++) {
                argv[i * ARGS] = "/usr/bin/getent";
                argv[i * ARGS + 1] = "ahosts";
                argv[i * ARGS + 2] = l->names[i];
                programs[i] = (msptk_program){ .struct_size = sizeof(programs[i]),
                                               .argv = argv + i * ARGS,
                                               .timeout_ms = msptk__local_answer_ms(l->run),
                                               .output_limit = 16 << 10 };
        }
        if (st >= 0)
                st = host->run_programs(l->run->req, programs, l->count, name_ended, l,
                                        l->run->ret_err);
        host->free(host, argv);
        host->free(host, programs);
        return l->status < 0 ? l->status : st;
}

/* ---- ports ---- */

static void split_target(target *t, const char *text)
{
        const char *colon = strrchr(text, ':');
        slice host = msptk__local_slice_of(text, (size_t)(colon - text));
        slice port = msptk__local_slice_of(colon + 1, strlen(colon + 1));
        uint64_t number = 0;

        t->text = text;
        if (host.end - host.at > 2 && *host.at == '[' && host.end[-1] == ']') {
                host.at++;
                host.end--;
        }
        msptk__local_copy(t->host, sizeof(t->host), host);
        (void)msptk__local_u64(&port, &number); /* checked by open */
        t->port = (uint16_t)number;
        for (size_t i = 0; i < ADDRESSES; i++)
                t->fds[i] = -1;
        if (parse_address(t->host, t->port, &t->addresses[0]))
                t->count = 1;
}

static void close_target(target *t)
{
        for (size_t i = 0; i < ADDRESSES; i++) {
                if (t->fds[i] >= 0)
                        close(t->fds[i]);
                t->fds[i] = -1;
        }
}

static void start_target(target *t)
{
        for (unsigned i = 0; i < t->count; i++) {
                struct sockaddr_storage *a = &t->addresses[i];
                socklen_t len = a->ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                        : sizeof(struct sockaddr_in6);
                int fd = socket(a->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

                if (fd < 0) {
                        t->error = errno;
                        continue;
                }
                if (connect(fd, (struct sockaddr *)a, len) == 0 || errno == EINPROGRESS) {
                        t->fds[i] = fd;
                } else {
                        t->error = errno;
                        close(fd);
                }
        }
}

static const char *connect_failure(int error)
{
        switch (error) {
        case ECONNREFUSED:
                return "refused the connection";
        case EHOSTUNREACH:
        case ENETUNREACH:
                return "cannot be reached: no route";
        case ETIMEDOUT:
                return "did not answer";
        case EACCES:
        case EPERM:
                return "cannot be reached: a local rule forbids it";
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
                return NULL; /* our own shortage */
        default:
                return "cannot be reached";
        }
}

static msptk_status finish_target(local_run *run, target *t, bool connected, int64_t us)
{
        local_row row = { .check = "network",
                          .metric = "tcp_ms",
                          .instance = t->text,
                          .unit = "ms",
                          .state = MSPTK_STATE_CRITICAL,
                          .value = NAN };
        const char *why = connect_failure(t->error);

        t->done = true;
        close_target(t);
        if (connected) {
                row.state = MSPTK_STATE_JUDGE;
                row.value = (double)us / 1000.0;
                return msptk__local_emit(run, row, "%s accepts connections (" TENTHS_FMT " ms)",
                                         t->text, TENTHS_ARGS(msptk__local_tenths(row.value)));
        }
        if (t->unknown || !why)
                return msptk__local_emit_unknown(
                        run, "network", "tcp_ms", t->text, "%s: %s", t->text,
                        t->unknown ? t->why : "this machine is short of sockets");
        if (t->why[0])
                return msptk__local_emit(run, row, "%s: %s", t->text, t->why);
        if (!t->count)
                return msptk__local_emit(run, row, "%s: its name has no address", t->text);
        return msptk__local_emit(run, row, "%s %s", t->text, why);
}

/* One look at a target's sockets after poll: connected, or one fewer to wait for. */
static bool check_sockets(target *t, const struct pollfd *polled, size_t *at)
{
        bool connected = false;

        for (size_t i = 0; i < ADDRESSES; i++) {
                int error = 0;
                socklen_t len = sizeof(error);

                if (t->fds[i] < 0)
                        continue;
                if (!polled[(*at)++].revents)
                        continue;
                if (getsockopt(t->fds[i], SOL_SOCKET, SO_ERROR, &error, &len) == 0 && !error) {
                        connected = true;
                } else {
                        t->error = error;
                        close(t->fds[i]);
                        t->fds[i] = -1;
                }
        }
        return connected;
}

static bool waits(const target *t)
{
        for (size_t i = 0; i < ADDRESSES; i++) {
                if (t->fds[i] >= 0)
                        return true;
        }
        return false;
}

static size_t gather(const target *targets, size_t count, struct pollfd *fds)
{
        size_t n = 0;

        for (size_t t = 0; t < count; t++) {
                for (size_t i = 0; i < ADDRESSES && !targets[t].done; i++) {
                        if (targets[t].fds[i] >= 0)
                                fds[n++] = (struct pollfd){ targets[t].fds[i], POLLOUT, 0 };
                }
        }
        return n;
}

static msptk_status wait_targets(local_run *run, target *targets, size_t count, struct pollfd *fds)
{
        const msptk_host *host = run->self->host;
        int64_t started = msptk__local_monotonic_us();
        int64_t until = started + msptk__local_answer_ms(run) * 1000;

        for (;;) {
                size_t n = gather(targets, count, fds), at = 0;
                int64_t now;

                if (host->cancelled(run->req))
                        return msptk__local_fail(run->ret_err, MSPTK_E_CANCELLED,
                                                 "cancelled while connecting to targets");
                if (n && poll(fds, n, WAKE_MS) < 0)
                        memset(fds, 0, n * sizeof(*fds)); /* interrupted: nothing is known */
                now = msptk__local_monotonic_us();
                for (size_t t = 0; t < count; t++) {
                        bool connected;
                        msptk_status st;

                        if (targets[t].done)
                                continue;
                        connected = check_sockets(&targets[t], fds, &at);
                        if (!connected && waits(&targets[t]) && now < until)
                                continue;
                        if (!connected && waits(&targets[t]))
                                targets[t].error = ETIMEDOUT;
                        st = finish_target(run, &targets[t], connected, now - started);
                        if (st < 0)
                                return st;
                }
                if (!n)
                        return MSPTK_OK;
        }
}

static msptk_status connect_all(local_run *run, target *targets, size_t count)
{
        const msptk_host *host = run->self->host;
        struct pollfd *fds = host->alloc(host, (count * ADDRESSES + 1) * sizeof(*fds));
        msptk_status st;

        if (!fds)
                return msptk__local_fail(run->ret_err, MSPTK_E_NOMEM, "out of memory");
        for (size_t i = 0; i < count; i++)
                start_target(&targets[i]);
        st = wait_targets(run, targets, count, fds);
        for (size_t i = 0; i < count; i++)
                close_target(&targets[i]);
        host->free(host, fds);
        return st;
}

static msptk_status look_up(lookup *l, size_t targets)
{
        const local *self = l->run->self;

        for (const msptk_json *e = msptk_json_first(self->dns); e; e = msptk_json_next(e))
                l->names[l->count++] = msptk_json_string(e, "");
        l->dns_count = l->count;
        for (size_t i = 0; i < targets; i++) {
                if (!l->targets[i].count) {
                        l->target_of[l->count] = i;
                        l->names[l->count++] = l->targets[i].host;
                }
        }
        return l->count ? run_lookups(l) : MSPTK_OK;
}

msptk_status msptk__local_targets(local_run *run)
{
        const msptk_host *host = run->self->host;
        size_t dns = msptk_json_count(run->self->dns), tcp = msptk_json_count(run->self->tcp);
        lookup l = { .run = run };
        size_t i = 0;
        msptk_status st;

        if (!dns && !tcp)
                return MSPTK_OK;
        l.targets = host->alloc(host, (tcp + 1) * sizeof(*l.targets));
        l.names = host->alloc(host, (dns + tcp) * sizeof(*l.names));
        l.target_of = host->alloc(host, (dns + tcp) * sizeof(*l.target_of));
        if (l.targets && l.names && l.target_of) {
                for (const msptk_json *e = msptk_json_first(run->self->tcp); e;
                     e = msptk_json_next(e))
                        split_target(&l.targets[i++], msptk_json_string(e, ""));
                st = look_up(&l, tcp);
                if (st >= 0 && tcp)
                        st = connect_all(run, l.targets, tcp);
        } else {
                st = msptk__local_fail(run->ret_err, MSPTK_E_NOMEM, "out of memory");
        }
        host->free(host, l.target_of);
        host->free(host, l.names);
        host->free(host, l.targets);
        return st;
}
