"""Streams of events: many at once, comments while they are quiet, and how they end.
usage: check_streams.py SERVER"""
import time

from peer import META, MODERN, Cases, Server, alive, begin, call, counts, eventually, listen, request, wants

LISTEN = "subscriptions/listen"


def subscribe(s, number, **fields):
    c = s.connect()
    c.send(request({"jsonrpc": "2.0", "id": number, "method": LISTEN, "params": {"notifications": {"toolsListChanged": True}, "_meta": META}},
                   MCP_Protocol_Version=MODERN, Mcp_Method=LISTEN, **fields))
    return c


def next_message(c, timeout=5):
    while True:
        got = c.event(timeout)
        if got != ":":
            return got


cases = Cases()
with Server(quiet_ms=200, header_ms=1000) as server:
    open_ones = [subscribe(server, n) for n in range(14)]
    problems = []
    for c in open_ones:
        problems += wants(c.head(), 200)
        first = next_message(c) or {}
        if first.get("method") != "notifications/subscriptions/acknowledged":
            problems.append("begins with %r" % first)
    cases.check("many streams at once are opened and acknowledged", problems)
    cases.check("requests are answered beside them", alive(server))
    began = time.monotonic()
    comments = [0] * len(open_ones)
    while time.monotonic() < began + 1.5:
        for n, c in enumerate(open_ones):
            comments[n] += c.event(0.01) == ":"
    cases.check("each of them hears comments while it is quiet", ["%s" % comments] * (min(comments) < 3 or max(comments) > 9))
    for c in open_ones[:7]:
        c.close()
    time.sleep(0.2)
    before = server.cpu()
    time.sleep(0.5)
    cases.check("when some go away nothing turns in vain", ["%.2f s of 0.5" % (server.cpu() - before)] * (server.cpu() - before > 0.25))
    cases.check("their subscriptions are given back", wants((lambda c: (c.head(), c.close())[0])(subscribe(server, 50)), 200))
    with subscribe(server, 51, Accept="application/json") as c:
        cases.check("who accepts no stream is not given one", wants(c.answer(), 406))

    logged = call("flood", meta={"io.modelcontextprotocol/logLevel": "info"})
    finished, cancelled = counts(server)
    loud = [server.connect() for _ in range(3)]
    for c in loud:
        c.send(logged)
    problems = []
    for c in loud:
        head = c.head()
        problems += wants(head, 200) + ["no stream"] * (head.field("content-type") != "text/event-stream")
        for _ in range(20):
            got = next_message(c)
            if not got or got.get("method") != "notifications/message" or len(got["params"]["data"]["line"]) != 100000:
                problems.append("%r" % (str(got)[:100]))
    cases.check("several streams come whole, beside each other", problems)
    for c in loud:
        c.close()
    cases.check("a stream that is closed by its reader cancels its call", [
        "%s" % (counts(server),)] * (not eventually(lambda: counts(server)[1] == cancelled + 3, 5)))

    c = server.connect()
    c.send(call("wait", 300, meta={"progressToken": "p"}))
    cases.check("a call without anything to tell is answered without a stream", ["%r" % c.held] * (c.answer().field("content-type") != "application/json"))
    c.close()

    session = begin(server)
    stream = listen(server, session)
    stream.head()
    server.stop()
    said = []
    for c in open_ones[7:]:
        got = next_message(c)
        said += ["%r" % got] * (not got or got.get("result", {}).get("resultType") != "complete") + ["it goes on"] * (not c.ended(3))
    cases.check("when the server stops each listener is told, and the stream ends", said)
    cases.check("the stream of a session ends too", ["it does not"] * (not stream.ended(3)))
    for c in open_ones[7:] + [stream]:
        c.close()
cases.end()
