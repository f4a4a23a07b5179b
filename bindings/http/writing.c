/* Answers: a whole JSON text, or a stream of events that grows. Nothing is written outside the
 * callback in which the socket is known to take bytes. */
#include "http/internal.h"

enum { SLICE = 65536, HEAD = LWS_PRE + 2048 };

/* libwebsockets wants room before what is written. */
static void make_room(text *out)
{
        if (!out->len)
                text_fill(out, ' ', LWS_PRE);
}

void answer_wake(exchange *x)
{
        if (x->wsi)
                lws_callback_on_writable(x->wsi);
}

static void add_line(exchange *x, const char *s, size_t len)
{
        make_room(&x->out);
        text_addn(&x->out, s, len);
        if (x->out.len - x->sent > WAITING_BYTES)
                x->close_after = true; /* nobody reads */
        x->told_ms = x->l->now_ms;
        answer_wake(x);
}

void answer_event(exchange *x, const char *message, size_t len)
{
        text event = { 0 };

        x->streaming = true;
        text_add(&event, "event: message\ndata: ");
        text_addn(&event, message, len); /* one line: JSON has no raw line ends */
        text_add(&event, "\n\n");
        add_line(x, event.data, event.len);
        text_free(&event);
}

void answer_comment(exchange *x)
{
        add_line(x, ":\n\n", 3);
}

static bool put(exchange *x, const char *name, const char *value, unsigned char **p,
                unsigned char *end)
{
        return !lws_add_http_header_by_name(x->wsi, (const unsigned char *)name,
                                            (const unsigned char *)value, (int)strlen(value), p,
                                            end);
}

static bool put_extra(exchange *x, unsigned char **p, unsigned char *end)
{
        bool fine = put(x, "cache-control:", "no-store", p, end);

        if (x->streaming)
                fine = fine && put(x, "x-accel-buffering:", "no", p, end);
        if (x->allow)
                fine = fine && put(x, "allow:", x->allow, p, end);
        if (x->challenge)
                fine = fine && put(x, "www-authenticate:",
                                   x->invalid_token ? "Bearer realm=\"msp-toolkit\", "
                                                      "error=\"invalid_token\""
                                                    : "Bearer realm=\"msp-toolkit\"",
                                   p, end);
        if (x->names_session && x->s)
                fine = fine && put(x, "mcp-session-id:", x->s->id, p, end);
        if (x->origin)
                fine = fine && put(x, "access-control-allow-origin:", x->origin, p, end) &&
                       put(x, "vary:", "Origin", p, end) &&
                       put(x, "access-control-expose-headers:", "Mcp-Session-Id", p, end);
        if (x->origin && x->status == 204)
                fine = fine &&
                       put(x, "access-control-allow-methods:", "POST, GET, DELETE, OPTIONS", p,
                           end) &&
                       put(x, "access-control-allow-headers:",
                           "Authorization, Content-Type, Accept, MCP-Protocol-Version, "
                           "Mcp-Method, Mcp-Name, Mcp-Session-Id, Last-Event-ID",
                           p, end);
        return fine;
}

static int write_head(exchange *x)
{
        unsigned char head[HEAD], *p = head + LWS_PRE, *end = head + sizeof(head);
        size_t body = x->out.len > LWS_PRE ? x->out.len - LWS_PRE : 0;
        const char *type = x->streaming ? "text/event-stream" : body ? "application/json" : NULL;

        x->headed = true;
        if (lws_add_http_common_headers(x->wsi, (unsigned)x->status, type,
                                        x->streaming ? LWS_ILLEGAL_HTTP_CONTENT_LEN : body, &p,
                                        end) ||
            !put_extra(x, &p, end) ||
            (x->close_after && !x->streaming && !put(x, "connection:", "close", &p, end)) ||
            lws_finalize_write_http_header(x->wsi, head + LWS_PRE, &p, end))
                return -1;
        return 0;
}

static int write_body(exchange *x)
{
        size_t left = x->out.len > x->sent ? x->out.len - x->sent : 0, n;
        bool last;

        if (!left)
                return 0;
        n = left > SLICE ? SLICE : left;
        last = n == left && x->finished;
        if (lws_write(x->wsi, (unsigned char *)x->out.data + x->sent, n,
                      last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0)
                return -1;
        x->sent += n;
        return 0;
}

/* Whether there is an answer to begin with. */
static bool is_ready(exchange *x)
{
        if (x->finished && !x->answered && !x->streaming && !x->status)
                x->status = 202; /* a notification */
        if (x->streaming && !x->status)
                x->status = 200;
        return x->streaming || x->finished;
}

int answer_write(exchange *x)
{
        if (!x->headed) {
                if (!is_ready(x))
                        return 0;
                make_room(&x->out);
                x->sent = LWS_PRE;
                if (write_head(x) < 0)
                        return -1;
        }
        if (write_body(x) < 0)
                return -1;
        if (x->sent < x->out.len) {
                if (x->streaming && x->close_after && !x->finished)
                        return -1;
                answer_wake(x);
                return 0;
        }
        if (!x->finished) { /* a stream that goes on */
                text_reset(&x->out);
                make_room(&x->out);
                x->sent = LWS_PRE;
                return 0;
        }
        return 1;
}
