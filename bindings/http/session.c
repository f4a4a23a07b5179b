/* Peers of the core: sessions of the handshake versions, and requests that have none. */
#include "http/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static session **place_of(session *s)
{
        unsigned bucket = 0;

        if (!*s->id)
                return &s->l->temporary;
        for (int i = 0; i < 2; i++)
                bucket = bucket * 16 +
                         (unsigned)(s->id[i] <= '9' ? s->id[i] - '0' : s->id[i] - 'a' + 10);
        return &s->l->buckets[bucket % SESSION_BUCKETS];
}

static void enter(session *s)
{
        session **place = place_of(s);

        s->prev = NULL;
        s->next = *place;
        if (s->next)
                s->next->prev = s;
        *place = s;
}

static void leave(session *s)
{
        if (s->prev)
                s->prev->next = s->next;
        else
                *place_of(s) = s->next;
        if (s->next)
                s->next->prev = s->prev;
}

session *session_new(http_listener *l, const mcp_principal *who)
{
        session *s = need(calloc(1, sizeof(*s)));
        mcp_out out = exchange_out;

        s->l = l;
        s->who = (mcp_principal){ copy_text(who->name), who->scopes };
        s->used_ms = l->now_ms;
        enter(s);
        out.user = s;
        s->conn = mcp_conn_new(l->o.server, MCP_HTTP, &s->who, &out);
        return s;
}

/* 128 bits that nobody can guess. */
static bool make_id(char *ret)
{
        static const char digits[] = "0123456789abcdef";
        unsigned char bytes[SESSION_ID_LEN / 2];
        ssize_t n;

        do
                n = getrandom(bytes, sizeof(bytes), 0);
        while (n < 0 && errno == EINTR);
        if (n != (ssize_t)sizeof(bytes))
                return false;
        for (size_t i = 0; i < sizeof(bytes); i++) {
                ret[2 * i] = digits[bytes[i] >> 4];
                ret[2 * i + 1] = digits[bytes[i] & 15];
        }
        ret[SESSION_ID_LEN] = '\0';
        return true;
}

bool session_promote(session *s)
{
        char id[SESSION_ID_LEN + 1];

        if (s->l->session_count >= s->l->o.sessions || !make_id(id))
                return false;
        leave(s);
        memcpy(s->id, id, sizeof(id));
        enter(s);
        s->l->session_count++;
        s->used_ms = s->l->now_ms;
        return true;
}

/* Takes as long for every id of the right length. */
static bool same_id(const char *a, const char *b)
{
        unsigned char differ = 0;

        for (int i = 0; i < SESSION_ID_LEN; i++)
                differ |= (unsigned char)(a[i] ^ b[i]);
        return !differ;
}

session *session_find(http_listener *l, const char *id, const mcp_principal *who)
{
        session wanted = { .l = l };

        if (strlen(id) != SESSION_ID_LEN || strspn(id, "0123456789abcdef") != SESSION_ID_LEN)
                return NULL;
        memcpy(wanted.id, id, SESSION_ID_LEN);
        for (session *s = *place_of(&wanted); s; s = s->next)
                if (same_id(s->id, id) && strcmp(s->who.name, who->name) == 0 &&
                    s->who.scopes == who->scopes) {
                        s->used_ms = l->now_ms;
                        return s;
                }
        return NULL;
}

void session_free(session *s)
{
        s->dying = true;
        if (s->listening)
                exchange_end_listening(s->listening);
        mcp_conn_free(s->conn); /* whatever is open is over now */
        leave(s);
        if (*s->id)
                s->l->session_count--;
        for (exchange *ex = s->exchanges; ex; ex = ex->next)
                ex->session = NULL;
        free((char *)s->who.name);
        free(s);
}

/* The next session in the table after `s`; NULL begins. */
static session *after(http_listener *l, int *bucket, session *s)
{
        session *next = s ? s->next : NULL;

        while (!next && *bucket < SESSION_BUCKETS)
                next = l->buckets[(*bucket)++];
        return next;
}

int64_t session_reap(http_listener *l, int64_t now)
{
        int64_t look = 0;
        int bucket = 0;
        session *next;

        for (session *s = after(l, &bucket, NULL); s; s = next) {
                int64_t ends = s->used_ms + l->o.session_idle_ms;

                next = after(l, &bucket, s);
                if (s->exchanges)
                        continue;
                if (now >= ends)
                        session_free(s);
                else if (!look || ends < look)
                        look = ends;
        }
        return look;
}

void session_shut_all(http_listener *l)
{
        int bucket = 0;

        for (session *s = l->temporary; s; s = s->next)
                mcp_conn_shut(s->conn);
        for (session *s = after(l, &bucket, NULL); s; s = after(l, &bucket, s)) {
                mcp_conn_shut(s->conn);
                if (s->listening)
                        exchange_end_listening(s->listening);
        }
}

void session_free_all(http_listener *l)
{
        while (l->temporary)
                session_free(l->temporary);
        for (int i = 0; i < SESSION_BUCKETS; i++)
                while (l->buckets[i])
                        session_free(l->buckets[i]);
}
