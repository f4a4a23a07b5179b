/* A turnstile between processes. The engine's write lock is not fair: who commits in a loop finds
 * it free again before any sleeper wakes. So a writer first locks one byte of the file
 * `<database>-turn`, waits for the write lock, and lets the byte go once it is the writer; who has
 * just committed queues behind. Only order depends on it, never correctness: when the file cannot
 * be made or its holder sleeps too long, we go on without. The file is empty and may be deleted. */
#include "store/internal.h"

#include <fcntl.h>
#include <unistd.h>

#include <stdio.h>

static const int64_t most_wait_ns = 1000000000; /* a stopped process must not stop the others */

static void turn_open(store *s)
{
        AUTO_BUF buf name = BUF_INIT(8192);

        s->turn_tried = true;
        if (s->in_memory || msptk__buf_addf(&name, "%s-turn", s->file) < 0)
                return;
        s->turn_fd = open(msptk__buf_text(&name), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Locks of the open file description: they neither clash with the engine's locks nor die when
 * someone else in this process closes the file. */
static bool turn_lock(int fd, short type)
{
        struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_len = 1 };

        return fcntl(fd, F_OFD_SETLK, &l) == 0;
}

void msptk__store_turn_take(store_tx *c)
{
        store *s = c->store;
        int64_t until = msptk__store_ticks_ns() + most_wait_ns;

        if (!s->turn_tried)
                turn_open(s);
        if (s->turn_fd < 0)
                return;
        while (!turn_lock(s->turn_fd, F_WRLCK))
                if (msptk__store_ticks_ns() > until || !msptk__store_pause(c))
                        return;
}

void msptk__store_turn_give(store_tx *c)
{
        if (c->store->turn_fd >= 0)
                turn_lock(c->store->turn_fd, F_UNLCK);
}

void msptk__store_turn_close(store *s)
{
        if (s->turn_fd >= 0)
                close(s->turn_fd);
        s->turn_fd = -1;
}
