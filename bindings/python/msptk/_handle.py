"""The toolkit's handle, and the objects that callbacks find by number.

Everything that uses a toolkit holds its Handle, so the memory is freed only when nobody can use it any more, in whatever order
Python lets go. Closing and freeing are two things: `close` ends the work and makes everything else answer E_CLOSED, the
finalizer drops the memory.
"""
import atexit
import ctypes
import itertools
import os
import threading
import time
import weakref

from ._lib import CLOCK, DESTROY, LOG, lib
from ._values import to_us
from .errors import MSPSystemError, check

# What callbacks need, by the number that they are handed as `user`. A number that is gone is a callback that came too late.
live = {}
_numbers = itertools.count(1)
# Thunks of toolkits that were freed while something still ran.
_immortal = []
_handles = weakref.WeakSet()
# How long a toolkit that nobody holds any more is waited for; usually its audit trail is written, and that is all.
_PATIENCE_MS = 2000
_callback = threading.local()


def keep(thing):
    """Let callbacks find a thing; gives its number."""
    number = next(_numbers)
    live[number] = thing
    return number


@DESTROY
def forget(number):
    """A `destroy` function of the library: callbacks do not come any more."""
    live.pop(number, None)


class in_callback:  # noqa: N801  (a with-statement reads like a word)
    """Marks that Python runs below a callback of the library: a toolkit must not be freed there."""

    def __enter__(self):
        _callback.depth = getattr(_callback, "depth", 0) + 1

    def __exit__(self, *_):
        _callback.depth -= 1


def is_in_callback():
    return getattr(_callback, "depth", 0) > 0


class Handle:
    """One open toolkit of the library."""

    def __init__(self, ptr, numbers, thunks):
        self._ptr = ptr
        self.thunks = thunks    # callbacks that the library calls as long as the toolkit lives
        self._end = weakref.finalize(self, _free, ptr, numbers, thunks, os.getpid())
        self._end.atexit = False    # at the end of the process it is closed, not freed: other threads may still hold it
        _handles.add(self)

    @property
    def ptr(self):
        """The pointer; a child of fork() must not use its parent's."""
        if self._ptr is None:
            raise MSPSystemError("this toolkit was opened before a fork; open one in this process", status="E_CLOSED")
        return self._ptr

    def close(self, deadline):
        err = ctypes.c_void_p()
        check(lib.msptk_toolkit_close(self.ptr, int(deadline * 1000), ctypes.byref(err)), err)

    def lost(self):
        """This is a child of fork(): neither threads nor database are ours."""
        self._ptr = None
        self._end.detach()


def _free(ptr, numbers, thunks, pid):
    if os.getpid() != pid:
        return
    if is_in_callback():
        threading.Thread(target=_free, args=(ptr, numbers, thunks, pid)).start()
        return
    done = lib.msptk_toolkit_close(ptr, _PATIENCE_MS, None) == 0
    lib.msptk_toolkit_free(ptr)
    if not done:
        _immortal.append((thunks, [live.get(n) for n in numbers]))
        return
    for number in numbers:
        live.pop(number, None)


@atexit.register
def _close_all():
    """Callbacks into an interpreter that has ended would be fatal."""
    for handle in list(_handles):
        if handle._ptr is not None:
            lib.msptk_toolkit_close(handle._ptr, 10000, None)


def _after_fork():
    for handle in list(_handles):
        handle.lost()


os.register_at_fork(after_in_child=_after_fork)


@CLOCK
def _clock(number):
    try:
        with in_callback():
            return to_us(live[number]())
    except BaseException:  # noqa: B902  (a clock has no way to fail; an exception must not cross C)
        return time.time_ns() // 1000


LEVELS = ("debug", "info", "warning", "error")


@LOG
def _log(number, level, room, message):
    try:
        with in_callback():
            live[number](LEVELS[min(max(level, 0), 3)], room.decode("utf-8", "replace"), message.decode("utf-8", "replace"))
    except BaseException:  # noqa: B902
        pass


def set_clock(opts, clock):
    """Gives the number to be forgotten with the toolkit."""
    number = keep(clock)
    lib.msptk_toolkit_opts_set_clock(opts, _clock, number)
    return number


def set_log(opts, log):
    number = keep(log)
    lib.msptk_toolkit_opts_set_log(opts, _log, number)
    return number
