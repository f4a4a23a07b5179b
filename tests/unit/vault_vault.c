/* The vault: what is stored, what is refused, and that no secret is ever in the clear. */
#define ROOM "test"
#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vault/vault.h"
#include "work/work.h"

#define CANARY "canary-Tr0ub4dor&3-\"quoted\""

typedef struct world {
        char dir[64];
        char key[96], db[96];
        ctx c;
        vault *v;
} world;

static msptk_status open_vault(world *w, const vault_opts *opts, msptk_error **err)
{
        vault *v = NULL;
        msptk_status st = msptk__vault_open(&w->c, opts, &v, err);

        if (st == MSPTK_OK)
                w->c.vault = w->v = v;
        return st;
}

static void close_vault(world *w)
{
        msptk__vault_free(w->v);
        w->c.vault = w->v = NULL;
}

static void reopen(world *w)
{
        close_vault(w);
        assert_int_equal(open_vault(w, &(vault_opts){ .key_file = w->key }, NULL), MSPTK_OK);
}

static void open_store(world *w)
{
        const store_migration *tables[] = { msptk__vault_migrations };
        store_options how = { .path = w->db, .create = true };

        assert_int_equal(msptk__store_open(&how, &w->c.store, NULL), MSPTK_OK);
        assert_int_equal(msptk__store_migrate(w->c.store, tables, 1, 1, NULL), MSPTK_OK);
}

static int setup(void **state)
{
        world *w = calloc(1, sizeof(*w));

        strcpy(w->dir, "/tmp/msptk-vault-XXXXXX");
        assert_non_null(mkdtemp(w->dir));
        snprintf(w->key, sizeof(w->key), "%s/vault.key", w->dir);
        snprintf(w->db, sizeof(w->db), "%s/db", w->dir);
        w->c.principal = "tester";
        assert_int_equal(msptk__vault_key_create(w->key, NULL), MSPTK_OK);
        open_store(w);
        assert_int_equal(open_vault(w, &(vault_opts){ .key_file = w->key }, NULL), MSPTK_OK);
        *state = w;
        return 0;
}

static int teardown(void **state)
{
        world *w = *state;
        char command[128];

        close_vault(w);
        msptk__store_free(w->c.store);
        snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
        assert_int_equal(system(command), 0);
        free(w);
        return 0;
}

static msptk_status put(world *w, const char *name, const char *value, msptk_error **err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__tx_begin(w->c.store, TX_WRITE, 0, &tx, err));
        TRY(msptk__vault_put(w->v, tx, name, value, strlen(value), err));
        return msptk__tx_commit(&tx, err);
}

static void assert_secret(world *w, const char *name, const char *value)
{
        AUTO_SECRET secret *s = NULL;
        AUTO_ERROR msptk_error *err = NULL;
        size_t len;

        if (msptk__vault_get(w->v, name, &s, &err) < 0)
                fail_msg("%s", msptk_error_message(err));
        assert_string_equal(msptk__secret_bytes(s, &len), value);
        assert_int_equal(len, strlen(value));
}

static bool file_holds(const char *path, const char *needle)
{
        AUTO_BUF buf b = BUF_INIT(64 << 20);

        if (msptk__file_read(path, 0, &b, NULL) < 0)
                return false;
        return memmem(b.data, b.len, needle, strlen(needle)) != NULL;
}

static void assert_nowhere(world *w, const char *needle)
{
        const char *suffixes[] = { "", "-wal", "-shm" };

        for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
                char path[128];

                snprintf(path, sizeof(path), "%s%s", w->db, suffixes[i]);
                assert_false(file_holds(path, needle));
        }
}

/* By address: the call that makes the error is the argument beside it. */
static void assert_reason(msptk_status st, msptk_error **at, msptk_status want, const char *reason)
{
        const msptk_error *err = *at;

        assert_int_equal(st, want);
        assert_string_equal(msptk_error_reason(err), reason);
        assert_null(strstr(msptk_error_message(err), CANARY));
}

