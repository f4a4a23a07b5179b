/* `config check`: all problems of opening, and what this version cannot or does not do. */
#define ROOM "config"
#include "config/internal.h"

#include <string.h>
#include <strings.h>

enum { CHECK_MAX = 4 * 1024 * 1024 };

typedef struct checker {
        const config *c;
        const char *const *types;
        json_writer *w;
        char last_group[CONFIG_PATH_MAX];
        bool nomem; /* some text could not be made */
} checker;

/* Before a text that was built is used. */
static const char *made(checker *k, const buf *b)
{
        k->nomem |= b->failed == MSPTK_E_NOMEM;
        return msptk__buf_text(b);
}

static void write_finding(checker *k, const char *level, const char *key, const char *file,
                          int32_t line, int32_t column, const char *message, const char *suggestion)
{
        json_writer *w = k->w;

        msptk__jw_object_begin(w);
        msptk__jw_put_string(w, "level", level);
        msptk__jw_put_string(w, "key", key);
        msptk__jw_put_string(w, "file", file);
        msptk__jw_key(w, "line");
        if (line)
                msptk__jw_int(w, line);
        else
                msptk__jw_null(w);
        msptk__jw_key(w, "column");
        if (column)
                msptk__jw_int(w, column);
        else
                msptk__jw_null(w);
        msptk__jw_put_string(w, "message", message);
        msptk__jw_put_string(w, "suggestion", suggestion);
        msptk__jw_object_end(w);
}

static void at_setting(checker *k, const char *level, const char *key, const setting *v,
                       const char *message, const char *suggestion)
{
        const tree_node *node = v ? v->node : NULL;
        const tree_source *source = node ? node->source : NULL;
        bool in_dotenv = source && source->kind == FROM_DOTENV;

        write_finding(k, level, key,
                      in_dotenv         ? k->c->dotenv_file
                      : node && !source ? k->c->file
                                        : NULL,
                      in_dotenv ? source->line : (node ? node->line : 0), node ? node->column : 0,
                      message, suggestion);
}

static bool section_is_dead(const char *section, size_t len)
{
        size_t n;
        const config_key *rows = msptk__config_keys(&n);

        for (size_t i = 0; i < n; i++)
                if (rows[i].acted_on && strncmp(rows[i].path, section, len) == 0 &&
                    rows[i].path[len] == '.')
                        return false;
        return true;
}

/* A section that is dead as a whole is named once. */
static void not_acted_on(checker *k, const char *path, const setting *v)
{
        AUTO_BUF buf message = BUF_INIT(2 * CONFIG_PATH_MAX);
        size_t section = strcspn(path, ".");
        size_t len = section_is_dead(path, section) ? section : strlen(path);
        const char *tail = path + strlen(path);

        if (!v->has || !v->node || v->row->acted_on || len >= sizeof(k->last_group))
                return;
        if (strlen(k->last_group) == len && strncmp(k->last_group, path, len) == 0)
                return;
        memcpy(k->last_group, path, len);
        k->last_group[len] = '\0';
        (void)msptk__buf_addf(&message, "'%s' is accepted, but this version does not act on it",
                              k->last_group);
        if (len == section && !v->node->source) {
                const tree_node *whole = msptk__tree_get(k->c->root, k->last_group);

                write_finding(k, "warning", k->last_group, k->c->file, whole->key_line,
                              whole->key_column, made(k, &message),
                              "leave it for a later version, or take it out");
                return;
        }
        at_setting(k, "warning", k->last_group, v, made(k, &message),
                   tail - path > 9 && strcmp(tail - 9, ".schedule") == 0
                           ? "start 'msp-toolkit health check --all' from cron or a systemd timer"
                           : "leave it for a later version, or take it out");
}

static bool known_type(const checker *k, const char *type)
{
        for (const char *const *t = k->types; *t; t++)
                if (strcmp(*t, type) == 0)
                        return true;
        return false;
}

static const setting *of_adapter(const config *c, const config_adapter *a, const char *key,
                                 buf *path)
{
        path->len = 0;
        (void)msptk__buf_addf(path, "%s.%s", a->origin, key);
        return msptk__config_value(c, msptk__buf_text(path));
}

static bool is_refused(const config *c, const char *path)
{
        for (size_t i = 0; i < c->finding_count; i++)
                if (strcmp(c->findings[i].key, path) == 0)
                        return true;
        return false;
}

/* A type that is not here cannot say which settings it has. */
static void not_checked(checker *k, const config_adapter *a)
{
        AUTO_BUF buf message = BUF_INIT(400);
        size_t len = strlen(a->origin);

        (void)msptk__buf_addf(
                &message, "not checked: no adapter of type '%.80s' is in this program", a->type);
        for (size_t i = 0; i < k->c->more_count; i++) {
                const setting *v = &k->c->more[i];
                const char *tail = v->row->path + strlen(v->row->path);

                if (v->row->type == CONFIG_MAP && v->node && tail - v->row->path > 2 &&
                    strcmp(tail - 2, ".*") == 0 && strncmp(v->path, a->origin, len) == 0 &&
                    v->path[len] == '.' && !is_refused(k->c, v->path))
                        at_setting(k, "info", v->path, v, made(k, &message),
                                   "compare it with the vendor's page: a typing error goes "
                                   "unnoticed");
        }
}

