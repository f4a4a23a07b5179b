"""One request: what is answered with which status, how it may arrive, how slow it may be. usage: check_requests.py SERVER FIXTURE"""
import time

from client import Cases, Server, call, expect, modern, request, statuses

LISTED = modern("tools/list")
PLAIN = request("POST", {"jsonrpc": "2.0", "id": 1, "method": "ping"})


def table():
    head, body = LISTED.split(b"\r\n\r\n", 1)
    bare = b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length"))
    return [
        ("a modern request", LISTED, 200),
        ("another name of ours", modern("tools/list", Host="msp.example:8080"), 200),
        ("a name with the right port", modern("tools/list", Host="other.example:81"), 200),
        ("a name with another port", modern("tools/list", Host="other.example:82"), 403),
        ("a foreign Host", modern("tools/list", Host="evil.example"), 403),
        ("a Host that begins like ours", modern("tools/list", Host="localhost.evil.example"), 403),
        ("a Host with a user", modern("tools/list", Host="localhost@evil.example"), 403),
        ("a foreign Host before health", request("GET", path="/healthz", Host="evil.example"), 403),
        ("a foreign Host in an absolute target", request("GET", path="http://evil.example/healthz"), 403),
        ("our name in an absolute target", request("GET", path="http://localhost/healthz", Host="evil.example"), 200),
        ("a local Origin", modern("tools/list", Origin="http://127.0.0.1:5173"), 200, "access-control-allow-origin"),
        ("an allowed Origin", modern("tools/list", Origin="https://desk.example"), 200),
        ("a browser that asks first", request("OPTIONS", Origin="https://desk.example"), 204, "access-control-allow-methods"),
        ("a foreign Origin", modern("tools/list", Origin="https://evil.example"), 403),
        ("the Origin null", modern("tools/list", Origin="null"), 403),
        ("an Origin that begins like ours", modern("tools/list", Origin="http://localhost.evil.example"), 403),
        ("health", request("GET", path="/healthz"), 200),
        ("another path", request("GET", path="/"), 404),
        ("a path inside ours", request("POST", {}, path="/mcp/x"), 404),
        ("PUT", request("PUT", {}), 405, "allow"),
        ("GET of the modern era", request("GET", MCP_Protocol_Version="2026-07-28"), 405, "allow"),
        ("DELETE of the modern era", request("DELETE", MCP_Protocol_Version="2026-07-28"), 405, "allow"),
        ("another Content-Type", modern("tools/list", Content_Type="text/plain"), 415),
        ("no Content-Type", modern("tools/list", Content_Type=None), 415),
        ("a Content-Type with parameters", modern("tools/list", Content_Type="application/json; charset=utf-8"), 200),
        ("a packed body", modern("tools/list", Content_Encoding="gzip"), 415),
        ("an Accept without us", modern("tools/list", Accept="text/html"), 406),
        ("an Accept that excludes us", modern("tools/list", Accept="application/json;q=0"), 406),
        ("no Accept", modern("tools/list", Accept=None), 200),
        ("a body too long by its length", request("POST", b"x" * 100001), 413),
        ("a length that nobody sends", request("POST", b"", Content_Length="99999999999"), 413),
        ("a body too long in chunks", bare + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8000\r\n" + b"x" * 32768 + b"\r\n" + b"10000\r\n"
         + b"x" * 65536 + b"\r\n" + b"8000\r\n" + b"x" * 32768, 413),
        ("chunks", bare + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(b"%x;x=1\r\n%c\r\n" % (1, c) for c in body)
         + b"0\r\nTrailer: x\r\n\r\n", 200),
        ("a chunk without a size", bare + b"\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", 400),
        ("a chunk longer than it said", bare + b"\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400),
        ("a length and chunks", head + b"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("two lengths", head + b"\r\nContent-Length: 1\r\n\r\n" + body, 400),
        ("a negative length", request("POST", b"", Content_Length="-1"), 400),
        ("a length in hexadecimal", request("POST", b"", Content_Length="0x10"), 400),
        ("another coding", bare + b"\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("no Host", b"GET /healthz HTTP/1.1\r\n\r\n", 400),
        ("two Hosts", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        ("two versions of the protocol", head + b"\r\nMCP-Protocol-Version: 2025-11-25\r\n\r\n" + body, 400),
        ("a folded field", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n x\r\n\r\n", 400),
        ("a blank before the colon", b"GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n", 400),
        ("a bare line end", b"GET /healthz HTTP/1.1\nHost: localhost\n\n", 400),
        ("a bare CR in a field", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n", 400),
        ("a NUL in a field", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n", 400),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        ("HTTP/2 by prior knowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        ("HTTP/1.0", b"GET /healthz HTTP/1.0\r\n\r\n", 200),
        ("a field that is too long", request("GET", path="/healthz", X="a" * 20000), 431),
        ("too many fields", request("GET", path="/healthz", **{"X%d" % i: "a" for i in range(120)}), 431),
        ("a target that is too long", request("GET", path="/" + "a" * 20000), 414),
        ("an unknown expectation", modern("tools/list", Expect="200-ok"), 417),
        ("a token in the address", request("POST", {}, path="/mcp?x=1&access_token=good"), 400),
        ("another query", request("POST", {"jsonrpc": "2.0", "id": 1, "method": "ping"}, path="/mcp?x=1"), 200),
        ("not JSON", request("POST", b"{", MCP_Protocol_Version="2026-07-28"), 400),
        ("no body", request("POST", b"", MCP_Protocol_Version="2026-07-28"), 400),
        ("listening without a stream", modern("subscriptions/listen", params={"notifications": {}}, Accept="application/json"), 406),
    ]


def arriving(server, cases):
    with server.connect() as c:
        for byte in LISTED:
            c.send(bytes([byte]))
        cases.check("a request may come byte by byte", expect(c.answer().status, 200))
        c.send(LISTED)
        cases.check("the connection is used again", expect(c.answer().status, 200))
    with server.connect() as c:
        c.send(call("test_tool_with_progress", 1, _meta={"progressToken": 7}) + b"".join(call("test_simple_text", i) for i in range(2, 40)))
        first = c.answer()
        ids = [c.answer().json()["id"] for _ in range(2, 40)]
        cases.check("requests that come early wait for their turn, in order",
                    expect(ids, list(range(2, 40))) + expect(first.headers["content-type"], "text/event-stream"))
    with server.connect() as c:
        head, body = modern("tools/list", Expect="100-continue").split(b"\r\n\r\n", 1)
        c.send(head + b"\r\n\r\n")
        found = expect(c.until(b"\r\n\r\n"), b"HTTP/1.1 100 Continue")
        c.send(body)
        cases.check("who asks first may go on", found + expect(c.answer().status, 200))
    with server.connect() as c:
        c.send(modern("tools/list", Connection="close"))
        cases.check("the connection ends when it is to", expect((c.answer().status, c.ended()), (200, True)))
    with server.connect() as c:
        c.send(request("HEAD", path="/healthz") + LISTED)
        c.head()
        cases.check("HEAD has no body", expect(c.answer().status, 200))
    with server.connect() as c:
        c.send(LISTED[:-10])
    cases.check("a client that leaves in the middle harms nobody", expect(server.ask(LISTED).status, 200))


def slow(server, cases):
    waiting = [server.connect() for _ in range(12)]
    for c in waiting[:8]:
        c.send(LISTED[:40])
    for c in waiting[8:]:
        c.send(LISTED[:-5])
    began = time.monotonic()
    quick = server.ask(LISTED)
    took = time.monotonic() - began
    cases.check("half-open requests stall nobody", expect(quick.status, 200) + ([] if took < 0.3 else ["%.2f s" % took]))
    cases.check("a slow head is answered with 408", expect(waiting[0].answer().status, 408) + expect(waiting[0].ended(), True))
    cases.check("a slow body is answered with 408", expect(waiting[9].answer().status, 408) + expect(waiting[9].ended(), True))
    silent = server.connect()
    cases.check("who says nothing is cut off", expect(silent.ended(3), True))
    for c in [*waiting, silent]:
        c.socket.close()
    with server.connect() as c:
        began, alive = time.monotonic(), True
        while alive and time.monotonic() - began < 3:
            try:
                c.send(b"X")
                time.sleep(0.05)
            except OSError:
                alive = False
        cases.check("a byte now and then does not keep a request alive", expect(alive, False))
    with server.connect() as c:
        try:
            c.socket.settimeout(0.3)
            for _ in range(4000):
                c.send(LISTED)
        except OSError:
            pass
        time.sleep(1.5)
        cases.check("who does not read is cut off", expect(c.ended(), True))


def crowd(server, cases):
    held = [server.connect() for _ in range(20)]
    for c in held:
        c.send(b"POST")
    time.sleep(0.1)
    with server.connect() as c:
        cases.check("one too many is told so", expect(c.answer().status, 503))
    for c in held:
        c.socket.close()
    time.sleep(0.1)
    idle = [server.connect() for _ in range(20)]
    for c in idle:
        c.send(LISTED)
        c.answer()
    cases.check("who is idle gives way", expect(server.ask(LISTED).status, 200))
    for c in idle:
        c.socket.close()


def main():
    cases, server = Cases(), Server()
    for name, problems in statuses(server, table()):
        cases.check(name, problems)
    arriving(server, cases)
    slow(server, cases)
    time.sleep(0.8)  # the time that counts for a connection begins with it
    crowd(server, cases)
    status, seconds = server.end()
    cases.check("it stops at once and cleanly", expect(status, 0) + ([] if seconds < 2 else ["%.1f s" % seconds]))
    for address, words in (("0.0.0.0:0", "reached from elsewhere"), ("host.example:1", "in numbers"), ("127.0.0.1", "address and port")):
        server = Server(address)
        server.end()
        cases.check("%s is refused" % address, [] if words in server.said else [server.said])
    server = Server("0.0.0.0:0", HTTP_TEST_TOKENS="1")
    cases.check("where every request needs a token, all addresses may be listened at", expect(server.port > 0, True, server.said))
    server.end()
    server = Server(turns=3)
    found = expect(server.ask(LISTED).status, 200)
    for _ in range(2):
        server.next_turn()
        found += expect(server.ask(LISTED).status, 200)
    cases.check("listeners follow one another in one process", found + expect(server.end()[0], 0))
    cases.end()


if __name__ == "__main__":
    main()
