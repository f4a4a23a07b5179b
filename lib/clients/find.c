/* Clients by what people call them: the id, or exactly the name. */
#define ROOM "clients"
#include "clients/internal.h"

#include <string.h>

enum { SHOWN_BYTES = 64, AMBIGUOUS_SHOWN = 10 };

/* What was given may be any text. */
static const char *shown(const char *given, buf *out)
{
        (void)msptk__text_clean(given, strlen(given), CLEAN_VISIBLE, SHOWN_BYTES, out);
        return msptk__buf_text(out);
}

/* For "did you mean"; NULL when none is near. */
static char *nearest(store_tx *tx, const char *sees, const char *given)
{
        char slug[SLUG_CAP];
        int64_t one = 0;

        /* A client that was deleted is not a slip of the pen. */
        if (msptk__query_int(tx, &one, NULL,
                             "SELECT 1 FROM client WHERE id = ?1 AND deleted_at > 0",
                             SQL_TEXT(given)) == MSPTK_OK)
                return NULL;
        if (!msptk__slug_valid(given) && msptk__slug_from_name(given, slug, sizeof(slug)))
                given = slug;
        return msptk__query_nearest(
                tx,
                "SELECT id FROM client WHERE deleted_at = 0 AND id >= ?1 AND id < ?2"
                " AND " ACT_SEES("?3", "client.id") " ORDER BY id LIMIT 500",
                given, SQL_TEXT(sees));
}

msptk_status msptk__client_not_found(store_tx *tx, const char *sees, const char *given,
                                     msptk_error **ret_err)
{
        AUTO_BUF buf text = BUF_INIT(4 * SHOWN_BYTES);
        AUTO_FREE char *near = nearest(tx, sees, given);

        if (near)
                fail_why(ret_err, MSPTK_E_NOTFOUND, "CLIENT_NOT_FOUND",
                         "use client_list to see the clients that exist",
                         "client '%s' not found; did you mean '%s'?", shown(given, &text), near);
        else
                fail_why(ret_err, MSPTK_E_NOTFOUND, "CLIENT_NOT_FOUND",
                         "use client_list to see the clients that exist", "client '%s' not found",
                         shown(given, &text));
        if (ret_err && msptk__slug_valid(given))
                msptk__error_set_client(*ret_err, given);
        return MSPTK_E_NOTFOUND;
}

static msptk_status take_id(store_stmt *q, char **ret_id, msptk_error **ret_err)
{
        msptk_status st = msptk__stmt_step(q, ret_err);

        if (st != MSPTK_OK)
                return st;
        *ret_id = msptk__stmt_dup(q, 0);
        return *ret_id ? MSPTK_OK : msptk__nomem(ret_err);
}

/* MSPTK_OK or MSPTK_DONE. */
static msptk_status by_id(store_tx *tx, const char *sees, const char *given, char **ret_id,
                          msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;

        if (!msptk__slug_valid(given))
                return MSPTK_DONE;
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT id FROM client WHERE id = ?1 AND deleted_at = 0"
                         " AND " ACT_SEES("?2", "client.id"),
                         SQL_TEXT(given), SQL_TEXT(sees)));
        return take_id(q, ret_id, ret_err);
}

static msptk_status ambiguous(store_stmt *q, const char *given, const char *first,
                              msptk_error **ret_err)
{
        AUTO_BUF buf ids = BUF_INIT((AMBIGUOUS_SHOWN + 1) * (SLUG_CAP + 4));
        AUTO_BUF buf text = BUF_INIT(4 * SHOWN_BYTES);
        msptk_status st = MSPTK_OK;

        msptk__buf_add_str(&ids, first);
        for (int n = 1; st == MSPTK_OK && n < AMBIGUOUS_SHOWN; n++) {
                msptk__buf_addf(&ids, ", %s", msptk__stmt_text(q, 0));
                st = msptk__stmt_step(q, ret_err);
        }
        if (st < 0)
                return st;
        return fail_why(ret_err, MSPTK_E_INVALID, "CLIENT_AMBIGUOUS", "name the client by its id",
                        "several clients are named '%s': %s%s", shown(given, &text),
                        msptk__buf_text(&ids), st == MSPTK_OK ? " and more" : "");
}

/* The same; E_INVALID when several have the name. */
static msptk_status by_name(store_tx *tx, const char *sees, const char *given, char **ret_id,
                            msptk_error **ret_err)
{
        AUTO_BUF buf folded = BUF_INIT(16384);
        AUTO_STMT store_stmt *q = NULL;
        AUTO_FREE char *id = NULL;
        msptk_status st;

        /* What no name can be is none. */
        if (msptk__text_fold(given, strlen(given), &folded) < 0 || folded.failed)
                return folded.failed == MSPTK_E_NOMEM ? msptk__nomem(ret_err) : MSPTK_DONE;
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT id FROM client WHERE folded = ?1 AND name = ?2 AND deleted_at = 0"
                         " AND " ACT_SEES("?3", "client.id") " ORDER BY id",
                         SQL_TEXT(msptk__buf_text(&folded)), SQL_TEXT(given), SQL_TEXT(sees)));
        TRY(st = take_id(q, &id, ret_err));
        if (st != MSPTK_OK)
                return st;
        TRY(st = msptk__stmt_step(q, ret_err));
        if (st == MSPTK_OK)
                return ambiguous(q, given, id, ret_err);
        *ret_id = STEAL(id);
        return MSPTK_OK;
}

static msptk_status look_for(store_tx *tx, const char *sees, const char *given, char **ret_id,
                             msptk_error **ret_err)
{
        msptk_status st = by_id(tx, sees, given, ret_id, ret_err);

        return st == MSPTK_DONE ? by_name(tx, sees, given, ret_id, ret_err) : st;
}

msptk_status msptk__client_find(act *a, store_tx *tx, const char *given, char **ret_id,
                                msptk_error **ret_err)
{
        const char *sees = msptk__act_sees(a);
        AUTO_FREE char *hidden = NULL;
        msptk_status st = look_for(tx, sees, given, ret_id, ret_err);

        if (st != MSPTK_DONE)
                return st;
        /* The trail is told what the principal is not. */
        if (sees && look_for(tx, NULL, given, &hidden, NULL) != MSPTK_DONE)
                msptk__act_deny(a, hidden);
        return msptk__client_not_found(tx, sees, given, ret_err);
}
