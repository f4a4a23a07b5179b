/* Values for people: times with their age, sizes, percentages, words with their colour. */
#include "cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool ends_with(const char *s, const char *tail)
{
        size_t n = strlen(s), t = strlen(tail);

        return n >= t && !strcmp(s + n - t, tail);
}

static bool digits(const char *s, size_t n, int *ret)
{
        int value = 0;

        for (size_t i = 0; i < n; i++) {
                if (s[i] < '0' || s[i] > '9')
                        return false;
                value = value * 10 + (s[i] - '0');
        }
        *ret = value;
        return true;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar. */
static int64_t days_of(int64_t y, int m, int d)
{
        int64_t era, yoe, doy;

        y -= m <= 2;
        era = (y >= 0 ? y : y - 399) / 400;
        yoe = y - era * 400;
        doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
        return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int64_t now_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool time_parse(const char *s, int64_t *ret)
{
        int y, mo, d, h, mi, sec, micro = 0;
        size_t n = strlen(s), frac;

        if (n < 20 || n > 27 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' ||
            s[16] != ':' || s[n - 1] != 'Z')
                return false;
        if (!digits(s, 4, &y) || !digits(s + 5, 2, &mo) || !digits(s + 8, 2, &d) ||
            !digits(s + 11, 2, &h) || !digits(s + 14, 2, &mi) || !digits(s + 17, 2, &sec))
                return false;
        frac = n - 20;
        if (frac && (s[19] != '.' || frac < 2 || !digits(s + 20, frac - 1, &micro)))
                return false;
        for (size_t i = frac ? frac - 1 : 6; i < 6; i++)
                micro *= 10;
        *ret = ((days_of(y, mo, d) * 86400 + h * 3600 + mi * 60 + sec) * INT64_C(1000000)) + micro;
        return true;
}

void add_age(const cli *c, text *t, int64_t when)
{
        static const struct {
                const char *unit;
                int64_t seconds, until;
        } steps[] = {
                { "s", 1, 120 },
                { "m", 60, 120 * 60 },
                { "h", 3600, 48 * 3600 },
                { "d", 86400, INT64_C(120) * 86400 },
                { "mo", INT64_C(2629746), INT64_C(730) * 86400 },
                { "y", INT64_C(31556952), INT64_MAX },
        };
        int64_t seconds = (c->now - when) / 1000000;
        bool ahead = seconds < 0;
        size_t i = 0;

        if (ahead)
                seconds = -seconds;
        if (seconds < 2) {
                text_add(t, "now");
                return;
        }
        while (seconds >= steps[i].until)
                i++;
        text_addf(t, "%s%lld%s%s", ahead ? "in " : "", (long long)(seconds / steps[i].seconds),
                  steps[i].unit, ahead ? "" : " ago");
}

void add_time(const cli *c, text *t, int64_t when, bool in_table)
{
        time_t seconds = (time_t)(when / 1000000 - (when % 1000000 < 0));
        char made[64];
        struct tm tm;

        if (!localtime_r(&seconds, &tm) ||
            !strftime(made, sizeof(made), in_table ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M:%S %Z",
                      &tm)) {
                text_addf(t, "%lld s", (long long)seconds);
                return;
        }
        text_add(t, made);
        if (!in_table) {
                text_add(t, " (");
                add_age(c, t, when);
                text_add(t, ")");
        }
}

/* At most `decimals` of them, without zeros at the end. */
static void add_number(text *t, double v, int decimals)
{
        char made[64];
        char *end;

        if (fabs(v) >= 1e15 || (v != 0 && fabs(v) < 1e-4))
                snprintf(made, sizeof(made), "%.6g", v);
        else
                snprintf(made, sizeof(made), "%.*f", decimals, v);
        end = made + strlen(made);
        if (strchr(made, '.') && !strchr(made, 'e')) {
                while (end[-1] == '0')
                        *--end = '\0';
                if (end[-1] == '.')
                        *--end = '\0';
        }
        text_add(t, made);
}

static void add_bytes(text *t, double v)
{
        static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
        size_t i = 0;

        while (fabs(v) >= 1024 && i + 1 < sizeof(units) / sizeof(units[0])) {
                v /= 1024;
                i++;
        }
        add_number(t, v, i ? 1 : 0);
        text_addf(t, " %s", units[i]);
}

static void add_duration(text *t, double ms)
{
        int64_t s = (int64_t)(ms / 1000);

        if (ms < 1000) {
                add_number(t, ms, 0);
                text_add(t, " ms");
        } else if (ms < 60000) {
                add_number(t, ms / 1000, 1);
                text_add(t, " s");
        } else if (s < 3600) {
                text_addf(t, "%lldm %llds", (long long)(s / 60), (long long)(s % 60));
        } else if (s < 86400) {
                text_addf(t, "%lldh %lldm", (long long)(s / 3600), (long long)(s / 60 % 60));
        } else {
                text_addf(t, "%lldd %lldh", (long long)(s / 86400), (long long)(s / 3600 % 24));
        }
}

bool kind_is_number(const char *kind)
{
        static const char *const kinds[] = { "int",   "number",   "percent",
                                             "bytes", "duration", "seconds" };

        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
                if (!strcmp(kind, kinds[i]))
                        return true;
        return false;
}

static bool is_number(const msptk_json *v)
{
        return msptk_json_type(v) == MSPTK_JSON_INT || msptk_json_type(v) == MSPTK_JSON_NUMBER;
}

const char *guess_kind(const char *key, const msptk_json *v)
{
        int64_t when;

        if (msptk_json_type(v) == MSPTK_JSON_STRING && time_parse(msptk_json_string(v, ""), &when))
                return "time";
        if (!strcmp(key, "status") || ends_with(key, "_status") || !strcmp(key, "severity") ||
            !strcmp(key, "level") || !strcmp(key, "presence") || !strcmp(key, "state"))
                return "status";
        if (is_number(v) && (ends_with(key, "_percent") || !strcmp(key, "percent")))
                return "percent";
        if (is_number(v) && (ends_with(key, "_bytes") || !strcmp(key, "bytes")))
                return "bytes";
        if (is_number(v) && ends_with(key, "_ms"))
                return "duration";
        if (is_number(v) && ends_with(key, "_s"))
                return "seconds";
        if (is_number(v) && ends_with(key, "_us"))
                return "microseconds";
        return "";
}

int value_style(const msptk_json *v, const char *kind)
{
        if (msptk_json_type(v) <= MSPTK_JSON_NULL ||
            (msptk_json_type(v) >= MSPTK_JSON_ARRAY && !msptk_json_first(v)) ||
            (msptk_json_type(v) == MSPTK_JSON_STRING && !*msptk_json_string(v, "")))
                return STYLE_DIM;
        if (!strcmp(kind, "status") || !strcmp(kind, "severity"))
                return style_of_word(msptk_json_string(v, ""));
        return STYLE_PLAIN;
}

/* Where a setting came from or a finding lies: {"kind", "file", "line", "column", "name"}. */
bool is_place(const msptk_json *v)
{
        return msptk_json_type(v) == MSPTK_JSON_OBJECT && msptk_json_get(v, "kind") &&
               msptk_json_get(v, "file") && msptk_json_get(v, "line");
}

static void add_place(text *t, const msptk_json *v)
{
        const char *file = op_text(v, "file"), *name = op_text(v, "name");
        int64_t line = msptk_json_int(msptk_json_get(v, "line"), 0);
        int64_t column = msptk_json_int(msptk_json_get(v, "column"), 0);

        if (!*file || *name) {
                add_clean(t, op_text(v, "kind"), true);
                text_add(t, *name ? " " : "");
                add_clean(t, name, true);
        }
        if (*file) {
                text_add(t, *name ? ", " : "");
                add_clean(t, file, true);
        }
        if (*file && line)
                text_addf(t, ":%lld", (long long)line);
        if (*file && line && column)
                text_addf(t, ":%lld", (long long)column);
}

static void add_list(const cli *c, text *t, const msptk_json *v, bool in_table)
{
        const char *sep = "";
        bool object = msptk_json_type(v) == MSPTK_JSON_OBJECT;

        if (is_place(v)) {
                add_place(t, v);
                return;
        }
        for (const msptk_json *i = msptk_json_first(v); i; i = msptk_json_next(i)) {
                if (object && msptk_json_type(i) == MSPTK_JSON_NULL)
                        continue;
                text_add(t, sep);
                if (object) {
                        add_clean(t, msptk_json_key(i), true);
                        text_add(t, " ");
                }
                add_value(c, t, i, object ? guess_kind(msptk_json_key(i), i) : "", in_table);
                sep = ", ";
        }
        if (!*sep)
                text_add(t, "-");
}

static void add_string(const cli *c, text *t, const char *s, const char *kind, bool in_table)
{
        bool age = !strcmp(kind, "age");
        int64_t when;

        if ((age || !strcmp(kind, "time")) && time_parse(s, &when)) {
                if (age)
                        add_age(c, t, when);
                else
                        add_time(c, t, when, in_table);
                return;
        }
        add_clean(t, *s ? s : "-", in_table);
}

/* Operations are named as they are typed here. */
static void add_advice(const cli *c, text *t, const char *s, bool in_table)
{
        text typed = { 0 };

        add_as_commands(c, &typed, s, true);
        add_string(c, t, text_str(&typed), "", in_table);
        text_free(&typed);
}

void add_value(const cli *c, text *t, const msptk_json *v, const char *kind, bool in_table)
{
        switch (msptk_json_type(v)) {
        case MSPTK_JSON_NONE:
        case MSPTK_JSON_NULL:
                text_add(t, "-");
                return;
        case MSPTK_JSON_BOOL:
                text_add(t, msptk_json_bool(v, 0) ? "yes" : "no");
                return;
        case MSPTK_JSON_STRING:
                if (msptk_json_key(v) && !strcmp(msptk_json_key(v), "suggestion"))
                        add_advice(c, t, msptk_json_string(v, ""), in_table);
                else
                        add_string(c, t, msptk_json_string(v, ""), kind, in_table);
                return;
        case MSPTK_JSON_ARRAY:
        case MSPTK_JSON_OBJECT:
                add_list(c, t, v, in_table);
                return;
        default:
                break;
        }
        if (!strcmp(kind, "percent")) {
                add_number(t, msptk_json_double(v, 0), 1);
                text_add(t, "%");
        } else if (!strcmp(kind, "bytes")) {
                add_bytes(t, msptk_json_double(v, 0));
        } else if (!strcmp(kind, "duration")) {
                add_duration(t, msptk_json_double(v, 0));
        } else if (!strcmp(kind, "seconds")) {
                add_duration(t, msptk_json_double(v, 0) * 1000);
        } else if (!strcmp(kind, "microseconds") && msptk_json_double(v, 0) > 1e14) {
                add_time(c, t, msptk_json_int(v, 0), in_table); /* a moment, not a duration */
        } else if (!strcmp(kind, "microseconds")) {
                add_duration(t, msptk_json_double(v, 0) / 1000);
        } else if (msptk_json_type(v) == MSPTK_JSON_INT) {
                text_addf(t, "%lld", (long long)msptk_json_int(v, 0));
        } else {
                add_number(t, msptk_json_double(v, 0), 2);
        }
}

static bool is_acronym(const char *word)
{
        static const char *const words[] = { "api", "cpu", "dns", "id",  "ids", "ip",  "mac",
                                             "mcp", "os",  "psa", "rmm", "sla", "tcp", "url" };

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (!strcmp(words[i], word))
                        return true;
        return false;
}

/* The unit stands with the value. */
static void drop_unit(text *t)
{
        static const char *const units[] = { "_ms", "_us", "_s", "_percent", "_bytes" };

        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
                if (t->data && ends_with(t->data, units[i])) {
                        t->len -= strlen(units[i]);
                        t->data[t->len] = '\0';
                        return;
                }
}

/* "created_at" -> "Created at", "rmm_id" -> "RMM ID"; "cpu.warning" stays as it is. */
void add_label(text *t, const char *key)
{
        text clean = { 0 };
        bool path = strchr(key, '.') != NULL;

        add_clean(&clean, key, true);
        drop_unit(&clean);
        for (size_t i = 0, n; i < clean.len && !path; i += n + 1) {
                char word[16] = "";
                bool capitals;

                n = strcspn(clean.data + i, "_");
                memcpy(word, clean.data + i, n < sizeof(word) ? n : 0);
                capitals = is_acronym(word);
                for (size_t k = 0; k < n; k++)
                        if (clean.data[i + k] >= 'a' && clean.data[i + k] <= 'z' &&
                            (capitals || i + k == 0))
                                clean.data[i + k] = (char)(clean.data[i + k] - 32);
                if (i + n < clean.len)
                        clean.data[i + n] = ' ';
        }
        text_add(t, text_str(&clean));
        text_free(&clean);
}
