"""One API over the tools of managed service providers: clients, devices, health, alerts, whichever vendor is underneath.

    from msptk import MSPToolkit
    with MSPToolkit.from_config("config/msp-toolkit.yaml") as toolkit:
        for check in toolkit.get_health_monitor().run_checks("acme-corp"):
            print(f"{check.name}: {check.status} - {check.message}")
"""
from . import _lib
from ._version import __version__
from .errors import (STATUSES, AuthenticationFailed, ClientNotFound, InvalidParameters, MSPError, MSPSystemError,
                     RateLimitExceeded)
from .managers import (AlertManager, CheckResults, ClientManager, ConfiguredAdapter, DeviceManager, HealthMonitor, Vault)
from .ops import AsyncPage, Cancel, Page
from .records import (Alert, CheckResult, Client, CommandResult, DeploymentResult, Device, HealthSummary, Metric, Plan,
                      Record)
from .sdk import Context, Host, HttpReply, Plugin, ProgramResult, Request, RMMAdapter
from .toolkit import MSPToolkit


def library_version() -> str:
    """Version of the library that is running ("0.1.0")."""
    return _lib.lib.msptk_version_string().decode()


__all__ = [
    "STATUSES", "Alert", "AlertManager", "AsyncPage", "AuthenticationFailed", "Cancel", "CheckResult", "CheckResults",
    "Client", "ClientManager", "ClientNotFound", "CommandResult", "ConfiguredAdapter", "Context", "DeploymentResult",
    "Device", "DeviceManager", "HealthMonitor", "HealthSummary", "Host", "HttpReply", "InvalidParameters", "MSPError",
    "MSPSystemError", "MSPToolkit", "Metric", "Page", "Plan", "Plugin", "ProgramResult", "RMMAdapter", "RateLimitExceeded",
    "Record", "Request", "Vault", "__version__", "library_version",
]
