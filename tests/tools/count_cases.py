"""Counts test cases in a meson test log: cmocka cases, the closing line of script tests, or the whole executable.

usage: count_cases.py TESTLOG.json...   prints the sum as "N passed, N failed, N skipped"
"""
import json
import re
import sys

CLOSING = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)
RUN = re.compile(r"^\[ RUN      \] (.+)$", re.M)
OK = re.compile(r"^\[       OK \] (.+)$", re.M)
SKIPPED = re.compile(r"^\[  SKIPPED \] (?!\d+ test)(.+)$", re.M)
GOOD = ("OK", "EXPECTEDFAIL", "SKIP")


def cmocka_counts(stdout, text):
    """cmocka 1.1.5 says RUN and OK on stdout, the rest on stderr, failures and skips once more at the end."""
    run, ok = len(RUN.findall(stdout)), len(OK.findall(stdout))
    skipped = min(len(set(SKIPPED.findall(text))), run - ok)
    return ok, run - ok - skipped, skipped


def count(test):
    """(passed, failed, skipped) of one test of the log; a test that did not end well has at least one failure."""
    stdout = (test.get("stdout") or "").replace("\r\n", "\n")
    text = stdout + "\n" + (test.get("stderr") or "")
    closing = CLOSING.findall(stdout)
    if closing:
        passed, failed, skipped = (int(n) for n in closing[-1])
    elif RUN.search(stdout):
        passed, failed, skipped = cmocka_counts(stdout, text)
    else:
        passed, failed, skipped = 0, 0, 0
    result = test["result"]
    if result == "SKIP":
        return passed, failed, max(skipped, 1)
    if result not in GOOD:
        return passed, max(failed, 1), skipped
    if passed + failed + skipped == 0:
        return 1, 0, 0
    return passed, failed, skipped


def read_log(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return [json.loads(line) for line in f if line.strip()]


def main():
    total = [0, 0, 0]
    for path in sys.argv[1:]:
        for test in read_log(path):
            total = [a + b for a, b in zip(total, count(test))]
    print("%d passed, %d failed, %d skipped" % tuple(total))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
