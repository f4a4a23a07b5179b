"""Checks and adapters written in Python.

Their methods run on threads of the library's pool, at the same time for different clients. An exception becomes an error of
the call (or an unknown result of a check), never a crash.
"""
import ctypes
import dataclasses
import json
import math
import threading
import traceback
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Union

from . import _native as n
from ._handle import LEVELS, forget, in_callback, keep, live
from ._lib import lib
from ._values import Tree, from_us, load, text_bytes, to_ms, to_us
from .errors import STATUSES, InvalidParameters, MSPError, MSPSystemError, check
from .records import Alert, CheckResult, CommandResult, DeploymentResult, Device, Metric, Time

_STATES = {"ok": 0, "healthy": 0, "warning": 1, "critical": 2, "unknown": 3}
_PRESENCE = {"up": n.UP, "down": n.DOWN, "unknown": n.PRESENCE_UNKNOWN}
_FOREVER = 2 ** 63 - 1


class _Stop(Exception):
    """The library wants no more; its status is returned from the slot."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


def _word(words, word, what):
    try:
        return words[word]
    except KeyError:
        raise InvalidParameters("%s %r is none of %s" % (what, word, ", ".join(words))) from None


def _text(value, what):
    """Bytes for a field; NULL when nothing is known."""
    return None if value is None or value == "" else text_bytes(value, what)


def _shown(value):
    """Bytes of a text for people, whatever is in it."""
    return str(value).replace("\0", "?").encode("utf-8", "replace")


def _status_of(problem):
    """The status that the library acts on, for an exception."""
    if isinstance(problem, MSPError):
        return STATUSES[problem.status]
    for kinds, name in ((NotImplementedError, "E_UNSUPPORTED"), (TimeoutError, "E_TIMEOUT"), (MemoryError, "E_NOMEM"),
                        (OSError, "E_UNAVAILABLE")):
        if isinstance(problem, kinds):
            return STATUSES[name]
    return STATUSES["E_CALLBACK"]


def _fail(problem, ret_err, log):
    """Turns an exception into a status and an error of the library."""
    if isinstance(problem, _Stop):
        return problem.status
    status = _status_of(problem)
    if isinstance(problem, MSPError):
        message = problem.message
    else:
        message = "%s: %s" % (type(problem).__name__, problem)
        log(3, "".join(traceback.format_exception(type(problem), problem, problem.__traceback__)))
    lib.msptk_error_set(ret_err, status, b"python", _shown(message))
    if isinstance(problem, MSPError) and ret_err and ret_err[0]:
        details = problem.details
        lib.msptk_error_set_vendor(ret_err[0], details.get("http_status", 0),
                                   _text(details.get("vendor_code"), "vendor_code"),
                                   int(details.get("retriable", problem.status in ("E_RATE", "E_UNAVAILABLE", "E_TIMEOUT"))),
                                   details.get("retry_after_ms", 0))
    return status


def _level(level):
    return _word({name: i for i, name in enumerate(LEVELS)}, level, "level") if isinstance(level, str) else level


def _seconds(ms):
    return None if ms == _FOREVER else ms / 1000


# ---- checks ----------------------------------------------------------------------------------------------------------------


class Plugin:
    """A check written in Python: `name`, `version` and `execute(context)`.

    `name` is a slug and the check's name in results and policy. `per` is "client" or "device". One object serves all threads.
    """

    name: str = ""
    version: str = ""
    per: str = "client"

    def execute(self, context: "Context") -> Union[CheckResult, Iterable[CheckResult], None]:
        """Look, and return a CheckResult, or several of different `instance`."""
        raise NotImplementedError("execute")


class _Guard:
    """A pointer of the library that is valid on one thread until a slot returns."""

    def __init__(self, pointer: Any, what: str) -> None:
        self._pointer, self._what, self._thread = pointer, what, threading.get_ident()

    def get(self) -> Any:
        """The pointer; a late or foreign use is an exception and not a crash."""
        if self._pointer is None:
            raise MSPSystemError("%s has ended" % self._what, status="E_CLOSED")
        if self._thread != threading.get_ident():
            raise InvalidParameters("%s belongs to the thread that it was given to" % self._what)
        return self._pointer

    def end(self) -> None:
        self._pointer = None


class Context(Dict[str, Any]):
    """What a check is about: `client`, `device` (None when it runs per client) and `parameters`, with what it may use. Valid on
    the check's thread until it returns."""

    def __init__(self, data: Mapping[str, Any], guard: _Guard) -> None:
        super().__init__(data)
        self._guard = guard

    def cancelled(self) -> bool:
        """Whether nobody waits any more; look at it in every loop."""
        host = self._guard.get()
        return bool(host.contents.cancelled(host))

    def deadline_left(self) -> Optional[float]:
        """Seconds until the deadline; None when there is none."""
        host = self._guard.get()
        return _seconds(host.contents.deadline_left_ms(host))

    def now(self) -> Time:
        """The time, as a datetime in UTC; under test the host says what time it is."""
        host = self._guard.get()
        return from_us(host.contents.now(host))

    def log(self, level: Union[str, int], message: str) -> None:
        """Log a line; level is debug, info, warning or error."""
        host = self._guard.get()
        host.contents.log(host, _level(level), _shown(message))

    def report(self, status: str, message: str, data: Optional[Mapping[str, Any]] = None, instance: str = "") -> None:
        """Report one outcome now; returning a CheckResult does the same."""
        host, state = self._guard.get(), _word(_STATES, status, "status")
        with Tree(data, "data") as tree:
            _emitted(host.contents.report(host, _text(instance, "instance"), state, _shown(message), tree),
                     "the result of instance %r" % instance)

    def metric(self, name: str, value: float, unit: Optional[str] = None, instance: str = "") -> None:
        """Report a number that thresholds of the policy judge."""
        host = self._guard.get()
        _emitted(host.contents.metric(host, _text(instance, "instance"), text_bytes(name, "metric"), float(value),
                                      _text(unit, "unit")), "metric %r" % name)

    def take(self, outcome: Any) -> None:
        """Report what a check returned."""
        if outcome is None:
            return
        if not isinstance(outcome, CheckResult):
            for one in outcome:
                self.take(one)
            return
        for name, value in (outcome.metrics or {}).items():
            value, unit = value if isinstance(value, tuple) else (value, None)
            self.metric(name, value, unit, outcome.instance)
        if not outcome.metrics or outcome.message or outcome.status != "unknown":
            self.report(outcome.status, outcome.message, outcome.data, outcome.instance)


