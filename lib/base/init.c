/* Version, texts given away, and the counted start of the library. */
#define ROOM "base"
#include "base/base.h"

#include <pthread.h>
#include <sodium.h>

/* The library's only mutable globals: how often it was started. */
static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t start_count;

msptk_status msptk_init(msptk_error **ret_err)
{
        bool refused;

        pthread_mutex_lock(&start_lock);
        refused = start_count == 0 && sodium_init() < 0;
        if (!refused)
                start_count++;
        pthread_mutex_unlock(&start_lock);
        if (refused)
                return fail(ret_err, MSPTK_E_INTERNAL, "libsodium refuses to start");
        return MSPTK_OK;
}

void msptk_fini(void)
{
        pthread_mutex_lock(&start_lock);
        if (start_count)
                start_count--;
        pthread_mutex_unlock(&start_lock);
}

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
