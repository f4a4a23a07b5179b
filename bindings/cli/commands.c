/* The commands, as the operation table has them: two words ("client add") or one ("morning"). */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* What the door itself can do, in the shape of the table, so that help, completion and man page
 * have it like everything else. */
static const char door_rows[] =
        "[{\"name\":\"completion\",\"since\":\"0.1\",\"title\":\"Complete commands in a shel"
        "l\",\"summary\":\"print the completion script of a shell\",\"description\":\"Pri"
        "nts a script that completes commands, flags, values and ids. For bash: s"
        "ource <(msp-toolkit completion bash); for zsh: put the output into a fil"
        "e _msp-toolkit of a directory in $fpath; for fish: msp-toolkit completio"
        "n fish | source.\",\"cli\":\"completion\",\"doors\":[\"cli\"],\"effect\":\"read\",\"pl"
        "an\":\"none\",\"params\":[{\"name\":\"shell\",\"type\":\"enum\",\"required\":true,\"desc"
        "ription\":\"the shell to complete in\",\"cli\":\"SHELL\",\"values\":[\"bash\",\"zsh\""
        ",\"fish\"]}],\"result\":{\"kind\":\"text\"},\"examples\":[{\"cli\":\"completion bash\""
        ",\"about\":\"the script for bash\"}]},{\"name\":\"mcp\",\"since\":\"0.1\",\"title\":\"S"
        "erve AI agents\",\"summary\":\"serve the Model Context Protocol to AI agents"
        "\",\"description\":\"Serves the Model Context Protocol over standard input a"
        "nd output, as MCP hosts start it, or over HTTP. It only reads unless --e"
        "nable-writes is given; then every change is planned, confirmed by the pe"
        "rson at the host, and carried out once.\",\"cli\":\"mcp\",\"doors\":[\"cli\"],\"ef"
        "fect\":\"read\",\"plan\":\"none\",\"params\":[{\"name\":\"enable_writes\",\"type\":\"boo"
        "l\",\"required\":false,\"description\":\"also offer the tools that change some"
        "thing; each asks for confirmation\"},{\"name\":\"http\",\"type\":\"string\",\"requ"
        "ired\":false,\"description\":\"serve HTTP at this address and port instead ("
        "127.0.0.1:8765; port 0 chooses one)\"},{\"name\":\"require_"
        "token\",\"type\":\"bool\",\"required\":false,\"description\":\"HTTP: answer only r"
        "equests with a bearer token of 'token create'; always so beyond loopback"
        "\"},{\"name\":\"allow_origin\",\"type\":\"list\",\"required\":false,\"description\":\""
        "HTTP: web origins that may send requests, beside those of this machine\"}"
        ",{\"name\":\"allow_host\",\"type\":\"list\",\"required\":false,\"description\":\"HTTP"
        ": names by which this server may be addressed, beside localhost\"},{\"name"
        "\":\"log_level\",\"type\":\"enum\",\"required\":false,\"default\":\"info\",\"descripti"
        "on\":\"what goes to standard error, as JSON lines\",\"values\":[\"debug\",\"info"
        "\",\"warning\",\"error\"]},"
        "{\"name\":\"reads_per_minute\",\"type\":\"int\",\"required\":false,\"default\":120,"
        "\"description\":\"how often each principal may read; 0: no limit\",\"min\":0,\"max\":99999"
        "9},{\"name\":\"writes_per_minute\",\"type\":\"int\",\"required\":false,\"default\":1"
        "0,\"description\":\"how often each principal may change something; 0: no limit\",\"min\":"
        "0,\"max\":999999},"
        "{\"name\":\"print_config\",\"type\":\"bool\",\"required\":fa"
        "lse,\"description\":\"print what to put into the configuration of the usual"
        " hosts, and end\"},{\"name\":\"host\",\"type\":\"enum\",\"required\":false,\"descrip"
        "tion\":\"with --print-config: only for this host\",\"values\":[\"claude-deskto"
        "p\",\"claude-code\",\"cursor\",\"windsurf\",\"gemini-cli\",\"vscode\",\"zed\",\"codex\""
        "]},{\"name\":\"print_manifest\",\"type\":\"bool\",\"required\":false,\"description\""
        ":\"print the list of tools as hosts get it, to pin it by its hash, and en"
        "d\"}],\"result\":{\"kind\":\"text\"},\"examples\":[{\"cli\":\"mcp --print-config --h"
        "ost claude-desktop\",\"about\":\"what Claude Desktop wants to know\"},{\"cli\":"
        "\"mcp --print-manifest\",\"about\":\"the tools, for a hash\"}]},{\"name\":\"mcp_d"
        "octor\",\"since\":\"0.1\",\"title\":\"Check the MCP server\",\"summary\":\"check whe"
        "ther AI hosts can use this server\",\"description\":\"Reads the configuratio"
        "n, talks to the server in both eras of the protocol, lists its tools, ma"
        "kes a sample call, and prints what to put into the configuration of the "
        "usual hosts.\",\"cli\":\"mcp doctor\",\"doors\":[\"cli\"],\"effect\":\"read\",\"plan\":"
        "\"none\",\"params\":[],\"result\":{\"kind\":\"text\"},\"examples\":[{\"cli\":\"mcp doct"
        "or\",\"about\":\"is everything there\"}]}]";

const msptk_json *op_first(const cli *c)
{
        return msptk_json_first(msptk_json_get(c->table, "operations"));
}

const char *op_text(const msptk_json *row, const char *key)
{
        return msptk_json_string(msptk_json_get(row, key), "");
}

const msptk_json *op_param_first(const msptk_json *row)
{
        return msptk_json_first(msptk_json_get(row, "params"));
}

