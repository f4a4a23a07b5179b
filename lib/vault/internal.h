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

struct vault {
        ctx *c;
        pthread_mutex_t lock; /* of key */
        char *key_file;
        secret *passphrase;
        int32_t ephemeral;
        vault_key key;
        redactor redact;
};

/* ---- keys (key.c) ---- */
msptk_status msptk__key_random(vault_key *ret, msptk_error **ret_err);
/* Takes KEY_BYTES from guarded memory and names the key. */
void msptk__key_name(vault_key *key);
void msptk__key_clear(vault_key *key);
typedef struct kdf_params {
        uint8_t salt[SALT_BYTES];
        int64_t ops, mem; /* Argon2id: passes, bytes */
} kdf_params;
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
