/* Kinds of adapters and checks: copied at registration, required slots checked there. */
#define ROOM "adapters"
#include "adapters/internal.h"

#include <string.h>

#include "adapters/fake/fake.h"
#include "adapters/local/local.h"
#include "adapters/plugin/plugin.h"

enum { CHECK_NAME_MAX = 64 };

static const msptk_adapter_ops *const built_in[] = {
        &msptk__local_adapter,
        &msptk__plugin_adapter,
        &msptk__fake_adapter,
};

static void free_kind(adapter_kind *k)
{
        for (size_t i = 0; i < ARRAY_LEN(k->texts); i++)
                msptk__free(k->texts[i]);
        msptk__free(k->names);
        msptk__free(k);
}

static void free_check(custom_check *k)
{
        msptk__free((char *)k->ops.name);
        msptk__free((char *)k->ops.version);
        msptk__free(k);
}

static msptk_status missing(const char *type, const char *slot, msptk_error **ret_err)
{
        return fail_why(ret_err, MSPTK_E_INVALID, "SLOT_MISSING",
                        "fill the slot, or leave out its group",
                        "adapter '%.64s' lacks the required slot '%s'", type, slot);
}

/* The names of the checks: an array and its characters in one piece. */
static msptk_status copy_names(adapter_kind *k, msptk_error **ret_err)
{
        const char *const *from = k->metrics.checks;
        size_t count = 0, bytes = 0;
        char *at;

        for (; from[count]; count++)
                bytes += strlen(from[count]) + 1;
        k->names = msptk__alloc((count + 1) * sizeof(*k->names) + bytes);
        if (!k->names)
                return msptk__nomem(ret_err);
        at = (char *)(k->names + count + 1);
        for (size_t i = 0; i < count; i++) {
                size_t size = strlen(from[i]) + 1;

                k->names[i] = memcpy(at, from[i], size);
                at += size;
        }
        k->metrics.checks = k->names;
        return MSPTK_OK;
}

/* Its author may let go of all of it after the registration. */
static msptk_status copy_info(adapter_kind *k, msptk_error **ret_err)
{
        const char **slots[] = { &k->info.type, &k->info.title, &k->info.description,
                                 &k->info.settings, &k->info.docs };
        AUTO_JSON msptk_json *settings = NULL;
        msptk_status st;

        COMPLETE_ROW(k->info, k->ops.info);
        for (size_t i = 0; i < ARRAY_LEN(slots); i++) {
                k->texts[i] = msptk__strdup(*slots[i]);
                if (*slots[i] && !k->texts[i])
                        return msptk__nomem(ret_err);
                *slots[i] = k->texts[i];
        }
        k->ops.info = &k->info;
        if (!k->info.settings)
                return MSPTK_OK;
        st = msptk_json_parse(k->info.settings, strlen(k->info.settings), &settings, NULL);
        if (st == MSPTK_E_NOMEM)
                return msptk__nomem(ret_err);
        if (st < 0 || msptk_json_type(settings) != MSPTK_JSON_OBJECT)
                return fail_why(ret_err, MSPTK_E_INVALID, "SLOT_INVALID",
                                "give an object of settings, or NULL",
                                "info.settings of adapter '%.64s' is no JSON object", k->info.type);
        return MSPTK_OK;
}

/* Copies each group that is there and checks its required slots. */
static msptk_status copy_groups(adapter_kind *k, msptk_error **ret_err)
{
        const char *type = k->info.type;

        if (k->ops.devices) {
                COMPLETE_ROW(k->devices, k->ops.devices);
                k->ops.devices = &k->devices;
                if (!k->devices.list)
                        return missing(type, "devices.list", ret_err);
        }
        if (k->ops.metrics) {
                COMPLETE_ROW(k->metrics, k->ops.metrics);
                k->ops.metrics = &k->metrics;
                if (!k->metrics.collect)
                        return missing(type, "metrics.collect", ret_err);
                if (k->metrics.checks)
                        TRY(copy_names(k, ret_err));
        }
        if (k->ops.alerts) {
                COMPLETE_ROW(k->alerts, k->ops.alerts);
                k->ops.alerts = &k->alerts;
                if (!k->alerts.list)
                        return missing(type, "alerts.list", ret_err);
        }
        if (k->ops.commands) {
                COMPLETE_ROW(k->commands, k->ops.commands);
                k->ops.commands = &k->commands;
                if (!k->commands.execute)
                        return missing(type, "commands.execute", ret_err);
        }
        if (k->ops.deploy) {
                COMPLETE_ROW(k->deploy, k->ops.deploy);
                k->ops.deploy = &k->deploy;
                if (!k->deploy.agent)
                        return missing(type, "deploy.agent", ret_err);
        }
        return MSPTK_OK;
}

