/* Settings from .env, the environment and code, put into the tree over what the file says; the
 * walk then judges all alike. */
#define ROOM "config"
#include "config/internal.h"

#include <string.h>
#include <strings.h>

#define PREFIX "MSPTK_"

typedef struct override {
        config *c;
        const tree_source *source;
        const char *rest; /* of the path */
        bool folded;      /* from a variable: "__" separates, case does not count */
        msptk_error **ret_err;
} override;

static msptk_status new_source(config *c, int32_t kind, const char *name, int32_t line,
                               const tree_source **ret, msptk_error **ret_err)
{
        tree_source *source;
        const char *kept;

        TRY(msptk__config_grow((void **)&c->sources, &c->source_cap, c->source_count,
                               sizeof(*c->sources), ret_err));
        kept = msptk__config_keep(c, msptk__strdup(name));
        source = msptk__alloc(sizeof(*source));
        if (!kept || !source) {
                msptk__free(source);
                return msptk__nomem(ret_err);
        }
        *source = (tree_source){ .name = kept, .kind = kind, .line = line };
        c->sources[c->source_count++] = source;
        *ret = source;
        return MSPTK_OK;
}

/* The next part of the path into `word`; false at its end. "a.b[0]" or "A__B__0". */
static bool next_word(override *o, char word[KEY_WORD])
{
        size_t len = 0;
        const char *stop;

        if (!*o->rest)
                return false;
        if (o->folded) {
                stop = strstr(o->rest, "__");
                len = stop ? (size_t)(stop - o->rest) : strlen(o->rest);
        } else {
                len = strcspn(o->rest, ".[]");
        }
        for (size_t i = 0; i < len && i < KEY_WORD - 1; i++) {
                char ch = o->rest[i];

                word[i] = o->folded && ch >= 'A' && ch <= 'Z' ? (char)(ch - 'A' + 'a') : ch;
        }
        word[len < KEY_WORD ? len : KEY_WORD - 1] = '\0';
        o->rest += len;
        o->rest += o->folded ? (*o->rest ? 2 : 0) : strspn(o->rest, ".[]");
        return true;
}

/* Variables cannot say '-', nor upper and lower case. */
static bool same_word(const override *o, const char *key, const char *word)
{
        if (!o->folded)
                return strcmp(key, word) == 0;
        for (; *key && *word; key++, word++) {
                char a = *key == '-' ? '_' : *key;

                if (a >= 'A' && a <= 'Z')
                        a = (char)(a - 'A' + 'a');
                if (a != *word)
                        return false;
        }
        return !*key && !*word;
}

static tree_node *item_of_map(const override *o, const tree_node *map, const char *word)
{
        for (tree_node *item = map->first; item; item = item->next)
                if (same_word(o, item->key, word))
                        return item;
        return NULL;
}

/* By number or by the item's `name`. */
static tree_node *item_of_list(const override *o, const tree_node *list, const char *word)
{
        int64_t index;

        if (msptk__num_int64(word, strlen(word), &index))
                return index < 0 ? NULL : msptk__tree_at(list, (size_t)index);
        for (tree_node *item = list->first; item; item = item->next) {
                const tree_node *name = msptk__tree_get(item, "name");

                if (name && name->text && same_word(o, name->text, word))
                        return item;
        }
        return NULL;
}

static void mark(tree_node *node, const tree_source *source)
{
        node->source = source;
        node->line = node->column = node->key_line = node->key_column = 0;
        for (tree_node *item = node->first; item; item = item->next)
                mark(item, source);
}

/* Plain text, or YAML when it begins with a bracket. */
static msptk_status make_node(override *o, const char *text, tree_node **ret)
{
        tree_node *node = NULL;

        if (!msptk__utf8_valid(text, strlen(text)))
                return msptk__config_find(o->c, LEVEL_ERROR, MSPTK_E_CONFIG, "BAD_VALUE", NULL,
                                          false, o->source->name, "write it as UTF-8", o->ret_err,
                                          "'%s' is not UTF-8", o->source->name);
        if (*text == '[' || *text == '{') {
                TRY(msptk__tree_read(o->source->name, text, strlen(text), &node, o->ret_err));
                mark(node, o->source);
        } else {
                node = msptk__tree_new(TREE_SCALAR, text, o->source);
                if (!node)
                        return msptk__nomem(o->ret_err);
        }
        *ret = node;
        return MSPTK_OK;
}

static msptk_status nowhere(override *o, const char *word)
{
        return msptk__config_find(
                o->c, LEVEL_ERROR, MSPTK_E_CONFIG, "UNKNOWN_KEY", NULL, false, o->source->name,
                "name an entry by its number (from 0) or its name", o->ret_err,
                "%s '%s' names an entry '%s' that does not exist",
                o->source->kind == FROM_OPTION ? "option" : "variable", o->source->name, word);
}

