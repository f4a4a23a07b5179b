/* The table of all settings. Validation, `config explain`, docs/configuration.md and the file that
 * `init` writes come from here and from nowhere else. */
#include "config/internal.h"

#include <string.h>

#define SEC 1000.0
#define HOUR (3600 * SEC)
#define DAY (24 * HOUR)
#define MIB (1024.0 * 1024.0)

#define KEY(path_, type_, default_, about_, ...) \
        { \
                .path = (path_), .type = (type_), .default_value = (default_), .about = (about_), \
                .since = "0.1", .acted_on = true, __VA_ARGS__ \
        }
/* Accepted, and named by `config check` every time: this version does nothing with it. */
#define LATER(path_, type_, default_, about_, ...) \
        { \
                .path = (path_), .type = (type_), .default_value = (default_), .about = (about_), \
                .since = "0.1", .acted_on = false, __VA_ARGS__ \
        }

#define PERCENT .unit = "percent", .min = 0, .max = 100
#define SECONDS(low, high) .unit = "seconds", .min = (low)*SEC, .max = (high)*SEC

#define THRESHOLD "health_checks.thresholds."
#define JUDGED(check, default_warning, default_critical, flat) \
        KEY(THRESHOLD check ".warning", CONFIG_NUMBER, default_warning, \
            "From this value on " check " is a warning.", PERCENT, .alias = flat), \
                KEY(THRESHOLD check ".critical", CONFIG_NUMBER, default_critical, \
                    "From this value on " check \
                    " is critical. When it is not set and the warning is not " \
                    "below " default_critical ", halfway between the warning and 100.", \
                    PERCENT), \
                KEY(THRESHOLD check ".hysteresis", CONFIG_NUMBER, "2", \
                    "How far " check \
                    " must fall below a threshold before the state gets better again.", \
                    PERCENT), \
                KEY(THRESHOLD check ".sustained_for", CONFIG_DURATION, "0s", \
                    "How long " check " must stay beyond a threshold before the state changes.", \
                    SECONDS(0, 7 * 86400))

/* What an adapter that speaks HTTP may be told about its network; docs/net.md. */
#define NETWORK(section) \
        KEY(section "origins", CONFIG_LIST, NULL, \
            "Further addresses (scheme, host and port) that the adapter may ask beside api_url."), \
                KEY(section "allow_http", CONFIG_BOOL, "false", \
                    "Whether it may be asked without encryption. Loopback always may."), \
                KEY(section "proxy", CONFIG_STRING, NULL, \
                    "A proxy, http://host:port. Proxies from the environment are not used."), \
                KEY(section "certificate_pin", CONFIG_STRING, NULL, \
                    "Trust this public key (\"sha256//\" and the base64 digest) whoever signed " \
                    "its certificate, and no other."), \
                KEY(section "rate.requests", CONFIG_INT, NULL, \
                    "How many requests go out within any `rate.per`, counted over all " \
                    "processes. Without it, only what the vendor answers limits them.", \
                    .unit = "requests", .min = 1, .max = 1000000), \
                KEY(section "rate.per", CONFIG_DURATION, NULL, "The span of rate.requests.", \
                    .unit = "seconds", .min = 1, .max = DAY)

