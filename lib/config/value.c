/* One setting: from a node of the tree to a checked value of its row's type. */
#define ROOM "config"
#include "config/internal.h"

#include <string.h>
#include <strings.h>

typedef struct value_ctx {
        config *c;
        const config_key *row;
        const char *path;
        const tree_node *node; /* NULL: the default */
        msptk_error **ret_err;
} value_ctx;

int64_t msptk__unit_ms(const config_key *row)
{
        return row->unit && strcmp(row->unit, "milliseconds") == 0 ? 1 : MS_PER_S;
}

void msptk__value_clear(setting *v)
{
        msptk__free(v->own);
        msptk__free(v->items);
        msptk__free(v->path);
        *v = (setting){ 0 };
}

/* The value is quoted in the message only because no row of another type than CONFIG_SECRET holds a
 * secret, and never when it looks like one. */
static msptk_status bad(const value_ctx *x, const char *text, const char *suggestion,
                        const char *expected)
{
        if (!text || msptk__looks_like_secret(text))
                return msptk__config_find(x->c, LEVEL_ERROR, MSPTK_E_CONFIG, "BAD_VALUE", x->node,
                                          false, x->path, suggestion, x->ret_err, "'%s' must be %s",
                                          x->path, expected);
        return msptk__config_find(x->c, LEVEL_ERROR, MSPTK_E_CONFIG, "BAD_VALUE", x->node, false,
                                  x->path, suggestion, x->ret_err, "'%s' must be %s, not '%.60s'",
                                  x->path, expected, text);
}

static void put_bound(buf *b, const config_key *row, double bound)
{
        char text[TIME_TEXT_MAX];

        if (row->type == CONFIG_DURATION)
                msptk__duration_format((int64_t)bound, text);
        else
                (void)msptk__num_put_int64(text, (int64_t)bound);
        (void)msptk__buf_add_str(b, text);
}

static bool in_bounds(const config_key *row, double number)
{
        return !(row->max > row->min) || (number >= row->min && number <= row->max);
}

static msptk_status out_of_bounds(const value_ctx *x, const char *text)
{
        AUTO_BUF buf b = BUF_INIT(200);

        (void)msptk__buf_add_str(&b, "between ");
        put_bound(&b, x->row, x->row->min);
        (void)msptk__buf_add_str(&b, " and ");
        put_bound(&b, x->row, x->row->max);
        if (x->row->unit && x->row->type != CONFIG_DURATION)
                (void)msptk__buf_addf(&b, " %s", x->row->unit);
        return bad(x, text, "use a value within the bounds", msptk__buf_text(&b));
}

static msptk_status read_number(const value_ctx *x, const char *text, setting *out)
{
        const config_key *row = x->row;
        size_t len = strlen(text);
        bool ok = false;

        switch (row->type) {
        case CONFIG_INT:
                ok = msptk__num_int64(text, len, &out->whole);
                out->number = (double)out->whole;
                break;
        case CONFIG_NUMBER:
                ok = row->unit && strcmp(row->unit, "percent") == 0 && len && text[len - 1] == '%'
                             ? msptk__num_parse_percent(text, &out->number, NULL) == MSPTK_OK
                             : msptk__num_double(text, len, &out->number);
                break;
        case CONFIG_DURATION:
                ok = msptk__duration_parse(text, msptk__unit_ms(row), &out->whole, NULL) ==
                     MSPTK_OK;
                out->number = (double)out->whole;
                break;
        default:
                ok = msptk__num_parse_bytes(text, &out->whole, NULL) == MSPTK_OK;
                out->number = (double)out->whole;
                break;
        }
        if (!ok)
                return bad(x, text,
                           row->type == CONFIG_DURATION ? "write it as 500ms, 30s, 5m, 2h or 7d"
                           : row->type == CONFIG_BYTES  ? "write it as 512, 64KiB or 10MB"
                                                        : "write a number",
                           row->type == CONFIG_DURATION ? "a duration"
                           : row->type == CONFIG_BYTES  ? "a size"
                           : row->type == CONFIG_INT    ? "a whole number"
                                                        : "a number");
        if (!in_bounds(row, out->number))
                return out_of_bounds(x, text);
        out->text = text;
        out->has = true;
        return MSPTK_OK;
}

static msptk_status read_bool(const value_ctx *x, const char *text, setting *out)
{
        static const char *const yes[] = { "true", "yes", "on", "1" };
        static const char *const no[] = { "false", "no", "off", "0" };

        for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
                if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
                        out->whole = strcasecmp(text, yes[i]) == 0;
                        out->text = out->whole ? "true" : "false";
                        out->has = true;
                        return MSPTK_OK;
                }
        }
        return bad(x, text, "write true or false", "true or false");
}

/* The canonical spelling of a word of `values`, as a pointer into it; NULL when it is none. */
static const char *enum_word(const char *values, const char *text, size_t *ret_len)
{
        size_t len = strlen(text);

        while (*values) {
                size_t word = strcspn(values, " ");
                const char *equals = memchr(values, '=', word);
                size_t given = equals ? (size_t)(equals - values) : word;

                if (given == len && strncasecmp(values, text, len) == 0) {
                        *ret_len = equals ? word - given - 1 : word;
                        return equals ? equals + 1 : values;
                }
                values += word;
                values += strspn(values, " ");
        }
        return NULL;
}

