/* Reading devices: the tables, one row, what health runs need, counts. */
#define ROOM "devices"
#include "devices/internal.h"

#include <string.h>

static const char *const create_device[] = {
        "CREATE TABLE device ("
        " id TEXT PRIMARY KEY NOT NULL,"
        " root TEXT NOT NULL,"
        " client_id TEXT NOT NULL REFERENCES client (id),"
        " name TEXT NOT NULL,"
        " folded TEXT NOT NULL,"
        " named_by_hand INTEGER NOT NULL CHECK (named_by_hand IN (0, 1)),"
        " kind TEXT,"
        " os TEXT,"
        " address TEXT,"
        " fields TEXT NOT NULL,"
        " attributes TEXT NOT NULL,"
        " presence INTEGER NOT NULL CHECK (presence IN (0, 1, 2)),"
        " presence_at INTEGER NOT NULL,"
        " seen_at INTEGER NOT NULL,"
        " created_at INTEGER NOT NULL,"
        " updated_at INTEGER NOT NULL,"
        " deleted_at INTEGER NOT NULL,"
        " revision INTEGER NOT NULL)",
        "CREATE INDEX device_root ON device (root)",
        "CREATE INDEX device_client ON device (client_id, id)",
        "CREATE TABLE device_key ("
        " kind TEXT NOT NULL,"
        " value TEXT NOT NULL,"
        " device TEXT NOT NULL REFERENCES device (id),"
        " state INTEGER NOT NULL CHECK (state IN (0, 1, 2)),"
        " first_at INTEGER NOT NULL,"
        " last_at INTEGER NOT NULL,"
        " PRIMARY KEY (kind, value, device))",
        "CREATE INDEX device_key_device ON device_key (device)",
        "CREATE TABLE device_source ("
        " adapter TEXT NOT NULL,"
        " vendor_id TEXT NOT NULL,"
        " device TEXT NOT NULL REFERENCES device (id),"
        " first_at INTEGER NOT NULL,"
        " last_at INTEGER NOT NULL,"
        " PRIMARY KEY (adapter, vendor_id))",
        "CREATE INDEX device_source_device ON device_source (device)",
        "CREATE TABLE device_conflict ("
        " device TEXT NOT NULL REFERENCES device (id),"
        " other TEXT NOT NULL REFERENCES device (id),"
        " kind TEXT NOT NULL,"
        " key_kind TEXT NOT NULL,"
        " value TEXT NOT NULL,"
        " first_at INTEGER NOT NULL,"
        " last_at INTEGER NOT NULL,"
        " PRIMARY KEY (device, other, kind, value))",
        "CREATE INDEX device_conflict_other ON device_conflict (other)",
        "CREATE TABLE device_merge ("
        " id INTEGER PRIMARY KEY,"
        " device TEXT NOT NULL REFERENCES device (id),"
        " merged_into TEXT NOT NULL REFERENCES device (id),"
        " members TEXT NOT NULL,"
        " why TEXT NOT NULL,"
        " who TEXT NOT NULL,"
        " merged_at INTEGER NOT NULL,"
        " undone_at INTEGER NOT NULL)",
        "CREATE INDEX device_merge_device ON device_merge (device)",
        NULL,
};

const store_migration msptk__devices_migrations[] = {
        { .number = 60, .room = ROOM, .name = "devices", .sql = create_device },
        { 0 },
};

void msptk__device_clear(device_row *d)
{
        msptk__free(d->id);
        msptk__free(d->root);
        msptk__free(d->client_id);
        msptk__free(d->name);
        msptk__free(d->kind);
        msptk__free(d->os);
        msptk__free(d->address);
        msptk__free(d->fields);
        msptk__free(d->attributes);
        memset(d, 0, sizeof(*d));
}

