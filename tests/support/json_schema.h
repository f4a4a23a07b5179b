/* A validator of the part of JSON Schema (2020-12) that the operation table uses. */
#ifndef TESTS_JSON_SCHEMA_H
#define TESTS_JSON_SCHEMA_H

#include <msptk/json.h>

#include "support.h"
#include "base/base.h"

static const char *const schema_words[] = {
        "type",     "description",   "properties", "required",  "additionalProperties",
        "enum",     "minimum",       "maximum",    "minLength", "maxLength",
        "minItems", "maxItems",      "items",      "pattern",   "default",
        "const",    "maxProperties", "title",      "format",    NULL,
};

#define SLUG_PATTERN "^[a-z0-9](-?[a-z0-9])*$"

static bool schema_is_type(const msptk_json *v, const char *type)
{
        double d = msptk_json_double(v, 0.5);

        switch (msptk_json_type(v)) {
        case MSPTK_JSON_NULL:
                return !strcmp(type, "null");
        case MSPTK_JSON_BOOL:
                return !strcmp(type, "boolean");
        case MSPTK_JSON_INT:
                return !strcmp(type, "integer") || !strcmp(type, "number");
        case MSPTK_JSON_NUMBER:
                return !strcmp(type, "number") ||
                       (!strcmp(type, "integer") && d == (double)(int64_t)d);
        case MSPTK_JSON_STRING:
                return !strcmp(type, "string");
        case MSPTK_JSON_ARRAY:
                return !strcmp(type, "array");
        default:
                return !strcmp(type, "object");
        }
}

static const msptk_json *schema_at(const msptk_json *schema, const char *key)
{
        return msptk_json_get(schema, key);
}

static bool schema_type_ok(const msptk_json *schema, const msptk_json *v)
{
        const msptk_json *type = schema_at(schema, "type");

        if (!type)
                return true;
        if (msptk_json_type(type) == MSPTK_JSON_STRING)
                return schema_is_type(v, msptk_json_string(type, ""));
        for (const msptk_json *t = msptk_json_first(type); t; t = msptk_json_next(t))
                if (schema_is_type(v, msptk_json_string(t, "")))
                        return true;
        return false;
}

static bool schema_within(const msptk_json *schema, const char *low, const char *high, double value)
{
        const msptk_json *min = schema_at(schema, low), *max = schema_at(schema, high);

        return !(min && value < msptk_json_double(min, 0)) &&
               !(max && value > msptk_json_double(max, 0));
}

static bool schema_in_enum(const msptk_json *schema, const msptk_json *v)
{
        const msptk_json *words = schema_at(schema, "enum"), *only = schema_at(schema, "const");

        if (only && !msptk__json_equal(only, v))
                return false;
        if (!words)
                return true;
        for (const msptk_json *w = msptk_json_first(words); w; w = msptk_json_next(w))
                if (msptk__json_equal(w, v))
                        return true;
        return false;
}

static bool schema_accepts(const msptk_json *schema, const msptk_json *v, char *why, size_t cap);

static bool schema_object_ok(const msptk_json *schema, const msptk_json *v, char *why, size_t cap)
{
        const msptk_json *properties = schema_at(schema, "properties"), *required;
        bool closed = schema_at(schema, "additionalProperties") &&
                      !msptk_json_bool(schema_at(schema, "additionalProperties"), 1);

        for (const msptk_json *m = msptk_json_first(v); m; m = msptk_json_next(m)) {
                const msptk_json *sub = msptk_json_get(properties, msptk_json_key(m));

                if (!sub && closed) {
                        snprintf(why, cap, "unknown property '%s'", msptk_json_key(m));
                        return false;
                }
                if (sub && !schema_accepts(sub, m, why, cap))
                        return false;
        }
        required = schema_at(schema, "required");
        for (const msptk_json *r = msptk_json_first(required); r; r = msptk_json_next(r))
                if (!msptk_json_get(v, msptk_json_string(r, ""))) {
                        snprintf(why, cap, "lacks '%s'", msptk_json_string(r, ""));
                        return false;
                }
        return schema_within(schema, "minProperties", "maxProperties", (double)msptk_json_count(v));
}

/* Whether the value is valid; `why` names what is not. */
static bool schema_accepts(const msptk_json *schema, const msptk_json *v, char *why, size_t cap)
{
        const char *key = msptk_json_key(v), *text = msptk_json_string(v, NULL);
        const char *pattern = msptk_json_string(schema_at(schema, "pattern"), NULL);

        snprintf(why, cap, "type of '%s'", key ? key : "");
        if (!schema_type_ok(schema, v))
                return false;
        snprintf(why, cap, "value of '%s'", key ? key : "");
        if (!schema_in_enum(schema, v))
                return false;
        switch (msptk_json_type(v)) {
        case MSPTK_JSON_INT:
        case MSPTK_JSON_NUMBER:
                return schema_within(schema, "minimum", "maximum", msptk_json_double(v, 0));
        case MSPTK_JSON_STRING:
                if (pattern && !strcmp(pattern, SLUG_PATTERN) && strlen(text) <= SLUG_MAX &&
                    !msptk__slug_valid(text))
                        return false;
                return schema_within(schema, "minLength", "maxLength",
                                     (double)msptk__utf8_count(text, strlen(text)));
        case MSPTK_JSON_ARRAY:
                for (const msptk_json *i = msptk_json_first(v); i; i = msptk_json_next(i))
                        if (schema_at(schema, "items") &&
                            !schema_accepts(schema_at(schema, "items"), i, why, cap))
                                return false;
                return schema_within(schema, "minItems", "maxItems", (double)msptk_json_count(v));
        case MSPTK_JSON_OBJECT:
                return schema_object_ok(schema, v, why, cap);
        default:
                return true;
        }
}

/* Only words of the subset, in every place where a schema may stand. */
static inline __attribute__((unused)) bool schema_is_subset(const msptk_json *schema, char *why,
                                                            size_t cap)
{
        const msptk_json *items = schema_at(schema, "items");
        const msptk_json *properties = schema_at(schema, "properties");

        snprintf(why, cap, "a schema is no object");
        if (msptk_json_type(schema) != MSPTK_JSON_OBJECT)
                return false;
        for (const msptk_json *m = msptk_json_first(schema); m; m = msptk_json_next(m)) {
                bool known = false;

                for (const char *const *w = schema_words; *w; w++)
                        known = known || !strcmp(*w, msptk_json_key(m));
                snprintf(why, cap, "word '%s'", msptk_json_key(m));
                if (!known)
                        return false;
        }
        if (items && !schema_is_subset(items, why, cap))
                return false;
        for (const msptk_json *p = msptk_json_first(properties); p; p = msptk_json_next(p))
                if (!schema_is_subset(p, why, cap))
                        return false;
        return true;
}

#endif
