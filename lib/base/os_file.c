/* Files and paths, on POSIX. */
#define ROOM "base"
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { READ_CHUNK = 64 * 1024, TEMP_TRIES = 16 };

/* ---- errno ---- */

static const struct errno_row {
        int code;
        msptk_status status;
        const char *text;
} errno_rows[] = {
        { ENOENT, MSPTK_E_NOTFOUND, "no such file or directory" },
        { ENOTDIR, MSPTK_E_NOTFOUND, "a part of the path is not a directory" },
        { EACCES, MSPTK_E_DENIED, "permission denied" },
        { EPERM, MSPTK_E_DENIED, "operation not permitted" },
        { EROFS, MSPTK_E_DENIED, "the file system is read-only" },
        { EEXIST, MSPTK_E_EXISTS, "it exists already" },
        { ENOTEMPTY, MSPTK_E_EXISTS, "the directory is not empty" },
        { EFBIG, MSPTK_E_TOOBIG, "the file is too large" },
        { ENAMETOOLONG, MSPTK_E_INVALID, "the name is too long" },
        { ENOMEM, MSPTK_E_NOMEM, "out of memory" },
        { ETIMEDOUT, MSPTK_E_TIMEOUT, "it took too long" },
        { EISDIR, MSPTK_E_IO, "it is a directory" },
        { ELOOP, MSPTK_E_IO, "it is a symbolic link, or links go in circles" },
        { ENOSPC, MSPTK_E_IO, "no space is left on the device" },
        { EDQUOT, MSPTK_E_IO, "the disk quota is used up" },
        { EIO, MSPTK_E_IO, "the device failed" },
        { EMFILE, MSPTK_E_IO, "this process has too many open files" },
        { ENFILE, MSPTK_E_IO, "this machine has too many open files" },
        { EBUSY, MSPTK_E_IO, "it is in use" },
        { ETXTBSY, MSPTK_E_IO, "the program is running" },
        { EXDEV, MSPTK_E_IO, "it is on another file system" },
        { EINVAL, MSPTK_E_IO, "invalid argument" },
        { ENXIO, MSPTK_E_IO, "no such device, or nobody at the other end" },
        { EPIPE, MSPTK_E_IO, "the other end is closed" },
        { EAGAIN, MSPTK_E_IO, "temporarily unavailable" },
        { EINTR, MSPTK_E_IO, "interrupted" },
        { ECONNREFUSED, MSPTK_E_UNAVAILABLE, "connection refused" },
        { ECONNRESET, MSPTK_E_UNAVAILABLE, "the connection was reset" },
        { EHOSTUNREACH, MSPTK_E_UNAVAILABLE, "no way to the host" },
        { ENETUNREACH, MSPTK_E_UNAVAILABLE, "no way to the network" },
        { ENOEXEC, MSPTK_E_IO, "it is not a program" },
        { E2BIG, MSPTK_E_TOOBIG, "the argument list is too long" },
        { ENODEV, MSPTK_E_IO, "no such device" },
        { ESTALE, MSPTK_E_IO, "the network file handle is stale" },
};

static const struct errno_row *errno_row(int code)
{
        for (size_t i = 0; i < ARRAY_LEN(errno_rows); i++)
                if (errno_rows[i].code == code)
                        return &errno_rows[i];
        return NULL;
}

const char *msptk__errno_text(int code)
{
        const struct errno_row *row = errno_row(code);

        return row ? row->text : "an unusual failure of the system";
}

msptk_status msptk__errno_status(int code)
{
        const struct errno_row *row = errno_row(code);

        return row ? row->status : MSPTK_E_IO;
}

/* What the status alone would advise is meant for records, not for files. NULL: that does. */
static const char *errno_advice(int code)
{
        switch (code) {
        case ENOENT:
        case ENOTDIR:
        case ENAMETOOLONG:
        case EISDIR:
                return "check the path";
        case EACCES:
        case EPERM:
                return "check the path, its owner and its permissions";
        case EROFS:
                return "choose a path on a file system that can be written";
        case EEXIST:
        case ENOTEMPTY:
                return "choose another path, or move what is there away";
        default:
                return NULL;
        }
}

static msptk_status fail_errno(msptk_error **ret_err, int code, const char *doing, const char *path)
{
        if (code == ENOMEM)
                return msptk__nomem(ret_err);
        return fail_why(ret_err, msptk__errno_status(code), NULL, errno_advice(code),
                        "%s '%s': %s (errno %d)", doing, path, msptk__errno_text(code), code);
}

/* ---- descriptors ---- */

static void close_fd(int *fd)
{
        if (*fd >= 0)
                close(*fd); /* never again on EINTR: Linux has closed it */
        *fd = -1;
}
#define AUTO_FD __attribute__((cleanup(close_fd)))

