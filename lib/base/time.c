/* Instants as text, both ways. */
#define ROOM "time"
#include "base/base.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- writing ---- */

/* Years that RFC 3339 cannot say are written as ISO 8601 does, with a sign. */
static int put_date(const civil *c, const char *separator, char *out)
{
        if (c->year >= 0 && c->year <= 9999)
                return snprintf(out, TIME_TEXT_MAX, "%04" PRId64 "%s%02d%s%02d", c->year, separator,
                                c->month, separator, c->day);
        return snprintf(out, TIME_TEXT_MAX, "%+07" PRId64 "%s%02d%s%02d", c->year, separator,
                        c->month, separator, c->day);
}

__attribute__((format(printf, 3, 4))) static void put_more(char *out, int at, const char *fmt, ...)
{
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(out + at, (size_t)(TIME_TEXT_MAX - at), fmt, ap);
        va_end(ap);
}

static char *put_digits(char *p, int32_t n, int count, char after)
{
        for (int i = count - 1; i >= 0; i--) {
                p[i] = (char)('0' + n % 10);
                n /= 10;
        }
        p[count] = after;
        return p + count + 1;
}

/* By hand: lists carry thousands of these, and printf takes eight times as long. */
void msptk__time_format(int64_t us, char *out)
{
        char *p = out;
        civil c;

        msptk__civil_from_us(us, &c);
        if (c.year < 0 || c.year > 9999) {
                put_more(out, put_date(&c, "-", out), "T%02d:%02d:%02d.%06dZ", c.hour, c.minute,
                         c.second, c.us);
                return;
        }
        p = put_digits(p, (int32_t)c.year, 4, '-');
        p = put_digits(p, c.month, 2, '-');
        p = put_digits(p, c.day, 2, 'T');
        p = put_digits(p, c.hour, 2, ':');
        p = put_digits(p, c.minute, 2, ':');
        p = put_digits(p, c.second, 2, '.');
        p = put_digits(p, c.us, 6, 'Z');
        *p = '\0';
}

void msptk__time_format_offset(const zone *z, int64_t us, char *out)
{
        int32_t offset, minutes;
        civil c;
        int at;

        msptk__zone_offset(z, us, &offset, NULL, NULL);
        if (offset % 60)
                z = NULL;
        msptk__zone_civil(z, us, &c);
        at = put_date(&c, "-", out);
        if (!z || offset % 60) {
                put_more(out, at, "T%02d:%02d:%02dZ", c.hour, c.minute, c.second);
                return;
        }
        minutes = (offset < 0 ? -offset : offset) / 60;
        put_more(out, at, "T%02d:%02d:%02d%c%02d:%02d", c.hour, c.minute, c.second,
                 offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

void msptk__time_format_local(const zone *z, int64_t us, char *out)
{
        const char *abbrev;
        civil c;

        msptk__zone_offset(z, us, NULL, &abbrev, NULL);
        msptk__zone_civil(z, us, &c);
        put_more(out, put_date(&c, "-", out), " %02d:%02d %s", c.hour, c.minute, abbrev);
}

void msptk__time_format_local_s(const zone *z, int64_t us, char *out)
{
        const char *abbrev;
        civil c;

        msptk__zone_offset(z, us, NULL, &abbrev, NULL);
        msptk__zone_civil(z, us, &c);
        put_more(out, put_date(&c, "-", out), " %02d:%02d:%02d %s", c.hour, c.minute, c.second,
                 abbrev);
}

void msptk__date_format(const zone *z, int64_t us, char *out)
{
        civil c;

        msptk__zone_civil(z, us, &c);
        (void)put_date(&c, "-", out);
}

void msptk__time_format_stamp(int64_t us, char *out)
{
        civil c;

        msptk__civil_from_us(us, &c);
        put_more(out, put_date(&c, "", out), "T%02d%02d%02dZ", c.hour, c.minute, c.second);
}

/* ---- reading ---- */

/* Exactly `count` digits. */
static bool digits(const char **pos, int count, int32_t *ret)
{
        int32_t n = 0;

        for (int i = 0; i < count; i++) {
                if ((*pos)[i] < '0' || (*pos)[i] > '9')
                        return false;
                n = n * 10 + ((*pos)[i] - '0');
        }
        *pos += count;
        *ret = n;
        return true;
}

static bool one_of(const char **pos, const char *set)
{
        if (**pos == '\0' || !strchr(set, **pos))
                return false;
        (*pos)++;
        return true;
}

static bool scan_date(const char **pos, civil *c)
{
        int32_t year;

        *c = (civil){ .day = 1 };
        if (!digits(pos, 4, &year) || !one_of(pos, "-") || !digits(pos, 2, &c->month) ||
            !one_of(pos, "-") || !digits(pos, 2, &c->day))
                return false;
        c->year = year;
        return true;
}

static bool scan_clock(const char **pos, civil *c)
{
        int32_t scale = 100000, count = 0;

        if (!digits(pos, 2, &c->hour) || !one_of(pos, ":") || !digits(pos, 2, &c->minute) ||
            !one_of(pos, ":") || !digits(pos, 2, &c->second))
                return false;
        if (!one_of(pos, "."))
                return true;
        for (; **pos >= '0' && **pos <= '9'; (*pos)++, count++) {
                c->us += (**pos - '0') * scale;
                scale /= 10;
        }
        return count >= 1 && count <= 9;
}

static bool scan_offset(const char **pos, int64_t *ret_s)
{
        int32_t sign, h, m;

        *ret_s = 0;
        if (one_of(pos, "Zz"))
                return true;
        sign = **pos == '-' ? -1 : 1;
        if (!one_of(pos, "+-") || !digits(pos, 2, &h) || !one_of(pos, ":") || !digits(pos, 2, &m) ||
            h > 23 || m > 59)
                return false;
        *ret_s = sign * (h * 3600 + m * 60);
        return true;
}

static msptk_status bad_time(const char *text, const char *why, const char *form,
                             msptk_error **ret_err)
{
        AUTO_BUF buf shown = BUF_INIT(256);

        (void)msptk__text_clean(text, strlen(text), CLEAN_VISIBLE, 80, &shown);
        return fail_why(ret_err, MSPTK_E_INVALID, "INVALID_TIME", form, "%s: '%s'", why,
                        msptk__buf_text(&shown));
}

msptk_status msptk__time_parse(const char *text, int64_t *ret_us, msptk_error **ret_err)
{
        static const char form[] = "write it as '2024-01-15T13:30:00Z' or with an offset, "
                                   "'2024-01-15T13:30:00-05:00'";
        const char *p = text;
        int64_t offset, us;
        civil c;

        if (!scan_date(&p, &c) || !one_of(&p, "Tt ") || !scan_clock(&p, &c) ||
            !scan_offset(&p, &offset) || *p)
                return bad_time(text, "not an RFC 3339 time", form, ret_err);
        if (c.second == 60)
                return bad_time(text, "leap seconds are not counted here",
                                "write second 59, or second 00 of the next minute", ret_err);
        if (!msptk__civil_to_us(&c, &us))
                return bad_time(text, "no such date or time of day", form, ret_err);
        *ret_us = us - offset * US_PER_S;
        return MSPTK_OK;
}

msptk_status msptk__date_parse(const char *text, civil *ret, msptk_error **ret_err)
{
        static const char form[] = "write it as '2024-01-15'";
        const char *p = text;
        civil c;

        if (!scan_date(&p, &c) || *p)
                return bad_time(text, "not a date", form, ret_err);
        if (!msptk__civil_valid(&c))
                return bad_time(text, "no such date", form, ret_err);
        *ret = c;
        return MSPTK_OK;
}
