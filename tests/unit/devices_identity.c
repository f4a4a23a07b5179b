/* Devices: what identifies a machine, what does not, and that merges can be undone. */
#include "support.h"

#include "devices/internal.h"

#define T0 INT64_C(1700000000000000)
#define HOUR INT64_C(3600000000)

static void assert_okay(msptk_status st, const msptk_error *err)
{
        if (st < 0)
                print_error("%s\n", msptk_error_message(err));
        assert_true(st >= 0);
}

typedef struct world {
        store *s;
        store_tx *tx;
} world;

static int open_world(void **state)
{
        const store_migration *const tables[] = { msptk__audit_migrations,
                                                  msptk__clients_migrations,
                                                  msptk__devices_migrations };
        AUTO_ERROR msptk_error *err = NULL;
        world *w = calloc(1, sizeof(*w));

        assert_okay(msptk__store_open(&(store_options){ .path = ":memory:", .create = true }, &w->s,
                                      &err),
                    err);
        assert_okay(msptk__store_migrate(w->s, tables, ARRAY_LEN(tables), T0, &err), err);
        assert_okay(msptk__tx_begin(w->s, TX_WRITE, 0, &w->tx, &err), err);
        for (int i = 0; i < 2; i++)
                assert_okay(msptk__exec(w->tx, &err,
                                        "INSERT INTO client (id, name, folded, tier, status,"
                                        " contacts, fields, created_at, updated_at, deleted_at,"
                                        " revision) VALUES (?1, ?1, ?1, 'bronze', 'active', '[]',"
                                        " '{}', 1, 1, 0, 1)",
                                        SQL_TEXT(i ? "beta" : "acme")),
                            err);
        *state = w;
        return 0;
}

static int close_world(void **state)
{
        world *w = *state;

        msptk__tx_rollback(&w->tx);
        msptk__store_free(w->s);
        free(w);
        return 0;
}

typedef struct told {
        const char *adapter, *vendor_id, *name, *serial, *machine_id, *macs, *client;
} told;

/* What one adapter says; gives the id of the device that it is. */
static const char *tell(world *w, told t)
{
        static char ids[64][SLUG_CAP];
        static size_t next;
        AUTO_ERROR msptk_error *err = NULL;
        msptk_device_row row = { .struct_size = sizeof(row),
                                 .vendor_id = t.vendor_id,
                                 .name = t.name ? t.name : "vm",
                                 .serial = t.serial,
                                 .machine_id = t.machine_id,
                                 .macs = t.macs };
        AUTO_FREE char *id = NULL;
        char *out = ids[next++ % 64];

        assert_okay(msptk__device_observe(w->tx, t.client ? t.client : "acme", t.adapter, &row, T0,
                                          &id, &err),
                    err);
        snprintf(out, SLUG_CAP, "%s", id);
        return out;
}

static msptk_json *view(world *w, const char *id)
{
        AUTO_ERROR msptk_error *err = NULL;
        msptk_json *json = NULL;

        assert_okay(msptk__device_json(w->tx, id, T0, NULL, &json, &err), err);
        return json;
}

static size_t count_of(world *w, const char *id, const char *key)
{
        AUTO_JSON msptk_json *v = view(w, id);

        return msptk_json_count(msptk_json_get(v, key));
}

/* The kind of the first conflict; "" when there is none. */
static const char *conflict(world *w, const char *id)
{
        static char kind[64];
        AUTO_JSON msptk_json *v = view(w, id);

        snprintf(kind, sizeof(kind), "%s",
                 msptk_json_string(
                         msptk_json_get(msptk_json_first(msptk_json_get(v, "conflicts")), "kind"),
                         ""));
        return kind;
}

#define SERIAL_A "VMware-56 4d 9a 11"
#define SERIAL_B "PF2XK9Q1"
#define ID_A "b08dfa6083e7567a1921a715000001fb"
#define ID_B "c18dfa6083e7567a1921a715000002aa"
#define MAC_A "00:1c:42:aa:bb:01"
#define MAC_B "00:1c:42:aa:bb:02"

