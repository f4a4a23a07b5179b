"""Exit codes, and standard output that is full, closed or read no further."""
import os
import subprocess

from tool import CONFIG, Cases, Tool, clean_environment, expect


def into(tool, target, *args):
    """Exit code and standard error of a run whose standard output is `target`."""
    done = subprocess.run([tool.program, *args], cwd=tool.place, env=clean_environment(), stdin=subprocess.DEVNULL,
                          stdout=target, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    return done.returncode, done.stderr


def closed(tool, descriptor, *args):
    """The same with a standard descriptor closed, as daemons start their children."""
    line = 'exec "$@" %d>&-' % descriptor if descriptor else 'exec "$@" <&-'
    done = subprocess.run(["sh", "-c", line, "sh", tool.program, *args], cwd=tool.place, env=clean_environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stderr


def main():
    tool, cases = Tool(), Cases()
    tool.fill()
    cases.check("0: fine", expect(tool.run("client", "list"), 0))
    cases.check("3: not found, with a suggestion", expect(tool.run("client", "show", "acme-crop"), 3, "did you mean 'acme-corp'",
                                                          "try: ", "msp-toolkit client list"))
    cases.check("3: no such configuration", expect(tool.run("-c", "none.yaml", "client", "list"), 3, "none.yaml"))
    cases.check("--verbose tells codes", expect(tool.run("-v", "client", "show", "nobody"), 3, "CLIENT_NOT_FOUND"))
    bad = Tool(CONFIG + "no_such_section:\n  a: 1\n")
    cases.check("3: a wrong configuration", expect(bad.run("client", "list"), 3, "no_such_section"))
    cases.check("1: config check finds a problem", expect(bad.run("config", "check"), 1, "no_such_section", where="stdout"))
    cases.check("--fail-on never", expect(bad.run("config", "check", "--fail-on", "never"), 0))
    cases.check("--fail-on critical", expect(bad.run("config", "check", "--fail-on", "critical"), 1))
    cases.check("--fail-on unknown", expect(bad.run("config", "check", "--fail-on", "unknown"), 0))
    bad.close()
    typo = Tool("adapters:\n  - name: world\n    type: fake\n    latency_mss: 3\n")
    cases.check("1: config check finds a setting that an adapter does not know",
                expect(typo.run("config", "check"), 1, "latency_mss", "latency_ms'", where="stdout"))
    typo.close()
    nowhere = Tool()
    os.mkdir(os.path.join(nowhere.place, "folder"))
    cases.check("3: an error says what went wrong, not only what was tried",
                expect(nowhere.run("-c", "folder", "client", "list"), 3, "because: ", "not a regular file"))
    nowhere.close()
    for args in (["client", "list"], ["client", "list", "--json"], ["--help"], ["--version"], ["completion", "bash"]):
        with open("/dev/full", "w", encoding="utf-8") as full:
            code, said = into(tool, full, *args)
        cases.check("a full device: " + " ".join(args),
                    [] if code == 3 and "cannot be written" in said else ["exit %d: %s" % (code, said)])
    reader, writer = os.pipe()
    os.close(reader)
    code, said = into(tool, writer, "client", "list")
    os.close(writer)
    cases.check("a reader that left is no failure", [] if code == 0 and not said else ["exit %d: %s" % (code, said)])
    piped = subprocess.run(["bash", "-c", 'set -o pipefail; "$1" client list | head -n 1', "bash", tool.program], cwd=tool.place,
                           env=clean_environment(), capture_output=True, text=True, check=False, timeout=60)
    cases.check("| head -n 1", [] if piped.returncode == 0 and piped.stdout.count("\n") == 1 and not piped.stderr
                else [str(piped)])
    code, said = closed(tool, 1, "client", "list")
    cases.check("standard output closed", [] if code == 3 else ["exit %d: %s" % (code, said)])
    code, said = closed(tool, 0, "client", "list")
    cases.check("standard input closed", [] if code == 0 else ["exit %d: %s" % (code, said)])
    code, said = closed(tool, 2, "client", "show", "nobody")
    cases.check("standard error closed", [] if code == 3 else ["exit %d: %s" % (code, said)])
    cases.check("the database survived", expect(tool.run("audit", "verify"), 0, "holds", where="stdout"))
    set_ = tool.run("secret", "set", "rmm-api-key", stdin="hunter2-canary\n")
    shown = set_.stdout + set_.stderr + tool.run("secret", "list").stdout + tool.run("audit", "list", "--json").stdout
    cases.check("a secret from a pipe is stored and not shown",
                [] if set_.returncode == 0 and "rmm-api-key" in shown and "hunter2" not in shown else [shown])
    cases.check("an empty secret is refused", expect(tool.run("secret", "set", "x", stdin=""), 2, "empty"))
    who = tool.run("audit", "list", "--limit", "1", "--json").stdout
    cases.check("the trail names account, machine and door", [] if "@" in who and '"door":"cli"' in who else [who])
    tool.close()
    cases.end()


if __name__ == "__main__":
    main()
