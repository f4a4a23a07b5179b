/* Instances: made from the configuration, opened at their first use, and calls of their slots. */
#define ROOM "adapters"
#include "adapters/internal.h"
#include "vault/vault.h"

#include <string.h>

/* Settings that every instance has, beside those of its kind. */
static const char *const common_settings[] = { "name",    "type",    "provider", "api_url",
                                               "api_key", "timeout", "clients",  "enabled" };

static bool is_common(const char *key)
{
        for (size_t n = 0; n < ARRAY_LEN(common_settings); n++)
                if (!strcmp(common_settings[n], key))
                        return true;
        return false;
}

static msptk_status set_problem(instance *i, const char *fmt, const char *a, const char *b,
                                msptk_error **ret_err)
{
        AUTO_BUF buf text = BUF_INIT(512);
        char *made;

        msptk__buf_addf(&text, fmt, a, b);
        made = msptk__buf_steal(&text);
        if (!made)
                return msptk__nomem(ret_err);
        msptk__free(i->former_problem);
        i->former_problem = i->problem;
        i->problem = made;
        i->info.problem = made;
        return MSPTK_OK;
}

/* Refuses settings that the kind does not know; its info says which there are. */
static msptk_status check_settings(instance *i, const adapter_kind *kind, msptk_error **ret_err)
{
        const char *text = kind->ops.info->settings;
        AUTO_JSON msptk_json *known = NULL;
        const char *names[64];
        size_t n = 0;

        i->info.problem = NULL;
        if (!text)
                return MSPTK_OK;
        TRY(msptk_json_parse(text, strlen(text), &known, ret_err));
        for (const msptk_json *k = msptk_json_first(known); k && n < ARRAY_LEN(names);
             k = msptk_json_next(k))
                names[n++] = msptk_json_key(k);
        for (const msptk_json *s = msptk_json_first(i->settings); s; s = msptk_json_next(s)) {
                const char *key = msptk_json_key(s), *near;

                if (is_common(key) || msptk_json_get(known, key))
                        continue;
                near = msptk__nearest(key, names, n);
                return set_problem(i,
                                   near ? "unknown setting '%.64s'; did you mean '%s'?"
                                        : "unknown setting '%.64s'",
                                   key, near, ret_err);
        }
        return MSPTK_OK;
}

static uint32_t capabilities(const msptk_adapter_ops *ops)
{
        return (ops->devices ? CAP_DEVICES : 0) | (ops->metrics ? CAP_METRICS : 0) |
               (ops->alerts ? CAP_ALERTS : 0) | (ops->commands ? CAP_COMMANDS : 0) |
               (ops->deploy ? CAP_DEPLOY : 0);
}

/* Looks its kind up, until there is one: embedders may register theirs at any time. With `opening`
 * held. */
static msptk_status describe(instance *i, msptk_error **ret_err)
{
        const adapter_kind *kind;

        if (i->described)
                return MSPTK_OK;
        kind = msptk__kind_find(i->r, i->info.type);
        if (!kind)
                return i->problem
                               ? MSPTK_OK
                               : set_problem(i, "no adapter of type '%.64s' is in this program%s",
                                             i->info.type, "", ret_err);
        TRY(check_settings(i, kind, ret_err));
        i->info.title = kind->ops.info->title;
        i->info.capabilities = capabilities(&kind->ops);
        i->kind = kind;
        i->described = true;
        return MSPTK_OK;
}

/* Adds one to the end of `list`. */
static msptk_status add_instance(registry *r, instance **list, const char *name, const char *type,
                                 const config_adapter *adapter, msptk_error **ret_err)
{
        instance *i = msptk__alloc(sizeof(*i));

        if (!i)
                return msptk__nomem(ret_err);
        while (*list)
                list = &(*list)->next;
        *list = i;
        i->r = r;
        i->config = adapter;
        pthread_mutex_init(&i->opening, NULL);
        i->info = (instance_info){ .name = name,
                                   .type = type,
                                   .title = type,
                                   .origin = adapter ? adapter->origin : "built in",
                                   .enabled = adapter ? adapter->enabled : true };
        i->settings = adapter && adapter->settings ? msptk_json_copy(adapter->settings)
                                                   : msptk_json_new_object();
        if (!i->settings)
                return msptk__nomem(ret_err);
        msptk__host_fill(i);
        return MSPTK_OK;
}

/* Makes the instances of the configuration, and "local" beside them; kinds are looked up later, so
 * that embedders may register theirs after opening. */
static msptk_status make_instances(registry *r, instance **list, msptk_error **ret_err)
{
        const config *cfg = r->c->config;
        bool has_local = false;

        for (size_t n = 0; n < msptk__config_adapter_count(cfg); n++) {
                const config_adapter *a = msptk__config_adapter_at(cfg, n);

                if (!a->acted_on)
                        continue;
                has_local = has_local || !strcmp(a->name, "local");
                TRY(add_instance(r, list, a->name, a->type, a, ret_err));
        }
        return has_local ? MSPTK_OK : add_instance(r, list, "local", "local", NULL, ret_err);
}

