/* Evidence: what an adapter or a check was asked and what came back, once per observation. */
#define ROOM "evidence"
#include "evidence/evidence.h"

#include <inttypes.h>
#include <string.h>

static const char *const create_evidence[] = {
        "CREATE TABLE evidence ("
        " id INTEGER PRIMARY KEY NOT NULL,"
        " at INTEGER NOT NULL,"
        " took_us INTEGER NOT NULL,"
        " adapter TEXT NOT NULL,"
        " device_id TEXT,"
        " client_id TEXT NOT NULL,"
        " asked TEXT NOT NULL,"
        " observed TEXT NOT NULL,"
        " digest BLOB NOT NULL)",
        NULL,
};

const store_migration msptk__evidence_migrations[] = {
        { .number = 35, .room = ROOM, .name = "evidence", .sql = create_evidence },
        { 0 },
};

/* What is kept of a text that is too long: its beginning and its length, as a JSON object. */
static msptk_status cut_observed(const char *text, size_t len, buf *out, msptk_error **ret_err)
{
        json_writer w;

        msptk__jw_init(&w, out, 0);
        msptk__jw_object_begin(&w);
        msptk__jw_put_string(&w, "note", "cut; the digest is of the whole");
        msptk__jw_put_int(&w, "bytes", (int64_t)len);
        msptk__jw_key(&w, "beginning");
        msptk__jw_string_n(&w, text, msptk__utf8_cut(text, len, EVIDENCE_OBSERVED_MAX / 2));
        msptk__jw_object_end(&w);
        return msptk__buf_status(out, ROOM, "an observation", ret_err);
}

msptk_status msptk__evidence_add(store_tx *tx, const evidence *e, int64_t *ret_id,
                                 msptk_error **ret_err)
{
        AUTO_BUF buf cut = BUF_INIT(8 * EVIDENCE_OBSERVED_MAX);
        const char *observed = e->observed;
        size_t len = strlen(observed);
        uint8_t hash[DIGEST_BYTES];

        msptk__digest(observed, len, hash);
        if (len > EVIDENCE_OBSERVED_MAX) {
                TRY(cut_observed(observed, len, &cut, ret_err));
                observed = msptk__buf_text(&cut);
                len = cut.len;
        }
        TRY(msptk__exec(tx, ret_err,
                        "INSERT INTO evidence (at, took_us, adapter, device_id, client_id, asked,"
                        " observed, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                        SQL_INT(e->at), SQL_INT(e->took_us), SQL_TEXT(e->adapter),
                        SQL_TEXT(e->device_id), SQL_TEXT(e->client_id), SQL_TEXT(e->asked),
                        SQL_TEXT_N(observed, len), SQL_BLOB(hash, sizeof(hash))));
        *ret_id = msptk__tx_insert_id(tx);
        return MSPTK_OK;
}

static void add_parsed(json_obj *o, const char *key, const char *text)
{
        AUTO_JSON msptk_json *value = NULL;
        msptk_json *whole = NULL;
        msptk_status st = msptk_json_parse(text, strlen(text), &value, NULL);

        if (st == MSPTK_OK && msptk_json_get(value, "packed"))
                st = msptk__evidence_unpack(value, &whole, NULL);
        if (st == MSPTK_OK)
                msptk__obj_json(o, key, whole ? whole : STEAL(value));
        else if (st == MSPTK_E_NOMEM)
                o->failed = st;
        else
                msptk__obj_str(o, key, text);
}

msptk_status msptk__evidence_json(store_tx *tx, int64_t id, msptk_json **ret, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        AUTO_OBJ json_obj o = msptk__obj();
        char hex[DIGEST_HEX];
        const void *hash;
        size_t len = 0;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT at, took_us, adapter, device_id, client_id, asked, observed,"
                         " digest FROM evidence WHERE id = ?1",
                         SQL_INT(id)));
        st = msptk__stmt_step(q, ret_err);
        if (st == MSPTK_DONE)
                return fail_why(ret_err, MSPTK_E_NOTFOUND, "EVIDENCE_NOT_FOUND",
                                "evidence is kept for general.data_retention_days",
                                "evidence %" PRId64 " not found", id);
        TRY(st);
        hash = msptk__stmt_blob(q, 7, &len);
        msptk__hex(hash, len < DIGEST_BYTES ? len : DIGEST_BYTES, hex);
        msptk__obj_int(&o, "id", id);
        msptk__obj_time(&o, "at", msptk__stmt_int(q, 0));
        msptk__obj_str(&o, "adapter", msptk__stmt_text(q, 2));
        msptk__obj_str_or_null(&o, "device_id", msptk__stmt_text_or_null(q, 3));
        msptk__obj_str(&o, "client_id", msptk__stmt_text(q, 4));
        add_parsed(&o, "asked", msptk__stmt_text(q, 5));
        add_parsed(&o, "observed", msptk__stmt_text(q, 6));
        msptk__obj_str(&o, "digest", hex);
        msptk__obj_int(&o, "took_us", msptk__stmt_int(q, 1));
        return msptk__obj_end(&o, ret, ret_err);
}

msptk_status msptk__evidence_newest(store_tx *tx, int64_t *ret_at, msptk_error **ret_err)
{
        int64_t at = 0;
        msptk_status st = msptk__query_int_values(
                tx, &at, ret_err, "SELECT at FROM evidence ORDER BY id DESC LIMIT 1", NULL, 0);

        if (st < 0)
                return st;
        *ret_at = at;
        return MSPTK_OK;
}

/* Keys follow time but for the length of a run, so the oldest keys are looked at first and the
 * search ends with the first group in which nothing was old enough. */
msptk_status msptk__evidence_prune(store_tx *tx, int64_t before, msptk_error **ret_err)
{
        do {
                TRY(msptk__exec(tx, ret_err,
                                "DELETE FROM evidence WHERE at < ?1 AND id IN"
                                " (SELECT id FROM evidence ORDER BY id LIMIT 10000)",
                                SQL_INT(before)));
        } while (msptk__tx_changes(tx) > 0);
        return MSPTK_OK;
}
