/* Changing devices by hand: enrol, change, take out. */
#define ROOM "devices"
#include "devices/internal.h"

#include <string.h>

/* ---- enrol ---- */

/* What is to be enrolled: the adapter's row, if one was asked, with the arguments laid over it. */
typedef struct enrolment {
        kept_devices asked;
        msptk_device_row row;
        buf macs;
        char *fields;
        const char *adapter, *vendor_id;
        bool this_machine;
} enrolment;

static void enrolment_clear(enrolment *e)
{
        msptk__kept_devices_clear(&e->asked);
        msptk__buf_clear(&e->macs);
        msptk__free(e->fields);
}
#define AUTO_ENROLMENT __attribute__((cleanup(enrolment_clear)))

static msptk_status ask_local(act *a, const msptk_json *args, enrolment *e, msptk_error **ret_err)
{
        instance *local;

        TRY(msptk__instance_named(a, NULL, e->adapter ? e->adapter : "local", &local, ret_err));
        TRY(msptk__device_ask(a, local, text_arg(args, "client_id"), NULL, &e->asked, ret_err));
        if (!e->asked.count)
                return fail(ret_err, MSPTK_E_UNAVAILABLE, "adapter '%s' does not know this machine",
                            msptk__instance_info(local)->name);
        e->adapter = msptk__instance_info(local)->name;
        e->row = e->asked.items[0].row;
        e->vendor_id = e->row.vendor_id;
        return MSPTK_OK;
}

static void overlay(const msptk_json *args, const char *key, const char **slot)
{
        const char *text = text_arg(args, key);

        if (text && *text)
                *slot = text;
}

static bool names_device(const msptk_json *args)
{
        static const char *const keys[] = { "name",    "serial",    "machine_id",
                                            "address", "vendor_id", "macs" };

        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
                if (msptk_json_type(msptk_json_get(args, keys[i])) > MSPTK_JSON_NULL)
                        return true;
        return false;
}

/* Whether all that the adapter can mean is this machine. */
static msptk_status is_local(act *a, const char *adapter, bool *ret, msptk_error **ret_err)
{
        instance *i;

        if (!adapter)
                return MSPTK_OK;
        TRY(msptk__instance_named(a, NULL, adapter, &i, ret_err));
        *ret = strcmp(msptk__instance_info(i)->type, "local") == 0;
        return MSPTK_OK;
}

static msptk_status prepare(act *a, const msptk_json *args, enrolment *e, msptk_error **ret_err)
{
        const msptk_json *macs = msptk_json_get(args, "macs");
        const msptk_json *fields = msptk_json_get(args, "fields");

        e->macs = (buf)BUF_INIT(65536);
        e->row = (msptk_device_row){ .struct_size = sizeof(e->row) };
        e->adapter = text_arg(args, "adapter");
        e->this_machine = msptk_json_bool(msptk_json_get(args, "this_machine"), 0);
        if (!e->this_machine && !names_device(args))
                TRY(is_local(a, e->adapter, &e->this_machine, ret_err));
        if (e->this_machine)
                TRY(ask_local(a, args, e, ret_err));
        else if (!text_arg(args, "name"))
                return fail_why(ret_err, MSPTK_E_INVALID, "INVALID_PARAMETERS",
                                "give its name, or say that it is this machine",
                                "a device needs a name");
        overlay(args, "name", &e->row.name);
        overlay(args, "serial", &e->row.serial);
        overlay(args, "machine_id", &e->row.machine_id);
        overlay(args, "address", &e->row.address);
        overlay(args, "os", &e->row.os);
        overlay(args, "kind", &e->row.kind);
        overlay(args, "vendor_id", &e->vendor_id);
        for (const msptk_json *m = msptk_json_first(macs); m; m = msptk_json_next(m)) {
                msptk__buf_add_str(&e->macs, e->macs.len ? "," : "");
                msptk__buf_add_str(&e->macs, msptk_json_string(m, ""));
        }
        TRY(msptk__buf_status(&e->macs, ROOM, "the hardware addresses", ret_err));
        if (e->macs.len)
                e->row.macs = msptk__buf_text(&e->macs);
        if (e->adapter && !e->vendor_id)
                e->vendor_id = e->row.address;
        return fields ? msptk_json_print(fields, 0, &e->fields, ret_err) : MSPTK_OK;
}

