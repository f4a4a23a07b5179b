/* Opening: where the file is, what is read beside it, and the order in which sources count. */
#define ROOM "config"
#include "config/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DOTENV_MAX = 64 * 1024, MESSAGE_MAX = 1000 };

msptk_status msptk__config_grow(void **array, size_t *cap, size_t count, size_t size,
                                msptk_error **ret_err)
{
        size_t more = *cap ? *cap * 2 : 8;
        char *grown;

        if (count < *cap)
                return MSPTK_OK;
        if (more > SIZE_MAX / size)
                return msptk__nomem(ret_err);
        grown = msptk__realloc_array(*array, more * size, 1);
        if (!grown)
                return msptk__nomem(ret_err);
        *array = grown;
        *cap = more;
        return MSPTK_OK;
}

const char *msptk__config_keep(config *c, char *owned)
{
        if (!owned)
                return NULL;
        if (msptk__config_grow((void **)&c->strings, &c->string_cap, c->string_count,
                               sizeof(*c->strings), NULL) < 0) {
                msptk__free(owned);
                return NULL;
        }
        c->strings[c->string_count++] = owned;
        return owned;
}

static void place(const config *c, finding *f, const tree_node *node, bool at_key, buf *message)
{
        const tree_source *source = node ? node->source : NULL;

        if (!node)
                return;
        if (!source) {
                f->file = c->file;
                f->line = at_key && node->key_line ? node->key_line : node->line;
                f->column = at_key && node->key_line ? node->key_column : node->column;
        } else if (source->kind == FROM_DOTENV) {
                f->file = c->dotenv_file;
                f->line = source->line;
        } else {
                (void)msptk__buf_addf(message, "%s '%s': ",
                                      source->kind == FROM_ENV ? "environment variable" : "option",
                                      source->name);
        }
}

msptk_status msptk__config_find(config *c, int32_t level, msptk_status status, const char *reason,
                                const tree_node *node, bool at_key, const char *key,
                                const char *suggestion, msptk_error **ret_err, const char *fmt, ...)
{
        AUTO_BUF buf message = BUF_INIT(MESSAGE_MAX + 200);
        finding f = { .level = level, .status = status, .reason = reason };
        char text[MESSAGE_MAX];
        va_list args;

        if (c->finding_count >= CONFIG_MAX_FINDINGS) {
                c->finding_dropped++;
                return MSPTK_OK;
        }
        va_start(args, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, args);
        va_end(args);
        /* a character may have been cut in two */
        text[msptk__utf8_cut(text, strlen(text), sizeof(text) - 4)] = '\0';
        TRY(msptk__config_grow((void **)&c->findings, &c->finding_cap, c->finding_count,
                               sizeof(*c->findings), ret_err));
        place(c, &f, node, at_key, &message);
        (void)msptk__buf_add_str(&message, text);
        f.message = msptk__buf_steal(&message);
        f.key = msptk__strdup(key ? key : "");
        f.suggestion = msptk__strdup(suggestion ? suggestion : "");
        c->findings[c->finding_count++] = f;
        if (!f.message || !f.key || !f.suggestion)
                return msptk__nomem(ret_err);
        return MSPTK_OK;
}

/* ---- references to the environment ---- */

static const char *env_get(const char *const *env, const char *name)
{
        size_t len = strlen(name);

        for (; env && *env; env++)
                if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
                        return *env + len + 1;
        return NULL;
}

/* Only what the configuration names is copied; the rest of the environment is none of our business.
 */
msptk_status msptk__config_note_reference(config *c, const char *reference, msptk_error **ret_err)
{
        const char *name = reference + 4;
        const char *text;
        env_value *slot;
        const dotenv_entry *entry;

        if (strncmp(reference, "env:", 4) != 0)
                return MSPTK_OK;
        for (size_t i = 0; i < c->env_count; i++)
                if (strcmp(c->env[i].name, name) == 0)
                        return MSPTK_OK;
        TRY(msptk__config_grow((void **)&c->env, &c->env_cap, c->env_count, sizeof(*c->env),
                               ret_err));
        slot = &c->env[c->env_count];
        *slot = (env_value){ .name = msptk__strdup(name) };
        if (!slot->name)
                return msptk__nomem(ret_err);
        c->env_count++;
        text = env_get(c->open_env, name);
        entry = text || !c->open_dotenv ? NULL : msptk__dotenv_find(c->open_dotenv, name);
        if (entry)
                text = entry->value;
        if (!text)
                return MSPTK_OK;
        slot->value = msptk__strdup(text);
        return slot->value ? MSPTK_OK : msptk__nomem(ret_err);
}

