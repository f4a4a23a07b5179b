/* The commented file that `init` writes, made from the table. */
#define ROOM "config"
#include "config/internal.h"

#include <string.h>

/* What a fresh workspace begins with; everything else stays at its default, commented out. */
static const char *const active[][2] = { { "general.company_name", NULL },
                                         { "general.timezone", NULL },
                                         { "database.path", "data/msp-toolkit.db" },
                                         { "vault.key_file", "data/vault.key" } };

static void add_quoted(buf *out, const char *text)
{
        (void)msptk__buf_add_char(out, '"');
        for (; *text; text++) {
                unsigned char ch = (unsigned char)*text;

                if (ch == '"' || ch == '\\')
                        (void)msptk__buf_add_char(out, '\\');
                if (ch < 0x20 || ch == 0x7F)
                        (void)msptk__buf_addf(out, "\\x%02x", ch);
                else
                        (void)msptk__buf_add_char(out, *text);
        }
        (void)msptk__buf_add_char(out, '"');
}

static void add_indent(buf *out, size_t depth)
{
        for (size_t i = 0; i < depth; i++)
                (void)msptk__buf_add_str(out, "  ");
}

static bool same_parent(const char *a, const char *b, size_t len)
{
        return strlen(a) >= len && strncmp(a, b, len) == 0;
}

/* Headers of the sections that `path` opens and `before` did not. Returns the depth. Sections
 * without an active setting are commented out too, so that uncommenting a line uncomments few. */
static size_t open_sections(buf *out, const char *path, const char *before)
{
        size_t depth = 0;

        for (const char *dot = strchr(path, '.'); dot; dot = strchr(dot + 1, '.'), depth++) {
                size_t len = (size_t)(dot - path) + 1;
                const char *word = dot;

                if (same_parent(before, path, len))
                        continue;
                while (word > path && word[-1] != '.')
                        word--;
                if (!depth)
                        (void)msptk__buf_add_char(out, '\n');
                add_indent(out, depth);
                (void)msptk__buf_addf(out, "%.*s:\n", (int)(dot - word), word);
        }
        return depth;
}

static const char *active_value(const char *path, const char *company, const char *zone_name)
{
        if (strcmp(path, "general.company_name") == 0)
                return company;
        if (strcmp(path, "general.timezone") == 0)
                return zone_name;
        for (size_t i = 0; i < ARRAY_LEN(active); i++)
                if (strcmp(path, active[i][0]) == 0)
                        return active[i][1];
        return NULL;
}

static void add_setting(buf *out, const config_key *row, size_t depth, const char *value)
{
        const char *name = strrchr(row->path, '.') + 1;

        add_indent(out, depth);
        (void)msptk__buf_addf(out, "# %s", row->about);
        if (row->unit)
                (void)msptk__buf_addf(out, " [%s]", row->unit);
        if (row->values) {
                const char *sep = " One of: ";

                for (const char *p = row->values; *p; p += strspn(p, " ")) {
                        size_t word = strcspn(p, " ");

                        if (!memchr(p, '=', word)) {
                                (void)msptk__buf_addf(out, "%s%.*s", sep, (int)word, p);
                                sep = ", ";
                        }
                        p += word;
                }
                (void)msptk__buf_add_char(out, '.');
        }
        (void)msptk__buf_add_char(out, '\n');
        add_indent(out, depth);
        (void)msptk__buf_addf(out, "%s%s: ", value ? "" : "# ", name);
        if (value)
                add_quoted(out, value);
        else if (row->type == CONFIG_SECRET)
                (void)msptk__buf_add_str(out, "env:NAME");
        else if (row->type == CONFIG_LIST && !row->default_value)
                (void)msptk__buf_add_str(out, "[]");
        else if (row->default_value)
                (void)msptk__buf_add_str(out, row->default_value);
        (void)msptk__buf_add_char(out, '\n');
}

static const char examples[] =
        "\n"
        "# Where devices and their measurements come from; one entry per instance.\n"
        "adapters:\n"
        "  # This machine.\n"
        "  - name: local\n"
        "    type: local\n"
        "\n"
        "  # Programs that follow the Nagios plugin convention.\n"
        "  # - name: plugins\n"
        "  #   type: plugin\n"
        "  #   checks:\n"
        "  #     - name: load\n"
        "  #       command: [/usr/lib/nagios/plugins/check_load, -w, \"5,4,3\", -c, \"10,8,6\"]\n"
        "\n"
        "  # A world to try things on.\n"
        "  # - name: demo\n"
        "  #   type: fake\n"
        "  #   url: fake://default\n"
        "\n"
        "# Secrets are never written here: use vault:NAME (after 'msp-toolkit secret set NAME'),\n"
        "# env:NAME, file:PATH or exec:PROGRAM.\n";

msptk_status msptk__config_template(const char *company_name, const char *timezone, buf *out)
{
        size_t n;
        const config_key *rows = msptk__config_keys(&n);
        const char *before = "";

        (void)msptk__buf_add_str(
                out,
                "# Settings of msp-toolkit. What is commented out is the default.\n"
                "# 'msp-toolkit config check' checks this file, 'config explain KEY' says what "
                "a\n# setting is and where it came from.\n");
        for (size_t i = 0; i < n; i++) {
                const config_key *row = &rows[i];
                size_t depth;

                if (!msptk__key_is_plain(row) || !row->acted_on ||
                    strncmp(row->path, "rmm.", 4) == 0)
                        continue;
                depth = open_sections(out, row->path, before);
                add_setting(out, row, depth, active_value(row->path, company_name, timezone));
                before = row->path;
        }
        (void)msptk__buf_add_str(out, examples);
        return out->failed;
}
