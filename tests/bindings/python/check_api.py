"""Clients, devices, health, alerts, vault and operations through the package, as a program uses them."""
import datetime
import os
import pathlib
import pickle
import tempfile

import tool
import msptk
from msptk import ops as ops_module

SAMPLE = '''
from msptk import MSPToolkit
toolkit = MSPToolkit.from_config({config!r})
client_mgr = toolkit.get_client_manager()
client = client_mgr.get_client("acme-corp"); print(f"Client: {{client.name}}, Tier: {{client.tier}}")
for check in toolkit.get_health_monitor().run_checks(client.id): print(f"{{check.name}}: {{check.status}} - {{check.message}}")
rmm = toolkit.get_rmm_adapter()
devices = rmm.get_devices(client_id=client.rmm_id)
for device in devices:
    print(f"Device: {{device.name}}, Status: {{device.status}}")
'''
CONFIG = """general: {company_name: Test MSP}
database: {type: sqlite, path: data/test.db}
rmm: {provider: fake, api_url: "fake://default?devices=2&problems=0.5"}
"""


class Sample(tool.Case):
    def test_the_sample_of_the_design_runs_with_only_the_import_changed(self):
        with tempfile.TemporaryDirectory(prefix="msptk py ") as where:
            os.makedirs(os.path.join(where, "config"))
            config = os.path.join(where, "config", "msp-toolkit.yaml")
            with open(config, "w", encoding="utf-8") as f:
                f.write(CONFIG)
            with msptk.MSPToolkit.from_config(config) as toolkit:
                toolkit.get_client_manager().create("Acme Corp", tier="gold", rmm_id="acme-77")
                toolkit.get_rmm_adapter().get_devices("acme-corp")
            printed = []
            space = {"print": lambda text: printed.append(text)}
            exec(SAMPLE.format(config=config), space)
            space["toolkit"].close()
            self.assertEqual(printed[0], "Client: Acme Corp, Tier: gold")
            self.assertTrue(any(" - " in line and line.startswith("disk /: ") for line in printed), printed)
            self.assertEqual([p for p in printed if p.startswith("Device: ")],
                             ["Device: acme-77-0001, Status: up", "Device: acme-77-0002, Status: up"])

    def test_an_rmm_id_means_its_client_even_when_it_is_empty(self):
        self.clients.create("Beta")
        rmm = self.toolkit.get_rmm_adapter()
        beta = self.clients.get_client("beta")
        self.assertEqual(beta.rmm_id, "")
        self.assertEqual({d.client_id for d in rmm.get_devices(beta.rmm_id)}, {"beta"})
        self.assertEqual({d.client_id for d in rmm.get_devices(self.client.rmm_id)}, {"acme-corp"})
        self.assertEqual({d.client_id for d in rmm.get_devices()}, {"acme-corp", "beta"})

    def test_an_adapter_that_is_not_there_is_named(self):
        with self.fails(msptk.InvalidParameters, "E_NOTFOUND", "nope"):
            self.toolkit.get_rmm_adapter("nope")
        self.assertEqual(self.toolkit.get_rmm_adapter("rmm").name, "rmm")