def _emitted(status, what):
    """E_INVALID is a row that is not well formed; other failures mean that no more are wanted."""
    if status == STATUSES["E_INVALID"]:
        raise InvalidParameters("%s was refused: it is not well formed" % what)
    if status < 0:
        raise _Stop(status)


@n.EXECUTE
def _execute(number, host, context, ret_err):
    guard = _Guard(host, "this check")
    try:
        plugin = live[number]
        with in_callback():
            about = Context(load(context), guard)
            about.take(plugin.execute(about))
        return 0
    except BaseException as problem:  # noqa: B902  (nothing may cross C)
        return _fail(problem, ret_err, lambda level, text: host.contents.log(host, level, _shown(text)))
    finally:
        guard.end()


def register_plugin(handle, plugin):
    """Register a check: a class (made once) or an object with name, version and execute."""
    if isinstance(plugin, type):
        plugin = plugin()
    number = keep(plugin)
    err = ctypes.c_void_p()
    try:
        ops = n.CheckOps(sdk_version=n.SDK_VERSION, name=text_bytes(plugin.name, "name"),
                         version=text_bytes(plugin.version, "version"),
                         per=_word({"client": 0, "device": 1}, getattr(plugin, "per", "client"), "per"), execute=_execute,
                         destroy=forget)
        check(lib.msptk_toolkit_register_plugin(handle.ptr, ctypes.byref(ops), number, ctypes.byref(err)), err)
    except BaseException:
        live.pop(number, None)
        raise


