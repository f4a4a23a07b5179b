/* Floor 3. Secrets and signatures: the one header that rooms above include.
 *
 * A secret is stored as one sealed box in table `secret`; its bytes exist in the clear only behind
 * a `secret` handle, in guarded memory. There is no JSON view and no public getter.
 *
 * Reasons of MSPTK_E_CRYPTO: KEY_FILE_MISSING, KEY_FILE_PERMISSIONS, KEY_FILE_FORMAT, WRONG_KEY
 * (the key is well formed but is not the one this database was sealed with), SEAL_BROKEN (the right
 * key, but a box was changed), SECRET_UNAVAILABLE (a reference leads nowhere). */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include "base/base.h"

#include "store/store.h"

typedef struct vault vault;
typedef struct secret secret;

enum {
        SECRET_NAME_MAX = 128,
        SECRET_BYTES_MAX = 65536,
        SIGN_BYTES = 64,     /* an Ed25519 signature */
        SIGN_KEY_BYTES = 32, /* an Ed25519 public key */
        KEY_ID_TEXT = 17,    /* 16 hex digits and a NUL */
};

/* ---- opening ---- */

typedef struct vault_opts {
        const char *key_file;   /* a file made by msptk__vault_key_create() */
        const void *passphrase; /* instead of a file: Argon2id; copied into guarded memory */
        size_t passphrase_len;
        int32_t ephemeral; /* instead of both: a key that dies with this vault (in-memory stores) */
} vault_opts;

/* Makes a new random key file, mode 0600, durable when it returns. MSPTK_E_EXISTS when the path is
 * taken (it is never overwritten). */
msptk_status msptk__vault_key_create(const char *path, msptk_error **ret_err);

/* Whether a key file is there, private and well formed, without keeping the key. For `doctor`. */
msptk_status msptk__vault_key_look(const char *path, file_info *ret_info, msptk_error **ret_err);

/* Makes the key of a database that has none yet, and its directory. Leaves alone what is there, a
 * database that lost its key (opening refuses it) and a read-only toolkit. */
msptk_status msptk__vault_key_first(const ctx *c, const char *path, msptk_error **ret_err);

/* Cheap: reads neither key nor database; the first use unlocks. Needs c->store by then. */
msptk_status msptk__vault_open(ctx *c, const vault_opts *opts, vault **ret, msptk_error **ret_err);
void msptk__vault_free(vault *v);

/* Reads the key, finishes a rotation that a crash left half done, and proves that the key belongs
 * to this database (the first key that a database sees becomes its own). Idempotent. */
msptk_status msptk__vault_unlock(vault *v, msptk_error **ret_err);

/* Opens every box once. MSPTK_OK or the first failure, which names the secret. For `doctor`. */
msptk_status msptk__vault_check(vault *v, msptk_error **ret_err);

/* ---- secrets; names [A-Za-z0-9._/-]{1,128}, those beginning with "msptk." are ours ---- */

msptk_status msptk__vault_put(vault *v, store_tx *tx, const char *name, const void *bytes,
                              size_t len, msptk_error **ret_err);
/* MSPTK_E_NOTFOUND reason SECRET_NOT_FOUND. Also makes the value known to msptk__redact(). */
msptk_status msptk__vault_get(vault *v, const char *name, secret **ret, msptk_error **ret_err);
msptk_status msptk__vault_remove(vault *v, store_tx *tx, const char *name, msptk_error **ret_err);

typedef struct secret_row {
        const char *name;
        int64_t created_at, updated_at; /* microseconds UTC */
} secret_row;
/* By name, ours left out. fn returns non-zero to stop (MSPTK_E_CALLBACK). */
msptk_status msptk__vault_each(vault *v, store_tx *tx, int (*fn)(void *user, const secret_row *row),
                               void *user, msptk_error **ret_err);
/* MSPTK_E_INVALID reason SECRET_NAME with what is wrong about it. */
msptk_status msptk__secret_name_check(const char *name, msptk_error **ret_err);

/* ---- rotation: inside `tx` a new key is written beside the old one and every box sealed anew;
 * after the commit msptk__vault_settle() puts the key file in place. A crash anywhere between is
 * finished (or forgotten, when before the commit) by the next unlock. `next` NULL: a new random key
 * of the same kind; a passphrase vault needs `next` with the new passphrase. ---- */

