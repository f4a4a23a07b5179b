/* Checks of this machine on trees that stand for other machines. */
#include "support.h"
#include <arpa/inet.h>
#include <math.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/local/local.h"
#include "mock_host.h"
#include "tree.h"

#define ID "0123456789abcdef0123456789abcdef"

typedef struct world {
        char root[64];
        mock_host *mock;
        msptk_json *settings;
        local *self;
} world;

static struct statvfs disk_answer; /* what every file system answers */

static int fake_statvfs(const char *path, struct statvfs *ret)
{
        (void)path;
        *ret = disk_answer;
        return 0;
}

static void open_world(world *w, const char *more)
{
        char settings[512];

        snprintf(settings, sizeof(settings), "{\"root\":\"%s\"%s%s}", w->root, *more ? "," : "",
                 more);
        w->self = mock_open(w->mock, &msptk__local_adapter, settings, &w->settings);
        w->self->statvfs = fake_statvfs;
        disk_answer = (struct statvfs){ .f_blocks = 1000,
                                        .f_bfree = 500,
                                        .f_bavail = 400,
                                        .f_frsize = 4096,
                                        .f_files = 100,
                                        .f_ffree = 90 };
}

static void reopen(world *w, const char *more)
{
        msptk__local_adapter.close(w->self);
        msptk_json_free(w->settings);
        open_world(w, more);
}

static int setup(void **state)
{
        world *w = calloc(1, sizeof(*w));

        tree_make(w->root);
        tree_server(w->root);
        w->mock = mock_host_new();
        open_world(w, "");
        *state = w;
        return 0;
}

static int teardown(void **state)
{
        world *w = *state;

        msptk__local_adapter.close(w->self);
        msptk_json_free(w->settings);
        assert_int_equal(w->mock->live, 0);
        mock_host_free(w->mock);
        tree_free(w->root);
        free(w);
        return 0;
}

static msptk_status collect(world *w, const char *check)
{
        const char *const checks[] = { check, NULL };
        msptk_query q = { .struct_size = sizeof(q), .checks = check ? checks : NULL };

        mock_host_reset(w->mock);
        return msptk__local_adapter.metrics->collect(w->self, mock_request(w->mock), &q, NULL);
}

static const mock_metric *row(world *w, const char *check, const char *metric, const char *instance)
{
        const mock_metric *m;

        assert_int_equal(collect(w, check), MSPTK_OK);
        m = mock_find(w->mock, check, metric, instance);
        assert_non_null(m);
        return m;
}

static void busier(mock_host *mock, void *user)
{
        (void)mock;
        tree_put(user, "/proc/stat",
                 "cpu  1030 0 500 8060 500 0 0 10 0 0\ncpu0 1 1 1 1\ncpu1 1 1 1 1\n");
}

static void cpu_is_sampled_when_there_is_no_earlier_run(void **state)
{
        world *w = *state;
        const mock_metric *m;

        w->mock->on_sleep = busier;
        w->mock->user = w->root;
        m = row(w, "cpu", "cpu_percent", "");
        assert_int_equal(m->state, MSPTK_STATE_JUDGE);
        assert_true(fabs(m->value - 40.0) < 1e-9); /* 30 busy and 10 stolen of 100 */
        assert_string_equal(m->unit, "%");
        assert_non_null(strstr(m->message, "cpu 40.0 % of 2 cpus over 2"));
        assert_non_null(strstr(m->message, "10.0 % was taken by the hypervisor"));
        assert_int_equal(w->mock->slept_ms, LOCAL_SAMPLE_MS);
        m = mock_find(w->mock, "cpu", "load1_per_core", "");
        assert_non_null(m);
        assert_true(fabs(m->value - 0.26) < 1e-9);
        assert_string_equal(m->message, "load 0.26 per cpu (0.52 over 2 cpus)");
}

