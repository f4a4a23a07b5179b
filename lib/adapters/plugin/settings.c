/* The settings of the plugin adapter, and the macros of its commands. */
#include "plugin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_DIRECTORY "/usr/lib/nagios/plugins"

static msptk_status __attribute__((format(printf, 2, 3)))
wrong(msptk_error **ret_err, const char *fmt, ...)
{
        char message[PLUGIN_MESSAGE_CAP];
        va_list ap;

        va_start(ap, fmt);
        vsnprintf(message, sizeof(message), fmt, ap);
        va_end(ap);
        return msptk_error_set(ret_err, MSPTK_E_CONFIG, "plugin", message);
}

/* An array of strings without empty ones; NULL when the key is not there. */
static msptk_status read_strings(const msptk_json *check, const char *name, const char *key,
                                 const msptk_json **ret, msptk_error **ret_err)
{
        const msptk_json *list = msptk_json_get(check, key);

        if (list && msptk_json_type(list) != MSPTK_JSON_ARRAY)
                return wrong(ret_err, "'%s' of check '%s' must be a list of texts", key, name);
        for (const msptk_json *e = list ? msptk_json_first(list) : NULL; e; e = msptk_json_next(e))
                if (msptk_json_type(e) != MSPTK_JSON_STRING)
                        return wrong(ret_err, "'%s' of check '%s' holds something that is no text",
                                     key, name);
        *ret = list;
        return MSPTK_OK;
}

static bool is_macro(const char *text, size_t len)
{
        static const char *const known[] = { "", "HOST", "HOSTADDRESS", "DEVICE", "CLIENT" };

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                if (strlen(known[i]) == len && !memcmp(known[i], text, len))
                        return true;
        return false;
}

static msptk_status check_macros(const char *name, const char *text, msptk_error **ret_err)
{
        const char *open = strchr(text, '$');

        while (open) {
                const char *close = strchr(open + 1, '$');
                size_t len = close ? (size_t)(close - open - 1) : 0;

                if (!close)
                        return wrong(ret_err,
                                     "'%s' in the command of check '%s' holds a '$' that "
                                     "is no macro; write '$$' for one",
                                     text, name);
                if (!is_macro(open + 1, len))
                        return wrong(ret_err,
                                     "'$%.*s$' in the command of check '%s' is no macro; "
                                     "there are $HOST$, $DEVICE$, $CLIENT$ and $$",
                                     (int)len, open + 1, name);
                open = strchr(close + 1, '$');
        }
        return MSPTK_OK;
}

static msptk_status read_command(const plugin *self, plugin_check *c, const msptk_json *check,
                                 msptk_error **ret_err)
{
        char path[4096];
        msptk_status st = read_strings(check, c->name, "command", &c->command, ret_err);

        if (st < 0)
                return st;
        if (!c->command || !msptk_json_count(c->command))
                return wrong(ret_err, "check '%s' has no command", c->name);
        if (msptk_json_count(c->command) > PLUGIN_ARGS_MAX)
                return wrong(ret_err, "the command of check '%s' has more than %d elements",
                             c->name, (int)PLUGIN_ARGS_MAX);
        c->program = msptk_json_string(msptk_json_first(c->command), "");
        if (!*c->program || (strchr(c->program, '/') && *c->program != '/') ||
            !msptk__plugin_path(self, c, path, sizeof(path)))
                return wrong(ret_err,
                             "the program '%s' of check '%s' must be an absolute path, or "
                             "a file name within '%s'",
                             c->program, c->name, self->directory);
        for (const msptk_json *e = msptk_json_next(msptk_json_first(c->command)); e;
             e = msptk_json_next(e)) {
                st = check_macros(c->name, msptk_json_string(e, ""), ret_err);
                if (st < 0)
                        return st;
        }
        return MSPTK_OK;
}

static msptk_status refuse_unknown(const msptk_json *check, const char *name, msptk_error **ret_err)
{
        static const char *const known[] = { "name", "command", "timeout", "devices", "clients" };

        for (const msptk_json *e = msptk_json_first(check); e; e = msptk_json_next(e)) {
                bool found = false;

                for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                        found |= !strcmp(msptk_json_key(e), known[i]);
                if (!found)
                        return wrong(ret_err,
                                     "check '%s' has an unknown key '%s'; known are name, "
                                     "command, timeout, devices, clients",
                                     name, msptk_json_key(e));
        }
        return MSPTK_OK;
}

static bool is_slug(const char *name)
{
        size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.");

        return len && len < PLUGIN_NAME_CAP && !name[len];
}

/* A number is seconds; a text is one number with its unit, as the configuration hands it on. */
static double read_seconds(const msptk_json *v)
{
        static const struct {
                const char *unit;
                double seconds;
        } units[] = { { "ms", 0.001 }, { "s", 1 }, { "m", 60 }, { "h", 3600 } };
        const char *text = msptk_json_string(v, NULL), *unit = text;
        double number = 0;

        if (!text)
                return msptk_json_double(v, -1);
        while (*unit >= '0' && *unit <= '9' && number < 1e9)
                number = number * 10 + (*unit++ - '0');
        for (size_t i = 0; unit > text && i < sizeof(units) / sizeof(units[0]); i++)
                if (!strcmp(unit, units[i].unit))
                        return number * units[i].seconds;
        return -1;
}

