/* Lines of standard input become messages, messages become lines of standard output. One thread:
 * what is slow runs on the library's pool and comes back through its descriptor. */
#include "mcp/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/text.h"

enum {
        READ_BYTES = 65536,
        HELD_BYTES = 262144, /* of output that nobody reads: then no more input is read */
        MESSAGE_BYTES = 4 * 1024 * 1024,
        LOOK_US =
                60, /* after a message the next one is looked for so long before it is waited for */
        LEAVE_MS = 900 /* how long what is in flight may still take after the end of input */
};

typedef struct line_reader {
        text line;     /* the beginning of a line that is not complete */
        bool draining; /* the line is too long; it is passed over */
} line_reader;

typedef struct session {
        const mcp_stdio_opts *o;
        mcp_conn *conn;
        size_t limit;
        line_reader in;
        text out;
        size_t sent;      /* of `out` */
        int out_flags;    /* of out_fd, to be put back; -1: not changed */
        int failed;       /* errno of a descriptor */
        bool ended, gone; /* no more input; nobody reads */
        bool looks;       /* there is another processor, on which the next message is made */
        int64_t look_until_ns;
} session;

static int64_t now_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t now_ms(void)
{
        return now_ns() / 1000000;
}

/* ---- output ---- */

static void queue_line(void *user, void *ref, int32_t kind, const char *line, size_t len,
                       int32_t http_status)
{
        session *s = user;

        (void)ref;
        (void)kind;
        (void)http_status;
        text_addn(&s->out, line, len);
        text_addn(&s->out, "\n", 1);
}

static void nothing_more(void *user, void *ref)
{
        (void)user;
        (void)ref;
}

static size_t held(const session *s)
{
        return s->out.len - s->sent;
}

static void flush(session *s)
{
        while (held(s) && !s->gone) {
                /* A descriptor that may block takes what a pipe takes in one piece. */
                size_t n = s->out_flags < 0 && held(s) > 4096 ? 4096 : held(s);
                ssize_t wrote = write(s->o->out_fd, s->out.data + s->sent, n);

                if (wrote > 0) {
                        s->sent += (size_t)wrote;
                        if (s->out_flags < 0 && held(s))
                                break;
                } else if (wrote < 0 && errno == EINTR) {
                        continue;
                } else if (wrote < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
                        break;
                } else {
                        s->failed = wrote < 0 && errno != EPIPE ? errno : 0;
                        s->gone = true;
                }
        }
        if (!held(s) || s->gone) {
                s->sent = 0;
                text_reset(&s->out);
                if (s->out.cap > 4 * HELD_BYTES)
                        text_free(&s->out);
        }
}

/* A pipe or socket can be written without waiting; a file never makes anybody wait, and the flags
 * of a terminal are not ours to change. */
