/* The adapter for programs that follow the Nagios plugin convention: exit status 0 to 3, a line of
 * text, values. One instance holds a list of checks; each runs for each device it is meant for. */
#ifndef PLUGIN_PLUGIN_H
#define PLUGIN_PLUGIN_H

#include <msptk/sdk/adapter.h>

#include "parse.h"

enum {
        PLUGIN_CHECKS_MAX = 1024,
        PLUGIN_ARGS_MAX = 256,
        PLUGIN_TIMEOUT_S = 30,
        PLUGIN_MESSAGE_CAP = 512,
        PLUGIN_MORE_CAP = 4096,
        PLUGIN_NAME_CAP = 64,
};

/* One configured check. Texts are borrowed from the settings. */
typedef struct plugin_check {
        const char *name;
        const char *program;       /* as configured: absolute, or a name within `directory` */
        const msptk_json *command; /* array of strings */
        const msptk_json *devices; /* arrays of strings; NULL means every one */
        const msptk_json *clients;
        int64_t timeout_ms;
} plugin_check;

typedef struct plugin {
        const msptk_host *host;
        const char *directory;
        plugin_check *checks;
        size_t count;
} plugin;

/* settings.c */
msptk_status msptk__plugin_read_settings(plugin *self, const msptk_json *settings,
                                         msptk_error **ret_err);
/* The program's path; false when it does not fit. */
bool msptk__plugin_path(const plugin *self, const plugin_check *check, char *out, size_t cap);

/* What a device and a client look like to a command. */
typedef struct plugin_target {
        const char *vendor_id;
        const char *address; /* NULL when unknown */
        const char *client_id;
} plugin_target;

/* One element of a command with its macros replaced: $HOST$ or $HOSTADDRESS$, $DEVICE$, $CLIENT$,
 * $$. The text is made by host->alloc. E_NOTFOUND: no address is known; E_INVALID: the value would
 * be taken for an option; what is wrong stands in `why`. */
msptk_status msptk__plugin_expand(const msptk_host *host, const char *element,
                                  const plugin_target *target, char **ret, char *why, size_t cap);

/* rows.c */
/* Emits what one ended program says. The status is of the emitting. */
msptk_status msptk__plugin_emit(const plugin *self, const msptk_request *req,
                                const plugin_check *check, const char *vendor_id,
                                const msptk_program_result *result, msptk_error **ret_err);
/* Emits that the check could not be made, and why. */
msptk_status msptk__plugin_emit_unknown(const plugin *self, const msptk_request *req,
                                        const plugin_check *check, const char *vendor_id,
                                        const char *why, msptk_error **ret_err);

extern const msptk_adapter_ops msptk__plugin_adapter;

#endif
