/* The handle and the sites: what the configuration says about one vendor's network. */
#define ROOM "net"
#include "net/private.h"

#include <string.h>
#include <strings.h>

enum { ORIGINS_MAX = 16 };

msptk_status msptk__net_open(ctx *c, net **ret, msptk_error **ret_err)
{
        net *n = msptk__alloc(sizeof(*n));

        if (!n)
                return msptk__nomem(ret_err);
        atomic_init(&n->refs, 1);
        pthread_mutex_init(&n->lock, NULL);
        n->c = c;
        n->pid = getpid();
        *ret = n;
        return MSPTK_OK;
}

net *msptk__net_ref(net *n)
{
        atomic_fetch_add(&n->refs, 1);
        return n;
}

void msptk__net_unref(net *n)
{
        if (!n || atomic_fetch_sub(&n->refs, 1) != 1)
                return;
        msptk__multi_free(n);
        pthread_mutex_destroy(&n->lock);
        msptk__free(n);
}

void msptk__net_close(net *n)
{
        msptk__net_unref(n);
}

void msptk__net_set_fault(net *n, bool (*fn)(void *user), void *user)
{
        n->fault = fn;
        n->fault_user = user;
}

/* ---- sites ---- */

static msptk_status bad_setting(const net_site *s, const char *key, const char *suggestion,
                                msptk_error **ret_err)
{
        return fail_why(ret_err, MSPTK_E_CONFIG, "BAD_VALUE", suggestion,
                        "adapter '%s': the setting '%s' cannot be used", s->name, key);
}

static msptk_status add_origin(net_site *s, const char *key, const char *url, msptk_error **ret_err)
{
        net_origin *more, o = { 0 };
        msptk_status st;

        if (!url || s->origin_count == ORIGINS_MAX)
                return bad_setting(s, key, "list at most 15 addresses like https://api.example.com",
                                   ret_err);
        st = msptk__net_origin_parse(key, url, &o, ret_err);
        if (st == MSPTK_E_INVALID) {
                if (ret_err) {
                        msptk_error_free(*ret_err);
                        *ret_err = NULL;
                }
                return bad_setting(s, key,
                                   "write an absolute https:// address without user and password",
                                   ret_err);
        }
        TRY(st);
        more = msptk__realloc_array(s->origins, s->origin_count + 1, sizeof(*more));
        if (!more) {
                msptk__net_origin_clear(&o);
                return msptk__nomem(ret_err);
        }
        s->origins = more;
        s->origins[s->origin_count++] = o;
        return MSPTK_OK;
}

static msptk_status read_origins(net_site *s, const msptk_json *settings, msptk_error **ret_err)
{
        const msptk_json *url = msptk_json_get(settings, "api_url");
        const msptk_json *list = msptk_json_get(settings, "origins");

        if (url)
                TRY(add_origin(s, "api_url", msptk_json_string(url, NULL), ret_err));
        if (list && msptk_json_type(list) != MSPTK_JSON_ARRAY)
                return bad_setting(s, "origins", "write a list of addresses", ret_err);
        for (const msptk_json *o = list ? msptk_json_first(list) : NULL; o; o = msptk_json_next(o))
                TRY(add_origin(s, "origins", msptk_json_string(o, NULL), ret_err));
        return MSPTK_OK;
}

/* A duration as text ("30s"), or seconds. */
static bool duration_of(const msptk_json *value, int64_t *ret_ms)
{
        const char *text = msptk_json_string(value, NULL);

        if (text)
                return msptk__duration_parse(text, MS_PER_S, ret_ms, NULL) == MSPTK_OK;
        *ret_ms = msptk_json_int(value, 0);
        if (*ret_ms <= 0 || *ret_ms > INT64_MAX / 1000000)
                return false;
        *ret_ms *= MS_PER_S;
        return true;
}

static msptk_status read_rate(net_site *s, const msptk_json *rate, msptk_error **ret_err)
{
        const msptk_json *per = msptk_json_get(rate, "per");
        int64_t per_ms = 0;

        s->rate_requests = msptk_json_int(msptk_json_get(rate, "requests"), 0);
        if (s->rate_requests < 1 || s->rate_requests > 1000000 || !per ||
            !duration_of(per, &per_ms) || per_ms < 1 || per_ms > MS_PER_DAY)
                return bad_setting(s, "rate", "write rate: {requests: 600, per: 1m}", ret_err);
        for (const msptk_json *k = msptk_json_first(rate); k; k = msptk_json_next(k))
                if (strcmp(msptk_json_key(k), "requests") != 0 &&
                    strcmp(msptk_json_key(k), "per") != 0)
                        return bad_setting(s, "rate", "it has only 'requests' and 'per'", ret_err);
        s->rate_us = per_ms * US_PER_MS;
        return MSPTK_OK;
}

