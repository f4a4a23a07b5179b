/* The work of health_configure: thresholds of a tier, a client or a device. */
#define ROOM "policy"
#include "policy/internal.h"

#include <math.h>
#include <string.h>

#include "clients/clients.h"
#include "devices/devices.h"

/* Whose thresholds are meant. */
typedef struct target {
        const char *scope, *id; /* "tier gold", "client acme-corp", "device ..." */
        const char *device_id;  /* NULL unless the scope is a device */
        char *client_id;
        char *tier;
        rules now, next; /* as stored, and as asked for */
} target;

static void target_clear(target *t)
{
        msptk__free(t->client_id);
        msptk__free(t->tier);
        msptk__rules_clear(&t->now);
        msptk__rules_clear(&t->next);
}
#define AUTO_TARGET __attribute__((cleanup(target_clear)))

static const char *text_arg(const msptk_json *args, const char *key)
{
        return msptk_json_string(msptk_json_get(args, key), NULL);
}

static msptk_status take_client(store_tx *tx, const char *id, target *t, msptk_error **ret_err)
{
        AUTO_CLIENT client_row c = { 0 };

        TRY(msptk__client_read(tx, id, &c, ret_err));
        t->client_id = STEAL(c.id);
        t->tier = STEAL(c.tier);
        return MSPTK_OK;
}

static msptk_status find_target(act *a, store_tx *tx, const msptk_json *args, target *t,
                                msptk_error **ret_err)
{
        const char *tier = text_arg(args, "tier"), *client = text_arg(args, "client_id");
        const char *device = text_arg(args, "device_id");
        AUTO_JSON msptk_json *row = NULL;

        if (!!tier + !!client + !!device != 1)
                return fail_why(ret_err, MSPTK_E_INVALID, "INVALID_PARAMETERS",
                                "give one of client_id, tier and device_id",
                                "it must be said whose thresholds are meant");
        if (tier && msptk__act_sees(a))
                return fail_why(ret_err, MSPTK_E_DENIED, "CLIENT_NOT_ALLOWED",
                                "name a client or a device that this principal may use",
                                "'%s' may not change what holds for all clients of a tier",
                                msptk__act_principal(a));
        t->scope = tier ? "tier" : client ? "client" : "device";
        t->id = tier ? tier : client ? client : device;
        msptk__act_note(a, "scope", t->scope);
        msptk__act_note(a, "scope_id", t->id);
        if (client)
                return take_client(tx, client, t, ret_err);
        if (tier) {
                t->tier = msptk__strdup(tier);
                return t->tier ? MSPTK_OK : msptk__nomem(ret_err);
        }
        t->device_id = device;
        TRY(msptk__device_check(a, tx, device, ret_err));
        TRY(msptk__device_json(tx, device, msptk__act_now(a), NULL, &row, ret_err));
        return take_client(tx, text_arg(row, "client_id"), t, ret_err);
}

static msptk_status read_stored(store_tx *tx, target *t, rules *out, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT check_name, metric, setting, value FROM policy"
                         " WHERE scope = ?1 AND scope_id = ?2"
                         " ORDER BY check_name, metric, setting",
                         SQL_TEXT(t->scope), SQL_TEXT(t->id)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                rule r = { .value = msptk__stmt_real(q, 3),
                           .check = (char *)msptk__stmt_text(q, 0),
                           .metric = (char *)msptk__stmt_text(q, 1),
                           .source = (char *)"" };

                while (r.key < KEY_COUNT &&
                       strcmp(msptk__policy_key_name(r.key), msptk__stmt_text(q, 2)))
                        r.key++;
                if (r.key < KEY_COUNT)
                        TRY(msptk__rules_add(out, &r, ret_err));
        }
        return st < 0 ? st : MSPTK_OK;
}

/* ["disk.critical=95"] -> {"disk.critical": "95"} */
static msptk_status add_set_list(const msptk_json *list, msptk_json *map, msptk_error **ret_err)
{
        for (const msptk_json *i = msptk_json_first(list); i; i = msptk_json_next(i)) {
                AUTO_FREE char *name = msptk__strdup(msptk_json_string(i, ""));
                char *eq = name ? strchr(name, '=') : NULL;

                if (!name)
                        return msptk__nomem(ret_err);
                if (!eq || eq == name || !eq[1])
                        return fail_why(ret_err, MSPTK_E_INVALID, "INVALID_PARAMETERS",
                                        "write it as disk.critical=95",
                                        "'%.128s' sets no threshold", name);
                *eq = '\0';
                if (msptk_json_set_string(map, name, eq + 1) < 0)
                        return msptk__nomem(ret_err);
        }
        return MSPTK_OK;
}

