/* Child processes: argument vectors, never a shell; own process group without a terminal, clean
 * environment, no inherited descriptors, limits on output, time and resources. Nothing is done with
 * SIGCHLD: the end comes by pidfd. Hundreds may be asked for at once; few run at once.
 *
 * At the time limit, or when cancelled: SIGTERM to the group, after `kill_grace_ms` SIGKILL. When
 * the program has ended but somebody holds its output open, reading stops after `linger_ms`. */
#ifndef WORK_CHILD_H
#define WORK_CHILD_H

#include "base/base.h"
#include "work/cancel.h"

struct work;

typedef struct child_spec {
        const char *const *argv; /* NULL-terminated; argv[0] with a slash, or found in PATH */
        const char *const *envp; /* NULL: PATH of the system's directories and LC_ALL=C, no more */
        const char *cwd;         /* NULL: "/" */
        const char *label;       /* NULL: argv[0] */
        const void *input;       /* standard input; NULL: /dev/null */
        size_t input_len;
        int64_t timeout_ms;         /* 0 means 60,000; the token's deadline counts too */
        int64_t kill_grace_ms;      /* 0 means 1,000 */
        int64_t linger_ms;          /* 0 means 200 */
        size_t out_max;             /* bytes kept of standard output; 0 means 65,536 */
        size_t err_max;             /* the same for standard error; 0 means 16,384 */
        bool kill_on_overflow;      /* else what is beyond the limit is read and thrown away */
        int64_t limit_cpu_s;        /* resource limits; 0 means as the host has it */
        int64_t limit_memory_bytes; /* address space */
        int64_t limit_files;
        int64_t limit_file_bytes;
} child_spec;

enum {
        CHILD_EXITED = 0,         /* code = exit code */
        CHILD_SIGNALLED = 1,      /* code = signal number */
        CHILD_TIMEOUT = 2,        /* we ended it at its time limit */
        CHILD_CANCELLED = 3,      /* we ended it because the caller asked */
        CHILD_OVERFLOW = 4,       /* we ended it because of kill_on_overflow */
        CHILD_NOT_STARTED = 5,    /* code = errno; start_error says the rest */
        CHILD_STATUS_UNKNOWN = 6, /* it ended, but the host took its status (SIGCHLD ignored) */
};

typedef struct child_result {
        int32_t kind;
        int32_t code;
        char *start_error; /* NULL unless NOT_STARTED */
        char *out;         /* never NULL, NUL-terminated beyond its length; any bytes */
        size_t out_len;
        char *err;
        size_t err_len;
        bool out_truncated, err_truncated;
        bool held_open;  /* somebody who outlived the program kept its output open */
        bool unkillable; /* it did not even end by SIGKILL; the kernel still has it */
        int64_t cpu_us;  /* user and system, of the program and what it waited for */
        int64_t wall_us;
        int64_t max_rss_kib;
} child_result;

/* Runs one program and waits. A program that could not be started, timed out or died is MSPTK_OK
 * with its kind; failures are ours (E_INVALID, E_CLOSED, E_CANCELLED, E_TIMEOUT of `parent`). */
msptk_status msptk__child_run(struct work *w, cancel *parent, const child_spec *spec,
                              child_result **ret, msptk_error **ret_err);
void msptk__child_result_free(child_result *r);

/* One line that says how it ended ("exit code 3", "killed by signal 9", "did not end within
 * 10,000 ms"), for messages. */
void msptk__child_describe(const child_result *r, buf *text);

DEFINE_AUTO_FREE(msptk__auto_child_result, child_result, msptk__child_result_free)
#define AUTO_CHILD_RESULT __attribute__((cleanup(msptk__auto_child_result)))

#endif
