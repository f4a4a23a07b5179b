/* Every allocation of every operation on clients, devices, policy and alerts fails once, and from
 * some point on for good. A call that failed changed nothing; one that succeeded did; the trail
 * verifies. */
#define ROOM "test"
#include "support.h"

#include <unistd.h>

#include "toolkit_support.h"

#include "alerts/alerts.h"
#include "audit/audit.h"
#include "fault.h"

/* What an act may change, in an order that does not depend on it. */
static const char *const tables[] = {
        "SELECT * FROM client ORDER BY id",        "SELECT * FROM device ORDER BY id",
        "SELECT * FROM device_key ORDER BY 1,2,3", "SELECT * FROM device_source ORDER BY 1,2",
        "SELECT * FROM device_merge ORDER BY 1,2", "SELECT * FROM device_conflict ORDER BY 1,2",
        "SELECT * FROM policy ORDER BY 1,2,3",     "SELECT * FROM alert ORDER BY 1",
        "SELECT * FROM alert_event ORDER BY 1,2",
};
enum { COLUMNS = 24 };

static uint64_t mix(uint64_t h, const char *text)
{
        for (; *text; text++)
                h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
        return (h ^ 0x1f) * UINT64_C(1099511628211);
}

/* A number that differs when any of the first columns of any row does. */
static uint64_t state_of(world *w)
{
        AUTO_TX store_tx *tx = NULL;
        uint64_t h = UINT64_C(14695981039346656037);

        assert_int_equal(msptk__tx_begin(w->c->store, TX_READ, 0, &tx, NULL), MSPTK_OK);
        for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
                AUTO_STMT store_stmt *q = NULL;

                assert_int_equal(msptk__query_values(tx, &q, NULL, tables[i], NULL, 0), MSPTK_OK);
                while (msptk__stmt_step(q, NULL) == MSPTK_OK)
                        for (int32_t c = 0; c < COLUMNS; c++)
                                h = mix(h, msptk__stmt_text(q, c));
                h = mix(h, "table");
        }
        return h;
}

typedef struct attempt {
        const char *operation;
        const char *json;   /* #: a number that differs from round to round */
        const char *before; /* done without faults before each round: "operation {json}" */
        const char *after;  /* and after it, whatever came; may fail */
        bool reads;
} attempt;

/* The text with the number for every #. */
static void fill(char *out, size_t cap, const char *text, long serial)
{
        size_t at = 0;

        for (; *text && at + 24 < cap; text++)
                if (*text == '#')
                        at += (size_t)snprintf(out + at, cap - at, "%ld", serial);
                else
                        out[at++] = *text;
        out[at] = '\0';
}

static void do_aside(world *w, const char *text, long serial)
{
        char operation[64] = "", json[512];
        size_t n = strcspn(text, " ");

        memcpy(operation, text, n);
        fill(json, sizeof(json), text + n + 1, serial);
        (void)world_call(w, operation, json, NULL, NULL);
}

static void verify_trail(world *w)
{
        AUTO_JSON msptk_json *found = world_do(w, "audit_verify", "{}");

        assert_string_equal(text_at(found, "status"), "ok");
}

/* A read that succeeds says all that it says without a fault. */
static void assert_same_answer(const attempt *a, const msptk_json *result, char **first)
{
        char *text = NULL;

        assert_int_equal(msptk_json_print(result, 0, &text, NULL), MSPTK_OK);
        if (!*first)
                *first = msptk__strdup(text);
        if (strcmp(*first, text) != 0)
                fail_msg("%s now says %s, before %s", a->operation, text, *first);
        msptk_string_free(text);
}

