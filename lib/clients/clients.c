/* Changing clients: create, update, delete, and the plans of these. */
#define ROOM "clients"
#include "clients/internal.h"

#include <string.h>

static const char *text_arg(const msptk_json *args, const char *key)
{
        return msptk_json_string(msptk_json_get(args, key), NULL);
}

static msptk_status fold_name(const client_row *c, char **ret, msptk_error **ret_err)
{
        AUTO_BUF buf folded = BUF_INIT(16384);

        (void)msptk__text_fold(c->name, strlen(c->name), &folded);
        TRY(msptk__buf_status(&folded, ROOM, "the folded name", ret_err));
        *ret = msptk__buf_steal(&folded);
        return *ret ? MSPTK_OK : msptk__nomem(ret_err);
}

static msptk_status take_text(char **slot, const msptk_json *args, const char *key,
                              msptk_error **ret_err)
{
        const char *text = text_arg(args, key);

        if (!text)
                return MSPTK_OK;
        return msptk__replace(slot, *text ? text : NULL) < 0 ? msptk__nomem(ret_err) : MSPTK_OK;
}

static msptk_status take_json(char **slot, const msptk_json *args, const char *key,
                              msptk_error **ret_err)
{
        const msptk_json *value = msptk_json_get(args, key);
        char *text = NULL;

        if (!value)
                return MSPTK_OK;
        TRY(msptk_json_print(value, 0, &text, ret_err));
        msptk__free(*slot);
        *slot = text;
        return MSPTK_OK;
}

static msptk_status take_args(client_row *c, const msptk_json *args, msptk_error **ret_err)
{
        const char *name = text_arg(args, "name");

        if (name && !name[strspn(name, " \t\n")])
                return fail(ret_err, MSPTK_E_INVALID, "the name of a client must not be blank");
        if (name && name[strcspn(name, "\t\n")])
                return fail(ret_err, MSPTK_E_INVALID, "the name of a client must be one line");
        TRY(take_text(&c->name, args, "name", ret_err));
        TRY(take_text(&c->tier, args, "tier", ret_err));
        TRY(take_text(&c->status, args, "status", ret_err));
        TRY(take_text(&c->contact, args, "contact", ret_err));
        TRY(take_text(&c->rmm_id, args, "rmm_id", ret_err));
        TRY(take_json(&c->contacts, args, "contacts", ret_err));
        return take_json(&c->fields, args, "fields", ret_err);
}

msptk_status msptk__client_draft(const msptk_json *args, int64_t now, client_row *c,
                                 msptk_error **ret_err)
{
        char slug[SLUG_CAP];
        const char *id = text_arg(args, "id");

        TRY(take_args(c, args, ret_err));
        if (!id) {
                if (!msptk__slug_from_name(c->name, slug, sizeof(slug)))
                        return fail(ret_err, MSPTK_E_INVALID,
                                    "no id can be made from the name '%.64s'; give one", c->name);
                id = slug;
        }
        c->id = msptk__strdup(id);
        if (!c->contacts)
                c->contacts = msptk__strdup("[]");
        if (!c->fields)
                c->fields = msptk__strdup("{}");
        if (!c->id || !c->contacts || !c->fields)
                return msptk__nomem(ret_err);
        c->created_at = c->updated_at = now;
        c->revision = 1;
        return MSPTK_OK;
}

static msptk_status refuse_taken(store_tx *tx, const client_row *c, msptk_error **ret_err)
{
        int64_t deleted_at = 0;
        msptk_status st =
                msptk__query_int(tx, &deleted_at, ret_err,
                                 "SELECT deleted_at FROM client WHERE id = ?1", SQL_TEXT(c->id));

        if (st != MSPTK_OK)
                return st == MSPTK_DONE ? MSPTK_OK : st;
        return fail_why(ret_err, MSPTK_E_EXISTS, "CLIENT_EXISTS",
                        deleted_at ? "its history is kept; choose another id with --id"
                                   : "choose another id, or change the one that exists with "
                                     "client_update",
                        deleted_at ? "the id '%s' belonged to a client that was deleted"
                                   : "a client '%s' exists already",
                        c->id);
}

