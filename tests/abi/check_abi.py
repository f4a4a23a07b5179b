"""The binary interface against the one that was released. usage: check_abi.py SOURCE_ROOT LIBMSPTK_SO

MSPTK_REGENERATE=1 writes the baseline tests/abi/libmsptk-<major.minor>.abi anew from this build; do that only in the
commit that changes the interface on purpose and says so in CHANGELOG.md under ABI."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from cases import Cases, read  # noqa: E402


def dump(root, library, out):
    subprocess.run(["abidw", "--headers-dir", os.path.join(root, "include"), "--drop-private-types", "--no-corpus-path",
                    "--no-comp-dir-path", "--no-show-locs", "--out-file", out, library], check=True)


def compare(one, other, root):
    done = subprocess.run(["abidiff", "--no-show-locs", "--headers-dir2", os.path.join(root, "include"),
                           "--drop-private-types", one, other], capture_output=True, text=True, check=False)
    return done.stdout.splitlines() + done.stderr.splitlines() if done.returncode else []


def planted():
    """abidiff must notice a member that grew in the middle of a public struct."""
    with tempfile.TemporaryDirectory() as tmp:
        made = []
        for kind in ("int", "long"):
            folder = os.path.join(tmp, kind)
            os.makedirs(folder)
            with open(os.path.join(folder, "a.h"), "w", encoding="utf-8") as f:
                f.write("struct s { int a; %s b; int c; };\nint get(struct s *s);\n" % kind)
            with open(os.path.join(folder, "a.c"), "w", encoding="utf-8") as f:
                f.write('#include "a.h"\nint get(struct s *s) { return s->c; }\n')
            made.append(os.path.join(folder, "a.so"))
            subprocess.run(["cc", "-g", "-shared", "-fPIC", "-o", made[-1], os.path.join(folder, "a.c")], check=True)
        if not subprocess.run(["abidiff", "--no-show-locs"] + made, capture_output=True, check=False).returncode:
            yield "a struct that changed in its middle was not noticed"


def main():
    root, library = sys.argv[1:3]
    cases = Cases()
    version = re.search(r"version: '(\d+\.\d+)\.", read(os.path.join(root, "meson.build"))).group(1)
    baseline = os.path.join(root, "tests", "abi", "libmsptk-%s.abi" % version)
    if not shutil.which("abidiff"):
        cases.skip("abi", "abidiff (package abigail-tools) is not installed")
        cases.end()
    cases.check("a planted change is found", planted())
    if os.environ.get("MSPTK_REGENERATE") == "1":
        dump(root, library, baseline)
        print("wrote " + baseline)
    if os.path.exists(baseline):
        cases.check("the interface is that of %s" % os.path.basename(baseline), compare(baseline, library, root))
    else:
        cases.skip("interface", "nothing of %s is released, no baseline yet" % version)
    cases.end()


if __name__ == "__main__":
    main()
