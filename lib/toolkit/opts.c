/* The options of a toolkit. */
#define ROOM "toolkit"
#include "toolkit/internal.h"

#include <string.h>

#define KNOWN_FLAGS \
        (MSPTK_OPEN_READ_ENVIRONMENT | MSPTK_OPEN_SEARCH_CONFIG | MSPTK_OPEN_READ_ONLY | \
         MSPTK_OPEN_LAZY | MSPTK_OPEN_DISPATCH_THREAD | MSPTK_OPEN_NO_CHANGES)

enum { SETTING_MAX = 65536 };

msptk_toolkit_opts *msptk_toolkit_opts_new(void)
{
        return msptk__alloc(sizeof(msptk_toolkit_opts));
}

void msptk__toolkit_opts_clear(msptk_toolkit_opts *opts)
{
        msptk__free(opts->config_path);
        msptk__free(opts->principal);
        for (size_t i = 0; i < opts->option_count; i++) {
                msptk__free((char *)opts->options[i].key);
                msptk__free((char *)opts->options[i].value);
        }
        memset(opts, 0, sizeof(*opts));
}

void msptk_toolkit_opts_free(msptk_toolkit_opts *opts)
{
        if (!opts)
                return;
        msptk__toolkit_opts_clear(opts);
        msptk__free(opts);
}

static msptk_status usable_text(const char *text, const char *what, msptk_error **ret_err)
{
        if (!text || !*text)
                return fail(ret_err, MSPTK_E_INVALID, "%s is missing", what);
        if (strlen(text) > SETTING_MAX || !msptk__utf8_valid(text, strlen(text)))
                return fail(ret_err, MSPTK_E_INVALID, "%s is not UTF-8 of at most %d bytes", what,
                            SETTING_MAX);
        return MSPTK_OK;
}

msptk_status msptk_toolkit_opts_set_config_path(msptk_toolkit_opts *opts, const char *path,
                                                msptk_error **ret_err)
{
        if (!opts)
                return fail(ret_err, MSPTK_E_INVALID, "set the config path: no options");
        TRY(usable_text(path, "the config path", ret_err));
        return msptk__replace(&opts->config_path, path) < 0 ? msptk__nomem(ret_err) : MSPTK_OK;
}

static msptk_status add_option(msptk_toolkit_opts *opts, const char *key, const char *value,
                               msptk_error **ret_err)
{
        AUTO_FREE char *k = msptk__strdup(key), *v = msptk__strdup(value);

        if (!k || !v)
                return msptk__nomem(ret_err);
        if (opts->option_count == OPTIONS_MAX)
                return fail(ret_err, MSPTK_E_TOOBIG, "more than %d options", OPTIONS_MAX);
        opts->options[opts->option_count].key = STEAL(k);
        opts->options[opts->option_count++].value = STEAL(v);
        return MSPTK_OK;
}

msptk_status msptk_toolkit_opts_set(msptk_toolkit_opts *opts, const char *key, const char *value,
                                    msptk_error **ret_err)
{
        if (!opts)
                return fail(ret_err, MSPTK_E_INVALID, "set an option: no options");
        TRY(usable_text(key, "the option's key", ret_err));
        TRY(usable_text(value, "the option's value", ret_err));
        if (!strcmp(key, "principal"))
                return msptk__replace(&opts->principal, value) < 0 ? msptk__nomem(ret_err)
                                                                   : MSPTK_OK;
        return add_option(opts, key, value, ret_err);
}

msptk_status msptk_toolkit_opts_set_flags(msptk_toolkit_opts *opts, uint64_t flags,
                                          msptk_error **ret_err)
{
        if (!opts)
                return fail(ret_err, MSPTK_E_INVALID, "set flags: no options");
        if (flags & ~KNOWN_FLAGS)
                return fail(ret_err, MSPTK_E_INVALID, "unknown flags 0x%llx",
                            (unsigned long long)(flags & ~KNOWN_FLAGS));
        opts->flags = flags;
        return MSPTK_OK;
}

void msptk_toolkit_opts_set_clock(msptk_toolkit_opts *opts, int64_t (*clock)(void *user),
                                  void *user)
{
        if (!opts)
                return;
        opts->clock = clock;
        opts->clock_user = user;
}

void msptk_toolkit_opts_set_log(msptk_toolkit_opts *opts,
                                void (*log)(void *user, int32_t level, const char *room,
                                            const char *message),
                                void *user)
{
        if (!opts)
                return;
        opts->log = log;
        opts->log_user = user;
}

msptk_status msptk__toolkit_opts_copy(const msptk_toolkit_opts *from, msptk_toolkit_opts *to,
                                      msptk_error **ret_err)
{
        memset(to, 0, sizeof(*to));
        if (!from)
                return MSPTK_OK;
        to->flags = from->flags;
        to->clock = from->clock;
        to->clock_user = from->clock_user;
        to->log = from->log;
        to->log_user = from->log_user;
        if (msptk__replace(&to->config_path, from->config_path) < 0 ||
            msptk__replace(&to->principal, from->principal) < 0)
                return msptk__nomem(ret_err);
        for (size_t i = 0; i < from->option_count; i++)
                TRY(add_option(to, from->options[i].key, from->options[i].value, ret_err));
        return MSPTK_OK;
}
