/* What adapters do to one device: bring an agent onto it, run a command on it; and the alerts that
 * they raise themselves. */
#define ROOM "devices"
#include "devices/internal.h"

#include <string.h>

/* ---- the device, and the adapter that answers for it ---- */

typedef struct target {
        instance *i;
        device_row d;
        char *vendor_id, *serial, *machine_id, *macs;
} target;

static void target_clear(target *t)
{
        msptk__device_clear(&t->d);
        msptk__free(t->vendor_id);
        msptk__free(t->serial);
        msptk__free(t->machine_id);
        msptk__free(t->macs);
}
#define AUTO_TARGET __attribute__((cleanup(target_clear)))

/* Keys of one kind, joined by commas; NULL when there are none. */
static msptk_status read_keys(store_tx *tx, const char *root, const char *kind, char **ret,
                              msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_BUF buf text = BUF_INIT(8192);
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT DISTINCT k.value FROM device_key k JOIN device m"
                         " ON m.id = k.device WHERE m.root = ?1 AND k.kind = ?2 AND k.state = 1"
                         " ORDER BY k.value",
                         SQL_TEXT(root), SQL_TEXT(kind)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                msptk__buf_add_str(&text, text.len ? "," : "");
                msptk__buf_add_str(&text, msptk__stmt_text(q, 0));
        }
        TRY(st);
        TRY(msptk__buf_status(&text, ROOM, "the keys of a device", ret_err));
        if (text.len && !(*ret = msptk__buf_steal(&text)))
                return msptk__nomem(ret_err);
        return MSPTK_OK;
}

/* Its id at the adapter: with an adapter named, at that one; otherwise at the first that has the
 * capability. */
static msptk_status find_source(act *a, store_tx *tx, const char *adapter, uint32_t capability,
                                target *t, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT s.adapter, s.vendor_id FROM device_source s JOIN device m"
                         " ON m.id = s.device WHERE m.root = ?1 AND (?2 IS NULL OR s.adapter = ?2)"
                         " ORDER BY s.adapter, s.vendor_id",
                         SQL_TEXT(t->d.id), SQL_TEXT(adapter)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                instance *i = NULL;

                if (msptk__instance_find(msptk__act_ctx(a)->registry, msptk__stmt_text(q, 0), &i,
                                         NULL) < 0)
                        continue;
                if (!adapter && !(msptk__instance_info(i)->capabilities & capability))
                        continue;
                t->i = i;
                t->vendor_id = msptk__stmt_dup(q, 1);
                return t->vendor_id ? MSPTK_OK : msptk__nomem(ret_err);
        }
        return st;
}

static msptk_status read_target(act *a, store_tx *tx, const msptk_json *args, uint32_t capability,
                                target *t, msptk_error **ret_err)
{
        const char *adapter = text_arg(args, "adapter");
        instance *i = NULL;
        msptk_status st;

        if (adapter)
                TRY(msptk__instance_named(a, tx, adapter, &i, ret_err));
        TRY(msptk__device_find(a, tx, text_arg(args, "device_id"), &t->d, ret_err));
        TRY(read_keys(tx, t->d.id, "serial", &t->serial, ret_err));
        TRY(read_keys(tx, t->d.id, "machine_id", &t->machine_id, ret_err));
        TRY(read_keys(tx, t->d.id, "mac", &t->macs, ret_err));
        st = find_source(a, tx, adapter, capability, t, ret_err);
        TRY(st);
        if (st == MSPTK_OK)
                return MSPTK_OK;
        /* An agent can be brought onto a device that its adapter does not know yet. */
        if (capability == CAP_DEPLOY) {
                if (!i)
                        TRY(msptk__instance_named(a, tx, NULL, &i, ret_err));
                t->i = i;
                return MSPTK_OK;
        }
        return fail_why(ret_err, MSPTK_E_UNSUPPORTED, "NO_ADAPTER_FOR_DEVICE",
                        "see device_get for the adapters that know it",
                        "no adapter that can do this knows device '%s'", t->d.id);
}