static void cpu_is_a_rate_since_an_earlier_run_of_this_boot(void **state)
{
        world *w = *state;
        const mock_metric *m;

        collect(w, "cpu");
        w->mock->slept_ms = 0;
        tree_put(w->root, "/proc/uptime", "10300.00 1\n");
        tree_put(w->root, "/proc/stat", "cpu  1250 0 750 8500 500 0 0 0 0 0\ncpu0 1 1 1 1\n");
        m = row(w, "cpu", "cpu_percent", "");
        assert_true(fabs(m->value - 50.0) < 1e-9);
        assert_string_equal(m->message, "cpu 50.0 % of 1 cpus over 5 min");
        assert_non_null(strstr(m->data, "since previous run"));
        assert_int_equal(w->mock->slept_ms, 0);
}

static void cpu_counters_too_young_too_old_or_of_another_boot_are_not_used(void **state)
{
        static const char *const uptimes[] = { "10004.99 1\n", "10900.01 1\n", "9999.00 1\n" };
        world *w = *state;

        for (size_t i = 0; i < 3; i++) {
                mock_host_free(w->mock);
                msptk__local_adapter.close(NULL);
                w->mock = mock_host_new();
                w->self->host = &w->mock->host;
                w->mock->live = 1; /* the instance came from the host before */
                tree_server(w->root);
                collect(w, "cpu");
                w->mock->slept_ms = 0;
                tree_put(w->root, "/proc/uptime", uptimes[i]);
                tree_put(w->root, "/proc/stat", "cpu  1250 0 750 8500 500 0 0 0 0 0\n");
                collect(w, "cpu");
                assert_int_equal(w->mock->slept_ms, LOCAL_SAMPLE_MS);
        }
        collect(w, "cpu");
        tree_put(w->root, "/proc/sys/kernel/random/boot_id", "other\n");
        tree_put(w->root, "/proc/uptime", "10100.00 1\n");
        w->mock->slept_ms = 0;
        collect(w, "cpu");
        assert_int_equal(w->mock->slept_ms, LOCAL_SAMPLE_MS);
}

static void cpu_counters_survive_runs_that_come_too_soon(void **state)
{
        world *w = *state;

        collect(w, "cpu");
        for (int s = 1; s <= 5; s++) {
                char uptime[32];

                snprintf(uptime, sizeof(uptime), "%d.00 1\n", 10000 + s);
                tree_put(w->root, "/proc/uptime", uptime);
                tree_put(w->root, "/proc/stat",
                         s == 5 ? "cpu  1100 0 500 8400 500\n" : "cpu  1000 0 500 8000 500\n");
                w->mock->slept_ms = 0;
                collect(w, "cpu");
                assert_int_equal(w->mock->slept_ms, s == 5 ? 0 : LOCAL_SAMPLE_MS);
        }
        assert_true(fabs(mock_find(w->mock, "cpu", "cpu_percent", "")->value - 20.0) < 1e-9);
}

static void cpu_that_cannot_be_read_or_does_not_move_is_unknown(void **state)
{
        world *w = *state;
        const mock_metric *m = row(w, "cpu", "cpu_percent", "");

        assert_int_equal(m->state, MSPTK_STATE_UNKNOWN);
        assert_non_null(strstr(m->message, "did not advance"));
        assert_true(isnan(m->value));
        tree_put(w->root, "/proc/stat", "cpu garbage\n");
        assert_int_equal(row(w, "cpu", "cpu_percent", "")->state, MSPTK_STATE_UNKNOWN);
        tree_remove(w->root, "/proc/stat");
        m = row(w, "cpu", "cpu_percent", "");
        assert_string_equal(m->message, "/proc/stat cannot be read");
}

static void burn(mock_host *mock, void *user)
{
        (void)mock;
        tree_put(user, "/sys/fs/cgroup/cpu.stat", "usage_usec 1100000\nuser_usec 1\n");
        busier(mock, user);
}

