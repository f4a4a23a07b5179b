"""The edges of the protocol, row by row, over standard input and output and over HTTP: what is asked, what must come back.
usage: check_matrix.py MSP_TOOLKIT stdio|http"""
import json
import sys

from server import INITIALIZED, LEGACY, META, MODERN, Cases, Http, Stdio, Workspace, complaints, initialize, legacy, modern

HUGE = "1" + "0" * 40 + "7"
DEEP = '{"jsonrpc":"2.0","id":1,"method":"ping","params":' + '{"a":' * 200 + "1" + "}" * 200 + "}"


def text_of(message, id_text):
    """The message as text, with an id that Python could not carry."""
    return json.dumps(message).replace('"ID"', id_text)


def error_is(code, *, id_=None, has=()):
    def judge(answer):
        if answer is None:
            return ["no answer"]
        error = answer.get("error", {})
        found = [] if error.get("code") == code else ["not error %d: %s" % (code, json.dumps(answer)[:300])]
        if id_ is None and answer.get("id") is not None:
            found.append("has the id %r" % answer["id"])
        if id_ is not None and answer.get("id") != id_:
            found.append("id is %r" % answer.get("id"))
        return found + ["%r is not said: %s" % (word, json.dumps(error)) for word in has if word not in json.dumps(error)]
    return judge


def result_has(*keys, id_=1):
    def judge(answer):
        if answer is None:
            return ["no answer"]
        result = answer.get("result")
        if result is None or answer.get("id") != id_:
            return ["no result for id %r: %s" % (id_, json.dumps(answer)[:300])]
        return ["result lacks " + key for key in keys if key not in result]
    return judge


def picks(version):
    return lambda answer: [] if answer and answer.get("result", {}).get("protocolVersion") == version else [str(answer)[:300]]


def silent(answer):
    return [] if answer is None else ["an answer: " + json.dumps(answer)[:300]]


# name, message (text or object), judge, HTTP status, version of the answer's shape, method.
# Asked of a server that nobody has greeted.
BARE = [
    ("malformed JSON", '{"jsonrpc":"2.0","id":1,', error_is(-32700), 400, None, None),
    ("text after the message", '{"jsonrpc":"2.0","id":1,"method":"ping"} x', error_is(-32700), 400, None, None),
    ("not UTF-8", b'{"jsonrpc":"2.0","id":1,"method":"p\xff"}', error_is(-32700), 400, None, None),
    ("a lone surrogate", '{"jsonrpc":"2.0","id":1,"method":"\\ud800"}', error_is(-32700), 400, None, None),
    ("a key given twice", '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', error_is(-32600, has=["id"]), 400, None, None),
    ("a bomb of levels", DEEP, error_is(-32600), 400, None, None),
    ("a batch", json.dumps([legacy("ping", 1), legacy("ping", 2)]), error_is(-32600), 400, None, None),
    ("an empty batch", "[]", error_is(-32600), 400, None, None),
    ("a number", "7", error_is(-32600), 400, None, None),
    ("id null", '{"jsonrpc":"2.0","id":null,"method":"ping"}', error_is(-32600), 400, None, None),
    ("id a fraction", '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', error_is(-32600), 400, None, None),
    ("id a truth", '{"jsonrpc":"2.0","id":true,"method":"ping"}', error_is(-32600), 400, None, None),
    ("id an object", '{"jsonrpc":"2.0","id":{},"method":"ping"}', error_is(-32600), 400, None, None),
    ("id a list", '{"jsonrpc":"2.0","id":[1],"method":"ping"}', error_is(-32600), 400, None, None),
    ("jsonrpc 1.0", '{"jsonrpc":"1.0","id":1,"method":"ping"}', error_is(-32600, id_=1), 400, None, None),
    ("no jsonrpc", '{"id":1,"method":"ping"}', error_is(-32600, id_=1), 400, None, None),
    ("no method", '{"jsonrpc":"2.0","id":1}', error_is(-32600, id_=1), 400, None, None),
    ("method a number", '{"jsonrpc":"2.0","id":1,"method":7}', error_is(-32600, id_=1), 400, None, None),
    ("params a list", '{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}', error_is(-32600, id_=1), 400, None, None),
    ("params a text", '{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}', error_is(-32600, id_=1), 400, None, None),
    ("ping before anything", legacy("ping"), result_has(), 200, None, "ping"),
    ("a list before anything", legacy("tools/list"), error_is(-32602, id_=1, has=[MODERN, "initialize"]), 400, None, None),
    ("a call before anything", legacy("tools/call", name="client_list"), error_is(-32602, id_=1), 400, None, None),
    ("an unknown notification", '{"jsonrpc":"2.0","method":"notifications/nonsense"}', silent, 202, None, None),
    ("an answer that nobody waits for", '{"jsonrpc":"2.0","id":99,"result":{}}', silent, 202, None, None),
    ("a cancellation of nothing", '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}}', silent, 202,
     None, None),
    ("a cancellation that is none", '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}', silent, 202,
     None, None),
]

