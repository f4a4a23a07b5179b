/* Rows of a fake world: devices, metrics, alerts. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

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

msptk_status msptk__fake_emit_device(fake *self, const msptk_request *req, const char *client,
                                     const char *device)
{
        static const char *const systems[] = { "Debian GNU/Linux 12 (bookworm)", "Ubuntu 24.04 LTS",
                                               "Windows Server 2022 Standard", "Windows 11 Pro" };
        uint64_t h = msptk__fake_hash((uint64_t)self->seed, "device", device, NULL, 0);
        uint64_t h2 = msptk__fake_hash((uint64_t)self->seed, "device", device, NULL, 1);
        int64_t now = self->host->now(self->host);
        char serial[24], machine_id[40], mac[24], address[FAKE_NAME_CAP + 16];
        msptk_device_row row = { .struct_size = sizeof(row), .vendor_id = device, .name = device };
        msptk_json *facts = msptk_json_new_object();
        msptk_status st;

        if (!facts)
                return MSPTK_E_NOMEM;
        snprintf(serial, sizeof(serial), "FK%08X", (unsigned)(h >> 32));
        snprintf(machine_id, sizeof(machine_id), "%016llx%016llx", (unsigned long long)h,
                 (unsigned long long)h2);
        snprintf(mac, sizeof(mac), "00:1b:21:%02x:%02x:%02x", (unsigned)(h2 & 255),
                 (unsigned)(h2 >> 8 & 255), (unsigned)(h2 >> 16 & 255));
        snprintf(address, sizeof(address), "%.200s.invalid", device);
        row.presence =
                msptk__fake_is_down(self, device, now) ? MSPTK_PRESENCE_DOWN : MSPTK_PRESENCE_UP;
        row.serial = serial;
        row.machine_id = machine_id;
        row.macs = mac;
        row.os = systems[h & 3];
        row.kind = (h & 3) == 3 ? "workstation" : "server";
        row.address = address;
        row.vendor_client = client;
        /* The last slot in which one that is down was seen. */
        row.last_seen = row.presence == MSPTK_PRESENCE_UP
                                ? now
                                : (msptk__fake_slot(self, now) - 12) * self->slot_s * 1000000;
        st = msptk_json_set_int(facts, "seed", self->seed);
        row.attributes = facts;
        if (st >= 0)
                st = self->host->emit_device(req, &row);
        msptk_json_free(facts);
        return st;
}

static msptk_status emit_row(fake *self, const msptk_request *req, const char *device,
                             const fake_metric *m, int32_t state, double value, const char *message)
{
        msptk_metric_row row = { .struct_size = sizeof(row),
                                 .state = state,
                                 .vendor_id = device,
                                 .check = m->check,
                                 .metric = m->metric,
                                 .instance = m->instance,
                                 .unit = m->unit,
                                 .message = message,
                                 .value = value,
                                 .at = self->host->now(self->host) };

        return self->host->emit_metric(req, &row);
}

static void word_value(char *out, size_t cap, const fake_metric *m, double value)
{
        long tenths =
                value > -1e9 && value < 1e9 ? (long)(value * 10 + (value < 0 ? -0.5 : 0.5)) : 0;

        if (m->up_down)
                snprintf(out, cap, "%s %s is %s", m->check, m->instance, value > 0 ? "up" : "down");
        else
                snprintf(out, cap, "%s%s%s %s%ld.%ld %s", m->check, m->instance[0] ? " " : "",
                         m->instance, tenths < 0 ? "-" : "", labs(tenths) / 10, labs(tenths) % 10,
                         m->unit ? m->unit : "");
}

static msptk_status emit_ruled(fake *self, const msptk_request *req, const char *device,
                               const fake_metric *m, const fake_rule *r)
{
        char message[FAKE_MESSAGE_CAP];

        if (r->message)
                snprintf(message, sizeof(message), "%.300s", r->message);
        else if (isnan(r->value))
                snprintf(message, sizeof(message), "%s %s: as the script says", m->check,
                         m->instance);
        else
                word_value(message, sizeof(message), m, r->value);
        return emit_row(self, req, device, m, r->state, r->value, message);
}

static msptk_status emit_one(fake *self, const msptk_request *req, const char *device,
                             const fake_metric *m, bool down)
{
        int64_t now = self->host->now(self->host);
        const fake_rule *r;
        char message[FAKE_MESSAGE_CAP];
        double value;

        if (down)
                return emit_row(self, req, device, m, MSPTK_STATE_UNKNOWN, NAN,
                                "the device did not answer");
        r = msptk__fake_rule_for(self, device, m->check, m->metric, m->instance, now);
        if (r)
                return emit_ruled(self, req, device, m, r);
        value = msptk__fake_value(self, device, m, now);
        word_value(message, sizeof(message), m, value);
        return emit_row(self, req, device, m,
                        !m->up_down ? MSPTK_STATE_JUDGE
                        : value > 0 ? MSPTK_STATE_OK
                                    : MSPTK_STATE_CRITICAL,
                        value, message);
}

