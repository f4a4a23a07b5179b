/* doctor: the database, the clock, the vault and the audit trail. */
#define ROOM "ops"
#include "ops/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "evidence/evidence.h"
#include "store/store.h"
#include "toolkit/toolkit.h"
#include "vault/vault.h"

enum { WRITE_WAIT_MS = 3000, NEWEST_ENTRIES = 10000 };

#define MIB (INT64_C(1) << 20)

static const char database_check[] = "database", memory_check[] = "shared_memory",
                  schema_check[] = "schema", integrity_check[] = "integrity",
                  space_check[] = "disk_space", write_check[] = "writable";

static const char clean_up[] = "free space on the file system of the database";

static bool has_reason(const msptk_error *err, const char *reason)
{
        return !strcmp(msptk_error_reason(err), reason);
}

/* Free bytes beside the database; -1 when they cannot be told. */
static int64_t free_space(const char *path, int64_t *ret_total, msptk_error **ret_err)
{
        AUTO_FREE char *dir = msptk__path_dirname(path);
        int64_t left = -1;

        *ret_total = 0;
        if (!dir || msptk__disk_free(dir, &left, ret_total, ret_err) < 0)
                return -1;
        return left;
}

/* Why this user cannot write the file, or NULL when the file system lets him. */
static const char *refuses_writing(const char *path)
{
        AUTO_FREE char *dir = msptk__path_dirname(path);

        if (access(path, W_OK) < 0)
                return msptk__errno_text(errno);
        if (dir && access(dir, W_OK) < 0)
                return msptk__errno_text(errno);
        return NULL;
}

static void say_space(doctor *d, const char *path, bool full)
{
        AUTO_ERROR msptk_error *err = NULL;
        char left_text[NUM_TEXT_MAX], total_text[NUM_TEXT_MAX];
        int64_t total, left = free_space(path, &total, &err);
        int32_t status = DOCTOR_OK;

        if (left < 0) {
                if (full)
                        msptk__doctor_say(d, space_check, DOCTOR_CRITICAL, clean_up,
                                          "no space is left for '%s'", path);
                else
                        msptk__doctor_say(d, space_check, DOCTOR_UNKNOWN, NULL, "%s",
                                          msptk_error_message(err));
                return;
        }
        msptk__num_put_bytes(left_text, left);
        msptk__num_put_bytes(total_text, total);
        if (full || left < MIB)
                status = DOCTOR_CRITICAL;
        else if (left < total / 20 && left < 1024 * MIB)
                status = DOCTOR_WARNING;
        msptk__doctor_say(d, space_check, status, status ? clean_up : NULL,
                          "%s%s free of %s where '%s' is", full ? "a change did not fit: " : "",
                          left_text, total_text, path);
}

/* Which check an error of opening or writing belongs to. */
static const char *check_of(const char *path, const msptk_error *err)
{
        msptk_status st = msptk_error_status(err);
        int64_t total, left = free_space(path, &total, NULL);

        if (has_reason(err, "DISK_FULL"))
                return space_check;
        if (has_reason(err, "NO_SHARED_MEMORY"))
                /* it is a file, too, and a full disk cannot hold it */
                return left >= 0 && left < MIB ? space_check : memory_check;
        if (st == MSPTK_E_CORRUPT)
                return integrity_check;
        if (has_reason(err, "DATABASE_READ_ONLY") || refuses_writing(path))
                return write_check;
        return database_check;
}

/* The checks of a database that could not be opened: one of them is to blame. */
static void say_unopened(doctor *d, const char *path, const msptk_error *err)
{
        static const char *const all[] = { database_check,  memory_check, schema_check,
                                           integrity_check, space_check,  write_check };
        const char *bad = check_of(path, err), *refused = refuses_writing(path);

        d->no_store = d->no_tables = d->no_write = bad;
        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
                if (all[i] == space_check)
                        say_space(d, path, bad == space_check);
                else if (all[i] != bad)
                        msptk__doctor_skip(d, all[i], bad);
                else if (bad == write_check && refused)
                        msptk__doctor_say(d, write_check, DOCTOR_CRITICAL,
                                          msptk_error_suggestion(err), "'%s' or its directory: %s",
                                          path, refused);
                else
                        msptk__doctor_say_error(d, bad, DOCTOR_CRITICAL, err);
        }
}

