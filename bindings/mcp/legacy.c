/* The era of the handshake: initialize, and the questions that the server asks by requests of its
 * own while a request of the client waits. */
#include "mcp/internal.h"

static void wrong(const origin *o, const incoming *m, const char *why)
{
        refuse(o, m, MCP_INVALID_PARAMS, 400, why, NULL);
}

static void answer_initialize(const origin *o, const incoming *m)
{
        mcp_server *s = o->conn->server;
        text *t = scratch(s);

        text_add(t, "{\"jsonrpc\":\"2.0\",\"id\":");
        text_addn(t, m->id_raw, m->id_len);
        text_addf(t,
                  ",\"result\":{\"protocolVersion\":\"%s\",\"capabilities\":%s,\"serverInfo\":%s",
                  o->conn->version, s->features, s->info);
        if (s->o.instructions) {
                text_add(t, ",\"instructions\":");
                add_json_string(t, s->o.instructions);
        }
        text_add(t, "}}");
        say_response(o, t->data, t->len, 200);
        scratch_done(s);
        say_done(o);
}

void legacy_initialize(const origin *o, const incoming *m)
{
        const char *asked = get_str(m->params, "protocolVersion"), *version;
        msptk_json *client = msptk_json_get(m->params, "capabilities");
        const msptk_json *info = msptk_json_get(m->params, "clientInfo");
        mcp_conn *conn = o->conn;

        if (!asked) {
                wrong(o, m, "params.protocolVersion must be a string");
        } else if ((client && !is_object(client)) || (info && !is_object(info))) {
                wrong(o, m, "params.capabilities and params.clientInfo must be objects");
        } else if (conn->version && conn->open) {
                wrong(o, m, "initialize again only when no request is being answered");
        } else {
                version = legacy_version(asked, conn->transport);
                legacy_free(conn);
                conn->version = version ? version : mcp_legacy_versions[0];
                conn->client = client ? copy_tree(client) : new_object();
                answer_initialize(o, m);
        }
}

/* ---- questions ---- */

static void ask_free(ask *a)
{
        timer_stop(&a->conn->server->timers, &a->timer);
        free(a->key);
        free(a->method);
        free(a);
}

static void ask_remove(ask *a)
{
        for (ask **at = &a->conn->asks; *at; at = &(*at)->next)
                if (*at == a) {
                        *at = a->next;
                        break;
                }
        a->call->asked--;
        ask_free(a);
}

static void withdraw(const ask *a, const char *why)
{
        text *t = scratch(a->conn->server);

        text_addf(t,
                  "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":"
                  "{\"requestId\":%lld,\"reason\":\"%s\"}}",
                  (long long)a->id, why);
        say_interim(&a->call->to, t->data, t->len);
        scratch_done(a->conn->server);
}

void legacy_drop_asks(call *c)
{
        if (!c->conn || !c->asked)
                return;
        for (ask *a = c->conn->asks, *next; a; a = next) {
                next = a->next;
                if (a->call != c)
                        continue;
                if (!c->gone)
                        withdraw(a, "no longer needed");
                ask_remove(a);
        }
}

static void run_again(call *c)
{
        c->waiting = false;
        c->method->run(c);
}

static void run_again_soon(call *c, void *user)
{
        (void)user;
        run_again(c);
}

/* The client did not give what was asked for. What a person may also do, is left to the handler. */
static void not_answered(ask *a, const char *why)
{
        call *c = a->call;
        msptk_json *cancel;
        text said = { 0 };

        if (!strcmp(a->method, "elicitation/create")) {
                cancel = put_object(c->answers, a->key);
                put_str(cancel, "action", "cancel");
                ask_remove(a);
                if (!c->asked)
                        run_again(c);
                return;
        }
        text_addf(&said, "%s: %s", a->method, why);
        ask_remove(a);
        legacy_drop_asks(c);
        mcp_error(c, MCP_INTERNAL_ERROR, text_str(&said), NULL);
        text_free(&said);
}

static void on_ask_late(timer *t)
{
        ask *a = OF_TIMER(ask, timer, t);

        if (!a->call->gone)
                withdraw(a, "not answered in time");
        not_answered(a, "the client did not answer in time");
}

void legacy_take_answer(mcp_conn *conn, const incoming *m)
{
        const msptk_json *result = msptk_json_get(m->doc, "result");
        int64_t id = msptk_json_type(m->id) == MSPTK_JSON_INT ? msptk_json_int(m->id, 0) : 0;
        ask *a = conn->asks;
        call *c;

        while (a && a->id != id)
                a = a->next;
        if (!a)
                return;
        if (!is_object(result)) {
                not_answered(a, "the client answered with an error");
                return;
        }
        c = a->call;
        put(c->answers, a->key, copy_tree(result));
        ask_remove(a);
        if (!c->asked)
                run_again(c);
}

/* Forms had no name before 2025-11-25, when there was nothing else. */
static char *print_params(const call *c, const msptk_json *request)
{
        const msptk_json *params = msptk_json_get(request, "params");
        msptk_json *plain;
        char *printed;

        if (!params)
                return NULL;
        if (strcmp(c->version, "2025-11-25") >= 0)
                return print_tree(params);
        plain = copy_tree(params);
        msptk_json_remove(plain, "mode");
        printed = print_tree(plain);
        msptk_json_free(plain);
        return printed;
}

static void ask_one(call *c, const msptk_json *request)
{
        mcp_conn *conn = c->conn;
        ask *a = need(calloc(1, sizeof(*a)));
        char *params = print_params(c, request);
        text *t = scratch(c->server);

        a->conn = conn;
        a->call = c;
        a->key = copy_text(msptk_json_key(request));
        a->method = copy_text(get_str(request, "method"));
        a->id = ++conn->last_ask;
        a->timer.fn = on_ask_late;
        a->next = conn->asks;
        conn->asks = a;
        c->asked++;
        timer_set(&c->server->timers, &a->timer,
                  c->server->now_ms + c->server->o.limits.ask_timeout_ms);
        text_addf(t, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"method\":\"%s\"", (long long)a->id,
                  a->method);
        if (params) {
                text_add(t, ",\"params\":");
                text_add(t, params);
        }
        text_add(t, "}");
        free(params);
        say_interim(&c->to, t->data, t->len);
        scratch_done(c->server);
}

void legacy_ask(call *c, msptk_json *requests, const char *state)
{
        char *kept = state ? copy_text(state) : NULL;

        free(c->state);
        c->state = kept;
        if (++c->rounds > ASK_ROUNDS) {
                msptk_json_free(requests);
                mcp_error(c, MCP_INTERNAL_ERROR, "the client was asked too often", NULL);
                return;
        }
        c->on_cancel = NULL;
        c->after_fn = NULL;
        timer_stop(&c->server->timers, &c->after);
        msptk_json_free(c->answers);
        c->answers = new_object();
        c->waiting = true;
        for (const msptk_json *j = msptk_json_first(requests); j; j = msptk_json_next(j))
                ask_one(c, j);
        if (!requests)
                mcp_after(c, 0, run_again_soon, NULL);
        msptk_json_free(requests);
}

void legacy_free(mcp_conn *conn)
{
        while (conn->asks) {
                call *c = conn->asks->call;

                ask_remove(conn->asks);
                if (!c->asked && c->waiting)
                        call_close(c);
        }
        if (conn->watcher)
                watcher_free(conn->watcher);
        msptk_json_free(conn->client);
        conn->client = NULL;
        conn->version = NULL;
        conn->initialized = false;
        conn->log_level = -1;
}
