/* What an adapter may send: methods, headers, credentials. */
#define ROOM "net"
#include "net/private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Headers that belong to the host: credentials, and what frames the message. */
static const char *const ours[] = {
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "Cookie2",
        "Set-Cookie",
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "Keep-Alive",
        "Upgrade",
        "TE",
        "Trailer",
        "Expect",
        "Accept-Encoding",
        "Proxy-Connection",
        "Proxy-Authenticate",
        "HTTP2-Settings",
};

static bool token_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c && strchr("!#$%&'*+-.^_`|~", c));
}

static size_t token_len(const char *text)
{
        size_t n = 0;

        while (token_char(text[n]))
                n++;
        return n;
}

static bool is_ours(const char *name, size_t len)
{
        for (size_t i = 0; i < ARRAY_LEN(ours); i++)
                if (strlen(ours[i]) == len && !strncasecmp(ours[i], name, len))
                        return true;
        return false;
}

/* No line end, no other control character but a tab. */
static bool one_line(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 127)
                        return false;
        return true;
}

static msptk_status bad_header(const char *what, const char *name, size_t len,
                               msptk_error **ret_err)
{
        return fail_why(ret_err, MSPTK_E_INVALID, "BAD_HEADER",
                        "let the host attach credentials; send \"Name: value\" on one line",
                        "header '%.*s' %s", (int)(len > 40 ? 40 : len), name, what);
}

static msptk_status check_header(const char *header, msptk_error **ret_err)
{
        size_t len = strlen(header), name = token_len(header);

        if (len > NET_HEADER_BYTES)
                return fail_why(ret_err, MSPTK_E_TOOBIG, "HEADER_LIMIT", "send less",
                                "header '%.*s' has more than %d bytes",
                                (int)(name > 40 ? 40 : name), header, (int)NET_HEADER_BYTES);
        if (!name || header[name] != ':')
                return bad_header("is not of the form \"Name: value\"", header, name, ret_err);
        if (!one_line(header, len))
                return bad_header("has a line end or control character", header, name, ret_err);
        if (is_ours(header, name))
                return bad_header("is set by the host only", header, name, ret_err);
        return MSPTK_OK;
}

static msptk_status check_method(const char *method, msptk_error **ret_err)
{
        size_t len = method ? strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") : 3;

        if (!method || (len && len <= 16 && !method[len] && strcmp(method, "CONNECT") &&
                        strcmp(method, "TRACE")))
                return MSPTK_OK;
        return fail(ret_err, MSPTK_E_INVALID, "'%.20s' is no method that adapters may use",
                    len ? method : "");
}

static msptk_status check_auth(const net_request *in, msptk_error **ret_err)
{
        const char *bytes;
        size_t len;

        if (in->auth == NET_AUTH_NONE)
                return MSPTK_OK;
        if (in->auth < NET_AUTH_NONE || in->auth > NET_AUTH_HEADER || !in->secret)
                return fail(ret_err, MSPTK_E_INVALID,
                            "the request asks for a credential that it "
                            "does not name");
        bytes = msptk__secret_bytes(in->secret, &len);
        if (!len || !one_line(bytes, len))
                return fail_why(ret_err, MSPTK_E_CONFIG, "BAD_SECRET",
                                "store it again as one line of text",
                                "the credential is empty or no single line of text");
        if (in->auth == NET_AUTH_BASIC && (!in->user || !one_line(in->user, strlen(in->user)) ||
                                           strchr(in->user, ':') || strlen(in->user) > 256))
                return fail(ret_err, MSPTK_E_INVALID, "basic authentication needs a user");
        if (in->auth == NET_AUTH_HEADER) {
                size_t name = in->user ? token_len(in->user) : 0;

                if (!name || in->user[name] || name > 64 ||
                    (is_ours(in->user, name) && strcasecmp(in->user, "Authorization") &&
                     strcasecmp(in->user, "Cookie")))
                        return fail(ret_err, MSPTK_E_INVALID,
                                    "the credential's header has no usable name");
        }
        return MSPTK_OK;
}

