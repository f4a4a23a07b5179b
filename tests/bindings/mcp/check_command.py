"""The commands around the server: doctor, snippets for hosts, the manifest, and the example host.
usage: check_command.py MSP_TOOLKIT EXAMPLE"""
import json
import os
import re
import shlex
import subprocess
import sys

from server import WORLD, Cases, Workspace, environment


def run(space, *args, place=None, env=None):
    return subprocess.run([space.program, *args], cwd=place or space.place, env=environment(**(env or {})), capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, check=False, timeout=60)


def expect(done, status, *words):
    found = [] if done.returncode == status else ["exit %d, not %d: %s" % (done.returncode, status, done.stderr[:300])]
    both = done.stdout + done.stderr
    return found + ["%r is not said: %s" % (word, both[:300]) for word in words if word not in both]


def check_doctor(cases, space):
    done = run(space, "mcp", "doctor")
    cases.check("doctor: all is well", expect(done, 0, "sample call", "client_list answers 2 clients", "mcpServers"))
    doc = json.loads(run(space, "mcp", "doctor", "--json").stdout)
    cases.check("doctor --json", [] if doc["status"] == "ok" and len(doc["checks"]) >= 6 else [str(doc)])
    done = run(space, "mcp", "doctor", place="/")
    cases.check("doctor without a configuration says so", expect(done, 1, "no configuration file", "msp-toolkit init"))
    done = run(space, "mcp", "doctor", env={"MSP_CREDENTIALS": "x"})
    cases.check("doctor knows MSP_CREDENTIALS", expect(done, 0, "secret set"))


def check_snippets(cases, space):
    for host in ("claude-desktop", "cursor", "windsurf", "gemini-cli", "vscode", "zed"):
        done = run(space, "mcp", "--print-config", "--host", host)
        servers = next(iter(json.loads(done.stdout).values()))
        entry = servers["msp-toolkit"]
        found = [] if os.path.isabs(entry["command"]) and entry["args"] == ["mcp"] else [str(entry)]
        # As the host would start it: in a directory of its own.
        answer = subprocess.run([entry["command"], *entry["args"]], cwd="/", env=environment(**entry["env"]), text=True,
                                input='{"jsonrpc":"2.0","id":1,"method":"ping"}\n', capture_output=True, check=False, timeout=30)
        cases.check("the snippet for %s works" % host, found + ([] if '"id":1' in answer.stdout else [answer.stderr[:300]]))
    line = run(space, "mcp", "--print-config", "--host", "claude-code").stdout
    words = shlex.split(line)
    cases.check("the command for claude-code", [] if words[:4] == ["claude", "mcp", "add", "msp-toolkit"] and words[-1] == "mcp"
                else [line])
    toml = run(space, "mcp", "--host", "codex", "--enable-writes").stdout
    cases.check("the table for codex", [] if re.search(r'^args = \["mcp", "--enable-writes"\]$', toml, re.M) else [toml])
    cases.check("a host that is unknown", expect(run(space, "mcp", "--host", "emacs"), 2, "claude-desktop"))


def check_manifest(cases, space):
    one, two = (run(space, "mcp", "--print-manifest").stdout for _ in range(2))
    cases.check("the manifest has the same bytes each time", [] if one == two and one else ["it differs"])
    names = [tool["name"] for tool in json.loads(one)]
    more = [tool["name"] for tool in json.loads(run(space, "mcp", "--print-manifest", "--enable-writes").stdout)]
    cases.check("tools that change need --enable-writes", [] if set(names) < set(more) else [str(names), str(more)])
    cases.check("at most fifteen tools", [] if len(more) <= 15 else [str(more)])


def check_refusals(cases, space):
    cases.check("an address that is none", expect(run(space, "mcp", "--http", "nonsense"), 2, "127.0.0.1"))
    cases.check("a plan of a server", expect(run(space, "mcp", "--plan"), 2, "nothing to plan"))
    cases.check("an unknown flag", expect(run(space, "mcp", "--enable-write"), 2, "--enable-writes"))


def main():
    cases = Cases()
    with Workspace(sys.argv[1], WORLD) as space:
        check_doctor(cases, space)
        check_snippets(cases, space)
        check_manifest(cases, space)
        check_refusals(cases, space)
        done = subprocess.run([sys.executable, os.path.abspath(sys.argv[2]), space.program,
                               os.path.join(space.place, "msp-toolkit.yaml")], cwd="/", env=environment(), capture_output=True,
                              text=True, check=False, timeout=60)
        cases.check("the example host", expect(done, 0, "health_check", "acme-corp"))
    cases.end()


main()
