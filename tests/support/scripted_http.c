/* The scripted HTTP server: one thread, poll, no library. */
#include "support.h"
#include "scripted_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNS = 512, RULES = 64, REQUEST_MAX = 256 * 1024, PIECE = 16384 };

typedef struct rule {
        script_reply r;
        int used;
} rule;

typedef struct conn {
        int fd;
        char *in;
        size_t in_len;
        char *out;
        size_t out_len, out_at, generate;
        const rule *rule;
        int closing, silent, waiting;
        size_t wait_for;
} conn;

struct scripted {
        int listener, port, wake[2];
        pthread_t thread;
        pthread_mutex_t lock; /* all below */
        rule rules[RULES];
        size_t rule_count, hits, connections;
        char *paths[4096];
        size_t path_count;
        char *last;
        char *urls[64];
        size_t url_count;
        int stop;
        conn conns[CONNS]; /* the thread's own */
};

/* Fault loops make malloc fail in the whole executable; the server is not what they are about. */
static void *own_alloc(size_t size)
{
        void *p = NULL;

        if (posix_memalign(&p, 16, size ? size : 1))
                _exit(3);
        memset(p, 0, size);
        return p;
}

static char *own_text(const char *text)
{
        return memcpy(own_alloc(strlen(text) + 1), text, strlen(text) + 1);
}

/* ---- gzip without a library: one literal zero, then copies of it ---- */

typedef struct bits {
        unsigned char *p;
        size_t len, cap;
        unsigned acc;
        int n;
} bits;

static void put_byte(bits *b, unsigned byte)
{
        if (b->len == b->cap) {
                unsigned char *more = own_alloc(b->cap ? 2 * b->cap : 4096);

                if (b->len)
                        memcpy(more, b->p, b->len);
                free(b->p);
                b->p = more;
                b->cap = b->cap ? 2 * b->cap : 4096;
        }
        b->p[b->len++] = (unsigned char)byte;
}

static void put_bits(bits *b, unsigned value, int n)
{
        b->acc |= value << b->n;
        for (b->n += n; b->n >= 8; b->n -= 8, b->acc >>= 8)
                put_byte(b, b->acc & 0xff);
}

static void put_code(bits *b, unsigned code, int n) /* most significant bit first */
{
        while (n--)
                put_bits(b, code >> n & 1, 1);
}

static unsigned crc_of_zeros(size_t count)
{
        unsigned crc = 0xffffffffu;

        for (size_t i = 0; i < count; i++)
                for (int k = 0; k < 8; k++)
                        crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
        return ~crc;
}

