"""The command line of the official Inspector against the product, in both eras.
usage: check_inspector.py PACKAGES_DIRECTORY MSP_TOOLKIT"""
import json
import os
import subprocess
import sys

import packages
from workspace import Workspace

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
from cases import Cases  # noqa: E402

UNKNOWN_TOOL = 5  # exit status of the Inspector


def inspect(found, space, era, *args):
    env = dict(os.environ, PATH=os.path.dirname(found.node) + ":" + os.environ["PATH"], HOME=space.place, NO_COLOR="1")
    return subprocess.run([found.node, found.module("@modelcontextprotocol", "inspector", "clients", "launcher", "build", "index.js"),
                           "--cli", space.program, "mcp", "--protocol-era", era, *args],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60, cwd=space.place, env=env)


def answered(done, judge):
    """Problems of a call that should have worked and whose answer `judge` accepts."""
    if done.returncode != 0:
        return ["status %d: %s" % (done.returncode, (done.stdout + done.stderr)[-1500:])]
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        return ["no JSON: " + done.stdout[:500]]
    return [] if judge(answer) else [done.stdout[:1500]]


def check_era(cases, found, space, era):
    cases.check(era + ": tools/list, with schemas that are portable", answered(
        inspect(found, space, era, "--strict", "--method", "tools/list"),
        lambda a: any(t["name"] == "client_list" for t in a["tools"])))
    cases.check(era + ": tools/call with arguments", answered(
        inspect(found, space, era, "--method", "tools/call", "--tool-name", "client_list", "--tool-arg", "search=beta"),
        lambda a: [c["id"] for c in a["structuredContent"]["clients"]] == ["beta-ltd"]))
    done = inspect(found, space, era, "--method", "tools/call", "--tool-name", "client_lst")
    cases.check(era + ": an unknown tool", [] if done.returncode == UNKNOWN_TOOL and "client_lst" in done.stdout + done.stderr
                else ["status %d: %s" % (done.returncode, done.stdout + done.stderr)])
    cases.check(era + ": resources/list", answered(
        inspect(found, space, era, "--method", "resources/list"), lambda a: a["resources"]))
    cases.check(era + ": prompts/list", answered(
        inspect(found, space, era, "--method", "prompts/list"), lambda a: a["prompts"]))


def main():
    found = packages.get_or_skip(sys.argv[1])
    cases = Cases()
    space = Workspace(sys.argv[2])
    try:
        space.fill()
        for era in ("legacy", "modern"):
            check_era(cases, found, space, era)
    finally:
        space.close()
    cases.end()


if __name__ == "__main__":
    main()