static msptk_status read_target_now(act *a, const msptk_json *args, uint32_t capability, target *t,
                                    msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__act_begin_tx(a, TX_READ, &tx, ret_err));
        TRY(read_target(a, tx, args, capability, t, ret_err));
        if (!msptk__instance_serves(t->i, t->d.client_id))
                return fail_why(ret_err, MSPTK_E_DENIED, "ADAPTER_NOT_FOR_CLIENT",
                                "add the client to the adapter's 'clients' in the configuration",
                                "adapter '%s' does not serve client '%s'",
                                msptk__instance_info(t->i)->name, t->d.client_id);
        msptk__act_note(a, "device_id", t->d.id);
        msptk__act_note(a, "client_id", t->d.client_id);
        msptk__act_note(a, "adapter", msptk__instance_info(t->i)->name);
        return MSPTK_OK;
}

/* ---- one call on the pool ---- */

typedef struct effort {
        target t;
        const char **command; /* NULL: deploy */
        msptk_json *words;    /* owns what `command` points to */
        msptk_program_result result;
        char *evidence;
} effort;

static void effort_free(void *user)
{
        effort *e = user;

        target_clear(&e->t);
        msptk__program_result_clear(&e->result);
        msptk__free(e->evidence);
        msptk__free(e->command);
        msptk_json_free(e->words);
        msptk__free(e);
}

static msptk_status make_effort(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        effort *e = user;
        msptk_device_row row = { .struct_size = sizeof(row),
                                 .vendor_id = e->t.vendor_id,
                                 .name = e->t.d.name,
                                 .serial = e->t.serial,
                                 .machine_id = e->t.machine_id,
                                 .macs = e->t.macs,
                                 .os = e->t.d.os,
                                 .kind = e->t.d.kind,
                                 .address = e->t.d.address,
                                 .last_seen = e->t.d.seen_at };

        (void)self;
        if (e->command)
                return msptk__adapter_execute(e->t.i, e->t.vendor_id, e->command, tok, &e->result,
                                              ret_err);
        return msptk__adapter_deploy(e->t.i, &row, tok, &e->evidence, ret_err);
}

/* Runs the effort (taken) and gives it back in *d. */
static msptk_status run_effort(act *a, effort *e, const char *label, done *d, msptk_error **ret_err)
{
        AUTO_GROUP group *g = NULL;
        msptk_status st = msptk__group_new(msptk__act_ctx(a)->work, msptk__act_opts(a)->cancel,
                                           label, NULL, &g, ret_err);

        if (st < 0) {
                effort_free(e);
                return st;
        }
        TRY(msptk__group_task(g, 0, label, make_effort, effort_free, e, ret_err));
        TRY(msptk__group_next(g, d, -1, ret_err));
        if (d->status < 0) {
                if (ret_err)
                        *ret_err = STEAL(d->err);
                return d->status;
        }
        return MSPTK_OK;
}

/* ---- agent_deploy ---- */

msptk_status msptk__device_deploy(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_DONE done d = { 0 };
        AUTO_TX store_tx *tx = NULL;
        effort *e = msptk__alloc(sizeof(*e));
        msptk_status st;

        if (!e)
                return msptk__nomem(ret_err);
        st = read_target_now(a, args, CAP_DEPLOY, &e->t, ret_err);
        if (st < 0) {
                effort_free(e);
                return st;
        }
        TRY(run_effort(a, e, "deploy an agent", &d, ret_err));
        e = d.user;
        /* Success is what was seen; an adapter that cannot say how it saw it has not seen it. */
        if (!e->evidence || !*e->evidence)
                return fail_why(ret_err, MSPTK_E_TIMEOUT, "NOT_OBSERVED",
                                "look at the device, then at the adapter",
                                "adapter '%s' did not say how it saw the agent on device '%s'",
                                msptk__instance_info(e->t.i)->name, e->t.d.id);
        TRY(msptk__act_begin_tx(a, TX_WRITE, &tx, ret_err));
        TRY(msptk__device_seen(tx, e->t.d.id, MSPTK_PRESENCE_UP, msptk__now(msptk__act_ctx(a)),
                               ret_err));
        TRY(msptk__tx_commit(&tx, ret_err));
        msptk__obj_str(&o, "schema", "msptk.agent_deployed/1");
        msptk__obj_str(&o, "device_id", e->t.d.id);
        msptk__obj_str(&o, "client_id", e->t.d.client_id);
        msptk__obj_str(&o, "adapter", msptk__instance_info(e->t.i)->name);
        msptk__obj_bool(&o, "checked_in", true);
        msptk__obj_str(&o, "evidence", e->evidence);
        msptk__obj_time(&o, "observed_at", msptk__now(msptk__act_ctx(a)));
        return msptk__obj_end(&o, ret, ret_err);
}

