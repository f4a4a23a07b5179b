/* Child processes as jobs of the loop: wait for a place, run, be read, be ended, be reaped. */
#define ROOM "work"
#include "work/child_private.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
        READ_CHUNK = 65536,
        CLOSING_GRACE_MS = 200, /* between SIGTERM and SIGKILL while the toolkit closes */
        UNKILLABLE_MS = 5000,   /* after SIGKILL: then the kernel may keep it */
};

struct spawner {
        child *waiting, *waiting_end; /* for a place */
        child *limbo;                 /* killed, and not yet dead */
        int32_t running;
        bool starting;
        bool slot_used[CHILD_SLOTS];
        struct start_report *reports; /* shared with the children until they run their program */
        char chunk[READ_CHUNK];
};

static child *of_job(job *j)
{
        return (child *)j;
}

#define OF_MEMBER(ptr, member) ((child *)((char *)(ptr)-offsetof(child, member)))

static struct spawner *get_spawner(work *w)
{
        struct spawner *sp = w->spawner;
        size_t size = CHILD_SLOTS * sizeof(struct start_report);

        if (sp)
                return sp;
        sp = msptk__alloc(sizeof(*sp));
        if (!sp)
                return NULL;
        sp->reports = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (sp->reports == MAP_FAILED) {
                msptk__free(sp);
                return NULL;
        }
        w->spawner = sp;
        return sp;
}

void msptk__children_free(work *w)
{
        struct spawner *sp = w->spawner;

        if (!sp)
                return;
        while (sp->limbo) {
                child *c = sp->limbo;

                sp->limbo = c->next;
                msptk__child_close_fds(w, c);
                msptk__child_destroy(c);
        }
        munmap(sp->reports, CHILD_SLOTS * sizeof(struct start_report));
        msptk__free(sp);
        w->spawner = NULL;
}

static struct start_report *take_slot(struct spawner *sp)
{
        for (size_t i = 0; i < CHILD_SLOTS; i++) {
                if (sp->slot_used[i])
                        continue;
                sp->slot_used[i] = true;
                sp->reports[i] = (struct start_report){ 0 };
                return &sp->reports[i];
        }
        return NULL;
}

static void give_slot(struct spawner *sp, child *c)
{
        if (c->report)
                sp->slot_used[c->report - sp->reports] = false;
        c->report = NULL;
}

/* ---- the end ---- */

static void start_waiting(work *w);

static void move_outputs(child *c)
{
        child_result *r = c->result;

        r->out_len = c->out.text.len;
        r->err_len = c->err.text.len;
        r->out_truncated = c->out.truncated;
        r->err_truncated = c->err.truncated;
        r->out = msptk__buf_steal(&c->out.text);
        r->err = msptk__buf_steal(&c->err.text);
        if (c->started_ns)
                r->wall_us = (msptk__mono_ns() - c->started_ns) / 1000;
}

static void complete(child *c)
{
        work *w = c->base.work;
        msptk_error *err = NULL;
        msptk_status st = MSPTK_OK;

        msptk__loop_timer_del(w, &c->timer);
        move_outputs(c);
        if (!c->result->out || !c->result->err || c->out_of_memory)
                st = msptk__nomem(&err);
        if (c->running) {
                c->running = false;
                w->spawner->running--;
        }
        msptk__job_done(&c->base, st, err);
        start_waiting(w);
}

/* The program has ended, or never began, and nothing more is read. */
static void finish_child(child *c)
{
        work *w = c->base.work;
        const struct start_report *report = c->report;

        msptk__child_reap(c);
        if (report && report->error) {
                c->result->kind = CHILD_NOT_STARTED;
                c->result->code = report->error;
                msptk__child_name_start_error(c, report->step);
        } else if (c->ended_by_us >= 0) { /* whatever it answered to our signal */
                c->result->kind = c->ended_by_us;
        }
        give_slot(w->spawner, c);
        msptk__child_close_fds(w, c);
        complete(c);
}

static void linger_over(loop_timer *t)
{
        child *c = OF_MEMBER(t, timer);

        c->result->held_open = true;
        finish_child(c);
}

static bool outputs_closed(const child *c)
{
        return c->out.io.fd < 0 && c->err.io.fd < 0;
}

