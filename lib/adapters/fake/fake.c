/* The adapter for a fake world: calls that take time and fail as told, slots, and the table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

enum { STATE_CAP = 64 << 10 }; /* bytes of the list of deployed devices */

/* ---- counters: calls/<what>/<who>, kept in the state of the instance ---- */

static uint64_t read_count(const char *text)
{
        uint64_t value = 0;

        for (size_t i = 0; i < 18 && text[i] >= '0' && text[i] <= '9'; i++)
                value = value * 10 + (uint64_t)(text[i] - '0');
        return value;
}

static msptk_status count_once(fake *self, const msptk_request *req, const char *key,
                               uint64_t *ret_number, msptk_error **ret_err)
{
        const msptk_host *host = self->host;
        char text[24], *saved = NULL;
        uint64_t number = 1;
        msptk_error *err = NULL;
        msptk_status st = host->state_get(req, key, &saved, &err);

        if (st < 0 && st != MSPTK_E_NOTFOUND) {
                if (ret_err)
                        *ret_err = err;
                else
                        msptk_error_free(err);
                return st;
        }
        msptk_error_free(err);
        if (saved)
                number = read_count(saved) + 1;
        snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
        st = host->state_update(req, key, saved, text, ret_err);
        host->free(host, saved);
        if (st >= 0)
                *ret_number = number;
        return st;
}

/* Count a call; *ret_number is its number, from 1, which no other call of any process gets. */
static msptk_status count_call(fake *self, const msptk_request *req, const char *what,
                               const char *who, uint64_t *ret_number, msptk_error **ret_err)
{
        char key[FAKE_NAME_CAP + 64];
        msptk_error *err = NULL;
        msptk_status st;

        snprintf(key, sizeof(key), "calls/%s/%.200s", what, who);
        while ((st = count_once(self, req, key, ret_number, &err)) == MSPTK_E_CONFLICT) {
                msptk_error_free(err); /* another call was counted in between */
                err = NULL;
        }
        if (ret_err)
                *ret_err = err;
        else
                msptk_error_free(err);
        return st;
}

/* ---- failures ---- */

static msptk_status fail_as(msptk_status status, const char *what, const char *who,
                            msptk_error **ret_err)
{
        static const struct {
                msptk_status status;
                int32_t http;
                int64_t retry_after_ms;
                const char *words;
        } kinds[] = {
                { MSPTK_E_UNAVAILABLE, 503, 0, "the fake vendor is not available" },
                { MSPTK_E_AUTH, 401, 0, "the fake vendor refused the credentials" },
                { MSPTK_E_RATE, 429, 2000, "the fake vendor wants fewer requests" },
                { MSPTK_E_TIMEOUT, 0, 0, "the fake vendor did not answer in time" },
        };
        size_t i = 0;

        while (i < 3 && kinds[i].status != status)
                i++;
        msptk__fake_fail(ret_err, status, "%s of '%.200s': %s", what, who, kinds[i].words);
        if (ret_err)
                msptk_error_set_vendor(*ret_err, kinds[i].http, "FAKE", status != MSPTK_E_AUTH,
                                       kinds[i].retry_after_ms);
        return status;
}

static msptk_status planned_failure(const fake *self, const char *what, const char *who,
                                    uint64_t number)
{
        static const msptk_status mixed[] = { MSPTK_E_UNAVAILABLE, MSPTK_E_AUTH, MSPTK_E_RATE,
                                              MSPTK_E_TIMEOUT };
        int64_t now = self->host->now(self->host);
        uint64_t h = msptk__fake_hash((uint64_t)self->seed, "fail", what, who, number);

        for (size_t i = 0; i < self->rule_count; i++) {
                const fake_rule *r = &self->rules[i];

                if (r->fail && now >= r->from && now < r->until)
                        return r->fail;
        }
        if (!msptk__fake_chance(h, self->fail))
                return MSPTK_OK;
        return self->fail_as ? self->fail_as : mixed[h & 3];
}

