/* Parsers of what the kernel and the distribution write. They trust nothing: numbers are bounded,
 * lines that do not fit are passed over, and absence is told apart from zero. */
#ifndef LOCAL_PARSE_H
#define LOCAL_PARSE_H

#include "text.h"

/* /proc/stat, in clock ticks since boot. Guest time is part of user time and not counted twice. */
typedef struct cpu_times {
        uint64_t total;
        uint64_t idle;  /* idle and waiting for input or output */
        uint64_t steal; /* taken by the hypervisor; counts as busy */
        uint32_t cpus;
        int64_t booted; /* seconds since 1970; 0 when not said */
} cpu_times;
bool msptk__local_parse_stat(slice in, cpu_times *ret);

/* /proc/meminfo, in bytes. */
typedef struct mem_info {
        uint64_t total;
        uint64_t available;
        uint64_t swap_total; /* 0 when there is no swap */
        uint64_t swap_free;
        bool estimated; /* the kernel does not say MemAvailable: free + buffers + cached */
} mem_info;
bool msptk__local_parse_meminfo(slice in, mem_info *ret);

/* "key value" lines of cgroup files: cpu.stat, memory.stat. */
bool msptk__local_parse_keyed(slice in, const char *key, uint64_t *ret);
/* cpu.max: microseconds of cpu per microseconds; false when there is no limit ("max"). */
bool msptk__local_parse_cpu_max(slice in, uint64_t *ret_quota, uint64_t *ret_period);

/* One line of /proc/self/mountinfo; texts are inside the parsed text, octal escapes undone. */
typedef struct mount {
        uint32_t major;
        uint32_t minor;
        char *root;
        char *point;
        size_t point_len;
        char *options;
        char *type;
        char *source;
        char *super;
} mount;
/* Changes `data` in place. Returns how many mounts were stored; lines that make no sense are
 * passed over. */
size_t msptk__local_parse_mounts(char *data, size_t len, mount *out, size_t cap);
bool msptk__local_has_option(const char *options, const char *name);

/* PRETTY_NAME of os-release, else NAME and VERSION. */
bool msptk__local_parse_os_release(slice in, char *out, size_t cap);
/* Value of one key of os-release, shell quoting undone. */
bool msptk__local_parse_assignment(slice in, const char *key, char *out, size_t cap);

/* Default routes of /proc/net/route and /proc/net/ipv6_route. */
typedef struct route_info {
        bool v4;
        bool v6;
        char iface4[32];
        char iface6[32];
        char gateway4[16]; /* "" when the route has none (point to point) */
} route_info;
void msptk__local_parse_route(slice in, route_info *ret);
void msptk__local_parse_route6(slice in, route_info *ret);
/* Whether any line of /proc/net/route is about the interface: it is configured. */
bool msptk__local_has_route(slice in, const char *iface);

#endif
