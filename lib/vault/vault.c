/* The vault: opening, and secrets by name. */
#define ROOM "vault"
#include "vault/internal.h"

#include <sodium.h>
#include <string.h>

/* ---- opening ---- */

static msptk_status opts_check(const vault_opts *opts, msptk_error **ret_err)
{
        int ways = !!opts->key_file + !!opts->passphrase + !!opts->ephemeral;

        if (ways != 1)
                return fail_why(ret_err, MSPTK_E_CRYPTO, "KEY_FILE_MISSING",
                                "name one key file, or one passphrase",
                                "open the vault: %d ways to find its key were given, not one",
                                ways);
        if (opts->passphrase && opts->passphrase_len < 8)
                return fail_why(ret_err, MSPTK_E_INVALID, "PASSPHRASE_TOO_SHORT",
                                "use several words", "a passphrase needs at least 8 bytes");
        return MSPTK_OK;
}

msptk_status msptk__vault_open(ctx *c, const vault_opts *opts, vault **ret, msptk_error **ret_err)
{
        vault *v;
        msptk_status st;

        if (sodium_init() < 0)
                return fail(ret_err, MSPTK_E_INTERNAL, "start libsodium");
        TRY(opts_check(opts, ret_err));
        v = msptk__alloc(sizeof(*v));
        if (!v)
                return msptk__nomem(ret_err);
        st = msptk__redactor_init(&v->redact, ret_err);
        if (st < 0) {
                msptk__free(v);
                return st;
        }
        pthread_mutex_init(&v->lock, NULL);
        v->c = c;
        v->ephemeral = opts->ephemeral;
        v->key_file = msptk__strdup(opts->key_file);
        if (opts->key_file && !v->key_file)
                st = msptk__nomem(ret_err);
        if (st == MSPTK_OK && opts->passphrase)
                st = msptk__secret_new(opts->passphrase, opts->passphrase_len, &v->passphrase,
                                       ret_err);
        if (st < 0) {
                msptk__vault_free(v);
                return st;
        }
        *ret = v;
        return MSPTK_OK;
}

void msptk__vault_free(vault *v)
{
        if (!v)
                return;
        for (size_t i = 0; i < RING; i++)
                msptk__key_clear(&v->keys[i]);
        msptk__secret_free(v->passphrase);
        msptk__secret_free(v->next_passphrase);
        msptk__redactor_clear(&v->redact);
        pthread_mutex_destroy(&v->lock);
        msptk__free(v->key_file);
        msptk__free(v);
}

/* A read of one's own, and what every read does after it. */
static msptk_status read_begin(vault *v, store_tx **ret, msptk_error **ret_err)
{
        if (!v || !v->c->store)
                return fail(ret_err, MSPTK_E_CLOSED, "use the vault: the database is not open");
        return msptk__tx_begin(v->c->store, TX_READ, 0, ret, ret_err);
}

static void read_end(vault *v, store_tx **tx)
{
        int32_t unsettled;

        msptk__tx_rollback(tx);
        pthread_mutex_lock(&v->lock);
        unsettled = v->unsettled;
        pthread_mutex_unlock(&v->lock);
        /* Not needed for reading: the key in the ring is the right one. */
        if (unsettled && msptk__vault_settle(v, NULL) < 0)
                msptk__log(v->c, LOG_WARNING, ROOM,
                           "the key file could not be put in place after a rotation; its successor "
                           "stands beside it");
}

msptk_status msptk__vault_unlock(vault *v, msptk_error **ret_err)
{
        store_tx *tx = NULL;
        const vault_key *key;
        msptk_status st;

        TRY(read_begin(v, &tx, ret_err));
        pthread_mutex_lock(&v->lock);
        st = msptk__vault_key(v, tx, 0, &key, ret_err);
        pthread_mutex_unlock(&v->lock);
        read_end(v, &tx);
        return st;
}

/* ---- names ---- */

