/* client_import: rows of a CSV file become clients, all or none. */
#define ROOM "clients"
#include "clients/csv.h"
#include "clients/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { IMPORT_BYTES = 16 * 1024 * 1024, IMPORT_ROWS = 100000, NAMED_BAD = 5 };

typedef struct import {
        const char *known[CSV_COLUMNS_MAX]; /* parameter of the column; NULL: a free field */
        char *headers[CSV_COLUMNS_MAX];
        size_t columns;
        msptk_json *fresh; /* id -> line of the rows that are new */
        json_obj rows, notes;
        buf bad; /* the first few, for the error */
        buf file;
        int64_t count, created, matched, refused;
        store_tx *tx;
        int64_t now;
        bool write;
} import;

static void import_clear(import *m)
{
        for (size_t i = 0; i < m->columns; i++)
                msptk__free(m->headers[i]);
        msptk_json_free(m->fresh);
        msptk__obj_clear(&m->rows);
        msptk__obj_clear(&m->notes);
        msptk__buf_clear(&m->bad);
        msptk__buf_clear(&m->file);
}
#define AUTO_IMPORT __attribute__((cleanup(import_clear)))

/* ---- the header ---- */

static const char *parameter_of(const char *header)
{
        static const char *const names[][2] = {
                { "name", "name" },
                { "client", "name" },
                { "client-name", "name" },
                { "company", "name" },
                { "company-name", "name" },
                { "customer", "name" },
                { "customer-name", "name" },
                { "contact", "contact" },
                { "primary-contact", "contact" },
                { "email", "email" },
                { "e-mail", "email" },
                { "mail", "email" },
                { "contact-email", "email" },
                { "tier", "tier" },
                { "service-tier", "tier" },
                { "status", "status" },
                { "id", "id" },
                { "client-id", "id" },
                { "rmm-id", "rmm_id" },
        };
        char slug[SLUG_CAP];

        msptk__slug(header, slug, sizeof(slug));
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (!strcmp(names[i][0], slug))
                        return names[i][1];
        return NULL;
}

static bool has_column(const import *m, const char *parameter)
{
        for (size_t i = 0; i < m->columns; i++)
                if (m->known[i] && !strcmp(m->known[i], parameter))
                        return true;
        return false;
}

static msptk_status read_header(import *m, csv *c, msptk_error **ret_err)
{
        csv_row row;
        msptk_status st = msptk__csv_next(c, &row, ret_err);

        if (st == MSPTK_DONE)
                return fail_why(ret_err, MSPTK_E_PARSE, "BAD_CSV", "give it a header line",
                                "the file is empty");
        TRY(st);
        for (size_t i = 0; i < row.count; i++) {
                const char *parameter = parameter_of(row.fields[i]);

                if (parameter && has_column(m, parameter))
                        return fail_why(ret_err, MSPTK_E_PARSE, "BAD_CSV", "leave one of them out",
                                        "line %" PRId64 ": two columns mean '%s'", row.line,
                                        parameter);
                m->known[i] = parameter;
                m->headers[i] = msptk__strdup(row.fields[i]);
                m->columns = i + 1;
                if (!m->headers[i])
                        return msptk__nomem(ret_err);
                if (!parameter && *row.fields[i]) {
                        char text[160];

                        snprintf(text, sizeof(text), "column '%.100s' becomes a free field",
                                 row.fields[i]);
                        text[msptk__utf8_cut(text, strlen(text), sizeof(text) - 1)] = '\0';
                        msptk__array_str(&m->notes, text);
                }
        }
        if (!has_column(m, "name"))
                return fail_why(ret_err, MSPTK_E_PARSE, "BAD_CSV",
                                "name one of its columns 'name', 'client' or 'company'",
                                "line %" PRId64 ": no column holds the name", row.line);
        return MSPTK_OK;
}

/* ---- one row ---- */

static bool is_one_of(const char *word, const char *const *words)
{
        for (; *words; words++)
                if (!strcmp(word, *words))
                        return true;
        return false;
}

