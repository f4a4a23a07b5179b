/*
 * Changes: plan -> question -> change. The plan is the library's, sealed by it: bound to principal,
 * operation, arguments and what is to be changed, good for ten minutes and once. It travels as the
 * state of a question to the person behind the client, or, where the client cannot ask, as a
 * confirmation_token that a second call has to bring. Only the client's own answer to the question
 * counts as consent; nothing in a text does.
 */
#include "mcp/inside.h"

enum { CHANGES_SHOWN = 10, FIELDS_SHOWN = 12, WORDS_CAP = 120 };
static const char QUESTION[] = "confirm";

/* ---- the plan in short: of each change what differs ---- */

static bool is_noise(const char *key)
{
        static const char *const keys[] = { "schema", "revision", "created_at", "updated_at",
                                            "changed_at" };

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                if (!strcmp(key, keys[i]))
                        return true;
        return false;
}

static bool same(const msptk_json *a, const msptk_json *b)
{
        char *left = print_tree(a), *right = print_tree(b);
        bool equal = !strcmp(left, right);

        free(left);
        free(right);
        return equal;
}

static void add_field(msptk_json *fields, const char *key, const msptk_json *from,
                      const msptk_json *to)
{
        msptk_json *f;

        if (is_noise(key) || same(from, to))
                return;
        f = add_object(fields);
        put_str(f, "field", key);
        if (from)
                put(f, "from", copy_tree(from));
        if (to)
                put(f, "to", copy_tree(to));
}

static void put_fields(msptk_json *into, const msptk_json *change)
{
        const msptk_json *before = msptk_json_get(change, "before");
        const msptk_json *after = msptk_json_get(change, "after");
        msptk_json *fields = put_array(into, "fields");

        for (const msptk_json *v = msptk_json_first(after); v; v = msptk_json_next(v))
                add_field(fields, msptk_json_key(v), msptk_json_get(before, msptk_json_key(v)), v);
        for (const msptk_json *v = msptk_json_first(before); v; v = msptk_json_next(v))
                if (!msptk_json_get(after, msptk_json_key(v)))
                        add_field(fields, msptk_json_key(v), v, NULL);
}

static msptk_json *short_change(const msptk_json *change)
{
        msptk_json *made = new_object();
        const msptk_json *some = msptk_json_get(change, "before");

        for (const msptk_json *v = msptk_json_first(change); v; v = msptk_json_next(v))
                if (strcmp(msptk_json_key(v), "before") != 0 &&
                    strcmp(msptk_json_key(v), "after") != 0)
                        put(made, msptk_json_key(v), copy_tree(v));
        some = some ? some : msptk_json_get(change, "after");
        /* what it is called, beside its id */
        if (!msptk_json_get(made, "name") && get_str(some, "name"))
                put_str(made, "name", get_str(some, "name"));
        if (get_str(some, "message"))
                put_str(made, "about", get_str(some, "message"));
        put_fields(made, change);
        return made;
}

static msptk_json *short_plan(const msptk_json *plan)
{
        msptk_json *clean = safe_tree(plan, CAP_CONCISE), *made = new_object();
        msptk_json *changes = put_array(made, "changes");
        const msptk_json *all = msptk_json_get(clean, "changes");
        size_t n = 0;

        for (const msptk_json *v = msptk_json_first(all); v && n < 5 * CHANGES_SHOWN;
             v = msptk_json_next(v), n++)
                add(changes, short_change(v));
        if (msptk_json_count(all) > n)
                put_int(made, "changes_left_out", (int64_t)(msptk_json_count(all) - n));
        msptk_json_free(clean);
        return made;
}

/* ---- the plan in words, for a person ---- */

/* Foreign words in quotes, without quotes of their own, on one line, and no link to click. */
static void add_quoted(text *t, const msptk_json *v)
{
        text cell = { 0 };

        add_cell(&cell, v, WORDS_CAP);
        text_add(t, "\"");
        for (const char *s = text_str(&cell); *s; s++)
                if (!strncmp(s, "://", 3)) {
                        text_add(t, "[:]//");
                        s += 2;
                } else {
                        text_addn(t, *s == '"' ? "'" : s, 1);
                }
        text_add(t, "\"");
        text_free(&cell);
}