msptk_status msptk__net_request_check(const net_request *in, msptk_error **ret_err)
{
        TRY(check_method(in->method, ret_err));
        for (size_t i = 0; in->headers && in->headers[i]; i++) {
                if (i == NET_HEADERS_MAX)
                        return fail_why(ret_err, MSPTK_E_TOOBIG, "HEADER_LIMIT", "send fewer",
                                        "the request has more than %d headers",
                                        (int)NET_HEADERS_MAX);
                TRY(check_header(in->headers[i], ret_err));
        }
        if (in->body_len > NET_BODY_MAX)
                return fail_why(ret_err, MSPTK_E_TOOBIG, "BODY_LIMIT", "send it in parts",
                                "the request has more than %d bytes", (int)NET_BODY_MAX);
        if (in->body_len && !in->body)
                return fail(ret_err, MSPTK_E_INVALID, "the request's body is missing");
        return check_auth(in, ret_err);
}

static bool safe_method(const char *method)
{
        return !method || !strcmp(method, "GET") || !strcmp(method, "HEAD") ||
               !strcmp(method, "OPTIONS");
}

bool msptk__net_idempotent(const net_request *in)
{
        return in->idempotent || safe_method(in->method);
}

void msptk__net_slist_free(struct curl_slist *list)
{
        for (struct curl_slist *at = list; at; at = at->next)
                msptk__wipe(at->data, strlen(at->data));
        curl_slist_free_all(list);
}

/* ---- the list that curl sends ---- */

static bool append(struct curl_slist **list, const char *text)
{
        struct curl_slist *longer = curl_slist_append(*list, text);

        if (longer)
                *list = longer;
        return longer != NULL;
}

static void base64(const unsigned char *in, size_t len, char *out)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

        for (size_t i = 0; i < len; i += 3) {
                uint32_t v = (uint32_t)in[i] << 16 | (i + 1 < len ? (uint32_t)in[i + 1] << 8 : 0) |
                             (i + 2 < len ? in[i + 2] : 0);

                *out++ = digits[v >> 18];
                *out++ = digits[v >> 12 & 63];
                *out++ = i + 1 < len ? digits[v >> 6 & 63] : '=';
                *out++ = i + 2 < len ? digits[v & 63] : '=';
        }
        *out = '\0';
}

/* The header with the credential. It passes through plain memory on its way to curl, and is wiped
 * from ours at once. */
static bool append_auth(struct curl_slist **list, const net_request *in)
{
        size_t len, user = in->user ? strlen(in->user) : 0;
        const char *bytes = msptk__secret_bytes(in->secret, &len);
        size_t cap = 2 * (len + user + 64);
        AUTO_FREE char *line = msptk__alloc(cap);
        AUTO_FREE char *pair = msptk__alloc(cap);
        bool ok;

        if (!line || !pair)
                return false;
        if (in->auth == NET_AUTH_BEARER) {
                (void)snprintf(line, cap, "Authorization: Bearer %s", bytes);
        } else if (in->auth == NET_AUTH_HEADER) {
                (void)snprintf(line, cap, "%s: %s", in->user, bytes);
        } else {
                static const char start[] = "Authorization: Basic ";

                (void)snprintf(pair, cap, "%s:%s", in->user, bytes);
                memcpy(line, start, sizeof(start));
                base64((const unsigned char *)pair, user + 1 + len, line + sizeof(start) - 1);
        }
        ok = append(list, line);
        msptk__wipe(line, cap);
        msptk__wipe(pair, cap);
        return ok;
}

/* curl takes "Name:" as an order to leave a header out; "Name;" sends it empty. */
static bool append_theirs(struct curl_slist **list, const char *header)
{
        size_t name = token_len(header);
        AUTO_FREE char *empty = NULL;

        if (header[name + 1 + strspn(header + name + 1, " \t")])
                return append(list, header);
        empty = msptk__strndup(header, name + 1);
        if (!empty)
                return false;
        empty[name] = ';';
        return append(list, empty);
}

struct curl_slist *msptk__net_request_headers(const net_request *in, bool with_body)
{
        struct curl_slist *list = NULL;
        bool typed = false;
        bool ok = append(&list, "Expect:"); /* no waiting for 100 Continue */

        for (size_t i = 0; ok && in->headers && in->headers[i]; i++) {
                bool type = !strncasecmp(in->headers[i], "Content-Type:", 13);

                typed = typed || type;
                if (!type || with_body)
                        ok = append_theirs(&list, in->headers[i]);
        }
        if (ok && !typed) /* curl would call every body a form */
                ok = append(&list, "Content-Type:");
        if (ok && in->auth != NET_AUTH_NONE)
                ok = append_auth(&list, in);
        if (ok)
                return list;
        msptk__net_slist_free(list);
        return NULL;
}
