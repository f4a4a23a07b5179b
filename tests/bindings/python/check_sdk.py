"""Checks and adapters written in Python, used through the library."""
import datetime
import gc
import os
import threading
import weakref

import tool
import msptk
from msptk import sdk


class Check(tool.Case):
    adapters = []

    def run_with(self, plugin, **params):
        self.toolkit.register_plugin(plugin)
        return list(self.toolkit.get_health_monitor().run_checks("acme-corp", ["custom"], **params))

    def one(self, execute, **members):
        members = dict({"name": "mine", "version": "1.0", "execute": execute}, **members)
        return self.run_with(type("Mine", (msptk.Plugin,), members))


class Checks(Check):
    def test_the_plugin_of_the_design_reports_healthy_as_ok(self):
        class CustomHealthCheck(msptk.Plugin):
            name = "custom_disk_check"
            version = "1.0.0"

            def execute(self, context: dict) -> msptk.CheckResult:
                return msptk.CheckResult(status="healthy", message="Disk check passed", data={"usage": 45.2})

        result, = self.run_with(CustomHealthCheck)
        self.assertEqual((result.name, result.status, result.message), ("custom_disk_check", "ok", "Disk check passed"))

    def test_the_context_has_client_device_parameters_and_services(self):
        seen = {}

        def execute(_self, context):
            seen.update(context, cancelled=context.cancelled(), now=context.now(), left=context.deadline_left())
            context.log("info", "looking")
            return msptk.CheckResult("ok", "fine")

        self.one(execute)
        self.assertEqual((seen["client"]["id"], seen["device"], seen["parameters"]), ("acme-corp", None, {}))
        self.assertEqual((seen["cancelled"], seen["now"]), (False, tool.NOON))
        self.assertTrue(seen["left"] is None or seen["left"] > 0)

    def test_a_check_per_device_runs_for_each(self):
        for name in ("one", "two"):
            self.toolkit.get_device_manager().add("acme-corp", name=name)
        results = self.one(lambda _self, context: msptk.CheckResult("warning", context["device"]["name"]), per="device")
        self.assertEqual(sorted(r.message for r in results), ["one", "two"])

    def test_several_instances_and_metrics_are_reported(self):
        def execute(_self, context):
            yield msptk.CheckResult("critical", "queue a is stuck", instance="a")
            yield msptk.CheckResult(instance="b", metrics={"waiting": (12.5, "s")})
            context.report("ok", "said directly", {"n": 1}, "c")
            context.metric("depth", 3, "c", "d")

        results = {r.instance: r for r in self.one(execute)}
        self.assertEqual({i: (r.status, r.value, r.unit) for i, r in results.items()},
                         {"a": ("critical", None, None), "b": ("ok", 12.5, "s"), "c": ("ok", None, None),
                          "d": ("ok", 3, "c")})

    def test_an_exception_becomes_an_unknown_result(self):
        lines = []
        with msptk.MSPToolkit(log=lambda *line: lines.append(line)) as toolkit:
            toolkit.get_client_manager().create("A")

            def execute(_self, _context):
                return 1 / 0

            toolkit.register_plugin(type("Bad", (msptk.Plugin,), {"name": "bad", "version": "1", "execute": execute}))
            result, = toolkit.get_health_monitor().run_checks("a", ["custom"])
        self.assertEqual((result.status, result.message), ("unknown", "ZeroDivisionError: division by zero"))
        self.assertTrue(any("ZeroDivisionError" in text and "execute" in text for _, _, text in lines), lines)

    def test_what_is_not_a_result_is_unknown(self):
        for outcome, words in ((lambda: None, "without a report"), (lambda: msptk.CheckResult("great", "x"), "'great'"),
                               (lambda: 5, "TypeError"), (lambda: msptk.CheckResult("ok", "x", data={"a": {1, object()}}),
                                                          "TypeError")):
            with msptk.MSPToolkit() as toolkit:
                toolkit.get_client_manager().create("A")
                members = {"name": "odd", "version": "1", "execute": lambda _self, _context, outcome=outcome: outcome()}
                toolkit.register_plugin(type("Odd", (msptk.Plugin,), members))
                result, = toolkit.get_health_monitor().run_checks("a", ["custom"])
                self.assertEqual(result.status, "unknown")
                self.assertIn(words, result.message)

    def test_what_cannot_be_registered_is_refused(self):
        def of(**members):
            return type("P", (msptk.Plugin,), dict({"name": "p", "version": "1"}, **members))
        self.toolkit.register_plugin(of(name="taken"))
        for plugin, status in ((of(name="taken"), "E_EXISTS"), (of(name="Not A Slug"), "E_INVALID"),
                               (of(per="galaxy"), "E_INVALID"),
                               (of(version="1\0"), "E_INVALID")):
            with self.fails(msptk.InvalidParameters, status):
                self.toolkit.register_plugin(plugin)

    def test_a_check_may_call_the_toolkit(self):
        result, = self.one(lambda _self, context: msptk.CheckResult(
            "ok", self.toolkit.get_client_manager().get_client(context["client"]["id"]).tier))
        self.assertEqual(result.message, "premium")

    def test_closing_lets_go_of_a_check(self):
        plugin = type("P", (msptk.Plugin,), {"name": "p", "version": "1"})()
        gone = weakref.ref(plugin)
        self.toolkit.register_plugin(plugin)
        self.toolkit.close()
        self.toolkit = self.clients = plugin = None
        self.doCleanups()
        gc.collect()
        self.assertIsNone(gone())


