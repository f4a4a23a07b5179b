/* The operations on configuration, secrets and the audit trail. */
#include "ops/admin.h"
#include "ops/fields.h"
#include "ops/rows.h"

static const op_param no_params[] = { { 0 } };
static const op_param explain_params[] = {
        { .name = "key",
          .type = PARAM_STRING,
          .flags = OP_REQUIRED,
          .about = "the setting, for example rmm.timeout",
          .cli = "KEY",
          .min = 1,
          .max = 200,
          .complete = "key" },
        { 0 },
};
static const op_param secret_set_params[] = {
        { .name = "name",
          .type = PARAM_STRING,
          .flags = OP_REQUIRED,
          .about = "name of the secret; vault:NAME refers to it",
          .cli = "NAME",
          .min = 1,
          .max = 128,
          .complete = "secret" },
        { .name = "value",
          .type = PARAM_SECRET,
          .flags = OP_REQUIRED,
          .about = "the secret itself; the command line reads it from the terminal or from "
                   "standard input",
          .min = 1,
          .max = 65536 },
        { 0 },
};
static const op_param secret_remove_params[] = {
        { .name = "name",
          .type = PARAM_STRING,
          .flags = OP_REQUIRED,
          .about = "name of the secret",
          .cli = "NAME",
          .min = 1,
          .max = 128,
          .complete = "secret" },
        { 0 },
};
static const op_param secret_rotate_params[] = {
        { .name = "passphrase",
          .type = PARAM_SECRET,
          .about = "new passphrase, for a vault that has one",
          .min = 8,
          .max = 1024 },
        { 0 },
};
static const op_param audit_list_params[] = {
        { .name = "since",
          .type = PARAM_TIME,
          .about = "only entries from then on (24h, yesterday, 2026-11-21)" },
        { .name = "operation",
          .type = PARAM_STRING,
          .about = "only entries of this operation",
          .min = 1,
          .max = 64 },
        PARAM_CLIENT_FILTER("only entries about this client"),
        { .name = "principal",
          .type = PARAM_STRING,
          .about = "only what this principal did",
          .min = 1,
          .max = 256 },
        { .name = "outcome",
          .type = PARAM_ENUM,
          .about = "only entries that ended so",
          .values = "ok denied failed intent planned" },
        PARAM_LIMIT,
        PARAM_CURSOR,
        { 0 },
};
static const op_param audit_verify_params[] = {
        { .name = "head",
          .type = PARAM_STRING,
          .about =
                  "a head kept elsewhere, as audit head gave it; finds truncation and rollback too",
          .min = 1,
          .max = 512 },
        { 0 },
};

static const op_column config_columns[] = {
        { "key", "KEY", 1, "text" },
        { "value", "VALUE", 1, "text" },
        { "source", "SOURCE", 2, "text" },
        { 0 },
};
static const op_column finding_columns[] = {
        { "level", "LEVEL", 1, "severity" },
        { "key", "KEY", 2, "text" },
        { "line", "LINE", 2, "int" },
        { "column", "COL", 3, "int" },
        { "message", "MESSAGE", 1, "text" },
        { "suggestion", "WHAT TO DO", 3, "text" },
        { 0 },
};
static const op_column secret_columns[] = {
        { "name", "NAME", 1, "text" },
        { "updated_at", "CHANGED", 2, "time" },
        { "created_at", "CREATED", 3, "time" },
        { 0 },
};
static const op_column audit_columns[] = {
        { "seq", "SEQ", 1, "int" },
        { "at", "AT", 1, "time" },
        { "principal", "WHO", 2, "text" },
        { "door", "DOOR", 4, "text" },
        { "operation", "OPERATION", 1, "text" },
        { "client_id", "CLIENT", 2, "text" },
        { "outcome", "OUTCOME", 1, "text" },
        { 0 },
};

static const op_error key_errors[] = {
        { "UNKNOWN_KEY", "see docs/configuration.md, or 'config show', for the keys" },
        { 0 },
};
static const op_error secret_errors[] = {
        { "SECRET_NOT_FOUND", "use secret_list to see the names" },
        { "WRONG_KEY", "check which key file the configuration names" },
        { 0 },
};

static const op_example config_show_examples[] = {
        { "config show", "every setting, its value and where it came from" }, { 0 }
};
static const op_example config_check_examples[] = {
        { "config check", "find every problem of the configuration" }, { 0 }
};
static const op_example config_explain_examples[] = {
        { "config explain rmm.timeout", "one setting, its unit and its source" }, { 0 }
};
static const op_example secret_set_examples[] = {
        { "secret set rmm-api-key", "asks for the value, without echo" }, { 0 }
};
static const op_example audit_list_examples[] = {
        { "audit list --since 24h", "what was done in the last day" }, { 0 }
};
static const op_example audit_verify_examples[] = {
        { "audit verify", "prove that the trail was not changed" }, { 0 }
};
static const op_example audit_head_examples[] = {
        { "audit head", "a signed head, to be kept elsewhere" }, { 0 }
};

#define NO_MCP "mcp: changes or shows what guards the toolkit itself"

