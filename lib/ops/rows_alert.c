/* The operations on alerts. */
#include "alerts/alerts.h"
#include "ops/fields.h"
#include "ops/rows.h"

#define SEVERITIES "critical warning info unknown"

#define PARAM_ALERT \
        { \
                .name = "alert_id", .type = PARAM_STRING, .flags = OP_REQUIRED, \
                .about = "id, or at least 6 characters from its beginning or end", .cli = "ALERT", \
                .min = 6, .max = 64, .complete = "alert" \
        }
#define PARAM_ALERT_CLIENT \
        { \
                .name = "client_id", .type = PARAM_STRING, .min = 1, .max = CLIENT_TEXT_MAX, \
                .flags = OP_PLAIN, .about = "only if it is an alert of this client", \
                .cli = "--client", .complete = "client" \
        }
#define PARAM_NOTE \
        { \
                .name = "note", .type = PARAM_STRING, .flags = OP_PLAIN, \
                .about = "why, for the history", .max = 2000 \
        }
#define PARAM_FOR(text) \
        { \
                .name = "for", .type = PARAM_DURATION, .about = text, .unit = "milliseconds", \
                .min = 1000, .max = 3650.0 * 86400 * 1000, .exclusive = "until" \
        }
#define PARAM_UNTIL(text) \
        { \
                .name = "until", .type = PARAM_TIME, .flags = OP_FUTURE, .about = text, \
                .exclusive = "until" \
        }
#define PARAM_END(text) \
        { \
                .name = "end", .type = PARAM_BOOL, .about = text, .exclusive = "until" \
        }

static const op_param list_params[] = {
        PARAM_CLIENT_FILTER("only alerts of this client"),
        { .name = "device_id",
          .type = PARAM_STRING,
          .flags = OP_PLAIN,
          .about = "only alerts of this device",
          .cli = "--device",
          .min = 1,
          .max = 128,
          .complete = "device" },
        { .name = "severity",
          .type = PARAM_ENUM,
          .flags = OP_PLAIN,
          .about = "only alerts of this severity",
          .values = SEVERITIES },
        { .name = "since",
          .type = PARAM_TIME,
          .about = "opened or changed since then (24h, yesterday, 2026-11-21)" },
        { .name = "status",
          .type = PARAM_ENUM,
          .about = "active: open or acknowledged, without those snoozed or accepted",
          .values = "active all open acknowledged resolved snoozed accepted",
          .dflt = "active" },
        PARAM_LIMIT,
        PARAM_CURSOR,
        { 0 },
};

static const op_param decide_params[] = {
        PARAM_ALERT,
        PARAM_NOTE,
        PARAM_ALERT_CLIENT,
        { 0 },
};

static const op_param snooze_params[] = {
        PARAM_ALERT,
        PARAM_FOR("how long (8h)"),
        PARAM_UNTIL("or until when (2030-01-31)"),
        PARAM_END("or end a snooze now"),
        PARAM_NOTE,
        PARAM_ALERT_CLIENT,
        { 0 },
};

static const op_param accept_params[] = {
        PARAM_ALERT,
        { .name = "owner",
          .type = PARAM_STRING,
          .about = "who carries the risk; required unless the acceptance is ended",
          .min = 1,
          .max = 200 },
        { .name = "reason",
          .type = PARAM_STRING,
          .about = "why it is acceptable; required unless the acceptance is ended",
          .min = 1,
          .max = 2000 },
        PARAM_FOR("how long (90d)"),
        PARAM_UNTIL("or until when (2030-01-31)"),
        PARAM_END("or end the acceptance now"),
        PARAM_NOTE,
        PARAM_ALERT_CLIENT,
        { 0 },
};

static const op_param explain_params[] = { PARAM_ALERT, PARAM_ALERT_CLIENT, { 0 } };

static const op_column alert_columns[] = {
        { "short", "ALERT", 1, "text" },
        { "severity", "SEVERITY", 1, "severity" },
        { "client_id", "CLIENT", 1, "text" },
        { "device_id", "DEVICE", 3, "text" },
        { "check", "CHECK", 2, "text" },
        { "instance", "ITEM", 3, "text" },
        { "status", "STATUS", 2, "text" },
        { "silent_reason", "SILENT", 4, "text" },
        { "since", "SINCE", 2, "age" },
        { "message", "MESSAGE", 1, "text" },
        { 0 },
};

