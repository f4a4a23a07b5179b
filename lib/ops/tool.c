/*
 * What a tool of agents shows of its row. An agent pays for every byte of a tool before it has
 * asked anything, so these schemas say what it needs to call and to read: no bound that the check
 * of arguments tells anyway, no description of what its name tells, of results the keys that
 * matter. All that the complete schemas accept, these accept.
 */
#define ROOM "ops"
#include "ops/ops.h"

#include <string.h>

static bool has_word(const char *words, const char *word, size_t len)
{
        for (const char *at = words; at && *(at += strspn(at, " ")); at += strcspn(at, " "))
                if (strcspn(at, " ") == len && !strncmp(at, word, len))
                        return true;
        return false;
}

static void lean_param(msptk_json *schema, const op_param *p)
{
        static const char *const dropped[] = { "minLength", "minItems", "maxProperties",
                                               "pattern" };
        msptk_json *items = msptk_json_get(schema, "items");

        for (size_t i = 0; i < ARRAY_LEN(dropped); i++)
                msptk_json_remove(schema, dropped[i]);
        if (items)
                msptk_json_remove(items, "minLength");
        if (p->flags & OP_PLAIN)
                msptk_json_remove(schema, "description");
        if (msptk_json_double(msptk_json_get(schema, "minimum"), 0) == 1)
                msptk_json_remove(schema, "minimum");
}

static msptk_status input(const op_row *row, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_JSON msptk_json *schema = NULL;
        msptk_json *properties;

        TRY(msptk__op_input_schema(row, &schema, ret_err));
        properties = msptk_json_get(schema, "properties");
        for (const op_param *p = row->params; p && p->name; p++)
                if (has_word(p->hide, "mcp", 3))
                        msptk_json_remove(properties, p->name);
                else
                        lean_param(msptk_json_get(properties, p->name), p);
        *ret = STEAL(schema);
        return MSPTK_OK;
}

/* Only the type of a value; what is inside of arrays and objects goes without saying. */
static void add_type(json_obj *properties, const msptk_json *full, const char *key)
{
        json_obj o = msptk__obj();

        msptk__obj_copy(&o, "type", msptk_json_get(msptk_json_get(full, key), "type"));
        msptk__obj_take(properties, key, &o);
}

static bool shown(const op_row *row, const char *key)
{
        static const char *const always = "schema id next_cursor client_id";

        return has_word(always, key, strlen(key)) || has_word(row->coverage, key, strlen(key)) ||
               (row->verdict && !strcmp(row->verdict, key));
}

static void add_rows(json_obj *properties, const char *key)
{
        json_obj rows = msptk__obj(), items = msptk__obj();

        msptk__obj_str(&rows, "type", "array");
        msptk__obj_str(&items, "type", "object");
        msptk__obj_take(&rows, "items", &items);
        msptk__obj_take(properties, key, &rows);
}

static msptk_status output(const op_row *row, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_JSON msptk_json *complete = NULL;
        AUTO_OBJ json_obj o = msptk__obj(), properties = msptk__obj();
        const msptk_json *full;

        TRY(msptk__op_output_schema(row, &complete, ret_err));
        full = msptk_json_get(complete, "properties");
        for (const msptk_json *p = msptk_json_first(full); p; p = msptk_json_next(p)) {
                const char *key = msptk_json_key(p);

                if (row->rows && !strcmp(key, row->rows))
                        add_rows(&properties, key);
                else if (shown(row, key))
                        add_type(&properties, full, key);
        }
        msptk__obj_str(&o, "type", "object");
        msptk__obj_take(&o, "properties", &properties);
        msptk__obj_copy(&o, "required", msptk_json_get(complete, "required"));
        return msptk__obj_end(&o, ret, ret_err);
}

msptk_status msptk__op_tool_schemas(const op_row *row, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        msptk_json *schema = NULL;

        TRY(input(row, &schema, ret_err));
        msptk__obj_json(&o, "input", schema);
        TRY(output(row, &schema, ret_err));
        msptk__obj_json(&o, "output", schema);
        return msptk__obj_end(&o, ret, ret_err);
}
