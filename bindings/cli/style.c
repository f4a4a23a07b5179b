/* Colours and the terminal: what may be used where. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const codes[] = {
        [STYLE_PLAIN] = "",       [STYLE_BOLD] = "1",     [STYLE_DIM] = "2",
        [STYLE_GOOD] = "32",      [STYLE_WARNING] = "33", [STYLE_CRITICAL] = "1;31",
        [STYLE_UNKNOWN] = "1;35", [STYLE_HEAD] = "1",
};

int style_of_word(const char *word)
{
        static const struct {
                const char *word;
                int style;
        } known[] = {
                { "ok", STYLE_GOOD },           { "up", STYLE_GOOD },
                { "active", STYLE_PLAIN },      { "resolved", STYLE_GOOD },
                { "fixed", STYLE_GOOD },        { "info", STYLE_PLAIN },
                { "warning", STYLE_WARNING },   { "acknowledged", STYLE_WARNING },
                { "snoozed", STYLE_WARNING },   { "suspended", STYLE_WARNING },
                { "critical", STYLE_CRITICAL }, { "down", STYLE_CRITICAL },
                { "error", STYLE_CRITICAL },    { "failed", STYLE_CRITICAL },
                { "denied", STYLE_CRITICAL },   { "unknown", STYLE_UNKNOWN },
                { "inactive", STYLE_DIM },
        };

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                if (!strcmp(word, known[i].word))
                        return known[i].style;
        return STYLE_PLAIN;
}

static const char *set(const char *name)
{
        const char *value = getenv(name);

        return value && *value ? value : NULL;
}

/* https://no-color.org and https://bixense.com/clicolors: NO_COLOR wins, then CLICOLOR_FORCE. */
static bool wants_color(const cli *c, bool tty)
{
        const char *term = getenv("TERM"), *force = set("CLICOLOR_FORCE");
        const char *clicolor = set("CLICOLOR");

        if (c->g.no_color || set("NO_COLOR"))
                return false;
        if (force && strcmp(force, "0") != 0)
                return true;
        if (clicolor && !strcmp(clicolor, "0"))
                return false;
        return tty && term && *term && strcmp(term, "dumb") != 0;
}

/* Whether the terminal draws more than ASCII, as far as the environment tells. */
static bool speaks_utf8(void)
{
        const char *locale = set("LC_ALL");

        if (!locale)
                locale = set("LC_CTYPE");
        if (!locale)
                locale = set("LANG");
        return locale && (strstr(locale, "UTF-8") || strstr(locale, "utf8") ||
                          strstr(locale, "UTF8") || strstr(locale, "utf-8"));
}

static size_t columns_of(int fd)
{
        const char *columns = set("COLUMNS");
        struct winsize size;
        long n = columns ? strtol(columns, NULL, 10) : 0;

        if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
                return size.ws_col;
        return n > 0 && n < 10000 ? (size_t)n : 80;
}

void style_init(cli *c)
{
        size_t columns;

        c->out_tty = isatty(STDOUT_FILENO) == 1;
        c->err_tty = isatty(STDERR_FILENO) == 1;
        c->in_tty = isatty(STDIN_FILENO) == 1;
        c->color_out = wants_color(c, c->out_tty);
        c->color_err = wants_color(c, c->err_tty);
        c->utf8 = speaks_utf8();
        columns = c->out_tty ? columns_of(STDOUT_FILENO) : 0;
        c->width = c->g.width ? c->g.width : columns;
        c->help_width = c->width ? c->width : 80;
        if (c->help_width > 100)
                c->help_width = 100;
        if (c->help_width < 40)
                c->help_width = 40;
}

void add_styled(text *t, bool color, int style, const char *s)
{
        if (!color || style == STYLE_PLAIN || !*s) {
                text_add(t, s);
                return;
        }
        text_addf(t, "\033[%sm%s\033[0m", codes[style], s);
}