static bool plain_text(const char *text)
{
        for (const char *p = text; *p; p++)
                if ((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t')
                        return false;
        return strlen(text) <= 200;
}

/* What the row wants, as arguments of client_create; *reason (static, or NULL) says why not. */
static msptk_status row_args(const import *m, const csv_row *row, msptk_json *args,
                             msptk_json *fields, const char **reason)
{
        static const char *const tiers[] = { "bronze", "silver", "gold", "premium", NULL };
        static const char *const statuses[] = { "active", "inactive", "suspended", NULL };

        *reason = NULL;
        if (row->count > m->columns)
                *reason = "it has more fields than the header";
        for (size_t i = 0; i < row->count && !*reason; i++) {
                const char *key = m->known[i], *value = row->fields[i];
                char word[SLUG_CAP];

                value += strspn(value, " \t");
                if (!*value || (!key && !*m->headers[i]))
                        continue;
                if (!plain_text(value))
                        *reason = "a field is longer than 200 bytes or has control characters";
                else if (!key)
                        TRY(msptk_json_set_string(fields, m->headers[i], value));
                else if (!strcmp(key, "email"))
                        TRY(msptk_json_set_string(has_column(m, "contact") ? fields : args,
                                                  has_column(m, "contact") ? "email" : "contact",
                                                  value));
                else if (!strcmp(key, "tier") || !strcmp(key, "status")) {
                        msptk__slug(value, word, sizeof(word));
                        TRY(msptk_json_set_string(args, key, word));
                        if (!is_one_of(word, *key == 't' ? tiers : statuses))
                                *reason = *key == 't'
                                                  ? "its tier is not bronze, silver, gold, premium"
                                                  : "its status is not active, inactive, suspended";
                } else {
                        TRY(msptk_json_set_string(args, key, value));
                        if (!strcmp(key, "id") && !msptk__slug_valid(value))
                                *reason = "its id is no slug";
                }
        }
        if (!*reason && !msptk_json_get(args, "name"))
                *reason = "it has no name";
        return MSPTK_OK;
}

static const char *text_of(const msptk_json *json, const char *key)
{
        return msptk_json_string(msptk_json_get(json, key), NULL);
}

/* The first thing that the file says and the client says otherwise. */
static bool differs(const msptk_json *args, const msptk_json *fields, const msptk_json *client,
                    buf *why)
{
        static const char *const keys[] = { "id", "name", "contact", "tier", "status", "rmm_id" };

        for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
                const char *want = text_of(args, keys[i]), *is = text_of(client, keys[i]);

                if (!want || (is && !strcmp(want, is)))
                        continue;
                msptk__buf_addf(why, "the %s of client '%s' is '%s', the file says '%s'", keys[i],
                                text_of(client, "id"), is ? is : "", want);
                return true;
        }
        for (const msptk_json *f = msptk_json_first(fields); f; f = msptk_json_next(f)) {
                const char *is = text_of(msptk_json_get(client, "fields"), msptk_json_key(f));

                if (is && !strcmp(is, msptk_json_string(f, "")))
                        continue;
                msptk__buf_addf(why, "field '%s' of client '%s' is '%s', the file says '%s'",
                                msptk_json_key(f), text_of(client, "id"), is ? is : "",
                                msptk_json_string(f, ""));
                return true;
        }
        return false;
}

/* Id of the client that the row means; NULL when it is new. *ambiguous: several, or a deleted one.
 */
static msptk_status find_client(store_tx *tx, const client_row *c, char **ret, bool *ambiguous,
                                msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_BUF buf folded = BUF_INIT(16384);
        msptk_status st;

        (void)msptk__text_fold(c->name, strlen(c->name), &folded);
        TRY(msptk__buf_status(&folded, ROOM, "the folded name", ret_err));
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT id, deleted_at FROM client WHERE id = ?1"
                         " UNION SELECT id, deleted_at FROM client WHERE folded = ?2 AND"
                         " deleted_at = 0"
                         " UNION SELECT id, deleted_at FROM client WHERE rmm_id = ?3 AND"
                         " deleted_at = 0 ORDER BY 1 LIMIT 2",
                         SQL_TEXT(c->id), SQL_TEXT(msptk__buf_text(&folded)), SQL_TEXT(c->rmm_id)));
        st = msptk__stmt_step(q, ret_err);
        if (st != MSPTK_OK)
                return st < 0 ? st : MSPTK_OK;
        *ambiguous = msptk__stmt_int(q, 1) != 0;
        if (!(*ret = msptk__stmt_dup(q, 0)))
                return msptk__nomem(ret_err);
        st = msptk__stmt_step(q, ret_err);
        if (st == MSPTK_OK)
                *ambiguous = true;
        return st < 0 ? st : MSPTK_OK;
}