/* `count` must be 1 + a multiple of 258. */
static char *gzip_zeros(size_t count, size_t *ret_len)
{
        static const unsigned char head[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
        unsigned crc = count < 1000000 ? crc_of_zeros(count) : 0; /* a bomb never comes that far */
        bits b = { 0 };

        for (size_t i = 0; i < sizeof(head); i++)
                put_byte(&b, head[i]);
        put_bits(&b, 1, 1);
        put_bits(&b, 1, 2);
        put_code(&b, 0x30, 8);
        for (size_t i = 0; i < (count - 1) / 258; i++) {
                put_code(&b, 0xc5, 8);
                put_code(&b, 0, 5);
        }
        put_code(&b, 0, 7);
        if (b.n)
                put_bits(&b, 0, 8 - b.n);
        for (int i = 0; i < 4; i++)
                put_byte(&b, crc >> 8 * i & 0xff);
        for (int i = 0; i < 4; i++)
                put_byte(&b, (unsigned)(count >> 8 * i) & 0xff);
        *ret_len = b.len;
        return (char *)b.p;
}

/* ---- replies ---- */

static int path_is(const char *request, const char *path)
{
        const char *p = strchr(request, ' ');
        size_t len = p ? strcspn(p + 1, " ?") : 0;

        return !path || (p && strlen(path) == len && !memcmp(path, p + 1, len));
}

static rule *choose(scripted *s, const char *request)
{
        for (size_t i = 0; i < s->rule_count; i++) {
                rule *r = &s->rules[i];

                if (path_is(request, r->r.path) && (!r->r.times || r->used < r->r.times)) {
                        r->used++;
                        return r;
                }
        }
        return NULL;
}

static void make_reply(conn *c, const script_reply *r, int head_only)
{
        const char *body = r->body ? r->body : "{}";
        size_t len = r->body_len ? r->body_len : strlen(body), declared;
        char *made = NULL;
        int n;

        if (r->fault == SCRIPT_RAW) {
                c->out = own_alloc(len + 1);
                memcpy(c->out, body, len);
                c->out_len = len;
                return;
        }
        if (r->fault == SCRIPT_GZIP)
                body = made = gzip_zeros(r->body_len, &len);
        declared = r->fault == SCRIPT_TRUNCATED ? 2 * len + 2 : len;
        c->out = own_alloc(PIECE + len + (r->headers ? strlen(r->headers) : 0));
        n = sprintf(c->out, "HTTP/1.1 %d X\r\n%s%sContent-Length: %zu\r\n%s\r\n",
                    r->status ? r->status : 200,
                    r->headers ? r->headers : "Content-Type: application/json\r\n",
                    made ? "Content-Encoding: gzip\r\n" : "", declared,
                    r->keep ? "" : "Connection: close\r\n");
        c->out_len = (size_t)n;
        if (r->fault == SCRIPT_HUGE) {
                c->generate = len;
        } else if (!head_only) {
                memcpy(c->out + n, body, len);
                c->out_len += len;
        }
        free(made);
}

static void note(scripted *s, const conn *c)
{
        const char *p = strchr(c->in, ' ');

        s->hits++;
        if (p && s->path_count < sizeof(s->paths) / sizeof(s->paths[0]))
                s->paths[s->path_count++] = strndup(p + 1, strcspn(p + 1, " ?"));
        free(s->last);
        s->last = own_text(c->in);
}

/* How long the request is; 0 while it is not whole. */
static size_t whole(const conn *c)
{
        const char *end = c->in ? strstr(c->in, "\r\n\r\n") : NULL, *length;
        size_t head, body = 0;

        if (!end)
                return 0;
        head = (size_t)(end - c->in) + 4;
        length = strcasestr(c->in, "\r\nContent-Length:");
        if (length && length < end)
                body = strtoul(length + 17, NULL, 10);
        return c->in_len >= head + body ? head + body : 0;
}

static void drop(conn *c)
{
        close(c->fd);
        free(c->in);
        free(c->out);
        *c = (conn){ .fd = -1 };
}

static void reset(conn *c)
{
        struct linger now = { 1, 0 };

        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        drop(c);
}

static void on_request(scripted *s, conn *c)
{
        static const rule missing = { .r = { .status = 404 } };
        const rule *r;

        pthread_mutex_lock(&s->lock);
        note(s, c);
        r = choose(s, c->in);
        pthread_mutex_unlock(&s->lock);
        c->rule = r ? r : &missing;
        c->in_len = 0;
        c->silent = c->rule->r.fault == SCRIPT_SILENT;
        c->closing = !c->rule->r.keep;
        c->waiting = c->rule->r.hold;
        c->wait_for = (size_t)c->rule->r.hold_until;
        if (c->rule->r.fault == SCRIPT_RESET)
                reset(c);
        else if (c->rule->r.fault == SCRIPT_EMPTY)
                drop(c);
        else if (!c->silent)
                make_reply(c, &c->rule->r, !strncmp(c->in, "HEAD ", 5));
}

static void on_readable(scripted *s, conn *c)
{
        ssize_t n;

        if (!c->in)
                c->in = own_alloc(REQUEST_MAX + 1);
        n = recv(c->fd, c->in + c->in_len, REQUEST_MAX - c->in_len, 0);
        if (n <= 0) {
                if (n == 0 || errno != EAGAIN)
                        drop(c);
                return;
        }
        c->in_len += (size_t)n;
        c->in[c->in_len] = '\0';
        if (!c->out && !c->silent && whole(c))
                on_request(s, c);
}

static void on_writable(conn *c)
{
        static char xs[PIECE];
        size_t left = c->out_len - c->out_at;
        int slow = c->rule->r.fault == SCRIPT_SLOW;
        ssize_t n;

        if (left) {
                n = send(c->fd, c->out + c->out_at, slow ? (left > 64 ? left - 64 : 1) : left,
                         MSG_NOSIGNAL);
                if (n > 0)
                        c->out_at += (size_t)n;
        } else {
                memset(xs, 'x', sizeof(xs));
                n = send(c->fd, xs, c->generate < PIECE ? c->generate : PIECE, MSG_NOSIGNAL);
                if (n > 0)
                        c->generate -= (size_t)n;
        }
        if (n < 0 && errno != EAGAIN) {
                drop(c);
        } else if (c->out_at == c->out_len && !c->generate) {
                if (c->closing) {
                        drop(c);
                        return;
                }
                free(c->out);
                c->out = NULL;
                c->out_len = c->out_at = 0;
        }
}

/* ---- the thread ---- */

static void accept_one(scripted *s)
{
        int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        for (size_t i = 0; fd >= 0 && i < CONNS; i++)
                if (s->conns[i].fd < 0) {
                        s->conns[i].fd = fd;
                        pthread_mutex_lock(&s->lock);
                        s->connections++;
                        pthread_mutex_unlock(&s->lock);
                        return;
                }
        if (fd >= 0)
                close(fd);
}

static short wanted(const conn *c, size_t hits)
{
        if (!c->out || c->silent || (c->waiting && hits < c->wait_for))
                return POLLIN;
        return POLLIN | POLLOUT;
}

static int prepare(scripted *s, struct pollfd *p)
{
        int pace = -1;
        size_t hits;
        int stop;

        pthread_mutex_lock(&s->lock);
        stop = s->stop;
        hits = s->hits;
        pthread_mutex_unlock(&s->lock);
        p[0] = (struct pollfd){ .fd = s->listener, .events = POLLIN };
        p[1] = (struct pollfd){ .fd = s->wake[0], .events = POLLIN };
        for (size_t i = 0; i < CONNS; i++) {
                const conn *c = &s->conns[i];

                p[i + 2] = (struct pollfd){ .fd = c->fd, .events = 0 };
                if (c->fd < 0)
                        continue;
                p[i + 2].events = wanted(c, hits);
                if (c->out && c->rule->r.fault == SCRIPT_SLOW && c->out_at) {
                        p[i + 2].events = POLLOUT;
                        pace = 20;
                }
        }
        if (stop)
                return -2;
        return pace;
}

static void *serve(void *arg)
{
        scripted *s = arg;
        static const struct timespec beat = { 0, 20000000 };
        struct pollfd *p = own_alloc((CONNS + 2) * sizeof(*p));

        for (;;) {
                int pace = prepare(s, p);
                char c;

                if (pace == -2)
                        break;
                if (poll(p, CONNS + 2, pace) < 0)
                        continue;
                if (pace > 0)
                        nanosleep(&beat, NULL);
                if (p[1].revents && read(s->wake[0], &c, 1) < 0)
                        break;
                for (size_t i = 0; i < CONNS; i++) {
                        conn *k = &s->conns[i];

                        if (k->fd >= 0 && p[i + 2].revents & (POLLIN | POLLHUP | POLLERR))
                                on_readable(s, k);
                        if (k->fd >= 0 && k->out && p[i + 2].revents & POLLOUT)
                                on_writable(k);
                }
                if (p[0].revents)
                        accept_one(s);
        }
        for (size_t i = 0; i < CONNS; i++)
                if (s->conns[i].fd >= 0)
                        drop(&s->conns[i]);
        free(p);
        return NULL;
}

scripted *scripted_start(void)
{
        struct sockaddr_in at = { .sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t len = sizeof(at);
        scripted *s = own_alloc(sizeof(*s));

        assert_non_null(s);
        for (size_t i = 0; i < CONNS; i++)
                s->conns[i].fd = -1;
        pthread_mutex_init(&s->lock, NULL);
        s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(s->listener >= 0);
        assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof(at)), 0);
        assert_int_equal(listen(s->listener, CONNS), 0);
        assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &len), 0);
        s->port = ntohs(at.sin_port);
        assert_int_equal(pipe2(s->wake, O_CLOEXEC), 0);
        assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
        return s;
}

