/* Headers of replies: dates, Retry-After, content types, links. */
#include <stdlib.h>
#include <string.h>

#include "net/headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_times(const char *text)
{
        int64_t us, ms = msptk__http_retry_after(text, INT64_C(1700000000000000));
        civil c;

        if (ms < -1 || ms > MS_PER_DAY)
                abort();
        if (!msptk__http_date(text, &us))
                return;
        msptk__civil_from_us(us, &c);
        if (c.year < 0 || c.year > 9999 || c.us)
                abort();
        if (msptk__http_retry_after(text, us) != 0)
                abort();
}

static void check_type(const char *text)
{
        char out[CONTENT_TYPE_MAX], again[CONTENT_TYPE_MAX];

        msptk__http_content_type(text, out);
        msptk__http_content_type(out, again);
        if (strcmp(out, again) != 0 || (*out && !strchr(out, '/')))
                abort();
}

static void check_link(const char *text)
{
        char *target = NULL;
        msptk_status st = msptk__http_link_next(text, &target);

        if ((st == MSPTK_OK) != (target != NULL))
                abort();
        if (target &&
            (strlen(target) > HEADER_URL_MAX || strchr(target, '>') || !strstr(text, target)))
                abort();
        msptk__free(target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = msptk__strndup((const char *)data, size);

        if (!text)
                return 0;
        check_times(text);
        check_type(text);
        check_link(text);
        msptk__free(text);
        return 0;
}
