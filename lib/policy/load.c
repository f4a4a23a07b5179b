/* The effective policy of a client: read once, then answered from memory without locks. */
#define ROOM "policy"
#include "policy/internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

struct policy {
        char *client_id, *tier;
        rules common;  /* all but those of devices, weak layers first */
        rules devices; /* by device */
        rules call;    /* overrides of the call: stronger than those of devices */
};

static const char *const create_policy[] = {
        "CREATE TABLE policy ("
        " scope TEXT NOT NULL CHECK (scope IN ('tier', 'client', 'device')),"
        " scope_id TEXT NOT NULL,"
        " client_id TEXT NOT NULL,"
        " check_name TEXT NOT NULL,"
        " metric TEXT NOT NULL,"
        " setting TEXT NOT NULL,"
        " value REAL,"
        " set_at INTEGER NOT NULL,"
        " set_by TEXT NOT NULL,"
        " PRIMARY KEY (scope, scope_id, check_name, metric, setting))",
        "CREATE INDEX policy_client ON policy (client_id)",
        NULL,
};

const store_migration msptk__policy_migrations[] = {
        { .number = 70, .room = ROOM, .name = "policy", .sql = create_policy },
        { 0 },
};

/* ---- lists of rules ---- */

static void rule_clear(rule *r)
{
        msptk__free(r->check);
        msptk__free(r->metric);
        msptk__free(r->device);
        msptk__free(r->source);
}

void msptk__rules_clear(rules *r)
{
        for (size_t i = 0; i < r->count; i++)
                rule_clear(&r->items[i]);
        msptk__free(r->items);
        *r = (rules){ 0 };
}

msptk_status msptk__rules_add(rules *r, const rule *what, msptk_error **ret_err)
{
        rule copy = *what;

        if (r->count == r->cap) {
                size_t cap = r->cap ? 2 * r->cap : 16;
                rule *items = msptk__realloc_array(r->items, cap, sizeof(*items));

                if (!items)
                        return msptk__nomem(ret_err);
                r->items = items;
                r->cap = cap;
        }
        copy.check = msptk__strdup(what->check);
        copy.metric = msptk__strdup(what->metric);
        copy.device = msptk__strdup(what->device);
        copy.source = msptk__strdup(what->source);
        if (!copy.check || !copy.metric || !copy.source || (what->device && !copy.device)) {
                rule_clear(&copy);
                return msptk__nomem(ret_err);
        }
        r->items[r->count++] = copy;
        return MSPTK_OK;
}

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

rule *msptk__rules_find(const rules *r, const rule *like)
{
        for (size_t i = 0; i < r->count; i++)
                if (r->items[i].key == like->key && !strcmp(r->items[i].check, like->check) &&
                    !strcmp(r->items[i].metric, like->metric) &&
                    same_text(r->items[i].device, like->device))
                        return &r->items[i];
        return NULL;
}

/* Devices together, weak layers first, the check as a whole before its metrics. */
static int by_strength(const void *va, const void *vb)
{
        const rule *a = va, *b = vb;
        int order = strcmp(a->device ? a->device : "", b->device ? b->device : "");

        if (order)
                return order;
        if (a->layer != b->layer)
                return a->layer - b->layer;
        if ((a->metric[0] != '\0') != (b->metric[0] != '\0'))
                return a->metric[0] ? 1 : -1;
        order = strcmp(a->check, b->check);
        if (!order)
                order = strcmp(a->metric, b->metric);
        return order ? order : a->key - b->key;
}

static void sort(rules *r)
{
        if (r->count)
                qsort(r->items, r->count, sizeof(*r->items), by_strength);
}

/* ---- the layers ---- */

static msptk_status add_default(rules *r, const metric_info *m, int32_t key, double value,
                                msptk_error **ret_err)
{
        rule d = { .layer = LAYER_DEFAULT,
                   .key = key,
                   .value = value,
                   .check = (char *)m->check,
                   .metric = (char *)m->metric,
                   .source = (char *)"default" };

        return msptk__rules_add(r, &d, ret_err);
}

