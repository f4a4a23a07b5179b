/* Civil days and the periods that people name, as [from, to) in a zone. */
#define ROOM "time"
#include "base/base.h"

#include <stdio.h>
#include <string.h>

/* Far outside what is counted in int64 microseconds, and safe to calculate with. */
enum { DAYS_LIMIT = 200000000, LAST_DAYS_MAX = 100000 };

msptk_status msptk__day_start(const zone *z, int64_t days, int64_t *ret_us, msptk_error **ret_err)
{
        local_time t;
        civil c;

        if (days < -DAYS_LIMIT || days > DAYS_LIMIT)
                return fail(ret_err, MSPTK_E_INVALID, "a day beyond what can be counted");
        msptk__date_from_days(days, &c);
        TRY(msptk__zone_local(z, &c, &t, ret_err));
        *ret_us = t.kind == LOCAL_GAP ? t.transition : t.earlier;
        return MSPTK_OK;
}

/* From the start of one day to the start of another. */
static msptk_status from_days(const zone *z, int64_t first, int64_t end, int64_t *ret_from,
                              int64_t *ret_to, msptk_error **ret_err)
{
        int64_t from, to;

        TRY(msptk__day_start(z, first, &from, ret_err));
        TRY(msptk__day_start(z, end, &to, ret_err));
        *ret_from = from;
        *ret_to = to;
        return MSPTK_OK;
}

msptk_status msptk__day_bounds(const zone *z, const civil *date, int64_t *ret_from, int64_t *ret_to,
                               msptk_error **ret_err)
{
        int64_t days;

        if (!msptk__civil_valid(date))
                return fail(ret_err, MSPTK_E_INVALID, "no such date");
        days = msptk__days_from_date(date->year, date->month, date->day);
        return from_days(z, days, days + 1, ret_from, ret_to, ret_err);
}

/* A period as days: [first, end). */
typedef struct day_range {
        int64_t first, end;
} day_range;

/* `count` months from month `month` (0 based, may be outside 0..11) of `year`. */
static day_range months(int64_t year, int64_t month, int64_t count)
{
        int64_t from = year * 12 + month, to = from + count;
        int64_t y0 = from / 12 - (from % 12 < 0), y1 = to / 12 - (to % 12 < 0);

        return (day_range){
                msptk__days_from_date(y0, (int32_t)(from - y0 * 12) + 1, 1),
                msptk__days_from_date(y1, (int32_t)(to - y1 * 12) + 1, 1),
        };
}

static bool number(const char **pos, int min, int max, int64_t *ret)
{
        int n = 0;

        *ret = 0;
        for (; n < max && **pos >= '0' && **pos <= '9'; n++)
                *ret = *ret * 10 + (*(*pos)++ - '0');
        return n >= min;
}

/* "2024", "2024-Q1", "2024-01", "2024-01-15" */
static bool calendar_range(const char *p, day_range *ret)
{
        int64_t year, n, day;

        if (!number(&p, 4, 4, &year))
                return false;
        if (*p == '\0') {
                *ret = months(year, 0, 12);
                return true;
        }
        if (*p++ != '-')
                return false;
        if (*p == 'Q' || *p == 'q') {
                p++;
                if (!number(&p, 1, 1, &n) || n < 1 || n > 4 || *p)
                        return false;
                *ret = months(year, (n - 1) * 3, 3);
                return true;
        }
        if (!number(&p, 2, 2, &n) || n < 1 || n > 12)
                return false;
        if (*p == '\0') {
                *ret = months(year, n - 1, 1);
                return true;
        }
        if (*p++ != '-' || !number(&p, 2, 2, &day) || *p || day < 1 ||
            day > msptk__days_in_month(year, (int32_t)n))
                return false;
        ret->first = msptk__days_from_date(year, (int32_t)n, (int32_t)day);
        ret->end = ret->first + 1;
        return true;
}

enum { BY_DAY = 0, BY_WEEK = -1 }; /* else months */

static const struct named {
        const char *name;
        int32_t months; /* length, or BY_ */
        int32_t step;   /* how many of them from the present one */
} named[] = {
        { "today", BY_DAY, 0 },       { "yesterday", BY_DAY, -1 }, { "this-week", BY_WEEK, 0 },
        { "last-week", BY_WEEK, -1 }, { "this-month", 1, 0 },      { "last-month", 1, -1 },
        { "this-quarter", 3, 0 },     { "last-quarter", 3, -1 },   { "this-year", 12, 0 },
        { "last-year", 12, -1 },
};