static void add_change(text *t, const msptk_json *change)
{
        size_t n = 0;

        text_add(t, "- ");
        add_quoted(t, msptk_json_get(change, "action"));
        text_add(t, " ");
        add_quoted(t, msptk_json_get(change, "what"));
        text_add(t, " ");
        add_quoted(t, msptk_json_get(change, "id"));
        if (get_str(change, "name")) {
                text_add(t, ", called ");
                add_quoted(t, msptk_json_get(change, "name"));
        }
        if (get_str(change, "about")) {
                text_add(t, ", about ");
                add_quoted(t, msptk_json_get(change, "about"));
        }
        text_add(t, "\n");
        for (const msptk_json *f = msptk_json_first(msptk_json_get(change, "fields")); f;
             f = msptk_json_next(f)) {
                if (++n > FIELDS_SHOWN)
                        continue;
                text_add(t, "  ");
                add_quoted(t, msptk_json_get(f, "field"));
                text_add(t, ": ");
                add_quoted(t, msptk_json_get(f, "from"));
                text_add(t, " -> ");
                add_quoted(t, msptk_json_get(f, "to"));
                text_add(t, "\n");
        }
        if (n > FIELDS_SHOWN)
                text_addf(t, "  and %zu more fields\n", n - FIELDS_SHOWN);
}

static void add_plan(text *t, const run *r, const msptk_json *plan)
{
        const msptk_json *changes = msptk_json_get(plan, "changes");
        size_t n = 0, all = msptk_json_count(changes) +
                            (size_t)msptk_json_int(msptk_json_get(plan, "changes_left_out"), 0);

        text_addf(t, "%s (%s)", msptk_json_string(msptk_json_get(r->o->row, "title"), ""),
                  r->o->name);
        if (r->client_id) {
                text_addf(t, " for client %s", r->client_id);
                if (r->client_name) {
                        text_add(t, " ");
                        add_name(t, r->client_name);
                }
        }
        text_add(t, ":\n");
        if (!all)
                text_add(t, "- nothing changes\n");
        for (const msptk_json *v = msptk_json_first(changes); v && n < CHANGES_SHOWN;
             v = msptk_json_next(v), n++)
                add_change(t, v);
        if (all > n)
                text_addf(t, "- and %zu more changes\n", all - n);
}

/* ---- asking ---- */

static bool can_ask(const run *r)
{
        return mcp_call_client_has(r->c, "elicitation.form");
}

static msptk_json *question(const char *message)
{
        msptk_json *requests = new_object(), *ask = put_object(requests, QUESTION), *params;
        msptk_json *schema, *field;

        put_str(ask, "method", "elicitation/create");
        params = put_object(ask, "params");
        put_str(params, "mode", "form");
        put_str(params, "message", message);
        schema = put_object(params, "requestedSchema");
        put_str(schema, "type", "object");
        field = put_object(put_object(schema, "properties"), QUESTION);
        put_str(field, "type", "boolean");
        put_str(field, "title", "Carry out this plan");
        put_bool(field, "default", false);
        add_str(put_array(schema, "required"), QUESTION);
        return requests;
}

static void put_confirmation(msptk_json *into, const msptk_json *plan)
{
        msptk_json *confirmation = put_object(into, "confirmation");

        put_str(confirmation, "status", "required");
        put_str(confirmation, "confirmation_token", get_str(plan, "plan_token"));
        put_str(confirmation, "expires_at", get_str(plan, "plan_expires_at"));
}

/* A client that cannot ask: the plan is the answer, and a second call carries it out. */
static void reply_plan(run *r, const msptk_json *plan, msptk_json *in_short)
{
        msptk_json *structured = new_object();
        text t = { 0 };

        put_client(r, structured);
        put_confirmation(structured, plan);
        put(structured, "plan", in_short);
        text_add(&t, "Nothing has been changed. The plan: ");
        add_plan(&t, r, in_short);
        text_add(&t, "Words in quotes come from devices and people. ");
        text_addf(&t,
                  "Show it to a person. Only if they agree, call %s again with the same arguments "
                  "and confirmation_token = %s (good until %s, once).\n",
                  r->o->name, get_str(plan, "plan_token"), get_str(plan, "plan_expires_at"));
        reply_with(r->c, t.data, structured, false);
        run_free(r);
}

/* The client of what is to be changed, where all of it is one client's. */
static void learn_planned_client(run *r, const msptk_json *plan)
{
        const msptk_json *first = msptk_json_first(msptk_json_get(plan, "changes"));
        const msptk_json *some = msptk_json_get(first, "before");

        some = some ? some : msptk_json_get(first, "after");
        if (some && !msptk_json_next(first))
                learn_client(r, some);
}

static void got_plan(run *r, msptk_status st, const msptk_json *plan, const msptk_error *err)
{
        msptk_json *in_short;
        text t = { 0 };

        if (st < 0) {
                reply_failure(r, st, err);
                return;
        }
        in_short = short_plan(plan);
        learn_planned_client(r, plan);
        if (!can_ask(r)) {
                reply_plan(r, plan, in_short);
                return;
        }
        add_plan(&t, r, in_short);
        text_add(&t, "Words in quotes come from devices and people.");
        msptk_json_free(in_short);
        mcp_ask(r->c, question(t.data), get_str(plan, "plan_token"));
        text_free(&t);
        run_free(r);
}

