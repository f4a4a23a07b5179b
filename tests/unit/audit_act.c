/* Acts: who may, what is left in the trail, and that nothing changes without it. */
#define ROOM "test"
#include "support.h"

#include <sys/wait.h>
#include <unistd.h>

#include "audit/internal.h"

#define CANARY "s3cret-canary-value"

typedef struct world {
        char dir[64], key[96], db[96];
        ctx c;
        int64_t now;
        int ran;
} world;

static int64_t test_clock(void *user)
{
        return ((world *)user)->now;
}

/* ---- operations of the test ---- */

static msptk_status done_result(const char *what, msptk_json **ret)
{
        *ret = msptk_json_new_object();
        return msptk_json_set_string(*ret, "did", what);
}

static msptk_status put_thing(act *a, const msptk_json *args, msptk_json **ret, msptk_error **err)
{
        const char *name = msptk_json_string(msptk_json_get(args, "name"), "x");
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, err));
        TRY(msptk__exec(tx, err, "INSERT INTO thing (name) VALUES (?1)", SQL_TEXT(name)));
        /* Inside the one write transaction: no other thread is here. */
        ((world *)msptk__act_ctx(a)->clock_user)->ran++;
        if (msptk_json_get(args, "break"))
                return fail(err, MSPTK_E_IO, "the thing broke on " CANARY);
        return done_result(name, ret);
}

static msptk_status plan_thing(act *a, const msptk_json *args, msptk_json **ret, msptk_error **err)
{
        store_tx *tx;
        int64_t n = 0;

        (void)args;
        TRY(msptk__act_tx(a, &tx, err));
        TRY(msptk__query_int_values(tx, &n, err, "SELECT count(*) FROM thing", NULL, 0));
        *ret = msptk_json_new_object();
        return msptk_json_set_int(*ret, "revision", n);
}

static msptk_status look(act *a, const msptk_json *args, msptk_json **ret, msptk_error **err)
{
        store_tx *tx;

        (void)args;
        TRY(msptk__act_tx(a, &tx, err));
        return done_result("look", ret);
}

static msptk_status reach_out(act *a, const msptk_json *args, msptk_json **ret, msptk_error **err)
{
        store_tx *tx = NULL;
        int64_t n = 0;

        (void)args;
        assert_int_equal(msptk__act_tx(a, &tx, NULL), MSPTK_E_INTERNAL);
        TRY(msptk__act_begin_tx(a, TX_READ, &tx, err));
        /* The intent is there, durably, before anything is done. */
        assert_int_equal(msptk__query_int_values(
                                 tx, &n, err, "SELECT count(*) FROM audit WHERE outcome = 'intent'",
                                 NULL, 0),
                         MSPTK_OK);
        msptk__tx_rollback(&tx);
        assert_int_equal(n, 1);
        ((world *)msptk__act_ctx(a)->clock_user)->ran++;
        return done_result("reached", ret);
}

static msptk_status make_token(act *a, const msptk_json *args, msptk_json **ret, msptk_error **err)
{
        return msptk__token_create(a, args, msptk_json_get(args, "clients"), ret, err);
}

static const act_row rows[] = {
        { .name = "token_create",
          .scope = SCOPE_SECRET,
          .effect = EFFECT_WRITE,
          .run = make_token },
        { .name = "token_check",
          .scope = SCOPE_SECRET,
          .effect = EFFECT_READ,
          .uncounted = 1,
          .run = msptk__token_check },
        { .name = "token_remove",
          .scope = SCOPE_SECRET,
          .effect = EFFECT_DESTRUCTIVE,
          .run = msptk__token_remove },
        { .name = "thing_seen",
          .scope = SCOPE_READ,
          .effect = EFFECT_READ,
          .clients = CLIENTS_FILTERED,
          .run = look },
        { .name = "thing_never",
          .scope = SCOPE_READ,
          .effect = EFFECT_READ,
          .clients = CLIENTS_NEVER,
          .client_param = "client_id",
          .run = look },
        { .name = "thing_put",
          .scope = SCOPE_WRITE,
          .effect = EFFECT_WRITE,
          .plan = PLAN_OPTIONAL,
          .client_param = "client_id",
          .run = put_thing,
          .make_plan = plan_thing },
        { .name = "thing_wipe",
          .scope = SCOPE_ADMIN,
          .effect = EFFECT_DESTRUCTIVE,
          .plan = PLAN_REQUIRED,
          .run = put_thing,
          .make_plan = plan_thing },
        { .name = "thing_look", .scope = SCOPE_READ, .effect = EFFECT_READ, .run = look },
        { .name = "thing_reach",
          .scope = SCOPE_EXECUTE,
          .effect = EFFECT_WRITE,
          .outside = 1,
          .run = reach_out },
        { .name = "secret_set",
          .scope = SCOPE_SECRET,
          .effect = EFFECT_WRITE,
          .run = msptk__secret_set },
        { .name = "secret_rotate",
          .scope = SCOPE_SECRET,
          .effect = EFFECT_WRITE,
          .run = msptk__secret_rotate },
        { .name = "audit_verify",
          .scope = SCOPE_ADMIN,
          .effect = EFFECT_READ,
          .run = msptk__audit_verify },
        { .name = "audit_list",
          .scope = SCOPE_ADMIN,
          .effect = EFFECT_READ,
          .run = msptk__audit_list },
        { .name = "audit_head",
          .scope = SCOPE_ADMIN,
          .effect = EFFECT_READ,
          .run = msptk__audit_head },
};

