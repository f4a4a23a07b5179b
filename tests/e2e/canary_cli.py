"""A known secret goes through the command: stored from standard input, wrong on the command line, in variables and .env.
It must be in no output, message, completion, man page or file of the workspace.
usage: canary_cli.py MSP_TOOLKIT"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import Cases  # noqa: E402

CANARY = "Canary/command+5Rf2"
CONFIG = """general: {log_level: DEBUG}
database: {path: data/db}
vault: {key_file: data/key}
rmm: {provider: fake, api_url: "fake://canary?devices=2", api_key: "vault:canary"}
adapters:
  - {name: echo, type: plugin, checks: [{name: says, command: ["/bin/echo", "OK"]}]}
"""


def main():
    program = os.path.abspath(sys.argv[1])
    place = tempfile.mkdtemp(prefix="msptk-canary-")
    cases = Cases()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MSPTK_", "MSP_"))}
    env.update(LC_ALL="C.UTF-8", CANARY_VARIABLE=CANARY)

    def write(name, text):
        with open(os.path.join(place, name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(os.path.join(place, name), 0o600)

    def run(*args, stdin=""):
        return subprocess.run([program, *args], input=stdin, cwd=place, env=env, capture_output=True, text=True, check=False,
                              timeout=60)

    def leaks(*args, stdin=""):
        done = run(*args, stdin=stdin)
        if token and token in done.stdout + done.stderr:
            yield "%s shows the API token" % " ".join(args)
        if CANARY in done.stdout or CANARY in done.stderr:
            yield "%s shows it: %s" % (" ".join(args), (done.stdout + done.stderr)[:300])

    token = ""
    write("msp-toolkit.yaml", CONFIG)
    write(".env", "CANARY_DOTENV='%s'\n" % CANARY)
    stored = run("secret", "set", "canary", "--json", stdin=CANARY + "\n")
    cases.check("it is stored from standard input", [] if stored.returncode == 0 else [stored.stderr])
    cases.check("storing does not show it", list(leaks("-vv", "secret", "set", "canary", stdin=CANARY)))
    cases.check("a refusal does not show it", list(leaks("secret", "set", "no/such name!", stdin=CANARY)) +
                list(leaks("secret", "set", "canary", stdin=CANARY + "\x01")))
    run("client", "add", "Acme Corp")
    token = json.loads(run("token", "create", "robot", "--json").stdout)["token"]
    found = []
    for command in (["secret", "list"], ["config", "show"], ["config", "check"], ["config", "explain", "rmm.api_key"], ["doctor"],
                    ["health", "check", "acme-corp"], ["health", "check", "--all"], ["health", "history", "acme-corp"],
                    ["alert", "list"], ["token", "list"], ["adapter", "list"], ["adapter", "probe", "rmm"], ["device", "list"], ["audit", "list"],
                    ["audit", "verify"], ["client", "show", "acme-corp"], ["morning"], ["__man"], ["completion", "bash"],
                    ["completion", "zsh"], ["completion", "fish"], ["--help"], ["secret", "set", "--help"]):
        found += list(leaks(*command)) + list(leaks("-vv", *command)) + list(leaks("--json", *command))
    cases.check("no output shows it", found)
    write("literal.yaml", "rmm: {provider: fake, api_key: \"%s\"}\n" % CANARY)
    cases.check("a literal in the configuration is refused without showing it",
                [p for c in (["config", "check"], ["config", "show"], ["doctor"], ["client", "list"])
                 for p in list(leaks("--config", "literal.yaml", "-v", *c)) + list(leaks("--config", "literal.yaml", "--json", *c))])
    cases.check("removing does not show it", list(leaks("secret", "rotate")) + list(leaks("secret", "remove", "canary", "--yes")))
    files = []
    for path, _, names in os.walk(place):
        for name in names:
            if name in (".env", "literal.yaml"):
                continue
            with open(os.path.join(path, name), "rb") as f:
                held = f.read()
                if CANARY.encode() in held:
                    files.append("%s holds it" % name)
                if token.encode() in held:
                    files.append("%s holds the API token" % name)
    cases.check("no file of the workspace holds it", files)
    shutil.rmtree(place, ignore_errors=True)
    cases.end()


if __name__ == "__main__":
    main()
