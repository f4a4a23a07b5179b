/*
 * A row of the operation table as an entry of the tool list. All of it comes from the row, in the
 * lean form that the table has for agents; this door adds how much of a result is wanted, how a
 * change is confirmed, and that an error is a result too.
 */
#include "mcp/inside.h"

/* ---- input ---- */

static msptk_json *put_typed(msptk_json *properties, const char *name, const char *type)
{
        msptk_json *p = put_object(properties, name);

        put_str(p, "type", type);
        return p;
}

static void put_paging(msptk_json *properties)
{
        msptk_json *p = put_typed(properties, "response_format", "string"), *values;

        values = put_array(p, "enum");
        add_str(values, "concise");
        add_str(values, "detailed");
        p = put_typed(properties, "max_tokens", "integer");
        put_int(p, "minimum", TOKENS_LEAST);
        put_int(p, "maximum", TOKENS_MOST);
        put_int(p, "default", TOKENS_DEFAULT);
}

static msptk_json *input_schema(const tool *o)
{
        msptk_json *schema =
                copy_tree(msptk_json_get(msptk_json_get(o->row, "tool_schemas"), "input"));
        msptk_json *properties = msptk_json_get(schema, "properties");

        if (o->rows)
                put_paging(properties);
        if (o->writes) {
                put_int(put_typed(properties, "confirmation_token", "string"), "maxLength",
                        CONFIRMATION_MAX);
                put_int(put_typed(properties, "idempotency_key", "string"), "maxLength",
                        IDEMPOTENCY_MAX);
        }
        return schema;
}

/* ---- output: a result of the row, an error, or (of tools that change) a confirmation ---- */

static void add_alternative(msptk_json *any, const char *member)
{
        add_str(put_array(add_object(any), "required"), member);
}

static msptk_json *output_schema(const tool *o)
{
        msptk_json *schema =
                copy_tree(msptk_json_get(msptk_json_get(o->row, "tool_schemas"), "output"));
        msptk_json *any = new_array();

        put(add_object(any), "required", copy_tree(msptk_json_get(schema, "required")));
        add_alternative(any, "error");
        if (o->writes)
                add_alternative(any, "confirmation");
        msptk_json_remove(schema, "required");
        put_typed(msptk_json_get(schema, "properties"), "error", "object");
        put(schema, "anyOf", any);
        return schema;
}

static msptk_json *annotations(const tool *o)
{
        msptk_json *a = new_object();

        put_bool(a, "readOnlyHint", !o->writes);
        put_bool(a, "destructiveHint", !strcmp(get_str(o->row, "effect"), "destructive"));
        put_bool(a, "idempotentHint", msptk_json_bool(msptk_json_get(o->row, "idempotent"), 0));
        put_bool(a, "openWorldHint", o->outside);
        return a;
}

msptk_json *describe_tool(const tool *o)
{
        msptk_json *entry = new_object();

        put_str(entry, "name", o->name);
        put_str(entry, "title", get_str(o->row, "title"));
        put_str(entry, "description", get_str(o->row, "description"));
        put(entry, "inputSchema", input_schema(o));
        put(entry, "outputSchema", output_schema(o));
        put(entry, "annotations", annotations(o));
        return entry;
}
