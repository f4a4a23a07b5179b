/* Reading settings: immutable after open, so without locks. */
#define ROOM "config"
#include "config/internal.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

static int by_path(const void *key, const void *item)
{
        return strcmp(key, ((const setting *)item)->path);
}

const setting *msptk__config_value(const config *c, const char *key)
{
        size_t n;
        const config_key *row = msptk__key_exact(key);

        if (!row)
                row = msptk__key_env_form(key);
        if (row && msptk__key_is_plain(row))
                return &c->plain[row - msptk__config_keys(&n)];
        return c->more_count ? bsearch(key, c->more, c->more_count, sizeof(*c->more), by_path)
                             : NULL;
}

static const setting *present(const config *c, const char *key)
{
        const setting *v = msptk__config_value(c, key);

        return v && v->has ? v : NULL;
}

bool msptk__config_is_set(const config *c, const char *key)
{
        const setting *v = present(c, key);

        return v && v->node;
}

const char *msptk__config_str(const config *c, const char *key, const char *otherwise)
{
        const setting *v = present(c, key);

        return v && v->text ? v->text : otherwise;
}

int64_t msptk__config_int(const config *c, const char *key, int64_t otherwise)
{
        const setting *v = present(c, key);

        if (v && (v->row->type == CONFIG_INT || v->row->type == CONFIG_BYTES))
                return v->whole;
        return otherwise;
}

bool msptk__config_bool(const config *c, const char *key, bool otherwise)
{
        const setting *v = present(c, key);

        return v && v->row->type == CONFIG_BOOL ? v->whole != 0 : otherwise;
}

double msptk__config_double(const config *c, const char *key, double otherwise)
{
        const setting *v = present(c, key);

        return v && (v->row->type == CONFIG_NUMBER || v->row->type == CONFIG_INT) ? v->number
                                                                                  : otherwise;
}

int64_t msptk__config_ms(const config *c, const char *key, int64_t otherwise)
{
        const setting *v = present(c, key);

        return v && v->row->type == CONFIG_DURATION ? v->whole : otherwise;
}

const char *msptk__config_item(const config *c, const char *key, size_t i)
{
        const setting *v = present(c, key);

        if (!v || !v->items)
                return NULL;
        for (size_t k = 0; k < i; k++)
                if (!v->items[k])
                        return NULL;
        return v->items[i];
}

const char *msptk__config_dir(const config *c)
{
        return c->dir;
}

const char *msptk__config_file(const config *c)
{
        return c->file;
}

char *msptk__config_resolve_path(const config *c, const char *path)
{
        return msptk__path_absolute(c->dir, path);
}

const char *msptk__config_custom_name(const config *c, size_t i)
{
        return i < c->custom_count ? c->custom_names[i] : NULL;
}

const char *msptk__config_env(const config *c, const char *name)
{
        for (size_t i = 0; i < c->env_count; i++)
                if (strcmp(c->env[i].name, name) == 0)
                        return c->env[i].value;
        return NULL;
}

bool msptk__config_adapter_place(const config *c, const config_adapter *a, const char *key,
                                 int32_t *ret_line, int32_t *ret_column)
{
        char path[2 * CONFIG_PATH_MAX]; /* a lookup must not fail for want of memory */
        const setting *v;

        (void)snprintf(path, sizeof(path), "%s.%s", a->origin, key);
        v = msptk__config_value(c, path);
        if (!v || !v->node || v->node->source)
                return false;
        *ret_line = v->node->key_line;
        *ret_column = v->node->key_column;
        return true;
}

size_t msptk__config_adapter_count(const config *c)
{
        return c->adapter_count;
}

const config_adapter *msptk__config_adapter_at(const config *c, size_t i)
{
        return i < c->adapter_count ? &c->adapters[i] : NULL;
}

const config_adapter *msptk__config_adapter_find(const config *c, const char *name)
{
        for (size_t i = 0; i < c->adapter_count; i++)
                if (strcmp(c->adapters[i].name, name) == 0)
                        return &c->adapters[i];
        return NULL;
}