static msptk_status add_defaults(rules *r, msptk_error **ret_err)
{
        const metric_info *m;

        for (size_t i = 0; (m = msptk__metric_at(i)); i++) {
                TRY(add_default(r, m, KEY_WARNING, m->warning, ret_err));
                TRY(add_default(r, m, KEY_CRITICAL, m->critical, ret_err));
                TRY(add_default(r, m, KEY_HYSTERESIS, m->hysteresis, ret_err));
                TRY(add_default(r, m, KEY_SUSTAINED, (double)m->sustained_ms, ret_err));
        }
        return MSPTK_OK;
}

/* "config msp-toolkit.yaml:31" */
static msptk_status config_source(const ctx *c, const char *key, char **ret, msptk_error **ret_err)
{
        AUTO_JSON msptk_json *told = NULL;
        AUTO_BUF buf text = BUF_INIT(1024);
        const msptk_json *source;
        const char *file, *slash;

        TRY(msptk__config_explain(c->config, key, &told, ret_err));
        source = msptk_json_get(told, "source");
        file = msptk_json_string(msptk_json_get(source, "file"), NULL);
        slash = file ? strrchr(file, '/') : NULL;
        if (file)
                (void)msptk__buf_addf(&text, "config %s:%d", slash ? slash + 1 : file,
                                      (int)msptk_json_int(msptk_json_get(source, "line"), 0));
        else
                (void)msptk__buf_addf(&text, "config %s",
                                      msptk_json_string(msptk_json_get(source, "name"), "option"));
        *ret = msptk__buf_steal(&text);
        return *ret ? MSPTK_OK : msptk__nomem(ret_err);
}

static msptk_status add_config_key(const ctx *c, rules *r, const char *check, const char *path,
                                   int32_t key, msptk_error **ret_err)
{
        AUTO_BUF buf name = BUF_INIT(1024);
        AUTO_FREE char *source = NULL;
        const metric_info *m = msptk__metric_find(check, NULL);
        rule like = { .layer = LAYER_CONFIG,
                      .key = key,
                      .check = (char *)check,
                      .metric = (char *)(m && key != KEY_SUSTAINED ? m->metric : "") };

        (void)msptk__buf_addf(&name, "health_checks.thresholds.%s.%s", path,
                              msptk__policy_key_name(key));
        TRY(msptk__buf_status(&name, ROOM, "the name of a setting", ret_err));
        if (!msptk__config_is_set(c->config, msptk__buf_text(&name)))
                return MSPTK_OK;
        like.value = key == KEY_SUSTAINED
                             ? (double)msptk__config_ms(c->config, msptk__buf_text(&name), 0)
                             : msptk__config_double(c->config, msptk__buf_text(&name), NAN);
        TRY(config_source(c, msptk__buf_text(&name), &source, ret_err));
        like.source = source;
        return msptk__rules_add(r, &like, ret_err);
}

static msptk_status add_config(const ctx *c, rules *r, msptk_error **ret_err)
{
        static const char *const checks[] = { "cpu", "memory", "disk", "services", "network" };
        const char *name;

        if (!c->config)
                return MSPTK_OK;
        for (size_t i = 0; i < ARRAY_LEN(checks); i++)
                for (int32_t key = KEY_WARNING; key <= KEY_SUSTAINED; key++)
                        TRY(add_config_key(c, r, checks[i], checks[i], key, ret_err));
        for (size_t i = 0; (name = msptk__config_custom_name(c->config, i)); i++) {
                AUTO_BUF buf path = BUF_INIT(512);

                (void)msptk__buf_addf(&path, "custom.%s", name);
                TRY(msptk__buf_status(&path, ROOM, "the name of a check", ret_err));
                for (int32_t key = KEY_WARNING; key <= KEY_SUSTAINED; key++)
                        TRY(add_config_key(c, r, name, msptk__buf_text(&path), key, ret_err));
        }
        return MSPTK_OK;
}

static int32_t key_named(const char *word)
{
        for (int32_t i = 0; i < KEY_COUNT; i++)
                if (!strcmp(msptk__policy_key_name(i), word))
                        return i;
        return -1;
}

