"""Shared cases for readers in Python: what README.md says, once."""
import contextlib
import datetime
import json
import os
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


class Number(str):
    """A number as it was written: what a door gave must not be rounded by this reader."""


def parse(text):
    """JSON with the order of keys and the text of numbers kept; a key that comes twice is an error."""
    def pairs(members):
        made = dict(members)
        if len(made) != len(members):
            raise ValueError("a key comes twice")
        return made

    return json.loads(text, parse_float=Number, object_pairs_hook=pairs)


def canonical(value):
    """The bytes of a value: no spaces, keys in the order in which they came, numbers as they were written."""
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(k, ensure_ascii=False) + ":" + canonical(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return str(value) if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def load(path):
    with open(path, encoding="utf-8") as f:
        return parse(f.read())


def microseconds(moment):
    at = datetime.datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
    return int(at.timestamp()) * 1000000


def masked(value, keys):
    """Values under these keys become "*", at any depth; null stays null."""
    if isinstance(value, dict):
        return {k: "*" if k in keys and v is not None else masked(v, keys) for k, v in value.items()}
    return [masked(v, keys) for v in value] if isinstance(value, list) else value


def mask_outcome(row, outcome):
    """An outcome as the case has it: what the row calls volatile is masked, and the token of a plan."""
    if "result" not in outcome:
        error = outcome["error"]
        details = error.get("details", error)
        return {"error": {"code": error["code"], "reason": details["reason"], "status": details.get("status")}}
    return {"result": masked(outcome["result"], set(row["result"].get("volatile", [])) | {"plan_token"})}


def without_status(outcome):
    """For a door that shows codes and reasons only."""
    error = outcome.get("error")
    return {"error": {k: v for k, v in error.items() if k != "status"}} if error else outcome


def at_path(value, path):
    for key in path.split("/")[1:]:
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


class Case:
    """A case in a workspace of its own. `perform(step, args, opts)` of the reader gives {"result"} or {"error"}."""

    def __init__(self, path, operations, run_c):
        self.path, self.name, self.run_c = path, os.path.basename(path), run_c
        self.doc = load(path)
        self.rows = {row["name"]: row for row in operations["operations"]}
        self.saved = {}

    @contextlib.contextmanager
    def workspace(self):
        self.place = tempfile.mkdtemp(prefix="msptk-case-")
        self.clock_file = os.path.join(self.place, "clock")
        try:
            self.set_now(self.doc["now"])
            with open(os.path.join(self.place, "msp-toolkit.yaml"), "w", encoding="utf-8") as f:
                f.write(canonical(self.doc["config"]) + "\n")
            yield self
        finally:
            shutil.rmtree(self.place, ignore_errors=True)

    def set_now(self, moment):
        self.now = moment
        with open(self.clock_file + ".new", "w", encoding="ascii") as f:
            f.write("%d\n" % microseconds(moment))
        os.rename(self.clock_file + ".new", self.clock_file)

    def substituted(self, given):
        return {k: self.saved[v[1:]] if isinstance(v, str) and v[:1] == "$" and v[1:] in self.saved else v
                for k, v in (given or {}).items()}

    def by_c(self, step, args, opts):
        """The step through msptk_call(), in the same workspace: for what a door lacks."""
        doc = {"do": step["do"], "args": args, "opts": opts, "now": self.now}
        done = subprocess.run([self.run_c, "--step", self.place], input=canonical(doc), capture_output=True, text=True,
                              check=True, timeout=60)
        return parse(done.stdout)

    def steps(self, perform, door, lacks=lambda row: None, lacks_step=lambda step: None, status=True):
        """Yields (name, problems, reason to skip) of each step. lacks(row), lacks_step(step): why the door has no such
        operation, or cannot say this step, or None. status: whether its errors show their status.

        A step that the door cannot say is done by C, so that those after it find what they need.
        """
        for number, step in enumerate(self.doc["steps"], 1):
            row = self.rows[step["do"]]
            if "now" in step:
                self.set_now(step["now"])
            args, opts = self.substituted(step.get("args")), self.substituted(step.get("opts"))
            why = step.get("skip", {}).get(door) or lacks(row) or lacks_step(step)
            outcome = self.by_c(step, args, opts) if why else perform(step, args, opts)
            for name, path in step.get("save", {}).items():
                if "result" in outcome:
                    self.saved[name] = at_path(outcome["result"], path)
            given, wanted = mask_outcome(row, outcome), step["expect"]
            if not status:
                given, wanted = without_status(given), without_status(wanted)
            given, wanted = canonical(given), canonical(wanted)
            problems = [] if given == wanted else ["is     " + given[:2000], "wanted " + wanted[:2000]]
            yield "%s %d: %s" % (self.name, number, step["do"]), problems, why
