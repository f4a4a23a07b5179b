/* The life of the root handle: open, lend managers, dispatch, close, free. */
#define ROOM "toolkit"
#include "toolkit/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

msptk_toolkit *msptk__toolkit_of(ctx *c)
{
        return (msptk_toolkit *)(void *)((char *)c - offsetof(msptk_toolkit, c));
}

/* ctx.need */
static msptk_status need(ctx *c, int32_t what, msptk_error **ret_err)
{
        return msptk__toolkit_need(msptk__toolkit_of(c), what, ret_err);
}

msptk_status msptk__toolkit_need(msptk_toolkit *tk, int32_t what, msptk_error **ret_err)
{
        msptk_status st;

        if (__atomic_load_n(&tk->opened, __ATOMIC_ACQUIRE) >= what)
                return MSPTK_OK;
        pthread_mutex_lock(&tk->opening);
        st = msptk__toolkit_open_parts(tk, what, ret_err);
        pthread_mutex_unlock(&tk->opening);
        return st;
}

ctx *msptk__toolkit_ctx(msptk_toolkit *tk)
{
        return &tk->c;
}

msptk_status msptk__toolkit_enter(msptk_toolkit *tk, msptk_error **ret_err)
{
        if (!tk || tk->kind != KIND_TOOLKIT)
                return fail(ret_err, MSPTK_E_INVALID, "not a toolkit");
        return msptk__gate_enter(tk->c.gate, ret_err);
}

void msptk__toolkit_leave(msptk_toolkit *tk)
{
        msptk__gate_leave(tk->c.gate);
}

/* A slot for one more thread; with the lock held. */
static struct async_thread *free_slot(msptk_toolkit *tk)
{
        for (size_t i = 0; i < ASYNC_MAX; i++) {
                struct async_thread *t = &tk->async[i];

                if (t->state == ASYNC_ENDED) {
                        pthread_join(t->thread, NULL); /* it needs no lock any more */
                        t->state = ASYNC_FREE;
                }
                if (t->state == ASYNC_FREE)
                        return t;
        }
        return NULL;
}

msptk_status msptk__toolkit_async_start(msptk_toolkit *tk, void *(*fn)(void *), void *arg,
                                        msptk_error **ret_err)
{
        struct async_thread *t;
        int failed = 0;

        TRY(msptk__toolkit_enter(tk, ret_err));
        pthread_mutex_lock(&tk->async_lock);
        t = free_slot(tk);
        if (t)
                failed = msptk__thread_start(&t->thread, fn, arg);
        if (t && !failed)
                t->state = ASYNC_RUNS;
        pthread_mutex_unlock(&tk->async_lock);
        if (t && !failed)
                return MSPTK_OK;
        msptk__toolkit_leave(tk);
        if (t)
                return fail(ret_err, MSPTK_E_BUSY, "start a thread: %s", msptk__errno_text(failed));
        return fail(ret_err, MSPTK_E_BUSY, "%d asynchronous calls are running already", ASYNC_MAX);
}

void msptk__toolkit_async_end(msptk_toolkit *tk)
{
        pthread_mutex_lock(&tk->async_lock);
        for (size_t i = 0; i < ASYNC_MAX; i++)
                if (tk->async[i].state == ASYNC_RUNS &&
                    pthread_equal(tk->async[i].thread, pthread_self()))
                        tk->async[i].state = ASYNC_ENDED;
        pthread_mutex_unlock(&tk->async_lock);
        msptk__toolkit_leave(tk);
}

/* Everybody has left. The last to leave may be one of them, when the toolkit is freed under it. */
static void join_async(msptk_toolkit *tk)
{
        pthread_mutex_lock(&tk->async_lock);
        for (size_t i = 0; i < ASYNC_MAX; i++) {
                struct async_thread *t = &tk->async[i];

                if (t->state == ASYNC_FREE)
                        continue;
                if (pthread_equal(t->thread, pthread_self()))
                        pthread_detach(t->thread);
                else
                        pthread_join(t->thread, NULL);
                t->state = ASYNC_FREE;
        }
        pthread_mutex_unlock(&tk->async_lock);
}

struct dispatch *msptk__toolkit_dispatcher(msptk_toolkit *tk)
{
        return tk->dispatch;
}

msptk_toolkit *msptk__toolkit_ref(msptk_toolkit *tk)
{
        __atomic_add_fetch(&tk->refs, 1, __ATOMIC_RELAXED);
        return tk;
}