# ---- adapters --------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class HttpReply:
    """What a vendor answered; any status is a reply."""

    status: int
    body: bytes
    content_type: str
    next_link: Optional[str]
    #: Seconds; None when the reply does not say.
    retry_after: Optional[float]
    server_date: Time

    def json(self) -> Any:
        """The body as JSON values."""
        return json.loads(self.body)


@dataclasses.dataclass
class ProgramResult:
    """How a program ended: `exit_status`, or None with `ended` saying how (signalled, timed_out, not_started, lost)."""

    ended: str
    exit_status: Optional[int]
    stdout: bytes
    stderr: bytes
    #: Output went beyond the limit.
    truncated: bool
    #: Seconds on the clock.
    took: float


_ENDED = ("exited", "signalled", "timed_out", "not_started", "lost")


class Request:
    """One call of one slot: what it is about, and the services that belong to it. Valid on the slot's thread until it returns;
    the adapter finds it as `self.request`."""

    def __init__(self, host: "Host", req: Any, query: Any = None) -> None:
        self._host, self._fn, self._guard = host, host.fn, _Guard(req, "this request")
        q = query.contents if query else None
        #: Our id of the client; None where no client is meant.
        self.client_id: Optional[str] = _read(q.client_id) if q else None
        #: The vendor's id of the client; None when none was configured.
        self.vendor_client: Optional[str] = _read(q.vendor_client) if q else None
        #: Vendor ids of the devices that are asked for; None means all of the client.
        self.devices: Optional[List[str]] = _read_list(q.devices) if q else None
        #: Names of the checks that are asked for; None means all.
        self.checks: Optional[List[str]] = _read_list(q.checks) if q else None
        #: How to reach each of `devices`; an element may be None.
        self.addresses: Optional[List[Optional[str]]] = \
            _read_list(q.addresses, len(self.devices or ())) if q and q.addresses else None
        #: For alerts: what changed since; None means all that are open.
        self.since: Time = from_us(q.since) if q else None

    def cancelled(self) -> bool:
        """Whether nobody waits any more; look at it in every loop."""
        return bool(self._fn.cancelled(self._guard.get()))

    def deadline_left(self) -> Optional[float]:
        """Seconds until the deadline; None when there is none."""
        return _seconds(self._fn.deadline_left_ms(self._guard.get()))

    def sleep(self, seconds: float) -> None:
        """Sleep, but wake early and raise when the call is cancelled or its deadline passes."""
        status = self._fn.sleep_ms(self._guard.get(), to_ms(seconds))
        if status < 0:
            raise _Stop(status)

    def progress(self, done: int, total: int = 0) -> None:
        """Tell how far it is; total 0 means unknown."""
        self._fn.progress(self._guard.get(), done, total)

    def http(self, method: str, url: str, headers: Optional[Mapping[str, str]] = None, body: Union[str, bytes, None] = None,
             auth: Optional[str] = None, auth_setting: str = "api_key", auth_user: Optional[str] = None,
             timeout: Optional[float] = None, body_limit: int = 0, idempotent: bool = False) -> HttpReply:
        """One exchange within the origins of the instance, with retries, rate budget and limits of the library.

        `auth` is None, "bearer", "basic" or "header"; the secret is named by the settings key `auth_setting` and attached by
        the library. `timeout` in seconds, `body_limit` in bytes. Any HTTP status is a reply; MSPError when there was none.
        """
        lines = [text_bytes("%s: %s" % pair, "header") for pair in (headers or {}).items()]
        body = body.encode("utf-8") if isinstance(body, str) else body
        given = n.HttpRequest(
            auth=_word({None: 0, "bearer": 1, "basic": 2, "header": 3}, auth, "auth"), method=text_bytes(method, "method"),
            url=text_bytes(url, "url"), headers=_texts(lines), body=body, body_len=len(body or b""),
            auth_setting=_text(auth_setting, "auth_setting") if auth else None, auth_user=_text(auth_user, "auth_user"),
            timeout_ms=0 if timeout is None else max(to_ms(timeout), 1), body_limit=body_limit, idempotent=int(idempotent))
        reply, err = n.HttpReply(), ctypes.c_void_p()
        check(self._fn.http_request(self._guard.get(), ctypes.byref(given), ctypes.byref(reply), ctypes.byref(err)), err)
        return HttpReply(reply.http_status, _bytes(reply.body, reply.body_len), _read(reply.content_type) or "",
                         _read(reply.next_link), None if reply.retry_after_ms < 0 else reply.retry_after_ms / 1000,
                         from_us(reply.server_date))

    def run(self, argv: Sequence[str], input: Optional[bytes] = None, cwd: Optional[str] = None,
            timeout: Optional[float] = None, output_limit: int = 0) -> ProgramResult:
        """Run a program, found by an absolute path and without a shell, as one of a bounded number; it is ended when the call
        is cancelled. `timeout` in seconds, `output_limit` in bytes of each stream. A program that fails is a result."""
        results: List[ProgramResult] = []

        def told(_user, _index, ended):
            r = ended.contents
            results.append(ProgramResult(_ENDED[r.ended], r.code if r.ended == 0 else None, _bytes(r.out, r.out_len),
                                         _bytes(r.err, r.err_len), bool(r.truncated), r.wall_us / 1e6))
            return 0
        program = n.Program(argv=_texts([text_bytes(w, "argv") for w in argv]), cwd=_text(cwd, "cwd"), input=input,
                            input_len=len(input or b""), timeout_ms=0 if timeout is None else max(to_ms(timeout), 1),
                            output_limit=output_limit)
        err = ctypes.c_void_p()
        check(self._fn.run_programs(self._guard.get(), ctypes.byref(program), 1, n.ON_PROGRAM(told), None, ctypes.byref(err)),
              err)
        return results[0]

    def state_get(self, key: str) -> Optional[str]:
        """A value of the instance's small durable memory, which all processes share; None when it was never put."""
        value, err = ctypes.c_void_p(), ctypes.c_void_p()
        status = self._fn.state_get(self._guard.get(), text_bytes(key, "key"), ctypes.byref(value), ctypes.byref(err))
        if status == STATUSES["E_NOTFOUND"]:
            lib.msptk_error_free(err)
            return None
        check(status, err)
        try:
            return ctypes.string_at(value).decode("utf-8")
        finally:
            self._fn.free(self._host.pointer(), value)

    def state_put(self, key: str, value: str) -> None:
        """Keep a text of at most 65,536 bytes."""
        err = ctypes.c_void_p()
        check(self._fn.state_put(self._guard.get(), text_bytes(key, "key"), text_bytes(value, "value"), ctypes.byref(err)),
              err)

    def state_update(self, key: str, expected: Optional[str], value: str) -> bool:
        """Like state_put, but only while the key still holds `expected` (None: was never put); False when it does not."""
        err = ctypes.c_void_p()
        status = self._fn.state_update(self._guard.get(), text_bytes(key, "key"),
                                       None if expected is None else text_bytes(expected, "expected"),
                                       text_bytes(value, "value"), ctypes.byref(err))
        if status == STATUSES["E_CONFLICT"]:
            lib.msptk_error_free(err)
            return False
        return check(status, err) == 0


