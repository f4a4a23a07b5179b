"""Standard input and output as a transport: framing, order, cancelling, what is slow beside what is quick, and how it ends.
usage: check_stdio.py MSP_TOOLKIT"""
import json
import os
import signal
import sys
import time

from server import (INITIALIZED, LEGACY, MODERN, SLOW, Cases, Stdio, Workspace, complaints, initialize, legacy, modern)


def ids(server, count, timeout=20):
    got = []
    until = time.monotonic() + timeout
    while len(got) < count and time.monotonic() < until:
        message = server.read(max(0, until - time.monotonic()))
        if message is None:
            break
        got.append(message.get("id"))
    return got


def expect(what, wanted):
    return [] if what == wanted else ["%r, not %r" % (what, wanted)]


def check_framing(cases, space):
    with Stdio(space) as s:
        s.write(b"\r\n\n   \n" + json.dumps(legacy("ping", 1)).encode() + b"\r\n")
        cases.check("blank lines and carriage returns are passed over", expect(ids(s, 1), [1]))
        text = (json.dumps(legacy("ping", 2)) + "\n").encode()
        for byte in text:
            s.write(bytes([byte]))
        cases.check("a message in pieces of one byte", expect(ids(s, 1), [2]))
        s.write(text + text[:20])
        s.write(text[20:])
        cases.check("two messages and a cut between them", expect(ids(s, 2), [2, 2]))
        s.write(b'{"jsonrpc":"2.0","id":3,"method":"ping","params":{"x":"' + b"a" * (5 << 20) + b'"}}\n')
        s.send(legacy("ping", 4))
        first = s.read()
        cases.check("too long a line is refused, not kept", expect((first or {}).get("error", {}).get("code"), -32600))
        cases.check("and the next one is heard", expect(ids(s, 1), [4]))
        s.write(b'{"jsonrpc":"2.0","id":5,"method":"ping","params":{"x":"' + b"a" * ((4 << 20) - 100) + b'"}}\n')
        cases.check("a line just below the limit is taken", expect(ids(s, 1), [5]))
    with Stdio(space) as s:
        s.write(b"\xef\xbb\xbf" + json.dumps(legacy("ping", 1)).encode() + b"\n")
        cases.check("a byte order mark at the beginning", expect(ids(s, 1), [1]))
    with Stdio(space) as s:
        s.write(json.dumps(legacy("ping", 1)).encode())
        s.process.stdin.close()
        cases.check("a last line without its end", expect(ids(s, 1), [1]))


def check_flood(cases, space):
    with Stdio(space) as s:
        s.ask(initialize())
        s.send(INITIALIZED)
        count = 10000
        data = "".join(json.dumps(legacy("ping", n)) + "\n" for n in range(count)).encode()
        child = os.fork()
        if child == 0:
            try:
                s.write(data)
            finally:
                os._exit(0)
        time.sleep(0.3)  # nobody reads: the server has to hold back and to hold out
        got = ids(s, count)
        os.waitpid(child, 0)
        cases.check("ten thousand requests without waiting, all answered in order", expect(got, list(range(count))))
        with open("/proc/%d/status" % s.process.pid, encoding="ascii") as f:
            peak = [int(line.split()[1]) for line in f if line.startswith("VmHWM")][0]
        cases.check("in bounded memory", [] if peak < 64 * 1024 else ["%d KiB" % peak])


def check_eras(cases, space):
    with Stdio(space) as s:
        found = []
        probe = s.ask(modern("server/discover", 1))
        found += complaints(probe, MODERN, "server/discover")
        greeted = s.ask(initialize(LEGACY[0], 2))
        found += complaints(greeted, LEGACY[0], "initialize")
        s.send(INITIALIZED)
        for n in range(3, 23, 2):
            found += complaints(s.ask(modern("tools/list", n)), MODERN, "tools/list")
            found += complaints(s.ask(legacy("tools/list", n + 1)), LEGACY[0], "tools/list")
        cases.check("both eras in turn in one process", found)
        one, other = s.ask(modern("tools/list", 50)), s.ask(legacy("tools/list", 51))
        cases.check("the same tools in both", expect(one["result"]["tools"], other["result"]["tools"]))
        lines = []
        for n in range(2):
            s.send(modern("tools/list", 60))
            lines.append(s.line())
        cases.check("the list has the same bytes each time", expect(lines[0], lines[1]))


