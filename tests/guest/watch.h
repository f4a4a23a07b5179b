/* Watches what a polite guest never changes in its host's process: compare two snapshots. */
#ifndef TESTS_GUEST_WATCH_H
#define TESTS_GUEST_WATCH_H

#include <stddef.h>

typedef struct watch watch;

/* What may differ between two snapshots. */
enum {
        WATCH_THREADS = 1, /* more or fewer threads (while a toolkit is open) */
        WATCH_DESCRIPTORS =
                2, /* more or fewer open descriptors; standard input, output and error never */
};

/* Takes a snapshot: standard streams, signal dispositions and mask, locale, environment, working
 * directory, umask, descriptors, threads, children, limits, floating-point mode. NULL when that
 * failed. */
watch *watch_take(void);
void watch_free(watch *w);

/* Writes one line per difference to `out`, always terminated; returns the number of differences. */
int watch_compare(const watch *before, const watch *after, unsigned may_differ, char *out,
                  size_t out_size);

/* Sends standard output and error into files of the watcher, so that a word written there is
 * noticed; after watch_quiet_end() they go where they went before, and the result is the number of
 * bytes that were written meanwhile, or -1. */
int watch_quiet_begin(void);
long watch_quiet_end(void);

#endif