class Clients(tool.Case):
    def test_a_client_is_created_read_changed_and_deleted(self):
        self.assertEqual((self.client.id, self.client.tier, self.client.rmm_id), ("acme-corp", "premium", "acme-77"))
        self.assertEqual(self.client.created_at, tool.NOON)
        self.assertEqual(self.clients.update("acme-corp", contact="jo@acme.example", fields={"floor": 3}).contact,
                         "jo@acme.example")
        read = self.clients.get_client("acme-corp")
        self.assertEqual((read.contact, read.fields, read.revision), ("jo@acme.example", {"floor": 3}, 2))
        self.assertIs(self.clients.delete("acme-corp"), True)
        with self.fails(msptk.ClientNotFound, "E_NOTFOUND", "acme-corp"):
            self.clients.get_client("acme-corp")

    def test_all_clients_are_listed_however_many_pages(self):
        for i in range(230):
            self.clients.create("Client %d" % i, tier="gold" if i % 2 else "silver")
        self.assertEqual(len(self.clients.list_clients()), 231)
        self.assertEqual(len(self.clients.list_clients({"tier": "gold"})), 115)
        self.assertEqual([c.id for c in self.clients.list_clients(search="Client 22", limit=3)],
                         ["client-22", "client-220", "client-221"])

    def test_what_is_unknown_to_this_package_is_kept(self):
        made = msptk.Client.from_json({"id": "a", "name": "A", "of_later": [1, {"x": None}],
                                       "created_at": "2026-11-21T12:00:00.000000Z"})
        self.assertEqual(made.of_later, [1, {"x": None}])
        self.assertEqual(made["of_later"][0], 1)
        self.assertEqual(made.to_dict()["created_at"], "2026-11-21T12:00:00.000000Z")
        with self.assertRaises(AttributeError):
            made.nothing_like_it
        again = pickle.loads(pickle.dumps(made))
        self.assertEqual((again, again.of_later), (made, made.of_later))

    def test_a_plan_changes_nothing_until_its_token_is_used(self):
        plan = self.clients.update("acme-corp", tier="bronze", plan=True)
        self.assertIsInstance(plan, msptk.Plan)
        self.assertEqual(plan.changes[0]["after"]["tier"], "bronze")
        self.assertEqual(self.clients.get_client("acme-corp").tier, "premium")
        self.assertEqual(self.clients.update("acme-corp", tier="bronze", plan_token=plan.plan_token).tier, "bronze")
        self.assertIsInstance(self.clients.delete("acme-corp", plan=True), msptk.Plan)

    def test_an_idempotency_key_gives_the_first_result_again(self):
        first = self.clients.create("Once", idempotency_key="key-1")
        again = self.clients.create("Once", idempotency_key="key-1")
        self.assertEqual(first, again)
        with self.fails(msptk.InvalidParameters, "E_EXISTS"):
            self.clients.create("Once", id="once")


