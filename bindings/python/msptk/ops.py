"""Every operation of the table as a Python function, made when a toolkit is used: `toolkit.ops.client_list(tier="gold")`.

Nothing here knows any operation by name. Names, parameters, documentation and the shape of results come from
msptk_operations(); the library checks what is given. ops.pyi, generated from the same table, tells type checkers.
"""
import asyncio
import contextvars
import ctypes
import inspect
import json
import keyword
import queue
import threading
import time
import typing
import weakref

from ._handle import forget, in_callback, keep, live
from ._lib import DONE, PROGRESS, lib
from ._values import Tree, load, take, text_bytes, to_ms, tree_text
from .errors import InvalidParameters, MSPSystemError, borrowed_error, check
from .records import Plan, record_class, row_class

_STATUS = ("ok", "warning", "critical", "unknown")
#: Options of a call. Where an operation has a parameter of that name, the option is called `call_NAME`.
OPTIONS = {
    "plan": "True makes a plan and changes nothing; the result is a Plan",
    "plan_token": "what a plan gave; exactly that is done",
    "idempotency_key": "the same key a second time gives the first result again",
    "timeout": "seconds, or a timedelta; without it the operation's own deadline",
    "progress": "called with (done, total, what); total is 0 when unknown. An exception in it stops the call",
    "cancel": "a Cancel, by which another thread can stop the call",
    "principal": "who acts; without it the principal of the toolkit",
    "trace_id": "goes into the audit trail",
    "read_only": "True refuses whatever changes state",
}
# asyncio: how many calls of one loop are under way at the same time. The library has a limit of its own for each toolkit.
_AT_ONCE = 12
# And how long a call waits for its turn, in seconds.
_TURN_S = 60


class Cancel:
    """A token by which another thread cancels calls: give it as `cancel=`, then call `trigger()`."""

    def __init__(self):
        self.ptr = lib.msptk_cancel_new()
        if not self.ptr:
            raise MemoryError
        weakref.finalize(self, lib.msptk_cancel_free, self.ptr).atexit = False

    def trigger(self):
        """Cancel every call that holds the token, now and later. Any thread."""
        lib.msptk_cancel_trigger(self.ptr)


class _Progress:
    """The progress callback of one call, and what it raised."""

    def __init__(self, fn):
        self.fn, self.raised = fn, None


@PROGRESS
def _on_progress(number, done, total, what):
    call = live.get(number)
    if call is None:
        return 0
    try:
        with in_callback():
            call.progress.fn(done, total, (what or b"").decode("utf-8", "replace"))
        return 0
    except BaseException as problem:  # noqa: B902  (it is raised again where the call was made)
        call.progress.raised = problem
        return 1


class _Call:
    """Arguments and options of one call, on the C side as long as the `with` lasts."""

    def __init__(self, row, params, options):
        self.row, self.params, self.options = row, params, options
        self.args, self.opts = ctypes.c_void_p(), None
        self.progress = _Progress(options["progress"]) if options.get("progress") else None
        self.number = None

    def __enter__(self):
        try:
            self._make_args()
            self._make_opts()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        lib.msptk_args_free(self.args)
        lib.msptk_call_opts_free(self.opts)
        self.args, self.opts = ctypes.c_void_p(), None

    def _make_args(self):
        err = ctypes.c_void_p()
        with Tree(self.params, self.row["name"]) as tree:
            check(lib.msptk_args_from_json(self.row["name"].encode(), tree, ctypes.byref(self.args), ctypes.byref(err)), err)

    def _make_opts(self):
        self.opts = lib.msptk_call_opts_new()
        if not self.opts:
            raise MemoryError
        self._set("door", "python")
        for name in ("principal", "plan_token", "idempotency_key", "trace_id"):
            if self.options.get(name) is not None:
                self._set(name, self.options[name])
        if self.options.get("timeout") is not None:
            self._set("timeout_ms", max(to_ms(self.options["timeout"]), 1))
        for name in ("plan", "read_only"):
            if self.options.get(name):
                self._set(name, 1)
        if self.options.get("cancel") is not None:
            lib.msptk_call_opts_set_cancel(self.opts, self.options["cancel"].ptr)
        if self.progress:
            self.number = keep(self)
            lib.msptk_call_opts_set_progress(self.opts, _on_progress, self.number, forget)

    def _set(self, name, value):
        err = ctypes.c_void_p()
        if isinstance(value, int):
            check(lib.msptk_call_opts_set_int(self.opts, name.encode(), value, ctypes.byref(err)), err)
        else:
            check(lib.msptk_call_opts_set_str(self.opts, name.encode(), text_bytes(value, name), ctypes.byref(err)), err)

    def explain(self, problem):
        """What to raise for a failure: an exception of the progress callback is its cause."""
        raised = self.progress.raised if self.progress else None
        if raised is None:
            return problem
        if not isinstance(raised, Exception):
            return raised    # KeyboardInterrupt, SystemExit: the program wants to end
        problem.__cause__ = raised
        return problem

    def blocking(self, handle):
        """The result's pointer. The GIL is released meanwhile."""
        result, err = ctypes.c_void_p(), ctypes.c_void_p()
        try:
            check(lib.msptk_call(handle.ptr, self.args, self.opts, ctypes.byref(result), ctypes.byref(err)), err)
        except MSPSystemError as problem:
            raise self.explain(problem) from problem.__cause__
        return result.value


