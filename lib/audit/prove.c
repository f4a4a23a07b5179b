/* The proof of the trail: walks entries and signed heads side by side and names the first bad
 * entry. The cases and their answers stand in docs/audit.md. */
#define ROOM "audit"
#include "audit/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const verdicts[] = { "holds",     "edited",      "missing",
                                        "moved",     "recomputed",  "forged_head",
                                        "truncated", "rolled_back", "foreign_head" };

const char *msptk__verdict_name(int32_t verdict)
{
        return verdict >= 0 && verdict < (int32_t)ARRAY_LEN(verdicts) ? verdicts[verdict] : "";
}

typedef struct proof {
        ctx *c;
        store_tx *tx;
        audit_report *r;
        const audit_head *given;
        uint8_t key[SIGN_KEY_BYTES]; /* of the vault */
        store_stmt *heads;           /* ascending; `head` is the next one not yet reached */
        audit_head head;
        int32_t have_head;
        int64_t expect; /* the next entry's seq */
        uint8_t prev[DIGEST_BYTES];
        int32_t given_seen;
        int64_t newest; /* only about so many entries; 0: all */
} proof;

static void verdict(proof *p, int32_t what, int64_t seq, const char *text)
{
        p->r->verdict = what;
        p->r->bad_seq = seq;
        snprintf(p->r->message, sizeof(p->r->message), "%s", text);
}

static void verdict_at(proof *p, int32_t what, int64_t seq, const char *fmt)
        __attribute__((format(printf, 4, 0)));
static void verdict_at(proof *p, int32_t what, int64_t seq, const char *fmt)
{
        char text[256];

        snprintf(text, sizeof(text), fmt, seq);
        verdict(p, what, seq, text);
}

/* ---- heads ---- */

static void blob_into(store_stmt *q, int32_t column, void *ret, size_t len)
{
        size_t got;
        const void *bytes = msptk__stmt_blob(q, column, &got);

        memset(ret, 0, len);
        if (bytes && got == len)
                memcpy(ret, bytes, len);
}

/* From a row of seq, at, hash, signature, public_key. */
static void head_read(proof *p, store_stmt *q)
{
        p->head.seq = msptk__stmt_int(q, 0);
        p->head.at = msptk__stmt_int(q, 1);
        blob_into(q, 2, p->head.hash, DIGEST_BYTES);
        blob_into(q, 3, p->head.signature, SIGN_BYTES);
        blob_into(q, 4, p->head.key, SIGN_KEY_BYTES);
}

static msptk_status next_head(proof *p, msptk_error **ret_err)
{
        msptk_status st = msptk__stmt_step(p->heads, ret_err);

        p->have_head = st == MSPTK_OK;
        if (st != MSPTK_OK)
                return st < 0 ? st : MSPTK_OK;
        head_read(p, p->heads);
        return MSPTK_OK;
}

static int is_ours(const proof *p, const audit_head *h)
{
        if (p->r->key_known && !msptk__bytes_equal(h->key, p->key, SIGN_KEY_BYTES))
                return 0;
        return msptk__head_verifies(h);
}

/* A head over an entry that is there: its signature, then that it names this very entry. */
static void check_head(proof *p, const uint8_t hash[DIGEST_BYTES])
{
        if (!is_ours(p, &p->head)) {
                verdict_at(p, VERDICT_FORGED_HEAD, p->head.seq,
                           "the signed head at entry %" PRId64 " was not signed by this vault");
                return;
        }
        if (!msptk__bytes_equal(p->head.hash, hash, DIGEST_BYTES)) {
                char text[256];
                int64_t from = p->r->vouched_seq ? p->r->vouched_seq + 1 : p->r->first_seq;

                snprintf(text, sizeof(text),
                         "the entries %" PRId64 " to %" PRId64
                         " are not those that were signed: the chain was computed anew",
                         from, p->head.seq);
                verdict(p, VERDICT_RECOMPUTED, from, text);
                return;
        }
        p->r->vouched_seq = p->head.seq;
        p->r->vouched_at = p->head.at;
}

/* ---- where retention ended ---- */