static void nonsense_serials_are_not_usable(void **state)
{
        static const char *const bad[] = { "To be filled by O.E.M.",
                                           "to be filled by o.e.m.",
                                           "0",
                                           "None",
                                           "System Serial Number",
                                           "123456789",
                                           "0123456789",
                                           "987654321",
                                           "00000000",
                                           "XXXXXXXX",
                                           "Default string",
                                           "Not Specified",
                                           "N/A",
                                           "......",
                                           "1-1-1-1-1",
                                           "Chassis Serial Number",
                                           "INVALID" };
        device_keys k;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                msptk__device_keys_read(bad[i], NULL, NULL, &k);
                if (k.count != 1 || k.items[0].state != KEY_NONSENSE)
                        print_error("'%s' is taken for a serial number\n", bad[i]);
                assert_int_equal(k.count, 1);
                assert_int_equal(k.items[0].state, KEY_NONSENSE);
        }
        msptk__device_keys_read("   ", "", "", &k);
        assert_int_equal(k.count, 0);
}

static void spellings_of_a_key_are_one_key(void **state)
{
        device_keys a, b;

        (void)state;
        msptk__device_keys_read(" pf2xk9q1 ", "{B08DFA60-83E7-567A-1921-A715000001FB}",
                                "00-1C-42-AA-BB-01, 001c42aabb02;001c.42aa.bb02", &a);
        msptk__device_keys_read(SERIAL_B, ID_A, MAC_A "," MAC_B, &b);
        assert_int_equal(a.count, 4);
        assert_int_equal(b.count, 4);
        for (size_t i = 0; i < 4; i++) {
                assert_string_equal(a.items[i].value, b.items[i].value);
                assert_int_equal(a.items[i].state, KEY_USABLE);
        }
}

static void made_up_and_group_addresses_are_not_usable(void **state)
{
        device_keys k;

        (void)state;
        msptk__device_keys_read(NULL, NULL,
                                "02:42:ac:11:00:02,01:00:5e:00:00:01,00:00:00:00:00:00,"
                                "ff:ff:ff:ff:ff:ff,52:54:00:12:34:56",
                                &k);
        assert_int_equal(k.count, 5);
        for (size_t i = 0; i < k.count; i++)
                assert_int_equal(k.items[i].state, KEY_NONSENSE);
        msptk__device_keys_read(NULL, NULL, "not a mac,00:11:22,00:11:22:33:44:55:66", &k);
        assert_int_equal(k.count, 0);
}

static void same_serial_of_two_adapters_is_one_device(void **state)
{
        world *w = *state;
        const char *a = tell(w, (told){ "rmm", "1", "srv-01", SERIAL_A, .macs = MAC_A });
        const char *b = tell(w, (told){ "backup", "x9", "SRV01.acme.local", SERIAL_A });

        assert_string_equal(a, b);
        assert_int_equal(count_of(w, a, "sources"), 2);
        assert_int_equal(count_of(w, a, "merged"), 1);
        assert_string_equal(conflict(w, a), "");
}

static void same_machine_id_and_mac_is_one_device(void **state)
{
        world *w = *state;
        const char *a = tell(w, (told){ "rmm", "1", .machine_id = ID_A, .macs = MAC_A });

        assert_string_equal(
                a, tell(w, (told){ "backup", "2", .machine_id = ID_A, .macs = MAC_B "," MAC_A }));
}

static void same_name_alone_is_two_devices(void **state)
{
        world *w = *state;
        const char *a = tell(w, (told){ "rmm", "1", "srv-01", SERIAL_A });
        const char *b = tell(w, (told){ "backup", "1", "srv-01" });

        assert_string_not_equal(a, b);
        assert_string_equal(conflict(w, a), "");
}

static void nonsense_serials_never_merge(void **state)
{
        world *w = *state;
        const char *a = tell(w, (told){ "rmm", "1", .serial = "To be filled by O.E.M." });
        const char *b = tell(w, (told){ "backup", "1", .serial = "To Be Filled By O.E.M." });

        assert_string_not_equal(a, b);
        assert_string_equal(conflict(w, a), "");
}

