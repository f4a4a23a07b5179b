/* Vault keys: made at random, derived from a passphrase, kept in a small text file. */
#define ROOM "vault"
#include "vault/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAGIC "msptk-vault-key 1\n"
#define FILE_ADVICE \
        "# The key of the vault. Keep a copy apart from the database: without it no secret can " \
        "be\n" \
        "# read again. Nobody else may read this file (mode 0600).\n"

enum { FILE_MAX = 1024 };

static msptk_status key_alloc(vault_key *key, msptk_error **ret_err)
{
        if (sodium_init() < 0)
                return fail(ret_err, MSPTK_E_INTERNAL, "start libsodium");
        key->bytes = sodium_malloc(KEY_BYTES);
        return key->bytes ? MSPTK_OK : msptk__nomem(ret_err);
}

void msptk__key_name(vault_key *key)
{
        static const char domain[] = "msptk vault key id";
        uint8_t id[crypto_generichash_BYTES_MIN];

        crypto_generichash(id, sizeof(id), key->bytes, KEY_BYTES, (const uint8_t *)domain,
                           sizeof(domain) - 1);
        msptk__hex(id, (KEY_ID_TEXT - 1) / 2, key->id);
}

void msptk__key_clear(vault_key *key)
{
        sodium_free(key->bytes);
        key->bytes = NULL;
        key->id[0] = '\0';
}

msptk_status msptk__key_random(vault_key *ret, msptk_error **ret_err)
{
        TRY(key_alloc(ret, ret_err));
        randombytes_buf(ret->bytes, KEY_BYTES);
        msptk__key_name(ret);
        return MSPTK_OK;
}

void msptk__kdf_fresh(kdf_params *ret)
{
        randombytes_buf(ret->salt, sizeof(ret->salt));
        /* libsodium's "moderate": 256 MiB would be too much for a small machine; 64 MiB and three
         * passes are what RFC 9106 recommends there. */
        ret->ops = 3;
        ret->mem = 64 * 1024 * 1024;
}

msptk_status msptk__key_from_passphrase(const secret *passphrase, const kdf_params *kdf,
                                        vault_key *ret, msptk_error **ret_err)
{
        size_t len;
        const char *text = msptk__secret_bytes(passphrase, &len);

        /* The parameters come from the database; a changed row must not make us take all memory. */
        if (kdf->ops < 1 || kdf->ops > 64 || kdf->mem < (int64_t)crypto_pwhash_MEMLIMIT_MIN ||
            kdf->mem > (int64_t)1 << 31)
                return fail(ret_err, MSPTK_E_CORRUPT,
                            "derive the vault key: the stored parameters are out of range");
        TRY(key_alloc(ret, ret_err));
        if (crypto_pwhash(ret->bytes, KEY_BYTES, text, len, kdf->salt, (unsigned long long)kdf->ops,
                          (size_t)kdf->mem, crypto_pwhash_ALG_ARGON2ID13) != 0) {
                msptk__key_clear(ret);
                return msptk__nomem(ret_err);
        }
        msptk__key_name(ret);
        return MSPTK_OK;
}

/* ---- the file ---- */

static msptk_status bad_format(const char *path, const char *what, msptk_error **ret_err)
{
        return fail_why(ret_err, MSPTK_E_CRYPTO, "KEY_FILE_FORMAT",
                        "restore the key file from its copy", "read the vault key '%s': %s", path,
                        what);
}

/* Finds "name VALUE\n" at the start of a line; NULL when missing or of another length. */
static const char *field(const char *text, const char *name, size_t value_len)
{
        size_t name_len = strlen(name);

        for (const char *line = text; line && *line;) {
                const char *end = strchr(line, '\n');

                if (!strncmp(line, name, name_len) && line[name_len] == ' ' && end &&
                    (size_t)(end - line) == name_len + 1 + value_len)
                        return line + name_len + 1;
                line = end ? end + 1 : NULL;
        }
        return NULL;
}

static msptk_status key_parse(const char *path, const char *text, vault_key *key,
                              msptk_error **ret_err)
{
        const char *hex, *id;
        size_t got = 0;

        if (strncmp(text, FILE_MAGIC, sizeof(FILE_MAGIC) - 1))
                return bad_format(path, "it does not begin with 'msptk-vault-key 1'", ret_err);
        hex = field(text, "key", 2 * (size_t)KEY_BYTES);
        id = field(text, "id", KEY_ID_TEXT - 1);
        if (!hex || !id)
                return bad_format(path, "the line 'key' or 'id' is missing or of a wrong length",
                                  ret_err);
        TRY(key_alloc(key, ret_err));
        if (sodium_hex2bin(key->bytes, KEY_BYTES, hex, 2 * (size_t)KEY_BYTES, NULL, &got, NULL) ||
            got != KEY_BYTES) {
                msptk__key_clear(key);
                return bad_format(path, "the key is not hexadecimal", ret_err);
        }
        msptk__key_name(key);
        if (memcmp(key->id, id, KEY_ID_TEXT - 1)) {
                msptk__key_clear(key);
                return bad_format(path, "the key does not match its own id; the file is damaged",
                                  ret_err);
        }
        return MSPTK_OK;
}

static msptk_status facts_check(const char *path, const file_info *facts, msptk_error **ret_err)
{
        if (facts->kind != FILE_KIND_REGULAR)
                return bad_format(path, "it is not a regular file", ret_err);
        if (facts->mode & 077)
                return fail_why(ret_err, MSPTK_E_CRYPTO, "KEY_FILE_PERMISSIONS",
                                "run 'chmod 600' on the key file, and rotate the key if others may "
                                "have read it",
                                "read the vault key '%s': others may read it (mode %04o)", path,
                                (unsigned)facts->mode);
        if (facts->uid != geteuid())
                return fail_why(ret_err, MSPTK_E_CRYPTO, "KEY_FILE_PERMISSIONS",
                                "run as the user who owns the key file, or change its owner",
                                "read the vault key '%s': it belongs to another user", path);
        return MSPTK_OK;
}

