"""The managers of the original design: short names for operations, nothing more. Each method says which operation it is;
further keyword arguments go to it, options of a call (`plan=`, `timeout=`, `progress=` ...) included.
"""
import ctypes
import shlex
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Union

from ._lib import lib
from ._values import take, text_bytes
from .errors import check
from .ops import Ops
from .records import Alert, CheckResult, Client, CommandResult, DeploymentResult, Device, HealthSummary, Plan, Time
from .sdk import RMMAdapter


class _Manager:
    def __init__(self, handle: Any) -> None:
        self._handle, self._ops = handle, Ops(handle)


def _done(result: Any, field: str) -> Any:
    """What the library says was done, as a bool; a plan stays a plan."""
    return result if isinstance(result, Plan) else bool(result[field])


class ClientManager(_Manager):
    """The clients: companies that are looked after."""

    def create(self, name: str, **params: Any) -> Client:
        """Create a client (client_create); its id is made from the name unless `id` is given."""
        return self._ops.client_create(name=name, **params)

    def get_client(self, client_id: str) -> Client:
        """Read one client (client_get); ClientNotFound."""
        return self._ops.client_get(client_id=client_id)

    def list_clients(self, filters: Optional[Mapping[str, Any]] = None, **params: Any) -> List[Client]:
        """All clients that match (client_list), by id: tier, status, search."""
        return list(self._ops.client_list(**{**(filters or {}), **params}))

    def update(self, client_id: str, **params: Any) -> Client:
        """Change a client (client_update); what is not given stays. With `plan=True` a Plan."""
        return self._ops.client_update(client_id=client_id, **params)

    def delete(self, client_id: str, **options: Any) -> Any:
        """Delete a client (client_delete): it is hidden and no longer checked. Whether it was; with `plan=True` a Plan."""
        return _done(self._ops.client_delete(client_id=client_id, **options), "deleted")


class DeviceManager(_Manager):
    """The devices of clients."""

    def add(self, client_id: str, **params: Any) -> Device:
        """Enrol a device by hand (device_add)."""
        return self._ops.device_add(client_id=client_id, **params)

    def get_device(self, device_id: str) -> Device:
        """Read one device (device_get)."""
        return self._ops.device_get(device_id=device_id)

    def list_devices(self, client_id: Optional[str] = None, **params: Any) -> List[Device]:
        """All devices that match (device_list): status, adapter, search."""
        return list(self._ops.device_list(client_id=client_id, **params))

    def update(self, device_id: str, **params: Any) -> Device:
        """Change a device (device_update)."""
        return self._ops.device_update(device_id=device_id, **params)

    def remove(self, device_id: str, **options: Any) -> Any:
        """Take a device out (device_remove). Whether it was; with `plan=True` a Plan."""
        return _done(self._ops.device_remove(device_id=device_id, **options), "removed")


class CheckResults(List[CheckResult]):
    """The results of a run or of the past, as a list; `summary`, `status`, `counts` and `coverage` of a run stand in `run`."""

    run: Dict[str, Any] = {}

    @property
    def status(self) -> str:
        """The worst of a run: ok, warning, critical or unknown."""
        return self.run.get("status", "unknown")

    @property
    def summary(self) -> str:
        """A run in one line, with its coverage."""
        return self.run.get("summary", "")


def _results(page: Any) -> CheckResults:
    made = CheckResults(page)
    made.run = {key: value for key, value in page.data.items() if key != "results"}
    return made


class HealthMonitor(_Manager):
    """Health: run checks, read what they found, decide what is too much."""

    def run_checks(self, client_id: Optional[str] = None, check_types: Optional[Iterable[str]] = None,
                   **params: Any) -> CheckResults:
        """Run checks and wait for them (health_check). Without a client every active one is checked. Bad health is a result
        and no exception."""
        return _results(self._ops.health_check(client_id=client_id, check_types=check_types, **params))

    def get_history(self, client_id: str, days: int = 7, **params: Any) -> CheckResults:
        """Past results, newest first (health_history)."""
        return _results(self._ops.health_history(client_id=client_id, days=days, **params))

    def configure(self, client_id: Optional[str] = None, config: Optional[Mapping[str, Any]] = None, **params: Any) -> Any:
        """Set thresholds and parameters of checks (health_configure), for a client, or `tier=`, or `device_id=`. Whether
        anything is different now; with `plan=True` a Plan."""
        return _done(self._ops.health_configure(client_id=client_id, config=config, **params), "changes")

    def get_status_summary(self, client_id: str) -> HealthSummary:
        """What is known of the health of a client now, with its age and coverage. Asks nobody."""
        summary, err = ctypes.c_void_p(), ctypes.c_void_p()
        monitor = lib.msptk_toolkit_get_health_monitor(self._handle.ptr)
        check(lib.msptk_health_monitor_get_status_summary(monitor, text_bytes(client_id, "client_id"), ctypes.byref(summary),
                                                          ctypes.byref(err)), err)
        return HealthSummary.from_json(take(summary))


