/*
 * A server for the tests of the HTTP listener: the real core and listener, a few tools that are
 * slow, large or loud, and limits that are soon reached.
 * usage: http_small_server ADDRESS [key=number]...
 * Writes the port it listens to; stops at SIGTERM, and then listens again while `rounds` are left.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "http/http.h"
#include "mcp/call.h"

static struct settings {
        long header_ms, quiet_ms, idle_ms, sessions, connections, body, legacy, tokens, anonymous,
                rounds;
} set = { .legacy = 1, .anonymous = MCP_READ | MCP_WRITE, .rounds = 1 };

static const struct key {
        const char *name;
        long *value;
} keys[] = { { "header_ms", &set.header_ms },     { "quiet_ms", &set.quiet_ms },
             { "idle_ms", &set.idle_ms },         { "sessions", &set.sessions },
             { "connections", &set.connections }, { "body", &set.body },
             { "legacy", &set.legacy },           { "tokens", &set.tokens },
             { "anonymous", &set.anonymous },     { "rounds", &set.rounds } };

/* ---- tools ---- */

static long finished, cancelled;

static msptk_json *words(const char *said)
{
        msptk_json *result = msptk_json_new_object(), *list = msptk_json_new_array(),
                   *one = msptk_json_new_object();

        msptk_json_set_string(one, "type", "text");
        msptk_json_set_string(one, "text", said);
        msptk_json_append(list, one);
        msptk_json_set(result, "content", list);
        return result;
}

static void waited(mcp_call *c, void *user)
{
        (void)user;
        if (mcp_call_cancelled(c))
                cancelled++;
        else
                finished++;
        mcp_reply(c, words("waited"));
}

static void reply_large(mcp_call *c, size_t bytes)
{
        char *said = malloc(bytes + 1);

        if (!said)
                abort();
        memset(said, 'x', bytes);
        said[bytes] = '\0';
        mcp_reply(c, words(said));
        free(said);
}

/* A hundred kilobytes every few milliseconds, until the client goes away. */
static void flood(mcp_call *c, void *user)
{
        char line[100001];
        msptk_json *data;

        (void)user;
        if (mcp_call_cancelled(c)) {
                cancelled++;
                mcp_reply(c, words("stopped"));
                return;
        }
        memset(line, 'y', sizeof(line) - 1);
        line[sizeof(line) - 1] = '\0';
        data = msptk_json_new_object();
        msptk_json_set_string(data, "line", line);
        mcp_log(c, "info", "flood", data);
        mcp_after(c, 5, flood, NULL);
}

static void call_tool(void *user, mcp_call *c, const char *name, const msptk_json *arguments)
{
        int64_t n = msptk_json_int(msptk_json_get(arguments, "n"), 0);
        char said[100];

        (void)user;
        if (!strcmp(name, "wait")) {
                mcp_after(c, n, waited, NULL);
        } else if (!strcmp(name, "large")) {
                reply_large(c, (size_t)n);
        } else if (!strcmp(name, "flood")) {
                flood(c, NULL);
        } else if (!strcmp(name, "who")) {
                mcp_reply(c, words(mcp_call_principal(c)->name));
        } else {
                snprintf(said, sizeof(said), "finished %ld, cancelled %ld", finished, cancelled);
                mcp_reply(c, words(said));
        }
}

static const char listed[] = "[{\"name\":\"count\",\"inputSchema\":{\"type\":\"object\"}},"
                             "{\"name\":\"flood\",\"inputSchema\":{\"type\":\"object\"}},"
                             "{\"name\":\"large\",\"inputSchema\":{\"type\":\"object\"}},"
                             "{\"name\":\"wait\",\"inputSchema\":{\"type\":\"object\"}},"
                             "{\"name\":\"who\",\"inputSchema\":{\"type\":\"object\"}}]";

