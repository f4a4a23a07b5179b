"""Clients that write in pieces, ahead, in great numbers, or that go away in the middle.
usage: check_clients.py SERVER"""
import time

from peer import LEGACY, Cases, Server, alive, begin, call, counts, eventually, legacy, legacy_call, request, wants


def pieces(c, s):
    with s.connect() as k:
        for byte in call("who"):
            k.send(bytes([byte]))
        c.check("a request in pieces of one byte is answered", wants(k.answer(), 200))
        for n in (2, 3, 7, 100):
            data = call("who", number=n)
            for at in range(0, len(data), n):
                k.send(data[at:at + n])
            got = k.answer()
            c.check("so is the next one of the connection, in pieces of %d" % n, wants(got, 200) + ["%r" % got.body] * (got.json().get("id") != n))
    with s.connect() as k:
        for n in (10, 1000000, 5000000, 10):
            k.send(call("large", n))
            got = k.answer()
            c.check("an answer of %d bytes comes whole" % n, wants(got, 200) + ["%d bytes" % len(got.body)] * (len(got.text() or "") != n))
    with s.connect() as k:
        k.send(request({"jsonrpc": "2.0", "id": 1, "method": "x", "params": {"x": "y" * 3000000}}))
        c.check("a message of three megabytes is taken", wants(k.answer(), 400))


def ahead(c, s):
    for name, first, status in [("quick", call("who", number=0), 200), ("slow", call("wait", 300, 0), 200), ("large", call("large", 3000000, 0), 200),
                                ("preflight", request(method="OPTIONS", Origin="http://localhost"), 204)]:
        with s.connect() as k:
            k.send(first + b"".join(call("who", number=n) for n in range(1, 30)))
            answers = [k.answer() for _ in range(30)]
            c.check("requests behind a %s one are answered after it, in order" % name, wants(answers[0], status) + [
                "%d: %s %r" % (n, a and a.status, a and a.body[:80]) for n, a in enumerate(answers)
                if not a or (n and a.json().get("id") != n)][:3])
    with s.connect() as k:
        before = s.cpu()
        k.send(call("wait", 1000) + call("who", number=2))
        problems = wants(k.answer(), 200) + wants(k.answer(), 200)
        c.check("one that waits behind another costs nothing", problems + ["%.2f s" % (s.cpu() - before)] * (s.cpu() - before > 0.4))
    session = begin(s)
    with s.connect() as k:
        before = s.cpu()
        k.send(request(method="GET", Mcp_Session_Id=session, MCP_Protocol_Version=LEGACY) + b"x" * 1000)
        problems = wants(k.head(), 200)
        time.sleep(0.7)
        c.check("nor does what is behind a stream", problems + ["%.2f s" % (s.cpu() - before)] * (s.cpu() - before > 0.4))
    with s.connect() as k:
        for n in range(200):
            k.send(call("who", number=n))
            got = k.answer()
            if not got or got.json().get("id") != n:
                break
        c.check("two hundred requests one after another are answered on one connection", ["at %d: %s" % (n, got)] * (n != 199))


def gone(c, s):
    finished, cancelled = counts(s)
    for behind in (b"", call("who"), b"x" * 90000):
        k = s.connect()
        k.send(call("wait", 5000) + behind)
        time.sleep(0.1)
        k.close()
    c.check("a modern call is cancelled when its client goes, whatever it had sent behind it", [
        "%s" % (counts(s),)] * (not eventually(lambda: counts(s) == (finished, cancelled + 3), 4)))
    session = begin(s)
    k = s.connect()
    k.send(legacy_call(session, "wait", 400))
    time.sleep(0.1)
    k.close()
    c.check("a call of a session is not", ["%s" % (counts(s),)] * (not eventually(lambda: counts(s) == (finished + 1, cancelled + 3))))
    c.check("and its session goes on", wants(s.exchange(legacy(session)), 200))
    for n in range(20):
        k = s.connect()
        k.send(legacy_call(session, "wait", 100, 100 + n))
        k.close()
    c.check("twenty clients that go at once leave a session that answers", wants(s.exchange(legacy(session)), 200))
    eventually(lambda: counts(s)[0] > finished + 1)
    time.sleep(0.3)
    cancelled = counts(s)[1]
    k = s.connect()
    k.send(legacy_call(session, "wait", 5000, 99))
    time.sleep(0.1)
    k.close()
    got = s.exchange(request(method="DELETE", Mcp_Session_Id=session))
    c.check("ending a session ends what goes on in it", wants(got, 204) + ["%s" % (counts(s),)] * (not eventually(
        lambda: counts(s)[1] == cancelled + 1, 3)))
    for _ in range(50):
        k = s.connect()
        k.send(call("large", 5000000))
        k.close()
    c.check("the server is as before", alive(s))


def many(c):
    with Server(connections=2000) as s:
        idle = [s.connect() for _ in range(450)]
        half = [s.connect() for _ in range(450)]
        for k in half:
            k.send("POST /mcp HTTP/1.1\r\nHost: 127.")
        began = time.monotonic()
        problems = alive(s)
        took = time.monotonic() - began
        c.check("900 connections that say nothing or half of it do not stall a request", problems + ["%.2f s" % took] * (took > 1))
        half[-1].send(call("who")[len("POST /mcp HTTP/1.1\r\nHost: 127."):])
        c.check("one of them may still finish what it says", wants(half[-1].answer(), 200))
        for k in idle + half:
            k.close()
        c.check("when they have gone the server is as before", alive(s))
    with Server(connections=20) as s:
        for turn in range(3):
            open_ones = [s.connect() for _ in range(20)]
            for k in open_ones:
                k.send(call("who")[:9])
            open_ones[0].send(call("wait", 3000)[9:])
            time.sleep(0.1)
            problems = []
            with s.connect() as more:
                more.send(call("who"))
                got = more.answer(2)
                problems += ["one more is answered %d" % got.status] * (got is not None and got.status != 503)
            open_ones[1].send(call("who")[9:])
            problems += wants(open_ones[1].answer(), 200)
            for k in open_ones:
                k.close()
            problems += ["no room afterwards"] * (not eventually(lambda: not alive(s)))
            time.sleep(0.1)
            c.check("there are no more connections than allowed, time %d" % (turn + 1), problems)


def stopping(c):
    with Server(rounds=2) as s:
        first = s.port
        session = begin(s)
        pending = [s.connect() for _ in range(3)]
        pending[0].send(call("wait", 20000))
        pending[1].send(legacy_call(session, "wait", 20000))
        pending[2].send("POST /mcp HTTP/1.1\r\n")
        time.sleep(0.2)
        began = time.monotonic()
        s.stop()
        got = [k.answer() for k in pending]
        c.check("who waits when the server stops is told", wants(got[0], 503) + wants(got[1], 503) + ["half a request is answered"] * (got[2] is not None))
        second = s.next_port()
        c.check("it stops at once", ["%.1f s" % (time.monotonic() - began)] * (time.monotonic() - began > 2))
        c.check("a second listener in the same process serves", alive(s) + ["%s" % second] * (not second or not first))
        c.check("it does not know the sessions of the first", wants(s.exchange(legacy(session)), 404))
        for k in pending:
            k.close()


cases = Cases()
with Server() as server:
    pieces(cases, server)
    ahead(cases, server)
    gone(cases, server)
many(cases)
stopping(cases)
cases.end()
