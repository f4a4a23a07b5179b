/* The real host for tests of adapters: a toolkit's context with a store, a vault, work and a
 * configuration given as text, and a sink that keeps what arrives. */
#ifndef TESTS_REAL_HOST_H
#define TESTS_REAL_HOST_H

#include "adapters/adapters.h"
#include "config/config.h"
#include "net/net.h"
#include "vault/vault.h"

typedef struct real_host {
        ctx c;
        registry *r;
        char log[8192];
        pthread_mutex_t log_lock;
        int64_t now; /* 0: the system's clock */
} real_host;

/* `yaml` may be NULL; `database` NULL: in memory. Asserts that it works. */
void real_host_open(real_host *h, const char *yaml, const char *database);
void real_host_close(real_host *h);
/* A configuration with one adapter "it" of a type, and settings: the inside of a JSON object. */
void real_host_open_with(real_host *h, const char *type, const char *settings);
instance *real_instance(real_host *h, const char *name);

enum { ROWS_MAX = 4096, ROW_TEXT = 512 };

typedef struct kept_row {
        char vendor_id[128], check[96], metric[96], instance[128], unit[32], message[ROW_TEXT];
        char name[128], vendor_alert[256];
        int32_t state; /* or presence, or severity */
        double value;
        int64_t at;
        bool has_data;
} kept_row;

typedef struct kept {
        adapter_sink sink; /* sink.user is this */
        kept_row *devices, *metrics, *alerts;
        size_t device_count, metric_count, alert_count;
        int64_t done, total;
        size_t stop_at; /* the Nth row answers `stop_with`; 0 never */
        msptk_status stop_with;
        size_t cancel_at; /* the Nth row triggers `tok` */
        cancel *tok;
        size_t seen;
} kept;

void kept_begin(kept *k);
void kept_end(kept *k);
const kept_row *kept_metric(const kept *k, const char *check, const char *where);

#endif
