/* Every allocation of asking adapters through the real host fails once, and from some point on for
 * good: success means that every row came. */
#define ROOM "test"
#include "support.h"

#include "../adapters/real_host.h"

#include "fault.h"

typedef struct question {
        const char *type, *settings, *client;
        msptk_status (*ask)(instance *i, const msptk_query *query, const adapter_sink *sink,
                            cancel *tok, msptk_error **ret_err);
        const char *const *devices;
        bool may_degrade; /* may leave out what it could not ask, when it says so in a row */
} question;

static size_t rows_of(const kept *k)
{
        return k->device_count + k->metric_count + k->alert_count;
}

/* How many of the rows say that something is not known. */
static size_t unknown_rows(const kept *k)
{
        size_t n = 0;

        for (size_t i = 0; i < k->metric_count; i++)
                n += k->metrics[i].state == MSPTK_STATE_UNKNOWN;
        return n;
}

static void forget(kept *k)
{
        k->device_count = k->metric_count = k->alert_count = k->seen = 0;
}

static void asked_under_faults(const question *q)
{
        msptk_query query = { .struct_size = sizeof(query),
                              .client_id = q->client,
                              .devices = q->devices };
        size_t all, unknown;
        real_host h = { .now = INT64_C(1795262400) * 1000000 };
        AUTO_ERROR msptk_error *why = NULL;
        instance *i;
        kept k;

        real_host_open_with(&h, q->type, q->settings);
        i = real_instance(&h, "it");
        kept_begin(&k);
        if (q->ask(i, &query, &k.sink, NULL, &why) < 0)
                fail_msg("%s", msptk_error_message(why));
        all = rows_of(&k);
        unknown = unknown_rows(&k);
        assert_true(all > 0);
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_ERROR msptk_error *err = NULL;
                msptk_status st;
                bool hit;

                forget(&k);
                st = q->ask(i, &query, &k.sink, NULL, &err);
                hit = fault_was_hit(&fault);
                if (st < 0) {
                        if (!hit || st != MSPTK_E_NOMEM)
                                fail_msg("%s, round %ld: short memory was told as '%s'", q->type,
                                         fault.n, msptk_error_message(err));
                        assert_non_null(err);
                } else if (rows_of(&k) != all) {
                        if (!q->may_degrade || unknown_rows(&k) <= unknown)
                                fail_msg("%s, round %ld: %zu rows of %zu, and success", q->type,
                                         fault.n, rows_of(&k), all);
                }
                assert_true(hit || rows_of(&k) == all);
        }
        kept_end(&k);
        real_host_close(&h);
}

static void a_fake_world_answers_whole_or_fails(void **state)
{
        static const char settings[] = "\"clients\": 1, \"devices\": 3, \"problems\": 1";
        static const question questions[] = {
                { "fake", settings, "acme", msptk__adapter_devices, NULL, false },
                { "fake", settings, "acme", msptk__adapter_collect, NULL, false },
                { "fake", settings, "acme", msptk__adapter_alerts, NULL, false },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(questions); i++)
                asked_under_faults(&questions[i]);
}

static void a_program_answers_whole_or_says_what_is_unknown(void **state)
{
        static const char *const devices[] = { "host", NULL };
        static const question programs = {
                "plugin",
                "\"checks\": [{\"name\": \"a\", \"command\": [\"/bin/echo\", \"OK - fine | x=1 "
                "y=2\"]},"
                " {\"name\": \"b\", \"command\": [\"/bin/echo\", \"OK - fine | z=1\"]}]",
                "acme",
                msptk__adapter_collect,
                devices,
                true
        };

        (void)state;
        asked_under_faults(&programs);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_fake_world_answers_whole_or_fails),
                cmocka_unit_test(a_program_answers_whole_or_says_what_is_unknown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
