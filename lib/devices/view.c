/* What is shown of devices: "msptk.device/1", and pages of it. */
#define ROOM "devices"
#include "devices/internal.h"

#include <string.h>

static void add_parsed(json_obj *o, const char *key, const char *text)
{
        if (msptk__obj_parsed(o, key, text) == MSPTK_DONE)
                msptk__obj_json(o, key, msptk_json_new_object());
}

static const char *presence_name(int64_t presence)
{
        if (presence == MSPTK_PRESENCE_UP)
                return "up";
        return presence == MSPTK_PRESENCE_DOWN ? "down" : "unknown";
}

/* Of all that is one device, what was heard last. */
static msptk_status newest_presence(store_tx *tx, const char *root, int64_t *ret_presence,
                                    int64_t *ret_at, int64_t *ret_seen, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        *ret_presence = *ret_at = *ret_seen = 0;
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT presence, presence_at, seen_at FROM device WHERE root = ?1"
                         " ORDER BY presence_at DESC, id",
                         SQL_TEXT(root)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                if (!*ret_at) {
                        *ret_presence = msptk__stmt_int(q, 0);
                        *ret_at = msptk__stmt_int(q, 1);
                }
                if (msptk__stmt_int(q, 2) > *ret_seen)
                        *ret_seen = msptk__stmt_int(q, 2);
        }
        return st < 0 ? st : MSPTK_OK;
}

static msptk_status add_presence(store_tx *tx, const device_row *d, int64_t now, json_obj *o,
                                 msptk_error **ret_err)
{
        int64_t presence, at, seen;

        TRY(newest_presence(tx, d->id, &presence, &at, &seen, ret_err));
        msptk__obj_str(o, "status", msptk__device_presence_word((int32_t)presence, at, now));
        msptk__obj_str(o, "last_known", at ? presence_name(presence) : "unknown");
        msptk__obj_time(o, "status_at", at);
        if (at)
                msptk__obj_int(o, "status_age_s", now > at ? (now - at) / 1000000 : 0);
        else
                msptk__obj_null(o, "status_age_s");
        msptk__obj_time(o, "last_seen", seen);
        return MSPTK_OK;
}

static msptk_status add_keys(store_tx *tx, const device_row *d, json_obj *o, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_OBJ json_obj keys = msptk__array();
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT k.kind, k.value, min(k.state), max(k.state), min(k.first_at),"
                         " max(k.last_at) FROM device_key k JOIN device m ON m.id = k.device"
                         " WHERE m.root = ?1 GROUP BY k.kind, k.value ORDER BY k.kind, k.value",
                         SQL_TEXT(d->id)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                json_obj k = msptk__obj();
                const char *kind = msptk__stmt_text(q, 0);
                int64_t state = msptk__stmt_int(q, 2);

                msptk__obj_str(&k, "kind", kind);
                msptk__obj_str(&k, "value", msptk__stmt_text(q, 1));
                msptk__obj_bool(&k, "usable", state == KEY_USABLE);
                if (state == KEY_NONSENSE)
                        msptk__obj_str(&k, "why", msptk__device_key_why(kind));
                else if (state == KEY_PAST)
                        msptk__obj_str(&k, "why", "it has another one now");
                msptk__obj_time(&k, "first_seen", msptk__stmt_int(q, 4));
                msptk__obj_time(&k, "last_seen", msptk__stmt_int(q, 5));
                msptk__array_take(&keys, &k);
        }
        TRY(st);
        msptk__obj_take(o, "keys", &keys);
        return MSPTK_OK;
}

/* Sources in full, or only the adapters' names. */
static msptk_status add_sources(store_tx *tx, const device_row *d, bool brief, json_obj *o,
                                msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_OBJ json_obj list = msptk__array();
        AUTO_FREE char *last = NULL;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT s.adapter, s.vendor_id, m.name, s.first_at, s.last_at, m.id"
                         " FROM device_source s JOIN device m ON m.id = s.device"
                         " WHERE m.root = ?1 ORDER BY s.adapter, s.vendor_id",
                         SQL_TEXT(d->id)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                json_obj s;

                if (brief) {
                        if (last && !strcmp(last, msptk__stmt_text(q, 0)))
                                continue;
                        if (msptk__replace(&last, msptk__stmt_text(q, 0)) < 0)
                                return msptk__nomem(ret_err);
                        msptk__array_str(&list, last);
                        continue;
                }
                s = msptk__obj();
                msptk__obj_str(&s, "adapter", msptk__stmt_text(q, 0));
                msptk__obj_str(&s, "vendor_id", msptk__stmt_text(q, 1));
                msptk__obj_str(&s, "name", msptk__stmt_text(q, 2));
                msptk__obj_str(&s, "row", msptk__stmt_text(q, 5));
                msptk__obj_time(&s, "first_seen", msptk__stmt_int(q, 3));
                msptk__obj_time(&s, "last_seen", msptk__stmt_int(q, 4));
                msptk__array_take(&list, &s);
        }
        TRY(st);
        msptk__obj_take(o, brief ? "adapters" : "sources", &list);
        return MSPTK_OK;
}