msptk_status msptk__device_deploy_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err)
{
        AUTO_TARGET target t = { 0 };
        AUTO_OBJ json_obj after = msptk__obj();
        msptk_json *view = NULL;
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(read_target(a, tx, args, CAP_DEPLOY, &t, ret_err));
        msptk__obj_str(&after, "adapter", msptk__instance_info(t.i)->name);
        msptk__obj_str(&after, "agent", "deployed, and seen to check in");
        TRY(msptk__obj_end(&after, &view, ret_err));
        return msptk__device_plan("deploy an agent", t.d.id, NULL, view, t.d.revision, ret,
                                  ret_err);
}

/* ---- command_run ---- */

/* Output as people may see it; *raw says that something was taken out. */
static msptk_status add_output(json_obj *o, const char *key, const char *raw_key, const char *text,
                               size_t len, msptk_error **ret_err)
{
        enum { OUTPUT_MAX = 256 * 1024 };
        AUTO_BUF buf out = BUF_INIT(2 * OUTPUT_MAX);

        msptk__text_clean(text ? text : "", len, CLEAN_LINES, OUTPUT_MAX, &out);
        TRY(msptk__buf_status(&out, ROOM, "the output of a command", ret_err));
        msptk__obj_str(o, key, msptk__buf_text(&out));
        msptk__obj_bool(o, raw_key, out.len != len || (len && memcmp(out.data, text, len) != 0));
        return MSPTK_OK;
}

static msptk_status command_json(const effort *e, msptk_json **ret, msptk_error **ret_err)
{
        const msptk_program_result *r = &e->result;
        AUTO_OBJ json_obj o = msptk__obj();

        msptk__obj_str(&o, "schema", "msptk.command_result/1");
        msptk__obj_str(&o, "device_id", e->t.d.id);
        msptk__obj_str(&o, "client_id", e->t.d.client_id);
        msptk__obj_str(&o, "adapter", msptk__instance_info(e->t.i)->name);
        if (r->ended == MSPTK_PROGRAM_EXITED)
                msptk__obj_int(&o, "exit_status", r->code);
        else
                msptk__obj_null(&o, "exit_status");
        if (r->ended == MSPTK_PROGRAM_SIGNALLED)
                msptk__obj_int(&o, "signalled", r->code);
        else
                msptk__obj_null(&o, "signalled");
        msptk__obj_bool(&o, "timed_out", r->ended == MSPTK_PROGRAM_TIMED_OUT);
        msptk__obj_bool(&o, "started", r->ended != MSPTK_PROGRAM_NOT_STARTED);
        msptk__obj_bool(&o, "lost", r->ended == MSPTK_PROGRAM_LOST);
        TRY(add_output(&o, "stdout", "stdout_cleaned", r->out, r->out_len, ret_err));
        TRY(add_output(&o, "stderr", "stderr_cleaned", r->err, r->err_len, ret_err));
        msptk__obj_bool(&o, "truncated", r->truncated != 0);
        msptk__obj_int(&o, "took_ms", r->wall_us / 1000);
        return msptk__obj_end(&o, ret, ret_err);
}

