/* What the files of this room share. */
#ifndef AUDIT_INTERNAL_H
#define AUDIT_INTERNAL_H

#include "audit/audit.h"
#include "work/work.h"

#include <pthread.h>

/* One entry on its way into the chain; owns its texts. */
typedef struct entry {
        struct entry *next;
        int64_t at;
        int32_t outcome, scope;
        msptk_status status;
        int64_t queued_ns; /* monotonic, when it was queued */
        char *principal, *door, *op, *client_id, *detail, *trace_id;
        char digest[DIGEST_HEX];
} entry;

typedef struct entry_list {
        entry *first, **end; /* end NULL: empty and not yet used */
        int32_t count;
} entry_list;

enum { LIMIT_SLOTS = 60, PRINCIPALS_MAX = 1024, DETAIL_MAX = 4096, QUEUE_MAX = 100000 };

/* Calls of one principal in the last minute, per second. */
typedef struct usage {
        char *principal;
        int64_t second; /* of the newest slot; monotonic */
        int32_t per_second[LIMIT_SLOTS];
        int32_t sum;
} usage;

typedef struct armed armed; /* a token that was shown */

struct audit {
        ctx *c;
        audit_opts opts;
        act_row *rows; /* sorted by name; fixed once acts run */
        size_t row_count;
        uint8_t mac_key[DIGEST_BYTES]; /* seals plans and cursors where no vault is open; random */

        pthread_mutex_t lock; /* of what follows; never held over SQL */
        pthread_cond_t idle;
        entry_list queue;
        uint8_t seal_key[DIGEST_BYTES]; /* of cursors, from the vault's; when seal_known */
        int32_t seal_known;
        usage *usages;
        size_t usage_count;
        armed *armed; /* oldest first */
        size_t armed_count;
        int32_t flush_due;     /* a delayed flush will still see what is added now */
        int32_t flushers;      /* delayed flushes on the pool */
        cancel *stop;          /* ends its waiting */
        int32_t acts;          /* that run */
        int64_t guessed_s;     /* the second of the last entry of a failed uncounted call */
        int32_t unsigned_said; /* the log has been told that heads cannot be signed */
};

struct act {
        ctx *c;
        const act_row *row;
        msptk_call_opts opts; /* texts borrowed from the caller, or from what is below */
        cancel *token;
        int64_t now;
        uint32_t scopes;    /* bits 1 << SCOPE_* */
        int64_t granted_at; /* when the principal's token was made */
        const char *sees;   /* the token whose list of clients binds it; NULL: it may see all */
        int32_t denied;     /* a client of the world was kept from it */
        int32_t mode;       /* ACT_* */
        store_tx *tx;       /* of the act; begun at first use */
        char *client_id;    /* NULL: none */
        char trace_id[UUID_TEXT];
        char digest[DIGEST_HEX];
        msptk_json *args, *shown; /* complete; without secrets */
        const msptk_json *given;  /* as the caller gave them; borrowed, may be NULL */
        msptk_json *notes;
        int32_t note_count;
        int32_t has_plan;
        uint8_t plan_id[16], plan_revision[DIGEST_BYTES];
        int32_t settle_vault; /* after the commit */
};
enum { ACT_READ, ACT_CHANGE, ACT_OUTSIDE, ACT_PLANNING, ACT_BARE };

/* ---- canon.c: JSON with sorted keys and no spaces ---- */
msptk_status msptk__canon(const msptk_json *json, buf *out, msptk_error **ret_err);
msptk_status msptk__canon_digest(const msptk_json *json, char ret[DIGEST_HEX],
                                 msptk_error **ret_err);

/* ---- queue.c ---- */
entry *msptk__entry_new(const act *a, int32_t outcome, msptk_status st, const msptk_error *err);
void msptk__entry_free(entry *e);
void msptk__entries_add(entry_list *l, entry *e);
void msptk__entries_clear(entry_list *l);
/* Takes ownership; writes the group when it is old or large enough (failures stay queued). */
void msptk__queue_add(audit *au, entry *e);
entry_list msptk__queue_take(audit *au);
void msptk__queue_give_back(audit *au, entry_list *l); /* before those that came later */
msptk_status msptk__queue_flush(audit *au, msptk_error **ret_err);
/* What is queued and then `own` (may be NULL), inside tx. *taken must be given back or cleared when
 * the transaction has ended. */
msptk_status msptk__queue_write(audit *au, store_tx *tx, const entry *own, entry_list *taken,
                                msptk_error **ret_err);
/* One entry, durably, in a transaction of its own. */
msptk_status msptk__entry_commit(audit *au, const entry *own, msptk_error **ret_err);