static void one_round(world *w, const attempt *a, fault_loop *fault, long serial, char **first)
{
        AUTO_ERROR msptk_error *err = NULL;
        AUTO_JSON msptk_json *values = NULL;
        AUTO_JSON msptk_json *result = NULL;
        uint64_t was, is;
        char json[512];
        msptk_status st;
        bool hit;

        fill(json, sizeof(json), a->json, serial);
        for (char *p = json; *p; p++)
                if (*p == '\'')
                        *p = '"';
        assert_int_equal(msptk_json_parse(json, strlen(json), &values, NULL), MSPTK_OK);
        was = state_of(w);
        fault_arm(fault);
        st = msptk__act_run(w->c, a->operation, values, NULL, &result, &err);
        hit = fault_was_hit(fault);
        is = state_of(w);
        if (!hit && st < 0)
                fail_msg("%s: %s", a->operation, msptk_error_message(err));
        if (st < 0) {
                if (was != is)
                        fail_msg("%s failed at %ld, and yet: %s", a->operation, fault->n,
                                 msptk_error_message(err));
                if (!err)
                        fail_msg("%s at %ld%s: %s without an error", a->operation, fault->n,
                                 fault->onwards ? " and on" : "", msptk_status_name(st));
                if (st != MSPTK_E_NOMEM)
                        fail_msg("%s at %ld: short memory was told as '%s'", a->operation, fault->n,
                                 msptk_error_message(err));
                assert_null(result);
                return;
        }
        assert_null(err);
        assert_non_null(result);
        if (a->reads != (was == is))
                fail_msg("%s succeeded at %ld without its effect", a->operation, fault->n);
        if (a->reads)
                assert_same_answer(a, result, first);
}

static void survive(const char *const *first, const attempt *attempts, size_t count)
{
        AUTO_WORLD world w;
        long serial = 0;

        world_open(&w, NULL);
        for (; *first; first++) {
                char operation[64] = "";
                size_t n = strcspn(*first, " ");
                msptk_json *done;

                memcpy(operation, *first, n);
                done = world_do(&w, operation, *first + n + 1);
                assert_non_null(done);
                msptk_json_free(done);
        }
        for (const attempt *a = attempts; a < attempts + count; a++) {
                AUTO_FREE char *answer = NULL;

                printf("%s: ", a->operation);
                if (a->reads)
                        one_round(&w, a, &(fault_loop){ .kinds = 0 }, serial, &answer);
                FAULT_LOOP(fault, FAULT_ALLOC)
                {
                        fault_rest(&fault);
                        serial++;
                        if (a->before)
                                do_aside(&w, a->before, serial);
                        one_round(&w, a, &fault, serial, &answer);
                        if (a->after)
                                do_aside(&w, a->after, serial);
                }
                verify_trail(&w);
        }
}

static void acts_on_clients_are_whole_or_nothing(void **state)
{
        static const char *const first[] = {
                "client_create {'name': 'Acme Corp', 'contact': 'john@acme.example',"
                " 'contacts': ['Kim <kim@acme.example>'], 'fields': {'floor': '3'}}",
                NULL
        };
        static const attempt attempts[] = {
                { .operation = "client_create",
                  .json = "{'name': 'Möbel #', 'tier': 'gold', 'contact': 'a@b.example',"
                          " 'contacts': ['Kim <x@b.example>'], 'fields': {'a': 'b'}}",
                  .after = "client_delete {'client_id': 'mobel-#'}" },
                { .operation = "client_update",
                  .json = "{'client_id': 'acme-corp', 'name': 'Acme #', 'fields': {'n': '#'}}" },
                { .operation = "client_delete",
                  .json = "{'client_id': 'gone-#'}",
                  .before = "client_create {'name': 'Gone #'}" },
                { .operation = "client_get", .json = "{'client_id': 'acme-corp'}", .reads = true },
                { .operation = "client_list",
                  .json = "{'search': 'ACME', 'tier': 'silver', 'limit': 2}",
                  .reads = true },
        };

        (void)state;
        survive(first, attempts, ARRAY_LEN(attempts));
}

/* Three new clients a round, one that stays and one row that is wrong. */
static void an_import_is_whole_or_nothing(void **state)
{
        AUTO_WORLD world w;
        char path[] = "/tmp/msptk-records-XXXXXX", json[128];
        int fd = mkstemp(path);
        long serial = 0;

        (void)state;
        assert_true(fd >= 0);
        close(fd);
        snprintf(json, sizeof(json), "{'file': '%s', 'skip_bad': true}", path);
        world_open(&w, NULL);
        msptk_json_free(world_do(&w, "client_create", "{'name': 'Acme Corp', 'tier': 'gold'}"));
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                FILE *f;

                fault_rest(&fault);
                f = fopen(path, "w");
                assert_non_null(f);
                serial++;
                fprintf(f,
                        "Name,Tier,Email,Floor\nAcme Corp,gold,,\nNew %ld,silver,a@b.example,3\n",
                        serial);
                fprintf(f, "Newer %ld,,,4\nWrong,iron,,\n\"Newest, %ld\",gold,,\n", serial, serial);
                assert_int_equal(fclose(f), 0);
                one_round(&w, &(attempt){ .operation = "client_import", .json = json }, &fault,
                          serial, NULL);
        }
        verify_trail(&w);
        unlink(path);
}