static msptk_status take_words(const msptk_json *args, effort *e, msptk_error **ret_err)
{
        const msptk_json *argv = msptk_json_get(args, "argv");
        size_t n = 0;

        e->words = msptk_json_copy(argv);
        e->command = msptk__alloc_array(msptk_json_count(argv) + 1, sizeof(*e->command));
        if (!e->words || !e->command)
                return msptk__nomem(ret_err);
        for (const msptk_json *w = msptk_json_first(e->words); w; w = msptk_json_next(w))
                e->command[n++] = msptk_json_string(w, "");
        return MSPTK_OK;
}

msptk_status msptk__device_command(act *a, const msptk_json *args, msptk_json **ret,
                                   msptk_error **ret_err)
{
        AUTO_DONE done d = { 0 };
        effort *e = msptk__alloc(sizeof(*e));
        msptk_status st;

        if (!e)
                return msptk__nomem(ret_err);
        st = read_target_now(a, args, CAP_COMMANDS, &e->t, ret_err);
        if (st == MSPTK_OK)
                st = take_words(args, e, ret_err);
        if (st < 0) {
                effort_free(e);
                return st;
        }
        TRY(run_effort(a, e, "run a command", &d, ret_err));
        return command_json(d.user, ret, ret_err);
}

/* ---- adapter_alerts ---- */

typedef struct alerts_question {
        instance *i;
        char *client_id, *vendor_client;
        int64_t since;
        json_obj rows;
        int64_t count;
} alerts_question;

static void alerts_question_free(void *user)
{
        alerts_question *q = user;

        msptk__free(q->client_id);
        msptk__free(q->vendor_client);
        msptk__obj_clear(&q->rows);
        msptk__free(q);
}

static const char *severity(int32_t state)
{
        if (state == MSPTK_STATE_CRITICAL)
                return "critical";
        if (state == MSPTK_STATE_WARNING)
                return "warning";
        return state == MSPTK_STATE_OK ? "info" : "unknown";
}

static void add_clean(json_obj *o, const char *key, const char *text)
{
        AUTO_BUF buf out = BUF_INIT(8192);

        if (text)
                msptk__text_clean(text, strlen(text), 0, 2000, &out);
        if (out.failed && !o->failed)
                o->failed = out.failed;
        msptk__obj_str_or_null(o, key, text ? msptk__buf_text(&out) : NULL);
}

static msptk_status keep_alert(void *user, const msptk_alert_row *row)
{
        enum { ALERTS_MAX = 10000 };
        alerts_question *q = user;
        json_obj o = msptk__obj();

        if (q->count++ >= ALERTS_MAX)
                return MSPTK_E_TOOBIG;
        add_clean(&o, "vendor_alert", row->vendor_alert);
        msptk__obj_str(&o, "severity", severity(row->severity));
        msptk__obj_bool(&o, "ended", row->severity == MSPTK_STATE_OK);
        add_clean(&o, "vendor_id", row->vendor_id);
        add_clean(&o, "check", row->check);
        add_clean(&o, "instance", row->instance);
        add_clean(&o, "message", row->message);
        msptk__obj_time(&o, "at", row->at);
        msptk__array_take(&q->rows, &o);
        return q->rows.failed < 0 ? q->rows.failed : MSPTK_OK;
}

static msptk_status ask_alerts(void *user, job *self, cancel *tok, msptk_error **ret_err)
{
        alerts_question *q = user;
        msptk_query query = { .struct_size = sizeof(query),
                              .client_id = q->client_id,
                              .vendor_client = q->vendor_client,
                              .since = q->since };
        adapter_sink sink = { .alert = keep_alert, .user = q };

        (void)self;
        return msptk__adapter_alerts(q->i, &query, &sink, tok, ret_err);
}

