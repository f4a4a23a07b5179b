/* The strict reader of JSON: RFC 8259 and UTF-8, nothing else. It builds the tree and says where a
 * text is wrong and what was expected there. */
#define ROOM "base"
#include "base/base.h"
#include "base/json_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A key of an object that is still open, to find duplicates when it closes. */
typedef struct seen_key {
        const char *key;
        const char *at;
} seen_key;

typedef struct reader {
        const char *text, *p, *end;
        int32_t depth, max_depth;
        seen_key *keys;
        size_t key_count, key_cap;
        msptk_error **ret_err;
} reader;

enum { FEW_KEYS = 16 };

static msptk_status read_value(reader *r, cJSON **ret_node);

/* ---- saying where ---- */

static void find_place(const reader *r, const char *at, size_t *line, size_t *column)
{
        const char *start = r->text;

        *line = 1;
        for (const char *p = r->text; p < at; p++)
                if (*p == '\n') {
                        ++*line;
                        start = p + 1;
                }
        /* In characters: bytes that only continue one do not count. */
        *column = 1;
        for (const char *p = start; p < at; p++)
                *column += ((unsigned char)*p & 0xc0) != 0x80;
}

static msptk_status wrong_why(const reader *r, const char *at, const char *reason, const char *what)
{
        size_t line, column;

        find_place(r, at, &line, &column);
        return fail_why(r->ret_err, MSPTK_E_PARSE, reason, NULL,
                        "not valid JSON at line %zu, column %zu: %s", line, column, what);
}

static msptk_status wrong(const reader *r, const char *at, const char *what)
{
        return wrong_why(r, at, "INVALID_JSON", what);
}

static msptk_status expected(const reader *r, const char *what)
{
        unsigned char c = r->p < r->end ? (unsigned char)*r->p : 0;
        char message[160], found[16];

        if (r->p >= r->end)
                snprintf(found, sizeof(found), "the end");
        else if (c > 0x20 && c < 0x7f)
                snprintf(found, sizeof(found), "'%c'", c);
        else
                snprintf(found, sizeof(found), "byte 0x%02x", c);
        snprintf(message, sizeof(message), "expected %s, found %s", what, found);
        return wrong(r, r->p, message);
}

static msptk_status too_deep(const reader *r)
{
        size_t line, column;

        find_place(r, r->p, &line, &column);
        return fail(r->ret_err, MSPTK_E_TOOBIG,
                    "JSON is nested deeper than %d levels at line %zu, column %zu",
                    (int)r->max_depth, line, column);
}

static msptk_status duplicate(const reader *r, const seen_key *seen)
{
        char message[160];
        size_t len = strlen(seen->key);

        snprintf(message, sizeof(message), "the key '%.*s%s' is there twice",
                 (int)msptk__utf8_cut(seen->key, len, 80), seen->key, len > 80 ? "..." : "");
        return wrong_why(r, seen->at, "DUPLICATE_KEY", message);
}

/* ---- scalars ---- */

static void skip_space(reader *r)
{
        while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
                r->p++;
}

