/* The operations on clients. */
#include "clients/clients.h"
#include "ops/admin.h"
#include "ops/rows.h"

static const op_param create_params[] = {
        { .name = "name",
          .type = PARAM_STRING,
          .flags = OP_REQUIRED,
          .about = "name of the company, in any script",
          .cli = "NAME|--name",
          .min = 1,
          .max = 200 },
        { .name = "contact",
          .type = PARAM_STRING,
          .about = "primary contact, usually an e-mail address",
          .max = 200 },
        { .name = "tier",
          .type = PARAM_ENUM,
          .about = "service tier; policy is inherited from it",
          .values = TIERS,
          .dflt = "bronze" },
        { .name = "status",
          .type = PARAM_ENUM,
          .about = "only active clients are checked",
          .values = CLIENT_STATUSES,
          .dflt = "active" },
        { .name = "id",
          .type = PARAM_SLUG,
          .about = "id to use instead of the one made from the name" },
        { .name = "rmm_id",
          .type = PARAM_STRING,
          .about = "id of the client at the RMM's vendor",
          .max = 200 },
        { .name = "contacts",
          .type = PARAM_LIST,
          .about = "further contacts",
          .min = 1,
          .max = 50 },
        { .name = "fields", .type = PARAM_MAP, .about = "free fields of your own" },
        { 0 },
};

static const op_param list_params[] = {
        { .name = "tier",
          .type = PARAM_ENUM,
          .flags = OP_PLAIN,
          .about = "only clients of this tier",
          .values = TIERS },
        { .name = "status",
          .type = PARAM_ENUM,
          .flags = OP_PLAIN,
          .about = "only clients of this status",
          .values = CLIENT_STATUSES },
        { .name = "search",
          .type = PARAM_STRING,
          .about = "text in name or id, in any case and script",
          .cli = "SEARCH|--search",
          .min = 1,
          .max = 200 },
        PARAM_LIMIT,
        PARAM_CURSOR,
        { 0 },
};

static const op_param get_params[] = {
        PARAM_CLIENT_REQUIRED("id of the client"),
        { 0 },
};

static const op_param update_params[] = {
        PARAM_CLIENT_REQUIRED("id of the client"),
        { .name = "name",
          .type = PARAM_STRING,
          .about = "new name; the id stays",
          .min = 1,
          .max = 200 },
        { .name = "contact",
          .type = PARAM_STRING,
          .about = "new primary contact; empty takes it away",
          .max = 200 },
        { .name = "tier", .type = PARAM_ENUM, .about = "new service tier", .values = TIERS },
        { .name = "status", .type = PARAM_ENUM, .about = "new status", .values = CLIENT_STATUSES },
        { .name = "rmm_id",
          .type = PARAM_STRING,
          .about = "new id at the RMM's vendor; empty takes it away",
          .max = 200 },
        { .name = "contacts",
          .type = PARAM_LIST,
          .about = "further contacts, replacing those of before",
          .min = 1,
          .max = 50 },
        { .name = "fields", .type = PARAM_MAP, .about = "free fields, replacing those of before" },
        { .name = "revision",
          .type = PARAM_INT,
          .about = "change only if the client still has this revision",
          .min = 1,
          .max = 1e15 },
        { 0 },
};

static const op_param import_params[] = {
        { .name = "file",
          .type = PARAM_FILE_IN,
          .flags = OP_REQUIRED,
          .about = "CSV with a header: name, contact, email, tier, status, id, rmm_id; other "
                   "columns become free fields",
          .cli = "FILE",
          .min = 1,
          .max = 4096,
          .complete = "file" },
        { .name = "skip_bad",
          .type = PARAM_BOOL,
          .about = "import the good rows although others are wrong or in conflict" },
        { 0 },
};

static const op_column import_columns[] = {
        { "line", "LINE", 1, "int" },   { "action", "ACTION", 1, "text" },
        { "id", "CLIENT", 1, "text" },  { "name", "NAME", 3, "text" },
        { "reason", "WHY", 2, "text" }, { 0 },
};

