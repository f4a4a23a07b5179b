"""Sessions of the older versions: their ids, their limits, their streams and their end.
usage: check_lives.py SERVER"""
import re
import time

from peer import PATIENCE, Cases, Server, alive, begin, eventually, legacy, legacy_call, listen, request, wants


def ids(c, s):
    got = [begin(s) for _ in range(20)]
    c.check("an id is long, of visible letters, and never the same", [
        "%r" % g for g in got if not isinstance(g, str) or not re.fullmatch(r"[!-~]{32,}", g)] + ["twice"] * (len(set(got)) != 20))
    session = got[0]
    c.check("a session answers", wants(s.exchange(legacy(session)), 200))
    c.check("a session answers without a version in the header", wants(s.exchange(
        request({"jsonrpc": "2.0", "id": 1, "method": "ping"}, Mcp_Session_Id=session)), 200))
    for name, status, data in [("an unknown id", 404, legacy("a" * 32)), ("half an id", 404, legacy(session[:20])),
                               ("an id in other letters", 404, legacy(session.upper())), ("two ids", 400, legacy([session, "x"])),
                               ("a bad version", 400, request({"jsonrpc": "2.0", "id": 1, "method": "ping"}, Mcp_Session_Id=session,
                                                                 MCP_Protocol_Version="2020-01-01")),
                               ("an unknown id of a stream", 404, request(method="GET", Mcp_Session_Id="a" * 32)),
                               ("an unknown id to end", 404, request(method="DELETE", Mcp_Session_Id="a" * 32))]:
        c.check("%s is answered %d" % (name, status), wants(s.exchange(data), status))
    c.check("DELETE ends a session", wants(s.exchange(request(method="DELETE", Mcp_Session_Id=session)), 204) +
            wants(s.exchange(legacy(session)), 404) + wants(s.exchange(request(method="DELETE", Mcp_Session_Id=session)), 404))
    got = s.exchange(request({"jsonrpc": "2.0", "id": 1, "method": "ping"}))
    c.check("what is not in a session gets no id", ["it does"] * (got is None or got.field("mcp-session-id") is not None))


def streams(c, s):
    session = begin(s)
    with listen(s, session) as first:
        got = first.head()
        c.check("a GET of a session is a stream", wants(got, 200) + ["it is not: %s" % got.fields] * (
            got.field("content-type") != "text/event-stream" or got.field("x-accel-buffering") != "no" or got.field("cache-control") != "no-store"))
        began = time.monotonic()
        heard = 0
        while time.monotonic() < began + 2.3:
            heard += first.event(0.5) == ":"
        c.check("a quiet stream hears a comment now and then, for longer than a request may take", [
            "%d of them" % heard] * (not 4 <= heard <= 13))
        c.check("requests of the session are answered meanwhile", wants(s.exchange(legacy(session)), 200))
        with listen(s, session) as second:
            c.check("a second stream takes the place of the first", wants(second.head(), 200) + ["the first goes on"] * (not first.ended()))
            c.check("the second one is told things", ["it is not"] * (second.event(2) != ":"))
            got = s.exchange(request(method="DELETE", Mcp_Session_Id=session))
            c.check("with its session a stream ends", wants(got, 204) + ["it goes on"] * (not second.ended()))
    session = begin(s)
    gone = [listen(s, session) for _ in range(3)]
    for one in gone:
        one.head()
        one.close()
    time.sleep(0.3)
    before = s.cpu()
    time.sleep(0.7)
    c.check("a stream whose client has gone costs nothing", ["%.2f s of 0.7" % (s.cpu() - before)] * (s.cpu() - before > 0.3))
    with listen(s, session) as again:
        c.check("and a new one can be had", wants(again.head(), 200))


def limits(c):
    with Server(sessions=3, idle_ms=700) as s:
        kept = [begin(s) for _ in range(3)]
        refused = begin(s)
        c.check("there are no more sessions than allowed", [
            "%s" % (refused,)] * (isinstance(refused, str) or refused.status != 503 or "error" not in refused.json()))
        s.exchange(request(method="DELETE", Mcp_Session_Id=kept[0]))
        again = begin(s)
        c.check("where one ended another may begin", ["it may not"] * (not isinstance(again, str)))
        until = time.monotonic() + 1.6
        problems = []
        with listen(s, kept[1]) as stream:
            stream.head()
            while time.monotonic() < until:
                problems += wants(s.exchange(legacy(kept[2])), 200)
                time.sleep(0.1)
            c.check("a session that is used lives on", problems)
            c.check("so does one with a stream", wants(s.exchange(legacy(kept[1])), 200))
        c.check("one that nobody uses is forgotten", wants(s.exchange(legacy(again)), 404))
        c.check("then there is room again", ["there is none"] * (not eventually(lambda: isinstance(begin(s), str), PATIENCE)))
    with Server(idle_ms=300) as s:
        session = begin(s)
        got = s.exchange(legacy_call(session, "wait", 1500))
        c.check("a session is not forgotten while it answers", wants(got, 200) + ["%r" % got.body[:200]] * (got.text() != "waited"))
        c.check("the server is as before", alive(s))


cases = Cases()
with Server(header_ms=1000, quiet_ms=200) as server:
    ids(cases, server)
    streams(cases, server)
limits(cases)
cases.end()
