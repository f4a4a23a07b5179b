/* Uptime and pending reboot, reported with the check "services". */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "local.h"

static msptk_status emit_uptime(local_run *run)
{
        local_row row = { .check = "services",
                          .metric = "uptime_seconds",
                          .unit = "s",
                          .state = MSPTK_STATE_JUDGE };
        AUTO_TEXT file_text t = { 0 };
        char span[40];
        slice rest;

        if (msptk__local_read(run->self, "/proc/uptime", 256, &t))
                return msptk__local_emit_unknown(run, "services", "uptime_seconds", NULL,
                                                 "/proc/uptime cannot be read");
        rest = msptk__local_slice(&t);
        if (!msptk__local_decimal(&rest, &row.value) || row.value > 1e10)
                return msptk__local_emit_unknown(run, "services", "uptime_seconds", NULL,
                                                 "/proc/uptime does not hold a number");
        msptk__local_span(span, sizeof(span), (uint64_t)row.value);
        return msptk__local_emit(run, row, "up for %s", span);
}

/* Compare versions as rpm and dpkg do: runs of digits as numbers, the rest as bytes. */
static int compare_versions(const char *a, const char *b)
{
        while (*a || *b) {
                size_t i = 0, j = 0;
                int order;

                while (*a == '0')
                        a++;
                while (*b == '0')
                        b++;
                while (a[i] >= '0' && a[i] <= '9')
                        i++;
                while (b[j] >= '0' && b[j] <= '9')
                        j++;
                if (i != j)
                        return i > j ? 1 : -1;
                order = i ? memcmp(a, b, i) : 0;
                if (order)
                        return order;
                a += i;
                b += j;
                if (*a != *b)
                        return (unsigned char)*a > (unsigned char)*b ? 1 : -1;
                if (*a) {
                        a++;
                        b++;
                }
        }
        return 0;
}

/* "6.1.0-18-amd64" and "6.1.0-21-amd64" are of one flavour; "-cloud-amd64" is another. */
static const char *flavour(const char *release)
{
        const char *last = release;

        for (const char *p = release; *p; p++) {
                if (*p == '-' && !(p[1] >= '0' && p[1] <= '9'))
                        return p;
                last = p;
        }
        return last + (*last ? 1 : 0);
}

static bool newer_kernel(const local *self, const char *running, char *out, size_t cap)
{
        char full[LOCAL_PATH_CAP];
        struct dirent *entry;
        DIR *dir;

        out[0] = '\0';
        if (!msptk__local_path(self, full, sizeof(full), "/lib/modules"))
                return false;
        dir = opendir(full);
        if (!dir)
                return false;
        for (int i = 0; i < 1024 && (entry = readdir(dir)); i++) {
                char image[LOCAL_NAME_CAP + 64];

                if (entry->d_name[0] == '.' || strcmp(flavour(entry->d_name), flavour(running)) ||
                    compare_versions(entry->d_name, out[0] ? out : running) <= 0)
                        continue;
                /* Modules of a removed kernel stay behind; its image does not. */
                snprintf(image, sizeof(image), "/boot/vmlinuz-%.200s", entry->d_name);
                if (msptk__local_exists(self, image))
                        snprintf(out, cap, "%.*s", (int)cap - 1, entry->d_name);
        }
        closedir(dir);
        return out[0] != '\0';
}

static msptk_status emit_reboot(local_run *run)
{
        local_row row = { .check = "services", .metric = "reboot_pending" };
        char running[128], newer[128], package[128];

        if (run->container[0])
                return MSPTK_OK; /* its kernel is not its own */
        row.value = 1;
        row.state = MSPTK_STATE_WARNING;
        if (msptk__local_exists(run->self, "/run/reboot-required") ||
            msptk__local_exists(run->self, "/var/run/reboot-required")) {
                (void)msptk__local_read_line(run->self, "/run/reboot-required.pkgs", package,
                                             sizeof(package));
                return msptk__local_emit(run, row, "a reboot is required%s%s",
                                         package[0] ? " by " : "", package);
        }
        if (msptk__local_read_line(run->self, "/proc/sys/kernel/osrelease", running,
                                   sizeof(running)) ||
            !running[0])
                return msptk__local_emit_unknown(run, "services", "reboot_pending", NULL,
                                                 "the release of the running kernel cannot be "
                                                 "read");
        if (newer_kernel(run->self, running, newer, sizeof(newer)))
                return msptk__local_emit(run, row, "kernel %s is installed, %s still runs", newer,
                                         running);
        row.value = 0;
        row.state = MSPTK_STATE_OK;
        return msptk__local_emit(run, row, "no reboot is pending (kernel %s)", running);
}

msptk_status msptk__local_system(local_run *run)
{
        msptk_status st = emit_uptime(run);

        return st < 0 ? st : emit_reboot(run);
}
