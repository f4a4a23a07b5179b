/* Check "cpu": a rate over the time since the previous run, else over a short sample; against the
 * quota where a container has one. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "local.h"

enum { RATE_MIN_CS = 500, RATE_MAX_CS = 90000 }; /* 5 s and 15 min, in hundredths of a second */

/* Counters at one moment. */
typedef struct reading {
        char boot_id[64];
        uint64_t uptime_cs; /* hundredths of a second since boot: not fooled by clock changes */
        cpu_times times;
        bool limited; /* the cgroup has a quota */
        uint64_t quota;
        uint64_t period;
        uint64_t usage_us; /* of the cgroup */
} reading;

static bool read_uptime(const local *self, uint64_t *ret_cs)
{
        AUTO_TEXT file_text t = { 0 };
        slice rest;
        double seconds;

        if (msptk__local_read(self, "/proc/uptime", 256, &t))
                return false;
        rest = msptk__local_slice(&t);
        if (!msptk__local_decimal(&rest, &seconds) || seconds > 1e12)
                return false;
        *ret_cs = (uint64_t)(seconds * 100 + 0.5);
        return true;
}

/* The root of a cgroup file system has no cpu.max; it is there only when a container looks at its
 * own group as the root. A limit on some group of a whole machine is not the machine's. */
static bool read_quota(const local *self, reading *r)
{
        AUTO_TEXT file_text max = { 0 };
        AUTO_TEXT file_text stat = { 0 };

        return !msptk__local_read(self, "/sys/fs/cgroup/cpu.max", 256, &max) &&
               msptk__local_parse_cpu_max(msptk__local_slice(&max), &r->quota, &r->period) &&
               !msptk__local_read(self, "/sys/fs/cgroup/cpu.stat", 65536, &stat) &&
               msptk__local_parse_keyed(msptk__local_slice(&stat), "usage_usec", &r->usage_us);
}

/* Returns NULL, or why not. */
static const char *take_reading(const local *self, reading *ret)
{
        AUTO_TEXT file_text t = { 0 };
        reading r;
        int error = msptk__local_read(self, "/proc/stat", 4 << 20, &t);

        memset(&r, 0, sizeof(r));
        if (error)
                return error == EACCES ? "permission to read /proc/stat is denied"
                                       : "/proc/stat cannot be read";
        if (!msptk__local_parse_stat(msptk__local_slice(&t), &r.times))
                return "/proc/stat has no line about the cpu";
        if (msptk__local_read_line(self, "/proc/sys/kernel/random/boot_id", r.boot_id,
                                   sizeof(r.boot_id)) ||
            strchr(r.boot_id, ' '))
                r.boot_id[0] = '\0'; /* then no earlier run can be trusted */
        if (!read_uptime(self, &r.uptime_cs))
                r.boot_id[0] = '\0';
        r.limited = read_quota(self, &r);
        *ret = r;
        return NULL;
}

static bool parse_saved(const char *saved, reading *ret)
{
        slice rest = msptk__local_slice_of(saved, strlen(saved)), word;
        uint64_t limited;
        reading r;

        memset(&r, 0, sizeof(r));
        if (!msptk__local_word(&rest, &word) || !msptk__local_is(word, "1") ||
            !msptk__local_word(&rest, &word))
                return false;
        msptk__local_copy(r.boot_id, sizeof(r.boot_id), word);
        if (!msptk__local_u64(&rest, &r.uptime_cs) || !msptk__local_u64(&rest, &r.times.total) ||
            !msptk__local_u64(&rest, &r.times.idle) || !msptk__local_u64(&rest, &r.times.steal) ||
            !msptk__local_u64(&rest, &limited) || !msptk__local_u64(&rest, &r.usage_us))
                return false;
        r.limited = limited == 1;
        *ret = r;
        return true;
}

static void state_key(const local_run *run, char *out, size_t cap)
{
        snprintf(out, cap, "cpu/%s", run->id);
}

/* Counters of the previous run; false when there are none of this boot. */
static bool load(const local_run *run, const reading *now, reading *ret)
{
        const msptk_host *host = run->self->host;
        char key[LOCAL_NAME_CAP + 8], *saved = NULL;
        bool ok;

        state_key(run, key, sizeof(key));
        if (!now->boot_id[0] || host->state_get(run->req, key, &saved, NULL) < 0 || !saved)
                return false;
        ok = parse_saved(saved, ret) && strcmp(ret->boot_id, now->boot_id) == 0 &&
             ret->uptime_cs <= now->uptime_cs;
        host->free(host, saved);
        return ok;
}

