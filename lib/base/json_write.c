/* The writer of JSON: piece by piece into a buffer, and whole trees through the same pieces. */
#define ROOM "base"
#include "base/base.h"
#include "base/json_node.h"

#include <math.h>
#include <string.h>

enum { PRINT_MAX = 1024 * 1024 * 1024 };

/* ---- levels ---- */

static bool get_bit(const uint64_t *bits, uint32_t i)
{
        return bits[i / 64] >> (i % 64) & 1;
}

static void put_bit(uint64_t *bits, uint32_t i, bool on)
{
        bits[i / 64] = (bits[i / 64] & ~(UINT64_C(1) << (i % 64))) | (uint64_t)on << (i % 64);
}

static bool is_failed(const json_writer *w)
{
        return w->failed || w->out->failed;
}

static void new_line(json_writer *w)
{
        if (!(w->flags & MSPTK_JSON_PRETTY))
                return;
        msptk__buf_add_char(w->out, '\n');
        for (uint32_t i = 0; i < w->depth; i++)
                msptk__buf_add(w->out, "  ", 2);
}

/* Comma and indent of the next element or member. */
static void next_item(json_writer *w)
{
        if (get_bit(w->has_items, w->depth - 1))
                msptk__buf_add_char(w->out, ',');
        put_bit(w->has_items, w->depth - 1, true);
        new_line(w);
}

/* What comes before any value; false when none may come here. */
static bool begin_value(json_writer *w)
{
        if (is_failed(w))
                return false;
        if (w->depth == 0) {
                if (w->done)
                        w->failed = MSPTK_E_INTERNAL;
                w->done = true;
        } else if (get_bit(w->is_object, w->depth - 1)) {
                if (!w->after_key)
                        w->failed = MSPTK_E_INTERNAL;
                w->after_key = false;
        } else {
                next_item(w);
        }
        return !w->failed;
}

static void open_level(json_writer *w, bool object)
{
        if (!begin_value(w))
                return;
        if (w->depth >= JSON_HARD_DEPTH) {
                w->failed = MSPTK_E_TOOBIG;
                return;
        }
        msptk__buf_add_char(w->out, object ? '{' : '[');
        put_bit(w->is_object, w->depth, object);
        put_bit(w->has_items, w->depth, false);
        w->depth++;
}

static void close_level(json_writer *w, bool object)
{
        if (is_failed(w))
                return;
        if (!w->depth || w->after_key || get_bit(w->is_object, w->depth - 1) != object) {
                w->failed = MSPTK_E_INTERNAL;
                return;
        }
        w->depth--;
        if (get_bit(w->has_items, w->depth))
                new_line(w);
        msptk__buf_add_char(w->out, object ? '}' : ']');
}

/* ---- strings ---- */

