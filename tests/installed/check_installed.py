"""Installs into an empty directory; a program outside the tree compiles, links and runs against it, shared and static.
usage: check_installed.py SOURCE_ROOT BUILD_ROOT"""
import os
import re
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import Cases, files_below, read  # noqa: E402


def run(argv, env=None):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          env=dict(os.environ, **(env or {})))
    return done.returncode, done.stdout, (done.stdout + done.stderr).splitlines()[-20:]


def find(folder, name):
    for where, _, names in os.walk(folder):
        if name in names:
            return os.path.join(where, name)
    return None


class Tree:
    """An installed tree, moved to where it lies: only its pkg-config file knows the prefix."""

    def __init__(self, build, where):
        self.where = where
        self.status, _, self.output = run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", where])
        self.pc = find(where, "msptk.pc")
        if self.pc:
            text = read(self.pc)
            prefix = re.search(r"^prefix=(.*)$", text, re.M).group(1)
            self.prefix = where + prefix
            with open(self.pc, "w", encoding="utf-8") as f:
                f.write(text.replace("prefix=" + prefix, "prefix=" + self.prefix.replace(" ", "\\ "), 1))
            self.lib = os.path.dirname(find(where, "libmsptk.a"))

    def flags(self, *words):
        status, out, output = run(["pkg-config", *words], {"PKG_CONFIG_PATH": os.path.dirname(self.pc)})
        return shlex.split(out), output if status else []

    def link_flags(self, static):
        """Static: our archive, and what it needs as shared objects (Debian's archives of those need many more)."""
        if not static:
            return self.flags("--cflags", "--libs", "msptk")
        needs, bad = self.flags("--print-requires-private", "msptk")
        cflags, bad_too = self.flags("--cflags", "msptk")
        libs, bad_three = self.flags("--libs", *[n for n in needs if n[0].isalpha()])
        return cflags + [os.path.join(self.lib, "libmsptk.a"), "-pthread"] + libs, bad or bad_too or bad_three


def use(tree, source, static):
    flags, bad = tree.link_flags(static)
    if bad:
        return bad
    exe = os.path.join(tree.where, "use-static" if static else "use-shared")
    status, _, output = run(["cc", "-std=c99", "-Wall", "-Werror", "-o", exe, source, *flags])
    if status:
        return output
    status, out, output = run([exe], {} if static else {"LD_LIBRARY_PATH": tree.lib})
    if status or "nothing here" not in out:
        return output or ["exit status %d" % status]
    linked = "libmsptk.so" in run(["ldd", exe], {"LD_LIBRARY_PATH": tree.lib})[1]
    return ["linked the other way"] if linked == static else []


def version_problems(root, tree):
    version = re.search(r"version: '([\d.]+)'", read(os.path.join(root, "meson.build"))).group(1)
    flags, bad = tree.flags("--modversion", "msptk")
    if bad or flags != [version]:
        yield "pkg-config says %s, meson.build %s" % (flags or bad, version)
    if '#define MSPTK_VERSION "%s"' % version not in read(os.path.join(root, "include", "msptk", "core.h")):
        yield "core.h and meson.build disagree about the version"


def main():
    root, build = sys.argv[1:3]
    cases = Cases()
    with tempfile.TemporaryDirectory(prefix="msptk installed ") as where:
        tree = Tree(build, where)
        cases.check("meson install works", tree.output if tree.status else [])
        cases.check("msptk.pc is installed", [] if tree.pc else ["it is not"])
        if not tree.pc:
            cases.end()
        cases.check("versions agree", version_problems(root, tree))
        have = {os.path.relpath(f, "include") for f in files_below(tree.prefix, ["include"], (".h",))}
        want = {os.path.relpath(f, "include") for f in files_below(root, ["include"], (".h",))}
        cases.check("every public header is installed, and nothing else", sorted(have ^ want))
        cases.check("the soname is libmsptk.so.0", [] if find(where, "libmsptk.so.0") else ["there is none"])
        source = os.path.join(root, "tests", "installed", "use.c")
        cases.check("a program uses the shared library", use(tree, source, False))
        cases.check("a program uses the static library", use(tree, source, True))
    cases.end()


if __name__ == "__main__":
    main()
