/* Every allocation of plans, keys of idempotency, refusals, reading and proving the trail fails
 * once, and from some point on for good. What is promised once happens at most once; a sound trail
 * is never called broken, and a broken one never sound. */
#define ROOM "test"
#include "support.h"

#include "toolkit_support.h"

#include "audit/audit.h"
#include "fault.h"

static int64_t number(world *w, const char *sql, const char *value)
{
        AUTO_TX store_tx *tx = NULL;
        int64_t n = -1;

        assert_int_equal(msptk__tx_begin(w->c->store, TX_READ, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__query_int(tx, &n, NULL, sql, SQL_TEXT(value)), MSPTK_OK);
        return n;
}

static int64_t clients_named(world *w, const char *name)
{
        return number(w, "SELECT count(*) FROM client WHERE name = ?1", name);
}

static msptk_status act_on(world *w, const char *operation, const char *key, const char *value,
                           const msptk_call_opts *opts, msptk_json **ret, msptk_error **err)
{
        AUTO_JSON msptk_json *values = msptk_json_new_object();
        AUTO_JSON msptk_json *unwanted = NULL;

        if (!values || (key && msptk_json_set_string(values, key, value) < 0))
                return msptk__nomem(err);
        return msptk__act_run(w->c, operation, values, opts, ret ? ret : &unwanted, err);
}

static void assert_short_memory(msptk_status st, const msptk_error *err, const fault_loop *fault)
{
        if (st != MSPTK_E_NOMEM)
                fail_msg("round %ld: short memory was told as '%s'", fault->n,
                         msptk_error_message(err));
        assert_non_null(err);
}

static void assert_trail_is_sound(world *w)
{
        AUTO_JSON msptk_json *found = world_do(w, "audit_verify", "{}");

        assert_string_equal(text_at(found, "status"), "ok");
}

/* Asked until it is answered, with one key. */
static void a_change_with_a_key_is_done_once(void **state)
{
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                char name[32], key[32];
                msptk_call_opts opts = { .idempotency_key = key };
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_JSON msptk_json *first = NULL;
                AUTO_JSON msptk_json *second = NULL;
                msptk_status st;
                bool hit;

                snprintf(name, sizeof(name), "Client %ld", fault.rounds);
                snprintf(key, sizeof(key), "key-%ld", fault.rounds);
                st = act_on(&w, "client_create", "name", name, &opts, &first, &err);
                hit = fault_was_hit(&fault);
                if (st < 0)
                        assert_short_memory(st, err, &fault);
                assert_true(hit || st == MSPTK_OK);
                assert_int_equal(clients_named(&w, name), st == MSPTK_OK);
                assert_int_equal(act_on(&w, "client_create", "name", name, &opts, &second, NULL),
                                 MSPTK_OK);
                assert_int_equal(clients_named(&w, name), 1);
                assert_true(!first || msptk__json_equal(first, second));
        }
        assert_trail_is_sound(&w);
}

static void a_plan_says_all_and_is_carried_out_once(void **state)
{
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                char name[32];
                msptk_call_opts planning = { .plan = 1 };
                msptk_call_opts doing = { 0 };
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_ERROR msptk_error *why = NULL;
                AUTO_JSON msptk_json *plan = NULL;
                const msptk_json *change;
                msptk_status st, done = MSPTK_E_INVALID;

                snprintf(name, sizeof(name), "Client %ld", fault.rounds);
                st = act_on(&w, "client_create", "name", name, &planning, &plan, &err);
                if (st == MSPTK_OK) {
                        doing.plan_token = (char *)(uintptr_t)text_at(plan, "plan_token");
                        done = act_on(&w, "client_create", "name", name, &doing, NULL, &why);
                }
                if (!fault_was_hit(&fault))
                        assert_int_equal(done, MSPTK_OK);
                if (st < 0) {
                        assert_short_memory(st, err, &fault);
                        continue;
                }
                change = msptk_json_first(msptk_json_get(plan, "changes"));
                assert_string_equal(text_at(msptk_json_get(change, "after"), "name"), name);
                assert_int_equal(clients_named(&w, name), done == MSPTK_OK);
                if (done < 0) {
                        assert_short_memory(done, why, &fault);
                        /* What was not done did not use the plan up. */
                        assert_int_equal(
                                act_on(&w, "client_create", "name", name, &doing, NULL, NULL),
                                MSPTK_OK);
                }
                assert_int_equal(act_on(&w, "client_create", "name", name, &doing, NULL, NULL),
                                 MSPTK_E_PLAN);
                assert_int_equal(clients_named(&w, name), 1);
        }
        assert_trail_is_sound(&w);
}

static void what_is_refused_stays_refused(void **state)
{
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                msptk_call_opts opts = { .read_only = 1 };
                AUTO_ERROR msptk_error *err = NULL;
                msptk_status st = act_on(&w, "client_create", "name", "Nobody", &opts, NULL, &err);

                assert_true(fault_was_hit(&fault) || st == MSPTK_E_DENIED);
                assert_true(st == MSPTK_E_DENIED || st == MSPTK_E_NOMEM);
                assert_non_null(err);
                assert_int_equal(clients_named(&w, "Nobody"), 0);
        }
        assert_trail_is_sound(&w);
}

