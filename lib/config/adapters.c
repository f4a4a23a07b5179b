/* Adapter instances: `adapters`, and the short forms `rmm` and `backup`. */
#define ROOM "config"
#include "config/internal.h"

#include <stdio.h>
#include <string.h>

enum { SETTINGS_MAX = 8 * 1024 * 1024 };

typedef struct builder {
        config *c;
        const tree_node *node;
        const char *pattern; /* "adapters[]" */
        const char *path;    /* "adapters[0]"; kept by the config */
        bool acted_on;
        msptk_error **ret_err;
} builder;

/* ---- free settings ---- */

static bool env_form(const char *key, char *base, size_t cap)
{
        size_t len = strlen(key);

        if (len < 5 || len - 4 >= cap || strcmp(key + len - 4, "_env") != 0)
                return false;
        memcpy(base, key, len - 4);
        base[len - 4] = '\0';
        return msptk__config_is_secret_name(base);
}

static msptk_status refused(config *c, const tree_node *node, const char *path, json_writer *w,
                            msptk_error **ret_err)
{
        msptk__jw_null(w);
        return c ? msptk__config_refuse_literal(c, node, path, ret_err) : MSPTK_OK;
}

static msptk_status write_scalar(config *c, const tree_node *node, const char *path,
                                 const char *name, json_writer *w, msptk_error **ret_err)
{
        int32_t type = msptk__tree_scalar_type(node);
        int64_t whole;
        double number;
        char base[128];
        bool yes;

        if (env_form(name, base, sizeof(base)) && !msptk__env_name_valid(node->text))
                return refused(c, node, path, w, ret_err);
        if (type == TREE_NULL || !*node->text) {
                if (type == TREE_NULL)
                        msptk__jw_null(w);
                else
                        msptk__jw_string(w, "");
                return MSPTK_OK;
        }
        if (msptk__config_is_reference(node->text)) {
                msptk__jw_string(w, node->text);
                return c ? msptk__config_note_reference(c, node->text, ret_err) : MSPTK_OK;
        }
        if ((type != TREE_BOOL && msptk__config_is_secret_name(name)) ||
            msptk__looks_like_secret(node->text))
                return refused(c, node, path, w, ret_err);
        if (type == TREE_BOOL && msptk__tree_bool(node, &yes))
                msptk__jw_bool(w, yes);
        else if (type == TREE_INT && msptk__tree_int(node, &whole))
                msptk__jw_int(w, whole);
        else if (type == TREE_FLOAT && msptk__num_double(node->text, strlen(node->text), &number))
                msptk__jw_double(w, number);
        else
                msptk__jw_string(w, node->text);
        return MSPTK_OK;
}

/* `x_env: NAME` where x is the name of a secret. */
static msptk_status write_env_form(config *c, const tree_node *item, const char *path,
                                   json_writer *w, msptk_error **ret_err)
{
        AUTO_BUF buf reference = BUF_INIT(4096);

        if (item->kind != TREE_SCALAR || !msptk__env_name_valid(item->text))
                return refused(c, item, path, w, ret_err);
        (void)msptk__buf_addf(&reference, "env:%s", item->text);
        TRY(msptk__buf_status(&reference, ROOM, path, ret_err));
        msptk__jw_string(w, msptk__buf_text(&reference));
        return c ? msptk__config_note_reference(c, msptk__buf_text(&reference), ret_err) : MSPTK_OK;
}

static msptk_status write_member(config *c, const tree_node *item, const char *path, json_writer *w,
                                 msptk_error **ret_err)
{
        char base[128];

        if (env_form(item->key, base, sizeof(base))) {
                msptk__jw_key(w, base);
                return write_env_form(c, item, path, w, ret_err);
        }
        msptk__jw_key(w, item->key);
        return msptk__free_write(c, item, path, item->key, w, ret_err);
}

/* Recursion is bounded by the depth of the tree. */
msptk_status msptk__free_write(config *c, const tree_node *node, const char *path, const char *name,
                               json_writer *w, msptk_error **ret_err)
{
        size_t i = 0;

        if (node->kind == TREE_SCALAR)
                return write_scalar(c, node, path, name, w, ret_err);
        if (node->kind == TREE_LIST)
                msptk__jw_array_begin(w);
        else
                msptk__jw_object_begin(w);
        for (const tree_node *item = node->first; item; item = item->next) {
                AUTO_BUF buf below = BUF_INIT(8 * CONFIG_PATH_MAX);

                if (node->kind == TREE_LIST)
                        (void)msptk__buf_addf(&below, "%s[%zu]", path, i++);
                else
                        (void)msptk__buf_addf(&below, "%s.%s", path, item->key);
                TRY(msptk__buf_status(&below, ROOM, "a path of settings", ret_err));
                TRY(node->kind == TREE_LIST
                            ? msptk__free_write(c, item, msptk__buf_text(&below), name, w, ret_err)
                            : write_member(c, item, msptk__buf_text(&below), w, ret_err));
        }
        if (node->kind == TREE_LIST)
                msptk__jw_array_end(w);
        else
                msptk__jw_object_end(w);
        return MSPTK_OK;
}