msptk_status msptk__secret_name_check(const char *name, msptk_error **ret_err)
{
        size_t len = name ? strlen(name) : 0;

        if (len == 0 || len > SECRET_NAME_MAX)
                return fail_why(ret_err, MSPTK_E_INVALID, "SECRET_NAME", "choose a shorter name",
                                "the name of a secret has 1 to %d characters", SECRET_NAME_MAX);
        if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-") !=
            len)
                return fail_why(ret_err, MSPTK_E_INVALID, "SECRET_NAME",
                                "use letters, digits and . _ / -",
                                "the name of a secret may only hold letters, digits and . _ / -");
        if (!strncmp(name, "msptk.", 6))
                return fail_why(ret_err, MSPTK_E_INVALID, "SECRET_NAME", "choose another name",
                                "names of secrets that begin with 'msptk.' are reserved");
        return MSPTK_OK;
}

/* ---- rows ---- */

msptk_status msptk__vault_open_row(vault *v, store_tx *tx, const vault_key *key, const char *name,
                                   secret **ret, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        const void *nonce, *box;
        size_t nonce_len, box_len;
        msptk_status st;

        (void)v;
        TRY(msptk__query(tx, &q, ret_err, "SELECT nonce, box FROM secret WHERE name = ?1",
                         SQL_TEXT(name)));
        st = msptk__stmt_step(q, ret_err);
        if (st == MSPTK_DONE)
                return fail_why(ret_err, MSPTK_E_NOTFOUND, "SECRET_NOT_FOUND",
                                "store it with 'secret set', or see 'secret list'",
                                "there is no secret '%s' in the vault", name);
        if (st < 0)
                return st;
        nonce = msptk__stmt_blob(q, 0, &nonce_len);
        box = msptk__stmt_blob(q, 1, &box_len);
        return msptk__box_open(key, "secret", name, nonce, nonce_len, box, box_len, ret, ret_err);
}

msptk_status msptk__vault_write_row(vault *v, store_tx *tx, const vault_key *key, const char *name,
                                    const void *bytes, size_t len, msptk_error **ret_err)
{
        AUTO_BUF buf box = BUF_INIT(SECRET_BYTES_MAX + 1024);
        uint8_t nonce[NONCE_BYTES];

        TRY(msptk__box_seal(key, "secret", name, bytes, len, nonce, &box, ret_err));
        return msptk__exec(tx, ret_err,
                           "INSERT INTO secret (name, key_id, nonce, box, created_at, updated_at) "
                           "VALUES (?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT (name) DO UPDATE SET "
                           "key_id = excluded.key_id, nonce = excluded.nonce, box = excluded.box, "
                           "updated_at = excluded.updated_at",
                           SQL_TEXT(name), SQL_TEXT(key->id), SQL_BLOB(nonce, NONCE_BYTES),
                           SQL_BLOB(box.data, box.len), SQL_INT(msptk__now(v->c)));
}

msptk_status msptk__vault_put(vault *v, store_tx *tx, const char *name, const void *bytes,
                              size_t len, msptk_error **ret_err)
{
        const vault_key *key;
        msptk_status st;

        TRY(msptk__secret_name_check(name, ret_err));
        if (len == 0 || len > SECRET_BYTES_MAX)
                return fail_why(ret_err, len ? MSPTK_E_TOOBIG : MSPTK_E_INVALID, "SECRET_SIZE",
                                "give the secret itself",
                                "store the secret '%s': it must have 1 to %d bytes, not %zu", name,
                                SECRET_BYTES_MAX, len);
        if (msptk__redact_learn(v->c, bytes, len) < 0)
                return msptk__nomem(ret_err);
        pthread_mutex_lock(&v->lock);
        st = msptk__vault_key(v, tx, 1, &key, ret_err);
        if (st == MSPTK_OK)
                st = msptk__vault_write_row(v, tx, key, name, bytes, len, ret_err);
        pthread_mutex_unlock(&v->lock);
        return st < 0 ? msptk__wrap(ret_err, st, "store the secret '%s'", name) : MSPTK_OK;
}

msptk_status msptk__vault_get(vault *v, const char *name, secret **ret, msptk_error **ret_err)
{
        AUTO_SECRET secret *s = NULL;
        store_tx *tx = NULL;
        const vault_key *key;
        const void *bytes;
        msptk_status st;
        size_t len;

        TRY(msptk__secret_name_check(name, ret_err));
        TRY(read_begin(v, &tx, ret_err));
        pthread_mutex_lock(&v->lock);
        st = msptk__vault_key(v, tx, 0, &key, ret_err);
        if (st == MSPTK_OK)
                st = msptk__vault_open_row(v, tx, key, name, &s, ret_err);
        pthread_mutex_unlock(&v->lock);
        read_end(v, &tx);
        if (st < 0)
                return st;
        bytes = msptk__secret_bytes(s, &len);
        if (msptk__redact_learn(v->c, bytes, len) < 0)
                return msptk__nomem(ret_err);
        *ret = STEAL(s);
        return MSPTK_OK;
}

