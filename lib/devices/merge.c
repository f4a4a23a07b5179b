/* Two devices that are one machine, and back. */
#define ROOM "devices"
#include "devices/internal.h"

#include <string.h>

/* Ids that are known as `root`, as a JSON array. */
static msptk_status members_of(store_tx *tx, const char *root, msptk_json **ret,
                               msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_JSON msptk_json *ids = msptk_json_new_array();
        msptk_status st;

        if (!ids)
                return msptk__nomem(ret_err);
        TRY(msptk__query(tx, &q, ret_err, "SELECT id FROM device WHERE root = ?1 ORDER BY id",
                         SQL_TEXT(root)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK)
                if (msptk_json_append_string(ids, msptk__stmt_text(q, 0)) < 0)
                        return msptk__nomem(ret_err);
        TRY(st);
        *ret = STEAL(ids);
        return MSPTK_OK;
}

msptk_status msptk__device_merge_rows(store_tx *tx, const char *from, const char *into,
                                      const char *why, const char *by, int64_t now,
                                      msptk_error **ret_err)
{
        AUTO_JSON msptk_json *members = NULL;
        AUTO_FREE char *text = NULL;

        TRY(members_of(tx, from, &members, ret_err));
        TRY(msptk_json_print(members, 0, &text, ret_err));
        TRY(msptk__exec(tx, ret_err,
                        "INSERT INTO device_merge (device, merged_into, members, why, who,"
                        " merged_at, undone_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
                        SQL_TEXT(from), SQL_TEXT(into), SQL_TEXT(text), SQL_TEXT(why), SQL_TEXT(by),
                        SQL_INT(now)));
        return msptk__exec(tx, ret_err, "UPDATE device SET root = ?2 WHERE root = ?1",
                           SQL_TEXT(from), SQL_TEXT(into));
}

/* ---- by hand ---- */

static msptk_status read_pair(act *a, const msptk_json *args, store_tx **ret_tx, device_row *from,
                              device_row *into, msptk_error **ret_err)
{
        TRY(msptk__act_tx(a, ret_tx, ret_err));
        TRY(msptk__device_find(a, *ret_tx, text_arg(args, "device_id"), from, ret_err));
        TRY(msptk__device_find(a, *ret_tx, text_arg(args, "into"), into, ret_err));
        if (!strcmp(from->id, into->id))
                return fail_why(ret_err, MSPTK_E_CONFLICT, "SAME_DEVICE",
                                "see device_get for what was merged into it",
                                "'%s' and '%s' are one device already", text_arg(args, "device_id"),
                                text_arg(args, "into"));
        if (strcmp(from->client_id, into->client_id))
                return fail_why(ret_err, MSPTK_E_CONFLICT, "CLIENT_DIFFERS",
                                "first move one of them with device_update",
                                "device '%s' belongs to client '%s', device '%s' to client '%s'",
                                from->id, from->client_id, into->id, into->client_id);
        return MSPTK_OK;
}

msptk_status msptk__device_merge(act *a, const msptk_json *args, msptk_json **ret,
                                 msptk_error **ret_err)
{
        AUTO_DEVICE device_row from = { 0 }, into = { 0 };
        store_tx *tx;

        TRY(read_pair(a, args, &tx, &from, &into, ret_err));
        TRY(msptk__device_merge_rows(tx, from.id, into.id, "by hand", msptk__act_principal(a),
                                     msptk__act_now(a), ret_err));
        msptk__act_note(a, "device_id", from.id);
        msptk__act_note(a, "into", into.id);
        return msptk__device_json(tx, into.id, msptk__act_now(a), msptk__act_sees(a), ret, ret_err);
}

msptk_status msptk__device_plan(const char *action, const char *id, msptk_json *before,
                                msptk_json *after, int64_t revision, msptk_json **ret,
                                msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        json_obj changes = msptk__array(), change = msptk__obj();

        msptk__obj_str(&change, "action", action);
        msptk__obj_str(&change, "what", "device");
        msptk__obj_str(&change, "id", id);
        if (before)
                msptk__obj_json(&change, "before", before);
        if (after)
                msptk__obj_json(&change, "after", after);
        msptk__array_take(&changes, &change);
        msptk__obj_take(&o, "changes", &changes);
        msptk__obj_int(&o, "revision", revision);
        return msptk__obj_end(&o, ret, ret_err);
}

/* {"device_id", "name", "part_of"} */
static msptk_status part(const device_row *d, const char *of, msptk_json **ret,
                         msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();

        msptk__obj_str(&o, "device_id", d->id);
        msptk__obj_str(&o, "name", d->name);
        msptk__obj_str_or_null(&o, "part_of", of);
        return msptk__obj_end(&o, ret, ret_err);
}

static msptk_status plan_parts(const char *action, const device_row *d, const char *before_of,
                               const char *after_of, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_JSON msptk_json *before = NULL, *after = NULL;

        TRY(part(d, before_of, &before, ret_err));
        TRY(part(d, after_of, &after, ret_err));
        return msptk__device_plan(action, d->id, STEAL(before), STEAL(after), d->revision, ret,
                                  ret_err);
}

msptk_status msptk__device_merge_plan(act *a, const msptk_json *args, msptk_json **ret,
                                      msptk_error **ret_err)
{
        AUTO_DEVICE device_row from = { 0 }, into = { 0 };
        store_tx *tx;

        TRY(read_pair(a, args, &tx, &from, &into, ret_err));
        return plan_parts("merge", &from, NULL, into.id, ret, ret_err);
}

/* ---- and back ---- */

typedef struct undo {
        device_row d;
        int64_t merge_id;
        char *members;
} undo;

static void undo_clear(undo *u)
{
        msptk__device_clear(&u->d);
        msptk__free(u->members);
}
#define AUTO_UNDO __attribute__((cleanup(undo_clear)))

static msptk_status read_undo(store_tx *tx, const char *id, undo *u, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_DEVICE device_row root = { 0 };
        msptk_status st;

        TRY(msptk__device_read(tx, id, &root, ret_err));
        TRY(msptk__device_row(tx, id, &u->d, ret_err));
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT id, members FROM device_merge WHERE device = ?1"
                         " AND undone_at = 0 ORDER BY id DESC LIMIT 1",
                         SQL_TEXT(id)));
        st = msptk__stmt_step(q, ret_err);
        if (st == MSPTK_DONE)
                return fail_why(ret_err, MSPTK_E_CONFLICT, "NOT_MERGED",
                                "device_get lists under 'merged' what can be taken apart",
                                "device '%s' was not merged into another one", id);
        TRY(st);
        u->merge_id = msptk__stmt_int(q, 0);
        u->members = msptk__stmt_dup(q, 1);
        return u->members ? MSPTK_OK : msptk__nomem(ret_err);
}