static void on_exit(loop_io *io, uint32_t events)
{
        child *c = OF_MEMBER(io, pid_io);
        work *w = c->base.work;

        (void)events;
        msptk__loop_io_del(w, io);
        msptk__child_learn_status(c);
        c->ended = true;
        msptk__child_close_input(w, c);
        for (int i = 0; i < 16 && !outputs_closed(c); i++) { /* what a pipe can hold, and a bit */
                bool out = msptk__child_read(c, &c->out, w->spawner->chunk, READ_CHUNK);
                bool err = msptk__child_read(c, &c->err, w->spawner->chunk, READ_CHUNK);

                if (!out && !err)
                        break;
        }
        if (outputs_closed(c) ||
            msptk__loop_timer_set(w, &c->timer, msptk__after_ms(c->linger_ms), linger_over) < 0)
                finish_child(c);
}

/* Not even SIGKILL ended it: let the caller go, and reap it whenever it dies. */
static void on_late_exit(loop_io *io, uint32_t events)
{
        child *c = OF_MEMBER(io, pid_io);
        work *w = c->limbo_work;
        child **at = &w->spawner->limbo;

        (void)events;
        msptk__child_reap(c);
        msptk__child_close_fds(w, c);
        while (*at != c)
                at = &(*at)->next;
        *at = c->next;
        give_slot(w->spawner, c);
        msptk__child_destroy(c);
}

static void give_up(loop_timer *t)
{
        child *c = OF_MEMBER(t, timer), *rest = msptk__alloc(sizeof(*rest));
        work *w = c->base.work;

        c->result->unkillable = true;
        c->result->kind = c->ended_by_us;
        msptk__loop_io_del(w, &c->pid_io);
        if (rest) {
                rest->pid = c->pid;
                rest->pid_io.fd = c->pid_io.fd;
                rest->pid_io.fn = on_late_exit;
                rest->out.io.fd = rest->err.io.fd = rest->in_io.fd = -1;
                rest->report = STEAL(c->report);
                rest->limbo_work = w;
                rest->next = w->spawner->limbo;
                w->spawner->limbo = rest;
                c->pid_io.fd = -1;
                (void)msptk__loop_io_set(w, &rest->pid_io, LOOP_IN, NULL);
        }
        give_slot(w->spawner, c);
        msptk__child_close_fds(w, c);
        complete(c);
}

static void kill_group(loop_timer *t)
{
        child *c = OF_MEMBER(t, timer);

        msptk__child_signal(c, SIGKILL);
        (void)msptk__loop_timer_set(c->base.work, t, msptk__after_ms(UNKILLABLE_MS), give_up);
}

void msptk__child_end(child *c, int32_t kind)
{
        work *w = c->base.work;
        int64_t grace = c->kill_grace_ms;

        if (c->ended_by_us >= 0 || c->ended)
                return;
        if (atomic_load(&w->closing) && grace > CLOSING_GRACE_MS)
                grace = CLOSING_GRACE_MS;
        c->ended_by_us = kind;
        msptk__child_signal(c, SIGTERM);
        if (msptk__loop_timer_set(w, &c->timer, msptk__after_ms(grace), kill_group) < 0)
                msptk__child_signal(c, SIGKILL);
}

static void time_is_over(loop_timer *t)
{
        msptk__child_end(OF_MEMBER(t, timer), CHILD_TIMEOUT);
}

/* ---- reading and writing ---- */

static void on_output(loop_io *io, uint32_t events)
{
        struct child_output *o = (struct child_output *)io;
        child *c = o->child;

        (void)events;
        (void)msptk__child_read(c, o, c->base.work->spawner->chunk, READ_CHUNK);
        if (c->ended && outputs_closed(c))
                finish_child(c);
}

static void on_input(loop_io *io, uint32_t events)
{
        (void)events;
        msptk__child_write(OF_MEMBER(io, in_io));
}

/* ---- the beginning ---- */

/* Returns an errno. */
static int watch_all(work *w, child *c)
{
        if ((c->pid_io.fd >= 0 && msptk__loop_io_set(w, &c->pid_io, LOOP_IN, NULL) < 0) ||
            msptk__loop_io_set(w, &c->out.io, LOOP_IN, NULL) < 0 ||
            msptk__loop_io_set(w, &c->err.io, LOOP_IN, NULL) < 0 ||
            (c->in_io.fd >= 0 && msptk__loop_io_set(w, &c->in_io, LOOP_OUT, NULL) < 0))
                return errno;
        if (c->pid_io.fd >= 0)
                return msptk__loop_timer_set(w, &c->timer, msptk__after_ms(c->timeout_ms),
                                             time_is_over) < 0
                               ? ENOMEM
                               : 0;
        c->ended = true; /* so soon that the host has its status already */
        c->result->kind = CHILD_STATUS_UNKNOWN;
        return msptk__loop_timer_set(w, &c->timer, msptk__after_ms(c->linger_ms), linger_over) < 0
                       ? ENOMEM
                       : 0;
}

