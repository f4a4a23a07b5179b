/* Who has reported and who has not: stored for whole ranges of devices where that is the same as
 * one by one. */
#define ROOM "health"
#include "health/settle.h"

#include <string.h>

static const char *find_reason(const settling *g)
{
        const run_device *d = g->d;

        for (size_t i = 0; i < d->ask_count; i++) {
                const ask *k = g->r->asks[g->r->links[d->first_ask + i]];

                if (k->problem)
                        return msptk__arena_text(&g->r->texts, k->problem, MESSAGE_BYTES);
        }
        for (const observed *o = d->first; o; o = o->next)
                if (*o->message)
                        return msptk__arena_text(&g->r->texts, o->message, MESSAGE_BYTES);
        return d->reason ? d->reason : "nothing was reported of it";
}

msptk_status msptk__note_device(settling *g, bool complete, msptk_error **ret_err)
{
        run_device *d = g->d;

        d->note = NOTE_NONE;
        if (!d->reported && !(d->reason = find_reason(g)))
                return msptk__nomem(ret_err);
        if (d->reported)
                d->note = NOTE_REPORTED;
        else if (complete)
                d->note = NOTE_SILENT;
        return MSPTK_OK;
}

static msptk_status write_one(settling *g, const run_device *d, msptk_error **ret_err)
{
        bool reported = d->note == NOTE_REPORTED;
        int64_t now = g->r->now;

        if (d->id && d->asked)
                TRY(msptk__device_seen(g->tx, d->id,
                                       reported ? MSPTK_PRESENCE_UP : MSPTK_PRESENCE_UNKNOWN, now,
                                       ret_err));
        return msptk__exec(
                g->tx, ret_err,
                "INSERT INTO device_health (client_id, device_id, asked_at, reported_at, reason)"
                " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (client_id, device_id) DO UPDATE SET"
                " asked_at = excluded.asked_at, reported_at = CASE WHEN excluded.reported_at > 0"
                " THEN excluded.reported_at ELSE device_health.reported_at END,"
                " reason = excluded.reason",
                SQL_TEXT(g->k->row.id), SQL_TEXT(d->id ? d->id : ""), SQL_INT(now),
                SQL_INT(reported ? now : 0), SQL_TEXT(reported ? NULL : d->reason));
}

/* MSPTK_DONE when the range in the store is not that of the run: there are devices that the run
 * does not know, or some that were never noted. */
static msptk_status try_range(settling *g, const char *from, const char *to, int64_t count,
                              msptk_error **ret_err)
{
        int64_t seen = 0;

        TRY(msptk__devices_seen(g->tx, g->k->row.id, from, to, g->r->now, &seen, ret_err));
        if (seen != count)
                return MSPTK_DONE;
        TRY(msptk__exec(g->tx, ret_err,
                        "UPDATE device_health SET asked_at = ?4, reported_at = ?4, reason = NULL"
                        " WHERE client_id = ?1 AND device_id >= ?2 AND device_id <= ?3",
                        SQL_TEXT(g->k->row.id), SQL_TEXT(from), SQL_TEXT(to), SQL_INT(g->r->now)));
        return msptk__tx_changes(g->tx) == count ? MSPTK_OK : MSPTK_DONE;
}

static msptk_status write_range(settling *g, const size_t *ready, size_t count,
                                msptk_error **ret_err)
{
        const run_device *devices = g->r->devices;
        msptk_status st = MSPTK_DONE;

        if (count > 1) {
                TRY(msptk__tx_step_begin(g->tx, ret_err));
                st = try_range(g, devices[ready[0]].id, devices[ready[count - 1]].id,
                               (int64_t)count, ret_err);
                if (st != MSPTK_OK) {
                        msptk_status undone = msptk__tx_step_undo(g->tx, st < 0 ? NULL : ret_err);

                        TRY(st);
                        TRY(undone);
                } else {
                        TRY(msptk__tx_step_keep(g->tx, ret_err));
                }
        }
        for (size_t i = 0; st != MSPTK_OK && i < count; i++)
                TRY(write_one(g, &devices[ready[i]], ret_err));
        return MSPTK_OK;
}

static bool in_range(const run_device *d)
{
        return d->note == NOTE_REPORTED && d->id && d->asked;
}

msptk_status msptk__notes_write(settling *g, size_t first, size_t end, msptk_error **ret_err)
{
        const size_t *ready = g->r->ready;
        const run_device *devices = g->r->devices;

        for (size_t i = first, next; i < end; i = next) {
                next = i + 1;
                if (devices[ready[i]].note == NOTE_NONE)
                        continue;
                if (!in_range(&devices[ready[i]])) {
                        TRY(write_one(g, &devices[ready[i]], ret_err));
                        continue;
                }
                while (next < end && ready[next] == ready[next - 1] + 1 &&
                       in_range(&devices[ready[next]]))
                        next++;
                TRY(write_range(g, ready + i, next - i, ret_err));
        }
        return MSPTK_OK;
}
