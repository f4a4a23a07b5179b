/* What the files of this room share. */
#ifndef ALERTS_INTERNAL_H
#define ALERTS_INTERNAL_H

#include "alerts/alerts.h"

/* Severities as stored: larger is worse. */
enum { RANK_INFO, RANK_UNKNOWN, RANK_WARNING, RANK_CRITICAL };
const char *msptk__rank_name(int32_t rank);
int32_t msptk__rank_named(const char *word); /* -1 when there is none */

typedef struct alert_row {
        int64_t n;
        char *id, *fingerprint, *client_id, *device_id, *source, *check, *instance;
        char *status; /* open, acknowledged, resolved */
        int32_t severity;
        int32_t state; /* MSPTK_STATE_* as last seen; _OK while a flapping one is quiet */
        char *message, *unit;
        double value;
        int64_t evidence, since, opened_at, changed_at, last_seen, count;
        int64_t turned_at; /* the problem last came or went */
        int32_t flapping;
        int64_t flap_changes, flap_since;
        double duty;
        int64_t acked_at;
        char *acked_by, *ack_note;
        int64_t snoozed_until; /* 0: it is not */
        char *snoozed_by, *snooze_note;
        int32_t snooze_severity;
        int64_t accepted_at, accepted_until; /* 0: it is not */
        char *owner, *reason, *accepted_by;
        int32_t accept_severity;
        int64_t resolved_at;
        char *resolved_by, *resolve_note;
} alert_row;

void msptk__alert_row_clear(alert_row *r);
#define AUTO_ALERT __attribute__((cleanup(msptk__alert_row_clear)))

/* ---- row.c ---- */

#define ALERT_COLUMNS \
        "n, id, fingerprint, client_id, device_id, source, check_name, instance, status," \
        " severity, state, message, unit, value, evidence, since, opened_at, changed_at," \
        " last_seen, count, turned_at, flapping, flap_changes, flap_since, duty, acked_at," \
        " acked_by, ack_note, snoozed_until, snoozed_by, snooze_note, snooze_severity," \
        " accepted_at, accepted_until, owner, reason, accepted_by, accept_severity, resolved_at," \
        " resolved_by, resolve_note"
/* True in SQL while a snooze or an acceptance hides it; the parameter is now. */
#define ALERT_HIDDEN(now) \
        "((snoozed_until > " now " AND severity <= snooze_severity) OR" \
        " (accepted_at > 0 AND accepted_until > " now " AND severity <= accept_severity))"
#define ALERT_SNOOZED(now) "(snoozed_until > " now " AND severity <= snooze_severity)"
#define ALERT_ACCEPTED(now) \
        "(accepted_at > 0 AND accepted_until > " now " AND severity <= accept_severity)"

/* From a statement over ALERT_COLUMNS. */
msptk_status msptk__alert_row_take(store_stmt *q, alert_row *ret, msptk_error **ret_err);
/* By id, or by its beginning or end (at least 6 characters) where that is unique. E_NOTFOUND
 * (ALERT_NOT_FOUND), E_INVALID (ALERT_AMBIGUOUS). client_id may be NULL. Alerts of clients that the
 * act may not see do not exist. */
msptk_status msptk__alert_row_find(act *a, store_tx *tx, const char *id, const char *client_id,
                                   alert_row *ret, msptk_error **ret_err);
/* "accepted", "snoozed", "acknowledged", or NULL when nothing keeps it silent. */
const char *msptk__alert_silence(const alert_row *r, int64_t now);
/* "msptk.alert/1" */
msptk_status msptk__alert_json(const alert_row *r, int64_t now, msptk_json **ret,
                               msptk_error **ret_err);
/* Writes what people and flapping decide: all but identity and what was last seen. */
msptk_status msptk__alert_row_write(store_tx *tx, const alert_row *r, msptk_error **ret_err);

/* ---- events; `detail` may be NULL ---- */
msptk_status msptk__alert_event(store_tx *tx, int64_t n, int64_t at, const char *kind,
                                const char *who, const msptk_json *detail, msptk_error **ret_err);
/* Oldest first: [{"at", "kind", "who", "detail"}]; the newest EVENTS_SHOWN of them. */
enum { EVENTS_SHOWN = 500 };
msptk_status msptk__alert_events(store_tx *tx, int64_t n, msptk_json **ret, msptk_error **ret_err);

/* ---- flap.c ---- */
typedef struct flap_rule {
        bool enabled;
        int64_t changes, window_us;
} flap_rule;
flap_rule msptk__flap_rule(const ctx *c);
/* Counts a change at `now` into the row: changes within the window, share of time with the problem,
 * whether that is flapping. Call before the event of the change is written. */
msptk_status msptk__flap_count(store_tx *tx, alert_row *r, const flap_rule *rule, int64_t now,
                               msptk_error **ret_err);

/* ---- text.c ---- */
/* Sentences for people about an alert and its events. */
msptk_status msptk__alert_sentences(const ctx *c, const alert_row *r, const msptk_json *events,
                                    const msptk_json *thresholds, const char *device_name,
                                    int64_t now, msptk_json **ret, msptk_error **ret_err);

#endif
