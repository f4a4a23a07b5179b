/* Zone files: the first byte says whether the rest is a file or a POSIX rule. */
#include <stdlib.h>

#include "base/base.h"
#include "base/zone_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const zone *z, int64_t us)
{
        local_time t;
        civil c;

        msptk__zone_civil(z, us, &c);
        if (msptk__zone_local(z, &c, &t, NULL) == MSPTK_OK && t.kind == LOCAL_GAP)
                abort(); /* what a clock shows is never in a gap */
}

static void walk(const zone *z)
{
        int64_t at = INT64_MIN, last = INT64_MIN;

        ask(z, INT64_MIN);
        ask(z, 0);
        ask(z, INT64_MAX);
        for (int i = 0; i < 200 && msptk__zone_next(z, at, &at); i++) {
                if (at <= last)
                        abort();
                last = at;
                ask(z, at);
                if (at > INT64_MIN)
                        ask(z, at - 1);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        zone *z = NULL;

        if (size > 0 && data[0] == 'R') {
                zone_rule rule;
                zone_span span;

                if (!msptk__zone_rule_parse((const char *)data + 1, size - 1, &rule))
                        return 0;
                for (int64_t s = -100; s < 100; s++) {
                        int64_t at = s * 31 * S_PER_DAY;

                        msptk__zone_rule_span(&rule, at, &span);
                        if (span.start > at || span.end <= at)
                                abort();
                }
                return 0;
        }
        if (msptk__zone_parse("fuzz", data, size, &z, NULL) == MSPTK_OK)
                walk(z);
        msptk__zone_free(z);
        return 0;
}
