/* Who is told of what changes: listens of the modern era, sessions of the legacy one. */
#include "mcp/internal.h"

enum { TELL_TOOLS, TELL_RESOURCES, TELL_PROMPTS, TELL_KINDS };

static const char *const list_changed[TELL_KINDS] = { "notifications/tools/list_changed",
                                                      "notifications/resources/list_changed",
                                                      "notifications/prompts/list_changed" };
static const char *const filter_name[TELL_KINDS] = { "toolsListChanged", "resourcesListChanged",
                                                     "promptsListChanged" };
static const uint32_t filter_needs[TELL_KINDS] = { MCP_HAS_TOOLS, MCP_HAS_RESOURCES,
                                                   MCP_HAS_PROMPTS };

/* One thing that may be told, and when it last was. */
typedef struct subject {
        bool wanted, pending, told;
        int64_t told_ms;
} subject;

typedef struct watched {
        struct watched *next;
        char *uri;
        subject what;
} watched;

struct watcher {
        watcher *prev, *next;
        mcp_conn *conn;
        call *call; /* the listen; NULL in the legacy era */
        subject lists[TELL_KINDS];
        watched *uris;
        timer timer;
};

/* ---- URIs that somebody watches ---- */

/* Each principal has its own: what is there, and whether anything is, differs between them. */
static topic **find_topic(const mcp_conn *conn, const char *uri)
{
        uint32_t h = 5381;
        topic **at;

        for (const char *p = uri; *p; p++)
                h = h * 33 + (unsigned char)*p;
        at = &conn->server->topics[h % TOPIC_BUCKETS];
        while (*at && (strcmp((*at)->uri, uri) != 0 || strcmp((*at)->who, conn->who.name) != 0))
                at = &(*at)->next;
        return at;
}

static void topic_free(topic *t)
{
        free(t->uri);
        free(t->who);
        free(t);
}

static void topic_join(mcp_conn *conn, const char *uri)
{
        mcp_server *s = conn->server;
        topic **at = find_topic(conn, uri);

        if (!*at) {
                *at = need(calloc(1, sizeof(**at)));
                (*at)->uri = copy_text(uri);
                (*at)->who = copy_text(conn->who.name);
        }
        if (++(*at)->watchers == 1 && s->cat->watch)
                s->cat->watch(s->cat->user, uri, &conn->who, true);
}

static void topic_leave(mcp_conn *conn, const char *uri)
{
        mcp_server *s = conn->server;
        topic **at = find_topic(conn, uri), *t = *at;

        if (!t || --t->watchers)
                return;
        *at = t->next;
        if (s->cat->watch)
                s->cat->watch(s->cat->user, uri, &conn->who, false);
        topic_free(t);
}

void watch_free(mcp_server *s)
{
        for (size_t i = 0; i < TOPIC_BUCKETS; i++)
                for (topic *t; (t = s->topics[i]);) {
                        s->topics[i] = t->next;
                        topic_free(t);
                }
}

/* ---- watchers ---- */

static void on_due(timer *t);

static watcher *watcher_new(mcp_conn *conn, call *c)
{
        watcher *w = need(calloc(1, sizeof(*w)));

        w->conn = conn;
        w->call = c;
        w->timer.fn = on_due;
        w->next = conn->server->watchers;
        if (w->next)
                w->next->prev = w;
        conn->server->watchers = w;
        return w;
}

static void watched_remove(watcher *w, watched **at)
{
        watched *gone = *at;

        *at = gone->next;
        w->conn->account->uris--;
        topic_leave(w->conn, gone->uri);
        free(gone->uri);
        free(gone);
}

void watcher_free(watcher *w)
{
        mcp_server *s = w->conn->server;

        timer_stop(&s->timers, &w->timer);
        while (w->uris)
                watched_remove(w, &w->uris);
        if (w->prev)
                w->prev->next = w->next;
        else
                s->watchers = w->next;
        if (w->next)
                w->next->prev = w->prev;
        if (w->call) {
                w->call->listen = NULL;
                w->conn->account->listens--;
        } else {
                w->conn->watcher = NULL;
        }
        free(w);
}

static watched **find_watched(watcher *w, const char *uri)
{
        watched **at = &w->uris;

        while (*at && strcmp((*at)->uri, uri) != 0)
                at = &(*at)->next;
        return at;
}

/* False when the principal watches too much already. */
static bool watcher_add(watcher *w, const char *uri)
{
        watched **at = find_watched(w, uri);
        mcp_conn *conn = w->conn;

        if (*at)
                return true;
        if (conn->account->uris >= conn->server->o.limits.subscriptions * URIS_PER_SUBSCRIPTION)
                return false;
        conn->account->uris++;
        *at = need(calloc(1, sizeof(**at)));
        (*at)->uri = copy_text(uri);
        (*at)->what.wanted = true;
        topic_join(conn, uri);
        return true;
}