void scripted_stop(scripted *s)
{
        pthread_mutex_lock(&s->lock);
        s->stop = 1;
        pthread_mutex_unlock(&s->lock);
        assert_int_equal(write(s->wake[1], "x", 1), 1);
        pthread_join(s->thread, NULL);
        close(s->listener);
        close(s->wake[0]);
        close(s->wake[1]);
        for (size_t i = 0; i < s->path_count; i++)
                free(s->paths[i]);
        for (size_t i = 0; i < s->url_count; i++)
                free(s->urls[i]);
        free(s->last);
        pthread_mutex_destroy(&s->lock);
        free(s);
}

int scripted_port(const scripted *s)
{
        return s->port;
}

const char *scripted_url(scripted *s, const char *path)
{
        char *url = own_alloc(strlen(path) + 64);

        assert_true(s->url_count < sizeof(s->urls) / sizeof(s->urls[0]));
        sprintf(url, "http://127.0.0.1:%d%s", s->port, path);
        s->urls[s->url_count++] = url;
        return url;
}

void scripted_add(scripted *s, const script_reply *reply)
{
        pthread_mutex_lock(&s->lock);
        assert_true(s->rule_count < RULES);
        s->rules[s->rule_count++] = (rule){ .r = *reply };
        pthread_mutex_unlock(&s->lock);
}

size_t scripted_hits(scripted *s, const char *path)
{
        size_t n = 0;

        pthread_mutex_lock(&s->lock);
        for (size_t i = 0; i < s->path_count; i++)
                n += !path || !strcmp(s->paths[i], path);
        pthread_mutex_unlock(&s->lock);
        return n;
}

size_t scripted_connections(scripted *s)
{
        size_t n;

        pthread_mutex_lock(&s->lock);
        n = s->connections;
        pthread_mutex_unlock(&s->lock);
        return n;
}

char *scripted_last(scripted *s)
{
        char *text;

        pthread_mutex_lock(&s->lock);
        text = own_text(s->last ? s->last : "");
        pthread_mutex_unlock(&s->lock);
        return text;
}
