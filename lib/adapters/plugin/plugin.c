/* The plugin adapter: its table, and one run of its checks side by side. */
#include "plugin.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One check on one device. */
typedef struct plugin_run {
        const plugin_check *check;
        const char *vendor_id;
        char **argv; /* by host->alloc, as its elements are */
} plugin_run;

typedef struct plugin_batch {
        plugin *self;
        const msptk_request *req;
        plugin_run *runs;
        msptk_program *programs;
        size_t count, room;
        msptk_status status; /* of emitting */
        msptk_error **ret_err;
} plugin_batch;

static msptk_status no_memory(msptk_error **ret_err)
{
        return msptk_error_set(ret_err, MSPTK_E_NOMEM, "plugin", "out of memory");
}

/* ---- life ---- */

static void plugin_close(void *arg)
{
        plugin *self = arg;
        const msptk_host *host;

        if (!self)
                return;
        host = self->host;
        host->free(host, self->checks);
        host->free(host, self);
}

static msptk_status plugin_open(const msptk_host *host, const msptk_json *settings, void **ret_self,
                                msptk_error **ret_err)
{
        plugin *self = host->alloc(host, sizeof(*self));
        msptk_status st;

        if (!self)
                return no_memory(ret_err);
        self->host = host;
        st = msptk__plugin_read_settings(self, settings, ret_err);
        if (st < 0) {
                plugin_close(self);
                return st;
        }
        *ret_self = self;
        return MSPTK_OK;
}

/* Every program is there and may be run; the first that is not is named. */
static msptk_status plugin_probe(void *arg, const msptk_request *req, msptk_error **ret_err)
{
        const plugin *self = arg;
        char path[4096], message[4096 + 128];

        (void)req;
        for (size_t i = 0; i < self->count; i++) {
                if (msptk__plugin_path(self, &self->checks[i], path, sizeof(path)) &&
                    !access(path, X_OK))
                        continue;
                snprintf(message, sizeof(message),
                         "the program '%s' of check '%s' cannot be run: %m", path,
                         self->checks[i].name);
                return msptk_error_set(ret_err, MSPTK_E_UNAVAILABLE, "plugin", message);
        }
        return MSPTK_OK;
}

/* ---- what is to run ---- */

static bool listed(const msptk_json *list, const char *name)
{
        if (!list)
                return true;
        for (const msptk_json *e = msptk_json_first(list); e; e = msptk_json_next(e))
                if (!strcmp(msptk_json_string(e, ""), name) ||
                    !strcmp(msptk_json_string(e, ""), "*"))
                        return true;
        return false;
}

static bool asked(const msptk_query *query, const plugin_check *check)
{
        bool found = !query->checks;

        for (size_t i = 0; !found && query->checks[i]; i++)
                found = !strcmp(query->checks[i], check->name);
        return found && listed(check->clients, query->client_id ? query->client_id : "");
}

static void free_argv(const msptk_host *host, char **argv)
{
        for (size_t i = 0; argv && argv[i]; i++)
                host->free(host, argv[i]);
        host->free(host, argv);
}

static msptk_status make_argv(const plugin *self, const plugin_check *check,
                              const plugin_target *target, char ***ret, char *why, size_t cap)
{
        const msptk_host *host = self->host;
        const msptk_json *e = msptk_json_first(check->command);
        size_t count = msptk_json_count(check->command);
        char path[4096], **argv = host->alloc(host, (count + 1) * sizeof(*argv));
        msptk_status st = argv ? MSPTK_OK : MSPTK_E_NOMEM;

        if (!argv || !msptk__plugin_path(self, check, path, sizeof(path)))
                return MSPTK_E_NOMEM;
        argv[0] = host->alloc(host, strlen(path) + 1);
        if (argv[0])
                memcpy(argv[0], path, strlen(path));
        else
                st = MSPTK_E_NOMEM;
        e = msptk_json_next(e);
        for (size_t i = 1; !st && e && i < count; i++, e = msptk_json_next(e))
                st = msptk__plugin_expand(host, msptk_json_string(e, ""), target, &argv[i], why,
                                          cap);
        if (st < 0) {
                free_argv(host, argv);
                return st;
        }
        *ret = argv;
        return MSPTK_OK;
}

static msptk_status grow(plugin_batch *b)
{
        const msptk_host *host = b->self->host;
        size_t room = b->room ? b->room * 2 : 16;
        plugin_run *runs = host->alloc(host, room * sizeof(*runs));
        msptk_program *programs = host->alloc(host, room * sizeof(*programs));

        if (!runs || !programs) {
                host->free(host, runs);
                host->free(host, programs);
                return no_memory(b->ret_err);
        }
        if (b->count) {
                memcpy(runs, b->runs, b->count * sizeof(*runs));
                memcpy(programs, b->programs, b->count * sizeof(*programs));
        }
        host->free(host, b->runs);
        host->free(host, b->programs);
        b->runs = runs;
        b->programs = programs;
        b->room = room;
        return MSPTK_OK;
}

