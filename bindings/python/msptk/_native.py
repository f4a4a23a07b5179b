"""The structs of include/msptk/sdk/*.h. A test compares every offset with tests/abi/layout-*.txt."""
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint32, c_void_p, sizeof

from ._lib import DESTROY, ERROR, STATUS

SDK_VERSION = 1
TEXTS = POINTER(c_char_p)  # NULL-terminated

UP, DOWN, PRESENCE_UNKNOWN = 1, 2, 0
JUDGE = -1


class _Sized(Structure):
    """A struct that begins with its own size."""

    def __init__(self, **fields):
        super().__init__(**fields)
        self.struct_size = sizeof(type(self))




class DeviceRow(_Sized):
    _fields_ = [("struct_size", c_uint32), ("presence", c_int32), ("vendor_id", c_char_p), ("name", c_char_p),
                ("serial", c_char_p),
                ("machine_id", c_char_p), ("macs", c_char_p), ("os", c_char_p), ("kind", c_char_p), ("address", c_char_p),
                ("vendor_client", c_char_p), ("last_seen", c_int64), ("attributes", c_void_p)]


class MetricRow(_Sized):
    _fields_ = [("struct_size", c_uint32), ("state", c_int32), ("vendor_id", c_char_p), ("check", c_char_p),
                ("metric", c_char_p),
                ("instance", c_char_p), ("unit", c_char_p), ("message", c_char_p), ("value", c_double), ("at", c_int64),
                ("data", c_void_p)]


class AlertRow(_Sized):
    _fields_ = [("struct_size", c_uint32), ("severity", c_int32), ("vendor_id", c_char_p), ("vendor_alert", c_char_p),
                ("check", c_char_p), ("instance", c_char_p), ("message", c_char_p), ("at", c_int64)]


class ProgramResult(_Sized):
    _fields_ = [("struct_size", c_uint32), ("ended", c_int32), ("code", c_int32), ("truncated", c_int32), ("out", c_void_p),
                ("out_len", c_size_t), ("err", c_void_p), ("err_len", c_size_t), ("wall_us", c_int64), ("cpu_us", c_int64)]


class Program(_Sized):
    _fields_ = [("struct_size", c_uint32), ("flags", c_uint32), ("argv", TEXTS), ("env", TEXTS), ("cwd", c_char_p),
                ("input", c_char_p), ("input_len", c_size_t), ("timeout_ms", c_int64), ("output_limit", c_size_t)]


ON_PROGRAM = CFUNCTYPE(c_int32, c_void_p, c_size_t, POINTER(ProgramResult))


class HttpRequest(_Sized):
    _fields_ = [("struct_size", c_uint32), ("auth", c_int32), ("method", c_char_p), ("url", c_char_p), ("headers", TEXTS),
                ("body", c_char_p), ("body_len", c_size_t), ("auth_setting", c_char_p), ("auth_user", c_char_p),
                ("timeout_ms", c_int64), ("body_limit", c_size_t), ("idempotent", c_int32)]


class HttpReply(_Sized):
    _fields_ = [("struct_size", c_uint32), ("http_status", c_int32), ("body", c_void_p), ("body_len", c_size_t),
                ("content_type", c_char_p), ("next_link", c_char_p), ("retry_after_ms", c_int64), ("server_date", c_int64)]


class Host(Structure):
    """Services of the library to one adapter instance."""


HOST, REQUEST = POINTER(Host), c_void_p
Host._fields_ = [
    ("struct_size", c_uint32), ("sdk_version", c_uint32), ("impl", c_void_p),
    ("instance", CFUNCTYPE(c_char_p, HOST)),
    ("now", CFUNCTYPE(c_int64, HOST)),
    ("log", CFUNCTYPE(None, HOST, c_int32, c_char_p)),
    ("random", CFUNCTYPE(None, HOST, c_void_p, c_size_t)),
    ("alloc", CFUNCTYPE(c_void_p, HOST, c_size_t)),
    ("free", CFUNCTYPE(None, HOST, c_void_p)),
    ("cancelled", CFUNCTYPE(c_int32, REQUEST)),
    ("deadline_left_ms", CFUNCTYPE(c_int64, REQUEST)),
    ("sleep_ms", CFUNCTYPE(STATUS, REQUEST, c_int64)),
    ("progress", CFUNCTYPE(None, REQUEST, c_int64, c_int64)),
    ("emit_device", CFUNCTYPE(STATUS, REQUEST, POINTER(DeviceRow))),
    ("emit_metric", CFUNCTYPE(STATUS, REQUEST, POINTER(MetricRow))),
    ("emit_alert", CFUNCTYPE(STATUS, REQUEST, POINTER(AlertRow))),
    ("run_programs", CFUNCTYPE(STATUS, REQUEST, POINTER(Program), c_size_t, ON_PROGRAM, c_void_p, ERROR)),
    ("http_request", CFUNCTYPE(STATUS, REQUEST, POINTER(HttpRequest), POINTER(HttpReply), ERROR)),
    ("state_get", CFUNCTYPE(STATUS, REQUEST, c_char_p, POINTER(c_void_p), ERROR)),
    ("state_put", CFUNCTYPE(STATUS, REQUEST, c_char_p, c_char_p, ERROR)),
    ("clean_text", c_void_p),
    ("request_alloc", CFUNCTYPE(c_void_p, REQUEST, c_size_t)),
    ("state_update", CFUNCTYPE(STATUS, REQUEST, c_char_p, c_char_p, c_char_p, ERROR)),
]


