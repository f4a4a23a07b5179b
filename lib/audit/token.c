/* API tokens: what machines show instead of a person, each with scopes, clients and an end. The
 * store keeps a hash only; the text is shown once, by the operation that makes it. */
#define ROOM "audit"
#include "audit/internal.h"

#include <stdio.h>
#include <string.h>

enum { TOKENS_MAX = 1000, RANDOM_BYTES = 32, USED_WAIT_MS = 50 };
#define LIFE_MAX_US (INT64_C(5) * 366 * MS_PER_DAY * 1000)
#define USED_STEP_US (MS_PER_MIN * 1000) /* the last use is known to the minute */

static const char *text_of(const msptk_json *args, const char *key)
{
        return msptk_json_string(msptk_json_get(args, key), "");
}

/* Texts are 256 random bits, so a plain hash of them cannot be turned round. */
static void hash_of(const char *text, uint8_t ret[DIGEST_BYTES])
{
        static const char domain[] = "msptk-token-1:";
        digest d;

        msptk__digest_init(&d);
        msptk__digest_update(&d, domain, sizeof(domain) - 1);
        msptk__digest_update(&d, text, strlen(text));
        msptk__digest_final(&d, ret);
        msptk__wipe(&d, sizeof(d));
}

msptk_status msptk__token_invalid(msptk_error **ret_err)
{
        /* One answer for a token that never was, that was removed and that has ended. */
        return fail_why(ret_err, MSPTK_E_AUTH, "TOKEN_INVALID",
                        "make a token with 'token create', and use it before it expires",
                        "the API token is not valid");
}

/* ---- create ---- */

static uint32_t scopes_of(const msptk_json *list)
{
        uint32_t scopes = 0;

        for (const msptk_json *i = msptk_json_first(list); i; i = msptk_json_next(i))
                for (int32_t s = SCOPE_READ; s <= SCOPE_ADMIN; s++)
                        if (!strcmp(msptk__scope_name(s), msptk_json_string(i, "")))
                                scopes |= 1U << s;
        return scopes;
}

static void put_scopes(json_obj *o, uint32_t scopes)
{
        json_obj list = msptk__array();

        for (int32_t s = SCOPE_READ; s <= SCOPE_ADMIN; s++)
                if (scopes >> s & 1)
                        msptk__array_str(&list, msptk__scope_name(s));
        msptk__obj_take(o, "scopes", &list);
}

static msptk_status check_new(act *a, store_tx *tx, int64_t expires_at, msptk_error **ret_err)
{
        int64_t count = 0;

        if (a->opts.idempotency_key)
                return fail_why(ret_err, MSPTK_E_INVALID, "IDEMPOTENCY_KEY_REFUSED",
                                "call without an idempotency key; look at 'token list' first when "
                                "in doubt",
                                "a token is shown once: its result is not kept for a second call");
        if (expires_at <= a->now || expires_at - a->now > LIFE_MAX_US)
                return fail_why(ret_err, MSPTK_E_INVALID, "INVALID_PARAMETERS",
                                "give a time to come, such as 90d",
                                "a token must expire within five years");
        TRY(msptk__query_int_values(tx, &count, ret_err, "SELECT count(*) FROM api_token", NULL,
                                    0));
        if (count >= TOKENS_MAX)
                return fail_why(ret_err, MSPTK_E_TOOBIG, "TOO_MANY_TOKENS",
                                "remove those that are not used any more",
                                "there are %d API tokens already", TOKENS_MAX);
        return MSPTK_OK;
}

static msptk_status insert(act *a, store_tx *tx, const msptk_json *args, const msptk_json *clients,
                           const uint8_t hash[DIGEST_BYTES], msptk_error **ret_err)
{
        const char *name = text_of(args, "name");
        msptk_status st = msptk__exec(
                tx, ret_err,
                "INSERT INTO api_token (name, hash, scopes, every_client, created_at, created_by,"
                " expires_at, used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)"
                " ON CONFLICT (name) DO NOTHING",
                SQL_TEXT(name), SQL_BLOB(hash, DIGEST_BYTES),
                SQL_INT(scopes_of(msptk_json_get(args, "scopes"))), SQL_INT(!clients),
                SQL_INT(a->now), SQL_TEXT(a->opts.principal),
                SQL_INT(msptk_json_int(msptk_json_get(args, "expires"), 0)));

        TRY(st);
        if (msptk__tx_changes(tx) != 1)
                return fail_why(ret_err, MSPTK_E_EXISTS, "TOKEN_EXISTS",
                                "choose another name, or remove the token first",
                                "there is an API token '%s' already", name);
        for (const msptk_json *i = msptk_json_first(clients); i; i = msptk_json_next(i))
                TRY(msptk__exec(tx, ret_err,
                                "INSERT INTO api_token_client (token, client_id) VALUES (?1, ?2)"
                                " ON CONFLICT (token, client_id) DO NOTHING",
                                SQL_TEXT(name), SQL_TEXT(msptk_json_string(i, ""))));
        return MSPTK_OK;
}

