"""Runs every benchmark, prints the table of targets and what was measured, and writes it into README.md.
usage: run.py BUILD_DIRECTORY [--no-write]"""
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "real", "mcp"))
import packages  # noqa: E402

BEGIN, END = "<!-- measured by run.sh: begin -->", "<!-- measured by run.sh: end -->"


MCP_CONFIG = "database: {path: db}\nvault: {key_file: key}\n"


def packages_script(found):
    """The peer's program, put where it finds the packages."""
    return shutil.copy(os.path.join(HERE, "mcp_peer.mjs"), found.place)


def output(*args, **more):
    done = subprocess.run(args, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise RuntimeError("%s: %s" % (os.path.basename(args[0]), done.stderr.strip() or done.returncode))
    return done.stdout.strip()


def number(text, pattern):
    return float(re.search(pattern, text).group(1))


def once(argv):
    """Seconds of wall and of CPU of one run, its output thrown away."""
    quiet = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    start = time.monotonic()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=quiet)
    _, status, used = os.wait4(pid, 0)
    if status != 0:
        raise RuntimeError("%s ended with status %d" % (os.path.basename(argv[0]), status))
    return time.monotonic() - start, used.ru_utime + used.ru_stime


def side_by_side(one, other, rounds):
    """Medians of (wall, CPU) of two programs that take turns."""
    times = ([], [])
    for _ in range(rounds):
        for which, argv in enumerate((one, other)):
            times[which].append(once(argv))
    return [tuple(statistics.median(t[i] for t in some) for i in (0, 1)) for some in times]