static void skip_store(doctor *d, const char *because, bool space)
{
        msptk__doctor_skip(d, memory_check, because);
        msptk__doctor_skip(d, schema_check, because);
        msptk__doctor_skip(d, integrity_check, because);
        if (!space)
                msptk__doctor_skip(d, space_check, because);
        msptk__doctor_skip(d, write_check, because);
        d->no_store = d->no_tables = d->no_write = because;
}

/* ---- schema ---- */

static void check_schema(doctor *d)
{
        AUTO_ERROR msptk_error *err = NULL;
        size_t n;
        const store_migration *const *tables = msptk__toolkit_migrations(&n);
        store_info info = { 0 };
        msptk_status st;

        st = msptk__store_info(d->c.store, &info, NULL);
        if (st == MSPTK_OK)
                st = msptk__store_migrate(d->c.store, tables, n, msptk__now(&d->c), &err);
        if (st == MSPTK_OK) {
                msptk__doctor_say(d, schema_check, DOCTOR_OK, NULL,
                                  "up to date, newest migration %" PRId64, info.schema_number);
        } else if (st == MSPTK_E_CONFLICT && has_reason(err, "SCHEMA_OLD")) {
                msptk__doctor_say(d, schema_check, DOCTOR_OK, NULL,
                                  "older than this program (newest migration %" PRId64
                                  "); the next command brings it up to date",
                                  info.schema_number);
                d->no_tables = "the schema is older than this program";
        } else if (st == MSPTK_E_CORRUPT) {
                msptk__doctor_skip(d, schema_check, integrity_check);
                d->no_tables = integrity_check;
        } else {
                msptk__doctor_say_error(d, schema_check, DOCTOR_CRITICAL, err);
                d->no_tables = schema_check;
        }
}

/* ---- integrity ---- */

typedef struct damage {
        char first[512];
} damage;

static void keep_first(void *user, const char *text)
{
        damage *m = user;

        if (!m->first[0])
                snprintf(m->first, sizeof(m->first), "%s", text);
}

static void check_integrity(doctor *d)
{
        AUTO_ERROR msptk_error *err = NULL;
        damage m = { 0 };
        size_t count = 0;
        msptk_status st = msptk__store_check(d->c.store, !d->full, keep_first, &m, &count, &err);

        if (st < 0 && st != MSPTK_E_CORRUPT) {
                msptk__doctor_say_error(d, integrity_check, DOCTOR_UNKNOWN, err);
                return;
        }
        if (st == MSPTK_OK && !count) {
                msptk__doctor_say(d, integrity_check, DOCTOR_OK, NULL, "%s",
                                  d->full ? "every page, index and reference was read and is whole"
                                          : "every page and reference was read and is whole "
                                            "(--full compares indexes, too)");
                return;
        }
        msptk__doctor_say(d, integrity_check, DOCTOR_CRITICAL,
                          "keep a copy of the file, then restore the newest good backup",
                          "%zu findings, the first: %s", count ? count : 1,
                          st < 0 ? msptk_error_message(err) : m.first);
        d->no_tables = integrity_check;
        d->no_write = integrity_check;
}

/* ---- shared memory and writing: a connection of its own, for both ---- */

static void check_shared_memory(doctor *d, const char *path, const store *s, const msptk_error *err)
{
        AUTO_BUF buf name = BUF_INIT(8192);
        file_info info;

        if (!s && check_of(path, err) == memory_check) {
                msptk__doctor_say_error(d, memory_check, DOCTOR_CRITICAL, err);
                d->no_write = memory_check;
                return;
        }
        msptk__buf_addf(&name, "%s-shm", path);
        if (msptk__file_stat(msptk__buf_text(&name), 0, &info, NULL) == MSPTK_OK)
                msptk__doctor_say(d, memory_check, DOCTOR_OK, NULL,
                                  "the write-ahead log is shared through '%s', %" PRId64 " bytes",
                                  msptk__buf_text(&name), info.size);
        else
                msptk__doctor_skip(d, memory_check, write_check);
}

static void say_unwritable(doctor *d, const char *path, msptk_status st, const msptk_error *err)
{
        const char *refused = refuses_writing(path);

        if (refused)
                msptk__doctor_say(d, write_check, DOCTOR_CRITICAL, msptk_error_suggestion(err),
                                  "'%s' or its directory: %s", path, refused);
        else
                msptk__doctor_say_error(d, write_check,
                                        st == MSPTK_E_BUSY ? DOCTOR_UNKNOWN : DOCTOR_CRITICAL, err);
}