static const char *conflict_note(const char *kind)
{
        if (!strcmp(kind, "machine_id_shared"))
                return "both have this machine id, as machines cloned from one image do";
        if (!strcmp(kind, "serial_shared"))
                return "both have this serial number, but not all else agrees";
        if (!strcmp(kind, "other_client"))
                return "a device of another client has this key";
        return "both have this hardware address, as machines that share a dock do";
}

/* Those that still hold: both sides are devices of their own, and both still have the key. */
static msptk_status add_conflicts(store_tx *tx, const device_row *d, const char *sees, json_obj *o,
                                  msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_OBJ json_obj list = msptk__array();
        msptk_status st;

        TRY(msptk__query(
                tx, &q, ret_err,
                "SELECT c.kind, r.id, c.key_kind, c.value, min(c.first_at), r.client_id"
                " FROM device_conflict c JOIN device m ON m.id = c.device"
                " JOIN device n ON n.id = c.other JOIN device r ON r.id = n.root"
                " WHERE m.root = ?1 AND r.id <> ?1 AND r.deleted_at = 0"
                " AND " ACT_SEES("?2", "r.client_id") " AND EXISTS (SELECT 1 FROM"
                                                      " device_key k JOIN device p ON p.id = "
                                                      "k.device WHERE p.root = ?1"
                                                      " AND k.kind = c.key_kind AND k.value = "
                                                      "c.value AND k.state = 1)"
                                                      " AND EXISTS (SELECT 1 FROM device_key l "
                                                      "JOIN device s ON s.id = l.device"
                                                      " WHERE s.root = r.id AND l.kind = "
                                                      "c.key_kind AND l.value = c.value"
                                                      " AND l.state = 1) GROUP BY c.kind, r.id, "
                                                      "c.key_kind, c.value, r.client_id"
                                                      " ORDER BY c.kind, r.id, c.value",
                SQL_TEXT(d->id), SQL_TEXT(sees)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                json_obj c = msptk__obj();

                msptk__obj_str(&c, "kind", msptk__stmt_text(q, 0));
                msptk__obj_str(&c, "device_id", msptk__stmt_text(q, 1));
                msptk__obj_str(&c, "client_id", msptk__stmt_text(q, 5));
                msptk__obj_str(&c, "key", msptk__stmt_text(q, 2));
                msptk__obj_str(&c, "value", msptk__stmt_text(q, 3));
                msptk__obj_str(&c, "note", conflict_note(msptk__stmt_text(q, 0)));
                msptk__obj_str(&c, "suggestion",
                               "if both are one machine, say so with device_merge; if not, "
                               "leave them");
                msptk__obj_time(&c, "since", msptk__stmt_int(q, 4));
                msptk__array_take(&list, &c);
        }
        TRY(st);
        msptk__obj_take(o, "conflicts", &list);
        return MSPTK_OK;
}

static msptk_status add_merged(store_tx *tx, const device_row *d, json_obj *o,
                               msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_OBJ json_obj list = msptk__array();
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT g.device, g.why, g.who, g.merged_at, m.name FROM device_merge g"
                         " JOIN device m ON m.id = g.device"
                         " WHERE m.root = ?1 AND g.undone_at = 0 ORDER BY g.id",
                         SQL_TEXT(d->id)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                json_obj g = msptk__obj();

                msptk__obj_str(&g, "device_id", msptk__stmt_text(q, 0));
                msptk__obj_str(&g, "name", msptk__stmt_text(q, 4));
                msptk__obj_str(&g, "why", msptk__stmt_text(q, 1));
                msptk__obj_str(&g, "by", msptk__stmt_text(q, 2));
                msptk__obj_time(&g, "at", msptk__stmt_int(q, 3));
                msptk__array_take(&list, &g);
        }
        TRY(st);
        msptk__obj_take(o, "merged", &list);
        return MSPTK_OK;
}

/* What the row itself does not know, one that was merged into it may. */
static msptk_status known_text(store_tx *tx, const device_row *d, const char *sql, const char *own,
                               char **ret, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        if (own) {
                *ret = msptk__strdup(own);
                return *ret ? MSPTK_OK : msptk__nomem(ret_err);
        }
        TRY(msptk__query(tx, &q, ret_err, sql, SQL_TEXT(d->id)));
        st = msptk__stmt_step(q, ret_err);
        if (st == MSPTK_OK && !(*ret = msptk__stmt_dup(q, 0)))
                return msptk__nomem(ret_err);
        return st < 0 ? st : MSPTK_OK;
}

