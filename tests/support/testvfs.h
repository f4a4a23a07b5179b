/* A file layer for the engine that counts its calls and can make one of them fail; a store uses it
 * when it is opened with the option `vfs`. */
#ifndef TESTS_TESTVFS_H
#define TESTS_TESTVFS_H

#include <stdbool.h>

enum {
        VFS_OPEN = 1,
        VFS_READ = 2,
        VFS_WRITE = 4,
        VFS_SYNC = 8,
        VFS_TRUNCATE = 16,
        VFS_DELETE = 32,
        VFS_SHM = 64,
        VFS_LOCK = 128,
        VFS_ALL = 255
};

enum {
        VFS_ERROR = 0, /* the call fails */
        VFS_FULL = 1,  /* the disk is full (writes, opens and shared memory) */
        VFS_TORN = 2   /* a write stops half way, then fails */
};

typedef struct testvfs testvfs;

/* Registers a layer over the default one under a name of its own; NULL when out of memory. */
testvfs *testvfs_new(const char *name);
void testvfs_free(testvfs *v);

/* The nth call from now (1 is the next) among `calls` fails; with `onwards` all later ones too. */
void testvfs_fail(testvfs *v, unsigned calls, long nth, int how, bool onwards);
/* No more failures; says whether any happened since testvfs_fail(). */
bool testvfs_stop(testvfs *v);
/* How many calls of these kinds there were since testvfs_fail() or the beginning. */
long testvfs_count(const testvfs *v, unsigned calls);

#endif