static msptk_status check_table(const msptk_adapter_ops *ops, msptk_error **ret_err)
{
        if (!ops || ops->struct_size < offsetof(msptk_adapter_ops, devices))
                return fail(ret_err, MSPTK_E_INVALID, "an adapter's table is missing or too small");
        if (ops->sdk_version < 1 || ops->sdk_version > MSPTK_SDK_VERSION)
                return fail(ret_err, MSPTK_E_INVALID,
                            "an adapter was made for SDK %u; this library has SDK %d",
                            (unsigned)ops->sdk_version, MSPTK_SDK_VERSION);
        if (!ops->info || ops->info->struct_size < offsetof(msptk_adapter_info, description) ||
            !ops->info->type || !msptk__slug_valid(ops->info->type))
                return fail(ret_err, MSPTK_E_INVALID,
                            "an adapter needs an info with a slug as its type");
        if (!ops->info->title)
                return missing(ops->info->type, "info.title", ret_err);
        if (!ops->open)
                return missing(ops->info->type, "open", ret_err);
        if (!ops->close)
                return missing(ops->info->type, "close", ret_err);
        if (!ops->probe)
                return missing(ops->info->type, "probe", ret_err);
        return MSPTK_OK;
}

static const adapter_kind *find_kind(const registry *r, const char *type)
{
        for (const adapter_kind *k = r->kinds; k; k = k->next)
                if (!strcmp(k->ops.info->type, type))
                        return k;
        return NULL;
}

const adapter_kind *msptk__kind_find(registry *r, const char *type)
{
        const adapter_kind *k;

        pthread_mutex_lock(&r->lock);
        k = find_kind(r, type);
        pthread_mutex_unlock(&r->lock);
        return k;
}

msptk_status msptk__registry_add_adapter(registry *r, const msptk_adapter_ops *ops,
                                         msptk_error **ret_err)
{
        adapter_kind *k, **last;
        msptk_status st;

        TRY(check_table(ops, ret_err));
        k = msptk__alloc(sizeof(*k));
        if (!k)
                return msptk__nomem(ret_err);
        COMPLETE_ROW(k->ops, ops);
        st = copy_info(k, ret_err);
        if (st == MSPTK_OK)
                st = copy_groups(k, ret_err);
        pthread_mutex_lock(&r->lock);
        if (st == MSPTK_OK && find_kind(r, k->info.type))
                st = fail(ret_err, MSPTK_E_EXISTS, "an adapter '%s' is registered already",
                          k->info.type);
        if (st == MSPTK_OK) {
                for (last = &r->kinds; *last; last = &(*last)->next)
                        ;
                *last = k;
        }
        pthread_mutex_unlock(&r->lock);
        if (st < 0)
                free_kind(k);
        return st;
}

/* A word that can stand in a path of settings and in a file name. */
static bool check_name_valid(const char *name)
{
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
        size_t len = name ? strspn(name, allowed) : 0;

        return len && len <= CHECK_NAME_MAX && !name[len];
}

static msptk_status check_check(const msptk_check_ops *ops, msptk_error **ret_err)
{
        if (!ops || ops->struct_size < offsetof(msptk_check_ops, destroy))
                return fail(ret_err, MSPTK_E_INVALID, "a check's table is missing or too small");
        if (ops->sdk_version < 1 || ops->sdk_version > MSPTK_SDK_VERSION)
                return fail(ret_err, MSPTK_E_INVALID,
                            "a check was made for SDK %u; this library has SDK %d",
                            (unsigned)ops->sdk_version, MSPTK_SDK_VERSION);
        if (!check_name_valid(ops->name))
                return fail(ret_err, MSPTK_E_INVALID,
                            "a check needs a name of 1 to %d characters of a-z, 0-9, '_' and '-'",
                            CHECK_NAME_MAX);
        if (!ops->version || !ops->execute)
                return fail_why(ret_err, MSPTK_E_INVALID, "SLOT_MISSING", "fill the slot",
                                "check '%s' lacks the required slot '%s'", ops->name,
                                ops->version ? "execute" : "version");
        if (ops->per != MSPTK_CHECK_PER_CLIENT && ops->per != MSPTK_CHECK_PER_DEVICE)
                return fail(ret_err, MSPTK_E_INVALID, "check '%s' has an unknown 'per': %d",
                            ops->name, (int)ops->per);
        return MSPTK_OK;
}

