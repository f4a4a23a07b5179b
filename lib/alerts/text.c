/* An alert's story in sentences. */
#define ROOM "alerts"
#include "alerts/internal.h"

#include <math.h>
#include <string.h>

enum { SENTENCE_MAX = 8192 };

typedef struct story {
        const ctx *c;
        const alert_row *r;
        json_obj list;
        buf line;
} story;

static const char *text_of(const msptk_json *o, const char *key)
{
        return msptk_json_string(msptk_json_get(o, key), "");
}

static void say(story *s)
{
        if (s->line.failed)
                s->list.failed = s->line.failed;
        else
                msptk__array_str(&s->list, msptk__buf_text(&s->line));
        msptk__buf_reset(&s->line);
}

static void add(story *s, const char *text)
{
        (void)msptk__buf_add_str(&s->line, text);
}

static void add_time(story *s, int64_t at)
{
        char text[TIME_TEXT_MAX];

        msptk__time_format_local(s->c->zone, at, text);
        add(s, text);
}

static void add_value(story *s, const msptk_json *v)
{
        char number[NUM_TEXT_MAX];
        double value = msptk_json_double(v, NAN);

        if (msptk_json_type(v) == MSPTK_JSON_STRING) {
                add(s, msptk_json_string(v, ""));
        } else if (msptk_json_type(v) == MSPTK_JSON_BOOL) {
                add(s, msptk_json_bool(v, 0) ? "yes" : "no");
        } else if (isnan(value)) {
                add(s, "none");
        } else {
                (void)msptk__num_put_fixed(number, value, value == (double)(int64_t)value ? 0 : 1);
                add(s, number);
        }
}

static void add_quoted(story *s, const char *before, const char *text)
{
        if (text && *text)
                (void)msptk__buf_addf(&s->line, "%s\"%s\"", before, text);
}

/* ---- what it is ---- */

static void say_subject(story *s, const char *device_name)
{
        const alert_row *r = s->r;

        (void)msptk__buf_addf(&s->line, "%s%s%s", r->check, *r->instance ? " " : "", r->instance);
        if (r->device_id)
                (void)msptk__buf_addf(&s->line, " of device %s",
                                      device_name ? device_name : r->device_id);
        (void)msptk__buf_addf(&s->line, " (client %s) is %s, %s: %s", r->client_id, r->status,
                              msptk__rank_name(r->severity), r->message);
        say(s);
}

/* ---- what happened ---- */

static const struct {
        const char *kind, *words;
} kinds[] = {
        { "opened", "the problem was seen first: it became an alert" },
        { "reopened", "the problem came back within the flapping window: the same alert again" },
        { "escalated", "it got worse" },
        { "eased", "it got better, but not good" },
        { "lost_sight", "it can no longer be observed; the severity stays until it can" },
        { "flapping", "it comes and goes so often that it is treated as one flapping alert" },
        { "quiet", "the problem went away for the moment; a flapping alert waits a whole window" },
        { "returned", "the problem came back while the alert was flapping" },
        { "flapping_ended", "it has been steady for a whole window: no longer flapping" },
        { "resolved", "it was resolved" },
        { "acknowledged", "it was acknowledged" },
        { "snoozed", "it was snoozed" },
        { "snooze_ended", "the snooze ended" },
        { "snooze_withdrawn", "the snooze was withdrawn" },
        { "accepted", "the risk was accepted" },
        { "acceptance_ended", "the acceptance expired" },
        { "acceptance_withdrawn", "the acceptance was withdrawn" },
};

static void add_threshold(story *s, const msptk_json *why, const char *key, const char *source)
{
        const msptk_json *v = msptk_json_get(why, key);

        if (!v)
                return;
        (void)msptk__buf_addf(&s->line, ", %s ", key);
        add_value(s, v);
        if (*text_of(why, source))
                (void)msptk__buf_addf(&s->line, " (%s)", text_of(why, source));
}

/* The decision in the words of whoever judged. */
static void add_why(story *s, const msptk_json *why)
{
        char lasted[TIME_TEXT_MAX];
        int64_t ms = msptk_json_int(msptk_json_get(why, "sustained_ms"), 0);

        if (!why)
                return;
        if (msptk_json_get(why, "value")) {
                (void)msptk__buf_addf(&s->line, "; %s was ",
                                      *text_of(why, "metric") ? text_of(why, "metric")
                                                              : "the value");
                add_value(s, msptk_json_get(why, "value"));
                add(s, text_of(why, "unit"));
        }
        add_threshold(s, why, "warning", "warning_source");
        add_threshold(s, why, "critical", "critical_source");
        add_threshold(s, why, "hysteresis", "hysteresis_source");
        if (ms > 0) {
                msptk__duration_format_human(ms, lasted);
                (void)msptk__buf_addf(&s->line, ", after it had lasted %s", lasted);
        }
        if (*text_of(why, "text"))
                (void)msptk__buf_addf(&s->line, "; %s", text_of(why, "text"));
}

