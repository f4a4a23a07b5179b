/* The listener: libwebsockets' context, its one service thread, and the loop around it. */
#include "http/internal.h"

#include <time.h>

enum { TURN_MS = 1000, LEAVE_MS = 300 };

int64_t http_now_ms(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void http_note(const http_listener *l, int32_t level, const char *message)
{
        if (l->o.log)
                l->o.log(l->o.user, level, message);
}

/* ---- what libwebsockets tells ---- */

/* What belongs to a connection. */
typedef struct peer {
        exchange *x;
} peer;

static int ended(struct lws *wsi, peer *p)
{
        bool closes = p->x->close_after || p->x->streaming;
        exchange *x = p->x;

        p->x = NULL;
        exchange_free(x);
        if (closes)
                return -1;
        return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int writeable(struct lws *wsi, peer *p)
{
        int got;

        if (!p->x)
                return 0;
        got = answer_write(p->x);
        return got > 0 ? ended(wsi, p) : got;
}

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                   size_t len)
{
        http_listener *l = lws_context_user(lws_get_context(wsi));
        peer *p = user;

        if (l)
                l->now_ms = http_now_ms();
        switch (reason) {
        case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
                return l->connections >= (l->o.connections ? l->o.connections : CONNECTIONS);
        case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
                l->connections++;
                return 0;
        case LWS_CALLBACK_WSI_DESTROY:
                if (l->connections > 0)
                        l->connections--;
                return 0;
        case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
                return -1; /* to HTTP/2 or WebSocket: not here */
        case LWS_CALLBACK_HTTP:
                return exchange_begin(l, wsi, &p->x);
        case LWS_CALLBACK_HTTP_BODY:
                if (p->x)
                        exchange_body(p->x, in, len);
                return 0;
        case LWS_CALLBACK_HTTP_BODY_COMPLETION:
                /* Bytes of a next request while this one is not answered: they have to wait. */
                if (p->x && p->x->received)
                        lws_rx_flow_control(wsi, 0);
                return p->x ? exchange_received(p->x) : 0;
        case LWS_CALLBACK_HTTP_WRITEABLE:
                return writeable(wsi, p);
        case LWS_CALLBACK_CLOSED_HTTP:
                if (p && p->x)
                        exchange_lost(p->x);
                if (p)
                        p->x = NULL;
                return 0;
        default:
                return 0;
        }
}

static int on_descriptor(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                         size_t len)
{
        http_listener *l = lws_context_user(lws_get_context(wsi));

        (void)in;
        (void)len;
        if (reason == LWS_CALLBACK_RAW_RX_FILE && l->o.readable) {
                l->now_ms = http_now_ms();
                mcp_tick(l->o.server, l->now_ms);
                l->o.readable(l->o.user, *(int *)user);
        }
        return 0;
}

/* ---- making ---- */

static http_listener *for_log; /* libwebsockets has one log for the program */

static void log_of_lws(int level, const char *line)
{
        char *message;

        if (!for_log)
                return;
        message = copy_part(line, strcspn(line, "\n"));
        http_note(for_log, level & LLL_ERR ? 3 : 2, message);
        free(message);
}

static msptk_status refuse(msptk_error **ret_err, const char *message, const char *what)
{
        text t = { 0 };

        text_addf(&t, message, what);
        msptk_error_set(ret_err, MSPTK_E_INVALID, "http", text_str(&t));
        text_free(&t);
        return MSPTK_E_INVALID;
}

static msptk_status read_address(http_listener *l, int *ret_port, msptk_error **ret_err)
{
        const char *port;

        if (!l->o.address || !split_host(l->o.address, &l->host, &port) || !*port ||
            strlen(port) > 5 || strtoul(port, NULL, 10) > 65535)
                return refuse(ret_err, "'%s' is no address and port; write 127.0.0.1:8765",
                              l->o.address ? l->o.address : "");
        *ret_port = (int)strtoul(port, NULL, 10);
        if (!is_loopback_name(l->host) && strncmp(l->host, "127.", 4) != 0 &&
            (!l->o.authenticate || l->o.anonymous.scopes))
                return refuse(ret_err,
                              "'%s' can be reached from other machines: there every request needs "
                              "a token (--require-token)",
                              l->o.address);
        return MSPTK_OK;
}

static msptk_status make_context(http_listener *l, int port, msptk_error **ret_err)
{
        struct lws_context_creation_info info = { 0 };
        unsigned slow = (unsigned)(l->o.header_timeout_ms ? l->o.header_timeout_ms : SLOW_MS);

        l->protocols[0] = (struct lws_protocols){ .name = "http",
                                                  .callback = on_http,
                                                  .per_session_data_size = sizeof(peer) };
        l->protocols[1] = (struct lws_protocols){ .name = "descriptor",
                                                  .callback = on_descriptor,
                                                  .per_session_data_size = sizeof(int) };
        info.port = port;
        info.iface = !strcmp(l->host, "0.0.0.0") || !strcmp(l->host, "::") ? NULL
                     : !strcasecmp(l->host, "localhost")                   ? "127.0.0.1"
                                                                           : l->host;
        info.protocols = l->protocols;
        info.user = l;
        info.gid = (gid_t)-1;
        info.uid = (uid_t)-1;
        info.options =
                LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
        if (!strchr(l->host, ':'))
                info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
        info.max_http_header_data = HEADER_BYTES;
        info.timeout_secs = slow / 1000 ? slow / 1000 : 1;
        info.timeout_secs_ah_idle = info.timeout_secs;
        info.keepalive_timeout = 60;
        info.vhost_name = "msp-toolkit";
        lws_set_log_level(LLL_ERR | LLL_WARN, log_of_lws);
        for_log = l;
        l->context = lws_create_context(&info);
        if (l->context)
                l->vhost = lws_create_vhost(l->context, &info);
        return l->vhost ? MSPTK_OK
                        : refuse(ret_err, "cannot listen at '%s': is the port in use?",
                                 l->o.address);
}

msptk_status http_listener_new(const http_opts *opts, http_listener **ret, msptk_error **ret_err)
{
        http_listener *l = need(calloc(1, sizeof(*l)));
        int port = 0;
        msptk_status st;

        l->o = *opts;
        if (!l->o.path)
                l->o.path = "/mcp";
        l->now_ms = http_now_ms();
        st = read_address(l, &port, ret_err);
        if (st == MSPTK_OK)
                st = make_context(l, port, ret_err);
        if (st < 0)
                http_listener_free(l);
        else
                *ret = l;
        return st;
}

int http_listener_port(const http_listener *l)
{
        return lws_get_vhost_listen_port(l->vhost);
}

void http_listener_watch(http_listener *l, int fd)
{
        lws_sock_file_fd_type own;
        struct lws *wsi;

        /* A copy: libwebsockets closes what it was given. */
        own.filefd = dup(fd);
        if (own.filefd < 0)
                return;
        wsi = lws_adopt_descriptor_vhost(l->vhost, LWS_ADOPT_RAW_FILE_DESC, own, "descriptor",
                                         NULL);
        if (wsi && lws_wsi_user(wsi))
                *(int *)lws_wsi_user(wsi) = fd;
}

/* ---- serving ---- */

static void nothing(lws_sorted_usec_list_t *timer)
{
        (void)timer; /* it only wakes the loop */
}

static int64_t sooner(int64_t a, int64_t b)
{
        return a < 0 ? b : b < 0 || a < b ? a : b;
}

static void turn(http_listener *l, int64_t longest_ms)
{
        int64_t wait = longest_ms;

        l->now_ms = http_now_ms();
        wait = sooner(wait, mcp_tick(l->o.server, l->now_ms));
        if (l->o.turn)
                wait = sooner(wait, l->o.turn(l->o.user, l->now_ms));
        exchanges_tick(l);
        sessions_reap(l);
        lws_sul_schedule(l->context, 0, &l->timer, nothing, wait < 1 ? 1000 : wait * 1000);
        lws_service(l->context, 0);
}

/* Streams hear that they end. */
static void leave(http_listener *l)
{
        int64_t until = http_now_ms() + LEAVE_MS;

        for (session *s = l->sessions, *next; s; s = next) {
                next = s->next;
                session_end(s);
        }
        while (l->exchanges && http_now_ms() < until)
                turn(l, 20);
}

msptk_status http_listener_run(http_listener *l, msptk_error **ret_err)
{
        (void)ret_err;
        while (!atomic_load(&l->stop))
                turn(l, TURN_MS);
        leave(l);
        return MSPTK_OK;
}

void http_listener_stop(http_listener *l)
{
        atomic_store(&l->stop, true);
        lws_cancel_service(l->context);
}

void http_listener_free(http_listener *l)
{
        if (!l)
                return;
        if (l->context) {
                lws_sul_cancel(&l->timer);
                lws_context_destroy(l->context);
        }
        while (l->exchanges)
                exchange_free(l->exchanges);
        while (l->sessions) {
                l->sessions->open = 0;
                l->sessions->ended = false;
                session_end(l->sessions);
        }
        if (for_log == l)
                for_log = NULL;
        free(l->host);
        free(l);
}