static msptk_status take_row(policy *p, store_stmt *q, msptk_error **ret_err)
{
        const char *scope = msptk__stmt_text(q, 0), *id = msptk__stmt_text(q, 1);
        bool device = !strcmp(scope, "device");
        AUTO_BUF buf source = BUF_INIT(512);
        rule r = { .key = key_named(msptk__stmt_text(q, 4)),
                   .value = msptk__stmt_real(q, 5),
                   .check = (char *)msptk__stmt_text(q, 2),
                   .metric = (char *)msptk__stmt_text(q, 3),
                   .device = device ? (char *)id : NULL };

        if (r.key < 0)
                return MSPTK_OK;
        r.layer = device ? LAYER_DEVICE : !strcmp(scope, "tier") ? LAYER_TIER : LAYER_CLIENT;
        (void)msptk__buf_addf(&source, "%s %s", scope, id);
        TRY(msptk__buf_status(&source, ROOM, "a source", ret_err));
        r.source = source.data;
        return msptk__rules_add(device ? &p->devices : &p->common, &r, ret_err);
}

static msptk_status add_stored(policy *p, store_tx *tx, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT scope, scope_id, check_name, metric, setting, value FROM policy"
                         " WHERE client_id = ?1 UNION ALL"
                         " SELECT scope, scope_id, check_name, metric, setting, value FROM policy"
                         " WHERE scope = 'tier' AND scope_id = ?2",
                         SQL_TEXT(p->client_id ? p->client_id : "-"), SQL_TEXT(p->tier)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK)
                TRY(take_row(p, q, ret_err));
        return st < 0 ? st : MSPTK_OK;
}

static msptk_status fill(policy *p, const ctx *c, store_tx *tx, const msptk_json *overrides,
                         msptk_error **ret_err)
{
        const rule like = { .layer = LAYER_OVERRIDE, .source = (char *)"override" };

        TRY(add_defaults(&p->common, ret_err));
        TRY(add_config(c, &p->common, ret_err));
        TRY(add_stored(p, tx, ret_err));
        TRY(msptk__values_read(c, overrides, &like, &p->call, ret_err));
        TRY(msptk__values_check_order(&p->call, ret_err));
        sort(&p->common);
        sort(&p->devices);
        sort(&p->call);
        return MSPTK_OK;
}

msptk_status msptk__policy_load_scope(const ctx *c, store_tx *tx, const char *client_id,
                                      const char *tier, const msptk_json *overrides, policy **ret,
                                      msptk_error **ret_err)
{
        AUTO_POLICY policy *p = msptk__alloc(sizeof(*p));

        if (!p)
                return msptk__nomem(ret_err);
        p->client_id = msptk__strdup(client_id);
        p->tier = msptk__strdup(tier);
        if ((client_id && !p->client_id) || (tier && !p->tier))
                return msptk__nomem(ret_err);
        TRY(fill(p, c, tx, overrides, ret_err));
        *ret = STEAL(p);
        return MSPTK_OK;
}

msptk_status msptk__policy_load(const ctx *c, store_tx *tx, const char *client_id, const char *tier,
                                const msptk_json *overrides, policy **ret, msptk_error **ret_err)
{
        return msptk__policy_load_scope(c, tx, client_id, tier, overrides, ret, ret_err);
}

void msptk__policy_free(policy *p)
{
        if (!p)
                return;
        msptk__rules_clear(&p->common);
        msptk__rules_clear(&p->devices);
        msptk__rules_clear(&p->call);
        msptk__free(p->client_id);
        msptk__free(p->tier);
        msptk__free(p);
}

/* ---- answering ---- */

/* The last rule of each key that is about this metric: rules are sorted, weak ones first. */
static void matching(const rules *r, size_t from, size_t to, const char *check, const char *metric,
                     const rule *best[KEY_COUNT])
{
        for (size_t i = from; i < to; i++) {
                const rule *x = &r->items[i];

                if (!strcmp(x->check, check) &&
                    (!x->metric[0] || (metric && !strcmp(x->metric, metric))))
                        best[x->key] = x;
        }
}

