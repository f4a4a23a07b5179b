"""Memory does not grow, however many calls are made. A slice here; a million calls with MSPTK_FULL=1.

Each round opens a toolkit on a new database, makes its calls and closes. What the C side holds is told by the allocator
(one arena, exact bytes), what Python holds by its count of blocks."""
import asyncio
import ctypes
import gc
import itertools
import os
import sys
import tempfile
import threading

import tool
import msptk
from msptk import _handle

ROUNDS, CALLS = (100, 10000) if tool.FULL else (5, 3000)
WARM = 2


class MallInfo(ctypes.Structure):
    _fields_ = [(n, ctypes.c_size_t) for n in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks",
                                               "uordblks", "fordblks",
                                               "keepcost")]


def held():
    """(bytes that the C side holds, blocks that Python holds)."""
    gc.collect()
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = MallInfo
    info = libc.mallinfo2()
    return info.uordblks + info.hblkhd, sys.getallocatedblocks()


class Look(msptk.Plugin):
    name, version = "look", "1"

    def execute(self, context):
        return msptk.CheckResult("ok", "fine", data={"n": 1}, instance="a")


class Vendor(msptk.RMMAdapter):
    type = title = "vendor"

    def probe(self):
        self.request.state_put("seen", "yes")

    def get_devices(self, client_id=None):
        return [msptk.Device(vendor_id="d1", name="one", attributes={"a": [1, 2]})]

    def get_alerts(self, client_id, since=None):
        raise msptk.AuthenticationFailed("no", vendor_code="X")

    def execute_command(self, device_id, command):
        return msptk.CommandResult(exit_status=0, stdout="x" * 500)


class Forget(threading.Thread):
    """A thread that makes one call and ends."""

    def __init__(self, toolkit):
        super().__init__()
        self.toolkit = toolkit

    def run(self):
        self.toolkit.ops.client_get("acme")


def refused(call, *args, **params):
    try:
        call(*args, **params)
    except msptk.MSPError as problem:
        return problem.details
    raise AssertionError("it was not refused")


def rare(toolkit):
    """What is too slow to be done at every step."""
    toolkit.get_health_monitor().run_checks("acme", ["custom"], progress=lambda *_: None)
    rmm = toolkit.get_rmm_adapter()
    device = rmm.get_devices("acme")[0]
    rmm.execute_command(device.id, ["x"])
    rmm.probe()
    refused(rmm.get_alerts, "acme")

    async def several():
        page = await toolkit.aio.ops.client_list(search="c")
        assert [c.id async for c in page]
        task = asyncio.ensure_future(toolkit.aio.ops.client_get("acme"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    asyncio.run(several())
    thread = Forget(toolkit)
    thread.start()
    thread.join()


def one_round(where, number):
    settings = {"database.path": os.path.join(where, "%d.db" % number), "adapters": [{"name": "rmm", "type": "vendor"}]}
    with msptk.MSPToolkit(settings=settings, clock=lambda: tool.NOON, log=lambda *_: None) as toolkit:
        toolkit.register_plugin(Look)
        toolkit.register_adapter(Vendor)
        toolkit.get_client_manager().create("Acme")
        ops = toolkit.ops
        steps = itertools.cycle((
            lambda: ops.client_get("acme"), lambda: list(ops.client_list()), lambda: ops.client_list().next_cursor,
            lambda: refused(ops.client_get, "nobody"),
            lambda: ops.client_get("acme", cancel=msptk.Cancel(), timeout=9, progress=print),
            lambda: ops.client_update("acme", contact="x", plan=True), lambda: refused(ops.client_get, "a\0")))
        for i, step in zip(range(CALLS), steps):
            step()
            if i % 400 == 0:
                rare(toolkit)
    for name in os.listdir(where):
        if name.startswith("%d.db" % number):
            os.unlink(os.path.join(where, name))


class Memory(tool.unittest.TestCase):
    def test_memory_does_not_grow_with_calls(self):
        seen = []
        with tempfile.TemporaryDirectory() as where:
            for number in range(WARM + ROUNDS):
                one_round(where, number)
                seen.append(held())
        bytes_grown, blocks_grown = (seen[-1][i] - seen[WARM - 1][i] for i in (0, 1))
        calls = ROUNDS * CALLS
        print("%d calls: %d bytes of C and %d blocks of Python more" % (calls, bytes_grown, blocks_grown))
        self.assertLess(bytes_grown, 16384 + calls // 100, seen)
        self.assertLess(blocks_grown, 300 + calls // 1000, seen)
        self.assertEqual([repr(v) for v in _handle.live.values()], [])

    def test_a_leak_would_be_seen(self):
        before = held()
        kept = [msptk.Cancel() for _ in range(2000)]
        after = held()
        self.assertGreater(after[0] - before[0], 2000 * 16)
        self.assertGreater(after[1] - before[1], 2000)
        del kept


if __name__ == "__main__":
    if os.environ.get("MALLOC_ARENA_MAX") != "1":
        os.environ["MALLOC_ARENA_MAX"] = "1"
        os.execv(sys.executable, [sys.executable, "-B"] + sys.argv)
    tool.run()
