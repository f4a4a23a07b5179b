/* Lists: printed once per principal and kept until they change, so that they are fast and the same
 * bytes every time. One page each. */
#include "mcp/internal.h"

enum { KEPT_BYTES = 1024 * 1024 }; /* of printed lists, over all principals */

static const char *const member_of[LIST_KINDS] = { "tools", "resources", "resourceTemplates",
                                                   "prompts" };
static const char *const noun_of[LIST_KINDS] = { "tool", "resource", "template", "prompt" };

static const msptk_json *listed(call *c, int32_t what)
{
        return c->server->cat->list(c->server->cat->user, what, &c->who);
}

static void forget_others(mcp_server *s, const account *but)
{
        for (size_t i = 0; i < ACCOUNT_BUCKETS; i++)
                for (account *a = s->accounts[i]; a; a = a->next)
                        if (a != but)
                                account_forget_lists(a, -1);
}

static const list_text *printed(call *c, int32_t what)
{
        list_text *l = &c->account->lists[what];
        mcp_server *s = c->server;
        const msptk_json *all;

        if (l->text && l->scopes == c->who.scopes)
                return l;
        account_forget_lists(c->account, what);
        if (s->list_bytes > KEPT_BYTES)
                forget_others(s, c->account);
        all = listed(c, what);
        l->text = all ? print_tree(all) : copy_text("[]");
        l->len = strlen(l->text);
        l->scopes = c->who.scopes;
        s->list_bytes += l->len;
        return l;
}

void run_list(call *c, int32_t what)
{
        const msptk_json *cursor = msptk_json_get(c->params, "cursor");
        const list_text *list;
        text *t;

        /* Everything is on the first page; "" is as good a name for it as none. */
        if (cursor && strcmp(msptk_json_string(cursor, "?"), "") != 0) {
                mcp_error(c, MCP_INVALID_PARAMS, "this cursor was not given out: begin without one",
                          NULL);
                return;
        }
        list = printed(c, what);
        t = scratch(c->server);
        begin_result(t, c);
        text_addf(t, "{\"%s\":", member_of[what]);
        text_addn(t, list->text, list->len);
        text_add(t, "}");
        end_result(c, t, true, c->server->o.list_ttl_ms, c->server->o.shared_lists);
        say_text(c, t, 200);
        call_close(c);
}

const msptk_json *find_listed(mcp_server *s, const mcp_principal *who, int32_t what,
                              const char *name)
{
        const msptk_json *all = s->cat->list(s->cat->user, what, who);

        for (const msptk_json *j = msptk_json_first(all); j; j = msptk_json_next(j))
                if (!strcmp(msptk_json_string(msptk_json_get(j, "name"), ""), name))
                        return j;
        return NULL;
}

void unknown_name(call *c, int32_t what, const char *name)
{
        const msptk_json *all = listed(c, what);
        const char **words = need(calloc(msptk_json_count(all) + 1, sizeof(*words)));
        msptk_json *data = new_object();
        const char *nearest;
        text why = { 0 }, advice = { 0 };
        size_t n = 0;

        for (const msptk_json *j = msptk_json_first(all); j; j = msptk_json_next(j))
                words[n++] = msptk_json_string(msptk_json_get(j, "name"), "");
        nearest = nearest_word(name, words, n);
        text_addf(&why, "there is no %s ", noun_of[what]);
        add_quoted(&why, name);
        if (nearest)
                text_addf(&advice, "did you mean %s?", nearest);
        else
                text_addf(&advice, "call %s/list to see what there is", member_of[what]);
        put_str(data, "suggestion", text_str(&advice));
        put_str_if(data, "nearest", nearest);
        free(words);
        mcp_error(c, MCP_INVALID_PARAMS, text_str(&why), data);
        text_free(&why);
        text_free(&advice);
}
