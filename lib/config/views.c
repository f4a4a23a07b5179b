/* What people see of the settings: explain, show, check. Secrets are references here too. */
#define ROOM "config"
#include "config/internal.h"

#include <string.h>

enum { VIEW_MAX = 64 * 1024 * 1024 };

static void write_number(double number, json_writer *w)
{
        if (number > -1e15 && number < 1e15 && (double)(int64_t)number == number)
                msptk__jw_int(w, (int64_t)number);
        else
                msptk__jw_double(w, number);
}

void msptk__setting_write(const setting *v, json_writer *w)
{
        msptk_status st;

        if (!v->has) {
                msptk__jw_null(w);
                return;
        }
        switch (v->row->type) {
        case CONFIG_INT:
        case CONFIG_BYTES:
                msptk__jw_int(w, v->whole);
                break;
        case CONFIG_NUMBER:
                write_number(v->number, w);
                break;
        case CONFIG_DURATION:
                write_number((double)v->whole / (double)msptk__unit_ms(v->row), w);
                break;
        case CONFIG_BOOL:
                msptk__jw_bool(w, v->whole != 0);
                break;
        case CONFIG_LIST:
                msptk__jw_array_begin(w);
                for (char **item = v->items; item && *item; item++)
                        msptk__jw_string(w, *item);
                msptk__jw_array_end(w);
                break;
        case CONFIG_MAP:
                st = msptk__free_write(NULL, v->node, "", v->node->key ? v->node->key : "", w,
                                       NULL);
                if (st < 0)
                        w->failed = st;
                break;
        default:
                msptk__jw_string(w, v->text);
                break;
        }
}

static void write_source(const config *c, const setting *v, json_writer *w)
{
        static const char *const kinds[] = { "file", "dotenv", "env", "option" };
        const tree_source *source = v->node ? v->node->source : NULL;
        int32_t kind = source ? source->kind : FROM_FILE;
        bool in_file = v->node && kind == FROM_FILE;

        msptk__jw_object_begin(w);
        msptk__jw_put_string(w, "kind", v->node ? kinds[kind] : "default");
        msptk__jw_put_string(w, "file",
                             in_file               ? c->file
                             : kind == FROM_DOTENV ? c->dotenv_file
                                                   : NULL);
        msptk__jw_key(w, "line");
        if (in_file || kind == FROM_DOTENV)
                msptk__jw_int(w, in_file ? v->node->line : source->line);
        else
                msptk__jw_null(w);
        msptk__jw_key(w, "column");
        if (in_file)
                msptk__jw_int(w, v->node->column);
        else
                msptk__jw_null(w);
        msptk__jw_put_string(w, "name", source ? source->name : NULL);
        msptk__jw_object_end(w);
}

static const char *unit_of(const config_key *row)
{
        return row->type == CONFIG_DURATION && !row->unit ? "seconds" : row->unit;
}

static msptk_status write_explained(const config *c, const char *key, const setting *v,
                                    json_writer *w, msptk_error **ret_err)
{
        AUTO_CONFIG config *scratch = msptk__alloc(sizeof(*scratch));
        setting fallback = { 0 };
        msptk_status st;

        if (!scratch || !(scratch->dir = msptk__strdup(c->dir)))
                return msptk__nomem(ret_err);
        st = msptk__value_default(scratch, v->row, &fallback, ret_err);
        if (st == MSPTK_OK) {
                msptk__jw_object_begin(w);
                msptk__jw_put_string(w, "schema", "msptk.config_setting/1");
                msptk__jw_put_string(w, "key", key);
                msptk__jw_key(w, "value");
                msptk__setting_write(v->has ? v : &fallback, w);
                msptk__jw_put_string(w, "unit", unit_of(v->row));
                msptk__jw_put_string(w, "type", msptk__config_type_name(v->row->type));
                msptk__jw_key(w, "default");
                msptk__setting_write(&fallback, w);
                msptk__jw_key(w, "source");
                write_source(c, v, w);
                msptk__jw_put_string(w, "description", v->row->about);
                msptk__jw_put_string(w, "since", v->row->since);
                msptk__jw_put_bool(w, "acted_on", v->row->acted_on);
                msptk__jw_object_end(w);
        }
        msptk__value_clear(&fallback);
        return st;
}

/* "adapters.NAME.timeout" -> "adapters[2].timeout"; *ret stays NULL when it names none. */
static msptk_status by_adapter_name(const config *c, const char *key, char **ret,
                                    msptk_error **ret_err)
{
        AUTO_BUF buf path = BUF_INIT(4 * CONFIG_PATH_MAX);

        if (strncmp(key, "adapters.", 9) != 0)
                return MSPTK_OK;
        for (size_t i = 0; i < c->adapter_count; i++) {
                const char *name = c->adapters[i].name;
                size_t len = strlen(name);

                if (strncmp(key + 9, name, len) != 0 || key[9 + len] != '.')
                        continue;
                (void)msptk__buf_addf(&path, "%s%s", c->adapters[i].origin, key + 9 + len);
                TRY(msptk__buf_status(&path, ROOM, "the key", ret_err));
                *ret = msptk__buf_steal(&path);
                return *ret ? MSPTK_OK : msptk__nomem(ret_err);
        }
        return MSPTK_OK;
}

