/* What the engine answers, in our words. */
#define ROOM "store"
#include "store/internal.h"

#include <errno.h>

typedef struct meaning {
        int rc;
        msptk_status status;
        const char *reason;
        const char *suggestion;
} meaning;

static const char try_later[] = "try again, or stop the other program that writes";
static const char free_space[] = "free space on the file system of the database";
static const char make_writable[] = "make the file and its directory writable for this user";
static const char check_path[] = "check that the directory exists and that this user may use it";
static const char local_disk[] = "put the database on a local file system with shared memory";
static const char restore[] = "run 'msp-toolkit doctor', then restore the file from a backup";
static const char check_disk[] = "check the disk and the system log";

/* Exact results before their families. */
static const meaning meanings[] = {
        { SQLITE_CONSTRAINT_UNIQUE, MSPTK_E_EXISTS, "ALREADY_EXISTS", "choose another name" },
        { SQLITE_CONSTRAINT_PRIMARYKEY, MSPTK_E_EXISTS, "ALREADY_EXISTS", "choose another name" },
        { SQLITE_CONSTRAINT_ROWID, MSPTK_E_EXISTS, "ALREADY_EXISTS", "choose another name" },
        { SQLITE_CONSTRAINT_FOREIGNKEY, MSPTK_E_CONFLICT, "BROKEN_REFERENCE",
          "name something that exists, or remove what depends on it first" },
        { SQLITE_CONSTRAINT, MSPTK_E_INVALID, "CONSTRAINT", "correct the value" },
        { SQLITE_IOERR_NOMEM, MSPTK_E_NOMEM, NULL, NULL },
        { SQLITE_IOERR_SHMOPEN, MSPTK_E_IO, "NO_SHARED_MEMORY", local_disk },
        { SQLITE_IOERR_SHMSIZE, MSPTK_E_IO, "NO_SHARED_MEMORY", local_disk },
        { SQLITE_IOERR_SHMMAP, MSPTK_E_IO, "NO_SHARED_MEMORY", local_disk },
        { SQLITE_IOERR_SHMLOCK, MSPTK_E_IO, "NO_SHARED_MEMORY", local_disk },
        { SQLITE_IOERR_LOCK, MSPTK_E_IO, "NO_SHARED_MEMORY", local_disk },
        { SQLITE_IOERR_CORRUPTFS, MSPTK_E_CORRUPT, "DATABASE_CORRUPT", restore },
        { SQLITE_CANTOPEN_SYMLINK, MSPTK_E_IO, "DATABASE_CANNOT_OPEN",
          "name the file itself instead of a link to it" },
        { SQLITE_BUSY, MSPTK_E_BUSY, "DATABASE_BUSY", try_later },
        { SQLITE_LOCKED, MSPTK_E_BUSY, "DATABASE_BUSY", try_later },
        { SQLITE_CORRUPT, MSPTK_E_CORRUPT, "DATABASE_CORRUPT", restore },
        { SQLITE_NOTADB, MSPTK_E_CORRUPT, "DATABASE_CORRUPT", restore },
        { SQLITE_FULL, MSPTK_E_IO, "DISK_FULL", free_space },
        { SQLITE_READONLY, MSPTK_E_IO, "DATABASE_READ_ONLY", make_writable },
        { SQLITE_CANTOPEN, MSPTK_E_IO, "DATABASE_CANNOT_OPEN", check_path },
        { SQLITE_PERM, MSPTK_E_IO, "DATABASE_CANNOT_OPEN", check_path },
        { SQLITE_AUTH, MSPTK_E_IO, "DATABASE_CANNOT_OPEN", check_path },
        { SQLITE_IOERR, MSPTK_E_IO, "DATABASE_IO", check_disk },
        { SQLITE_TOOBIG, MSPTK_E_TOOBIG, "VALUE_TOO_BIG", "store less in one value" },
        { SQLITE_NOMEM, MSPTK_E_NOMEM, NULL, NULL },
        { SQLITE_INTERRUPT, MSPTK_E_CANCELLED, NULL, NULL },
};
static const meaning disk_full = { SQLITE_FULL, MSPTK_E_IO, "DISK_FULL", free_space };

static const meaning *find_meaning(int rc, int system_errno)
{
        bool io = (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN;

        if (io && rc != SQLITE_IOERR_NOMEM && (system_errno == ENOSPC || system_errno == EDQUOT))
                return &disk_full;
        for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
                if (meanings[i].rc == rc)
                        return &meanings[i];
        for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
                if (meanings[i].rc == (rc & 0xff))
                        return &meanings[i];
        return NULL;
}

msptk_status msptk__store_busy(const store *s, msptk_error **ret_err, const char *doing)
{
        fail_why(ret_err, MSPTK_E_BUSY, "DATABASE_BUSY", try_later,
                 "%s database '%s': others held it until the deadline", doing, s->path);
        if (ret_err)
                msptk__error_set_retry(*ret_err, 1, 0);
        return MSPTK_E_BUSY;
}

msptk_status msptk__store_fail(const store *s, sqlite3 *db, int rc, msptk_error **ret_err,
                               const char *doing, const char *sql)
{
        const meaning *m = find_meaning(rc, db ? sqlite3_system_errno(db) : 0);
        const char *said = db ? sqlite3_errmsg(db) : sqlite3_errstr(rc);

        if (!m)
                return fail(ret_err, MSPTK_E_INTERNAL, "%s database '%s': %s, in '%.120s'", doing,
                            s->path, said, sql ? sql : "");
        if (m->status == MSPTK_E_NOMEM)
                return msptk__nomem(ret_err);
        if (m->status == MSPTK_E_BUSY)
                return msptk__store_busy(s, ret_err, doing);
        if (!m->reason)
                return fail(ret_err, m->status, "%s database '%s': %s", doing, s->path, said);
        if (m == &disk_full)
                said = "the disk is full";
        return fail_why(ret_err, m->status, m->reason, m->suggestion, "%s database '%s': %s", doing,
                        s->path, said);
}