static const op_column explain_columns[] = { { "text", "", 1, "list" }, { 0 } };

#define ERROR_ALERT \
        { "ALERT_NOT_FOUND", "use alert_list to see the alerts that exist" }, \
        { \
                "ALERT_AMBIGUOUS", "give more characters of the id" \
        }
#define ERROR_RESOLVED \
        { \
                "ALERT_RESOLVED", "it opens again by itself if the problem is seen again" \
        }

static const op_error list_errors[] = { ERROR_CLIENT, { 0 } };
static const op_error find_errors[] = { ERROR_ALERT, { 0 } };
static const op_error decide_errors[] = { ERROR_ALERT, ERROR_RESOLVED, { 0 } };

static const op_example list_examples[] = {
        { "alert list", "what needs attention, worst first" },
        { "alert list acme-corp --since 24h --status all", "what happened to a client" },
        { 0 },
};
static const op_example ack_examples[] = {
        { "alert ack 9f3c21ab --note \"disk ordered\"", "say that somebody is at it" },
        { 0 },
};
static const op_example resolve_examples[] = {
        { "alert resolve 9f3c21ab --plan", "see what resolving would change" },
        { 0 },
};
static const op_example snooze_examples[] = {
        { "alert snooze 9f3c21ab --for 8h", "silence until tomorrow" },
        { "alert snooze 9f3c21ab --end", "end the silence" },
        { 0 },
};
static const op_example accept_examples[] = {
        { "alert accept 9f3c21ab --owner \"Jo Roe\" --reason \"old server, replaced in May\" "
          "--for 90d",
          "accept a known risk for a time" },
        { 0 },
};
static const op_example explain_examples[] = {
        { "alert explain 9f3c21ab", "why it fired, and why it is or is not silent" },
        { 0 },
};

/* clang-format off */
#define ALERT_FIELDS \
        F_SCHEMA "," F_STR("id") "," F_STR("short") "," F_STR("client_id") "," F_STR_0("device_id") "," \
        F_STR("source") "," F_STR("check") "," F_STR("instance") "," \
        F_ENUM("severity", "\"critical\",\"warning\",\"info\",\"unknown\"") "," \
        F_ENUM("status", "\"open\",\"acknowledged\",\"resolved\"") "," \
        F_ENUM("state", "\"ok\",\"warning\",\"critical\",\"unknown\"") "," \
        F_STR("message") "," F_NUM_0("value") "," F_STR_0("unit") "," F_BOOL("silent") "," \
        F_STR_0("silent_reason") "," F_ANY_OBJECT_0("acknowledged") "," F_STR_0("snoozed_until") "," \
        F_ANY_OBJECT_0("accepted") "," F_BOOL("flapping") "," F_ANY_OBJECT_0("flap") "," \
        F_INT("count") "," F_STR_0("since") "," F_STR_0("opened_at") "," F_STR_0("changed_at") "," \
        F_STR_0("last_seen") "," F_ANY_OBJECT_0("resolved") "," F_INT_0("evidence_id") "," \
        F_STR("fingerprint")
#define ALERT_LIST_RESULT \
        "{" F_SCHEMA "," F_INT("count") "," F_LIST("alerts", ALERT_FIELDS) "," \
        F_OBJECT("hidden", F_INT("accepted") "," F_INT("snoozed")) "," F_CURSOR "}"
#define EXPLANATION_RESULT \
        "{" F_SCHEMA "," F_STR("id") "," F_STRINGS("text") "," F_OBJECT("alert", ALERT_FIELDS) "," \
        F_ANY_OBJECT_0("observed") "," F_ANY_OBJECT_0("decision") "," \
        F_TYPE_0("thresholds_now", "array") "," F_BOOL("silent") "," F_STR_0("silent_reason") "," \
        F_ANY_LIST("events") "}"
/* clang-format on */
#define ALERT_VOLATILE \
        "id short since opened_at changed_at last_seen snoozed_until acknowledged accepted " \
        "resolved evidence_id"

