/* JSON as a tree: looking at it and building it. */
#include "base/base.h"
#include "base/json_node.h"

#include <math.h>
#include <string.h>

/* ---- nodes ---- */

cJSON *msptk__node_new(int type)
{
        cJSON *node = msptk__alloc(sizeof(*node));

        if (node)
                node->type = type;
        return node;
}

/* One block for all: trees are made of many small texts. */
static cJSON *new_node(int type, const char *key, const char *text)
{
        size_t key_size = key ? strlen(key) + 1 : 0, text_size = text ? strlen(text) + 1 : 0;
        cJSON *node = msptk__alloc(sizeof(*node) + key_size + text_size);
        char *behind = (char *)(node + 1);

        if (!node)
                return NULL;
        node->type = type & ~NODE_HERE;
        if (key) {
                node->type |= NODE_KEY_HERE;
                node->string = memcpy(behind, key, key_size);
        }
        if (text) {
                node->type |= NODE_TEXT_HERE;
                node->valuestring = memcpy(behind + key_size, text, text_size);
        }
        return node;
}

cJSON *msptk__node_new_text(int type, const char *text)
{
        return new_node(type, NULL, text);
}

cJSON *msptk__node_new_int(int64_t value)
{
        char text[NUM_TEXT_MAX];
        cJSON *node;

        if (value < -INT_EXACT_MAX || value > INT_EXACT_MAX) {
                msptk__num_put_int64(text, value);
                return msptk__node_new_text(cJSON_Raw, text);
        }
        node = msptk__node_new(cJSON_Number | NODE_INT);
        if (node)
                node->valuedouble = (double)value;
        return node;
}

cJSON *msptk__node_new_uint(uint64_t value)
{
        char text[NUM_TEXT_MAX];

        if (value <= INT64_MAX)
                return msptk__node_new_int((int64_t)value);
        msptk__num_put_uint64(text, value);
        return msptk__node_new_text(cJSON_Raw, text);
}

cJSON *msptk__node_new_double(double value)
{
        cJSON *node = msptk__node_new(isfinite(value) ? cJSON_Number : cJSON_NULL);

        if (node && isfinite(value))
                node->valuedouble = value;
        return node;
}

/* Without recursion, so that no depth can exhaust the stack: children are put in front of what is
 * still to be released. */
static void free_nodes(cJSON *node)
{
        while (node) {
                cJSON *next;

                if (node->child) {
                        node->child->prev->next = node->next;
                        node->next = node->child;
                }
                next = node->next;
                if (!(node->type & NODE_TEXT_HERE))
                        msptk__free(node->valuestring);
                if (!(node->type & NODE_KEY_HERE))
                        msptk__free(node->string);
                msptk__free(node);
                node = next;
        }
}

void msptk_json_free(msptk_json *json)
{
        if (json && !json->node.prev)
                free_nodes(&json->node);
}

static cJSON *copy_node(const cJSON *node, const char *key, int32_t depth)
{
        AUTO_JSON msptk_json *copy = NULL;
        cJSON *c;

        if (depth > JSON_HARD_DEPTH)
                return NULL;
        c = new_node(node->type, key, node->valuestring);
        if (!c)
                return NULL;
        copy = json_of(c);
        c->valuedouble = node->valuedouble;
        c->valueint = node->valueint;
        for (const cJSON *from = node->child; from; from = from->next) {
                cJSON *child = copy_node(from, from->string, depth + 1);

                if (!child)
                        return NULL;
                cJSON_AddItemToArray(c, child);
        }
        return &STEAL(copy)->node;
}

msptk_json *msptk_json_copy(const msptk_json *json)
{
        return json ? json_of(copy_node(&json->node, NULL, 0)) : NULL;
}

/* ---- looking ---- */

int32_t msptk_json_type(const msptk_json *json)
{
        if (!json)
                return MSPTK_JSON_NONE;
        switch (node_kind(&json->node)) {
        case cJSON_False:
        case cJSON_True:
                return MSPTK_JSON_BOOL;
        case cJSON_Number:
                return json->node.type & NODE_INT ? MSPTK_JSON_INT : MSPTK_JSON_NUMBER;
        case cJSON_Raw:
                return MSPTK_JSON_INT;
        case cJSON_String:
                return MSPTK_JSON_STRING;
        case cJSON_Array:
                return MSPTK_JSON_ARRAY;
        case cJSON_Object:
                return MSPTK_JSON_OBJECT;
        default:
                return MSPTK_JSON_NULL;
        }
}

static cJSON *find_member(const cJSON *object, const char *key)
{
        cJSON *member = object->child;

        while (member && (*member->string != *key || strcmp(member->string, key) != 0))
                member = member->next;
        return member;
}

msptk_json *msptk_json_get(const msptk_json *object, const char *key)
{
        if (!key || msptk_json_type(object) != MSPTK_JSON_OBJECT)
                return NULL;
        return json_of(find_member(&object->node, key));
}