/* What every call does first: be counted, take its time, fail if it must. */
static msptk_status enter(fake *self, const msptk_request *req, const char *what, const char *who,
                          msptk_error **ret_err)
{
        uint64_t number;
        msptk_status st = count_call(self, req, what, who, &number, ret_err);

        if (st >= 0 && self->latency_ms) {
                st = self->host->sleep_ms(req, self->latency_ms);
                if (st < 0)
                        return msptk__fake_fail(ret_err, st, "%s of '%.200s' was stopped", what,
                                                who);
        }
        if (st < 0)
                return st;
        if (self->host->cancelled(req))
                return msptk__fake_fail(ret_err, MSPTK_E_CANCELLED, "%s of '%.200s' was cancelled",
                                        what, who);
        st = planned_failure(self, what, who, number);
        return st < 0 ? fail_as(st, what, who, ret_err) : MSPTK_OK;
}

/* ---- who is asked for ---- */

/* The vendor's name of the client: configured, else ours. */
static msptk_status client_name(const fake *self, const msptk_query *query, const char **ret,
                                msptk_error **ret_err)
{
        const char *name = query ? query->vendor_client : NULL;
        const char *digits;
        char *end;
        long number;

        if (!name || !*name) {
                *ret = query && query->client_id && *query->client_id ? query->client_id : "fake";
                return MSPTK_OK;
        }
        if (self->clients) { /* then they are client-1 ... client-N */
                digits = strncmp(name, "client-", 7) == 0 ? name + 7 : "";
                number = strtol(digits, &end, 10);
                if (*digits < '1' || *digits > '9' || *end || number > self->clients)
                        return msptk__fake_fail(ret_err, MSPTK_E_NOTFOUND,
                                                "this fake world has client-1 to client-%lld, not "
                                                "'%.100s'",
                                                (long long)self->clients, name);
        }
        *ret = name;
        return MSPTK_OK;
}

/* The names of deployed devices of a client, one per line; NULL when there are none. */
static char *deployed(const fake *self, const msptk_request *req, const char *client)
{
        char key[FAKE_NAME_CAP + 16], *saved = NULL;

        snprintf(key, sizeof(key), "deployed/%.200s", client);
        if (self->host->state_get(req, key, &saved, NULL) < 0)
                return NULL;
        return saved;
}

static bool has_line(const char *lines, const char *name)
{
        size_t len = strlen(name);

        for (const char *at = lines; at && *at;) {
                const char *nl = strchr(at, '\n');
                size_t n = nl ? (size_t)(nl - at) : strlen(at);

                if (n == len && memcmp(at, name, len) == 0)
                        return true;
                at = nl ? nl + 1 : NULL;
        }
        return false;
}

static bool is_numbered(const fake *self, const char *client, const char *device)
{
        const char *dash = strrchr(device, '-');
        char expected[FAKE_NAME_CAP], *end;
        long number;

        if (!dash || dash[1] < '0' || dash[1] > '9')
                return false;
        number = strtol(dash + 1, &end, 10);
        if (*end || number < 1 || number > self->devices)
                return false;
        msptk__fake_device_id(expected, sizeof(expected), client, number);
        return strcmp(expected, device) == 0;
}

typedef msptk_status (*device_fn)(fake *self, const msptk_request *req, const msptk_query *query,
                                  const char *client, const char *device);

static msptk_status each_deployed(fake *self, const msptk_request *req, const msptk_query *query,
                                  const char *client, char *lines, device_fn each)
{
        msptk_status st = MSPTK_OK;

        for (char *at = lines; at && *at && st >= 0;) {
                char *nl = strchr(at, '\n');

                if (nl)
                        *nl = '\0';
                st = each(self, req, query, client, at);
                at = nl ? nl + 1 : NULL;
        }
        return st;
}

