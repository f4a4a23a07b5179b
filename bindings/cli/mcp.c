/* "msp-toolkit mcp": serves the Model Context Protocol over standard input and output, or over
 * HTTP. */
#include "mcp_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mcp/lines.h"
#ifdef HAVE_HTTP
#        include "http/http.h"
#endif

/* Per principal; those of an agent that runs away, not those of a busy technician. */
enum { READS_PER_MINUTE = 120, WRITES_PER_MINUTE = 10, CLOSE_MS = 900 };
enum { LIST_TTL_MS = 300000, RESOURCE_TTL_MS = 15000, COALESCE_MS = 1000 };

static const char *const levels[] = { "debug", "info", "warning", "error" };

/* ---- what the program says of itself, as JSON lines on standard error ---- */

static void add_moment(text *t)
{
        int64_t now = now_us();
        time_t second = (time_t)(now / 1000000);
        struct tm utc;

        gmtime_r(&second, &utc);
        text_addf(t, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                  utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, (int)(now % 1000000));
}

static void log_json(const cli *c, int32_t level, const char *room, const char *message)
{
        msptk_json *line;
        char *printed = NULL;
        text t = { 0 }, clean = { 0 };

        if (level < 0 || level > 3 || level < c->log_level)
                return;
        line = need(msptk_json_new_object());
        add_clean(&clean, message, true);
        add_moment(&t);
        msptk_json_set_string(line, "ts", text_str(&t));
        msptk_json_set_string(line, "level", levels[level]);
        msptk_json_set_string(line, "room", room);
        msptk_json_set_string(line, "message", text_str(&clean));
        if (msptk_json_print(line, 0, &printed, NULL) == MSPTK_OK) {
                text_reset(&t);
                text_addf(&t, "%s\n", printed);
                note_line(t.data, t.len);
        }
        msptk_string_free(printed);
        msptk_json_free(line);
        text_free(&t);
        text_free(&clean);
}

static void log_of_library(void *user, int32_t level, const char *room, const char *message)
{
        log_json(user, level, room, message);
}

static void log_of_door(void *user, int32_t level, const char *message)
{
        log_json(user, level, "mcp", message);
}

const char *mcp_environment_warning(void)
{
        const char *set = getenv("MSP_CREDENTIALS");

        return set && *set ? "MSP_CREDENTIALS is not read: put each credential into the vault with "
                             "'" PROGRAM " secret set NAME' and refer to it as vault:NAME in the "
                             "configuration"
                           : NULL;
}

/* ---- making ---- */

typedef struct opener {
        cli *c;
        bool writes;
} opener;

/* The third of three layers that keep a server that only reads from writing: the handle itself. */
static msptk_status open_for_tools(void *user, msptk_toolkit **ret_tk, msptk_error **ret_err)
{
        const opener *o = user;
        msptk_status st =
                open_toolkit(o->c, o->writes ? 0 : MSPTK_OPEN_NO_CHANGES, log_of_library, ret_err);

        if (st == MSPTK_OK) {
                *ret_tk = o->c->tk;
                o->c->tk = NULL;
        }
        return st;
}

msptk_status mcp_make(cli *c, bool writes, const mcp_rates *rates, mcp_tools **ret_tools,
                      mcp_server **ret_server, msptk_error **ret_err)
{
        static opener open; /* lives as long as the tools: one server per program */
        mcp_tools_opts to = {
                .open = open_for_tools, .user = &open, .operations = c->table, .writes = writes
        };
        mcp_server_opts so = { .name = PROGRAM,
                               .title = "MSP Toolkit",
                               .version = MSPTK_VERSION,
                               .list_ttl_ms = LIST_TTL_MS,
                               .resource_ttl_ms = RESOURCE_TTL_MS,
                               .log = log_of_door,
                               .user = c };

        open = (opener){ .c = c, .writes = writes };
        *ret_tools = mcp_tools_new(&to, ret_err);
        if (!*ret_tools)
                return MSPTK_E_INTERNAL;
        so.catalogue = mcp_tools_catalogue(*ret_tools);
        so.instructions = mcp_tools_instructions(*ret_tools);
        so.limits.reads_per_minute = rates ? rates->reads : READS_PER_MINUTE;
        so.limits.writes_per_minute = rates ? rates->writes : WRITES_PER_MINUTE;
        so.limits.coalesce_ms = COALESCE_MS;
        *ret_server = need(mcp_server_new(&so));
        mcp_tools_attach(*ret_tools, *ret_server);
        return MSPTK_OK;
}

