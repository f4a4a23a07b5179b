/* Walks the tree along the table: every key is known, free, or a finding that names the nearest. */
#define ROOM "config"
#include "config/internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct walker {
        config *c;
        buf pattern; /* "adapters[].name" */
        buf path;    /* "adapters[2].name" */
        msptk_error **ret_err;
} walker;

static msptk_status walk_node(walker *w, const tree_node *node);

static void cut(buf *b, size_t len)
{
        b->len = len;
        if (b->data)
                b->data[len] = '\0';
}

static int32_t rank(const tree_node *node)
{
        return node && node->source ? node->source->kind : FROM_FILE;
}

static msptk_status unknown_key(walker *w, const tree_node *item, const char *section)
{
        AUTO_BUF buf hint = BUF_INIT(2048);
        char nearest[KEY_WORD];
        const char *in = *section ? section : "the file";

        if (msptk__key_nearest(section, item->key, nearest)) {
                (void)msptk__buf_addf(&hint, "did you mean '%s'?", nearest);
        } else {
                (void)msptk__buf_addf(&hint, "keys of %s: ", in);
                msptk__key_list_children(section, &hint);
        }
        return msptk__config_find(w->c, LEVEL_ERROR, MSPTK_E_CONFIG, "UNKNOWN_KEY", item, true,
                                  msptk__buf_text(&w->path), msptk__buf_text(&hint), w->ret_err,
                                  "unknown key '%.80s' in %s", item->key, in);
}

static msptk_status wrong_shape(walker *w, const tree_node *node, int32_t wanted)
{
        return msptk__config_find(w->c, LEVEL_ERROR, MSPTK_E_CONFIG, "BAD_VALUE", node, false,
                                  msptk__buf_text(&w->path),
                                  wanted == TREE_LIST ? "begin each entry with '- '"
                                                      : "write its settings below it, indented",
                                  w->ret_err, "'%s' must be %s", msptk__buf_text(&w->path),
                                  wanted == TREE_LIST ? "a list" : "a section");
}

static msptk_status twice(walker *w, const config_key *row, const tree_node *node,
                          const tree_node *before)
{
        AUTO_BUF buf hint = BUF_INIT(200);

        if (before->line)
                (void)msptk__buf_addf(&hint, "keep one; it is also set in line %d",
                                      (int)before->line);
        else
                (void)msptk__buf_add_str(&hint, "keep one of the two");
        return msptk__config_find(w->c, LEVEL_ERROR, MSPTK_E_CONFIG, "DUPLICATE", node, true,
                                  msptk__buf_text(&w->path), msptk__buf_text(&hint), w->ret_err,
                                  "'%s' is set twice under two names",
                                  msptk__key_is_plain(row) ? row->path : msptk__buf_text(&w->path));
}

static msptk_status set_plain(walker *w, const config_key *row, const tree_node *node,
                              bool env_form)
{
        size_t count;
        setting *slot = &w->c->plain[row - msptk__config_keys(&count)];
        setting read = { 0 };
        msptk_status st;

        if (slot->node && rank(slot->node) == rank(node))
                return twice(w, row, node, slot->node);
        if (slot->node && rank(slot->node) > rank(node))
                return MSPTK_OK;
        st = msptk__value_read(w->c, row, row->path, node, env_form, &read, w->ret_err);
        if (st < 0 || !read.has) {
                msptk__value_clear(&read);
                return st;
        }
        msptk__value_clear(slot);
        *slot = read;
        return MSPTK_OK;
}

