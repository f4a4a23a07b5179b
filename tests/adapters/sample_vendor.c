/* The adapter of a made-up vendor who speaks JSON over HTTP, which proves the suite of faults. */
#include "support.h"

#include <math.h>
#include <msptk/msptk.h>

#include "conformance.h"

typedef struct sample {
        const msptk_host *host;
        char api_url[256];
} sample;

static msptk_status complain(msptk_error **ret_err, msptk_status st, const char *message)
{
        return msptk_error_set(ret_err, st, "sample", message);
}

static msptk_status sample_open(const msptk_host *host, const msptk_json *settings, void **ret_self,
                                msptk_error **ret_err)
{
        const char *url = msptk_json_string(msptk_json_get(settings, "api_url"), NULL);
        sample *self;

        if (!url || strlen(url) > 200)
                return complain(ret_err, MSPTK_E_CONFIG, "sample needs an api_url");
        self = host->alloc(host, sizeof(*self));
        if (!self)
                return complain(ret_err, MSPTK_E_NOMEM, "out of memory");
        self->host = host;
        snprintf(self->api_url, sizeof(self->api_url), "%s", url);
        *ret_self = self;
        return MSPTK_OK;
}

static void sample_close(void *instance)
{
        sample *self = instance;

        if (self)
                self->host->free(self->host, self);
}

/* The table of docs/writing-an-adapter.md. */
static msptk_status judge_reply(const msptk_http_reply *reply, msptk_error **ret_err)
{
        int32_t http = reply->http_status;
        msptk_status st;

        if (http >= 200 && http < 300)
                return MSPTK_OK;
        st = http == 401 || http == 403 ? MSPTK_E_AUTH
             : http == 404              ? MSPTK_E_NOTFOUND
             : http == 429              ? MSPTK_E_RATE
                                        : MSPTK_E_UNAVAILABLE;
        complain(ret_err, st, "the vendor refused the request");
        if (ret_err)
                msptk_error_set_vendor(*ret_err, http, NULL,
                                       st == MSPTK_E_RATE || st == MSPTK_E_UNAVAILABLE,
                                       reply->retry_after_ms > 0 ? reply->retry_after_ms : 0);
        return st;
}

typedef msptk_status (*item_fn)(sample *self, const msptk_request *req, const msptk_query *query,
                                const msptk_json *item, int64_t skew, msptk_error **ret_err);

/* One page: the array `key` of the reply. */
static msptk_status read_page(sample *self, const msptk_request *req, const msptk_query *query,
                              const msptk_http_reply *reply, const char *key, item_fn each,
                              msptk_error **ret_err)
{
        int64_t skew = reply->server_date ? self->host->now(self->host) - reply->server_date : 0;
        msptk_json *page = NULL;
        const msptk_json *items;
        msptk_status st = MSPTK_OK;

        if (msptk_json_parse(reply->body, reply->body_len, &page, NULL) < 0)
                return complain(ret_err, MSPTK_E_PARSE, "the vendor's reply is no JSON");
        items = msptk_json_get(page, key);
        if (!items || msptk_json_type(items) != MSPTK_JSON_ARRAY)
                st = complain(ret_err, MSPTK_E_PARSE, "the vendor's reply holds no list");
        for (const msptk_json *i = st < 0 ? NULL : msptk_json_first(items); i && st >= 0;
             i = msptk_json_next(i))
                st = each(self, req, query, i, skew, ret_err);
        msptk_json_free(page);
        return st;
}

static msptk_status read_pages(sample *self, const msptk_request *req, const msptk_query *query,
                               const char *key, item_fn each, msptk_error **ret_err)
{
        const char *client = query->vendor_client ? query->vendor_client : query->client_id;
        msptk_http_reply reply = { .struct_size = sizeof(reply) };
        char url[512];
        msptk_http_request in = {
                .struct_size = sizeof(in), .method = "GET", .url = url, .body_limit = 1024 * 1024
        };
        msptk_status st = MSPTK_OK;

        snprintf(url, sizeof(url), "%s/%.100s/%s", self->api_url, client, key);
        while (st >= 0 && in.url) {
                if (self->host->cancelled(req))
                        return complain(ret_err, MSPTK_E_CANCELLED, "reading was cancelled");
                st = self->host->http_request(req, &in, &reply, ret_err);
                if (st >= 0)
                        st = judge_reply(&reply, ret_err);
                if (st >= 0)
                        st = read_page(self, req, query, &reply, key, each, ret_err);
                in.url = reply.next_link; /* lives until the next request */
        }
        return st;
}

static int32_t asked(const char *const *names, const char *name)
{
        for (; names && *names; names++)
                if (!strcmp(*names, name))
                        return 1;
        return !names;
}

static const char *text_of(const msptk_json *item, const char *key)
{
        return msptk_json_string(msptk_json_get(item, key), NULL);
}

static msptk_status emit_device(sample *self, const msptk_request *req, const msptk_query *query,
                                const msptk_json *item, int64_t skew, msptk_error **ret_err)
{
        msptk_device_row row = { .struct_size = sizeof(row),
                                 .vendor_id = text_of(item, "id"),
                                 .name = text_of(item, "name"),
                                 .presence = MSPTK_PRESENCE_UP };
        msptk_status st;

        (void)skew;
        if (!row.vendor_id)
                return complain(ret_err, MSPTK_E_PARSE, "a device has no id");
        if (query->devices && !asked(query->devices, row.vendor_id))
                return MSPTK_OK;
        st = self->host->emit_device(req, &row);
        return st < 0 ? complain(ret_err, st, "the list was stopped") : MSPTK_OK;
}