msptk_status msptk__device_row(store_tx *tx, const char *id, device_row *ret, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_DEVICE device_row d = { 0 };
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT id, root, client_id, name, kind, os, address, fields, attributes,"
                         " presence, presence_at, seen_at, created_at, updated_at, deleted_at,"
                         " revision FROM device WHERE id = ?1",
                         SQL_TEXT(id)));
        st = msptk__stmt_step(q, ret_err);
        if (st != MSPTK_OK)
                return st;
        if (!msptk__stmt_copy(q, 0, &d.id) || !msptk__stmt_copy(q, 1, &d.root) ||
            !msptk__stmt_copy(q, 2, &d.client_id) || !msptk__stmt_copy(q, 3, &d.name) ||
            !msptk__stmt_copy(q, 4, &d.kind) || !msptk__stmt_copy(q, 5, &d.os) ||
            !msptk__stmt_copy(q, 6, &d.address) || !msptk__stmt_copy(q, 7, &d.fields) ||
            !msptk__stmt_copy(q, 8, &d.attributes))
                return msptk__nomem(ret_err);
        d.presence = msptk__stmt_int(q, 9);
        d.presence_at = msptk__stmt_int(q, 10);
        d.seen_at = msptk__stmt_int(q, 11);
        d.created_at = msptk__stmt_int(q, 12);
        d.updated_at = msptk__stmt_int(q, 13);
        d.deleted_at = msptk__stmt_int(q, 14);
        d.revision = msptk__stmt_int(q, 15);
        *ret = d;
        memset(&d, 0, sizeof(d));
        return MSPTK_OK;
}

/* Suggests none but devices of the clients that may be seen. */
static msptk_status not_found(store_tx *tx, const char *sees, const char *id, msptk_error **ret_err)
{
        AUTO_FREE char *near = msptk__query_nearest(
                tx,
                "SELECT id FROM device WHERE deleted_at = 0 AND root = id AND id >= ?1 AND id < ?2"
                " AND " ACT_SEES("?3", "device.client_id") " ORDER BY id LIMIT 500",
                id, SQL_TEXT(sees));

        if (near)
                return fail_why(ret_err, MSPTK_E_NOTFOUND, "DEVICE_NOT_FOUND",
                                "use device_list to see the devices that exist",
                                "device '%.64s' not found; did you mean '%s'?", id, near);
        return fail_why(ret_err, MSPTK_E_NOTFOUND, "DEVICE_NOT_FOUND",
                        "use device_list to see the devices that exist", "device '%.64s' not found",
                        id);
}

/* MSPTK_OK, or MSPTK_DONE when there is none that lives. */
static msptk_status read_root(store_tx *tx, const char *id, device_row *ret, msptk_error **ret_err)
{
        AUTO_DEVICE device_row d = { 0 }, r = { 0 };
        msptk_status st = msptk__device_row(tx, id, &d, ret_err);

        if (st == MSPTK_OK && strcmp(d.root, d.id)) {
                st = msptk__device_row(tx, d.root, &r, ret_err);
                if (st == MSPTK_OK) {
                        device_row swap = d;

                        d = r;
                        r = swap;
                }
        }
        if (st != MSPTK_OK)
                return st;
        if (d.deleted_at)
                return MSPTK_DONE;
        *ret = d;
        memset(&d, 0, sizeof(d));
        return MSPTK_OK;
}

msptk_status msptk__device_read(store_tx *tx, const char *id, device_row *ret,
                                msptk_error **ret_err)
{
        msptk_status st = read_root(tx, id, ret, ret_err);

        return st == MSPTK_DONE ? not_found(tx, NULL, id, ret_err) : st;
}

msptk_status msptk__device_find(act *a, store_tx *tx, const char *id, device_row *ret,
                                msptk_error **ret_err)
{
        AUTO_DEVICE device_row d = { 0 };
        msptk_status st = read_root(tx, id, &d, ret_err);

        if (st == MSPTK_OK)
                st = msptk__act_may(a, tx, d.client_id, ret_err);
        if (st == MSPTK_DONE)
                return not_found(tx, msptk__act_sees(a), id, ret_err);
        TRY(st);
        *ret = d;
        memset(&d, 0, sizeof(d));
        return MSPTK_OK;
}

