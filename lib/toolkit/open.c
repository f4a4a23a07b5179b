/* Opens the floors in order and closes them in reverse. */
#define ROOM "toolkit"
#include "toolkit/internal.h"

#include <string.h>
#include <unistd.h>

#include "adapters/adapters.h"
#include "alerts/alerts.h"
#include "clients/clients.h"
#include "devices/devices.h"
#include "evidence/evidence.h"
#include "health/health.h"
#include "net/net.h"
#include "policy/policy.h"

extern char **environ;

static const store_migration *const migrations[] = {
        msptk__vault_migrations,
        msptk__net_migrations,
        msptk__audit_migrations,
        msptk__evidence_migrations,
        msptk__adapters_migrations,
        msptk__clients_migrations,
        msptk__devices_migrations,
        msptk__policy_migrations,
        msptk__alerts_migrations,
        msptk__health_migrations,
};

static config_open how_to_open(const msptk_toolkit_opts *o)
{
        bool environment = o->flags & MSPTK_OPEN_READ_ENVIRONMENT;

        return (config_open){
                .path = o->config_path,
                .search = !o->config_path && (o->flags & MSPTK_OPEN_SEARCH_CONFIG),
                .dotenv = environment,
                .env = environment ? (const char *const *)environ : NULL,
                .options = o->options,
                .option_count = o->option_count,
        };
}

static int32_t log_level(const config *cfg)
{
        static const char *const names[] = { "DEBUG", "INFO", "WARNING", "ERROR" };
        const char *level = msptk__config_str(cfg, "general.log_level", "INFO");

        for (int32_t i = 0; i < (int32_t)ARRAY_LEN(names); i++)
                if (!strcmp(names[i], level))
                        return i;
        return LOG_INFO;
}

static msptk_status open_config(msptk_toolkit *tk, msptk_error **ret_err)
{
        config_open how = how_to_open(&tk->opts);
        const char *zone_name;

        TRY(msptk__config_open(&how, &tk->c.config, ret_err));
        tk->c.log_level = log_level(tk->c.config);
        zone_name = msptk__config_str(tk->c.config, "general.timezone", "UTC");
        return msptk__zone_load(NULL, zone_name, &tk->c.zone, ret_err);
}

msptk_status msptk__toolkit_config_lenient(ctx *c, config **ret, msptk_error **ret_err)
{
        config_open how = how_to_open(&msptk__toolkit_of(c)->opts);

        how.lenient = true;
        return msptk__config_open(&how, ret, ret_err);
}

const store_migration *const *msptk__toolkit_migrations(size_t *ret_count)
{
        *ret_count = ARRAY_LEN(migrations);
        return migrations;
}

/* In memory when neither a file nor an option says where. */
const char *msptk__toolkit_database(const ctx *c)
{
        if (!msptk__config_file(c->config) && !msptk__config_is_set(c->config, "database.path"))
                return ":memory:";
        return msptk__config_str(c->config, "database.path", ":memory:");
}

static msptk_status make_directory(const char *path, msptk_error **ret_err)
{
        AUTO_FREE char *dir = msptk__path_dirname(path);

        if (!dir)
                return msptk__nomem(ret_err);
        return msptk__dir_make(dir, 0700, ret_err);
}

static msptk_status open_store(msptk_toolkit *tk, msptk_error **ret_err)
{
        ctx *c = &tk->c;
        const char *type = msptk__config_str(c->config, "database.type", "sqlite");
        store_options o = { .path = msptk__toolkit_database(c), .create = true };

        if (strcmp(type, "sqlite"))
                return fail_why(ret_err, MSPTK_E_UNSUPPORTED, "DATABASE_TYPE",
                                "set database.type to sqlite",
                                "database type '%s' is not built into this version", type);
        if (strcmp(o.path, ":memory:") && !(tk->flags & MSPTK_OPEN_READ_ONLY))
                TRY(make_directory(o.path, ret_err));
        o.read_only = tk->flags & MSPTK_OPEN_READ_ONLY;
        TRY(msptk__store_open(&o, &c->store, ret_err));
        return msptk__store_migrate(c->store, migrations, ARRAY_LEN(migrations), msptk__now(c),
                                    ret_err);
}