# Modern requests need no greeting.
STATELESS = [
    ("discover", modern("server/discover"), result_has("supportedVersions", "capabilities", "resultType"), 200, "server/discover"),
    ("tools", modern("tools/list"), result_has("tools"), 200, "tools/list"),
    ("an empty cursor", modern("tools/list", cursor=""), result_has("tools"), 200, "tools/list"),
    ("a cursor that nobody gave", modern("tools/list", cursor="x1"), error_is(-32602, id_=1), 200, None),
    ("a cursor that is a number", modern("tools/list", cursor=7), error_is(-32602, id_=1), 200, None),
    ("resources", modern("resources/list"), result_has("resources"), 200, "resources/list"),
    ("templates", modern("resources/templates/list"), result_has("resourceTemplates"), 200, "resources/templates/list"),
    ("prompts", modern("prompts/list"), result_has("prompts"), 200, "prompts/list"),
    ("a call without arguments", modern("tools/call", name="client_list"), result_has("content", "structuredContent"), 200,
     "tools/call"),
    ("arguments that are a list", modern("tools/call", name="client_list", arguments=[1]), error_is(-32602, id_=1), 200, None),
    ("a call without a name", modern("tools/call"), error_is(-32602, id_=1), 200, None),
    ("a name that is a number", modern("tools/call", name=7), error_is(-32602, id_=1), 200, None),
    ("an unknown tool", modern("tools/call", name="client_lst"), error_is(-32602, id_=1, has=["client_list"]), 200, None),
    ("an unknown prompt", modern("prompts/get", name="nonsense"), error_is(-32602, id_=1), 200, None),
    ("an unknown resource", modern("resources/read", uri="msp://client/nobody"), error_is(-32602, id_=1, has=["msp://client/nobody"]),
     200, None),
    ("a resource of no scheme", modern("resources/read", uri="x"), error_is(-32602, id_=1), 200, None),
    ("an unknown method", modern("tools/lst"), error_is(-32601, id_=1), 404, None),
    ("ping is of the legacy era", modern("ping"), error_is(-32601, id_=1), 404, None),
    ("so is logging", modern("logging/setLevel", level="info"), error_is(-32601, id_=1), 404, None),
    ("initialize is too", modern("initialize", protocolVersion=LEGACY[0]), error_is(-32601, id_=1), 404, None),
    ("tasks are not served", modern("tasks/get", taskId="x"), error_is(-32601, id_=1), 404, None),
    ("unknown members of _meta", modern("tools/list", meta={"x/y": [1], "progressToken": 7}), result_has("tools"), 200, "tools/list"),
    ("unknown capabilities", modern("tools/list", meta={"io.modelcontextprotocol/clientCapabilities": {"roots": {"listChanged": 1},
     "future": {}}}), result_has("tools"), 200, "tools/list"),
    ("capabilities that are a list", modern("tools/list", meta={"io.modelcontextprotocol/clientCapabilities": []}),
     error_is(-32602, id_=1), 400, None),
    ("an old version", modern("tools/list", meta={"io.modelcontextprotocol/protocolVersion": "1999-01-01"}),
     error_is(-32022, id_=1, has=[MODERN, LEGACY[0], "1999-01-01"]), 400, None),
    ("an id of forty digits", text_of(modern("tools/list", "ID"), HUGE), None, 200, "tools/list"),
    ("an id of text", modern("tools/list", "ü\u2028"), result_has("tools", id_="ü\u2028"), 200, "tools/list"),
    ("completion", modern("completion/complete", ref={"type": "ref/prompt", "name": "incident_summary"},
     argument={"name": "client_id", "value": "ac"}), result_has("completion"), 200, "completion/complete"),
    ("completion of nothing", modern("completion/complete", ref={"type": "ref/nonsense"}, argument={"name": "x", "value": ""}),
     error_is(-32602, id_=1), 200, None),
    ("an argument of the wrong kind", modern("tools/call", name="client_list", arguments={"tier": 7}),
     lambda a: [] if a and a["result"].get("isError") and
     a["result"]["structuredContent"]["error"]["code"] == "INVALID_PARAMETERS" else [str(a)[:300]], 200, "tools/call"),
    ("an argument that is unknown", modern("tools/call", name="client_list", arguments={"colour": "red"}),
     lambda a: [] if a and a["result"].get("isError") else [str(a)[:300]], 200, "tools/call"),
    ("a client that does not exist", modern("tools/call", name="health_status", arguments={"client_id": "nobody"}),
     lambda a: [] if a and a["result"].get("isError") and
     a["result"]["structuredContent"]["error"]["code"] == "CLIENT_NOT_FOUND" else [str(a)[:300]], 200, "tools/call"),
]