static msptk_status add_facts(store_tx *tx, const device_row *d, json_obj *o, msptk_error **ret_err)
{
        AUTO_FREE char *kind = NULL, *os = NULL, *address = NULL;

        TRY(known_text(tx, d,
                       "SELECT kind FROM device WHERE root = ?1 AND kind IS NOT NULL ORDER BY id"
                       " LIMIT 1",
                       d->kind, &kind, ret_err));
        TRY(known_text(tx, d,
                       "SELECT os FROM device WHERE root = ?1 AND os IS NOT NULL ORDER BY id"
                       " LIMIT 1",
                       d->os, &os, ret_err));
        TRY(known_text(tx, d,
                       "SELECT address FROM device WHERE root = ?1 AND address IS NOT NULL"
                       " ORDER BY id LIMIT 1",
                       d->address, &address, ret_err));
        msptk__obj_str_or_null(o, "kind", kind);
        msptk__obj_str_or_null(o, "os", os);
        msptk__obj_str_or_null(o, "address", address);
        return MSPTK_OK;
}

msptk_status msptk__device_view(store_tx *tx, const device_row *d, int64_t now, bool brief,
                                const char *sees, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();

        msptk__obj_str(&o, "schema", "msptk.device/1");
        msptk__obj_str(&o, "id", d->id);
        msptk__obj_str(&o, "client_id", d->client_id);
        msptk__obj_str(&o, "name", d->name);
        TRY(add_presence(tx, d, now, &o, ret_err));
        TRY(add_facts(tx, d, &o, ret_err));
        TRY(add_sources(tx, d, true, &o, ret_err));
        if (!brief) {
                TRY(add_keys(tx, d, &o, ret_err));
                TRY(add_sources(tx, d, false, &o, ret_err));
                TRY(add_conflicts(tx, d, sees, &o, ret_err));
                TRY(add_merged(tx, d, &o, ret_err));
                add_parsed(&o, "attributes", d->attributes);
        }
        add_parsed(&o, "fields", d->fields);
        msptk__obj_int(&o, "revision", d->revision);
        msptk__obj_time(&o, "created_at", d->created_at);
        msptk__obj_time(&o, "updated_at", d->updated_at);
        return msptk__obj_end(&o, ret, ret_err);
}

msptk_status msptk__device_json(store_tx *tx, const char *device_id, int64_t now, const char *sees,
                                msptk_json **ret, msptk_error **ret_err)
{
        AUTO_DEVICE device_row d = { 0 };

        TRY(msptk__device_read(tx, device_id, &d, ret_err));
        return msptk__device_view(tx, &d, now, false, sees, ret, ret_err);
}

msptk_status msptk__device_get(act *a, const msptk_json *args, msptk_json **ret,
                               msptk_error **ret_err)
{
        AUTO_DEVICE device_row d = { 0 };
        store_tx *tx;

        TRY(msptk__act_tx(a, &tx, ret_err));
        TRY(msptk__device_find(a, tx, text_arg(args, "device_id"), &d, ret_err));
        return msptk__device_view(tx, &d, msptk__act_now(a), false, msptk__act_sees(a), ret,
                                  ret_err);
}

/* ---- pages ---- */

/* What LIKE matches: the folded text with its wildcards taken literally, anywhere. */
static msptk_status like_pattern(const char *search, buf *pattern, msptk_error **ret_err)
{
        AUTO_BUF buf folded = BUF_INIT(4096);

        (void)msptk__text_fold(search, strlen(search), &folded);
        TRY(msptk__buf_status(&folded, ROOM, "the search text", ret_err));
        msptk__buf_add_char(pattern, '%');
        for (const char *p = msptk__buf_text(&folded); *p; p++) {
                if (*p == '%' || *p == '_' || *p == '\\')
                        msptk__buf_add_char(pattern, '\\');
                msptk__buf_add_char(pattern, *p);
        }
        msptk__buf_add_char(pattern, '%');
        return msptk__buf_status(pattern, ROOM, "the search text", ret_err);
}

enum { BATCH = 200 };

