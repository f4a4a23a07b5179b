/*
 * A call of a tool, from its name to its reply: who may, how often, with what, about which client.
 * What only reads what is stored is asked at once; what goes outside or changes runs in the
 * background, tells its progress and can be cancelled.
 */
#include "mcp/offers.h"

#include <time.h>

#include <sys/random.h>

enum { BUSY_WAIT_MS = 1000 };

/* ---- a run ---- */

/* Asked of the system for many calls at once. The door has one thread. */
static void take_random(unsigned char *ret, size_t n)
{
        static unsigned char pool[1024];
        static size_t left;

        if (left < n) {
                if (getrandom(pool, sizeof(pool), 0) != sizeof(pool))
                        need(NULL);
                left = sizeof(pool);
        }
        left -= n;
        memcpy(ret, pool + left, n);
}

void make_trace(const mcp_call *c, char ret[TRACE_BYTES])
{
        static const char digits[] = "0123456789abcdef";
        const char *parent = mcp_call_trace(c);
        unsigned char bytes[16] = { 0 };

        if (parent) {
                memcpy(ret, parent + 3, 32);
                ret[32] = '\0';
                return;
        }
        take_random(bytes, sizeof(bytes));
        for (size_t i = 0; i < sizeof(bytes); i++) {
                ret[2 * i] = digits[bytes[i] >> 4];
                ret[2 * i + 1] = digits[bytes[i] & 15];
        }
        ret[32] = '\0';
}

static run *run_new(mcp_tools *t, mcp_call *c, const tool *o)
{
        run *r = need(calloc(1, sizeof(*r)));

        r->t = t;
        r->c = c;
        r->o = o;
        r->principal = copy_text(mcp_call_principal(c)->name);
        make_trace(c, r->trace);
        return r;
}

void run_free(run *r)
{
        if (r->o->writes || r->o->outside)
                look_soon(r->t);
        arguments_clear(&r->a);
        msptk_cancel_free(r->cancel);
        msptk_json_free(r->head);
        text_free(&r->rows);
        text_free(&r->lines);
        free(r->principal);
        free(r->client_id);
        free(r->client_name);
        free(r->plan_token);
        free(r->cursor);
        free(r->next);
        free(r);
}

/* ---- asking the library ---- */

static int32_t note_progress(void *user, int64_t at, int64_t total, const char *what)
{
        run *r = user;
        char *shown = safe(what ? what : "", CAP_NAME);

        mcp_progress(r->c, (double)at, (double)total, *shown ? shown : NULL);
        free(shown);
        return 0;
}

static void cancelled(void *user)
{
        msptk_cancel_trigger(((run *)user)->cancel);
}

/* What the caller brought may be refused. */
static msptk_status set_brought(run *r, msptk_call_opts *o, bool plan, msptk_error **ret_err)
{
        msptk_status st = MSPTK_OK;

        if (plan)
                return msptk_call_opts_set_int(o, "plan", 1, ret_err);
        if (r->plan_token)
                st = msptk_call_opts_set_str(o, "plan_token", r->plan_token, ret_err);
        if (st >= 0 && r->a.idempotency_key)
                st = msptk_call_opts_set_str(o, "idempotency_key", r->a.idempotency_key, ret_err);
        return st;
}

static msptk_call_opts *make_opts(run *r)
{
        msptk_call_opts *o = reading_opts(r->principal, r->trace);

        if (r->o->writes && r->t->opts.writes)
                put_ok(msptk_call_opts_set_int(o, "read_only", 0, NULL));
        return o;
}

static void told(void *user, msptk_status st, const msptk_result *result, const msptk_error *err)
{
        run *r = user;

        r->step(r, st, result ? msptk_result_json(result) : NULL, err);
}

static void at_once(run *r, const msptk_args *args, const msptk_call_opts *opts)
{
        msptk_error *err = NULL;
        msptk_result *result = NULL;
        msptk_status st = msptk_call(r->t->tk, args, opts, &result, &err);

        r->step(r, st, result ? msptk_result_json(result) : NULL, err);
        msptk_result_free(result);
        msptk_error_free(err);
}

static void in_background(run *r, const msptk_args *args, msptk_call_opts *opts)
{
        msptk_error *err = NULL;
        msptk_status st;

        if (!r->cancel) {
                r->cancel = need(msptk_cancel_new());
                mcp_on_cancel(r->c, cancelled, r);
        }
        msptk_call_opts_set_cancel(opts, r->cancel);
        msptk_call_opts_set_progress(opts, note_progress, r, NULL);
        st = msptk_call_async(r->t->tk, args, opts, told, r, NULL, &err);
        if (st == MSPTK_E_BUSY)
                reply_rate(r, "TOO_MANY_AT_ONCE", "too many calls run at once", BUSY_WAIT_MS);
        else if (st < 0)
                r->step(r, st, NULL, err);
        msptk_error_free(err);
}