static bool has_word(const msptk_json *list, const char *word)
{
        for (const msptk_json *i = msptk_json_first(list); i; i = msptk_json_next(i))
                if (!strcmp(msptk_json_string(i, ""), word))
                        return true;
        return false;
}

bool op_in_cli(const msptk_json *row)
{
        return *op_text(row, "cli") && has_word(msptk_json_get(row, "doors"), "cli");
}

const msptk_json *op_by_name(const cli *c, const char *name)
{
        for (const msptk_json *row = op_first(c); row; row = msptk_json_next(row))
                if (!strcmp(op_text(row, "name"), name))
                        return row;
        return NULL;
}

const char *op_verb(const msptk_json *row, char noun[64])
{
        const char *command = op_text(row, "cli");
        size_t n = strcspn(command, " ");

        if (n > 63)
                n = 63;
        memcpy(noun, command, n);
        noun[n] = '\0';
        return command[n] ? command + n + 1 : "";
}

bool noun_exists(const cli *c, const char *noun)
{
        char word[64];

        for (const msptk_json *row = op_first(c); row; row = msptk_json_next(row))
                if (op_in_cli(row) && *op_verb(row, word) && !strcmp(word, noun))
                        return true;
        return false;
}

bool op_noun_before(const cli *c, const msptk_json *row, const char *noun)
{
        char word[64];

        for (const msptk_json *i = op_first(c); i && i != row; i = msptk_json_next(i))
                if (op_in_cli(i) && *op_verb(i, word) && !strcmp(word, noun))
                        return true;
        return false;
}

const msptk_json *op_of_words(const cli *c, const char *first, const char *second, size_t *ret_used)
{
        const msptk_json *one = NULL;

        for (const msptk_json *row = op_first(c); row; row = msptk_json_next(row)) {
                char noun[64];
                const char *verb = op_verb(row, noun);

                if (!op_in_cli(row) || strcmp(noun, first) != 0)
                        continue;
                if (!*verb)
                        one = row;
                if (*verb && second && !strcmp(verb, second)) {
                        *ret_used = 2;
                        return row;
                }
        }
        if (one)
                *ret_used = 1;
        return one;
}

enum { WORDS_MAX = 256 };

/* With a noun that exists, the nearest of its verbs; otherwise the nearest noun or command. */
const char *command_suggestion(const cli *c, const char *first, const char *second)
{
        const char *words[WORDS_MAX];
        static char held[WORDS_MAX][64]; /* the answer outlives the call; there is one */
        bool verbs = second && noun_exists(c, first);
        size_t n = 0;

        for (const msptk_json *row = op_first(c); row && n < WORDS_MAX;
             row = msptk_json_next(row)) {
                const char *verb = op_verb(row, held[n]);

                if (!op_in_cli(row) || (verbs && strcmp(held[n], first) != 0))
                        continue;
                words[n] = verbs ? verb : held[n];
                n++;
        }
        return nearest_word(verbs ? second : first, words, n);
}

void add_door_commands(cli *c)
{
        msptk_json *rows = NULL, *all = msptk_json_get(c->table, "operations");

        if (msptk_json_parse(door_rows, sizeof(door_rows) - 1, &rows, NULL) < 0)
                return;
        for (const msptk_json *row = msptk_json_first(rows); row; row = msptk_json_next(row))
                if (!op_by_name(c, op_text(row, "name")))
                        msptk_json_append(all, need(msptk_json_copy(row)));
        msptk_json_free(rows);
}

bool param_hidden(const msptk_json *param)
{
        return has_word(msptk_json_get(param, "hidden"), "cli");
}

bool param_is(const msptk_json *param, const char *type)
{
        return !strcmp(op_text(param, "type"), type);
}

/* The nth part of "CLIENT|--client". */
static size_t cli_part(const msptk_json *param, size_t nth, const char **ret)
{
        const char *at = op_text(param, "cli");

        while (nth-- && *at) {
                at += strcspn(at, "|");
                at += *at == '|';
        }
        *ret = at;
        return strcspn(at, "|");
}

void param_positional(const msptk_json *param, char word[64])
{
        const char *part;
        size_t n;

        word[0] = '\0';
        for (size_t i = 0; (n = cli_part(param, i, &part)) > 0; i++) {
                if (part[0] == '-' || n > 63)
                        continue;
                memcpy(word, part, n);
                word[n] = '\0';
                return;
        }
}

static void flag_of_name(const msptk_json *param, char flag[96])
{
        const char *name = op_text(param, "name");
        size_t n = strlen(name);

        if (n > 90)
                n = 90;
        flag[0] = flag[1] = '-';
        for (size_t i = 0; i < n; i++)
                flag[i + 2] = name[i] == '_' ? '-' : name[i];
        flag[n + 2] = '\0';
}

static bool own_flag(const msptk_json *param, char flag[96])
{
        const char *part;
        size_t n;

        for (size_t i = 0; (n = cli_part(param, i, &part)) > 0; i++) {
                if (part[0] != '-' || n > 95)
                        continue;
                memcpy(flag, part, n);
                flag[n] = '\0';
                return true;
        }
        return false;
}

void param_flag(const msptk_json *param, char flag[96])
{
        if (!own_flag(param, flag))
                flag_of_name(param, flag);
}

bool param_has_flag(const msptk_json *param)
{
        char flag[96];

        return !*op_text(param, "cli") || own_flag(param, flag);
}

/* Its own flag, and always the one made from its name. */
bool param_answers(const msptk_json *param, const char *flag)
{
        char own[96], named[96];

        param_flag(param, own);
        flag_of_name(param, named);
        return !strcmp(flag, own) || !strcmp(flag, named);
}