class Bench:
    def __init__(self, build):
        self.build, self.rows = build, []
        self.place = os.path.abspath(tempfile.mkdtemp(prefix="msptk-bench-", dir="."))

    def program(self, name):
        return os.path.join(self.build, "tests", "bench", "bench_" + name)

    def add(self, question, target, value, met, words):
        self.rows.append((question, target, value, "met" if met else "**missed**", words))
        print("%-58s %-12s %-14s %-8s %s" % (question, target, value, "met" if met else "MISSED", words), flush=True)

    def skip(self, question, target, why):
        self.rows.append((question, target, "-", "not measured", why))
        print("%-58s %-12s %-14s %s" % (question, target, "-", why), flush=True)

    def results(self):
        text = output(self.program("results"), cwd=self.place)
        last = text.splitlines()[-1]
        ratio = number(text, r"ratio[^0-9]*([0-9.]+)")
        self.add("(a) results judged, alerted and stored, to bare inserts", "<= 2.0", "%.2f" % ratio, ratio <= 2.0, last)

    def local(self):
        plugins = "/usr/lib/nagios/plugins"
        question = "(b) plugins to the same questions in process, CPU"
        if not os.path.exists(plugins + "/check_swap"):
            self.skip(question, ">= 15", "monitoring-plugins-basic is not installed")
            return
        text = output(self.program("local_check"), "50", plugins)
        ratio = number(text, r"ratio ([0-9.]+)")
        self.add(question, ">= 15", "%.1f" % ratio, ratio >= 15, text)

    def children(self):
        text = output(self.program("children"))
        ratio = number(text, r"ratio ([0-9.]+)")
        self.add("(c) programs per second, to bare posix_spawn and wait", ">= 0.8", "%.2f" % ratio, ratio >= 0.8, text)

    def client_list(self):
        cli = os.path.join(self.build, "bindings", "cli", "msp-toolkit")
        config = os.path.join(self.place, "msp-toolkit.yaml")
        with open(config, "w", encoding="utf-8") as f:
            f.write("database: {path: db}\nvault: {key_file: key}\n")
        names = os.path.join(self.place, "names.csv")
        with open(names, "w", encoding="utf-8") as f:
            f.write("name,tier,contact\n")
            f.writelines("Client number %04d,gold,someone%d@example.com\n" % (i, i) for i in range(1000))
        output(cli, "--config", config, "client", "import", names, "--yes")
        found = output(cli, "--config", config, "client", "list", "--json").count('"msptk.client/1"')
        if found != 1000:
            raise RuntimeError("%d clients instead of 1,000" % found)
        (wall, cpu), (bare_wall, bare_cpu) = side_by_side(
            [cli, "--config", config, "client", "list", "--json"],
            [self.program("five_libraries"), os.path.join(self.place, "db")], 60)
        self.add("(d) `client list --json` of 1,000, to the bare select", "<= 1.5", "%.2f" % (wall / bare_wall), wall <= 1.5 * bare_wall,
                 "wall %.1f ms to %.1f ms, CPU %.1f ms to %.1f ms (%.2f)" % (wall * 1e3, bare_wall * 1e3, cpu * 1e3,
                                                                           bare_cpu * 1e3, cpu / bare_cpu))

    def size(self):
        stripped = os.path.join(self.place, "stripped.so")
        output("strip", "-o", stripped, os.path.realpath(os.path.join(self.build, "lib", "libmsptk.so.0")))
        mib = os.path.getsize(stripped) / 1048576
        self.add("(e) stripped libmsptk.so, MiB", "<= 1", "%.2f" % mib, mib <= 1, "")
        text = output(self.program("opened"), os.path.join(self.place, "db2"), os.path.join(self.place, "key2"))
        dirty, rss = number(text, r"Private_Dirty ([0-9.]+)"), number(text, r"RSS ([0-9.]+)")
        self.add("(e) opened toolkit, Private_Dirty, MiB", "<= 4", "%.2f" % dirty, dirty <= 4, "")
        self.add("(e) opened toolkit, RSS, MiB", "<= 16", "%.2f" % rss, rss <= 16, "")

    def writers(self):
        done = subprocess.run([self.program("two_writers"), "5", self.place], capture_output=True, text=True, check=False)
        share, wait = number(done.stdout, r"share of the slower: ([0-9.]+)"), number(done.stdout, r"median commit of one: ([0-9.]+)")
        chain = next(line for line in done.stdout.splitlines() if line.startswith("audit chain"))
        self.add("two writers: share of the slower, %", ">= 25", "%.0f" % share, share >= 25, chain)
        self.add("two writers: p99 wait in median commits of one", "<= 50", "%.1f" % wait, wait <= 50, "")

    def mcp_driver(self, how, rounds, argv):
        """{name: number} that bench_mcp_client says of one server."""
        text = output(self.program("mcp_client"), how, str(rounds), *argv, cwd=self.place)
        return {name: float(value) for name, value in (line.split() for line in text.splitlines())}

    def mcp(self):
        """`msp-toolkit mcp` against a server on the official SDK that answers the same bytes from memory; they take turns."""
        questions = [("(f) MCP: start to first reply, to the TypeScript SDK", "<= 0.083"), ("(f) MCP: ping round trip, to the TypeScript SDK", "<= 0.5"),
                     ("(f) MCP: client_list of ten rows, to the TypeScript SDK", "<= 1.0"),
                     ("(f) MCP: pipelined client_list, to the TypeScript SDK", ">= 2.0"),
                     ("(f) MCP: Private_Dirty, MiB", "<= 6"), ("(f) MCP: tool list, estimated tokens", "<= 3500")]
        try:
            found = packages.get(os.path.join(self.build, "tests", "real", "mcp", "packages"))
        except packages.Missing as why:
            for question, target in questions:
                self.skip(question, target, str(why))
            return
        place = os.path.join(self.place, "mcp")
        os.mkdir(place)
        cli, config = os.path.join(self.build, "bindings", "cli", "msp-toolkit"), os.path.join(place, "msp-toolkit.yaml")
        with open(config, "w", encoding="utf-8") as f:
            f.write(MCP_CONFIG)
        for i in range(10):
            output(cli, "--config", config, "client", "add", "Client number %d" % i, "--tier", "gold", "--quiet")
        ours, answer = [cli, "--config", config, "mcp", "--reads-per-minute", "0", "--log-level", "error"], os.path.join(place, "answer.json")
        with open(answer, "w", encoding="utf-8") as f:
            f.write(output(self.program("mcp_client"), "answer", "-", *ours, cwd=self.place))
        peer = [found.node, packages_script(found), answer]
        said = ([], [])
        for _ in range(5):
            for which, argv in enumerate((ours, peer)):
                said[which].append(dict(self.mcp_driver("cold", 5, argv), **self.mcp_driver("warm", 3000, argv)))
        us, them = ({name: statistics.median(one[name] for one in some) for name in some[0]} for some in said)
        for (question, target), name, unit in zip(questions, ("cold_ms", "ping_us", "call_us", "pipelined_per_s"), ("ms", "us", "us", "per s")):
            ratio, bound = us[name] / them[name], float(target.split()[1])
            self.add(question, target, "%.3f" % ratio, ratio >= bound if target[0] == ">" else ratio <= bound,
                     "%.4g %s to %.4g %s" % (us[name], unit, them[name], unit))
        self.add(*questions[4], "%.2f" % us["private_dirty_mib"], us["private_dirty_mib"] <= 6, "the peer: %.1f" % them["private_dirty_mib"])
        tokens = us["tools_bytes"] / 3.5
        self.add(*questions[5], "%.0f" % tokens, tokens <= 3500, "%d bytes" % us["tools_bytes"])

    def run(self):
        for step in (self.results, self.local, self.children, self.client_list, self.size, self.writers, self.mcp):
            try:
                step()
            except (RuntimeError, OSError, AttributeError, StopIteration) as e:
                self.skip(step.__name__, "", "failed: %s" % e)


def machine():
    model = ""
    if os.path.exists("/proc/cpuinfo"):
        found = re.search(r"model name\s*:\s*(.*)", open("/proc/cpuinfo", encoding="utf-8").read())
        model = found.group(1) if found else ""
    return "%d processors (%s), %s, load %.1f" % (os.cpu_count(), model or platform.machine(), platform.system(), os.getloadavg()[0])


def table(rows, where):
    lines = [BEGIN, "", "%s, %s." % (time.strftime("%Y-%m-%d", time.gmtime()), where), "",
             "| Question | Target | Measured | | In words |", "|---|---|---|---|---|"]
    lines += ["| %s |" % " | ".join(c.replace("|", "/") for c in row) for row in rows]
    return "\n".join(lines + ["", END])


def main():
    bench = Bench(os.path.abspath(sys.argv[1]))
    where = machine()
    print(where)
    try:
        bench.run()
    finally:
        shutil.rmtree(bench.place, ignore_errors=True)
    if "--no-write" in sys.argv:
        return
    path = os.path.join(HERE, "README.md")
    text = open(path, encoding="utf-8").read()
    made = table(bench.rows, where)
    text = re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: made, text, flags=re.S) if BEGIN in text else text + "\n" + made + "\n"
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


if __name__ == "__main__":
    main()