/* All of them or none: half a list would be taken for the whole. */
static msptk_status ensure_instances(registry *r, msptk_error **ret_err)
{
        msptk_status st = MSPTK_OK;
        instance *list = NULL;

        pthread_mutex_lock(&r->lock);
        if (!r->instances_made) {
                st = make_instances(r, &list, ret_err);
                if (st == MSPTK_OK) {
                        r->instances = list;
                        r->instances_made = true;
                } else {
                        msptk__instances_free(list);
                }
        }
        pthread_mutex_unlock(&r->lock);
        return st;
}

size_t msptk__instance_count(registry *r)
{
        size_t n = 0;

        (void)ensure_instances(r, NULL);
        for (instance *i = r->instances; i; i = i->next)
                n++;
        return n;
}

instance *msptk__instance_at(registry *r, size_t n)
{
        instance *i;

        (void)ensure_instances(r, NULL);
        for (i = r->instances; i && n; i = i->next)
                n--;
        return i;
}

static void ensure_described(instance *i)
{
        pthread_mutex_lock(&i->opening);
        (void)describe(i, NULL);
        pthread_mutex_unlock(&i->opening);
}

const instance_info *msptk__instance_info(instance *i)
{
        ensure_described(i);
        return &i->info;
}

static msptk_status not_found(registry *r, const char *name, msptk_error **ret_err)
{
        AUTO_BUF buf names = BUF_INIT(4096);

        for (instance *i = r->instances; i; i = i->next) {
                msptk__buf_add_str(&names, names.len ? ", " : "");
                msptk__buf_add_str(&names, i->info.name);
        }
        return fail_why(ret_err, MSPTK_E_NOTFOUND, "ADAPTER_NOT_FOUND",
                        "use adapter_list to see the adapters",
                        "no adapter '%.64s' is configured; there are: %s", name,
                        msptk__buf_text(&names));
}

msptk_status msptk__instance_find(registry *r, const char *name, instance **ret,
                                  msptk_error **ret_err)
{
        instance *only = NULL;
        size_t configured = 0;

        TRY(ensure_instances(r, ret_err));
        for (instance *i = r->instances; i; i = i->next) {
                if (!strcmp(i->info.name, name ? name : "rmm")) {
                        *ret = i;
                        return MSPTK_OK;
                }
                if (i->config) {
                        only = i;
                        configured++;
                }
        }
        if (!name && configured == 1) {
                *ret = only;
                return MSPTK_OK;
        }
        if (!name && !configured) {
                *ret = r->instances; /* "local" */
                return *ret ? MSPTK_OK : not_found(r, "rmm", ret_err);
        }
        return not_found(r, name ? name : "rmm", ret_err);
}

bool msptk__instance_serves(instance *i, const char *client_id)
{
        if (!i->config || !i->config->clients || !i->config->clients[0])
                return true;
        for (const char *const *c = i->config->clients; *c; c++)
                if (!strcmp(*c, client_id))
                        return true;
        return false;
}

const char *const *msptk__instance_checks(instance *i)
{
        ensure_described(i);
        return i->kind ? i->kind->metrics.checks : NULL;
}

static msptk_status open_locked(instance *i, msptk_error **ret_err)
{
        msptk_status st;

        if (!i->info.enabled)
                return fail_why(ret_err, MSPTK_E_UNSUPPORTED, "ADAPTER_DISABLED",
                                "enable it in the configuration", "adapter '%s' is disabled",
                                i->info.name);
        TRY(describe(i, ret_err));
        if (i->info.problem)
                return fail_why(ret_err, MSPTK_E_CONFIG, "ADAPTER_UNUSABLE", "see 'config check'",
                                "adapter '%s': %s", i->info.name, i->info.problem);
        if (i->opened)
                return MSPTK_OK;
        st = i->kind->ops.open(&i->host, i->settings, &i->self, ret_err);
        i->opened = st >= 0;
        if (st < 0 && i->self)
                i->kind->ops.close(STEAL(i->self));
        return st;
}

static void redact_message(void *user, char *text)
{
        msptk__redact(user, text);
}

/* What is true of every failure of an instance. */
static msptk_status finish(instance *i, msptk_status st, msptk_error **ret_err)
{
        if (st >= 0) {
                /* An error made and then forgotten by the adapter. */
                if (ret_err)
                        msptk_error_free(STEAL(*ret_err));
                return MSPTK_OK;
        }
        if (!ret_err)
                return st;
        if (!*ret_err)
                fail(ret_err, st, "adapter '%s' failed without saying why (%s)", i->info.name,
                     msptk_status_name(st));
        msptk__error_set_adapter(*ret_err, i->info.name);
        msptk__error_scrub(*ret_err, redact_message, i->r->c);
        return st;
}

