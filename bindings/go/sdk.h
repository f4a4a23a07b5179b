/* Adapters and checks that are written in Go: tables whose slots call Go, and the host's services
 * as plain functions. */
#ifndef MSPTK_GO_SDK_H
#define MSPTK_GO_SDK_H

#include <msptk/msptk.h>

/* How many kinds of adapters written in Go can be registered at once in a process. `open` is the
 * one slot that is told nothing of its kind, so each kind needs an `open` of its own. */
enum { BRIDGE_KINDS = 64 };

enum {
        BRIDGE_DEVICES = 1,
        BRIDGE_METRICS = 2,
        BRIDGE_ALERTS = 4,
        BRIDGE_COMMANDS = 8,
        BRIDGE_DEPLOY = 16
};

/* `texts`: type, title, description, settings, docs and the checks one after the other, each ended
 * by NUL; an empty settings text means any. */
msptk_status bridge_register_adapter(msptk_toolkit *tk, int32_t kind, int32_t groups, int32_t flags,
                                     const char *texts, int32_t checks, msptk_error **ret_err);
msptk_status bridge_register_check(msptk_toolkit *tk, uintptr_t user, const char *name,
                                   const char *version, int32_t per, msptk_error **ret_err);

/* Rows, many at once: each text is where it begins in `texts`, -1 for NULL. */
typedef struct bridge_device_row {
        int64_t last_seen;
        int32_t presence;
        int32_t text[10]; /* vendor_id name serial machine_id macs os kind address vendor_client
                             attributes */
} bridge_device_row;

typedef struct bridge_metric_row {
        double value;
        int64_t at;
        int32_t state;
        int32_t text[7]; /* vendor_id check metric instance unit message data */
} bridge_metric_row;

typedef struct bridge_alert_row {
        int64_t at;
        int32_t severity;
        int32_t text[5]; /* vendor_id vendor_alert check instance message */
} bridge_alert_row;

msptk_status bridge_emit_devices(msptk_host *host, msptk_request *req,
                                 const bridge_device_row *rows, size_t count, const char *texts);
msptk_status bridge_emit_metrics(msptk_host *host, msptk_request *req,
                                 const bridge_metric_row *rows, size_t count, const char *texts);
msptk_status bridge_emit_alerts(msptk_host *host, msptk_request *req, const bridge_alert_row *rows,
                                size_t count, const char *texts);

int32_t bridge_cancelled(msptk_host *host, msptk_request *req);
int64_t bridge_deadline_left(msptk_host *host, msptk_request *req);
void bridge_tell(msptk_host *host, msptk_request *req, int64_t done, int64_t total);
const char *bridge_instance(msptk_host *host);
int64_t bridge_now(msptk_host *host);
void bridge_clean_text(msptk_host *host, const char *text, size_t len, char *out, size_t cap);
void bridge_log(msptk_host *host, int32_t level, const char *message);
msptk_status bridge_state_get(msptk_host *host, msptk_request *req, const char *key,
                              char **ret_value, msptk_error **ret_err);
void bridge_host_free(msptk_host *host, void *memory);
msptk_status bridge_state_update(msptk_host *host, msptk_request *req, const char *key,
                                 int32_t always, const char *expected, const char *value,
                                 msptk_error **ret_err);

/* `texts`: method, url, auth_setting, auth_user and the headers, each ended by NUL. */
typedef struct bridge_http {
        int64_t timeout_ms;
        size_t body_limit;
        int32_t auth;
        int32_t idempotent;
        int32_t headers;
} bridge_http;
msptk_status bridge_http_request(msptk_host *host, msptk_request *req, bridge_http how,
                                 const char *texts, const char *body, size_t body_len,
                                 msptk_http_reply *ret_reply, msptk_error **ret_err);

/* The result of a command, with its texts in memory of the request. */
msptk_status bridge_command_result(msptk_host *host, msptk_request *req,
                                   msptk_program_result *ret_result, const char *out,
                                   size_t out_len, const char *err, size_t err_len);
char *bridge_host_text(msptk_host *host, const char *text);

int32_t bridge_check_cancelled(msptk_check_host *host);
int64_t bridge_check_deadline_left(msptk_check_host *host);
int64_t bridge_check_now(msptk_check_host *host);
void bridge_check_log(msptk_check_host *host, int32_t level, const char *message);
msptk_status bridge_check_report(msptk_check_host *host, const char *instance, int32_t state,
                                 const char *message, const char *data, size_t len);
msptk_status bridge_check_metric(msptk_check_host *host, const char *instance, const char *metric,
                                 double value, const char *unit);

size_t bridge_count(char **list);

/* ---- written in Go (adapter_slots.go, check.go) ---- */
int32_t goOpen(int32_t kind, msptk_host *host, char *settings, uintptr_t *ret_self,
               msptk_error **ret_err);
void goClose(uintptr_t self);
int32_t goProbe(uintptr_t self, msptk_request *req, msptk_error **ret_err);
int32_t goDevices(uintptr_t self, msptk_request *req, msptk_query *query, msptk_error **ret_err);
int32_t goMetrics(uintptr_t self, msptk_request *req, msptk_query *query, msptk_error **ret_err);
int32_t goAlerts(uintptr_t self, msptk_request *req, msptk_query *query, msptk_error **ret_err);
int32_t goExecute(uintptr_t self, msptk_request *req, char *vendor_id, char **command,
                  msptk_program_result *ret_result, msptk_error **ret_err);
int32_t goDeploy(uintptr_t self, msptk_request *req, msptk_device_row *device, char **ret_evidence,
                 msptk_error **ret_err);
int32_t goCheck(uintptr_t user, msptk_check_host *host, char *context, msptk_error **ret_err);
void goCheckDestroy(uintptr_t user);

#endif
