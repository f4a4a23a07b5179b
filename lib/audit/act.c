/* The act: from a call to its row in the trail. */
#define ROOM "audit"
#include "audit/internal.h"

#include <string.h>

/* ---- making and ending ---- */

static void act_clear(act *a)
{
        msptk__tx_rollback(&a->tx);
        msptk__cancel_unref(a->token);
        msptk__free(a->client_id);
        if (a->shown != a->args)
                msptk_json_free(a->shown);
        msptk_json_free(a->args);
        msptk_json_free(a->notes);
}
#define AUTO_ACT_CLEAR __attribute__((cleanup(act_clear)))

static msptk_status find_client(act *a, msptk_error **ret_err)
{
        const char *id = NULL;

        if (a->row->client_param)
                id = msptk_json_string(msptk_json_get(a->args, a->row->client_param), NULL);
        if (!id)
                return MSPTK_OK;
        a->client_id = msptk__strdup(id);
        return a->client_id ? MSPTK_OK : msptk__nomem(ret_err);
}

static msptk_status fill_opts(act *a, const msptk_call_opts *opts, msptk_error **ret_err)
{
        int64_t timeout;

        if (opts)
                a->opts = *opts;
        if (!a->opts.principal)
                a->opts.principal = (char *)(a->c->principal ? a->c->principal : "unknown");
        if (!a->opts.door)
                a->opts.door = (char *)"c";
        if (!a->opts.trace_id) {
                TRY(msptk__uuid7(a->now, a->trace_id, ret_err));
                a->opts.trace_id = a->trace_id;
        }
        timeout = a->opts.timeout_ms > 0 ? a->opts.timeout_ms : a->row->timeout_ms;
        a->token = msptk__cancel_new(a->opts.cancel,
                                     a->c->work ? msptk__work_cancel(a->c->work) : NULL,
                                     timeout > 0 ? timeout : -1);
        if (!a->token)
                return msptk__nomem(ret_err);
        a->opts.cancel = a->token;
        return MSPTK_OK;
}

static int32_t mode_of(const act_row *row, const msptk_call_opts *opts)
{
        if (opts && opts->plan)
                return ACT_PLANNING;
        if (row->effect == EFFECT_READ)
                return ACT_READ;
        return row->outside ? ACT_OUTSIDE : ACT_CHANGE;
}

msptk_status msptk__act_digest(act *a, msptk_error **ret_err)
{
        return msptk__canon_digest(a->shown ? a->shown : a->args, a->digest, ret_err);
}

static msptk_status act_make(act *a, ctx *c, const act_row *row, const msptk_json *values,
                             const msptk_call_opts *opts, msptk_error **ret_err)
{
        *a = (act){ .c = c,
                    .row = row,
                    .now = msptk__now(c),
                    .mode = mode_of(row, opts),
                    .given = values };
        TRY(fill_opts(a, opts, ret_err));
        if (row->check)
                TRY(row->check(row, c, values, &a->args, &a->shown, ret_err));
        else if (!(a->args = values ? msptk_json_copy(values) : msptk_json_new_object()))
                return msptk__nomem(ret_err);
        TRY(find_client(a, ret_err));
        return msptk__act_digest(a, ret_err);
}

static msptk_status find_row(const ctx *c, const char *operation, const act_row **ret,
                             msptk_error **ret_err)
{
        if (!c->audit)
                return fail(ret_err, MSPTK_E_CLOSED, "do '%s': the toolkit is not open", operation);
        *ret = msptk__act_row(c->audit, operation);
        if (*ret)
                return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_INVALID, "OPERATION_NOT_FOUND",
                        "see msptk_operations() for those that exist", "there is no operation '%s'",
                        operation);
}

/* ---- what is left in the trail ---- */

static int32_t failed_as(const act *a)
{
        return a->denied ? AUDIT_DENIED : AUDIT_FAILED;
}

