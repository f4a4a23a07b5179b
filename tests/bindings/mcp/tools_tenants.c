/*
 * Tenants: whoever has a token for some clients learns nothing of the others, whatever is asked.
 * Every client has a word of its own in its id, its name and the names of its devices; tokens get
 * random clients and scopes; no answer may hold the word of a client that the token does not have.
 * MSPTK_SEED repeats a run.
 */
#include "tools_world.h"

enum { CLIENTS = 9, TOKENS = 12, CALLS = 60, WORD = 9 };

static char words[CLIENTS][WORD + 1];
static char ids[CLIENTS][80], device_ids[CLIENTS][80], alert_ids[CLIENTS][64];
static uint64_t seed;
static size_t told; /* words of clients that the token has */

static uint32_t dice(uint32_t n)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (uint32_t)(seed >> 33) % n;
}

typedef struct token {
        mcp_principal who;
        bool all, sees[CLIENTS];
} token;

static void make_token(world *w, int number, token *t)
{
        char arguments[1200], clients[900] = "", bearer[200];
        msptk_json *made;

        *t = (token){ .all = number == 0 };
        for (int i = 0; i < CLIENTS; i++) {
                t->sees[i] = t->all || dice(3) == 0 || (!*clients && i == CLIENTS - 1);
                if (t->sees[i])
                        snprintf(clients + strlen(clients), sizeof(clients) - strlen(clients),
                                 "%s'%s'", *clients ? "," : "", ids[i]);
        }
        snprintf(arguments, sizeof(arguments), "{'name':'tenant%d','scopes':[%s]%s%s%s}", number,
                 dice(2) ? "'read'" : "'read','write'", t->all ? "" : ",'clients':[",
                 t->all ? "" : clients, t->all ? "" : "]");
        made = world_do(w, "token_create", arguments);
        snprintf(bearer, sizeof(bearer), "%s", text_at(made, "token"));
        msptk_json_free(made);
        assert_int_equal(mcp_tools_authenticate(w->tools, bearer, &t->who, NULL), MSPTK_OK);
}

/* No word of a client that the token does not see, but for the one the caller said itself. */
static void assert_nothing_leaks(const token *t, const mcp_call *c, int said, const char *what)
{
        char *all = printed(c->result);

        for (int i = 0; i < CLIENTS; i++)
                if (t->sees[i])
                        told += strstr(all, words[i]) != NULL;
                else if (i != said && strstr(all, words[i]))
                        fail_msg("%s of %s tells of client %d: %s", what, t->who.name, i, all);
        free(all);
}

typedef struct question {
        const char *tool, *arguments; /* %s: client, device, alert or word of the client */
        enum { SAYS_NOTHING, SAYS_CLIENT, SAYS_NAME, SAYS_DEVICE, SAYS_ALERT, SAYS_WORD } says;
} question;

static const question questions[] = {
        { "client_list", "{}", SAYS_NOTHING },
        { "client_list", "{'response_format':'detailed','max_tokens':20000}", SAYS_NOTHING },
        { "client_list", "{'search':'%s'}", SAYS_WORD },
        { "client_list", "{'search':'company'}", SAYS_NOTHING },
        { "client_get", "{'client_id':'%s'}", SAYS_CLIENT },
        { "client_get", "{'client_id':'Company %s'}", SAYS_NAME },
        { "device_list", "{}", SAYS_NOTHING },
        { "device_list", "{'client_id':'%s'}", SAYS_CLIENT },
        { "device_list", "{'search':'%s'}", SAYS_WORD },
        { "device_get", "{'device_id':'%s'}", SAYS_DEVICE },
        { "health_check", "{'client_id':'%s','check_types':['cpu']}", SAYS_CLIENT },
        { "health_check", "{'check_types':['cpu']}", SAYS_NOTHING },
        { "health_history", "{'client_id':'%s'}", SAYS_CLIENT },
        { "health_history", "{'client_id':'%s','daily':true}", SAYS_CLIENT },
        { "health_status", "{}", SAYS_NOTHING },
        { "health_status", "{'client_id':'%s'}", SAYS_CLIENT },
        { "alert_list", "{'status':'all'}", SAYS_NOTHING },
        { "alert_list", "{'client_id':'%s','status':'all'}", SAYS_CLIENT },
        { "alert_list", "{'device_id':'%s'}", SAYS_DEVICE },
        { "alert_explain", "{'alert_id':'%s'}", SAYS_ALERT },
        { "alert_ack", "{'alert_id':'%s'}", SAYS_ALERT },
        { "alert_snooze", "{'alert_id':'%s','for':'1h'}", SAYS_ALERT },
};

static const char *said_of(const question *q, int client)
{
        switch (q->says) {
        case SAYS_CLIENT:
                return ids[client];
        case SAYS_DEVICE:
                return device_ids[client];
        case SAYS_ALERT:
                return alert_ids[client];
        default:
                return words[client];
        }
}

