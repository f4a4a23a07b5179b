/* What the files of the adapter for this machine share: the instance, one run, text, parsers. */
#ifndef LOCAL_LOCAL_H
#define LOCAL_LOCAL_H

#include <stdbool.h>
#include <msptk/sdk/adapter.h>
#include <sys/statvfs.h>

#include "text.h"
#include "parse.h"

enum {
        LOCAL_PATH_CAP = 4400, /* a root prefix and a path of the kernel */
        LOCAL_NAME_CAP = 256,
        LOCAL_MESSAGE_CAP = 512,
        LOCAL_SAMPLE_MS = 250,   /* how long cpu counters are sampled without earlier ones */
        LOCAL_ANSWER_MS = 5000,  /* what a mount, a name or a port gets to answer */
        LOCAL_MAX_MOUNTS = 4096, /* lines of mountinfo looked at */
        LOCAL_MAX_DISKS = 256,   /* file systems reported */
        LOCAL_MAX_EXPECTED = 128 /* entries of `services`, `dns` and `tcp` each */
};

/* One configured instance. Texts are borrowed from the settings. */
typedef struct local {
        const msptk_host *host;
        char root[LOCAL_NAME_CAP];  /* "" for the real machine, else prefix of every path */
        const msptk_json *services; /* arrays of strings, checked by open; NULL when not set */
        const msptk_json *dns;      /* names to resolve */
        const msptk_json *tcp;      /* "host:port" to connect to */
        const msptk_json *ignore;   /* mount points not to report */
        bool allow_commands;
        int (*statvfs)(const char *path, struct statvfs *ret); /* tests put a world here */
} local;

/* What a call of a slot knows about the machine. */
typedef struct local_run {
        local *self;
        const msptk_request *req;
        msptk_error **ret_err;
        char id[LOCAL_NAME_CAP];        /* our vendor_id */
        char container[LOCAL_NAME_CAP]; /* "docker", "podman", ... or "" */
} local_run;

/* identity.c */
void msptk__local_run_init(local_run *run, local *self, const msptk_request *req,
                           msptk_error **ret_err);
msptk_status msptk__local_emit_device(local_run *run);
void msptk__local_container(const local *self, char *out, size_t cap);
bool msptk__local_is_nonsense(const char *serial);
void msptk__local_macs(const local *self, char *out, size_t cap);
bool msptk__local_is_physical(const local *self, const char *iface);

/* One check each: emits its rows; a failure is one of the request, never of the machine. */
msptk_status msptk__local_cpu(local_run *run);
msptk_status msptk__local_memory(local_run *run);
msptk_status msptk__local_disk(local_run *run);
msptk_status msptk__local_services(local_run *run);
msptk_status msptk__local_network(local_run *run);
msptk_status msptk__local_targets(local_run *run); /* targets.c: dns and tcp of the network check */
msptk_status msptk__local_system(local_run *run);  /* system.c: uptime and reboot, check services */

/* Share of a file system in use, as df counts it, in tenths of a percent, rounded up. */
uint32_t msptk__local_used_tenths(uint64_t total, uint64_t free_, uint64_t available);

/* A row; `data` is taken over and may be NULL. The message is formatted, then made fit to show. */
typedef struct local_row {
        const char *check;
        const char *metric;
        const char *instance;
        const char *unit;
        int32_t state;
        double value;
        msptk_json *data;
} local_row;
msptk_status msptk__local_emit(local_run *run, local_row row, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
/* The same for what could not be read: unknown, no number. */
msptk_status msptk__local_emit_unknown(local_run *run, const char *check, const char *metric,
                                       const char *instance, const char *fmt, ...)
        __attribute__((format(printf, 5, 6)));

msptk_status msptk__local_fail(msptk_error **ret_err, msptk_status status, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
/* What a program may still take: 5 s, or less when the request ends before. */
int64_t msptk__local_answer_ms(const local_run *run);
int64_t msptk__local_monotonic_us(void);

extern const msptk_adapter_ops msptk__local_adapter;

#endif
