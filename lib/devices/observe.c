/* From what was said of a device to the device that it is: matching by keys, and what cannot be
 * matched safely. */
#define ROOM "devices"
#include "devices/internal.h"

#include <stdio.h>
#include <string.h>

/* Another device with at least one key of ours. */
typedef struct candidate {
        char root[SLUG_CAP];
        char client_id[SLUG_CAP];
        bool serial, machine_id, mac; /* shared */
        bool sound_mac;               /* a shared address that only this one has */
        bool serial_differs, machine_differs;
        bool same_adapter; /* this adapter knows it as another device */
        const char *serial_value, *machine_value, *mac_value;
} candidate;
enum { CANDIDATES_MAX = 32 };
typedef struct candidates {
        candidate items[CANDIDATES_MAX];
        size_t count;
} candidates;

/* ---- who shares keys ---- */

static candidate *candidate_of(candidates *all, const char *root, const char *client_id)
{
        candidate *c;

        for (size_t i = 0; i < all->count; i++)
                if (!strcmp(all->items[i].root, root))
                        return &all->items[i];
        if (all->count == CANDIDATES_MAX)
                return NULL;
        c = &all->items[all->count++];
        *c = (candidate){ 0 };
        snprintf(c->root, sizeof(c->root), "%s", root);
        snprintf(c->client_id, sizeof(c->client_id), "%s", client_id);
        return c;
}

static msptk_status find_sharing(store_tx *tx, const device_key *k, const char *self,
                                 candidates *all, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        candidate *only = NULL;
        msptk_status st;
        size_t n = 0;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT DISTINCT r.id, r.client_id FROM device_key k JOIN device m"
                         " ON m.id = k.device JOIN device r ON r.id = m.root"
                         " WHERE k.kind = ?1 AND k.value = ?2 AND k.state = 1"
                         " AND r.deleted_at = 0 AND r.id <> ?3 ORDER BY r.id LIMIT 33",
                         SQL_TEXT(k->kind), SQL_TEXT(k->value), SQL_TEXT(self ? self : "")));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                candidate *c = candidate_of(all, msptk__stmt_text(q, 0), msptk__stmt_text(q, 1));

                n++;
                if (!c)
                        continue;
                only = c;
                if (!strcmp(k->kind, "serial")) {
                        c->serial = true;
                        c->serial_value = k->value;
                } else if (!strcmp(k->kind, "machine_id")) {
                        c->machine_id = true;
                        c->machine_value = k->value;
                } else {
                        c->mac = true;
                        c->mac_value = k->value;
                }
        }
        if (n == 1 && only && !strcmp(k->kind, "mac"))
                only->sound_mac = true;
        return st < 0 ? st : MSPTK_OK;
}

/* Whether the device has keys of the kind, and none of them is ours. */
static msptk_status differs(store_tx *tx, const char *root, const char *kind,
                            const device_keys *keys, bool *ret, msptk_error **ret_err)
{
        int64_t theirs = 0;
        bool ours = false;

        *ret = false;
        for (size_t i = 0; i < keys->count; i++)
                ours = ours ||
                       (keys->items[i].state == KEY_USABLE && !strcmp(keys->items[i].kind, kind));
        if (!ours)
                return MSPTK_OK;
        TRY(msptk__query_int(tx, &theirs, ret_err,
                             "SELECT count(*) FROM device_key k JOIN device m ON m.id = k.device"
                             " WHERE m.root = ?1 AND k.kind = ?2 AND k.state = 1",
                             SQL_TEXT(root), SQL_TEXT(kind)));
        *ret = theirs > 0;
        return MSPTK_OK;
}

