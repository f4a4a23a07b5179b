/* Signed heads: what the trail was at one moment, in a form that can be kept elsewhere. */
#define ROOM "audit"
#include "audit/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEAD_PREFIX "msptk-head-1"
enum { SIGNED_MAX = 128 };

static size_t put_int(uint8_t *at, int64_t value)
{
        for (int i = 0; i < 8; i++)
                at[i] = (uint8_t)((uint64_t)value >> (8 * i));
        return 8;
}

/* Version with its NUL, seq, at, hash (absent for a prune mark): what the signature covers. */
static size_t signed_bytes(uint8_t out[SIGNED_MAX], const char *version, int64_t seq, int64_t at,
                           const uint8_t *hash)
{
        size_t n = strlen(version) + 1;

        memcpy(out, version, n);
        n += put_int(out + n, seq);
        n += put_int(out + n, at);
        if (hash) {
                memcpy(out + n, hash, DIGEST_BYTES);
                n += DIGEST_BYTES;
        }
        return n;
}

static size_t head_bytes(uint8_t out[SIGNED_MAX], const audit_head *h)
{
        return signed_bytes(out, "msptk.audit.head/1", h->seq, h->at, h->hash);
}

static msptk_status need_vault(const ctx *c, msptk_error **ret_err)
{
        if (c->vault)
                return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_CRYPTO, "KEY_FILE_MISSING",
                        "open the toolkit with a vault key",
                        "sign the audit trail: no vault is open");
}

msptk_status msptk__head_sign(ctx *c, store_tx *tx, int64_t seq, const uint8_t hash[DIGEST_BYTES],
                              audit_head *ret, msptk_error **ret_err)
{
        audit_head h = { .seq = seq, .at = msptk__now(c) };
        uint8_t bytes[SIGNED_MAX];

        TRY(need_vault(c, ret_err));
        memcpy(h.hash, hash, DIGEST_BYTES);
        TRY(msptk__sign(c->vault, tx, bytes, head_bytes(bytes, &h), h.signature, h.key, ret_err));
        TRY(msptk__exec(tx, ret_err,
                        "INSERT INTO audit_head (seq, hash, at, signature, public_key) "
                        "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (seq) DO UPDATE SET "
                        "hash = excluded.hash, at = excluded.at, signature = excluded.signature, "
                        "public_key = excluded.public_key",
                        SQL_INT(h.seq), SQL_BLOB(h.hash, DIGEST_BYTES), SQL_INT(h.at),
                        SQL_BLOB(h.signature, SIGN_BYTES), SQL_BLOB(h.key, SIGN_KEY_BYTES)));
        *ret = h;
        return MSPTK_OK;
}

int msptk__head_verifies(const audit_head *head)
{
        uint8_t bytes[SIGNED_MAX];

        return msptk__verify(head->key, bytes, head_bytes(bytes, head), head->signature, NULL) ==
               MSPTK_OK;
}

msptk_status msptk__audit_head_make(ctx *c, store_tx *tx, audit_head *ret, msptk_error **ret_err)
{
        uint8_t hash[DIGEST_BYTES];
        int64_t seq;

        TRY(msptk__chain_tail(tx, &seq, hash, ret_err));
        if (seq == 0)
                return fail_why(ret_err, MSPTK_E_NOTFOUND, "TRAIL_EMPTY", "do something first",
                                "sign the audit trail: it has no entry yet");
        return msptk__head_sign(c, tx, seq, hash, ret, ret_err);
}

/* ---- retention's mark ---- */

#define PRUNE_VERSION "msptk.audit.pruned/1"

msptk_status msptk__prune_mark(ctx *c, store_tx *tx, int64_t seq, msptk_error **ret_err)
{
        uint8_t bytes[SIGNED_MAX], signature[SIGN_BYTES], key[SIGN_KEY_BYTES];
        int64_t at = msptk__now(c);

        TRY(need_vault(c, ret_err));
        TRY(msptk__sign(c->vault, tx, bytes, signed_bytes(bytes, PRUNE_VERSION, seq, at, NULL),
                        signature, key, ret_err));
        return msptk__exec(tx, ret_err,
                           "UPDATE audit_head SET pruned_at = ?2, pruned_signature = ?3 "
                           "WHERE seq = ?1",
                           SQL_INT(seq), SQL_INT(at), SQL_BLOB(signature, SIGN_BYTES));
}

int msptk__prune_verifies(int64_t seq, int64_t at, const uint8_t key[SIGN_KEY_BYTES],
                          const uint8_t signature[SIGN_BYTES])
{
        uint8_t bytes[SIGNED_MAX];

        return msptk__verify(key, bytes, signed_bytes(bytes, PRUNE_VERSION, seq, at, NULL),
                             signature, NULL) == MSPTK_OK;
}

/* ---- as text ---- */

void msptk__audit_head_print(const audit_head *head, char ret[AUDIT_HEAD_TEXT])
{
        char hash[2 * DIGEST_BYTES + 1], key[2 * SIGN_KEY_BYTES + 1], sig[2 * SIGN_BYTES + 1];

        msptk__hex(head->hash, DIGEST_BYTES, hash);
        msptk__hex(head->key, SIGN_KEY_BYTES, key);
        msptk__hex(head->signature, SIGN_BYTES, sig);
        snprintf(ret, AUDIT_HEAD_TEXT, HEAD_PREFIX ":%" PRId64 ":%" PRId64 ":%s:%s:%s", head->seq,
                 head->at, hash, key, sig);
}

/* Takes the text up to the next ':' (or the end) out of *at; false when there is none or it is
 * longer than `cap` allows. */
static bool take(const char **at, char *out, size_t cap)
{
        size_t len = *at ? strcspn(*at, ":") : 0;

        if (!*at || len == 0 || len >= cap)
                return false;
        memcpy(out, *at, len);
        out[len] = '\0';
        *at = (*at)[len] == ':' ? *at + len + 1 : NULL;
        return true;
}

static bool take_int(const char **at, int64_t *ret)
{
        char text[32];

        return take(at, text, sizeof(text)) && msptk__num_int64(text, strlen(text), ret) &&
               *ret > 0;
}

static bool take_hex(const char **at, uint8_t *ret, size_t len)
{
        char text[2 * SIGN_BYTES + 1];
        size_t got;

        return take(at, text, sizeof(text)) && msptk__hex_decode(text, ret, len, &got) &&
               got == len;
}

msptk_status msptk__audit_head_parse(const char *text, audit_head *ret, msptk_error **ret_err)
{
        char prefix[sizeof(HEAD_PREFIX)];
        audit_head h;

        if (take(&text, prefix, sizeof(prefix)) && !strcmp(prefix, HEAD_PREFIX) &&
            take_int(&text, &h.seq) && take_int(&text, &h.at) &&
            take_hex(&text, h.hash, DIGEST_BYTES) && take_hex(&text, h.key, SIGN_KEY_BYTES) &&
            take_hex(&text, h.signature, SIGN_BYTES) && !text) {
                *ret = h;
                return MSPTK_OK;
        }
        return fail_why(ret_err, MSPTK_E_INVALID, "BAD_HEAD",
                        "give the whole text that 'audit head' printed",
                        "the head is not of the form '" HEAD_PREFIX ":SEQ:AT:HASH:KEY:SIGNATURE'");
}
