/* Every allocation of opening and viewing a configuration fails once, and from some point on for
 * good; libyaml's and cJSON's own allocations included. */
#define ROOM "test"
#include "support.h"
#include "config/config.h"
#include "fault.h"

static const char text[] =
        "general: {timezone: UTC, company_name: x}\n"
        "rmm: {provider: p, api_key_env: A, clients: [a, b], deep: {x: [1, ~]}}\n"
        "adapters:\n  - {name: n, type: plugin, checks: [{name: l, command: [/x]}]}\n"
        "health_checks: {thresholds: {custom: {c: {warning: 1}}}}\n"
        "reporting: {formats: [pdf]}\n";

static const char *const env[] = { "A=secret", "MSPTK_RMM__CLIENTS=c, d",
                                   "MSPTK_LIMITS__REQUESTS_PER_MINUTE=3", NULL };

static void opening_and_viewing_survive_any_failed_allocation(void **state)
{
        (void)state;
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                config_open how = { .path = "/w/t.yaml", .text = text, .env = env };
                AUTO_CONFIG config *c = NULL;
                AUTO_JSON msptk_json *show = NULL;
                AUTO_JSON msptk_json *check = NULL;
                AUTO_JSON msptk_json *explain = NULL;
                AUTO_ERROR msptk_error *err = NULL;
                msptk_status st = msptk__config_open(&how, &c, &err);

                if (st == MSPTK_OK)
                        st = msptk__config_show(c, &show, &err);
                if (st == MSPTK_OK)
                        st = msptk__config_check(c, NULL, &check, &err);
                if (st == MSPTK_OK)
                        st = msptk__config_explain(c, "adapters.n.timeout", &explain, &err);
                if (!fault_was_hit(&fault)) {
                        assert_int_equal(st, MSPTK_OK);
                        assert_string_equal(msptk__config_item(c, "rmm.clients", 1), "d");
                        assert_string_equal(msptk__config_env(c, "A"), "secret");
                } else if (st != MSPTK_OK) {
                        if (st != MSPTK_E_NOMEM)
                                print_error("%ld: %s\n", fault.n, msptk_error_message(err));
                        assert_int_equal(st, MSPTK_E_NOMEM);
                        assert_non_null(err);
                }
        }
}

static void a_refusal_survives_any_failed_allocation(void **state)
{
        (void)state;
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                config_open how = { .path = "/w/t.yaml",
                                    .text = "rmm: {provider: p, token: literal}\nx: [1\n" };
                config_open keys = { .path = "/w/t.yaml",
                                     .text = "rmm: {provider: p, token: literal}\ngenerall: 1\n" };
                AUTO_CONFIG config *c = NULL;
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_ERROR msptk_error *other = NULL;
                msptk_status st = msptk__config_open(&how, &c, &err);
                msptk_status more = msptk__config_open(&keys, &c, &other);

                (void)fault_was_hit(&fault);
                assert_true(st == MSPTK_E_PARSE || st == MSPTK_E_NOMEM);
                assert_true(more == MSPTK_E_CONFIG || more == MSPTK_E_NOMEM);
                assert_non_null(err);
                assert_non_null(other);
                assert_null(c);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(opening_and_viewing_survive_any_failed_allocation),
                cmocka_unit_test(a_refusal_survives_any_failed_allocation),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
