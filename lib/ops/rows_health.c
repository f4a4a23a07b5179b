/* The operations on health. */
#include "health/health.h"
#include "ops/fields.h"
#include "ops/rows.h"

#define PARAM_CHECKS \
        { \
                .name = "check_types", .type = PARAM_LIST, .flags = OP_PLAIN, \
                .about = "only checks of these types", .cli = "--type", .values = CHECK_TYPES, \
                .aliases = CHECK_ALIASES, .min = 1, .max = 6, .complete = "check" \
        }
#define PARAM_DEVICE(text) \
        { \
                .name = "device_id", .type = PARAM_STRING, .flags = OP_PLAIN, .about = text, \
                .cli = "--device", .min = 1, .max = 128, .complete = "device" \
        }

static const op_param check_params[] = {
        { .name = "client_id",
          .type = PARAM_STRING,
          .min = 1,
          .max = CLIENT_TEXT_MAX,
          .flags = OP_PLAIN,
          .about = "the client to check; without it all active ones",
          .cli = "CLIENT",
          .complete = "client",
          .exclusive = "whom" },
        { .name = "all",
          .type = PARAM_BOOL,
          .about = "check all active clients",
          .cli = "--all",
          .exclusive = "whom",
          .hide = "mcp" },
        PARAM_CHECKS,
        PARAM_DEVICE("check only this device"),
        { .name = "threshold_override",
          .type = PARAM_MAP,
          .about = "thresholds for this run alone: cpu_percent=80,disk.critical=97",
          .cli = "--threshold" },
        PARAM_LIMIT,
        PARAM_CURSOR,
        { 0 },
};

static const op_param history_params[] = {
        PARAM_CLIENT_REQUIRED("the client whose past results are read"),
        { .name = "days",
          .type = PARAM_INT,
          .flags = OP_PLAIN,
          .about = "how many days back",
          .dflt = "7",
          .min = 1,
          .max = 3650 },
        PARAM_DEVICE("only results of this device"),
        PARAM_CHECKS,
        { .name = "daily", .type = PARAM_BOOL, .about = "one row for each day and metric" },
        PARAM_LIMIT,
        PARAM_CURSOR,
        { 0 },
};

static const op_param status_params[] = {
        PARAM_CLIENT_FILTER("the client; without it all active ones"),
        PARAM_LIMIT,
        PARAM_CURSOR,
        { 0 },
};

static const op_param morning_params[] = {
        PARAM_CLIENT_FILTER("the client; without it all active ones"),
        { .name = "since",
          .type = PARAM_TIME,
          .about = "what counts as new or fixed: since when",
          .dflt = "24h" },
        PARAM_LIMIT,
        PARAM_CURSOR,
        { 0 },
};

static const op_column result_columns[] = {
        { "status", "STATUS", 1, "status" },
        { "device", "DEVICE", 1, "text" },
        { "name", "CHECK", 1, "text" },
        { "message", "MESSAGE", 2, "text" },
        { "since", "SINCE", 4, "age" },
        { "client_id", "CLIENT", 3, "text" },
        { 0 },
};
static const op_column history_columns[] = {
        { "checked_at", "TIME", 1, "time" }, { "status", "STATUS", 1, "status" },
        { "device", "DEVICE", 1, "text" },   { "name", "CHECK", 1, "text" },
        { "message", "MESSAGE", 2, "text" }, { 0 },
};
static const op_column status_columns[] = {
        { "client_id", "CLIENT", 1, "text" },
        { "status", "STATUS", 1, "status" },
        { "summary", "COVERAGE", 1, "text" },
        { "counts.critical", "CRIT", 2, "int" },
        { "counts.warning", "WARN", 2, "int" },
        { "counts.unknown", "UNKN", 2, "int" },
        { "counts.ok", "OK", 3, "int" },
        { "last_check", "CHECKED", 2, "age" },
        { 0 },
};
static const op_column morning_columns[] = {
        { "client_id", "CLIENT", 1, "text" },  { "status", "STATUS", 1, "status" },
        { "new_lines", "NEW", 1, "list" },     { "still_lines", "STILL", 1, "list" },
        { "fixed_lines", "FIXED", 1, "list" }, { "silent", "NOT REPORTED", 1, "list" },
        { "summary", "COVERAGE", 2, "text" },  { 0 },
};