static msptk_status no_such_key(const char *key, msptk_error **ret_err)
{
        AUTO_BUF buf hint = BUF_INIT(2048);
        const char *nearest;

        if (msptk__key_section(key)) {
                (void)msptk__buf_addf(&hint, "keys of %s: ", key);
                msptk__key_list_children(key, &hint);
                return fail_why(ret_err, MSPTK_E_NOTFOUND, "UNKNOWN_KEY", msptk__buf_text(&hint),
                                "'%.100s' is a section, not a setting", key);
        }
        nearest = msptk__key_nearest_path(key);
        if (nearest)
                (void)msptk__buf_addf(&hint, "did you mean '%s'?", nearest);
        else
                (void)msptk__buf_add_str(&hint, "'config show' lists all settings");
        return fail_why(ret_err, MSPTK_E_NOTFOUND, "UNKNOWN_KEY", msptk__buf_text(&hint),
                        "no setting '%.100s'", key);
}

msptk_status msptk__config_explain(const config *c, const char *key, msptk_json **ret,
                                   msptk_error **ret_err)
{
        AUTO_BUF buf text = BUF_INIT(VIEW_MAX);
        AUTO_FREE char *translated = NULL;
        const char *path = key;
        const setting *v;
        setting unset = { 0 };
        bool nomem = false;
        json_writer w;

        TRY(by_adapter_name(c, key, &translated, ret_err));
        if (translated)
                path = translated;
        v = msptk__config_value(c, path);
        if (!v) {
                const config_key *row = msptk__key_of_path(path, &nomem);

                if (nomem)
                        return msptk__nomem(ret_err);
                if (!row || row->type == CONFIG_MAP)
                        return no_such_key(key, ret_err);
                unset.row = row;
                v = &unset;
        } else if (!v->row) {
                unset.row = msptk__key_exact(path);
                v = &unset;
                if (!unset.row)
                        unset.row = msptk__key_env_form(path);
        }
        if (!v->path && msptk__key_is_plain(v->row))
                path = v->row->path; /* an alias explains what it stands for */
        msptk__jw_init(&w, &text, 0);
        TRY(write_explained(c, path, v, &w, ret_err));
        return msptk__written(&w, "a setting", ret, ret_err);
}

static void show_one(const config *c, const char *key, const setting *v, json_writer *w)
{
        msptk__jw_object_begin(w);
        msptk__jw_put_string(w, "key", key);
        msptk__jw_key(w, "value");
        msptk__setting_write(v, w);
        msptk__jw_put_string(w, "unit", unit_of(v->row));
        msptk__jw_key(w, "source");
        write_source(c, v, w);
        msptk__jw_put_bool(w, "acted_on", v->row->acted_on);
        msptk__jw_object_end(w);
}

static void show_adapter(const config_adapter *a, json_writer *w)
{
        msptk__jw_object_begin(w);
        msptk__jw_put_string(w, "name", a->name);
        msptk__jw_put_string(w, "type", a->type);
        msptk__jw_put_string(w, "origin", a->origin);
        msptk__jw_put_bool(w, "enabled", a->enabled);
        msptk__jw_put_bool(w, "acted_on", a->acted_on);
        msptk__jw_key(w, "settings");
        msptk__jw_json(w, a->settings);
        msptk__jw_object_end(w);
}

msptk_status msptk__config_show(const config *c, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_BUF buf text = BUF_INIT(VIEW_MAX);
        size_t n;
        const config_key *rows = msptk__config_keys(&n);
        json_writer w;

        msptk__jw_init(&w, &text, 0);
        msptk__jw_object_begin(&w);
        msptk__jw_put_string(&w, "schema", "msptk.config/1");
        msptk__jw_put_string(&w, "file", c->file);
        msptk__jw_put_string(&w, "dotenv", c->dotenv_file);
        msptk__jw_put_string(&w, "directory", c->dir);
        msptk__jw_key(&w, "settings");
        msptk__jw_array_begin(&w);
        for (size_t i = 0; i < n; i++)
                if (c->plain[i].has)
                        show_one(c, rows[i].path, &c->plain[i], &w);
        for (size_t i = 0; i < c->more_count; i++)
                show_one(c, c->more[i].path, &c->more[i], &w);
        msptk__jw_array_end(&w);
        msptk__jw_key(&w, "adapters");
        msptk__jw_array_begin(&w);
        for (size_t i = 0; i < c->adapter_count; i++)
                show_adapter(&c->adapters[i], &w);
        msptk__jw_array_end(&w);
        msptk__jw_object_end(&w);
        return msptk__written(&w, "the configuration", ret, ret_err);
}