static int open_again(const char *path, int flags, mode_t mode)
{
        int fd;

        do
                fd = open(path, flags | O_CLOEXEC, mode);
        while (fd < 0 && errno == EINTR);
        return fd;
}

static int sync_again(int fd)
{
        int rc;

        do
                rc = fsync(fd);
        while (rc < 0 && errno == EINTR);
        return rc;
}

static ssize_t read_again(int fd, void *data, size_t len)
{
        ssize_t got;

        do
                got = read(fd, data, len);
        while (got < 0 && errno == EINTR);
        return got;
}

static int write_all(int fd, const char *data, size_t len)
{
        while (len) {
                ssize_t put = write(fd, data, len);

                if (put < 0 && errno != EINTR)
                        return -1;
                if (put > 0) {
                        data += put;
                        len -= (size_t)put;
                }
        }
        return 0;
}

/* ---- reading ---- */

static int32_t kind_of(mode_t mode)
{
        if (S_ISREG(mode))
                return FILE_KIND_REGULAR;
        if (S_ISDIR(mode))
                return FILE_KIND_DIR;
        return S_ISLNK(mode) ? FILE_KIND_LINK : FILE_KIND_OTHER;
}

msptk_status msptk__file_stat(const char *path, uint32_t flags, file_info *ret_info,
                              msptk_error **ret_err)
{
        struct stat s;

        if (fstatat(AT_FDCWD, path, &s, flags & FILE_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0) < 0)
                return fail_errno(ret_err, errno, "look at", path);
        *ret_info = (file_info){
                .kind = kind_of(s.st_mode),
                .mode = (uint32_t)s.st_mode & 07777,
                .uid = s.st_uid,
                .gid = s.st_gid,
                .size = s.st_size,
                .mtime_us = (int64_t)s.st_mtim.tv_sec * 1000000 + s.st_mtim.tv_nsec / 1000,
                .device = s.st_dev,
                .inode = s.st_ino,
        };
        return MSPTK_OK;
}

msptk_status msptk__file_read(const char *path, uint32_t flags, buf *out, msptk_error **ret_err)
{
        AUTO_FREE char *chunk = msptk__alloc(READ_CHUNK);
        AUTO_FD int fd = -1;
        struct stat s;
        ssize_t got;

        if (!chunk)
                return msptk__nomem(ret_err);
        /* O_NONBLOCK, so that a FIFO in the file's place cannot hold us. */
        fd = open_again(path,
                        O_RDONLY | O_NOCTTY | O_NONBLOCK | (flags & FILE_NOFOLLOW ? O_NOFOLLOW : 0),
                        0);
        if (fd < 0 || fstat(fd, &s) < 0)
                return fail_errno(ret_err, errno, "read", path);
        if (!S_ISREG(s.st_mode))
                return fail(ret_err, MSPTK_E_IO, "read '%s': it is not a regular file", path);
        /* Until the end, not for st_size bytes: files of /proc have none, others may grow. */
        while ((got = read_again(fd, chunk, READ_CHUNK)) > 0)
                if (msptk__buf_add(out, chunk, (size_t)got) == MSPTK_E_NOMEM)
                        return msptk__nomem(ret_err);
                else if (out->failed)
                        return fail(ret_err, out->failed,
                                    "read '%s': it is longer than the limit of %zu bytes", path,
                                    out->limit);
        if (got < 0)
                return fail_errno(ret_err, errno, "read", path);
        return MSPTK_OK;
}

/* ---- writing ---- */

