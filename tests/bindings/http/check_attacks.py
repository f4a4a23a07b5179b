"""Who may ask: names of the server, pages in browsers, tokens; and what is refused before a message is looked at.
usage: check_attacks.py SERVER"""
import subprocess
import time

from peer import PROGRAM, Cases, Server, alive, begin, call, legacy, listen, request, wants

METHODS = ["GET", "POST", "DELETE", "OPTIONS", "PUT", "PATCH", "HEAD"]
PATHS = ["/mcp", "/", "/healthz"]
HOSTS = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:80", "127.0.0.1@evil.example", "127.0.0.1,evil",
         "[::2]", "[::1", "[::1]evil", "127.0.0.1:80x", "", " ", "0.0.0.0"]
UNCLEAR_HOSTS = [None, ["127.0.0.1", "evil.example"], ["evil.example", "127.0.0.1"], ["127.0.0.1", "127.0.0.1"]]
ORIGINS = ["http://evil.example", "null", "http://localhost.evil.example", "http://localhost:80@evil.example", "file://", "http://", "",
           "https://desk.example.evil", "http://127.0.0.1.evil.example", "http://127.0.0.1/", "ftp://localhost", "localhost",
           ["http://localhost", "http://evil.example"], "https://desk.example, http://evil.example"]
GOOD_HOSTS = ["127.0.0.1", "localhost", "LOCALHOST:1", "[::1]:80", "tools.example", "tools.example:443", "127.0.0.1:65535"]
GOOD_ORIGINS = ["http://localhost", "http://127.0.0.1:3000", "https://[::1]", "https://desk.example"]


def named(c, s):
    for name, field, values, status in (("a foreign Host", "Host", HOSTS, 403), ("no Host, or two,", "Host", UNCLEAR_HOSTS, 400),
                                        ("a foreign Origin", "Origin", ORIGINS, 403)):
        problems = []
        for value in values:
            for method in METHODS:
                for path in PATHS if value == values[0] else PATHS[:1]:
                    got = s.exchange(request(method=method, path=path, **{field: value}))
                    problems += ["%s %s %r: %s" % (method, path, value, p) for p in wants(got, status)]
        c.check("%s is refused with every method and on every path" % name, problems)
    got = s.exchange(call("who", Origin="http://evil.example"))
    c.check("a foreign page is told nothing that a browser would show it", [
        "it is: %s" % f for f in got.fields if f[0].lower().startswith("access-control")])
    problems = []
    for value in GOOD_HOSTS:
        problems += ["Host %s: %s" % (value, p) for p in wants(s.exchange(call("who", Host=value)), 200)]
    for value in GOOD_ORIGINS:
        got = s.exchange(call("who", Origin=value))
        problems += ["Origin %s: %s" % (value, p) for p in wants(got, 200)]
        if got.field("access-control-allow-origin") != value:
            problems.append("Origin %s may not read it" % value)
    c.check("names of this machine and those that were allowed may ask", problems)
    got = s.exchange(request(method="OPTIONS", Origin="https://desk.example", Access_Control_Request_Method="POST"))
    c.check("an allowed page is told by OPTIONS what it may send", wants(got, 204) + [
        "no word of %s" % w for w in ("Mcp-Method", "Authorization") if w not in (got.field("access-control-allow-headers") or "")])


def refused(c, s):
    session = begin(s)
    big = b"x" * 5000
    for name, status, data in [
            ("another path", 404, request(path="/other")),
            ("a path that only begins alike", 404, request(path="/mcp/x")),
            ("a path with something behind ';'", 404, call("who", path="/mcp;x")),
            ("GET without a session", 400, request(method="GET")),
            ("GET of the modern era", 405, request(method="GET", MCP_Protocol_Version="2026-07-28", Mcp_Session_Id=session)),
            ("DELETE without a session", 400, request(method="DELETE")),
            ("PUT", 405, request(method="PUT")), ("PATCH", 405, request(method="PATCH")), ("HEAD", 405, request(method="HEAD")),
            ("OPTIONS of no page", 405, request(method="OPTIONS")),
            ("a stream that is not accepted", 406, request(method="GET", Mcp_Session_Id=session, Accept="application/json")),
            ("a message without a length", 400, request(b"{}", Content_Length=None)),
            ("a message that is too large", 413, request(big)),
            ("a message that would be far too large", 413, request(b"", Content_Length="999999999999999")),
            ("a message of text", 415, request({}, Content_Type="text/plain")),
            ("a message of nearly JSON", 415, request({}, Content_Type="application/jsonx")),
            ("a message of no type", 415, request({}, Content_Type=None)),
            ("a form", 415, request(b"a=1", Content_Type="application/x-www-form-urlencoded")),
            ("no message at all", 400, request(b"")),
            ("no JSON", 400, request(b"{"))]:
        got = s.exchange(data)
        problems = wants(got, status)
        if got and got.status == 405 and "POST" not in (got.field("allow") or ""):
            problems.append("Allow is %r" % got.field("allow"))
        if got and got.status != 405 and got.body and "error" not in got.json():
            problems.append("no JSON-RPC error: %r" % got.body[:100])
        c.check("%s is refused with %s" % (name, status), problems)
    got = s.exchange(request({}, Content_Type="application/json; charset=utf-8"))
    c.check("a charset beside the type does not matter", wants(got, 400))
    got = s.exchange(call("who"))
    c.check("an answer is not kept by caches", ["it may be"] * (got.field("cache-control") != "no-store"))
    with s.connect() as k:
        k.send(legacy("a" * 32) + call("who"))
        c.check("an unknown session does not end the connection", wants(k.answer(), 404) + wants(k.answer(), 200))
    with s.connect() as k:
        head, body = request({"jsonrpc": "2.0", "id": 1, "method": "ping"}, Content_Type="text/plain").split(b"\r\n\r\n")
        k.send(head + b"\r\n\r\n")
        time.sleep(0.1)
        for byte in body:
            k.send(bytes([byte]))
        c.check("who sends a body after it was refused reads why", wants(k.answer(), 415) + ["it stays open"] * (not k.closed()))