void perform(run *r, bool plan, run_step step)
{
        msptk_call_opts *opts = make_opts(r);
        msptk_args *args = NULL;
        msptk_error *err = NULL;
        msptk_status st = set_brought(r, opts, plan, &err);

        r->step = step;
        if (st >= 0)
                st = need_toolkit(r->t, &err);
        if (st >= 0)
                st = msptk_args_from_json(r->o->name, r->a.values, &args, &err);
        if (st < 0)
                step(r, st, NULL, err);
        else if (r->o->writes || r->o->outside)
                in_background(r, args, opts);
        else
                at_once(r, args, opts);
        msptk_error_free(err);
        msptk_call_opts_free(opts);
        msptk_args_free(args);
}

/* ---- which client ---- */

/* The library knows a client by its id or exactly its name. False: the call has been answered. */
static bool find_client(run *r)
{
        const char *given = r->o->client_param ? get_str(r->a.values, r->o->client_param) : NULL;
        msptk_json *values, *found = NULL;
        msptk_error *err = NULL;
        msptk_status st;

        if (!given || !strcmp(r->o->name, "client_get")) /* it says the name itself */
                return true;
        values = new_object();
        put_str(values, "client_id", given);
        st = ask_library(r->t, r->principal, r->trace, "client_get", values, &found, &err);
        if (st < 0) {
                reply_failure(r, st, err);
        } else {
                r->client_id = copy_text(get_str(found, "id"));
                r->client_name = safe(get_str(found, "name"), CAP_NAME);
                put_str(r->a.values, r->o->client_param, r->client_id);
        }
        msptk_json_free(values);
        msptk_json_free(found);
        msptk_error_free(err);
        return st >= 0;
}

/* ---- the call ---- */

static void got_record(run *r, msptk_status st, const msptk_json *result, const msptk_error *err)
{
        if (st < 0)
                reply_failure(r, st, err);
        else
                reply_record(r, result);
}

/* What is entered in the trail of a call that goes no further: the library does not know the
 * arguments of this door, and enters nothing of a call that has some it does not know. */
static const msptk_json *values_to_note(run *r, const msptk_json *given)
{
        problem p;

        (void)take_arguments(r->o, given, &r->a, &p);
        problem_clear(&p);
        return r->a.values ? r->a.values : given;
}

/* The library refuses it as well, and says so in the audit trail; what it answers is not needed. */
static void note_denial(run *r, const msptk_json *given)
{
        msptk_json *answer = NULL;

        ask_library(r->t, r->principal, r->trace, r->o->name, values_to_note(r, given), &answer,
                    NULL);
        msptk_json_free(answer);
}

void note_refusal(run *r, const msptk_json *values, const char *why)
{
        msptk_call_opts *opts = reading_opts(r->principal, r->trace);
        msptk_args *args = NULL;
        msptk_result *result = NULL;

        put_ok(msptk_call_opts_set_str(opts, "refused", why, NULL));
        if (need_toolkit(r->t, NULL) == MSPTK_OK &&
            msptk_args_from_json(r->o->name, values, &args, NULL) == MSPTK_OK)
                (void)msptk_call(r->t->tk, args, opts, &result, NULL);
        msptk_result_free(result);
        msptk_args_free(args);
        msptk_call_opts_free(opts);
}

static void refuse(run *r, const msptk_json *given)
{
        note_denial(r, given);
        if (r->o->writes && !r->t->opts.writes)
                reply_refusal(r, "INVALID_PARAMETERS", "READ_ONLY",
                              "this server is read-only and changes nothing",
                              "tell a person what is to be done, or have the server started with "
                              "--enable-writes",
                              NULL);
        else
                reply_refusal(r, "INVALID_PARAMETERS", "SCOPE_MISSING",
                              "this principal may not use this tool",
                              "use a tool that is listed, or a token with the scope it needs",
                              NULL);
}

static bool within_limits(run *r, const msptk_json *given)
{
        int64_t wait = 0, now = (int64_t)time(NULL);

        if (mcp_limit_take(r->c, r->o->writes, &wait))
                return true;
        /* A flood is not to fill the trail: one entry a second tells of it. */
        if (now != r->t->limit_noted_s) {
                r->t->limit_noted_s = now;
                note_refusal(r, values_to_note(r, given), "TOO_MANY_REQUESTS");
        }
        reply_rate(r, "TOO_MANY_REQUESTS", "too many calls in a minute", wait);
        return false;
}

static bool take(run *r, const msptk_json *given)
{
        problem p;
        bool fine = take_arguments(r->o, given, &r->a, &p);

        if (!fine)
                reply_problem(r, &p);
        problem_clear(&p);
        return fine;
}

void call_tool(void *user, mcp_call *c, const char *name, const msptk_json *given)
{
        mcp_tools *t = user;
        const tool *o = tool_by_name(t, name);
        msptk_error *err = NULL;
        msptk_status st;
        run *r;

        if (!o) {
                mcp_error(c, MCP_INVALID_PARAMS, "there is no such tool", NULL);
                return;
        }
        r = run_new(t, c, o);
        if (!within_limits(r, given))
                return;
        if (!may_see(t, o, mcp_call_principal(c))) {
                refuse(r, given);
                return;
        }
        if (!take(r, given))
                return;
        st = need_toolkit(t, &err);
        if (st < 0)
                reply_failure(r, st, err);
        else if (find_client(r)) {
                if (o->writes)
                        confirm_and_change(r);
                else if (o->rows)
                        read_pages(r);
                else
                        perform(r, false, got_record);
        }
        msptk_error_free(err);
}
