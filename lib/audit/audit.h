/*
 * Floor 4. Acts and the audit trail. Whatever is done, by msptk_call() or by a typed function, is
 * an act: it checks scope, limits, read-only mode and plan, carries the change's transaction, and
 * leaves a row in the hash chain.
 *
 * The flow of one call:   msptk_call / typed function -> msptk__act_run -> row->check (arguments)
 * -> checks -> fn -> audit row
 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include "base/base.h"
#include "audit/trail.h"

struct store_tx;

typedef struct audit audit;
typedef struct act act;

enum { SCOPE_READ, SCOPE_WRITE, SCOPE_EXECUTE, SCOPE_ADMIN, SCOPE_SECRET };
enum { EFFECT_READ, EFFECT_WRITE, EFFECT_DESTRUCTIVE };
enum { PLAN_NONE, PLAN_OPTIONAL, PLAN_REQUIRED };
/* What an operation is to a principal that may see some clients only: refused unless a client is
 * named; does what msptk__act_sees() leaves of its clients; refused. */
enum { CLIENTS_NAMED, CLIENTS_FILTERED, CLIENTS_NEVER };

/* Principals of API tokens: "token:NAME". */
#define PRINCIPAL_TOKEN "token:"

/* The work of an operation. `args` are complete: checked, aliases resolved, defaults filled in.
 * Gives a JSON object. */
typedef msptk_status (*act_fn)(act *a, const msptk_json *args, msptk_json **ret_result,
                               msptk_error **ret_err);

/* What an act needs to know of an operation; lib/ops registers one for each row when the toolkit
 * opens. */
typedef struct act_row {
        const char *name;
        int32_t scope;      /* SCOPE_* */
        int32_t effect;     /* EFFECT_*; the worst case over its arguments */
        int32_t outside;    /* 1: acts on other systems: intent row before, outcome row after, `fn`
                               makes its own transactions */
        int32_t plan;       /* PLAN_* */
        int64_t timeout_ms; /* default deadline; 0 for none */
        const char *client_param; /* parameter that names the client; NULL */
        int32_t clients;          /* CLIENTS_* */
        int32_t uncounted;        /* 1: not one of the principal's requests per minute */
        /* What was given as `client_param` as an id. MSPTK_DONE: there is no such client, which
         * `run` will say; never for a principal that may see some clients only: it is E_NOTFOUND
         * then. NULL: ids only. */
        msptk_status (*find_client)(act *a, struct store_tx *tx, const char *given, char **ret_id,
                                    msptk_error **ret_err);
        act_fn run;
        act_fn make_plan; /* says what run would do: {"changes": [...], "revision": ...}; NULL when
                             plan is PLAN_NONE */
        /* Gives the complete arguments (to be freed) and, in *ret_shown, those without secrets for
         * digest and audit. */
        msptk_status (*check)(const struct act_row *row, const ctx *c, const msptk_json *args,
                              msptk_json **ret_args, msptk_json **ret_shown, msptk_error **ret_err);
        const void *op; /* the row of lib/ops */
} act_row;

/* ---- the room's service ---- */
msptk_status msptk__audit_open(ctx *c, audit **ret_audit, msptk_error **ret_err);
void msptk__audit_close(audit *a); /* commits what waits in a group; NULL-safe */
msptk_status msptk__audit_flush(ctx *c, msptk_error **ret_err);
/* Before the first act. The row is copied, its texts are not. */
msptk_status msptk__act_register(audit *a, const act_row *row, msptk_error **ret_err);
const act_row *msptk__act_row(const audit *a, const char *name); /* NULL when unknown */

/* ---- doing ---- */

/* One whole act. `opts` may be NULL. With opts->plan the plan function runs instead and the result
 * holds "plan_token". `values` may be NULL for no arguments. */
msptk_status msptk__act_run(ctx *c, const char *operation, const msptk_json *values,
                            const msptk_call_opts *opts, msptk_json **ret_result,
                            msptk_error **ret_err);
/* A further page of an act that has ended well: same checks of arguments, no row of its own. Only
 * for EFFECT_READ. */
msptk_status msptk__act_continue(ctx *c, const char *operation, const msptk_json *values,
                                 const msptk_call_opts *opts, msptk_json **ret_result,
                                 msptk_error **ret_err);

/* For operations that must work when there is no store (config check, doctor): checks arguments and
 * deadline, no transaction, no audit row. msptk__act_tx() answers MSPTK_E_INTERNAL then. */
msptk_status msptk__act_run_bare(ctx *c, const act_row *row, const msptk_json *values,
                                 const msptk_call_opts *opts, msptk_json **ret_result,
                                 msptk_error **ret_err);
/* A row by itself, for work that no caller asked for by name (a retention run, a workspace just
 * made). */
msptk_status msptk__audit_record(ctx *c, const char *operation, const char *client_id,
                                 const msptk_json *detail, msptk_error **ret_err);

/* ---- what `fn` may ask of its act ---- */
ctx *msptk__act_ctx(const act *a);
/* The transaction of the change (EFFECT_WRITE and _DESTRUCTIVE that are not `outside`: one write
 * transaction for the whole act); for reads one read transaction, begun at first use. NULL never.
 */
msptk_status msptk__act_tx(act *a, struct store_tx **ret_tx, msptk_error **ret_err);
/* For outside acts, which make short transactions of their own: mode is TX_READ or TX_WRITE of
 * lib/store. */
