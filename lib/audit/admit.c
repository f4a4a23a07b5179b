/* Admission: who may do what, to whom, how often. */
#define ROOM "audit"
#include "audit/internal.h"

#include <string.h>

static msptk_status check_scope(const act *a, msptk_error **ret_err)
{
        if (a->scopes >> a->row->scope & 1)
                return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_DENIED, "SCOPE_MISSING",
                        "ask for the scope that the message names",
                        "'%s' lacks the scope '%s' that '%s' needs", a->opts.principal,
                        msptk__scope_name(a->row->scope), a->row->name);
}

/* An operation over all clients is not for someone who may see a few. */
static msptk_status check_reach(const act *a, msptk_error **ret_err)
{
        if (!a->sees || a->row->clients == CLIENTS_FILTERED ||
            (a->row->clients == CLIENTS_NAMED && a->client_id))
                return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_DENIED, "CLIENT_NOT_ALLOWED",
                        "name a client that this principal may use",
                        "'%s' may not do '%s' for all clients", a->opts.principal, a->row->name);
}

/* Rows without find_client name clients by their ids. */
static msptk_status check_client(act *a, store_tx *tx, msptk_error **ret_err)
{
        msptk_status st = msptk__act_may(a, tx, a->client_id, ret_err);

        if (st != MSPTK_DONE)
                return st;
        return fail_why(ret_err, MSPTK_E_DENIED, "CLIENT_NOT_ALLOWED",
                        "name a client that this principal may use",
                        "'%s' may not do '%s' for client '%s'", a->opts.principal, a->row->name,
                        a->client_id);
}

/* A client may be named by its name; from here on it is its id. */
static msptk_status settle_client(act *a, store_tx *tx, msptk_error **ret_err)
{
        AUTO_FREE char *id = NULL, *given = NULL;
        msptk_status st;

        if (!a->client_id)
                return MSPTK_OK;
        if (!a->row->find_client)
                return check_client(a, tx, ret_err);
        /* A denial changes the act's own. */
        if (!(given = msptk__strdup(a->client_id)))
                return msptk__nomem(ret_err);
        st = a->row->find_client(a, tx, given, &id, ret_err);
        if (st < 0)
                return st;
        if (!id || !strcmp(id, a->client_id))
                return MSPTK_OK;
        if (msptk_json_set_string(a->args, a->row->client_param, id) < 0 ||
            (a->shown && msptk_json_set_string(a->shown, a->row->client_param, id) < 0) ||
            msptk__replace(&a->client_id, id) < 0)
                return msptk__nomem(ret_err);
        return msptk__act_digest(a, ret_err);
}

static msptk_status identify(act *a, msptk_error **ret_err)
{
        bool token = msptk__principal_is_token(a->opts.principal);
        AUTO_TX store_tx *tx = NULL;

        if ((token || (a->client_id && a->row->find_client)) && a->c->store)
                TRY(msptk__tx_begin(a->c->store, TX_READ, msptk__act_wait_ms(a), &tx, ret_err));
        TRY(msptk__grant_read(a, tx, ret_err));
        TRY(check_scope(a, ret_err));
        TRY(check_reach(a, ret_err));
        return tx ? settle_client(a, tx, ret_err) : MSPTK_OK;
}

static int32_t is_read_only(const act *a)
{
        return a->c->read_only || a->c->no_changes || a->opts.read_only;
}

msptk_status msptk__act_allowed(act *a, msptk_error **ret_err)
{
        TRY(identify(a, ret_err));
        if (a->mode != ACT_PLANNING && a->row->effect != EFFECT_READ && is_read_only(a))
                return fail_why(ret_err, MSPTK_E_DENIED, "READ_ONLY",
                                "use a door that may write, or make a plan",
                                "'%s' changes state, and this door only reads", a->row->name);
        return MSPTK_OK;
}

/* ---- how often: a window of sixty one-second slots per principal ---- */