static const config_key keys[] = {
        KEY("general.company_name", CONFIG_STRING, NULL, "Your name, as clients read it."),
        KEY("general.timezone", CONFIG_STRING, "UTC",
            "IANA time zone in which people read times (\"America/New_York\")."),
        KEY("general.log_level", CONFIG_ENUM, "INFO", "The least important lines that are logged.",
            .values = "DEBUG INFO WARNING ERROR WARN=WARNING CRITICAL=ERROR"),
        KEY("general.data_retention_days", CONFIG_INT, "90",
            "How long results, state changes and closed alerts are kept.", .unit = "days", .min = 1,
            .max = 3650),

        KEY("database.type", CONFIG_ENUM, "sqlite",
            "The database engine. PostgreSQL is not built into this version, which refuses to open "
            "it.",
            .values = "sqlite postgresql sqlite3=sqlite postgres=postgresql"),
        KEY("database.path", CONFIG_PATH, "data/msp-toolkit.db",
            "The SQLite file; \":memory:\" keeps nothing."),
        LATER("database.host", CONFIG_STRING, NULL, "PostgreSQL: the server."),
        LATER("database.port", CONFIG_INT, "5432", "PostgreSQL: its port.", .min = 1, .max = 65535),
        LATER("database.database", CONFIG_STRING, NULL, "PostgreSQL: the name of the database."),
        LATER("database.username", CONFIG_STRING, NULL, "PostgreSQL: who logs in."),
        LATER("database.password", CONFIG_SECRET, NULL, "PostgreSQL: the password."),

        KEY("vault.key_file", CONFIG_PATH, "data/vault.key",
            "The file (mode 0600) with the key that seals the secrets."),
        KEY("vault.passphrase", CONFIG_SECRET, NULL,
            "Unlocks the vault instead of a key file; for programs that run long."),

        KEY("audit.commit_interval", CONFIG_DURATION, "200ms",
            "Reads and denials are committed to the audit trail in groups, at least this often.",
            .unit = "milliseconds", .min = 1, .max = 10 * SEC),
        KEY("audit.commit_entries", CONFIG_INT, "1000", "The largest such group.",
            .unit = "entries", .min = 1, .max = 100000),
        KEY("audit.retention_days", CONFIG_INT, "365", "How long audit entries are kept.",
            .unit = "days", .min = 1, .max = 36500),

        KEY("limits.requests_per_minute", CONFIG_INT, "0",
            "How many operations one principal may start in a minute; 0 means no limit.",
            .unit = "requests per minute", .min = 0, .max = 1000000),
        KEY("limits.response_size", CONFIG_BYTES, "16MiB",
            "The largest reply that is read from a vendor.", .unit = "bytes", .min = 1024,
            .max = 1024 * MIB),
        KEY("limits.plugin_output", CONFIG_BYTES, "64KiB",
            "The most output that is kept of a plugin.", .unit = "bytes", .min = 1024,
            .max = 16 * MIB),

        KEY("health_checks.enabled", CONFIG_BOOL, "true", "Whether health checks run at all."),
        LATER("health_checks.schedule", CONFIG_STRING, NULL,
              "When they run (five cron fields). Until schedules are built, start "
              "`msp-toolkit health check --all` from cron."),
        KEY("health_checks.timeout", CONFIG_DURATION, "30s",
            "How long one check of one device may take.", SECONDS(1, 3600)),
        KEY("health_checks.concurrency", CONFIG_INT, "16", "How many of them run at once.",
            .unit = "checks", .min = 1, .max = 1024),
        KEY("health_checks.stale_after", CONFIG_DURATION, "15m",
            "Data older than this is unknown, never healthy.", SECONDS(1, 30 * 86400)),
        JUDGED("cpu", "85", "95", THRESHOLD "cpu_percent"),
        JUDGED("memory", "90", "95", THRESHOLD "memory_percent"),
        JUDGED("disk", "85", "95", THRESHOLD "disk_percent"),
        KEY(THRESHOLD "services.warning", CONFIG_INT, NULL,
            "From this many expected services that do not run on, it is a warning.",
            .unit = "services", .min = 0, .max = 10000),
        KEY(THRESHOLD "services.critical", CONFIG_INT, "1",
            "From this many expected services that do not run on, it is critical.",
            .unit = "services", .min = 0, .max = 10000),
        KEY(THRESHOLD "services.sustained_for", CONFIG_DURATION, "0s",
            "How long services must be down before the state changes.", SECONDS(0, 7 * 86400)),
        KEY(THRESHOLD "network.warning", CONFIG_NUMBER, NULL,
            "From this percentage of targets that cannot be reached on, it is a warning.", PERCENT),
        KEY(THRESHOLD "network.critical", CONFIG_NUMBER, NULL,
            "From this percentage of targets that cannot be reached on, it is critical.", PERCENT),
        KEY(THRESHOLD "network.sustained_for", CONFIG_DURATION, "0s",
            "How long targets must be out of reach before the state changes.",
            SECONDS(0, 7 * 86400)),
        KEY(THRESHOLD "custom.*.warning", CONFIG_NUMBER, NULL,
            "For a registered check of that name: from this value on it is a warning."),
        KEY(THRESHOLD "custom.*.critical", CONFIG_NUMBER, NULL,
            "For a registered check of that name: from this value on it is critical."),
        KEY(THRESHOLD "custom.*.hysteresis", CONFIG_NUMBER, "0",
            "How far the value must fall below a threshold before the state gets better again."),
        KEY(THRESHOLD "custom.*.sustained_for", CONFIG_DURATION, "0s",
            "How long the value must stay beyond a threshold before the state changes.",
            SECONDS(0, 7 * 86400)),

        KEY("alerts.flapping.enabled", CONFIG_BOOL, "true",
            "Whether an alert that comes and goes becomes one alert that says so."),
        KEY("alerts.flapping.changes", CONFIG_INT, "5",
            "This many changes of state within the window are flapping.", .unit = "changes",
            .min = 2, .max = 1000),
        KEY("alerts.flapping.window", CONFIG_DURATION, "1h", "The window.", SECONDS(60, 7 * 86400)),

        KEY("rmm.provider", CONFIG_STRING, NULL,
            "Type of the adapter. The section is a short form of an entry of `adapters` named "
            "\"rmm\"."),
        KEY("rmm.api_url", CONFIG_STRING, NULL, "Where the vendor's API is."),
        KEY("rmm.api_key", CONFIG_SECRET, NULL, "The credential."),
        KEY("rmm.timeout", CONFIG_DURATION, "30s", "How long one request may take.",
            SECONDS(1, 3600)),
        KEY("rmm.clients", CONFIG_LIST, NULL,
            "Ids of the clients that this adapter serves; without it, every client."),
        KEY("rmm.enabled", CONFIG_BOOL, "true", "Whether the adapter is used."),
        NETWORK("rmm."),
        KEY("rmm.*", CONFIG_MAP, NULL, "Further settings of the vendor."),

        KEY("adapters[].name", CONFIG_STRING, NULL, "A name of your choice, unique."),
        KEY("adapters[].type", CONFIG_STRING, NULL,
            "Which adapter: local, plugin, fake, or any registered one."),
        KEY("adapters[].api_url", CONFIG_STRING, NULL, "Where the vendor's API is."),
        KEY("adapters[].api_key", CONFIG_SECRET, NULL, "The credential."),
        KEY("adapters[].timeout", CONFIG_DURATION, "30s",
            "How long one request, or one plugin, may take.", SECONDS(1, 3600)),
        KEY("adapters[].clients", CONFIG_LIST, NULL,
            "Ids of the clients that this adapter serves; without it, every client."),
        KEY("adapters[].enabled", CONFIG_BOOL, "true", "Whether the adapter is used."),
        KEY("adapters[].checks[].name", CONFIG_STRING, NULL, "Type plugin: the name of the check."),
        KEY("adapters[].checks[].command", CONFIG_LIST, NULL,
            "Type plugin: the program and its arguments, as a list; no shell is involved."),
        KEY("adapters[].checks[].timeout", CONFIG_DURATION, NULL,
            "Type plugin: how long it may run; without it, the adapter's timeout.",
            SECONDS(1, 3600)),
        KEY("adapters[].checks[].devices", CONFIG_LIST, NULL,
            "Type plugin: ids of the devices that it is run for; without it, this machine and "
            "those "
            "that are enrolled with this adapter."),
        KEY("adapters[].checks[].clients", CONFIG_LIST, NULL,
            "Type plugin: ids of the clients that it is run for; without it, every client."),
        NETWORK("adapters[]."),
        KEY("adapters[].*", CONFIG_MAP, NULL,
            "Further settings of that type; the adapter's own page lists them."),

        LATER("backup.providers[].name", CONFIG_STRING, NULL,
              "A name, unique among adapters; also its type when none is given."),
        LATER("backup.providers[].type", CONFIG_STRING, NULL, "Which backup product."),
        LATER("backup.providers[].api_url", CONFIG_STRING, NULL, "Where its API is."),
        LATER("backup.providers[].api_key", CONFIG_SECRET, NULL, "The credential."),
        LATER("backup.providers[].timeout", CONFIG_DURATION, "30s",
              "How long one request may take.", SECONDS(1, 3600)),
        LATER("backup.providers[].clients", CONFIG_LIST, NULL,
              "Ids of the clients that it serves; without it, every client."),
        LATER("backup.providers[].enabled", CONFIG_BOOL, "true", "Whether it is used."),
        LATER("backup.providers[].*", CONFIG_MAP, NULL, "Further settings of the vendor."),

        LATER("reporting.template_dir", CONFIG_PATH, "templates/", "Where templates are."),
        LATER("reporting.output_dir", CONFIG_PATH, "reports/", "Where reports go."),
        LATER("reporting.formats", CONFIG_LIST, "[pdf, html]", "What is written.",
              .values = "pdf html markdown md=markdown"),
        LATER("reporting.schedule", CONFIG_STRING, NULL,
              "When reports are written (five cron fields)."),
};

