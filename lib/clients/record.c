/* Reading clients: the table, one row, pages. */
#define ROOM "clients"
#include "clients/internal.h"

#include <string.h>

static const char *const create_client[] = {
        "CREATE TABLE client ("
        " id TEXT PRIMARY KEY NOT NULL,"
        " name TEXT NOT NULL,"
        " folded TEXT NOT NULL,"
        " tier TEXT NOT NULL,"
        " status TEXT NOT NULL,"
        " contact TEXT,"
        " contacts TEXT NOT NULL,"
        " rmm_id TEXT,"
        " fields TEXT NOT NULL,"
        " created_at INTEGER NOT NULL,"
        " updated_at INTEGER NOT NULL,"
        " deleted_at INTEGER NOT NULL,"
        " revision INTEGER NOT NULL)",
        NULL,
};

/* An import looks each of its rows up by name and vendor's id. */
static const char *const index_client[] = {
        "CREATE INDEX client_folded ON client (folded)",
        "CREATE INDEX client_rmm_id ON client (rmm_id)",
        NULL,
};

const store_migration msptk__clients_migrations[] = {
        { .number = 50, .room = ROOM, .name = "clients", .sql = create_client },
        { .number = 51, .room = ROOM, .name = "clients by name", .sql = index_client },
        { 0 },
};

void msptk__client_clear(client_row *c)
{
        msptk__free(c->id);
        msptk__free(c->name);
        msptk__free(c->tier);
        msptk__free(c->status);
        msptk__free(c->contact);
        msptk__free(c->contacts);
        msptk__free(c->rmm_id);
        msptk__free(c->fields);
        memset(c, 0, sizeof(*c));
}

#define COLUMNS \
        "id, name, tier, status, contact, contacts, rmm_id, fields, created_at, updated_at," \
        " deleted_at, revision"

static msptk_status from_row(store_stmt *q, client_row *c, msptk_error **ret_err)
{
        if (!msptk__stmt_copy(q, 0, &c->id) || !msptk__stmt_copy(q, 1, &c->name) ||
            !msptk__stmt_copy(q, 2, &c->tier) || !msptk__stmt_copy(q, 3, &c->status) ||
            !msptk__stmt_copy(q, 4, &c->contact) || !msptk__stmt_copy(q, 5, &c->contacts) ||
            !msptk__stmt_copy(q, 6, &c->rmm_id) || !msptk__stmt_copy(q, 7, &c->fields))
                return msptk__nomem(ret_err);
        c->created_at = msptk__stmt_int(q, 8);
        c->updated_at = msptk__stmt_int(q, 9);
        c->deleted_at = msptk__stmt_int(q, 10);
        c->revision = msptk__stmt_int(q, 11);
        return MSPTK_OK;
}

msptk_status msptk__client_read(store_tx *tx, const char *id, client_row *ret,
                                msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_CLIENT client_row c = { 0 };
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT " COLUMNS " FROM client WHERE id = ?1 AND deleted_at = 0",
                         SQL_TEXT(id)));
        st = msptk__stmt_step(q, ret_err);
        if (st == MSPTK_DONE)
                return msptk__client_not_found(tx, NULL, id, ret_err);
        TRY(st);
        TRY(from_row(q, &c, ret_err));
        *ret = c;
        memset(&c, 0, sizeof(c));
        return MSPTK_OK;
}

static void add_parsed(json_obj *o, const char *key, const char *text, bool array)
{
        /* most have none */
        if (!text || !strcmp(text, array ? "[]" : "{}") ||
            msptk__obj_parsed(o, key, text) == MSPTK_DONE)
                msptk__obj_json(o, key, array ? msptk_json_new_array() : msptk_json_new_object());
}

msptk_status msptk__client_json(const client_row *c, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_OBJ json_obj o = msptk__obj();

        msptk__obj_str(&o, "schema", "msptk.client/1");
        msptk__obj_str(&o, "id", c->id);
        msptk__obj_str(&o, "name", c->name);
        msptk__obj_str(&o, "tier", c->tier);
        msptk__obj_str(&o, "status", c->status);
        msptk__obj_str_or_null(&o, "contact", c->contact);
        add_parsed(&o, "contacts", c->contacts, true);
        msptk__obj_str_or_null(&o, "rmm_id", c->rmm_id);
        add_parsed(&o, "fields", c->fields, false);
        msptk__obj_int(&o, "revision", c->revision);
        msptk__obj_time(&o, "created_at", c->created_at);
        msptk__obj_time(&o, "updated_at", c->updated_at);
        return msptk__obj_end(&o, ret, ret_err);
}

/* What LIKE matches: the folded text with its wildcards taken literally, anywhere. */
static msptk_status like_pattern(const char *search, buf *pattern, msptk_error **ret_err)
{
        AUTO_BUF buf folded = BUF_INIT(16384);

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

msptk_status msptk__client_page(store_tx *tx, const client_filter *f, const char *after,
                                int64_t limit, msptk_json **ret_clients, char **ret_next,
                                msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_OBJ json_obj rows = msptk__array();
        AUTO_BUF buf pattern = BUF_INIT(33000);
        AUTO_FREE char *last = NULL;
        msptk_status st;
        int64_t n = 0;

        if (f->search)
                TRY(like_pattern(f->search, &pattern, ret_err));
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT " COLUMNS " FROM client WHERE id > ?1 AND deleted_at = 0"
                         " AND (?2 IS NULL OR tier = ?2) AND (?3 IS NULL OR status = ?3)"
                         " AND (?4 IS NULL OR folded LIKE ?4 ESCAPE '\\' OR id LIKE ?4 ESCAPE '\\')"
                         " AND " ACT_SEES("?6", "client.id") " ORDER BY id LIMIT ?5",
                         SQL_TEXT(after ? after : ""), SQL_TEXT(f->tier), SQL_TEXT(f->status),
                         SQL_TEXT(f->search ? msptk__buf_text(&pattern) : NULL), SQL_INT(limit + 1),
                         SQL_TEXT(f->sees)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK && n < limit) {
                AUTO_CLIENT client_row c = { 0 };
                msptk_json *row = NULL;

                TRY(from_row(q, &c, ret_err));
                TRY(msptk__client_json(&c, &row, ret_err));
                msptk__array_json(&rows, row);
                if (++n == limit && !(last = msptk__strdup(c.id)))
                        return msptk__nomem(ret_err);
        }
        TRY(st);
        TRY(msptk__obj_end(&rows, ret_clients, ret_err));
        *ret_next = st == MSPTK_OK ? STEAL(last) : NULL;
        return MSPTK_OK;
}
