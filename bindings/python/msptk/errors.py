"""Exceptions: one class for each code that every door of the library shows.

All derive from MSPError. `code` is one of the five codes, `details["reason"]` the finer meaning, `status` the name of the
C status ("E_TIMEOUT"). See docs/errors.md.
"""
import ctypes
import json
from typing import Any, Dict, Mapping, Optional

from ._lib import lib


def _statuses():
    names, number = {"OK": 0, "DONE": 1}, -1
    while True:
        name = lib.msptk_status_name(number).decode()
        if name == "E_UNKNOWN":
            return names
        names[name] = number
        number -= 1


#: Name of a status -> its number, as the library has them.
STATUSES: Dict[str, int] = _statuses()


class MSPError(Exception):
    """Whatever the library refuses or fails at.

    Adapters and checks written in Python raise it, too: `MSPError("the vendor is down", status="E_UNAVAILABLE")`.
    """

    code: str = "SYSTEM_ERROR"
    _status = "E_INTERNAL"

    def __init__(self, message: str = "", *, status: Optional[str] = None, details: Optional[Mapping[str, Any]] = None,
                 retry_after: Optional[float] = None, http_status: int = 0, vendor_code: Optional[str] = None) -> None:
        super().__init__(message)
        #: What was being done, to what, and what went wrong.
        self.message = message
        #: Reason, suggestion and what else is known, as JSON values.
        self.details: Dict[str, Any] = dict(details or {})
        #: Name of the C status, such as "E_NOTFOUND".
        self.status: str = status or self.details.get("status") or self._status
        if self.status not in STATUSES:
            raise ValueError("there is no status %r" % (self.status,))
        if http_status:
            self.details.setdefault("http_status", http_status)
        if vendor_code:
            self.details.setdefault("vendor_code", vendor_code)
        if retry_after is not None:
            self.details.setdefault("retry_after_ms", int(retry_after * 1000))

    @property
    def reason(self) -> str:
        """Finer meaning than the code ("DEVICE_NOT_FOUND")."""
        return self.details.get("reason", self.status)

    @property
    def suggestion(self) -> str:
        """What the caller can do next; "" when nothing is known."""
        return self.details.get("suggestion", "")

    @property
    def retriable(self) -> bool:
        """Whether the same call may succeed later."""
        return bool(self.details.get("retriable", False))

    @property
    def retry_after(self) -> Optional[float]:
        """Seconds to wait before trying again; None when nothing is known."""
        ms = self.details.get("retry_after_ms")
        return None if ms is None else ms / 1000

    def __reduce__(self):
        return _rebuild, (type(self), self.message, self.status, self.details)


def _rebuild(cls, message, status, details):
    return cls(message, status=status, details=details)


class ClientNotFound(MSPError):
    """The client that the call names does not exist."""

    code = "CLIENT_NOT_FOUND"
    _status = "E_NOTFOUND"


class AuthenticationFailed(MSPError):
    """A vendor refused the credentials."""

    code = "AUTHENTICATION_FAILED"
    _status = "E_AUTH"


class InvalidParameters(MSPError):
    """The call cannot succeed as it stands; the caller has to change it."""

    code = "INVALID_PARAMETERS"
    _status = "E_INVALID"


class RateLimitExceeded(MSPError):
    """Too much at once; `retry_after` says how long to wait."""

    code = "RATE_LIMIT_EXCEEDED"
    _status = "E_RATE"


class MSPSystemError(MSPError):
    """Everything else: time ran out, the store is busy, a vendor cannot be reached, the toolkit is closed."""


_BY_CODE = {c.code: c for c in (ClientNotFound, AuthenticationFailed, InvalidParameters, RateLimitExceeded, MSPSystemError)}


def take_text(text):
    """Bytes of a text that the library gave away; frees it."""
    try:
        return ctypes.string_at(text)
    finally:
        lib.msptk_string_free(text)


def borrowed_error(err, status):
    """The exception for an error object that stays the library's."""
    text = ctypes.c_void_p()
    if not err or lib.msptk_error_to_json(err, ctypes.byref(text)) != 0:
        name = lib.msptk_status_name(status).decode()
        return MSPSystemError("the library answered %s without an error" % name, status=name)
    shown = json.loads(take_text(text).decode("utf-8", "replace"))
    cls = _BY_CODE.get(shown["code"], MSPSystemError)
    name = lib.msptk_status_name(lib.msptk_error_status(err)).decode()
    return cls(shown["message"], status=name, details=shown.get("details"))


def check(status, err):
    """Raises for a failure status and frees `err` (a c_void_p); else gives the status."""
    if status >= 0:
        return status
    try:
        raise borrowed_error(err, status)
    finally:
        lib.msptk_error_free(err)
