/* Which key is in use: the key file, a rotation that a crash left half done, or the passphrase,
 * against what the database says of its key. */
#define ROOM "vault"
#include "vault/internal.h"

#include <stdio.h>
#include <string.h>

static const char check_text[] = "msptk vault";

/* What the database says of its current key. */
typedef struct key_row {
        char id[KEY_ID_TEXT];
        char kind[16];
        kdf_params kdf;
        store_stmt *q;
        const void *nonce, *box;
        size_t nonce_len, box_len;
} key_row;

char *msptk__key_path(const vault *v, const char *suffix)
{
        AUTO_BUF buf path = BUF_INIT(8192);

        msptk__buf_addf(&path, "%s%s", v->key_file, suffix);
        return msptk__buf_steal(&path);
}

static const char *kind_of(const vault *v)
{
        return v->ephemeral ? "memory" : v->passphrase ? "passphrase" : "file";
}

const vault_key *msptk__vault_keep(vault *v, vault_key *key, const vault_key *in_use)
{
        v->newest = (v->newest + 1) % RING;
        if (&v->keys[v->newest] == in_use)
                v->newest = (v->newest + 1) % RING;
        msptk__key_clear(&v->keys[v->newest]);
        v->keys[v->newest] = *key;
        key->bytes = NULL;
        return &v->keys[v->newest];
}

static const vault_key *kept(const vault *v, const char *id)
{
        for (size_t i = 0; i < RING; i++)
                if (v->keys[i].bytes && !strcmp(v->keys[i].id, id))
                        return &v->keys[i];
        return NULL;
}

/* MSPTK_DONE when the database has no key yet. Texts and blobs live as long as row->q. */
static msptk_status row_read(store_tx *tx, key_row *row, msptk_error **ret_err)
{
        const void *salt;
        size_t salt_len;
        msptk_status st;

        TRY(msptk__query(tx, &row->q, ret_err,
                         "SELECT id, kind, salt, ops, mem, nonce, box FROM vault_key "
                         "WHERE in_use = ?1",
                         SQL_INT(1)));
        st = msptk__stmt_step(row->q, ret_err);
        if (st != MSPTK_OK)
                return st;
        snprintf(row->id, sizeof(row->id), "%s", msptk__stmt_text(row->q, 0));
        snprintf(row->kind, sizeof(row->kind), "%s", msptk__stmt_text(row->q, 1));
        salt = msptk__stmt_blob(row->q, 2, &salt_len);
        if (salt && salt_len == SALT_BYTES)
                memcpy(row->kdf.salt, salt, SALT_BYTES);
        row->kdf.ops = msptk__stmt_int(row->q, 3);
        row->kdf.mem = msptk__stmt_int(row->q, 4);
        row->nonce = msptk__stmt_blob(row->q, 5, &row->nonce_len);
        row->box = msptk__stmt_blob(row->q, 6, &row->box_len);
        return MSPTK_OK;
}

static msptk_status wrong_key(const vault *v, const key_row *row, msptk_error **ret_err)
{
        if (strcmp(kind_of(v), row->kind))
                return fail_why(ret_err, MSPTK_E_CRYPTO, "WRONG_KEY",
                                "open the vault the way it was made",
                                "unlock the vault: it was sealed with a key of kind '%s', not '%s'",
                                row->kind, kind_of(v));
        return fail_why(ret_err, MSPTK_E_CRYPTO, "WRONG_KEY",
                        v->passphrase ? "check the passphrase"
                                      : "restore the key file that belongs to this database",
                        "unlock the vault: this is not the key it was sealed with (needed: %s)",
                        row->id);
}

/* The file itself, or the one beside it that a rotation committed but did not put in place. */
static msptk_status from_file(vault *v, const key_row *row, vault_key *ret, msptk_error **ret_err)
{
        AUTO_FREE char *fresh = msptk__key_path(v, ".new");
        AUTO_ERROR msptk_error *err_new = NULL;
        msptk_status st, st_new;

        if (!fresh)
                return msptk__nomem(ret_err);
        st = msptk__key_file_read(v->key_file, ret, ret_err);
        if (st == MSPTK_OK && !strcmp(ret->id, row->id)) {
                v->unsettled = 0;
                return MSPTK_OK;
        }
        if (st == MSPTK_OK)
                msptk__key_clear(ret);
        st_new = msptk__key_file_read(fresh, ret, &err_new);
        if (st_new == MSPTK_OK && !strcmp(ret->id, row->id)) {
                if (st < 0 && ret_err) {
                        msptk_error_free(*ret_err);
                        *ret_err = NULL;
                }
                v->unsettled = 1;
                return MSPTK_OK;
        }
        if (st_new == MSPTK_OK)
                msptk__key_clear(ret);
        if (st < 0)
                return st;
        if (st_new == MSPTK_OK || st_new == MSPTK_E_CRYPTO)
                return wrong_key(v, row, ret_err);
        if (ret_err) /* it could not be read: it may well be the right one */
                *ret_err = STEAL(err_new);
        return st_new;
}

