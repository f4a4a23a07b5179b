/* Trees of nodes: making, walking and reading them, whatever text they came from. */
#define ROOM "config"
#include "config/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

tree_node *msptk__tree_new(int32_t kind, const char *text, const tree_source *source)
{
        tree_node *node = msptk__alloc(sizeof(*node));

        if (!node)
                return NULL;
        node->kind = (int8_t)kind;
        node->source = source;
        if (text) {
                node->text = msptk__strdup(text);
                if (!node->text) {
                        msptk__free(node);
                        return NULL;
                }
        }
        return node;
}

/* Recursion is bounded by the depth limit of the reader. Texts may be secrets that were refused. */
void msptk__tree_free(tree_node *node)
{
        tree_node *item;

        if (!node)
                return;
        while ((item = node->first)) {
                node->first = item->next;
                msptk__tree_free(item);
        }
        if (node->text)
                explicit_bzero(node->text, strlen(node->text));
        msptk__free(node->text);
        msptk__free(node->key);
        msptk__free(node);
}

msptk_status msptk__tree_add(tree_node *parent, const char *key, tree_node *child)
{
        if (key) {
                char *copy = msptk__strdup(key);

                if (!copy)
                        return MSPTK_E_NOMEM;
                msptk__free(child->key);
                child->key = copy;
        }
        if (parent->last)
                parent->last->next = child;
        else
                parent->first = child;
        parent->last = child;
        parent->count++;
        return MSPTK_OK;
}

void msptk__tree_remove(tree_node *parent, tree_node *child)
{
        tree_node *before = NULL;

        for (tree_node *item = parent->first; item; before = item, item = item->next) {
                if (item != child)
                        continue;
                if (before)
                        before->next = child->next;
                else
                        parent->first = child->next;
                if (parent->last == child)
                        parent->last = before;
                child->next = NULL;
                parent->count--;
                return;
        }
}

tree_node *msptk__tree_get(const tree_node *map, const char *key)
{
        if (!map || map->kind != TREE_MAP)
                return NULL;
        for (tree_node *item = map->first; item; item = item->next)
                if (strcmp(item->key, key) == 0)
                        return item;
        return NULL;
}

tree_node *msptk__tree_at(const tree_node *list, size_t index)
{
        tree_node *item;

        if (!list || list->kind != TREE_LIST)
                return NULL;
        for (item = list->first; item && index; index--)
                item = item->next;
        return item;
}

static bool one_of(const char *text, const char *const *words)
{
        for (; *words; words++)
                if (strcmp(text, *words) == 0)
                        return true;
        return false;
}

static const char *const null_words[] = { "", "~", "null", "Null", "NULL", NULL };
static const char *const true_words[] = { "true", "True", "TRUE", NULL };
static const char *const false_words[] = { "false", "False", "FALSE", NULL };

static size_t digits(const char *p)
{
        return strspn(p, "0123456789");
}

static bool looks_int(const char *p)
{
        if (*p == '-' || *p == '+')
                p++;
        return *p && !p[digits(p)];
}

/* [-+]? ( . [0-9]+ | [0-9]+ ( . [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool looks_float(const char *p)
{
        size_t whole, part = 0;

        if (*p == '-' || *p == '+')
                p++;
        whole = digits(p);
        p += whole;
        if (*p == '.') {
                part = digits(++p);
                p += part;
        }
        if (!whole && !part)
                return false;
        if (*p == 'e' || *p == 'E') {
                p++;
                if (*p == '-' || *p == '+')
                        p++;
                if (!digits(p))
                        return false;
                p += digits(p);
        }
        return !*p;
}

int32_t msptk__tree_scalar_type(const tree_node *node)
{
        if (node->kind != TREE_SCALAR)
                return 0;
        if (node->quoted)
                return TREE_STR;
        if (one_of(node->text, null_words))
                return TREE_NULL;
        if (one_of(node->text, true_words) || one_of(node->text, false_words))
                return TREE_BOOL;
        if (looks_int(node->text))
                return TREE_INT;
        return looks_float(node->text) ? TREE_FLOAT : TREE_STR;
}

bool msptk__tree_bool(const tree_node *node, bool *ret)
{
        if (msptk__tree_scalar_type(node) != TREE_BOOL)
                return false;
        *ret = one_of(node->text, true_words);
        return true;
}

bool msptk__tree_int(const tree_node *node, int64_t *ret)
{
        long long value;

        if (msptk__tree_scalar_type(node) != TREE_INT)
                return false;
        errno = 0;
        value = strtoll(node->text, NULL, 10); /* digits only: no locale in it */
        if (errno)
                return false;
        *ret = value;
        return true;
}
