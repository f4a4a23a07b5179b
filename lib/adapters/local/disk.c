/* Check "disk": every real file system once, as df counts it. What may hang is asked by a program
 * that can be given up. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "local.h"

enum nature { DISK_REAL, DISK_PSEUDO, DISK_IMAGE, DISK_REMOTE };

typedef struct disk {
        const mount *mount;
        enum nature nature;
} disk;

typedef struct usage {
        uint64_t blocks;
        uint64_t free;
        uint64_t available;
        uint64_t block_size;
        uint64_t files;
        uint64_t files_free;
} usage;

static bool in_list(const char *name, const char *const *list)
{
        for (size_t i = 0; list[i]; i++) {
                if (strcmp(name, list[i]) == 0)
                        return true;
        }
        return false;
}

static bool below(const char *path, const char *dir)
{
        size_t len = strlen(dir);

        return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* Memory and windows into the kernel; autofs because looking at it mounts something. */
static const char *const pseudo_types[] = {
        "proc",
        "sysfs",
        "devtmpfs",
        "devpts",
        "cgroup",
        "cgroup2",
        "pstore",
        "bpf",
        "tracefs",
        "debugfs",
        "securityfs",
        "configfs",
        "fusectl",
        "mqueue",
        "hugetlbfs",
        "autofs",
        "binfmt_misc",
        "nsfs",
        "ramfs",
        "efivarfs",
        "selinuxfs",
        "rpc_pipefs",
        "nfsd",
        "sockfs",
        "pipefs",
        "rootfs",
        "fuse.lxcfs",
        "fuse.portal",
        "fuse.gvfsd-fuse",
        "resctrl",
        "smackfs",
        "xenfs",
        "openpromfs",
        "usbfs",
        "functionfs",
        "squashfuse_ll",
        "tmpfs",
        "overlay",
        "overlayfs",
        "aufs",
        "fuse.fuse-overlayfs",
        NULL,
};
/* Made full, and never changed. */
static const char *const image_types[] = { "squashfs",
                                           "iso9660",
                                           "udf",
                                           "erofs",
                                           "cramfs",
                                           "romfs",
                                           "fuse.snapfuse",
                                           "fuse.squashfuse",
                                           "fuse.squashfuse_ll",
                                           NULL };
static const char *const remote_types[] = { "nfs",    "nfs4",     "cifs",      "smb3",
                                            "smbfs",  "ceph",     "glusterfs", "lustre",
                                            "beegfs", "afs",      "9p",        "davfs",
                                            "ncpfs",  "gpfs",     "orangefs",  "fuseblk",
                                            "coda",   "virtiofs", NULL };

static enum nature nature_of(const mount *m)
{
        bool read_only = msptk__local_has_option(m->options, "ro") ||
                         msptk__local_has_option(m->super, "ro");

        if (in_list(m->type, image_types) &&
            (read_only || (strcmp(m->type, "udf") != 0))) /* udf may be written to */
                return DISK_IMAGE;
        if (strcmp(m->point, "/") == 0 && strcmp(m->type, "rootfs") != 0 &&
            !in_list(m->type, remote_types))
                return DISK_REAL; /* of containers and live systems: overlay, tmpfs */
        if (strcmp(m->type, "tmpfs") == 0 && strcmp(m->point, "/tmp") == 0)
                return DISK_REAL; /* programs fail when it is full */
        if (below(m->point, "/proc") || below(m->point, "/sys") || below(m->point, "/dev") ||
            in_list(m->type, pseudo_types))
                return DISK_PSEUDO;
        if (in_list(m->type, remote_types) || strncmp(m->type, "fuse.", 5) == 0)
                return DISK_REMOTE;
        if (read_only && strncmp(m->source, "/dev/loop", 9) == 0)
                return DISK_IMAGE;
        return DISK_REAL;
}

static bool is_ignored(const local *self, const char *point)
{
        for (const msptk_json *e = msptk_json_first(self->ignore); e; e = msptk_json_next(e)) {
                if (strcmp(msptk_json_string(e, ""), point) == 0)
                        return true;
        }
        return false;
}

/* A later mount on the same directory hides this one. */
static bool is_hidden(const mount *mounts, size_t count, size_t i)
{
        for (size_t j = i + 1; j < count; j++) {
                if (mounts[j].point_len == mounts[i].point_len &&
                    memcmp(mounts[j].point, mounts[i].point, mounts[i].point_len) == 0)
                        return true;
        }
        return false;
}

