/* Files and paths. Nothing here changes the working directory or the umask; every descriptor is
 * close-on-exec. Errors: NOTFOUND, DENIED, EXISTS, TOOBIG, else IO. */
#ifndef BASE_OS_FILE_H
#define BASE_OS_FILE_H

#include "base/buf.h"
#include "base/error.h"

enum {
        FILE_NOFOLLOW = 1, /* the last part of the path must not be a symbolic link */
        FILE_NEW = 2       /* writing: the file must not exist yet (MSPTK_E_EXISTS) */
};

enum { FILE_KIND_REGULAR = 1, FILE_KIND_DIR, FILE_KIND_LINK, FILE_KIND_OTHER };

typedef struct file_info {
        int32_t kind;
        uint32_t mode; /* permission bits only: 0600 */
        uint32_t uid;
        uint32_t gid;
        int64_t size;
        int64_t mtime_us;
        uint64_t device;
        uint64_t inode;
} file_info;

/* Appends a regular file's whole content to `out`, whose limit is the limit. After a failure a part
 * of it may be there. */
msptk_status msptk__file_read(const char *path, uint32_t flags, buf *out, msptk_error **ret_err);

/* Puts the content in place at once or not at all, durably: a temporary file beside it, fsync,
 * rename, fsync of the directory. `mode` is exact, whatever the umask. A symbolic link at `path` is
 * replaced, not followed. */
msptk_status msptk__file_write(const char *path, const void *data, size_t len, uint32_t mode,
                               uint32_t flags, msptk_error **ret_err);

msptk_status msptk__file_stat(const char *path, uint32_t flags, file_info *ret_info,
                              msptk_error **ret_err);

/* Makes a directory and those above it that are missing; fine when it is there already. */
msptk_status msptk__dir_make(const char *path, uint32_t mode, msptk_error **ret_err);

/* Bytes that this user may still write on the file system of `path`, and its size. */
msptk_status msptk__disk_free(const char *path, int64_t *ret_free, int64_t *ret_total,
                              msptk_error **ret_err);

/* Texts owned by the caller; NULL when out of memory. join: an absolute `name` stands alone.
 * absolute: relative to `base`, or to the working directory when that is NULL; "." and empty parts
 * are dropped, ".." is kept because of symbolic links. */
char *msptk__path_join(const char *dir, const char *name);
char *msptk__path_dirname(const char *path);
const char *msptk__path_basename(const char *path); /* borrowed from `path` */
char *msptk__path_absolute(const char *base, const char *path);

/* What an errno means, the same in every locale, and the status that fits it. */
const char *msptk__errno_text(int code);
msptk_status msptk__errno_status(int code);

#endif
