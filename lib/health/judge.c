/* From a value to a state: thresholds, hysteresis, how long it must last, gaps. */
#define ROOM "health"
#include "health/internal.h"

#include <math.h>

static bool beyond(const threshold *t, double limit, double value)
{
        if (isnan(limit))
                return false;
        return t->lower_is_worse ? value <= limit : value >= limit;
}

/* Whether a state that was reached at `limit` is still in force. */
static bool held(const threshold *t, double limit, double value)
{
        if (isnan(limit))
                return false;
        if (beyond(t, limit, value))
                return true;
        return t->lower_is_worse ? value < limit + t->hysteresis : value > limit - t->hysteresis;
}

/* What the value alone says, to one who last knew `known`. */
static int32_t level(const threshold *t, int32_t known, double value)
{
        if (known == MSPTK_STATE_CRITICAL ? held(t, t->critical, value)
                                          : beyond(t, t->critical, value))
                return MSPTK_STATE_CRITICAL;
        if (known >= MSPTK_STATE_WARNING ? held(t, t->warning, value)
                                         : beyond(t, t->warning, value))
                return MSPTK_STATE_WARNING;
        return MSPTK_STATE_OK;
}

/* Since when the value has been at least that bad. A gap before it counts as bad, because it may
 * have been: so that taking data away never makes a state better. */
static void note_lasting(health_state *s, int32_t target, int64_t at)
{
        int64_t began = s->gap_since ? s->gap_since : at;

        if (target < MSPTK_STATE_WARNING)
                s->warning_since = 0;
        else if (!s->warning_since)
                s->warning_since = began;
        if (target < MSPTK_STATE_CRITICAL)
                s->critical_since = 0;
        else if (!s->critical_since)
                s->critical_since = began;
}

/* The worst level that has lasted long enough. */
static int32_t sustained(const health_state *s, const threshold *t, int64_t at)
{
        int64_t need = t->sustained_ms * 1000;

        if (s->critical_since && at - s->critical_since >= need)
                return MSPTK_STATE_CRITICAL;
        if (s->warning_since && at - s->warning_since >= need)
                return MSPTK_STATE_WARNING;
        return MSPTK_STATE_OK;
}

static bool enter(health_state *s, int32_t status, int64_t at)
{
        if (s->status == status)
                return false;
        s->status = status;
        s->since = at;
        return true;
}

bool msptk__health_judge(health_state *s, const threshold *t, int32_t state, double value,
                         int64_t at)
{
        int32_t target, lasting, kept;

        if (state == MSPTK_STATE_UNKNOWN || (state == MSPTK_STATE_JUDGE && !isfinite(value))) {
                if (!s->gap_since)
                        s->gap_since = at;
                return enter(s, MSPTK_STATE_UNKNOWN, at);
        }
        target = state == MSPTK_STATE_JUDGE
                         ? level(t, s->gap_since ? MSPTK_STATE_CRITICAL : s->known, value)
                         : state;
        note_lasting(s, target, at);
        s->gap_since = 0;
        lasting = sustained(s, t, at);
        kept = s->known == HEALTH_NONE || target < s->known ? target : s->known;
        s->known = lasting > kept ? lasting : kept;
        return enter(s, s->known, at);
}

int32_t msptk__health_rank(int32_t status)
{
        switch (status) {
        case MSPTK_STATE_OK:
                return 0;
        case MSPTK_STATE_WARNING:
                return 1;
        case MSPTK_STATE_CRITICAL:
                return 3;
        default:
                return 2;
        }
}

const char *msptk__health_word(int32_t status)
{
        switch (status) {
        case MSPTK_STATE_OK:
                return "ok";
        case MSPTK_STATE_WARNING:
                return "warning";
        case MSPTK_STATE_CRITICAL:
                return "critical";
        default:
                return "unknown";
        }
}
