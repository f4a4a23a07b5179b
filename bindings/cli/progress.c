/* A bar on the terminal for work that lasts; nothing at all anywhere else. */
#include "cli.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SHOW_AFTER_MS = 500, REDRAW_MS = 100, BAR_COLUMNS = 24 };

/* Whether a bar stands on the terminal's last line; a note has to wipe it first. */
static atomic_bool bar_stands;

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void write_err(const char *s, size_t n)
{
        while (n) {
                ssize_t wrote = write(STDERR_FILENO, s, n);

                if (wrote <= 0)
                        return;
                s += wrote;
                n -= (size_t)wrote;
        }
}

void note_line(const char *line, size_t n)
{
        text out = { 0 };

        if (atomic_exchange(&bar_stands, false))
                text_add(&out, "\r\033[K");
        text_addn(&out, line, n);
        write_err(out.data, out.len);
        text_free(&out);
}

static void add_bar(text *out, const cli *c, int64_t done, int64_t total)
{
        int64_t full = total > 0 ? done * BAR_COLUMNS / total : 0;

        if (full > BAR_COLUMNS)
                full = BAR_COLUMNS;
        if (full < 0)
                full = 0;
        text_add(out, c->utf8 ? "" : "[");
        for (int64_t i = 0; i < BAR_COLUMNS; i++)
                text_add(out, i < full ? (c->utf8 ? "\xe2\x96\x88" : "#")
                                       : (c->utf8 ? "\xe2\x96\x91" : "."));
        text_add(out, c->utf8 ? "" : "]");
        text_addf(out, " %lld/%lld  ", (long long)done, (long long)total);
}

static void draw(progress *p, int64_t done, int64_t total, const char *what)
{
        text out = { 0 }, line = { 0 };
        size_t columns = p->c->width ? p->c->width : 80;

        if (total > 0)
                add_bar(&line, p->c, done, total);
        else if (done > 0)
                text_addf(&line, "%lld  ", (long long)done);
        add_clean(&line, what ? what : "", true);
        text_add(&out, "\r");
        text_addn(&out, line.data, text_cut(line.data, columns - 1, NULL));
        text_add(&out, "\033[K");
        write_err(out.data, out.len);
        atomic_store(&bar_stands, true);
        p->drawn = true;
        text_free(&out);
        text_free(&line);
}

static struct timespec moment(int64_t ms)
{
        return (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
}

/* Work may tell nothing for long: what it told last is shown when it has lasted. */
static void *show_in_time(void *user)
{
        progress *p = user;
        struct timespec when = moment(p->started_ms + SHOW_AFTER_MS);
        int waited = 0;

        pthread_mutex_lock(&p->lock);
        while (!p->ended && !waited)
                waited = pthread_cond_timedwait(&p->end, &p->lock, &when);
        if (!p->ended && !p->drawn && p->total > 0) {
                p->drawn_ms = now_ms();
                draw(p, p->done, p->total, p->what);
        }
        pthread_mutex_unlock(&p->lock);
        return NULL;
}

void progress_start(progress *p, cli *c)
{
        pthread_condattr_t attr;

        *p = (progress){ .c = c, .started_ms = now_ms() };
        pthread_mutex_init(&p->lock, NULL);
        pthread_condattr_init(&attr);
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_cond_init(&p->end, &attr);
        pthread_condattr_destroy(&attr);
        if (c->err_tty && !c->g.quiet)
                p->has_clock = pthread_create(&p->clock, NULL, show_in_time, p) == 0;
}

int32_t progress_note(void *user, int64_t done, int64_t total, const char *what)
{
        progress *p = user;
        int64_t now = now_ms();

        if (!p->c->err_tty || p->c->g.quiet)
                return 0;
        pthread_mutex_lock(&p->lock);
        p->done = done;
        p->total = total;
        free(p->what);
        p->what = copy_text(what ? what : "");
        if (now - p->started_ms >= SHOW_AFTER_MS && (!p->drawn || now - p->drawn_ms >= REDRAW_MS)) {
                p->drawn_ms = now;
                draw(p, done, total, what);
        }
        pthread_mutex_unlock(&p->lock);
        return 0;
}

void progress_end(progress *p)
{
        if (p->has_clock) {
                pthread_mutex_lock(&p->lock);
                p->ended = true;
                pthread_cond_signal(&p->end);
                pthread_mutex_unlock(&p->lock);
                pthread_join(p->clock, NULL);
        }
        if (p->drawn && atomic_exchange(&bar_stands, false))
                write_err("\r\033[K", 4);
        pthread_cond_destroy(&p->end);
        pthread_mutex_destroy(&p->lock);
        free(p->what);
        *p = (progress){ .c = p->c };
}