static msptk_status each_of_all(fake *self, const msptk_request *req, const msptk_query *query,
                                const char *client, char *lines, device_fn each,
                                msptk_error **ret_err)
{
        for (int64_t i = 1; i <= self->devices; i++) {
                char device[FAKE_NAME_CAP];
                msptk_status st;

                if ((i & 63) == 0 && self->host->cancelled(req))
                        return msptk__fake_fail(ret_err, MSPTK_E_CANCELLED,
                                                "cancelled after %lld of %lld devices",
                                                (long long)i - 1, (long long)self->devices);
                msptk__fake_device_id(device, sizeof(device), client, i);
                st = each(self, req, query, client, device);
                if (st < 0)
                        return st;
                if ((i & 63) == 0)
                        self->host->progress(req, i, self->devices);
        }
        return each_deployed(self, req, query, client, lines, each);
}

static msptk_status each_of_asked(fake *self, const msptk_request *req, const msptk_query *query,
                                  const char *client, const char *lines, device_fn each,
                                  msptk_error **ret_err)
{
        const char *foreign = NULL;

        for (size_t i = 0; query->devices[i]; i++) {
                msptk_status st;

                if (!is_numbered(self, client, query->devices[i]) &&
                    !has_line(lines, query->devices[i])) {
                        foreign = query->devices[i];
                        continue;
                }
                st = each(self, req, query, client, query->devices[i]);
                if (st < 0)
                        return st;
        }
        if (!foreign)
                return MSPTK_OK;
        return msptk__fake_fail(ret_err, MSPTK_E_NOTFOUND,
                                "client '%.100s' of this fake world has no device '%.100s'", client,
                                foreign);
}

static msptk_status for_devices(void *instance, const msptk_request *req, const msptk_query *query,
                                const char *what, device_fn each, msptk_error **ret_err)
{
        fake *self = instance;
        const char *client = NULL;
        char *lines;
        msptk_status st = client_name(self, query, &client, ret_err);

        if (st >= 0)
                st = enter(self, req, what, client, ret_err);
        if (st < 0)
                return st;
        lines = deployed(self, req, client);
        if (query && query->devices)
                st = each_of_asked(self, req, query, client, lines, each, ret_err);
        else
                st = each_of_all(self, req, query, client, lines, each, ret_err);
        self->host->free(self->host, lines);
        return st;
}

/* ---- slots ---- */

static msptk_status list_one(fake *self, const msptk_request *req, const msptk_query *query,
                             const char *client, const char *device)
{
        (void)query;
        return msptk__fake_emit_device(self, req, client, device);
}

static msptk_status fake_devices_list(void *instance, const msptk_request *req,
                                      const msptk_query *query, msptk_error **ret_err)
{
        return for_devices(instance, req, query, "devices", list_one, ret_err);
}

static msptk_status measure_one(fake *self, const msptk_request *req, const msptk_query *query,
                                const char *client, const char *device)
{
        (void)client;
        return msptk__fake_emit_metrics(self, req, query, device);
}

static msptk_status fake_metrics_collect(void *instance, const msptk_request *req,
                                         const msptk_query *query, msptk_error **ret_err)
{
        return for_devices(instance, req, query, "metrics", measure_one, ret_err);
}

static msptk_status alert_one(fake *self, const msptk_request *req, const msptk_query *query,
                              const char *client, const char *device)
{
        (void)client;
        return msptk__fake_emit_alerts(self, req, query, device);
}

static msptk_status fake_alerts_list(void *instance, const msptk_request *req,
                                     const msptk_query *query, msptk_error **ret_err)
{
        return for_devices(instance, req, query, "alerts", alert_one, ret_err);
}

static const char *keep(const fake *self, const msptk_request *req, const char *text, size_t len)
{
        char *copy = self->host->request_alloc(req, len + 1);

        if (copy && len)
                memcpy(copy, text, len);
        return copy;
}