static void say_event(story *s, const msptk_json *e)
{
        const char *kind = text_of(e, "kind"), *words = kind;
        const msptk_json *detail = msptk_json_get(e, "detail");
        int64_t at = 0, until = 0;

        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
                if (!strcmp(kinds[i].kind, kind))
                        words = kinds[i].words;
        if (msptk__time_parse(text_of(e, "at"), &at, NULL) == MSPTK_OK)
                add_time(s, at);
        (void)msptk__buf_addf(&s->line, ": %s (by %s", words, text_of(e, "who"));
        if (*text_of(detail, "severity"))
                (void)msptk__buf_addf(&s->line, ", %s", text_of(detail, "severity"));
        if (msptk__time_parse(text_of(detail, "until"), &until, NULL) == MSPTK_OK) {
                add(s, ", until ");
                add_time(s, until);
        }
        if (*text_of(detail, "owner"))
                (void)msptk__buf_addf(&s->line, ", owner %s", text_of(detail, "owner"));
        add(s, ")");
        add_quoted(s, ", because ", text_of(detail, "reason"));
        add_quoted(s, ", with the note ", text_of(detail, "note"));
        if (*text_of(detail, "message"))
                (void)msptk__buf_addf(&s->line, ": %s", text_of(detail, "message"));
        add_why(s, msptk_json_get(detail, "why"));
        say(s);
}

/* ---- what holds now ---- */

static void say_thresholds(story *s, const msptk_json *values)
{
        size_t n = 0;

        for (const msptk_json *v = msptk_json_first(values); v; v = msptk_json_next(v)) {
                const char *metric = text_of(v, "metric");

                add(s, n++ ? "; " : "in force now: ");
                (void)msptk__buf_addf(&s->line, "%s %s ", *metric ? metric : text_of(v, "check"),
                                      text_of(v, "key"));
                add_value(s, msptk_json_get(v, "value"));
                (void)msptk__buf_addf(&s->line, " (%s)", text_of(v, "source"));
        }
        if (n)
                say(s);
}

static void say_flapping(story *s)
{
        if (!s->r->flapping)
                return;
        (void)msptk__buf_addf(&s->line, "it is flapping since ");
        add_time(s, s->r->flap_since);
        (void)msptk__buf_addf(&s->line,
                              ": %d changes within the window, with the problem %d%% of "
                              "the time%s",
                              (int)s->r->flap_changes, (int)(s->r->duty * 100 + 0.5),
                              s->r->state ? "" : "; at the moment it is away");
        say(s);
}

/* A silence that stands but no longer covers what the problem has become. */
static void say_outgrown(story *s, int64_t now)
{
        const alert_row *r = s->r;

        if (r->accepted_at && r->accepted_until > now && r->severity > r->accept_severity) {
                (void)msptk__buf_addf(
                        &s->line, "it was accepted as %s; as %s it is no longer covered by that",
                        msptk__rank_name(r->accept_severity), msptk__rank_name(r->severity));
                say(s);
        }
        if (r->snoozed_until > now && r->severity > r->snooze_severity) {
                (void)msptk__buf_addf(
                        &s->line, "it was snoozed as %s; as %s it is no longer covered by that",
                        msptk__rank_name(r->snooze_severity), msptk__rank_name(r->severity));
                say(s);
        }
}

static void say_silence(story *s, int64_t now)
{
        const alert_row *r = s->r;
        const char *why = msptk__alert_silence(r, now);

        if (!strcmp(r->status, "resolved")) {
                (void)msptk__buf_addf(&s->line, "it is over: resolved by %s", r->resolved_by);
        } else if (!why) {
                add(s,
                    "it is not silent: nobody has acknowledged, snoozed or accepted it as it is");
        } else if (!strcmp(why, "accepted")) {
                (void)msptk__buf_addf(&s->line, "it is silent: %s accepted it for %s until ",
                                      r->accepted_by, r->owner);
                add_time(s, r->accepted_until);
                add_quoted(s, ", because ", r->reason);
        } else if (!strcmp(why, "snoozed")) {
                (void)msptk__buf_addf(&s->line, "it is silent: %s snoozed it until ",
                                      r->snoozed_by);
                add_time(s, r->snoozed_until);
        } else {
                (void)msptk__buf_addf(&s->line, "it is silent: %s acknowledged it at ",
                                      r->acked_by);
                add_time(s, r->acked_at);
        }
        say(s);
        say_outgrown(s, now);
}

msptk_status msptk__alert_sentences(const ctx *c, const alert_row *r, const msptk_json *events,
                                    const msptk_json *thresholds, const char *device_name,
                                    int64_t now, msptk_json **ret, msptk_error **ret_err)
{
        story s = { .c = c, .r = r, .list = msptk__array(), .line = BUF_INIT(SENTENCE_MAX) };
        msptk_status st;

        say_subject(&s, device_name);
        for (const msptk_json *e = msptk_json_first(events); e; e = msptk_json_next(e))
                say_event(&s, e);
        say_thresholds(&s, thresholds);
        say_flapping(&s);
        say_silence(&s, now);
        st = msptk__obj_end(&s.list, ret, ret_err);
        msptk__buf_clear(&s.line);
        return st;
}