static void secrets_as_acts_are_whole_or_nothing(void **state)
{
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_JSON msptk_json *values = NULL;
                AUTO_JSON msptk_json *result = NULL;
                AUTO_ERROR msptk_error *err = NULL;
                char json[64], name[24];
                msptk_status st;
                bool hit;

                fault_rest(&fault);
                snprintf(name, sizeof(name), "s%ld", fault.rounds);
                snprintf(json, sizeof(json), "{\"name\": \"%s\", \"value\": \"value-of-it\"}",
                         name);
                assert_int_equal(msptk_json_parse(json, strlen(json), &values, NULL), MSPTK_OK);
                fault_arm(&fault);
                st = msptk__act_run(w.c, "secret_set", values, NULL, &result, &err);
                hit = fault_was_hit(&fault);
                assert_true(hit || st == MSPTK_OK);
                if (st < 0)
                        assert_short_memory(st, err, &fault);
                assert_int_equal(number(&w, "SELECT count(*) FROM secret WHERE name = ?1", name),
                                 st == MSPTK_OK);
        }
        assert_trail_is_sound(&w);
        assert_int_equal(
                number(&w, "SELECT count(*) FROM audit WHERE detail LIKE ?1", "%value-of-it%"), 0);
}

/* The answer of the proof under faults is the answer without, or none. */
static void prove_under_faults(world *w, const char *verdict)
{
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_JSON msptk_json *found = NULL;
                msptk_status st = act_on(w, "audit_verify", NULL, NULL, NULL, &found, &err);

                if (!fault_was_hit(&fault))
                        assert_int_equal(st, MSPTK_OK);
                if (st < 0)
                        assert_short_memory(st, err, &fault);
                else if (strcmp(text_at(found, "status"), verdict) != 0)
                        fail_msg("round %ld: the trail is '%s', and was told to be '%s'", fault.n,
                                 verdict, text_at(found, "status"));
        }
}

static void the_proof_of_a_trail_does_not_depend_on_memory(void **state)
{
        AUTO_WORLD world w;
        AUTO_TX store_tx *tx = NULL;

        (void)state;
        world_open(&w, NULL);
        msptk_json_free(world_do(&w, "client_create", "{'name': 'Acme Corp'}"));
        msptk_json_free(
                world_do(&w, "client_update", "{'client_id': 'acme-corp', 'tier': 'gold'}"));
        prove_under_faults(&w, "ok");
        assert_int_equal(msptk__tx_begin(w.c->store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__exec(tx, NULL, "UPDATE audit SET principal = ?1 WHERE seq = 2",
                                     SQL_TEXT("mallory")),
                         MSPTK_OK);
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
        prove_under_faults(&w, "critical");
}

/* Every entry of a page has all that it has. */
static void a_page_of_the_trail_is_whole(void **state)
{
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        msptk_json_free(world_do(&w, "client_create", "{'name': 'Acme Corp'}"));
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_JSON msptk_json *page = NULL;
                const msptk_json *entry;
                msptk_status st =
                        act_on(&w, "audit_list", "operation", "client_create", NULL, &page, &err);

                assert_true(fault_was_hit(&fault) || st == MSPTK_OK);
                if (st < 0) {
                        assert_short_memory(st, err, &fault);
                        continue;
                }
                assert_int_equal(msptk_json_int(msptk_json_get(page, "count"), 0), 1);
                entry = msptk_json_first(msptk_json_get(page, "entries"));
                assert_string_equal(text_at(entry, "operation"), "client_create");
                assert_int_equal(msptk_json_type(msptk_json_get(entry, "detail")),
                                 MSPTK_JSON_OBJECT);
                assert_int_equal(strlen(text_at(entry, "hash")), 2 * DIGEST_BYTES);
        }
}

/* Makes a token with these clients and shows it. */
static void let_in(world *w, const char *name, const char *clients)
{
        AUTO_JSON msptk_json *made = NULL;
        char json[200];

        snprintf(json, sizeof(json), "{'name': '%s', 'scopes': 'read,write', 'clients': '%s'}",
                 name, clients);
        made = world_do(w, "token_create", json);
        assert_int_equal(
                act_on(w, "token_check", "token", text_at(made, "token"), NULL, NULL, NULL),
                MSPTK_OK);
}