msptk_status msptk__written(json_writer *w, const char *what, msptk_json **ret,
                            msptk_error **ret_err)
{
        msptk_status st = msptk__jw_finish(w);

        if (st == MSPTK_E_NOMEM)
                return msptk__nomem(ret_err);
        if (st < 0) {
                TRY(msptk__buf_status(w->out, ROOM, what, ret_err));
                return msptk__fail(ret_err, st, ROOM, "write %s as JSON", what);
        }
        return msptk__json_parse(w->out->data, w->out->len, w->out->limit, JSON_HARD_DEPTH, ret,
                                 ret_err);
}

/* ---- known settings of one adapter ---- */

static void write_setting(const setting *v, json_writer *w)
{
        char text[TIME_TEXT_MAX];

        if (v->row->type == CONFIG_DURATION) {
                msptk__duration_format(v->whole, text);
                msptk__jw_string(w, text);
        } else {
                msptk__setting_write(v, w);
        }
}

static const setting *find_set(const config *c, const char *path, const char *key)
{
        char full[2 * CONFIG_PATH_MAX]; /* a lookup must not fail for want of memory */
        const setting *v;

        (void)snprintf(full, sizeof(full), "%s.%s", path, key);
        v = msptk__config_value(c, full);
        return v && v->has && v->node ? v : NULL;
}

static msptk_status write_known(builder *b, const tree_node *item, const char *path,
                                const char *pattern, json_writer *w)
{
        AUTO_BUF buf full = BUF_INIT(2 * CONFIG_PATH_MAX);
        const config_key *row;
        const setting *v;
        const char *key;

        (void)msptk__buf_addf(&full, "%s.%s", pattern, item->key);
        TRY(msptk__buf_status(&full, ROOM, "a path of settings", b->ret_err));
        row = msptk__key_exact(msptk__buf_text(&full));
        if (!row)
                row = msptk__key_env_form(msptk__buf_text(&full));
        if (!row)
                return MSPTK_DONE;
        key = strrchr(row->path, '.') + 1;
        v = find_set(b->c, path, key);
        if (v) {
                msptk__jw_key(w, key);
                write_setting(v, w);
        }
        return MSPTK_OK;
}

static msptk_status write_checks(builder *b, const tree_node *list, json_writer *w)
{
        size_t i = 0;

        msptk__jw_array_begin(w);
        for (const tree_node *item = list->first; item; item = item->next, i++) {
                AUTO_BUF buf path = BUF_INIT(2 * CONFIG_PATH_MAX);

                (void)msptk__buf_addf(&path, "%s.checks[%zu]", b->path, i);
                TRY(msptk__buf_status(&path, ROOM, "a path of settings", b->ret_err));
                msptk__jw_object_begin(w);
                for (const tree_node *key = item->first; item->kind == TREE_MAP && key;
                     key = key->next)
                        TRY(write_known(b, key, msptk__buf_text(&path), "adapters[].checks[]", w));
                msptk__jw_object_end(w);
        }
        msptk__jw_array_end(w);
        return MSPTK_OK;
}

static bool names_it(const char *key)
{
        return strcmp(key, "name") == 0 || strcmp(key, "type") == 0 || strcmp(key, "provider") == 0;
}

static msptk_status write_one(builder *b, const tree_node *item, json_writer *w)
{
        AUTO_BUF buf path = BUF_INIT(2 * CONFIG_PATH_MAX);
        msptk_status st;

        if (names_it(item->key))
                return MSPTK_OK;
        if (strcmp(item->key, "checks") == 0 && strcmp(b->pattern, "adapters[]") == 0) {
                if (item->kind != TREE_LIST)
                        return MSPTK_OK;
                msptk__jw_key(w, item->key);
                return write_checks(b, item, w);
        }
        TRY(st = write_known(b, item, b->path, b->pattern, w));
        if (st == MSPTK_OK)
                return MSPTK_OK;
        (void)msptk__buf_addf(&path, "%s.%s", b->path, item->key);
        TRY(msptk__buf_status(&path, ROOM, "a path of settings", b->ret_err));
        return write_member(b->c, item, msptk__buf_text(&path), w, b->ret_err);
}