class Health(tool.Case):
    def setUp(self):
        super().setUp()
        self.rmm, self.health = self.toolkit.get_rmm_adapter(), self.toolkit.get_health_monitor()
        self.devices = self.rmm.get_devices("acme-corp")

    def test_a_run_has_results_and_says_what_it_covered(self):
        results = self.health.run_checks("acme-corp")
        self.assertGreater(len(results), 10)
        self.assertTrue({r.status for r in results} <= {"ok", "warning", "critical", "unknown"})
        self.assertEqual(results.run["coverage"]["reported"], 3)
        self.assertIn("3 of 3 devices reported", results.summary)
        self.assertEqual(results[0].checked_at, tool.NOON)
        only = self.health.run_checks("acme-corp", ["disk-space"], threshold_override={"disk_percent": 1})
        self.assertEqual({r.check for r in only}, {"disk"})
        self.assertEqual(only.status, "critical" if any(r.status == "critical" for r in only) else "warning")

    def test_history_and_summary_read_what_was_stored(self):
        count = len(self.health.run_checks("acme-corp"))
        self.now += datetime.timedelta(minutes=5)
        self.assertEqual(len(self.health.get_history("acme-corp")), count)
        self.assertEqual(len(self.health.get_history("acme-corp", days=1, check_types=["cpu"])), 3)
        summary = self.health.get_status_summary("acme-corp")
        self.assertEqual((summary.client_id, summary.age_s, summary.stale), ("acme-corp", 300, False))
        with self.fails(msptk.ClientNotFound, "E_NOTFOUND"):
            self.health.get_status_summary("nobody")

    def test_thresholds_are_set_and_then_judge(self):
        self.assertIs(self.health.configure("acme-corp", {"disk.warning": 1, "disk.critical": 99.9}), True)
        self.assertIs(self.health.configure("acme-corp", {"disk.warning": 1, "disk.critical": 99.9}), False)
        disks = [r for r in self.health.run_checks("acme-corp", ["disk"]) if r.value is not None]
        self.assertEqual({r.warning for r in disks}, {1})
        self.assertNotIn("ok", {r.status for r in disks})

    def test_alerts_are_listed_acknowledged_snoozed_and_resolved(self):
        self.health.configure("acme-corp", {"disk.warning": 1})
        self.health.run_checks("acme-corp")
        manager = self.toolkit.get_alert_manager()
        alert = manager.list_alerts("acme-corp")[0]
        self.assertEqual((alert.client_id, alert.status, alert.opened_at), ("acme-corp", "open", tool.NOON))
        self.assertEqual(manager.acknowledge(alert.id, "seen").status, "acknowledged")
        self.assertEqual(manager.snooze(alert.id, for_=datetime.timedelta(hours=2))["snoozed_until"],
                         "2026-11-21T14:00:00.000000Z")
        self.assertEqual(manager.resolve(alert.id).status, "resolved")
        with self.fails(msptk.InvalidParameters, "E_NOTFOUND"):
            manager.acknowledge("01234567-none")
        self.assertIn(alert.id, [a.id for a in manager.list_alerts(status="resolved", since=tool.NOON)])

    def test_the_vendor_is_asked_for_alerts_commands_and_an_agent(self):
        self.assertTrue(all(a.vendor_alert for a in self.rmm.get_alerts("acme-corp")))
        device = self.devices[0].id
        self.assertEqual(self.rmm.execute_command(device, "echo 'a b' c").stdout.strip(), "a b c")
        self.assertEqual(self.rmm.execute_command(device, ["fail", "3"]).exit_status, 3)
        with self.fails(msptk.MSPSystemError, "E_UNAVAILABLE") as wrong:
            self.rmm.deploy_agent(device)
        self.assertTrue(wrong.problem.retriable)
        with self.fails(msptk.MSPSystemError, "E_UNAVAILABLE"):
            self.rmm.deploy_agent(device)
        self.assertTrue(self.rmm.deploy_agent(self.devices[0]).checked_in)
        self.assertEqual(self.rmm.probe()["name"], "rmm")

    def test_devices_are_enrolled_changed_listed_and_removed(self):
        manager = self.toolkit.get_device_manager()
        made = manager.add("acme-corp", name="Printer", address="192.0.2.7", macs=["00:1b:21:00:00:01"])
        self.assertEqual(manager.update(made.id, kind="printer").kind, "printer")
        self.assertEqual(manager.get_device(made.id)["keys"][0]["kind"], "mac")
        self.assertEqual([d.id for d in manager.list_devices("acme-corp", search="Printer")], [made.id])
        self.assertIs(manager.remove(made.id), True)
        self.assertEqual(manager.list_devices(search="Printer"), [])