static void adapter_type(checker *k, const config_adapter *a)
{
        AUTO_BUF buf message = BUF_INIT(400);
        AUTO_BUF buf hint = BUF_INIT(2000);
        AUTO_BUF buf path = BUF_INIT(CONFIG_PATH_MAX);
        const char *key = strcmp(a->origin, "rmm") == 0 ? "provider" : "type";
        const setting *v = of_adapter(k->c, a, key, &path);
        const char *nearest;
        size_t n = 0;

        if (!a->acted_on || known_type(k, a->type))
                return;
        while (k->types[n])
                n++;
        nearest = msptk__nearest(a->type, k->types, n);
        (void)msptk__buf_addf(&message, "there is no adapter of type '%.80s' in this version",
                              a->type);
        if (nearest)
                (void)msptk__buf_addf(&hint, "did you mean '%s'?", nearest);
        else
                (void)msptk__buf_add_str(&hint, "it is skipped; types that exist: ");
        for (size_t i = 0; !nearest && i < n; i++)
                (void)msptk__buf_addf(&hint, "%s%s", i ? ", " : "", k->types[i]);
        at_setting(k, "warning", made(k, &path), v, made(k, &message), made(k, &hint));
        not_checked(k, a);
}

static void adapter_url(checker *k, const config_adapter *a)
{
        AUTO_BUF buf path = BUF_INIT(CONFIG_PATH_MAX);
        const setting *v = of_adapter(k->c, a, "api_url", &path);

        if (a->api_url && strncasecmp(a->api_url, "http://", 7) == 0)
                at_setting(k, "warning", made(k, &path), v,
                           "the address is not encrypted: the credential travels in the clear",
                           "use https://");
}

static void unset_variables(checker *k)
{
        const config *c = k->c;

        for (size_t i = 0; c->env_read && i < c->env_count; i++) {
                AUTO_BUF buf message = BUF_INIT(400);
                AUTO_BUF buf reference = BUF_INIT(CONFIG_PATH_MAX);
                const setting *at = NULL;
                const char *key = "";
                size_t n;
                const config_key *rows = msptk__config_keys(&n);

                if (c->env[i].value)
                        continue;
                (void)msptk__buf_addf(&message, "the variable '%.100s' is not set", c->env[i].name);
                (void)msptk__buf_addf(&reference, "env:%s", c->env[i].name);
                for (size_t j = 0; j < n + c->more_count && !at; j++) {
                        const setting *v = j < n ? &c->plain[j] : &c->more[j - n];

                        if (!v->has || !v->text || strcmp(v->text, made(k, &reference)) != 0)
                                continue;
                        at = v;
                        key = j < n ? rows[j].path : v->path;
                }
                at_setting(k, "warning", key, at, made(k, &message),
                           "set it in the environment or in .env beside the file, or use "
                           "vault:NAME");
        }
}

static void engine(checker *k)
{
        const setting *v = msptk__config_value(k->c, "database.type");

        if (v->has && strcmp(v->text, "postgresql") == 0)
                at_setting(k, "error", "database.type", v,
                           "PostgreSQL is not built into this version", "write type: sqlite");
}

static void write_all(checker *k)
{
        static const char *const levels[] = { "", "error", "warning", "info" };
        const config *c = k->c;
        size_t n;
        const config_key *rows = msptk__config_keys(&n);

        for (size_t i = 0; i < c->finding_count; i++) {
                const finding *f = &c->findings[i];

                write_finding(k, levels[f->level], f->key, f->file, f->line, f->column, f->message,
                              f->suggestion);
        }
        if (c->finding_dropped)
                write_finding(k, "error", "", NULL, 0, 0, "there are more problems than are listed",
                              "correct these first");
        engine(k);
        for (size_t i = 0; i < c->adapter_count; i++) {
                adapter_type(k, &c->adapters[i]);
                adapter_url(k, &c->adapters[i]);
        }
        unset_variables(k);
        for (size_t i = 0; i < n; i++)
                not_acted_on(k, rows[i].path, &c->plain[i]);
        for (size_t i = 0; i < c->more_count; i++)
                not_acted_on(k, c->more[i].path, &c->more[i]);
}

msptk_status msptk__config_check(const config *c, const char *const *adapter_types,
                                 msptk_json **ret, msptk_error **ret_err)
{
        static const char *const ours[] = { "local", "plugin", "fake", NULL };
        AUTO_BUF buf text = BUF_INIT(CHECK_MAX);
        json_writer w;
        checker k = { .c = c, .types = adapter_types ? adapter_types : ours, .w = &w };

        msptk__jw_init(&w, &text, 0);
        msptk__jw_array_begin(&w);
        write_all(&k);
        if (k.nomem)
                return msptk__nomem(ret_err);
        msptk__jw_array_end(&w);
        return msptk__written(&w, "the findings", ret, ret_err);
}