const config_key *msptk__config_keys(size_t *ret_count)
{
        *ret_count = ARRAY_LEN(keys);
        return keys;
}

const char *msptk__config_type_name(int32_t type)
{
        static const char *const names[] = {
                "",      "string", "int",  "number",           "bool", "enum", "duration",
                "bytes", "path",   "list", "secret reference", "map"
        };

        return type > 0 && (size_t)type < ARRAY_LEN(names) ? names[type] : "";
}

bool msptk__key_is_plain(const config_key *row)
{
        return !strpbrk(row->path, "[*");
}

const config_key *msptk__key_exact(const char *pattern)
{
        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
                if (strcmp(keys[i].path, pattern) == 0 ||
                    (keys[i].alias && strcmp(keys[i].alias, pattern) == 0))
                        return &keys[i];
        return NULL;
}

/* `x_env: NAME` is the short form of `x: env:NAME` wherever x is a secret. */
const config_key *msptk__key_env_form(const char *pattern)
{
        size_t len = strlen(pattern);

        if (len < 5 || strcmp(pattern + len - 4, "_env") != 0)
                return NULL;
        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
                if (keys[i].type == CONFIG_SECRET && strlen(keys[i].path) == len - 4 &&
                    strncmp(keys[i].path, pattern, len - 4) == 0)
                        return &keys[i];
        return NULL;
}

