/* The root handle: opens configuration, store, vault and adapters; everything else hangs on it. */
#ifndef MSPTK_TOOLKIT_H
#define MSPTK_TOOLKIT_H

#include <msptk/call.h>
#include <msptk/sdk/adapter.h>
#include <msptk/sdk/check.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct msptk_toolkit_opts msptk_toolkit_opts;
typedef struct msptk_client_manager msptk_client_manager;
typedef struct msptk_device_manager msptk_device_manager;
typedef struct msptk_health_monitor msptk_health_monitor;
typedef struct msptk_alert_manager msptk_alert_manager;
typedef struct msptk_rmm_adapter msptk_rmm_adapter;
typedef struct msptk_vault msptk_vault;

/* Flags of msptk_toolkit_opts_set_flags(). */
#define MSPTK_OPEN_READ_ENVIRONMENT \
        UINT64_C(1)                          /* MSPTK_... overrides and .env beside the config \
                                              */
#define MSPTK_OPEN_SEARCH_CONFIG UINT64_C(2) /* look for a config file in the usual places */
#define MSPTK_OPEN_READ_ONLY UINT64_C(4)     /* refuse whatever changes state */
#define MSPTK_OPEN_LAZY UINT64_C(8)          /* open each part when an operation first needs it */
#define MSPTK_OPEN_DISPATCH_THREAD \
        UINT64_C(16) /* the library dispatches on a thread of its own \
                      */

#define MSPTK_OPEN_NO_CHANGES \
        UINT64_C(32) /* refuse operations that change state; what is observed and the audit trail \
                      * are still written, which MSPTK_OPEN_READ_ONLY does not */

/**
 * Start the options of a toolkit. Without a config file and without MSPTK_OPEN_SEARCH_CONFIG every
 * setting has its default and the store lives in memory.
 *
 * Returns the options, to be released with msptk_toolkit_opts_free(); NULL when out of memory.
 * Thread: any; options belong to one thread at a time.   Since: 0.1
 */
MSPTK_API msptk_toolkit_opts *msptk_toolkit_opts_new(void);

/**
 * Release options; a toolkit that was opened with them does not need them any more.
 *
 * @opts  may be NULL
 *
 * Thread: same as the options.   Since: 0.1
 */
MSPTK_API void msptk_toolkit_opts_free(msptk_toolkit_opts *opts);

/**
 * Name the config file.
 *
 * @opts     borrowed
 * @path     copied; read when the toolkit opens
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID.
 * Thread: same as the options.   Since: 0.1
 */
MSPTK_API msptk_status msptk_toolkit_opts_set_config_path(msptk_toolkit_opts *opts,
                                                          const char *path, msptk_error **ret_err);

/**
 * Set one setting, above what file and environment say ("database.path", "adapters").
 *
 * @opts     borrowed
 * @key      of docs/configuration.md; "principal" (who acts when a call does not say) is accepted
 * too
 * @value    YAML, so that lists and maps can be given; copied
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID; the value itself is checked when the toolkit opens.
 * Thread: same as the options.   Since: 0.1
 */
MSPTK_API msptk_status msptk_toolkit_opts_set(msptk_toolkit_opts *opts, const char *key,
                                              const char *value, msptk_error **ret_err);

/**
 * Set the flags.
 *
 * @opts     borrowed
 * @flags    MSPTK_OPEN_* or'ed
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID for unknown bits.
 * Thread: same as the options.   Since: 0.1
 */
MSPTK_API msptk_status msptk_toolkit_opts_set_flags(msptk_toolkit_opts *opts, uint64_t flags,
                                                    msptk_error **ret_err);

/**
 * Let the host say what time it is, for tests and simulations.
 *
 * @opts   borrowed
 * @clock  returns microseconds UTC; called from any thread; NULL means the system's clock
 * @user   handed to `clock`; must outlive the toolkit
 *
 * Thread: same as the options.   Since: 0.1
 */
MSPTK_API void msptk_toolkit_opts_set_clock(msptk_toolkit_opts *opts, int64_t (*clock)(void *user),
                                            void *user);

/**
 * Hear what the library logs; without it nothing is logged.
 *
 * @opts  borrowed
 * @log   level 0 debug, 1 info, 2 warning, 3 error; called from any thread
 * @user  handed to `log`; must outlive the toolkit
 *
 * Thread: same as the options.   Since: 0.1
 */
MSPTK_API void msptk_toolkit_opts_set_log(msptk_toolkit_opts *opts,
                                          void (*log)(void *user, int32_t level, const char *room,
                                                      const char *message),
                                          void *user);