static msptk_status find_candidates(store_tx *tx, const device_news *n, const device_keys *keys,
                                    const char *self, candidates *all, msptk_error **ret_err)
{
        all->count = 0;
        for (size_t i = 0; i < keys->count; i++)
                if (keys->items[i].state == KEY_USABLE)
                        TRY(find_sharing(tx, &keys->items[i], self, all, ret_err));
        for (size_t i = 0; i < all->count; i++) {
                candidate *c = &all->items[i];
                int64_t known = 0;

                if (!c->serial)
                        TRY(differs(tx, c->root, "serial", keys, &c->serial_differs, ret_err));
                if (!c->machine_id)
                        TRY(differs(tx, c->root, "machine_id", keys, &c->machine_differs, ret_err));
                if (n->adapter)
                        TRY(msptk__query_int(tx, &known, ret_err,
                                             "SELECT count(*) FROM device_source s JOIN device m"
                                             " ON m.id = s.device WHERE m.root = ?1"
                                             " AND s.adapter = ?2",
                                             SQL_TEXT(c->root), SQL_TEXT(n->adapter)));
                c->same_adapter = known > 0;
        }
        return MSPTK_OK;
}

/* ---- who it is ---- */

/* Why both are one machine; NULL when that is not sure. */
static const char *strong(const candidate *c)
{
        if (c->serial && !c->machine_differs)
                return "the same serial number";
        if (c->machine_id && c->sound_mac && !c->serial_differs)
                return "the same machine id and hardware address";
        return NULL;
}

/* The one device that it must be; NULL when there is none, or several could be. */
static const candidate *pick(const device_news *n, const candidates *all)
{
        const candidate *found = NULL;

        for (size_t i = 0; i < all->count; i++) {
                const candidate *c = &all->items[i];

                if (!strong(c))
                        continue;
                if (found)
                        return NULL;
                found = c;
        }
        if (!found || found->same_adapter || strcmp(found->client_id, n->client_id) ||
            all->count == CANDIDATES_MAX)
                return NULL;
        return found;
}

static msptk_status note(store_tx *tx, const char *a, const char *b, const char *kind,
                         const char *key_kind, const char *value, int64_t now,
                         msptk_error **ret_err)
{
        return msptk__exec(tx, ret_err,
                           "INSERT INTO device_conflict (device, other, kind, key_kind, value,"
                           " first_at, last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6),"
                           " (?2, ?1, ?3, ?4, ?5, ?6, ?6) ON CONFLICT (device, other, kind, value)"
                           " DO UPDATE SET last_at = excluded.last_at",
                           SQL_TEXT(a), SQL_TEXT(b), SQL_TEXT(kind), SQL_TEXT(key_kind),
                           SQL_TEXT(value), SQL_INT(now));
}

/* What is shared with devices that it is not, is told on both. */
static msptk_status note_conflicts(store_tx *tx, const device_news *n, const candidates *all,
                                   const char *self, int64_t *ret_count, msptk_error **ret_err)
{
        for (size_t i = 0; i < all->count; i++) {
                const candidate *c = &all->items[i];
                bool elsewhere = strcmp(c->client_id, n->client_id) != 0;

                if (!strcmp(c->root, self))
                        continue;
                ++*ret_count;
                if (c->serial)
                        TRY(note(tx, self, c->root, elsewhere ? "other_client" : "serial_shared",
                                 "serial", c->serial_value, n->now, ret_err));
                if (c->machine_id)
                        TRY(note(tx, self, c->root,
                                 elsewhere ? "other_client" : "machine_id_shared", "machine_id",
                                 c->machine_value, n->now, ret_err));
                if (c->mac)
                        TRY(note(tx, self, c->root, elsewhere ? "other_client" : "mac_shared",
                                 "mac", c->mac_value, n->now, ret_err));
        }
        return MSPTK_OK;
}

/* ---- ids ---- */

static msptk_status taken(store_tx *tx, const char *id, bool *ret, msptk_error **ret_err)
{
        int64_t n = 0;

        TRY(msptk__query_int(tx, &n, ret_err, "SELECT count(*) FROM device WHERE id = ?1",
                             SQL_TEXT(id)));
        *ret = n > 0;
        return MSPTK_OK;
}