def _bytes(memory, length):
    return ctypes.string_at(memory, length) if memory else b""


def _texts(items):
    """A NULL-terminated array."""
    return (ctypes.c_char_p * (len(items) + 1))(*items, None)


def _read(text):
    return None if text is None else text.decode("utf-8", "replace")


def _read_list(texts, count=None):
    if not texts:
        return None
    found = []
    while texts[len(found)] is not None if count is None else len(found) < count:
        found.append(_read(texts[len(found)]))
    return found


class _Functions:
    """The host's functions, fetched once."""

    def __init__(self, pointer):
        for name, kind in n.Host._fields_:
            if kind is not ctypes.c_void_p:
                setattr(self, name, getattr(pointer.contents, name))


class Host:
    """Services of the library to one adapter instance, from its making to its close; the adapter finds it as `self.host`."""

    def __init__(self, pointer: Any) -> None:
        self._pointer, self.fn = pointer, _Functions(pointer)
        #: Name of the instance in the configuration.
        self.name: str = _read(self.fn.instance(pointer)) or ""

    def pointer(self) -> Any:
        """What the functions take; an exception after close."""
        if self._pointer is None:
            raise MSPSystemError("this adapter was closed", status="E_CLOSED")
        return self._pointer

    def end(self) -> None:
        """The instance was closed."""
        self._pointer = None

    def time(self) -> Time:
        """The time, as a datetime in UTC."""
        return from_us(self.fn.now(self.pointer()))

    def log(self, level: Union[str, int], message: str) -> None:
        """Log a line; level is debug, info, warning or error."""
        self.fn.log(self.pointer(), _level(level), _shown(message))

    def copy(self, data: bytes, alloc: Any, owner: Any) -> int:
        """A NUL-terminated copy of bytes in memory of the library."""
        memory = alloc(owner, len(data) + 1)
        if not memory:
            raise MemoryError
        ctypes.memmove(memory, data, len(data))
        return memory


