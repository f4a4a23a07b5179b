"""What a technician asks an agent, replayed without one (evals.json): each task is the shortest way that the tools allow, the facts
that must be found on it, and a budget of calls and of estimated tokens (bytes of what came, divided by 3.5). A task fails when a
fact is missing, when an error's suggestion does not lead to the step after it, or when its budget is exceeded: tools that cost more
calls or more words than they did fail here. The clock stands still, so that everything comes out the same each time.

A check is [path, how, wanted]: a path goes into structuredContent ("*" is every element), "#text" is the text, "#raw" all that came.
usage: check_evals.py CLOCKED_PROGRAM [WORD_OF_A_TASK]"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

from server import MODERN, Cases, Stdio, complaints, environment, modern

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cases"))
import shared  # noqa: E402

EVALS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "evals.json")
ASKS = {"call": ("tools/call", "name"), "read": ("resources/read", "uri"), "prompt": ("prompts/get", "name"),
        "complete": ("completion/complete", "ref"), "list": (None, None)}


class World:
    """A workspace as its list of commands leaves it; each task gets a copy."""

    def __init__(self, program, doc):
        self.program, self.place, self.clock = program, tempfile.mkdtemp(prefix="msptk-eval-"), "clock"
        self.write("msp-toolkit.yaml", json.dumps(doc["config"], ensure_ascii=False))
        for name, text in doc.get("files", {}).items():
            self.write(name, text)
        for step in doc["setup"]:
            if isinstance(step, dict):
                self.write(self.clock, "%d\n" % shared.microseconds(step["now"]))
            else:
                done = subprocess.run([program, *step], cwd=self.place, env=environment(**self.env()), capture_output=True,
                                      stdin=subprocess.DEVNULL, check=False, timeout=60)
                assert done.returncode in (0, 1), done

    def env(self, place=None):
        return {"MSPTK_CASE_CLOCK": os.path.join(place or self.place, self.clock)}

    def write(self, name, text):
        with open(os.path.join(self.place, name), "w", encoding="utf-8") as f:
            f.write(text)


class Space:
    def __init__(self, program, place):
        self.program, self.place = program, place


def at(value, path):
    for n, key in enumerate(path):
        if key == "*":
            return [at(v, path[n + 1:]) for v in value]
        value = value[int(key)] if isinstance(value, list) else value.get(key) if isinstance(value, dict) else None
    return value


def holds(value, how, wanted):
    if how == "is":
        return value == wanted
    if how == "set":
        return sorted(set(map(str, value))) == sorted(map(str, wanted))
    if how == "all":
        return bool(value) and all(v == wanted for v in value)
    if how == "count":
        return len(value) == wanted
    if how == "first":
        return bool(value) and value[0] == wanted
    if how in ("has", "lacks"):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return (wanted in text) == (how == "has")
    raise ValueError("no such check: " + how)


class Task:
    def __init__(self, doc, server):
        self.doc, self.server, self.saved = doc, server, {}
        self.calls = self.bytes = self.recovered = 0
        self.found, self.suggestion = [], None

    def given(self, value):
        if isinstance(value, str) and value[:1] == "$":
            return self.saved[value[1:]]
        if isinstance(value, dict):
            return {k: self.given(v) for k, v in value.items()}
        return value

    def ask(self, method, params):
        self.calls += 1
        self.server.send(modern(method, self.calls, **params))
        line = self.server.line(30)
        message = json.loads(line)
        self.bytes += len(line)
        self.found += complaints(message, MODERN, method)
        return line.decode(), message

    def step(self, step):
        kind = next(k for k in ASKS if k in step)
        method, key = ASKS[kind]
        args = self.given(step.get("args", {}))
        if kind == "list":
            line, message = self.ask(step["list"], {})
        elif kind == "complete":
            line, message = self.ask(method, {"ref": step["complete"], "argument": step["argument"]})
        elif kind == "read":
            line, message = self.ask(method, {key: "".join(self.saved.get(p[1:], p) if p[:1] == "$" else p
                                                           for p in step["read"].split("|"))})
        else:
            line, message = self.ask(method, {key: step[kind], "arguments": args})
        content = self.content(step, kind, message)
        for wanted in step.get("pages", []):  # all pages of it, and what all of them hold together
            rows = list(content[wanted])
            while content.get("next_cursor"):
                line, message = self.ask(method, {key: step[kind], "arguments": {**args, "cursor": content["next_cursor"]}})
                content = self.content(step, kind, message)
                rows += content[wanted]
            content = {**content, wanted: rows}
        self.judge(step, kind, content, message, line, args)

    def content(self, step, kind, message):
        if "error" in message:
            return message
        result = message["result"]
        if kind == "read":
            text = result["contents"][0]["text"]
            return json.loads(text) if text.startswith("{") else {"text": text}
        return result.get("structuredContent", result)

    def judge(self, step, kind, content, message, line, args):
        error = content.get("error") if isinstance(content, dict) and kind == "call" and "error" not in message else None
        if step.get("error") != (error or {}).get("code"):
            self.found.append("%s: error %s, wanted %s" % (json.dumps(step)[:120], error, step.get("error")))
        if self.suggestion is not None:  # the step before went wrong: what it suggested must lead here
            words = [step.get("call", ""), *args, *map(str, args.values())]
            if not any(w and w in self.suggestion for w in words):
                self.found.append("'%s' does not lead to %s" % (self.suggestion, json.dumps(step)[:120]))
            self.recovered += 1
        self.suggestion = error["details"]["suggestion"] if error and step.get("recover") else None
        said = "".join(b.get("text", "") for b in message.get("result", {}).get("content", []))
        for path, how, wanted in step.get("check", []):
            value = said if path == "#text" else line if path == "#raw" else at(content, path.split("/")[1:])
            if not holds(value, how, self.given(wanted)):
                self.found.append("%s %s %s, but %s" % (path, how, json.dumps(wanted, ensure_ascii=False), str(value)[:300]))
        for name, path in step.get("save", {}).items():
            self.saved[name] = at(content, path.split("/")[1:])

    def run(self):
        try:
            for step in self.doc["steps"]:
                self.step(step)
        except (KeyError, IndexError, TypeError, AttributeError) as problem:
            self.found.append("%s: %r" % (type(problem).__name__, problem))
        self.tokens = round(self.bytes / 3.5)
        if self.calls > self.doc["calls"]:
            self.found.append("%d calls, the budget is %d" % (self.calls, self.doc["calls"]))
        if self.tokens > self.doc["tokens"]:
            self.found.append("%d tokens, the budget is %d" % (self.tokens, self.doc["tokens"]))
        return self.found


def main():
    program = os.path.abspath(sys.argv[1])
    with open(EVALS, encoding="utf-8") as f:
        doc = json.load(f)
    cases, worlds, total = Cases(), {}, [0, 0, 0]
    tasks = [t for t in doc["tasks"] if len(sys.argv) < 3 or sys.argv[2] in t["task"]]
    try:
        for task in tasks:
            name = task.get("world", "house")
            if name not in worlds:
                worlds[name] = World(program, doc["worlds"][name])
            with tempfile.TemporaryDirectory(prefix="msptk-eval-") as place:
                shutil.copytree(worlds[name].place, place, dirs_exist_ok=True)
                with Stdio(Space(program, place), *task.get("server", []), env=worlds[name].env(place)) as server:
                    run = Task(task, server)
                    cases.check(task["task"], run.run())
            print("  %d of %d calls, %d of %d tokens%s" % (run.calls, task["calls"], run.tokens, task["tokens"],
                                                         ", %d recovered" % run.recovered if run.recovered else ""))
            total = [a + b for a, b in zip(total, (run.calls, run.tokens, run.recovered))]
    finally:
        for world in worlds.values():
            shutil.rmtree(world.place, ignore_errors=True)
    print("%d tasks: %d calls, %d tokens, %d errors recovered from" % (len(tasks), *total))
    if len(sys.argv) < 3:
        cases.check("there are at least thirty tasks", [] if len(tasks) >= 30 else [str(len(tasks))])
    cases.end()


main()
