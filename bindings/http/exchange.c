/* One message to the core and whoever waits for its answer: JSON, or a stream of events. */
#include "http/listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/guard.h"

static exchange *exchange_new(link_t *k, session *s)
{
        exchange *ex = need(calloc(1, sizeof(*ex)));

        ex->session = s;
        ex->link = k;
        ex->next = s->exchanges;
        if (ex->next)
                ex->next->prev = ex;
        s->exchanges = ex;
        k->current = ex;
        k->read_by = 0;
        return ex;
}

static void exchange_free(exchange *ex)
{
        session *s = ex->session;

        if (ex->prev)
                ex->prev->next = ex->next;
        else if (s)
                s->exchanges = ex->next;
        if (ex->next)
                ex->next->prev = ex->prev;
        text_free(&ex->answer);
        free(ex);
}

void exchange_is_over(exchange *ex)
{
        http_listener *l = ex->session->l;

        if (ex->over)
                return;
        ex->over = true;
        ex->next_over = NULL;
        *l->over_end = ex;
        l->over_end = &ex->next_over;
}

/* ---- from the core ---- */

static void begin_stream(exchange *ex)
{
        if (!ex->streaming)
                link_stream_begin(ex->link, NULL);
        ex->streaming = true;
}

static void send_unasked(const session *s, const char *message, size_t len)
{
        if (s->listening && s->listening->link)
                link_stream_event(s->listening->link, message, len);
}

static void send_message(void *user, void *ref, int32_t kind, const char *message, size_t len,
                         int32_t http_status)
{
        session *s = user;
        exchange *ex = ref;

        if (s->dying)
                return;
        if (kind == MCP_UNASKED || !ex) {
                send_unasked(s, message, len);
                return;
        }
        if (!ex->link || (kind == MCP_INTERIM && !ex->wants_stream))
                return;
        if (kind == MCP_INTERIM || ex->streaming || !ex->wants_json) {
                begin_stream(ex);
                link_stream_event(ex->link, message, len);
                ex->answered = ex->answered || kind == MCP_RESPONSE;
                return;
        }
        ex->answered = true;
        ex->status = http_status ? http_status : 200;
        text_reset(&ex->answer);
        text_addn(&ex->answer, message, len);
}

static void nothing_more(void *user, void *ref)
{
        (void)user;
        exchange_is_over(ref);
}

const mcp_out exchange_out = { .send = send_message, .done = nothing_more };

/* ---- to the core ---- */

static const char *field_of(void *user, const char *name)
{
        return http_reader_field(user, name);
}

bool exchange_wants(const http_reader *r, const char *type)
{
        bool any = false;

        for (size_t i = 0; i < r->field_count; i++)
                if (strcmp(r->fields[i].name, "accept") == 0) {
                        any = true;
                        if (guard_accepts(r->fields[i].value, type))
                                return true;
                }
        return !any;
}

static bool is_legacy_version(const char *version)
{
        for (const char *const *v = mcp_legacy_versions; *v; v++)
                if (strcmp(*v, version) == 0)
                        return true;
        return false;
}

/* The session of a POST, or a new temporary one; NULL: it was refused. */
static session *session_of(link_t *k, const mcp_principal *who, bool modern)
{
        const char *version = http_reader_field(&k->reader, "mcp-protocol-version");
        const char *id =
                k->l->o.legacy && !modern ? http_reader_field(&k->reader, "mcp-session-id") : NULL;
        session *s;

        if (!id)
                return session_new(k->l, who);
        s = session_find(k->l, id, who);
        if (!s)
                link_refuse(k, 404, "there is no such session; initialize again", NULL);
        else if (version && !is_legacy_version(version))
                link_refuse(k, 400, "this MCP-Protocol-Version is not spoken in a session", NULL);
        else
                return s;
        return NULL;
}

