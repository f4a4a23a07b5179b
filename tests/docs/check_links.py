"""Every link and every file that the documents name exists. usage: check_links.py SOURCE_ROOT"""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import Cases, files_below, read  # noqa: E402

LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)[^)]*\)")
NAMED = re.compile(r"`((?:docs|examples|tests|lib|include|bindings|\.ci)/[\w./-]+)`")
TOP = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]


def documents(root):
    top = [f for f in TOP if os.path.exists(os.path.join(root, f))]
    return top + [f for f in files_below(root, ["docs", "tests", "examples", "bindings"], (".md",))]


def anchors(text):
    """The names that a heading gets."""
    found = set()
    for heading in re.findall(r"^#+ +(.+)$", text, re.M):
        name = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        found.add(name)
    return found


def without_code(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def problems(root, path):
    text = without_code(read(os.path.join(root, path)))
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        full = os.path.normpath(os.path.join(root, os.path.dirname(path), name)) if name else os.path.join(root, path)
        if not os.path.exists(full):
            yield "%s: links to '%s', which does not exist" % (path, target)
        elif anchor and full.endswith(".md") and anchor not in anchors(read(full)):
            yield "%s: links to '%s', where there is no such heading" % (path, target)
    for name in NAMED.findall(text):
        if not os.path.exists(os.path.join(root, name.rstrip("/."))):
            yield "%s: names '%s', which does not exist" % (path, name)


def self_test():
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "docs"))
        text = "# A b\n[x](b.md) [y](#a-b) [z](#c) [u](https://x) `docs/no.md` `docs/a.md` [v](a.md#a-b)\n" \
               "```\n[x](in-code.md)\n```\n"
        with open(os.path.join(root, "docs", "a.md"), "w", encoding="utf-8") as f:
            f.write(text)
        found = list(problems(root, "docs/a.md"))
        if len(found) != 3:
            yield "planted 3 dead ends, found: %s" % found


def main():
    root = sys.argv[1]
    cases = Cases()
    cases.check("planted dead ends are found", self_test())
    for path in documents(root):
        cases.check("links of " + path, problems(root, path))
    cases.end()


if __name__ == "__main__":
    main()