/* Denials, reads and failures: in order, in groups. */
/* What nobody's limit counts (a token that is tried) is told once a second when it fails: whoever
 * guesses is not to fill the trail. */
static bool is_told_already(act *a, msptk_status st)
{
        audit *au = a->c->audit;
        int64_t second = a->now / 1000000;
        bool told;

        if (!a->row->uncounted || st >= 0)
                return false;
        pthread_mutex_lock(&au->lock);
        told = au->guessed_s == second;
        au->guessed_s = second;
        pthread_mutex_unlock(&au->lock);
        return told;
}

static void leave(act *a, int32_t outcome, msptk_status st, msptk_error *const *err)
{
        entry *e;

        if (is_told_already(a, st))
                return;
        e = msptk__entry_new(a, outcome, st, st < 0 && err ? *err : NULL);
        if (e)
                msptk__queue_add(a->c->audit, e);
        else
                msptk__log(a->c, LOG_ERROR, ROOM, "no memory for an audit entry of '%s'",
                           a->row->name);
}

/* `e` belongs to this function. */
static msptk_status commit_with(act *a, store_tx **tx, entry *e, msptk_error **ret_err)
{
        audit *au = a->c->audit;
        entry_list taken = { 0 };
        msptk_status st;

        if (!e)
                return msptk__nomem(ret_err);
        st = msptk__queue_write(au, *tx, e, &taken, ret_err);
        msptk__entry_free(e);
        if (st < 0) {
                msptk__wrap(ret_err, MSPTK_E_AUDIT,
                            "write the audit row of '%s'; nothing was changed", a->row->name);
                st = MSPTK_E_AUDIT;
        } else {
                st = msptk__tx_commit(tx, ret_err);
        }
        if (st < 0)
                msptk__queue_give_back(au, &taken);
        else
                msptk__entries_clear(&taken);
        return st;
}

/* ---- the four ways to run ---- */

static msptk_status run_read(act *a, msptk_json **ret_result, msptk_error **ret_err)
{
        msptk_status st = a->row->run(a, a->args, ret_result, ret_err);

        msptk__tx_rollback(&a->tx);
        leave(a, st < 0 ? failed_as(a) : AUDIT_OK, st, ret_err);
        return st;
}

static msptk_status make_plan(act *a, msptk_json **ret_result, msptk_error **ret_err)
{
        AUTO_JSON msptk_json *plan = NULL;
        store_tx *tx;

        TRY(a->row->make_plan(a, a->args, &plan, ret_err));
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__plan_seal(a, tx, plan, ret_err));
        *ret_result = STEAL(plan);
        return MSPTK_OK;
}

static msptk_status run_planning(act *a, msptk_json **ret_result, msptk_error **ret_err)
{
        msptk_status st = make_plan(a, ret_result, ret_err);

        msptk__tx_rollback(&a->tx);
        leave(a, st < 0 ? failed_as(a) : AUDIT_PLANNED, st, ret_err);
        return st;
}

static msptk_status change(act *a, msptk_json **ret_result, msptk_error **ret_err)
{
        AUTO_JSON msptk_json *result = NULL;
        store_tx *tx;
        msptk_status st;

        TRY(msptk__act_tx(a, &tx, ret_err));
        st = msptk__once_begin(a, tx, &result, ret_err);
        if (st == MSPTK_OK) {
                if (a->has_plan) {
                        TRY(msptk__plan_use(a, tx, ret_err));
                        TRY(msptk__plan_confirm(a, ret_err));
                }
                TRY(a->row->run(a, a->args, &result, ret_err));
                TRY(msptk__once_end(a, tx, result, ret_err));
        } else if (st == MSPTK_DONE) {
                msptk__act_note(a, "replayed", "true");
        } else {
                return st;
        }
        TRY(msptk__cancel_check(a->token, a->row->name, ret_err));
        TRY(commit_with(a, &a->tx, msptk__entry_new(a, AUDIT_OK, MSPTK_OK, NULL), ret_err));
        *ret_result = STEAL(result);
        return MSPTK_OK;
}