def tokens(c):
    with Server(tokens=1, anonymous=0) as s:
        for name, fields in [("no token", {}), ("a wrong token", {"Authorization": "Bearer nothing"}),
                             ("another scheme", {"Authorization": "Basic b25lLXRva2Vu"}), ("an empty token", {"Authorization": "Bearer "}),
                             ("a token with something behind it", {"Authorization": "Bearer one-token x"}),
                             ("a token in the address", {"path": "/mcp?token=one-token"})]:
            got = s.exchange(call("who", **fields))
            problems = wants(got, 401)
            said = got.field("www-authenticate") or ""
            if not said.startswith("Bearer ") or ("invalid_token" in said) == ("Authorization" not in fields):
                problems.append("WWW-Authenticate: %s" % said)
            c.check("%s is answered 401 and how to ask" % name, problems)
        for name, fields in [("two tokens", {"Authorization": ["Bearer one-token", "Bearer other-token"]}),
                             ("a token that is told to every proxy", {"path": "/mcp?access_token=one-token", "Authorization": "Bearer one-token"})]:
            c.check("%s is refused" % name, wants(s.exchange(call("who", **fields)), 400))
        got = s.exchange(call("who", Authorization="bearer  one-token"))
        c.check("who brings a token is who it names", wants(got, 200) + ["it is %s" % got.text()] * (got.text() != "token:one"))
        got = s.exchange(call("who", path="/mcp?token=other-token", Authorization="Bearer one-token"))
        c.check("a token in the address changes nothing", ["it is %s" % got.text()] * (got.text() != "token:one"))
        session = begin(s, Authorization="Bearer one-token")
        for name, status, data in [
                ("another principal's message", 404, legacy(session, Authorization="Bearer other-token")),
                ("another principal's stream", 404, request(method="GET", Mcp_Session_Id=session, Authorization="Bearer other-token")),
                ("another principal's end of it", 404, request(method="DELETE", Mcp_Session_Id=session, Authorization="Bearer other-token")),
                ("nobody's message", 401, legacy(session)),
                ("its own principal's message", 200, legacy(session, Authorization="Bearer one-token"))]:
            c.check("a session answers %s with %d" % (name, status), wants(s.exchange(data), status))


def bound(c):
    for name, address, settings in [
            ("all addresses without tokens", "0.0.0.0:0", []), ("all IPv6 addresses without tokens", "[::]:0", []),
            ("all addresses with a way around tokens", "0.0.0.0:0", ["tokens=1", "anonymous=1"]), ("a name", "127.evil.example:0", []),
            ("no port", "127.0.0.1", []), ("no number as port", "127.0.0.1:8x", []), ("too high a port", "127.0.0.1:70000", []),
            ("no host", ":80", []), ("nothing", "", [])]:
        done = subprocess.run([PROGRAM, address, *settings], capture_output=True, text=True, check=False, timeout=20)
        c.check("listening at %s is refused" % name, [
            repr(done)] * (done.returncode != 1 or not done.stderr.startswith("refused: ") or "Sanitizer" in done.stderr))
    with Server("0.0.0.0:0", tokens=1, anonymous=0) as s:
        c.check("listening at all addresses with tokens is served", wants(s.exchange(call("who", Authorization="Bearer one-token")), 200))
    with Server() as s:
        done = subprocess.run([PROGRAM, "127.0.0.1:%d" % s.port], capture_output=True, text=True, check=False, timeout=20)
        c.check("a port that is taken is said", [repr(done)] * (done.returncode != 1 or "in use" not in done.stderr))


cases = Cases()
with Server(body=4096) as server:
    named(cases, server)
    refused(cases, server)
    cases.check("the server is as before", alive(server))
with Server(legacy=0) as server:
    cases.check("without sessions GET and DELETE are not answered", wants(server.exchange(request(method="GET", Mcp_Session_Id="x")), 405) +
                wants(server.exchange(request(method="DELETE", Mcp_Session_Id="x")), 405))
    cases.check("without sessions the handshake is refused", wants(begin(server), 400))
    with listen(server, "x") as stream:
        cases.check("without sessions there is no stream", wants(stream.answer(), 405))
tokens(cases)
bound(cases)
cases.end()