static void ask_once(world *w, const token *t, const question *q, int client)
{
        mcp_call c = { .who = t->who, .can_elicit = dice(2) };
        char arguments[300];
        bool error;

        snprintf(arguments, sizeof(arguments), q->arguments, said_of(q, client));
        call(w, &c, q->tool, arguments);
        error = at(c.result, "isError") != NULL;
        /* an alert's id has no word in it: its answer must not have one either */
        assert_nothing_leaks(t, &c, q->says == SAYS_ALERT || !q->says ? -1 : client, arguments);
        if (!t->sees[client] && q->says != SAYS_NOTHING && q->says != SAYS_WORD &&
            !(q->says == SAYS_DEVICE && !strcmp(q->tool, "alert_list")) && !error)
                fail_msg("%s %s of %s is answered: %s", q->tool, arguments, t->who.name,
                         reply_text(&c));
        if (t->sees[client] && q->says == SAYS_CLIENT && error)
                fail_msg("%s %s of %s is refused: %s", q->tool, arguments, t->who.name,
                         reply_text(&c));
        stub_call_clear(&c);
}

static void no_token_learns_of_clients_it_does_not_have(void **state)
{
        world *w = *state;
        static token tokens[TOKENS];

        for (int n = 0; n < TOKENS; n++) {
                make_token(w, n, &tokens[n]);
                for (int i = 0; i < CALLS; i++) {
                        const question *q =
                                &questions[dice(sizeof(questions) / sizeof(questions[0]))];

                        ask_once(w, &tokens[dice((uint32_t)n + 1)], q, (int)dice(CLIENTS));
                }
        }
        /* and every question of every token once about a client of another */
        for (int n = 1; n < TOKENS; n++)
                for (size_t q = 0; q < sizeof(questions) / sizeof(questions[0]); q++)
                        for (int i = 0; i < CLIENTS; i++)
                                if (!tokens[n].sees[i]) {
                                        ask_once(w, &tokens[n], &questions[q], i);
                                        break;
                                }
        assert_true(told > CALLS); /* and the answers do tell of their own */
}

static void a_cursor_of_another_token_is_refused(void **state)
{
        world *w = *state;
        token one, two;
        mcp_call c = { 0 };
        char arguments[700];

        make_token(w, 100, &one);
        make_token(w, 101, &two);
        c.who = one.who;
        call(w, &c, "client_list", "{'limit':1}");
        if (*text_at(reply_data(&c), "next_cursor")) {
                snprintf(arguments, sizeof(arguments), "{'limit':1,'cursor':'%s'}",
                         text_at(reply_data(&c), "next_cursor"));
                stub_call_clear(&c);
                c.who = two.who;
                call(w, &c, "client_list", arguments);
                assert_non_null(at(c.result, "isError"));
                assert_nothing_leaks(&two, &c, -1, "a cursor");
        }
        stub_call_clear(&c);
}

static void a_token_that_was_removed_opens_nothing(void **state)
{
        world *w = *state;
        token t;
        mcp_call c = { 0 };

        make_token(w, 200, &t);
        c.who = t.who;
        call(w, &c, "client_list", "{}");
        assert_null(at(c.result, "isError"));
        stub_call_clear(&c);
        world_did(w, "token_remove", "{'name':'tenant200'}");
        c.who = t.who;
        call(w, &c, "client_list", "{}");
        assert_non_null(at(c.result, "isError"));
        for (int i = 0; i < CLIENTS; i++)
                assert_null(strstr(reply_text(&c), words[i]));
        stub_call_clear(&c);
}

static void make_clients(world *w)
{
        char arguments[900];

        for (int i = 0; i < CLIENTS; i++) {
                msptk_json *made, *devices, *alerts;

                for (int k = 0; k < WORD; k++)
                        words[i][k] = (char)('a' + dice(26));
                snprintf(arguments, sizeof(arguments), "{'name':'Company %s'}", words[i]);
                made = world_do(w, "client_create", arguments);
                snprintf(ids[i], sizeof(ids[i]), "%s", text_at(made, "id"));
                snprintf(arguments, sizeof(arguments), "{'client_id':'%s'}", ids[i]);
                world_did(w, "device_scan", arguments);
                snprintf(arguments, sizeof(arguments), "{'client_id':'%s','check_types':['cpu']}",
                         ids[i]);
                world_did(w, "health_check", arguments);
                snprintf(arguments, sizeof(arguments), "{'client_id':'%s'}", ids[i]);
                devices = world_do(w, "device_list", arguments);
                snprintf(device_ids[i], sizeof(device_ids[i]), "%s",
                         text_at(devices, "devices.0.id"));
                alerts = world_do(w, "alert_list", arguments);
                snprintf(alert_ids[i], sizeof(alert_ids[i]), "%s", text_at(alerts, "alerts.0.id"));
                assert_true(*ids[i] && *device_ids[i] && *alert_ids[i]);
                msptk_json_free(made);
                msptk_json_free(devices);
                msptk_json_free(alerts);
        }
}

static int set_up(void **state)
{
        static world w;
        const char *given = getenv("MSPTK_SEED");

        seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
        seed = seed ? seed : 1;
        print_message("MSPTK_SEED=%llu\n", (unsigned long long)seed);
        world_make(&w, "adapters:\n  - {name: world, type: fake, devices: 1, problems: 1}\n");
        world_tools(&w, true);
        make_clients(&w);
        *state = &w;
        return 0;
}

static int tear_down(void **state)
{
        world_end(*state);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_token_learns_of_clients_it_does_not_have),
                cmocka_unit_test(a_cursor_of_another_token_is_refused),
                cmocka_unit_test(a_token_that_was_removed_opens_nothing),
        };

        return cmocka_run_group_tests(tests, set_up, tear_down);
}