msptk_json *msptk_json_first(const msptk_json *json)
{
        return json ? json_of(json->node.child) : NULL;
}

msptk_json *msptk_json_next(const msptk_json *json)
{
        return json ? json_of(json->node.next) : NULL;
}

size_t msptk_json_count(const msptk_json *json)
{
        size_t count = 0;

        for (const msptk_json *j = msptk_json_first(json); j; j = msptk_json_next(j))
                count++;
        return count;
}

const char *msptk_json_key(const msptk_json *json)
{
        return json ? json->node.string : NULL;
}

const char *msptk_json_string(const msptk_json *json, const char *default_value)
{
        return msptk_json_type(json) == MSPTK_JSON_STRING ? json->node.valuestring : default_value;
}

/* The digits of an integer beyond 2^53: as it was read, or as the printer writes it. */
static const char *big_digits(const msptk_json *json)
{
        const char *text = json->node.valuestring, *digits;
        uint64_t magnitude;

        if (!text || node_kind(&json->node) == cJSON_Raw)
                return text;
        digits = text + (*text == '-');
        if (*digits == '0' || !msptk__num_uint64(digits, strlen(digits), &magnitude) ||
            magnitude <= (uint64_t)INT_EXACT_MAX)
                return NULL;
        return text;
}

int64_t msptk_json_int(const msptk_json *json, int64_t default_value)
{
        const char *digits;
        int64_t value;

        if (!json)
                return default_value;
        if (node_kind(&json->node) == cJSON_Number) {
                double number = json->node.valuedouble;

                if (fabs(number) > (double)INT_EXACT_MAX || number != (double)(int64_t)number)
                        return default_value;
                return (int64_t)number;
        }
        digits = big_digits(json);
        if (digits && msptk__num_int64(digits, strlen(digits), &value))
                return value;
        return default_value;
}

bool msptk__json_uint(const msptk_json *json, uint64_t *ret_value)
{
        int64_t value = msptk_json_int(json, -1);
        const char *digits;

        if (value >= 0) {
                *ret_value = (uint64_t)value;
                return true;
        }
        digits = json ? big_digits(json) : NULL;
        return digits && msptk__num_uint64(digits, strlen(digits), ret_value);
}

double msptk_json_double(const msptk_json *json, double default_value)
{
        double value = default_value;

        if (!json)
                return default_value;
        if (node_kind(&json->node) == cJSON_Number)
                return json->node.valuedouble;
        if (node_kind(&json->node) == cJSON_Raw)
                (void)msptk__num_double(json->node.valuestring, strlen(json->node.valuestring),
                                        &value);
        return value;
}

int32_t msptk_json_bool(const msptk_json *json, int32_t default_value)
{
        if (msptk_json_type(json) != MSPTK_JSON_BOOL)
                return default_value;
        return node_kind(&json->node) == cJSON_True;
}

static bool same_value(const cJSON *a, const cJSON *b)
{
        if ((a->type ^ b->type) & ~NODE_HERE)
                return false;
        if (node_kind(a) == cJSON_Number)
                return a->valuedouble == b->valuedouble;
        if (a->valuestring && b->valuestring)
                return !strcmp(a->valuestring, b->valuestring);
        return true;
}

static bool equal_nodes(const cJSON *a, const cJSON *b, int32_t depth)
{
        const cJSON *other = b->child;

        if (depth > JSON_HARD_DEPTH || !same_value(a, b) ||
            msptk_json_count((const msptk_json *)a) != msptk_json_count((const msptk_json *)b))
                return false;
        for (const cJSON *child = a->child; child; child = child->next) {
                const cJSON *match = other;

                if (child->string && strcmp(child->string, match->string) != 0)
                        match = find_member(b, child->string);
                if (!match || !equal_nodes(child, match, depth + 1))
                        return false;
                other = other->next;
        }
        return true;
}

bool msptk__json_equal(const msptk_json *a, const msptk_json *b)
{
        return a && b ? equal_nodes(&a->node, &b->node, 0) : a == b;
}

/* ---- building ---- */

msptk_json *msptk_json_new_object(void)
{
        return json_of(msptk__node_new(cJSON_Object));
}

msptk_json *msptk_json_new_array(void)
{
        return json_of(msptk__node_new(cJSON_Array));
}

static bool is_utf8(const char *text)
{
        return text && msptk__utf8_valid(text, strlen(text));
}

/* Puts `node` where `old` was. */
static void replace_node(cJSON *parent, cJSON *old, cJSON *node)
{
        node->next = old->next;
        node->prev = old->prev == old ? node : old->prev;
        if (node->next)
                node->next->prev = node;
        else
                parent->child->prev = node;
        if (parent->child == old)
                parent->child = node;
        else
                node->prev->next = node;
        old->prev = old->next = NULL;
        free_nodes(old);
}

