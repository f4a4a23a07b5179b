/* The host's clock and log. */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

int64_t msptk__now(const ctx *c)
{
        struct timespec ts;

        if (c && c->clock)
                return c->clock(c->clock_user);
        clock_gettime(CLOCK_REALTIME, &ts);
        return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void msptk__log(const ctx *c, int32_t level, const char *room, const char *fmt, ...)
{
        char line[1024];
        va_list ap;

        if (!c || !c->log_fn || level < c->log_level)
                return;
        va_start(ap, fmt);
        vsnprintf(line, sizeof(line), fmt, ap);
        va_end(ap);
        c->log_fn(c->log_user, level, room, line);
}
