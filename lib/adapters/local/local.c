/* The adapter for the machine it runs on: settings, slots, and the table. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "local.h"

msptk_status msptk__local_fail(msptk_error **ret_err, msptk_status status, const char *fmt, ...)
{
        char message[LOCAL_MESSAGE_CAP];
        va_list args;

        va_start(args, fmt);
        vsnprintf(message, sizeof(message), fmt, args);
        va_end(args);
        return msptk_error_set(ret_err, status, "local", message);
}

int64_t msptk__local_monotonic_us(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t msptk__local_answer_ms(const local_run *run)
{
        int64_t left = run->self->host->deadline_left_ms(run->req);

        if (left > LOCAL_ANSWER_MS)
                return LOCAL_ANSWER_MS;
        return left > 0 ? left : 1;
}

static msptk_status emit_row(local_run *run, const local_row *row, const char *fmt, va_list args)
{
        char raw[LOCAL_MESSAGE_CAP], message[LOCAL_MESSAGE_CAP], instance[LOCAL_PATH_CAP];
        const msptk_host *host = run->self->host;
        msptk_metric_row out = { .struct_size = sizeof(out) };

        vsnprintf(raw, sizeof(raw), fmt, args);
        host->clean_text(host, raw, strlen(raw), message, sizeof(message));
        instance[0] = '\0';
        if (row->instance)
                host->clean_text(host, row->instance, strlen(row->instance), instance,
                                 sizeof(instance));
        out.state = row->state;
        out.vendor_id = run->id;
        out.check = row->check;
        out.metric = row->metric;
        out.instance = instance;
        out.unit = row->unit;
        out.message = message;
        out.value = row->value;
        out.at = host->now(host);
        out.data = row->data;
        return host->emit_metric(run->req, &out);
}

msptk_status msptk__local_emit(local_run *run, local_row row, const char *fmt, ...)
{
        va_list args;
        msptk_status st;

        va_start(args, fmt);
        st = emit_row(run, &row, fmt, args);
        va_end(args);
        msptk_json_free(row.data);
        return st;
}

msptk_status msptk__local_emit_unknown(local_run *run, const char *check, const char *metric,
                                       const char *instance, const char *fmt, ...)
{
        local_row row = { .check = check,
                          .metric = metric,
                          .instance = instance,
                          .state = MSPTK_STATE_UNKNOWN,
                          .value = NAN };
        va_list args;
        msptk_status st;

        va_start(args, fmt);
        st = emit_row(run, &row, fmt, args);
        va_end(args);
        return st;
}

static msptk_status setting_list(const msptk_json *settings, const char *key,
                                 const msptk_json **ret, msptk_error **ret_err)
{
        const msptk_json *list = msptk_json_get(settings, key);

        if (!list || msptk_json_type(list) == MSPTK_JSON_NULL)
                return MSPTK_OK;
        if (msptk_json_type(list) != MSPTK_JSON_ARRAY)
                return msptk__local_fail(ret_err, MSPTK_E_CONFIG,
                                         "setting '%s' must be a list of texts", key);
        if (msptk_json_count(list) > LOCAL_MAX_EXPECTED)
                return msptk__local_fail(ret_err, MSPTK_E_CONFIG,
                                         "setting '%s' has more than %d entries", key,
                                         LOCAL_MAX_EXPECTED);
        for (const msptk_json *e = msptk_json_first(list); e; e = msptk_json_next(e)) {
                const char *text = msptk_json_string(e, NULL);

                /* A leading '-' would become an option of the program that is asked. */
                if (!text || !*text || *text == '-' || strlen(text) >= LOCAL_NAME_CAP)
                        return msptk__local_fail(
                                ret_err, MSPTK_E_CONFIG,
                                "setting '%s' has an entry that is no text of 1 to 255 bytes, or "
                                "begins with '-'",
                                key);
        }
        *ret = list;
        return MSPTK_OK;
}

static msptk_status setting_root(const msptk_json *settings, char *out, size_t cap,
                                 msptk_error **ret_err)
{
        const char *root = msptk_json_string(msptk_json_get(settings, "root"), "/");
        size_t len = strlen(root);

        if (root[0] != '/' || len >= cap)
                return msptk__local_fail(ret_err, MSPTK_E_CONFIG,
                                         "setting 'root' must be an absolute path, not '%.200s'",
                                         root);
        while (len && root[len - 1] == '/')
                len--;
        memcpy(out, root, len);
        out[len] = '\0';
        return MSPTK_OK;
}

/* "host:port" or "[address]:port" */
static bool is_target(const char *text)
{
        const char *colon = strrchr(text, ':');
        slice port = msptk__local_slice_of(colon ? colon + 1 : text, colon ? strlen(colon + 1) : 0);
        uint64_t number;

        return colon && colon != text && msptk__local_u64(&port, &number) && number > 0 &&
               number < 65536;
}