static const msptk_json *list(void *user, int32_t what, const mcp_principal *who)
{
        msptk_json *const *lists = user;

        (void)who;
        return lists[what == MCP_TOOLS ? 0 : 1];
}

/* ---- the listener ---- */

static http_listener *listener;

static void stop(void *user, int fd)
{
        struct signalfd_siginfo info;

        (void)user;
        if (read(fd, &info, sizeof(info)) == sizeof(info))
                http_listener_stop(listener);
}

static msptk_status authenticate(void *user, const char *token, mcp_principal *ret,
                                 msptk_error **ret_err)
{
        (void)user;
        (void)ret_err;
        if (!strcmp(token, "one-token"))
                *ret = (mcp_principal){ "token:one", MCP_READ | MCP_WRITE };
        else if (!strcmp(token, "other-token"))
                *ret = (mcp_principal){ "token:other", MCP_READ };
        else
                return MSPTK_E_DENIED;
        return MSPTK_OK;
}

static void log_line(void *user, int32_t level, const char *message)
{
        (void)user;
        fprintf(stderr, "%d %s\n", (int)level, message);
}

static int serve(mcp_server *server, const char *address, int stop_fd)
{
        static const char *const origins[] = { "https://desk.example", NULL };
        static const char *const hosts[] = { "tools.example", NULL };
        http_opts o = { .address = address,
                        .server = server,
                        .anonymous = { "anybody", (uint32_t)set.anonymous },
                        .authenticate = set.tokens ? authenticate : NULL,
                        .allowed_origins = origins,
                        .allowed_hosts = hosts,
                        .legacy = set.legacy != 0,
                        .body_bytes = (size_t)set.body,
                        .connections = (int32_t)set.connections,
                        .sessions = (int32_t)set.sessions,
                        .session_idle_ms = set.idle_ms,
                        .header_timeout_ms = set.header_ms,
                        .comment_ms = set.quiet_ms,
                        .readable = stop,
                        .log = log_line };
        msptk_error *err = NULL;

        if (http_listener_new(&o, &listener, &err) < 0) {
                fprintf(stderr, "refused: %s\n", msptk_error_message(err));
                msptk_error_free(err);
                return 1;
        }
        http_listener_watch(listener, stop_fd);
        printf("%d\n", http_listener_port(listener));
        fflush(stdout);
        http_listener_run(listener, &err);
        http_listener_free(listener);
        return 0;
}

static int take_setting(const char *given)
{
        size_t len = strcspn(given, "=");

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                if (strlen(keys[i].name) == len && !strncmp(keys[i].name, given, len) &&
                    given[len]) {
                        *keys[i].value = strtol(given + len + 1, NULL, 10);
                        return 0;
                }
        return 1;
}

static int stop_descriptor(void)
{
        sigset_t signals;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        signal(SIGPIPE, SIG_IGN);
        return signalfd(-1, &signals, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
        msptk_json *lists[2] = { NULL, NULL };
        mcp_catalogue catalogue = { .user = lists,
                                    .has = MCP_HAS_TOOLS | MCP_HAS_LOGGING | MCP_LISTS_CHANGE |
                                           MCP_HAS_SUBSCRIPTIONS,
                                    .list = list,
                                    .call_tool = call_tool };
        mcp_server_opts opts = { .catalogue = &catalogue, .name = "small", .version = "1" };
        mcp_server *server;
        int status = 0, fd = stop_descriptor();

        for (int i = 2; i < argc; i++)
                status |= take_setting(argv[i]);
        if (argc < 2 || status || msptk_json_parse(listed, sizeof(listed) - 1, &lists[0], NULL) < 0)
                return 2;
        lists[1] = msptk_json_new_array();
        server = mcp_server_new(&opts);
        while (!status && set.rounds-- > 0)
                status = serve(server, argv[1], fd);
        mcp_server_free(server);
        msptk_json_free(lists[0]);
        msptk_json_free(lists[1]);
        close(fd);
        return status;
}