static msptk_status set_more(walker *w, const config_key *row, const tree_node *node, bool env_form)
{
        config *c = w->c;
        setting read = { 0 };
        char *path = msptk__strdup(msptk__buf_text(&w->path));
        msptk_status st;

        if (!path)
                return msptk__nomem(w->ret_err);
        if (env_form)
                path[strlen(path) - 4] = '\0';
        st = row->type == CONFIG_MAP
                     ? MSPTK_OK
                     : msptk__value_read(c, row, path, node, env_form, &read, w->ret_err);
        if (row->type == CONFIG_MAP) {
                read = (setting){ .row = row, .node = node, .has = true };
                if (node->kind == TREE_SCALAR)
                        read.text = node->text;
        }
        if (st == MSPTK_OK && read.has)
                st = msptk__config_grow((void **)&c->more, &c->more_cap, c->more_count,
                                        sizeof(*c->more), w->ret_err);
        if (st < 0 || !read.has) {
                msptk__free(path);
                msptk__value_clear(&read);
                return st;
        }
        read.path = path;
        c->more[c->more_count++] = read;
        return MSPTK_OK;
}

static msptk_status note_custom(walker *w, const char *name)
{
        config *c = w->c;
        char *copy;

        if (strcmp(msptk__buf_text(&w->pattern), "health_checks.thresholds.custom.*") != 0)
                return MSPTK_OK;
        TRY(msptk__config_grow((void **)&c->custom_names, &c->custom_cap, c->custom_count,
                               sizeof(*c->custom_names), w->ret_err));
        copy = msptk__strdup(name);
        if (!copy)
                return msptk__nomem(w->ret_err);
        c->custom_names[c->custom_count++] = copy;
        return MSPTK_OK;
}

/* The item's key is in path and pattern already. */
static msptk_status walk_item(walker *w, const tree_node *item, size_t section_len)
{
        const char *pattern = msptk__buf_text(&w->pattern);
        const config_key *row = msptk__key_exact(pattern);
        bool env_form = false;
        char section[CONFIG_PATH_MAX];

        if (!row && (row = msptk__key_env_form(pattern)))
                env_form = true;
        if (row)
                return msptk__key_is_plain(row) ? set_plain(w, row, item, env_form)
                                                : set_more(w, row, item, env_form);
        if (msptk__key_section(pattern))
                return walk_node(w, item);
        memcpy(section, pattern, section_len);
        section[section_len] = '\0';
        cut(&w->pattern, section_len);
        (void)msptk__buf_add_str(&w->pattern, ".*");
        if (w->pattern.failed == MSPTK_E_NOMEM)
                return msptk__nomem(w->ret_err);
        if (w->pattern.failed)
                return unknown_key(w, item, section);
        row = msptk__key_exact(msptk__buf_text(&w->pattern));
        if (row)
                return set_more(w, row, item, false);
        if (!section_len || !msptk__key_section(msptk__buf_text(&w->pattern)))
                return unknown_key(w, item, section);
        TRY(note_custom(w, item->key));
        return walk_node(w, item);
}

static msptk_status walk_map(walker *w, const tree_node *map)
{
        size_t pattern_len = w->pattern.len, path_len = w->path.len;

        for (const tree_node *item = map->first; item; item = item->next) {
                const char *dot = pattern_len ? "." : "";

                (void)msptk__buf_addf(&w->pattern, "%s%s", dot, item->key);
                (void)msptk__buf_addf(&w->path, "%s%s", dot, item->key);
                if (w->pattern.failed == MSPTK_E_NOMEM || w->path.failed == MSPTK_E_NOMEM)
                        return msptk__nomem(w->ret_err);
                if (w->pattern.failed || w->path.failed || strpbrk(item->key, ".[]*")) {
                        w->pattern.failed = w->path.failed = MSPTK_OK;
                        cut(&w->path, path_len);
                        TRY(msptk__config_find(w->c, LEVEL_ERROR, MSPTK_E_CONFIG, "UNKNOWN_KEY",
                                               item, true, msptk__buf_text(&w->path),
                                               "use a short word of letters, digits, '_' and '-'",
                                               w->ret_err, "unknown key '%.80s'", item->key));
                } else {
                        TRY(walk_item(w, item, pattern_len));
                }
                w->pattern.failed = MSPTK_OK;
                cut(&w->pattern, pattern_len);
                cut(&w->path, path_len);
        }
        return MSPTK_OK;
}

