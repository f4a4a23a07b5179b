/* Numbers as text, the same in every locale: of the C library only what cannot be misled by
 * LC_NUMERIC is used, or its output is repaired. */
#define ROOM "base"
#include "base/base.h"

#include <inttypes.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
        DIGITS_EXACT = 15,     /* so many decimal digits survive a double */
        DIGITS_ENOUGH = 17,    /* so many tell all doubles apart */
        DOUBLE_TEXT_MAX = 1000 /* longer ones are refused; exact values need at most 767 digits */
};

static const double powers_of_ten[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* ---- integers ---- */

bool msptk__num_uint64(const char *text, size_t len, uint64_t *ret_value)
{
        uint64_t value = 0;

        if (!len)
                return false;
        for (size_t i = 0; i < len; i++)
                if (!is_digit(text[i]) || __builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
                        return false;
        *ret_value = value;
        return true;
}

bool msptk__num_int64(const char *text, size_t len, int64_t *ret_value)
{
        bool negative = len && text[0] == '-';
        uint64_t magnitude;

        if (!msptk__num_uint64(text + negative, len - negative, &magnitude))
                return false;
        if (magnitude > (uint64_t)INT64_MAX + negative)
                return false;
        *ret_value = (int64_t)(negative ? -magnitude : magnitude);
        return true;
}

size_t msptk__num_put_uint64(char out[NUM_TEXT_MAX], uint64_t value)
{
        return (size_t)snprintf(out, NUM_TEXT_MAX, "%" PRIu64, value);
}

/* By hand: numbers are most of what is written, and printf takes several times as long. */
size_t msptk__num_put_int64(char out[NUM_TEXT_MAX], int64_t value)
{
        uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
        char digits[24];
        size_t n = 0, len = 0;

        do {
                digits[n++] = (char)('0' + left % 10);
                left /= 10;
        } while (left);
        if (value < 0)
                out[len++] = '-';
        while (n)
                out[len++] = digits[--n];
        out[len] = '\0';
        return len;
}

/* ---- reading doubles ---- */

/* A decimal number taken apart: mantissa * 10^exponent, when its digits fit. */
typedef struct decimal {
        uint64_t mantissa;
        int64_t exponent;
        bool negative;
        bool fits;
} decimal;

static const char *take_digits(const char *p, const char *end, decimal *d, bool fraction)
{
        for (; p < end && is_digit(*p); p++) {
                if (d->mantissa > (UINT64_MAX - 9) / 10) {
                        d->fits = false;
                        continue;
                }
                d->mantissa = d->mantissa * 10 + (uint64_t)(*p - '0');
                d->exponent -= fraction;
        }
        return p;
}

static const char *take_exponent(const char *p, const char *end, decimal *d)
{
        bool negative = false;
        const char *first;
        int64_t value = 0;

        if (p < end && (*p == '+' || *p == '-'))
                negative = *p++ == '-';
        for (first = p; p < end && is_digit(*p); p++)
                if (value < 100000)
                        value = value * 10 + (*p - '0');
        d->exponent += negative ? -value : value;
        return p == first ? NULL : p;
}

static bool take_apart(const char *text, size_t len, decimal *d)
{
        const char *p = text, *end = text + len, *first;
        size_t digits;

        *d = (decimal){ .fits = true };
        if (p < end && (*p == '+' || *p == '-'))
                d->negative = *p++ == '-';
        first = p;
        p = take_digits(p, end, d, false);
        digits = (size_t)(p - first);
        if (p < end && *p == '.') {
                first = ++p;
                p = take_digits(p, end, d, true);
                digits += (size_t)(p - first);
        }
        if (!digits)
                return false;
        if (p < end && (*p == 'e' || *p == 'E'))
                p = take_exponent(p + 1, end, d);
        return p == end;
}

/* The C library's exact conversion, in the C locale whatever the host chose. */
static bool convert_exactly(const char *text, size_t len, double *ret_value)
{
        char copy[DOUBLE_TEXT_MAX + 1];
        locale_t c_locale;
        double value;

        if (len > DOUBLE_TEXT_MAX)
                return false;
        memcpy(copy, text, len);
        copy[len] = '\0';
        c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        if (!c_locale)
                return false;
        value = strtod_l(copy, NULL, c_locale);
        freelocale(c_locale);
        if (!isfinite(value))
                return false;
        *ret_value = value;
        return true;
}

bool msptk__num_double(const char *text, size_t len, double *ret_value)
{
        decimal d;
        double value;

        if (!take_apart(text, len, &d))
                return false;
        /* Both factors are exact, so the one rounding of the operation is the right one. */
        if (FLT_EVAL_METHOD != 0 || !d.fits || d.mantissa > UINT64_C(1) << DBL_MANT_DIG ||
            d.exponent < -22 || d.exponent > 22)
                return convert_exactly(text, len, ret_value);
        value = (double)d.mantissa;
        value = d.exponent < 0 ? value / powers_of_ten[-d.exponent]
                               : value * powers_of_ten[d.exponent];
        *ret_value = d.negative ? -value : value;
        return true;
}

/* ---- writing doubles ---- */

/* The digits of a positive value rounded to `count` of them, and the exponent of the first. What
 * printf puts for the decimal point may be anything but a digit, and is skipped. */
static int round_to_digits(double value, int count, char *digits)
{
        char text[80];
        const char *p = text;

        snprintf(text, sizeof(text), "%.*e", count - 1, value);
        for (; *p && *p != 'e'; p++)
                if (is_digit(*p))
                        *digits++ = *p;
        *digits = '\0';
        return *p ? (int)strtol(p + 1, NULL, 10) : 0;
}

static bool reads_back(const char *digits, int exponent, double value)
{
        char text[64];
        double again;
        int len = snprintf(text, sizeof(text), "%se%d", digits, exponent - (int)strlen(digits) + 1);

        return msptk__num_double(text, (size_t)len, &again) && again == value;
}

/* Fewest digits that read back as `value`, without zeros at the end. */
static int shortest_digits(double value, char *digits)
{
        int count = value < DBL_MIN ? 1 : DIGITS_EXACT, exponent;
        size_t len;

        do
                exponent = round_to_digits(value, count, digits);
        while (count++ < DIGITS_ENOUGH && !reads_back(digits, exponent, value));
        for (len = strlen(digits); len > 1 && digits[len - 1] == '0'; len--)
                digits[len - 1] = '\0';
        return exponent;
}

static size_t put_special(char *out, double value)
{
        if (isnan(value))
                return (size_t)snprintf(out, NUM_TEXT_MAX, "nan");
        return (size_t)snprintf(out, NUM_TEXT_MAX, value < 0 ? "-inf" : "inf");
}

/* Of 1 to 1e6 with at most three decimals, which is most of what is measured. Integer and power of
 * ten are exact, so the division is rounded as reading the text is: when it gives the value back,
 * the text is right, and the fewest decimals are the shortest. 0: not such a number. */
static size_t put_plain(char out[NUM_TEXT_MAX], double value)
{
        static const double powers[] = { 1, 10, 100, 1000 };
        double size = fabs(value);

        if (!(size >= 1 && size < 1e6))
                return 0;
        for (int d = 0; d < 4; d++) {
                int64_t scaled = (int64_t)(size * powers[d] + 0.5), whole;
                size_t len = 0, n;

                if ((double)scaled / powers[d] != size)
                        continue;
                whole = scaled / (int64_t)powers[d];
                scaled %= (int64_t)powers[d];
                if (value < 0)
                        out[len++] = '-';
                len += msptk__num_put_int64(out + len, whole);
                out[len++] = '.';
                n = (size_t)(d ? d : 1);
                for (size_t i = n; i-- > 0; scaled /= 10)
                        out[len + i] = (char)('0' + scaled % 10);
                out[len + n] = '\0';
                return len + n;
        }
        return 0;
}

size_t msptk__num_put_double(char out[NUM_TEXT_MAX], double value)
{
        size_t plain = put_plain(out, value);
        const char *sign = signbit(value) ? "-" : "";
        char digits[DIGITS_ENOUGH + 4];
        int exponent, len;

        if (plain)
                return plain;
        if (!isfinite(value))
                return put_special(out, value);
        if (value == 0)
                return (size_t)snprintf(out, NUM_TEXT_MAX, "%s0.0", sign);
        exponent = shortest_digits(fabs(value), digits);
        len = (int)strlen(digits);
        if (exponent < -4 || exponent > 15)
                return (size_t)snprintf(out, NUM_TEXT_MAX, "%s%c%s%se%d", sign, digits[0],
                                        len > 1 ? "." : "", digits + 1, exponent);
        if (exponent < 0)
                return (size_t)snprintf(out, NUM_TEXT_MAX, "%s0.%.*s%s", sign, -exponent - 1, "000",
                                        digits);
        if (exponent >= len - 1)
                return (size_t)snprintf(out, NUM_TEXT_MAX, "%s%s%.*s.0", sign, digits,
                                        exponent - len + 1, "000000000000000");
        return (size_t)snprintf(out, NUM_TEXT_MAX, "%s%.*s.%s", sign, exponent + 1, digits,
                                digits + exponent + 1);
}

/* Copies what printf made of a double, with '.' for whatever the locale has between the digits. */
static size_t copy_with_point(const char *text, char *out)
{
        size_t len = 0;

        for (const char *p = text; *p; p++) {
                if (is_digit(*p) || *p == '-')
                        out[len++] = *p;
                else if (len && out[len - 1] != '.')
                        out[len++] = '.';
        }
        out[len] = '\0';
        return len;
}

size_t msptk__num_put_fixed(char out[NUM_TEXT_MAX], double value, int32_t decimals)
{
        char text[80];
        size_t len;

        if (!isfinite(value))
                return put_special(out, value);
        if (fabs(value) >= 1e15)
                return msptk__num_put_double(out, value);
        decimals = decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
        snprintf(text, sizeof(text), "%.*f", (int)decimals, value);
        len = copy_with_point(text, out);
        if (out[0] == '-' && strspn(out + 1, "0.") == len - 1)
                memmove(out, out + 1, len--);
        return len;
}

/* ---- what people type and read ---- */

static const struct unit_row {
        const char *name;
        int64_t bytes;
} unit_rows[] = {
        { "", 1 },
        { "b", 1 },
        { "kb", INT64_C(1000) },
        { "mb", INT64_C(1000000) },
        { "gb", INT64_C(1000000000) },
        { "tb", INT64_C(1000000000000) },
        { "pb", INT64_C(1000000000000000) },
        { "eb", INT64_C(1000000000000000000) },
        { "kib", INT64_C(1) << 10 },
        { "mib", INT64_C(1) << 20 },
        { "gib", INT64_C(1) << 30 },
        { "tib", INT64_C(1) << 40 },
        { "pib", INT64_C(1) << 50 },
        { "eib", INT64_C(1) << 60 },
};

static bool same_unit(const char *text, const char *name)
{
        for (; *text && *name; text++, name++)
                if ((*text >= 'A' && *text <= 'Z' ? *text + ('a' - 'A') : *text) != *name)
                        return false;
        return !*text && !*name;
}

static int64_t unit_bytes(const char *text)
{
        for (size_t i = 0; i < ARRAY_LEN(unit_rows); i++)
                if (same_unit(text, unit_rows[i].name))
                        return unit_rows[i].bytes;
        return 0;
}

msptk_status msptk__num_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value,
                                  msptk_error **ret_err)
{
        int64_t value;

        if (!text || !msptk__num_int64(text, strlen(text), &value))
                return fail_why(ret_err, MSPTK_E_INVALID, "INVALID_NUMBER",
                                "write digits only, with '-' in front when negative",
                                "'%.80s' is not a whole number", text ? text : "");
        if (value < min || value > max)
                return fail_why(ret_err, MSPTK_E_INVALID, "OUT_OF_RANGE",
                                "choose a number within the bounds of the message",
                                "%" PRId64 " is not between %" PRId64 " and %" PRId64, value, min,
                                max);
        *ret_value = value;
        return MSPTK_OK;
}

static msptk_status check_range(const char *text, double value, double min, double max,
                                msptk_error **ret_err)
{
        char low[NUM_TEXT_MAX], high[NUM_TEXT_MAX];

        if (value >= min && value <= max)
                return MSPTK_OK;
        msptk__num_put_double(low, min);
        msptk__num_put_double(high, max);
        return fail_why(ret_err, MSPTK_E_INVALID, "OUT_OF_RANGE",
                        "choose a number within the bounds of the message",
                        "%.80s is not between %s and %s", text, low, high);
}

msptk_status msptk__num_parse_double(const char *text, double min, double max, double *ret_value,
                                     msptk_error **ret_err)
{
        double value;

        if (!text || !msptk__num_double(text, strlen(text), &value))
                return fail_why(ret_err, MSPTK_E_INVALID, "INVALID_NUMBER",
                                "write it like 85 or 12.5, with a point", "'%.80s' is not a number",
                                text ? text : "");
        TRY(check_range(text, value, min, max, ret_err));
        *ret_value = value;
        return MSPTK_OK;
}

msptk_status msptk__num_parse_percent(const char *text, double *ret_percent, msptk_error **ret_err)
{
        size_t len = text ? strlen(text) : 0;
        double value;

        if (len && text[len - 1] == '%')
                for (len--; len && text[len - 1] == ' '; len--)
                        ;
        if (!len || !msptk__num_double(text, len, &value))
                return fail_why(ret_err, MSPTK_E_INVALID, "INVALID_PERCENT",
                                "write it like 85, 12.5 or 85%", "'%.80s' is not a percentage",
                                text ? text : "");
        TRY(check_range(text, value, 0, 100, ret_err));
        *ret_percent = value;
        return MSPTK_OK;
}

/* whole.fraction units in bytes, rounded; exact, because 1 EiB has more digits than a double. */
static bool scale_bytes(uint64_t whole, const char *fraction, size_t fraction_len, int64_t unit,
                        int64_t *ret_bytes)
{
        uint64_t power = 1, part = 0, scale = (uint64_t)unit, bytes;

        for (size_t i = 0; i < fraction_len && i < 9; i++) {
                part = part * 10 + (uint64_t)(fraction[i] - '0');
                power *= 10;
        }
        if (__builtin_mul_overflow(whole, scale, &bytes))
                return false;
        part = scale / power * part + (scale % power * part + power / 2) / power;
        if (__builtin_add_overflow(bytes, part, &bytes) || bytes > INT64_MAX)
                return false;
        *ret_bytes = (int64_t)bytes;
        return true;
}

msptk_status msptk__num_parse_bytes(const char *text, int64_t *ret_bytes, msptk_error **ret_err)
{
        const char *given = text ? text : "", *p = given, *fraction = "";
        size_t whole_len, fraction_len = 0, spaces;
        bool point;
        int64_t unit;
        uint64_t whole;

        whole_len = strspn(p, "0123456789");
        p += whole_len;
        point = *p == '.';
        if (point) {
                fraction = p + 1;
                fraction_len = strspn(fraction, "0123456789");
                p = fraction + fraction_len;
        }
        spaces = strspn(p, " ");
        unit = unit_bytes(p + spaces);
        if (!whole_len || !unit || (point && !fraction_len) || (spaces && !p[spaces]))
                return fail_why(ret_err, MSPTK_E_INVALID, "INVALID_SIZE",
                                "write it like 512, 10MB (of 1000 x 1000) or 1.5 GiB (of 1024 x "
                                "1024 x 1024)",
                                "'%.80s' is not a number of bytes", given);
        if (!msptk__num_uint64(given, whole_len, &whole) ||
            !scale_bytes(whole, fraction, fraction_len, unit, ret_bytes))
                return fail_why(ret_err, MSPTK_E_INVALID, "OUT_OF_RANGE", "choose less than 8 EiB",
                                "'%.80s' is too many bytes", given);
        return MSPTK_OK;
}

size_t msptk__num_put_bytes(char out[NUM_TEXT_MAX], int64_t bytes)
{
        static const char *const names[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
        double value = fabs((double)bytes) / 1024;
        size_t i = 0, len;

        if (bytes > -1024 && bytes < 1024)
                return (size_t)snprintf(out, NUM_TEXT_MAX, "%d B", (int)bytes);
        for (; value >= 1023.95 && i + 1 < ARRAY_LEN(names); i++)
                value /= 1024;
        len = msptk__num_put_fixed(out, bytes < 0 ? -value : value, 1);
        return len + (size_t)snprintf(out + len, NUM_TEXT_MAX - len, " %s", names[i]);
}