static msptk_status find_start(proof *p, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        p->expect = 1;
        TRY(msptk__query_values(p->tx, &q, ret_err,
                                "SELECT seq, hash, pruned_at, pruned_signature, public_key, at, "
                                "signature FROM audit_head WHERE pruned_at IS NOT NULL "
                                "ORDER BY seq DESC LIMIT 1",
                                NULL, 0));
        st = msptk__stmt_step(q, ret_err);
        if (st != MSPTK_OK)
                return st < 0 ? st : MSPTK_OK;
        p->head.seq = msptk__stmt_int(q, 0);
        p->head.at = msptk__stmt_int(q, 5);
        blob_into(q, 1, p->head.hash, DIGEST_BYTES);
        blob_into(q, 4, p->head.key, SIGN_KEY_BYTES);
        blob_into(q, 6, p->head.signature, SIGN_BYTES);
        p->r->pruned_seq = p->head.seq;
        {
                uint8_t mark[SIGN_BYTES];

                blob_into(q, 3, mark, SIGN_BYTES);
                if (!is_ours(p, &p->head) ||
                    !msptk__prune_verifies(p->head.seq, msptk__stmt_int(q, 2), p->head.key, mark)) {
                        verdict_at(p, VERDICT_FORGED_HEAD, p->head.seq,
                                   "the mark that retention ended at entry %" PRId64
                                   " was not signed by this vault");
                        return MSPTK_OK;
                }
        }
        p->expect = p->head.seq + 1;
        memcpy(p->prev, p->head.hash, DIGEST_BYTES);
        p->r->vouched_seq = p->head.seq;
        p->r->vouched_at = p->head.at;
        return MSPTK_OK;
}

/* Skips what a signed head vouches for, when only the newest entries are asked for. */
static msptk_status skip_vouched(proof *p, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        TRY(msptk__query(p->tx, &q, ret_err,
                         "SELECT seq, at, hash, signature, public_key FROM audit_head "
                         "WHERE seq >= ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT 1",
                         SQL_INT(p->expect), SQL_INT(p->r->last_seq - p->newest)));
        st = msptk__stmt_step(q, ret_err);
        if (st != MSPTK_OK)
                return st < 0 ? st : MSPTK_OK;
        head_read(p, q);
        if (!is_ours(p, &p->head)) {
                verdict_at(p, VERDICT_FORGED_HEAD, p->head.seq,
                           "the signed head at entry %" PRId64 " was not signed by this vault");
                return MSPTK_OK;
        }
        p->expect = p->head.seq + 1;
        memcpy(p->prev, p->head.hash, DIGEST_BYTES);
        p->r->vouched_seq = p->head.seq;
        p->r->vouched_at = p->head.at;
        return MSPTK_OK;
}

static msptk_status start_heads(proof *p, msptk_error **ret_err)
{
        TRY(msptk__query(p->tx, &p->heads, ret_err,
                         "SELECT seq, at, hash, signature, public_key FROM audit_head "
                         "WHERE seq >= ?1 ORDER BY seq",
                         SQL_INT(p->expect)));
        return next_head(p, ret_err);
}

/* ---- entries ---- */

/* Whether an entry that does not verify here would verify as another one: the one whose successor
 * still names its hash. */
static msptk_status was_moved(proof *p, const audit_entry *e, int64_t *ret_from,
                              msptk_error **ret_err)
{
        uint8_t hash[DIGEST_BYTES];
        audit_entry there = *e;
        int64_t next = 0;
        msptk_status st;

        *ret_from = 0;
        st = msptk__query_int(p->tx, &next, ret_err,
                              "SELECT seq FROM audit WHERE prev = ?1 LIMIT 1",
                              SQL_BLOB(e->hash, DIGEST_BYTES));
        if (st < 0)
                return st;
        for (int64_t guess = next - 1; st == MSPTK_OK && guess <= next + 1; guess++) {
                there.seq = guess;
                msptk__entry_hash(&there, hash);
                if (guess != e->seq && msptk__bytes_equal(hash, e->hash, DIGEST_BYTES))
                        *ret_from = guess;
        }
        return MSPTK_OK;
}

/* The entries before and after disagree with this link: which of the two was changed? The one that
 * the next entry does not follow; without a next entry, the older. */