static void a_container_is_measured_against_its_limits(void **state)
{
        world *w = *state;
        const mock_metric *m;

        tree_put(w->root, "/.dockerenv", "");
        tree_put(w->root, "/sys/fs/cgroup/cpu.max", "50000 100000\n");
        tree_put(w->root, "/sys/fs/cgroup/cpu.stat", "usage_usec 1000000\nuser_usec 1\n");
        tree_put(w->root, "/sys/fs/cgroup/memory.max", "1073741824\n");
        tree_put(w->root, "/sys/fs/cgroup/memory.current", "805306368\n");
        tree_put(w->root, "/sys/fs/cgroup/memory.stat", "anon 1\ninactive_file 268435456\n");
        w->mock->on_sleep = burn;
        w->mock->user = w->root;
        m = row(w, "cpu", "cpu_percent", "");
        assert_true(fabs(m->value - 80.0) < 1.0); /* 100 ms of 125 ms allowed */
        assert_non_null(strstr(m->message, "of this container's limit of 0.5 cpus"));
        m = row(w, "memory", "memory_percent", "");
        assert_true(fabs(m->value - 50.0) < 1e-9);
        assert_string_equal(m->message,
                            "memory of this container 50.0 % used: 512.0 MiB of 1.0 GiB");
        assert_null(mock_find(w->mock, "memory", "swap_percent", ""));
        collect(w, "services");
        assert_null(mock_find(w->mock, "services", "reboot_pending", NULL));
}

static void memory_is_what_is_not_available(void **state)
{
        world *w = *state;
        const mock_metric *m = row(w, "memory", "memory_percent", "");

        assert_true(fabs(m->value - 25.0) < 1e-9);
        assert_string_equal(m->message, "memory 25.0 % used: 2.0 GiB of 8.0 GiB");
        m = mock_find(w->mock, "memory", "swap_percent", "");
        assert_non_null(m);
        assert_true(fabs(m->value - 25.0) < 1e-9);
        tree_put(w->root, "/proc/meminfo",
                 "MemTotal: 100 kB\nMemAvailable: 10 kB\nSwapTotal: 0 kB\n"
                 "SwapFree: 0 kB\n");
        collect(w, "memory");
        assert_int_equal(w->mock->metric_count, 1);
        tree_put(w->root, "/proc/meminfo", "MemTo");
        assert_int_equal(row(w, "memory", "memory_percent", "")->state, MSPTK_STATE_UNKNOWN);
}

static void every_real_file_system_is_counted_once(void **state)
{
        world *w = *state;
        const mock_metric *m;

        tree_put(w->root, "/etc/hosts", "x");
        tree_put(w->root, "/proc/self/mountinfo",
                 "28 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                 "30 28 8:1 /srv /bind/of/root rw - ext4 /dev/sda1 rw\n"
                 "31 28 8:2 /docker/hosts /etc/hosts rw - ext4 /dev/sda2 rw\n"
                 "32 28 8:3 / /my\\040data rw - xfs /dev/sda3 rw\n"
                 "33 28 7:0 / /snap/core/1 ro - squashfs /dev/loop0 ro\n"
                 "34 28 7:1 / /loop ro - ext4 /dev/loop1 ro\n"
                 "35 28 0:30 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n"
                 "36 28 8:4 / /old rw - ext4 /dev/sdb1 rw\n"
                 "37 28 8:5 / /old rw - ext4 /dev/sdc1 rw\n"
                 "38 28 0:31 / /run rw - tmpfs tmpfs rw\n"
                 "39 28 0:32 / /auto rw - autofs systemd-1 rw\n"
                 "40 28 8:6 / /skip rw - ext4 /dev/sdd1 rw\n");
        reopen(w, "\"ignore_mounts\":[\"/skip\"]");
        m = row(w, "disk", "disk_percent", "/");
        assert_int_equal(mock_count(w->mock, "disk", "disk_percent"), 5);
        assert_true(fabs(m->value - 55.6) < 1e-9);
        assert_string_equal(m->message, "/: 55.6 % used, 1.5 MiB of 3.9 MiB available");
        assert_true(fabs(mock_find(w->mock, "disk", "inode_percent", "/")->value - 10.0) < 1e-9);
        assert_non_null(mock_find(w->mock, "disk", "disk_percent", "/my data"));
        assert_non_null(mock_find(w->mock, "disk", "disk_percent", "/old"));
        m = mock_find(w->mock, "disk", "disk_percent", "/snap/core/1");
        assert_int_equal(m->state, MSPTK_STATE_OK);
        assert_true(isnan(m->value));
        assert_int_equal(mock_find(w->mock, "disk", "disk_percent", "/loop")->state,
                         MSPTK_STATE_OK);
}

