/* Settings of a fake world: separate keys, or all in one address, fake://NAME?key=value&... */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"

typedef struct fake_key {
        const char *name;
        size_t offset;
        bool fraction; /* a double, else an int64_t */
        double least;
        double most;
} fake_key;

static const fake_key keys[] = {
        { "clients", offsetof(fake, clients), false, 0, 100000 },
        { "devices", offsetof(fake, devices), false, 0, FAKE_MAX_DEVICES },
        { "seed", offsetof(fake, seed), false, 0, 9007199254740991.0 },
        { "latency_ms", offsetof(fake, latency_ms), false, 0, 600000 },
        { "slot_s", offsetof(fake, slot_s), false, 1, 86400 },
        { "deploy_calls", offsetof(fake, deploy_calls), false, 1, 1000 },
        { "fail", offsetof(fake, fail), true, 0, 1 },
        { "silent", offsetof(fake, silent), true, 0, 1 },
        { "missing", offsetof(fake, missing), true, 0, 1 },
        { "problems", offsetof(fake, problems), true, 0, 1 },
        { "flap", offsetof(fake, flap), true, 0, 1 },
        { "drift", offsetof(fake, drift), true, 0, 50 },
};

static const struct {
        const char *name;
        msptk_status status;
} failures[] = {
        { "mixed", MSPTK_OK },    { "unavailable", MSPTK_E_UNAVAILABLE }, { "auth", MSPTK_E_AUTH },
        { "rate", MSPTK_E_RATE }, { "timeout", MSPTK_E_TIMEOUT },
};

static const char *const states[] = { "ok", "warning", "critical", "unknown" };

msptk_status msptk__fake_fail(msptk_error **ret_err, msptk_status status, const char *fmt, ...)
{
        char message[FAKE_MESSAGE_CAP];
        va_list args;

        va_start(args, fmt);
        vsnprintf(message, sizeof(message), fmt, args);
        va_end(args);
        return msptk_error_set(ret_err, status, "fake", message);
}

static msptk_status set_number(fake *self, const char *name, size_t len, double value,
                               msptk_error **ret_err)
{
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                const fake_key *k = &keys[i];
                char *slot = (char *)self + k->offset;

                if (strlen(k->name) != len || memcmp(k->name, name, len) != 0)
                        continue;
                if (!(value >= k->least && value <= k->most) ||
                    (!k->fraction && value != (double)(int64_t)value))
                        return msptk__fake_fail(ret_err, MSPTK_E_CONFIG,
                                                "setting '%s' must be %s between %lld and %lld",
                                                k->name,
                                                k->fraction ? "a number" : "a whole number",
                                                (long long)k->least, (long long)k->most);
                if (k->fraction)
                        *(double *)(void *)slot = value;
                else
                        *(int64_t *)(void *)slot = (int64_t)value;
                return MSPTK_OK;
        }
        return msptk__fake_fail(ret_err, MSPTK_E_CONFIG, "unknown setting '%.*s' of a fake world",
                                (int)(len < 100 ? len : 100), name);
}

static bool read_failure(const char *name, size_t len, msptk_status *ret)
{
        for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
                if (strlen(failures[i].name) == len && memcmp(failures[i].name, name, len) == 0) {
                        *ret = failures[i].status;
                        return true;
                }
        }
        return false;
}

/* "200" or "0.02" */
static bool read_decimal(const char *text, size_t len, double *ret)
{
        double value = 0, scale = 1;
        bool point = false;
        size_t digits = 0;

        for (size_t i = 0; i < len; i++) {
                if (text[i] == '.' && !point) {
                        point = true;
                        continue;
                }
                if (text[i] < '0' || text[i] > '9' || ++digits > 17)
                        return false;
                value = value * 10 + (text[i] - '0');
                scale *= point ? 10 : 1;
        }
        *ret = value / scale;
        return digits > 0;
}