static const char *enum_value(config *c, const config_key *row, const char *text, bool *ret_known)
{
        size_t len = 0;
        const char *word = enum_word(row->values, text, &len);

        *ret_known = word != NULL;
        return word ? msptk__config_keep(c, msptk__strndup(word, len)) : NULL;
}

static msptk_status bad_word(const value_ctx *x, const char *text)
{
        AUTO_BUF buf all = BUF_INIT(300);
        AUTO_BUF buf hint = BUF_INIT(300);
        char words[16][32];
        const char *list[16];
        size_t n = 0;
        const char *best;

        (void)msptk__buf_add_str(&all, "one of ");
        for (const char *p = x->row->values; *p && n < 16; p += strspn(p, " ")) {
                size_t word = strcspn(p, " ");

                if (!memchr(p, '=', word) && word < 32) {
                        memcpy(words[n], p, word);
                        words[n][word] = '\0';
                        list[n] = words[n];
                        (void)msptk__buf_addf(&all, "%s%s", n ? ", " : "", words[n]);
                        n++;
                }
                p += word;
        }
        best = msptk__nearest(text, list, n);
        if (best)
                (void)msptk__buf_addf(&hint, "did you mean '%s'?", best);
        return bad(x, text, best ? msptk__buf_text(&hint) : "use one of these words",
                   msptk__buf_text(&all));
}

static msptk_status read_enum(const value_ctx *x, const char *text, setting *out)
{
        bool known;
        const char *word = enum_value(x->c, x->row, text, &known);

        if (!known)
                return bad_word(x, text);
        if (!word)
                return msptk__nomem(x->ret_err);
        out->text = word;
        out->has = true;
        return MSPTK_OK;
}

static msptk_status read_path(const value_ctx *x, const char *text, setting *out)
{
        if (!*text)
                return bad(x, NULL, "name a file or directory", "a path");
        out->own = strcmp(text, ":memory:") == 0 ? msptk__strdup(text)
                                                 : msptk__config_resolve_path(x->c, text);
        if (!out->own)
                return msptk__nomem(x->ret_err);
        out->text = out->own;
        out->has = true;
        return MSPTK_OK;
}

static msptk_status read_secret(const value_ctx *x, const char *text, bool env_form, setting *out)
{
        if (!*text)
                return MSPTK_OK;
        if (!env_form && !msptk__config_is_reference(text))
                return msptk__config_refuse_literal(x->c, x->node, x->path, x->ret_err);
        if (env_form) {
                AUTO_BUF buf b = BUF_INIT(4096);

                if (!msptk__env_name_valid(text))
                        return msptk__config_find(
                                x->c, LEVEL_ERROR, MSPTK_E_CONFIG, "LITERAL_SECRET", x->node, false,
                                x->path,
                                "write the variable's name there and its value into the "
                                "environment or .env",
                                x->ret_err, "'%s_env' is not the name of an environment variable",
                                x->path);
                (void)msptk__buf_addf(&b, "env:%s", text);
                TRY(msptk__buf_status(&b, ROOM, x->path, x->ret_err));
                out->own = msptk__buf_steal(&b);
                if (!out->own)
                        return msptk__nomem(x->ret_err);
                text = out->own;
        }
        out->text = text;
        out->has = true;
        return msptk__config_note_reference(x->c, text, x->ret_err);
}

static msptk_status read_string(const value_ctx *x, const char *text, setting *out)
{
        if (msptk__looks_like_secret(text))
                return msptk__config_refuse_literal(x->c, x->node, x->path, x->ret_err);
        out->text = text;
        out->has = true;
        return MSPTK_OK;
}

static msptk_status read_text(const value_ctx *x, const char *text, bool env_form, setting *out)
{
        switch (x->row->type) {
        case CONFIG_STRING:
                return read_string(x, text, out);
        case CONFIG_BOOL:
                return read_bool(x, text, out);
        case CONFIG_ENUM:
                return read_enum(x, text, out);
        case CONFIG_PATH:
                return read_path(x, text, out);
        case CONFIG_SECRET:
                return read_secret(x, text, env_form, out);
        default:
                return read_number(x, text, out);
        }
}

/* `text` lives in the tree or among the kept strings. */
static msptk_status read_item(const value_ctx *x, const char *text, setting *out, size_t i)
{
        const char *item = text;

        if (x->row->values) {
                bool known;

                item = enum_value(x->c, x->row, text, &known);
                if (!known)
                        return bad_word(x, text);
                if (!item)
                        return msptk__nomem(x->ret_err);
        } else if (msptk__looks_like_secret(text)) {
                return msptk__config_refuse_literal(x->c, x->node, x->path, x->ret_err);
        }
        out->items[i] = (char *)(uintptr_t)item;
        return MSPTK_OK;
}

