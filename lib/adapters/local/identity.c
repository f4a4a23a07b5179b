/* Who this machine is: keys that stay, and facts to show. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "local.h"

/* Makers who leave the field empty leave one of these. */
static const char *const nonsense[] = {
        "to be filled by o.e.m.",
        "default string",
        "system serial number",
        "none",
        "n/a",
        "na",
        "not specified",
        "not applicable",
        "not available",
        "unknown",
        "o.e.m.",
        "oem",
        "empty",
        "chassis serial number",
        "base board serial number",
        "serial number",
        "invalid",
        "null",
        "to be filled",
        "filled by o.e.m",
        "123456789",
        "0123456789",
        "1234567890",
        "12345678",
        "1234567",
        "123456",
        "system manufacturer",
        "system product name",
        "undefined",
        "uninitialized",
};

static bool one_character(const char *text)
{
        for (const char *p = text; *p; p++) {
                if (*p != text[0] && *p != '-' && *p != '.' && *p != ' ')
                        return false;
        }
        return true;
}

bool msptk__local_is_nonsense(const char *serial)
{
        char low[LOCAL_NAME_CAP];
        size_t n = 0;

        for (; serial[n] && n + 1 < sizeof(low); n++)
                low[n] = (char)(serial[n] >= 'A' && serial[n] <= 'Z' ? serial[n] + 32 : serial[n]);
        low[n] = '\0';
        if (n < 4 || one_character(low))
                return true;
        for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
                if (strcmp(low, nonsense[i]) == 0)
                        return true;
        }
        return false;
}

/* The engine whose container this is; "" on a machine of its own. */
void msptk__local_container(const local *self, char *out, size_t cap)
{
        char cgroup[LOCAL_NAME_CAP];

        if (!msptk__local_read_line(self, "/run/systemd/container", out, cap) && out[0])
                return;
        out[0] = '\0';
        if (msptk__local_exists(self, "/run/.containerenv"))
                snprintf(out, cap, "podman");
        else if (msptk__local_exists(self, "/.dockerenv"))
                snprintf(out, cap, "docker");
        else if (msptk__local_exists(self, "/run/secrets/kubernetes.io"))
                snprintf(out, cap, "kubernetes");
        else if (!msptk__local_read_line(self, "/proc/1/cgroup", cgroup, sizeof(cgroup)) &&
                 (strstr(cgroup, "/docker") || strstr(cgroup, "/lxc") ||
                  strstr(cgroup, "/kubepods")))
                snprintf(out, cap, "container");
}

static bool machine_id(const local *self, char *out, size_t cap)
{
        if (msptk__local_read_line(self, "/etc/machine-id", out, cap))
                out[0] = '\0';
        if (strlen(out) != 32 || one_character(out)) {
                out[0] = '\0';
                return false;
        }
        for (const char *p = out; *p; p++) {
                if (!isxdigit((unsigned char)*p)) {
                        out[0] = '\0'; /* "uninitialized" while the system is being installed */
                        return false;
                }
        }
        return true;
}

static void hostname(const local *self, char *out, size_t cap)
{
        if (msptk__local_read_line(self, "/proc/sys/kernel/hostname", out, cap) || !out[0])
                (void)msptk__local_read_line(self, "/etc/hostname", out, cap);
        if (!out[0])
                snprintf(out, cap, "this machine");
}

void msptk__local_run_init(local_run *run, local *self, const msptk_request *req,
                           msptk_error **ret_err)
{
        char name[LOCAL_NAME_CAP - 8];

        memset(run, 0, sizeof(*run));
        run->self = self;
        run->req = req;
        run->ret_err = ret_err;
        msptk__local_container(self, run->container, sizeof(run->container));
        if (machine_id(self, run->id, sizeof(run->id)))
                return;
        hostname(self, name, sizeof(name));
        snprintf(run->id, sizeof(run->id), "host:%s", name);
}

/* Built in: has a device, is no dock or stick on USB. */
bool msptk__local_is_physical(const local *self, const char *iface)
{
        char path[LOCAL_NAME_CAP], full[LOCAL_PATH_CAP];

        snprintf(path, sizeof(path), "/sys/class/net/%.200s/device", iface);
        return msptk__local_path(self, full, sizeof(full), path) && access(full, F_OK) == 0;
}

static bool on_usb(const local *self, const char *iface)
{
        char path[LOCAL_NAME_CAP], full[LOCAL_PATH_CAP], target[LOCAL_PATH_CAP];
        ssize_t n;

        snprintf(path, sizeof(path), "/sys/class/net/%.200s", iface);
        if (!msptk__local_path(self, full, sizeof(full), path))
                return false;
        n = readlink(full, target, sizeof(target) - 1);
        if (n <= 0)
                return false;
        target[n] = '\0';
        return strstr(target, "/usb") != NULL;
}