/* ---- telling ---- */

static void add_subscription(text *t, const call *c)
{
        text_add(t, "\"_meta\":{\"" META_PREFIX "subscriptionId\":");
        text_addn(t, c->id, c->id_len);
        text_add(t, "}");
}

static void tell(watcher *w, const char *method, const char *uri)
{
        mcp_conn *conn = w->conn;
        text *t = scratch(conn->server);

        text_addf(t, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\"", method);
        if (w->call || uri)
                text_add(t, ",\"params\":{");
        if (w->call)
                add_subscription(t, w->call);
        if (uri) {
                text_add(t, w->call ? ",\"uri\":" : "\"uri\":");
                add_json_string(t, uri);
        }
        text_add(t, w->call || uri ? "}}" : "}");
        if (w->call)
                say_interim(&w->call->to, t->data, t->len);
        else
                conn->out.send(conn->out.user, NULL, MCP_UNASKED, t->data, t->len, 0);
        scratch_done(conn->server);
}

/* Told now, or when as much time has passed as must be between two. */
static void change(watcher *w, subject *what, const char *method, const char *uri)
{
        mcp_server *s = w->conn->server;
        int64_t due = what->told_ms + s->o.limits.coalesce_ms;

        if (what->told && due > s->now_ms) {
                what->pending = true;
                if (!w->timer.place || w->timer.due_ms > due)
                        timer_set(&s->timers, &w->timer, due);
                return;
        }
        what->pending = false;
        what->told = true;
        what->told_ms = s->now_ms;
        tell(w, method, uri);
}

static void on_due(timer *t)
{
        watcher *w = OF_TIMER(watcher, timer, t);

        for (int32_t i = 0; i < TELL_KINDS; i++)
                if (w->lists[i].pending)
                        change(w, &w->lists[i], list_changed[i], NULL);
        for (watched *u = w->uris; u; u = u->next)
                if (u->what.pending)
                        change(w, &u->what, "notifications/resources/updated", u->uri);
}

void mcp_changed(mcp_server *s, int32_t what, const char *uri)
{
        static const int32_t kind_of[] = { TELL_TOOLS, TELL_RESOURCES, TELL_RESOURCES,
                                           TELL_PROMPTS };

        if (what >= 0 && what < LIST_KINDS)
                for (size_t i = 0; i < ACCOUNT_BUCKETS; i++)
                        for (account *a = s->accounts[i]; a; a = a->next)
                                account_forget_lists(a, what);
        for (watcher *w = s->watchers; w; w = w->next) {
                if (what == MCP_RESOURCE_CONTENT) {
                        watched *u = uri ? *find_watched(w, uri) : NULL;

                        if (u)
                                change(w, &u->what, "notifications/resources/updated", uri);
                } else if (what >= 0 && what < LIST_KINDS && w->lists[kind_of[what]].wanted) {
                        int32_t kind = kind_of[what];

                        change(w, &w->lists[kind], list_changed[kind], NULL);
                }
        }
}

void mcp_changed_for(mcp_server *s, const char *principal, const char *uri)
{
        for (watcher *w = s->watchers; w; w = w->next) {
                watched *u = strcmp(w->conn->who.name, principal) ? NULL : *find_watched(w, uri);

                if (u)
                        change(w, &u->what, "notifications/resources/updated", uri);
        }
}

/* ---- subscriptions/listen ---- */

static bool is_filter(const msptk_json *filter)
{
        const msptk_json *uris = msptk_json_get(filter, "resourceSubscriptions");

        if (!is_object(filter))
                return false;
        for (int32_t i = 0; i < TELL_KINDS; i++) {
                const msptk_json *flag = msptk_json_get(filter, filter_name[i]);

                if (flag && msptk_json_type(flag) != MSPTK_JSON_BOOL)
                        return false;
        }
        if (uris && msptk_json_type(uris) != MSPTK_JSON_ARRAY)
                return false;
        for (const msptk_json *j = msptk_json_first(uris); j; j = msptk_json_next(j))
                if (msptk_json_type(j) != MSPTK_JSON_STRING)
                        return false;
        return true;
}

static bool may_watch(const call *c, const char *uri)
{
        const mcp_catalogue *cat = c->server->cat;

        return (cat->has & MCP_HAS_SUBSCRIPTIONS) && strlen(uri) <= URI_BYTES &&
               (!cat->may_watch || cat->may_watch(cat->user, &c->who, uri));
}

