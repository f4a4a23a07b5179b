/* References to secrets, and their redaction from texts. */
#define ROOM "test"
#include "support.h"

#include <sys/stat.h>
#include <unistd.h>

#include "vault/vault.h"
#include "work/work.h"

#define CANARY "p@ss/word+\"1\""

typedef struct world {
        char dir[64];
        ctx c;
        char logged[512];
} world;

static void keep_log(void *user, int32_t level, const char *room, const char *message)
{
        world *w = user;

        (void)level;
        (void)room;
        snprintf(w->logged, sizeof(w->logged), "%s", message);
}

static int setup(void **state)
{
        const store_migration *tables[] = { msptk__vault_migrations };
        world *w = calloc(1, sizeof(*w));

        strcpy(w->dir, "/tmp/msptk-refs-XXXXXX");
        assert_non_null(mkdtemp(w->dir));
        w->c.principal = "tester";
        w->c.log_fn = keep_log;
        w->c.log_user = w;
        assert_int_equal(
                msptk__store_open(&(store_options){ .path = ":memory:" }, &w->c.store, NULL),
                MSPTK_OK);
        assert_int_equal(msptk__store_migrate(w->c.store, tables, 1, 1, NULL), MSPTK_OK);
        assert_int_equal(msptk__work_new(&(work_opts){ 0 }, &w->c.work, NULL), MSPTK_OK);
        assert_int_equal(
                msptk__vault_open(&w->c, &(vault_opts){ .ephemeral = 1 }, &w->c.vault, NULL),
                MSPTK_OK);
        *state = w;
        return 0;
}

static int teardown(void **state)
{
        world *w = *state;
        char command[128];

        msptk__vault_free(w->c.vault);
        assert_int_equal(msptk__work_close(w->c.work, 5000, NULL), MSPTK_OK);
        msptk__work_free(w->c.work);
        msptk__store_free(w->c.store);
        snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
        assert_int_equal(system(command), 0);
        free(w);
        return 0;
}

static const char *env(void *user, const char *name)
{
        (void)user;
        return !strcmp(name, "RMM_API_KEY") ? CANARY : !strcmp(name, "EMPTY") ? "" : NULL;
}

static void assert_resolves(world *w, const char *ref, const char *value)
{
        secret_source src = { .env = env, .base_dir = w->dir };
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_SECRET secret *s = NULL;

        if (msptk__secret_resolve(&w->c, ref, &src, &s, &err) < 0)
                fail_msg("%s: %s", ref, msptk_error_message(err));
        assert_string_equal(msptk__secret_bytes(s, NULL), value);
}

static void assert_refused(world *w, const char *ref, const secret_source *src, msptk_status want,
                           const char *reason)
{
        AUTO_ERROR msptk_error *err = NULL;
        secret *s = NULL;
        msptk_status st = msptk__secret_resolve(&w->c, ref, src, &s, &err);

        assert_null(s);
        if (st != want || strcmp(msptk_error_reason(err), reason))
                fail_msg("%s: %s (%s)", ref, msptk_error_message(err), msptk_error_reason(err));
        assert_null(strstr(msptk_error_message(err), "hunter2"));
        assert_true(strlen(msptk_error_suggestion(err)) > 10);
}

static void write_file(world *w, const char *name, const char *text, uint32_t mode)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/%s", w->dir, name);
        assert_int_equal(msptk__file_write(path, text, strlen(text), mode, 0, NULL), MSPTK_OK);
}

/* ---- references ---- */

