/* Waiting for others: short random sleeps until the call's deadline. */
#include "store/internal.h"

#include <sched.h>
#include <time.h>

int64_t msptk__store_ticks_ns(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Longest sleep of the nth try, in ns: a commit takes some 0.1 to 10 ms, so the first tries are
 * close together, and a long wait costs little. The very first only let others run. */
static int64_t longest(uint32_t tries)
{
        if (tries < 16)
                return 200000;
        return tries < 400 ? 1000000 : 10000000;
}

bool msptk__store_pause(store_tx *c)
{
        int64_t left = c->deadline_ns - msptk__store_ticks_ns();
        int64_t most = longest(c->tries++);
        struct timespec ts = { 0 };

        if (left <= 0)
                return false;
        if (c->tries <= 4) {
                sched_yield();
                return true;
        }
        /* xorshift64: only spreads sleeps, so that two processes do not step alike */
        c->random ^= c->random << 13;
        c->random ^= c->random >> 7;
        c->random ^= c->random << 17;
        most = most / 4 + (int64_t)(c->random % (uint64_t)(most * 3 / 4));
        ts.tv_nsec = (long)(most < left ? most : left);
        clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
        return true;
}

int msptk__store_on_busy(void *connection, int count)
{
        (void)count;
        return msptk__store_pause(connection);
}