static const char *variable_of(void *user, const char *name)
{
        return msptk__config_env(user, name);
}

static msptk_status open_with_passphrase(ctx *c, const char *ref, msptk_error **ret_err)
{
        secret_source from = { .env = variable_of,
                               .env_user = c->config,
                               .base_dir = msptk__config_dir(c->config) };
        AUTO_SECRET secret *passphrase = NULL;
        vault_opts o = { 0 };

        TRY(msptk__wrap(ret_err, msptk__secret_resolve(c, ref, &from, &passphrase, ret_err),
                        "read the vault's passphrase"));
        o.passphrase = msptk__secret_bytes(passphrase, &o.passphrase_len);
        return msptk__vault_open(c, &o, &c->vault, ret_err);
}

msptk_status msptk__toolkit_open_vault(ctx *c, msptk_error **ret_err)
{
        const char *passphrase = msptk__config_str(c->config, "vault.passphrase", NULL);
        vault_opts o = { 0 };

        if (passphrase)
                return open_with_passphrase(c, passphrase, ret_err);
        if (!strcmp(msptk__store_path(c->store), ":memory:") &&
            !msptk__config_is_set(c->config, "vault.key_file")) {
                o.ephemeral = 1;
        } else {
                o.key_file = msptk__config_str(c->config, "vault.key_file", NULL);
                TRY(msptk__vault_key_first(c, o.key_file, ret_err));
        }
        return msptk__vault_open(c, &o, &c->vault, ret_err);
}

static msptk_status open_audit(ctx *c, msptk_error **ret_err)
{
        audit_opts o = {
                .group_ms = msptk__config_ms(c->config, "audit.commit_interval", 0),
                .group_entries = (int32_t)msptk__config_int(c->config, "audit.commit_entries", 0),
                .requests_per_minute =
                        (int32_t)msptk__config_int(c->config, "limits.requests_per_minute", 0),
        };

        TRY(msptk__audit_open(c, &c->audit, ret_err));
        msptk__audit_configure(c->audit, &o);
        return MSPTK_OK;
}

static msptk_status open_floors(msptk_toolkit *tk, msptk_error **ret_err)
{
        ctx *c = &tk->c;

        TRY(open_store(tk, ret_err));
        TRY(msptk__toolkit_open_vault(c, ret_err));
        TRY(msptk__net_open(c, &c->net, ret_err));
        TRY(open_audit(c, ret_err));
        return msptk__toolkit_operations(c, ret_err);
}

static void close_floors(ctx *c)
{
        msptk__audit_close(STEAL(c->audit));
        msptk__net_close(STEAL(c->net));
        msptk__vault_free(STEAL(c->vault));
        msptk__store_free(STEAL(c->store));
}

msptk_status msptk__toolkit_open_parts(msptk_toolkit *tk, int32_t what, msptk_error **ret_err)
{
        msptk_status st;

        if (what >= NEED_CONFIG && tk->opened < NEED_CONFIG) {
                st = open_config(tk, ret_err);
                if (st < 0) {
                        msptk__config_free(STEAL(tk->c.config));
                        return st;
                }
                __atomic_store_n(&tk->opened, NEED_CONFIG, __ATOMIC_RELEASE);
        }
        if (what >= NEED_STORE && tk->opened < NEED_STORE) {
                st = open_floors(tk, ret_err);
                if (st < 0) {
                        close_floors(&tk->c);
                        return st;
                }
                __atomic_store_n(&tk->opened, NEED_STORE, __ATOMIC_RELEASE);
        }
        return MSPTK_OK;
}

void msptk__toolkit_close_parts(msptk_toolkit *tk)
{
        msptk__registry_close(STEAL(tk->c.registry));
        close_floors(&tk->c);
        msptk__zone_free(STEAL(tk->c.zone));
        msptk__config_free(STEAL(tk->c.config));
        __atomic_store_n(&tk->opened, NEED_NOTHING, __ATOMIC_RELEASE);
}
