/* The operations on adapters. */
#include "devices/devices.h"
#include "ops/admin.h"
#include "ops/rows.h"

static const op_param no_params[] = { { 0 } };
static const op_param probe_params[] = {
        { .name = "adapter",
          .type = PARAM_STRING,
          .about = "only this one; without it every enabled one",
          .cli = "ADAPTER",
          .min = 1,
          .max = 64,
          .complete = "adapter" },
        { 0 },
};
static const op_param alerts_params[] = {
        PARAM_CLIENT_REQUIRED("id of the client"),
        { .name = "adapter",
          .type = PARAM_STRING,
          .about = "the adapter to ask; without it the RMM",
          .min = 1,
          .max = 64,
          .complete = "adapter" },
        { .name = "since",
          .type = PARAM_TIME,
          .about = "only what changed since then; without it all that are open" },
        { 0 },
};

static const op_column list_columns[] = {
        { "name", "ADAPTER", 1, "text" },
        { "type", "TYPE", 2, "text" },
        { "enabled", "ENABLED", 3, "bool" },
        { "capabilities", "CAN", 2, "list" },
        { "origin", "ORIGIN", 4, "text" },
        { "problem", "PROBLEM", 1, "text" },
        { 0 },
};
static const op_column probe_columns[] = {
        { "name", "ADAPTER", 1, "text" },        { "status", "STATUS", 1, "status" },
        { "latency_ms", "TOOK", 2, "duration" }, { "message", "MESSAGE", 1, "text" },
        { "observed_at", "SEEN", 3, "age" },     { 0 },
};
static const op_column alert_columns[] = {
        { "severity", "SEVERITY", 1, "severity" },
        { "vendor_id", "DEVICE", 2, "text" },
        { "check", "CHECK", 2, "text" },
        { "message", "MESSAGE", 1, "text" },
        { "at", "SINCE", 3, "age" },
        { 0 },
};

static const op_error probe_errors[] = {
        { "ADAPTER_NOT_FOUND", "use adapter_list to see the adapters" },
        { 0 },
};
static const op_error alerts_errors[] = {
        ERROR_CLIENT,
        { "ADAPTER_NOT_FOUND", "use adapter_list to see the adapters" },
        { "UNSUPPORTED", "see 'adapter list' for what each adapter can do" },
        { 0 },
};

static const op_example list_examples[] = {
        { "adapter list", "the adapters that are configured" },
        { 0 },
};
static const op_example probe_examples[] = {
        { "adapter probe", "see whether each of them answers" },
        { 0 },
};
static const op_example alerts_examples[] = {
        { "adapter alerts acme-corp --adapter rmm", "what the vendor itself has raised" },
        { 0 },
};

#define ADAPTER_FIELDS \
        "\"name\":{\"type\":\"string\"},\"type\":{\"type\":\"string\"},\"title\":{\"type\":" \
        "\"string\"},\"origin\":{\"type\":\"string\"},\"capabilities\":{\"type\":\"array\"," \
        "\"items\":{\"type\":\"string\"}},\"enabled\":{\"type\":\"boolean\"},\"problem\":{" \
        "\"type\":[\"string\",\"null\"]}"

const op_row msptk__adapter_rows[] = {
        {
                .act = { .name = "adapter_list",
                         .scope = SCOPE_READ,
                         .effect = EFFECT_READ,
                         .run = msptk__op_adapter_list },
                .since = "0.1",
                .title = "List adapters",
                .summary = "list the configured adapters and what each can do",
                .description = "Every adapter instance of the configuration, what it can do, and "
                               "why it cannot work.",
                .cli = "adapter list",
                .idempotent = 1,
                .params = no_params,
                .kind = RESULT_PAGE,
                .needs = NEED_STORE,
                .schema = "msptk.adapter_list/1",
                .rows = "adapters",
                .columns = list_columns,
                .result = "{\"schema\":{\"type\":\"string\"},\"count\":{\"type\":\"integer\"},"
                          "\"adapters\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
                          "\"properties\":{" ADAPTER_FIELDS "}}}}",
                .examples = list_examples,
        },
        {
                .act = { .name = "adapter_probe",
                         .scope = SCOPE_EXECUTE,
                         .effect = EFFECT_READ,
                         .timeout_ms = 60000,
                         .run = msptk__op_adapter_probe },
                .since = "0.1",
                .title = "Probe adapters",
                .summary = "ask adapters whether they answer and take the credentials",
                .description = "Really asks each adapter, and says when it answered and how long "
                               "that took.",
                .cli = "adapter probe",
                .idempotent = 1,
                .params = probe_params,
                .kind = RESULT_PAGE,
                .needs = NEED_STORE,
                .schema = "msptk.adapter_probe/1",
                .rows = "adapters",
                .columns = probe_columns,
                .verdict = "status",
                .coverage = "asked answered",
                .volatile_keys = "observed_at latency_ms",
                .result = "{\"schema\":{\"type\":\"string\"},\"status\":{\"type\":\"string\"},"
                          "\"asked\":{\"type\":\"integer\"},\"answered\":{\"type\":\"integer\"},"
                          "\"adapters\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
                          "\"properties\":{" ADAPTER_FIELDS
                          ",\"status\":{\"type\":\"string\"},\"observed_at\":{\"type\":[\"string\","
                          "\"null\"]},\"latency_ms\":{\"type\":\"integer\"},\"message\":{\"type\":"
                          "\"string\"},\"suggestion\":{\"type\":\"string\"}}}}}",
                .errors = probe_errors,
                .examples = probe_examples,
        },
        {
                .act = { .name = "adapter_alerts",
                         .scope = SCOPE_EXECUTE,
                         .effect = EFFECT_READ,
                         .client_param = "client_id",
                         .timeout_ms = 60000,
                         .run = msptk__adapter_alerts_op },
                .since = "0.1",
                .title = "Alerts of an adapter",
                .summary = "ask an adapter for the alerts that it raised by itself",
                .description = "Reads the vendor's own alerts of a client; nothing is stored.",
                .cli = "adapter alerts",
                .idempotent = 1,
                .params = alerts_params,
                .kind = RESULT_PAGE,
                .needs = NEED_STORE,
                .schema = "msptk.adapter_alerts/1",
                .rows = "alerts",
                .columns = alert_columns,
                .volatile_keys = "at",
                .result = "{\"schema\":{\"type\":\"string\"},\"adapter\":{\"type\":\"string\"},"
                          "\"client_id\":{\"type\":\"string\"},\"count\":{\"type\":\"integer\"},"
                          "\"alerts\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}",
                .errors = alerts_errors,
                .examples = alerts_examples,
        },
        { .act = { 0 } },
};