static void device_range(const rules *r, const char *device, size_t *from, size_t *to)
{
        size_t low = 0, high = r->count;

        while (low < high) {
                size_t mid = (low + high) / 2;

                if (strcmp(r->items[mid].device, device) < 0)
                        low = mid + 1;
                else
                        high = mid;
        }
        *from = *to = low;
        while (*to < r->count && !strcmp(r->items[*to].device, device))
                (*to)++;
}

static void strongest(const policy *p, const char *device, const char *check, const char *metric,
                      const rule *best[KEY_COUNT])
{
        size_t from, to;

        memset(best, 0, KEY_COUNT * sizeof(*best));
        matching(&p->common, 0, p->common.count, check, metric, best);
        if (device && p->devices.count) {
                device_range(&p->devices, device, &from, &to);
                matching(&p->devices, from, to, check, metric, best);
        }
        matching(&p->call, 0, p->call.count, check, metric, best);
}

static double value_or(const rule *r, double otherwise)
{
        return r ? r->value : otherwise;
}

/* What was set closer by never contradicts what is inherited: the inherited end moves. */
static void settle(threshold *t, const rule *warning, const rule *critical, bool percent)
{
        double sign = t->lower_is_worse ? -1 : 1;

        if (!(sign * t->warning > sign * t->critical))
                return;
        if (!critical || (warning && warning->layer > critical->layer)) {
                t->critical = percent && sign > 0 ? (t->warning + 100) / 2 : t->warning;
                t->critical_source = t->warning_source;
        } else {
                t->warning = t->critical;
                t->warning_source = t->critical_source;
        }
}

void msptk__policy_threshold(const policy *p, const char *device_id, const char *check,
                             const char *metric, threshold *ret)
{
        const metric_info *m = msptk__metric_find(check, metric && *metric ? metric : NULL);
        const rule *best[KEY_COUNT];

        strongest(p, device_id, check, metric, best);
        *ret = (threshold){
                .warning = value_or(best[KEY_WARNING], NAN),
                .critical = value_or(best[KEY_CRITICAL], NAN),
                .hysteresis = value_or(best[KEY_HYSTERESIS], 0),
                .sustained_ms = (int64_t)value_or(best[KEY_SUSTAINED], 0),
                .lower_is_worse = value_or(best[KEY_LOWER], 0) != 0,
                .enabled = value_or(best[KEY_ENABLED], 1) != 0,
                .warning_source = best[KEY_WARNING] ? best[KEY_WARNING]->source : "default",
                .critical_source = best[KEY_CRITICAL] ? best[KEY_CRITICAL]->source : "default",
        };
        settle(ret, best[KEY_WARNING], best[KEY_CRITICAL], m && m->percent);
}

bool msptk__policy_is_shared(const policy *p)
{
        return p->devices.count == 0;
}

/* ---- explaining ---- */

void msptk__value_json(json_obj *o, const char *name, int32_t key, double value)
{
        char text[TIME_TEXT_MAX];

        if (key == KEY_LOWER || key == KEY_ENABLED) {
                msptk__obj_bool(o, name, value != 0);
        } else if (key == KEY_SUSTAINED) {
                msptk__duration_format((int64_t)value, text);
                msptk__obj_str(o, name, text);
        } else if (isnan(value)) {
                msptk__obj_null(o, name);
        } else if (value == (double)(int64_t)value) {
                msptk__obj_int(o, name, (int64_t)value);
        } else {
                msptk__obj_double(o, name, value);
        }
}

/* What the strongest rule of this key hides, strongest first. */
static void add_hidden(json_obj *row, const policy *p, const char *device, const char *metric,
                       const rule *best)
{
        const rules *lists[] = { &p->call, &p->devices, &p->common };
        json_obj hidden = msptk__array();

        for (size_t l = 0; l < ARRAY_LEN(lists); l++)
                for (size_t i = lists[l]->count; i-- > 0;) {
                        const rule *x = &lists[l]->items[i];
                        json_obj o;

                        if (x == best || x->key != best->key || strcmp(x->check, best->check) ||
                            (x->metric[0] && strcmp(x->metric, metric)) ||
                            (x->device && (!device || strcmp(x->device, device))))
                                continue;
                        o = msptk__obj();
                        msptk__value_json(&o, "value", x->key, x->value);
                        msptk__obj_str(&o, "source", x->source);
                        msptk__array_take(&hidden, &o);
                }
        msptk__obj_take(row, "overrides", &hidden);
}

