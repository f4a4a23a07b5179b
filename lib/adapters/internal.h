/* Adapters inside their own room: kinds, instances, requests. */
#ifndef ADAPTERS_INTERNAL_H
#define ADAPTERS_INTERNAL_H

#include <pthread.h>

#include "adapters/adapters.h"
#include "config/config.h"
#include "net/net.h"

/* A registered kind: deep copy of its table and all its texts, tails zeroed. */
typedef struct adapter_kind {
        struct adapter_kind *next;
        msptk_adapter_ops ops;
        msptk_adapter_info info;
        char *texts[5];     /* of info */
        const char **names; /* metrics.checks: pointers, then their characters */
        msptk_device_ops devices;
        msptk_metric_ops metrics;
        msptk_alert_ops alerts;
        msptk_command_ops commands;
        msptk_deploy_ops deploy;
} adapter_kind;

struct instance {
        msptk_host host; /* host.impl is this instance */
        registry *r;
        instance *next;
        const adapter_kind *kind;     /* NULL when its type is unknown */
        const config_adapter *config; /* NULL for the built-in "local" */
        msptk_json *settings;
        instance_info info; /* what the configuration says; the others add what the kind says */
        instance_info unknown, known;
        const instance_info *shown; /* NULL until its kind was looked for; atomic */
        char *no_kind, *bad_settings;
        const char *bad_setting; /* borrowed from `settings` */
        pthread_mutex_t opening;
        net_site *site; /* made at the first http_request; under `opening` */
        void *self;
        bool opened;
};

struct custom_check {
        custom_check *next;
        msptk_check_ops ops; /* its texts are owned */
        void *user;
};

struct registry {
        ctx *c;
        pthread_mutex_t lock; /* of the lists; nodes live as long as the registry */
        adapter_kind *kinds;
        instance *instances;
        custom_check *checks;
        const char **types;
        size_t type_count;
        bool instances_made;
};

/* One call of one slot. */
struct msptk_request {
        instance *i;
        cancel *tok;
        const adapter_sink *sink;
        struct request_block *blocks; /* of request_alloc */
        size_t allocated;
        msptk_status stopped; /* why the caller takes no more rows; MSPTK_OK while it does */
        size_t refused;       /* rows that were not well formed */
        net_reply reply;      /* of the last http_request */
        secret *secret;       /* of `secret_setting`, for the time of the request */
        char *secret_setting;
};

const adapter_kind *msptk__kind_find(registry *r, const char *type);
/* Opens it once; E_UNSUPPORTED when disabled, E_CONFIG when it cannot work. */
msptk_status msptk__instance_open(instance *i, msptk_error **ret_err);
void msptk__instances_free(instance *first);
void msptk__host_fill(instance *i);
void msptk__request_end(msptk_request *req);

/* A struct as its author knew it: what was appended later keeps what `row` began with. */
#define COMPLETE_ROW(row, given) \
        do { \
                const void *given_ = (given); \
                uint32_t size_ = 0; \
                if (given_) \
                        memcpy(&size_, given_, sizeof(size_)); \
                if (size_ >= sizeof(size_)) \
                        memcpy(&(row), given_, size_ < sizeof(row) ? size_ : sizeof(row)); \
                (row).struct_size = sizeof(row); \
        } while (0)

msptk_status msptk__host_emit_device(const msptk_request *req, const msptk_device_row *row);
msptk_status msptk__host_emit_metric(const msptk_request *req, const msptk_metric_row *row);
msptk_status msptk__host_emit_alert(const msptk_request *req, const msptk_alert_row *row);
/* One line to the host's log: clean, without secrets. */
void msptk__log_clean(const ctx *c, int32_t level, const char *room, const char *message);
/* A metric row on its way to the sink: state and names checked, texts without secrets. */
msptk_status msptk__metric_out(const ctx *c, const adapter_sink *sink, const msptk_metric_row *row);
/* host->http_request */
msptk_status msptk__host_http(const msptk_request *req, const msptk_http_request *in,
                              msptk_http_reply *ret_reply, msptk_error **ret_err);
/* Drops the last reply and the secret. */
void msptk__host_http_end(msptk_request *req);
/* host->state_get, state_put and state_update */
msptk_status msptk__host_state_get(const msptk_request *req, const char *key, char **ret_value,
                                   msptk_error **ret_err);
msptk_status msptk__host_state_put(const msptk_request *req, const char *key, const char *value,
                                   msptk_error **ret_err);
msptk_status msptk__host_state_update(const msptk_request *req, const char *key,
                                      const char *expected, const char *value,
                                      msptk_error **ret_err);

#endif