static bool rule_is_about_known(const fake_rule *r)
{
        for (size_t i = 0; i < msptk__fake_metric_count; i++) {
                const fake_metric *m = &msptk__fake_metrics[i];

                if ((!r->check || strcmp(r->check, m->check) == 0) &&
                    (!r->metric || strcmp(r->metric, m->metric) == 0) &&
                    (!r->instance || strcmp(r->instance, m->instance) == 0))
                        return true;
        }
        return false;
}

/* An entry about something this world does not have makes it. */
static msptk_status emit_made(fake *self, const msptk_request *req, const msptk_query *query,
                              const char *device)
{
        int64_t now = self->host->now(self->host);
        msptk_status st = MSPTK_OK;

        for (size_t i = 0; i < self->rule_count && st >= 0; i++) {
                const fake_rule *r = &self->rules[i];
                char metric[FAKE_NAME_CAP];
                fake_metric m = { .check = r->check, .metric = r->metric, .instance = r->instance };

                if (r->fail || r->down || !r->check || rule_is_about_known(r) ||
                    !wants(query, r->check) || now < r->from || now >= r->until ||
                    (r->device && strcmp(r->device, device) != 0))
                        continue;
                snprintf(metric, sizeof(metric), "%.200s_%s", r->check,
                         isnan(r->value) ? "state" : "percent");
                if (!m.metric)
                        m.metric = metric;
                if (!m.instance)
                        m.instance = "";
                st = emit_ruled(self, req, device, &m, r);
        }
        return st;
}

msptk_status msptk__fake_emit_metrics(fake *self, const msptk_request *req,
                                      const msptk_query *query, const char *device)
{
        bool down = msptk__fake_is_down(self, device, self->host->now(self->host));
        msptk_status st = MSPTK_OK;

        if (msptk__fake_is_missing(self, device))
                return MSPTK_OK;
        for (size_t i = 0; i < msptk__fake_metric_count && st >= 0; i++) {
                if (wants(query, msptk__fake_metrics[i].check))
                        st = emit_one(self, req, device, &msptk__fake_metrics[i], down);
        }
        return st < 0 || down ? st : emit_made(self, req, query, device);
}

static msptk_status emit_alert(fake *self, const msptk_request *req, const msptk_query *query,
                               const char *device, const fake_metric *m, int32_t severity,
                               int64_t began, int64_t at)
{
        char id[FAKE_NAME_CAP * 2], message[FAKE_MESSAGE_CAP];
        msptk_alert_row row = { .struct_size = sizeof(row),
                                .severity = severity,
                                .vendor_id = device,
                                .vendor_alert = id,
                                .check = m->check,
                                .instance = m->instance,
                                .message = message,
                                .at = at * self->slot_s * 1000000 };

        if (query && query->since && row.at < query->since)
                return MSPTK_OK;
        snprintf(id, sizeof(id), "%.200s/%s/%s/%lld", device, m->metric, m->instance,
                 (long long)began);
        snprintf(message, sizeof(message), "%s%s%s of %.200s %s", m->check,
                 m->instance[0] ? " " : "", m->instance, device,
                 severity == MSPTK_STATE_OK ? "is fine again" : "has a problem");
        return self->host->emit_alert(req, &row);
}

msptk_status msptk__fake_emit_alerts(fake *self, const msptk_request *req, const msptk_query *query,
                                     const char *device)
{
        int64_t slot = msptk__fake_slot(self, self->host->now(self->host));
        msptk_status st = MSPTK_OK;

        for (size_t i = 0; i < msptk__fake_metric_count && st >= 0; i++) {
                const fake_metric *m = &msptk__fake_metrics[i];
                int64_t began, ended;

                if (!wants(query, m->check))
                        continue;
                if (msptk__fake_is_problem(self, device, m, slot)) {
                        began = msptk__fake_problem_since(self, device, m, slot);
                        st = emit_alert(self, req, query, device, m,
                                        m->up_down ? MSPTK_STATE_CRITICAL : MSPTK_STATE_WARNING,
                                        began, began);
                        continue;
                }
                if (!query || !query->since)
                        continue;
                /* What ended since then, within one episode. */
                for (ended = slot; ended > slot - FAKE_EPISODE_SLOTS; ended--) {
                        if (msptk__fake_is_problem(self, device, m, ended - 1))
                                break;
                }
                if (ended > slot - FAKE_EPISODE_SLOTS)
                        st = emit_alert(self, req, query, device, m, MSPTK_STATE_OK,
                                        msptk__fake_problem_since(self, device, m, ended - 1),
                                        ended);
        }
        return st;
}
