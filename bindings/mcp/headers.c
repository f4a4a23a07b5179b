/* What HTTP headers repeat of a message must be the same there: whoever routes by them must not see
 * another request than we do. */
#include "mcp/internal.h"

#include <stdio.h>

#define SENTINEL "=?base64?"
#define SENTINEL_END "?="

static int digit(char c)
{
        if (c >= 'A' && c <= 'Z')
                return c - 'A';
        if (c >= 'a' && c <= 'z')
                return c - 'a' + 26;
        if (c >= '0' && c <= '9')
                return c - '0' + 52;
        return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Strict: padded, nothing that is not of the alphabet, no bits left over. */
static bool base64(const char *s, size_t len, text *ret)
{
        if (len % 4)
                return false;
        for (size_t i = 0; i < len; i += 4) {
                size_t pad = i + 4 < len ? 0 : s[i + 2] == '=' ? 2 : s[i + 3] == '=' ? 1 : 0;
                uint32_t bits = 0;
                char out[3];

                for (size_t j = 0; j < 4; j++) {
                        int d = j >= 4 - pad ? (s[i + j] == '=' ? 0 : -1) : digit(s[i + j]);

                        if (d < 0)
                                return false;
                        bits = bits << 6 | (uint32_t)d;
                }
                if ((pad == 2 && (bits & 0xffff)) || (pad == 1 && (bits & 0xff)))
                        return false;
                out[0] = (char)(bits >> 16);
                out[1] = (char)(bits >> 8);
                out[2] = (char)bits;
                text_addn(ret, out, 3 - pad);
        }
        return !memchr(text_str(ret), 0, ret->len);
}

bool header_decode(const char *value, text *ret)
{
        size_t len = strlen(value), head = strlen(SENTINEL), tail = strlen(SENTINEL_END);

        text_reset(ret);
        for (size_t i = 0; i < len; i++)
                if ((unsigned char)value[i] >= 0x7f ||
                    ((unsigned char)value[i] < 0x20 && value[i] != '\t'))
                        return false;
        if (len >= head + tail && !strncmp(value, SENTINEL, head) &&
            !strcmp(value + len - tail, SENTINEL_END))
                return base64(value + head, len - head - tail, ret);
        text_add(ret, value);
        return true;
}

/* ---- the standard headers ---- */

static bool wrong(text *why, const char *header, const char *what)
{
        text_reset(why);
        text_addf(why, "%s %s", header, what);
        return false;
}

/* Leading and trailing blanks are no part of a value. */
static char *trimmed(const char *value)
{
        size_t len;

        value += strspn(value, " \t");
        len = strlen(value);
        while (len && (value[len - 1] == ' ' || value[len - 1] == '\t'))
                len--;
        return copy_part(value, len);
}

/* Whether the header `name` says `body`. Either may be NULL: then both must be. */
static bool says(const char *name, const char *header, const char *body, text *why)
{
        text decoded = { 0 };
        char *value;
        bool ok;

        if (!header && !body)
                return true;
        if (!header)
                return wrong(why, name, "is missing");
        if (!body)
                return wrong(why, name, "names what the message does not have");
        value = trimmed(header);
        ok = header_decode(value, &decoded);
        free(value);
        if (!ok)
                wrong(why, name, "has characters or an encoding that are not valid");
        else if (!(ok = !strcmp(text_str(&decoded), body)))
                wrong(why, name, "is not what the message says");
        text_free(&decoded);
        return ok;
}

bool headers_agree(const mcp_http *http, const incoming *m, const method_row *what, text *ret_wrong)
{
        char *given;
        bool same;

        if (!http->method)
                return wrong(ret_wrong, "Mcp-Method", "is missing");
        given = trimmed(http->method);
        same = !strcmp(given, m->method);
        free(given);
        if (!same)
                return wrong(ret_wrong, "Mcp-Method", "is not the method of the message");
        if (!what || !what->named_by)
                return true;
        return says("Mcp-Name", http->name, get_str(m->params, what->named_by), ret_wrong);
}

/* ---- parameters of tools ---- */

static bool is_same_number(const char *header, const msptk_json *body)
{
        msptk_json *number = NULL;
        int64_t a, b;
        bool same;

        if (msptk_json_parse(header, strlen(header), &number, NULL) < 0)
                return false;
        if (msptk_json_type(number) != MSPTK_JSON_INT &&
            msptk_json_type(number) != MSPTK_JSON_NUMBER) {
                msptk_json_free(number);
                return false;
        }
        a = msptk_json_int(number, INT64_MIN);
        b = msptk_json_int(body, INT64_MIN);
        same = a != INT64_MIN && b != INT64_MIN
                       ? a == b
                       : msptk_json_double(number, 0) == msptk_json_double(body, 0);
        msptk_json_free(number);
        return same;
}

static bool param_says(const char *name, const char *header, const msptk_json *body, text *why)
{
        char *value;
        bool same;

        switch (msptk_json_type(body)) {
        case MSPTK_JSON_NONE:
        case MSPTK_JSON_NULL:
                return says(name, header, NULL, why);
        case MSPTK_JSON_STRING:
                return says(name, header, msptk_json_string(body, ""), why);
        case MSPTK_JSON_BOOL:
                return says(name, header, msptk_json_bool(body, 0) ? "true" : "false", why);
        case MSPTK_JSON_INT:
        case MSPTK_JSON_NUMBER:
                if (!header)
                        return wrong(why, name, "is missing");
                value = trimmed(header);
                same = is_same_number(value, body);
                free(value);
                return same || wrong(why, name, "is not what the message says");
        default:
                return true; /* no value of a header: the tool refuses it by its schema */
        }
}

static bool is_token(const char *s)
{
        if (!*s)
                return false;
        for (; *s; s++)
                if (!strchr("!#$%&'*+-.^_`|~", *s) && digit(*s) < 0)
                        return false;
        return true;
}

/* `values` is what the arguments have at the place of `schema`; NULL when there is nothing. */
static bool walk(const mcp_http *http, const msptk_json *schema, const msptk_json *values,
                 int32_t depth, text *why)
{
        const msptk_json *properties = msptk_json_get(schema, "properties");

        for (const msptk_json *p = msptk_json_first(properties); p && depth < 16;
             p = msptk_json_next(p)) {
                const msptk_json *value = msptk_json_get(values, msptk_json_key(p));
                const char *suffix = get_str(p, "x-mcp-header");
                char name[96], lower[96];

                if (!is_object(p))
                        continue;
                if (suffix && is_token(suffix)) {
                        snprintf(name, sizeof(name), "Mcp-Param-%s", suffix);
                        for (size_t i = 0; i < sizeof(name); i++)
                                lower[i] = name[i] >= 'A' && name[i] <= 'Z'
                                                   ? (char)(name[i] + 'a' - 'A')
                                                   : name[i];
                        if (!param_says(name, http->header(http->user, lower), value, why))
                                return false;
                }
                if (!walk(http, p, value, depth + 1, why))
                        return false;
        }
        return true;
}

bool headers_agree_with_tool(const mcp_http *http, const msptk_json *tool,
                             const msptk_json *arguments, text *ret_wrong)
{
        if (!http->header)
                return true;
        return walk(http, msptk_json_get(tool, "inputSchema"), arguments, 0, ret_wrong);
}