static void a_dock_address_on_several_devices_is_a_conflict_of_both(void **state)
{
        world *w = *state;
        const char *a = tell(w, (told){ "rmm", "1", .serial = SERIAL_A, .macs = MAC_A });
        const char *b = tell(w, (told){ "backup", "2", .macs = MAC_A });

        assert_string_not_equal(a, b);
        assert_string_equal(conflict(w, a), "mac_shared");
        assert_string_equal(conflict(w, b), "mac_shared");
}

static void a_dock_address_does_not_vouch_for_a_machine_id(void **state)
{
        world *w = *state;
        const char *a = tell(w, (told){ "rmm", "1", .machine_id = ID_A, .macs = MAC_A });
        const char *c;

        (void)tell(w, (told){ "rmm", "2", .machine_id = ID_B, .macs = MAC_A });
        c = tell(w, (told){ "backup", "3", .machine_id = ID_A, .macs = MAC_A });
        assert_string_not_equal(a, c);
        assert_string_not_equal(conflict(w, c), "");
}

static void cloned_machine_ids_with_other_serials_do_not_merge(void **state)
{
        world *w = *state;
        const char *a = tell(
                w, (told){ "rmm", "1", .serial = SERIAL_A, .machine_id = ID_A, .macs = MAC_A });
        const char *b = tell(
                w, (told){ "backup", "2", .serial = SERIAL_B, .machine_id = ID_A, .macs = MAC_A });

        assert_string_not_equal(a, b);
        assert_int_equal(count_of(w, a, "conflicts"), 2);
        assert_int_equal(count_of(w, b, "conflicts"), 2);
}

static void clones_seen_by_one_adapter_at_once_do_not_merge(void **state)
{
        world *w = *state;
        const char *a = tell(
                w, (told){ "rmm", "1", .serial = SERIAL_A, .machine_id = ID_A, .macs = MAC_A });
        const char *b = tell(
                w, (told){ "rmm", "2", .serial = SERIAL_A, .machine_id = ID_A, .macs = MAC_A });
        const char *c;

        assert_string_not_equal(a, b);
        assert_int_equal(count_of(w, b, "conflicts"), 3);
        /* Either could be meant. */
        c = tell(w, (told){ "backup", "3", .serial = SERIAL_A });
        assert_string_not_equal(c, a);
        assert_string_not_equal(c, b);
        assert_string_equal(conflict(w, c), "serial_shared");
}

static void same_serial_with_another_machine_id_is_a_conflict(void **state)
{
        world *w = *state;
        const char *a = tell(w, (told){ "rmm", "1", .serial = SERIAL_A, .machine_id = ID_A });
        const char *b = tell(w, (told){ "backup", "2", .serial = SERIAL_A, .machine_id = ID_B });

        assert_string_not_equal(a, b);
        assert_string_equal(conflict(w, a), "serial_shared");
}

static void devices_do_not_change_clients_by_themselves(void **state)
{
        world *w = *state;
        const char *a = tell(w, (told){ "rmm", "1", .serial = SERIAL_A });
        const char *b = tell(w, (told){ "backup", "2", .serial = SERIAL_A, .client = "beta" });
        AUTO_JSON msptk_json *v = NULL;

        assert_string_not_equal(a, b);
        assert_string_equal(conflict(w, a), "other_client");
        assert_string_equal(conflict(w, b), "other_client");
        assert_string_equal(a, tell(w, (told){ "rmm", "1", .serial = SERIAL_A, .client = "beta" }));
        v = view(w, a);
        assert_string_equal(msptk_json_string(msptk_json_get(v, "client_id"), ""), "acme");
}

static void a_conflict_ends_when_the_key_is_gone(void **state)
{
        world *w = *state;
        const char *a = tell(w, (told){ "rmm", "1", .macs = MAC_A });
        const char *b = tell(w, (told){ "rmm", "2", .macs = MAC_A });

        assert_string_equal(conflict(w, a), "mac_shared");
        (void)tell(w, (told){ "rmm", "2", .macs = MAC_B });
        assert_string_equal(conflict(w, a), "");
        assert_string_equal(conflict(w, b), "");
}

