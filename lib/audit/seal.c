/*
 * Cursors as they go outside: opaque, and good only where they were given. Sealed is base64url of
 * which key, what the cursor is bound to, a MAC and the room's own cursor. Bound to are the
 * operation, its arguments and the audience: a cursor that came with other filters would silently
 * leave rows out, and where a list stands that somebody may see part of is not for others.
 */
#define ROOM "audit"
#include "audit/internal.h"

#include <string.h>

enum { KEY_WORKSPACE = 1, KEY_PROCESS = 2 };
enum { BOUND_AT = 1, MAC_AT = BOUND_AT + SEAL_BYTES, TEXT_AT = MAC_AT + SEAL_BYTES };

static void mac_of(const uint8_t key[DIGEST_BYTES], uint8_t kind, const uint8_t bound[SEAL_BYTES],
                   const void *text, size_t len, uint8_t ret[DIGEST_BYTES])
{
        digest d;

        msptk__digest_init_key(&d, key, DIGEST_BYTES);
        msptk__digest_update(&d, &kind, 1);
        msptk__digest_update(&d, bound, SEAL_BYTES);
        msptk__digest_update(&d, text, len);
        msptk__digest_final(&d, ret);
}

msptk_status msptk__seal_make(const uint8_t key[DIGEST_BYTES], uint8_t kind,
                              const uint8_t bound[SEAL_BYTES], const char *text, char **ret,
                              msptk_error **ret_err)
{
        size_t len = strlen(text);
        uint8_t bytes[TEXT_AT + SEAL_TEXT_MAX], mac[DIGEST_BYTES];
        char *out;

        if (len > SEAL_TEXT_MAX)
                return fail(ret_err, MSPTK_E_INTERNAL, "seal a cursor of %zu bytes", len);
        bytes[0] = kind;
        memcpy(bytes + BOUND_AT, bound, SEAL_BYTES);
        mac_of(key, kind, bound, text, len, mac);
        memcpy(bytes + MAC_AT, mac, SEAL_BYTES);
        memcpy(bytes + TEXT_AT, text, len);
        out = msptk__alloc(BASE64URL_LEN(TEXT_AT + len));
        if (!out)
                return msptk__nomem(ret_err);
        msptk__base64url(bytes, TEXT_AT + len, out);
        *ret = out;
        return MSPTK_OK;
}

bool msptk__seal_parse(const char *text, sealed *ret)
{
        size_t len = 0;

        if (!msptk__base64url_decode(text, ret->bytes, TEXT_AT + SEAL_TEXT_MAX, &len) ||
            len <= TEXT_AT || (ret->bytes[0] != KEY_WORKSPACE && ret->bytes[0] != KEY_PROCESS))
                return false;
        ret->len = len;
        ret->bytes[len] = '\0';
        return true;
}

bool msptk__seal_holds(const sealed *s, const uint8_t key[DIGEST_BYTES])
{
        uint8_t mac[DIGEST_BYTES];

        mac_of(key, s->bytes[0], s->bytes + BOUND_AT, s->bytes + TEXT_AT, s->len - TEXT_AT, mac);
        return msptk__bytes_equal(mac, s->bytes + MAC_AT, SEAL_BYTES) &&
               !memchr(s->bytes + TEXT_AT, '\0', s->len - TEXT_AT);
}

/* The workspace's key, derived once: the vault's own must not be asked for with every page. Where
 * the vault opens by a passphrase, and where it cannot be opened at all, cursors live as long as
 * the process: a list must not take half a second for them, or fail. */
static uint8_t workspace_key(act *a, uint8_t ret[DIGEST_BYTES])
{
        audit *au = a->c->audit;
        AUTO_TX store_tx *tx = NULL;
        uint8_t key[DIGEST_BYTES];
        int32_t known;

        pthread_mutex_lock(&au->lock);
        known = au->seal_known;
        memcpy(ret, known ? au->seal_key : au->mac_key, DIGEST_BYTES);
        pthread_mutex_unlock(&au->lock);
        if (known || !a->c->vault || msptk__vault_by_passphrase(a->c->vault))
                return known ? KEY_WORKSPACE : KEY_PROCESS;
        if ((!a->tx && msptk__act_begin_tx(a, TX_READ, &tx, NULL) < 0) ||
            msptk__vault_mac(a->c->vault, a->tx ? a->tx : tx, "cursor", "", 0, key, NULL) < 0)
                return KEY_PROCESS;
        pthread_mutex_lock(&au->lock);
        memcpy(au->seal_key, key, DIGEST_BYTES);
        au->seal_known = 1;
        pthread_mutex_unlock(&au->lock);
        memcpy(ret, key, DIGEST_BYTES);
        msptk__wipe(key, sizeof(key));
        return KEY_WORKSPACE;
}

static msptk_status bind_to(const act *a, const msptk_json *bound, uint8_t ret[SEAL_BYTES],
                            msptk_error **ret_err)
{
        uint8_t whole[DIGEST_BYTES];
        char audience[AUDIENCE_CAP];
        char hex[DIGEST_HEX];
        digest d;

        TRY(msptk__canon_digest(bound, hex, ret_err));
        msptk__act_audience(a, audience);
        msptk__digest_init(&d);
        msptk__digest_update(&d, a->row->name, strlen(a->row->name) + 1);
        msptk__digest_update(&d, audience, strlen(audience) + 1);
        msptk__digest_update(&d, hex, sizeof(hex));
        msptk__digest_final(&d, whole);
        memcpy(ret, whole, SEAL_BYTES);
        return MSPTK_OK;
}

msptk_status msptk__act_seal(act *a, const msptk_json *bound, const char *cursor, char **ret,
                             msptk_error **ret_err)
{
        uint8_t to[SEAL_BYTES], key[DIGEST_BYTES], kind;
        msptk_status st;

        TRY(bind_to(a, bound, to, ret_err));
        kind = workspace_key(a, key);
        st = msptk__seal_make(key, kind, to, cursor, ret, ret_err);
        msptk__wipe(key, sizeof(key));
        return st;
}

static msptk_status invalid(msptk_error **ret_err, const char *why)
{
        return fail_why(ret_err, MSPTK_E_INVALID, "CURSOR_INVALID",
                        "give next_cursor of the page before with the same arguments, or leave "
                        "cursor out to begin again",
                        "the cursor %s", why);
}

msptk_status msptk__act_unseal(act *a, const msptk_json *bound, const char *text, char **ret,
                               msptk_error **ret_err)
{
        uint8_t to[SEAL_BYTES], key[DIGEST_BYTES];
        sealed s;
        bool holds;

        if (!msptk__seal_parse(text, &s))
                return invalid(ret_err, "is not one that a page gave");
        memcpy(key, a->c->audit->mac_key, DIGEST_BYTES);
        if (s.bytes[0] == KEY_WORKSPACE)
                (void)workspace_key(a, key);
        holds = msptk__seal_holds(&s, key);
        msptk__wipe(key, sizeof(key));
        if (!holds)
                return invalid(ret_err, "was not made here, or was changed");
        TRY(bind_to(a, bound, to, ret_err));
        if (!msptk__bytes_equal(to, s.bytes + BOUND_AT, SEAL_BYTES))
                return invalid(ret_err, "belongs to another call than this one");
        *ret = msptk__strdup((const char *)s.bytes + TEXT_AT);
        return *ret ? MSPTK_OK : msptk__nomem(ret_err);
}

const void *msptk__act_op(const act *a)
{
        return a->row->op;
}

const msptk_json *msptk__act_given(const act *a)
{
        return a->given;
}