/* ---- storing ---- */

static void a_stored_secret_comes_back_after_reopening(void **state)
{
        world *w = *state;

        assert_int_equal(put(w, "rmm/api-key", CANARY, NULL), MSPTK_OK);
        reopen(w);
        assert_secret(w, "rmm/api-key", CANARY);
        assert_int_equal(put(w, "rmm/api-key", "second value", NULL), MSPTK_OK);
        assert_secret(w, "rmm/api-key", "second value");
}

static void a_secret_is_never_in_the_database_files(void **state)
{
        world *w = *state;

        assert_int_equal(put(w, "a", CANARY, NULL), MSPTK_OK);
        assert_nowhere(w, CANARY);
        assert_nowhere(w, "Tr0ub4dor");
        assert_int_equal(msptk__store_close(w->c.store, NULL), MSPTK_OK);
        assert_true(file_holds(w->db, "vault_key"));
        assert_nowhere(w, "Tr0ub4dor");
        msptk__store_free(w->c.store);
        open_store(w);
}

static void a_name_that_is_wrong_or_reserved_is_refused(void **state)
{
        const char *bad[] = { "", "a b", "ü", "msptk.audit-signing-key", "x\ny" };
        world *w = *state;

        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                AUTO_ERROR msptk_error *err = NULL;
                msptk_status st = put(w, bad[i], CANARY, &err);

                assert_reason(st, &err, MSPTK_E_INVALID, "SECRET_NAME");
        }
}

static void a_secret_that_does_not_exist_is_not_found(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        world *w = *state;
        secret *s = NULL;

        assert_reason(msptk__vault_get(w->v, "nothing", &s, &err), &err, MSPTK_E_NOTFOUND,
                      "SECRET_NOT_FOUND");
        assert_null(s);
}

static int collect(void *user, const secret_row *row)
{
        buf *b = user;

        return msptk__buf_addf(b, "%s;", row->name) < 0;
}

static void the_list_has_names_only_and_not_ours(void **state)
{
        AUTO_BUF buf names = BUF_INIT(1000);
        AUTO_TX store_tx *tx = NULL;
        world *w = *state;
        uint8_t sig[SIGN_BYTES], key[SIGN_KEY_BYTES];

        put(w, "b", "2222", NULL);
        put(w, "a", "1111", NULL);
        assert_int_equal(msptk__tx_begin(w->c.store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__sign(w->v, tx, "x", 1, sig, key, NULL), MSPTK_OK);
        assert_int_equal(msptk__vault_each(w->v, tx, collect, &names, NULL), MSPTK_OK);
        assert_string_equal(msptk__buf_text(&names), "a;b;");
        assert_int_equal(msptk__vault_remove(w->v, tx, "a", NULL), MSPTK_OK);
        assert_int_equal(msptk__vault_remove(w->v, tx, "a", NULL), MSPTK_E_NOTFOUND);
        assert_int_equal(msptk__vault_remove(w->v, tx, "msptk.audit-signing-key", NULL),
                         MSPTK_E_INVALID);
}

/* ---- keys ---- */

static void a_key_file_that_others_may_read_is_refused(void **state)
{
        const mode_t modes[] = { 0640, 0604, 0660, 0602 };
        world *w = *state;

        put(w, "a", CANARY, NULL);
        for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
                AUTO_ERROR msptk_error *err = NULL;

                chmod(w->key, modes[i]);
                reopen(w);
                assert_reason(msptk__vault_unlock(w->v, &err), &err, MSPTK_E_CRYPTO,
                              "KEY_FILE_PERMISSIONS");
        }
        chmod(w->key, 0600);
        assert_int_equal(msptk__vault_unlock(w->v, NULL), MSPTK_OK);
}

static void a_key_file_of_another_user_is_refused(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        world *w = *state;

        if (geteuid() != 0 || chown(w->key, 12345, 12345) != 0)
                skip();
        reopen(w);
        assert_reason(msptk__vault_unlock(w->v, &err), &err, MSPTK_E_CRYPTO,
                      "KEY_FILE_PERMISSIONS");
}