class Operations(tool.Case):
    def test_every_operation_of_the_table_is_a_function_with_its_documentation(self):
        names = [operation.name for operation in self.toolkit.ops]
        self.assertGreater(len(names), 35)
        for name in names:
            operation = getattr(self.toolkit.ops, name)
            required = [p["name"] for p in operation.row["params"] if p["required"]]
            shown = operation.__signature__.parameters
            self.assertEqual([p.name for p in shown.values() if p.default is p.empty], required, name)
            self.assertIn(operation.row["description"], operation.__doc__)
            self.assertIn(name, dir(self.toolkit.ops))
        with self.assertRaises(AttributeError):
            self.toolkit.ops.no_such_operation

    def test_what_is_wrong_is_said_by_the_library(self):
        with self.fails(msptk.InvalidParameters, "E_INVALID", "tire"):
            self.toolkit.ops.client_list(tire="gold")
        with self.fails(msptk.InvalidParameters, "E_INVALID", "tier"):
            self.toolkit.ops.client_list(tier="tin")
        with self.fails(msptk.InvalidParameters, "E_INVALID", "client_id"):
            self.toolkit.ops.client_get()
        with self.fails(msptk.InvalidParameters, "E_INVALID", "by position"):
            self.toolkit.ops.client_get("acme-corp", "premium")
        with self.fails(msptk.InvalidParameters, "E_INVALID", "twice"):
            self.toolkit.ops.client_get("acme-corp", client_id="acme-corp")

    def test_texts_are_utf_8_without_nul(self):
        self.assertEqual(self.clients.create("Möbel 株式会社 👩\u200d👧").name, "Möbel 株式会社 👩\u200d👧")
        for bad in ("a\0b", b"a\0b", "\ud800", b"\xff"):
            with self.fails(msptk.InvalidParameters, "E_INVALID", "client_create.name"):
                self.clients.create(bad)
        with self.fails(msptk.InvalidParameters, "E_INVALID", "NUL"):
            self.clients.create("X", fields={"k": ["v\0"]})
        with self.fails(msptk.InvalidParameters, "E_INVALID", "NUL"):
            self.clients.create("X", principal="me\0")
        with self.fails(msptk.InvalidParameters, "E_INVALID", "NUL"):
            self.toolkit.get_vault().set("a\0", "x")
        with self.fails(msptk.InvalidParameters, "E_INVALID", "JSON"):
            self.toolkit.ops.health_configure(cpu=float("nan"))
        with self.fails(msptk.InvalidParameters, "E_INVALID", "cannot be a"):
            self.toolkit.ops.client_list(search=object())

    def test_times_durations_paths_sets_and_none_are_understood(self):
        self.assertEqual(self.toolkit.ops.audit_list(since=tool.NOON - datetime.timedelta(days=1),
                                                     limit=1).rows[0]["operation"],
                         "client_create")
        with self.fails(msptk.InvalidParameters, "E_INVALID", "time zone"):
            self.toolkit.ops.audit_list(since=datetime.datetime(2026, 1, 1))
        with tempfile.TemporaryDirectory() as where:
            path = pathlib.Path(where, "clients.csv")
            path.write_text("name,tier\nFrom File,gold\n", encoding="utf-8")
            self.assertEqual(len(self.toolkit.ops.client_import(path).rows), 1)
        self.toolkit.get_health_monitor().run_checks("acme-corp", {"cpu", "disk"}, device_id=None)

    def test_a_page_gives_all_rows_in_bounded_steps(self):
        for i in range(150):
            self.clients.create("Client %d" % i)
        page = self.toolkit.ops.client_list()
        first = len(page.rows)
        self.assertTrue(page.next_cursor and first < 151)
        self.assertEqual(len(list(page)), 151)
        with self.assertRaises(RuntimeError):
            iter(page)
        self.assertEqual(len(page.rows), first)
        limited = self.toolkit.ops.client_list(limit=5)
        self.assertEqual(len(list(limited)), 5)
        rest = self.toolkit.ops.client_list(limit=5, cursor=limited.next_cursor)
        self.assertNotIn(limited.rows[-1].id, [c.id for c in rest])
        small = self.toolkit.ops.client_list(search="Client 14")
        self.assertEqual([len(list(small)), len(list(small))], [11, 11])
        self.assertEqual((small["count"], small.count, "count" in small), (11, 11, True))
        with self.toolkit.ops.client_list() as closed:
            pass
        with self.fails(msptk.MSPSystemError, "E_CLOSED"):
            closed.data

    def test_an_option_gives_way_to_a_parameter_of_its_name(self):
        self.clients.create("Other", principal="somebody")
        entries = list(self.toolkit.ops.audit_list(principal="somebody", call_principal="reader"))
        self.assertEqual([e["operation"] for e in entries], ["client_create"])
        self.assertEqual(entries[0]["door"], "python")
        self.assertEqual(len(list(self.toolkit.ops.audit_list(principal="reader"))), 1)

    def test_a_verdict_and_a_record_without_a_class_are_there(self):
        self.toolkit.get_rmm_adapter().get_devices()
        run = self.toolkit.ops.health_check(client_id="acme-corp", threshold_override={"disk_percent": 1})
        self.assertIn(run.verdict, ("warning", "critical"))
        self.assertEqual(run.status, run["status"])
        head = self.toolkit.ops.audit_head()
        self.assertEqual(head["schema"], "msptk.audit_head/1")
        self.assertTrue(head.head)


