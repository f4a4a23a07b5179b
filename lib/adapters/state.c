/* The small durable memory of adapter instances, shared by all processes. */
#define ROOM "adapters"
#include "adapters/internal.h"

#include <string.h>

enum { KEY_MAX = 200, VALUE_MAX = 65536 };

static const char *const create_state[] = {
        "CREATE TABLE adapter_state ("
        " instance TEXT NOT NULL,"
        " name TEXT NOT NULL,"
        " value TEXT NOT NULL,"
        " updated_at INTEGER NOT NULL,"
        " PRIMARY KEY (instance, name))",
        NULL,
};

const store_migration msptk__adapters_migrations[] = {
        { .number = 40, .room = ROOM, .name = "adapter state", .sql = create_state },
        { 0 },
};

static msptk_status check_key(const char *key, msptk_error **ret_err)
{
        if (!key || !*key || strlen(key) > KEY_MAX)
                return fail(ret_err, MSPTK_E_INVALID, "a state key must have 1 to %d bytes",
                            KEY_MAX);
        return MSPTK_OK;
}

msptk_status msptk__host_state_get(const msptk_request *req, const char *key, char **ret_value,
                                   msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;
        char *value;

        TRY(check_key(key, ret_err));
        TRY(msptk__tx_begin(req->i->r->c->store, TX_READ, 0, &tx, ret_err));
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT value FROM adapter_state WHERE instance = ?1 AND name = ?2",
                         SQL_TEXT(req->i->info.name), SQL_TEXT(key)));
        st = msptk__stmt_step(q, ret_err);
        if (st == MSPTK_DONE)
                return fail(ret_err, MSPTK_E_NOTFOUND, "no state '%s' of adapter '%s'", key,
                            req->i->info.name);
        TRY(st);
        value = msptk__strdup(msptk__stmt_text(q, 0));
        if (!value)
                return msptk__nomem(ret_err);
        *ret_value = value;
        return MSPTK_OK;
}

msptk_status msptk__host_state_put(const msptk_request *req, const char *key, const char *value,
                                   msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(check_key(key, ret_err));
        if (!value || strlen(value) > VALUE_MAX || !msptk__utf8_valid(value, strlen(value)))
                return fail(ret_err, MSPTK_E_INVALID,
                            "state '%s' must be UTF-8 of at most %d bytes", key, VALUE_MAX);
        TRY(msptk__tx_begin(req->i->r->c->store, TX_WRITE, 0, &tx, ret_err));
        TRY(msptk__exec(tx, ret_err,
                        "INSERT INTO adapter_state (instance, name, value, updated_at) VALUES (?1, "
                        "?2, ?3, ?4)"
                        " ON CONFLICT (instance, name) DO UPDATE SET value = excluded.value,"
                        " updated_at = excluded.updated_at",
                        SQL_TEXT(req->i->info.name), SQL_TEXT(key), SQL_TEXT(value),
                        SQL_INT(msptk__now(req->i->r->c))));
        return msptk__tx_commit(&tx, ret_err);
}
