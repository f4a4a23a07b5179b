/* A listener for tests, with limits that are quick to reach, on the catalogue of the fixture.
 * usage: http_server FIXTURE.JSON ADDRESS [PEERS]; tells its port, stops at the end of input,
 * serves PEERS listeners one after another. Tokens: "good" may read, "other" is somebody else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/http.h"
#include "mcp/fixture.h"

static http_listener *listener;
static int turns;

static msptk_status authenticate(void *user, const char *token, mcp_principal *ret,
                                 msptk_error **ret_err)
{
        (void)user;
        (void)ret_err;
        if (strcmp(token, "good") != 0 && strcmp(token, "other") != 0)
                return MSPTK_E_DENIED;
        *ret = (mcp_principal){ strcmp(token, "good") == 0 ? "token:good" : "token:other",
                                MCP_READ };
        return MSPTK_OK;
}

static void readable(void *user, int fd)
{
        char byte;

        (void)user;
        /* A line begins the next listener, the end of input ends the program. */
        turns = read(fd, &byte, 1) == 1 ? turns - 1 : 0;
        http_listener_stop(listener);
}

static int serve(mcp_server *server, const char *address)
{
        static const char *const hosts[] = { "msp.example", "other.example:81", NULL };
        static const char *const origins[] = { "https://desk.example", NULL };
        http_opts o = { .address = address,
                        .server = server,
                        .anonymous = { "anybody", getenv("HTTP_TEST_TOKENS") ? 0 : MCP_READ },
                        .authenticate = getenv("HTTP_TEST_OPEN") ? NULL : authenticate,
                        .allowed_hosts = hosts,
                        .allowed_origins = origins,
                        .legacy = !getenv("HTTP_TEST_MODERN"),
                        .body_bytes = 100000,
                        .connections = 20,
                        .sessions = 3,
                        .session_idle_ms = 1200,
                        .header_timeout_ms = 700,
                        .comment_ms = 200,
                        .queue_bytes = 65536,
                        .readable = readable };
        msptk_error *err = NULL;

        if (http_listener_new(&o, &listener, &err) < 0) {
                printf("refused: %s\n", msptk_error_message(err));
                msptk_error_free(err);
                return 1;
        }
        http_listener_watch(listener, STDIN_FILENO);
        printf("%d\n", http_listener_port(listener));
        fflush(stdout);
        if (http_listener_run(listener, &err) < 0) {
                printf("failed: %s\n", msptk_error_message(err));
                msptk_error_free(err);
        }
        http_listener_free(listener);
        return 0;
}

int main(int argc, char **argv)
{
        mcp_server_opts opts = { .name = "fixture", .title = "Fixture", .version = "1" };
        fixture *f;
        mcp_server *server;
        int status = 0;

        if (argc < 3)
                return 2;
        turns = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 1;
        f = fixture_new(argv[1]);
        opts.catalogue = fixture_catalogue(f);
        server = mcp_server_new(&opts);
        fixture_attach(f, server);
        while (turns > 0 && !status)
                status = serve(server, argv[2]);
        mcp_server_free(server);
        fixture_free(f);
        return status;
}