static msptk_status emit_metric(sample *self, const msptk_request *req, const msptk_query *query,
                                const msptk_json *item, int64_t skew, msptk_error **ret_err)
{
        const msptk_json *value = msptk_json_get(item, "value");
        int64_t at_s = msptk_json_int(msptk_json_get(item, "at"), 0);
        msptk_metric_row row = { .struct_size = sizeof(row),
                                 .vendor_id = text_of(item, "device"),
                                 .check = "cpu",
                                 .metric = "cpu_percent",
                                 .unit = "%",
                                 .value = msptk_json_double(value, (double)NAN),
                                 .at = at_s ? at_s * 1000000 + skew : 0 };
        msptk_status st;

        if (!row.vendor_id)
                return complain(ret_err, MSPTK_E_PARSE, "a metric has no device");
        if (!asked(query->devices, row.vendor_id) || !asked(query->checks, row.check))
                return MSPTK_OK;
        row.state = isnan(row.value) ? MSPTK_STATE_UNKNOWN : MSPTK_STATE_JUDGE;
        row.message = isnan(row.value) ? "the vendor does not know" : NULL;
        st = self->host->emit_metric(req, &row);
        return st < 0 ? complain(ret_err, st, "collecting was stopped") : MSPTK_OK;
}

static msptk_status sample_devices_list(void *self, const msptk_request *req,
                                        const msptk_query *query, msptk_error **ret_err)
{
        return read_pages(self, req, query, "devices", emit_device, ret_err);
}

static msptk_status sample_metrics_collect(void *self, const msptk_request *req,
                                           const msptk_query *query, msptk_error **ret_err)
{
        return read_pages(self, req, query, "metrics", emit_metric, ret_err);
}

static msptk_status sample_probe(void *instance, const msptk_request *req, msptk_error **ret_err)
{
        sample *self = instance;
        char url[512];
        msptk_http_request in = { .struct_size = sizeof(in), .method = "GET", .url = url };
        msptk_http_reply reply = { .struct_size = sizeof(reply) };
        msptk_status st;

        snprintf(url, sizeof(url), "%s/whoami", self->api_url);
        st = self->host->http_request(req, &in, &reply, ret_err);
        return st < 0 ? st : judge_reply(&reply, ret_err);
}

static const char *const sample_checks[] = { "cpu", NULL };
static const msptk_device_ops sample_devices = { .struct_size = sizeof(sample_devices),
                                                 .list = sample_devices_list };
static const msptk_metric_ops sample_metrics = { .struct_size = sizeof(sample_metrics),
                                                 .checks = sample_checks,
                                                 .collect = sample_metrics_collect };
static const msptk_adapter_info sample_info = { .struct_size = sizeof(sample_info),
                                                .type = "sample",
                                                .title = "A made-up vendor",
                                                .settings = "{}" };
static const msptk_adapter_ops sample_adapter = { .struct_size = sizeof(sample_adapter),
                                                  .sdk_version = MSPTK_SDK_VERSION,
                                                  .info = &sample_info,
                                                  .open = sample_open,
                                                  .close = sample_close,
                                                  .probe = sample_probe,
                                                  .devices = &sample_devices,
                                                  .metrics = &sample_metrics };

/* ---- the vendor ---- */

static void works(scripted *vendor)
{
        SCRIPT(vendor, .path = "/api/whoami");
        SCRIPT(vendor, .path = "/api/acme/devices",
               .headers = "Content-Type: application/json\r\n"
                          "Link: </api/acme/devices/2>; rel=\"next\"\r\n",
               .body = "{\"devices\": [{\"id\": \"a\", \"name\": \"A\"}, {\"id\": \"b\"}]}");
        SCRIPT(vendor, .path = "/api/acme/devices/2",
               .body = "{\"devices\": [{\"id\": \"c\", \"name\": \"C\"}]}");
        SCRIPT(vendor, .path = "/api/acme/metrics",
               .body = "{\"metrics\": [{\"device\": \"a\", \"value\": 12.5}, {\"device\": \"b\"}, "
                       "{\"device\": \"c\", \"value\": 99}]}");
        SCRIPT(vendor, .path = "/api/nobody/devices", .status = 404);
}

int main(void)
{
        static const conformance what = { .type = "sample",
                                          .ops = &sample_adapter,
                                          .unknown_client = "nobody",
                                          .bad_settings = "\"timeout\": 5" };
        static const conformance_http http = {
                .what = &what,
                .settings = "\"api_url\": \"%s/api\", \"allow_http\": true",
                .good = works,
                .devices = 3,
                .empty = "{\"devices\": []}",
                .unicode = "{\"devices\": [{\"id\": \"1\", \"name\": \"M\xc3\xb6"
                           "bel "
                           "\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x96\xa5\"}]}",
                .unicode_name = "M\xc3\xb6"
                                "bel \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x96\xa5",
                .skewed = "{\"metrics\": [{\"device\": \"a\", \"value\": 1, \"at\": 2051222400}]}",
                .skewed_headers = "Content-Type: application/json\r\n"
                                  "Date: Mon, 01 Jan 2035 00:00:00 GMT\r\n",
        };

        return conformance_http_run(&http);
}