/* A slug for any name; names of other scripts give digits of their digest. */
static void slug_of(const char *name, char out[SLUG_CAP])
{
        uint8_t d[DIGEST_BYTES];
        uint64_t number = 0;

        if (msptk__slug(name, out, SLUG_CAP))
                return;
        msptk__digest(name, strlen(name), d);
        for (size_t i = 0; i < 8; i++)
                number = number << 8 | d[i];
        snprintf(out, SLUG_CAP, "device-%012llu",
                 (unsigned long long)(number % UINT64_C(1000000000000)));
}

/* `base` and `-n`, within the length of a slug. */
static void numbered(const char *base, int64_t n, char out[SLUG_CAP])
{
        char tail[24];
        size_t len;

        snprintf(tail, sizeof(tail), "-%lld", (long long)n);
        len = strlen(base);
        if (len > SLUG_MAX - strlen(tail))
                len = SLUG_MAX - strlen(tail);
        while (len && base[len - 1] == '-')
                len--;
        snprintf(out, SLUG_CAP, "%.*s%s", (int)len, base, tail);
}

static msptk_status free_id(store_tx *tx, const device_news *n, const char *name,
                            char out[SLUG_CAP], msptk_error **ret_err)
{
        char base[SLUG_CAP], both[2 * SLUG_CAP + 1];
        bool is_taken = false;

        if (n->id) {
                snprintf(out, SLUG_CAP, "%s", n->id);
                TRY(taken(tx, out, &is_taken, ret_err));
                if (is_taken)
                        return fail_why(ret_err, MSPTK_E_EXISTS, "DEVICE_EXISTS",
                                        "choose another id, or leave it to be made from the name",
                                        "a device '%s' exists already", out);
                return MSPTK_OK;
        }
        slug_of(name, base);
        snprintf(out, SLUG_CAP, "%s", base);
        TRY(taken(tx, out, &is_taken, ret_err));
        if (!is_taken)
                return MSPTK_OK;
        snprintf(both, sizeof(both), "%s-%s", n->client_id, base);
        msptk__slug(both, base, sizeof(base));
        snprintf(out, SLUG_CAP, "%s", base);
        TRY(taken(tx, out, &is_taken, ret_err));
        for (int64_t i = 2; is_taken; i++) {
                numbered(base, i, out);
                TRY(taken(tx, out, &is_taken, ret_err));
        }
        return MSPTK_OK;
}

/* ---- remembering ---- */

/* Foreign text made fit to be shown; NULL when it says nothing. */
static msptk_status clean(const char *text, char **ret, msptk_error **ret_err)
{
        AUTO_BUF buf out = BUF_INIT(4 * DEVICE_TEXT_MAX);

        *ret = NULL;
        if (!text)
                return MSPTK_OK;
        msptk__text_clean(text, strlen(text), 0, DEVICE_TEXT_MAX, &out);
        TRY(msptk__buf_status(&out, ROOM, "the description of a device", ret_err));
        if (!out.len || msptk__buf_text(&out)[strspn(msptk__buf_text(&out), " ")] == '\0')
                return MSPTK_OK;
        *ret = msptk__buf_steal(&out);
        return *ret ? MSPTK_OK : msptk__nomem(ret_err);
}

typedef struct facts {
        char *name, *folded, *kind, *os, *address, *attributes;
        int64_t presence, presence_at, seen_at;
} facts;

static void facts_clear(facts *f)
{
        msptk__free(f->name);
        msptk__free(f->folded);
        msptk__free(f->kind);
        msptk__free(f->os);
        msptk__free(f->address);
        msptk__free(f->attributes);
}
#define AUTO_FACTS __attribute__((cleanup(facts_clear)))