/* ---- the answer ---- */

static void reply_declined(run *r, const char *status)
{
        msptk_json *structured = new_object();
        text t = { 0 };

        note_refusal(r, r->a.values, "NOT_CONFIRMED");
        put_client(r, structured);
        put_str(put_object(structured, "confirmation"), "status", status);
        text_addf(&t, "%s: not confirmed (%s). Nothing has been changed.\n", r->o->name, status);
        reply_with(r->c, t.data, structured, false);
        run_free(r);
}

/* What was to be changed is not as it was: the error brings the plan as it would be now. */
static void got_new_plan(run *r, msptk_status st, const msptk_json *plan, const msptk_error *err)
{
        msptk_json *details = new_object();
        text suggestion = { 0 };

        if (st < 0) {
                msptk_json_free(details);
                reply_failure(r, st, err);
                return;
        }
        put(details, "plan", short_plan(plan));
        if (!can_ask(r))
                put_confirmation(details, plan);
        text_addf(&suggestion, "look at details.plan; if it is still wanted, call %s again%s",
                  r->o->name,
                  can_ask(r) ? ", and the person is asked anew"
                             : " with details.confirmation.confirmation_token");
        reply_refusal(r, "INVALID_PARAMETERS", "PLAN_STALE",
                      "what the plan changes is no longer as it was when it was made",
                      suggestion.data, details);
        text_free(&suggestion);
}

/* A state or token that is not one of ours for this very call: a malformed request. */
static void reply_bad_state(run *r, const msptk_error *err)
{
        msptk_json *data = new_object();

        put_str(data, "reason", msptk_error_reason(err));
        put_str(data, "suggestion", "call the tool again without it to get a new plan");
        put_str(data, "correlation_id", r->trace);
        mcp_error(r->c, MCP_INVALID_PARAMS, "the confirmation does not belong to this call", data);
        run_free(r);
}

static bool is_bad_state(const char *reason)
{
        static const char *const reasons[] = { "PLAN_FORGED", "PLAN_MISMATCH", "PLAN_EXPIRED",
                                               "PLAN_USED" };

        for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
                if (!strcmp(reason, reasons[i]))
                        return true;
        return false;
}

static void changed(run *r, msptk_status st, const msptk_json *result, const msptk_error *err)
{
        const char *reason = err ? msptk_error_reason(err) : "";

        if (st >= 0)
                reply_record(r, result);
        else if (is_bad_state(reason))
                reply_bad_state(r, err);
        else if (!strcmp(reason, "PLAN_STALE"))
                perform(r, true, got_new_plan);
        else
                reply_failure(r, st, err);
}

static void carry_out(run *r, const char *token)
{
        if (strlen(token) > CONFIRMATION_MAX) {
                mcp_error(r->c, MCP_INVALID_PARAMS, "the confirmation does not belong to this call",
                          NULL);
                run_free(r);
                return;
        }
        r->plan_token = copy_text(token);
        perform(r, false, changed);
}

/* The client's answer to our question. */
static void take_answer(run *r, const msptk_json *answer, const char *state)
{
        const char *action = get_str(answer, "action");
        const msptk_json *yes = msptk_json_get(msptk_json_get(answer, "content"), QUESTION);

        if (action && !strcmp(action, "accept")) {
                if (msptk_json_bool(yes, 0) == 1)
                        carry_out(r, state);
                else
                        reply_declined(r, "declined");
        } else if (action && !strcmp(action, "decline")) {
                reply_declined(r, "declined");
        } else if (action && !strcmp(action, "cancel")) {
                reply_declined(r, "cancelled");
        } else {
                mcp_error(r->c, MCP_INVALID_PARAMS,
                          "an answer has the action accept, decline or cancel", NULL);
                run_free(r);
        }
}

void confirm_and_change(run *r)
{
        const msptk_json *answer = mcp_answer(r->c, QUESTION);
        const char *state = mcp_state(r->c);

        if (!strcmp(msptk_json_string(msptk_json_get(r->o->row, "plan"), ""), "none"))
                reply_refusal(r, "INVALID_PARAMETERS", "PLAN_UNSUPPORTED",
                              "this change cannot be planned, so it is not for agents",
                              "tell a person what is to be done", NULL);
        else if (answer && state)
                take_answer(r, answer, state);
        else if (r->a.confirmation_token)
                carry_out(r, r->a.confirmation_token);
        else
                perform(r, true, got_plan); /* also an answer without a plan is no consent */
}
