/* Checks the arguments of an operation against its row and makes them complete. */
#define ROOM "ops"
#include "ops/ops.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 128 };

/* What one value is checked with. */
typedef struct checking {
        const op_row *row;
        const op_param *param;
        const ctx *c;
        msptk_error **ret_err;
} checking;

#define INVALID "INVALID_PARAMETERS"

static msptk_status bad(const checking *k, const char *fmt, ...)
        __attribute__((format(printf, 2, 3)));

static msptk_status bad(const checking *k, const char *fmt, ...)
{
        char what[512];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(what, sizeof(what), fmt, ap);
        va_end(ap);
        return fail_why(k->ret_err, MSPTK_E_INVALID, INVALID, k->param->about,
                        "parameter '%s' of '%s' %s", k->param->name, k->row->act.name, what);
}

const char *msptk__op_quote(const char *text, char out[OP_QUOTE_CAP])
{
        AUTO_BUF buf clean = BUF_INIT(OP_QUOTE_CAP);

        (void)msptk__text_clean(text, strlen(text), CLEAN_VISIBLE, 64, &clean);
        msptk__utf8_copy(out, OP_QUOTE_CAP, msptk__buf_text(&clean));
        return out;
}

/* The same for a value: what must not be shown is not quoted either. */
static const char *quote(const checking *k, const char *text, char out[OP_QUOTE_CAP])
{
        if (k->param->type == PARAM_SECRET || (k->param->flags & OP_PRIVATE))
                text = "***";
        return msptk__op_quote(text, out);
}

static bool next_word(const char **pos, char word[WORD_MAX])
{
        size_t n;

        *pos += strspn(*pos, " ");
        n = strcspn(*pos, " ");
        if (!n || n >= WORD_MAX)
                return false;
        memcpy(word, *pos, n);
        word[n] = '\0';
        *pos += n;
        return true;
}

/* The canonical word of an enum value, or an error that names the nearest and all. */
static msptk_status canonical_word(const checking *k, const char *given, char out[WORD_MAX])
{
        const char *pos, *words[32];
        char held[32][WORD_MAX], quoted[OP_QUOTE_CAP];
        const char *near;
        size_t n = 0;

        for (pos = k->param->values; pos && n < ARRAY_LEN(words) && next_word(&pos, held[n]); n++) {
                words[n] = held[n];
                if (!strcmp(held[n], given)) {
                        memcpy(out, held[n], WORD_MAX);
                        return MSPTK_OK;
                }
        }
        for (pos = k->param->aliases; pos && next_word(&pos, out);) {
                char *eq = strchr(out, '=');

                if (eq && (size_t)(eq - out) == strlen(given) &&
                    !strncmp(out, given, (size_t)(eq - out))) {
                        memmove(out, eq + 1, strlen(eq + 1) + 1);
                        return MSPTK_OK;
                }
        }
        near = msptk__nearest(given, words, n);
        if (near)
                return bad(k, "is '%s'; did you mean '%s'? It is one of: %s",
                           quote(k, given, quoted), near, k->param->values);
        return bad(k, "is '%s'; it must be one of: %s", quote(k, given, quoted), k->param->values);
}

/* A whole bound without ".0", and the same in every locale. */
static const char *put_bound(char out[NUM_TEXT_MAX], double bound)
{
        if (bound == (double)(int64_t)bound)
                msptk__num_put_int64(out, (int64_t)bound);
        else
                msptk__num_put_double(out, bound);
        return out;
}

/* `verb` is "be" for a value, "have" for a count of `units`. */
static msptk_status check_bounds(const checking *k, double value, const char *verb,
                                 const char *units)
{
        const op_param *p = k->param;
        char low[NUM_TEXT_MAX], high[NUM_TEXT_MAX];

        if (p->max <= p->min || (value >= p->min && value <= p->max))
                return MSPTK_OK;
        return bad(k, "must %s from %s to %s%s%s", verb, put_bound(low, p->min),
                   put_bound(high, p->max), units ? " " : "", units ? units : "");
}