/* All that `args` set, from its map, its flags and its list. */
static msptk_status read_asked(const ctx *c, const msptk_json *args, rules *out,
                               msptk_error **ret_err)
{
        static const char *const flags[][2] = { { "cpu", "cpu_percent" },
                                                { "memory", "memory_percent" },
                                                { "disk", "disk_percent" } };
        const rule like = { .source = (char *)"" };
        AUTO_JSON msptk_json *flagged = msptk_json_new_object();
        AUTO_JSON msptk_json *listed = msptk_json_new_object();

        if (!flagged || !listed)
                return msptk__nomem(ret_err);
        for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
                const msptk_json *v = msptk_json_get(args, flags[i][0]);

                if (v && msptk_json_set_double(flagged, flags[i][1], msptk_json_double(v, NAN)) < 0)
                        return msptk__nomem(ret_err);
        }
        TRY(add_set_list(msptk_json_get(args, "set"), listed, ret_err));
        TRY(msptk__values_read(c, msptk_json_get(args, "config"), &like, out, ret_err));
        TRY(msptk__values_read(c, flagged, &like, out, ret_err));
        return msptk__values_read(c, listed, &like, out, ret_err);
}

static void remove_rule(rules *r, rule *what)
{
        rule last = r->items[--r->count];

        msptk__free(what->check);
        msptk__free(what->metric);
        msptk__free(what->device);
        msptk__free(what->source);
        if (what != &r->items[r->count])
                *what = last;
        memset(&r->items[r->count], 0, sizeof(rule));
}

static msptk_status unset(const ctx *c, const msptk_json *names, rules *next, msptk_error **ret_err)
{
        for (const msptk_json *i = msptk_json_first(names); i; i = msptk_json_next(i)) {
                const char *name = msptk_json_string(i, "");
                address at;
                rule like = { 0 }, *found;

                if (!strcmp(name, "all")) {
                        msptk__rules_clear(next);
                        continue;
                }
                TRY(msptk__address_parse(c, name, &at, ret_err));
                like.check = at.check;
                like.metric = at.metric;
                like.key = at.key;
                found = msptk__rules_find(next, &like);
                if (found)
                        remove_rule(next, found);
        }
        return MSPTK_OK;
}

static msptk_status decide(act *a, store_tx *tx, const msptk_json *args, target *t,
                           msptk_error **ret_err)
{
        const ctx *c = msptk__act_ctx(a);
        AUTO_RULES rules asked = { 0 };

        TRY(find_target(a, tx, args, t, ret_err));
        TRY(read_stored(tx, t, &t->now, ret_err));
        TRY(read_stored(tx, t, &t->next, ret_err));
        TRY(read_asked(c, args, &asked, ret_err));
        TRY(unset(c, msptk_json_get(args, "unset"), &t->next, ret_err));
        for (size_t i = 0; i < asked.count; i++) {
                rule *old = msptk__rules_find(&t->next, &asked.items[i]);

                if (old)
                        old->value = asked.items[i].value;
                else
                        TRY(msptk__rules_add(&t->next, &asked.items[i], ret_err));
        }
        return msptk__values_check_order(&t->next, ret_err);
}

static bool same_value(const rule *a, const rule *b)
{
        return a && b && (a->value == b->value || (isnan(a->value) && isnan(b->value)));
}

static void add_change(json_obj *changes, const target *t, const rule *before, const rule *after)
{
        const rule *r = after ? after : before;
        AUTO_BUF buf id = BUF_INIT(1024);
        json_obj o = msptk__obj();

        (void)msptk__buf_addf(&id, "%s %s: %s%s%s.%s", t->scope, t->id, r->check,
                              r->metric[0] ? "." : "", r->metric, msptk__policy_key_name(r->key));
        if (id.failed && !o.failed)
                o.failed = id.failed;
        msptk__obj_str(&o, "action", !before ? "set" : after ? "change" : "unset");
        msptk__obj_str(&o, "what", "threshold");
        msptk__obj_str(&o, "id", msptk__buf_text(&id));
        if (before)
                msptk__value_json(&o, "before", r->key, before->value);
        if (after)
                msptk__value_json(&o, "after", r->key, after->value);
        msptk__array_take(changes, &o);
}