static void a_wrong_key_is_called_a_wrong_key_not_damage(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        world *w = *state;

        put(w, "a", CANARY, NULL);
        unlink(w->key);
        assert_int_equal(msptk__vault_key_create(w->key, NULL), MSPTK_OK);
        reopen(w);
        assert_reason(msptk__vault_unlock(w->v, &err), &err, MSPTK_E_CRYPTO, "WRONG_KEY");
}

static void a_missing_or_damaged_key_file_is_named_as_such(void **state)
{
        const char *bad[] = { "", "hello\n", "msptk-vault-key 1\nkey 00\n",
                              "msptk-vault-key 2\nid 0\n" };
        world *w = *state;

        put(w, "a", CANARY, NULL);
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                AUTO_ERROR msptk_error *err = NULL;

                assert_int_equal(msptk__file_write(w->key, bad[i], strlen(bad[i]), 0600, 0, NULL),
                                 MSPTK_OK);
                reopen(w);
                assert_reason(msptk__vault_unlock(w->v, &err), &err, MSPTK_E_CRYPTO,
                              "KEY_FILE_FORMAT");
        }
        {
                AUTO_ERROR msptk_error *err = NULL;

                unlink(w->key);
                assert_reason(msptk__vault_unlock(w->v, &err), &err, MSPTK_E_CRYPTO,
                              "KEY_FILE_MISSING");
        }
}

static void a_flipped_digit_of_the_key_is_found_by_its_id(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_BUF buf text = BUF_INIT(4096);
        world *w = *state;
        char *key;

        assert_int_equal(msptk__file_read(w->key, 0, &text, NULL), MSPTK_OK);
        key = strstr(text.data, "\nkey ") + 5;
        *key = *key == '0' ? '1' : '0';
        assert_int_equal(msptk__file_write(w->key, text.data, text.len, 0600, 0, NULL), MSPTK_OK);
        reopen(w);
        assert_reason(msptk__vault_unlock(w->v, &err), &err, MSPTK_E_CRYPTO, "KEY_FILE_FORMAT");
}