static void acts_on_devices_are_whole_or_nothing(void **state)
{
        static const char *const first[] = {
                "client_create {'name': 'Acme Corp'}",
                "device_add {'client_id': 'acme-corp', 'name': 'web', 'serial': 'SN-4711-A',"
                " 'macs': '52:54:00:11:22:33', 'fields': {'rack': '7'}}",
                NULL
        };
        static const attempt attempts[] = {
                { .operation = "device_add",
                  .json = "{'client_id': 'acme-corp', 'name': 'srv #', 'serial': 'SN-9-#',"
                          " 'macs': ['52:54:00:aa:bb:cc'], 'fields': {'rack': '#'}}",
                  .after = "device_remove {'device_id': 'srv-#'}" },
                { .operation = "device_update",
                  .json = "{'device_id': 'web', 'name': 'web #', 'os': 'Debian #'}" },
                { .operation = "device_merge",
                  .json = "{'device_id': 'twin-#', 'into': 'web'}",
                  .before = "device_add {'client_id': 'acme-corp', 'name': 'twin #'}",
                  .after = "device_unmerge {'device_id': 'twin-#'}" },
                { .operation = "device_remove",
                  .json = "{'device_id': 'gone-#'}",
                  .before = "device_add {'client_id': 'acme-corp', 'name': 'gone #'}" },
                { .operation = "device_get", .json = "{'device_id': 'web'}", .reads = true },
                { .operation = "device_list",
                  .json = "{'client_id': 'acme-corp', 'search': 'w', 'limit': 2}",
                  .reads = true },
        };

        (void)state;
        survive(first, attempts, ARRAY_LEN(attempts));
}

static void acts_on_policy_are_whole_or_nothing(void **state)
{
        static const char *const first[] = { "client_create {'name': 'Acme Corp'}", NULL };
        static const attempt attempts[] = {
                { .operation = "health_configure",
                  .json = "{'client_id': 'acme-corp', 'cpu': 80,"
                          " 'set': ['disk.sustained_for=#s']}" },
        };

        (void)state;
        survive(first, attempts, ARRAY_LEN(attempts));
}

static msptk_status one_observation(world *w, const problem *p, msptk_error **err)
{
        AUTO_TX store_tx *tx = NULL;
        alert_change change = { 0 };

        TRY(msptk__tx_begin(w->c->store, TX_WRITE, 0, &tx, err));
        if (p->status == MSPTK_STATE_OK)
                TRY(msptk__alert_clear(w->c, tx, p, w->now, &change, err));
        else
                TRY(msptk__alert_raise(w->c, tx, p, w->now, &change, err));
        return msptk__tx_commit(&tx, err);
}

/* Opens, escalates, resolves and opens again. */
static void observations_become_alerts_whole_or_not_at_all(void **state)
{
        static const int32_t statuses[] = { MSPTK_STATE_WARNING, MSPTK_STATE_CRITICAL,
                                            MSPTK_STATE_OK };
        AUTO_WORLD world w;
        problem p = { .client_id = "acme-corp",
                      .source = "health",
                      .check = "disk",
                      .instance = "/",
                      .message = "/ is 90% full",
                      .value = 90,
                      .unit = "%" };

        (void)state;
        world_open(&w, NULL);
        msptk_json_free(world_do(&w, "client_create", "{'name': 'Acme Corp'}"));
        FAULT_LOOP(fault, FAULT_ALLOC)
        {
                fault_rest(&fault);
                w.now += HOURS(3);
                for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
                        AUTO_ERROR msptk_error *err = NULL;
                        uint64_t was = state_of(&w);
                        msptk_status st;

                        w.now += MINUTES(1);
                        p.status = statuses[i];
                        fault_arm(&fault);
                        st = one_observation(&w, &p, &err);
                        fault_rest(&fault);
                        assert_int_equal(st < 0, err != NULL);
                        if (st < 0)
                                assert_true(state_of(&w) == was);
                }
                (void)fault_was_hit(&fault);
        }
        verify_trail(&w);
}