static msptk_status read_timeout(net_site *s, const msptk_json *timeout, msptk_error **ret_err)
{
        if (duration_of(timeout, &s->timeout_ms) && s->timeout_ms >= 1 &&
            s->timeout_ms <= MS_PER_DAY)
                return MSPTK_OK;
        return bad_setting(s, "timeout", "write a duration like 30s", ret_err);
}

static msptk_status read_proxy(net_site *s, const char *text, msptk_error **ret_err)
{
        net_origin o = { 0 };

        if (!text || msptk__net_origin_parse("proxy", text, &o, NULL) != MSPTK_OK)
                return bad_setting(s, "proxy", "write http://host:port, without user and password",
                                   ret_err);
        msptk__net_origin_clear(&o);
        s->proxy = msptk__strdup(text);
        return s->proxy ? MSPTK_OK : msptk__nomem(ret_err);
}

/* "sha256//" and base64 of 32 bytes: always 43 digits and one '='. More pins stand behind ';'. */
static bool pin_valid(const char *pin)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

        for (int i = 0; i < 4; i++) {
                if (strncmp(pin, "sha256//", 8) != 0 || strspn(pin + 8, digits) != 43 ||
                    pin[51] != '=')
                        return false;
                if (!pin[52])
                        return true;
                if (pin[52] != ';')
                        return false;
                pin += 53;
        }
        return false;
}

static msptk_status read_pin(net_site *s, const char *text, msptk_error **ret_err)
{
        if (!text || !pin_valid(text))
                return bad_setting(s, "certificate_pin",
                                   "write sha256// and the base64 digest of the public key",
                                   ret_err);
        s->pin = msptk__strdup(text);
        return s->pin ? MSPTK_OK : msptk__nomem(ret_err);
}

static msptk_status read_settings(net_site *s, const msptk_json *settings, msptk_error **ret_err)
{
        const msptk_json *v;

        TRY(read_origins(s, settings, ret_err));
        if ((v = msptk_json_get(settings, "allow_http"))) {
                if (msptk_json_type(v) != MSPTK_JSON_BOOL)
                        return bad_setting(s, "allow_http", "write true or false", ret_err);
                s->allow_http = msptk_json_bool(v, 0);
        }
        if ((v = msptk_json_get(settings, "proxy")))
                TRY(read_proxy(s, msptk_json_string(v, NULL), ret_err));
        if ((v = msptk_json_get(settings, "certificate_pin")))
                TRY(read_pin(s, msptk_json_string(v, NULL), ret_err));
        if ((v = msptk_json_get(settings, "timeout")))
                TRY(read_timeout(s, v, ret_err));
        if ((v = msptk_json_get(settings, "rate")))
                TRY(read_rate(s, v, ret_err));
        return MSPTK_OK;
}

msptk_status msptk__net_site_new(net *n, const char *name, const msptk_json *settings,
                                 size_t response_limit, net_site **ret, msptk_error **ret_err)
{
        AUTO_NET_SITE net_site *s = msptk__alloc(sizeof(*s));

        if (!s)
                return msptk__nomem(ret_err);
        s->n = msptk__net_ref(n);
        s->response_limit = response_limit ? response_limit : NET_BODY_MAX;
        s->timeout_ms = NET_TIMEOUT_MS;
        s->name = msptk__strdup(name);
        if (!s->name)
                return msptk__nomem(ret_err);
        TRY(read_settings(s, settings, ret_err));
        *ret = STEAL(s);
        return MSPTK_OK;
}

void msptk__net_site_free(net_site *s)
{
        if (!s)
                return;
        for (size_t i = 0; i < s->origin_count; i++)
                msptk__net_origin_clear(&s->origins[i]);
        msptk__free(s->origins);
        msptk__free(s->proxy);
        msptk__free(s->pin);
        msptk__free(s->name);
        msptk__net_unref(s->n);
        msptk__free(s);
}

void msptk__net_reply_clear(net_reply *r)
{
        msptk__free(r->body);
        msptk__free(r->content_type);
        msptk__free(r->next_link);
        *r = (net_reply){ 0 };
}
