/* Values of HTTP headers that repeat a message: the first line is a header, the second a value of
 * JSON. They agree exactly when they mean the same. */
#include <stdlib.h>
#include <string.h>

#include "mcp/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* What a client would send for these bytes. */
static void encode(const char *s, text *ret)
{
        size_t len = strlen(s);

        text_reset(ret);
        text_add(ret, "=?base64?");
        for (size_t i = 0; i < len; i += 3) {
                uint32_t bits = (uint32_t)(unsigned char)s[i] << 16;
                char out[4];

                if (i + 1 < len)
                        bits |= (uint32_t)(unsigned char)s[i + 1] << 8;
                if (i + 2 < len)
                        bits |= (unsigned char)s[i + 2];
                for (int j = 0; j < 4; j++)
                        out[j] = digits[bits >> (18 - 6 * j) & 63];
                if (i + 1 >= len)
                        out[2] = '=';
                if (i + 2 >= len)
                        out[3] = '=';
                text_addn(ret, out, 4);
        }
        text_add(ret, "?=");
}

static const char *the_header;

static const char *find(void *user, const char *name)
{
        (void)user;
        return strcmp(name, "mcp-param-x") == 0 ? the_header : NULL;
}

static bool agrees(const msptk_json *tool, const char *header, const msptk_json *arguments)
{
        mcp_http http = { .header = find };
        text why = { 0 };
        bool agree;

        the_header = header;
        agree = headers_agree_with_tool(&http, tool, arguments, &why);
        if (agree != !why.len)
                abort();
        text_free(&why);
        return agree;
}

static void check_string(const msptk_json *tool, const char *header, const msptk_json *arguments)
{
        const char *body = get_str(arguments, "x");
        text decoded = { 0 }, encoded = { 0 };
        bool blank =
                strspn(header, " \t") || (*header && strchr(" \t", header[strlen(header) - 1]));

        if (!blank && agrees(tool, header, arguments) != (header_decode(header, &decoded) &&
                                                          !strcmp(text_str(&decoded), body)))
                abort();
        encode(body, &encoded);
        if (!agrees(tool, encoded.data, arguments))
                abort();
        text_free(&decoded);
        text_free(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char schema[] = "{\"inputSchema\":{\"properties\":{\"x\":{\"x-mcp-header\":"
                                     "\"X\"}}}}";
        const char *bytes = (const char *)data, *nl = memchr(bytes, '\n', size);
        size_t len = nl ? (size_t)(nl - bytes) : size;
        char *header = copy_part(bytes, len);
        msptk_json *tool = NULL, *value = NULL, *arguments = new_object();
        text decoded = { 0 };

        put_ok(msptk_json_parse(schema, sizeof(schema) - 1, &tool, NULL));
        if (header_decode(header, &decoded) && strlen(text_str(&decoded)) != decoded.len)
                abort();
        if (nl && msptk_json_parse(nl + 1, size - len - 1, &value, NULL) >= 0) {
                put(arguments, "x", value);
                if (msptk_json_type(value) == MSPTK_JSON_STRING)
                        check_string(tool, header, arguments);
                else
                        (void)agrees(tool, header, arguments);
                if (msptk_json_type(value) != MSPTK_JSON_OBJECT &&
                    msptk_json_type(value) != MSPTK_JSON_ARRAY &&
                    agrees(tool, NULL, arguments) != (msptk_json_type(value) == MSPTK_JSON_NULL))
                        abort();
        }
        text_free(&decoded);
        free(header);
        msptk_json_free(arguments);
        msptk_json_free(tool);
        return 0;
}
