/* What the files of this room share. */
#ifndef VAULT_INTERNAL_H
#define VAULT_INTERNAL_H

#include "vault/vault.h"

#include <pthread.h>

enum { KEY_BYTES = 32, NONCE_BYTES = 24, SALT_BYTES = 16 };

/* One key in guarded memory, and its public name. */
typedef struct vault_key {
        uint8_t *bytes; /* sodium_malloc, KEY_BYTES; NULL: no key */
        char id[KEY_ID_TEXT];
} vault_key;

typedef struct kdf_params {
        uint8_t salt[SALT_BYTES];
        int64_t ops, mem; /* Argon2id: passes, bytes */
} kdf_params;

enum { FINGERPRINTS_MAX = 1024, FINGERPRINT_MIN = 4, LENGTHS_MAX = 64 };

/* What is remembered of a secret in order to find it in a text: never its bytes. */
typedef struct fingerprint {
        uint32_t len;
        uint64_t rolling;
        uint8_t mark[16];
} fingerprint;

typedef struct redactor {
        pthread_mutex_t lock;
        uint8_t key[KEY_BYTES]; /* random per process */
        uint64_t base;          /* of the rolling hash; random, odd */
        fingerprint *rows;      /* FINGERPRINTS_MAX, used as a ring */
        uint32_t count, next;
} redactor;

enum { RING = 3 };

struct vault {
        ctx *c;
        pthread_mutex_t lock; /* of what follows; taken inside a transaction, never the reverse */
        char *key_file;
        secret *passphrase;
        secret *next_passphrase; /* of a rotation that is not settled */
        int32_t ephemeral;
        /* The key in use is the one whose id the database calls current. During a rotation that is
         * not yet committed the answer depends on the transaction that asks, so the last few keys
         * are kept. */
        vault_key keys[RING];
        uint32_t newest;          /* index of the last key added */
        kdf_params fresh_kdf;     /* of a passphrase key that no database knows yet */
        char own_id[KEY_ID_TEXT]; /* of the key that such a database gets */
        int32_t unsettled;        /* the key file is still the old one */
        redactor redact;
};

/* ---- the key in use (unlock.c); v->lock held ---- */

/* The key that the database, as seen by `tx`, was sealed with. A database without a key: the
 * vault's own; `may_adopt` (tx writes) then makes it the database's. */
msptk_status msptk__vault_key(vault *v, store_tx *tx, int32_t may_adopt, const vault_key **ret,
                              msptk_error **ret_err);
/* Makes `key` the database's current one. kdf NULL unless it came from a passphrase. */
msptk_status msptk__vault_key_record(vault *v, store_tx *tx, const vault_key *key,
                                     const kdf_params *kdf, msptk_error **ret_err);
/* Adopts `key` into the ring and returns where it is now; `in_use` (may be NULL) stays. */
const vault_key *msptk__vault_keep(vault *v, vault_key *key, const vault_key *in_use);
char *msptk__key_path(const vault *v, const char *suffix); /* NULL: no memory */
/* Opens one row of table secret. */
msptk_status msptk__vault_open_row(vault *v, store_tx *tx, const vault_key *key, const char *name,
                                   secret **ret, msptk_error **ret_err);
msptk_status msptk__vault_write_row(vault *v, store_tx *tx, const vault_key *key, const char *name,
                                    const void *bytes, size_t len, msptk_error **ret_err);

/* ---- keys (key.c) ---- */
msptk_status msptk__key_random(vault_key *ret, msptk_error **ret_err);
/* Takes KEY_BYTES from guarded memory and names the key. */
void msptk__key_name(vault_key *key);
void msptk__key_clear(vault_key *key);
void msptk__kdf_fresh(kdf_params *ret);
msptk_status msptk__key_from_passphrase(const secret *passphrase, const kdf_params *kdf,
                                        vault_key *ret, msptk_error **ret_err);
msptk_status msptk__key_file_read(const char *path, vault_key *ret, msptk_error **ret_err);
/* flags as msptk__file_write(); an existing file is replaced at once or not at all */
msptk_status msptk__key_file_write(const char *path, const vault_key *key, uint32_t flags,
                                   msptk_error **ret_err);

/* ---- boxes (box.c): XChaCha20-Poly1305, padded to hide the length; what the box is for (`kind`,
 * key id, name) is authenticated with it ---- */
msptk_status msptk__box_seal(const vault_key *key, const char *kind, const char *name,
                             const void *bytes, size_t len, uint8_t ret_nonce[NONCE_BYTES],
                             buf *ret_box, msptk_error **ret_err);
/* SEAL_BROKEN when the box, its nonce, its name or its key id was changed. */
msptk_status msptk__box_open(const vault_key *key, const char *kind, const char *name,
                             const uint8_t *nonce, size_t nonce_len, const void *box,
                             size_t box_len, secret **ret, msptk_error **ret_err);

/* ---- handles (secret.c) ---- */
msptk_status msptk__secret_make(size_t len, secret **ret, void **ret_bytes, msptk_error **ret_err);
void msptk__secret_shrink(secret *s, size_t len);

/* ---- redaction (redact.c) ---- */
msptk_status msptk__redactor_init(redactor *r, msptk_error **ret_err);
void msptk__redactor_clear(redactor *r);

#endif