static void creating_a_key_never_overwrites_one(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        struct stat st;
        world *w = *state;

        assert_int_equal(msptk__vault_key_create(w->key, &err), MSPTK_E_EXISTS);
        assert_int_equal(stat(w->key, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
}

static void the_first_key_is_made_once_and_only_for_a_database_without_one(void **state)
{
        world *w = *state;
        char path[128];
        file_info info;

        snprintf(path, sizeof(path), "%s/new/dir/key", w->dir);
        w->c.read_only = 1;
        assert_int_equal(msptk__vault_key_first(&w->c, path, NULL), MSPTK_OK);
        assert_int_equal(msptk__file_stat(path, 0, &info, NULL), MSPTK_E_NOTFOUND);
        w->c.read_only = 0;
        assert_int_equal(msptk__vault_key_first(&w->c, path, NULL), MSPTK_OK);
        assert_int_equal(msptk__vault_key_look(path, &info, NULL), MSPTK_OK);
        assert_int_equal(msptk__vault_key_first(&w->c, path, NULL), MSPTK_OK);
        assert_int_equal(unlink(path), 0);
        /* From here on the database has a key, and it is another one's file that is missing. */
        put(w, "a", CANARY, NULL);
        assert_int_equal(msptk__vault_key_first(&w->c, path, NULL), MSPTK_OK);
        assert_int_equal(msptk__file_stat(path, 0, &info, NULL), MSPTK_E_NOTFOUND);
}

static void a_box_moved_to_another_name_does_not_open(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        store_tx *tx = NULL;
        world *w = *state;
        secret *s = NULL;

        put(w, "a", CANARY, NULL);
        put(w, "b", "other", NULL);
        assert_int_equal(msptk__tx_begin(w->c.store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__exec(tx, NULL,
                                     "UPDATE secret SET (nonce, box) = (SELECT nonce, box FROM "
                                     "secret WHERE name = ?1) WHERE name = ?2",
                                     SQL_TEXT("a"), SQL_TEXT("b")),
                         MSPTK_OK);
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
        assert_reason(msptk__vault_get(w->v, "b", &s, &err), &err, MSPTK_E_CRYPTO, "SEAL_BROKEN");
        assert_int_equal(msptk__vault_check(w->v, NULL), MSPTK_E_CRYPTO);
        assert_secret(w, "a", CANARY);
}

static void the_length_of_a_short_secret_does_not_show(void **state)
{
        AUTO_TX store_tx *tx = NULL;
        world *w = *state;
        int64_t kinds = 0;

        put(w, "a", "1", NULL);
        put(w, "b", CANARY, NULL);
        assert_int_equal(msptk__tx_begin(w->c.store, TX_READ, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__query_int_values(tx, &kinds, NULL,
                                                 "SELECT count(DISTINCT length(box)) FROM secret",
                                                 NULL, 0),
                         MSPTK_OK);
        assert_int_equal(kinds, 1);
}

static void a_passphrase_opens_and_a_wrong_one_is_named(void **state)
{
        vault_opts right = { .passphrase = "correct horse battery", .passphrase_len = 21 };
        vault_opts wrong = { .passphrase = "correct horse batterz", .passphrase_len = 21 };
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_ERROR msptk_error *err2 = NULL;
        world *w = *state;

        close_vault(w);
        assert_int_equal(open_vault(w, &right, NULL), MSPTK_OK);
        assert_int_equal(put(w, "a", CANARY, NULL), MSPTK_OK);
        close_vault(w);
        assert_int_equal(open_vault(w, &wrong, NULL), MSPTK_OK);
        assert_reason(msptk__vault_unlock(w->v, &err), &err, MSPTK_E_CRYPTO, "WRONG_KEY");
        close_vault(w);
        assert_int_equal(open_vault(w, &right, NULL), MSPTK_OK);
        assert_secret(w, "a", CANARY);
        reopen(w);
        assert_reason(msptk__vault_unlock(w->v, &err2), &err2, MSPTK_E_CRYPTO, "WRONG_KEY");
}

/* ---- rotation, and a crash at each of its steps ---- */

static void fill(world *w)
{
        put(w, "a", CANARY, NULL);
        put(w, "b", "second", NULL);
        put(w, "c/d", "third", NULL);
}

static void assert_filled(world *w)
{
        assert_secret(w, "a", CANARY);
        assert_secret(w, "b", "second");
        assert_secret(w, "c/d", "third");
        assert_int_equal(msptk__vault_check(w->v, NULL), MSPTK_OK);
}

static bool exists(world *w, const char *suffix)
{
        char path[128];

        snprintf(path, sizeof(path), "%s%s", w->key, suffix);
        return access(path, F_OK) == 0;
}

static void rotate(world *w, bool commit)
{
        AUTO_ERROR msptk_error *err = NULL;
        store_tx *tx = NULL;

        assert_int_equal(msptk__tx_begin(w->c.store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        if (msptk__vault_rotate(w->v, tx, NULL, &err) < 0)
                fail_msg("%s: %s", msptk_error_message(err),
                         msptk_error_message(msptk_error_cause(err)));
        if (commit)
                assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
        else
                msptk__tx_rollback(&tx);
}

static char *key_text(world *w)
{
        AUTO_BUF buf text = BUF_INIT(4096);

        assert_int_equal(msptk__file_read(w->key, 0, &text, NULL), MSPTK_OK);
        return msptk__buf_steal(&text);
}

static void rotation_changes_the_key_and_keeps_every_secret(void **state)
{
        world *w = *state;
        AUTO_FREE char *before = NULL;
        AUTO_FREE char *after = NULL;

        fill(w);
        before = key_text(w);
        rotate(w, true);
        assert_true(exists(w, ".old"));
        assert_int_equal(msptk__vault_settle(w->v, NULL), MSPTK_OK);
        after = key_text(w);
        assert_string_not_equal(before, after);
        assert_false(exists(w, ".old"));
        assert_false(exists(w, ".new"));
        assert_filled(w);
        reopen(w);
        assert_filled(w);
        /* The old key opens nothing any more. */
        assert_int_equal(msptk__file_write(w->key, before, strlen(before), 0600, 0, NULL),
                         MSPTK_OK);
        reopen(w);
        assert_int_equal(msptk__vault_unlock(w->v, NULL), MSPTK_E_CRYPTO);
}

static void a_crash_before_the_commit_leaves_the_old_key_in_force(void **state)
{
        world *w = *state;
        AUTO_FREE char *before = NULL;
        AUTO_FREE char *after = NULL;

        fill(w);
        before = key_text(w);
        rotate(w, false);
        assert_true(exists(w, ".new"));
        reopen(w);
        assert_filled(w);
        after = key_text(w);
        assert_string_equal(before, after);
        rotate(w, true);
        reopen(w);
        assert_filled(w);
}

static void a_crash_after_the_commit_is_finished_by_the_next_unlock(void **state)
{
        world *w = *state;

        fill(w);
        rotate(w, true);
        reopen(w);
        assert_int_equal(msptk__vault_unlock(w->v, NULL), MSPTK_OK);
        assert_false(exists(w, ".new"));
        assert_false(exists(w, ".old"));
        assert_filled(w);
        reopen(w);
        assert_filled(w);
}

static void a_crash_before_the_old_key_is_removed_is_tidied_up(void **state)
{
        world *w = *state;
        char old[128], fresh[128];

        fill(w);
        rotate(w, true);
        snprintf(fresh, sizeof(fresh), "%s.new", w->key);
        snprintf(old, sizeof(old), "%s.old", w->key);
        assert_int_equal(rename(fresh, w->key), 0);
        assert_true(exists(w, ".old"));
        reopen(w);
        assert_filled(w);
        rotate(w, true);
        assert_int_equal(msptk__vault_settle(w->v, NULL), MSPTK_OK);
        assert_filled(w);
        assert_false(exists(w, ".old"));
}

static void a_process_that_dies_in_the_middle_loses_nothing(void **state)
{
        world *w = *state;

        fill(w);
        for (int step = 0; step < 2; step++) {
                int status;
                pid_t pid;

                close_vault(w);
                assert_int_equal(msptk__store_close(w->c.store, NULL), MSPTK_OK);
                msptk__store_free(w->c.store);
                pid = fork();
                if (pid == 0) {
                        store_tx *tx = NULL;

                        open_store(w);
                        open_vault(w, &(vault_opts){ .key_file = w->key }, NULL);
                        msptk__tx_begin(w->c.store, TX_WRITE, 0, &tx, NULL);
                        msptk__vault_rotate(w->v, tx, NULL, NULL);
                        if (step)
                                msptk__tx_commit(&tx, NULL);
                        _exit(9);
                }
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_int_equal(WEXITSTATUS(status), 9);
                open_store(w);
                reopen(w);
                assert_filled(w);
        }
}

static void a_rotation_by_another_process_is_noticed(void **state)
{
        world *w = *state;
        vault *first = w->v;

        fill(w);
        w->c.vault = w->v = NULL;
        reopen(w);
        rotate(w, true);
        assert_int_equal(msptk__vault_settle(w->v, NULL), MSPTK_OK);
        close_vault(w);
        w->c.vault = w->v = first;
        assert_filled(w);
        assert_int_equal(put(w, "a", "newer", NULL), MSPTK_OK);
        reopen(w);
        assert_secret(w, "a", "newer");
}

static void many_failed_rotations_do_not_lose_the_key_in_use(void **state)
{
        world *w = *state;

        fill(w);
        for (int i = 0; i < 5; i++)
                rotate(w, false);
        assert_filled(w);
        rotate(w, true);
        assert_int_equal(msptk__vault_settle(w->v, NULL), MSPTK_OK);
        reopen(w);
        assert_filled(w);
}

static void a_passphrase_is_rotated_to_another(void **state)
{
        vault_opts one = { .passphrase = "first passphrase", .passphrase_len = 16 };
        vault_opts two = { .passphrase = "second passphrase", .passphrase_len = 17 };
        store_tx *tx = NULL;
        world *w = *state;

        close_vault(w);
        assert_int_equal(open_vault(w, &one, NULL), MSPTK_OK);
        put(w, "a", CANARY, NULL);
        assert_int_equal(msptk__tx_begin(w->c.store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__vault_rotate(w->v, tx, NULL, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk__vault_rotate(w->v, tx, &two, NULL), MSPTK_OK);
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__vault_settle(w->v, NULL), MSPTK_OK);
        assert_secret(w, "a", CANARY);
        close_vault(w);
        assert_int_equal(open_vault(w, &one, NULL), MSPTK_OK);
        assert_int_equal(msptk__vault_unlock(w->v, NULL), MSPTK_E_CRYPTO);
        close_vault(w);
        assert_int_equal(open_vault(w, &two, NULL), MSPTK_OK);
        assert_secret(w, "a", CANARY);
}

/* ---- signatures ---- */

static void a_signature_verifies_and_survives_rotation(void **state)
{
        uint8_t sig[SIGN_BYTES], key[SIGN_KEY_BYTES], again[SIGN_KEY_BYTES];
        store_tx *tx = NULL;
        world *w = *state;

        assert_int_equal(msptk__tx_begin(w->c.store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__sign_public_key(w->v, tx, again, NULL), MSPTK_E_NOTFOUND);
        assert_int_equal(msptk__sign(w->v, tx, "data", 4, sig, key, NULL), MSPTK_OK);
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__verify(key, "data", 4, sig, NULL), MSPTK_OK);
        assert_int_equal(msptk__verify(key, "datA", 4, sig, NULL), MSPTK_E_CRYPTO);
        rotate(w, true);
        reopen(w);
        assert_int_equal(msptk__tx_begin(w->c.store, TX_READ, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__sign_public_key(w->v, tx, again, NULL), MSPTK_OK);
        msptk__tx_rollback(&tx);
        assert_memory_equal(key, again, SIGN_KEY_BYTES);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(a_stored_secret_comes_back_after_reopening),
                T(a_secret_is_never_in_the_database_files),
                T(a_name_that_is_wrong_or_reserved_is_refused),
                T(a_secret_that_does_not_exist_is_not_found),
                T(the_list_has_names_only_and_not_ours),
                T(a_key_file_that_others_may_read_is_refused),
                T(a_key_file_of_another_user_is_refused),
                T(a_wrong_key_is_called_a_wrong_key_not_damage),
                T(a_missing_or_damaged_key_file_is_named_as_such),
                T(a_flipped_digit_of_the_key_is_found_by_its_id),
                T(creating_a_key_never_overwrites_one),
                T(the_first_key_is_made_once_and_only_for_a_database_without_one),
                T(a_box_moved_to_another_name_does_not_open),
                T(the_length_of_a_short_secret_does_not_show),
                T(a_passphrase_opens_and_a_wrong_one_is_named),
                T(rotation_changes_the_key_and_keeps_every_secret),
                T(a_crash_before_the_commit_leaves_the_old_key_in_force),
                T(a_crash_after_the_commit_is_finished_by_the_next_unlock),
                T(a_crash_before_the_old_key_is_removed_is_tidied_up),
                T(a_process_that_dies_in_the_middle_loses_nothing),
                T(a_rotation_by_another_process_is_noticed),
                T(many_failed_rotations_do_not_lose_the_key_in_use),
                T(a_passphrase_is_rotated_to_another),
                T(a_signature_verifies_and_survives_rotation),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
