/* A YAML document as a bounded tree of nodes; every node knows the line and column it came from.
 * Used by the configuration and by whatever else we read as YAML. */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include "base/base.h"

enum { TREE_SCALAR = 1, TREE_LIST = 2, TREE_MAP = 3 };
/* What a plain (unquoted) scalar is in YAML 1.2's core schema. */
enum { TREE_NULL = 1, TREE_BOOL = 2, TREE_INT = 3, TREE_FLOAT = 4, TREE_STR = 5 };

enum { TREE_MAX_DEPTH = 32, TREE_MAX_NODES = 100000, TREE_MAX_BYTES = 1024 * 1024 };

/* Where a node came from; for a file, line and column of the node itself count. */
typedef struct tree_source {
        const char *name; /* file name, variable or option; outlives the tree */
        int32_t kind;     /* the reader's own numbering; 0 for a file */
        int32_t line;     /* for a line of another file (.env); 0 otherwise */
} tree_source;

typedef struct tree_node {
        struct tree_node *next;         /* the next item of the parent */
        struct tree_node *first, *last; /* items of a list or map */
        char *key;                      /* of an item of a map; NULL otherwise */
        char *text;                     /* of a scalar, NUL-terminated, valid UTF-8, without NUL */
        const tree_source *source;      /* NULL for the document itself */
        size_t count;                   /* items */
        int32_t line, column;           /* of the value, 1-based, columns in characters */
        int32_t key_line, key_column;   /* of the key */
        int8_t kind;
        bool quoted; /* a scalar that was quoted or a block: always a string */
} tree_node;

/* Reads one document. An empty one gives an empty map. Refuses anchors, aliases, tags, duplicate
 * keys, a second document, keys that are not scalars, bad UTF-8, NUL, and what exceeds the limits
 * above; every error names `name`, line and column. MSPTK_E_PARSE, MSPTK_E_TOOBIG, MSPTK_E_NOMEM.
 */
msptk_status msptk__tree_read(const char *name, const char *text, size_t len, tree_node **ret,
                              msptk_error **ret_err);
/* The position of the failure of the last read, for findings; 0 when unknown. */
msptk_status msptk__tree_read_at(const char *name, const char *text, size_t len, tree_node **ret,
                                 int32_t *ret_line, int32_t *ret_column, msptk_error **ret_err);
void msptk__tree_free(tree_node *node);

/* The item of a map, or NULL (also when `map` is NULL or no map). */
tree_node *msptk__tree_get(const tree_node *map, const char *key);
tree_node *msptk__tree_at(const tree_node *list, size_t index);

/* TREE_NULL ... TREE_STR of a scalar; 0 for lists and maps. */
int32_t msptk__tree_scalar_type(const tree_node *node);
/* Strict readers: the whole scalar or false. */
bool msptk__tree_bool(const tree_node *node, bool *ret);
bool msptk__tree_int(const tree_node *node, int64_t *ret);

/* For trees made by hand: a detached node with a copied text (NULL for lists and maps), and adding
 * it to a parent under a copied key (NULL in a list). NULL / MSPTK_E_NOMEM when out of memory; a
 * failed addition leaves the child with the caller. */
tree_node *msptk__tree_new(int32_t kind, const char *text, const tree_source *source);
msptk_status msptk__tree_add(tree_node *parent, const char *key, tree_node *child);
/* Takes a child out of its parent without freeing it. */
void msptk__tree_remove(tree_node *parent, tree_node *child);

DEFINE_AUTO_FREE(msptk__auto_tree, tree_node, msptk__tree_free)
#define AUTO_TREE __attribute__((cleanup(msptk__auto_tree)))

#endif