static usage *usage_of(audit *au, const char *principal)
{
        usage *grown;

        for (size_t i = 0; i < au->usage_count; i++)
                if (!strcmp(au->usages[i].principal, principal))
                        return &au->usages[i];
        if (au->usage_count >= PRINCIPALS_MAX)
                return NULL;
        grown = msptk__realloc_array(au->usages, au->usage_count + 1, sizeof(*grown));
        if (!grown)
                return NULL;
        au->usages = grown;
        grown += au->usage_count;
        *grown = (usage){ .principal = msptk__strdup(principal) };
        if (!grown->principal)
                return NULL;
        au->usage_count++;
        return grown;
}

static void slide(usage *u, int64_t second)
{
        int64_t steps = second - u->second;

        if (steps > LIMIT_SLOTS)
                steps = LIMIT_SLOTS;
        for (int64_t i = 0; i < steps; i++) {
                int32_t *slot = &u->per_second[(second - i) % LIMIT_SLOTS];

                u->sum -= *slot;
                *slot = 0;
        }
        if (second > u->second)
                u->second = second;
}

/* How long until the oldest call that counts has left the window. */
static int64_t wait_ms(const usage *u, int64_t now_ms)
{
        for (int64_t s = u->second - LIMIT_SLOTS + 1; s <= u->second; s++)
                if (s >= 0 && u->per_second[s % LIMIT_SLOTS])
                        return (s + LIMIT_SLOTS) * 1000 - now_ms;
        return 1000;
}

static msptk_status check_rate(audit *au, const act *a, msptk_error **ret_err)
{
        int32_t limit = a->row->uncounted ? 0 : au->opts.requests_per_minute;
        int64_t now_ms = a->now / 1000, wait = 0;
        usage *u;

        if (limit <= 0 || now_ms < 0)
                return MSPTK_OK;
        pthread_mutex_lock(&au->lock);
        u = usage_of(au, a->opts.principal);
        if (u) {
                slide(u, now_ms / 1000);
                if (u->sum >= limit) {
                        wait = wait_ms(u, now_ms);
                } else {
                        u->per_second[u->second % LIMIT_SLOTS]++;
                        u->sum++;
                }
        } else {
                wait = 1000; /* more principals than we can count for */
        }
        pthread_mutex_unlock(&au->lock);
        if (!wait)
                return MSPTK_OK;
        fail_why(ret_err, MSPTK_E_RATE, "TOO_MANY_REQUESTS",
                 "wait as long as retry_after_ms says, then try again",
                 "'%s' made more than %d requests in a minute", a->opts.principal, limit);
        if (ret_err)
                msptk__error_set_retry(*ret_err, 1, wait);
        return MSPTK_E_RATE;
}

/* ---- plans ---- */

static msptk_status check_plan(act *a, msptk_error **ret_err)
{
        if (a->mode == ACT_PLANNING) {
                if (a->row->plan == PLAN_NONE || !a->row->make_plan)
                        return fail_why(ret_err, MSPTK_E_PLAN, "PLAN_UNSUPPORTED",
                                        "call it without asking for a plan",
                                        "'%s' cannot be planned", a->row->name);
                return MSPTK_OK;
        }
        if (a->opts.plan_token)
                return msptk__plan_open(a, ret_err);
        if (a->row->plan == PLAN_REQUIRED)
                return fail_why(ret_err, MSPTK_E_PLAN, "PLAN_REQUIRED",
                                "make a plan first, and call again with its plan_token",
                                "'%s' is carried out only with a confirmed plan", a->row->name);
        return MSPTK_OK;
}

/* What a door refuses for reasons of its own is a denial like any other. */
static msptk_status check_door(const act *a, msptk_error **ret_err)
{
        if (!a->opts.refused)
                return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_DENIED, a->opts.refused,
                        "see what the door says of the reason",
                        "'%s' was refused by the door it came through", a->row->name);
}

msptk_status msptk__act_admit(audit *au, act *a, msptk_error **ret_err)
{
        TRY(check_door(a, ret_err));
        TRY(msptk__act_allowed(a, ret_err));
        TRY(check_rate(au, a, ret_err));
        return check_plan(a, ret_err);
}
