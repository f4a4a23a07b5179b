/* The operations on alerts. */
#include "alerts/alerts.h"
#include "ops/rows.h"

#define SEVERITIES "critical warning info unknown"

#define PARAM_ALERT \
        { \
                .name = "alert_id", .type = PARAM_STRING, .flags = OP_REQUIRED, \
                .about = "its id, or the beginning or end of it (6 characters or more)", \
                .cli = "ALERT", .min = 6, .max = 64, .complete = "alert" \
        }
#define PARAM_ALERT_CLIENT \
        { \
                .name = "client_id", .type = PARAM_SLUG, \
                .about = "only if it is an alert of this client", .cli = "--client", \
                .complete = "client" \
        }
#define PARAM_NOTE \
        { \
                .name = "note", .type = PARAM_STRING, .about = "why, for the history", .max = 2000 \
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
          .about = "only alerts of this device",
          .cli = "--device",
          .min = 1,
          .max = 128,
          .complete = "device" },
        { .name = "severity",
          .type = PARAM_ENUM,
          .about = "only alerts of this severity",
          .values = SEVERITIES },
        { .name = "since",
          .type = PARAM_TIME,
          .about = "only alerts that opened or changed since then (24h, yesterday, 2026-11-21)" },
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

#define NULLABLE(type) "{\"type\":[\"" type "\",\"null\"]}"
#define TEXT_FIELD "{\"type\":\"string\"}"
#define ALERT_FIELDS \
        "\"schema\":" TEXT_FIELD ",\"id\":" TEXT_FIELD ",\"short\":" TEXT_FIELD \
        ",\"client_id\":" TEXT_FIELD ",\"device_id\":" NULLABLE( \
                "string") ",\"source\"" \
                          ":" TEXT_FIELD ",\"check\":" TEXT_FIELD ",\"instance\"" \
                          ":" TEXT_FIELD ",\"severity\":{" \
                          "\"type\":\"string\"," \
                          "\"enum\":[" \
                          "\"critical\"," \
                          "\"warning\",\"info\"," \
                          "\"unknown\"]}," \
                          "\"status\":{\"type\":" \
                          "\"string\",\"enum\":[" \
                          "\"open\"," \
                          "\"acknowledged\"," \
                          "\"resolved\"]}," \
                          "\"state\":{\"type\":" \
                          "\"string\",\"enum\":[" \
                          "\"ok\",\"warning\"," \
                          "\"critical\"," \
                          "\"unknown\"]}," \
                          "\"message\"" \
                          ":" TEXT_FIELD ",\"value\":" NULLABLE("number") ",\"unit\":" NULLABLE( \
                                  "string") ",\"s" \
                                            "ilen" \
                                            "t\":" \
                                            "{\"t" \
                                            "ype" \
                                            "\":" \
                                            "\"bo" \
                                            "olea" \
                                            "n\"}" \
                                            "," \
                                            "\"si" \
                                            "lent" \
                                            "_rea" \
                                            "son" \
                                            "\"" \
                                            ":" NULLABLE("string") ",\"acknowledged\":" NULLABLE("object") ",\"snoozed_until\":" NULLABLE("string") ",\"accepted\":" NULLABLE("object") ",\"flapping\":{\"type\":\"boolean\"},\"flap\":" NULLABLE( \
                                                    "object") ",\"count\":{\"type\":\"integer\"}," \
                                                              "\"since\":" NULLABLE( \
                                                                      "string") "," \
                                                                                "\"" \
                                                                                "op" \
                                                                                "en" \
                                                                                "ed" \
                                                                                "_a" \
                                                                                "t" \
                                                                                "\"" \
                                                                                ":" NULLABLE("str" \
                                                                                             "in" \
                                                                                             "g") ",\"changed_at\":" NULLABLE("string") ",\"last_seen\":" NULLABLE( \
                                                                                        "string") ",\"resolved\":" NULLABLE("object") ",\"evidence_id\":" NULLABLE("integer") ",\"fingerprint\":" TEXT_FIELD
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
                         .scope = SCOPE_READ,
                         .effect = EFFECT_READ,
                         .client_param = "client_id",
                         .run = msptk__alert_list },
                .since = "0.1",
                .title = "List alerts",
                .summary = "list alerts, worst first",
                .description = "Alerts, worst first, then newest. By default those that want "
                               "attention; `hidden` counts those that are snoozed or accepted.",
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
                .result = "{\"schema\":{\"type\":\"string\"},\"count\":{\"type\":"
                          "\"integer\"},"
                          "\"alerts\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
                          "\"properties\":{" ALERT_FIELDS "}}},"
                          "\"hidden\":{\"type\":\"object\"},"
                          "\"next_cursor\":{\"type\":[\"string\",\"null\"]}}",
                .errors = list_errors,
                .examples = list_examples,
        },
        DECISION_ROW(ack, 1, decide_params, ack_examples, "Acknowledge an alert",
                     "say that somebody takes care of an alert",
                     "Acknowledges an open alert: it stays, but no longer pages."),
        DECISION_ROW(resolve, 0, decide_params, resolve_examples, "Resolve an alert",
                     "resolve an alert by hand",
                     "Resolves an alert. If the problem is seen again it opens again."),
        DECISION_ROW(snooze, 1, snooze_params, snooze_examples, "Snooze an alert",
                     "silence an alert for a time",
                     "Silences the problem for a time. If it gets worse than it was, the snooze "
                     "does not cover it."),
        DECISION_ROW(accept, 0, accept_params, accept_examples, "Accept a risk",
                     "accept a known problem, with owner, reason and end",
                     "Records that a known problem is accepted until a date, by whom and why. "
                     "It "
                     "is silent but listed as accepted; if it gets worse it is not covered."),
        {
                .act = { .name = "alert_explain",
                         .scope = SCOPE_READ,
                         .effect = EFFECT_READ,
                         .client_param = "client_id",
                         .run = msptk__alert_explain },
                .since = "0.1",
                .title = "Explain an alert",
                .summary = "why an alert fired, and why it is or is not silent",
                .description = "The whole path of the decision: what was observed, which "
                               "thresholds applied and where each came from, what happened since, "
                               "and what keeps it silent now.",
                .cli = "alert explain",
                .tool = 1,
                .idempotent = 1,
                .params = explain_params,
                .kind = RESULT_RECORD,
                .needs = NEED_STORE,
                .schema = "msptk.alert_explanation/1",
                .columns = explain_columns,
                .volatile_keys = "id text alert observed decision events",
                .result =
                        "{\"schema\":" TEXT_FIELD ",\"id\":" TEXT_FIELD
                        ",\"text\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
                        "\"alert\":{\"type\":\"object\",\"properties\":{" ALERT_FIELDS "}},"
                        "\"observed\":" NULLABLE("object") ",\"decision\":" NULLABLE(
                                "objec"
                                "t") ",\"thresholds_now\":" NULLABLE("array") ",\"silent\":{"
                                                                              "\"type\":"
                                                                              "\"boolean\"},"
                                                                              "\"silent_"
                                                                              "reason\":" NULLABLE(
                                                                                      "string") ","
                                                                                                "\""
                                                                                                "ev"
                                                                                                "en"
                                                                                                "ts"
                                                                                                "\""
                                                                                                ":{"
                                                                                                "\""
                                                                                                "ty"
                                                                                                "pe"
                                                                                                "\""
                                                                                                ":"
                                                                                                "\""
                                                                                                "ar"
                                                                                                "ra"
                                                                                                "y"
                                                                                                "\""
                                                                                                ","
                                                                                                "\""
                                                                                                "it"
                                                                                                "em"
                                                                                                "s"
                                                                                                "\""
                                                                                                ":{"
                                                                                                "\""
                                                                                                "ty"
                                                                                                "pe"
                                                                                                "\""
                                                                                                ":"
                                                                                                "\""
                                                                                                "ob"
                                                                                                "je"
                                                                                                "ct"
                                                                                                "\""
                                                                                                "}}"
                                                                                                "}",
                .errors = find_errors,
                .examples = explain_examples,
        },
        { .act = { 0 } },
};
