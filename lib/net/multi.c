/* curl on the loop: its sockets become descriptors of the loop, its timeout a timer; nothing here
 * blocks. Everything but start and end runs on the loop thread. */
#define ROOM "net"
#include "net/private.h"

#include <string.h>

enum { CONNECTIONS_MAX = 256, CONNECTIONS_KEPT = 32 };

typedef struct net_socket {
        loop_io io;
        net *n;
} net_socket;

/* ---- the counted start of curl: the only mutable globals of this room ---- */

static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;

msptk_status msptk__net_start_curl(net *n, msptk_error **ret_err)
{
        CURLcode code = CURLE_OK;

        pthread_mutex_lock(&n->lock);
        if (!n->curl_started) {
                pthread_mutex_lock(&start_lock); /* curl itself counts */
                code = curl_global_init(CURL_GLOBAL_DEFAULT);
                pthread_mutex_unlock(&start_lock);
                n->curl_started = code == CURLE_OK;
        }
        pthread_mutex_unlock(&n->lock);
        if (code == CURLE_OUT_OF_MEMORY)
                return msptk__nomem(ret_err);
        if (code != CURLE_OK)
                return fail(ret_err, MSPTK_E_INTERNAL, "libcurl refuses to start");
        return MSPTK_OK;
}

/* ---- transfers that run ---- */

static void link_live(net *n, transfer *t)
{
        t->prev = NULL;
        t->next = n->live;
        if (n->live)
                n->live->prev = t;
        n->live = t;
        t->linked = true;
}

void msptk__multi_remove(transfer *t)
{
        net *n = t->n;

        if (!t->linked)
                return;
        t->linked = false;
        if (t->prev)
                t->prev->next = t->next;
        else
                n->live = t->next;
        if (t->next)
                t->next->prev = t->prev;
        (void)curl_multi_remove_handle(n->multi, t->easy);
        if (!n->live) /* without transfers the loop keeps nothing of ours */
                msptk__loop_timer_del(n->c->work, &n->timer);
}

/* After curl gave up on all: a callback of ours failed. */
static void fail_all(net *n)
{
        while (n->live)
                msptk__transfer_end(n->live, CURLE_OUT_OF_MEMORY);
        (void)curl_multi_cleanup(STEAL(n->multi));
        msptk__loop_timer_del(n->c->work, &n->timer);
}

static void act(net *n, curl_socket_t fd, int events)
{
        int running, left;
        CURLMsg *msg;
        CURLMcode code = curl_multi_socket_action(n->multi, fd, events, &running);

        if (code != CURLM_OK) {
                fail_all(n);
                return;
        }
        while ((msg = curl_multi_info_read(n->multi, &left))) {
                CURLcode result = msg->data.result;
                char *t = NULL;

                if (msg->msg != CURLMSG_DONE)
                        continue;
                (void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
                msptk__transfer_end((transfer *)(void *)t, result);
        }
        if (!n->live)
                msptk__loop_timer_del(n->c->work, &n->timer);
}

/* ---- what curl wants watched ---- */

static void on_ready(loop_io *io, uint32_t events)
{
        net_socket *s = (net_socket *)(void *)io;
        int mask = (events & LOOP_IN ? CURL_CSELECT_IN : 0) |
                   (events & LOOP_OUT ? CURL_CSELECT_OUT : 0) |
                   (events & LOOP_BROKEN ? CURL_CSELECT_ERR : 0);

        act(s->n, io->fd, mask);
}

static int forget_socket(net *n, curl_socket_t fd, net_socket *s)
{
        if (!s)
                return 0;
        if (!n->ended)
                msptk__loop_io_del(n->c->work, &s->io);
        (void)curl_multi_assign(n->multi, fd, NULL);
        msptk__free(s);
        return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
        net_socket *s = known;
        net *n = user;
        uint32_t events =
                (what & CURL_POLL_IN ? LOOP_IN : 0) | (what & CURL_POLL_OUT ? LOOP_OUT : 0);

        (void)easy;
        if (what == CURL_POLL_REMOVE)
                return forget_socket(n, fd, s);
        if (n->ended)
                return 0;
        if (!s) {
                s = msptk__alloc(sizeof(*s));
                if (!s)
                        return -1;
                s->n = n;
                s->io.fd = (int)fd;
                s->io.fn = on_ready;
                if (curl_multi_assign(n->multi, fd, s) != CURLM_OK) {
                        msptk__free(s);
                        return -1;
                }
        }
        return msptk__loop_io_set(n->c->work, &s->io, events, NULL) == MSPTK_OK ? 0 : -1;
}

static void on_timeout(loop_timer *timer)
{
        net *n = (net *)(void *)((char *)timer - offsetof(net, timer));

        act(n, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long timeout_ms, void *user)
{
        net *n = user;

        (void)multi;
        if (n->ended)
                return 0;
        if (timeout_ms < 0) {
                msptk__loop_timer_del(n->c->work, &n->timer);
                return 0;
        }
        return msptk__loop_timer_set(n->c->work, &n->timer,
                                     msptk__mono_ns() + (int64_t)timeout_ms * 1000000,
                                     on_timeout) == MSPTK_OK
                       ? 0
                       : -1;
}

static bool make_multi(net *n)
{
        CURLM *m = curl_multi_init();
        CURLMcode bad = CURLM_OK;

        if (!m)
                return false;
        bad |= curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket);
        bad |= curl_multi_setopt(m, CURLMOPT_SOCKETDATA, n);
        bad |= curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer);
        bad |= curl_multi_setopt(m, CURLMOPT_TIMERDATA, n);
        bad |= curl_multi_setopt(m, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS_MAX);
        bad |= curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
        if (bad != CURLM_OK) {
                (void)curl_multi_cleanup(m);
                return false;
        }
        n->multi = m;
        return true;
}

msptk_status msptk__multi_add(net *n, transfer *t, msptk_error **ret_err)
{
        if (!n->multi && !make_multi(n))
                return msptk__nomem(ret_err);
        link_live(n, t);
        if (curl_multi_add_handle(n->multi, t->easy) == CURLM_OK)
                return MSPTK_OK;
        msptk__multi_remove(t);
        return msptk__nomem(ret_err);
}

/* ---- the end ---- */

static void *end_connections(void *user)
{
        net *n = user;

        (void)curl_multi_cleanup(n->multi);
        n->multi = NULL;
        return NULL;
}

/* Idle connections may say good-bye by TLS to a peer that is gone: on a thread with all signals
 * blocked, so that the host sees no SIGPIPE. */
void msptk__multi_free(net *n)
{
        pthread_t thread;

        if (n->pid != getpid())
                return;
        n->ended = true;
        if (n->multi && msptk__thread_start(&thread, end_connections, n) == 0)
                pthread_join(thread, NULL);
        if (n->multi)
                end_connections(n);
        if (n->curl_started) {
                pthread_mutex_lock(&start_lock);
                curl_global_cleanup();
                pthread_mutex_unlock(&start_lock);
        }
}
