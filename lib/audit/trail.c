/* Reading and proving the trail: the work of audit_list, audit_verify, audit_head, and retention.
 */
#define ROOM "audit"
#include "audit/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What is queued belongs to the answer; when it cannot be written (a read-only database) the answer
 * is what is there. */
static void flush_first(act *a)
{
        (void)msptk__queue_flush(a->c->audit, NULL);
}

/* ---- list ---- */

static void add_entry(json_obj *rows, const audit_entry *e)
{
        AUTO_OBJ json_obj o = msptk__obj();
        char hash[2 * DIGEST_BYTES + 1];

        msptk__hex(e->hash, DIGEST_BYTES, hash);
        msptk__obj_int(&o, "seq", e->seq);
        msptk__obj_time(&o, "at", e->at);
        msptk__obj_str(&o, "principal", e->principal);
        msptk__obj_str(&o, "door", e->door);
        msptk__obj_str(&o, "operation", e->op);
        msptk__obj_str(&o, "scope", e->scope);
        msptk__obj_str_or_null(&o, "client_id", *e->client_id ? e->client_id : NULL);
        msptk__obj_str(&o, "outcome", e->outcome);
        msptk__obj_str(&o, "status",
                       e->status < 0 ? msptk_status_name((msptk_status)e->status) : "OK");
        msptk__obj_str(&o, "args_digest", e->args_digest);
        /* A changed row may hold anything. */
        if (msptk__obj_parsed(&o, "detail", e->detail) == MSPTK_DONE)
                msptk__obj_str(&o, "detail", e->detail);
        msptk__obj_str(&o, "trace_id", e->trace_id);
        msptk__obj_str(&o, "hash", hash);
        msptk__array_take(rows, &o);
}

typedef struct page {
        const char *op, *client_id, *principal, *outcome;
        int64_t since, before, limit;
} page;

static const char *text_arg(const msptk_json *args, const char *key)
{
        return msptk_json_string(msptk_json_get(args, key), NULL);
}

static msptk_status page_read(const msptk_json *args, page *p, msptk_error **ret_err)
{
        const char *cursor = text_arg(args, "cursor");

        *p = (page){ .op = text_arg(args, "operation"),
                     .client_id = text_arg(args, "client_id"),
                     .principal = text_arg(args, "principal"),
                     .outcome = text_arg(args, "outcome"),
                     .since = msptk_json_int(msptk_json_get(args, "since"), 0),
                     .limit = msptk_json_int(msptk_json_get(args, "limit"), 100),
                     .before = INT64_MAX };
        if (cursor && (!msptk__num_int64(cursor, strlen(cursor), &p->before) || p->before < 1))
                return fail_why(ret_err, MSPTK_E_INVALID, "CURSOR_INVALID",
                                "give the next_cursor of the page before",
                                "'%s' is no cursor of the audit trail", cursor);
        if (p->limit < 1 || p->limit > 10000)
                p->limit = 100;
        return MSPTK_OK;
}

static msptk_status list_rows(store_tx *tx, const page *p, json_obj *rows, int64_t *ret_count,
                              int64_t *ret_last, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        audit_entry e;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT " ENTRY_COLUMNS " FROM audit WHERE seq < ?1 AND at >= ?2 "
                         "AND (?3 IS NULL OR op = ?3) AND (?4 IS NULL OR client_id = ?4) "
                         "AND (?5 IS NULL OR principal = ?5) AND (?6 IS NULL OR outcome = ?6) "
                         "ORDER BY seq DESC LIMIT ?7",
                         SQL_INT(p->before), SQL_INT(p->since), SQL_TEXT(p->op),
                         SQL_TEXT(p->client_id), SQL_TEXT(p->principal), SQL_TEXT(p->outcome),
                         SQL_INT(p->limit)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                msptk__entry_read(q, &e);
                add_entry(rows, &e);
                ++*ret_count;
                *ret_last = e.seq;
        }
        return st < 0 ? st : MSPTK_OK;
}

