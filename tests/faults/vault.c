/* Every allocation of storing, reading and rotating secrets fails once, and from some point on for
 * good. A secret is the old one or the new one, never gone, and short memory is never called a
 * wrong key. */
#define ROOM "test"
#include "support.h"
#include "store_support.h"

#include <sys/stat.h>

#include "fault.h"
#include "vault/vault.h"

typedef struct keeper {
        char *dir;
        char key[128];
        ctx c;
        vault *v;
} keeper;

static msptk_status open_vault(keeper *k, msptk_error **err)
{
        TRY(msptk__vault_open(&k->c, &(vault_opts){ .key_file = k->key }, &k->v, err));
        k->c.vault = k->v;
        return MSPTK_OK;
}

static void close_vault(keeper *k)
{
        msptk__vault_free(k->v);
        k->c.vault = k->v = NULL;
}

static void keeper_open(keeper *k)
{
        static const store_migration *const vault_tables[] = { msptk__vault_migrations };

        memset(k, 0, sizeof(*k));
        k->dir = make_dir();
        k->c.principal = "test";
        snprintf(k->key, sizeof(k->key), "%s/vault.key", k->dir);
        assert_ok(msptk__vault_key_create(k->key, NULL));
        assert_ok(msptk__store_open(&(store_options){ .path = ":memory:" }, &k->c.store, NULL));
        assert_ok(msptk__store_migrate(k->c.store, vault_tables, 1, 1, NULL));
        assert_ok(open_vault(k, NULL));
}

static void keeper_close(keeper *k)
{
        close_vault(k);
        msptk__store_free(k->c.store);
        remove_dir(&k->dir);
}

static msptk_status put(keeper *k, const char *name, const char *value, msptk_error **err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__tx_begin(k->c.store, TX_WRITE, 0, &tx, err));
        TRY(msptk__vault_put(k->v, tx, name, value, strlen(value), err));
        return msptk__tx_commit(&tx, err);
}

static msptk_status rotate(keeper *k, msptk_error **err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__tx_begin(k->c.store, TX_WRITE, 0, &tx, err));
        TRY(msptk__vault_rotate(k->v, tx, NULL, err));
        TRY(msptk__tx_commit(&tx, err));
        return msptk__vault_settle(k->v, err);
}

static void assert_short_memory(msptk_status st, const msptk_error *err, const fault_loop *fault)
{
        if (st != MSPTK_E_NOMEM)
                fail_msg("round %ld: short memory was told as '%s'", fault->n,
                         msptk_error_message(err));
        assert_non_null(err);
}

static void assert_holds(keeper *k, const char *name, const char *value)
{
        AUTO_SECRET secret *s = NULL;
        AUTO_ERROR msptk_error *err = NULL;
        size_t len;

        if (msptk__vault_get(k->v, name, &s, &err) < 0)
                fail_msg("'%s': %s", name, msptk_error_message(err));
        assert_string_equal(msptk__secret_bytes(s, &len), value);
}

static void a_secret_is_the_old_one_or_the_new_one(void **state)
{
        char now[32] = "value 0", next[32];
        keeper k;

        (void)state;
        keeper_open(&k);
        assert_ok(put(&k, "rmm/key", now, NULL));
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_ERROR msptk_error *err = NULL;
                msptk_status st;

                snprintf(next, sizeof(next), "value %ld", fault.rounds);
                close_vault(&k);
                st = open_vault(&k, &err);
                if (st == MSPTK_OK)
                        st = put(&k, "rmm/key", next, &err);
                if (!fault_was_hit(&fault))
                        assert_int_equal(st, MSPTK_OK);
                if (st < 0)
                        assert_short_memory(st, err, &fault);
                else
                        snprintf(now, sizeof(now), "%s", next);
                close_vault(&k);
                assert_ok(open_vault(&k, NULL));
                assert_holds(&k, "rmm/key", now);
        }
        keeper_close(&k);
}

