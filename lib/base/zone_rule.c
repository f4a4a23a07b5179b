/* POSIX TZ strings ("EST5EDT,M3.2.0,M11.1.0", "<+03>-3"): the rule that a zone follows after the
 * last transition of its file. */
#include "base/base.h"
#include "base/zone_impl.h"

#include <string.h>

typedef struct scan {
        const char *pos, *end;
} scan;

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool msptk__abbrev_char(char c)
{
        return is_letter(c) || is_digit(c) || c == '+' || c == '-';
}

static bool eat(scan *s, char c)
{
        if (s->pos == s->end || *s->pos != c)
                return false;
        s->pos++;
        return true;
}

static bool scan_number(scan *s, int32_t min, int32_t max, int32_t *ret)
{
        const char *from = s->pos;
        int32_t n = 0;

        while (s->pos < s->end && is_digit(*s->pos) && s->pos - from < 3)
                n = n * 10 + (*s->pos++ - '0');
        if (s->pos == from || n < min || n > max)
                return false;
        *ret = n;
        return true;
}

static bool scan_name(scan *s, char *out)
{
        bool quoted = eat(s, '<');
        const char *from = s->pos;
        size_t len;

        while (s->pos < s->end && (quoted ? msptk__abbrev_char(*s->pos) : is_letter(*s->pos)))
                s->pos++;
        len = (size_t)(s->pos - from);
        if (len < 3 || len >= ABBREV_CAP || (quoted && !eat(s, '>')))
                return false;
        memcpy(out, from, len);
        out[len] = '\0';
        return true;
}

/* [+-]hh[:mm[:ss]] */
static bool scan_time(scan *s, int32_t max_hours, int32_t *ret)
{
        int32_t sign = eat(s, '-') ? -1 : 1;
        int32_t h, m = 0, sec = 0;

        if (sign > 0)
                (void)eat(s, '+');
        if (!scan_number(s, 0, max_hours, &h))
                return false;
        if (eat(s, ':')) {
                if (!scan_number(s, 0, 59, &m))
                        return false;
                if (eat(s, ':') && !scan_number(s, 0, 59, &sec))
                        return false;
        }
        *ret = sign * (h * 3600 + m * 60 + sec);
        return true;
}

static bool scan_day(scan *s, rule_day *d)
{
        int32_t month = 0, week = 0, day;

        *d = (rule_day){ .kind = 'N', .seconds = 2 * 3600 };
        if (eat(s, 'M')) {
                d->kind = 'M';
                if (!scan_number(s, 1, 12, &month) || !eat(s, '.') ||
                    !scan_number(s, 1, 5, &week) || !eat(s, '.') || !scan_number(s, 0, 6, &day))
                        return false;
        } else if (eat(s, 'J')) {
                d->kind = 'J';
                if (!scan_number(s, 1, 365, &day))
                        return false;
        } else if (!scan_number(s, 0, 365, &day)) {
                return false;
        }
        d->day = (int16_t)day;
        d->month = (int8_t)month;
        d->week = (int8_t)week;
        return !eat(s, '/') || scan_time(s, 167, &d->seconds);
}

static bool scan_daylight(scan *s, zone_rule *r)
{
        int32_t west;

        r->has_dst = true;
        r->types[1].is_dst = 1;
        r->types[1].offset = r->types[0].offset + 3600;
        if (!scan_name(s, r->types[1].abbrev))
                return false;
        if (s->pos < s->end && *s->pos != ',') {
                if (!scan_time(s, 24, &west))
                        return false;
                r->types[1].offset = -west;
        }
        if (s->pos == s->end) { /* POSIX leaves the default open; everyone means these */
                r->change[0] = (rule_day){ .kind = 'M', .month = 3, .week = 2, .seconds = 7200 };
                r->change[1] = (rule_day){ .kind = 'M', .month = 11, .week = 1, .seconds = 7200 };
                return true;
        }
        return eat(s, ',') && scan_day(s, &r->change[0]) && eat(s, ',') &&
               scan_day(s, &r->change[1]);
}