class Query(Structure):
    _fields_ = [("struct_size", c_uint32), ("flags", c_uint32), ("client_id", c_char_p), ("vendor_client", c_char_p),
                ("devices", TEXTS), ("checks", TEXTS), ("addresses", TEXTS), ("since", c_int64)]


QUERY = POINTER(Query)
LIST = CFUNCTYPE(STATUS, c_void_p, REQUEST, QUERY, ERROR)
PROBE = CFUNCTYPE(STATUS, c_void_p, REQUEST, ERROR)
OPEN = CFUNCTYPE(STATUS, HOST, c_void_p, POINTER(c_void_p), ERROR)
CLOSE = CFUNCTYPE(None, c_void_p)
RUN_COMMAND = CFUNCTYPE(STATUS, c_void_p, REQUEST, c_char_p, TEXTS, POINTER(ProgramResult), ERROR)
AGENT = CFUNCTYPE(STATUS, c_void_p, REQUEST, POINTER(DeviceRow), POINTER(c_void_p), ERROR)


class DeviceOps(_Sized):
    _fields_ = [("struct_size", c_uint32), ("list", LIST)]


class MetricOps(_Sized):
    _fields_ = [("struct_size", c_uint32), ("checks", TEXTS), ("collect", LIST)]


class AlertOps(_Sized):
    _fields_ = [("struct_size", c_uint32), ("list", LIST)]


class CommandOps(_Sized):
    _fields_ = [("struct_size", c_uint32), ("execute", RUN_COMMAND)]


class DeployOps(_Sized):
    _fields_ = [("struct_size", c_uint32), ("agent", AGENT)]


class AdapterInfo(_Sized):
    _fields_ = [("struct_size", c_uint32), ("flags", c_uint32), ("type", c_char_p), ("title", c_char_p),
                ("description", c_char_p),
                ("settings", c_char_p), ("docs", c_char_p)]


class AdapterOps(_Sized):
    _fields_ = [("struct_size", c_uint32), ("sdk_version", c_uint32), ("info", POINTER(AdapterInfo)), ("open", OPEN),
                ("close", CLOSE), ("probe", PROBE), ("devices", POINTER(DeviceOps)), ("metrics", POINTER(MetricOps)),
                ("alerts", POINTER(AlertOps)), ("commands", POINTER(CommandOps)), ("deploy", POINTER(DeployOps))]


class CheckHost(Structure):
    """What a check may use while it runs."""


CHECK_HOST = POINTER(CheckHost)
CheckHost._fields_ = [
    ("struct_size", c_uint32), ("sdk_version", c_uint32), ("impl", c_void_p),
    ("cancelled", CFUNCTYPE(c_int32, CHECK_HOST)),
    ("deadline_left_ms", CFUNCTYPE(c_int64, CHECK_HOST)),
    ("now", CFUNCTYPE(c_int64, CHECK_HOST)),
    ("log", CFUNCTYPE(None, CHECK_HOST, c_int32, c_char_p)),
    ("report", CFUNCTYPE(STATUS, CHECK_HOST, c_char_p, c_int32, c_char_p, c_void_p)),
    ("metric", CFUNCTYPE(STATUS, CHECK_HOST, c_char_p, c_char_p, c_double, c_char_p)),
]
EXECUTE = CFUNCTYPE(STATUS, c_void_p, CHECK_HOST, c_void_p, ERROR)


class CheckOps(_Sized):
    _fields_ = [("struct_size", c_uint32), ("sdk_version", c_uint32), ("name", c_char_p), ("version", c_char_p),
                ("per", c_int32),
                ("reserved", c_int32), ("execute", EXECUTE), ("destroy", DESTROY)]


#: Name of the C struct -> class, for the test of offsets.
STRUCTS = {
    "msptk_device_row": DeviceRow, "msptk_metric_row": MetricRow, "msptk_alert_row": AlertRow,
    "msptk_program": Program, "msptk_program_result": ProgramResult, "msptk_http_request": HttpRequest,
    "msptk_http_reply": HttpReply, "msptk_host": Host,
    "msptk_query": Query, "msptk_device_ops": DeviceOps, "msptk_metric_ops": MetricOps, "msptk_alert_ops": AlertOps,
    "msptk_command_ops": CommandOps, "msptk_deploy_ops": DeployOps, "msptk_adapter_info": AdapterInfo,
    "msptk_adapter_ops": AdapterOps, "msptk_check_host": CheckHost, "msptk_check_ops": CheckOps,
}