/* "Up" is as old as the last sign of life; "down" is what the adapter says now. */
static void read_presence(const device_news *n, facts *f)
{
        int64_t seen = n->row->last_seen;

        if (seen < 0 || seen > n->now)
                seen = n->now;
        f->presence = n->row->presence;
        f->seen_at = seen;
        if (f->presence == MSPTK_PRESENCE_UP) {
                f->presence_at = seen ? seen : n->now;
                f->seen_at = f->presence_at;
        } else if (f->presence == MSPTK_PRESENCE_DOWN) {
                f->presence_at = n->now;
        } else {
                f->presence = MSPTK_PRESENCE_UNKNOWN;
        }
}

static msptk_status read_facts(const device_news *n, facts *f, msptk_error **ret_err)
{
        AUTO_BUF buf folded = BUF_INIT(16384);

        TRY(clean(n->row->name, &f->name, ret_err));
        if (!f->name)
                TRY(clean(n->row->address, &f->name, ret_err));
        if (!f->name)
                TRY(clean(n->vendor_id, &f->name, ret_err));
        if (!f->name)
                return fail(ret_err, MSPTK_E_INVALID, "a device needs a name");
        TRY(clean(n->row->kind, &f->kind, ret_err));
        TRY(clean(n->row->os, &f->os, ret_err));
        TRY(clean(n->row->address, &f->address, ret_err));
        if (n->row->attributes)
                TRY(msptk_json_print(n->row->attributes, 0, &f->attributes, ret_err));
        (void)msptk__text_fold(f->name, strlen(f->name), &folded);
        TRY(msptk__buf_status(&folded, ROOM, "the folded name", ret_err));
        f->folded = msptk__buf_steal(&folded);
        read_presence(n, f);
        return f->folded ? MSPTK_OK : msptk__nomem(ret_err);
}

static msptk_status insert_row(store_tx *tx, const device_news *n, const facts *f, const char *id,
                               msptk_error **ret_err)
{
        return msptk__exec(
                tx, ret_err,
                "INSERT INTO device (id, root, client_id, name, folded, named_by_hand, kind, os,"
                " address, fields, attributes, presence, presence_at, seen_at, created_at,"
                " updated_at, deleted_at, revision) VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
                " ?10, ?11, ?12, ?13, ?14, ?14, 0, 1)",
                SQL_TEXT(id), SQL_TEXT(n->client_id), SQL_TEXT(f->name), SQL_TEXT(f->folded),
                SQL_INT(n->by_hand ? 1 : 0), SQL_TEXT(f->kind), SQL_TEXT(f->os),
                SQL_TEXT(f->address), SQL_TEXT(n->fields ? n->fields : "{}"),
                SQL_TEXT(f->attributes ? f->attributes : "{}"), SQL_INT(f->presence),
                SQL_INT(f->presence_at), SQL_INT(f->seen_at), SQL_INT(n->now));
}

/* What the source says now; what it leaves out stays. */
static msptk_status update_row(store_tx *tx, const facts *f, const char *id, msptk_error **ret_err)
{
        TRY(msptk__exec(tx, ret_err,
                        "UPDATE device SET name = CASE WHEN named_by_hand = 1 THEN name ELSE ?2"
                        " END, folded = CASE WHEN named_by_hand = 1 THEN folded ELSE ?3 END,"
                        " kind = coalesce(?4, kind), os = coalesce(?5, os),"
                        " address = coalesce(?6, address),"
                        " attributes = coalesce(?7, attributes),"
                        " seen_at = CASE WHEN ?8 > seen_at THEN ?8 ELSE seen_at END WHERE id = ?1",
                        SQL_TEXT(id), SQL_TEXT(f->name), SQL_TEXT(f->folded), SQL_TEXT(f->kind),
                        SQL_TEXT(f->os), SQL_TEXT(f->address), SQL_TEXT(f->attributes),
                        SQL_INT(f->seen_at)));
        return msptk__device_seen(tx, id, (int32_t)f->presence, f->presence_at, ret_err);
}

