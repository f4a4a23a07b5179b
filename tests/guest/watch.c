/* Snapshots of a process, from /proc and the calls of POSIX. */
#include "watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FD = 256, MAX_SIGNAL = 65, LINK = 128, TEXT = 65536 };

struct watch {
        char fds[MAX_FD][LINK];
        int fd_flags[MAX_FD];
        struct sigaction actions[MAX_SIGNAL];
        sigset_t mask;
        char locale[512];
        char cwd[4096];
        char environment[TEXT];
        char timezone[64];
        mode_t umask;
        int threads;
        int children;
        int rounding;
        int priority;
        struct rlimit files, core;
};

static int count_dir(const char *path)
{
        DIR *d = opendir(path);
        int n = 0;

        while (d && readdir(d))
                n++;
        if (d)
                closedir(d);
        return n - 2;
}

/* Children of any thread; the kernel lists them per thread. */
static int count_children(void)
{
        DIR *d = opendir("/proc/self/task");
        struct dirent *e;
        int n = 0;

        while (d && (e = readdir(d))) {
                char path[300], text[4096] = "";
                FILE *f;

                snprintf(path, sizeof(path), "/proc/self/task/%s/children", e->d_name);
                if (e->d_name[0] == '.' || !(f = fopen(path, "r")))
                        continue;
                text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
                for (char *c = text; *c; c++)
                        n += *c == ' ';
                fclose(f);
        }
        if (d)
                closedir(d);
        return n;
}

static void take_descriptors(watch *w)
{
        for (int fd = 0; fd < MAX_FD; fd++) {
                char path[64];
                ssize_t n;

                snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
                n = readlink(path, w->fds[fd], LINK - 1);
                w->fds[fd][n > 0 ? n : 0] = '\0';
                w->fd_flags[fd] = n > 0 ? fcntl(fd, F_GETFL) : 0;
        }
}

static void take_environment(watch *w)
{
        size_t used = 0;

        for (char **e = environ; *e && used + strlen(*e) + 2 < TEXT; e++)
                used += (size_t)snprintf(w->environment + used, TEXT - used, "%s\n", *e);
}

watch *watch_take(void)
{
        watch *w = calloc(1, sizeof(*w));

        if (!w || !getcwd(w->cwd, sizeof(w->cwd)))
                return free(w), NULL;
        take_descriptors(w);
        for (int s = 1; s < MAX_SIGNAL; s++)
                sigaction(s, NULL, &w->actions[s]);
        pthread_sigmask(SIG_SETMASK, NULL, &w->mask);
        snprintf(w->locale, sizeof(w->locale), "%s", setlocale(LC_ALL, NULL));
        snprintf(w->timezone, sizeof(w->timezone), "%s %s", tzname[0], tzname[1]);
        take_environment(w);
        w->umask = umask(0);
        umask(w->umask);
        w->threads = count_dir("/proc/self/task");
        w->children = count_children();
        w->rounding = fegetround();
        w->priority = getpriority(PRIO_PROCESS, 0);
        getrlimit(RLIMIT_NOFILE, &w->files);
        getrlimit(RLIMIT_CORE, &w->core);
        return w;
}

void watch_free(watch *w)
{
        free(w);
}

struct report {
        char *out;
        size_t size, used;
        int count;
};

static void __attribute__((format(printf, 2, 3))) differ(struct report *r, const char *fmt, ...)
{
        va_list ap;
        int n;

        r->count++;
        va_start(ap, fmt);
        n = vsnprintf(r->out + r->used, r->size - r->used, fmt, ap);
        va_end(ap);
        if (n > 0 && r->used + (size_t)n + 1 < r->size)
                r->used += (size_t)n;
}

static void compare_signals(const watch *a, const watch *b, struct report *r)
{
        for (int s = 1; s < MAX_SIGNAL; s++) {
                const struct sigaction *x = &a->actions[s], *y = &b->actions[s];

                if (x->sa_handler != y->sa_handler || x->sa_flags != y->sa_flags)
                        differ(r, "disposition of signal %d\n", s);
                if (sigismember(&a->mask, s) != sigismember(&b->mask, s))
                        differ(r, "signal %d in the mask\n", s);
        }
}

static void compare_descriptors(const watch *a, const watch *b, unsigned may, struct report *r)
{
        for (int fd = 0; fd < MAX_FD; fd++) {
                if (fd > 2 && (may & WATCH_DESCRIPTORS) && (!a->fds[fd][0] || !b->fds[fd][0]))
                        continue;
                if (strcmp(a->fds[fd], b->fds[fd]))
                        differ(r, "descriptor %d: '%s', then '%s'\n", fd, a->fds[fd], b->fds[fd]);
                else if (a->fd_flags[fd] != b->fd_flags[fd])
                        differ(r, "flags of descriptor %d\n", fd);
        }
}

static void compare_texts(const watch *a, const watch *b, struct report *r)
{
        if (strcmp(a->locale, b->locale))
                differ(r, "locale: '%s', then '%s'\n", a->locale, b->locale);
        if (strcmp(a->cwd, b->cwd))
                differ(r, "working directory: '%s', then '%s'\n", a->cwd, b->cwd);
        if (strcmp(a->timezone, b->timezone))
                differ(r, "zone of the C library: '%s', then '%s'\n", a->timezone, b->timezone);
        if (strcmp(a->environment, b->environment))
                differ(r, "environment\n");
}

int watch_compare(const watch *a, const watch *b, unsigned may, char *out, size_t out_size)
{
        struct report r = { .out = out, .size = out_size };

        out[0] = '\0';
        compare_signals(a, b, &r);
        compare_descriptors(a, b, may, &r);
        compare_texts(a, b, &r);
        if (a->umask != b->umask)
                differ(&r, "umask: %o, then %o\n", a->umask, b->umask);
        if (!(may & WATCH_THREADS) && a->threads != b->threads)
                differ(&r, "threads: %d, then %d\n", a->threads, b->threads);
        if (a->children != b->children)
                differ(&r, "children: %d, then %d\n", a->children, b->children);
        if (a->rounding != b->rounding)
                differ(&r, "floating-point rounding\n");
        if (a->priority != b->priority)
                differ(&r, "priority\n");
        if (a->files.rlim_cur != b->files.rlim_cur || a->core.rlim_cur != b->core.rlim_cur)
                differ(&r, "resource limits\n");
        return r.count;
}

static int saved_fd[2] = { -1, -1 };
static FILE *quiet[2];

int watch_quiet_begin(void)
{
        fflush(NULL);
        for (int i = 0; i < 2; i++) {
                quiet[i] = tmpfile();
                saved_fd[i] = dup(i + 1);
                if (!quiet[i] || saved_fd[i] < 0 || dup2(fileno(quiet[i]), i + 1) < 0)
                        return -1;
        }
        return 0;
}

long watch_quiet_end(void)
{
        long bytes = 0;

        fflush(NULL);
        for (int i = 0; i < 2; i++) {
                struct stat st;

                if (fstat(i + 1, &st) < 0 || dup2(saved_fd[i], i + 1) < 0)
                        return -1;
                bytes += (long)st.st_size;
                close(saved_fd[i]);
                fclose(quiet[i]);
        }
        return bytes;
}