def _takes_long(row):
    return row["outside"] or row["timeout_ms"] > 0


def _interruptible(fn, cancel):
    """fn() on a thread of its own while this one, the main thread, listens for Ctrl-C; that cancels the call and waits for its
    end. A second Ctrl-C does not wait."""
    box, left = queue.SimpleQueue(), threading.Event()

    def work():
        try:
            value, problem = fn(), None
        except BaseException as raised:  # noqa: B902
            value, problem = None, raised
        if left.is_set() and value:
            lib.msptk_result_free(value)
        else:
            box.put((value, problem))

    threading.Thread(target=contextvars.copy_context().run, args=(work,), name="msptk call", daemon=True).start()
    try:
        value, problem = box.get()
    except BaseException:
        cancel.trigger()
        try:
            value, _ = box.get()
        except BaseException:
            left.set()
            raise
        lib.msptk_result_free(value)
        raise
    if problem is not None:
        raise problem
    return value


class _PageData:
    """What all pages have: the whole result as `data`, its members also as attributes (`page.summary`), its rows as `rows`."""

    def __init__(self, row, data, verdict):
        self._row, self._data, self._rows = row, data, None
        #: ok, warning, critical or unknown for an operation that judges; else ok.
        self.verdict = verdict

    @property
    def data(self):
        """The whole result, as JSON values."""
        return self._data

    @property
    def rows(self):
        """The rows of this page."""
        if self._rows is None:
            cls = row_class(self._row)
            self._rows = [cls.from_json(r) for r in self.data[self._row["result"]["rows"]]]
        return self._rows

    @property
    def next_cursor(self):
        """Where the next page begins; None after the last."""
        return self.data.get("next_cursor")

    def __getitem__(self, key):
        return self.data[key]

    def __contains__(self, key):
        return key in self.data

    def __getattr__(self, name):
        if not name.startswith("_") and name in self.data:
            return self.data[name]
        raise AttributeError("the result of %s has no field '%s'" % (self._row["name"], name))

    def __repr__(self):
        return "<%s of %s: %d rows%s>" % (type(self).__name__, self._row["name"], len(self.rows),
                                         " and more" if self.next_cursor else "")


class Page(_PageData):
    """A result of rows. Iterating gives every row, and reads further pages as they are needed: memory stays bounded. A result
    of more than one page can be walked once."""

    def __init__(self, handle, row, result):
        verdict = _STATUS[lib.msptk_result_verdict(result)]
        super().__init__(row, None, verdict)
        self._handle, self._result, self._walked = handle, result, False
        self._lock = threading.Lock()    # a result belongs to one thread at a time
        self._end = weakref.finalize(self, lib.msptk_result_free, result)
        self._end.atexit = False

    @property
    def data(self):
        """The whole first page, as JSON values."""
        with self._lock:
            if self._data is None:
                if not self._end.alive:
                    raise MSPSystemError("this page was closed", status="E_CLOSED")
                self._data = load(lib.msptk_result_json(self._result))
            return self._data

    def _next(self):
        """JSON text of the next row; None after the last."""
        row, err = ctypes.c_void_p(), ctypes.c_void_p()
        with self._lock:
            if not self._end.alive:
                raise MSPSystemError("this page was closed", status="E_CLOSED")
            if check(lib.msptk_result_next(self._result, ctypes.byref(row), ctypes.byref(err)), err) != 0:
                return None
            return tree_text(row)

    def __iter__(self):
        if not self.next_cursor:
            return iter(self.rows)
        if self._walked:
            raise RuntimeError("a result of several pages can be walked once; `rows` has the first of them")
        self._walked = True
        return self._walk()

    def _walk(self):
        cls = row_class(self._row)
        while True:
            text = self._next()
            if text is None:
                return
            yield cls.from_json(json.loads(text))

    def close(self):
        """Let go of the memory now and not when Python finds the time."""
        with self._lock:
            self._end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class AsyncPage(_PageData):
    """A result of rows; `async for` gives every row, and asks for further pages as they are needed."""

    def __init__(self, operation, params, options, data, verdict):
        super().__init__(operation.row, data, verdict)
        self._operation, self._params, self._options = operation, params, options

    async def __aiter__(self):
        page, params = self, dict(self._params)
        while True:
            for row in page.rows:
                yield row
            if not page.next_cursor or "limit" in self._params:
                return
            params["cursor"] = page.next_cursor
            page = await self._operation._start(params, self._options)


