/* The hash chain: each entry's hash covers all its fields and the hash before it. */
#define ROOM "audit"
#include "audit/internal.h"

#include <string.h>

static const char *const outcomes[] = { "ok", "denied", "failed", "intent", "planned" };
static const char *const scopes[] = { "read", "write", "execute", "admin", "secret" };

const char *msptk__audit_outcome_name(int32_t outcome)
{
        return outcome >= 0 && outcome < (int32_t)ARRAY_LEN(outcomes) ? outcomes[outcome] : "";
}

const char *msptk__scope_name(int32_t scope)
{
        return scope >= 0 && scope < (int32_t)ARRAY_LEN(scopes) ? scopes[scope] : "";
}

/* ---- hashing: every field with its length, numbers as 8 bytes, lowest first ---- */

static void add_int(digest *d, int64_t value)
{
        uint8_t bytes[8];

        for (int i = 0; i < 8; i++)
                bytes[i] = (uint8_t)((uint64_t)value >> (8 * i));
        msptk__digest_update(d, bytes, sizeof(bytes));
}

static void add_text(digest *d, const char *text)
{
        size_t len = strlen(text);

        add_int(d, (int64_t)len);
        msptk__digest_update(d, text, len);
}

void msptk__entry_hash(const audit_entry *e, uint8_t ret[DIGEST_BYTES])
{
        static const char version[] = "msptk.audit/1";
        digest d;

        msptk__digest_init(&d);
        msptk__digest_update(&d, version, sizeof(version));
        msptk__digest_update(&d, e->prev, DIGEST_BYTES);
        add_int(&d, e->seq);
        add_int(&d, e->at);
        add_text(&d, e->principal);
        add_text(&d, e->door);
        add_text(&d, e->op);
        add_text(&d, e->scope);
        add_text(&d, e->client_id);
        add_text(&d, e->outcome);
        add_int(&d, e->status);
        add_text(&d, e->args_digest);
        add_text(&d, e->detail);
        add_text(&d, e->trace_id);
        msptk__digest_final(&d, ret);
}

/* ---- rows ---- */

static void read_hash(store_stmt *q, int32_t column, uint8_t ret[DIGEST_BYTES])
{
        size_t len;
        const void *bytes = msptk__stmt_blob(q, column, &len);

        /* One of another length can never equal a computed hash of zeros in practice. */
        memset(ret, 0, DIGEST_BYTES);
        if (bytes && len == DIGEST_BYTES)
                memcpy(ret, bytes, DIGEST_BYTES);
}

void msptk__entry_read(store_stmt *q, audit_entry *ret)
{
        *ret = (audit_entry){
                .seq = msptk__stmt_int(q, 0),
                .at = msptk__stmt_int(q, 1),
                .principal = msptk__stmt_text(q, 2),
                .door = msptk__stmt_text(q, 3),
                .op = msptk__stmt_text(q, 4),
                .scope = msptk__stmt_text(q, 5),
                .client_id = msptk__stmt_text(q, 6),
                .outcome = msptk__stmt_text(q, 7),
                .status = msptk__stmt_int(q, 8),
                .args_digest = msptk__stmt_text(q, 9),
                .detail = msptk__stmt_text(q, 10),
                .trace_id = msptk__stmt_text(q, 11),
        };
        read_hash(q, 12, ret->prev);
        read_hash(q, 13, ret->hash);
}

static msptk_status last_of(store_tx *tx, const char *sql, int64_t *ret_seq,
                            uint8_t ret_hash[DIGEST_BYTES], msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        TRY(msptk__query_values(tx, &q, ret_err, sql, NULL, 0));
        st = msptk__stmt_step(q, ret_err);
        if (st != MSPTK_OK)
                return st;
        *ret_seq = msptk__stmt_int(q, 0);
        read_hash(q, 1, ret_hash);
        return MSPTK_OK;
}