static msptk_status run_change(act *a, msptk_json **ret_result, msptk_error **ret_err)
{
        msptk_status st = change(a, ret_result, ret_err);

        msptk__tx_rollback(&a->tx);
        if (st < 0) {
                leave(a, failed_as(a), st, ret_err);
                (void)msptk__queue_flush(a->c->audit, NULL);
        } else if (a->settle_vault && msptk__vault_settle(a->c->vault, NULL) < 0) {
                msptk__log(a->c, LOG_WARNING, ROOM,
                           "the new vault key is in force, but its file could not be put in place");
        }
        return st;
}

/* MSPTK_DONE when an idempotency key answers it. */
static msptk_status intend(act *a, msptk_json **ret_result, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        msptk_status st;

        TRY(msptk__tx_begin(a->c->store, TX_WRITE, 0, &tx, ret_err));
        st = msptk__once_begin(a, tx, ret_result, ret_err);
        if (st != MSPTK_OK)
                return st;
        if (a->has_plan)
                TRY(msptk__plan_use(a, tx, ret_err));
        return commit_with(a, &tx, msptk__entry_new(a, AUDIT_INTENT, MSPTK_OK, NULL), ret_err);
}

static msptk_status confirm_outside(act *a, msptk_error **ret_err)
{
        msptk_status st;

        if (!a->has_plan)
                return MSPTK_OK;
        a->mode = ACT_PLANNING;
        st = msptk__plan_confirm(a, ret_err);
        msptk__tx_rollback(&a->tx);
        a->mode = ACT_OUTSIDE;
        return st;
}

/* The effect has happened, or has not; it can no longer be held back. When its row cannot be
 * written now it stays queued: the next change fails until it can. */
static void record_outcome(act *a, msptk_status st, const msptk_json *result,
                           msptk_error *const *err)
{
        AUTO_ERROR msptk_error *why = NULL;
        AUTO_TX store_tx *tx = NULL;
        msptk_status kept = msptk__tx_begin(a->c->store, TX_WRITE, 0, &tx, &why);

        if (kept == MSPTK_OK && a->opts.idempotency_key)
                kept = st < 0 ? msptk__once_forget(a, tx, &why)
                              : msptk__once_end(a, tx, result, &why);
        if (kept == MSPTK_OK)
                kept = commit_with(a, &tx,
                                   msptk__entry_new(a, st < 0 ? failed_as(a) : AUDIT_OK, st,
                                                    st < 0 && err ? *err : NULL),
                                   &why);
        if (kept == MSPTK_OK)
                return;
        msptk__tx_rollback(&tx);
        msptk__log(a->c, LOG_ERROR, ROOM, "the outcome of '%s' could not be recorded yet: %s",
                   a->row->name, msptk_error_message(why));
        leave(a, st < 0 ? failed_as(a) : AUDIT_OK, st, err);
}

static msptk_status run_outside(act *a, msptk_json **ret_result, msptk_error **ret_err)
{
        msptk_status st = confirm_outside(a, ret_err);

        if (st == MSPTK_OK)
                st = intend(a, ret_result, ret_err);
        if (st != MSPTK_OK) {
                if (st == MSPTK_DONE)
                        msptk__act_note(a, "replayed", "true");
                leave(a, st < 0 ? failed_as(a) : AUDIT_OK, st < 0 ? st : MSPTK_OK, ret_err);
                return st < 0 ? st : MSPTK_OK;
        }
        st = a->row->run(a, a->args, ret_result, ret_err);
        record_outcome(a, st, st < 0 ? NULL : *ret_result, ret_err);
        return st;
}

static msptk_status run_mode(act *a, msptk_json **ret_result, msptk_error **ret_err)
{
        switch (a->mode) {
        case ACT_CHANGE:
                return run_change(a, ret_result, ret_err);
        case ACT_OUTSIDE:
                return run_outside(a, ret_result, ret_err);
        case ACT_PLANNING:
                return run_planning(a, ret_result, ret_err);
        default:
                return run_read(a, ret_result, ret_err);
        }
}

