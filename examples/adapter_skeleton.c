/* An adapter of one's own, whole and small: devices and their values come from an inventory, a JSON
 * file that some other program exports. docs/writing-an-adapter.md walks through it.
 * usage: adapter_skeleton [INVENTORY.json] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <msptk/msptk.h>

/* ---- the adapter: everything up to `inventory_adapter` could be a library of its own ---- */

enum { FILE_MAX = 4 * 1024 * 1024 };

typedef struct inventory {
        const msptk_host *host; /* lives as long as the instance */
        const char *path;       /* borrowed from the settings, which do, too */
} inventory;

/* Must neither block nor connect: it only takes notes. */
static msptk_status inventory_open(const msptk_host *host, const msptk_json *settings,
                                   void **ret_self, msptk_error **ret_err)
{
        const char *path = msptk_json_string(msptk_json_get(settings, "path"), NULL);
        inventory *v;

        if (!path)
                return msptk_error_set(ret_err, MSPTK_E_CONFIG, "inventory",
                                       "the setting 'path' is missing");
        v = host->alloc(host, sizeof(*v));
        if (!v)
                return MSPTK_E_NOMEM;
        v->host = host;
        v->path = path;
        *ret_self = v;
        return MSPTK_OK;
}

static void inventory_close(void *self)
{
        inventory *v = self;

        if (v)
                v->host->free(v->host, v);
}

/* Reads and parses the whole file. A vendor with an API would call host->http_request() here. */
static msptk_status read_file(const inventory *v, msptk_json **ret_doc, msptk_error **ret_err)
{
        FILE *f = fopen(v->path, "re");
        char *text;
        msptk_status st;

        if (!f)
                return msptk_error_set(ret_err, MSPTK_E_UNAVAILABLE, "inventory",
                                       "the inventory file cannot be opened");
        text = v->host->alloc(v->host, FILE_MAX);
        st = text ? msptk_json_parse(text, fread(text, 1, FILE_MAX, f), ret_doc, ret_err)
                  : MSPTK_E_NOMEM;
        v->host->free(v->host, text);
        fclose(f);
        return st;
}

/* Required, cheap, and for real: that the other side is there and answers. */
static msptk_status inventory_probe(void *self, const msptk_request *req, msptk_error **ret_err)
{
        msptk_json *doc = NULL;
        msptk_status st = read_file(self, &doc, ret_err);

        (void)req;
        msptk_json_free(doc);
        return st;
}

static const char *text(const msptk_json *object, const char *key)
{
        return msptk_json_string(msptk_json_get(object, key), NULL);
}

static int is_of(const msptk_json *device, const msptk_query *query)
{
        const char *client = text(device, "client");
        const char *id = text(device, "id");

        if (!id || !client || strcmp(client, query->client_id))
                return 0;
        for (size_t i = 0; query->devices && query->devices[i]; i++)
                if (!strcmp(query->devices[i], id))
                        return 1;
        return !query->devices;
}

/* Rows go out one by one; what is not known stays NULL, never "" and never zero. */
static msptk_status emit_device(const inventory *v, const msptk_request *req, const msptk_json *d)
{
        msptk_device_row row = {
                .struct_size = sizeof(row),
                .presence = MSPTK_PRESENCE_UNKNOWN,
                .vendor_id = text(d, "id"),
                .name = text(d, "name"),
                .serial = text(d, "serial"),
                .os = text(d, "os"),
                .vendor_client = text(d, "client"),
        };

        return v->host->emit_device(req, &row);
}

/* The number is judged by the policy of the client; a number that is missing is said to be. */
static msptk_status emit_disk(const inventory *v, const msptk_request *req, const msptk_json *d)
{
        double percent = msptk_json_double(msptk_json_get(d, "disk_percent"), NAN);
        msptk_metric_row row = {
                .struct_size = sizeof(row),
                .state = isnan(percent) ? MSPTK_STATE_UNKNOWN : MSPTK_STATE_JUDGE,
                .vendor_id = text(d, "id"),
                .check = "disk",
                .metric = "disk_percent",
                .unit = "%",
                .message = isnan(percent) ? "the inventory does not say how full it is" : NULL,
                .value = percent,
        };

        return v->host->emit_metric(req, &row);
}

typedef msptk_status (*emit_fn)(const inventory *v, const msptk_request *req, const msptk_json *d);

static msptk_status each_device(void *self, const msptk_request *req, const msptk_query *query,
                                emit_fn emit, msptk_error **ret_err)
{
        const inventory *v = self;
        msptk_json *doc = NULL;
        msptk_status st = read_file(v, &doc, ret_err);

        for (const msptk_json *d = msptk_json_first(msptk_json_get(doc, "devices"));
             st == MSPTK_OK && d; d = msptk_json_next(d)) {
                if (v->host->cancelled(req))
                        st = MSPTK_E_CANCELLED;
                else if (is_of(d, query))
                        st = emit(v, req, d);
        }
        msptk_json_free(doc);
        return st;
}

static msptk_status inventory_devices_list(void *self, const msptk_request *req,
                                           const msptk_query *query, msptk_error **ret_err)
{
        return each_device(self, req, query, emit_device, ret_err);
}

