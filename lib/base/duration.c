/* Durations and ages as text. */
#define ROOM "time"
#include "base/base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct unit {
        const char *name;
        int64_t ms;
} units[] = {
        { "ms", 1 },           { "s", MS_PER_S }, { "sec", MS_PER_S }, { "m", MS_PER_MIN },
        { "min", MS_PER_MIN }, { "h", MS_PER_H }, { "d", MS_PER_DAY }, { "w", 7 * MS_PER_DAY },
};

static int64_t scan_unit(const char **pos)
{
        size_t len = strspn(*pos, "abcdefghijklmnopqrstuvwxyz");

        for (size_t i = 0; i < ARRAY_LEN(units); i++)
                if (len && strlen(units[i].name) == len && !memcmp(units[i].name, *pos, len)) {
                        *pos += len;
                        return units[i].ms;
                }
        return 0;
}

static msptk_status bad_duration(const char *text, const char *why, msptk_error **ret_err)
{
        AUTO_BUF buf shown = BUF_INIT(256);

        (void)msptk__text_clean(text, strlen(text), CLEAN_VISIBLE, 80, &shown);
        return fail_why(ret_err, MSPTK_E_INVALID, "INVALID_DURATION",
                        "write it as '30s', '5m', '2h', '7d', '1w', '500ms' or '1h30m'", "%s: '%s'",
                        why, msptk__buf_text(&shown));
}

static bool scan_count(const char **pos, int64_t *ret)
{
        const char *p = *pos;
        int64_t n = 0;

        for (; *p >= '0' && *p <= '9'; p++)
                if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *p - '0', &n))
                        return false;
        if (p == *pos)
                return false;
        *pos = p;
        *ret = n;
        return true;
}

/* Parts stand in descending order, so that no unit comes twice. */
msptk_status msptk__duration_parse(const char *text, int64_t default_unit_ms, int64_t *ret_ms,
                                   msptk_error **ret_err)
{
        const char *p = text;
        int64_t sum = 0, last = INT64_MAX;

        do {
                int64_t count, unit, part;

                if (!scan_count(&p, &count))
                        return bad_duration(text, "not a duration", ret_err);
                p += strspn(p, " ");
                unit = scan_unit(&p);
                if (unit == 0 && *p == '\0' && last == INT64_MAX) {
                        unit = default_unit_ms;
                        if (unit == 0)
                                return bad_duration(text, "a duration without a unit", ret_err);
                }
                if (unit == 0 || unit >= last)
                        return bad_duration(text, "not a duration", ret_err);
                last = unit;
                if (__builtin_mul_overflow(count, unit, &part) ||
                    __builtin_add_overflow(sum, part, &sum))
                        return bad_duration(text, "a duration longer than can be counted", ret_err);
                p += strspn(p, " ");
        } while (*p);
        *ret_ms = sum;
        return MSPTK_OK;
}

void msptk__duration_format(int64_t ms, char *out)
{
        static const struct unit canonical[] = {
                { "d", MS_PER_DAY },
                { "h", MS_PER_H },
                { "m", MS_PER_MIN },
                { "s", MS_PER_S },
        };

        for (size_t i = 0; i < ARRAY_LEN(canonical); i++)
                if (ms % canonical[i].ms == 0 && (ms || canonical[i].ms == MS_PER_S)) {
                        snprintf(out, TIME_TEXT_MAX, "%" PRId64 "%s", ms / canonical[i].ms,
                                 canonical[i].name);
                        return;
                }
        snprintf(out, TIME_TEXT_MAX, "%" PRId64 "ms", ms);
}

/* Only the two greatest units, and none smaller than `smallest`; parts that are 0 are left out. */
static void put_human(uint64_t ms, uint64_t smallest, const char *before, const char *after,
                      char *out)
{
        static const struct unit human[] = {
                { "d", MS_PER_DAY }, { "h", MS_PER_H }, { "min", MS_PER_MIN },
                { "s", MS_PER_S },   { "ms", 1 },
        };
        size_t i = 0;
        uint64_t big, small = 0;

        while (i + 1 < ARRAY_LEN(human) && ms < (uint64_t)human[i].ms)
                i++;
        big = ms / (uint64_t)human[i].ms;
        if (i + 1 < ARRAY_LEN(human) && (uint64_t)human[i + 1].ms >= smallest)
                small = ms % (uint64_t)human[i].ms / (uint64_t)human[i + 1].ms;
        if (ms == 0)
                snprintf(out, TIME_TEXT_MAX, "%s0 s%s", before, after);
        else if (small)
                snprintf(out, TIME_TEXT_MAX, "%s%" PRIu64 " %s %" PRIu64 " %s%s", before, big,
                         human[i].name, small, human[i + 1].name, after);
        else
                snprintf(out, TIME_TEXT_MAX, "%s%" PRIu64 " %s%s", before, big, human[i].name,
                         after);
}

static uint64_t magnitude(int64_t n)
{
        return n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
}

void msptk__duration_format_human(int64_t ms, char *out)
{
        /* "12 s 340 ms" says more than people want, "1 s 500 ms" does not. */
        put_human(magnitude(ms), magnitude(ms) < 10 * MS_PER_S ? 1 : MS_PER_S, ms < 0 ? "-" : "",
                  "", out);
}

void msptk__age_format(int64_t now, int64_t then, char *out)
{
        bool past = now >= then;
        uint64_t us = past ? (uint64_t)now - (uint64_t)then : (uint64_t)then - (uint64_t)now;
        uint64_t ms = us / US_PER_MS;

        if (ms < MS_PER_S)
                snprintf(out, TIME_TEXT_MAX, "just now");
        else
                put_human(ms, ms < MS_PER_MIN ? MS_PER_S : MS_PER_MIN, past ? "" : "in ",
                          past ? " ago" : "", out);
}