/* A member that has its key. */
static void put_named(cJSON *object, cJSON *member)
{
        cJSON *old = find_member(object, member->string);

        if (old)
                replace_node(object, old, member);
        else
                cJSON_AddItemToArray(object, member);
}

/* The old key, in which the new one may lie, goes last. */
static int name_node(cJSON *node, const char *key)
{
        char *copy = msptk__strdup(key);

        if (!copy)
                return -1;
        if (!(node->type & NODE_KEY_HERE))
                msptk__free(node->string);
        node->type &= ~NODE_KEY_HERE;
        node->string = copy;
        return 0;
}

static bool takes_member(const msptk_json *object, const char *key)
{
        return msptk_json_type(object) == MSPTK_JSON_OBJECT && is_utf8(key);
}

static msptk_status put_member(msptk_json *object, const char *key, msptk_json *child)
{
        AUTO_JSON msptk_json *owned = child;

        if (!takes_member(object, key))
                return MSPTK_E_INVALID;
        if (!child || name_node(&child->node, key) < 0)
                return MSPTK_E_NOMEM;
        put_named(&object->node, &STEAL(owned)->node);
        return MSPTK_OK;
}

/* A new member, made with its key. */
static msptk_status put_value(msptk_json *object, const char *key, int type, const char *text,
                              double number)
{
        cJSON *member;

        if (!takes_member(object, key))
                return MSPTK_E_INVALID;
        member = new_node(type, key, text);
        if (!member)
                return MSPTK_E_NOMEM;
        member->valuedouble = number;
        put_named(&object->node, member);
        return MSPTK_OK;
}

static msptk_status put_last(msptk_json *array, msptk_json *child)
{
        if (msptk_json_type(array) != MSPTK_JSON_ARRAY) {
                msptk_json_free(child);
                return MSPTK_E_INVALID;
        }
        if (!child)
                return MSPTK_E_NOMEM;
        cJSON_AddItemToArray(&array->node, &child->node);
        return MSPTK_OK;
}

static msptk_json *new_string(const char *value)
{
        return json_of(value ? msptk__node_new_text(cJSON_String, value)
                             : msptk__node_new(cJSON_NULL));
}

msptk_status msptk_json_set_string(msptk_json *object, const char *key, const char *value)
{
        if (value && !is_utf8(value))
                return MSPTK_E_INVALID;
        return put_value(object, key, value ? cJSON_String : cJSON_NULL, value, 0);
}

msptk_status msptk_json_set_int(msptk_json *object, const char *key, int64_t value)
{
        char text[NUM_TEXT_MAX];

        if (value >= -INT_EXACT_MAX && value <= INT_EXACT_MAX)
                return put_value(object, key, cJSON_Number | NODE_INT, NULL, (double)value);
        msptk__num_put_int64(text, value);
        return put_value(object, key, cJSON_Raw, text, 0);
}

msptk_status msptk_json_set_double(msptk_json *object, const char *key, double value)
{
        if (!isfinite(value))
                return put_value(object, key, cJSON_NULL, NULL, 0);
        return put_value(object, key, cJSON_Number, NULL, value);
}

msptk_status msptk_json_set_bool(msptk_json *object, const char *key, int32_t value)
{
        return put_value(object, key, value ? cJSON_True : cJSON_False, NULL, 0);
}

msptk_status msptk_json_set_null(msptk_json *object, const char *key)
{
        return put_value(object, key, cJSON_NULL, NULL, 0);
}

/* A tree that may be adopted is nobody's, and not the parent itself. */
static bool is_free(const msptk_json *child, const msptk_json *parent)
{
        return !child || (!child->node.prev && child != parent);
}

msptk_status msptk_json_set(msptk_json *object, const char *key, msptk_json *child)
{
        return is_free(child, object) ? put_member(object, key, child) : MSPTK_E_INVALID;
}

msptk_status msptk_json_append(msptk_json *array, msptk_json *child)
{
        return is_free(child, array) ? put_last(array, child) : MSPTK_E_INVALID;
}

msptk_status msptk_json_append_string(msptk_json *array, const char *value)
{
        if (value && !is_utf8(value))
                return MSPTK_E_INVALID;
        return put_last(array, new_string(value));
}

msptk_status msptk__json_append_int(msptk_json *array, int64_t value)
{
        return put_last(array, json_of(msptk__node_new_int(value)));
}

msptk_status msptk__json_append_double(msptk_json *array, double value)
{
        return put_last(array, json_of(msptk__node_new_double(value)));
}

msptk_status msptk_json_remove(msptk_json *object, const char *key)
{
        msptk_json *member;

        if (!key || msptk_json_type(object) != MSPTK_JSON_OBJECT)
                return MSPTK_E_INVALID;
        member = msptk_json_get(object, key);
        if (!member)
                return MSPTK_E_NOTFOUND;
        cJSON_DetachItemViaPointer(&object->node, &member->node);
        msptk_json_free(member);
        return MSPTK_OK;
}