/* Of several mounts of one file system: the one of its root, then the shortest path. */
static bool is_better(const mount *a, const mount *b)
{
        bool a_root = strcmp(a->root, "/") == 0, b_root = strcmp(b->root, "/") == 0;

        if (a_root != b_root)
                return a_root;
        return a->point_len < b->point_len;
}

/* Engines bind single files (/etc/hosts) into containers; those are no disks. */
static bool is_bound_file(const local *self, const mount *m)
{
        char full[LOCAL_PATH_CAP];
        struct stat st;

        return strcmp(m->root, "/") != 0 && msptk__local_path(self, full, sizeof(full), m->point) &&
               stat(full, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* Whatever lies below a remote mount hangs with it. */
static bool under_remote(const mount *mounts, size_t count, const mount *m)
{
        for (size_t i = 0; i < count; i++) {
                if (&mounts[i] != m && m->point_len > mounts[i].point_len &&
                    nature_of(&mounts[i]) == DISK_REMOTE && below(m->point, mounts[i].point))
                        return true;
        }
        return false;
}

static size_t choose(const local *self, const mount *mounts, size_t count, disk *disks,
                     size_t *ret_left_out)
{
        size_t n = 0;

        *ret_left_out = 0;
        for (size_t i = 0; i < count; i++) {
                const mount *m = &mounts[i];
                enum nature nature = nature_of(m);
                size_t k;

                if (nature == DISK_PSEUDO || is_ignored(self, m->point) ||
                    is_hidden(mounts, count, i))
                        continue;
                if (nature == DISK_REAL && under_remote(mounts, count, m))
                        nature = DISK_REMOTE;
                if (nature != DISK_REMOTE && is_bound_file(self, m))
                        continue;
                for (k = 0; k < n; k++) {
                        if (disks[k].mount->major == m->major && disks[k].mount->minor == m->minor)
                                break;
                }
                if (k < n && !is_better(m, disks[k].mount))
                        continue;
                if (k == LOCAL_MAX_DISKS) {
                        (*ret_left_out)++;
                        continue;
                }
                disks[k] = (disk){ m, nature };
                if (k == n)
                        n++;
        }
        return n;
}

uint32_t msptk__local_used_tenths(uint64_t total, uint64_t free_, uint64_t available)
{
        uint64_t used, all, tenths;

        if (free_ > total)
                free_ = total;
        used = total - free_;
        /* Blocks kept for root count as neither. Scaled down together so that * 1000 fits. */
        if (__builtin_add_overflow(used, available, &all))
                return 1000;
        while (all > UINT64_MAX / 1000) {
                used >>= 1;
                all >>= 1;
        }
        if (!all)
                return 1000;
        tenths = (used * 1000 + all - 1) / all;
        return (uint32_t)tenths;
}

static msptk_json *facts(const mount *m, const usage *u)
{
        msptk_json *data = msptk_json_new_object();
        uint64_t total, used, available;

        if (!data)
                return NULL;
        msptk_json_set_string(data, "type", m->type);
        if (u && !__builtin_mul_overflow(u->blocks, u->block_size, &total) && total < INT64_MAX &&
            u->free <= u->blocks && u->available <= u->blocks) {
                used = (u->blocks - u->free) * u->block_size;
                available = u->available * u->block_size;
                msptk_json_set_int(data, "total_bytes", (int64_t)total);
                msptk_json_set_int(data, "used_bytes", (int64_t)used);
                msptk_json_set_int(data, "available_bytes", (int64_t)available);
        }
        return data;
}

static msptk_status emit_inodes(local_run *run, const mount *m, const usage *u)
{
        local_row row = { .check = "disk",
                          .metric = "inode_percent",
                          .instance = m->point,
                          .unit = "%",
                          .state = MSPTK_STATE_JUDGE };
        uint32_t tenths;

        if (!u->files || u->files_free > u->files) /* btrfs, zfs: made as needed */
                return MSPTK_OK;
        tenths = msptk__local_used_tenths(u->files, u->files_free, u->files_free);
        row.value = tenths / 10.0;
        return msptk__local_emit(run, row,
                                 "%s: " TENTHS_FMT " %% of inodes used, %llu of %llu free",
                                 m->point, TENTHS_ARGS(tenths), (unsigned long long)u->files_free,
                                 (unsigned long long)u->files);
}

static msptk_status emit_usage(local_run *run, const mount *m, const usage *u)
{
        local_row row = { .check = "disk",
                          .metric = "disk_percent",
                          .instance = m->point,
                          .unit = "%",
                          .state = MSPTK_STATE_JUDGE };
        char available[24], size[24];
        uint32_t tenths = msptk__local_used_tenths(u->blocks, u->free, u->available);
        uint64_t total, left;
        msptk_status st;

        if (__builtin_mul_overflow(u->blocks, u->block_size, &total))
                total = UINT64_MAX;
        if (__builtin_mul_overflow(u->available, u->block_size, &left))
                left = UINT64_MAX;
        msptk__local_bytes(available, sizeof(available), left);
        msptk__local_bytes(size, sizeof(size), total);
        row.value = tenths / 10.0;
        row.data = facts(m, u);
        st = msptk__local_emit(run, row, "%s: " TENTHS_FMT " %% used, %s of %s available%s",
                               m->point, TENTHS_ARGS(tenths), available, size,
                               msptk__local_has_option(m->options, "ro") ||
                                               msptk__local_has_option(m->super, "ro")
                                       ? " (mounted read-only)"
                                       : "");
        return st < 0 ? st : emit_inodes(run, m, u);
}

static msptk_status emit_image(local_run *run, const mount *m)
{
        local_row row = { .check = "disk",
                          .metric = "disk_percent",
                          .instance = m->point,
                          .unit = "%",
                          .state = MSPTK_STATE_OK,
                          .value = NAN, /* its 100 % would mislead averages */
                          .data = facts(m, NULL) };

        return msptk__local_emit(run, row, "%s: read-only image (%s), cannot fill up", m->point,
                                 m->type);
}

static msptk_status measure(local_run *run, const mount *m)
{
        char full[LOCAL_PATH_CAP];
        struct statvfs v;
        usage u;

        if (!msptk__local_path(run->self, full, sizeof(full), m->point))
                return msptk__local_emit_unknown(run, "disk", "disk_percent", m->point,
                                                 "the path of the mount is too long");
        if (run->self->statvfs(full, &v) != 0) {
                int error = errno;

                return msptk__local_emit_unknown(
                        run, "disk", "disk_percent", m->point, "%s: %s", m->point,
                        error == EACCES   ? "permission to look at it is denied"
                        : error == ENOENT ? "the mount point does not exist"
                        : error == EIO    ? "input/output error"
                                          : "the file system does not answer");
        }
        if (!v.f_blocks)
                return MSPTK_OK; /* has no size: a window into a program, not a disk */
        u = (usage){ v.f_blocks, v.f_bfree, v.f_bavail, v.f_frsize ? v.f_frsize : v.f_bsize,
                     v.f_files,  v.f_ffree };
        return emit_usage(run, m, &u);
}

/* ---- mounts that may hang ---- */

typedef struct remote_run {
        local_run *run;
        const mount *mounts[LOCAL_MAX_DISKS];
        size_t count;
        msptk_status status;
} remote_run;

/* "blocks free available block-size files files-free" */
static bool parse_usage(const msptk_program_result *result, usage *ret)
{
        slice rest = msptk__local_slice_of(result->out, result->out_len);

        return msptk__local_u64(&rest, &ret->blocks) && msptk__local_u64(&rest, &ret->free) &&
               msptk__local_u64(&rest, &ret->available) &&
               msptk__local_u64(&rest, &ret->block_size) && msptk__local_u64(&rest, &ret->files) &&
               msptk__local_u64(&rest, &ret->files_free);
}

static int32_t remote_ended(void *user, size_t index, const msptk_program_result *result)
{
        remote_run *r = user;
        const mount *m = r->mounts[index];
        usage u;

        if (result->ended == MSPTK_PROGRAM_TIMED_OUT)
                r->status = msptk__local_emit_unknown(r->run, "disk", "disk_percent", m->point,
                                                      "mount '%s' did not answer in %d s", m->point,
                                                      LOCAL_ANSWER_MS / 1000);
        else if (result->ended != MSPTK_PROGRAM_EXITED || result->code != 0)
                r->status = msptk__local_emit_unknown(r->run, "disk", "disk_percent", m->point,
                                                      "mount '%s' cannot be read: %.200s", m->point,
                                                      result->err_len ? result->err
                                                                      : "stat did not end well");
        else if (!parse_usage(result, &u))
                r->status =
                        msptk__local_emit_unknown(r->run, "disk", "disk_percent", m->point,
                                                  "mount '%s': stat answered nonsense", m->point);
        else if (u.blocks)
                r->status = emit_usage(r->run, m, &u);
        return r->status < 0;
}

static msptk_status measure_remote(remote_run *r)
{
        enum { ARGS = 7 };
        const msptk_host *host = r->run->self->host;
        msptk_program *programs = host->alloc(host, r->count * sizeof(*programs));
        const char **argv = host->alloc(host, r->count * ARGS * sizeof(*argv));
        char *paths = host->alloc(host, r->count * LOCAL_PATH_CAP);
        const char *stat_path = access("/usr/bin/stat", X_OK) == 0 ? "/usr/bin/stat" : "/bin/stat";
        msptk_status st = MSPTK_OK;

        if (!programs || !argv || !paths)
                st = msptk__local_fail(r->run->ret_err, MSPTK_E_NOMEM, "out of memory");
        for (size_t i = 0; st >= 0 && i < r->count; i++) {
                char *path = paths + i * LOCAL_PATH_CAP;
                const char *const args[ARGS] = { stat_path, "-f", "-c", "%b %f %a %S %c %d",
                                                 "--",      path, NULL };

                if (!msptk__local_path(r->run->self, path, LOCAL_PATH_CAP, r->mounts[i]->point))
                        path[0] = '\0'; /* stat then says so */
                memcpy(argv + i * ARGS, args, sizeof(args));
                programs[i] = (msptk_program){ .struct_size = sizeof(programs[i]),
                                               .argv = argv + i * ARGS,
                                               .timeout_ms = msptk__local_answer_ms(r->run),
                                               .output_limit = 4096 };
        }
        if (st >= 0)
                st = host->run_programs(r->run->req, programs, r->count, remote_ended, r,
                                        r->run->ret_err);
        host->free(host, paths);
        host->free(host, argv);
        host->free(host, programs);
        return r->status < 0 ? r->status : st;
}

static msptk_status measure_all(local_run *run, const mount *mounts, size_t count, disk *disks,
                                remote_run *remote)
{
        size_t left_out, n = choose(run->self, mounts, count, disks, &left_out);
        msptk_status st = MSPTK_OK;

        remote->run = run;
        for (size_t i = 0; i < n && st >= 0; i++) {
                if (disks[i].nature == DISK_REMOTE)
                        remote->mounts[remote->count++] = disks[i].mount;
                else if (disks[i].nature == DISK_IMAGE)
                        st = emit_image(run, disks[i].mount);
                else
                        st = measure(run, disks[i].mount);
        }
        if (st >= 0 && remote->count)
                st = measure_remote(remote);
        if (st >= 0 && count == LOCAL_MAX_MOUNTS)
                left_out++; /* at least */
        if (st >= 0 && left_out)
                st = msptk__local_emit_unknown(run, "disk", "disk_percent", NULL,
                                               "%u or more file systems were not measured",
                                               (unsigned)left_out);
        if (st >= 0 && !n)
                st = msptk__local_emit_unknown(run, "disk", "disk_percent", NULL,
                                               "no file system to measure is mounted");
        return st;
}

/* In a changed root (chroot) the kernel lists no mount at "/", but there is a file system all the
 * same. */
static size_t add_root(const local *self, mount *mounts, size_t count)
{
        static char slash[] = "/", options[] = "rw", none[] = "unknown";
        struct stat st;

        for (size_t i = 0; i < count; i++)
                if (!strcmp(mounts[i].point, "/"))
                        return count;
        if (self->root[0] || count == LOCAL_MAX_MOUNTS || stat("/", &st))
                return count;
        mounts[count] = (mount){ .major = major(st.st_dev),
                                 .minor = minor(st.st_dev),
                                 .root = slash,
                                 .point = slash,
                                 .point_len = 1,
                                 .options = options,
                                 .type = none,
                                 .source = none,
                                 .super = options };
        return count + 1;
}

msptk_status msptk__local_disk(local_run *run)
{
        const msptk_host *host = run->self->host;
        AUTO_TEXT file_text t = { 0 };
        mount *mounts;
        disk *disks;
        remote_run *remote;
        size_t count;
        msptk_status st;

        if (msptk__local_read(run->self, "/proc/self/mountinfo", 4 << 20, &t))
                return msptk__local_emit_unknown(run, "disk", "disk_percent", NULL,
                                                 "/proc/self/mountinfo cannot be read");
        mounts = host->alloc(host, LOCAL_MAX_MOUNTS * sizeof(*mounts));
        disks = host->alloc(host, LOCAL_MAX_DISKS * sizeof(*disks));
        remote = host->alloc(host, sizeof(*remote));
        if (mounts && disks && remote) {
                count = msptk__local_parse_mounts(t.data, t.len, mounts, LOCAL_MAX_MOUNTS);
                count = add_root(run->self, mounts, count);
                st = measure_all(run, mounts, count, disks, remote);
        } else {
                st = msptk__local_fail(run->ret_err, MSPTK_E_NOMEM, "out of memory");
        }
        host->free(host, remote);
        host->free(host, disks);
        host->free(host, mounts);
        return st;
}
