/* Foreign text: cleaning, folding and slugs keep what their header promises. */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(const char *text, size_t len, uint32_t flags)
{
        AUTO_BUF buf once = BUF_INIT(1024), twice = BUF_INIT(1024);

        if (msptk__text_clean(text, len, flags, 200, &once) < 0)
                abort();
        if (once.len > 200 || !msptk__utf8_valid(msptk__buf_text(&once), once.len))
                abort();
        if (msptk__text_clean(msptk__buf_text(&once), once.len, flags, 200, &twice) < 0 ||
            strcmp(msptk__buf_text(&once), msptk__buf_text(&twice)) != 0)
                abort();
}

static void check_fold(const char *text, size_t len)
{
        AUTO_BUF buf once = BUF_INIT(1 << 20), twice = BUF_INIT(1 << 20);

        if (msptk__text_fold(text, len, &once) < 0 ||
            msptk__text_fold(msptk__buf_text(&once), once.len, &twice) < 0)
                return;
        if (once.len != twice.len ||
            memcmp(msptk__buf_text(&once), msptk__buf_text(&twice), once.len))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const words[] = { "timeout", "client", "premium" };
        char slug[SLUG_CAP];
        char *text = msptk__strndup((const char *)data, size);

        if (!text)
                return 0;
        for (uint32_t flags = 0; flags < 4; flags++)
                check_clean((const char *)data, size, flags);
        check_fold((const char *)data, size);
        if (msptk__utf8_cut((const char *)data, size, 7) > 7)
                abort();
        if (msptk__slug(text, slug, sizeof(slug)) > 0 && !msptk__slug_valid(slug))
                abort();
        if (msptk__slug_from_name(text, slug, sizeof(slug)) && !msptk__slug_valid(slug))
                abort();
        (void)msptk__nearest(text, words, ARRAY_LEN(words));
        msptk__free(text);
        return 0;
}