msptk_status msptk__client_insert(store_tx *tx, const client_row *c, msptk_error **ret_err)
{
        AUTO_FREE char *folded = NULL;

        TRY(fold_name(c, &folded, ret_err));
        return msptk__exec(tx, ret_err,
                           "INSERT INTO client (id, name, folded, tier, status, contact, contacts,"
                           " rmm_id, fields, created_at, updated_at, deleted_at, revision)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, 0, 1)",
                           SQL_TEXT(c->id), SQL_TEXT(c->name), SQL_TEXT(folded), SQL_TEXT(c->tier),
                           SQL_TEXT(c->status), SQL_TEXT(c->contact), SQL_TEXT(c->contacts),
                           SQL_TEXT(c->rmm_id), SQL_TEXT(c->fields), SQL_INT(c->created_at));
}

msptk_status msptk__client_create(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err)
{
        AUTO_CLIENT client_row c = { 0 };
        store_tx *tx;

        TRY(msptk__client_draft(args, msptk__act_now(a), &c, ret_err));
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(refuse_taken(tx, &c, ret_err));
        TRY(msptk__client_insert(tx, &c, ret_err));
        msptk__act_note(a, "client_id", c.id);
        return msptk__client_json(&c, ret, ret_err);
}

/* {"changes": [{"action", "what", "before", "after"}], "revision"} */
static msptk_status plan_json(const char *action, const client_row *before, const client_row *after,
                              msptk_json **ret, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();
        json_obj changes = msptk__array(), change = msptk__obj();
        msptk_json *view = NULL;

        msptk__obj_str(&change, "action", action);
        msptk__obj_str(&change, "what", "client");
        msptk__obj_str(&change, "id", before ? before->id : after->id);
        /* Without its view a change cannot be judged: then there is no plan. */
        if (before) {
                (void)msptk__client_json(before, &view, NULL);
                msptk__obj_json(&change, "before", STEAL(view));
        }
        if (after) {
                (void)msptk__client_json(after, &view, NULL);
                msptk__obj_json(&change, "after", STEAL(view));
        }
        msptk__array_take(&changes, &change);
        msptk__obj_take(&o, "changes", &changes);
        msptk__obj_int(&o, "revision", before ? before->revision : 0);
        return msptk__obj_end(&o, ret, ret_err);
}

msptk_status msptk__client_create_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err)
{
        AUTO_CLIENT client_row c = { 0 };
        store_tx *tx;

        TRY(msptk__client_draft(args, msptk__act_now(a), &c, ret_err));
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(refuse_taken(tx, &c, ret_err));
        return plan_json("create", NULL, &c, ret, ret_err);
}

msptk_status msptk__client_get(act *a, const msptk_json *args, msptk_json **ret,
                               msptk_error **ret_err)
{
        AUTO_CLIENT client_row c = { 0 };
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__client_read(tx, text_arg(args, "client_id"), &c, ret_err));
        return msptk__client_json(&c, ret, ret_err);
}

msptk_status msptk__client_list(act *a, const msptk_json *args, msptk_json **ret,
                                msptk_error **ret_err)
{
        client_filter f = { .tier = text_arg(args, "tier"),
                            .status = text_arg(args, "status"),
                            .search = text_arg(args, "search"),
                            .sees = msptk__act_sees(a) };
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_JSON msptk_json *rows = NULL;
        AUTO_FREE char *next = NULL;
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__client_page(tx, &f, text_arg(args, "cursor"),
                               msptk_json_int(msptk_json_get(args, "limit"), 100), &rows, &next,
                               ret_err));
        msptk__obj_str(&o, "schema", "msptk.client_list/1");
        msptk__obj_int(&o, "count", (int64_t)msptk_json_count(rows));
        msptk__obj_json(&o, "clients", STEAL(rows));
        msptk__obj_str_or_null(&o, "next_cursor", next);
        return msptk__obj_end(&o, ret, ret_err);
}

