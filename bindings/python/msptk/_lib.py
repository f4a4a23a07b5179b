"""The shared object: where it is found, and the prototypes of the functions that this package uses.

Looked for in this order: the file that the environment variable MSPTK_LIBRARY names, the copy that a wheel put beside this
file, what the dynamic linker finds.
"""
import ctypes
import os
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p

from ._version import SONAME, __version__


def _candidates():
    named = os.environ.get("MSPTK_LIBRARY")
    if named:
        return [named]
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), SONAME)
    return [beside, SONAME] if os.path.exists(beside) else [SONAME]


def _load():
    problems = []
    for path in _candidates():
        try:
            return ctypes.CDLL(path)
        except OSError as problem:
            problems.append(str(problem))
    raise ImportError("msptk needs the library %s: install it, or name the file in MSPTK_LIBRARY (%s)"
                      % (SONAME, "; ".join(problems)))


lib = _load()

STATUS = c_int32
ERROR = POINTER(c_void_p)  # msptk_error **ret_err
DESTROY = CFUNCTYPE(None, c_void_p)
PROGRESS = CFUNCTYPE(c_int32, c_void_p, c_int64, c_int64, c_char_p)
DONE = CFUNCTYPE(None, c_void_p, STATUS, c_void_p, c_void_p)
CLOCK = CFUNCTYPE(c_int64, c_void_p)
LOG = CFUNCTYPE(None, c_void_p, c_int32, c_char_p, c_char_p)

# name: result, then parameters; pointers to opaque objects are c_void_p.
_PROTOTYPES = {
    "msptk_version_number": (c_uint32,),
    "msptk_version_string": (c_char_p,),
    "msptk_status_name": (c_char_p, STATUS),
    "msptk_string_free": (None, c_void_p),
    "msptk_error_free": (None, c_void_p),
    "msptk_error_status": (STATUS, c_void_p),
    "msptk_error_to_json": (STATUS, c_void_p, POINTER(c_void_p)),
    "msptk_error_set": (STATUS, c_void_p, STATUS, c_char_p, c_char_p),
    "msptk_error_set_vendor": (None, c_void_p, c_int32, c_char_p, c_int32, c_int64),
    "msptk_json_parse": (STATUS, c_char_p, c_size_t, POINTER(c_void_p), ERROR),
    "msptk_json_print": (STATUS, c_void_p, c_uint64, POINTER(c_void_p), ERROR),
    "msptk_json_free": (None, c_void_p),
    "msptk_args_from_json": (STATUS, c_char_p, c_void_p, POINTER(c_void_p), ERROR),
    "msptk_args_free": (None, c_void_p),
    "msptk_cancel_new": (c_void_p,),
    "msptk_cancel_trigger": (None, c_void_p),
    "msptk_cancel_free": (None, c_void_p),
    "msptk_call_opts_new": (c_void_p,),
    "msptk_call_opts_free": (None, c_void_p),
    "msptk_call_opts_set_str": (STATUS, c_void_p, c_char_p, c_char_p, ERROR),
    "msptk_call_opts_set_int": (STATUS, c_void_p, c_char_p, c_int64, ERROR),
    "msptk_call_opts_set_cancel": (None, c_void_p, c_void_p),
    "msptk_call_opts_set_progress": (None, c_void_p, PROGRESS, c_void_p, DESTROY),
    "msptk_call": (STATUS, c_void_p, c_void_p, c_void_p, POINTER(c_void_p), ERROR),
    "msptk_call_async": (STATUS, c_void_p, c_void_p, c_void_p, DONE, c_void_p, DESTROY, ERROR),
    "msptk_result_json": (c_void_p, c_void_p),
    "msptk_result_next": (STATUS, c_void_p, POINTER(c_void_p), ERROR),
    "msptk_result_verdict": (c_int32, c_void_p),
    "msptk_result_free": (None, c_void_p),
    "msptk_operations": (STATUS, POINTER(c_void_p), ERROR),
    "msptk_toolkit_opts_new": (c_void_p,),
    "msptk_toolkit_opts_free": (None, c_void_p),
    "msptk_toolkit_opts_set_config_path": (STATUS, c_void_p, c_char_p, ERROR),
    "msptk_toolkit_opts_set": (STATUS, c_void_p, c_char_p, c_char_p, ERROR),
    "msptk_toolkit_opts_set_flags": (STATUS, c_void_p, c_uint64, ERROR),
    "msptk_toolkit_opts_set_clock": (None, c_void_p, CLOCK, c_void_p),
    "msptk_toolkit_opts_set_log": (None, c_void_p, LOG, c_void_p),
    "msptk_toolkit_open": (STATUS, c_void_p, POINTER(c_void_p), ERROR),
    "msptk_toolkit_close": (STATUS, c_void_p, c_int64, ERROR),
    "msptk_toolkit_free": (None, c_void_p),
    "msptk_toolkit_get_health_monitor": (c_void_p, c_void_p),
    "msptk_toolkit_get_vault": (c_void_p, c_void_p),
    "msptk_toolkit_get_rmm_adapter": (STATUS, c_void_p, c_char_p, POINTER(c_void_p), ERROR),
    "msptk_toolkit_register_adapter": (STATUS, c_void_p, c_void_p, ERROR),
    "msptk_toolkit_register_plugin": (STATUS, c_void_p, c_void_p, c_void_p, ERROR),
    "msptk_health_monitor_get_status_summary": (STATUS, c_void_p, c_char_p, POINTER(c_void_p), ERROR),
    "msptk_vault_set": (STATUS, c_void_p, c_char_p, c_char_p, c_size_t, ERROR),
    "msptk_vault_remove": (STATUS, c_void_p, c_char_p, ERROR),
}


def _declare():
    for name, (result, *parameters) in _PROTOTYPES.items():
        try:
            function = getattr(lib, name)
        except AttributeError:
            raise ImportError("%s lacks %s: it is older than this package (%s)"
                              % (lib._name, name, __version__)) from None
        function.restype, function.argtypes = result, parameters


def _check_version():
    """Within one soname a library may be newer than the package, never older."""
    major, minor, patch = (int(n) for n in __version__.split("."))
    if lib.msptk_version_number() < (major << 16 | minor << 8 | patch):
        raise ImportError("%s is version %s, this package needs %s or newer"
                          % (lib._name, lib.msptk_version_string().decode(), __version__))


_declare()
_check_version()