static msptk_status read_settings(local *self, const msptk_json *settings, msptk_error **ret_err)
{
        const msptk_json *allow = msptk_json_get(settings, "allow_commands");
        msptk_status st = setting_root(settings, self->root, sizeof(self->root), ret_err);

        if (st >= 0)
                st = setting_list(settings, "services", &self->services, ret_err);
        if (st >= 0)
                st = setting_list(settings, "dns", &self->dns, ret_err);
        if (st >= 0)
                st = setting_list(settings, "tcp", &self->tcp, ret_err);
        if (st >= 0)
                st = setting_list(settings, "ignore_mounts", &self->ignore, ret_err);
        for (const msptk_json *e = msptk_json_first(self->tcp); e && st >= 0;
             e = msptk_json_next(e)) {
                if (!is_target(msptk_json_string(e, "")))
                        st = msptk__local_fail(ret_err, MSPTK_E_CONFIG,
                                               "setting 'tcp' has '%s', which is not host:port",
                                               msptk_json_string(e, ""));
        }
        if (st >= 0 && allow && msptk_json_bool(allow, -1) < 0)
                st = msptk__local_fail(ret_err, MSPTK_E_CONFIG,
                                       "setting 'allow_commands' must be true or false");
        self->allow_commands = msptk_json_bool(allow, 0) == 1;
        return st;
}

static msptk_status local_open(const msptk_host *host, const msptk_json *settings, void **ret_self,
                               msptk_error **ret_err)
{
        local *self = host->alloc(host, sizeof(*self));
        msptk_status st;

        if (!self)
                return msptk__local_fail(ret_err, MSPTK_E_NOMEM, "out of memory");
        self->host = host;
        self->statvfs = statvfs;
        st = read_settings(self, settings, ret_err);
        if (st < 0) {
                host->free(host, self);
                return st;
        }
        *ret_self = self;
        return MSPTK_OK;
}

static void local_close(void *instance)
{
        local *self = instance;

        if (self)
                self->host->free(self->host, self);
}

static msptk_status local_probe(void *instance, const msptk_request *req, msptk_error **ret_err)
{
        local *self = instance;
        AUTO_TEXT file_text t = { 0 };
        cpu_times times;
        int error = msptk__local_read(self, "/proc/stat", 4 << 20, &t);

        (void)req;
        if (error)
                return msptk__local_fail(ret_err, MSPTK_E_UNAVAILABLE,
                                         "cannot read '%s/proc/stat' (error %d)", self->root,
                                         error);
        if (!msptk__local_parse_stat(msptk__local_slice(&t), &times))
                return msptk__local_fail(ret_err, MSPTK_E_UNAVAILABLE,
                                         "'%s/proc/stat' has no line about the cpu", self->root);
        return MSPTK_OK;
}

/* Which of the asked devices is this machine, and whether anything else was asked for. */
static bool asked(const msptk_query *query, const char *id, const char **ret_foreign)
{
        bool ours = false;

        if (!query || !query->devices)
                return true;
        for (size_t i = 0; query->devices[i]; i++) {
                if (strcmp(query->devices[i], id) == 0)
                        ours = true;
                else
                        *ret_foreign = query->devices[i];
        }
        return ours;
}

static msptk_status foreign_device(const local_run *run, const char *device)
{
        return msptk__local_fail(run->ret_err, MSPTK_E_NOTFOUND,
                                 "device '%.200s' is not this machine ('%.200s')", device, run->id);
}

static msptk_status local_devices_list(void *instance, const msptk_request *req,
                                       const msptk_query *query, msptk_error **ret_err)
{
        const char *foreign = NULL;
        local_run run;

        msptk__local_run_init(&run, instance, req, ret_err);
        if (asked(query, run.id, &foreign)) {
                msptk_status st = msptk__local_emit_device(&run);

                if (st < 0)
                        return st;
        }
        return foreign ? foreign_device(&run, foreign) : MSPTK_OK;
}

static msptk_status check_services(local_run *run)
{
        msptk_status st = msptk__local_services(run);

        return st < 0 ? st : msptk__local_system(run);
}

static msptk_status check_network(local_run *run)
{
        msptk_status st = msptk__local_network(run);

        return st < 0 ? st : msptk__local_targets(run);
}

static const struct {
        const char *name;
        msptk_status (*run)(local_run *run);
} local_checks[] = {
        { "cpu", msptk__local_cpu },   { "memory", msptk__local_memory },
        { "disk", msptk__local_disk }, { "services", check_services },
        { "network", check_network },
};

static bool wants(const msptk_query *query, const char *check)
{
        if (!query || !query->checks)
                return true;
        for (size_t i = 0; query->checks[i]; i++) {
                if (strcmp(query->checks[i], check) == 0)
                        return true;
        }
        return false;
}

