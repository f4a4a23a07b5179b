/* A small host for tests of single adapters: keeps emitted rows, state in memory, a settable clock,
 * and really runs programs. One request at a time, one thread. */
#ifndef TESTS_MOCK_HOST_H
#define TESTS_MOCK_HOST_H

#include <stdbool.h>
#include <msptk/sdk/adapter.h>

enum { MOCK_MAX_ROWS = 40000, MOCK_MAX_STATES = 4096 };

typedef struct mock_metric {
        int32_t state;
        char *vendor_id, *check, *metric, *instance, *unit, *message, *data; /* "" when NULL */
        double value;
        int64_t at;
} mock_metric;

typedef struct mock_device {
        int32_t presence;
        char *vendor_id, *name, *serial, *machine_id, *macs, *os, *kind, *address, *vendor_client;
        char *attributes; /* JSON text; "" when NULL */
        int64_t last_seen;
} mock_device;

typedef struct mock_alert {
        int32_t severity;
        char *vendor_id, *vendor_alert, *check, *instance, *message;
        int64_t at;
} mock_alert;

typedef struct mock_host mock_host;
struct mock_host {
        msptk_host host; /* what adapters see */
        int64_t now;
        bool cancelled;
        int64_t deadline_left_ms;                      /* INT64_MAX at first */
        int64_t slept_ms;                              /* sum; sleeping takes no time */
        void (*on_sleep)(mock_host *mock, void *user); /* the world changes while one sleeps */
        void *user;
        size_t fail_emit_at; /* the Nth emit answers E_CANCELLED; 0 never */
        size_t emitted;
        size_t fail_alloc_at; /* the Nth alloc gives NULL; 0 never */
        size_t allocs;
        int64_t live; /* blocks from alloc that were not freed */

        mock_metric *metrics;
        size_t metric_count;
        mock_device *devices;
        size_t device_count;
        mock_alert *alerts;
        size_t alert_count;
        struct {
                char *key, *value;
        } * states;
        size_t state_count;
        bool state_broken;
        void **request_memory;
        size_t request_memory_count;
};

mock_host *mock_host_new(void);
void mock_host_free(mock_host *mock);
void mock_host_reset(mock_host *mock); /* forget rows and request memory, keep state */
const msptk_request *mock_request(mock_host *mock);
/* Open with settings in JSON text; asserts that it works. */
void *mock_open(mock_host *mock, const msptk_adapter_ops *ops, const char *settings,
                msptk_json **ret_settings);
/* First row that matches; NULL arguments match all. NULL when there is none. */
const mock_metric *mock_find(const mock_host *mock, const char *check, const char *metric,
                             const char *instance);
size_t mock_count(const mock_host *mock, const char *check, const char *metric);
const char *mock_state(const mock_host *mock, const char *key); /* NULL when never put */

#endif