/* ---- standard input and output ---- */

/* Nothing but the protocol may reach the real standard output: whatever else writes there, in this
 * program or a library, lands on standard error. */
static int take_stdout(void)
{
        int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

        if (fd >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
                close(fd);
                return -1;
        }
        return fd;
}

static int serve_stdio(cli *c, bool writes, mcp_tools *tools, mcp_server *server)
{
        mcp_stdio_opts o = {
                .in_fd = STDIN_FILENO, .stop_fd = signals_fd(), .server = server, .tools = tools
        };
        char who[PRINCIPAL_MAX];
        int failed;

        principal_name(who);
        o.principal = (mcp_principal){ who, MCP_READ | (writes ? MCP_WRITE | MCP_EXECUTE : 0) };
        if (isatty(STDIN_FILENO) == 1)
                log_json(c, 2, "mcp",
                         "standard input is a terminal: this command is started by an MCP host; "
                         "see '" PROGRAM " mcp --print-config'");
        o.out_fd = take_stdout();
        if (o.out_fd < 0)
                failed = errno;
        else
                failed = mcp_stdio_run(&o);
        if (failed)
                log_json(c, 3, "mcp", strerror(failed));
        return failed ? EXIT_UNABLE : EXIT_FINE;
}

/* ---- HTTP ---- */

#ifdef HAVE_HTTP
typedef struct web {
        cli *c;
        mcp_tools *tools;
        http_listener *listener;
        int tools_fd;
} web;

static msptk_status authenticate(void *user, const char *token, mcp_principal *ret,
                                 msptk_error **ret_err)
{
        web *w = user;

        return mcp_tools_authenticate(w->tools, token, ret, ret_err);
}

static void readable(void *user, int fd)
{
        web *w = user;

        if (fd == signals_fd())
                http_listener_stop(w->listener);
        else
                mcp_tools_dispatch(w->tools);
}

static int64_t turn(void *user, int64_t now_ms)
{
        web *w = user;

        if (w->tools_fd < 0 && (w->tools_fd = mcp_tools_fd(w->tools)) >= 0)
                http_listener_watch(w->listener, w->tools_fd);
        return mcp_tools_look(w->tools, now_ms);
}

static void log_of_listener(void *user, int32_t level, const char *message)
{
        const web *w = user;

        log_json(w->c, level, "http", message);
}

/* The words of a list parameter, ended by NULL; the words belong to the invocation. */
static const char **words_of(const msptk_json *list)
{
        const char **words = need(calloc(msptk_json_count(list) + 1, sizeof(*words)));
        size_t n = 0;

        for (const msptk_json *i = msptk_json_first(list); i; i = msptk_json_next(i))
                words[n++] = msptk_json_string(i, "");
        return words;
}

static void say_where(const cli *c, const http_listener *l, const char *address)
{
        text t = { 0 };
        const char *colon = strrchr(address, ':');

        text_addf(&t, "serving http://%.*s:%d/mcp", colon ? (int)(colon - address) : 0, address,
                  http_listener_port(l));
        log_json(c, 1, "mcp", text_str(&t));
        text_free(&t);
}

static int serve_http(cli *c, const invocation *inv, mcp_tools *tools, mcp_server *server,
                      const char *try_help)
{
        web w = { .c = c, .tools = tools, .tools_fd = -1 };
        bool tokens_only = msptk_json_bool(msptk_json_get(inv->values, "require_token"), 0);
        const char **origins = words_of(msptk_json_get(inv->values, "allow_origin"));
        const char **names = words_of(msptk_json_get(inv->values, "allow_host"));
        http_opts o = { .address = op_text(inv->values, "http"),
                        .server = server,
                        /* Anybody on this machine can reach loopback: what changes needs a token.
                         */
                        .anonymous = { "mcp-http", tokens_only ? 0 : MCP_READ },
                        .authenticate = authenticate,
                        .allowed_origins = origins,
                        .allowed_hosts = names,
                        .legacy = true,
                        .readable = readable,
                        .turn = turn,
                        .log = log_of_listener,
                        .user = &w };
        msptk_error *err = NULL;
        int code = EXIT_FINE;

        if (http_listener_new(&o, &w.listener, &err) < 0) {
                code = report_error(c, err, inv->row, try_help);
        } else {
                if (signals_fd() >= 0)
                        http_listener_watch(w.listener, signals_fd());
                say_where(c, w.listener, o.address);
                if (http_listener_run(w.listener, &err) < 0)
                        code = report_error(c, err, inv->row, NULL);
                http_listener_free(w.listener);
        }
        msptk_error_free(err);
        free(origins);
        free(names);
        return code;
}
#else
static int serve_http(cli *c, const invocation *inv, mcp_tools *tools, mcp_server *server,
                      const char *try_help)
{
        msptk_error *err = NULL;
        int code;

        (void)tools;
        (void)server;
        (void)try_help;
        msptk_error_set(&err, MSPTK_E_UNSUPPORTED, "cli",
                        "this program was built without libwebsockets and cannot serve HTTP");
        code = report_error(c, err, inv->row, NULL);
        msptk_error_free(err);
        return code;
}
#endif