/* clang-format off */
#define VERIFY_RESULT \
        "{" F_SCHEMA "," F_STATUS "," F_STR("verdict") "," F_STR("message") "," \
        F_INT_0("bad_entry") "," F_INT("entries") "," F_INT_0("first") "," F_INT_0("last") "," \
        F_INT_0("vouched_to") "," F_STR_0("vouched_at") "," F_INT_0("pruned_to") "," \
        F_BOOL("key_known") "," F_BOOL("head_given") "}"
/* clang-format on */

const op_row msptk__admin_rows[] = {
        {
                .act = { .name = "config_show",
                         .scope = SCOPE_ADMIN,
                         .effect = EFFECT_READ,
                         .run = msptk__op_config_show },
                .since = "0.1",
                .title = "Show the configuration",
                .summary = "every setting, its value and where it came from",
                .description = "All effective settings with their sources. Secrets are shown as "
                               "references only.",
                .cli = "config show",
                .absent = NO_MCP,
                .idempotent = 1,
                .needs = NEED_CONFIG,
                .params = no_params,
                .kind = RESULT_PAGE,
                .schema = "msptk.config/1",
                .rows = "settings",
                .columns = config_columns,
                .result = "{\"schema\":{\"type\":\"string\"},\"file\":{\"type\":[\"string\","
                          "\"null\"]}," F_STR_0("dotenv") ",\"directory\":{\"type\":\"string\"},"
                                                          "\"settings\":{\"type\":\"array\","
                                                          "\"items\":{\"type\":\"object\"}},"
                                                          "\"adapters\":{\"type\":\"array\","
                                                          "\"items\":{\"type\":\"object\"}}}",
                .examples = config_show_examples,
        },
        {
                .act = { .name = "config_check",
                         .scope = SCOPE_ADMIN,
                         .effect = EFFECT_READ,
                         .run = msptk__op_config_check },
                .since = "0.1",
                .title = "Check the configuration",
                .summary = "find every problem of the configuration, and what this version does "
                           "not act on",
                .description = "Reads the configuration and reports all problems with line, column "
                               "and advice, and every section that "
                               "this version accepts but does not act on.",
                .cli = "config check",
                .absent = NO_MCP,
                .idempotent = 1,
                .needs = NEED_NOTHING,
                .params = no_params,
                .kind = RESULT_PAGE,
                .schema = "msptk.config_check/1",
                .rows = "findings",
                .columns = finding_columns,
                .verdict = "status",
                .result = "{\"schema\":{\"type\":\"string\"},\"file\":{\"type\":[\"string\","
                          "\"null\"]},"
                          "\"status\":{\"type\":\"string\"},\"findings\":{\"type\":\"array\","
                          "\"items\":{\"type\":\"object\"}}}",
                .examples = config_check_examples,
        },
        {
                .act = { .name = "config_explain",
                         .scope = SCOPE_ADMIN,
                         .effect = EFFECT_READ,
                         .run = msptk__op_config_explain },
                .since = "0.1",
                .title = "Explain a setting",
                .summary = "what a setting is, its unit, and where its value came from",
                .description = "One setting: value, unit, default, meaning, and the file and line, "
                               "variable or option that set it.",
                .cli = "config explain",
                .absent = NO_MCP,
                .idempotent = 1,
                .needs = NEED_CONFIG,
                .params = explain_params,
                .kind = RESULT_RECORD,
                .schema = "msptk.config_setting/1",
                .result = "{\"schema\":{\"type\":\"string\"},\"key\":{\"type\":\"string\"},"
                          "\"value\":{},\"unit\":{\"type\":[\"string\",\"null\"]},"
                          "\"type\":{\"type\":\"string\"},\"default\":{},\"source\":{\"type\":"
                          "\"object\"},"
                          "\"description\":{\"type\":\"string\"},\"since\":{\"type\":\"string\"},"
                          "\"acted_on\":{\"type\":\"boolean\"}}",
                .errors = key_errors,
                .examples = config_explain_examples,
        },
        {
                .act = { .name = "secret_set",
                         .scope = SCOPE_SECRET,
                         .effect = EFFECT_WRITE,
                         .run = msptk__secret_set },
                .since = "0.1",
                .title = "Store a secret",
                .summary = "store a secret in the vault, or replace it",
                .description = "Encrypts a secret and stores it under a name. It cannot be read "
                               "back; adapters use it as vault:NAME.",
                .cli = "secret set",
                .absent = NO_MCP,
                .idempotent = 1,
                .needs = NEED_STORE,
                .params = secret_set_params,
                .kind = RESULT_RECORD,
                .schema = "msptk.secret/1",
                .volatile_keys = "created_at updated_at",
                .result = "{" F_SCHEMA "," F_STR("name") "," F_BOOL("stored") "}",
                .errors = secret_errors,
                .examples = secret_set_examples,
        },
        {
                .act = { .name = "secret_list",
                         .scope = SCOPE_SECRET,
                         .effect = EFFECT_READ,
                         .run = msptk__secret_list },
                .since = "0.1",
                .title = "List secrets",
                .summary = "names of the secrets, never their values",
                .description = "Names of stored secrets with the times of their changes.",
                .cli = "secret list",
                .absent = NO_MCP,
                .idempotent = 1,
                .needs = NEED_STORE,
                .params = no_params,
                .kind = RESULT_PAGE,
                .schema = "msptk.secret_list/1",
                .rows = "secrets",
                .columns = secret_columns,
                .volatile_keys = "created_at updated_at",
                .result = "{\"schema\":{\"type\":\"string\"},\"secrets\":{\"type\":\"array\","
                          "\"items\":{\"type\":\"object\"}}}",
        },
        {
                .act = { .name = "secret_remove",
                         .scope = SCOPE_SECRET,
                         .effect = EFFECT_DESTRUCTIVE,
                         .run = msptk__secret_remove },
                .since = "0.1",
                .title = "Remove a secret",
                .summary = "remove a secret from the vault",
                .description =
                        "Removes a secret. What refers to it fails from then on and says so.",
                .cli = "secret remove",
                .absent = NO_MCP,
                .needs = NEED_STORE,
                .params = secret_remove_params,
                .kind = RESULT_RECORD,
                .schema = "msptk.secret/1",
                .result = "{" F_SCHEMA "," F_STR("name") "," F_BOOL("removed") "}",
                .errors = secret_errors,
        },
        {
                .act = { .name = "secret_rotate",
                         .scope = SCOPE_SECRET,
                         .effect = EFFECT_WRITE,
                         .run = msptk__secret_rotate },
                .since = "0.1",
                .title = "Rotate the vault's key",
                .summary = "give the vault a new key, without losing a secret",
                .description = "Makes a new key and encrypts every secret anew in one transaction; "
                               "safe against a crash at any point.",
                .cli = "secret rotate",
                .absent = NO_MCP,
                .needs = NEED_STORE,
                .params = secret_rotate_params,
                .kind = RESULT_RECORD,
                .schema = "msptk.secret_rotation/1",
                .result = "{" F_SCHEMA "," F_BOOL("rotated") "}",
                .errors = secret_errors,
        },
        {
                .act = { .name = "audit_list",
                         .clients = CLIENTS_NEVER,
                         .scope = SCOPE_ADMIN,
                         .effect = EFFECT_READ,
                         .client_param = "client_id",
                         .run = msptk__audit_list },
                .since = "0.1",
                .title = "List audit entries",
                .summary = "what was done, by whom, newest first",
                .description = "Entries of the audit trail, newest first, with filters.",
                .cli = "audit list",
                .absent = NO_MCP,
                .idempotent = 1,
                .needs = NEED_STORE,
                .params = audit_list_params,
                .kind = RESULT_PAGE,
                .schema = "msptk.audit_list/1",
                .rows = "entries",
                .columns = audit_columns,
                .volatile_keys = "seq at hash trace_id",
                .result =
                        "{\"schema\":{\"type\":\"string\"},\"count\":{\"type\":\"integer\"},"
                        "\"entries\":{\"type\":\"array\",\"items\":"
                        "{\"type\":\"object\"}},\"next_cursor\":{\"type\":[\"string\",\"null\"]}}",
                .examples = audit_list_examples,
        },
        {
                .act = { .name = "audit_verify",
                         .scope = SCOPE_ADMIN,
                         .effect = EFFECT_READ,
                         .run = msptk__audit_verify },
                .since = "0.1",
                .title = "Verify the audit trail",
                .summary = "prove that the trail was not changed, and name the first bad entry",
                .description = "Recomputes the hash chain and checks the signed heads. With a head "
                               "kept elsewhere it also finds truncation "
                               "and rollback; without one it says up to which entry it vouches.",
                .cli = "audit verify",
                .absent = NO_MCP,
                .idempotent = 1,
                .needs = NEED_STORE,
                .params = audit_verify_params,
                .kind = RESULT_RECORD,
                .schema = "msptk.audit_verify/1",
                .verdict = "status",
                .volatile_keys = "entries vouched_to head at",
                .result = VERIFY_RESULT,
                .examples = audit_verify_examples,
        },
        {
                .act = { .name = "audit_head",
                         .scope = SCOPE_ADMIN,
                         .effect = EFFECT_READ,
                         .run = msptk__audit_head },
                .since = "0.1",
                .title = "Sign the head of the audit trail",
                .summary = "a signed head of the trail, to be kept elsewhere",
                .description = "Signs the newest entry. Keep the text outside this machine; 'audit "
                               "verify --head TEXT' checks against it.",
                .cli = "audit head",
                .absent = NO_MCP,
                .needs = NEED_STORE,
                .params = no_params,
                .kind = RESULT_RECORD,
                .schema = "msptk.audit_head/1",
                .volatile_keys = "seq at hash head signature",
                .result = "{" F_SCHEMA
                          "," F_INT("seq") "," F_STR("hash") "," F_STR("at") "," F_STR("head") "}",
                .examples = audit_head_examples,
        },
        { .act = { 0 } },
};
