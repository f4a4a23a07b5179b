/* JSON documents: a strict reader, a tree to look at and to build, and a printer.
 *
 * Reading is RFC 8259 and nothing else. Integers keep their exact value over the whole range of
 * int64_t and uint64_t; they are printed as numbers up to 2^53 and as strings beyond, because many
 * readers of JSON would round them. A tree belongs to one thread at a time. */
#ifndef MSPTK_JSON_H
#define MSPTK_JSON_H

#include <msptk/core.h>
#include <msptk/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A value and, when it is an array or object, all values below it. */
typedef struct msptk_json msptk_json;

/* What msptk_json_type() answers. Values are ABI: appended, never renumbered. */
enum {
        MSPTK_JSON_NONE = 0, /* no value at all: the pointer was NULL */
        MSPTK_JSON_NULL = 1,
        MSPTK_JSON_BOOL = 2,
        MSPTK_JSON_INT = 3,    /* a number written without fraction and exponent */
        MSPTK_JSON_NUMBER = 4, /* any other number */
        MSPTK_JSON_STRING = 5,
        MSPTK_JSON_ARRAY = 6,
        MSPTK_JSON_OBJECT = 7
};

/* Flags of msptk_json_print(). */
enum {
        MSPTK_JSON_PRETTY = 1 /* one member per line, indented by two spaces */
};

/**
 * Read a JSON text: strict RFC 8259, UTF-8, no duplicate keys, at most 16 MiB and 64 levels.
 *
 * @text     need not end with NUL; may hold one value and white space, nothing after it
 * @len      its length in bytes
 * @ret_doc  on success owned by the caller, release with msptk_json_free()
 * @ret_err  optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_PARSE with line, column and what was expected, or MSPTK_E_TOOBIG.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_status msptk_json_parse(const char *text, size_t len, msptk_json **ret_doc,
                                        msptk_error **ret_err);

/**
 * Write a value as JSON text; keys in the order in which they were set.
 *
 * @json      borrowed; NULL is written as null
 * @flags     0 or MSPTK_JSON_PRETTY
 * @ret_text  on success owned by the caller, release with msptk_string_free()
 * @ret_err   optional; on failure owned by the caller, release with msptk_error_free()
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID for unknown flags, or MSPTK_E_TOOBIG beyond 512 levels or 1
 * GiB. Thread: same as the tree.   Since: 0.1
 */
MSPTK_API msptk_status msptk_json_print(const msptk_json *json, uint64_t flags, char **ret_text,
                                        msptk_error **ret_err);

/**
 * Release a tree. Only its root is released; a value inside a tree dies with it.
 *
 * @json  may be NULL; a value that is inside a tree is left alone
 *
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API void msptk_json_free(msptk_json *json);

/**
 * Copy a value with everything below it into a tree of its own, without its key.
 *
 * @json  borrowed; may be inside a tree
 *
 * Returns a tree owned by the caller, or NULL when out of memory, beyond 512 levels, or for NULL.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API msptk_json *msptk_json_copy(const msptk_json *json);

/**
 * What kind of value it is.
 *
 * @json  borrowed; may be NULL
 *
 * Returns one of MSPTK_JSON_NULL ... MSPTK_JSON_OBJECT; MSPTK_JSON_NONE for NULL.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API int32_t msptk_json_type(const msptk_json *json);

/**
 * Look a member of an object up. Keys are compared byte by byte.
 *
 * @object  borrowed; may be NULL or not an object, then nothing is found
 * @key     the member's name
 *
 * Returns the value, borrowed from the tree, or NULL.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API msptk_json *msptk_json_get(const msptk_json *object, const char *key);

/**
 * How many members an object, or elements an array has. Takes time proportional to the answer.
 *
 * @json  borrowed; may be NULL
 *
 * Returns the number; 0 for NULL and for other values.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API size_t msptk_json_count(const msptk_json *json);

/**
 * First element of an array or member of an object, to walk with msptk_json_next().
 *
 * @json  borrowed; may be NULL
 *
 * Returns the value, borrowed from the tree, or NULL when there is none.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API msptk_json *msptk_json_first(const msptk_json *json);

/**
 * The element or member after this one.
 *
 * @json  borrowed; a value inside an array or object
 *
 * Returns the value, borrowed from the tree, or NULL after the last one.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API msptk_json *msptk_json_next(const msptk_json *json);

/**
 * The name of a member of an object.
 *
 * @json  borrowed; may be NULL
 *
 * Returns text borrowed from the tree; NULL when the value is not a member of an object.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API const char *msptk_json_key(const msptk_json *json);

/**
 * The text of a string.
 *
 * @json           borrowed; may be NULL
 * @default_value  the answer when it is not a string; may be NULL
 *
 * Returns text borrowed from the tree, or `default_value`.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API const char *msptk_json_string(const msptk_json *json, const char *default_value);

/**
 * The value of an integer, of a number that is whole and exact (5.0), or of a string that
 * msptk_json_print() made of an integer beyond 2^53.
 *
 * @json           borrowed; may be NULL
 * @default_value  the answer when it is nothing of these, or does not fit
 *
 * Returns the value or `default_value`.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API int64_t msptk_json_int(const msptk_json *json, int64_t default_value);

/**
 * The value of a number, integers included; beyond 2^53 these are rounded.
 *
 * @json           borrowed; may be NULL
 * @default_value  the answer when it is not a number
 *
 * Returns the value or `default_value`.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API double msptk_json_double(const msptk_json *json, double default_value);

/**
 * The value of true or false.
 *
 * @json           borrowed; may be NULL
 * @default_value  the answer when it is neither
 *
 * Returns 1, 0 or `default_value`.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API int32_t msptk_json_bool(const msptk_json *json, int32_t default_value);

/**
 * Make an empty object.
 *
 * Returns a tree owned by the caller, or NULL when out of memory.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_json *msptk_json_new_object(void);

/**
 * Make an empty array.
 *
 * Returns a tree owned by the caller, or NULL when out of memory.
 * Thread: any.   Since: 0.1
 */