void exchange_post(link_t *k, const mcp_principal *who)
{
        http_reader *r = &k->reader;
        const char *version = http_reader_field(r, "mcp-protocol-version");
        bool modern = version && mcp_is_modern_version(version);
        session *s = session_of(k, who, modern);
        mcp_http http = { .protocol_version = version,
                          .method = http_reader_field(r, "mcp-method"),
                          .name = http_reader_field(r, "mcp-name"),
                          .header = field_of,
                          .user = r };
        exchange *ex;

        if (!s) {
                link_answered(k);
                return;
        }
        ex = exchange_new(k, s);
        ex->handshaken = version && is_legacy_version(version);
        ex->wants_json = exchange_wants(r, "application/json");
        ex->wants_stream = exchange_wants(r, "text/event-stream");
        listener_tick(k->l);
        mcp_receive(s->conn, ex, text_str(&r->body), r->body.len, &http);
}

void exchange_listen(link_t *k, session *s)
{
        exchange *ex;

        /* A client that comes again has lost its first stream, whether we noticed or not. */
        if (s->listening)
                exchange_end_listening(s->listening);
        ex = exchange_new(k, s);
        ex->listens = true;
        s->listening = ex;
        begin_stream(ex);
}

void exchange_end_listening(exchange *ex)
{
        if (ex->session->listening == ex)
                ex->session->listening = NULL;
        exchange_is_over(ex);
}

void exchange_abandon(exchange *ex)
{
        if (ex->over)
                return;
        if (ex->listens)
                exchange_end_listening(ex);
        else
                mcp_abandon(ex->session->conn, ex);
}

/* ---- what is over ---- */

/* The handshake is done: it becomes a session. Returns false when it must not. */
static bool open_session(exchange *ex, char *extra, size_t size)
{
        session *s = ex->session;
        link_t *k = ex->link;

        if (!k->l->o.legacy) {
                link_refuse(k, 400, "only the stateless versions of the protocol are served here",
                            NULL);
                return false;
        }
        if (!session_promote(s)) {
                listener_log(k->l, LOG_WARNING, "a session was refused: there are %d already",
                             (int)k->l->session_count);
                link_refuse(k, 503, "there are too many sessions", "Retry-After: 30\r\n");
                return false;
        }
        snprintf(extra, size, "Mcp-Session-Id: %s\r\n", s->id);
        return true;
}

static void answer(exchange *ex)
{
        static const char scopes[] =
                "WWW-Authenticate: Bearer realm=\"msp-toolkit\", error=\"insufficient_scope\", "
                "scope=\"read write execute\"\r\n";
        session *s = ex->session;
        link_t *k = ex->link;
        char extra[64] = "";

        if (ex->streaming) {
                link_stream_end(k);
        } else if (s && !*s->id && mcp_conn_legacy_version(s->conn) &&
                   !open_session(ex, extra, sizeof(extra))) {
                /* It was refused. */
        } else if (ex->answered) {
                link_respond(k, ex->status, "application/json", ex->answer.data, ex->answer.len,
                             ex->status == 403   ? scopes
                             : ex->status == 429 ? "Retry-After: 1\r\n"
                                                 : extra);
        } else if (!s || s->dying) {
                link_refuse(k, 404, "the session has ended", NULL);
        } else if (!*s->id && ex->handshaken && k->l->o.legacy) {
                link_refuse(k, 400, "Mcp-Session-Id is missing", NULL);
        } else {
                link_respond(k, 202, NULL, NULL, 0, NULL);
        }
}

static void settle(exchange *ex)
{
        session *s = ex->session;
        link_t *k = ex->link;

        if (k && !k->dead)
                answer(ex);
        exchange_free(ex);
        if (s) {
                s->used_ms = s->l->now_ms;
                if (!*s->id && !s->exchanges)
                        session_free(s);
                else if (!s->exchanges)
                        listener_arm(s->l, s->used_ms + s->l->o.session_idle_ms);
        }
        if (k) {
                link_answered(k);
                if (!k->dead)
                        link_resume(k);
        }
}

void exchange_settle(http_listener *l)
{
        if (l->settling)
                return;
        l->settling = true;
        while (l->over) {
                exchange *ex = l->over;

                l->over = ex->next_over;
                if (!l->over)
                        l->over_end = &l->over;
                settle(ex);
        }
        l->settling = false;
}
