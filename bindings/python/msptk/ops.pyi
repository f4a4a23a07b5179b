"""Made from the operation table by make_stubs.py; not by hand."""
import datetime
import os
from typing import (Any, AsyncIterator, Callable, Dict, Generic, Iterator, List, Literal, Mapping, Optional, Sequence, Type,
                    TypeVar, Union)

from .records import Alert, CheckResult, Client, CommandResult, DeploymentResult, Device, HealthSummary, Record

T = TypeVar("T", bound=Record)
R = TypeVar("R", bound=Record)
Time = Union[str, datetime.datetime]
Duration = Union[str, float, datetime.timedelta]
PathText = Union[str, "os.PathLike[str]"]
Progress = Callable[[int, int, str], Any]

OPTIONS: Dict[str, str]

def table() -> Dict[str, Dict[str, Any]]: ...
def option_names(row: Mapping[str, Any]) -> Dict[str, str]: ...
def signature_of(row: Mapping[str, Any]) -> Any: ...
def doc_of(row: Mapping[str, Any]) -> str: ...

class Cancel:
    def trigger(self) -> None: ...

class _PageData(Generic[T]):
    verdict: str
    @property
    def data(self) -> Dict[str, Any]: ...
    @property
    def rows(self) -> List[T]: ...
    @property
    def next_cursor(self) -> Optional[str]: ...
    def __getitem__(self, key: str) -> Any: ...
    def __contains__(self, key: str) -> bool: ...
    def __getattr__(self, name: str) -> Any: ...

class Page(_PageData[T]):
    def __iter__(self) -> Iterator[T]: ...
    def close(self) -> None: ...
    def __enter__(self) -> "Page[T]": ...
    def __exit__(self, *_: Any) -> None: ...

class AsyncPage(_PageData[T]):
    def __aiter__(self) -> AsyncIterator[T]: ...

class Operation:
    name: str
    row: Dict[str, Any]
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

def record_class(row: Mapping[str, Any]) -> Type[Record]: ...
def row_class(row: Mapping[str, Any]) -> Type[Record]: ...