static const op_column client_columns[] = {
        { "id", "CLIENT", 1, "text" },
        { "name", "NAME", 2, "text" },
        { "tier", "TIER", 3, "text" },
        { "status", "STATUS", 2, "text" },
        { "devices", "DEVICES", 3, "int" },
        { "health", "HEALTH", 2, "status" },
        { "last_check", "CHECKED", 3, "age" },
        { "contact", "CONTACT", 4, "text" },
        { 0 },
};

static const op_error client_errors[] = { ERROR_CLIENT, { 0 } };
static const op_error create_errors[] = {
        { "CLIENT_EXISTS", "choose another id, or change the one that exists with client_update" },
        { 0 },
};
static const op_error update_errors[] = {
        ERROR_CLIENT,
        { "REVISION_CHANGED", "read the client again and decide anew" },
        { 0 },
};

static const op_example create_examples[] = {
        { "client add --name \"Acme Corp\" --contact \"john@acmecorp.com\" --tier \"premium\"",
          "add a client" },
        { 0 },
};
static const op_example list_examples[] = {
        { "client list", "list all clients" },
        { "client list --tier premium --json", "list the clients of one tier, as JSON" },
        { 0 },
};
static const op_example get_examples[] = { { "client show acme-corp", "show one client" }, { 0 } };
static const op_example update_examples[] = {
        { "client update acme-corp --tier gold", "change the tier" },
        { 0 },
};
static const op_error import_errors[] = {
        { "IMPORT_REFUSED", "see every row with --plan; --skip-bad imports the others" },
        { "BAD_CSV", "see RFC 4180; most spreadsheets can save it" },
        { 0 },
};
static const op_example import_examples[] = {
        { "client import clients.csv --plan", "see what each row of the file would do" },
        { 0 },
};
static const op_example delete_examples[] = {
        { "client remove acme-corp --plan", "see what removing would do" },
        { 0 },
};