/* The adapter must exist, and may serve the client. */
static msptk_status check_adapter(act *a, const enrolment *e, const char *client_id,
                                  msptk_error **ret_err)
{
        instance *i;

        if (!e->adapter)
                return MSPTK_OK;
        TRY(msptk__instance_named(a, NULL, e->adapter, &i, ret_err));
        if (!msptk__instance_serves(i, client_id))
                return fail_why(ret_err, MSPTK_E_CONFLICT, "ADAPTER_NOT_FOR_CLIENT",
                                "add the client to the adapter's 'clients' in the configuration",
                                "adapter '%s' does not serve client '%s'", e->adapter, client_id);
        return MSPTK_OK;
}

/* The device of this source, if it was ever known. MSPTK_DONE: it was not. */
static msptk_status known_source(store_tx *tx, const enrolment *e, device_row *ret,
                                 msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_FREE char *root = NULL;
        msptk_status st;

        if (!e->adapter || !e->vendor_id)
                return MSPTK_DONE;
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT d.root FROM device_source s JOIN device d ON d.id = s.device"
                         " WHERE s.adapter = ?1 AND s.vendor_id = ?2",
                         SQL_TEXT(e->adapter), SQL_TEXT(e->vendor_id)));
        st = msptk__stmt_step(q, ret_err);
        if (st != MSPTK_OK)
                return st;
        if (!(root = msptk__stmt_dup(q, 0)))
                return msptk__nomem(ret_err);
        return msptk__device_row(tx, root, ret, ret_err);
}

static msptk_status refuse_known(act *a, store_tx *tx, const device_row *d, const char *client_id,
                                 bool this_machine, msptk_error **ret_err)
{
        msptk_status st;

        if (d->deleted_at || (this_machine && !strcmp(d->client_id, client_id)))
                return MSPTK_OK;
        TRY(st = msptk__act_may(a, tx, d->client_id, ret_err));
        if (st == MSPTK_DONE)
                return fail_why(ret_err, MSPTK_E_EXISTS, "DEVICE_EXISTS",
                                "ask who administers the toolkit",
                                "the adapter's device is enrolled already");
        return fail_why(ret_err, MSPTK_E_EXISTS, "DEVICE_EXISTS",
                        "use device_get to see it, or device_update to move it",
                        "it is known already as device '%s' of client '%s'", d->id, d->client_id);
}

/* Puts the enrolment into the store; a device that was taken out comes back with its history. */
static msptk_status enrol(act *a, store_tx *tx, const msptk_json *args, const enrolment *e,
                          device_put *p, msptk_error **ret_err)
{
        device_news n = { .client_id = text_arg(args, "client_id"),
                          .adapter = e->adapter,
                          .vendor_id = e->vendor_id,
                          .row = &e->row,
                          .id = text_arg(args, "id"),
                          .fields = e->fields,
                          .by_hand = true,
                          .now = msptk__act_now(a) };
        AUTO_CLIENT client_row c = { 0 };
        AUTO_DEVICE device_row known = { 0 };
        msptk_status st;

        TRY(msptk__client_read(tx, n.client_id, &c, ret_err));
        st = known_source(tx, e, &known, ret_err);
        TRY(st);
        if (st == MSPTK_OK) {
                TRY(refuse_known(a, tx, &known, n.client_id, e->this_machine, ret_err));
                if (known.deleted_at)
                        TRY(msptk__exec(tx, ret_err,
                                        "UPDATE device SET deleted_at = 0, client_id = ?2,"
                                        " updated_at = ?3, revision = revision + 1 WHERE root = ?1",
                                        SQL_TEXT(known.id), SQL_TEXT(n.client_id), SQL_INT(n.now)));
        }
        return msptk__device_put(tx, &n, p, ret_err);
}

msptk_status msptk__device_add(act *a, const msptk_json *args, msptk_json **ret,
                               msptk_error **ret_err)
{
        AUTO_ENROLMENT enrolment e = { 0 };
        AUTO_TX store_tx *tx = NULL;
        AUTO_FREE char *id = NULL;
        AUTO_JSON msptk_json *view = NULL;
        device_put p = { 0 };

        TRY(prepare(a, args, &e, ret_err));
        TRY(check_adapter(a, &e, text_arg(args, "client_id"), ret_err));
        TRY(msptk__act_begin_tx(a, TX_WRITE, &tx, ret_err));
        TRY(enrol(a, tx, args, &e, &p, ret_err));
        id = p.id;
        TRY(msptk__device_json(tx, id, msptk__act_now(a), msptk__act_sees(a), &view, ret_err));
        TRY(msptk__tx_commit(&tx, ret_err));
        msptk__act_note(a, "device_id", id);
        *ret = STEAL(view);
        return MSPTK_OK;
}