static msptk_status read_pair(fake *self, const char *pair, size_t len, msptk_error **ret_err)
{
        const char *equals = memchr(pair, '=', len);
        size_t key_len = equals ? (size_t)(equals - pair) : len;
        const char *value = equals ? equals + 1 : pair + len;
        size_t value_len = (size_t)(pair + len - value);
        double number;

        if (key_len == 7 && memcmp(pair, "fail_as", 7) == 0) {
                if (read_failure(value, value_len, &self->fail_as))
                        return MSPTK_OK;
        } else if (read_decimal(value, value_len, &number)) {
                return set_number(self, pair, key_len, number, ret_err);
        }
        return msptk__fake_fail(ret_err, MSPTK_E_CONFIG,
                                "the part '%.*s' of the address of a fake world is not understood",
                                (int)(len < 100 ? len : 100), pair);
}

static msptk_status read_url(fake *self, const char *url, msptk_error **ret_err)
{
        const char *at;

        if (strncmp(url, "fake://", 7) != 0)
                return msptk__fake_fail(ret_err, MSPTK_E_CONFIG,
                                        "the address of a fake world begins with fake://, not "
                                        "'%.100s'",
                                        url);
        at = strchr(url, '?');
        while (at && *++at) {
                size_t len = strcspn(at, "&");
                msptk_status st = len ? read_pair(self, at, len, ret_err) : MSPTK_OK;

                if (st < 0)
                        return st;
                at = at[len] ? at + len : NULL;
        }
        return MSPTK_OK;
}

static msptk_status read_state(const msptk_json *value, fake_rule *r)
{
        const char *name = msptk_json_string(value, "");

        for (int32_t i = 0; i < 4; i++) {
                if (strcmp(name, states[i]) == 0) {
                        r->state = i;
                        return MSPTK_OK;
                }
        }
        return MSPTK_E_CONFIG;
}

static msptk_status read_rule_key(const msptk_json *value, fake_rule *r)
{
        const char *key = msptk_json_key(value), *text = msptk_json_string(value, NULL);
        const struct {
                const char *name;
                const char **slot;
        } texts[] = { { "device", &r->device },
                      { "check", &r->check },
                      { "instance", &r->instance },
                      { "metric", &r->metric },
                      { "message", &r->message } };

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                if (strcmp(key, texts[i].name) == 0) {
                        if (!text)
                                return MSPTK_E_CONFIG;
                        *texts[i].slot = strcmp(text, "*") == 0 ? NULL : text;
                        return MSPTK_OK;
                }
        }
        if (strcmp(key, "value") == 0) {
                r->value = msptk_json_double(value, NAN);
                return isnan(r->value) ? MSPTK_E_CONFIG : MSPTK_OK;
        }
        if (strcmp(key, "state") == 0)
                return read_state(value, r);
        if (strcmp(key, "presence") == 0) {
                r->down = text && strcmp(text, "down") == 0;
                return r->down ? MSPTK_OK : MSPTK_E_CONFIG;
        }
        if (strcmp(key, "fail") == 0)
                return text && read_failure(text, strlen(text), &r->fail) && r->fail
                               ? MSPTK_OK
                               : MSPTK_E_CONFIG;
        if (strcmp(key, "from") == 0 || strcmp(key, "until") == 0) {
                int64_t at = msptk_json_int(value, INT64_MIN);

                *(key[0] == 'f' ? &r->from : &r->until) = at;
                return at == INT64_MIN ? MSPTK_E_CONFIG : MSPTK_OK;
        }
        return MSPTK_E_CONFIG;
}

