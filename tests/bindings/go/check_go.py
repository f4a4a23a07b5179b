"""The Go binding against the library of a build: format, vet, tests under the race detector, the example, the documentation.
usage: check_go.py SOURCE_ROOT BUILD_ROOT   (MSPTK_REGENERATE=1 makes ops_gen.go anew)"""
import json
import os
import re
import shutil
import sys

from gotool import Cases, Go, files_below, read

def tests_of(go, folder, *flags):
    """Each Go test as (name, problems); those that skip themselves are left out."""
    status, out, err = go.run(folder, "test", *flags, "-count=1", "-timeout=3000s" if os.environ.get("MSPTK_FULL")
                              else "-timeout=240s", "-json", "./...")
    said, ended = {}, []
    for line in out.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            err += line + "\n"
            continue
        name = "%s %s" % (event.get("Package"), event.get("Test", ""))
        if event["Action"] == "output":
            said.setdefault(name, []).append(event["Output"].rstrip("\n"))
        elif event["Action"] in ("pass", "fail") and event.get("Test"):
            ended.append(name)
            yield name, said.get(name, ["failed"]) if event["Action"] == "fail" else []
    if status or not ended:
        yield folder, ["exit status %d" % status] + [line for name in said if name.endswith(" ") for line in said[name]] + \
            err.splitlines()[-60:]


def include_problems(root):
    """tests/boundary reads the C files; this is for what stands before import "C"."""
    for path in files_below(root, ["bindings/go", "examples/go", "tests/bindings/go"], (".go",)):
        for header in re.findall(r"^[ \t]*#[ \t]*include[ \t]*(\S+)", read(os.path.join(root, path)), re.M):
            if not re.fullmatch(r'<(msptk/[\w/]+|stdlib|string)\.h>|"(bridge|sdk)\.h"', header):
                yield "%s includes %s" % (path, header)


def example_problems(go):
    status, out, err = go.run("examples/go", "run", ".")
    if status:
        yield from (out + err).splitlines()[-20:] or ["exit status %d" % status]
    for words in ("made acme-corp, tier premium", "found 4 devices", "disk"):
        if words not in out:
            yield "%r is not in what it says: %s" % (words, out)


def snippet_problems(root):
    """What docs/go.md shows in Go stands so in a file that is compiled."""
    sources = "\n".join(read(os.path.join(root, f)) for f in files_below(root, ["examples/go", "bindings/go"], (".go", ".mod")))
    flat = re.sub(r"\s+", " ", sources)
    shown = re.findall(r"^```(?:go|mod)\n(.*?)^```", read(os.path.join(root, "docs", "go.md")), re.M | re.S)
    if not shown:
        yield "docs/go.md shows nothing"
    for text in shown:
        if re.sub(r"\s+", " ", text).strip() not in flat:
            yield "no file has: " + text


def main():
    root, build = sys.argv[1:3]
    cases = Cases()
    if not shutil.which("go"):
        cases.skip("the Go binding", "there is no go command (Debian: golang-go)")
        cases.end()
    go = Go(root, build)
    if os.environ.get("MSPTK_REGENERATE"):
        cases.check("ops_gen.go was made anew", go.problems("bindings/go", "generate", "."))
    folders = ["bindings/go", "examples/go", "tests/bindings/go/cases"]
    cases.check("Go files are formatted", go.run(".", "-l", *folders, tool="gofmt")[1].splitlines())
    cases.check("only public headers are included", include_problems(root))
    cases.check("C files have no warnings", go.problems(
        "bindings/go", "-Wall", "-Wextra", "-Wshadow", "-Wmissing-prototypes", "-Werror", "-fsyntax-only",
        "-I" + os.path.join(root, "include"), *[os.path.basename(f) for f in files_below(root, ["bindings/go"], (".c",))], tool="cc"))
    for folder in folders:
        cases.check("go vet is content with " + folder, go.problems(folder, "vet", "./..."))
    for name, problems in tests_of(go, "bindings/go", *go.race):
        cases.check(name, problems)
    if go.race:  # which keeps memory of its own
        for name, problems in tests_of(go, "bindings/go", "-run", "Memory"):
            cases.check(name, problems)
    cases.check("the example runs", example_problems(go))
    cases.check("what docs/go.md shows is compiled", snippet_problems(root))
    cases.end()


if __name__ == "__main__":
    main()
