"""Writes msptk/ops.pyi, by which type checkers and editors know every operation, from the operation table of the library.

usage: python3 make_stubs.py [--check]     (finds the library as the package does; --check: exit 1 when the file is stale)
"""
import inspect
import os
import sys
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from msptk import ops  # noqa: E402
from msptk.records import record_class, row_class  # noqa: E402

HEAD = '''"""Made from the operation table by make_stubs.py; not by hand."""
import datetime
import os
from typing import (Any, AsyncIterator, Callable, Dict, Generic, Iterator, List, Literal, Mapping, Optional, Sequence, Type,
                    TypeVar, Union)

from .records import {records}

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
'''
GROUP = '''
class {name}:
    def __init__(self, *args: Any) -> None: ...
    def __getitem__(self, name: str) -> Operation: ...
    def __iter__(self) -> Iterator[Operation]: ...
    def __len__(self) -> int: ...
    def __contains__(self, name: object) -> bool: ...
'''
TYPES = {"string": "str", "slug": "str", "secret": "Union[str, bytes]", "number": "float", "int": "int", "bool": "bool",
         "time": "Time", "duration": "Duration", "period": "str", "bytes": "Union[str, int]",
         "list": "Union[str, Sequence[str]]",
         "argv": "Sequence[str]", "map": "Union[str, Mapping[str, Any]]", "file_in": "PathText", "file_out": "PathText"}
OPTION_TYPES = {"plan": "bool", "plan_token": "str", "idempotency_key": "str", "timeout": "Duration", "progress": "Progress",
                "cancel": "Cancel", "principal": "str", "trace_id": "str", "read_only": "bool"}


def type_of(param):
    """Words that have another spelling ("disk-space") are accepted too, so such an enum is any text."""
    if param["type"] == "enum" and not param.get("aliases"):
        return "Literal[%s]" % ", ".join('"%s"' % v for v in param["values"])
    return TYPES.get(param["type"], "str")


def result_of(row, page):
    if row["result"]["kind"] == "record":
        return record_class(row).__name__
    return "%s[%s]" % (page, row_class(row).__name__)


def method(row, asynchronous):
    params, options = {ops._spelled(p["name"]): p for p in row["params"]}, ops.option_names(row)
    words, named = ["self"], False
    for p in ops.signature_of(row).parameters.values():
        if p.name in options:
            continue
        if p.kind is inspect.Parameter.KEYWORD_ONLY and not named:
            words.append("*")
            named = True
        kind = type_of(params[p.name])
        words.append("%s: %s" % (p.name, kind) if params[p.name]["required"] else "%s: Optional[%s] = ..." % (p.name, kind))
    words += [] if named else ["*"]
    words += ["%s: Optional[%s] = ..." % (name, OPTION_TYPES[options[name]]) for name in options]
    # A parameter is not broken in two, nor is the end of the head.
    words = [w.replace(" ", "\0") for w in words]
    words[-1] += ")\0->\0%s:" % result_of(row, "AsyncPage" if asynchronous else "Page")
    head = "%sdef %s(%s" % ("async " if asynchronous else "", row["name"], ", ".join(words))
    lines = textwrap.wrap(head, 120, initial_indent="    ", subsequent_indent=" " * 12, break_long_words=False,
                          break_on_hyphens=False)
    lines = [line.replace("\0", " ") for line in lines]
    return "\n".join(lines + ['        """%s"""' % row["summary"].replace("\\", "\\\\").replace('"""', "'''"), "        ..."])


def stubs():
    rows = list(ops.table().values())
    used = {record_class(r).__name__ for r in rows} | {row_class(r).__name__ for r in rows} | {"Record"}
    text = HEAD.format(records=", ".join(sorted(used)))
    text += '''
def record_class(row: Mapping[str, Any]) -> Type[Record]: ...
def row_class(row: Mapping[str, Any]) -> Type[Record]: ...
'''
    for name, asynchronous in (("Ops", False), ("AsyncOps", True)):
        text += GROUP.format(name=name) + "\n".join(method(r, asynchronous) for r in rows) + "\n"
    return text


def main():
    path = os.path.join(HERE, "msptk", "ops.pyi")
    want = stubs()
    if "--check" in sys.argv[1:]:
        with open(path, encoding="utf-8") as f:
            sys.exit(0 if f.read() == want else "%s is stale: run make_stubs.py" % path)
    with open(path, "w", encoding="utf-8") as f:
        f.write(want)


if __name__ == "__main__":
    main()
