/* Ctrl-C and its kin: a thread waits for them, so that the library sees a cancelled call and not an
 * interrupted one. The first asks to stop, the second ends the program at once. */
#include "cli.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static atomic_int caught;
static int wake[2] = { -1, -1 };
static sigset_t waited;

static void say(const char *line)
{
        if (isatty(STDERR_FILENO) == 1)
                note_line(line, strlen(line));
}

static void *wait_for_signals(void *user)
{
        cli *c = user;
        int signo;

        for (;;) {
                if (sigwait(&waited, &signo) != 0)
                        continue;
                if (atomic_load(&caught)) {
                        secret_restore_terminal();
                        _exit(128 + signo);
                }
                atomic_store(&caught, signo);
                if (write(wake[1], "", 1) < 0)
                        say("\n");
                if (signo == SIGINT && c->tk)
                        say("stopping; press Ctrl-C again to quit at once\n");
                msptk_cancel_trigger(c->cancel);
        }
        return NULL;
}

void signals_start(cli *c)
{
        static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
        pthread_t thread;

        if (wake[0] >= 0)
                return;
        sigemptyset(&waited);
        for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
                struct sigaction before;

                /* What nohup or a shell has switched off stays off. */
                if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
                        continue;
                sigaddset(&waited, signals[i]);
        }
        if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
                wake[0] = wake[1] = -1;
        pthread_sigmask(SIG_BLOCK, &waited, NULL);
        if (pthread_create(&thread, NULL, wait_for_signals, c) == 0)
                pthread_detach(thread);
        else
                pthread_sigmask(SIG_UNBLOCK, &waited, NULL);
}

int signals_caught(void)
{
        return atomic_load(&caught);
}

int signals_fd(void)
{
        return wake[0];
}

/* As if the signal itself had ended the program, so that a shell's loop ends too. */
void signals_end_by(int signo)
{
        struct sigaction plain = { .sa_handler = SIG_DFL };
        sigset_t one;

        sigaction(signo, &plain, NULL);
        sigemptyset(&one);
        sigaddset(&one, signo);
        pthread_sigmask(SIG_UNBLOCK, &one, NULL);
        raise(signo);
        _exit(128 + signo);
}
