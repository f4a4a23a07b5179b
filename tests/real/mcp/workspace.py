"""A workspace with two clients and open alerts, for the program as people run it."""
import json
import os
import shutil
import subprocess
import tempfile

CONFIG = ("general: {company_name: Test MSP}\ndatabase: {path: db}\nvault: {key_file: key}\n"
          "adapters:\n  - {name: world, type: fake, devices: 12, problems: 1}\n")


class Workspace:
    def __init__(self, program, config=CONFIG):
        self.program, self.place = os.path.abspath(program), tempfile.mkdtemp(prefix="msptk-mcp-")
        with open(os.path.join(self.place, "msp-toolkit.yaml"), "w", encoding="utf-8") as f:
            f.write(config)

    def run(self, *args, good=(0, )):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("MSPTK_", "MSP_"))}
        done = subprocess.run([self.program, *args], cwd=self.place, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False, timeout=60)
        if done.returncode not in good:
            raise RuntimeError("%s: status %d\n%s" % (" ".join(args), done.returncode, done.stdout + done.stderr))
        return done.stdout

    def fill(self):
        self.run("client", "add", "Acme Corp", "--tier", "gold", "--quiet")
        self.run("client", "add", "Beta Ltd", "--tier", "bronze", "--quiet")
        self.run("device", "scan", "acme-corp", good=(0, 1))
        self.run("health", "check", "acme-corp", good=(0, 1))

    def alerts(self):
        return [alert["id"] for alert in json.loads(self.run("alert", "list", "--status", "open", "--json"))["alerts"]]

    def close(self):
        shutil.rmtree(self.place, ignore_errors=True)