static void the_root_of_a_container_is_a_disk(void **state)
{
        world *w = *state;

        tree_put(w->root, "/proc/self/mountinfo",
                 "28 1 0:50 / / rw - overlay overlay rw,lowerdir=x\n");
        assert_int_equal(row(w, "disk", "disk_percent", "/")->state, MSPTK_STATE_JUDGE);
}

static void a_network_mount_is_asked_by_a_program(void **state)
{
        world *w = *state;
        const mock_metric *m;

        tree_put(w->root, "/proc/self/mountinfo",
                 "28 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                 "50 28 0:60 / /mnt/there rw - nfs4 server:/x rw\n"
                 "51 28 0:61 / /mnt/gone rw - fuse.sshfs host: rw\n");
        tree_dir(w->root, "/mnt/there");
        disk_answer.f_blocks = 1000;
        m = row(w, "disk", "disk_percent", "/mnt/there");
        assert_int_equal(m->state, MSPTK_STATE_JUDGE);
        assert_true(m->value > 0 && m->value <= 100);
        m = mock_find(w->mock, "disk", "disk_percent", "/mnt/gone");
        assert_int_equal(m->state, MSPTK_STATE_UNKNOWN);
        assert_non_null(strstr(m->message, "mount '/mnt/gone' cannot be read"));
        w->mock->deadline_left_ms = 1; /* too short for any program */
        m = row(w, "disk", "disk_percent", "/mnt/there");
        assert_int_equal(m->state, MSPTK_STATE_UNKNOWN);
        assert_non_null(strstr(m->message, "mount '/mnt/there' did not answer"));
}

static void thousands_of_mounts_are_bounded_and_named_as_left_out(void **state)
{
        world *w = *state;
        size_t size = 400000, at = 0;
        char *lines = malloc(size);

        for (int i = 0; i < 3000; i++)
                at += (size_t)snprintf(lines + at, size - at,
                                       "%d 1 9:%d / /m/%d rw - ext4 /dev/x rw\n", i, i, i);
        tree_put(w->root, "/proc/self/mountinfo", lines);
        free(lines);
        collect(w, "disk");
        assert_int_equal(mock_count(w->mock, "disk", "disk_percent"), LOCAL_MAX_DISKS + 1);
        assert_int_equal(mock_find(w->mock, "disk", "disk_percent", "")->state,
                         MSPTK_STATE_UNKNOWN);
}

static void processes_are_matched_without_systemd(void **state)
{
        world *w = *state;
        const mock_metric *m;

        tree_put(w->root, "/proc/77/stat", "77 (a-very-long-pro) S 1\n");
        tree_link(w->root, "/proc/77/exe", "/opt/bin/a-very-long-process (deleted)");
        tree_put(w->root, "/proc/78/stat", "78 (python3) S 1\n");
        tree_put(w->root, "/proc/78/cmdline", "/srv/bin/worker");
        reopen(w, "\"services\":[\"sshd\",\"a-very-long-process\",\"worker\",\"nginx\"]");
        m = row(w, "services", "service_up", "sshd");
        assert_int_equal(m->state, MSPTK_STATE_OK);
        assert_string_equal(m->message, "sshd runs: 1 process, first is 812");
        assert_int_equal(mock_find(w->mock, "services", "service_up", "a-very-long-process")->state,
                         MSPTK_STATE_OK);
        assert_int_equal(mock_find(w->mock, "services", "service_up", "worker")->state,
                         MSPTK_STATE_OK);
        m = mock_find(w->mock, "services", "service_up", "nginx");
        assert_int_equal(m->state, MSPTK_STATE_CRITICAL);
        assert_string_equal(m->message, "no process 'nginx' runs");
        tree_remove(w->root, "/proc/1/stat"); /* hidepid */
        m = row(w, "services", "service_up", "nginx");
        assert_int_equal(m->state, MSPTK_STATE_UNKNOWN);
}