_current = threading.local()


class RMMAdapter:
    """One vendor's product. Subclass it to write an adapter in Python, then `toolkit.register_adapter(cls)`; an instance is made
    for each entry of the configuration whose `type` is the class's.

    What a subclass does not define is unsupported, and the library says so.
    """

    #: The `type` (or `provider`) of the configuration; a slug.
    type: str = ""
    title: str = ""
    description: str = ""
    #: Settings key -> {"type", "description", "default"}; unknown keys are refused. None accepts any.
    settings_schema: Optional[Mapping[str, Any]] = None
    #: Names of the checks that get_metrics answers ("cpu", "disk" ...).
    checks: Sequence[str] = ()

    def __init__(self, host: Host, settings: Dict[str, Any]) -> None:
        """Take notes; neither block nor connect. A subclass that has its own calls this one."""
        self.host, self.settings = host, settings

    @property
    def request(self) -> Request:
        """The call that this thread is in."""
        request = getattr(_current, "request", None)
        if request is None:
            raise MSPSystemError("this thread is not in a call of an adapter", status="E_CLOSED")
        return request

    def close(self) -> None:
        """Called once, when nothing runs any more."""

    def probe(self) -> Any:
        """Prove cheaply that the other side is there and takes the credentials; raise when not."""
        raise NotImplementedError("this adapter cannot be probed")

    def get_devices(self, client_id: Optional[str] = None) -> Iterable[Device]:
        """Give every Device of the client; `client_id` is the vendor's id of it where one is configured, else ours."""
        raise NotImplementedError("get_devices")

    def get_metrics(self, client_id: str, devices: Optional[List[str]], checks: Optional[List[str]]) -> Iterable[Metric]:
        """Give a Metric for each fact that is asked for; what cannot be read is `state="unknown"` with a message."""
        raise NotImplementedError("get_metrics")

    def get_alerts(self, client_id: str, since: Time = None) -> Iterable[Alert]:
        """Give every Alert of the vendor that changed since then; None means all that are open."""
        raise NotImplementedError("get_alerts")

    def execute_command(self, device_id: str, command: Any) -> CommandResult:
        """Run a command (a list of words) on a device, named by its vendor id; give a CommandResult."""
        raise NotImplementedError("execute_command")

    def deploy_agent(self, device: Any) -> DeploymentResult:
        """Bring the agent onto a Device and wait until it was seen to check in; give a DeploymentResult with the evidence."""
        raise NotImplementedError("deploy_agent")