/* ---- where the file is ---- */

static msptk_status read_file(const char *path, size_t limit, buf *out, msptk_error **ret_err)
{
        out->limit = limit;
        return msptk__file_read(path, 0, out, ret_err);
}

/* Reads `dir`/`name` unless it does not exist; then *ret_path stays NULL. */
static msptk_status try_file(const char *dir, const char *name, buf *text, char **ret_path,
                             msptk_error **ret_err)
{
        AUTO_FREE char *path = dir ? msptk__path_join(dir, name) : msptk__strdup(name);
        AUTO_ERROR msptk_error *err = NULL;
        msptk_status st;

        if (!path)
                return msptk__nomem(ret_err);
        st = read_file(path, TREE_MAX_BYTES, text, &err);
        if (st == MSPTK_E_NOTFOUND) {
                msptk__buf_clear(text);
                return MSPTK_OK;
        }
        if (st < 0) {
                if (ret_err)
                        *ret_err = STEAL(err);
                return msptk__wrap(ret_err, st, "read configuration '%s'", path);
        }
        *ret_path = STEAL(path);
        return MSPTK_OK;
}

static msptk_status read_named(const char *path, const char *named_by, buf *text, char **ret_path,
                               msptk_error **ret_err)
{
        TRY(try_file(NULL, path, text, ret_path, ret_err));
        if (*ret_path)
                return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_NOTFOUND, "CONFIG_NOT_FOUND",
                        "check the path, or make a file with 'msp-toolkit init'",
                        "no configuration file '%s'%s%s", path, named_by ? ", named by " : "",
                        named_by ? named_by : "");
}

static msptk_status search_places(const config_open *how, buf *text, char **ret_path,
                                  msptk_error **ret_err)
{
        const char *xdg = env_get(how->env, "XDG_CONFIG_HOME");
        const char *home = env_get(how->env, "HOME");
        const char *cwd = how->cwd ? how->cwd : ".";
        AUTO_FREE char *home_config = NULL;

        TRY(try_file(cwd, "msp-toolkit.yaml", text, ret_path, ret_err));
        if (*ret_path)
                return MSPTK_OK;
        TRY(try_file(cwd, "config/msp-toolkit.yaml", text, ret_path, ret_err));
        if (*ret_path)
                return MSPTK_OK;
        if ((!xdg || xdg[0] != '/') && home && *home) { /* the XDG rule: relative is ignored */
                home_config = msptk__path_join(home, ".config");
                if (!home_config)
                        return msptk__nomem(ret_err);
                xdg = home_config;
        }
        if (xdg && xdg[0] == '/') {
                TRY(try_file(xdg, "msp-toolkit/msp-toolkit.yaml", text, ret_path, ret_err));
                if (*ret_path)
                        return MSPTK_OK;
        }
        return try_file(how->etc ? how->etc : "/etc", "msp-toolkit/msp-toolkit.yaml", text,
                        ret_path, ret_err);
}

static msptk_status find_file(const config_open *how, buf *text, char **ret_path,
                              msptk_error **ret_err)
{
        static const char *const names[] = { "MSPTK_CONFIG", "MSP_CONFIG" };

        if (how->path)
                return read_named(how->path, NULL, text, ret_path, ret_err);
        if (!how->search)
                return MSPTK_OK;
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                const char *path = env_get(how->env, names[i]);

                if (path && *path)
                        return read_named(path, names[i], text, ret_path, ret_err);
        }
        TRY(search_places(how, text, ret_path, ret_err));
        if (*ret_path)
                return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_NOTFOUND, "CONFIG_NOT_FOUND",
                        "make one with 'msp-toolkit init', or name one with --config",
                        "no configuration file in ./, ./config/, ~/.config/msp-toolkit/ and "
                        "/etc/msp-toolkit/");
}