static msptk_status check_clean(const checking *k, const char *text)
{
        size_t len = strlen(text);

        if (msptk__utf8_count(text, len) > OP_TEXT_MAX)
                return bad(k, "is longer than %d characters", OP_TEXT_MAX);
        for (size_t i = 0; i < len; i++)
                if ((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\t')
                        return bad(k, "has a control character at byte %zu", i + 1);
        return MSPTK_OK;
}

static msptk_status check_text(const checking *k, const char *text)
{
        size_t count;

        TRY(check_clean(k, text));
        count = msptk__utf8_count(text, strlen(text));
        if (k->param->max > k->param->min && !count && k->param->min > 0)
                return bad(k, "is empty");
        return check_bounds(k, (double)count, "have", "characters");
}

static msptk_status set_string(const checking *k, msptk_json *out, const char *text)
{
        if (msptk_json_set_string(out, k->param->name, text) < 0)
                return msptk__nomem(k->ret_err);
        return MSPTK_OK;
}

static msptk_status set_int(const checking *k, msptk_json *out, int64_t value)
{
        if (msptk_json_set_int(out, k->param->name, value) < 0)
                return msptk__nomem(k->ret_err);
        return MSPTK_OK;
}

/* The value as text, for types that people write; NULL when it is neither text nor a number. */
static const char *as_text(const msptk_json *v, char number[NUM_TEXT_MAX])
{
        switch (msptk_json_type(v)) {
        case MSPTK_JSON_STRING:
                return msptk_json_string(v, "");
        case MSPTK_JSON_INT:
                msptk__num_put_int64(number, msptk_json_int(v, 0));
                return number;
        case MSPTK_JSON_NUMBER:
                msptk__num_put_double(number, msptk_json_double(v, 0));
                return number;
        default:
                return NULL;
        }
}

static msptk_status check_int(const checking *k, const msptk_json *v, msptk_json *out)
{
        int64_t value = msptk_json_int(v, 0);
        const char *text = msptk_json_string(v, NULL);
        double number = msptk_json_double(v, NAN);
        char quoted[OP_QUOTE_CAP];

        if (text && !msptk__num_int64(text, strlen(text), &value))
                return bad(k, "is '%s', not a whole number", quote(k, text, quoted));
        /* 5.0 is a whole number, in JSON Schema too. */
        if (msptk_json_type(v) == MSPTK_JSON_NUMBER && fabs(number) <= 9007199254740992.0 &&
            number == floor(number))
                value = (int64_t)number;
        else if (!text && msptk_json_type(v) != MSPTK_JSON_INT)
                return bad(k, "must be a whole number");
        TRY(check_bounds(k, (double)value, "be", k->param->unit));
        return set_int(k, out, value);
}

static msptk_status check_number(const checking *k, const msptk_json *v, msptk_json *out)
{
        const char *text = msptk_json_string(v, NULL);
        double value = msptk_json_double(v, NAN);
        char quoted[OP_QUOTE_CAP];

        if (text && !msptk__num_double(text, strlen(text), &value))
                return bad(k, "is '%s', not a number", quote(k, text, quoted));
        if (!isfinite(value))
                return bad(k, "must be a number");
        TRY(check_bounds(k, value, "be", k->param->unit));
        if (msptk_json_set_double(out, k->param->name, value) < 0)
                return msptk__nomem(k->ret_err);
        return MSPTK_OK;
}

static msptk_status check_bool(const checking *k, const msptk_json *v, msptk_json *out)
{
        const char *text = msptk_json_string(v, "");
        int32_t value = 0;

        if (msptk_json_type(v) == MSPTK_JSON_BOOL)
                value = msptk_json_bool(v, 0);
        else if (msptk_json_type(v) == MSPTK_JSON_INT &&
                 (msptk_json_int(v, 2) == 0 || msptk_json_int(v, 2) == 1))
                value = (int32_t)msptk_json_int(v, 0);
        else if (!strcmp(text, "true") || !strcmp(text, "yes"))
                value = 1;
        else if (strcmp(text, "false") && strcmp(text, "no"))
                return bad(k, "must be true or false");
        if (msptk_json_set_bool(out, k->param->name, value) < 0)
                return msptk__nomem(k->ret_err);
        return MSPTK_OK;
}

/* "30d" is that long ago, or that long from now where a time to come is asked for. */
static msptk_status read_time(const checking *k, const char *text, int64_t *ret_us,
                              msptk_error **ret_err)
{
        int64_t now = msptk__now(k->c), ms;

        if ((k->param->flags & OP_FUTURE) &&
            msptk__duration_parse(text, 0, &ms, NULL) == MSPTK_OK &&
            ms < (INT64_MAX - now) / 1000) {
                *ret_us = now + ms * 1000;
                return MSPTK_OK;
        }
        return msptk__since_parse(text, k->c ? k->c->zone : NULL, now, ret_us, ret_err);
}

/* Durations, bytes and times: text that other rooms know how to read. */
static msptk_status check_measure(const checking *k, const msptk_json *v, msptk_json *out)
{
        char number[NUM_TEXT_MAX];
        const char *text = as_text(v, number);
        AUTO_ERROR msptk_error *why = NULL;
        msptk_status st = MSPTK_OK;
        int64_t value = 0;

        if (!text)
                return bad(k, "must be text");
        if (k->param->type == PARAM_DURATION)
                st = msptk__duration_parse(text, MS_PER_S, &value, &why);
        else if (k->param->type == PARAM_BYTES)
                st = msptk__num_parse_bytes(text, &value, &why);
        else
                st = read_time(k, text, &value, &why);
        if (st == MSPTK_E_NOMEM)
                return msptk__nomem(k->ret_err);
        if (st < 0) {
                st = bad(k, "cannot be read: %s", msptk_error_message(why));
                if (k->ret_err)
                        msptk__error_set_reason(*k->ret_err, NULL, msptk_error_suggestion(why));
                return st;
        }
        TRY(check_bounds(k, (double)value, "be", k->param->unit));
        return set_int(k, out, value);
}

static msptk_status check_string(const checking *k, const msptk_json *v, msptk_json *out)
{
        char word[WORD_MAX], number[NUM_TEXT_MAX], quoted[OP_QUOTE_CAP];
        const char *text = as_text(v, number);

        if (!text)
                return bad(k, "must be text");
        if (k->param->type == PARAM_SLUG && !msptk__slug_valid(text))
                return bad(k,
                           "is '%s'; an id has small letters, digits and single dashes, at "
                           "most %d",
                           quote(k, text, quoted), SLUG_MAX);
        if (k->param->type == PARAM_ENUM) {
                TRY(canonical_word(k, text, word));
                return set_string(k, out, word);
        }
        TRY(check_text(k, text));
        return set_string(k, out, text);
}

static msptk_status add_item(const checking *k, msptk_json *list, const char *item)
{
        char word[WORD_MAX];

        if (msptk_json_count(list) >= OP_ITEMS_MAX)
                return bad(k, "has more than %d items", OP_ITEMS_MAX);
        /* A word of a command may be empty; an item of a list that is empty is a slip. */
        if (!*item && k->param->type != PARAM_ARGV)
                return bad(k, "has an empty item");
        if (k->param->values) {
                TRY(canonical_word(k, item, word));
                item = word;
        }
        TRY(check_clean(k, item));
        return msptk_json_append_string(list, item) < 0 ? msptk__nomem(k->ret_err) : MSPTK_OK;
}

/* "cpu,disk" -> items; blanks around commas do not count. */
static msptk_status split_items(const checking *k, const char *text, msptk_json *list)
{
        AUTO_BUF buf item = BUF_INIT(4 * OP_TEXT_MAX);

        while (*text) {
                size_t n;

                text += strspn(text, " ,");
                n = strcspn(text, ",");
                if (!n)
                        break;
                msptk__buf_reset(&item);
                if (msptk__buf_add(&item, text, n) < 0)
                        return msptk__buf_status(&item, ROOM, "an item of a list", k->ret_err);
                while (item.len && item.data[item.len - 1] == ' ')
                        item.data[--item.len] = '\0';
                TRY(add_item(k, list, msptk__buf_text(&item)));
                text += n;
        }
        return MSPTK_OK;
}

static msptk_status fill_list(const checking *k, const msptk_json *v, msptk_json *list)
{
        if (msptk_json_type(v) == MSPTK_JSON_STRING && k->param->type == PARAM_LIST)
                return split_items(k, msptk_json_string(v, ""), list);
        if (msptk_json_type(v) != MSPTK_JSON_ARRAY)
                return bad(k, "must be a list");
        for (const msptk_json *i = msptk_json_first(v); i; i = msptk_json_next(i)) {
                if (msptk_json_type(i) != MSPTK_JSON_STRING)
                        return bad(k, "must be a list of texts");
                TRY(add_item(k, list, msptk_json_string(i, "")));
        }
        return MSPTK_OK;
}

static msptk_status check_list(const checking *k, const msptk_json *v, msptk_json *out)
{
        msptk_json *list = msptk_json_new_array();
        msptk_status st = list ? fill_list(k, v, list) : msptk__nomem(k->ret_err);

        if (st == MSPTK_OK && !msptk_json_count(list))
                st = bad(k, "is an empty list");
        if (st == MSPTK_OK)
                st = check_bounds(k, (double)msptk_json_count(list), "have", "items");
        if (st < 0) {
                msptk_json_free(list);
                return st;
        }
        return msptk_json_set(out, k->param->name, list) < 0 ? msptk__nomem(k->ret_err) : MSPTK_OK;
}

/* A value that a person typed: a number when nothing of the text is lost by it, so that "01234" and
 * "+49..." stay what they are. */
static msptk_status set_typed(msptk_json *map, const char *key, const char *text)
{
        const char *digits = text + (*text == '-');
        size_t len = strlen(text);
        int64_t whole;
        double number;

        if (digits[0] == '+' || digits[0] == '.' ||
            (digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9'))
                return msptk_json_set_string(map, key, text);
        if (msptk__num_int64(text, len, &whole))
                return msptk_json_set_int(map, key, whole);
        if (strspn(digits, "0123456789.eE+-") == strlen(digits) && len <= 17 &&
            msptk__num_double(text, len, &number))
                return msptk_json_set_double(map, key, number);
        return msptk_json_set_string(map, key, text);
}

/* "cpu_percent=80,disk.critical=95" -> {"cpu_percent": 80, "disk.critical": 95} */
static msptk_status map_from_text(const checking *k, const char *text, msptk_json *map)
{
        AUTO_JSON msptk_json *list = msptk_json_new_array();
        checking items = *k;
        op_param any = *k->param;

        if (!list)
                return msptk__nomem(k->ret_err);
        any.values = NULL;
        items.param = &any;
        TRY(split_items(&items, text, list));
        for (const msptk_json *i = msptk_json_first(list); i; i = msptk_json_next(i)) {
                AUTO_FREE char *key = msptk__strdup(msptk_json_string(i, ""));
                char *eq = key ? strchr(key, '=') : NULL;
                char quoted[OP_QUOTE_CAP];

                if (!key)
                        return msptk__nomem(k->ret_err);
                if (!eq || eq == key)
                        return bad(k, "is '%s'; write it as key=value,key=value",
                                   quote(k, key, quoted));
                *eq = '\0';
                if (msptk_json_get(map, key))
                        return bad(k, "names '%s' twice", quote(k, key, quoted));
                if (set_typed(map, key, eq + 1) < 0)
                        return msptk__nomem(k->ret_err);
        }
        return MSPTK_OK;
}

static msptk_status check_map(const checking *k, const msptk_json *v, msptk_json *out)
{
        msptk_json *map = NULL;
        msptk_status st = MSPTK_OK;

        if (msptk_json_type(v) == MSPTK_JSON_OBJECT) {
                map = msptk_json_copy(v);
        } else if (msptk_json_type(v) == MSPTK_JSON_STRING) {
                map = msptk_json_new_object();
                if (map)
                        st = map_from_text(k, msptk_json_string(v, ""), map);
        } else {
                return bad(k, "must be an object");
        }
        if (!map)
                return msptk__nomem(k->ret_err);
        if (st == MSPTK_OK && msptk_json_count(map) > OP_ITEMS_MAX)
                st = bad(k, "has more than %d keys", OP_ITEMS_MAX);
        if (st < 0) {
                msptk_json_free(map);
                return st;
        }
        return msptk_json_set(out, k->param->name, map) < 0 ? msptk__nomem(k->ret_err) : MSPTK_OK;
}

static msptk_status check_value(const checking *k, const msptk_json *v, msptk_json *out)
{
        switch (k->param->type) {
        case PARAM_INT:
                return check_int(k, v, out);
        case PARAM_NUMBER:
                return check_number(k, v, out);
        case PARAM_BOOL:
                return check_bool(k, v, out);
        case PARAM_TIME:
        case PARAM_DURATION:
        case PARAM_BYTES:
                return check_measure(k, v, out);
        case PARAM_ARGV:
        case PARAM_LIST:
                return check_list(k, v, out);
        case PARAM_MAP:
                return check_map(k, v, out);
        default:
                return check_string(k, v, out);
        }
}

msptk_status msptk__op_check_name(const op_row *row, const char *name, const op_param **ret_param,
                                  msptk_error **ret_err)
{
        const char *names[64] = { 0 }, *near;
        char quoted[OP_QUOTE_CAP];
        size_t n = 0;

        for (const op_param *p = row->params; p && p->name; p++) {
                if (!strcmp(p->name, name)) {
                        if (ret_param)
                                *ret_param = p;
                        return MSPTK_OK;
                }
                if (n < ARRAY_LEN(names))
                        names[n++] = p->name;
        }
        near = msptk__nearest(name, names, n);
        if (near)
                return fail_why(ret_err, MSPTK_E_INVALID, "UNKNOWN_PARAMETER", NULL,
                                "'%s' has no parameter '%s'; did you mean '%s'?", row->act.name,
                                msptk__op_quote(name, quoted), near);
        return fail_why(ret_err, MSPTK_E_INVALID, "UNKNOWN_PARAMETER",
                        n ? "see the help of the operation for its parameters"
                          : "the operation takes no parameters",
                        "'%s' has no parameter '%s'", row->act.name, msptk__op_quote(name, quoted));
}

msptk_status msptk__op_check_one(const op_row *row, const char *name, const msptk_json *value,
                                 msptk_error **ret_err)
{
        AUTO_JSON msptk_json *out = msptk_json_new_object();
        checking k = { .row = row, .ret_err = ret_err };

        TRY(msptk__op_check_name(row, name, &k.param, ret_err));
        if (!out)
                return msptk__nomem(ret_err);
        /* "yesterday" needs a clock and a zone. */
        if (k.param->type == PARAM_TIME || msptk_json_type(value) == MSPTK_JSON_NULL)
                return MSPTK_OK;
        return check_value(&k, value, out);
}

static bool given(const msptk_json *args, const op_param *p)
{
        const msptk_json *v = msptk_json_get(args, p->name);

        return v && msptk_json_type(v) != MSPTK_JSON_NULL;
}

static msptk_status check_exclusive(const op_row *row, const msptk_json *args,
                                    msptk_error **ret_err)
{
        for (const op_param *a = row->params; a && a->name; a++) {
                if (!a->exclusive || !given(args, a))
                        continue;
                for (const op_param *b = a + 1; b->name; b++)
                        if (b->exclusive && !strcmp(a->exclusive, b->exclusive) && given(args, b))
                                return fail_why(ret_err, MSPTK_E_INVALID, INVALID,
                                                "give only one of the two",
                                                "parameters '%s' and '%s' of '%s' exclude each "
                                                "other",
                                                a->name, b->name, row->act.name);
        }
        return MSPTK_OK;
}

static msptk_status check_param(checking *k, const msptk_json *args, msptk_json *out)
{
        const op_param *p = k->param;
        AUTO_JSON msptk_json *holder = NULL;

        if (given(args, p))
                return check_value(k, msptk_json_get(args, p->name), out);
        if (p->flags & OP_REQUIRED)
                return fail_why(k->ret_err, MSPTK_E_INVALID, "MISSING_PARAMETER", p->about,
                                "'%s' needs the parameter '%s'", k->row->act.name, p->name);
        if (!p->dflt)
                return MSPTK_OK;
        holder = msptk_json_new_object();
        if (!holder || msptk_json_set_string(holder, "default", p->dflt) < 0)
                return msptk__nomem(k->ret_err);
        return check_value(k, msptk_json_get(holder, "default"), out);
}

/* The complete arguments without what must not be shown. */
static msptk_status make_shown(const op_row *row, const msptk_json *args, msptk_json **ret,
                               msptk_error **ret_err)
{
        msptk_json *shown = msptk_json_copy(args);

        if (!shown)
                return msptk__nomem(ret_err);
        for (const op_param *p = row->params; p && p->name; p++) {
                if (p->type != PARAM_SECRET && !(p->flags & OP_PRIVATE))
                        continue;
                if (msptk_json_get(shown, p->name) &&
                    msptk_json_set_string(shown, p->name, "***") < 0) {
                        msptk_json_free(shown);
                        return msptk__nomem(ret_err);
                }
        }
        *ret = shown;
        return MSPTK_OK;
}

msptk_status msptk__op_check(const act_row *arow, const ctx *c, const msptk_json *args,
                             msptk_json **ret_args, msptk_json **ret_shown, msptk_error **ret_err)
{
        const op_row *row = arow->op;
        AUTO_JSON msptk_json *out = msptk_json_new_object();
        checking k = { .row = row, .c = c, .ret_err = ret_err };

        if (!out)
                return msptk__nomem(ret_err);
        if (args && msptk_json_type(args) != MSPTK_JSON_OBJECT)
                return fail(ret_err, MSPTK_E_INVALID, "arguments of '%s' must be an object",
                            row->act.name);
        for (const msptk_json *v = msptk_json_first(args); v; v = msptk_json_next(v))
                TRY(msptk__op_check_name(row, msptk_json_key(v), NULL, ret_err));
        TRY(check_exclusive(row, args, ret_err));
        for (k.param = row->params; k.param && k.param->name; k.param++)
                TRY(check_param(&k, args, out));
        TRY(make_shown(row, out, ret_shown, ret_err));
        *ret_args = STEAL(out);
        return MSPTK_OK;
}
