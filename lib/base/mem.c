/* Memory: thin, checked, and the one place where a test can make the Nth allocation fail. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

void *msptk__alloc(size_t size)
{
        return calloc(1, size ? size : 1);
}

void *msptk__alloc_array(size_t count, size_t size)
{
        return calloc(count ? count : 1, size ? size : 1);
}

void *msptk__realloc_array(void *old, size_t count, size_t size)
{
        size_t total;

        if (__builtin_mul_overflow(count, size, &total))
                return NULL;
        return realloc(old, total ? total : 1);
}

void msptk__free(void *p)
{
        free(p);
}

char *msptk__strdup(const char *text)
{
        return text ? msptk__strndup(text, strlen(text)) : NULL;
}

char *msptk__strndup(const char *text, size_t len)
{
        char *copy;

        if (len == SIZE_MAX || !(copy = malloc(len + 1)))
                return NULL;
        memcpy(copy, text, len);
        copy[len] = '\0';
        return copy;
}

void *msptk__memdup(const void *data, size_t len)
{
        void *copy = malloc(len ? len : 1);

        if (copy && len)
                memcpy(copy, data, len);
        return copy;
}

int msptk__replace(char **slot, const char *text)
{
        char *copy = msptk__strdup(text);

        if (text && !copy)
                return -1;
        free(*slot);
        *slot = copy;
        return 0;
}

void msptk__free_slot(void *slot)
{
        free(*(void **)slot);
}
