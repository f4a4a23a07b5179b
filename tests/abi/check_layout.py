"""Members of the structs that authors of adapters and checks fill in keep their offsets; tables begin with their size.
usage: check_layout.py SOURCE_ROOT

MSPTK_REGENERATE=1 writes the baseline tests/abi/layout-<major.minor>.txt (64-bit) anew; members are only ever appended."""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import Cases, blank, read  # noqa: E402
import public  # noqa: E402

STRUCT = re.compile(r"typedef struct (msptk_\w+) \{(.*?)\n\} (msptk_\w+);", re.S)


def members(body):
    for part in re.sub(r"^\s*#.*$", "", body, flags=re.M).split(";"):
        part = " ".join(part.split())
        pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)\s*\(", part)
        if pointer:
            yield pointer.group(1)
        elif part:
            yield from (re.sub(r"\[.*", "", w).strip().split()[-1].lstrip("*") for w in part.split(","))


def structs(root):
    """[(header, struct, [members])] of the headers for authors."""
    for path in public.headers(root):
        for _, body, name in STRUCT.findall(blank(read(os.path.join(root, path)))):
            yield os.path.relpath(path, "include"), name, list(members(body))


def asserted(root):
    """Lines "struct.member offset" that the library asserts at compile time."""
    text = read(os.path.join(root, "lib", "adapters", "layout.c"))
    return ["%s.%s %s" % m for m in re.findall(r"^AT\((\w+), (\w+), (\d+)\);", text, flags=re.M)]


def measure(root, found):
    """Lines "struct.member offset", by asking the compiler."""
    lines = ["#include <stddef.h>", "#include <stdio.h>"]
    lines += sorted({"#include <%s>" % header for header, _, _ in found}) + ["int main(void) {"]
    for _, name, names in found:
        lines += ['printf("%s.%s %%zu\\n", offsetof(%s, %s));' % (name, m, name, m) for m in names]
    with tempfile.TemporaryDirectory() as tmp:
        exe = os.path.join(tmp, "layout")
        subprocess.run(["cc", "-x", "c", "-I", os.path.join(root, "include"), "-o", exe, "-"],
                       input="\n".join(lines + ["return 0; }", ""]), text=True, check=True)
        return subprocess.run([exe], capture_output=True, text=True, check=True).stdout.splitlines()


def main():
    root = sys.argv[1]
    cases = Cases()
    version = re.search(r"version: '(\d+\.\d+)\.", read(os.path.join(root, "meson.build"))).group(1)
    baseline = os.path.join(root, "tests", "abi", "layout-%s.txt" % version)
    found = list(structs(root))
    have = measure(root, found)
    cases.check("structs are found", [] if len(have) > 40 else have)
    cases.check("tables begin with their size",
                ["%s begins with %s" % (n, m[0]) for _, n, m in found if n.endswith(("_ops", "_host"))
                 and m[0] != "struct_size"])
    sdk = measure(root, [f for f in found if "/sdk/" in f[0]])
    cases.check("lib/adapters/layout.c asserts every member of the SDK", sorted(set(sdk) ^ set(asserted(root))))
    if os.environ.get("MSPTK_REGENERATE") == "1":
        with open(baseline, "w", encoding="utf-8") as f:
            f.write("\n".join(have) + "\n")
        print("wrote " + baseline)
    if sys.maxsize <= 2**32:
        cases.skip("offsets", "the baseline is for 64-bit machines")
    elif os.path.exists(baseline):
        cases.check("every shipped member is where it was", sorted(set(read(baseline).splitlines()) - set(have)))
    else:
        cases.skip("offsets", "nothing of %s is released, no baseline yet" % version)
    cases.end()


if __name__ == "__main__":
    main()
