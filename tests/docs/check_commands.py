"""Every msp-toolkit command that a document or example names exists. usage: check_commands.py SOURCE_ROOT MSP_TOOLKIT"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import Cases, files_below, read  # noqa: E402

COMMAND = re.compile(r"(?:^|[\s`(/\"'$])msp-toolkit[\"']?((?: +[a-z][a-z-]*){1,2})(?=[\s`,.:;)\"']|$)", re.M)


def code_of(path, text):
    """In prose only what is marked as code can be a command."""
    if not path.endswith(".md"):
        return text
    return "\n".join(re.findall(r"^```.*?^```", text, re.M | re.S) + re.findall(r"`[^`\n]+`", text))


def commands(root):
    top = [f for f in ("README.md", "CONTRIBUTING.md", "SECURITY.md") if os.path.exists(os.path.join(root, f))]
    found = {}
    for path in top + files_below(root, ["docs", "examples"], (".md", ".sh")):
        for words in COMMAND.findall(code_of(path, read(os.path.join(root, path)))):
            found.setdefault(tuple(words.split()), path)
    return found


def helps(program, words):
    return subprocess.run([program, *words, "--help"], stdin=subprocess.DEVNULL, capture_output=True,
                          check=False).returncode == 0


def main():
    root, program = sys.argv[1:3]
    cases = Cases()
    cases.check("an unknown command has no help", ["it has"] if helps(program, ("no-such-group", "x")) else [])
    for words, path in sorted(commands(root).items()):
        cases.check("msp-toolkit " + " ".join(words),
                    [] if helps(program, words) else ["named in %s, does not exist" % path])
    cases.end()


if __name__ == "__main__":
    main()
