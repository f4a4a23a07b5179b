"""The part of tests/run.sh that comes after the packages: builds, runs suite by suite, counts, holds budgets."""
import datetime
import fcntl
import fnmatch
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import count_cases  # noqa: E402

# What each build is made of. Suites that look at the product instead of running it say nothing new under a sanitizer.
BUILDS = {
    "test": ["-Dwerror=true"],
    "asan": ["-Dwerror=true", "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Doptimization=1"],
    "tsan": ["-Dwerror=true", "-Db_sanitize=thread", "-Db_lundef=false", "-Doptimization=1"],
    # Counters that threads share are lost without atomic: lines that ran would read as not run.
    "coverage": ["-Dwerror=true", "-Db_coverage=true", "-Doptimization=0", "-Dc_args=-fprofile-update=atomic"],
    "clang": ["-Dwerror=true"],
}
NOT_SANITIZED = {"abi", "headers", "boundary", "docs", "installed", "bindings", "real"}
TAGS = {"slow", "threads", "memory"}  # suites that mark tests of other suites
SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=0:second_deadlock_stack=1",
}
COVERAGE_FLOOR = 90
STALE_COMMITS = 50
LOG_LINES = 120


class Stop(Exception):
    """The run cannot go on; the text says why."""


class Run:
    def __init__(self, root, options, suites):
        self.root, self.options, self.only = root, options, suites
        self.total = [0, 0, 0]
        self.times = []
        self.notes = []
        self.child = None
        self.jobs = os.environ.get("MSPTK_JOBS") or str(os.cpu_count() or 1)
        self.disposable = os.environ.get("MSPTK_DISPOSABLE") == "1"
        self.real = self.disposable and bool({"--real", "--ci"} & options)
        self.allowed = read_pairs(os.path.join(root, "tests", "allowed-skips.txt"))
        self.budget = read_pairs(os.path.join(root, "tests", "budget.txt"))
        self.commit = git(root, "rev-parse", "HEAD")
        self.base = build_base(root)

    # -- children ---------------------------------------------------------------------------------------------------

    def start(self, argv, env=None, quiet=True):
        """Runs a program in its own process group, so that stopping us stops all of it. Returns (status, output)."""
        out = tempfile.TemporaryFile() if quiet else None
        full_env = dict(os.environ, **(env or {}))
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out or None,
                                      stderr=subprocess.STDOUT if quiet else None, env=full_env,
                                      cwd=self.root, start_new_session=True)
        status = self.child.wait()
        self.child = None
        if not quiet:
            return status, ""
        out.seek(0)
        return status, out.read().decode("utf-8", "replace")

    def stop(self, signum, _frame):
        signal.signal(signum, signal.SIG_IGN)
        child = self.child
        if child and child.poll() is None:
            for sig, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
                try:
                    os.killpg(child.pid, sig)
                    child.wait(patience)
                    break
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue
        print("stopped by signal %d" % signum, flush=True)
        os._exit(128 + signum)

    # -- building ---------------------------------------------------------------------------------------------------

    def build(self, mode):
        """Configures and builds build/<mode>; a directory made from other sources or options is made anew."""
        where = os.path.join(self.base, mode)
        stamp = os.path.join(where, ".made-from")
        want = "\n".join([self.root] + BUILDS[mode])
        env = {"CC": "clang", "CXX": "clang++"} if mode == "clang" else {}
        begin = time.monotonic()
        if os.path.isdir(where) and read_text(stamp) != want:
            shutil.rmtree(where)
        if not os.path.exists(os.path.join(where, "build.ninja")):
            os.makedirs(where, exist_ok=True)
            self.step("configure " + mode, ["meson", "setup", where, self.root] + BUILDS[mode], env)
            with open(stamp, "w", encoding="utf-8") as f:
                f.write(want)
        self.step("build " + mode, ["ninja", "-C", where, "-j", self.jobs])
        self.spent("build:" + mode, time.monotonic() - begin, "built")
        return where

    def step(self, what, argv, env=None):
        status, output = self.start(argv, env)
        if status != 0:
            lines = output.splitlines()
            first = next((i for i, line in enumerate(lines) if line.startswith("FAILED:")), len(lines) - LOG_LINES)
            print("\n".join(lines[max(first, 0):][:LOG_LINES]))
            self.total[1] += 1
            raise Stop("%s failed" % what)

    # -- testing ----------------------------------------------------------------------------------------------------

    def suites_of(self, where):
        """Suites in the order of the build files; the first suite of a test is the one that runs it."""
        text = subprocess.run(["meson", "introspect", "--tests", where], capture_output=True, text=True,
                              check=True).stdout
        first, tags = [], set()
        for test in json.loads(text):
            names = [s.split(":")[-1] for s in test["suite"]]
            first += [n for n in names if n not in TAGS][:1]
            tags.update(n for n in names if n in TAGS)
        return list(dict.fromkeys(first)), tags

    def test(self, mode, where):
        suites, tags = self.suites_of(where)
        if mode == "tsan":
            suites = ["threads"] if "threads" in tags else []
        elif mode in ("asan", "coverage"):
            suites = [s for s in suites if s not in NOT_SANITIZED]
            suites += ["memory"] if "memory" in tags and mode == "asan" else []
        if not self.real:
            suites = [s for s in suites if s != "real"]
        if self.only:
            suites = [s for s in suites if s in self.only]
        for suite in suites:
            self.run_suite(mode, where, suite)

    def run_suite(self, mode, where, suite):
        log = "testlog-" + suite
        path = os.path.join(where, "meson-logs", log + ".json")
        if os.path.exists(path):
            os.unlink(path)
        argv = ["meson", "test", "-C", where, "--no-rebuild", "--suite", suite, "--logbase", log,
                "--num-processes", self.jobs]
        if "--quick" in self.options:
            argv += ["--no-suite", "slow"]
        if mode in ("asan", "tsan"):
            argv += ["--timeout-multiplier", "4"]
        if mode == "tsan":
            argv = tsan_wrapper() + argv
        begin = time.monotonic()
        _, output = self.start(argv, dict(SANITIZER_ENV, MSPTK_TEST_BUILD=mode))
        took = time.monotonic() - begin
        tests = count_cases.read_log(path) if os.path.exists(path) else []
        if not tests and "No suitable tests" not in output and "No tests" not in output:
            print("FAILED %s:%s left no log\n%s" % (mode, suite, output))
            self.total[1] += 1
        counts = [0, 0, 0]
        for test in tests:
            counts = [a + b for a, b in zip(counts, self.judge(mode, test))]
        self.total = [a + b for a, b in zip(self.total, counts)]
        self.spent("%s:%s" % (mode, suite), took, "%d passed, %d failed, %d skipped" % tuple(counts))

    def judge(self, mode, test):
        passed, failed, skipped = count_cases.count(test)
        name = test["name"].split(" / ")[-1]
        allowed = any(fnmatch.fnmatch("%s:%s" % (mode, name), p) or fnmatch.fnmatch(name, p) for p in self.allowed)
        if skipped and "--ci" in self.options and not allowed:
            print("FAILED %s (%s): it skipped %d, and tests/allowed-skips.txt does not allow that" % (name, mode, skipped))
            failed, skipped = failed + skipped, 0
            show_log(test)
        elif failed:
            print("FAILED %s (%s): %s, status %s" % (name, mode, test["result"], test["returncode"]))
            show_log(test)
        return passed, failed, skipped

    def spent(self, key, seconds, what):
        budget = self.budget.get(key)
        note = "  of %s s" % budget if budget else ""
        print("%-22s %7.1f s%s  %s" % (key, seconds, note, what), flush=True)
        self.times.append((key, seconds))
        if "--ci" not in self.options:
            return
        if budget is None:
            print("FAILED %s has no line in tests/budget.txt" % key)
            self.total[1] += 1
        elif seconds > 2 * float(budget.split()[0]):
            print("FAILED %s took more than twice its budget" % key)
            self.total[1] += 1

    def coverage(self, where):
        out = os.path.join(where, "coverage.txt")
        status, output = self.start([
            "gcovr", "--root", self.root, "--object-directory", where, "--filter", re.escape(self.root) + "/lib/",
            "--print-summary", "--txt", out, "--fail-under-line", str(COVERAGE_FLOOR), where])
        print("\n".join(output.splitlines()[-8:]))
        print("per file: %s" % out)
        self.total[1 if status else 0] += 1
        if status:
            print("FAILED coverage: line coverage of lib/ is below %d%%" % COVERAGE_FLOOR)

    # -- the whole --------------------------------------------------------------------------------------------------

    def modes(self):
        if "--ci" in self.options:
            return ["test", "asan", "tsan"] + (["clang"] if shutil.which("clang") else [])
        modes = []
        if "--sanitize" in self.options:
            modes.append("asan")
        if "--coverage" in self.options:
            modes.append("coverage")
        return modes or ["test"]

    def go(self):
        os.environ.setdefault("MSPTK_SEED", str(int((self.commit or "1")[:8], 16)))
        if "--full" in self.options:
            os.environ["MSPTK_FULL"] = "1"
        print("building in %s, commit %s, seed %s" % (self.base, (self.commit or "unknown")[:12],
                                                       os.environ["MSPTK_SEED"]), flush=True)
        with locked(self.base):
            for mode in self.modes():
                try:
                    self.one(mode)
                except Stop as stop:
                    print("FAILED %s" % stop)
        if "--full" in self.options and not self.only and "--quick" not in self.options:
            write_full(self)
        if "--ci" in self.options:
            budget_sum(self)
            say_age(self)
        print("total %.1f s" % sum(t for _, t in self.times))
        print("%d passed, %d failed, %d skipped" % tuple(self.total), flush=True)
        return 1 if self.total[1] or not self.total[0] else 0

    def one(self, mode):
        if mode == "tsan" and not tsan_works(self):
            print("tsan                    skipped: the thread sanitizer does not start on this kernel")
            self.total[2] += 1
            return
        where = self.build(mode)
        if mode == "clang":
            self.total[0] += 1
            return
        self.test(mode, where)
        if mode == "coverage":
            self.coverage(where)