msptk_status msptk__vault_rotate(vault *v, store_tx *tx, const vault_opts *next,
                                 msptk_error **ret_err);
msptk_status msptk__vault_settle(vault *v, msptk_error **ret_err);

/* ---- secret handles ---- */

const void *msptk__secret_bytes(const secret *s, size_t *ret_len); /* also NUL-terminated */
void msptk__secret_free(secret *s);
msptk_status msptk__secret_new(const void *bytes, size_t len, secret **ret, msptk_error **ret_err);
DEFINE_AUTO_FREE(msptk__auto_secret, secret, msptk__secret_free)
#define AUTO_SECRET __attribute__((cleanup(msptk__auto_secret)))

/* Follows `env:NAME`, `file:PATH`, `vault:NAME` or `exec:PROGRAM ARGS` (split at blanks, "..." and
 * '...' keep them together; no shell). A literal is refused: MSPTK_E_CONFIG reason LITERAL_SECRET.
 * Leads nowhere: MSPTK_E_CRYPTO reason SECRET_UNAVAILABLE. A trailing newline is dropped from what
 * file and exec give. The value becomes known to msptk__redact(). */
typedef struct secret_source {
        const char *(*env)(void *user, const char *name); /* NULL: no environment */
        void *env_user;
        const char *base_dir; /* of relative paths; NULL: the working directory */
        int64_t timeout_ms;   /* of exec; 0: 10 seconds */
} secret_source;
msptk_status msptk__secret_resolve(ctx *c, const char *ref, const secret_source *src, secret **ret,
                                   msptk_error **ret_err);
/* 1 when `ref` has the form of a reference, 0 when it can only be a literal. */
int msptk__secret_is_ref(const char *ref);

/* ---- redaction: replaces by "***", in place, every known secret of at least 4 bytes (also in its
 * base64, percent-encoded and JSON-escaped forms) and returns the new length. Needs no memory;
 * keeps no plain copy of the secrets (keyed fingerprints). c->vault NULL: nothing is known. ---- */

/* API tokens are masked by their form, known or not: TOKEN_BEGINS and so many characters. */
#define TOKEN_BEGINS "msptk_" /* what scanners for leaked secrets look for */
enum { TOKEN_CHARACTERS = 43 };

size_t msptk__redact_tokens(char *text); /* nothing else */
size_t msptk__redact(const ctx *c, char *text);
bool msptk__redact_idle(const ctx *c); /* no secret is known yet: nothing to look for */
size_t msptk__redact_bytes(const ctx *c, char *data, size_t len);
/* E_NOMEM: it could not be learned, and must not be given out. */
msptk_status msptk__redact_learn(const ctx *c, const void *bytes, size_t len);

/* ---- signatures: one Ed25519 key per database, sealed in the vault, made at first use (inside tx)
 * ---- */

msptk_status msptk__sign(vault *v, store_tx *tx, const void *data, size_t len,
                         uint8_t ret_sig[SIGN_BYTES], uint8_t ret_key[SIGN_KEY_BYTES],
                         msptk_error **ret_err);
/* MSPTK_OK, or MSPTK_E_CRYPTO reason BAD_SIGNATURE. Needs no vault. */
msptk_status msptk__verify(const uint8_t key[SIGN_KEY_BYTES], const void *data, size_t len,
                           const uint8_t sig[SIGN_BYTES], msptk_error **ret_err);
/* MSPTK_E_NOTFOUND before the first signature. */
msptk_status msptk__sign_public_key(vault *v, store_tx *tx, uint8_t ret_key[SIGN_KEY_BYTES],
                                    msptk_error **ret_err);

/* ---- seals ---- */

/* Whether a passphrase opens it: the first use then takes a good part of a second. */
bool msptk__vault_by_passphrase(const vault *v);
/* Keyed by the vault's key and a purpose: proves that this library, with this database, made a text
 * (plan tokens). A rotation ends what was made before it. */
msptk_status msptk__vault_mac(vault *v, store_tx *tx, const char *purpose, const void *data,
                              size_t len, uint8_t ret[DIGEST_BYTES], msptk_error **ret_err);
library_version msptk__vault_library(void);
void msptk__wipe(void *data, size_t len);

extern const store_migration msptk__vault_migrations[];

#endif
