/* HTTP for adapters: the instance's settings and secrets meet lib/net here. */
#define ROOM "adapters"
#include "adapters/internal.h"
#include "vault/vault.h"

#include <string.h>

/* The site is made once; a setting that is wrong is told at every request. */
static msptk_status site_of(instance *i, net_site **ret, msptk_error **ret_err)
{
        ctx *c = i->r->c;
        int64_t limit = msptk__config_int(c->config, "limits.response_size", 0);
        msptk_status st = MSPTK_OK;

        if (!c->net && c->need)
                TRY(c->need(c, NEED_STORE, ret_err));
        if (!c->net)
                return fail(ret_err, MSPTK_E_UNAVAILABLE, "adapter '%s': no network is open here",
                            i->info.name);
        pthread_mutex_lock(&i->opening);
        if (!i->site)
                st = msptk__net_site_new(c->net, i->info.name, i->settings, (size_t)limit, &i->site,
                                         ret_err);
        *ret = i->site;
        pthread_mutex_unlock(&i->opening);
        return st;
}

static const char *variable(void *user, const char *name)
{
        return msptk__config_env(user, name);
}

/* Read once for one call of a slot: a program that prints a token need not run for every page. */
static msptk_status secret_of(msptk_request *req, const char *setting, msptk_error **ret_err)
{
        ctx *c = req->i->r->c;
        secret_source src = { .env = variable,
                              .env_user = c->config,
                              .base_dir = msptk__config_dir(c->config) };
        const char *ref;
        secret *s = NULL;
        char *kept;

        if (!setting)
                return fail(ret_err, MSPTK_E_INVALID,
                            "the request does not name the setting that holds its credential");
        if (req->secret && !strcmp(req->secret_setting, setting))
                return MSPTK_OK;
        ref = msptk_json_string(msptk_json_get(req->i->settings, setting), NULL);
        if (!ref)
                return fail_why(ret_err, MSPTK_E_CONFIG, "CREDENTIAL_MISSING",
                                "set it to env:NAME, file:PATH, vault:NAME or exec:PROGRAM",
                                "adapter '%s' has no '%.64s'", req->i->info.name, setting);
        TRY(msptk__secret_resolve(c, ref, &src, &s, ret_err));
        kept = msptk__strdup(setting);
        if (!kept) {
                msptk__secret_free(s);
                return msptk__nomem(ret_err);
        }
        msptk__free(req->secret_setting);
        msptk__secret_free(req->secret);
        req->secret_setting = kept;
        req->secret = s;
        return MSPTK_OK;
}

void msptk__host_http_end(msptk_request *req)
{
        msptk__net_reply_clear(&req->reply);
        msptk__free(STEAL(req->secret_setting));
        msptk__secret_free(STEAL(req->secret));
}

static void give(const net_reply *from, msptk_http_reply *to)
{
        msptk_http_reply r = { .struct_size = sizeof(r),
                               .http_status = from->http_status,
                               .body = from->body,
                               .body_len = from->body_len,
                               .content_type = from->content_type,
                               .next_link = from->next_link,
                               .retry_after_ms = from->retry_after_ms,
                               .server_date = from->server_date };
        uint32_t size = to->struct_size && to->struct_size < sizeof(r) ? to->struct_size
                                                                       : (uint32_t)sizeof(r);

        r.struct_size = size;
        memcpy(to, &r, size);
}

msptk_status msptk__host_http(const msptk_request *given, const msptk_http_request *in,
                              msptk_http_reply *ret_reply, msptk_error **ret_err)
{
        msptk_request *req = (msptk_request *)given;
        msptk_http_request full = { 0 };
        net_reply reply = { 0 };
        net_request out;
        net_site *site = NULL;

        if (!in || !ret_reply || in->struct_size < offsetof(msptk_http_request, headers))
                return fail(ret_err, MSPTK_E_INVALID, "http_request: the request is incomplete");
        memcpy(&full, in, in->struct_size < sizeof(full) ? in->struct_size : sizeof(full));
        TRY(site_of(req->i, &site, ret_err));
        if (full.auth != MSPTK_HTTP_AUTH_NONE)
                TRY(secret_of(req, full.auth_setting, ret_err));
        out = (net_request){ .method = full.method,
                             .url = full.url,
                             .headers = full.headers,
                             .body = full.body,
                             .body_len = full.body_len,
                             .auth = full.auth,
                             .user = full.auth_user,
                             .secret = full.auth != MSPTK_HTTP_AUTH_NONE ? req->secret : NULL,
                             .timeout_ms = full.timeout_ms,
                             .body_limit = full.body_limit,
                             .idempotent = full.idempotent != 0 };
        /* the last reply dies only now: this request may point into it */
        TRY(msptk__net_exchange(site, &out, req->tok, &reply, ret_err));
        msptk__net_reply_clear(&req->reply);
        req->reply = reply;
        give(&req->reply, ret_reply);
        return MSPTK_OK;
}