static void nothing_expected_is_said_and_zombies_are_no_services(void **state)
{
        world *w = *state;
        const mock_metric *m = row(w, "services", "processes", "");

        assert_int_equal(m->state, MSPTK_STATE_OK);
        assert_true(m->value == 3);
        assert_non_null(
                strstr(m->message, "3 processes, 1 of them zombies; no service is expected"));
        reopen(w, "\"services\":[\"a ) Z (b\"]");
        assert_int_equal(row(w, "services", "service_up", NULL)->state, MSPTK_STATE_CRITICAL);
}

static void systemd_is_asked_where_it_runs(void **state)
{
        world *w = *state;
        const mock_metric *m;

        tree_dir(w->root, "/run/systemd/system");
        tree_put(w->root, "/usr/bin/systemctl",
                 "#!/bin/sh\nif [ $1 = list-units ]; then echo 'x.service loaded failed failed X'; "
                 "exit 0; fi\n"
                 "printf 'LoadState=loaded\\nActiveState=active\\nSubState=running\\n\\n"
                 "LoadState=not-found\\nActiveState=inactive\\nSubState=dead\\n'\n");
        reopen(w, "\"services\":[\"sshd\",\"nginx.service\",\"third\"]");
        m = row(w, "services", "service_up", "sshd.service");
        assert_int_equal(m->state, MSPTK_STATE_OK);
        assert_string_equal(m->message, "sshd.service is active (running)");
        m = mock_find(w->mock, "services", "service_up", "nginx.service");
        assert_int_equal(m->state, MSPTK_STATE_CRITICAL);
        assert_string_equal(m->message, "nginx.service is expected but not installed");
        m = mock_find(w->mock, "services", "service_up", "third.service");
        assert_int_equal(m->state, MSPTK_STATE_UNKNOWN);
        m = mock_find(w->mock, "services", "failed_units", "");
        assert_int_equal(m->state, MSPTK_STATE_WARNING);
        assert_string_equal(m->message, "systemd has 1 failed unit: x.service");
        tree_put(w->root, "/usr/bin/systemctl", "#!/bin/sh\necho 'no bus' >&2\nexit 1\n");
        m = row(w, "services", "failed_units", "");
        assert_int_equal(m->state, MSPTK_STATE_UNKNOWN);
        assert_int_equal(mock_find(w->mock, "services", "service_up", "sshd.service")->state,
                         MSPTK_STATE_UNKNOWN);
}

static void uptime_and_pending_reboot_belong_to_services(void **state)
{
        world *w = *state;
        const mock_metric *m = row(w, "services", "uptime_seconds", "");

        assert_string_equal(m->message, "up for 2 h 46 min");
        assert_int_equal(mock_find(w->mock, "services", "reboot_pending", "")->state,
                         MSPTK_STATE_OK);
        tree_dir(w->root, "/lib/modules/6.1.0-21-amd64");
        tree_dir(w->root, "/lib/modules/6.1.0-9-amd64");
        tree_dir(w->root, "/lib/modules/7.0.0-1-cloud-amd64");
        tree_put(w->root, "/boot/vmlinuz-7.0.0-1-cloud-amd64", "");
        assert_int_equal(row(w, "services", "reboot_pending", "")->state, MSPTK_STATE_OK);
        tree_put(w->root, "/boot/vmlinuz-6.1.0-21-amd64", "");
        tree_put(w->root, "/boot/vmlinuz-6.1.0-9-amd64", "");
        m = row(w, "services", "reboot_pending", "");
        assert_int_equal(m->state, MSPTK_STATE_WARNING);
        assert_string_equal(m->message, "kernel 6.1.0-21-amd64 is installed, 6.1.0-18-amd64 still "
                                        "runs");
        tree_put(w->root, "/run/reboot-required", "");
        tree_put(w->root, "/run/reboot-required.pkgs", "libc6\n");
        assert_string_equal(row(w, "services", "reboot_pending", "")->message,
                            "a reboot is required by libc6");
}