def check_slow(cases, space):
    with Stdio(space) as s:
        s.ask(initialize())
        s.send(INITIALIZED)
        s.send(legacy("tools/call", 10, name="health_check", arguments={"client_id": "acme-corp"}))
        started = time.monotonic()
        cases.check("a ping passes a slow call", expect(ids(s, 1, 2) if not s.send(legacy("ping", 11)) else None, [11]))
        s.send(legacy("tools/call", 10, name="client_list"))
        again = s.read(2)
        cases.check("an id that is in use is refused", expect(((again or {}).get("error") or {}).get("code"), -32600))
        s.send(modern("tools/list", 12))
        cases.check("a list passes it too", expect(ids(s, 1, 2), [12]))
        s.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 10, "reason": "enough"}})
        s.send(legacy("ping", 13))
        cases.check("after the cancellation", expect(ids(s, 1, 2), [13]))
        cases.check("nothing was waited for", [] if time.monotonic() - started < 2.5 else ["%.1f s" % (time.monotonic() - started)])
        cases.check("and nothing comes any more", expect(ids(s, 1, 4), []))
        s.send(legacy("tools/call", 20, name="client_list"))
        cases.check("the next call works", expect(ids(s, 1), [20]))
    with Stdio(space) as s:
        token = {"progressToken": "töken"}
        s.send(modern("tools/call", 1, meta=token, name="health_check", arguments={"client_id": "acme-corp"}))
        notes, answer = [], None
        until = time.monotonic() + 20
        while answer is None and time.monotonic() < until:
            message = s.read(20)
            if message is None:
                break
            if "method" in message:
                notes.append(message)
            else:
                answer = message
        cases.check("the slow call is answered", complaints(answer, MODERN, "tools/call"))
        steps = [n["params"]["progress"] for n in notes if n["method"] == "notifications/progress"]
        found = [] if all(a < b for a, b in zip(steps, steps[1:])) else ["progress %r" % steps]
        found += [str(n) for n in notes if n["params"].get("progressToken") != "töken"]
        cases.check("its progress grows and has its token", found + ([] if steps else ["no progress"]))


def check_end(cases, space):
    for name, how in (("the end of input", lambda s: s.process.stdin.close()),
                      ("SIGTERM", lambda s: s.process.send_signal(signal.SIGTERM))):
        for busy in (False, True):
            with Stdio(space) as s:
                s.ask(initialize())
                if busy:
                    s.send(legacy("tools/call", 10, name="health_check", arguments={"client_id": "acme-corp"}))
                    s.ask(legacy("ping", 11))
                started = time.monotonic()
                how(s)
                try:
                    code = s.process.wait(5)
                except Exception as e:  # noqa: BLE001
                    code = repr(e)
                took = time.monotonic() - started
                # One second is what the server gives itself; the rest is this busy machine's.
                cases.check("%s ends it%s" % (name, " in the middle of a call" if busy else ""),
                            expect(code, 0) + ([] if took < 2.5 else ["after %.1f s" % took]))
    with Stdio(space) as s:
        s.ask(initialize())
        s.process.stdout.close()
        try:
            s.send(legacy("ping", 1))
            code = s.process.wait(5)
        except Exception as e:  # noqa: BLE001
            code = repr(e)
        cases.check("a reader that is gone ends it", expect(code, 0))
        s.process.stdout = open(os.devnull, "rb")


