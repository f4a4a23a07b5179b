/* Timers of the core: a heap, the soonest first. */
#include "mcp/internal.h"

static void place(timers *all, size_t at, timer *t)
{
        all->heap[at - 1] = t;
        t->place = at;
}

static void sift_up(timers *all, size_t at)
{
        timer *t = all->heap[at - 1];

        while (at > 1 && all->heap[at / 2 - 1]->due_ms > t->due_ms) {
                place(all, at, all->heap[at / 2 - 1]);
                at /= 2;
        }
        place(all, at, t);
}

static void sift_down(timers *all, size_t at)
{
        timer *t = all->heap[at - 1];

        for (size_t child; (child = at * 2) <= all->count; at = child) {
                if (child < all->count && all->heap[child]->due_ms < all->heap[child - 1]->due_ms)
                        child++;
                if (all->heap[child - 1]->due_ms >= t->due_ms)
                        break;
                place(all, at, all->heap[child - 1]);
        }
        place(all, at, t);
}

void timer_stop(timers *all, timer *t)
{
        size_t at = t->place;
        timer *last;

        if (!at)
                return;
        last = all->heap[--all->count];
        t->place = 0;
        if (last == t)
                return;
        place(all, at, last);
        sift_up(all, at);
        sift_down(all, last->place);
}

void timer_set(timers *all, timer *t, int64_t due_ms)
{
        timer_stop(all, t);
        if (all->count == all->cap) {
                all->cap = all->cap ? all->cap * 2 : 16;
                all->heap = need(realloc(all->heap, all->cap * sizeof(*all->heap)));
        }
        t->due_ms = due_ms;
        all->heap[all->count++] = t;
        t->place = all->count;
        sift_up(all, all->count);
}

timer *timer_take(timers *all, int64_t now_ms)
{
        timer *t = all->count ? all->heap[0] : NULL;

        if (!t || t->due_ms > now_ms)
                return NULL;
        timer_stop(all, t);
        return t;
}

int64_t timer_next(const timers *all, int64_t now_ms)
{
        if (!all->count)
                return -1;
        return all->heap[0]->due_ms > now_ms ? all->heap[0]->due_ms - now_ms : 0;
}