static void links_and_the_default_route_are_judged(void **state)
{
        world *w = *state;
        const mock_metric *m = row(w, "network", "link_up", "eth0");

        assert_int_equal(m->state, MSPTK_STATE_OK);
        assert_string_equal(m->message, "eth0 is up with carrier, 1000 Mbit/s");
        assert_int_equal(mock_count(w->mock, "network", "link_up"), 1);
        assert_string_equal(mock_find(w->mock, "network", "default_route", "")->message,
                            "default route by 192.168.0.1 on eth0");
        tree_put(w->root, "/sys/class/net/eth0/carrier", "0\n");
        m = row(w, "network", "link_up", "eth0");
        assert_int_equal(m->state, MSPTK_STATE_CRITICAL);
        tree_put(w->root, "/proc/net/route", "Iface Destination\n");
        assert_int_equal(row(w, "network", "link_up", "eth0")->state, MSPTK_STATE_OK);
        assert_int_equal(mock_find(w->mock, "network", "default_route", "")->state,
                         MSPTK_STATE_WARNING);
        tree_remove(w->root, "/proc/net/route");
        tree_remove(w->root, "/proc/net/ipv6_route");
        assert_int_equal(row(w, "network", "default_route", "")->state, MSPTK_STATE_UNKNOWN);
}

