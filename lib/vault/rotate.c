/* Rotation in two phases: everything is sealed anew inside one transaction while the new key waits
 * beside the old file; after the commit it takes the old one's place. Whoever looks in between
 * finds by the key's id which of the two files is the right one. Files change only while a write
 * transaction is open, so that two processes cannot mix their rotations up. */
#define ROOM "vault"
#include "vault/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static msptk_status file_failed(const char *verb, const char *path, msptk_error **ret_err)
{
        int number = errno;

        return fail(ret_err, msptk__errno_status(number), "%s '%s': %s", verb, path,
                    msptk__errno_text(number));
}

static msptk_status remove_file(const char *path, msptk_error **ret_err)
{
        if (unlink(path) < 0 && errno != ENOENT)
                return file_failed("remove", path, ret_err);
        return MSPTK_OK;
}

/* A file that is missing or no key is not the one; a file that could not be read may be. */
static msptk_status is_key(const char *path, const char *id, bool *ret, msptk_error **ret_err)
{
        AUTO_ERROR msptk_error *err = NULL;
        vault_key key = { 0 };
        msptk_status st = msptk__key_file_read(path, &key, &err);

        if (st < 0 && st != MSPTK_E_CRYPTO) {
                if (ret_err)
                        *ret_err = STEAL(err);
                return st;
        }
        *ret = st == MSPTK_OK && !strcmp(key.id, id);
        if (st == MSPTK_OK)
                msptk__key_clear(&key);
        return MSPTK_OK;
}

/* `id` is the database's current key: makes the key file hold it, and clears away the rest. */
static msptk_status settle_files(vault *v, const char *id, msptk_error **ret_err)
{
        AUTO_FREE char *fresh = msptk__key_path(v, ".new");
        AUTO_FREE char *old = msptk__key_path(v, ".old");
        bool placed, waiting;

        if (!fresh || !old)
                return msptk__nomem(ret_err);
        TRY(is_key(v->key_file, id, &placed, ret_err));
        if (!placed) {
                TRY(is_key(fresh, id, &waiting, ret_err));
                if (!waiting)
                        return fail_why(ret_err, MSPTK_E_CRYPTO, "WRONG_KEY",
                                        "restore the key file that belongs to this database",
                                        "put the new key in place: neither '%s' nor '%s' holds it",
                                        v->key_file, fresh);
                if (rename(fresh, v->key_file) < 0)
                        return file_failed("rename", fresh, ret_err);
        } else {
                TRY(remove_file(fresh, ret_err));
        }
        v->unsettled = 0;
        return remove_file(old, ret_err);
}

/* Phase one, on disk: the old key under a second name, the new one beside it. */
static msptk_status stage_files(vault *v, const vault_key *now, const vault_key *next,
                                msptk_error **ret_err)
{
        AUTO_FREE char *fresh = msptk__key_path(v, ".new");
        AUTO_FREE char *old = msptk__key_path(v, ".old");

        if (!fresh || !old)
                return msptk__nomem(ret_err);
        TRY(settle_files(v, now->id, ret_err));
        if (link(v->key_file, old) < 0)
                return file_failed("keep a second name of", v->key_file, ret_err);
        return msptk__key_file_write(fresh, next, 0, ret_err);
}

static msptk_status next_key(vault *v, const vault_opts *next, kdf_params *kdf, vault_key *ret,
                             msptk_error **ret_err)
{
        AUTO_SECRET secret *passphrase = NULL;

        if (!v->passphrase)
                return msptk__key_random(ret, ret_err);
        if (!next || !next->passphrase || next->passphrase_len < 8)
                return fail_why(ret_err, MSPTK_E_INVALID, "PASSPHRASE_TOO_SHORT",
                                "give the new passphrase, at least 8 bytes",
                                "rotate the vault's key: it comes from a passphrase");
        TRY(msptk__secret_new(next->passphrase, next->passphrase_len, &passphrase, ret_err));
        msptk__kdf_fresh(kdf);
        TRY(msptk__key_from_passphrase(passphrase, kdf, ret, ret_err));
        msptk__secret_free(v->next_passphrase);
        v->next_passphrase = STEAL(passphrase);
        return MSPTK_OK;
}

