"""Progress, cancelling, threads, asyncio, Ctrl-C, fork, and letting go in any order."""
import asyncio
import gc
import os
import random
import subprocess
import sys
import threading
import time
import weakref

import tool
import msptk
from msptk import _handle, ops


class Sleepy(msptk.RMMAdapter):
    """Sleeps in every call until it is cancelled, at most a minute."""

    type = title = "sleepy"
    begun = threading.Event()

    def get_devices(self, client_id=None):
        self.begun.set()
        self.request.sleep(60)
        return []


class Calls(tool.Case):
    adapters = [tool.FAKE, {"name": "slow", "type": "sleepy", "clients": ["acme-corp"]}]

    def setUp(self):
        super().setUp()
        self.toolkit.register_adapter(Sleepy)
        Sleepy.begun = threading.Event()
        self.slow = dict(client_id="acme-corp", adapter="slow")


class Blocking(Calls):
    def test_progress_is_told_and_its_exception_stops_the_call(self):
        self.toolkit.get_rmm_adapter().get_devices("acme-corp")
        told = []
        self.toolkit.get_health_monitor().run_checks("acme-corp", ["cpu"], progress=lambda *step: told.append(step))
        self.assertTrue(told)
        self.assertTrue(all(isinstance(done, int) and isinstance(what, str) for done, _, what in told))

        def stop(_done, _total, _what):
            raise KeyError("enough")
        with self.fails(msptk.MSPSystemError, "E_CALLBACK") as wrong:
            self.toolkit.get_health_monitor().run_checks("acme-corp", ["cpu"], progress=stop)
        self.assertEqual(repr(wrong.problem.__cause__), "KeyError('enough')")
        self.assertEqual(self.toolkit.get_client_manager().get_client("acme-corp").id, "acme-corp")

    def test_what_ends_a_program_passes_through_a_progress_callback(self):
        self.toolkit.get_rmm_adapter().get_devices("acme-corp")

        def leave(_done, _total, _what):
            raise SystemExit(7)
        with self.assertRaises(SystemExit):
            self.toolkit.get_health_monitor().run_checks("acme-corp", ["cpu"], progress=leave)

    def test_another_thread_cancels(self):
        cancel = msptk.Cancel()
        thread = threading.Thread(target=lambda: (Sleepy.begun.wait(20), cancel.trigger()))
        thread.start()
        with self.fails(msptk.MSPSystemError, "E_CANCELLED"):
            self.toolkit.ops.device_scan(**self.slow, cancel=cancel)
        thread.join()
        with self.fails(msptk.MSPSystemError, "E_CANCELLED"):
            self.toolkit.ops.device_scan(**self.slow, cancel=cancel)

    def test_a_deadline_ends_a_call(self):
        with self.fails(msptk.MSPSystemError, "E_TIMEOUT"):
            self.toolkit.ops.device_scan(**self.slow, timeout=0.05)

    def test_the_gil_is_released_during_a_call(self):
        counted, cancel = [0], msptk.Cancel()

        def count():
            Sleepy.begun.wait(20)
            end = time.monotonic() + 0.05
            while time.monotonic() < end:
                counted[0] += 1
            cancel.trigger()
        thread = threading.Thread(target=count)
        thread.start()
        other = threading.Thread(target=lambda: self.assertRaises(msptk.MSPError, self.toolkit.ops.device_scan, **self.slow,
                                                                  cancel=cancel))
        other.start()
        other.join(30)
        thread.join(30)
        self.assertFalse(other.is_alive())
        self.assertGreater(counted[0], 100)

    def test_many_threads_use_one_toolkit(self):
        problems, each = [], 40

        def work(number):
            try:
                manager = self.toolkit.get_client_manager()
                for i in range(each):
                    made = manager.create("Client %d %d" % (number, i), tier="gold")
                    if manager.get_client(made.id).name != made.name:
                        raise AssertionError("read another one")
            except BaseException as problem:  # noqa: B902
                problems.append(repr(problem))
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(60)
        self.assertEqual(problems, [])
        self.assertEqual(len(self.clients.list_clients({"tier": "gold"})), 8 * each)

    def test_one_page_walked_by_several_threads_gives_each_row_once(self):
        for i in range(300):
            self.clients.create("Client %d" % i)
        walk, seen, lock = iter(self.toolkit.ops.client_list()), [], threading.Lock()

        def work():
            while True:
                with lock:    # a generator is one thread's at a time, as everywhere in Python
                    row = next(walk, None)
                if row is None:
                    return
                seen.append(row.id)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(30)
        self.assertEqual((len(seen), len(set(seen))), (301, 301))


