/* One connection: its requests in order, what is queued for it, and how slow it may be. */
#include "http/listener.h"

#include <stdlib.h>
#include <string.h>

enum {
        WAITING_BYTES = 65536,   /* of later requests, while one is answered */
        KEPT_BYTES = 262144,     /* of an output buffer that is empty */
        SEND_BYTES = 65536,      /* at once */
        PROGRESS_BYTES = 16384,  /* of a body earn the time of a head again */
        IDLE_MS = 60000,         /* between two requests */
        LINGER_MS = 2000,        /* for the other side to read what it was refused with */
        LINGER_BYTES = 16777216, /* that are read past meanwhile */
        LEFT_MS = 500,           /* how often a client that is not read is asked for */
        EVENT_BYTES = 1024       /* of a stream's queue are never too many */
};

link_t *link_new(http_listener *l, struct lws *wsi)
{
        link_t *k = need(calloc(1, sizeof(*k)));

        k->l = l;
        k->wsi = wsi;
        http_reader_init(&k->reader, l->o.body_bytes);
        k->next = l->links;
        if (k->next)
                k->next->prev = k;
        l->links = k;
        l->link_count++;
        k->read_by = l->now_ms + l->o.header_timeout_ms;
        listener_arm(l, k->read_by);
        return k;
}

void link_free(link_t *k)
{
        exchange *ex = k->current;

        if (k->prev)
                k->prev->next = k->next;
        else
                k->l->links = k->next;
        if (k->next)
                k->next->prev = k->prev;
        k->l->link_count--;
        k->current = NULL;
        if (ex) {
                ex->link = NULL;
                exchange_abandon(ex);
        }
        http_reader_free(&k->reader);
        text_free(&k->waiting);
        text_free(&k->out);
        free((char *)k->who.name);
        free(k->origin);
        free(k);
}

void link_kill(link_t *k)
{
        if (!k->dead)
                socket_kill(k);
        k->dead = true;
}

static size_t held(const link_t *k)
{
        return k->out.len - k->sent;
}

bool link_is_idle(const link_t *k)
{
        return !k->current && !held(k) && !k->stuck && !http_reader_inside(&k->reader) &&
               !k->waiting.len;
}

/* ---- what goes out ---- */

static void set_write_limit(link_t *k)
{
        k->write_by = k->l->now_ms + k->l->o.header_timeout_ms;
        listener_arm(k->l, k->write_by);
}

static void queued(link_t *k)
{
        if (!k->write_by)
                set_write_limit(k);
        socket_want_write(k);
}

static void end_writing(link_t *k)
{
        if (!k->closing || k->lingering)
                return;
        k->lingering = true;
        k->read_by = k->l->now_ms + LINGER_MS;
        listener_arm(k->l, k->read_by);
        socket_hold(k, false);
        socket_shut_writing(k);
}

bool link_write(link_t *k)
{
        while (held(k) && !k->stuck) {
                size_t n = held(k) < SEND_BYTES ? held(k) : SEND_BYTES;
                int64_t sent = socket_send(k, k->out.data + k->sent, n, &k->stuck);

                if (sent < 0)
                        return false;
                k->sent += (size_t)sent;
                set_write_limit(k);
        }
        if (k->stuck) {
                /* Called again when what libwebsockets holds is gone. */
                k->stuck = false;
                socket_want_write(k);
                return true;
        }
        if (held(k))
                return true;
        k->sent = 0;
        k->write_by = 0;
        if (k->out.cap > KEPT_BYTES)
                text_free(&k->out);
        else
                text_reset(&k->out);
        end_writing(k);
        return true;
}

void link_close(link_t *k)
{
        k->closing = true;
        if (!held(k))
                end_writing(k);
}

static const char *reason(int status)
{
        static const struct {
                int status;
                const char *text;
        } all[] = { { 100, "Continue" },
                    { 200, "OK" },
                    { 202, "Accepted" },
                    { 204, "No Content" },
                    { 400, "Bad Request" },
                    { 401, "Unauthorized" },
                    { 403, "Forbidden" },
                    { 404, "Not Found" },
                    { 405, "Method Not Allowed" },
                    { 406, "Not Acceptable" },
                    { 408, "Request Timeout" },
                    { 413, "Content Too Large" },
                    { 414, "URI Too Long" },
                    { 415, "Unsupported Media Type" },
                    { 417, "Expectation Failed" },
                    { 429, "Too Many Requests" },
                    { 431, "Request Header Fields Too Large" },
                    { 500, "Internal Server Error" },
                    { 501, "Not Implemented" },
                    { 503, "Service Unavailable" },
                    { 505, "HTTP Version Not Supported" } };

        for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
                if (all[i].status == status)
                        return all[i].text;
        return "Status";
}

