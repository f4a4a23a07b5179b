"""What operations give back, as dataclasses. Fields that this version does not name are kept: `record["field"]`,
`record.field` and `record.raw` have them. Times are datetimes in UTC.
"""
import dataclasses
import datetime
from typing import Any, ClassVar, Dict, List, Mapping, Optional, Type, TypeVar

from ._values import parse_time

R = TypeVar("R", bound="Record")
Time = Optional[datetime.datetime]


class Record:
    """One JSON object of the library."""

    #: The whole object as the library gave it; empty for one that was made in Python.
    raw: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def from_json(cls: Type[R], data: Dict[str, Any]) -> R:
        """Make one from a JSON object; members without a field stay in `raw`."""
        types = _types_of(cls)
        made = cls(**{key: (parse_time(value) if types[key] == Time else value)
                      for key, value in data.items() if key in types})
        made.__dict__["raw"] = data
        return made

    def to_dict(self) -> Dict[str, Any]:
        """The object as the library gave it; for one made in Python the fields that are set."""
        if self.raw:
            return dict(self.raw)
        return {name: getattr(self, name) for name in _types_of(type(self)) if getattr(self, name) is not None}

    def __getitem__(self, key: str) -> Any:
        return self.raw[key]

    def __contains__(self, key: str) -> bool:
        return key in self.raw

    def __getattr__(self, name: str) -> Any:
        raw = self.__dict__.get("raw")
        if raw is not None and name in raw:
            return raw[name]
        raise AttributeError("%s has no field '%s'" % (type(self).__name__, name))

    def __repr__(self) -> str:
        return "%s(%s)" % (type(self).__name__, ", ".join("%s=%r" % pair for pair in self.raw.items()))


_TYPES: Dict[type, Dict[str, Any]] = {}


def _types_of(cls: type) -> Dict[str, Any]:
    """Field -> declared type; {} for the plain Record."""
    found = _TYPES.get(cls)
    if found is None:
        fields = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()
        found = _TYPES[cls] = {f.name: f.type for f in fields}
    return found


class VendorId(str):
    """A client's id at the vendor of the "rmm" adapter; "" when it has none. It remembers whose it is, so that
    `rmm.get_devices(client_id=client.rmm_id)` asks for that client and no other."""

    client_id: str

    def __new__(cls, text: Optional[str], client_id: str) -> "VendorId":
        made = super().__new__(cls, text or "")
        made.client_id = client_id
        return made

    def __getnewargs__(self) -> Any:
        return str(self), self.client_id


@dataclasses.dataclass
class Client(Record):
    """A company that is looked after. `devices`, `health` and `last_check` are filled by client_get."""

    id: str = ""
    name: str = ""
    tier: str = ""
    status: str = ""
    contact: Optional[str] = None
    contacts: List[str] = dataclasses.field(default_factory=list)
    rmm_id: str = ""
    fields: Dict[str, Any] = dataclasses.field(default_factory=dict)
    revision: int = 0
    created_at: Time = None
    updated_at: Time = None
    devices: Optional[int] = None
    health: Optional[str] = None
    last_check: Time = None
    last_seen: Time = None

    def __post_init__(self) -> None:
        self.rmm_id = VendorId(self.rmm_id, self.id)


