"""Every public function has the whole comment template (style 9.1). usage: check_comments.py SOURCE_ROOT"""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import Cases  # noqa: E402
import public  # noqa: E402


def summary(comment):
    body = re.sub(r"^\s*/?\*+/?", "", comment, flags=re.M).strip()
    return body.split("@")[0].split("Returns")[0].split("Thread:")[0].strip()


def problems(function):
    comment = function.comment
    if not function.name:
        yield function.place
    elif not comment:
        yield "%s: no /** comment right before it" % function.place
    else:
        named = re.findall(r"^\s*\*\s*@(\w+)", comment, re.M)
        if len(summary(comment).split()) < 2:
            yield "%s: no sentence that says what it does" % function.place
        if named != function.params:
            yield "%s: describes (%s), has (%s)" % (function.place, ", ".join(named), ", ".join(function.params))
        if function.returns != "void" and not re.search(r"^\s*\*\s*Returns\b", comment, re.M):
            yield "%s: no line that begins with Returns" % function.place
        if not re.search(r"\bThread: \w", comment):
            yield "%s: no Thread:" % function.place
        if not re.search(r"\bSince: \d+\.\d+", comment):
            yield "%s: no Since:" % function.place


FULL = "/**\n * Do the thing well.\n *\n * @a  one\n * @cb  two\n *\n * Returns it.\n * Thread: any.   Since: 0.1\n */\n"
DECLARATION = "MSPTK_API int msptk_x(const char *a,\n                      void (*cb)(void *u, int n));\n"


def self_test():
    wrong = {"no comment": "", "no Since": FULL.replace("Since: 0.1", ""), "no Thread": FULL.replace("Thread:", ""),
             "a parameter missing": FULL.replace(" * @cb  two\n", ""), "no Returns": FULL.replace("Returns", "Gives"),
             "a parameter too many": FULL.replace("@a  one", "@a  one\n * @b  two")}
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "include"))
        for name, comment in [("right", FULL)] + list(wrong.items()):
            with open(os.path.join(root, "include", "x.h"), "w", encoding="utf-8") as f:
                f.write("int before;\n" + comment + DECLARATION)
            found = [p for f in public.functions(root) for p in problems(f)]
            if bool(found) != (name != "right"):
                yield "%s: %s" % (name, found or "not noticed")


def main():
    root = sys.argv[1]
    cases = Cases()
    cases.check("planted gaps are found", self_test())
    for path in public.headers(root):
        cases.check("every function of %s is documented" % os.path.relpath(path, "include"),
                    [p for f in public.functions(root) if f.path == path for p in problems(f)])
    cases.end()


if __name__ == "__main__":
    main()