static void save(const local_run *run, const reading *r)
{
        const msptk_host *host = run->self->host;
        char key[LOCAL_NAME_CAP + 8], text[320];

        if (!r->boot_id[0])
                return;
        state_key(run, key, sizeof(key));
        snprintf(text, sizeof(text), "1 %s %llu %llu %llu %llu %d %llu", r->boot_id,
                 (unsigned long long)r->uptime_cs, (unsigned long long)r->times.total,
                 (unsigned long long)r->times.idle, (unsigned long long)r->times.steal,
                 r->limited ? 1 : 0, (unsigned long long)r->usage_us);
        /* What was measured stays true when it cannot be remembered. */
        if (host->state_put(run->req, key, text, NULL) < 0)
                host->log(host, 2, "cpu counters could not be kept for the next run");
}

/* Busy share between two readings. false when the counters did not move or went backwards. */
static bool busy(const reading *from, const reading *to, double *ret_percent, double *ret_steal)
{
        uint64_t total, idle, steal;

        if (to->times.total <= from->times.total)
                return false;
        total = to->times.total - from->times.total;
        /* The kernel lets iowait go back a little. */
        idle = to->times.idle > from->times.idle ? to->times.idle - from->times.idle : 0;
        steal = to->times.steal > from->times.steal ? to->times.steal - from->times.steal : 0;
        if (idle > total)
                idle = total;
        *ret_percent = 100.0 * (double)(total - idle) / (double)total;
        *ret_steal = steal > total ? 100.0 : 100.0 * (double)steal / (double)total;
        return true;
}

static bool busy_of_quota(const reading *from, const reading *to, double elapsed_us,
                          double *ret_percent)
{
        double allowed = elapsed_us * (double)to->quota / (double)to->period;

        if (to->usage_us < from->usage_us || !(allowed > 0))
                return false;
        *ret_percent = 100.0 * (double)(to->usage_us - from->usage_us) / allowed;
        if (*ret_percent > 100) /* a burst, or the grain of the clocks */
                *ret_percent = 100;
        return true;
}

static msptk_json *facts(const reading *to, const char *method, int64_t window_ms, double steal)
{
        msptk_json *data = msptk_json_new_object();

        if (!data)
                return NULL;
        msptk_json_set_string(data, "method", method);
        msptk_json_set_int(data, "window_ms", window_ms);
        msptk_json_set_int(data, "cpus", to->times.cpus);
        if (to->limited) {
                msptk_json_set_int(data, "quota_us", (int64_t)to->quota);
                msptk_json_set_int(data, "period_us", (int64_t)to->period);
        } else {
                msptk_json_set_double(data, "steal_percent", steal);
        }
        return data;
}

static msptk_status emit_percent(local_run *run, const reading *from, const reading *to,
                                 const char *method, double elapsed_us)
{
        local_row row = {
                .check = "cpu", .metric = "cpu_percent", .unit = "%", .state = MSPTK_STATE_JUDGE
        };
        double steal = 0;
        char window[32];
        uint32_t tenths, cpus;

        if (to->limited ? !busy_of_quota(from, to, elapsed_us, &row.value)
                        : !busy(from, to, &row.value, &steal))
                return msptk__local_emit_unknown(run, "cpu", "cpu_percent", NULL,
                                                 "the cpu counters did not advance in %u ms",
                                                 (unsigned)(elapsed_us / 1000));
        row.data = facts(to, method, (int64_t)(elapsed_us / 1000), steal);
        tenths = msptk__local_tenths(row.value);
        if (elapsed_us < 2e6)
                snprintf(window, sizeof(window), "%u ms", (unsigned)(elapsed_us / 1000));
        else
                msptk__local_span(window, sizeof(window), (uint64_t)(elapsed_us / 1e6 + 0.5));
        if (to->limited) {
                cpus = msptk__local_tenths((double)to->quota / (double)to->period);
                return msptk__local_emit(run, row,
                                         "cpu " TENTHS_FMT
                                         " %% of this container's limit of " TENTHS_FMT
                                         " cpus, over %s",
                                         TENTHS_ARGS(tenths), TENTHS_ARGS(cpus), window);
        }
        if (steal >= 5)
                return msptk__local_emit(run, row,
                                         "cpu " TENTHS_FMT " %% of %u cpus over %s; " TENTHS_FMT
                                         " %% was taken by the hypervisor",
                                         TENTHS_ARGS(tenths), to->times.cpus, window,
                                         TENTHS_ARGS(msptk__local_tenths(steal)));
        return msptk__local_emit(run, row, "cpu " TENTHS_FMT " %% of %u cpus%s over %s",
                                 TENTHS_ARGS(tenths), to->times.cpus,
                                 run->container[0] ? " of the machine below this container" : "",
                                 window);
}

