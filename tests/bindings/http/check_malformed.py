"""What is no HTTP, or HTTP that two programs could read in two ways: an error or a closed connection, never an answer as if it were sound.
usage: check_malformed.py SERVER"""
import json
import time

from peer import MODERN, META, Cases, Server, alive, call, request, wants

BODY = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "who", "arguments": {}, "_meta": META}}).encode()
FIELDS = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(len(BODY)), "Accept": "application/json",
          "MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call", "Mcp-Name": "who"}


def raw(line="POST /mcp HTTP/1.1", end="\r\n", extra="", body=BODY, **changed):
    fields = dict(FIELDS, **{k.replace("_", "-"): v for k, v in changed.items()})
    return (line + end + "".join("%s: %s%s" % (k, v, end) for k, v in fields.items() if v is not None) + extra + end).encode("latin-1") + body


SMUGGLED = raw(body=BODY)
MALFORMED = [
    ("an empty request line", raw("")), ("a request line of blanks", raw("   ")), ("no method", raw("/mcp HTTP/1.1")),
    ("an unknown method", raw("BREW /mcp HTTP/1.1")), ("a method with a letter too many", raw("POSTT /mcp HTTP/1.1")),
    ("no target", raw("POST HTTP/1.1")), ("no version", raw("POST /mcp")), ("HTTP/0.9 without headers", b"POST /mcp\r\n\r\n"),
    ("a GET of HTTP/0.9", b"GET /mcp\r\n"), ("HTTP/2.0", raw("POST /mcp HTTP/2.0")), ("HTTP/1.2", raw("POST /mcp HTTP/1.2")),
    ("a version in words", raw("POST /mcp HTTP/one")), ("something behind the version", raw("POST /mcp HTTP/1.1 x")),
    ("the absolute form of another host", raw("POST http://evil/mcp HTTP/1.1")),
    ("the asterisk form", raw("POST * HTTP/1.1")), ("OPTIONS *", raw("OPTIONS * HTTP/1.1", Origin="http://localhost")),
    ("CONNECT", raw("CONNECT 127.0.0.1:80 HTTP/1.1")), ("CONNECT of the path", raw("CONNECT /mcp HTTP/1.1")), ("two methods", raw("POST GET /mcp HTTP/1.1")),
    ("a method again among the headers", raw(extra="GET /mcp HTTP/1.1\r\n")),
    ("a percent-encoded NUL in the path", raw("POST /mcp%00 HTTP/1.1")), ("a broken percent sign", raw("POST /mcp%zz HTTP/1.1")),
    ("a NUL in the path", raw("POST /m\0cp HTTP/1.1")), ("a NUL in Host", raw(Host="127.0.0.1\0.evil.example")),
    ("a NUL in Content-Length", raw(Content_Length="%d\0 1" % len(BODY))), ("a NUL in a version", raw(MCP_Protocol_Version="\0" + MODERN)),
    ("NUL bytes only", b"\0" * 100 + b"\r\n\r\n"), ("line ends only", b"\r\n" * 100), ("high bytes", bytes(range(128, 256)) * 4 + b"\r\n\r\n"),
    ("a blank before the colon of Content-Length", raw(Content_Length=None, extra="Content-Length : %d\r\n" % len(BODY))),
    ("a blank before the colon of Host", raw(Host=None, extra="Host : 127.0.0.1\r\n")),
    ("a blank before the colon of Transfer-Encoding", raw(extra="Transfer-Encoding : chunked\r\n")),
    ("a negative Content-Length", raw(Content_Length="-1")), ("a signed Content-Length", raw(Content_Length="+%d" % len(BODY))),
    ("a hexadecimal Content-Length", raw(Content_Length="0x10")), ("Content-Length in words", raw(Content_Length="ten")),
    ("a huge Content-Length", raw(Content_Length="18446744073709551617")), ("an empty Content-Length", raw(Content_Length="")),
    ("a fraction as Content-Length", raw(Content_Length="1.5")), ("a list as Content-Length", raw(Content_Length="%d, %d" % (len(BODY), len(BODY)))),
    ("Content-Length twice", raw(extra="Content-Length: %d\r\n" % len(BODY))), ("two Content-Lengths", raw(extra="Content-Length: 1\r\n")),
    ("Content-Length beside Transfer-Encoding", raw(extra="Transfer-Encoding: chunked\r\n", body=b"0\r\n\r\n" + SMUGGLED)),
    ("Transfer-Encoding beside Content-Length 0", raw(Content_Length="0", extra="Transfer-Encoding: chunked\r\n", body=b"0\r\n\r\n" + SMUGGLED)),
    ("Transfer-Encoding: identity", raw(extra="Transfer-Encoding: identity\r\n")), ("an unknown Transfer-Encoding", raw(extra="Transfer-Encoding: xchunked\r\n")),
    ("an empty Transfer-Encoding", raw(extra="Transfer-Encoding:\r\n")),
    ("lines that end in LF", raw(end="\n")), ("a percent-encoded path", raw("POST /m%63p HTTP/1.1")),
    ("a line without a colon before Origin", raw(extra="garbage\r\nOrigin: http://evil.example\r\n")),
    ("a header of no name", raw(extra=": x\r\n")), ("a bare CR in a header", raw(extra="X-Other: a\rb\r\n")),
    ("a continued header", raw(Host=None, extra="Host:\r\n 127.0.0.1\r\n")), ("Host twice", raw(extra="Host: 127.0.0.1\r\n")),
    ("no Host", raw(Host=None)), ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"),
    ("a TLS hello", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\x11" * 160), ("a WebSocket frame", b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
    ("a line of 20,000 bytes", raw(extra="X-Long: %s\r\n" % ("x" * 20000))), ("a name of 20,000 bytes", raw(extra="%s: x\r\n" % ("X" * 20000))),
    ("a path of 20,000 bytes", raw("POST /mcp%s HTTP/1.1" % ("/x" * 10000))), ("a path of 300 bytes", raw("POST /%s HTTP/1.1" % ("x" * 300))),
    ("5,000 headers", raw(extra="".join("X-%d: %d\r\n" % (n, n) for n in range(5000)))),
    ("the same header 500 times", raw(extra="Accept: x\r\n" * 500)),
    ("500 semicolons in the path", raw("POST /mcp%s HTTP/1.1" % (";" * 500))),
]
SOUND = [
    ("the absolute form", raw("POST http://127.0.0.1/mcp HTTP/1.1")), ("500 arguments in the path", raw("POST /mcp?%s HTTP/1.1" % ("a=b&" * 500))),
    ("an argument in the path", raw("POST /mcp?x=1 HTTP/1.1")), ("HTTP/1.0", raw("POST /mcp HTTP/1.0")), ("a wish to close", raw(Connection="close")),
    ("names in other letters", raw(extra="X-Other: y\r\n").replace(b"Content-Length", b"cONTENT-lENGTH").replace(b"Mcp-Name", b"MCP-NAME")),
    ("blanks around values", raw(Host=" \t127.0.0.1\t ", Content_Length="  %d  " % len(BODY))),
    ("an Upgrade to HTTP/2, as some clients send it", raw(extra="Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n")),
    ("an Upgrade to WebSocket", raw(extra="Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n")),
    ("a GET that would like WebSocket", raw("GET /mcp HTTP/1.1", body=b"", Content_Length=None,
     extra="Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n")),
    ("an Upgrade to something unknown", raw(extra="Connection: Upgrade\r\nUpgrade: TLS/1.3\r\n")),
    ("an Upgrade to one of several", raw(extra="Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n")),
    ("80 headers", raw(extra="".join("X-%d: %d\r\n" % (n, n) for n in range(80)))),
    ("15,000 bytes of headers", raw(extra="".join("X-%d: %s\r\n" % (n, "x" * 1000) for n in range(14)))),
]


def everything(server, all_data):
    """What comes back for each, on connections side by side, until the server has answered or had enough."""
    clients = [server.connect() for _ in all_data]
    for c, data in zip(clients, all_data):
        c.send(data)
    for c in clients:
        until = time.monotonic() + 4
        while not c.held.startswith(b"HTTP/1.1 ") and c.more(until):
            pass
        c.close()
    return [c.held for c in clients]


cases = Cases()
with Server(header_ms=1000) as server:
    for (name, data), got in zip(MALFORMED, everything(server, [data for _, data in MALFORMED])):
        problems = ["a 2xx: %r" % got[:200]] * (b"HTTP/1.1 2" in got) + ["a switch: %r" % got[:200]] * (b" 101 " in got)
        cases.check("%s is not answered as if it were sound" % name, problems)
    cases.check("after all of that the server is as before", alive(server))
    for name, data in SOUND:
        got = server.exchange(data)
        cases.check("%s: answered as ordinary HTTP/1.1" % name, wants(got, 405 if data.startswith(b"GET") else 200))
    cut = [data[:n] for name, data in SOUND[:1] for n in range(0, len(data), 3)]
    problems = []
    for part in cut:
        with server.connect() as c:
            c.send(part)
    cases.check("a request that breaks off anywhere leaves nothing behind", alive(server))
    with server.connect() as c:
        c.send(request(b"x", Content_Length="10000000"))
        got = c.answer()
        cases.check("who sends too much reads the refusal before the connection ends", wants(got, 413) + ["it stays open"] * (not c.closed()))
    with server.connect() as c:
        c.send(request(b"y" * 3000000, Content_Length="5000000"))
        cases.check("and also while it is still sending", wants(c.answer(), 413))
    cases.check("an unusual path is said to be none", wants(server.exchange(call("who", path="/mcp/../x")), 404))
cases.end()
