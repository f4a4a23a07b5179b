/* Preloaded into msp-toolkit by doctor.sh: as on file systems that cannot share memory between
 * processes (some network and FUSE ones), the index of a write-ahead log cannot be mapped. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_index(int fd)
{
        char link[64], path[4096];
        ssize_t n;

        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, path, sizeof(path));
        return n > 4 && !memcmp(path + n - 4, "-shm", 4);
}

static void *map(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
        if (fd >= 0 && flags & MAP_SHARED && is_index(fd)) {
                errno = ENODEV;
                return MAP_FAILED;
        }
        return (void *)syscall(SYS_mmap, at, len, prot, flags, fd, offset);
}

__attribute__((visibility("default"))) void *mmap(void *at, size_t len, int prot, int flags, int fd,
                                                  off_t offset)
{
        return map(at, len, prot, flags, fd, offset);
}

/* The C library has both names; with large files the first may be a macro for the second. */
#ifndef mmap64
#        undef mmap
__attribute__((visibility("default"))) void *mmap64_(void *at, size_t len, int prot, int flags,
                                                     int fd, off_t offset) __asm__("mmap64");
void *mmap64_(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
        return map(at, len, prot, flags, fd, offset);
}
#endif
