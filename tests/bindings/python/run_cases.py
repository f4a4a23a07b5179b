"""The shared cases through the package, by functions and by coroutines; tests/bindings/cases/README.md says what a case is.

run_cases.py SOURCE_ROOT LIBMSPTK_SO RUN_C FILE...
"""
import asyncio
import os
import sys

import tool
import msptk
from msptk import _values

sys.path.insert(0, os.path.join(tool.ROOT, "tests", "bindings", "cases"))
import shared  # noqa: E402


def seen(value):
    """What Python holds, as the library writes it: numbers must have come through Python's types unchanged."""
    with _values.Tree(value, "a result") as tree:
        return shared.parse(_values.tree_text(tree))


def given(value):
    """A value of a case, as a program in Python has it."""
    if isinstance(value, shared.Number):
        return float(value)
    if isinstance(value, dict):
        return {k: given(v) for k, v in value.items()}
    return [given(v) for v in value] if isinstance(value, list) else value


def by_function(toolkit, name, params):
    return toolkit.ops[name](**params)


def by_coroutine(toolkit, name, params):
    return asyncio.run(toolkit.aio.ops[name](**params))


def perform_with(toolkit, call):
    def perform(step, args, opts):
        names = {option: spelled for spelled, option in msptk.ops.option_names(toolkit.ops[step["do"]].row).items()}
        params = dict(given(args), **{names[name]: value for name, value in opts.items()})
        try:
            result = call(toolkit, step["do"], params)
        except msptk.MSPError as problem:
            return {"error": {"code": problem.code, "details": problem.details}}
        return {"result": seen(result.raw if isinstance(result, msptk.Record) else result.data)}
    return perform


def main():
    run_c, cases = os.path.abspath(sys.argv[3]), tool.Cases()
    operations = {"operations": list(msptk.ops.table().values())}
    for path in sys.argv[4:]:
        for call in (by_function, by_coroutine):
            with shared.Case(path, operations, run_c).workspace() as case, \
                    msptk.MSPToolkit(os.path.join(case.place, "msp-toolkit.yaml"), settings={"principal": "tester"},
                                     clock=lambda case=case: shared.microseconds(case.now)) as toolkit:
                for name, problems, why in case.steps(perform_with(toolkit, call), "python",
                                                      lambda row: row["doors_absent"].get("python")):
                    cases.check("%s %s" % (name, call.__name__), problems)
                    if why:
                        cases.aside(name + " by Python", why)
    cases.end()


if __name__ == "__main__":
    main()
