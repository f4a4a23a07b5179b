"""The table in docs/errors.md says what the library says. usage: check_errors.py SOURCE_ROOT ERROR_TABLE_PROGRAM"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import Cases, read  # noqa: E402


def rows_of_docs(text):
    """{name: (number, code, retriable, suggestion, meaning)} of the table whose first column is a status."""
    rows = {}
    for line in text.splitlines():
        cells = [c.strip().strip("`") for c in line.strip().strip("|").split("|")]
        if len(cells) == 6 and re.match(r"MSPTK_E_\w+$", cells[0]):
            rows[cells[0][len("MSPTK_"):]] = (cells[1], cells[2], cells[3], cells[5], cells[4])
    return rows


def main():
    root, program = sys.argv[1:3]
    cases = Cases()
    docs = rows_of_docs(read(os.path.join(root, "docs", "errors.md")))
    out = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    library = {line.split("\t")[0]: tuple(line.split("\t")[1:]) for line in out.splitlines()}
    cases.check("the library knows more than twenty statuses", [] if len(library) > 20 else [out])
    header = read(os.path.join(root, "include", "msptk", "core.h"))
    declared = set(re.findall(r"MSPTK_(E_\w+) = -", header))
    cases.check("every status of core.h has a row in the library", sorted(declared ^ set(library)))
    cases.check("docs/errors.md has the same statuses", sorted(set(docs) ^ set(library)))
    cases.check("docs/errors.md says the same about each",
                ["%s: docs say %s, the library %s" % (n, docs[n][:4], library[n])
                 for n in sorted(set(docs) & set(library)) if docs[n][:4] != library[n]])
    cases.check("docs/errors.md says what each means", sorted(n for n in docs if len(docs[n][4]) < 10))
    cases.end()


if __name__ == "__main__":
    main()