static void put_clients(json_obj *o, const msptk_json *clients)
{
        if (clients)
                msptk__obj_copy(o, "clients", clients);
        else
                msptk__obj_null(o, "clients");
}

msptk_status msptk__token_create(act *a, const msptk_json *args, const msptk_json *clients,
                                 msptk_json **ret_result, msptk_error **ret_err)
{
        int64_t expires_at = msptk_json_int(msptk_json_get(args, "expires"), 0);
        char text[sizeof(TOKEN_BEGINS) + BASE64URL_LEN(RANDOM_BYTES)] = TOKEN_BEGINS;
        uint8_t random[RANDOM_BYTES], hash[DIGEST_BYTES];
        AUTO_OBJ json_obj o = msptk__obj();
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(check_new(a, tx, expires_at, ret_err));
        TRY(msptk__random_bytes(random, sizeof(random), ret_err));
        msptk__base64url(random, sizeof(random), text + strlen(TOKEN_BEGINS));
        hash_of(text, hash);
        msptk__obj_str(&o, "schema", "msptk.token/1");
        msptk__obj_str(&o, "name", text_of(args, "name"));
        msptk__obj_str(&o, "token", text);
        msptk__wipe(text, sizeof(text));
        msptk__wipe(random, sizeof(random));
        put_scopes(&o, scopes_of(msptk_json_get(args, "scopes")));
        put_clients(&o, clients);
        msptk__obj_time(&o, "created_at", a->now);
        msptk__obj_time(&o, "expires_at", expires_at);
        TRY(insert(a, tx, args, clients, hash, ret_err));
        return msptk__obj_end(&o, ret_result, ret_err);
}

/* ---- reading ---- */

static msptk_status clients_of(store_tx *tx, const char *name, bool every, msptk_json **ret,
                               msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_JSON msptk_json *list = NULL;
        msptk_status st;

        *ret = NULL;
        if (every)
                return MSPTK_OK;
        list = msptk_json_new_array();
        if (!list)
                return msptk__nomem(ret_err);
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT client_id FROM api_token_client WHERE token = ?1"
                         " ORDER BY client_id",
                         SQL_TEXT(name)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK)
                if (msptk_json_append_string(list, msptk__stmt_text(q, 0)) < 0)
                        return msptk__nomem(ret_err);
        TRY(st);
        *ret = STEAL(list);
        return MSPTK_OK;
}

static msptk_status put_one(store_tx *tx, store_stmt *q, int64_t now, json_obj *rows,
                            msptk_error **ret_err)
{
        AUTO_JSON msptk_json *clients = NULL;
        const char *name = msptk__stmt_text(q, 0);
        json_obj o;

        TRY(clients_of(tx, name, msptk__stmt_int(q, 2), &clients, ret_err));
        o = msptk__obj();
        msptk__obj_str(&o, "name", name);
        put_scopes(&o, (uint32_t)msptk__stmt_int(q, 1));
        put_clients(&o, clients);
        msptk__obj_time(&o, "created_at", msptk__stmt_int(q, 3));
        msptk__obj_str(&o, "created_by", msptk__stmt_text(q, 4));
        msptk__obj_time(&o, "expires_at", msptk__stmt_int(q, 5));
        msptk__obj_bool(&o, "expired", msptk__stmt_int(q, 5) <= now);
        msptk__obj_time(&o, "last_used", msptk__stmt_int(q, 6));
        msptk__array_take(rows, &o);
        return MSPTK_OK;
}

msptk_status msptk__token_list(act *a, const msptk_json *args, msptk_json **ret_result,
                               msptk_error **ret_err)
{
        AUTO_OBJ json_obj rows = msptk__array();
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_STMT store_stmt *q = NULL;
        store_tx *tx;
        msptk_status st;

        (void)args;
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__query_values(tx, &q, ret_err,
                                "SELECT name, scopes, every_client, created_at, created_by,"
                                " expires_at, used_at FROM api_token ORDER BY name",
                                NULL, 0));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK)
                TRY(put_one(tx, q, a->now, &rows, ret_err));
        TRY(st);
        msptk__obj_str(&o, "schema", "msptk.token_list/1");
        msptk__obj_take(&o, "tokens", &rows);
        return msptk__obj_end(&o, ret_result, ret_err);
}

/* ---- remove ---- */

