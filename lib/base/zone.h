/* IANA time zones without the C library: TZif files with history, the POSIX rule after their end,
 * and civil dates. Nothing here has state; a loaded zone may be read from any thread. Wherever a
 * zone is a parameter NULL means UTC. Instants are microseconds UTC since 1970. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"

#define US_PER_S INT64_C(1000000)
#define US_PER_MS INT64_C(1000)
#define S_PER_DAY INT64_C(86400)
#define US_PER_DAY (S_PER_DAY * US_PER_S)

enum { ZONE_NAME_MAX = 64 }; /* bytes with the NUL */

/* ---- civil time: proleptic Gregorian, no zone ---- */

typedef struct civil {
        int64_t year;  /* astronomical: 0 is 1 BC */
        int32_t month; /* 1..12 */
        int32_t day;   /* 1..31 */
        int32_t hour;  /* 0..23 */
        int32_t minute;
        int32_t second; /* 0..59; leap seconds do not exist here */
        int32_t us;     /* 0..999999 */
} civil;

int32_t msptk__days_in_month(int64_t year, int32_t month);
/* Days since 1970-01-01 of an existing date with |year| <= 10^9. */
int64_t msptk__days_from_date(int64_t year, int32_t month, int32_t day);
void msptk__date_from_days(int64_t days, civil *ret); /* sets the date, clears the time */
int32_t msptk__weekday(int64_t days);                 /* 0 Sunday .. 6 Saturday */
int64_t msptk__day_number(int64_t us);                /* the UTC day of an instant */
bool msptk__civil_valid(const civil *c);
/* Every instant has a civil time; the other way fails (false) when the civil time is not valid or
 * not within int64 microseconds. Both as if the zone were UTC. */
void msptk__civil_from_us(int64_t us, civil *ret);
bool msptk__civil_to_us(const civil *c, int64_t *ret_us);
/* The same by whole seconds and the microseconds behind them. */
void msptk__civil_from_s(int64_t seconds, int32_t us, civil *ret);
bool msptk__us_from_s(int64_t seconds, int32_t us, int64_t *ret_us);

/* ---- zones ---- */

typedef struct zone zone;

/* Load a zone by its IANA name. `dir` NULL means /usr/share/zoneinfo. UTC needs no file.
 * MSPTK_E_NOTFOUND with reason ZONE_NOT_FOUND (the suggestion names the nearest names) or
 * ZONE_DATA_MISSING (no zone data on this machine), MSPTK_E_CORRUPT. */
msptk_status msptk__zone_load(const char *dir, const char *name, zone **ret, msptk_error **ret_err);
/* The same from the bytes of a TZif file; leap-second files ("right/") are refused. */
msptk_status msptk__zone_parse(const char *name, const void *data, size_t len, zone **ret,
                               msptk_error **ret_err);
void msptk__zone_free(zone *z);
DEFINE_AUTO_FREE(msptk__auto_zone, zone, msptk__zone_free)
#define AUTO_ZONE __attribute__((cleanup(msptk__auto_zone)))

const char *msptk__zone_name(const zone *z);
/* Calls `emit` with each zone name that `dir` knows, until it returns non-zero. */
msptk_status msptk__zone_names(const char *dir, int (*emit)(void *user, const char *name),
                               void *user, msptk_error **ret_err);

/* Seconds east of UTC, abbreviation (borrowed from the zone) and daylight saving at an instant;
 * each pointer may be NULL. */
void msptk__zone_offset(const zone *z, int64_t us, int32_t *ret_offset_s, const char **ret_abbrev,
                        int32_t *ret_is_dst);
/* The civil time that a clock on the wall shows. */
void msptk__zone_civil(const zone *z, int64_t us, civil *ret);
/* The first instant after `us` at which offset, abbreviation or daylight saving change. */
bool msptk__zone_next(const zone *z, int64_t us, int64_t *ret_us);

enum { LOCAL_UNIQUE = 0, LOCAL_GAP = 1, LOCAL_OVERLAP = 2 };

typedef struct local_time {
        int32_t kind;
        int64_t earlier; /* overlap: the first of the two; gap: read with the offset after it */
        int64_t later; /* overlap: the second; gap: read with the offset before it ("02:30" becomes
                          "03:30"); unique: same as earlier */
        int64_t transition; /* gap: the first instant after it; else 0 */
} local_time;

/* When does a wall clock show `c`? MSPTK_E_INVALID when it is no civil time or out of range. */
msptk_status msptk__zone_local(const zone *z, const civil *c, local_time *ret,
                               msptk_error **ret_err);

#endif
