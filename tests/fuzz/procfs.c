/* Kernel and distribution text that the local adapter reads: every parser sees every input. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/local/local.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mounts(const uint8_t *data, size_t size)
{
        static mount table[64];
        char *copy = malloc(size + 1);
        size_t n;

        if (!copy)
                return;
        memcpy(copy, data, size);
        copy[size] = '\0';
        n = msptk__local_parse_mounts(copy, size, table, 64);
        for (size_t i = 0; i < n; i++) {
                if (table[i].point[0] != '/' || strlen(table[i].point) != table[i].point_len)
                        abort();
                (void)msptk__local_has_option(table[i].options, "ro");
                (void)msptk__local_has_option(table[i].super, "ro");
                if (strlen(table[i].type) + strlen(table[i].source) + strlen(table[i].root) > size)
                        abort();
        }
        free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        slice in = msptk__local_slice_of((const char *)data, size);
        char out[32];
        cpu_times times;
        mem_info memory;
        route_info routes;
        uint64_t a, b;

        if (msptk__local_parse_stat(in, &times) &&
            (times.idle > times.total || times.steal > times.total || !times.cpus))
                abort();
        if (msptk__local_parse_meminfo(in, &memory) &&
            (memory.available > memory.total || memory.swap_free > memory.swap_total))
                abort();
        if (msptk__local_parse_cpu_max(in, &a, &b) && (!a || !b))
                abort();
        (void)msptk__local_parse_keyed(in, "usage_usec", &a);
        if (msptk__local_parse_os_release(in, out, sizeof(out)) && strlen(out) >= sizeof(out))
                abort();
        memset(&routes, 0, sizeof(routes));
        msptk__local_parse_route(in, &routes);
        msptk__local_parse_route6(in, &routes);
        (void)msptk__local_has_route(in, "eth0");
        mounts(data, size);
        return 0;
}