static void a_secret_that_is_read_is_the_right_one(void **state)
{
        keeper k;

        (void)state;
        keeper_open(&k);
        assert_ok(put(&k, "rmm/key", "the right one", NULL));
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_SECRET secret *s = NULL;
                AUTO_SECRET secret *followed = NULL;
                msptk_status st;
                size_t len;

                close_vault(&k);
                st = open_vault(&k, &err);
                if (st == MSPTK_OK)
                        st = msptk__vault_get(k.v, "rmm/key", &s, &err);
                if (st == MSPTK_OK)
                        st = msptk__secret_resolve(&k.c, "vault:rmm/key", &(secret_source){ 0 },
                                                   &followed, &err);
                if (st == MSPTK_OK)
                        st = msptk__vault_check(k.v, &err);
                if (!fault_was_hit(&fault))
                        assert_int_equal(st, MSPTK_OK);
                if (st < 0)
                        assert_short_memory(st, err, &fault);
                if (s) {
                        char told[] = "it is the right one, or dGhlIHJpZ2h0IG9uZQ==";

                        assert_string_equal(msptk__secret_bytes(s, &len), "the right one");
                        msptk__redact(&k.c, told);
                        assert_string_equal(told, "it is ***, or ***");
                }
                if (followed)
                        assert_string_equal(msptk__secret_bytes(followed, &len), "the right one");
        }
        keeper_close(&k);
}

static void a_rotation_loses_no_secret(void **state)
{
        keeper k;

        (void)state;
        keeper_open(&k);
        assert_ok(put(&k, "a", "first", NULL));
        assert_ok(put(&k, "b", "second", NULL));
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_ERROR msptk_error *later = NULL;
                msptk_status st = rotate(&k, &err);

                if (!fault_was_hit(&fault))
                        assert_int_equal(st, MSPTK_OK);
                if (st < 0)
                        assert_short_memory(st, err, &fault);
                /* The same vault goes on, and so does the next process. */
                assert_holds(&k, "a", "first");
                close_vault(&k);
                assert_ok(open_vault(&k, NULL));
                if (msptk__vault_unlock(k.v, &later) < 0)
                        fail_msg("round %ld: %s", fault.n, msptk_error_message(later));
                assert_holds(&k, "a", "first");
                assert_holds(&k, "b", "second");
                assert_ok(msptk__vault_check(k.v, NULL));
        }
        keeper_close(&k);
}

/* What a crash after the commit leaves behind is finished by an unlock that may fail, too. */
static void a_rotation_left_half_done_is_finished(void **state)
{
        keeper k;

        (void)state;
        keeper_open(&k);
        assert_ok(put(&k, "a", "first", NULL));
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                AUTO_ERROR msptk_error *err = NULL;
                AUTO_TX store_tx *tx = NULL;
                msptk_status st;

                fault_rest(&fault);
                assert_ok(msptk__tx_begin(k.c.store, TX_WRITE, 0, &tx, NULL));
                assert_ok(msptk__vault_rotate(k.v, tx, NULL, NULL));
                if (fault.rounds % 3)
                        assert_ok(msptk__tx_commit(&tx, NULL));
                else
                        msptk__tx_rollback(&tx);
                close_vault(&k);
                fault_arm(&fault);
                st = open_vault(&k, &err);
                if (st == MSPTK_OK)
                        st = msptk__vault_unlock(k.v, &err);
                if (!fault_was_hit(&fault))
                        assert_int_equal(st, MSPTK_OK);
                if (st < 0)
                        assert_short_memory(st, err, &fault);
                close_vault(&k);
                assert_ok(open_vault(&k, NULL));
                assert_holds(&k, "a", "first");
        }
        keeper_close(&k);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_secret_is_the_old_one_or_the_new_one),
                cmocka_unit_test(a_secret_that_is_read_is_the_right_one),
                cmocka_unit_test(a_rotation_loses_no_secret),
                cmocka_unit_test(a_rotation_left_half_done_is_finished),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
