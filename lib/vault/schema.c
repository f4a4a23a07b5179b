/* The vault's tables. */
#include "vault/vault.h"

static const char *const vault_sql[] = {
        "CREATE TABLE vault_key (id TEXT PRIMARY KEY, in_use INTEGER NOT NULL, "
        "kind TEXT NOT NULL, salt BLOB, ops INTEGER, mem INTEGER, nonce BLOB NOT NULL, "
        "box BLOB NOT NULL, created_at INTEGER NOT NULL)",
        "CREATE TABLE secret (name TEXT PRIMARY KEY, key_id TEXT NOT NULL REFERENCES "
        "vault_key(id), "
        "nonce BLOB NOT NULL, box BLOB NOT NULL, created_at INTEGER NOT NULL, "
        "updated_at INTEGER NOT NULL)",
        NULL,
};

const store_migration msptk__vault_migrations[] = {
        { .number = 10, .room = "vault", .name = "keys and secrets", .sql = vault_sql },
        { 0 },
};