static msptk_status blame_link(proof *p, const audit_entry *e, msptk_error **ret_err)
{
        int64_t next = 0, bad = e->seq;
        msptk_status st = msptk__query_int(p->tx, &next, ret_err,
                                           "SELECT seq FROM audit WHERE seq = ?1 AND prev = ?2",
                                           SQL_INT(e->seq + 1), SQL_BLOB(e->hash, DIGEST_BYTES));

        if (st < 0)
                return st;
        if (e->seq - 1 >= p->r->first_seq && (st == MSPTK_OK || e->seq == p->r->last_seq))
                bad = e->seq - 1;
        verdict_at(p, VERDICT_EDITED, bad, "entry %" PRId64 " was changed: the chain breaks at it");
        return MSPTK_OK;
}

static msptk_status bad_hash(proof *p, const audit_entry *e, msptk_error **ret_err)
{
        int64_t from;
        char text[256];

        TRY(was_moved(p, e, &from, ret_err));
        if (!from) {
                verdict_at(p, VERDICT_EDITED, e->seq,
                           "entry %" PRId64 " was changed: it does not have its own hash");
                return MSPTK_OK;
        }
        snprintf(text, sizeof(text),
                 "entry %" PRId64 " stands in the wrong place: it was entry %" PRId64, e->seq,
                 from);
        verdict(p, VERDICT_MOVED, e->seq, text);
        return MSPTK_OK;
}

static void check_given(proof *p, const audit_entry *e)
{
        p->given_seen = 1;
        if (msptk__bytes_equal(p->given->hash, e->hash, DIGEST_BYTES)) {
                if (p->r->vouched_seq < e->seq) {
                        p->r->vouched_seq = e->seq;
                        p->r->vouched_at = p->given->at;
                }
                return;
        }
        verdict_at(p, VERDICT_ROLLED_BACK, e->seq,
                   "entry %" PRId64 " is not the one of the given head: the history up to it was "
                   "replaced");
}

static msptk_status check_entry(proof *p, const audit_entry *e, msptk_error **ret_err)
{
        uint8_t hash[DIGEST_BYTES];

        if (e->seq != p->expect) {
                verdict_at(p, VERDICT_MISSING, p->expect, "entry %" PRId64 " is missing");
                return MSPTK_OK;
        }
        msptk__entry_hash(e, hash);
        if (!msptk__bytes_equal(hash, e->hash, DIGEST_BYTES))
                return bad_hash(p, e, ret_err);
        if (!msptk__bytes_equal(e->prev, p->prev, DIGEST_BYTES))
                return blame_link(p, e, ret_err);
        while (p->have_head && p->head.seq <= e->seq && p->r->verdict == VERDICT_HOLDS) {
                check_head(p, e->hash);
                if (p->r->verdict == VERDICT_HOLDS)
                        TRY(next_head(p, ret_err));
        }
        if (p->given && p->given->seq == e->seq && p->r->verdict == VERDICT_HOLDS)
                check_given(p, e);
        memcpy(p->prev, e->hash, DIGEST_BYTES);
        p->expect = e->seq + 1;
        p->r->entries++;
        return MSPTK_OK;
}

