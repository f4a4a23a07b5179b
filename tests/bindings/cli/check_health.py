"""Health on a fake world: the table, exit codes, Ctrl-C in the middle of a long run, progress, the morning screen."""
import json
import os
import time

from tool import CONFIG, Cases, Tool, expect, plain, width

WORLD = CONFIG + "adapters:\n  - {name: world, type: fake, devices: 4, problems: 1}\n"
SLOW = CONFIG + "adapters:\n  - {name: world, type: fake, devices: 60, latency_ms: 2000}\n"


def fake_tool(config):
    tool = Tool(config)
    tool.run("client", "add", "Acme Corp", "--quiet")
    tool.run("device", "scan", "acme-corp")
    return tool


def check_results(tool, cases):
    done = tool.run("health", "check", "acme-corp")
    cases.check("1: a problem was found", expect(done, 1, "STATUS", "critical", where="stdout"))
    lines = done.stdout.splitlines()
    words = [line.split()[0] for line in lines[1:] if line[:1].strip()][:4]
    cases.check("worst first", [] if words and words[0] in ("critical", "unknown", "warning") else [done.stdout])
    cases.check("the verdict says what it covers", [] if "devices reported" in done.stdout else [done.stdout])
    cases.check("no column for the client that was named", ["CLIENT is there"] if "CLIENT" in lines[0] else [])
    for args in (["health", "check", "--all"], ["health", "check", "acme-corp", "--type", "disk-space"],
                 ["health", "history", "acme-corp", "--days", "7"], ["health", "status"], ["morning"], ["alert", "list"]):
        done = tool.run(*args)
        cases.check(" ".join(args), [] if done.returncode in (0, 1) and done.stdout and not done.stderr else [str(done)])
        doc = tool.run(*args, "--json")
        cases.check(" ".join(args) + " --json", [] if json.loads(doc.stdout).get("schema") else [doc.stdout[:200]])
    cases.check("--fail-on never", expect(tool.run("health", "check", "acme-corp", "--fail-on", "never"), 0))
    cases.check("3: a client that does not exist", expect(tool.run("health", "check", "nobody"), 3, "client 'nobody' not found"))
    cases.check("both a client and all", expect(tool.run("health", "check", "acme-corp", "--all"), 2, "exclude each other"))
    for columns in (40, 60, 80, 100):
        for args in (["health", "check", "acme-corp"], ["morning"], ["alert", "list"], ["health", "status"]):
            done = tool.run(*args, "--width", str(columns))
            cases.check("%s fits %d columns" % (" ".join(args), columns),
                        [line for line in done.stdout.splitlines() if width(line) > columns and len(line.split()) > 1])
    ids = tool.run("__complete", "alert", "explain", "").stdout
    first = ids.split("\t")[0]
    done = tool.run("alert", "explain", first)
    cases.check("ids of alerts complete, and are explained", [] if first and done.returncode == 0 and "critical" in done.stdout
                else [ids[:200], str(done)])


def check_unusable(cases):
    """A device that two adapters know: one that cannot be asked any more is unknown, not forgotten beside the other."""
    good = CONFIG + "adapters:\n  - {name: one, type: fake, devices: 1, seed: 1}\n  - {name: two, type: fake, devices: 1, seed: 1}\n"
    tool = fake_tool(good)
    cases.check("two adapters, one device", expect(tool.run("device", "list"), 0, "one, two", where="stdout"))
    tool.run("health", "check", "acme-corp")
    with open(os.path.join(tool.place, "msp-toolkit.yaml"), "w", encoding="utf-8") as f:
        f.write(good.replace("name: two, type: fake,", "name: two, type: fake, colour: 5,"))
    done = tool.run("health", "check", "acme-corp")
    cases.check("an adapter that cannot be asked is unknown", expect(done, 1, "unknown", "unknown setting 'colour'", where="stdout"))
    tool.close()


def check_interrupt(tool, cases):
    screen = tool.terminal("health", "check", "acme-corp")
    time.sleep(1.2)
    started = time.monotonic()
    screen.send("\x03")
    code = screen.end()
    took = time.monotonic() - started
    cases.check("Ctrl-C ends a long run in order", [] if code in (-2, 1, 3) and took < 10 and "stopping" in screen.text()
                else ["exit %s after %.1f s: %s" % (code, took, plain(screen.text())[-500:])])
    cases.check("the trail holds after it", expect(tool.run("audit", "verify"), 0, "holds", where="stdout"))
    screen = tool.terminal("health", "check", "acme-corp")
    time.sleep(0.8)
    screen.send("\x03")
    time.sleep(0.05)
    screen.send("\x03")
    code = screen.end()
    cases.check("a second Ctrl-C ends at once", [] if code in (130, -2, 1, 3) else ["exit %s" % code])


def check_bar(tool, slow, cases):
    bars = ("\u2588", "\u2591", "0/1", "1/1")
    screen = slow.terminal("health", "check", "acme-corp")
    seen = screen.wait_for("\u2591 0/1")
    early = not screen.ended()
    code = screen.end()
    cases.check("a run that lasts shows a bar while it lasts, and takes it away",
                [] if seen and early and code in (0, 1) and "\r\033[K" in screen.text() else ["exit %s" % code, screen.text()])
    for args in (["--quiet"], ["--json"]):
        done = slow.run("health", "check", "acme-corp", *args)
        cases.check("no bar where standard error is no terminal: " + args[0], [done.stderr] if done.stderr else [])
    screen = slow.terminal("health", "check", "acme-corp", "--quiet")
    screen.end()
    cases.check("no bar for --quiet", [screen.text()] if any(b in screen.text() for b in bars) else [])
    started = time.monotonic()
    screen = tool.terminal("health", "check", "acme-corp")
    screen.end()
    if time.monotonic() - started < 0.5:
        cases.check("no bar for a run that is soon over", [screen.text()] if any(b in screen.text() for b in bars) else [])


def main():
    tool, cases = fake_tool(WORLD), Cases()
    if not any(row["name"] == "health_check" for row in tool.operations()):
        cases.skip("health on a fake world", "this build has no health checks")
    else:
        check_results(tool, cases)
        check_unusable(cases)
        slow = fake_tool(SLOW)
        check_bar(tool, slow, cases)
        check_interrupt(slow, cases)
        slow.close()
    tool.close()
    cases.end()


if __name__ == "__main__":
    main()