/* Ids behind `after` that pass the filters that SQL knows. */
static msptk_status next_ids(act *a, store_tx *tx, const msptk_json *args, const char *pattern,
                             const char *after, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_JSON msptk_json *ids = msptk_json_new_array();
        msptk_status st;

        if (!ids)
                return msptk__nomem(ret_err);
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT d.id FROM device d WHERE d.id > ?1 AND d.root = d.id"
                         " AND d.deleted_at = 0 AND (?2 IS NULL OR d.client_id = ?2)"
                         " AND (?3 IS NULL OR EXISTS (SELECT 1 FROM device_source s JOIN device m"
                         " ON m.id = s.device WHERE m.root = d.id AND s.adapter = ?3))"
                         " AND (?4 IS NULL OR d.folded LIKE ?4 ESCAPE '\\'"
                         " OR d.id LIKE ?4 ESCAPE '\\' OR d.address LIKE ?4 ESCAPE '\\')"
                         " AND " ACT_SEES("?6", "d.client_id") " ORDER BY d.id LIMIT ?5",
                         SQL_TEXT(after), SQL_TEXT(text_arg(args, "client_id")),
                         SQL_TEXT(text_arg(args, "adapter")), SQL_TEXT(pattern), SQL_INT(BATCH),
                         SQL_TEXT(msptk__act_sees(a))));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK)
                if (msptk_json_append_string(ids, msptk__stmt_text(q, 0)) < 0)
                        return msptk__nomem(ret_err);
        TRY(st);
        *ret = STEAL(ids);
        return MSPTK_OK;
}

typedef struct device_page {
        json_obj rows;
        int64_t count, limit;
        char *last;
        bool more;
} device_page;

static msptk_status add_row(act *a, store_tx *tx, const msptk_json *args, const char *id,
                            device_page *p, msptk_error **ret_err)
{
        const char *want = text_arg(args, "status");
        AUTO_DEVICE device_row d = { 0 };
        AUTO_JSON msptk_json *row = NULL;

        TRY(msptk__device_read(tx, id, &d, ret_err));
        TRY(msptk__device_view(tx, &d, msptk__act_now(a), true, NULL, &row, ret_err));
        if (want && strcmp(want, msptk_json_string(msptk_json_get(row, "status"), "")))
                return MSPTK_OK;
        if (p->count == p->limit) {
                p->more = true;
                return MSPTK_OK;
        }
        p->count++;
        msptk__array_json(&p->rows, STEAL(row));
        return msptk__replace(&p->last, id) < 0 ? msptk__nomem(ret_err) : MSPTK_OK;
}

static msptk_status fill_page(act *a, store_tx *tx, const msptk_json *args, device_page *p,
                              msptk_error **ret_err)
{
        AUTO_BUF buf pattern = BUF_INIT(8192);
        AUTO_FREE char *after = NULL;
        const char *search = text_arg(args, "search"), *cursor = text_arg(args, "cursor");
        size_t got = BATCH;

        if (search)
                TRY(like_pattern(search, &pattern, ret_err));
        if (!(after = msptk__strdup(cursor ? cursor : "")))
                return msptk__nomem(ret_err);
        while (got == BATCH && !p->more) {
                AUTO_JSON msptk_json *ids = NULL;

                TRY(next_ids(a, tx, args, search ? msptk__buf_text(&pattern) : NULL, after, &ids,
                             ret_err));
                got = msptk_json_count(ids);
                for (const msptk_json *i = msptk_json_first(ids); i && !p->more;
                     i = msptk_json_next(i)) {
                        const char *id = msptk_json_string(i, "");

                        TRY(add_row(a, tx, args, id, p, ret_err));
                        if (msptk__replace(&after, id) < 0)
                                return msptk__nomem(ret_err);
                }
        }
        return MSPTK_OK;
}

msptk_status msptk__device_list(act *a, const msptk_json *args, msptk_json **ret,
                                msptk_error **ret_err)
{
        device_page p = { .rows = msptk__array(),
                          .limit = msptk_json_int(msptk_json_get(args, "limit"), 100) };
        const char *client_id = text_arg(args, "client_id");
        AUTO_OBJ json_obj o = msptk__obj();
        AUTO_CLIENT client_row c = { 0 };
        store_tx *tx;
        msptk_status st = msptk__act_tx(a, &tx, ret_err);

        if (st == MSPTK_OK && client_id)
                st = msptk__client_read(tx, client_id, &c, ret_err);
        if (st == MSPTK_OK)
                st = fill_page(a, tx, args, &p, ret_err);
        if (st == MSPTK_OK) {
                msptk__obj_str(&o, "schema", "msptk.device_list/1");
                msptk__obj_int(&o, "count", p.count);
                msptk__obj_take(&o, "devices", &p.rows);
                msptk__obj_str_or_null(&o, "next_cursor", p.more ? p.last : NULL);
                st = msptk__obj_end(&o, ret, ret_err);
        }
        msptk__obj_clear(&p.rows);
        msptk__free(p.last);
        return st;
}
