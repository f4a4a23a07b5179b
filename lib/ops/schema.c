/* The operation table as JSON, and JSON Schema (a subset of 2020-12) of parameters and results. */
#define ROOM "ops"
#include "ops/ops.h"

#include <string.h>

static const char *const type_names[] = {
        [PARAM_STRING] = "string", [PARAM_SLUG] = "slug",         [PARAM_INT] = "int",
        [PARAM_NUMBER] = "number", [PARAM_BOOL] = "bool",         [PARAM_ENUM] = "enum",
        [PARAM_TIME] = "time",     [PARAM_DURATION] = "duration", [PARAM_BYTES] = "bytes",
        [PARAM_SECRET] = "secret", [PARAM_FILE_IN] = "file_in",   [PARAM_FILE_OUT] = "file_out",
        [PARAM_ARGV] = "argv",     [PARAM_LIST] = "list",         [PARAM_MAP] = "map",
};
static const char *const scope_names[] = { "read", "write", "execute", "admin", "secret" };
static const char *const effect_names[] = { "read", "write", "destructive" };
static const char *const plan_names[] = { "none", "optional", "required" };
static const char *const kind_names[] = { "record", "page", "text" };
static const char *const need_names[] = { "nothing", "config", "store" };
static const char *const doors[] = { "c", "cli", "mcp", "http", "python", "go" };

/* "a b c" or "a,b,c" as an array of strings. */
static json_obj words(const char *text)
{
        json_obj a = msptk__array();

        while (text && *(text += strspn(text, " ,"))) {
                size_t n = strcspn(text, " ,");
                AUTO_FREE char *word = msptk__strndup(text, n);

                if (!word)
                        a.failed = MSPTK_E_NOMEM;
                else
                        msptk__array_str(&a, word);
                text += n;
        }
        return a;
}

static void add_words(json_obj *o, const char *key, const char *text)
{
        json_obj a;

        if (!text)
                return;
        a = words(text);
        msptk__obj_take(o, key, &a);
}

/* "disk-space=disk" -> {"disk-space": "disk"} */
static void add_aliases(json_obj *o, const char *text)
{
        json_obj map;

        if (!text)
                return;
        map = msptk__obj();
        while (*(text += strspn(text, " "))) {
                size_t n = strcspn(text, " "), eq = strcspn(text, "=");
                AUTO_FREE char *from = msptk__strndup(text, eq);
                AUTO_FREE char *to = msptk__strndup(text + eq + 1, n - eq - 1);

                if (from && to)
                        msptk__obj_str(&map, from, to);
                else
                        map.failed = MSPTK_E_NOMEM;
                text += n;
        }
        msptk__obj_take(o, "aliases", &map);
}

static const char *schema_type(int32_t type)
{
        switch (type) {
        case PARAM_INT:
                return "integer";
        case PARAM_NUMBER:
                return "number";
        case PARAM_BOOL:
                return "boolean";
        case PARAM_LIST:
        case PARAM_ARGV:
                return "array";
        case PARAM_MAP:
                return "object";
        default:
                return "string";
        }
}

/* A bound as an integer where it is one: "1" reads better than "1.0". */
static void add_bound(json_obj *o, const char *key, double bound)
{
        if (bound == (double)(int64_t)bound)
                msptk__obj_int(o, key, (int64_t)bound);
        else
                msptk__obj_double(o, key, bound);
}

static void add_bounds(json_obj *o, const op_param *p)
{
        bool bounded = p->max > p->min;

        switch (p->type) {
        case PARAM_INT:
        case PARAM_NUMBER:
                if (!bounded)
                        return;
                add_bound(o, "minimum", p->min);
                add_bound(o, "maximum", p->max);
                return;
        case PARAM_LIST:
        case PARAM_ARGV:
                add_bound(o, "minItems", bounded && p->min > 1 ? p->min : 1);
                add_bound(o, "maxItems", bounded ? p->max : OP_ITEMS_MAX);
                return;
        case PARAM_STRING:
        case PARAM_SECRET:
        case PARAM_FILE_IN:
        case PARAM_FILE_OUT:
                if (bounded && p->min > 0)
                        add_bound(o, "minLength", p->min);
                add_bound(o, "maxLength", bounded ? p->max : OP_TEXT_MAX);
                return;
        case PARAM_SLUG:
                msptk__obj_str(o, "pattern", "^[a-z0-9](-?[a-z0-9])*$");
                add_bound(o, "maxLength", SLUG_MAX);
                return;
        case PARAM_MAP:
                add_bound(o, "maxProperties", OP_ITEMS_MAX);
                return;
        default:
                return;
        }
}

static void add_default(json_obj *o, const op_param *p)
{
        int64_t i;
        double d;

        if (!p->dflt)
                return;
        if (p->type == PARAM_INT && msptk__num_int64(p->dflt, strlen(p->dflt), &i))
                msptk__obj_int(o, "default", i);
        else if (p->type == PARAM_NUMBER && msptk__num_double(p->dflt, strlen(p->dflt), &d))
                msptk__obj_double(o, "default", d);
        else if (p->type == PARAM_BOOL)
                msptk__obj_bool(o, "default", !strcmp(p->dflt, "true"));
        else if (p->type == PARAM_LIST) {
                json_obj a = words(p->dflt);

                msptk__obj_take(o, "default", &a);
        } else {
                msptk__obj_str(o, "default", p->dflt);
        }
}