static void add_escape(buf *out, unsigned char c)
{
        static const char shorts[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
        const char *known = c ? strchr(shorts, c) : NULL;

        if (known) {
                msptk__buf_add_char(out, '\\');
                msptk__buf_add_char(out, letters[known - shorts]);
        } else {
                msptk__buf_addf(out, "\\u%04x", c);
        }
}

/* Eight bytes of which none is a control character, a quote, a backslash or beyond ASCII: the
 * subtractions set the high bit of a byte that is smaller than what is subtracted. */
static bool eight_plain(const char *p)
{
        const uint64_t ones = UINT64_C(0x0101010101010101), high = ones * 0x80;
        uint64_t v;

        memcpy(&v, p, sizeof(v));
        return !((v | (v - ones * 0x20) | ((v ^ ones * '"') - ones) | ((v ^ ones * '\\') - ones)) &
                 high);
}

static void add_quoted(buf *out, const char *text, size_t len)
{
        const char *p = text, *plain = text, *end = text + len;

        msptk__buf_add_char(out, '"');
        while (p < end) {
                unsigned char c;
                const char *at;

                while (end - p >= 8 && eight_plain(p))
                        p += 8;
                if (p == end)
                        break;
                c = (unsigned char)*p;
                at = p;
                if (c < 0x80 && c >= 0x20 && c != '"' && c != '\\') {
                        p++;
                        continue;
                }
                if (c >= 0x80 && msptk__utf8_next(&p, end) != UTF8_BAD)
                        continue;
                msptk__buf_add(out, plain, (size_t)(at - plain));
                if (c >= 0x80) {
                        msptk__buf_add(out, "\xef\xbf\xbd", 3);
                } else {
                        add_escape(out, c);
                        p = at + 1;
                }
                plain = p;
        }
        msptk__buf_add(out, plain, (size_t)(p - plain));
        msptk__buf_add_char(out, '"');
}

/* ---- pieces ---- */

void msptk__jw_init(json_writer *w, buf *out, uint64_t flags)
{
        *w = (json_writer){ .out = out, .flags = flags };
}

void msptk__jw_object_begin(json_writer *w)
{
        open_level(w, true);
}

void msptk__jw_object_end(json_writer *w)
{
        close_level(w, true);
}

void msptk__jw_array_begin(json_writer *w)
{
        open_level(w, false);
}

void msptk__jw_array_end(json_writer *w)
{
        close_level(w, false);
}

void msptk__jw_key(json_writer *w, const char *key)
{
        if (is_failed(w))
                return;
        if (!w->depth || w->after_key || !get_bit(w->is_object, w->depth - 1)) {
                w->failed = MSPTK_E_INTERNAL;
                return;
        }
        next_item(w);
        add_quoted(w->out, key, strlen(key));
        msptk__buf_add(w->out, ": ", w->flags & MSPTK_JSON_PRETTY ? 2 : 1);
        w->after_key = true;
}

void msptk__jw_string_n(json_writer *w, const char *text, size_t len)
{
        if (begin_value(w))
                add_quoted(w->out, text, len);
}

void msptk__jw_string(json_writer *w, const char *text)
{
        if (text)
                msptk__jw_string_n(w, text, strlen(text));
        else
                msptk__jw_null(w);
}

static void add_number(json_writer *w, const char *text, size_t len, bool quoted)
{
        if (!begin_value(w))
                return;
        if (quoted)
                msptk__buf_add_char(w->out, '"');
        msptk__buf_add(w->out, text, len);
        if (quoted)
                msptk__buf_add_char(w->out, '"');
}

void msptk__jw_int(json_writer *w, int64_t value)
{
        char text[NUM_TEXT_MAX];
        size_t len = msptk__num_put_int64(text, value);

        add_number(w, text, len, value > INT_EXACT_MAX || value < -INT_EXACT_MAX);
}

void msptk__jw_uint(json_writer *w, uint64_t value)
{
        char text[NUM_TEXT_MAX];
        size_t len = msptk__num_put_uint64(text, value);

        add_number(w, text, len, value > (uint64_t)INT_EXACT_MAX);
}

void msptk__jw_double(json_writer *w, double value)
{
        char text[NUM_TEXT_MAX];

        if (isfinite(value))
                add_number(w, text, msptk__num_put_double(text, value), false);
        else
                msptk__jw_null(w);
}

void msptk__jw_bool(json_writer *w, bool value)
{
        if (begin_value(w))
                msptk__buf_add_str(w->out, value ? "true" : "false");
}

void msptk__jw_null(json_writer *w)
{
        if (begin_value(w))
                msptk__buf_add_str(w->out, "null");
}

msptk_status msptk__jw_finish(const json_writer *w)
{
        if (w->out->failed)
                return w->out->failed;
        if (w->failed)
                return w->failed;
        return w->depth || !w->done ? MSPTK_E_INTERNAL : MSPTK_OK;
}

void msptk__jw_put_string(json_writer *w, const char *key, const char *text)
{
        msptk__jw_key(w, key);
        msptk__jw_string(w, text);
}

void msptk__jw_put_int(json_writer *w, const char *key, int64_t value)
{
        msptk__jw_key(w, key);
        msptk__jw_int(w, value);
}

void msptk__jw_put_double(json_writer *w, const char *key, double value)
{
        msptk__jw_key(w, key);
        msptk__jw_double(w, value);
}

void msptk__jw_put_bool(json_writer *w, const char *key, bool value)
{
        msptk__jw_key(w, key);
        msptk__jw_bool(w, value);
}

/* ---- trees ---- */

static void add_children(json_writer *w, const cJSON *parent)
{
        bool object = node_kind(parent) == cJSON_Object;

        open_level(w, object);
        for (const cJSON *c = parent->child; c && !is_failed(w); c = c->next) {
                if (object)
                        msptk__jw_key(w, c->string);
                msptk__jw_json(w, (const msptk_json *)c);
        }
        close_level(w, object);
}

void msptk__jw_json(json_writer *w, const msptk_json *json)
{
        const char *text = json ? json->node.valuestring : NULL;

        switch (json ? node_kind(&json->node) : cJSON_NULL) {
        case cJSON_False:
        case cJSON_True:
                msptk__jw_bool(w, node_kind(&json->node) == cJSON_True);
                break;
        case cJSON_Number:
                if (json->node.type & NODE_INT)
                        msptk__jw_int(w, (int64_t)json->node.valuedouble);
                else
                        msptk__jw_double(w, json->node.valuedouble);
                break;
        case cJSON_Raw:
                add_number(w, text, strlen(text), true);
                break;
        case cJSON_String:
                msptk__jw_string(w, text);
                break;
        case cJSON_Array:
        case cJSON_Object:
                add_children(w, &json->node);
                break;
        default:
                msptk__jw_null(w);
        }
}

msptk_status msptk__json_print(buf *out, const msptk_json *json, uint64_t flags)
{
        json_writer w;

        if (flags & ~(uint64_t)MSPTK_JSON_PRETTY)
                return out->failed = MSPTK_E_INVALID;
        msptk__jw_init(&w, out, flags);
        msptk__jw_json(&w, json);
        if (!out->failed)
                out->failed = msptk__jw_finish(&w);
        return out->failed;
}

msptk_status msptk_json_print(const msptk_json *json, uint64_t flags, char **ret_text,
                              msptk_error **ret_err)
{
        AUTO_BUF buf out = BUF_INIT(PRINT_MAX);
        msptk_status st;
        char *text;

        if (!ret_text)
                return fail(ret_err, MSPTK_E_INVALID, "no place for the JSON text");
        st = msptk__json_print(&out, json, flags);
        if (st == MSPTK_E_INVALID)
                return fail(ret_err, st, "unknown flags 0x%llx", (unsigned long long)flags);
        if (st == MSPTK_E_TOOBIG)
                return fail(ret_err, st, "JSON is nested deeper than %d levels, or over 1 GiB",
                            JSON_HARD_DEPTH);
        if (st < 0)
                return msptk__buf_status(&out, ROOM, "the JSON text", ret_err);
        text = msptk__buf_steal(&out);
        if (!text)
                return msptk__nomem(ret_err);
        *ret_text = text;
        return MSPTK_OK;
}

msptk_status msptk__json_scalar_text(const msptk_json *json, buf *out)
{
        char text[NUM_TEXT_MAX];

        switch (msptk_json_type(json)) {
        case MSPTK_JSON_NULL:
                return msptk__buf_add_str(out, "null");
        case MSPTK_JSON_BOOL:
                return msptk__buf_add_str(out, msptk_json_bool(json, 0) ? "true" : "false");
        case MSPTK_JSON_STRING:
                return msptk__buf_add_str(out, json->node.valuestring);
        case MSPTK_JSON_NUMBER:
                return msptk__buf_add(out, text,
                                      msptk__num_put_double(text, json->node.valuedouble));
        case MSPTK_JSON_INT:
                if (json->node.valuestring)
                        return msptk__buf_add_str(out, json->node.valuestring);
                return msptk__buf_add(out, text,
                                      msptk__num_put_int64(text, msptk_json_int(json, 0)));
        default:
                return MSPTK_E_INVALID;
        }
}
