/* What verification says of a trail that was tampered with: each case of the table in
 * docs/audit.md, with the answers that stand there. */
#define ROOM "test"
#include "support.h"

#include <sodium.h>
#include <unistd.h>

#include "audit/internal.h"

enum { ENTRIES = 25, SEGMENT = 10 };

typedef struct world {
        char dir[64], key[96], db[96];
        ctx c;
        audit_head head; /* of entry 25 */
} world;

static void open_world(world *w)
{
        const store_migration *tables[] = { msptk__vault_migrations, msptk__audit_migrations };
        store_options how = { .path = w->db, .create = true };

        assert_int_equal(msptk__store_open(&how, &w->c.store, NULL), MSPTK_OK);
        assert_int_equal(msptk__store_migrate(w->c.store, tables, 2, 1, NULL), MSPTK_OK);
        assert_int_equal(
                msptk__vault_open(&w->c, &(vault_opts){ .key_file = w->key }, &w->c.vault, NULL),
                MSPTK_OK);
        assert_int_equal(msptk__audit_open(&w->c, &w->c.audit, NULL), MSPTK_OK);
        msptk__audit_configure(w->c.audit, &(audit_opts){ .segment_entries = SEGMENT });
}

static void close_world(world *w)
{
        msptk__audit_close(w->c.audit);
        msptk__vault_free(w->c.vault);
        msptk__store_free(w->c.store);
}

static void append(world *w, int from, int to)
{
        for (int i = from; i <= to; i++) {
                AUTO_JSON msptk_json *detail = msptk_json_new_object();

                msptk_json_set_int(detail, "n", i);
                assert_int_equal(msptk__audit_record(&w->c, "test_op", "acme", detail, NULL),
                                 MSPTK_OK);
        }
}