class Errors(tool.Case):
    def test_there_is_one_class_for_each_code(self):
        classes = {c.code: c for c in (msptk.ClientNotFound, msptk.AuthenticationFailed, msptk.InvalidParameters,
                                       msptk.RateLimitExceeded, msptk.MSPSystemError)}
        self.assertEqual(sorted(classes), ["AUTHENTICATION_FAILED", "CLIENT_NOT_FOUND", "INVALID_PARAMETERS",
                                           "RATE_LIMIT_EXCEEDED",
                                           "SYSTEM_ERROR"])
        self.assertTrue(all(issubclass(c, msptk.MSPError) for c in classes.values()))
        self.assertEqual(msptk.STATUSES["E_CLOSED"], -9)
        with self.assertRaises(ValueError):
            msptk.MSPError("x", status="E_NONSENSE")

    def test_an_error_has_code_message_and_details_and_can_be_pickled(self):
        with self.fails(msptk.ClientNotFound, "E_NOTFOUND", "nope") as wrong:
            self.clients.get_client("nope")
        again = pickle.loads(pickle.dumps(wrong.problem))
        for problem in (wrong.problem, again):
            self.assertEqual((problem.code, problem.reason, problem.status),
                             ("CLIENT_NOT_FOUND", "CLIENT_NOT_FOUND", "E_NOTFOUND"))
            self.assertEqual(problem.details["client_id"], "nope")
            self.assertIn("client_list", problem.suggestion)
            self.assertIs(problem.retriable, False)
            self.assertEqual(str(problem), "client 'nope' not found")

    def test_a_vendors_failures_have_their_classes(self):
        for kind, cls, status in (("auth", msptk.AuthenticationFailed, "E_AUTH"), ("rate", msptk.RateLimitExceeded, "E_RATE"),
                                  ("unavailable", msptk.MSPSystemError, "E_UNAVAILABLE"),
                                  ("timeout", msptk.MSPSystemError, "E_TIMEOUT")):
            adapters = [{"name": "v", "type": "fake", "url": "fake://default?fail=1&fail_as=" + kind}]
            with msptk.MSPToolkit(settings={"adapters": adapters}) as toolkit:
                toolkit.get_client_manager().create("A")
                with self.fails(cls, status) as wrong:
                    toolkit.get_rmm_adapter().get_alerts("a")
                self.assertEqual(wrong.problem.details["adapter"], "v")
                if kind == "rate":
                    self.assertEqual(wrong.problem.retry_after, 2.0)

    def test_a_wrong_configuration_is_refused_at_opening(self):
        with self.fails(msptk.InvalidParameters, "E_NOTFOUND", "no-such-file.yaml"):
            msptk.MSPToolkit.from_config("/no/such/place/no-such-file.yaml")
        with self.fails(msptk.InvalidParameters, "E_CONFIG", "compani_name"):
            msptk.MSPToolkit(settings={"general.compani_name": "X"})