static msptk_status read_timeout(const msptk_json *from, const char *whose, int64_t otherwise_ms,
                                 int64_t *ret_ms, msptk_error **ret_err)
{
        const msptk_json *timeout = msptk_json_get(from, "timeout");
        double s = read_seconds(timeout);

        if (timeout && !(s > 0 && s <= 3600))
                return wrong(ret_err, "'timeout' of %s must be seconds, above 0 and at most 3600",
                             whose);
        *ret_ms = timeout ? (int64_t)(s * 1000) : otherwise_ms;
        if (*ret_ms < 1)
                *ret_ms = 1;
        return MSPTK_OK;
}

static msptk_status read_check(const plugin *self, plugin_check *c, const msptk_json *check,
                               int64_t timeout_ms, msptk_error **ret_err)
{
        msptk_status st;

        c->name = msptk_json_string(msptk_json_get(check, "name"), "");
        if (!is_slug(c->name))
                return wrong(ret_err,
                             "the name '%s' of a check must be made of a-z, 0-9, '-', '_' "
                             "and '.'",
                             c->name);
        for (const plugin_check *before = self->checks; before < c; before++)
                if (!strcmp(before->name, c->name))
                        return wrong(ret_err, "two checks are called '%s'", c->name);
        st = refuse_unknown(check, c->name, ret_err);
        if (!st)
                st = read_command(self, c, check, ret_err);
        if (!st)
                st = read_strings(check, c->name, "devices", &c->devices, ret_err);
        if (!st)
                st = read_strings(check, c->name, "clients", &c->clients, ret_err);
        if (!st)
                st = read_timeout(check, c->name, timeout_ms, &c->timeout_ms, ret_err);
        return st;
}

msptk_status msptk__plugin_read_settings(plugin *self, const msptk_json *settings,
                                         msptk_error **ret_err)
{
        const msptk_json *checks = msptk_json_get(settings, "checks");
        size_t count = checks ? msptk_json_count(checks) : 0;
        int64_t timeout_ms;
        msptk_status st;

        self->directory =
                msptk_json_string(msptk_json_get(settings, "directory"), DEFAULT_DIRECTORY);
        if (*self->directory != '/')
                return wrong(ret_err, "'directory' must be an absolute path, not '%s'",
                             self->directory);
        if (!count || msptk_json_type(checks) != MSPTK_JSON_ARRAY)
                return wrong(ret_err, "'checks' must be a list of at least one check");
        if (count > PLUGIN_CHECKS_MAX)
                return wrong(ret_err, "there are more than %d checks", (int)PLUGIN_CHECKS_MAX);
        st = read_timeout(settings, "the adapter", PLUGIN_TIMEOUT_S * 1000, &timeout_ms, ret_err);
        if (st < 0)
                return st;
        self->checks = self->host->alloc(self->host, count * sizeof(*self->checks));
        if (!self->checks)
                return msptk_error_set(ret_err, MSPTK_E_NOMEM, "plugin", "out of memory");
        for (const msptk_json *e = msptk_json_first(checks); e; e = msptk_json_next(e)) {
                st = read_check(self, &self->checks[self->count], e, timeout_ms, ret_err);
                if (st < 0)
                        return st;
                self->count++;
        }
        return MSPTK_OK;
}

bool msptk__plugin_path(const plugin *self, const plugin_check *check, char *out, size_t cap)
{
        int len = *check->program == '/'
                          ? snprintf(out, cap, "%s", check->program)
                          : snprintf(out, cap, "%s/%s", self->directory, check->program);

        return len > 0 && (size_t)len < cap;
}

/* ---- macros ---- */

static const char *macro_value(const char *name, size_t len, const plugin_target *t)
{
        if (!len)
                return "$";
        if (name[0] == 'H')
                return t->address;
        return name[0] == 'D' ? t->vendor_id : t->client_id;
}

/* Writes what `element` becomes; with out NULL only measures. Returns the length, SIZE_MAX when a
 * value is not known. */
static size_t expand_into(const char *element, const plugin_target *t, char *out)
{
        size_t at = 0;

        while (*element) {
                const char *value = element, *close;
                size_t len = strcspn(element, "$");

                if (!len) { /* a macro: settings were checked, so it ends */
                        close = strchr(element + 1, '$');
                        if (!close)
                                return SIZE_MAX;
                        value = macro_value(element + 1, (size_t)(close - element - 1), t);
                        if (!value)
                                return SIZE_MAX;
                        len = strlen(value);
                        element = close + 1;
                } else {
                        element += len;
                }
                if (out)
                        memcpy(out + at, value, len);
                at += len;
        }
        if (out)
                out[at] = '\0';
        return at;
}

msptk_status msptk__plugin_expand(const msptk_host *host, const char *element,
                                  const plugin_target *target, char **ret, char *why, size_t cap)
{
        size_t len = expand_into(element, target, NULL);
        char *text;

        if (len == SIZE_MAX) {
                snprintf(why, cap, "no address is known for device '%s'", target->vendor_id);
                return MSPTK_E_NOTFOUND;
        }
        text = host->alloc(host, len + 1);
        if (!text) {
                snprintf(why, cap, "out of memory");
                return MSPTK_E_NOMEM;
        }
        expand_into(element, target, text);
        if (*element == '$' && *text == '-') { /* a device called "--help" is not an option */
                snprintf(why, cap, "'%s' becomes '%s', which the program would take for an option",
                         element, text);
                host->free(host, text);
                return MSPTK_E_INVALID;
        }
        *ret = text;
        return MSPTK_OK;
}
