/* Version, texts given away, and the counted start of the library. */
#include "base/base.h"

uint32_t msptk_version_number(void)
{
        return MSPTK_VERSION_NUMBER;
}

const char *msptk_version_string(void)
{
        return MSPTK_VERSION;
}

void msptk_string_free(char *text)
{
        msptk__free(text);
}
