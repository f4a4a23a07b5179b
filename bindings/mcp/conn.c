/* A connection: what comes in, what leaves, and batches (2025-03-26 only). */
#include "mcp/internal.h"

#include <stdio.h>

mcp_conn *mcp_conn_new(mcp_server *s, int32_t transport, const mcp_principal *who,
                       const mcp_out *out)
{
        mcp_conn *c = need(calloc(1, sizeof(*c)));

        c->server = s;
        c->transport = transport;
        c->out = *out;
        c->account = account_get(s, who->name ? who->name : "");
        c->who = (mcp_principal){ c->account->name, who->scopes };
        c->log_level = -1;
        c->next = s->conns;
        if (c->next)
                c->next->prev = c;
        s->conns = c;
        return c;
}

void mcp_conn_free(mcp_conn *c)
{
        if (!c)
                return;
        while (c->calls) {
                call *one = c->calls;

                /* First apart from the connection: what it says now is not heard. */
                call_orphan(one);
                call_cancel(one);
        }
        legacy_free(c);
        if (c->prev)
                c->prev->next = c->next;
        else
                c->server->conns = c->next;
        if (c->next)
                c->next->prev = c->prev;
        account_put(c->account);
        free(c);
}

/* ---- what leaves ---- */

void say_response(const origin *o, const char *message, size_t len, int32_t status)
{
        if (o->batch) {
                text_addn(&o->batch->answer, o->batch->answer.len ? "," : "[", 1);
                text_addn(&o->batch->answer, message, len);
                return;
        }
        o->conn->out.send(o->conn->out.user, o->ref, MCP_RESPONSE, message, len, status);
}

void say_interim(const origin *o, const char *message, size_t len)
{
        o->conn->out.send(o->conn->out.user, o->ref, MCP_INTERIM, message, len, 200);
}

static void batch_close(batch *b)
{
        mcp_conn *conn = b->conn;

        if (--b->open)
                return;
        if (b->answer.len) {
                text_addn(&b->answer, "]", 1);
                conn->out.send(conn->out.user, b->ref, MCP_RESPONSE, b->answer.data, b->answer.len,
                               200);
        }
        conn->out.done(conn->out.user, b->ref);
        text_free(&b->answer);
        free(b);
}

void say_done(const origin *o)
{
        if (o->batch)
                batch_close(o->batch);
        else
                o->conn->out.done(o->conn->out.user, o->ref);
}

/* ---- what comes in ---- */

static void batch_receive(mcp_conn *conn, void *ref, const char *message, size_t len,
                          msptk_json *doc, const mcp_http *http)
{
        batch *b = need(calloc(1, sizeof(*b)));
        const char *at = message, *part;
        size_t part_len;

        b->conn = conn;
        b->ref = ref;
        b->open = 1; /* until all have come in */
        for (const msptk_json *j = msptk_json_first(doc);
             j && (part = raw_next(&at, message + len, &part_len)); j = msptk_json_next(j)) {
                origin o = { conn, ref, b, http };
                complaint why = { 0 };
                incoming m;

                b->open++;
                if (!read_message(part, part_len, copy_tree(j), &m, &why)) {
                        refuse(&o, &m, why.code, why.status, why.text, NULL);
                } else if (m.method && !strcmp(m.method, "initialize")) {
                        refuse(&o, &m, MCP_INVALID_REQUEST, 400,
                               "initialize cannot be part of a batch", NULL);
                } else {
                        take_message(&o, &m);
                }
                msptk_json_free(m.doc);
        }
        batch_close(b);
}

static void receive_array(const origin *o, const char *message, size_t len, msptk_json *doc)
{
        mcp_conn *conn = o->conn;
        size_t members = msptk_json_count(doc);

        if (!conn->version || strcmp(conn->version, "2025-03-26") != 0 || !members) {
                refuse(o, NULL, MCP_INVALID_REQUEST, 400,
                       members ? "this version of the protocol has no batches"
                               : "a batch of nothing",
                       NULL);
        } else if (members > BATCH_MEMBERS) {
                refuse(o, NULL, MCP_INVALID_REQUEST, 413, "a batch has at most 256 messages", NULL);
        } else {
                batch_receive(conn, o->ref, message, len, doc, o->http);
        }
        msptk_json_free(doc);
}

void mcp_receive(mcp_conn *c, void *ref, const char *bytes, size_t len, const mcp_http *http)
{
        origin o = { c, ref, NULL, http };
        complaint why = { 0 };
        incoming m;
        msptk_json *doc;

        if (len > c->server->o.limits.message_bytes) {
                mcp_receive_oversized(c, ref);
                return;
        }
        if (len >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) {
                bytes += 3;
                len -= 3;
        }
        doc = read_json(bytes, len, &why);
        if (!doc) {
                refuse(&o, NULL, why.code, why.status, why.text, NULL);
        } else if (msptk_json_type(doc) == MSPTK_JSON_ARRAY) {
                receive_array(&o, bytes, len, doc);
        } else if (!read_message(bytes, len, doc, &m, &why)) {
                refuse(&o, &m, why.code, why.status, why.text, NULL);
                msptk_json_free(doc);
        } else {
                take_message(&o, &m);
                msptk_json_free(m.doc); /* unless a call has taken it */
        }
}

void mcp_receive_oversized(mcp_conn *c, void *ref)
{
        origin o = { c, ref, NULL, NULL };
        complaint why = { MCP_INVALID_REQUEST, 413, "" };

        snprintf(why.text, sizeof(why.text), "a message is at most %zu bytes long",
                 c->server->o.limits.message_bytes);
        refuse(&o, NULL, why.code, why.status, why.text, NULL);
}

void mcp_abandon(mcp_conn *c, void *ref)
{
        for (call *one = c->calls, *next; one; one = next) {
                next = one->next;
                if (one->to.ref != ref || one->gone)
                        continue;
                if (one->modern) {
                        call_cancel(one);
                        /* What it called may have ended others. */
                        next = c->calls;
                } else {
                        call_mute(one);
                }
        }
}

const char *mcp_conn_legacy_version(const mcp_conn *c)
{
        return c->version;
}

size_t mcp_conn_in_flight(const mcp_conn *c)
{
        return c->open;
}

void mcp_conn_shut(mcp_conn *c)
{
        for (call *one = c->calls; one; one = c->calls) {
                while (one && one->gone)
                        one = one->next;
                if (!one)
                        break;
                if (one->listen) {
                        listen_end(one);
                        continue;
                }
                /* A reply of HTTP has to say something. */
                if (c->transport == MCP_HTTP)
                        say_error(&one->to, one->id, one->id_len, MCP_INTERNAL_ERROR, 503,
                                  "the server stops", NULL);
                call_cancel(one);
        }
}