MSPTK_API msptk_json *msptk_json_new_array(void);

/**
 * Set a member to a string; an existing member keeps its place.
 *
 * @object  borrowed
 * @key     copied; UTF-8
 * @value   copied; UTF-8; NULL sets null
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID (not an object, or not UTF-8), MSPTK_E_NOMEM.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API msptk_status msptk_json_set_string(msptk_json *object, const char *key,
                                             const char *value);

/**
 * Set a member to an integer; an existing member keeps its place.
 *
 * @object  borrowed
 * @key     copied; UTF-8
 * @value   any
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID (not an object, or not UTF-8), MSPTK_E_NOMEM.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API msptk_status msptk_json_set_int(msptk_json *object, const char *key, int64_t value);

/**
 * Set a member to a number; an existing member keeps its place.
 *
 * @object  borrowed
 * @key     copied; UTF-8
 * @value   not a number and infinity set null
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID (not an object, or not UTF-8), MSPTK_E_NOMEM.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API msptk_status msptk_json_set_double(msptk_json *object, const char *key, double value);

/**
 * Set a member to true or false; an existing member keeps its place.
 *
 * @object  borrowed
 * @key     copied; UTF-8
 * @value   0 is false, anything else is true
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID (not an object, or not UTF-8), MSPTK_E_NOMEM.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API msptk_status msptk_json_set_bool(msptk_json *object, const char *key, int32_t value);

/**
 * Set a member to null; an existing member keeps its place.
 *
 * @object  borrowed
 * @key     copied; UTF-8
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID (not an object, or not UTF-8), MSPTK_E_NOMEM.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API msptk_status msptk_json_set_null(msptk_json *object, const char *key);

/**
 * Set a member to a tree, which then belongs to the object; an existing member keeps its place.
 *
 * @object  borrowed; must not be inside `child`
 * @key     copied; UTF-8
 * @child   taken over, released also on failure; one that is already inside a tree is refused and
 *          left where it is; NULL means that making it failed, and answers MSPTK_E_NOMEM
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID (not an object, not UTF-8, child not free),
 * MSPTK_E_NOMEM.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API msptk_status msptk_json_set(msptk_json *object, const char *key, msptk_json *child);

/**
 * Put a tree, which then belongs to the array, at the array's end. Takes constant time.
 *
 * @array  borrowed; must not be inside `child`
 * @child  taken over, released also on failure; one that is already inside a tree is refused and
 *         left where it is; NULL means that making it failed, and answers MSPTK_E_NOMEM
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID (not an array, child not free), MSPTK_E_NOMEM.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API msptk_status msptk_json_append(msptk_json *array, msptk_json *child);

/**
 * Put a string at the end of an array.
 *
 * @array  borrowed
 * @value  copied; UTF-8; NULL appends null
 *
 * Returns MSPTK_OK, MSPTK_E_INVALID (not an array, or not UTF-8), MSPTK_E_NOMEM.
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API msptk_status msptk_json_append_string(msptk_json *array, const char *value);

/**
 * Remove a member from an object and release it.
 *
 * @object  borrowed
 * @key     the member's name
 *
 * Returns MSPTK_OK, MSPTK_E_NOTFOUND, MSPTK_E_INVALID (not an object).
 * Thread: same as the tree.   Since: 0.1
 */
MSPTK_API msptk_status msptk_json_remove(msptk_json *object, const char *key);

#ifdef __cplusplus
}
#endif
#endif
