/* Cancel tokens, and the dispatch queue. */
#define ROOM "test"
#include "support.h"
#include "work/work.h"

#include <msptk/call.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

static void count_up(void *user)
{
        ++*(int *)user;
}

static void triggering_one_parent_cancels_the_child_and_not_the_other_parent(void **state)
{
        AUTO_CANCEL cancel *a = msptk__cancel_new(NULL, NULL, -1);
        AUTO_CANCEL cancel *b = msptk__cancel_new(NULL, NULL, -1);
        AUTO_CANCEL cancel *child = msptk__cancel_new(a, b, -1);
        AUTO_CANCEL cancel *grandchild = msptk__cancel_new(child, NULL, -1);
        cancel_watch watch;
        int told = 0;

        (void)state;
        msptk__cancel_watch(grandchild, &watch, count_up, &told);
        assert_false(msptk__cancelled(grandchild));
        msptk__cancel_trigger(b);
        assert_int_equal(told, 1);
        assert_int_equal(msptk__cancel_status(grandchild), MSPTK_E_CANCELLED);
        assert_false(msptk__cancelled(a));
        msptk__cancel_trigger(a);
        assert_int_equal(told, 1);
        msptk__cancel_unwatch(&watch);
}

static void watching_a_triggered_token_tells_at_once(void **state)
{
        AUTO_CANCEL cancel *a = msptk__cancel_new(NULL, NULL, -1);
        cancel_watch watch, quiet;
        int told = 0, never = 0;

        (void)state;
        msptk__cancel_watch(a, &quiet, count_up, &never);
        msptk__cancel_unwatch(&quiet);
        msptk__cancel_trigger(a);
        msptk__cancel_watch(a, &watch, count_up, &told);
        msptk__cancel_unwatch(&watch);
        assert_int_equal(told, 1);
        assert_int_equal(never, 0);
}

static void child_inherits_the_earlier_deadline(void **state)
{
        AUTO_CANCEL cancel *soon = msptk__cancel_new(NULL, NULL, 50);
        AUTO_CANCEL cancel *child = msptk__cancel_new(soon, NULL, 100000);
        AUTO_ERROR msptk_error *err = NULL;
        int64_t before = msptk__mono_ns();

        (void)state;
        assert_in_range(msptk__deadline_left_ms(child), 1, 50);
        assert_int_equal(msptk__deadline_left_ms(NULL), INT64_MAX);
        assert_int_equal(msptk__cancel_sleep(child, 60000), MSPTK_E_TIMEOUT);
        assert_true(msptk__mono_ns() - before < INT64_C(20000000000));
        assert_int_equal(msptk__cancel_check(child, "the walk", &err), MSPTK_E_TIMEOUT);
        assert_string_equal(msptk_error_message(err), "the time for the walk is over");
        assert_int_equal(msptk__cancel_sleep(NULL, 1), MSPTK_OK);
}

static void *trigger_public(void *token)
{
        msptk_cancel_trigger(token);
        return NULL;
}

static void public_token_wakes_a_sleeper_below_it(void **state)
{
        msptk_cancel *token = msptk_cancel_new();
        cancel *child = msptk__cancel_new(NULL, token, -1);
        pthread_t thread;

        (void)state;
        assert_int_equal(pthread_create(&thread, NULL, trigger_public, token), 0);
        assert_int_equal(msptk__cancel_sleep(child, 60000), MSPTK_E_CANCELLED);
        pthread_join(thread, NULL);
        msptk_cancel_free(token); /* the child keeps it alive */
        assert_true(msptk__cancelled(child));
        msptk__cancel_unref(child);
        msptk_cancel_free(NULL);
}

/* ---- dispatch ---- */

struct note {
        dispatch_call call;
        dispatch *again;
        int *ran, *dropped;
        msptk_status nested;
};

static void note_run(dispatch_call *call)
{
        struct note *n = (struct note *)call;

        ++*n->ran;
        if (n->again)
                n->nested = msptk__dispatch_run(n->again, 0, NULL, NULL);
}

static void note_drop(dispatch_call *call)
{
        ++*((struct note *)call)->dropped;
}

static bool readable(const dispatch *d)
{
        struct pollfd p = { .fd = msptk__dispatch_fd(d), .events = POLLIN };

        return poll(&p, 1, 0) == 1;
}

static void dispatch_announces_runs_and_falls_silent(void **state)
{
        AUTO_DISPATCH dispatch *d = NULL;
        int ran = 0, dropped = 0;
        size_t count = 9;
        struct note a = { .call = { .run = note_run, .drop = note_drop },
                          .ran = &ran,
                          .dropped = &dropped };
        struct note b = a, c = a;

        (void)state;
        assert_int_equal(msptk__dispatch_new(&d, NULL), MSPTK_OK);
        assert_false(readable(d));
        assert_int_equal(msptk__dispatch_run(d, 0, &count, NULL), MSPTK_OK);
        assert_int_equal(count, 0);
        b.again = d;
        msptk__dispatch_post(d, &a.call);
        msptk__dispatch_post(d, &b.call);
        assert_true(readable(d));
        assert_int_equal(msptk__dispatch_run(d, -1, &count, NULL), MSPTK_OK);
        assert_int_equal(count, 2);
        assert_int_equal(b.nested, MSPTK_E_REENTRANT);
        assert_false(readable(d));
        msptk__dispatch_post(d, &c.call);
        msptk__dispatch_close(d);
        msptk__dispatch_post(d, &a.call);
        assert_int_equal(ran, 2);
        assert_int_equal(dropped, 2);
        assert_int_equal(msptk__dispatch_run(d, 0, NULL, NULL), MSPTK_E_CLOSED);
}

static void *wake_it(void *d)
{
        msptk__dispatch_wake(d);
        return NULL;
}

static void wake_ends_a_wait_without_a_call(void **state)
{
        AUTO_DISPATCH dispatch *d = NULL;
        size_t count = 9;
        pthread_t thread;

        (void)state;
        assert_int_equal(msptk__dispatch_new(&d, NULL), MSPTK_OK);
        assert_int_equal(pthread_create(&thread, NULL, wake_it, d), 0);
        assert_int_equal(msptk__dispatch_run(d, -1, &count, NULL), MSPTK_OK);
        pthread_join(thread, NULL);
        assert_int_equal(count, 0);
        assert_false(readable(d));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(triggering_one_parent_cancels_the_child_and_not_the_other_parent),
                cmocka_unit_test(watching_a_triggered_token_tells_at_once),
                cmocka_unit_test(child_inherits_the_earlier_deadline),
                cmocka_unit_test(public_token_wakes_a_sleeper_below_it),
                cmocka_unit_test(dispatch_announces_runs_and_falls_silent),
                cmocka_unit_test(wake_ends_a_wait_without_a_call),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