static void a_token_is_whole_or_nothing(void **state)
{
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        msptk_json_free(world_do(&w, "client_create", "{'name': 'Acme Corp'}"));
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_JSON msptk_json *values = NULL;
                AUTO_JSON msptk_json *made = NULL;
                AUTO_ERROR msptk_error *err = NULL;
                char json[100], name[24];
                msptk_status st;
                bool hit;

                fault_rest(&fault);
                snprintf(name, sizeof(name), "t%ld", fault.rounds);
                snprintf(json, sizeof(json), "{\"name\": \"%s\", \"clients\": [\"Acme Corp\"]}",
                         name);
                assert_int_equal(msptk_json_parse(json, strlen(json), &values, NULL), MSPTK_OK);
                fault_arm(&fault);
                st = msptk__act_run(w.c, "token_create", values, NULL, &made, &err);
                hit = fault_was_hit(&fault);
                assert_true(hit || st == MSPTK_OK);
                if (st < 0)
                        assert_short_memory(st, err, &fault);
                assert_int_equal(number(&w, "SELECT count(*) FROM api_token WHERE name = ?1", name),
                                 st == MSPTK_OK);
                /* One without its list would be one for all clients. */
                assert_int_equal(
                        number(&w, "SELECT count(*) FROM api_token_client WHERE token = ?1", name),
                        st == MSPTK_OK);
                if (st == MSPTK_OK)
                        assert_int_equal(act_on(&w, "token_check", "token", text_at(made, "token"),
                                                NULL, NULL, NULL),
                                         MSPTK_OK);
        }
        assert_trail_is_sound(&w);
}

static void a_token_that_is_checked_is_good_or_not_in_at_all(void **state)
{
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_JSON msptk_json *made = NULL, *checked = NULL;
                AUTO_ERROR msptk_error *err = NULL;
                char json[64], principal[32];
                msptk_call_opts opts = { .principal = principal };
                msptk_status st;

                fault_rest(&fault);
                snprintf(json, sizeof(json), "{'name': 'c%ld'}", fault.rounds);
                snprintf(principal, sizeof(principal), "token:c%ld", fault.rounds);
                made = world_do(&w, "token_create", json);
                fault_arm(&fault);
                st = act_on(&w, "token_check", "token", text_at(made, "token"), NULL, &checked,
                            &err);
                assert_true(fault_was_hit(&fault) || st == MSPTK_OK);
                if (st < 0)
                        assert_short_memory(st, err, &fault);
                else
                        assert_int_equal(act_on(&w, "client_list", NULL, NULL, &opts, NULL, NULL),
                                         MSPTK_OK);
        }
}

/* Short memory neither shows what is hidden nor lets in. */
static void short_memory_opens_no_door(void **state)
{
        static const char *const calls[][3] = {
                { "client_get", "client_id", "Other Ltd" },
                { "client_get", "client_id", "other-lt" },
                { "client_list", NULL, NULL },
                { "device_get", "device_id", "theirs" },
                { "device_list", NULL, NULL },
                { "alert_list", "client_id", "other-ltd" },
        };
        msptk_call_opts opts = { .principal = (char *)"token:bot" };
        msptk_call_opts stranger = { .principal = (char *)"token:nobody" };
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        msptk_json_free(world_do(&w, "client_create", "{'name': 'Acme Corp'}"));
        msptk_json_free(world_do(&w, "client_create", "{'name': 'Other Ltd'}"));
        msptk_json_free(world_do(&w, "device_add",
                                 "{'client_id': 'other-ltd', 'name': 'Theirs', 'id': 'theirs'}"));
        let_in(&w, "bot", "acme-corp");
        for (size_t i = 0; i < ARRAY_LEN(calls); i++)
                FAULT_LOOP(fault, FAULT_ALLOC)
                {
                        AUTO_JSON msptk_json *found = NULL;
                        AUTO_ERROR msptk_error *err = NULL;
                        char *text = NULL;
                        msptk_status st = act_on(&w, calls[i][0], calls[i][1], calls[i][2], &opts,
                                                 &found, &err);

                        if (!fault_was_hit(&fault))
                                assert_int_equal(st, calls[i][1] ? MSPTK_E_NOTFOUND : MSPTK_OK);
                        if (st >= 0) {
                                assert_null(calls[i][1]);
                                assert_int_equal(msptk_json_print(found, 0, &text, NULL), MSPTK_OK);
                                assert_null(strstr(text, "other-ltd"));
                                assert_null(strstr(text, "theirs"));
                        } else if (!calls[i][2] || strcmp(calls[i][2], "other-ltd") != 0) {
                                assert_null(strstr(msptk_error_message(err), "other-ltd"));
                        }
                        msptk_string_free(text);
                }
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                assert_true(act_on(&w, "client_list", NULL, NULL, &stranger, NULL, NULL) < 0);
                (void)fault_was_hit(&fault);
        }
        assert_trail_is_sound(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_change_with_a_key_is_done_once),
                cmocka_unit_test(a_plan_says_all_and_is_carried_out_once),
                cmocka_unit_test(what_is_refused_stays_refused),
                cmocka_unit_test(secrets_as_acts_are_whole_or_nothing),
                cmocka_unit_test(the_proof_of_a_trail_does_not_depend_on_memory),
                cmocka_unit_test(a_page_of_the_trail_is_whole),
                cmocka_unit_test(a_token_is_whole_or_nothing),
                cmocka_unit_test(a_token_that_is_checked_is_good_or_not_in_at_all),
                cmocka_unit_test(short_memory_opens_no_door),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
