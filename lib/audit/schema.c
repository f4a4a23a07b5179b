/* The tables of acts and the trail. */
#include "audit/audit.h"

static const char *const audit_sql[] = {
        "CREATE TABLE audit (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, "
        "principal TEXT NOT NULL, door TEXT NOT NULL, op TEXT NOT NULL, scope TEXT NOT NULL, "
        "client_id TEXT NOT NULL, outcome TEXT NOT NULL, status INTEGER NOT NULL, "
        "args_digest TEXT NOT NULL, detail TEXT NOT NULL, trace_id TEXT NOT NULL, "
        "prev BLOB NOT NULL, hash BLOB NOT NULL)",
        "CREATE TABLE audit_head (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, "
        "at INTEGER NOT NULL, signature BLOB NOT NULL, public_key BLOB NOT NULL, "
        "pruned_at INTEGER, pruned_signature BLOB)",
        "CREATE TABLE plan_used (id BLOB PRIMARY KEY, used_at INTEGER NOT NULL)",
        "CREATE TABLE act_once (principal TEXT NOT NULL, op TEXT NOT NULL, once_key TEXT NOT NULL, "
        "args_digest TEXT NOT NULL, at INTEGER NOT NULL, result TEXT, "
        "PRIMARY KEY (principal, op, once_key))",
        NULL,
};

static const char *const token_sql[] = {
        "CREATE TABLE api_token (name TEXT PRIMARY KEY, hash BLOB NOT NULL, "
        "scopes INTEGER NOT NULL, "
        "every_client INTEGER NOT NULL CHECK (every_client IN (0, 1)), "
        "created_at INTEGER NOT NULL, created_by TEXT NOT NULL, expires_at INTEGER NOT NULL, "
        "used_at INTEGER NOT NULL)",
        "CREATE UNIQUE INDEX api_token_hash ON api_token (hash)",
        "CREATE TABLE api_token_client (token TEXT NOT NULL REFERENCES api_token (name) "
        "ON DELETE CASCADE, client_id TEXT NOT NULL, PRIMARY KEY (token, client_id))",
        NULL,
};

const store_migration msptk__audit_migrations[] = {
        { .number = 20, .room = "audit", .name = "the trail, its heads, plans", .sql = audit_sql },
        { .number = 21, .room = "audit", .name = "API tokens", .sql = token_sql },
        { 0 },
};