msptk_status msptk__device_check(act *a, store_tx *tx, const char *id, msptk_error **ret_err)
{
        AUTO_DEVICE device_row d = { 0 };

        return msptk__device_find(a, tx, id, &d, ret_err);
}

void msptk__device_refs_clear(device_refs *r)
{
        for (size_t i = 0; i < r->count; i++) {
                msptk__free(r->items[i].id);
                msptk__free(r->items[i].name);
                msptk__free(r->items[i].adapter);
                msptk__free(r->items[i].vendor_id);
                msptk__free(r->items[i].address);
        }
        msptk__free(r->items);
        *r = (device_refs){ 0 };
}

static msptk_status add_ref(device_refs *refs, size_t *cap, store_stmt *q, msptk_error **ret_err)
{
        device_ref *r;

        if (refs->count == *cap) {
                size_t want = *cap ? *cap * 2 : 64;
                device_ref *grown = msptk__realloc_array(refs->items, want, sizeof(*grown));

                if (!grown)
                        return msptk__nomem(ret_err);
                refs->items = grown;
                *cap = want;
        }
        r = &refs->items[refs->count++];
        *r = (device_ref){ .id = msptk__stmt_dup(q, 0), .name = msptk__stmt_dup(q, 1) };
        r->adapter = msptk__strdup(msptk__stmt_text(q, 2));
        r->vendor_id = msptk__strdup(msptk__stmt_text(q, 3));
        if (!r->id || !r->name || !r->adapter || !r->vendor_id ||
            !msptk__stmt_copy(q, 4, &r->address))
                return msptk__nomem(ret_err);
        return MSPTK_OK;
}

msptk_status msptk__device_refs(store_tx *tx, const char *client_id, device_refs *ret,
                                msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_DEVICE_REFS device_refs refs = { 0 };
        size_t cap = 0;
        msptk_status st;

        TRY(msptk__query(
                tx, &q, ret_err,
                "SELECT d.id, d.name, s.adapter, s.vendor_id, coalesce(m.address, d.address)"
                " FROM device d JOIN device m ON m.root = d.id"
                " LEFT JOIN device_source s ON s.device = m.id"
                " WHERE d.client_id = ?1 AND d.root = d.id AND d.deleted_at = 0"
                " AND (s.adapter IS NOT NULL OR (m.id = d.id AND NOT EXISTS"
                " (SELECT 1 FROM device_source t JOIN device n ON n.id = t.device"
                " WHERE n.root = d.id)))"
                " ORDER BY d.id, s.adapter IS NULL, s.adapter, s.vendor_id",
                SQL_TEXT(client_id)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK)
                TRY(add_ref(&refs, &cap, q, ret_err));
        TRY(st);
        *ret = refs;
        refs = (device_refs){ 0 };
        return MSPTK_OK;
}

msptk_status msptk__device_seen(store_tx *tx, const char *device_id, int32_t presence, int64_t at,
                                msptk_error **ret_err)
{
        if (presence == MSPTK_PRESENCE_UNKNOWN)
                return MSPTK_OK; /* nothing was learnt; what is known ages */
        if (presence != MSPTK_PRESENCE_UP && presence != MSPTK_PRESENCE_DOWN)
                return fail(ret_err, MSPTK_E_INVALID, "a device cannot have the presence %d",
                            (int)presence);
        return msptk__exec(tx, ret_err,
                           "UPDATE device SET presence = ?2, presence_at = ?3, seen_at = CASE WHEN"
                           " ?2 = 1 AND ?3 > seen_at THEN ?3 ELSE seen_at END"
                           " WHERE id = ?1 AND presence_at <= ?3",
                           SQL_TEXT(device_id), SQL_INT(presence), SQL_INT(at));
}

msptk_status msptk__devices_seen(store_tx *tx, const char *client_id, const char *from,
                                 const char *to, int64_t at, int64_t *ret_count,
                                 msptk_error **ret_err)
{
        TRY(msptk__exec(tx, ret_err,
                        "UPDATE device SET presence = 1, presence_at = ?4, seen_at = CASE WHEN"
                        " ?4 > seen_at THEN ?4 ELSE seen_at END WHERE client_id = ?1"
                        " AND id >= ?2 AND id <= ?3 AND root = id AND deleted_at = 0"
                        " AND presence_at <= ?4",
                        SQL_TEXT(client_id), SQL_TEXT(from), SQL_TEXT(to), SQL_INT(at)));
        *ret_count = msptk__tx_changes(tx);
        return MSPTK_OK;
}

/* One statement for all of them: what lies between the first and the last id is read in order. */
msptk_status msptk__device_counts(store_tx *tx, const char *const *ids, size_t count,
                                  int64_t *ret_counts, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;
        size_t at = 0;

        memset(ret_counts, 0, count * sizeof(*ret_counts));
        if (!count)
                return MSPTK_OK;
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT client_id, count(*) FROM device WHERE client_id >= ?1"
                         " AND client_id <= ?2 AND root = id AND deleted_at = 0"
                         " GROUP BY client_id ORDER BY client_id",
                         SQL_TEXT(ids[0]), SQL_TEXT(ids[count - 1])));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                const char *id = msptk__stmt_text(q, 0);

                while (at < count && strcmp(ids[at], id) < 0)
                        at++;
                if (at < count && !strcmp(ids[at], id))
                        ret_counts[at] = msptk__stmt_int(q, 1);
        }
        return st < 0 ? st : MSPTK_OK;
}

