/* Civil dates: the proleptic Gregorian calendar in integers. */
#include "base/base.h"

enum { DAYS_PER_ERA = 146097, YEARS_PER_ERA = 400, EPOCH_FROM_ERA = 719468 };

static int64_t floor_div(int64_t a, int64_t b)
{
        return a / b - (a % b < 0);
}

int32_t msptk__days_in_month(int64_t year, int32_t month)
{
        static const int8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

        if (month < 1 || month > 12)
                return 0;
        return days[month - 1] + (month == 2 && leap);
}

/* Years are counted from March, so that the leap day is the last of its year. */
int64_t msptk__days_from_date(int64_t year, int32_t month, int32_t day)
{
        int64_t y = month <= 2 ? year - 1 : year;
        int64_t era = floor_div(y, YEARS_PER_ERA);
        int64_t year_of_era = y - era * YEARS_PER_ERA;
        int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

        return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
               day_of_year - EPOCH_FROM_ERA;
}

void msptk__date_from_days(int64_t days, civil *ret)
{
        int64_t era = floor_div(days + EPOCH_FROM_ERA, DAYS_PER_ERA);
        int64_t day_of_era = days + EPOCH_FROM_ERA - era * DAYS_PER_ERA;
        int64_t year_of_era =
                (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        int64_t day_of_year =
                day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        int64_t month = (5 * day_of_year + 2) / 153;

        *ret = (civil){
                .year = year_of_era + era * YEARS_PER_ERA + (month >= 10),
                .month = (int32_t)(month < 10 ? month + 3 : month - 9),
                .day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1),
        };
}

int32_t msptk__weekday(int64_t days)
{
        int64_t w = (days % 7 + 4) % 7; /* 1970-01-01 was a Thursday */

        return (int32_t)(w < 0 ? w + 7 : w);
}

int64_t msptk__day_number(int64_t us)
{
        return floor_div(us, US_PER_DAY);
}

bool msptk__civil_valid(const civil *c)
{
        return c->year >= -1000000000 && c->year <= 1000000000 && c->month >= 1 && c->month <= 12 &&
               c->day >= 1 && c->day <= msptk__days_in_month(c->year, c->month) && c->hour >= 0 &&
               c->hour <= 23 && c->minute >= 0 && c->minute <= 59 && c->second >= 0 &&
               c->second <= 59 && c->us >= 0 && c->us < US_PER_S;
}

void msptk__civil_from_s(int64_t seconds, int32_t us, civil *ret)
{
        int64_t days = floor_div(seconds, S_PER_DAY);
        int32_t rest = (int32_t)(seconds - days * S_PER_DAY);

        msptk__date_from_days(days, ret);
        ret->hour = rest / 3600;
        ret->minute = rest / 60 % 60;
        ret->second = rest % 60;
        ret->us = us;
}

void msptk__civil_from_us(int64_t us, civil *ret)
{
        int64_t seconds = floor_div(us, US_PER_S);

        msptk__civil_from_s(seconds, (int32_t)((uint64_t)us - (uint64_t)seconds * US_PER_S), ret);
}

bool msptk__us_from_s(int64_t seconds, int32_t us, int64_t *ret_us)
{
        int64_t sum;

        /* The first second of the range is cut by int64: go there from the second above. */
        if (seconds < 0 && us > 0) {
                seconds++;
                us -= (int32_t)US_PER_S;
        }
        if (__builtin_mul_overflow(seconds, US_PER_S, &sum) ||
            __builtin_add_overflow(sum, us, &sum))
                return false;
        *ret_us = sum;
        return true;
}

bool msptk__civil_to_us(const civil *c, int64_t *ret_us)
{
        int64_t seconds;

        if (!msptk__civil_valid(c))
                return false;
        seconds = msptk__days_from_date(c->year, c->month, c->day) * S_PER_DAY + c->hour * 3600 +
                  c->minute * 60 + c->second;
        return msptk__us_from_s(seconds, c->us, ret_us);
}
