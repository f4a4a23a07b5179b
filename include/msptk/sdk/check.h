/* What the author of a custom check includes: a name, a version, and one function. */
#ifndef MSPTK_SDK_CHECK_H
#define MSPTK_SDK_CHECK_H

#include <msptk/sdk/adapter.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a check may use while it runs; same thread. */
typedef struct msptk_check_host {
        uint32_t struct_size;
        uint32_t sdk_version;
        void *impl;
        int32_t (*cancelled)(const struct msptk_check_host *host);
        int64_t (*deadline_left_ms)(const struct msptk_check_host *host);
        int64_t (*now)(const struct msptk_check_host *host);
        void (*log)(const struct msptk_check_host *host, int32_t level, const char *message);
        /* The outcome: MSPTK_STATE_*, one line for people, and facts (may be NULL) kept as
         * evidence. May be called once for each instance (NULL or "" when there is only one).
         * Copied. */
        msptk_status (*report)(const struct msptk_check_host *host, const char *instance,
                               int32_t state, const char *message, const msptk_json *data);
        /* A number that belongs to the outcome of `instance`; with MSPTK_STATE_JUDGE policy
         * thresholds decide. */
        msptk_status (*metric)(const struct msptk_check_host *host, const char *instance,
                               const char *metric, double value, const char *unit);
} msptk_check_host;

enum {
        MSPTK_CHECK_PER_CLIENT = 0, /* runs once for each client */
        MSPTK_CHECK_PER_DEVICE = 1  /* runs once for each device of the client */
};

typedef struct msptk_check_ops {
        uint32_t struct_size;
        uint32_t sdk_version;
        const char *name;    /* slug; the check's name in results and policy */
        const char *version; /* shown in evidence */
        int32_t per;         /* MSPTK_CHECK_PER_* */
        int32_t reserved;
        /*
         * Runs on a pool thread, at the same time for different clients. `context` is {"client":
         * {...}, "device": {...} or null, "parameters": {...}}. A failure status becomes an unknown
         * result with the error's message; returning MSPTK_OK without a report is unknown too.
         */
        msptk_status (*execute)(void *user, const msptk_check_host *host, const msptk_json *context,
                                msptk_error **ret_err);
        /* Called once when the toolkit no longer needs `user`; may be NULL. */
        void (*destroy)(void *user);
} msptk_check_ops;

#ifdef __cplusplus
}
#endif
#endif