/**
 * Open a toolkit.
 *
 * @opts    may be NULL: defaults, in memory
 * @ret_tk  on success owned by the caller; end it with msptk_toolkit_close() and
 * msptk_toolkit_free()
 * @ret_err optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_CONFIG, MSPTK_E_IO, MSPTK_E_NEWER, MSPTK_E_CRYPTO.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_toolkit_open(const msptk_toolkit_opts *opts, msptk_toolkit **ret_tk,
                                          msptk_error **ret_err);

/**
 * Open a toolkit from a config file, with nothing read from the environment.
 *
 * @config_path  borrowed
 * @ret_tk       on success owned by the caller
 * @ret_err      optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns as msptk_toolkit_open().
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_toolkit_from_config(const char *config_path, msptk_toolkit **ret_tk,
                                                 msptk_error **ret_err);

/**
 * Refuse new work, cancel what runs, wait for it, close everything.
 *
 * @tk           borrowed
 * @deadline_ms  how long to wait; 0 only asks
 * @ret_err      optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK (also when closed already), MSPTK_E_TIMEOUT naming what still runs; then it may
 * be called again. Afterwards getters on copied data work, everything else answers MSPTK_E_CLOSED.
 * Thread: any, but not from a callback (MSPTK_E_REENTRANT).   Since: 0.1
 */
MSPTK_API msptk_status msptk_toolkit_close(msptk_toolkit *tk, int64_t deadline_ms,
                                           msptk_error **ret_err);

/**
 * Drop the memory of a toolkit. One that was not closed is closed first, without waiting for work
 * that does not stop: its memory is then kept until that work ends.
 *
 * @tk  may be NULL
 *
 * Thread: any; no other thread may use the toolkit.   Since: 0.1
 */
MSPTK_API void msptk_toolkit_free(msptk_toolkit *tk);

/**
 * Run the callbacks of asynchronous calls that are due, on this thread.
 *
 * @tk          borrowed
 * @timeout_ms  how long to wait for the first; 0 does not wait, negative waits without end
 * @ret_err     optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK when a callback ran, MSPTK_DONE when none was due, MSPTK_E_REENTRANT from a
 * callback, MSPTK_E_CLOSED. Thread: any, one at a time.   Since: 0.1
 */
MSPTK_API msptk_status msptk_toolkit_dispatch(msptk_toolkit *tk, int64_t timeout_ms,
                                              msptk_error **ret_err);

/**
 * A descriptor that is readable while msptk_toolkit_dispatch() has work, for the host's own loop.
 *
 * @tk  borrowed
 *
 * Returns the descriptor, owned by the toolkit; -1 when it could not be made.
 * Thread: any.   Since: 0.1
 */
MSPTK_API int32_t msptk_toolkit_wakeup_fd(msptk_toolkit *tk);

/**
 * The clients of this toolkit.
 *
 * @tk  borrowed
 *
 * Returns a handle borrowed from the toolkit.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_client_manager *msptk_toolkit_get_client_manager(msptk_toolkit *tk);

/**
 * The devices of this toolkit.
 *
 * @tk  borrowed
 *
 * Returns a handle borrowed from the toolkit.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_device_manager *msptk_toolkit_get_device_manager(msptk_toolkit *tk);

/**
 * The health checks of this toolkit.
 *
 * @tk  borrowed
 *
 * Returns a handle borrowed from the toolkit.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_health_monitor *msptk_toolkit_get_health_monitor(msptk_toolkit *tk);

/**
 * The alerts of this toolkit.
 *
 * @tk  borrowed
 *
 * Returns a handle borrowed from the toolkit.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_alert_manager *msptk_toolkit_get_alert_manager(msptk_toolkit *tk);

/**
 * The secrets of this toolkit.
 *
 * @tk  borrowed
 *
 * Returns a handle borrowed from the toolkit.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_vault *msptk_toolkit_get_vault(msptk_toolkit *tk);

/**
 * An adapter instance of the configuration.
 *
 * @tk        borrowed
 * @name      of the instance; NULL means "rmm", or the only one there is
 * @ret_rmm   on success borrowed from the toolkit
 * @ret_err   optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND naming the instances that exist.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_toolkit_get_rmm_adapter(msptk_toolkit *tk, const char *name,
                                                     msptk_rmm_adapter **ret_rmm,
                                                     msptk_error **ret_err);

/**
 * Register a kind of adapter, so that the configuration can name its type.
 *
 * @tk       borrowed
 * @ops      copied, as far as its struct_size says
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID naming the slot that is missing, MSPTK_E_EXISTS.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_toolkit_register_adapter(msptk_toolkit *tk,
                                                      const msptk_adapter_ops *ops,
                                                      msptk_error **ret_err);

/**
 * Register a custom check; it runs in every health check from now on.
 *
 * @tk       borrowed
 * @ops      copied, as far as its struct_size says
 * @user     handed to its functions
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID naming what is missing, MSPTK_E_EXISTS. On failure `user` is
 * not destroyed. Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_toolkit_register_plugin(msptk_toolkit *tk, const msptk_check_ops *ops,
                                                     void *user, msptk_error **ret_err);

#ifdef __cplusplus
}
#endif
#endif
