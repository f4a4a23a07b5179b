/* Zones: reads TZif files (RFC 9636, versions 1 to 4) and answers what a clock on the wall shows.
 */
#define ROOM "time"
#include "base/base.h"
#include "base/zone_impl.h"

#include <string.h>

enum {
        HEADER_LEN = 44,
        TYPE_LEN = 6,
        FILE_LIMIT = 256 * 1024, /* the largest of 2026 has 4 KiB */
};

/* ---- reading ---- */

typedef struct header {
        uint32_t isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt;
} header;

static uint32_t be32(const uint8_t *p)
{
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be_time(const uint8_t *p, size_t size)
{
        if (size == 4)
                return (int32_t)be32(p);
        return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static bool read_header(const uint8_t *p, size_t len, header *h)
{
        if (len < HEADER_LEN || memcmp(p, "TZif", 4))
                return false;
        h->isutcnt = be32(p + 20);
        h->isstdcnt = be32(p + 24);
        h->leapcnt = be32(p + 28);
        h->timecnt = be32(p + 32);
        h->typecnt = be32(p + 36);
        h->charcnt = be32(p + 40);
        return h->typecnt > 0 && h->typecnt <= 256 && h->charcnt > 0 &&
               (h->isutcnt == 0 || h->isutcnt == h->typecnt) &&
               (h->isstdcnt == 0 || h->isstdcnt == h->typecnt);
}

static uint64_t block_len(const header *h, size_t time_size)
{
        return (uint64_t)h->timecnt * (time_size + 1) + (uint64_t)h->typecnt * TYPE_LEN +
               h->charcnt + (uint64_t)h->leapcnt * (time_size + 4) + h->isstdcnt + h->isutcnt;
}

static bool read_types(zone *z, const header *h, const uint8_t *types, const uint8_t *chars)
{
        for (uint32_t i = 0; i < h->typecnt; i++) {
                const uint8_t *p = types + (size_t)i * TYPE_LEN;
                zone_type *t = &z->types[i];
                uint32_t from = p[5], n = 0;

                t->offset = (int32_t)be32(p);
                t->is_dst = p[4];
                if (t->offset < ZONE_OFFSET_MIN || t->offset > ZONE_OFFSET_MAX || p[4] > 1)
                        return false;
                for (; from + n < h->charcnt && chars[from + n]; n++) {
                        if (n + 1 >= ABBREV_CAP || !msptk__abbrev_char((char)chars[from + n]))
                                return false;
                        t->abbrev[n] = (char)chars[from + n];
                }
                if (from + n >= h->charcnt)
                        return false;
        }
        return true;
}

static bool same_type(const zone_type *a, const zone_type *b)
{
        return a == b ||
               (a->offset == b->offset && a->is_dst == b->is_dst && !strcmp(a->abbrev, b->abbrev));
}

static bool read_transitions(zone *z, const header *h, const uint8_t *times, size_t size)
{
        const uint8_t *index = times + (size_t)h->timecnt * size;
        const zone_type *now = &z->types[0];

        z->rule_from = INT64_MIN;
        for (uint32_t i = 0; i < h->timecnt; i++) {
                int64_t at = be_time(times + (size_t)i * size, size);

                if (index[i] >= h->typecnt || (i > 0 && at <= z->rule_from))
                        return false;
                z->rule_from = at;
                if (same_type(now, &z->types[index[i]]))
                        continue;
                now = &z->types[index[i]];
                z->at[z->count] = at;
                z->type_at[z->count++] = index[i];
        }
        return true;
}

/* The block behind a header; the caller has checked that it lies within the data. */
static msptk_status read_block(zone *z, const header *h, const uint8_t *p, size_t size,
                               msptk_error **ret_err)
{
        const uint8_t *types = p + (size_t)h->timecnt * (size + 1);

        if (h->leapcnt)
                return fail_why(ret_err, MSPTK_E_UNSUPPORTED, "ZONE_HAS_LEAP_SECONDS",
                                "use the zone of the same name without 'right/'",
                                "zone '%s' counts leap seconds", z->name);
        z->at = msptk__alloc_array((size_t)h->timecnt + 1, sizeof(*z->at));
        z->type_at = msptk__alloc_array((size_t)h->timecnt + 1, 1);
        z->types = msptk__alloc_array(h->typecnt, sizeof(*z->types));
        if (!z->at || !z->type_at || !z->types)
                return msptk__nomem(ret_err);
        if (!read_types(z, h, types, types + (size_t)h->typecnt * TYPE_LEN) ||
            !read_transitions(z, h, p, size))
                return fail(ret_err, MSPTK_E_CORRUPT, "zone '%s' has a damaged table", z->name);
        return MSPTK_OK;
}

static bool read_footer(zone *z, const uint8_t *p, size_t len)
{
        const uint8_t *end;

        if (len < 2 || p[0] != '\n')
                return false;
        end = memchr(p + 1, '\n', len - 1);
        if (!end)
                return false;
        if (end == p + 1)
                return true; /* no rule: the last type holds for ever */
        z->has_rule = msptk__zone_rule_parse((const char *)p + 1, (size_t)(end - p - 1), &z->rule);
        return z->has_rule;
}

static msptk_status read_zone(zone *z, const uint8_t *p, size_t len, msptk_error **ret_err)
{
        size_t size = 4;
        header h;
        uint8_t version;

        if (!read_header(p, len, &h))
                return fail(ret_err, MSPTK_E_CORRUPT, "zone '%s' has a damaged header", z->name);
        version = p[4];
        p += HEADER_LEN;
        len -= HEADER_LEN;
        if (version != 0 && block_len(&h, 4) <= len) { /* the data again, in 64 bits */
                size_t skip = (size_t)block_len(&h, 4);

                size = 8;
                p += skip;
                len -= skip;
                if (!read_header(p, len, &h))
                        return fail(ret_err, MSPTK_E_CORRUPT,
                                    "zone '%s' has a damaged second header", z->name);
                p += HEADER_LEN;
                len -= HEADER_LEN;
        }
        if (block_len(&h, size) > len)
                return fail(ret_err, MSPTK_E_CORRUPT, "zone '%s' is cut short", z->name);
        TRY(read_block(z, &h, p, size, ret_err));
        if (size == 8 && !read_footer(z, p + block_len(&h, 8), len - (size_t)block_len(&h, 8)))
                return fail(ret_err, MSPTK_E_CORRUPT, "zone '%s' has a damaged rule at its end",
                            z->name);
        return MSPTK_OK;
}

static zone *new_zone(const char *name)
{
        zone *z = msptk__alloc(sizeof(*z));

        if (z)
                (void)msptk__utf8_copy(z->name, sizeof(z->name), name);
        return z;
}

msptk_status msptk__zone_parse(const char *name, const void *data, size_t len, zone **ret,
                               msptk_error **ret_err)
{
        AUTO_ZONE zone *z = new_zone(name);

        if (!z)
                return msptk__nomem(ret_err);
        TRY(read_zone(z, data, len, ret_err));
        *ret = STEAL(z);
        return MSPTK_OK;
}

static bool name_valid(const char *name)
{
        size_t len = strlen(name);

        if (len == 0 || len >= ZONE_NAME_MAX || name[0] == '/' || name[len - 1] == '/')
                return false;
        for (const char *p = name; *p; p++)
                if (!msptk__abbrev_char(*p) && *p != '_' && *p != '/')
                        return false;
        return !strstr(name, "//");
}

msptk_status msptk__zone_load(const char *dir, const char *name, zone **ret, msptk_error **ret_err)
{
        AUTO_BUF buf data = BUF_INIT(FILE_LIMIT);
        msptk_status st;

        if (!strcmp(name, "UTC") || !strcmp(name, "Etc/UTC")) {
                zone *z = msptk__zone_new_utc(name);

                if (!z)
                        return msptk__nomem(ret_err);
                *ret = z;
                return MSPTK_OK;
        }
        st = name_valid(name) ? msptk__zone_read_file(dir, name, &data) : MSPTK_E_NOTFOUND;
        if (st == MSPTK_E_NOMEM)
                return msptk__nomem(ret_err);
        if (st == MSPTK_E_NOTFOUND || (st == MSPTK_OK && data.len < 4) ||
            (st == MSPTK_OK && memcmp(data.data, "TZif", 4)))
                return msptk__zone_unknown(dir, name, ret_err); /* tables lie there too */
        if (st < 0)
                return fail(ret_err, st, "read the data of zone '%s'", name);
        return msptk__zone_parse(name, data.data, data.len, ret, ret_err);
}

void msptk__zone_free(zone *z)
{
        if (!z)
                return;
        msptk__free(z->at);
        msptk__free(z->type_at);
        msptk__free(z->types);
        msptk__free(z);
}

/* ---- answering ---- */

static const zone_type utc_type = { .abbrev = "UTC" };

zone *msptk__zone_new_utc(const char *name)
{
        zone *z = new_zone(name);

        if (z) {
                z->has_rule = true;
                z->rule_from = INT64_MIN;
                z->rule.types[0] = utc_type;
        }
        return z;
}

const char *msptk__zone_name(const zone *z)
{
        return z ? z->name : "UTC";
}

/* Index of the last transition at or before `at`, -1 when there is none. */
static ptrdiff_t last_transition(const zone *z, int64_t at)
{
        size_t low = 0, high = z->count;

        while (low < high) {
                size_t mid = low + (high - low) / 2;

                if (z->at[mid] <= at)
                        low = mid + 1;
                else
                        high = mid;
        }
        return (ptrdiff_t)low - 1;
}

static void span_at(const zone *z, int64_t at, zone_span *ret)
{
        ptrdiff_t i;

        if (!z) {
                *ret = (zone_span){ INT64_MIN, INT64_MAX, &utc_type };
                return;
        }
        if (z->has_rule && at >= z->rule_from) {
                msptk__zone_rule_span(&z->rule, at, ret);
                if (ret->start < z->rule_from)
                        ret->start = z->rule_from;
                return;
        }
        i = last_transition(z, at);
        ret->type = &z->types[i < 0 ? 0 : z->type_at[i]];
        ret->start = i < 0 ? INT64_MIN : z->at[i];
        ret->end = z->has_rule ? z->rule_from : INT64_MAX;
        if ((size_t)(i + 1) < z->count)
                ret->end = z->at[i + 1];
}

static int64_t to_seconds(int64_t us)
{
        return us / US_PER_S - (us % US_PER_S < 0);
}

void msptk__zone_offset(const zone *z, int64_t us, int32_t *ret_offset_s, const char **ret_abbrev,
                        int32_t *ret_is_dst)
{
        zone_span span;

        span_at(z, to_seconds(us), &span);
        if (ret_offset_s)
                *ret_offset_s = span.type->offset;
        if (ret_abbrev)
                *ret_abbrev = span.type->abbrev;
        if (ret_is_dst)
                *ret_is_dst = span.type->is_dst;
}

void msptk__zone_civil(const zone *z, int64_t us, civil *ret)
{
        int64_t seconds = to_seconds(us);
        zone_span span;

        span_at(z, seconds, &span);
        msptk__civil_from_s(seconds + span.type->offset,
                            (int32_t)((uint64_t)us - (uint64_t)seconds * US_PER_S), ret);
}

bool msptk__zone_next(const zone *z, int64_t us, int64_t *ret_us)
{
        zone_span span, next;

        span_at(z, to_seconds(us), &span);
        for (;;) {
                if (span.end == INT64_MAX)
                        return false;
                span_at(z, span.end, &next);
                if (!same_type(span.type, next.type))
                        return msptk__us_from_s(span.end, 0, ret_us);
                span = next; /* where table and rule meet nothing need change */
        }
}

/* What the spans around a wall-clock time say about it, in seconds. */
typedef struct reading {
        int32_t found;
        int64_t earlier, later, gap_at, gap_earlier, gap_later;
        bool gap;
} reading;

static void read_wall(const zone *z, int64_t wall, reading *r)
{
        zone_span span, next;

        *r = (reading){ 0 };
        span_at(z, wall - ZONE_OFFSET_MAX, &span);
        for (;;) {
                int64_t at = wall - span.type->offset;

                if (at >= span.start && at < span.end) {
                        if (!r->found++)
                                r->earlier = at;
                        r->later = at;
                }
                if (span.end > wall - ZONE_OFFSET_MIN)
                        return;
                span_at(z, span.end, &next);
                if (!r->gap && wall >= span.end + span.type->offset &&
                    wall < span.end + next.type->offset) {
                        r->gap = true;
                        r->gap_at = span.end;
                        r->gap_earlier = wall - next.type->offset;
                        r->gap_later = at;
                }
                span = next;
        }
}

static bool set_local(const reading *r, int32_t us, local_time *t)
{
        t->transition = 0;
        if (r->found) {
                t->kind = r->earlier == r->later ? LOCAL_UNIQUE : LOCAL_OVERLAP;
                return msptk__us_from_s(r->earlier, us, &t->earlier) &&
                       msptk__us_from_s(r->later, us, &t->later);
        }
        t->kind = LOCAL_GAP;
        return r->gap && msptk__us_from_s(r->gap_earlier, us, &t->earlier) &&
               msptk__us_from_s(r->gap_later, us, &t->later) &&
               msptk__us_from_s(r->gap_at, 0, &t->transition);
}

msptk_status msptk__zone_local(const zone *z, const civil *c, local_time *ret,
                               msptk_error **ret_err)
{
        int64_t wall;
        local_time t;
        reading r;

        if (!msptk__civil_valid(c))
                return fail(ret_err, MSPTK_E_INVALID, "no such civil time");
        wall = msptk__days_from_date(c->year, c->month, c->day) * S_PER_DAY + c->hour * 3600 +
               c->minute * 60 + c->second;
        read_wall(z, wall, &r);
        if (!set_local(&r, c->us, &t))
                return fail(ret_err, MSPTK_E_INVALID, "a time beyond what can be counted");
        *ret = t;
        return MSPTK_OK;
}