static void each_form_leads_to_its_secret(void **state)
{
        store_tx *tx = NULL;
        world *w = *state;

        assert_resolves(w, "env:RMM_API_KEY", CANARY);
        write_file(w, "token", "from file\n", 0600);
        assert_resolves(w, "file:token", "from file");
        assert_int_equal(msptk__tx_begin(w->c.store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__vault_put(w->c.vault, tx, "rmm/key", CANARY, strlen(CANARY), NULL),
                         MSPTK_OK);
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
        assert_resolves(w, "vault:rmm/key", CANARY);
        assert_resolves(w, "exec:/bin/echo 'two  words' \"and more\" x'y'z",
                        "two  words and more xyz");
}

static void a_literal_is_refused_with_advice_and_without_repeating_it(void **state)
{
        const char *literals[] = { "hunter2", "", "ENV:X", "env:", "vault", "https://hunter2@x" };
        world *w = *state;

        for (size_t i = 0; i < ARRAY_LEN(literals); i++) {
                assert_int_equal(msptk__secret_is_ref(literals[i]), 0);
                assert_refused(w, literals[i], NULL, MSPTK_E_CONFIG, "LITERAL_SECRET");
        }
}

static void a_reference_that_leads_nowhere_says_why(void **state)
{
        secret_source src = { .env = env };
        world *w = *state;

        assert_refused(w, "env:RMM_API_KEY", NULL, MSPTK_E_CRYPTO, "SECRET_UNAVAILABLE");
        assert_refused(w, "env:OTHER", &src, MSPTK_E_CRYPTO, "SECRET_UNAVAILABLE");
        assert_refused(w, "env:EMPTY", &src, MSPTK_E_CRYPTO, "SECRET_UNAVAILABLE");
        assert_refused(w, "file:/nonexistent/x", &src, MSPTK_E_CRYPTO, "SECRET_UNAVAILABLE");
        assert_refused(w, "file:/tmp", &src, MSPTK_E_CRYPTO, "SECRET_UNAVAILABLE");
        assert_refused(w, "vault:none", &src, MSPTK_E_NOTFOUND, "SECRET_NOT_FOUND");
        assert_refused(w, "exec:/bin/false", &src, MSPTK_E_CRYPTO, "SECRET_UNAVAILABLE");
        assert_refused(w, "exec:/bin/true", &src, MSPTK_E_CRYPTO, "SECRET_UNAVAILABLE");
        assert_refused(w, "exec:/nonexistent/program", &src, MSPTK_E_CRYPTO, "SECRET_UNAVAILABLE");
        assert_refused(w, "exec:/bin/echo 'open", &src, MSPTK_E_CONFIG, "BAD_REFERENCE");
}

static void no_shell_stands_between_a_reference_and_its_program(void **state)
{
        world *w = *state;

        assert_resolves(w, "exec:/bin/echo $HOME;id`x`|cat", "$HOME;id`x`|cat");
}

static void a_file_that_everybody_may_read_is_named_in_the_log(void **state)
{
        world *w = *state;

        write_file(w, "open", "value", 0644);
        assert_resolves(w, "file:open", "value");
        assert_non_null(strstr(w->logged, "everybody may read"));
}

/* ---- redaction ---- */

static void assert_redacted(world *w, const char *text, const char *want)
{
        char copy[512];

        snprintf(copy, sizeof(copy), "%s", text);
        assert_int_equal(msptk__redact(&w->c, copy), strlen(want));
        assert_string_equal(copy, want);
}

static void known_secrets_are_masked_in_every_form_they_travel_in(void **state)
{
        world *w = *state;

        assert_redacted(w, "nothing known: " CANARY, "nothing known: " CANARY);
        assert_resolves(w, "env:RMM_API_KEY", CANARY);
        assert_redacted(w, "key=" CANARY "; again " CANARY, "key=***; again ***");
        assert_redacted(w, CANARY, "***");
        assert_redacted(w, CANARY CANARY, "******");
        assert_redacted(w, "p@ss/word+\"1", "p@ss/word+\"1");
        assert_redacted(w, "u=p%40ss%2Fword%2B%221%22&x", "u=***&x");
        assert_redacted(w, "{\"k\":\"p@ss/word+\\\"1\\\"\"}", "{\"k\":\"***\"}");
        assert_redacted(w, "b64 cEBzcy93b3JkKyIxIg== end", "b64 *** end");
        assert_redacted(w, "", "");
}

#define API_TOKEN "msptk_1qMGWFX95oShLTB0Tdn0GM6Ig9l-AsYtd57FRBQzbH8"

static void an_api_token_is_known_by_its_form(void **state)
{
        world *w = *state;

        assert_redacted(w, API_TOKEN, "msptk_***");
        assert_redacted(w, "a " API_TOKEN ", b \"" API_TOKEN "\"", "a msptk_***, b \"msptk_***\"");
        assert_redacted(w, "Bearer " API_TOKEN "x.", "Bearer msptk_***.");
        assert_redacted(w, "msptk_" API_TOKEN " end", "msptk_*** end");
        assert_redacted(w, "call msptk_operations() or msptk_health_monitor_get_status_summary",
                        "call msptk_operations() or msptk_health_monitor_get_status_summary");
        assert_redacted(w, "msptk_1qMGWFX95oShLTB0Tdn0GM6Ig9l-AsYtd57FRBQzbH",
                        "msptk_1qMGWFX95oShLTB0Tdn0GM6Ig9l-AsYtd57FRBQzbH");
        assert_redacted(w, "msptk_", "msptk_");
}

static void a_secret_within_a_longer_secret_leaves_nothing_of_either(void **state)
{
        world *w = *state;

        msptk__redact_learn(&w->c, "inner", 5);
        msptk__redact_learn(&w->c, "outer-inner-outer", 17);
        assert_redacted(w, "x outer-inner-outer y inner z", "x *** y *** z");
}

static void very_short_secrets_and_no_vault_change_nothing(void **state)
{
        ctx without = { .principal = "x" };
        char text[] = "abc abcd";
        world *w = *state;

        msptk__redact_learn(&w->c, "abc", 3);
        assert_redacted(w, "abc abcd", "abc abcd");
        assert_int_equal(msptk__redact(&without, text), 8);
        assert_int_equal(msptk__redact(&w->c, NULL), 0);
}

/* More secrets than are remembered: the newest are masked, memory stays what it was. */
static void the_registry_is_bounded(void **state)
{
        world *w = *state;
        char text[64];

        for (int i = 0; i < 3000; i++) {
                snprintf(text, sizeof(text), "secret-number-%05d", i);
                msptk__redact_learn(&w->c, text, strlen(text));
        }
        assert_redacted(w, "a secret-number-02999 b", "a *** b");
        assert_redacted(w, "a secret-number-02950 b", "a *** b");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(each_form_leads_to_its_secret),
                T(a_literal_is_refused_with_advice_and_without_repeating_it),
                T(a_reference_that_leads_nowhere_says_why),
                T(no_shell_stands_between_a_reference_and_its_program),
                T(a_file_that_everybody_may_read_is_named_in_the_log),
                T(known_secrets_are_masked_in_every_form_they_travel_in),
                T(an_api_token_is_known_by_its_form),
                T(a_secret_within_a_longer_secret_leaves_nothing_of_either),
                T(very_short_secrets_and_no_vault_change_nothing),
                T(the_registry_is_bounded),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
