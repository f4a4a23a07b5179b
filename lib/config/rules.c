/* Rules over several settings at once. */
#define ROOM "config"
#include "config/internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static setting *plain(config *c, const char *key)
{
        size_t n;

        return &c->plain[msptk__key_exact(key) - msptk__config_keys(&n)];
}

static msptk_status disorder(config *c, const setting *warning, const setting *critical,
                             const char *name, msptk_error **ret_err)
{
        return msptk__config_find(c, LEVEL_ERROR, MSPTK_E_CONFIG, "BAD_VALUE",
                                  critical->node ? critical->node : warning->node, false, name,
                                  "make the warning the lower of the two", ret_err,
                                  "the warning threshold of '%s' is above its critical one", name);
}

/* A default never contradicts what was set: it moves. */
static msptk_status order_judged(config *c, const char *check, msptk_error **ret_err)
{
        AUTO_BUF buf key = BUF_INIT(100);
        setting *warning, *critical;

        (void)msptk__buf_addf(&key, "health_checks.thresholds.%s.warning", check);
        TRY(msptk__buf_status(&key, ROOM, "a key", ret_err));
        warning = plain(c, msptk__buf_text(&key));
        key.len = 0;
        (void)msptk__buf_addf(&key, "health_checks.thresholds.%s.critical", check);
        TRY(msptk__buf_status(&key, ROOM, "a key", ret_err));
        critical = plain(c, msptk__buf_text(&key));
        if (!warning->has || !critical->has || warning->number < critical->number)
                return MSPTK_OK;
        if (warning->node && critical->node)
                return warning->number > critical->number
                               ? disorder(c, warning, critical, check, ret_err)
                               : MSPTK_OK;
        if (warning->node)
                critical->number = (warning->number + 100) / 2;
        else
                warning->number = critical->number;
        return MSPTK_OK;
}

/* Pairs that have no defaults: services, network, custom, checks of plugins. */
static msptk_status order_pair(config *c, const setting *warning, const char *path,
                               msptk_error **ret_err)
{
        AUTO_BUF buf key = BUF_INIT(2 * CONFIG_PATH_MAX);
        const setting *critical;
        size_t len = strlen(path);

        if (len < 8 || strcmp(path + len - 8, ".warning") != 0)
                return MSPTK_OK;
        (void)msptk__buf_addf(&key, "%.*s.critical", (int)(len - 8), path);
        TRY(msptk__buf_status(&key, ROOM, "a key", ret_err));
        critical = msptk__config_value(c, msptk__buf_text(&key));
        /* of a plugin's values the critical end may be the lower one: both orders mean something */
        if (!critical || !critical->node || !warning->node || strncmp(path, "adapters[", 9) == 0 ||
            warning->number <= critical->number)
                return MSPTK_OK;
        key.len = 0;
        (void)msptk__buf_add(&key, path, len - 8);
        return disorder(c, warning, critical, msptk__buf_text(&key), ret_err);
}

static msptk_status order_thresholds(config *c, msptk_error **ret_err)
{
        static const char *const judged[] = { "cpu", "memory", "disk" };
        static const char *const pairs[] = { "health_checks.thresholds.services.warning",
                                             "health_checks.thresholds.network.warning" };

        for (size_t i = 0; i < ARRAY_LEN(judged); i++)
                TRY(order_judged(c, judged[i], ret_err));
        for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
                TRY(order_pair(c, plain(c, pairs[i]), pairs[i], ret_err));
        for (size_t i = 0; i < c->more_count; i++)
                TRY(order_pair(c, &c->more[i], c->more[i].path, ret_err));
        return MSPTK_OK;
}

static msptk_status at_adapter(config *c, const config_adapter *a, const char *key,
                               const char *reason, const char *suggestion, const char *message,
                               msptk_error **ret_err)
{
        AUTO_BUF buf path = BUF_INIT(2 * CONFIG_PATH_MAX);
        const setting *v;
        tree_node whole = { .line = a->line, .column = 1 };

        (void)msptk__buf_addf(&path, "%s.%s", a->origin, key);
        TRY(msptk__buf_status(&path, ROOM, "a key", ret_err));
        v = msptk__config_value(c, msptk__buf_text(&path));
        return msptk__config_find(c, LEVEL_ERROR, MSPTK_E_CONFIG, reason,
                                  v && v->node ? v->node : &whole, false, msptk__buf_text(&path),
                                  suggestion, ret_err, message, a->name);
}

static bool name_valid(const char *name)
{
        size_t len = strlen(name);

        return len <= 64 &&
               strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") ==
                       len;
}

static msptk_status unique_names(config *c, msptk_error **ret_err)
{
        for (size_t i = 0; i < c->adapter_count; i++) {
                const config_adapter *a = &c->adapters[i];

                if (!name_valid(a->name))
                        TRY(at_adapter(c, a, "name", "BAD_VALUE",
                                       "use at most 64 letters, digits, '-', '_' and '.'",
                                       "the name '%.80s' cannot name an adapter", ret_err));
                if (msptk__config_adapter_find(c, a->name) != a)
                        TRY(at_adapter(c, a, "name", "DUPLICATE", "choose another name",
                                       "a second adapter is named '%s'", ret_err));
        }
        return MSPTK_OK;
}