def check_listen(cases, space):
    with Stdio(space) as s:
        ack = s.ask(modern("subscriptions/listen", "l1", notifications={"resourceSubscriptions": ["msp://clients", "no://such"]}))
        found = expect(ack.get("method"), "notifications/subscriptions/acknowledged")
        found += expect(ack.get("params", {}).get("_meta", {}).get("io.modelcontextprotocol/subscriptionId"), "l1")
        found += expect(ack.get("params", {}).get("notifications", {}).get("resourceSubscriptions"), ["msp://clients"])
        cases.check("a subscription is acknowledged as far as it is honoured", found)
        space.tool("client", "add", "Later Ltd", "--quiet")
        note = s.read(15)
        found = expect((note or {}).get("method"), "notifications/resources/updated")
        cases.check("a change by another process is told", found + complaints(note or {}, MODERN))
        s.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "l1"}})
        s.send(modern("tools/list", 2))
        rest = [m for m in (s.read(5), s.read(1)) if m]
        cases.check("a cancelled subscription is over", [] if any(m.get("id") == 2 for m in rest) else [str(rest)[:300]])
    with Stdio(space) as s:
        s.ask(modern("subscriptions/listen", 7, notifications={"resourceSubscriptions": ["msp://clients"]}))
        s.process.stdin.close()
        note, last = s.read(3), s.read(3)
        cases.check("the end of the server is told", expect((note or {}).get("method"), "notifications/cancelled"))
        cases.check("and is the end of the subscription",
                    expect((last or {}).get("id"), 7) if last and "result" in last else [str(last)])


def check_streams(cases, space):
    with Stdio(space, "--log-level", "debug", env={"MSP_CREDENTIALS": "/secret/creds.json"}) as s:
        s.ask(initialize())
        s.ask(legacy("tools/call", 3, name="client_list"))
        s.process.stdin.close()
        s.process.wait(5)
        log = s.log().splitlines()
        found = []
        for line in log:
            try:
                if not {"ts", "level", "message"} <= set(json.loads(line)):
                    found.append(line)
            except ValueError:
                found.append(line)
        cases.check("what it says on standard error is JSON, line by line", found + ([] if log else ["nothing was said"]))
        warned = [line for line in log if "secret set" in line and "MSP_CREDENTIALS" in line]
        cases.check("MSP_CREDENTIALS is answered by advice", [] if warned else log[:5])
        cases.check("and is not told", [line for line in log if "creds.json" in line])
    with Stdio(space, env={"MSP_CONFIG": os.path.join(space.place, "msp-toolkit.yaml")}) as s:
        answer = s.ask(modern("tools/call", 1, name="client_list"))
        cases.check("the original design's snippet works", [] if answer and "Acme Corp" in json.dumps(answer) else [str(answer)[:300]])


def check_limit(cases, space):
    with Stdio(space, "--reads-per-minute", "3") as s:
        answers = [s.ask(modern("tools/call", n, name="client_list")) for n in range(1, 7)]
        refused = [a["result"]["structuredContent"]["error"] for a in answers if a["result"].get("isError")]
        cases.check("too many calls are refused", [] if len(refused) == 3 and
                    {e["code"] for e in refused} == {"RATE_LIMIT_EXCEEDED"} and
                    all(e["details"]["retry_after_ms"] > 0 for e in refused) else [str(answers)[:500]])
    entries = json.loads(space.tool("audit", "list", "--json", "--limit", "20"))["entries"]
    noted = [e for e in entries if e["outcome"] == "denied" and e["detail"].get("reason") == "TOO_MANY_REQUESTS"]
    cases.check("the trail says so, once a second and not for each of a flood", [] if 1 <= len(noted) <= 3 else [str(entries)[:500]])


def main():
    cases = Cases()
    with Workspace(sys.argv[1]) as space:
        check_framing(cases, space)
        check_flood(cases, space)
        check_eras(cases, space)
        check_listen(cases, space)
        check_streams(cases, space)
        check_limit(cases, space)
    with Workspace(sys.argv[1], SLOW) as space:
        check_slow(cases, space)
        check_end(cases, space)
    cases.end()


main()