bool msptk__zone_rule_parse(const char *text, size_t len, zone_rule *ret)
{
        scan s = { text, text + len };
        zone_rule r = { .has_dst = false };
        int32_t west;

        if (!scan_name(&s, r.types[0].abbrev) || !scan_time(&s, 24, &west))
                return false;
        r.types[0].offset = -west;
        if (s.pos < s.end && !scan_daylight(&s, &r))
                return false;
        if (s.pos != s.end)
                return false;
        *ret = r;
        return true;
}

/* The local midnight that a change counts from, in seconds as if local time were UTC. */
static int64_t day_of_year(const rule_day *d, int64_t year)
{
        int64_t first = msptk__days_from_date(year, 1, 1);
        int64_t day;

        if (d->kind == 'N')
                return (first + d->day) * S_PER_DAY;
        if (d->kind == 'J')
                return (first + d->day - 1 +
                        (d->day >= 60 && msptk__days_in_month(year, 2) == 29)) *
                       S_PER_DAY;
        first = msptk__days_from_date(year, d->month, 1);
        day = first + (d->day - msptk__weekday(first) + 7) % 7 + 7 * (d->week - 1);
        if (day >= first + msptk__days_in_month(year, d->month))
                day -= 7; /* week 5 is the last one */
        return day * S_PER_DAY;
}

typedef struct change {
        int64_t at;
        int32_t to; /* index into types */
} change;

enum { REACH_NEAR = 1, REACH_FAR = 9, CHANGES_MAX = 2 * (2 * REACH_FAR + 1) };

/* All changes of the years around `year`, ascending. Of two at one instant the one that is later
 * in the calendar counts: it stands behind the other. */
static size_t list_changes(const zone_rule *r, int64_t year, int32_t reach, change *out)
{
        size_t n = 0;

        for (int64_t y = year - reach; y <= year + reach; y++)
                for (int32_t i = 0; i < 2; i++) {
                        change c = { day_of_year(&r->change[i], y) + r->change[i].seconds -
                                             r->types[i].offset,
                                     !i };
                        size_t j = n++;

                        for (; j > 0 && out[j - 1].at > c.at; j--)
                                out[j] = out[j - 1];
                        out[j] = c;
                }
        return n;
}

/* False when `at` is not between two known changes. */
static bool find_span(const zone_rule *r, int64_t at, int32_t reach, zone_span *ret)
{
        change changes[CHANGES_MAX];
        civil date;
        size_t n;

        msptk__civil_from_s(at, 0, &date);
        n = list_changes(r, date.year, reach, changes);
        ret->start = INT64_MIN;
        ret->end = INT64_MAX;
        ret->type = NULL;
        /* The first change only says what holds, the last one may be undone by one beyond it. */
        for (size_t i = 0; i + 1 < n; i++) {
                const zone_type *to = &r->types[changes[i].to];

                if (changes[i + 1].at == changes[i].at)
                        continue; /* of no length */
                if (changes[i].at <= at) {
                        if (ret->type && to != ret->type)
                                ret->start = changes[i].at;
                        ret->type = to;
                } else if (ret->type && to != ret->type) {
                        ret->end = changes[i].at;
                        return ret->start != INT64_MIN;
                }
        }
        return false;
}

void msptk__zone_rule_span(const zone_rule *r, int64_t at, zone_span *ret)
{
        if (!r->has_dst) {
                *ret = (zone_span){ INT64_MIN, INT64_MAX, &r->types[0] };
                return;
        }
        if (find_span(r, at, REACH_NEAR, ret))
                return;
        /* No change near: daylight time all year, or changes in leap years only. */
        (void)find_span(r, at, REACH_FAR, ret);
        if (!ret->type)
                ret->type = &r->types[0];
}
