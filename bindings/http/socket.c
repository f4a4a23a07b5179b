/* Sockets and waiting by libwebsockets 4.1: descriptors are adopted as raw ones. */
#include "http/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libwebsockets.h>

enum { AT_ONCE = 64, SPARE_FDS = 32, BUFFER_BYTES = 65536 };

/* A descriptor of the program that is looked at; ours is a duplicate. */
struct watch {
        struct watch *next;
        http_listener *l;
        struct lws *wsi;
        int fd; /* as the program knows it; -1: new connections */
};

/* libwebsockets logs for the whole process; the one listener that runs hears it. */
static http_listener *hears;

static void hear(int level, const char *line)
{
        size_t n = strcspn(line, "\n");

        if (hears)
                listener_log(hears, level == LLL_ERR ? LOG_WARNING : LOG_DEBUG,
                             "libwebsockets: %.*s", (int)n, line);
}

/* ---- new connections ---- */

/* Room for one more: the connection that was silent longest gives way. */
static bool make_room(http_listener *l)
{
        link_t *oldest = NULL;

        if (l->link_count < l->o.connections)
                return true;
        for (link_t *k = l->links; k; k = k->next)
                if (!k->dead && link_is_idle(k) && (!oldest || k->read_by < oldest->read_by))
                        oldest = k;
        if (oldest)
                link_kill(oldest);
        /* The one that goes is still counted; the descriptors to spare are for this. */
        return oldest && l->link_count < l->o.connections + SPARE_FDS / 2;
}

