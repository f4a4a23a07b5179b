/* The operations on the workspace itself: making one, and finding out what is wrong with one. */
#include "ops/admin.h"
#include "ops/rows.h"

static const op_param init_params[] = {
        { .name = "directory",
          .type = PARAM_FILE_OUT,
          .about = "where to make it; the directory is made when it is missing",
          .cli = "DIR|--directory",
          .dflt = ".",
          .min = 1,
          .max = 4096 },
        { .name = "company_name",
          .type = PARAM_STRING,
          .about = "name of the company, for reports",
          .min = 1,
          .max = 200 },
        { .name = "timezone",
          .type = PARAM_STRING,
          .about = "IANA time zone in which people read times; without it the machine's",
          .min = 1,
          .max = 63 },
        { .name = "local",
          .type = PARAM_BOOL,
          .about = "enable the adapter for this machine",
          .dflt = "true" },
        { 0 },
};
static const op_param doctor_params[] = {
        { .name = "full",
          .type = PARAM_BOOL,
          .about = "read the whole audit trail and compare every index with its table",
          .dflt = "false" },
        { .name = "probe",
          .type = PARAM_BOOL,
          .about = "also ask the adapters that are reached over the network",
          .dflt = "false" },
        { 0 },
};

static const op_column file_columns[] = {
        { "path", "PATH", 1, "text" },
        { "action", "", 1, "text" },
        { "mode", "MODE", 2, "text" },
        { "what", "WHAT", 3, "text" },
        { 0 },
};
static const op_column check_columns[] = {
        { "status", "STATUS", 1, "status" },  { "check", "CHECK", 1, "text" },
        { "message", "OBSERVED", 1, "text" }, { "suggestion", "WHAT TO DO", 2, "text" },
        { "took_ms", "MS", 4, "int" },        { 0 },
};

static const op_error init_errors[] = {
        { "ZONE_NOT_FOUND", "use an IANA name such as Europe/Berlin" },
        { "UNKNOWN_KEY", "correct the configuration that is there, or choose another directory" },
        { "WRONG_KEY", "restore the key file that belongs to the database that is there" },
        { 0 },
};

static const op_example init_examples[] = {
        { "init", "a workspace in the current directory" },
        { "init ops --company-name \"Example IT\" --timezone Europe/Berlin",
          "in a directory of its own, in a time zone" },
        { 0 },
};
static const op_example doctor_examples[] = {
        { "doctor", "every check that is quick" },
        { "doctor --full --probe", "everything, the adapters over the network included" },
        { 0 },
};

const op_row msptk__workspace_rows[] = {
        {
                .act = { .name = "init",
                         .scope = SCOPE_ADMIN,
                         .effect = EFFECT_WRITE,
                         .run = msptk__op_init },
                .since = "0.1",
                .title = "Make a workspace",
                .summary = "make a workspace: configuration, key, database",
                .description = "Writes a commented configuration, a vault key and an empty "
                               "database. What is there already is kept, never overwritten; the "
                               "result says what was made.",
                .cli = "init",
                .absent = "mcp: makes files on the machine it runs on; http: likewise",
                .idempotent = 1,
                .needs = NEED_NOTHING,
                .params = init_params,
                .kind = RESULT_PAGE,
                .schema = "msptk.workspace/1",
                .rows = "files",
                .columns = file_columns,
                .volatile_keys = "directory config path",
                .result = "{\"schema\":{\"type\":\"string\"},\"directory\":{\"type\":\"string\"},"
                          "\"config\":{\"type\":\"string\"},\"already_there\":{\"type\":"
                          "\"boolean\"},\"company_name\":{\"type\":[\"string\",\"null\"]},"
                          "\"timezone\":{\"type\":\"string\"},\"ignored\":{\"type\":\"array\","
                          "\"items\":{\"type\":\"string\"}},\"files\":{\"type\":\"array\","
                          "\"items\":{\"type\":\"object\"}}}",
                .errors = init_errors,
                .examples = init_examples,
        },
        {
                .act = { .name = "doctor",
                         .scope = SCOPE_ADMIN,
                         .effect = EFFECT_READ,
                         .timeout_ms = 300000,
                         .run = msptk__op_doctor },
                .since = "0.1",
                .title = "Find out what is wrong",
                .summary = "check the workspace and the machine below it, and say what to do",
                .description = "Performs every check for real: configuration, time zones, database "
                               "(opens, whole, writable), disk, vault, audit trail, clock, "
                               "permissions, adapters, DNS. Works when everything is broken.",
                .cli = "doctor",
                .absent = "mcp: shows what guards the toolkit itself; http: likewise",
                .idempotent = 1,
                .needs = NEED_NOTHING,
                .params = doctor_params,
                .kind = RESULT_PAGE,
                .schema = "msptk.doctor/1",
                .rows = "checks",
                .columns = check_columns,
                .verdict = "status",
                .volatile_keys = "message took_ms",
                .result = "{\"schema\":{\"type\":\"string\"},\"status\":{\"type\":\"string\"},"
                          "\"version\":{\"type\":\"string\"},\"config\":{\"type\":[\"string\","
                          "\"null\"]},\"checks\":{\"type\":\"array\",\"items\":{\"type\":"
                          "\"object\"}},\"not_checked\":{\"type\":\"array\",\"items\":{\"type\":"
                          "\"object\"}}}",
                .examples = doctor_examples,
        },
        { .act = { 0 } },
};
