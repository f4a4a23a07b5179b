/* Admission: who may do what, to whom, how often. */
#define ROOM "audit"
#include "audit/internal.h"

#include <string.h>

static const grant *grant_of(const audit *au, const char *principal)
{
        for (size_t i = 0; i < au->grant_count; i++)
                if (!strcmp(au->grants[i].principal, principal))
                        return &au->grants[i];
        return NULL;
}

static msptk_status check_client(const grant *g, const act *a, msptk_error **ret_err)
{
        if (!g || !g->clients)
                return MSPTK_OK;
        /* An operation over all clients is not for someone who may see a few. */
        for (size_t i = 0; a->client_id && g->clients[i]; i++)
                if (!strcmp(g->clients[i], a->client_id))
                        return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_DENIED, "CLIENT_NOT_ALLOWED",
                        "name a client that this principal may use",
                        "'%s' may not do '%s' for %s%s%s", a->opts.principal, a->row->name,
                        a->client_id ? "client '" : "all clients", a->client_id ? a->client_id : "",
                        a->client_id ? "'" : "");
}

static int32_t is_read_only(const act *a)
{
        return a->c->read_only || a->opts.read_only;
}

msptk_status msptk__act_allowed(const audit *au, const act *a, msptk_error **ret_err)
{
        const grant *g = au ? grant_of(au, a->opts.principal) : NULL;

        if (g && !(g->scopes >> a->row->scope & 1))
                return fail_why(ret_err, MSPTK_E_DENIED, "SCOPE_MISSING",
                                "ask for the scope that the message names",
                                "'%s' lacks the scope '%s' that '%s' needs", a->opts.principal,
                                msptk__scope_name(a->row->scope), a->row->name);
        TRY(check_client(g, a, ret_err));
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
        const grant *g = grant_of(au, a->opts.principal);
        int32_t limit =
                g && g->requests_per_minute ? g->requests_per_minute : au->opts.requests_per_minute;
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

msptk_status msptk__act_admit(audit *au, act *a, msptk_error **ret_err)
{
        TRY(msptk__act_allowed(au, a, ret_err));
        TRY(check_rate(au, a, ret_err));
        return check_plan(a, ret_err);
}