msptk_status msptk__audit_list(act *a, const msptk_json *args, msptk_json **ret_result,
                               msptk_error **ret_err)
{
        AUTO_OBJ json_obj rows = msptk__array();
        AUTO_OBJ json_obj o = msptk__obj();
        int64_t count = 0, last = 0;
        char cursor[32];
        store_tx *tx;
        page p;

        TRY(page_read(args, &p, ret_err));
        flush_first(a);
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(list_rows(tx, &p, &rows, &count, &last, ret_err));
        snprintf(cursor, sizeof(cursor), "%" PRId64, last);
        msptk__obj_str(&o, "schema", "msptk.audit_list/1");
        msptk__obj_int(&o, "count", count);
        msptk__obj_take(&o, "entries", &rows);
        msptk__obj_str_or_null(&o, "next_cursor", count == p.limit && last > 1 ? cursor : NULL);
        return msptk__obj_end(&o, ret_result, ret_err);
}

/* ---- verify ---- */

static void int_or_null(json_obj *o, const char *key, int64_t value)
{
        if (value)
                msptk__obj_int(o, key, value);
        else
                msptk__obj_null(o, key);
}

msptk_status msptk__audit_verify(act *a, const msptk_json *args, msptk_json **ret_result,
                                 msptk_error **ret_err)
{
        const char *text = text_arg(args, "head");
        AUTO_OBJ json_obj o = msptk__obj();
        audit_report r;
        audit_head head;
        store_tx *tx;

        if (text)
                TRY(msptk__audit_head_parse(text, &head, ret_err));
        flush_first(a);
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__audit_prove(a->c, tx, text ? &head : NULL, &r, ret_err));
        msptk__obj_str(&o, "schema", "msptk.audit_verify/1");
        msptk__obj_str(&o, "status", r.verdict == VERDICT_HOLDS ? "ok" : "critical");
        msptk__obj_str(&o, "verdict", msptk__verdict_name(r.verdict));
        msptk__obj_str(&o, "message", r.message);
        int_or_null(&o, "bad_entry", r.bad_seq);
        msptk__obj_int(&o, "entries", r.entries);
        int_or_null(&o, "first", r.first_seq);
        int_or_null(&o, "last", r.last_seq);
        int_or_null(&o, "vouched_to", r.vouched_seq);
        msptk__obj_time(&o, "vouched_at", r.vouched_at);
        int_or_null(&o, "pruned_to", r.pruned_seq);
        msptk__obj_bool(&o, "key_known", r.key_known);
        msptk__obj_bool(&o, "head_given", r.head_given);
        return msptk__obj_end(&o, ret_result, ret_err);
}

/* ---- head ---- */

msptk_status msptk__audit_head(act *a, const msptk_json *args, msptk_json **ret_result,
                               msptk_error **ret_err)
{
        char text[AUDIT_HEAD_TEXT], hash[2 * DIGEST_BYTES + 1];
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_TX store_tx *tx = NULL;
        audit_head head;

        (void)args;
        flush_first(a);
        TRY(msptk__act_begin_tx(a, TX_WRITE, &tx, ret_err));
        TRY(msptk__audit_head_make(a->c, tx, &head, ret_err));
        TRY(msptk__tx_commit(&tx, ret_err));
        msptk__audit_head_print(&head, text);
        msptk__hex(head.hash, DIGEST_BYTES, hash);
        msptk__obj_str(&o, "schema", "msptk.audit_head/1");
        msptk__obj_int(&o, "seq", head.seq);
        msptk__obj_time(&o, "at", head.at);
        msptk__obj_str(&o, "hash", hash);
        msptk__obj_str(&o, "head", text);
        return msptk__obj_end(&o, ret_result, ret_err);
}

/* ---- retention ---- */

