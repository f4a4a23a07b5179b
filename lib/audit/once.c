/* Idempotency keys: a change that is asked for twice with the same key is done once, and answered
 * twice. */
#define ROOM "audit"
#include "audit/internal.h"

#include <string.h>

static msptk_status answer(act *a, store_stmt *q, msptk_json **ret_result, msptk_error **ret_err)
{
        const char *text = msptk__stmt_text_or_null(q, 1);

        if (strcmp(msptk__stmt_text(q, 0), a->digest))
                return fail_why(ret_err, MSPTK_E_CONFLICT, "IDEMPOTENCY_KEY_REUSED",
                                "use a new key for a new request",
                                "the idempotency key '%s' was used for other arguments",
                                a->opts.idempotency_key);
        if (!text)
                return fail_why(ret_err, MSPTK_E_CONFLICT, "IDEMPOTENCY_IN_DOUBT",
                                "look whether it happened before asking again with a new key",
                                "the call with the idempotency key '%s' has begun and not ended",
                                a->opts.idempotency_key);
        TRY(msptk__json_parse(text, strlen(text), STORE_VALUE_LIMIT, JSON_MAX_DEPTH, ret_result,
                              ret_err));
        return MSPTK_DONE;
}

msptk_status msptk__once_begin(act *a, store_tx *tx, msptk_json **ret_result, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        if (!a->opts.idempotency_key)
                return MSPTK_OK;
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT args_digest, result FROM act_once WHERE principal = ?1 AND "
                         "op = ?2 AND once_key = ?3",
                         SQL_TEXT(a->opts.principal), SQL_TEXT(a->row->name),
                         SQL_TEXT(a->opts.idempotency_key)));
        st = msptk__stmt_step(q, ret_err);
        if (st == MSPTK_OK)
                return answer(a, q, ret_result, ret_err);
        if (st < 0)
                return st;
        return msptk__exec(tx, ret_err,
                           "INSERT INTO act_once (principal, op, once_key, args_digest, at) "
                           "VALUES (?1, ?2, ?3, ?4, ?5)",
                           SQL_TEXT(a->opts.principal), SQL_TEXT(a->row->name),
                           SQL_TEXT(a->opts.idempotency_key), SQL_TEXT(a->digest), SQL_INT(a->now));
}

msptk_status msptk__once_end(act *a, store_tx *tx, const msptk_json *result, msptk_error **ret_err)
{
        AUTO_BUF buf text = BUF_INIT(STORE_VALUE_LIMIT);

        if (!a->opts.idempotency_key)
                return MSPTK_OK;
        msptk__json_print(&text, result, 0);
        TRY(msptk__buf_status(&text, ROOM, "the result", ret_err));
        return msptk__exec(tx, ret_err,
                           "UPDATE act_once SET result = ?4 WHERE principal = ?1 AND op = ?2 AND "
                           "once_key = ?3",
                           SQL_TEXT(a->opts.principal), SQL_TEXT(a->row->name),
                           SQL_TEXT(a->opts.idempotency_key), SQL_TEXT_N(text.data, text.len));
}

msptk_status msptk__once_forget(act *a, store_tx *tx, msptk_error **ret_err)
{
        if (!a->opts.idempotency_key)
                return MSPTK_OK;
        return msptk__exec(
                tx, ret_err,
                "DELETE FROM act_once WHERE principal = ?1 AND op = ?2 AND once_key = ?3",
                SQL_TEXT(a->opts.principal), SQL_TEXT(a->row->name),
                SQL_TEXT(a->opts.idempotency_key));
}
