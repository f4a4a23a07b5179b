/*
 * The fixture of the conformance suite as a program.
 * usage: mcp_fixture FIXTURE.JSON stdio
 *        mcp_fixture FIXTURE.JSON http ADDRESS      writes the port it listens to
 * Ends with its input, or when it is told to (SIGTERM, SIGINT).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "fixture.h"
#ifdef HAVE_HTTP
#        include "http/http.h"
#endif
#include "mcp/lines.h"

static const mcp_principal anybody = { "fixture", MCP_READ | MCP_WRITE | MCP_EXECUTE };

static int stop_descriptor(void)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signal(SIGPIPE, SIG_IGN);
        return signalfd(-1, &set, SFD_CLOEXEC);
}

#ifdef HAVE_HTTP
static int64_t tick(void *user, int64_t now_ms)
{
        (void)user;
        (void)now_ms;
        return -1;
}

static http_listener *listener;

static void stop(void *user, int fd)
{
        (void)user;
        (void)fd;
        http_listener_stop(listener);
}

static int serve_http(mcp_server *server, const char *address, int stop_fd)
{
        http_opts opts = { .address = address,
                           .server = server,
                           .anonymous = anybody,
                           .legacy = true,
                           .readable = stop,
                           .turn = tick };
        msptk_error *err = NULL;

        if (http_listener_new(&opts, &listener, &err) < 0) {
                fprintf(stderr, "%s\n", msptk_error_message(err));
                msptk_error_free(err);
                return 1;
        }
        http_listener_watch(listener, stop_fd);
        printf("%d\n", http_listener_port(listener));
        fflush(stdout);
        if (http_listener_run(listener, &err) < 0) {
                fprintf(stderr, "%s\n", msptk_error_message(err));
                msptk_error_free(err);
        }
        http_listener_free(listener);
        return 0;
}
#else
static int serve_http(mcp_server *server, const char *address, int stop_fd)
{
        (void)server;
        (void)stop_fd;
        fprintf(stderr, "%s: built without libwebsockets\n", address);
        return 2;
}
#endif

static int serve_stdio(mcp_server *server, int stop_fd)
{
        mcp_stdio_opts opts = { .in_fd = STDIN_FILENO,
                                .out_fd = STDOUT_FILENO,
                                .stop_fd = stop_fd,
                                .server = server,
                                .principal = anybody };

        return mcp_stdio_run(&opts) ? 1 : 0;
}

int main(int argc, char **argv)
{
        bool over_http = argc == 4 && !strcmp(argv[2], "http");
        mcp_server_opts opts = { .name = "fixture",
                                 .title = "Fixture of the conformance suite",
                                 .version = "1",
                                 .instructions = "For tests of the protocol only.",
                                 .list_ttl_ms = 1000,
                                 .resource_ttl_ms = 1000,
                                 .shared_lists = true };
        fixture *f;
        mcp_server *server;
        int status;

        if (!over_http && !(argc == 3 && !strcmp(argv[2], "stdio"))) {
                fprintf(stderr, "usage: mcp_fixture FIXTURE.JSON stdio|http [ADDRESS]\n");
                return 2;
        }
        f = fixture_new(argv[1]);
        opts.catalogue = fixture_catalogue(f);
        server = mcp_server_new(&opts);
        fixture_attach(f, server);
        status = over_http ? serve_http(server, argv[3], stop_descriptor())
                           : serve_stdio(server, stop_descriptor());
        mcp_server_free(server);
        fixture_free(f);
        return status;
}