/* What lets a page of an allowed origin see the answer. */
static void add_origin(link_t *k)
{
        if (k->origin)
                text_addf(&k->out,
                          "Access-Control-Allow-Origin: %s\r\nVary: Origin\r\n"
                          "Access-Control-Expose-Headers: Mcp-Session-Id\r\n",
                          k->origin);
}

static void add_head(link_t *k, int status)
{
        text_addf(&k->out, "HTTP/1.1 %d %s\r\nDate: ", status, reason(status));
        text_add(&k->out, listener_date(k->l));
        text_add(&k->out, "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
        add_origin(k);
}

static void add_connection(link_t *k)
{
        if (!k->reader.keep_alive || k->closing || k->l->stopping) {
                k->closing = true;
                text_add(&k->out, "Connection: close\r\n");
        }
}

void link_respond(link_t *k, int status, const char *type, const char *body, size_t len,
                  const char *extra)
{
        add_head(k, status);
        if (type)
                text_addf(&k->out, "Content-Type: %s\r\n", type);
        if (status != 204)
                text_addf(&k->out, "Content-Length: %zu\r\n", len);
        if (extra)
                text_add(&k->out, extra);
        add_connection(k);
        text_add(&k->out, "\r\n");
        if (len && !k->head)
                text_addn(&k->out, body, len);
        queued(k);
}

void link_refuse(link_t *k, int status, const char *why, const char *extra)
{
        text body = { 0 };

        text_addf(&body, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"%s\"}}",
                  why);
        link_respond(k, status, "application/json", body.data, body.len, extra);
        text_free(&body);
}

void link_stream_begin(link_t *k, const char *extra)
{
        add_head(k, 200);
        text_add(&k->out, "Content-Type: text/event-stream\r\nX-Accel-Buffering: no\r\n");
        if (extra)
                text_add(&k->out, extra);
        if (k->reader.http10)
                k->closing = true;
        else
                text_add(&k->out, "Transfer-Encoding: chunked\r\n");
        if (!k->reader.keep_alive)
                text_add(&k->out, "Connection: close\r\n");
        text_add(&k->out, "\r\n");
        k->comment_at = k->l->now_ms + k->l->o.comment_ms;
        listener_arm(k->l, k->comment_at);
        /* A stream of HTTP/1.0 ends with the connection, which is not closed before. */
        k->closing = false;
        queued(k);
}

static void add_chunk(link_t *k, const char *lead, const char *data, size_t len, const char *tail)
{
        size_t all = strlen(lead) + len + strlen(tail);

        if (held(k) > k->l->o.queue_bytes + EVENT_BYTES) {
                listener_log(k->l, LOG_WARNING,
                             "a stream that nobody reads was cut off at %zu bytes", held(k));
                link_kill(k);
                return;
        }
        if (!k->reader.http10)
                text_addf(&k->out, "%zx\r\n", all);
        text_add(&k->out, lead);
        text_addn(&k->out, data, len);
        text_add(&k->out, tail);
        if (!k->reader.http10)
                text_add(&k->out, "\r\n");
        k->comment_at = k->l->now_ms + k->l->o.comment_ms;
        queued(k);
}

void link_stream_event(link_t *k, const char *data, size_t len)
{
        if (!k->dead)
                add_chunk(k, "event: message\ndata: ", data, len, "\n\n");
}

void link_stream_end(link_t *k)
{
        k->comment_at = 0;
        if (k->reader.http10 || !k->reader.keep_alive || k->l->stopping)
                k->closing = true;
        if (!k->reader.http10)
                text_add(&k->out, "0\r\n\r\n");
        queued(k);
}

/* ---- what comes in ---- */

void link_answered(link_t *k)
{
        k->current = NULL;
        k->comment_at = 0;
        k->head = false;
        k->refused = 0;
        k->progress = 0;
        free((char *)k->who.name);
        k->who = (mcp_principal){ 0 };
        free(k->origin);
        k->origin = NULL;
        http_reader_next(&k->reader);
        k->read_by = k->l->now_ms + IDLE_MS;
        listener_arm(k->l, k->read_by);
        if (k->closing && !held(k))
                end_writing(k);
}

/* What cannot be read is answered, and nothing after it is believed. */
static void refuse_bytes(link_t *k)
{
        k->closing = true;
        if (!k->refused)
                link_refuse(k, k->reader.status, k->reader.why, NULL);
        link_answered(k);
}

/* A part of the body has come, not all. */
static void take_part(link_t *k, size_t n)
{
        k->progress += n;
        if (k->progress >= PROGRESS_BYTES) {
                k->progress = 0;
                k->read_by = k->l->now_ms + k->l->o.header_timeout_ms;
        }
}

static size_t take_some(link_t *k, const char *bytes, size_t len)
{
        bool began = http_reader_inside(&k->reader);
        size_t used = 0, more;
        int n = http_read(&k->reader, bytes, len, &used);

        if (!began && http_reader_inside(&k->reader)) {
                k->read_by = k->l->now_ms + k->l->o.header_timeout_ms;
                listener_arm(k->l, k->read_by);
        }
        if (n == HTTP_READ_HEAD) {
                k->head = strcmp(k->reader.method, "HEAD") == 0;
                route_head(k);
                if (!http_reader_inside(&k->reader)) {
                        n = http_read(&k->reader, bytes, 0, &more);
                } else if (k->reader.expects_continue && !k->refused) {
                        text_add(&k->out, "HTTP/1.1 100 Continue\r\n\r\n");
                        queued(k);
                }
        }
        if (n == HTTP_READ_WHOLE) {
                k->read_by = 0;
                route_request(k);
        } else if (n == HTTP_READ_BAD) {
                refuse_bytes(k);
                return len;
        } else {
                take_part(k, used);
        }
        return used;
}

static void keep_waiting(link_t *k, const char *bytes, size_t len)
{
        text_addn(&k->waiting, bytes, len);
        if (k->waiting.len > WAITING_BYTES && !k->held_back) {
                k->held_back = true;
                socket_hold(k, true);
                listener_arm(k->l, k->l->now_ms + LEFT_MS);
        }
}

void link_take(link_t *k, const char *bytes, size_t len)
{
        while (len) {
                size_t used;

                if (k->dead)
                        return;
                if (k->closing && !k->current) {
                        k->wasted += len;
                        if (k->wasted > LINGER_BYTES)
                                link_kill(k);
                        return;
                }
                if (k->current) {
                        keep_waiting(k, bytes, len);
                        return;
                }
                used = take_some(k, bytes, len);
                bytes += used;
                len -= used;
                exchange_settle(k->l);
        }
}

void link_resume(link_t *k)
{
        text waiting = k->waiting;

        if (k->held_back) {
                k->held_back = false;
                socket_hold(k, false);
        }
        if (!waiting.len)
                return;
        k->waiting = (text){ 0 };
        link_take(k, waiting.data, waiting.len);
        text_free(&waiting);
}

/* ---- time ---- */

static int64_t sooner(int64_t a, int64_t b)
{
        return !a ? b : !b || a < b ? a : b;
}

static void too_late(link_t *k)
{
        if (!k->lingering && http_reader_inside(&k->reader)) {
                k->closing = true;
                link_refuse(k, 408, "the request did not come in time", NULL);
                link_answered(k);
                return;
        }
        link_kill(k);
}

int64_t link_look(link_t *k, int64_t now)
{
        if (k->dead)
                return 0;
        if (k->write_by && now >= k->write_by) {
                link_kill(k);
                return 0;
        }
        /* Its end would stand behind the bytes that are left in the socket. */
        if (k->held_back && socket_is_left(k)) {
                link_kill(k);
                return 0;
        }
        if (k->comment_at && now >= k->comment_at) {
                add_chunk(k, ": still here\n\n", "", 0, "");
                k->comment_at = now + k->l->o.comment_ms;
        }
        if (k->read_by && now >= k->read_by && !k->current)
                too_late(k);
        if (k->dead)
                return 0;
        return sooner(sooner(k->write_by, k->comment_at), k->held_back ? now + LEFT_MS
                                                          : k->current ? 0
                                                                       : k->read_by);
}