/* What would be written: an id is only promised when it was asked for. */
msptk_status msptk__device_add_plan(act *a, const msptk_json *args, msptk_json **ret,
                                    msptk_error **ret_err)
{
        AUTO_ENROLMENT enrolment e = { 0 };
        AUTO_CLIENT client_row c = { 0 };
        AUTO_DEVICE device_row known = { 0 };
        AUTO_OBJ json_obj after = msptk__obj();
        msptk_json *view = NULL;
        store_tx *tx;
        msptk_status st;

        TRY(prepare(a, args, &e, ret_err));
        TRY(check_adapter(a, &e, text_arg(args, "client_id"), ret_err));
        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__client_read(tx, text_arg(args, "client_id"), &c, ret_err));
        st = known_source(tx, &e, &known, ret_err);
        TRY(st);
        if (st == MSPTK_OK)
                TRY(refuse_known(a, tx, &known, c.id, e.this_machine, ret_err));
        msptk__obj_str(&after, "client_id", c.id);
        msptk__obj_str(&after, "name", e.row.name);
        msptk__obj_str(&after, "adapter", e.adapter);
        msptk__obj_str(&after, "vendor_id", e.vendor_id);
        msptk__obj_str(&after, "serial", e.row.serial);
        msptk__obj_str(&after, "machine_id", e.row.machine_id);
        msptk__obj_str(&after, "macs", e.row.macs);
        msptk__obj_str(&after, "address", e.row.address);
        msptk__obj_str(&after, "os", e.row.os);
        msptk__obj_str(&after, "kind", e.row.kind);
        TRY(msptk__obj_end(&after, &view, ret_err));
        if (st == MSPTK_OK)
                return msptk__device_plan(known.deleted_at ? "bring back" : "refresh", known.id,
                                          NULL, view, known.revision, ret, ret_err);
        return msptk__device_plan("create", text_arg(args, "id"), NULL, view, 0, ret, ret_err);
}

/* ---- change ---- */

static msptk_status take_text(char **slot, const msptk_json *args, const char *key,
                              msptk_error **ret_err)
{
        const char *text = text_arg(args, key);

        if (!text)
                return MSPTK_OK;
        return msptk__replace(slot, *text ? text : NULL) < 0 ? msptk__nomem(ret_err) : MSPTK_OK;
}

static msptk_status read_change(act *a, const msptk_json *args, store_tx **ret_tx,
                                device_row *before, device_row *after, msptk_error **ret_err)
{
        const msptk_json *fields = msptk_json_get(args, "fields");
        const char *name = text_arg(args, "name");
        int64_t want = msptk_json_int(msptk_json_get(args, "revision"), 0);

        TRY(msptk__act_tx(a, ret_tx, ret_err));
        TRY(msptk__device_find(a, *ret_tx, text_arg(args, "device_id"), before, ret_err));
        TRY(msptk__device_read(*ret_tx, before->id, after, ret_err));
        if (want && want != before->revision)
                return fail_why(ret_err, MSPTK_E_CONFLICT, "REVISION_CHANGED",
                                "read the device again and decide anew",
                                "device '%s' has changed since it was read", before->id);
        if (name && !name[strspn(name, " \t\n")])
                return fail(ret_err, MSPTK_E_INVALID, "the name of a device must not be blank");
        TRY(take_text(&after->name, args, "name", ret_err));
        TRY(take_text(&after->client_id, args, "client_id", ret_err));
        TRY(take_text(&after->address, args, "address", ret_err));
        TRY(take_text(&after->os, args, "os", ret_err));
        TRY(take_text(&after->kind, args, "kind", ret_err));
        if (strcmp(before->client_id, after->client_id)) {
                AUTO_CLIENT client_row c = { 0 };

                TRY(msptk__client_read(*ret_tx, after->client_id, &c, ret_err));
        }
        if (fields) {
                char *text = NULL;

                TRY(msptk_json_print(fields, 0, &text, ret_err));
                msptk__free(after->fields);
                after->fields = text;
        }
        after->updated_at = msptk__act_now(a);
        after->revision++;
        return MSPTK_OK;
}