msptk_status msptk__device_count(store_tx *tx, const char *client_id, int64_t *ret_count,
                                 int64_t *ret_last_seen, msptk_error **ret_err)
{
        int64_t count = 0, seen = 0;

        TRY(msptk__device_counts(tx, &client_id, 1, &count, ret_err));
        if (ret_last_seen && count)
                TRY(msptk__query_int(
                        tx, &seen, ret_err,
                        "SELECT coalesce(max(m.seen_at), 0) FROM device m JOIN device d"
                        " ON d.id = m.root WHERE d.client_id = ?1 AND d.deleted_at = 0",
                        SQL_TEXT(client_id)));
        if (ret_count)
                *ret_count = count;
        if (ret_last_seen)
                *ret_last_seen = seen;
        return MSPTK_OK;
}

msptk_status msptk__device_unseen(store_tx *tx, const char *client_id, int64_t before,
                                  int64_t limit, msptk_json **ret, int64_t *ret_count,
                                  msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_OBJ json_obj list = msptk__array();
        msptk_status st;
        int64_t n = 0;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT d.id, max(m.seen_at) FROM device d JOIN device m ON m.root = d.id"
                         " WHERE d.client_id = ?1 AND d.root = d.id AND d.deleted_at = 0"
                         " GROUP BY d.id HAVING max(m.seen_at) < ?2 ORDER BY max(m.seen_at), d.id",
                         SQL_TEXT(client_id), SQL_INT(before)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                json_obj o;

                if (n++ >= limit)
                        continue;
                o = msptk__obj();
                msptk__obj_str(&o, "id", msptk__stmt_text(q, 0));
                msptk__obj_time(&o, "last_seen", msptk__stmt_int(q, 1));
                msptk__array_take(&list, &o);
        }
        TRY(st);
        *ret_count = n;
        return msptk__obj_end(&list, ret, ret_err);
}

const char *msptk__device_presence_word(int32_t presence, int64_t at, int64_t now)
{
        if (!at || at < now - DEVICE_STALE_US)
                return "unknown";
        if (presence == MSPTK_PRESENCE_UP)
                return "up";
        return presence == MSPTK_PRESENCE_DOWN ? "down" : "unknown";
}