const op_row msptk__client_rows[] = {
        {
                .act = { .name = "client_create",
                         .scope = SCOPE_WRITE,
                         .effect = EFFECT_WRITE,
                         .plan = PLAN_OPTIONAL,
                         .run = msptk__client_create,
                         .make_plan = msptk__client_create_plan },
                .since = "0.1",
                .title = "Create a client",
                .summary = "add a client",
                .description = "Creates a client. Its id is a slug made from the name unless one "
                               "is given; it never changes.",
                .cli = "client add",
                .params = create_params,
                .kind = RESULT_RECORD,
                .needs = NEED_STORE,
                .schema = "msptk.client/1",
                .columns = client_columns,
                .volatile_keys = "created_at updated_at",
                .result = "{" CLIENT_FIELDS "}",
                .errors = create_errors,
                .examples = create_examples,
        },
        {
                .act = { .name = "client_list",
                         .clients = CLIENTS_FILTERED,
                         .scope = SCOPE_READ,
                         .effect = EFFECT_READ,
                         .run = msptk__op_client_list },
                .since = "0.1",
                .title = "List clients",
                .summary = "list clients",
                .description = "List MSP clients with optional filtering by tier, status, or "
                               "name: devices, health, when last checked. Fast, from the store; "
                               "health_check looks anew. Example: tier=gold search=acme.",
                .cli = "client list",
                .tool = 1,
                .idempotent = 1,
                .params = list_params,
                .kind = RESULT_PAGE,
                .needs = NEED_STORE,
                .schema = "msptk.client_list/1",
                .rows = "clients",
                .columns = client_columns,
                .volatile_keys = "created_at updated_at last_check",
                .result = "{\"schema\":{\"type\":\"string\"},\"count\":{\"type\":\"integer\"},"
                          "\"clients\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
                          "\"properties\":{" CLIENT_FIELDS
                          ",\"devices\":{\"type\":\"integer\"},\"health\":{\"type\":\"string\"},"
                          "\"last_check\":{\"type\":["
                          "\"string\",\"null\"]}}}},"
                          "\"next_cursor\":{\"type\":[\"string\",\"null\"]}}",
                .examples = list_examples,
        },
        {
                .act = { .name = "client_get",
                         .scope = SCOPE_READ,
                         .effect = EFFECT_READ,
                         .client_param = "client_id",
                         .run = msptk__op_client_get },
                .since = "0.1",
                .title = "Show a client",
                .summary = "show one client, and what of it is not covered",
                .description = "Everything known of one client: tier, contacts, free fields, "
                               "health, and what of it nobody looks after. Fast, from the store. "
                               "To find the id use client_list. Example: client_id=acme-corp.",
                .cli = "client show",
                .tool = 1,
                .idempotent = 1,
                .params = get_params,
                .kind = RESULT_RECORD,
                .needs = NEED_STORE,
                .schema = "msptk.client/1",
                .columns = client_columns,
                .volatile_keys = "created_at updated_at last_check last_seen since",
                .result = "{" CLIENT_FIELDS
                          ",\"devices\":{\"type\":\"integer\"},\"health\":{\"type\":\"string\"},"
                          "\"last_check\":{\"type\":[\"string\",\"null\"]},\"last_seen\":{"
                          "\"type\":[\"string\",\"null\"]},\"not_covered\":{\"type\":"
                          "\"array\",\"items\":{\"type\":\"object\"}}}",
                .errors = client_errors,
                .examples = get_examples,
        },
        {
                .act = { .name = "client_update",
                         .scope = SCOPE_WRITE,
                         .effect = EFFECT_WRITE,
                         .plan = PLAN_OPTIONAL,
                         .client_param = "client_id",
                         .run = msptk__client_update,
                         .make_plan = msptk__client_update_plan },
                .since = "0.1",
                .title = "Change a client",
                .summary = "change a client",
                .description = "Changes what is given and leaves the rest. With a revision it "
                               "refuses when the client has changed.",
                .cli = "client update",
                .idempotent = 1,
                .params = update_params,
                .kind = RESULT_RECORD,
                .needs = NEED_STORE,
                .schema = "msptk.client/1",
                .columns = client_columns,
                .volatile_keys = "created_at updated_at",
                .result = "{" CLIENT_FIELDS "}",
                .errors = update_errors,
                .examples = update_examples,
        },
        {
                .act = { .name = "client_delete",
                         .scope = SCOPE_WRITE,
                         .effect = EFFECT_DESTRUCTIVE,
                         .plan = PLAN_OPTIONAL,
                         .client_param = "client_id",
                         .run = msptk__op_client_delete,
                         .make_plan = msptk__client_delete_plan },
                .since = "0.1",
                .title = "Delete a client",
                .summary = "remove a client; its history is kept until retention ends",
                .description =
                        "Hides a client and stops checking it. Its history and its id are kept.",
                .cli = "client remove",
                .params = get_params,
                .kind = RESULT_RECORD,
                .needs = NEED_STORE,
                .schema = "msptk.client_deleted/1",
                .result = "{\"schema\":{\"type\":\"string\"},\"id\":{\"type\":\"string\"},\"name\":"
                          "{\"type\":\"string\"},"
                          "\"deleted\":{\"type\":\"boolean\"}}",
                .errors = client_errors,
                .examples = delete_examples,
        },
        {
                .act = { .name = "client_import",
                         .scope = SCOPE_WRITE,
                         .effect = EFFECT_WRITE,
                         .plan = PLAN_OPTIONAL,
                         .run = msptk__client_import,
                         .make_plan = msptk__client_import_plan },
                .since = "0.1",
                .title = "Import clients",
                .summary = "add the clients of a CSV file; those that exist are left alone",
                .description = "All new rows or none are added. A row that matches a client "
                               "changes nothing; one that contradicts it is a conflict.",
                .cli = "client import",
                .absent = "mcp: reads a file of the machine that serves",
                .idempotent = 1,
                .params = import_params,
                .kind = RESULT_PAGE,
                .needs = NEED_STORE,
                .schema = "msptk.client_import/1",
                .rows = "rows",
                .columns = import_columns,
                .result = "{\"schema\":{\"type\":\"string\"},\"count\":{\"type\":\"integer\"},"
                          "\"imported\":{\"type\":\"integer\"},\"matched\":{\"type\":"
                          "\"integer\"},\"skipped\":{\"type\":\"integer\"},\"notes\":{\"type\":"
                          "\"array\",\"items\":{\"type\":\"string\"}},\"rows\":{\"type\":"
                          "\"array\",\"items\":{\"type\":\"object\"}}}",
                .errors = import_errors,
                .examples = import_examples,
        },
        { .act = { 0 } },
};
