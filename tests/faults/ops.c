/* Every allocation of arguments, calls and asynchronous calls fails once, and from some point on
 * for good: a list is whole or an error, the end of a background call is told exactly once, and
 * what the caller gave comes back to it exactly once. */
#define ROOM "test"
#include "support.h"

#include "toolkit_support.h"

#include "fault.h"

enum { CLIENTS = 103 }; /* two pages */

static void add_clients(world *w)
{
        for (int i = 0; i < CLIENTS; i++) {
                char json[64];

                snprintf(json, sizeof(json), "{'name': 'Client %03d'}", i);
                msptk_json_free(world_do(w, "client_create", json));
        }
}

static void assert_short_memory(msptk_status st, const msptk_error *err, const fault_loop *fault)
{
        if (st != MSPTK_E_NOMEM)
                fail_msg("round %ld: short memory was told as '%s'", fault->n,
                         msptk_error_message(err));
        assert_non_null(err);
}

static msptk_status list_args(msptk_args **ret, int64_t limit, msptk_error **err)
{
        msptk_args *args = msptk_args_new("client_list");
        msptk_status st;

        if (!args)
                return msptk__nomem(err);
        st = msptk_args_set_list(args, "status", "active", err);
        if (st == MSPTK_OK && limit)
                st = msptk_args_set_int(args, "limit", limit, err);
        if (st < 0)
                msptk_args_free(args);
        else
                *ret = args;
        return st;
}

/* Row by row, over pages that are fetched meanwhile. */
static void a_list_ends_with_done_or_an_error(void **state)
{
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        add_clients(&w);
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_ERROR msptk_error *err = NULL;
                msptk_args *args = NULL;
                msptk_result *result = NULL;
                const msptk_json *row;
                size_t seen = 0;
                msptk_status st = list_args(&args, 0, &err);

                if (st == MSPTK_OK)
                        st = msptk_call(w.tk, args, NULL, &result, &err);
                while (st == MSPTK_OK && (st = msptk_result_next(result, &row, &err)) == MSPTK_OK) {
                        char expected[24];

                        snprintf(expected, sizeof(expected), "client-%03zu", seen++);
                        assert_string_equal(text_at(row, "id"), expected);
                }
                if (!fault_was_hit(&fault))
                        assert_int_equal(st, MSPTK_DONE);
                if (st == MSPTK_DONE)
                        assert_int_equal(seen, CLIENTS);
                else
                        assert_short_memory(st, err, &fault);
                msptk_result_free(result);
                msptk_args_free(args);
        }
}

typedef struct told {
        int ends, destroyed;
        msptk_status status;
        size_t rows;
} told;

static void on_end(void *user, msptk_status status, const msptk_result *result,
                   const msptk_error *err)
{
        told *t = user;

        t->ends++;
        t->status = status;
        assert_int_equal(status == MSPTK_OK, result != NULL);
        assert_int_equal(status < 0, err != NULL);
        if (result)
                t->rows = msptk_json_count(msptk_json_get(msptk_result_json(result), "clients"));
}

static void on_destroy(void *user)
{
        ((told *)user)->destroyed++;
}

static void the_end_of_a_background_call_is_told_once(void **state)
{
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        add_clients(&w);
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_ERROR msptk_error *err = NULL;
                msptk_args *args = NULL;
                told t = { 0 };
                msptk_status st = list_args(&args, 3, &err);

                if (st == MSPTK_OK)
                        st = msptk_call_async(w.tk, args, NULL, on_end, &t, on_destroy, &err);
                msptk_args_free(args);
                while (st == MSPTK_OK && !t.ends)
                        assert_int_equal(msptk_toolkit_dispatch(w.tk, -1, NULL), MSPTK_OK);
                if (!fault_was_hit(&fault))
                        assert_int_equal(st, MSPTK_OK);
                /* Refused: nobody was told, and the caller keeps what it gave. */
                assert_int_equal(t.ends, st == MSPTK_OK);
                assert_int_equal(t.destroyed, st == MSPTK_OK);
                if (st < 0)
                        assert_short_memory(st, err, &fault);
                else if (t.status == MSPTK_OK)
                        assert_int_equal(t.rows, 3);
                else
                        assert_int_equal(t.status, MSPTK_E_NOMEM);
        }
}

static void assert_same_text(const msptk_json *is, const msptk_json *was, long n)
{
        char *a = NULL, *b = NULL;
        size_t at = 0;

        assert_int_equal(msptk_json_print(is, 0, &a, NULL), MSPTK_OK);
        assert_int_equal(msptk_json_print(was, 0, &b, NULL), MSPTK_OK);
        while (a[at] && a[at] == b[at])
                at++;
        if (a[at] != b[at])
                fail_msg("round %ld: '%.80s' instead of '%.80s'", n, a + at, b + at);
        msptk_string_free(a);
        msptk_string_free(b);
}

static void the_description_of_all_operations_is_whole(void **state)
{
        AUTO_JSON msptk_json *whole = NULL;

        (void)state;
        assert_int_equal(msptk_operations(&whole, NULL), MSPTK_OK);
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_JSON msptk_json *json = NULL;
                AUTO_ERROR msptk_error *err = NULL;
                msptk_status st = msptk_operations(&json, &err);
                bool hit = fault_was_hit(&fault);

                assert_true(hit || st == MSPTK_OK);
                if (st < 0)
                        assert_short_memory(st, err, &fault);
                else
                        assert_same_text(json, whole, fault.n);
                if (fault.n > 400 && hit && fault.n < 1000000)
                        fault.n += fault.n / 8; /* there are many, and they are alike */
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_list_ends_with_done_or_an_error),
                cmocka_unit_test(the_end_of_a_background_call_is_told_once),
                cmocka_unit_test(the_description_of_all_operations_is_whole),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