static void ids_are_slugs_unique_over_all_clients(void **state)
{
        world *w = *state;
        char long_name[100];

        assert_string_equal(tell(w, (told){ "rmm", "1" }), "vm");
        assert_string_equal(tell(w, (told){ "rmm", "2" }), "acme-vm");
        assert_string_equal(tell(w, (told){ "rmm", "3" }), "acme-vm-2");
        assert_string_equal(tell(w, (told){ "rmm", "4" }), "acme-vm-3");
        assert_string_equal(tell(w, (told){ "rmm", "5", .client = "beta" }), "beta-vm");
        assert_string_equal(tell(w, (told){ "rmm", "6", "Büro Süd" }), "buro-sud");
        assert_memory_equal(tell(w, (told){ "rmm", "7", "サーバー" }), "device-", 7);
        memset(long_name, 'a', sizeof(long_name) - 1);
        long_name[sizeof(long_name) - 1] = '\0';
        for (int i = 0; i < 4; i++) {
                char vendor[16];
                const char *id;

                snprintf(vendor, sizeof(vendor), "l%d", i);
                id = tell(w, (told){ "rmm", vendor, long_name });
                assert_true(msptk__slug_valid(id));
        }
}

/* Every table of the room as text. */
static char *dump(world *w)
{
        static const char *const queries[] = {
                "SELECT id, root, client_id, name, presence FROM device WHERE ?1 = ?1 ORDER BY id",
                "SELECT kind, value, device, state, first_at FROM device_key WHERE ?1 = ?1"
                " ORDER BY kind, value, device",
                "SELECT adapter, vendor_id, device, first_at, last_at FROM device_source"
                " WHERE ?1 = ?1 ORDER BY adapter, vendor_id",
        };
        AUTO_BUF buf out = BUF_INIT(1 << 20);

        for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
                AUTO_STMT store_stmt *q = NULL;

                assert_int_equal(msptk__query(w->tx, &q, NULL, queries[i], SQL_INT(1)), MSPTK_OK);
                while (msptk__stmt_step(q, NULL) == MSPTK_OK)
                        for (int32_t c = 0; c < 5; c++)
                                msptk__buf_addf(&out, "%s|", msptk__stmt_text(q, c));
        }
        return msptk__buf_steal(&out);
}

static void presence_grows_old_and_becomes_unknown(void **state)
{
        world *w = *state;
        msptk_device_row row = { .struct_size = sizeof(row),
                                 .vendor_id = "1",
                                 .name = "vm",
                                 .presence = MSPTK_PRESENCE_UP };
        static const struct {
                int64_t after;
                const char *status;
        } when[] = { { 0, "up" }, { 11 * HOUR, "up" }, { 13 * HOUR, "unknown" } };

        assert_int_equal(msptk__device_observe(w->tx, "acme", "rmm", &row, T0, NULL, NULL),
                         MSPTK_OK);
        for (size_t i = 0; i < ARRAY_LEN(when); i++) {
                AUTO_JSON msptk_json *v = NULL;

                assert_int_equal(
                        msptk__device_json(w->tx, "vm", T0 + when[i].after, NULL, &v, NULL),
                        MSPTK_OK);
                assert_string_equal(msptk_json_string(msptk_json_get(v, "status"), ""),
                                    when[i].status);
                assert_string_equal(msptk_json_string(msptk_json_get(v, "last_known"), ""), "up");
                assert_int_equal(msptk_json_int(msptk_json_get(v, "status_age_s"), -1),
                                 when[i].after / 1000000);
        }
        /* What comes late does not undo what is newer; "unknown" teaches nothing. */
        assert_int_equal(msptk__device_seen(w->tx, "vm", MSPTK_PRESENCE_DOWN, T0 - HOUR, NULL),
                         MSPTK_OK);
        assert_int_equal(msptk__device_seen(w->tx, "vm", MSPTK_PRESENCE_UNKNOWN, T0 + 1, NULL),
                         MSPTK_OK);
        {
                AUTO_JSON msptk_json *v = view(w, "vm");

                assert_string_equal(msptk_json_string(msptk_json_get(v, "status"), ""), "up");
        }
}