class Shop(msptk.RMMAdapter):
    """A vendor in memory."""

    type = "shop"
    title = "The shop"
    description = "Everything a vendor can do"
    settings_schema = {"color": {"type": "string", "description": "of the shop"}}
    checks = ("cpu", "disk")
    seen, problem = [], None

    def note(self, what):
        self.seen.append(what)
        if self.problem:
            raise self.problem

    def probe(self):
        self.note(("probe", self.settings["color"], self.host.name))

    def get_devices(self, client_id=None):
        self.note(("devices", client_id, self.request.client_id))
        for i in range(3):
            yield msptk.Device(vendor_id="%s-%d" % (client_id, i), name="Host %d" % i, status=("up", "down", "unknown")[i],
                               serial="SN%d" % i,
                               os="Debian", kind="server", macs=["00:1b:21:00:00:0%d" % i], last_seen=tool.NOON,
                               attributes={"rack": i})

    def get_metrics(self, client_id, devices, checks):
        self.note(("metrics", client_id, devices, checks))
        for d in devices or []:
            yield msptk.Metric(d, "cpu", "cpu_percent", 97.0, "%")
            yield msptk.Metric(d, "disk", "disk_percent", None, "%", instance="/", message="cannot be read")
            yield msptk.Metric(d, "disk", "smart", None, state="warning", message="worn", data={"hours": 9})

    def get_alerts(self, client_id, since=None):
        self.note(("alerts", client_id, since))
        yield msptk.Alert(vendor_alert="a1", severity="critical", message="on fire", vendor_id="%s-0" % client_id,
                          check="fire",
                          at=tool.NOON)
        yield msptk.Alert(vendor_alert="a2", ended=True, message="was wet", at=tool.NOON)

    def execute_command(self, device_id, command):
        self.note(("command", device_id, command))
        return msptk.CommandResult(exit_status=4, stdout="to %s: %s" % (device_id, " ".join(command)), stderr="hm")

    def deploy_agent(self, device):
        self.note(("deploy", device.vendor_id, device.name))
        return msptk.DeploymentResult(evidence="checked in as " + device.vendor_id)


