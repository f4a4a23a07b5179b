/* Evidence: kept whole or cut with a note, found again, pruned by time. */
#define ROOM "test"
#include "support.h"
#include "store_support.h"

#include <math.h>

#include "evidence/evidence.h"

enum { DAY = 86400 };

static store *open_evidence(void)
{
        static const store_migration *const evidence_tables[] = { msptk__evidence_migrations };
        store *s = NULL;

        assert_ok(msptk__store_open(&(store_options){ .path = ":memory:" }, &s, NULL));
        assert_ok(msptk__store_migrate(s, evidence_tables, 1, 1000000, NULL));
        return s;
}

static const evidence seen = {
        .at = INT64_C(1795262400) * 1000000,
        .adapter = "rmm",
        .device_id = "web-1",
        .client_id = "acme-corp",
        .asked = "{\"checks\":[\"cpu\"]}",
        .observed = "{\"rows\":[{\"cpu\":93.5}]}",
        .took_us = 1500,
};

static int64_t add(store *s, const evidence *e)
{
        AUTO_TX store_tx *tx = NULL;
        int64_t id = 0;

        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL));
        assert_ok(msptk__evidence_add(tx, e, &id, NULL));
        assert_ok(msptk__tx_commit(&tx, NULL));
        return id;
}

static msptk_json *read_back(store *s, int64_t id)
{
        AUTO_TX store_tx *tx = NULL;
        msptk_json *json = NULL;

        assert_ok(msptk__tx_begin(s, TX_READ, 0, &tx, NULL));
        assert_ok(msptk__evidence_json(tx, id, &json, NULL));
        return json;
}

static const char *text_at(const msptk_json *json, const char *key)
{
        return msptk_json_string(msptk_json_get(json, key), "?");
}

static void assert_digest_of(const msptk_json *json, const char *whole)
{
        uint8_t hash[DIGEST_BYTES];
        char hex[DIGEST_HEX];

        msptk__digest(whole, strlen(whole), hash);
        msptk__hex(hash, DIGEST_BYTES, hex);
        assert_string_equal(text_at(json, "digest"), hex);
}

static void an_observation_comes_back_as_it_was(void **state)
{
        AUTO_STORE store *s = open_evidence();
        AUTO_JSON msptk_json *json = read_back(s, add(s, &seen));
        const msptk_json *row =
                msptk_json_first(msptk_json_get(msptk_json_get(json, "observed"), "rows"));

        (void)state;
        assert_string_equal(text_at(json, "at"), "2026-11-21T12:00:00.000000Z");
        assert_string_equal(text_at(json, "adapter"), "rmm");
        assert_string_equal(text_at(json, "device_id"), "web-1");
        assert_string_equal(text_at(json, "client_id"), "acme-corp");
        assert_true(msptk_json_double(msptk_json_get(row, "cpu"), 0) == 93.5);
        assert_int_equal(msptk_json_count(msptk_json_get(msptk_json_get(json, "asked"), "checks")),
                         1);
        assert_int_equal(msptk_json_int(msptk_json_get(json, "took_us"), 0), 1500);
        assert_digest_of(json, seen.observed);
}

static void the_client_as_a_whole_has_no_device(void **state)
{
        AUTO_STORE store *s = open_evidence();
        evidence e = seen;
        AUTO_JSON msptk_json *json = NULL;

        (void)state;
        e.device_id = NULL;
        e.observed = "no JSON at all";
        json = read_back(s, add(s, &e));
        assert_int_equal(msptk_json_type(msptk_json_get(json, "device_id")), MSPTK_JSON_NULL);
        assert_string_equal(text_at(json, "observed"), "no JSON at all");
}