/* ---- the doors of this file ---- */

static void count_acts(audit *au, int32_t by)
{
        pthread_mutex_lock(&au->lock);
        au->acts += by;
        pthread_mutex_unlock(&au->lock);
}

msptk_status msptk__act_run(ctx *c, const char *operation, const msptk_json *values,
                            const msptk_call_opts *opts, msptk_json **ret_result,
                            msptk_error **ret_err)
{
        AUTO_ACT_CLEAR act a = { 0 };
        AUTO_ERROR msptk_error *why = NULL;
        msptk_json *result = NULL;
        const act_row *row;
        msptk_status st;

        TRY(find_row(c, operation, &row, ret_err));
        TRY(act_make(&a, c, row, values, opts, ret_err));
        /* The trail wants the reason also when the caller does not. */
        if (!ret_err)
                ret_err = &why;
        st = msptk__act_admit(c->audit, &a, ret_err);
        if (st < 0) {
                leave(&a, AUDIT_DENIED, st, ret_err);
                return st;
        }
        count_acts(c->audit, 1);
        msptk__gate_doing(c->gate, row->name);
        st = run_mode(&a, &result, ret_err);
        msptk__gate_done(c->gate, row->name);
        count_acts(c->audit, -1);
        if (st < 0) {
                msptk_json_free(result);
                return st;
        }
        *ret_result = result;
        return MSPTK_OK;
}

/* For acts that leave no row when they are done: a denial does. */
static msptk_status allowed(act *a, msptk_error **ret_err)
{
        AUTO_ERROR msptk_error *why = NULL;
        msptk_status st;

        if (!ret_err)
                ret_err = &why;
        st = msptk__act_allowed(a, ret_err);
        if (st < 0 && a->c->audit)
                leave(a, AUDIT_DENIED, st, ret_err);
        return st;
}

msptk_status msptk__act_continue(ctx *c, const char *operation, const msptk_json *values,
                                 const msptk_call_opts *opts, msptk_json **ret_result,
                                 msptk_error **ret_err)
{
        AUTO_ACT_CLEAR act a = { 0 };
        const act_row *row;
        msptk_status st;

        TRY(find_row(c, operation, &row, ret_err));
        if (row->effect != EFFECT_READ)
                return fail(ret_err, MSPTK_E_UNSUPPORTED, "'%s' has no further pages", operation);
        TRY(act_make(&a, c, row, values, opts, ret_err));
        TRY(allowed(&a, ret_err));
        msptk__gate_doing(c->gate, row->name);
        st = row->run(&a, a.args, ret_result, ret_err);
        msptk__gate_done(c->gate, row->name);
        return st;
}

msptk_status msptk__act_run_bare(ctx *c, const act_row *row, const msptk_json *values,
                                 const msptk_call_opts *opts, msptk_json **ret_result,
                                 msptk_error **ret_err)
{
        AUTO_ACT_CLEAR act a = { 0 };
        msptk_status st;

        TRY(act_make(&a, c, row, values, opts, ret_err));
        if (a.mode == ACT_PLANNING)
                return fail_why(ret_err, MSPTK_E_PLAN, "PLAN_UNSUPPORTED",
                                "call it without asking for a plan", "'%s' cannot be planned",
                                row->name);
        a.mode = ACT_BARE;
        TRY(allowed(&a, ret_err));
        msptk__gate_doing(c->gate, row->name);
        st = row->run(&a, a.args, ret_result, ret_err);
        msptk__gate_done(c->gate, row->name);
        return st;
}

