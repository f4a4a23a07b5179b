/*
 * Building JSON trees without a path for every failure: out of memory ends the program (need()).
 * Strings that come from outside must be UTF-8 (those of parsed JSON are).
 */
#ifndef MCP_TREE_H
#define MCP_TREE_H

#include <stdlib.h>
#include <string.h>

#include <msptk/json.h>

#include "common/text.h"

/* A failure that is not about memory is a mistake of the program: it is shown, not hidden. */
static inline void put_ok(msptk_status st)
{
        if (st == MSPTK_E_NOMEM)
                need(NULL);
        if (st < 0)
                abort();
}

static inline msptk_json *new_object(void)
{
        return need(msptk_json_new_object());
}

static inline msptk_json *new_array(void)
{
        return need(msptk_json_new_array());
}

/* The copy of a value; a copy of NULL is NULL. */
static inline msptk_json *copy_tree(const msptk_json *json)
{
        return json ? need(msptk_json_copy(json)) : NULL;
}

/* `value` is UTF-8, or NULL for null. */
static inline void put_str(msptk_json *object, const char *key, const char *value)
{
        put_ok(msptk_json_set_string(object, key, value));
}

/* Nothing is set when `value` is NULL. */
static inline void put_str_if(msptk_json *object, const char *key, const char *value)
{
        if (value)
                put_str(object, key, value);
}

static inline void put_int(msptk_json *object, const char *key, int64_t value)
{
        put_ok(msptk_json_set_int(object, key, value));
}

static inline void put_double(msptk_json *object, const char *key, double value)
{
        put_ok(msptk_json_set_double(object, key, value));
}

static inline void put_bool(msptk_json *object, const char *key, bool value)
{
        put_ok(msptk_json_set_bool(object, key, value));
}

static inline void put_null(msptk_json *object, const char *key)
{
        put_ok(msptk_json_set_null(object, key));
}

/* Takes `child` over and returns it, to be filled further. */
static inline msptk_json *put(msptk_json *object, const char *key, msptk_json *child)
{
        put_ok(msptk_json_set(object, key, child));
        return child;
}

static inline msptk_json *put_object(msptk_json *object, const char *key)
{
        return put(object, key, new_object());
}

static inline msptk_json *put_array(msptk_json *object, const char *key)
{
        return put(object, key, new_array());
}

/* Takes `child` over and returns it. */
static inline msptk_json *add(msptk_json *array, msptk_json *child)
{
        put_ok(msptk_json_append(array, child));
        return child;
}

static inline msptk_json *add_object(msptk_json *array)
{
        return add(array, new_object());
}

static inline void add_str(msptk_json *array, const char *value)
{
        put_ok(msptk_json_append_string(array, value));
}

/* The text of a tree; in memory of the caller, free(). */
static inline char *print_tree(const msptk_json *json)
{
        char *made = NULL, *copy;

        put_ok(msptk_json_print(json, 0, &made, NULL));
        copy = copy_text(made);
        msptk_string_free(made);
        return copy;
}

/* ---- looking ---- */

static inline const char *get_str(const msptk_json *object, const char *key)
{
        return msptk_json_string(msptk_json_get(object, key), NULL);
}

static inline bool is_object(const msptk_json *json)
{
        return msptk_json_type(json) == MSPTK_JSON_OBJECT;
}

#endif