/* The last entry before the first one that is young enough; 0 when there is none. */
static msptk_status last_old(store_tx *tx, int64_t before, int64_t *ret_seq, msptk_error **ret_err)
{
        int64_t young = 0;
        msptk_status st = msptk__query_int(tx, &young, ret_err,
                                           "SELECT seq FROM audit WHERE at >= ?1 ORDER BY seq "
                                           "LIMIT 1",
                                           SQL_INT(before));

        *ret_seq = 0;
        if (st < 0)
                return st;
        if (st == MSPTK_OK)
                st = msptk__query_int(tx, ret_seq, ret_err,
                                      "SELECT seq FROM audit WHERE seq < ?1 ORDER BY seq DESC "
                                      "LIMIT 1",
                                      SQL_INT(young));
        else
                st = msptk__query_int_values(tx, ret_seq, ret_err,
                                             "SELECT seq FROM audit ORDER BY seq DESC LIMIT 1",
                                             NULL, 0);
        return st < 0 ? st : MSPTK_OK;
}

static msptk_status hash_of(store_tx *tx, int64_t seq, uint8_t ret[DIGEST_BYTES],
                            msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        audit_entry e;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err, "SELECT " ENTRY_COLUMNS " FROM audit WHERE seq = ?1",
                         SQL_INT(seq)));
        st = msptk__stmt_step(q, ret_err);
        if (st != MSPTK_OK)
                return st < 0 ? st : fail(ret_err, MSPTK_E_CORRUPT, "an audit entry vanished");
        msptk__entry_read(q, &e);
        memcpy(ret, e.hash, DIGEST_BYTES);
        return MSPTK_OK;
}

static msptk_status check_before_prune(ctx *c, store_tx *tx, msptk_error **ret_err)
{
        audit_report r;

        TRY(msptk__audit_prove(c, tx, NULL, &r, ret_err));
        if (r.verdict == VERDICT_HOLDS)
                return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_AUDIT, "TRAIL_BROKEN", "run 'audit verify'",
                        "remove old audit entries: the trail does not verify (%s)", r.message);
}

static msptk_status remove_old(ctx *c, store_tx *tx, int64_t before, int64_t *ret_seq,
                               int64_t *ret_removed, msptk_error **ret_err)
{
        uint8_t hash[DIGEST_BYTES];
        audit_head head;

        TRY(msptk__exec(tx, ret_err, "DELETE FROM plan_used WHERE used_at < ?1",
                        SQL_INT(msptk__now(c) - MS_PER_DAY * 1000)));
        TRY(msptk__exec(tx, ret_err, "DELETE FROM act_once WHERE at < ?1",
                        SQL_INT(msptk__now(c) - MS_PER_DAY * 1000)));
        TRY(last_old(tx, before, ret_seq, ret_err));
        *ret_removed = 0;
        if (!*ret_seq)
                return MSPTK_OK;
        TRY(check_before_prune(c, tx, ret_err));
        TRY(hash_of(tx, *ret_seq, hash, ret_err));
        TRY(msptk__head_sign(c, tx, *ret_seq, hash, &head, ret_err));
        TRY(msptk__prune_mark(c, tx, *ret_seq, ret_err));
        TRY(msptk__exec(tx, ret_err, "DELETE FROM audit WHERE seq <= ?1", SQL_INT(*ret_seq)));
        *ret_removed = msptk__tx_changes(tx);
        return MSPTK_OK;
}

msptk_status msptk__audit_prune(ctx *c, int64_t before, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_JSON msptk_json *detail = NULL;
        AUTO_TX store_tx *tx = NULL;
        int64_t seq, removed;

        TRY(msptk__tx_begin(c->store, TX_WRITE, 0, &tx, ret_err));
        TRY(remove_old(c, tx, before, &seq, &removed, ret_err));
        TRY(msptk__tx_commit(&tx, ret_err));
        if (!removed)
                return MSPTK_OK;
        msptk__obj_int(&o, "removed", removed);
        msptk__obj_int(&o, "up_to", seq);
        TRY(msptk__obj_end(&o, &detail, ret_err));
        return msptk__audit_record(c, "audit_prune", NULL, detail, ret_err);
}