static const op_error check_errors[] = {
        ERROR_CLIENT,
        { "DEVICE_NOT_FOUND", "use device_list to see the devices of the client" },
        { "RUN_IN_PROGRESS", "wait for it to end, or try again in a minute" },
        { "HEALTH_CHECKS_DISABLED", "set health_checks.enabled to true" },
        { 0 },
};
static const op_error history_errors[] = {
        ERROR_CLIENT,
        { 0 },
};
static const op_error status_errors[] = { ERROR_CLIENT, { 0 } };

static const op_example check_examples[] = {
        { "health check acme-corp", "check one client" },
        { "health check --all", "check all active clients" },
        { "health check acme-corp --type disk-space", "check only the disks" },
        { 0 },
};
static const op_example history_examples[] = {
        { "health history acme-corp --days 7", "see the results of a week" },
        { "health history acme-corp --daily", "see a row for each day" },
        { 0 },
};
static const op_example status_examples[] = {
        { "health status", "see how all clients are" },
        { "health status acme-corp --json", "see one, as JSON" },
        { 0 },
};
static const op_example morning_examples[] = { { "morning", "see what the night brought" }, { 0 } };

/* clang-format off */
#define F_COUNTS F_INT("ok") "," F_INT("warning") "," F_INT("critical") "," F_INT("unknown")
#define CHECK_RESULT_FIELDS \
        F_SCHEMA "," F_STR("name") "," F_STR("check") "," F_STR("instance") "," F_STATUS "," \
        F_STR("message") "," F_NUM_0("value") "," F_STR_0("unit") "," F_STR("device_id") "," \
        F_STR("device") "," F_STR("client_id") "," F_STR("checked_at") "," F_INT_0("evidence_id")
#define RUN_RESULT \
        "{" F_SCHEMA "," F_STR("run_id") "," F_STR("client_id") "," F_STR("started_at") "," \
        F_STR("ended_at") "," F_STATUS "," F_OBJECT("counts", F_COUNTS) "," \
        F_OBJECT("coverage", F_INT("devices") "," F_INT("reported") "," F_ANY_LIST("not_reported") "," \
                 F_INT("not_listed") "," F_ANY_LIST("without_devices") "," F_INT("checks") "," \
                 F_INT("missing")) "," \
        F_STR("summary") "," \
        F_OBJECT("alerts", F_INT("opened") "," F_INT("still") "," F_INT("resolved")) "," \
        F_ANY_LIST("skipped") "," F_ANY_LIST("failed") "," F_BOOL("cancelled") "," \
        F_LIST("results", CHECK_RESULT_FIELDS "," F_NUM("warning") "," F_NUM("critical") "," \
               F_STR("since")) "," F_CURSOR "}"
#define HISTORY_RESULT \
        "{" F_SCHEMA "," F_STR("client_id") "," F_STR("from") "," F_STR("to") "," \
        F_ENUM("resolution", "\"raw\",\"day\"") "," \
        F_LIST("results", CHECK_RESULT_FIELDS "," F_STR("metric") "," F_INT("results") "," \
               F_INT("ok") "," F_INT("warnings") "," F_INT("criticals") "," F_INT("unknowns") "," \
               F_NUM("min") "," F_NUM("max")) "," F_CURSOR "}"
#define SUMMARY_FIELDS \
        F_SCHEMA "," F_STR("client_id") "," F_STR("name") "," F_STATUS "," \
        F_OBJECT("counts", F_COUNTS) "," \
        F_OBJECT("coverage", F_INT("devices") "," F_INT("reported") "," \
                 F_ANY_LIST("not_reported")) "," \
        F_STR("summary") "," F_STR_0("last_check") "," F_INT_0("age_s") "," F_BOOL("stale") "," \
        F_OBJECT("alerts", F_INT("critical") "," F_INT("warning") "," F_INT("unknown"))
#define STATUS_RESULT \
        "{" F_SCHEMA "," F_STATUS "," F_LIST("clients", SUMMARY_FIELDS) "," F_CURSOR "}"
#define MORNING_RESULT \
        "{" F_SCHEMA "," F_STR("since") "," F_STATUS "," \
        F_LIST("clients", SUMMARY_FIELDS "," F_ANY_LIST("new") "," F_STRINGS("new_lines") "," \
               F_ANY_LIST("still") "," F_STRINGS("still_lines") "," F_ANY_LIST("fixed") "," \
               F_STRINGS("fixed_lines") "," F_STRINGS("silent")) "," F_CURSOR "}"
