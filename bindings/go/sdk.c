/* Tables of adapters and checks whose slots call Go. */
#include "sdk.h"

#include <string.h>

/* ---- slots ---- */

static msptk_status open_kind(int32_t kind, const msptk_host *host, const msptk_json *settings,
                              void **ret_self, msptk_error **ret_err)
{
        char *text = NULL;
        uintptr_t self = 0;
        msptk_status st = msptk_json_print(settings, 0, &text, ret_err);

        if (st == MSPTK_OK)
                st = goOpen(kind, (msptk_host *)host, text, &self, ret_err);
        msptk_string_free(text);
        if (st == MSPTK_OK)
                *ret_self = (void *)self;
        return st;
}

typedef msptk_status (*open_fn)(const msptk_host *, const msptk_json *, void **, msptk_error **);

/* open_00 ... open_77, in octal: one for each kind. */
/* clang-format off */
#define OPEN(n) \
        static msptk_status open_##n(const msptk_host *h, const msptk_json *s, void **self, msptk_error **err) \
        { \
                return open_kind(0##n, h, s, self, err); \
        }
#define OPEN8(n) OPEN(n##0) OPEN(n##1) OPEN(n##2) OPEN(n##3) OPEN(n##4) OPEN(n##5) OPEN(n##6) OPEN(n##7)
#define NAME8(n) open_##n##0, open_##n##1, open_##n##2, open_##n##3, open_##n##4, open_##n##5, open_##n##6, open_##n##7
OPEN8(0) OPEN8(1) OPEN8(2) OPEN8(3) OPEN8(4) OPEN8(5) OPEN8(6) OPEN8(7)
static const open_fn opens[BRIDGE_KINDS] = {
        NAME8(0), NAME8(1), NAME8(2), NAME8(3), NAME8(4), NAME8(5), NAME8(6), NAME8(7)
};
/* clang-format on */

static void slot_close(void *self)
{
        if (self)
                goClose((uintptr_t)self);
}

static msptk_status slot_probe(void *self, const msptk_request *req, msptk_error **ret_err)
{
        return goProbe((uintptr_t)self, (msptk_request *)req, ret_err);
}

static msptk_status slot_devices(void *self, const msptk_request *req, const msptk_query *query,
                                 msptk_error **ret_err)
{
        return goDevices((uintptr_t)self, (msptk_request *)req, (msptk_query *)query, ret_err);
}

static msptk_status slot_metrics(void *self, const msptk_request *req, const msptk_query *query,
                                 msptk_error **ret_err)
{
        return goMetrics((uintptr_t)self, (msptk_request *)req, (msptk_query *)query, ret_err);
}

static msptk_status slot_alerts(void *self, const msptk_request *req, const msptk_query *query,
                                msptk_error **ret_err)
{
        return goAlerts((uintptr_t)self, (msptk_request *)req, (msptk_query *)query, ret_err);
}

static msptk_status slot_execute(void *self, const msptk_request *req, const char *vendor_id,
                                 const char *const *command, msptk_program_result *ret_result,
                                 msptk_error **ret_err)
{
        return goExecute((uintptr_t)self, (msptk_request *)req, (char *)vendor_id, (char **)command,
                         ret_result, ret_err);
}

static msptk_status slot_deploy(void *self, const msptk_request *req,
                                const msptk_device_row *device, char **ret_evidence,
                                msptk_error **ret_err)
{
        return goDeploy((uintptr_t)self, (msptk_request *)req, (msptk_device_row *)device,
                        ret_evidence, ret_err);
}

static const char *next_text(const char **texts)
{
        const char *text = *texts;

        *texts += strlen(text) + 1;
        return *text ? text : NULL;
}

enum { TEXTS_MAX = 64 };

/* The library copies the tables and their texts. */
msptk_status bridge_register_adapter(msptk_toolkit *tk, int32_t kind, int32_t groups, int32_t flags,
                                     const char *texts, int32_t checks, msptk_error **ret_err)
{
        const char *names[TEXTS_MAX + 1] = { NULL };
        msptk_device_ops devices = { .struct_size = sizeof(devices), .list = slot_devices };
        msptk_metric_ops metrics = { .struct_size = sizeof(metrics), .collect = slot_metrics };
        msptk_alert_ops alerts = { .struct_size = sizeof(alerts), .list = slot_alerts };
        msptk_command_ops commands = { .struct_size = sizeof(commands), .execute = slot_execute };
        msptk_deploy_ops deploy = { .struct_size = sizeof(deploy), .agent = slot_deploy };
        msptk_adapter_info info = { .struct_size = sizeof(info), .flags = (uint32_t)flags };
        msptk_adapter_ops ops = { .struct_size = sizeof(ops),
                                  .sdk_version = MSPTK_SDK_VERSION,
                                  .info = &info,
                                  .open = opens[kind],
                                  .close = slot_close,
                                  .probe = slot_probe,
                                  .devices = groups & BRIDGE_DEVICES ? &devices : NULL,
                                  .metrics = groups & BRIDGE_METRICS ? &metrics : NULL,
                                  .alerts = groups & BRIDGE_ALERTS ? &alerts : NULL,
                                  .commands = groups & BRIDGE_COMMANDS ? &commands : NULL,
                                  .deploy = groups & BRIDGE_DEPLOY ? &deploy : NULL };

        if (checks > TEXTS_MAX)
                return msptk_error_set(ret_err, MSPTK_E_TOOBIG, "go",
                                       "an adapter may name at most 64 checks");
        info.type = next_text(&texts);
        info.title = next_text(&texts);
        info.description = next_text(&texts);
        info.settings = next_text(&texts);
        info.docs = next_text(&texts);
        for (int32_t i = 0; i < checks; i++)
                names[i] = next_text(&texts);
        if (checks)
                metrics.checks = names;
        return msptk_toolkit_register_adapter(tk, &ops, ret_err);
}

/* ---- rows ---- */

static const char *at(const char *texts, int32_t where)
{
        return where < 0 ? NULL : texts + where;
}

/* Facts as JSON text; what was made is released by the caller. */
static msptk_status facts(const char *text, msptk_json **ret)
{
        *ret = NULL;
        return text ? msptk_json_parse(text, strlen(text), ret, NULL) : MSPTK_OK;
}

msptk_status bridge_emit_devices(msptk_host *host, msptk_request *req,
                                 const bridge_device_row *rows, size_t count, const char *texts)
{
        msptk_status st = MSPTK_OK;

        for (size_t i = 0; i < count && st == MSPTK_OK; i++) {
                const int32_t *t = rows[i].text;
                msptk_json *attributes;
                msptk_device_row row = { .struct_size = sizeof(row),
                                         .presence = rows[i].presence,
                                         .vendor_id = at(texts, t[0]),
                                         .name = at(texts, t[1]),
                                         .serial = at(texts, t[2]),
                                         .machine_id = at(texts, t[3]),
                                         .macs = at(texts, t[4]),
                                         .os = at(texts, t[5]),
                                         .kind = at(texts, t[6]),
                                         .address = at(texts, t[7]),
                                         .vendor_client = at(texts, t[8]),
                                         .last_seen = rows[i].last_seen };

                st = facts(at(texts, t[9]), &attributes);
                row.attributes = attributes;
                if (st == MSPTK_OK)
                        st = host->emit_device(req, &row);
                msptk_json_free(attributes);
        }
        return st;
}

msptk_status bridge_emit_metrics(msptk_host *host, msptk_request *req,
                                 const bridge_metric_row *rows, size_t count, const char *texts)
{
        msptk_status st = MSPTK_OK;

        for (size_t i = 0; i < count && st == MSPTK_OK; i++) {
                const int32_t *t = rows[i].text;
                msptk_json *data;
                msptk_metric_row row = { .struct_size = sizeof(row),
                                         .state = rows[i].state,
                                         .vendor_id = at(texts, t[0]),
                                         .check = at(texts, t[1]),
                                         .metric = at(texts, t[2]),
                                         .instance = at(texts, t[3]),
                                         .unit = at(texts, t[4]),
                                         .message = at(texts, t[5]),
                                         .value = rows[i].value,
                                         .at = rows[i].at };

                st = facts(at(texts, t[6]), &data);
                row.data = data;
                if (st == MSPTK_OK)
                        st = host->emit_metric(req, &row);
                msptk_json_free(data);
        }
        return st;
}

msptk_status bridge_emit_alerts(msptk_host *host, msptk_request *req, const bridge_alert_row *rows,
                                size_t count, const char *texts)
{
        msptk_status st = MSPTK_OK;

        for (size_t i = 0; i < count && st == MSPTK_OK; i++) {
                const int32_t *t = rows[i].text;
                msptk_alert_row row = { .struct_size = sizeof(row),
                                        .severity = rows[i].severity,
                                        .vendor_id = at(texts, t[0]),
                                        .vendor_alert = at(texts, t[1]),
                                        .check = at(texts, t[2]),
                                        .instance = at(texts, t[3]),
                                        .message = at(texts, t[4]),
                                        .at = rows[i].at };

                st = host->emit_alert(req, &row);
        }
        return st;
}

/* ---- services ---- */

int32_t bridge_cancelled(msptk_host *host, msptk_request *req)
{
        return host->cancelled(req);
}

int64_t bridge_deadline_left(msptk_host *host, msptk_request *req)
{
        return host->deadline_left_ms(req);
}

void bridge_tell(msptk_host *host, msptk_request *req, int64_t done, int64_t total)
{
        host->progress(req, done, total);
}

const char *bridge_instance(msptk_host *host)
{
        return host->instance(host);
}

int64_t bridge_now(msptk_host *host)
{
        return host->now(host);
}

void bridge_clean_text(msptk_host *host, const char *text, size_t len, char *out, size_t cap)
{
        host->clean_text(host, text, len, out, cap);
}

void bridge_log(msptk_host *host, int32_t level, const char *message)
{
        host->log(host, level, message);
}

msptk_status bridge_state_get(msptk_host *host, msptk_request *req, const char *key,
                              char **ret_value, msptk_error **ret_err)
{
        return host->state_get(req, key, ret_value, ret_err);
}

void bridge_host_free(msptk_host *host, void *memory)
{
        host->free(host, memory);
}

msptk_status bridge_state_update(msptk_host *host, msptk_request *req, const char *key,
                                 int32_t always, const char *expected, const char *value,
                                 msptk_error **ret_err)
{
        if (always)
                return host->state_put(req, key, value, ret_err);
        return host->state_update(req, key, expected, value, ret_err);
}

msptk_status bridge_http_request(msptk_host *host, msptk_request *req, bridge_http how,
                                 const char *texts, const char *body, size_t body_len,
                                 msptk_http_reply *ret_reply, msptk_error **ret_err)
{
        const char *headers[TEXTS_MAX + 1] = { NULL };
        msptk_http_request in = { .struct_size = sizeof(in),
                                  .auth = how.auth,
                                  .headers = headers,
                                  .body = body,
                                  .body_len = body_len,
                                  .timeout_ms = how.timeout_ms,
                                  .body_limit = how.body_limit,
                                  .idempotent = how.idempotent };

        if (how.headers > TEXTS_MAX)
                return msptk_error_set(ret_err, MSPTK_E_TOOBIG, "go",
                                       "a request may have at most 64 headers");
        in.method = next_text(&texts);
        in.url = next_text(&texts);
        in.auth_setting = next_text(&texts);
        in.auth_user = next_text(&texts);
        for (int32_t i = 0; i < how.headers; i++)
                headers[i] = next_text(&texts);
        ret_reply->struct_size = sizeof(*ret_reply);
        return host->http_request(req, &in, ret_reply, ret_err);
}

static char *keep(msptk_host *host, msptk_request *req, const char *bytes, size_t len)
{
        char *copy = host->request_alloc(req, len + 1);

        if (copy && len)
                memcpy(copy, bytes, len);
        return copy;
}

msptk_status bridge_command_result(msptk_host *host, msptk_request *req,
                                   msptk_program_result *ret_result, const char *out,
                                   size_t out_len, const char *err, size_t err_len)
{
        ret_result->out = keep(host, req, out, out_len);
        ret_result->out_len = out_len;
        ret_result->err = keep(host, req, err, err_len);
        ret_result->err_len = err_len;
        return ret_result->out && ret_result->err ? MSPTK_OK : MSPTK_E_TOOBIG;
}

char *bridge_host_text(msptk_host *host, const char *text)
{
        size_t size = strlen(text) + 1;
        char *copy = host->alloc(host, size);

        return copy ? memcpy(copy, text, size) : NULL;
}

size_t bridge_count(char **list)
{
        size_t n = 0;

        while (list && list[n])
                n++;
        return n;
}

/* ---- checks ---- */

static msptk_status check_execute(void *user, const msptk_check_host *host,
                                  const msptk_json *context, msptk_error **ret_err)
{
        char *text = NULL;
        msptk_status st = msptk_json_print(context, 0, &text, ret_err);

        if (st == MSPTK_OK)
                st = goCheck((uintptr_t)user, (msptk_check_host *)host, text, ret_err);
        msptk_string_free(text);
        return st;
}

static void check_destroy(void *user)
{
        goCheckDestroy((uintptr_t)user);
}

msptk_status bridge_register_check(msptk_toolkit *tk, uintptr_t user, const char *name,
                                   const char *version, int32_t per, msptk_error **ret_err)
{
        msptk_check_ops ops = { .struct_size = sizeof(ops),
                                .sdk_version = MSPTK_SDK_VERSION,
                                .name = name,
                                .version = version,
                                .per = per,
                                .execute = check_execute,
                                .destroy = check_destroy };

        return msptk_toolkit_register_plugin(tk, &ops, (void *)user, ret_err);
}

int32_t bridge_check_cancelled(msptk_check_host *host)
{
        return host->cancelled(host);
}

int64_t bridge_check_deadline_left(msptk_check_host *host)
{
        return host->deadline_left_ms(host);
}

int64_t bridge_check_now(msptk_check_host *host)
{
        return host->now(host);
}

void bridge_check_log(msptk_check_host *host, int32_t level, const char *message)
{
        host->log(host, level, message);
}

msptk_status bridge_check_report(msptk_check_host *host, const char *instance, int32_t state,
                                 const char *message, const char *data, size_t len)
{
        msptk_json *json = NULL;
        msptk_status st = len ? msptk_json_parse(data, len, &json, NULL) : MSPTK_OK;

        if (st == MSPTK_OK)
                st = host->report(host, instance, state, message, json);
        msptk_json_free(json);
        return st;
}

msptk_status bridge_check_metric(msptk_check_host *host, const char *instance, const char *metric,
                                 double value, const char *unit)
{
        return host->metric(host, instance, metric, value, unit);
}