static void destroy(msptk_toolkit *tk)
{
        join_async(tk);
        msptk__toolkit_close_parts(tk);
        msptk__work_free(tk->c.work);
        msptk__dispatch_unref(tk->dispatch);
        msptk__gate_free(tk->c.gate);
        msptk__rmm_handles_free(tk->rmms);
        msptk__toolkit_opts_clear(&tk->opts);
        msptk__free(tk->principal);
        pthread_mutex_destroy(&tk->opening);
        pthread_mutex_destroy(&tk->async_lock);
        tk->kind = KIND_DEAD;
        msptk__free(tk);
        msptk_fini();
}

void msptk__toolkit_unref(msptk_toolkit *tk)
{
        if (tk && __atomic_sub_fetch(&tk->refs, 1, __ATOMIC_ACQ_REL) == 0)
                destroy(tk);
}

/* Dispatches until the queue is closed. */
static void *dispatch_thread(void *user)
{
        dispatch *d = user;

        while (msptk__dispatch_run(d, -1, NULL, NULL) != MSPTK_E_CLOSED)
                ;
        msptk__dispatch_unref(d);
        return NULL;
}

static msptk_status start_dispatch_thread(msptk_toolkit *tk, msptk_error **ret_err)
{
        dispatch *d = msptk__dispatch_ref(tk->dispatch);

        if (msptk__thread_start(&tk->dispatch_thread, dispatch_thread, d) != 0) {
                msptk__dispatch_unref(d);
                return fail(ret_err, MSPTK_E_IO, "start the dispatch thread");
        }
        tk->has_thread = true;
        return MSPTK_OK;
}

static msptk_status set_principal(msptk_toolkit *tk, msptk_error **ret_err)
{
        char uid[32];

        snprintf(uid, sizeof(uid), "uid:%u", (unsigned)geteuid());
        tk->principal = msptk__strdup(tk->opts.principal ? tk->opts.principal : uid);
        tk->c.principal = tk->principal;
        return tk->principal ? MSPTK_OK : msptk__nomem(ret_err);
}

static msptk_status prepare(msptk_toolkit *tk, const msptk_toolkit_opts *opts,
                            msptk_error **ret_err)
{
        TRY(msptk__toolkit_opts_copy(opts, &tk->opts, ret_err));
        tk->flags = tk->opts.flags;
        tk->c.need = need;
        tk->c.clock = tk->opts.clock;
        tk->c.clock_user = tk->opts.clock_user;
        tk->c.log_fn = tk->opts.log;
        tk->c.log_user = tk->opts.log_user;
        tk->c.read_only = !!(tk->flags & MSPTK_OPEN_READ_ONLY);
        tk->c.no_changes = !!(tk->flags & MSPTK_OPEN_NO_CHANGES);
        for (size_t i = 0; i < MANAGER_COUNT; i++)
                tk->managers[i] = (manager){ .kind = KIND_MANAGER, .c = &tk->c };
        TRY(set_principal(tk, ret_err));
        TRY(msptk__work_new(NULL, &tk->c.work, ret_err));
        TRY(msptk__registry_open(&tk->c, &tk->c.registry, ret_err));
        TRY(msptk__dispatch_new(&tk->dispatch, ret_err));
        if (tk->flags & MSPTK_OPEN_DISPATCH_THREAD)
                TRY(start_dispatch_thread(tk, ret_err));
        return MSPTK_OK;
}

static msptk_toolkit *toolkit_new(void)
{
        msptk_toolkit *tk = msptk__alloc(sizeof(*tk));

        if (!tk)
                return NULL;
        tk->c.gate = msptk__gate_new();
        if (!tk->c.gate) {
                msptk__free(tk);
                return NULL;
        }
        tk->kind = KIND_TOOLKIT;
        tk->refs = 1;
        pthread_mutex_init(&tk->opening, NULL);
        pthread_mutex_init(&tk->async_lock, NULL);
        return tk;
}

msptk_status msptk_toolkit_open(const msptk_toolkit_opts *opts, msptk_toolkit **ret_tk,
                                msptk_error **ret_err)
{
        msptk_toolkit *tk;
        msptk_status st;

        if (!ret_tk)
                return fail(ret_err, MSPTK_E_INVALID, "open a toolkit: nowhere to put it");
        TRY(msptk_init(ret_err));
        tk = toolkit_new();
        if (!tk) {
                msptk_fini();
                return msptk__nomem(ret_err);
        }
        st = prepare(tk, opts, ret_err);
        if (st == MSPTK_OK && !(tk->flags & MSPTK_OPEN_LAZY))
                st = msptk__toolkit_need(tk, NEED_STORE, ret_err);
        if (st < 0) {
                msptk_toolkit_free(tk);
                return st;
        }
        *ret_tk = tk;
        return MSPTK_OK;
}

