/* Which request may do what: decided at its head, before the body is read. */
#include "http/listener.h"

#include <stdlib.h>
#include <string.h>

#include "http/guard.h"

static void refuse(link_t *k, int status, const char *why, const char *extra)
{
        /* What is refused before its body came is answered without waiting for it. */
        if (http_reader_inside(&k->reader)) {
                k->closing = true;
                k->reader.keep_alive = false;
        }
        k->refused = status;
        link_refuse(k, status, why, extra);
}

static bool names_us(link_t *k)
{
        const http_opts *o = &k->l->o;
        const char *own[] = { k->l->own_host, NULL };
        const char *origin = http_reader_field(&k->reader, "origin");

        if (k->reader.host && !guard_host_allowed(k->reader.host, o->allowed_hosts) &&
            !guard_host_allowed(k->reader.host, own)) {
                refuse(k, 403, "this Host is not served here; names beside loopback are configured",
                       NULL);
                return false;
        }
        if (http_reader_count(&k->reader, "origin") > 1 ||
            (origin && !guard_origin_allowed(origin, o->allowed_origins))) {
                refuse(k, 403, "pages of this Origin may not ask here", NULL);
                return false;
        }
        free(k->origin);
        k->origin = origin ? copy_text(origin) : NULL;
        return true;
}

/* Fields that must not be there twice: two readers could choose different ones. */
static bool fields_are_single(link_t *k)
{
        const http_reader *r = &k->reader;

        for (size_t i = 0; i < r->field_count; i++) {
                const char *name = r->fields[i].name;

                if ((strncmp(name, "mcp-", 4) == 0 || strcmp(name, "authorization") == 0 ||
                     strcmp(name, "content-type") == 0) &&
                    http_reader_count(r, name) > 1) {
                        refuse(k, 400, "a header field is there twice", NULL);
                        return false;
                }
        }
        return true;
}

static bool take_token(link_t *k, const char *authorization)
{
        static const char unknown[] =
                "WWW-Authenticate: Bearer realm=\"msp-toolkit\", error=\"invalid_token\"\r\n";
        const http_opts *o = &k->l->o;
        const char *token = guard_bearer(authorization);
        mcp_principal who = { 0 };
        msptk_error *err = NULL;
        msptk_status st = token ? o->authenticate(o->user, token, &who, &err) : MSPTK_E_DENIED;

        if (st < 0) {
                if (st == MSPTK_E_DENIED || st == MSPTK_E_AUTH || st == MSPTK_E_NOTFOUND ||
                    st == MSPTK_E_INVALID) {
                        refuse(k, 401, "the token is not valid", unknown);
                } else {
                        listener_log(k->l, LOG_ERROR, "tokens cannot be checked: %s",
                                     msptk_error_message(err));
                        refuse(k, 503, "tokens cannot be checked now", "Retry-After: 5\r\n");
                }
                msptk_error_free(err);
                return false;
        }
        k->who = (mcp_principal){ copy_text(who.name ? who.name : ""), who.scopes };
        return true;
}

static bool is_known(link_t *k)
{
        const http_opts *o = &k->l->o;
        const char *authorization = http_reader_field(&k->reader, "authorization");

        free((char *)k->who.name);
        k->who = (mcp_principal){ 0 };
        if (authorization && o->authenticate)
                return take_token(k, authorization);
        if (!o->anonymous.scopes) {
                refuse(k, 401, "a token is needed: Authorization: Bearer TOKEN",
                       "WWW-Authenticate: Bearer realm=\"msp-toolkit\"\r\n");
                return false;
        }
        k->who = (mcp_principal){ copy_text(o->anonymous.name ? o->anonymous.name : ""),
                                  o->anonymous.scopes };
        return true;
}

static bool is_modern(const http_reader *r)
{
        const char *version = http_reader_field(r, "mcp-protocol-version");

        return version && mcp_is_modern_version(version);
}

