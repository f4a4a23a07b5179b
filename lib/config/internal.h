/* What the files of this room share with each other only. */
#ifndef CONFIG_INTERNAL_H
#define CONFIG_INTERNAL_H

#include "config/config.h"

enum { KEY_WORD = 64, KEY_CHILDREN = 64, CONFIG_PATH_MAX = 1024, CONFIG_MAX_FINDINGS = 200 };

/* Rank of sources; the stronger wins. */
enum { FROM_FILE = 0, FROM_DOTENV = 1, FROM_ENV = 2, FROM_OPTION = 3 };

enum { LEVEL_ERROR = 1, LEVEL_WARNING = 2, LEVEL_INFO = 3 };

/* ---- keys.c ---- */
bool msptk__key_is_plain(const config_key *row);
const config_key *msptk__key_exact(const char *pattern);
const config_key *msptk__key_env_form(const char *pattern);
int32_t msptk__key_section(const char *pattern);
bool msptk__key_nearest(const char *section, const char *word, char ret[KEY_WORD]);
void msptk__key_list_children(const char *section, buf *out);
const char *msptk__key_nearest_path(const char *path);
const config_key *msptk__key_of_path(const char *path, bool *ret_nomem);

/* ---- dotenv.c ---- */
typedef struct dotenv_entry {
        char *name;
        char *value;
        int32_t line;
} dotenv_entry;

typedef struct dotenv {
        dotenv_entry *entries;
        size_t count, cap;
} dotenv;

/* Calls `problem` (with the line) for what it cannot read and goes on; a message never quotes a
 * value. Only MSPTK_E_NOMEM. */
msptk_status msptk__dotenv_read(const char *text, size_t len, dotenv *out,
                                msptk_status (*problem)(void *user, int32_t line,
                                                        const char *message),
                                void *user, msptk_error **ret_err);
void msptk__dotenv_clear(dotenv *d);
const dotenv_entry *msptk__dotenv_find(const dotenv *d, const char *name); /* the last one */

/* ---- the object ---- */
typedef struct setting {
        const config_key *row;
        char *path;            /* of a setting that is not one plain row; NULL otherwise */
        const tree_node *node; /* where it was set; NULL: the default */
        const char *text;      /* string, enum, path, secret; borrowed or == own */
        char *own;
        char **items; /* list; NULL-terminated, borrowed texts */
        double number;
        int64_t whole; /* int, bytes, milliseconds, bool */
        bool has;      /* a value is there at all */
} setting;

typedef struct finding {
        int32_t level;
        msptk_status status;
        const char *reason; /* static */
        char *key, *message, *suggestion;
        const char *file; /* borrowed from the config; NULL when not in a file */
        int32_t line, column;
} finding;

typedef struct env_value {
        char *name;
        char *value; /* NULL: not set */
} env_value;

struct config {
        char *file, *dir;
        char *dotenv_file;
        tree_node *root;
        setting *plain; /* parallel to the table; rows that are not plain stay unset */
        setting *more;
        size_t more_count, more_cap;
        config_adapter *adapters;
        size_t adapter_count, adapter_cap;
        char **strings; /* owned texts that others borrow */
        size_t string_count, string_cap;
        tree_source **sources;
        size_t source_count, source_cap;
        finding *findings;
        size_t finding_count, finding_cap, finding_dropped;
        char **custom_names;
        size_t custom_count, custom_cap;
        env_value *env;
        size_t env_count, env_cap;
        bool env_read; /* the opener gave an environment */
        /* only while it opens */
        const char *const *open_env;
        const dotenv *open_dotenv;
};

/* Makes room for one more element of an array. */
msptk_status msptk__config_grow(void **array, size_t *cap, size_t count, size_t size,
                                msptk_error **ret_err);
/* A text that lives as long as the config; NULL when out of memory. */
const char *msptk__config_keep(config *c, char *owned);

/* A finding at a node (NULL: at no place). Fails only when out of memory. */
msptk_status msptk__config_find(config *c, int32_t level, msptk_status status, const char *reason,
                                const tree_node *node, bool at_key, const char *key,
                                const char *suggestion, msptk_error **ret_err, const char *fmt, ...)
        __attribute__((format(printf, 10, 11)));

/* ---- value.c ---- */
/* Reads a node under a row. What is wrong becomes a finding and leaves `out` unset. */
msptk_status msptk__value_read(config *c, const config_key *row, const char *path,
                               const tree_node *node, bool env_form, setting *out,
                               msptk_error **ret_err);
msptk_status msptk__value_default(config *c, const config_key *row, setting *out,
                                  msptk_error **ret_err);
void msptk__value_clear(setting *v);
int64_t msptk__unit_ms(const config_key *row);
/* Follows `env:NAME` so that the value is there after open. */
msptk_status msptk__config_note_reference(config *c, const char *reference, msptk_error **ret_err);
const setting *msptk__config_value(const config *c, const char *key);

/* ---- secrets.c ---- */
bool msptk__looks_like_secret(const char *text);
bool msptk__env_name_valid(const char *name);
/* Refuses a literal with advice; never quotes it. */
msptk_status msptk__config_refuse_literal(config *c, const tree_node *node, const char *path,
                                          msptk_error **ret_err);

/* ---- overrides.c ---- */
msptk_status msptk__config_overrides(config *c, const config_open *how, const dotenv *d,
                                     msptk_error **ret_err);

/* ---- walk.c ---- */
msptk_status msptk__config_walk(config *c, msptk_error **ret_err);

/* ---- adapters.c ---- */
msptk_status msptk__config_adapters(config *c, msptk_error **ret_err);
/* A node of free settings as JSON. With `c` literal secrets become findings, references are
 * remembered; without, nothing is. A literal is never written: null stands in its place. */
msptk_status msptk__free_write(config *c, const tree_node *node, const char *path, const char *name,
                               json_writer *w, msptk_error **ret_err);
/* The tree of what was written; the writer's failures become errors here. */
msptk_status msptk__written(json_writer *w, const char *what, msptk_json **ret,
                            msptk_error **ret_err);
void msptk__setting_write(const setting *v, json_writer *w);

/* ---- rules.c ---- */
/* What no single setting can say: thresholds in order, required and unique names. */
msptk_status msptk__config_rules(config *c, msptk_error **ret_err);

#endif