static msptk_status make_settings(builder *b, msptk_json **ret)
{
        AUTO_BUF buf text = BUF_INIT(SETTINGS_MAX);
        json_writer w;

        msptk__jw_init(&w, &text, 0);
        msptk__jw_object_begin(&w);
        for (const tree_node *item = b->node->first; item; item = item->next)
                TRY(write_one(b, item, &w));
        msptk__jw_object_end(&w);
        return msptk__written(&w, b->path, ret, b->ret_err);
}

static const char *text_of(const builder *b, const char *key)
{
        const setting *v = find_set(b->c, b->path, key);

        return v ? v->text : NULL;
}

static msptk_status add_adapter(builder *b, const char *name, const char *type)
{
        static const char *const nobody[] = { NULL };
        config *c = b->c;
        const setting *timeout = find_set(c, b->path, "timeout");
        const setting *clients = find_set(c, b->path, "clients");
        const setting *enabled = find_set(c, b->path, "enabled");
        msptk_json *settings = NULL;

        TRY(msptk__config_grow((void **)&c->adapters, &c->adapter_cap, c->adapter_count,
                               sizeof(*c->adapters), b->ret_err));
        TRY(make_settings(b, &settings));
        c->adapters[c->adapter_count++] = (config_adapter){
                .name = name,
                .type = type,
                .origin = b->path,
                .api_url = text_of(b, "api_url"),
                .api_key = text_of(b, "api_key"),
                .timeout_ms = timeout ? timeout->whole : 30 * MS_PER_S,
                .clients = clients ? (const char *const *)clients->items : nobody,
                .enabled = enabled ? enabled->whole != 0 : true,
                .acted_on = b->acted_on,
                .settings = settings,
                .file = b->node->source ? NULL : c->file,
                .line = b->node->line,
        };
        return MSPTK_OK;
}

static msptk_status needs(builder *b, const char *key, const char *example)
{
        return msptk__config_find(b->c, LEVEL_ERROR, MSPTK_E_CONFIG, "MISSING_KEY", b->node, false,
                                  b->path, example, b->ret_err, "'%s' needs '%s'", b->path, key);
}

static msptk_status from_list(config *c, const tree_node *list, const char *section, bool acted_on,
                              msptk_error **ret_err)
{
        AUTO_BUF buf pattern = BUF_INIT(100);
        size_t i = 0;

        (void)msptk__buf_addf(&pattern, "%s[]", section);
        TRY(msptk__buf_status(&pattern, ROOM, section, ret_err));
        for (const tree_node *item = list->first; item; item = item->next, i++) {
                AUTO_BUF buf path = BUF_INIT(100);
                builder b = { .c = c,
                              .node = item,
                              .pattern = msptk__buf_text(&pattern),
                              .acted_on = acted_on,
                              .ret_err = ret_err };
                const char *name, *type;

                if (item->kind != TREE_MAP)
                        continue; /* a finding already */
                (void)msptk__buf_addf(&path, "%s[%zu]", section, i);
                b.path = msptk__config_keep(c, msptk__buf_steal(&path));
                if (!b.path)
                        return msptk__nomem(ret_err);
                name = text_of(&b, "name");
                type = text_of(&b, "type");
                if (!type && !acted_on)
                        type = name;
                if (!name || !*name)
                        TRY(needs(&b, "name", "give it a name of your choice"));
                else if (!type || !*type)
                        TRY(needs(&b, "type", "write 'type: local', plugin, fake or a vendor"));
                else
                        TRY(add_adapter(&b, name, type));
        }
        return MSPTK_OK;
}

msptk_status msptk__config_adapters(config *c, msptk_error **ret_err)
{
        const tree_node *list = msptk__tree_get(c->root, "adapters");
        const tree_node *rmm = msptk__tree_get(c->root, "rmm");
        const tree_node *backup = msptk__tree_get(msptk__tree_get(c->root, "backup"), "providers");

        if (list && list->kind == TREE_LIST)
                TRY(from_list(c, list, "adapters", true, ret_err));
        if (rmm && rmm->kind == TREE_MAP && rmm->count) {
                builder b = { .c = c,
                              .node = rmm,
                              .pattern = "rmm",
                              .path = "rmm",
                              .acted_on = true,
                              .ret_err = ret_err };
                const char *type = text_of(&b, "provider");

                TRY(type && *type ? add_adapter(&b, "rmm", type)
                                  : needs(&b, "provider", "write 'provider: ' and the vendor"));
        }
        if (backup && backup->kind == TREE_LIST)
                TRY(from_list(c, backup, "backup.providers", false, ret_err));
        return MSPTK_OK;
}