/* "echo WORDS" writes them, "fail N" exits with N, "slow MS" takes its time; nothing else exists.
 */
static msptk_status run_command(fake *self, const msptk_request *req, const char *const *command,
                                msptk_program_result *r, msptk_error **ret_err)
{
        char out[FAKE_MESSAGE_CAP] = "", err[FAKE_MESSAGE_CAP] = "";
        const char *argument = command[1] ? command[1] : "";
        long number = strtol(argument, NULL, 10);
        size_t used = 0;
        msptk_status st;

        if (strcmp(command[0], "echo") == 0) {
                for (size_t i = 1; command[i]; i++) {
                        int n = snprintf(out + used, sizeof(out) - used, "%s%s", i > 1 ? " " : "",
                                         command[i]);

                        if (n < 0 || (size_t)n + 2 > sizeof(out) - used) {
                                r->truncated = 1;
                                used = strlen(out) < sizeof(out) - 2 ? strlen(out)
                                                                     : sizeof(out) - 2;
                                break;
                        }
                        used += (size_t)n;
                }
                out[used++] = '\n';
                out[used] = '\0';
        } else if (strcmp(command[0], "fail") == 0) {
                r->code = number > 0 && number < 256 ? (int32_t)number : 1;
                snprintf(err, sizeof(err), "failed as told\n");
        } else if (strcmp(command[0], "slow") == 0) {
                number = number > 0 && number < 600000 ? number : 1000;
                st = self->host->sleep_ms(req, number);
                if (st < 0)
                        return msptk__fake_fail(ret_err, st, "command 'slow' was stopped");
                r->wall_us = (int64_t)number * 1000;
        } else {
                r->code = 127;
                snprintf(err, sizeof(err), "no command '%.200s' in this fake world\n", command[0]);
        }
        r->out_len = strlen(out);
        r->err_len = strlen(err);
        r->out = keep(self, req, out, r->out_len);
        r->err = keep(self, req, err, r->err_len);
        if (!r->out || !r->err)
                return msptk__fake_fail(ret_err, MSPTK_E_NOMEM, "out of memory");
        return MSPTK_OK;
}

static msptk_status fake_commands_execute(void *instance, const msptk_request *req,
                                          const char *vendor_id, const char *const *command,
                                          msptk_program_result *ret_result, msptk_error **ret_err)
{
        fake *self = instance;
        msptk_program_result result = { .struct_size = sizeof(result) };
        msptk_status st;

        if (!vendor_id || !*vendor_id || !command || !command[0])
                return msptk__fake_fail(ret_err, MSPTK_E_INVALID,
                                        "a command needs a device and a program");
        st = enter(self, req, "commands", vendor_id, ret_err);
        if (st < 0)
                return st;
        if (msptk__fake_is_down(self, vendor_id, self->host->now(self->host)))
                return msptk__fake_fail(ret_err, MSPTK_E_UNAVAILABLE,
                                        "device '%.200s' does not answer", vendor_id);
        st = run_command(self, req, command, &result, ret_err);
        if (st >= 0)
                *ret_result = result;
        return st;
}

/* Which client a device to be deployed belongs to: as said, else by its name, CLIENT-NNNN. */
static bool owner(const msptk_device_row *device, char *out, size_t cap)
{
        const char *dash;

        if (device->vendor_client && *device->vendor_client) {
                snprintf(out, cap, "%.200s", device->vendor_client);
                return true;
        }
        dash = device->vendor_id ? strrchr(device->vendor_id, '-') : NULL;
        if (!dash || dash == device->vendor_id || dash - device->vendor_id > 200)
                return false;
        snprintf(out, cap, "%.*s", (int)(dash - device->vendor_id), device->vendor_id);
        return true;
}