msptk_status msptk__device_update(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err)
{
        AUTO_DEVICE device_row before = { 0 }, after = { 0 };
        AUTO_BUF buf folded = BUF_INIT(16384);
        store_tx *tx;

        TRY(read_change(a, args, &tx, &before, &after, ret_err));
        (void)msptk__text_fold(after.name, strlen(after.name), &folded);
        TRY(msptk__buf_status(&folded, ROOM, "the folded name", ret_err));
        TRY(msptk__exec(tx, ret_err,
                        "UPDATE device SET name = ?2, folded = ?3, named_by_hand ="
                        " CASE WHEN ?4 = 1 THEN 1 ELSE named_by_hand END, address = ?5, os = ?6,"
                        " kind = ?7, fields = ?8, updated_at = ?9, revision = ?10 WHERE id = ?1",
                        SQL_TEXT(after.id), SQL_TEXT(after.name),
                        SQL_TEXT(msptk__buf_text(&folded)), SQL_INT(text_arg(args, "name") ? 1 : 0),
                        SQL_TEXT(after.address), SQL_TEXT(after.os), SQL_TEXT(after.kind),
                        SQL_TEXT(after.fields), SQL_INT(after.updated_at),
                        SQL_INT(after.revision)));
        /* What was merged into it goes with it. */
        if (strcmp(before.client_id, after.client_id))
                TRY(msptk__exec(tx, ret_err, "UPDATE device SET client_id = ?2 WHERE root = ?1",
                                SQL_TEXT(after.id), SQL_TEXT(after.client_id)));
        msptk__act_note(a, "device_id", after.id);
        return msptk__device_json(tx, after.id, msptk__act_now(a), msptk__act_sees(a), ret,
                                  ret_err);
}

msptk_status msptk__device_update_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err)
{
        AUTO_DEVICE device_row before = { 0 }, after = { 0 };
        AUTO_JSON msptk_json *was = NULL, *is = NULL;
        store_tx *tx;

        TRY(read_change(a, args, &tx, &before, &after, ret_err));
        TRY(msptk__device_view(tx, &before, msptk__act_now(a), true, NULL, &was, ret_err));
        TRY(msptk__device_view(tx, &after, msptk__act_now(a), true, NULL, &is, ret_err));
        return msptk__device_plan("update", before.id, STEAL(was), STEAL(is), before.revision, ret,
                                  ret_err);
}

/* ---- take out ---- */

msptk_status msptk__device_remove(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err)
{
        AUTO_DEVICE device_row d = { 0 };
        AUTO_OBJ json_obj o = msptk__obj();
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__device_find(a, tx, text_arg(args, "device_id"), &d, ret_err));
        TRY(msptk__exec(tx, ret_err,
                        "UPDATE device SET deleted_at = ?2, updated_at = ?2, revision = ?3"
                        " WHERE id = ?1",
                        SQL_TEXT(d.id), SQL_INT(msptk__act_now(a)), SQL_INT(d.revision + 1)));
        msptk__act_note(a, "device_id", d.id);
        msptk__act_note(a, "client_id", d.client_id);
        msptk__obj_str(&o, "schema", "msptk.device_removed/1");
        msptk__obj_str(&o, "id", d.id);
        msptk__obj_str(&o, "client_id", d.client_id);
        msptk__obj_str(&o, "name", d.name);
        msptk__obj_bool(&o, "removed", msptk__tx_changes(tx) == 1);
        return msptk__obj_end(&o, ret, ret_err);
}

/* Of a client that was removed itself. */
msptk_status msptk__device_remove_all(store_tx *tx, const char *client_id, int64_t now,
                                      msptk_error **ret_err)
{
        return msptk__exec(tx, ret_err,
                           "UPDATE device SET deleted_at = ?2, updated_at = ?2,"
                           " revision = revision + 1 WHERE client_id = ?1 AND deleted_at = 0",
                           SQL_TEXT(client_id), SQL_INT(now));
}

msptk_status msptk__device_remove_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err)
{
        AUTO_DEVICE device_row d = { 0 };
        AUTO_JSON msptk_json *view = NULL;
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__device_find(a, tx, text_arg(args, "device_id"), &d, ret_err));
        TRY(msptk__device_view(tx, &d, msptk__act_now(a), true, NULL, &view, ret_err));
        return msptk__device_plan("remove", d.id, STEAL(view), NULL, d.revision, ret, ret_err);
}