/* JSON Schema of one parameter. */
static json_obj param_schema(const op_param *p)
{
        json_obj o = msptk__obj();

        msptk__obj_str(&o, "type", schema_type(p->type));
        msptk__obj_str(&o, "description", p->about);
        if (p->type == PARAM_LIST || p->type == PARAM_ARGV) {
                json_obj items = msptk__obj();

                msptk__obj_str(&items, "type", "string");
                if (p->values)
                        add_words(&items, "enum", p->values);
                else if (p->type == PARAM_LIST)
                        msptk__obj_int(&items, "minLength", 1);
                msptk__obj_take(&o, "items", &items);
        } else if (p->values) {
                add_words(&o, "enum", p->values);
        }
        add_bounds(&o, p);
        add_default(&o, p);
        return o;
}

msptk_status msptk__op_input_schema(const op_row *row, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        json_obj properties = msptk__obj(), required = msptk__array();

        for (const op_param *p = row->params; p && p->name; p++) {
                json_obj schema = param_schema(p);

                msptk__obj_take(&properties, p->name, &schema);
                if (p->flags & OP_REQUIRED)
                        msptk__array_str(&required, p->name);
        }
        msptk__obj_str(&o, "type", "object");
        msptk__obj_take(&o, "properties", &properties);
        if (required.failed || msptk_json_count(required.json))
                msptk__obj_take(&o, "required", &required);
        else
                msptk__obj_clear(&required);
        msptk__obj_bool(&o, "additionalProperties", false);
        return msptk__obj_end(&o, ret, ret_err);
}

msptk_status msptk__op_output_schema(const op_row *row, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_JSON msptk_json *properties = NULL;
        AUTO_OBJ json_obj required = msptk__array();

        TRY(msptk__wrap(ret_err,
                        msptk_json_parse(row->result, strlen(row->result), &properties, ret_err),
                        "read the result schema of '%s'", row->act.name));
        msptk__obj_str(&o, "type", "object");
        msptk__array_str(&required, "schema");
        msptk__obj_json(&o, "properties", STEAL(properties));
        if (row->rows)
                msptk__array_str(&required, row->rows);
        msptk__obj_take(&o, "required", &required);
        return msptk__obj_end(&o, ret, ret_err);
}

static json_obj param_json(const op_param *p)
{
        json_obj o = msptk__obj();

        msptk__obj_str(&o, "name", p->name);
        msptk__obj_str(&o, "type", type_names[p->type]);
        msptk__obj_bool(&o, "required", p->flags & OP_REQUIRED);
        msptk__obj_str(&o, "description", p->about);
        msptk__obj_str(&o, "cli", p->cli);
        add_default(&o, p);
        if (p->values)
                add_words(&o, "values", p->values);
        add_aliases(&o, p->aliases);
        msptk__obj_str(&o, "unit", p->unit);
        if (p->max > p->min) {
                msptk__obj_double(&o, "min", p->min);
                msptk__obj_double(&o, "max", p->max);
        }
        msptk__obj_str(&o, "complete", p->complete);
        msptk__obj_str(&o, "exclusive", p->exclusive);
        add_words(&o, "hidden", p->hide);
        return o;
}

static void add_columns(json_obj *o, const op_row *row)
{
        json_obj a = msptk__array();

        for (const op_column *c = row->columns; c && c->key; c++) {
                json_obj col = msptk__obj();

                msptk__obj_str(&col, "key", c->key);
                msptk__obj_str(&col, "title", c->title);
                msptk__obj_int(&col, "priority", c->priority);
                msptk__obj_str(&col, "kind", c->kind);
                msptk__array_take(&a, &col);
        }
        msptk__obj_take(o, "columns", &a);
}

/* Cursors are sealed with a key of the workspace. */
static void add_volatile(json_obj *o, const op_row *row)
{
        json_obj keys;

        if (!row->volatile_keys && !msptk__op_cursor(row))
                return;
        keys = words(row->volatile_keys);
        if (msptk__op_cursor(row))
                msptk__array_str(&keys, "next_cursor");
        msptk__obj_take(o, "volatile", &keys);
}

static json_obj result_json(const op_row *row)
{
        json_obj o = msptk__obj();
        msptk_json *schema = NULL;

        msptk__obj_str(&o, "kind", kind_names[row->kind]);
        msptk__obj_str(&o, "schema", row->schema);
        msptk__obj_str(&o, "rows", row->rows);
        add_columns(&o, row);
        msptk__obj_str(&o, "verdict", row->verdict);
        add_words(&o, "coverage", row->coverage);
        add_volatile(&o, row);
        if (msptk__op_output_schema(row, &schema, NULL) == MSPTK_OK)
                msptk__obj_json(&o, "json_schema", schema);
        else
                o.failed = o.failed ? o.failed : MSPTK_E_NOMEM;
        return o;
}

