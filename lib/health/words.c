/* Results in words. */
#define ROOM "health"
#include "health/internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SAID_BYTES = 400, NUMBER_BYTES = NUM_TEXT_MAX + NAME_BYTES + 8 };

/* Digits behind the point: none from a hundred on, one for what is at least ten or a share of a
 * hundred, else two. Never a second zero at the end. */
static size_t put_value(char out[NUM_TEXT_MAX], double value, const char *unit)
{
        double size = fabs(value);
        int digits = size >= 100 || value == floor(value) ? 0
                     : size >= 10 || !strcmp(unit, "%")   ? 1
                                                          : 2;
        size_t len = msptk__num_put_fixed(out, value, digits);

        while (digits > 1 && len && out[len - 1] == '0') {
                out[--len] = '\0';
                digits--;
        }
        return len;
}

void msptk__value_words(char *out, size_t cap, double value, const char *unit)
{
        char number[NUM_TEXT_MAX];

        put_value(number, value, unit);
        snprintf(out, cap, "%s%s%s", number, *unit ? " " : "", unit);
}

void msptk__metric_words(char *out, size_t cap, const char *name, double value, const char *unit)
{
        char number[NUMBER_BYTES];

        msptk__value_words(number, sizeof(number), value, unit);
        snprintf(out, cap, "%.200s %s", name, number);
}

void msptk__result_words(const check_result *c, char out[RESULT_WORDS])
{
        const char *unit = c->unit;
        double limit = c->status == MSPTK_STATE_CRITICAL ? c->critical : c->warning;
        char number[NUMBER_BYTES];
        size_t len;

        if (*c->said || !isfinite(c->value))
                msptk__utf8_copy(out, SAID_BYTES + 1, c->said);
        else
                msptk__metric_words(out, RESULT_WORDS, *c->metric ? c->metric : c->check, c->value,
                                    unit);
        if (c->status == MSPTK_STATE_OK || c->status == MSPTK_STATE_UNKNOWN || isnan(limit))
                return;
        len = strlen(out);
        msptk__value_words(number, sizeof(number), limit, unit);
        snprintf(out + len, RESULT_WORDS - len, " (%s %s %s)", msptk__health_word(c->status),
                 c->lower_is_worse ? "up to" : "from", number);
}
