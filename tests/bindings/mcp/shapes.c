/* The checks of shapes.h: a small language of shapes, read from shapes.json. A member "name" must
 * be there, "name?" may be, "name!" must not. Types: string integer count number boolean object any
 * id, "=literal", "[of]", "{of}" (a map), names of other shapes, and "a|b". */
#include "shapes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mcp/mcp.h"
#include "mcp/tree.h"

static msptk_json *shapes;
static char problem[400];

static bool wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static bool wrong(const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(problem, sizeof(problem), fmt, ap);
        va_end(ap);
        return false;
}

static void load(void)
{
        FILE *f = shapes ? NULL : fopen(MCP_SHAPES, "rb");
        text all = { 0 };
        char part[4096];
        size_t n;

        if (shapes)
                return;
        if (!f)
                abort();
        while ((n = fread(part, 1, sizeof(part), f)) > 0)
                text_addn(&all, part, n);
        fclose(f);
        if (msptk_json_parse(all.data, all.len, &shapes, NULL) < 0)
                abort();
        text_free(&all);
}

void check_message_end(void)
{
        msptk_json_free(shapes);
        shapes = NULL;
}

static bool fits(const msptk_json *value, const char *type, const char *version, const char *where);

static bool fits_object(const msptk_json *value, const msptk_json *shape, const char *version,
                        const char *where)
{
        if (!is_object(value))
                return wrong("%s is not an object", where);
        for (const msptk_json *s = msptk_json_first(shape); s; s = msptk_json_next(s)) {
                const char *key = msptk_json_key(s);
                size_t len = strlen(key);
                char mark = key[len - 1], name[100], path[200];
                const msptk_json *member;

                if (!strcmp(key, "since")) {
                        if (strcmp(version, msptk_json_string(s, "")) < 0)
                                return wrong("%s is not of version %s", where, version);
                        continue;
                }
                snprintf(name, sizeof(name), "%.*s",
                         (int)(mark == '?' || mark == '!' ? len - 1 : len), key);
                snprintf(path, sizeof(path), "%s.%s", where, name);
                member = msptk_json_get(value, name);
                if (member && mark == '!')
                        return wrong("%s must not be there", path);
                if (!member && mark != '?' && mark != '!')
                        return wrong("%s is missing", path);
                if (member && !fits(member, msptk_json_string(s, ""), version, path))
                        return false;
        }
        return true;
}

static bool fits_each(const msptk_json *value, int32_t container, const char *type, size_t len,
                      const char *version, const char *where)
{
        char inner[100];

        if (msptk_json_type(value) != container)
                return wrong("%s is not a list or map", where);
        snprintf(inner, sizeof(inner), "%.*s", (int)len - 2, type + 1);
        for (const msptk_json *j = msptk_json_first(value); j; j = msptk_json_next(j)) {
                char path[200];

                snprintf(path, sizeof(path), "%s[]", where);
                if (!fits(j, inner, version, path))
                        return false;
        }
        return true;
}

static bool fits_plain(const msptk_json *value, const char *type, const char *where)
{
        int32_t is = msptk_json_type(value);
        bool ok = !strcmp(type, "any") || (!strcmp(type, "string") && is == MSPTK_JSON_STRING) ||
                  (!strcmp(type, "object") && is == MSPTK_JSON_OBJECT) ||
                  (!strcmp(type, "boolean") && is == MSPTK_JSON_BOOL) ||
                  (!strcmp(type, "integer") && is == MSPTK_JSON_INT) ||
                  (!strcmp(type, "count") && is == MSPTK_JSON_INT &&
                   msptk_json_int(value, -1) >= 0) ||
                  (!strcmp(type, "number") && (is == MSPTK_JSON_INT || is == MSPTK_JSON_NUMBER)) ||
                  /* an integer of more than 64 bits is read as another number */
                  (!strcmp(type, "id") &&
                   (is == MSPTK_JSON_STRING || is == MSPTK_JSON_INT || is == MSPTK_JSON_NUMBER)) ||
                  (type[0] == '=' && !strcmp(msptk_json_string(value, ""), type + 1));

        return ok || wrong("%s is not %s", where, type);
}

static bool fits(const msptk_json *value, const char *type, const char *version, const char *where)
{
        const char *bar = strchr(type, '|');
        size_t len = strlen(type);
        const msptk_json *named;
        char first[200];

        if (bar && type[0] != '[' && type[0] != '{') {
                snprintf(first, sizeof(first), "%.*s", (int)(bar - type), type);
                return fits(value, first, version, where) || fits(value, bar + 1, version, where);
        }
        if (type[0] == '[')
                return fits_each(value, MSPTK_JSON_ARRAY, type, len, version, where);
        if (type[0] == '{')
                return fits_each(value, MSPTK_JSON_OBJECT, type, len, version, where);
        named = msptk_json_get(msptk_json_get(shapes, "types"), type);
        if (is_object(named))
                return fits_object(value, named, version, where);
        if (named)
                return fits(value, msptk_json_string(named, ""), version, where);
        return fits_plain(value, type, where);
}

/* ---- messages ---- */

static const msptk_json *era_of(const char *version)
{
        return msptk_json_get(shapes, mcp_is_modern_version(version) ? "modern" : "legacy");
}