static bool at_digit(const reader *r)
{
        return r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

static bool take(reader *r, char c)
{
        if (r->p >= r->end || *r->p != c)
                return false;
        r->p++;
        return true;
}

static msptk_status read_word(reader *r, const char *word, int type, cJSON **ret_node)
{
        size_t len = strlen(word);

        if ((size_t)(r->end - r->p) < len || memcmp(r->p, word, len) != 0)
                return expected(r, "a value");
        *ret_node = msptk__node_new(type);
        if (!*ret_node)
                return msptk__nomem(r->ret_err);
        r->p += len;
        return MSPTK_OK;
}

/* Moves over the digits that must be here. */
static msptk_status scan_digits(reader *r)
{
        if (!at_digit(r))
                return expected(r, "a digit");
        while (at_digit(r))
                r->p++;
        return MSPTK_OK;
}

static msptk_status scan_number(reader *r, bool *ret_integer)
{
        *ret_integer = true;
        take(r, '-');
        if (take(r, '0')) {
                if (at_digit(r))
                        return wrong(r, r->p - 1, "a number must not begin with 0");
        } else {
                TRY(scan_digits(r));
        }
        if (take(r, '.')) {
                *ret_integer = false;
                TRY(scan_digits(r));
        }
        if (take(r, 'e') || take(r, 'E')) {
                *ret_integer = false;
                if (!take(r, '-'))
                        take(r, '+');
                TRY(scan_digits(r));
        }
        return MSPTK_OK;
}

static msptk_status read_number(reader *r, cJSON **ret_node)
{
        const char *start = r->p;
        uint64_t large;
        int64_t whole;
        double value;
        bool integer;
        size_t len;

        TRY(scan_number(r, &integer));
        len = (size_t)(r->p - start);
        if (integer && msptk__num_int64(start, len, &whole))
                *ret_node = msptk__node_new_int(whole);
        else if (integer && msptk__num_uint64(start, len, &large))
                *ret_node = msptk__node_new_uint(large);
        else if (msptk__num_double(start, len, &value))
                *ret_node = msptk__node_new_double(value);
        else
                return wrong(r, start, "the number is too large or too long");
        return *ret_node ? MSPTK_OK : msptk__nomem(r->ret_err);
}

/* ---- strings: first checked and measured, then decoded ---- */

/* The four hexadecimal digits at `p`; -1 when they are not. */
static int32_t hex4(const char *p, const char *end)
{
        int32_t value = 0;

        if (end - p < 4)
                return -1;
        for (int i = 0; i < 4; i++) {
                char c = p[i];

                if (c >= '0' && c <= '9')
                        value = value * 16 + (c - '0');
                else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
                        value = value * 16 + ((c | 0x20) - 'a' + 10);
                else
                        return -1;
        }
        return value;
}

static bool is_high(int32_t unit)
{
        return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(int32_t unit)
{
        return unit >= 0xdc00 && unit < 0xe000;
}

/* Moves over the escape that begins at r->p. */
static msptk_status scan_escape(reader *r)
{
        const char *start = r->p++;
        int32_t unit;

        if (r->p >= r->end || !strchr("\"\\/bfnrtu", *r->p) || !*r->p)
                return expected(r, "one of \" \\ / b f n r t u after a backslash");
        if (*r->p++ != 'u')
                return MSPTK_OK;
        unit = hex4(r->p, r->end);
        if (unit < 0)
                return wrong(r, start, "expected four hexadecimal digits after \\u");
        if (unit == 0)
                return wrong(r, start, "\\u0000 is refused, because texts end there");
        r->p += 4;
        if (is_high(unit) && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u' &&
            is_low(hex4(r->p + 2, r->end)))
                r->p += 6;
        else if (is_high(unit) || is_low(unit))
                return wrong(r, start, "a surrogate without its other half");
        return MSPTK_OK;
}

/* Moves to the closing quote of the string whose opening quote was just passed. */
static msptk_status scan_string(reader *r, const char *quote, bool *ret_escapes)
{
        *ret_escapes = false;
        while (r->p < r->end && *r->p != '"') {
                unsigned char c = (unsigned char)*r->p;
                const char *at = r->p;

                if (c == '\\') {
                        *ret_escapes = true;
                        TRY(scan_escape(r));
                } else if (c < 0x20) {
                        return wrong(r, at, "a control character in a string must be escaped");
                } else if (c < 0x80) {
                        r->p++;
                } else if (msptk__utf8_next(&r->p, r->end) == UTF8_BAD) {
                        return wrong(r, at, "the bytes are not UTF-8");
                }
        }
        if (r->p >= r->end)
                return wrong(r, quote, "the string that begins here has no end");
        return MSPTK_OK;
}

static char decode_short(char c)
{
        switch (c) {
        case 'b':
                return '\b';
        case 'f':
                return '\f';
        case 'n':
                return '\n';
        case 'r':
                return '\r';
        case 't':
                return '\t';
        default:
                return c;
        }
}

/* Both ends were checked by scan_string(). Decoded text is never longer than its escapes. */
static void decode(const char *p, const char *end, char *out)
{
        while (p < end) {
                uint32_t unit;

                if (*p != '\\') {
                        *out++ = *p++;
                } else if (p[1] != 'u') {
                        *out++ = decode_short(p[1]);
                        p += 2;
                } else {
                        unit = (uint32_t)hex4(p + 2, end);
                        p += 6;
                        if (is_high((int32_t)unit)) {
                                unit = 0x10000 + ((unit - 0xd800) << 10) +
                                       ((uint32_t)hex4(p + 2, end) - 0xdc00);
                                p += 6;
                        }
                        out += msptk__utf8_put(unit, out);
                }
        }
        *out = '\0';
}

static msptk_status read_text(reader *r, char **ret_text)
{
        const char *quote = r->p++;
        size_t len;
        bool escapes;
        char *text;

        TRY(scan_string(r, quote, &escapes));
        len = (size_t)(r->p - quote - 1);
        text = msptk__strndup(quote + 1, len);
        if (!text)
                return msptk__nomem(r->ret_err);
        if (escapes)
                decode(quote + 1, r->p, text);
        r->p++;
        *ret_text = text;
        return MSPTK_OK;
}

static msptk_status read_string(reader *r, cJSON **ret_node)
{
        AUTO_FREE char *text = NULL;
        cJSON *node = NULL;

        TRY(read_text(r, &text));
        node = msptk__node_new(cJSON_String);
        if (!node)
                return msptk__nomem(r->ret_err);
        node->valuestring = STEAL(text);
        *ret_node = node;
        return MSPTK_OK;
}

/* ---- arrays and objects ---- */

static msptk_status read_elements(reader *r, cJSON *array)
{
        skip_space(r);
        if (take(r, ']'))
                return MSPTK_OK;
        for (;;) {
                cJSON *child;

                TRY(read_value(r, &child));
                cJSON_AddItemToArray(array, child);
                skip_space(r);
                if (take(r, ']'))
                        return MSPTK_OK;
                if (!take(r, ','))
                        return expected(r, "',' or ']' after an element");
                skip_space(r);
        }
}

static msptk_status remember_key(reader *r, const char *key, const char *at)
{
        if (r->key_count == r->key_cap) {
                size_t cap = r->key_cap ? r->key_cap * 2 : 32;
                seen_key *grown = msptk__realloc_array(r->keys, cap, sizeof(*grown));

                if (!grown)
                        return msptk__nomem(r->ret_err);
                r->keys = grown;
                r->key_cap = cap;
        }
        r->keys[r->key_count++] = (seen_key){ .key = key, .at = at };
        return MSPTK_OK;
}

static int compare_keys(const void *a, const void *b)
{
        const seen_key *x = a, *y = b;
        int order = strcmp(x->key, y->key);

        return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* The keys of the object that closes are those from `first` on. Few are compared each with each,
 * many are sorted, so that no object costs quadratic time. */
static msptk_status check_keys(reader *r, size_t first)
{
        seen_key *keys = r->keys + first;
        size_t count = r->key_count - first;
        const seen_key *again = NULL;

        r->key_count = first;
        if (count > FEW_KEYS) {
                qsort(keys, count, sizeof(*keys), compare_keys);
                for (size_t i = 1; i < count; i++)
                        if (!strcmp(keys[i - 1].key, keys[i].key) &&
                            (!again || keys[i].at < again->at))
                                again = &keys[i];
        } else {
                for (size_t i = 1; i < count && !again; i++)
                        for (size_t j = 0; j < i && !again; j++)
                                if (!strcmp(keys[i].key, keys[j].key))
                                        again = &keys[i];
        }
        return again ? duplicate(r, again) : MSPTK_OK;
}

static msptk_status read_member(reader *r, cJSON *object)
{
        AUTO_FREE char *key = NULL;
        const char *at = r->p;
        cJSON *child;

        if (r->p >= r->end || *r->p != '"')
                return expected(r, "a key in quotes");
        TRY(read_text(r, &key));
        TRY(remember_key(r, key, at));
        skip_space(r);
        if (!take(r, ':'))
                return expected(r, "':' after a key");
        skip_space(r);
        TRY(read_value(r, &child));
        child->string = STEAL(key);
        cJSON_AddItemToArray(object, child);
        return MSPTK_OK;
}

static msptk_status read_members(reader *r, cJSON *object)
{
        size_t first = r->key_count;

        skip_space(r);
        if (take(r, '}'))
                return MSPTK_OK;
        for (;;) {
                TRY(read_member(r, object));
                skip_space(r);
                if (take(r, '}'))
                        return check_keys(r, first);
                if (!take(r, ','))
                        return expected(r, "',' or '}' after a member");
                skip_space(r);
        }
}

static msptk_status read_container(reader *r, int type, cJSON **ret_node)
{
        AUTO_JSON msptk_json *container = NULL;
        cJSON *node = NULL;

        if (r->depth >= r->max_depth)
                return too_deep(r);
        node = msptk__node_new(type);
        if (!node)
                return msptk__nomem(r->ret_err);
        container = json_of(node);
        r->depth++;
        r->p++;
        TRY(type == cJSON_Array ? read_elements(r, node) : read_members(r, node));
        r->depth--;
        *ret_node = &STEAL(container)->node;
        return MSPTK_OK;
}

static msptk_status read_value(reader *r, cJSON **ret_node)
{
        if (r->p >= r->end)
                return expected(r, "a value");
        switch (*r->p) {
        case '{':
                return read_container(r, cJSON_Object, ret_node);
        case '[':
                return read_container(r, cJSON_Array, ret_node);
        case '"':
                return read_string(r, ret_node);
        case 't':
                return read_word(r, "true", cJSON_True, ret_node);
        case 'f':
                return read_word(r, "false", cJSON_False, ret_node);
        case 'n':
                return read_word(r, "null", cJSON_NULL, ret_node);
        default:
                if (*r->p == '-' || at_digit(r))
                        return read_number(r, ret_node);
                return expected(r, "a value");
        }
}

static msptk_status read_document(reader *r, cJSON **ret_node)
{
        AUTO_JSON msptk_json *doc = NULL;
        cJSON *node = NULL;

        if (r->end - r->p >= 3 && !memcmp(r->p, "\xef\xbb\xbf", 3))
                return wrong(r, r->p, "a byte order mark is not part of JSON");
        skip_space(r);
        TRY(read_value(r, &node));
        doc = json_of(node);
        skip_space(r);
        if (r->p < r->end)
                return expected(r, "nothing after the value");
        *ret_node = &STEAL(doc)->node;
        return MSPTK_OK;
}

msptk_status msptk__json_parse(const char *text, size_t len, size_t max_bytes, int32_t max_depth,
                               msptk_json **ret_doc, msptk_error **ret_err)
{
        reader r = { .max_depth = max_depth, .ret_err = ret_err };
        msptk_status st;
        cJSON *node = NULL;

        if (!text || !ret_doc)
                return fail(ret_err, MSPTK_E_INVALID, "no text, or no place for the document");
        if (len > max_bytes)
                return fail(ret_err, MSPTK_E_TOOBIG,
                            "JSON of %zu bytes is longer than the limit of %zu bytes", len,
                            max_bytes);
        if (max_depth > JSON_HARD_DEPTH)
                r.max_depth = JSON_HARD_DEPTH;
        r.text = r.p = text;
        r.end = text + len;
        st = read_document(&r, &node);
        msptk__free(r.keys);
        if (st < 0)
                return st;
        *ret_doc = json_of(node);
        return MSPTK_OK;
}

msptk_status msptk_json_parse(const char *text, size_t len, msptk_json **ret_doc,
                              msptk_error **ret_err)
{
        return msptk__json_parse(text, len, JSON_MAX_BYTES, JSON_MAX_DEPTH, ret_doc, ret_err);
}