static int listen_somewhere(unsigned *ret_port)
{
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t len = sizeof(a);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
        assert_int_equal(listen(fd, 4), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
        *ret_port = ntohs(a.sin_port);
        return fd;
}

static void configured_ports_are_connected_to(void **state)
{
        world *w = *state;
        unsigned open_port, closed_port;
        int fd = listen_somewhere(&open_port), other = listen_somewhere(&closed_port);
        char more[200], instance[64];
        const mock_metric *m;

        close(other);
        snprintf(more, sizeof(more),
                 "\"tcp\":[\"127.0.0.1:%u\",\"127.0.0.1:%u\",\"localhost:%u\"],"
                 "\"dns\":[\"localhost\"]",
                 open_port, closed_port, open_port);
        reopen(w, more);
        snprintf(instance, sizeof(instance), "127.0.0.1:%u", open_port);
        m = row(w, "network", "tcp_ms", instance);
        assert_int_equal(m->state, MSPTK_STATE_JUDGE);
        assert_true(m->value >= 0 && m->value < 5000);
        snprintf(instance, sizeof(instance), "127.0.0.1:%u", closed_port);
        m = mock_find(w->mock, "network", "tcp_ms", instance);
        assert_int_equal(m->state, MSPTK_STATE_CRITICAL);
        assert_non_null(strstr(m->message, "refused the connection"));
        snprintf(instance, sizeof(instance), "localhost:%u", open_port);
        assert_int_equal(mock_find(w->mock, "network", "tcp_ms", instance)->state,
                         MSPTK_STATE_JUDGE);
        m = mock_find(w->mock, "network", "dns_ms", "localhost");
        assert_int_equal(m->state, MSPTK_STATE_JUDGE);
        assert_non_null(strstr(m->message, "'localhost' resolves to "));
        close(fd);
}

static void identity_has_keys_and_no_nonsense(void **state)
{
        world *w = *state;
        msptk_query q = { .struct_size = sizeof(q) };
        mock_device *d = w->mock->devices;

        assert_int_equal(
                msptk__local_adapter.devices->list(w->self, mock_request(w->mock), &q, NULL),
                MSPTK_OK);
        assert_int_equal(w->mock->device_count, 1);
        assert_string_equal(d->vendor_id, ID);
        assert_string_equal(d->name, "db1");
        assert_string_equal(d->serial, "PF2ABC99");
        assert_string_equal(d->machine_id, ID);
        assert_string_equal(d->macs, "00:1a:2b:3c:4d:5e");
        assert_string_equal(d->os, "Debian GNU/Linux 12 (bookworm)");
        assert_string_equal(d->kind, "server");
        assert_int_equal(d->presence, MSPTK_PRESENCE_UP);
        assert_non_null(strstr(d->attributes, "\"kernel\":\"6.1.0-18-amd64\""));
        assert_non_null(strstr(d->attributes, "\"model\":\"PowerEdge R650\""));
        mock_host_reset(w->mock);
        tree_put(w->root, "/.dockerenv", "");
        tree_put(w->root, "/etc/machine-id", "uninitialized\n");
        assert_int_equal(
                msptk__local_adapter.devices->list(w->self, mock_request(w->mock), &q, NULL),
                MSPTK_OK);
        assert_string_equal(d->serial, ""); /* of the machine below */
        assert_string_equal(d->vendor_id, "host:db1");
        assert_string_equal(d->kind, "container");
}

static void another_device_is_never_answered_by_this_machine(void **state)
{
        world *w = *state;
        const char *const devices[] = { "somebody-else", NULL };
        const char *const both[] = { "somebody-else", ID, NULL };
        msptk_query q = { .struct_size = sizeof(q), .devices = devices };

        assert_int_equal(
                msptk__local_adapter.metrics->collect(w->self, mock_request(w->mock), &q, NULL),
                MSPTK_E_NOTFOUND);
        assert_int_equal(w->mock->metric_count, 0);
        q.devices = both;
        assert_int_equal(
                msptk__local_adapter.metrics->collect(w->self, mock_request(w->mock), &q, NULL),
                MSPTK_E_NOTFOUND);
        assert_true(w->mock->metric_count > 5);
}

static void commands_need_permission_and_keep_their_output(void **state)
{
        world *w = *state;
        const char *const command[] = { "/bin/echo", "hello", NULL };
        const char *const shellish[] = { "echo", NULL };
        msptk_program_result r;
        const msptk_command_ops *ops = msptk__local_adapter.commands;

        assert_int_equal(ops->execute(w->self, mock_request(w->mock), ID, command, &r, NULL),
                         MSPTK_E_DENIED);
        reopen(w, "\"allow_commands\":true");
        assert_int_equal(ops->execute(w->self, mock_request(w->mock), ID, shellish, &r, NULL),
                         MSPTK_E_INVALID);
        assert_int_equal(ops->execute(w->self, mock_request(w->mock), "x", command, &r, NULL),
                         MSPTK_E_NOTFOUND);
        assert_int_equal(ops->execute(w->self, mock_request(w->mock), ID, command, &r, NULL),
                         MSPTK_OK);
        assert_int_equal(r.ended, MSPTK_PROGRAM_EXITED);
        assert_string_equal(r.out, "hello\n");
}

static void settings_that_make_no_sense_are_refused(void **state)
{
        static const char *const bad[] = {
                "{\"services\":\"sshd\"}",      "{\"services\":[\"--help\"]}",
                "{\"services\":[1]}",           "{\"tcp\":[\"nohost\"]}",
                "{\"tcp\":[\"h:0\"]}",          "{\"tcp\":[\"h:70000\"]}",
                "{\"allow_commands\":\"yes\"}", "{\"root\":\"relative\"}",
        };
        world *w = *state;

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                msptk_json *s = NULL;
                msptk_error *err = NULL;
                void *self = NULL;

                assert_int_equal(msptk_json_parse(bad[i], strlen(bad[i]), &s, NULL), MSPTK_OK);
                assert_int_equal(msptk__local_adapter.open(&w->mock->host, s, &self, &err),
                                 MSPTK_E_CONFIG);
                assert_null(self);
                assert_true(strlen(msptk_error_message(err)) > 10);
                msptk_error_free(err);
                msptk_json_free(s);
        }
}