static msptk_status add_run(plugin_batch *b, const plugin_check *check, const plugin_target *target)
{
        char why[PLUGIN_MESSAGE_CAP] = "";
        char **argv = NULL;
        msptk_status st = b->count == b->room ? grow(b) : MSPTK_OK;

        if (st < 0)
                return st;
        st = make_argv(b->self, check, target, &argv, why, sizeof(why));
        if (st == MSPTK_E_NOMEM)
                return no_memory(b->ret_err);
        if (st < 0)
                return msptk__plugin_emit_unknown(b->self, b->req, check, target->vendor_id, why,
                                                  b->ret_err);
        b->runs[b->count] = (plugin_run){ check, target->vendor_id, argv };
        b->programs[b->count] = (msptk_program){
                .struct_size = sizeof(msptk_program),
                .flags = MSPTK_PROGRAM_STOP_AT_LIMIT,
                .argv = (const char *const *)argv,
                .timeout_ms = check->timeout_ms,
        };
        b->count++;
        return MSPTK_OK;
}

/* ---- collect ---- */

static int32_t on_result(void *user, size_t index, const msptk_program_result *result)
{
        plugin_batch *b = user;
        const plugin_run *run = &b->runs[index];

        b->status =
                msptk__plugin_emit(b->self, b->req, run->check, run->vendor_id, result, b->ret_err);
        return b->status < 0;
}

static msptk_status run_all(plugin_batch *b)
{
        const msptk_host *host = b->self->host;
        msptk_error *err = NULL;
        msptk_status st;

        if (!b->count)
                return MSPTK_OK;
        st = host->run_programs(b->req, b->programs, b->count, on_result, b, &err);
        if (b->status < 0) { /* ours says more than "a callback asked to stop" */
                msptk_error_free(err);
                return b->status;
        }
        if (st < 0 && b->ret_err)
                *b->ret_err = err;
        else
                msptk_error_free(err);
        return st;
}

static msptk_status plugin_metrics_collect(void *arg, const msptk_request *req,
                                           const msptk_query *query, msptk_error **ret_err)
{
        plugin *self = arg;
        plugin_batch b = { .self = self, .req = req, .ret_err = ret_err };
        msptk_status st = MSPTK_OK;

        if (!query->devices)
                return msptk_error_set(ret_err, MSPTK_E_INVALID, "plugin",
                                       "plugins run for named devices; none was named");
        for (size_t d = 0; !st && query->devices[d]; d++) {
                plugin_target target = {
                        .vendor_id = query->devices[d],
                        .address = query->addresses ? query->addresses[d] : NULL,
                        .client_id = query->client_id ? query->client_id : "",
                };

                for (size_t i = 0; !st && i < self->count; i++)
                        if (asked(query, &self->checks[i]) &&
                            listed(self->checks[i].devices, target.vendor_id))
                                st = add_run(&b, &self->checks[i], &target);
        }
        if (!st)
                st = run_all(&b);
        for (size_t i = 0; i < b.count; i++)
                free_argv(self->host, b.runs[i].argv);
        self->host->free(self->host, b.runs);
        self->host->free(self->host, b.programs);
        return st;
}

static const msptk_metric_ops plugin_metrics = {
        .struct_size = sizeof(plugin_metrics),
        .collect = plugin_metrics_collect,
};

static const msptk_adapter_info plugin_info = {
        .struct_size = sizeof(plugin_info),
        .type = "plugin",
        .title = "Nagios plugins",
        .description = "Runs programs that follow the Nagios plugin convention, unmodified.",
        .settings =
                "{\"directory\": {\"type\": \"string\", \"description\": \"where programs without "
                "a path are found\", \"default\": \"/usr/lib/nagios/plugins\"}, "
                "\"timeout\": {\"type\": \"number\", \"description\": \"seconds a program may "
                "take, unless its check says otherwise\", \"default\": 30}, "
                "\"checks\": {\"type\": \"list\", \"description\": \"each {name, command, "
                "timeout, devices, clients}; command is an argument vector with the macros "
                "$HOST$, $DEVICE$ and $CLIENT$\"}}",
        .docs = "adapters.md",
};

const msptk_adapter_ops msptk__plugin_adapter = {
        .struct_size = sizeof(msptk__plugin_adapter),
        .sdk_version = MSPTK_SDK_VERSION,
        .info = &plugin_info,
        .open = plugin_open,
        .close = plugin_close,
        .probe = plugin_probe,
        .metrics = &plugin_metrics,
};
