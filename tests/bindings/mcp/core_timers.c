/* Timers of the core come in their order, whatever is set, moved and stopped between. */
#include "mcp_support.h"

#include "mcp/internal.h"

enum { COUNT = 200 };

static uint32_t random_state = 88172645;

static uint32_t next_random(void)
{
        random_state ^= random_state << 13;
        random_state ^= random_state >> 17;
        return random_state ^= random_state << 5;
}

static void the_soonest_comes_first(void **state)
{
        timers all = { 0 };
        timer some[COUNT] = { 0 };
        int64_t last = 0, now = 0, soonest;
        size_t set;
        timer *t;

        (void)state;
        assert_int_equal(timer_next(&all, 0), -1);
        for (int round = 0; round < 20000; round++) {
                timer *one = &some[next_random() % COUNT];

                if (next_random() % 3)
                        timer_set(&all, one, now + (int64_t)(next_random() % 1000));
                else
                        timer_stop(&all, one);
                set = 0;
                soonest = -1;
                for (size_t i = 0; i < COUNT; i++)
                        if (some[i].place) {
                                set++;
                                if (soonest < 0 || some[i].due_ms - now < soonest)
                                        soonest = some[i].due_ms - now;
                        }
                assert_int_equal(all.count, set);
                assert_int_equal(timer_next(&all, now), soonest);
        }
        for (now = 0; (t = timer_take(&all, INT64_MAX)); now++) {
                assert_true(t->due_ms >= last);
                assert_int_equal(t->place, 0);
                last = t->due_ms;
        }
        assert_int_equal(timer_next(&all, 0), -1);
        free(all.heap);
}

static void what_is_not_due_stays(void **state)
{
        timers all = { 0 };
        timer t = { 0 };

        (void)state;
        timer_set(&all, &t, 10);
        assert_null(timer_take(&all, 9));
        assert_int_equal(timer_next(&all, 4), 6);
        assert_int_equal(timer_next(&all, 40), 0);
        assert_ptr_equal(timer_take(&all, 10), &t);
        timer_stop(&all, &t);
        free(all.heap);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_soonest_comes_first),
                cmocka_unit_test(what_is_not_due_stays),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