static void a_machine_of_empty_files_is_unknown_everywhere_and_no_failure(void **state)
{
        world *w = *state;
        static const char *const files[] = { "/proc/stat", "/proc/uptime", "/proc/loadavg",
                                             "/proc/meminfo", "/proc/self/mountinfo" };

        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
                tree_put(w->root, files[i], "");
        assert_int_equal(collect(w, NULL), MSPTK_OK);
        assert_int_equal(mock_find(w->mock, "cpu", NULL, NULL)->state, MSPTK_STATE_UNKNOWN);
        assert_int_equal(mock_find(w->mock, "memory", NULL, NULL)->state, MSPTK_STATE_UNKNOWN);
        assert_int_equal(mock_find(w->mock, "disk", NULL, NULL)->state, MSPTK_STATE_UNKNOWN);
        assert_int_equal(mock_find(w->mock, "services", "uptime_seconds", NULL)->state,
                         MSPTK_STATE_UNKNOWN);
        assert_int_equal(msptk__local_adapter.probe(w->self, mock_request(w->mock), NULL),
                         MSPTK_E_UNAVAILABLE);
}

static void stopping_and_lack_of_memory_end_the_call_cleanly(void **state)
{
        world *w = *state;
        msptk_status st;

        reopen(w, "\"services\":[\"sshd\"],\"dns\":[\"localhost\"],\"tcp\":[\"127.0.0.1:1\"]");
        collect(w, NULL);
        for (size_t i = w->mock->emitted; i > 0; i--) {
                w->mock->fail_emit_at = i;
                assert_int_equal(collect(w, NULL), MSPTK_E_CANCELLED);
        }
        w->mock->fail_emit_at = 0;
        for (w->mock->fail_alloc_at = 1;; w->mock->fail_alloc_at++) {
                st = collect(w, NULL); /* without memory a file is unreadable, or the call fails */
                assert_true(st == MSPTK_OK || st == MSPTK_E_NOMEM);
                assert_int_equal(w->mock->live, 1);
                if (w->mock->allocs < w->mock->fail_alloc_at)
                        break;
        }
        assert_int_equal(st, MSPTK_OK);
        w->mock->cancelled = true;
        assert_int_equal(collect(w, NULL), MSPTK_E_CANCELLED);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                T(cpu_is_sampled_when_there_is_no_earlier_run),
                T(cpu_is_a_rate_since_an_earlier_run_of_this_boot),
                T(cpu_counters_too_young_too_old_or_of_another_boot_are_not_used),
                T(cpu_counters_survive_runs_that_come_too_soon),
                T(cpu_that_cannot_be_read_or_does_not_move_is_unknown),
                T(a_container_is_measured_against_its_limits),
                T(memory_is_what_is_not_available),
                T(every_real_file_system_is_counted_once),
                T(the_root_of_a_container_is_a_disk),
                T(a_network_mount_is_asked_by_a_program),
                T(thousands_of_mounts_are_bounded_and_named_as_left_out),
                T(processes_are_matched_without_systemd),
                T(nothing_expected_is_said_and_zombies_are_no_services),
                T(systemd_is_asked_where_it_runs),
                T(uptime_and_pending_reboot_belong_to_services),
                T(links_and_the_default_route_are_judged),
                T(configured_ports_are_connected_to),
                T(identity_has_keys_and_no_nonsense),
                T(another_device_is_never_answered_by_this_machine),
                T(commands_need_permission_and_keep_their_output),
                T(settings_that_make_no_sense_are_refused),
                T(a_machine_of_empty_files_is_unknown_everywhere_and_no_failure),
                T(stopping_and_lack_of_memory_end_the_call_cleanly),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
