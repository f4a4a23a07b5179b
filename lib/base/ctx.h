/* What a toolkit is below floor 8: the services that lib/toolkit opened, and the host's clock and
 * log. Each room knows its own service by its own header; here they are only names. */
#ifndef BASE_CTX_H
#define BASE_CTX_H

#include "base/error.h"

enum { NEED_NOTHING, NEED_CONFIG, NEED_STORE };
enum { LOG_DEBUG = 0, LOG_INFO = 1, LOG_WARNING = 2, LOG_ERROR = 3 };

typedef struct ctx {
        struct work *work;
        struct store *store;
        struct vault *vault;
        struct config *config;
        struct net *net;
        struct audit *audit;
        struct registry *registry; /* adapters and checks */
        struct zone *zone; /* of the configuration, for days and times of people; NULL: UTC */

        struct gate *gate; /* who is inside */
        /* Opens what a lazy toolkit has not opened yet (NEED_STORE, NEED_CONFIG). */
        msptk_status (*need)(struct ctx *c, int32_t what, msptk_error **ret_err);

        int64_t (*clock)(void *user); /* microseconds UTC; NULL means the system's clock */
        void *clock_user;
        void (*log_fn)(void *user, int32_t level, const char *room, const char *message);
        void *log_user;
        int32_t log_level;

        const char *principal; /* who acts when a call does not say; never NULL */
        int32_t read_only;  /* the store too: nothing at all is written */
        int32_t no_changes; /* of operations; observations and the audit trail are written */
} ctx;

/* Now, in microseconds UTC, by the host's clock. */
int64_t msptk__now(const ctx *c);

/* One line to the host's log; lost when the host gave none. Never a secret. */
void msptk__log(const ctx *c, int32_t level, const char *room, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

#endif
