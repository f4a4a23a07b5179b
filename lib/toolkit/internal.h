/* The root handle inside its own room. */
#ifndef TOOLKIT_INTERNAL_H
#define TOOLKIT_INTERNAL_H

#include <pthread.h>

#include "adapters/adapters.h"
#include "audit/audit.h"
#include "config/config.h"
#include "store/store.h"
#include "toolkit/toolkit.h"
#include "vault/vault.h"
#include "work/work.h"

enum { OPTIONS_MAX = 256, ASYNC_MAX = 16 };

/* A thread that has ended is joined by the next call or by close, so that none runs our code after
 * that. */
enum { ASYNC_FREE = 0, ASYNC_RUNS, ASYNC_ENDED };

struct msptk_toolkit_opts {
        char *config_path;
        char *principal;
        uint64_t flags;
        config_option options[OPTIONS_MAX]; /* keys and values owned */
        size_t option_count;
        int64_t (*clock)(void *user);
        void *clock_user;
        void (*log)(void *user, int32_t level, const char *room, const char *message);
        void *log_user;
};

enum {
        MANAGER_CLIENTS,
        MANAGER_DEVICES,
        MANAGER_HEALTH,
        MANAGER_ALERTS,
        MANAGER_VAULT,
        MANAGER_COUNT
};

struct msptk_toolkit {
        uint32_t kind;
        int32_t refs; /* atomic: the host's one, and one of each result */
        ctx c;
        uint64_t flags;
        pthread_mutex_t opening; /* held while parts are opened */
        int32_t opened;          /* NEED_* that stands; atomic */
        struct msptk_toolkit_opts opts;
        char *principal;
        manager managers[MANAGER_COUNT];
        struct rmm_handle *rmms; /* lent adapters; under `opening` */
        dispatch *dispatch;
        bool has_thread;
        pthread_t dispatch_thread;
        pthread_mutex_t async_lock; /* of the threads of asynchronous calls */
        struct async_thread {
                pthread_t thread;
                int32_t state; /* ASYNC_* */
        } async[ASYNC_MAX];
        bool closed; /* everything is closed; under `opening` */
};

void msptk__rmm_handles_free(struct rmm_handle *first);
/* Opens the floors up to `what` that are not open yet; with tk->opening held. */
msptk_status msptk__toolkit_open_parts(msptk_toolkit *tk, int32_t what, msptk_error **ret_err);
/* Closes every floor, in reverse; nobody may be inside. */
void msptk__toolkit_close_parts(msptk_toolkit *tk);

msptk_status msptk__toolkit_opts_copy(const msptk_toolkit_opts *from, msptk_toolkit_opts *to,
                                      msptk_error **ret_err);
void msptk__toolkit_opts_clear(msptk_toolkit_opts *opts);

#endif