class AlertManager(_Manager):
    """The alerts: one for each problem."""

    def list_alerts(self, client_id: Optional[str] = None, **params: Any) -> List[Alert]:
        """Alerts, worst first (alert_list): severity, since, status."""
        return list(self._ops.alert_list(client_id=client_id, **params))

    def acknowledge(self, alert_id: str, note: Optional[str] = None, **params: Any) -> Alert:
        """Acknowledge an alert so that it stops paging (alert_ack)."""
        return self._ops.alert_ack(alert_id=alert_id, note=note, **params)

    def resolve(self, alert_id: str, note: Optional[str] = None, **params: Any) -> Alert:
        """Resolve an alert by hand (alert_resolve); it opens anew if the problem is seen again."""
        return self._ops.alert_resolve(alert_id=alert_id, note=note, **params)

    def snooze(self, alert_id: str, **params: Any) -> Alert:
        """Keep an alert quiet for a while (alert_snooze): `for_="4h"`, `until=` a datetime, or `end=True`."""
        return self._ops.alert_snooze(alert_id=alert_id, **params)


class Vault(_Manager):
    """The secrets: they go in by name and come out only to adapters. `vault:NAME` in the configuration refers to one."""

    def set(self, name: str, secret: Union[str, bytes]) -> None:
        """Store a secret, or replace it: UTF-8 text of 1 to 65,536 bytes."""
        data = secret.encode("utf-8") if isinstance(secret, str) else bytes(secret)
        err = ctypes.c_void_p()
        vault = lib.msptk_toolkit_get_vault(self._handle.ptr)
        check(lib.msptk_vault_set(vault, text_bytes(name, "name"), data, len(data), ctypes.byref(err)), err)

    def remove(self, name: str) -> None:
        """Remove a secret."""
        err = ctypes.c_void_p()
        vault = lib.msptk_toolkit_get_vault(self._handle.ptr)
        check(lib.msptk_vault_remove(vault, text_bytes(name, "name"), ctypes.byref(err)), err)

    def list(self) -> List[Any]:
        """Names of the secrets and when they changed (secret_list); never their values."""
        return [row for row in self._ops.secret_list()]


class ConfiguredAdapter(RMMAdapter, _Manager):
    """One adapter instance of the configuration, used from outside."""

    def __init__(self, handle: Any, name: str) -> None:
        _Manager.__init__(self, handle)
        #: Name of the instance in the configuration.
        self.name = name

    def __repr__(self) -> str:
        return "<adapter %s>" % self.name

    def probe(self, **options: Any) -> Any:
        """Prove that the other side is there (adapter_probe); its row."""
        return next(iter(self._ops.adapter_probe(adapter=self.name, **options)))

    def get_devices(self, client_id: Optional[str] = None, **options: Any) -> List[Device]:
        """Ask the vendor for the devices of a client, and remember them (device_scan).

        `client_id` is ours; a client's `rmm_id` is understood too, and means that client. Without it every client that the
        adapter serves is asked for.
        """
        return list(self._ops.device_scan(adapter=self.name, client_id=getattr(client_id, "client_id", client_id), **options))

    def get_alerts(self, client_id: str, since: Time = None, **options: Any) -> List[Alert]:
        """Ask the vendor for its alerts of a client (adapter_alerts)."""
        return list(self._ops.adapter_alerts(adapter=self.name, client_id=getattr(client_id, "client_id", client_id),
                                             since=since, **options))

    def execute_command(self, device_id: str, command: Union[str, Sequence[str]], **options: Any) -> CommandResult:
        """Run a command on a device and wait for its end (command_run). `command` is a list of words; one text is split into
        words as a shell would, but no shell is involved. A command that failed is a result."""
        words = shlex.split(command) if isinstance(command, str) else list(command)
        return self._ops.command_run(adapter=self.name, device_id=device_id, argv=words, **options)

    def deploy_agent(self, device: Union[Device, str], **options: Any) -> DeploymentResult:
        """Bring the vendor's agent onto a device and wait until it was seen to check in (agent_deploy)."""
        return self._ops.agent_deploy(adapter=self.name, device_id=device if isinstance(device, str) else device.id,
                                      **options)
