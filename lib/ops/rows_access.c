/* The operations on who may come in: API tokens. */
#include "ops/admin.h"
#include "ops/rows.h"

static const op_param no_params[] = { { 0 } };
static const op_param create_params[] = {
        { .name = "name",
          .type = PARAM_SLUG,
          .flags = OP_REQUIRED,
          .about = "name of the token, to know it by; its principal is token:NAME",
          .cli = "NAME" },
        { .name = "scopes",
          .type = PARAM_LIST,
          .about = "what it may do; each is needed by itself: write without read reads nothing",
          .values = "read write execute admin",
          .dflt = "read",
          .min = 1,
          .max = 4 },
        { .name = "clients",
          .type = PARAM_LIST,
          .about = "the only clients that it may see, by id or exact name; without it every client",
          .min = 1,
          .max = OP_ITEMS_MAX,
          .complete = "client" },
        { .name = "expires",
          .type = PARAM_TIME,
          .flags = OP_FUTURE,
          .about = "when it ends (30d, 2030-01-31); within five years",
          .dflt = "90d" },
        { 0 },
};
static const op_param remove_params[] = {
        { .name = "name",
          .type = PARAM_SLUG,
          .flags = OP_REQUIRED,
          .about = "name of the token",
          .cli = "NAME",
          .complete = "token" },
        { 0 },
};
static const op_param check_params[] = {
        { .name = "token",
          .type = PARAM_SECRET,
          .flags = OP_REQUIRED,
          .about = "the token, as a machine showed it",
          .min = 1,
          .max = 512 },
        { 0 },
};

static const op_column token_columns[] = {
        { "name", "NAME", 1, "text" },
        { "scopes", "SCOPES", 1, "list" },
        { "clients", "CLIENTS", 2, "list" },
        { "expires_at", "EXPIRES", 2, "time" },
        { "last_used", "LAST USED", 3, "age" },
        { "created_by", "MADE BY", 4, "text" },
        { 0 },
};

static const op_error create_errors[] = {
        { "TOKEN_EXISTS", "choose another name, or remove the token first" },
        { "CLIENT_NOT_FOUND", "use client_list to see the clients that exist" },
        { "TOO_MANY_TOKENS", "remove those that are not used any more" },
        { "IDEMPOTENCY_KEY_REFUSED", "call without an idempotency key" },
        { 0 },
};
static const op_error remove_errors[] = {
        { "TOKEN_NOT_FOUND", "use token_list to see the tokens that exist" },
        { 0 },
};
static const op_error check_errors[] = {
        { "TOKEN_INVALID", "make a token with 'token create', and use it before it expires" },
        { 0 },
};

static const op_example create_examples[] = {
        { "token create ci-reports", "reads everything, for 90 days" },
        { "token create helpdesk --scopes read,write --clients acme-corp --expires 30d",
          "reads and changes one client" },
        { 0 }
};
static const op_example list_examples[] = {
        { "token list", "which tokens there are, and when they were used" }, { 0 }
};
static const op_example remove_examples[] = {
        { "token remove ci-reports", "it is refused from the next call on, everywhere" }, { 0 }
};

#define NO_MCP "mcp: decides who may come in"
#define STR "{\"type\":\"string\"}"
#define LIST "{\"type\":\"array\",\"items\":" STR "}"
#define LIST_OR_NULL "{\"type\":[\"array\",\"null\"],\"items\":" STR "}"

const op_row msptk__access_rows[] = {
        {
                .act = { .name = "token_create",
                         .scope = SCOPE_SECRET,
                         .effect = EFFECT_WRITE,
                         .clients = CLIENTS_NEVER,
                         .run = msptk__op_token_create },
                .since = "0.1",
                .title = "Make an API token",
                .summary = "make a token for a machine; it is shown once",
                .description = "Makes a token for a program that comes in over the network, with "
                               "scopes, clients and an end. The token is shown once; only a hash "
                               "of it is kept.",
                .cli = "token create",
                .absent = NO_MCP,
                .needs = NEED_STORE,
                .params = create_params,
                .kind = RESULT_RECORD,
                .schema = "msptk.token/1",
                .volatile_keys = "token created_at expires_at",
                .result = "{\"schema\":" STR ",\"name\":" STR ",\"token\":" STR ",\"scopes\":" LIST
                          ",\"clients\":" LIST_OR_NULL ",\"created_at\":" STR ",\"expires_at\":" STR
                          "}",
                .errors = create_errors,
                .examples = create_examples,
        },
        {
                .act = { .name = "token_list",
                         .scope = SCOPE_SECRET,
                         .effect = EFFECT_READ,
                         .clients = CLIENTS_NEVER,
                         .run = msptk__token_list },
                .since = "0.1",
                .title = "List API tokens",
                .summary = "which tokens there are, what they may do and when they end",
                .description = "API tokens with scopes, clients, end and last use (to the minute), "
                               "never the tokens themselves.",
                .cli = "token list",
                .absent = NO_MCP,
                .idempotent = 1,
                .needs = NEED_STORE,
                .params = no_params,
                .kind = RESULT_PAGE,
                .schema = "msptk.token_list/1",
                .rows = "tokens",
                .columns = token_columns,
                .volatile_keys = "created_at expires_at last_used",
                .result = "{\"schema\":" STR
                          ",\"tokens\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}",
                .examples = list_examples,
        },
        {
                .act = { .name = "token_remove",
                         .scope = SCOPE_SECRET,
                         .effect = EFFECT_DESTRUCTIVE,
                         .clients = CLIENTS_NEVER,
                         .run = msptk__token_remove },
                .since = "0.1",
                .title = "Remove an API token",
                .summary = "remove a token; it is refused from the next call on",
                .description = "Removes an API token. Whoever uses it is refused from the next "
                               "call on, in every process.",
                .cli = "token remove",
                .absent = NO_MCP,
                .needs = NEED_STORE,
                .params = remove_params,
                .kind = RESULT_RECORD,
                .schema = "msptk.token_removed/1",
                .result =
                        "{\"schema\":" STR ",\"name\":" STR ",\"removed\":{\"type\":\"boolean\"}}",
                .errors = remove_errors,
                .examples = remove_examples,
        },
        {
                .act = { .name = "token_check",
                         .scope = SCOPE_SECRET,
                         .effect = EFFECT_READ,
                         .clients = CLIENTS_NEVER,
                         .uncounted = 1,
                         .run = msptk__token_check },
                .since = "0.1",
                .title = "Check an API token",
                .summary = "whose token it is, and what it may do",
                .description = "For programs that let machines in: says which principal a token "
                               "stands for and holds that principal to its scopes and clients in "
                               "all later calls. Unknown, removed and expired tokens are answered "
                               "alike.",
                .absent = "cli: a token does not belong on a command line; mcp: the door checks "
                          "tokens, not its guests; http: the door checks tokens, not its guests",
                .idempotent = 1,
                .needs = NEED_STORE,
                .params = check_params,
                .kind = RESULT_RECORD,
                .schema = "msptk.token_check/1",
                .volatile_keys = "expires_at",
                .result = "{\"schema\":" STR ",\"principal\":" STR ",\"scopes\":" LIST
                          ",\"clients\":" LIST_OR_NULL ",\"expires_at\":" STR "}",
                .errors = check_errors,
        },
        { .act = { 0 } },
};