static void check_writing(doctor *d, const char *path)
{
        store_options o = { .path = path, .wait_ms = WRITE_WAIT_MS };
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_STORE store *s = NULL;
        int64_t began = d->began_ns;
        msptk_status st = MSPTK_OK;
        bool full;

        if (!d->no_write || d->no_write == schema_check)
                st = msptk__store_open(&o, &s, &err);
        check_shared_memory(d, path, s, err);
        if (s && !d->no_write && !d->no_tables)
                st = msptk__store_probe_write(s, WRITE_WAIT_MS, &err);
        full = st < 0 && check_of(path, err) == space_check;
        say_space(d, path, full);
        d->began_ns = began;
        if (full)
                msptk__doctor_skip(d, write_check, space_check);
        else if (d->no_write || (st == MSPTK_OK && d->no_tables))
                msptk__doctor_skip(d, write_check, d->no_write ? d->no_write : d->no_tables);
        else if (st < 0)
                say_unwritable(d, path, st, err);
        else
                msptk__doctor_say(d, write_check, DOCTOR_OK, NULL,
                                  "64 KiB were written, made durable and removed");
        if (s) { /* the last to close folds the log into the file, which only a writer can */
                store *reader = d->c.store;

                d->c.store = STEAL(s);
                msptk__store_free(reader);
        }
}

void msptk__doctor_store(doctor *d)
{
        store_options o = { .read_only = true, .wait_ms = WRITE_WAIT_MS };
        AUTO_ERROR msptk_error *err = NULL;
        store_info info = { 0 };
        file_info file;

        if (d->no_config) {
                msptk__doctor_skip(d, database_check, d->no_config);
                skip_store(d, d->no_config, false);
                return;
        }
        o.path = msptk__toolkit_database(&d->c);
        if (!strcmp(o.path, ":memory:")) {
                msptk__doctor_say(d, database_check, DOCTOR_OK, NULL,
                                  "in memory: it ends with this program");
                skip_store(d, "the database is in memory", false);
                return;
        }
        if (msptk__file_stat(o.path, 0, &file, NULL) == MSPTK_E_NOTFOUND) {
                msptk__doctor_say(d, database_check, DOCTOR_CRITICAL,
                                  "run 'msp-toolkit init', restore the file, or correct "
                                  "database.path",
                                  "there is no database '%s'", o.path);
                skip_store(d, database_check, true);
                say_space(d, o.path, false);
                return;
        }
        if (msptk__store_open(&o, &d->c.store, &err) < 0) {
                say_unopened(d, o.path, err);
                return;
        }
        if (msptk__store_info(d->c.store, &info, &err) < 0) {
                say_unopened(d, o.path, err);
                return;
        }
        msptk__doctor_say(d, database_check, DOCTOR_OK, NULL,
                          "'%s' opens: %" PRId64 " pages of %" PRId64 " bytes, log of %" PRId64
                          " bytes",
                          o.path, info.page_count, info.page_size, info.log_bytes);
        check_schema(d);
        check_integrity(d);
        check_writing(d, o.path);
}

/* ---- clock ---- */

/* No program of this version can run before it was written: 2026-11-01. */
static const int64_t written_us = INT64_C(1793491200) * US_PER_S;

static int64_t newest_record(doctor *d, const char **ret_what)
{
        AUTO_TX store_tx *tx = NULL;
        store_info info = { 0 };
        int64_t newest = written_us, at = 0;

        *ret_what = "the release of this program";
        if (!d->c.store || d->no_tables)
                return newest;
        if (msptk__store_info(d->c.store, &info, NULL) == MSPTK_OK && info.newest_us > newest) {
                newest = info.newest_us;
                *ret_what = "the newest record of the database";
        }
        if (msptk__tx_begin(d->c.store, TX_READ, 0, &tx, NULL) == MSPTK_OK &&
            msptk__audit_newest(tx, &at, NULL) == MSPTK_OK && at > newest) {
                newest = at;
                *ret_what = "the newest entry of the audit trail";
        }
        if (tx && msptk__evidence_newest(tx, &at, NULL) == MSPTK_OK && at > newest) {
                newest = at;
                *ret_what = "the newest observation";
        }
        return newest;
}

void msptk__doctor_clock(doctor *d)
{
        const char *what;
        int64_t newest = newest_record(d, &what);
        int64_t now = msptk__now(&d->c);
        char now_text[TIME_TEXT_MAX], then[TIME_TEXT_MAX];

        msptk__time_format(now, now_text);
        msptk__time_format(newest, then);
        if (now < newest - US_PER_S)
                msptk__doctor_say(d, "clock", DOCTOR_CRITICAL,
                                  "set the clock, and keep it right with a time service",
                                  "it says %s, but %s is of %s", now_text, what, then);
        else
                msptk__doctor_say(d, "clock", DOCTOR_OK, NULL, "%s, after %s (%s)", now_text, what,
                                  then);
}