/* Makes an empty file beside `path` that only we can read, and gives its name away. */
static msptk_status make_temp(const char *path, char **ret_temp, int *ret_fd, msptk_error **ret_err)
{
        for (int i = 0; i < TEMP_TRIES; i++) {
                AUTO_FREE char *name = NULL;
                uint8_t random[8];
                char hex[2 * sizeof(random) + 1];
                size_t size;
                int fd;

                TRY(msptk__random_bytes(random, sizeof(random), ret_err));
                msptk__hex(random, sizeof(random), hex);
                size = strlen(path) + sizeof(hex) + 6;
                name = msptk__alloc(size);
                if (!name)
                        return msptk__nomem(ret_err);
                snprintf(name, size, "%s.%s.tmp", path, hex);
                fd = open_again(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
                if (fd >= 0) {
                        *ret_temp = STEAL(name);
                        *ret_fd = fd;
                        return MSPTK_OK;
                }
                if (errno != EEXIST)
                        break;
        }
        return fail_errno(ret_err, errno, "write a file beside", path);
}

static int put_in_place(const char *temp, const char *path, uint32_t flags)
{
        if (!(flags & FILE_NEW))
                return rename(temp, path);
        if (link(temp, path) < 0)
                return -1;
        unlink(temp);
        return 0;
}

/* The rename itself survives a power cut only when the directory was written too. */
static msptk_status sync_dir_of(const char *path, msptk_error **ret_err)
{
        AUTO_FREE char *dir = msptk__path_dirname(path);
        AUTO_FD int fd = -1;

        if (!dir)
                return msptk__nomem(ret_err);
        fd = open_again(dir, O_RDONLY | O_DIRECTORY, 0);
        /* Some network file systems cannot sync a directory, and say so with EINVAL. */
        if (fd < 0 || (sync_again(fd) < 0 && errno != EINVAL))
                return fail_errno(ret_err, errno, "sync the directory of", path);
        return MSPTK_OK;
}

msptk_status msptk__file_write(const char *path, const void *data, size_t len, uint32_t mode,
                               uint32_t flags, msptk_error **ret_err)
{
        AUTO_FREE char *temp = NULL;
        AUTO_FD int fd = -1;
        int code;

        TRY(make_temp(path, &temp, &fd, ret_err));
        if (write_all(fd, data, len) == 0 && fchmod(fd, (mode_t)mode) == 0 && sync_again(fd) == 0 &&
            put_in_place(temp, path, flags) == 0)
                return sync_dir_of(path, ret_err);
        code = errno;
        unlink(temp);
        return fail_errno(ret_err, code, "write", path);
}

static int make_one(const char *path, uint32_t mode)
{
        struct stat s;

        if (mkdir(path, (mode_t)mode) == 0)
                return 0;
        if (errno != EEXIST)
                return -1;
        if (stat(path, &s) == 0 && !S_ISDIR(s.st_mode))
                errno = ENOTDIR;
        else
                errno = 0;
        return errno ? -1 : 0;
}

msptk_status msptk__dir_make(const char *path, uint32_t mode, msptk_error **ret_err)
{
        AUTO_FREE char *copy = msptk__strdup(path);

        if (!copy)
                return msptk__nomem(ret_err);
        for (char *p = copy + 1; *copy && *p; p++) {
                if (*p != '/')
                        continue;
                *p = '\0';
                if (make_one(copy, mode) < 0)
                        return fail_errno(ret_err, errno, "make the directory", copy);
                *p = '/';
        }
        if (make_one(copy, mode) < 0)
                return fail_errno(ret_err, errno, "make the directory", path);
        return MSPTK_OK;
}

msptk_status msptk__disk_free(const char *path, int64_t *ret_free, int64_t *ret_total,
                              msptk_error **ret_err)
{
        struct statvfs fs;
        int rc;

        do
                rc = statvfs(path, &fs);
        while (rc < 0 && errno == EINTR);
        if (rc < 0)
                return fail_errno(ret_err, errno, "ask for the free space of", path);
        *ret_free = (int64_t)(geteuid() == 0 ? fs.f_bfree : fs.f_bavail) * (int64_t)fs.f_frsize;
        *ret_total = (int64_t)fs.f_blocks * (int64_t)fs.f_frsize;
        return MSPTK_OK;
}

/* ---- paths ---- */

char *msptk__path_join(const char *dir, const char *name)
{
        size_t len = strlen(dir);
        AUTO_BUF buf out = BUF_INIT(len + strlen(name) + 1);

        if (*name == '/' || !len)
                return msptk__strdup(name);
        msptk__buf_add(&out, dir, len);
        if (dir[len - 1] != '/' && *name)
                msptk__buf_add_char(&out, '/');
        msptk__buf_add_str(&out, name);
        return msptk__buf_steal(&out);
}

char *msptk__path_dirname(const char *path)
{
        size_t len = strlen(path);

        while (len > 1 && path[len - 1] == '/')
                len--;
        while (len && path[len - 1] != '/')
                len--;
        while (len > 1 && path[len - 1] == '/')
                len--;
        return len ? msptk__strndup(path, len) : msptk__strdup(".");
}

const char *msptk__path_basename(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

/* "/a/./b//c/" -> "/a/b/c", in place. */
static void drop_empty_parts(char *path)
{
        char *from = path, *to = path;

        while (*from) {
                size_t len = strcspn(from, "/");

                if (len && !(len == 1 && *from == '.')) {
                        *to++ = '/';
                        memmove(to, from, len);
                        to += len;
                }
                from += len;
                from += strspn(from, "/");
        }
        if (to == path)
                *to++ = '/';
        *to = '\0';
}

char *msptk__path_absolute(const char *base, const char *path)
{
        AUTO_FREE char *start = NULL, *full = NULL;
        char here[PATH_MAX];

        if (*path == '/') {
                full = msptk__strdup(path);
        } else {
                start = base ? msptk__path_absolute(NULL, base)
                             : msptk__strdup(getcwd(here, sizeof(here)) ? here : "/");
                full = start ? msptk__path_join(start, path) : NULL;
        }
        if (full)
                drop_empty_parts(full);
        return STEAL(full);
}
