/* Which addresses may be asked: within the origins of the instance, encrypted, without a password
 * in them. */
#define ROOM "net"
#include "net/private.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static void url_free(CURLU **u)
{
        curl_url_cleanup(*u);
}
#define AUTO_URL __attribute__((cleanup(url_free)))

/* A part of a URL in our own memory; NULL when it has none or memory is short. */
static char *part(CURLU *u, CURLUPart which, unsigned flags)
{
        char *theirs = NULL, *ours = NULL;

        if (curl_url_get(u, which, &theirs, flags) == CURLUE_OK)
                ours = msptk__strdup(theirs);
        curl_free(theirs);
        return ours;
}

static void lower(char *text)
{
        for (; *text; text++)
                if (*text >= 'A' && *text <= 'Z')
                        *text = (char)(*text + 32);
}

void msptk__net_origin_clear(net_origin *o)
{
        msptk__free(o->scheme);
        msptk__free(o->host);
        msptk__free(o->port);
        *o = (net_origin){ 0 };
}

static void auto_origin(net_origin *o)
{
        msptk__net_origin_clear(o);
}

static msptk_status origin_of(CURLU *u, net_origin *ret, msptk_error **ret_err)
{
        __attribute__((cleanup(auto_origin))) net_origin o = { 0 };

        o.scheme = part(u, CURLUPART_SCHEME, 0);
        o.host = part(u, CURLUPART_HOST, 0);
        o.port = part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
        if (!o.scheme || !o.host || !o.port)
                return msptk__nomem(ret_err);
        lower(o.scheme);
        lower(o.host);
        *ret = o;
        o = (net_origin){ 0 };
        return MSPTK_OK;
}

/* What a person pasted may hold a password or a token: only its length is told. */
static msptk_status bad_url(const char *what, const char *why, size_t len, msptk_error **ret_err)
{
        return fail_why(ret_err, MSPTK_E_INVALID, "BAD_URL",
                        "use an absolute https:// address without user and password",
                        "%s (%zu bytes) %s", what, len, why);
}

static bool has_password(CURLU *u)
{
        AUTO_FREE char *user = part(u, CURLUPART_USER, 0);
        AUTO_FREE char *password = part(u, CURLUPART_PASSWORD, 0);

        return user || password;
}

static msptk_status url_error(const char *what, CURLUcode code, size_t len, msptk_error **ret_err)
{
        if (code == CURLUE_OUT_OF_MEMORY)
                return msptk__nomem(ret_err);
        return bad_url(what, curl_url_strerror(code), len, ret_err);
}

/* Controls and blanks would end a header or a word of the request line. */
static bool plain(const char *url)
{
        for (; *url; url++)
                if ((unsigned char)*url <= ' ' || *url == 127 || *url == '\\')
                        return false;
        return true;
}

/* Parses into a new handle: http or https, with a host, without userinfo. */
static msptk_status parse(const char *what, const char *base, const char *url, CURLU **ret,
                          msptk_error **ret_err)
{
        AUTO_URL CURLU *u = curl_url();
        AUTO_FREE char *scheme = NULL;
        size_t len = strlen(url);
        CURLUcode code = CURLUE_OK;

        if (!u)
                return msptk__nomem(ret_err);
        if (len > NET_URL_MAX)
                return bad_url(what, "is too long", len, ret_err);
        if (!plain(url))
                return bad_url(what, "has characters that no address may have", len, ret_err);
        if (base)
                code = curl_url_set(u, CURLUPART_URL, base, 0);
        if (code == CURLUE_OK)
                code = curl_url_set(u, CURLUPART_URL, url, 0);
        if (code != CURLUE_OK)
                return url_error(what, code, len, ret_err);
        scheme = part(u, CURLUPART_SCHEME, 0);
        if (!scheme)
                return msptk__nomem(ret_err);
        if (strcasecmp(scheme, "https") && strcasecmp(scheme, "http"))
                return bad_url(what, "is neither http nor https", len, ret_err);
        if (has_password(u))
                return bad_url(what, "holds a user or password", len, ret_err);
        *ret = STEAL(u);
        return MSPTK_OK;
}

msptk_status msptk__net_origin_parse(const char *what, const char *url, net_origin *ret,
                                     msptk_error **ret_err)
{
        AUTO_URL CURLU *u = NULL;

        TRY(parse(what, NULL, url, &u, ret_err));
        return origin_of(u, ret, ret_err);
}

static bool is_loopback(const char *host)
{
        struct in_addr v4;

        if (!strcmp(host, "localhost") || !strcmp(host, "[::1]"))
                return true;
        return inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

static bool within(const net_site *s, const net_origin *o)
{
        for (size_t i = 0; i < s->origin_count; i++)
                if (!strcmp(s->origins[i].scheme, o->scheme) &&
                    !strcmp(s->origins[i].host, o->host) && !strcmp(s->origins[i].port, o->port))
                        return true;
        return false;
}

static msptk_status allowed(const net_site *s, const net_origin *o, msptk_error **ret_err)
{
        if (!s->origin_count)
                return fail_why(ret_err, MSPTK_E_DENIED, "OUTSIDE_ORIGINS",
                                "set api_url of the adapter",
                                "'%s' may ask no address: it has no api_url", s->name);
        if (!within(s, o))
                return fail_why(ret_err, MSPTK_E_DENIED, "OUTSIDE_ORIGINS",
                                "when the vendor really uses it, add it to the adapter's 'origins'",
                                "'%s' may not ask %s://%.200s:%s: it is not among its origins",
                                s->name, o->scheme, o->host, o->port);
        if (strcmp(o->scheme, "https") && !s->allow_http && !is_loopback(o->host))
                return fail_why(ret_err, MSPTK_E_DENIED, "NOT_ENCRYPTED",
                                "use https://, or set allow_http: true on purpose",
                                "'%s' may not ask %.200s without encryption", s->name, o->host);
        return MSPTK_OK;
}

msptk_status msptk__net_url(const net_site *s, const char *base, const char *url, char **ret,
                            msptk_error **ret_err)
{
        __attribute__((cleanup(auto_origin))) net_origin o = { 0 };
        AUTO_URL CURLU *u = NULL;
        char *whole;

        if (!url || !*url)
                return bad_url("an address", "is empty", 0, ret_err);
        TRY(parse("the address", base, url, &u, ret_err));
        TRY(origin_of(u, &o, ret_err));
        TRY(allowed(s, &o, ret_err));
        if (curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK)
                return msptk__nomem(ret_err);
        whole = part(u, CURLUPART_URL, 0);
        if (!whole)
                return msptk__nomem(ret_err);
        if (strlen(whole) > NET_URL_MAX) {
                msptk__free(whole);
                return bad_url("the address", "is too long", strlen(url), ret_err);
        }
        *ret = whole;
        return MSPTK_OK;
}

void msptk__net_url_show(const char *url, buf *out)
{
        size_t len = strcspn(url, "?#");

        msptk__buf_add(out, url, len > 160 ? 160 : len);
}
