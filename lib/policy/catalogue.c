/* The checks and metrics that have thresholds, their defaults, and how people name them. */
#define ROOM "policy"
#include "policy/internal.h"

#include <math.h>
#include <string.h>

#include "adapters/adapters.h"
#include "config/config.h"

#define MIN5 (5 * MS_PER_MIN)

/* Those of cpu, memory and disk are the defaults of health_checks.thresholds; a test compares. */
static const metric_info metrics[] = {
        { "cpu", "cpu_percent", "%", 85, 95, 2, 0, true, true },
        { "cpu", "load1_per_core", NULL, 4, 8, 0.5, MIN5, false, false },
        { "memory", "memory_percent", "%", 90, 95, 2, 0, true, true },
        { "memory", "swap_percent", "%", 80, 95, 2, MIN5, false, true },
        { "disk", "disk_percent", "%", 85, 95, 2, 0, true, true },
        { "disk", "inode_percent", "%", 85, 95, 2, 0, false, true },
        { "services", "services_down", NULL, NAN, 1, 0, 0, true, false },
        { "network", "unreachable_percent", "%", NAN, NAN, 0, 0, true, true },
        { "network", "dns_ms", "ms", 1000, 5000, 0, 0, false, false },
        { "network", "tcp_ms", "ms", 1000, 5000, 0, 0, false, false },
};

static const char *const key_names[KEY_COUNT] = {
        "warning", "critical", "hysteresis", "sustained_for", "lower_is_worse", "enabled",
};

enum { NAMES_MAX = 256 };

const metric_info *msptk__metric_at(size_t i)
{
        return i < ARRAY_LEN(metrics) ? &metrics[i] : NULL;
}

const metric_info *msptk__metric_find(const char *check, const char *metric)
{
        for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
                if ((!check || !strcmp(metrics[i].check, check)) &&
                    (metric ? !strcmp(metrics[i].metric, metric) : metrics[i].main))
                        return &metrics[i];
        return NULL;
}

const char *msptk__policy_key_name(int32_t key)
{
        return key_names[key];
}

static int32_t key_of(const char *word)
{
        for (int32_t i = 0; i < KEY_COUNT; i++)
                if (!strcmp(key_names[i], word))
                        return i;
        return -1;
}

static size_t add_name(const char **names, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (!strcmp(names[i], name))
                        return n;
        if (n < NAMES_MAX)
                names[n++] = name;
        return n;
}

/* Checks that this toolkit knows: our own, registered ones, and those that the configuration names.
 */
static size_t check_names(const ctx *c, const char **names)
{
        const char *name;
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
                n = add_name(names, n, metrics[i].check);
        for (size_t i = 0; c && c->registry && i < msptk__check_count(c->registry); i++)
                n = add_name(names, n, msptk__check_name(msptk__check_at(c->registry, i)));
        if (!c || !c->config)
                return n;
        for (size_t i = 0; (name = msptk__config_custom_name(c->config, i)); i++)
                n = add_name(names, n, name);
        for (size_t i = 0; i < msptk__config_adapter_count(c->config); i++) {
                const msptk_json *checks =
                        msptk_json_get(msptk__config_adapter_at(c->config, i)->settings, "checks");

                for (const msptk_json *k = msptk_json_first(checks); k; k = msptk_json_next(k)) {
                        name = msptk_json_string(msptk_json_get(k, "name"), NULL);
                        if (name)
                                n = add_name(names, n, name);
                }
        }
        return n;
}

static bool known_check(const ctx *c, const char *name)
{
        const char *names[NAMES_MAX];
        size_t n = check_names(c, names);

        for (size_t i = 0; i < n; i++)
                if (!strcmp(names[i], name))
                        return true;
        return false;
}

