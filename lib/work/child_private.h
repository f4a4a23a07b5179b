/* What child.c (the life of a child on the loop) and child_os.c (system calls) share. */
#ifndef WORK_CHILD_PRIVATE_H
#define WORK_CHILD_PRIVATE_H

#include "work/work_private.h"

enum {
        CHILD_SLOTS = 256,
        CHILD_SLOTS_FREE = 224, /* at once; the others are for those that will not die */
};

/* Where a child says why it could not run its program. */
struct start_report {
        volatile int32_t error; /* errno; 0 = it runs, or it is still on its way */
        volatile int32_t step;
};

typedef struct child child;

struct child_output {
        loop_io io; /* first; fd -1 when closed */
        child *child;
        buf text;
        size_t discarded;
        bool truncated;
};

struct child {
        job base; /* first */
        child *next;
        char *label;
        char *path; /* what is executed */
        char **argv;
        char **envp;
        char *cwd;
        char *input;
        size_t input_len, input_done;
        int64_t timeout_ms, kill_grace_ms, linger_ms;
        int64_t limit_cpu_s, limit_memory_bytes, limit_files, limit_file_bytes;
        bool kill_on_overflow;

        pid_t pid;
        int64_t started_ns;
        loop_io pid_io, in_io;
        struct child_output out, err;
        loop_timer timer; /* time limit, then grace, then linger */
        struct start_report *report;
        work *limbo_work;
        int32_t ended_by_us; /* CHILD_TIMEOUT ...; -1 = no */
        bool waiting, running, ended, status_known, reaped, out_of_memory;
        child_result *result;
};

/* child.c */
void msptk__child_end(child *c, int32_t kind); /* SIGTERM now, SIGKILL later */

/* child_os.c */
int msptk__child_spawn(child *c);                  /* returns an errno */
void msptk__child_undo_spawn(child *c);            /* ends and reaps it at once */
void msptk__child_signal(const child *c, int sig); /* to the whole group */
void msptk__child_learn_status(child *c);          /* without reaping */
void msptk__child_reap(child *c);                  /* ends the rest of the group, then reaps */
/* One read; true when there may be more. Closes at the end of the output. */
bool msptk__child_read(child *c, struct child_output *o, char *chunk, size_t size);
void msptk__child_write(child *c);
void msptk__child_close_input(work *w, child *c);
void msptk__child_close_fds(work *w, child *c);

/* child_spec.c */
msptk_status msptk__child_copy_spec(const child_spec *spec, child **ret, msptk_error **ret_err);
void msptk__child_destroy(child *c);
void msptk__child_name_start_error(child *c, int step);

enum { STEP_START, STEP_WATCH, STEP_LIMITS, STEP_FILES, STEP_CWD, STEP_EXEC };

#endif
