/* How the usual hosts of MCP servers are told about this one: what to put where. */
#include "mcp_command.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STYLE_MCP_SERVERS, STYLE_VSCODE, STYLE_ZED, STYLE_TOML, STYLE_COMMAND };

static const struct host {
        const char *name, *title, *where;
        int style;
} hosts[] = {
        { "claude-desktop", "Claude Desktop",
          "claude_desktop_config.json (Settings, Developer, Edit Config); restart it afterwards",
          STYLE_MCP_SERVERS },
        { "cursor", "Cursor", "~/.cursor/mcp.json, or .cursor/mcp.json of a project",
          STYLE_MCP_SERVERS },
        { "windsurf", "Windsurf", "~/.codeium/windsurf/mcp_config.json", STYLE_MCP_SERVERS },
        { "gemini-cli", "Gemini CLI", "~/.gemini/settings.json", STYLE_MCP_SERVERS },
        { "claude-code", "Claude Code", "run this command", STYLE_COMMAND },
        { "vscode", "Visual Studio Code", ".vscode/mcp.json", STYLE_VSCODE },
        { "zed", "Zed", "settings.json", STYLE_ZED },
        { "codex", "Codex", "~/.codex/config.toml", STYLE_TOML },
};
enum { HOSTS = sizeof(hosts) / sizeof(hosts[0]) };

/* Where this program lies; its bare name when that cannot be told. */
static char *program_path(void)
{
        char path[PATH_MAX + 1];
        ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

        if (n <= 0)
                return copy_text(PROGRAM);
        path[n] = '\0';
        return copy_text(path);
}

/* The configuration that this invocation uses, as an absolute path: a host starts the server in a
 * directory of its own. NULL: there is none. */
static char *config_path(cli *c)
{
        msptk_json *none = need(msptk_json_new_object());
        msptk_result *r = NULL;
        const char *file;
        char *path = NULL;

        if (open_toolkit(c, MSPTK_OPEN_READ_ONLY, NULL, NULL) == MSPTK_OK &&
            call_row(c, op_by_name(c, "config_check"), none, false, NULL, &r, NULL) == MSPTK_OK) {
                file = op_text(msptk_result_json(r), "file");
                path = *file ? realpath(file, NULL) : NULL;
        }
        msptk_result_free(r);
        msptk_json_free(none);
        close_toolkit(c);
        return path;
}

static msptk_json *arguments(bool writes)
{
        msptk_json *list = need(msptk_json_new_array());

        msptk_json_append_string(list, "mcp");
        if (writes)
                msptk_json_append_string(list, "--enable-writes");
        return list;
}

/* What goes into every snippet. */
typedef struct about {
        char *program, *config; /* config NULL: none */
        bool writes;
} about;

/* {"command": ..., "args": [...], "env": {...}} */
static msptk_json *entry(const about *a, int style)
{
        msptk_json *o = need(msptk_json_new_object());

        if (style == STYLE_VSCODE)
                msptk_json_set_string(o, "type", "stdio");
        msptk_json_set_string(o, "command", a->program);
        msptk_json_set(o, "args", arguments(a->writes));
        if (a->config) {
                msptk_json *env = need(msptk_json_new_object());

                msptk_json_set_string(env, "MSP_CONFIG", a->config);
                msptk_json_set(o, "env", env);
        }
        return o;
}

static void add_json(text *t, const about *a, const struct host *h)
{
        msptk_json *doc = need(msptk_json_new_object()), *servers = need(msptk_json_new_object());
        char *printed = NULL;

        msptk_json_set(servers, PROGRAM, entry(a, h->style));
        msptk_json_set(doc,
                       h->style == STYLE_VSCODE ? "servers"
                       : h->style == STYLE_ZED  ? "context_servers"
                                                : "mcpServers",
                       servers);
        if (msptk_json_print(doc, MSPTK_JSON_PRETTY, &printed, NULL) < 0)
                need(NULL);
        text_add(t, printed);
        text_add(t, "\n");
        msptk_string_free(printed);
        msptk_json_free(doc);
}

/* 'it'\''s', so that a shell takes it as one word. */
static void add_quoted(text *t, const char *s)
{
        if (*s && s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "_-./=+:,@%")] == '\0') {
                text_add(t, s);
                return;
        }
        text_add(t, "'");
        for (; *s; s++)
                if (*s == '\'')
                        text_add(t, "'\\''");
                else
                        text_addn(t, s, 1);
        text_add(t, "'");
}

static void add_command(text *t, const about *a)
{
        text_add(t, "claude mcp add " PROGRAM);
        if (a->config) {
                text setting = { 0 };

                text_addf(&setting, "MSP_CONFIG=%s", a->config);
                text_add(t, " --env ");
                add_quoted(t, text_str(&setting));
                text_free(&setting);
        }
        text_add(t, " -- ");
        add_quoted(t, a->program);
        text_add(t, a->writes ? " mcp --enable-writes\n" : " mcp\n");
}

/* A TOML basic string is written as a JSON string is. */
static void add_toml_string(text *t, const char *s)
{
        msptk_json *list = need(msptk_json_new_array());
        char *printed = NULL;

        if (msptk_json_append_string(list, s) < 0 || msptk_json_print(list, 0, &printed, NULL) < 0)
                need(NULL);
        text_addn(t, printed + 1, strlen(printed) - 2);
        msptk_string_free(printed);
        msptk_json_free(list);
}

static void add_toml(text *t, const about *a)
{
        text_add(t, "[mcp_servers." PROGRAM "]\ncommand = ");
        add_toml_string(t, a->program);
        text_addf(t, "\nargs = [\"mcp\"%s]\n", a->writes ? ", \"--enable-writes\"" : "");
        if (a->config) {
                text_add(t, "env = { MSP_CONFIG = ");
                add_toml_string(t, a->config);
                text_add(t, " }\n");
        }
}

static void add_snippet(text *t, const about *a, const struct host *h)
{
        if (h->style == STYLE_COMMAND)
                add_command(t, a);
        else if (h->style == STYLE_TOML)
                add_toml(t, a);
        else
                add_json(t, a, h);
}

/* Hosts that want the same snippet stand above it together. */
static void add_all(text *t, const about *a)
{
        for (size_t i = 0; i < HOSTS; i++) {
                text_addf(t, "# %s: %s\n", hosts[i].title, hosts[i].where);
                if (i + 1 < HOSTS && hosts[i + 1].style == hosts[i].style)
                        continue;
                add_snippet(t, a, &hosts[i]);
                text_add(t, i + 1 < HOSTS ? "\n" : "");
        }
}

void mcp_add_snippets(text *t, cli *c, bool writes, const char *host)
{
        about a = { program_path(), config_path(c), writes };
        size_t i = 0;

        while (i < HOSTS && strcmp(hosts[i].name, host) != 0)
                i++;
        if (i < HOSTS)
                add_snippet(t, &a, &hosts[i]);
        else
                add_all(t, &a);
        free(a.program);
        free(a.config);
}