class Async(Calls):
    def test_operations_are_coroutines(self):
        async def main():
            ops = self.toolkit.aio.ops
            made = await ops.client_create("Beta", tier="gold")
            self.assertEqual((type(made), made.id), (msptk.Client, "beta"))
            page = await ops.client_list()
            self.assertEqual([c.id for c in page.rows], ["acme-corp", "beta"])
            with self.fails(msptk.ClientNotFound, "E_NOTFOUND"):
                await ops.client_get("nobody")
            self.assertIsInstance(await ops.client_delete("beta", plan=True), msptk.Plan)
            with self.fails(msptk.InvalidParameters, "E_INVALID", "NUL"):
                await ops.client_get("a\0")
        asyncio.run(main())

    def test_many_calls_at_once_all_end(self):
        async def main():
            made = await asyncio.gather(*(self.toolkit.aio.ops.client_create("Client %d" % i) for i in range(100)))
            self.assertEqual(len({c.id for c in made}), 100)
        asyncio.run(main())

    def test_several_loops_share_the_calls_of_a_toolkit(self):
        made = []

        async def main(number):
            made.extend(await asyncio.gather(*(self.toolkit.aio.ops.client_create("Client %d %d" % (number,
                                                                                                    i)) for i in range(40))))
        threads = [threading.Thread(target=lambda n=n: asyncio.run(main(n))) for n in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(60)
        self.assertEqual(len({c.id for c in made}), 160)

    def test_pages_are_read_as_they_are_needed(self):
        for i in range(230):
            self.clients.create("Client %d" % i)

        async def main():
            page = await self.toolkit.aio.ops.client_list()
            self.assertTrue(page.next_cursor)
            self.assertEqual(len([c async for c in page]), 231)
            self.assertEqual(len([c async for c in page]), 231)
            self.assertEqual(len([c async for c in await self.toolkit.aio.ops.client_list(limit=7)]), 7)
        asyncio.run(main())

    def test_cancelling_the_task_cancels_the_call(self):
        async def main():
            task = asyncio.ensure_future(self.toolkit.aio.ops.device_scan(**self.slow))
            while not Sleepy.begun.is_set():
                await asyncio.sleep(0.005)
            begun = time.monotonic()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            self.assertLess(time.monotonic() - begun, 20)
            self.assertEqual((await self.toolkit.aio.ops.client_get("acme-corp")).id, "acme-corp")
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(self.toolkit.aio.ops.device_scan(**self.slow), 0.05)
        asyncio.run(main())

    def test_progress_is_told_and_its_exception_stops_the_call(self):
        self.toolkit.get_rmm_adapter().get_devices("acme-corp")
        told = []

        def stop(*_step):
            raise KeyError("enough")

        async def main():
            run = await self.toolkit.aio.ops.health_check(client_id="acme-corp", progress=lambda *step: told.append(step))
            self.assertTrue(run.rows)
            # Progress is told on another thread: the call may be over before it can be stopped.
            try:
                await self.toolkit.aio.ops.health_check(client_id="acme-corp", progress=stop)
            except msptk.MSPSystemError as problem:
                self.assertEqual(problem.status, "E_CALLBACK")
                self.assertIsInstance(problem.__cause__, KeyError)
        asyncio.run(main())
        self.assertTrue(told)

    def test_closing_ends_what_runs_and_tells_it(self):
        async def main():
            task = asyncio.ensure_future(self.toolkit.aio.ops.device_scan(**self.slow))
            while not Sleepy.begun.is_set():
                await asyncio.sleep(0.005)
            await self.toolkit.aio.close()
            with self.assertRaises(msptk.MSPSystemError) as wrong:
                await task
            self.assertIn(wrong.exception.status, ("E_CANCELLED", "E_CLOSED"))
            with self.fails(msptk.MSPSystemError, "E_CLOSED"):
                await self.toolkit.aio.ops.client_list()
        asyncio.run(main())

    def test_a_loop_that_has_ended_is_not_told(self):
        def waiting():
            return [thing for thing in _handle.live.values() if isinstance(thing, ops._Future)]
        loop = asyncio.new_event_loop()
        task = loop.create_task(self.toolkit.aio.ops.device_scan(**self.slow, timeout=0.05))
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()    # with the call under way
        task._log_destroy_pending = False
        deadline = time.monotonic() + 10
        while waiting() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(waiting(), [])
        self.assertEqual(self.clients.get_client("acme-corp").id, "acme-corp")


class LettingGo(tool.Case):
    def test_a_toolkit_that_is_dropped_is_freed_and_leaves_nothing(self):
        gc.collect()
        before = len(_handle.live)
        toolkit = msptk.MSPToolkit(settings={"adapters": [tool.FAKE]}, clock=lambda: tool.NOON, log=lambda *_: None)
        gone = weakref.ref(toolkit._handle)
        page, manager = toolkit.ops.client_list(), toolkit.get_client_manager()
        toolkit.register_plugin(type("P", (msptk.Plugin,), {"name": "p", "version": "1"}))
        del toolkit
        self.assertEqual(manager.list_clients(), [])
        del manager
        self.assertEqual(page.rows, [])
        self.assertIsNotNone(gone())
        del page
        gc.collect()
        self.assertIsNone(gone())
        self.assertEqual(len(_handle.live), before)

    def test_a_toolkit_may_be_dropped_inside_its_own_callback(self):
        done = threading.Event()

        class Last(msptk.Plugin):
            name, version = "last", "1"

            def execute(self, context):
                boxes.clear()
                gc.collect()
                done.set()
                return msptk.CheckResult("ok", "still here")
        boxes = [msptk.MSPToolkit()]
        boxes[0].get_client_manager().create("A")
        boxes[0].register_plugin(Last)
        health = boxes[0].get_health_monitor()
        result, = health.run_checks("a", ["custom"])
        del health
        gc.collect()
        self.assertTrue(done.is_set())
        self.assertEqual(result.message, "still here")

    def test_closing_from_a_callback_is_refused(self):
        seen, ended = [], threading.Event()

        class Closer(msptk.Plugin):
            name, version = "closer", "1"

            def execute(_self, context):
                try:
                    self.toolkit.close(0.1)
                except msptk.MSPError as problem:
                    seen.append(problem.status)
                ended.set()
        self.toolkit.register_plugin(Closer)
        self.toolkit.get_health_monitor().run_checks("acme-corp", ["custom"])
        self.assertTrue(ended.wait(20))    # the call was cancelled, and did not wait for its check
        self.assertIn(seen, (["E_REENTRANT"], ["E_TIMEOUT"]))

    def test_anything_may_be_let_go_in_any_order_on_any_thread(self):
        seed = int(os.environ.get("MSPTK_SEED", "1"))
        chance, things, lock = random.Random(seed), [], threading.Lock()

        class Vendor(msptk.RMMAdapter):
            type = title = "vendor"

            def get_devices(self, client_id=None):
                return [msptk.Device(vendor_id="a", name="a")]

        class Look(msptk.Plugin):
            name, version = "look", "1"

            def execute(self, context):
                drop()
                return msptk.CheckResult("ok", "x")

        def drop():
            with lock:
                gone = [things.pop(chance.randrange(len(things))) for _ in range(min(2, len(things)))]
            del gone

        def some():
            with lock:
                return chance.choice([t for t in things if isinstance(t, msptk.MSPToolkit)] or [None])

        def open_one():
            toolkit = msptk.MSPToolkit(settings={"adapters": [{"name": "v", "type": "vendor"}]}, clock=lambda: tool.NOON)
            toolkit.register_plugin(Look)
            toolkit.register_adapter(Vendor)
            for name in ("A", "B", "C"):
                toolkit.get_client_manager().create(name)
            return toolkit

        async def three(toolkit):
            tasks = [asyncio.ensure_future(toolkit.aio.ops.client_list()) for _ in range(3)]
            await asyncio.sleep(0)
            tasks[0].cancel()
            await asyncio.wait(tasks)
            return [t.result() for t in tasks if not t.cancelled() and not t.exception()]

        def use(toolkit):
            return chance.choice((
                lambda: toolkit.ops.client_list(limit=2), lambda: iter(toolkit.ops.client_list()),
                lambda: toolkit.get_vault(),
                lambda: toolkit.get_rmm_adapter(), lambda: toolkit.get_rmm_adapter().get_devices("a"), lambda: msptk.Cancel(),
                lambda: toolkit.get_health_monitor().run_checks(None, ["custom"], progress=lambda *_: drop()),
                lambda: asyncio.run(three(toolkit)), lambda: toolkit.ops.client_get, lambda: toolkit.close(0)))()

        def work():
            for _ in range(60 if tool.FULL else 15):
                try:
                    toolkit = some()
                    made = open_one() if toolkit is None or chance.random() < 0.2 else use(toolkit)
                    with lock:
                        things.append(made)
                except msptk.MSPError as problem:
                    if problem.status not in allowed:
                        wrong.append(problem)
                toolkit = made = None
                if chance.random() < 0.6:
                    drop()
                if chance.random() < 0.1:
                    gc.collect()
        # CONFLICT, BUSY: another thread checks the same client at the moment.
        wrong, allowed = [], ("E_CLOSED", "E_TIMEOUT", "E_CANCELLED", "E_CONFLICT", "E_BUSY", "E_REENTRANT")
        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(120)
        self.assertEqual([(p.status, p.message) for p in wrong], [], "seed %d" % seed)
        self.assertFalse(any(t.is_alive() for t in threads))
        things.clear()
        gc.collect()

    def python(self, text, **more):
        head = "import os, sys, threading, time; sys.dont_write_bytecode = True; sys.path.insert(0, %r); import msptk\n"
        return subprocess.run([sys.executable, "-X", "faulthandler", "-W", "ignore::DeprecationWarning", "-c",
                               head % tool.PACKAGE + text],
                              capture_output=True, text=True, timeout=60,
                              env=tool.clean_environment(MSPTK_LIBRARY=tool.LIBRARY), check=False, **more)

    def test_a_program_that_closes_nothing_ends_cleanly(self):
        done = self.python("""
class P(msptk.Plugin):
    name, version = "p", "1"
    def execute(self, context):
        while not context.cancelled(): time.sleep(0.005)
        return msptk.CheckResult("ok", "x")
t = msptk.MSPToolkit(log=lambda *a: None, clock=lambda: time.time_ns() // 1000)
t.get_client_manager().create("A"); t.register_plugin(P)
def run():
    try: t.get_health_monitor().run_checks("a", ["custom"])
    except msptk.MSPError: pass
threading.Thread(target=run, daemon=True).start()
time.sleep(0.2)
page = t.ops.client_list()
print("end")
""")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "end\n", ""))

    def test_a_child_of_fork_neither_uses_nor_frees_its_parents_toolkit(self):
        done = self.python("""
t = msptk.MSPToolkit(); t.get_client_manager().create("A")
page = t.ops.client_list()
pid = os.fork()
if pid == 0:
    try: t.ops.client_list()
    except msptk.MSPError as e: ok = e.status == "E_CLOSED"
    with msptk.MSPToolkit() as mine: mine.get_client_manager().create("B")
    sys.exit(0 if ok else 1)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), len(t.get_client_manager().list_clients()))
""")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "0 1\n", ""))

    def test_ctrl_c_cancels_a_long_call(self):
        begun = time.monotonic()
        done = self.python("""
import signal
class P(msptk.Plugin):
    name, version = "p", "1"
    def execute(self, context):
        os.kill(os.getpid(), signal.SIGINT)
        while not context.cancelled(): time.sleep(0.005)
        return msptk.CheckResult("ok", "x")
with msptk.MSPToolkit() as t:
    t.get_client_manager().create("A"); t.register_plugin(P)
    try: t.get_health_monitor().run_checks("a", ["custom"])
    except KeyboardInterrupt: print("interrupted", len(t.get_client_manager().list_clients()))
""")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "interrupted 1\n", ""))
        self.assertLess(time.monotonic() - begun, 30)


if __name__ == "__main__":
    tool.run()