/* Relative paths count from the file's directory, or from its parent when it is called config. */
static msptk_status set_dir(config *c, const config_open *how, msptk_error **ret_err)
{
        AUTO_FREE char *file = NULL;
        AUTO_FREE char *dir = NULL;

        if (!c->file) {
                c->dir = msptk__path_absolute(NULL, how->cwd ? how->cwd : ".");
                return c->dir ? MSPTK_OK : msptk__nomem(ret_err);
        }
        file = msptk__path_absolute(NULL, c->file);
        dir = file ? msptk__path_dirname(file) : NULL;
        if (!dir)
                return msptk__nomem(ret_err);
        c->dir = strcmp(msptk__path_basename(dir), "config") == 0 ? msptk__path_dirname(dir)
                                                                  : STEAL(dir);
        return c->dir ? MSPTK_OK : msptk__nomem(ret_err);
}

/* ---- .env ---- */

typedef struct dotenv_problem {
        config *c;
        msptk_error **ret_err;
} dotenv_problem;

static msptk_status on_dotenv_problem(void *user, int32_t line, const char *message)
{
        dotenv_problem *p = user;
        tree_source source = { .kind = FROM_DOTENV, .line = line };
        tree_node at = { .source = &source };

        return msptk__config_find(p->c, LEVEL_ERROR, MSPTK_E_CONFIG, "BAD_DOTENV", &at, false, "",
                                  "write NAME=VALUE, with quotes around what contains blanks or #",
                                  p->ret_err, "%s", message);
}

/* Beside the file, or else in the directory that relative paths count from. */
static msptk_status read_dotenv(config *c, dotenv *out, msptk_error **ret_err)
{
        AUTO_BUF buf text = BUF_INIT(DOTENV_MAX);
        AUTO_FREE char *beside = NULL;
        dotenv_problem p = { c, ret_err };
        msptk_status st;

        if (!c->file)
                return MSPTK_OK;
        beside = msptk__path_dirname(c->file);
        if (!beside)
                return msptk__nomem(ret_err);
        st = try_file(beside, ".env", &text, &c->dotenv_file, ret_err);
        if (st == MSPTK_OK && !c->dotenv_file)
                st = try_file(c->dir, ".env", &text, &c->dotenv_file, ret_err);
        if (st == MSPTK_OK && text.len)
                st = msptk__dotenv_read(text.data, text.len, out, on_dotenv_problem, &p, ret_err);
        if (text.data)
                explicit_bzero(text.data, text.cap);
        return st;
}

/* ---- opening ---- */

static msptk_status read_tree(config *c, const config_open *how, const buf *text,
                              msptk_error **ret_err)
{
        const char *name = c->file ? c->file : "configuration";
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_BUF buf prefix = BUF_INIT(8192);
        tree_node at = { 0 };
        const char *message;
        msptk_status st;

        st = msptk__tree_read_at(name, msptk__buf_text(text), text->len, &c->root, &at.line,
                                 &at.column, &err);
        if (st == MSPTK_OK)
                return MSPTK_OK;
        if (!how->lenient || st == MSPTK_E_NOMEM) {
                if (ret_err)
                        *ret_err = STEAL(err);
                return st;
        }
        c->root = msptk__tree_new(TREE_MAP, NULL, NULL);
        if (!c->root)
                return msptk__nomem(ret_err);
        (void)msptk__buf_addf(&prefix, "%s: line %d, column %d: ", name, (int)at.line,
                              (int)at.column);
        message = msptk_error_message(err);
        if (strncmp(message, msptk__buf_text(&prefix), prefix.len) == 0)
                message += prefix.len;
        return msptk__config_find(c, LEVEL_ERROR, st, "YAML", &at, false, "",
                                  msptk_error_suggestion(err), ret_err, "%s", message);
}

/* The first problem, and how many more there are. */
static msptk_status report(const config *c, msptk_error **ret_err)
{
        const finding *first = NULL;
        AUTO_BUF buf where = BUF_INIT(8192);
        AUTO_BUF buf rest = BUF_INIT(200);
        size_t errors = c->finding_dropped;

        for (size_t i = 0; i < c->finding_count; i++) {
                if (c->findings[i].level != LEVEL_ERROR)
                        continue;
                errors++;
                if (!first)
                        first = &c->findings[i];
        }
        if (!first)
                return MSPTK_OK;
        if (first->line)
                (void)msptk__buf_addf(&where, "%s: line %d",
                                      first->file ? first->file : "configuration",
                                      (int)first->line);
        if (first->column)
                (void)msptk__buf_addf(&where, ", column %d", (int)first->column);
        if (where.len)
                (void)msptk__buf_add_str(&where, ": ");
        if (errors > 1)
                (void)msptk__buf_addf(&rest, " (and %zu more problem%s, see 'config check')",
                                      errors - 1, errors > 2 ? "s" : "");
        return fail_why(ret_err, first->status, first->reason, first->suggestion, "%s%s%s",
                        msptk__buf_text(&where), first->message, msptk__buf_text(&rest));
}

