/* An adapter of somebody else, written with public headers only, passes the suite. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <msptk/msptk.h>
#include <msptk/sdk/adapter.h>

#include "conformance.h"

/* A rack of sensors: what a small embedder would write. */
typedef struct rack {
        const msptk_host *host;
        int64_t sensors;
} rack;

static msptk_status rack_open(const msptk_host *host, const msptk_json *settings, void **ret_self,
                              msptk_error **ret_err)
{
        rack *self = host->alloc(host, sizeof(*self));

        if (!self)
                return msptk_error_set(ret_err, MSPTK_E_NOMEM, "rack", "out of memory");
        self->host = host;
        self->sensors = msptk_json_int(msptk_json_get(settings, "sensors"), 3);
        *ret_self = self; /* half made: close frees it */
        if (self->sensors < 1)
                return msptk_error_set(ret_err, MSPTK_E_CONFIG, "rack",
                                       "a rack has at least one sensor");
        return MSPTK_OK;
}

static void rack_close(void *instance)
{
        rack *self = instance;

        if (self)
                self->host->free(self->host, self);
}

static msptk_status rack_probe(void *instance, const msptk_request *req, msptk_error **ret_err)
{
        rack *self = instance;

        return self->host->cancelled(req)
                       ? msptk_error_set(ret_err, MSPTK_E_CANCELLED, "rack", "probe was cancelled")
                       : MSPTK_OK;
}

static int asked(const char *const *names, const char *name)
{
        if (!names)
                return 1;
        for (; *names; names++)
                if (!strcmp(*names, name))
                        return 1;
        return 0;
}

static msptk_status rack_devices_list(void *instance, const msptk_request *req,
                                      const msptk_query *query, msptk_error **ret_err)
{
        rack *self = instance;

        if (query->vendor_client && strcmp(query->vendor_client, "acme") != 0)
                return msptk_error_set(ret_err, MSPTK_E_NOTFOUND, "rack", "no such client");
        for (int64_t n = 1; n <= self->sensors; n++) {
                char id[32];
                msptk_device_row row = { .struct_size = sizeof(row),
                                         .presence = MSPTK_PRESENCE_UP,
                                         .vendor_id = id,
                                         .name = id };
                msptk_status st;

                snprintf(id, sizeof(id), "sensor-%d", (int)n);
                if (!asked(query->devices, id))
                        continue;
                st = self->host->emit_device(req, &row);
                if (st < 0)
                        return msptk_error_set(ret_err, st, "rack", "list was stopped");
        }
        return MSPTK_OK;
}

static msptk_status rack_metrics_collect(void *instance, const msptk_request *req,
                                         const msptk_query *query, msptk_error **ret_err)
{
        rack *self = instance;

        if (!asked(query->checks, "temperature"))
                return MSPTK_OK;
        for (int64_t n = 1; n <= self->sensors; n++) {
                char id[32];
                msptk_metric_row row = { .struct_size = sizeof(row),
                                         .state = n % 3 ? MSPTK_STATE_JUDGE : MSPTK_STATE_UNKNOWN,
                                         .vendor_id = id,
                                         .check = "temperature",
                                         .metric = "celsius",
                                         .unit = "C",
                                         .message = n % 3 ? NULL : "the sensor is silent",
                                         .value = n % 3 ? 20.5 + (double)n : (double)NAN,
                                         .at = self->host->now(self->host) };
                msptk_status st;

                snprintf(id, sizeof(id), "sensor-%d", (int)n);
                if (!asked(query->devices, id))
                        continue;
                st = self->host->emit_metric(req, &row);
                if (st < 0)
                        return msptk_error_set(ret_err, st, "rack", "collect was stopped");
        }
        return MSPTK_OK;
}

static const char *const rack_checks[] = { "temperature", NULL };
static const msptk_device_ops rack_devices = { .struct_size = sizeof(rack_devices),
                                               .list = rack_devices_list };
static const msptk_metric_ops rack_metrics = { .struct_size = sizeof(rack_metrics),
                                               .checks = rack_checks,
                                               .collect = rack_metrics_collect };
static const msptk_adapter_info rack_info = {
        .struct_size = sizeof(rack_info),
        .type = "rack",
        .title = "A rack of sensors",
        .settings = "{\"sensors\": {\"type\": \"int\", \"default\": 3}}",
};
static const msptk_adapter_ops rack_adapter = { .struct_size = sizeof(rack_adapter),
                                                .sdk_version = MSPTK_SDK_VERSION,
                                                .info = &rack_info,
                                                .open = rack_open,
                                                .close = rack_close,
                                                .probe = rack_probe,
                                                .devices = &rack_devices,
                                                .metrics = &rack_metrics };

MSPTK_CONFORMANCE(rack, "\"sensors\": 5", .ops = &rack_adapter, .unknown_client = "somebody",
                  .partial_settings = "\"sensors\": 3", .bad_settings = "\"sensors\": 0")
