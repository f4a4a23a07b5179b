/* One toolkit, several threads: clients are added and listed, health is checked, and the toolkit is
 * closed meanwhile. Run under the thread sanitizer too. */
#include <pthread.h>
#include <stdatomic.h>

#include "support.h"

#include <msptk/msptk.h>

enum { ADDERS = 3, EACH = 25 };

typedef struct shared {
        msptk_toolkit *tk;
        atomic_int acknowledged, refused, odd, stop;
} shared;

typedef struct worker {
        shared *s;
        int number;
} worker;

static msptk_toolkit *open_world(uint64_t flags)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;

        msptk_toolkit_opts_set(opts, "adapters", "[{name: world, type: fake, devices: 4}]", NULL);
        msptk_toolkit_opts_set_flags(opts, flags, NULL);
        if (msptk_toolkit_open(opts, &tk, &err) < 0)
                fail_msg("open: %s", msptk_error_message(err));
        msptk_toolkit_opts_free(opts);
        return tk;
}

/* Closing may refuse anything; nothing else may fail. */
static void count(shared *s, msptk_status st, msptk_error *err)
{
        if (st >= 0)
                atomic_fetch_add(&s->acknowledged, 1);
        else if (st == MSPTK_E_CLOSED || st == MSPTK_E_CANCELLED)
                atomic_fetch_add(&s->refused, 1);
        else {
                atomic_fetch_add(&s->odd, 1);
                print_error("%s: %s\n", msptk_status_name(st), msptk_error_message(err));
        }
        msptk_error_free(err);
}

static void *add_clients(void *user)
{
        worker *w = user;
        char name[64];

        for (int i = 0; i < EACH; i++) {
                msptk_client *client = NULL;
                msptk_error *err = NULL;
                msptk_status st;

                snprintf(name, sizeof(name), "Thread %d number %d", w->number, i);
                st = msptk_client_manager_create(msptk_toolkit_get_client_manager(w->s->tk), name,
                                                 NULL, &client, &err);
                count(w->s, st, err);
                msptk_client_free(client);
        }
        return NULL;
}

static void *read_lists(void *user)
{
        worker *w = user;

        while (!atomic_load(&w->s->stop)) {
                msptk_client_list *list = NULL;
                msptk_error *err = NULL;
                msptk_status st = msptk_client_manager_list(
                        msptk_toolkit_get_client_manager(w->s->tk), NULL, &list, &err);

                if (st < 0)
                        count(w->s, st, err);
                for (size_t i = 1; st >= 0 && i < msptk_client_list_count(list); i++)
                        if (strcmp(msptk_client_id(msptk_client_list_get(list, i - 1)),
                                   msptk_client_id(msptk_client_list_get(list, i))) >= 0)
                                atomic_fetch_add(&w->s->odd, 1);
                msptk_client_list_free(list);
                if (st < 0)
                        return NULL;
        }
        return NULL;
}

static void *check_health(void *user)
{
        worker *w = user;

        while (!atomic_load(&w->s->stop)) {
                msptk_check_results *results = NULL;
                msptk_error *err = NULL;
                msptk_status st = msptk_health_monitor_run_checks(
                        msptk_toolkit_get_health_monitor(w->s->tk),
                        w->number ? "second-client" : "first-client", NULL, NULL, &results, &err);

                if (st == MSPTK_E_BUSY) { /* the other one is checking it */
                        msptk_error_free(err);
                        continue;
                }
                if (st < 0) {
                        count(w->s, st, err);
                        return NULL;
                }
                msptk_check_results_free(results);
        }
        return NULL;
}

/* One for each thread that checks: a client is checked by one at a time. */
static void add_checked_clients(msptk_toolkit *tk)
{
        static const char *const names[] = { "First Client", "Second Client" };
        msptk_error *err = NULL;

        for (int i = 0; i < 2; i++)
                if (msptk_client_manager_create(msptk_toolkit_get_client_manager(tk), names[i],
                                                NULL, NULL, &err) < 0)
                        fail_msg("%s", msptk_error_message(err));
}

