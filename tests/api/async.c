/* Calls in the background: what was asked is copied, progress and end are told where the host
 * dispatches. */
#include <pthread.h>

#include "support.h"

#include <msptk/msptk.h>

#define OK(call) \
        do { \
                if ((call) < 0) \
                        fail_msg("%s: %s", #call, msptk_error_message(err)); \
        } while (0)

typedef struct told {
        pthread_t thread; /* where the host dispatches */
        int ends, moves;
        int64_t total, last;
        char what[64];
        msptk_status status;
        char reason[64], id[64];
} told;

static msptk_toolkit *open_world(void)
{
        msptk_toolkit_opts *opts = msptk_toolkit_opts_new();
        msptk_toolkit *tk = NULL;
        msptk_error *err = NULL;

        OK(msptk_toolkit_opts_set(opts, "adapters", "[{name: world, type: fake, devices: 2}]",
                                  &err));
        OK(msptk_toolkit_open(opts, &tk, &err));
        msptk_toolkit_opts_free(opts);
        return tk;
}

static void close_world(msptk_toolkit *tk)
{
        msptk_error *err = NULL;

        OK(msptk_toolkit_close(tk, 60000, &err));
        msptk_toolkit_free(tk);
}

static void on_end(void *user, msptk_status status, const msptk_result *result,
                   const msptk_error *err)
{
        told *t = user;

        assert_true(pthread_equal(t->thread, pthread_self()));
        t->ends++;
        t->status = status;
        snprintf(t->reason, sizeof(t->reason), "%s", err ? msptk_error_reason(err) : "");
        if (result)
                snprintf(t->id, sizeof(t->id), "%s",
                         msptk_json_string(msptk_json_get(msptk_result_json(result), "id"), ""));
}

static int32_t on_progress(void *user, int64_t at, int64_t total, const char *what)
{
        told *t = user;

        assert_true(pthread_equal(t->thread, pthread_self()));
        assert_int_equal(t->ends, 0);
        assert_true(at >= t->last && (!total || at <= total));
        t->moves++;
        t->last = at;
        t->total = total;
        snprintf(t->what, sizeof(t->what), "%s", what);
        return 0;
}

/* Starts it and forgets what it was asked with; dispatches until the end. */
static void call_and_wait(msptk_toolkit *tk, msptk_args *args, msptk_call_opts *opts, told *t)
{
        msptk_error *err = NULL;

        t->thread = pthread_self();
        OK(msptk_call_async(tk, args, opts, on_end, t, NULL, &err));
        msptk_args_free(args);
        msptk_call_opts_free(opts);
        while (!t->ends)
                OK(msptk_toolkit_dispatch(tk, -1, &err));
        assert_int_equal(t->ends, 1);
}

static msptk_args *new_client(const char *name)
{
        msptk_args *args = msptk_args_new("client_create");
        msptk_error *err = NULL;

        OK(msptk_args_set_str(args, "name", name, &err));
        return args;
}

static int64_t clients(msptk_toolkit *tk)
{
        msptk_args *args = msptk_args_new("client_list");
        msptk_result *result = NULL;
        msptk_error *err = NULL;
        int64_t count;

        OK(msptk_call(tk, args, NULL, &result, &err));
        count = msptk_json_int(msptk_json_get(msptk_result_json(result), "count"), -1);
        msptk_result_free(result);
        msptk_args_free(args);
        return count;
}

static void the_same_key_does_it_once(void **state)
{
        msptk_toolkit *tk = open_world();
        told first = { 0 }, second = { 0 };
        told *both[] = { &first, &second };
        msptk_error *err = NULL;

        (void)state;
        for (int i = 0; i < 2; i++) {
                msptk_call_opts *opts = msptk_call_opts_new();

                OK(msptk_call_opts_set_str(opts, "idempotency_key", "once", &err));
                call_and_wait(tk, new_client("Acme Corp"), opts, both[i]);
                assert_int_equal(both[i]->status, MSPTK_OK);
                assert_string_equal(both[i]->id, "acme-corp");
        }
        assert_int_equal(clients(tk), 1);
        close_world(tk);
}

static void who_asked_stands_in_the_trail(void **state)
{
        msptk_toolkit *tk = open_world();
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_args *args = msptk_args_new("audit_list");
        msptk_result *result = NULL;
        const msptk_json *entry;
        msptk_error *err = NULL;
        told t = { 0 };

        (void)state;
        OK(msptk_call_opts_set_str(opts, "principal", "kim", &err));
        OK(msptk_call_opts_set_str(opts, "door", "agent", &err));
        OK(msptk_call_opts_set_str(opts, "trace_id", "trace-7", &err));
        call_and_wait(tk, new_client("Acme Corp"), opts, &t);
        OK(msptk_args_set_str(args, "operation", "client_create", &err));
        OK(msptk_call(tk, args, NULL, &result, &err));
        entry = msptk_json_first(msptk_json_get(msptk_result_json(result), "entries"));
        assert_string_equal(msptk_json_string(msptk_json_get(entry, "principal"), ""), "kim");
        assert_string_equal(msptk_json_string(msptk_json_get(entry, "door"), ""), "agent");
        assert_string_equal(msptk_json_string(msptk_json_get(entry, "trace_id"), ""), "trace-7");
        msptk_result_free(result);
        msptk_args_free(args);
        close_world(tk);
}

static void what_may_not_be_is_told_as_the_end(void **state)
{
        msptk_toolkit *tk = open_world();
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_error *err = NULL;
        told t = { 0 };

        (void)state;
        OK(msptk_call_opts_set_int(opts, "read_only", 1, &err));
        call_and_wait(tk, new_client("Acme Corp"), opts, &t);
        assert_int_equal(t.status, MSPTK_E_DENIED);
        assert_int_equal(clients(tk), 0);
        close_world(tk);
}

static void a_plan_changes_nothing(void **state)
{
        msptk_toolkit *tk = open_world();
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_error *err = NULL;
        told t = { 0 };

        (void)state;
        OK(msptk_call_opts_set_int(opts, "plan", 1, &err));
        call_and_wait(tk, new_client("Acme Corp"), opts, &t);
        assert_int_equal(t.status, MSPTK_OK);
        assert_int_equal(clients(tk), 0);
        close_world(tk);
}

static void a_call_that_was_cancelled_says_so(void **state)
{
        msptk_toolkit *tk = open_world();
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_cancel *cancel = msptk_cancel_new();
        told t = { 0 };

        (void)state;
        msptk_call_opts_set_cancel(opts, cancel);
        msptk_cancel_trigger(cancel);
        msptk_cancel_free(cancel); /* the options hold it */
        call_and_wait(tk, new_client("Acme Corp"), opts, &t);
        assert_int_equal(t.status, MSPTK_E_CANCELLED);
        assert_int_equal(clients(tk), 0);
        close_world(tk);
}

static void progress_is_told_before_the_end(void **state)
{
        static const char *const names[] = { "Acme Corp", "Beta Ltd", "Gamma SA" };
        msptk_toolkit *tk = open_world();
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_args *args = msptk_args_new("device_scan");
        told t = { 0 };

        (void)state;
        for (size_t i = 0; i < 3; i++) {
                told made = { 0 };

                call_and_wait(tk, new_client(names[i]), NULL, &made);
        }
        msptk_call_opts_set_progress(opts, on_progress, &t, NULL);
        call_and_wait(tk, args, opts, &t);
        assert_int_equal(t.status, MSPTK_OK);
        assert_true(t.moves > 0);
        assert_int_equal(t.last, t.total);
        assert_true(t.what[0]);
        close_world(tk);
}

static void what_cannot_be_asked_is_refused_at_once(void **state)
{
        msptk_toolkit *tk = open_world();
        msptk_args *args = new_client("Acme Corp");
        msptk_error *err = NULL;
        told t = { 0 };

        (void)state;
        assert_int_equal(msptk_call_async(tk, args, NULL, NULL, &t, NULL, &err), MSPTK_E_INVALID);
        msptk_error_free(err);
        err = NULL;
        assert_int_equal(msptk_call_async(tk, NULL, NULL, on_end, &t, NULL, &err), MSPTK_E_INVALID);
        msptk_error_free(err);
        assert_int_equal(msptk_call_async(NULL, args, NULL, on_end, &t, NULL, NULL),
                         MSPTK_E_INVALID);
        assert_int_equal(msptk_toolkit_dispatch(tk, 0, NULL), MSPTK_DONE);
        assert_int_equal(t.ends, 0);
        msptk_args_free(args);
        close_world(tk);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_same_key_does_it_once),
                cmocka_unit_test(who_asked_stands_in_the_trail),
                cmocka_unit_test(what_may_not_be_is_told_as_the_end),
                cmocka_unit_test(a_plan_changes_nothing),
                cmocka_unit_test(a_call_that_was_cancelled_says_so),
                cmocka_unit_test(progress_is_told_before_the_end),
                cmocka_unit_test(what_cannot_be_asked_is_refused_at_once),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
