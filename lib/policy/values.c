/* Reading threshold values as people give them: a map of names to values, flat or nested. */
#define ROOM "policy"
#include "policy/internal.h"

#include <math.h>
#include <string.h>

enum { NESTING_MAX = 3, PATH_CAP = 480 };

static msptk_status bad_value(const address *at, const char *what, msptk_error **ret_err)
{
        return fail_why(ret_err, MSPTK_E_INVALID, "BAD_VALUE", NULL, "'%s' of %s%s%s must be %s",
                        msptk__policy_key_name(at->key), at->check, at->metric[0] ? "." : "",
                        at->metric, what);
}

static bool read_number(const msptk_json *value, double *ret)
{
        const char *text = msptk_json_string(value, NULL);
        size_t len = text ? strlen(text) : 0;

        if (!text) {
                *ret = msptk_json_double(value, NAN);
                return isfinite(*ret);
        }
        if (len && text[len - 1] == '%')
                len--;
        return msptk__num_double(text, len, ret) && isfinite(*ret);
}

static bool is_none(const msptk_json *value)
{
        return msptk_json_type(value) == MSPTK_JSON_NULL ||
               !strcmp(msptk_json_string(value, ""), "none");
}

static msptk_status read_bool(const address *at, const msptk_json *value, double *ret,
                              msptk_error **ret_err)
{
        const char *text = msptk_json_string(value, "");

        if (msptk_json_type(value) == MSPTK_JSON_BOOL)
                *ret = msptk_json_bool(value, 0);
        else if (!strcmp(text, "true") || !strcmp(text, "yes"))
                *ret = 1;
        else if (!strcmp(text, "false") || !strcmp(text, "no"))
                *ret = 0;
        else
                return bad_value(at, "true or false", ret_err);
        return MSPTK_OK;
}

static msptk_status read_duration(const address *at, const msptk_json *value, double *ret,
                                  msptk_error **ret_err)
{
        const char *text = msptk_json_string(value, NULL);
        int64_t ms = -1;
        double seconds;

        if (text && msptk__duration_parse(text, MS_PER_S, &ms, NULL) == MSPTK_OK)
                seconds = (double)ms / (double)MS_PER_S;
        else if (!read_number(value, &seconds))
                seconds = -1;
        if (!(seconds >= 0 && seconds <= 7 * 86400))
                return bad_value(at, "a duration of at most 7 days (\"5m\")", ret_err);
        *ret = seconds * (double)MS_PER_S;
        return MSPTK_OK;
}

msptk_status msptk__value_parse(const address *at, const msptk_json *value, double *ret,
                                msptk_error **ret_err)
{
        const metric_info *m = msptk__metric_find(at->check, at->metric[0] ? at->metric : NULL);
        double number;

        if (at->key == KEY_LOWER || at->key == KEY_ENABLED)
                return read_bool(at, value, ret, ret_err);
        if (at->key == KEY_SUSTAINED)
                return read_duration(at, value, ret, ret_err);
        if (at->key != KEY_HYSTERESIS && is_none(value)) {
                *ret = NAN;
                return MSPTK_OK;
        }
        if (!read_number(value, &number))
                return bad_value(at,
                                 at->key == KEY_HYSTERESIS ? "a number" : "a number or \"none\"",
                                 ret_err);
        if (m && m->percent && !(number >= 0 && number <= 100))
                return bad_value(at, "from 0 to 100 percent", ret_err);
        if ((m || at->key == KEY_HYSTERESIS) && number < 0)
                return bad_value(at, "at least 0", ret_err);
        *ret = number;
        return MSPTK_OK;
}

static msptk_status read_one(const ctx *c, const char *path, const msptk_json *value,
                             const rule *like, rules *out, msptk_error **ret_err)
{
        address at;
        rule r = *like, *old;

        TRY(msptk__address_parse(c, path, &at, ret_err));
        TRY(msptk__value_parse(&at, value, &r.value, ret_err));
        r.check = at.check;
        r.metric = at.metric;
        r.key = at.key;
        old = msptk__rules_find(out, &r);
        if (!old)
                return msptk__rules_add(out, &r, ret_err);
        if (old->value != r.value && !(isnan(old->value) && isnan(r.value)))
                return fail_why(ret_err, MSPTK_E_INVALID, "BAD_VALUE", "give it once",
                                "'%s' of %s%s%s is given twice, with different values",
                                msptk__policy_key_name(at.key), at.check, at.metric[0] ? "." : "",
                                at.metric);
        return MSPTK_OK;
}

static msptk_status read_level(const ctx *c, const msptk_json *map, const char *prefix,
                               int32_t depth, const rule *like, rules *out, msptk_error **ret_err)
{
        for (const msptk_json *v = msptk_json_first(map); v; v = msptk_json_next(v)) {
                AUTO_BUF buf path = BUF_INIT(PATH_CAP);

                (void)msptk__buf_addf(&path, "%s%s%s", prefix, *prefix ? "." : "",
                                      msptk_json_key(v));
                TRY(msptk__buf_status(&path, ROOM, "the name of a threshold", ret_err));
                if (msptk_json_type(v) != MSPTK_JSON_OBJECT)
                        TRY(read_one(c, msptk__buf_text(&path), v, like, out, ret_err));
                else if (depth >= NESTING_MAX)
                        return fail(ret_err, MSPTK_E_INVALID,
                                    "thresholds are nested too deeply at '%.128s'",
                                    msptk__buf_text(&path));
                else
                        TRY(read_level(c, v, msptk__buf_text(&path), depth + 1, like, out,
                                       ret_err));
        }
        return MSPTK_OK;
}

msptk_status msptk__values_read(const ctx *c, const msptk_json *map, const rule *like, rules *out,
                                msptk_error **ret_err)
{
        if (!map)
                return MSPTK_OK;
        if (msptk_json_type(map) != MSPTK_JSON_OBJECT)
                return fail(ret_err, MSPTK_E_INVALID, "thresholds must be given as a map");
        /* "thresholds" around it all, as in the configuration file */
        if (msptk_json_count(map) == 1 &&
            msptk_json_type(msptk_json_get(map, "thresholds")) == MSPTK_JSON_OBJECT)
                map = msptk_json_get(map, "thresholds");
        return read_level(c, map, "", 0, like, out, ret_err);
}

msptk_status msptk__values_check_order(const rules *r, msptk_error **ret_err)
{
        for (size_t i = 0; i < r->count; i++) {
                rule like = r->items[i];
                const rule *critical, *lower;
                double sign = 1;

                if (like.key != KEY_WARNING)
                        continue;
                like.key = KEY_CRITICAL;
                critical = msptk__rules_find(r, &like);
                like.key = KEY_LOWER;
                lower = msptk__rules_find(r, &like);
                if (lower && lower->value != 0)
                        sign = -1;
                if (critical && sign * r->items[i].value > sign * critical->value)
                        return fail_why(ret_err, MSPTK_E_INVALID, "BAD_VALUE",
                                        sign > 0 ? "make the warning the lower of the two, or set "
                                                   "lower_is_worse"
                                                 : "make the warning the higher of the two",
                                        "the warning of %s%s%s is beyond its critical threshold",
                                        like.check, like.metric[0] ? "." : "", like.metric);
        }
        return MSPTK_OK;
}
