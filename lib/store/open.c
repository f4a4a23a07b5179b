/* Opening and closing a store. */
#define ROOM "store"
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The path with every link of its directories resolved, so that the engine may refuse to follow a
 * link that stands in the file's own place. */
static msptk_status resolve(const char *path, char **ret_file, msptk_error **ret_err)
{
        AUTO_BUF buf b = BUF_INIT(PATH_MAX * 2);
        AUTO_FREE char *dir = NULL;
        AUTO_FREE char *real = msptk__alloc(PATH_MAX + 1);
        const char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;

        dir = slash ? msptk__strndup(path, slash == path ? 1 : (size_t)(slash - path))
                    : msptk__strdup(".");
        if (!dir || !real)
                return msptk__nomem(ret_err);
        if (!*name)
                return fail(ret_err, MSPTK_E_INVALID, "open database '%s': this is a directory",
                            path);
        if (!realpath(dir, real))
                return fail_why(ret_err, MSPTK_E_IO, "DATABASE_CANNOT_OPEN",
                                "create the directory first",
                                "open database '%s': directory '%s': %s", path, dir,
                                msptk__errno_text(errno));
        msptk__buf_addf(&b, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name);
        TRY(msptk__buf_status(&b, ROOM, "the path of the database", ret_err));
        *ret_file = msptk__buf_steal(&b);
        return *ret_file ? MSPTK_OK : msptk__nomem(ret_err);
}

/* The engine would create with the process's umask; the log and its index copy the file's mode. */
static msptk_status create_private(const char *path, const char *file, msptk_error **ret_err)
{
        int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd >= 0) {
                close(fd);
                return MSPTK_OK;
        }
        if (errno == EEXIST)
                return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_IO,
                        errno == ENOSPC || errno == EDQUOT ? "DISK_FULL"
                        : errno == EROFS                   ? "DATABASE_READ_ONLY"
                                                           : "DATABASE_CANNOT_OPEN",
                        "check that the directory exists, has space and may be written",
                        "create database '%s': %s", path, msptk__errno_text(errno));
}

static msptk_status prepare_file(store *s, const store_options *o, msptk_error **ret_err)
{
        char name[64];

        if (s->in_memory) {
                /* a name that only this store has while it lives, shared by its connections */
                snprintf(name, sizeof(name), "file:/msptk-%p?vfs=memdb", (void *)s);
                s->file = msptk__strdup(name);
                return s->file ? MSPTK_OK : msptk__nomem(ret_err);
        }
        TRY(resolve(o->path, &s->file, ret_err));
        if (o->create && !o->read_only)
                return create_private(s->path, s->file, ret_err);
        if (access(s->file, F_OK) != 0)
                return fail_why(ret_err, MSPTK_E_IO, "DATABASE_CANNOT_OPEN",
                                "run 'msp-toolkit init', or correct 'database.path'",
                                "open database '%s': %s", s->path, msptk__errno_text(errno));
        return MSPTK_OK;
}

static store *store_new(const store_options *o)
{
        store *s = msptk__alloc(sizeof(*s));
        pthread_condattr_t attr;

        if (!s)
                return NULL;
        pthread_condattr_init(&attr);
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_cond_init(&s->changed, &attr);
        pthread_condattr_destroy(&attr);
        pthread_mutex_init(&s->lock, NULL);
        s->path = msptk__strdup(o->path);
        s->vfs = msptk__strdup(o->vfs);
        s->wait_ms = o->wait_ms > 0 ? o->wait_ms : DEFAULT_WAIT_MS;
        s->read_only = o->read_only;
        s->in_memory = strcmp(o->path, ":memory:") == 0;
        s->turn_fd = -1;
        for (int i = 0; i < POOL_MAX; i++)
                s->pool[i].store = s;
        if (!s->path || (o->vfs && !s->vfs)) {
                msptk__store_free(s);
                return NULL;
        }
        return s;
}

msptk_status msptk__store_open(const store_options *options, store **ret_store,
                               msptk_error **ret_err)
{
        AUTO_STORE store *s = NULL;

        if (!options || !options->path || !*options->path)
                return fail(ret_err, MSPTK_E_INVALID, "open database: no path is given");
        s = store_new(options);
        if (!s)
                return msptk__nomem(ret_err);
        TRY(prepare_file(s, options, ret_err));
        s->pool[0].deadline_ns = msptk__store_ticks_ns() + s->wait_ms * 1000000;
        TRY(msptk__store_connect(&s->pool[0], ret_err));
        *ret_store = STEAL(s);
        return MSPTK_OK;
}

static bool any_in_use(const store *s)
{
        for (int i = 0; i < POOL_MAX; i++)
                if (s->pool[i].in_use)
                        return true;
        return false;
}

static void disconnect_all(store *s)
{
        for (int i = 0; i < POOL_MAX; i++)
                if (s->pool[i].db)
                        msptk__store_disconnect(&s->pool[i]);
        msptk__store_turn_close(s);
}

void msptk__store_destroy(store *s)
{
        disconnect_all(s);
        pthread_cond_destroy(&s->changed);
        pthread_mutex_destroy(&s->lock);
        msptk__free(s->path);
        msptk__free(s->file);
        msptk__free(s->vfs);
        msptk__free(s);
}

msptk_status msptk__store_close(store *s, msptk_error **ret_err)
{
        bool busy;

        pthread_mutex_lock(&s->lock);
        busy = any_in_use(s);
        if (!busy)
                s->closed = true;
        pthread_mutex_unlock(&s->lock);
        if (busy)
                return fail_why(ret_err, MSPTK_E_BUSY, "DATABASE_BUSY",
                                "end the calls that still run",
                                "close database '%s': a transaction is open", s->path);
        disconnect_all(s);
        return MSPTK_OK;
}

void msptk__store_free(store *s)
{
        bool busy;

        if (!s)
                return;
        pthread_mutex_lock(&s->lock);
        s->closed = true;
        s->orphan = true;
        busy = any_in_use(s);
        pthread_mutex_unlock(&s->lock);
        if (!busy)
                msptk__store_destroy(s);
}

const char *msptk__store_path(const store *s)
{
        return s->path;
}