#define DECISION_ROW(verb, tool_, params_, examples_, title_, summary_, description_) \
        { \
                .act = { .name = "alert_" #verb, \
                         .scope = SCOPE_WRITE, \
                         .effect = EFFECT_WRITE, \
                         .plan = PLAN_OPTIONAL, \
                         .client_param = "client_id", \
                         .clients = CLIENTS_FILTERED, \
                         .run = msptk__alert_##verb, \
                         .make_plan = msptk__alert_##verb##_plan }, \
                .since = "0.1", .title = title_, .summary = summary_, .description = description_, \
                .cli = "alert " #verb, .tool = tool_, .params = params_, .kind = RESULT_RECORD, \
                .needs = NEED_STORE, .schema = "msptk.alert/1", .columns = alert_columns, \
                .volatile_keys = ALERT_VOLATILE, .result = "{" ALERT_FIELDS "}", \
                .errors = decide_errors, .examples = examples_, \
        }

const op_row msptk__alert_rows[] = {
        {
                .act = { .name = "alert_list",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_READ,
                         .effect = EFFECT_READ,
                         .client_param = "client_id",
                         .run = msptk__alert_list },
                .since = "0.1",
                .title = "List alerts",
                .summary = "list alerts, worst first",
                .description = "Alerts, worst first, then newest. By default those that want "
                               "attention; `hidden` counts those that are snoozed or accepted. "
                               "Fast, from the store; health_check looks for new ones. Example: "
                               "severity=critical since=24h.",
                .cli = "alert list",
                .tool = 1,
                .idempotent = 1,
                .params = list_params,
                .kind = RESULT_PAGE,
                .needs = NEED_STORE,
                .schema = "msptk.alert_list/1",
                .rows = "alerts",
                .columns = alert_columns,
                .coverage = "hidden",
                .volatile_keys = ALERT_VOLATILE,
                .result = ALERT_LIST_RESULT,
                .errors = list_errors,
                .examples = list_examples,
        },
        DECISION_ROW(ack, 1, decide_params, ack_examples, "Acknowledge an alert",
                     "say that somebody takes care of an alert",
                     "Acknowledges an open alert: it stays, but no longer pages. Fast, tells no "
                     "vendor. To silence it for a time use alert_snooze. Example: "
                     "alert_id=9f3c21ab note=\"disk ordered\"."),
        DECISION_ROW(resolve, 0, decide_params, resolve_examples, "Resolve an alert",
                     "resolve an alert by hand",
                     "Resolves an alert. If the problem is seen again it opens again."),
        DECISION_ROW(snooze, 1, snooze_params, snooze_examples, "Snooze an alert",
                     "silence an alert for a time",
                     "Silences the problem for a time; if it gets worse than it was, the snooze "
                     "does not cover it. Give one of for, until, end. Fast, tells no vendor. When "
                     "somebody is at it use alert_ack. Example: alert_id=9f3c21ab for=8h."),
        DECISION_ROW(accept, 0, accept_params, accept_examples, "Accept a risk",
                     "accept a known problem, with owner, reason and end",
                     "Records that a known problem is accepted until a date, by whom and why. It "
                     "is silent but listed as accepted; if it gets worse it is not covered."),
        {
                .act = { .name = "alert_explain",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_READ,
                         .effect = EFFECT_READ,
                         .client_param = "client_id",
                         .run = msptk__alert_explain },
                .since = "0.1",
                .title = "Explain an alert",
                .summary = "why an alert fired, and why it is or is not silent",
                .description = "The whole path of the decision: what was observed, which "
                               "thresholds applied and where each came from, what happened since, "
                               "and what keeps it silent now. Fast. Ids are in alert_list. "
                               "Example: alert_id=9f3c21ab.",
                .cli = "alert explain",
                .tool = 1,
                .idempotent = 1,
                .params = explain_params,
                .kind = RESULT_RECORD,
                .needs = NEED_STORE,
                .schema = "msptk.alert_explanation/1",
                .columns = explain_columns,
                .volatile_keys = "id text alert observed decision events",
                .result = EXPLANATION_RESULT,
                .errors = find_errors,
                .examples = explain_examples,
        },
        { .act = { 0 } },
};
