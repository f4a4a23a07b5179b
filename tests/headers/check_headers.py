"""Every public header compiles alone, twice included, as C99 and as C++17, with warnings as errors.
usage: check_headers.py SOURCE_ROOT"""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import Cases  # noqa: E402
import public  # noqa: E402

LANGUAGES = [("gcc", "c", "-std=c99"), ("clang", "c", "-std=c99"), ("g++", "c++", "-std=c++17"),
             ("clang++", "c++", "-std=c++17")]


def compile_one(compiler, language, standard, root, text):
    done = subprocess.run([compiler, "-x", language, standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                           "-fsyntax-only", "-I", os.path.join(root, "include"), "-"],
                          input=text, capture_output=True, text=True, check=False)
    return done.stderr.splitlines()[:20] if done.returncode else []


def main():
    root = sys.argv[1]
    cases = Cases()
    for compiler, language, standard in LANGUAGES:
        if not shutil.which(compiler):
            print("%s is not here, not used" % compiler)
            continue
        cases.check("%s refuses what is not %s" % (compiler, standard),
                    [] if compile_one(compiler, language, standard, root, "int f(void) { int a[0]; return 0 }\n")
                    else ["a broken file compiled"])
        for path in public.headers(root):
            name = os.path.relpath(path, "include")
            text = "#include <%s>\n#include <%s>\nint msptk_test_unit;\n" % (name, name)
            cases.check("%s alone, %s %s" % (name, compiler, standard),
                        compile_one(compiler, language, standard, root, text))
    cases.end()


if __name__ == "__main__":
    main()