class _Slot:
    """The body of a slot: finds the adapter, sets its request, turns exceptions into errors."""

    def __init__(self, number, req, query, ret_err):
        self.ret_err, self.status = ret_err, 0
        self.adapter, self.host = live[number]
        self.request = Request(self.host, req, query)

    def log(self, level, text):
        self.host.log(level, text)

    def __enter__(self):
        _current.request = self.request
        self._mark = in_callback()
        self._mark.__enter__()
        return self

    def __exit__(self, _type, problem, _traceback):
        self._mark.__exit__()
        _current.request = None
        if problem is not None:
            self.status = _fail(problem, self.ret_err, self.log)
        self.request._guard.end()
        return True

    def client(self):
        return self.request.vendor_client or self.request.client_id


def _slot(body):
    """Makes a slot of a function (slot, rest...) -> None; (self, req, [query,] rest..., ret_err) is what the library gives."""
    def run(number, req, *rest):
        try:
            query = rest[0] if len(rest) > 1 and isinstance(rest[0], n.QUERY) else None
            with _Slot(number, req, query, rest[-1]) as slot:
                body(slot, *rest[:-1])
            return slot.status
        except BaseException as problem:  # noqa: B902
            return _fail(problem, rest[-1], lambda *_: None)
    return run


def _emit(slot, emit, row, what):
    _emitted(emit(slot.request._guard.get(), ctypes.byref(row)), what)


def _devices(slot, _query):
    for device in slot.adapter.get_devices(slot.client()):
        vendor_id = device.vendor_id or device.id
        with Tree(device.attributes or None, "attributes") as attributes:
            row = n.DeviceRow(
                presence=_word(_PRESENCE, device.status, "status"), vendor_id=_text(vendor_id, "vendor_id"),
                name=_text(device.name, "name"), serial=_text(device.serial, "serial"),
                machine_id=_text(device.machine_id, "machine_id"), macs=_text(",".join(device.macs), "macs"),
                os=_text(device.os, "os"), kind=_text(device.kind, "kind"), address=_text(device.address, "address"),
                vendor_client=_text(device.vendor_client, "vendor_client"), last_seen=to_us(device.last_seen),
                attributes=attributes)
            _emit(slot, slot.host.fn.emit_device, row, "device %r" % vendor_id)


def _metrics(slot, _query):
    request = slot.request
    for m in slot.adapter.get_metrics(slot.client(), request.devices, request.checks):
        if m.state is not None:
            state = _word(_STATES, m.state, "state")
        else:
            state = n.JUDGE if m.value is not None else _STATES["unknown"]
        with Tree(m.data or None, "data") as data:
            row = n.MetricRow(
                state=state, vendor_id=_text(m.vendor_id, "vendor_id"), check=_text(m.check, "check"),
                metric=_text(m.metric, "metric"), instance=_text(m.instance, "instance"), unit=_text(m.unit, "unit"),
                message=None if not m.message else _shown(m.message), value=math.nan if m.value is None else m.value,
                at=to_us(m.at), data=data)
            _emit(slot, slot.host.fn.emit_metric, row, "metric %r of %r" % (m.metric, m.vendor_id))


def _alerts(slot, _query):
    for a in slot.adapter.get_alerts(slot.client(), slot.request.since):
        severity = _STATES["ok"] if a.ended else _word(_STATES, a.severity, "severity")
        row = n.AlertRow(
            severity=severity, vendor_id=_text(a.vendor_id, "vendor_id"),
            vendor_alert=_text(a.vendor_alert or a.id, "vendor_alert"), check=_text(a.check, "check"),
            instance=_text(a.instance, "instance"), message=_shown(a.message), at=to_us(a.at))
        _emit(slot, slot.host.fn.emit_alert, row, "alert %r" % (a.vendor_alert or a.id))


def _command(slot, device_id, command, ret_result):
    result = slot.adapter.execute_command(_read(device_id), _read_list(command))
    if not isinstance(result, CommandResult) or result.exit_status is None:
        raise TypeError("execute_command must give a CommandResult with an exit_status")
    outputs = []
    for text in (result.stdout, result.stderr):
        data = text if isinstance(text, bytes) else str(text).encode("utf-8", "replace")
        outputs.append((slot.host.copy(data, slot.host.fn.request_alloc, slot.request._guard.get()), len(data)))
    out = ret_result.contents
    out.ended, out.code, out.truncated = 0, result.exit_status, int(result.truncated)
    (out.out, out.out_len), (out.err, out.err_len) = outputs


