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

const store_migration msptk__audit_migrations[] = {
        { .number = 20, .room = "audit", .name = "the trail, its heads, plans", .sql = audit_sql },
        { 0 },
};
