/* What people decide about alerts, and what is told of them. */
#define ROOM "test"
#include "support.h"
#include "toolkit_support.h"

#include <msptk/sdk/adapter.h>

#include <math.h>

#include "alerts/alerts.h"

/* An alert on acme-corp's disk; its id is kept. */
typedef struct scene {
        world w;
        char id[37];
} scene;

static void observe(scene *s, int32_t status)
{
        AUTO_TX store_tx *tx = NULL;
        AUTO_JSON msptk_json *why = NULL;
        static const char text[] = "{\"metric\":\"disk_percent\",\"value\":96.5,\"unit\":\"%\","
                                   "\"warning\":85,\"warning_source\":\"default\",\"critical\":95,"
                                   "\"critical_source\":\"tier gold\",\"hysteresis\":2,"
                                   "\"sustained_ms\":300000}";
        alert_change change;
        problem p = { .client_id = "acme-corp",
                      .device_id = "vm",
                      .source = "health",
                      .check = "disk",
                      .instance = "/",
                      .status = status,
                      .message = "/ is 96.5% full",
                      .value = 96.5,
                      .unit = "%" };

        assert_int_equal(msptk_json_parse(text, strlen(text), &why, NULL), MSPTK_OK);
        p.why = why;
        assert_int_equal(msptk__tx_begin(s->w.c->store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(status == MSPTK_STATE_OK
                                 ? msptk__alert_clear(s->w.c, tx, &p, s->w.now, &change, NULL)
                                 : msptk__alert_raise(s->w.c, tx, &p, s->w.now, &change, NULL),
                         MSPTK_OK);
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
        memcpy(s->id, change.id, sizeof(s->id));
}

static void scene_open(scene *s)
{
        world_open(&s->w, NULL);
        msptk_json_free(world_do(&s->w, "client_create", "{'name': 'Acme Corp', 'tier': 'gold'}"));
        msptk_json_free(
                world_do(&s->w, "health_configure", "{'tier': 'gold', 'set': 'disk.critical=95'}"));
        observe(s, MSPTK_STATE_CRITICAL);
}

static void scene_close(scene *s)
{
        world_close(&s->w);
}
#define AUTO_SCENE __attribute__((cleanup(scene_close)))

static msptk_status try_it(scene *s, const char *operation, const char *more, msptk_json **ret,
                           msptk_error **ret_err)
{
        char args[512];

        snprintf(args, sizeof(args), "{'alert_id': '%s'%s}", s->id, more);
        return world_call(&s->w, operation, args, ret, ret_err);
}

static msptk_json *do_it(scene *s, const char *operation, const char *more)
{
        AUTO_ERROR msptk_error *err = NULL;
        msptk_json *ret = NULL;

        if (try_it(s, operation, more, &ret, &err) < 0)
                print_error("%s: %s\n", operation, msptk_error_message(err)), assert_null(err);
        return ret;
}

static void refused(scene *s, const char *operation, const char *more, msptk_status status,
                    const char *reason)
{
        AUTO_ERROR msptk_error *err = NULL;
        msptk_json *ret = NULL;

        assert_int_equal(try_it(s, operation, more, &ret, &err), status);
        assert_string_equal(msptk_error_reason(err), reason);
}

static bool says(const msptk_json *told, const char *what)
{
        for (const msptk_json *t = msptk_json_first(msptk_json_get(told, "text")); t;
             t = msptk_json_next(t))
                if (strstr(msptk_json_string(t, ""), what))
                        return true;
        for (const msptk_json *t = msptk_json_first(msptk_json_get(told, "text")); t;
             t = msptk_json_next(t))
                print_error("  %s\n", msptk_json_string(t, ""));
        print_error("does not say: %s\n", what);
        return false;
}

static void an_explanation_tells_the_whole_path(void **state)
{
        AUTO_SCENE scene s;
        AUTO_JSON msptk_json *told = NULL;

        (void)state;
        scene_open(&s);
        told = do_it(&s, "alert_explain", "");
        assert_true(says(told, "disk / of device"));
        assert_true(says(told, "2026-11-21 12:00 UTC: the problem was seen first"));
        assert_true(says(told, "disk_percent was 96.5%, warning 85 (default), critical 95 (tier "
                               "gold), hysteresis 2, after it had lasted 5 min"));
        assert_true(says(told, "in force now: disk_percent warning 85 (default); disk_percent "
                               "critical 95 (tier gold)"));
        assert_true(says(told, "it is not silent"));
        assert_string_equal(text_at(msptk_json_get(told, "decision"), "event"), "opened");
        assert_string_equal(
                text_at(msptk_json_get(msptk_json_get(told, "decision"), "why"), "critical_source"),
                "tier gold");
        assert_int_equal(msptk_json_count(msptk_json_get(told, "events")), 1);
        assert_false(msptk_json_bool(msptk_json_get(told, "silent"), 1));
}

static void an_explanation_tells_each_reason_of_silence(void **state)
{
        AUTO_SCENE scene s;
        AUTO_JSON msptk_json *acked = NULL, *snoozed = NULL, *accepted = NULL, *over = NULL;

        (void)state;
        scene_open(&s);
        msptk_json_free(do_it(&s, "alert_ack", ", 'note': 'disk ordered'"));
        acked = do_it(&s, "alert_explain", "");
        assert_string_equal(text_at(acked, "silent_reason"), "acknowledged");
        assert_true(says(acked, "it is silent: uid:"));
        assert_true(says(acked, "with the note \"disk ordered\""));
        msptk_json_free(do_it(&s, "alert_snooze", ", 'until': '2026-11-22T08:00:00Z'"));
        snoozed = do_it(&s, "alert_explain", "");
        assert_string_equal(text_at(snoozed, "silent_reason"), "snoozed");
        assert_true(says(snoozed, "snoozed it until 2026-11-22 08:00 UTC"));
        msptk_json_free(
                do_it(&s, "alert_accept", ", 'owner': 'Jo', 'reason': 'old server', 'for': '30d'"));
        accepted = do_it(&s, "alert_explain", "");
        assert_string_equal(text_at(accepted, "silent_reason"), "accepted");
        assert_true(says(accepted, "accepted it for Jo until 2026-12-21 12:00 UTC, because \"old "
                                   "server\""));
        msptk_json_free(do_it(&s, "alert_resolve", ""));
        over = do_it(&s, "alert_explain", "");
        assert_int_equal(msptk_json_type(msptk_json_get(over, "silent_reason")), MSPTK_JSON_NULL);
        assert_true(says(over, "it is over: resolved by uid:"));
        assert_int_equal(msptk_json_count(msptk_json_get(over, "events")), 5);
}

static void an_explanation_tells_that_it_flaps(void **state)
{
        AUTO_SCENE scene s;
        AUTO_JSON msptk_json *told = NULL;

        (void)state;
        scene_open(&s);
        for (int i = 0; i < 6; i++) {
                s.w.now += MINUTES(4);
                observe(&s, i % 2 ? MSPTK_STATE_WARNING : MSPTK_STATE_OK);
        }
        told = do_it(&s, "alert_explain", "");
        assert_true(says(told, "it is flapping since 2026-11-21 12:00 UTC: 7 changes within the "
                               "window, with the problem 50% of the time"));
}

static void an_explanation_tells_that_a_silence_was_outgrown(void **state)
{
        AUTO_SCENE scene s;
        AUTO_JSON msptk_json *told = NULL;

        (void)state;
        scene_open(&s);
        observe(&s, MSPTK_STATE_WARNING);
        msptk_json_free(do_it(&s, "alert_snooze", ", 'for': '8h'"));
        s.w.now += MINUTES(1);
        observe(&s, MSPTK_STATE_CRITICAL);
        told = do_it(&s, "alert_explain", "");
        assert_false(msptk_json_bool(msptk_json_get(told, "silent"), 1));
        assert_true(says(told, "it was snoozed as warning; as critical it is no longer covered"));
}

static void what_is_resolved_takes_no_decisions(void **state)
{
        AUTO_SCENE scene s;

        (void)state;
        scene_open(&s);
        msptk_json_free(do_it(&s, "alert_resolve", ", 'note': 'cleaned up'"));
        refused(&s, "alert_ack", "", MSPTK_E_CONFLICT, "ALERT_RESOLVED");
        refused(&s, "alert_resolve", "", MSPTK_E_CONFLICT, "ALERT_RESOLVED");
        refused(&s, "alert_snooze", ", 'for': '1h'", MSPTK_E_CONFLICT, "ALERT_RESOLVED");
        refused(&s, "alert_accept", ", 'owner': 'a', 'reason': 'b', 'for': '1h'", MSPTK_E_CONFLICT,
                "ALERT_RESOLVED");
}

static void a_decision_needs_what_it_needs(void **state)
{
        AUTO_SCENE scene s;

        (void)state;
        scene_open(&s);
        refused(&s, "alert_snooze", "", MSPTK_E_INVALID, "MISSING_PARAMETER");
        refused(&s, "alert_snooze", ", 'until': '2026-11-20'", MSPTK_E_INVALID,
                "INVALID_PARAMETERS");
        refused(&s, "alert_snooze", ", 'until': '2026-12-20', 'for': '1h'", MSPTK_E_INVALID,
                "INVALID_PARAMETERS");
        refused(&s, "alert_accept", ", 'owner': 'Jo', 'for': '1h'", MSPTK_E_INVALID,
                "MISSING_PARAMETER");
        refused(&s, "alert_accept", ", 'reason': 'why', 'for': '1h'", MSPTK_E_INVALID,
                "MISSING_PARAMETER");
        refused(&s, "alert_accept", ", 'owner': 'Jo', 'reason': 'why'", MSPTK_E_INVALID,
                "MISSING_PARAMETER");
}

static void a_time_to_come_may_be_given_as_a_duration(void **state)
{
        AUTO_JSON msptk_json *snoozed = NULL, *told = NULL;
        scene s;

        (void)state;
        scene_open(&s);
        snoozed = do_it(&s, "alert_snooze", ", 'until': '20h'");
        told = do_it(&s, "alert_explain", "");
        assert_true(says(told, "snoozed it until 2026-11-22 08:00 UTC"));
        scene_close(&s);
}

static void a_silence_can_be_withdrawn(void **state)
{
        AUTO_SCENE scene s;
        AUTO_JSON msptk_json *a = NULL, *b = NULL;

        (void)state;
        scene_open(&s);
        msptk_json_free(do_it(&s, "alert_snooze", ", 'for': '8h'"));
        a = do_it(&s, "alert_snooze", ", 'end': true");
        assert_false(msptk_json_bool(msptk_json_get(a, "silent"), 1));
        msptk_json_free(do_it(&s, "alert_accept", ", 'owner': 'Jo', 'reason': 'why', 'for': '8h'"));
        b = do_it(&s, "alert_accept", ", 'end': true");
        assert_false(msptk_json_bool(msptk_json_get(b, "silent"), 1));
        assert_int_equal(msptk_json_type(msptk_json_get(b, "accepted")), MSPTK_JSON_NULL);
}

static void an_id_may_be_shortened_from_both_ends(void **state)
{
        AUTO_SCENE scene s;
        char whole[37];

        (void)state;
        scene_open(&s);
        memcpy(whole, s.id, sizeof(whole));
        memcpy(s.id, whole + 28, 9);
        msptk_json_free(do_it(&s, "alert_ack", ""));
        memcpy(s.id, whole, 6);
        s.id[6] = '\0';
        msptk_json_free(do_it(&s, "alert_ack", ""));
        memcpy(s.id, "ffffffff", 9);
        refused(&s, "alert_ack", "", MSPTK_E_NOTFOUND, "ALERT_NOT_FOUND");
        memcpy(s.id, "%%%%%%%%", 9);
        refused(&s, "alert_ack", "", MSPTK_E_NOTFOUND, "ALERT_NOT_FOUND");
        memcpy(s.id, whole, sizeof(whole));
        refused(&s, "alert_ack", ", 'client_id': 'other'", MSPTK_E_NOTFOUND, "ALERT_NOT_FOUND");
}

static void a_beginning_that_several_share_is_ambiguous(void **state)
{
        AUTO_SCENE scene s;
        AUTO_TX store_tx *tx = NULL;
        problem p = { .client_id = "acme-corp",
                      .source = "health",
                      .check = "memory",
                      .status = MSPTK_STATE_WARNING,
                      .value = NAN };

        (void)state;
        scene_open(&s);
        assert_int_equal(msptk__tx_begin(s.w.c->store, TX_WRITE, 0, &tx, NULL), MSPTK_OK);
        assert_int_equal(msptk__alert_raise(s.w.c, tx, &p, s.w.now, NULL, NULL), MSPTK_OK);
        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
        s.id[8] = '\0';
        refused(&s, "alert_ack", "", MSPTK_E_INVALID, "ALERT_AMBIGUOUS");
}

static void typed_functions_see_the_same_alert(void **state)
{
        AUTO_SCENE scene s;
        AUTO_ERROR msptk_error *err = NULL;
        msptk_alert_manager *am;
        msptk_alert_list *list = NULL;
        const msptk_alert *a;

        (void)state;
        scene_open(&s);
        am = msptk_toolkit_get_alert_manager(s.w.tk);
        assert_int_equal(msptk_alert_manager_acknowledge(am, s.id, "on it", NULL), MSPTK_OK);
        assert_int_equal(msptk_alert_manager_list(am, NULL, &list, NULL), MSPTK_OK);
        assert_int_equal(msptk_alert_list_count(list), 1);
        a = msptk_alert_list_get(list, 0);
        assert_string_equal(msptk_alert_id(a), s.id);
        assert_string_equal(msptk_alert_status(a), "acknowledged");
        assert_string_equal(msptk_alert_severity(a), "critical");
        assert_string_equal(msptk_alert_message(a), "/ is 96.5% full");
        assert_string_equal(text_at(msptk_alert_json(a), "check"), "disk");
        assert_null(msptk_alert_list_get(list, 1));
        msptk_alert_list_free(list);
        assert_int_equal(msptk_alert_manager_resolve(am, s.id, NULL, NULL), MSPTK_OK);
        assert_int_equal(msptk_alert_manager_resolve(am, s.id, NULL, &err), MSPTK_E_CONFLICT);
}

static void a_plan_changes_nothing_and_is_what_runs(void **state)
{
        AUTO_SCENE scene s;
        AUTO_JSON msptk_json *values = NULL, *after = NULL;
        msptk_args *args = NULL;
        msptk_call_opts *opts = msptk_call_opts_new();
        msptk_result *result = NULL;
        char *token;

        (void)state;
        scene_open(&s);
        values = msptk_json_new_object();
        msptk_json_set_string(values, "alert_id", s.id);
        assert_int_equal(msptk_args_from_json("alert_resolve", values, &args, NULL), MSPTK_OK);
        assert_int_equal(msptk_call_opts_set_int(opts, "plan", 1, NULL), MSPTK_OK);
        assert_int_equal(msptk_call(s.w.tk, args, opts, &result, NULL), MSPTK_OK);
        token = msptk__strdup(text_at(msptk_result_json(result), "plan_token"));
        assert_int_equal(msptk_json_count(msptk_json_get(msptk_result_json(result), "changes")), 1);
        msptk_result_free(result);
        after = world_do(&s.w, "alert_list", "{}");
        assert_int_equal(msptk_json_int(msptk_json_get(after, "count"), -1), 1);
        msptk_call_opts_free(opts);
        opts = msptk_call_opts_new();
        s.w.now += SECONDS(30);
        observe(&s, MSPTK_STATE_CRITICAL);
        assert_int_equal(msptk_call_opts_set_str(opts, "plan_token", token, NULL), MSPTK_OK);
        assert_int_equal(msptk_call(s.w.tk, args, opts, &result, NULL), MSPTK_OK);
        assert_string_equal(text_at(msptk_result_json(result), "status"), "resolved");
        msptk_result_free(result);
        msptk_call_opts_free(opts);
        msptk_args_free(args);
        msptk__free(token);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_explanation_tells_the_whole_path),
                cmocka_unit_test(an_explanation_tells_each_reason_of_silence),
                cmocka_unit_test(an_explanation_tells_that_it_flaps),
                cmocka_unit_test(an_explanation_tells_that_a_silence_was_outgrown),
                cmocka_unit_test(what_is_resolved_takes_no_decisions),
                cmocka_unit_test(a_decision_needs_what_it_needs),
                cmocka_unit_test(a_time_to_come_may_be_given_as_a_duration),
                cmocka_unit_test(a_silence_can_be_withdrawn),
                cmocka_unit_test(an_id_may_be_shortened_from_both_ends),
                cmocka_unit_test(a_beginning_that_several_share_is_ambiguous),
                cmocka_unit_test(typed_functions_see_the_same_alert),
                cmocka_unit_test(a_plan_changes_nothing_and_is_what_runs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
