/* Instances: made from the configuration, opened at their first use, and calls of their slots. */
#define ROOM "adapters"
#include "adapters/internal.h"
#include "vault/vault.h"

#include <string.h>

/* Settings that every instance has, beside those of its kind. */
static const char *const common_settings[] = {
        "name",    "type",       "provider", "api_url",         "api_key", "timeout", "clients",
        "enabled", "allow_http", "origins",  "certificate_pin", "proxy",   "rate",
};

static bool is_common(const char *key)
{
        for (size_t n = 0; n < ARRAY_LEN(common_settings); n++)
                if (!strcmp(common_settings[n], key))
                        return true;
        return false;
}

/* A text that lives as long as the instance. */
static msptk_status make_problem(char **slot, const char *fmt, const char *a, const char *b,
                                 msptk_error **ret_err)
{
        AUTO_BUF buf text = BUF_INIT(512);

        msptk__buf_addf(&text, fmt, a, b);
        msptk__free(*slot);
        *slot = msptk__buf_steal(&text);
        return *slot ? MSPTK_OK : msptk__nomem(ret_err);
}

/* Refuses settings that the kind does not know; its info says which there are. */
static msptk_status check_settings(instance *i, const adapter_kind *kind, msptk_error **ret_err)
{
        const char *text = kind->ops.info->settings;
        AUTO_JSON msptk_json *known = NULL;
        const char *names[64];
        size_t n = 0;

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
                if (!near)
                        near = msptk__nearest(key, common_settings, ARRAY_LEN(common_settings));
                i->bad_setting = key;
                return make_problem(&i->bad_settings,
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

/* Other threads may be reading what was shown before, so that stays as it is. */
static void show(instance *i, const instance_info *info)
{
        __atomic_store_n(&i->shown, info, __ATOMIC_RELEASE);
}

static msptk_status describe_unknown(instance *i, msptk_error **ret_err)
{
        if (i->shown)
                return MSPTK_OK;
        TRY(make_problem(&i->no_kind, "no adapter of type '%.64s' is in this program%s",
                         i->info.type, "", ret_err));
        i->unknown = i->info;
        i->unknown.problem = i->no_kind;
        show(i, &i->unknown);
        return MSPTK_OK;
}

/* Looks its kind up, until there is one: embedders may register theirs at any time. With `opening`
 * held. */
static msptk_status describe(instance *i, msptk_error **ret_err)
{
        const adapter_kind *kind;

        if (i->kind)
                return MSPTK_OK;
        kind = msptk__kind_find(i->r, i->info.type);
        if (!kind)
                return describe_unknown(i, ret_err);
        TRY(check_settings(i, kind, ret_err));
        i->known = i->info;
        i->known.title = kind->ops.info->title;
        i->known.capabilities = capabilities(&kind->ops);
        i->known.problem = i->bad_settings;
        i->known.bad_setting = i->bad_setting;
        i->kind = kind;
        show(i, &i->known);
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

        if (!r->c->config && r->c->need)
                TRY(r->c->need(r->c, NEED_CONFIG, ret_err));
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

static const adapter_kind *ensure_described(instance *i)
{
        const adapter_kind *kind;

        pthread_mutex_lock(&i->opening);
        (void)describe(i, NULL);
        kind = i->kind;
        pthread_mutex_unlock(&i->opening);
        return kind;
}

const instance_info *msptk__instance_info(instance *i)
{
        const instance_info *shown;

        ensure_described(i);
        shown = __atomic_load_n(&i->shown, __ATOMIC_ACQUIRE);
        return shown ? shown : &i->info; /* out of memory: what is known without its kind */
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

static msptk_status is_seen(act *a, store_tx *tx, const instance *i, bool *ret,
                            msptk_error **ret_err)
{
        *ret = true;
        if (!i->config || !i->config->clients || !i->config->clients[0])
                return MSPTK_OK;
        return msptk__act_sees_any(a, tx, i->config->clients, ret, ret_err);
}

msptk_status msptk__instance_named(act *a, store_tx *tx, const char *name, instance **ret,
                                   msptk_error **ret_err)
{
        AUTO_ERROR msptk_error *why = NULL;
        instance *i = NULL;
        bool seen = false;
        msptk_status st;

        if (!msptk__act_sees(a))
                return msptk__instance_find(msptk__act_ctx(a)->registry, name, ret, ret_err);
        st = msptk__instance_find(msptk__act_ctx(a)->registry, name, &i, &why);
        if (st == MSPTK_OK)
                TRY(is_seen(a, tx, i, &seen, ret_err));
        if (seen) {
                *ret = i;
                return MSPTK_OK;
        }
        if (st == MSPTK_OK || st == MSPTK_E_NOTFOUND)
                return fail_why(ret_err, MSPTK_E_NOTFOUND, "ADAPTER_NOT_FOUND",
                                "ask who administers the toolkit which adapters there are",
                                "no adapter '%.64s' is configured", name ? name : "rmm");
        if (ret_err)
                *ret_err = STEAL(why);
        return st;
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
        const adapter_kind *kind = ensure_described(i);

        return kind ? kind->metrics.checks : NULL;
}

static msptk_status open_locked(instance *i, msptk_error **ret_err)
{
        msptk_status st;

        if (!i->info.enabled)
                return fail_why(ret_err, MSPTK_E_UNSUPPORTED, "ADAPTER_DISABLED",
                                "enable it in the configuration", "adapter '%s' is disabled",
                                i->info.name);
        TRY(describe(i, ret_err));
        if (i->shown->problem)
                return fail_why(ret_err, MSPTK_E_CONFIG, "ADAPTER_UNUSABLE", "see 'config check'",
                                "adapter '%s': %s", i->info.name, i->shown->problem);
        if (i->opened)
                return MSPTK_OK;
        st = i->kind->ops.open(&i->host, i->settings, &i->self, ret_err);
        i->opened = st >= 0;
        if (st < 0 && i->self)
                i->kind->ops.close(STEAL(i->self));
        return st;
}

msptk_status msptk__instance_open(instance *i, msptk_error **ret_err)
{
        msptk_status st;

        pthread_mutex_lock(&i->opening);
        st = open_locked(i, ret_err);
        pthread_mutex_unlock(&i->opening);
        return st;
}