/* clang-format on */

const op_row msptk__health_rows[] = {
        {
                .act = { .name = "health_check",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_READ,
                         .effect = EFFECT_READ,
                         .outside = 1,
                         .timeout_ms = 900000,
                         .client_param = "client_id",
                         .run = msptk__health_check },
                .since = "0.1",
                .title = "Run health checks",
                .summary = "check the health of one client or of all",
                .description = "Asks the vendors now for one client, or for all active ones "
                               "without client_id; judges and stores what is observed, raises and "
                               "resolves alerts. Slow, up to minutes: for what is known already "
                               "use health_status. What was not observed is unknown, never ok. "
                               "Example: client_id=acme-corp check_types=disk.",
                .cli = "health check",
                .tool = 1,
                .params = check_params,
                .kind = RESULT_PAGE,
                .needs = NEED_STORE,
                .schema = "msptk.health_run/1",
                .rows = "results",
                .columns = result_columns,
                .verdict = "status",
                .coverage = "summary coverage",
                .volatile_keys = "run_id started_at ended_at checked_at since evidence_id",
                .result = RUN_RESULT,
                .errors = check_errors,
                .examples = check_examples,
        },
        {
                .act = { .name = "health_history",
                         .scope = SCOPE_READ,
                         .effect = EFFECT_READ,
                         .client_param = "client_id",
                         .run = msptk__health_history },
                .since = "0.1",
                .title = "Read past results",
                .summary = "past results, newest first",
                .description = "Past results of a client, newest first: every stored result, or "
                               "one row for each day and metric. Fast, from the store. For how it "
                               "is now use health_status. Example: client_id=acme-corp days=30 "
                               "daily=true.",
                .cli = "health history",
                .tool = 1,
                .idempotent = 1,
                .params = history_params,
                .kind = RESULT_PAGE,
                .needs = NEED_STORE,
                .schema = "msptk.health_history/1",
                .rows = "results",
                .columns = history_columns,
                .volatile_keys = "from to checked_at evidence_id",
                .result = HISTORY_RESULT,
                .errors = history_errors,
                .examples = history_examples,
        },
        {
                .act = { .name = "health_status",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_READ,
                         .effect = EFFECT_READ,
                         .client_param = "client_id",
                         .run = msptk__health_status },
                .since = "0.1",
                .title = "Summarize health",
                .summary = "what is known of the health of clients, with its age",
                .description = "Per client: worst status, counts, which devices reported in the "
                               "last 24 hours, when the last check was, open alerts. Fast, from "
                               "the store; what is too old is unknown. health_check looks anew. "
                               "Example: client_id=acme-corp.",
                .cli = "health status",
                .tool = 1,
                .idempotent = 1,
                .params = status_params,
                .kind = RESULT_PAGE,
                .needs = NEED_STORE,
                .schema = "msptk.health_status/1",
                .rows = "clients",
                .columns = status_columns,
                .verdict = "status",
                .coverage = "summary",
                .volatile_keys = "last_check age_s last_reported",
                .result = STATUS_RESULT,
                .errors = status_errors,
                .examples = status_examples,
        },
        {
                .act = { .name = "health_morning",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_READ,
                         .effect = EFFECT_READ,
                         .client_param = "client_id",
                         .run = msptk__health_morning },
                .since = "0.1",
                .title = "Morning screen",
                .summary = "per client: new, still and fixed since yesterday, and what did not "
                           "report",
                .description = "One screen for the morning: per client the problems that are new, "
                               "that are still there and that were fixed since a moment, and the "
                               "devices that did not report.",
                .cli = "morning",
                .idempotent = 1,
                .params = morning_params,
                .kind = RESULT_PAGE,
                .needs = NEED_STORE,
                .schema = "msptk.morning/1",
                .rows = "clients",
                .columns = morning_columns,
                .verdict = "status",
                .coverage = "summary",
                .volatile_keys = "since last_check age_s last_reported id short opened_at "
                                 "changed_at last_seen snoozed_until acknowledged accepted "
                                 "resolved evidence_id",
                .result = MORNING_RESULT,
                .errors = status_errors,
                .examples = morning_examples,
        },
        { .act = { 0 } },
};
