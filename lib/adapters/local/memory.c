/* Check "memory": what programs can still get, of the machine or of the container's limit. */
#include <math.h>
#include <stdio.h>

#include "local.h"

/* The limit of the container that sees its own group as the root; see cpu.c. */
static bool read_limit(const local *self, uint64_t *ret_limit, uint64_t *ret_used)
{
        AUTO_TEXT file_text stat = { 0 };
        uint64_t limit, current, inactive = 0;

        if (!msptk__local_read_u64(self, "/sys/fs/cgroup/memory.max", &limit) || !limit ||
            !msptk__local_read_u64(self, "/sys/fs/cgroup/memory.current", &current))
                return false;
        if (!msptk__local_read(self, "/sys/fs/cgroup/memory.stat", 65536, &stat))
                (void)msptk__local_parse_keyed(msptk__local_slice(&stat), "inactive_file",
                                               &inactive);
        *ret_limit = limit;
        /* Cached files that nobody used lately go first when memory gets short. */
        *ret_used = current > inactive ? current - inactive : 0;
        return true;
}

static msptk_json *facts(uint64_t total, uint64_t used, const char *of)
{
        msptk_json *data = msptk_json_new_object();

        if (!data)
                return NULL;
        msptk_json_set_string(data, "of", of);
        msptk_json_set_int(data, "total_bytes", (int64_t)(total & INT64_MAX));
        msptk_json_set_int(data, "used_bytes", (int64_t)(used & INT64_MAX));
        return data;
}

static msptk_status emit_used(local_run *run, const char *metric, uint64_t total, uint64_t used,
                              const char *what, const char *note)
{
        local_row row = {
                .check = "memory", .metric = metric, .unit = "%", .state = MSPTK_STATE_JUDGE
        };
        char used_text[24], total_text[24];
        uint32_t tenths;

        row.value = 100.0 * (double)used / (double)total;
        if (row.value > 100)
                row.value = 100;
        row.data = facts(total, used, what);
        tenths = msptk__local_tenths(row.value);
        msptk__local_bytes(used_text, sizeof(used_text), used);
        msptk__local_bytes(total_text, sizeof(total_text), total);
        return msptk__local_emit(run, row, "%s " TENTHS_FMT " %% used: %s of %s%s", what,
                                 TENTHS_ARGS(tenths), used_text, total_text, note);
}

static msptk_status emit_group_swap(local_run *run)
{
        uint64_t limit, used;

        if (!msptk__local_read_u64(run->self, "/sys/fs/cgroup/memory.swap.max", &limit) || !limit ||
            !msptk__local_read_u64(run->self, "/sys/fs/cgroup/memory.swap.current", &used))
                return MSPTK_OK;
        return emit_used(run, "swap_percent", limit, used, "swap of this container", "");
}

msptk_status msptk__local_memory(local_run *run)
{
        AUTO_TEXT file_text t = { 0 };
        uint64_t limit, used;
        mem_info info;
        bool known, limited = read_limit(run->self, &limit, &used);
        msptk_status st;

        known = !msptk__local_read(run->self, "/proc/meminfo", 65536, &t) &&
                msptk__local_parse_meminfo(msptk__local_slice(&t), &info);
        if (limited && (!known || limit < info.total)) {
                st = emit_used(run, "memory_percent", limit, used, "memory of this container", "");
                return st < 0 ? st : emit_group_swap(run);
        }
        if (!known)
                return msptk__local_emit_unknown(
                        run, "memory", "memory_percent", NULL, "%s",
                        t.data ? "/proc/meminfo does not say how much memory there is and is free"
                               : "/proc/meminfo cannot be read");
        st = emit_used(run, "memory_percent", info.total, info.total - info.available, "memory",
                       info.estimated ? " (estimated: this kernel does not say what is available)"
                                      : "");
        if (st < 0 || !info.swap_total)
                return st; /* a machine without swap lacks nothing */
        return emit_used(run, "swap_percent", info.swap_total, info.swap_total - info.swap_free,
                         "swap", "");
}