/* ---- the world ---- */

static void open_world(world *w)
{
        static const char *const sql[] = { "CREATE TABLE thing (name TEXT)", NULL };
        static const store_migration things[] = {
                { .number = 900, .room = "test", .name = "things", .sql = sql }, { 0 }
        };
        const store_migration *tables[] = { msptk__vault_migrations, msptk__audit_migrations,
                                            things };
        store_options how = { .path = w->db, .create = true };

        assert_int_equal(msptk__store_open(&how, &w->c.store, NULL), MSPTK_OK);
        assert_int_equal(msptk__store_migrate(w->c.store, tables, 3, 1, NULL), MSPTK_OK);
        assert_int_equal(
                msptk__vault_open(&w->c, &(vault_opts){ .key_file = w->key }, &w->c.vault, NULL),
                MSPTK_OK);
        assert_int_equal(msptk__audit_open(&w->c, &w->c.audit, NULL), MSPTK_OK);
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                assert_int_equal(msptk__act_register(w->c.audit, &rows[i], NULL), MSPTK_OK);
}

static void close_world(world *w)
{
        msptk__audit_close(w->c.audit);
        msptk__vault_free(w->c.vault);
        msptk__store_free(w->c.store);
}

static int setup(void **state)
{
        world *w = calloc(1, sizeof(*w));

        strcpy(w->dir, "/tmp/msptk-act-XXXXXX");
        assert_non_null(mkdtemp(w->dir));
        snprintf(w->key, sizeof(w->key), "%s/key", w->dir);
        snprintf(w->db, sizeof(w->db), "%s/db", w->dir);
        w->now = INT64_C(1790000000000000);
        w->c.clock = test_clock;
        w->c.clock_user = w;
        w->c.principal = "tester";
        assert_int_equal(msptk__vault_key_create(w->key, NULL), MSPTK_OK);
        open_world(w);
        *state = w;
        return 0;
}

static int teardown(void **state)
{
        world *w = *state;
        char command[128];

        close_world(w);
        snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
        assert_int_equal(system(command), 0);
        free(w);
        return 0;
}

static msptk_status call(world *w, const char *op, const char *args, const msptk_call_opts *opts,
                         msptk_json **ret, msptk_error **err)
{
        AUTO_JSON msptk_json *values = NULL;
        msptk_json *result = NULL;
        msptk_status st;

        if (args)
                assert_int_equal(msptk_json_parse(args, strlen(args), &values, NULL), MSPTK_OK);
        st = msptk__act_run(&w->c, op, values, opts, &result, err);
        if (ret && st == MSPTK_OK)
                *ret = result;
        else
                msptk_json_free(result);
        return st;
}

static void assert_call(world *w, const char *op, const char *args, const msptk_call_opts *opts)
{
        AUTO_ERROR msptk_error *err = NULL;

        if (call(w, op, args, opts, NULL, &err) < 0)
                fail_msg("%s: %s (%s)", op, msptk_error_message(err), msptk_error_reason(err));
}

static void assert_refused(world *w, const char *op, const char *args, const msptk_call_opts *opts,
                           msptk_status want, const char *reason)
{
        AUTO_ERROR msptk_error *err = NULL;
        msptk_status st = call(w, op, args, opts, NULL, &err);

        if (st != want || strcmp(msptk_error_reason(err), reason))
                fail_msg("%s: %s %s (%s)", op, msptk_status_name(st), msptk_error_reason(err),
                         msptk_error_message(err));
}

static int64_t count(world *w, const char *sql)
{
        AUTO_TX store_tx *tx = NULL;
        int64_t n = -1;

        assert_int_equal(msptk__tx_begin(w->c.store, TX_READ, 0, &tx, NULL), MSPTK_OK);
        assert_true(msptk__query_int_values(tx, &n, NULL, sql, NULL, 0) >= 0);
        return n;
}