static int verdict_of_trail(msptk_toolkit *tk)
{
        msptk_args *args = msptk_args_new("audit_verify");
        msptk_result *result = NULL;
        msptk_error *err = NULL;
        int verdict;

        if (msptk_call(tk, args, NULL, &result, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
        verdict = msptk_result_verdict(result);
        msptk_result_free(result);
        msptk_args_free(args);
        return verdict;
}

static void threads_share_a_toolkit(void **state)
{
        shared s = { .tk = open_world(0) };
        pthread_t adders[ADDERS], reader, checkers[2];
        worker workers[ADDERS];
        msptk_client_list *list = NULL;

        (void)state;
        add_checked_clients(s.tk);
        for (int i = 0; i < ADDERS; i++) {
                workers[i] = (worker){ &s, i };
                assert_int_equal(pthread_create(&adders[i], NULL, add_clients, &workers[i]), 0);
        }
        assert_int_equal(pthread_create(&reader, NULL, read_lists, &workers[0]), 0);
        for (int i = 0; i < 2; i++)
                assert_int_equal(pthread_create(&checkers[i], NULL, check_health, &workers[i]), 0);
        for (int i = 0; i < ADDERS; i++)
                pthread_join(adders[i], NULL);
        atomic_store(&s.stop, 1);
        pthread_join(reader, NULL);
        for (int i = 0; i < 2; i++)
                pthread_join(checkers[i], NULL);
        assert_int_equal(atomic_load(&s.odd), 0);
        assert_int_equal(atomic_load(&s.acknowledged), ADDERS * EACH);
        assert_int_equal(msptk_client_manager_list(msptk_toolkit_get_client_manager(s.tk), NULL,
                                                   &list, NULL),
                         MSPTK_OK);
        assert_int_equal(msptk_client_list_count(list), ADDERS * EACH + 2);
        msptk_client_list_free(list);
        assert_int_equal(verdict_of_trail(s.tk), 0);
        assert_int_equal(msptk_toolkit_close(s.tk, 10000, NULL), MSPTK_OK);
        msptk_toolkit_free(s.tk);
}

static void a_toolkit_may_be_closed_while_others_use_it(void **state)
{
        (void)state;
        for (int round = 0; round < 4; round++) {
                shared s = { .tk = open_world(round & 1 ? MSPTK_OPEN_LAZY : 0) };
                pthread_t adders[ADDERS], reader, checker;
                worker workers[ADDERS];
                msptk_error *err = NULL;

                for (int i = 0; i < ADDERS; i++) {
                        workers[i] = (worker){ &s, i };
                        assert_int_equal(pthread_create(&adders[i], NULL, add_clients, &workers[i]),
                                         0);
                }
                add_checked_clients(s.tk);
                assert_int_equal(pthread_create(&reader, NULL, read_lists, &workers[0]), 0);
                assert_int_equal(pthread_create(&checker, NULL, check_health, &workers[0]), 0);
                if (msptk_toolkit_close(s.tk, 20000, &err) < 0)
                        fail_msg("close: %s", msptk_error_message(err));
                for (int i = 0; i < ADDERS; i++)
                        pthread_join(adders[i], NULL);
                atomic_store(&s.stop, 1);
                pthread_join(reader, NULL);
                pthread_join(checker, NULL);
                assert_int_equal(atomic_load(&s.odd), 0);
                assert_true(atomic_load(&s.acknowledged) + atomic_load(&s.refused) >=
                            ADDERS * EACH);
                msptk_toolkit_free(s.tk);
        }
}

static void note_end(void *user, msptk_status st, const msptk_result *result,
                     const msptk_error *err)
{
        (void)err;
        if (st == MSPTK_OK && msptk_result_json(result))
                atomic_fetch_add((atomic_int *)user, 1);
        else
                atomic_fetch_add((atomic_int *)user, 1000);
}

static void asynchronous_calls_end_on_the_library_s_own_thread(void **state)
{
        msptk_toolkit *tk = open_world(MSPTK_OPEN_DISPATCH_THREAD);
        atomic_int ended = 0;

        (void)state;
        for (int i = 0; i < 8; i++) {
                msptk_args *args = msptk_args_new("client_create");
                msptk_error *err = NULL;
                char name[32];

                snprintf(name, sizeof(name), "Async %d", i);
                msptk_args_set_str(args, "name", name, NULL);
                if (msptk_call_async(tk, args, NULL, note_end, &ended, NULL, &err) < 0)
                        fail_msg("%s", msptk_error_message(err));
                msptk_args_free(args);
        }
        /* Closing waits for calls that run; each end is told exactly once. */
        assert_int_equal(msptk_toolkit_close(tk, 20000, NULL), MSPTK_OK);
        msptk_toolkit_free(tk);
        assert_int_equal(atomic_load(&ended) % 1000 + atomic_load(&ended) / 1000, 8);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(threads_share_a_toolkit),
                cmocka_unit_test(a_toolkit_may_be_closed_while_others_use_it),
                cmocka_unit_test(asynchronous_calls_end_on_the_library_s_own_thread),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
