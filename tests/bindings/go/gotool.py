"""The go command with the library of a build: no network, caches in the build directory, checks of pointers on."""
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
from cases import Cases, files_below, read  # noqa: E402,F401

RACE = {"x86_64", "aarch64", "ppc64le", "s390x"}  # where Go has a race detector


def headers_digest(root):
    digest = hashlib.sha256()
    for path in files_below(root, ["include"], (".h",)):
        digest.update(read(os.path.join(root, path)).encode())
    return digest.hexdigest()[:16]


def package_of(root, build, place):
    """A pkg-config file for the library of the build. Go's cache does not look into headers; a digest among the flags does."""
    text = read(os.path.join(build, "meson-uninstalled", "msptk-uninstalled.pc"))
    os.makedirs(place, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=place, encoding="utf-8", delete=False) as f:
        f.write(re.sub(r"^Cflags:", "Cflags: -DMSPTK_HEADERS_%s" % headers_digest(root), text, flags=re.M))
    os.rename(f.name, os.path.join(place, "msptk.pc"))
    return place


class Go:
    def __init__(self, root, build):
        place = os.path.join(build, "go")
        self.root = root
        self.env = dict(
            os.environ, PKG_CONFIG_PATH=package_of(root, build, os.path.join(place, "pkgconfig")),
            LD_LIBRARY_PATH=os.path.join(build, "lib"), CGO_ENABLED="1", GOCACHE=os.path.join(place, "cache"),
            GOPATH=os.path.join(place, "path"), GOENV="off", GOPROXY="off", GOTOOLCHAIN="local", GOWORK="off",
            GOFLAGS="-buildvcs=false", GODEBUG="")
        version = re.search(r"go1\.(\d+)", self.run(".", "version")[1])
        if version and int(version.group(1)) >= 21:
            self.env["GOEXPERIMENT"] = "cgocheck2"
        else:
            self.env["GODEBUG"] = "cgocheck=2"
        self.race = ["-race"] if platform.machine() in RACE else []

    def run(self, folder, *words, tool="go"):
        """The thread sanitizer below -race does not know the wider address randomisation of newer kernels."""
        wrap = []
        if shutil.which("setarch") and subprocess.run(["setarch", "-R", "true"], stderr=subprocess.DEVNULL,
                                                      check=False).returncode == 0:
            wrap = ["setarch", "-R"]
        done = subprocess.run(wrap + [tool, *words], cwd=os.path.join(self.root, folder), env=self.env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def problems(self, folder, *words, tool="go"):
        status, out, err = self.run(folder, *words, tool=tool)
        return (out + err).splitlines()[-60:] or ["exit status %d" % status] if status else []
