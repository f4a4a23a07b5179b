/* The counting behind FAULT_LOOP, and the wrapped allocators. */
#include "fault.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

/* The first points are where most mistakes are, so they all run; of later ones a slice. */
enum { ALWAYS = 400, SLICE = 17 };

/* What the rounds of one process share: threads of the library come here too. */
static atomic_uint armed_kinds;
static atomic_bool armed_onwards;
static atomic_long armed_n;
static atomic_long passed;
static atomic_bool hit;

bool fault_point(unsigned kind)
{
        long here;

        if (!(atomic_load(&armed_kinds) & kind))
                return false;
        here = atomic_fetch_add(&passed, 1) + 1;
        if (here != atomic_load(&armed_n) &&
            !(atomic_load(&armed_onwards) && here > atomic_load(&armed_n)))
                return false;
        atomic_store(&hit, true);
        return true;
}

static long number_of(const char *variable)
{
        const char *text = getenv(variable);

        return text ? strtol(text, NULL, 10) : 0;
}

static long next_n(long n)
{
        long seed = number_of("MSPTK_SEED");

        n++;
        if (n <= ALWAYS || number_of("MSPTK_FULL"))
                return n;
        while (n % SLICE != seed % SLICE)
                n++;
        return n;
}

static void disarm(fault_loop *f)
{
        long points = atomic_load(&passed);

        atomic_store(&armed_kinds, 0);
        if (points > f->points)
                f->points = points;
}

bool fault_next(fault_loop *f)
{
        disarm(f);
        if (f->started && !atomic_load(&hit)) {
                if (f->onwards) {
                        printf("%ld rounds, %ld points of failure\n", f->rounds, f->points);
                        return false;
                }
                f->onwards = true;
                f->n = 0;
        }
        f->started = true;
        f->rounds++;
        f->n = next_n(f->n);
        atomic_store(&hit, false);
        atomic_store(&passed, 0);
        atomic_store(&armed_n, f->n);
        atomic_store(&armed_onwards, f->onwards);
        atomic_store(&armed_kinds, f->kinds);
        return true;
}

bool fault_was_hit(fault_loop *f)
{
        disarm(f);
        return atomic_load(&hit);
}

void fault_rest(fault_loop *f)
{
        (void)f;
        atomic_store(&armed_kinds, 0);
}

void fault_arm(fault_loop *f)
{
        atomic_store(&armed_kinds, f->kinds);
}

static bool no_memory(void)
{
        if (!fault_point(FAULT_ALLOC))
                return false;
        errno = ENOMEM;
        return true;
}

void *__wrap_malloc(size_t size)
{
        return no_memory() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
        return no_memory() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
        return no_memory() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
        return no_memory() ? NULL : __real_strdup(text);
}
