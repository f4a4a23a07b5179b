/* Who runs a client now: a lease with a fencing number, so that two processes do not both judge. */
#define ROOM "health"
#include "health/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Renewed with every transaction; one whose process died is taken over at once when that can be
 * seen, else when it expires. */
static const int64_t lease_us = INT64_C(90) * 1000000;

enum { HOLDER_BYTES = 400 };

static void read_word(const char *path, char *out, size_t cap)
{
        AUTO_BUF buf text = BUF_INIT(4096);

        out[0] = '\0';
        if (msptk__file_read(path, 0, &text, NULL) < 0)
                return;
        snprintf(out, cap, "%s", msptk__buf_text(&text));
        out[strcspn(out, " \r\n")] = '\0';
}

/* Field 22 of /proc/PID/stat: when it was started, in ticks since boot; tells a reused id. */
static long long started_at(long pid)
{
        AUTO_BUF buf text = BUF_INIT(4096);
        char path[64];
        const char *p;
        long long ticks = 0;

        snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
        if (msptk__file_read(path, 0, &text, NULL) < 0)
                return 0;
        p = strrchr(msptk__buf_text(&text), ')');
        for (int field = 2; p && field < 21; field++)
                p = strchr(p + 1, ' ');
        if (p && sscanf(p, " %*s %lld", &ticks) != 1)
                ticks = 0;
        return ticks;
}

/* "HOST BOOT PIDSPACE PID TICKS": where a process is and which one it is. */
static void own_name(char *out, size_t cap)
{
        char host[65] = "", boot[40], space[64] = "";
        long pid = (long)getpid();
        ssize_t n = readlink("/proc/self/ns/pid", space, sizeof(space) - 1);

        space[n > 0 ? n : 0] = '\0';
        if (gethostname(host, sizeof(host) - 1))
                host[0] = '\0';
        read_word("/proc/sys/kernel/random/boot_id", boot, sizeof(boot));
        for (char *p = host; *p; p++)
                if (*p == ' ')
                        *p = '_';
        snprintf(out, cap, "%s %s %s %ld %lld", *host ? host : "host", *boot ? boot : "boot",
                 *space ? space : "space", pid, started_at(pid));
}

/* Whether the holder is a process of this machine that has ended. */
static bool has_died(const char *holder, const char *own)
{
        long pid = 0;
        long long ticks = 0;
        size_t same = 0;

        for (int words = 0; words < 3; same++) {
                if (holder[same] != own[same] || !holder[same])
                        return false;
                words += holder[same] == ' ';
        }
        if (sscanf(holder + same, "%ld %lld", &pid, &ticks) != 2 || pid <= 0)
                return false;
        if (kill((pid_t)pid, 0) && errno == ESRCH)
                return true;
        return ticks && started_at(pid) && started_at(pid) != ticks;
}

static msptk_status in_progress(const run_client *k, const char *holder, int64_t since,
                                msptk_error **ret_err)
{
        char when[TIME_TEXT_MAX], host[65] = "";
        long pid = 0;

        msptk__time_format(since, when);
        (void)sscanf(holder, "%64s %*s %*s %ld", host, &pid);
        msptk__fail_why(ret_err, MSPTK_E_BUSY, ROOM, "RUN_IN_PROGRESS",
                        "wait for it to end, or try again in a minute",
                        "client '%s' is being checked by process %ld on %s since %s", k->row.id,
                        pid, host, when);
        if (ret_err) {
                msptk__error_set_client(*ret_err, k->row.id);
                msptk__error_set_retry(*ret_err, 1, 10000);
        }
        return MSPTK_E_BUSY;
}