static msptk_status add_deployed(fake *self, const msptk_request *req, const char *client,
                                 const char *name, msptk_error **ret_err)
{
        char key[FAKE_NAME_CAP + 16], *lines = deployed(self, req, client), *more;
        size_t len = lines ? strlen(lines) : 0, size = len + strlen(name) + 2;
        msptk_status st = MSPTK_OK;

        snprintf(key, sizeof(key), "deployed/%.200s", client);
        if (!has_line(lines, name)) {
                more = self->host->alloc(self->host, size);
                if (!more)
                        st = msptk__fake_fail(ret_err, MSPTK_E_NOMEM, "out of memory");
                else if (size > STATE_CAP)
                        st = msptk__fake_fail(ret_err, MSPTK_E_TOOBIG,
                                              "too many devices were deployed to this fake world");
                else
                        snprintf(more, size, "%s%s%s", len ? lines : "", len ? "\n" : "", name);
                if (st >= 0)
                        st = self->host->state_put(req, key, more, ret_err);
                self->host->free(self->host, more);
        }
        self->host->free(self->host, lines);
        return st;
}

static msptk_status give_evidence(const fake *self, const char *name, const char *client,
                                  uint64_t number, char **ret_evidence, msptk_error **ret_err)
{
        char *evidence = self->host->alloc(self->host, FAKE_MESSAGE_CAP);

        if (!evidence)
                return msptk__fake_fail(ret_err, MSPTK_E_NOMEM, "out of memory");
        snprintf(evidence, FAKE_MESSAGE_CAP,
                 "device '%.100s' is in the device list of client '%.100s'; it checked in at call "
                 "%llu",
                 name, client, (unsigned long long)number);
        *ret_evidence = evidence;
        return MSPTK_OK;
}

/* The agent appears at the Nth call; the calls before say when to come again. */
static msptk_status fake_deploy_agent(void *instance, const msptk_request *req,
                                      const msptk_device_row *device, char **ret_evidence,
                                      msptk_error **ret_err)
{
        fake *self = instance;
        const char *name =
                device->vendor_id && *device->vendor_id ? device->vendor_id : device->name;
        char client[FAKE_NAME_CAP];
        uint64_t number;
        char *lines;
        bool seen;
        msptk_status st;

        if (!name || !*name || strlen(name) >= FAKE_NAME_CAP || strchr(name, '\n') ||
            !owner(device, client, sizeof(client)))
                return msptk__fake_fail(ret_err, MSPTK_E_INVALID,
                                        "a deployment needs a device's name and its client");
        st = enter(self, req, "deploy", name, ret_err);
        if (st >= 0)
                st = count_call(self, req, "checkin", name, &number, ret_err);
        if (st < 0)
                return st;
        if (number < (uint64_t)self->deploy_calls) {
                msptk__fake_fail(ret_err, MSPTK_E_UNAVAILABLE,
                                 "the agent of '%.200s' has not checked in yet (call %llu)", name,
                                 (unsigned long long)number);
                if (ret_err)
                        msptk_error_set_vendor(*ret_err, 0, NULL, 1, 1000);
                return MSPTK_E_UNAVAILABLE;
        }
        if (!is_numbered(self, client, name)) {
                st = add_deployed(self, req, client, name, ret_err);
                if (st < 0)
                        return st;
                lines = deployed(self, req, client); /* looked at, not assumed */
                seen = has_line(lines, name);
                self->host->free(self->host, lines);
                if (!seen)
                        return msptk__fake_fail(ret_err, MSPTK_E_UNAVAILABLE,
                                                "the agent of '%.200s' vanished again", name);
        }
        return give_evidence(self, name, client, number, ret_evidence, ret_err);
}

static msptk_status fake_probe(void *instance, const msptk_request *req, msptk_error **ret_err)
{
        return enter(instance, req, "probe", "fake", ret_err);
}

static void fake_close(void *instance)
{
        fake *self = instance;

        if (!self)
                return;
        self->host->free(self->host, self->rules);
        self->host->free(self->host, self);
}