/* Decides between new, match and conflict. */
static msptk_status decide(import *m, const csv_row *row, const msptk_json *args,
                           const msptk_json *fields, const client_row *c, const char **action,
                           buf *why, msptk_error **ret_err)
{
        AUTO_FREE char *id = NULL;
        AUTO_CLIENT client_row is = { 0 };
        AUTO_JSON msptk_json *view = NULL;
        int64_t line = msptk_json_int(msptk_json_get(m->fresh, c->id), 0);
        bool ambiguous = false;

        *action = "conflict";
        if (line) {
                msptk__buf_addf(why, "the same client as in line %" PRId64, line);
                return MSPTK_OK;
        }
        TRY(find_client(m->tx, c, &id, &ambiguous, ret_err));
        if (ambiguous) {
                msptk__buf_add_str(why, "several clients, or one that was deleted, could be meant");
                return MSPTK_OK;
        }
        if (id) {
                TRY(msptk__client_read(m->tx, id, &is, ret_err));
                TRY(msptk__client_json(&is, &view, ret_err));
                if (!differs(args, fields, view, why))
                        *action = "match";
                return MSPTK_OK;
        }
        *action = "new";
        if (msptk_json_set_int(m->fresh, c->id, row->line) < 0)
                return msptk__nomem(ret_err);
        return m->write ? msptk__client_insert(m->tx, c, ret_err) : MSPTK_OK;
}

static void report(import *m, const csv_row *row, const char *action, const char *id,
                   const char *name, const char *why)
{
        json_obj o = msptk__obj();

        m->count++;
        m->created += !strcmp(action, "new");
        m->matched += !strcmp(action, "match");
        if (!strcmp(action, "conflict") || !strcmp(action, "error")) {
                if (m->refused++ < NAMED_BAD)
                        msptk__buf_addf(&m->bad, "%sline %" PRId64 ": %s", m->bad.len ? "; " : "",
                                        row->line, why);
        }
        msptk__obj_str(&o, "action", action);
        msptk__obj_str(&o, "what", "client");
        msptk__obj_int(&o, "line", row->line);
        msptk__obj_str_or_null(&o, "id", id);
        msptk__obj_str_or_null(&o, "name", name);
        msptk__obj_str(&o, "reason", why && *why ? why : NULL);
        msptk__array_take(&m->rows, &o);
}

static msptk_status one_row(import *m, const csv_row *row, msptk_error **ret_err)
{
        AUTO_JSON msptk_json *args = msptk_json_new_object(), *fields = msptk_json_new_object();
        AUTO_JSON msptk_json *complete = NULL;
        AUTO_CLIENT client_row c = { 0 };
        AUTO_BUF buf why = BUF_INIT(4096);
        AUTO_ERROR msptk_error *wrong = NULL;
        const char *reason, *action = NULL;
        msptk_status st;

        if (!args || !fields || row_args(m, row, args, fields, &reason) < 0)
                return msptk__nomem(ret_err);
        if (reason) {
                report(m, row, "error", NULL, text_of(args, "name"), reason);
                return MSPTK_OK;
        }
        complete = msptk_json_copy(args);
        if (!complete ||
            (!text_of(args, "tier") && msptk_json_set_string(complete, "tier", "bronze") < 0) ||
            (!text_of(args, "status") && msptk_json_set_string(complete, "status", "active") < 0) ||
            msptk_json_set(complete, "fields", msptk_json_copy(fields)) < 0)
                return msptk__nomem(ret_err);
        st = msptk__client_draft(complete, m->now, &c, &wrong);
        if (st == MSPTK_E_NOMEM)
                return msptk__nomem(ret_err);
        if (st < 0) {
                report(m, row, "error", NULL, text_of(args, "name"), msptk_error_message(wrong));
                return MSPTK_OK;
        }
        TRY(decide(m, row, args, fields, &c, &action, &why, ret_err));
        report(m, row, action, c.id, c.name, msptk__buf_text(&why));
        return MSPTK_OK;
}