/* Next name after `after` that is not sealed with the new key. MSPTK_DONE at the end. */
static msptk_status next_name(store_tx *tx, const char *after, char ret[SECRET_NAME_MAX + 1],
                              msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT name FROM secret WHERE name > ?1 ORDER BY name LIMIT 1",
                         SQL_TEXT(after)));
        st = msptk__stmt_step(q, ret_err);
        if (st != MSPTK_OK)
                return st;
        if (strlen(msptk__stmt_text(q, 0)) > SECRET_NAME_MAX)
                return fail(ret_err, MSPTK_E_CORRUPT, "the vault holds a name that is too long");
        memcpy(ret, msptk__stmt_text(q, 0), strlen(msptk__stmt_text(q, 0)) + 1);
        return MSPTK_OK;
}

static msptk_status reseal_one(store_tx *tx, vault *v, const vault_key *from, const vault_key *to,
                               const char *name, msptk_error **ret_err)
{
        AUTO_BUF buf box = BUF_INIT(SECRET_BYTES_MAX + 1024);
        AUTO_SECRET secret *s = NULL;
        uint8_t nonce[NONCE_BYTES];
        const void *bytes;
        size_t len;

        TRY(msptk__vault_open_row(v, tx, from, name, &s, ret_err));
        bytes = msptk__secret_bytes(s, &len);
        TRY(msptk__box_seal(to, "secret", name, bytes, len, nonce, &box, ret_err));
        return msptk__exec(tx, ret_err,
                           "UPDATE secret SET key_id = ?2, nonce = ?3, box = ?4 WHERE name = ?1",
                           SQL_TEXT(name), SQL_TEXT(to->id), SQL_BLOB(nonce, NONCE_BYTES),
                           SQL_BLOB(box.data, box.len));
}

static msptk_status reseal_all(store_tx *tx, vault *v, const vault_key *from, const vault_key *to,
                               msptk_error **ret_err)
{
        char name[SECRET_NAME_MAX + 1] = "";
        msptk_status st;

        while ((st = next_name(tx, name, name, ret_err)) == MSPTK_OK)
                TRY(reseal_one(tx, v, from, to, name, ret_err));
        return st < 0 ? st : MSPTK_OK;
}

static msptk_status rotate(vault *v, store_tx *tx, const vault_opts *opts, msptk_error **ret_err)
{
        const vault_key *now, *next;
        vault_key key = { 0 };
        kdf_params kdf;
        msptk_status st;

        TRY(msptk__vault_key(v, tx, 1, &now, ret_err));
        TRY(next_key(v, opts, &kdf, &key, ret_err));
        next = msptk__vault_keep(v, &key, now);
        if (v->key_file)
                TRY(stage_files(v, now, next, ret_err));
        st = msptk__vault_key_record(v, tx, next, v->passphrase ? &kdf : NULL, ret_err);
        if (st == MSPTK_OK)
                st = reseal_all(tx, v, now, next, ret_err);
        if (st == MSPTK_OK)
                v->unsettled = !!v->key_file;
        return st;
}

msptk_status msptk__vault_rotate(vault *v, store_tx *tx, const vault_opts *next,
                                 msptk_error **ret_err)
{
        msptk_status st;

        pthread_mutex_lock(&v->lock);
        st = rotate(v, tx, next, ret_err);
        pthread_mutex_unlock(&v->lock);
        return st < 0 ? msptk__wrap(ret_err, st, "rotate the vault's key") : MSPTK_OK;
}

/* After a rotation of a passphrase: later loads derive from the new one if that is what holds. */
static void settle_passphrase(vault *v, const vault_key *now)
{
        if (!v->next_passphrase)
                return;
        if (!strcmp(v->keys[v->newest].id, now->id)) {
                msptk__secret_free(v->passphrase);
                v->passphrase = STEAL(v->next_passphrase);
        }
        msptk__secret_free(v->next_passphrase);
        v->next_passphrase = NULL;
}

msptk_status msptk__vault_settle(vault *v, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        const vault_key *now;
        msptk_status st;

        TRY(msptk__tx_begin(v->c->store, TX_WRITE, 0, &tx, ret_err));
        pthread_mutex_lock(&v->lock);
        st = msptk__vault_key(v, tx, 0, &now, ret_err);
        if (st == MSPTK_OK && v->key_file)
                st = settle_files(v, now->id, ret_err);
        if (st == MSPTK_OK) {
                settle_passphrase(v, now);
                for (size_t i = 0; i < RING; i++)
                        if (&v->keys[i] != now)
                                msptk__key_clear(&v->keys[i]);
                v->newest = (uint32_t)(now - v->keys);
        }
        pthread_mutex_unlock(&v->lock);
        return st;
}
