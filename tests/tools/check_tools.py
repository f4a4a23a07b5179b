"""The counting behind the last line of tests/run.sh. usage: check_tools.py"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cases import Cases, files_below  # noqa: E402
import count_cases  # noqa: E402
import run_tests  # noqa: E402

CMOCKA_OUT = """[==========] Running 4 test(s).
[ RUN      ] a
[       OK ] a
[ RUN      ] b
[ RUN      ] c
[       OK ] c
[ RUN      ] d
[==========] 4 test(s) run.
"""
CMOCKA_ERR = """[  ERROR   ] --- x
[  FAILED  ] b
[  SKIPPED ] d
[  PASSED  ] 2 test(s).
[  SKIPPED ] 1 test(s), listed below:
[  SKIPPED ] d
[  FAILED  ] 1 test(s), listed below:
[  FAILED  ] b
"""
LOGS = [
    ("cmocka", {"result": "FAIL", "stdout": CMOCKA_OUT, "stderr": CMOCKA_ERR}, (2, 1, 1)),
    ("crash in the middle", {"result": "FAIL", "stdout": "[ RUN      ] a\n[       OK ] a\n[ RUN      ] b\n"}, (1, 1, 0)),
    ("leak found at exit", {"result": "FAIL", "stdout": "[ RUN      ] a\n[       OK ] a\n"}, (1, 1, 0)),
    ("timeout", {"result": "TIMEOUT", "stdout": ""}, (0, 1, 0)),
    ("exit 77", {"result": "SKIP", "stdout": ""}, (0, 0, 1)),
    ("script", {"result": "OK", "stdout": "x\n12 passed, 0 failed, 3 skipped\n"}, (12, 0, 3)),
    ("script that lies", {"result": "FAIL", "stdout": "2 passed, 0 failed, 0 skipped\n"}, (2, 1, 0)),
    ("plain program", {"result": "OK", "stdout": "hello"}, (1, 0, 0)),
    ("plain program that fails", {"result": "FAIL", "stdout": ""}, (0, 1, 0)),
]


def syntax(path):
    done = subprocess.run(["sh", "-n", path], capture_output=True, text=True, check=False)
    return done.stderr.splitlines()


def main():
    cases = Cases()
    for name, log, want in LOGS:
        have = count_cases.count(log)
        cases.check("counts: " + name, [] if have == want else ["%s, should be %s" % (have, want)])
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    budget = run_tests.read_pairs(os.path.join(root, "tests", "budget.txt"))
    total = sum(float(b.split()[0]) for b in budget.values())
    cases.check("budgets sum to at most 24 minutes", ["%d s" % total] if total > 1440 else [])
    skips = run_tests.read_pairs(os.path.join(root, "tests", "allowed-skips.txt"))
    cases.check("every allowed skip has a reason", sorted(n for n in skips if len(skips[n]) < 10))
    scripts = files_below(root, ["tests", "examples"], (".sh",)) + [".ci/run"]
    cases.check("shell scripts are shell scripts", [p for s in scripts for p in syntax(os.path.join(root, s))])
    cases.end()


if __name__ == "__main__":
    main()