/* Takes what of the filter can be honoured, and says so in `ret`. */
static void take_filter(watcher *w, const msptk_json *filter, msptk_json *ret)
{
        call *c = w->call;
        uint32_t has = c->server->cat->has;
        const msptk_json *uris = msptk_json_get(filter, "resourceSubscriptions");
        msptk_json *taken = NULL;

        for (int32_t i = 0; i < TELL_KINDS; i++) {
                if (!msptk_json_bool(msptk_json_get(filter, filter_name[i]), 0) ||
                    !(has & MCP_LISTS_CHANGE) || !(has & filter_needs[i]))
                        continue;
                w->lists[i].wanted = true;
                put_bool(ret, filter_name[i], true);
        }
        if (uris && (has & MCP_HAS_SUBSCRIPTIONS))
                taken = put_array(ret, "resourceSubscriptions");
        for (const msptk_json *j = taken ? msptk_json_first(uris) : NULL; j;
             j = msptk_json_next(j)) {
                const char *uri = msptk_json_string(j, "");

                if (!*find_watched(w, uri) && may_watch(c, uri) && watcher_add(w, uri))
                        add_str(taken, uri);
        }
}

void run_listen(call *c)
{
        const msptk_json *filter = msptk_json_get(c->params, "notifications");
        mcp_conn *conn = c->conn;
        msptk_json *honoured;
        char *printed;
        text *t;

        if (!is_filter(filter)) {
                mcp_error(c, MCP_INVALID_PARAMS,
                          "params.notifications must be an object of toolsListChanged, "
                          "promptsListChanged, resourcesListChanged (true or false) and "
                          "resourceSubscriptions (an array of strings)",
                          NULL);
                return;
        }
        if (conn->account->listens >= c->server->o.limits.subscriptions) {
                mcp_error(c, MCP_RATE_LIMITED, "too many subscriptions: end one first", NULL);
                return;
        }
        conn->account->listens++;
        conn->open--;
        c->listen = watcher_new(conn, c);
        honoured = new_object();
        take_filter(c->listen, filter, honoured);
        printed = print_tree(honoured);
        msptk_json_free(honoured);
        t = scratch(c->server);
        text_add(t, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\","
                    "\"params\":{");
        add_subscription(t, c);
        text_addf(t, ",\"notifications\":%s}}", printed);
        free(printed);
        say_interim(&c->to, t->data, t->len);
        scratch_done(c->server);
}

void listen_end(call *c)
{
        text *t = scratch(c->server);

        if (c->transport == MCP_STDIO) {
                text_add(t, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
                            "\"params\":{");
                add_subscription(t, c);
                text_add(t, ",\"requestId\":");
                text_addn(t, c->id, c->id_len);
                text_add(t, ",\"reason\":\"the server stops\"}}");
                say_interim(&c->to, t->data, t->len);
                t = scratch(c->server);
        }
        begin_result(t, c);
        text_add(t, "{\"resultType\":\"complete\",");
        add_subscription(t, c);
        t->len--;
        text_addf(t, ",\"" META_PREFIX "serverInfo\":%s}}}", c->server->info);
        say_text(c, t, 200);
        call_close(c);
}

/* ---- the legacy era ---- */

static watcher *legacy_watcher(mcp_conn *conn)
{
        if (!conn->watcher)
                conn->watcher = watcher_new(conn, NULL);
        return conn->watcher;
}

void watch_initialized(mcp_conn *conn)
{
        uint32_t has = conn->server->cat->has;

        conn->initialized = true;
        if (!(has & MCP_LISTS_CHANGE))
                return;
        for (int32_t i = 0; i < TELL_KINDS; i++)
                legacy_watcher(conn)->lists[i].wanted = has & filter_needs[i];
}

void run_subscribe(call *c)
{
        const char *uri = get_str(c->params, "uri");

        if (!uri)
                mcp_error(c, MCP_INVALID_PARAMS, "params.uri must be a string", NULL);
        else if (!may_watch(c, uri))
                mcp_not_found(c, uri, "there is no such resource to subscribe to");
        else if (!watcher_add(legacy_watcher(c->conn), uri))
                mcp_error(c, MCP_RATE_LIMITED, "too many subscriptions: end one first", NULL);
        else
                send_empty(c);
}

void run_unsubscribe(call *c)
{
        const char *uri = get_str(c->params, "uri");
        watched **at;

        if (!uri) {
                mcp_error(c, MCP_INVALID_PARAMS, "params.uri must be a string", NULL);
                return;
        }
        at = c->conn->watcher ? find_watched(c->conn->watcher, uri) : NULL;
        if (at && *at)
                watched_remove(c->conn->watcher, at);
        send_empty(c);
}