class Ops:
    def __init__(self, *args: Any) -> None: ...
    def __getitem__(self, name: str) -> Operation: ...
    def __iter__(self) -> Iterator[Operation]: ...
    def __len__(self) -> int: ...
    def __contains__(self, name: object) -> bool: ...
    def client_create(self, name: str, *, contact: Optional[str] = ...,
            tier: Optional[Literal["bronze", "silver", "gold", "premium"]] = ...,
            status: Optional[Literal["active", "inactive", "suspended"]] = ..., id: Optional[str] = ...,
            rmm_id: Optional[str] = ..., contacts: Optional[Union[str, Sequence[str]]] = ...,
            fields: Optional[Union[str, Mapping[str, Any]]] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Client:
        """add a client"""
        ...
    def client_list(self, *, tier: Optional[Literal["bronze", "silver", "gold", "premium"]] = ...,
            status: Optional[Literal["active", "inactive", "suspended"]] = ..., search: Optional[str] = ...,
            limit: Optional[int] = ..., cursor: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Page[Client]:
        """list clients"""
        ...
    def client_get(self, client_id: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Client:
        """show one client, and what of it is not covered"""
        ...
    def client_update(self, client_id: str, *, name: Optional[str] = ..., contact: Optional[str] = ...,
            tier: Optional[Literal["bronze", "silver", "gold", "premium"]] = ...,
            status: Optional[Literal["active", "inactive", "suspended"]] = ..., rmm_id: Optional[str] = ...,
            contacts: Optional[Union[str, Sequence[str]]] = ..., fields: Optional[Union[str, Mapping[str, Any]]] = ...,
            revision: Optional[int] = ..., plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Client:
        """change a client"""
        ...
    def client_delete(self, client_id: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Record:
        """remove a client; its history is kept until retention ends"""
        ...
    def client_import(self, file: PathText, *, skip_bad: Optional[bool] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Page[Record]:
        """add the clients of a CSV file; those that exist are left alone"""
        ...
    def device_list(self, *, client_id: Optional[str] = ..., status: Optional[Literal["up", "down", "unknown"]] = ...,
            adapter: Optional[str] = ..., search: Optional[str] = ..., limit: Optional[int] = ...,
            cursor: Optional[str] = ..., plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Page[Device]:
        """list devices, and whether they are up"""
        ...
    def device_get(self, device_id: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Device:
        """show one device: keys, sources, conflicts, presence and its age"""
        ...
    def device_add(self, client_id: str, *, name: Optional[str] = ..., this_machine: Optional[bool] = ...,
            adapter: Optional[str] = ..., vendor_id: Optional[str] = ..., serial: Optional[str] = ...,
            machine_id: Optional[str] = ..., macs: Optional[Union[str, Sequence[str]]] = ...,
            address: Optional[str] = ..., os: Optional[str] = ..., kind: Optional[str] = ..., id: Optional[str] = ...,
            fields: Optional[Union[str, Mapping[str, Any]]] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Device:
        """enrol a device by hand, or the machine you are on"""
        ...
    def device_update(self, device_id: str, *, name: Optional[str] = ..., client_id: Optional[str] = ...,
            address: Optional[str] = ..., os: Optional[str] = ..., kind: Optional[str] = ...,
            fields: Optional[Union[str, Mapping[str, Any]]] = ..., revision: Optional[int] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Device:
        """change a device, or move it to another client"""
        ...
    def device_remove(self, device_id: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Record:
        """take a device out; its history is kept until retention ends"""
        ...
    def device_merge(self, device_id: str, into: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Device:
        """say that two devices are one machine"""
        ...
    def device_unmerge(self, device_id: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Device:
        """take apart what was merged"""
        ...
    def device_scan(self, *, client_id: Optional[str] = ..., adapter: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Page[Device]:
        """ask the adapters for the devices of clients"""
        ...
    def agent_deploy(self, device_id: str, *, adapter: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> DeploymentResult:
        """bring an adapter's agent onto a device, and see it check in"""
        ...
    def command_run(self, device_id: str, argv: Sequence[str], *, adapter: Optional[str] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> CommandResult:
        """run a command on a device and wait for its end"""
        ...
    def adapter_list(self, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Page[Record]:
        """list the configured adapters and what each can do"""
        ...
    def adapter_probe(self, *, adapter: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Page[Record]:
        """ask adapters whether they answer and take the credentials"""
        ...
    def adapter_alerts(self, client_id: str, *, adapter: Optional[str] = ..., since: Optional[Time] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Page[Alert]:
        """ask an adapter for the alerts that it raised by itself"""
        ...
    def health_configure(self, *, client_id: Optional[str] = ...,
            tier: Optional[Literal["bronze", "silver", "gold", "premium"]] = ..., device_id: Optional[str] = ...,
            config: Optional[Union[str, Mapping[str, Any]]] = ..., cpu: Optional[float] = ...,
            memory: Optional[float] = ..., disk: Optional[float] = ..., set: Optional[Union[str, Sequence[str]]] = ...,
            unset: Optional[Union[str, Sequence[str]]] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Page[Record]:
        """set thresholds of a client, a tier or a device, or show them"""
        ...
    def health_check(self, *, client_id: Optional[str] = ..., all: Optional[bool] = ...,
            check_types: Optional[Union[str, Sequence[str]]] = ..., device_id: Optional[str] = ...,
            threshold_override: Optional[Union[str, Mapping[str, Any]]] = ..., limit: Optional[int] = ...,
            cursor: Optional[str] = ..., plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Page[CheckResult]:
        """check the health of one client or of all"""
        ...
    def health_history(self, client_id: str, *, days: Optional[int] = ..., device_id: Optional[str] = ...,
            check_types: Optional[Union[str, Sequence[str]]] = ..., daily: Optional[bool] = ...,
            limit: Optional[int] = ..., cursor: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Page[CheckResult]:
        """past results, newest first"""
        ...
    def health_status(self, *, client_id: Optional[str] = ..., limit: Optional[int] = ..., cursor: Optional[str] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Page[HealthSummary]:
        """what is known of the health of clients, with its age"""
        ...
    def health_morning(self, *, client_id: Optional[str] = ..., since: Optional[Time] = ..., limit: Optional[int] = ...,
            cursor: Optional[str] = ..., plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Page[Record]:
        """per client: new, still and fixed since yesterday, and what did not report"""
        ...
    def alert_list(self, *, client_id: Optional[str] = ..., device_id: Optional[str] = ...,
            severity: Optional[Literal["critical", "warning", "info", "unknown"]] = ..., since: Optional[Time] = ...,
            status: Optional[Literal["active", "all", "open", "acknowledged", "resolved", "snoozed", "accepted"]] = ...,
            limit: Optional[int] = ..., cursor: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Page[Alert]:
        """list alerts, worst first"""
        ...
    def alert_ack(self, alert_id: str, *, note: Optional[str] = ..., client_id: Optional[str] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Alert:
        """say that somebody takes care of an alert"""
        ...
    def alert_resolve(self, alert_id: str, *, note: Optional[str] = ..., client_id: Optional[str] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Alert:
        """resolve an alert by hand"""
        ...
    def alert_snooze(self, alert_id: str, *, for_: Optional[Duration] = ..., until: Optional[Time] = ...,
            end: Optional[bool] = ..., note: Optional[str] = ..., client_id: Optional[str] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Alert:
        """silence an alert for a time"""
        ...
    def alert_accept(self, alert_id: str, *, owner: Optional[str] = ..., reason: Optional[str] = ...,
            for_: Optional[Duration] = ..., until: Optional[Time] = ..., end: Optional[bool] = ...,
            note: Optional[str] = ..., client_id: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Alert:
        """accept a known problem, with owner, reason and end"""
        ...
    def alert_explain(self, alert_id: str, *, client_id: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Record:
        """why an alert fired, and why it is or is not silent"""
        ...
    def config_show(self, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Page[Record]:
        """every setting, its value and where it came from"""
        ...
    def config_check(self, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Page[Record]:
        """find every problem of the configuration, and what this version does not act on"""
        ...
    def config_explain(self, key: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Record:
        """what a setting is, its unit, and where its value came from"""
        ...
    def secret_set(self, name: str, value: Union[str, bytes], *, plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Record:
        """store a secret in the vault, or replace it"""
        ...
    def secret_list(self, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Page[Record]:
        """names of the secrets, never their values"""
        ...
    def secret_remove(self, name: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Record:
        """remove a secret from the vault"""
        ...
    def secret_rotate(self, *, passphrase: Optional[Union[str, bytes]] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Record:
        """give the vault a new key, without losing a secret"""
        ...
    def audit_list(self, *, since: Optional[Time] = ..., operation: Optional[str] = ..., client_id: Optional[str] = ...,
            principal: Optional[str] = ...,
            outcome: Optional[Literal["ok", "denied", "failed", "intent", "planned"]] = ..., limit: Optional[int] = ...,
            cursor: Optional[str] = ..., plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., call_principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Page[Record]:
        """what was done, by whom, newest first"""
        ...
    def audit_verify(self, *, head: Optional[str] = ..., plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Record:
        """prove that the trail was not changed, and name the first bad entry"""
        ...
    def audit_head(self, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Record:
        """a signed head of the trail, to be kept elsewhere"""
        ...
    def token_create(self, name: str, *, scopes: Optional[Union[str, Sequence[str]]] = ...,
            clients: Optional[Union[str, Sequence[str]]] = ..., expires: Optional[Time] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Record:
        """make a token for a machine; it is shown once"""
        ...
    def token_list(self, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Page[Record]:
        """which tokens there are, what they may do and when they end"""
        ...
    def token_remove(self, name: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Record:
        """remove a token; it is refused from the next call on"""
        ...
    def token_check(self, token: Union[str, bytes], *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Record:
        """whose token it is, and what it may do"""
        ...
    def init(self, *, directory: Optional[PathText] = ..., company_name: Optional[str] = ...,
            timezone: Optional[str] = ..., local: Optional[bool] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Page[Record]:
        """make a workspace: configuration, key, database"""
        ...
    def doctor(self, *, full: Optional[bool] = ..., probe: Optional[bool] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Page[Record]:
        """check the workspace and the machine below it, and say what to do"""
        ...

class AsyncOps:
    def __init__(self, *args: Any) -> None: ...
    def __getitem__(self, name: str) -> Operation: ...
    def __iter__(self) -> Iterator[Operation]: ...
    def __len__(self) -> int: ...
    def __contains__(self, name: object) -> bool: ...
    async def client_create(self, name: str, *, contact: Optional[str] = ...,
            tier: Optional[Literal["bronze", "silver", "gold", "premium"]] = ...,
            status: Optional[Literal["active", "inactive", "suspended"]] = ..., id: Optional[str] = ...,
            rmm_id: Optional[str] = ..., contacts: Optional[Union[str, Sequence[str]]] = ...,
            fields: Optional[Union[str, Mapping[str, Any]]] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Client:
        """add a client"""
        ...
    async def client_list(self, *, tier: Optional[Literal["bronze", "silver", "gold", "premium"]] = ...,
            status: Optional[Literal["active", "inactive", "suspended"]] = ..., search: Optional[str] = ...,
            limit: Optional[int] = ..., cursor: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> AsyncPage[Client]:
        """list clients"""
        ...
    async def client_get(self, client_id: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Client:
        """show one client, and what of it is not covered"""
        ...
    async def client_update(self, client_id: str, *, name: Optional[str] = ..., contact: Optional[str] = ...,
            tier: Optional[Literal["bronze", "silver", "gold", "premium"]] = ...,
            status: Optional[Literal["active", "inactive", "suspended"]] = ..., rmm_id: Optional[str] = ...,
            contacts: Optional[Union[str, Sequence[str]]] = ..., fields: Optional[Union[str, Mapping[str, Any]]] = ...,
            revision: Optional[int] = ..., plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Client:
        """change a client"""
        ...
    async def client_delete(self, client_id: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Record:
        """remove a client; its history is kept until retention ends"""
        ...
    async def client_import(self, file: PathText, *, skip_bad: Optional[bool] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> AsyncPage[Record]:
        """add the clients of a CSV file; those that exist are left alone"""
        ...
    async def device_list(self, *, client_id: Optional[str] = ...,
            status: Optional[Literal["up", "down", "unknown"]] = ..., adapter: Optional[str] = ...,
            search: Optional[str] = ..., limit: Optional[int] = ..., cursor: Optional[str] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> AsyncPage[Device]:
        """list devices, and whether they are up"""
        ...
    async def device_get(self, device_id: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Device:
        """show one device: keys, sources, conflicts, presence and its age"""
        ...
    async def device_add(self, client_id: str, *, name: Optional[str] = ..., this_machine: Optional[bool] = ...,
            adapter: Optional[str] = ..., vendor_id: Optional[str] = ..., serial: Optional[str] = ...,
            machine_id: Optional[str] = ..., macs: Optional[Union[str, Sequence[str]]] = ...,
            address: Optional[str] = ..., os: Optional[str] = ..., kind: Optional[str] = ..., id: Optional[str] = ...,
            fields: Optional[Union[str, Mapping[str, Any]]] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Device:
        """enrol a device by hand, or the machine you are on"""
        ...
    async def device_update(self, device_id: str, *, name: Optional[str] = ..., client_id: Optional[str] = ...,
            address: Optional[str] = ..., os: Optional[str] = ..., kind: Optional[str] = ...,
            fields: Optional[Union[str, Mapping[str, Any]]] = ..., revision: Optional[int] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Device:
        """change a device, or move it to another client"""
        ...
    async def device_remove(self, device_id: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Record:
        """take a device out; its history is kept until retention ends"""
        ...
    async def device_merge(self, device_id: str, into: str, *, plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Device:
        """say that two devices are one machine"""
        ...
    async def device_unmerge(self, device_id: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Device:
        """take apart what was merged"""
        ...
    async def device_scan(self, *, client_id: Optional[str] = ..., adapter: Optional[str] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> AsyncPage[Device]:
        """ask the adapters for the devices of clients"""
        ...
    async def agent_deploy(self, device_id: str, *, adapter: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> DeploymentResult:
        """bring an adapter's agent onto a device, and see it check in"""
        ...
    async def command_run(self, device_id: str, argv: Sequence[str], *, adapter: Optional[str] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> CommandResult:
        """run a command on a device and wait for its end"""
        ...
    async def adapter_list(self, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> AsyncPage[Record]:
        """list the configured adapters and what each can do"""
        ...
    async def adapter_probe(self, *, adapter: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> AsyncPage[Record]:
        """ask adapters whether they answer and take the credentials"""
        ...
    async def adapter_alerts(self, client_id: str, *, adapter: Optional[str] = ..., since: Optional[Time] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> AsyncPage[Alert]:
        """ask an adapter for the alerts that it raised by itself"""
        ...
    async def health_configure(self, *, client_id: Optional[str] = ...,
            tier: Optional[Literal["bronze", "silver", "gold", "premium"]] = ..., device_id: Optional[str] = ...,
            config: Optional[Union[str, Mapping[str, Any]]] = ..., cpu: Optional[float] = ...,
            memory: Optional[float] = ..., disk: Optional[float] = ..., set: Optional[Union[str, Sequence[str]]] = ...,
            unset: Optional[Union[str, Sequence[str]]] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> AsyncPage[Record]:
        """set thresholds of a client, a tier or a device, or show them"""
        ...
    async def health_check(self, *, client_id: Optional[str] = ..., all: Optional[bool] = ...,
            check_types: Optional[Union[str, Sequence[str]]] = ..., device_id: Optional[str] = ...,
            threshold_override: Optional[Union[str, Mapping[str, Any]]] = ..., limit: Optional[int] = ...,
            cursor: Optional[str] = ..., plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> AsyncPage[CheckResult]:
        """check the health of one client or of all"""
        ...
    async def health_history(self, client_id: str, *, days: Optional[int] = ..., device_id: Optional[str] = ...,
            check_types: Optional[Union[str, Sequence[str]]] = ..., daily: Optional[bool] = ...,
            limit: Optional[int] = ..., cursor: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> AsyncPage[CheckResult]:
        """past results, newest first"""
        ...
    async def health_status(self, *, client_id: Optional[str] = ..., limit: Optional[int] = ...,
            cursor: Optional[str] = ..., plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> AsyncPage[HealthSummary]:
        """what is known of the health of clients, with its age"""
        ...
    async def health_morning(self, *, client_id: Optional[str] = ..., since: Optional[Time] = ...,
            limit: Optional[int] = ..., cursor: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> AsyncPage[Record]:
        """per client: new, still and fixed since yesterday, and what did not report"""
        ...
    async def alert_list(self, *, client_id: Optional[str] = ..., device_id: Optional[str] = ...,
            severity: Optional[Literal["critical", "warning", "info", "unknown"]] = ..., since: Optional[Time] = ...,
            status: Optional[Literal["active", "all", "open", "acknowledged", "resolved", "snoozed", "accepted"]] = ...,
            limit: Optional[int] = ..., cursor: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> AsyncPage[Alert]:
        """list alerts, worst first"""
        ...
    async def alert_ack(self, alert_id: str, *, note: Optional[str] = ..., client_id: Optional[str] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Alert:
        """say that somebody takes care of an alert"""
        ...
    async def alert_resolve(self, alert_id: str, *, note: Optional[str] = ..., client_id: Optional[str] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Alert:
        """resolve an alert by hand"""
        ...
    async def alert_snooze(self, alert_id: str, *, for_: Optional[Duration] = ..., until: Optional[Time] = ...,
            end: Optional[bool] = ..., note: Optional[str] = ..., client_id: Optional[str] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Alert:
        """silence an alert for a time"""
        ...
    async def alert_accept(self, alert_id: str, *, owner: Optional[str] = ..., reason: Optional[str] = ...,
            for_: Optional[Duration] = ..., until: Optional[Time] = ..., end: Optional[bool] = ...,
            note: Optional[str] = ..., client_id: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Alert:
        """accept a known problem, with owner, reason and end"""
        ...
    async def alert_explain(self, alert_id: str, *, client_id: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Record:
        """why an alert fired, and why it is or is not silent"""
        ...
    async def config_show(self, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> AsyncPage[Record]:
        """every setting, its value and where it came from"""
        ...
    async def config_check(self, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> AsyncPage[Record]:
        """find every problem of the configuration, and what this version does not act on"""
        ...
    async def config_explain(self, key: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Record:
        """what a setting is, its unit, and where its value came from"""
        ...
    async def secret_set(self, name: str, value: Union[str, bytes], *, plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Record:
        """store a secret in the vault, or replace it"""
        ...
    async def secret_list(self, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> AsyncPage[Record]:
        """names of the secrets, never their values"""
        ...
    async def secret_remove(self, name: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Record:
        """remove a secret from the vault"""
        ...
    async def secret_rotate(self, *, passphrase: Optional[Union[str, bytes]] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Record:
        """give the vault a new key, without losing a secret"""
        ...
    async def audit_list(self, *, since: Optional[Time] = ..., operation: Optional[str] = ...,
            client_id: Optional[str] = ..., principal: Optional[str] = ...,
            outcome: Optional[Literal["ok", "denied", "failed", "intent", "planned"]] = ..., limit: Optional[int] = ...,
            cursor: Optional[str] = ..., plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., call_principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> AsyncPage[Record]:
        """what was done, by whom, newest first"""
        ...
    async def audit_verify(self, *, head: Optional[str] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Record:
        """prove that the trail was not changed, and name the first bad entry"""
        ...
    async def audit_head(self, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Record:
        """a signed head of the trail, to be kept elsewhere"""
        ...
    async def token_create(self, name: str, *, scopes: Optional[Union[str, Sequence[str]]] = ...,
            clients: Optional[Union[str, Sequence[str]]] = ..., expires: Optional[Time] = ...,
            plan: Optional[bool] = ..., plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ...,
            timeout: Optional[Duration] = ..., progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ...,
            principal: Optional[str] = ..., trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Record:
        """make a token for a machine; it is shown once"""
        ...
    async def token_list(self, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> AsyncPage[Record]:
        """which tokens there are, what they may do and when they end"""
        ...
    async def token_remove(self, name: str, *, plan: Optional[bool] = ..., plan_token: Optional[str] = ...,
            idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ..., progress: Optional[Progress] = ...,
            cancel: Optional[Cancel] = ..., principal: Optional[str] = ..., trace_id: Optional[str] = ...,
            read_only: Optional[bool] = ...) -> Record:
        """remove a token; it is refused from the next call on"""
        ...
    async def token_check(self, token: Union[str, bytes], *, plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> Record:
        """whose token it is, and what it may do"""
        ...
    async def init(self, *, directory: Optional[PathText] = ..., company_name: Optional[str] = ...,
            timezone: Optional[str] = ..., local: Optional[bool] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> AsyncPage[Record]:
        """make a workspace: configuration, key, database"""
        ...
    async def doctor(self, *, full: Optional[bool] = ..., probe: Optional[bool] = ..., plan: Optional[bool] = ...,
            plan_token: Optional[str] = ..., idempotency_key: Optional[str] = ..., timeout: Optional[Duration] = ...,
            progress: Optional[Progress] = ..., cancel: Optional[Cancel] = ..., principal: Optional[str] = ...,
            trace_id: Optional[str] = ..., read_only: Optional[bool] = ...) -> AsyncPage[Record]:
        """check the workspace and the machine below it, and say what to do"""
        ...
