/* What the tests of lib/net share: a toolkit's lower floors in memory, with a clock of its own. */
#ifndef TESTS_NET_SUPPORT_H
#define TESTS_NET_SUPPORT_H

#include "net/net.h"
#include "scripted_http.h"

typedef struct net_world {
        ctx c;
        scripted *server;
        int64_t skew_us; /* added to the clock */
} net_world;

static int64_t world_clock(void *user)
{
        return msptk__now(NULL) + __atomic_load_n(&((net_world *)user)->skew_us, __ATOMIC_RELAXED);
}

static inline __attribute__((unused)) void open_ctx(ctx *c, const char *path)
{
        static const store_migration *const tables[] = { NULL };
        const store_migration *all[] = { msptk__net_migrations };
        store_options o = { .path = path, .create = true };

        (void)tables;
        c->principal = "test";
        assert_int_equal(msptk__work_new(NULL, &c->work, NULL), MSPTK_OK);
        assert_int_equal(msptk__store_open(&o, &c->store, NULL), MSPTK_OK);
        assert_int_equal(msptk__store_migrate(c->store, all, 1, 1000000, NULL), MSPTK_OK);
        assert_int_equal(msptk__net_open(c, &c->net, NULL), MSPTK_OK);
}

static inline __attribute__((unused)) void close_ctx(ctx *c)
{
        assert_int_equal(msptk__work_close(c->work, 10000, NULL), MSPTK_OK);
        msptk__net_close(STEAL(c->net));
        msptk__store_free(STEAL(c->store));
        msptk__work_free(STEAL(c->work));
}

static inline __attribute__((unused)) int world_up(void **state)
{
        net_world *w = calloc(1, sizeof(*w));

        assert_non_null(w);
        w->c.clock = world_clock;
        w->c.clock_user = w;
        open_ctx(&w->c, ":memory:");
        w->server = scripted_start();
        *state = w;
        return 0;
}

static inline __attribute__((unused)) int world_down(void **state)
{
        net_world *w = *state;

        close_ctx(&w->c);
        scripted_stop(w->server);
        free(w);
        return 0;
}

/* A site whose api_url is the server; `more` are further settings: "\"allow_http\": true". */
static inline __attribute__((unused)) net_site *site_with(net_world *w, const char *more)
{
        AUTO_BUF buf text = BUF_INIT(4096);
        AUTO_ERROR msptk_error *err = NULL;
        msptk_json *settings = NULL;
        net_site *s = NULL;

        msptk__buf_addf(&text, "{\"api_url\": \"%s\"%s%s}", scripted_url(w->server, "/api"),
                        more ? ", " : "", more ? more : "");
        assert_int_equal(msptk_json_parse(text.data, text.len, &settings, NULL), MSPTK_OK);
        if (msptk__net_site_new(w->c.net, "vendor", settings, 0, &s, &err) < 0)
                print_error("%s\n", msptk_error_message(err));
        msptk_json_free(settings);
        assert_non_null(s);
        return s;
}

#endif
