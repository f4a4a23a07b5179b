/* One request: what it says of itself, whether it may ask, which session it belongs to. */
#include "http/internal.h"

/* ---- headers ---- */

/* A header that libwebsockets knows; NULL when absent. */
static char *known_header(struct lws *wsi, enum lws_token_indexes token)
{
        int len = lws_hdr_total_length(wsi, token);
        char *value;

        if (len <= 0)
                return NULL;
        value = need(malloc((size_t)len + 2));
        if (lws_hdr_copy(wsi, value, len + 1, token) < 0) {
                free(value);
                return NULL;
        }
        return value;
}

static char *other_header(struct lws *wsi, const char *name)
{
        text key = { 0 };
        char *value = NULL;
        int len;

        text_addf(&key, "%s:", name);
        len = lws_hdr_custom_length(wsi, key.data, (int)key.len);
        if (len >= 0) {
                value = need(malloc((size_t)len + 2));
                if (lws_hdr_custom_copy(wsi, value, len + 1, key.data, (int)key.len) < 0)
                        value[0] = '\0';
                value[len] = '\0';
        }
        text_free(&key);
        return value;
}

/* Without the blanks around it. */
static void trim(char *s)
{
        size_t lead, len;

        if (!s)
                return;
        lead = strspn(s, " \t");
        len = strlen(s + lead);
        while (len && strchr(" \t\r", s[lead + len - 1]))
                len--;
        memmove(s, s + lead, len);
        s[len] = '\0';
}

static char *trimmed_header(struct lws *wsi, const char *name)
{
        char *value = other_header(wsi, name);

        trim(value);
        return value;
}

/* Asked by the core for what its tools declare; kept as long as the exchange. */
static const char *header_for_core(void *user, const char *name)
{
        exchange *x = user;
        header *h;

        for (h = x->headers; h; h = h->next)
                if (!strcmp(h->name, name))
                        return h->value;
        h = need(calloc(1, sizeof(*h)));
        h->name = copy_text(name);
        h->value = x->wsi ? trimmed_header(x->wsi, name) : NULL;
        h->next = x->headers;
        x->headers = h;
        return h->value;
}

/* ---- answers of our own ---- */

static void finish(exchange *x, int status)
{
        x->status = status;
        x->finished = true;
        answer_wake(x);
}

void exchange_refuse(exchange *x, int status, const char *why)
{
        msptk_json *doc = need(msptk_json_new_object()), *error = need(msptk_json_new_object());
        char *printed = NULL;

        msptk_json_set_string(doc, "jsonrpc", "2.0");
        msptk_json_set_int(error, "code", -32600);
        msptk_json_set_string(error, "message", why);
        msptk_json_set(doc, "error", error);
        if (msptk_json_print(doc, 0, &printed, NULL) < 0)
                need(NULL);
        text_reset(&x->out);
        text_fill(&x->out, ' ', LWS_PRE);
        text_add(&x->out, printed);
        msptk_string_free(printed);
        msptk_json_free(doc);
        x->answered = true;
        finish(x, status);
}

/* A refusal whose body nobody will read: the connection ends with it. */
static void refuse_and_close(exchange *x, int status, const char *why)
{
        x->close_after = true;
        exchange_refuse(x, status, why);
}

/* ---- who asks ---- */

/* "Bearer abc" -> "abc"; NULL when it is nothing of the kind. */
static const char *bearer(const char *authorization)
{
        if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
                return NULL;
        authorization += 7;
        return authorization + strspn(authorization, " ");
}

/* The principal; otherwise the request is refused. */
static bool authenticate(exchange *x, struct lws *wsi)
{
        const http_opts *o = &x->l->o;
        char *authorization = known_header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION);
        const char *token = bearer(authorization);
        bool known = false;

        if (authorization && (!token || !o->authenticate)) {
                x->invalid_token = true;
        } else if (token) {
                known = o->authenticate(o->user, token, &x->who, NULL) == MSPTK_OK;
                x->invalid_token = !known;
        } else if (o->anonymous.scopes) {
                x->who = o->anonymous;
                known = true;
        }
        if (!known) {
                x->challenge = true;
                refuse_and_close(x, 401,
                                 x->invalid_token ? "the bearer token is not valid"
                                                  : "a bearer token is needed");
        }
        if (authorization)
                memset(authorization, 0, strlen(authorization));
        free(authorization);
        return known;
}

/* ---- beginning ---- */

static bool is_json(const char *type)
{
        size_t n;

        if (!type)
                return false;
        n = strcspn(type, "; \t");
        return n == 16 && !strncasecmp(type, "application/json", 16);
}

