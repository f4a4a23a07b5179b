/* Texts that live and die together. */
#define ROOM "health"
#include "health/internal.h"

#include <string.h>

struct arena_block {
        struct arena_block *next;
        size_t used, size;
        char bytes[];
};

enum { BLOCK_BYTES = 16 * 1024 };

void *msptk__arena_alloc(arena *a, size_t size)
{
        struct arena_block *b = a->blocks;
        void *p;

        size = (size + 7) & ~(size_t)7;
        if (!b || b->size - b->used < size) {
                size_t want = size > BLOCK_BYTES ? size : BLOCK_BYTES;

                b = msptk__alloc(sizeof(*b) + want);
                if (!b)
                        return NULL;
                b->size = want;
                b->next = a->blocks;
                a->blocks = b;
        }
        p = b->bytes + b->used;
        b->used += size;
        return p;
}

const char *msptk__arena_text(arena *a, const char *text, size_t max)
{
        size_t len = text ? strlen(text) : 0;
        char *copy;

        if (!len)
                return "";
        len = msptk__utf8_cut(text, len, max);
        copy = msptk__arena_alloc(a, len + 1);
        if (copy) {
                memcpy(copy, text, len);
                copy[len] = '\0';
        }
        return copy;
}

void msptk__arena_clear(arena *a)
{
        struct arena_block *next;

        for (struct arena_block *b = a->blocks; b; b = next) {
                next = b->next;
                msptk__free(b);
        }
        a->blocks = NULL;
}
