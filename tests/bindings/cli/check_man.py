"""The man page names everything and is good roff."""
import os
import re
import shutil
import subprocess

from tool import Cases, Tool


def main():
    tool, cases = Tool(), Cases()
    done = tool.run("__man")
    page = done.stdout.replace("\\-", "-").replace("\\&", "")
    cases.check("it is made", [] if done.returncode == 0 and not done.stderr and page.count("\n.SH ") >= 6 else [done.stderr])
    cases.check("every command has its part", [r["cli"] for r in tool.operations() if not
                                               re.search(r"^\.SS %s( |$)" % re.escape(r["cli"]), page, re.M)])
    missing = ["%s %s" % (r["cli"], p["name"]) for r in tool.operations() for p in r["params"]
               if "cli" not in p.get("hidden", []) and p["description"].replace("\n", " ") not in page.replace("\\e", "\\")]
    cases.check("every parameter has its line", missing)
    path = os.path.join(tool.place, "msp-toolkit.1")
    with open(path, "w", encoding="utf-8") as f:
        f.write(done.stdout)
    if shutil.which("groff"):
        made = subprocess.run(["groff", "-man", "-ww", "-K", "utf8", "-T", "utf8", path], capture_output=True, text=True,
                              check=False, timeout=60)
        cases.check("groff has nothing to say", [] if made.returncode == 0 and not made.stderr else [made.stderr[:500]])
    else:
        cases.skip("groff has nothing to say", "no groff here")
    tool.close()
    cases.end()


if __name__ == "__main__":
    main()
