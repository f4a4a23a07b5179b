"""Completion: what is offered, that it never says an error, and that the scripts of the shells work."""
import os
import shutil
import subprocess

from tool import Cases, Tool, clean_environment


def offered(tool, *words):
    done = tool.run("__complete", *words)
    return [line.split("\t")[0] for line in done.stdout.splitlines()], done


def by_bash(tool, script, *words):
    """What bash itself would offer."""
    lines = ['source "$1"; shift', 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))', 'COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}',
             "_msp_toolkit", 'printf "%s\\n" "${COMPREPLY[@]}"']
    done = subprocess.run(["bash", "-c", "\n".join(lines), "bash", script, tool.program, *words], cwd=tool.place,
                          env=clean_environment(), capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.split() if not done.stderr else [done.stderr]


def check_scripts(tool, cases):
    for shell in ("bash", "zsh", "fish"):
        script = os.path.join(tool.place, "completion." + shell)
        with open(script, "w", encoding="utf-8") as f:
            f.write(tool.run("completion", shell).stdout)
        if not shutil.which(shell):
            cases.skip("%s reads its script" % shell, "no %s here" % shell)
            continue
        done = subprocess.run([shell, "-n", script], capture_output=True, text=True, check=False, timeout=60)
        cases.check("%s reads its script" % shell,
                    [] if done.returncode == 0 and not done.stderr and os.path.getsize(script) > 100 else [done.stderr])
    script = os.path.join(tool.place, "completion.bash")
    for words, want in ((["cli"], "client"), (["client", "sh"], "show"), (["client", "show", "ac"], "acme-corp"),
                        (["client", "list", "--ti"], "--tier"), (["client", "list", "--tier", "pre"], "premium")):
        got = by_bash(tool, script, *words)
        cases.check("bash completes %s" % " ".join(words), [] if want in got else [str(got)])
    if shutil.which("fish"):
        line = 'set -p PATH "%s"; source "%s"; complete -C "msp-toolkit client show ac"' % (
            os.path.dirname(tool.program), os.path.join(tool.place, "completion.fish"))
        done = subprocess.run(["fish", "--no-config", "-c", line], cwd=tool.place, env=clean_environment(HOME=tool.place),
                              capture_output=True, text=True, check=False, timeout=60)
        cases.check("fish completes ids", [] if "acme-corp" in done.stdout else [str(done)])


def main():
    tool, cases = Tool(), Cases()
    tool.fill()
    rows = tool.operations()
    words, _ = offered(tool, "")
    cases.check("every noun and command is offered", [r["cli"] for r in rows if r["cli"].split()[0] not in words])
    cases.check("each once", [w for w in words if words.count(w) > 1])
    for row in rows:
        if " " in row["cli"]:
            noun, verb = row["cli"].split()
            cases.check("%s is offered" % row["cli"], [] if verb in offered(tool, noun, "")[0] else [verb])
        flags = offered(tool, *row["cli"].split(), "--")[0]
        want = ["--" + p["name"].replace("_", "-") for p in row["params"]
                if not p.get("cli") and "cli" not in p.get("hidden", []) and not (p["type"] == "secret" and p["required"])]
        cases.check("flags of %s are offered" % row["cli"], [f for f in want + ["--json"] if f not in flags])
    cases.check("enum values", [] if offered(tool, "client", "list", "--tier", "")[0] == ["bronze", "silver", "gold", "premium"]
                else ["other"])
    cases.check("values behind =", [] if offered(tool, "client", "list", "--tier=pr")[0] == ["--tier=premium"] else ["other"])
    cases.check("values of a split =", [] if offered(tool, "client", "list", "--tier", "=", "pr")[0] == ["premium"] else ["other"])
    ids, done = offered(tool, "client", "show", "")
    cases.check("ids of clients, with names", [] if "acme-corp" in ids and "\tAcme Corp" in done.stdout else [done.stdout])
    cases.check("only what fits", [] if offered(tool, "client", "show", "acme")[0] == ["acme-corp"] else ["more"])
    cases.check("global values", [] if "critical" in offered(tool, "client", "list", "--fail-on", "")[0] else ["none"])
    cases.check("keys of the configuration", [] if "rmm.timeout" in offered(tool, "config", "explain", "rmm.")[0] else ["none"])
    cases.check("files where a file is meant", [] if offered(tool, "--config", "")[0] == [":file"] else ["other"])
    before = tool.run("client", "list", "--json").stdout
    with open(os.path.join(tool.place, "msp-toolkit.yaml"), "a", encoding="utf-8") as f:
        f.write("broken: [\n")
    for line in (["client", "show", ""], ["nonsense", ""], ["client", "nonsense", ""], [], ["--config", "none", "client", "show", ""]):
        got, done = offered(tool, *line)
        cases.check("no error is ever said: %s" % " ".join(line),
                    [] if done.returncode == 0 and not done.stderr else [done.stderr])
    os.remove(os.path.join(tool.place, "msp-toolkit.yaml"))
    with open(os.path.join(tool.place, "msp-toolkit.yaml"), "w", encoding="utf-8") as f:
        f.write("database:\n  path: data/test.db\n")
    cases.check("completing changes nothing", [] if tool.run("client", "list", "--json").stdout == before else ["changed"])
    check_scripts(tool, cases)
    tool.close()
    cases.end()


if __name__ == "__main__":
    main()
