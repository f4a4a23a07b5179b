/* The listener: its options, its time, and its loop. libwebsockets carries the sockets; requests
 * are read by message.c, because its own parser (4.1) knows no chunked bodies and mixes a request
 * that comes early with the one that is being answered. */
#include "http/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/guard.h"
#include "http/socket.h"

enum { GRACE_MS = 1000 /* for what is queued, after the stop */ };

static int64_t clock_ms(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void listener_log(http_listener *l, int32_t level, const char *fmt, ...)
{
        char *made = NULL;
        va_list ap;
        int n;

        if (!l->o.log)
                return;
        va_start(ap, fmt);
        n = vasprintf(&made, fmt, ap);
        va_end(ap);
        if (n < 0)
                need(NULL);
        l->o.log(l->o.user, level, made);
        free(made);
}

const char *listener_date(http_listener *l)
{
        static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
        static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        time_t now = time(NULL);
        struct tm t;

        if (now != l->date_s && gmtime_r(&now, &t)) {
                snprintf(l->date, sizeof(l->date), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                         days[t.tm_wday], t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour,
                         t.tm_min, t.tm_sec);
                l->date_s = now;
        }
        return l->date;
}

/* ---- opening ---- */

static msptk_status wrong(msptk_error **ret_err, msptk_status st, const char *fmt, const char *a,
                          const char *b)
{
        text t = { 0 };

        text_addf(&t, fmt, a, b);
        msptk_error_set(ret_err, st, "http", text_str(&t));
        text_free(&t);
        return st;
}

/* "127.0.0.1:80", "[::1]:80", "localhost:80". */
static msptk_status read_address(http_listener *l, const char *address,
                                 struct sockaddr_storage *ret, msptk_error **ret_err)
{
        char name[256];
        const char *port = "";
        struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
        long number;
        size_t n;

        memset(ret, 0, sizeof(*ret));
        if (!guard_split_host(address, name, sizeof(name), &port) || !*port ||
            (number = strtol(port, NULL, 10)) > 65535)
                return wrong(ret_err, MSPTK_E_INVALID,
                             "'%s' is not an address and port, like 127.0.0.1:8765%s", address, "");
        l->own_host = copy_text(name);
        n = strlen(name);
        if (strcmp(name, "localhost") == 0)
                snprintf(name, sizeof(name), "127.0.0.1");
        if (inet_pton(AF_INET, name, &v4->sin_addr) == 1) {
                v4->sin_family = AF_INET;
                v4->sin_port = htons((uint16_t)number);
                return MSPTK_OK;
        }
        if (*name == '[' && name[n - 1] == ']') {
                name[n - 1] = '\0';
                if (inet_pton(AF_INET6, name + 1, &v6->sin6_addr) == 1) {
                        v6->sin6_family = AF_INET6;
                        v6->sin6_port = htons((uint16_t)number);
                        return MSPTK_OK;
                }
        }
        return wrong(ret_err, MSPTK_E_INVALID,
                     "'%s' is not an address of this machine in numbers, like 127.0.0.1:8765%s",
                     address, "");
}

static bool is_loopback(const struct sockaddr_storage *a)
{
        if (a->ss_family == AF_INET)
                return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static void fill_in(http_listener *l, const http_opts *opts)
{
        http_opts *o = &l->o;

        *o = *opts;
        l->path = copy_text(o->path ? o->path : "/mcp");
        if (!o->body_bytes)
                o->body_bytes = 4 * 1024 * 1024;
        if (!o->queue_bytes)
                o->queue_bytes = 1024 * 1024;
        if (o->connections <= 0)
                o->connections = 512;
        if (o->sessions <= 0)
                o->sessions = 256;
        if (o->session_idle_ms <= 0)
                o->session_idle_ms = 15 * 60 * 1000;
        if (o->header_timeout_ms <= 0)
                o->header_timeout_ms = 10 * 1000;
        if (o->comment_ms <= 0)
                o->comment_ms = 15 * 1000;
}

static msptk_status open_listener(http_listener *l, msptk_error **ret_err)
{
        struct sockaddr_storage address;
        msptk_status st = read_address(l, l->o.address, &address, ret_err);

        if (st < 0)
                return st;
        if (!is_loopback(&address) && (!l->o.authenticate || l->o.anonymous.scopes))
                return wrong(ret_err, MSPTK_E_INVALID,
                             "'%s' can be reached from elsewhere, and not every request would need "
                             "a token: listen at 127.0.0.1, or require tokens%s",
                             l->o.address, "");
        if (!socket_open(l, &address))
                return wrong(ret_err, MSPTK_E_UNAVAILABLE, "cannot listen at '%s': %s",
                             l->o.address, strerror(errno));
        return MSPTK_OK;
}

msptk_status http_listener_new(const http_opts *opts, http_listener **ret, msptk_error **ret_err)
{
        http_listener *l = need(calloc(1, sizeof(*l)));
        msptk_status st;

        atomic_init(&l->stop, false);
        l->over_end = &l->over;
        l->now_ms = clock_ms();
        fill_in(l, opts);
        st = open_listener(l, ret_err);
        if (st < 0) {
                http_listener_free(l);
                return st;
        }
        *ret = l;
        return MSPTK_OK;
}

int http_listener_port(const http_listener *l)
{
        return l->port;
}

void http_listener_free(http_listener *l)
{
        if (!l)
                return;
        l->stopping = true;
        socket_close_all(l);
        session_free_all(l);
        exchange_settle(l);
        session_free_all(l);
        free(l->path);
        free(l->own_host);
        free(l);
}

/* ---- time ---- */

void listener_arm(http_listener *l, int64_t at_ms)
{
        if (!l->look_ms || at_ms < l->look_ms)
                l->look_ms = at_ms;
}

void listener_tick(http_listener *l)
{
        int64_t now = clock_ms();

        if (now == l->now_ms)
                return;
        l->now_ms = now;
        mcp_tick(l->o.server, now);
}

static int64_t sooner(int64_t a, int64_t b)
{
        return a < 0 ? b : b < 0 || a < b ? a : b;
}

static void look_around(http_listener *l)
{
        link_t *next;
        int64_t look;

        if (!l->look_ms || l->now_ms < l->look_ms)
                return;
        l->look_ms = 0;
        for (link_t *k = l->links; k; k = next) {
                next = k->next;
                look = link_look(k, l->now_ms);
                if (look)
                        listener_arm(l, look);
        }
        look = session_reap(l, l->now_ms);
        if (look)
                listener_arm(l, look);
}

/* What is due now; returns the milliseconds until something is again, -1 for never. */
static int64_t run_due(http_listener *l)
{
        int64_t next;

        l->now_ms = clock_ms();
        next = mcp_tick(l->o.server, l->now_ms);
        if (l->o.turn && !l->stopping)
                next = sooner(next, l->o.turn(l->o.user, l->now_ms));
        exchange_settle(l);
        look_around(l);
        exchange_settle(l);
        if (l->look_ms)
                next = sooner(next, l->look_ms > l->now_ms ? l->look_ms - l->now_ms : 0);
        return next;
}

/* ---- the loop ---- */

static void begin_to_stop(http_listener *l)
{
        link_t *next;

        l->stopping = true;
        socket_stop_listening(l);
        session_shut_all(l);
        exchange_settle(l);
        for (link_t *k = l->links; k; k = next) {
                next = k->next;
                if (k->current)
                        continue;
                if (link_is_idle(k))
                        link_kill(k);
                else
                        link_close(k);
        }
}

msptk_status http_listener_run(http_listener *l, msptk_error **ret_err)
{
        int64_t until = 0;

        for (;;) {
                int64_t wait = run_due(l);

                if (!l->stopping && atomic_load(&l->stop)) {
                        begin_to_stop(l);
                        until = l->now_ms + GRACE_MS;
                }
                if (l->stopping) {
                        if (!l->link_count || l->now_ms >= until)
                                return MSPTK_OK;
                        wait = sooner(wait, until - l->now_ms);
                }
                if (!socket_service(l, wait))
                        return wrong(ret_err, MSPTK_E_IO, "the listener failed: %s%s",
                                     strerror(errno), "");
                exchange_settle(l);
        }
}

void http_listener_stop(http_listener *l)
{
        atomic_store(&l->stop, true);
        socket_wake(l);
}