static json_obj changes_of(const target *t)
{
        json_obj changes = msptk__array();

        for (size_t i = 0; i < t->next.count; i++) {
                const rule *before = msptk__rules_find(&t->now, &t->next.items[i]);

                if (!same_value(before, &t->next.items[i]))
                        add_change(&changes, t, before, &t->next.items[i]);
        }
        for (size_t i = 0; i < t->now.count; i++)
                if (!msptk__rules_find(&t->next, &t->now.items[i]))
                        add_change(&changes, t, &t->now.items[i], NULL);
        return changes;
}

static msptk_status write_all(act *a, store_tx *tx, const target *t, msptk_error **ret_err)
{
        for (size_t i = 0; i < t->now.count; i++) {
                const rule *r = &t->now.items[i];

                if (!msptk__rules_find(&t->next, r))
                        TRY(msptk__exec(tx, ret_err,
                                        "DELETE FROM policy WHERE scope = ?1 AND scope_id = ?2 AND"
                                        " check_name = ?3 AND metric = ?4 AND setting = ?5",
                                        SQL_TEXT(t->scope), SQL_TEXT(t->id), SQL_TEXT(r->check),
                                        SQL_TEXT(r->metric),
                                        SQL_TEXT(msptk__policy_key_name(r->key))));
        }
        for (size_t i = 0; i < t->next.count; i++) {
                const rule *r = &t->next.items[i];

                if (same_value(msptk__rules_find(&t->now, r), r))
                        continue;
                TRY(msptk__exec(tx, ret_err,
                                "INSERT INTO policy (scope, scope_id, client_id, check_name,"
                                " metric, setting, value, set_at, set_by)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                                " ON CONFLICT (scope, scope_id, check_name, metric, setting)"
                                " DO UPDATE SET value = excluded.value, set_at = excluded.set_at,"
                                " set_by = excluded.set_by, client_id = excluded.client_id",
                                SQL_TEXT(t->scope), SQL_TEXT(t->id),
                                SQL_TEXT(t->client_id ? t->client_id : ""), SQL_TEXT(r->check),
                                SQL_TEXT(r->metric), SQL_TEXT(msptk__policy_key_name(r->key)),
                                SQL_REAL(r->value), SQL_INT(msptk__act_now(a)),
                                SQL_TEXT(msptk__act_principal(a))));
        }
        return MSPTK_OK;
}

msptk_status msptk__policy_configure(act *a, const msptk_json *args, msptk_json **ret,
                                     msptk_error **ret_err)
{
        AUTO_TARGET target t = { 0 };
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_JSON msptk_json *told = NULL;
        AUTO_POLICY policy *p = NULL;
        json_obj changes;
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(decide(a, tx, args, &t, ret_err));
        TRY(write_all(a, tx, &t, ret_err));
        TRY(msptk__policy_load_scope(msptk__act_ctx(a), tx, t.client_id, t.tier, NULL, &p,
                                     ret_err));
        TRY(msptk__policy_explain(p, t.device_id, NULL, &told, ret_err));
        changes = changes_of(&t);
        msptk__obj_str(&o, "schema", "msptk.health_policy/1");
        msptk__obj_str(&o, "scope", t.scope);
        msptk__obj_str(&o, "scope_id", t.id);
        msptk__obj_str_or_null(&o, "tier", t.tier);
        msptk__obj_str_or_null(&o, "client_id", t.client_id);
        msptk__obj_str_or_null(&o, "device_id", t.device_id);
        msptk__obj_take(&o, "changes", &changes);
        msptk__obj_copy(&o, "values", msptk_json_get(told, "values"));
        return msptk__obj_end(&o, ret, ret_err);
}

msptk_status msptk__policy_configure_plan(act *a, const msptk_json *args, msptk_json **ret,
                                          msptk_error **ret_err)
{
        AUTO_TARGET target t = { 0 };
        AUTO_OBJ json_obj o = msptk__obj();
        json_obj changes;
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(decide(a, tx, args, &t, ret_err));
        changes = changes_of(&t);
        msptk__obj_take(&o, "changes", &changes);
        return msptk__obj_end(&o, ret, ret_err);
}