static void check_post(link_t *k)
{
        const http_reader *r = &k->reader;
        const char *type = http_reader_field(r, "content-type");
        const char *coding = http_reader_field(r, "content-encoding");
        const char *method = http_reader_field(r, "mcp-method");
        bool stream = exchange_wants(r, "text/event-stream");

        if (!type || !guard_is_type(type, "application/json"))
                refuse(k, 415, "the Content-Type of a message is application/json", NULL);
        else if (coding && strcmp(coding, "identity") != 0)
                refuse(k, 415, "a Content-Encoding is not understood here", NULL);
        else if (!exchange_wants(r, "application/json") && !stream)
                refuse(k, 406, "answers are application/json or text/event-stream", NULL);
        else if (method && strcmp(method, "subscriptions/listen") == 0 && !stream)
                refuse(k, 406, "subscriptions/listen is answered by text/event-stream", NULL);
        else if (r->length > k->l->o.body_bytes)
                refuse(k, 413, "the body is too long", NULL);
}

static void check_mcp(link_t *k)
{
        const http_reader *r = &k->reader;
        const char *query = strchr(r->target, '?');
        bool sessions = k->l->o.legacy && !is_modern(r);

        if (strcmp(r->method, "OPTIONS") == 0 && k->origin)
                return; /* a browser asks before it sends what a page wants to */
        if (query && guard_query_has(query + 1, "access_token"))
                refuse(k, 400, "a token does not belong into an address", NULL);
        else if (strcmp(r->method, "POST") != 0 &&
                 !(sessions && (strcmp(r->method, "GET") == 0 || strcmp(r->method, "DELETE") == 0)))
                refuse(k, 405, "messages are sent by POST",
                       sessions ? "Allow: POST, GET, DELETE\r\n" : "Allow: POST\r\n");
        else if (!fields_are_single(k) || !is_known(k))
                return;
        else if (strcmp(r->method, "POST") == 0)
                check_post(k);
        else if (*r->method == 'G' && !exchange_wants(r, "text/event-stream"))
                refuse(k, 406, "what is said unasked is text/event-stream", NULL);
}

static bool is_path(const char *target, const char *path)
{
        size_t n = strcspn(target, "?");

        return strlen(path) == n && memcmp(target, path, n) == 0;
}

void route_head(link_t *k)
{
        const http_reader *r = &k->reader;

        if (!names_us(k))
                return;
        if (is_path(r->target, k->l->path))
                check_mcp(k);
        else if (!is_path(r->target, "/healthz"))
                refuse(k, 404, "there is nothing at this path", NULL);
        else if (strcmp(r->method, "GET") != 0 && !k->head)
                refuse(k, 405, "health is asked by GET", "Allow: GET, HEAD\r\n");
}

/* The session that a GET or DELETE names; NULL: it was refused. */
static session *named_session(link_t *k)
{
        const char *id = http_reader_field(&k->reader, "mcp-session-id");
        session *s = id ? session_find(k->l, id, &k->who) : NULL;

        if (!id)
                link_refuse(k, 400, "Mcp-Session-Id is missing", NULL);
        else if (!s)
                link_refuse(k, 404, "there is no such session; initialize again", NULL);
        return s;
}

static void get_or_delete(link_t *k)
{
        session *s = named_session(k);

        if (s && *k->reader.method == 'G') {
                exchange_listen(k, s);
                return;
        }
        if (s) {
                session_free(s);
                link_respond(k, 204, NULL, NULL, 0, NULL);
        }
        link_answered(k);
}

void route_request(link_t *k)
{
        if (k->refused) {
                link_answered(k);
        } else if (strcmp(k->reader.method, "OPTIONS") == 0) {
                link_respond(k, 204, NULL, NULL, 0,
                             "Access-Control-Allow-Methods: POST, GET, DELETE, OPTIONS\r\n"
                             "Access-Control-Allow-Headers: Authorization, Content-Type, Accept, "
                             "MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id, "
                             "Last-Event-ID\r\nAccess-Control-Max-Age: 600\r\n");
                link_answered(k);
        } else if (is_path(k->reader.target, k->l->path)) {
                if (strcmp(k->reader.method, "POST") == 0)
                        exchange_post(k, &k->who);
                else
                        get_or_delete(k);
        } else {
                link_respond(k, 200, "text/plain", "ok\n", 3, NULL);
                link_answered(k);
        }
}