static store_tx *writer(world *w)
{
        store_tx *tx = NULL;

        assert_int_equal(msptk__tx_begin(w->c.store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        return tx;
}

static void run(world *w, const char *sql)
{
        AUTO_ERROR msptk_error *err = NULL;
        store_tx *tx = writer(w);

        if (msptk__exec_values(tx, &err, sql, NULL, 0) < 0)
                fail_msg("%s: %s", sql, msptk_error_message(err));
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
}

static int setup(void **state)
{
        world *w = calloc(1, sizeof(*w));
        store_tx *tx;

        strcpy(w->dir, "/tmp/msptk-tamper-XXXXXX");
        assert_non_null(mkdtemp(w->dir));
        snprintf(w->key, sizeof(w->key), "%s/key", w->dir);
        snprintf(w->db, sizeof(w->db), "%s/db", w->dir);
        w->c.principal = "tester";
        assert_int_equal(msptk__vault_key_create(w->key, NULL), MSPTK_OK);
        open_world(w);
        append(w, 1, ENTRIES);
        tx = writer(w);
        assert_int_equal(msptk__audit_head_make(&w->c, tx, &w->head, NULL), MSPTK_OK);
        msptk__tx_rollback(&tx);
        assert_int_equal(w->head.seq, ENTRIES);
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

/* ---- what a forger does ---- */

/* Gives entries from..to new hashes that follow each other. */
static void recompute(world *w, int64_t from, int64_t to)
{
        uint8_t prev[DIGEST_BYTES] = { 0 };
        store_tx *tx = writer(w);

        for (int64_t seq = 1; seq <= to; seq++) {
                store_stmt *q = NULL;
                audit_entry e;

                assert_int_equal(msptk__query(tx, &q, NULL,
                                              "SELECT " ENTRY_COLUMNS " FROM audit WHERE seq = ?1",
                                              SQL_INT(seq)),
                                 MSPTK_OK);
                assert_int_equal(msptk__stmt_step(q, NULL), MSPTK_OK);
                msptk__entry_read(q, &e);
                if (seq >= from) {
                        memcpy(e.prev, prev, DIGEST_BYTES);
                        msptk__entry_hash(&e, e.hash);
                }
                memcpy(prev, e.hash, DIGEST_BYTES);
                msptk__stmt_free(q);
                if (seq >= from)
                        assert_int_equal(
                                msptk__exec(tx, NULL,
                                            "UPDATE audit SET prev = ?2, hash = ?3 WHERE seq = ?1",
                                            SQL_INT(seq), SQL_BLOB(e.prev, DIGEST_BYTES),
                                            SQL_BLOB(e.hash, DIGEST_BYTES)),
                                MSPTK_OK);
        }
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
}

static void rehash_one(world *w, int64_t seq)
{
        store_tx *tx = writer(w);
        store_stmt *q = NULL;
        audit_entry e;

        msptk__query(tx, &q, NULL, "SELECT " ENTRY_COLUMNS " FROM audit WHERE seq = ?1",
                     SQL_INT(seq));
        assert_int_equal(msptk__stmt_step(q, NULL), MSPTK_OK);
        msptk__entry_read(q, &e);
        msptk__entry_hash(&e, e.hash);
        msptk__stmt_free(q);
        msptk__exec(tx, NULL, "UPDATE audit SET hash = ?2 WHERE seq = ?1", SQL_INT(seq),
                    SQL_BLOB(e.hash, DIGEST_BYTES));
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
}

static void hash_at(store_tx *tx, int64_t seq, uint8_t ret[DIGEST_BYTES])
{
        store_stmt *q = NULL;
        size_t len;

        msptk__query(tx, &q, NULL, "SELECT hash FROM audit WHERE seq = ?1", SQL_INT(seq));
        assert_int_equal(msptk__stmt_step(q, NULL), MSPTK_OK);
        memcpy(ret, msptk__stmt_blob(q, 0, &len), DIGEST_BYTES);
        msptk__stmt_free(q);
}

/* Signs the heads at 10 and 20 anew, with the vault's key or one of the forger's own. */
static void resign(world *w, bool own_key)
{
        uint8_t pk[crypto_sign_PUBLICKEYBYTES], sk[crypto_sign_SECRETKEYBYTES];
        store_tx *tx = writer(w);

        crypto_sign_keypair(pk, sk);
        for (int64_t seq = SEGMENT; seq < ENTRIES; seq += SEGMENT) {
                uint8_t hash[DIGEST_BYTES], bytes[128] = "msptk.audit.head/1", sig[SIGN_BYTES];
                audit_head head;
                size_t n = sizeof("msptk.audit.head/1");

                hash_at(tx, seq, hash);
                assert_int_equal(msptk__head_sign(&w->c, tx, seq, hash, &head, NULL), MSPTK_OK);
                if (!own_key)
                        continue;
                for (int i = 0; i < 8; i++)
                        bytes[n++] = (uint8_t)(seq >> (8 * i));
                for (int i = 0; i < 8; i++)
                        bytes[n++] = (uint8_t)(head.at >> (8 * i));
                memcpy(bytes + n, hash, DIGEST_BYTES);
                crypto_sign_detached(sig, NULL, bytes, n + DIGEST_BYTES, sk);
                msptk__exec(tx, NULL,
                            "UPDATE audit_head SET signature = ?2, public_key = ?3 WHERE seq = ?1",
                            SQL_INT(seq), SQL_BLOB(sig, SIGN_BYTES), SQL_BLOB(pk, sizeof(pk)));
        }
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
}

#define CHANGE(n) "UPDATE audit SET principal = 'mallory' WHERE seq = " #n

static void tamper(world *w, const char *name)
{
        if (!strcmp(name, "edit") || !strcmp(name, "edit_rehash"))
                run(w, CHANGE(7));
        else if (!strcmp(name, "edit_tail"))
                run(w, CHANGE(23));
        else if (!strcmp(name, "delete"))
                run(w, "DELETE FROM audit WHERE seq = 7");
        else if (!strcmp(name, "delete_first"))
                run(w, "DELETE FROM audit WHERE seq = 1");
        else if (!strcmp(name, "delete_segment"))
                run(w, "DELETE FROM audit WHERE seq <= 10");
        else if (!strcmp(name, "reorder"))
                run(w, "UPDATE audit SET seq = 15 - seq + 1000 WHERE seq IN (7, 8)");
        else if (!strcmp(name, "truncate"))
                run(w, "DELETE FROM audit WHERE seq > 20");
        else if (!strcmp(name, "truncate_signed"))
                run(w, "DELETE FROM audit WHERE seq > 15");
        if (!strcmp(name, "reorder"))
                run(w, "UPDATE audit SET seq = seq - 1000 WHERE seq > 1000");
        if (!strcmp(name, "edit_rehash"))
                rehash_one(w, 7);
        if (!strncmp(name, "recompute", 9) || !strcmp(name, "delete_heads") ||
            !strcmp(name, "with_key")) {
                int at = strstr(name, "second") ? 17 : strstr(name, "tail") ? 23 : 7;

                run(w, at == 17 ? CHANGE(17) : at == 23 ? CHANGE(23) : CHANGE(7));
                recompute(w, at, ENTRIES);
        }
        if (!strcmp(name, "recompute_resign"))
                resign(w, true);
        if (!strcmp(name, "with_key"))
                resign(w, false);
        if (!strcmp(name, "delete_heads"))
                run(w, "DELETE FROM audit_head");
        if (!strcmp(name, "rollback")) {
                run(w, "DELETE FROM audit WHERE seq > 20");
                append(w, 31, 35);
        }
}

/* ---- the table ---- */

typedef struct expectation {
        char name[64], what[256], verdict[32], bad[16], verdict_head[32], bad_head[16];
} expectation;

static void cell(const char **at, char *out, size_t cap)
{
        const char *end = strchr(*at, '|');
        const char *from = *at;

        assert_non_null(end);
        while (*from == ' ' || *from == '`')
                from++;
        while (end > from && (end[-1] == ' ' || end[-1] == '`'))
                end--;
        assert_true((size_t)(end - from) < cap);
        memcpy(out, from, (size_t)(end - from));
        out[end - from] = '\0';
        *at = strchr(*at, '|') + 1;
}

static void check_report(world *w, const expectation *x, const audit_head *head)
{
        const char *verdict = head ? x->verdict_head : x->verdict;
        const char *bad = head ? x->bad_head : x->bad;
        store_tx *tx = NULL;
        audit_report r;

        assert_int_equal(msptk__tx_begin(w->c.store, TX_READ, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__audit_prove(&w->c, tx, head, &r, NULL), MSPTK_OK);
        msptk__tx_rollback(&tx);
        if (strcmp(msptk__verdict_name(r.verdict), verdict) ||
            r.bad_seq != (*bad == '-' ? 0 : atoi(bad)))
                fail_msg("%s%s: %s at %d (%s), expected %s at %s", x->name, head ? " --head" : "",
                         msptk__verdict_name(r.verdict), (int)r.bad_seq, r.message, verdict, bad);
}

static void check_case(const expectation *x)
{
        void *state;
        world *w;

        setup(&state);
        w = state;
        tamper(w, x->name);
        check_report(w, x, NULL);
        check_report(w, x, &w->head);
        teardown(&state);
}

static void every_case_of_the_table_gets_its_answers(void **state)
{
        AUTO_BUF buf text = BUF_INIT(1 << 20);
        const char *line;
        int cases = 0;

        (void)state;
        assert_int_equal(msptk__file_read(TEST_SOURCE_ROOT "/docs/audit.md", 0, &text, NULL),
                         MSPTK_OK);
        line = strstr(text.data, "<!-- tamper-table -->");
        assert_non_null(line);
        while ((line = strchr(line, '\n')) && (line[1] == '|')) {
                expectation x;
                const char *at = line + 2;

                line++;
                if (line[2] != '`')
                        continue;
                cell(&at, x.name, sizeof(x.name));
                cell(&at, x.what, sizeof(x.what));
                cell(&at, x.verdict, sizeof(x.verdict));
                cell(&at, x.bad, sizeof(x.bad));
                cell(&at, x.verdict_head, sizeof(x.verdict_head));
                cell(&at, x.bad_head, sizeof(x.bad_head));
                check_case(&x);
                cases++;
        }
        assert_int_equal(cases, 17);
}

static void an_untouched_trail_says_up_to_where_it_vouches(void **state)
{
        world *w = *state;
        store_tx *tx = writer(w);
        audit_report r;

        assert_int_equal(msptk__audit_prove(&w->c, tx, NULL, &r, NULL), MSPTK_OK);
        assert_int_equal(r.vouched_seq, 20);
        assert_int_equal(r.entries, ENTRIES);
        assert_int_equal(r.key_known, 1);
        assert_int_equal(msptk__audit_prove(&w->c, tx, &w->head, &r, NULL), MSPTK_OK);
        assert_int_equal(r.vouched_seq, ENTRIES);
        msptk__tx_rollback(&tx);
}

static void a_head_survives_its_text_and_a_changed_one_is_foreign(void **state)
{
        char text[AUDIT_HEAD_TEXT];
        audit_head back;
        audit_report r;
        world *w = *state;
        store_tx *tx = writer(w);

        msptk__audit_head_print(&w->head, text);
        assert_int_equal(msptk__audit_head_parse(text, &back, NULL), MSPTK_OK);
        assert_memory_equal(back.signature, w->head.signature, SIGN_BYTES);
        assert_int_equal(back.seq, ENTRIES);
        back.seq--;
        assert_int_equal(msptk__audit_prove(&w->c, tx, &back, &r, NULL), MSPTK_OK);
        assert_int_equal(r.verdict, VERDICT_FOREIGN_HEAD);
        text[strlen(text) - 1] = '\0';
        assert_int_equal(msptk__audit_head_parse(text, &back, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk__audit_head_parse("", &back, NULL), MSPTK_E_INVALID);
        assert_int_equal(msptk__audit_head_parse("msptk-head-1:1:1:a:b:c", &back, NULL),
                         MSPTK_E_INVALID);
        msptk__tx_rollback(&tx);
}

static void retention_keeps_a_signed_head_and_the_trail_still_verifies(void **state)
{
        audit_report r;
        world *w = *state;
        store_tx *tx;

        run(w, "UPDATE audit SET at = at"); /* no change: only proves the table is writable */
        assert_int_equal(msptk__audit_prune(&w->c, msptk__now(&w->c) + 1, NULL), MSPTK_OK);
        append(w, 40, 44);
        tx = writer(w);
        assert_int_equal(msptk__audit_prove(&w->c, tx, NULL, &r, NULL), MSPTK_OK);
        assert_string_equal(msptk__verdict_name(r.verdict), "holds");
        assert_int_equal(r.pruned_seq, ENTRIES);
        assert_int_equal(r.first_seq, ENTRIES + 1);
        /* A head from before retention is still the one that was kept. */
        assert_int_equal(msptk__audit_prove(&w->c, tx, &w->head, &r, NULL), MSPTK_OK);
        assert_string_equal(msptk__verdict_name(r.verdict), "holds");
        msptk__tx_rollback(&tx);
        run(w, "DELETE FROM audit WHERE seq = 26");
        tx = writer(w);
        assert_int_equal(msptk__audit_prove(&w->c, tx, NULL, &r, NULL), MSPTK_OK);
        assert_string_equal(msptk__verdict_name(r.verdict), "missing");
        assert_int_equal(r.bad_seq, 26);
        msptk__tx_rollback(&tx);
}

static void retention_refuses_a_trail_that_does_not_verify(void **state)
{
        AUTO_ERROR msptk_error *err = NULL;
        world *w = *state;
        msptk_status st;

        tamper(w, "edit");
        st = msptk__audit_prune(&w->c, msptk__now(&w->c) + 1, &err);
        assert_int_equal(st, MSPTK_E_AUDIT);
        assert_string_equal(msptk_error_reason(err), "TRAIL_BROKEN");
}

/* ---- only the newest entries, as doctor proves them ---- */

static audit_report newest(world *w, int64_t entries)
{
        audit_report r = { 0 };
        store_tx *tx = NULL;

        assert_int_equal(msptk__tx_begin(w->c.store, TX_READ, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__audit_prove_newest(&w->c, tx, entries, &r, NULL), MSPTK_OK);
        msptk__tx_rollback(&tx);
        return r;
}

static void the_newest_entries_are_proved_from_the_signed_head_before_them(void **state)
{
        world *w = *state;
        audit_report r = newest(w, 3);

        assert_int_equal(r.verdict, VERDICT_HOLDS);
        assert_int_equal(r.entries, 5); /* 21 to 25 */
        assert_int_equal(r.vouched_seq, 20);
        assert_int_equal(newest(w, 5).entries, 5);
        assert_int_equal(newest(w, 6).entries, 15);
        assert_int_equal(newest(w, 1000).entries, ENTRIES);
}

static void what_a_head_vouches_for_is_not_read_again(void **state)
{
        world *w = *state;

        run(w, "UPDATE audit SET principal = 'x' WHERE seq = 15");
        assert_int_equal(newest(w, 3).verdict, VERDICT_HOLDS);
        assert_int_equal(newest(w, 6).verdict, VERDICT_EDITED);
        run(w, "UPDATE audit SET principal = 'x' WHERE seq = 23");
        assert_int_equal(newest(w, 3).verdict, VERDICT_EDITED);
        assert_int_equal(newest(w, 3).bad_seq, 23);
}

static void a_head_that_is_started_from_must_be_ours(void **state)
{
        world *w = *state;

        run(w, "UPDATE audit_head SET signature = zeroblob(64) WHERE seq = 20");
        assert_int_equal(newest(w, 3).verdict, VERDICT_FORGED_HEAD);
        assert_int_equal(newest(w, 3).bad_seq, 20);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_case_of_the_table_gets_its_answers),
                T(the_newest_entries_are_proved_from_the_signed_head_before_them),
                T(what_a_head_vouches_for_is_not_read_again),
                T(a_head_that_is_started_from_must_be_ours),
                T(an_untouched_trail_says_up_to_where_it_vouches),
                T(a_head_survives_its_text_and_a_changed_one_is_foreign),
                T(retention_keeps_a_signed_head_and_the_trail_still_verifies),
                T(retention_refuses_a_trail_that_does_not_verify),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