/* Whether there are settings below this pattern: TREE_MAP, TREE_LIST or 0. */
int32_t msptk__key_section(const char *pattern)
{
        size_t len = strlen(pattern);

        for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
                if (strncmp(keys[i].path, pattern, len) != 0)
                        continue;
                if (keys[i].path[len] == '.')
                        return TREE_MAP;
                if (keys[i].path[len] == '[')
                        return TREE_LIST;
        }
        return 0;
}

/* Words that may stand as keys directly below `section` ("" for the top). */
static size_t children(const char *section, char words[][KEY_WORD], size_t max)
{
        size_t n = 0, len = strlen(section);

        for (size_t i = 0; i < 2 * ARRAY_LEN(keys) && n < max; i++) {
                const char *path = i % 2 ? keys[i / 2].alias : keys[i / 2].path;
                size_t word;
                bool known = false;

                if (!path || strncmp(path, section, len) != 0 || (len && path[len] != '.'))
                        continue;
                path += len ? len + 1 : 0;
                word = strcspn(path, ".[");
                if (*path == '*' || word >= KEY_WORD)
                        continue;
                for (size_t k = 0; k < n && !known; k++)
                        known = strlen(words[k]) == word && strncmp(words[k], path, word) == 0;
                if (known)
                        continue;
                memcpy(words[n], path, word);
                words[n++][word] = '\0';
        }
        return n;
}

