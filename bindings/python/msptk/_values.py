"""Python values to JSON text of the library, and back."""
import ctypes
import datetime
import enum
import json
import os
from collections.abc import Mapping

from ._lib import lib
from .errors import InvalidParameters, check, take_text

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)


def text_bytes(value, what):
    """UTF-8 of a text for the C side, which ends it with a NUL byte; so none may be inside."""
    if isinstance(value, bytes):
        encoded = value
    elif isinstance(value, str):
        try:
            encoded = value.encode("utf-8")
        except UnicodeEncodeError:
            raise InvalidParameters("%s has a character that is not Unicode text" % what) from None
    else:
        raise InvalidParameters("%s must be text, not %s" % (what, type(value).__name__))
    if b"\0" in encoded:
        raise InvalidParameters("%s has a NUL byte" % what)
    return encoded


def format_time(moment):
    """RFC 3339 with microseconds, UTC; a time without a zone is refused, because nobody knows what it means."""
    if moment.tzinfo is None:
        raise InvalidParameters("the time %s has no time zone; give it one, such as datetime.timezone.utc" % moment)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def parse_time(text):
    """A datetime in UTC; what is no time stays as it is."""
    if not isinstance(text, str):
        return text
    try:
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return text


def to_us(moment):
    """Microseconds UTC of a datetime, a time as text, or a number of microseconds; 0 for None."""
    if moment is None:
        return 0
    if isinstance(moment, str):
        moment = parse_time(moment)
    if isinstance(moment, datetime.datetime):
        if moment.tzinfo is None:
            raise InvalidParameters("the time %s has no time zone" % moment)
        return (moment - EPOCH) // datetime.timedelta(microseconds=1)
    if isinstance(moment, int):
        return moment
    raise InvalidParameters("%r is not a time" % (moment,))


def from_us(us):
    """A datetime in UTC; None for 0."""
    return EPOCH + datetime.timedelta(microseconds=us) if us else None


def to_ms(seconds):
    """Milliseconds of a number of seconds or a timedelta."""
    if isinstance(seconds, datetime.timedelta):
        return seconds // datetime.timedelta(milliseconds=1)
    return int(seconds * 1000)


def plain(value, what):
    """The value in types of JSON. Texts are checked here, where their name is known."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, enum.Enum):
        return plain(value.value, what)
    if isinstance(value, (str, bytes, bytearray)):
        try:
            return text_bytes(bytes(value) if isinstance(value, bytearray) else value, what).decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidParameters("%s is not UTF-8" % what) from None
    if isinstance(value, datetime.datetime):
        return format_time(value)
    if isinstance(value, datetime.timedelta):
        return "%dms" % to_ms(value)
    if isinstance(value, os.PathLike):
        return plain(os.fspath(value), what)
    if isinstance(value, Mapping):
        return {plain(str(k), what): plain(v, "%s.%s" % (what, k)) for k, v in value.items()}
    if isinstance(value, (set, frozenset)):
        value = sorted(value)
    if hasattr(value, "__iter__"):
        return [plain(v, what) for v in value]
    raise InvalidParameters("%s cannot be a %s" % (what, type(value).__name__))


def dump(value, what):
    """JSON text of a value, as bytes."""
    try:
        return json.dumps(plain(value, what), ensure_ascii=False, allow_nan=False).encode("utf-8")
    except ValueError as problem:
        raise InvalidParameters("%s cannot be written as JSON: %s" % (what, problem)) from None


class Tree:
    """A JSON tree of the library made from a Python value; freed at the end of the `with`. NULL for None."""

    def __init__(self, value, what):
        self._text = None if value is None else dump(value, what)
        self.ptr = ctypes.c_void_p()

    def __enter__(self):
        if self._text is not None:
            err = ctypes.c_void_p()
            check(lib.msptk_json_parse(self._text, len(self._text), ctypes.byref(self.ptr), ctypes.byref(err)), err)
        return self.ptr

    def __exit__(self, *_):
        lib.msptk_json_free(self.ptr)
        self.ptr = ctypes.c_void_p()


def tree_text(tree):
    """JSON text of a tree that stays the library's, as str."""
    text, err = ctypes.c_void_p(), ctypes.c_void_p()
    check(lib.msptk_json_print(tree, 0, ctypes.byref(text), ctypes.byref(err)), err)
    return take_text(text).decode("utf-8")


def load(tree):
    """The Python value of a tree that stays the library's."""
    return json.loads(tree_text(tree))


def take(tree):
    """The Python value of a tree that is ours; frees it."""
    try:
        return load(tree)
    finally:
        lib.msptk_json_free(tree)
