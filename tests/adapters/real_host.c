/* The real host for tests of adapters. */
#define ROOM "test"
#include "support.h"

#include "real_host.h"

static int64_t host_clock(void *user)
{
        return ((real_host *)user)->now;
}

static void host_log(void *user, int32_t level, const char *room, const char *message)
{
        real_host *h = user;
        size_t used;

        (void)level;
        pthread_mutex_lock(&h->log_lock);
        used = strlen(h->log);
        snprintf(h->log + used, sizeof(h->log) - used, "%s: %s\n", room, message);
        pthread_mutex_unlock(&h->log_lock);
}

#define WORKS(call) \
        do { \
                msptk_error *err = NULL; \
                if ((call) < 0) \
                        fail_msg("%s: %s", #call, msptk_error_message(err)); \
        } while (0)

void real_host_open(real_host *h, const char *yaml, const char *database)
{
        static const store_migration *const migrations[] = { msptk__vault_migrations,
                                                             msptk__net_migrations,
                                                             msptk__adapters_migrations };
        config_open how = { .text = yaml ? yaml : "general:\n  company_name: Test\n",
                            .path = "/test/msp-toolkit.yaml" };
        store_options so = { .path = database ? database : ":memory:", .create = true };
        vault_opts vo = { .ephemeral = 1 };
        int64_t now = h->now;

        memset(h, 0, sizeof(*h));
        h->now = now;
        pthread_mutex_init(&h->log_lock, NULL);
        h->c.clock = now ? host_clock : NULL;
        h->c.clock_user = h;
        h->c.log_fn = host_log;
        h->c.log_user = h;
        h->c.principal = "test";
        WORKS(msptk_init(&err));
        WORKS(msptk__config_open(&how, &h->c.config, &err));
        WORKS(msptk__store_open(&so, &h->c.store, &err));
        WORKS(msptk__store_migrate(h->c.store, migrations, ARRAY_LEN(migrations),
                                   INT64_C(1760000000000000), &err));
        WORKS(msptk__vault_open(&h->c, &vo, &h->c.vault, &err));
        WORKS(msptk__work_new(NULL, &h->c.work, &err));
        WORKS(msptk__net_open(&h->c, &h->c.net, &err));
        WORKS(msptk__registry_open(&h->c, &h->r, &err));
        h->c.registry = h->r;
}

void real_host_open_with(real_host *h, const char *type, const char *settings)
{
        AUTO_BUF buf yaml = BUF_INIT(65536);

        msptk__buf_addf(&yaml, "adapters:\n  - {\"name\": \"it\", \"type\": \"%s\"%s%s}\n", type,
                        *settings ? ", " : "", settings);
        real_host_open(h, msptk__buf_text(&yaml), NULL);
}

void real_host_close(real_host *h)
{
        WORKS(msptk__work_close(h->c.work, 20000, &err));
        msptk__registry_close(h->r);
        msptk__net_close(h->c.net);
        msptk__work_free(h->c.work);
        msptk__vault_free(h->c.vault);
        msptk__store_free(h->c.store);
        msptk__config_free(h->c.config);
        pthread_mutex_destroy(&h->log_lock);
        msptk_fini();
}

instance *real_instance(real_host *h, const char *name)
{
        instance *i = NULL;

        WORKS(msptk__instance_find(h->r, name, &i, &err));
        return i;
}

/* ---- rows ---- */

static msptk_status seen(kept *k)
{
        k->seen++;
        if (k->seen == k->cancel_at)
                msptk__cancel_trigger(k->tok);
        return k->stop_at && k->seen >= k->stop_at ? k->stop_with : MSPTK_OK;
}

#define COPY(field, text) snprintf((field), sizeof(field), "%s", (text) ? (text) : "")

static msptk_status keep_device(void *user, const msptk_device_row *row)
{
        kept *k = user;
        kept_row *to = &k->devices[k->device_count];

        assert_true(k->device_count < ROWS_MAX);
        assert_int_equal(row->struct_size, sizeof(*row));
        COPY(to->vendor_id, row->vendor_id);
        COPY(to->name, row->name);
        to->state = row->presence;
        to->at = row->last_seen;
        k->device_count++;
        return seen(k);
}

static msptk_status keep_metric(void *user, const msptk_metric_row *row)
{
        kept *k = user;
        kept_row *to = &k->metrics[k->metric_count];

        assert_true(k->metric_count < ROWS_MAX);
        assert_int_equal(row->struct_size, sizeof(*row));
        COPY(to->vendor_id, row->vendor_id);
        COPY(to->check, row->check);
        COPY(to->metric, row->metric);
        COPY(to->instance, row->instance);
        COPY(to->unit, row->unit);
        COPY(to->message, row->message);
        to->state = row->state;
        to->value = row->value;
        to->at = row->at;
        to->has_data = row->data != NULL;
        k->metric_count++;
        return seen(k);
}

static msptk_status keep_alert(void *user, const msptk_alert_row *row)
{
        kept *k = user;
        kept_row *to = &k->alerts[k->alert_count];

        assert_true(k->alert_count < ROWS_MAX);
        COPY(to->vendor_id, row->vendor_id);
        COPY(to->vendor_alert, row->vendor_alert);
        COPY(to->check, row->check);
        COPY(to->message, row->message);
        to->state = row->severity;
        to->at = row->at;
        k->alert_count++;
        return seen(k);
}

static void keep_progress(void *user, int64_t at, int64_t total)
{
        ((kept *)user)->done = at;
        ((kept *)user)->total = total;
}

void kept_begin(kept *k)
{
        memset(k, 0, sizeof(*k));
        k->sink = (adapter_sink){ .device = keep_device,
                                  .metric = keep_metric,
                                  .alert = keep_alert,
                                  .progress = keep_progress,
                                  .user = k };
        k->stop_with = MSPTK_E_CANCELLED;
        k->devices = calloc(ROWS_MAX, sizeof(kept_row));
        k->metrics = calloc(ROWS_MAX, sizeof(kept_row));
        k->alerts = calloc(ROWS_MAX, sizeof(kept_row));
        assert_true(k->devices && k->metrics && k->alerts);
}

void kept_end(kept *k)
{
        free(k->devices);
        free(k->metrics);
        free(k->alerts);
        memset(k, 0, sizeof(*k));
}

const kept_row *kept_metric(const kept *k, const char *check, const char *where)
{
        for (size_t i = 0; i < k->metric_count; i++)
                if (!strcmp(k->metrics[i].check, check) &&
                    (!where || !strcmp(k->metrics[i].instance, where)))
                        return &k->metrics[i];
        return NULL;
}