class Adapters(tool.Case):
    adapters = [{"name": "rmm", "type": "shop", "color": "red"}]

    def setUp(self):
        super().setUp()
        Shop.seen, Shop.problem = [], None
        self.toolkit.register_adapter(Shop)
        self.rmm = self.toolkit.get_rmm_adapter()

    def test_devices_of_a_python_adapter_are_found(self):
        devices = self.rmm.get_devices(self.client.rmm_id)
        self.assertEqual([(d.name, d.status) for d in devices], [("Host 0", "up"), ("Host 1", "down"), ("Host 2", "unknown")])
        self.assertEqual(Shop.seen, [("devices", "acme-77", "acme-corp")])
        whole = self.toolkit.ops.device_get(devices[1].id)
        self.assertEqual({k["kind"]: k["value"] for k in whole["keys"]}["serial"], "SN1")
        self.assertEqual(whole.attributes, {"rack": 1})
        self.assertEqual(self.toolkit.ops.adapter_list().rows[0]["capabilities"],
                         ["devices", "metrics", "alerts", "commands", "deploy"])

    def test_metrics_are_judged_and_stored(self):
        self.rmm.get_devices("acme-corp")
        run = self.toolkit.get_health_monitor().run_checks("acme-corp", ["cpu", "disk"])
        results = {(r.check, r.instance, r.device): r for r in run
                   if r.device == "Host 0"}
        self.assertEqual(results["cpu", "", "Host 0"].status, "critical")
        self.assertEqual((results["disk", "/", "Host 0"].status, results["disk", "/", "Host 0"].message),
                         ("unknown", "cannot be read"))
        self.assertEqual(results["disk", "", "Host 0"].message, "worn")
        asked = Shop.seen[-1]
        self.assertEqual((asked[0], sorted(asked[2]), sorted(asked[3] or ["cpu", "disk"])),
                         ("metrics", ["acme-77-0", "acme-77-1", "acme-77-2"], ["cpu", "disk"]))

    def test_alerts_commands_deployment_and_probe_reach_it(self):
        device = self.rmm.get_devices("acme-corp")[0]
        first, second = self.rmm.get_alerts("acme-corp", since=tool.NOON - datetime.timedelta(hours=1))
        self.assertEqual((first.vendor_alert, first.severity, first.message, first.at),
                         ("a1", "critical", "on fire", tool.NOON))
        self.assertTrue(second.ended)
        result = self.rmm.execute_command(device.id, ["restart", "the thing"])
        self.assertEqual((result.exit_status, result.stdout, result.stderr), (4, "to acme-77-0: restart the thing", "hm"))
        self.assertEqual(self.rmm.deploy_agent(device).evidence, "checked in as acme-77-0")
        self.assertEqual(self.rmm.probe().status, "ok")
        self.assertEqual(Shop.seen[1:], [("alerts", "acme-77", tool.NOON - datetime.timedelta(hours=1)),
                                         ("command", "acme-77-0", ["restart", "the thing"]),
                                         ("deploy", "acme-77-0", "Host 0"),
                                         ("probe", "red", "rmm")])

    def test_exceptions_become_errors_with_their_status(self):
        device = self.rmm.get_devices("acme-corp")[0].id
        for problem, cls, status in (
                (msptk.AuthenticationFailed("the key is old", http_status=401, vendor_code="K1"), msptk.AuthenticationFailed,
                 "E_AUTH"),
                (msptk.RateLimitExceeded("slower", retry_after=1.5), msptk.RateLimitExceeded, "E_RATE"),
                (msptk.MSPError("down", status="E_UNAVAILABLE"), msptk.MSPSystemError, "E_UNAVAILABLE"),
                (TimeoutError("too slow"), msptk.MSPSystemError, "E_TIMEOUT"),
                (ConnectionError("no route"), msptk.MSPSystemError, "E_UNAVAILABLE"),
                (NotImplementedError("not here"), msptk.InvalidParameters, "E_UNSUPPORTED"),
                (KeyError("name"), msptk.MSPSystemError, "E_CALLBACK"),
                (SystemExit(3), msptk.MSPSystemError, "E_CALLBACK")):
            Shop.problem = problem
            with self.subTest(problem=repr(problem)), self.fails(cls, status, "") as wrong:
                self.rmm.execute_command(device, ["x"])
            self.assertIn(str(problem), wrong.problem.message)
            self.assertEqual(wrong.problem.details["adapter"], "rmm")
            if status == "E_RATE":
                self.assertEqual((wrong.problem.retry_after, wrong.problem.retriable), (1.5, True))
            if status == "E_AUTH":
                self.assertEqual((wrong.problem.details["http_status"], wrong.problem.details["vendor_code"]), (401, "K1"))

    def test_rows_that_are_not_well_formed_are_errors(self):
        for device, words in ((msptk.Device(name="no id"), "not well formed"),
                              (msptk.Device(vendor_id="x", status="online"), "'online'")):
            class Bad(Shop):
                def get_devices(self, client_id=None, device=device):
                    return [device]
            with msptk.MSPToolkit(settings={"adapters": self.adapters}) as toolkit:
                toolkit.get_client_manager().create("A")
                toolkit.register_adapter(Bad)
                with self.fails(msptk.InvalidParameters, "E_INVALID", words):
                    raise self.reason_of(toolkit)

    @staticmethod
    def reason_of(toolkit):
        """What the scan says of the only adapter, as the exception that it was."""
        row = toolkit.ops.device_scan(client_id="a").data["adapters"][0]
        return msptk.InvalidParameters(row["error"]["message"], status=row["error"]["details"]["status"])

    def test_settings_that_it_does_not_know_are_refused(self):
        with msptk.MSPToolkit(settings={"adapters": [{"name": "rmm", "type": "shop", "colour": "red"}]}) as toolkit:
            toolkit.register_adapter(Shop)
            self.assertIn("colour", toolkit.ops.adapter_list().rows[0].problem)

    def test_what_a_class_lacks_is_unsupported(self):
        class Small(msptk.RMMAdapter):
            type, title = "shop", "small"

            def get_devices(self, client_id=None):
                return []
        with msptk.MSPToolkit(settings={"adapters": self.adapters}) as toolkit:
            toolkit.get_client_manager().create("A")
            toolkit.register_adapter(Small)
            rmm = toolkit.get_rmm_adapter()
            self.assertEqual(toolkit.ops.adapter_list().rows[0]["capabilities"], ["devices"])
            with self.fails(msptk.InvalidParameters, "E_UNSUPPORTED"):
                rmm.get_alerts("a")
            self.assertIn("cannot be probed", rmm.probe()["message"])

    def test_a_constructor_that_raises_is_an_error_of_the_first_call(self):
        class Broken(Shop):
            def __init__(self, host, settings):
                raise msptk.MSPError("the setting 'color' is ugly", status="E_CONFIG")
        with msptk.MSPToolkit(settings={"adapters": self.adapters}) as toolkit:
            toolkit.get_client_manager().create("A")
            toolkit.register_adapter(Broken)
            with self.fails(msptk.InvalidParameters, "E_CONFIG", "ugly"):
                toolkit.get_rmm_adapter().get_alerts("a")

    def test_a_type_without_a_slug_or_twice_is_refused(self):
        with self.fails(msptk.InvalidParameters, "E_INVALID"):
            self.toolkit.register_adapter(type("X", (msptk.RMMAdapter,), {"type": "Not A Slug"}))
        with self.fails(msptk.InvalidParameters, "E_EXISTS"):
            self.toolkit.register_adapter(Shop)

    def test_clients_are_asked_at_the_same_time_from_several_threads(self):
        for i in range(6):
            self.clients.create("C %d" % i)
        seen, barrier = set(), threading.Barrier(2, timeout=10)

        class Slow(Shop):
            type = "slow"

            def get_devices(self, client_id=None):
                if len(seen) < 2:
                    seen.add(threading.get_ident())
                    barrier.wait()
                return super().get_devices(client_id)
        with msptk.MSPToolkit(settings={"adapters": [{"name": "rmm", "type": "slow", "color": "x"}]}) as toolkit:
            toolkit.register_adapter(Slow)
            for i in range(6):
                toolkit.get_client_manager().create("C %d" % i)
            self.assertEqual(len(toolkit.get_rmm_adapter().get_devices()), 18)
        self.assertEqual(len(seen), 2)


