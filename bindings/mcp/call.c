/* A request while it runs: what is known of it, what it tells, and how it ends. */
#include "mcp/internal.h"

static const char *const levels[] = { "debug", "info",     "notice", "warning",
                                      "error", "critical", "alert",  "emergency" };

int32_t log_level_of(const char *name)
{
        for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
                if (name && !strcmp(levels[i], name))
                        return (int32_t)i;
        return -1;
}

/* ---- beginning and end ---- */

static void link_call(call **list, call *c)
{
        c->prev = NULL;
        c->next = *list;
        if (c->next)
                c->next->prev = c;
        *list = c;
}

static void unlink_call(call *c)
{
        if (c->prev)
                c->prev->next = c->next;
        else if (c->conn && c->conn->calls == c)
                c->conn->calls = c->next;
        else if (c->server && c->server->orphans == c)
                c->server->orphans = c->next;
        if (c->next)
                c->next->prev = c->prev;
        c->prev = c->next = NULL;
}

static void on_progress(timer *t);
static void on_after(timer *t);

static char *raw_token(const incoming *m)
{
        const msptk_json *path[] = { m->params, m->meta, msptk_json_get(m->meta, "progressToken") };
        size_t len;
        const char *raw;

        if (!path[2])
                return NULL;
        raw = raw_value(m->text, m->len, m->doc, path, 3, &len);
        return raw && is_id(path[2], raw, len) ? copy_part(raw, len) : NULL;
}

void call_begin(const origin *to, incoming *m, const method_row *what, bool modern,
                const char *version)
{
        call *c = need(calloc(1, sizeof(*c)));
        mcp_conn *conn = to->conn;

        c->server = conn->server;
        c->conn = conn;
        c->to = *to;
        c->to.http = NULL;
        c->method = what;
        c->modern = modern;
        c->version = version;
        c->transport = conn->transport;
        c->began_ms = conn->server->now_ms;
        c->bytes = m->len;
        c->server->held_bytes += c->bytes;
        c->params = m->params;
        c->meta = m->meta;
        c->id = copy_part(m->id_raw, m->id_len);
        c->id_len = m->id_len;
        c->id_text = msptk_json_string(m->id, NULL);
        c->token = raw_token(m);
        c->log_level = modern ? log_level_of(get_str(m->meta, META_PREFIX "logLevel")) : -1;
        c->doc = m->doc;
        m->doc = NULL;
        if (modern && what->asks) {
                const char *state = get_str(m->params, "requestState");

                c->answers = msptk_json_get(m->params, "inputResponses");
                c->state = state ? copy_text(state) : NULL;
        }
        c->account = conn->account;
        c->account->users++;
        c->who = conn->who;
        c->after.fn = on_after;
        c->progress.fn = on_progress;
        link_call(&conn->calls, c);
        conn->running++;
        conn->open++;
        what->run(c);
}

/* Nothing that it says is heard any more. */
void call_mute(call *c)
{
        if (c->gone)
                return;
        c->gone = true;
        if (!c->listen)
                c->conn->open--;
        say_done(&c->to);
}

static void call_free(call *c)
{
        if (c->server) {
                timer_stop(&c->server->timers, &c->after);
                timer_stop(&c->server->timers, &c->progress);
                c->server->held_bytes -= c->bytes;
        }
        legacy_drop_asks(c);
        if (c->listen)
                watcher_free(c->listen);
        if (c->conn)
                c->conn->running--;
        unlink_call(c);
        if (!c->modern)
                msptk_json_free(c->answers);
        msptk_json_free(c->doc);
        free(c->state);
        free(c->id);
        free(c->token);
        free(c->held_text);
        account_put(c->account);
        free(c);
}

void call_close(call *c)
{
        call_mute(c);
        note_end(c);
        call_free(c);
}

void call_orphan(call *c)
{
        call_mute(c);
        c->waiting = c->waiting || c->listen;
        legacy_drop_asks(c);
        if (c->listen)
                watcher_free(c->listen);
        unlink_call(c);
        c->conn->running--;
        c->conn = NULL;
        link_call(&c->server->orphans, c);
}

void call_cancel(call *c)
{
        void (*fn)(void *) = c->on_cancel;
        bool ours = c->waiting || c->listen;

        if (c->cancelled)
                return;
        c->cancelled = true;
        legacy_drop_asks(c);
        call_mute(c);
        if (ours) {
                call_close(c);
                return;
        }
        c->on_cancel = NULL;
        c->holds = false;
        if (c->after_fn && c->server)
                timer_set(&c->server->timers, &c->after, c->server->now_ms);
        if (fn)
                fn(c->on_cancel_user);
}

call *call_find(const mcp_conn *conn, const msptk_json *id, const char *raw, size_t len)
{
        const char *word = msptk_json_string(id, NULL);

        for (call *c = conn->calls; c; c = c->next) {
                if (c->gone)
                        continue;
                if (word ? c->id_text && !strcmp(c->id_text, word)
                         : !c->id_text && c->id_len == len && !memcmp(c->id, raw, len))
                        return c;
        }
        return NULL;
}

/* ---- what a handler may know ---- */

const mcp_principal *mcp_call_principal(const mcp_call *c)
{
        return &c->who;
}

bool mcp_call_is_modern(const mcp_call *c)
{
        return c->modern;
}