/* An empty place ("rmm:" alone) becomes a map. */
static void make_map(tree_node *node)
{
        if (msptk__tree_scalar_type(node) != TREE_NULL)
                return;
        msptk__free(STEAL(node->text));
        node->kind = TREE_MAP;
        node->quoted = false;
}

/* Puts the node in the place of the item of that name, if there is one. */
static msptk_status replace(override *o, tree_node *map, const char *word, tree_node **node)
{
        AUTO_TREE tree_node *old = item_of_map(o, map, word);

        if (msptk__tree_add(map, old ? old->key : word, *node) < 0) {
                (void)STEAL(old);
                return msptk__nomem(o->ret_err);
        }
        (void)STEAL(*node);
        if (old)
                msptk__tree_remove(map, old);
        return MSPTK_OK;
}

/* The section `word` of a map, made when it is missing; only the file can begin a list. */
static msptk_status enter(override *o, tree_node *map, const char *word, const buf *pattern,
                          tree_node **ret)
{
        tree_node *item = item_of_map(o, map, word);
        bool empty = !item || msptk__tree_scalar_type(item) == TREE_NULL;

        if (empty && msptk__key_section(msptk__buf_text(pattern)) == TREE_LIST)
                return nowhere(o, o->rest);
        if (!item) {
                item = msptk__tree_new(TREE_MAP, NULL, o->source);
                if (!item || msptk__tree_add(map, word, item) < 0) {
                        msptk__tree_free(item);
                        return msptk__nomem(o->ret_err);
                }
        }
        make_map(item);
        *ret = item;
        return MSPTK_OK;
}

static msptk_status put(override *o, tree_node *node)
{
        AUTO_TREE tree_node *owned = node;
        AUTO_BUF buf pattern = BUF_INIT(CONFIG_PATH_MAX);
        tree_node *at = o->c->root;
        char word[KEY_WORD];

        while (next_word(o, word)) {
                tree_node *item = NULL;

                if (at->kind == TREE_LIST) {
                        at = item_of_list(o, at, word);
                        if (!at || !*o->rest)
                                return nowhere(o, word);
                        make_map(at);
                        (void)msptk__buf_add_str(&pattern, "[]");
                        continue;
                }
                if (at->kind == TREE_SCALAR)
                        return nowhere(o, word);
                if (!*o->rest)
                        return replace(o, at, word, &owned);
                (void)msptk__buf_addf(&pattern, "%s%s", pattern.len ? "." : "", word);
                TRY(msptk__buf_status(&pattern, ROOM, "the path of an override", o->ret_err));
                TRY(enter(o, at, word, &pattern, &item));
                if (!item)
                        return MSPTK_OK; /* a finding */
                at = item;
        }
        return nowhere(o, "");
}

static msptk_status apply(config *c, int32_t kind, const char *name, int32_t line, const char *path,
                          const char *text, msptk_error **ret_err)
{
        override o = { .c = c, .rest = path, .folded = kind != FROM_OPTION, .ret_err = ret_err };
        tree_node *node = NULL;

        TRY(new_source(c, kind, name, line, &o.source, ret_err));
        TRY(make_node(&o, text, &node));
        return node ? put(&o, node) : MSPTK_OK;
}

/* Every setting lives in a section, so a variable of ours that means one contains "__". */
static const char *override_path(const char *name)
{
        if (strncasecmp(name, PREFIX, strlen(PREFIX)) != 0 || !strstr(name + strlen(PREFIX), "__"))
                return NULL;
        return name + strlen(PREFIX);
}

static msptk_status apply_env(config *c, const char *const *env, msptk_error **ret_err)
{
        for (; env && *env; env++) {
                AUTO_FREE char *name = NULL;
                const char *equals = strchr(*env, '=');

                if (!equals || strncasecmp(*env, PREFIX, strlen(PREFIX)) != 0)
                        continue;
                name = msptk__strndup(*env, (size_t)(equals - *env));
                if (!name)
                        return msptk__nomem(ret_err);
                if (override_path(name))
                        TRY(apply(c, FROM_ENV, name, 0, override_path(name), equals + 1, ret_err));
        }
        return MSPTK_OK;
}

msptk_status msptk__config_overrides(config *c, const config_open *how, const dotenv *d,
                                     msptk_error **ret_err)
{
        for (size_t i = 0; i < d->count; i++) {
                const dotenv_entry *e = &d->entries[i];

                if (override_path(e->name))
                        TRY(apply(c, FROM_DOTENV, e->name, e->line, override_path(e->name),
                                  e->value, ret_err));
        }
        TRY(apply_env(c, how->env, ret_err));
        for (size_t i = 0; i < how->option_count; i++)
                TRY(apply(c, FROM_OPTION, how->options[i].key, 0, how->options[i].key,
                          how->options[i].value, ret_err));
        return MSPTK_OK;
}