static msptk_status take_one(run *r, store_tx *tx, run_client *k, msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        int64_t fence = 1;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT fence, expires, holder, since FROM run_lease WHERE client_id = ?1",
                         SQL_TEXT(k->row.id)));
        st = msptk__stmt_step(q, ret_err);
        TRY(st);
        if (st == MSPTK_OK) {
                if (msptk__stmt_int(q, 1) > r->now && !has_died(msptk__stmt_text(q, 2), r->holder))
                        return in_progress(k, msptk__stmt_text(q, 2), msptk__stmt_int(q, 3),
                                           ret_err);
                fence = msptk__stmt_int(q, 0) + 1;
                TRY(msptk__exec(tx, ret_err,
                                "UPDATE run_lease SET run_id = ?2, holder = ?3, fence = ?4,"
                                " since = ?5, expires = ?6 WHERE client_id = ?1",
                                SQL_TEXT(k->row.id), SQL_TEXT(r->id), SQL_TEXT(r->holder),
                                SQL_INT(fence), SQL_INT(r->now), SQL_INT(r->now + lease_us)));
        } else {
                TRY(msptk__exec(tx, ret_err,
                                "INSERT INTO run_lease (client_id, run_id, holder, fence, since,"
                                " expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                                SQL_TEXT(k->row.id), SQL_TEXT(r->id), SQL_TEXT(r->holder),
                                SQL_INT(fence), SQL_INT(r->now), SQL_INT(r->now + lease_us)));
        }
        k->fence = fence;
        k->leased = true;
        return MSPTK_OK;
}

static msptk_status take_all(run *r, store_tx *tx, bool named, msptk_error **ret_err)
{
        for (size_t i = 0; i < r->client_count; i++) {
                run_client *k = &r->clients[i];
                AUTO_ERROR msptk_error *why = NULL;
                msptk_status st;

                if (k->skipped)
                        continue;
                st = take_one(r, tx, k, named ? ret_err : &why);
                if (st == MSPTK_E_BUSY && !named) {
                        k->skipped = true;
                        k->reason = msptk__arena_text(&r->texts, msptk_error_message(why),
                                                      MESSAGE_BYTES);
                } else if (st < 0) {
                        if (!named && ret_err)
                                *ret_err = STEAL(why);
                        return st;
                }
        }
        return MSPTK_OK;
}

msptk_status msptk__lease_take(run *r, bool named, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        char *holder = msptk__arena_alloc(&r->texts, HOLDER_BYTES);
        msptk_status st;

        if (!holder)
                return msptk__nomem(ret_err);
        own_name(holder, HOLDER_BYTES);
        r->holder = holder;
        TRY(msptk__act_begin_tx(r->a, TX_WRITE, &tx, ret_err));
        st = take_all(r, tx, named, ret_err);
        if (st == MSPTK_OK)
                st = msptk__tx_commit(&tx, ret_err);
        if (st < 0)
                for (size_t i = 0; i < r->client_count; i++)
                        r->clients[i].leased = false;
        return st;
}

msptk_status msptk__lease_keep(run *r, store_tx *tx, const run_client *k, msptk_error **ret_err)
{
        TRY(msptk__exec(tx, ret_err,
                        "UPDATE run_lease SET expires = ?3 WHERE client_id = ?1 AND fence = ?2"
                        " AND run_id = ?4",
                        SQL_TEXT(k->row.id), SQL_INT(k->fence),
                        SQL_INT(msptk__now(r->c) + lease_us), SQL_TEXT(r->id)));
        if (msptk__tx_changes(tx) == 1)
                return MSPTK_OK;
        return fail_why(ret_err, MSPTK_E_CONFLICT, "LEASE_LOST",
                        "another process checks this client now; see its results",
                        "the run of client '%s' took so long that another one took over",
                        k->row.id);
}

static msptk_status release_all(run *r, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__tx_begin(r->c->store, TX_WRITE, 0, &tx, ret_err));
        for (size_t i = 0; i < r->client_count; i++)
                if (r->clients[i].leased)
                        TRY(msptk__exec(tx, ret_err,
                                        "UPDATE run_lease SET expires = 0 WHERE client_id = ?1"
                                        " AND fence = ?2",
                                        SQL_TEXT(r->clients[i].row.id),
                                        SQL_INT(r->clients[i].fence)));
        return msptk__tx_commit(&tx, ret_err);
}

void msptk__lease_release(run *r)
{
        AUTO_ERROR msptk_error *why = NULL;
        bool any = false;

        for (size_t i = 0; i < r->client_count; i++)
                any = any || r->clients[i].leased;
        if (any && release_all(r, &why) < 0)
                msptk__log(r->c, LOG_WARNING, ROOM, "a lease stays until it expires: %s",
                           msptk_error_message(why));
}