msptk_status msptk__audit_record(ctx *c, const char *operation, const char *client_id,
                                 const msptk_json *detail, msptk_error **ret_err)
{
        act_row row = { .name = operation, .scope = SCOPE_ADMIN };
        AUTO_ACT_CLEAR act a = { 0 };
        entry *e;
        msptk_status st;

        if (!c->audit)
                return fail(ret_err, MSPTK_E_CLOSED, "record '%s': the toolkit is not open",
                            operation);
        TRY(act_make(&a, c, &row, detail, NULL, ret_err));
        a.client_id = msptk__strdup(client_id);
        a.shown = a.args;
        e = msptk__entry_new(&a, AUDIT_OK, MSPTK_OK, NULL);
        if (!e)
                return msptk__nomem(ret_err);
        st = msptk__entry_commit(c->audit, e, ret_err);
        msptk__entry_free(e);
        return st;
}

/* ---- what the work may ask ---- */

ctx *msptk__act_ctx(const act *a)
{
        return a->c;
}

int64_t msptk__act_wait_ms(const act *a)
{
        int64_t left = msptk__deadline_left_ms(a->token);

        /* 0 would mean the store's own. */
        return left == INT64_MAX ? 0 : left > 0 ? left : 1;
}

static msptk_status need_store(const act *a, msptk_error **ret_err)
{
        if (a->mode != ACT_BARE && a->c->store)
                return MSPTK_OK;
        return fail(ret_err, MSPTK_E_INTERNAL, "'%s' works without a database", a->row->name);
}

msptk_status msptk__act_tx(act *a, struct store_tx **ret_tx, msptk_error **ret_err)
{
        TRY(need_store(a, ret_err));
        if (a->mode == ACT_OUTSIDE)
                return fail(ret_err, MSPTK_E_INTERNAL,
                            "'%s' acts on the outside and makes transactions of its own",
                            a->row->name);
        if (!a->tx)
                TRY(msptk__tx_begin(a->c->store, a->mode == ACT_CHANGE ? TX_WRITE : TX_READ,
                                    msptk__act_wait_ms(a), &a->tx, ret_err));
        *ret_tx = a->tx;
        return MSPTK_OK;
}

msptk_status msptk__act_begin_tx(act *a, int32_t mode, struct store_tx **ret_tx,
                                 msptk_error **ret_err)
{
        TRY(need_store(a, ret_err));
        if (a->tx)
                return fail(ret_err, MSPTK_E_INTERNAL, "'%s' has a transaction open already",
                            a->row->name);
        return msptk__tx_begin(a->c->store, mode, msptk__act_wait_ms(a), ret_tx, ret_err);
}

int64_t msptk__act_now(const act *a)
{
        return a->now;
}

const char *msptk__act_principal(const act *a)
{
        return a->opts.principal;
}

const msptk_call_opts *msptk__act_opts(const act *a)
{
        return &a->opts;
}

int64_t msptk__act_deadline_left_ms(const act *a)
{
        return msptk__deadline_left_ms(a->token);
}

msptk_status msptk__act_progress(act *a, int64_t so_far, int64_t total, const char *what,
                                 msptk_error **ret_err)
{
        TRY(msptk__cancel_check(a->token, a->row->name, ret_err));
        if (a->opts.progress && a->opts.progress(a->opts.progress_user, so_far, total, what))
                return fail(ret_err, MSPTK_E_CALLBACK, "'%s' was stopped by the caller",
                            a->row->name);
        return MSPTK_OK;
}

void msptk__act_note(act *a, const char *key, const char *value)
{
        enum { NOTES_MAX = 16, NOTE_BYTES = 256 };
        char text[NOTE_BYTES + 1];
        size_t len;

        if (!value || a->note_count >= NOTES_MAX)
                return;
        if (!a->notes)
                a->notes = msptk_json_new_object();
        len = msptk__utf8_cut(value, strlen(value), NOTE_BYTES);
        memcpy(text, value, len);
        text[len] = '\0';
        if (a->notes && msptk_json_set_string(a->notes, key, text) == MSPTK_OK)
                a->note_count++;
        if (!a->client_id && (!strcmp(key, "client_id") ||
                              (a->row->client_param && !strcmp(key, a->row->client_param))))
                a->client_id = msptk__strdup(text);
}
