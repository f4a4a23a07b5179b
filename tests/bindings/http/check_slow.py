"""Clients that are slower than allowed: with their headers, with their bodies, in reading.
usage: check_slow.py SERVER"""
import time

from peer import Cases, Server, alive, begin, call, counts, eventually, legacy_call, listen, request, wants

LIMIT = 1.0  # seconds


def cut(name, took, cases, least=LIMIT / 2, most=LIMIT + 2.5):
    cases.check("%s is cut off in time" % name, ["after %s s" % took] * (took is None or not least <= took <= most))


cases = Cases()
with Server(header_ms=1000, body=8000000) as server:
    sound = call("who")
    clients = [server.connect() for _ in range(8)]
    clients[1].send("POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
    clients[2].send(sound[:-20])
    clients[3].send(request(b"x" * 100, Content_Length="7000000"))
    clients[5].send(sound[:-200])
    clients[6].send(sound)
    second = wants(clients[6].answer(), 200)
    clients[6].send(sound[:30])
    clients[7].send(request(b"z" * 100, Content_Type="text/plain", Content_Length="6000000"))
    refused = wants(clients[7].answer(), 415)
    session = begin(server)
    long_calls = [server.connect(), server.connect()]
    long_calls[0].send(call("wait", 2000))
    long_calls[1].send(legacy_call(session, "wait", 1800))
    quiet = listen(server, session)
    problems = second + refused + wants(quiet.head(), 200)
    began, took, at = time.monotonic(), [None] * 8, 0
    while time.monotonic() < began + 2 or (None in took and time.monotonic() < began + 6):
        for n, client in enumerate(clients):
            if took[n] is None and client.closed(0.005):
                took[n] = time.monotonic() - began
        clients[4].send(sound[at:at + 1])
        clients[5].send(sound[at - 200:at - 199])
        at += 1
        asked = time.monotonic()
        problems += alive(server)
        if time.monotonic() - asked > 0.7:
            problems.append("a request took %.2f s" % (time.monotonic() - asked))
        time.sleep(0.05)
    for name, seconds in zip(("who says nothing", "who stops in a header", "who stops in the body", "who has hardly begun with it",
                              "who sends headers byte by byte", "who sends the body byte by byte", "who stops in a second request",
                              "who was refused and does not send the rest"), took):
        cut(name, seconds, cases, 0 if "refused" in name else LIMIT / 2)
    cases.check("meanwhile others are served", problems)
    cases.check("a call may take longer than a client", wants(long_calls[0].answer(), 200))
    cases.check("so may a call of a session", wants(long_calls[1].answer(), 200))
    cases.check("a quiet stream is not cut off", ["it is"] * quiet.closed(0.1))
    for client in clients + long_calls + [quiet]:
        client.close()

    # Readers that do not read: the kernel takes some megabytes for them at most.
    lazy = server.connect(4096)
    lazy.send(call("large", 12000000))
    loud = server.connect(4096)
    loud.send(call("flood", meta={"io.modelcontextprotocol/logLevel": "info"}))
    cancelled = counts(server)[1]
    cases.check("a stream that nobody reads is cut off, and its call cancelled",
                ["%s" % (counts(server),)] * (not eventually(lambda: counts(server)[1] == cancelled + 1, 6)))
    time.sleep(LIMIT + 1.2)
    problems = []
    for name, client in (("the answer", lazy), ("the stream", loud)):
        client.closed(6)
        got = len(client.held)
        problems += ["%s came whole, %d bytes" % (name, got)] * (got > 11000000)
    cases.check("who does not read gets no more", problems)
    with server.connect(65536) as client:
        client.send(call("large", 4000000))
        began, taken = time.monotonic(), 0
        while client.more(time.monotonic() + 3) and len(client.held) < 4000000:
            time.sleep(0.002)
        cases.check("who reads slowly but steadily gets all", ["%d bytes" % len(client.held)] * (len(client.held) < 4000000))
    cases.check("after all of that the server is as before", alive(server))
cases.end()