/* ---- the command ---- */

static int print_manifest(cli *c, bool writes, mcp_tools *tools)
{
        char *bytes = mcp_tools_manifest(tools, MCP_READ | (writes ? MCP_WRITE | MCP_EXECUTE : 0));

        out_write(c, bytes, strlen(bytes));
        out_write(c, "\n", 1);
        out_flush(c);
        free(bytes);
        return EXIT_FINE;
}

static int print_config(cli *c, const invocation *inv, bool writes)
{
        text t = { 0 };

        mcp_add_snippets(&t, c, writes, op_text(inv->values, "host"));
        out_text(c, &t);
        out_flush(c);
        text_free(&t);
        return EXIT_FINE;
}

static int32_t level_named(const char *word)
{
        for (int32_t i = 0; i < 4; i++)
                if (!strcmp(levels[i], word))
                        return i;
        return 1;
}

/* A number of the command line, which the door itself has to check. */
static msptk_status take_rate(const msptk_json *values, const char *key, int32_t *ret,
                              msptk_error **ret_err)
{
        const char *given = op_text(values, key);
        size_t n = strlen(given);

        if (!n)
                return MSPTK_OK;
        if (n > 6 || strspn(given, "0123456789") != n)
                return usage_error(ret_err, "'%s' is not a number of calls per minute, 0 to 999999",
                                   given);
        *ret = (int32_t)strtol(given, NULL, 10);
        return MSPTK_OK;
}

static msptk_status take_rates(const msptk_json *values, mcp_rates *ret, msptk_error **ret_err)
{
        msptk_status st;

        *ret = (mcp_rates){ READS_PER_MINUTE, WRITES_PER_MINUTE };
        st = take_rate(values, "reads_per_minute", &ret->reads, ret_err);
        return st < 0 ? st : take_rate(values, "writes_per_minute", &ret->writes, ret_err);
}

static int serve(cli *c, const invocation *inv, bool writes, const char *try_help)
{
        bool over_http = *op_text(inv->values, "http");
        const char *warning = mcp_environment_warning();
        mcp_tools *tools = NULL;
        mcp_server *server = NULL;
        msptk_error *err = NULL;
        mcp_rates rates;
        int code;

        if (take_rates(inv->values, &rates, &err) < 0) {
                code = report_error(c, err, inv->row, try_help);
                msptk_error_free(err);
                return code;
        }
        if (mcp_make(c, writes, &rates, &tools, &server, &err) < 0) {
                code = report_error(c, err, inv->row, NULL);
                msptk_error_free(err);
                return code;
        }
        if (warning)
                log_json(c, 2, "mcp", warning);
        signals_start(c);
        if (over_http)
                code = serve_http(c, inv, tools, server, try_help);
        else
                code = serve_stdio(c, writes, tools, server);
        mcp_server_free(server);
        mcp_tools_free(tools, CLOSE_MS);
        return code;
}

int mcp_main(cli *c, const invocation *inv, const char *try_help)
{
        bool writes = msptk_json_bool(msptk_json_get(inv->values, "enable_writes"), 0);
        mcp_tools *tools = NULL;
        mcp_server *server = NULL;
        msptk_error *err = NULL;
        int code;

        c->log_level = level_named(op_text(inv->values, "log_level"));
        if (msptk_json_bool(msptk_json_get(inv->values, "print_config"), 0) ||
            *op_text(inv->values, "host"))
                return print_config(c, inv, writes);
        if (!msptk_json_bool(msptk_json_get(inv->values, "print_manifest"), 0))
                return serve(c, inv, writes, try_help);
        if (mcp_make(c, writes, NULL, &tools, &server, &err) < 0) {
                code = report_error(c, err, inv->row, NULL);
                msptk_error_free(err);
                return code;
        }
        code = print_manifest(c, writes, tools);
        mcp_server_free(server);
        mcp_tools_free(tools, CLOSE_MS);
        return code;
}
