/* Child processes: the system calls. vfork, because it costs the same however large the host is,
 * and because posix_spawn can set no resource limits. */
#define ROOM "work"
#include "work/child_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
        ID_PIDFD = 3,                   /* P_PIDFD, which musl's <sys/wait.h> may not have */
        DISCARD_MAX = 64 * 1024 * 1024, /* who writes more beyond its limit is ended */
        FIRST_FREE_FD = 3,
        FDS_WITHOUT_CLOSE_RANGE = 65536,
};

/* ---- in the child, between vfork and execve: system calls only ---- */

static void give_reason(child *c, int step)
{
        c->report->step = step;
        c->report->error = errno;
        _exit(127);
}

static void set_limit(child *c, int which, int64_t value)
{
        struct rlimit limit = { .rlim_cur = (rlim_t)value, .rlim_max = (rlim_t)value };

        if (setrlimit(which, &limit))
                give_reason(c, STEP_LIMITS);
}

static void set_limits(child *c)
{
        set_limit(c, RLIMIT_CORE, 0);
        if (c->limit_cpu_s > 0)
                set_limit(c, RLIMIT_CPU, c->limit_cpu_s);
        if (c->limit_memory_bytes > 0)
                set_limit(c, RLIMIT_AS, c->limit_memory_bytes);
        if (c->limit_files > 0)
                set_limit(c, RLIMIT_NOFILE, c->limit_files);
        if (c->limit_file_bytes > 0)
                set_limit(c, RLIMIT_FSIZE, c->limit_file_bytes);
}

static void set_files(child *c, const int fds[3])
{
        int in = fds[0] >= 0 ? fds[0] : open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (in < 0 || (in && dup2(in, 0) < 0) || dup2(fds[1], 1) < 0 || dup2(fds[2], 2) < 0)
                give_reason(c, STEP_FILES);
        if (!in && fcntl(0, F_SETFD, 0) < 0) /* the host had closed its own */
                give_reason(c, STEP_FILES);
        if (syscall(SYS_close_range, FIRST_FREE_FD, ~0U, 0) == 0)
                return;
        for (int fd = FIRST_FREE_FD; fd < FDS_WITHOUT_CLOSE_RANGE; fd++)
                close(fd);
}