static void a_device_never_heard_of_is_unknown(void **state)
{
        world *w = *state;
        AUTO_JSON msptk_json *v = NULL;

        (void)tell(w, (told){ "rmm", "1" });
        v = view(w, "vm");
        assert_string_equal(msptk_json_string(msptk_json_get(v, "status"), ""), "unknown");
        assert_int_equal(msptk_json_type(msptk_json_get(v, "status_age_s")), MSPTK_JSON_NULL);
}

static void refs_name_every_adapter_and_forget_no_device(void **state)
{
        world *w = *state;
        AUTO_DEVICE_REFS device_refs refs = { 0 };
        msptk_device_row row = { .struct_size = sizeof(row), .name = "printer" };
        device_news n = {
                .client_id = "acme", .row = &row, .by_hand = true, .now = T0, .fields = "{}"
        };
        device_put p = { 0 };
        int64_t count, seen;

        (void)tell(w, (told){ "rmm", "1", .serial = SERIAL_A });
        (void)tell(w, (told){ "backup", "2", .serial = SERIAL_A });
        assert_int_equal(msptk__device_put(w->tx, &n, &p, NULL), MSPTK_OK);
        msptk__free(p.id);
        assert_int_equal(msptk__device_refs(w->tx, "acme", &refs, NULL), MSPTK_OK);
        assert_int_equal(refs.count, 3);
        assert_string_equal(refs.items[0].id, "printer");
        assert_string_equal(refs.items[0].adapter, "");
        assert_string_equal(refs.items[1].id, "vm");
        assert_string_equal(refs.items[1].adapter, "backup");
        assert_string_equal(refs.items[2].adapter, "rmm");
        assert_int_equal(msptk__device_count(w->tx, "acme", &count, &seen, NULL), MSPTK_OK);
        assert_int_equal(count, 2);
        assert_int_equal(seen, 0);
}

static void taking_a_merge_apart_gives_back_what_was(void **state)
{
        world *w = *state;
        AUTO_FREE char *before = NULL, *merged = NULL, *after = NULL;
        const char *a = tell(w, (told){ "rmm", "1", "one", SERIAL_A });
        const char *b = tell(w, (told){ "rmm", "2", "two", SERIAL_B });
        AUTO_ERROR msptk_error *err = NULL;

        (void)tell(w, (told){ "backup", "3", "three", SERIAL_B });
        before = dump(w);
        assert_okay(msptk__device_merge_rows(w->tx, b, a, "by hand", "test", T0, &err), err);
        merged = dump(w);
        assert_string_not_equal(before, merged);
        assert_int_equal(count_of(w, b, "sources"), 3);
        assert_okay(msptk__device_unmerge_rows(w->tx, b, T0, &err), err);
        after = dump(w);
        assert_string_equal(before, after);
        assert_int_equal(msptk__device_unmerge_rows(w->tx, b, T0, NULL), MSPTK_E_CONFLICT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nonsense_serials_are_not_usable),
                cmocka_unit_test(spellings_of_a_key_are_one_key),
                cmocka_unit_test(made_up_and_group_addresses_are_not_usable),
                CASE(same_serial_of_two_adapters_is_one_device),
                CASE(same_machine_id_and_mac_is_one_device),
                CASE(same_name_alone_is_two_devices),
                CASE(nonsense_serials_never_merge),
                CASE(a_dock_address_on_several_devices_is_a_conflict_of_both),
                CASE(a_dock_address_does_not_vouch_for_a_machine_id),
                CASE(cloned_machine_ids_with_other_serials_do_not_merge),
                CASE(clones_seen_by_one_adapter_at_once_do_not_merge),
                CASE(same_serial_with_another_machine_id_is_a_conflict),
                CASE(devices_do_not_change_clients_by_themselves),
                CASE(a_conflict_ends_when_the_key_is_gone),
                CASE(ids_are_slugs_unique_over_all_clients),
                CASE(presence_grows_old_and_becomes_unknown),
                CASE(a_device_never_heard_of_is_unknown),
                CASE(refs_name_every_adapter_and_forget_no_device),
                CASE(taking_a_merge_apart_gives_back_what_was),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