static msptk_status read_rule(const msptk_json *entry, fake_rule *r, msptk_error **ret_err)
{
        enum { NO_STATE = -2 };

        *r = (fake_rule){ .value = NAN, .state = NO_STATE, .from = INT64_MIN, .until = INT64_MAX };
        for (const msptk_json *v = msptk_json_first(entry); v; v = msptk_json_next(v)) {
                if (read_rule_key(v, r) < 0)
                        return msptk__fake_fail(ret_err, MSPTK_E_CONFIG,
                                                "an entry of 'script' has a wrong '%.100s'",
                                                msptk_json_key(v) ? msptk_json_key(v) : "");
        }
        if (r->state == NO_STATE && isnan(r->value) && !r->fail && !r->down)
                return msptk__fake_fail(ret_err, MSPTK_E_CONFIG,
                                        "an entry of 'script' gives neither value, state, presence "
                                        "nor fail");
        if (r->state == NO_STATE)
                r->state = MSPTK_STATE_JUDGE;
        return MSPTK_OK;
}

static msptk_status read_script(fake *self, const msptk_json *list, msptk_error **ret_err)
{
        size_t count = msptk_json_count(list), i = 0;

        if (msptk_json_type(list) != MSPTK_JSON_ARRAY || count > FAKE_MAX_RULES)
                return msptk__fake_fail(ret_err, MSPTK_E_CONFIG,
                                        "'script' must be a list of at most %d entries",
                                        FAKE_MAX_RULES);
        self->rules = self->host->alloc(self->host, (count + 1) * sizeof(*self->rules));
        if (!self->rules)
                return msptk__fake_fail(ret_err, MSPTK_E_NOMEM, "out of memory");
        self->rule_count = count;
        for (const msptk_json *e = msptk_json_first(list); e; e = msptk_json_next(e)) {
                msptk_status st = read_rule(e, &self->rules[i++], ret_err);

                if (st < 0)
                        return st;
        }
        return MSPTK_OK;
}

/* Settings of every instance, which the host acts on; addresses were read first. Which of its
 * clients use an instance is a list or map there; a number is the size of our world. */
static bool is_of_host(const msptk_json *value)
{
        static const char *const names[] = { "url",     "name",    "type",    "provider",
                                             "api_url", "api_key", "timeout", "enabled" };
        const char *key = msptk_json_key(value);

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                if (strcmp(key, names[i]) == 0)
                        return true;
        }
        return strcmp(key, "clients") == 0 && (msptk_json_type(value) == MSPTK_JSON_ARRAY ||
                                               msptk_json_type(value) == MSPTK_JSON_OBJECT);
}

static msptk_status read_setting(fake *self, const msptk_json *value, msptk_error **ret_err)
{
        const char *key = msptk_json_key(value), *text = msptk_json_string(value, "");

        if (is_of_host(value))
                return MSPTK_OK;
        if (strcmp(key, "script") == 0)
                return read_script(self, value, ret_err);
        if (strcmp(key, "fail_as") == 0) {
                if (read_failure(text, strlen(text), &self->fail_as))
                        return MSPTK_OK;
                return msptk__fake_fail(ret_err, MSPTK_E_CONFIG,
                                        "setting 'fail_as' must be mixed, unavailable, auth, rate "
                                        "or timeout");
        }
        return set_number(self, key, strlen(key), msptk_json_double(value, NAN), ret_err);
}

msptk_status msptk__fake_read_settings(fake *self, const msptk_json *settings,
                                       msptk_error **ret_err)
{
        const msptk_json *url = msptk_json_get(settings, "url");
        msptk_status st = MSPTK_OK;

        self->devices = 5;
        self->seed = 1;
        self->slot_s = 300;
        self->deploy_calls = 3;
        self->problems = 0.05;
        self->drift = 5;
        if (!url) /* the short form, rmm: {provider: fake, api_url: "fake://..."} */
                url = msptk_json_get(settings, "api_url");
        if (url)
                st = read_url(self, msptk_json_string(url, ""), ret_err);
        /* What is said separately wins over the address. */
        for (const msptk_json *v = msptk_json_first(settings); v && st >= 0; v = msptk_json_next(v))
                st = read_setting(self, v, ret_err);
        return st;
}