static msptk_status walk(proof *p, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st = MSPTK_OK;
        audit_entry e;

        /* of the whole trail also what stands before its beginning */
        TRY(msptk__query(p->tx, &q, ret_err,
                         "SELECT " ENTRY_COLUMNS " FROM audit WHERE seq >= ?1 ORDER BY seq",
                         SQL_INT(p->newest ? p->expect : INT64_MIN)));
        while (p->r->verdict == VERDICT_HOLDS && (st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                msptk__entry_read(q, &e);
                TRY(check_entry(p, &e, ret_err));
        }
        return st < 0 ? st : MSPTK_OK;
}

/* ---- the end of the trail ---- */

static msptk_status check_end(proof *p, msptk_error **ret_err)
{
        int64_t seq = 0;
        msptk_status st;

        if (p->have_head && p->head.seq >= p->expect) {
                if (is_ours(p, &p->head))
                        verdict_at(p, VERDICT_MISSING, p->expect,
                                   "entry %" PRId64 " is missing: a signed head covers it");
                else
                        verdict_at(p, VERDICT_FORGED_HEAD, p->head.seq,
                                   "the signed head at entry %" PRId64
                                   " was not signed by this vault");
                return MSPTK_OK;
        }
        if (!p->given || p->given_seen)
                return MSPTK_OK;
        if (p->given->seq >= p->expect) {
                verdict_at(p, VERDICT_TRUNCATED, p->expect,
                           "the trail ends before the given head: entry %" PRId64 " is missing");
                return MSPTK_OK;
        }
        /* Retention removed that entry; its head, if kept, says the same. */
        st = msptk__query_int(p->tx, &seq, ret_err,
                              "SELECT seq FROM audit_head WHERE seq = ?1 AND hash <> ?2",
                              SQL_INT(p->given->seq), SQL_BLOB(p->given->hash, DIGEST_BYTES));
        if (st < 0)
                return st;
        if (st == MSPTK_OK)
                verdict_at(p, VERDICT_ROLLED_BACK, seq,
                           "the head kept for entry %" PRId64 " is not the given one");
        return MSPTK_OK;
}

static void check_given_itself(proof *p)
{
        if (!p->given)
                return;
        p->r->head_given = 1;
        if (!is_ours(p, p->given))
                verdict(p, VERDICT_FOREIGN_HEAD, 0,
                        p->r->key_known ? "the given head was not signed by the key of this vault"
                                        : "the given head does not carry a valid signature");
}

static void say_well(proof *p)
{
        audit_report *r = p->r;

        if (r->verdict != VERDICT_HOLDS)
                return;
        if (r->last_seq == 0 && r->pruned_seq == 0)
                snprintf(r->message, sizeof(r->message), "the trail is empty");
        else if (r->vouched_seq == 0)
                snprintf(r->message, sizeof(r->message),
                         "%" PRId64 " entries follow each other; no signed head covers them yet",
                         r->entries);
        else
                snprintf(r->message, sizeof(r->message),
                         "%" PRId64 " entries hold; vouched for up to entry %" PRId64, r->entries,
                         r->vouched_seq);
}

static msptk_status bounds(proof *p, msptk_error **ret_err)
{
        msptk_status st = msptk__query_int_values(p->tx, &p->r->first_seq, ret_err,
                                                  "SELECT min(seq) FROM audit", NULL, 0);

        if (st < 0)
                return st;
        st = msptk__query_int_values(p->tx, &p->r->last_seq, ret_err, "SELECT max(seq) FROM audit",
                                     NULL, 0);
        return st < 0 ? st : MSPTK_OK;
}

static msptk_status prove(proof *p, msptk_error **ret_err)
{
        TRY(bounds(p, ret_err));
        check_given_itself(p);
        if (p->r->verdict == VERDICT_HOLDS)
                TRY(find_start(p, ret_err));
        if (p->r->verdict == VERDICT_HOLDS && p->newest)
                TRY(skip_vouched(p, ret_err));
        if (p->r->verdict == VERDICT_HOLDS)
                TRY(start_heads(p, ret_err));
        if (p->r->verdict == VERDICT_HOLDS)
                TRY(walk(p, ret_err));
        if (p->r->verdict == VERDICT_HOLDS)
                TRY(check_end(p, ret_err));
        say_well(p);
        return MSPTK_OK;
}

static msptk_status prove_with(proof *p, audit_report *ret, msptk_error **ret_err)
{
        audit_report report = { 0 };
        msptk_status st;

        p->r = &report;
        if (p->c->vault)
                report.key_known =
                        msptk__sign_public_key(p->c->vault, p->tx, p->key, NULL) == MSPTK_OK;
        st = prove(p, ret_err);
        msptk__stmt_free(p->heads);
        if (st == MSPTK_OK)
                *ret = report;
        return st;
}

msptk_status msptk__audit_prove(ctx *c, store_tx *tx, const audit_head *head, audit_report *ret,
                                msptk_error **ret_err)
{
        proof p = { .c = c, .tx = tx, .given = head };

        return prove_with(&p, ret, ret_err);
}

msptk_status msptk__audit_prove_newest(ctx *c, store_tx *tx, int64_t entries, audit_report *ret,
                                       msptk_error **ret_err)
{
        proof p = { .c = c, .tx = tx, .newest = entries };

        return prove_with(&p, ret, ret_err);
}

msptk_status msptk__audit_newest(store_tx *tx, int64_t *ret_at, msptk_error **ret_err)
{
        int64_t at = 0;
        msptk_status st = msptk__query_int_values(
                tx, &at, ret_err, "SELECT at FROM audit ORDER BY seq DESC LIMIT 1", NULL, 0);

        if (st < 0)
                return st;
        *ret_at = at;
        return MSPTK_OK;
}