NO_VERSION = {k: v for k, v in META.items() if "protocolVersion" not in k}
NO_CAPABILITIES = {k: v for k, v in META.items() if "clientCapabilities" not in k}

# Of a server with which a legacy version was agreed.
GREETED = [
    ("ping", legacy("ping"), result_has(), 200, "ping"),
    ("tools", legacy("tools/list"), result_has("tools"), 200, "tools/list"),
    ("a list with no params at all", {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, result_has("tools"), 200, "tools/list"),
    ("a cursor that nobody gave", legacy("tools/list", cursor="x1"), error_is(-32602, id_=1), 200, None),
    ("resources", legacy("resources/list"), result_has("resources"), 200, "resources/list"),
    ("prompts", legacy("prompts/list"), result_has("prompts"), 200, "prompts/list"),
    ("a call", legacy("tools/call", name="client_list"), result_has("content"), 200, "tools/call"),
    ("an unknown tool", legacy("tools/call", name="client_lst"), error_is(-32602, id_=1, has=["client_list"]), 200, None),
    ("an unknown resource", legacy("resources/read", uri="msp://client/nobody"), error_is(-32002, id_=1), 200, None),
    ("an unknown method", legacy("tools/lst"), error_is(-32601, id_=1), 200, None),
    ("discover is of the modern era", legacy("server/discover"), error_is(-32601, id_=1), 200, None),
    ("id null", '{"jsonrpc":"2.0","id":null,"method":"ping"}', error_is(-32600), 400, None),
    ("an id of forty digits", text_of(legacy("ping", "ID"), HUGE), None, 200, "ping"),
    ("a modern request in between", modern("server/discover"), result_has("supportedVersions"), 200, "server/discover"),
]


class Line:
    """One server behind pipes for a whole table: every row is followed by a ping, so that silence can be heard."""
    def __init__(self, space, greeted=None):
        self.server = Stdio(space)
        if greeted:
            self.server.ask(initialize(greeted))
            self.server.send(INITIALIZED)

    def ask(self, message):
        self.server.write((message if isinstance(message, bytes) else
                           (message if isinstance(message, str) else json.dumps(message)).encode()) + b"\n")
        self.server.send('{"jsonrpc":"2.0","id":"still there","method":"ping"}')
        raw = self.server.line()
        answer = json.loads(raw) if raw is not None else None
        if isinstance(answer, dict) and answer.get("id") == "still there":
            return None, None, None
        after = self.server.read()
        lost = [] if after and after.get("id") == "still there" else ["the server was lost: %r" % after]
        return None, raw, lost


class Web:
    def __init__(self, space, greeted=None):
        self.server = Http(space)
        if greeted:
            self.server.ask(initialize(greeted))
            self.server.ask(INITIALIZED)

    def ask(self, message):
        if isinstance(message, dict):
            status, messages = self.server.ask(message)
        else:
            headers = {}
            text = message if isinstance(message, str) else ""
            if MODERN in text:
                headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/list"}
            elif self.server.session:
                headers = {"Mcp-Session-Id": self.server.session, "MCP-Protocol-Version": self.server.version}
            status, _, messages = self.server.post(message, headers)
        return status, json.dumps(messages[-1]).encode() if messages else None, None


def run_row(cases, peer, title, message, judge, status, version, method):
    got, raw, lost = peer.ask(message)
    answer = json.loads(raw) if raw is not None else None
    if judge is None:
        found = [] if raw is not None and b'"id":' + HUGE.encode() in raw.replace(b": ", b":") else [repr(raw)[:300]]
    else:
        found = list(judge(answer))
    if got is not None and got != status:
        found.append("HTTP %d, not %d" % (got, status))
    if answer is not None:
        found += complaints(answer, version, method)
    cases.check(title, found + (lost or []))


def run_tables(cases, space, peer_of, over):
    peer = peer_of(space)
    for name, message, judge, status, version, method in BARE:
        run_row(cases, peer, "%s: not greeted: %s" % (over, name), message, judge, status, version, method)
    for name, message, judge, status, method in STATELESS:
        run_row(cases, peer, "%s: %s: %s" % (over, MODERN, name), message, judge, status, MODERN, method)
    for name, meta, status in (("no version in _meta", NO_VERSION, 400), ("no capabilities in _meta", NO_CAPABILITIES, 400)):
        message = modern("tools/list")
        message["params"]["_meta"] = meta
        run_row(cases, peer, "%s: %s: %s" % (over, MODERN, name), message, error_is(-32602, id_=1), status, MODERN, None)
    peer.server.close()
    for version in LEGACY[:3] if over == "http" else LEGACY:
        peer = peer_of(space, version)
        for name, message, judge, status, method in GREETED:
            shape = MODERN if isinstance(message, dict) and "_meta" in message.get("params", {}) else version
            run_row(cases, peer, "%s: %s: %s" % (over, version, name), message, judge, status, shape, method)
        batch = json.dumps([legacy("ping", 1), INITIALIZED, legacy("tools/list", 2)])
        if version == "2025-03-26":
            _, raw, _ = peer.ask(batch)
            answers = json.loads(raw) if raw else None
            cases.check("%s: %s: a batch is answered as one" % (over, version),
                        [] if isinstance(answers, list) and sorted(a["id"] for a in answers) == [1, 2] else [repr(raw)[:300]])
        else:
            run_row(cases, peer, "%s: %s: a batch" % (over, version), batch, error_is(-32600), 400, version, None)
        peer.server.close()
    for asked, answered in [(v, v) for v in LEGACY[:3]] + [(MODERN, LEGACY[0]), ("1999-01-01", LEGACY[0]), ("nonsense", LEGACY[0])]:
        peer = peer_of(space)
        run_row(cases, peer, "%s: initialize with %s" % (over, asked), initialize(asked, 1), picks(answered), 200, LEGACY[0],
                "initialize")
        peer.server.close()


def main():
    over = sys.argv[2]
    cases = Cases()
    with Workspace(sys.argv[1]) as space:
        run_tables(cases, space, Web if over == "http" else Line, over)
    cases.end()


main()