msptk_status msptk_toolkit_from_config(const char *config_path, msptk_toolkit **ret_tk,
                                       msptk_error **ret_err)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_status st;

        if (!opts)
                return msptk__nomem(ret_err);
        st = msptk_toolkit_opts_set_config_path(opts, config_path, ret_err);
        if (st == MSPTK_OK)
                st = msptk_toolkit_open(opts, ret_tk, ret_err);
        msptk_toolkit_opts_free(opts);
        return st;
}

static int64_t mono_ms(void)
{
        return msptk__mono_ns() / 1000000;
}

static void stop_dispatch(msptk_toolkit *tk)
{
        msptk__dispatch_close(tk->dispatch);
        if (tk->has_thread) {
                if (pthread_equal(tk->dispatch_thread, pthread_self()))
                        pthread_detach(tk->dispatch_thread);
                else
                        pthread_join(tk->dispatch_thread, NULL);
                tk->has_thread = false;
        }
}

/* Waits until nobody is inside and nothing runs. */
static msptk_status wait_until_idle(msptk_toolkit *tk, int64_t deadline_ms, msptk_error **ret_err)
{
        int64_t end = mono_ms() + deadline_ms, left;
        AUTO_BUF buf doing = BUF_INIT(1024);

        msptk__gate_close(tk->c.gate, 0);
        if (tk->c.work)
                msptk__cancel_trigger(msptk__work_cancel(tk->c.work));
        if (!msptk__gate_close(tk->c.gate, deadline_ms)) {
                msptk__gate_tell(tk->c.gate, &doing);
                return fail(ret_err, MSPTK_E_TIMEOUT,
                            "close: %s still running after %" PRId64 " ms", msptk__buf_text(&doing),
                            deadline_ms);
        }
        left = end - mono_ms();
        return tk->c.work ? msptk__work_close(tk->c.work, left > 0 ? left : 0, ret_err) : MSPTK_OK;
}

msptk_status msptk_toolkit_close(msptk_toolkit *tk, int64_t deadline_ms, msptk_error **ret_err)
{
        if (!tk || tk->kind != KIND_TOOLKIT)
                return fail(ret_err, MSPTK_E_INVALID, "not a toolkit");
        if (deadline_ms < 0)
                return fail(ret_err, MSPTK_E_INVALID, "the deadline must not be negative");
        TRY(wait_until_idle(tk, deadline_ms, ret_err));
        pthread_mutex_lock(&tk->opening);
        if (!tk->closed) {
                join_async(tk);
                if (tk->dispatch)
                        stop_dispatch(tk);
                msptk__toolkit_close_parts(tk);
                tk->closed = true;
        }
        pthread_mutex_unlock(&tk->opening);
        return MSPTK_OK;
}

static void drop_host_reference(void *user)
{
        msptk__toolkit_unref(user);
}

void msptk_toolkit_free(msptk_toolkit *tk)
{
        if (!tk || tk->kind != KIND_TOOLKIT)
                return;
        if (msptk_toolkit_close(tk, 0, NULL) < 0 && tk->dispatch)
                stop_dispatch(tk);
        msptk__gate_when_empty(tk->c.gate, drop_host_reference, tk);
}

msptk_status msptk_toolkit_dispatch(msptk_toolkit *tk, int64_t timeout_ms, msptk_error **ret_err)
{
        size_t ran = 0;

        if (!tk || tk->kind != KIND_TOOLKIT)
                return fail(ret_err, MSPTK_E_INVALID, "not a toolkit");
        TRY(msptk__dispatch_run(tk->dispatch, timeout_ms, &ran, ret_err));
        return ran ? MSPTK_OK : MSPTK_DONE;
}

int32_t msptk_toolkit_wakeup_fd(msptk_toolkit *tk)
{
        return tk && tk->kind == KIND_TOOLKIT ? msptk__dispatch_fd(tk->dispatch) : -1;
}

static void *lend(msptk_toolkit *tk, int32_t which)
{
        return tk && tk->kind == KIND_TOOLKIT ? &tk->managers[which] : NULL;
}

msptk_client_manager *msptk_toolkit_get_client_manager(msptk_toolkit *tk)
{
        return lend(tk, MANAGER_CLIENTS);
}

msptk_device_manager *msptk_toolkit_get_device_manager(msptk_toolkit *tk)
{
        return lend(tk, MANAGER_DEVICES);
}

msptk_health_monitor *msptk_toolkit_get_health_monitor(msptk_toolkit *tk)
{
        return lend(tk, MANAGER_HEALTH);
}

msptk_alert_manager *msptk_toolkit_get_alert_manager(msptk_toolkit *tk)
{
        return lend(tk, MANAGER_ALERTS);
}

msptk_vault *msptk_toolkit_get_vault(msptk_toolkit *tk)
{
        return lend(tk, MANAGER_VAULT);
}
