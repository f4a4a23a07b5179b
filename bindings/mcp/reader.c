/* From bytes to a checked message of JSON-RPC 2.0, with its id as it stands in the text: numbers of
 * any size and every spelling of a string come back as the client wrote them. */
#include "mcp/internal.h"

#include <stdio.h>

static void complain(complaint *c, int32_t code, const char *why)
{
        c->code = code;
        c->status = 400;
        snprintf(c->text, sizeof(c->text), "%s", why);
}

msptk_json *read_json(const char *bytes, size_t len, complaint *ret)
{
        msptk_error *err = NULL;
        msptk_json *doc = NULL;
        msptk_status st = msptk_json_parse(bytes, len, &doc, &err);

        if (st >= 0)
                return doc;
        if (st == MSPTK_E_NOMEM)
                need(NULL);
        complain(ret, MCP_PARSE_ERROR, msptk_error_message(err));
        /* Well-formed, but not what a message may be. */
        if (st == MSPTK_E_TOOBIG || !strcmp(msptk_error_reason(err), "DUPLICATE_KEY"))
                ret->code = MCP_INVALID_REQUEST;
        msptk_error_free(err);
        return NULL;
}

/* ---- finding values in text that has been read ---- */

static const char *skip_blanks(const char *p, const char *end)
{
        while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
                p++;
        return p;
}

/* `p` is at the opening quote. */
static const char *skip_string(const char *p, const char *end)
{
        for (p++; p < end && *p != '"'; p++)
                if (*p == '\\')
                        p++;
        return p < end ? p + 1 : end;
}

static const char *skip_value(const char *p, const char *end)
{
        size_t depth = 0;

        do {
                if (p >= end)
                        return end;
                switch (*p) {
                case '"':
                        p = skip_string(p, end);
                        continue;
                case '{':
                case '[':
                        depth++;
                        break;
                case '}':
                case ']':
                        depth--;
                        break;
                default:
                        if (depth)
                                break;
                        while (p < end && !strchr(",]} \t\r\n", *p))
                                p++;
                        return p;
                }
                p++;
        } while (depth);
        return p;
}

const char *raw_next(const char **at, const char *end, size_t *ret_len)
{
        const char *p = skip_blanks(*at, end), *start;

        if (p < end && (*p == '[' || *p == ',' || *p == '{'))
                p = skip_blanks(p + 1, end);
        if (p >= end || *p == ']' || *p == '}')
                return NULL;
        start = p;
        p = skip_value(p, end);
        *ret_len = (size_t)(p - start);
        *at = p;
        return start;
}

/* The value of the nth member of the object that begins at `p`. */
static const char *raw_member(const char *p, const char *end, size_t n, size_t *ret_len)
{
        for (size_t i = 0;; i++) {
                const char *value;

                if (!raw_next(&p, end, ret_len))
                        return NULL;
                p = skip_blanks(skip_blanks(p, end) + 1, end);
                value = p;
                p = skip_value(p, end);
                if (i == n) {
                        *ret_len = (size_t)(p - value);
                        return value;
                }
        }
}

const char *raw_value(const char *bytes, size_t len, const msptk_json *root,
                      const msptk_json *const *path, size_t depth, size_t *ret_len)
{
        const char *p = skip_blanks(bytes, bytes + len), *end = bytes + len;

        for (size_t i = 0; i < depth && p; i++) {
                size_t n = 0;

                for (const msptk_json *j = msptk_json_first(root); j && j != path[i];
                     j = msptk_json_next(j))
                        n++;
                p = raw_member(p, end, n, ret_len);
                root = path[i];
        }
        return p;
}

bool is_id(const msptk_json *value, const char *raw, size_t len)
{
        int32_t type = msptk_json_type(value);
        size_t i = len && raw[0] == '-';

        if (len > ID_BYTES)
                return false;
        if (type == MSPTK_JSON_STRING)
                return true;
        /* An integer of more than 64 bits is read as another number. */
        if (type != MSPTK_JSON_INT && type != MSPTK_JSON_NUMBER)
                return false;
        for (; i < len; i++)
                if (raw[i] < '0' || raw[i] > '9')
                        return false;
        return true;
}

/* ---- messages ---- */

static bool wrong(complaint *why, const char *what)
{
        complain(why, MCP_INVALID_REQUEST, what);
        return false;
}

static bool read_id(incoming *m, complaint *why)
{
        size_t len;
        const char *raw;

        m->id = msptk_json_get(m->doc, "id");
        if (!m->id)
                return true;
        raw = raw_value(m->text, m->len, m->doc, &m->id, 1, &len);
        if (!raw || !is_id(m->id, raw, len))
                return wrong(why, raw && len > ID_BYTES ? "the id is too long"
                                                        : "an id is a string or an integer");
        m->id_raw = raw;
        m->id_len = len;
        return true;
}

bool read_message(const char *bytes, size_t len, msptk_json *doc, incoming *ret, complaint *why)
{
        const msptk_json *method, *meta;

        *ret = (incoming){ .text = bytes, .len = len, .doc = doc };
        if (!is_object(doc))
                return wrong(why, "a message is an object");
        if (!read_id(ret, why))
                return false;
        if (strcmp(msptk_json_string(msptk_json_get(doc, "jsonrpc"), ""), "2.0") != 0)
                return wrong(why, "jsonrpc must be \"2.0\"");
        method = msptk_json_get(doc, "method");
        if (!method && ret->id_raw &&
            (msptk_json_get(doc, "result") || msptk_json_get(doc, "error")))
                return ret->answer = true;
        ret->method = msptk_json_string(method, NULL);
        if (!ret->method)
                return wrong(why, method ? "method must be a string" : "there is no method");
        ret->params = msptk_json_get(doc, "params");
        if (ret->params && !is_object(ret->params))
                return wrong(why, "params must be an object");
        meta = msptk_json_get(ret->params, "_meta");
        ret->meta = is_object(meta) ? msptk_json_get(ret->params, "_meta") : NULL;
        return true;
}
