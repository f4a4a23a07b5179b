/* Floor 3. Settings: one table of keys, one immutable object of effective values that know where
 * they came from. The only header of this room that other rooms include. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/base.h"
#include "config/tree.h"

struct msptk_json;

/* ---- the table of all settings ---- */

enum {
        CONFIG_STRING = 1,
        CONFIG_INT,
        CONFIG_NUMBER,
        CONFIG_BOOL,
        CONFIG_ENUM,
        CONFIG_DURATION, /* kept in milliseconds */
        CONFIG_BYTES,
        CONFIG_PATH,
        CONFIG_LIST,   /* of strings, or of `values` when there are any */
        CONFIG_SECRET, /* a reference: env:NAME file:PATH vault:NAME exec:PROGRAM */
        CONFIG_MAP     /* free keys */
};

typedef struct config_key {
        const char *path; /* "rmm.timeout", "adapters[].name"; '*' stands for any one key */
        const char *default_value; /* as one would write it; NULL when there is none */
        const char *values;        /* enum: words, separated by spaces */
        const char *alias;         /* another full path for the same setting; NULL */
        const char *unit;          /* "seconds", "percent" ...; NULL */
        const char *about;
        const char *since;
        double min, max; /* bounds when max > min; durations in milliseconds */
        uint8_t type;
        bool acted_on; /* this version does something with it */
} config_key;

const config_key *msptk__config_keys(size_t *ret_count);
const char *msptk__config_type_name(int32_t type);

/* ---- opening ---- */

typedef struct config_option {
        const char *key;   /* "rmm.timeout" */
        const char *value; /* as in YAML: "30", "[a, b]" */
} config_option;

typedef struct config_open {
        const char *path; /* a file; NULL: see `text` and `search` */
        const char *text; /* YAML given directly; then `path` only names it and its directory */
        bool search;      /* look for a file in the usual places; not found is MSPTK_E_NOTFOUND */
        bool dotenv;      /* read .env beside the file */
        bool lenient;     /* keep problems as findings (for check) instead of failing */
        const char *const *env; /* "NAME=value" ..., NULL-terminated, borrowed during the call;
                                   NULL: the environment is not read */
        const char *cwd;        /* where relative paths of the search start; NULL: "." */
        const char *etc;        /* NULL: "/etc" */
        const config_option *options; /* set by code, strongest */
        size_t option_count;
} config_open;

typedef struct config config;

/* MSPTK_E_CONFIG (reason UNKNOWN_KEY, LITERAL_SECRET, BAD_VALUE ...) names file, line and column;
 * MSPTK_E_NOTFOUND (CONFIG_NOT_FOUND), MSPTK_E_PARSE, MSPTK_E_IO, MSPTK_E_TOOBIG, MSPTK_E_NOMEM. */
msptk_status msptk__config_open(const config_open *how, config **ret, msptk_error **ret_err);
void msptk__config_free(config *c);

/* ---- reading: immutable after open, from any thread, without locks ---- */

/* Keys are full paths or aliases. A key that is not in the table is a bug of the caller and answers
 * like an unset one. Getters with a default in the table never need `otherwise`. */
bool msptk__config_is_set(const config *c, const char *key); /* not merely a default */
const char *msptk__config_str(const config *c, const char *key, const char *otherwise);
int64_t msptk__config_int(const config *c, const char *key, int64_t otherwise);
bool msptk__config_bool(const config *c, const char *key, bool otherwise);
double msptk__config_double(const config *c, const char *key, double otherwise);
int64_t msptk__config_ms(const config *c, const char *key, int64_t otherwise); /* durations */
/* CONFIG_LIST: item i or NULL past the end. */
const char *msptk__config_item(const config *c, const char *key, size_t i);
/* CONFIG_PATH values come absolute or counted from msptk__config_dir() already. */
const char *msptk__config_dir(const config *c);  /* base of relative paths; never NULL */
const char *msptk__config_file(const config *c); /* NULL when opened without one */
/* `path` counted from the base directory; NULL when out of memory. */
char *msptk__config_resolve_path(const config *c, const char *path);
/* The names under "health_checks.thresholds.custom": the i-th or NULL. */
const char *msptk__config_custom_name(const config *c, size_t i);

/* The value of a variable that some `env:` reference of this configuration names, from the
 * environment or .env; NULL when it is unset or the opener did not ask to read them. */
const char *msptk__config_env(const config *c, const char *name);

typedef struct config_adapter {
        const char *name;
        const char *type;
        const char *origin;  /* "adapters[0]", "rmm", "backup.providers[1]" */
        const char *api_url; /* NULL when not given */
        const char *api_key; /* a reference ("env:RMM_API_KEY"); NULL when not given */
        int64_t timeout_ms;
        const char *const *clients; /* NULL-terminated; empty: every client */
        bool enabled;
        bool acted_on; /* false for sections that this version only accepts (backup) */
        /* All settings but name and type as a JSON object, the above included; `x_env: NAME` has
         * become `x: "env:NAME"`; relative paths are as written. Borrowed. */
        const struct msptk_json *settings;
        const char *file; /* of the entry, for messages; NULL when made by options */
        int32_t line;
} config_adapter;

/* Where a setting of an entry stands; false when it is in no file. */
bool msptk__config_adapter_place(const config *c, const config_adapter *a, const char *key,
                                 int32_t *ret_line, int32_t *ret_column);
size_t msptk__config_adapter_count(const config *c);
const config_adapter *msptk__config_adapter_at(const config *c, size_t i);
const config_adapter *msptk__config_adapter_find(const config *c, const char *name);

/* ---- views (JSON objects owned by the caller); secrets stay references ---- */

/* {key, value, unit, type, default, source{kind,file,line,column,name}, description, since,
 * acted_on}; MSPTK_E_NOTFOUND (UNKNOWN_KEY) names the nearest key. */
msptk_status msptk__config_explain(const config *c, const char *key, struct msptk_json **ret,
                                   msptk_error **ret_err);
/* {file, directory, settings: [{key, value, source}], adapters: [...]} */
msptk_status msptk__config_show(const config *c, struct msptk_json **ret, msptk_error **ret_err);
/* [{level, key, file, line, column, message, suggestion}]: every problem and every section that
 * this version does not act on. `adapter_types` NULL-terminated: those that are registered; NULL:
 * local, plugin, fake. Levels: error, warning, info. */
msptk_status msptk__config_check(const config *c, const char *const *adapter_types,
                                 struct msptk_json **ret, msptk_error **ret_err);
/* What `init` writes: every setting with its description, defaults commented out. */
msptk_status msptk__config_template(const char *company_name, const char *timezone, buf *out);

library_version msptk__config_library(void);

/* Whether a text is a secret reference, and whether a setting of this name holds a secret. */
bool msptk__config_is_reference(const char *text);
bool msptk__config_is_secret_name(const char *key);

DEFINE_AUTO_FREE(msptk__auto_config, config, msptk__config_free)
#define AUTO_CONFIG __attribute__((cleanup(msptk__auto_config)))

#endif