static msptk_status inventory_metrics_collect(void *self, const msptk_request *req,
                                              const msptk_query *query, msptk_error **ret_err)
{
        return each_device(self, req, query, emit_disk, ret_err);
}

static const char *const inventory_checks[] = { "disk", NULL };

static const msptk_device_ops inventory_devices = {
        .struct_size = sizeof(inventory_devices),
        .list = inventory_devices_list,
};

static const msptk_metric_ops inventory_metrics = {
        .struct_size = sizeof(inventory_metrics),
        .checks = inventory_checks,
        .collect = inventory_metrics_collect,
};

static const msptk_adapter_info inventory_info = {
        .struct_size = sizeof(inventory_info),
        .type = "inventory",
        .title = "Inventory file",
        .description = "Devices and how full their disks are, from a JSON file.",
        .settings = "{\"path\": {\"type\": \"path\", \"description\": \"the file\"}}",
};

/* Capabilities are the groups that are there: no alerts, no commands, no deployment. */
static const msptk_adapter_ops inventory_adapter = {
        .struct_size = sizeof(inventory_adapter),
        .sdk_version = MSPTK_SDK_VERSION,
        .info = &inventory_info,
        .open = inventory_open,
        .close = inventory_close,
        .probe = inventory_probe,
        .devices = &inventory_devices,
        .metrics = &inventory_metrics,
};

/* ---- the host: registers it, and uses it as any other ---- */

static const char sample[] =
        "{\"devices\": [\n"
        "  {\"id\": \"a-1\", \"client\": \"acme-corp\", \"name\": \"files\", \"serial\": "
        "\"SN-1001\",\n"
        "   \"os\": \"Debian 12\", \"disk_percent\": 42},\n"
        "  {\"id\": \"a-2\", \"client\": \"acme-corp\", \"name\": \"mail\", \"serial\": "
        "\"SN-1002\",\n"
        "   \"disk_percent\": 97.5},\n"
        "  {\"id\": \"b-1\", \"client\": \"somebody-else\", \"name\": \"not ours\"}\n"
        "]}\n";

static msptk_status prepare(const char *path, msptk_toolkit **ret_tk, msptk_error **ret_err)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        char adapters[4096];
        msptk_status st;

        snprintf(adapters, sizeof(adapters), "[{name: shelf, type: inventory, path: '%s'}]", path);
        st = msptk_toolkit_opts_set(opts, "adapters", adapters, ret_err);
        if (st == MSPTK_OK)
                st = msptk_toolkit_open(opts, ret_tk, ret_err);
        if (st == MSPTK_OK)
                st = msptk_toolkit_register_adapter(*ret_tk, &inventory_adapter, ret_err);
        if (st == MSPTK_OK)
                st = msptk_client_manager_create(msptk_toolkit_get_client_manager(*ret_tk),
                                                 "Acme Corp", NULL, NULL, ret_err);
        msptk_toolkit_opts_free(opts);
        return st;
}

static msptk_status show_devices(msptk_toolkit *tk, msptk_error **ret_err)
{
        msptk_rmm_adapter *rmm = NULL;
        msptk_device_list *list = NULL;
        msptk_status st = msptk_toolkit_get_rmm_adapter(tk, "shelf", &rmm, ret_err);

        if (st == MSPTK_OK)
                st = msptk_rmm_adapter_get_devices(rmm, "acme-corp", &list, ret_err);
        for (size_t i = 0; i < msptk_device_list_count(list); i++) {
                const msptk_device *d = msptk_device_list_get(list, i);

                printf("device   %-12s %s\n", msptk_device_id(d), msptk_device_name(d));
        }
        msptk_device_list_free(list);
        return st;
}

static msptk_status show_health(msptk_toolkit *tk, msptk_error **ret_err)
{
        msptk_check_results *results = NULL;
        msptk_status st = msptk_health_monitor_run_checks(
                msptk_toolkit_get_health_monitor(tk), "acme-corp", NULL, NULL, &results, ret_err);

        for (size_t i = 0; i < msptk_check_results_count(results); i++) {
                const msptk_check_result *r = msptk_check_results_get(results, i);

                printf("%-8s %-12s %s\n", msptk_check_result_status(r), msptk_check_result_name(r),
                       msptk_check_result_message(r));
        }
        msptk_check_results_free(results);
        return st;
}

/* The sample as a file, when none was given. */
static int write_sample(char *path)
{
        int fd = mkstemp(path), ok;

        if (fd < 0)
                return -1;
        ok = write(fd, sample, sizeof(sample) - 1) == (ssize_t)(sizeof(sample) - 1);
        return close(fd) == 0 && ok ? 0 : -1;
}

int main(int argc, char **argv)
{
        char made[] = "/tmp/msptk-inventory-XXXXXX";
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;
        msptk_status st;

        if (argc < 2 && write_sample(made) < 0)
                return 1;
        st = prepare(argc > 1 ? argv[1] : made, &tk, &err);
        if (st == MSPTK_OK)
                st = show_devices(tk, &err);
        if (st == MSPTK_OK)
                st = show_health(tk, &err);
        if (st < 0)
                fprintf(stderr, "adapter_skeleton: %s\n", msptk_error_message(err));
        msptk_error_free(err);
        msptk_toolkit_free(tk);
        if (argc < 2)
                unlink(made);
        return st < 0;
}