static bool check_error(const char *version, const msptk_json *doc)
{
        const msptk_json *error = msptk_json_get(doc, "error"), *id = msptk_json_get(doc, "id");
        int64_t code = msptk_json_int(msptk_json_get(error, "code"), 0);
        bool modern = mcp_is_modern_version(version);

        if (!fits(msptk_json_get(error, "code"), "integer", version, "error.code") ||
            !fits(msptk_json_get(error, "message"), "string", version, "error.message"))
                return false;
        if (!*msptk_json_string(msptk_json_get(error, "message"), ""))
                return wrong("error.message is empty");
        if (id ? msptk_json_type(id) == MSPTK_JSON_NULL && strcmp(version, "2025-11-25") >= 0
               : strcmp(version, "2025-11-25") < 0)
                return wrong("the id of the error is not as %s wants it", version);
        if (id && msptk_json_type(id) != MSPTK_JSON_NULL && !fits(id, "id", version, "id"))
                return false;
        if (code == -32002 && modern)
                return wrong("-32002 is of the legacy era");
        if (code == -32042 || (code >= -32019 && code <= -32000 && code != -32002) ||
            (code >= -32099 && code < -32022))
                return wrong("error code %lld must not be used", (long long)code);
        if (code == -32022 && modern)
                return fits(msptk_json_get(error, "data"), "Unsupported", version, "error.data");
        if (code == -32021)
                return fits(msptk_json_get(error, "data"), "Missing", version, "error.data");
        return true;
}

static bool check_input_required(const char *version, const char *method, const msptk_json *result)
{
        const msptk_json *asked = msptk_json_get(result, "inputRequests");

        if (strcmp(method, "tools/call") && strcmp(method, "prompts/get") &&
            strcmp(method, "resources/read"))
                return wrong("%s cannot ask", method);
        if (!asked && !msptk_json_get(result, "requestState"))
                return wrong("neither inputRequests nor requestState");
        if (msptk_json_get(result, "ttlMs") || msptk_json_get(result, "cacheScope"))
                return wrong("a question is not cacheable");
        return !asked || fits(asked, "{InputRequest}", version, "result.inputRequests");
}

static bool check_result(const char *version, const char *method, const msptk_json *doc)
{
        const msptk_json *result = msptk_json_get(doc, "result");
        const msptk_json *meta = msptk_json_get(result, "_meta");
        const msptk_json *shape;
        const char *type = msptk_json_string(msptk_json_get(result, "resultType"), "");

        if (!fits(msptk_json_get(doc, "id"), "id", version, "id") ||
            !fits(result, "object", version, "result"))
                return false;
        if (meta && !fits(meta, "ResultMeta", version, "result._meta"))
                return false;
        if (mcp_is_modern_version(version)) {
                if (!msptk_json_get(meta, "io.modelcontextprotocol/serverInfo"))
                        return wrong("the server does not say who it is");
                if (method && !strcmp(type, "input_required"))
                        return check_input_required(version, method, result);
                if (strcmp(type, "complete") != 0)
                        return wrong("resultType is not complete");
        } else if (msptk_json_get(result, "resultType") || msptk_json_get(result, "ttlMs") ||
                   msptk_json_get(result, "cacheScope")) {
                return wrong("members of the modern era in a legacy result");
        }
        if (!method)
                return true;
        shape = msptk_json_get(msptk_json_get(era_of(version), "results"), method);
        if (!shape)
                return wrong("%s has no result in %s", method, version);
        return fits_object(result, shape, version, "result");
}

static bool check_sent(const char *version, const msptk_json *doc)
{
        const char *name = msptk_json_string(msptk_json_get(doc, "method"), "");
        const msptk_json *params = msptk_json_get(doc, "params"), *id = msptk_json_get(doc, "id");
        const char *type =
                get_str(msptk_json_get(era_of(version), id ? "requests" : "notifications"), name);

        if (!type)
                return wrong("%s is not sent in %s", name, version);
        if (id && !fits(id, "id", version, "id"))
                return false;
        if (params && !is_object(params))
                return wrong("params is not an object");
        if (!strcmp(name, "elicitation/create") && strcmp(version, "2025-11-25") < 0)
                type = "ElicitFormUnnamed";
        if (!strcmp(name, "notifications/progress") && !strcmp(version, "2024-11-05"))
                type = "ProgressSilent";
        return !params ? !strcmp(type, "Nothing") || wrong("%s has no params", name)
                       : fits(params, type, version, "params");
}

static bool check_one(const char *version, const char *method, const msptk_json *doc)
{
        bool result = msptk_json_get(doc, "result"), error = msptk_json_get(doc, "error");

        if (!is_object(doc))
                return wrong("a message is an object");
        if (strcmp(msptk_json_string(msptk_json_get(doc, "jsonrpc"), ""), "2.0") != 0)
                return wrong("jsonrpc is not 2.0");
        if (result + error + !!msptk_json_get(doc, "method") != 1)
                return wrong("not exactly one of result, error, method");
        return result  ? check_result(version, method, doc)
               : error ? check_error(version, doc)
                       : check_sent(version, doc);
}

const char *check_message(const char *version, const char *method, const char *line)
{
        msptk_json *doc = NULL;
        bool ok = true;

        load();
        if (strchr(line, '\n') || strchr(line, '\r'))
                return "a line end inside the message";
        if (msptk_json_parse(line, strlen(line), &doc, NULL) < 0)
                return "not valid JSON";
        if (msptk_json_type(doc) == MSPTK_JSON_ARRAY && !strcmp(version, "2025-03-26")) {
                ok = msptk_json_count(doc) || wrong("an empty batch");
                for (const msptk_json *j = msptk_json_first(doc); j && ok; j = msptk_json_next(j))
                        ok = check_one(version, NULL, j);
        } else {
                ok = check_one(version, method, doc);
        }
        msptk_json_free(doc);
        return ok ? NULL : problem;
}
