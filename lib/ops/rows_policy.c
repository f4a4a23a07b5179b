/* The operation on thresholds. */
#include "ops/rows.h"
#include "policy/policy.h"

static const op_param configure_params[] = {
        { .name = "client_id",
          .type = PARAM_STRING,
          .min = 1,
          .max = CLIENT_TEXT_MAX,
          .about = "the client whose thresholds are meant",
          .cli = "CLIENT|--client",
          .complete = "client",
          .exclusive = "scope" },
        { .name = "tier",
          .type = PARAM_ENUM,
          .about = "or: all clients of this tier",
          .values = TIERS,
          .exclusive = "scope" },
        { .name = "device_id",
          .type = PARAM_STRING,
          .about = "or: this device alone",
          .cli = "--device",
          .min = 1,
          .max = 128,
          .complete = "device",
          .exclusive = "scope" },
        { .name = "config",
          .type = PARAM_MAP,
          .about = "thresholds by name: cpu_percent=80,disk.critical=95; \"none\" switches one off",
          .cli = "--thresholds" },
        { .name = "cpu",
          .type = PARAM_NUMBER,
          .about = "warning threshold of cpu_percent",
          .unit = "percent",
          .min = 0,
          .max = 100 },
        { .name = "memory",
          .type = PARAM_NUMBER,
          .about = "warning threshold of memory_percent",
          .unit = "percent",
          .min = 0,
          .max = 100 },
        { .name = "disk",
          .type = PARAM_NUMBER,
          .about = "warning threshold of disk_percent",
          .unit = "percent",
          .min = 0,
          .max = 100 },
        { .name = "set",
          .type = PARAM_LIST,
          .about = "NAME=VALUE: disk.critical=95, cpu.sustained_for=5m, custom.queue.enabled=false",
          .min = 1,
          .max = 100 },
        { .name = "unset",
          .type = PARAM_LIST,
          .about = "names to inherit again; \"all\" for everything set here",
          .min = 1,
          .max = 100 },
        { 0 },
};

static const op_column value_columns[] = {
        { "check", "CHECK", 1, "text" },   { "metric", "METRIC", 1, "text" },
        { "key", "KEY", 1, "text" },       { "value", "VALUE", 1, "text" },
        { "source", "SOURCE", 2, "text" }, { 0 },
};

static const op_error configure_errors[] = {
        ERROR_CLIENT,
        { "DEVICE_NOT_FOUND", "use device_list to see the devices that exist" },
        { "UNKNOWN_NAME", "name a metric (cpu_percent) or a check and a key (disk.critical)" },
        { "BAD_VALUE", "see the unit of the metric; a warning comes before its critical" },
        { 0 },
};

static const op_example configure_examples[] = {
        { "health configure acme-corp", "see what is in force, and where it comes from" },
        { "health configure acme-corp --disk 80 --set disk.critical=92", "set thresholds" },
        { "health configure --tier gold --set cpu.sustained_for=10m --plan",
          "see what a change for a tier would do" },
        { 0 },
};

const op_row msptk__policy_rows[] = {
        {
                .act = { .name = "health_configure",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_WRITE,
                         .effect = EFFECT_WRITE,
                         .plan = PLAN_OPTIONAL,
                         .client_param = "client_id",
                         .run = msptk__policy_configure,
                         .make_plan = msptk__policy_configure_plan },
                .since = "0.1",
                .title = "Set thresholds",
                .summary = "set thresholds of a client, a tier or a device, or show them",
                .description = "Sets or unsets thresholds of one client, tier or device and tells "
                               "what is in force afterwards, each value with its source. Values "
                               "are inherited: default, configuration, tier, client, device. "
                               "Without changes it only tells.",
                .cli = "health configure",
                .idempotent = 1,
                .params = configure_params,
                .kind = RESULT_PAGE,
                .needs = NEED_STORE,
                .schema = "msptk.health_policy/1",
                .rows = "values",
                .columns = value_columns,
                .result = "{\"schema\":{\"type\":\"string\"},\"scope\":{\"type\":\"string\"},"
                          "\"scope_id\":{\"type\":\"string\"},\"tier\":{\"type\":[\"string\","
                          "\"null\"]},\"client_id\":{\"type\":[\"string\",\"null\"]},"
                          "\"device_id\":{\"type\":[\"string\",\"null\"]},"
                          "\"changes\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},"
                          "\"values\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
                          "\"properties\":{\"check\":{\"type\":\"string\"},\"metric\":{\"type\":"
                          "\"string\"},\"key\":{\"type\":\"string\"},\"value\":{},"
                          "\"unit\":{\"type\":[\"string\",\"null\"]},\"source\":{\"type\":"
                          "\"string\"},\"moved\":{\"type\":\"boolean\"},"
                          "\"overrides\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}}}",
                .errors = configure_errors,
                .examples = configure_examples,
        },
        { .act = { 0 } },
};
