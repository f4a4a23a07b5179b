/* Peers of the message core. A request of the modern era has one for itself; the handshake of the
 * older versions makes a session that later requests name. */
#include "http/internal.h"

#include <sys/random.h>

/* ---- what the core says ---- */

static void heard(void *user, void *ref, int32_t kind, const char *message, size_t len,
                  int32_t http_status)
{
        session *s = user;
        exchange *x = ref ? ref : s->listen;

        if (!x || !x->wsi)
                return;
        if (kind != MCP_RESPONSE) {
                /* Who wants no stream hears only the answer. */
                if (x->accepts_stream)
                        answer_event(x, message, len);
                return;
        }
        x->answered = true;
        if (x->streaming) {
                answer_event(x, message, len);
                return;
        }
        x->status = http_status;
        text_addn(&x->out, message, len);
}

static void nothing_more(void *user, void *ref)
{
        exchange *x = ref;

        (void)user;
        if (!x)
                return;
        x->finished = true;
        answer_wake(x);
}

/* ---- life ---- */

session *session_new(http_listener *l, const mcp_principal *who)
{
        session *s = need(calloc(1, sizeof(*s)));
        mcp_out out = { .send = heard, .done = nothing_more, .user = s };

        s->l = l;
        s->used_ms = l->now_ms;
        s->principal = copy_text(who->name);
        s->conn = need(mcp_conn_new(l->o.server, MCP_HTTP, who, &out));
        s->next = l->sessions;
        l->sessions = s;
        return s;
}

static void session_free(session *s)
{
        session **at = &s->l->sessions;

        while (*at != s)
                at = &(*at)->next;
        *at = s->next;
        mcp_conn_free(s->conn);
        free(s->principal);
        free(s);
}

bool session_keep(session *s)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                "-_";
        size_t most = s->l->o.sessions ? (size_t)s->l->o.sessions : SESSIONS;
        unsigned char bytes[SESSION_ID];

        if (s->l->session_count >= most)
                return false;
        if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
                return false;
        for (size_t i = 0; i < sizeof(bytes); i++)
                s->id[i] = digits[bytes[i] & 63];
        s->l->session_count++;
        return true;
}

session *session_find(http_listener *l, const char *id)
{
        for (session *s = l->sessions; s; s = s->next)
                if (*s->id && !s->ended && !strcmp(s->id, id))
                        return s;
        return NULL;
}

void session_end(session *s)
{
        if (s->ended)
                return;
        s->ended = true;
        if (*s->id)
                s->l->session_count--;
        mcp_conn_shut(s->conn);
        if (s->listen) {
                s->listen->finished = true;
                answer_wake(s->listen);
        }
        if (!s->open)
                session_free(s);
}

void session_release(session *s, exchange *x)
{
        if (s->listen == x)
                s->listen = NULL;
        s->used_ms = s->l->now_ms;
        s->open--;
        if (!s->open && (s->ended || !*s->id))
                session_free(s);
}

void sessions_reap(http_listener *l)
{
        int64_t idle = l->o.session_idle_ms ? l->o.session_idle_ms : IDLE_MS;

        for (session *s = l->sessions, *next; s; s = next) {
                next = s->next;
                if (*s->id && !s->open && l->now_ms - s->used_ms > idle)
                        session_end(s);
        }
}