msptk_status msptk__token_remove(act *a, const msptk_json *args, msptk_json **ret_result,
                                 msptk_error **ret_err)
{
        const char *name = text_of(args, "name");
        AUTO_OBJ json_obj o = msptk__obj();
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__exec(tx, ret_err, "DELETE FROM api_token WHERE name = ?1", SQL_TEXT(name)));
        if (msptk__tx_changes(tx) != 1)
                return fail_why(ret_err, MSPTK_E_NOTFOUND, "TOKEN_NOT_FOUND",
                                "use token_list to see the tokens that exist",
                                "API token '%s' not found", name);
        /* A token of the same name is another principal: it must not be answered from the memory of
         * this one. */
        TRY(msptk__exec(tx, ret_err, "DELETE FROM act_once WHERE principal = ?1 || ?2",
                        SQL_TEXT(PRINCIPAL_TOKEN), SQL_TEXT(name)));
        msptk__obj_str(&o, "schema", "msptk.token_removed/1");
        msptk__obj_str(&o, "name", name);
        msptk__obj_bool(&o, "removed", true);
        return msptk__obj_end(&o, ret_result, ret_err);
}

/* ---- check ---- */

typedef struct found {
        char *name;
        uint32_t scopes;
        bool every;
        int64_t expires_at, used_at;
        msptk_json *clients;
} found;

static void found_clear(found *f)
{
        msptk__free(f->name);
        msptk_json_free(f->clients);
}
#define AUTO_FOUND __attribute__((cleanup(found_clear)))

static msptk_status find(act *a, const uint8_t hash[DIGEST_BYTES], found *f, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        AUTO_STMT store_stmt *q = NULL;
        const void *kept;
        size_t len;
        msptk_status st;

        TRY(msptk__act_begin_tx(a, TX_READ, &tx, ret_err));
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT name, hash, scopes, every_client, expires_at, used_at"
                         " FROM api_token WHERE hash = ?1",
                         SQL_BLOB(hash, DIGEST_BYTES)));
        st = msptk__stmt_step(q, ret_err);
        if (st < 0)
                return st;
        kept = st == MSPTK_OK ? msptk__stmt_blob(q, 1, &len) : NULL;
        /* What the index could give away by its time is of the hash, never of the token. */
        if (!kept || len != DIGEST_BYTES || !msptk__bytes_equal(kept, hash, DIGEST_BYTES) ||
            msptk__stmt_int(q, 4) <= a->now)
                return msptk__token_invalid(ret_err);
        f->name = msptk__stmt_dup(q, 0);
        f->scopes = (uint32_t)msptk__stmt_int(q, 2);
        f->every = msptk__stmt_int(q, 3);
        f->expires_at = msptk__stmt_int(q, 4);
        f->used_at = msptk__stmt_int(q, 5);
        return f->name ? clients_of(tx, f->name, f->every, &f->clients, ret_err)
                       : msptk__nomem(ret_err);
}

/* Good to know, and not worth a failure or a wait. */
static void note_use(act *a, const found *f, const uint8_t hash[DIGEST_BYTES])
{
        AUTO_TX store_tx *tx = NULL;

        if (a->c->read_only || a->now - f->used_at < USED_STEP_US)
                return;
        if (msptk__tx_begin(a->c->store, TX_WRITE, USED_WAIT_MS, &tx, NULL) < 0 ||
            msptk__exec(tx, NULL, "UPDATE api_token SET used_at = ?2 WHERE hash = ?1",
                        SQL_BLOB(hash, DIGEST_BYTES), SQL_INT(a->now)) < 0)
                return;
        (void)msptk__tx_commit(&tx, NULL);
}

msptk_status msptk__token_check(act *a, const msptk_json *args, msptk_json **ret_result,
                                msptk_error **ret_err)
{
        char principal[sizeof(PRINCIPAL_TOKEN) + SLUG_CAP];
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_FOUND found f = { 0 };
        uint8_t hash[DIGEST_BYTES];

        hash_of(text_of(args, "token"), hash);
        TRY(find(a, hash, &f, ret_err));
        snprintf(principal, sizeof(principal), PRINCIPAL_TOKEN "%s", f.name);
        msptk__act_note(a, "token", f.name);
        msptk__obj_str(&o, "schema", "msptk.token_check/1");
        msptk__obj_str(&o, "principal", principal);
        put_scopes(&o, f.scopes);
        put_clients(&o, f.clients);
        msptk__obj_time(&o, "expires_at", f.expires_at);
        TRY(msptk__grant_arm(a->c->audit, f.name, hash, ret_err));
        note_use(a, &f, hash);
        return msptk__obj_end(&o, ret_result, ret_err);
}
