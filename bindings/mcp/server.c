/* The server: what does not belong to one connection. */
#include "mcp/internal.h"

static char *print_info(const mcp_server_opts *o)
{
        msptk_json *info = new_object();
        char *printed;

        put_str(info, "name", o->name ? o->name : "server");
        put_str_if(info, "title", o->title);
        put_str(info, "version", o->version ? o->version : "0");
        printed = print_tree(info);
        msptk_json_free(info);
        return printed;
}

static void put_feature(msptk_json *all, uint32_t has, uint32_t feature, const char *name)
{
        msptk_json *f;

        if (!(has & feature))
                return;
        f = put_object(all, name);
        if (feature == MCP_HAS_RESOURCES && (has & MCP_HAS_SUBSCRIPTIONS))
                put_bool(f, "subscribe", true);
        if ((feature & (MCP_HAS_TOOLS | MCP_HAS_RESOURCES | MCP_HAS_PROMPTS)) &&
            (has & MCP_LISTS_CHANGE))
                put_bool(f, "listChanged", true);
}

static char *print_features(uint32_t has)
{
        msptk_json *all = new_object();
        char *printed;

        put_feature(all, has, MCP_HAS_TOOLS, "tools");
        put_feature(all, has, MCP_HAS_RESOURCES, "resources");
        put_feature(all, has, MCP_HAS_PROMPTS, "prompts");
        put_feature(all, has, MCP_HAS_COMPLETIONS, "completions");
        put_feature(all, has, MCP_HAS_LOGGING, "logging");
        printed = print_tree(all);
        msptk_json_free(all);
        return printed;
}

static void fill_limits(mcp_limits *l)
{
        if (!l->message_bytes)
                l->message_bytes = MESSAGE_BYTES;
        if (l->in_flight <= 0)
                l->in_flight = IN_FLIGHT;
        if (l->subscriptions <= 0)
                l->subscriptions = SUBSCRIPTIONS;
        if (l->ask_timeout_ms <= 0)
                l->ask_timeout_ms = ASK_TIMEOUT_MS;
        if (l->coalesce_ms < 0)
                l->coalesce_ms = 0;
}

mcp_server *mcp_server_new(const mcp_server_opts *opts)
{
        mcp_server *s = need(calloc(1, sizeof(*s)));
        text tail = { 0 };

        s->o = *opts;
        s->cat = opts->catalogue;
        fill_limits(&s->o.limits);
        s->info = print_info(opts);
        s->features = print_features(s->cat->has);
        text_addf(&tail, ",\"_meta\":{\"" META_PREFIX "serverInfo\":%s}}}", s->info);
        s->modern_tail = tail.data;
        return s;
}

/* Calls whose handlers wait for time to pass end now; the others end later, without us. */
static void leave_orphans(mcp_server *s)
{
        enum { TURNS = 10000 };

        for (int turn = 0; turn < TURNS; turn++) {
                call *c = s->orphans;
                void (*fn)(call *, void *);

                while (c && !c->after_fn)
                        c = c->next;
                if (!c)
                        break;
                timer_stop(&s->timers, &c->after);
                fn = c->after_fn;
                c->after_fn = NULL;
                fn(c, c->after_user);
        }
        for (call *c; (c = s->orphans);) {
                s->orphans = c->next;
                timer_stop(&s->timers, &c->after);
                timer_stop(&s->timers, &c->progress);
                c->prev = c->next = NULL;
                c->server = NULL;
        }
}

void mcp_server_free(mcp_server *s)
{
        if (!s)
                return;
        while (s->conns)
                mcp_conn_free(s->conns);
        leave_orphans(s);
        watch_free(s);
        accounts_free(s);
        free(s->timers.heap);
        text_free(&s->scratch);
        free(s->info);
        free(s->features);
        free(s->modern_tail);
        free(s);
}

int64_t mcp_tick(mcp_server *s, int64_t now_ms)
{
        enum { AT_ONCE = 1000 }; /* then the transport has its turn */
        timer *t;

        if (now_ms > s->now_ms)
                s->now_ms = now_ms;
        for (int i = 0; i < AT_ONCE && (t = timer_take(&s->timers, s->now_ms)); i++)
                t->fn(t);
        return timer_next(&s->timers, s->now_ms);
}