static void acts_on_alerts_are_whole_or_nothing(void **state)
{
        AUTO_WORLD world w;
        static const char *const operations[] = { "alert_ack", "alert_snooze", "alert_accept",
                                                  "alert_resolve" };
        static const char *const jsons[] = {
                "{'alert_id': '@', 'note': 'n #'}",
                "{'alert_id': '@', 'for': '#m'}",
                "{'alert_id': '@', 'owner': 'kim', 'reason': 'known #', 'for': '30d'}",
                "{'alert_id': '@', 'note': 'replaced #'}",
        };
        problem p = { .client_id = "acme-corp",
                      .source = "health",
                      .check = "disk",
                      .instance = "",
                      .status = MSPTK_STATE_WARNING,
                      .message = "full" };
        long serial = 0;

        (void)state;
        world_open(&w, NULL);
        msptk_json_free(world_do(&w, "client_create", "{'name': 'Acme Corp'}"));
        for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
                printf("%s: ", operations[i]);
                FAULT_LOOP(fault, FAULT_ALLOC)
                {
                        char instance[32], id[40], json[256];
                        alert_change change = { 0 };
                        AUTO_TX store_tx *tx = NULL;

                        fault_rest(&fault);
                        snprintf(instance, sizeof(instance), "%ld", ++serial);
                        p.instance = instance;
                        assert_int_equal(msptk__tx_begin(w.c->store, TX_WRITE, 0, &tx, NULL), 0);
                        assert_int_equal(msptk__alert_raise(w.c, tx, &p, w.now, &change, NULL), 0);
                        assert_int_equal(msptk__tx_commit(&tx, NULL), MSPTK_OK);
                        snprintf(id, sizeof(id), "%s", change.id);
                        snprintf(json, sizeof(json), "{'alert_id': '%s'%s", id,
                                 strchr(jsons[i], ','));
                        one_round(&w, &(attempt){ .operation = operations[i], .json = json },
                                  &fault, serial, NULL);
                }
                verify_trail(&w);
        }
}

/* After a run over a fake world with problems, each reading says the same or fails. */
static void what_is_told_of_health_is_whole(void **state)
{
        static const attempt readings[] = {
                { .operation = "health_status", .json = "{}", .reads = true },
                { .operation = "health_history",
                  .json = "{'client_id': 'acme', 'days': 1}",
                  .reads = true },
                { .operation = "health_morning", .json = "{}", .reads = true },
                { .operation = "alert_list", .json = "{'client_id': 'acme'}", .reads = true },
                { .operation = "alert_explain", .json = "{'alert_id': '@'}", .reads = true },
        };
        static const char text[] = "database: {path: \":memory:\"}\nadapters:\n"
                                   "  - {name: world, type: fake, devices: 2, problems: 1}\n";
        char path[] = "/tmp/msptk-records-XXXXXX";
        int fd = mkstemp(path);
        AUTO_WORLD world w;
        msptk_json *alerts;

        (void)state;
        assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
        close(fd);
        world_open(&w, path);
        unlink(path);
        msptk_json_free(world_do(&w, "client_create", "{'name': 'Acme', 'id': 'acme'}"));
        msptk_json_free(world_do(&w, "device_scan", "{'client_id': 'acme', 'adapter': 'world'}"));
        msptk_json_free(world_do(&w, "health_check", "{'client_id': 'acme'}"));
        alerts = world_do(&w, "alert_list", "{}");
        for (size_t i = 0; i < ARRAY_LEN(readings); i++) {
                AUTO_FREE char *answer = NULL;
                char json[128];
                attempt a = readings[i];

                snprintf(json, sizeof(json), "%s", a.json);
                if (strchr(json, '@'))
                        snprintf(json, sizeof(json), "{'alert_id': '%s'}",
                                 text_at(msptk_json_first(msptk_json_get(alerts, "alerts")), "id"));
                a.json = json;
                printf("%s: ", a.operation);
                one_round(&w, &a, &(fault_loop){ .kinds = 0 }, 0, &answer);
                FAULT_LOOP(fault, FAULT_ALLOC)
                {
                        fault_rest(&fault);
                        one_round(&w, &a, &fault, 0, &answer);
                }
        }
        msptk_json_free(alerts);
        verify_trail(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(acts_on_clients_are_whole_or_nothing),
                cmocka_unit_test(an_import_is_whole_or_nothing),
                cmocka_unit_test(acts_on_devices_are_whole_or_nothing),
                cmocka_unit_test(acts_on_policy_are_whole_or_nothing),
                cmocka_unit_test(observations_become_alerts_whole_or_not_at_all),
                cmocka_unit_test(acts_on_alerts_are_whole_or_nothing),
                cmocka_unit_test(what_is_told_of_health_is_whole),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