/* The value in force, which settle() may have moved. */
static double in_force(const threshold *t, int32_t key, const rule *best, const char **ret_source)
{
        *ret_source = best->source;
        if (key == KEY_WARNING) {
                *ret_source = t->warning_source;
                return t->warning;
        }
        if (key == KEY_CRITICAL) {
                *ret_source = t->critical_source;
                return t->critical;
        }
        return best->value;
}

static void add_metric(json_obj *rows, const policy *p, const char *device, const char *check,
                       const char *metric)
{
        const metric_info *m = msptk__metric_find(check, *metric ? metric : NULL);
        const rule *best[KEY_COUNT];
        threshold t;

        strongest(p, device, check, metric, best);
        msptk__policy_threshold(p, device, check, metric, &t);
        for (int32_t key = 0; key < KEY_COUNT; key++) {
                json_obj row;
                const char *source;
                double value;

                if (!best[key])
                        continue;
                value = in_force(&t, key, best[key], &source);
                row = msptk__obj();
                msptk__obj_str(&row, "check", check);
                msptk__obj_str(&row, "metric", metric);
                msptk__obj_str(&row, "key", msptk__policy_key_name(key));
                msptk__value_json(&row, "value", key, value);
                msptk__obj_str_or_null(&row, "unit", m && key <= KEY_HYSTERESIS ? m->unit : NULL);
                msptk__obj_str(&row, "source", source);
                if (value != best[key]->value && !(isnan(value) && isnan(best[key]->value)))
                        msptk__obj_bool(&row, "moved", true);
                add_hidden(&row, p, device, metric, best[key]);
                msptk__array_take(rows, &row);
        }
}

static bool listed(const rules *r, size_t before, const rule *x)
{
        for (size_t i = 0; i < before; i++)
                if (!strcmp(r->items[i].check, x->check) && !strcmp(r->items[i].metric, x->metric))
                        return true;
        return false;
}

/* Metrics that are in no catalogue: of plugins and of checks of one's own. */
static void add_others(json_obj *rows, const policy *p, const char *device, const char *check)
{
        const rules *lists[] = { &p->common, &p->devices, &p->call };

        for (size_t l = 0; l < ARRAY_LEN(lists); l++)
                for (size_t i = 0; i < lists[l]->count; i++) {
                        const rule *x = &lists[l]->items[i];
                        bool seen = listed(lists[l], i, x);

                        for (size_t k = 0; k < l && !seen; k++)
                                seen = listed(lists[k], lists[k]->count, x);
                        if (seen || msptk__metric_find(x->check, NULL) ||
                            (check && strcmp(check, x->check)) ||
                            (x->device && (!device || strcmp(x->device, device))))
                                continue;
                        add_metric(rows, p, device, x->check, x->metric);
                }
}

msptk_status msptk__policy_explain(const policy *p, const char *device_id, const char *check,
                                   msptk_json **ret, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        json_obj rows = msptk__array();
        const metric_info *m;

        msptk__obj_str(&o, "schema", "msptk.policy/1");
        msptk__obj_str_or_null(&o, "tier", p->tier);
        msptk__obj_str_or_null(&o, "client_id", p->client_id);
        msptk__obj_str_or_null(&o, "device_id", device_id);
        for (size_t i = 0; (m = msptk__metric_at(i)); i++)
                if (!check || !strcmp(check, m->check))
                        add_metric(&rows, p, device_id, m->check, m->metric);
        add_others(&rows, p, device_id, check);
        msptk__obj_take(&o, "values", &rows);
        return msptk__obj_end(&o, ret, ret_err);
}
