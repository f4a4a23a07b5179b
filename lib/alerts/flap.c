/* Flapping: a problem that comes and goes is one alert that says so. */
#define ROOM "alerts"
#include "alerts/internal.h"

#include <string.h>

#include "config/config.h"

enum { COUNTED_MAX = 2000 };

flap_rule msptk__flap_rule(const ctx *c)
{
        flap_rule r = { .enabled = true, .changes = 5, .window_us = MS_PER_H * US_PER_MS };

        if (!c->config)
                return r;
        r.enabled = msptk__config_bool(c->config, "alerts.flapping.enabled", r.enabled);
        r.changes = msptk__config_int(c->config, "alerts.flapping.changes", r.changes);
        r.window_us = msptk__config_ms(c->config, "alerts.flapping.window", MS_PER_H) * US_PER_MS;
        return r;
}

static bool begins(const char *kind)
{
        return !strcmp(kind, "opened") || !strcmp(kind, "reopened") || !strcmp(kind, "returned");
}

msptk_status msptk__flap_count(store_tx *tx, alert_row *r, const flap_rule *rule, int64_t now,
                               msptk_error **ret_err)
{
        AUTO_STMT store_stmt *q = NULL;
        int64_t from = now - rule->window_us, at = from, active = 0, changes = 1, first = 0;
        bool present = false;
        msptk_status st;

        TRY(msptk__query(tx, &q, ret_err,
                         "SELECT at, kind FROM alert_event WHERE alert = ?1 AND at > ?2 AND"
                         " kind IN ('opened', 'reopened', 'returned', 'quiet', 'resolved')"
                         " ORDER BY n LIMIT ?3",
                         SQL_INT(r->n), SQL_INT(from), SQL_INT(COUNTED_MAX)));
        while ((st = msptk__stmt_step(q, ret_err)) == MSPTK_OK) {
                int64_t when = msptk__stmt_int(q, 0);
                bool begin = begins(msptk__stmt_text(q, 1));

                if (!first) {
                        first = when;
                        present = !begin;
                        if (!strcmp(msptk__stmt_text(q, 1), "opened"))
                                at = from = when;
                }
                if (present)
                        active += when - at;
                at = when;
                present = begin;
                changes++;
        }
        if (st < 0)
                return st;
        if (!first)
                present = r->state != 0 && strcmp(r->status, "resolved") != 0;
        if (present)
                active += now - at;
        r->flap_changes = changes;
        r->duty = now > from ? (double)active / (double)(now - from) : 1;
        if (!r->flapping && rule->enabled && changes >= rule->changes) {
                r->flapping = 1;
                r->flap_since = first ? first : now;
        }
        return MSPTK_OK;
}
