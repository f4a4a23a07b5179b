/* Memory: the only place that calls malloc and free, and the cleanup attribute that most code
 * relies on. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* All return NULL when out of memory; memory is zeroed; sums and products are checked for overflow.
 */
void *msptk__alloc(size_t size);
void *msptk__alloc_array(size_t count, size_t size);
/* Grows `old` to `count` elements; new elements are not zeroed; on failure `old` stays valid. */
void *msptk__realloc_array(void *old, size_t count, size_t size);
void msptk__free(void *p);
char *msptk__strdup(const char *text); /* NULL gives NULL */
char *msptk__strndup(const char *text, size_t len);
void *msptk__memdup(const void *data, size_t len);

/* Replace an owned string by a copy. Returns 0, or -1 when out of memory (then *slot is unchanged).
 */
int msptk__replace(char **slot, const char *text);

void msptk__free_slot(void *slot); /* for the attribute: frees *(void **)slot */
#define AUTO_FREE __attribute__((cleanup(msptk__free_slot)))

/* Take an owned pointer out of a variable with cleanup. */
#define STEAL(var) \
        __extension__({ \
                __typeof__(var) steal_ = (var); \
                (var) = NULL; \
                steal_; \
        })

/* Defines the cleanup function of a handle type, to be used as
 *     DEFINE_AUTO_FREE(auto_site, site, msptk__site_free)
 *     #define AUTO_SITE __attribute__((cleanup(auto_site)))  */
#define DEFINE_AUTO_FREE(name, type, free_fn) \
        static inline __attribute__((unused)) void name(type **slot) \
        { \
                if (*slot) \
                        free_fn(*slot); \
        }

/* A linked library as it was when this one was built, and as it is now. */
typedef struct library_version {
        const char *name, *built, *running;
} library_version;

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