/* The beginning, whole characters, and how long it was; the digest is of all of it. */
static void a_long_observation_is_cut_and_says_so(void **state)
{
        AUTO_STORE store *s = open_evidence();
        enum { LONG = EVIDENCE_OBSERVED_MAX + 3 };
        char *observed = calloc(1, LONG + 1);
        evidence e = seen;
        AUTO_JSON msptk_json *json = NULL;
        const msptk_json *kept;
        const char *beginning;

        (void)state;
        assert_non_null(observed);
        observed[0] = '"';
        for (size_t i = 1; i + 2 < LONG; i += 2)
                memcpy(observed + i, "\xc3\xb6", 2);
        memset(observed + LONG - 2, '"', 2);
        e.observed = observed;
        json = read_back(s, add(s, &e));
        kept = msptk_json_get(json, "observed");
        beginning = text_at(kept, "beginning");
        assert_int_equal(msptk_json_int(msptk_json_get(kept, "bytes"), 0), LONG);
        assert_true(strlen(beginning) > EVIDENCE_OBSERVED_MAX / 4);
        assert_memory_equal(beginning, observed, strlen(beginning));
        assert_true(msptk__utf8_valid(beginning, strlen(beginning)));
        assert_non_null(strstr(text_at(kept, "note"), "cut"));
        assert_digest_of(json, observed);
        free(observed);
}

static void what_is_old_goes_and_says_that_it_is_gone(void **state)
{
        AUTO_STORE store *s = open_evidence();
        AUTO_TX store_tx *tx = NULL;
        AUTO_ERROR msptk_error *err = NULL;
        msptk_json *json = NULL;
        evidence e = seen;
        int64_t old, young;

        (void)state;
        e.at -= INT64_C(2) * DAY * 1000000;
        old = add(s, &e);
        young = add(s, &seen);
        assert_ok(msptk__tx_begin(s, TX_WRITE, 0, &tx, NULL));
        assert_ok(msptk__evidence_prune(tx, seen.at - INT64_C(1) * DAY * 1000000, NULL));
        assert_ok(msptk__tx_commit(&tx, NULL));
        assert_ok(msptk__tx_begin(s, TX_READ, 0, &tx, NULL));
        assert_fails(msptk__evidence_json(tx, old, &json, &err), MSPTK_E_NOTFOUND,
                     "EVIDENCE_NOT_FOUND", &err);
        assert_null(json);
        msptk__tx_rollback(&tx);
        json = read_back(s, young);
        assert_string_equal(text_at(json, "adapter"), "rmm");
        msptk_json_free(json);
}

static void rows_that_share_texts_come_back_whole(void **state)
{
        const evidence_row rows[] = {
                { "disk", "disk_percent", "/", "", "%", "", "", 20.5 },
                { "disk", "disk_percent", "/var", "", "%", "", "{\"inode\":[1,2]}", 20.5 },
                { "services", "service_up", "ssh", "critical", "", "down \"now\"", "", NAN },
                { "services", "service_up", "cron", "", "", "", "", 0 },
        };
        AUTO_BUF buf text = BUF_INIT(4096);
        AUTO_JSON msptk_json *packed = NULL, *whole = NULL;
        evidence_pack p;
        char *printed = NULL;

        (void)state;
        msptk__evidence_pack_begin(&p, &text, "half of it came");
        for (size_t i = 0; i < ARRAY_LEN(rows); i++)
                msptk__evidence_pack_row(&p, &rows[i]);
        assert_ok(msptk__evidence_pack_end(&p, NULL));
        assert_ok(msptk_json_parse(msptk__buf_text(&text), text.len, &packed, NULL));
        assert_ok(msptk__evidence_unpack(packed, &whole, NULL));
        assert_ok(msptk_json_print(whole, 0, &printed, NULL));
        assert_string_equal(
                printed, "{\"error\":\"half of it came\",\"rows\":["
                         "{\"check\":\"disk\",\"metric\":\"disk_percent\",\"instance\":\"/\","
                         "\"value\":20.5,\"unit\":\"%\"},"
                         "{\"check\":\"disk\",\"metric\":\"disk_percent\",\"instance\":\"/var\","
                         "\"value\":20.5,\"unit\":\"%\",\"data\":{\"inode\":[1,2]}},"
                         "{\"check\":\"services\",\"metric\":\"service_up\",\"instance\":\"ssh\","
                         "\"state\":\"critical\",\"message\":\"down \\\"now\\\"\"},"
                         "{\"check\":\"services\",\"metric\":\"service_up\",\"instance\":\"cron\","
                         "\"value\":0.0}]}");
        msptk_string_free(printed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_observation_comes_back_as_it_was),
                cmocka_unit_test(the_client_as_a_whole_has_no_device),
                cmocka_unit_test(a_long_observation_is_cut_and_says_so),
                cmocka_unit_test(rows_that_share_texts_come_back_whole),
                cmocka_unit_test(what_is_old_goes_and_says_that_it_is_gone),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
