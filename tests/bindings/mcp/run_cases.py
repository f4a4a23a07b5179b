"""The shared cases through tools/call; tests/bindings/cases/README.md says what a case is. Operations that are no tools are done by C.

What this door adds to a result is taken away again, and nothing else: `client` in front (the client that was meant), `truncated`,
`partial`, `hint`, and `total` where the operation's own result has none; rows, which it puts last, go back to their place.
Characters that nobody sees (the joiners of an emoji) are not in its texts. A change takes two calls here: the first answers the plan in short,
which is compared with the whole plan that C makes, the second brings the confirmation_token. Errors have code and reason here,
but no status.

run_cases.py PROGRAM OPERATIONS RUN_C FILE...
"""
import json
import os
import subprocess
import sys
import unicodedata

from server import Cases, Stdio, modern

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cases"))
import shared  # noqa: E402

WIDE = {"response_format": "detailed", "max_tokens": 20000}
NO_LIMITS = ("--reads-per-minute", "0", "--writes-per-minute", "0")
NOISE = {"schema", "revision", "created_at", "updated_at", "changed_at"}


class Space:
    def __init__(self, program, place):
        self.program, self.place = program, place


def without_additions(row, result):
    """The result as the operation gives it."""
    own = list(row["result"]["json_schema"]["properties"])
    kept = {k: v for k, v in result.items() if k in own or k not in ("client", "truncated", "hint", "total", "partial")}
    if row["result"].get("rows"):  # which stand last here
        kept = {k: kept[k] for k in sorted(kept, key=lambda k: own.index(k) if k in own else len(own))}
    return kept


def visible(value):
    """Characters that nobody sees are taken out by this door."""
    if isinstance(value, dict):
        return {k: visible(v) for k, v in value.items()}
    if isinstance(value, list):
        return [visible(v) for v in value]
    return "".join(c for c in value if unicodedata.category(c) != "Cf") if isinstance(value, str) and \
        not isinstance(value, shared.Number) else value


def fields_of(change):
    """What differs between before and after, as the door tells it."""
    before, after = change.get("before") or {}, change.get("after") or {}
    keys = list(after) + [k for k in before if k not in after]
    made = []
    for key in keys:
        if key in NOISE or (key in before and key in after and shared.canonical(before[key]) == shared.canonical(after[key])):
            continue
        made.append({"field": key, **({"from": before[key]} if key in before else {}), **({"to": after[key]} if key in after else {})})
    return made


def plan_problems(whole, in_short):
    """The plan that was shown must be the plan that the library makes."""
    wanted = [{**{k: v for k, v in c.items() if k not in ("before", "after")}, "fields": fields_of(c)} for c in whole["changes"]]
    shown = [{k: v for k, v in c.items() if k not in ("name", "about")} for c in in_short["changes"]]
    left, right = shared.canonical(wanted), shared.canonical(shown)
    return [] if left == right else ["the plan is %s" % right, "wanted      %s" % left]


class Door:
    def __init__(self, case, servers):
        self.case, self.servers, self.number = case, servers, 0
        self.plans, self.found = {}, []

    def call(self, server, tool, arguments):
        self.number += 1
        server.write(shared.canonical(modern("tools/call", self.number, name=tool, arguments=arguments)) + "\n")
        message = shared.parse(server.line(30).decode())
        if "error" in message:  # a confirmation that is not of this call: -32602 with the reason
            return {"error": {"code": "INVALID_PARAMETERS", "reason": message["error"].get("data", {}).get("reason")}}
        content = message["result"]["structuredContent"]
        if message["result"].get("isError"):
            return {"error": {"code": content["error"]["code"], "reason": content["error"]["details"]["reason"]}}
        return {"result": content}

    def perform(self, step, args, opts):
        outcome = self.said(step, args, opts)
        if "error" in outcome or opts.get("plan"):
            return outcome
        return {"result": without_additions(self.case.rows[step["do"]], outcome["result"])}

    def said(self, step, args, opts):
        row = self.case.rows[step["do"]]
        server = self.servers["reads" if opts.get("read_only") else "changes"]
        if row["effect"] == "read":
            if "all" not in row["tool_schemas"]["input"]["properties"]:
                args = {k: v for k, v in args.items() if k != "all"}  # said by naming no client
            return self.call(server, row["name"], {**args, **(WIDE if row["result"].get("rows") else {})})
        more = {k: opts[k] for k in ("idempotency_key",) if k in opts}
        if "plan_token" in opts:
            token = self.plans.get(opts["plan_token"], opts["plan_token"])
        else:
            planned = self.call(server, row["name"], args)
            if "error" in planned:
                return planned
            token = planned["result"]["confirmation"]["confirmation_token"]
            if opts.get("plan"):
                return self.planned(step, args, opts, planned["result"])
        return self.call(server, row["name"], {**args, **more, "confirmation_token": token})

    def planned(self, step, args, opts, result):
        """The plan by C stands for the one that the door shows in short, when they agree; the door's token goes with it."""
        whole = self.case.by_c(step, args, opts)
        self.found = plan_problems(whole["result"], result["plan"])
        self.plans[whole["result"]["plan_token"]] = result["confirmation"]["confirmation_token"]
        return whole


def lacks(row):
    return row["doors_absent"].get("mcp") or (None if row.get("tool") else "no tool")


def lacks_step(step):
    if "all" in step.get("args", {}) and "client_id" in step["args"]:
        return "all clients are meant there when none is named"
    return None


def main():
    program, operations_program, run_c = map(os.path.abspath, sys.argv[1:4])
    operations = json.loads(subprocess.run([operations_program], capture_output=True, check=True).stdout)
    cases, spoken = Cases(), set()
    for path in sys.argv[4:]:
        with shared.Case(path, operations, run_c).workspace() as case:
            for step in case.doc["steps"]:
                if not (step.get("skip", {}).get("mcp") or lacks(case.rows[step["do"]])):
                    step["expect"] = visible(step["expect"])
            space, clock = Space(program, case.place), {"MSPTK_CASE_CLOCK": case.clock_file}
            with Stdio(space, "--enable-writes", *NO_LIMITS, env=clock) as changes, Stdio(space, *NO_LIMITS, env=clock) as reads:
                door = Door(case, {"changes": changes, "reads": reads})
                for name, problems, why in case.steps(door.perform, "mcp", lacks, lacks_step, status=False):
                    cases.check(name, problems + door.found)
                    door.found = []
                    if why:
                        cases.aside(name + " by MCP", why)
                    else:
                        spoken.add(name.split(": ")[1])
    tools = {row["name"] for row in operations["operations"] if lacks(row) is None}
    cases.check("every tool is in a case", sorted(tools - spoken))
    cases.end()


if __name__ == "__main__":
    main()
