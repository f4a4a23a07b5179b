/* What a JSON value is inside: a cJSON node, linked as cJSON links them (the first child's `prev`
 * is the last child). Of cJSON only functions that allocate nothing are used, because its memory
 * goes through hooks that belong to the whole process; nodes and texts are allocated here. */
#ifndef BASE_JSON_NODE_H
#define BASE_JSON_NODE_H

#include <cjson/cJSON.h>

#include "base/json.h"

struct msptk_json {
        cJSON node;
};

/* A number that was an integer as text. Beyond 2^53 an integer is a cJSON_Raw with its digits. */
enum { NODE_INT = 1 << 16 };
/* The key, the text stand behind the node in its own block, and go with it. */
enum { NODE_KEY_HERE = 1 << 17, NODE_TEXT_HERE = 1 << 18 };
#define NODE_HERE (NODE_KEY_HERE | NODE_TEXT_HERE)

#define INT_EXACT_MAX (INT64_C(1) << 53) /* the largest integer that every reader of JSON keeps */

static inline msptk_json *json_of(cJSON *node)
{
        return (msptk_json *)node;
}

static inline int node_kind(const cJSON *node)
{
        return node->type & 0xff;
}

/* Each returns a node of no tree, or NULL when out of memory. */
cJSON *msptk__node_new(int type);
cJSON *msptk__node_new_int(int64_t value);
cJSON *msptk__node_new_uint(uint64_t value);
cJSON *msptk__node_new_double(double value);
cJSON *msptk__node_new_text(int type, const char *text);

#endif
