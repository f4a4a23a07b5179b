/*
 * What came with a call of a tool: checked against the schema that the tool list shows, so that a
 * mistake is answered with the field, what was expected and what was given; then split into what is
 * the operation's and what is this door's. The library checks the operation's part again.
 */
#include "mcp/inside.h"

#include <inttypes.h>

enum { GOT_CAP = 80 };

static char *shown_value(const msptk_json *v)
{
        char *printed = print_tree(v), *made = safe(printed, GOT_CAP);

        free(printed);
        return made;
}

static bool wrong(problem *p, const char *field, const msptk_json *got, text *expected)
{
        *p = (problem){ .field = safe(field, GOT_CAP),
                        .expected = expected->data ? expected->data : copy_text(""),
                        .got = got ? shown_value(got) : NULL };
        return false;
}

/* ---- a value against its schema: the words that the operation table uses ---- */

static bool type_fits(const msptk_json *schema, const msptk_json *v)
{
        const char *type = get_str(schema, "type");
        int32_t is = msptk_json_type(v);

        if (!type)
                return true;
        if (!strcmp(type, "integer"))
                return is == MSPTK_JSON_INT;
        if (!strcmp(type, "number"))
                return is == MSPTK_JSON_INT || is == MSPTK_JSON_NUMBER;
        if (!strcmp(type, "boolean"))
                return is == MSPTK_JSON_BOOL;
        if (!strcmp(type, "array"))
                return is == MSPTK_JSON_ARRAY;
        if (!strcmp(type, "object"))
                return is == MSPTK_JSON_OBJECT;
        return is == MSPTK_JSON_STRING;
}

static size_t characters(const char *s)
{
        size_t n = 0;

        for (; *s; s++)
                n += ((unsigned char)*s & 0xc0) != 0x80;
        return n;
}

/* The other names that the row accepts ({"disk-space": "disk"}) are not in the schema. */
static bool is_alias(const msptk_json *param, const char *word)
{
        return msptk_json_get(msptk_json_get(param, "aliases"), word) != NULL;
}

static bool in_enum(const msptk_json *schema, const msptk_json *param, const msptk_json *v,
                    text *expected)
{
        const msptk_json *values = msptk_json_get(schema, "enum");
        const char *word = msptk_json_string(v, "");

        if (!values || is_alias(param, word))
                return true;
        for (const msptk_json *i = msptk_json_first(values); i; i = msptk_json_next(i))
                if (!strcmp(msptk_json_string(i, ""), word))
                        return true;
        text_add(expected, "one of ");
        for (const msptk_json *i = msptk_json_first(values); i; i = msptk_json_next(i))
                text_addf(expected, "%s%s", i == msptk_json_first(values) ? "" : ", ",
                          msptk_json_string(i, ""));
        return false;
}

static bool bound(const msptk_json *schema, const char *word, double value, bool least,
                  const char *what, text *expected)
{
        const msptk_json *b = msptk_json_get(schema, word);
        double limit = msptk_json_double(b, 0);

        if (!b || (least ? value >= limit : value <= limit))
                return true;
        text_addf(expected, "%s %.15g%s%s", least ? "at least" : "at most", limit, *what ? " " : "",
                  what);
        return false;
}

static bool in_bounds(const msptk_json *schema, const msptk_json *v, text *expected)
{
        double n;

        switch (msptk_json_type(v)) {
        case MSPTK_JSON_INT:
        case MSPTK_JSON_NUMBER:
                n = msptk_json_double(v, 0);
                return bound(schema, "minimum", n, true, "", expected) &&
                       bound(schema, "maximum", n, false, "", expected);
        case MSPTK_JSON_STRING:
                n = (double)characters(msptk_json_string(v, ""));
                return bound(schema, "minLength", n, true, "characters", expected) &&
                       bound(schema, "maxLength", n, false, "characters", expected);
        case MSPTK_JSON_ARRAY:
                n = (double)msptk_json_count(v);
                return bound(schema, "minItems", n, true, "items", expected) &&
                       bound(schema, "maxItems", n, false, "items", expected);
        case MSPTK_JSON_OBJECT:
                n = (double)msptk_json_count(v);
                return bound(schema, "maxProperties", n, false, "members", expected);
        default:
                return true;
        }
}

static bool value_fits(const char *field, const msptk_json *schema, const msptk_json *param,
                       const msptk_json *v, problem *ret)
{
        const msptk_json *items = msptk_json_get(schema, "items");
        text expected = { 0 };

        if (!type_fits(schema, v)) {
                text_addf(&expected, "%s", get_str(schema, "type"));
                return wrong(ret, field, v, &expected);
        }
        if (!in_enum(schema, param, v, &expected) || !in_bounds(schema, v, &expected))
                return wrong(ret, field, v, &expected);
        if (msptk_json_type(v) == MSPTK_JSON_ARRAY && items)
                for (const msptk_json *i = msptk_json_first(v); i; i = msptk_json_next(i))
                        if (!value_fits(field, items, param, i, ret))
                                return false;
        return true;
}