static msptk_status fake_open(const msptk_host *host, const msptk_json *settings, void **ret_self,
                              msptk_error **ret_err)
{
        fake *self = host->alloc(host, sizeof(*self));
        msptk_status st;

        if (!self)
                return msptk__fake_fail(ret_err, MSPTK_E_NOMEM, "out of memory");
        self->host = host;
        st = msptk__fake_read_settings(self, settings, ret_err);
        if (st < 0) {
                fake_close(self);
                return st;
        }
        *ret_self = self;
        return MSPTK_OK;
}

static const msptk_device_ops fake_devices = { .struct_size = sizeof(fake_devices),
                                               .list = fake_devices_list };
static const msptk_metric_ops fake_metrics = {
        .struct_size = sizeof(fake_metrics),
        .checks = NULL, /* the script may add any */
        .collect = fake_metrics_collect,
};
static const msptk_alert_ops fake_alerts = { .struct_size = sizeof(fake_alerts),
                                             .list = fake_alerts_list };
static const msptk_command_ops fake_commands = { .struct_size = sizeof(fake_commands),
                                                 .execute = fake_commands_execute };
static const msptk_deploy_ops fake_deploy = { .struct_size = sizeof(fake_deploy),
                                              .agent = fake_deploy_agent };

static const msptk_adapter_info fake_info = {
        .struct_size = sizeof(fake_info),
        .type = "fake",
        .title = "A fake world",
        .description = "A scriptable, seeded world of clients and devices for tests and demos.",
        .settings =
                "{\"url\":{\"type\":\"string\",\"description\":\"all numbers in one: "
                "fake://NAME?clients=3&devices=200&seed=7\",\"default\":\"fake://default\"},"
                "\"devices\":{\"type\":\"int\",\"description\":\"devices of each client\","
                "\"default\":5},"
                "\"seed\":{\"type\":\"int\",\"description\":\"another seed, another world\","
                "\"default\":1},"
                "\"latency_ms\":{\"type\":\"int\",\"description\":\"what each call takes\","
                "\"default\":0},"
                "\"slot_s\":{\"type\":\"int\",\"description\":\"how long values keep their course, "
                "seconds\",\"default\":300},"
                "\"deploy_calls\":{\"type\":\"int\",\"description\":\"calls until an agent checks "
                "in\",\"default\":3},"
                "\"fail\":{\"type\":\"number\",\"description\":\"share of calls that fail\","
                "\"default\":0},"
                "\"fail_as\":{\"type\":\"string\",\"description\":\"mixed, unavailable, auth, rate "
                "or timeout\",\"default\":\"mixed\"},"
                "\"silent\":{\"type\":\"number\",\"description\":\"share of devices that do not "
                "answer\",\"default\":0},"
                "\"missing\":{\"type\":\"number\",\"description\":\"share of devices about which "
                "nothing is said\",\"default\":0},"
                "\"problems\":{\"type\":\"number\",\"description\":\"share of values beyond usual "
                "thresholds\",\"default\":0.05},"
                "\"flap\":{\"type\":\"number\",\"description\":\"share of values that change "
                "between good and bad each slot\",\"default\":0},"
                "\"drift\":{\"type\":\"number\",\"description\":\"how far values wander, in "
                "percent points\",\"default\":5},"
                "\"script\":{\"type\":\"list\",\"description\":\"exact scenarios, see "
                "docs/adapters.md\",\"default\":[]}}",
        .docs = "adapters.md",
};

const msptk_adapter_ops msptk__fake_adapter = {
        .struct_size = sizeof(msptk__fake_adapter),
        .sdk_version = MSPTK_SDK_VERSION,
        .info = &fake_info,
        .open = fake_open,
        .close = fake_close,
        .probe = fake_probe,
        .devices = &fake_devices,
        .metrics = &fake_metrics,
        .alerts = &fake_alerts,
        .commands = &fake_commands,
        .deploy = &fake_deploy,
};