static msptk_status make_question(act *a, const msptk_json *args, alerts_question *q,
                                  msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        AUTO_CLIENT client_row c = { 0 };
        instance *rmm = NULL;

        TRY(msptk__instance_named(a, NULL, text_arg(args, "adapter"), &q->i, ret_err));
        TRY(msptk__act_begin_tx(a, TX_READ, &tx, ret_err));
        TRY(msptk__client_read(tx, text_arg(args, "client_id"), &c, ret_err));
        if (!msptk__instance_serves(q->i, c.id))
                return fail_why(ret_err, MSPTK_E_DENIED, "ADAPTER_NOT_FOR_CLIENT",
                                "add the client to the adapter's 'clients' in the configuration",
                                "adapter '%s' does not serve client '%s'",
                                msptk__instance_info(q->i)->name, c.id);
        if (msptk__instance_find(msptk__act_ctx(a)->registry, NULL, &rmm, NULL) >= 0 && rmm == q->i)
                q->vendor_client = STEAL(c.rmm_id);
        if (q->vendor_client && !*q->vendor_client) {
                msptk__free(q->vendor_client);
                q->vendor_client = NULL;
        }
        q->client_id = STEAL(c.id);
        q->since = msptk_json_int(msptk_json_get(args, "since"), 0);
        return MSPTK_OK;
}

/* Whether the vendor's device is known to be one of a client that the act may not see. */
static msptk_status is_hidden(act *a, store_tx *tx, const alerts_question *q, const msptk_json *row,
                              bool *ret, msptk_error **ret_err)
{
        int64_t n = 0;

        TRY(msptk__query_int(tx, &n, ret_err,
                             "SELECT count(*) FROM device_source s JOIN device m ON m.id = s.device"
                             " JOIN device d ON d.id = m.root WHERE s.adapter = ?1"
                             " AND s.vendor_id = ?2 AND NOT " ACT_SEES("?3", "d.client_id"),
                             SQL_TEXT(msptk__instance_info(q->i)->name),
                             SQL_TEXT(text_arg(row, "vendor_id")), SQL_TEXT(msptk__act_sees(a))));
        *ret = n > 0;
        return MSPTK_OK;
}

/* Vendors that know nothing of our clients answer for all of theirs. */
static msptk_status keep_seen(act *a, alerts_question *q, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        AUTO_OBJ json_obj kept = msptk__array();

        if (!msptk__act_sees(a))
                return MSPTK_OK;
        TRY(msptk__act_begin_tx(a, TX_READ, &tx, ret_err));
        q->count = 0;
        for (const msptk_json *row = msptk_json_first(q->rows.json); row;
             row = msptk_json_next(row)) {
                msptk_json *copy;
                bool hidden;

                TRY(is_hidden(a, tx, q, row, &hidden, ret_err));
                if (hidden)
                        continue;
                if (!(copy = msptk_json_copy(row)))
                        return msptk__nomem(ret_err);
                msptk__array_json(&kept, copy);
                q->count++;
        }
        msptk__obj_clear(&q->rows);
        q->rows = kept;
        kept = (json_obj){ 0 };
        return MSPTK_OK;
}

msptk_status msptk__adapter_alerts_op(act *a, const msptk_json *args, msptk_json **ret,
                                      msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_GROUP group *g = NULL;
        AUTO_DONE done d = { 0 };
        alerts_question *q = msptk__alloc(sizeof(*q));
        msptk_status st;

        if (!q)
                return msptk__nomem(ret_err);
        q->rows = msptk__array();
        st = make_question(a, args, q, ret_err);
        if (st == MSPTK_OK)
                st = msptk__group_new(msptk__act_ctx(a)->work, msptk__act_opts(a)->cancel,
                                      "adapter alerts", NULL, &g, ret_err);
        if (st < 0) {
                alerts_question_free(q);
                return st;
        }
        TRY(msptk__group_task(g, 0, "adapter alerts", ask_alerts, alerts_question_free, q,
                              ret_err));
        TRY(msptk__group_next(g, &d, -1, ret_err));
        if (d.status < 0) {
                if (ret_err)
                        *ret_err = STEAL(d.err);
                return d.status;
        }
        q = d.user;
        TRY(keep_seen(a, q, ret_err));
        msptk__obj_str(&o, "schema", "msptk.adapter_alerts/1");
        msptk__obj_str(&o, "adapter", msptk__instance_info(q->i)->name);
        msptk__obj_str(&o, "client_id", q->client_id);
        msptk__obj_int(&o, "count", q->count);
        msptk__obj_take(&o, "alerts", &q->rows);
        return msptk__obj_end(&o, ret, ret_err);
}
