/* The output of a Nagios-style program: TEXT|values, further text, further values. Format:
 * https://www.monitoring-plugins.org/doc/guidelines.html (read 2026-11), and what real plugins do.
 */
#include "parse.h"

#include <math.h>
#include <msptk/sdk/adapter.h>
#include <string.h>

enum { NUMBER_CAP = 64 };

typedef struct cursor {
        const char *at, *end;
} cursor;

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static void trim(const char **text, size_t *len)
{
        while (*len && is_space((*text)[*len - 1]))
                --*len;
        while (*len && is_space(**text)) {
                ++*text;
                --*len;
        }
}

/* ---- numbers and ranges ---- */

static void copy_digits(cursor *from, char *out, size_t *at)
{
        while (from->at < from->end && is_digit(*from->at))
                out[(*at)++] = *from->at++;
}

/* Rewrites what plugins print ("+5", ".5", "5.", "007") as JSON spells it. 0 when it is none. */
static size_t as_json(cursor from, char out[NUMBER_CAP])
{
        size_t at = 0, digits;

        if (from.end - from.at > NUMBER_CAP - 8)
                return 0;
        if (from.at < from.end && (*from.at == '-' || *from.at == '+'))
                if (*from.at++ == '-')
                        out[at++] = '-';
        while (from.end - from.at > 1 && *from.at == '0' && is_digit(from.at[1]))
                from.at++;
        digits = at;
        copy_digits(&from, out, &at);
        digits = at - digits;
        if (!digits)
                out[at++] = '0';
        if (from.at < from.end && *from.at == '.') {
                size_t dot = at;

                from.at++;
                out[at++] = '.';
                copy_digits(&from, out, &at);
                digits += at - dot - 1;
                if (at == dot + 1)
                        at = dot;
        }
        if (!digits)
                return 0;
        if (from.at < from.end && (*from.at == 'e' || *from.at == 'E')) {
                size_t first;

                out[at++] = *from.at++;
                if (from.at < from.end && (*from.at == '-' || *from.at == '+'))
                        out[at++] = *from.at++;
                first = at;
                copy_digits(&from, out, &at);
                if (at == first)
                        return 0;
        }
        return from.at == from.end ? at : 0;
}

/* False also when memory is short; then *starved says that it may have been a number after all. */
static bool read_number(const char *text, size_t len, double *ret, bool *starved)
{
        char json[NUMBER_CAP];
        size_t json_len = as_json((cursor){ text, text + len }, json);
        msptk_json *doc = NULL;
        msptk_status st;
        double value;

        st = json_len ? msptk_json_parse(json, json_len, &doc, NULL) : MSPTK_E_PARSE;
        *starved |= st == MSPTK_E_NOMEM;
        if (st < 0)
                return false;
        value = msptk_json_double(doc, NAN);
        msptk_json_free(doc);
        if (!isfinite(value))
                return false;
        *ret = value;
        return true;
}

bool msptk__plugin_number(const char *text, size_t len, double *ret)
{
        bool starved = false;

        return read_number(text, len, ret, &starved);
}

static bool read_range(const char *text, size_t len, plugin_range *ret, bool *starved)
{
        plugin_range r = { .low = 0, .high = INFINITY, .set = true };
        const char *colon;

        if (len && *text == '@') {
                r.inside = true;
                text++;
                len--;
        }
        colon = memchr(text, ':', len);
        if (colon) {
                size_t low_len = (size_t)(colon - text);

                if (low_len == 1 && *text == '~')
                        r.low = -INFINITY;
                else if (low_len && !read_number(text, low_len, &r.low, starved))
                        return false;
                len -= low_len + 1;
                text = colon + 1;
        } else if (!len) {
                return false;
        }
        if (len && !read_number(text, len, &r.high, starved))
                return false;
        if (r.low > r.high)
                return false;
        *ret = r;
        return true;
}

bool msptk__plugin_range_parse(const char *text, size_t len, plugin_range *ret)
{
        bool starved = false;

        return read_range(text, len, ret, &starved);
}

bool msptk__plugin_range_alerts(const plugin_range *range, double value)
{
        bool within = value >= range->low && value <= range->high;

        return range->set && !isnan(value) && within == range->inside;
}

/* ---- values ---- */

/* 'label' with '' for a quote inside, or a word up to '='. False when there is none. */
static bool read_label(cursor *c, char label[PLUGIN_LABEL_CAP])
{
        bool quoted = c->at < c->end && *c->at == '\'', fits = true;
        size_t len = 0;

        c->at += quoted;
        for (;; c->at++) {
                if (c->at == c->end)
                        return false;
                if (quoted && *c->at == '\'') {
                        if (c->end - c->at < 2 || c->at[1] != '\'')
                                break;
                        c->at++;
                } else if (!quoted && (*c->at == '=' || is_space(*c->at))) {
                        break;
                }
                if (!*c->at || len + 1 == PLUGIN_LABEL_CAP)
                        fits = false;
                else
                        label[len++] = *c->at;
        }
        c->at += quoted;
        label[len] = '\0';
        if (c->at == c->end || *c->at != '=')
                return false;
        c->at++;
        return fits && len;
}

/* Up to ';' or white space. */
static cursor read_field(cursor *c)
{
        cursor field = { c->at, c->at };

        while (c->at < c->end && *c->at != ';' && !is_space(*c->at))
                c->at++;
        field.end = c->at;
        if (c->at < c->end && *c->at == ';')
                c->at++;
        return field;
}

