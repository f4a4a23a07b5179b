/* The hash chain itself, and who may do what: for the toolkit, for doctor and for tests. Included
 * by audit.h. docs/audit.md says what the chain proves. */
#ifndef AUDIT_TRAIL_H
#define AUDIT_TRAIL_H

#include "base/base.h"
#include "store/store.h"
#include "vault/vault.h"

struct audit;

typedef struct audit_opts {
        int32_t segment_entries;     /* entries per signed segment; 0 means 1,000 */
        int64_t group_ms;            /* how long a read may stay unwritten; 0 means 200 */
        int32_t group_entries;       /* how many; 0 means 1,000 */
        int32_t requests_per_minute; /* of one principal; 0 means no limit */
        int64_t plan_ms;             /* how long a plan is good for; 0 means 10 minutes */
} audit_opts;
/* Before the first act. */
void msptk__audit_configure(struct audit *a, const audit_opts *opts);

/* ---- entries ---- */

enum { AUDIT_OK = 0, AUDIT_DENIED, AUDIT_FAILED, AUDIT_INTENT, AUDIT_PLANNED };
const char *msptk__audit_outcome_name(int32_t outcome);
const char *msptk__scope_name(int32_t scope);

/* Texts are borrowed, never NULL; hashes raw. */
typedef struct audit_entry {
        int64_t seq, at;
        const char *principal, *door, *op, *scope, *client_id, *outcome, *args_digest, *detail,
                *trace_id;
        int64_t status;
        uint8_t prev[DIGEST_BYTES], hash[DIGEST_BYTES];
} audit_entry;

/* ---- heads ---- */

typedef struct audit_head {
        int64_t seq, at; /* the last entry it covers; when it was signed */
        uint8_t hash[DIGEST_BYTES];
        uint8_t key[SIGN_KEY_BYTES];
        uint8_t signature[SIGN_BYTES];
} audit_head;
enum { AUDIT_HEAD_TEXT = 384 };

/* Signs the newest entry. MSPTK_E_NOTFOUND (TRAIL_EMPTY) while there is none. */
msptk_status msptk__audit_head_make(ctx *c, store_tx *tx, audit_head *ret, msptk_error **ret_err);
/* "msptk-head-1:SEQ:AT:HASH:KEY:SIGNATURE" */
void msptk__audit_head_print(const audit_head *head, char ret[AUDIT_HEAD_TEXT]);
/* MSPTK_E_INVALID (BAD_HEAD). */
msptk_status msptk__audit_head_parse(const char *text, audit_head *ret, msptk_error **ret_err);

/* ---- proof ---- */

enum {
        VERDICT_HOLDS = 0,
        VERDICT_EDITED,       /* entry `bad_seq` is not what was written */
        VERDICT_MISSING,      /* entry `bad_seq` is gone */
        VERDICT_MOVED,        /* entry `bad_seq` stood elsewhere */
        VERDICT_RECOMPUTED,   /* from `bad_seq` on: whole in itself, but not what was signed */
        VERDICT_FORGED_HEAD,  /* the signed head at `bad_seq` was not signed by this vault */
        VERDICT_TRUNCATED,    /* ends before the given head */
        VERDICT_ROLLED_BACK,  /* holds another entry where the given head was */
        VERDICT_FOREIGN_HEAD, /* the given head does not verify, or another key signed it */
};
const char *msptk__verdict_name(int32_t verdict); /* "holds", "edited" ... */

typedef struct audit_report {
        int32_t verdict;
        int32_t key_known; /* 1: heads were checked against the vault's own key */
        int64_t bad_seq;   /* first bad entry; 0 when none */
        int64_t first_seq, last_seq, entries;
        int64_t vouched_seq; /* last entry covered by a signed head, or by the given one */
        int64_t vouched_at;
        int64_t pruned_seq; /* retention removed entries up to here; 0: none */
        int32_t head_given;
        char message[256]; /* one sentence */
} audit_report;

/* MSPTK_OK says that the trail was read; the verdict is in *ret. `head` may be NULL. */
msptk_status msptk__audit_prove(ctx *c, store_tx *tx, const audit_head *head, audit_report *ret,
                                msptk_error **ret_err);

/* The same for the newest entries only: begins at the newest signed head that has at least
 * `entries` behind it, and trusts it when this vault signed it; without one proves the whole trail.
 */
msptk_status msptk__audit_prove_newest(ctx *c, store_tx *tx, int64_t entries, audit_report *ret,
                                       msptk_error **ret_err);

/* Time of the newest entry; 0 when there is none. */
msptk_status msptk__audit_newest(store_tx *tx, int64_t *ret_at, msptk_error **ret_err);

#endif