static msptk_status count_keys(store_tx *tx, const char *id, int64_t *ret, msptk_error **ret_err)
{
        TRY(msptk__query_int(tx, ret, ret_err, "SELECT count(*) FROM device_key WHERE device = ?1",
                             SQL_TEXT(id)));
        return MSPTK_OK;
}

/* Keys of the kinds that the source told; others of these kinds are past. *ret_new counts those
 * that the row did not have. */
static msptk_status remember_keys(store_tx *tx, const device_keys *keys, const char *id,
                                  int64_t now, int64_t *ret_new, msptk_error **ret_err)
{
        int64_t before = 0, after = 0;

        TRY(count_keys(tx, id, &before, ret_err));
        for (size_t i = 0; before && i < keys->count; i++)
                if (!i || strcmp(keys->items[i - 1].kind, keys->items[i].kind))
                        TRY(msptk__exec(tx, ret_err,
                                        "UPDATE device_key SET state = 2 WHERE device = ?1"
                                        " AND kind = ?2",
                                        SQL_TEXT(id), SQL_TEXT(keys->items[i].kind)));
        for (size_t i = 0; i < keys->count; i++)
                TRY(msptk__exec(tx, ret_err,
                                "INSERT INTO device_key (kind, value, device, state, first_at,"
                                " last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)"
                                " ON CONFLICT (kind, value, device) DO UPDATE SET"
                                " state = excluded.state, last_at = excluded.last_at",
                                SQL_TEXT(keys->items[i].kind), SQL_TEXT(keys->items[i].value),
                                SQL_TEXT(id), SQL_INT(keys->items[i].state), SQL_INT(now)));
        TRY(count_keys(tx, id, &after, ret_err));
        *ret_new = after - before;
        return MSPTK_OK;
}

static msptk_status set_root(store_tx *tx, const char *id, device_put *p, msptk_error **ret_err)
{
        AUTO_DEVICE device_row d = { 0 };

        TRY(msptk__device_row(tx, id, &d, ret_err));
        if (msptk__replace(&p->id, d.root) < 0)
                return msptk__nomem(ret_err);
        return MSPTK_OK;
}

/* ---- the two cases: the source is known, or not ---- */

static msptk_status put_known(store_tx *tx, const device_news *n, const facts *f,
                              const device_keys *keys, const char *id, device_put *p,
                              msptk_error **ret_err)
{
        AUTO_DEVICE device_row root = { 0 };
        candidates all;
        int64_t fresh = 0;

        TRY(update_row(tx, f, id, ret_err));
        TRY(remember_keys(tx, keys, id, n->now, &fresh, ret_err));
        TRY(msptk__exec(tx, ret_err,
                        "UPDATE device_source SET last_at = ?3 WHERE adapter = ?1"
                        " AND vendor_id = ?2",
                        SQL_TEXT(n->adapter), SQL_TEXT(n->vendor_id), SQL_INT(n->now)));
        TRY(set_root(tx, id, p, ret_err));
        TRY(msptk__device_row(tx, p->id, &root, ret_err));
        p->removed = root.deleted_at != 0;
        p->elsewhere = strcmp(root.client_id, n->client_id) != 0;
        if (!fresh || p->removed)
                return MSPTK_OK;
        TRY(find_candidates(tx, n, keys, p->id, &all, ret_err));
        return note_conflicts(tx, n, &all, p->id, &p->conflicts, ret_err);
}

static msptk_status refuse_match(const candidate *c, msptk_error **ret_err)
{
        return fail_why(ret_err, MSPTK_E_EXISTS, "DEVICE_EXISTS",
                        "use device_get to see it, or device_update to change it",
                        "it is known already as device '%s' of client '%s': %s", c->root,
                        c->client_id, strong(c));
}

