/* Time as text, both ways; no other code of the library formats or parses time. Instants are
 * microseconds UTC, durations milliseconds. Formatters fill a caller's buffer of at least
 * TIME_TEXT_MAX bytes and cannot fail. Parsers answer MSPTK_E_INVALID with reason INVALID_TIME,
 * INVALID_DURATION or INVALID_PERIOD and a suggestion that shows the accepted forms. Wherever a
 * zone is a parameter NULL means UTC. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/zone.h"

enum { TIME_TEXT_MAX = 64 };

#define MS_PER_S INT64_C(1000)
#define MS_PER_MIN (60 * MS_PER_S)
#define MS_PER_H (60 * MS_PER_MIN)
#define MS_PER_DAY (24 * MS_PER_H)

/* ---- instants ---- */

/* "2026-11-21T13:00:00.000000Z"; fixed width from year 0 to 9999, so text order is time order. */
void msptk__time_format(int64_t us, char *out);
/* "2026-11-21T08:00:00-05:00", seconds; UTC with Z where the offset is not whole minutes. */
void msptk__time_format_offset(const zone *z, int64_t us, char *out);
/* "2026-11-21 08:00 EST": for people. */
void msptk__time_format_local(const zone *z, int64_t us, char *out);
/* "2026-11-21 08:00:07 EST" */
void msptk__time_format_local_s(const zone *z, int64_t us, char *out);
/* "2026-11-21": the civil date at an instant. */
void msptk__date_format(const zone *z, int64_t us, char *out);
/* "20261121T130000Z": for file names. */
void msptk__time_format_stamp(int64_t us, char *out);

/* RFC 3339 with any offset, 1 to 9 digits of fraction (truncated to microseconds), 'T', 't' or one
 * space between; second 60 is refused. */
msptk_status msptk__time_parse(const char *text, int64_t *ret_us, msptk_error **ret_err);
/* "2024-01-15" */
msptk_status msptk__date_parse(const char *text, civil *ret, msptk_error **ret_err);

/* ---- civil days and periods: [from, to) ---- */

/* The first instant of a day (`days` since 1970-01-01); a day that skips midnight starts at the
 * transition, a day that the zone skipped is empty. */
msptk_status msptk__day_start(const zone *z, int64_t days, int64_t *ret_us, msptk_error **ret_err);
msptk_status msptk__day_bounds(const zone *z, const civil *date, int64_t *ret_from, int64_t *ret_to,
                               msptk_error **ret_err);

/* "2024", "2024-Q1", "2024-01", "2024-01-15", today, yesterday, this-week, last-week (Monday
 * first), this-month, last-month, this-quarter, last-quarter, this-year, last-year, last-N-days
 * (the N whole days before today), and "A..B": from the start of A to the end of B. */
msptk_status msptk__period_parse(const char *text, const zone *z, int64_t now, int64_t *ret_from,
                                 int64_t *ret_to, msptk_error **ret_err);
/* RFC 3339, a duration ("24h": that long before now), now, or a period (its start). */
msptk_status msptk__since_parse(const char *text, const zone *z, int64_t now, int64_t *ret_us,
                                msptk_error **ret_err);

/* ---- durations ---- */

/* "500ms", "30s", "5m", "2h", "7d", "1w", "1h30m", "3 h 12 min". A bare number counts
 * `default_unit_ms` (MS_PER_S: seconds); 0 there means that a unit is required. */
msptk_status msptk__duration_parse(const char *text, int64_t default_unit_ms, int64_t *ret_ms,
                                   msptk_error **ret_err);
/* For configuration and JSON; parses back to the same value: "90s", "2h", "7d", "1500ms". */
void msptk__duration_format(int64_t ms, char *out);
/* For people, the two greatest units: "3 h 12 min", "2 d", "350 ms". */
void msptk__duration_format_human(int64_t ms, char *out);
/* "12 s ago", "5 min ago", "3 h 12 min ago", "just now", "in 2 d". */
void msptk__age_format(int64_t now, int64_t then, char *out);

#endif
