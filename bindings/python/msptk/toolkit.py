"""MSPToolkit: the root of everything."""
import ctypes
import os
import weakref
from typing import Any, Callable, Mapping, Optional, Type, Union

from . import sdk
from ._handle import Handle, live, set_clock, set_log
from ._lib import lib
from ._values import dump, text_bytes
from .errors import check
from .managers import AlertManager, ClientManager, ConfiguredAdapter, DeviceManager, HealthMonitor, Vault
from .ops import AsyncOps, Ops

_READ_ENVIRONMENT, _SEARCH_CONFIG, _READ_ONLY, _LAZY, _DISPATCH_THREAD, _NO_CHANGES = 1, 2, 4, 8, 16, 32


def _set(opts: Any, key: str, value: Any) -> None:
    err = ctypes.c_void_p()
    text = text_bytes(value, key) if isinstance(value, (str, bytes)) else dump(value, key)    # JSON is YAML
    check(lib.msptk_toolkit_opts_set(opts, text_bytes(key, "key"), text, ctypes.byref(err)), err)


def _set_up(opts: Any, numbers: list, config_path: Any, flags: int, settings: Mapping[str, Any], clock: Any,
            log: Any) -> None:
    err = ctypes.c_void_p()
    if config_path is not None:
        path = text_bytes(os.fspath(config_path), "config_path")
        check(lib.msptk_toolkit_opts_set_config_path(opts, path, ctypes.byref(err)), err)
    check(lib.msptk_toolkit_opts_set_flags(opts, flags, ctypes.byref(err)), err)
    for key, value in settings.items():
        _set(opts, key, value)
    if clock is not None:
        numbers.append(set_clock(opts, clock))
    if log is not None:
        numbers.append(set_log(opts, log))


def _open(config_path: Any, flags: int, settings: Mapping[str, Any], clock: Any, log: Any) -> Handle:
    opts, numbers, err, tk = lib.msptk_toolkit_opts_new(), [], ctypes.c_void_p(), ctypes.c_void_p()
    if not opts:
        raise MemoryError
    try:
        _set_up(opts, numbers, config_path, flags, settings, clock, log)
        check(lib.msptk_toolkit_open(opts, ctypes.byref(tk), ctypes.byref(err)), err)
    except BaseException:
        for number in numbers:
            live.pop(number, None)
        raise
    finally:
        lib.msptk_toolkit_opts_free(opts)
    return Handle(tk.value, numbers, [])


class Aio:
    """The toolkit for asyncio: `await toolkit.aio.ops.client_list()`. Cancelling the task cancels the call."""

    def __init__(self, handle: Handle, gates: Any) -> None:
        self._handle = handle
        #: Every operation as a coroutine function.
        self.ops = AsyncOps(handle, gates)

    async def close(self, deadline: float = 10.0) -> None:
        """Close the toolkit without holding the event loop up."""
        import asyncio
        await asyncio.get_running_loop().run_in_executor(None, self._handle.close, deadline)


class MSPToolkit:
    """One open toolkit: configuration, store, vault and adapters. Safe from any thread.

    config_path       the configuration file; without it every setting has its default and the store lives in memory
    read_environment  True lets MSPTK_... variables, `.env` and `env:` references count, as the command line does
    search_config     True looks for a configuration file in the usual places
    read_only         True refuses whatever changes state, and writes nothing
    no_changes        True refuses operations that change state; what is observed and the audit trail are still written
    lazy              True opens each part when it is first needed
    settings          key -> value above what the file says ("database.path", "adapters"); "principal" says who acts
    clock             returns the time, a datetime or microseconds UTC; for tests. Called from any thread
    log               called with (level, room, message) from any thread; it must not use the toolkit
    """

    def __init__(self, config_path: Union[str, "os.PathLike[str]", None] = None, *, read_environment: bool = False,
                 search_config: bool = False, read_only: bool = False, no_changes: bool = False, lazy: bool = False,
                 settings: Optional[Mapping[str, Any]] = None, clock: Optional[Callable[[], Any]] = None,
                 log: Optional[Callable[[str, str, str], Any]] = None) -> None:
        flags = _DISPATCH_THREAD
        for wanted, flag in ((read_environment, _READ_ENVIRONMENT), (search_config, _SEARCH_CONFIG), (read_only, _READ_ONLY),
                             (no_changes, _NO_CHANGES), (lazy, _LAZY)):
            flags |= flag if wanted else 0
        self._handle = _open(config_path, flags, settings or {}, clock, log)
        self._gates: Any = weakref.WeakKeyDictionary()

    @classmethod
    def from_config(cls, config_path: Union[str, "os.PathLike[str]"], **options: Any) -> "MSPToolkit":
        """Open a toolkit from a configuration file; options are those of MSPToolkit()."""
        return cls(config_path, **options)

    @property
    def ops(self) -> Ops:
        """Every operation of the library as a function."""
        return Ops(self._handle)

    @property
    def aio(self) -> Aio:
        """The same for asyncio."""
        return Aio(self._handle, self._gates)

    def get_client_manager(self) -> ClientManager:
        """The clients of this toolkit."""
        return ClientManager(self._handle)

    def get_device_manager(self) -> DeviceManager:
        """The devices of this toolkit."""
        return DeviceManager(self._handle)

    def get_health_monitor(self) -> HealthMonitor:
        """The health checks of this toolkit."""
        return HealthMonitor(self._handle)

    def get_alert_manager(self) -> AlertManager:
        """The alerts of this toolkit."""
        return AlertManager(self._handle)

    def get_vault(self) -> Vault:
        """The secrets of this toolkit."""
        return Vault(self._handle)

    def get_rmm_adapter(self, name: Optional[str] = None) -> ConfiguredAdapter:
        """An adapter instance of the configuration; without a name "rmm", or the only one there is."""
        rmm, err = ctypes.c_void_p(), ctypes.c_void_p()
        asked = None if name is None else text_bytes(name, "name")
        check(lib.msptk_toolkit_get_rmm_adapter(self._handle.ptr, asked, ctypes.byref(rmm), ctypes.byref(err)), err)
        if name is None:    # the library has found one by its rule; only its name is not told
            names = [row["name"] for row in self.ops.adapter_list()]
            name = "rmm" if "rmm" in names else names[0]
        return ConfiguredAdapter(self._handle, name)

    def register_plugin(self, plugin: Any) -> None:
        """Register a check, a class or an object like sdk.Plugin; it runs in every health check from now on."""
        sdk.register_plugin(self._handle, plugin)

    def register_adapter(self, adapter: Type[sdk.RMMAdapter]) -> None:
        """Register a kind of adapter, so that the configuration can name its type."""
        sdk.register_adapter(self._handle, adapter)

    def close(self, deadline: float = 10.0) -> None:
        """Refuse new work, cancel what runs, wait for it for so many seconds, close. MSPError with status E_TIMEOUT names what
        still runs; then it may be called again. Afterwards everything answers E_CLOSED."""
        self._handle.close(deadline)

    def __enter__(self) -> "MSPToolkit":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
