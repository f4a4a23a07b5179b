"""Test cases of a script: collects them, prints each failure, and ends with the line that tests/run.sh adds up."""
import os
import re
import sys


class Cases:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, name, problems):
        """One case: it passes when the list of problems is empty."""
        problems = list(problems)
        if problems:
            self.failed += 1
            print("FAILED " + name)
            for problem in problems:
                print("  " + problem)
        else:
            self.passed += 1
            print("ok " + name)

    def skip(self, name, why):
        self.skipped += 1
        print("skipped %s: %s" % (name, why))

    def aside(self, name, why):
        """Something that is proved elsewhere, by design and not for want of anything: told, not counted."""
        print("elsewhere %s: %s" % (name, why))

    def end(self):
        print("%d passed, %d failed, %d skipped" % (self.passed, self.failed, self.skipped))
        sys.stdout.flush()
        sys.exit(1 if self.failed else 0)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def files_below(root, folders, endings):
    """Paths relative to root, sorted."""
    found = []
    for folder in folders:
        for where, dirs, names in os.walk(os.path.join(root, folder)):
            dirs[:] = sorted(d for d in dirs if not d.startswith((".", "build", "__pycache__", "node_modules")))
            found += [os.path.relpath(os.path.join(where, n), root) for n in sorted(names) if n.endswith(endings)]
    return found


_TOKEN = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)


def blank(text, keep_strings=False):
    """C source without comments, and without the contents of strings; line numbers stay."""
    def one(match):
        token = match.group(0)
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token if keep_strings else token[0] + "x" * (len(token) - 2) + token[0]
    return _TOKEN.sub(one, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