static void open_output(session *s)
{
        struct stat st;
        int flags = fcntl(s->o->out_fd, F_GETFL);

        s->out_flags = -1;
        if (flags < 0 || fstat(s->o->out_fd, &st) < 0 ||
            !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
                return;
        if (fcntl(s->o->out_fd, F_SETFL, flags | O_NONBLOCK) == 0)
                s->out_flags = flags;
}

/* ---- input ---- */

static void take_line(session *s, const char *line, size_t len)
{
        if (len && line[len - 1] == '\r')
                len--;
        if (strspn(line, " \t") < len)
                mcp_receive(s->conn, NULL, line, len, NULL);
}

static void take_end_of_line(session *s, const char *part, size_t len)
{
        line_reader *in = &s->in;

        if (in->draining || in->line.len + len > s->limit) {
                in->draining = false;
                mcp_receive_oversized(s->conn, NULL);
        } else if (in->line.len) {
                text_addn(&in->line, part, len);
                take_line(s, in->line.data, in->line.len);
        } else {
                /* strspn() stops at the line end, which is still there. */
                take_line(s, part, len);
        }
        text_reset(&in->line);
        if (in->line.cap > HELD_BYTES)
                text_free(&in->line);
}

static void take_bytes(session *s, const char *bytes, size_t len)
{
        line_reader *in = &s->in;
        const char *end;

        while (len && (end = memchr(bytes, '\n', len))) {
                take_end_of_line(s, bytes, (size_t)(end - bytes));
                len -= (size_t)(end + 1 - bytes);
                bytes = end + 1;
        }
        if (!len || in->draining)
                return;
        if (in->line.len + len > s->limit) {
                in->draining = true;
                text_free(&in->line);
        } else {
                text_addn(&in->line, bytes, len);
        }
}

static void read_input(session *s)
{
        char bytes[READ_BYTES];
        ssize_t n = read(s->o->in_fd, bytes, sizeof(bytes));

        if (n < 0) {
                if (errno == EINTR || errno == EAGAIN)
                        return;
                s->failed = errno == EIO ? 0 : errno; /* EIO: the terminal was closed */
        }
        if (n <= 0) {
                /* What has no line end may still be whole. */
                if (s->in.line.len || s->in.draining)
                        take_end_of_line(s, "\n", 0);
                s->ended = true;
                return;
        }
        take_bytes(s, bytes, (size_t)n);
}

/* ---- the loop ---- */

static int64_t sooner(int64_t a, int64_t b)
{
        return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* What is due now; returns the milliseconds until something is again, -1 for never. */
static int64_t run_due(session *s)
{
        int64_t now = now_ms(), next = mcp_tick(s->o->server, now);

        if (s->o->tools)
                next = sooner(next, mcp_tools_look(s->o->tools, now));
        return next;
}

enum { WAIT_IN, WAIT_OUT, WAIT_STOP, WAIT_TOOLS, WAIT_COUNT };

/* A client that has its answer asks on at once, and to be woken takes longer than most answers:
 * for a moment the descriptors are looked at without sleeping. */
static int wait_for(const session *s, struct pollfd *fds, int64_t wait)
{
        while (wait && now_ns() < s->look_until_ns) {
                int n = poll(fds, WAIT_COUNT, 0);

                if (n)
                        return n;
        }
        return poll(fds, WAIT_COUNT, wait > 60000 || wait < 0 ? 60000 : (int)wait);
}

/* Waits until something can be done, and does it. */
static void turn(session *s, int64_t longest_ms)
{
        struct pollfd fds[WAIT_COUNT] = { { s->o->in_fd, POLLIN, 0 },
                                          { s->o->out_fd, POLLOUT, 0 },
                                          { s->o->stop_fd, POLLIN, 0 },
                                          { s->o->tools ? mcp_tools_fd(s->o->tools) : -1, POLLIN,
                                            0 } };
        int64_t wait = sooner(run_due(s), longest_ms);

        flush(s);
        if (s->ended || held(s) > HELD_BYTES)
                fds[WAIT_IN].fd = -1;
        if (!held(s))
                fds[WAIT_OUT].events = 0; /* still tells that nobody reads any more */
        if (wait_for(s, fds, wait) < 0)
                return;
        mcp_tick(s->o->server, now_ms());
        if (fds[WAIT_TOOLS].revents)
                mcp_tools_dispatch(s->o->tools);
        if (fds[WAIT_IN].revents)
                read_input(s);
        if (fds[WAIT_STOP].revents)
                s->ended = true;
        if (fds[WAIT_OUT].revents & (POLLERR | POLLNVAL))
                s->gone = true;
        flush(s);
        if (s->looks && fds[WAIT_IN].revents)
                s->look_until_ns = now_ns() + LOOK_US * INT64_C(1000);
}

static void leave(session *s)
{
        int64_t until = now_ms() + LEAVE_MS, left;

        while (!s->gone && mcp_conn_in_flight(s->conn) && (left = until - now_ms()) > 0)
                turn(s, left);
        mcp_conn_shut(s->conn);
        while (!s->gone && held(s) && (left = until + 50 - now_ms()) > 0)
                turn(s, left);
}

int mcp_stdio_run(const mcp_stdio_opts *opts)
{
        session s = { .o = opts, .limit = opts->message_bytes };
        mcp_out out = { .send = queue_line, .done = nothing_more, .user = &s };

        if (!s.limit)
                s.limit = MESSAGE_BYTES;
        open_output(&s);
        s.looks = sysconf(_SC_NPROCESSORS_ONLN) > 1;
        mcp_tick(opts->server, now_ms());
        s.conn = mcp_conn_new(opts->server, MCP_STDIO, &opts->principal, &out);
        while (!s.ended && !s.gone)
                turn(&s, -1);
        leave(&s);
        mcp_conn_free(s.conn);
        if (s.out_flags >= 0)
                (void)fcntl(opts->out_fd, F_SETFL, s.out_flags);
        text_free(&s.in.line);
        text_free(&s.out);
        return s.failed;
}