static msptk_status collect(local_run *run, const msptk_query *query)
{
        const msptk_host *host = run->self->host;

        for (size_t i = 0; i < sizeof(local_checks) / sizeof(local_checks[0]); i++) {
                msptk_status st;

                if (!wants(query, local_checks[i].name))
                        continue;
                if (host->cancelled(run->req))
                        return msptk__local_fail(run->ret_err, MSPTK_E_CANCELLED,
                                                 "cancelled before check '%s'",
                                                 local_checks[i].name);
                if (host->deadline_left_ms(run->req) <= 0)
                        return msptk__local_fail(run->ret_err, MSPTK_E_TIMEOUT,
                                                 "no time left for check '%s'",
                                                 local_checks[i].name);
                st = local_checks[i].run(run);
                if (st < 0)
                        return st;
        }
        return MSPTK_OK;
}

static msptk_status local_metrics_collect(void *instance, const msptk_request *req,
                                          const msptk_query *query, msptk_error **ret_err)
{
        const char *foreign = NULL;
        local_run run;

        msptk__local_run_init(&run, instance, req, ret_err);
        if (asked(query, run.id, &foreign)) {
                msptk_status st = collect(&run, query);

                if (st < 0)
                        return st;
        }
        return foreign ? foreign_device(&run, foreign) : MSPTK_OK;
}

typedef struct command_out {
        const local_run *run;
        msptk_program_result *ret;
        bool nomem;
} command_out;

static const char *keep(command_out *out, const char *text, size_t len)
{
        char *copy = out->run->self->host->request_alloc(out->run->req, len + 1);

        if (!copy) {
                out->nomem = true;
                return "";
        }
        if (len)
                memcpy(copy, text, len);
        return copy;
}

static int32_t command_ended(void *user, size_t index, const msptk_program_result *result)
{
        command_out *out = user;

        (void)index;
        *out->ret = *result;
        out->ret->out = keep(out, result->out, result->out_len);
        out->ret->err = keep(out, result->err, result->err_len);
        return 0;
}

static msptk_status local_commands_execute(void *instance, const msptk_request *req,
                                           const char *vendor_id, const char *const *command,
                                           msptk_program_result *ret_result, msptk_error **ret_err)
{
        local *self = instance;
        msptk_program_result result = { .struct_size = sizeof(result) };
        msptk_program program = { .struct_size = sizeof(program), .argv = command };
        local_run run;
        command_out out = { .run = &run, .ret = &result };
        msptk_status st;

        msptk__local_run_init(&run, self, req, ret_err);
        if (!self->allow_commands)
                return msptk__local_fail(ret_err, MSPTK_E_DENIED,
                                         "commands on this machine need 'allow_commands: true' in "
                                         "the settings of the adapter");
        if (vendor_id && strcmp(vendor_id, run.id) != 0)
                return foreign_device(&run, vendor_id);
        if (!command || !command[0] || command[0][0] != '/')
                return msptk__local_fail(ret_err, MSPTK_E_INVALID,
                                         "a command begins with the absolute path of a program");
        st = self->host->run_programs(req, &program, 1, command_ended, &out, ret_err);
        if (st < 0)
                return st;
        if (out.nomem)
                return msptk__local_fail(ret_err, MSPTK_E_NOMEM,
                                         "no memory for the output of '%.200s'", command[0]);
        *ret_result = result;
        return MSPTK_OK;
}

static const char *const local_metrics_checks[] = { "cpu",      "memory",  "disk",
                                                    "services", "network", NULL };

static const msptk_device_ops local_devices = { .struct_size = sizeof(local_devices),
                                                .list = local_devices_list };
static const msptk_metric_ops local_metrics = { .struct_size = sizeof(local_metrics),
                                                .checks = local_metrics_checks,
                                                .collect = local_metrics_collect };
static const msptk_command_ops local_commands = { .struct_size = sizeof(local_commands),
                                                  .execute = local_commands_execute };

static const msptk_adapter_info local_info = {
        .struct_size = sizeof(local_info),
        .flags = MSPTK_ADAPTER_THIS_MACHINE,
        .type = "local",
        .title = "This machine",
        .description = "Measures the machine it runs on; needs no agent and no credentials.",
        .settings =
                "{\"services\":{\"type\":\"list\",\"description\":\"services or processes that "
                "must run, e.g. [sshd, cron]\",\"default\":[]},"
                "\"dns\":{\"type\":\"list\",\"description\":\"names that must resolve\","
                "\"default\":[]},"
                "\"tcp\":{\"type\":\"list\",\"description\":\"host:port that must accept a "
                "connection\",\"default\":[]},"
                "\"ignore_mounts\":{\"type\":\"list\",\"description\":\"mount points not to "
                "report\",\"default\":[]},"
                "\"allow_commands\":{\"type\":\"bool\",\"description\":\"let commands be executed "
                "on this machine\",\"default\":false},"
                "\"root\":{\"type\":\"string\",\"description\":\"for tests: prefix of every path "
                "that is read\",\"default\":\"/\"}}",
        .docs = "adapters.md",
};

const msptk_adapter_ops msptk__local_adapter = {
        .struct_size = sizeof(msptk__local_adapter),
        .sdk_version = MSPTK_SDK_VERSION,
        .info = &local_info,
        .open = local_open,
        .close = local_close,
        .probe = local_probe,
        .devices = &local_devices,
        .metrics = &local_metrics,
        .commands = &local_commands,
};