bool msptk__key_nearest(const char *section, const char *word, char ret[KEY_WORD])
{
        char words[KEY_CHILDREN][KEY_WORD];
        const char *list[KEY_CHILDREN];
        size_t n = children(section, words, KEY_CHILDREN);
        const char *best;

        for (size_t i = 0; i < n; i++)
                list[i] = words[i];
        best = msptk__nearest(word, list, n);
        if (!best)
                return false;
        memcpy(ret, best, strlen(best) + 1);
        return true;
}

void msptk__key_list_children(const char *section, buf *out)
{
        char words[KEY_CHILDREN][KEY_WORD];
        size_t n = children(section, words, KEY_CHILDREN);

        for (size_t i = 0; i < n; i++)
                (void)msptk__buf_addf(out, "%s%s", i ? ", " : "", words[i]);
}

/* The nearest full path of the whole table (aliases included), for `config explain`. */
const char *msptk__key_nearest_path(const char *path)
{
        const char *paths[2 * ARRAY_LEN(keys)];
        const char *tails[2 * ARRAY_LEN(keys)];
        const char *best;
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
                paths[n++] = keys[i].path;
                if (keys[i].alias)
                        paths[n++] = keys[i].alias;
        }
        best = msptk__nearest(path, paths, n);
        if (best)
                return best;
        /* `timeout` alone, or under the wrong section: compare last words */
        for (size_t i = 0; i < n; i++) {
                const char *dot = strrchr(paths[i], '.');

                tails[i] = dot ? dot + 1 : paths[i];
        }
        path = strrchr(path, '.') ? strrchr(path, '.') + 1 : path;
        best = msptk__nearest(path, tails, n);
        for (size_t i = 0; best && i < n; i++)
                if (tails[i] == best)
                        return paths[i];
        return NULL;
}

/* "adapters[3].name" and "adapters.acme.name" have the pattern "adapters[].name". */
const config_key *msptk__key_of_path(const char *path, bool *ret_nomem)
{
        AUTO_BUF buf pattern = BUF_INIT(CONFIG_PATH_MAX);
        const config_key *row;

        *ret_nomem = true;
        while (*path) {
                size_t word = strcspn(path, ".[");
                size_t before = pattern.len;

                if (before)
                        (void)msptk__buf_add_char(&pattern, '.');
                (void)msptk__buf_add(&pattern, path, word);
                if (pattern.failed)
                        break;
                path += word;
                if (*path == '[') {
                        path += strcspn(path, "]");
                        path += *path == ']';
                        (void)msptk__buf_add_str(&pattern, "[]");
                }
                if (*path == '.')
                        path++;
                if (msptk__key_exact(msptk__buf_text(&pattern)) && !*path)
                        break;
                if (*path && !msptk__key_section(msptk__buf_text(&pattern))) {
                        /* the word may be any: thresholds.custom.NAME */
                        pattern.len = before;
                        (void)msptk__buf_add_str(&pattern, before ? ".*" : "*");
                        if (msptk__key_exact(msptk__buf_text(&pattern)))
                                break;
                        if (!pattern.failed && !msptk__key_section(msptk__buf_text(&pattern))) {
                                *ret_nomem = false;
                                return NULL;
                        }
                }
        }
        if (pattern.failed) {
                *ret_nomem = pattern.failed == MSPTK_E_NOMEM;
                return NULL;
        }
        *ret_nomem = false;
        row = msptk__key_exact(msptk__buf_text(&pattern));
        if (!row)
                row = msptk__key_env_form(msptk__buf_text(&pattern));
        if (!row) {
                char *dot = pattern.data ? strrchr(pattern.data, '.') : NULL;

                if (!dot)
                        return NULL;
                pattern.len = (size_t)(dot - pattern.data);
                (void)msptk__buf_add_str(&pattern, ".*");
                *ret_nomem = pattern.failed == MSPTK_E_NOMEM;
                row = msptk__key_exact(msptk__buf_text(&pattern));
        }
        return row;
}
