/* Work of the operations on adapters: what there is, and whether it answers. */
#define ROOM "ops"
#include "ops/admin.h"

#include "adapters/adapters.h"

static void add_capabilities(json_obj *o, uint32_t have)
{
        static const struct {
                uint32_t bit;
                const char *word;
        } words[] = { { CAP_DEVICES, "devices" },
                      { CAP_METRICS, "metrics" },
                      { CAP_ALERTS, "alerts" },
                      { CAP_COMMANDS, "commands" },
                      { CAP_DEPLOY, "deploy" } };
        json_obj list = msptk__array();

        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (have & words[i].bit)
                        msptk__array_str(&list, words[i].word);
        msptk__obj_take(o, "capabilities", &list);
}

static void add_instance(json_obj *o, const instance_info *info)
{
        msptk__obj_str(o, "name", info->name);
        msptk__obj_str(o, "type", info->type);
        msptk__obj_str(o, "title", info->title);
        msptk__obj_str(o, "origin", info->origin);
        add_capabilities(o, info->capabilities);
        msptk__obj_bool(o, "enabled", info->enabled);
        msptk__obj_str_or_null(o, "problem", info->problem);
}

msptk_status msptk__op_adapter_list(act *a, const msptk_json *args, msptk_json **ret,
                                    msptk_error **ret_err)
{
        registry *r = msptk__act_ctx(a)->registry;
        size_t count = msptk__instance_count(r);
        AUTO_OBJ json_obj o = msptk__obj();
        json_obj rows = msptk__array();

        (void)args;
        for (size_t i = 0; i < count; i++) {
                json_obj row = msptk__obj();

                add_instance(&row, msptk__instance_info(msptk__instance_at(r, i)));
                msptk__array_take(&rows, &row);
        }
        msptk__obj_str(&o, "schema", "msptk.adapter_list/1");
        msptk__obj_int(&o, "count", (int64_t)count);
        msptk__obj_take(&o, "adapters", &rows);
        return msptk__obj_end(&o, ret, ret_err);
}

/* ---- probe ---- */

typedef struct probe {
        instance *i;
        int64_t took_ns;
        int64_t at;
        const ctx *c;
} probe;

static msptk_status run_probe(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        probe *p = user;
        int64_t from = msptk__mono_ns();
        msptk_status st = msptk__adapter_probe(p->i, tok, ret_err);

        (void)self;
        p->took_ns = msptk__mono_ns() - from;
        p->at = msptk__now(p->c);
        return st;
}

static msptk_status start_probe(act *a, group *g, instance *i, msptk_error **ret_err)
{
        probe *p = msptk__alloc(sizeof(*p));

        if (!p)
                return msptk__nomem(ret_err);
        *p = (probe){ .i = i, .c = msptk__act_ctx(a) };
        return msptk__group_task(g, 0, msptk__instance_info(i)->name, run_probe, msptk__free, p,
                                 ret_err);
}

static void add_probe(json_obj *rows, const probe *p, const done *d)
{
        json_obj row = msptk__obj();

        add_instance(&row, msptk__instance_info(p->i));
        msptk__obj_str(&row, "status", d->status >= 0 ? "ok" : "critical");
        msptk__obj_time(&row, "observed_at", p->at);
        msptk__obj_int(&row, "latency_ms", p->took_ns / 1000000);
        if (d->status < 0) {
                msptk__obj_str(&row, "message", msptk_error_message(d->err));
                msptk__obj_str(&row, "suggestion", msptk_error_suggestion(d->err));
        } else {
                msptk__obj_str(&row, "message", "answers");
        }
        msptk__array_take(rows, &row);
}

/* Starts a probe of the adapter named, or of every enabled one. */
static msptk_status start_probes(act *a, const char *name, group *g, size_t *ret_count,
                                 msptk_error **ret_err)
{
        registry *r = msptk__act_ctx(a)->registry;
        size_t count = msptk__instance_count(r);
        instance *only;

        *ret_count = 0;
        if (name) {
                TRY(msptk__instance_find(r, name, &only, ret_err));
                *ret_count = 1;
                return start_probe(a, g, only, ret_err);
        }
        for (size_t i = 0; i < count; i++) {
                instance *at = msptk__instance_at(r, i);

                if (!msptk__instance_info(at)->enabled)
                        continue;
                TRY(start_probe(a, g, at, ret_err));
                ++*ret_count;
        }
        return MSPTK_OK;
}

msptk_status msptk__op_adapter_probe(act *a, const msptk_json *args, msptk_json **ret,
                                     msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj(), rows = msptk__array();
        AUTO_GROUP group *g = NULL;
        int64_t answered = 0;
        msptk_status st;
        size_t asked;

        TRY(msptk__group_new(msptk__act_ctx(a)->work, msptk__act_opts(a)->cancel, "adapter probe",
                             NULL, &g, ret_err));
        TRY(start_probes(a, msptk_json_string(msptk_json_get(args, "adapter"), NULL), g, &asked,
                         ret_err));
        for (;;) {
                AUTO_DONE done d = { 0 };

                st = msptk__group_next(g, &d, -1, ret_err);
                if (st == MSPTK_DONE)
                        break;
                TRY(st);
                answered += d.status >= 0;
                add_probe(&rows, d.user, &d);
        }
        msptk__obj_str(&o, "schema", "msptk.adapter_probe/1");
        msptk__obj_str(&o, "status", answered == (int64_t)asked ? "ok" : "critical");
        msptk__obj_int(&o, "asked", (int64_t)asked);
        msptk__obj_int(&o, "answered", answered);
        msptk__obj_take(&o, "adapters", &rows);
        return msptk__obj_end(&o, ret, ret_err);
}