@dataclasses.dataclass
class Device(Record):
    """A machine of a client; `status` is up, down or unknown.

    An adapter written in Python makes them with `vendor_id` (required: the vendor's own, stable), `name`, `status` and what else
    it knows of `serial machine_id macs os kind address vendor_client last_seen attributes`.
    """

    id: str = ""
    name: str = ""
    status: str = "unknown"
    client_id: Optional[str] = None
    kind: Optional[str] = None
    os: Optional[str] = None
    address: Optional[str] = None
    adapters: List[str] = dataclasses.field(default_factory=list)
    fields: Dict[str, Any] = dataclasses.field(default_factory=dict)
    attributes: Dict[str, Any] = dataclasses.field(default_factory=dict)
    revision: int = 0
    status_at: Time = None
    last_seen: Time = None
    created_at: Time = None
    updated_at: Time = None
    vendor_id: Optional[str] = None
    vendor_client: Optional[str] = None
    serial: Optional[str] = None
    machine_id: Optional[str] = None
    macs: List[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class CheckResult(Record):
    """One result of one check; `status` is ok, warning, critical or unknown.

    A check written in Python returns it, with `status` ("healthy" is read as ok), `message`, `data` (facts kept as evidence),
    `instance` when it reports several, and `metrics`: name -> number or (number, unit), which thresholds of the policy judge.
    """

    status: str = "unknown"
    message: str = ""
    data: Optional[Dict[str, Any]] = None
    name: str = ""
    check: str = ""
    instance: str = ""
    value: Optional[float] = None
    unit: Optional[str] = None
    warning: Optional[float] = None
    critical: Optional[float] = None
    device_id: Optional[str] = None
    device: Optional[str] = None
    client_id: Optional[str] = None
    checked_at: Time = None
    since: Time = None
    evidence_id: Optional[int] = None
    metrics: Optional[Mapping[str, Any]] = None


@dataclasses.dataclass
class Alert(Record):
    """One problem, however often it is seen: ours, or one that a vendor raised by itself (`vendor_alert`, `at`, `ended`).

    An adapter written in Python makes the second kind, with `vendor_alert` (the vendor's id), `severity` (warning, critical or
    unknown), `message`, and `vendor_id` of the device unless it concerns the whole client; `ended=True` says that it is over.
    """

    id: str = ""
    severity: str = "unknown"
    status: str = ""
    message: str = ""
    client_id: Optional[str] = None
    device_id: Optional[str] = None
    check: str = ""
    instance: str = ""
    state: Optional[str] = None
    value: Optional[float] = None
    unit: Optional[str] = None
    count: Optional[int] = None
    since: Time = None
    opened_at: Time = None
    changed_at: Time = None
    last_seen: Time = None
    fingerprint: Optional[str] = None
    evidence_id: Optional[int] = None
    vendor_alert: Optional[str] = None
    vendor_id: Optional[str] = None
    at: Time = None
    ended: bool = False


@dataclasses.dataclass
class Metric(Record):
    """One measured fact of one device, from an adapter written in Python. Without a `state` thresholds judge `value`."""

    vendor_id: str = ""
    check: str = ""
    metric: str = ""
    value: Optional[float] = None
    unit: Optional[str] = None
    instance: Optional[str] = None
    state: Optional[str] = None
    message: Optional[str] = None
    at: Time = None
    data: Optional[Dict[str, Any]] = None


@dataclasses.dataclass
class HealthSummary(Record):
    """What is known of the health of a client now; `age_s` is the age of that knowledge in seconds."""

    client_id: str = ""
    name: str = ""
    status: str = "unknown"
    counts: Dict[str, int] = dataclasses.field(default_factory=dict)
    coverage: Dict[str, Any] = dataclasses.field(default_factory=dict)
    summary: str = ""
    last_check: Time = None
    age_s: Optional[int] = None
    stale: bool = True
    alerts: Dict[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class CommandResult(Record):
    """How a command ended. An adapter written in Python makes it with `exit_status`, `stdout` and `stderr`."""

    exit_status: Optional[int] = None
    stdout: str = ""
    stderr: str = ""
    device_id: Optional[str] = None
    client_id: Optional[str] = None
    adapter: Optional[str] = None
    signalled: Optional[int] = None
    timed_out: bool = False
    started: bool = True
    truncated: bool = False
    took_ms: Optional[int] = None


@dataclasses.dataclass
class DeploymentResult(Record):
    """A vendor's agent was seen to check in; `evidence` says how. An adapter written in Python makes it with `evidence`."""

    evidence: str = ""
    device_id: Optional[str] = None
    client_id: Optional[str] = None
    adapter: Optional[str] = None
    checked_in: bool = False
    observed_at: Time = None


@dataclasses.dataclass
class Plan(Record):
    """What a call would change, and the token by which exactly that is done: `plan_token=plan.plan_token`."""

    changes: List[Dict[str, Any]] = dataclasses.field(default_factory=list)
    plan_token: str = ""
    plan_expires_at: Time = None
    revision: Optional[int] = None


#: Schema of a result -> its class.
RECORDS: Dict[str, Type[Record]] = {
    "msptk.client/1": Client,
    "msptk.device/1": Device,
    "msptk.alert/1": Alert,
    "msptk.health_summary/1": HealthSummary,
    "msptk.command_result/1": CommandResult,
    "msptk.agent_deployed/1": DeploymentResult,
}

#: Schema of a page -> class of its rows.
ROWS: Dict[str, Type[Record]] = {
    "msptk.client_list/1": Client,
    "msptk.device_list/1": Device,
    "msptk.device_scan/1": Device,
    "msptk.health_run/1": CheckResult,
    "msptk.health_history/1": CheckResult,
    "msptk.health_status/1": HealthSummary,
    "msptk.alert_list/1": Alert,
    "msptk.adapter_alerts/1": Alert,
}


def record_class(row: Mapping[str, Any]) -> Type[Record]:
    """The class of an operation's result, by its row of the table."""
    return RECORDS.get(row["result"]["schema"], Record)


def row_class(row: Mapping[str, Any]) -> Type[Record]:
    """The class of the rows of an operation's result, by its row of the table."""
    return ROWS.get(row["result"]["schema"], Record)


__all__ = ["Alert", "CheckResult", "Client", "CommandResult", "DeploymentResult", "Device", "HealthSummary", "Metric", "Plan",
           "Record", "VendorId"]
