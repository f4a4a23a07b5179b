/* What a run of observations makes of alerts. */
#define ROOM "test"
#include "support.h"
#include "toolkit_support.h"

#include <msptk/sdk/adapter.h>

#include <math.h>
#include <time.h>

#include "alerts/alerts.h"

static const problem disk = {
        .client_id = "acme-corp",
        .device_id = "vm",
        .source = "health",
        .check = "disk",
        .instance = "/",
        .status = MSPTK_STATE_WARNING,
        .message = "/ is 90% full",
        .value = 90,
        .unit = "%",
        .evidence = 7,
};

static void acme(world *w)
{
        msptk_json_free(world_do(w, "client_create", "{'name': 'Acme Corp', 'tier': 'gold'}"));
}

/* One observation at the world's time: a status, or MSPTK_STATE_OK. */
static alert_change see_problem(world *w, problem p, int32_t status)
{
        AUTO_TX store_tx *tx = NULL;
        AUTO_ERROR msptk_error *err = NULL;
        alert_change change = { 0 };
        msptk_status st;

        p.status = status;
        assert_int_equal(msptk__tx_begin(w->c->store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        st = status == MSPTK_STATE_OK ? msptk__alert_clear(w->c, tx, &p, w->now, &change, &err)
                                      : msptk__alert_raise(w->c, tx, &p, w->now, &change, &err);
        if (st < 0)
                print_error("%s\n", msptk_error_message(err)), assert_null(err);
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
        return change;
}

static alert_change see(world *w, int32_t status)
{
        return see_problem(w, disk, status);
}

static int64_t rows(world *w, const char *sql)
{
        AUTO_TX store_tx *tx = NULL;
        int64_t n = -1;

        assert_int_equal(msptk__tx_begin(w->c->store, TX_READ, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__query_int_values(tx, &n, NULL, sql, NULL, 0), MSPTK_OK);
        return n;
}

static int64_t alerts(world *w)
{
        return rows(w, "SELECT count(*) FROM alert");
}

static int64_t events(world *w)
{
        return rows(w, "SELECT count(*) FROM alert_event");
}

/* The only alert of the list; the list is freed. */
static msptk_json *only(world *w, const char *args)
{
        AUTO_JSON msptk_json *list = world_do(w, "alert_list", args);

        assert_int_equal(msptk_json_int(msptk_json_get(list, "count"), -1), 1);
        return msptk_json_copy(msptk_json_first(msptk_json_get(list, "alerts")));
}

static void the_same_problem_is_one_alert_whatever_the_message(void **state)
{
        AUTO_WORLD world w;
        AUTO_JSON msptk_json *a = NULL;
        alert_change first, next;

        (void)state;
        world_open(&w, NULL);
        first = see(&w, MSPTK_STATE_WARNING);
        assert_int_equal(first.kind, ALERT_OPENED);
        for (int i = 0; i < 100; i++) {
                problem p = disk;
                char message[64];

                snprintf(message, sizeof(message), "/ is %d.%d%% full at 12:%02d", 86 + i % 9, i,
                         i % 60);
                p.message = message;
                p.value = 86 + i % 9;
                w.now += MINUTES(5);
                next = see_problem(&w, p, MSPTK_STATE_WARNING);
                assert_int_equal(next.kind, ALERT_STILL);
                assert_string_equal(next.id, first.id);
        }
        assert_int_equal(alerts(&w), 1);
        assert_int_equal(events(&w), 1);
        a = only(&w, "{}");
        assert_int_equal(msptk_json_int(msptk_json_get(a, "count"), 0), 101);
        assert_string_equal(text_at(a, "message"), "/ is 86.99% full at 12:39");
        assert_string_equal(text_at(a, "opened_at"), "2026-11-21T12:00:00.000000Z");
}

static void each_structured_field_makes_another_problem(void **state)
{
        AUTO_WORLD world w;
        problem p[7];

        (void)state;
        world_open(&w, NULL);
        for (size_t i = 0; i < ARRAY_LEN(p); i++)
                p[i] = disk;
        p[1].client_id = "other";
        p[2].device_id = "vm2";
        p[3].device_id = NULL;
        p[4].source = "rmm";
        p[5].check = "memory";
        p[6].instance = "/var";
        for (size_t i = 0; i < ARRAY_LEN(p); i++)
                assert_int_equal(see_problem(&w, p[i], MSPTK_STATE_WARNING).kind, ALERT_OPENED);
        for (size_t i = 0; i < ARRAY_LEN(p); i++)
                assert_int_equal(see_problem(&w, p[i], MSPTK_STATE_WARNING).kind, ALERT_STILL);
        assert_int_equal(alerts(&w), 7);
}

static void fields_cannot_be_shifted_into_each_other(void **state)
{
        AUTO_WORLD world w;
        problem a = disk, b = disk;

        (void)state;
        world_open(&w, NULL);
        a.check = "ab", a.instance = "c";
        b.check = "a", b.instance = "bc";
        assert_int_equal(see_problem(&w, a, MSPTK_STATE_WARNING).kind, ALERT_OPENED);
        assert_int_equal(see_problem(&w, b, MSPTK_STATE_WARNING).kind, ALERT_OPENED);
        a.device_id = NULL;
        b = a;
        b.device_id = "";
        assert_int_equal(see_problem(&w, a, MSPTK_STATE_WARNING).kind, ALERT_OPENED);
        assert_int_equal(see_problem(&w, b, MSPTK_STATE_WARNING).kind, ALERT_OPENED);
}

static void severity_follows_the_problem_and_the_history_is_kept(void **state)
{
        AUTO_WORLD world w;
        AUTO_JSON msptk_json *a = NULL;

        (void)state;
        world_open(&w, NULL);
        assert_int_equal(see(&w, MSPTK_STATE_WARNING).kind, ALERT_OPENED);
        w.now += MINUTES(1);
        assert_int_equal(see(&w, MSPTK_STATE_CRITICAL).kind, ALERT_ESCALATED);
        w.now += MINUTES(1);
        assert_int_equal(see(&w, MSPTK_STATE_WARNING).kind, ALERT_EASED);
        w.now += MINUTES(1);
        assert_int_equal(see(&w, MSPTK_STATE_OK).kind, ALERT_RESOLVED);
        assert_int_equal(see(&w, MSPTK_STATE_OK).kind, ALERT_NONE);
        assert_int_equal(alerts(&w), 1);
        assert_int_equal(rows(&w, "SELECT count(*) FROM alert_event WHERE kind IN"
                                  " ('opened', 'escalated', 'eased', 'resolved')"),
                         4);
        a = only(&w, "{'status': 'resolved'}");
        assert_string_equal(text_at(msptk_json_get(a, "resolved"), "by"), "health");
}

static void losing_sight_does_not_make_a_problem_smaller(void **state)
{
        AUTO_WORLD world w;
        AUTO_JSON msptk_json *a = NULL;

        (void)state;
        world_open(&w, NULL);
        see(&w, MSPTK_STATE_CRITICAL);
        assert_int_equal(see(&w, MSPTK_STATE_UNKNOWN).kind, ALERT_STILL);
        assert_int_equal(see(&w, MSPTK_STATE_UNKNOWN).kind, ALERT_STILL);
        a = only(&w, "{}");
        assert_string_equal(text_at(a, "severity"), "critical");
        assert_string_equal(text_at(a, "state"), "unknown");
        assert_int_equal(events(&w), 2);
        assert_int_equal(see(&w, MSPTK_STATE_WARNING).kind, ALERT_EASED);
}

static void an_unknown_that_turns_bad_escalates(void **state)
{
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        assert_int_equal(see(&w, MSPTK_STATE_UNKNOWN).kind, ALERT_OPENED);
        assert_int_equal(see(&w, MSPTK_STATE_WARNING).kind, ALERT_ESCALATED);
}

static void clearing_what_was_never_raised_does_nothing(void **state)
{
        AUTO_WORLD world w;

        (void)state;
        world_open(&w, NULL);
        assert_int_equal(see(&w, MSPTK_STATE_OK).kind, ALERT_NONE);
        assert_int_equal(alerts(&w), 0);
}

static void a_problem_that_returns_within_the_window_is_the_same_alert(void **state)
{
        AUTO_WORLD world w;
        alert_change first, again;

        (void)state;
        world_open(&w, NULL);
        first = see(&w, MSPTK_STATE_WARNING);
        w.now += MINUTES(10);
        see(&w, MSPTK_STATE_OK);
        w.now += MINUTES(30);
        again = see(&w, MSPTK_STATE_CRITICAL);
        assert_int_equal(again.kind, ALERT_REOPENED);
        assert_string_equal(again.id, first.id);
        assert_int_equal(alerts(&w), 1);
}

static void a_problem_that_returns_later_is_a_new_alert(void **state)
{
        AUTO_WORLD world w;
        alert_change first, again;

        (void)state;
        world_open(&w, NULL);
        first = see(&w, MSPTK_STATE_WARNING);
        see(&w, MSPTK_STATE_OK);
        w.now += HOURS(2);
        again = see(&w, MSPTK_STATE_WARNING);
        assert_int_equal(again.kind, ALERT_OPENED);
        assert_string_not_equal(again.id, first.id);
        assert_int_equal(alerts(&w), 2);
}

/* Bad for `bad` minutes of each `period`, observed every minute, then good for four hours. */
static void square_wave(int period, int bad, int hours, bool expect_flapping)
{
        AUTO_WORLD world w;
        AUTO_JSON msptk_json *a = NULL;
        int resolved = 0, flapping = 0, quarters = 0;

        world_open(&w, NULL);
        for (int minute = 0; minute < hours * 60; minute++, w.now += MINUTES(1)) {
                see(&w, minute % period < bad ? MSPTK_STATE_WARNING : MSPTK_STATE_OK);
                if (minute == hours * 60 - 1 && expect_flapping) {
                        double duty;

                        a = only(&w, "{}");
                        assert_true(msptk_json_bool(msptk_json_get(a, "flapping"), 0));
                        duty = msptk_json_double(
                                msptk_json_get(msptk_json_get(a, "flap"), "duty_cycle"), NAN);
                        quarters = (int)(fabs(duty - (double)bad / period) < 0.15);
                        flapping++;
                }
        }
        assert_int_equal(alerts(&w), 1);
        for (int minute = 0; minute < 4 * 60; minute++, w.now += MINUTES(1))
                resolved += see(&w, MSPTK_STATE_OK).kind == ALERT_RESOLVED;
        assert_int_equal(alerts(&w), 1);
        assert_int_equal(rows(&w, "SELECT count(*) FROM alert WHERE status = 'resolved'"), 1);
        if (expect_flapping) {
                assert_int_equal(resolved, 1);
                assert_int_equal(flapping, 1);
                assert_int_equal(quarters, 1);
                assert_int_equal(rows(&w, "SELECT count(*) FROM alert_event WHERE kind ="
                                          " 'flapping'"),
                                 1);
                assert_int_equal(rows(&w, "SELECT count(*) FROM alert_event WHERE kind ="
                                          " 'opened'"),
                                 1);
        }
}

static void square_waves_are_exactly_one_alert(void **state)
{
        (void)state;
        square_wave(2, 1, 6, true);
        square_wave(10, 5, 6, true);
        square_wave(10, 2, 6, true);
        square_wave(12, 9, 6, true);
        square_wave(20, 10, 12, true);
        square_wave(50, 25, 12, false);
}

static void what_flapped_and_became_steady_stops_flapping(void **state)
{
        AUTO_WORLD world w;
        AUTO_JSON msptk_json *a = NULL;

        (void)state;
        world_open(&w, NULL);
        for (int i = 0; i < 20; i++, w.now += MINUTES(2))
                see(&w, i % 2 ? MSPTK_STATE_OK : MSPTK_STATE_WARNING);
        for (int i = 0; i < 40; i++, w.now += MINUTES(2))
                assert_int_equal(see(&w, MSPTK_STATE_WARNING).kind, ALERT_STILL);
        a = only(&w, "{}");
        assert_false(msptk_json_bool(msptk_json_get(a, "flapping"), 1));
        assert_int_equal(see(&w, MSPTK_STATE_OK).kind, ALERT_RESOLVED);
}

static void an_acknowledgement_survives_what_the_problem_does(void **state)
{
        AUTO_WORLD world w;
        alert_change change;
        AUTO_JSON msptk_json *a = NULL;
        char args[128];

        (void)state;
        world_open(&w, NULL);
        change = see(&w, MSPTK_STATE_WARNING);
        snprintf(args, sizeof(args), "{'alert_id': '%s', 'note': 'on it'}", change.id);
        msptk_json_free(world_do(&w, "alert_ack", args));
        w.now += MINUTES(1);
        see(&w, MSPTK_STATE_CRITICAL);
        w.now += MINUTES(1);
        see(&w, MSPTK_STATE_OK);
        w.now += MINUTES(1);
        assert_int_equal(see(&w, MSPTK_STATE_WARNING).kind, ALERT_REOPENED);
        a = only(&w, "{}");
        assert_string_equal(text_at(a, "status"), "acknowledged");
        assert_string_equal(text_at(msptk_json_get(a, "acknowledged"), "note"), "on it");
        assert_string_equal(text_at(a, "silent_reason"), "acknowledged");
}

static void what_was_resolved_by_hand_opens_again_unacknowledged(void **state)
{
        AUTO_WORLD world w;
        alert_change change;
        AUTO_JSON msptk_json *a = NULL;
        char args[128];

        (void)state;
        world_open(&w, NULL);
        change = see(&w, MSPTK_STATE_WARNING);
        snprintf(args, sizeof(args), "{'alert_id': '%s'}", change.id);
        msptk_json_free(world_do(&w, "alert_ack", args));
        msptk_json_free(world_do(&w, "alert_resolve", args));
        w.now += MINUTES(1);
        assert_int_equal(see(&w, MSPTK_STATE_WARNING).kind, ALERT_REOPENED);
        a = only(&w, "{}");
        assert_string_equal(text_at(a, "status"), "open");
        assert_int_equal(alerts(&w), 1);
}

static void a_snooze_ends_by_itself(void **state)
{
        AUTO_WORLD world w;
        alert_change change;
        AUTO_JSON msptk_json *before = NULL, *list = NULL, *after = NULL;
        char args[128];

        (void)state;
        world_open(&w, NULL);
        change = see(&w, MSPTK_STATE_WARNING);
        snprintf(args, sizeof(args), "{'alert_id': '%s', 'for': '8h'}", change.id);
        msptk_json_free(world_do(&w, "alert_snooze", args));
        w.now += HOURS(7);
        see(&w, MSPTK_STATE_WARNING);
        before = only(&w, "{'status': 'snoozed'}");
        assert_string_equal(text_at(before, "silent_reason"), "snoozed");
        list = world_do(&w, "alert_list", "{}");
        assert_int_equal(msptk_json_int(msptk_json_get(list, "count"), -1), 0);
        assert_int_equal(
                msptk_json_int(msptk_json_get(msptk_json_get(list, "hidden"), "snoozed"), -1), 1);
        w.now += HOURS(1);
        see(&w, MSPTK_STATE_WARNING);
        after = only(&w, "{}");
        assert_false(msptk_json_bool(msptk_json_get(after, "silent"), 1));
        assert_int_equal(rows(&w, "SELECT count(*) FROM alert_event WHERE kind = 'snooze_ended'"),
                         1);
}

static void a_snooze_goes_over_to_the_next_alert_of_the_problem(void **state)
{
        AUTO_WORLD world w;
        alert_change change;
        AUTO_JSON msptk_json *a = NULL;
        char args[128];

        (void)state;
        world_open(&w, NULL);
        change = see(&w, MSPTK_STATE_WARNING);
        snprintf(args, sizeof(args), "{'alert_id': '%s', 'for': '8h'}", change.id);
        msptk_json_free(world_do(&w, "alert_snooze", args));
        see(&w, MSPTK_STATE_OK);
        w.now += HOURS(3);
        assert_int_equal(see(&w, MSPTK_STATE_WARNING).kind, ALERT_OPENED);
        a = only(&w, "{'status': 'snoozed'}");
        assert_string_not_equal(text_at(a, "id"), change.id);
}

static void an_accepted_risk_is_silent_but_listed_until_it_expires(void **state)
{
        AUTO_WORLD world w;
        alert_change change;
        AUTO_JSON msptk_json *a = NULL, *later = NULL;
        char args[256];

        (void)state;
        world_open(&w, NULL);
        change = see(&w, MSPTK_STATE_WARNING);
        snprintf(args, sizeof(args),
                 "{'alert_id': '%s', 'owner': 'Jo', 'reason': 'replaced in May', 'for': '30d'}",
                 change.id);
        msptk_json_free(world_do(&w, "alert_accept", args));
        w.now += HOURS(24 * 29);
        see(&w, MSPTK_STATE_WARNING);
        a = only(&w, "{'status': 'accepted'}");
        assert_string_equal(text_at(a, "silent_reason"), "accepted");
        assert_string_equal(text_at(msptk_json_get(a, "accepted"), "owner"), "Jo");
        w.now += HOURS(24);
        see(&w, MSPTK_STATE_WARNING);
        later = only(&w, "{}");
        assert_int_equal(msptk_json_type(msptk_json_get(later, "accepted")), MSPTK_JSON_NULL);
        assert_int_equal(
                rows(&w, "SELECT count(*) FROM alert_event WHERE kind = 'acceptance_ended'"), 1);
}

static void what_gets_worse_than_was_accepted_is_not_silent(void **state)
{
        AUTO_WORLD world w;
        alert_change change;
        AUTO_JSON msptk_json *a = NULL;
        char args[256];

        (void)state;
        world_open(&w, NULL);
        change = see(&w, MSPTK_STATE_WARNING);
        snprintf(args, sizeof(args),
                 "{'alert_id': '%s', 'owner': 'Jo', 'reason': 'known', 'for': '30d'}", change.id);
        msptk_json_free(world_do(&w, "alert_accept", args));
        w.now += MINUTES(1);
        see(&w, MSPTK_STATE_CRITICAL);
        a = only(&w, "{}");
        assert_false(msptk_json_bool(msptk_json_get(a, "silent"), 1));
}

static void a_digest_tells_new_still_and_fixed(void **state)
{
        AUTO_WORLD world w;
        AUTO_TX store_tx *tx = NULL;
        AUTO_JSON msptk_json *told = NULL;
        problem old = disk, gone = disk, fresh = disk;
        int64_t since;

        (void)state;
        world_open(&w, NULL);
        old.instance = "/old", gone.instance = "/gone", fresh.instance = "/fresh";
        see_problem(&w, old, MSPTK_STATE_WARNING);
        see_problem(&w, gone, MSPTK_STATE_WARNING);
        w.now += HOURS(1);
        since = w.now;
        w.now += HOURS(1);
        see_problem(&w, old, MSPTK_STATE_WARNING);
        see_problem(&w, gone, MSPTK_STATE_OK);
        see_problem(&w, fresh, MSPTK_STATE_CRITICAL);
        assert_int_equal(msptk__tx_begin(w.c->store, TX_READ, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__alert_digest(tx, "acme-corp", since, w.now, &told, NULL),
                         MSPTK_OK);
        assert_string_equal(text_at(msptk_json_first(msptk_json_get(told, "new")), "instance"),
                            "/fresh");
        assert_string_equal(text_at(msptk_json_first(msptk_json_get(told, "still")), "instance"),
                            "/old");
        assert_string_equal(text_at(msptk_json_first(msptk_json_get(told, "fixed")), "instance"),
                            "/gone");
        assert_int_equal(msptk_json_count(msptk_json_get(told, "new")), 1);
        assert_int_equal(msptk_json_count(msptk_json_get(told, "still")), 1);
        assert_int_equal(msptk_json_count(msptk_json_get(told, "fixed")), 1);
}

static void counts_and_pruning_see_only_what_they_should(void **state)
{
        AUTO_WORLD world w;
        AUTO_TX store_tx *tx = NULL;
        problem p = disk;
        int64_t critical, warning, unknown;

        (void)state;
        world_open(&w, NULL);
        see_problem(&w, p, MSPTK_STATE_CRITICAL);
        p.instance = "/b";
        see_problem(&w, p, MSPTK_STATE_UNKNOWN);
        p.instance = "/c";
        see_problem(&w, p, MSPTK_STATE_WARNING);
        see_problem(&w, p, MSPTK_STATE_OK);
        assert_int_equal(msptk__tx_begin(w.c->store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__alert_counts(tx, "acme-corp", &critical, &warning, &unknown, NULL),
                         MSPTK_OK);
        assert_int_equal(critical, 1);
        assert_int_equal(warning, 0);
        assert_int_equal(unknown, 1);
        assert_int_equal(msptk__alert_prune(tx, w.now + 1, NULL), MSPTK_OK);
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
        assert_int_equal(alerts(&w), 2);
        assert_int_equal(events(&w), 2);
}

static void lists_are_worst_first_paged_and_filtered(void **state)
{
        AUTO_WORLD world w;
        AUTO_JSON msptk_json *later = NULL;
        char cursor[128] = "", args[256], instance[16];
        static const int32_t states[] = { MSPTK_STATE_WARNING, MSPTK_STATE_CRITICAL,
                                          MSPTK_STATE_UNKNOWN };
        static const char *const order[] = { "unknown", "warning", "critical" };
        int seen = 0, last_rank = 3;

        (void)state;
        world_open(&w, NULL);
        acme(&w);
        for (int i = 0; i < 31; i++) {
                problem p = disk;

                snprintf(instance, sizeof(instance), "/%d", i);
                p.instance = instance;
                see_problem(&w, p, states[i % 3]);
                w.now += i == 20 ? HOURS(1) : i % 2 ? 1 : 0;
        }
        do {
                AUTO_JSON msptk_json *page = NULL;

                snprintf(args, sizeof(args), "{'client_id': 'acme-corp', 'limit': 4%s%s%s}",
                         *cursor ? ", 'cursor': '" : "", cursor, *cursor ? "'" : "");
                page = world_do(&w, "alert_list", args);
                for (const msptk_json *a = msptk_json_first(msptk_json_get(page, "alerts")); a;
                     a = msptk_json_next(a)) {
                        int rank = 0;

                        while (strcmp(order[rank], text_at(a, "severity")))
                                rank++;
                        assert_true(rank <= last_rank);
                        last_rank = rank;
                        seen++;
                }
                snprintf(cursor, sizeof(cursor), "%s", text_at(page, "next_cursor"));
        } while (*cursor);
        assert_int_equal(seen, 31);
        later = world_do(&w, "alert_list", "{'since': '30m'}");
        assert_int_equal(msptk_json_int(msptk_json_get(later, "count"), -1), 10);
}

static void a_steady_problem_costs_little(void **state)
{
        AUTO_WORLD world w;
        AUTO_TX store_tx *tx = NULL;
        char instance[16];
        struct timespec from, to;
        double us;

        (void)state;
        world_open(&w, NULL);
        for (int round = 0; round < 2; round++) {
                assert_int_equal(msptk__tx_begin(w.c->store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
                clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
                for (int i = 0; i < 5000; i++) {
                        problem p = disk;

                        snprintf(instance, sizeof(instance), "/%d", i);
                        p.instance = instance;
                        assert_int_equal(msptk__alert_raise(w.c, tx, &p, w.now, NULL, NULL),
                                         MSPTK_OK);
                }
                clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
                assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
                us = ((double)(to.tv_sec - from.tv_sec) * 1e9 +
                      (double)(to.tv_nsec - from.tv_nsec)) /
                     5e6;
                print_message("%s: %.1f us each\n", round ? "still" : "opened", us);
        }
        assert_int_equal(events(&w), 5000);
        assert_int_equal(rows(&w, "SELECT min(count) FROM alert"), 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_same_problem_is_one_alert_whatever_the_message),
                cmocka_unit_test(each_structured_field_makes_another_problem),
                cmocka_unit_test(fields_cannot_be_shifted_into_each_other),
                cmocka_unit_test(severity_follows_the_problem_and_the_history_is_kept),
                cmocka_unit_test(losing_sight_does_not_make_a_problem_smaller),
                cmocka_unit_test(an_unknown_that_turns_bad_escalates),
                cmocka_unit_test(clearing_what_was_never_raised_does_nothing),
                cmocka_unit_test(a_problem_that_returns_within_the_window_is_the_same_alert),
                cmocka_unit_test(a_problem_that_returns_later_is_a_new_alert),
                cmocka_unit_test(square_waves_are_exactly_one_alert),
                cmocka_unit_test(what_flapped_and_became_steady_stops_flapping),
                cmocka_unit_test(an_acknowledgement_survives_what_the_problem_does),
                cmocka_unit_test(what_was_resolved_by_hand_opens_again_unacknowledged),
                cmocka_unit_test(a_snooze_ends_by_itself),
                cmocka_unit_test(a_snooze_goes_over_to_the_next_alert_of_the_problem),
                cmocka_unit_test(an_accepted_risk_is_silent_but_listed_until_it_expires),
                cmocka_unit_test(what_gets_worse_than_was_accepted_is_not_silent),
                cmocka_unit_test(a_digest_tells_new_still_and_fixed),
                cmocka_unit_test(counts_and_pruning_see_only_what_they_should),
                cmocka_unit_test(lists_are_worst_first_paged_and_filtered),
                cmocka_unit_test(a_steady_problem_costs_little),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