static size_t field_len(cursor f)
{
        return (size_t)(f.end - f.at);
}

/* Seconds are seconds, however they are written; sizes stay as written, because plugins do not
 * agree whether KB is 1,000 or 1,024 bytes. Returns the factor; 0 for a unit that is none. */
static double read_unit(cursor f, char unit[PLUGIN_UNIT_CAP])
{
        size_t len = field_len(f);

        if (len >= PLUGIN_UNIT_CAP)
                return 0;
        for (size_t i = 0; i < len; i++)
                if ((unsigned char)f.at[i] <= ' ' || strchr("'\"=,.+-", f.at[i]) ||
                    is_digit(f.at[i]) || f.at[i] == 127)
                        return 0;
        memcpy(unit, f.at, len);
        unit[len] = '\0';
        if (strcmp(unit, "ms") && strcmp(unit, "us"))
                return 1;
        unit[1] = '\0';
        double factor = unit[0] == 'm' ? 1e-3 : 1e-6;
        unit[0] = 's';
        return factor;
}

/* The number at the head of "0.25ms"; an 'e' belongs to it only when digits follow. */
static size_t number_len(cursor f)
{
        const char *at = f.at;

        if (at < f.end && (*at == '-' || *at == '+'))
                at++;
        while (at < f.end && (is_digit(*at) || *at == '.'))
                at++;
        if (at < f.end && (*at == 'e' || *at == 'E')) {
                const char *exp = at + 1;

                if (exp < f.end && (*exp == '-' || *exp == '+'))
                        exp++;
                if (exp < f.end && is_digit(*exp)) {
                        while (exp < f.end && is_digit(*exp))
                                exp++;
                        at = exp;
                }
        }
        return (size_t)(at - f.at);
}

static void scale_range(plugin_range *r, double factor)
{
        r->low *= factor;
        r->high *= factor;
}

/* VALUE[UOM];warn;crit;min;max. A threshold that cannot be read is as if it was not given. */
static bool read_value(cursor *c, plugin_metric *m, bool *starved)
{
        cursor f = read_field(c);
        size_t len;
        double factor;

        m->value = m->min = m->max = NAN;
        m->warning = m->critical = (plugin_range){ 0 };
        m->unit[0] = '\0';
        if (field_len(f) == 1 && *f.at == 'U') {
                factor = 1;
        } else {
                len = number_len(f);
                factor = read_unit((cursor){ f.at + len, f.end }, m->unit);
                if (factor == 0 || !read_number(f.at, len, &m->value, starved))
                        return false;
        }
        for (int i = 0; c->at < c->end && !is_space(*c->at); i++) {
                f = read_field(c);
                len = field_len(f);
                if (!len)
                        continue;
                if (i < 2)
                        (void)read_range(f.at, len, i ? &m->critical : &m->warning, starved);
                else if (i < 4)
                        (void)read_number(f.at, len, i == 2 ? &m->min : &m->max, starved);
        }
        m->value *= factor;
        m->min *= factor;
        m->max *= factor;
        scale_range(&m->warning, factor);
        scale_range(&m->critical, factor);
        return true;
}

static bool is_known(const plugin_metric *metrics, size_t count, const char *label)
{
        for (size_t i = 0; i < count; i++)
                if (!strcmp(metrics[i].label, label))
                        return true;
        return false;
}

static void read_values(cursor c, plugin_metric *metrics, size_t cap, plugin_output *ret)
{
        plugin_metric m;

        for (;;) {
                while (c.at < c.end && is_space(*c.at))
                        c.at++;
                if (c.at == c.end)
                        return;
                if (ret->count == cap) {
                        ret->too_many = true;
                        ret->skipped++;
                        return;
                }
                memset(&m, 0, sizeof(m));
                cursor before = c;
                if (read_label(&c, m.label) && read_value(&c, &m, &ret->starved) &&
                    !is_known(metrics, ret->count, m.label)) {
                        metrics[ret->count++] = m;
                        continue;
                }
                ret->skipped++;
                if (c.at == c.end && *before.at == '\'')
                        c = (cursor){ before.at + 1, before.end }; /* a quote that never closes */
                while (c.at < c.end && !is_space(*c.at))
                        c.at++;
        }
}

/* ---- lines ---- */

static bool is_binary(const char *data, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)data[i];

                if (c < ' ' && !is_space(data[i]) && c != '\033' && c != '\b' && c != '\a')
                        return true;
        }
        return false;
}

void msptk__plugin_parse(const char *data, size_t len, plugin_metric *metrics, size_t cap,
                         plugin_output *ret)
{
        const char *end = data + len, *line_end, *bar;
        plugin_output out = { .text = data, .more = end };

        out.binary = is_binary(data, len);
        while (len && (*data == '\n' || *data == '\r')) { /* some begin with an empty line */
                data++;
                len--;
        }
        line_end = len ? memchr(data, '\n', len) : NULL;
        line_end = line_end ? line_end : end;
        bar = memchr(data, '|', (size_t)(line_end - data));
        out.text = data;
        out.text_len = (size_t)((bar ? bar : line_end) - data);
        if (bar)
                read_values((cursor){ bar + 1, line_end }, metrics, cap, &out);
        out.more = line_end;
        bar = memchr(line_end, '|', (size_t)(end - line_end));
        out.more_len = (size_t)((bar ? bar : end) - line_end);
        if (bar)
                read_values((cursor){ bar + 1, end }, metrics, cap, &out);
        trim(&out.text, &out.text_len);
        trim(&out.more, &out.more_len);
        *ret = out;
}