# -- helpers --------------------------------------------------------------------------------------------------------


def read_text(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except OSError:
        return None


def read_pairs(path):
    """Lines "key rest", # begins a comment."""
    pairs = {}
    for line in (read_text(path) or "").splitlines():
        words = line.split("#")[0].split(None, 1)
        if words:
            pairs[words[0]] = words[1].strip() if len(words) > 1 else ""
    return pairs


def git(root, *args):
    try:
        done = subprocess.run(["git", "-c", "safe.directory=*", "-C", root] + list(args), capture_output=True, text=True,
                              check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def build_base(root):
    base = os.environ.get("MSPTK_BUILD_DIR")
    if not base:
        base = os.path.join(root, "build")
        try:
            os.makedirs(base, exist_ok=True)
        except OSError:
            base = None
        if not base or not os.access(base, os.W_OK):
            digest = hashlib.sha256(root.encode()).hexdigest()[:12]
            base = os.path.join(tempfile.gettempdir(), "msptk-build-%d-%s" % (os.getuid(), digest))
    base = os.path.abspath(base)
    os.makedirs(base, mode=0o755, exist_ok=True)
    if os.stat(base).st_uid != os.getuid() and os.getuid() != 0:
        sys.exit("the build directory '%s' belongs to somebody else; set MSPTK_BUILD_DIR" % base)
    return base


class locked:
    """Two runs in one build directory would disturb each other: the second waits."""

    def __init__(self, base):
        self.path = os.path.join(base, ".lock")

    def __enter__(self):
        self.file = open(self.path, "w", encoding="utf-8")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another run uses this build directory; waiting for it", flush=True)
            fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def show_log(test):
    for stream in ("stdout", "stderr"):
        lines = (test.get(stream) or "").splitlines()
        if len(lines) > LOG_LINES:
            print("  ... %d lines before" % (len(lines) - LOG_LINES))
        for line in lines[-LOG_LINES:]:
            print("  | " + line)


def tsan_wrapper():
    """gcc 12's thread sanitizer does not know the wider address randomisation of newer kernels."""
    if shutil.which("setarch") and subprocess.run(["setarch", "-R", "true"], stderr=subprocess.DEVNULL,
                                                  check=False).returncode == 0:
        return ["setarch", "-R"]
    return []


def tsan_works(run):
    with tempfile.TemporaryDirectory() as tmp:
        exe = os.path.join(tmp, "probe")
        with open(exe + ".c", "w", encoding="utf-8") as f:
            f.write("int main(void) { return 0; }\n")
        if run.start(["cc", "-fsanitize=thread", "-o", exe, exe + ".c"])[0]:
            return False
        return run.start(tsan_wrapper() + [exe])[0] == 0


def write_full(run):
    path = os.path.join(run.root, "docs", "proof.md")
    text = read_text(path) or "# Proof\n\n## Last full run\n"
    dirty = git(run.root, "status", "--porcelain", "--untracked-files=no")
    lines = [
        "## Last full run", "",
        "Written by `sh tests/run.sh --full`; not by hand.", "",
        "* date: %s" % datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "* commit: %s%s" % (run.commit or "unknown", " (with local changes)" if dirty else ""),
        "* options: %s" % " ".join(sorted(run.options)),
        "* result: %d passed, %d failed, %d skipped" % tuple(run.total), ""]
    head, _, rest = text.partition("## Last full run")
    tail = re.search(r"^## ", rest, re.M)
    try:
        with open(path, "w", encoding="utf-8") as f:
            f.write(head + "\n".join(lines) + ("\n" + rest[tail.start():] if tail else ""))
        print("wrote the counts to docs/proof.md")
    except OSError as err:
        print("FAILED the counts cannot be written to docs/proof.md: %s" % err.strerror)
        run.total[1] += 1


def full_run_age(root):
    """How many commits ago the last full run was, or None when that cannot be told."""
    section = (read_text(os.path.join(root, "docs", "proof.md")) or "").partition("## Last full run")[2]
    found = re.search(r"^\* commit: ([0-9a-f]{40})", section, re.M)
    count = git(root, "rev-list", "--count", found.group(1) + "..HEAD") if found else None
    return int(count) if count else None


def say_age(run):
    age = full_run_age(run.root)
    if age is None:
        text = "THE LAST FULL RUN (sh tests/run.sh --full) IS NOT KNOWN: docs/proof.md names no commit of this history"
    elif age > STALE_COMMITS:
        text = "THE LAST FULL RUN (sh tests/run.sh --full) IS %d COMMITS OLD" % age
    else:
        return
    print("!" * 100 + "\n!! " + text + "\n" + "!" * 100)


def budget_sum(run):
    total = sum(float(b.split()[0]) for b in run.budget.values())
    if total > 24 * 60:
        print("FAILED the budgets in tests/budget.txt sum to %.0f s, more than 24 minutes" % total)
        run.total[1] += 1


def main():
    root, words = sys.argv[1], sys.argv[2:]
    suites, options = set(), set()
    while words:
        word = words.pop(0)
        if word == "--suite":
            suites.add(words.pop(0))
        else:
            options.add(word)
    run = Run(root, options, suites)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, run.stop)
    return run.go()


if __name__ == "__main__":
    sys.exit(main())
