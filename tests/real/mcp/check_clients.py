"""The official TypeScript clients, v1 and v2, against the product and the fixture, over stdio or HTTP.
usage: check_clients.py PACKAGES_DIRECTORY MSP_TOOLKIT stdio|http FIXTURE FIXTURE.JSON"""
import json
import os
import subprocess
import sys

import packages
from served import Served
from workspace import Workspace

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
from cases import Cases  # noqa: E402

# script, mode, whether it has forms, whether writes are enabled
RUNS = [("client_v1.mjs", "legacy", True, False), ("client_v1.mjs", "legacy", True, True), ("client_v1.mjs", "legacy", False, True),
        ("client_v2.mjs", "auto", True, True), ("client_v2.mjs", "pin", True, False), ("client_v2.mjs", "pin", False, True),
        ("client_v2.mjs", "legacy", True, True)]
FEWEST = 16  # cases that every run has
FIXTURE_RUNS = [("client_v1.mjs", "legacy"), ("client_v2.mjs", "pin"), ("client_v2.mjs", "legacy")]
FIXTURE_FEWEST = 16


def one_run(cases, found, space, how, number):
    script, mode, forms, writes = RUNS[number]
    argv = [space.program, "mcp"] + (["--enable-writes"] if writes else [])
    server = Served(argv + ["--http", "127.0.0.1:0"], cwd=space.place) if how == "http" else None
    who = "%s %s %s%s%s" % (script[:-4], mode, how, " forms" if forms else "", " writes" if writes else "")
    token = json.loads(space.run("token", "create", "interop-%d" % number, "--scopes", "read,write", "--json"))["token"] \
        if server and writes else None
    wanted = {"who": who, "mode": mode, "forms": forms, "writes": writes, "program": space.program, "place": space.place,
              "command": argv, "url": server.url if server else None, "tier": ("silver", "gold")[number % 2],
              "token": token, "alerts": space.alerts()[:1]}
    run_script(cases, found, space, script, wanted, server, FEWEST)


def run_script(cases, found, space, script, wanted, server, fewest):
    try:
        done = subprocess.run([found.node, found.script(script), json.dumps(wanted)], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False, timeout=90, cwd=space.place)
    finally:
        ended = list(server.stop_problems()) if server else []
    results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for result in results:
        cases.check(result["name"], result["problems"])
    bad = [] if done.returncode == 0 and len(results) >= fewest else ["status %d, %d cases\n%s" % (done.returncode, len(results), done.stderr[-2000:])]
    cases.check(wanted["who"] + ": runs to its end", bad + ended)


def fixture_run(cases, found, space, how, script, mode):
    argv = [os.path.abspath(sys.argv[4]), os.path.abspath(sys.argv[5])]
    server = Served(argv + ["http", "127.0.0.1:0"]) if how == "http" else None
    run_script(cases, found, space, script, {
        "who": "fixture %s %s %s" % (script[:-4], mode, how), "mode": mode, "forms": True, "fixture": True, "place": space.place,
        "command": argv + ["stdio"], "url": server.url if server else None}, server, FIXTURE_FEWEST)


def main():
    found = packages.get_or_skip(sys.argv[1])
    cases = Cases()
    for part in ("interop.mjs", "fixture_cases.mjs"):
        found.script(part)
    space = Workspace(sys.argv[2])
    try:
        space.fill()
        for number in range(len(RUNS)):
            one_run(cases, found, space, sys.argv[3], number)
        for script, mode in FIXTURE_RUNS:
            fixture_run(cases, found, space, sys.argv[3], script, mode)
    finally:
        space.close()
    cases.end()


if __name__ == "__main__":
    main()