static bool check_post(exchange *x, struct lws *wsi)
{
        char *type = known_header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE);
        char *length = known_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
        char *coding = known_header(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING);
        size_t most = x->l->o.body_bytes ? x->l->o.body_bytes : BODY_BYTES;
        bool fine = false;

        if (coding)
                refuse_and_close(x, 411, "send the body with Content-Length, not in chunks");
        else if (!length || !*length || length[strspn(length, "0123456789")])
                refuse_and_close(x, 411, "Content-Length is missing, or no number");
        else if (strlen(length) > 15 || strtoull(length, NULL, 10) > most)
                refuse_and_close(x, 413, "the message is too large");
        else if (!is_json(type))
                refuse_and_close(x, 415, "Content-Type must be application/json");
        else
                fine = true;
        x->reading = fine && strtoull(length, NULL, 10) > 0;
        free(type);
        free(length);
        free(coding);
        return fine;
}

static void refuse_method(exchange *x)
{
        x->allow = "POST";
        refuse_and_close(x, 405, "only POST is answered here");
}

static void hold(exchange *x, session *s)
{
        x->s = s;
        s->open++;
        s->used_ms = x->l->now_ms;
}

/* The session that the request names: held, or the request is refused. */
static bool join(exchange *x)
{
        session *s = session_find(x->l, x->session_id);

        if (!s || strcmp(s->principal, x->who.name) != 0) {
                refuse_and_close(x, 404, "there is no such session; begin with initialize");
                return false;
        }
        hold(x, s);
        return true;
}

static bool names_modern_version(const exchange *x)
{
        return x->protocol_version && mcp_is_modern_version(x->protocol_version);
}

/* GET: the stream on which a session hears what nobody asked for. */
static void begin_stream(exchange *x)
{
        if (!x->l->o.legacy || !x->session_id || names_modern_version(x)) {
                refuse_method(x);
        } else if (!x->accepts_stream) {
                refuse_and_close(x, 406, "a stream is of text/event-stream, which is not accepted");
        } else if (join(x)) {
                if (x->s->listen) {
                        x->s->listen->finished = true;
                        answer_wake(x->s->listen);
                }
                x->s->listen = x;
                x->streaming = true;
                answer_comment(x);
        }
}

static void end_session(exchange *x)
{
        if (!x->l->o.legacy || !x->session_id || names_modern_version(x)) {
                refuse_method(x);
        } else if (join(x)) {
                session_end(x->s);
                finish(x, 200);
        }
}

static const char *const methods[] = { [LWSHUMETH_GET] = "GET",
                                       [LWSHUMETH_POST] = "POST",
                                       [LWSHUMETH_OPTIONS] = "OPTIONS",
                                       [LWSHUMETH_DELETE] = "DELETE" };

static const char *method_of(struct lws *wsi, char path[256])
{
        char *uri = NULL;
        int len = 0, method = lws_http_get_uri_and_method(wsi, &uri, &len);

        path[0] = '\0';
        if (method < 0 || len < 0 || len > 255)
                return "";
        memcpy(path, uri, (size_t)len);
        path[len] = '\0';
        return (size_t)method < sizeof(methods) / sizeof(methods[0]) && methods[method]
                       ? methods[method]
                       : "";
}

static void read_headers(exchange *x, struct lws *wsi)
{
        char *accept = known_header(wsi, WSI_TOKEN_HTTP_ACCEPT);

        x->protocol_version = trimmed_header(wsi, "mcp-protocol-version");
        x->method = trimmed_header(wsi, "mcp-method");
        x->name = trimmed_header(wsi, "mcp-name");
        x->session_id = trimmed_header(wsi, "mcp-session-id");
        x->accepts_stream =
                accept && (strcasestr(accept, "text/event-stream") || strstr(accept, "*/*"));
        free(accept);
}

/* Host and Origin of every route, before anything else is looked at. */
static bool check_names(exchange *x, struct lws *wsi)
{
        char *host = known_header(wsi, WSI_TOKEN_HOST);
        char *origin = known_header(wsi, WSI_TOKEN_ORIGIN);
        bool fine = false;

        if (!host_allowed(x->l, host)) {
                refuse_and_close(x, 403, "this server is not known by that Host");
        } else if (origin && !origin_allowed(x->l, origin)) {
                refuse_and_close(x, 403, "that Origin may not ask");
        } else {
                fine = true;
                x->origin = origin ? copy_text(origin) : NULL;
        }
        free(host);
        free(origin);
        return fine;
}