static msptk_status from_passphrase(vault *v, const key_row *row, vault_key *ret,
                                    msptk_error **ret_err)
{
        TRY(msptk__key_from_passphrase(v->passphrase, &row->kdf, ret, ret_err));
        if (!strcmp(ret->id, row->id))
                return MSPTK_OK;
        msptk__key_clear(ret);
        return wrong_key(v, row, ret_err);
}

static msptk_status load(vault *v, const key_row *row, const vault_key **ret, msptk_error **ret_err)
{
        AUTO_SECRET secret *check = NULL;
        vault_key key = { 0 };
        msptk_status st;

        if (strcmp(kind_of(v), row->kind))
                return wrong_key(v, row, ret_err);
        if (v->ephemeral)
                return wrong_key(v, row, ret_err);
        if (v->passphrase)
                TRY(from_passphrase(v, row, &key, ret_err));
        else
                TRY(from_file(v, row, &key, ret_err));
        st = msptk__box_open(&key, "check", "vault", row->nonce, row->nonce_len, row->box,
                             row->box_len, &check, ret_err);
        if (st < 0) {
                msptk__key_clear(&key);
                return st;
        }
        *ret = msptk__vault_keep(v, &key, NULL);
        return MSPTK_OK;
}

/* A database without a key: ours, not yet recorded. */
static msptk_status own_key(vault *v, const vault_key **ret, msptk_error **ret_err)
{
        vault_key key = { 0 };

        *ret = v->own_id[0] ? kept(v, v->own_id) : NULL;
        if (*ret)
                return MSPTK_OK;
        if (v->ephemeral) {
                TRY(msptk__key_random(&key, ret_err));
        } else if (v->passphrase) {
                msptk__kdf_fresh(&v->fresh_kdf);
                TRY(msptk__key_from_passphrase(v->passphrase, &v->fresh_kdf, &key, ret_err));
        } else {
                TRY(msptk__key_file_read(v->key_file, &key, ret_err));
        }
        memcpy(v->own_id, key.id, KEY_ID_TEXT);
        *ret = msptk__vault_keep(v, &key, NULL);
        return MSPTK_OK;
}

msptk_status msptk__vault_key_record(vault *v, store_tx *tx, const vault_key *key,
                                     const kdf_params *kdf, msptk_error **ret_err)
{
        AUTO_BUF buf box = BUF_INIT(1024);
        uint8_t nonce[NONCE_BYTES];

        TRY(msptk__box_seal(key, "check", "vault", check_text, sizeof(check_text) - 1, nonce, &box,
                            ret_err));
        TRY(msptk__exec(tx, ret_err, "UPDATE vault_key SET in_use = ?1", SQL_INT(0)));
        return msptk__exec(tx, ret_err,
                           "INSERT INTO vault_key (id, in_use, kind, salt, ops, mem, nonce, box, "
                           "created_at) VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                           SQL_TEXT(key->id), SQL_TEXT(kind_of(v)),
                           kdf ? SQL_BLOB(kdf->salt, SALT_BYTES) : SQL_NULL,
                           kdf ? SQL_INT(kdf->ops) : SQL_NULL, kdf ? SQL_INT(kdf->mem) : SQL_NULL,
                           SQL_BLOB(nonce, NONCE_BYTES), SQL_BLOB(box.data, box.len),
                           SQL_INT(msptk__now(v->c)));
}

static void row_clear(key_row *row)
{
        msptk__stmt_free(row->q);
}

msptk_status msptk__vault_key(vault *v, store_tx *tx, int32_t may_adopt, const vault_key **ret,
                              msptk_error **ret_err)
{
        __attribute__((cleanup(row_clear))) key_row row = { 0 };
        const vault_key *key;
        msptk_status st = row_read(tx, &row, ret_err);

        if (st < 0)
                return st;
        if (st == MSPTK_OK) {
                key = kept(v, row.id);
                if (!key)
                        TRY(load(v, &row, &key, ret_err));
                *ret = key;
                return MSPTK_OK;
        }
        TRY(own_key(v, &key, ret_err));
        if (may_adopt)
                TRY(msptk__vault_key_record(v, tx, key, v->passphrase ? &v->fresh_kdf : NULL,
                                            ret_err));
        *ret = key;
        return MSPTK_OK;
}