static msptk_status walk_list(walker *w, const tree_node *list)
{
        size_t pattern_len = w->pattern.len, path_len = w->path.len, i = 0;

        (void)msptk__buf_add_str(&w->pattern, "[]");
        for (const tree_node *item = list->first; item; item = item->next) {
                (void)msptk__buf_addf(&w->path, "[%zu]", i++);
                TRY(msptk__buf_status(&w->path, ROOM, "a path of settings", w->ret_err));
                TRY(item->kind == TREE_MAP ? walk_map(w, item) : wrong_shape(w, item, TREE_MAP));
                cut(&w->path, path_len);
        }
        cut(&w->pattern, pattern_len);
        return MSPTK_OK;
}

/* A section: a map or list of settings; empty ones are fine. */
static msptk_status walk_node(walker *w, const tree_node *node)
{
        int32_t wanted = msptk__key_section(msptk__buf_text(&w->pattern));

        if (msptk__tree_scalar_type(node) == TREE_NULL)
                return MSPTK_OK;
        if (node->kind != wanted)
                return wrong_shape(w, node, wanted);
        return wanted == TREE_LIST ? walk_list(w, node) : walk_map(w, node);
}

static int by_path(const void *a, const void *b)
{
        const setting *x = a, *y = b;
        int order = strcmp(x->path, y->path);

        return order ? order : rank(y->node) - rank(x->node);
}

/* Of two names for one setting (`x` and `x_env`) the stronger source counts. */
static msptk_status drop_second(walker *w, const setting *first, const setting *second)
{
        if (rank(first->node) != rank(second->node))
                return MSPTK_OK;
        cut(&w->path, 0);
        (void)msptk__buf_add_str(&w->path, first->path);
        return twice(w, first->row, second->node, first->node);
}

/* Sorted for lookups. */
static msptk_status sort_more(walker *w)
{
        config *c = w->c;
        msptk_status st = MSPTK_OK;
        size_t kept = 0;

        if (c->more_count)
                qsort(c->more, c->more_count, sizeof(*c->more), by_path);
        for (size_t i = 0; i < c->more_count; i++) {
                setting *last = kept ? &c->more[kept - 1] : NULL;

                if (!last || strcmp(last->path, c->more[i].path) != 0) {
                        c->more[kept++] = c->more[i];
                        continue;
                }
                if (st == MSPTK_OK)
                        st = drop_second(w, last, &c->more[i]);
                msptk__value_clear(&c->more[i]);
        }
        c->more_count = kept;
        return st;
}

static msptk_status fill_defaults(config *c, msptk_error **ret_err)
{
        size_t n;
        const config_key *rows = msptk__config_keys(&n);

        for (size_t i = 0; i < n; i++)
                if (msptk__key_is_plain(&rows[i]) && !c->plain[i].has)
                        TRY(msptk__value_default(c, &rows[i], &c->plain[i], ret_err));
        return MSPTK_OK;
}

msptk_status msptk__config_walk(config *c, msptk_error **ret_err)
{
        walker w = { .c = c,
                     .pattern = BUF_INIT(CONFIG_PATH_MAX - 1),
                     .path = BUF_INIT(CONFIG_PATH_MAX - 1),
                     .ret_err = ret_err };
        msptk_status st = MSPTK_OK;

        if (c->root->kind == TREE_MAP)
                st = walk_map(&w, c->root);
        else
                st = msptk__config_find(c, LEVEL_ERROR, MSPTK_E_CONFIG, "BAD_VALUE", c->root, false,
                                        "", "write sections such as 'general:'", ret_err,
                                        "the file must hold sections with settings");
        if (st == MSPTK_OK)
                st = sort_more(&w);
        msptk__buf_clear(&w.pattern);
        msptk__buf_clear(&w.path);
        TRY(st);
        return fill_defaults(c, ret_err);
}