static void turn_away(http_listener *l, int fd)
{
        static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
                                   "Retry-After: 1\r\nConnection: close\r\n\r\n";

        if (send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
                listener_log(l, LOG_DEBUG, "a connection was closed without a word");
        close(fd);
}

static void take_in(http_listener *l, int fd)
{
        lws_sock_file_fd_type d = { .sockfd = fd };
        struct lws *wsi;
        int one = 1;

        if (!make_room(l)) {
                turn_away(l, fd);
                return;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        wsi = lws_adopt_descriptor_vhost(l->vhost, LWS_ADOPT_SOCKET, d, "connections", NULL);
        if (!wsi)
                return; /* it closed the descriptor */
        lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
        lws_set_opaque_user_data(wsi, link_new(l, wsi));
}

static void accept_some(http_listener *l, int listening)
{
        for (int i = 0; i < AT_ONCE; i++) {
                int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

                if (fd < 0) {
                        if (errno == EINTR || errno == ECONNABORTED)
                                continue;
                        if (errno != EAGAIN && errno != EWOULDBLOCK)
                                listener_log(l, LOG_WARNING, "no connection is accepted: %s",
                                             strerror(errno));
                        return;
                }
                take_in(l, fd);
        }
}

/* ---- what libwebsockets says ---- */

/* The program is told; an end that can be read counts, too. */
static void tell(struct watch *w)
{
        if (w->l->stopping)
                return;
        if (w->l->o.readable)
                w->l->o.readable(w->l->o.user, w->fd);
        exchange_settle(w->l);
}

static int on_descriptor(struct lws *wsi, enum lws_callback_reasons why, void *user, void *in,
                         size_t len)
{
        struct watch *w;

        (void)user;
        (void)in;
        (void)len;
        if (why != LWS_CALLBACK_RAW_RX_FILE && why != LWS_CALLBACK_RAW_CLOSE_FILE)
                return 0;
        w = lws_get_opaque_user_data(wsi);
        if (!w)
                return 0;
        listener_tick(w->l);
        if (w->fd >= 0)
                tell(w);
        else if (why == LWS_CALLBACK_RAW_RX_FILE && !w->l->stopping)
                accept_some(w->l, (int)lws_get_socket_fd(wsi));
        if (why == LWS_CALLBACK_RAW_CLOSE_FILE)
                w->wsi = NULL;
        return 0;
}

static int on_connection(struct lws *wsi, enum lws_callback_reasons why, void *user, void *in,
                         size_t len)
{
        link_t *k;
        http_listener *l;

        (void)user;
        if (why != LWS_CALLBACK_RAW_RX && why != LWS_CALLBACK_RAW_WRITEABLE &&
            why != LWS_CALLBACK_RAW_CLOSE)
                return 0;
        k = lws_get_opaque_user_data(wsi);
        if (!k)
                return 0;
        l = k->l;
        switch (why) {
        case LWS_CALLBACK_RAW_RX:
                listener_tick(l);
                link_take(k, in, len);
                exchange_settle(l);
                return k->dead ? -1 : 0;
        case LWS_CALLBACK_RAW_WRITEABLE:
                return k->dead || !link_write(k) ? -1 : 0;
        default:
                lws_set_opaque_user_data(wsi, NULL);
                link_free(k);
                exchange_settle(l);
                return 0;
        }
}

static const struct lws_protocols protocols[] = {
        { .name = "descriptors", .callback = on_descriptor, .rx_buffer_size = BUFFER_BYTES },
        { .name = "connections",
          .callback = on_connection,
          .rx_buffer_size = BUFFER_BYTES,
          .tx_packet_size = BUFFER_BYTES },
        { .name = NULL }
};

/* ---- opening and closing ---- */

static bool adopt(http_listener *l, int duplicate, int fd)
{
        lws_sock_file_fd_type d = { .filefd = duplicate };
        struct watch *w = need(calloc(1, sizeof(*w)));

        w->l = l;
        w->fd = fd;
        w->wsi = lws_adopt_descriptor_vhost(l->vhost, LWS_ADOPT_RAW_FILE_DESC, d, "descriptors",
                                            NULL);
        if (!w->wsi) {
                free(w);
                return false;
        }
        lws_set_timeout(w->wsi, NO_PENDING_TIMEOUT, 0);
        lws_set_opaque_user_data(w->wsi, w);
        w->next = l->watches;
        l->watches = w;
        return true;
}

static bool open_context(http_listener *l)
{
        struct lws_context_creation_info info = { 0 };
        struct sigaction pipe_before;

        info.port = CONTEXT_PORT_NO_LISTEN;
        info.protocols = protocols;
        info.fd_limit_per_thread = (unsigned)l->o.connections + SPARE_FDS;
        info.pt_serv_buf_size = BUFFER_BYTES;
        info.gid = (gid_t)-1;
        info.uid = (uid_t)-1;
        hears = l;
        lws_set_log_level(LLL_ERR, hear);
        /* libwebsockets ignores SIGPIPE for the whole process, and does not need to. */
        sigaction(SIGPIPE, NULL, &pipe_before);
        l->lws = lws_create_context(&info);
        sigaction(SIGPIPE, &pipe_before, NULL);
        l->vhost = l->lws ? lws_get_vhost_by_name(l->lws, "default") : NULL;
        l->timer = need(calloc(1, sizeof(lws_sorted_usec_list_t)));
        if (!l->vhost)
                errno = ENOMEM;
        return l->vhost != NULL;
}

static int listen_at(http_listener *l, const struct sockaddr_storage *address)
{
        struct sockaddr_storage bound;
        socklen_t size = sizeof(bound);
        int one = 1, fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -1;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (bind(fd, (const struct sockaddr *)address,
                 address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                               : sizeof(struct sockaddr_in6)) < 0 ||
            listen(fd, 256) < 0 || getsockname(fd, (struct sockaddr *)&bound, &size) < 0) {
                int failed = errno;

                close(fd);
                errno = failed;
                return -1;
        }
        l->port = ntohs(bound.ss_family == AF_INET ? ((struct sockaddr_in *)&bound)->sin_port
                                                   : ((struct sockaddr_in6 *)&bound)->sin6_port);
        return fd;
}

bool socket_open(http_listener *l, const struct sockaddr_storage *address)
{
        int fd = listen_at(l, address);

        if (fd < 0)
                return false;
        if (!open_context(l)) {
                close(fd);
                return false;
        }
        return adopt(l, fd, -1);
}

void http_listener_watch(http_listener *l, int fd)
{
        int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, 3);

        if (duplicate < 0 || !adopt(l, duplicate, fd))
                listener_log(l, LOG_ERROR, "descriptor %d cannot be watched", fd);
}

void socket_stop_listening(http_listener *l)
{
        for (struct watch *w = l->watches; w; w = w->next)
                if (w->wsi)
                        lws_set_timeout(w->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT,
                                        LWS_TO_KILL_ASYNC);
}

void socket_close_all(http_listener *l)
{
        struct watch *next;

        if (l->lws) {
                lws_context_destroy(l->lws);
                lws_set_log_level(LLL_ERR | LLL_WARN | LLL_NOTICE, lwsl_emit_stderr);
        }
        l->lws = NULL;
        if (hears == l)
                hears = NULL;
        for (struct watch *w = l->watches; w; w = next) {
                next = w->next;
                free(w);
        }
        l->watches = NULL;
        free(l->timer);
        l->timer = NULL;
}

/* ---- waiting ---- */

static void awake(lws_sorted_usec_list_t *timer)
{
        (void)timer; /* the loop looks at what is due after every wait */
}

bool socket_service(http_listener *l, int64_t wait_ms)
{
        /* One more, because the wait is rounded down. */
        lws_usec_t us = wait_ms < 0    ? LWS_SET_TIMER_USEC_CANCEL
                        : wait_ms == 0 ? 1
                                       : (lws_usec_t)(wait_ms + 1) * 1000;

        lws_sul_schedule(l->lws, 0, l->timer, awake, us);
        return lws_service(l->lws, 0) >= 0;
}

void socket_wake(http_listener *l)
{
        lws_cancel_service(l->lws);
}

/* ---- one connection ---- */

void socket_want_write(link_t *k)
{
        lws_callback_on_writable(k->wsi);
}

void socket_hold(link_t *k, bool hold)
{
        lws_rx_flow_control(k->wsi, !hold);
}

bool socket_is_left(const link_t *k)
{
        struct pollfd p = { .fd = (int)lws_get_socket_fd(k->wsi), .events = POLLRDHUP };

        return poll(&p, 1, 0) > 0;
}

void socket_shut_writing(link_t *k)
{
        shutdown((int)lws_get_socket_fd(k->wsi), SHUT_WR);
}

void socket_kill(link_t *k)
{
        lws_set_timeout(k->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
}

int64_t socket_send(link_t *k, char *bytes, size_t len, bool *ret_stuck)
{
        int n = lws_write(k->wsi, (unsigned char *)bytes, len, LWS_WRITE_RAW);

        *ret_stuck = n >= 0 && lws_partial_buffered(k->wsi);
        return n;
}
