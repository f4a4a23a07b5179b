/* msptk_call_async(): a blocking call on a thread of its own, whose progress and end are told by
 * the dispatch queue. */
#define ROOM "ops"
#include "ops/ops.h"

#include <pthread.h>
#include <string.h>

#include "toolkit/toolkit.h"
#include "work/work.h"

typedef struct async_call {
        dispatch_call told;   /* first, so that it can be cast back; posted for the end */
        dispatch_call moved;  /* posted for progress; at most one is waiting */
        pthread_mutex_t lock; /* of the progress fields */
        bool moving;
        int64_t progress_done, progress_total;
        char progress_what[256];
        bool stop; /* the host's progress callback wants no more */

        int32_t refs; /* the thread, the end, a waiting progress */
        msptk_toolkit *tk;
        msptk_args *args;
        msptk_call_opts *opts;
        msptk_progress_fn host_progress;
        void *host_user;
        msptk_done_fn done;
        void *user;
        void (*destroy)(void *user);

        msptk_status status;
        msptk_result *result;
        msptk_error *err;
} async_call;

static void unref(async_call *k)
{
        msptk_toolkit *tk = k->tk;

        if (__atomic_sub_fetch(&k->refs, 1, __ATOMIC_ACQ_REL))
                return;
        msptk_result_free(k->result);
        msptk_error_free(k->err);
        msptk_args_free(k->args);
        msptk_call_opts_free(k->opts);
        if (k->destroy)
                k->destroy(k->user);
        pthread_mutex_destroy(&k->lock);
        msptk__free(k);
        msptk__toolkit_unref(tk);
}

static void tell_end(dispatch_call *call)
{
        async_call *k = (async_call *)(void *)call;

        k->done(k->user, k->status, k->result, k->err);
        unref(k);
}

/* The toolkit closes before the host dispatched: the end is told all the same, exactly once. */
static void drop_end(dispatch_call *call)
{
        tell_end(call);
}

static async_call *from_moved(dispatch_call *call)
{
        return (async_call *)(void *)((char *)call - offsetof(async_call, moved));
}

static void tell_progress(dispatch_call *call)
{
        async_call *k = from_moved(call);
        int64_t at, total;
        char what[sizeof(k->progress_what)];

        pthread_mutex_lock(&k->lock);
        k->moving = false;
        at = k->progress_done;
        total = k->progress_total;
        memcpy(what, k->progress_what, sizeof(what));
        pthread_mutex_unlock(&k->lock);
        if (k->host_progress(k->host_user, at, total, what)) {
                pthread_mutex_lock(&k->lock);
                k->stop = true;
                pthread_mutex_unlock(&k->lock);
        }
        unref(k);
}

static void drop_progress(dispatch_call *call)
{
        unref(from_moved(call));
}

/* On the call's own thread: keep the newest, wake the dispatcher. */
static int32_t note_progress(void *user, int64_t at, int64_t total, const char *what)
{
        async_call *k = user;
        bool post, stop;
        size_t n = what ? msptk__utf8_cut(what, strlen(what), sizeof(k->progress_what) - 1) : 0;

        pthread_mutex_lock(&k->lock);
        k->progress_done = at;
        k->progress_total = total;
        if (n)
                memcpy(k->progress_what, what, n);
        k->progress_what[n] = '\0';
        post = !k->moving;
        k->moving = true;
        stop = k->stop;
        pthread_mutex_unlock(&k->lock);
        if (post) {
                __atomic_add_fetch(&k->refs, 1, __ATOMIC_RELAXED);
                msptk__dispatch_post(msptk__toolkit_dispatcher(k->tk), &k->moved);
        }
        return stop;
}

static void *run(void *user)
{
        async_call *k = user;
        msptk_toolkit *tk = k->tk; /* whoever dispatches may drop `k` at once */

        k->status = msptk__call_inside(k->tk, k->args, k->opts, &k->result, &k->err);
        msptk__dispatch_post(msptk__toolkit_dispatcher(tk), &k->told);
        msptk__toolkit_async_end(tk);
        return NULL;
}

static msptk_status copy_opts(async_call *k, const msptk_call_opts *o, msptk_error **ret_err)
{
        k->opts = msptk_call_opts_new();
        if (!k->opts)
                return msptk__nomem(ret_err);
        if (!o)
                return MSPTK_OK;
        if (msptk__replace(&k->opts->principal, o->principal) < 0 ||
            msptk__replace(&k->opts->door, o->door) < 0 ||
            msptk__replace(&k->opts->plan_token, o->plan_token) < 0 ||
            msptk__replace(&k->opts->idempotency_key, o->idempotency_key) < 0 ||
            msptk__replace(&k->opts->trace_id, o->trace_id) < 0 ||
            msptk__replace(&k->opts->refused, o->refused) < 0)
                return msptk__nomem(ret_err);
        k->opts->timeout_ms = o->timeout_ms;
        k->opts->plan = o->plan;
        k->opts->read_only = o->read_only;
        msptk_call_opts_set_cancel(k->opts, o->cancel);
        if (o->progress) {
                k->host_progress = o->progress;
                k->host_user = o->progress_user;
                msptk_call_opts_set_progress(k->opts, note_progress, k, NULL);
        }
        return MSPTK_OK;
}

static msptk_status prepare(async_call *k, msptk_toolkit *tk, const msptk_args *args,
                            const msptk_call_opts *opts, msptk_error **ret_err)
{
        k->refs = 1;
        k->tk = msptk__toolkit_ref(tk);
        k->told = (dispatch_call){ .run = tell_end, .drop = drop_end };
        k->moved = (dispatch_call){ .run = tell_progress, .drop = drop_progress };
        pthread_mutex_init(&k->lock, NULL);
        TRY(msptk_args_from_json(args->operation, args->values, &k->args, ret_err));
        return copy_opts(k, opts, ret_err);
}

msptk_status msptk_call_async(msptk_toolkit *tk, const msptk_args *args,
                              const msptk_call_opts *opts, msptk_done_fn on_done, void *user,
                              void (*destroy)(void *user), msptk_error **ret_err)
{
        async_call *k;
        msptk_status st;

        if (!args || !on_done)
                return fail(ret_err, MSPTK_E_INVALID, "call: no arguments or nobody to tell");
        if (!tk)
                return fail(ret_err, MSPTK_E_INVALID, "not a toolkit");
        k = msptk__alloc(sizeof(*k));
        if (!k)
                return msptk__nomem(ret_err);
        st = prepare(k, tk, args, opts, ret_err);
        if (st == MSPTK_OK) {
                k->done = on_done;
                k->user = user;
                k->destroy = destroy;
                st = msptk__toolkit_async_start(tk, run, k, ret_err);
        }
        if (st < 0) {
                k->destroy = NULL; /* the caller keeps what it gave */
                unref(k);
        }
        return st;
}