static bool named_range(const char *text, int64_t today, day_range *ret)
{
        civil c;

        msptk__date_from_days(today, &c);
        for (size_t i = 0; i < ARRAY_LEN(named); i++) {
                const struct named *n = &named[i];

                if (strcmp(text, n->name) != 0)
                        continue;
                if (n->months == BY_DAY) {
                        ret->first = today + n->step;
                        ret->end = ret->first + 1;
                } else if (n->months == BY_WEEK) {
                        ret->first = today - (msptk__weekday(today) + 6) % 7 + 7 * n->step;
                        ret->end = ret->first + 7;
                } else {
                        *ret = months(c.year,
                                      (c.month - 1) / n->months * n->months + n->months * n->step,
                                      n->months);
                }
                return true;
        }
        return false;
}

/* "last-30-days" */
static bool last_days(const char *p, int64_t today, day_range *ret)
{
        int64_t n;

        if (strncmp(p, "last-", 5) != 0)
                return false;
        p += 5;
        if (!number(&p, 1, 6, &n) || n < 1 || n > LAST_DAYS_MAX ||
            (strcmp(p, "-days") != 0 && strcmp(p, "-day") != 0))
                return false;
        *ret = (day_range){ today - n, today };
        return true;
}

static bool one_range(const char *text, int64_t today, day_range *ret)
{
        return named_range(text, today, ret) || last_days(text, today, ret) ||
               calendar_range(text, ret);
}

/* One period, or two with ".." between. */
static bool any_range(const char *text, int64_t today, day_range *ret)
{
        const char *dots = strstr(text, "..");
        char first[32];
        day_range a, b;

        if (!dots)
                return one_range(text, today, ret);
        if ((size_t)(dots - text) >= sizeof(first))
                return false;
        memcpy(first, text, (size_t)(dots - text));
        first[dots - text] = '\0';
        if (!one_range(first, today, &a) || !one_range(dots + 2, today, &b) || b.end <= a.first)
                return false;
        *ret = (day_range){ a.first, b.end };
        return true;
}

static msptk_status bad_period(const char *text, const char *what, const char *forms,
                               msptk_error **ret_err)
{
        AUTO_BUF buf shown = BUF_INIT(256), suggestion = BUF_INIT(512);
        const char *names[ARRAY_LEN(named)];
        const char *near;

        for (size_t i = 0; i < ARRAY_LEN(named); i++)
                names[i] = named[i].name;
        near = msptk__nearest(text, names, ARRAY_LEN(names));
        if (near)
                msptk__buf_addf(&suggestion, "did you mean '%s'? Or ", near);
        msptk__buf_add_str(&suggestion, forms);
        (void)msptk__text_clean(text, strlen(text), CLEAN_VISIBLE, 80, &shown);
        return fail_why(ret_err, MSPTK_E_INVALID, "INVALID_PERIOD", msptk__buf_text(&suggestion),
                        "%s: '%s'", what, msptk__buf_text(&shown));
}

static int64_t day_of(const zone *z, int64_t us)
{
        civil c;

        msptk__zone_civil(z, us, &c);
        return msptk__days_from_date(c.year, c.month, c.day);
}

msptk_status msptk__period_parse(const char *text, const zone *z, int64_t now, int64_t *ret_from,
                                 int64_t *ret_to, msptk_error **ret_err)
{
        day_range r;

        if (!any_range(text, day_of(z, now), &r))
                return bad_period(text, "not a period",
                                  "write '2024-01', '2024', '2024-Q1', 'last-30-days', "
                                  "'last-month' or '2024-01-01..2024-01-31'",
                                  ret_err);
        return from_days(z, r.first, r.end, ret_from, ret_to, ret_err);
}

msptk_status msptk__since_parse(const char *text, const zone *z, int64_t now, int64_t *ret_us,
                                msptk_error **ret_err)
{
        int64_t ms, us, from;
        day_range r;

        if (!strcmp(text, "now")) {
                *ret_us = now;
                return MSPTK_OK;
        }
        if (one_range(text, day_of(z, now), &r)) {
                TRY(msptk__day_start(z, r.first, &from, ret_err));
                *ret_us = from;
                return MSPTK_OK;
        }
        if (msptk__duration_parse(text, 0, &ms, NULL) == MSPTK_OK) {
                if (__builtin_mul_overflow(ms, US_PER_MS, &us) ||
                    __builtin_sub_overflow(now, us, &from))
                        return fail(ret_err, MSPTK_E_INVALID, "'%s' before now is too long ago",
                                    text);
                *ret_us = from;
                return MSPTK_OK;
        }
        if (msptk__time_parse(text, &from, NULL) == MSPTK_OK) {
                *ret_us = from;
                return MSPTK_OK;
        }
        return bad_period(text, "not a point in time",
                          "write '24h', '7d', 'yesterday', '2024-01-15' or "
                          "'2024-01-15T13:30:00Z'",
                          ret_err);
}