static bool parse_mac(const char *text, unsigned char mac[6])
{
        for (size_t i = 0; i < 6; i++) {
                char two[3] = { text[0], text[0] ? text[1] : '\0', '\0' };
                slice s = msptk__local_slice_of(two, 2);
                uint64_t value;

                if (!isxdigit((unsigned char)two[0]) || !isxdigit((unsigned char)two[1]) ||
                    !msptk__local_hex(&s, &value))
                        return false;
                mac[i] = (unsigned char)value;
                if (text[2] != (i == 5 ? '\0' : ':'))
                        return false;
                text += 3;
        }
        return true;
}

/* An address that identifies hardware: not a group's, not one that software made up. */
static bool is_hardware_mac(const char *text)
{
        unsigned char mac[6];
        unsigned char any = 0;

        if (!parse_mac(text, mac))
                return false;
        for (size_t i = 0; i < 6; i++)
                any |= mac[i];
        return any && !(mac[0] & 0x03);
}

static void add_mac(const local *self, const char *iface, char *out, size_t cap)
{
        char path[LOCAL_NAME_CAP + 64], mac[32];
        uint64_t type;
        size_t len = strlen(out);

        if (!msptk__local_is_physical(self, iface) || on_usb(self, iface))
                return;
        snprintf(path, sizeof(path), "/sys/class/net/%.200s/type", iface);
        if (!msptk__local_read_u64(self, path, &type) || type != 1)
                return;
        /* A member of a bond wears the bond's address; its own stands beside. */
        snprintf(path, sizeof(path), "/sys/class/net/%.200s/bonding_slave/perm_hwaddr", iface);
        if (msptk__local_read_line(self, path, mac, sizeof(mac)) || !mac[0]) {
                snprintf(path, sizeof(path), "/sys/class/net/%.200s/address", iface);
                (void)msptk__local_read_line(self, path, mac, sizeof(mac));
        }
        for (char *p = mac; *p; p++)
                *p = (char)tolower((unsigned char)*p);
        if (!is_hardware_mac(mac) || strstr(out, mac) || len + strlen(mac) + 2 > cap)
                return;
        snprintf(out + len, cap - len, "%s%s", len ? "," : "", mac);
}

void msptk__local_macs(const local *self, char *out, size_t cap)
{
        char full[LOCAL_PATH_CAP];
        DIR *dir;
        struct dirent *entry;

        out[0] = '\0';
        if (!msptk__local_path(self, full, sizeof(full), "/sys/class/net"))
                return;
        dir = opendir(full);
        if (!dir)
                return;
        for (int i = 0; i < 4096 && (entry = readdir(dir)); i++) {
                if (entry->d_name[0] != '.')
                        add_mac(self, entry->d_name, out, cap);
        }
        closedir(dir);
}

/* A container sees the serial of the machine below; that is not its own. */
static void serial(const local_run *run, char *out, size_t cap)
{
        static const char *const paths[] = { "/sys/class/dmi/id/product_serial",
                                             "/sys/class/dmi/id/board_serial",
                                             "/proc/device-tree/serial-number" };

        out[0] = '\0';
        if (run->container[0])
                return;
        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
                if (!msptk__local_read_line(run->self, paths[i], out, cap) &&
                    !msptk__local_is_nonsense(out))
                        return;
        }
        out[0] = '\0';
}

static void os_name(const local *self, char *out, size_t cap)
{
        static const char *const paths[] = { "/etc/os-release", "/usr/lib/os-release" };
        char raw[LOCAL_NAME_CAP];

        out[0] = '\0';
        for (size_t i = 0; i < 2 && !out[0]; i++) {
                AUTO_TEXT file_text t = { 0 };

                if (!msptk__local_read(self, paths[i], 16384, &t) &&
                    msptk__local_parse_os_release(msptk__local_slice(&t), raw, sizeof(raw)))
                        self->host->clean_text(self->host, raw, strlen(raw), out, cap);
        }
}

static bool has_hypervisor_flag(const local *self)
{
        AUTO_TEXT file_text t = { 0 };
        slice rest, line, word;

        if (msptk__local_read(self, "/proc/cpuinfo", 8192, &t))
                return false;
        rest = msptk__local_slice(&t);
        while (msptk__local_line(&rest, &line)) {
                if (!msptk__local_starts(line, "flags"))
                        continue;
                while (msptk__local_word(&line, &word)) {
                        if (msptk__local_is(word, "hypervisor"))
                                return true;
                }
        }
        return false;
}