/* ---- vault ---- */

static void skip_vault(doctor *d, const char *because)
{
        msptk__doctor_skip(d, "vault_key_file", because);
        msptk__doctor_skip(d, "vault", because);
        d->no_key = because;
}

static void check_key_file(doctor *d)
{
        const char *path = msptk__config_str(d->c.config, "vault.key_file", NULL);
        AUTO_ERROR msptk_error *err = NULL;
        file_info info = { 0 };

        if (msptk__config_str(d->c.config, "vault.passphrase", NULL)) {
                msptk__doctor_say(d, "vault_key_file", DOCTOR_OK, NULL,
                                  "not used: a passphrase opens the vault");
                return;
        }
        if (msptk__vault_key_look(path, &info, &err) < 0) {
                msptk__doctor_say_error(d, "vault_key_file", DOCTOR_CRITICAL, err);
                d->no_key = "vault_key_file";
                return;
        }
        msptk__doctor_say(d, "vault_key_file", DOCTOR_OK, NULL,
                          "'%s' is a key, mode %04o, of this user", path, (unsigned)info.mode);
}

static int count_secret(void *user, const secret_row *row)
{
        (void)row;
        ++*(size_t *)user;
        return 0;
}

static msptk_status try_vault(doctor *d, size_t *ret_count, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__toolkit_open_vault(&d->c, ret_err));
        TRY(msptk__vault_unlock(d->c.vault, ret_err));
        TRY(msptk__vault_check(d->c.vault, ret_err));
        TRY(msptk__tx_begin(d->c.store, TX_READ, 0, &tx, ret_err));
        return msptk__vault_each(d->c.vault, tx, count_secret, ret_count, ret_err);
}

void msptk__doctor_vault(doctor *d)
{
        AUTO_ERROR msptk_error *err = NULL;
        size_t count = 0;

        if (d->no_config) {
                skip_vault(d, d->no_config);
                return;
        }
        if (!strcmp(msptk__toolkit_database(&d->c), ":memory:") &&
            !msptk__config_is_set(d->c.config, "vault.key_file")) {
                skip_vault(d, "the key is in memory");
                return;
        }
        check_key_file(d);
        if (d->no_key || d->no_store || d->no_tables) {
                msptk__doctor_skip(d, "vault",
                                   d->no_key     ? d->no_key
                                   : d->no_store ? d->no_store
                                                 : d->no_tables);
                return;
        }
        if (try_vault(d, &count, &err) < 0)
                msptk__doctor_say_error(d, "vault", DOCTOR_CRITICAL, err);
        else
                msptk__doctor_say(d, "vault", DOCTOR_OK, NULL,
                                  "the key belongs to this database; %zu secrets open", count);
}

/* ---- audit ---- */

static msptk_status prove(doctor *d, audit_report *r, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__tx_begin(d->c.store, TX_READ, 0, &tx, ret_err));
        if (d->full)
                return msptk__audit_prove(&d->c, tx, NULL, r, ret_err);
        return msptk__audit_prove_newest(&d->c, tx, NEWEST_ENTRIES, r, ret_err);
}

void msptk__doctor_audit(doctor *d)
{
        AUTO_ERROR msptk_error *err = NULL;
        audit_report r = { 0 };
        msptk_status st;

        if (d->no_store || d->no_tables) {
                msptk__doctor_skip(d, "audit", d->no_store ? d->no_store : d->no_tables);
                return;
        }
        st = prove(d, &r, &err);
        if (st < 0)
                msptk__doctor_say_error(d, "audit", DOCTOR_UNKNOWN, err);
        else if (r.verdict != VERDICT_HOLDS)
                msptk__doctor_say(d, "audit", DOCTOR_CRITICAL,
                                  "run 'msp-toolkit audit verify', and keep a copy of the database "
                                  "as evidence",
                                  "%s", r.message);
        else
                msptk__doctor_say(d, "audit", DOCTOR_OK, NULL, "%s%s", r.message,
                                  r.first_seq && r.entries < r.last_seq - r.first_seq + 1
                                          ? " (older ones by their signed head; --full reads all)"
                                          : "");
}