/* The client as it is, and as `args` want it. */
static msptk_status read_both(act *a, const msptk_json *args, client_row *before, client_row *after,
                              msptk_error **ret_err)
{
        int64_t want = msptk_json_int(msptk_json_get(args, "revision"), 0);
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__client_read(tx, text_arg(args, "client_id"), before, ret_err));
        TRY(msptk__client_read(tx, before->id, after, ret_err));
        if (want && want != before->revision)
                return fail_why(ret_err, MSPTK_E_CONFLICT, "REVISION_CHANGED",
                                "read the client again and decide anew",
                                "client '%s' has changed since it was read", before->id);
        TRY(take_args(after, args, ret_err));
        after->updated_at = msptk__act_now(a);
        after->revision = before->revision + 1;
        return MSPTK_OK;
}

static msptk_status need_change(const msptk_json *args, msptk_error **ret_err)
{
        static const char *const changing[] = { "name",   "tier",     "status", "contact",
                                                "rmm_id", "contacts", "fields" };

        for (size_t i = 0; i < ARRAY_LEN(changing); i++)
                if (msptk_json_get(args, changing[i]))
                        return MSPTK_OK;
        return fail(ret_err, MSPTK_E_INVALID, "nothing of client '%.64s' is to be changed",
                    text_arg(args, "client_id"));
}

msptk_status msptk__client_update(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err)
{
        AUTO_CLIENT client_row before = { 0 }, after = { 0 };
        AUTO_FREE char *folded = NULL;
        store_tx *tx;

        TRY(need_change(args, ret_err));
        TRY(read_both(a, args, &before, &after, ret_err));
        TRY(fold_name(&after, &folded, ret_err));
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__exec(tx, ret_err,
                        "UPDATE client SET name = ?2, folded = ?3, tier = ?4, status = ?5,"
                        " contact = ?6, contacts = ?7, rmm_id = ?8, fields = ?9, updated_at = ?10,"
                        " revision = ?11 WHERE id = ?1",
                        SQL_TEXT(after.id), SQL_TEXT(after.name), SQL_TEXT(folded),
                        SQL_TEXT(after.tier), SQL_TEXT(after.status), SQL_TEXT(after.contact),
                        SQL_TEXT(after.contacts), SQL_TEXT(after.rmm_id), SQL_TEXT(after.fields),
                        SQL_INT(after.updated_at), SQL_INT(after.revision)));
        return msptk__client_json(&after, ret, ret_err);
}

msptk_status msptk__client_update_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err)
{
        AUTO_CLIENT client_row before = { 0 }, after = { 0 };

        TRY(need_change(args, ret_err));
        TRY(read_both(a, args, &before, &after, ret_err));
        return plan_json("update", &before, &after, ret, ret_err);
}

msptk_status msptk__client_delete(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err)
{
        AUTO_CLIENT client_row c = { 0 };
        AUTO_OBJ json_obj o = msptk__obj();
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__client_read(tx, text_arg(args, "client_id"), &c, ret_err));
        TRY(msptk__exec(tx, ret_err,
                        "UPDATE client SET deleted_at = ?2, updated_at = ?2, revision = ?3"
                        " WHERE id = ?1",
                        SQL_TEXT(c.id), SQL_INT(msptk__act_now(a)), SQL_INT(c.revision + 1)));
        msptk__obj_str(&o, "schema", "msptk.client_deleted/1");
        msptk__obj_str(&o, "id", c.id);
        msptk__obj_str(&o, "name", c.name);
        msptk__obj_bool(&o, "deleted", msptk__tx_changes(tx) == 1);
        return msptk__obj_end(&o, ret, ret_err);
}

msptk_status msptk__client_delete_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err)
{
        AUTO_CLIENT client_row c = { 0 };
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__client_read(tx, text_arg(args, "client_id"), &c, ret_err));
        return plan_json("delete", &c, NULL, ret, ret_err);
}