/* NULL when nothing was found: that is not the same as "none". */
static const char *virtualisation(const local *self)
{
        static const char *const known[][2] = {
                { "QEMU", "qemu" },
                { "KVM", "kvm" },
                { "VMware", "vmware" },
                { "innotek", "virtualbox" },
                { "VirtualBox", "virtualbox" },
                { "Xen", "xen" },
                { "Virtual Machine", "hyper-v" },
                { "Amazon EC2", "amazon-ec2" },
                { "Google Compute Engine", "google-compute-engine" },
                { "Droplet", "digitalocean" },
                { "OpenStack", "openstack" },
                { "Parallels", "parallels" },
                { "BHYVE", "bhyve" },
        };
        char vendor[LOCAL_NAME_CAP], product[LOCAL_NAME_CAP];

        (void)msptk__local_read_line(self, "/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor));
        (void)msptk__local_read_line(self, "/sys/class/dmi/id/product_name", product,
                                     sizeof(product));
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
                if (strstr(vendor, known[i][0]) || strstr(product, known[i][0]))
                        return known[i][1];
        }
        return has_hypervisor_flag(self) ? "virtual machine" : NULL;
}

static const char *kind(const local_run *run)
{
        uint64_t chassis = 0;

        if (run->container[0])
                return "container";
        (void)msptk__local_read_u64(run->self, "/sys/class/dmi/id/chassis_type", &chassis);
        /* SMBIOS 7.4.1: portable, laptop, notebook, sub notebook, tablet, convertible,
         * detachable */
        if ((chassis >= 8 && chassis <= 10) || chassis == 14 || (chassis >= 30 && chassis <= 32))
                return "workstation";
        if (msptk__local_exists(run->self, "/usr/share/xsessions") ||
            msptk__local_exists(run->self, "/usr/share/wayland-sessions"))
                return "workstation";
        return "server";
}

static int64_t boot_time(const local *self)
{
        AUTO_TEXT file_text t = { 0 };
        cpu_times times;

        if (msptk__local_read(self, "/proc/stat", 4 << 20, &t) ||
            !msptk__local_parse_stat(msptk__local_slice(&t), &times))
                return 0;
        return times.booted;
}

static msptk_status set_fact(msptk_json *facts, const char *key, const char *value)
{
        if (!value || !value[0])
                return MSPTK_OK;
        return msptk_json_set_string(facts, key, value);
}

static msptk_status gather_facts(const local_run *run, msptk_json *facts)
{
        char text[LOCAL_NAME_CAP];
        struct utsname names;
        int64_t booted = boot_time(run->self);
        msptk_status st;

        (void)msptk__local_read_line(run->self, "/proc/sys/kernel/osrelease", text, sizeof(text));
        st = set_fact(facts, "kernel", text);
        if (st >= 0 && uname(&names) == 0)
                st = set_fact(facts, "architecture", names.machine);
        if (st >= 0)
                st = set_fact(facts, "container", run->container);
        if (st >= 0)
                st = set_fact(facts, "virtualisation", virtualisation(run->self));
        for (size_t i = 0; i < 2 && st >= 0 && !run->container[0]; i++) {
                static const char *const keys[] = { "vendor", "model" };
                static const char *const paths[] = { "/sys/class/dmi/id/sys_vendor",
                                                     "/sys/class/dmi/id/product_name" };

                if (!msptk__local_read_line(run->self, paths[i], text, sizeof(text)) &&
                    !msptk__local_is_nonsense(text))
                        st = set_fact(facts, keys[i], text);
        }
        if (st >= 0 && booted > 0)
                st = msptk_json_set_int(facts, "boot_time_us", booted * 1000000);
        return st;
}

msptk_status msptk__local_emit_device(local_run *run)
{
        char name[LOCAL_NAME_CAP], number[LOCAL_NAME_CAP], id[LOCAL_NAME_CAP], os[LOCAL_NAME_CAP];
        char macs[1024];
        msptk_device_row row = { .struct_size = sizeof(row) };
        msptk_json *facts = msptk_json_new_object();
        msptk_status st;

        if (!facts)
                return msptk__local_fail(run->ret_err, MSPTK_E_NOMEM, "out of memory");
        hostname(run->self, name, sizeof(name));
        serial(run, number, sizeof(number));
        os_name(run->self, os, sizeof(os));
        msptk__local_macs(run->self, macs, sizeof(macs));
        st = gather_facts(run, facts);
        if (st < 0) {
                msptk_json_free(facts);
                return msptk__local_fail(run->ret_err, st, "the facts of this machine");
        }
        row.presence = MSPTK_PRESENCE_UP;
        row.vendor_id = run->id;
        row.name = name;
        row.address = name;
        row.serial = number[0] ? number : NULL;
        row.machine_id = machine_id(run->self, id, sizeof(id)) ? id : NULL;
        row.macs = macs[0] ? macs : NULL;
        row.os = os[0] ? os : NULL;
        row.kind = kind(run);
        row.last_seen = run->self->host->now(run->self->host);
        row.attributes = facts;
        st = run->self->host->emit_device(run->req, &row);
        msptk_json_free(facts);
        return st;
}