static custom_check *new_check(const msptk_check_ops *ops, void *user)
{
        custom_check *k = msptk__alloc(sizeof(*k));

        if (!k)
                return NULL;
        COMPLETE_ROW(k->ops, ops);
        k->ops.name = msptk__strdup(ops->name);
        k->ops.version = msptk__strdup(ops->version);
        k->user = user;
        if (k->ops.name && k->ops.version)
                return k;
        free_check(k);
        return NULL;
}

msptk_status msptk__registry_add_check(registry *r, const msptk_check_ops *ops, void *user,
                                       msptk_error **ret_err)
{
        custom_check *k, **last;
        bool taken = false;

        TRY(check_check(ops, ret_err));
        k = new_check(ops, user);
        if (!k)
                return msptk__nomem(ret_err);
        pthread_mutex_lock(&r->lock);
        for (last = &r->checks; *last; last = &(*last)->next)
                taken = taken || !strcmp((*last)->ops.name, ops->name);
        if (!taken)
                *last = k;
        pthread_mutex_unlock(&r->lock);
        if (!taken)
                return MSPTK_OK;
        free_check(k);
        return fail(ret_err, MSPTK_E_EXISTS, "a check '%s' is registered already", ops->name);
}

msptk_status msptk__registry_open(ctx *c, registry **ret, msptk_error **ret_err)
{
        registry *r = msptk__alloc(sizeof(*r));
        msptk_status st = MSPTK_OK;

        if (!r)
                return msptk__nomem(ret_err);
        r->c = c;
        pthread_mutex_init(&r->lock, NULL);
        for (size_t i = 0; st == MSPTK_OK && i < ARRAY_LEN(built_in); i++)
                st = msptk__registry_add_adapter(r, built_in[i], ret_err);
        if (st < 0) {
                msptk__registry_close(r);
                return st;
        }
        *ret = r;
        return MSPTK_OK;
}

static void free_instance(instance *i)
{
        if (i->kind && (i->opened || i->self))
                i->kind->ops.close(i->self);
        pthread_mutex_destroy(&i->opening);
        msptk__net_site_free(i->site);
        msptk_json_free(i->settings);
        msptk__free(i->no_kind);
        msptk__free(i->bad_settings);
        msptk__free(i);
}

void msptk__instances_free(instance *first)
{
        for (instance *i = first, *next; i; i = next) {
                next = i->next;
                free_instance(i);
        }
}

void msptk__registry_close(registry *r)
{
        if (!r)
                return;
        msptk__instances_free(r->instances);
        for (custom_check *k = r->checks, *next; k; k = next) {
                next = k->next;
                if (k->ops.destroy)
                        k->ops.destroy(k->user);
                free_check(k);
        }
        for (adapter_kind *k = r->kinds, *next; k; k = next) {
                next = k->next;
                free_kind(k);
        }
        msptk__free(r->types);
        pthread_mutex_destroy(&r->lock);
        msptk__free(r);
}

const char *const *msptk__registry_types(registry *r)
{
        const char **types;
        size_t n = 0;

        pthread_mutex_lock(&r->lock);
        for (const adapter_kind *k = r->kinds; k; k = k->next)
                n++;
        /* What another thread reads stays where it is until something was registered. */
        types = r->types && r->type_count == n ? NULL : msptk__alloc_array(n + 1, sizeof(*types));
        if (types) {
                n = 0;
                for (const adapter_kind *k = r->kinds; k; k = k->next)
                        types[n++] = k->ops.info->type;
                msptk__free(r->types);
                r->types = types;
                r->type_count = n;
        }
        types = r->types;
        pthread_mutex_unlock(&r->lock);
        return types;
}
