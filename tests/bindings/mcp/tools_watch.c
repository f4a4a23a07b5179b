/* Resources: when watched ones are looked at, what counts as a change, who may read, and what the
 * trail says of it. */
#include "tools_world.h"

#include "mcp/offers.h"

static const mcp_principal one = { "one", MCP_READ }, other = { "other", MCP_READ };

static void watch_world(world *w)
{
        world_make(w, "adapters:\n  - {name: demo, type: fake}\n");
        world_tools(w, false);
        world_did(w, "client_create", "{'name':'Acme Corp'}");
        world_did(w, "device_scan", "{}");
        world_did(w, "health_check", "{}");
        stub_changes = 0;
}

static void begin_watch(world *w, const char *uri)
{
        assert_true(w->cat->may_watch(w->cat->user, &one, uri));
        w->cat->watch(w->cat->user, uri, &one, true);
}

static void an_age_that_grows_is_no_change(void **state)
{
        int64_t now = 1000;
        world w;

        (void)state;
        watch_world(&w);
        begin_watch(&w, "msp://health");
        begin_watch(&w, "msp://client/acme-corp/devices");
        begin_watch(&w, "msp://device/acme-corp-0001");
        mcp_tools_look(w.tools, now);
        for (int i = 0; i < 4; i++) {
                w.now += 2000000;
                now += 30000;
                assert_true(mcp_tools_look(w.tools, now) > 1000); /* ever less often */
        }
        assert_int_equal(stub_changes, 0);
        world_did(&w, "device_update", "{'device_id':'acme-corp-0001','name':'another'}");
        mcp_tools_look(w.tools, now + 30000);
        assert_int_equal(stub_changes, 2);
        world_end(&w);
}

static void calls_without_a_pause_do_not_keep_from_looking(void **state)
{
        int64_t now = 1000;
        world w;

        (void)state;
        watch_world(&w);
        begin_watch(&w, "msp://clients");
        mcp_tools_look(w.tools, now);
        world_did(&w, "client_create", "{'name':'Borealis'}");
        for (int i = 0; i < 4; i++) {
                mcp_call c = { 0 };

                call(&w, &c, "health_check", "{'client_id':'acme-corp','check_types':['cpu']}");
                stub_call_clear(&c);
                mcp_tools_look(w.tools, now += 400);
        }
        assert_int_equal(stub_changes, 1);
        world_end(&w);
}

static void a_new_watch_is_looked_at_soon_though_others_are_quiet(void **state)
{
        int64_t now = 1000;
        world w;

        (void)state;
        watch_world(&w);
        begin_watch(&w, "msp://alerts");
        for (int i = 0; i < 8; i++)
                mcp_tools_look(w.tools, now += 30000);
        begin_watch(&w, "msp://clients");
        world_did(&w, "client_create", "{'name':'Borealis'}");
        assert_in_range(mcp_tools_look(w.tools, now), 1, 1000);
        mcp_tools_look(w.tools, now + 1000);
        assert_int_equal(stub_changes, 1);
        world_end(&w);
}

static void nobody_takes_the_place_of_all_others(void **state)
{
        char uri[64];
        int taken = 0;
        world w;

        (void)state;
        watch_world(&w);
        do {
                snprintf(uri, sizeof(uri), "msp://device/d-%d", taken++);
                w.cat->watch(w.cat->user, uri, &one, true);
        } while (taken < 300 && w.cat->may_watch(w.cat->user, &one, "msp://clients"));
        assert_in_range(taken, 16, 128);
        assert_true(w.cat->may_watch(w.cat->user, &other, "msp://clients"));
        world_end(&w);
}

static void without_the_scope_to_read_nothing_is_offered(void **state)
{
        const mcp_principal writer = { "writer", MCP_WRITE };
        const msptk_json *values;
        mcp_call c = { .who = writer };
        msptk_json *ref;
        world w;

        (void)state;
        watch_world(&w);
        assert_false(w.cat->may_watch(w.cat->user, &writer, "msp://clients"));
        w.cat->read_resource(w.cat->user, &c, "msp://clients");
        assert_int_equal(c.ended, ENDED_ERROR);
        stub_call_clear(&c);
        c.who = writer;
        ref = json_of("{'type':'ref/resource','uri':'msp://client/{client_id}'}");
        w.cat->complete(w.cat->user, &c, ref, "client_id", "acme", NULL);
        assert_int_equal(c.ended, ENDED_REPLY);
        values = at(c.result, "completion.values");
        assert_int_equal(msptk_json_count(values), 0);
        stub_call_clear(&c);
        c.who = one;
        w.cat->complete(w.cat->user, &c, ref, "client_id", "acme", NULL);
        values = at(c.result, "completion.values");
        assert_int_equal(msptk_json_count(values), 1);
        stub_call_clear(&c);
        msptk_json_free(ref);
        world_end(&w);
}

/* The trail has one spelling of a trace, so that one search finds all that was done under it. */
static void a_read_has_the_same_trace_as_a_call(void **state)
{
        static const char trace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
        mcp_call c = { .who = one,
                       .trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };
        msptk_json *trail;
        world w;

        (void)state;
        watch_world(&w);
        w.cat->read_resource(w.cat->user, &c, "msp://clients");
        stub_call_clear(&c);
        world_tools(&w, false); /* closing the other writes what its trail held back */
        trail = world_do(&w, "audit_list", "{'operation':'client_list'}");
        assert_string_equal(text_at(trail, "entries.0.trace_id"), trace);
        msptk_json_free(trail);
        world_end(&w);
}

static void what_is_refused_is_in_the_trail_whatever_it_brought(void **state)
{
        mcp_call c = { 0 };
        msptk_json *trail;
        world w;

        (void)state;
        watch_world(&w);
        call(&w, &c, "alert_ack", "{'alert_id':'abcdefgh','confirmation_token':'x'}");
        assert_code(&c, "INVALID_PARAMETERS", "READ_ONLY");
        stub_call_clear(&c);
        world_tools(&w, false);
        trail = world_do(&w, "audit_list", "{'operation':'alert_ack'}");
        assert_string_equal(text_at(trail, "entries.0.outcome"), "denied");
        msptk_json_free(trail);
        c.limited = true;
        call(&w, &c, "client_list", "{'response_format':'detailed','tier':'gold'}");
        assert_code(&c, "RATE_LIMIT_EXCEEDED", "TOO_MANY_REQUESTS");
        stub_call_clear(&c);
        world_tools(&w, false);
        trail = world_do(&w, "audit_list", "{'operation':'client_list','outcome':'denied'}");
        assert_int_equal(msptk_json_count(at(trail, "entries")), 1);
        msptk_json_free(trail);
        world_end(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_age_that_grows_is_no_change),
                cmocka_unit_test(calls_without_a_pause_do_not_keep_from_looking),
                cmocka_unit_test(a_new_watch_is_looked_at_soon_though_others_are_quiet),
                cmocka_unit_test(nobody_takes_the_place_of_all_others),
                cmocka_unit_test(without_the_scope_to_read_nothing_is_offered),
                cmocka_unit_test(a_read_has_the_same_trace_as_a_call),
                cmocka_unit_test(what_is_refused_is_in_the_trail_whatever_it_brought),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