def _typed(row, options, data):
    if options.get("plan"):
        return Plan.from_json(data)
    return record_class(row).from_json(data)


def _spelled(name):
    """A parameter whose name is a word of Python gets an underscore: `for_`."""
    return name + "_" if keyword.iskeyword(name) else name


def option_names(row):
    """How each option is called for this operation: {spelled: option}."""
    taken = {p["name"] for p in row["params"]}
    return {("call_" + name if name in taken else name): name for name in OPTIONS}


def signature_of(row):
    """What is required may be given by position; everything else by name."""
    kind = inspect.Parameter
    params = [kind(_spelled(p["name"]), kind.POSITIONAL_OR_KEYWORD if p["required"] else kind.KEYWORD_ONLY,
                   default=kind.empty if p["required"] else p.get("default")) for p in row["params"]]
    params.sort(key=lambda p: p.kind)
    params += [kind(name, kind.KEYWORD_ONLY, default=None) for name in option_names(row)]
    return inspect.Signature(params)


def doc_of(row):
    """The documentation of an operation, from its row."""
    lines = [row["title"] + ".", "", row["description"], ""]
    for p in row["params"]:
        unit = ", in %s" % p["unit"] if p.get("unit") else ""
        if p["type"] == "duration":
            unit = "; a timedelta, seconds, or text such as '8h'"
        values = ", one of %s" % ", ".join(p["values"]) if p.get("values") and p["type"] == "enum" else ""
        default = ", %s when not given" % p["default"] if "default" in p else ""
        lines.append("%s: %s%s%s%s" % (_spelled(p["name"]), p["description"], unit, values, default))
    lines += ["", "Errors: " + ", ".join(dict.fromkeys(e["reason"] for e in row["errors"])) + "."] if row["errors"] else []
    return "\n".join(lines)


class Operation:
    """One operation of the table, as a function. `row` is its row."""

    def __init__(self, handle, row):
        self._handle, self.row = handle, row
        self.__name__ = self.__qualname__ = self.name = row["name"]

    @property
    def __doc__(self):
        return doc_of(self.row)

    @property
    def __signature__(self):
        return signature_of(self.row)

    def __repr__(self):
        return "<operation %s%s>" % (self.name, self.__signature__)

    def _bind(self, args, kwargs):
        """(parameters, options). What is unknown goes to the library, which says what there is instead."""
        names = self.row["params"]
        required = [p["name"] for p in names if p["required"]] if args else ()
        if len(args) > len(required):
            raise InvalidParameters("%s takes %d parameters by position; give the others by name" % (self.name,
                                                                                                     len(required)))
        params = dict(zip(required, args))
        options = {name: kwargs.pop(spelled) for spelled, name in option_names(self.row).items() if spelled in kwargs}
        spelled = {_spelled(p["name"]): p["name"] for p in names}
        for name, value in kwargs.items():
            name = spelled.get(name, name)
            if name in params:
                raise InvalidParameters("%s: '%s' was given twice" % (self.name, name))
            if value is not None:
                params[name] = value
        return params, options

    def __call__(self, *args, **kwargs):
        params, options = self._bind(args, kwargs)
        long = _takes_long(self.row) and threading.get_ident() == threading.main_thread().ident
        if long and options.get("cancel") is None:
            options["cancel"] = Cancel()

        def work():
            with _Call(self.row, params, options) as call:
                return call.blocking(self._handle)

        result = _interruptible(work, options["cancel"]) if long else work()
        if self.row["result"]["kind"] == "record" or options.get("plan"):
            try:
                return _typed(self.row, options, load(lib.msptk_result_json(result)))
            finally:
                lib.msptk_result_free(result)
        return Page(self._handle, self.row, result)


