"""The examples run and print what they promise, and so does every block of Python in docs/python.md."""
import contextlib
import io
import os
import re
import subprocess
import sys

import tool
import msptk


def read(*parts):
    with open(os.path.join(tool.ROOT, *parts), encoding="utf-8") as f:
        return f.read()


class Examples(tool.unittest.TestCase):
    def run_example(self, name, *args, status=0):
        env = tool.clean_environment(MSPTK_LIBRARY=tool.LIBRARY, PYTHONPATH=tool.PACKAGE, PYTHONDONTWRITEBYTECODE="1",
                                     LC_ALL="C.UTF-8")
        done = subprocess.run([sys.executable, os.path.join(tool.ROOT, "examples", "python", name), *args], env=env,
                              capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout if status == 0 else done.stderr

    def test_every_example_is_run_here(self):
        tested = set(re.findall(r'run_example\("(\w+\.py)"', read("tests", "bindings", "python", "check_examples.py")))
        self.assertEqual(tested, {n for n in os.listdir(os.path.join(tool.ROOT, "examples", "python")) if n.endswith(".py")})

    def test_quickstart(self):
        out = self.run_example("quickstart.py")
        self.assertRegex(out, r"^Client: Acme Corp, Tier: premium\nDevice: acme-corp-0001, Status: up\n")
        self.assertRegex(out, r"\n2 of 2 devices reported; ")
        with open("demo.yaml", "w", encoding="utf-8") as f:
            f.write("general: {company_name: X}\ndatabase: {path: a.db}\n"
                    "rmm: {provider: fake, api_url: 'fake://default?devices=1'}\n")
        for _ in range(2):
            self.assertRegex(self.run_example("quickstart.py", "demo.yaml"), r"\n1 of 1 device reported; ")

    def test_custom_check(self):
        os.mkdir("queue")
        self.assertRegex(self.run_example("custom_check.py", "queue"), r"^ok +backlog +0 files wait in queue\n$")
        for n in range(11):
            with open(os.path.join("queue", str(n)), "w", encoding="utf-8"):
                pass
        self.assertRegex(self.run_example("custom_check.py", "queue"), r"^warning +backlog +11 files wait in queue\n$")
        self.assertRegex(self.run_example("custom_check.py", "none"), r"^unknown +backlog +FileNotFoundError")

    def test_adapter(self):
        out = self.run_example("adapter.py")
        self.assertRegex(out, r"device   files\ndevice   mail\n")
        self.assertRegex(out, r"critical mail: ")
        self.assertRegex(out, r"ok       files: ")
        self.assertNotIn("not ours", out)
        self.assertRegex(self.run_example("adapter.py", "none.json", status=1), r"the inventory cannot be read.*\ntry this: ")

    def test_overview(self):
        out = self.run_example("overview.py")
        self.assertEqual(len(out.splitlines()), 3)
        self.assertRegex(out, r"(?m)^mobel-muller +(ok|warning|critical) +3 of 3 devices reported; ")


class Docs(tool.unittest.TestCase):
    def test_every_block_of_the_page_runs(self):
        text = read("docs", "python.md")
        os.makedirs("config", exist_ok=True)
        with open(os.path.join("config", "msp-toolkit.yaml"), "w", encoding="utf-8") as f:
            f.write(re.search(r"^```yaml\n(.*?)^```", text, re.M | re.S).group(1))
        blocks, space, out = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S), {"__name__": "docs"}, io.StringIO()
        self.assertGreater(len(blocks), 6)
        with contextlib.redirect_stdout(out):
            for block in blocks:
                exec(compile(block, "docs/python.md", "exec"), space)
        space["toolkit"].close()
        for words in ("Client: Acme Corp, Tier: premium", "Device: acme-corp-0003, Status: up", "premium -> gold",
                      "CLIENT_NOT_FOUND",
                      "Snooze an alert"):
            self.assertIn(words, out.getvalue())

    def test_what_the_page_names_exists(self):
        text = read("docs", "python.md")
        for name in set(re.findall(r"`([A-Z]\w+)(?:\(|`)", text)):
            if name not in ("TimeoutError", "ConnectionError", "NotImplementedError", "MSPTK_LIBRARY", "E_CLOSED",
                            "E_CALLBACK"):
                self.assertTrue(hasattr(msptk, name), name)
        for option in msptk.ops.OPTIONS:
            self.assertIn("`%s" % option, text)


if __name__ == "__main__":
    tool.run()