static void not_started(child *c, int error, int step)
{
        work *w = c->base.work;

        c->result->kind = CHILD_NOT_STARTED;
        c->result->code = error;
        msptk__child_name_start_error(c, step);
        give_slot(w->spawner, c);
        msptk__child_close_fds(w, c);
        complete(c);
}

static void run_child(work *w, child *c)
{
        int step = STEP_START, error;

        c->report = take_slot(w->spawner);
        c->running = true;
        w->spawner->running++;
        c->started_ns = msptk__mono_ns();
        c->pid_io.fn = on_exit;
        c->out.io.fn = c->err.io.fn = on_output;
        c->in_io.fn = on_input;
        error = c->report ? msptk__child_spawn(c) : EAGAIN;
        if (!error) {
                step = STEP_WATCH;
                error = watch_all(w, c);
                if (error)
                        msptk__child_undo_spawn(c);
        }
        if (error)
                not_started(c, error, step);
}

static void start_waiting(work *w)
{
        struct spawner *sp = w->spawner;

        if (sp->starting)
                return; /* a child that could not be started brought us here again */
        sp->starting = true;
        while (sp->waiting && sp->running < w->max_children && sp->running < CHILD_SLOTS_FREE) {
                child *c = sp->waiting;

                sp->waiting = c->next;
                if (!sp->waiting)
                        sp->waiting_end = NULL;
                c->next = NULL;
                c->waiting = false;
                run_child(w, c);
        }
        sp->starting = false;
}

static void child_start(job *j)
{
        child *c = of_job(j);
        struct spawner *sp = get_spawner(j->work);

        if (!sp) {
                msptk_error *err = NULL;

                msptk__nomem(&err);
                msptk__job_done(j, MSPTK_E_NOMEM, err);
                return;
        }
        c->waiting = true;
        c->next = NULL;
        if (sp->waiting_end)
                sp->waiting_end->next = c;
        else
                sp->waiting = c;
        sp->waiting_end = c;
        start_waiting(j->work);
}

static void leave_queue(struct spawner *sp, child *c)
{
        child **at = &sp->waiting, *before = NULL;

        for (; *at != c; at = &(*at)->next)
                before = *at;
        *at = c->next;
        if (sp->waiting_end == c)
                sp->waiting_end = before;
        c->waiting = false;
}

static void child_cancel(job *j, msptk_status why)
{
        child *c = of_job(j);
        int32_t kind = why == MSPTK_E_TIMEOUT ? CHILD_TIMEOUT : CHILD_CANCELLED;

        if (c->waiting) {
                leave_queue(j->work->spawner, c);
                c->result->kind = kind;
                complete(c);
                return;
        }
        msptk__child_end(c, kind);
}

static void child_job_destroy(job *j)
{
        msptk__child_destroy(of_job(j));
}

static const job_ops child_ops = { child_start, child_cancel, child_job_destroy };

msptk_status msptk__child_new(const child_spec *spec, job **ret, msptk_error **ret_err)
{
        child *c = NULL;

        TRY(msptk__child_copy_spec(spec, &c, ret_err));
        c->base.ops = &child_ops;
        c->base.label = c->label;
        *ret = &c->base;
        return MSPTK_OK;
}

child_result *msptk__child_take_result(job *j)
{
        child *c = of_job(j);

        if (j->ops != &child_ops)
                return NULL;
        return j->status < 0 ? NULL : STEAL(c->result);
}

msptk_status msptk__child_run(work *w, cancel *parent, const child_spec *spec, child_result **ret,
                              msptk_error **ret_err)
{
        AUTO_GROUP group *g = NULL;
        AUTO_DONE done d = { 0 };
        job *j = NULL;
        msptk_status st;

        TRY(msptk__child_new(spec, &j, ret_err));
        st = msptk__group_new(w, parent, j->label, NULL, &g, ret_err);
        if (st < 0) {
                j->ops->destroy(j);
                return st;
        }
        TRY(msptk__group_job(g, 0, j, ret_err));
        TRY(msptk__group_next(g, &d, -1, ret_err));
        if (d.status < 0) {
                if (ret_err)
                        *ret_err = STEAL(d.err);
                return d.status;
        }
        *ret = STEAL(d.child);
        return MSPTK_OK;
}