static void sql_run(world *w, const char *sql)
{
        store_tx *tx = NULL;

        assert_int_equal(msptk__tx_begin(w->c.store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__exec_values(tx, NULL, sql, NULL, 0), MSPTK_OK);
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
}

static void assert_trail_holds(world *w)
{
        AUTO_TX store_tx *tx = NULL;
        audit_report r;

        assert_int_equal(msptk__tx_begin(w->c.store, TX_READ, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__audit_prove(&w->c, tx, NULL, &r, NULL), MSPTK_OK);
        assert_string_equal(msptk__verdict_name(r.verdict), "holds");
}

/* ---- changes ---- */

static void a_change_and_its_row_are_written_together(void **state)
{
        world *w = *state;

        assert_call(w, "thing_put", "{\"name\":\"a\",\"client_id\":\"acme\"}", NULL);
        assert_int_equal(count(w, "SELECT count(*) FROM thing"), 1);
        assert_int_equal(count(w, "SELECT count(*) FROM audit WHERE op = 'thing_put' AND "
                                  "outcome = 'ok' AND client_id = 'acme' AND status = 0"),
                         1);
        assert_trail_holds(w);
}

static void a_failed_change_is_rolled_back_and_chained_as_failed(void **state)
{
        world *w = *state;

        msptk__redact_learn(&w->c, CANARY, strlen(CANARY));
        assert_int_equal(call(w, "thing_put", "{\"break\":1}", NULL, NULL, NULL), MSPTK_E_IO);
        assert_int_equal(count(w, "SELECT count(*) FROM thing"), 0);
        assert_int_equal(count(w, "SELECT count(*) FROM audit WHERE outcome = 'failed' AND "
                                  "status = -17 AND detail LIKE '%the thing broke on ***%'"),
                         1);
        assert_trail_holds(w);
}

static void without_an_audit_row_nothing_changes(void **state)
{
        world *w = *state;

        sql_run(w, "ALTER TABLE audit RENAME TO audit_gone");
        assert_int_equal(call(w, "thing_put", NULL, NULL, NULL, NULL), MSPTK_E_AUDIT);
        assert_int_equal(call(w, "thing_reach", NULL, NULL, NULL, NULL), MSPTK_E_AUDIT);
        assert_int_equal(count(w, "SELECT count(*) FROM thing"), 0);
        assert_int_equal(w->ran, 1);
        sql_run(w, "ALTER TABLE audit_gone RENAME TO audit");
        assert_call(w, "thing_put", NULL, NULL);
        /* The failures were kept, and are chained now. */
        assert_int_equal(count(w, "SELECT count(*) FROM audit WHERE outcome = 'failed'"), 2);
        assert_trail_holds(w);
}

static void an_effect_outside_has_intent_before_and_outcome_after(void **state)
{
        world *w = *state;

        assert_call(w, "thing_reach", NULL, NULL);
        assert_int_equal(count(w, "SELECT count(*) FROM audit a JOIN audit b ON b.seq = a.seq + 1 "
                                  "WHERE a.outcome = 'intent' AND b.outcome = 'ok' AND "
                                  "a.trace_id = b.trace_id"),
                         1);
}

/* ---- groups ---- */

static void reads_wait_for_the_next_change_in_order(void **state)
{
        world *w = *state;

        for (int i = 0; i < 3; i++)
                assert_call(w, "thing_look", NULL, NULL);
        assert_int_equal(count(w, "SELECT count(*) FROM audit"), 0);
        assert_call(w, "thing_put", NULL, NULL);
        assert_int_equal(count(w, "SELECT count(*) FROM audit"), 4);
        assert_int_equal(count(w, "SELECT seq FROM audit WHERE op = 'thing_put'"), 4);
}

static void a_full_group_is_written_at_once_and_the_rest_at_close(void **state)
{
        world *w = *state;

        msptk__audit_configure(w->c.audit, &(audit_opts){ .group_entries = 5, .group_ms = 60000 });
        for (int i = 0; i < 7; i++)
                assert_call(w, "thing_look", NULL, NULL);
        assert_int_equal(count(w, "SELECT count(*) FROM audit"), 5);
        close_world(w);
        open_world(w);
        assert_int_equal(count(w, "SELECT count(*) FROM audit"), 7);
        assert_trail_holds(w);
}

static void with_a_pool_a_read_is_written_without_another_call(void **state)
{
        world *w = *state;
        work_opts opts = { 0 };

        assert_int_equal(msptk__work_new(&opts, &w->c.work, NULL), MSPTK_OK);
        msptk__audit_configure(w->c.audit, &(audit_opts){ .group_ms = 1 });
        assert_call(w, "thing_look", NULL, NULL);
        /* close waits for the delayed write. */
        close_world(w);
        assert_int_equal(msptk__work_close(w->c.work, 5000, NULL), MSPTK_OK);
        msptk__work_free(w->c.work);
        w->c.work = NULL;
        open_world(w);
        assert_int_equal(count(w, "SELECT count(*) FROM audit"), 1);
}

/* ---- admission ---- */

static void read_only_doors_are_refused_changes_and_it_is_audited(void **state)
{
        msptk_call_opts opts = { .read_only = 1, .door = (char *)"mcp" };
        world *w = *state;

        assert_refused(w, "thing_put", NULL, &opts, MSPTK_E_DENIED, "READ_ONLY");
        assert_call(w, "thing_look", NULL, &opts);
        assert_int_equal(msptk__audit_flush(&w->c, NULL), MSPTK_OK);
        assert_int_equal(count(w, "SELECT count(*) FROM audit WHERE outcome = 'denied' AND "
                                  "door = 'mcp' AND seq = 1"),
                         1);
        assert_int_equal(w->ran, 0);
}

static void what_a_door_refuses_is_a_denial_in_the_trail(void **state)
{
        msptk_call_opts opts = { .refused = (char *)"NOT_CONFIRMED" };
        world *w = *state;

        assert_refused(w, "thing_put", NULL, &opts, MSPTK_E_DENIED, "NOT_CONFIRMED");
        assert_int_equal(msptk__audit_flush(&w->c, NULL), MSPTK_OK);
        assert_int_equal(count(w, "SELECT count(*) FROM audit WHERE outcome = 'denied' AND "
                                  "detail LIKE '%NOT_CONFIRMED%'"),
                         1);
        assert_int_equal(w->ran, 0);
}

/* Makes a token and shows it, as a door does. `more` goes into the arguments of token_create. */
static void let_in(world *w, const char *name, const char *more, char token[64])
{
        AUTO_JSON msptk_json *made = NULL;
        char args[300];

        snprintf(args, sizeof(args), "{\"name\":\"%s\",\"expires\":%lld%s}", name,
                 (long long)(w->now + INT64_C(3600000000)), more);
        assert_int_equal(call(w, "token_create", args, NULL, &made, NULL), MSPTK_OK);
        snprintf(token, 64, "%s", msptk_json_string(msptk_json_get(made, "token"), ""));
        snprintf(args, sizeof(args), "{\"token\":\"%s\"}", token);
        assert_call(w, "token_check", args, NULL);
}

static void a_token_limits_scopes_and_clients(void **state)
{
        msptk_call_opts bot = { .principal = (char *)"token:bot" };
        world *w = *state;
        char token[64];

        let_in(w, "bot", ",\"scopes\":[\"read\",\"write\"],\"clients\":[\"acme\"]", token);
        assert_call(w, "thing_put", "{\"client_id\":\"acme\"}", &bot);
        assert_refused(w, "thing_put", "{\"client_id\":\"other\"}", &bot, MSPTK_E_DENIED,
                       "CLIENT_NOT_ALLOWED");
        assert_refused(w, "thing_put", NULL, &bot, MSPTK_E_DENIED, "CLIENT_NOT_ALLOWED");
        assert_refused(w, "thing_never", "{\"client_id\":\"acme\"}", &bot, MSPTK_E_DENIED,
                       "CLIENT_NOT_ALLOWED");
        assert_call(w, "thing_seen", NULL, &bot);
        assert_refused(w, "thing_reach", "{\"client_id\":\"acme\"}", &bot, MSPTK_E_DENIED,
                       "SCOPE_MISSING");
        assert_call(w, "thing_reach", NULL, NULL);
        assert_int_equal(msptk__audit_flush(&w->c, NULL), MSPTK_OK);
        assert_int_equal(count(w, "SELECT count(*) FROM audit WHERE outcome = 'denied'"), 4);
        assert_int_equal(count(w, "SELECT count(*) FROM audit WHERE outcome = 'denied' AND"
                                  " client_id = 'other' AND detail LIKE"
                                  " '%\"denied\":\"CLIENT_NOT_ALLOWED\"%'"),
                         1);
}

static void a_token_principal_that_showed_no_token_is_denied(void **state)
{
        msptk_call_opts bot = { .principal = (char *)"token:bot" };
        msptk_call_opts none = { .principal = (char *)"token:" };
        world *w = *state;
        char token[64];

        assert_refused(w, "thing_look", NULL, &bot, MSPTK_E_AUTH, "TOKEN_INVALID");
        assert_refused(w, "thing_look", NULL, &none, MSPTK_E_AUTH, "TOKEN_INVALID");
        let_in(w, "bot", ",\"scopes\":[\"read\"]", token);
        assert_call(w, "thing_look", NULL, &bot);
        /* Another process has not seen the token, though it exists. */
        close_world(w);
        open_world(w);
        assert_refused(w, "thing_look", NULL, &bot, MSPTK_E_AUTH, "TOKEN_INVALID");
}

static void a_token_that_was_removed_or_has_ended_is_refused_at_the_next_call(void **state)
{
        msptk_call_opts bot = { .principal = (char *)"token:bot" };
        msptk_call_opts cat = { .principal = (char *)"token:cat" };
        world *w = *state;
        char token[64], other[64], args[100];

        let_in(w, "bot", ",\"scopes\":[\"read\"]", token);
        let_in(w, "cat", ",\"scopes\":[\"read\"]", other);
        assert_call(w, "thing_look", NULL, &bot);
        /* As another process would. */
        sql_run(w, "DELETE FROM api_token WHERE name = 'bot'");
        assert_refused(w, "thing_look", NULL, &bot, MSPTK_E_AUTH, "TOKEN_INVALID");
        /* The same name again is another token. */
        let_in(w, "bot", ",\"scopes\":[\"read\"]", other);
        assert_string_not_equal(token, other);
        snprintf(args, sizeof(args), "{\"token\":\"%s\"}", token);
        assert_refused(w, "token_check", args, NULL, MSPTK_E_AUTH, "TOKEN_INVALID");
        assert_call(w, "thing_look", NULL, &cat);
        w->now += INT64_C(3600000000) - 1;
        assert_call(w, "thing_look", NULL, &cat);
        w->now++;
        assert_refused(w, "thing_look", NULL, &cat, MSPTK_E_AUTH, "TOKEN_INVALID");
        snprintf(args, sizeof(args), "{\"token\":\"%s\"}", other);
        assert_refused(w, "token_check", args, NULL, MSPTK_E_AUTH, "TOKEN_INVALID");
}

static void who_guesses_tokens_does_not_fill_the_trail(void **state)
{
        static const char guess[] = "{\"token\":\"msptk_no\"}";
        world *w = *state;

        for (int i = 0; i < 100; i++)
                assert_refused(w, "token_check", guess, NULL, MSPTK_E_AUTH, "TOKEN_INVALID");
        w->now += 1000000;
        assert_refused(w, "token_check", guess, NULL, MSPTK_E_AUTH, "TOKEN_INVALID");
        assert_int_equal(msptk__audit_flush(&w->c, NULL), MSPTK_OK);
        assert_int_equal(count(w, "SELECT count(*) FROM audit WHERE op = 'token_check'"), 2);
}

static void a_new_token_of_an_old_name_is_not_answered_from_its_memory(void **state)
{
        msptk_call_opts bot = { .principal = (char *)"token:bot",
                                .idempotency_key = (char *)"once" };
        world *w = *state;
        char token[64];

        let_in(w, "bot", ",\"scopes\":[\"write\"]", token);
        assert_call(w, "thing_put", NULL, &bot);
        assert_call(w, "thing_put", NULL, &bot);
        assert_int_equal(w->ran, 1);
        assert_call(w, "token_remove", "{\"name\":\"bot\"}", NULL);
        let_in(w, "bot", ",\"scopes\":[\"write\"]", token);
        assert_call(w, "thing_put", NULL, &bot);
        assert_int_equal(w->ran, 2);
}

static void a_token_is_kept_as_a_hash_only(void **state)
{
        msptk_call_opts once = { .idempotency_key = (char *)"k" };
        world *w = *state;
        char token[64], sql[500];

        assert_refused(w, "token_create", "{\"name\":\"bot\",\"expires\":1790000060000000}", &once,
                       MSPTK_E_INVALID, "IDEMPOTENCY_KEY_REFUSED");
        assert_int_equal(count(w, "SELECT count(*) FROM act_once"), 0);
        let_in(w, "bot", ",\"scopes\":[\"read\"]", token);
        assert_int_equal(strlen(token), 6 + 43);
        assert_int_equal(strncmp(token, "msptk_", 6), 0);
        assert_int_equal(msptk__audit_flush(&w->c, NULL), MSPTK_OK);
        assert_int_equal(count(w, "SELECT length(hash) FROM api_token"), 32);
        snprintf(sql, sizeof(sql),
                 "SELECT (SELECT count(*) FROM api_token WHERE hash LIKE '%%%s%%') +"
                 " (SELECT count(*) FROM audit WHERE op <> 'token_check' AND detail LIKE '%%%s%%')",
                 token, token);
        assert_int_equal(count(w, sql), 0);
        assert_int_equal(count(w, "SELECT count(*) FROM audit WHERE op = 'token_create'"), 2);
}

static void tokens_end_within_five_years(void **state)
{
        world *w = *state;

        assert_refused(w, "token_create", "{\"name\":\"bot\",\"expires\":1789999999999999}", NULL,
                       MSPTK_E_INVALID, "INVALID_PARAMETERS");
        assert_refused(w, "token_create", "{\"name\":\"bot\",\"expires\":1990000000000000}", NULL,
                       MSPTK_E_INVALID, "INVALID_PARAMETERS");
        assert_call(w, "token_create", "{\"name\":\"bot\",\"expires\":1890000000000000}", NULL);
        assert_refused(w, "token_create", "{\"name\":\"bot\",\"expires\":1890000000000000}", NULL,
                       MSPTK_E_EXISTS, "TOKEN_EXISTS");
        assert_call(w, "token_remove", "{\"name\":\"bot\"}", NULL);
        assert_refused(w, "token_remove", "{\"name\":\"bot\"}", NULL, MSPTK_E_NOTFOUND,
                       "TOKEN_NOT_FOUND");
}

static void the_last_use_of_a_token_is_known_to_the_minute(void **state)
{
        world *w = *state;
        char token[64], args[100];
        int64_t first = w->now;

        let_in(w, "bot", ",\"scopes\":[\"read\"]", token);
        assert_int_equal(count(w, "SELECT used_at FROM api_token"), first);
        snprintf(args, sizeof(args), "{\"token\":\"%s\"}", token);
        w->now += 59 * 1000000;
        assert_call(w, "token_check", args, NULL);
        assert_int_equal(count(w, "SELECT used_at FROM api_token"), first);
        w->now += 1000000;
        assert_call(w, "token_check", args, NULL);
        assert_int_equal(count(w, "SELECT used_at FROM api_token"), w->now);
}

static void token_checks_do_not_use_up_the_requests_of_a_door(void **state)
{
        msptk_call_opts bot = { .principal = (char *)"token:bot" };
        world *w = *state;
        char token[64], args[100];

        let_in(w, "bot", ",\"scopes\":[\"read\"]", token);
        msptk__audit_configure(w->c.audit, &(audit_opts){ .requests_per_minute = 2 });
        snprintf(args, sizeof(args), "{\"token\":\"%s\"}", token);
        for (int i = 0; i < 5; i++)
                assert_call(w, "token_check", args, NULL);
        assert_call(w, "thing_look", NULL, &bot);
        assert_call(w, "thing_look", NULL, &bot);
        assert_int_equal(call(w, "thing_look", NULL, &bot, NULL, NULL), MSPTK_E_RATE);
}

static void too_many_requests_wait_for_the_window_to_slide(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        msptk_call_opts other = { .principal = (char *)"other" };
        world *w = *state;

        msptk__audit_configure(w->c.audit, &(audit_opts){ .requests_per_minute = 3 });
        for (int i = 0; i < 3; i++) {
                assert_call(w, "thing_look", NULL, NULL);
                w->now += 10 * 1000000;
        }
        assert_int_equal(call(w, "thing_look", NULL, NULL, NULL, &err), MSPTK_E_RATE);
        assert_int_equal(msptk_error_retry_after_ms(err), 30000);
        assert_call(w, "thing_look", NULL, &other);
        w->now += 30 * 1000000;
        assert_call(w, "thing_look", NULL, NULL);
        assert_int_equal(call(w, "thing_look", NULL, NULL, NULL, NULL), MSPTK_E_RATE);
}

/* ---- plans ---- */

static char *plan(world *w, const char *op, const char *args)
{
        msptk_call_opts opts = { .plan = 1 };
        AUTO_JSON msptk_json *result = NULL;

        assert_int_equal(call(w, op, args, &opts, &result, NULL), MSPTK_OK);
        return msptk__strdup(msptk_json_string(msptk_json_get(result, "plan_token"), ""));
}

static void a_plan_is_carried_out_once_and_only_as_planned(void **state)
{
        world *w = *state;
        AUTO_FREE char *token = plan(w, "thing_wipe", "{\"name\":\"a\"}");
        msptk_call_opts opts = { .plan_token = token };
        msptk_call_opts other = { .plan_token = token, .principal = (char *)"other" };
        char *last;

        assert_int_equal(w->ran, 0);
        assert_refused(w, "thing_wipe", "{\"name\":\"a\"}", NULL, MSPTK_E_PLAN, "PLAN_REQUIRED");
        assert_refused(w, "thing_wipe", "{\"name\":\"b\"}", &opts, MSPTK_E_PLAN, "PLAN_MISMATCH");
        assert_refused(w, "thing_put", "{\"name\":\"a\"}", &opts, MSPTK_E_PLAN, "PLAN_MISMATCH");
        assert_refused(w, "thing_wipe", "{\"name\":\"a\"}", &other, MSPTK_E_PLAN, "PLAN_MISMATCH");
        assert_call(w, "thing_wipe", "{\"name\":\"a\"}", &opts);
        assert_int_equal(w->ran, 1);
        assert_refused(w, "thing_wipe", "{\"name\":\"a\"}", &opts, MSPTK_E_PLAN, "PLAN_USED");
        last = &token[strlen(token) - 5];
        *last = *last == 'A' ? 'B' : 'A';
        assert_refused(w, "thing_wipe", "{\"name\":\"a\"}", &opts, MSPTK_E_PLAN, "PLAN_FORGED");
        assert_int_equal(w->ran, 1);
        assert_int_equal(count(w, "SELECT count(*) FROM thing"), 1);
}

static void a_plan_is_stale_when_the_world_changed_and_expires(void **state)
{
        world *w = *state;
        AUTO_FREE char *first = plan(w, "thing_put", NULL);
        msptk_call_opts opts = { .plan_token = first };
        AUTO_FREE char *second = NULL;

        assert_call(w, "thing_put", "{\"name\":\"between\"}", NULL);
        assert_refused(w, "thing_put", NULL, &opts, MSPTK_E_PLAN, "PLAN_STALE");
        second = plan(w, "thing_put", NULL);
        opts.plan_token = second;
        w->now += INT64_C(601) * 1000000;
        assert_refused(w, "thing_put", NULL, &opts, MSPTK_E_PLAN, "PLAN_EXPIRED");
        assert_int_equal(count(w, "SELECT count(*) FROM thing"), 1);
}

static void a_plan_is_not_for_a_later_token_of_the_same_name(void **state)
{
        msptk_call_opts bot = { .principal = (char *)"token:bot", .plan = 1 };
        AUTO_JSON msptk_json *made = NULL;
        world *w = *state;
        char token[64];

        let_in(w, "bot", ",\"scopes\":[\"write\"]", token);
        assert_int_equal(call(w, "thing_put", NULL, &bot, &made, NULL), MSPTK_OK);
        bot.plan = 0;
        bot.plan_token = (char *)msptk_json_string(msptk_json_get(made, "plan_token"), "");
        assert_call(w, "token_remove", "{\"name\":\"bot\"}", NULL);
        w->now += 1000000;
        let_in(w, "bot", ",\"scopes\":[\"write\"]", token);
        assert_refused(w, "thing_put", NULL, &bot, MSPTK_E_PLAN, "PLAN_MISMATCH");
        assert_int_equal(count(w, "SELECT count(*) FROM thing"), 0);
}

static void the_order_of_arguments_does_not_matter_to_a_plan(void **state)
{
        world *w = *state;
        AUTO_FREE char *token = plan(w, "thing_put", "{\"name\":\"a\",\"client_id\":\"x\"}");
        msptk_call_opts opts = { .plan_token = token };

        assert_call(w, "thing_put", "{\"client_id\":\"x\",\"name\":\"a\"}", &opts);
}

/* ---- idempotency ---- */

static void a_change_with_a_key_is_done_once_and_answered_twice(void **state)
{
        msptk_call_opts opts = { .idempotency_key = (char *)"k1" };
        AUTO_JSON msptk_json *one = NULL;
        AUTO_JSON msptk_json *two = NULL;
        world *w = *state;

        assert_int_equal(call(w, "thing_put", "{\"name\":\"a\"}", &opts, &one, NULL), MSPTK_OK);
        assert_int_equal(call(w, "thing_put", "{\"name\":\"a\"}", &opts, &two, NULL), MSPTK_OK);
        assert_true(msptk__json_equal(one, two));
        assert_int_equal(w->ran, 1);
        assert_int_equal(count(w, "SELECT count(*) FROM thing"), 1);
        assert_refused(w, "thing_put", "{\"name\":\"b\"}", &opts, MSPTK_E_CONFLICT,
                       "IDEMPOTENCY_KEY_REUSED");
        assert_call(w, "thing_reach", NULL, &opts);
        assert_call(w, "thing_reach", NULL, &opts);
        assert_int_equal(w->ran, 2);
}

/* ---- the trail as operations ---- */

static void the_list_pages_backwards_and_filters(void **state)
{
        AUTO_JSON msptk_json *page = NULL;
        AUTO_JSON msptk_json *next = NULL;
        world *w = *state;
        char args[128];

        for (int i = 0; i < 5; i++)
                assert_call(w, "thing_put", "{\"client_id\":\"acme\"}", NULL);
        assert_call(w, "thing_put", "{\"client_id\":\"other\"}", NULL);
        assert_int_equal(
                call(w, "audit_list", "{\"client_id\":\"acme\",\"limit\":3}", NULL, &page, NULL),
                MSPTK_OK);
        assert_int_equal(msptk_json_int(msptk_json_get(page, "count"), 0), 3);
        assert_int_equal(
                msptk_json_int(
                        msptk_json_get(msptk_json_first(msptk_json_get(page, "entries")), "seq"),
                        0),
                5);
        snprintf(args, sizeof(args), "{\"client_id\":\"acme\",\"limit\":3,\"cursor\":\"%s\"}",
                 msptk_json_string(msptk_json_get(page, "next_cursor"), ""));
        assert_int_equal(call(w, "audit_list", args, NULL, &next, NULL), MSPTK_OK);
        assert_int_equal(msptk_json_int(msptk_json_get(next, "count"), 0), 2);
        assert_int_equal(msptk_json_type(msptk_json_get(next, "next_cursor")), MSPTK_JSON_NULL);
}

static void a_head_printed_by_one_call_is_accepted_by_verify(void **state)
{
        AUTO_JSON msptk_json *head = NULL;
        AUTO_JSON msptk_json *report = NULL;
        world *w = *state;
        char args[512];

        assert_refused(w, "audit_head", NULL, NULL, MSPTK_E_NOTFOUND, "TRAIL_EMPTY");
        assert_call(w, "thing_put", NULL, NULL);
        assert_int_equal(call(w, "audit_head", NULL, NULL, &head, NULL), MSPTK_OK);
        snprintf(args, sizeof(args), "{\"head\":\"%s\"}",
                 msptk_json_string(msptk_json_get(head, "head"), ""));
        assert_int_equal(call(w, "audit_verify", args, NULL, &report, NULL), MSPTK_OK);
        assert_string_equal(msptk_json_string(msptk_json_get(report, "status"), ""), "ok");
}

/* ---- several processes ---- */

static void two_processes_append_to_one_chain(void **state)
{
        enum { EACH = 30 };
        world *w = *state;
        pid_t pids[2];

        close_world(w);
        for (int p = 0; p < 2; p++) {
                pids[p] = fork();
                if (pids[p] == 0) {
                        int bad = 0;

                        open_world(w);
                        for (int i = 0; i < EACH; i++) {
                                bad += call(w, "thing_look", NULL, NULL, NULL, NULL) < 0;
                                bad += call(w, "thing_put", NULL, NULL, NULL, NULL) < 0;
                        }
                        close_world(w);
                        _exit(bad ? 1 : 0);
                }
        }
        for (int p = 0; p < 2; p++) {
                int status = -1;

                assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
                assert_int_equal(status, 0);
        }
        open_world(w);
        assert_int_equal(count(w, "SELECT count(*) FROM thing"), 2 * EACH);
        assert_int_equal(count(w, "SELECT count(*) FROM audit"), 4 * EACH);
        assert_trail_holds(w);
}

static void *thread_main(void *user)
{
        world *w = user;

        for (int i = 0; i < 20; i++) {
                if (call(w, i % 3 ? "thing_look" : "thing_put", NULL, NULL, NULL, NULL) < 0)
                        return w;
        }
        return NULL;
}

static void threads_share_one_chain_and_lose_no_entry(void **state)
{
        world *w = *state;
        pthread_t threads[4];
        work_opts opts = { 0 };

        assert_int_equal(msptk__work_new(&opts, &w->c.work, NULL), MSPTK_OK);
        msptk__audit_configure(w->c.audit, &(audit_opts){ .group_ms = 1, .group_entries = 10 });
        for (size_t i = 0; i < ARRAY_LEN(threads); i++)
                assert_int_equal(pthread_create(&threads[i], NULL, thread_main, w), 0);
        for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
                void *failed = w;

                assert_int_equal(pthread_join(threads[i], &failed), 0);
                assert_null(failed);
        }
        close_world(w);
        assert_int_equal(msptk__work_close(w->c.work, 5000, NULL), MSPTK_OK);
        msptk__work_free(w->c.work);
        w->c.work = NULL;
        open_world(w);
        assert_int_equal(count(w, "SELECT count(*) FROM audit"), 80);
        assert_trail_holds(w);
}

/* ---- secrets ---- */

static bool file_holds(const char *dir, const char *name, const char *needle)
{
        AUTO_BUF buf b = BUF_INIT(64 << 20);
        char path[160];

        snprintf(path, sizeof(path), "%s/%s", dir, name);
        return msptk__file_read(path, 0, &b, NULL) == MSPTK_OK &&
               memmem(b.data, b.len, needle, strlen(needle));
}

/* Even where an operation's row forgets to hide the value, the trail does not hold it. */
static void a_secret_set_through_an_act_is_nowhere_in_the_clear(void **state)
{
        world *w = *state;

        assert_call(w, "secret_set", "{\"name\":\"rmm\",\"value\":\"" CANARY "\"}", NULL);
        assert_call(w, "secret_rotate", NULL, NULL);
        assert_call(w, "thing_put", "{\"name\":\"x\"}", NULL);
        assert_refused(w, "thing_put", "{\"break\":\"" CANARY "\"}", NULL, MSPTK_E_IO, "E_IO");
        assert_false(file_holds(w->dir, "db", CANARY));
        assert_false(file_holds(w->dir, "db-wal", CANARY));
        assert_false(file_holds(w->dir, "key.new", "key"));
        close_world(w);
        assert_false(file_holds(w->dir, "db", CANARY));
        open_world(w);
        {
                AUTO_SECRET secret *s = NULL;

                assert_int_equal(msptk__vault_get(w->c.vault, "rmm", &s, NULL), MSPTK_OK);
                assert_string_equal(msptk__secret_bytes(s, NULL), CANARY);
        }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(a_change_and_its_row_are_written_together),
                T(a_failed_change_is_rolled_back_and_chained_as_failed),
                T(without_an_audit_row_nothing_changes),
                T(an_effect_outside_has_intent_before_and_outcome_after),
                T(reads_wait_for_the_next_change_in_order),
                T(a_full_group_is_written_at_once_and_the_rest_at_close),
                T(with_a_pool_a_read_is_written_without_another_call),
                T(read_only_doors_are_refused_changes_and_it_is_audited),
                T(what_a_door_refuses_is_a_denial_in_the_trail),
                T(a_token_limits_scopes_and_clients),
                T(who_guesses_tokens_does_not_fill_the_trail),
                T(a_token_principal_that_showed_no_token_is_denied),
                T(a_token_that_was_removed_or_has_ended_is_refused_at_the_next_call),
                T(a_new_token_of_an_old_name_is_not_answered_from_its_memory),
                T(a_token_is_kept_as_a_hash_only),
                T(tokens_end_within_five_years),
                T(the_last_use_of_a_token_is_known_to_the_minute),
                T(token_checks_do_not_use_up_the_requests_of_a_door),
                T(too_many_requests_wait_for_the_window_to_slide),
                T(a_plan_is_carried_out_once_and_only_as_planned),
                T(a_plan_is_stale_when_the_world_changed_and_expires),
                T(a_plan_is_not_for_a_later_token_of_the_same_name),
                T(the_order_of_arguments_does_not_matter_to_a_plan),
                T(a_change_with_a_key_is_done_once_and_answered_twice),
                T(the_list_pages_backwards_and_filters),
                T(a_head_printed_by_one_call_is_accepted_by_verify),
                T(two_processes_append_to_one_chain),
                T(threads_share_one_chain_and_lose_no_entry),
                T(a_secret_set_through_an_act_is_nowhere_in_the_clear),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
