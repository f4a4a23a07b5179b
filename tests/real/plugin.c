/* The plugin adapter with the programs of monitoring-plugins-basic, unmodified. */
#define ROOM "test"
#include "plugin_host.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define PLUGINS "/usr/lib/nagios/plugins"

/* A web server that answers every connection alike, until the socket is shut down. */
static void *serve(void *arg)
{
        static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
                                    "Connection: close\r\n\r\nhi\n";
        int listener = *(int *)arg, s;

        while ((s = accept(listener, NULL, NULL)) >= 0) {
                char request[2048];

                if (recv(s, request, sizeof(request), 0) > 0)
                        (void)send(s, reply, sizeof(reply) - 1, MSG_NOSIGNAL);
                close(s);
        }
        return NULL;
}

static int listen_on_loopback(int *ret_port)
{
        struct sockaddr_in at = { .sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t len = sizeof(at);
        int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_true(s >= 0);
        assert_int_equal(bind(s, (struct sockaddr *)&at, sizeof(at)), 0);
        assert_int_equal(listen(s, 16), 0);
        assert_int_equal(getsockname(s, (struct sockaddr *)&at, &len), 0);
        *ret_port = ntohs(at.sin_port);
        return s;
}

static void assert_value(const plugin_world *w, const char *check, const char *metric,
                         const char *unit)
{
        const kept_row *r = world_row(w, check, metric);

        if (!r)
                fail_msg("check '%s' gave no value '%s'", check, metric);
        assert_true(isfinite(r->value) && r->value >= 0);
        assert_string_equal(r->unit, unit);
}

static void assert_state(const plugin_world *w, const char *check, int32_t state)
{
        const kept_row *r = world_row(w, check, "status");

        if (!r || r->state != state)
                fail_msg("check '%s' is %d: %s", check, r ? (int)r->state : -9,
                         r ? r->message : "no row");
}

static void plugins_of_the_distribution_run_unmodified(void **state)
{
        static const char *const devices[] = { "here", NULL };
        static const char *const addresses[] = { "127.0.0.1", NULL };
        plugin_world w;
        pthread_t thread;
        char settings[4096];
        int port = 0, listener;

        (void)state;
        world_open(&w);
        listener = listen_on_loopback(&port);
        assert_int_equal(pthread_create(&thread, NULL, serve, &listener), 0);
        snprintf(settings, sizeof(settings),
                 "{\"directory\":\"" PLUGINS "\",\"checks\":["
                 "{\"name\":\"load\",\"command\":[\"check_load\",\"-w\",\"900,900,900\",\"-c\","
                 "\"990,990,990\"]},"
                 "{\"name\":\"disk\",\"command\":[\"check_disk\",\"-w\",\"0%%\",\"-c\",\"0%%\","
                 "\"-p\",\"/\"]},"
                 "{\"name\":\"full\",\"command\":[\"check_disk\",\"-w\",\"100%%\",\"-c\","
                 "\"100%%\",\"-p\",\"/\"]},"
                 "{\"name\":\"procs\",\"command\":[\"check_procs\",\"-w\",\"100000\",\"-c\","
                 "\"200000\"]},"
                 "{\"name\":\"users\",\"command\":[\"check_users\",\"-w\",\"1000\",\"-c\","
                 "\"2000\"]},"
                 "{\"name\":\"tcp\",\"command\":[\"check_tcp\",\"-H\",\"$HOST$\",\"-p\",\"%d\"]},"
                 "{\"name\":\"http\",\"command\":[\"check_http\",\"-I\",\"$HOST$\",\"-p\",\"%d\"]},"
                 "{\"name\":\"refused\",\"command\":[\"check_tcp\",\"-H\",\"$HOST$\",\"-p\","
                 "\"1\"]},"
                 "{\"name\":\"dummy\",\"command\":[\"check_dummy\",\"1\",\"so so\"]},"
                 "{\"name\":\"usage\",\"command\":[\"check_load\",\"--badopt\"]}]}",
                 port, port);
        assert_int_equal(world_collect(&w, settings, devices, addresses, NULL, NULL), MSPTK_OK);
        shutdown(listener, SHUT_RDWR);
        pthread_join(thread, NULL);
        close(listener);
        assert_state(&w, "load", MSPTK_STATE_OK);
        assert_value(&w, "load", "load1", "");
        assert_value(&w, "load", "load15", "");
        assert_state(&w, "disk", MSPTK_STATE_OK);
        assert_value(&w, "disk", "/", "B");
        assert_state(&w, "full", MSPTK_STATE_CRITICAL);
        assert_state(&w, "procs", MSPTK_STATE_OK);
        assert_value(&w, "procs", "procs", "");
        assert_state(&w, "users", MSPTK_STATE_OK);
        assert_state(&w, "tcp", MSPTK_STATE_OK);
        assert_value(&w, "tcp", "time", "s");
        assert_state(&w, "http", MSPTK_STATE_OK);
        assert_value(&w, "http", "size", "B");
        assert_state(&w, "refused", MSPTK_STATE_CRITICAL);
        assert_state(&w, "dummy", MSPTK_STATE_WARNING);
        assert_non_null(strstr(world_row(&w, "dummy", "status")->message, "so so"));
        assert_state(&w, "usage", MSPTK_STATE_UNKNOWN);
        world_close(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(plugins_of_the_distribution_run_unmodified),
        };

        if (access(PLUGINS "/check_load", X_OK))
                return 77;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
