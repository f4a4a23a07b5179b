/* host->http_request as an adapter sees it: settings, secrets, pages. */
#include "support.h"
#include "net_support.h"

#include "adapters/adapters.h"
#include "config/config.h"

/* ---- an adapter that reads pages ---- */

static struct {
        msptk_http_request first;
        int pages;
        char types[64];
        msptk_status asked;
} acme;

static msptk_status acme_open(const msptk_host *host, const msptk_json *settings, void **ret_self,
                              msptk_error **ret_err)
{
        (void)settings;
        (void)ret_err;
        *ret_self = (void *)host;
        return MSPTK_OK;
}

static void acme_close(void *self)
{
        (void)self;
}

static msptk_status acme_probe(void *self, const msptk_request *req, msptk_error **ret_err)
{
        const msptk_host *host = self;
        msptk_http_request in = acme.first;
        msptk_http_reply out = { .struct_size = sizeof(out) };

        in.struct_size = sizeof(in);
        do {
                TRY(acme.asked = host->http_request(req, &in, &out, ret_err));
                acme.pages++;
                snprintf(acme.types, sizeof(acme.types), "%s", out.content_type);
                in.url = out.next_link; /* points into the reply */
        } while (in.url);
        if (out.http_status == 401)
                return msptk__fail(ret_err, MSPTK_E_AUTH, "acme", "the vendor said: %s", out.body);
        return MSPTK_OK;
}

static const msptk_adapter_info acme_info = { .struct_size = sizeof(acme_info),
                                              .type = "acme",
                                              .title = "Acme",
                                              .description = "For this test.",
                                              .settings = "{\"token\": {\"type\": \"secret\"}}" };
static const msptk_adapter_ops acme_ops = { .struct_size = sizeof(acme_ops),
                                            .sdk_version = MSPTK_SDK_VERSION,
                                            .info = &acme_info,
                                            .open = acme_open,
                                            .close = acme_close,
                                            .probe = acme_probe };

/* ---- */

typedef struct world {
        net_world w; /* first: lib/net's tests' own */
        instance *i;
} world;

static void begin(world *x, const char *more)
{
        static const char *const env[] = { "ACME_KEY=k3y-of-acme", NULL };
        const store_migration *tables[] = { msptk__vault_migrations, msptk__net_migrations,
                                            msptk__adapters_migrations };
        AUTO_BUF buf text = BUF_INIT(4096);
        AUTO_ERROR msptk_error *err = NULL;
        ctx *c = &x->w.c;

        memset(&acme, 0, sizeof(acme));
        x->w.server = scripted_start();
        c->principal = "test";
        c->clock = world_clock;
        c->clock_user = x;
        msptk__buf_addf(&text,
                        "adapters:\n  - name: acme\n    type: acme\n    api_url: %s\n"
                        "    api_key: env:ACME_KEY\n%s",
                        scripted_url(x->w.server, "/api"), more);
        if (msptk__config_open(&(config_open){ .text = msptk__buf_text(&text),
                                               .path = "/tmp/c.yaml",
                                               .env = env },
                               &c->config, &err) < 0)
                print_error("%s\n", msptk_error_message(err));
        assert_non_null(c->config);
        assert_int_equal(msptk__work_new(NULL, &c->work, NULL), MSPTK_OK);
        assert_int_equal(msptk__store_open(&(store_options){ .path = ":memory:" }, &c->store, NULL),
                         MSPTK_OK);
        assert_int_equal(msptk__store_migrate(c->store, tables, 3, 1000000, NULL), MSPTK_OK);
        assert_int_equal(msptk__vault_open(c, &(vault_opts){ .ephemeral = 1 }, &c->vault, NULL),
                         MSPTK_OK);
        assert_int_equal(msptk__net_open(c, &c->net, NULL), MSPTK_OK);
        assert_int_equal(msptk__registry_open(c, &c->registry, NULL), MSPTK_OK);
        assert_int_equal(msptk__registry_add_adapter(c->registry, &acme_ops, NULL), MSPTK_OK);
        assert_int_equal(msptk__instance_find(c->registry, "acme", &x->i, NULL), MSPTK_OK);
}

static void end(world *x)
{
        ctx *c = &x->w.c;

        assert_int_equal(msptk__work_close(c->work, 10000, NULL), MSPTK_OK);
        msptk__registry_close(c->registry);
        msptk__net_close(c->net);
        msptk__vault_free(c->vault);
        msptk__store_free(c->store);
        msptk__config_free(c->config);
        msptk__work_free(c->work);
        scripted_stop(x->w.server);
}
#define AUTO_WORLD __attribute__((cleanup(end)))

