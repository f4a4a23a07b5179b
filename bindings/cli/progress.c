/* A bar on the terminal for work that lasts; nothing at all anywhere else. */
#include "cli.h"

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

void progress_start(progress *p, cli *c)
{
        *p = (progress){ .c = c, .started_ms = now_ms() };
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

int32_t progress_note(void *user, int64_t done, int64_t total, const char *what)
{
        progress *p = user;
        int64_t now = now_ms();

        if (!p->c->err_tty || p->c->g.quiet || now - p->started_ms < SHOW_AFTER_MS ||
            (p->drawn && now - p->drawn_ms < REDRAW_MS))
                return 0;
        p->drawn_ms = now;
        draw(p, done, total, what);
        return 0;
}

void progress_end(progress *p)
{
        if (p->drawn && atomic_exchange(&bar_stands, false))
                write_err("\r\033[K", 4);
        p->drawn = false;
}