/* ---- all of them ---- */

static bool unknown_field(const msptk_json *properties, const char *key, const msptk_json *v,
                          problem *ret)
{
        const char *names[64], *near;
        size_t n = 0;
        text expected = { 0 }, suggestion = { 0 };

        text_add(&expected, "one of ");
        for (const msptk_json *p = msptk_json_first(properties); p; p = msptk_json_next(p)) {
                if (n < sizeof(names) / sizeof(names[0]))
                        names[n++] = msptk_json_key(p);
                text_addf(&expected, "%s%s", n > 1 ? ", " : "", msptk_json_key(p));
        }
        wrong(ret, key, v, &expected);
        near = nearest_word(key, names, n);
        if (near)
                text_addf(&suggestion, "did you mean %s?", near);
        else
                text_addf(&suggestion, "leave it out; there are %s", ret->expected + 7);
        ret->suggestion = suggestion.data;
        return false;
}

static const msptk_json *param_of(const tool *o, const char *name)
{
        const msptk_json *params = msptk_json_get(o->row, "params");

        for (const msptk_json *p = msptk_json_first(params); p; p = msptk_json_next(p))
                if (!strcmp(get_str(p, "name"), name))
                        return p;
        return NULL;
}

static bool all_fit(const tool *o, const msptk_json *given, problem *ret)
{
        const msptk_json *schema = msptk_json_get(o->entry, "inputSchema");
        const msptk_json *properties = msptk_json_get(schema, "properties");
        const msptk_json *required = msptk_json_get(schema, "required");
        const msptk_json *full =
                msptk_json_get(msptk_json_get(o->row, "input_schema"), "properties");
        text expected = { 0 };

        for (const msptk_json *v = msptk_json_first(given); v; v = msptk_json_next(v)) {
                const char *key = msptk_json_key(v);
                const msptk_json *one = msptk_json_get(properties, key);

                if (!one)
                        return unknown_field(properties, key, v, ret);
                /* the complete schema of the row has bounds that the list leaves out */
                if (msptk_json_get(full, key))
                        one = msptk_json_get(full, key);
                if (!value_fits(key, one, param_of(o, key), v, ret))
                        return false;
        }
        for (const msptk_json *r = msptk_json_first(required); r; r = msptk_json_next(r))
                if (!msptk_json_get(given, msptk_json_string(r, ""))) {
                        text_add(&expected, "given: it is required");
                        return wrong(ret, msptk_json_string(r, ""), NULL, &expected);
                }
        return true;
}

static char *text_or_null(const msptk_json *given, const char *key)
{
        const char *s = get_str(given, key);

        return s ? copy_text(s) : NULL;
}

/* Those that describe.c adds to the row's own. */
static bool is_of_door(const tool *o, const char *key)
{
        static const char *const keys[] = { "response_format", "max_tokens", "confirmation_token",
                                            "idempotency_key", "limit" };

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                if (!strcmp(keys[i], key))
                        return o->rows || strcmp(key, "limit") != 0;
        return false;
}

bool take_arguments(const tool *o, const msptk_json *given, tool_args *ret, problem *ret_problem)
{
        *ret = (tool_args){ 0 };
        *ret_problem = (problem){ 0 };
        if (!all_fit(o, given, ret_problem))
                return false;
        ret->values = new_object();
        for (const msptk_json *v = msptk_json_first(given); v; v = msptk_json_next(v))
                if (!is_of_door(o, msptk_json_key(v)))
                        put(ret->values, msptk_json_key(v), copy_tree(v));
        ret->detailed = !strcmp(msptk_json_string(msptk_json_get(given, "response_format"), ""),
                                "detailed");
        ret->max_tokens = msptk_json_int(msptk_json_get(given, "max_tokens"), TOKENS_DEFAULT);
        ret->limit = msptk_json_int(msptk_json_get(given, "limit"), 0);
        ret->confirmation_token = text_or_null(given, "confirmation_token");
        ret->idempotency_key = text_or_null(given, "idempotency_key");
        return true;
}

void arguments_clear(tool_args *a)
{
        msptk_json_free(a->values);
        free(a->confirmation_token);
        free(a->idempotency_key);
        *a = (tool_args){ 0 };
}

void problem_clear(problem *p)
{
        free(p->field);
        free(p->expected);
        free(p->got);
        free(p->suggestion);
        *p = (problem){ 0 };
}
