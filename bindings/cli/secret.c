/* Secrets and questions: read from the terminal, secrets without echo, or from a pipe; never from
 * the command line. */
#include "cli.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { SECRET_MAX = 65536 };

static struct termios usual;
static atomic_bool echo_off;

void secret_restore_terminal(void)
{
        if (atomic_exchange(&echo_off, false))
                tcsetattr(STDIN_FILENO, TCSANOW, &usual);
}

static void hide_typing(void)
{
        struct termios hidden;

        if (tcgetattr(STDIN_FILENO, &usual) != 0)
                return;
        hidden = usual;
        hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
        hidden.c_lflag |= ECHONL;
        atomic_store(&echo_off, true);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
}

/* Bytes of standard input until its end or, with `line`, the end of a line. Negative: interrupted
 * or unreadable. */
static ssize_t read_input(char *buf, size_t cap, bool line)
{
        size_t n = 0;

        while (n < cap) {
                struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
                                         { .fd = signals_fd(), .events = POLLIN } };
                ssize_t got;

                if (poll(fds, 2, -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return -1;
                }
                if (signals_caught())
                        return -1;
                if (!fds[0].revents)
                        continue;
                got = read(STDIN_FILENO, buf + n, line ? 1 : cap - n);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return -1;
                if (got == 0)
                        break;
                n += (size_t)got;
                if (line && buf[n - 1] == '\n')
                        break;
        }
        return (ssize_t)n;
}

static msptk_status unreadable(msptk_error **ret_err)
{
        if (signals_caught())
                return msptk_error_set(ret_err, MSPTK_E_CANCELLED, "cli", "interrupted");
        return msptk_error_set(ret_err, MSPTK_E_IO, "cli", "standard input cannot be read");
}

static msptk_status ask(cli *c, const char *prompt, char *buf, size_t cap, size_t *ret_len,
                        msptk_error **ret_err)
{
        ssize_t n;

        if (c->in_tty) {
                note_line(prompt, strlen(prompt));
                hide_typing();
        }
        n = read_input(buf, cap, c->in_tty);
        secret_restore_terminal();
        if (n < 0)
                return unreadable(ret_err);
        if ((size_t)n == cap)
                return usage_error(ret_err, "the secret is longer than %d bytes", SECRET_MAX);
        if (n && buf[n - 1] == '\n')
                n--;
        if (n && buf[n - 1] == '\r')
                n--;
        buf[n] = '\0';
        if (!n)
                return usage_error(ret_err, "the secret is empty");
        if (strlen(buf) != (size_t)n)
                return usage_error(ret_err, "the secret has a NUL byte");
        *ret_len = (size_t)n;
        return MSPTK_OK;
}

static msptk_status ask_twice(cli *c, const char *name, char *buf, char *again, size_t *ret_len,
                              msptk_error **ret_err)
{
        text prompt = { 0 };
        msptk_status st;
        size_t len;

        text_addf(&prompt, "%s: ", name);
        st = ask(c, text_str(&prompt), buf, SECRET_MAX + 2, ret_len, ret_err);
        /* A passphrase that was mistyped would lock the vault. */
        if (st == MSPTK_OK && c->in_tty && strstr(name, "passphrase")) {
                text_reset(&prompt);
                text_addf(&prompt, "%s again: ", name);
                st = ask(c, text_str(&prompt), again, SECRET_MAX + 2, &len, ret_err);
                if (st == MSPTK_OK && strcmp(buf, again) != 0)
                        st = usage_error(ret_err, "the two do not agree");
        }
        text_free(&prompt);
        return st;
}

static char first[SECRET_MAX + 3], second[SECRET_MAX + 3];

msptk_status read_secrets(cli *c, invocation *inv, msptk_error **ret_err)
{
        for (const msptk_json *p = op_param_first(inv->row); p; p = msptk_json_next(p)) {
                bool required = msptk_json_bool(msptk_json_get(p, "required"), 0);
                const char *subject = msptk_json_string(msptk_json_get(inv->values, "name"), NULL);
                text name = { 0 };
                size_t len;
                msptk_status st;

                if (!param_is(p, "secret") || (!required && !inv->ask_secret))
                        continue;
                text_add(&name, op_text(p, "name"));
                if (subject) {
                        text_add(&name, " of ");
                        add_clean(&name, subject, true);
                }
                st = ask_twice(c, text_str(&name), first, second, &len, ret_err);
                if (st == MSPTK_OK &&
                    msptk_json_set_string(inv->values, op_text(p, "name"), first) < 0)
                        st = usage_error(ret_err, "the secret is not valid UTF-8");
                explicit_bzero(first, sizeof(first));
                explicit_bzero(second, sizeof(second));
                text_free(&name);
                return st;
        }
        return MSPTK_OK;
}

bool confirmed(cli *c, const char *question)
{
        char answer[64];
        ssize_t n;

        (void)c;
        note_line(question, strlen(question));
        n = read_input(answer, sizeof(answer) - 1, true);
        if (n <= 0) {
                note_line("\n", 1);
                return false;
        }
        answer[n] = '\0';
        return !strcmp(answer, "y\n") || !strcmp(answer, "Y\n") || !strcmp(answer, "yes\n");
}
