/* The small durable memory of adapter instances, shared by all processes. */
#define ROOM "adapters"
#include "adapters/internal.h"

#include <string.h>

enum { KEY_MAX = 400, VALUE_MAX = 65536, WAIT_MAX_MS = 30000 };

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
        size_t len = key ? strnlen(key, KEY_MAX + 1) : 0;

        if (!len || len > KEY_MAX || !msptk__utf8_valid(key, len))
                return fail(ret_err, MSPTK_E_INVALID, "a state key must be UTF-8 of 1 to %d bytes",
                            KEY_MAX);
        return MSPTK_OK;
}

static msptk_status check_value(const char *key, const char *value, msptk_error **ret_err)
{
        size_t len = value ? strnlen(value, VALUE_MAX + 1) : 0;

        if (!value || len > VALUE_MAX || !msptk__utf8_valid(value, len))
                return fail(ret_err, MSPTK_E_INVALID,
                            "state '%s' must be UTF-8 of at most %d bytes", key, VALUE_MAX);
        return MSPTK_OK;
}

/* Waits for the database no longer than the request may last. */
static msptk_status begin(const msptk_request *req, int32_t mode, store_tx **ret,
                          msptk_error **ret_err)
{
        ctx *c = req->i->r->c;
        int64_t left = msptk__deadline_left_ms(req->tok);

        TRY(msptk__cancel_check(req->tok, "use the state of an adapter", ret_err));
        if (!c->store && c->need)
                TRY(c->need(c, NEED_STORE, ret_err));
        if (!c->store)
                return fail(ret_err, MSPTK_E_UNSUPPORTED, "there is no store for state");
        return msptk__tx_begin(c->store, mode, left < WAIT_MAX_MS ? left : 0, ret, ret_err);
}

/* MSPTK_DONE when it was never put. */
static msptk_status read_state(const msptk_request *req, store_tx *tx, const char *key,
                               char **ret_value, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;
        char *value;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT value FROM adapter_state WHERE instance = ?1 AND name = ?2",
                         SQL_TEXT(req->i->info.name), SQL_TEXT(key)));
        st = msptk__stmt_step(q, ret_err);
        if (st != MSPTK_OK)
                return st;
        value = msptk__strdup(msptk__stmt_text(q, 0));
        if (!value)
                return msptk__nomem(ret_err);
        *ret_value = value;
        return MSPTK_OK;
}

static msptk_status write_state(const msptk_request *req, store_tx *tx, const char *key,
                                const char *value, msptk_error **ret_err)
{
        return msptk__exec(tx, ret_err,
                           "INSERT INTO adapter_state (instance, name, value, updated_at)"
                           " VALUES (?1, ?2, ?3, ?4)"
                           " ON CONFLICT (instance, name) DO UPDATE SET value = excluded.value,"
                           " updated_at = excluded.updated_at",
                           SQL_TEXT(req->i->info.name), SQL_TEXT(key), SQL_TEXT(value),
                           SQL_INT(msptk__now(req->i->r->c)));
}

msptk_status msptk__host_state_get(const msptk_request *req, const char *key, char **ret_value,
                                   msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        msptk_status st;

        TRY(check_key(key, ret_err));
        TRY(begin(req, TX_READ, &tx, ret_err));
        st = read_state(req, tx, key, ret_value, ret_err);
        if (st == MSPTK_DONE)
                return fail(ret_err, MSPTK_E_NOTFOUND, "no state '%s' of adapter '%s'", key,
                            req->i->info.name);
        return st;
}

msptk_status msptk__host_state_put(const msptk_request *req, const char *key, const char *value,
                                   msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(check_key(key, ret_err));
        TRY(check_value(key, value, ret_err));
        TRY(begin(req, TX_WRITE, &tx, ret_err));
        TRY(write_state(req, tx, key, value, ret_err));
        return msptk__tx_commit(&tx, ret_err);
}

msptk_status msptk__host_state_update(const msptk_request *req, const char *key,
                                      const char *expected, const char *value,
                                      msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        AUTO_FREE char *is = NULL;

        TRY(check_key(key, ret_err));
        TRY(check_value(key, value, ret_err));
        TRY(begin(req, TX_WRITE, &tx, ret_err));
        TRY(read_state(req, tx, key, &is, ret_err));
        if (!is != !expected || (is && strcmp(is, expected)))
                return fail_why(ret_err, MSPTK_E_CONFLICT, "STATE_CHANGED", "read it again",
                                "state '%s' of adapter '%s' was changed by somebody else", key,
                                req->i->info.name);
        TRY(write_state(req, tx, key, value, ret_err));
        return msptk__tx_commit(&tx, ret_err);
}