msptk_status msptk__act_begin_tx(act *a, int32_t mode, struct store_tx **ret_tx,
                                 msptk_error **ret_err);
int64_t msptk__act_now(const act *a); /* one moment for the whole act */
const char *msptk__act_principal(const act *a);
const msptk_call_opts *msptk__act_opts(const act *a); /* never NULL; its cancel token may be */
int64_t msptk__act_deadline_left_ms(const act *a);    /* INT64_MAX when there is none */
/* Progress to the caller, on its thread; E_CALLBACK when it wants to stop, E_CANCELLED, E_TIMEOUT.
 */
msptk_status msptk__act_progress(act *a, int64_t done, int64_t total, const char *what,
                                 msptk_error **ret_err);
/* A fact for the audit row ("device_id": "..."); "client_id" also names the row's client when the
 * arguments do not. Never a secret. */
void msptk__act_note(act *a, const char *key, const char *value);

/* ---- who may see which clients ---- */
bool msptk__principal_is_token(const char *principal);
/* What ACT_SEES() binds; NULL: every client. It lives as long as the act. */
const char *msptk__act_sees(const act *a);
/* True in SQL for the clients that the act may see; `sees` is the parameter with msptk__act_sees().
 */
#define ACT_SEES(sees, client_id) \
        "(" sees \
        " IS NULL OR EXISTS (SELECT 1 FROM api_token_client seen WHERE seen.token = " sees \
        " AND seen.client_id = " client_id "))"
/* The same for one client: MSPTK_OK, or MSPTK_DONE, then the act is entered as denied whatever it
 * answers; it must answer as if the client, or the thing of it, did not exist. */
msptk_status msptk__act_may(act *a, struct store_tx *tx, const char *client_id,
                            msptk_error **ret_err);
/* Whether it may see one of `clients` (ended by NULL). Enters no denial. `tx` is one that the
 * caller has open; NULL: none is. */
msptk_status msptk__act_sees_any(act *a, struct store_tx *tx, const char *const *clients, bool *ret,
                                 msptk_error **ret_err);
/* For work that found out by itself. */
void msptk__act_deny(act *a, const char *client_id);
/* For whom something over all clients was made: "*", or the principal's token and its birth. What
 * was made for one audience is not shown to another. */
enum { AUDIENCE_CAP = 96 };
void msptk__act_audience(const act *a, char ret[AUDIENCE_CAP]);

/* ---- API tokens: the work of token_create {name, scopes, expires}, token_list, token_remove
 * {name} and token_check {token}. `clients` are ids that exist; NULL: all. ---- */
msptk_status msptk__token_create(act *a, const msptk_json *args, const msptk_json *clients,
                                 msptk_json **ret_result, msptk_error **ret_err);
msptk_status msptk__token_list(act *a, const msptk_json *args, msptk_json **ret_result,
                               msptk_error **ret_err);
msptk_status msptk__token_remove(act *a, const msptk_json *args, msptk_json **ret_result,
                                 msptk_error **ret_err);
msptk_status msptk__token_check(act *a, const msptk_json *args, msptk_json **ret_result,
                                msptk_error **ret_err);

const void *msptk__act_op(const act *a);          /* the row of lib/ops */
const msptk_json *msptk__act_given(const act *a); /* arguments as the caller gave them; or NULL */

/* ---- cursors ---- */
/* What goes outside instead of a room's own cursor, good for this operation, this audience and
 * these arguments only; to be freed. */
msptk_status msptk__act_seal(act *a, const msptk_json *bound, const char *cursor, char **ret,
                             msptk_error **ret_err);
/* The room's own again; E_INVALID (CURSOR_INVALID). */
msptk_status msptk__act_unseal(act *a, const msptk_json *bound, const char *text, char **ret,
                               msptk_error **ret_err);

/* ---- reading and proving the trail: the work of audit_list, audit_verify, audit_head ---- */
msptk_status msptk__audit_list(act *a, const msptk_json *args, msptk_json **ret_result,
                               msptk_error **ret_err);
msptk_status msptk__audit_verify(act *a, const msptk_json *args, msptk_json **ret_result,
                                 msptk_error **ret_err);
msptk_status msptk__audit_head(act *a, const msptk_json *args, msptk_json **ret_result,
                               msptk_error **ret_err);
/* Prunes whole signed segments older than `before` and keeps their heads; part of the retention of
 * health runs. */
msptk_status msptk__audit_prune(ctx *c, int64_t before, msptk_error **ret_err);

/* ---- secrets as acts: the work of secret_set {name, value}, secret_remove {name}, secret_list and
 * secret_rotate {passphrase?}, which are of the vault's noun but floors above it ---- */
msptk_status msptk__secret_set(act *a, const msptk_json *args, msptk_json **ret_result,
                               msptk_error **ret_err);
msptk_status msptk__secret_remove(act *a, const msptk_json *args, msptk_json **ret_result,
                                  msptk_error **ret_err);
msptk_status msptk__secret_list(act *a, const msptk_json *args, msptk_json **ret_result,
                                msptk_error **ret_err);
msptk_status msptk__secret_rotate(act *a, const msptk_json *args, msptk_json **ret_result,
                                  msptk_error **ret_err);

/* Numbers 20 to 29. */
extern const struct store_migration msptk__audit_migrations[];

#include "audit/typed.h"

#endif