msptk_status msptk__vault_remove(vault *v, store_tx *tx, const char *name, msptk_error **ret_err)
{
        (void)v;
        TRY(msptk__secret_name_check(name, ret_err));
        TRY(msptk__exec(tx, ret_err, "DELETE FROM secret WHERE name = ?1", SQL_TEXT(name)));
        if (msptk__tx_changes(tx) == 0)
                return fail_why(ret_err, MSPTK_E_NOTFOUND, "SECRET_NOT_FOUND",
                                "see 'secret list' for the names there are",
                                "there is no secret '%s' in the vault", name);
        return MSPTK_OK;
}

msptk_status msptk__vault_each(vault *v, store_tx *tx, int (*fn)(void *user, const secret_row *row),
                               void *user, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        (void)v;
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT name, created_at, updated_at FROM secret "
                         "WHERE substr(name, 1, 6) <> ?1 ORDER BY name",
                         SQL_TEXT("msptk.")));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                secret_row row = { .name = msptk__stmt_text(q, 0),
                                   .created_at = msptk__stmt_int(q, 1),
                                   .updated_at = msptk__stmt_int(q, 2) };

                if (fn(user, &row))
                        return fail(ret_err, MSPTK_E_CALLBACK, "list secrets: stopped");
        }
        return st < 0 ? st : MSPTK_OK;
}

/* ---- proof for doctor ---- */

static msptk_status check_rows(vault *v, store_tx *tx, const vault_key *key, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        (void)v;
        TRY(msptk__query_values(tx, &q, ret_err,
                                "SELECT name, nonce, box FROM secret ORDER BY name", NULL, 0));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                AUTO_SECRET secret *s = NULL;
                size_t nonce_len, box_len;
                const void *nonce = msptk__stmt_blob(q, 1, &nonce_len);
                const void *box = msptk__stmt_blob(q, 2, &box_len);

                TRY(msptk__box_open(key, "secret", msptk__stmt_text(q, 0), nonce, nonce_len, box,
                                    box_len, &s, ret_err));
        }
        return st < 0 ? st : MSPTK_OK;
}

msptk_status msptk__vault_check(vault *v, msptk_error **ret_err)
{
        store_tx *tx = NULL;
        const vault_key *key;
        msptk_status st;

        TRY(read_begin(v, &tx, ret_err));
        pthread_mutex_lock(&v->lock);
        st = msptk__vault_key(v, tx, 0, &key, ret_err);
        if (st == MSPTK_OK)
                st = check_rows(v, tx, key, ret_err);
        pthread_mutex_unlock(&v->lock);
        read_end(v, &tx);
        return st;
}

/* ---- seals ---- */

msptk_status msptk__vault_mac(vault *v, store_tx *tx, const char *purpose, const void *data,
                              size_t len, uint8_t ret[DIGEST_BYTES], msptk_error **ret_err)
{
        crypto_generichash_state state;
        uint8_t sub[KEY_BYTES];
        const vault_key *key;
        msptk_status st;

        pthread_mutex_lock(&v->lock);
        st = msptk__vault_key(v, tx, 0, &key, ret_err);
        if (st == MSPTK_OK)
                crypto_generichash(sub, sizeof(sub), (const uint8_t *)purpose, strlen(purpose),
                                   key->bytes, KEY_BYTES);
        pthread_mutex_unlock(&v->lock);
        if (st < 0)
                return st;
        crypto_generichash_init(&state, sub, sizeof(sub), DIGEST_BYTES);
        crypto_generichash_update(&state, data, len);
        crypto_generichash_final(&state, ret, DIGEST_BYTES);
        sodium_memzero(sub, sizeof(sub));
        return MSPTK_OK;
}

bool msptk__vault_by_passphrase(const vault *v)
{
        return v->passphrase != NULL;
}

void msptk__wipe(void *data, size_t len)
{
        sodium_memzero(data, len);
}
