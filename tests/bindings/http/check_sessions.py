"""Streams, sessions and tokens. usage: check_sessions.py SERVER FIXTURE"""
import time

from client import INITIALIZE, PING, Cases, Server, call, expect, modern, request, statuses


def open_session(server, **headers):
    got = server.ask(request("POST", INITIALIZE, **headers))
    return got.headers.get("mcp-session-id"), got


def in_session(sid, message, **headers):
    return request("POST", message, Mcp_Session_Id=sid, **headers)


def streams(server, cases):
    with server.connect() as c:
        c.send(call("test_tool_with_progress", 1, _meta={"progressToken": "p"}))
        status, headers = c.head()
        found = expect((status, headers["content-type"], headers["x-accel-buffering"], headers["cache-control"]),
                       (200, "text/event-stream", "no", "no-store"))
        got = [c.event() for _ in range(5)]
        cases.check("progress makes a stream", found + expect([g and g.get("id") for g in got], [None, None, None, 1, None]))
        c.send(modern("tools/call", 2, {"name": "test_tool_with_progress", "_meta": {"progressToken": "p"}}, Accept="application/json"))
        cases.check("who wants no stream hears only the answer", expect(c.answer().json()["id"], 2))
        c.send(modern("tools/list", 3, Accept="text/event-stream"))
        cases.check("who wants only a stream gets one", expect(c.answer().headers["content-type"], "text/event-stream"))
    many = [server.connect() for _ in range(10)]
    for i, c in enumerate(many):
        c.send(modern("subscriptions/listen", "l%d" % i, {"notifications": {"toolsListChanged": True}}))
        c.head()
        c.event()
    server.ask(call("test_trigger_tool_change"))
    told = [c.event()["method"] for c in many]
    cases.check("ten listen at once", expect(told, ["notifications/tools/list_changed"] * 10))
    many[0].held = b""
    time.sleep(0.5)
    cases.check("a quiet stream shows that it lives", expect(many[0].chunk()[:1], b":"))
    for c in many[1:]:
        c.socket.close()
    time.sleep(0.05)
    cases.check("listeners that left are forgotten", expect(server.ask(call("test_trigger_tool_change")).status, 200))
    return many[0]


def sessions(server, cases):
    sid, got = open_session(server)
    cases.check("initialize names a session", expect((got.status, len(sid or ""), (sid or "").isalnum()), (200, 32, True)))
    cases.check("a notification is taken", expect(server.ask(in_session(sid, {"jsonrpc": "2.0", "method": "notifications/initialized"})).status,
                                                  202))
    for name, problems in statuses(server, [
            ("a request in it", in_session(sid, PING), 200),
            ("its version", in_session(sid, PING, MCP_Protocol_Version="2025-11-25"), 200),
            ("a version that nobody knows", in_session(sid, PING, MCP_Protocol_Version="1999-01-01"), 400),
            ("an unknown session", in_session("0" * 32, PING), 404),
            ("a session id that cannot be one", in_session("../../x", PING), 404),
            ("somebody else", in_session(sid, PING, Authorization="Bearer other"), 404),
            ("a notification without its session", request("POST", {"jsonrpc": "2.0", "method": "notifications/initialized"},
                                                           MCP_Protocol_Version="2025-11-25"), 400),
            ("GET without a session", request("GET"), 400),
            ("GET of an unknown one", request("GET", Mcp_Session_Id="0" * 32), 404),
            ("GET without a stream", request("GET", Mcp_Session_Id=sid, Accept="application/json"), 406),
            ("the modern era ignores it", modern("tools/list", Mcp_Session_Id="0" * 32, Last_Event_ID="7"), 200),
            ("DELETE without a session", request("DELETE"), 400)]):
        cases.check(name, problems)
    listening, again = server.connect(), server.connect()
    listening.send(request("GET", Mcp_Session_Id=sid))
    listening.head()
    server.ask(call("test_trigger_tool_change"))
    cases.check("a session hears what nobody asked for", expect(listening.event()["method"], "notifications/tools/list_changed"))
    again.send(request("GET", Mcp_Session_Id=sid))
    again.head()
    cases.check("the second to listen takes over", expect(listening.event(), None))
    with server.connect() as asking:
        asking.send(in_session(sid, {"jsonrpc": "2.0", "id": 9, "method": "tools/call",
                                     "params": {"name": "test_elicitation", "arguments": {"message": "Who?"}}}))
        asking.head()
        question = asking.event()
        found = expect(question["method"], "elicitation/create")
        said = server.ask(in_session(sid, {"jsonrpc": "2.0", "id": question["id"], "result": {"action": "decline"}}))
        cases.check("a question is answered by another request", found + expect(said.status, 202) + expect(asking.event()["id"], 9))
    with server.connect() as asking:
        asking.send(in_session(sid, {"jsonrpc": "2.0", "id": 10, "method": "tools/call",
                                     "params": {"name": "test_elicitation", "arguments": {"message": "Who?"}}}))
        asking.head()
        asking.event()
        cases.check("DELETE ends it", expect(server.ask(request("DELETE", Mcp_Session_Id=sid)).status, 204))
        cases.check("its streams end with it", expect((asking.event(), again.event()), (None, None)))
    cases.check("it is dead afterwards", expect(server.ask(in_session(sid, PING)).status, 404))
    listening.socket.close()
    again.socket.close()


