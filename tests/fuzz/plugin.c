/* The output of Nagios-style programs. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/plugin/plugin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_metric(const plugin_metric *m)
{
        if (!m->label[0] || strlen(m->label) >= PLUGIN_LABEL_CAP ||
            strlen(m->unit) >= PLUGIN_UNIT_CAP)
                abort();
        if (isinf(m->value) || isinf(m->min) || isinf(m->max))
                abort();
        if ((m->warning.set && m->warning.low > m->warning.high) ||
            (m->critical.set && m->critical.low > m->critical.high))
                abort();
}

static void check_slice(const uint8_t *data, size_t size, const char *at, size_t len)
{
        const char *begin = (const char *)data;

        if (at < begin || at > begin + size || len > (size_t)(begin + size - at))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static plugin_metric metrics[32];
        plugin_output out;

        msptk__plugin_parse((const char *)data, size, metrics, 32, &out);
        if (out.count > 32)
                abort();
        check_slice(data, size, out.text, out.text_len);
        check_slice(data, size, out.more, out.more_len);
        for (size_t i = 0; i < out.count; i++) {
                check_metric(&metrics[i]);
                for (size_t k = 0; k < i; k++)
                        if (!strcmp(metrics[i].label, metrics[k].label))
                                abort();
        }
        return 0;
}
