/* What is done once a day: roll-ups, and dropping what is older than the retention. */
#define ROOM "health"
#include "health/internal.h"

#include <string.h>

#include "config/config.h"

static const int64_t day_us = INT64_C(86400000000);
enum { DAYS_MAX = 4096 };

/* Rolls up the days from `from` on that are over. */
static msptk_status roll_up(store_tx *tx, int32_t from, int32_t today, msptk_error **ret_err)
{
        int32_t days[DAYS_MAX];
        size_t count = 0;

        TRY(msptk__store_sample_days(tx, from, days, DAYS_MAX, &count, ret_err));
        for (size_t i = 0; i < count; i++)
                if (days[i] < today)
                        TRY(msptk__store_samples_rollup(tx, days[i], ret_err));
        return MSPTK_OK;
}

static msptk_status drop(store_tx *tx, int64_t before, msptk_error **ret_err)
{
        int32_t day = msptk__store_day(before);
        size_t dropped;

        TRY(msptk__store_samples_drop_before(tx, day, &dropped, ret_err));
        TRY(msptk__store_rollups_drop_before(tx, day, ret_err));
        TRY(msptk__exec(tx, ret_err, "DELETE FROM state_change WHERE at < ?1", SQL_INT(before)));
        TRY(msptk__pages_drop(tx, before, ret_err));
        TRY(msptk__exec(tx, ret_err, "DELETE FROM run WHERE started < ?1", SQL_INT(before)));
        TRY(msptk__evidence_prune(tx, before, ret_err));
        return msptk__alert_prune(tx, before, ret_err);
}

static int64_t retention_us(const ctx *c)
{
        return msptk__config_int(c->config, "general.data_retention_days", 90) * day_us;
}

static msptk_status retain(ctx *c, int32_t from, msptk_error **ret_err)
{
        int64_t now = msptk__now(c);
        int64_t audit_days = msptk__config_int(c->config, "audit.retention_days", 365);
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__tx_begin(c->store, TX_WRITE, 0, &tx, ret_err));
        if (from < msptk__store_day(now - retention_us(c)))
                from = msptk__store_day(now - retention_us(c));
        TRY(roll_up(tx, from, msptk__store_day(now), ret_err));
        TRY(drop(tx, now - retention_us(c), ret_err));
        TRY(msptk__tx_commit(&tx, ret_err));
        return msptk__audit_prune(c, now - audit_days * day_us, ret_err);
}

msptk_status msptk__health_retain(ctx *c, msptk_error **ret_err)
{
        return retain(c, 0, ret_err);
}

/* Whether this process is the one to do it today. */
static msptk_status claim(ctx *c, int32_t today, int64_t *ret_last, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;

        TRY(msptk__tx_begin(c->store, TX_WRITE, 0, &tx, ret_err));
        *ret_last = 0;
        TRY(msptk__query_int(tx, ret_last, ret_err, "SELECT day FROM upkeep WHERE name = ?1",
                             SQL_TEXT("retain")));
        if (*ret_last >= today)
                return MSPTK_DONE;
        TRY(msptk__exec(tx, ret_err,
                        "INSERT INTO upkeep (name, day) VALUES ('retain', ?1)"
                        " ON CONFLICT (name) DO UPDATE SET day = excluded.day",
                        SQL_INT(today)));
        return msptk__tx_commit(&tx, ret_err);
}

/* From which day on roll-ups may still be missing: a process that claimed a day and died is made
 * good for by the next one, within a week. */
static int32_t first_open_day(int64_t last)
{
        enum { AGAIN_DAYS = 7 };

        return last ? msptk__store_day(msptk__store_day_start((int32_t)last) - AGAIN_DAYS * day_us)
                    : 0;
}

static msptk_status due(ctx *c, int32_t today, bool *ret_due, msptk_error **ret_err)
{
        AUTO_TX store_tx *tx = NULL;
        int64_t last = 0;

        TRY(msptk__tx_begin(c->store, TX_READ, 0, &tx, ret_err));
        TRY(msptk__query_int(tx, &last, ret_err, "SELECT day FROM upkeep WHERE name = ?1",
                             SQL_TEXT("retain")));
        *ret_due = last < today;
        return MSPTK_OK;
}

msptk_status msptk__health_upkeep(ctx *c, msptk_error **ret_err)
{
        int32_t today = msptk__store_day(msptk__now(c));
        bool is_due = false;
        int64_t last;
        msptk_status st;

        TRY(due(c, today, &is_due, ret_err));
        if (!is_due)
                return MSPTK_OK;
        st = claim(c, today, &last, ret_err);
        if (st != MSPTK_OK)
                return st < 0 ? st : MSPTK_OK;
        return retain(c, first_open_day(last), ret_err);
}
