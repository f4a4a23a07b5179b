"""The shared cases through Go; tests/bindings/cases/README.md says what a case is. Where the arguments of a step can be said in
typed parameters it is the typed method that is called.
usage: run_cases.py SOURCE_ROOT BUILD_ROOT RUN_C FILE..."""
import contextlib
import json
import os
import shutil
import subprocess
import sys

from gotool import Cases, Go

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cases"))
import shared  # noqa: E402


@contextlib.contextmanager
def runner(program, go, case):
    """A function that performs steps in the workspace of a case; `typed` counts those that a typed method did."""
    child = subprocess.Popen([program, case.place], env=go.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def perform(step, args, opts):
        doc = {"do": step["do"], "args": args, "opts": opts, "now": shared.microseconds(case.now)}
        child.stdin.write(shared.canonical(doc) + "\n")
        child.stdin.flush()
        line = child.stdout.readline()
        if not line:
            raise RuntimeError("the program in Go ended with status %s" % child.wait(30))
        outcome = shared.parse(line)
        perform.typed += outcome["typed"]
        if outcome.get("wrong"):
            perform.wrong.append("%s: %s" % (step["do"], outcome["wrong"]))
        return outcome

    perform.typed, perform.wrong = 0, []
    try:
        yield perform
    finally:
        child.stdin.close()
        child.wait(60)


def main():
    root, build, run_c = sys.argv[1], sys.argv[2], os.path.abspath(sys.argv[3])
    cases = Cases()
    if not shutil.which("go"):
        cases.skip("the shared cases through Go", "there is no go command (Debian: golang-go)")
        cases.end()
    go = Go(root, build)
    program = os.path.join(build, "go", "cases")
    bad = go.problems("tests/bindings/go/cases", "build", "-o", program, ".")
    cases.check("the program that performs steps is built", bad)
    if bad:
        cases.end()
    table = json.loads(subprocess.run([program, "operations"], env=go.env, capture_output=True, text=True, check=True).stdout)
    typed = steps = 0
    for path in sys.argv[4:]:
        with shared.Case(path, table, run_c).workspace() as case, runner(program, go, case) as perform:
            for name, problems, why in case.steps(perform, "go", lambda row: (row.get("doors_absent") or {}).get("go")):
                cases.check(name, problems)
                if why:
                    cases.aside(name + " by Go", why)
            cases.check("results of %s have a field for everything" % case.name, perform.wrong)
            typed, steps = typed + perform.typed, steps + len(case.doc["steps"])
    cases.check("typed methods did %d of %d steps" % (typed, steps), [] if 2 * typed > steps else ["that is not most of them"])
    cases.end()


if __name__ == "__main__":
    main()