static void pages_are_followed_with_the_credential(void **state)
{
        AUTO_WORLD world x = { 0 };
        char *last;

        (void)state;
        begin(&x, "");
        SCRIPT(x.w.server, .path = "/api/1", .headers = "Link: </api/2>; rel=next\r\n");
        SCRIPT(x.w.server, .path = "/api/2", .headers = "Link: </api/3>; rel=next\r\n");
        SCRIPT(x.w.server, .path = "/api/3");
        acme.first = (msptk_http_request){ .method = "GET",
                                           .url = scripted_url(x.w.server, "/api/1"),
                                           .auth = MSPTK_HTTP_AUTH_BEARER,
                                           .auth_setting = "api_key" };
        assert_int_equal(msptk__adapter_probe(x.i, NULL, NULL), MSPTK_OK);
        assert_int_equal(acme.pages, 3);
        last = scripted_last(x.w.server);
        assert_ptr_equal(strstr(last, "GET /api/3 "), last);
        assert_non_null(strstr(last, "\r\nAuthorization: Bearer k3y-of-acme\r\n"));
        free(last);
}

static void a_credential_echoed_by_the_vendor_is_hidden(void **state)
{
        AUTO_WORLD world x = { 0 };
        AUTO_ERROR msptk_error *err = NULL;

        (void)state;
        begin(&x, "");
        SCRIPT(x.w.server, .path = NULL, .status = 401, .body = "no such key: k3y-of-acme");
        acme.first = (msptk_http_request){ .url = scripted_url(x.w.server, "/api/1"),
                                           .auth = MSPTK_HTTP_AUTH_HEADER,
                                           .auth_user = "X-Key",
                                           .auth_setting = "api_key" };
        assert_int_equal(msptk__adapter_probe(x.i, NULL, &err), MSPTK_E_AUTH);
        assert_null(strstr(msptk_error_message(err), "k3y"));
        assert_string_equal(msptk_error_adapter(err), "acme");
}

static void a_setting_that_is_missing_is_named(void **state)
{
        AUTO_WORLD world x = { 0 };
        AUTO_ERROR msptk_error *err = NULL;

        (void)state;
        begin(&x, "");
        acme.first = (msptk_http_request){ .url = scripted_url(x.w.server, "/api/1"),
                                           .auth = MSPTK_HTTP_AUTH_BEARER,
                                           .auth_setting = "token" };
        assert_int_equal(msptk__adapter_probe(x.i, NULL, &err), MSPTK_E_CONFIG);
        assert_string_equal(msptk_error_reason(err), "CREDENTIAL_MISSING");
        assert_non_null(strstr(msptk_error_message(err), "'token'"));
        assert_int_equal(scripted_connections(x.w.server), 0);
}

static void settings_of_the_network_reach_it(void **state)
{
        AUTO_WORLD world x = { 0 };
        AUTO_ERROR msptk_error *err = NULL;

        (void)state;
        begin(&x, "    timeout: 2s\n    origins: [\"https://files.example.com\"]\n"
                  "    allow_http: false\n    rate: { requests: 2, per: 1h }\n");
        SCRIPT(x.w.server, .path = NULL);
        acme.first = (msptk_http_request){ .url = scripted_url(x.w.server, "/api/1") };
        assert_int_equal(msptk__adapter_probe(x.i, NULL, NULL), MSPTK_OK);
        assert_int_equal(msptk__adapter_probe(x.i, NULL, &err), MSPTK_E_RATE);
        assert_string_equal(msptk_error_reason(err), "RATE_BUDGET");
        assert_int_equal(scripted_hits(x.w.server, NULL), 1);
}

static void the_cancel_token_of_the_slot_ends_a_request(void **state)
{
        AUTO_WORLD world x = { 0 };
        AUTO_CANCEL cancel *tok = msptk__cancel_new(NULL, NULL, 50);

        (void)state;
        begin(&x, "");
        SCRIPT(x.w.server, .path = NULL, .fault = SCRIPT_SILENT);
        acme.first = (msptk_http_request){ .url = scripted_url(x.w.server, "/api/1") };
        assert_int_equal(msptk__adapter_probe(x.i, tok, NULL), MSPTK_E_TIMEOUT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pages_are_followed_with_the_credential),
                cmocka_unit_test(a_credential_echoed_by_the_vendor_is_hidden),
                cmocka_unit_test(a_setting_that_is_missing_is_named),
                cmocka_unit_test(settings_of_the_network_reach_it),
                cmocka_unit_test(the_cancel_token_of_the_slot_ends_a_request),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