msptk_status msptk__device_unmerge_rows(store_tx *tx, const char *id, int64_t now,
                                        msptk_error **ret_err)
{
        AUTO_UNDO undo u = { 0 };
        AUTO_JSON msptk_json *members = NULL;

        TRY(read_undo(tx, id, &u, ret_err));
        TRY(msptk_json_parse(u.members, strlen(u.members), &members, ret_err));
        /* A part that was taken out of the whole by itself meanwhile stays what it is. */
        for (const msptk_json *m = msptk_json_first(members); m; m = msptk_json_next(m))
                TRY(msptk__exec(
                        tx, ret_err, "UPDATE device SET root = ?2 WHERE id = ?1 AND root = ?3",
                        SQL_TEXT(msptk_json_string(m, "")), SQL_TEXT(u.d.id), SQL_TEXT(u.d.root)));
        return msptk__exec(tx, ret_err, "UPDATE device_merge SET undone_at = ?2 WHERE id = ?1",
                           SQL_INT(u.merge_id), SQL_INT(now));
}

msptk_status msptk__device_unmerge(act *a, const msptk_json *args, msptk_json **ret,
                                   msptk_error **ret_err)
{
        const char *id = text_arg(args, "device_id");
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__device_check(a, tx, id, ret_err));
        TRY(msptk__device_unmerge_rows(tx, id, msptk__act_now(a), ret_err));
        msptk__act_note(a, "device_id", id);
        return msptk__device_json(tx, id, msptk__act_now(a), msptk__act_sees(a), ret, ret_err);
}

msptk_status msptk__device_unmerge_plan(act *a, const msptk_json *args, msptk_json **ret,
                                        msptk_error **ret_err)
{
        AUTO_UNDO undo u = { 0 };
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__device_check(a, tx, text_arg(args, "device_id"), ret_err));
        TRY(read_undo(tx, text_arg(args, "device_id"), &u, ret_err));
        return plan_parts("unmerge", &u.d, u.d.root, NULL, ret, ret_err);
}
