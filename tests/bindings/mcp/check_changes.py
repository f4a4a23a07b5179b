"""Changes through the whole program: asked and answered in both eras, by a token where nobody can be asked, and not at all where
the server only reads; the trail says what happened. usage: check_changes.py MSP_TOOLKIT"""
import json
import sys

from server import INITIALIZED, LEGACY, MODERN, Cases, Stdio, Workspace, complaints, initialize, legacy, modern

ELICIT = {"elicitation": {}}
FORM = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}}
YES = {"action": "accept", "content": {"confirm": True}}


def same(what, wanted):
    return [] if what == wanted else ["%r, not %r" % (what, wanted)]


def alerts(space, status="all"):
    return json.loads(space.tool("alert", "list", "--status", status, "--json"))["alerts"]


def status_of(space, alert):
    return [a["status"] for a in alerts(space) if a["id"] == alert][0]


def data_of(message):
    return (message or {}).get("result", {}).get("structuredContent", {})


def call(tool, id_=1, meta=None, more=None, **arguments):
    return modern("tools/call", id_, meta, name=tool, arguments=arguments, **(more or {}))


def check_modern(cases, space, alert):
    with Stdio(space, "--enable-writes") as s:
        asked = s.ask(call("alert_ack", 1, FORM, alert_id=alert))
        result = asked["result"]
        cases.check("a modern client is asked for its input", same(result["resultType"], "input_required") +
                    complaints(asked, MODERN, "tools/call"))
        question = result["inputRequests"]["confirm"]["params"]
        cases.check("the question shows the plan", [] if alert in question["message"] and "Acme Corp" in question["message"]
                    else [question["message"]])
        cases.check("asking changes nothing", same(status_of(space, alert), "open"))
        state = result["requestState"]
        for said, wanted in (({"action": "decline"}, "declined"), ({"action": "cancel"}, "cancelled")):
            got = s.ask(call("alert_ack", 2, FORM, {"requestState": state, "inputResponses": {"confirm": said}}, alert_id=alert))
            cases.check(wanted, same(data_of(got).get("confirmation", {}).get("status"), wanted) + complaints(got, MODERN, "tools/call"))
        bent = state[:-1] + ("A" if state[-1] != "A" else "B")
        got = s.ask(call("alert_ack", 3, FORM, {"requestState": bent, "inputResponses": {"confirm": YES}}, alert_id=alert))
        cases.check("a state that was tampered with", same(got.get("error", {}).get("code"), -32602))
        got = s.ask(call("alert_ack", 4, FORM, {"requestState": state, "inputResponses": {"confirm": YES}}, alert_id=alert))
        cases.check("accepted is done", same(data_of(got).get("status"), "acknowledged") + complaints(got, MODERN, "tools/call"))
        got = s.ask(call("alert_ack", 5, FORM, {"requestState": state, "inputResponses": {"confirm": YES}}, alert_id=alert))
        cases.check("once", same(got.get("error", {}).get("code"), -32602))
        cases.check("and it is so", same(status_of(space, alert), "acknowledged"))
    trail = json.loads(space.tool("audit", "list", "--json", "--limit", "50"))["entries"]
    cases.check("the trail knows that it was not confirmed, twice", same(2, len([
        e for e in trail if e["outcome"] == "denied" and e["detail"].get("reason") == "NOT_CONFIRMED"])))


def check_other_process(cases, space, alert):
    """The state is sealed by the workspace: another process of it takes it, which modern clients may well talk to."""
    with Stdio(space, "--enable-writes") as s:
        state = s.ask(call("alert_ack", 1, FORM, alert_id=alert))["result"]["requestState"]
    with Stdio(space, "--enable-writes") as s:
        got = s.ask(call("alert_ack", 2, FORM, {"requestState": state, "inputResponses": {"confirm": YES}}, alert_id=alert))
        cases.check("another process goes on", same(data_of(got).get("status"), "acknowledged"))


def check_legacy(cases, space, alert):
    with Stdio(space, "--enable-writes") as s:
        s.ask(initialize(LEGACY[0], 1, ELICIT))
        s.send(INITIALIZED)
        for said, wanted in (({"action": "decline"}, "open"), (YES, "acknowledged")):
            asked = s.ask(legacy("tools/call", 2, name="alert_ack", arguments={"alert_id": alert}))
            cases.check("a legacy client is asked by elicitation/create", same(asked.get("method"), "elicitation/create"))
            got = s.ask({"jsonrpc": "2.0", "id": asked["id"], "result": said})
            cases.check("its answer counts", same(got.get("id"), 2) + complaints(got, LEGACY[0], "tools/call") +
                        same(status_of(space, alert), wanted))


def check_token(cases, space, alert):
    with Stdio(space, "--enable-writes") as s:
        s.ask(initialize(LEGACY[0], 1))
        s.send(INITIALIZED)
        arguments = {"alert_id": alert, "for": "8h"}
        got = s.ask(legacy("tools/call", 2, name="alert_snooze", arguments=arguments))
        token = data_of(got).get("confirmation", {}).get("confirmation_token", "")
        cases.check("who cannot ask gets the plan and a token", [] if token and token in got["result"]["content"][0]["text"] else [str(got)])
        got = s.ask(legacy("tools/call", 3, name="alert_snooze", arguments={**arguments, "for": "9h", "confirmation_token": token}))
        cases.check("the token is of those arguments", same(got.get("error", {}).get("code"), -32602))
        got = s.ask(legacy("tools/call", 4, name="alert_snooze", arguments={**arguments, "confirmation_token": token}))
        cases.check("the second call carries it out", same(data_of(got).get("silent_reason"), "snoozed"))


def check_read_only(cases, space, alert):
    with Stdio(space) as s:
        listed = s.ask(modern("tools/list", 1))["result"]["tools"]
        cases.check("nothing that changes is listed", [t["name"] for t in listed if not t["annotations"]["readOnlyHint"]])
        got = s.ask(call("alert_ack", 2, FORM, alert_id=alert))
        error = data_of(got).get("error", {})
        cases.check("and it is refused by name", same((error.get("code"), error.get("details", {}).get("reason")),
                                                      ("INVALID_PARAMETERS", "READ_ONLY")) + complaints(got, MODERN, "tools/call"))
        got = s.ask(call("health_check", 3, client_id="acme-corp"), 30)
        cases.check("health is checked all the same", same(data_of(got).get("client", {}).get("id"), "acme-corp") +
                    complaints(got, MODERN, "tools/call"))
    cases.check("nothing was changed", same(status_of(space, alert), "open"))


def check_trail(cases, space):
    entries = json.loads(space.tool("audit", "list", "--limit", "1000", "--json"))["entries"]
    ours = [(e["operation"] if "operation" in e else e.get("op"), e["outcome"]) for e in entries if e["door"] == "mcp"]
    for wanted in (("alert_ack", "planned"), ("alert_ack", "ok"), ("alert_ack", "denied"), ("alert_snooze", "ok"), ("health_check", "ok")):
        cases.check("the trail has %s %s" % wanted, [] if wanted in ours else [str(ours)])
    cases.check("the trail holds", [] if "holds" in space.tool("audit", "verify") else ["it does not"])


def main():
    cases = Cases()
    with Workspace(sys.argv[1]) as space:
        space.tool("health", "check", "acme-corp")
        ids = [a["id"] for a in alerts(space)]
        check_modern(cases, space, ids[0])
        check_other_process(cases, space, ids[1])
        check_legacy(cases, space, ids[2])
        check_token(cases, space, ids[3])
        check_read_only(cases, space, ids[4])
        check_trail(cases, space)
    cases.end()


main()