static msptk_status put_new(store_tx *tx, const device_news *n, const facts *f,
                            const device_keys *keys, device_put *p, msptk_error **ret_err)
{
        const candidate *match;
        char id[SLUG_CAP];
        candidates all;
        int64_t fresh;

        TRY(find_candidates(tx, n, keys, NULL, &all, ret_err));
        match = pick(n, &all);
        if (match && n->by_hand)
                return refuse_match(match, ret_err);
        TRY(free_id(tx, n, f->name, id, ret_err));
        TRY(insert_row(tx, n, f, id, ret_err));
        TRY(remember_keys(tx, keys, id, n->now, &fresh, ret_err));
        if (n->adapter)
                TRY(msptk__exec(tx, ret_err,
                                "INSERT INTO device_source (adapter, vendor_id, device, first_at,"
                                " last_at) VALUES (?1, ?2, ?3, ?4, ?4)",
                                SQL_TEXT(n->adapter),
                                SQL_TEXT(n->vendor_id && *n->vendor_id ? n->vendor_id : id),
                                SQL_TEXT(id), SQL_INT(n->now)));
        if (match) {
                TRY(msptk__device_merge_rows(tx, id, match->root, strong(match), "library", n->now,
                                             ret_err));
                p->merged = true;
        }
        p->created = !match;
        if (msptk__replace(&p->id, match ? match->root : id) < 0)
                return msptk__nomem(ret_err);
        return note_conflicts(tx, n, &all, p->id, &p->conflicts, ret_err);
}

/* Id of the row of a source; NULL when it is new. */
static msptk_status find_source(store_tx *tx, const device_news *n, char **ret,
                                msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        msptk_status st;

        *ret = NULL;
        if (!n->adapter || !n->vendor_id || !*n->vendor_id)
                return MSPTK_OK;
        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT device FROM device_source WHERE adapter = ?1 AND vendor_id = ?2",
                         SQL_TEXT(n->adapter), SQL_TEXT(n->vendor_id)));
        st = msptk__stmt_step(q, ret_err);
        if (st == MSPTK_OK && !(*ret = msptk__stmt_dup(q, 0)))
                return msptk__nomem(ret_err);
        return st < 0 ? st : MSPTK_OK;
}

msptk_status msptk__device_put(store_tx *tx, const device_news *n, device_put *ret,
                               msptk_error **ret_err)
{
        AUTO_FREE char *known = NULL;
        AUTO_FACTS facts f = { 0 };
        device_put p = { 0 };
        device_keys keys;
        msptk_status st;

        TRY(read_facts(n, &f, ret_err));
        msptk__device_keys_read(n->row->serial, n->row->machine_id, n->row->macs, &keys);
        TRY(find_source(tx, n, &known, ret_err));
        st = known ? put_known(tx, n, &f, &keys, known, &p, ret_err)
                   : put_new(tx, n, &f, &keys, &p, ret_err);
        if (st < 0) {
                msptk__free(p.id);
                return st;
        }
        *ret = p;
        return MSPTK_OK;
}

msptk_status msptk__device_observe(store_tx *tx, const char *client_id, const char *adapter,
                                   const msptk_device_row *row, int64_t now, char **ret_id,
                                   msptk_error **ret_err)
{
        device_news n = { .client_id = client_id,
                          .adapter = adapter,
                          .vendor_id = row->vendor_id,
                          .row = row,
                          .now = now };
        device_put p = { 0 };

        if (!row->vendor_id || !*row->vendor_id || strlen(row->vendor_id) > DEVICE_TEXT_MAX ||
            !msptk__utf8_valid(row->vendor_id, strlen(row->vendor_id)))
                return fail(ret_err, MSPTK_E_PARSE,
                            "adapter '%s' gave a device of client '%s' without a usable id",
                            adapter, client_id);
        TRY(msptk__device_put(tx, &n, &p, ret_err));
        if (ret_id)
                *ret_id = p.id;
        else
                msptk__free(p.id);
        return MSPTK_OK;
}
