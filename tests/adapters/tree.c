/* Trees of files that stand for /proc, /sys and /etc of some machine. */
#include "support.h"
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

void tree_make(char root[64])
{
        snprintf(root, 64, "/tmp/msptk-tree-XXXXXX");
        assert_non_null(mkdtemp(root));
}

static void full_path(char out[512], const char *root, const char *path)
{
        snprintf(out, 512, "%s%s", root, path);
        for (char *p = out + strlen(root) + 1; *p; p++) {
                if (*p == '/') {
                        *p = '\0';
                        mkdir(out, 0755);
                        *p = '/';
                }
        }
}

void tree_put(const char *root, const char *path, const char *content)
{
        char full[512];
        FILE *f;

        full_path(full, root, path);
        f = fopen(full, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(content, 1, strlen(content), f), strlen(content));
        assert_int_equal(fclose(f), 0);
        if (strstr(path, "/bin/"))
                assert_int_equal(chmod(full, 0755), 0);
}

void tree_link(const char *root, const char *path, const char *target)
{
        char full[512];

        full_path(full, root, path);
        assert_int_equal(symlink(target, full), 0);
}

void tree_dir(const char *root, const char *path)
{
        char full[512];

        full_path(full, root, path);
        mkdir(full, 0755);
}

void tree_remove(const char *root, const char *path)
{
        char full[512];

        full_path(full, root, path);
        assert_int_equal(unlink(full), 0);
}

static int drop(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
        (void)st;
        (void)flag;
        (void)ftw;
        return remove(path);
}

void tree_free(const char *root)
{
        nftw(root, drop, 16, FTW_DEPTH | FTW_PHYS);
}

void tree_server(const char *root)
{
        tree_put(root, "/proc/stat",
                 "cpu  1000 0 500 8000 500 0 0 0 0 0\ncpu0 500 0 250 4000 250 0 0 0 0 0\n"
                 "cpu1 500 0 250 4000 250 0 0 0 0 0\nintr 1 2 3\nctxt 99\nbtime 1750000000\n");
        tree_put(root, "/proc/uptime", "10000.00 8000.00\n");
        tree_put(root, "/proc/loadavg", "0.52 0.58 0.59 1/467 12345\n");
        tree_put(root, "/proc/meminfo",
                 "MemTotal:        8388608 kB\nMemFree:         1048576 kB\n"
                 "MemAvailable:    6291456 kB\nBuffers:          100 kB\nCached:   200 kB\n"
                 "SwapTotal:       2097152 kB\nSwapFree:        1572864 kB\n");
        tree_put(root, "/proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n");
        tree_put(root, "/proc/sys/kernel/hostname", "db1\n");
        tree_put(root, "/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
        tree_put(root, "/proc/self/mountinfo",
                 "22 28 0:21 / /proc rw,nosuid shared:12 - proc proc rw\n"
                 "28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
                 "29 28 0:25 / /run rw,nosuid shared:5 - tmpfs tmpfs rw\n");
        tree_put(root, "/proc/net/route",
                 "Iface\tDestination\tGateway "
                 "\tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
                 "eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
                 "eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n");
        tree_put(root, "/proc/net/ipv6_route",
                 "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
                 "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n");
        tree_put(root, "/proc/1/stat", "1 (init) S 0 1 1 0\n");
        tree_put(root, "/proc/812/stat", "812 (sshd) S 1 812 812 0\n");
        tree_put(root, "/proc/900/stat", "900 (a ) Z (b) Z 1 900 900 0\n");
        tree_put(root, "/sys/class/net/eth0/address", "00:1A:2b:3c:4d:5e\n");
        tree_put(root, "/sys/class/net/eth0/type", "1\n");
        tree_put(root, "/sys/class/net/eth0/flags", "0x1003\n");
        tree_put(root, "/sys/class/net/eth0/carrier", "1\n");
        tree_put(root, "/sys/class/net/eth0/speed", "1000\n");
        tree_dir(root, "/sys/class/net/eth0/device");
        tree_put(root, "/sys/class/net/docker0/address", "02:42:ac:11:00:02\n");
        tree_put(root, "/sys/class/net/docker0/flags", "0x1003\n");
        tree_put(root, "/sys/class/net/docker0/type", "1\n");
        tree_put(root, "/sys/class/dmi/id/product_serial", "To be filled by O.E.M.\n");
        tree_put(root, "/sys/class/dmi/id/board_serial", "PF2ABC99\n");
        tree_put(root, "/sys/class/dmi/id/sys_vendor", "Dell Inc.\n");
        tree_put(root, "/sys/class/dmi/id/product_name", "PowerEdge R650\n");
        tree_put(root, "/sys/class/dmi/id/chassis_type", "23\n");
        tree_put(root, "/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
        tree_put(root, "/etc/os-release",
                 "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
}