class Services(tool.Case):
    adapters = [{"name": "rmm", "type": "tools", "api_url": "http://127.0.0.1:9/", "allow_http": True}]

    def test_state_time_sleep_progress_and_http_work(self):
        seen = {}

        class Tools(msptk.RMMAdapter):
            type, title = "tools", "tools"

            def get_devices(self, client_id=None):
                r = self.request
                seen["first"] = r.state_get("k")
                r.state_put("k", "wert")
                seen["second"] = r.state_get("k")
                seen["updates"] = [r.state_update("k", "other", "x"), r.state_update("k", "wert", "y"),
                                   r.state_update("new", None, "z")]
                seen["third"] = r.state_get("k")
                r.sleep(0.001)
                r.progress(1, 2)
                seen["time"] = self.host.time()
                self.host.log("warning", "hello")
                seen["cancelled"] = r.cancelled()
                try:
                    r.http("GET", "http://192.0.2.1/x", headers={"Accept": "text/plain"})
                except msptk.MSPError as problem:
                    seen["foreign"] = problem.status
                try:
                    r.http("GET", "http://127.0.0.1:9/x", timeout=2)
                except msptk.MSPError as problem:
                    seen["refused"] = problem.status
                return []
        self.toolkit.register_adapter(Tools)
        self.toolkit.get_rmm_adapter().get_devices("acme-corp")
        self.assertEqual(seen, {"first": None, "second": "wert", "updates": [False, True, True], "third": "y",
                                "time": tool.NOON,
                                "cancelled": False, "foreign": "E_DENIED", "refused": "E_UNAVAILABLE"})

    def test_http_gives_what_the_vendor_answered(self):
        import http.server
        got = []

        class Vendor(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                got.append((self.path, self.headers["Authorization"], self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(201)
                self.send_header("Content-Type", "application/json")
                self.send_header("Link", '</next>; rel="next"')
                self.end_headers()
                self.wfile.write(b'{"devices": [1]}')

            def log_message(self, *_):
                pass
        server = http.server.HTTPServer(("127.0.0.1", 0), Vendor)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = "http://127.0.0.1:%d" % server.server_port
        replies = []

        class Web(msptk.RMMAdapter):
            type, title = "web", "web"

            def get_devices(self, client_id=None):
                replies.append(self.request.http("POST", url + "/v1", body='{"q": "ü"}', auth="bearer"))
                return []
        os.environ["SHOP_KEY"] = "k-123"
        self.addCleanup(os.environ.pop, "SHOP_KEY")
        settings = {"adapters": [{"name": "web", "type": "web", "api_url": url, "allow_http": True,
                                  "api_key": "env:SHOP_KEY"}]}
        with msptk.MSPToolkit(settings=settings, read_environment=True) as toolkit:
            toolkit.get_client_manager().create("A")
            toolkit.register_adapter(Web)
            toolkit.get_rmm_adapter().get_devices("a")
        reply, = replies
        self.assertEqual((reply.status, reply.json(), reply.content_type, reply.next_link),
                         (201, {"devices": [1]}, "application/json", url + "/next"))
        self.assertEqual(got, [("/v1", "Bearer k-123", '{"q": "ü"}'.encode())])

    def test_a_cancelled_call_wakes_a_sleeping_adapter(self):
        begun = threading.Event()

        class Sleepy(msptk.RMMAdapter):
            type, title = "tools", "tools"

            def get_devices(self, client_id=None):
                begun.set()
                self.request.sleep(60)
                return []
        self.toolkit.register_adapter(Sleepy)
        cancel = msptk.Cancel()
        threading.Thread(target=lambda: (begun.wait(20), cancel.trigger())).start()
        with self.fails(msptk.MSPSystemError, "E_CANCELLED"):
            self.toolkit.ops.device_scan(client_id="acme-corp", cancel=cancel)


class Leftovers(tool.Case):
    adapters = [{"name": "rmm", "type": "tools"}]

    def test_what_belonged_to_a_call_is_refused_afterwards_and_elsewhere(self):
        kept = {}

        class Tools(msptk.RMMAdapter):
            type, title = "tools", "tools"

            def get_devices(self, client_id=None):
                kept.update(request=self.request, adapter=self)
                thread = threading.Thread(target=lambda: kept.update(elsewhere=status_of(kept["request"].cancelled)))
                thread.start()
                thread.join()
                return []

        class Look(msptk.Plugin):
            name, version = "look", "1"

            def execute(self, context):
                kept["context"] = context
                return msptk.CheckResult("ok", "x")

        def status_of(call, *args):
            try:
                call(*args)
            except msptk.MSPError as problem:
                return problem.status
        self.toolkit.register_adapter(Tools)
        self.toolkit.register_plugin(Look)
        self.toolkit.get_rmm_adapter().get_devices("acme-corp")
        self.toolkit.get_health_monitor().run_checks("acme-corp", ["custom"])
        self.assertEqual(kept["elsewhere"], "E_INVALID")
        self.assertEqual(status_of(kept["request"].state_get, "k"), "E_CLOSED")
        self.assertEqual(status_of(lambda: kept["adapter"].request), "E_CLOSED")
        self.assertEqual(status_of(kept["context"].report, "ok", "late"), "E_CLOSED")
        self.assertEqual(kept["adapter"].host.time(), tool.NOON)
        self.toolkit.close()
        self.toolkit = self.clients = None
        self.doCleanups()
        gc.collect()
        self.assertEqual(status_of(kept["adapter"].host.time), "E_CLOSED")

    def test_programs_run_for_an_adapter(self):
        ran = []

        class Tools(msptk.RMMAdapter):
            type, title = "tools", "tools"

            def get_devices(self, client_id=None):
                run = self.request.run
                ran.append(run(["/bin/sh", "-c", "cat; echo oops >&2; exit 3"], input=b"a\0b"))
                ran.append(run(["/no/such/program"]))
                ran.append(run(["/bin/sleep", "20"], timeout=0.05))
                return []
        self.toolkit.register_adapter(Tools)
        self.toolkit.get_rmm_adapter().get_devices("acme-corp")
        first, missing, slow = ran
        self.assertEqual((first.ended, first.exit_status, first.stdout, first.stderr), ("exited", 3, b"a\0b", b"oops\n"))
        self.assertEqual((missing.ended, missing.exit_status, slow.ended), ("not_started", None, "timed_out"))

    def test_a_late_callback_finds_nothing_and_fails_quietly(self):
        err = sdk.ctypes.c_void_p()
        self.assertLess(sdk._PROBE(999999999, None, sdk.ctypes.pointer(err)), 0)
        sdk.lib.msptk_error_free(err)
        sdk._CLOSE(999999999)


if __name__ == "__main__":
    tool.run()