static msptk_status load(config *c, const config_open *how, dotenv *d, msptk_error **ret_err)
{
        AUTO_BUF buf text = BUF_INIT(TREE_MAX_BYTES);
        size_t rows;

        if (how->text) {
                if (how->path && !(c->file = msptk__strdup(how->path)))
                        return msptk__nomem(ret_err);
                text.limit = TREE_MAX_BYTES + 1; /* the reader refuses what is too large */
                if (msptk__buf_add(&text, how->text, strlen(how->text)) < 0)
                        return msptk__buf_status(&text, ROOM, "the configuration", ret_err);
        } else {
                TRY(find_file(how, &text, &c->file, ret_err));
        }
        TRY(set_dir(c, how, ret_err));
        (void)msptk__config_keys(&rows);
        c->plain = msptk__alloc_array(rows, sizeof(*c->plain));
        if (!c->plain)
                return msptk__nomem(ret_err);
        if (how->dotenv)
                TRY(read_dotenv(c, d, ret_err));
        c->env_read = how->env != NULL;
        TRY(read_tree(c, how, &text, ret_err));
        TRY(msptk__config_overrides(c, how, d, ret_err));
        TRY(msptk__config_walk(c, ret_err));
        TRY(msptk__config_adapters(c, ret_err));
        return msptk__config_rules(c, ret_err);
}

msptk_status msptk__config_open(const config_open *how, config **ret, msptk_error **ret_err)
{
        AUTO_CONFIG config *c = msptk__alloc(sizeof(*c));
        dotenv d = { 0 };
        msptk_status st;

        if (!c)
                return msptk__nomem(ret_err);
        c->open_env = how->env;
        c->open_dotenv = &d;
        st = load(c, how, &d, ret_err);
        msptk__dotenv_clear(&d);
        c->open_env = NULL;
        c->open_dotenv = NULL;
        TRY(st);
        if (!how->lenient)
                TRY(report(c, ret_err));
        *ret = STEAL(c);
        return MSPTK_OK;
}

static void free_findings(config *c)
{
        for (size_t i = 0; i < c->finding_count; i++) {
                msptk__free(c->findings[i].key);
                msptk__free(c->findings[i].message);
                msptk__free(c->findings[i].suggestion);
        }
        msptk__free(c->findings);
}

static void free_settings(config *c)
{
        size_t rows;

        (void)msptk__config_keys(&rows);
        for (size_t i = 0; c->plain && i < rows; i++)
                msptk__value_clear(&c->plain[i]);
        for (size_t i = 0; i < c->more_count; i++)
                msptk__value_clear(&c->more[i]);
        msptk__free(c->plain);
        msptk__free(c->more);
        for (size_t i = 0; i < c->custom_count; i++)
                msptk__free(c->custom_names[i]);
        msptk__free(c->custom_names);
}

void msptk__config_free(config *c)
{
        if (!c)
                return;
        free_settings(c);
        free_findings(c);
        for (size_t i = 0; i < c->adapter_count; i++)
                msptk_json_free((msptk_json *)(uintptr_t)c->adapters[i].settings);
        msptk__free(c->adapters);
        for (size_t i = 0; i < c->env_count; i++) {
                msptk__free(c->env[i].name);
                if (c->env[i].value)
                        explicit_bzero(c->env[i].value, strlen(c->env[i].value));
                msptk__free(c->env[i].value);
        }
        msptk__free(c->env);
        msptk__tree_free(c->root);
        for (size_t i = 0; i < c->source_count; i++)
                msptk__free(c->sources[i]);
        msptk__free(c->sources);
        for (size_t i = 0; i < c->string_count; i++)
                msptk__free(c->strings[i]);
        msptk__free(c->strings);
        msptk__free(c->file);
        msptk__free(c->dir);
        msptk__free(c->dotenv_file);
        msptk__free(c);
}
