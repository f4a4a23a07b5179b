"""The official TypeScript clients, v1 and v2, against the product, over stdio and HTTP.
usage: check_clients.py PACKAGES_DIRECTORY MSP_TOOLKIT stdio|http"""
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
    try:
        done = subprocess.run([found.node, found.script(script), json.dumps(wanted)], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False, timeout=90, cwd=space.place)
    finally:
        ended = list(server.stop_problems()) if server else []
    results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for result in results:
        cases.check(result["name"], result["problems"])
    bad = [] if done.returncode == 0 and len(results) >= FEWEST else ["status %d, %d cases\n%s" % (done.returncode, len(results), done.stderr[-2000:])]
    cases.check(who + ": runs to its end", bad + ended)


def main():
    found = packages.get_or_skip(sys.argv[1])
    cases = Cases()
    found.script("interop.mjs")
    space = Workspace(sys.argv[2])
    try:
        space.fill()
        for number in range(len(RUNS)):
            one_run(cases, found, space, sys.argv[3], number)
    finally:
        space.close()
    cases.end()


if __name__ == "__main__":
    main()