def limits(server, cases):
    sids = [open_session(server)[0] for _ in range(3)]
    full = open_session(server)[1]
    cases.check("there are not more sessions than allowed", expect(full.status, 503) + expect("mcp-session-id" in full.headers, False))
    with server.connect() as c:
        c.send(request("GET", Mcp_Session_Id=sids[0]))
        c.head()
        time.sleep(1.6)
        cases.check("a session that is listened to stays", expect(server.ask(in_session(sids[0], PING)).status, 200))
        cases.check("an idle session is forgotten", expect(server.ask(in_session(sids[1], PING)).status, 404))
        cases.check("and makes room", expect(open_session(server)[1].status, 200))


def tokens(cases):
    server = Server(HTTP_TEST_TOKENS="1")
    for name, problems in statuses(server, [
            ("no token", modern("tools/list"), 401, "www-authenticate"),
            ("a wrong token", modern("tools/list", Authorization="Bearer bad"), 401, "www-authenticate"),
            ("another scheme", modern("tools/list", Authorization="Basic Z29vZA=="), 401, "www-authenticate"),
            ("a token with more behind it", modern("tools/list", Authorization="Bearer good x"), 401),
            ("a token in the address", request("POST", {}, path="/mcp?access_token=good"), 400),
            ("the right token", modern("tools/list", Authorization="bearer good"), 200),
            ("health needs none", request("GET", path="/healthz"), 200)]):
        cases.check("with tokens only: " + name, problems)
    with server.connect() as c:
        c.send(modern("tools/list", Authorization="Bearer good") + modern("tools/list"))
        cases.check("a token counts for one request", expect((c.answer().status, c.answer().status), (200, 401)))
    sid = open_session(server, Authorization="Bearer good")[0]
    cases.check("a session belongs to its token",
                expect([server.ask(in_session(sid, PING, Authorization="Bearer " + t)).status for t in ("good", "other")], [200, 404]))
    server.end()


def main():
    cases, server = Cases(), Server()
    listening = streams(server, cases)
    sessions(server, cases)
    limits(server, cases)
    sid = open_session(server)[0]
    with server.connect() as c:
        c.send(request("GET", Mcp_Session_Id=sid or ""))
        c.head()
        status, seconds = server.end()
        last = listening.event()
        while last and "result" not in last:
            last = listening.event()
        cases.check("the stop ends streams with their last result, at once",
                    expect(status, 0) + expect((last or {}).get("id"), "l0") + expect(c.event(), None)
                    + ([] if seconds < 2 else ["%.1f s" % seconds]))
    tokens(cases)
    server = Server(HTTP_TEST_MODERN="1")
    for name, problems in statuses(server, [("initialize", request("POST", INITIALIZE), 400), ("GET", request("GET"), 405, "allow"),
                                            ("a modern request", modern("tools/list"), 200)]):
        cases.check("without sessions: " + name, problems)
    server.end()
    cases.end()


if __name__ == "__main__":
    main()
