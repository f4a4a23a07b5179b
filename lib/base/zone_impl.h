/* What the files of the zone reader share. Seconds here; microseconds only at the interface. */
#ifndef BASE_ZONE_IMPL_H
#define BASE_ZONE_IMPL_H

#include "base/buf.h"
#include "base/zone.h"

enum {
        ABBREV_CAP = 16,
        ZONE_OFFSET_MIN = -89999, /* RFC 9636 section 3.2 */
        ZONE_OFFSET_MAX = 93599,
};

typedef struct zone_type {
        int32_t offset;
        int32_t is_dst;
        char abbrev[ABBREV_CAP];
} zone_type;

typedef struct rule_day {
        char kind; /* 'J' 1..365 without leap days, 'N' 0..365 with them, 'M' month.week.weekday */
        int16_t day;
        int8_t month, week;
        int32_t seconds; /* of local time since that day's midnight; -167 h .. 167 h */
} rule_day;

/* A POSIX TZ string: types[0] is standard time, types[1] daylight time if has_dst. */
typedef struct zone_rule {
        bool has_dst;
        zone_type types[2];
        rule_day change[2]; /* to types[1], to types[0] */
} zone_rule;

/* A stretch of time with one type: [start, end). */
typedef struct zone_span {
        int64_t start, end; /* INT64_MIN, INT64_MAX: no such end */
        const zone_type *type;
} zone_span;

struct zone {
        char name[ZONE_NAME_MAX];
        size_t count;
        int64_t *at;      /* transitions, ascending, each changes something */
        uint8_t *type_at; /* the type that holds from at[i] on */
        zone_type *types; /* types[0] holds before at[0] */
        bool has_rule;
        int64_t rule_from; /* from here on the rule holds */
        zone_rule rule;
};

zone *msptk__zone_new_utc(const char *name);
bool msptk__zone_rule_parse(const char *text, size_t len, zone_rule *ret);
void msptk__zone_rule_span(const zone_rule *r, int64_t at, zone_span *ret);
/* The letters that an abbreviation may have; outside the table nothing foreign reaches a terminal.
 */
bool msptk__abbrev_char(char c);
/* Fails with ZONE_NOT_FOUND or ZONE_DATA_MISSING and what is nearest to `name`. */
msptk_status msptk__zone_unknown(const char *dir, const char *name, msptk_error **ret_err);
/* The whole of a regular, bounded file: MSPTK_OK, MSPTK_E_NOTFOUND, MSPTK_E_TOOBIG, MSPTK_E_IO or
 * MSPTK_E_NOMEM, without an error object. */
msptk_status msptk__zone_read_file(const char *dir, const char *name, buf *out);

#define ZONE_DIR "/usr/share/zoneinfo"

#endif
