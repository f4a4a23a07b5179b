"""The official conformance suite against our server, every scenario a case; no list of expected failures.
usage: check_conformance.py PACKAGES_DIRECTORY fixture REVISION PROGRAM FIXTURE.JSON
       check_conformance.py PACKAGES_DIRECTORY production - PROGRAM"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import packages
from served import Served

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
from cases import Cases  # noqa: E402

# How many scenarios each revision scores, frozen by the suite.
SCORED = {"2025-11-25": 30, "2026-07-28": 37}
# Beside those: what a revision does not score and we hold anyway.
BESIDE = {"2025-11-25": ["server-session-lifecycle", "json-schema-2020-12"],
          "2026-07-28": ["json-schema-2020-12", "http-header-validation", "http-custom-header-server-validation"]}
# Resumable streams and the tasks extension are not served.
NOT_SERVED = re.compile(r"^(server-sse-polling|tasks-.*)$")
# What needs no fixture runs against the product itself.
PRODUCTION = {"2025-11-25": ["server-initialize", "ping", "tools-list", "prompts-list", "resources-list", "dns-rebinding-protection",
                             "server-session-lifecycle", "server-sse-multiple-streams"],
              "2026-07-28": ["tools-list", "prompts-list", "resources-list", "sep-2164-resource-not-found", "caching",
                             "dns-rebinding-protection", "http-header-validation", "server-sse-multiple-streams"]}


def run_suite(found, url, *what):
    """(exit status, output, {scenario: checks}) of one run of the suite."""
    out = tempfile.mkdtemp(prefix="msptk-conformance-")
    try:
        done = subprocess.run([found.node, found.module("@modelcontextprotocol", "conformance", "dist", "index.js"), "server",
                               "--url", url, "-o", out, *what], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, timeout=120)
        scenarios = {}
        for path in glob.glob(os.path.join(out, "**", "checks.json"), recursive=True):
            name = re.sub(r"^server-|-\d{4}-\d\d-\d\dT[-\dZ]+$", "", os.path.basename(os.path.dirname(path)))
            with open(path, encoding="utf-8") as f:
                scenarios[name] = json.load(f)
        return done.returncode, done.stdout + done.stderr, scenarios
    finally:
        shutil.rmtree(out, ignore_errors=True)


def problems_of(checks):
    """A warning of the suite is a recommendation that we do not follow: a problem too."""
    if not checks:
        yield "the suite has no result for it"
    for check in checks or []:
        if check["status"] not in ("SUCCESS", "INFO"):
            yield "%s %s: %s" % (check["status"], check["id"], check.get("errorMessage") or json.dumps(check.get("details")))
    if checks and not any(check["status"] == "SUCCESS" for check in checks):
        yield "nothing was checked"


def check_fixture(cases, found, revision, argv):
    server = Served(argv)
    try:
        status, said, scenarios = run_suite(found, server.url, "--requirements", revision)
    finally:
        ended = list(server.stop_problems())
    scored = sorted(set(scenarios) - set(BESIDE[revision]) - {s for s in scenarios if NOT_SERVED.match(s)})
    for name in scored + BESIDE[revision]:
        cases.check("%s %s" % (revision, name), problems_of(scenarios.get(name)))
    cases.check("%s: all %d scored scenarios pass" % (revision, SCORED[revision]),
                (["the suite ended with status %d\n%s" % (status, said[-3000:])] if status else []) +
                (["%d scenarios are scored" % len(scored)] if len(scored) != SCORED[revision] else []))
    cases.check("%s: the server ends well" % revision, ended)


def check_production(cases, found, program):
    place = tempfile.mkdtemp(prefix="msptk-production-")
    with open(os.path.join(place, "msp-toolkit.yaml"), "w", encoding="utf-8") as f:
        f.write("database: {path: db}\nvault: {key_file: key}\n")
    try:
        server = Served([program, "mcp", "--http", "127.0.0.1:0"], cwd=place)
        try:
            for revision, names in PRODUCTION.items():
                for name in names:
                    _, said, scenarios = run_suite(found, server.url, "--scenario", name, "--spec-version", revision)
                    bad = list(problems_of(scenarios.get(name)))
                    cases.check("production %s %s" % (revision, name), bad + ([said[-1000:]] if bad and not scenarios else []))
        finally:
            ended = list(server.stop_problems())
        cases.check("production: the server ends well", ended)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def main():
    place, which, revision, program = sys.argv[1:5]
    found = packages.get_or_skip(place)
    cases = Cases()
    if which == "fixture":
        check_fixture(cases, found, revision, [os.path.abspath(program), sys.argv[5], "http", "127.0.0.1:0"])
    else:
        check_production(cases, found, os.path.abspath(program))
    cases.end()


if __name__ == "__main__":
    main()