/* Which doors have the row; "mcp: why; http: why" names those that do not. */
static void add_doors(json_obj *o, const op_row *row)
{
        json_obj has = msptk__array(), lacks = msptk__obj();

        for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
                const char *at = row->absent;
                size_t n = strlen(doors[i]);

                while (at && (strncmp(at, doors[i], n) || at[n] != ':')) {
                        at = strchr(at, ';');
                        if (at)
                                at += strspn(at, "; ");
                }
                if (at) {
                        const char *why = at + n + 1 + strspn(at + n + 1, " ");
                        AUTO_FREE char *text = msptk__strndup(why, strcspn(why, ";"));

                        if (text)
                                msptk__obj_str(&lacks, doors[i], text);
                        else
                                lacks.failed = MSPTK_E_NOMEM;
                } else {
                        msptk__array_str(&has, doors[i]);
                }
        }
        msptk__obj_take(o, "doors", &has);
        msptk__obj_take(o, "doors_absent", &lacks);
}

static void add_error(json_obj *a, const char *reason, const char *suggestion)
{
        json_obj o = msptk__obj();

        msptk__obj_str(&o, "code", msptk__status_code(MSPTK_E_INVALID, reason));
        msptk__obj_str(&o, "reason", reason);
        msptk__obj_str(&o, "suggestion", suggestion);
        msptk__array_take(a, &o);
}

static void add_errors(json_obj *o, const op_row *row)
{
        json_obj a = msptk__array();

        for (const op_error *e = row->errors; e && e->reason; e++)
                add_error(&a, e->reason, e->suggestion);
        if (msptk__op_cursor(row))
                add_error(&a, "CURSOR_INVALID",
                          "give next_cursor of the page before with the same arguments");
        msptk__obj_take(o, "errors", &a);
}

static void add_examples(json_obj *o, const op_row *row)
{
        json_obj a = msptk__array();

        for (const op_example *e = row->examples; e && e->cli; e++) {
                json_obj example = msptk__obj();

                msptk__obj_str(&example, "cli", e->cli);
                msptk__obj_str(&example, "about", e->about);
                msptk__array_take(&a, &example);
        }
        msptk__obj_take(o, "examples", &a);
}

static void add_tool_schemas(json_obj *o, const op_row *row)
{
        msptk_json *schemas = NULL;

        if (!row->tool)
                return;
        if (msptk__op_tool_schemas(row, &schemas, NULL) == MSPTK_OK)
                msptk__obj_json(o, "tool_schemas", schemas);
        else
                o->failed = o->failed ? o->failed : MSPTK_E_NOMEM;
}

static json_obj row_json(const op_row *row)
{
        json_obj o = msptk__obj(), params = msptk__array(), result;
        msptk_json *schema = NULL;

        msptk__obj_str(&o, "name", row->act.name);
        msptk__obj_str(&o, "since", row->since);
        msptk__obj_str(&o, "title", row->title);
        msptk__obj_str(&o, "summary", row->summary);
        msptk__obj_str(&o, "description", row->description);
        msptk__obj_str(&o, "cli", row->cli);
        add_doors(&o, row);
        msptk__obj_bool(&o, "tool", row->tool);
        add_tool_schemas(&o, row);
        msptk__obj_str(&o, "scope", scope_names[row->act.scope]);
        msptk__obj_str(&o, "effect", effect_names[row->act.effect]);
        msptk__obj_bool(&o, "idempotent", row->idempotent);
        msptk__obj_bool(&o, "outside", row->act.outside);
        msptk__obj_str(&o, "plan", plan_names[row->act.plan]);
        msptk__obj_int(&o, "timeout_ms", row->act.timeout_ms);
        msptk__obj_str(&o, "needs", need_names[row->needs]);
        msptk__obj_str(&o, "client_param", row->act.client_param);
        for (const op_param *p = row->params; p && p->name; p++) {
                json_obj one = param_json(p);

                msptk__array_take(&params, &one);
        }
        msptk__obj_take(&o, "params", &params);
        if (msptk__op_input_schema(row, &schema, NULL) == MSPTK_OK)
                msptk__obj_json(&o, "input_schema", schema);
        else
                o.failed = o.failed ? o.failed : MSPTK_E_NOMEM;
        result = result_json(row);
        msptk__obj_take(&o, "result", &result);
        add_errors(&o, row);
        add_examples(&o, row);
        return o;
}

msptk_status msptk_operations(msptk_json **ret_json, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = { 0 };
        json_obj a;
        const op_row *rows[OP_ROWS_MAX];
        size_t count;

        if (!ret_json)
                return fail(ret_err, MSPTK_E_INVALID, "list operations: nowhere to put them");
        o = msptk__obj();
        a = msptk__array();
        msptk__op_rows(rows, &count);
        for (size_t i = 0; i < count; i++) {
                json_obj row = row_json(rows[i]);

                msptk__array_take(&a, &row);
        }
        msptk__obj_str(&o, "schema", "msptk.operations/1");
        msptk__obj_str(&o, "version", msptk_version_string());
        msptk__obj_take(&o, "operations", &a);
        return msptk__obj_end(&o, ret_json, ret_err);
}
