/* Times, durations and periods from foreign text; what is accepted must survive being written. */
#include <stdlib.h>

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_time(const char *text)
{
        char out[TIME_TEXT_MAX];
        int64_t us, back;
        civil c;

        if (msptk__date_parse(text, &c, NULL) == MSPTK_OK && !msptk__civil_valid(&c))
                abort();
        if (msptk__time_parse(text, &us, NULL) < 0)
                return;
        msptk__civil_from_us(us, &c);
        if (c.year < 0 || c.year > 9999)
                return; /* an offset can leave the years that RFC 3339 has */
        msptk__time_format(us, out);
        if (msptk__time_parse(out, &back, NULL) < 0 || back != us)
                abort();
}

static void check_duration(const char *text)
{
        char out[TIME_TEXT_MAX];
        int64_t ms, back;

        if (msptk__duration_parse(text, MS_PER_S, &ms, NULL) < 0)
                return;
        msptk__duration_format(ms, out);
        if (ms < 0 || msptk__duration_parse(out, 0, &back, NULL) < 0 || back != ms)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = msptk__strndup((const char *)data, size);
        msptk_error *err = NULL;
        int64_t now = INT64_C(1732192000000000), from, to;

        if (!text)
                return 0;
        check_time(text);
        check_duration(text);
        if (msptk__period_parse(text, NULL, now, &from, &to, &err) == MSPTK_OK && from >= to)
                abort();
        msptk_error_free(err);
        (void)msptk__since_parse(text, NULL, now, &from, NULL);
        msptk__free(text);
        return 0;
}