class Closing(tool.Case):
    def test_after_close_everything_answers_closed(self):
        page = self.toolkit.ops.client_list()
        monitor, vault = self.toolkit.get_health_monitor(), self.toolkit.get_vault()
        rmm = self.toolkit.get_rmm_adapter()
        self.toolkit.close()
        self.toolkit.close()
        for use in (lambda: self.clients.list_clients(), lambda: monitor.run_checks("acme-corp"), lambda: vault.set("a", "b"),
                    lambda: rmm.get_devices(), lambda: self.toolkit.get_rmm_adapter(),
                    lambda: monitor.get_status_summary("a"),
                    lambda: self.toolkit.register_plugin(type("P", (msptk.Plugin,), {"name": "p", "version": "1"}))):
            with self.fails(msptk.MSPSystemError, "E_CLOSED"):
                use()
        self.assertEqual(page.rows[0].id, "acme-corp")
        self.assertEqual(self.client.name, "Acme Corp")

    def test_a_context_manager_closes_also_after_an_exception(self):
        with self.assertRaises(KeyError):
            with msptk.MSPToolkit() as toolkit:
                raise KeyError("x")
        with self.fails(msptk.MSPSystemError, "E_CLOSED"):
            toolkit.ops.client_list()

    def test_a_read_only_toolkit_and_a_read_only_call_refuse_changes(self):
        with tempfile.TemporaryDirectory() as where:
            settings = {"database.path": os.path.join(where, "a.db")}
            msptk.MSPToolkit(settings=settings).close()
            with msptk.MSPToolkit(read_only=True, settings=settings) as toolkit:
                with self.fails(msptk.InvalidParameters, "E_DENIED"):
                    toolkit.get_client_manager().create("A")
        with self.fails(msptk.InvalidParameters, "E_DENIED"):
            self.clients.create("B", read_only=True)
        with msptk.MSPToolkit(no_changes=True) as toolkit:
            with self.fails(msptk.InvalidParameters, "E_DENIED"):
                toolkit.get_client_manager().create("A")
            self.assertEqual(toolkit.get_client_manager().list_clients(), [])


class Secrets(tool.Case):
    def test_secrets_go_in_and_are_listed_but_never_shown(self):
        with tempfile.TemporaryDirectory() as where:
            settings = {"database.path": os.path.join(where, "a.db"), "vault.key_file": os.path.join(where, "vault.key")}
            with msptk.MSPToolkit(settings=settings) as toolkit:
                vault = toolkit.get_vault()
                vault.set("api-key", "s3cret-π")
                vault.set("api-key", b"other")
                self.assertEqual([s["name"] for s in vault.list()], ["api-key"])
                self.assertNotIn("other", repr(toolkit.ops.secret_list().data))
                vault.remove("api-key")
                with self.fails(msptk.InvalidParameters, "E_NOTFOUND", "api-key"):
                    vault.remove("api-key")
                with self.fails(msptk.InvalidParameters, "E_INVALID"):
                    vault.set("nul", "a\0b")


class Opening(tool.Case):
    def test_the_clock_the_log_and_the_principal_of_the_host_are_used(self):
        lines = []
        with msptk.MSPToolkit(settings={"principal": "night-run", "general.log_level": "DEBUG"},
                              clock=lambda: 1795262400000000,
                              log=lambda *line: lines.append(line)) as toolkit:
            made = toolkit.get_client_manager().create("A")
            self.assertEqual(made.created_at, tool.NOON)
            self.assertEqual(toolkit.ops.audit_list(limit=1).rows[0]["principal"], "night-run")
        self.assertTrue(all(level in ("debug", "info", "warning", "error") for level, _, _ in lines))

    def test_a_clock_that_raises_gives_the_systems_time(self):
        def clock():
            raise RuntimeError("no clock")
        with msptk.MSPToolkit(clock=clock, log=lambda *line: 1 / 0) as toolkit:
            made = toolkit.get_client_manager().create("A").created_at
        self.assertLess(abs((datetime.datetime.now(datetime.timezone.utc) - made).total_seconds()), 60)

    def test_versions_are_told(self):
        self.assertEqual(msptk.library_version(), msptk.__version__)
        self.assertIs(ops_module.table(), ops_module.table())


if __name__ == "__main__":
    tool.run()