/* Not msptk__file_read(): a growing buffer would leave copies of the key behind. */
static msptk_status file_bytes(const char *path, char *mem, size_t cap, size_t *ret_len,
                               msptk_error **ret_err)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        size_t len = 0;
        ssize_t n = -1;

        if (fd >= 0) {
                while (len < cap &&
                       ((n = read(fd, mem + len, cap - len)) > 0 || (n < 0 && errno == EINTR)))
                        len += n > 0 ? (size_t)n : 0;
        }
        if (fd < 0 || n < 0) {
                int number = errno;

                if (fd >= 0)
                        close(fd);
                return fail(ret_err, msptk__errno_status(number), "read the vault key '%s': %s",
                            path, msptk__errno_text(number));
        }
        close(fd);
        *ret_len = len;
        return MSPTK_OK;
}

msptk_status msptk__key_file_read(const char *path, vault_key *ret, msptk_error **ret_err)
{
        AUTO_SECRET secret *text = NULL;
        file_info facts;
        msptk_status st;
        void *mem;
        size_t len = 0;

        st = msptk__file_stat(path, 0, &facts, ret_err);
        if (st == MSPTK_E_NOTFOUND) {
                if (ret_err)
                        msptk_error_free(STEAL(*ret_err));
                return fail_why(ret_err, MSPTK_E_CRYPTO, "KEY_FILE_MISSING",
                                "restore the key file from its copy; 'init' makes one for a new "
                                "workspace",
                                "read the vault key '%s': there is no such file", path);
        }
        if (st < 0)
                return msptk__wrap(ret_err, st, "read the vault key '%s'", path);
        TRY(facts_check(path, &facts, ret_err));
        if (facts.size > FILE_MAX)
                return bad_format(path, "it is too large to be one", ret_err);
        TRY(msptk__secret_make(FILE_MAX, &text, &mem, ret_err));
        TRY(file_bytes(path, mem, FILE_MAX, &len, ret_err));
        msptk__secret_shrink(text, len);
        return key_parse(path, mem, ret, ret_err);
}

msptk_status msptk__key_file_write(const char *path, const vault_key *key, uint32_t flags,
                                   msptk_error **ret_err)
{
        AUTO_SECRET secret *text = NULL;
        size_t len = 0;
        void *mem;
        char *at;

        TRY(msptk__secret_make(FILE_MAX, &text, &mem, ret_err));
        at = mem;
        len = sizeof(FILE_MAGIC FILE_ADVICE) - 1;
        memcpy(at, FILE_MAGIC FILE_ADVICE, len);
        memcpy(at + len, "id ", 3);
        memcpy(at + len + 3, key->id, KEY_ID_TEXT - 1);
        len += 3 + KEY_ID_TEXT - 1;
        memcpy(at + len, "\nkey ", 5);
        sodium_bin2hex(at + len + 5, 2 * (size_t)KEY_BYTES + 1, key->bytes, KEY_BYTES);
        len += 5 + 2 * (size_t)KEY_BYTES;
        at[len++] = '\n';
        return msptk__file_write(path, mem, len, 0600, flags, ret_err);
}

msptk_status msptk__vault_key_create(const char *path, msptk_error **ret_err)
{
        vault_key key = { 0 };
        msptk_status st;

        TRY(msptk__key_random(&key, ret_err));
        st = msptk__key_file_write(path, &key, FILE_NEW, ret_err);
        msptk__key_clear(&key);
        return st < 0 ? msptk__wrap(ret_err, st, "create the vault key '%s'", path) : MSPTK_OK;
}

msptk_status msptk__vault_key_look(const char *path, file_info *ret_info, msptk_error **ret_err)
{
        vault_key key = { 0 };

        TRY(msptk__key_file_read(path, &key, ret_err));
        msptk__key_clear(&key);
        return msptk__file_stat(path, 0, ret_info, ret_err);
}

static msptk_status make_directory(const char *path, msptk_error **ret_err)
{
        AUTO_FREE char *dir = msptk__path_dirname(path);

        return dir ? msptk__dir_make(dir, 0700, ret_err) : msptk__nomem(ret_err);
}

static msptk_status has_key(store *s, bool *ret, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        int64_t keys = 0;

        TRY(msptk__tx_begin(s, TX_READ, 0, &tx, ret_err));
        TRY(msptk__query_int_values(tx, &keys, ret_err, "SELECT count(*) FROM vault_key", NULL, 0));
        *ret = keys > 0;
        return MSPTK_OK;
}

msptk_status msptk__vault_key_first(const ctx *c, const char *path, msptk_error **ret_err)
{
        AUTO_ERROR msptk_error *why = NULL;
        file_info info;
        msptk_status st;
        bool had;

        if (c->read_only || msptk__file_stat(path, 0, &info, NULL) != MSPTK_E_NOTFOUND)
                return MSPTK_OK;
        TRY(has_key(c->store, &had, ret_err));
        if (had)
                return MSPTK_OK;
        TRY(make_directory(path, ret_err));
        st = msptk__vault_key_create(path, &why);
        if (st >= 0 || st == MSPTK_E_EXISTS) /* another process was first */
                return MSPTK_OK;
        if (ret_err)
                *ret_err = STEAL(why);
        return st;
}

library_version msptk__vault_library(void)
{
        return (library_version){ "libsodium", SODIUM_VERSION_STRING, sodium_version_string() };
}