static msptk_status plugin_check(config *c, const config_adapter *a, const msptk_json *check,
                                 size_t i, msptk_error **ret_err)
{
        AUTO_BUF buf key = BUF_INIT(64);
        const msptk_json *command = msptk_json_get(check, "command");

        (void)msptk__buf_addf(&key, "checks[%zu]", i);
        TRY(msptk__buf_status(&key, ROOM, "a key", ret_err));
        if (!*msptk_json_string(msptk_json_get(check, "name"), ""))
                return at_adapter(c, a, msptk__buf_text(&key), "MISSING_KEY",
                                  "give the check a name", "a check of adapter '%s' has no name",
                                  ret_err);
        if (!*msptk_json_string(msptk_json_first(command), ""))
                return at_adapter(c, a, msptk__buf_text(&key), "MISSING_KEY",
                                  "write command: [/usr/lib/nagios/plugins/check_load, -w, \"5\"]",
                                  "a check of adapter '%s' has no command", ret_err);
        if (msptk_json_count(command) == 1 &&
            strpbrk(msptk_json_string(msptk_json_first(command), ""), " \t"))
                return at_adapter(c, a, msptk__buf_text(&key), "BAD_VALUE",
                                  "write the program and each argument as an item of a list; no "
                                  "shell takes the line apart",
                                  "a command of adapter '%s' is one text with blanks", ret_err);
        return MSPTK_OK;
}

static msptk_status plugin_checks(config *c, const config_adapter *a, msptk_error **ret_err)
{
        const msptk_json *checks = msptk_json_get(a->settings, "checks");
        size_t i = 0;

        if (strcmp(a->type, "plugin") != 0)
                return MSPTK_OK;
        if (!msptk_json_first(checks))
                return at_adapter(c, a, "checks", "MISSING_KEY", "list its checks below 'checks:'",
                                  "adapter '%s' runs plugins but has no checks", ret_err);
        for (const msptk_json *check = msptk_json_first(checks); check;
             check = msptk_json_next(check))
                TRY(plugin_check(c, a, check, i++, ret_err));
        return MSPTK_OK;
}

static msptk_status api_url(config *c, const config_adapter *a, msptk_error **ret_err)
{
        size_t scheme = a->api_url ? strcspn(a->api_url, ":") : 0;

        if (!a->api_url || strncasecmp(a->api_url, "https://", 8) == 0 ||
            strncasecmp(a->api_url, "http://", 7) == 0)
                return MSPTK_OK;
        /* An address of the type's own: fake://default */
        if (strlen(a->type) == scheme && !strncmp(a->api_url, a->type, scheme) &&
            !strncmp(a->api_url + scheme, "://", 3))
                return MSPTK_OK;
        return at_adapter(c, a, "api_url", "BAD_VALUE", "begin it with https://",
                          "the api_url of adapter '%s' is no http address", ret_err);
}

/* The setting of every adapter that `key` is a typing error for; NULL: none. Short words lie near
 * many others, so a vendor's own short setting is left alone. */
static const char *meant(const char *key, const char *pattern)
{
        static const char *const common[] = {
                "timeout",         "api_url",    "api_key",  "api_key_env", "clients",
                "enabled",         "origins",    "rate",     "proxy",       "name",
                "certificate_pin", "allow_http", "provider", "type",
        };
        const char *best = NULL;
        size_t least = 3;

        for (size_t i = 0; i < ARRAY_LEN(common); i++) {
                size_t limit = strlen(common[i]) > 5 ? 2 : 1;
                size_t d = msptk__edit_distance(key, common[i], limit);
                char full[CONFIG_PATH_MAX];

                if (d > limit || d >= least)
                        continue;
                (void)snprintf(full, sizeof(full), "%s.%s", pattern, common[i]);
                if (!msptk__key_exact(full) && !msptk__key_env_form(full))
                        continue; /* this section has no such setting */
                best = common[i];
                least = d;
        }
        return best;
}

/* What is left of a type's own settings after those of every adapter is the type's to check; a
 * misspelt common one would go unnoticed where the type is not built in. */
static msptk_status misspelt(config *c, const setting *v, msptk_error **ret_err)
{
        AUTO_BUF buf hint = BUF_INIT(100);
        AUTO_BUF buf pattern = BUF_INIT(CONFIG_PATH_MAX);
        const char *key = strrchr(v->path, '.'), *near;
        size_t row_len = strlen(v->row->path);

        if (!key || row_len < 3 || v->row->type != CONFIG_MAP ||
            strcmp(v->row->path + row_len - 2, ".*") != 0)
                return MSPTK_OK;
        (void)msptk__buf_add(&pattern, v->row->path, row_len - 2);
        TRY(msptk__buf_status(&pattern, ROOM, "a key", ret_err));
        near = meant(key + 1, msptk__buf_text(&pattern));
        if (!near)
                return MSPTK_OK;
        (void)msptk__buf_addf(&hint, "did you mean '%s'?", near);
        TRY(msptk__buf_status(&hint, ROOM, "a hint", ret_err));
        return msptk__config_find(c, LEVEL_ERROR, MSPTK_E_CONFIG, "UNKNOWN_KEY", v->node, true,
                                  v->path, msptk__buf_text(&hint), ret_err,
                                  "unknown key '%.80s' in %.*s", key + 1, (int)(key - v->path),
                                  v->path);
}

msptk_status msptk__config_rules(config *c, msptk_error **ret_err)
{
        TRY(order_thresholds(c, ret_err));
        TRY(unique_names(c, ret_err));
        for (size_t i = 0; i < c->more_count; i++)
                TRY(misspelt(c, &c->more[i], ret_err));
        for (size_t i = 0; i < c->adapter_count; i++) {
                TRY(plugin_checks(c, &c->adapters[i], ret_err));
                TRY(api_url(c, &c->adapters[i], ret_err));
        }
        return MSPTK_OK;
}