static msptk_status read_rows(import *m, act *a, const msptk_json *args, msptk_error **ret_err)
{
        AUTO_CSV csv *c = NULL;
        csv_row row;
        msptk_status st;

        m->now = msptk__act_now(a);
        m->rows = msptk__array();
        m->notes = msptk__array();
        m->file = (buf)BUF_INIT(IMPORT_BYTES);
        m->bad = (buf)BUF_INIT(32768);
        if (!(m->fresh = msptk_json_new_object()))
                return msptk__nomem(ret_err);
        TRY(msptk__file_read(text_of(args, "file"), 0, &m->file, ret_err));
        TRY(msptk__csv_open(msptk__buf_text(&m->file), m->file.len, &c, ret_err));
        TRY(read_header(m, c, ret_err));
        TRY(msptk__act_tx(a, &m->tx, ret_err));
        while ((st = msptk__csv_next(c, &row, ret_err)) == MSPTK_OK) {
                if (m->count == IMPORT_ROWS)
                        return fail(ret_err, MSPTK_E_TOOBIG, "the file has more than %d rows",
                                    IMPORT_ROWS);
                TRY(one_row(m, &row, ret_err));
        }
        return st < 0 ? st : MSPTK_OK;
}

msptk_status msptk__client_import(act *a, const msptk_json *args, msptk_json **ret,
                                  msptk_error **ret_err)
{
        AUTO_IMPORT import m = { .write = true };
        AUTO_OBJ json_obj o = msptk__obj();

        TRY(read_rows(&m, a, args, ret_err));
        if (m.refused && !msptk_json_bool(msptk_json_get(args, "skip_bad"), 0))
                return fail_why(ret_err, MSPTK_E_CONFLICT, "IMPORT_REFUSED",
                                "see every row with --plan; --skip-bad imports the others",
                                "nothing was imported: %" PRId64 " of %" PRId64
                                " rows are wrong or in conflict: %s",
                                m.refused, m.count, msptk__buf_text(&m.bad));
        msptk__obj_str(&o, "schema", "msptk.client_import/1");
        msptk__obj_int(&o, "count", m.count);
        msptk__obj_int(&o, "imported", m.created);
        msptk__obj_int(&o, "matched", m.matched);
        msptk__obj_int(&o, "skipped", m.refused);
        msptk__obj_take(&o, "notes", &m.notes);
        msptk__obj_take(&o, "rows", &m.rows);
        return msptk__obj_end(&o, ret, ret_err);
}

/* Every row and what would become of it; a file that changed meanwhile is another plan. */
msptk_status msptk__client_import_plan(act *a, const msptk_json *args, msptk_json **ret,
                                       msptk_error **ret_err)
{
        AUTO_IMPORT import m = { 0 };
        AUTO_OBJ json_obj o = msptk__obj();
        char hex[DIGEST_HEX];

        TRY(read_rows(&m, a, args, ret_err));
        msptk__digest_hex(msptk__buf_text(&m.file), m.file.len, hex);
        msptk__obj_int(&o, "new", m.created);
        msptk__obj_int(&o, "match", m.matched);
        msptk__obj_int(&o, "bad", m.refused);
        msptk__obj_take(&o, "notes", &m.notes);
        msptk__obj_take(&o, "changes", &m.rows);
        msptk__obj_str(&o, "file_digest", hex);
        return msptk__obj_end(&o, ret, ret_err);
}