class _Future:
    """One asynchronous call: what the dispatch thread needs to tell its loop."""

    def __init__(self, call):
        self.call, self.progress = call, call.progress
        self.loop = asyncio.get_running_loop()
        self.future = self.loop.create_future()
        self.future.add_done_callback(lambda f: f.cancelled() or f.exception())    # a task that was cancelled does not ask

    def tell(self, value, problem):
        try:
            self.loop.call_soon_threadsafe(self._set, value, problem)
        except RuntimeError:
            pass    # the loop has ended; nobody waits any more

    def _set(self, value, problem):
        if self.future.done():
            return
        if problem is not None:
            self.future.set_exception(problem)
        else:
            self.future.set_result(value)


@DONE
def _on_done(number, status, result, err):
    call = live.get(number)
    if call is None:
        return
    try:
        with in_callback():
            if status < 0:
                call.tell(None, call.call.explain(borrowed_error(err, status)))
            else:
                call.tell((load(lib.msptk_result_json(result)), _STATUS[lib.msptk_result_verdict(result)]), None)
    except BaseException as problem:  # noqa: B902
        call.tell(None, problem)


class AsyncOperation(Operation):
    """One operation as a coroutine function. Cancelling the task cancels the call."""

    def __init__(self, handle, row, gates):
        super().__init__(handle, row)
        self._gates = gates

    def __call__(self, *args, **kwargs):
        return self._start(*self._bind(args, kwargs))

    def _gate(self):
        loop = asyncio.get_running_loop()
        gate = self._gates.get(loop)
        if gate is None:
            gate = self._gates[loop] = asyncio.Semaphore(_AT_ONCE)
        return gate

    async def _start(self, params, options):
        options = dict(options)
        if options.get("cancel") is None:
            options["cancel"] = Cancel()
        async with self._gate():
            data, verdict = await self._wait(await self._begin_in_turn(params, options), options["cancel"])
        if self.row["result"]["kind"] == "record" or options.get("plan"):
            return _typed(self.row, options, data)
        return AsyncPage(self, params, options, data, verdict)

    async def _begin_in_turn(self, params, options):
        """The library refuses more calls at once than it has threads for: other loops, and threads that are just ending."""
        pause, deadline = 0.001, time.monotonic() + _TURN_S
        while True:
            try:
                return self._begin(params, options)
            except MSPSystemError as problem:
                if problem.status != "E_BUSY" or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, 0.05)

    def _begin(self, params, options):
        err = ctypes.c_void_p()
        with _Call(self.row, params, dict(options, progress=None)) as call:
            call.progress = _Progress(options["progress"]) if options.get("progress") else None
            made = _Future(call)
            number = keep(made)
            if call.progress:
                # The library copies the options; the progress lives as long as `made`, that is until `forget`.
                lib.msptk_call_opts_set_progress(call.opts, _on_progress, number, _no_destroy)
            try:
                check(lib.msptk_call_async(self._handle.ptr, call.args, call.opts, _on_done, number, forget,
                                           ctypes.byref(err)), err)
            except BaseException:
                live.pop(number, None)
                raise
        return made.future

    async def _wait(self, future, cancel):
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            cancel.trigger()
            await asyncio.wait([future])    # what the call has begun is over when the task ends
            raise


_no_destroy = ctypes.cast(None, type(forget))


class Ops:
    """Every operation of the library: `ops.client_list(...)`, `ops["client_list"]`, `for operation in ops`."""

    def __init__(self, handle):
        self._handle = handle

    def _make(self, row):
        return Operation(self._handle, row)

    def __getattr__(self, name):
        row = None if name.startswith("_") else table().get(name)
        if row is None:
            raise AttributeError("there is no operation '%s'" % name)
        return self._make(row)

    def __getitem__(self, name):
        return self._make(table()[name])

    def __iter__(self):
        return (self._make(row) for row in table().values())

    def __len__(self):
        return len(table())

    def __contains__(self, name):
        return name in table()

    def __dir__(self):
        return sorted(table())


class AsyncOps(Ops):
    """Every operation of the library as a coroutine function, for asyncio."""

    def __init__(self, handle, gates):
        super().__init__(handle)
        self._gates = gates

    def _make(self, row):
        return AsyncOperation(self._handle, row, self._gates)


_table: typing.Optional[typing.Dict[str, dict]] = None


def table():
    """Name -> row of every operation that this door has; the table of the library that is loaded."""
    global _table
    if _table is None:
        tree, err = ctypes.c_void_p(), ctypes.c_void_p()
        check(lib.msptk_operations(ctypes.byref(tree), ctypes.byref(err)), err)
        _table = {row["name"]: row for row in take(tree)["operations"] if "python" in row["doors"]}
    return _table