msptk_status msptk__chain_tail(store_tx *tx, int64_t *ret_seq, uint8_t ret_hash[DIGEST_BYTES],
                               msptk_error **ret_err)
{
        msptk_status st = last_of(tx, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1",
                                  ret_seq, ret_hash, ret_err);

        if (st == MSPTK_DONE)
                st = last_of(tx, "SELECT seq, hash FROM audit_head ORDER BY seq DESC LIMIT 1",
                             ret_seq, ret_hash, ret_err);
        if (st == MSPTK_DONE) {
                *ret_seq = 0;
                memset(ret_hash, 0, DIGEST_BYTES);
                st = MSPTK_OK;
        }
        return st;
}

static msptk_status append_one(store_tx *tx, const entry *e, int64_t *seq,
                               uint8_t hash[DIGEST_BYTES], msptk_error **ret_err)
{
        audit_entry row = {
                .seq = *seq + 1,
                .at = e->at,
                .principal = e->principal,
                .door = e->door,
                .op = e->op,
                .scope = msptk__scope_name(e->scope),
                .client_id = e->client_id,
                .outcome = msptk__audit_outcome_name(e->outcome),
                .status = e->status,
                .args_digest = e->digest,
                .detail = e->detail,
                .trace_id = e->trace_id,
        };

        memcpy(row.prev, hash, DIGEST_BYTES);
        msptk__entry_hash(&row, row.hash);
        TRY(msptk__exec(tx, ret_err,
                        "INSERT INTO audit (" ENTRY_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
                        "?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                        SQL_INT(row.seq), SQL_INT(row.at), SQL_TEXT(row.principal),
                        SQL_TEXT(row.door), SQL_TEXT(row.op), SQL_TEXT(row.scope),
                        SQL_TEXT(row.client_id), SQL_TEXT(row.outcome), SQL_INT(row.status),
                        SQL_TEXT(row.args_digest), SQL_TEXT(row.detail), SQL_TEXT(row.trace_id),
                        SQL_BLOB(row.prev, DIGEST_BYTES), SQL_BLOB(row.hash, DIGEST_BYTES)));
        *seq = row.seq;
        memcpy(hash, row.hash, DIGEST_BYTES);
        return MSPTK_OK;
}

/* Closes a segment when it has become long enough. A vault that cannot sign does not stop the work:
 * the entries are chained, and the next head that can be signed covers them. */
static msptk_status close_segment(audit *au, store_tx *tx, int64_t seq,
                                  const uint8_t hash[DIGEST_BYTES], msptk_error **ret_err)
{
        AUTO_ERROR msptk_error *why = NULL;
        int64_t signed_seq = 0;
        audit_head head;
        msptk_status st;

        st = msptk__query_int_values(tx, &signed_seq, ret_err,
                                     "SELECT seq FROM audit_head ORDER BY seq DESC LIMIT 1", NULL,
                                     0);
        if (st < 0 || seq - signed_seq < au->opts.segment_entries)
                return st < 0 ? st : MSPTK_OK;
        TRY(msptk__tx_step_begin(tx, ret_err));
        st = msptk__head_sign(au->c, tx, seq, hash, &head, &why);
        if (st == MSPTK_OK)
                return msptk__tx_step_keep(tx, ret_err);
        if (!au->unsigned_said) {
                au->unsigned_said = 1;
                msptk__log(au->c, LOG_WARNING, ROOM, "the audit trail cannot be signed: %s",
                           msptk_error_message(why));
        }
        return msptk__tx_step_undo(tx, ret_err);
}

msptk_status msptk__chain_append(audit *au, store_tx *tx, const entry_list *list, const entry *own,
                                 msptk_error **ret_err)
{
        uint8_t hash[DIGEST_BYTES];
        int64_t seq = 0;

        if (!own && !list->count)
                return MSPTK_OK;
        TRY(msptk__chain_tail(tx, &seq, hash, ret_err));
        for (const entry *e = list->first; e; e = e->next) {
                TRY(append_one(tx, e, &seq, hash, ret_err));
                TRY(close_segment(au, tx, seq, hash, ret_err));
        }
        if (own) {
                TRY(append_one(tx, own, &seq, hash, ret_err));
                TRY(close_segment(au, tx, seq, hash, ret_err));
        }
        return MSPTK_OK;
}
