/* The output of a Nagios-style program, taken apart: a pure function over foreign bytes. */
#ifndef PLUGIN_PARSE_H
#define PLUGIN_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        PLUGIN_METRICS_MAX = 1024, /* values of one run */
        PLUGIN_LABEL_CAP = 128,
        PLUGIN_UNIT_CAP = 16,
};

/* "10", "10:", "~:10", "10:20", "@10:20": alert outside, with `inside` alert inside. */
typedef struct plugin_range {
        double low, high; /* may be infinite */
        bool set, inside;
} plugin_range;

typedef struct plugin_metric {
        char label[PLUGIN_LABEL_CAP]; /* as written: may hold any byte but NUL */
        char unit[PLUGIN_UNIT_CAP];   /* "s" for s, ms, us; else as written; "" for none */
        double value;                 /* NaN: the program could not tell ("U") */
        double min, max;              /* NaN when not given */
        plugin_range warning, critical;
} plugin_metric;

/* Slices of what was parsed. */
typedef struct plugin_output {
        const char *text; /* the first line, without its values; trimmed */
        size_t text_len;
        const char *more; /* further lines, without values; trimmed */
        size_t more_len;
        size_t count;   /* metrics filled */
        size_t skipped; /* values that could not be understood, were named twice, or too many */
        bool starved;   /* memory was short: values or thresholds may be missing */
        bool too_many;
        bool binary; /* holds bytes that no text has */
} plugin_output;

/* Never fails: what cannot be understood is counted. `metrics` has room for `cap`. */
void msptk__plugin_parse(const char *data, size_t len, plugin_metric *metrics, size_t cap,
                         plugin_output *ret);

/* A number without a locale: digits, sign, '.', exponent; the whole of it. */
bool msptk__plugin_number(const char *text, size_t len, double *ret);
bool msptk__plugin_range_parse(const char *text, size_t len, plugin_range *ret);
/* Whether a range raises the alert for a value; false for NaN. */
bool msptk__plugin_range_alerts(const plugin_range *range, double value);

#endif