static msptk_status begin(instance *i, const adapter_sink *sink, cancel *tok, msptk_request *req,
                          msptk_error **ret_err)
{
        msptk_status st;

        pthread_mutex_lock(&i->opening);
        st = open_locked(i, ret_err);
        pthread_mutex_unlock(&i->opening);
        *req = (msptk_request){ .i = i, .tok = tok, .sink = sink };
        return finish(i, st, ret_err);
}

static msptk_status unsupported(instance *i, const char *what, msptk_error **ret_err)
{
        return finish(i,
                      fail_why(ret_err, MSPTK_E_UNSUPPORTED, "UNSUPPORTED",
                               "see 'adapter list' for what each adapter can do",
                               "adapter '%s' of type '%s' cannot %s", i->info.name, i->info.type,
                               what),
                      ret_err);
}

msptk_status msptk__adapter_probe(instance *i, cancel *tok, msptk_error **ret_err)
{
        static const adapter_sink nowhere = { 0 };
        msptk_request req;
        msptk_status st;

        TRY(begin(i, &nowhere, tok, &req, ret_err));
        st = i->kind->ops.probe(i->self, &req, ret_err);
        msptk__request_end(&req);
        return finish(i, st, ret_err);
}

msptk_status msptk__adapter_devices(instance *i, const msptk_query *query, const adapter_sink *sink,
                                    cancel *tok, msptk_error **ret_err)
{
        msptk_request req;
        msptk_status st;

        TRY(begin(i, sink, tok, &req, ret_err));
        if (!i->kind->ops.devices)
                return unsupported(i, "list devices", ret_err);
        st = i->kind->devices.list(i->self, &req, query, ret_err);
        msptk__request_end(&req);
        return finish(i, st, ret_err);
}

msptk_status msptk__adapter_collect(instance *i, const msptk_query *query, const adapter_sink *sink,
                                    cancel *tok, msptk_error **ret_err)
{
        msptk_request req;
        msptk_status st;

        TRY(begin(i, sink, tok, &req, ret_err));
        if (!i->kind->ops.metrics)
                return unsupported(i, "measure devices", ret_err);
        st = i->kind->metrics.collect(i->self, &req, query, ret_err);
        msptk__request_end(&req);
        return finish(i, st, ret_err);
}

msptk_status msptk__adapter_alerts(instance *i, const msptk_query *query, const adapter_sink *sink,
                                   cancel *tok, msptk_error **ret_err)
{
        msptk_request req;
        msptk_status st;

        TRY(begin(i, sink, tok, &req, ret_err));
        if (!i->kind->ops.alerts)
                return unsupported(i, "list alerts", ret_err);
        st = i->kind->alerts.list(i->self, &req, query, ret_err);
        msptk__request_end(&req);
        return finish(i, st, ret_err);
}

/* The result's texts die with the request, so they are copied out of it. */
static msptk_status keep_result(const msptk_program_result *from, msptk_program_result *to,
                                msptk_error **ret_err)
{
        char *out = msptk__strndup(from->out ? from->out : "", from->out_len);
        char *err = msptk__strndup(from->err ? from->err : "", from->err_len);

        if (!out || !err) {
                msptk__free(out);
                msptk__free(err);
                return msptk__nomem(ret_err);
        }
        *to = *from;
        to->out = out;
        to->err = err;
        return MSPTK_OK;
}

msptk_status msptk__adapter_execute(instance *i, const char *vendor_id, const char *const *command,
                                    cancel *tok, msptk_program_result *ret, msptk_error **ret_err)
{
        static const adapter_sink nowhere = { 0 };
        msptk_program_result result = { .struct_size = sizeof(result) };
        msptk_request req;
        msptk_status st;

        TRY(begin(i, &nowhere, tok, &req, ret_err));
        if (!i->kind->ops.commands)
                return unsupported(i, "execute commands", ret_err);
        st = i->kind->commands.execute(i->self, &req, vendor_id, command, &result, ret_err);
        if (st >= 0)
                st = keep_result(&result, ret, ret_err);
        msptk__request_end(&req);
        return finish(i, st, ret_err);
}

void msptk__program_result_clear(msptk_program_result *r)
{
        msptk__free((char *)r->out);
        msptk__free((char *)r->err);
        memset(r, 0, sizeof(*r));
}

msptk_status msptk__adapter_deploy(instance *i, const msptk_device_row *device, cancel *tok,
                                   char **ret_evidence, msptk_error **ret_err)
{
        static const adapter_sink nowhere = { 0 };
        msptk_request req;
        msptk_status st;

        TRY(begin(i, &nowhere, tok, &req, ret_err));
        if (!i->kind->ops.deploy)
                return unsupported(i, "deploy agents", ret_err);
        st = i->kind->deploy.agent(i->self, &req, device, ret_evidence, ret_err);
        msptk__request_end(&req);
        return finish(i, st, ret_err);
}
