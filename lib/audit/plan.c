/* Plan tokens: id, expiry, what the plan is bound to, the revision it was made for, and a MAC. Good
 * once, for one principal, one operation and the same arguments. */
#define ROOM "audit"
#include "audit/internal.h"

#include <string.h>

#define TOKEN_PREFIX "plan1_"

typedef struct token {
        uint8_t id[16];
        uint8_t expires[8]; /* microseconds UTC, lowest byte first */
        uint8_t bound[DIGEST_BYTES];
        uint8_t revision[DIGEST_BYTES];
        uint8_t mac[DIGEST_BYTES];
} token;
_Static_assert(sizeof(token) == 120, "no padding: the token is signed and sent as it is");

static void bind(const act *a, uint8_t ret[DIGEST_BYTES])
{
        digest d;

        msptk__digest_init(&d);
        msptk__digest_update(&d, a->row->name, strlen(a->row->name) + 1);
        msptk__digest_update(&d, a->digest, DIGEST_HEX);
        msptk__digest_update(&d, a->opts.principal, strlen(a->opts.principal) + 1);
        /* Of an API token: a later one of the same name is another principal. */
        msptk__digest_update(&d, &a->granted_at, sizeof(a->granted_at));
        msptk__digest_final(&d, ret);
}

/* The MAC's key is the vault's; where none is open, plans live as long as this toolkit. */
static msptk_status seal(act *a, store_tx *tx, const token *t, uint8_t ret[DIGEST_BYTES],
                         msptk_error **ret_err)
{
        digest d;

        if (a->c->vault)
                return msptk__vault_mac(a->c->vault, tx, "plan", t, offsetof(token, mac), ret,
                                        ret_err);
        msptk__digest_init_key(&d, a->c->audit->mac_key, DIGEST_BYTES);
        msptk__digest_update(&d, t, offsetof(token, mac));
        msptk__digest_final(&d, ret);
        return MSPTK_OK;
}

static msptk_status revision_of(const msptk_json *plan, uint8_t ret[DIGEST_BYTES],
                                msptk_error **ret_err)
{
        const msptk_json *revision = msptk_json_get(plan, "revision");
        char hex[DIGEST_HEX];
        size_t len;

        TRY(msptk__canon_digest(revision ? revision : plan, hex, ret_err));
        msptk__hex_decode(hex, ret, DIGEST_BYTES, &len);
        return MSPTK_OK;
}

msptk_status msptk__plan_seal(act *a, store_tx *tx, msptk_json *plan, msptk_error **ret_err)
{
        char text[sizeof(TOKEN_PREFIX) + BASE64URL_LEN(sizeof(token))] = TOKEN_PREFIX;
        char until[TIME_TEXT_MAX];
        int64_t expires = a->now + a->c->audit->opts.plan_ms * 1000;
        token t;

        TRY(msptk__random_bytes(t.id, sizeof(t.id), ret_err));
        for (int i = 0; i < 8; i++)
                t.expires[i] = (uint8_t)((uint64_t)expires >> (8 * i));
        bind(a, t.bound);
        TRY(revision_of(plan, t.revision, ret_err));
        TRY(seal(a, tx, &t, t.mac, ret_err));
        msptk__base64url(&t, sizeof(t), text + sizeof(TOKEN_PREFIX) - 1);
        msptk__time_format(expires, until);
        if (msptk_json_set_string(plan, "plan_token", text) < 0 ||
            msptk_json_set_string(plan, "plan_expires_at", until) < 0)
                return msptk__nomem(ret_err);
        return MSPTK_OK;
}

static int64_t expiry(const token *t)
{
        uint64_t value = 0;

        for (int i = 0; i < 8; i++)
                value |= (uint64_t)t->expires[i] << (8 * i);
        return (int64_t)value;
}

static msptk_status check_mac(act *a, const token *t, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        uint8_t mac[DIGEST_BYTES];

        if (a->c->vault)
                TRY(msptk__tx_begin(a->c->store, TX_READ, 0, &tx, ret_err));
        TRY(seal(a, tx, t, mac, ret_err));
        if (!msptk__bytes_equal(mac, t->mac, DIGEST_BYTES))
                return fail_why(ret_err, MSPTK_E_PLAN, "PLAN_FORGED",
                                "make a new plan, and confirm that one",
                                "the plan token was not made by this workspace");
        return MSPTK_OK;
}

msptk_status msptk__plan_open(act *a, msptk_error **ret_err)
{
        const char *text = a->opts.plan_token;
        uint8_t bound[DIGEST_BYTES];
        size_t len = 0;
        token t;

        if (a->row->plan == PLAN_NONE)
                return fail_why(ret_err, MSPTK_E_PLAN, "PLAN_UNSUPPORTED",
                                "call it without a plan token", "'%s' cannot be planned",
                                a->row->name);
        if (strncmp(text, TOKEN_PREFIX, sizeof(TOKEN_PREFIX) - 1) ||
            !msptk__base64url_decode(text + sizeof(TOKEN_PREFIX) - 1, &t, sizeof(t), &len) ||
            len != sizeof(t))
                return fail_why(ret_err, MSPTK_E_PLAN, "PLAN_FORGED",
                                "give the whole plan_token of a plan", "that is no plan token");
        TRY(check_mac(a, &t, ret_err));
        bind(a, bound);
        if (!msptk__bytes_equal(bound, t.bound, DIGEST_BYTES))
                return fail_why(ret_err, MSPTK_E_PLAN, "PLAN_MISMATCH",
                                "call with the operation, arguments and principal of the plan",
                                "the plan was made for another call than this one");
        if (a->now > expiry(&t))
                return fail_why(ret_err, MSPTK_E_PLAN, "PLAN_EXPIRED",
                                "make a new plan, and confirm that one", "the plan has expired");
        a->has_plan = 1;
        memcpy(a->plan_id, t.id, sizeof(t.id));
        memcpy(a->plan_revision, t.revision, DIGEST_BYTES);
        return MSPTK_OK;
}

msptk_status msptk__plan_confirm(act *a, msptk_error **ret_err)
{
        AUTO_JSON msptk_json *plan = NULL;
        uint8_t revision[DIGEST_BYTES];

        TRY(a->row->make_plan(a, a->args, &plan, ret_err));
        TRY(revision_of(plan, revision, ret_err));
        if (msptk__bytes_equal(revision, a->plan_revision, DIGEST_BYTES))
                return MSPTK_OK;
        return fail_why(
                ret_err, MSPTK_E_PLAN, "PLAN_STALE", "make a new plan, and confirm that one",
                "what the plan of '%s' touches has changed since it was made", a->row->name);
}

msptk_status msptk__plan_use(act *a, store_tx *tx, msptk_error **ret_err)
{
        TRY(msptk__exec(tx, ret_err,
                        "INSERT INTO plan_used (id, used_at) VALUES (?1, ?2) ON CONFLICT (id) DO "
                        "NOTHING",
                        SQL_BLOB(a->plan_id, sizeof(a->plan_id)), SQL_INT(a->now)));
        if (msptk__tx_changes(tx) == 1)
                return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_PLAN, "PLAN_USED", "make a new plan, and confirm that one",
                        "the plan was carried out already");
}