const char *mcp_call_version(const mcp_call *c)
{
        return c->version;
}

/* As the W3C writes it: 00-<32 hex digits>-<16>-<2>, in lower case. */
static bool is_traceparent(const char *s)
{
        static const char form[] = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
        size_t i = 0;

        for (; form[i] && s[i]; i++)
                if (form[i] == 'x' ? !strchr("0123456789abcdef", s[i]) : s[i] != form[i])
                        return false;
        return !form[i] && !s[i];
}

const char *mcp_call_trace(const mcp_call *c)
{
        const char *trace = get_str(c->meta, "traceparent");

        return trace && is_traceparent(trace) ? trace : NULL;
}

int32_t mcp_call_transport(const mcp_call *c)
{
        return c->transport;
}

bool mcp_call_client_has(const mcp_call *c, const char *capability)
{
        const msptk_json *all = c->modern
                                        ? msptk_json_get(c->meta, META_PREFIX "clientCapabilities")
                                : c->conn ? c->conn->client
                                          : NULL;
        const char *dot = strchr(capability, '.');
        char *first =
                dot ? copy_part(capability, (size_t)(dot - capability)) : copy_text(capability);
        const msptk_json *found = msptk_json_get(all, first);
        bool forms = !strcmp(capability, "elicitation.form");

        free(first);
        if (!is_object(found))
                return false;
        if (!dot || is_object(msptk_json_get(found, dot + 1)))
                return true;
        /* Nothing said means forms. */
        return forms && !msptk_json_get(found, "url");
}

const msptk_json *mcp_answer(const mcp_call *c, const char *key)
{
        return msptk_json_get(c->answers, key);
}

const char *mcp_state(const mcp_call *c)
{
        return c->state;
}

bool mcp_call_cancelled(const mcp_call *c)
{
        return c->cancelled;
}

/* ---- while it runs ---- */

void mcp_on_cancel(mcp_call *c, void (*fn)(void *user), void *user)
{
        if (c->cancelled) {
                fn(user);
                return;
        }
        c->on_cancel = fn;
        c->on_cancel_user = user;
}

static void on_after(timer *t)
{
        call *c = OF_TIMER(call, after, t);
        void (*fn)(call *, void *) = c->after_fn;

        c->after_fn = NULL;
        fn(c, c->after_user);
}

void mcp_after(mcp_call *c, int64_t ms, void (*fn)(mcp_call *c, void *user), void *user)
{
        if (!c->server)
                return;
        c->after_fn = fn;
        c->after_user = user;
        timer_set(&c->server->timers, &c->after, c->server->now_ms + (c->cancelled ? 0 : ms));
}

/* ---- progress ---- */

enum { PER_SECOND = 4 };

static void tell_progress(call *c)
{
        text *t = scratch(c->server);

        c->holds = false;
        c->told_done = c->held_done;
        c->told_ms[c->told++ % PER_SECOND] = c->server->now_ms;
        text_addf(t,
                  "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
                  "{\"progressToken\":%s,\"progress\":",
                  c->token);
        add_number(t, c->held_done);
        if (c->held_total > 0) {
                text_add(t, ",\"total\":");
                add_number(t, c->held_total);
        }
        /* The first version has no place for it. */
        if (c->held_text && strcmp(c->version, "2024-11-05") != 0) {
                text_add(t, ",\"message\":");
                add_json_string(t, c->held_text);
        }
        text_add(t, "}}");
        say_interim(&c->to, t->data, t->len);
        scratch_done(c->server);
}

static void on_progress(timer *t)
{
        call *c = OF_TIMER(call, progress, t);

        if (c->holds && !c->gone)
                tell_progress(c);
}

void mcp_progress(mcp_call *c, double done, double total, const char *message)
{
        int64_t free_ms;

        if (!c->token || c->gone || (c->told && done <= c->told_done))
                return;
        c->held_done = done;
        c->held_total = total;
        free(c->held_text);
        c->held_text = message ? copy_text(message) : NULL;
        c->holds = true;
        free_ms = c->told < PER_SECOND ? 0 : c->told_ms[c->told % PER_SECOND] + 1000;
        if (free_ms <= c->server->now_ms)
                tell_progress(c);
        else if (!c->progress.place)
                timer_set(&c->server->timers, &c->progress, free_ms);
}

/* ---- log messages ---- */

void mcp_log(mcp_call *c, const char *level, const char *logger, msptk_json *data)
{
        int32_t rank = log_level_of(level), wanted;
        char *printed;
        text *t;

        if (c->gone || rank < 0 || !(c->server->cat->has & MCP_HAS_LOGGING)) {
                msptk_json_free(data);
                return;
        }
        wanted = c->modern ? c->log_level : c->conn->log_level;
        if (wanted < 0 || rank < wanted) {
                msptk_json_free(data);
                return;
        }
        t = scratch(c->server);
        text_addf(t,
                  "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":"
                  "{\"level\":\"%s\"",
                  level);
        if (logger) {
                text_add(t, ",\"logger\":");
                add_json_string(t, logger);
        }
        printed = print_tree(data);
        text_addf(t, ",\"data\":%s}}", printed);
        free(printed);
        msptk_json_free(data);
        say_interim(&c->to, t->data, t->len);
        scratch_done(c->server);
}
