"""Declared == mapped == exported, few enough, and never more than intended.
usage: check_symbols.py SOURCE_ROOT LIBMSPTK_SO"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import Cases, read  # noqa: E402
import public  # noqa: E402

MAX_SYMBOLS = 150


def mapped(root):
    """Lists of names, one list per version node."""
    text = re.sub(r"#.*", "", read(os.path.join(root, "lib", "msptk.map")))
    return [re.findall(r"(\w+)\s*;", body) for body in re.findall(r"global:(.*?)(?:local:|\})", text, re.S)]


def exported(library):
    out = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    names = [line.split() for line in out.splitlines()]
    return {n[-1].split("@")[0] for n in names if len(n) > 1 and n[-2] != "A"}


def differences(one, one_name, other, other_name):
    for name in sorted(one - other):
        yield "%s: %s but not %s" % (name, one_name, other_name)
    for name in sorted(other - one):
        yield "%s: %s but not %s" % (name, other_name, one_name)


def main():
    root, library = sys.argv[1:3]
    cases = Cases()
    declared = [f.name for f in public.functions(root)]
    nodes = mapped(root)
    in_map = [name for node in nodes for name in node]
    out = exported(library)
    # Lets work in progress stay on main; what is in the list may be missing, nothing else.
    waiting = set(re.sub(r"#.*", "", read(os.path.join(root, "tests", "abi", "pending.txt"))).split()) - set(in_map)
    cases.check("declared == mapped", differences(set(declared) - waiting, "declared", set(in_map), "in lib/msptk.map"))
    cases.check("what is pending is declared", sorted(waiting - set(declared)))
    cases.check("mapped == exported", differences(set(in_map), "in lib/msptk.map", out, "exported"))
    cases.check("nothing is declared or mapped twice",
                sorted({n for n in declared if declared.count(n) > 1} | {n for n in in_map if in_map.count(n) > 1}))
    cases.check("the map is sorted", ["%s is out of order" % n for node in nodes
                                      for n, s in zip(node, sorted(node)) if n != s][:1])
    cases.check("at most %d symbols" % MAX_SYMBOLS, ["%d symbols" % len(out)] if len(out) > MAX_SYMBOLS else [])
    cases.check("every exported name begins with msptk_", sorted(n for n in out if not re.match(r"msptk_[a-z]", n)))
    print("%d symbols, %d pending" % (len(out), len(waiting)))
    cases.end()


if __name__ == "__main__":
    main()
