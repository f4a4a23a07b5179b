/* The failing file layer: every call goes to the default layer unless it is its turn to fail. */
#include "testvfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 8 };

struct testvfs {
        sqlite3_vfs vfs; /* first, so that the engine's pointer is ours */
        sqlite3_vfs *real;
        char name[64];
        atomic_uint mask;
        atomic_long left;
        atomic_long counts[KINDS];
        atomic_bool hit, onwards;
        atomic_int how;
};

typedef struct file {
        sqlite3_file base;
        testvfs *v;
        sqlite3_file *real; /* behind this struct, in the engine's memory */
} file;

/* Whether this call is to fail. */
static bool turn(testvfs *v, unsigned kind)
{
        long left;

        atomic_fetch_add(&v->counts[__builtin_ctz(kind)], 1);
        if (!(atomic_load(&v->mask) & kind))
                return false;
        left = atomic_fetch_sub(&v->left, 1);
        if (left > 1 || (left < 1 && !atomic_load(&v->onwards)))
                return false;
        atomic_store(&v->hit, true);
        return true;
}

static int code(const testvfs *v, int otherwise)
{
        return atomic_load(&v->how) == VFS_FULL ? SQLITE_FULL : otherwise;
}

static file *self(sqlite3_file *f)
{
        return (file *)(void *)f;
}

#define REAL(f) (self(f)->real)
#define CALL(f, method, ...) (REAL(f)->pMethods->method(REAL(f), ##__VA_ARGS__))

static int f_close(sqlite3_file *f)
{
        return CALL(f, xClose);
}

static int f_read(sqlite3_file *f, void *data, int n, sqlite3_int64 at)
{
        if (turn(self(f)->v, VFS_READ))
                return SQLITE_IOERR_READ;
        return CALL(f, xRead, data, n, at);
}

static int f_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 at)
{
        if (turn(self(f)->v, VFS_WRITE)) {
                if (atomic_load(&self(f)->v->how) == VFS_TORN)
                        CALL(f, xWrite, data, n / 2, at);
                return code(self(f)->v, SQLITE_IOERR_WRITE);
        }
        return CALL(f, xWrite, data, n, at);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
        if (turn(self(f)->v, VFS_TRUNCATE))
                return SQLITE_IOERR_TRUNCATE;
        return CALL(f, xTruncate, size);
}

static int f_sync(sqlite3_file *f, int flags)
{
        if (turn(self(f)->v, VFS_SYNC))
                return SQLITE_IOERR_FSYNC;
        return CALL(f, xSync, flags);
}

static int f_size(sqlite3_file *f, sqlite3_int64 *size)
{
        return CALL(f, xFileSize, size);
}

static int f_lock(sqlite3_file *f, int level)
{
        if (turn(self(f)->v, VFS_LOCK))
                return SQLITE_IOERR_LOCK;
        return CALL(f, xLock, level);
}

static int f_unlock(sqlite3_file *f, int level)
{
        return CALL(f, xUnlock, level);
}

static int f_reserved(sqlite3_file *f, int *out)
{
        return CALL(f, xCheckReservedLock, out);
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
        return CALL(f, xFileControl, op, arg);
}

static int f_sector(sqlite3_file *f)
{
        return CALL(f, xSectorSize);
}

static int f_character(sqlite3_file *f)
{
        return CALL(f, xDeviceCharacteristics);
}

static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
        if (turn(self(f)->v, VFS_SHM))
                return code(self(f)->v, SQLITE_IOERR_SHMMAP);
        return CALL(f, xShmMap, page, size, extend, out);
}

static int f_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
        return CALL(f, xShmLock, offset, n, flags);
}

static void f_shm_barrier(sqlite3_file *f)
{
        CALL(f, xShmBarrier);
}

static int f_shm_unmap(sqlite3_file *f, int remove)
{
        return CALL(f, xShmUnmap, remove);
}

static const sqlite3_io_methods methods = {
        2,           f_close,   f_read,     f_write,       f_truncate,  f_sync,
        f_size,      f_lock,    f_unlock,   f_reserved,    f_control,   f_sector,
        f_character, f_shm_map, f_shm_lock, f_shm_barrier, f_shm_unmap,
};

static int v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
        testvfs *v = (testvfs *)(void *)vfs;
        file *me = self(f);
        int rc;

        f->pMethods = NULL;
        if (turn(v, VFS_OPEN))
                return atomic_load(&v->how) == VFS_FULL ? SQLITE_FULL : SQLITE_CANTOPEN;
        me->v = v;
        me->real = (sqlite3_file *)(void *)(me + 1);
        rc = v->real->xOpen(v->real, name, me->real, flags, out);
        if (me->real->pMethods)
                f->pMethods = &methods;
        return rc;
}

static int v_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
        testvfs *v = (testvfs *)(void *)vfs;

        if (turn(v, VFS_DELETE))
                return SQLITE_IOERR_DELETE;
        return v->real->xDelete(v->real, name, sync);
}

static int v_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
        testvfs *v = (testvfs *)(void *)vfs;

        return v->real->xAccess(v->real, name, flags, out);
}

static int v_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
        testvfs *v = (testvfs *)(void *)vfs;

        return v->real->xFullPathname(v->real, name, size, out);
}

testvfs *testvfs_new(const char *name)
{
        testvfs *v = calloc(1, sizeof(*v));

        if (!v)
                return NULL;
        sqlite3_initialize();
        v->real = sqlite3_vfs_find(NULL);
        v->vfs = *v->real; /* clocks, random numbers and the rest stay the real layer's */
        strncpy(v->name, name, sizeof(v->name) - 1);
        v->vfs.zName = v->name;
        v->vfs.pNext = NULL;
        v->vfs.szOsFile = (int)sizeof(file) + v->real->szOsFile;
        v->vfs.xOpen = v_open;
        v->vfs.xDelete = v_delete;
        v->vfs.xAccess = v_access;
        v->vfs.xFullPathname = v_full_path;
        sqlite3_vfs_register(&v->vfs, 0);
        return v;
}

void testvfs_free(testvfs *v)
{
        if (!v)
                return;
        sqlite3_vfs_unregister(&v->vfs);
        free(v);
}

void testvfs_fail(testvfs *v, unsigned calls, long nth, int how, bool onwards)
{
        for (int i = 0; i < KINDS; i++)
                atomic_store(&v->counts[i], 0);
        atomic_store(&v->hit, false);
        atomic_store(&v->how, how);
        atomic_store(&v->onwards, onwards);
        atomic_store(&v->left, nth);
        atomic_store(&v->mask, calls);
}

bool testvfs_stop(testvfs *v)
{
        atomic_store(&v->mask, 0);
        return atomic_load(&v->hit);
}

long testvfs_count(const testvfs *v, unsigned calls)
{
        long sum = 0;

        for (int i = 0; i < KINDS; i++)
                if (calls & 1u << i)
                        sum += atomic_load(&((testvfs *)(uintptr_t)v)->counts[i]);
        return sum;
}