def _agent(slot, device, ret_evidence):
    row = device.contents
    known = Device(
        vendor_id=_read(row.vendor_id), id=_read(row.vendor_id) or "", name=_read(row.name) or "", serial=_read(row.serial),
        status={v: k for k, v in _PRESENCE.items()}.get(row.presence, "unknown"), machine_id=_read(row.machine_id),
        macs=[m for m in (_read(row.macs) or "").split(",") if m], os=_read(row.os), kind=_read(row.kind),
        address=_read(row.address), vendor_client=_read(row.vendor_client), last_seen=from_us(row.last_seen))
    result = slot.adapter.deploy_agent(known)
    evidence = result.evidence if isinstance(result, DeploymentResult) else result
    if evidence:
        ret_evidence[0] = slot.host.copy(_shown(evidence), slot.host.fn.alloc, slot.host.pointer())


def _probe(slot):
    slot.adapter.probe()


def _close(number):
    try:
        adapter, host = live.pop(number)
        try:
            with in_callback():
                adapter.close()
        finally:
            host.end()
    except BaseException:  # noqa: B902  (it ends either way)
        pass


# Shared by all classes, and alive as long as the process: the library may call them until its last thread has ended.
_LIST_DEVICES, _COLLECT, _LIST_ALERTS = n.LIST(_slot(_devices)), n.LIST(_slot(_metrics)), n.LIST(_slot(_alerts))
_RUN, _DEPLOY, _PROBE, _CLOSE = n.RUN_COMMAND(_slot(_command)), n.AGENT(_slot(_agent)), n.PROBE(_slot(_probe)), n.CLOSE(_close)


def _opener(cls):
    """The slot `open`, the only one that is told nothing but its class."""
    def run(host, settings, ret_self, ret_err):
        try:
            with in_callback():
                services = Host(host)
                adapter = cls(services, load(settings))
                ret_self[0] = keep((adapter, services))
            return 0
        except BaseException as problem:  # noqa: B902
            return _fail(problem, ret_err, lambda level, text: host.contents.log(host, level, _shown(text)))
    return n.OPEN(run)


def _has(cls, method):
    return getattr(cls, method, None) is not getattr(RMMAdapter, method)


def register_adapter(handle, cls):
    """Register a kind of adapter, so that the configuration can name its type."""
    schema = None if cls.settings_schema is None else json.dumps(cls.settings_schema).encode()
    info = n.AdapterInfo(type=text_bytes(cls.type, "type"), title=text_bytes(cls.title or cls.type, "title"),
                         description=_text(cls.description, "description"), settings=schema)
    opener = _opener(cls)
    names = [text_bytes(c, "checks") for c in cls.checks]
    ops = n.AdapterOps(sdk_version=n.SDK_VERSION, info=ctypes.pointer(info), open=opener, close=_CLOSE, probe=_PROBE)
    if _has(cls, "get_devices"):
        ops.devices = ctypes.pointer(n.DeviceOps(list=_LIST_DEVICES))
    if _has(cls, "get_metrics"):
        ops.metrics = ctypes.pointer(n.MetricOps(checks=_texts(names), collect=_COLLECT))
    if _has(cls, "get_alerts"):
        ops.alerts = ctypes.pointer(n.AlertOps(list=_LIST_ALERTS))
    if _has(cls, "execute_command"):
        ops.commands = ctypes.pointer(n.CommandOps(execute=_RUN))
    if _has(cls, "deploy_agent"):
        ops.deploy = ctypes.pointer(n.DeployOps(agent=_DEPLOY))
    err = ctypes.c_void_p()
    check(lib.msptk_toolkit_register_adapter(handle.ptr, ctypes.byref(ops), ctypes.byref(err)), err)
    handle.thunks.append(opener)