static msptk_status sample(local_run *run, const reading *first)
{
        const msptk_host *host = run->self->host;
        int64_t started = msptk__local_monotonic_us(), elapsed;
        reading second;
        const char *why;
        msptk_status st = host->sleep_ms(run->req, LOCAL_SAMPLE_MS);

        if (st < 0)
                return msptk__local_fail(run->ret_err, st,
                                         "stopped while sampling the cpu for %d ms",
                                         LOCAL_SAMPLE_MS);
        elapsed = msptk__local_monotonic_us() - started;
        if (elapsed < LOCAL_SAMPLE_MS * 1000 / 2) /* a host that does not really sleep */
                elapsed = LOCAL_SAMPLE_MS * 1000;
        why = take_reading(run->self, &second);
        if (why)
                return msptk__local_emit_unknown(run, "cpu", "cpu_percent", NULL, "%s", why);
        if (first->limited != second.limited)
                return msptk__local_emit_unknown(run, "cpu", "cpu_percent", NULL,
                                                 "the cpu limit changed while it was measured");
        return emit_percent(run, first, &second, "sample", (double)elapsed);
}

static msptk_status emit_load(local_run *run, uint32_t cpus)
{
        local_row row = { .check = "cpu", .metric = "load1_per_core", .state = MSPTK_STATE_JUDGE };
        AUTO_TEXT file_text t = { 0 };
        double loads[3];
        unsigned hundredths, per_core;
        slice rest;

        if (msptk__local_read(run->self, "/proc/loadavg", 256, &t))
                return msptk__local_emit_unknown(run, "cpu", "load1_per_core", NULL,
                                                 "/proc/loadavg cannot be read");
        rest = msptk__local_slice(&t);
        for (size_t i = 0; i < 3; i++) {
                if (!msptk__local_decimal(&rest, &loads[i]) || loads[i] > 1e7)
                        return msptk__local_emit_unknown(run, "cpu", "load1_per_core", NULL,
                                                         "/proc/loadavg does not hold three "
                                                         "numbers");
        }
        row.value = loads[0] / cpus;
        row.data = msptk_json_new_object();
        if (row.data) {
                msptk_json_set_double(row.data, "load1", loads[0]);
                msptk_json_set_double(row.data, "load5", loads[1]);
                msptk_json_set_double(row.data, "load15", loads[2]);
        }
        hundredths = (unsigned)(loads[0] * 100 + 0.5);
        per_core = (unsigned)(row.value * 100 + 0.5);
        return msptk__local_emit(run, row, "load %u.%02u per cpu (%u.%02u over %u cpus)",
                                 per_core / 100, per_core % 100, hundredths / 100, hundredths % 100,
                                 cpus);
}

msptk_status msptk__local_cpu(local_run *run)
{
        reading now, before;
        const char *why = take_reading(run->self, &now);
        bool have_before;
        uint64_t age = 0;
        msptk_status st;

        if (why)
                return msptk__local_emit_unknown(run, "cpu", "cpu_percent", NULL, "%s", why);
        have_before = load(run, &now, &before);
        if (have_before)
                age = now.uptime_cs - before.uptime_cs;
        /* Younger counters stay where they are, else runs every second would never find old
         * ones. */
        if (!have_before || age >= RATE_MIN_CS)
                save(run, &now);
        if (have_before && age >= RATE_MIN_CS && age <= RATE_MAX_CS &&
            before.limited == now.limited && before.times.total < now.times.total &&
            before.usage_us <= now.usage_us)
                st = emit_percent(run, &before, &now, "since previous run", (double)age * 1e4);
        else
                st = sample(run, &now);
        return st < 0 ? st : emit_load(run, now.times.cpus);
}