static msptk_status unknown(const ctx *c, const char *text, const char *word, const char *check,
                            msptk_error **ret_err)
{
        const char *names[NAMES_MAX], *near;
        size_t n = 0;

        if (check) {
                for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
                        if (!strcmp(metrics[i].check, check))
                                n = add_name(names, n, metrics[i].metric);
                for (size_t i = 0; i < KEY_COUNT; i++)
                        n = add_name(names, n, key_names[i]);
        } else {
                n = check_names(c, names);
                for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
                        n = add_name(names, n, metrics[i].metric);
        }
        near = msptk__nearest(word, names, n);
        if (near)
                return fail_why(ret_err, MSPTK_E_INVALID, "UNKNOWN_NAME", NULL,
                                "'%.128s' names no threshold; instead of '%.64s', did you mean "
                                "'%s'?",
                                text, word, near);
        return fail_why(ret_err, MSPTK_E_INVALID, "UNKNOWN_NAME",
                        "name a metric (cpu_percent), a check and a key (disk.critical), or a "
                        "check of your own (custom.NAME.warning)",
                        "'%.128s' names no threshold; '%.64s' is not known", text, word);
}

static msptk_status put_name(char out[NAME_CAP], const char *text, size_t len, const char *whole,
                             msptk_error **ret_err)
{
        if (!len || len >= NAME_CAP)
                return fail_why(ret_err, MSPTK_E_INVALID, "UNKNOWN_NAME", NULL,
                                "'%.128s' names no threshold", whole);
        memcpy(out, text, len);
        out[len] = '\0';
        return MSPTK_OK;
}

/* What stands behind the check: "", KEY, METRIC or METRIC.KEY; metrics may have dots themselves. */
static msptk_status parse_rest(const ctx *c, const char *text, const char *rest, address *ret,
                               msptk_error **ret_err)
{
        const metric_info *own = msptk__metric_find(ret->check, NULL);
        const char *last = strrchr(rest, '.');
        size_t len = strlen(rest);

        ret->key = key_of(last ? last + 1 : rest);
        if (ret->key >= 0)
                len = last ? (size_t)(last - rest) : 0;
        else
                ret->key = KEY_WARNING;
        if (len)
                TRY(put_name(ret->metric, rest, len, text, ret_err));
        if (len && own && !msptk__metric_find(ret->check, ret->metric))
                return unknown(c, text, ret->metric, ret->check, ret_err);
        if (len || !own || ret->key == KEY_SUSTAINED || ret->key == KEY_ENABLED)
                return MSPTK_OK;
        return put_name(ret->metric, own->metric, strlen(own->metric), text, ret_err);
}

msptk_status msptk__address_parse(const ctx *c, const char *text, address *ret,
                                  msptk_error **ret_err)
{
        bool custom = !strncmp(text, "custom.", 7);
        const char *at = custom ? text + 7 : text;
        size_t len = strcspn(at, ".");
        const char *rest = at[len] ? at + len + 1 : "";
        const metric_info *m;
        address a = { .key = KEY_WARNING };

        if (at[len] && !*rest)
                return unknown(c, text, text, NULL, ret_err);
        TRY(put_name(a.check, at, len, text, ret_err));
        if (!strcmp(a.check, "disk-space") || !strcmp(a.check, "disk_space"))
                memcpy(a.check, "disk", sizeof("disk"));
        m = custom ? NULL : msptk__metric_find(NULL, a.check);
        if (m) {
                a.key = *rest ? key_of(rest) : KEY_WARNING;
                if (a.key < 0)
                        return unknown(c, text, rest, m->check, ret_err);
                TRY(put_name(a.metric, m->metric, strlen(m->metric), text, ret_err));
                TRY(put_name(a.check, m->check, strlen(m->check), text, ret_err));
        } else {
                if (!custom && !known_check(c, a.check))
                        return unknown(c, text, a.check, NULL, ret_err);
                TRY(parse_rest(c, text, rest, &a, ret_err));
        }
        *ret = a;
        return MSPTK_OK;
}