static bool blank(char c)
{
        return c == ' ' || c == '\t';
}

/* An override gives a list as "a, b". */
static msptk_status read_comma_list(const value_ctx *x, const char *text, setting *out)
{
        size_t n = 1, i = 0;

        for (const char *p = text; *p; p++)
                n += *p == ',';
        out->items = msptk__alloc_array(n + 1, sizeof(*out->items));
        if (!out->items)
                return msptk__nomem(x->ret_err);
        for (;;) {
                size_t len = strcspn(text, ",");
                const char *from = text;
                size_t word = len;

                while (word && blank(*from)) {
                        from++;
                        word--;
                }
                while (word && blank(from[word - 1]))
                        word--;
                if (word) {
                        const char *item = msptk__config_keep(x->c, msptk__strndup(from, word));

                        if (!item)
                                return msptk__nomem(x->ret_err);
                        TRY(read_item(x, item, out, i));
                        i += out->items[i] != NULL;
                }
                if (!text[len])
                        break;
                text += len + 1;
        }
        out->has = true;
        return MSPTK_OK;
}

static msptk_status read_list(const value_ctx *x, setting *out)
{
        const tree_node *node = x->node;
        size_t i = 0;

        if (node->kind == TREE_MAP)
                return bad(x, NULL, "write [one, two]", "a list");
        if (node->kind == TREE_SCALAR && node->source)
                return read_comma_list(x, node->text, out);
        out->items = msptk__alloc_array((node->kind == TREE_LIST ? node->count : 1) + 1,
                                        sizeof(*out->items));
        if (!out->items)
                return msptk__nomem(x->ret_err);
        if (node->kind == TREE_SCALAR) {
                TRY(read_item(x, node->text, out, 0));
                out->has = true;
                return MSPTK_OK;
        }
        for (const tree_node *item = node->first; item; item = item->next) {
                value_ctx at = *x;

                at.node = item;
                if (item->kind != TREE_SCALAR)
                        return bad(&at, NULL, "write [one, two]", "a list of plain words");
                TRY(read_item(&at, item->text, out, i));
                i += out->items[i] != NULL;
        }
        out->has = true;
        return MSPTK_OK;
}

static msptk_status check_zone(const value_ctx *x, setting *out)
{
        AUTO_ZONE zone *z = NULL;
        AUTO_ERROR msptk_error *err = NULL;
        msptk_status st;

        if (!out->has || strcmp(x->row->path, "general.timezone") != 0)
                return MSPTK_OK;
        st = msptk__zone_load(NULL, out->text, &z, &err);
        if (st == MSPTK_OK)
                return MSPTK_OK;
        if (st == MSPTK_E_NOMEM)
                return msptk__nomem(x->ret_err);
        /* no zone data at all is a fault of the machine (doctor says so), not of this file */
        if (strcmp(msptk_error_reason(err), "ZONE_DATA_MISSING") == 0)
                return msptk__config_find(x->c, LEVEL_WARNING, st, "ZONE_DATA_MISSING", x->node,
                                          false, x->path, msptk_error_suggestion(err), x->ret_err,
                                          "'%s' cannot be checked: %s", x->path,
                                          msptk_error_message(err));
        out->has = false;
        return msptk__config_find(x->c, LEVEL_ERROR, MSPTK_E_CONFIG, "ZONE_NOT_FOUND", x->node,
                                  false, x->path, msptk_error_suggestion(err), x->ret_err,
                                  "'%s': %s", x->path, msptk_error_message(err));
}

msptk_status msptk__value_read(config *c, const config_key *row, const char *path,
                               const tree_node *node, bool env_form, setting *out,
                               msptk_error **ret_err)
{
        value_ctx x = { c, row, path, node, ret_err };

        if (msptk__tree_scalar_type(node) == TREE_NULL)
                return MSPTK_OK;
        out->row = row;
        out->node = node;
        if (row->type == CONFIG_LIST)
                return read_list(&x, out);
        if (node->kind != TREE_SCALAR) {
                AUTO_BUF buf what = BUF_INIT(64);

                (void)msptk__buf_addf(&what, "one value (%s)", msptk__config_type_name(row->type));
                return bad(&x, NULL, "write it on the same line as the key",
                           msptk__buf_text(&what));
        }
        TRY(read_text(&x, node->text, env_form, out));
        return check_zone(&x, out);
}

msptk_status msptk__value_default(config *c, const config_key *row, setting *out,
                                  msptk_error **ret_err)
{
        value_ctx x = { c, row, row->path, NULL, ret_err };

        out->row = row;
        if (!row->default_value)
                return MSPTK_OK;
        if (row->type == CONFIG_LIST) {
                AUTO_BUF buf b = BUF_INIT(200);

                /* "[pdf, html]" without its brackets */
                (void)msptk__buf_add(&b, row->default_value + 1, strlen(row->default_value) - 2);
                TRY(msptk__buf_status(&b, ROOM, row->path, ret_err));
                return read_comma_list(&x, msptk__buf_text(&b), out);
        }
        return read_text(&x, row->default_value, false, out);
}