/* What the host ignores would be ignored by the program too. */
static void reset_signals(void)
{
        struct sigaction plain = { .sa_handler = SIG_DFL };
        sigset_t none;

        for (int sig = 1; sig < NSIG; sig++)
                if (sig != SIGKILL && sig != SIGSTOP)
                        (void)sigaction(sig, &plain, NULL);
        sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A group of its own, and no terminal to ask questions on. Not setsid(): where the kernel groups
 * processes by session for scheduling, a new session doubles what a short program costs (measured
 * 2026-11-21, Linux 6.18). */
static void leave_terminal(void)
{
        int tty;

        (void)setpgid(0, 0);
        tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
        if (tty < 0)
                return;
        (void)ioctl(tty, TIOCNOTTY);
        close(tty);
}

static void __attribute__((noinline, noreturn)) become(child *c, const int fds[3])
{
        leave_terminal();
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        set_limits(c);
        if (chdir(c->cwd))
                give_reason(c, STEP_CWD);
        set_files(c, fds);
        reset_signals();
        execve(c->path, c->argv, c->envp);
        give_reason(c, STEP_EXEC);
        _exit(127);
}

/* ---- in the host ---- */

static pid_t __attribute__((noinline)) start(child *c, const int fds[3])
{
        pid_t pid = vfork();

        if (!pid)
                become(c, fds);
        return pid;
}

/* Both ends above 2, so that the child's dup2 cannot overwrite one. */
static int make_pipe(int ends[2])
{
        int made[2];

        if (pipe2(made, O_CLOEXEC))
                return errno;
        for (int i = 0; i < 2; i++) {
                ends[i] = made[i];
                if (made[i] >= FIRST_FREE_FD)
                        continue;
                ends[i] = fcntl(made[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
                close(made[i]);
        }
        return ends[0] < 0 || ends[1] < 0 ? EMFILE : 0;
}

static void close_fd(int *fd)
{
        if (*fd >= 0)
                close(*fd);
        *fd = -1;
}

static int make_pipes(child *c, int theirs[3])
{
        int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 };
        int failed = make_pipe(out);

        if (!failed)
                failed = make_pipe(err);
        if (!failed && c->input)
                failed = make_pipe(in);
        c->out.io.fd = out[0];
        c->err.io.fd = err[0];
        c->in_io.fd = in[1];
        theirs[0] = in[0];
        theirs[1] = out[1];
        theirs[2] = err[1];
        if (failed)
                return failed;
        if (fcntl(out[0], F_SETFL, O_NONBLOCK) || fcntl(err[0], F_SETFL, O_NONBLOCK) ||
            (c->input && fcntl(in[1], F_SETFL, O_NONBLOCK)))
                return errno;
        return 0;
}

int msptk__child_spawn(child *c)
{
        int theirs[3] = { -1, -1, -1 };
        int failed = make_pipes(c, theirs);

        if (!failed) {
                c->pid = start(c, theirs);
                failed = c->pid < 0 ? errno : 0;
        }
        for (int i = 0; i < 3; i++)
                close_fd(&theirs[i]);
        if (failed)
                return failed;
        c->pid_io.fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
        if (c->pid_io.fd < 0 && errno != ESRCH) {
                failed = errno;
                msptk__child_undo_spawn(c);
        }
        return failed;
}

void msptk__child_undo_spawn(child *c)
{
        (void)kill(c->pid, SIGKILL);
        (void)waitpid(c->pid, NULL, 0);
        c->reaped = true;
}

void msptk__child_signal(const child *c, int sig)
{
        if (c->pid > 0 && !c->reaped)
                (void)kill(-c->pid, sig);
}

void msptk__child_learn_status(child *c)
{
        child_result *r = c->result;
        struct rusage ru = { 0 };
        siginfo_t info = { 0 };

        if (syscall(SYS_waitid, ID_PIDFD, c->pid_io.fd, &info, WEXITED | WNOHANG | WNOWAIT, &ru) ||
            !info.si_pid) {
                r->kind = CHILD_STATUS_UNKNOWN;
                return;
        }
        c->status_known = true;
        r->kind = info.si_code == CLD_EXITED ? CHILD_EXITED : CHILD_SIGNALLED;
        r->code = info.si_status;
        r->cpu_us = (int64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000 +
                    ru.ru_utime.tv_usec + ru.ru_stime.tv_usec;
        r->max_rss_kib = ru.ru_maxrss;
}

void msptk__child_reap(child *c)
{
        siginfo_t info = { 0 };

        if (c->reaped || c->pid_io.fd < 0)
                return;
        c->reaped = true;
        if (c->status_known) /* the dead leader still holds the group's number */
                (void)kill(-c->pid, SIGKILL);
        (void)syscall(SYS_waitid, ID_PIDFD, c->pid_io.fd, &info, WEXITED | WNOHANG, NULL);
}

static void close_io(work *w, loop_io *io)
{
        msptk__loop_io_del(w, io);
        close_fd(&io->fd);
}

void msptk__child_close_input(work *w, child *c)
{
        close_io(w, &c->in_io);
}

void msptk__child_close_fds(work *w, child *c)
{
        close_io(w, &c->in_io);
        close_io(w, &c->out.io);
        close_io(w, &c->err.io);
        close_io(w, &c->pid_io);
}

static void keep(child *c, struct child_output *o, const char *data, size_t len)
{
        size_t room = o->text.limit - o->text.len;
        size_t kept = len < room ? len : room;

        if (kept && msptk__buf_add(&o->text, data, kept) < 0) {
                c->out_of_memory = true;
                msptk__child_end(c, CHILD_OVERFLOW);
                return;
        }
        if (kept == len)
                return;
        o->truncated = true;
        o->discarded += len - kept;
        if (c->kill_on_overflow || o->discarded > DISCARD_MAX)
                msptk__child_end(c, CHILD_OVERFLOW);
}

bool msptk__child_read(child *c, struct child_output *o, char *chunk, size_t size)
{
        ssize_t n;

        if (o->io.fd < 0)
                return false;
        n = read(o->io.fd, chunk, size);
        if (n > 0) {
                keep(c, o, chunk, (size_t)n);
                return true;
        }
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return false;
        close_io(c->base.work, &o->io);
        return false;
}

void msptk__child_write(child *c)
{
        ssize_t n = write(c->in_io.fd, c->input + c->input_done, c->input_len - c->input_done);

        if (n > 0)
                c->input_done += (size_t)n;
        else if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n < 0 || c->input_done == c->input_len) /* a reader that went away is no failure */
                close_io(c->base.work, &c->in_io);
}