/* ---- chain.c ---- */
void msptk__entry_hash(const audit_entry *e, uint8_t ret[DIGEST_BYTES]);
msptk_status msptk__chain_append(audit *au, store_tx *tx, const entry_list *list, const entry *own,
                                 msptk_error **ret_err);
#define ENTRY_COLUMNS \
        "seq, at, principal, door, op, scope, client_id, outcome, status, args_digest, detail, " \
        "trace_id, prev, hash"
/* Texts are borrowed from the statement. MSPTK_E_CORRUPT when a hash has no 32 bytes. */
void msptk__entry_read(store_stmt *q, audit_entry *ret);
/* Last entry, or the head that retention kept in its place; 0 and zeros for an empty trail. */
msptk_status msptk__chain_tail(store_tx *tx, int64_t *ret_seq, uint8_t ret_hash[DIGEST_BYTES],
                               msptk_error **ret_err);

/* ---- head.c ---- */
msptk_status msptk__head_sign(ctx *c, store_tx *tx, int64_t seq, const uint8_t hash[DIGEST_BYTES],
                              audit_head *ret, msptk_error **ret_err);
int msptk__head_verifies(const audit_head *head);
/* What retention signs: "everything up to this head was removed by us". */
msptk_status msptk__prune_mark(ctx *c, store_tx *tx, int64_t seq, msptk_error **ret_err);
int msptk__prune_verifies(int64_t seq, int64_t at, const uint8_t key[SIGN_KEY_BYTES],
                          const uint8_t signature[SIGN_BYTES]);

/* ---- act.c ---- */
msptk_status msptk__act_digest(act *a, msptk_error **ret_err);
int64_t msptk__act_wait_ms(const act *a); /* for a transaction's begin; 0: the store's own */

/* ---- admit.c ---- */
/* Grant, scope, clients, read-only mode, rate; then the plan. A failure is a denial. */
msptk_status msptk__act_admit(audit *au, act *a, msptk_error **ret_err);
/* The same without rate and plan. */
msptk_status msptk__act_allowed(act *a, msptk_error **ret_err);

/* ---- grant.c ---- */
/* What the act's principal may, into the act. tx may be NULL when the principal has no token.
 * E_AUTH (TOKEN_INVALID). */
msptk_status msptk__grant_read(act *a, store_tx *tx, msptk_error **ret_err);
msptk_status msptk__grant_arm(audit *au, const char *name, const uint8_t hash[DIGEST_BYTES],
                              msptk_error **ret_err);
void msptk__grants_clear(audit *au);
/* E_AUTH, the same words for every reason. */
msptk_status msptk__token_invalid(msptk_error **ret_err);

/* ---- plan.c ---- */
/* Adds "plan_token" and "plan_expires_at" to `plan`. */
msptk_status msptk__plan_seal(act *a, store_tx *tx, msptk_json *plan, msptk_error **ret_err);
/* Checks seal, operation, arguments, principal and expiry of the caller's token. */
msptk_status msptk__plan_open(act *a, msptk_error **ret_err);
/* Makes the plan again and compares (PLAN_STALE). */
msptk_status msptk__plan_confirm(act *a, msptk_error **ret_err);
/* Records the single use (PLAN_USED); tx writes. */
msptk_status msptk__plan_use(act *a, store_tx *tx, msptk_error **ret_err);

/* ---- seal.c: cursors ---- */
enum { SEAL_BYTES = 16, SEAL_TEXT_MAX = 256 };
typedef struct sealed {
        uint8_t bytes[1 + 2 * SEAL_BYTES + SEAL_TEXT_MAX + 1];
        size_t len;
} sealed;
msptk_status msptk__seal_make(const uint8_t key[DIGEST_BYTES], uint8_t kind,
                              const uint8_t bound[SEAL_BYTES], const char *text, char **ret,
                              msptk_error **ret_err);
/* Whether it has the form of one, and whether that key made it. */
bool msptk__seal_parse(const char *text, sealed *ret);
bool msptk__seal_holds(const sealed *s, const uint8_t key[DIGEST_BYTES]);

/* ---- once.c: idempotency keys ---- */
/* MSPTK_OK: do it; MSPTK_DONE: done before, *ret_result is what it gave. */
msptk_status msptk__once_begin(act *a, store_tx *tx, msptk_json **ret_result,
                               msptk_error **ret_err);
msptk_status msptk__once_end(act *a, store_tx *tx, const msptk_json *result, msptk_error **ret_err);
msptk_status msptk__once_forget(act *a, store_tx *tx, msptk_error **ret_err);

#endif
