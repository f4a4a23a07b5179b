/* What is counted per principal: a bucket of tokens for reads and one for writes, subscriptions,
 * and the printed lists. The table is bounded: who is not here any more is forgotten, oldest first.
 */
#include "mcp/internal.h"

enum { ACCOUNTS_MAX = 1024, TOKEN = 60000 };

static uint32_t hash(const char *s)
{
        uint32_t h = 2166136261u;

        while (*s)
                h = (h ^ (unsigned char)*s++) * 16777619u;
        return h;
}

void account_forget_lists(account *a, int32_t what)
{
        for (int32_t i = 0; i < LIST_KINDS; i++) {
                if (what >= 0 && i != what)
                        continue;
                if (a->server)
                        a->server->list_bytes -= a->lists[i].len;
                free(a->lists[i].text);
                a->lists[i] = (list_text){ 0 };
        }
}

static void account_free(account *a)
{
        account_forget_lists(a, -1);
        free(a->name);
        free(a);
}

static void forget_oldest(mcp_server *s)
{
        account **oldest = NULL, *a;

        for (size_t i = 0; i < ACCOUNT_BUCKETS; i++)
                for (account **at = &s->accounts[i]; *at; at = &(*at)->next)
                        if (!(*at)->users && (!oldest || (*at)->used < (*oldest)->used))
                                oldest = at;
        if (!oldest)
                return;
        a = *oldest;
        *oldest = a->next;
        s->account_count--;
        account_free(a);
}

account *account_get(mcp_server *s, const char *name)
{
        account **bucket = &s->accounts[hash(name) % ACCOUNT_BUCKETS], *a;

        for (a = *bucket; a; a = a->next)
                if (!strcmp(a->name, name))
                        break;
        if (!a) {
                if (s->account_count >= ACCOUNTS_MAX)
                        forget_oldest(s);
                a = need(calloc(1, sizeof(*a)));
                a->server = s;
                a->name = copy_text(name);
                a->reads = (int64_t)s->o.limits.reads_per_minute * TOKEN;
                a->writes = (int64_t)s->o.limits.writes_per_minute * TOKEN;
                a->filled_ms = s->now_ms;
                a->next = *bucket;
                *bucket = a;
                s->account_count++;
        }
        a->users++;
        a->used = ++s->account_clock;
        return a;
}

void account_put(account *a)
{
        if (a && --a->users == 0 && !a->server)
                account_free(a);
}

void accounts_free(mcp_server *s)
{
        for (size_t i = 0; i < ACCOUNT_BUCKETS; i++)
                for (account *a; (a = s->accounts[i]);) {
                        s->accounts[i] = a->next;
                        account_forget_lists(a, -1);
                        a->server = NULL;
                        if (!a->users)
                                account_free(a);
                }
        s->account_count = 0;
}

static int64_t filled(int64_t have, int64_t per_minute, int64_t ms)
{
        int64_t full = per_minute * TOKEN;

        if (ms >= 60000)
                return full;
        have += per_minute * ms;
        return have < full ? have : full;
}

bool account_take(account *a, bool writes, int64_t *ret_wait_ms)
{
        const mcp_limits *l;
        int64_t per_minute, ms, *bucket;

        if (ret_wait_ms)
                *ret_wait_ms = 0;
        if (!a->server)
                return true;
        l = &a->server->o.limits;
        per_minute = writes ? l->writes_per_minute : l->reads_per_minute;
        if (per_minute <= 0)
                return true;
        ms = a->server->now_ms - a->filled_ms;
        if (ms > 0) {
                a->reads = filled(a->reads, l->reads_per_minute, ms);
                a->writes = filled(a->writes, l->writes_per_minute, ms);
                a->filled_ms = a->server->now_ms;
        }
        bucket = writes ? &a->writes : &a->reads;
        if (*bucket >= TOKEN) {
                *bucket -= TOKEN;
                return true;
        }
        if (ret_wait_ms)
                *ret_wait_ms = (TOKEN - *bucket + per_minute - 1) / per_minute;
        return false;
}

bool mcp_limit_take(mcp_call *c, bool writes, int64_t *ret_wait_ms)
{
        return account_take(c->account, writes, ret_wait_ms);
}