static void route(exchange *x, struct lws *wsi)
{
        char path[256];
        const char *method = method_of(wsi, path);

        if (!check_names(x, wsi))
                return;
        if (strcmp(path, x->l->o.path) != 0) {
                refuse_and_close(x, 404, "there is nothing at this path");
                return;
        }
        if (!strcmp(method, "OPTIONS") && x->origin) {
                finish(x, 204);
                return;
        }
        read_headers(x, wsi);
        if (!authenticate(x, wsi))
                return;
        if (!strcmp(method, "POST"))
                (void)check_post(x, wsi);
        else if (!strcmp(method, "GET"))
                begin_stream(x);
        else if (!strcmp(method, "DELETE"))
                end_session(x);
        else
                refuse_method(x);
}

int exchange_begin(http_listener *l, struct lws *wsi, exchange **slot)
{
        exchange *x = need(calloc(1, sizeof(*x)));

        x->l = l;
        x->wsi = wsi;
        x->began_ms = x->told_ms = l->now_ms;
        x->next = l->exchanges;
        l->exchanges = x;
        *slot = x;
        text_fill(&x->out, ' ', LWS_PRE);
        route(x, wsi);
        if (!x->finished && !x->streaming && !x->reading)
                return exchange_received(x); /* a POST without a body */
        return 0;
}

void exchange_body(exchange *x, const char *bytes, size_t len)
{
        size_t most = x->l->o.body_bytes ? x->l->o.body_bytes : BODY_BYTES;

        if (!x->reading || x->body.len + len > most)
                return;
        text_addn(&x->body, bytes, len);
}

/* ---- the message ---- */

/* Which peer of the core it goes to. */
static bool choose_session(exchange *x)
{
        if (x->session_id && x->l->o.legacy && !names_modern_version(x)) {
                if (!join(x))
                        return false;
                for (const char *const *v = mcp_legacy_versions; x->protocol_version && *v; v++)
                        if (!strcmp(*v, x->protocol_version))
                                return true;
                if (!x->protocol_version)
                        return true;
                refuse_and_close(x, 400, "MCP-Protocol-Version names no version that is served");
                return false;
        }
        hold(x, session_new(x->l, &x->who));
        return true;
}

/* The handshake of an older version makes a session of what was one request's peer. */
static void promote(exchange *x)
{
        if (*x->s->id || !mcp_conn_legacy_version(x->s->conn))
                return;
        if (x->l->o.legacy && session_keep(x->s)) {
                x->names_session = true;
        } else {
                exchange_refuse(x, x->l->o.legacy ? 503 : 400,
                                x->l->o.legacy ? "there are too many sessions; try again later"
                                               : "only the protocol version 2026-07-28 is served");
        }
}

int exchange_received(exchange *x)
{
        mcp_http http = { x->protocol_version, x->method, x->name, header_for_core, x };

        if (x->received || x->finished)
                return 0;
        x->received = true;
        x->reading = false;
        mcp_tick(x->l->o.server, x->l->now_ms);
        if (!choose_session(x))
                return 0;
        mcp_receive(x->s->conn, x, text_str(&x->body), x->body.len, &http);
        text_free(&x->body);
        promote(x);
        return 0;
}

/* ---- ending ---- */

void exchange_lost(exchange *x)
{
        x->wsi = NULL;
        if (x->s && x->received && !x->finished)
                mcp_abandon(x->s->conn, x);
        /* A call of a session goes on without its client; done() frees nothing, so we wait. */
        if (!x->s || x->finished || x->s->listen == x || !x->received)
                exchange_free(x);
}

void exchange_free(exchange *x)
{
        exchange **at = &x->l->exchanges;

        while (*at != x)
                at = &(*at)->next;
        *at = x->next;
        if (x->s)
                session_release(x->s, x);
        while (x->headers) {
                header *gone = x->headers;

                x->headers = gone->next;
                free(gone->name);
                free(gone->value);
                free(gone);
        }
        free(x->protocol_version);
        free(x->method);
        free(x->name);
        free(x->session_id);
        free(x->origin);
        text_free(&x->body);
        text_free(&x->out);
        free(x);
}

void exchanges_tick(http_listener *l)
{
        int64_t slow = l->o.header_timeout_ms ? l->o.header_timeout_ms : SLOW_MS;

        for (exchange *x = l->exchanges, *next; x; x = next) {
                next = x->next;
                if (!x->wsi && x->finished)
                        exchange_free(x);
                else if (x->wsi && x->reading && l->now_ms - x->began_ms > slow)
                        lws_set_timeout(x->wsi, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_ASYNC);
                else if (x->wsi && x->streaming && !x->finished &&
                         l->now_ms - x->told_ms >= KEEP_ALIVE_MS)
                        answer_comment(x);
        }
}
