/* Grants: what the principal of an API token may do. A token that was shown to this toolkit arms
 * its principal here; what it grants is read from the store at every act, so that removing it
 * counts at once, in every process. */
#define ROOM "audit"
#include "audit/internal.h"

#include <stdio.h>
#include <string.h>

/* More than there can be tokens: what falls out was removed, or is shown again soon. */
enum { ARMED_MAX = 2000 };

struct armed {
        char *name;
        uint8_t hash[DIGEST_BYTES];
};

bool msptk__principal_is_token(const char *principal)
{
        return principal && !strncmp(principal, PRINCIPAL_TOKEN, strlen(PRINCIPAL_TOKEN));
}

/* ---- which tokens were shown; all under the lock ---- */

static armed *armed_find(const audit *au, const char *name)
{
        for (size_t i = 0; i < au->armed_count; i++)
                if (!strcmp(au->armed[i].name, name))
                        return &au->armed[i];
        return NULL;
}

static void armed_drop(audit *au, armed *one)
{
        size_t after = au->armed_count - (size_t)(one - au->armed) - 1;

        msptk__free(one->name);
        memmove(one, one + 1, after * sizeof(*one));
        au->armed_count--;
}

static msptk_status armed_add(audit *au, const char *name, const uint8_t hash[DIGEST_BYTES])
{
        armed *grown, *old = armed_find(au, name);

        if (old) {
                memcpy(old->hash, hash, DIGEST_BYTES);
                return MSPTK_OK;
        }
        if (au->armed_count >= ARMED_MAX)
                armed_drop(au, au->armed); /* the oldest */
        grown = msptk__realloc_array(au->armed, au->armed_count + 1, sizeof(*grown));
        if (!grown)
                return MSPTK_E_NOMEM;
        au->armed = grown;
        grown += au->armed_count;
        *grown = (armed){ .name = msptk__strdup(name) };
        if (!grown->name)
                return MSPTK_E_NOMEM;
        memcpy(grown->hash, hash, DIGEST_BYTES);
        au->armed_count++;
        return MSPTK_OK;
}

msptk_status msptk__grant_arm(audit *au, const char *name, const uint8_t hash[DIGEST_BYTES],
                              msptk_error **ret_err)
{
        msptk_status st;

        pthread_mutex_lock(&au->lock);
        st = armed_add(au, name, hash);
        pthread_mutex_unlock(&au->lock);
        return st < 0 ? msptk__nomem(ret_err) : MSPTK_OK;
}

static bool armed_hash(audit *au, const char *name, uint8_t ret[DIGEST_BYTES])
{
        const armed *one;

        pthread_mutex_lock(&au->lock);
        one = armed_find(au, name);
        if (one)
                memcpy(ret, one->hash, DIGEST_BYTES);
        pthread_mutex_unlock(&au->lock);
        return one != NULL;
}

/* Whatever became of the token, this one will not be good again. */
static void disarm(audit *au, const char *name, const uint8_t hash[DIGEST_BYTES])
{
        armed *one;

        pthread_mutex_lock(&au->lock);
        one = armed_find(au, name);
        if (one && !memcmp(one->hash, hash, DIGEST_BYTES))
                armed_drop(au, one);
        pthread_mutex_unlock(&au->lock);
}

void msptk__grants_clear(audit *au)
{
        while (au->armed_count)
                armed_drop(au, &au->armed[au->armed_count - 1]);
        msptk__free(STEAL(au->armed));
}

/* ---- what an act is granted ---- */

static msptk_status read_grant(act *a, store_tx *tx, const char *name,
                               const uint8_t hash[DIGEST_BYTES], msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        const void *kept = NULL;
        size_t len = 0;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT hash, scopes, every_client, created_at, expires_at FROM api_token"
                         " WHERE name = ?1",
                         SQL_TEXT(name)));
        st = msptk__stmt_step(q, ret_err);
        if (st < 0)
                return st;
        if (st == MSPTK_OK)
                kept = msptk__stmt_blob(q, 0, &len);
        if (!kept || len != DIGEST_BYTES || !msptk__bytes_equal(kept, hash, DIGEST_BYTES) ||
            msptk__stmt_int(q, 4) <= a->now) {
                disarm(a->c->audit, name, hash);
                return msptk__token_invalid(ret_err);
        }
        a->scopes = (uint32_t)msptk__stmt_int(q, 1);
        a->granted_at = msptk__stmt_int(q, 3);
        if (!msptk__stmt_int(q, 2))
                a->sees = name;
        return MSPTK_OK;
}

msptk_status msptk__grant_read(act *a, store_tx *tx, msptk_error **ret_err)
{
        const char *name = a->opts.principal + strlen(PRINCIPAL_TOKEN);
        uint8_t hash[DIGEST_BYTES];

        a->scopes = UINT32_MAX;
        a->sees = NULL;
        if (!msptk__principal_is_token(a->opts.principal))
                return MSPTK_OK; /* its door decides */
        if (!tx || !a->c->audit || !armed_hash(a->c->audit, name, hash))
                return msptk__token_invalid(ret_err);
        return read_grant(a, tx, name, hash, ret_err);
}

/* ---- what work may ask ---- */

const char *msptk__act_sees(const act *a)
{
        return a->sees;
}

void msptk__act_deny(act *a, const char *client_id)
{
        a->denied = 1;
        msptk__act_note(a, "denied", "CLIENT_NOT_ALLOWED");
        /* Who looks for what was tried on a client finds it, whatever it was called. */
        if (client_id)
                (void)msptk__replace(&a->client_id, client_id);
}

msptk_status msptk__act_may(act *a, store_tx *tx, const char *client_id, msptk_error **ret_err)
{
        int64_t one = 0;
        msptk_status st;

        if (!a->sees)
                return MSPTK_OK;
        st = msptk__query_int(tx, &one, ret_err,
                              "SELECT 1 FROM api_token_client WHERE token = ?1 AND client_id = ?2",
                              SQL_TEXT(a->sees), SQL_TEXT(client_id));
        if (st == MSPTK_DONE)
                msptk__act_deny(a, client_id);
        return st;
}

msptk_status msptk__act_sees_any(act *a, store_tx *tx, const char *const *clients, bool *ret,
                                 msptk_error **ret_err)
{
        AUTO_TX store_tx *own = NULL;
        int64_t one = 0;
        bool found = !a->sees;

        if (!tx)
                tx = a->tx;
        if (!found && !tx) {
                TRY(msptk__tx_begin(a->c->store, TX_READ, msptk__act_wait_ms(a), &own, ret_err));
                tx = own;
        }
        for (; !found && *clients; clients++) {
                msptk_status st = msptk__query_int(tx, &one, ret_err,
                                                   "SELECT 1 FROM api_token_client"
                                                   " WHERE token = ?1 AND client_id = ?2",
                                                   SQL_TEXT(a->sees), SQL_TEXT(*clients));

                if (st < 0)
                        return st;
                found = st == MSPTK_OK;
        }
        *ret = found;
        return MSPTK_OK;
}

void msptk__act_audience(const act *a, char ret[AUDIENCE_CAP])
{
        if (a->sees)
                snprintf(ret, AUDIENCE_CAP, "*%s:%lld", a->sees, (long long)a->granted_at);
        else
                snprintf(ret, AUDIENCE_CAP, "*");
}
